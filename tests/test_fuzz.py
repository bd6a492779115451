"""A short search with a fresh seed in every run, and the long one: see `fuzzing.py` for what is looked for."""

from __future__ import annotations

import secrets

import fuzzing
import pytest
from fuzzing import leaks, run, run_processes


def test_no_mutated_input_breaks_a_way_in_tells_what_was_planted_or_changes_another_pupil() -> None:
    found = run(secrets.token_hex(4), 3_000, seconds=6)
    assert sum(found.looked_at.values()) > 50
    assert found.faults == []


@pytest.mark.long
def test_two_hundred_thousand_mutated_inputs_find_nothing() -> None:
    found = run(secrets.token_hex(4), 200_000)
    assert sum(found.looked_at.values()) == 200_000
    assert found.faults == []


@pytest.mark.long
def test_six_hundred_mutated_inputs_through_processes_find_nothing() -> None:
    found = run_processes(secrets.token_hex(4), 600)
    assert sum(found.looked_at.values()) == 600
    assert found.faults == []


@pytest.mark.parametrize("text", [*fuzzing.PLANTED, '{"a": "\\u005ayxkuvainen"}', "ZYX.KUVA%40EXAMPLE.ORG"])
def test_what_was_planted_is_seen_plainly_and_escaped(text: str) -> None:
    assert leaks(f"something {text} else")


@pytest.mark.parametrize("fault", ["a traceback", "a secret", "another pupil", "a lost row"])
def test_the_search_finds_what_it_looks_for(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = fuzzing.read_marks

    def broken(data: bytes, **more: object) -> fuzzing.Intake:
        intake = honest(data, **more)  # type: ignore[arg-type]
        if fault == "a traceback" and intake.refused:
            raise ValueError
        if fault == "a secret":
            for r in intake.refused:
                r.error.message += data.decode("utf-8", "replace")
        if fault == "another pupil" and intake.refused:
            intake.cases[:] = [c.changed(does=["x"]) for c in intake.cases]
        if fault == "a lost row" and intake.refused:
            intake.rows += 1
        return intake

    monkeypatch.setattr(fuzzing, "read_marks", broken)
    fuzzing._alone.cache_clear()
    assert run("always", 300).faults
    fuzzing._alone.cache_clear()
