"""The oracle (`tests/oracle`) by hand, one row a sentence of the second edition or an edge of it.

Days of the rows are whole numbers; day 0 is Monday 3 August 2026. Their calendar: terms 0-34 and 35-69, school on weekdays, but
none on 14-20 and 31-36. The limit is 10 lessons of a term unless said. The rows are those of the proofs from which the second
edition was decided, here over real rulesets, records and calendars.
"""

from __future__ import annotations

import json
import re
from datetime import date

import pytest
from oracle import reading, told
from oracle.days import Calendar as Days
from oracle.facts import END, NotInForce

ZERO = date(2026, 8, 3).toordinal()
ROWS = {}


def row(name):
    return lambda f: ROWS.setdefault(name, f)


def day(n):
    return date.fromordinal(ZERO + n).isoformat()


def short(text):
    """A name with the number of its day: `s@2026-08-04/talk` is `s@1/talk`."""
    return re.sub(r"\d{4}-\d\d-\d\d", lambda m: str(date.fromisoformat(m[0]).toordinal() - ZERO), text)


# ---------------------------------------------------------------------- calendars
def calendar(terms=((0, 34), (35, 69)), years=(0,), holidays=(*range(14, 21), *range(31, 37)), most_a_day=7):
    """A list of school years; the last one has school days for a quarter of a year more than its terms."""
    out = []
    for i, first in enumerate(years):
        last = years[i + 1] - 1 if i + 1 < len(years) else max(b for _, b in terms) + 90
        mine = [day(a) for a, _ in terms if first <= a <= last]
        school = [day(d) for d in range(first, last + 1) if d % 7 < 5 and d not in holidays]
        year = {"first_day": day(first), "last_day": day(last), "lesson_minutes": 45, "terms": mine, "school_days": school}
        out.append({**year, "breaks": [], "public_holidays": [], "named_days": {}, "most_a_day": most_a_day})
    return out


PLAIN = calendar()
TWO = calendar(((0, 34), (35, 69), (98, 132), (133, 167)), (0, 98), (*range(14, 21), *range(31, 37), *range(70, 98)))
FROM_21 = calendar(((0, 20), (21, 69)))
ALWAYS = calendar(holidays=())


# ---------------------------------------------------------------------- events, with the place in the order of recording
def event(what, recorded, seq, on, /, **more):
    return {"type": what, "id": f"e{seq}", "recorded": day(recorded), "seq": seq + 100, "on": day(on), **more}


def Mark(rec, seq, id, on, lessons, kind="health", **more):
    return event("mark", rec, seq, on, lessons=lessons, kind=kind, **more) | {"id": id}


def mark(i, on, lessons, rec=None, seq=None, kind="health", **more):
    return Mark(on if rec is None else rec, i if seq is None else seq, f"m{i}", on, lessons, kind, **more)


def Register(rec, seq, on, planned, marked):
    return event("register", rec, seq, on, planned=planned, marked=marked)


def Report(rec, seq, report, on, by="teacher", raised=True, **more):
    return event("report", rec, seq, on, report=report, by=by, raised=raised, **more)


def Answer(rec, seq, question, on, value):
    return event("answer", rec, seq, on, question=question, answer=value, by="teacher")


def Action(rec, seq, action, status, on, until=None, **more):
    return event("action", rec, seq, on, action=action, status=status, until=None if until is None else day(until), **more)


def done(i, on, action="talk", rec=None):
    return Action(on if rec is None else rec, i, action, "done", on)


def Consent(rec, seq, consent, value):
    return event("consent", rec, seq, rec, consent=consent, value=value)


def Pause(rec, seq, first, last):
    return event("pause", rec, seq, first, until=day(last), owner="teacher")


def Enrolment(rec, seq, on, school, grade):
    if school is None:
        return event("left", rec, seq, on)
    return event("enrolment", rec, seq, on, school=school, grade=grade, lessons_per_week=30)


def Closing(rec, seq, step):
    return event("step_closed", rec, seq, rec, step=step, reason="enough", by="teacher")


def Retracted(rec, seq, of):
    return event("retracted", rec, seq, rec, of=f"e{of}")


# ---------------------------------------------------------------------- rules
COUNTERS = {
    "term": {"window": {"in": "term"}},
    "year": {"window": {"in": "school_year"}},
    "roll": {"window": {"in": "school_year", "rolling": {"school_weeks": "2"}}},
    "read": {"window": {"in": "term"}, "checked": [9, 27, 33, 50]},
    "share": {
        "window": {"in": "school_year", "rolling": {"school_weeks": "3"}},
        "share_of": {"planned": "so_far"},
        "minimum": {"planned_lessons": "30"},
    },
}
TERM, YEAR, ROLL = ({name: {"at_least": n}} for name, n in (("term", 10), ("year", 18), ("roll", 8)))
CONCERN = {"concern": {"is": "raised"}}
EITHER = {"any": [TERM, CONCERN]}
NAME = {"en": "x"}


def step(id="s", opens=None, lasts="until_closed", again="when_true_anew", **more):
    return {"id": id, "opens": opens or TERM, "lasts": lasts, "again": again, **more}


def ruleset(*steps, valid_from=0, **more):
    return {"valid_from": valid_from, "steps": list(steps), **more}


def acts(*more, **talk):
    return [{"id": "talk", "within": {"school_days": 5}, **talk}, *more]


def R(*steps, **more):
    return [ruleset(*(steps or [step(**{"again": "next_window", "actions": acts(), **more})]))]


def E(**more):
    """One step as the first edition's rows have it: `when_true_anew`, without actions."""
    return [ruleset(step(**more))]


def words(x):
    """A ruleset's scalars are texts."""
    if isinstance(x, dict):
        return {str(k): words(v) for k, v in x.items()}
    return [words(v) for v in x] if isinstance(x, (list, tuple)) else x if isinstance(x, str) else str(x)


def whole(rules):
    """A whole ruleset in the shape of one file."""
    consents, steps = {}, []
    for i, s in enumerate(rules["steps"]):
        actions = []
        for a in s.get("actions", ()):
            a = {"name": NAME, "who": "lead", "duty": "must", "about": "absence", **a}
            if "consent" in a:
                consents.setdefault(a.pop("consent"), []).append(a["id"])
            a["source"] = "act" if a.pop("statutory", False) else "town"
            actions.append(words(a))
        tier = f"t{s.get('tier', 0)}"
        s = {**{k: words(v) for k, v in s.items()}, "actions": actions, "tier": tier, "name": NAME, "source": "town", "row": i}
        if "closing" in s:
            s["closing"] = {"by": ["lead"], "reasons": [{"id": "enough", "name": NAME}], **s["closing"]}
        steps.append({k: v for k, v in s.items() if k != "row"})
    counters, schedules = [], []
    for name, spec in {**COUNTERS, **rules.get("counters", {})}.items():
        spec = {"id": name, "measure": "lessons", "lesson_minutes": "45", "kinds": "all", "source": "town", **spec}
        if "checked" in spec:
            schedules.append({"id": f"when-{name}", "dates": [day(d)[5:] for d in spec["checked"]]})
            spec["checked"] = f"when-{name}"
        counters.append(spec)
    asked = rules.get("consents", {})
    roles = {"lead": {}, **rules.get("roles", {})}
    out = {
        "format": "1",
        "ruleset": rules.get("line") or "rows",
        "version": str(rules["valid_from"]),
        "status": "pilot",
        "valid_from": day(rules["valid_from"]),
        "name": NAME,
        "grades": rules.get("grades", "1-9"),
        "sources": [{"id": "act", "kind": "statute"}, {"id": "town", "kind": "local"}],
        "kinds": [
            {"id": k, "is": v, "about": about, "name": NAME}
            for k, v, about in (("health", "authorised", "health"), ("skip", "unauthorised", "absence"))
        ],
        "tiers": [{"id": f"t{n}", "name": NAME} for n in range(3)],
        "counters": counters,
        "schedules": schedules,
        "reports": rules.get("reports") or [{"id": "concern", "by": ["lead"], "about": "welfare"}],
        "questions": [
            {"id": "support", "answers": ["yes", "no"], "by": ["lead"], "about": "support"},
            {"id": "cause", "answers": ["health", "school"], "several": "yes", "by": ["lead"], "about": "absence"},
        ],
        "consents": [
            {
                "id": i,
                "given_by": ["pupil"],
                "presumed": "yes" if asked.get(i, {}).get("presumed") else "no",
                "needed_for": {"actions": ids},
            }
            for i, ids in consents.items()
        ],
        "roles": [{"id": i, "what": "role", "name": NAME, **spec} for i, spec in roles.items()],
        "groups": rules.get("groups", []),
        "organisations": rules.get("organisations", []),
        "messages": words(rules.get("messages", [])),
        "ends": rules.get("ends", []),
        "steps": steps,
    }
    if "valid_until" in rules:
        out["valid_until"] = day(rules["valid_until"])
    return out


# ---------------------------------------------------------------------- asking, and what a row looks at
class Row:
    """The answer of the oracle with numbers for days."""

    def __init__(self, p, seqs):
        self.p, self.seqs, self.answer = p, seqs, p.whole()
        self.withdrawn = {short(n) for n in p.withdrawn}
        self.in_doubt = {short(n) for n in p.in_doubt}
        self.due_from = {short(n): d - ZERO for n, d in p.due_from.items()}
        self.undecided = {i: c - ZERO for i, c in p.undecided.items()}
        self.told = self.answer["told"]

    def place(self, at):
        return None if at is None else (at[0] - ZERO, END if at[1] == END else self.seqs[at[1]])

    @property
    def openings(self):
        return [Seen(o, self.place(o.end)) for o in self.p.openings]

    def open(self):
        return {o.step["id"] for o in self.p.showing()}

    def asking(self):
        return self.p.asking()

    def seen(self, t):
        if t is None:
            return None
        due = None if t["due"] is None else t["due"] - ZERO
        state = f"blocked: {', '.join(t['missing'])}" if t["state"] == "blocked" else t["state"]
        return {**t, "name": short(t["name"]), "also": tuple(map(short, t["also"])), "due": due, "state": state}

    def tasks(self):
        return {t["action"]["id"]: self.seen(t) for t in self.p.tasks()}

    def next(self):
        return self.seen(self.p.next())

    def obligations(self):
        return [(o, self.seen(t)) for o, t in self.p.obligations()]

    def place_in_list(self):
        return self.p.place_in_list()

    def reasons(self, n):
        return [(x["what"], x["fact"]) for x in self.step(n)["because"]]

    def step(self, n):
        return next(s for s in self.answer["open_steps"] if s["name"] == self.p.openings[n].name)

    def questions(self):
        return {q["fact"]: (q["steps"], [short(t) for t in q["tasks"]]) for q in self.answer["questions"]}

    def numbers(self, n):
        return {x["counter"]: (x["number"], x["next_limit"], x["missing"]) for x in self.step(n)["today"]}

    def who(self, action):
        t = next(x for x in self.answer["tasks"] if x["action"] == action)
        return t["roles"], t["instead_of"], t["away"]


class Seen:
    def __init__(self, o, end):
        self.name, self.day, self.about, self.how, self.end = short(o.name), o.day - ZERO, o.about - ZERO, o.how, end


def path(
    versions, case, on, known_on=None, calendars=None, schools=None, register="marks_only", absent=(), as_if=False, **record
):
    """The oracle on the day `on`. `schools`: {school: line}; a version's `line` is "" elsewhere."""
    case = list(case)
    if not any(e["type"] == "enrolment" for e in case):
        case.append(Enrolment(0, -99, 0, "a", None))
    feed = {"register": register, "recorded": "given", "does": [], **record.pop("feed", {})}
    read = reading.record({"pupil": "p", "feed": feed, "named": {}, **record, "events": case})
    seqs = {e["place"][1]: e["seq"] - 100 for e in read["events"]}
    if known_on is not None:
        at, seq = known_on
        known_on = (at + ZERO, END if seq == END else next(n for n, s in seqs.items() if s == seq))
    made = [reading.version(whole(v), v.get("line", "") if schools else "") for v in versions]
    calendars = {school: Days(c) for school, c in (calendars or {"*": PLAIN}).items()}
    p = told.Answer(made, read, on + ZERO, known_on, calendars, schools, absent, as_if)
    return Row(p.go(), seqs)


def names(p):
    return [o.name for o in p.openings]


def state(p, action="talk"):
    return p.tasks()[action]["state"]


def nxt(p):
    t = p.next()
    return t and (t["name"], t["due"], t["overdue"])


def ends(p):
    return [(o.name, o.end and o.end[0], o.how) for o in p.openings]


AUTUMN = [mark(1, 1, 12)]  # opens s@1, talk due 8
SPRING = [mark(3, 42, 12)]  # 12 of the second term on day 42


# ------------------------------------------------------------------ the table
@row("the mark is recorded, the step opened and closed on one day")
def _():
    p = path(E(), [mark(1, 1, 10), Closing(1, 2, "s")], 1)
    assert names(p) == ["s@1"]
    assert p.openings[0].end == (1, 2)
    assert not p.told


@row("another mark after the closing on the same day reaches the limit only now")
def _():
    for again in ("when_true_anew", "next_window"):  # opened for a concern, closed at 6 lessons, then 12
        c = [mark(1, 1, 6), Report(1, 2, "concern", 1), Closing(1, 3, "s"), mark(4, 1, 6)]
        assert names(path(E(opens=EITHER, again=again), c, 1)) == ["s@1", "s@1#2"]
    p = path(E(), [mark(1, 1, 6), Closing(1, 2, "s"), mark(3, 1, 6)], 1)
    assert names(p) == ["s@1"]
    assert not p.openings[0].end
    assert p.told


@row("a mark is recorded ten days late")
def _():
    p = path(E(actions=acts()), [mark(1, 1, 10, rec=11)], 11)
    assert names(p) == ["s@11"]
    assert p.tasks()["talk"]["due"] == 25
    assert not p.tasks()["talk"]["overdue"]


@row("marks for days before a closing come after it")
def _():
    c = [mark(1, 1, 12), Closing(3, 2, "s")]
    assert names(path(E(), [*c, mark(3, 2, 6, rec=5)], 9)) == ["s@1"]  # answered stays answered
    c = [mark(1, 1, 6), Report(1, 2, "concern", 1), Closing(3, 3, "s"), mark(4, 2, 6, rec=5)]
    assert names(path(E(opens=EITHER, again="next_window"), c, 9)) == ["s@1", "s@5"]  # one that was not is new


@row("a person closes what is neither open nor undecided")
def _():
    p = path(E(), [mark(1, 1, 6), Closing(2, 2, "s")], 9)
    assert len(p.told) == 1
    assert not p.openings
    assert not p.p.ends
    c = [mark(1, 1, 9), Register(2, 2, 2, 6, 0), Closing(3, 3, "s")]  # an undecided step can be closed
    p = path(E(), c, 9)
    assert not p.told
    assert not p.undecided
    assert path(E(), c[:2], 9).undecided == {"s": 2}


@row("a correction after a closing takes the ground away")
def _():
    p = path(E(), [mark(1, 1, 6), mark(2, 2, 6), Closing(3, 3, "s"), Mark(8, 4, "m2", 2, 0)], 10)
    assert p.openings[0].end == (3, 3)
    assert p.withdrawn == {"s@2"}
    assert not p.told


@row("opened on wrong marks, actions done")
def _():
    c = [mark(1, 1, 12), Action(2, 2, "talk", "done", 2), Mark(4, 3, "m1", 1, 0)]
    p = path(E(actions=acts({"id": "call"})), c, 4)
    assert p.withdrawn == {"s@1"}
    assert state(p) == "done"
    assert state(p, "call") == "withdrawn"


@row("under the limit after a correction, unmarked lessons could fill it")
def _():
    c = [mark(1, 1, 6), mark(2, 1, 4), Register(2, 3, 2, 4, 0), Mark(2, 4, "m2", 1, 0)]
    p = path(E(), c, 2)
    assert p.open() == {"s"}
    assert p.in_doubt == {"s@1"}
    assert p.asking() == {"s"}
    p = path(E(), [*c, Register(3, 5, 2, 4, 4)], 3)
    assert p.withdrawn == {"s@1"}
    assert not p.asking()


@row("`every: 50`: 101, corrected to 98, then 103")
def _():
    r = E(opens={"term": {"at_least": 50}}, again={"every": {"term": 50, "from": 50}}, actions=acts())
    c = [mark(1, 1, 60), mark(2, 2, 41), Mark(4, 3, "m2", 2, 38)]
    p = path(r, c, 4)
    assert p.open() == {"s"}
    assert p.withdrawn == {"s+100@2"}
    assert p.tasks()["talk"]["name"] == "s@1/talk"
    p = path(r, [*c, mark(4, 8, 5)], 8)
    assert p.open() == {"s", "s+100"}
    assert names(p) == ["s@1", "s+100@2"]
    assert p.due_from["s+100@2"] == 8


@row("from 0 to 160 in one day")
def _():
    r = E(opens={"term": {"at_least": 50}}, again={"every": {"term": 50, "from": 50}}, actions=acts())
    p = path(r, [mark(1, 1, 160)], 1)
    assert names(p) == ["s@1", "s+100@1", "s+150@1"]
    assert p.tasks()["talk"]["name"] == "s+150@1/talk"
    p = path(r, [mark(1, 1, 160), Closing(2, 2, "s+150")], 3)
    assert not p.open()
    assert len(p.openings) == 3


@row("a talk for the lower level (`every`)")
def _():
    r = E(opens={"term": {"at_least": 50}}, again={"every": {"term": 50, "from": 50}}, actions=acts())
    p = path(r, [mark(1, 1, 60), Action(2, 2, "talk", "done", 2), mark(3, 8, 45)], 8)
    assert state(p) == "ready"


@row("closed at 80, the number is still over the limit")
def _():
    for again in ("when_true_anew", "next_window", "once"):
        c = [mark(1, 1, 12), Closing(3, 2, "s")]
        assert names(path(E(opens=EITHER, again=again), c, 40)) == ["s@1"]
        assert names(path(E(opens=EITHER, again=again), [*c, Report(9, 3, "concern", 9)], 9)) == ["s@1", "s@9"]
        old = [mark(1, 1, 12), Report(2, 2, "concern", 2, by="teacher"), Closing(3, 3, "s")]  # the old concern is answered
        assert names(path(E(opens=EITHER, again=again), old, 40)) == ["s@1"]
        assert names(path(E(opens=EITHER, again=again), [*old, Report(9, 4, "concern", 9, by="guardian")], 9)) == ["s@1", "s@9"]


@row("a layer lowered 50 to 30; closed at 30; then 50")
def _():
    c = [mark(1, 1, 30), Closing(2, 2, "s"), mark(3, 8, 20)]

    def r(*n):
        return E(again="next_window", opens={"any": [{"term": {"at_least": x}} for x in n]})

    assert not path(r(30), c, 8).open()
    assert path(r(30, 50), c, 8).open()


@row("a check date is a Sunday")
def _():
    r = E(opens={"any": [{"read": {"at_least": 10}}, CONCERN]})
    r[0] = {**r[0], "counters": {"read": {"window": {"in": "term"}, "checked": [6, 27]}}}
    c = [mark(1, 1, 8), mark(2, 4, 2, rec=8)]
    assert not path(r, c, 7).openings
    assert names(path(r, c, 8)) == ["s@8"]
    assert not path(r, [mark(1, 1, 8), mark(2, 8, 2)], 26).openings  # a lesson after the date waits for the next
    assert names(path(r, [mark(1, 1, 8), mark(2, 8, 2)], 27)) == ["s@27"]
    assert not path(r, [mark(1, 1, 20)], 5).openings
    assert names(path(r, [Report(8, 1, "concern", 8)], 8)) == ["s@8"]  # a report counts on the day itself


@row("the last marks of autumn are recorded in January")
def _():
    p = path(E(), [mark(1, 28, 8), mark(2, 29, 2, rec=38)], 38)
    assert names(p) == ["s@38"]
    assert p.openings[0].about == 34
    assert not p.withdrawn
    p = path(E(), [mark(1, 28, 12), Closing(30, 2, "s")], 60)
    assert names(p) == ["s@28"]  # closed in autumn stays closed
    p = path(E(lasts={"until_end_of": "term"}), [mark(1, 28, 8), mark(2, 29, 2, rec=38)], 38)
    assert not p.openings


@row("a late mark whose day has left the rolling window")
def _():
    p = path(E(opens=ROLL), [mark(1, 1, 6), mark(2, 2, 6, rec=29)], 29)
    assert not p.openings
    assert p.undecided == {"s": 2}


@row("a lesson is not marked")
def _():
    assert path(E(), [mark(1, 1, 60), Register(1, 2, 2, 1, 0)], 2).open() == {"s"}
    p = path(E(), [mark(1, 1, 9), Register(2, 2, 2, 1, 0)], 60)
    assert p.undecided == {"s": 2}  # and in the next term


@row("nobody raised a concern")
def _():
    p = path(E(opens=EITHER), [], 5)
    assert not p.openings
    assert not p.undecided


@row("the first days of a share")
def _():
    r = E(opens={"any": [{"share": {"at_least": 12}}, CONCERN]}, again="next_window")
    assert not path(r, [mark(1, 1, 6)], 3).undecided
    assert not path(r, [mark(1, 1, 6)], 3).openings
    p = path(r, [mark(1, 1, 6)], 4)
    assert names(p) == ["s@4"]
    assert path(r, [mark(1, 1, 3)], 9).undecided == {}
    c = [Report(0, 1, "concern", 0), Closing(1, 2, "s"), mark(3, 2, 6)]  # closed while it was too early: not answered
    assert names(path(r, c, 4)) == ["s@0", "s@4"]


@row("the talk was held before the limit")
def _():
    r = E(actions=acts(), again="next_window")
    assert state(path(r, [mark(1, 1, 6), Action(2, 2, "talk", "done", 2), mark(3, 4, 6)], 4)) == "done"
    assert state(path(r, [Action(30, 1, "talk", "done", 30), mark(2, 38, 12)], 38)) == "ready"  # last term's
    c = [mark(1, 1, 12), Action(2, 2, "talk", "done", 2), Closing(3, 3, "s"), mark(4, 4, 1), Report(8, 5, "concern", 8)]
    assert state(path(E(actions=acts(), opens=EITHER), c, 8)) == "ready"  # the previous opening's


@row("a snooze reaches past the due day of a must")
def _():
    c = [mark(1, 1, 12), Action(2, 2, "talk", "snoozed", 2, until=60)]
    r = E(actions=acts())
    assert state(path(r, c, 5)) == "snoozed"
    assert state(path(r, c, 8)) == "ready"
    assert state(path(E(actions=acts(duty="may")), c, 20)) == "snoozed"


@row("a pause covers the due day")
def _():
    c = [mark(1, 1, 12), Pause(3, 2, 3, 9)]
    p = path(E(actions=acts()), c, 9)
    assert state(p) == "paused"
    t = path(E(actions=acts()), c, 12).tasks()["talk"]
    assert t["state"] == "ready"
    assert t["due"] == 22
    assert not t["overdue"]
    t = path(E(actions=acts(statutory=True)), c, 9).tasks()["talk"]
    assert t["state"] == "ready"
    assert t["overdue"]


@row("a town begins in November with marks since August")
def _():
    p = path([ruleset(step(actions=acts()), valid_from=22)], [mark(1, 1, 12)], 25)
    assert names(p) == ["s@22"]
    assert p.tasks()["talk"]["due"] == 29
    assert not p.tasks()["talk"]["overdue"]


@row("consent is withdrawn")
def _():
    r = E(actions=acts({"id": "group", "consent": "group", "within": {"school_days": 3}}))
    c = [mark(1, 1, 12), Consent(2, 2, "group", "given"), Action(3, 3, "talk", "done", 3), Consent(9, 4, "group", "withdrawn")]
    assert state(path(r, c[:1], 1), "group") == "blocked: group"
    assert state(path(r, c, 3), "group") == "ready"
    p = path(r, c, 9)
    assert state(p, "group") == "no_consent"
    assert not p.tasks()["group"]["overdue"]
    assert state(p) == "done"


@row("the new version has no such step")
def _():
    def v(**more):
        return [ruleset(step()), ruleset(step("n", {"term": {"at_least": 8}}, **more), valid_from=20)]

    assert path(v(), [mark(1, 1, 10)], 21).open() == {"s", "n"}
    p = path(v(was=["s"]), [mark(1, 1, 10)], 21)
    assert p.open() == {"s"}
    assert names(p) == ["s@1"]
    v2 = v()
    v2[1]["ends"] = [{"step": "s", "because": "…"}]
    p = path(v2, [mark(1, 1, 10)], 21)
    assert p.open() == {"n"}
    p = path(v2, [mark(1, 1, 10), Closing(20, 2, "s")], 20)
    assert p.openings[0].end == (20, 2)
    assert p.openings[0].how == "ended by the new version"


@row("a move to a school with other terms")
def _():
    two = {"a": PLAIN, "b": FROM_21}

    def go(*c, on=30):
        return path(
            E(opens={"term": {"at_least": {"by": {"grade": {6: 10, 7: 14}}}}}),
            [Enrolment(0, 0, 0, "a", 6), *c],
            on,
            calendars=two,
        )

    move = Enrolment(25, 50, 25, "b", 7)
    assert names(go(mark(1, 1, 6), mark(2, 24, 6), move)) == ["s@24"]
    assert go(mark(1, 1, 6), mark(2, 24, 6), move).open() == {"s"}
    assert not go(mark(1, 1, 9), move, mark(4, 26, 9)).openings  # b's term holds 9 of 14; a's would hold 18
    assert path(E(opens={"term": {"at_least": {"by": {"grade": {7: 5}}}}}), [mark(1, 1, 9)], 3).undecided  # grade not given


@row("asked again next year about a day of today")
def _():
    c = [mark(1, 1, 6), mark(2, 2, 4), mark(3, 4, 3)]
    later = [Mark(6, 9, "m1", 1, 5), mark(5, 40, 20)]
    p = path(E(), c + later, 7)
    assert names(p) == ["s@2"]
    assert p.due_from == {"s@2": 4}
    assert not p.withdrawn
    assert path(E(), c + later, 5, known_on=(5, END)).due_from == {"s@2": 2}
    same_day = [mark(1, 1, 6, seq=1), mark(2, 1, 6, seq=2)]
    assert not path(E(), same_day, 1, known_on=(1, 1)).openings
    assert path(E(), same_day, 1, known_on=(1, 2)).openings


# ------------------------------------------------------------------ sentences of section 4 and 5 without a row
@row("above: includes, replaces, beside; without the higher step the lower asks again")
def _():
    def r(how):
        return [
            ruleset(
                step("low", {"term": {"at_least": 5}}, actions=acts()),
                step("up", TERM, above={"low": how}, actions=[{"id": "meet"}]),
            )
        ]

    c = [mark(1, 1, 5), mark(2, 2, 6)]
    t = path(r("replaces"), c, 2).tasks()
    assert set(t) == {"meet"}
    t = path(r("includes"), [*c[1:], mark(3, 2, 4)], 2).tasks()
    assert set(t) == {"talk", "meet"}
    t = path(r("beside"), c, 2).tasks()
    assert t["talk"]["name"] == "low@1/talk"
    p = path(r("replaces"), [*c, Mark(3, 3, "m2", 2, 0)], 3)
    assert p.open() == {"low"}
    assert p.tasks()["talk"]["state"] == "ready"


@row("until_done: answered grounds do not open it again; a new report does")
def _():
    r = E(opens=EITHER, lasts="until_done", actions=acts({"id": "tell", "when": CONCERN, "duty": "consider"}))
    p = path(r, [mark(1, 1, 12), Action(3, 2, "talk", "done", 3), Report(9, 3, "concern", 9)], 10)
    assert [(o.name, o.end and o.end[0], o.how) for o in p.openings] == [("s@1", 3, "done"), ("s@9", None, "")]


@row("what is unknown when a step ends by itself is not answered; a closing answers it")
def _():
    c = [mark(1, 1, 9), Register(1, 2, 1, 15, 9), Report(1, 3, "concern", 1)]
    more = mark(9, 8, 2)
    p = path(
        E(opens=EITHER, lasts="until_done", again="next_window", actions=acts()), [*c, Action(3, 4, "talk", "done", 3), more], 8
    )
    assert names(p) == ["s@1", "s@8"]
    assert path(
        E(opens=EITHER, lasts="until_done", again="next_window", actions=acts()), [*c, Action(3, 4, "talk", "done", 3)], 5
    ).undecided
    p = path(E(opens=EITHER, again="next_window"), [*c, Closing(3, 4, "s"), more], 8)
    assert names(p) == ["s@1"]
    assert not p.undecided


@row("a new version: its limits are answered by what held at the closing; a question keeps the version of its day")
def _():
    def v(limit):
        return [
            ruleset(step(again="next_window")),
            ruleset(step(opens={"term": {"at_least": limit}}, again="next_window"), valid_from=9),
        ]

    c = [mark(1, 1, 12), Closing(3, 2, "s"), mark(3, 10, 2)]
    assert names(path(v(8), c, 12)) == ["s@1"]
    assert names(path(v(14), c, 12)) == ["s@1", "s@10"]
    gap = [mark(1, 1, 9), Register(2, 2, 2, 1, 0)]
    assert path([ruleset(step()), ruleset(step(opens={"term": {"at_least": 12}}), valid_from=9)], gap, 12).undecided == {"s": 2}
    assert path([ruleset(step()), ruleset(step("n", {"term": {"at_least": 12}}), valid_from=9)], gap, 12).undecided == {"s": 2}


@row("until_end_of does not open about a check date of the term before")
def _():
    r = E(opens={"read": {"at_least": 10}}, lasts={"until_end_of": "term"})
    p = path(r, [mark(1, 30, 12)], 40)
    assert [(o.name, o.end and o.end[0]) for o in p.openings] == [("s@33", 35)]


@row("a span ends though the number stands; until_end_of opens in the next term on what is counted there")
def _():
    p = path(E(lasts={"school_days": 8}), [mark(1, 1, 12)], 30)
    assert [(o.name, o.end[0]) for o in p.openings] == [("s@1", 12)]
    p = path(E(lasts={"until_end_of": "term"}, again="next_window"), [mark(1, 1, 12), mark(2, 39, 12)], 40)
    assert [(o.name, o.end and o.end[0]) for o in p.openings] == [("s@1", 35), ("s@39", None)]


@row("while_true: unknown does not end it; again when_true_anew, next_window")
def _():
    c = [mark(1, 1, 9), mark(2, 24, 9)]
    for again, n in (("when_true_anew", 2), ("next_window", 2), ("once", 1)):
        assert len(path(E(opens=ROLL, lasts="while_true", again=again), c, 26).openings) == n
    p = path(E(lasts="while_true"), [mark(1, 1, 12), Mark(2, 2, "m1", 1, 8), Register(2, 3, 2, 4, 0)], 3)
    assert p.open() == {"s"}


@row("each: a new mark, not a corrected one, opens again")
def _():
    r = E(opens={"term": {"at_least": 1}}, again={"each": "mark"})
    c = [mark(1, 1, 2), Closing(2, 2, "s"), Mark(3, 3, "m1", 1, 4)]
    assert names(path(r, c, 4)) == ["s@1"]
    assert names(path(r, [*c, mark(4, 8, 1)], 8)) == ["s@1", "s@8"]


@row("each: a lesson not marked may be the new one")
def _():
    r = E(opens={"term": {"at_least": 1}}, again={"each": "mark"})
    c = [mark(1, 1, 2), Closing(2, 2, "s"), Register(8, 3, 8, 6, 0)]
    p = path(r, c, 9)
    assert names(p) == ["s@1"]
    assert p.undecided == {"s": 8}


@row("watch: after a closing the smaller limit, counted from the day after, to the end of the next term")
def _():
    w = {"watch": {"for": {"terms": 1}, "opens": {"year": {"at_least": 4}}}}
    c = [mark(1, 1, 12), Closing(3, 2, "s")]
    assert names(path(E(again="next_window", closing=w), c, 12)) == ["s@1"]
    p = path(E(again="next_window", closing=w), [*c, mark(3, 8, 4)], 12)
    assert names(p) == ["s@1", "s@8"]
    assert not p.withdrawn
    assert names(path(E(again="next_window"), [*c, mark(3, 8, 4)], 12)) == ["s@1"]


@row("a condition about another step is read before the check; order in the file makes no difference")
def _():
    a, b = step("a"), step("b", {"a": {"is": "open"}})
    for steps in ((a, b), (b, a)):
        assert names(path([ruleset(*steps)], [mark(1, 1, 12)], 2)) == ["a@1", "b@2"]


@row("a part about a step is answered too: no opening the day after a closing")
def _():
    r = [ruleset(step("a"), step("b", {"all": [TERM, {"a": {"is": "open"}}]}))]
    assert names(path(r, [mark(1, 1, 12), Closing(3, 2, "b")], 9)) == ["a@1", "b@2"]
    r = [ruleset(step("b", {"all": [TERM, {"none": [{"support": {"is": "yes"}}]}]}))]
    assert names(path(r, [mark(1, 1, 12), Answer(1, 2, "support", 1, "no"), Closing(3, 3, "b")], 9)) == ["b@1"]


@row("a closing taken back answers nothing from then on")
def _():
    p = path(E(), [mark(1, 1, 12), Closing(3, 2, "s"), Retracted(5, 3, 2)], 6)
    assert [(o.name, o.end) for o in p.openings] == [("s@1", (3, 2)), ("s@5", None)]


@row("when_true_anew in a new term does not open again about the term that was closed")
def _():
    assert names(path(E(), [mark(1, 1, 12), Closing(20, 2, "s")], 60)) == ["s@1"]


@row("after, without_delay, when: what the due day is counted from")
def _():
    r = E(
        actions=acts(
            {"id": "call", "after": ["talk"], "within": {"school_days": 2}},
            {"id": "ask", "within": "without_delay"},
            {"id": "help", "when": {"cause": {"includes": "health"}}, "within": {"calendar_days": 3}},
        )
    )
    c = [mark(1, 1, 12)]
    t = path(r, c, 2).tasks()
    assert t["call"]["state"] == "waiting"
    assert t["call"]["due"] == 10
    assert t["ask"]["due"] == 1
    assert t["ask"]["overdue"]
    assert t["help"]["state"] == "undecided"
    c += [Action(3, 2, "talk", "done", 3), Answer(4, 3, "cause", 4, ["health"])]
    t = path(r, c, 4).tasks()
    assert t["call"]["due"] == 7
    assert t["help"]["state"] == "ready"
    assert t["help"]["due"] == 7


@row("not needed is not for a statutory must; planned moves the due day, a statutory one only forward")
def _():
    no = [mark(1, 1, 12), Action(2, 2, "talk", "not_needed", 2)]
    assert state(path(E(actions=acts()), no, 3)) == "not_needed"
    assert state(path(E(actions=acts(statutory=True)), no, 3)) == "ready"
    late = [mark(1, 1, 12), Action(2, 2, "talk", "planned", 2, until=25)]
    assert path(E(actions=acts()), late, 3).tasks()["talk"]["due"] == 25
    assert path(E(actions=acts(statutory=True)), late, 3).tasks()["talk"]["due"] == 8


@row("ground gone and back: late only after it could be known")
def _():
    c = [mark(1, 1, 12), Mark(4, 2, "m1", 1, 0), mark(3, 2, 12, rec=25)]
    p = path(E(actions=acts()), c, 25)
    assert names(p) == ["s@1"]
    assert p.open() == {"s"}
    assert p.due_from["s@1"] == 25
    assert not p.tasks()["talk"]["overdue"]


@row("withdrawn in autumn, new ground in spring: the same opening, autumn's talk does not count")
def _():
    p = path(E(actions=acts()), [mark(1, 1, 12), Action(2, 2, "talk", "done", 2), Mark(4, 3, "m1", 1, 0), mark(4, 42, 12)], 42)
    assert names(p) == ["s@1"]
    assert state(p) == "ready"
    assert p.tasks()["talk"]["due"] == 49


# ------------------------------------------------------------------ M1
@row("M1 a notice without a day never stands before a talk that is late, though the notice is law")
def _():
    r = R(step("n", {"term": {"at_least": 1}}, actions=[{"id": "notice", "statutory": True}]), step(actions=acts(duty="should")))
    assert list(path(r, AUTUMN, 9).tasks()) == ["talk", "notice"]


@row("M1 late and due today before dated before undated; then law, local must, should, consider, may")
def _():
    a = [
        {"id": "may", "duty": "may", "within": "without_delay"},
        {"id": "undated", "statutory": True},
        {"id": "later", "statutory": True, "within": {"school_days": 9}},
        {"id": "should", "duty": "should", "within": {"school_days": 1}},
        {"id": "law", "statutory": True, "within": "without_delay"},
        {"id": "local", "within": {"school_days": 1}},
    ]
    assert list(path(R(step(actions=a)), AUTUMN, 2).tasks()) == ["law", "local", "should", "may", "later", "undated"]


@row("M1 one group: 30 days late `should` stands after a `must` due today")
def _():
    r = R(
        step("old", {"term": {"at_least": 1}}, actions=[{"id": "call", "duty": "should", "within": "without_delay"}]),
        step(actions=acts(within={"school_days": 5})),
    )
    p = path(r, [mark(0, 1, 1), mark(1, 23, 12)], 30)
    assert list(p.tasks()) == ["talk", "call"]


@row("M1 the higher tier, then the file")
def _():
    r = R(step("low", TERM, tier=1, actions=[{"id": "x"}]), step("up", TERM, tier=2, actions=[{"id": "y"}, {"id": "z"}]))
    assert list(path(r, AUTUMN, 1).tasks()) == ["y", "z", "x"]


@row("M1 without_delay on a Saturday counts as due at once, overdue from Tuesday")
def _():
    r = R(step("c", CONCERN, actions=[{"id": "ask", "within": "without_delay"}]))
    c = [Report(5, 1, "concern", 5)]
    t = path(r, c, 5).tasks()["ask"]
    assert t["now"]
    assert t["due"] == 7
    assert not path(r, c, 7).tasks()["ask"]["overdue"]
    assert path(r, c, 8).tasks()["ask"]["overdue"]


@row("M1 withdrawn, done, snoozed, waiting tasks never are next; a blocked one is, as asking for the consent")
def _():
    r = R(actions=acts({"id": "group", "consent": "group", "after": ["talk"], "within": {"school_days": 3}}))
    p = path(r, [*AUTUMN, Action(2, 2, "talk", "snoozed", 2, until=4)], 3)
    assert p.next() is None
    p = path(r, [*AUTUMN, done(2, 2)], 3)
    assert p.next()["state"] == "blocked: group"


@row("M1 merged: earliest day, strongest duty, highest tier, the state that can be done")
def _():
    r = R(
        step("a", {"term": {"at_least": 5}}, tier=1, actions=acts(duty="should", within={"school_days": 2})),
        step("b", TERM, tier=2, actions=acts({"id": "x", "within": {"school_days": 9}}, after=["x"], within={"school_days": 9})),
    )
    t = path(r, [mark(1, 1, 5), mark(2, 8, 6)], 8).tasks()["talk"]
    assert (t["state"], t["due"], t["action"]["duty"], t["tier"], t["name"], t["also"]) == (
        "ready",
        3,
        "must",
        2,
        "a@1/talk",
        ("b@8/talk",),
    )


@row("M1 an action asked only later does not make one wait that could be done (one more mark: 30 to 40)")
def _():
    a = [
        {"id": "call", "when": {"term": {"at_least": 15}}, "within": {"school_days": 5}},
        {"id": "meet", "after": ["call"], "within": {"school_days": 2}},
    ]
    p = path(R(actions=a), [*AUTUMN, mark(2, 8, 6)], 8)
    t = p.tasks()
    assert t["meet"]["state"] == "ready"
    assert t["meet"]["overdue"]
    assert list(t) == ["meet", "call"]


@row("M1 a higher level keeps the day of the talk that the lower one still owes")
def _():
    r = R(opens={"term": {"at_least": 10}}, again={"every": {"term": 10, "from": 10}})
    t = path(r, [*AUTUMN, mark(2, 10, 10)], 10).tasks()["talk"]
    assert t["name"] == "s+20@10/talk"
    assert t["due"] == 8
    assert t["overdue"]
    t = path(r, [*AUTUMN, done(2, 3), mark(3, 10, 10)], 10).tasks()["talk"]
    assert t["due"] > 10
    assert t["state"] == "ready"


@row("M1 `replaces`: the shared talk keeps its day; what only the lower step asked is gone (the named exception)")
def _():
    def go(action, on=12):
        return path(
            R(
                step("low", {"term": {"at_least": 5}}, actions=acts()),
                step("up", TERM, above={"low": "replaces"}, actions=[{"id": action, "within": {"school_days": 5}}]),
            ),
            [mark(1, 1, 5), mark(2, 9, 6)],
            on,
        )

    t = go("talk").tasks()["talk"]
    assert t["due"] == 8
    assert t["overdue"]
    assert t["name"] == "up@9/talk"
    assert list(go("meet").tasks()) == ["meet"]
    assert not go("meet").next()["overdue"]


@row("M1 across pupils: late before due later before undated before a question before close-or-go-on before none")
def _():
    r = R(
        step(again="next_window", actions=acts()),
        step("q", {"all": [{"year": {"at_least": 1}}, {"support": {"is": "no"}}]}, actions=[{"id": "help"}]),
    )
    late, dated = path(r, AUTUMN, 10), path(r, [mark(1, 9, 12)], 10)
    asked, closing, none = path(r, [mark(1, 9, 1)], 10), path(R(), [*AUTUMN, done(2, 3)], 10), path(R(), [], 10)
    order = sorted([none, closing, asked, dated, late], key=lambda p: p.place_in_list())
    assert [order.index(p) for p in (late, dated, closing)] == [0, 1, 2]
    assert asked.next() is None
    assert asked.undecided


@row("M1 a question stands before close or go on")
def _():
    r = R(
        step(again="next_window", actions=acts()),
        step("q", {"term": {"at_least": 5}}, actions=[{"id": "help", "when": {"cause": {"includes": "health"}}}]),
    )
    assert nxt(path(r, [*AUTUMN, done(2, 2)], 3))[0] == "q@1/help"
    assert list(path(r, [*AUTUMN, done(2, 2)], 3).tasks())[1] == "close:s"


# ------------------------------------------------------------------ M2a
@row("M2a all over: close or go on, to those who may close, without a day, after everything else")
def _():
    p = path(R(closing={"by": ["class-lead"]}), [*AUTUMN, done(2, 2)], 20)
    assert nxt(p) == ("s@1/close:s", None, False)
    assert p.answer["tasks"][0]["roles"] == ["class-lead"]


@row("M2a a step without actions proposes it at once; a paused, a withdrawn, a repeated one does not; a question comes first")
def _():
    assert nxt(path(R(actions=[]), AUTUMN, 1))[0] == "s@1/close:s"
    assert path(R(), [*AUTUMN, done(2, 2), Pause(3, 3, 3, 9)], 5).next() is None
    assert path(R(), [*AUTUMN, done(2, 2), Mark(3, 3, "m1", 1, 0)], 5).next() is None
    assert path(R(actions=acts(repeat={"every": {"school_weeks": 1}})), [*AUTUMN, done(2, 2)], 5).next() is None
    a = acts({"id": "help", "when": {"cause": {"includes": "health"}}})
    assert path(R(actions=a), [*AUTUMN, done(2, 2)], 5).next()["state"] == "undecided"


@row("M2a `go on` is until a day that the person gives; the step then asks again; a renewal does not wait for it")
def _():
    c = [*AUTUMN, done(2, 2), Action(3, 9, "close:s", "snoozed", 3, until=50)]
    assert path(R(), c, 30).next() is None
    assert nxt(path(R(), c, 50))[0] == "s@1/close:s"
    assert nxt(path(R(), c + SPRING, 42))[0] == "s@42/talk"


@row("M2a steps that end by themselves do not propose it; a lower step that is replaced does not")
def _():
    for lasts in ("while_true", {"until_end_of": "term"}, {"school_days": 40}):
        assert path(R(lasts=lasts), [*AUTUMN, done(2, 2)], 8).next() is None
    r = R(step("low", {"term": {"at_least": 5}}, actions=[]), step("up", TERM, above={"low": "replaces"}, actions=[]))
    assert set(path(r, AUTUMN, 2).tasks()) == {"close:up"}


# ------------------------------------------------------------------ M2b
@row("M2b autumn's talk held, never closed, 12 more in spring: renewed, a talk is asked anew")
def _():
    p = path(R(), [*AUTUMN, done(2, 2), *SPRING], 43)
    assert ends(p) == [("s@1", 42, "renewed"), ("s@42", None, "")]
    assert nxt(p) == ("s@42/talk", 49, False)


@row("M2b the talk was never held: it keeps its name and day, being late is not wiped out")
def _():
    p = path(R(), AUTUMN + SPRING, 43)
    t = p.tasks()["talk"]
    assert (t["name"], t["due"], t["overdue"], t["also"]) == ("s@1/talk", 8, True, ("s@42/talk",))
    p = path(R(), AUTUMN + SPRING + [done(4, 44)], 45)
    assert {x["name"]: x["state"] for _, x in p.obligations()} == {"s@1/talk": "done", "s@42/talk": "done"}
    assert nxt(p)[0] == "s@42/close:s"


@row("M2b a talk after the term began and before the renewal belongs to the old opening; on the day of renewal to both")
def _():
    assert state(path(R(), [*AUTUMN, done(2, 38), *SPRING], 43)) == "ready"
    assert state(path(R(), AUTUMN + SPRING + [done(4, 42)], 43)) == "done"


@row("M2b an autumn talk recorded after the renewal clears autumn's, spring's is still asked")
def _():
    p = path(R(), AUTUMN + SPRING + [done(9, 5, rec=44)], 44)
    assert {x["name"]: x["state"] for _, x in p.obligations()} == {"s@1/talk": "done", "s@42/talk": "ready"}
    assert nxt(p)[0] == "s@42/talk"


@row("M2b the first opening was withdrawn: what it owed is gone, the new one stands on its own")
def _():
    p = path(R(), [*AUTUMN, Mark(5, 2, "m1", 1, 0), *SPRING], 43)
    assert ends(p)[0] == ("s@1", 42, "renewed")
    assert p.withdrawn == {"s@1"}
    assert p.tasks()["talk"]["due"] == 49
    assert not p.tasks()["talk"]["overdue"]


@row("M2b spring's ground is corrected away: the old opening stands as if not renewed, late or to be closed")
def _():
    gone = [Mark(44, 9, "m3", 42, 0)]
    p = path(R(), AUTUMN + SPRING + gone, 45)
    assert p.open() == {"s"}
    assert nxt(p) == ("s@1/talk", 8, True)
    assert p.withdrawn == {"s@42"}
    p = path(R(), [*AUTUMN, done(2, 2), *SPRING, *gone], 45)
    assert p.open() == {"s"}
    assert nxt(p)[0] == "s@1/close:s"


@row("M2b ... and it comes back: the same second opening, due from the day it came back")
def _():
    p = path(R(), [*AUTUMN, done(2, 2), *SPRING, Mark(44, 9, "m3", 42, 0), Mark(50, 10, "m3", 42, 12)], 51)
    assert names(p) == ["s@1", "s@42"]
    assert p.due_from["s@42"] == 50
    assert p.tasks()["talk"]["due"] == 57


@row("M2b autumn's marks corrected after the renewal: spring's opening is not touched")
def _():
    p = path(R(), AUTUMN + SPRING + [Mark(50, 9, "m1", 1, 0)], 51)
    assert p.withdrawn == {"s@1"}
    assert nxt(p) == ("s@1/talk", 49, True)


@row("M2b spring could be reached by unmarked lessons: open, and asked; marked present: not asked")
def _():
    c = [*AUTUMN, done(2, 2), mark(3, 42, 8), Register(43, 4, 43, 4, 0)]
    p = path(R(), c, 44)
    assert names(p) == ["s@1"]
    assert p.undecided == {"s": 43}
    assert p.asking() == {"s"}
    assert not path(R(), [*c, Register(45, 5, 43, 4, 4)], 45).asking()


@row("M2b late autumn marks open in January about autumn; spring's ground still renews; what held at once is one opening")
def _():
    p = path(R(), [mark(1, 28, 12, rec=38), *SPRING], 43)
    assert [(o.name, o.about) for o in p.openings] == [("s@38", 34), ("s@42", 42)]
    p = path(R(), [mark(1, 28, 12, rec=38), mark(2, 37, 12, rec=38), mark(3, 43, 3)], 60)
    assert names(p) == ["s@38"]


@row("M2b twice on one day: autumn's late marks, then spring's: the second has #2")
def _():
    p = path(R(), [mark(1, 28, 12, rec=42, seq=1), Closing(42, 2, "x"), mark(3, 42, 12)], 42)
    assert names(p) == ["s@42", "s@42#2"]


@row("M2b the closing is recorded on the day of renewal: renewed, then closed; nothing opens")
def _():
    p = path(R(), [*AUTUMN, mark(3, 42, 12, seq=3), Closing(42, 4, "s")], 60)
    assert ends(p) == [("s@1", 42, "renewed"), ("s@42", 42, "closed")]
    assert not p.told
    p = path(R(), [*AUTUMN, Closing(42, 2, "s"), mark(3, 42, 12, seq=3)], 60)
    assert ends(p) == [("s@1", 42, "closed"), ("s@42", None, "")]


@row("M2b that closing is taken back: opens anew that day; the renewed opening stays renewed")
def _():
    p = path(R(), [*AUTUMN, mark(3, 42, 12, seq=3), Closing(43, 4, "s"), Retracted(45, 5, 4)], 46)
    assert ends(p) == [("s@1", 42, "renewed"), ("s@42", 43, "closed"), ("s@45", None, "")]


@row("M2b opened by a concern: 12 of the same term join, 12 of the next renew; a new concern alone does not")
def _():
    c = [Report(2, 1, "concern", 2)]
    assert names(path(R(opens=EITHER), [*c, mark(2, 8, 12)], 30)) == ["s@2"]
    assert names(path(R(opens=EITHER), [*c, Report(40, 5, "concern", 40, by="guardian")], 41)) == ["s@2"]
    p = path(R(opens=EITHER), c + SPRING, 43)
    assert names(p) == ["s@2", "s@42"]
    assert sorted(p.reasons(1)) == [("counter", "term"), ("report", "concern")]


@row("M2b any of a term and a year counter: only the counter whose window began after renews")
def _():
    r = R(opens={"any": [TERM, YEAR]})
    assert names(path(r, [*AUTUMN, mark(3, 42, 6)], 60)) == ["s@1"]  # year 18, term 6: joins
    assert names(path(r, AUTUMN + SPRING, 60)) == ["s@1", "s@42"]


@row("M2b all of a term and a year counter, and of a term and an answer: renewed when all hold and one is new")
def _():
    assert names(path(R(opens={"all": [TERM, {"year": {"at_least": 11}}]}), AUTUMN + SPRING, 60)) == ["s@1", "s@42"]
    r = R(opens={"all": [TERM, {"support": {"is": "no"}}]})
    c = [*AUTUMN, Answer(2, 2, "support", 2, "no")]
    assert names(path(r, c + SPRING, 60)) == ["s@2", "s@42"]
    assert names(path(r, [*c, Answer(40, 7, "support", 40, "yes"), *SPRING], 60)) == ["s@2"]


@row("M2b a rolling window has ended when today's begins after the day the opening is about")
def _():
    r = R(opens=ROLL)
    p = path(r, [mark(1, 1, 8), mark(2, 7, 8)], 12)
    assert names(p) == ["s@1"]
    p = path(r, [mark(1, 1, 8), mark(2, 7, 4), mark(3, 22, 4)], 25)
    assert names(p) == ["s@1", "s@22"]  # window of 22: 7-22
    assert (
        state(path(r, [mark(1, 1, 8), done(5, 9), mark(2, 7, 4), mark(3, 22, 4)], 25)) == "ready"
    )  # the talk of 9 was the old one's


@row("M2b a late mark that would have renewed on a rolling window: opens nothing, a person is asked")
def _():
    p = path(R(opens=ROLL), [mark(1, 1, 8), done(5, 2), mark(2, 8, 4), mark(3, 22, 4, rec=39)], 39)
    assert names(p) == ["s@1"]
    assert p.undecided == {"s": 22}


@row("M2b `once`, `when_true_anew`, `each` are not renewed; close or go on stands instead")
def _():
    for again in ("once", "when_true_anew", {"each": "mark"}):
        p = path(R(again=again), [*AUTUMN, done(2, 2), *SPRING], 43)
        assert names(p) == ["s@1"]
        assert nxt(p)[0] == "s@1/close:s"


@row("M2b until_done: what the old opening owes must be answered too")
def _():
    r = R(lasts="until_done", actions=acts())
    p = path(r, AUTUMN + SPRING, 43)
    assert ends(p) == [("s@1", 42, "renewed"), ("s@42", None, "")]
    assert ends(path(r, AUTUMN + SPRING + [done(5, 44)], 44))[1] == ("s@42", 44, "done")
    assert nxt(p) == ("s@1/talk", 8, True)


@row("M2b while_true: ended by the empty new term; on a rolling window renewed while it goes on holding")
def _():
    assert ends(path(R(lasts="while_true"), AUTUMN + SPRING, 43)) == [("s@1", 35, "no longer true"), ("s@42", None, "")]
    p = path(R(lasts="while_true", opens={"roll": {"at_least": 4}}), [mark(i, d, 4) for i, d in enumerate((1, 8, 22, 28))], 29)
    assert ends(p) == [("s@1", 21, "renewed"), ("s@21", None, "")]  # the week of 21: the window is 7-27


@row("M2b a span over the change of terms: renewed, a new span; until_end_of is over before")
def _():
    p = path(R(lasts={"school_days": 20}), [mark(1, 28, 12), mark(2, 42, 12)], 75)
    assert ends(p) == [("s@28", 42, "renewed"), ("s@42", 71, "its time ended")]
    p = path(R(lasts={"until_end_of": "term"}), AUTUMN + SPRING, 43)
    assert ends(p)[0] == ("s@1", 35, "the term ended")


@row("M2b the summer: a term of the next school year renews, an autumn count of the old one does not reach it")
def _():
    p = path(R(), [mark(1, 60, 12), mark(2, 99, 12)], 100, calendars={"a": TWO})
    assert names(p) == ["s@60", "s@99"]
    assert nxt(p)[:2] == ("s@60/talk", 67)
    p = path(R(opens=YEAR), [mark(1, 60, 18), mark(2, 99, 18)], 100, calendars={"a": TWO})
    assert names(p) == ["s@60", "s@99"]
    assert names(path(R(), [mark(1, 60, 12)], 100, calendars={"a": TWO})) == ["s@60"]


@row("M2b in the summer gap the last term goes on; nothing is renewed by time")
def _():
    p = path(R(), [mark(1, 60, 12), done(2, 61)], 90, calendars={"a": TWO})
    assert names(p) == ["s@60"]
    assert nxt(p)[0] == "s@60/close:s"


@row("M2b levels: each by its own; autumn's second level does not silence spring's first")
def _():
    r = R(opens=TERM, again={"every": {"term": 10, "from": 10}})
    c = [mark(1, 1, 22), done(2, 2)]
    p = path(r, c + SPRING, 43)
    assert names(p) == ["s@1", "s+20@1", "s@42"]
    assert nxt(p)[:2] == ("s@42/talk", 49)
    p = path(r, c + SPRING + [mark(5, 43, 9)], 43)
    assert names(p)[3] == "s+20@43"
    assert p.tasks()["talk"]["name"] == "s+20@43/talk"
    p = path(r, c + SPRING + [Closing(44, 6, "s+20")], 45)
    assert p.open() == {"s"}  # closing autumn's level closes no newer one


@row("M2b one mark renews and opens the next level, or the step that replaces it: autumn's late talk keeps its day through both")
def _():
    r = R(opens={"term": {"at_least": 4}}, again={"every": {"term": 4, "from": 4}})
    p = path(r, [mark(1, 1, 4), mark(2, 56, 8)], 56)
    t = p.tasks()["talk"]
    assert names(p) == ["s@1", "s@56", "s+8@56"]
    assert t["due"] == 8
    assert t["overdue"]
    r = R(
        step("low", {"term": {"at_least": 4}}, again="next_window", actions=acts()),
        step("up", {"term": {"at_least": 5}}, above={"low": "replaces"}, actions=acts()),
    )
    t = path(r, [mark(1, 1, 4), mark(2, 42, 5)], 42).tasks()["talk"]
    assert t["due"] == 8
    assert t["overdue"]


@row("M1 a level that keeps a day, beside another step that asks the same: the earliest day")
def _():
    r = R(
        step("s", {"term": {"at_least": 5}}, actions=acts()),
        step("x", {"term": {"at_least": 4}}, again={"every": {"term": 4, "from": 4}}, actions=acts()),
    )
    assert path(r, [mark(1, 0, 4), mark(2, 1, 4)], 1).tasks()["talk"]["due"] == 7


@row("M7 a task that waits for an answer has no day: lessons not marked make nobody late at once")
def _():
    r = R(actions=acts({"id": "far", "when": {"year": {"at_least": 20}}, "within": {"school_days": 1}}))
    p = path(r, [*AUTUMN, Register(9, 5, 9, 9, 0)], 21)
    t = p.tasks()["far"]
    assert t["state"] == "undecided"
    assert t["due"] is None
    assert not t["overdue"]
    assert p.questions() == {"register": ([], ["s@1/far"])}


@row("M3 rules of the new school not yet in force: nothing ends; the step that the move leaves behind stays")
def _():
    late = [AB[0], {**AB[1], "valid_from": 30}]
    p = go(late, [START, mark(1, 1, 16), MOVE], 30)
    assert names(p) == ["s@1"]
    assert p.open() == {"s"}


@row("M2b includes: both ask; replaces: autumn's higher step does not silence spring's lower one until it is renewed")
def _():
    def r(how):
        return R(
            step("low", {"term": {"at_least": 5}}, again="next_window", actions=acts()),
            step("up", TERM, again="next_window", above={"low": how}, actions=[{"id": "meet", "within": {"school_days": 5}}]),
        )

    c = [*AUTUMN, done(2, 2), done(3, 3, "meet")]
    p = path(r("includes"), [*c, mark(5, 42, 6)], 43)
    assert names(p) == ["low@1", "up@1", "low@42"]
    assert nxt(p)[0] == "low@42/talk"
    p = path(r("replaces"), [*c, mark(5, 42, 6)], 43)
    assert nxt(p)[0] == "low@42/talk"
    p = path(r("replaces"), [*c, mark(5, 42, 6), mark(6, 43, 6)], 43)
    assert nxt(p)[0] == "up@43/meet"
    assert "talk" not in {x["action"]["id"] for _, x in p.obligations()}


@row("M2b the version changed: renewed by the version of the day; `was`; another limit; no such step: no renewal")
def _():
    def v(*s):
        return [ruleset(step(again="next_window", actions=acts())), ruleset(*s, valid_from=38)]

    p = path(v(step("n", was=["s"], again="next_window", actions=[{"id": "meet"}])), AUTUMN + SPRING, 43)
    assert ends(p) == [("s@1", 42, "renewed"), ("n@42", None, "")]
    assert list(p.tasks()) == ["talk", "meet"]
    assert names(path(v(step(opens={"term": {"at_least": 20}}, again="next_window", actions=acts())), AUTUMN + SPRING, 43)) == [
        "s@1"
    ]
    assert names(path(v(step("x", YEAR)), AUTUMN + SPRING, 43))[0] == "s@1"
    assert path(v(step("x", YEAR)), AUTUMN + SPRING, 43).openings[0].end is None


@row("M2b a version that begins on the very day of renewal judges it")
def _():
    v = [
        ruleset(step(again="next_window", actions=acts())),
        ruleset(step(again="next_window", actions=[{"id": "meet"}]), valid_from=42),
    ]
    p = path(v, AUTUMN + SPRING, 42)
    assert ends(p)[0] == ("s@1", 42, "renewed")
    assert list(p.tasks()) == ["talk", "meet"]


@row("M2b asked again later, the same answer; known before the mark, not renewed")
def _():
    c = [*AUTUMN, mark(3, 42, 12, rec=44)]
    assert names(path(R(), c, 50, known_on=(43, END))) == ["s@1"] == names(path(R(), c, 43))
    assert names(path(R(), c, 44)) == [
        "s@1",
        "s@44",
    ]


@row("M2b a check date of the new term renews, not before it")
def _():
    r = R(opens={"read": {"at_least": 10}})
    c = [mark(1, 1, 12), *SPRING]
    assert names(path(r, c, 49)) == ["s@9"]
    assert names(path(r, c, 50)) == ["s@9", "s@50"]


@row("what a closing answered in autumn keeps no later opening standing, and counts for no earlier talk")
def _():
    c = [*AUTUMN, Closing(3, 2, "s")]
    p = path(R(), c + SPRING + [Mark(44, 9, "m3", 42, 0)], 45)
    assert names(p) == ["s@1", "s@42"]
    assert p.withdrawn == {"s@42"}
    assert state(path(R(), [*c, done(5, 25), *SPRING], 43)) == "ready"
    assert state(path(R(), [*c, done(5, 38), *SPRING], 43)) == "done"
    p = path(R(), [*SPRING, Mark(44, 9, "m3", 42, 0), mark(1, 28, 12, rec=44)], 45)
    assert names(p) == ["s@42"]
    assert not p.withdrawn


# ------------------------------------------------------------------ M3
CALS = {"a": PLAIN, "b": FROM_21}


def schools(A, B=None, **more):
    return dict(calendars=CALS, schools={"a": "A", "b": "B"}, **more), [*A, *(B or [])]


def rules(line, *steps, **more):
    return {**ruleset(*steps, **more), "line": line}


def at(school, d, seq, rec=None, grade=6):
    return Enrolment(d if rec is None else rec, seq, d, school, grade)


def go(vs, case, on, known_on=None):
    return path(vs, case, on, known_on=known_on, calendars=CALS, schools={"a": "A", "b": "B"})


AB = [
    rules("A", step(opens={"year": {"at_least": 15}}, again="next_window", actions=acts())),
    rules(
        "B", step(opens={"year": {"at_least": 12}}, again="next_window", actions=acts({"id": "meet"}, within={"school_days": 3}))
    ),
]
OTHER = [AB[0], rules("B", step("t", {"year": {"at_least": 12}}, actions=acts()))]
START, MOVE = at("a", 0, -10), at("b", 23, 90)


@row("M3 A to B: 12 of A's 15; opens by B's 12 on the day of the move, nobody is late")
def _():
    p = go(AB, [START, mark(1, 1, 12), MOVE], 23)
    assert ends(p) == [("s@23", None, "")]
    assert p.openings[0].about == 23
    assert p.tasks()["talk"]["due"] == 28
    assert not go(AB, [START, mark(1, 1, 12), MOVE], 28).tasks()["talk"]["overdue"]
    assert not go(AB, [START, mark(1, 1, 12)], 23).openings


@row("M3 a step that both name goes on by the rules that opened it, with their actions and days")
def _():
    p = go(AB, [START, mark(1, 1, 16), MOVE], 24)
    assert names(p) == ["s@1"]
    assert set(p.tasks()) == {"talk"}
    assert p.tasks()["talk"]["due"] == 8


@row("M3 B to A, a step that A does not name stays open; back at B it goes on; nothing is asked twice")
def _():
    c = [at("b", 0, -10), mark(1, 1, 12), at("a", 23, 90), mark(2, 24, 6), at("b", 28, 91)]
    assert go(OTHER, c, 25).open() == {"t", "s"}
    assert names(go(OTHER, c, 30)) == ["t@1", "s@24"]


@row("M3 renewal after a move: by the rules of the school of the day")
def _():
    ab = [
        rules("A", step(again="next_window", actions=acts())),
        rules("B", step(opens={"term": {"at_least": 8}}, again="next_window", actions=[{"id": "meet"}])),
    ]
    p = go(ab, [START, mark(1, 1, 12), done(2, 2), MOVE, mark(3, 24, 8)], 25)
    assert names(p) == ["s@1", "s@24"]
    assert next(iter(p.tasks())) == "meet"


@row("M3 a move itself renews nothing: B's term began before the opening, or holds too little")
def _():
    ab = [rules("A", step(again="next_window", actions=acts())), rules("B", step(again="next_window", actions=acts()))]
    assert names(go(ab, [START, mark(1, 22, 12), MOVE, mark(3, 24, 3)], 30)) == ["s@22"]
    assert names(go(ab, [START, mark(1, 8, 6), mark(4, 11, 6), MOVE, mark(3, 24, 3)], 30)) == ["s@11"]


@row("M3 a move recorded late: judged by A until it is known; what A opened on a day of B without such a step is withdrawn")
def _():
    c = [START, mark(1, 1, 12), mark(2, 24, 4), at("b", 23, 90, rec=29)]
    p = go(OTHER, c, 28)
    assert p.open() == {"s"}
    p = go(OTHER, c, 29)
    assert names(p) == ["s@24", "t@29"]
    assert p.withdrawn == {"s@24"}
    assert p.open() == {"t"}
    assert go(AB, c, 29).withdrawn == set()  # B names it: it goes on
    assert go(OTHER, c, 30, known_on=(28, END)).open() == {"s"}


@row("M3 a move retracted: what B opened is withdrawn, A judges again from the day it is known")
def _():
    c = [START, mark(1, 1, 12), MOVE, Retracted(25, 91, 90)]
    p = go(OTHER, c, 26)
    assert names(p) == ["t@23"]
    assert p.withdrawn == {"t@23"}
    assert not p.open()


@row("M3 a ruleset is asked only about days of its own: autumn at A is not opened by B's lower limit")
def _():
    ab = [rules("A", step(opens={"term": {"at_least": 15}})), rules("B", step("t", {"term": {"at_least": 12}}))]
    cals = {"a": PLAIN, "b": PLAIN}
    move = at("b", 37, 90)

    def f(c):
        return path(ab, c, 40, calendars=cals, schools={"a": "A", "b": "B"})

    assert not f([START, mark(1, 1, 12), move]).openings
    p = f([START, mark(1, 1, 12), move, mark(2, 28, 4, rec=38)])
    assert not p.openings
    assert p.undecided == {"s": 28}


@row("M3 `ends` of B's new version says nothing of what A opened")
def _():
    vs = [
        AB[0],
        {**rules("B", step("t", {"year": {"at_least": 99}}), valid_from=20), "ends": [{"step": "s", "because": "…"}]},
        rules("B", step("t", {"year": {"at_least": 99}})),
    ]
    assert go(vs, [START, mark(1, 1, 16), MOVE], 25).open() == {"s"}


@row("M3 each day of a span by the calendar of its school: the move does not make a talk late")
def _():
    cals = {"a": PLAIN, "b": ALWAYS}

    def f(on):
        return path(AB, [START, mark(1, 11, 16), at("b", 21, 90)], on, calendars=cals, schools={"a": "A", "b": "B"})

    assert f(12).tasks()["talk"]["due"] == f(22).tasks()["talk"]["due"] == 25  # B had school 14-18, A not


@row("M3 left: nothing opens, ends or is renewed; what is owed is to be handed over, not late; a person may close")
def _():
    c = [START, mark(1, 1, 16), at(None, 5, 80)]
    p = go(AB, c, 12)
    assert p.tasks()["talk"]["state"] == "to_hand_over"
    assert not p.tasks()["talk"]["overdue"]
    assert p.next() is None
    assert not go(AB, [START, mark(1, 1, 12), at(None, 5, 80), mark(2, 3, 6, rec=9)], 12).openings
    assert go(AB, [*c, Closing(9, 95, "s")], 12).openings[0].end == (9, 95)


@row("M3 left and back: the days away do not count; an end with a known next school is no leaving")
def _():
    c = [START, mark(1, 1, 16), at(None, 5, 80), at("b", 24, 81)]
    t = go(AB, c, 24).tasks()["talk"]
    assert t["due"] == 25
    assert not t["overdue"]
    c = [START, mark(1, 1, 16), at(None, 5, 80), at("b", 24, 81, rec=5)]
    t = go(AB, c, 12).tasks()["talk"]
    assert t["state"] == "ready"
    assert t["due"] == 25
    assert not t["overdue"]


@row("M3 leaving recorded late: what opened meanwhile is withdrawn")
def _():
    p = go(AB, [START, mark(1, 8, 16), at(None, 5, 80, rec=12)], 12)
    assert p.withdrawn == {"s@8"}


# ------------------------------------------------------------------ M4, M5, M7, M8, M9, M12, M13, M14
@row("M4 a day before valid_from or after valid_until is refused, at the school attended; the day is not `nothing is open`")
def _():
    def refused(f):
        try:
            f()
        except NotInForce as e:
            return e.args[0]

    assert refused(lambda: path([ruleset(step(), valid_from=9)], AUTUMN, 8)) == [("", ZERO + 9, None)]
    assert path([ruleset(step(), valid_from=9)], AUTUMN, 9).openings
    assert refused(lambda: path([ruleset(step(), valid_until=9)], AUTUMN, 10))
    assert path([ruleset(step(), valid_until=9)], AUTUMN, 9).openings
    late = [AB[0], {**AB[1], "valid_from": 30}]
    assert go(late, [START, MOVE], 22)
    assert refused(lambda: go(late, [START, MOVE], 24))
    assert go(late, [START, MOVE], 30)


@row("M5 a No is over: said, not late, `after` passes it, the step proposes its end; a Yes brings it back, counted from then")
def _():
    r = R(
        actions=acts(
            {"id": "group", "consent": "group", "within": {"school_days": 3}},
            {"id": "plan", "after": ["group"], "within": {"school_days": 2}},
        )
    )
    no = [*AUTUMN, done(2, 2), Consent(4, 3, "group", "refused")]
    p = path(r, no, 10)
    assert state(p, "group") == "no_consent"
    assert not p.tasks()["group"]["overdue"]
    assert p.tasks()["plan"]["due"] == 8
    assert state(p, "plan") == "ready"
    assert nxt(path(r, [*no, done(5, 7, "plan")], 10))[0] == "s@1/close:s"
    t = path(r, [*no, Consent(9, 6, "group", "given")], 9).tasks()["group"]
    assert t["state"] == "ready"
    assert t["due"] == 21


@row("M5 a Yes after a No counts from the Yes, not from an earlier one; until_done ends on a No")
def _():
    r = R(actions=[{"id": "group", "consent": "group", "within": {"school_days": 3}}])
    c = [*AUTUMN, Consent(2, 2, "group", "given"), Consent(3, 3, "group", "withdrawn"), Consent(9, 4, "group", "given")]
    assert path(r, c, 9).tasks()["group"]["due"] == 21
    p = path(R(lasts="until_done", actions=r[0]["steps"][0]["actions"]), [*AUTUMN, Consent(4, 2, "group", "refused")], 5)
    assert ends(p) == [("s@1", 4, "done")]


@row("M5 a No answers the openings of its day; a renewed opening may ask anew, but not against a ban (`presumed`)")
def _():
    a = [{"id": "group", "consent": "group"}]
    c = [*AUTUMN, Consent(4, 2, "group", "refused"), *SPRING]
    assert path(R(actions=a), c, 43).next()["state"] == "blocked: group"
    ban = R(actions=a)
    ban[0] = {**ban[0], "consents": {"group": {"presumed": True}}}
    assert state(path(ban, c, 43), "group") == "no_consent"


@row("M7 only what is known to be true is a reason")
def _():
    r = R(opens={"any": [TERM, CONCERN, {"year": {"at_least": 30}}]})
    p = path(r, AUTUMN, 2)
    assert p.reasons(0) == [("counter", "term")]
    c = [mark(1, 1, 9), Register(1, 2, 1, 15, 9), Report(1, 3, "concern", 1)]
    p = path(r, c, 2)
    assert p.reasons(0) == [("report", "concern")]
    p = path(r, [*c, Report(3, 4, "concern", 3, raised=False)], 3)
    assert p.in_doubt == set()
    assert p.openings[0].name == "s@1"


@row("M7 a task whose `when` waits for an answer stands under its question")
def _():
    r = R(actions=acts({"id": "help", "when": {"cause": {"includes": "health"}}}))
    p = path(r, AUTUMN, 2)
    assert p.questions() == {"cause": ([], ["s@1/help"])}
    assert nxt(p)[0] == "s@1/talk"


@row("M8 today's number beside the one that opened it, of today's window; the next limit that is not reached")
def _():
    r = R(step(actions=acts()), step("up", {"term": {"more_than": 20}}))
    p = path(r, [*AUTUMN, mark(2, 8, 6)], 9)
    assert p.numbers(0) == {"term": (18, 21, 3)}
    p = path(r, [*AUTUMN, mark(2, 42, 3)], 43)
    assert p.numbers(0) == {"term": (3, 10, 7)}


@row("M9 known earlier: unmarked days after it stay possible absence")
def _():
    [Register(d, 200 + d, d, 6, 6) for d in range(12) if d % 7 < 5]
    c = [mark(1, 1, 6)] + [Register(d, 200 + d, d, 6, 6) for d in range(12) if d % 7 < 5 and d != 1]
    full = path(R(), c, 11, register="given")
    assert not full.asking()
    p = path(R(), c, 11, known_on=(8, END), register="given")
    assert p.undecided == {"s": 9}
    assert p.undecided == path(R(), [e for e in c if e["recorded"] <= day(8)], 11, register="given").undecided


@row("M12 away: the first deputy who is there, and for whom; all away: said; what is personal stays")
def _():
    roles = {"lead": {"deputies": ["vice", "head"]}, "vice": {"deputies": ["x"]}, "head": {}, "nurse": {}}

    def who(*away, **more):
        rules = [{**ruleset(step(actions=acts(**more))), "roles": roles}]
        return path(rules, AUTUMN, 2, absent=away).who("talk")

    assert who() == (["lead"], None, False)
    assert who("lead") == (["vice"], "lead", False)
    assert who("lead", "vice") == (["head"], "lead", False)
    assert who("lead", "vice", "head") == (["lead"], None, True)
    assert who("lead", who={"any_of": ["lead", "nurse"]}) == (["nurse"], None, False)
    assert who("lead", about="child_protection") == (["lead"], None, True)


@row("M13 ground moves on and comes back: the day from which it counts is of what was known on each day")
def _():
    c = [mark(i, d, 6) for i, d in enumerate((21, 22, 23, 24, 25), 1)]
    r = R(opens={"term": {"at_least": 30}})
    c += [mark(8, 28, 6, rec=42), Mark(42, 9, "m1", 21, 0), Mark(45, 10, "m8", 28, 0), mark(11, 25, 6, rec=45)]
    assert path(r, c, 44).due_from["s@25"] == 28 == path(r, c, 50).due_from["s@25"]
    assert path(r, c, 50).tasks()["talk"]["overdue"]


@row("M14 two ids of one day, kind and length, more than was planned: told, and the step that needs both says so")
def _():
    c = [mark(1, 1, 6), mark(2, 1, 6)]
    p = path(R(), c, 2)
    assert p.answer["doubtful"] == [{"day": day(1), "marks": ["m1", "m2"]}]
    assert p.step(0)["doubtful"]
    assert p.open() == {"s"}
    p = path(R(), [*c, mark(3, 2, 6)], 2)
    assert p.answer["doubtful"]
    assert not p.step(0)["doubtful"]
    assert not path(R(), [mark(i, 1, 1) for i in range(6)], 2).answer["doubtful"]
    assert path(R(), [mark(i, 1, 1) for i in range(6)] + [Register(1, 90, 1, 4, 4)], 2).answer["doubtful"]


# ---------------------------------------------------------------- the figures of the second edition, over the shipped preset
PRESET = "presets/lessons-per-term"
KOTKA = {"*": "example-week-43/2026-27"}
SUMMER = {"*": "example-week-43/2026-27+made-up/2027-28"}


def on_day(what, on, id, **more):
    return {"type": what, "on": on, "recorded": more.pop("recorded", on), "id": id, **more}


def enrolled(on="2026-08-12", school="s", grade=8, **more):
    return on_day("enrolment", on, f"enrolment-{on}", school=school, grade=grade, lessons_per_week=30, **more)


def week(first, lessons=6, n=5, **more):
    """Lessons of n days from that day on."""
    start = date.fromisoformat(first).toordinal()
    days = [date.fromordinal(start + i).isoformat() for i in range(n)]
    return [on_day("mark", d, f"m-{d}", lessons=lessons, kind=more.get("kind", "health")) for d in days]


def acted(action, on, status="done", **more):
    return on_day("action", on, f"{action}-{on}", action=action, status=status, **more)


def ask(events, on, rules=PRESET, calendars=KOTKA, feed=None, named=None, **more):
    record = {"pupil": "p", "feed": {"register": "marks_only", **(feed or {})}, "named": named or {}, "events": events}
    return told.answer(rules, record, on, calendars=calendars, **more)


def next_of(answer):
    return next((t for t in answer["tasks"] if t["name"] == answer["next"]), None)


def steps_in(answer):
    return [s["name"] for s in answer["open_steps"]]


@row("figures: 30 in autumn, talk on 9 September, not closed, 30 more on 1-5 February: on 10 February a talk is asked for")
def _():
    a = ask([enrolled(), *week("2026-08-31"), acted("talk-with-pupil", "2026-09-09"), *week("2027-02-01")], "2027-02-10")
    assert steps_in(a) == ["first-limit-reached@2027-02-05"]
    assert a["open_steps"][0]["renews"] == "first-limit-reached@2026-09-04"
    t = next_of(a)
    assert (t["action"], t["due"], t["overdue"]) == ("talk-with-pupil", "2027-02-12", False)
    assert [(o["name"], o["ended"], o["how"]) for o in a["openings"]] == [
        ("first-limit-reached@2026-09-04", "2027-02-05", "renewed"),
        ("first-limit-reached@2027-02-05", None, None),
    ]


@row("figures: before February the step only proposes to be closed")
def _():
    a = ask([enrolled(), *week("2026-08-31"), acted("talk-with-pupil", "2026-09-09"), *week("2027-02-01")], "2027-01-29")
    t = next_of(a)
    assert (t["action"], t["duty"], t["due"]) == ("close:first-limit-reached", "close", None)
    assert t["roles"] == ["homeroom-teacher", "principal"]


@row("figures: the same over the summer, into the next grade")
def _():
    events = [enrolled(), *week("2026-08-31"), acted("talk-with-pupil", "2026-09-09")]
    events += [enrolled("2027-08-11", grade=9), *week("2027-08-23")]
    a = ask(events, "2027-08-30", calendars=SUMMER)
    assert steps_in(a) == ["first-limit-reached@2027-08-27"]
    assert next_of(a)["action"] == "talk-with-pupil"
    assert not next_of(a)["overdue"]


@row("figures: a talk that is late is next, before a notice that has no day")
def _():
    a = ask([enrolled(), *week("2026-08-31"), *week("2026-09-07", 1, 1, kind="unauthorised")], "2026-09-21")
    assert next_of(a)["action"] == "talk-with-pupil"
    assert next_of(a)["overdue"]
    assert "absence-notice-to-guardian" in [t["action"] for t in a["tasks"]]


def other_town(limit, within):
    """The preset with another first limit and another term for the talk."""
    whole = reading.ruleset(PRESET)
    step = next(s for s in whole["steps"] if s["id"] == "first-limit-reached")
    step["opens"]["any"][0]["absence-lessons"]["at_least"] = str(limit)
    step["actions"][0]["within"] = {"school_days": str(within)}
    return [whole]


@row("figures: 24 in September at A (limit 30), moved on 2 November to B (limit 24, talk within 3): opens that day, nobody late")
def _():
    events = [enrolled(school="a"), *week("2026-09-07", 5, 4), *week("2026-09-14", 4, 1)]
    move = enrolled("2026-11-02", "b")
    schools = {"b": other_town(24, 3)}
    assert steps_in(ask(events, "2026-11-02", schools=schools)) == []
    a = ask([*events, move], "2026-11-04", schools=schools)
    assert steps_in(a) == ["first-limit-reached@2026-11-02"]
    assert next_of(a)["due"] == "2026-11-05"
    assert not any(t["overdue"] for t in a["tasks"])
    assert steps_in(ask([*events, move], "2026-11-04", known_on="2026-11-01", schools=schools)) == []


@row("figures: back from B to A what was open is open; a move that is taken back counts for nothing from then on")
def _():
    events = [enrolled(school="b"), *week("2026-09-07", 5, 4), *week("2026-09-14", 4, 1)]
    move, schools = enrolled("2026-11-02", "a"), {"b": other_town(24, 3)}
    assert steps_in(ask([*events, move], "2026-11-04", schools=schools)) == ["first-limit-reached@2026-09-14"]
    events = [
        enrolled(school="a"),
        *events[1:],
        enrolled("2026-11-02", "b"),
        on_day("retracted", "2026-11-06", "x", of="enrolment-2026-11-02"),
    ]
    a = ask(events, "2026-11-09", schools=schools)
    assert a["open_steps"][0]["name"] == "first-limit-reached@2026-11-02"


@row("figures: a day before the rules are in force is refused, with what is in force; `as_if` answers")
def _():
    with pytest.raises(NotInForce) as refused:
        ask([enrolled("2026-05-01")], "2026-07-31")
    assert [date.fromordinal(v[1]).isoformat() for v in refused.value.args[0]] == ["2026-08-01"]
    assert ask([enrolled("2026-05-01")], "2026-07-31", as_if=True)["open_steps"] == []


@row("figures: a due day of 15 September that was missed stays it after two corrections")
def _():
    events = [enrolled(), *week("2026-09-01", 6, 4), *week("2026-09-08", 6, 1)]
    assert next_of(ask(events, "2026-09-14"))["due"] == "2026-09-15"
    events += [on_day("mark", "2026-09-07", "late", lessons=6, kind="health", recorded="2026-09-21")]
    events += [on_day("mark", "2026-09-01", "m-2026-09-01", lessons=0, kind="health", recorded="2026-09-22")]
    t = next_of(ask(events, "2026-09-23"))
    assert (t["due"], t["overdue"]) == ("2026-09-15", True)


@row("figures: 48 lessons, 2 short of the second limit: staff read 48 and 2, guardian and pupil only 48")
def _():
    events = [enrolled(), *week("2026-08-31"), *week("2026-09-07", 6, 3)]
    today = ask(events, "2026-09-10")["open_steps"][0]["today"]
    assert [(n["counter"], n["number"], n["first"], n["next_limit"], n["missing"]) for n in today] == [
        ("absence-lessons", 48, "2026-08-12", 50, 2)
    ]
    for reader in ("guardian", "pupil"):
        (n,) = ask(events, "2026-09-10", reader=reader)["open_steps"][0]["today"]
        assert (n["number"], n["next_limit"], n["missing"]) == (48, None, None)
    assert ask([enrolled(), *week("2026-09-07", 1, 1)], "2026-09-10", reader="guardian")["open_steps"] == []


@row("figures: a concern alone is the only reason; the number that is not reached is none")
def _():
    events = [enrolled(), *week("2026-08-31", 6, 1), on_day("report", "2026-09-03", "c", report="concern", by="class-lead")]
    a = ask(events, "2026-09-03")
    because = {s["step"]: s["because"] for s in a["open_steps"]}
    assert because["first-limit-reached"] == [{"what": "report", "fact": "concern"}]


@row("figures: turku/2020 without an answered cause: the question stands under what is missing, and no task waits with a day")
def _():
    a = ask([enrolled(), *week("2026-08-24"), *week("2026-08-31", 1, 1)], "2026-08-31", rules="examples/turku/2020")
    asked = [t for t in a["tasks"] if t["state"] == "undecided"]
    assert asked
    assert all(t["due"] is None and not t["overdue"] for t in asked)
    (q,) = [q for q in a["questions"] if q["for"] == "task"]
    assert set(q["tasks"]) == {t["name"] for t in asked}
    assert q["what"] == "not_answered"


# ---------------------------------------------------------------------- M8, M10, M14, M16 and messages
NOTE = {"id": "note", "when": {"term": {"at_least": 10}}, "once_in": "term", "to": ["lead"], "about": "absence"}
NOTES = [ruleset(step(actions=acts()), messages=[NOTE])]


def contest(rec, seq, mark_id, by="guardian"):
    return Report(rec, seq, "contested", rec, by, mark=mark_id)


@row("M16 a contested mark: the step says so, somebody gets the task to check, a notice that rests on it alone is held")
def _():
    p = path(NOTES, [mark(1, 1, 12), contest(2, 9, "m1")], 3)
    assert p.step(0)["contested"] == ["m1"]
    assert p.answer["messages"][0]["state"] == "held"
    t = p.tasks()["check:m1"]
    assert (t["name"], t["state"], t["action"]["duty"], t["due"]) == ("check:m1@2", "ready", "should", None)


@row("M16 a notice that does not need the contested mark is owed")
def _():
    p = path(NOTES, [mark(1, 1, 12), mark(2, 1, 2), contest(2, 9, "m2")], 3)
    assert p.answer["messages"][0]["state"] == "owed"
    assert p.step(0)["contested"] == ["m2"]


@row("M16 answered by a newer version, a retraction, the taking back of the report, or `kept`")
def _():
    c = [mark(1, 1, 12), contest(2, 9, "m1")]
    kept = Action(3, 10, "check:m1", "done", 3)
    for more in (
        Mark(3, 10, "m1", 1, 11),
        Retracted(3, 10, 9),
        Report(3, 10, "contested", 3, "guardian", False, mark="m1"),
        kept,
    ):
        p = path(NOTES, [*c, more], 4)
        assert "check:m1" not in p.tasks()
        assert p.step(0)["contested"] == []
        assert p.answer["messages"][0]["state"] == "owed"
    p = path(NOTES, [*c, kept, contest(4, 11, "m1")], 4)
    assert p.tasks()["check:m1"]["name"] == "check:m1@4"


@row("M16 who recorded the mark is named; staff contest nothing; a mark that is not there is told")
def _():
    p = path(NOTES, [mark(1, 1, 12, teacher="t-7"), contest(2, 9, "m1")], 3)
    assert next(t for t in p.answer["tasks"] if t["action"] == "check:m1")["person"] == "t-7"
    assert "check:m1" not in path(NOTES, [mark(1, 1, 12), contest(2, 9, "m1", "teacher")], 3).tasks()
    p = path(NOTES, [mark(1, 1, 12), contest(2, 9, "m5")], 3)
    assert p.told == ["e9"]
    assert "check:m5" not in p.tasks()


@row("messages: owed once in a term from the first day that it is true, until sent; next term anew, without marks told before")
def _():
    year = [ruleset(step(actions=acts()), messages=[{**NOTE, "when": {"year": {"at_least": 10}}}])]
    c = [mark(1, 1, 12)]
    (m,) = path(NOTES, c, 5).answer["messages"]
    assert (m["state"], short("@" + m["since"]), m["marks"]) == ("owed", "@1", ["m1"])
    c += [Action(6, 5, "note", "done", 6)]
    (m,) = path(NOTES, c, 7).answer["messages"]
    assert (m["state"], m["marks"]) == ("sent", ["m1"])
    assert path(NOTES, c, 40).answer["messages"] == []
    (m,) = path(year, [*c, mark(3, 42, 2)], 43).answer["messages"]
    assert (m["state"], m["marks"]) == ("owed", ["m3"])


@row("messages: not sent and its ground gone: owed no more")
def _():
    assert path(NOTES, [mark(1, 1, 12), Mark(3, 3, "m1", 1, 2)], 4).answer["messages"] == []


@row("M10 how far the marks reach: stated, else the newest known marked day of the school attended, not a future one")
def _():
    def until(p):
        return p.answer["data_until"] and short("@" + p.answer["data_until"]), p.answer["data_until_from"]

    c = [mark(1, 1, 2), mark(2, 9, 2, rec=3)]
    assert until(path(R(), c, 5)) == ("@1", "marks")
    assert until(path(R(), [], 5)) == (None, None)
    assert until(path(R(), c, 5, feed={"data_until": day(4)})) == ("@4", "stated")
    assert until(path(R(), c, 5, known_on=(2, END), feed={"data_until": day(4)})) == ("@1", "marks")


@row("M14 without a number of the calendar and without a register entry nothing is told")
def _():
    p = path(R(), [mark(1, 1, 6), mark(2, 1, 6)], 2, calendars={"*": calendar(most_a_day=None)})
    assert p.answer["doubtful"] == []
    assert not p.step(0)["doubtful"]


@row("M3 who has left: the day is named")
def _():
    p = path(R(), [Enrolment(0, -9, 0, "a", 6), mark(1, 1, 12), Enrolment(5, 80, 5, None, None)], 12)
    assert p.answer["left_on"] == day(5)
    assert path(R(), AUTUMN, 12).answer["left_on"] is None


# ---------------------------------------------------------------------- M11
NATION = reading.ruleset("fi-sky/2026-1")
PERSON = {"homeroom-teacher": "person-1", "curator": "person-2"}


def welfare():
    """A concern and a wish to meet the curator, raised by the class lead."""
    wish = on_day("report", "2026-09-02", "w", report="wish-to-meet-curator", by="class-lead")
    return [enrolled(), *week("2026-08-31", 6, 1), on_day("report", "2026-09-01", "c", report="concern", by="class-lead"), wish]


def seen_by(reader, events=None, on="2026-09-03"):
    return ask(events or welfare(), on, rules=NATION, named=PERSON, reader=reader)


def abouts(answer):
    found = {a["id"]: a.get("about") for s in reading.version(NATION)["steps"] for a in s["actions"]}
    return {found[t["action"]] for t in answer["tasks"] if t["action"] in found}


@row("M11 `class-lead` and the role that it means read the same; another grade's role does not")
def _():
    assert seen_by("class-lead") == seen_by("homeroom-teacher")
    assert seen_by("class-teacher") != seen_by("class-lead")


@row("M11 a reader is shown tasks of what it sees, and its own")
def _():
    whole = ask(welfare(), "2026-09-03", rules=NATION, named=PERSON)
    assert abouts(whole) >= {"absence", "welfare"}
    assert abouts(seen_by("subject-teacher")) == {"absence"}
    assert abouts(seen_by("special-teacher")) <= {"absence", "support"}
    assert abouts(seen_by("guardian")) <= {"absence", "support", "health"}
    own = [t["action"] for t in seen_by("homeroom-teacher")["tasks"]]
    assert "pass-on-wish-to-curator" in own  # welfare, and the class lead's own


@row("M11 a step is named only if something in it is shown")
def _():
    names = {s["step"] for s in seen_by("subject-teacher")["open_steps"]}
    assert "curator-talk" not in names
    assert "concern-raised" in names
    shown = json.dumps(seen_by("subject-teacher"))
    assert "curator" not in shown


@row("M11 another controller sees a pupil only where a task is theirs or they answered before")
def _():
    events = [enrolled(), *week("2026-08-31", 6, 1), on_day("report", "2026-09-01", "c", report="concern", by="class-lead")]
    a = seen_by("psychologist", events)
    assert a["open_steps"] == []
    assert a["tasks"] == []
    assert a["openings"] == []
    assert a["next"] is None
    assert "talk-with-curator" in [t["action"] for t in seen_by("curator")["tasks"]]
    before = [*welfare(), acted("talk-with-psychologist", "2026-09-03", by="psychologist")]
    assert seen_by("psychologist", before)["tasks"] != []


@row("M11 no person's name to guardian, pupil and `log`; the log has all the rest")
def _():
    whole = ask(welfare(), "2026-09-03", rules=NATION, named=PERSON)
    assert "person-1" in json.dumps(whole)
    for reader in ("guardian", "pupil", "log"):
        assert "person-" not in json.dumps(seen_by(reader))
    assert [t["name"] for t in seen_by("log")["tasks"]] == [t["name"] for t in whole["tasks"]]


def with_guardian_who_sees_welfare():
    rules = reading.ruleset(NATION)
    next(r for r in rules["roles"] if r["id"] == "guardian")["sees"].append("welfare")
    return rules


@row("M11 a guardian is not shown student welfare before the pupil could forbid it, nor after the pupil did")
def _():
    rules = with_guardian_who_sees_welfare()

    def seen(*more):
        return abouts(ask([*welfare(), *more], "2026-09-04", rules=rules, reader="guardian"))

    said = [on_day("consent", "2026-09-04", "g", consent="guardian-told", value=v) for v in ("given", "refused")]
    assert "welfare" not in seen()
    assert "welfare" in seen(said[0])
    assert "welfare" not in seen(said[1])


@row("M11 `known_on`, days and readers: `days` gives what `answer` gives on each day")
def _():
    events = [
        enrolled(),
        *week("2026-08-31"),
        acted("talk-with-pupil", "2026-09-09"),
        on_day("mark", "2026-09-01", "m-2026-09-01", lessons=2, recorded="2026-09-10"),
    ]
    record = {"pupil": "p", "feed": {}, "named": {}, "events": events}
    found = dict(told.days(PRESET, record, "2026-08-28", "2026-09-14", calendars=KOTKA))
    assert len(found) == 18
    for on, answer in found.items():
        assert answer == told.answer(PRESET, record, on, calendars=KOTKA), on


@pytest.mark.parametrize("name", ROWS)
def test_row(name):
    ROWS[name]()
