"""The smallest changes that open a step or do not: true when applied, nothing smaller does it, equal to trying everything.

The brute force here makes its own space from the definition in `checks/counterfactual.py` and asks `decide` about every point.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations, product
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from generated import CALENDAR, FIRST, NAME, cases, days, models
from generated import _file as version_of
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import sky_model as sky
from sky_model import cli
from sky_model.checks.counterfactual import (
    Change,
    changes_that_do_not_open,
    changes_that_open,
    say_what_if,
    what_if,
)
from sky_model.decision import Nearest
from sky_model.events import Retracted, end_of
from sky_model.model import load_data
from sky_model.rules import ByGrade
from sky_model.rules import tests_in as comparisons_in

PRESET = sky.load("presets/lessons-per-term")
YEAR = sky.load_calendar("example-week-43/2026-27")
ENROLLED = sky.Enrolment("s", grade=8, since=date(2026, 8, 12), lessons_per_week=30)
FIVE = [date(2026, 9, d) for d in (1, 2, 3, 4, 7)]
ON = date(2026, 9, 10)
few = settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def marked(*lessons: int) -> list[Any]:
    return [sky.Mark(d, lessons=n, kind="health", id=f"m{d.day}") for d, n in zip(FIVE, lessons, strict=False)]


def case(*events: Any, **feed: Any) -> sky.Case:
    return sky.Case("p", events=[ENROLLED, *events], **feed)


def said(changes: tuple[Change, ...]) -> list[list[tuple[str, int, str | None]]]:
    return [[(f.what, f.units, f.to) for f in c.facts] for c in changes]


def is_open(decision: sky.Decision, step: str) -> bool:
    names = decision.rules.step_by_id[step].names
    return any(s.step in names for s in decision.open_steps)


def answers(decision: sky.Decision, step: str) -> str:
    names = decision.rules.step_by_id[step].names
    if is_open(decision, step):
        return "open"
    return "undecided" if any(names & set(q.steps) for q in decision.questions) else "not_open"


# ---------------------------------------------------------------------- by hand
def test_one_lesson_below_the_limit_one_more_lesson_or_a_concern_opens_the_step() -> None:
    found = what_if(PRESET, case(*marked(6, 6, 6, 6, 5)), "first-limit-reached", on=ON, calendars=YEAR)
    assert found.state == "not_open"
    assert said(found.opens) == [[("lessons", 1, None)], [("report", 1, "raised")]]
    assert found.does_not_open == ()
    assert found.is_whole


def test_at_the_limit_one_lesson_fewer_of_the_newest_mark_takes_the_ground_away() -> None:
    found = what_if(PRESET, case(*marked(6, 6, 6, 6, 6)), "first-limit-reached", on=ON, calendars=YEAR)
    assert found.state == "open"
    assert said(found.does_not_open) == [[("corrected", 1, None)]]
    assert found.does_not_open[0].facts[0].marks == (("m7", FIVE[4], 6, 5),)
    assert found.opens == ()


def test_further_over_the_limit_the_newest_marks_go_to_zero_first() -> None:
    (change,) = changes_that_do_not_open(PRESET, case(*marked(10, 6, 6, 6, 10)), "first-limit-reached", on=ON, calendars=YEAR)
    assert change.units == 9
    assert change.facts[0].marks == (("m7", FIVE[4], 10, 1),)
    (change,) = changes_that_do_not_open(PRESET, case(*marked(10, 10, 10, 6, 6)), "first-limit-reached", on=ON, calendars=YEAR)
    assert change.facts[0].marks == (("m7", FIVE[4], 6, 0), ("m4", FIVE[3], 6, 0), ("m3", FIVE[2], 10, 9))
    assert change.units == 13


def test_two_grounds_are_taken_away_together_and_neither_alone() -> None:
    concern = sky.Report("concern", FIVE[4], by="guardian")
    found = what_if(PRESET, case(*marked(6, 6, 6, 6, 7), concern), "first-limit-reached", on=ON, calendars=YEAR)
    assert said(found.does_not_open) == [[("corrected", 2, None), ("report", 1, "retracted")]]


def test_a_closed_step_opens_on_new_ground_only() -> None:
    closed = sky.StepClosed("first-limit-reached", "support-agreed", date(2026, 9, 8))
    found = changes_that_open(PRESET, case(*marked(6, 6, 6, 6, 6), closed), "first-limit-reached", on=ON, calendars=YEAR)
    assert said(found) == [[("report", 1, "raised")]]  # more lessons of a limit that was answered do not


def test_a_step_that_waits_for_lessons_that_nobody_marked_is_settled_both_ways() -> None:
    days = [date.fromordinal(d) for d in YEAR.school_days if d <= ON.toordinal()]
    registers = [sky.Register(d, planned=6, marked=0 if d == ON else 6) for d in days]
    waiting = case(*marked(6, 6, 6, 6, 3), *registers, register="given")
    found = what_if(PRESET, waiting, "first-limit-reached", on=ON, calendars=YEAR)
    assert found.state == "undecided"
    assert said(found.opens) == [[("report", 1, "raised")], [("lessons", 3, None)]]
    assert said(found.does_not_open) == [[("register", 1, None)], [("corrected", 4, None)]]


def test_a_search_that_is_cut_short_says_so_and_what_it_says_is_true() -> None:
    concern = sky.Report("concern", FIVE[4], by="guardian")
    found = what_if(PRESET, case(*marked(6, 6, 6, 6, 6), concern), "first-limit-reached", on=ON, calendars=YEAR, at_most=0)
    assert not found.is_whole
    assert found.does_not_open == ()
    assert "stopped" in say_what_if(found, language="en")


def test_a_step_that_nobody_has_is_told_with_the_nearest_name() -> None:
    with pytest.raises(sky.RulesetError, match="did you mean 'first-limit-reached'"):
        what_if(PRESET, case(), "first-limit-reach", on=ON, calendars=YEAR)


# ---------------------------------------------------------------------- both sides of the nearest limit
def test_nearest_has_two_sides_what_is_missing_and_what_is_above() -> None:
    below = sky.decide(PRESET, case(*marked(6, 6, 6, 6, 5)), on=ON, calendars=YEAR)
    assert below.nearest is not None
    assert (below.nearest.number, below.nearest.missing) == (29, 1)
    assert below.nearest_open is None
    there = sky.decide(PRESET, case(*marked(6, 6, 6, 6, 6)), on=ON, calendars=YEAR)
    assert there.nearest_open == Nearest("first-limit-reached", "absence-lessons", 30, 30, 0)
    assert there.nearest is not None
    assert there.nearest.step == "second-limit-reached"
    above = sky.decide(PRESET, case(*marked(6, 6, 6, 6, 10)), on=ON, calendars=YEAR)
    assert above.nearest_open == Nearest("first-limit-reached", "absence-lessons", 30, 34, -4)


def test_a_step_with_a_second_ground_or_in_doubt_is_on_no_limit_alone() -> None:
    concern = sky.Report("concern", FIVE[4], by="guardian")
    assert sky.decide(PRESET, case(*marked(6, 6, 6, 6, 6), concern), on=ON, calendars=YEAR).nearest_open is None
    found = sky.decide(PRESET, case(*marked(6, 6, 6, 6, 6)), on=ON, calendars=YEAR)
    assert found.for_reader("curator").nearest_open is None  # who does not see absence sees no number


@few
@given(models(), cases(), days())
def test_with_a_number_below_the_limit_the_step_would_not_have_opened(model: sky.Model, found: sky.Case, on: date) -> None:
    assume(model.on(on.toordinal()) is not None)
    decision = sky.decide(model, found, on=on, calendars=CALENDAR)
    near = decision.nearest_open
    if near is None:
        return
    opened = next(s for s in decision.open_steps if s.step == near.step and len(s.because) == 1)
    (reason,) = opened.because
    none = [e for e in found.events if not (isinstance(e, sky.Mark) and e.id in reason.marks)]
    fewer = sky.Case("p", register=found.register, events=none)  # as if no mark of its ground had ever been made
    then = sky.decide(model, fewer, on=opened.opened_on, calendars=CALENDAR)
    assert opened.name not in [s.name for s in then.open_steps if s.about == opened.about and s.because == opened.because]
    assert near.missing <= 0


# ---------------------------------------------------------------------- in words
RULES_ONLY = {
    "fi": "Tämä kuvaa sääntöjä eikä kehota muuttamaan kirjauksia: merkintä korjataan vain, jos se oli väärä.",
    "sv": "Detta beskriver reglerna och är inget råd att ändra anteckningar: en anteckning rättas bara om den var fel.",
    "en": "This describes the rules and is no advice to change records: a mark is corrected only when it was wrong.",
}


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
@pytest.mark.parametrize("step", ["first-limit-reached", "third-limit-reached", "concern-raised", "unauthorised-absence"])
def test_the_words_always_say_that_they_describe_rules_and_are_no_advice(language: str, step: str) -> None:
    for events in ((), marked(6, 6, 6, 6, 6)):
        text = say_what_if(what_if(PRESET, case(*events), step, on=ON, calendars=YEAR), language=language)
        assert RULES_ONLY[language] in text.splitlines()
        assert "p" not in text.split()


def test_the_words_are_these() -> None:
    found = what_if(PRESET, case(*marked(10, 10, 10, 6, 6)), "first-limit-reached", on=ON, calendars=YEAR)
    assert say_what_if(found, language="en") == (
        "The step “The absence is talked about” is open on 10 September 2026.\n"
        "It would be neither open nor an open question, if one of these were recorded:\n"
        "– fewer lessons of absence: 13 (the mark of 7 September 2026 corrected to 0, "
        "the mark of 4 September 2026 corrected to 0 and the mark of 3 September 2026: 10 → 9)\n"
        f"{found.looked_at - 1} changes were tried; each was run through the rules, "
        "and nothing smaller of the same facts alters the answer.\n"
        f"{RULES_ONLY['en']}\n"
        "This is a proposal by the rules lessons-per-term/2026-1. A person decides."
    )


@pytest.fixture
def marks(tmp_path: Path) -> str:
    rows = [f"p1,8,{d.isoformat()},6,health,m{d.day}" for d in FIVE]
    path = tmp_path / "marks.csv"
    path.write_text("pupil,grade,date,lessons,kind,id\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return str(path)


def run(marks: str, *more: str) -> Result:
    day = ["--calendar", "example-week-43/2026-27", "--on", "2026-09-10", "--pupil", "p1"]
    return CliRunner().invoke(cli.app, ["explain", marks, *day, *more])


def test_the_command_says_it_in_words_and_to_a_machine(marks: str) -> None:
    result = run(marks, "--what-if", "first-limit-reached", "--language", "en")
    assert result.exit_code == 0
    assert "– fewer lessons of absence: 1 (the mark of 7 September 2026: 6 → 5)" in result.stdout
    assert RULES_ONLY["en"] in result.stdout
    body = json.loads(run(marks, "--what-if", "second-limit-reached", "--json").stdout)
    assert (body["format"], body["state"], body["whole"]) == (1, "not_open", True)
    assert [(f["what"], f["units"]) for c in body["opens"] for f in c["facts"]] == [("lessons", 20)]


def test_what_if_goes_with_no_reader_and_a_wrong_step_is_told(marks: str) -> None:
    result = run(marks, "--what-if", "first-limit-reached", "--for", "guardian")
    assert result.exit_code == 2
    assert "--what-if goes without --for" in result.stderr
    result = run(marks, "--what-if", "first-limit")
    assert isinstance(result.exception, sky.RulesetError)  # `main` prints it and leaves with 4


# ---------------------------------------------------------------------- against trying everything
def lines_of(found: sky.Case, model: sky.Model, step: str, on: date) -> list[list[tuple[int, str, list[Any]]]]:
    """Of each fact its changes (units, name, events), by the definition, for the small language of generated rulesets."""
    rules = model.on(on.toordinal())
    assert rules is not None
    tests, waiting, seen = [], [step], set()
    while waiting:
        s = rules.step_by_id.get(waiting.pop(0))
        if s is None or s.id in seen:
            continue
        seen.add(s.id)
        own = [*comparisons_in(s.opens), *comparisons_in(s.watch)]
        tests += own
        waiting += [t.fact for t in own if t.what == "step"]
    counters = {t.fact: rules.counters[t.fact] for t in tests if t.what == "counter"}
    known = [e for e, m in zip(found.events, found.moments, strict=True) if m <= end_of(on.toordinal())]
    gone = {e.of for e in known if isinstance(e, Retracted)}
    newest = {e.id: e for e in known if isinstance(e, sky.Mark)}
    marks = [m for i, m in newest.items() if i not in gone and m.on <= on and m.lessons != 0 and m.minutes != 0]
    school_days = [date.fromordinal(d) for d in reversed(CALENDAR.school_days) if d <= on.toordinal()]
    entries: dict[date, sky.Register] = {}
    for e in known:
        if isinstance(e, sky.Register) and e.id not in gone:
            for n in range(e.on.toordinal(), min((e.through or e.on).toordinal(), on.toordinal()) + 1):
                entries[date.fromordinal(n)] = e

    def counted(kind: str | None) -> tuple[str, ...]:
        if kind not in rules.kinds:
            return ("nobody says",)
        return tuple(c for c, count in counters.items() if kind in count.kinds)

    def limits(names: list[str]) -> list[tuple[Any, int]]:
        out = []
        for t in tests:
            for _, limit in t.asks if t.fact in names else ():
                out += [(t.fact, x) for x in (limit.values.values() if isinstance(limit, ByGrade) else [limit])]
        return out

    def spread(n: int) -> list[tuple[date, int]]:
        out = []
        for d in school_days:
            entry, room = entries.get(d), 24
            if entry is not None and entry.planned is not None:
                room = max(0, int(entry.planned - sum(m.lessons or 0 for m in marks if m.on == d)))
            here = min(n, room)
            if here:
                out.append((d, here))
                n -= here
            if not n:
                return out
        return []

    out: list[list[tuple[int, str, list[Any]]]] = []
    signs: dict[tuple[str, ...], str] = {}
    for kind in rules.kinds:
        if counted(kind):
            signs.setdefault(counted(kind), kind)
    for sign, kind in signs.items():
        sums = [c for c in sign if counters[c].measure == "lessons"]
        if sums:
            top = 0
            for c, x in limits(sums):
                if counters[c].is_share:
                    # by the planned lessons that the share itself reads
                    from sky_model.facts import Facts

                    at = end_of(on.toordinal())
                    planned = Facts(found, rules, CALENDAR, at).reading(counters[c], on.toordinal(), at).planned or 0
                    top = max(top, -(-x * planned // (50_000 * 4500)))
                else:
                    top = max(top, -(-x // 4500))
            line = []
            for n in range(1, top + 2):
                days = spread(n)
                made = [sky.Mark(d, lessons=k, kind=kind, id=f"new-{kind}-l{d}", recorded=on) for d, k in days]
                if made:
                    line.append((n, "lessons", made))
            out.append(line)
        numbers = [c for c in sign if counters[c].measure == "marks"]
        if numbers and spread(1):
            top = max(-(-x // counters[c].unit) for c, x in limits(numbers))
            d = spread(1)[0][0]
            made = [sky.Mark(d, lessons=1, kind=kind, id=f"new-{kind}-m{i}", recorded=on) for i in range(top + 1)]
            out.append([(n, "marks", made[:n]) for n in range(1, top + 2)])
    groups: dict[tuple[str, ...], list[sky.Mark]] = {}
    newest_first = sorted(enumerate(marks), key=lambda x: (x[1].on, x[0]), reverse=True)
    for _, m in newest_first:
        if counted(m.kind):
            groups.setdefault(counted(m.kind), []).append(m)
    for group in groups.values() if counters else ():
        line, units, before = [], 0, list[Any]()
        for m in group:
            whole = m.lessons if isinstance(m.lessons, int) else 1
            for left in reversed(range(whole)):
                units += 1
                lower = replace(m, lessons=left, minutes=None, part=m.part if left else None, recorded=on, seq=None)
                line.append((units, "corrected", [*before, lower]))
            before.append(line[-1][2][-1])
        out.append(line)
    unmarked = []
    begins = min([e.since for e in known if isinstance(e, sky.Enrolment)], default=date.min)
    for d in sorted({d for d in school_days if d >= begins} | set(entries)) if counters else ():
        e = entries.get(d)
        if e is None and found.register == "given":
            unmarked.append(sky.Register(d, through=d, id=f"new-{d}", recorded=on))
        elif e is not None and e.planned is not None and (e.marked or 0) < e.planned:
            unmarked.append(sky.Register(d, planned=e.planned, marked=e.planned, id=f"new-{d}", recorded=on))
    if unmarked:
        out.append([(1, "register", unmarked)])
    for name in dict.fromkeys(t.fact for t in tests if t.what == "report"):
        line = [(1, "raised", [sky.Report(name, on, id=f"new-{name}", recorded=on)])]
        state: dict[Any, bool] = {}
        for e in known:
            if isinstance(e, sky.Report) and e.report == name and e.on <= on and e.id not in gone:
                state[e.by] = e.raised
        back = [w for w, raised in state.items() if raised]
        if back:
            taken = [sky.Report(name, on, by=w, raised=False, id=f"new-{name}-{i}", recorded=on) for i, w in enumerate(back)]
            line.append((1, "taken_back", taken))
        wrong = [e for e in known if isinstance(e, sky.Report) and e.report == name and e.raised and e.id not in gone]
        if wrong:
            line.append((1, "retracted", [Retracted(e.id, on, id=f"new-{e.id}", recorded=on) for e in wrong]))
        out.append(line)
    for name in dict.fromkeys(t.fact for t in tests if t.what == "question"):
        said_ = rules.questions[name].answers
        assert isinstance(said_, list)
        out.append([(1, a, [sky.Answer(name, a, on, id=f"new-{name}", recorded=on)]) for a in said_])
    return [line for line in out if line]


def by_brute_force(model: sky.Model, found: sky.Case, step: str, on: date, wanted: str) -> Iterator[tuple[int, int, str]]:
    """Every change of at most two facts is decided; kept is what no change of part of its facts, or of fewer units, gives."""
    lines = lines_of(found, model, step, on)
    known = [e for e, m in zip(found.events, found.moments, strict=True) if m <= end_of(on.toordinal())]
    gives: dict[tuple[int, ...], list[tuple[int, str]]] = {}
    for many in (1, 2):
        for s in combinations(range(len(lines)), many):
            for facts in product(*(lines[i] for i in s)):
                new = [e for _, _, events in facts for e in events]
                all_of_them = [replace(e, seq=n) for n, e in enumerate([*known, *new])]
                changed = sky.Case("p", register=found.register, events=all_of_them)
                if answers(sky.decide(model, changed, on=on, calendars=CALENDAR), step) == wanted:
                    gives.setdefault(s, []).append((sum(u for u, _, _ in facts), " + ".join(name for _, name, _ in facts)))
    for s, changes in gives.items():
        if not any(set(part) < set(s) for part in gives):
            units = min(u for u, _ in changes)
            yield len(s), units, next(name for u, name in changes if u == units)


def size_of(found: sky.Case, model: sky.Model, step: str, on: date) -> int:
    sizes = [len(line) for line in lines_of(found, model, step, on)]
    return sum(a * b for a, b in combinations(sizes, 2)) + sum(sizes)


@pytest.mark.long
@few
@given(models(), cases(), days())
def test_the_changes_are_those_that_trying_everything_finds(model: sky.Model, found: sky.Case, on: date) -> None:
    rules = model.on(on.toordinal())
    assume(rules is not None)
    assert rules is not None
    for s in rules.steps:
        if size_of(found, model, s.id, on) > 500:
            continue
        what = what_if(model, found, s.id, on=on, calendars=CALENDAR, at_most=10**6)
        assert what.is_whole
        assert what.state == answers(sky.decide(model, found, on=on, calendars=CALENDAR), s.id)
        for wanted, changes in (("open", what.opens), ("not_open", what.does_not_open)):
            expected = [] if what.state == wanted else sorted(by_brute_force(model, found, s.id, on, wanted))
            names = [" + ".join(f.to or f.what for f in c.facts) for c in changes]
            assert sorted((len(c.facts), c.units, n) for c, n in zip(changes, names, strict=True)) == expected


TOTAL = {"id": "total", "measure": "lessons", "kinds": "all", "window": {"in": "term"}, "lesson_minutes": "45"}
OWN = {**TOTAL, "id": "own", "kinds": {"only": ["unauthorised"]}}
GROUNDS: list[dict[str, Any]] = [
    {"total": {"at_least": "3"}},
    {"any": [{"total": {"more_than": "2"}}, {"concern": {"is": "raised"}}]},
    {"all": [{"total": {"at_least": "3"}}, {"concern": {"is": "raised"}}]},
    {"all": [{"total": {"at_least": "2"}}, {"none": [{"concern": {"is": "raised"}}]}]},
    {"all": [{"total": {"at_least": "4"}}, {"own": {"at_least": "2"}}]},
    {"all": [{"total": {"at_least": "2"}}, {"cause": {"is": "school"}}]},
    {"any": [{"all": [{"own": {"at_least": "1"}}, {"wish": {"is": "raised"}}]}, {"total": {"at_least": "5"}}]},
]
NEAR = [FIRST + timedelta(days=n) for n in (0, 1, 2, 3, 4, 7, 8)]


@st.composite
def near_a_limit(draw: st.DrawFn) -> tuple[sky.Model, sky.Case, date]:
    """One step with a small limit, and a record that lies about it: often open, or closed, or with a second ground."""
    lasts = draw(st.sampled_from(["until_closed", "until_closed", "while_true"]))
    step = {
        "id": "step-a", "tier": "first", "name": NAME, "opens": draw(st.sampled_from(GROUNDS)), "lasts": lasts, "source": "town",
        "again": draw(st.sampled_from(["next_window", "when_true_anew", "once"])),
        "actions": [{"id": "act-a", "name": NAME, "who": "teacher", "duty": "must", "about": "absence", "source": "town"}],
        "closing": {"by": ["teacher"], "reasons": [{"id": "enough", "name": NAME}]},
    }  # fmt: skip
    model = load_data(version_of("1", FIRST, [TOTAL, OWN], [step]))
    events: list[Any] = [sky.Enrolment("s", grade=8, since=FIRST, id="e")]
    for i in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(["health", "unauthorised"]))
        events.append(sky.Mark(draw(st.sampled_from(NEAR)), lessons=draw(st.integers(1, 3)), kind=kind, id=f"m{i}"))
    for i, name in enumerate(draw(st.lists(st.sampled_from(["concern", "wish", "cause", "closing"]), max_size=2, unique=True))):
        on = draw(st.sampled_from(NEAR))
        if name == "closing":
            events.append(sky.StepClosed("step-a", "enough", on, id=f"x{i}"))
        elif name == "cause":
            events.append(sky.Answer("cause", draw(st.sampled_from(["school", "family"])), on, id=f"x{i}"))
        else:
            events.append(sky.Report(name, on, by="teacher", id=f"x{i}"))
    return model, sky.Case("p", events=events), draw(st.sampled_from(NEAR[3:]))


@pytest.mark.long
@settings(few, max_examples=120)
@given(near_a_limit())
def test_near_a_limit_the_changes_are_those_that_trying_everything_finds(drawn: tuple[sky.Model, sky.Case, date]) -> None:
    model, found, on = drawn
    what = what_if(model, found, "step-a", on=on, calendars=CALENDAR, at_most=10**6)
    for wanted, changes in (("open", what.opens), ("not_open", what.does_not_open)):
        expected = [] if what.state == wanted else sorted(by_brute_force(model, found, "step-a", on, wanted))
        names = [" + ".join(f.to or f.what for f in c.facts) for c in changes]
        assert sorted((len(c.facts), c.units, n) for c, n in zip(changes, names, strict=True)) == expected


@pytest.mark.long
@few
@given(models(), cases(), days())
def test_applying_a_change_gives_what_it_says_and_no_part_of_it_does(model: sky.Model, found: sky.Case, on: date) -> None:
    rules = model.on(on.toordinal())
    assume(rules is not None)
    assert rules is not None
    for s in rules.steps:
        what = what_if(model, found, s.id, on=on, calendars=CALENDAR, at_most=300)
        for wanted, changes in (("open", what.opens), ("not_open", what.does_not_open)):
            sizes = [(len(c.facts), c.units) for c in changes]
            assert sizes == sorted(sizes)
            for c in changes:
                assert answers(sky.decide(model, c.case, on=on, calendars=CALENDAR), s.id) == wanted
                known = [e for e, m in zip(found.events, found.moments, strict=True) if m <= end_of(on.toordinal())]
                for one in range(len(c.facts)):
                    new = [e for i, f in enumerate(c.facts) if i != one for e in f.events]
                    part = sky.Case(
                        "p", register=found.register, events=[replace(e, seq=n) for n, e in enumerate([*known, *new])]
                    )
                    assert answers(sky.decide(model, part, on=on, calendars=CALENDAR), s.id) != wanted
