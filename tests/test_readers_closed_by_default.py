"""Readers, closed by default, over the golden cases of every shipped ruleset: no part is shown whose matter is not seen.

The rule is stated here anew: `about`, `sees`, `who` and `opens` come from the files of the ruleset, and what is looked at is the
published form, part by part. It shares nothing with the code that cuts. `SKY_ALL_CASES=1` looks at every day of every case.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

import sky_model as sky
from sky_model.checks.cases import read_cases, record_of
from sky_model.events import ActionTaken, Answer, Mark, Retracted
from sky_model.host.cards import cards
from sky_model.layers import rulesets_folder
from sky_model.records import Case

ROOT = rulesets_folder()
NAMES = sorted(str(p.parent.relative_to(ROOT)) for p in ROOT.rglob("ruleset.yaml"))
ALL = bool(os.environ.get("SKY_ALL_CASES"))
PARTIES = ("guardian", "pupil")
PERSON = "person-1b7"  # stands in every name that a case is given
WHOLE_ONLY = ("told", "unmapped")


# ---------------------------------------------------------------------- what the files say
def plain(value: Any) -> Any:
    """A gap says what it was read as."""
    return value.get("read_as") if isinstance(value, dict) and "gap" in value else value


def facts_of(condition: Any) -> Iterator[str]:
    """Every id that a condition asks about."""
    if isinstance(condition, list):
        for part in condition:
            yield from facts_of(part)
    elif isinstance(condition, dict):
        for key, value in condition.items():
            if key in ("any", "all", "none"):
                yield from facts_of(value)
            elif key != "gap":
                yield key


def nones_of(condition: Any) -> Iterator[list[str]]:
    if isinstance(condition, list):
        for part in condition:
            yield from nones_of(part)
    elif isinstance(condition, dict):
        for key, value in condition.items():
            if key == "none":
                yield list(facts_of(value))
            if key in ("any", "all", "none"):
                yield from nones_of(value)


class Files:
    """The `about` of each part, as the files of the ruleset say it."""

    def __init__(self, rules: Any) -> None:
        data = rules.whole.data
        self.said = {s: {x["id"]: x for x in data.get(s, ()) if "id" in x} for s in SECTIONS}
        self.actions = {a["id"]: a for s in data.get("steps", ()) for a in s.get("actions", ()) if "id" in a}
        self.organisations = [o["id"] for o in data.get("organisations", ())]

    def kind(self, kind: str | None) -> str:
        return plain(self.said["kinds"].get(kind, {}).get("about")) or "absence"

    def of(self, fact: str, below: tuple[str, ...] = ()) -> set[Any]:
        """Every matter of a fact; None: nobody says it, so that nobody sees it."""
        if fact == "grade":
            return {"absence"}
        if fact in self.said["counters"]:
            c = self.said["counters"][fact]
            if "of" in c or "of_kind" in c:
                of = c.get("of") or c["of_kind"]
                return {plain(self.actions[of]["about"])} if of in self.actions else {self.kind(of)}
            only = plain(c.get("kinds"))
            only = plain(only.get("only")) if isinstance(only, dict) else None
            return {self.kind(k) for k in only} if only else {"absence"}
        for section in ("reports", "questions"):
            if fact in self.said[section]:
                return {plain(self.said[section][fact].get("about"))}
        if fact in self.said["steps"]:
            return set() if fact in below else self.of_step(fact, (*below, fact))
        return {plain(self.actions[fact].get("about"))} if fact in self.actions else {None}

    def of_step(self, step: str, below: tuple[str, ...] = ()) -> set[Any]:
        found = self.said["steps"].get(step)
        return {a for f in facts_of(found["opens"]) for a in self.of(f, (*below, step))} if found else {None}

    def of_nones(self, step: str, fact: str) -> set[Any]:
        """Those of every `none` in which a fact stands."""
        found = [f for n in nones_of(self.said["steps"].get(step, {}).get("opens")) if fact in n for f in n]
        return {a for f in found for a in self.of(f)} if found else {None}

    def of_action(self, action: str, kind_of_mark: dict[str, Any]) -> set[Any]:
        what, _, name = action.partition(":")
        if what == "check" and name:
            return {"absence", self.kind(kind_of_mark.get(name))}
        if what == "close" and name:
            acts = self.said["steps"][name].get("actions", ())
            return self.of_step(name) | {plain(self.actions[a.get("id") or a["act"]]["about"]) for a in acts}
        return {plain(self.actions[action].get("about"))} if action in self.actions else {None}


SECTIONS = ("kinds", "counters", "reports", "questions", "steps", "roles", "groups", "messages", "consents")


def known(whole: sky.Decision, case: Case) -> list[Any]:
    """The events that the decision knows and that nobody has taken back by then."""
    events = [e for e in case.events if (e.recorded or e.on) <= whole.known_to]
    gone = {e.of for e in events if isinstance(e, Retracted)}
    return [e for e in events if e.id not in gone]


# ---------------------------------------------------------------------- who reads
class Who:
    def __init__(self, reader: str, whole: sky.Decision, files: Files) -> None:
        roles, groups = files.said["roles"], files.said["groups"]
        self.reader, self.is_party = reader, reader in PARTIES

        def means(role: str) -> str:
            by = plain(roles.get(role, {}).get("is") or {}).get("by", {}).get("grade", {})
            for band, name in by.items():
                first, _, last = str(band).partition("-")
                if whole.grade is not None and int(first) <= whole.grade <= int(last or first):
                    return str(name)
            return role

        same = {r for r in roles if means(r) == means(reader)} if reader in roles else set()
        self.names = {reader, means(reader), *same}
        self.sees = {a for n in self.names for a in plain((roles.get(n) or groups.get(n) or {}).get("sees", [])) or []}
        where = {plain((roles.get(n) or groups.get(n) or {}).get("organisation")) for n in self.names} - {None}
        lead = [plain(roles[r].get("organisation")) for r in ("class-lead", "principal") if r in roles]
        house = next((o for o in [*lead, *files.organisations] if o), None)
        self.is_other = bool(where - {house})
        self.has_no_pupils = any((roles.get(n) or {}).get("pupil_data") == "no" for n in self.names)

    def is_owner(self, task: Any) -> bool:
        return bool(self.names & {*task.roles})

    def knows_the_pupil(self, whole: sky.Decision, case: Case, files: Files) -> bool:
        people = {p for r, p in case.named.items() if r in self.names}
        for e in known(whole, case):
            if isinstance(e, ActionTaken | Answer) and e.by in self.names | people:
                return True
            if isinstance(e, ActionTaken) and e.status == "done":
                act = files.actions.get(e.action, {})
                part = act.get("with") or {}
                reached = {x for names in (act.get("to"), *map(part.get, ("required", "optional"))) for x in plain(names) or ()}
                if act.get("hand_over") == "yes" and reached & self.names:
                    return True
        return any(self.is_owner(t) for t in whole.tasks)


# ---------------------------------------------------------------------- the rule, part by part
def faults(cut: dict[str, Any], whole: sky.Decision, case: Case, files: Files, reader: str) -> Iterator[str]:
    """What of a cut decision its reader must not be shown."""
    who = Who(reader, whole, files)
    kinds = {str(e.id): e.kind or whole.rules.kind_of(e.code, e.on, None) for e in known(whole, case) if isinstance(e, Mark)}
    owned = {t.name for t in whole.tasks if who.is_owner(t)}

    def may(abouts: set[Any]) -> bool:
        return abouts <= who.sees

    def marks(names: list[str], where: str) -> Iterator[str]:
        yield from (f"{where}: mark {m}" for m in names if m not in kinds or not may({"absence", files.kind(kinds[m])}))

    if (who.is_other and not who.knows_the_pupil(whole, case, files)) or who.has_no_pupils:
        yield from (f"another controller: {k}" for k in PARTS if cut[k])
        return
    for t in cut["tasks"]:
        if t["name"] not in owned and not may(files.of_action(t["action"], kinds)):
            yield f"task {t['name']}"
        if who.is_party and "child_protection" in files.of_action(t["action"], kinds):
            yield f"child protection: {t['name']}"
        yield from (f"person of {t['name']}" for _ in "x" if who.is_party and t["person"])
        yield from (f"needless by {f}" for f in t["not_needed_if"] if not may(files.of(f)))
    in_tasks = {o for t in cut["tasks"] for o in t["openings"]}
    for s in cut["open_steps"]:
        shown = {r["fact"] for r in s["because"] if r["operator"] != "none_of"}
        for r in s["because"]:
            whole_none = files.of_nones(s["step"], r["fact"]) if r["operator"] == "none_of" else set()
            if not may(files.of(r["fact"]) | whole_none):
                yield f"reason {s['name']}: {r['fact']}"
            yield from marks(r["marks"], f"reason {s['name']}")
        for n in s["today"]:
            if not may(files.of(n["counter"])) or (who.is_party and (n["next_limit"] or n["missing"])):
                yield f"today's number of {s['name']}: {n['counter']}"
            yield from marks(n["marks"], "today")
        yield from marks(s["contested"], "contested")
        is_empty = not (s["because"] or s["today"] or any(s["step"] in q["steps"] for q in cut["questions"]))
        if s["name"] not in in_tasks and (is_empty or not is_ground(s, shown, files, may)):
            yield f"step {s['name']}"
    steps = {s["step"] for s in cut["open_steps"]}
    tasks = {t["name"] for t in cut["tasks"]}
    for q in cut["questions"]:
        asked = files.of(q["fact"]) if q["what"] in ("not_answered", "known_late") else {"absence"}
        if not who.names & {*q["by"]} and not may(asked):
            yield f"question {q['what']}:{q['fact']}"
        yield from (f"step {s} in a question" for s in q["steps"] if s not in steps and not may(files.of_step(s)))
        yield from (f"task {n} in a question" for n in q["tasks"] if n not in tasks)
    for m in cut["messages"]:
        if not may({m["about"]}):
            yield f"message {m['message']}"
        yield from (f"total of {k}" for k in m["totals"] if k != "total" and not may({files.kind(k)}))
        yield from marks(m["marks"], "message")
        if who.is_party and m["totals"] and not cut["open_steps"] and reader not in m["to"]:
            yield f"number in {m['message']}"
    for w in cut["withdrawn"]:
        if w not in in_tasks:
            yield f"withdrawn {w}"
    acts = {t["action"] for t in cut["tasks"]}
    yield from (f"correction {a}" for a in cut["corrections"] if a not in acts and not may(files.of_action(a, kinds)))
    near = cut["nearest"]
    if near and (who.is_party or not may(files.of(near["counter"])) or not may(files.of_step(near["step"]))):
        yield f"nearest {near['step']}"
    yield from (f"too early {x['counter']}" for x in cut["too_early"] if not may(files.of(x["counter"])))
    yield from (f"shown {x['counter']}" for x in cut["shown"] if who.is_party or not may(files.of(x["counter"])))
    yield from marks([x["mark"] for x in cut["set_aside"]], "set aside")
    yield from marks([m for x in cut["doubtful"] for m in x["marks"]], "doubtful")
    yield from (f"{k} is for the whole alone" for k in WHOLE_ONLY if cut[k])
    yield from ("notes are for the whole alone" for _ in "x" if cut["basis"]["notes"])


PARTS = (
    "next", "undecided", "tasks", "messages", "open_steps", "questions", "withdrawn", "corrections", "nearest", "too_early",
    "shown", "told", "set_aside", "unmapped", "doubtful", "left_on", "data_until", "stale",
)  # fmt: skip


def is_ground(s: dict[str, Any], shown: set[str], files: Files, may: Any) -> bool:
    """Is a step named although there is more in its ground than is shown?"""
    if may(files.of_step(s["step"])):
        return True
    if "+" in s["name"].partition("@")[0]:
        return bool(shown)

    def enough(c: Any, is_certain: bool) -> bool:
        parts = [(k, v) for k, v in c.items()]
        return all(
            any(enough(x, False) for x in v)
            if k == "any"
            else all(enough(x, is_certain) for x in v)
            if k == "all"
            else all(may(files.of(f)) for f in facts_of(v))
            if k == "none"
            else (is_certain or k in shown) and may(files.of(k))
            for k, v in parts
        )

    return bool(shown) and s["step"] in files.said["steps"] and enough(files.said["steps"][s["step"]]["opens"], True)


# ---------------------------------------------------------------------- the golden cases, with persons in them
def with_persons(case: Case, rules: Any) -> Case:
    named = {r: f"{PERSON} of {r}" for r in rules.roles}
    events = [replace(e, teacher=f"{PERSON} taught") if isinstance(e, Mark) else e for e in case.events]
    return case.changed(named=named, events=events)


@cache
def decisions(name: str) -> list[tuple[sky.Decision, Case]]:
    """One day of every fifth case, others in each ruleset; or all days of all cases."""
    model, folder, out = sky.load(name, allow=("draft", "variant")), ROOT / name / "cases", []
    for n, (golden, source, i) in enumerate(read_cases(folder)):
        if not ALL and (n + len(name)) % 5:
            continue
        case, calendars = record_of(model, golden, source, i, folder)
        case = with_persons(case, model.newest)
        for wanted in golden.expect if ALL else golden.expect[-1:]:
            out.append((sky.decide(model, case, on=wanted.on, known_on=wanted.known_on, calendars=calendars), case))
    return out


def readers(whole: sky.Decision) -> tuple[str, ...]:
    return (*whole.rules.roles, *whole.rules.groups)


@pytest.mark.parametrize("name", NAMES)
def test_no_reader_is_shown_a_part_whose_matter_it_does_not_see(name: str) -> None:
    for whole, case in decisions(name):
        files = Files(whole.rules)
        for reader in readers(whole):
            found = list(faults(whole.for_reader(reader).to_json(), whole, case, files, reader))
            assert not found, (name, whole.on, reader, found)


@pytest.mark.parametrize("name", NAMES)
def test_guardian_pupil_and_log_are_shown_no_name_of_a_person_and_others_only_that_of_a_task(name: str) -> None:
    for whole, _ in decisions(name):
        for reader in ("guardian", "pupil", "log"):
            cut = whole.for_reader(reader)
            said = json.dumps([cut.to_json(), cards(cut), sky.explain(cut)], ensure_ascii=False)
            assert PERSON not in said, (name, reader)
        for reader in readers(whole):
            cut_json = whole.for_reader(reader).to_json()
            cut_json |= {"tasks": [t | {"person": None} for t in cut_json["tasks"]], "next": None}
            assert PERSON not in json.dumps(cut_json), (name, reader)


@pytest.mark.parametrize("name", NAMES)
def test_no_text_and_no_card_names_what_the_cut_decision_does_not_hold(name: str) -> None:
    for whole, _ in decisions(name):
        said = whole.rules.said
        names = {x.id: x.name.in_language("en") for s in ("steps", "reports", "messages") for x in getattr(said, s) if x.name}
        names |= {a.id: a.name.in_language("en") for a in whole.rules.acts.values()}
        names = {n: text for n, text in names.items() if " " in text}  # one word may stand in any sentence
        for reader in readers(whole):
            cut = whole.for_reader(reader)
            held = set(strings(cut.to_json() | {"basis": {}}))
            held |= {h.partition("@")[0].partition("+")[0] for h in held}
            shown = " ".join(names[n] for n in names if n in held).lower()
            text = sky.explain(cut, language="en") + json.dumps(cards(cut, language="en"), ensure_ascii=False)
            for n in names:
                if n not in held and names[n].lower() in text.lower() and names[n].lower() not in shown:
                    roles = " ".join(x.name.in_language("en") for x in (*said.roles, *said.groups, *said.counters) if x.name)
                    assert names[n].lower() in roles.lower(), (name, reader, n)


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for v in value.values():
            yield from strings(v)
    elif isinstance(value, list):
        for v in value:
            yield from strings(v)
    elif isinstance(value, str):
        yield value


@pytest.mark.parametrize("name", NAMES)
def test_a_role_and_what_it_means_for_the_grade_are_shown_the_same(name: str) -> None:
    for whole, _ in decisions(name):
        for role in whole.rules.roles:
            acting = whole.rules.role_for(role, whole.grade)
            if acting != role:
                a, b = (whole.for_reader(r).to_json() | {"reader": None} for r in (role, acting))
                assert a == b, (name, role, acting)
