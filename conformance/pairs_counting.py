"""Cases by hand for what is counted: windows, shares, measures, which days and marks, schedules; each with both its sides.

Rules: as in pairs.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from small_rules import (
    ASKED,
    OPEN,
    SHUT,
    Pair,
    absent,
    closed,
    counter,
    day,
    late,
    opens,
    reached,
    rules,
    said,
    step_of,
    taken,
)

WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


# ---------------------------------------------------------------------- windows and shares
def windows() -> Iterator[Pair]:
    a, b = absent("08-21"), absent("08-27")
    yield (
        "window: period",
        opens({"window": {"in": "period"}}, 8),
        [
            ("08-21", [absent("08-20"), a], OPEN),
            ("08-27", [a, b], SHUT),
        ],
    )
    yield (
        "window: quarter",
        opens({"window": {"in": "quarter"}}, 8),
        [
            ("08-21", [absent("08-20"), a], OPEN),
            ("08-27", [a, b], SHUT),
        ],
    )
    yield (
        "window: month",
        opens({"window": {"in": "month"}}, 8),
        [
            ("09-03", [absent("09-01"), absent("09-03")], OPEN),
            ("09-01", [absent("08-28"), absent("09-01")], SHUT),
        ],
    )
    yield (
        "window: school_year",
        opens({"window": {"in": "school_year"}}, 8),
        [
            ("09-03", [absent("08-20"), absent("09-03")], OPEN),
            ("09-21", [absent("09-03"), absent("09-21")], SHUT),
        ],
    )
    yield (
        "unbroken: no",
        opens({"window": {"in": "term", "unbroken": "no"}}, 12),
        [
            ("08-21", [absent("08-19"), a], OPEN),
            ("08-21", [a], SHUT),
        ],
    )
    yield (
        "rolling: calendar_days",
        opens({"window": {"in": "term", "rolling": {"calendar_days": "3"}}}, 12),
        [
            ("08-21", [absent("08-19"), a], OPEN),
            ("08-21", [absent("08-18"), a], SHUT),
        ],
    )
    full = {"in": "school_year", "rolling": {"school_weeks": "2", "week_from": {"school_days": "5"}}}
    yield (
        "rolling: week_from",
        opens({"window": full}, 12),
        [
            ("09-08", [absent("08-18"), absent("09-08")], OPEN),  # the weeks of 08-24 and 08-31 have fewer days
            ("09-08", [absent("08-11"), absent("09-08")], SHUT),
        ],
    )
    yield (
        "rolling: school_days",
        opens({"window": {"in": "term", "rolling": {"school_days": "2"}}}, 12),
        [
            ("08-21", [absent("08-20"), a], OPEN),
            ("08-21", [absent("08-19"), a], SHUT),
        ],
    )
    yield (
        "rolling: calendar_months",
        opens({"window": {"in": "school_year", "rolling": {"calendar_months": "1"}}}, 12),
        [
            ("09-10", [absent("08-11"), absent("09-10")], OPEN),
            ("09-10", [absent("08-10"), absent("09-10")], SHUT),
        ],
    )
    yield (
        "unbroken: yes",
        opens({"measure": "days", "window": {"in": "term", "unbroken": "yes"}}, 2),
        [
            ("08-21", [absent("08-20"), a], OPEN),
            ("08-21", [absent("08-19"), a], SHUT),
        ],
    )
    yield (
        "window: enrolment",
        opens({"window": {"in": "enrolment"}}, 8),
        [
            ("09-21", [absent("09-03"), absent("09-21")], OPEN),
            ("09-21", [absent("09-21")], SHUT),
        ],
    )
    grown = {"window": {"in": "school_year", "rolling": {"school_weeks": "1"}}, "compared_with": "window_before"}
    yield (
        "compared_with",
        opens(grown, 3),
        [
            ("08-18", [absent("08-11", 1), absent("08-18", 4)], OPEN),
            ("08-18", [absent("08-11", 2), absent("08-18", 4)], SHUT),
        ],
    )
    done = rules(
        [counter(window={"in": "school_year", "since": {"done": "act-b"}})],
        [step_of("step-a", reached(6)), step_of("step-b", {"wish": {"is": "raised"}})],
    )
    yield (
        "since: done",
        done,
        [
            ("08-13", [taken("act-b", "done", "08-12"), absent("08-13")], OPEN),
            ("08-13", [absent("08-11"), taken("act-b", "done", "08-12")], SHUT),
        ],
    )
    checked = {"checked": "on-dates", "window": {"in": "school_year", "since": "last_check"}}  # 08-20, 09-06, 10-10
    yield (
        "since: last_check",
        opens(checked, 8),
        [
            ("09-06", [absent("08-19", 2), a, absent("09-03")], OPEN),
            ("09-06", [absent("08-19"), a], SHUT),
        ],
    )
    two = [step_of("step-a", reached(6)), step_of("step-b", {"concern": {"is": "raised"}})]
    for how, events in (("opened", []), ("ended", [closed("step-b", "08-12")])):
        made = rules([counter(window={"in": "school_year", "since": {how: "step-b"}})], two)
        b_too = {"open": ["step-a", "step-b"]} if how == "opened" else OPEN
        b_only = {"open": ["step-b"]} if how == "opened" else {"open": []}
        yield (
            f"since: {how}",
            made,
            [
                ("08-13", [said("concern", "08-12"), *events, absent("08-13")], b_too),
                ("08-13", [absent("08-11"), said("concern", "08-12"), *events], b_only),
            ],
        )
    yield (
        "since: ended, and the step is still open",
        made,
        [
            ("08-13", [said("concern", "08-12"), absent("08-13")], {"open": ["step-b"]}),
        ],
    )
    yield (
        "share of: whole_window",
        opens({"share_of": {"planned": "whole_window"}}, 10),
        [
            ("08-11", [absent("08-10"), absent("08-11")], OPEN),  # 12 of the 72 lessons of the term
            ("08-10", [absent("08-10")], SHUT),
        ],
    )
    for part, n in (("term", 6), ("school_year", 11), ("period", 5), ("quarter", 5)):
        made = opens({"share_of": {"table": "in-print"}, "window": {"in": part}}, 10)
        marks = [absent("08-10", 5), absent("08-11", n - 5)] if n > 5 else [absent("08-11", 5)]
        yield (
            f"share of a table: {part}",
            made,
            [
                ("08-11", marks, OPEN),
                ("08-11", marks[:-1] or [absent("08-11", 4)], SHUT),
            ],
        )
    yield (
        "kind: not_planned",
        opens({"share_of": {"planned": "so_far"}}, 50, "more_than"),
        [
            ("08-11", [absent("08-10", 3, "barred"), absent("08-11")], OPEN),
            ("08-11", [absent("08-11")], SHUT),
        ],
    )


# ---------------------------------------------------------------------- measures, which days and which marks
def measures() -> Iterator[Pair]:
    for part, least, less in (({"per_cent": "25"}, 2, 1), ("half", 3, 2), ("whole", 6, 5), ({"minutes": "91"}, 3, 2)):
        yield (
            f"day from: {part}",
            opens({"measure": "days", "day_from": part}),
            [
                ("08-11", [absent("08-11", least)], OPEN),
                ("08-11", [absent("08-11", less)], SHUT),
            ],
        )
    for filter_, yes, no in (
        ({"named": "test-day"}, "08-19", "08-20"),
        ({"first_after": "break"}, "08-27", "08-28"),
        ({"first_after": "weekend"}, "08-17", "08-18"),
    ):
        yield (
            f"days: {filter_}",
            opens({"measure": "days", "days": filter_}),
            [
                (yes, [absent(yes)], OPEN),
                (no, [absent(no)], SHUT),
            ],
        )
    run = {"measure": "calendar_days", "window": {"in": "any_time", "unbroken": "yes"}}
    yield (
        "measure: calendar_days",
        opens(run, 4),
        [
            ("08-17", [absent("08-14"), absent("08-17")], OPEN),
            ("08-14", [absent("08-13"), absent("08-14")], SHUT),
        ],
    )
    yield (
        "measure: times",
        rules(
            [counter(measure="times", of="act-b")],
            [step_of("step-a", reached(2)), step_of("step-b", {"wish": {"is": "raised"}})],
        ),
        [
            ("08-13", [taken("act-b", "done", "08-12"), taken("act-b", "done", "08-13")], OPEN),
            ("08-13", [taken("act-b", "done", "08-12"), taken("act-b", "refused", "08-13")], SHUT),
        ],
    )
    yield (
        "measure: clock_hours",
        opens({"measure": "clock_hours"}),
        [
            ("08-11", [late("08-11", 60, kind="health")], OPEN),
            ("08-11", [late("08-11", 59, kind="health")], SHUT),
        ],
    )
    yield (
        "measure: half_days",
        opens({"measure": "half_days"}, 2),
        [
            ("08-11", [absent("08-11", 1, part=x) for x in ("start_of_day", "end_of_day")], OPEN),
            ("08-11", [absent("08-11", 1, part="end_of_day")], SHUT),
        ],
    )
    yield (
        "measure: episodes",
        opens({"measure": "episodes"}, 2),
        [
            ("08-13", [absent("08-11", 1), absent("08-13", 1)], OPEN),
            ("08-13", [absent("08-12", 1), absent("08-13", 1)], SHUT),
        ],
    )
    ago = {"measure": "days_since", "of": "act-b", "on_clock": "school_days"}
    yield (
        "measure: days_since an action",
        rules([counter(**ago)], [step_of("step-a", reached(3)), step_of("step-b", {"wish": {"is": "raised"}})]),
        [
            ("08-13", [taken("act-b", "done", "08-10")], OPEN),
            ("08-13", [taken("act-b", "done", "08-11")], SHUT),
        ],
    )
    for clock, third, second in (
        ("calendar_days", "08-24", "08-23"),
        ("weekdays", "08-26", "08-25"),
        ("school_days", "08-31", "08-28"),
    ):
        line = {"measure": "days_since", "of": {"kind": "unexplained"}, "on_clock": clock, "window": {"in": "any_time"}}
        mark = absent("08-21", kind="unexplained")
        yield f"on clock: {clock}", opens(line, 3), [(third, [mark], OPEN), (second, [mark], SHUT)]
    line = {"measure": "days_since", "of": {"kind": "unexplained"}, "on_clock": "school_days", "window": {"in": "any_time"}}
    yield (
        "kind: unexplained, the oldest counts",
        opens(line, 5),
        [
            ("08-20", [absent("08-12", kind="unexplained"), absent("08-19", kind="unexplained")], OPEN),
            ("08-20", [absent("08-19", kind="unexplained")], SHUT),
        ],
    )
    yield "kind: attended", opens({}), [("08-11", [absent("08-11")], OPEN), ("08-11", [late("08-11", 45)], SHUT)]
    for what, same, other in (
        ("weekday", [absent("08-12", 2), absent("08-19", 2)], [absent("08-12", 2), absent("08-20", 2)]),
        ("subject", [absent("08-12", 2, subject=s) for s in ("maths", "music")], None),
        ("teacher", [absent("08-12", 2, teacher=s) for s in ("t1", "t3")], None),
        ("lesson", [absent(f"08-1{n}", 2, lesson=s) for n, s in ((2, "first"), (3, "second"))], None),
    ):
        if other is None:
            other, same = same, [same[0], replace(same[0], on=day("08-14"), recorded=day("08-14"))]
        yield f"most on one: {what}", opens({"most_on_one": what}, 4), [("08-20", same, OPEN), ("08-20", other, SHUT)]
    yield (
        "settles",
        opens({"settles": {"calendar_days": "1"}}),
        [
            ("08-14", [absent("08-13")], OPEN),
            ("08-13", [absent("08-13")], SHUT),
        ],
    )
    yield (
        "kinds: all",
        opens({}),
        [
            ("08-11", [absent("08-11", kind="unauthorised")], OPEN),
            ("08-11", [absent("08-11", 0, kind="unauthorised")], SHUT),
        ],
    )
    yield (
        "kinds: all_except",
        opens({"kinds": {"all_except": ["leave"]}}),
        [
            ("08-11", [absent("08-11")], OPEN),
            ("08-11", [absent("08-11", kind="leave")], SHUT),
        ],
    )
    code = {"system": "school-system", "code": "P", "kind": "health", "valid_from": "2026-08-12", "valid_until": "2026-08-13"}
    yield (
        "codes of another system",
        opens({}, local_codes=[code]),
        [
            ("08-12", [absent("08-12", kind=None, code="P")], OPEN),
            ("08-12", [absent("08-12", kind=None, code="Q")], ASKED),
            ("08-11", [absent("08-11", kind=None, code="P")], ASKED),  # it is not valid yet
            ("08-14", [absent("08-14", kind=None, code="P")], ASKED),  # nor any more
        ],
    )


def marks() -> Iterator[Pair]:
    of = {"measure": "marks", "kinds": {"only": ["late", "health"]}}
    for op, yes, no in (("at_least", 30, 29), ("more_than", 31, 30), ("at_most", 30, 31), ("less_than", 29, 30)):
        yield (
            f"marks: minutes {op}",
            opens({**of, "marks": {"minutes": {op: "30"}}}),
            [
                ("08-11", [late("08-11", yes)], OPEN),
                ("08-11", [late("08-11", no)], SHUT),
            ],
        )
        yield (
            f"marks: lessons {op}",
            opens({**of, "marks": {"lessons": {op: "3"}}}),
            [
                ("08-11", [absent("08-11", 3 + (yes > 30) - (yes < 30))], OPEN),
                ("08-11", [absent("08-11", 3 + (no > 30) - (no < 30))], SHUT),
            ],
        )
    fields = (
        ("part", "end_of_day", "start_of_day"),
        ("subject", "maths", "music"),
        ("teacher", "t1", "t3"),
        ("lesson", "first", "second"),
    )
    for field, yes_word, no_word in fields:
        for asked in ({"is": yes_word}, {"one_of": [yes_word]}):
            yield (
                f"marks: {field} {next(iter(asked))}",
                opens({**of, "marks": {field: asked}}),
                [
                    ("08-11", [absent("08-11", 2, **{field: yes_word})], OPEN),
                    ("08-11", [absent("08-11", 2, **{field: no_word})], SHUT),
                    ("08-11", [absent("08-11", 2)], ASKED),  # the mark does not say
                ],
            )
    yield (
        "marks: explained",
        opens({**of, "marks": {"explained": {"is": "no"}}}),
        [
            ("08-11", [absent("08-11", 2, explained=False)], OPEN),
            ("08-11", [absent("08-11", 2, explained=True)], SHUT),
        ],
    )
    only = {"kinds": {"only": ["unauthorised"]}}
    for length in ({"lessons": "1"}, {"minutes": "45"}):
        turn = {"kind": "late", "marks": {"minutes": {"more_than": "30"}}, "to": "unauthorised", "as": length}
        yield (
            f"becomes, as {next(iter(length))}",
            opens(only, becomes=[turn]),
            [
                ("08-11", [late("08-11", 31)], OPEN),
                ("08-11", [late("08-11", 30)], SHUT),
            ],
        )


# ---------------------------------------------------------------------- schedules
def schedules() -> Iterator[Pair]:
    for n, word in enumerate(WEEK):
        yield from scheduled({"weekdays": [word]}, word, f"08-{17 + n}")
    for how, part, on in (
        ("start_of", "term", "08-31"),
        ("start_of", "period", "08-24"),
        ("start_of", "quarter", "08-27"),
        ("start_of", "month", "09-01"),
        ("start_of", "school_year", "09-21"),
        ("end_of", "term", "08-30"),
        ("end_of", "period", "08-23"),
        ("end_of", "quarter", "08-26"),
        ("end_of", "month", "08-31"),
        ("end_of", "school_year", "09-13"),
    ):
        yield from scheduled({how: part}, f"{how} {part}", on)
    yield from scheduled({"dates": ["08-20"]}, "dates", "08-20")
    yield from scheduled({"weeks": ["34"]}, "weeks", "08-17")
    yield from scheduled({"days_named": "look-day"}, "days_named", "08-21")


def scheduled(lines: dict[str, Any], word: str, on: str) -> Iterator[Pair]:
    """A counter that is read on the day of a schedule, and not on the day before."""
    first = (day(on) - timedelta(days=3)).isoformat()[5:] if word in WEEK else "08-13"
    before = (day(on) - timedelta(days=1)).isoformat()[5:]
    made = opens({"checked": "then", "window": {"in": "any_time"}}, schedules=[{"id": "then", **lines, "source": "town"}])
    if word in WEEK or word == "end_of school_year":
        first = {"sat": "08-21", "sun": "08-21", "mon": "08-14"}.get(word, before if word in WEEK else first)
    yield f"schedule: {word}", made, [(on, [absent(first)], OPEN), (before, [absent(first)], SHUT)]
