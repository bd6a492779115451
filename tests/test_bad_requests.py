"""What `sky serve --stdio` promises when the other side is broken, slow, gone or hostile: a real process, real pipes.

Rules: every bad line stands between two good requests, and both are answered; the exact words of the main errors stand here,
since people read them in logs; nothing is waited for without an end; no error repeats a name that slipped into a wrong place.
"""

from __future__ import annotations

import contextlib
import copy
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import sky_model as sky
from sky_model.host.intake import LONGEST_LINE
from sky_model.host.requests import CODES, Desk, answer, one_line, read_json

SKY = [sys.executable, "-m", "sky_model.cli", "serve", "--stdio"]
EVENTS: list[dict[str, Any]] = [
    {"type": "enrolment", "school": "s-3", "grade": 8, "on": "2026-08-12", "calendar": "example-week-43/2026-27"},
    {"type": "mark", "id": "m1", "on": "2026-09-14", "lessons": 6, "kind": "unauthorised"},
]
REQUEST: dict[str, Any] = {
    "format": 1,
    "id": "r-1",
    "request": "decide",
    "on": "2026-10-01",
    "record": {"format": 1, "pupil": "p-17", "feed": {"data_until": "2026-09-30"}, "events": EVENTS},
}
GOOD = json.dumps(REQUEST).encode()
IN_LINUX = pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="skipped: memory is measured as Linux tells it")
WHOLE = "write one request as one JSON object in one line"
WAIT = 240  # seconds; whatever takes longer hangs


# ---------------------------------------------------------------------- the words
def error(code: str, message: str, place: str = "", hint: str = "", field: str = "") -> dict[str, str]:
    return {"code": code, "message": message, "field": field, "place": place, "hint": hint}


def changed(old: bytes, new: bytes) -> bytes:
    assert old in GOOD
    return GOOD.replace(old, new)


LONG = b"1" * 10_000
AMOUNT = "write an amount with at most two decimals"
DEEP = error("too-deep", "lists and objects are nested too deeply", "line {n}", "a record has no more than five levels")
UTF_16 = error("utf-8", "it is UTF-16 or UTF-32", "line {n}", "write UTF-8")
OBJECT = error("field-type", "a request is an object", "line {n}", 'write {"format": 1, "id": "1", "request": "decide", …}')
BAD: dict[str, tuple[bytes, dict[str, str]]] = {
    "truncated in a text": (
        GOOD[:60],
        error("json", "not JSON: a text begins here and does not end", "line {n}, character 55", WHOLE),
    ),
    "truncated before a bracket": (
        GOOD[:-1],
        error("json", "not JSON: here is neither a comma nor the end of what is open", "line {n}, character 358", WHOLE),
    ),
    "truncated after a colon": (
        GOOD[:10],
        error("json", "not JSON: here is nothing that JSON knows", "line {n}, character 11", WHOLE),
    ),
    "two requests in a line": (
        GOOD + GOOD,
        error(
            "json",
            "not JSON: something stands after the end of the request",
            "line {n}, character 359",
            "write each request in a line of its own",
        ),
    ),
    "single quotes": (
        GOOD.replace(b'"', b"'"),
        error(
            "json",
            "not JSON: here is no key in double quotes",
            "line {n}, character 2",
            'write keys and texts in double quotes: {"id": 1}',
        ),
    ),
    "a control character": (
        changed(b"p-17", b"p\x0717"),
        error(
            "json",
            "not JSON: a control character stands in a text",
            "line {n}, character 104",
            "write it escaped: a newline as \\n, another as \\u001f",
        ),
    ),
    "a wrong escape": (
        changed(b"p-17", b"p\\x17"),
        error(
            "json",
            "not JSON: a backslash stands before something that it does not escape",
            "line {n}, character 104",
            "write a backslash itself as two",
        ),
    ),
    "a CSV": (b"pupil;date;lessons", error("json", "not JSON: here is nothing that JSON knows", "line {n}, character 1", WHOLE)),
    "Latin-1": (
        changed(b"p-17", "pä".encode("latin-1")),
        error("utf-8", "it is not UTF-8", "line {n}, byte 104", "write UTF-8"),
    ),
    "a byte that is no UTF-8": (
        changed(b"p-17", b"p\xff"),
        error("utf-8", "it is not UTF-8", "line {n}, byte 104", "write UTF-8"),
    ),
    "half a character as UTF-8": (
        changed(b"p-17", b"\xed\xa0\x80"),
        error("utf-8", "it is not UTF-8", "line {n}, byte 103", "write UTF-8"),
    ),
    "half a character escaped": (
        changed(b"p-17", b"\\udc00"),
        error(
            "surrogate",
            "a text holds half a character",
            "line {n}",
            "write both halves of the character, or the character itself",
        ),
    ),
    "UTF-16 with a mark": (GOOD.decode().encode("utf-16"), UTF_16),
    "UTF-16, little end first": (GOOD.decode().encode("utf-16-le"), UTF_16),
    "UTF-16, big end first": (GOOD.decode().encode("utf-16-be"), UTF_16),
    "UTF-32": (GOOD.decode().encode("utf-32"), UTF_16),
    "a mark alone": (
        b"\xef\xbb\xbf",
        error("empty", "there is nothing here", "line {n}", "write one request as one JSON object"),
    ),
    "NaN": (
        changed(b'"lessons": 6', b'"lessons": NaN'),
        error("number", "NaN is no number of JSON", "line {n}", "leave the field out where nothing is known"),
    ),
    "Infinity": (
        changed(b'"lessons": 6', b'"lessons": -Infinity'),
        error("number", "-Infinity is no number of JSON", "line {n}", "leave the field out where nothing is known"),
    ),
    "a number of 10,000 digits": (
        changed(b'"lessons": 6', b'"lessons": ' + LONG),
        error("number", "a number has more than 40 characters", "line {n}", AMOUNT),
    ),
    "an id of 10,000 digits": (
        changed(b'"r-1"', LONG),
        error("number", "a number has more than 40 characters", "line {n}", AMOUNT),
    ),
    "10,000 digits after the point": (
        changed(b'"lessons": 6', b'"lessons": 1.' + LONG),
        error("number", "a number is not finite or has more than 40 characters", "line {n}", AMOUNT),
    ),
    "a number beyond all": (
        changed(b'"lessons": 6', b'"lessons": 1e999'),
        error("number", "a number is not finite or has more than 40 characters", "line {n}", AMOUNT),
    ),
    "100,000 lists that are not closed": (b"[" * 100_000, DEEP),
    "100,000 lists in each other": (b"[" * 100_000 + b"]" * 100_000, DEEP),
    "100,000 objects in a record": (changed(b'"lessons": 6', b'"lessons": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000), DEEP),
    "a key that stands twice": (
        changed(b'"on": "2026-10-01"', b'"on": "2026-10-01", "on": "2026-10-02"'),
        error("doubled-key", "a key stands twice in one object", "line {n}", "keep one of the two", "on"),
    ),
    "a key that stands twice in an event": (
        changed(b'"lessons": 6', b'"lessons": 6, "lessons": 7'),
        error("doubled-key", "a key stands twice in one object", "line {n}", "keep one of the two", "lessons"),
    ),
    "a list": (b"[" + GOOD + b"]", OBJECT),
    "a request in quotes": (json.dumps(GOOD.decode()).encode(), OBJECT),
    "null": (b"null", OBJECT),
    "no id": (
        changed(b'"id": "r-1", ', b""),
        error("field-missing", "id is missing", "line {n}", 'write "id": a name of your own; the answer repeats it', "id"),
    ),
    "an unknown request": (
        changed(b"decide", b"decyde"),
        error("request-unknown", "there is no such request", "", "write one of decide, explain, check, needs, rules", "request"),
    ),
    "an unknown field": (
        changed(b'"on"', b'"onn"'),
        error("field-unknown", "this field of decide is not known", "", "did you mean 'on'?", "onn"),
    ),
    "a format of the future": (
        changed(b'"format": 1, "id"', b'"format": 2, "id"'),
        error("format-unknown", "this format is not known here", "", 'write "format": 1', "format"),
    ),
    "a record of the future": (
        changed(b'"format": 1, "pupil"', b'"format": 2, "pupil"'),
        error("format", "this format is not known", "", 'write "format": 1', "record.format"),
    ),
}


@pytest.fixture(scope="module")
def answers() -> dict[str, tuple[dict[str, Any], ...]]:
    """Of each bad line: the answers to the good request before it, to the line itself, and to the good one after it."""
    lines = [GOOD, *(line for bad, _ in BAD.values() for line in (bad, GOOD))]
    done = subprocess.run(SKY, input=b"\n".join(lines) + b"\n", capture_output=True, check=False, timeout=WAIT)
    assert (done.returncode, done.stderr) == (0, b"")
    said = [json.loads(line) for line in done.stdout.split(b"\n")[:-1]]
    assert len(said) == len(lines), "as many answers as lines"
    return {name: tuple(said[2 * i : 2 * i + 3]) for i, name in enumerate(BAD)}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_line_gets_its_error_in_exact_words_and_the_lines_around_it_are_answered(
    name: str, answers: dict[str, tuple[dict[str, Any], ...]]
) -> None:
    before, said, after = answers[name]
    number = str(2 * list(BAD).index(name) + 2)
    expected = {k: v.replace("{n}", number) for k, v in BAD[name][1].items()}
    assert said["error"] == expected
    assert (said["id"] is None) == expected["place"].startswith("line")
    assert before == after
    assert before["answer"] == "decide"


@pytest.mark.long
@pytest.mark.parametrize(
    ("data", "ids"),
    [
        (b"\xef\xbb\xbf" + GOOD + b"\n", ["r-1"]),
        (b"\xef\xbb\xbf" + GOOD + b"\r\n\xef\xbb\xbf" + GOOD, ["r-1", "r-1"]),  # each line may have one
        (GOOD + b"\r\n\r\n \t \r\n" + GOOD + b"\r\n", ["r-1", "r-1"]),
        (b"\n\n" + GOOD, ["r-1"]),  # a last line without its end
        (GOOD[:40].replace(b" ", b" \t "), [None]),
        (b"", []),
        (b"\n\n\n", []),
    ],
)
def test_marks_line_ends_and_empty_lines_change_no_answer(data: bytes, ids: list[str | None]) -> None:
    done = subprocess.run(SKY, input=data, capture_output=True, check=False, timeout=WAIT)
    assert (done.returncode, done.stderr) == (0, b"")
    assert [json.loads(line)["id"] for line in done.stdout.split(b"\n")[:-1]] == ids


def test_an_answer_is_one_line_for_readers_who_end_lines_at_other_characters_too() -> None:
    name = "a\u2028b\u2029c\x85d\x0be\x0cf\x1cg"
    asked = GOOD.replace(b'"r-1"', json.dumps(name).encode())
    done = subprocess.run(SKY, input=asked, capture_output=True, check=False, timeout=WAIT)
    assert len(done.stdout.decode().splitlines()) == 1  # ends lines at all of these
    assert json.loads(done.stdout)["id"] == name


# ---------------------------------------------------------------------- nothing of a person
DESK = Desk(sky.load("presets/lessons-per-term"))


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield (*path, key)
        yield from _places(inner, (*path, key))


@pytest.mark.parametrize("secret", ["Aino Virtanen", "Aino Kaarina Virtanen, Esimerkkikatu 5 A 12, 00100 Helsinki. " * 20])
def test_a_name_in_a_wrong_place_is_never_repeated(secret: str) -> None:
    """As a value, in a list, as the key of an object, as a further key and as the name of a field: anywhere in a request."""
    errors = 0
    for path in _places(REQUEST):
        for put in (secret, [secret], {secret: secret}, None):
            asked = copy.deepcopy(REQUEST)
            at: Any = asked
            for key in path[:-1]:
                at = at[key]
            if put is not None:
                at[path[-1]] = put
            elif isinstance(at, dict):
                at[secret] = at.pop(path[-1])
            said = answer(DESK, asked)
            if "error" in said:
                errors += 1
                assert said["error"]["code"] != "internal", (path, put)
                shown = one_line({**said, "id": None})
                assert secret[:13] not in shown or path[-1] == "id", (path, put)  # an event is told by its id…
                assert shown.count("Aino") <= 2, (path, put)  # …and never at length
                assert len(shown) < 500, (path, put)
    assert errors > 40


# ---------------------------------------------------------------------- much
def memory(pid: int, what: str = "VmRSS:") -> int:
    """Memory of a process in MiB, now or (VmHWM) the most that it ever had."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith(what)).split()[1]) >> 10


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    """A process that has answered once, so that it is there."""
    plain = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"}  # it would hide an answer that stays in a buffer
    with subprocess.Popen(SKY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=plain) as sky_:
        watch = threading.Timer(WAIT, sky_.kill)
        watch.daemon = True
        watch.start()
        assert ask(sky_, GOOD)["answer"] == "decide"
        yield sky_
        watch.cancel()
        sky_.kill()
        assert sky_.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # of what was never sent
            sky_.stdin.close()


def ask(sky_: subprocess.Popen[bytes], line: bytes) -> dict[str, Any]:
    assert sky_.stdin is not None
    sky_.stdin.write(line + b"\n")
    sky_.stdin.flush()
    return read(sky_)


def read(sky_: subprocess.Popen[bytes]) -> dict[str, Any]:
    assert sky_.stdout is not None
    said: dict[str, Any] = json.loads(sky_.stdout.readline())
    return said


def rules(n: int) -> bytes:
    return b'{"format": 1, "id": %d, "request": "rules", "on": "2026-10-01"}' % n


@IN_LINUX
def test_a_line_of_a_gigabyte_is_sent_and_costs_no_more_memory_than_a_line_may_have(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    before, piece = memory(process.pid, "VmHWM:"), b"[" * (1 << 20)
    for _ in range(1 << 10):
        process.stdin.write(piece)
    said = ask(process, b"")
    assert said["id"] is None
    assert said["error"] == error(
        "too-large",
        f"it is longer than {LONGEST_LINE:,} bytes",
        "line 2",
        "hand in one pupil a request, and no longer history than `needs` names",
    )
    assert ask(process, GOOD)["answer"] == "decide"
    assert memory(process.pid, "VmHWM:") - before < 3 * LONGEST_LINE >> 20
    process.stdin.write(b"x" * (LONGEST_LINE + 1))  # and one that never ends
    process.stdin.close()
    assert read(process)["error"]["code"] == "too-large"
    assert process.wait(WAIT) == 0


@pytest.mark.long
@IN_LINUX
def test_the_longest_line_that_is_allowed_costs_a_bounded_memory_whatever_it_holds(process: subprocess.Popen[bytes]) -> None:
    """A few times its length for the longest text; about thirty times for millions of small objects."""
    before = memory(process.pid, "VmHWM:")
    for text in (b"x" * 9_900_000, b"\\n" * 4_900_000):
        said = ask(process, GOOD[:-1] + b', "more": "' + text + b'", "list": [' + b"[]," * 99 + b"[]]}")
        assert said["error"]["code"] == "field-unknown"
    assert memory(process.pid, "VmHWM:") - before < 100
    said = ask(process, GOOD[:-1] + b', "more": [' + b"{}," * 3_200_000 + b"{}]}")
    assert said["error"]["code"] == "field-unknown"
    assert memory(process.pid, "VmHWM:") - before < 400
    for _ in range(3):
        assert ask(process, GOOD)["answer"] == "decide"
    assert memory(process.pid) - before < 50, "it is not kept"


@IN_LINUX
def test_ten_thousand_requests_sent_before_an_answer_is_read_wait_and_are_answered_in_order(
    process: subprocess.Popen[bytes],
) -> None:
    assert process.stdin is not None
    given, before = process.stdin, memory(process.pid)
    count = 10_000

    def send() -> None:
        for n in range(count):
            given.write((rules(n) if n % 10 else rules(n)[:30]) + b"\n")
        given.close()

    sending = threading.Thread(target=send, daemon=True)
    sending.start()
    sending.join(3)
    assert sending.is_alive(), "the pipes are full, and nobody holds the rest: the sender waits"
    used = _processor(process.pid)
    time.sleep(1)
    assert process.poll() is None
    assert _processor(process.pid) - used < 0.2, "it sleeps while nobody reads"
    said = [read(process) for _ in range(count)]
    sending.join(WAIT)
    assert [x["id"] for x in said] == [n if n % 10 else None for n in range(count)]
    assert all(x["error"]["place"].startswith(f"line {n + 2},") for n, x in enumerate(said) if n % 10 == 0)
    assert process.wait(WAIT) == 0
    assert before < 100


def _processor(pid: int) -> float:
    """Seconds of processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@IN_LINUX
def test_memory_stays_while_nobody_reads_and_ten_thousand_requests_wait(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    given, before = process.stdin, memory(process.pid)

    def send() -> None:
        with contextlib.suppress(BrokenPipeError):
            for n in range(10_000):
                given.write(rules(n) + b"\n")

    sending = threading.Thread(target=send, daemon=True)
    sending.start()
    sending.join(3)
    assert sending.is_alive()
    assert memory(process.pid) - before < 5
    process.send_signal(signal.SIGTERM)  # one that nobody reads ends too
    assert process.wait(WAIT) == 0
    sending.join(WAIT)


def test_a_client_that_writes_a_byte_at_a_time_is_answered_when_its_line_ends(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    os.set_blocking(process.stdout.fileno(), False)
    for byte in b'{"format": 1, "id": 7}':  # its answer is short: it must not wait for others in a buffer
        process.stdin.write(bytes([byte]))
        process.stdin.flush()
        time.sleep(0.002)
        assert process.stdout.read() is None, "nothing is answered before the end of the line"
    os.set_blocking(process.stdout.fileno(), True)
    said = ask(process, b"")
    assert (said["id"], said["error"]["field"]) == (7, "request")


# ---------------------------------------------------------------------- the end
@pytest.mark.long
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
@pytest.mark.parametrize("when", ["it waits", "half a request is there", "it answers", "nobody reads"])
def test_told_to_stop_it_ends_at_once_and_quietly_whatever_it_does(
    how: signal.Signals, when: str, process: subprocess.Popen[bytes]
) -> None:
    assert process.stdin is not None
    given = {
        "it waits": b"",
        "half a request is there": GOOD[:100],
        "it answers": (GOOD + b"\n") * 20,
        "nobody reads": (GOOD + b"\n") * 100,
    }
    process.stdin.write(given[when])
    process.stdin.flush()
    if when == "it answers":
        assert read(process)["answer"] == "decide"
    elif when == "nobody reads":
        time.sleep(2)
    process.send_signal(how)
    assert process.wait(WAIT) == 0  # although its answers may still be there
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stderr.read() == b""
    *whole, rest = process.stdout.read().split(b"\n")
    assert {json.loads(line)["answer"] for line in whole} <= {"decide"}
    assert rest == b"" or when in ("it answers", "nobody reads")  # half an answer has no newline


def test_the_end_of_the_requests_in_the_middle_of_one_is_an_error_and_an_end(process: subprocess.Popen[bytes]) -> None:
    out, err = process.communicate(GOOD[:60], timeout=WAIT)
    assert (process.returncode, err) == (0, b"")
    assert json.loads(out)["error"]["message"] == "not JSON: a text begins here and does not end"


def test_it_ends_quietly_when_the_client_closes_its_reading_end_with_answers_on_the_way(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdin.write((GOOD + b"\n") * 100)
    process.stdin.flush()
    process.stdout.close()
    assert process.wait(WAIT) == 0
    assert process.stderr.read() == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="skipped: no /dev/full on this machine")
def test_answers_that_cannot_be_written_are_told_and_the_exit_code_is_1() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(SKY, input=GOOD + b"\n", stdout=full, stderr=subprocess.PIPE, check=False, timeout=WAIT)
    assert done.returncode == 1
    assert done.stderr == b"Error: requests cannot be read or answers cannot be written: No space left on device\n"


@pytest.mark.skipif(sys.platform == "win32", reason="skipped: the shell closes a stream here")
@pytest.mark.parametrize("closed", ["<&-", ">&-"])
def test_a_stream_that_is_closed_is_told_and_what_to_write(closed: str) -> None:
    done = subprocess.run(
        ["sh", "-c", f'"$@" {closed}', "sh", *SKY], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False, timeout=WAIT
    )
    assert done.returncode == 2
    assert b"standard input or output is closed; hand in requests: sky serve --stdio < requests.jsonl" in done.stderr


# ---------------------------------------------------------------------- files that change meanwhile
def test_rules_bases_and_schools_that_change_or_break_meanwhile_change_no_answer_and_no_fingerprint(tmp_path: Path) -> None:
    base, town = tmp_path / "town-base" / "1", tmp_path / "town"
    for folder, name, below in ((base, "town-base", "presets/lessons-per-term"), (town, "town", "town-base/1")):
        folder.mkdir(parents=True)
        (folder / "ruleset.yaml").write_text(
            f"format: 1\nruleset: {name}\nversion: 1\nextends: {below}\nstatus: draft\nvalid_from: 2026-08-12\nname: {{en: T}}\n",
            encoding="utf-8",
        )
    schools = tmp_path / "schools.yaml"
    schools.write_text(
        "format: 1\nschools: [{id: s-3, calendars: [example-week-43/2026-27], rulesets: [town]}]\n", encoding="utf-8"
    )
    loaded = sky.load(town, allow={"draft"}).fingerprint
    command = [*SKY, "--schools", str(schools), "--allow", "draft"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as sky_:
        first = ask(sky_, GOOD)
        assert first["decide"]["basis"]["ruleset"]["fingerprint"] == loaded
        for path in (town / "ruleset.yaml", base / "ruleset.yaml", schools):
            path.write_text(path.read_text(encoding="utf-8").replace("{en: T}", "{en: U}") + "# more\n", encoding="utf-8")
            assert ask(sky_, GOOD) == first
            path.write_bytes(b"\xff broken: [")
            assert ask(sky_, GOOD) == first
            path.unlink()
            assert ask(sky_, GOOD) == first
        assert sky_.stdin is not None
        sky_.stdin.close()
    assert sky_.returncode == 0


# ---------------------------------------------------------------------- the page
def test_the_page_says_what_happens_at_the_end_and_when_nobody_reads() -> None:
    page = (Path(__file__).resolve().parents[1] / "docs" / "howto-embedding.md").read_text(encoding="utf-8")
    part = page.split("\n## Slow, gone, told to stop\n")[1].split("\n## ")[0]
    for word in ("exit code 0", "exit code 1", "SIGTERM", "Ctrl-C", "without its newline", "waits"):
        assert word in part, word


def test_every_fault_of_reading_is_met_here() -> None:
    met = {said["code"] for _, said in BAD.values()} | {"too-large"}
    assert {"json", "utf-8", "empty", "number", "too-deep", "doubled-key", "surrogate", "too-large"} <= met <= {*CODES, "format"}
    with pytest.raises(Exception, match="longer than"):
        read_json(b" " * (LONGEST_LINE + 1))
