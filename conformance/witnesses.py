"""Asks the slow and obvious programs of tests/ about one case, and says which parts of its answer they confirm.

    path       slow_decider: which steps are open, about which day, due from when, in doubt; what is withdrawn
    tasks      slow_tasks: every task with state, due day, duty and order; the next one
    messages   slow_tasks: what is owed or sent, since when
    roles      a look-up in the values of the ruleset: who does each task, of which organisation
    questions  which steps are asked about, since when; by the ruleset's values who is asked; that the fact is not known there

Rules: nothing of the engine's facts, path, tasks or decision is read here; what the slow programs do not read themselves (an
action that is done by its answers, codes of other systems, an earlier day's knowledge) is told to them in the record, in plain
sight below; a part that nobody can confirm is left out, and one that is contradicted is told.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests")]

from answer import OVER, calendars_of, model_of, rulesets  # noqa: E402
from slow_decider import _Path  # noqa: E402
from slow_tasks import _Proposals  # noqa: E402

import sky_model as sky  # noqa: E402
from sky_model.schooldays import Span  # noqa: E402

PARTS = ("path", "tasks", "messages", "roles", "questions")
PARTIES = ("pupil", "guardian")


def witnessed(case: dict[str, Any], said: dict[str, Any]) -> tuple[list[str], list[str]]:
    """(the parts of an answer that are confirmed, those that are contradicted)."""
    values = [read_gaps(rulesets()[f]) for f in case["rulesets"]]
    model, on = model_of(tuple(case["rulesets"])), date.fromisoformat(case["on"])
    record = told(sky.Case.from_json(case["record"]), values, date.fromisoformat(case.get("known_on", case["on"])))
    proposals = Proposals(_Path(model, record, on.toordinal(), calendars_of(case["calendars"])))
    found = {
        "path": path_is(proposals, said),
        "tasks": tasks_are(proposals, said),
        "messages": messages_are(proposals, said) if model.newest.notices else None,
        "roles": roles_are(proposals, said, values[-1]) if said["tasks"] and len(values) == 1 else None,
        "questions": questions_are(proposals, said, values),
    }
    return [p for p in PARTS if found[p] is True], [p for p in PARTS if found[p] is False]


class Proposals(_Proposals):
    """The slow tasks, with the two clocks that they do not walk: months and terms."""

    def span_after(self, x: Any, start: int, span: Any) -> int | None:
        if span.clock == "calendar_months":
            month = date.fromordinal(start)
            for _ in range(span.number):
                month = month.replace(day=28) + timedelta(days=4)
            last = (month.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
            end = month.replace(day=min(date.fromordinal(start).day, last.day)).toordinal()
        elif span.clock == "terms":  # to the end of the n-th term after the running one
            later = [d for y in self.calendar.years for d in y.terms if d > start][span.number :]
            end = later[0] - 1 if later else self.calendar.until
        else:
            return super().span_after(x, start, span)  # type: ignore[no-any-return]
        took = sum(self.calendar.is_school_day(d) and self.is_paused(x, d) for d in range(start + 1, end + 1))
        return self.walk(x, end, Span("school_days", took))  # type: ignore[no-any-return]


# ---------------------------------------------------------------------- what the slow programs are told
def told(record: sky.Case, values: list[dict[str, Any]], known_on: date) -> sky.Case:
    """What was recorded by a day. A code stands as its kind, and answers to all that an action asks as "done"."""
    events: list[Any] = [e for e in record.events if e.recorded <= known_on]
    codes = [c for v in values for c in v.get("local_codes", [])]
    events = [replace(e, kind=kind_of(e, codes)) if isinstance(e, sky.Mark) and not e.kind else e for e in events]
    asks = {a["id"]: a["asks"] for v in values for s in v["steps"] for a in s.get("actions", []) if "id" in a and "asks" in a}
    placed = [replace(e, seq=1000 * n) for n, e in enumerate(events)]  # with room for what follows from one of them
    gone = {e.of for e in events if isinstance(e, sky.Retracted)}
    answers = [e for e in placed if isinstance(e, sky.Answer) and e.id not in gone]
    done = [d for action, questions in sorted(asks.items()) for d in done_by_answers(action, questions, answers)]
    done = [replace(d, seq=d.seq + n) for n, d in enumerate(done, 1)]
    return sky.Case(record.pupil, register=record.register, does=record.does, named=record.named, events=[*placed, *done])


def read_gaps(value: Any) -> Any:
    """The values with each gap as what it is read as."""
    if isinstance(value, list):
        return [read_gaps(x) for x in value]
    if not isinstance(value, dict):
        return value
    return read_gaps(value["read_as"]) if "gap" in value and "read_as" in value else {k: read_gaps(x) for k, x in value.items()}


def kind_of(mark: sky.Mark, codes: list[dict[str, Any]]) -> str | None:
    on = mark.on.isoformat()
    fits = [c for c in codes if c["code"] == mark.code and c.get("valid_from", "0") <= on <= c.get("valid_until", "9999")]
    return fits[0]["kind"] if len(fits) == 1 else None


def done_by_answers(action: str, questions: list[str], answers: list[Any]) -> Iterator[Any]:
    """An action that asks is done on the day on which the last of its questions is answered, whichever day one counts from."""
    found = set()
    for first in sorted({e.on for e in answers if e.question in questions}):
        each = [
            min((e for e in answers if e.question == q and e.on >= first), key=lambda e: e.on, default=None) for q in questions
        ]
        if None not in each:
            found.add(max((e.on, e.recorded, e.seq) for e in each if e is not None))
    for on, recorded, seq in sorted(found):
        yield sky.ActionTaken(action, "done", on, id=f"answered-{action}-{on}", recorded=recorded, seq=seq)


# ---------------------------------------------------------------------- the parts
def day(number: int) -> str:
    return date.fromordinal(number).isoformat()


def path_is(p: Any, said: dict[str, Any]) -> bool:
    slow = p.told
    still = sorted(
        [o.name, o.step.base, day(o.day), day(o.about), day(slow.due_from[o.name]), o.name in slow.in_doubt]
        for o in p.path.openings
        if o.end is None and o.name not in slow.withdrawn
    )
    keys = ("name", "step", "opened_on", "about", "due_from", "in_doubt")
    return still == sorted([s[k] for k in keys] for s in said["open_steps"]) and sorted(slow.withdrawn) == said["withdrawn"]


def tasks_are(p: Any, said: dict[str, Any]) -> bool:
    proposed = p.tasks()
    asking = [(t.name, t.action, t.state, t.due and day(t.due), t.overdue, t.duty) for t in proposed if t.state not in OVER]
    keys = ("name", "action", "state", "due", "overdue", "duty")
    same = asking == [tuple(t[k] for k in keys) for t in said["tasks"] if t["state"] not in OVER]
    over = sorted((t.name, t.state) for t in proposed if t.state in OVER)
    same = same and over == sorted((t["name"], t["state"]) for t in said["tasks"] if t["state"] in OVER)
    return same and said["next"] == next((t.name for t in proposed if t.is_next), None)


def messages_are(p: Any, said: dict[str, Any]) -> bool:
    sent = [m for m in p.messages() if m.state == "sent" or not m.is_wrong]
    slowly = sorted((m.message, m.state, day(m.since)) for m in sent)
    return slowly == sorted((m["message"], m["state"], m["since"]) for m in said["messages"])


# ---------------------------------------------------------------------- roles: looked up
def roles_are(p: Any, said: dict[str, Any], values: dict[str, Any]) -> bool | None:
    """None: several lines of one action name different people, and which of them speaks is not looked up."""
    for t in said["tasks"]:
        own = [a for s in values["steps"] for a in s.get("actions", []) if t["action"] in (a.get("id"), a.get("act"))]
        who = {str(a["who"]): a["who"] for a in own if "who" in a}
        if len(who) != 1:
            return None
        (names,) = who.values()
        names = names["any_of"] if isinstance(names, dict) else [names]
        if names == ["who_recorded"]:
            names = who_recorded(p, t, values)
        roles = [for_grade(name, values, p.known.grade(p.on)) for name in names]
        first = next((r for s in ("roles", "groups") for r in values.get(s, []) if r["id"] == roles[0]), {})
        if (sorted(roles), first.get("organisation")) != (t["roles"], t["organisation"]):
            return False
    return True


def for_grade(name: str, values: dict[str, Any], grade: int | None) -> str:
    """`class-lead` of grade 8 is another role than of grade 3."""
    role = next((r for r in values.get("roles", []) if r["id"] == name), {})
    for band, other in role.get("is", {}).get("by", {}).get("grade", {}).items():
        first, _, last = band.partition("-")
        if grade is not None and int(first) <= grade <= int(last or first):
            return str(other)
    return name


def who_recorded(p: Any, t: dict[str, Any], values: dict[str, Any]) -> list[str]:
    """The members of staff who raised a report that the step opens on; else any member of staff."""
    step = t["name"].partition("@")[0].partition("+")[0]
    opens = str(next(s for s in values["steps"] if s["id"] == step)["opens"])
    reports = [r["id"] for r in values.get("reports", []) if f"'{r['id']}'" in opens]
    roles = {r["id"] for r in values.get("roles", [])}
    by = {e.by for name in reports for _, e in p.known.raised(name, p.on)} & roles
    return sorted(by - {*PARTIES}) or ["any-staff"]


# ---------------------------------------------------------------------- questions: which steps, since when, is it not known
def questions_are(p: Any, said: dict[str, Any], values: list[dict[str, Any]]) -> bool:
    """Every step that is undecided is asked about and no other but those in doubt; nobody is asked for what is known."""
    undecided: dict[str, int] = {}
    for name, since in p.told.undecided.items():
        base = name.partition("+")[0]
        undecided[base] = min(since, undecided.get(base, since))
    doubtful = {o.step.base for o in p.path.openings if o.end is None and o.name in p.told.in_doubt}
    steps = {s for q in said["questions"] for s in q["steps"]}
    if not {*undecided} <= steps <= {*undecided} | doubtful:
        return False
    for q in said["questions"]:
        of_it = [undecided[s] for s in q["steps"] if s in undecided]
        if not doubtful & {*q["steps"]} and q["since"] != day(min(of_it)):
            return False
        if not asks_right(p, q, values) or not is_unknown(p, q):
            return False
    return True


def asks_right(p: Any, q: dict[str, Any], values: list[dict[str, Any]]) -> bool:
    """By the values of a version: the people who can answer, who mark lessons, who close the step."""
    some = []
    for v in values:
        if q["what"] == "not_answered":
            some += [sorted(x["by"]) for x in v.get("questions", []) if x["id"] == q["fact"]]
        elif q["what"] in ("not_marked", "set_aside"):
            some.append([r for r in ("class-lead", "subject-teacher") if any(r == x["id"] for x in v.get("roles", []))])
        elif q["what"] == "known_late":
            some += [sorted(s.get("closing", {}).get("by", [])) for s in v["steps"] if s["id"] in q["steps"]]
        else:
            some.append([])
    return q["by"] in some


def is_unknown(p: Any, q: dict[str, Any]) -> bool:
    """Is it really not known, on some day from `since` on?"""
    days = range(date.fromisoformat(q["since"]).toordinal(), p.on + 1)
    rules = [v for v in p.path.model.versions if v.valid_from <= p.on] or [p.path.model.versions[0]]
    if q["what"] == "not_answered":
        return any(p.path.answer(r, q["fact"], c, p.known) is None for r in rules for c in days)
    if q["what"] == "not_marked":
        return any(p.path.gap(c, p.known) for c in range(p.path.model.versions[0].valid_from - 400, p.on + 1))
    if q["what"] == "set_aside":
        pieces = [x for r in rules for x in p.path.pieces(r, p.known)]
        return bool(pieces)
    if q["what"] == "not_given" and q["fact"] == "grade":
        return any(p.known.grade(c) is None for c in days)
    if q["what"] == "not_given":
        return any(p.known.per_day(c) is None for c in days)
    return q["what"] == "known_late"


def ask(line: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Of one line of the suite; what the slow programs cannot read is told as contradicted, with the sentence."""
    try:
        return witnessed(line["case"], line["expect"])
    except Exception as e:  # whatever it is, make must stop and name the case
        return [], [f"{type(e).__name__}: {e}"]
