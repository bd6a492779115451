"""Freezes a ruleset: its fingerprint into rulesets/released.txt, records and their answers into tests/released/.

Run it once for each new version (`python tests/released/freeze.py presets/lessons-per-term`); what stands there is never written
again. Records are invented, drawn from a fixed seed, and go through everything that this ruleset reads.
"""

from __future__ import annotations

import json
import random
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import sky_model as sky
from sky_model.layers import rulesets_folder
from sky_model.rules import Model

HERE = Path(__file__).resolve().parent
FIRST, DAYS = date(2026, 8, 12), (date(2026, 9, 30), date(2026, 12, 18), date(2027, 3, 15))
CALENDAR = "example-week-43/2026-27"
STATUSES = ("done", "not_needed", "refused", "planned", "snoozed")


def records(model: Model, number: int) -> list[dict[str, Any]]:
    """Invented records: marks of all kinds, some late, corrected or set aside; reports, answers, what was done, closings."""
    draw, needed, rules = random.Random(f"{model.name}"), sky.needs(model), model.newest
    return [_record(draw, needed, rules, n) for n in range(number)]


def _record(draw: random.Random, needed: dict[str, Any], rules: Any, n: int) -> dict[str, Any]:
    def day(first: int = 0, last: int = 210) -> date:
        return FIRST + timedelta(days=draw.randint(first, last))

    def event(kind: str, on: date, late: int = 0, /, **more: Any) -> dict[str, Any]:
        recorded = on + timedelta(days=draw.choice((0, 0, 0, draw.randint(1, 12))) if late else 0)
        return {"type": kind, "on": on.isoformat(), "recorded": recorded.isoformat(), **more}

    grade = draw.choice((1, 4, 6, 7, 8, 9, None))
    events = [
        event(
            "enrolment",
            FIRST,
            school="s-1",
            lessons_per_week=30,
            calendar=CALENDAR,
            **({"grade": grade} if grade is not None else {}),
        )
    ]
    kinds = [k.id for k in rules.said.kinds]
    for i in range(draw.choice((0, 3, 12, 25, 40))):
        on = day()
        kind = draw.choice(kinds if draw.random() < 0.97 else ["something-else"])
        length = {"lessons": draw.randint(1, 6)} if draw.random() < 0.97 else {"part": "partial"}
        events.append(event("mark", on, 1, id=f"m{i}", kind=kind, **length))
        if draw.random() < 0.06:
            newer = date.fromisoformat(events[-1]["recorded"]) + timedelta(days=draw.randint(1, 20))
            events.append({**events[-1], "lessons": draw.choice((0, 2)), "recorded": newer.isoformat()})
    for report in needed["reports"]:
        if draw.random() < 0.15:
            events.append(event("report", day(), report=report, by=draw.choice(("guardian", "subject-teacher", "pupil"))))
    for question in needed["questions"]:
        answers = rules.questions[question].answers
        if draw.random() < 0.3 and isinstance(answers, list):
            events.append(event("answer", day(), question=question, answer=[draw.choice(answers)], by="class-lead"))
    for action in needed["actions"]:
        if draw.random() < 0.2:
            on, status = day(), draw.choice(STATUSES)
            until = {"until": (on + timedelta(days=9)).isoformat()} if status in ("planned", "snoozed") else {}
            events.append(event("action", on, action=action, status=status, by="class-lead", **until))
    for consent in needed["consents"]:
        if draw.random() < 0.3:
            events.append(event("consent", day(), consent=consent, value=draw.choice(("given", "refused")), by="pupil"))
    for step in rules.steps:
        if draw.random() < 0.15 and step.said.closing is not None:
            reason = step.said.closing.reasons[0].id
            events.append(event("step_closed", day(), step=step.id, reason=reason, by="class-lead"))
    return {"format": 1, "pupil": f"p-{n}", "feed": {"register": "marks_only", "recorded": "given"}, "events": events}


TASK = ("name", "role", "duty", "state", "due", "overdue", "blocked_by")
STEP = ("name", "tier", "opened_on", "about", "due_from", "in_doubt")
QUESTION = ("what", "fact", "steps", "since", "days")


def answer(model: Model, record: dict[str, Any], on: date) -> dict[str, Any]:
    """What must never change: who does what by when, on what ground, what is not known. New fields of a decision may come."""
    try:
        said = sky.decide(model, sky.Case.from_json(record), on=on).to_json()
    except sky.RecordError as e:
        return {"error": e.rule}
    return {
        "next": said["next"]["name"] if said["next"] else None,
        "tasks": [{k: t[k] for k in TASK} for t in said["tasks"]],
        "open_steps": [{k: s[k] for k in STEP} | {"marks": [r["marks"] for r in s["because"]]} for s in said["open_steps"]],
        "questions": [{k: q[k] for k in QUESTION} for q in said["questions"]],
        **{k: said[k] for k in ("withdrawn", "corrections", "told", "set_aside")},
    }


def folder(name: str) -> Path:
    return HERE / name.replace("/", "+")


def freeze(name: str) -> None:
    model = sky.load(name, allow=("draft", "variant"))
    lines = rulesets_folder() / "released.txt"
    known = [x.split() for x in lines.read_text(encoding="utf-8").splitlines() if x and not x.startswith("#")]
    if any(x[0] == name for x in known):
        sys.exit(f"{name} stands in released.txt already: give a change a new version")
    target = folder(name)
    target.mkdir()
    found = records(model, 40)
    _write(target / "records.jsonl", found)
    _write(target / "answers.jsonl", [{"on": d.isoformat(), "answer": answer(model, r, d)} for r in found for d in DAYS])
    with lines.open("a", encoding="utf-8") as file:
        file.write(f"{name} {model.name} {model.fingerprint}\n")


def _write(path: Path, values: list[dict[str, Any]]) -> None:
    lines = (json.dumps(v, ensure_ascii=False, separators=(",", ":")) + "\n" for v in values)
    path.write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    for one in sys.argv[1:]:
        freeze(one)
