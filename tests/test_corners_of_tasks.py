"""Corners of tasks and due days by hand, each with the sentence of the text: the library says it, and the second decider does.

Rules: where the two once differed the text decided; each such case stands here, so that neither goes back.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pytest
from generated import CALENDAR, FIRST, NAME, _file
from generated_tasks import COUNTERS, said_of_people
from oracle import reading, told
from search.triples import Dates

import sky_model as sky
from sky_model.events import ActionTaken, Consent, Enrolment, Event, Mark, Pause, Report
from sky_model.model import load_data
from sky_model.records import Case

YEARS = {"*": list(Dates.of(CALENDAR).years)}


# ---------------------------------------------------------------------- by hand
def action(name: str, source: str = "town", duty: str = "must", **lines: Any) -> dict[str, Any]:
    return {"id": name, "name": NAME, "who": "teacher", "duty": duty, "about": "absence", "source": source, **lines}


def rules_of(
    a: list[dict[str, Any]], b: list[dict[str, Any]] | None = None, *, above: str = "beside", **of_a: Any
) -> dict[str, Any]:
    """step-a opens at two lessons; step-b, of the higher tier, at four. `call-a` needs a consent, `tell-a` a presumed one."""
    steps: list[dict[str, Any]] = []
    for name, tier, limit, actions in (("step-a", "first", "2", a), ("step-b", "second", "4", b)):
        if actions is not None:
            step = {"id": name, "tier": tier, "name": NAME, "opens": {"absence": {"at_least": limit}}, "actions": actions}
            closing = {"by": ["teacher"], "reasons": [{"id": "enough", "name": NAME}]}
            step |= {"lasts": "until_closed", "again": "next_window", "closing": closing, "source": "town"}
            steps.append(step | (of_a if name == "step-a" else {"above": {"step-a": above}}))
    names = [x.get("id") for x in (*a, *(b or ()))]
    people = said_of_people([n for n in names if n == "call-a"], [n for n in names if n == "tell-a"])
    return _file("1", FIRST, COUNTERS, steps) | people


def day(number: int) -> date:
    return date(2026, 8, number)  # the 10th and the 17th are Mondays


def absent(on: int, lessons: int = 6) -> Mark:
    return Mark(day(on), lessons=lessons, kind="unauthorised")


def taken(status: Any, on: int, name: str = "call-a", until: date | None = None) -> ActionTaken:
    return ActionTaken(name, status, day(on), until=until)


@dataclass(frozen=True)
class Corner:
    """What one case is about, and what the text says of it: the task's state and due day, None: it is not asked."""

    corner: str
    sentence: str
    rules: dict[str, Any]
    events: list[Event]
    on: int
    expected: tuple[str, date | None] | list[str] | None
    name: str = "call-a"

    @property
    def case(self) -> Case:
        return Case("p", events=[Enrolment("s", grade=8, since=FIRST, lessons_per_week=30), *self.events])


FIVE, THREE, TWO = {"school_days": "5"}, {"school_days": "3"}, {"school_days": "2"}
ONE = [action("call-a", "decree", within=THREE)]
TOLD = [action("tell-a", within=THREE)]
RAISED = {"concern": {"is": "raised"}}
GIVEN = Consent("paper", "given", day(10))
UNDECIDED = action("talk-a", when={"cause": {"is": "school"}}, within=THREE)
HIGHER = rules_of([action("talk-a", within=THREE)], [action("talk-b", within=THREE)], above="includes")
ANSWERED = "state-of-one-opening-only"
REPLACED = rules_of([action("talk-a")], [action("talk-b")], above="replaces")
M_SIX = Mark(day(11), lessons=6, kind="unauthorised", id="m", recorded=day(11))
CORNERS = [
    Corner("grades-of-an-included-step", "an included action is not asked of a pupil whom its step is not for",
           rules_of([action("talk-a")], [action("talk-b")], above="includes", grades="1-6"), [absent(11)], 12, None, "talk-a"),
    Corner("after-another-step", "an action waits for one that another open step asks",
           rules_of([action("talk-a", within=THREE)], [action("talk-b", after=["talk-a"], within=TWO)]),
           [absent(11)], 12, ("waiting", day(18)), "talk-b"),
    Corner("within-after", "a day counted from another action is counted from its due day while it is not done",
           rules_of([action("talk-a", within=THREE), action("plan-a", within={**TWO, "after": "talk-a"})]),
           [absent(11)], 12, ("ready", day(18)), "plan-a"),
    Corner("within-after", "a day counted from an action done before the opening is counted from the opening",
           rules_of([action("talk-a", within=THREE), action("plan-a", within={**TWO, "after": "talk-a"})]),
           [taken("done", 10, "talk-a"), absent(11)], 12, ("ready", day(13)), "plan-a"),
    Corner("local-from-a-report", "a local term from a report does not lie before the opening",
           rules_of([action("talk-a", within={**THREE, "from": "wish"})]),
           [Report("wish", day(11), by="pupil"), absent(18)], 19, ("ready", day(21)), "talk-a"),
    Corner("consent-of-an-optional-participant", "who may be missing is left out when only that one's consent is missing",
           rules_of([action("talk-a") | {"with": {"required": ["pupil"], "optional": ["nurse"]}}]),
           [absent(11)], 12, ("ready", None), "talk-a"),
    Corner("consent-that-comes-again", "the due day is counted from the day on which a withdrawn consent came again",
           rules_of(ONE), [GIVEN, absent(11), Consent("paper", "withdrawn", day(13)), Consent("paper", "given", day(18))],
           19, ("ready", day(21))),
    Corner("consent-that-comes-again", "the due day is counted from the day on which a refused presumed consent came",
           rules_of(TOLD), [absent(11), Consent("told", "refused", day(12)), Consent("told", "given", day(18))],
           19, ("ready", day(21)), "tell-a"),
    Corner("when-true-a-second-time", "the due day is counted from the first day since the opening on which `when` was true",
           rules_of([action("talk-a", when=RAISED, within=THREE)]),
           [absent(11), Report("concern", day(11), by="pupil"), Report("concern", day(13), by="pupil", raised=False),
            Report("concern", day(18), by="pupil")], 19, ("ready", day(14)), "talk-a"),
    Corner("step-in-when", "a step that opened today is open for what is asked today",
           rules_of([action("talk-a", when={"step-b": {"is": "open"}})], []), [absent(11)], 11, ("ready", None), "talk-a"),
    Corner("pause-and-other-clocks", "what is due without delay in a pause is due on the first school day after it",
           rules_of([action("talk-a", within="without_delay")]),
           [absent(11), Pause(day(11), day(14), "principal")], 17, ("ready", day(17)), "talk-a"),
    Corner("pause-and-other-clocks", "a pause of three school days makes a term of a week three school days longer",
           rules_of([action("talk-a", within={"school_weeks": "1"})]),
           [absent(11), Pause(day(12), day(14), "principal")], 17, ("ready", day(21)), "talk-a"),
    Corner("pause-and-other-clocks", "a due day without school does not move into a pause",
           rules_of([action("talk-a", within={"calendar_days": "4"})]),
           [absent(11), Pause(day(17), day(18), "principal")], 19, ("ready", day(19)), "talk-a"),
    Corner("twice-not-needed", "`not needed` said twice is no answer to a statutory must either",
           rules_of([action("talk-a", "decree")]),
           [absent(11), taken("not_needed", 12, "talk-a"), taken("not_needed", 13, "talk-a")], 14, ("ready", None), "talk-a"),
    Corner(ANSWERED, "what was refused before the higher step opened is asked by the higher step", HIGHER,
           [absent(11, 3), taken("refused", 12, "talk-a"), absent(18, 3)], 19, ("ready", day(21)), "talk-a"),
    Corner(ANSWERED, "what was put off before the higher step opened is asked by the higher step",
           rules_of([action("talk-a", duty="may")], [action("talk-b")], above="includes"),
           [absent(11, 3), taken("snoozed", 12, "talk-a", day(31)), absent(18, 3)], 19, ("ready", None), "talk-a"),
    Corner(ANSWERED, "an action that one step asks is asked though another step does not know whether to",
           rules_of([UNDECIDED], [{"act": "talk-a", "when": RAISED}]),
           [absent(11), Report("concern", day(11), by="pupil")], 12, ("ready", day(14)), "talk-a"),
    Corner("order-of-included-actions", "of equal tasks the one written first comes first, whichever step asks it",
           rules_of([action("talk-a"), action("plan-a")], [action("talk-b")], above="includes"),
           [absent(11)], 12, ["talk-a", "plan-a", "talk-b"]),
    Corner("snoozed", "a must is put off until the day before its due day",
           rules_of([action("talk-a", within=THREE)]), [absent(11), taken("snoozed", 12, "talk-a", day(31))],
           13, ("snoozed", day(14)), "talk-a"),
    Corner("snoozed", "a must that was put off for longer is back on its due day",
           rules_of([action("talk-a", within=THREE)]), [absent(11), taken("snoozed", 12, "talk-a", day(31))],
           14, ("ready", day(14)), "talk-a"),
    Corner("replaces", "a lower step asks for nothing while the higher one that replaces it is open",
           REPLACED, [M_SIX], 12, None, "talk-a"),
    Corner("replaces", "a lower step asks again when the higher one that replaces it is withdrawn",
           REPLACED, [M_SIX, replace(M_SIX, lessons=3, recorded=day(13))], 13, ("ready", None), "talk-a"),
    Corner("order", "of equal tasks that of the higher tier comes first",
           rules_of([action("talk-a")], [action("talk-b")]), [absent(11)], 12, ["talk-b", "talk-a"]),
]  # fmt: skip


@pytest.mark.parametrize("corner", CORNERS, ids=lambda c: c.sentence)
def test_the_library_says_what_the_text_says(corner: Corner) -> None:
    found = sky.decide(load_data(corner.rules), corner.case, on=day(corner.on), calendars=CALENDAR).tasks
    assert said_of(corner, [(t.action, t.state, t.due) for t in found]) == corner.expected


@pytest.mark.parametrize("corner", CORNERS, ids=lambda c: c.sentence)
def test_the_second_decider_says_what_the_text_says(corner: Corner) -> None:
    found = slowly(corner.rules, corner.case, day(corner.on))["tasks"]
    dues = [(t["action"], t["state"], t["due"] and date.fromisoformat(t["due"])) for t in found]
    assert said_of(corner, dues) == corner.expected


def said_of(corner: Corner, found: list[tuple[str, str, date | None]]) -> Any:
    found = [t for t in found if not t[0].startswith("close:")]
    if isinstance(corner.expected, list):
        return [action for action, _, _ in found]
    return next(((state, due) for action, state, due in found if action == corner.name), None)


def slowly(rules: dict[str, Any], case: Case, on: date) -> dict[str, Any]:
    return told.answer([reading.version(rules)], case.to_json(), on.isoformat(), None, YEARS)  # type: ignore[no-any-return]


def sent_by_both(rules: dict[str, Any], events: list[Event], on: date) -> list[tuple[str, date]]:
    case = Case("p", events=events)
    fast = [(m.state, m.since) for m in sky.decide(load_data(rules), case, on=on, calendars=CALENDAR).messages]
    slow = [(m["state"], date.fromisoformat(m["since"])) for m in slowly(rules, case, on)["messages"]]
    assert fast == slow
    return fast


NOTE = {"id": "note-a", "when": {"absence": {"at_least": "2"}}, "once_in": "term", "to": ["teacher"], "about": "absence"}
PUPIL = Enrolment("s", grade=8, since=FIRST, lessons_per_week=30)


def test_a_message_is_owed_sent_once_and_owed_again_in_the_next_window() -> None:
    rules = _file("1", FIRST, COUNTERS, []) | {"messages": [{**NOTE, "source": "town"}]}
    events: list[Event] = [PUPIL, absent(11)]
    sent: list[Event] = [*events, taken("done", 12, "note-a")]
    assert sent_by_both(rules, events, day(10)) == []
    assert sent_by_both(rules, events, day(12)) == [("owed", day(11))]
    assert sent_by_both(rules, sent, day(12)) == [("sent", day(11))]
    assert sent_by_both(rules, sent, date(2026, 9, 22)) == []


def test_a_message_that_was_never_owed_is_not_sent_by_an_action_done_for_another_reason() -> None:
    step = {"id": "step-a", "tier": "first", "name": NAME, "opens": RAISED, "actions": [action("call-a")], "source": "town"}
    step |= {"lasts": "until_closed", "again": "next_window"}
    step["closing"] = {"by": ["teacher"], "reasons": [{"id": "enough", "name": NAME}]}
    rules = _file("1", FIRST, COUNTERS, [step]) | {"messages": [{**NOTE, "act": "call-a", "source": "town"}]}
    assert sent_by_both(rules, [PUPIL, taken("done", 12)], day(13)) == []
