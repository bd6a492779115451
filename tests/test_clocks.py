"""The clocks of a school: how far a length of time reaches, on each clock, with and without days that do not count.

The year is a small one of its own: August to December 2026, a break in week 42, two terms, one public holiday.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

import sky_model as sky
from sky_model.schooldays import Calendar, SchoolYear, Span, Window


def day(text: str) -> int:
    return date.fromisoformat(text).toordinal()


YEAR = SchoolYear(
    id="small",
    first=day("2026-08-10"),
    last=day("2026-12-18"),
    lesson_minutes=45,
    terms=(day("2026-08-10"), day("2026-10-19")),
    breaks=((day("2026-10-12"), day("2026-10-16")),),
    public_holidays=frozenset({day("2026-12-07")}),
    also_school=frozenset({day("2026-12-05")}),
)
CALENDAR = Calendar((YEAR,))

REACHES = [
    ("2026-10-09", Span("school_days", 1), "2026-10-19"),  # over the break
    ("2026-10-09", Span("school_days", 0), "2026-10-09"),
    ("2026-12-04", Span("school_days", 1), "2026-12-05"),  # a Saturday that is a school day
    ("2026-12-05", Span("school_days", 1), "2026-12-08"),  # a Monday that is a public holiday
    ("2026-12-18", Span("school_days", 1), None),  # the calendar ends
    ("2026-10-09", Span("weekdays", 1), "2026-10-12"),  # a weekday of a break counts
    ("2026-12-04", Span("weekdays", 1), "2026-12-08"),  # a public holiday does not
    ("2026-10-09", Span("weekdays", 0), "2026-10-09"),
    ("2026-10-09", Span("calendar_days", 3), "2026-10-12"),
    ("2026-10-08", Span("school_weeks", 1), "2026-10-22"),  # the same weekday of the next school week
    ("2026-12-16", Span("school_weeks", 1), None),
    ("2026-08-31", Span("calendar_months", 1), "2026-09-30"),  # the month's last day
    ("2026-11-15", Span("calendar_months", 2), "2027-01-15"),  # over the turn of the year
    ("2026-12-31", Span("calendar_months", 2), "2027-02-28"),
    ("2026-08-20", Span("terms", 0), "2026-10-18"),  # to the end of the running term
    ("2026-08-20", Span("terms", 1), "2027-07-31"),  # the last term ends with the school year
]


@pytest.mark.parametrize(("start", "span", "end"), REACHES)
def test_a_length_of_time_reaches_so_far(start: str, span: Span, end: str | None) -> None:
    found = CALENDAR.after(day(start), span)
    assert (date.fromordinal(found).isoformat() if found else None) == end


@pytest.mark.parametrize(
    ("clock", "end"), [("school_days", "2026-09-04"), ("weekdays", "2026-09-04"), ("calendar_days", "2026-09-04")]
)
def test_days_that_do_not_count_are_passed_over(clock: Any, end: str) -> None:
    paused = {day("2026-09-02"), day("2026-09-03")}
    found = CALENDAR.after(day("2026-09-01"), Span(clock, 1), paused.__contains__)
    assert found == day(end)


def test_a_calendar_answers_from_its_first_day_to_the_end_of_july() -> None:
    assert [CALENDAR.covers(day(d)) for d in ("2026-08-09", "2026-08-10", "2027-07-31", "2027-08-01")] == [
        False,
        True,
        True,
        False,
    ]


def test_a_calendar_needs_school_years_one_after_another() -> None:
    for years in ((), (YEAR, YEAR)):
        with pytest.raises(ValueError, match="one after another"):
            Calendar(years)


@pytest.mark.parametrize(
    "window",
    [Window("term"), Window("school_year"), Window("term", Span("school_weeks", 2)), Window("any_time", Span("school_days", 5))],
)
def test_a_day_has_left_the_window_of_the_first_day_whose_window_does_not_hold_it(window: Window) -> None:
    table = CALENDAR.window(window)
    for d in CALENDAR.school_days[::7]:
        holds = [c for c in range(d, YEAR.last + 1) if table.begins(c) <= d]
        assert [c for c in range(d, YEAR.last + 1) if c < table.leaves(d)] == holds


# ---------------------------------------------------------------------- calendar files with faults
FILE = """\
format: 1
calendar: our-town/2026-27
status: example
name: {en: Our town}
first_day: 2026-08-12
last_day: 2027-06-05
lesson_minutes: 45
terms: [{id: autumn, from: 2026-08-12}, {id: spring, from: 2027-01-01}]
breaks: [{id: autumn-break, from: 2026-10-19, to: 2026-10-25}]
"""
FAULTS = {
    "turned round": ("last_day: 2027-06-05", "last_day: 2026-06-05", "6:1: last_day does not lie after first_day [turned-round]"),
    "too long": ("last_day: 2027-06-05", "last_day: 2028-06-05", "6:1: a school year is longer than a year [too-long]"),
    "a lesson of nothing": ("lesson_minutes: 45", "lesson_minutes: 0", "7:1: a lesson has at least one minute [lesson-minutes]"),
    "terms in disorder": (
        "from: 2027-01-01",
        "from: 2026-01-01",
        "8:1: terms begin with first_day and follow one another inside the school year [terms]",
    ),
    "a break outside": (
        "from: 2026-10-19, to",
        "from: 2026-10-26, to",
        "9:10: the break 'autumn-break' lies outside the school year or ends before it begins [break]",
    ),
    "counted wrongly": (
        "lesson_minutes: 45",
        "lesson_minutes: 45\nschool_days_counted: 3",
        "8:1: school_days_counted says 3, this calendar has 208 [counted]",
    ),
    "stated otherwise": (
        "lesson_minutes: 45",
        "lesson_minutes: 45\nschool_days_stated: 3",
        "8:1: 3 school days are stated, this calendar has 208: add school_days_counted [counted]",
    ),
    "no such day": ("first_day: 2026-08-12", "first_day: 2026-02-30", "5:1: the date 2026-02-30 does not exist [no-such-day]"),
    "a doubled key": (
        "status: example",
        "status: example\nstatus: named",
        "4:1: the key 'status' stands twice here [doubled-key]",
    ),
}


def calendar(tmp_path: Path, text: str, name: str = "town.yaml") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def faults(*names: str | Path) -> str:
    with pytest.raises(sky.RulesetError) as e:
        sky.load_calendar(*names)
    return str(e.value)


@pytest.mark.parametrize("name", FAULTS)
def test_a_faulty_calendar_says_what_and_where(name: str, tmp_path: Path) -> None:
    old, new, said = FAULTS[name]
    assert old in FILE
    path = calendar(tmp_path, FILE.replace(old, new, 1))
    assert faults(path).replace(f"{path}:", "").splitlines()[0] == said


def test_a_calendar_without_faults_loads(tmp_path: Path) -> None:
    assert sky.load_calendar(calendar(tmp_path, FILE)).id == "our-town/2026-27"


def test_a_calendar_that_nobody_knows_names_the_nearest() -> None:
    assert faults("kotka/2062-27").splitlines()[0] == "kotka/2062-27: there is no calendar 'kotka/2062-27' [no-calendar]"
    assert "did you mean 'kotka/2026-27'?" in faults("kotka/2062-27")
    assert faults() == "calendars: no calendar is named [no-calendar]"


def test_school_years_that_overlap_are_refused() -> None:
    said = faults("kotka/2026-27", "example-week-43/2026-27")
    assert said == "example-week-43/2026-27: the school years kotka/2026-27 and example-week-43/2026-27 overlap [overlap]"


def test_a_calendar_that_is_no_text_is_one_error(tmp_path: Path) -> None:
    path = tmp_path / "town.yaml"
    path.write_bytes(b"name: \xff\xfe")
    assert faults(path) == f"{path}: byte 6 is not UTF-8 [not-utf-8]\n    save the file as UTF-8"


# ---------------------------------------------------------------------- folders, layers, versions
LAYER = (Path(__file__).resolve().parents[1] / "rulesets/presets/lessons-per-term/ruleset.yaml").read_text(encoding="utf-8")


def test_a_section_in_two_files_is_an_error(tmp_path: Path) -> None:
    calendar(tmp_path, LAYER, "ruleset.yaml")
    calendar(tmp_path, "format: 1\ncounters: []\n", "monitoring.yaml")
    (problem,) = sky.check(tmp_path)
    assert str(problem).endswith(
        "monitoring.yaml:2:1: 'counters' stands in two files [section-twice]\n    keep a section in one file"
    )


def test_a_file_that_is_a_list_is_an_error(tmp_path: Path) -> None:
    calendar(tmp_path, LAYER, "ruleset.yaml")
    calendar(tmp_path, "- one\n- two\n", "roles.yaml")
    (problem,) = sky.check(tmp_path)
    assert "roles.yaml:1:1: a file of a ruleset holds keys and values [not-a-mapping]" in str(problem)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("{parameter: talk-deadline, to: 5, because: x}", ""),
        ("{parameter: talk-deadline, to: 9, because: x}", "a layer may only lower 'talk-deadline', which is 7 [may-not]"),
        (
            "{parameter: urgent-talk-deadline, to: 1, because: x}",
            "the base lets no layer change 'urgent-talk-deadline' [may-not]",
        ),
        ("{parameter: talk-deadlin, to: 5, because: x}", "there is no parameter 'talk-deadlin' [no-parameter]"),
    ],
)
def test_the_base_says_what_a_layer_may_set(change: str, said: str, tmp_path: Path) -> None:
    path = calendar(tmp_path, LAYER + f"set:\n  - {change}\n")
    assert [p.message + f" [{p.code}]" for p in sky.check(path)] == ([said] if said else [])


def test_a_layer_that_shortens_a_term_of_the_base_is_followed(tmp_path: Path) -> None:
    path = calendar(tmp_path, LAYER + "set:\n  - {parameter: talk-deadline, to: 5, because: x}\n")
    case = sky.Case("p", events=[sky.Enrolment("s", 8, date(2026, 8, 12)), sky.Report("wish-to-meet-curator", date(2026, 9, 14))])
    shipped = sky.load_calendar("example-week-43/2026-27")
    due = [
        t.due
        for t in sky.decide(sky.load(path), case, on=date(2026, 9, 14), calendars=shipped).tasks
        if t.action == "talk-with-curator"
    ]
    assert due == [date(2026, 9, 21)]


def test_an_item_of_the_base_cannot_be_defined_again(tmp_path: Path) -> None:
    path = calendar(tmp_path, LAYER + "tiers:\n  - {id: targeted, name: {en: mine}}\n")
    (problem,) = sky.check(path)
    assert problem.code == "doubled-id"
    assert "'targeted' is already at fi-sky/2026-1/escalation.yaml:" in problem.message


def test_a_limit_without_a_number_takes_its_step_away_and_is_listed(tmp_path: Path) -> None:
    text = LAYER.replace("{at_least: 100}", "{at_least: {parameter: third}}").replace(
        "{school_days: 5}", "{school_days: {parameter: days}}"
    )
    unset = "parameters:\n  - {id: third, unit: lessons, value: unset}\n  - {id: days, unit: school_days, value: unset}\n"
    found = sky.load(calendar(tmp_path, text + unset)).newest
    assert "third-limit-reached" not in found.step_by_id
    assert "steps.third-limit-reached" in found.open_to_layers
    talk = next(a for a in found.step_by_id["first-limit-reached"].actions if a.id == "talk-with-pupil")
    assert talk.due is None


def test_an_adopted_layer_says_who_adopted_it(tmp_path: Path) -> None:
    problems = sky.check(calendar(tmp_path, LAYER.replace("status: pilot", "status: adopted")))
    assert ("no-adoption", "add adopted: {by: …, on: …}") in {(p.code, p.hint) for p in problems}


def test_versions_judge_the_days_from_their_first_day_on(tmp_path: Path) -> None:
    later = calendar(
        tmp_path,
        LAYER.replace("valid_from: 2026-08-01", "valid_from: 2027-01-01").replace("{at_least: 30}", "{at_least: 20}"),
        "b.yaml",
    )
    model = sky.load(later, calendar(tmp_path, LAYER, "a.yaml"))
    assert [date.fromordinal(v.valid_from).isoformat() for v in model.versions] == ["2026-08-01", "2027-01-01"]
    assert model.fingerprint not in {v.fingerprint for v in model.versions}
    assert repr(model) == "Model(lessons-per-term/2026-1 → lessons-per-term/2026-1)"
    shipped = sky.load_calendar("example-week-43/2026-27")

    def opened(*days: date) -> list[str]:
        case = sky.Case("p", events=[sky.Enrolment("s", 8, date(2026, 8, 12)), *(sky.Mark(d, 5, "health") for d in days)])
        decision = sky.decide(model, case, on=date(2027, 1, 29), calendars=shipped)
        return [s.step for s in decision.open_steps]

    assert opened(*(date(2026, 9, d) for d in (1, 2, 3, 4))) == []
    assert opened(*(date(2027, 1, d) for d in (11, 12, 13, 14))) == ["first-limit-reached"]


def test_two_versions_from_the_same_day_are_refused(tmp_path: Path) -> None:
    with pytest.raises(sky.RulesetError, match="are in force from the same day"):
        sky.load(calendar(tmp_path, LAYER, "a.yaml"), calendar(tmp_path, LAYER, "b.yaml"))


def test_a_variant_may_lie_before_its_base_and_says_so(tmp_path: Path) -> None:
    text = LAYER.replace("status: pilot", "status: variant").replace("valid_from: 2026-08-01", "valid_from: 2020-08-01")
    model = sky.load(calendar(tmp_path, text), allow=["variant"])
    assert "variant: in force from 2020-08-01, before its base fi-sky/2026-1 (2026-08-01)" in model.newest.notes
    assert any(n.startswith("variant: in force before its sources ") for n in model.newest.notes)
