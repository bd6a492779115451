"""A log in use: who may write to it, what a second reader takes its bytes for, what an erasure leaves, which names get in."""

from __future__ import annotations

import json
import os
import random
import re
import uuid
from pathlib import Path
from typing import Any

import pytest
from test_log import CALENDAR, HOSTILE, MODEL, ON, TIME, decision, proofs, record, run, written

import sky_model as sky
from sky_model.host.log import EMPTY, Log, LogError, entries_of, erase, verify
from sky_model.host.log.form import bytes_of, line_of
from sky_model.personal import CODE_PATTERN, IDENTITY_CODE

ROLES = MODEL.newest.roles


def erased(path: Path, pupil: str = "p-2", **other: Any) -> int:
    return erase(path, pupil, **{"time": TIME, "role": "principal", "reason": "request", "roles": ROLES, **other})


# ---------------------------------------------------------------------- who writes
@pytest.mark.parametrize("link", [os.link, os.symlink], ids=["hard link", "symbolic link"])
def test_a_second_writer_by_another_name_of_the_file_is_refused(link: Any, tmp_path: Path) -> None:
    path, other = tmp_path / "log", tmp_path / "other"
    with Log(path) as log:
        link(path, other)
        with pytest.raises(LogError, match="another writer"):
            Log(other)
        assert log.decided(decision(), time=TIME) == 0
    with Log(other) as log:
        assert log.decided(decision(), time=TIME) == 1
    assert (verify(path).entries, verify(path).faults) == (2, ())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="skipped: there is no fork")
def test_a_process_that_was_forked_with_the_log_open_writes_nothing_over_an_entry(tmp_path: Path) -> None:
    made, path = decision(), tmp_path / "log"
    with Log(path) as log:
        log.decided(made, time=TIME)
        child = os.fork()
        if child == 0:
            try:
                log.decided(made, time=TIME)
            except LogError:
                log.close()
                os._exit(7)
            os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        assert log.decided(made, time=TIME) == 1
        with pytest.raises(LogError, match="another writer"):  # the end of the child gave nothing back
            Log(path)
    assert (verify(path).entries, verify(path).faults) == (2, ())


def test_what_was_added_from_outside_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "log"
    foreign = written(tmp_path / "foreign", pupils=1).read_bytes()
    with Log(path) as log:
        log.decided(decision(), time=TIME)
        before = path.read_bytes()
        with path.open("ab") as file:
            file.write(foreign)
        with pytest.raises(LogError, match="from outside"):
            log.decided(decision(), time=TIME)
    assert path.read_bytes() == before + foreign


# ---------------------------------------------------------------------- what its bytes say
@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"kind":"answer"', b'"kind":"decision","kind":"answer"'),
        (b'"role":"homeroom-teacher"', b'"role":"principal","role":"homeroom-teacher"'),
        (b'"format":1,', b'"format": 1,'),
        (b'"status":"done"', b'"status":"d\\u006fne"'),
    ],
    ids=["a doubled key", "a doubled key of the body", "a space", "an escape"],
)
def test_a_line_that_says_the_same_in_other_bytes_is_a_fault_and_is_not_proven(old: bytes, new: bytes, tmp_path: Path) -> None:
    path = written(tmp_path / "log", pupils=2)
    lines = path.read_bytes().splitlines(keepends=True)
    assert old in lines[3]
    path.write_bytes(b"".join([*lines[:3], lines[3].replace(old, new)]))
    assert [(f.line, f.what) for f in verify(path).faults] == [(4, "form")]
    assert proofs(path, record("p-1"), record("p-2"))[2:] == [(3, "unreadable", ())]
    with pytest.raises(LogError):
        Log(path)
    with pytest.raises(LogError, match="does not verify"):
        erased(path, "p-1")


def test_half_a_character_in_a_line_is_a_fault_and_no_traceback(tmp_path: Path) -> None:
    path = written(tmp_path / "log", pupils=1)
    path.write_bytes(path.read_bytes().replace(b'"status":"done"', b'"status":"\\ud800"'))
    assert [(f.line, f.what) for f in verify(path).faults] == [(2, "unreadable")]


def test_replay_and_export_say_which_lines_they_could_not_read(tmp_path: Path) -> None:
    path = written(tmp_path / "log", pupils=3)
    lines = path.read_bytes().splitlines(keepends=True)
    lines[2] = b"not json\n"
    lines[4] = lines[4].replace(b'"events":7', b'"events":6')
    path.write_bytes(b"".join([*lines[:5], lines[5][:-20]]))
    assert [(n, state) for n, state, _ in proofs(path, *(record(f"p-{n}") for n in (1, 2, 3)))] == [
        (0, "proven"),
        (2, "unreadable"),
        (4, "unreadable"),
        (5, "unreadable"),
    ]
    records = tmp_path / "records.jsonl"
    records.write_text("".join(json.dumps(record(f"p-{n}").to_json()) + "\n" for n in (1, 2, 3)), encoding="utf-8")
    said = run("log", "replay", str(path), "--records", str(records))
    assert said.exit_code == 1
    assert "3 no entry of a log" in said.stdout
    out = run("log", "export", str(path), "--pupil", "p-1")
    assert out.exit_code == 1
    assert [json.loads(x)["n"] for x in out.stdout.splitlines()] == [0, 1]
    assert f"{path}:3:" in out.stderr


@pytest.mark.parametrize("body", [{"pupil": "p-1"}, {}, {"pupil": ["p-1"], "place": 3, "on": 5}, {"place": {"events": "7"}}])
def test_a_body_that_is_none_of_a_decision_is_told_and_no_traceback(body: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(bytes_of(line_of(0, "decision", EMPTY, body)))
    assert proofs(path, record("p-1")) == [(0, "unreadable", ())]


# ---------------------------------------------------------------------- erasing
@pytest.mark.parametrize("text", [*HOSTILE, "p-2", "caretaker"], ids=ascii)
@pytest.mark.parametrize("key", ["role", "reason"])
def test_an_erasure_names_a_role_of_the_rules_and_a_code_and_nobody(key: str, text: str, tmp_path: Path) -> None:
    path = written(tmp_path / "log", pupils=2)
    whole = path.read_bytes()
    with pytest.raises(sky.RecordError) as e:
        erased(path, **{key: text})
    assert len(text) < 4 or text not in str(e.value)
    assert path.read_bytes() == whole


def test_the_command_refuses_a_name_in_the_place_of_a_role_and_does_not_repeat_it(tmp_path: Path) -> None:
    path = written(tmp_path / "log", pupils=2)
    said = run("log", "erase", str(path), "--pupil", "p-2", "--time", TIME, "--role", "Matti", "--reason", "request")
    assert (said.exit_code, "Matti" in said.output, b"Matti" in path.read_bytes()) == (2, False, False)


@pytest.mark.parametrize("call", ["write", "fsync", "replace"])
def test_an_erasure_on_a_full_disk_erases_nothing_and_leaves_nothing_beside(
    call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "log")
    whole = path.read_bytes()

    def full(*_: Any) -> Any:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        if call == "write":
            patched.setattr("sky_model.host.log.erasing.bytes_of", full)
        else:
            patched.setattr(os, call, full)
        with pytest.raises(LogError, match=r"No space left.*nothing was erased"):
            erased(path)
    assert path.read_bytes() == whole
    assert [x.name for x in tmp_path.iterdir()] == ["log"]
    assert erased(path) == 2


def test_an_erasure_through_a_symbolic_link_reaches_the_file_that_it_names(tmp_path: Path) -> None:
    path, link = written(tmp_path / "log"), tmp_path / "link"
    path.chmod(0o640)
    link.symlink_to(path)
    assert erased(link) == 2
    assert link.is_symlink()
    assert b"p-2" not in path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_log_with_a_second_name_is_not_erased_from_since_all_would_stay_there(tmp_path: Path) -> None:
    path = written(tmp_path / "log")
    os.link(path, tmp_path / "second")
    with pytest.raises(LogError, match="second name"):
        erased(path)
    assert b"p-2" in path.read_bytes()
    (tmp_path / "second").unlink()
    assert erased(path) == 2


@pytest.mark.parametrize("who", ["the next writer", "the next erasure"])
def test_what_a_killed_erasure_left_is_taken_away(who: str, tmp_path: Path) -> None:
    path = written(tmp_path / "log")
    (tmp_path / ".log.erasing").write_bytes(path.read_bytes()[:5000])
    if who == "the next writer":
        Log(path).close()
    else:
        assert erased(path, "p-1") == 2
    assert [x.name for x in tmp_path.iterdir()] == ["log"]


# ---------------------------------------------------------------------- names
@pytest.mark.parametrize("name", ["our export", "Syksy 2026", *HOSTILE], ids=ascii)
def test_a_name_given_to_a_code_map_keeps_no_decision_out_and_gets_in_only_as_a_plain_word(name: str, tmp_path: Path) -> None:
    case = record().changed(code_map={"name": name, "fingerprint": "f-1"})
    with Log(tmp_path / "log") as log:
        log.decided(sky.decide(MODEL, case, on=ON, calendars=CALENDAR), time=TIME)
    (line,) = entries_of(tmp_path / "log")
    kept = name if name == "Matti" else None
    assert line["body"]["basis"]["code_map"] == {"name": kept, "fingerprint": "f-1"}
    assert line["body"]["feed"]["code_map"] == {"name": kept, "fingerprint": "f-1"}
    assert proofs(tmp_path / "log", case) == [(0, "proven", ())]


def test_rules_whose_version_the_check_accepts_can_be_logged(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "ruleset.yaml").write_text(
        "format: 1\nruleset: own\nversion: Syksy 2026\nextends: presets/lessons-per-term\nstatus: draft\n"
        "valid_from: 2026-08-01\nname: {fi: Oma}\n",
        encoding="utf-8",
    )
    assert not sky.check(folder)
    model = sky.load(folder, allow={"draft"})
    with Log(tmp_path / "log") as log:
        log.decided(decision(model=model), time=TIME)
    assert proofs(tmp_path / "log", record(), model=model) == [(0, "proven", ())]


def test_random_ids_are_never_taken_for_identity_codes_and_identity_codes_always_are() -> None:
    draw = random.Random(12)
    ids = [str(uuid.UUID(int=draw.getrandbits(128), version=4)) for _ in range(100_000)]
    near = ["00131052-308a-4000-8000-000000000000", "ab131052-3081", f"p-{ids[0]}", f"x{ids[1]}", "202613-1234"]
    assert not [x for x in (*ids, *(x.replace("-", "") for x in ids), *near) if IDENTITY_CODE.search(x)]
    codes = ["131052-308T", "131052A308T", "131052+308t", "010199y123n", "280264-051U"]
    stuck = [f"x{c}" for c in codes if c[6] in "-+"] + [f"pupil-{c}" for c in codes] + [f"{c}:1" for c in codes]
    assert all(IDENTITY_CODE.search(x) for x in codes + stuck)
    schema = re.compile(CODE_PATTERN)
    assert all(bool(schema.search(x)) == bool(IDENTITY_CODE.search(x)) for x in (*ids[:20_000], *near, *codes, *stuck))


def test_a_pupil_and_marks_named_by_uuids_that_hold_days_of_birth_can_be_logged(tmp_path: Path) -> None:
    name = "00131052-3081-4000-8000-000000000000"  # refused by the first edition
    with Log(tmp_path / "log") as log:
        assert log.decided(decision(name), time=TIME) == 0
