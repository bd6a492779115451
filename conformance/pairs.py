"""Cases by hand for the constructs of the language, each with both its sides: what it does, and what it does not do.

Rules: one construct a pair, with the smallest ruleset and the fewest events that show it; what must come out is written here by
hand and compared before the engine's answer is put into the suite; limits and days are invented; no case is here that only
repeats another one.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from pairs_counting import marks, measures, schedules, windows
from small_rules import (
    ASKED,
    CALENDAR,
    MORE,
    OPEN,
    SHUT,
    Pair,
    Side,
    absent,
    action_of,
    answered,
    case_of,
    closed,
    counter,
    day,
    misses,
    opens,
    reached,
    rules,
    said,
    step_of,
    taken,
)

import sky_model as sky

__all__ = ["CALENDAR", "misses", "pairs"]


# ---------------------------------------------------------------------- conditions, limits, gaps
def conditions() -> Iterator[Pair]:
    x, mark = reached(1), absent("08-12")

    def both(other: dict[str, Any], **sections: Any) -> dict[str, Any]:
        return rules(
            [counter()], [step_of("step-a", {"all": [x, other]}), step_of("step-b", {"wish": {"is": "raised"}})], **sections
        )

    def at_grade(n: int | None) -> Any:
        return {"grade": n}

    for op, limit, yes, no in (
        ("at_least", "7", 7, 6),
        ("more_than", "7", 8, 7),
        ("at_most", "7", 7, 8),
        ("less_than", "7", 6, 7),
        ("one_of", ["7", "9"], 9, 8),
    ):
        yield (
            f"grade {op}",
            both({"grade": {op: limit}}),
            [
                ("08-12", [mark, at_grade(yes)], OPEN),
                ("08-12", [mark, at_grade(no)], SHUT),
                ("08-12", [mark, at_grade(None)], ASKED),
            ],
        )
    banded = {"by": {"grade": {"1-6": "3", "7-9": "5"}}}
    yield (
        "limit by grade, at the edge of a band",
        opens({}, banded),
        [
            ("08-12", [absent("08-12", 4), at_grade(6)], OPEN),
            ("08-12", [absent("08-12", 4), at_grade(7)], SHUT),
        ],
    )
    for asked, yes, no, else_ in (
        ({"is": "school"}, "school", "family", ASKED),
        ({"one_of": ["school"]}, "school", "family", ASKED),
        ({"is": "known"}, "family", None, SHUT),
    ):
        unsaid = [("08-12", [mark], else_)] if no else []
        yield (
            f"question {asked}",
            both({"cause": asked}),
            [
                ("08-12", [mark, answered("cause", yes, "08-12")], OPEN),
                ("08-12", [mark, *([answered("cause", no, "08-12")] if no else [])], SHUT),
                *unsaid,
            ],
        )
    yield (
        "question is unknown",
        both({"cause": {"is": "unknown"}}),
        [
            ("08-12", [mark], OPEN),
            ("08-12", [answered("cause", "school", "08-12"), mark], SHUT),
        ],
    )
    yield (
        "question includes",
        both({"topics": {"includes": "sleep"}}),
        [
            ("08-12", [mark, answered("topics", ("sleep", "friends"), "08-12")], OPEN),
            ("08-12", [mark, answered("topics", ("friends",), "08-12")], SHUT),
        ],
    )
    yield (
        "question is reached",
        both({"follow-up": {"is": "reached"}}),
        [
            ("08-14", [mark, answered("follow-up", "2026-08-14", "08-12")], OPEN),
            ("08-13", [mark, answered("follow-up", "2026-08-14", "08-12")], SHUT),
            ("08-13", [mark], ASKED),
        ],
    )
    short = {"id": "well", "answers": ["yes", "no"], "by": ["nurse"], "good_for": {"school_days": "3"}, **MORE}
    yield (
        "good_for",
        both({"well": {"is": "no"}}, questions=[short]),
        [
            ("08-13", [answered("well", "no", "08-10"), absent("08-13")], OPEN),
            ("08-14", [answered("well", "no", "08-10"), absent("08-14")], {**ASKED, "by": ["nurse"]}),
        ],
    )
    for status in ("done", "not_needed", "refused"):
        other = "refused" if status == "done" else "done"
        yield (
            f"action is {status}",
            both({"act-b": {"is": status}}),
            [
                ("08-12", [taken("act-b", status, "08-12"), mark], OPEN),
                ("08-12", [taken("act-b", other, "08-12"), mark], SHUT),
            ],
        )
    yield (
        "done_within",
        both({"act-b": {"done_within": {"school_days": "3"}}}),
        [
            ("08-13", [taken("act-b", "done", "08-10"), absent("08-13")], OPEN),
            ("08-14", [taken("act-b", "done", "08-10"), absent("08-14")], SHUT),
        ],
    )
    yield (
        "none: done_within",
        both({"none": [{"act-b": {"done_within": {"school_days": "3"}}}]}),
        [
            ("08-14", [taken("act-b", "done", "08-10"), absent("08-14")], OPEN),
            ("08-13", [taken("act-b", "done", "08-10"), absent("08-13")], SHUT),
        ],
    )
    for op, yes, no in (("at_least", 4, 3), ("more_than", 5, 4), ("at_most", 4, 5), ("less_than", 3, 4)):
        made = rules([counter()], [step_of("step-a", {"all": [reached(4, op=op), {"concern": {"is": "raised"}}]})])
        raised = said("concern", "08-12")
        yield (
            f"counter {op}",
            made,
            [("08-12", [absent("08-12", yes), raised], OPEN), ("08-12", [absent("08-12", no), raised], SHUT)],
        )
    gap: dict[str, Any] = {"gap": "how many"}
    or_raised = step_of("step-a", {"any": [reached(gap), {"concern": {"is": "raised"}}]})
    yield (
        "limit that is a gap",
        rules([counter()], [or_raised]),
        [
            ("08-12", [mark, said("concern", "08-12")], OPEN),
            ("08-12", [mark], SHUT),
        ],
    )
    some = {"any": [x, {"concern": {"is": "raised"}}]}
    yield (
        "window that is a gap",
        rules([counter(window={"in": {"gap": "in which window"}})], [step_of("step-a", some)]),
        [
            ("08-12", [mark, said("concern", "08-12")], OPEN),
            ("08-12", [mark], SHUT),
        ],
    )
    read = {"in": {"gap": "in which window", "read_as": "month"}}
    yield (
        "gap with read_as",
        rules([counter(window=read)], [step_of("step-a", reached(8))]),
        [
            ("09-03", [absent("09-01"), absent("09-03")], OPEN),
            ("09-01", [absent("08-28"), absent("09-01")], SHUT),
        ],
    )
    number = [{"id": x, "unit": "lessons", "value": n, "source": "town"} for x, n in (("so-many", "4"), ("more", "9"))]
    yield (
        "limit of a parameter",
        opens({}, {"parameter": "so-many"}, parameters=number),
        [
            ("08-12", [absent("08-12", 4)], OPEN),
            ("08-12", [absent("08-12", 3)], SHUT),
        ],
    )
    unset = [{**number[0], "value": "unset"}]
    made = rules(
        [counter()],
        [step_of("step-a", {"any": [reached({"parameter": "so-many"}), {"concern": {"is": "raised"}}]})],
        parameters=unset,
    )
    yield (
        "parameter that is unset",
        made,
        [
            ("08-12", [mark, said("concern", "08-12")], OPEN),
            ("08-12", [mark], SHUT),
        ],
    )


# ---------------------------------------------------------------------- steps: what ends them, when they open again, ladders
def steps() -> Iterator[Pair]:
    for part, still, over in (
        ("period", "08-23", "08-24"),
        ("quarter", "08-26", "08-27"),
        ("month", "08-31", "09-01"),
        ("term", "08-30", "08-31"),
        ("school_year", "09-13", "09-21"),
    ):
        made = rules([counter(window={"in": part})], [step_of("step-a", reached(1), lasts={"until_end_of": part})])
        yield f"until_end_of: {part}", made, [(still, [absent("08-20")], OPEN), (over, [absent("08-20")], SHUT)]
    for clock, n, still, over in (
        ("school_days", 3, "08-28", "08-31"),
        ("weekdays", 3, "08-25", "08-26"),
        ("calendar_days", 3, "08-23", "08-24"),
        ("school_weeks", 1, "08-27", "08-28"),
        ("calendar_months", 1, "09-20", "09-21"),
        ("terms", 1, "09-20", "09-21"),
    ):
        made = rules([counter()], [step_of("step-a", reached(1), lasts={clock: str(n)}, again="once")])
        yield f"lasts: {clock}", made, [(still, [absent("08-20")], OPEN), (over, [absent("08-20")], SHUT)]
    first = [absent("08-12", 2), closed("step-a", "08-12")]
    for word, yes, no in (
        ("mark", absent("08-12", 1, recorded="08-13"), said("concern", "08-13")),
        ("day", absent("08-13", 1), absent("08-12", 1, recorded="08-13")),
        ("episode", absent("08-17", 1), absent("08-13", 1)),
    ):
        line = {"measure": "episodes"} if word == "episode" else {"measure": "marks"}
        made = rules([counter(**line)], [step_of("step-a", reached(1), again={"each": word})])
        yield f"again: each {word}", made, [("08-17", [*first, yes], OPEN), ("08-17", [*first, no], SHUT)]
    levels = {"every": {"counter-x": "5", "from": "3"}}
    of_two = [counter(), counter("counter-y", kinds={"only": ["late"]})]
    yield (
        "again: every",
        rules(of_two, [step_of("step-a", reached(3), again=levels)]),
        [
            ("08-13", [absent("08-12"), closed("step-a", "08-12"), absent("08-13", 2)], OPEN),
            ("08-13", [absent("08-12"), closed("step-a", "08-12"), absent("08-13", 1)], SHUT),
        ],
    )
    watched = step_of("step-a", reached(8))
    watched["closing"] = {**watched["closing"], "watch": {"for": {"school_days": "3"}, "opens": reached(2)}}
    before = [absent("08-11", 5), absent("08-12", 5), closed("step-a", "08-12")]
    yield (
        "watch",
        rules([counter()], [watched]),
        [
            ("08-17", [*before, absent("08-17", 2)], OPEN),
            ("08-18", [*before, absent("08-18", 2)], SHUT),
        ],
    )
    gone = {"in": "any_time", "rolling": {"calendar_days": "3"}}
    asking = step_of("step-a", reached(6))
    asking["closing"] = {**asking["closing"], "by": ["nurse"]}
    yield (
        "a late mark that has left the window is asked of who may close",
        rules([counter(window=gone)], [asking]),
        [
            ("08-20", [absent("08-12", recorded="08-20")], {**ASKED, "by": ["nurse"]}),
            ("08-20", [absent("08-20", 5)], SHUT),
        ],
    )
    for word, events in (
        ("open", [said("concern", "08-12")]),
        ("ended", [said("concern", "08-12"), closed("step-b", "08-12")]),
        ("never_opened", []),
        ("worked_through", [said("concern", "08-11"), taken("act-b", "done", "08-12"), closed("step-b", "08-12")]),
    ):
        # b is open on the second day or ended on the first; what is asked is as it was before the check
        then = {"all": [reached(1), {"step-b": {"is": word}}]}
        made = rules([counter()], [step_of("step-a", then), step_of("step-b", {"concern": {"is": "raised"}})])
        b = ["step-b"] if word == "open" else []
        other = [said("concern", "08-12")] if word != "open" else []
        yield (
            f"step is {word}",
            made,
            [
                ("08-13", [*events, absent("08-13")], {"open": ["step-a", *b]}),
                ("08-13", [*other, absent("08-13")], {"open": ["step-b"] if other else []}),
            ],
        )
    yield (
        "lasts: until_done",
        rules([counter()], [step_of("step-a", reached(1), lasts="until_done")]),
        [
            ("08-13", [absent("08-12")], OPEN),
            ("08-13", [absent("08-12"), taken("act-a", "done", "08-13")], SHUT),
        ],
    )
    yield (
        "step for some grades",
        rules([counter()], [step_of("step-a", reached(1), grades="7-9")]),
        [
            ("08-12", [absent("08-12"), {"grade": 7}], OPEN),
            ("08-12", [absent("08-12"), {"grade": 6}], SHUT),
            ("08-12", [absent("08-12"), {"grade": None}], ASKED),
        ],
    )
    for how, tasks in (("includes", ["act-a", "act-b"]), ("replaces", ["act-b"]), ("beside", ["act-a", "act-b"])):
        above = rules(
            [counter()], [step_of("step-a", reached(1)), step_of("step-b", {"concern": {"is": "raised"}}, above={"step-a": how})]
        )
        yield (
            f"above: {how}",
            above,
            [
                ("08-12", [absent("08-12"), said("concern", "08-12")], {"state": dict.fromkeys(tasks, "ready")}),
                ("08-12", [said("concern", "08-12")], {"state": dict.fromkeys(tasks if how != "beside" else ["act-b"], "ready")}),
            ],
        )
    for hit, both in (("first", ["step-a"]), ("collect", ["step-a", "step-b"])):
        low, high = (step_of(n, {}, above={o: "beside"}) for n, o in (("step-a", "step-b"), ("step-b", "step-a")))
        for s in (low, high):
            del s["opens"]
        rows = [
            {"step": "step-a", "when": reached(2)},
            {"step": "step-b", "when": {"any": [reached(1), {"concern": {"is": "raised"}}]}},
        ]
        ladder = [{"id": "limits", "hit": hit, "rows": rows, "source": "town"}]
        yield (
            f"ladder: {hit}",
            rules([counter()], [low, high], ladders=ladder),
            [
                ("08-12", [absent("08-12", 2)], {"open": both}),
                ("08-12", [absent("08-12", 1)], {"open": ["step-b"]}),
            ],
        )


# ---------------------------------------------------------------------- actions: who, when due, what stands in the way
def acting(*lines: dict[str, Any], opens: Any = None, **sections: Any) -> dict[str, Any]:
    actions = [action_of("act-a") | lines[0], *lines[1:]]
    return rules([counter()], [step_of("step-a", opens or reached(1), actions=actions)], **sections)


def actions() -> Iterator[Pair]:
    mark = absent("08-12")

    nothing_left = {"close:step-a": "ready"}  # close or go on
    no_task = {"open": ["step-a"], "state": nothing_left}

    def state(word: str, **more: Any) -> dict[str, Any]:
        left = nothing_left if word in ("done", "not_needed", "no_consent") else {}
        return {"open": ["step-a"], "state": {"act-a": word, **left}, **more}

    for clock, n, due in (
        ("school_days", 3, "08-17"),
        ("weekdays", 3, "08-17"),
        ("calendar_days", 3, "08-17"),
        ("school_weeks", 1, "08-19"),
        ("calendar_months", 1, "09-21"),
        ("terms", 1, "09-21"),
    ):
        after = (day(due) + timedelta(days=1)).isoformat()[5:]
        yield (
            f"within: {clock}",
            acting({"within": {clock: str(n)}}),
            [
                (due, [mark], state("ready", due={"act-a": due}, overdue=[])),
                (after, [mark], state("ready", due={"act-a": due}, overdue=["act-a"])),
            ],
        )
        turns = {"repeat": {"every": {clock: str(n)}}}
        yield f"repeat: {clock}", acting(turns), [("08-12", [mark], state("ready", due={"act-a": due}))]
    yield (
        "within a break: weekdays go on, school days do not",
        acting({"within": {"weekdays": "2"}}),
        [
            ("08-21", [absent("08-21")], state("ready", due={"act-a": "08-27"})),
        ],
    )
    yield (
        "repeat: schedule",
        acting({"repeat": {"every": {"schedule": "fridays"}}}),
        [
            ("08-12", [mark], state("ready", due={"act-a": "08-14"})),
            ("08-17", [mark], state("ready", due={"act-a": "08-21"})),
        ],
    )
    yield (
        "within: without_delay",
        acting({"within": "without_delay"}),
        [
            ("08-12", [mark], state("ready", due={"act-a": "08-12"}, overdue=[])),
            ("08-13", [mark], state("ready", due={"act-a": "08-12"}, overdue=["act-a"])),
        ],
    )
    due_b = {"within": {"school_days": "2"}}
    second = acting(due_b, action_of("act-b", after=["act-a"], **due_b))
    yield (
        "after",
        second,
        [
            ("08-13", [mark], {"state": {"act-a": "ready", "act-b": "waiting"}, "due": {"act-a": "08-14", "act-b": "08-18"}}),
            (
                "08-13",
                [mark, taken("act-a", "done", "08-13")],
                {"state": {"act-a": "done", "act-b": "ready"}, "due": {"act-a": None, "act-b": "08-17"}},
            ),
        ],
    )
    third = acting(due_b, action_of("act-b", within={"after": "act-a", "school_days": "2"}), action_of("act-c"))
    yield (
        "within: after",
        third,
        [
            ("08-13", [mark], {"due": {"act-a": "08-14", "act-b": "08-18", "act-c": None}}),
            ("08-13", [mark, taken("act-a", "done", "08-13")], {"due": {"act-a": None, "act-b": "08-17", "act-c": None}}),
        ],
    )
    yield (
        "within: from",
        acting({"within": {"from": "wish", "school_days": "2"}}),
        [
            ("08-13", [mark, said("wish", "08-13")], state("ready", due={"act-a": "08-17"})),
            ("08-13", [mark], state("ready", due={"act-a": None})),
        ],
    )
    dates = [{"id": q, "answers": "date", "by": ["teacher"], **MORE} for q in ("meeting-day", "other-day")]
    yield (
        "within: on",
        acting({"within": {"on": "meeting-day", "or": {"school_days": "2"}}}, questions=dates),
        [
            ("08-13", [mark, answered("meeting-day", "2026-08-20", "08-13")], state("ready", due={"act-a": "08-20"})),
            ("08-13", [mark], state("ready", due={"act-a": "08-14"})),
        ],
    )
    shared = rules(
        [counter()],
        [
            step_of("step-a", reached(1), actions=[action_of("act-a"), action_of("act-c")]),
            step_of("step-b", {"concern": {"is": "raised"}}, actions=[{"act": "act-a"}]),
        ],
    )
    yield (
        "act: the same act as one that is written elsewhere",
        shared,
        [
            ("08-12", [said("concern", "08-12")], {"state": {"act-a": "ready"}}),
            ("08-12", [mark, said("concern", "08-12")], {"state": {"act-a": "ready", "act-c": "ready"}}),
        ],
    )
    yield (
        "action for some grades",
        acting({"grades": "7-9"}),
        [
            ("08-12", [mark, {"grade": 7}], state("ready")),
            ("08-12", [mark, {"grade": 6}], no_task),
        ],
    )
    yield (
        "fulfilled_by",
        acting({"fulfilled_by": "system"}),
        [
            ("08-12", [mark, {"does": ["act-a"]}], no_task),
            ("08-12", [mark], state("ready")),
        ],
    )
    yield "within that is a gap", acting({"within": {"gap": "by when"}}), [("08-12", [mark], state("ready", due={"act-a": None}))]
    for kind in ("statute", "norm", "guidance", "local", "research"):
        sources = [{"id": x, "kind": k, "name": "x", "certainty": "primary"} for x, k in (("town", "local"), ("decree", kind))]
        word = "ready" if kind in ("statute", "norm") else "not_needed"
        yield (
            f"source: {kind}",
            acting({"source": "decree"}, sources=sources),
            [
                ("08-13", [mark, taken("act-a", "not_needed", "08-13")], state(word)),
                ("08-13", [mark], state("ready")),
            ],
        )
    yield (
        "action that asks is done by the answer",
        acting({"asks": ["well"]}),
        [
            ("08-13", [mark, answered("well", "yes", "08-13")], state("done")),
            ("08-13", [mark], state("ready")),
        ],
    )
    yield (
        "action when",
        acting({"when": {"concern": {"is": "raised"}}}),
        [
            ("08-13", [mark, said("concern", "08-13")], state("ready")),
            ("08-13", [mark], no_task),
        ],
    )
    yield (
        "action when not known",
        acting({"when": {"cause": {"is": "school"}}}),
        [
            ("08-13", [mark], state("undecided")),
            ("08-13", [mark, answered("cause", "family", "08-13")], no_task),
        ],
    )
    yield (
        "action unless",
        acting({"unless": {"concern": {"is": "raised"}}}),
        [
            ("08-13", [mark], state("ready")),
            ("08-13", [mark, said("concern", "08-13")], no_task),
        ],
    )
    yield (
        "expected_by",
        rules([counter()], [step_of("step-a", reached(1), expected_by=reached(8))]),
        [
            ("08-13", [mark, absent("08-13", 2)], state("ready", due={"act-a": "08-13"})),
            ("08-13", [mark, absent("08-13", 1)], state("ready", due={"act-a": None})),
        ],
    )
    yield from people(state)
    yield from consents(state)


def people(state: Any) -> Iterator[Pair]:
    mark = absent("08-12")

    def by(*roles: str, organisation: str | None = None) -> dict[str, Any]:
        return state("ready", roles={"act-a": list(roles)}, organisation={"act-a": organisation})

    yield "who: any_of", acting({"who": {"any_of": ["teacher", "nurse"]}}), [("08-12", [mark], by("nurse", "teacher"))]
    raised = acting({"who": "who_recorded"}, opens={"concern": {"is": "raised"}})
    raised["roles"] = [*raised["roles"], {"id": "any-staff", "what": "role", **MORE}]
    yield (
        "who_recorded",
        raised,
        [
            ("08-12", [said("concern", "08-12", "nurse")], by("nurse")),
            ("08-12", [said("concern", "08-12", "guardian")], by("any-staff")),
        ],
    )
    made = acting({"who": "class-lead"})
    made["organisations"] = [{"id": o, **MORE} for o in ("school", "county")]
    at = {"nurse": "county", "teacher": "school"}
    made["roles"] = [{**r, "organisation": at[r["id"]]} if r["id"] in at else r for r in made["roles"]]
    made["roles"] = [
        {**r, "is": {"by": {"grade": {"1-6": "teacher", "7-9": "nurse"}}}} if r["id"] == "class-lead" else r
        for r in made["roles"]
    ]
    yield (
        "a role that is another one in each grade, with its organisation",
        made,
        [
            ("08-12", [mark, {"grade": 6}], by("teacher", organisation="school")),
            ("08-12", [mark, {"grade": 7}], by("nurse", organisation="county")),
        ],
    )
    group = acting(
        {"who": "team"}, groups=[{"id": "team", "organisation": "county", **MORE}], organisations=made["organisations"]
    )
    yield "a group with its organisation", group, [("08-12", [mark], by("team", organisation="county"))]
    for word in ("must", "should", "consider", "may"):
        yield f"duty: {word}", acting({"duty": word}), [("08-12", [mark], state("ready", duty={"act-a": word}))]


def consents(state: Any) -> Iterator[Pair]:
    mark = absent("08-12")

    def needed(presumed: str | None = None, **for_: Any) -> dict[str, Any]:
        more = {"presumed": presumed} if presumed else {}
        return {"consents": [{"id": "paper", "given_by": ["pupil"], "needed_for": for_, **more, **MORE}]}

    def given(value: Any) -> sky.Consent:
        return sky.Consent("paper", value, day("08-12"))

    for presumed, alone in (("no", "blocked"), ("yes", "ready"), (None, "blocked")):
        yield (
            f"consent presumed: {presumed or 'not said'}",
            acting({}, **needed(presumed, actions=["act-a"])),
            [
                ("08-12", [mark], state(alone)),
                (
                    "08-12",
                    [mark, given("given" if alone == "blocked" else "refused")],
                    state("ready" if alone == "blocked" else "no_consent"),
                ),
            ],
        )
    yield (
        "consent for who takes part",
        acting({"with": {"required": ["nurse"]}}, **needed(**{"with": ["nurse"]})),
        [
            ("08-12", [mark], state("blocked")),
            ("08-12", [mark, given("given")], state("ready")),
        ],
    )
    alone = acting({"with": {"optional": ["nurse"]}}, **needed(**{"with": ["nurse"]}))
    yield (
        "consent for the only one who takes part",
        alone,
        [
            ("08-12", [mark], state("blocked")),
            ("08-12", [mark, given("given")], state("ready")),
        ],
    )
    beside = acting({"with": {"required": ["pupil"], "optional": ["nurse"]}}, **needed(**{"with": ["nurse"]}))
    yield "consent for one who may be missing", beside, [("08-12", [mark], state("ready"))]
    for about in ("absence", "welfare", "health", "support"):
        other = "support" if about != "support" else "health"
        told = needed(about=[about], to=["guardian"])
        yield (
            f"consent about {about}",
            acting({"about": about, "to": ["guardian"]}, **told),
            [("08-12", [mark], state("blocked"))],
        )
        yield (
            f"no consent about {other}",
            acting({"about": other, "to": ["guardian"]}, **told),
            [("08-12", [mark], state("ready"))],
        )
    yield (
        "child protection is never blocked",
        acting({"about": "child_protection"}, **needed(actions=["act-a"])),
        [
            ("08-12", [mark], state("ready")),
        ],
    )


# ---------------------------------------------------------------------- messages
def messages() -> Iterator[Pair]:
    def told(**lines: Any) -> dict[str, Any]:
        one = {
            "id": "note-a",
            "when": reached(1),
            "to": ["teacher"],
            "about": "absence",
            "once_in": "term",
            "source": "town",
            **lines,
        }
        return rules([counter(window={"in": "any_time"})], [step_of("step-a", {"concern": {"is": "raised"}})], messages=[one])

    mark = absent("08-12")
    yield (
        "message that was sent",
        told(),
        [
            ("08-13", [mark, taken("note-a", "done", "08-13")], {"messages": {"note-a": "sent"}}),
            ("08-13", [mark], {"messages": {"note-a": "owed"}}),
            ("08-13", [], {"messages": {}}),
        ],
    )
    sent = [mark, taken("note-a", "done", "08-13")]
    for part, anew in (
        ("term", "08-31"),
        ("period", "08-24"),
        ("quarter", "08-27"),
        ("month", "09-01"),
        ("school_year", "09-21"),
        ("enrolment", None),
        ("any_time", None),
    ):
        sides: list[Side] = []
        if anew is not None:  # the number is still over the limit: owed once in each window
            before = (day(anew) - timedelta(days=1)).isoformat()[5:]
            sides = [(before, sent, {"messages": {"note-a": "sent"}}), (anew, sent, {"messages": {"note-a": "owed"}})]
        yield f"message once_in: {part}", told(once_in=part), sides or [("10-12", sent, {"messages": {"note-a": "sent"}})]
    yield (
        "message: its act was done",
        told(act="act-a"),
        [
            ("08-13", [mark, taken("act-a", "done", "08-13")], {"messages": {"note-a": "sent"}}),
            ("08-13", [mark, taken("act-a", "refused", "08-13")], {"messages": {"note-a": "owed"}}),
        ],
    )
    yield (
        "message for some grades",
        told(grades="7-9"),
        [
            ("08-13", [mark, {"grade": 7}], {"messages": {"note-a": "owed"}}),
            ("08-13", [mark, {"grade": 6}], {"messages": {}}),
        ],
    )


# ---------------------------------------------------------------------- what a broken engine once got past
def got_past() -> Iterator[Pair]:
    """Each was added because a break of the engine, or another word in its place, changed no answer of the cases before."""
    mark = absent("08-12")
    days = {"measure": "days", "window": {"in": "term", "rolling": {"calendar_days": "3"}}}
    yield (
        "rolling: calendar_days, of days",
        rules([counter(**days)], [step_of("step-a", reached(2))]),
        [("08-21", [absent("08-19"), absent("08-21")], OPEN), ("08-21", [absent("08-18"), absent("08-21")], SHUT)],
    )
    holiday = {"state": {"act-a": "ready"}, "due": {"act-a": "09-04"}}
    yield "within: weekdays over a public holiday", acting({"within": {"weekdays": "2"}}), [("09-01", [absent("09-01")], holiday)]
    unclear, cleared = absent("08-12", kind=None, code="Q", id="m"), absent("08-12", recorded="08-13", id="m")
    yield (
        "a closing answers what was unknown",
        rules([counter()], [step_of("step-a", reached(6))]),
        [
            ("08-13", [unclear, cleared], OPEN),
            ("08-13", [unclear, closed("step-a", "08-12"), cleared], SHUT),
        ],
    )
    raised = {"concern": {"is": "raised"}}
    back = sky.Report("concern", day("08-13"), by="teacher", raised=False)
    yield (
        "lasts: while_true",
        rules([counter()], [step_of("step-a", raised, lasts="while_true", again="when_true_anew")]),
        [("08-12", [said("concern", "08-12")], OPEN), ("08-13", [said("concern", "08-12"), back], SHUT)],
    )
    answered_once = [absent("08-12", id="m"), closed("step-a", "08-12")]
    gone = absent("08-12", 0, recorded="08-13", id="m")
    for again, opens_in_next_term, opens_anew in (
        ("next_window", True, False),
        ("when_true_anew", False, True),
        ("once", False, False),
    ):
        made = rules([counter(window={"in": "month"})], [step_of("step-a", reached(6), again=again)])
        yield (
            f"again: {again}",
            made,
            [
                ("08-12", [absent("08-12", id="m")], OPEN),
                ("09-01", [*answered_once, absent("08-31"), absent("09-01")], OPEN if opens_in_next_term else SHUT),
                ("08-14", [*answered_once, gone, absent("08-14")], OPEN if opens_anew else SHUT),
            ],
        )
    two = rules([counter()], [step_of("step-a", reached(1)), step_of("step-b", raised, tier="second")])
    two["tiers"] = [{"id": t, **MORE} for t in ("first", "second")]
    yield (
        "tier: of two tasks that of the higher tier comes first",
        two,
        [
            ("08-12", [mark, said("concern", "08-12")], {"next": "step-b@2026-08-12/act-b"}),
            ("08-12", [mark], {"next": "step-a@2026-08-12/act-a"}),
        ],
    )


# ---------------------------------------------------------------------- all of them, and what must come out
def pairs() -> Iterator[tuple[str, dict[str, Any], sky.Case, date, dict[str, Any]]]:
    """(what it shows, the values of the ruleset, the record, the day, what must come out)."""
    for some in (windows, measures, marks, schedules, conditions, steps, actions, messages, got_past):
        for shows, values, sides in some():
            for on, events, wanted in sides:
                more = {k: v for e in events if isinstance(e, dict) for k, v in e.items()}  # {"grade": 6}, {"does": [action]}
                case = case_of([e for e in events if not isinstance(e, dict)], **more)
                yield shows, values, case, day(on), wanted
