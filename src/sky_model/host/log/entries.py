"""What an entry holds: a decision, or a person's answer, by ids, days, numbers and words of the ruleset.

Rules: never free text; whatever may be more is refused, and the error never repeats it. A name that somebody gave to rules, a
calendar or a code map may be any text: where it is no plain word the entry has `null` for it, and the fingerprint beside it tells
which it was.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sky_model.decider import Decider
from sky_model.decision import Decision
from sky_model.engine import digest
from sky_model.errors import RecordError
from sky_model.events import TYPE_OF, ActionTaken, Answer, Consent, StepClosed, end_of
from sky_model.facts import FALSE, TRUE
from sky_model.personal import LONGEST_WORD, WORD, is_word, may_be_a_name, what_is_personal
from sky_model.records import Case

__all__ = [
    "answer_body", "basis_of", "check_masked", "decision_body", "erased_before", "known_of", "moment_of", "record_digest",
    "refusal", "said_of",
]  # fmt: skip

DIGEST = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)
TASK = (
    "name", "action", "step", "tier", "role", "organisation", "duty", "about", "state", "due", "due_unknown", "overdue",
    "statutory", "hand_over", "to", "takes_part", "left_out", "blocked_by", "openings", "turn", "missed",
    "also", "instead_of", "away",
)  # fmt: skip
MESSAGE = ("message", "to", "about", "state", "since", "act", "to_correct")
REASON = ("what", "fact", "operator", "limit", "low", "high", "first", "about", "marks", "sure")


def refusal(field: str, said: str) -> RecordError:
    return RecordError("not-for-the-log", f"{said}; nothing was written", field=field)


def check_masked(value: Any, field: str = "") -> None:
    """Refuses whatever is not an id, a day, a number or a word of the ruleset. Never repeats it."""
    if isinstance(value, dict):
        for k, v in value.items():
            check_masked(v, f"{field}.{k}" if field else str(k))
    elif isinstance(value, list | tuple):
        for v in value:
            check_masked(v, field)
    elif isinstance(value, str):
        if DIGEST.fullmatch(value):
            return
        if len(value) > LONGEST_WORD:
            raise refusal(field, f"a value is longer than {LONGEST_WORD} characters")
        if not WORD.fullmatch(value):
            raise refusal(field, "a value is free text: an id has letters a to z, digits and ._:/@#+- only")
        if (what := what_is_personal(value)) is not None:
            raise refusal(field, f"a value looks like {what}")
    elif not isinstance(value, int | float | None):
        raise refusal(field, "a value is neither text nor number")


def opaque(value: str, field: str) -> str:
    """An id that the application hands in. Without a digit in it, it may be a name."""
    if may_be_a_name(value):
        raise refusal(field, "an id without a digit may be a name; hand in opaque ids")
    return value


def moment_of(time: datetime | str) -> str:
    try:
        moment = datetime.fromisoformat(time) if isinstance(time, str) else time
        if moment.utcoffset() is not None:
            return moment.isoformat(timespec="seconds")
    except (AttributeError, TypeError, ValueError):
        pass
    raise refusal("time", "time is a time with its zone, such as 2026-10-01T08:00:00+03:00")


def _pick(data: Mapping[str, Any], keys: Collection[str]) -> dict[str, Any]:
    return {k: data[k] for k in keys}


def known_of(decision: Decision) -> tuple[Case, int]:
    """The case of a decision, and how many of its events were known, with those that a checkpoint erased."""
    if decision.asked is None or decision.reader not in (None, "log"):
        raise refusal("reader", "a decision is logged whole, before it is cut for a reader")
    case, until = decision.asked.case, end_of(decision.known_to.toordinal())
    return case, erased_before(case) + sum(m <= until for m in case.moments)


def erased_before(case: Case) -> int:
    """How many events stood before those of this record: a checkpoint keeps their places."""
    return case.before.count - len(case.before.events) if case.before is not None else 0


def record_digest(case: Case, events: int) -> str:
    """The digest of a record up to a place."""
    said = case.to_json()
    known = said["events"][: events - (case.before.count if case.before is not None else 0)]
    kept = [said["checkpoint"]] if case.before is not None else []
    return digest(json.dumps([*kept, *known], sort_keys=True))  # in ASCII: a record may hold any text


def basis_of(decision: Decision) -> dict[str, Any]:
    """The basis by names and fingerprints; what it says in words is left out."""
    b = decision.basis
    ruleset, schools = b["ruleset"], b["schools"]
    return {
        "ruleset": {"names": _names(ruleset["name"]), "status": ruleset["status"], "fingerprint": ruleset["fingerprint"]},
        "schools": None if schools is None else sorted(s["fingerprint"] for s in schools.values()),
        "absent": _roles_away(decision),
        "as_if": b["as_if"],
        "layers": [_name(x) for x in b["layers"]],
        "calendar": {"names": _names(b["calendar"]["name"]), "fingerprint": b["calendar"]["fingerprint"]},
        "code_map": None if b["code_map"] is None else {**b["code_map"], "name": _name(b["code_map"]["name"])},
        "engine": dict(b["engine"]),
    }


def _name(name: str) -> str | None:
    """A name that somebody gave: `our export`, `Syksy 2026`. One that is no plain word may say anything, and stays outside."""
    return name if is_word(name) else None


def _names(joined: str) -> list[str | None]:
    return [_name(x) for x in joined.split(" → ")]


def _roles_away(decision: Decision) -> list[str]:
    """Who is away, as roles: of a person those for which this case names them. A log carries no person."""
    assert decision.asked is not None
    rules, absent, named = decision.rules, decision.basis["absent"], decision.asked.case.named
    roles = {a for a in absent if a in rules.roles or a in rules.groups}
    return sorted(roles | {role for role, person in named.items() if person in absent})


def _not_fired(decision: Decision) -> list[dict[str, Any]]:
    """Every step of the rules of the day that is not open, with what its conditions read on that day."""
    asked, on = decision.asked, decision.on.toordinal()
    assert asked is not None
    known = end_of(decision.known_to.toordinal())
    path = Decider(asked.model, asked.case, on, known, asked.calendars, how=asked.how).path
    known = end_of(on)  # the record is cut at the earlier moment, and asked about `on`
    v = next(v for v in path.versions if v.facts.rules is decision.rules)
    is_open = {s.step for s in decision.open_steps}
    out = []
    for step in decision.rules.steps:
        if step.base in is_open:
            continue
        tests = []
        for t in step.tests:
            value = path.holds(v, t, on, known, end_of(on))[0]
            said: dict[str, Any] = {"what": t.what, "fact": t.fact, "value": _word(value), "low": None, "high": None, "why": None}
            if t.what == "counter":
                count = v.facts.rules.counters[t.fact]
                r = v.facts.reading(count, on, known)
                unit = max(1, r.planned) * 100 if count.is_share else count.unit
                low, high = (r.low * 50_000, r.high * 50_000) if count.is_share else (r.low, r.high)
                numbers = {} if r.silent else {"low": round(low / unit, 2), "high": round(high / unit, 2)}
                said |= {**numbers, "why": r.silent}
            tests.append(said)
        out.append({"step": step.base, "value": _word(path.opens(v, step, on, known, end_of(on))[0]), "tests": tests})
    return out


def _ground(reason: Mapping[str, Any]) -> dict[str, Any]:
    """A reason without what it says in words; a limit that is no number and no single word stands in the ruleset."""
    out = _pick(reason, REASON)
    return out | {"limit": None} if isinstance(out["limit"], str) and not WORD.fullmatch(out["limit"]) else out


def _word(value: Any) -> str:
    return "true" if value == TRUE else "false" if value == FALSE else "unknown"


def said_of(decision: Decision) -> dict[str, Any]:
    """What a decision says, by ids and numbers; the same for the same record, day, place and basis."""
    said = json.loads(json.dumps(decision.for_reader("log").to_json()))
    assert decision.asked is not None
    twice = {name for _, name in decision.asked.case.twice}  # says something of the handing in, nothing of the record
    said["told"] = [name for name in said["told"] if name not in twice]
    steps = [{**s, "because": [_ground(r) for r in s["because"]]} for s in said["open_steps"]]
    for mark in [m for s in steps for r in s["because"] for m in r["marks"]] + [x["mark"] for x in said["set_aside"]]:
        opaque(mark, "marks")
    for name in said["told"]:
        opaque(name, "told")
    return {
        "fired": steps,
        "not_fired": _not_fired(decision),
        "withdrawn": said["withdrawn"],
        "corrections": said["corrections"],
        "tasks": [_pick(t, TASK) for t in said["tasks"]],
        "messages": [_pick(m, MESSAGE) for m in said["messages"]],
        "questions": [_pick(q, ("what", "fact", "steps", "since", "days", "by")) for q in said["questions"]],
        "told": said["told"],
        "set_aside": said["set_aside"],
        "stale": said["stale"],
    }


# ---------------------------------------------------------------------- the two bodies
def decision_body(decision: Decision, time: datetime | str) -> dict[str, Any]:
    case, events = known_of(decision)
    return {
        "pupil": opaque(decision.pupil, "pupil"),
        "time": moment_of(time),
        "on": decision.on.isoformat(),
        "place": {"known_to": decision.known_to.isoformat(), "events": events},
        "record": record_digest(case, events),
        "feed": _feed(case),
        "basis": basis_of(decision),
        "decision": said_of(decision),
    }


def _feed(case: Case) -> dict[str, Any]:
    feed: dict[str, Any] = case.to_json()["feed"]
    if feed.get("code_map"):
        feed["code_map"] = {**feed["code_map"], "name": _name(feed["code_map"]["name"])}
    return feed


def answer_body(
    decision: Decision,
    event: ActionTaken | StepClosed | Answer | Consent,
    time: datetime | str,
    of: int | None,
    reasons: Collection[str],
) -> dict[str, Any]:
    rules = decision.rules
    if not isinstance(event, ActionTaken | StepClosed | Answer | Consent):
        raise refusal("event", "an answer is an ActionTaken, a StepClosed, an Answer or a Consent")
    if event.by is not None and event.by not in rules.roles and event.by not in rules.groups:
        raise refusal("by", "by is a role or group of the ruleset, never a name")
    said, reason = _answer_of(decision, event)
    if reason is not None:
        said["reason"] = _one_of(reason, {*reasons, *_reasons_of(decision, event)}, "reason")
    if said.get("mark"):
        opaque(str(said["mark"]), "mark")
    return {
        "pupil": opaque(decision.pupil, "pupil"),
        "time": moment_of(time),
        "role": event.by,
        "on": event.on.isoformat(),
        "event": opaque(event.id, "id") if event.id else None,
        "of": of,
        "answer": said,
    }


def _answer_of(decision: Decision, event: ActionTaken | StepClosed | Answer | Consent) -> tuple[dict[str, Any], str | None]:
    """What was answered, and the code of the reason."""
    rules = decision.rules
    said: dict[str, Any] = {"type": TYPE_OF.get(type(event))}
    match event:
        case ActionTaken():
            said |= {"action": _one_of(event.action, rules.acts, "action"), "status": event.status}
            said |= {"until": event.until.isoformat() if event.until else None, "mark": event.mark}
            return said, event.because
        case StepClosed():
            said |= {"step": event.step}  # one that the rules of today do not have can still be open
            return said, event.reason
        case Answer():
            question = rules.questions[_one_of(event.question, rules.questions, "question")]
            for value in event.values:
                if isinstance(question.answers, list):
                    _one_of(value, question.answers, "answer")
                elif not re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
                    raise refusal("answer", "the answer is neither one of the ruleset nor a day")
            return said | {"question": event.question, "answer": list(event.values)}, None
        case _:
            return said | {"consent": _one_of(event.consent, rules.consents, "consent"), "value": event.value}, None


def _reasons_of(decision: Decision, event: Any) -> set[str]:
    """The codes that the ruleset has for closing this step."""
    step = decision.rules.step_by_id.get(event.step) if isinstance(event, StepClosed) else None
    closing = step.said.closing if step is not None else None
    return {x.id for x in closing.reasons} if closing is not None else set()


def _one_of(name: str, known: Collection[str], field: str) -> str:
    if name not in known:
        raise refusal(field, f"{field} is not one of the ruleset")
    return name
