"""What an application and an author call: load a ruleset, check it, ask what must be handed in for it.

Rules: several names are the versions in force one after another; a draft or a variant answers only when asked for; nothing is
read beyond what `needs` names.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from sky_model.compiler import compile_layers
from sky_model.errors import Place, Problem, RulesetError
from sky_model.layers import layer_of, read_layers
from sky_model.rules import ByGrade, Condition, Count, Model, Ruleset, StepOf, tests_in
from sky_model.schooldays import PARTS, Window

__all__ = ["check", "load", "load_data", "needs"]

ASKED_FREELY = ("draft", "variant")  # these answer only when asked for by status


# ---------------------------------------------------------------------- loading
def load(name: str | Path, *more: str | Path, allow: Collection[str] = ()) -> Model:
    """The Model of a ruleset with all its layers; several names are the versions in force one after another.

    allow  statuses that answer only when asked for by name: "draft", "variant"
    Raises RulesetError with every fault of every file.
    """
    rulesets, problems = [], []
    for one in (name, *more):
        ruleset, faults = _compile(one)
        problems += faults
        if ruleset is None:
            continue
        if ruleset.said.status in ASKED_FREELY and ruleset.said.status not in allow:
            message = f"the ruleset {ruleset.name} is a {ruleset.said.status}; it answers only when asked to"
            hint = f'load(…, allow={{"{ruleset.said.status}"}}), on the command line --allow {ruleset.said.status}'
            problems.append(Problem("not-in-force", message, Place(str(one)), hint))
        rulesets.append(ruleset)
    rulesets.sort(key=lambda r: r.valid_from)
    for a, b in itertools.pairwise(rulesets):
        if a.valid_from == b.valid_from:
            problems.append(Problem("same-day", f"{a.name} and {b.name} are in force from the same day", Place(b.name)))
    if problems:
        raise RulesetError(problems)
    return Model(tuple(rulesets))


def load_data(*data: Mapping[str, Any], shown: str = "<data>") -> Model:
    """A Model from the values of one layer without a base, or of several versions: for tests and generated rulesets."""
    rulesets, problems = [], []
    for one in data:
        layer, faults = layer_of(one, shown)
        ruleset, more = compile_layers([layer]) if layer.file else (None, faults)
        problems += more
        rulesets += [ruleset] if ruleset else []
    if problems:
        raise RulesetError(problems)
    return Model(tuple(sorted(rulesets, key=lambda r: r.valid_from)))


def check(name: str | Path) -> list[Problem]:
    """Every fault of a ruleset and its layers, in file order; an empty list when it loads."""
    try:
        return list(RulesetError(_compile(name)[1]).problems)
    except RulesetError as e:
        return list(e.problems)


def _compile(name: str | Path) -> tuple[Ruleset | None, list[Problem]]:
    layers, problems = read_layers(name)
    if problems or any(x.file is None for x in layers):
        return None, problems
    return compile_layers(layers)


# ---------------------------------------------------------------------- what must be handed in
def needs(model: Model) -> dict[str, Any]:
    """What this model reads: events and fields, kinds, reports, questions, and how far back. Anything else changes no answer.

    kinds  every kind; `counted`: its marks are sent, `correction`: only as a newer version of a mark that was sent
    """
    kinds: set[str] = set()
    every_kind: set[str] = set()
    reports: set[str] = set()
    questions: set[str] = set()
    consents: set[str] = set()
    actions: set[str] = set()
    fields = {
        "mark": {"id", "on", "kind", "recorded", "seq"},
        "enrolment": {"id", "on", "school", "calendar", "recorded", "seq"},
    }
    windows: list[str] = []
    steps: set[str] = set()
    for v in model.versions:
        every_kind |= set(v.kinds)
        for s in v.steps:
            steps.add(s.id)
            if s.grades:
                fields["enrolment"].add("grade")
            for part in _conditions(s):
                for t in tests_in(part):
                    if t.what == "counter":
                        count = v.counters[t.fact]
                        kinds |= count.kinds
                        fields["mark"] |= {"lessons", "minutes", "lesson"} | _fields_of(count)
                        if count.of is not None:
                            actions.add(count.of)
                        if count.of_kind is not None:
                            kinds.add(count.of_kind)
                        for _, condition in count.only_if:
                            reports |= {x.fact for x in tests_in(condition) if x.what == "report"}
                            questions |= {x.fact for x in tests_in(condition) if x.what == "question"}
                        fields["enrolment"].add("lessons_per_week")  # of shares, lessons not marked, marks without length
                        windows.append(_window_text(count.window))
                        if any(isinstance(limit, ByGrade) for _, limit in t.asks):
                            fields["enrolment"].add("grade")
                    elif t.what == "report":
                        reports.add(t.fact)
                    elif t.what == "question":
                        questions.add(t.fact)
                    elif t.what == "grade":
                        fields["enrolment"].add("grade")
            for a in s.actions:
                actions.add(a.id)
                questions |= set(a.asks)
                consents |= set(a.consents)
                if a.due and a.due.from_report:
                    reports.add(a.due.from_report)
                if a.due and a.due.on_answer:
                    questions.add(a.due.on_answer)
                for name in a.who if isinstance(a.who, tuple) else (a.who,):
                    role = v.roles.get(name)
                    if role is not None and role.is_ is not None:
                        fields["enrolment"].add("grade")
        for turn in v.turns:
            kinds |= {turn.kind}
            fields["mark"] |= {t.field for t in turn.tests}
        for notice in v.notices:
            actions |= {notice.id, *([notice.act] if notice.act else [])}
            for t in tests_in(notice.when):
                if t.what == "counter":
                    kinds |= v.counters[t.fact].kinds
                    fields["mark"] |= {"lessons", "minutes", "lesson"} | _fields_of(v.counters[t.fact])
                    windows.append(_window_text(v.counters[t.fact].window))
                elif t.what == "report":
                    reports.add(t.fact)
                elif t.what == "question":
                    questions.add(t.fact)
    of_year = any(w.split(",")[0] in ("school_year", *PARTS) for w in windows)
    longest = "school_year" if of_year else "enrolment" if windows else "none"
    if any("any_time" in w for w in windows):
        longest = "any_time"
    return {
        "format": 1,
        "ruleset": model.name,
        "fields": {k: sorted(v) for k, v in sorted(fields.items())},
        "register": ["on", "planned", "marked", "through"],
        "kinds": [{"kind": k, "sent": "counted" if k in kinds else "correction"} for k in sorted(kinds | every_kind)],
        "reports": sorted(reports),
        "questions": sorted(questions),
        "consents": sorted(consents),
        "actions": sorted(actions),
        "steps": sorted(steps),
        "windows": sorted(set(windows)),
        "history": longest,
    }


def _fields_of(count: Count) -> set[str]:
    """Fields of a mark that a counter reads beyond its length."""
    fields = {t.field for t in count.marks}
    if count.most_on_one not in (None, "weekday"):
        fields.add(str(count.most_on_one))
    if count.measure == "half_days":
        fields.add("part")
    return fields


def _conditions(step: StepOf) -> Iterator[Condition | None]:
    yield from (step.opens, step.watch, step.expected_by, step.suggest)
    for a in step.actions:
        yield a.when
        yield a.unless


def _window_text(window: Window) -> str:
    return f"{window.within}, last {window.rolling.number} {window.rolling.clock}" if window.rolling else window.within
