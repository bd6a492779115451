"""Every shipped ruleset, golden case and reader: cards are short, and tell no more than the decision cut for the reader.

Rules: what a card may tell is what stands in the cut decision or in its explanation; the names of everything else in the whole
decision, and the ids of its marks, are looked for in every text of the cards.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest

import sky_model as sky
from sky_model.checks.cases import read_cases, record_of
from sky_model.decision import Decision
from sky_model.explanation import Speaker, explain
from sky_model.host.cards import INDICATORS, LABELS, cards
from sky_model.layers import rulesets_folder
from sky_model.tasks import OVER
from sky_model.vocabulary import LANGUAGES

ROOT = Path(rulesets_folder())
NAMES = sorted(p.parent.relative_to(ROOT).as_posix() for p in ROOT.rglob("cases") if p.is_dir())


@cache
def decisions(name: str) -> list[Decision]:
    """The last expectation of each golden case: as much has happened as the case tells."""
    model, folder, out = sky.load(ROOT / name, allow=("draft", "variant")), ROOT / name / "cases", []
    for golden, source, i in read_cases(folder):
        case, calendars = record_of(model, golden, source, i, folder)
        last = golden.expect[-1]
        out.append(sky.decide(model, case, on=last.on, known_on=last.known_on, calendars=calendars))
    return out


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
def test_a_card_is_short_in_every_language_and_tells_its_reader_nothing_that_the_cut_decision_does_not(name: str) -> None:
    for whole in decisions(name):
        for reader in (*whole.rules.roles, "log"):
            cut = whole.for_reader(reader)
            held = json.dumps(cut.to_json(), ensure_ascii=False)
            hidden = {t.action for t in whole.tasks} - {t.action for t in cut.tasks}
            marks = {m for m in _marks(whole) if f'"{m}"' not in held}
            for language in LANGUAGES:
                made, speaker = cards(cut, language=language), Speaker(whole, language)
                allowed = explain(cut, language=language) + held
                text = "\n".join(f"{c['summary']}\n{c['detail']}\n{json.dumps(c['extension'])}" for c in made)
                for c in made:
                    assert 0 < len(c["summary"]) <= 140
                    assert c["indicator"] in INDICATORS
                    assert c["source"]["label"]
                told = {speaker.action(a) for a in hidden} | hidden
                assert not [x for x in told if x in text and x not in allowed], (name, reader, language)
                assert not [m for m in marks if m in text], (name, reader, language)
                about = [c["extension"]["sky_model"] for c in made]
                waits = {n for q in cut.questions for n in q.tasks}  # they stand on the card of their question (M7)
                still = [t.name for t in cut.tasks if t.state not in OVER and t.name not in waits]
                assert [x["task"] for x in about if "task" in x] == still
                assert [x["question"] for x in about if "question" in x] == [q.fact for q in cut.questions]


def _marks(decision: Decision) -> set[str]:
    return {str(m) for x in json.loads(json.dumps(decision.to_json()))["open_steps"] for m in _ids(x)}


def _ids(value: object) -> list[str]:
    """The ids of marks anywhere in a part of a decision."""
    if isinstance(value, dict):
        return [y for k, v in value.items() for y in (list(map(str, v)) if k == "marks" and isinstance(v, list) else _ids(v))]
    return [y for v in value for y in _ids(v)] if isinstance(value, list) else []


def test_the_cases_show_readers_who_see_less() -> None:
    found = [d for n in NAMES for d in decisions(n)]
    assert len(found) > 100
    assert sum(any(len(d.for_reader(r).tasks) < len(d.tasks) for r in d.rules.roles) for d in found) > 30
    assert any(_marks(d) for d in found)


@pytest.mark.parametrize("name", NAMES)
def test_critical_is_only_what_the_law_asks_and_is_overdue(name: str) -> None:
    for made in decisions(name):
        tasks = {t.name: t for t in made.tasks}
        for card in cards(made):
            task = tasks.get(card["extension"]["sky_model"].get("task", ""))
            is_critical = task is not None and task.is_statutory and task.overdue
            assert (card["indicator"] == "critical") == is_critical
            if task is not None:
                offered = {x["code"] for x in card["overrideReasons"]}
                assert offered <= set(LABELS)
                if task.duty == "close":  # to close is a closing with its reason; here one can only go on until a day (M2)
                    assert offered == {"snoozed"}
                else:
                    assert ("not_needed" in offered) != (task.is_statutory and task.duty == "must")
