"""What a reader may be shown: each part only if the reader sees its own `about`, read anew from the values of the rules.

M11: a task is a reader's when its matter is one that the role sees, or when the role acts, takes part or is told; a reason, a
question, a message and a step by their own matter. A number or a mark is of the matter `absence`. Guardian and pupil are shown
no name of a person, `log` neither.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from search.triples import NotAsked, Triple, text

__all__ = ["CHECKS"]

PARTIES = ("guardian", "pupil")
PARTIES_SEE = {"absence", "support"}


def readers_of(data: dict[str, Any]) -> list[dict[str, Any]]:
    return [*data.get("roles", [])]


def sees(role: dict[str, Any]) -> set[str]:
    return PARTIES_SEE if role["id"] in PARTIES else {*role.get("sees", [])}


def named_as(role: dict[str, Any], data: dict[str, Any], grade: int | None) -> set[str]:
    """The names under which a reader acts: a role that is another one in this grade, and the groups it belongs to."""
    out = {role["id"]}
    for r in data.get("roles", []):
        for band, other in r.get("is", {}).get("by", {}).get("grade", {}).items():
            first, _, last = band.partition("-")
            if other == role["id"] and grade is not None and int(first) <= grade <= int(last or first):
                out.add(r["id"])
    return out | {*role.get("groups", [])}


def matter_of(what: str, fact: str, data: dict[str, Any]) -> str | None:
    """Of a reason or question; None: of whoever sees the step (a step, an action or a grade)."""
    if what in ("counter", "not_marked", "set_aside"):
        return "absence"
    for section, kinds in (("reports", ("report",)), ("questions", ("question", "not_answered"))):
        if what in kinds:
            return str(next((x.get("about") for x in data.get(section, []) if x["id"] == fact), None) or "absence")
    return None


def faults(t: Triple, role: dict[str, Any], said: dict[str, Any]) -> Iterator[str]:
    data, name = t.rules.data[-1], role["id"]
    seen, mine = sees(role), named_as(role, data, t.decision.grade)
    for task in said["tasks"]:
        theirs = mine & {task["role"], *(task.get("roles") or []), *task["to"], *task["takes_part"]}
        if task["about"] not in seen and not theirs:
            yield f"a task that is not theirs: {text(task)[:300]}"
        if task["about"] == "child_protection" and name in PARTIES:
            yield f"child protection: {text(task)[:300]}"
        if task["person"] and name in PARTIES:
            yield f"the name of a person: {text(task)[:300]}"
    for step in said["open_steps"]:
        for reason in step["because"]:
            about = matter_of(reason["what"], reason["fact"], data)
            if about is not None and about not in seen:
                yield f"a reason about {about}: {text(step)[:300]}"
        shown = any(step["name"] in x["openings"] for x in said["tasks"]) or step["because"]
        if not shown:
            yield f"a step in which nothing is shown: {text(step)[:300]}"
    for question in said["questions"]:
        about = matter_of(question["what"], question["fact"], data)
        if about is not None and about not in seen and not mine & {*question["by"]}:
            yield f"a question about {about}: {text(question)[:300]}"
    for message in said["messages"]:
        if message["about"] not in seen and not mine & {*message["to"]}:
            yield f"a message that is not theirs: {text(message)[:300]}"
    if "absence" not in seen and (said["nearest"] or said["too_early"] or said["shown"]):
        yield f"a number: {text([said['nearest'], said['too_early'], said['shown']])[:300]}"


def what_a_reader_sees(t: Triple) -> str | None:
    """No part is shown whose matter the reader does not see."""
    if t.known_on is not None or t.schools:
        raise NotAsked
    for role in readers_of(t.rules.data[-1]):
        said = t.decision.for_reader(role["id"]).to_json()
        for fault in faults(t, role, said):
            what, _, rest = fault.partition(": ")
            return f"{what}, shown to a {'party' if role['id'] in PARTIES else 'role'}: {role['id']} {rest}"
    return None


CHECKS = {what_a_reader_sees.__name__: what_a_reader_sees}
