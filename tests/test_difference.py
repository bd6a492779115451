"""`sky diff`: all that differs is told, nothing else; the other way round is the mirror; days are exact."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from generated import CALENDAR as SMALL
from generated import cases, models
from generated_tasks import task_examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import sky_model as sky
from sky_model import cli
from sky_model.checks.difference import Change, Difference, compare, days_between, read_minutes, removals
from sky_model.errors import RulesetError
from sky_model.layers import IDENTITY, lay, layer_of, read_layers, rulesets_folder
from sky_model.source import read_file

A = "presets/lessons-per-term"
STATUSES = ("draft", "variant")
TOWN = """\
format: 1
ruleset: my-town
version: 2026-1
extends: presets/lessons-per-term
status: draft
valid_from: 2026-08-12
grades: 1-9
name: {en: My town}
change:
  - {at: steps.first-limit-reached.opens.any.absence-lessons.at_least, from: 30, to: 20, because: the board decided}
  - {at: steps.second-limit-reached.actions.contact-guardian.within.school_days, from: 5, to: 3, because: it is time}
remove:
  - {at: steps.third-limit-reached, because: nobody used it}
"""
FOUR_DAYS = ("2026-08-24", "2026-08-25", "2026-08-26", "2026-08-27")
MARKS = "\n".join(
    [
        "pupil,grade,school,date,lessons,kind",
        *(f"p-1,8,north,{day},6,health" for day in FOUR_DAYS),
        *(f"p-2,8,north,{day},6,health" for day in (*FOUR_DAYS, "2026-09-08")),  # 24, then 30
        *(f"p-3,2,south,{day},6,health" for day in FOUR_DAYS[1:]),  # 18: under both limits
        *(f"p-4,8,south,{day},6,health" for day in FOUR_DAYS),
        *(f"p-5,2,south,{day},6,health" for day in (*FOUR_DAYS[1:], "2026-09-03")),  # 18, then 24
        "",
    ]
)
DAYS_ASKED = ["--from", "2026-09-01", "--to", "2026-09-11"]
ON_CALENDAR = ["--calendar", "example-week-43/2026-27"]
SHIPPED = sorted(str(p.parent.relative_to(rulesets_folder())) for p in rulesets_folder().rglob("ruleset.yaml"))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.app, list(arguments))


def values(a: str | Path, b: str | Path) -> tuple[Change, ...]:
    one, other = (lay(read_layers(x)[0])[0] for x in (a, b))
    return compare(one, other, gone_in_a=removals(a), gone_in_b=removals(b))


@pytest.fixture
def town(tmp_path: Path) -> str:
    (tmp_path / "my-town").mkdir()
    (tmp_path / "my-town" / "ruleset.yaml").write_text(TOWN, encoding="utf-8")
    return str(tmp_path / "my-town")


@pytest.fixture
def marks(tmp_path: Path) -> str:
    (tmp_path / "marks.csv").write_text(MARKS, encoding="utf-8")
    return str(tmp_path / "marks.csv")


def mirrored(c: Change) -> Change:
    how = {"added": "removed", "removed": "added"}.get(c.how, c.how)
    return Change(how, c.section, c.at, c.new, c.old)


# ---------------------------------------------------------------------- values
@pytest.mark.long
@pytest.mark.parametrize("name", SHIPPED)
def test_a_ruleset_says_the_same_as_itself(name: str) -> None:
    assert values(name, name) == ()


@pytest.mark.long
@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.sampled_from(SHIPPED), st.sampled_from(SHIPPED))
def test_b_against_a_is_the_mirror_of_a_against_b(a: str, b: str) -> None:
    there, back = values(a, b), values(b, a)
    assert back == tuple(map(mirrored, there))
    assert bool(there) == (a != b)


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(inner, dict | list):
            yield from leaves(inner, (*path, key))
        else:
            yield (*path, key)


PRESET = read_layers(A)[0][0].data
LEAVES = [p for p in leaves(PRESET) if p[0] not in IDENTITY]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.sampled_from(LEAVES), st.booleans())
def test_no_value_is_changed_or_taken_away_without_being_told_with_both_sides(path: tuple[Any, ...], is_gone: bool) -> None:
    changed = json.loads(json.dumps(PRESET))
    holder = changed
    for key in path[:-1]:
        holder = holder[key]
    if is_gone:
        del holder[path[-1]]
    else:
        holder[path[-1]] = "something-else"
    one, other = (lay([layer_of(x, "town")[0]])[0] for x in (PRESET, changed))
    found = compare(one, other)
    assert {c.section for c in found} == {path[0]}
    assert all(c.old is not None or c.new is not None for c in found)
    assert compare(other, one) == tuple(map(mirrored, found))
    said = json.dumps([c.to_json() for c in found])
    assert is_gone or "something-else" in said


def test_the_place_of_an_item_in_its_file_is_no_difference_but_the_order_is_told_once() -> None:
    turned = json.loads(json.dumps(PRESET))
    turned["steps"].reverse()
    one, other = (lay([layer_of(x, "town")[0]])[0] for x in (PRESET, turned))
    assert [(c.how, c.at) for c in compare(one, other)] == [("order", "steps")]


def test_a_difference_names_both_places_and_the_reason(town: str) -> None:
    found = {c.at: c for c in values(A, town)}
    limit = found["steps.first-limit-reached.opens.any.absence-lessons.at_least"]
    assert limit.old is not None
    assert limit.new is not None
    assert (limit.how, limit.old.value, limit.new.value) == ("changed", "30", "20")
    assert limit.old.place.file == "presets/lessons-per-term/ruleset.yaml"
    assert (limit.new.place.file, limit.new.place.line) == (f"{town}/ruleset.yaml", 10)
    assert limit.new.because == "the board decided"
    gone = found["steps.third-limit-reached"]
    assert gone.how == "removed"
    assert gone.new is not None
    assert (gone.new.value, gone.new.place.line, gone.new.because) == (None, 13, "nobody used it")
    text = run("diff", A, town).output
    assert "steps.first-limit-reached.opens.any.absence-lessons.at_least: 30 becomes 20" in text
    assert re.search(r"A: lessons-per-term/2026-1 at presets/lessons-per-term/ruleset.yaml:26:\d+\n", text)
    assert re.search(r"B: my-town/2026-1 at \S+/ruleset.yaml:10:\d+, because the board decided\n", text)
    assert re.search(r"B: taken away by my-town/2026-1 at \S+/ruleset.yaml:13:\d+, because nobody used it\n", text)


# ---------------------------------------------------------------------- pupils
SIDE = {"A": "B", "B": "A"}


def turned(text: str) -> str:
    return re.sub(r"\b(under |, )([AB])\b", lambda m: m[1] + SIDE[m[2]], text)


def taken(a: sky.Model, b: sky.Model, case: sky.Case, days: tuple[date, ...], calendar: sky.Calendar) -> Difference:
    found = Difference(a, b, (), days)
    found.take(case, calendar)
    return found


@pytest.mark.long
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(models(), models(), cases(), st.data())
def test_the_other_way_round_every_pupil_and_all_work_is_mirrored(a: sky.Model, b: sky.Model, case: sky.Case, data: Any) -> None:
    days = days_of(SMALL, data)
    there, back = taken(a, b, case, days, SMALL), taken(b, a, case, days, SMALL)
    assert [(p.through, turned(p.way), p.since, p.until, p.only_b, p.only_a, p.next_b, p.next_a) for p in there.pupils] == [
        (p.through, p.way, p.since, p.until, p.only_a, p.only_b, p.next_a, p.next_b) for p in back.pupils
    ]
    assert [(f.role, f.week, f.b, f.a) for f in there.figures()] == [(f.role, f.week, f.a, f.b) for f in back.figures()]
    assert [(r, s, y, x) for r, s, x, y in there.overdue()] == back.overdue()


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(task_examples())
def test_no_pupil_gets_another_answer_under_the_same_rules(example: tuple[sky.Model, sky.Case, date]) -> None:
    model, case, on = example
    assert taken(model, model, case, (on,), SMALL).pupils == []


def days_of(calendar: sky.Calendar, data: Any) -> tuple[date, ...]:
    known = [date.fromordinal(d) for d in calendar.school_days]
    first = data.draw(st.integers(0, len(known) - 2))
    last = data.draw(st.integers(first + 1, min(first + 15, len(known) - 1)))
    return days_between(known[first], known[last], [calendar])


def open_of(d: sky.Decision) -> set[str]:
    return {s.name.split("@")[0] for s in d.open_steps}


@pytest.mark.long
@settings(max_examples=80, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(models(), models(), cases(), st.data())
def test_from_which_day_is_what_each_day_decided_by_itself_says(a: sky.Model, b: sky.Model, case: sky.Case, data: Any) -> None:
    days = days_of(SMALL, data)
    found = {(p.through, p.way): p for p in taken(a, b, case, days, SMALL).pupils}
    differing: dict[tuple[str, str], list[date]] = {}
    other_answer = False
    for day in days:
        x, y = (sky.decide(m, case, on=day, calendars=SMALL) for m in (a, b))
        for step in open_of(x) ^ open_of(y):
            side = "A" if step in open_of(x) else "B"
            differing.setdefault((step, f"is open only under {side}"), []).append(day)
        asked = [
            [
                (t.action, t.role, t.duty, t.due, t.state, t.overdue)
                for t in d.tasks
                if t.state not in ("done", "withdrawn", "not_needed", "refused")
            ]
            for d in (x, y)
        ]
        unsure = [{s for q in d.questions for s in q.steps} for d in (x, y)]
        owed = [{m.message for m in d.messages if m.state == "owed"} for d in (x, y)]
        is_other = sorted(asked[0], key=str) != sorted(asked[1], key=str) or unsure[0] != unsure[1] or owed[0] != owed[1]
        if is_other or open_of(x) != open_of(y):
            other_answer = True
            assert any(p.since <= day <= p.until for p in found.values())
    assert other_answer or all(p.way == "asks otherwise" and not p.only_a and not p.only_b for p in found.values())
    opened = {k: (p.since, p.until) for k, p in found.items() if k[1].startswith("is open")}
    assert opened == {k: (days[0], days[-1]) for k, days in differing.items()}


# ---------------------------------------------------------------------- the command over a small file, worked out by hand
def body_of(*arguments: str) -> dict[str, Any]:
    result = run("diff", *arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)  # type: ignore[no-any-return]


def test_who_gets_another_answer_from_which_day_stands_in_groups(town: str, marks: str) -> None:
    body = body_of(A, town, "--records", marks, *ON_CALENDAR, *DAYS_ASKED)
    assert (body["pupils"]["decided"], body["pupils"]["different"]) == (5, 4)
    groups = {(g["through"], g["change"]): g["pupils"] for g in body["pupils"]["groups"]}
    opened = [
        (p["pupil"], p["from"], p["until"], p["opened"]) for p in groups.pop(("first-limit-reached", "is open only under B"))
    ]
    assert opened == [
        ("p-2", "2026-09-01", "2026-09-07", "2026-08-27"),  # on the eighth 30 lessons are full under A too
        ("p-1", "2026-09-01", "2026-09-11", "2026-08-27"),
        ("p-4", "2026-09-01", "2026-09-11", "2026-08-27"),
        ("p-5", "2026-09-03", "2026-09-11", "2026-09-03"),
    ]
    (later,) = groups.pop(("first-limit-reached", "asks otherwise"))
    assert (later["pupil"], later["from"], later["until"]) == ("p-2", "2026-09-08", "2026-09-11")
    assert [x["due"] for x in (*later["only_a"], *later["only_b"])] == ["2026-09-15", "2026-09-03"]
    assert not groups
    text = run("diff", A, town, "--records", marks, *ON_CALENDAR, *DAYS_ASKED).output
    assert "pupils from 2026-09-01 to 2026-09-11 (9 days): 4 of 5 get another answer" in text
    assert "from 2026-09-01: p-1, p-4" in text
    assert "2026-09-01 to 2026-09-07: p-2" in text


def test_one_day_alone_says_since_when_the_step_is_open(town: str, marks: str) -> None:
    text = run("diff", A, town, "--records", marks, *ON_CALENDAR, "--on", "2026-09-07").output
    assert "pupils on 2026-09-07: 4 of 5 get another answer" in text
    assert re.search(r"is open only under B +4 +open since 2026-08-27: p-1, p-2, p-4", text)
    assert "3 × talk-with-pupil (homeroom-teacher," in text


def test_work_counts_each_task_once_in_the_week_of_its_due_day(town: str, marks: str) -> None:
    body = body_of(A, town, "--records", marks, *ON_CALENDAR, *DAYS_ASKED, "--capacity", "homeroom-teacher=60")
    found = {(f["role"], f["week"]): f for f in body["work"]["figures"]}
    tasks = {k: (f["a"]["tasks"], f["b"]["tasks"], f["a"]["minutes"], f["b"]["minutes"]) for k, f in found.items()}
    assert tasks == {
        ("class-teacher", "2026-09-07"): (0, 1, 0, 30),
        ("homeroom-teacher", "2026-08-31"): (0, 3, 0, 90),
        ("homeroom-teacher", "2026-09-14"): (1, 0, 30, 0),
    }
    assert all(f["assumed"] == {"talk-with-pupil": 30} for f in found.values())
    assert found["homeroom-teacher", "2026-08-31"]["over_capacity"] == {"a": 0, "b": 30}
    assert found["class-teacher", "2026-09-07"]["over_capacity"] is None
    assert body["work"]["answers_of_people"] == 0


def test_overdue_work_is_told_by_role_and_school_and_nobody_is_named_in_the_work(town: str, marks: str) -> None:
    body = body_of(A, town, "--records", marks, *ON_CALENDAR, *DAYS_ASKED)
    assert body["work"]["overdue"] == [
        {"role": "class-teacher", "school": "south", "a": 0, "b": 1},
        {"role": "homeroom-teacher", "school": "north", "a": 0, "b": 2},
        {"role": "homeroom-teacher", "school": "south", "a": 0, "b": 1},
    ]
    assert "p-" not in json.dumps(body["work"]).replace("up-", "")
    text = run("diff", A, town, "--records", marks, *ON_CALENDAR, *DAYS_ASKED).output
    work = text.split("\nwork from ")[1]
    assert not re.search(r"\bp-\d", work)
    assert re.search(r"homeroom-teacher +north +0 +2\n", work)
    assert "whatever was done stands here as not done" in work


def test_the_word_assumed_stands_under_every_figure_of_hours(town: str, marks: str) -> None:
    text = run("diff", A, town, "--records", marks, *ON_CALENDAR, *DAYS_ASKED, "--capacity", "homeroom-teacher=60").output
    lines = text.split("\nwork from ")[1].split("\noverdue")[0].splitlines()
    figures = 0
    for line, beneath in zip(lines, [*lines[1:], ""], strict=True):
        if re.match(r" +of ", line):
            for found in re.finditer(r"\d+\.\d", line):
                figures += 1
                assert beneath[: found.end()].endswith("assumed"), line
    assert figures == 4  # three of work, one over capacity
    assert sum("assumed: talk-with-pupil 30 min" in x for x in lines) == 2  # once for each role


def test_the_order_of_the_records_changes_no_byte(town: str, marks: str, tmp_path: Path) -> None:
    head, *rows = MARKS.strip().split("\n")
    other = tmp_path / "other.csv"
    other.write_text("\n".join([head, *reversed(rows)]) + "\n", encoding="utf-8")
    one, two = (run("diff", A, town, "--records", x, *ON_CALENDAR, *DAYS_ASKED, "--json").stdout for x in (marks, str(other)))
    assert one == two
    assert json.loads(one)["format"] == 1


def test_a_pupil_that_cannot_be_decided_is_told_and_the_others_go_on(town: str, tmp_path: Path) -> None:
    path = tmp_path / "marks.csv"
    path.write_text(MARKS + "p-6,8,north,2026-08-24,-1,health\n131052-308T,8,north,2026-08-24,1,health\n", encoding="utf-8")
    asked = ["diff", A, town, "--records", str(path), *ON_CALENDAR, "--on", "2026-09-07"]
    result, body = run(*asked), json.loads(run(*asked, "--json").stdout)
    assert result.exit_code == 3
    assert "131052" not in result.output
    assert "p-6: not decided" in result.output
    assert [x["rule"] for x in body["not_decided"]] == ["negative", "identity-code"]
    assert body["pupils"]["decided"] == 5


def test_schools_with_calendars_of_their_own_are_asked_about_too(town: str, marks: str, tmp_path: Path) -> None:
    schools = tmp_path / "schools.yaml"
    said = [f"  - {{id: {s}, calendars: [example-week-{w}/2026-27]}}" for s, w in (("north", 43), ("south", 42))]
    schools.write_text("format: 1\nschools:\n" + "\n".join(said) + "\n", encoding="utf-8")
    by_schools = body_of(A, town, "--records", marks, "--schools", str(schools), *DAYS_ASKED)
    assert by_schools["pupils"] == body_of(A, town, "--records", marks, *ON_CALENDAR, *DAYS_ASKED)["pupils"]


# ---------------------------------------------------------------------- what the law asks
@pytest.mark.parametrize(
    ("pupils", "staff", "asks", "suffices"),
    [
        (670, "1", "1.00", True),
        (671, "1", "1.01", False),
        (1, "0", "0.01", False),
        (335, "0.5", "0.50", True),
        (336, "0.5", "0.51", False),
    ],
)
def test_the_law_asks_for_a_curator_for_each_670_pupils(pupils: int, staff: str, asks: str, suffices: bool) -> None:
    body = body_of(A, A, "--pupils", str(pupils), "--staff", f"curator={staff}")
    curator, psychologist = body["staff"]
    assert (curator["role"], curator["pupils_per_person"], curator["source"], curator["law"]) == ("curator", 670, "ohl-9a", True)
    assert (curator["asks"], curator["suffices"]) == (asks, suffices)
    assert (psychologist["pupils_per_person"], psychologist["source"]) == (780, "ohl-9a-psychologist")
    assert psychologist["suffices"] is None


def test_without_a_number_the_pupils_handed_in_are_counted(town: str, marks: str) -> None:
    assert {d["pupils"] for d in body_of(A, town, "--records", marks, *ON_CALENDAR, "--on", "2026-09-07")["staff"]} == {5}
    text = run("diff", A, A, "--pupils", "1340", "--staff", "curator=1.5").output
    assert "the law allows at most 670 pupils a person (source ohl-9a), so 2.00 persons are needed; stated are 1.5" in text
    assert "that does not suffice" in text


# ---------------------------------------------------------------------- minutes
def test_every_entry_of_the_shipped_table_is_called_assumed_and_is_an_action_of_the_base() -> None:
    data = read_file(rulesets_folder() / "work.yaml").data
    entries = [*data["actions"].values(), *data["by_kind"].values()]
    assert {x["certainty"] for x in entries} == {"assumed"}
    base = sky.load("fi-sky/2026-1", allow=STATUSES)
    assert set(data["actions"]) == set(base.newest.acts)


def test_what_nobody_says_is_in_no_hours_and_is_named(town: str, marks: str, tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text("format: 1\nactions: {contact-guardian: {minutes: 7, certainty: assumed}}\n", encoding="utf-8")
    asked = [A, town, "--records", marks, *ON_CALENDAR, *DAYS_ASKED, "--work", str(own)]
    figures = body_of(*asked)["work"]["figures"]
    assert {(f["b"]["minutes"], *f["without_minutes"]) for f in figures} == {(0, "talk-with-pupil")}
    assert "in no hours, since nobody says how long it takes: talk-with-pupil" in run("diff", *asked).output


def test_the_table_on_the_page_for_municipalities_is_read_as_it_stands(tmp_path: Path) -> None:
    page = (Path(__file__).resolve().parents[1] / "docs" / "howto-municipality.md").read_text(encoding="utf-8")
    (table,) = re.findall(r"```text\n(# our-minutes.yaml.*?)```", page, re.DOTALL)
    (tmp_path / "our-minutes.yaml").write_text(table, encoding="utf-8")
    model = sky.load(A)
    found = read_minutes(tmp_path / "our-minutes.yaml", model, model).by_action
    assert set(found) == set(model.newest.acts)
    assert found["talk-with-pupil"] == 40
    assert found["absence-notice-to-guardian"] == 5  # a system may do it
    assert found["call-case-group"] == 60  # professionals take part
    assert found["review"] == 20


@pytest.mark.parametrize(
    ("said", "code", "hint"),
    [
        ("{talk-with-pupi: {minutes: 7, certainty: assumed}}", "no-such", "did you mean 'talk-with-pupil'?"),
        ("{talk-with-pupil: {minutes: 7}}", "missing", "certainty"),
        ("{talk-with-pupil: {minutes: 7, certainty: primary}}", "not-one-of", "assumed"),
        ("{talk-with-pupil: {minutes: half, certainty: assumed}}", "not-whole", "write digits only"),
        ("[talk-with-pupil]", "not-a-mapping", "actions"),
    ],
)
def test_a_fault_of_a_table_of_minutes_is_told_with_its_place(said: str, code: str, hint: str, tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(f"format: 1\nactions: {said}\n", encoding="utf-8")
    model = sky.load(A)
    with pytest.raises(RulesetError) as caught:
        read_minutes(own, model, model)
    assert [p.code for p in caught.value.problems] == [code]
    assert caught.value.problems[0].place.line == 2
    assert hint in str(caught.value)


# ---------------------------------------------------------------------- wrong use
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--on", "2026-09-07"], "go with --records"),
        (["--records", "MARKS"], "--records needs days"),
        (["--records", "MARKS", "--from", "2026-09-07"], "--records needs days"),
        (["--records", "MARKS", "--on", "2026-09-07", "--to", "2026-09-08"], "--records needs days"),
        (["--records", "MARKS", "--from", "2026-09-07", "--to", "2026-09-01"], "lies after --to"),
        (["--staff", "curator=1"], "--staff needs the number of pupils"),
        (["--pupils", "9", "--staff", "curater=1"], "did you mean 'curator'?"),
        (["--pupils", "9", "--staff", "curator=many"], "write --staff curator=1.5"),
        (["--pupils", "9", "--staff", "curator=-1"], "write --staff curator=1.5"),
        (["--pupils", "9", "--staff", "curator=1", "--staff", "curator=2"], "stands twice"),
        (["--records", "MARKS", "--on", "2026-09-07", "--capacity", "curator=1.5"], "write --capacity class-teacher=120"),
        (
            ["--records", "MARKS", "--on", "2026-09-07", "--capacity", "class-lead=60"],
            "depends on the grade; state it for class-teacher",
        ),
    ],
)
def test_wrong_use_is_told_with_what_to_write(arguments: list[str], said: str, marks: str) -> None:
    result = run("diff", A, A, *(marks if x == "MARKS" else x for x in arguments))
    assert result.exit_code == 2
    assert said in " ".join(re.sub(r"[│╭╮╰╯─]", " ", result.output).split())
