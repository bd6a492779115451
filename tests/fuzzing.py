"""Mutated inputs through the three ways in: a CSV, JSON Lines (files and `--stdio`), HTTP.

Each input is one good one in which one row, one record or one request was changed at random; beside it stand pupils who were not.
What is looked for: an exception that nobody catches; more than 5 seconds or 1 GiB; a planted name, identity code or address in an
answer, also percent-escaped or escaped as in JSON; a pupil who is another one because of somebody else's row; a row that nobody
answers for. `run(seed, number)` gives each input by its own number, so that one that fails is made again: `look(seed, number)`.

    ./dev fuzz 200000               # in this process, with a fresh seed, which is printed
    ./dev fuzz 2000 --seed 7
    ./dev fuzz --processes 600
"""

# ruff: noqa: E501  (tables of odd values)
from __future__ import annotations

import argparse
import http.client
import io
import json
import random
import re
import resource
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import sky_model as sky
from sky_model.cli import pupils as shown
from sky_model.errors import RulesetError
from sky_model.host.intake import Intake, Refused, read_lines, read_mapping
from sky_model.host.lines import answer_lines
from sky_model.host.marks import read_marks
from sky_model.host.requests import Desk, answer_bytes, one_line
from sky_model.host.workers import answer_as

MOST_SECONDS, MOST_BYTES = 5.0, 1 << 30
ON = date(2026, 10, 1)
CALENDAR = "example-week-43/2026-27"
NAME, CODE, ADDRESS = "Zyxkuvainen", "010203-999R", "zyx.kuva@example.org"  # nobody's
TOKENS = ("zyxkuvainen", "010203-999r", "zyx.kuva@example", "zyx.kuva%40")


def _escaped(text: str) -> str:
    return "".join(f"\\u{ord(c):04x}" for c in text)


PLANTED = (NAME, CODE, ADDRESS, f"Aino {NAME}", quote(ADDRESS), quote(CODE, safe="").replace("-", "%2D"), _escaped(NAME), _escaped(CODE),
           "".join(f"%{ord(c):02x}" for c in NAME), f"hetu {CODE}", f"../../{NAME}", NAME.upper())  # fmt: skip
ODD = ("", " ", "0", "-1", "1e99999999", "1_0", "1" * 5_000, "1²", "NaN", "Infinity", "null", "kylla", "2026-02-30", "0001-01-01",
       "9999-12-31", "2062-09-01", "1².9.2026", "14.9.2026", "2026-09-14T08:00", "٢٠٢٦-09-14", "8B", "1-2", "../../../etc/passwd",
       "=1+1", "'", '"', '""', ";", ",", "\t", "\n", "\r", "\u2028", "\u0085", "\x00", "\ud83d".encode("utf-8", "surrogatepass").decode("latin-1"),
       "🙂", "a" * 300, "m1", "health", "unauthorised", "1,000", "1,5", "yes", "x" * 20_000)  # fmt: skip
PIECES = (b'"', b'""', b",", b";", b"\n", b"\r\n", b"\t", b"\\", b"{", b"}", b"[", b"]", b":", b"\x00", b"\xff", b"\xc3", b"\xe2\x80\xa8",
          b"\xef\xbb\xbf", b"\\ud800", b"\\u0000", b"1e999", b"NaN", b"true", b"null", b"[" * 70, b"9" * 60, b"'", b"#", b"%40", b"=",
          b" ")  # fmt: skip
HEAD = "pupil,grade,date,lessons,kind,school,minutes,subject,part,explained,recorded,id,data_until,lessons_per_week,note"
ROW = [
    "zq-bad",
    "8",
    "2026-09-15",
    "6",
    "unauthorised",
    "s-3",
    "",
    "MA",
    "",
    "no",
    "2026-09-15",
    "",
    "",
    "30",
    f"{NAME} {ADDRESS}",
]
GOOD_ROWS = (
    "zq-one,8,2026-09-14,6,unauthorised,s-3,,MA,,no,2026-09-14,,,30,a note\n",
    f'zq-two,7,2026-09-16,2,health,s-3,,,,,2026-09-16,x1,,30,"{NAME}, told"\n',
)
MAPPING = """\
format: 1
name: fuzz
columns: {pupil: pupil, grade: grade, date: date, lessons: lessons, kind: kind, recorded: recorded}
date_form: d.m.yyyy
codes: [{code: unauthorised, kind: unauthorised}, {code: health, kind: health}, {code: present, leave_out: yes}]
leave_out: [{column: note, is_not: [draft]}]
"""
RECORD: dict[str, Any] = {
    "format": 1,
    "pupil": "zq-bad",
    "feed": {"register": "marks_only", "data_until": "2026-09-30", "does": ["absence-notice-to-guardian"]},
    "named": {"curator": "c-1"},
    "events": [
        {"type": "enrolment", "id": "e1", "school": "s-3", "grade": 8, "on": "2026-08-12", "calendar": CALENDAR},
        {"type": "mark", "id": "m1", "on": "2026-09-14", "lessons": 6, "kind": "unauthorised", "subject": "MA"},
        {"type": "mark", "id": "m2", "on": "2026-09-15", "minutes": 45.5, "kind": "health", "explained": False},
        {"type": "report", "id": "r1", "report": "concern", "on": "2026-09-16", "by": "guardian"},
        {
            "type": "action",
            "id": "a1",
            "action": "talk-with-pupil",
            "status": "planned",
            "on": "2026-09-17",
            "until": "2026-09-20",
        },
        {"type": "retracted", "id": "t1", "of": "m2", "on": "2026-09-18"},
    ],
}
REQUEST: dict[str, Any] = {"format": 1, "id": "r-1", "request": "decide", "on": "2026-10-01", "record": RECORD}
# What a decision hands back to those who handed it in: ids of pupils, events and persons, codes, days as they were stated.
HANDED_BACK = {
    "pupil",
    "id",
    "kind",
    "code",
    "of",
    "mark",
    "curator",
    "report",
    "action",
    "by",
    "school",
    "does",
    "code_map",
    "grade",
}


# ---------------------------------------------------------------------- how an input is changed
@dataclass(slots=True)
class Mutant:
    data: bytes
    fields: set[str] = field(default_factory=set)  # in which something was planted


def bytes_changed(of: random.Random, data: bytes) -> bytes:
    out = bytearray(data)
    for _ in range(of.choice((1, 1, 2, 3, 8))):
        at = of.randrange(len(out) + 1)
        match of.randrange(7):
            case 0 if out:
                out[min(at, len(out) - 1)] ^= 1 << of.randrange(8)
            case 1:
                del out[at : at + of.choice((1, 1, 2, 10))]
            case 2:
                out[at:at] = of.choice(PIECES)
            case 3:
                out[at:at] = out[at : at + of.randrange(40)]
            case 4:
                out[at:at] = of.choice(PLANTED).encode()
            case 5:
                del out[at:]
            case _:
                out[at:at] = of.choice(PIECES) * of.choice((1, 3, 100, 3_000))
    return bytes(out)


def row_changed(of: random.Random, separator: str) -> Mutant:
    cells, fields = [*ROW], {"note"}
    names = HEAD.split(",")
    for _ in range(of.choice((1, 1, 2, 4))):
        at = of.randrange(len(cells))
        cells[at] = of.choice(PLANTED) if of.random() < 0.4 else of.choice(ODD)
        fields.add(names[at])
    if of.random() < 0.1:
        cells.insert(of.randrange(len(cells)), of.choice((*ODD, *PLANTED)))
    text = separator.join(f'"{c}"' if of.random() < 0.1 else c for c in cells) + "\n"
    data = text.encode("utf-8", "surrogatepass")
    if of.random() < 0.4:
        data, fields = bytes_changed(of, data[:-1]) + b"\n", fields | {"bytes"}
    return Mutant(data, fields)


def value_changed(of: random.Random, value: Any) -> tuple[Any, str]:
    """(the same JSON with one value or key changed, the key of it)."""
    value = json.loads(json.dumps(value))
    places = list(_places(value))
    here, key = of.choice(places)
    name = key if isinstance(key, str) else "item"
    match of.randrange(6):
        case 0 if isinstance(here, dict):
            here[of.choice((*PLANTED, "lesons", "data_until", "calendar", "on", ""))] = here.pop(key)
            name = "key"
        case 1 if isinstance(here, dict):
            here[of.choice((*PLANTED, "onn"))] = of.choice((*ODD, *PLANTED))
            name = "key"
        case 2:
            del here[key]
        case 3:
            here[key] = of.choice(
                (None, True, False, 0, -1, 1e300, 10**39, [], {}, [[]], {"a": NAME}, 0.001, 2**53, "", [NAME], "\ud800")
            )
        case 4 if isinstance(here, list):
            here.append(of.choice((here[key], NAME, None, {"type": "mark"}, {"type": NAME}, [CODE])))
        case _:
            here[key] = of.choice(PLANTED) if of.random() < 0.5 else of.choice(ODD)
    return value, name


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield value, key
        if isinstance(inner, dict | list):
            yield from _places(inner)


def json_changed(of: random.Random, value: Any) -> Mutant:
    fields = set()
    for _ in range(of.choice((1, 1, 2, 3))):
        value, name = value_changed(of, value)
        fields.add(name)
        if not value:
            break
    data = json.dumps(value, ensure_ascii=of.random() < 0.5).encode("utf-8", "surrogatepass")
    if of.random() < 0.4:
        data, fields = bytes_changed(of, data), fields | {"bytes"}
    return Mutant(data, fields)


# ---------------------------------------------------------------------- what an answer may not hold
def leaks(text: str) -> bool:
    """Does it hold something that was planted, plainly or escaped?"""
    forms = [text.lower()]
    if "\\u" in text or "%" in text:
        plain = re.sub(r"\\+u([0-9a-fA-F]{4})", lambda x: chr(int(x[1], 16)), text)
        forms += [plain.lower(), unquote(plain).lower()]
    return any(token in said for said in forms for token in TOKENS)


@dataclass(slots=True)
class Found:
    """What was found, and how much was looked at."""

    seed: str
    looked_at: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    slowest: float = 0.0

    def fault(self, number: int, way: str, what: str, data: bytes) -> None:
        self.faults.append(f"seed {self.seed}, no. {number}, {way}: {what}: {data[:300]!r}")


# ---------------------------------------------------------------------- the ways in
@lru_cache(maxsize=1)
def made() -> dict[str, Any]:
    """What does not change: rules, calendars, a mapping, and the answers about those whose rows are not changed."""
    model = sky.load("presets/lessons-per-term")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "map.yaml"
        path.write_text(MAPPING, encoding="utf-8")
        mapping = read_mapping(path)
    kinds = {k for v in model.versions for k in (*v.kinds, *v.codes)}
    desk = Desk(model)
    good = [json.dumps(REQUEST | {"id": n, "record": RECORD | {"pupil": f"zq-{n}"}}).encode() for n in ("one", "two")]
    records = [json.dumps(RECORD | {"pupil": f"zq-{n}"}).encode() for n in ("one", "two")]
    return {"model": model, "calendar": sky.load_calendar(CALENDAR), "mapping": mapping, "kinds": kinds, "desk": desk,
            "requests": good, "records": records, "answers": [one_line(answer_bytes(desk, x)).encode() for x in good]}  # fmt: skip


def _without_pupil(said: str) -> str:
    """The id of a pupil is the name by which an answer is told apart; one that looks personal is refused and not among these."""
    return json.dumps({k: v for k, v in json.loads(said).items() if k != "pupil"}, ensure_ascii=False)


def _decide(case: sky.Case) -> str:
    """The answer, or the refusal, as the command writes it."""
    try:
        return json.dumps(sky.decide(made()["model"], case, on=ON, calendars=made()["calendar"]).to_json(), ensure_ascii=False)
    except sky.RecordError as e:
        return shown._refusal(Refused(e.pupil or case.pupil, e))


def by_csv(of: random.Random) -> tuple[Mutant, str | None]:
    """(what was handed in, what is wrong)."""
    separator = of.choice(",;\t")
    mutant = row_changed(of, separator)
    head, one, two = (
        (x.replace(", told", "") if separator != "," else x).replace(",", separator) for x in (HEAD + "\n", *GOOD_ROWS)
    )
    if separator == ",":
        one, two = GOOD_ROWS
    mapping = made()["mapping"] if of.random() < 0.3 else None
    pieces = [head.encode(), one.encode(), mutant.data, two.encode()]
    if of.random() < 0.05:  # the first line too
        pieces[0] = bytes_changed(of, pieces[0][:-1]) + b"\n"
        mutant.fields |= {"head"}
    mutant = Mutant(b"".join(pieces), mutant.fields)
    try:
        intake = read_marks(mutant.data, mapping=mapping, known_kinds=made()["kinds"])
    except RulesetError as e:
        if "head" not in mutant.fields:
            return mutant, f"one row refuses the whole file: {e}"
        return mutant, "planted in an error" if leaks(str(e)) else None
    return mutant, _fault_of_csv(mutant, intake, pieces, mapping)


def _fault_of_csv(mutant: Mutant, intake: Intake, pieces: list[bytes], mapping: Any) -> str | None:
    read, refused = sum(intake.rows_of.values()), sum(r.rows for r in intake.refused)
    if intake.rows != read + intake.rows_left_out + refused or intake.pupils != len(intake.cases) + len(intake.refused):
        return f"the rows do not add up: {intake.rows}, {read}, {intake.rows_left_out}, {refused}"
    if any(leaks(_without_pupil(shown._refusal(r))) or leaks(str(r.error)) for r in intake.refused):
        return "planted in a refusal"
    if "head" not in mutant.fields:
        if leaks("\n".join(shown._unmapped(intake))):
            return "planted in what is told of the file"
        alone = _alone(b"".join(pieces[i] for i in (0, 1, 3)), mapping is not None)
        got = {c.pupil: c for c in intake.cases}
        is_theirs = b"zq-one" in pieces[2] or b"zq-two" in pieces[2]
        if not is_theirs and any(got.get(p) != alone[p] for p in alone):
            return "another pupil is changed"
    for case in intake.cases:
        if (
            case.pupil not in ("zq-one", "zq-two")
            and leaks(_decide(case))
            and not mutant.fields & (HANDED_BACK | {"bytes", "head"})
        ):
            return "planted in a decision"
    return None


@lru_cache(maxsize=16)
def _alone(data: bytes, is_mapped: bool) -> dict[str, sky.Case]:
    return {c.pupil: c for c in read_marks(data, mapping=made()["mapping"] if is_mapped else None).cases}


def by_lines(of: random.Random) -> tuple[Mutant, str | None]:
    mutant = json_changed(of, RECORD)
    one, two = made()["records"]
    is_alone = of.random() < 0.8  # those beside it are made from other lines alone: it is seldom looked whether they are the same
    data = mutant.data if is_alone else one + b"\n" + mutant.data + b"\n" + two + b"\n"
    answers = [None, *read_lines(io.BytesIO(data)), None] if is_alone else list(read_lines(io.BytesIO(data)))
    beside = [] if is_alone else [answers[0], answers[-1]]
    if any(isinstance(x, Refused) for x in beside) or [x.pupil for x in beside] not in ([], ["zq-one", "zq-two"]):
        return mutant, "another pupil is changed"
    for x in answers[1:-1]:
        said = _without_pupil(shown._refusal(x) if isinstance(x, Refused) else _decide(x))
        if leaks(said) and (said.startswith('{"format": 1, "error"') or not mutant.fields & (HANDED_BACK | {"bytes", "item"})):
            return mutant, f"planted in an answer: {said[:300]}"
    return mutant, None


def by_requests(of: random.Random) -> tuple[Mutant, str | None]:
    mutant = json_changed(of, REQUEST)
    one, two = made()["requests"]
    out = io.BytesIO()
    if of.random() < 0.9:
        answer_lines(made()["desk"], io.BytesIO(mutant.data), out)
        return mutant, _fault_of_answers(mutant, [x.decode() for x in out.getvalue().splitlines()])
    answer_lines(made()["desk"], io.BytesIO(one + b"\n" + mutant.data + b"\n" + two + b"\n"), out)
    first, *between, last = out.getvalue().splitlines()
    if [first, last] != made()["answers"]:
        return mutant, "another pupil is changed"
    return mutant, _fault_of_answers(mutant, [x.decode() for x in between])


def by_http(of: random.Random) -> tuple[Mutant, str | None]:
    mutant = json_changed(of, {k: v for k, v in REQUEST.items() if k != "request"})
    return mutant, _fault_of_answers(mutant, [one_line(answer_as(made()["desk"], "decide", mutant.data))])


def _fault_of_answers(mutant: Mutant, said: list[str]) -> str | None:
    for line in said:
        error = json.loads(line).get("error")
        # the id is the asker's own name for the request; one that looks personal or is escaped is refused and not repeated
        if error is not None and (error["code"] == "internal" or leaks(json.dumps(error))):
            return f"an error that is not ours to say: {line[:300]}"
        if error is None and leaks(line) and not mutant.fields & (HANDED_BACK | {"bytes", "item"}):
            return f"planted in an answer: {line[:300]}"
    return None


WAYS: dict[str, Callable[[random.Random], tuple[Mutant, str | None]]] = {
    "csv": by_csv,
    "lines": by_lines,
    "stdio": by_requests,
    "http": by_http,
}


def look(found: Found, number: int) -> None:
    """One input, made from the seed and its number alone."""
    of = random.Random(f"{found.seed}:{number}")
    way = of.choice(("csv", "csv", "lines", "stdio", "http"))
    before = of.getstate()
    began = time.process_time()  # what it computes: other programs on the machine take none of it
    try:
        mutant, wrong = WAYS[way](of)
    except Exception as e:  # whatever leaves is a fault
        of.setstate(before)
        found.fault(number, way, f"{type(e).__name__} at line {_line_of(e)}", b"")
        return
    took = time.process_time() - began
    found.looked_at[way] += 1
    found.slowest = max(found.slowest, took)
    if wrong:
        found.fault(number, way, wrong, mutant.data)
    if took > MOST_SECONDS:
        found.fault(number, way, f"{took:.1f} s", mutant.data)


def _line_of(e: BaseException) -> str:
    last = e.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    return f"{last.tb_frame.f_code.co_filename}:{last.tb_lineno}" if last else ""


def run(seed: str, number: int, seconds: float | None = None) -> Found:
    """So many inputs, or as many as so many seconds allow."""
    found, began = Found(seed), time.monotonic()
    made()
    for n in range(number):
        if seconds is not None and time.monotonic() - began > seconds:
            break
        look(found, n)
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
    if used > MOST_BYTES:
        found.faults.append(f"seed {seed}: {used:,} bytes")
    return found


# ---------------------------------------------------------------------- the same through processes
SKY = [sys.executable, "-m", "sky_model.cli"]


def run_processes(seed: str, number: int) -> Found:
    """A process for each CSV, of which there are a sixth; one `serve --stdio` and one `serve --http` share the rest."""
    found, files = Found(seed), max(1, number // 6)
    rest = number - files
    _all_stdio(found, rest // 2)
    with _served() as port:
        for n in range(rest - rest // 2):
            _one_http(found, n, port)
    with tempfile.TemporaryDirectory() as folder:
        for n in range(files):
            _one_csv(found, n, Path(folder) / "marks.csv")
    return found


def _one_csv(found: Found, n: int, path: Path) -> None:
    mutant = row_changed(random.Random(f"{found.seed}:csv:{n}"), ",")
    path.write_bytes(HEAD.encode() + b"\n" + GOOD_ROWS[0].encode() + mutant.data + GOOD_ROWS[1].encode())
    began = _of_children()
    done = subprocess.run([*SKY, "decide", str(path), "--calendar", CALENDAR, "--on", ON.isoformat(), "--json"],
                          capture_output=True, check=False, timeout=300)  # fmt: skip
    took, text = _of_children() - began, (done.stdout + done.stderr).decode("utf-8", "replace")
    found.looked_at["csv process"] += 1
    found.slowest = max(found.slowest, took)
    if "Traceback" in text or done.returncode not in (0, 3):
        found.fault(n, "csv process", f"exit code {done.returncode}: {text[-300:]}", mutant.data)
    if '"adds_up":true' not in text or not all(f'"pupil":"{p}","on"' in text for p in ("zq-one", "zq-two")):
        found.fault(n, "csv process", "a good pupil is not decided", mutant.data)
    if leaks(text) and not mutant.fields & (HANDED_BACK | {"bytes"}):
        found.fault(n, "csv process", "planted in the output", mutant.data)
    if took > MOST_SECONDS:
        found.fault(n, "csv process", f"{took:.1f} s", mutant.data)


def _of_children() -> float:
    """Seconds that processes which have ended have computed."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _all_stdio(found: Found, number: int) -> None:
    mutants = [json_changed(random.Random(f"{found.seed}:stdio:{n}"), REQUEST) for n in range(number)]
    good = made()["requests"][0]
    asked = b"".join(x.data.replace(b"\n", b" ") + b"\n" + good + b"\n" for x in mutants)
    done = subprocess.run([*SKY, "serve", "--stdio"], input=asked, capture_output=True, check=False, timeout=300)
    lines = done.stdout.splitlines()
    found.looked_at["stdio"] += number
    empty = sum(not x.data.replace(b"\n", b" ").strip() for x in mutants)
    if done.returncode != 0 or done.stderr or len(lines) != 2 * number - empty or lines.count(made()["answers"][0]) < number:
        found.fault(0, "stdio", f"exit code {done.returncode}, {len(lines)} lines: {done.stderr[-300:]!r}", b"")
    for n, line in enumerate(lines):
        if wrong := _fault_of_answers(Mutant(b"", {"bytes"}), [line.decode()]):
            found.fault(n, "stdio", wrong, b"")


@contextmanager
def _served() -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([*SKY, "serve", "--http", "--port", str(port)], stderr=subprocess.DEVNULL)
    try:
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(30)


def _one_http(found: Found, n: int, port: int) -> None:
    mutant = json_changed(random.Random(f"{found.seed}:http:{n}"), REQUEST)
    began = time.monotonic()
    to = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    to.request("POST", "/decide", mutant.data, {"content-type": "application/json"})
    answer = to.getresponse()
    said = answer.read().decode()
    to.close()
    took = time.monotonic() - began
    found.looked_at["http"] += 1
    found.slowest = max(found.slowest, took)
    if answer.status >= 500 or _fault_of_answers(Mutant(b"", {"bytes"}), [said]) or (n and took > 4 * MOST_SECONDS):
        found.fault(n, "http", f"{answer.status} after {took:.1f} s: {said[:300]}", mutant.data)


def main() -> int:
    asked = argparse.ArgumentParser(prog="./dev fuzz", description=(__doc__ or "").partition("\n")[0])
    asked.add_argument("number", nargs="?", type=int, default=20_000)
    asked.add_argument("--seed", help="that one; without it a fresh one, which is printed")
    asked.add_argument("--processes", action="store_true", help="through processes of their own")
    said = asked.parse_args()
    seed = said.seed or secrets.token_hex(4)
    print(f"seed {seed}", flush=True)
    began = time.monotonic()
    found = (run_processes if said.processes else run)(seed, said.number)
    used = max(resource.getrusage(x).ru_maxrss for x in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) >> 10
    ways = ", ".join(f"{n:,} {way}" for way, n in sorted(found.looked_at.items()))
    print(f"{ways}; {time.monotonic() - began:.0f} s; the slowest {found.slowest:.2f} s; at most {used} MiB")
    for fault in found.faults[:40]:
        print(fault)
    print(f"{len(found.faults)} faults")
    return 1 if found.faults else 0


if __name__ == "__main__":
    sys.exit(main())
