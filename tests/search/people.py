"""The same rules with other people: organisations, groups, roles that mean another one, matters, consents before it is told.

The generators of rules ask about steps and tasks; what a reader is shown needs more of `about`, `sees` and `organisation`.
"""

from __future__ import annotations

import json
import random
from typing import Any

from search.triples import Rules, Triple, text

__all__ = ["dressed"]

MATTERS = ("absence", "welfare", "health", "support", "child_protection")
ROLES = {"teacher": "profession", "nurse": "profession", "curator": "profession", "guardian": "party", "pupil": "party"}
SAID = {"name": {"en": "x"}, "source": "town"}


def some(r: random.Random) -> list[str]:
    return [a for a in MATTERS if r.random() < 0.5]


def people(r: random.Random, file: dict[str, Any]) -> None:
    """Who there is, and what each sees."""
    file["organisations"] = [{"id": x, "controller": "yes", **SAID} for x in ("town-schools", "county")]
    known = {x["id"] for x in file.setdefault("roles", [])}
    for name, what in ROLES.items():
        if name not in known:
            file["roles"].append({"id": name, "what": what, **SAID})
    for role in file["roles"]:
        role["sees"] = some(r)
        if role["what"] == "profession":
            role["organisation"] = "county" if role["id"] in ("nurse", "curator") and r.random() < 0.6 else "town-schools"
            role |= {"pupil_data": "no"} if role["id"] in ("curator", "principal") and r.random() < 0.1 else {}
    if "class-lead" not in known:
        means = {"is": {"by": {"grade": {"1-6": "teacher", "7-9": r.choice(["teacher", "nurse"])}}}}
        file["roles"].append({"id": "class-lead", "what": "role", "sees": some(r), **means, **SAID})
    file["groups"] = [{"id": "team", "organisation": r.choice(["county", "town-schools"]), "sees": some(r), **SAID}]


def matters(r: random.Random, file: dict[str, Any]) -> None:
    """What each part is about, and which of it waits for the pupil."""
    for kind in file.get("kinds", ()):
        kind |= {"about": r.choice(MATTERS)} if r.random() < 0.5 else {}
    for section in ("reports", "questions"):
        for x in file.get(section, ()):
            x |= {"about": r.choice(MATTERS)} if r.random() < 0.8 else {}
    for step in file.get("steps", ()):
        for a in step.get("actions", ()):
            if "about" not in a or "act" in a:
                continue
            a["about"] = r.choice(MATTERS)
            if r.random() < 0.3:
                a |= {"hand_over": "yes", "to": [r.choice(["nurse", "curator", "team"])]}
            if r.random() < 0.3 and "with" not in a:
                a["with"] = {"required": ["pupil"]}
    for consent in file.get("consents", ()):
        if r.random() < 0.6:
            consent["needed_for"] = {"about": [r.choice(MATTERS[:4])], "to": r.choice([["guardian"], ["guardian", "nurse"]])}
            consent |= {"presumed": "yes"} if r.random() < 0.7 else {}


def dress(rules: Rules) -> Rules:
    """The same for every triple of the rules; all versions of a ruleset have the same people."""
    made = rules.__dict__.get("dressed")
    if made is None:
        files = json.loads(json.dumps(rules.data))
        for file in files:
            r = random.Random(text(rules.data[0].get("steps")))
            people(r, file)
            matters(r, file)
        made = rules.__dict__["dressed"] = Rules(tuple(files))
    return made  # type: ignore[no-any-return]


def dressed(t: Triple) -> Triple:
    """The triple with other people; of a shipped ruleset, which has its own, the triple itself."""
    if t.rules.shipped or t.family == "shipped":
        return t
    return t.asked(rules=dress(t.rules), schools={k: dress(v) for k, v in t.schools.items()})
