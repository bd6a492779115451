"""What an application in any language is promised: one answer to every request, in order, and a clear error to what is none.

Rules: each kind of bad input is asked between two good requests, and both are answered; every answer is taken by the published
schema; the clients of examples/clients are run as their README says, where their language is found.
"""

from __future__ import annotations

import ast
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import sky_model as sky
from sky_model.decision import decision_schema
from sky_model.host import requests
from sky_model.host.intake import LONGEST_LINE
from sky_model.host.lines import answer_lines, bounded_lines
from sky_model.host.requests import CODES, FIELDS, Desk, answer, answer_bytes, answer_schema, one_line, request_schema
from sky_model.host.schools import read_schools

ROOT = Path(__file__).resolve().parents[1]
CLIENTS = ROOT / "examples" / "clients"
SKY = [sys.executable, "-m", "sky_model.cli", "serve", "--stdio"]
EVENTS: list[dict[str, Any]] = [
    {"type": "enrolment", "school": "s-3", "grade": 8, "on": "2026-08-12", "calendar": "example-week-43/2026-27"},
    {"type": "mark", "id": "m1", "on": "2026-09-14", "lessons": 6, "kind": "unauthorised"},
]
RECORD = {"format": 1, "pupil": "p-17", "feed": {"data_until": "2026-09-30"}, "events": EVENTS}
LAYER = """\
format: 1
ruleset: my-town
version: 2026-1
extends: presets/lessons-per-term
status: draft
valid_from: 2026-08-12
name: {en: My town}
"""
DESK = Desk(sky.load("presets/lessons-per-term"))
ANSWER = jsonschema.Draft202012Validator(answer_schema())
REQUEST = jsonschema.Draft202012Validator(request_schema())


def request(word: str = "decide", **more: Any) -> dict[str, Any]:
    needed: dict[str, Any] = {"on": "2026-10-01", "record": RECORD, "files": {"ruleset.yaml": LAYER}}
    return {"format": 1, "id": "r-1", "request": word} | {k: needed[k] for k in FIELDS[word][1]} | more


def with_record(**more: Any) -> dict[str, Any]:
    return request(record=RECORD | more)


def error_of(asked: Any) -> dict[str, str]:
    said = answer_bytes(DESK, asked) if isinstance(asked, bytes) else answer(DESK, asked)
    ANSWER.validate(said)
    error: dict[str, str] = said["error"]
    return error


def lines_of(data: bytes, *, longest: int = LONGEST_LINE) -> list[dict[str, Any]]:
    out = io.BytesIO()
    answer_lines(DESK, io.BytesIO(data), out, longest=longest)
    return [json.loads(x) for x in out.getvalue().splitlines()]


# ---------------------------------------------------------------------- what is answered
def test_decide_answers_what_decide_says() -> None:
    said = answer(DESK, request(known_on="2026-09-30"))
    case = sky.Case.from_json(RECORD)
    made = sky.decide(DESK.model, case, on=date(2026, 10, 1), known_on=date(2026, 9, 30))
    assert said == {"format": 1, "id": "r-1", "answer": "decide", "decide": made.to_json()}


def test_a_reader_gets_what_the_reader_may_see() -> None:
    made = sky.decide(DESK.model, sky.Case.from_json(RECORD), on=date(2026, 10, 1))
    for reader in ("guardian", "log", "principal"):
        assert answer(DESK, request(reader=reader))["decide"] == made.for_reader(reader).to_json()


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_explain_answers_what_explain_says(language: str) -> None:
    said = answer(DESK, request("explain", language=language))["explain"]
    made = sky.decide(DESK.model, sky.Case.from_json(RECORD), on=date(2026, 10, 1))
    assert said == {"language": language, "text": sky.explain(made, language=language)}


def test_needs_answers_what_needs_says_and_rules_those_in_force_on_the_day() -> None:
    assert answer(DESK, request("needs"))["needs"] == sky.needs(DESK.model)
    found = answer(DESK, request("rules"))["rules"]
    basis = answer(DESK, request())["decide"]["basis"]
    assert found["whole"] == {k: basis["ruleset"][k] for k in ("name", "fingerprint")}
    assert found["layers"] == basis["layers"]
    assert answer(DESK, request("rules", on="2020-10-01"))["rules"] is None


def test_check_tells_the_faults_of_the_texts_that_are_handed_in_and_no_path_of_this_machine() -> None:
    assert answer(DESK, request("check"))["check"] == {"faults": []}
    wrong = LAYER.replace("status: draft", "status: nearly") + "set: [{parameter: first-limit, to: 99, because: x}]\n"
    faults = answer(DESK, request("check", files={"ruleset.yaml": wrong}))["check"]["faults"]
    assert faults
    assert {f["file"] for f in faults} == {"ruleset.yaml"}
    assert "/" not in faults[0]["file"] + faults[0]["message"]


@pytest.mark.parametrize(
    "base",
    [
        str(ROOT / "rulesets" / "fi-sky" / "2026-1"),
        "../../etc",
        "/etc",
        "/tmp/x",
        "fi-sky/../fi-sky/2026-1",
        "./presets",
        "presets",
    ],
)
def test_a_layer_is_checked_on_shipped_bases_only(base: str) -> None:
    faults = answer(DESK, request("check", files={"ruleset.yaml": LAYER.replace("presets/lessons-per-term", base)}))["check"][
        "faults"
    ]
    assert [f["code"] for f in faults] == ["no-base"]


@pytest.mark.parametrize("name", ["../ruleset.yaml", "/etc/x.yaml", "a/b.yaml", "x.txt", "\x00.yaml", "ruleset.yaml\n"])
def test_a_file_of_a_layer_has_no_path(name: str) -> None:
    assert error_of(request("check", files={"ruleset.yaml": LAYER, name: ""}))["code"] == "file-name"


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "example-week-43/2026-27+/etc/passwd", "x", ""])
def test_a_calendar_is_never_a_path(name: str) -> None:
    error = error_of(with_record(events=[EVENTS[0] | {"calendar": name or "+"}]))
    assert error["code"] == "calendar"
    assert "passwd" not in json.dumps(error)


def test_the_id_is_echoed_and_the_answers_come_in_the_order_of_the_requests() -> None:
    ids: list[Any] = ["ä-1", 7, "550e8400-e29b-41d4-a716-446655440000", -3, "r" * 200]
    data = b"".join(json.dumps(request("needs", id=x), ensure_ascii=False).encode() + b"\r\n" for x in ids)
    assert [x["id"] for x in lines_of(data)] == ids


def test_every_answer_is_taken_by_its_schema_and_every_request_by_its_own() -> None:
    for word in FIELDS:
        REQUEST.validate(request(word))
        ANSWER.validate(answer(DESK, request(word)))
    assert answer_schema()["$defs"]["decision"] == {k: v for k, v in decision_schema().items() if k != "$schema"}
    assert list(REQUEST.iter_errors(request(onn="2026-10-01")))
    assert list(ANSWER.iter_errors({"format": 1, "id": 1}))


def test_schools_have_rules_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "schools.yaml"
    path.write_text(
        "format: 1\nschools:\n"
        "  - {id: s-3, calendars: [example-week-43/2026-27], rulesets: [presets/share-of-12-weeks]}\n"
        "  - {id: s-4, calendars: [example-week-42/2026-27], does: [absence-notice-to-guardian]}\n",
        encoding="utf-8",
    )
    desk = Desk(DESK.model, schools=read_schools(path))
    assert answer(desk, request())["decide"]["basis"]["ruleset"]["name"].startswith("share-of-12-weeks")
    by_hand = answer(DESK, request())["decide"]["tasks"]
    by_itself = answer(desk, with_record(events=[EVENTS[0] | {"school": "s-4"}, EVENTS[1]]))["decide"]["tasks"]
    assert [t["state"] for t in by_hand if t["action"] == "absence-notice-to-guardian"] == ["ready"]
    assert [t["state"] for t in by_itself if t["action"] == "absence-notice-to-guardian"] != ["ready"]
    assert answer(desk, request("rules", school="s-4"))["rules"]["name"].startswith("lessons-per-term")
    assert answer(desk, request("needs", school="s-3"))["needs"]["ruleset"].startswith("share-of-12-weeks")
    assert answer(desk, request("needs"))["error"]["code"] == "field-missing"
    assert answer(desk, request("needs", school="s-5"))["error"]["code"] == "school-unknown"
    assert answer(DESK, request("needs", school="s-3"))["error"]["code"] == "field-unknown"


# ---------------------------------------------------------------------- what is no request
GOOD = json.dumps(request()).encode()
BAD: list[tuple[bytes, str]] = [
    (GOOD[:-1], "json"),
    (GOOD[:40], "json"),
    (GOOD + b"}", "json"),
    (b"\x00", "json"),
    (GOOD.replace(b"p-17", b"p\x0017"), "json"),
    (b"\xff\xfe" + "{}".encode("utf-16-le"), "utf-8"),
    (GOOD.replace(b"p-17", "pä".encode("latin-1")), "utf-8"),
    (b"[" * 100_000 + b"]" * 100_000, "too-deep"),
    (b'{"id": ' + b"[" * 200 + b"]" * 200 + b"}", "too-deep"),
    (GOOD.replace(b'"lessons": 6', b'"lessons": NaN'), "number"),
    (GOOD.replace(b'"lessons": 6', b'"lessons": -Infinity'), "number"),
    (GOOD.replace(b'"lessons": 6', b'"lessons": 1e999'), "number"),
    (GOOD.replace(b'"lessons": 6', b'"lessons": ' + b"9" * 5000), "number"),
    (GOOD.replace(b'"lessons": 6', b'"lessons": ' + b"9" * 39), "too-many"),
    (GOOD.replace(b'"lessons": 6', b'"lessons": 6, "lessons": 7'), "doubled-key"),
    (GOOD.replace(b'"on": "2026-10-01"', b'"on": "2026-10-01", "on": "2026-10-02"'), "doubled-key"),
    (GOOD.replace(b"p-17", b"\\ud800"), "surrogate"),
    (b"[]", "field-type"),
    (b"null", "field-type"),
    (b'"decide"', "field-type"),
    (GOOD.replace(b'"format": 1, "id"', b'"format": 2, "id"'), "format-unknown"),
    (GOOD.replace(b'"format": 1, "id"', b'"format": true, "id"'), "format-unknown"),
    (GOOD.replace(b'"format": 1, "id"', b'"id"'), "field-missing"),
    (GOOD.replace(b'"format": 1, "pupil"', b'"format": 2, "pupil"'), "format"),
    (GOOD.replace(b"decide", b"decyde"), "request-unknown"),
    (b'{"format": 1, "id": 1, "request": ["decide"]}', "request-unknown"),
    (b'{"format": 1, "id": 1}', "field-missing"),
    (b'{"format": 1, "request": "needs"}', "field-missing"),
    (b'{"format": 1, "id": 1.5, "request": "needs"}', "field-type"),
    (b'{"format": 1, "id": true, "request": "needs"}', "field-type"),
    (b'{"format": 1, "id": {}, "request": "needs"}', "field-type"),
    (b'{"format": 1, "id": "' + b"x" * 201 + b'", "request": "needs"}', "field-type"),
    (b'{"format": 1, "id": "131052-308T", "request": "needs"}', "id-personal"),
    (b'{"format": 1, "id": "a@b.fi", "request": "needs"}', "id-personal"),
]
WRONG: list[tuple[dict[str, Any], str, str]] = [
    (request(onn="2026-10-01"), "field-unknown", "onn"),
    (request("needs", record=RECORD), "field-unknown", "record"),
    (request(on=None), "field-missing", "on"),
    (request(on="2026-02-30"), "day", "on"),
    (request(on="1.10.2026"), "day", "on"),
    (request(on="2026-10-01T00:00:00"), "day", "on"),
    (request(on=20261001), "day", "on"),
    (request(known_on="2026-10-02"), "known-later", "known_on"),
    (request(on="2031-10-01"), "not-covered", "on"),
    (request(reader="mother"), "reader-unknown", "reader"),
    (request(reader=["guardian"]), "field-type", "reader"),
    (request("explain", language="de"), "language-unknown", "language"),
    (request(record=[]), "field-type", "record"),
    (request("check", files={}), "field-missing", "files"),
    (request("check", files=[]), "field-type", "files"),
    (request("check", files={"ruleset.yaml": 1}), "field-type", "files"),
    (request("check", files={"ruleset.yaml": LAYER} | {f"x{i}.yaml": "" for i in range(50)}), "file-name", "files"),
    (with_record(pupil="131052-308T"), "identity-code", "record.pupil"),
    (with_record(pupil="a@b.fi"), "address", "record.pupil"),
    (with_record(feed={"registr": "given"}), "unknown-field", "record.feed.registr"),
    (with_record(events=[{"type": "mark"}]), "missing", "record.on"),
    (with_record(events=[EVENTS[0], EVENTS[1] | {"lesons": 6}]), "unknown-field", "record.lesons"),
]


@pytest.mark.parametrize(("line", "code"), BAD, ids=[f"{c}-{i}" for i, (_, c) in enumerate(BAD)])
def test_bad_input_is_a_clear_error_and_the_requests_around_it_are_answered(line: bytes, code: str) -> None:
    before, error, after = lines_of(b"\n".join((GOOD, line, GOOD)))
    assert before == after == answer(DESK, request())
    ANSWER.validate(error)
    assert error["error"]["code"] == code
    assert error["error"]["message"]
    if error["id"] is None:
        assert error["error"]["place"].startswith("line 2")


@pytest.mark.parametrize(("asked", "code", "field"), WRONG, ids=[f"{c}-{i}" for i, (_, c, _) in enumerate(WRONG)])
def test_what_is_wrong_in_a_request_is_told_with_its_code_and_its_field(asked: dict[str, Any], code: str, field: str) -> None:
    error = error_of(asked)
    assert (error["code"], error["field"]) == (code, field)
    assert answer(DESK, asked)["id"] == "r-1"


@pytest.mark.parametrize("secret", ["131052-308T", "010199A123X", "aino.virtanen@example.fi"])
def test_no_error_repeats_an_identity_code_or_an_address(secret: str) -> None:
    marks = [EVENTS[1] | {"id": secret}, EVENTS[1] | {"id": secret, "kind": "health"}]
    for asked in (
        request(id=secret),
        request(reader=secret),
        request("explain", language=secret),
        request("needs", school=secret),
        request(on=secret),
        request() | {secret: 1},
        request() | {"request": secret},
        with_record(pupil=secret),
        with_record(feed={secret: 1}),
        with_record(events=[EVENTS[0] | {"calendar": secret}]),
        with_record(events=[EVENTS[0], *marks]),
        with_record(events=[EVENTS[1] | {"id": f"mark-{secret}", "lessons": -1}]),
        with_record(events=[EVENTS[1] | {secret: 1}]),
        with_record(events=[{"type": secret}]),
        with_record(events=[{k: v for k, v in EVENTS[0].items() if k != "calendar"} | {"school": secret}]),
        with_record() | {"record": RECORD | {secret: 1}},
        request("check", files={"ruleset.yaml": LAYER, secret: ""}),
    ):
        said = one_line(answer(DESK, asked))
        assert '"error":{' in said
        assert secret not in said
    twice = GOOD.replace(b'"lessons": 6', f'"{secret}": 6, "{secret}": 7'.encode())
    assert secret not in one_line(answer_bytes(DESK, twice))


def test_what_fails_inside_is_told_without_a_word_of_the_record(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise KeyError("p-17 was ill")

    monkeypatch.setattr(Desk, "decide", fail)
    error = error_of(request())
    assert error["code"] == "internal"
    assert "KeyError" in error["place"]
    assert "sky_model.host.requests" in error["place"]
    assert "ill" not in json.dumps(error).replace("will", "")


class Endless(io.RawIOBase):
    """One line of a size that no memory should hold, and a good request after it."""

    def __init__(self, size: int) -> None:
        self.left, self.tail = size, io.BytesIO(b"\n" + GOOD + b"\n")

    def readline(self, size: int | None = -1, /) -> bytes:
        assert size is not None
        assert size > 0, "a line is read without a bound"
        if not self.left:
            return self.tail.readline(size)
        n = min(self.left, size)
        self.left -= n
        return b"x" * n


def test_a_line_of_a_gigabyte_is_one_error_in_bounded_memory_and_the_next_line_is_answered() -> None:
    out = io.BytesIO()
    tracemalloc.start()
    try:
        answer_lines(DESK, Endless(1 << 30), out)  # type: ignore[arg-type]
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    error, good = [json.loads(x) for x in out.getvalue().splitlines()]
    assert error["error"]["code"] == "too-large"
    assert error["error"]["place"] == "line 1"
    assert good == answer(DESK, request())
    assert most < 4 * LONGEST_LINE


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b""])
def test_a_line_is_allowed_up_to_the_limit_and_not_beyond(end: bytes) -> None:
    for size, allowed in ((99, True), (100, True), (101, False), (102, False), (103, False), (250_000, False)):
        read = list(bounded_lines(io.BytesIO(b"x" * size + end), longest=100))
        assert read == [b"x" * size if allowed else None], size


def test_empty_lines_are_passed_over_and_an_end_without_a_newline_is_an_end() -> None:
    assert [x["id"] for x in lines_of(b"\n \n" + GOOD + b"\n\r\n" + GOOD)] == ["r-1", "r-1"]
    assert lines_of(b"") == []


# ---------------------------------------------------------------------- as a process
@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(SKY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as sky_:
        yield sky_
        sky_.kill()


def ask(sky_: subprocess.Popen[bytes], asked: dict[str, Any]) -> dict[str, Any]:
    assert sky_.stdin is not None
    assert sky_.stdout is not None
    sky_.stdin.write(json.dumps(asked).encode() + b"\n")
    sky_.stdin.flush()
    said: dict[str, Any] = json.loads(sky_.stdout.readline())
    return said


def test_an_answer_comes_before_the_next_request_is_sent_and_the_end_of_requests_is_the_end(
    process: subprocess.Popen[bytes],
) -> None:
    assert ask(process, request()) == answer(DESK, request())
    assert ask(process, request("needs", id=2))["id"] == 2
    out, err = process.communicate()
    assert (out, err, process.returncode) == (b"", b"", 0)


def test_the_process_ends_quietly_when_nobody_reads_its_answers(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    ask(process, request())
    process.stdout.close()
    process.stdin.write(GOOD + b"\n" + GOOD + b"\n")
    process.stdin.close()
    assert process.wait(timeout=60) == 0
    assert process.stderr.read() == b""


def test_a_ruleset_replaced_while_requests_run_changes_no_answer_until_the_next_start(tmp_path: Path) -> None:
    layer = tmp_path / "my-town" / "ruleset.yaml"
    layer.parent.mkdir()
    layer.write_text(LAYER, encoding="utf-8")
    command = [*SKY, "--rules", str(layer.parent), "--allow", "draft"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as sky_:
        first = ask(sky_, request())
        layer.write_text(LAYER.replace("2026-1", "2026-2"), encoding="utf-8")
        assert ask(sky_, request()) == first
        layer.write_text(LAYER[:60], encoding="utf-8")  # as half of it would be read
        assert ask(sky_, request()) == first
        layer.unlink()
        assert ask(sky_, request()) == first
        assert ask(sky_, request("rules"))["rules"]["name"] == "my-town/2026-1"
        assert sky_.stdin is not None
        sky_.stdin.close()
    layer.write_text(LAYER[:60], encoding="utf-8")
    done = subprocess.run(command, input=GOOD, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (4, b"")  # rules with a fault answer nothing at all
    layer.write_text(LAYER.replace("version: 2026-1", "version: 2026-2"), encoding="utf-8")
    done = subprocess.run(command, input=GOOD, capture_output=True, check=False)
    assert json.loads(done.stdout)["decide"]["basis"]["ruleset"]["name"] == "my-town/2026-2"


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="skipped: memory is measured as Linux tells it")
def test_memory_is_flat_over_many_requests() -> None:
    """2,000 here; bench/serve.py measures 200,000."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "bench" / "serve.py"), "2000"], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2,000 requests, 250 of them wrong" in done.stdout, done.stdout


# ---------------------------------------------------------------------- clients
SAID = """\
next: Notice to the guardian of unauthorised absence (homeroom-teacher)
not decided: the date 2026-09-31 does not exist [no-such-day, event m2]
"""


def run_client(*command: str | Path) -> None:
    done = subprocess.run(
        [*map(str, command), *SKY], capture_output=True, check=False, timeout=120, env={**os.environ, "LC_ALL": "C"}
    )
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.decode().replace("\r\n", "\n") == SAID


@pytest.mark.skipif(not (shutil.which("javac") and shutil.which("java")), reason="skipped: no javac and java on this machine")
def test_the_java_client_prints_the_next_step_and_shows_an_error(tmp_path: Path) -> None:
    subprocess.run(["javac", "-Xlint:all", "-Werror", "-d", tmp_path, CLIENTS / "java" / "Client.java"], check=True)
    run_client("java", "-cp", tmp_path, "Client")


@pytest.mark.skipif(not shutil.which("node"), reason="skipped: no node on this machine")
def test_the_javascript_client_prints_the_next_step_and_shows_an_error() -> None:
    run_client("node", CLIENTS / "javascript" / "client.mjs")


@pytest.mark.skipif(not shutil.which("dotnet"), reason="skipped: no dotnet on this machine, the C# client is not compiled")
def test_the_csharp_client_compiles(tmp_path: Path) -> None:
    shutil.copytree(CLIENTS / "csharp", tmp_path / "csharp")
    done = subprocess.run(["dotnet", "build"], cwd=tmp_path / "csharp", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


# ---------------------------------------------------------------------- the page
def test_every_code_of_a_request_stands_on_the_page_and_is_raised() -> None:
    page = (ROOT / "docs" / "howto-embedding.md").read_text(encoding="utf-8")
    table = re.findall(r"^\| `([a-z0-9-]+)` \| [^|]+ \|$", page.split("\n## Codes of a request\n")[1], re.MULTILINE)
    raised: set[str] = set()
    for path in (ROOT / "src" / "sky_model" / "host").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and getattr(node.func, "id", "") == "RequestError"
                and isinstance(node.args[0], ast.Constant)
            ):
                raised.add(str(node.args[0].value))
    raised |= {"format-unknown"}  # one of two, chosen by what is missing
    assert table == sorted(CODES)
    assert set(CODES) == raised


def test_every_request_stands_in_the_docstring_and_on_the_page() -> None:
    page = (ROOT / "docs" / "howto-embedding.md").read_text(encoding="utf-8")
    for word, (known, _) in FIELDS.items():
        assert f'"request": "{word}"' in (requests.__doc__ or "")
        row = next(x for x in page.splitlines() if x.startswith(f"| `{word}` |"))
        assert all(f"`{k}`" in row for k in known)
