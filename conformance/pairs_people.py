"""Cases by hand for who is there and where: deputies, a move to other rules, who left and comes back, who says No or contests.

Rules: as in pairs.py; beside the record a case may name the rules of each school and who is absent.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from small_rules import absent, action_of, case_of, counter, day, reached, rules, said, step_of, taken

import sky_model as sky

__all__ = ["pairs_of_people"]

Side = tuple[str, list[Any], dict[str, Any], dict[str, Any]]  # the day, the events, what must come out, what else is asked
People = tuple[str, dict[str, Any], list[Side]]
MARK = absent("08-12", id="m")


def _with_deputies(**lines: Any) -> dict[str, Any]:
    made = rules([counter()], [step_of("step-a", reached(6), actions=[action_of("act-a", **lines)])])
    made["roles"] = [r | ({"deputies": ["principal", "nurse"]} if r["id"] == "teacher" else {}) for r in made["roles"]]
    return made


def deputies() -> Iterator[People]:
    def does(role: str, instead_of: str | None = None, *, away: bool = False) -> dict[str, Any]:
        return {"roles": {"act-a": [role]}, "instead_of": {"act-a": instead_of}, "away": {"act-a": away}}

    def side(wanted: dict[str, Any], *who: str) -> Side:
        return ("08-12", [MARK], wanted, {"absent": who} if who else {})

    yield (
        "deputies: the first who is there, in the role's place",
        _with_deputies(),
        [
            side(does("teacher")),
            side(does("principal", "teacher"), "teacher"),
            side(does("nurse", "teacher"), "teacher", "principal"),
            side(does("teacher", away=True), "teacher", "principal", "nurse"),
        ],
    )
    yield (
        "deputies: of several who may do it one who is there needs none",
        _with_deputies(who={"any_of": ["teacher", "class-lead"]}),
        [
            side(does("class-lead"), "teacher"),
            side(does("principal", "teacher"), "teacher", "class-lead"),
        ],
    )
    yield (
        "deputies: child protection has none",
        _with_deputies(about="child_protection"),
        [side(does("teacher")), side(does("teacher", away=True), "teacher")],
    )


def moves() -> Iterator[People]:
    def of(*steps: tuple[str, int]) -> dict[str, Any]:
        return rules([counter()], [step_of(name, reached(limit)) for name, limit in steps])

    moved = sky.Enrolment("t", grade=8, since=day("08-17"), recorded=day("08-17"))
    mine, both, other = of(("step-a", 6)), of(("step-a", 6), ("step-b", 6)), of(("step-b", 6))
    first = "step-a@2026-08-12"
    yield (
        "schools: a step that both rules name goes on, and what the new ones add opens on the day of the move",
        mine,
        [
            ("08-14", [MARK, moved], {"names": [first]}, {"schools": {"t": (both,)}}),
            ("08-17", [MARK, moved], {"names": [first, "step-b@2026-08-17"], "overdue": []}, {"schools": {"t": (both,)}}),
            ("08-17", [MARK, moved], {"names": [first]}, {}),
        ],
    )
    yield (
        "schools: a step that only the old rules name stays open",
        mine,
        [
            ("08-17", [MARK, moved], {"names": [first, "step-b@2026-08-17"]}, {"schools": {"t": (other,)}}),
            ("08-17", [moved], {"names": []}, {"schools": {"t": (other,)}}),
        ],
    )
    back = sky.Enrolment("s", grade=8, since=day("08-20"), recorded=day("08-20"))
    left = sky.Left(day("08-14"))
    yield (
        "left: what is owed is handed over, and asked again of who comes back",
        mine,
        [
            ("08-17", [MARK, left], {"state": {"act-a": "to_hand_over"}, "next": None}, {}),
            ("08-20", [MARK, left, back], {"state": {"act-a": "ready"}, "next": f"{first}/act-a"}, {}),
            ("08-17", [MARK], {"state": {"act-a": "ready"}, "next": f"{first}/act-a"}, {}),
        ],
    )


def words_of_people() -> Iterator[People]:
    note = {"id": "note-a", "when": reached(6), "to": ["teacher"], "about": "absence", "once_in": "term", "source": "town"}
    contest = sky.Report("contested", day("08-13"), by="guardian", mark="m")
    kept = taken("check:m", "done", "08-14")
    yield (
        "contested: a message that rests on the mark alone is held until it is checked",
        rules([counter()], [], messages=[note]),
        [
            ("08-13", [MARK, contest], {"messages": {"note-a": "held"}}, {}),
            ("08-13", [MARK, absent("08-13", id="n"), contest], {"messages": {"note-a": "owed"}}, {}),
            ("08-14", [MARK, contest, kept], {"messages": {"note-a": "owed"}}, {}),
        ],
    )
    needs = {"id": "paper", "name": {"en": "x"}, "given_by": ["guardian"], "source": "town", "needed_for": {"actions": ["act-a"]}}
    due = [action_of("act-a", within={"school_days": "2"})]
    no, yes = (sky.Consent("paper", v, day(d), by="guardian") for v, d in (("refused", "08-12"), ("given", "08-14")))
    yield (
        "no_consent: a No is not asked again, and a Yes gives its day",
        rules([counter()], [step_of("step-a", reached(6), actions=due)], consents=[needs]),
        [
            ("08-13", [MARK, no], {"state": {"act-a": "no_consent", "close:step-a": "ready"}, "overdue": []}, {}),
            ("08-13", [MARK], {"state": {"act-a": "blocked"}}, {}),
            ("08-14", [MARK, no, yes], {"state": {"act-a": "ready"}, "due": {"act-a": "08-18"}}, {}),
        ],
    )


def duties() -> Iterator[People]:
    two = [
        step_of("step-a", reached(6)),
        step_of("step-b", {"concern": {"is": "raised"}}, actions=[{"act": "act-a"}]),
    ]
    raised = said("concern", "08-13")
    a, b = "step-a@2026-08-12/act-a", "step-b@2026-08-13/act-a"
    yield (
        "one task: what two steps ask stands under the oldest name, the other beside it",
        rules([counter()], two),
        [
            ("08-13", [MARK, raised], {"next": a, "also": {"act-a": [b]}}, {}),
            ("08-13", [MARK], {"next": a, "also": {"act-a": []}}, {}),
        ],
    )
    waits = [action_of("act-a", when={"cause": {"is": "school"}}, within={"school_days": "1"})]
    yield (
        "a task whose `when` is not known has no day, and its question says so",
        rules([counter()], [step_of("step-a", reached(6), actions=waits)]),
        [
            ("08-17", [MARK], {"state": {"act-a": "undecided"}, "due": {"act-a": None}, "overdue": [], "for": ["task"]}, {}),
            ("08-17", [MARK, sky.Answer("cause", "school", day("08-14"))], {"due": {"act-a": "08-17"}, "for": []}, {}),
        ],
    )
    ranked = [action_of("act-a", within={"school_days": "9"}), action_of("act-c", duty="should", within={"school_days": "1"})]
    yield (
        "order: what is late comes first, a weaker duty too",
        rules([counter()], [step_of("step-a", reached(6), actions=ranked)]),
        [
            ("08-17", [MARK], {"next": "step-a@2026-08-12/act-c", "overdue": ["act-c"]}, {}),
            ("08-12", [MARK], {"next": a, "overdue": []}, {}),
        ],
    )


def pairs_of_people() -> Iterator[tuple[str, dict[str, Any], sky.Case, date, dict[str, Any], dict[str, Any]]]:
    """(what it shows, the values of the ruleset, the record, the day, what must come out, what else is asked)."""
    for some in (deputies, moves, words_of_people, duties):
        for shows, values, sides in some():
            for on, events, wanted, more in sides:
                yield shows, values, case_of(events), day(on), wanted, more
