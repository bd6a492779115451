"""A small town's rules, made up for tests: every name in three languages, one step, so that a whole letter stays short."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import sky_model as sky
from sky_model.model import load_data
from sky_model.tasks import Task

CALENDAR = sky.load_calendar("example-week-43/2026-27")
ENROLLED = sky.Enrolment("s", grade=8, since=date(2026, 8, 12), lessons_per_week=30)
HOMEROOM = {"fi": "luokanvalvoja", "sv": "klassföreståndare", "en": "homeroom teacher"}


def _names(fi: str, sv: str, en: str) -> dict[str, str]:
    return {"fi": fi, "sv": sv, "en": en}


def _role(name: str, names: dict[str, str], **more: Any) -> dict[str, Any]:
    return {"id": name, "what": "profession", "name": names, "sees": ["absence", "support"], "source": "town", **more}


RULES: dict[str, Any] = {
    "format": "1", "ruleset": "town", "version": "1", "status": "pilot", "valid_from": "2026-08-01", "grades": "1-9",
    "name": _names("Pikkukunta", "Småstad", "Small town"),
    "sources": [{"id": "town", "kind": "local", "name": "a paper", "certainty": "primary"}],
    "kinds": [{"id": "health", "is": "authorised", "name": _names("Sairaus", "Sjukdom", "Illness"), "source": "town"},
              {"id": "remote", "is": "attended", "name": _names("Etä", "Distans", "Remote"), "source": "town"}],
    "roles": [_role("class-lead", HOMEROOM, deputies=["principal"]),
              _role("principal", _names("rehtori", "rektor", "principal")),
              {"id": "guardian", "what": "party", "name": _names("huoltaja", "vårdnadshavare", "guardian"), "source": "town"},
              {"id": "pupil", "what": "party", "name": _names("oppilas", "elev", "pupil"), "source": "town"}],
    "tiers": [{"id": "targeted", "name": _names("Kohdennettu", "Riktad", "Targeted"), "source": "town"}],
    "questions": [{"id": "cause", "answers": ["at-school", "elsewhere"], "by": ["class-lead"], "about": "absence",
                   "name": _names("Missä poissaolojen syy on?", "Var finns orsaken till frånvaron?",
                                  "Where does the cause of the absences lie?"), "source": "town"}],
    "consents": [{"id": "group", "name": _names("Suostumus ryhmään", "Samtycke till gruppen", "Consent to the group"),
                  "given_by": ["guardian"], "needed_for": {"with": ["pupil"]}, "source": "town"}],
    "counters": [{"id": "lessons", "measure": "lessons", "lesson_minutes": "45", "kinds": {"only": ["health"]},
                  "window": {"in": "term"}, "source": "town",
                  "name": _names("Poissaolotunnit lukukaudella", "Frånvarolektioner under terminen",
                                 "Lessons of absence this term")}],
    "steps": [{"id": "talk", "tier": "targeted", "opens": {"lessons": {"at_least": "12"}}, "lasts": "until_closed",
               "again": "next_window", "source": "town",
               "name": _names("Poissaolot otetaan puheeksi", "Frånvaron tas upp", "The absence is talked about"),
               "actions": [
                   {"id": "meet", "who": "class-lead", "duty": "should", "about": "absence", "asks": ["cause"],
                    "within": {"school_days": "5"}, "source": "town",
                    "name": _names("Tapaaminen oppilaan kanssa", "Möte med eleven", "Meeting with the pupil")},
                   {"id": "change-school-day", "who": "principal", "duty": "should", "about": "absence", "source": "town",
                    "when": {"cause": {"is": "at-school"}},
                    "name": _names("Koulupäivän muuttaminen", "Ändring av skoldagen", "Changing the school day")}],
               "closing": {"by": ["class-lead"], "reasons": [{"id": "well", "name": _names("Sujuu", "Går bra", "Goes well")}]}}],
    "messages": [{"id": "notice", "when": {"lessons": {"at_least": "12"}}, "once_in": "term", "to": ["guardian"],
                  "about": "absence", "source": "town",
                  "name": _names("Tieto poissaoloista", "Besked om frånvaron", "Word of the absences")}],
}  # fmt: skip


def rules(**changes: Any) -> sky.Model:
    return load_data(RULES | changes)


MODEL = rules()
MARKS = (
    sky.Mark(date(2026, 9, 1), lessons=6, kind="health", id="m1"),
    sky.Mark(date(2026, 9, 2), lessons=6, kind="health", id="m2"),
)
CAUSE = sky.Answer("cause", "elsewhere", date(2026, 9, 4))


def decided(*events: Any, on: date = date(2026, 9, 7), model: sky.Model = MODEL, **more: Any) -> sky.Decision:
    calendar = more.pop("calendar", CALENDAR)
    case = sky.Case("p", data_until=on, events=[ENROLLED, *events])
    return sky.decide(model, case, on=on, calendars=calendar, **more)


def task(decision: sky.Decision, action: str, **changes: Any) -> Task:
    """A task of the decision, or one like that of the meeting, with other values: for states that a letter must tell apart."""
    found = next(t for name in (action, "meet") for t in decision.tasks if t.action == name)
    return replace(found, **{"action": action, **changes})
