"""One strict reader of records for every way in: what one way refuses, all refuse, and the pupils around it are answered."""

# ruff: noqa: E501  (tables of a line a case)
from __future__ import annotations

import io
import json
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO, cast

import pytest
from click.testing import CliRunner

import sky_model as sky
from sky_model import cli
from sky_model.host import lines as host_lines
from sky_model.host.intake import Refused, read_lines
from sky_model.host.marks import read_marks
from sky_model.host.requests import Desk
from sky_model.host.workers import answer_as
from sky_model.layers import rulesets_folder

CALENDAR = "example-week-43/2026-27"
DESK = Desk(sky.load("presets/lessons-per-term"))


def record(pupil: str, calendar: str = CALENDAR) -> str:
    events: list[dict[str, Any]] = [
        {"type": "enrolment", "school": "s-3", "grade": 8, "on": "2026-08-12", "calendar": calendar},
        {"type": "mark", "on": "2026-09-14", "lessons": 6, "kind": "unauthorised"},
    ]
    return json.dumps({"format": 1, "pupil": pupil, "events": events})


BAD: dict[str, str] = {
    "a calendar that nobody knows": record("p-2", "nowhere/2026-27"),
    "a calendar by a path": record("p-2", "../../../tmp/secret-place"),
    "a calendar by an absolute path": record("p-2", "/etc/hostname"),
    "a calendar joined with a path": record("p-2", f"{CALENDAR}+../x"),
    "calendars that overlap": record("p-2", f"{CALENDAR}+{CALENDAR}"),
    "a doubled key": record("p-2").replace('"lessons": 6', '"lessons": 6, "lessons": 1'),
    "a key that is doubled by an escape": record("p-2").replace('"lessons": 6', '"lessons": 6, "less\\u006fns": 1'),
    "half a character": record("p-2").replace("unauthorised", "\\ud83d"),
    "half a character in a key": record("p-2").replace('"kind"', '"kin\\ud83d"'),
    "no number": record("p-2").replace('"lessons": 6', '"lessons": NaN'),
    "a number without end": record("p-2").replace('"lessons": 6', '"lessons": 1e99999'),
    "5,000 digits": record("p-2").replace('"lessons": 6', f'"lessons": {"1" * 5_000}'),
    "a thousand lists": record("p-2").replace('"lessons": 6', f'"lessons": {"[" * 1_000}{"]" * 1_000}'),
    "more than a line may hold": record("p-2").replace("unauthorised", "x" * 10_000_000),
    "no record at all": "[1, 2]",
    "half a record": record("p-2")[:80],
}


def by_file(text: str, folder: Path) -> list[dict[str, Any]]:
    (folder / "records.jsonl").write_text(text, encoding="utf-8")
    return said(CliRunner().invoke(cli.app, ["decide", str(folder / "records.jsonl"), "--on", "2026-10-01", "--json"]).stdout)


def by_standard_input(text: str, _: Path) -> list[dict[str, Any]]:
    return said(CliRunner().invoke(cli.app, ["decide", "-", "--on", "2026-10-01"], input=text.encode()).stdout)


def by_stdio(text: str, _: Path) -> list[dict[str, Any]]:
    asked = "".join(
        f'{{"format":1,"id":{n},"request":"decide","on":"2026-10-01","record":{x}}}\n' for n, x in enumerate(text.splitlines())
    )
    out = io.BytesIO()
    host_lines.answer_lines(DESK, io.BytesIO(asked.encode()), out)
    return said(out.getvalue().decode())


def by_http(text: str, _: Path) -> list[dict[str, Any]]:
    asked = (f'{{"format":1,"id":{n},"on":"2026-10-01","record":{x}}}' for n, x in enumerate(text.splitlines()))
    return [answer_as(DESK, "decide", x.encode()) for x in asked]


def said(text: str) -> list[dict[str, Any]]:
    return [x for x in map(json.loads, text.split("\n")[:-1]) if "reconciliation" not in x]


WAYS: dict[str, Callable[[str, Path], list[dict[str, Any]]]] = {
    "a file": by_file,
    "standard input": by_standard_input,
    "serve --stdio": by_stdio,
    "serve --http": by_http,
}


@pytest.mark.parametrize("way", WAYS)
def test_one_bad_record_is_refused_by_every_way_in_and_those_around_it_are_decided(way: str, tmp_path: Path) -> None:
    text = "".join(f"{bad}\n{record(f'p-{n}')}\n" for n, bad in enumerate(BAD.values()))
    answers = WAYS[way](f"{record('p-first')}\n{text}", tmp_path)
    assert len(answers) == 1 + 2 * len(BAD)
    for what, before, bad, after in zip(BAD, answers[0::2], answers[1::2], answers[2::2], strict=False):
        assert ("error" in before, "error" in bad, "error" in after) == (False, True, False), what
        assert "secret-place" not in json.dumps(bad), what
        assert "nowhere" not in json.dumps(bad), what


@pytest.mark.parametrize("what", ["a doubled key", "a calendar by a path"])
def test_explain_refuses_the_same_record(what: str, tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").write_text(BAD[what] + "\n", encoding="utf-8")
    done = CliRunner().invoke(cli.app, ["explain", str(tmp_path / "r.jsonl"), "--on", "2026-10-01", "--pupil", "p-2"])
    assert done.exit_code != 0
    assert done.stdout == ""
    assert "secret-place" not in done.output


def test_a_calendar_that_lies_where_a_record_points_is_not_opened(tmp_path: Path) -> None:
    text = (rulesets_folder() / "calendars" / f"{CALENDAR}.yaml").read_text(encoding="utf-8")
    (tmp_path / "own.yaml").write_text(text, encoding="utf-8")
    case = sky.Case.from_json(record("p-2", str(tmp_path / "own.yaml")))
    with pytest.raises(sky.RecordError, match=r"names a calendar that is not shipped; .* \[no-calendar\]"):
        sky.decide(sky.load("presets/lessons-per-term"), case, on=date(2026, 10, 1))


class Long:
    """600 megabytes in one line, and a good record after it; no more of it is there than is asked for at once."""

    def __init__(self) -> None:
        self.left, self.most = 600_000_000, 0
        self.after = io.BytesIO(b"\n" + record("p-3").encode() + b"\n")

    def readline(self, size: int = -1) -> bytes:
        self.most = max(self.most, size)
        if self.left <= 0:
            return self.after.readline(size)
        taken = min(size, self.left)
        self.left -= taken
        return b"x" * taken


def test_a_line_of_600_megabytes_is_one_refusal_and_is_never_held() -> None:
    tracemalloc.start()
    try:
        bad, good = read_lines(cast(BinaryIO, Long()))
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert isinstance(bad, Refused)
    assert (bad.pupil, bad.error.rule, good.pupil) == ("line 1", "too-large", "p-3")
    assert most < 40_000_000


# ---------------------------------------------------------------------- what an error may say
NAME, CODE, ADDRESS = "Zyxkuvainen", "010203-999R", "zyx.kuva@example.org"


def planted(secret: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """A record with a secret in each place where something may slip in, each wrong in some way."""
    good = json.loads(record("p-2"))

    def with_mark(**more: Any) -> dict[str, Any]:
        return good | {"events": [good["events"][0], good["events"][1] | more]}

    yield "a key of the record", good | {secret: 1}
    yield "a key of the feed", good | {"feed": {secret: 1}}
    yield "a key of an event", with_mark(**{secret: 1})
    yield "an id beside a bad value", with_mark(id=secret, lessons=-1)
    yield "a day", with_mark(on=secret)
    yield "an amount", with_mark(lessons=secret)
    yield "a type", good | {"events": [{"type": secret}]}
    yield "an id that stands twice", good | {"events": [*good["events"], {"type": "left", "on": "2026-09-20", "id": secret},
                                                        {"type": "left", "on": "2026-09-21", "id": secret}]}  # fmt: skip
    yield "a calendar", json.loads(record("p-2", secret))
    yield "the format", good | {"format": secret}
    yield "how far the data reach", good | {"feed": {"data_until": secret}}


SECRETS = (NAME, CODE, ADDRESS, ADDRESS.replace("@", "%40"), "".join(f"%{ord(c):02X}" for c in CODE))


@pytest.mark.parametrize("way", WAYS)
def test_an_error_about_a_record_repeats_no_key_no_value_and_no_id(way: str, tmp_path: Path) -> None:
    given = [(secret, *x) for secret in SECRETS for x in planted(secret)]
    answers = WAYS[way]("".join(json.dumps(bad) + "\n" for _, _, bad in given), tmp_path)
    assert len(answers) == len(given)
    for (secret, where, _), answer in zip(given, answers, strict=True):
        assert "error" in answer, where
        text = json.dumps(answer, ensure_ascii=False).lower()
        assert not any(x in text for x in (secret.lower(), "zyx", "010203", "999r")), where


PERSONAL = (ADDRESS.replace("@", "%40"), "\\u0030\\u003110203-999R", CODE.replace("-", "%2D"), CODE, ADDRESS)


@pytest.mark.parametrize("way", WAYS)
def test_an_id_of_a_pupil_that_is_escaped_or_personal_is_refused_and_not_repeated(way: str, tmp_path: Path) -> None:
    lines = (json.dumps(json.loads(record("p-2")) | {"pupil": secret}) + "\n" for secret in PERSONAL)
    for secret, answer in zip(PERSONAL, WAYS[way]("".join(lines), tmp_path), strict=True):
        assert "error" in answer
        assert secret not in json.dumps(answer)


def test_an_id_in_an_export_that_is_escaped_or_personal_is_refused_and_not_repeated() -> None:
    rows = "".join(f"{secret},2026-09-14,6,health\n" for secret in PERSONAL)
    refused = read_marks(f"pupil,date,lessons,kind\n{rows}".encode()).refused
    assert len(refused) == len(PERSONAL)
    assert not any(secret in f"{r.pupil} {r.error} {vars(r.error)}" for secret in PERSONAL for r in refused)


def test_a_cell_of_an_export_is_never_repeated_in_an_error(tmp_path: Path) -> None:
    row = {
        "pupil": "",
        "grade": "8",
        "date": "2026-09-14",
        "lessons": "6",
        "kind": "health",
        "explained": "",
        "part": "",
        "id": "",
    }
    bad = [
        row | {column: secret, "pupil": f"p{n}-{m}", "id": f"{NAME}-1"}
        for n, column in enumerate(("grade", "date", "lessons", "explained", "part"))
        for m, secret in enumerate((NAME, CODE, ADDRESS, "2026-13-77"))
    ]
    (tmp_path / "marks.csv").write_text(
        "\n".join(",".join(x) for x in (row, *(b.values() for b in bad))) + "\n", encoding="utf-8"
    )
    for more in ([], ["--json"]):
        done = CliRunner().invoke(
            cli.app, ["decide", str(tmp_path / "marks.csv"), "--calendar", CALENDAR, "--on", "2026-10-01", *more]
        )
        assert done.exit_code == 3
        assert all(b["pupil"] in done.output for b in bad)
        assert not any(secret in done.output for secret in (NAME, CODE, ADDRESS, "2026-13-77"))


# ---------------------------------------------------------------------- how far the marks reach
def test_a_row_dated_2062_makes_nobodys_data_fresh_and_an_old_feed_is_told(tmp_path: Path) -> None:
    text = "pupil,grade,date,lessons,kind,school\np1,8,2026-09-01,6,health,s-3\np2,8,2026-08-28,6,health,s-3\np2,8,2062-09-14,6,health,s-3\np3,8,2026-09-28,6,health,s-4\n"
    (tmp_path / "marks.csv").write_text(text, encoding="utf-8")
    arguments = ["decide", str(tmp_path / "marks.csv"), "--calendar", CALENDAR, "--on", "2026-10-01"]
    told = CliRunner().invoke(cli.app, arguments).output
    old = "since then more than three school days have passed: has the feed stopped?"
    assert f"s-3: marks reach to 2026-09-01 (the newest mark), 2 pupils; {old}\n" in told
    assert "s-4: marks reach to 2026-09-28 (the newest mark), 1 pupil\n" in told
    answers = [json.loads(x) for x in CliRunner().invoke(cli.app, [*arguments, "--json"]).stdout.splitlines()]
    assert {x["pupil"]: (x["data_until"], x["stale"]) for x in answers if "pupil" in x} == {
        "p1": ("2026-09-01", True), "p2": ("2026-09-01", True), "p3": ("2026-09-28", False)}  # fmt: skip
    assert answers[-1]["reconciliation"]["data_until"] == [
        {"school": "s-3", "until": "2026-09-01", "from": "marks", "stale": True, "pupils": 2},
        {"school": "s-4", "until": "2026-09-28", "from": "marks", "stale": False, "pupils": 1},
    ]


def test_what_the_sender_states_goes_before_the_marks_and_is_told_as_stated(tmp_path: Path) -> None:
    (tmp_path / "marks.csv").write_text("pupil,grade,date,lessons,kind,school\np1,8,2026-09-01,6,health,s-3\n", encoding="utf-8")
    arguments = [
        "decide",
        str(tmp_path / "marks.csv"),
        "--calendar",
        CALENDAR,
        "--on",
        "2026-10-01",
        "--data-until",
        "2026-09-30",
    ]
    assert "s-3: marks reach to 2026-09-30 (as stated), 1 pupil\n" in CliRunner().invoke(cli.app, arguments).output


def test_records_of_one_school_say_together_how_far_its_marks_reach(tmp_path: Path) -> None:
    def line(pupil: str, day: str, until: str | None = None) -> str:
        whole = json.loads(record(pupil))
        whole["events"][1]["on"] = day
        return json.dumps(whole | ({"feed": {"data_until": until}} if until else {})) + "\n"

    text = line("p-1", "2026-09-01") + line("p-2", "2062-09-29") + line("p-3", "2026-09-29", "2026-09-30")
    answers = by_file(text, tmp_path)
    assert [(x["data_until"], x["data_until_from"]) for x in answers] == [
        ("2026-09-29", "marks"), ("2026-09-29", "marks"), ("2026-09-30", "stated")]  # fmt: skip
