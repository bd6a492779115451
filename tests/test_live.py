"""The live host: it agrees with `decide` after every post, tells each change once, and goes on when a call raises.

Rules: what is told is written into a ledger, and the ledger alone must hold the open steps and tasks of `decide`; where
durable-rules does not import, only its absence is tested and the rest is skipped by name.
"""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from generated import CALENDAR, FIRST, LAST, SCHOOL_DAYS, SUNDAY, cases, days, models
from generated_language import TWO_YEARS, language_examples
from generated_tasks import language_task_examples, task_examples
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

import sky_model as sky
from sky_model import rules
from sky_model.facts import FALSE, TRUE, UNKNOWN, _pair
from sky_model.host import live as live_module
from sky_model.host.live import CALLS, Failure, Live, Transition, definitions
from sky_model.model import load_data
from sky_model.rules import NoneOf
from sky_model.schooldays import Calendar

try:
    from durable import engine  # noqa: F401
except ImportError as error:
    WHY: str | None = f"skipped: durable-rules (extra live) does not import here: {error}"
else:
    WHY = None
needs_durable = pytest.mark.skipif(WHY is not None, reason=str(WHY))
BRIEF = settings(
    deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), phases=(Phase.explicit, Phase.generate)
)

MODEL = sky.load("presets/lessons-per-term")
BEGIN = date(2026, 8, 12)
ENROLLED = sky.Enrolment("s-3", grade=8, since=BEGIN, calendar="example-week-43/2026-27")


class Ledger:
    """What an application knows that has only listened."""

    def __init__(self) -> None:
        self.steps: dict[tuple[str, str], list[str]] = {}  # [life, ground]
        self.tasks: dict[tuple[str, str], tuple[str, bool, date | None]] = {}
        self.told: list[Transition] = []
        self.failures: list[Failure] = []

    @property
    def calls(self) -> dict[str, Any]:
        return dict.fromkeys(CALLS, self.write)

    def write(self, t: Transition) -> None:
        self.told.append(t)
        key = t.pupil, t.name
        if t.of == "task":
            before = self.tasks.get(key, ("absent", False, None))
            after = ("absent", False, None) if t.task is None else (t.task.state, t.task.overdue, t.task.due)
            assert t.call != "task_ready" or before[0] != "ready" == after[0]
            assert t.call != "task_done" or before[0] != "done" == after[0]
            assert t.call != "task_overdue" or after[1]
            self.tasks[key] = after
            if t.now == "absent":
                del self.tasks[key]
            return
        step = self.steps.setdefault(key, ["absent", "sure"])
        if t.call == "step_opened":
            assert step[0] != "open"
            step[:] = "open", step[1] if t.was == "ended" else "sure"
        elif t.call == "step_ended":
            assert step[0] == "open"
            step[0] = "ended"
        elif t.call == "withdrawn":
            assert step[1] == "sure"
            step[1] = "withdrawn"
            if t.now == "withdrawn" and t.name not in t.decision.withdrawn:  # it was never there
                step[0] = "absent"
        else:
            assert (t.call, step[1]) == ("restored", "withdrawn")
            step[1] = "sure"

    def open_of(self, pupil: str) -> set[str]:
        return {name for (who, name), step in self.steps.items() if who == pupil and step == ["open", "sure"]}

    def tasks_of(self, pupil: str) -> dict[str, tuple[str, bool, date | None]]:
        return {name: t for (who, name), t in self.tasks.items() if who == pupil}


def agrees(live: Live, ledger: Ledger, model: sky.Model, pupil: str, on: date, calendars: Any = None) -> None:
    case = live.case(pupil)
    expected = sky.decide(model, case, on=on, calendars=calendars)
    assert live.decision(pupil).to_json() == expected.to_json()
    assert ledger.open_of(pupil) == {s.name for s in expected.open_steps}
    assert ledger.tasks_of(pupil) == {t.name: (t.state, t.overdue, t.due) for t in expected.tasks}
    assert not ledger.failures


def played(model: sky.Model, case: sky.Case, on: date, calendar: Calendar) -> None:
    """Posts the events of a case day by day from the first day in force and compares after each day, and at the end."""
    in_force = date.fromordinal(model.versions[0].valid_from)
    first, on = max(in_force, min([e.recorded for e in case.events] + [on])), max(in_force, on)
    ledger = Ledger()
    with Live(model, on=first, error=ledger.failures.append, calls=ledger.calls, calendars=calendar) as live:
        before = [e for e in case.events if e.recorded < first]
        live.admit(sky.Case(case.pupil, register=case.register, does=case.does, events=before))
        for day in sorted({e.recorded for e in case.events if first <= e.recorded <= on}):
            live.day(day)
            for e in case.events:
                if e.recorded == day:
                    live.post(case.pupil, e)
            agrees(live, ledger, model, case.pupil, day, calendar)
        live.day(on)
        agrees(live, ledger, model, case.pupil, on, calendar)


# ---------------------------------------------------------------------- agreement
@needs_durable
@settings(BRIEF, max_examples=25)
@given(models(), cases(), days())
def test_the_live_host_agrees_with_decide(model: sky.Model, case: sky.Case, on: date) -> None:
    played(model, case, on, CALENDAR)


@needs_durable
@settings(BRIEF, max_examples=25)
@given(task_examples())
def test_the_live_host_agrees_about_tasks(example: tuple[sky.Model, sky.Case, date]) -> None:
    model, case, on = example
    played(model, case, on, CALENDAR)


@needs_durable
@settings(BRIEF, max_examples=25)
@given(language_examples())
def test_the_live_host_agrees_over_the_whole_language(example: tuple[dict[str, Any], sky.Case, int]) -> None:
    data, case, on = example
    played(load_data(data), case, date.fromordinal(on), TWO_YEARS)


@needs_durable
@settings(BRIEF, max_examples=25)
@given(language_task_examples())
def test_the_live_host_agrees_about_everything_an_action_can_say(example: tuple[dict[str, Any], sky.Case, date]) -> None:
    data, case, on = example
    played(load_data(data), case, on, CALENDAR)


@st.composite
def posts(draw: st.DrawFn) -> list[Any]:
    """What is posted at once: new, late and corrected marks, words of people, closings; recorded today or before."""
    out: list[Any] = []
    for _ in range(draw(st.integers(1, 2))):
        on = draw(st.sampled_from([*SCHOOL_DAYS[:25], SUNDAY]))
        name = draw(st.sampled_from(["m1", "m2", "m3", "m4", "m5"]))
        lessons = draw(st.sampled_from([6, 6, 5, 3, 1, 0]))
        kind = draw(st.sampled_from(["unauthorised", "unauthorised", "health", "elsewhere", None]))
        answers = [sky.Answer("cause", "school", on), sky.Answer("topics", ("sleep",), on)]
        act = draw(st.sampled_from(["act-a", "act-b", "judge-a"]))
        event = draw(
            st.sampled_from(
                [
                    *([sky.Mark(on, lessons=lessons, kind=kind, id=name)] * 6),
                    sky.Report("concern", on, by="teacher", raised=draw(st.booleans())),
                    *answers,
                    sky.ActionTaken(act, draw(st.sampled_from(["done", "not_needed", "refused"])), on),
                    sky.StepClosed(draw(st.sampled_from(["step-a", "step-b"])), "enough", on),
                    sky.Register(on, 6, draw(st.integers(0, 6))),
                ]
            )
        )
        out.append((event, draw(st.sampled_from([0, 0, 0, 1, 8]))))
    return out


class ManyPupils(RuleBasedStateMachine):
    """Several pupils under several rulesets in one host; posts and days in any order."""

    pupils = Bundle("pupils")

    def __init__(self) -> None:
        super().__init__()
        self.live: Live | None = None

    @initialize(one=models(), other=models())
    def begin(self, one: sky.Model, other: sky.Model) -> None:
        self.models = {"one": one, "other": other}
        in_force = [date.fromordinal(m.versions[0].valid_from) for m in (one, other)]
        self.ledger, self.on, self.seq = Ledger(), max(SCHOOL_DAYS[0], *in_force), 0
        self.under: dict[str, str] = {}
        self.live = Live(self.models, on=self.on, error=self.ledger.failures.append, calls=self.ledger.calls, calendars=CALENDAR)

    @rule(target=pupils, ruleset=st.sampled_from(["one", "other"]), grade=st.sampled_from([3, 8, None]))
    def admit(self, ruleset: str, grade: int | None) -> str:
        assert self.live is not None
        pupil = f"p-{len(self.under)}"
        self.under[pupil] = ruleset
        start = sky.Enrolment("s", grade=grade, since=FIRST, recorded=FIRST, seq=0, id="e")
        self.live.admit(sky.Case(pupil, events=[start]), ruleset=ruleset)
        return pupil

    @rule(pupil=pupils, posted=posts())
    def post(self, pupil: str, posted: list[Any]) -> None:
        assert self.live is not None
        events = []
        for e, back in posted:
            recorded = max(FIRST, self.on - timedelta(days=back))
            on = e.on if isinstance(e, sky.Mark) else min(e.on, recorded)  # only a mark may speak of a day to come
            events.append(replace(e, on=on, recorded=recorded if back else None))
        self.live.post(pupil, *events)

    @rule(n=st.sampled_from([1, 1, 2, 3, 7, 14]))
    def go_on(self, n: int) -> None:
        assert self.live is not None
        if self.on + timedelta(days=n) <= LAST:
            self.on += timedelta(days=n)
            self.live.day(self.on)

    @invariant()
    def agree(self) -> None:
        for pupil, ruleset in getattr(self, "under", {}).items():
            assert self.live is not None
            agrees(self.live, self.ledger, self.models[ruleset], pupil, self.on, CALENDAR)

    def teardown(self) -> None:
        if self.live is not None:
            self.live.close()


@pytest.mark.long
@needs_durable
class TestManyPupils(ManyPupils.TestCase):  # type: ignore[misc, valid-type]
    """After any sequence of posts and days live host and `decide` agree on the open steps and tasks of every pupil."""

    settings = settings(BRIEF, max_examples=20, stateful_step_count=20)


@needs_durable
def test_it_is_durable_rules_that_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    """With another translation the limit is another one, so nothing behind the translation decides as well."""
    right = live_module._limit

    def wrong(op: str, limit: int) -> Any:
        return right("more_than" if op == "at_least" else op, limit)

    monkeypatch.setattr(live_module, "_limit", wrong)
    with Live(MODEL, on=BEGIN, error=print) as live:
        live.admit(sky.Case("p-1", events=[ENROLLED, *marks(5)]))  # 30 lessons: the first limit
        live.day(date(2026, 9, 30))
        case = live.case("p-1")
        assert "first-limit-reached" not in {s.step for s in live.decision("p-1").open_steps}
    assert "first-limit-reached" in {s.step for s in sky.decide(MODEL, case, on=date(2026, 9, 30)).open_steps}


@needs_durable
def test_a_node_answers_as_the_core_would() -> None:
    """`none` with all that its parts can be; a limit of a share with all roundings."""
    judge = live_module._Judge(live_module._Engine())
    report = rules.Test("p", "report", "concern", (("is", "raised"),))
    none = NoneOf("n", (report,))
    tests = {op: rules.Test(op, "counter", "c", ((op, 2),)) for op in ("at_least", "more_than", "less_than", "at_most")}
    judge.learn(MODEL.newest, [("none", none), *tests.items()])
    for inner, value in ((TRUE, FALSE), (FALSE, TRUE), (UNKNOWN, UNKNOWN)):
        for fresh in (TRUE, FALSE, UNKNOWN):
            ground = min(value[0], fresh[0]), min(value[1], fresh[1])
            assert judge.answer(judge.node_of(none), *inner, *fresh) == (value, ground)  # type: ignore[arg-type]
    for op, test in tests.items():
        for low in range(12):
            for high in range(low, 12):
                said = judge.answer(judge.node_of(test), 1, 1, -1, *live_module._rounded(low, high, 3), 1, 1)  # type: ignore[arg-type]
                assert said[0] == _pair(op, low, high, 2 * 3), (op, low, high)
    judge.engine.free()


def test_the_translation_is_data_in_the_form_of_durable_rules() -> None:
    found = definitions(MODEL)
    mine = found["lessons-per-term/2026-1: steps.first-limit-reached.opens"]
    while not any("low" in str(r) for r in mine.values()):  # of `any` the first part
        name = next(n for n, d in found.items() if d is mine)
        mine = found[f"{name}.0"]
    assert [r["pri"] for r in mine.values()] == [1, 2, 3, 4, 5, 6]
    assert all(set(r) == {"all", "pri"} for d in found.values() for r in d.values())
    limit = {"$and": [{"sure": 1}, {"$gte": {"low": 135000}}]}  # 30 lessons of 45 minutes, in hundredths of a minute
    assert mine["true, on ground already answered"]["all"] == [{"m": {"$or": [{"sure": 2}, limit]}}]


# ---------------------------------------------------------------------- what is told
def marks(n: int, first: date = date(2026, 9, 1), **said: Any) -> list[sky.Mark]:
    found = [d for d in (first + timedelta(days=i) for i in range(60)) if d.weekday() < 5]
    return [sky.Mark(d, lessons=6, kind="health", id=f"m{d}", **said) for d in found[:n]]


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def live(ledger: Ledger) -> Iterator[Live]:
    with Live(MODEL, on=date(2026, 9, 1), error=ledger.failures.append, calls=ledger.calls) as live:
        live.admit(sky.Case("p-1", events=[ENROLLED]))
        yield live


def told(ledger: Ledger) -> list[tuple[str, str]]:
    out = [(t.call, t.name.split("@")[0] + ("/" + t.name.split("/")[1] if "/" in t.name else "")) for t in ledger.told]
    ledger.told.clear()
    return out


STEP, TALK = "first-limit-reached", "first-limit-reached/talk-with-pupil"
CLOSE = f"first-limit-reached/close:{STEP}"  # when nothing is left to do, somebody is asked to close it or to go on (M2)


@needs_durable
def test_each_change_is_told_once(live: Live, ledger: Ledger) -> None:
    for mark in marks(5):
        live.day(mark.on)
        live.post("p-1", mark)
    live.wait()
    assert told(ledger) == [("step_opened", STEP), ("task_ready", TALK)]
    live.day(date(2026, 9, 8))
    live.wait()
    assert told(ledger) == []
    live.day(date(2026, 9, 30))
    live.day(date(2026, 10, 1))
    live.wait()
    assert told(ledger) == [("task_overdue", TALK)]
    live.post("p-1", sky.ActionTaken("talk-with-pupil", "done", date(2026, 10, 1)))
    live.wait()
    assert told(ledger) == [("task_ready", CLOSE), ("task_done", TALK)]
    live.post("p-1", sky.StepClosed(STEP, "support-agreed", date(2026, 10, 1)))
    live.wait()
    assert told(ledger) == [("step_ended", STEP), ("task_changed", CLOSE), ("task_changed", TALK)]
    assert not ledger.failures


@needs_durable
def test_a_step_that_opened_and_was_closed_in_one_post_is_told_as_both(live: Live, ledger: Ledger) -> None:
    live.day(date(2026, 9, 8))
    live.post("p-1", *marks(5), sky.StepClosed(STEP, "support-agreed", date(2026, 9, 8)))
    live.wait()
    assert told(ledger) == [("step_opened", STEP), ("step_ended", STEP)]


@needs_durable
def test_a_corrected_mark_withdraws_and_a_late_one_restores(live: Live, ledger: Ledger) -> None:
    live.day(date(2026, 9, 8))
    live.post("p-1", *marks(5))
    live.wait()
    ledger.told.clear()
    live.day(date(2026, 9, 9))
    live.post("p-1", replace(marks(1)[0], lessons=0))
    live.wait()
    assert told(ledger) == [("withdrawn", STEP), ("withdrawn", TALK)]
    live.day(date(2026, 9, 10))
    live.post("p-1", sky.Mark(date(2026, 9, 8), lessons=6, kind="health", id="late"))
    live.wait()
    assert told(ledger) == [("restored", STEP), ("task_ready", TALK)]


@needs_durable
def test_an_opening_that_was_never_there_after_all_is_told_as_withdrawn(live: Live, ledger: Ledger) -> None:
    """A day is judged at its end: corrected on the same day, or recorded before it and posted late, the step never opened."""
    live.day(date(2026, 9, 8))
    live.post("p-1", *marks(5))
    live.wait()
    assert told(ledger) == [("step_opened", STEP), ("task_ready", TALK)]
    live.post("p-1", replace(marks(1)[0], lessons=0))
    live.wait()
    assert told(ledger) == [("withdrawn", STEP), ("task_changed", TALK)]
    agrees(live, ledger, MODEL, "p-1", date(2026, 9, 8))
    live.post("p-1", replace(marks(1)[0], lessons=6))
    live.wait()
    assert told(ledger) == [("step_opened", STEP), ("task_ready", TALK)]
    live.day(date(2026, 9, 10))
    live.post("p-1", sky.Mark(date(2026, 9, 7), lessons=0, kind="health", id="m2026-09-07", recorded=date(2026, 9, 8)))
    live.wait()
    assert told(ledger) == [("withdrawn", STEP), ("task_changed", TALK)]
    agrees(live, ledger, MODEL, "p-1", date(2026, 9, 10))


@needs_durable
def test_a_second_mark_of_a_day_without_id_corrects_nothing(live: Live, ledger: Ledger) -> None:
    for _ in range(2):
        live.post("p-1", sky.Mark(date(2026, 9, 1), lessons=3, kind="health"))
    live.post("p-1", *[sky.Mark(date(2026, 9, 1), lessons=1, kind="health")] * 2)
    marked = [(e.id, e.lessons, e.recorded) for e in live.case("p-1").events if isinstance(e, sky.Mark)]
    today, name = date(2026, 9, 1), "mark-2026-09-01"
    assert marked == [(name, 3, today), (f"{name}-2", 3, today), (f"{name}-3", 1, today), (f"{name}-4", 1, today)]
    assert not ledger.failures


@needs_durable
def test_a_day_that_nobody_posts_does_not_come(live: Live, ledger: Ledger) -> None:
    live.post("p-1", *marks(5))  # of days to come, recorded today
    live.wait()
    assert live.decision("p-1").on == date(2026, 9, 1)
    with pytest.raises(ValueError, match="days go forward: 2026-08-31 was posted after 2026-09-01"):
        live.day(date(2026, 8, 31))


@needs_durable
def test_the_last_day_with_marks_moves_on(live: Live) -> None:
    live.day(date(2026, 9, 14), data_until=date(2026, 9, 3))
    assert live.decision("p-1").is_stale
    live.post("p-1", data_until=date(2026, 9, 14))
    assert not live.decision("p-1").is_stale
    live.post("p-1", data_until=date(2026, 9, 2))
    assert live.case("p-1").data_until == date(2026, 9, 14)


@needs_durable
def test_a_case_that_is_admitted_quietly_tells_only_what_comes_after(live: Live, ledger: Ledger) -> None:
    live.day(date(2026, 9, 8))
    live.admit(sky.Case("p-2", events=[ENROLLED, *marks(5)]), quietly=True)
    live.wait()
    assert told(ledger) == []
    live.day(date(2026, 9, 30))
    live.wait()
    assert told(ledger) == [("task_overdue", TALK)]
    live.forget("p-2")
    with pytest.raises(KeyError):
        live.decision("p-2")


# ---------------------------------------------------------------------- what goes wrong
@needs_durable
def test_a_call_that_raises_is_told_and_stops_nothing(ledger: Ledger) -> None:
    def broken(t: Transition) -> None:
        raise RuntimeError("the application's own fault")

    with Live(MODEL, on=date(2026, 9, 8), error=ledger.failures.append, calls={**ledger.calls, "step_opened": broken}) as live:
        live.admit(sky.Case("p-1", events=[ENROLLED, *marks(5)]))
        live.admit(sky.Case("p-2", events=[ENROLLED, *marks(5)]))
        live.wait()
        assert [(f.pupil, str(f.error), f.transition and f.transition.call) for f in ledger.failures] == [
            (p, "the application's own fault", "step_opened") for p in ("p-1", "p-2")
        ]
        assert told(ledger) == [("task_ready", TALK)] * 2
        live.day(date(2026, 9, 9))  # it is not told again
        live.wait()
        assert len(ledger.failures) == 2


@needs_durable
def test_an_error_call_that_raises_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: seen.append(str(args.exc_value)))

    def broken(f: Failure) -> None:
        raise RuntimeError("the error call's fault")

    with Live(MODEL, on=date(2026, 9, 8), error=broken) as live:
        live.post("nobody", *marks(1))
        live.admit(sky.Case("p-1", events=[ENROLLED]))
        assert live.decision("p-1").on == date(2026, 9, 8)
    assert seen == ["the error call's fault"]


@needs_durable
def test_a_post_that_cannot_be_true_is_refused_whole(live: Live, ledger: Ledger) -> None:
    live.post("p-1", *marks(2), sky.Mark(date(2026, 9, 1), lessons=-1, kind="health"))
    live.post("p-9", *marks(1))
    live.wait()
    assert len(live.case("p-1").events) == 1
    first, second = ledger.failures
    assert isinstance(first.error, sky.RecordError)
    assert (second.pupil, str(second.error)) == ("p-9", "'this pupil was not admitted'")
    live.post("p-1", *marks(2))
    assert len(live.case("p-1").events) == 3
    with pytest.raises(TypeError, match=r"a post holds events \(Mark, Report, …\), not a str"):
        live.post("p-1", "a mark")  # type: ignore[arg-type]


@needs_durable
def test_a_day_without_calendar_is_told_for_its_pupil_and_the_others_go_on(ledger: Ledger) -> None:
    with Live(MODEL, on=date(2026, 9, 1), error=ledger.failures.append, calls=ledger.calls) as live:
        live.admit(sky.Case("no-school"))
        live.admit(sky.Case("p-1", events=[ENROLLED]))
        live.day(date(2026, 9, 8))
        live.post("p-1", *marks(5))
        live.wait()
    assert {(f.pupil, getattr(f.error, "rule", None)) for f in ledger.failures} == {("no-school", "no-calendar")}
    assert ("step_opened", STEP) in told(ledger)


@needs_durable
def test_what_is_asked_of_it_wrongly_is_said() -> None:
    with pytest.raises(ValueError, match="there is no call 'task_redy'; did you mean 'task_ready'"):
        Live(MODEL, on=BEGIN, error=print, calls={"task_redy": print})
    live = Live({"a": MODEL, "b": MODEL}, on=BEGIN, error=print)
    with pytest.raises(ValueError, match="there are several rulesets; write ruleset= and one of a, b"):
        live.admit(sky.Case("p-1"))
    with pytest.raises(ValueError, match="there is no ruleset 'c'"):
        live.admit(sky.Case("p-1"), ruleset="c")
    live.close()
    live.close()
    with pytest.raises(RuntimeError, match="this live host is closed"):
        live.day(BEGIN)


@needs_durable
def test_a_call_may_post_and_must_not_wait(ledger: Ledger) -> None:
    def answer(t: Transition) -> None:
        live.post(t.pupil, sky.ActionTaken("talk-with-pupil", "done", t.on))
        live.wait()

    with Live(MODEL, on=date(2026, 9, 8), error=ledger.failures.append, calls={**ledger.calls, "task_ready": answer}) as live:
        live.admit(sky.Case("p-1", events=[ENROLLED, *marks(5)]))
        live.wait()
        live.wait()
        assert ("task_done", TALK) in told(ledger)
    assert "would wait for itself" in str(ledger.failures[0].error)


# ---------------------------------------------------------------------- many at once
@needs_durable
def test_eight_threads_post_at_once_into_two_hosts() -> None:
    ledgers = Ledger(), Ledger()
    hosts = [Live(MODEL, on=date(2026, 10, 1), error=x.failures.append, calls=x.calls) for x in ledgers]
    pupils = [f"p-{n}" for n in range(16)]
    for live in hosts:
        for p in pupils:
            live.admit(sky.Case(p, events=[replace(ENROLLED, id="e", recorded=BEGIN, seq=0)]))

    def post(n: int) -> None:
        for mark in marks(12):
            for p in pupils[n % 4 :: 4]:
                hosts[n % 2].post(p, replace(mark, id=f"{mark.id}-{n}", lessons=3))

    threads = [threading.Thread(target=post, args=(n,)) for n in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for live, ledger in zip(hosts, ledgers, strict=True):
        for p in pupils:
            agrees(live, ledger, MODEL, p, date(2026, 10, 1))
        assert sum(len(live.case(p).events) - 1 for p in pupils) == 16 * 12
        live.close()


@needs_durable
def test_more_cases_than_the_engine_can_hold_and_paths_that_return() -> None:
    """1,100 pupils: the engine holds 1,024 at most. Each opens, is withdrawn, opens again."""
    ledger = Ledger()
    with Live(MODEL, on=date(2026, 9, 8), error=ledger.failures.append, calls=ledger.calls) as live:
        for n in range(1100):
            live.admit(sky.Case(f"p-{n}", events=[ENROLLED, *marks(5)]))
        live.wait()
        assert {t.pupil for t in ledger.told if t.call == "step_opened"} == {f"p-{n}" for n in range(1100)}
        for n in (0, 1023, 1024, 1099):
            live.post(f"p-{n}", replace(marks(1)[0], lessons=0))
            live.post(f"p-{n}", replace(marks(1)[0], lessons=5))
            live.post(f"p-{n}", replace(marks(1)[0], lessons=6))
            agrees(live, ledger, MODEL, f"p-{n}", date(2026, 9, 8))
    assert not ledger.failures


@needs_durable
def test_it_starts_no_thread_but_its_worker() -> None:
    """In a process of its own: durable-rules would start two threads for timers, and one host for the whole process."""
    code = (
        "import threading, sky_model as sky; from datetime import date; from sky_model.host.live import Live\n"
        "live = Live(sky.load('presets/lessons-per-term'), on=date(2026, 9, 1), error=print); live.wait()\n"
        "import time; time.sleep(0.3); print(sorted(t.name for t in threading.enumerate())); live.close()\n"
        "print([t.name for t in threading.enumerate()])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["['MainThread', 'sky-live']", "['MainThread']"]


# ---------------------------------------------------------------------- where it is not there
@pytest.mark.parametrize(
    ("version", "says"),
    [
        ((3, 12, 1), "it is not installed; write: pip install 'sky-model[live]'"),
        ((3, 13, 0), "its last release, 2.0.28, cannot be imported on Python 3.13 and later, and this is 3.13"),
    ],
)
def test_without_durable_rules_there_is_one_clear_error(
    monkeypatch: pytest.MonkeyPatch, version: tuple[int, ...], says: str
) -> None:
    monkeypatch.setitem(sys.modules, "durable", None)
    monkeypatch.setattr(live_module, "sys", SimpleNamespace(version_info=version))
    with pytest.raises(ImportError, match=r"host\.live needs durable-rules") as e:
        Live(MODEL, on=BEGIN, error=print)
    assert says in str(e.value)
    assert definitions(MODEL)  # everything else works
    assert sky.decide(MODEL, sky.Case("p-1", events=[ENROLLED]), on=BEGIN).next is None


def test_the_extra_pins_the_release_that_was_tried() -> None:
    text = (Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8")
    assert """live = ['durable-rules==2.0.28; python_version < "3.13"']""" in text


# ---------------------------------------------------------------------- the page
ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "howto-live.md").read_text(encoding="utf-8")


@needs_durable
def test_every_block_of_the_page_runs() -> None:
    """Not a `python` block, since the page must hold where durable-rules is missing."""
    space: dict[str, object] = {}
    blocks = re.findall(r"```py\n(.*?)```", PAGE, re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        exec(compile(block, "howto-live.md", "exec"), space)


@needs_durable
@pytest.mark.parametrize(
    ("name", "shows"),
    [
        ("contexts", "state deleted: 5,000 cases\nstate kept: MemoryError at case 1,025\n"),
        ("text", "'many' >= 30: yes\n"),
        ("text", "29 >= 30: MessageNotHandledException\n"),
        ("returning", "a path that returns: Chart path has no start state\n"),
        ("swallowed", "post returned; the state says: exception caught"),
        ("nested", "15 `or` in one `and`: Could not create ruleset"),
    ],
)
def test_each_limit_is_what_the_page_says(name: str, shows: str) -> None:
    assert f"| `{name}` |" in PAGE
    done = subprocess.run(
        [sys.executable, ROOT / "bench" / "live.py", name], capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0 or name == "contexts", done.stderr  # full, the engine may crash in a thread of its own
    assert shows in done.stdout


def test_the_page_has_every_call() -> None:
    assert re.findall(r"^\| `([a-z_]+)` \| [^|]+ \|$", PAGE, re.MULTILINE) == list(CALLS)
