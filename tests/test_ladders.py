"""Threshold tables: rows that open steps, read into the same conditions as everything else; unique, first, collect."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

import sky_model as sky
from sky_model import rules
from sky_model.compiler import may_both_hold
from sky_model.model import load_data

CALENDAR = sky.load_calendar("example-week-43/2026-27")
NAME = {"fi": "x", "sv": "x", "en": "x"}


def ruleset(hit: str, *rows: tuple[str, dict[str, Any]], **opens: Any) -> dict[str, Any]:
    steps = [
        {
            "id": step, "tier": "only", "name": NAME, "lasts": "until_closed", "again": "next_window", "source": "town",
            "above": dict.fromkeys({r[0] for r in rows} - {step}, "beside"),
            "closing": {"by": ["teacher"], "reasons": [{"id": "settled", "name": NAME}]},
            **({"opens": opens[step]} if step in opens else {}),
        }
        for step in dict.fromkeys(r[0] for r in rows)
    ]  # fmt: skip
    counter = {
        "id": "absence",
        "measure": "lessons",
        "lesson_minutes": "45",
        "kinds": "all",
        "window": {"in": "term"},
        "source": "town",
    }
    return {
        "format": "1", "ruleset": "tables", "version": "1", "status": "pilot",
        "valid_from": "2026-08-01", "grades": "1-9", "name": NAME,
        "sources": [{"id": "town", "kind": "local", "name": "a paper", "certainty": "primary"}],
        "kinds": [{"id": "away", "is": "unauthorised", "name": NAME, "source": "town"}],
        "roles": [{"id": "teacher", "what": "profession", "name": NAME, "source": "town"}],
        "tiers": [{"id": "only", "name": NAME, "source": "town"}], "counters": [counter], "steps": steps,
        "ladders": [{"id": "table", "hit": hit, "source": "town", "rows": [{"step": s, "when": w} for s, w in rows]}],
    }  # fmt: skip


def opened(data: dict[str, Any], lessons: int, grade: int = 8) -> set[str]:
    marks = [
        sky.Mark(date(2026, 9, d), lessons=min(6, lessons - 6 * i), kind="away")
        for i, d in enumerate((1, 2, 3, 4))
        if lessons > 6 * i
    ]
    case = sky.Case("p", events=[sky.Enrolment("s", grade=grade, since=date(2026, 8, 12)), *marks])
    return {s.step for s in sky.decide(load_data(data), case, on=date(2026, 9, 10), calendars=CALENDAR).open_steps}


TEN, TWENTY = {"absence": {"at_least": "10"}}, {"absence": {"at_least": "20"}}
TEN_TO_TWENTY = {"all": [TEN, {"absence": {"less_than": "20"}}]}


@pytest.mark.parametrize(
    ("lessons", "steps"), [(9, set()), (10, {"low"}), (19, {"low"}), (20, {"low", "high"}), (21, {"low", "high"})]
)
def test_a_table_that_collects_opens_each_row_that_holds(lessons: int, steps: set[str]) -> None:
    assert opened(ruleset("collect", ("low", TEN), ("high", TWENTY)), lessons) == steps


def test_of_a_table_with_the_first_row_only_a_later_row_needs_that_no_earlier_one_holds() -> None:
    rows = (("high", TWENTY), ("low", TEN))
    assert [opened(ruleset("first", *rows), n) for n in (9, 10)] == [set(), {"low"}]
    # on the day on which 10 was passed the lower row held alone, and what was opened stays opened
    marks = [sky.Mark(date(2026, 9, 1), lessons=20, kind="away")]
    case = sky.Case("p", events=[sky.Enrolment("s", grade=8, since=date(2026, 8, 12)), *marks])
    found = sky.decide(load_data(ruleset("first", *rows)), case, on=date(2026, 9, 10), calendars=CALENDAR)
    assert {s.step for s in found.open_steps} == {"high"}


def test_a_unique_table_whose_rows_can_hold_at_once_is_refused_with_both_rows() -> None:
    with pytest.raises(sky.RulesetError, match=r"rows 1 and 2 can hold at once, and the table says unique \[rows-overlap\]"):
        load_data(ruleset("unique", ("low", TEN), ("high", TWENTY)))


@pytest.mark.parametrize(("lessons", "steps"), [(9, set()), (10, {"low"}), (19, {"low"})])
def test_a_unique_table_whose_rows_part_the_numbers_loads_and_opens_one(lessons: int, steps: set[str]) -> None:
    assert opened(ruleset("unique", ("low", TEN_TO_TWENTY), ("high", TWENTY)), lessons) == steps


def test_two_rows_of_one_step_are_either_of_them() -> None:
    young = {"all": [TEN, {"grade": {"at_most": "6"}}]}
    old = {"all": [TWENTY, {"grade": {"at_least": "7"}}]}
    data = ruleset("unique", ("low", young), ("low", old))
    assert [opened(data, 12, grade) for grade in (3, 8)] == [{"low"}, set()]
    assert opened(data, 20, 8) == {"low"}


def test_a_step_opens_by_its_own_line_or_by_a_table_and_not_by_both() -> None:
    with pytest.raises(sky.RulesetError, match=r"the step 'low' opens by its own line and by a table \[two-openings\]"):
        load_data(ruleset("collect", ("low", TEN), low=TWENTY))


def test_a_step_that_nothing_opens_is_refused() -> None:
    data = ruleset("collect", ("low", TEN))
    data["ladders"] = []
    with pytest.raises(sky.RulesetError, match=r"nothing opens the step 'low' \[never-opens\]"):
        load_data(data)


def _row(*asks: tuple[str, Any], fact: str = "absence") -> rules.Test:
    return rules.Test("here", "counter", fact, asks)


@pytest.mark.parametrize(
    ("a", "b", "meet"),
    [
        (_row(("at_least", 10)), _row(("less_than", 10)), False),
        (_row(("at_least", 10)), _row(("at_most", 10)), True),
        (_row(("more_than", 10)), _row(("at_most", 10)), False),
        (_row(("at_least", 10)), _row(("less_than", 20), fact="other"), True),
        (_row(("at_least", rules.ByGrade({1: 10, 2: 30}))), _row(("less_than", 20)), True),
        (_row(("at_least", rules.ByGrade({1: 20, 2: 30}))), _row(("less_than", 20)), False),
        (rules.All((_row(("at_least", 10)), _row(("at_least", 1), fact="other"))), _row(("less_than", 1), fact="other"), False),
    ],
)
def test_two_rows_meet_where_some_number_satisfies_both(a: Any, b: Any, meet: bool) -> None:
    assert may_both_hold(a, b) is meet
    assert may_both_hold(b, a) is meet
