"""Facts of one pupil: what is known, which rules and calendar judge a day, counters and conditions.

A day is an ordinal (`date.toordinal()`). A *place* is (day of recording, n); (day, END) is the end of a day. A condition is a
pair (certain, possible): TRUE (1, 1), FALSE (0, 0), UNKNOWN (0, 1). An event is a dict: `type` (enrolment, left, register, mark,
report, answer, action, consent, pause, step_closed, retracted), `place`, `recorded`, `id`, `day` (its `on`), and the keys of
`rulesets/schema/record.json` of its type, days as ordinals. A `model` is one version of a ruleset as `reading.version` makes it:
`valid_from` and `valid_until` (ordinals), `counters`, `reports`, `questions`, `consents`, `kinds`, … by id, `steps` as a list of
dicts whose actions are filled in and carry `statutory`. A step with narrower grades has them as `{"in_grades": …}` beside what it
opens on; that is a fact of its own and never ground.
"""

from __future__ import annotations

from bisect import bisect_right

from oracle.counting import END, FALSE, NOT_RUNNING, TOO_EARLY, TRUE, UNIT, UNKNOWN, Counting, length_of
from oracle.days import NEVER, Calendar, ordinal
from oracle.reading import GAP, By
from oracle.reading import grades as read_grades

LEVELS = 50


class NotInForce(Exception):
    """No version judges the day (M4). `args[0]`: (line, valid_from, valid_until) of each that is in force at some time."""


class NoCalendar(Exception):
    """The day lies behind the last day that the school's calendars answer for."""


def parts(cond):
    """The parts of a condition that can be ground: comparisons, and each `none` as a whole; not `in_grades`."""
    ((key, body),) = cond.items()
    if key in ("any", "all"):
        for x in body:
            yield from parts(x)
    elif key != "in_grades":
        yield cond


def steps_of(model):
    """The steps of a version; of `again: {every: …}` each level: `family`, `level`, `again: next_window`, its own `opens`."""
    if "_steps" not in model:
        model["_steps"] = list(_steps_of(model))
    return model["_steps"]


def _steps_of(model):
    for s in model["steps"]:
        every = s["again"].get("every") if isinstance(s["again"], dict) else None
        if not every:
            yield s
            continue
        ((counter, further),) = ((k, v) for k, v in every.items() if k != "from")
        yield {**s, "again": "next_window", "family": s["id"], "level": 1}
        for level in range(2, LEVELS + 1):
            limit = every["from"] + (level - 1) * further
            opens = {counter: {"at_least": limit}}
            if next(iter(s["opens"])) == "all" and "in_grades" in s["opens"]["all"][0]:
                opens = {"all": [s["opens"]["all"][0], opens]}
            name = f"{s['id']}+{limit if limit.denominator > 1 else int(limit)}"
            yield {**s, "id": name, "opens": opens, "again": "next_window", "family": s["id"], "level": level}


def frozen(x):
    """Something to remember by: dicts and lists as tuples."""
    if isinstance(x, dict):
        return tuple((k, frozen(v)) for k, v in x.items())
    return tuple(map(frozen, x)) if isinstance(x, list) else x


class Known:
    """What is known at one place: `events` (not taken back, in order of recording) and the newest of what has newer versions.

    `wrong`: ids of marks that are set aside as wrong at this moment. `memo`: what was found out on this knowledge.
    """

    def __init__(self, events, wrong=frozenset()):
        gone = [(e["of"], e["place"]) for e in events if e["type"] == "retracted"]
        back = {}
        for of, place in gone:
            back[of] = max(back.get(of, place), place)
        self.events = [e for e in events if not (e["id"] in back and e["place"] < back[e["id"]])]
        self.wrong, self.memo, self._types = wrong, {}, {}
        for e in self.events:
            self._types.setdefault(e["type"], []).append(e)
        self.known_ids = {id(e) for e in self.events}

    def all(self, kind, **fields):
        """Events of a type, with these values, in order of recording."""
        found = self._types.get(kind, ())
        if not found:
            return []
        return [e for e in found if all(e.get(k) == v for k, v in fields.items())]

    def marks(self):
        """The newest version of each mark, in the order of their first recording."""
        if "marks" not in self.memo:
            newest = {}
            for m in self._types.get("mark", ()):
                newest[m["id"]] = m
            self.memo["marks"] = list(newest.values())
        return self.memo["marks"]

    def has(self, event):
        return id(event) in self.known_ids


class Facts(Counting):
    """What is known about one pupil up to the end of `on` (or up to `known_on`: a day or a place).

    `versions`: versions as `reading.version` makes them, each with its `line`. `schools`: {school: line} where schools have
    rules of their own; any other school is judged by the line "". `calendars`: {school or "*": Calendar or list of school years},
    or one of these. `shared`: the `shared` of another Facts of the same case, rules and calendars: what is known and counted is
    found out once.

    Whoever folds fills `self.openings` with objects that have `step`, `model`, `place`, `day`, `about`, `end` (place or None)
    and `how` ("renewed" is no end of the step), and gives `actions(o)` and `answered(o, action, place, known)`, which
    `worked_through` asks.
    """

    def __init__(self, versions, case, on, known_on=None, calendars=None, schools=None, absent=(), as_if=False, shared=None):
        self.versions, self.record, self.on, self.schools = list(versions), case, on, schools
        self.away, self.as_if = set(absent), as_if
        self.top = (on, END) if known_on is None else known_on if isinstance(known_on, tuple) else (known_on, END)
        self.case = [e for e in case["events"] if e["place"] <= self.top]
        self.feed = case.get("feed", {})
        self.given = self.feed.get("register") == "given"
        self.shared = shared if shared is not None else {"known": {}, "values": {}, "calendars": {}, "wrong": {}}
        self.openings, self._cache, self._places = [], {}, [e["place"] for e in self.case]
        if not isinstance(calendars, dict):
            calendars = {"*": calendars}
        for school, years in calendars.items():
            if school not in self.shared["calendars"]:
                self.shared["calendars"][school] = years if isinstance(years, Calendar) else Calendar(years)
        self.calendars = self.shared["calendars"]
        known = self.today()
        if not self.calendar(on, known).answers(on):
            raise NoCalendar(on)
        if not self.left(on, known) and not self.model(on, known):
            raise NotInForce([(m["line"], m["valid_from"], m.get("valid_until")) for m in self.versions])

    # ------------------------------------------------------------------ what is known; school, grade, version of a day
    def known(self, place):
        """Known at a place. Two places with no event between them give the same object."""
        n = bisect_right(self._places, place)
        wrong = self._set_aside(n, place[0])
        key = (n, wrong)
        if key not in self.shared["known"]:
            self.shared["known"][key] = Known(self.case[:n], wrong)
        return self.shared["known"][key]

    def _set_aside(self, n, day):
        """Marks that a person called wrong, at most five school days ago, and that have not been corrected since."""
        said = [e for e in self.case[:n] if e["type"] == "action" and e["status"] == "data_wrong"]
        if not said:
            return frozenset()
        plain = Known(self.case[:n])
        out = set()
        for e in said:
            if not plain.has(e):
                continue
            last = self.calendar(e["day"], plain).after(e["day"], {"school_days": 5})
            newer = any(m["id"] == e["mark"] and m["place"] > e["place"] for m in plain.marks())
            if (last is None or day <= last) and not newer:
                out.add(e["mark"])
        return frozenset(out)

    def today(self):
        return self.known((self.on, END))

    def without(self, known, ids):
        """The same knowledge without these marks (M14: if each counted once)."""
        return Known([e for e in known.events if not (e["type"] == "mark" and e["id"] in ids)], known.wrong)

    def _enrolments(self, known):
        if "enrolments" not in known.memo:
            found = [e for e in known.events if e["type"] in ("enrolment", "left")]
            known.memo["enrolments"] = sorted(found, key=lambda e: (e["day"], e["place"]))
        return known.memo["enrolments"]

    def newest_enrolment(self, c, known):
        """The newest event `enrolment` or `left` whose day is not after c, else None."""
        return next((e for e in reversed(self._enrolments(known)) if e["day"] <= c), None)

    def left(self, c, known):
        """M3: enrolled nowhere on c, and no later enrolment known."""
        if not known.all("left"):
            return False
        e = self.newest_enrolment(c, known)
        later = any(x["type"] == "enrolment" and x["day"] > c for x in self._enrolments(known))
        return e is not None and e["type"] == "left" and not later

    def without_school(self, c, known):
        """M3: between an end of enrolment and the next enrolment, or after it."""
        if not known.all("left"):
            return False
        e = self.newest_enrolment(c, known)
        return e is not None and e["type"] == "left"

    def enrolment(self, c, known):
        """The enrolment of c; after an end still that of the school that was left; before the first the first."""
        real = [e for e in self._enrolments(known) if e["type"] == "enrolment"]
        return next((e for e in reversed(real) if e["day"] <= c), real[0] if real else None)

    def calendar(self, c, known):
        """The `days.Calendar` of the school attended on c."""
        e = self.enrolment(c, known)
        if e is not None and e["school"] in self.calendars:
            return self.calendars[e["school"]]
        return self.calendars["*"] if "*" in self.calendars else next(iter(self.calendars.values()))

    def school(self, d, known):
        """Is d a school day at the school that the pupil attends on it?"""
        return self.calendar(d, known).school(d) and not self.without_school(d, known)

    def begin(self, known):
        """The first day of the case; where no enrolment is known (yet) nothing says that it has not begun."""
        return min((e["day"] for e in self._enrolments(known) if e["type"] == "enrolment"), default=NEVER)

    def grade(self, c, known):
        """The grade on c, or None."""
        e = self.enrolment(c, known)
        return None if e is None else e.get("grade")

    def line(self, c, known):
        """M3: the name of the line of versions that judges c ("" without `schools`)."""
        e = self.enrolment(c, known)
        return self.schools.get(e["school"], "") if self.schools and e else ""

    def lines(self, line):
        """The versions of a line, oldest first."""
        found = [m for m in self.versions if not self.schools or m["line"] == line]
        return sorted(found, key=lambda m: m["valid_from"])

    def model(self, day, known):
        """The version that judges the day, as known; None: none is in force, or the pupil has left."""
        if self.left(day, known):
            return None
        return self.in_force(self.line(day, known), day)

    def in_force(self, line, day):
        mine = self.lines(line)
        if not mine:
            return None
        m = next((m for m in reversed(mine) if m["valid_from"] <= day), mine[0] if self.as_if else None)
        if m is None or (self.as_if and m is mine[-1]):
            return m
        return m if m["valid_until"] is None or day <= m["valid_until"] else None

    def steps(self, day, known):
        """id: step, of every version of every line attended so far, each in its newest form, today's line last."""
        mine, steps = self.line(day, known), {}
        days = [e["day"] for e in self._enrolments(known) if e["day"] <= day]
        for line in sorted({self.line(d, known) for d in [*days, day]}, key=lambda x: (x == mine, x)):
            versions = [m for m in self.lines(line) if m["valid_from"] <= day] or (
                [self.in_force(line, day)] if self.as_if else []
            )
            for m in versions:
                for s in steps_of(m) if m else ():
                    for old in s["was"]:
                        steps.pop(old, None)
                    steps[s["id"]] = s
                for x in m["ends"] if m else ():
                    steps.pop(x["step"], None)
        return steps

    def after(self, d, span, known, skipped=lambda d: False):
        """The last day of a span ({clock: number}) whose day 0 is d. None: beyond the school days that the calendar has.

        M3: each day by the calendar of its school, as known on it; days without a school never count.
        """
        ((clock, n),) = span.items()
        if clock in ("terms", "school_weeks", "calendar_months"):
            at = self.known((d, END)) if d < self.on else known
            cal, end = self.calendar(d, at), self.calendar(d, at).after(d, span)
            if end is None:
                return None
            took = sum(map(skipped, cal.school_days(d + 1, end)))  # it ends as many school days later as were skipped
            return self.after(end, {"school_days": took}, known, skipped)
        while n > 0:
            d += 1
            c = self.calendar(d, self.known((d, END)) if d < self.on else known)
            if d > c.days[-1] + 400 or (clock == "school_days" and d > c.days[-1]):
                return None
            n -= c.runs(clock, d) and not skipped(d) and not self.without_school(d, known)
        return d

    def school_day(self, d, known, skip=None):
        """d, or the next school day after it that is not skipped. None: there is none in the calendar."""
        while True:
            c = self.calendar(d, self.known((d, END)) if d < self.on else known)
            if c.school(d) and not (skip and skip(d)):
                return d
            if d > c.days[-1]:
                return None
            d += 1

    # ------------------------------------------------------------------ reports, questions, actions
    def raised(self, name, c, known):
        """The reports of that name that stand on c: the newest of each person, if it is raised."""
        newest = {}
        for e in known.all("report", report=name):
            if e["day"] <= c:
                newest[e.get("by")] = e
        return [e for e in newest.values() if e["raised"]]

    def answer(self, model, name, c, known):
        """The answer in force on c; if the question was open then, the first answer after it; else None."""
        good_for = model["questions"][name].get("good_for")
        answers = sorted(known.all("answer", question=name), key=lambda e: (e["day"], e["place"]))
        upto = [e for e in answers if e["day"] <= c]
        if upto:
            last = self.calendar(c, known).after(upto[-1]["day"], good_for) if good_for else None
            if last is None or c <= last:
                return upto[-1]
        return next((e for e in answers if e["day"] > c), None)

    def done(self, model, action, known):
        """What says that an action was done: a person, or answers to all that it asks. In order of recording.

        Each has `day` and `oldest`: the oldest day of what it rests on (of a person's "done" its day).
        """
        out = [{**e, "oldest": e["day"]} for e in known.all("action", action=action, status="done")]
        asks = model["asks"].get(action)
        if asks:
            newest = {}
            for e in known.all("answer"):
                if e["question"] in asks:
                    newest[e["question"]] = e
                    if len(newest) == len(set(asks)):
                        days = [x["day"] for x in newest.values()]
                        more = {"day": max(days), "oldest": min(days), "status": "done", "action": action, "type": "action"}
                        out.append({**more, "place": e["place"], "recorded": e["recorded"], "id": e["id"]})
        return sorted(out, key=lambda e: e["place"])

    def in_grades(self, grades, c, known):
        """Is the pupil's grade on c one of these (`"1-6"`, a list of such, a set, or None: all)? A pair."""
        if grades is None:
            return TRUE
        if not isinstance(grades, frozenset):
            grades = read_grades(grades)
        g = self.grade(c, known)
        if g is None:
            model = self.model(c, known)
            return TRUE if model and model["grades"] <= grades else UNKNOWN
        return TRUE if g in grades else FALSE

    def with_lines(self, name, model):
        """The ids under which openings of a step stand: its own and those that it was called before."""
        return {name}.union(*(s["was"] for s in model["steps"] if s["id"] == name))

    def openings_of(self, name, model, place):
        """Openings of a step (of any level) made before the check at `place`."""
        ids = self.with_lines(name, model)
        return [o for o in self.openings if (o.step["id"] in ids or o.step.get("family") in ids) and o.place < place]

    # ------------------------------------------------------------------ conditions
    def part(self, step, model, cond, c, place, known, early=UNKNOWN):
        """One comparison, about the day c, asked in the check at `place`: a pair."""
        ((name, body),) = cond.items()
        spec = model["counters"].get(name)
        by_steps = spec and isinstance(spec["window"].get("since"), dict) and "done" not in spec["window"]["since"]
        if by_steps or (spec is None and any(s["id"] == name for s in model["steps"])):
            store, at = self._cache, place
        else:
            store, at = self.shared["values"], place[0] if spec and "checked" in spec else None
        lasts = frozen(step["lasts"]) if spec and "checked" in spec and step else None
        bodies = self.shared.setdefault("bodies", {})  # the body is kept, so its id stays its own
        if id(body) not in bodies:
            bodies[id(body)] = (body, frozen(body))
        key = (id(model), name, bodies[id(body)][1], c, at, lasts, id(known), early)
        if key not in store:
            store[key] = (
                known,
                self._part(step, model, name, body, c, place, known, early),
            )  # known is kept, so its id stays its own
        return store[key][1]

    def _part(self, step, model, name, body, c, place, known, early):
        tests = [(op, limit) for op, limit in body.items() if op != "from"]
        if name in model["counters"]:
            n = self.counter(step, model, name, c, place[0], known, body.get("from"), place)
            values = [self._compare(model, n, op, limit, c, known, early) for op, limit in tests]
        elif name == "grade":
            values = [
                self._of_grades(model, c, known, lambda g, op=op, limit=limit: _ordered(op, g, limit)) for op, limit in tests
            ]
        elif name in model["reports"]:
            values = [TRUE if self.raised(name, c, known) else FALSE]
        elif name in model["questions"]:
            values = [self._of_question(self.answer(model, name, c, known), op, limit, c) for op, limit in tests]
        elif any(s["id"] == name for s in model["steps"]):
            values = [self._of_step(model, name, limit, place, known) for _, limit in tests]
        else:
            values = [self._of_action(model, name, op, limit, c, known) for op, limit in tests]
        return min(v[0] for v in values), min(v[1] for v in values)

    def _of_grades(self, model, c, known, test):
        """A test of the grade; of a grade that is not given only where all grades of the ruleset agree."""
        g = self.grade(c, known)
        found = {test(x) for x in ([g] if g is not None else model["grades"])}
        return found.pop() if len(found) == 1 else UNKNOWN

    def _compare(self, model, n, op, limit, c, known, early):
        if n == NOT_RUNNING:
            return FALSE
        if n == TOO_EARLY or limit is GAP:
            return early
        if isinstance(limit, By):

            def test(g):
                mine = [v for band, v in limit if g in band]
                return self._compare(model, n, op, mine[0], c, known, early) if mine else UNKNOWN

            return self._of_grades(model, c, known, test)
        low, high, one = n
        limit *= one
        possible = {"at_least": high >= limit, "more_than": high > limit, "less_than": low < limit, "at_most": low <= limit}
        certain = {"at_least": low >= limit, "more_than": low > limit, "less_than": high < limit, "at_most": high <= limit}
        return int(certain[op] and not n.perhaps), int(possible[op])

    def _of_question(self, answer, op, limit, c):
        if limit in ("known", "unknown") and op == "is":
            return TRUE if (answer is None) == (limit == "unknown") else FALSE
        if answer is None:
            return UNKNOWN
        said = answer["answer"] if isinstance(answer["answer"], list) else [answer["answer"]]
        if op == "is" and limit == "reached":
            return TRUE if ordinal(said[0]) <= c else FALSE
        if op == "is":
            return TRUE if said == [limit] else FALSE
        return TRUE if any(x in (limit if op == "one_of" else [limit]) for x in said) else FALSE

    def _of_step(self, model, name, state, place, known):
        mine = self.openings_of(name, model, place)
        open_ = any(o.end is None or o.end >= place for o in mine)
        if state == "worked_through":
            if not mine or open_:
                return FALSE
            o = max(mine, key=lambda o: o.place)
            asked = [a for a in self.actions(o) if a.get("duty") in ("must", "consider")]
            return TRUE if all(self.answered(o, a, place, known) for a in asked) else FALSE
        return TRUE if {"open": open_, "ended": bool(mine) and not open_, "never_opened": not mine}[state] else FALSE

    def _of_action(self, model, name, op, limit, c, known):
        if op == "done_within":
            days = [e["day"] for e in self.done(model, name, known) if e["day"] <= c]
            lasts = [self.calendar(d, known).after(d, limit) for d in days]
            return TRUE if any(last is None or c <= last for last in lasts) else FALSE
        said = self.done(model, name, known) if limit == "done" else known.all("action", action=name, status=limit)
        return TRUE if any(e["day"] <= c for e in said) else FALSE

    def holds(self, step, model, cond, c, place, known, new=None, early=UNKNOWN):
        """(what the condition is, what it is on new ground): two pairs. `early`: what *too early* (and a gap) is read as."""
        ((key, body),) = cond.items()
        if key in ("any", "all"):
            if not body:
                return FALSE, FALSE
            both = [self.holds(step, model, x, c, place, known, new, early) for x in body]
            values, grounds = [v for v, _ in both], [g for _, g in both]
            if key == "any":
                return _either(values), _either(grounds)
            return _every(values), _every([_every(values), _either(grounds)])
        if key == "in_grades":  # no ground of its own
            return self.in_grades(body, c, known), FALSE
        if key == "none":
            flipped = {UNKNOWN: UNKNOWN, FALSE: TRUE, TRUE: FALSE}[early]
            a = self.holds(step, model, {"any": body}, c, place, known, None, flipped)[0]
            value = 1 - a[1], 1 - a[0]
        else:
            value = self.part(step, model, cond, c, place, known, early)
        fresh = TRUE if new is None else new(cond)
        if isinstance(fresh, bool):
            fresh = int(fresh), int(fresh)
        return value, _every([value, fresh])

    # ------------------------------------------------------------------ marks that may stand twice
    def doubtful(self, known=None):
        """M14: {day: ids} of several marks of one day, kind and length, in sum more than was or can be planned."""
        known, out = known or self.today(), {}
        for m in known.marks():
            long = self.length(m, known)
            same = [
                x
                for x in known.marks()
                if (x["day"], x.get("kind")) == (m["day"], m.get("kind")) and self.length(x, known) == long
            ]
            most = self.most(m["day"], known)
            if len(same) > 1 and long and most is not None and long * len(same) > most:
                out[m["day"]] = sorted({*out.get(m["day"], ()), *(x["id"] for x in same)})
        return out

    def most(self, d, known):
        """The length that a day can have: what the register planned, else the calendar's `most_a_day`, else None."""
        entry = self.register(d, known)
        year = self.calendar(d, known).year(d)
        if entry is not None and "planned" in entry:
            return length_of(entry["planned"]) * year.lesson_minutes
        return None if year.most_a_day is None else year.most_a_day * year.lesson_minutes * UNIT


def _either(pairs):
    return max(p[0] for p in pairs), max(p[1] for p in pairs)


def _every(pairs):
    return min(p[0] for p in pairs), min(p[1] for p in pairs)


def _ordered(op, g, limit):
    if op == "one_of":
        return TRUE if g in limit else FALSE
    return TRUE if {"at_least": g >= limit, "more_than": g > limit, "less_than": g < limit, "at_most": g <= limit}[op] else FALSE
