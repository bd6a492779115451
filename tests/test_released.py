"""A released ruleset answers the same in every later version: fingerprints, and stored answers to stored records."""

from __future__ import annotations

import json
from datetime import date

import pytest
from released.freeze import answer, folder

import sky_model as sky
from sky_model.layers import rulesets_folder

LINES = (rulesets_folder() / "released.txt").read_text(encoding="utf-8").splitlines()
RELEASED = [line.split() for line in LINES if line and not line.startswith("#")]


@pytest.mark.parametrize(("name", "version", "fingerprint"), RELEASED, ids=[r[0] for r in RELEASED])
def test_a_released_ruleset_never_changes(name: str, version: str, fingerprint: str) -> None:
    model = sky.load(name, allow=("draft", "variant"))
    assert (model.name, model.fingerprint) == (version, fingerprint)


@pytest.mark.parametrize("name", [r[0] for r in RELEASED])
def test_a_released_ruleset_answers_the_same_in_every_later_version(name: str) -> None:
    model = sky.load(name, allow=("draft", "variant"))
    records = [json.loads(x) for x in (folder(name) / "records.jsonl").read_text(encoding="utf-8").splitlines()]
    stored = [json.loads(x) for x in (folder(name) / "answers.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(stored) == 3 * len(records) > 100
    for i, x in enumerate(stored):
        assert answer(model, records[i // 3], date.fromisoformat(x["on"])) == x["answer"], (records[i // 3]["pupil"], x["on"])


def test_stored_answers_are_worth_storing() -> None:
    """They hold open steps, tasks in many states, questions and withdrawn steps."""
    answers = [
        json.loads(x)["answer"]
        for r in RELEASED
        for x in (folder(r[0]) / "answers.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    assert {t["state"] for a in answers for t in a["tasks"]} >= {"ready", "done", "not_needed", "refused", "blocked", "waiting"}
    for part in ("open_steps", "questions", "withdrawn", "set_aside"):
        assert any(a[part] for a in answers), part
