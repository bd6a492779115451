"""The shipped calendars say what the facts say, and nothing else.

Rules: what a file must hold is made here from the row of the facts, never from the file; holidays are compared with a
list that others keep; whatever no row says must stand in the file as assumed or as a gap.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import holidays
import pytest

from sky_model.source import read_file

ROOT = Path(__file__).parent.parent
CALENDARS = ROOT / "rulesets" / "calendars"
FACTS = Path(__file__).parent / "data" / "finland_school_calendars.csv"

FOLDERS = {
    "Helsinki": "helsinki",
    "Espoo": "espoo",
    "Vantaa (Finnish schools)": "vantaa-fi",
    "Vantaa (Swedish schools)": "vantaa-sv",
    "Lohja": "lohja",
    "Hameenlinna": "hameenlinna",
    "Jyvaskyla": "jyvaskyla",
    "Kokkola": "kokkola",
    "Parkano": "parkano",
    "Lahti": "lahti",
    "Kotka": "kotka",
    "Kotka (upper secondary page)": "kotka",
    "Lappeenranta": "lappeenranta",
    "Kajaani": "kajaani",
    "Haapavesi": "haapavesi",
    "Sonkajarvi": "sonkajarvi",
}
UNNAMED = "(peda.net school, name not known)"
PAGES = {  # the pages of schools whose name is not known
    "https://peda.net/id/3b671b7e9a0": "example-week-42",
    "https://peda.net/id/bc8a31ecfc9": "example-week-43",
}
BORROWED = {"example-week-43/2026-27": "kotka/2026-27"}  # the only file without a row of its own

KEYS = [
    "format", "calendar", "status", "name", "first_day", "last_day", "lesson_minutes", "terms", "breaks",
    "public_holidays", "also_school", "school_days_stated", "school_days_counted", "sources", "assumed", "gaps",
]  # fmt: skip
STATED = {"school_days_stated", "school_days_counted"}


def rows_by_id() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    with FACTS.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            folder = PAGES[row["source"]] if row["place"] == UNNAMED else FOLDERS[row["place"]]
            name = f"{folder}/{row['school_year']}"
            assert name not in found, f"two rows for {name}"
            found[name] = row
    for name, lender in BORROWED.items():
        assert name not in found, f"{name} has a row now: it must not borrow"
        found[name] = found[lender]
    return found


ROWS = rows_by_id()
PATHS = {p.relative_to(CALENDARS).with_suffix("").as_posix(): p for p in sorted(CALENDARS.rglob("*.yaml"))}
each_calendar = pytest.mark.parametrize("name", sorted(ROWS))


def read(name: str) -> dict[str, Any]:
    source = read_file(PATHS[name])
    assert not source.problems, source.problems
    data: dict[str, Any] = source.data
    return data


def day(text: str) -> date:
    return date.fromisoformat(text)


def days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(n) for n in range((last - first).days + 1))


def breaks_of(calendar: dict[str, Any]) -> dict[str, tuple[date, date]]:
    return {b["id"]: (day(b["from"]), day(b["to"])) for b in calendar["breaks"]}


def days_off(calendar: dict[str, Any]) -> set[date]:
    off = {day(h["on"]) for h in calendar["public_holidays"]}
    return off.union(*(days(a, b) for a, b in breaks_of(calendar).values()))


def school_days(calendar: dict[str, Any]) -> set[date]:
    whole = days(day(calendar["first_day"]), day(calendar["last_day"]))
    also = {day(d["on"]) for d in calendar["also_school"]}
    return ({d for d in whole if d.weekday() < 5} - days_off(calendar)) | also


def whats(calendar: dict[str, Any], key: str) -> list[str]:
    return [entry["what"] for entry in calendar[key]]


def week(year: int, text: str) -> tuple[date, date]:
    """The days of a break as the facts write it: `42` or `42 (Wed-Fri only)`."""
    number, _, only = text.partition(" ")
    assert only in ("", "(Wed-Fri only)"), text
    first, last = (3, 5) if only else (1, 7)
    return date.fromisocalendar(year, int(number), first), date.fromisocalendar(year, int(number), last)


def breaks_in(row: dict[str, str]) -> dict[str, tuple[date, date]]:
    years = {"autumn_break_week": day(row["first_day"]).year, "winter_break_week": day(row["last_day"]).year}
    return {key[: -len("_break_week")] + "-break": week(y, row[key]) for key, y in years.items() if row[key]}


# ---- the facts and the files -----------------------------------------------------------------------------------------


def test_every_row_has_its_file_and_every_file_its_row() -> None:
    assert len(ROWS) == 21
    assert set(PATHS) == set(ROWS)


def test_the_folder_holds_calendars_of_one_form_and_their_readme_only() -> None:
    others = {p.name for p in CALENDARS.rglob("*") if p.is_file()} - {p.name for p in PATHS.values()}
    assert others == {"README.md"}


@each_calendar
def test_first_and_last_day_are_those_of_the_row(name: str) -> None:
    calendar, row = read(name), ROWS[name]
    assert (calendar["first_day"], calendar["last_day"]) == (row["first_day"], row["last_day"])


@each_calendar
def test_the_breaks_are_those_of_the_row_and_the_assumed_one(name: str) -> None:
    written = breaks_of(read(name))
    del written["christmas-break"]
    assert written == breaks_in(ROWS[name])


def test_the_dates_of_the_scenarios_stand_in_the_example_of_week_43() -> None:
    calendar = read("example-week-43/2026-27")
    assert (calendar["first_day"], calendar["last_day"]) == ("2026-08-12", "2027-06-05")
    assert calendar["breaks"][0] == {"id": "autumn-break", "from": "2026-10-19", "to": "2026-10-25"}
    assert calendar["breaks"][1] == {"id": "christmas-break", "from": "2026-12-19", "to": "2027-01-06"}


@each_calendar
def test_the_source_is_the_page_of_the_row_and_says_what_the_row_has(name: str) -> None:
    row = ROWS[name]
    (source,) = read(name)["sources"]
    has = ["first_day", "last_day", *breaks_in(row), *(["school_days_stated"] if row["school_days_stated"] else [])]
    assert source == {"id": "page", "url": row["source"], "certainty": "secondary", "says": has}


@each_calendar
def test_what_a_row_leaves_out_is_a_gap_and_nothing_else_is(name: str) -> None:
    row = ROWS[name]
    left_out = [b for b in ("autumn-break", "winter-break") if b not in breaks_in(row)]
    assert whats(read(name), "gaps") == left_out


def test_the_autumn_break_of_lohja_is_not_filled_in() -> None:
    assert whats(read("lohja/2024-25"), "gaps") == ["autumn-break"]
    assert "autumn-break" not in breaks_of(read("lohja/2024-25"))


# ---- the form --------------------------------------------------------------------------------------------------------


@each_calendar
def test_the_keys_are_those_of_the_form_in_its_order(name: str) -> None:
    stated = bool(ROWS[name]["school_days_stated"])
    assert list(read(name)) == [k for k in KEYS if stated or k not in STATED]


@each_calendar
def test_the_id_is_the_path_and_the_year_is_that_of_the_dates(name: str) -> None:
    calendar = read(name)
    first, last = day(calendar["first_day"]).year, day(calendar["last_day"]).year
    assert calendar["format"] == "1"
    assert calendar["calendar"] == name
    assert name.split("/")[1] == f"{first}-{last % 100}"
    assert last == first + 1


@each_calendar
def test_a_file_opens_with_what_it_is(name: str) -> None:
    assert PATHS[name].read_text(encoding="utf-8").startswith("# ")


@each_calendar
def test_names_are_given_in_three_languages(name: str) -> None:
    calendar = read(name)
    for names in (calendar["name"], *(h["name"] for h in calendar["public_holidays"])):
        assert list(names) == ["fi", "sv", "en"]
        assert all(text == text.strip() and text for text in names.values())


@each_calendar
def test_only_a_place_that_the_row_names_is_named(name: str) -> None:
    named = ROWS[name]["place"] != UNNAMED and name not in BORROWED
    assert read(name)["status"] == ("named" if named else "example")
    assert name.startswith("example-") != named


def test_the_number_in_the_name_of_an_example_is_the_week_of_its_autumn_break() -> None:
    examples = [n for n in ROWS if n.startswith("example-week-")]
    assert len(examples) == 4
    for name in examples:
        assert ROWS[name]["autumn_break_week"] == name.split("/")[0].removeprefix("example-week-")


# ---- school days -----------------------------------------------------------------------------------------------------


@each_calendar
def test_terms_follow_one_another_without_gaps(name: str) -> None:
    calendar = read(name)
    assert [t["id"] for t in calendar["terms"]] == ["autumn", "spring"]
    autumn, spring = (t["from"] for t in calendar["terms"])
    assert autumn == calendar["first_day"]
    assert spring == f"{day(calendar['last_day']).year}-01-01"


@each_calendar
def test_breaks_stand_in_order_inside_the_school_year(name: str) -> None:
    calendar = read(name)
    ends = [d for pair in breaks_of(calendar).values() for d in pair]
    assert len(breaks_of(calendar)) == len(calendar["breaks"])
    assert ends == sorted(set(ends))
    assert day(calendar["first_day"]) < ends[0]
    assert ends[-1] < day(calendar["last_day"])


@each_calendar
def test_the_christmas_break_lasts_from_the_saturday_on_or_before_22_december_to_epiphany(name: str) -> None:
    first, last = breaks_of(read(name))["christmas-break"]
    year = int(name.split("/")[1][:4])
    assert first.weekday() == 5
    assert timedelta(0) <= date(year, 12, 22) - first < timedelta(7)
    assert last == date(year + 1, 1, 6)


@each_calendar
def test_the_first_and_the_last_day_are_school_days(name: str) -> None:
    calendar = read(name)
    assert {day(calendar["first_day"]), day(calendar["last_day"])} <= school_days(calendar)


@each_calendar
def test_a_day_that_is_also_school_is_no_weekday_and_no_day_off(name: str) -> None:
    calendar = read(name)
    also = [day(d["on"]) for d in calendar["also_school"]]
    assert also == [day(calendar["last_day"])]  # no row gives another one
    assert not days_off(calendar).intersection(also)
    assert all(d.weekday() >= 5 for d in also)
    assert all(d["because"] for d in calendar["also_school"])


@each_calendar
def test_public_holidays_are_those_of_an_independent_list_and_no_others(name: str) -> None:
    calendar = read(name)
    first, last = date(int(name.split("/")[1][:4]), 8, 1), date(day(calendar["last_day"]).year, 7, 31)
    finland = holidays.country_holidays(
        "FI", years=[first.year, last.year], language="fi", categories=("public",), observed=False
    )
    expected = {d: text.lower() for d, text in finland.items() if first <= d <= last and d.weekday() < 5}
    written = [(day(h["on"]), h["name"]["fi"].lower()) for h in calendar["public_holidays"]]
    assert written == sorted(expected.items())


def test_a_holiday_has_one_name_in_each_language_in_every_file() -> None:
    seen: dict[str, set[tuple[str, ...]]] = {}
    for name in ROWS:
        for holiday in read(name)["public_holidays"]:
            seen.setdefault(holiday["name"]["fi"], set()).add(tuple(holiday["name"].values()))
    assert len(seen) == 11
    assert [names for names in seen.values() if len(names) > 1] == []
    for position in (1, 2):  # nor do two holidays share a name
        assert len({next(iter(names))[position] for names in seen.values()}) == len(seen)


# ---- what is stated, counted, assumed --------------------------------------------------------------------------------


@each_calendar
def test_the_stated_number_is_the_source_s_and_the_counted_one_is_what_the_file_gives(name: str) -> None:
    calendar, stated = read(name), ROWS[name]["school_days_stated"]
    assert calendar.get("school_days_stated", "") == stated
    assert calendar.get("school_days_counted", "") == (str(len(school_days(calendar))) if stated else "")


def test_a_number_that_the_assumed_christmas_break_misses_is_shown_and_not_bent() -> None:
    differing = {
        name: (c["school_days_stated"], c["school_days_counted"])
        for name in ROWS
        if (c := read(name)).get("school_days_stated") != c.get("school_days_counted")
    }
    assert differing == {
        "kotka/2025-26": ("188", "187"),
        "kotka/2026-27": ("189", "188"),
        "example-week-42/2026-27": ("189", "188"),
        "example-week-43/2026-27": ("189", "188"),
    }


def test_the_readme_shows_every_stated_number_beside_the_counted_one() -> None:
    text = (CALENDARS / "README.md").read_text(encoding="utf-8")
    shown = {line for line in text.splitlines() if line.startswith("| `") and "/" in line}
    stated = {name: read(name) for name in ROWS if ROWS[name]["school_days_stated"]}
    assert len(stated) == 5
    assert shown == {f"| `{name}` | {c['school_days_stated']} | {c['school_days_counted']} |" for name, c in stated.items()}


@each_calendar
def test_what_no_source_says_is_written_as_assumed(name: str) -> None:
    calendar = read(name)
    assumed = whats(calendar, "assumed")
    for what in ("terms", "christmas-break", "lesson_minutes", "public_holidays"):
        assert what in assumed
    assert len(assumed) == len(set(assumed))
    assert all(entry["because"] for key in ("assumed", "gaps") for entry in calendar[key])
    assert calendar["lesson_minutes"] == "45"
    (lesson,) = [e["because"] for e in calendar["assumed"] if e["what"] == "lesson_minutes"]
    assert "852/1998, 3 §" in lesson


@each_calendar
def test_nothing_is_both_said_and_assumed_or_missing(name: str) -> None:
    calendar = read(name)
    said = set(calendar["sources"][0]["says"])
    assert not said & {*whats(calendar, "assumed"), *whats(calendar, "gaps")}
    assert set(breaks_of(calendar)) <= said | {"christmas-break"}


@each_calendar
def test_a_page_that_may_not_speak_of_basic_education_says_so(name: str) -> None:
    doubtful = ROWS[name]["place"] in (UNNAMED, "Kotka (upper secondary page)")
    because = [e["because"] for e in read(name)["assumed"] if e["what"] == "basic-education"]
    assert len(because) == doubtful
    if "upper secondary" in ROWS[name]["place"]:
        assert "upper secondary" in because[0]


@each_calendar
def test_only_a_file_without_a_row_takes_the_dates_of_another_and_says_whose(name: str) -> None:
    calendar = read(name)
    because = [e["because"] for e in calendar["assumed"] if e["what"] == "dates"]
    assert len(because) == (name in BORROWED)
    if name in BORROWED:
        lender = read(BORROWED[name])
        assert BORROWED[name] in because[0]
        same = [k for k in KEYS if k not in ("calendar", "status", "name", "assumed")]
        assert {k: calendar[k] for k in same} == {k: lender[k] for k in same}
