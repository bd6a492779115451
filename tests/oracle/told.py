"""What is told of one pupil on one day: the whole answer as a plain dict, days as ISO texts.

    answer(versions, case, on, …)               one day
    days(versions, case, first, last, …)        (day, answer) of each day, one fold for all of them

`versions`: whole rulesets (as `reading.ruleset` gives them, or folders), or versions made by `reading.version`. `case`: a record
(a dict as `rulesets/schema/record.json`), or what `reading.record` makes of it. `calendars`: {school or "*": name, list of school
years, or `days.Calendar`}. `schools`: {school: versions of its own}; the others are judged by `versions`.
"""

from __future__ import annotations

import json
from datetime import date
from fractions import Fraction

from . import reading
from .counting import ANYTHING
from .days import Calendar
from .facts import END, FALSE, TRUE, UNKNOWN, parts, steps_of
from .fold import flat_parts, head, iso
from .tasks import AFTER, ANSWERED, PARTIES, Tasks, flat

OLD = {
    "open_steps": ("name", "step", "opened_on", "about", "due_from", "in_doubt"),
    "questions": ("what", "fact", "steps", "since", "by"),
    "tasks": ("name", "action", "state", "duty", "roles", "organisation", "due", "overdue"),
    "messages": ("message", "state", "since"),
}


def canonical(item):
    return json.dumps(item, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def in_order(kind, items):
    """By the canonical JSON of the stable core, then of the whole."""
    return sorted(items, key=lambda x: (canonical({k: x[k] for k in OLD[kind]}), canonical(x)))


def plain(n):
    """A number as JSON can hold it."""
    if n is None or isinstance(n, int):
        return n
    return int(n) if Fraction(n).denominator == 1 else float(n)


class Answer(Tasks):
    # ------------------------------------------------------------------ today's numbers (M8)
    def limits(self, name, grade):
        """Limits on a counter in the steps of today's rules, each as the number that reaches it."""
        out = []
        for s in steps_of(self.rules()):
            if grade is not None and s.get("grades") and self.in_grades(s["grades"], self.on, self.today()) == FALSE:
                continue  # a step for other grades has no limit for this pupil
            for p in parts(s["opens"]):
                for q in flat_parts(p):
                    for op, limit in q[name].items() if head(q) == name else ():
                        if isinstance(limit, tuple):
                            limit = next((n for grades, n in limit if grade in grades), None)
                        if op in ("at_least", "more_than") and isinstance(limit, (int, Fraction)):
                            out.append(limit if op == "at_least" else limit // 1 + 1)
        return out

    def rules(self):
        return self.model(self.on, self.today()) or self.versions[-1]

    def numbers(self, o):
        known, out, grade = self.today(), [], self.grade(self.on, self.today())
        names = dict.fromkeys(head(q) for p in parts(o.step["opens"]) for q in flat_parts(p))
        for name in names:
            spec = o.model["counters"].get(name)
            if not spec or spec.get("compared_with"):
                continue
            got = self.counter(o.step, o.model, name, self.on, self.on, known, None, (self.on, END))
            if not isinstance(got, tuple):
                continue
            low, _, one = got
            number = Fraction(low) / one if one else Fraction(0)
            r = self.read_on(o.step, spec, self.on, self.on, known)
            first = self.window(o.model, name, r, known, None, (self.on, END))
            _, _, used, _ = self.counting(o.model, name, known, first, r, self.on, (self.on, END))
            share = spec.get("share_of") or spec.get("compared_with")
            above = None if share else min((n for n in self.limits(name, grade) if n > number), default=None)
            out.append(
                {
                    "counter": name,
                    "number": plain(number),
                    "first": None if first is None or first <= 1 else iso(first),
                    "next_limit": plain(above),
                    "missing": None if above is None else plain(above - number),
                    "marks": sorted(m["id"] for m, certain in used if certain and self.is_shown(o, spec, m)),
                }
            )
        return sorted(out, key=lambda x: x["counter"])

    def is_shown(self, o, spec, mark):
        """Does a mark make today's number: it has a length or marks are counted, and no earlier opening of `each` told it."""
        has_length = mark.get("lessons") is not None or mark.get("minutes") is not None
        return (has_length or spec["measure"] == "marks") and not self.is_told(o, mark)

    def is_told(self, o, mark):
        """Of a step for each mark or day: did an earlier opening tell it? It was recorded before that one ended."""
        each = isinstance(o.step["again"], dict) and "each" in o.step["again"]
        ends = [e.place for e in self.ends_of(o.step, o.place)] if each else []
        first = min((m["place"] for m in self.case if m["type"] == "mark" and m["id"] == mark["id"]), default=None)
        return bool(ends) and first is not None and first <= ends[-1]

    # ------------------------------------------------------------------ doubtful and contested marks (M14, M16)
    def doubtful_groups(self):
        """M14: [(day, groups of marks)]: several ids of one day, kind and length, in sum more than was or can be planned."""
        known, by_day, out = self.today(), {}, []
        for m in known.marks():
            by_day.setdefault(m["day"], []).append(m)
        for d, marks in sorted(by_day.items()):
            most = self.most(d, known) if len(marks) > 1 else None
            if most is None:
                continue
            same = {}
            for m in marks:
                length = self.length(m, known)
                if length:
                    same.setdefault((m.get("kind"), m.get("code") if m.get("kind") is None else None, length), []).append(m)
            groups = [g for (*_, length), g in same.items() if len(g) > 1 and length * len(g) > most]
            if groups:
                out.append((d, groups))
        return out

    def less(self, ids):
        """What is known today, but for some marks."""
        return self.without(self.today(), ids)

    def rests_on_doubtful(self, o):
        """M14: would it fall if of each group of equal marks only the first counted?"""
        if "extra" not in self.memo:
            extra = {m["id"] for _, groups in self.doubtful_groups() for g in groups for m in g[1:]}
            self.memo["extra"] = self.less(extra) if extra else None
        less = self.memo["extra"]
        if less is None:
            return False
        sure = any(v[0] for _, v in self.ground(o, self.on, self.today()))
        return sure and not any(v[0] for _, v in self.ground(o, self.on, less))

    def marks_of(self, step, model, part, c, place, known, with_length=False):
        """Ids of the marks counted for certain in a reason; `with_length`: not those that count with nothing."""
        out = set()
        for q in flat_parts(part):
            name = head(q)
            spec = model["counters"].get(name)
            if not spec:
                continue
            r = self.read_on(step, spec, c, place[0], known)
            first = None if r is None else self.window(model, name, r, known, q[name].get("from"), place)
            if first is not None:
                used = [m for m, certain in self.counting(model, name, known, first, r, c, place)[2] if certain]
                of_any = not with_length or spec["measure"] == "marks"
                out |= {m["id"] for m in used if of_any or "minutes" in m or "lessons" in m}
        return out

    def contested(self, o, reasons):
        asked = self.contests()
        if not asked:
            return []
        known = self.today()
        rests = (
            set().union(*[self.marks_of(o.step, o.model, p, c, place, known) for p, c, place in reasons]) if reasons else set()
        )
        return sorted(rests & asked.keys())

    # ------------------------------------------------------------------ reasons (M7)
    def reason(self, part, model):
        name = head(part)
        if name == "none":
            return {"what": "none", "fact": head(part["none"][0]) if part["none"] else ""}
        return {"what": what_is(name, model), "fact": name}

    # ------------------------------------------------------------------ open steps
    def open_steps(self):
        out = []
        for o in self.showing():
            reasons = self.reasons(o)
            because = [self.reason(p, o.model) for p, _, _ in reasons]
            out.append(
                {
                    "name": o.name,
                    "step": o.step.get("family") or o.step["id"],
                    "opened_on": iso(o.day),
                    "about": iso(o.about),
                    "due_from": iso(self.due_from[o.name]),
                    "in_doubt": o.name in self.in_doubt,
                    "renews": o.renews.name if o.renews else None,
                    "contested": self.contested(o, reasons),
                    "doubtful": self.rests_on_doubtful(o),
                    "today": self.numbers(o),
                    "because": sorted({canonical(b): b for b in because}.values(), key=canonical),
                }
            )
        return in_order("open_steps", out)

    # ------------------------------------------------------------------ questions
    def questions(self):
        asked = {}

        def ask(found, since, step, task):
            for what, fact, by in found:
                q = asked.setdefault((what, fact), {"steps": set(), "tasks": set(), "since": since, "by": set()})
                q["since"] = min(q["since"], since)
                q["by"].update(by)
                if step:
                    q["steps"].add(step)
                if task:
                    q["tasks"].add(task)

        known = self.today()
        for i, (c, at, model, s) in self.asked_at.items():
            now = self.open_of(s)
            now = self.current(now) if now else None
            ask(self.why(s, model, c, at, known, now), c, s.get("family") or i, None)
        for o in self.showing():
            if o.name in self.in_doubt:
                c, at = self.doubt_of(o, known)
                ask(
                    self.missing(o.step, o.model, self.opens(o.step, c, o.place), c, at, known),
                    c,
                    o.step.get("family") or o.step["id"],
                    None,
                )
        waiting = {n: t["name"] for t in self.tasks() if t["state"] == "undecided" for n in (t["name"], *t["also"])}
        for o, t in self.obligations():
            if t["state"] == "undecided" and t["name"] in waiting:
                cond, at = t["action"].get("when"), (self.on, AFTER)
                found = list(self.missing(o.step, o.model, cond, self.on, at, known, early=UNKNOWN)) if cond else []
                since = next(
                    (d for d in range(o.day, self.on + 1) if self.when(o, t["action"], d, (d, AFTER), known) == UNKNOWN), self.on
                )
                ask(found, since, None, waiting[t["name"]])
        out = [
            {
                "what": what,
                "fact": fact,
                "steps": sorted(q["steps"]),
                "since": iso(q["since"]),
                "by": sorted(q["by"]),
                "for": "step" if q["steps"] else "task",
                "tasks": sorted(q["tasks"]),
            }
            for (what, fact), q in asked.items()
        ]
        return in_order("questions", out)

    def doubt_of(self, o, known):
        """The first day, with its place, on which the ground of an opening in doubt is unknown."""
        last = min(self.on, o.end[0] if o.end else self.on)
        asks = {(o.about, o.place)}
        for q in range(o.day, last + 1):
            asks.update((c, (q, END)) for c in self.asked(o.step, o.model, q, o.place, known))
        return next((c, p) for c, p in sorted(asks) if self.ground_of(o, c, p, known)[1])

    def why(self, s, model, c, at, known, renewing):
        """What is missing where a step is undecided; nothing is missing: it is known too late."""
        if renewing:
            sure = self.renewal(renewing, s, model, c, at, known)[0]
        else:
            sure = self.on_new_ground(s, model, c, (self.on, END), known, at, (0, 0))[1][0]
        opens = self.opens(s, c, (self.on, END))
        by = flat((s.get("closing") or {}).get("by"))
        if sure:
            true = [q for p in parts(opens) for q in flat_parts(p) if head(q) in model["counters"]]
            true = [q for q in true if self.holds(s, model, q, c, at, known)[0] == TRUE]
            facts = list(dict.fromkeys(head(q) for q in true)) or [s.get("family") or s["id"]]
            return [("known_late", f, by) for f in facts[:1]]
        found = list(self.missing(s, model, opens, c, at, known))
        if not found:  # what holds may be new ground: a lesson not marked may be the new mark
            found = list(self.missing(s, model, opens, c, at, known, True))
        return found

    def missing(self, s, model, cond, c, at, known, whole=False, early=(0, 0)):
        """(what, fact, by) of the parts of a condition that are unknown and can still decide it."""
        name = head(cond)
        value = self.holds(s, model, cond, c, at, known, early=early)[0]
        if (not whole and value != UNKNOWN) or value == (0, 0):
            return
        if name in ("any", "all", "none"):
            inner = tuple(1 - x for x in reversed(early)) if name == "none" else early
            for x in cond[name]:
                yield from self.missing(s, model, x, c, at, known, whole and name != "none", inner)
        elif name == "in_grades" or name == "grade":
            if value == UNKNOWN:
                yield "not_given", "grade", ()
        elif name in model["questions"]:
            if value == UNKNOWN:
                yield "not_answered", name, flat(model["questions"][name].get("by"))
        elif name in model["counters"]:
            yield from self.missing_of_counter(s, model, cond, c, at, known, whole)

    def missing_of_counter(self, s, model, cond, c, at, known, whole):
        name = head(cond)
        spec, body = model["counters"][name], cond[name]
        roles = model.get("roles") or {}
        markers = [r for r in ("class-lead", "subject-teacher") if r in roles]
        got = self.counter(s, model, name, c, at[0], known, body.get("from"), at)
        limits = [(op, v) for op, v in body.items() if isinstance(v, tuple)]
        if limits and self.grade(c, known) is None:  # is it the grade, or would no grade make it known?
            each = [{self._compare(model, got, op, n, c, known, UNKNOWN) for _, n in bands} for op, bands in limits]
            if any(len(values) > 1 for values in each):
                yield "not_given", "grade", ()
            if not any(UNKNOWN in values for values in each):
                return
        r = self.read_on(s, spec, c, at[0], known)
        first = None if r is None else self.window(model, name, r, known, body.get("from"), at)
        if first is None:
            return
        _, _, used, gap = self.counting(model, name, known, first, r, c, at)
        nothing = True
        for m, certain in used:
            if certain and (m.get("lessons") is not None or m.get("minutes") is not None):
                continue  # a partial mark without length counts for certain with nothing
            nothing = False
            only = (spec.get("only_if") or {}).get(m.get("kind"))
            inner = list(self.missing(s, model, only, c, at, known)) if only else []
            yield from inner or [("set_aside", "mark", markers)]
        if gap > 0:
            nothing = False
            yield "not_marked", "register", markers
        unplanned = spec.get("share_of") and tuple(got)[1:] == (ANYTHING, 1)
        if (nothing or unplanned) and not whole:
            yield "not_given", "lessons_per_week", ()

    # ------------------------------------------------------------------ messages
    def messages(self):
        known, out, model = self.today(), [], self.rules()
        if self.left(self.on, known):
            return []
        for m in model["messages"]:
            unit = m["once_in"]
            if m.get("grades") and self.in_grades(m["grades"], self.on, known) != TRUE:
                continue  # for other grades than that of today
            start = max(self.message_from(unit, known), self.lower(model, known))
            since = self.owed_since(m, model, start)
            if since is None:
                continue
            names = {m["id"], m.get("act")}
            done = [a for a in known.all("action") if a["action"] in names and a["status"] == "done"]
            sent = next((a for a in done if a["day"] >= since), None)
            contested = set(self.contests())
            if sent is None:
                if not any(v[1] for v in self.message_ground(m, model, start, known)):
                    continue  # not sent, and its ground is gone
                rest = self.less(contested) if contested else None
                held = rest is not None and not any(v[0] for v in self.message_ground(m, model, start, rest))
                state = "held" if held else "owed"
            else:
                state = "sent"
            out.append(
                {"message": m["id"], "state": state, "since": iso(since), "marks": self.speaks_of(m, model, known, done, sent)}
            )
        return in_order("messages", out)

    def message_from(self, unit, known):
        if unit == "any_time":
            return self.begin(known)
        if unit == "enrolment":
            e = self.enrolment(self.on, known)
            return e["day"] if e else self.begin(known)
        return max(self.calendar(self.on, known).part(unit, self.on), self.begin(known))

    def message_holds(self, m, model, d, known):
        step = {"id": "message " + m["id"], "lasts": "while_true", "again": "when_true_anew", "opens": m["when"]}
        if self.line(d, known) != model["line"]:  # M3: another school's rules judge the day
            return FALSE
        return self.holds(step, model, m["when"], d, (d, AFTER), known)[0]

    def owed_since(self, m, model, start):
        scan = self.shared_scans.setdefault(("message", m["id"], id(model), start), [start, None])
        while scan[1] is None and scan[0] <= self.on:
            d = scan[0]
            if self.message_holds(m, model, d, self.known((d, END))) == TRUE:
                scan[1] = d
            scan[0] += 1
        return scan[1] if scan[1] is not None and scan[1] <= self.on else None

    def message_ground(self, m, model, start, known):
        for d in range(start, self.on + 1):
            yield self.message_holds(m, model, d, known)

    def speaks_of(self, m, model, known, done, sent):
        """M8: the marks that make the number of its first counter, not told by an earlier sending."""
        step = {"id": "message " + m["id"], "lasts": "while_true", "again": "when_true_anew", "opens": m["when"]}
        counter = next(({head(q): {}} for p in parts(m["when"]) for q in flat_parts(p) if head(q) in model["counters"]), None)

        def counted(d, at):
            return self.marks_of(step, model, counter, d, (d, END), at, with_length=True) if counter else set()

        now = counted(self.on, known) if sent is None else counted(sent["day"], self.known(sent["place"]))
        told = set()
        for a in done:
            if sent is None or a["place"] < sent["place"]:
                told |= counted(a["day"], self.known(a["place"]))
        return sorted(now - told)

    # ------------------------------------------------------------------ the whole
    def all_tasks(self):
        asked, over = [], []
        for t in self.tasks():
            a, who = t["action"], self.who(t)
            gone = t["state"] in ANSWERED
            task = {
                "name": t["name"],
                "action": a["id"],
                "state": t["state"],
                "duty": a["duty"],
                "roles": sorted(who["roles"]),
                "organisation": who["organisation"],
                "due": None if gone or t["due"] is None else iso(t["due"]),
                "overdue": bool(t["overdue"]),
                "also": list(t["also"]),
                "instead_of": who["instead_of"],
                "away": who["away"],
                "tier": t["opening"].step.get("tier") if t["opening"] else None,
                "person": who["person"],
            }
            (over if gone else asked).append(task)
        return asked + in_order("tasks", over)

    def data_until(self):
        """M10: (day, where from): stated by the sender, else the newest known marked day of the school attended."""
        known, feed = self.today(), self.record.get("feed") or {}
        stated = feed.get("data_until")
        if stated and self.top == (self.on, END):
            return stated if isinstance(stated, str) else iso(stated), "stated"
        school = (self.enrolment(self.on, known) or {}).get("school")
        days = []
        for e in [*known.marks(), *known.all("register")]:
            mine = e.get("school") or (self.enrolment(e["day"], known) or {}).get("school")
            if mine == school:
                days += [
                    min(d, self.on) for d in (e["day"], e.get("through")) if d is not None and (d <= self.on or d != e["day"])
                ]
        return (iso(max(days)), "marks") if days else (None, None)

    def told_events(self):
        """Ids of events that fit nothing: closings of what is neither open nor undecided, names that no rules have."""
        known, out = self.today(), {e["id"] for e in self.told}
        out |= {e["id"] for e in self.case if e["type"] == "step_closed" and e["place"][0] < self.first_day()}
        named = {self.schools.get(e["school"], "") for e in self.so_far("enrolment")} if self.schools else ()
        models = [m for m in self.versions if not m["line"] or m["line"] in named]  # those of schools never named are not asked
        for e in known.events:
            kind = e["type"]
            if (
                (kind == "report" and e["report"] != "contested" and not any(e["report"] in m["reports"] for m in models))
                or (kind == "answer" and not any(e["question"] in m["questions"] for m in models))
                or (kind == "consent" and not any(e["consent"] in m["consents"] for m in models))
            ) or (
                kind == "action"
                and not e["action"].startswith(("close:", "check:"))
                and not any(e["action"] in self.acts(m) for m in models)
            ):
                out.add(e["id"])
            if (
                kind == "report"
                and e.get("mark")
                and e.get("by") in PARTIES
                and e["mark"] not in {m["id"] for m in self.so_far("mark")}
            ):
                out.add(e["id"])
        return sorted(out)

    def so_far(self, kind):
        """Events of a type that were recorded by now, those taken back too."""
        return [e for e in self.case if e["type"] == kind and e["place"] <= self.top]

    def acts(self, model):
        if "acts" not in model:
            model["acts"] = {a["id"] for s in model["steps"] for a in s["actions"]}
            model["acts"] |= {x for m in model["messages"] for x in (m["id"], m.get("act")) if x}
        return model["acts"]

    def whole(self):
        known, nxt, (until, source) = self.today(), self.next(), self.data_until()
        left = None
        if self.left(self.on, known):
            left = iso(self.newest_enrolment(self.on, known)["day"])
        openings = [
            {"name": o.name, "about": iso(o.about), "ended": iso(o.end[0]) if o.end else None, "how": o.how or None}
            for o in self.openings
        ]
        return {
            "open_steps": self.open_steps(),
            "withdrawn": sorted(self.withdrawn),
            "questions": self.questions(),
            "tasks": self.all_tasks(),
            "messages": self.messages(),
            "next": nxt["name"] if nxt else None,
            "doubtful": [
                {"day": iso(d), "marks": sorted(m["id"] for g in groups for m in g)} for d, groups in self.doubtful_groups()
            ],
            "left_on": left,
            "data_until": until,
            "data_until_from": source,
            "told": self.told_events(),
            "openings": sorted(openings, key=lambda x: x["name"]),
        }


def what_is(name, model):
    for kind in ("counters", "reports", "questions"):
        if name in model[kind]:
            return kind[:-1]
    if name == "grade":
        return "grade"
    return "step" if any(s["id"] == name for s in model["steps"]) else "action"


# ---------------------------------------------------------------------- asking
def compiled(versions, line=""):
    out = []
    for v in [versions] if isinstance(versions, (str, dict)) else versions:
        made = isinstance(v, dict) and isinstance(v.get("counters"), dict)
        out.append(
            {**v, "line": line} if made and v.get("line") != line else v if made else reading.version(reading.ruleset(v), line)
        )
    return sorted(out, key=lambda m: m["valid_from"])


def as_calendars(calendars):
    named, out = None, {}
    for school, c in (calendars or {}).items():
        if isinstance(c, str):
            named = named or reading.calendars()
            c = named[c]
        out[school] = c if isinstance(c, Calendar) else Calendar(c)
    return out


def as_day(day):
    return date.fromisoformat(day).toordinal() if isinstance(day, str) else day


def path(versions, case, on, known_on=None, calendars=None, schools=None, absent=(), as_if=False, cls=Answer):
    """The fold of a record, not yet gone: `go()` folds it."""
    mine, lines = list(compiled(versions)), None
    if schools:
        lines = {}
        for school, own in schools.items():
            lines[school] = school
            mine += compiled(own, school)
    if any("on" in e for e in case["events"]) or not all("place" in e for e in case["events"]):
        case = reading.record(case)
    known_on = as_day(known_on) if not isinstance(known_on, tuple) else known_on
    return cls(mine, case, as_day(on), known_on, as_calendars(calendars), lines, tuple(absent), as_if)


def answer(versions, case, on, known_on=None, calendars=None, schools=None, absent=(), as_if=False, reader=None):
    """The whole answer about the day `on`, cut for `reader` if one is named."""
    p = path(versions, case, on, known_on, calendars, schools, absent, as_if).go()
    return cut(p, p.whole(), reader)


def days(versions, case, first, last, calendars=None, schools=None, absent=(), as_if=False, reader=None):
    """(day as ISO text, answer) of every day from first to last, each as known on it."""
    p = path(versions, case, last, None, calendars, schools, absent, as_if)
    for d in range(as_day(first), as_day(last) + 1):
        p.top = (d, END)
        p.go(d)
        yield iso(d), cut(p, p.whole(), reader)


def cut(p, whole, reader):
    if reader is None:
        return whole
    from .readers import for_reader

    return for_reader(whole, p.rules(), reader, p.record, p)
