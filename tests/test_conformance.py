"""The conformance suite: its answers are reproduced, confirmed by witnesses, complete, and a wrong engine is noticed.

Rules: the whole suite is asked of this library, by its own runner; of the second decider all cases by hand are asked here and of
the others a part, evenly taken (make.py asks all); what the suite says of itself (counts, rows, constructs) is counted anew; Java
is skipped by name where it is missing.
"""

from __future__ import annotations

import copy
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pydantic import ValidationError

SUITE = Path(__file__).resolve().parents[1] / "conformance"
sys.path.insert(0, str(SUITE))

import answer as answering  # noqa: E402
import breaks  # noqa: E402
import by_hand  # noqa: E402
import constructs  # noqa: E402
import make as making  # noqa: E402
import pairs  # noqa: E402
import witnesses  # noqa: E402

from sky_model import vocabulary  # noqa: E402
from sky_model.engine import digest  # noqa: E402

SCHEMA = json.loads((SUITE / "schema.json").read_text(encoding="utf-8"))
FILES = {p.stem: p.read_text(encoding="utf-8").splitlines() for p in sorted((SUITE / "cases").glob("*.jsonl"))}
CASES: list[dict[str, Any]] = [json.loads(x) for lines in FILES.values() for x in lines]
COUNTS = json.loads((SUITE / "witnesses.json").read_text(encoding="utf-8"))
MET: dict[str, dict[str, Any]] = json.loads((SUITE / "constructs.json").read_text(encoding="utf-8"))
ANSWERED = [x for x in CASES if "refused" not in x["expect"]]
BY_HAND = ("constructs", "truth-tables", "what-happens-when")
ANSWER = [sys.executable, str(SUITE / "answer.py")]


def validator(part: str | None = None) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(SCHEMA if part is None else {**SCHEMA["$defs"][part], "$defs": SCHEMA["$defs"]})


def of(file: str) -> list[dict[str, Any]]:
    return [json.loads(x) for x in FILES[file]]


def run(*command: str, timeout: int = 300) -> tuple[int, str]:
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False, timeout=timeout)
    assert done.stderr == ""
    return done.returncode, done.stdout


# ---------------------------------------------------------------------- the answers
@pytest.mark.long
def test_every_answer_of_the_suite_is_the_answer_of_this_library() -> None:
    assert run(sys.executable, str(SUITE / "run.py")) == (0, f"{len(CASES)} passed, 0 failed\n")


def test_the_suite_is_large_enough_and_small_enough() -> None:
    assert len(CASES) >= 1500
    assert len({x["case"]["id"] for x in CASES}) == len(CASES)
    assert sum(p.stat().st_size for p in SUITE.rglob("*.json*")) < 9_000_000


def test_every_line_is_canonical_and_every_case_fits_the_schema() -> None:
    case = validator()
    for line, x in zip((x for lines in FILES.values() for x in lines), CASES, strict=True):
        assert line == answering.canonical(x)
        assert case.is_valid(x), x["case"]["id"]
    ruleset = validator("ruleset")
    for fingerprint, data in answering.rulesets().items():
        ruleset.validate({"fingerprint": fingerprint, "ruleset": data})
        assert digest([data]) == fingerprint
    validator("calendars").validate(answering.calendars())


def broken_lines() -> Iterator[tuple[str, dict[str, Any]]]:
    """Each with one thing wrong."""
    whole = next(x for x in of("constructs") if x["expect"]["open_steps"] and x["expect"]["tasks"])
    asked = next(x for x in of("constructs") if x["expect"]["questions"])

    def other(line: dict[str, Any], *path: Any, to: Any = None, gone: bool = False) -> dict[str, Any]:
        made = copy.deepcopy(line)
        place = made
        for key in path[:-1]:
            place = place[key]
        if gone:
            del place[path[-1]]
        else:
            place[path[-1]] = to
        return made

    for part in ("id", "shows", "witnesses", "rulesets", "calendars", "record", "on"):
        yield f"case without {part}", other(whole, "case", part, gone=True)
    for part in whole["expect"]:
        yield f"answer without {part}", other(whole, "expect", part, gone=True)
    for part in whole["expect"]["tasks"][0]:
        yield f"task without {part}", other(whole, "expect", "tasks", 0, part, gone=True)
    for part in whole["expect"]["open_steps"][0]:
        yield f"step without {part}", other(whole, "expect", "open_steps", 0, part, gone=True)
    for part in asked["expect"]["questions"][0]:
        yield f"question without {part}", other(asked, "expect", "questions", 0, part, gone=True)
    yield "a key too much", other(whole, "case", "note", to="x")
    yield "an answer's key too much", other(whole, "expect", "sentence", to="x")
    yield "a day with a time", other(whole, "case", "on", to="2026-08-10T00:00")
    yield "a day that is no day", other(whole, "case", "on", to="10.8.2026")
    yield "a ruleset by another name", other(whole, "case", "rulesets", to=["my-town/2026-1"])
    yield "no ruleset", other(whole, "case", "rulesets", to=[])
    yield "no calendar", other(whole, "case", "calendars", to={})
    yield "shows nothing", other(whole, "case", "shows", to=[])
    yield "a witness nobody knows", other(whole, "case", "witnesses", to=["hand", "somebody"])
    yield "a witness twice", other(whole, "case", "witnesses", to=["hand", "hand"])
    yield "a school without rules", other(whole, "case", "schools", to={"s": []})
    yield "nobody who is absent", other(whole, "case", "absent", to=[])
    yield "refused for another reason", other(whole, "expect", to={"refused": "not-covered"})
    yield "a record without events", other(whole, "case", "record", "events", gone=True)
    yield "an event without its day of recording", other(whole, "case", "record", "events", 0, "recorded", gone=True)
    yield "an event of no type", other(whole, "case", "record", "events", 0, "type", to="holiday")
    yield "a state that is none", other(whole, "expect", "tasks", 0, "state", to="late")
    yield "a duty that is none", other(whole, "expect", "tasks", 0, "duty", to="shall")
    yield "a due day as a number", other(whole, "expect", "tasks", 0, "due", to=20260810)
    yield "a flag as a text", other(whole, "expect", "open_steps", 0, "in_doubt", to="false")
    yield "a question that is none", other(asked, "expect", "questions", 0, "what", to="forgotten")


@pytest.mark.parametrize(("what", "line"), list(broken_lines()), ids=[what for what, _ in broken_lines()])
def test_a_case_that_is_broken_does_not_fit_the_schema(what: str, line: dict[str, Any]) -> None:
    assert not validator().is_valid(line), what


def test_lists_of_an_answer_stand_in_the_order_that_the_readme_says() -> None:
    for x in ANSWERED:
        said = x["expect"]
        for part in ("open_steps", "questions", "messages", "doubtful"):
            assert said[part] == sorted(said[part], key=answering.canonical)
        assert said["withdrawn"] == sorted(said["withdrawn"])
        ended = [t["state"] in answering.OVER for t in said["tasks"]]
        assert ended == sorted(ended)
        assert said["tasks"][ended.count(False) :] == sorted(said["tasks"][ended.count(False) :], key=answering.canonical)
        for t in said["tasks"]:
            assert (t["roles"], t["also"]) == (sorted(t["roles"]), sorted(t["also"]))
            assert (t["due"], t["also"]) == (None, []) or t["state"] not in answering.OVER
        for q in said["questions"]:
            assert (q["steps"], q["tasks"], q["by"]) == (sorted(q["steps"]), sorted(q["tasks"]), sorted(q["by"]))
        assert answering.canonical(said).isascii()


def test_an_answer_holds_no_number_and_a_ruleset_nothing_but_texts() -> None:
    """So that no engine has to care how another language writes a number."""

    def leaves(value: Any) -> Iterator[Any]:
        if isinstance(value, dict | list):
            for x in value.values() if isinstance(value, dict) else value:
                yield from leaves(x)
        else:
            yield value

    assert {type(v) for x in CASES for v in leaves(x["expect"])} == {str, bool, type(None)}
    assert {type(v) for data in answering.rulesets().values() for v in leaves(data)} == {str}
    assert {type(v) for x in CASES for v in leaves(x["case"])} <= {str, bool, int, type(None)}


def test_every_case_names_a_calendar_that_lists_its_school_days() -> None:
    for name, years in answering.calendars().items():
        calendar = answering.calendar_from(years)
        assert making.plain_calendar(calendar) == years
        assert calendar.covers(date.fromisoformat(years[-1]["last_day"]).toordinal())
        years = [{**years[0], "school_days": years[0]["school_days"][1:]}, *years[1:]]
        with pytest.raises(ValueError, match="school days"):
            answering.calendar_from(years)
        assert name


# ---------------------------------------------------------------------- rows and truth tables
def test_every_row_of_what_happens_when_has_a_case_that_says_so() -> None:
    shown = {s for x in of("what-happens-when") for s in x["case"]["shows"]}
    assert shown == {f"row: {r}" for r in by_hand.ROWS}
    assert len(by_hand.ROWS) == 38
    assert by_hand.rows_without_a_case(CASES) == []


@pytest.mark.parametrize("row", by_hand.ROWS)
def test_without_the_cases_of_a_row_the_suite_is_not_whole(row: str) -> None:
    left = [x for x in CASES if f"row: {row}" not in x["case"]["shows"]]
    assert by_hand.rows_without_a_case(left) == [row]


def test_every_heading_of_the_page_is_a_row_of_the_suite() -> None:
    """A row added to docs/decision.md must come into the suite."""
    page = by_hand.PAGE.read_text(encoding="utf-8").partition("## What happens when")[2]
    headings = [x[4:] for x in page.splitlines() if x.startswith("### ")]
    assert [by_hand.row_of(h) for h in headings] == list(by_hand.ROWS)


def test_conditions_have_the_public_truth_tables() -> None:
    """True opens a step, false does not and asks nothing, unknown asks; `implies` is written `any: [{none: [a]}, b]`."""
    tables = json.loads((SUITE / "truth_tables.json").read_text(encoding="utf-8"))
    assert tables == by_hand.truth_tables()
    assert {t: len(rows) for t, rows in tables.items()} == {"and": 9, "or": 9, "not": 3, "implies": 9}
    values = {"true", "false", "unknown"}
    for rows in tables.values():  # complete: every combination once
        assert len({tuple(r[:-1]) for r in rows}) == len(rows) == 3 ** (len(rows[0]) - 1)
        assert {v for r in rows for v in r} == values
    rows = [f"truth: {' '.join([t, *row[:-1]])} is {row[-1]}" for t in tables for row in tables[t]]
    cases = of("truth-tables")
    assert [x["case"]["shows"][0] for x in cases] == rows
    for x in cases:
        said = answering.answer(x["case"])
        value = "true" if said["open_steps"] else "unknown" if said["questions"] else "false"
        assert x["case"]["shows"][0].endswith(f"is {value}")
        assert x["case"]["witnesses"] == ["hand", witnesses.SECOND]  # the table, and the second decider


# ---------------------------------------------------------------------- made anew
@pytest.mark.long
def test_the_cases_by_hand_are_those_that_would_be_made_today_byte_for_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "PROCESSES", 1)
    suite = making.Suite()
    try:
        making.put_by_hand(suite)
        for one in islice(by_hand.golden(), 25):
            suite.put("golden", one)
        suite.ask_witnesses()
        assert suite.faults == []
    finally:
        for read in (answering.calendars, answering.rulesets, answering.model_of, answering.calendar_of):
            read.cache_clear()
    for file in (*BY_HAND, "golden"):
        fresh = suite.files[f"cases/{file}.jsonl"].splitlines()
        assert fresh == FILES[file][: len(fresh)]
        assert file == "golden" or len(fresh) == len(FILES[file])


# ---------------------------------------------------------------------- witnesses
@pytest.mark.parametrize("file", BY_HAND)
def test_the_second_decider_gives_every_answer_by_hand(file: str) -> None:
    for x in of(file):
        assert witnesses.ask(x) == [], x["case"]["id"]


@pytest.mark.long
@pytest.mark.parametrize("file", sorted({*FILES} - {*BY_HAND}))
def test_the_second_decider_gives_the_other_answers_too(file: str) -> None:
    """A part, evenly taken: make.py asks all."""
    cases = of(file)
    for x in cases[:: max(1, len(cases) // 60)]:
        assert witnesses.ask(x) == [], x["case"]["id"]


def test_every_case_is_confirmed_by_the_second_decider() -> None:
    assert [x["case"]["id"] for x in CASES if witnesses.SECOND not in x["case"]["witnesses"]] == []


def wrong_answers() -> Iterator[tuple[str, dict[str, Any]]]:
    """(the part that must be contradicted, a line with one thing wrong)"""

    def first(part: str, is_so: Any = lambda item: True) -> dict[str, Any]:
        """A case whose answer has such an item first in a part of it."""
        return copy.deepcopy(next(x for x in ANSWERED if x["expect"][part] and is_so(x["expect"][part][0])))

    for part in ("open_steps", "tasks", "questions", "messages", "withdrawn", "doubtful"):
        x = first(part)
        x["expect"][part] = []
        yield part, x
    wrong: dict[str, dict[str, Any]] = {
        "open_steps": {"due_from": "2026-10-01", "about": "2026-08-01", "in_doubt": True, "opened_on": "2026-08-09"},
        "tasks": {"due": "2026-12-01", "state": "paused", "duty": "may", "name": "step-z@2026-08-10/act-a", "away": True},
        "questions": {"steps": ["step-z"], "since": "2026-08-01", "by": ["principal"], "for": "?", "what": "?", "fact": "?"},
        "messages": {"state": "held", "since": "2026-08-01"},
    }
    wrong["open_steps"] |= {"renews": "step-z@2026-08-10", "contested": ["m"], "doubtful": True}
    wrong["tasks"] |= {"roles": ["somebody"], "organisation": "elsewhere", "also": ["step-z@2026-08-10/act-a"], "instead_of": "x"}
    usual = {"tasks": lambda t: t["duty"] == "must" and t["state"] == "ready", "messages": lambda m: m["state"] == "owed"}
    for part, values in wrong.items():
        for key, to in values.items():
            x = first(part, usual.get(part, lambda item: True))
            x["expect"][part][0][key] = to
            yield part, x
    for part, to in (("next", None), ("left_on", "2026-09-01")):
        x = first("tasks", lambda t: t["state"] == "ready")
        x["expect"][part] = to
        yield part, x
    yield "refused", {**first("tasks"), "expect": {"refused": "not-in-force"}}


@pytest.mark.parametrize(("part", "line"), list(wrong_answers()))
def test_the_second_decider_contradicts_an_answer_that_is_wrong(part: str, line: dict[str, Any]) -> None:
    assert part in witnesses.contradicted(line["case"], line["expect"])


def test_what_a_person_wrote_is_compared_and_a_contradiction_stops_make(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "PROCESSES", 1)
    shows, values, case, on, wanted = next(pairs.pairs())
    assert wanted == {"open": ["step-a"]}
    suite = making.Suite()
    try:
        said = {"open": [], "asked": []}
        suite.put(
            "constructs", by_hand.Asking((values,), case, on, pairs.CALENDAR, (shows,), faults=lambda a: pairs.misses(said, a))
        )
        assert suite.faults == [f"{shows} on {on}: open: wanted [], came ['step-a']"]
        suite.faults.clear()
        suite.cases["constructs"][0]["expect"]["open_steps"] = []
        suite.ask_witnesses()
        assert any("the second decider says otherwise: open_steps" in x for x in suite.faults)
    finally:
        for read in (answering.calendars, answering.rulesets, answering.model_of, answering.calendar_of):
            read.cache_clear()


def test_the_counts_of_witnesses_are_those_of_the_cases_and_stand_in_the_docs() -> None:
    for file, counts in COUNTS.items():
        found = [w for x in of(file) for w in x["case"]["witnesses"]]
        assert counts == {"cases": len(FILES[file]), **{w: found.count(w) for w in witnesses.WITNESSES}}
    assert {*COUNTS} == {*FILES}
    rows = making.table_of(COUNTS)
    for page in (SUITE / "README.md", breaks.PAGE):
        assert rows in page.read_text(encoding="utf-8"), f"write into {page.name}:\n{rows}"


# ---------------------------------------------------------------------- constructs
def test_every_construct_of_the_vocabulary_is_met_or_is_named_with_a_reason() -> None:
    assert sorted(MET) == sorted(constructs.constructs())
    for construct, found in MET.items():
        if "case" not in found:
            assert found == {"not_shown": constructs.reason_of(construct)}, construct
            assert found["not_shown"]


def test_a_case_notices_when_its_construct_is_changed() -> None:
    cases = {x["case"]["id"]: x for x in CASES}
    for construct, found in MET.items():
        if "case" in found:
            x = cases[found["case"]]
            assert constructs.notices(x["case"], x["expect"], tuple(found["at"]), found["to"]), construct


@pytest.mark.parametrize(
    ("construct", "shape", "data"),
    [
        ("Counter.kinds", vocabulary.Counter, {"kinds": "?"}),
        ("Counter.day_from", vocabulary.Counter, {"day_from": "?"}),
        ("WindowOf.in", vocabulary.WindowOf, {"in": "?"}),
        ("WindowOf.since", vocabulary.WindowOf, {"since": "?"}),
        ("Step.lasts", vocabulary.Step, {"lasts": "?"}),
        ("Step.again", vocabulary.Step, {"again": "?"}),
    ],
)
def test_words_that_stand_for_a_mapping_are_those_that_the_loader_names(construct: str, shape: Any, data: dict[str, str]) -> None:
    with pytest.raises(ValidationError) as found:
        shape.model_validate(data)
    hint = next(e["ctx"]["hint"] for e in found.value.errors() if e["loc"][0] in data and "hint" in e.get("ctx", {}))
    named = re.sub(r"\{[^}]*(\{[^}]*\}[^}]*)?\}", "", hint)
    assert {*re.findall(r"[a-z_]{3,}", named)} - {"write", "one"} - {"of"} == {*constructs.WORDS[construct]}


def test_the_constructs_that_had_no_case_have_both_their_sides() -> None:
    """What README.md once listed as missing."""
    sides: dict[str, set[bool]] = {}
    for x in of("constructs"):
        for shows in x["case"]["shows"]:
            sides.setdefault(shows.removeprefix("construct: "), set()).add(
                any(s["step"] == "step-a" for s in x["expect"]["open_steps"])
            )
    names = [
        "done_within",
        "question is reached",
        "share of: whole_window",
        *(f"share of a table: {p}" for p in ("term", "school_year")),
    ]
    names += [
        "since: opened",
        "limit that is a gap",
        "days: {'named': 'test-day'}",
        "most on one: subject",
        "most on one: lesson",
    ]
    for name in [*names, "until_end_of: period", "until_end_of: quarter"]:
        assert sides[name] == {True, False}, name
    assert {t["state"] for x in of("constructs") for t in x["expect"]["tasks"]} >= {
        "not_needed",
        "ready",
        "blocked",
        "waiting",
        "done",
    }
    assert {m["state"] for x in of("constructs") for m in x["expect"]["messages"]} == {"owed", "sent", "held"}


# ---------------------------------------------------------------------- a wrong engine is found
@pytest.mark.long
@pytest.mark.parametrize("one", breaks.BREAKS[:: len(breaks.BREAKS) // 6], ids=lambda b: b.what)
def test_a_broken_engine_is_found_by_the_cases_by_hand(one: breaks.Break) -> None:
    failed, first = breaks.found_by(one, ("constructs", "what-happens-when"))
    assert failed > 0
    assert re.match(r"(constructs|what-happens-when)-\d{4}: ", first)


def test_every_break_changes_one_place_of_the_source_as_it_is(tmp_path: Path) -> None:
    for n, one in enumerate(breaks.BREAKS):
        breaks.broken(one, tmp_path / str(n))
    with pytest.raises(ValueError, match="0 times"):
        breaks.broken(breaks.Break("x", "facts.py", "no such line", ""), tmp_path / "none")


def test_every_break_stands_in_the_table_of_the_docs_and_was_found() -> None:
    written = breaks.PAGE.read_text(encoding="utf-8").partition(breaks.BEGIN)[2].partition(breaks.END)[0]
    rows = dict(re.findall(r"^\| (.*) \| `([a-z-]+-\d{4})` \|$", written, re.MULTILINE))
    assert [*rows] == [b.what for b in breaks.BREAKS]
    assert {*rows.values()} <= {x["case"]["id"] for x in CASES}


# ---------------------------------------------------------------------- the runners
def few(tmp_path: Path, *, spoil: bool) -> Path:
    """Some cases in a folder of their own; the last one with a deliberately wrong expectation if `spoil`."""
    cases = of("what-happens-when")[:6]
    if spoil:
        cases[-1]["expect"]["withdrawn"] = ["never@2026-09-01"]
    text = "".join(answering.canonical(x) + "\n" for x in cases)
    (tmp_path / "few.jsonl").write_text(text, encoding="utf-8", newline="\n")
    return tmp_path


# Another engine: it looks the answers up, so that its texts can differ and one can be wrong.
OTHER_ENGINE = """
import json, sys
known = {x["case"]["id"]: x["expect"] for x in map(json.loads, open(sys.argv[1], encoding="utf-8"))}
for line in sys.stdin:
    case = json.loads(line)
    said = dict(reversed(known[case["id"]].items()))
    if sys.argv[2] == "wrong" and case["id"].endswith("3"):
        said["withdrawn"] = ["made-up@2026-09-01"]
    if sys.argv[2] == "stops" and case["id"].endswith("3"):
        break
    print("oh no" if sys.argv[2] == "babbles" else json.dumps(said, indent=None, separators=(" , ", " : ")))
"""


@pytest.mark.long
@pytest.mark.parametrize("command", [[], ["--", *ANSWER]], ids=["this library", "a command"])
def test_the_python_runner_tells_how_many_passed_and_shows_what_failed(command: list[str], tmp_path: Path) -> None:
    runner = [sys.executable, str(SUITE / "run.py"), "--folder"]
    assert run(*runner, str(few(tmp_path, spoil=False)), *command) == (0, "6 passed, 0 failed\n")
    code, out = run(*runner, str(few(tmp_path, spoil=True)), *command)
    assert (code, out.splitlines()[-1]) == (1, "5 passed, 1 failed")
    assert 'withdrawn: expected ["never@2026-09-01"]' in out


def test_another_engine_may_write_its_json_otherwise_and_a_wrong_one_is_told_with_case_expected_and_got(tmp_path: Path) -> None:
    folder = few(tmp_path, spoil=False)
    engine = tmp_path / "other.py"
    engine.write_text(OTHER_ENGINE, encoding="utf-8")
    runner = [
        sys.executable,
        str(SUITE / "run.py"),
        "--folder",
        str(folder),
        "--",
        sys.executable,
        str(engine),
        str(folder / "few.jsonl"),
    ]
    assert run(*runner, "right") == (0, "6 passed, 0 failed\n")
    code, out = run(*runner, "wrong")
    third = of("what-happens-when")[2]
    assert (code, out.splitlines()[-1]) == (1, "5 passed, 1 failed")
    assert out.splitlines()[0] == f"{third['case']['id']}: {third['case']['shows'][0]}"
    assert f"withdrawn: expected {json.dumps(third['expect']['withdrawn'])}" in out
    assert 'withdrawn:      got ["made-up@2026-09-01"]' in out
    code, out = run(*runner, "stops")
    assert code == 1
    assert 'error:      got "no answer; the command ended with 0"' in out
    code, out = run(*runner, "babbles")
    assert (code, out.splitlines()[-1]) == (1, "0 passed, 6 failed")
    assert 'error:      got "not JSON: oh no"' in out


def test_the_java_runner_tells_the_same(tmp_path: Path) -> None:
    if shutil.which("java") is None or shutil.which("javac") is None:
        pytest.skip("skipped: Java is not installed")
    runner = ["java", str(SUITE / "Run.java")]
    assert run(*runner, str(few(tmp_path, spoil=False)), *ANSWER) == (0, "6 passed, 0 failed\n")
    code, out = run(*runner, str(few(tmp_path, spoil=True)), *ANSWER)
    assert (code, out.splitlines()[-1]) == (1, "5 passed, 1 failed")
    assert "never@2026-09-01" in out
    assert out.startswith(of("what-happens-when")[5]["case"]["id"] + ":\n")


def test_the_runners_are_about_fifty_lines() -> None:
    """Without what is said before them, and without empty lines."""
    for name, begins in (("run.py", "from __future__"), ("Run.java", "public class")):
        text = (SUITE / name).read_text(encoding="utf-8")
        assert len([x for x in text[text.index(begins) :].splitlines() if x.strip()]) <= 50, name


def test_a_case_that_cannot_be_answered_is_told_in_its_line() -> None:
    case = {**CASES[0]["case"], "record": {"format": 1, "pupil": "p", "events": [{"type": "mark", "on": "2026-02-30"}]}}
    lines = json.dumps(case) + "\nnot json\n" + json.dumps(CASES[0]["case"]) + "\n"
    done = subprocess.run(ANSWER, input=lines, capture_output=True, encoding="utf-8", check=False, timeout=120)
    errors = [json.loads(x) for x in done.stdout.splitlines()]
    assert [set(x) for x in errors[:2]] == [{"error"}, {"error"}]
    assert errors[2] == CASES[0]["expect"]
