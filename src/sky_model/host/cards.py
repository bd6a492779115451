"""A decision as cards in the manner of CDS Hooks, and what becomes of it when a person answers a card.

Rules: a card is made from the decision cut for its reader and from nothing else; it proposes, and each answer that the rules
allow is offered; nothing is kept: an answer comes back as the event that the application stores in the record.

Two requests beside those of `requests.py`, asked and answered in the same way (`WORDS`):

    {"format": 1, "id": "a", "request": "cards", "on": day, "record": {…}, "reader": role, ["known_on": day], ["language": "fi"]}
    {"format": 1, "id": "b", "request": "feedback", "on": day, "record": {…}, "event": {…}, ["reader": role]}

    {"format": 1, "id": "a", "answer": "cards", "cards": [{summary, detail, indicator, source, …}, …]}
    {"format": 1, "id": "b", "answer": "feedback", "feedback": {"event": {…}, "changes": {…}}}

`event` holds `action`, `status` and `on`, and may hold `by`, `until` (planned, snoozed), `because`, `mark` (data_wrong),
`recorded`, `id` and, where the record has it, `seq`, as an event of type `action` in rulesets/schema/record.json. Back it comes
as it is to be stored, or null when the record has it already; `changes` is what `Changes.to_json` says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NoReturn

from sky_model.decision import Decision
from sky_model.errors import CaseError, RecordError
from sky_model.events import ActionTaken, Mark, Retracted, event_schema, impossible, read_event
from sky_model.explanation import Speaker, big
from sky_model.host.requests import (
    ID,
    Desk,
    RequestError,
    Word,
    _day,
    _decided,
    _record,
    _shape,
    language_of,
    request_schema,
)
from sky_model.readers import sees_mark
from sky_model.records import Case
from sky_model.rules import CLOSE
from sky_model.tasks import OVER, Task

__all__ = ["EVENT_CODES", "LONGEST_SUMMARY", "WORDS", "cards", "schema_of_answer", "schema_of_request"]

LONGEST_SUMMARY = 140
INDICATORS = ("info", "warning", "critical")
# What a person may answer. The first two are proposed, the others are reasons why a card is not followed.
LABELS: dict[str, dict[str, str]] = {
    "done": {"fi": "Tehty", "sv": "Gjort", "en": "Done"},
    "planned": {"fi": "Suunniteltu", "sv": "Planerat", "en": "Planned"},
    "not_needed": {"fi": "Ei tarpeen", "sv": "Behövs inte", "en": "Not needed"},
    "snoozed": {"fi": "Siirretty myöhemmäksi", "sv": "Uppskjutet", "en": "Put off"},
    "refused": {"fi": "Kieltäydytty", "sv": "Avböjt", "en": "Refused"},
    "data_wrong": {"fi": "Tiedot ovat väärin", "sv": "Uppgifterna är fel", "en": "The data are wrong"},
}
PROPOSED = ("done", "planned")
GO_ON = {
    "fi": "Jatketaan annettavaan päivään asti",
    "sv": "Fortsätter till en dag som anges",
    "en": "Go on until a day that is given",
}


# ---------------------------------------------------------------------- cards
def cards(decision: Decision, *, language: str = "fi") -> list[dict[str, Any]]:
    """The cards of a decision, in its order: data that are old, tasks, questions, messages, what lost its ground.

    indicator  critical: a statutory task is overdue; warning: another task is overdue, or something is not known or is to be
               set right; info: the rest. Our choice: docs/decisions/http-service.md
    """
    speaker, rules = Speaker(decision, language), decision.rules
    of_rules = {"label": str(decision.basis["ruleset"]["name"])}
    out = []
    if decision.is_stale and decision.data_until:
        out.append(_card(speaker.say("stale", day=speaker.day(decision.data_until)), "", "warning", of_rules, {"stale": True}))
    for t in decision.tasks:
        if t.state in OVER or speaker.is_in_a_question(t):  # what waits for an answer stands on the card of its question
            continue
        source = rules.sources.get(t.source)
        made = _card(
            big(speaker.one_of_many(t)),
            "\n".join(speaker.task(t)) if t is decision.next else "",
            ("critical" if t.is_statutory else "warning") if t.overdue else "info",
            {"label": source.name} if source is not None else of_rules,
            {"task": t.name, "action": t.action, "state": t.state, "due": t.due.isoformat() if t.due else None},
        )
        out.append(made | _answers(t, language))
    for q in decision.questions:
        about = {"question": q.fact, "what": q.what, "due": q.due.isoformat() if q.due else None}
        out.append(_card(speaker.question(q), "", "warning", of_rules, about))
    for m in decision.messages:
        if m.state in ("owed", "held") or m.to_correct:
            indicator = "warning" if m.to_correct else "info"
            out.append(_card(speaker.message(m), "", indicator, of_rules, {"message": m.message, "state": m.state}))
    for said in speaker.doubtful():
        about_days = {"doubtful": [{"day": x.day.isoformat(), "marks": list(x.marks)} for x in decision.doubtful]}
        out.append(_card(said, "", "warning", of_rules, about_days))
    if gone := speaker.gone():
        lost = {"withdrawn": list(decision.withdrawn), "corrections": list(decision.corrections)}
        out.append(_card("\n".join(gone), "", "warning" if decision.corrections else "info", of_rules, lost))
    return out


def _card(said: str, more: str, indicator: str, source: dict[str, str], about: dict[str, Any]) -> dict[str, Any]:
    """A sentence that is too long for a summary stands whole in the detail."""
    line = " ".join(said.split())
    is_long = len(line) > LONGEST_SUMMARY
    detail = "\n\n".join(x for x in (said if is_long else "", more) if x)
    return {
        "summary": line[: LONGEST_SUMMARY - 1].rstrip() + "…" if is_long else line,
        "detail": detail,
        "indicator": indicator,
        "source": source,
        "suggestions": [],
        "overrideReasons": [],
        "extension": {"sky_model": about},
    }


def _answers(t: Task, language: str) -> dict[str, Any]:
    """What a person may answer: of a statutory `must` never that it is not needed, as in `Decision.problem_with`.

    A step is closed by closing it; to go on until a day is the one answer to the task that proposes it.
    """
    can = [x for x in LABELS if not (x == "not_needed" and t.is_statutory and t.duty == "must")]
    if t.duty == CLOSE:
        return {"suggestions": [], "overrideReasons": [{"code": "snoozed", "display": GO_ON[language]}]}
    return {
        "suggestions": [
            {
                "label": LABELS[x][language],
                "actions": [
                    {
                        "type": "create",
                        "description": LABELS[x][language],
                        "resource": {"type": "action", "action": t.action, "status": x},
                    }
                ],
            }
            for x in can
            if x in PROPOSED
        ],
        "overrideReasons": [{"code": x, "display": LABELS[x][language]} for x in can if x not in PROPOSED],
    }


def _cards(desk: Desk, request: Mapping[str, Any]) -> list[dict[str, Any]]:
    return cards(_decided(desk, request), language=language_of(request))


# ---------------------------------------------------------------------- what a person answers
def _feedback(desk: Desk, request: Mapping[str, Any]) -> dict[str, Any]:
    on = _day(request, "on")
    assert on is not None
    case = Case.from_json(_record(request))
    event = _event(request["event"], case.pupil)
    if event.recorded is None and case.recorded == "given":  # it becomes known on the day of the decision
        event = replace(event, recorded=max(on, event.on))
    if max(event.on, event.recorded or event.on) > on:
        raise _told("event-later", "event.on", "write the day of the answer as on")
    earlier, reader = _decided(desk, request), request.get("reader")
    if event.mark is not None and not _is_a_mark(desk, request, case, event.mark):
        raise _told("event-not-legal", "event.mark", "write the id of a mark of the record")
    asked = sorted({t.action for t in earlier.tasks})
    if (reader is None or event.action in asked) and _is_there(case, event, reader is None):
        return {"event": None, "changes": earlier.changes_since(earlier).to_json()}
    if event.action not in asked:  # that the data are wrong is an answer to a task too
        _refuse(asked)
    try:
        kept = case.with_events(event, after=earlier)  # judged by what the reader may see, so that nothing else is named
    except CaseError as e:
        _refuse(e.legal)
    later = _decided(desk, {**request, "record": kept.to_json()})
    old = {*case.events}
    new = [stored for e, stored in zip(kept.events, kept.to_json()["events"], strict=True) if e not in old]
    return {"event": new[0] if new else None, "changes": later.changes_since(earlier).to_json()}


def _is_a_mark(desk: Desk, request: Mapping[str, Any], case: Case, mark: str) -> bool:
    """Is it a mark of the record? One that the reader does not see is answered as one that is not there."""
    is_there = any(isinstance(e, Mark) and e.id == mark for e in case.events)
    reader = request.get("reader")
    return is_there and (reader is None or sees_mark(_decided(desk, {**request, "reader": None}), reader, mark))


def _refuse(legal: Sequence[str]) -> NoReturn:
    hint = f"possible now: {', '.join(legal)}" if legal else "nothing is asked that could be answered"
    raise _told("event-not-legal", "event", hint) from None


def _event(data: Any, pupil: str) -> ActionTaken:
    if not isinstance(data, dict):
        raise RequestError(
            "field-type", "event is not an object", field="event", hint='write {"action": …, "status": …, "on": …}'
        )
    if data.get("type", "action") != "action":
        raise _told("event-type", "event.type", "leave type out, or write action")
    try:
        read = read_event({**data, "type": "action"}, 0, pupil)
        fault = impossible(read)
        if fault is not None:
            raise RecordError(fault[0], fault[2], pupil=pupil, field=fault[1])
    except RecordError as e:
        message, _, hint = e.message.partition("; ")
        raise RequestError(e.rule, message, field=f"event.{e.field}"[:60], hint=hint) from None
    assert isinstance(read, ActionTaken)
    return read


def _is_there(case: Case, event: ActionTaken, is_whole: bool) -> bool:
    """Was this answer stored already? Asked by its content; by a reader, who must not learn what is there, by its id too."""

    def content(e: ActionTaken) -> ActionTaken:
        return replace(e, id=None, recorded=None, seq=None)

    gone = {e.of for e in case.events if isinstance(e, Retracted)}
    there = (e for e in case.events if isinstance(e, ActionTaken) and e.id not in gone and content(e) == content(event))
    return any(e.id == event.id or (event.id is None and is_whole) for e in there)


# What can be wrong with an answer of a person, beside the codes of requests and records.
EVENT_CODES = {
    "event-later": "the answer is of a later day than the decision",
    "event-not-legal": "this answer is not possible now",
    "event-type": "only the answer to an action is taken here",
}


def _told(code: str, field: str, hint: str) -> RequestError:
    return RequestError(code, EVENT_CODES[code], field=field, hint=hint)


WORDS: dict[str, Word] = {
    "cards": (("on", "record", "known_on", "reader", "language", "absent", "as_if"), ("on", "record", "reader"), _cards),
    "feedback": (("on", "record", "event", "reader"), ("on", "record", "event"), _feedback),
}


# ---------------------------------------------------------------------- schemas
def schema_of_request(word: str) -> dict[str, Any]:
    """The JSON Schema of `cards` and `feedback`; `#/$defs/record` is that of a record."""
    decide = next(x["properties"] for x in request_schema()["oneOf"] if x["properties"]["request"]["const"] == "explain")
    action = event_schema("action")
    event = action | {"required": [x for x in action["required"] if x != "type"]}
    known, needed, _ = WORDS[word]
    types = {**decide, "event": event}
    if "reader" in needed:
        types["reader"] = {"type": "string", "description": decide["reader"]["description"]}
    own = {"format": {"const": 1}, "id": ID, "request": {"const": word}}
    return _shape({**own, **{k: types[k] for k in known}}, ("format", "id", "request", *needed))


def schema_of_answer(word: str) -> dict[str, Any]:
    """The JSON Schema of the answer to them."""
    text, some = {"type": "string"}, {"type": "object"}
    action = _shape({"type": {"const": "create"}, "description": text, "resource": some}, ("type", "description", "resource"))
    card = {
        "summary": {"type": "string", "maxLength": LONGEST_SUMMARY},
        "detail": text,
        "indicator": {"enum": list(INDICATORS)},
        "source": _shape({"label": text}, ("label",)),
        "suggestions": {
            "type": "array",
            "items": _shape({"label": text, "actions": {"type": "array", "items": action}}, ("label", "actions")),
        },
        "overrideReasons": {"type": "array", "items": _shape({"code": text, "display": text}, ("code", "display"))},
        "extension": some,
    }
    held = {
        "cards": {"type": "array", "items": _shape(card, tuple(card))},
        "feedback": _shape(
            {
                "event": {"type": ["object", "null"], "description": "to be stored in the record; null: it is there already"},
                "changes": {"type": "object", "description": "as `Changes.to_json` says"},
            },
            ("event", "changes"),
        ),
    }[word]
    own = {"format": {"const": 1}, "id": ID, "answer": {"const": word}}
    return _shape({**own, word: held}, ("format", "id", "answer", word))
