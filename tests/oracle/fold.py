"""The path of a case: openings, ends, closings that answer grounds, renewal (M2b), and what today's knowledge says of them.

Days are ordinals, places (day, n), pairs (certain, possible), as in `facts`. `Path` folds the record up to the end of `on` and
looks at it again with today's knowledge: `withdrawn`, `in_doubt` (names of openings), `due_from` (name: day), `undecided`
(step id: the first day on which it is undecided).
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import date

from .days import NEVER
from .facts import END, FALSE, TRUE, UNKNOWN, Facts, NotInForce, parts, steps_of

OVER = ("done", "not_needed", "refused")  # answered by a person
PARTS_OF_YEAR = ("term", "period", "quarter", "month")


@dataclass(eq=False)
class Opening:
    step: dict
    model: dict
    place: tuple
    about: int
    name: str
    end: tuple | None = None
    how: str = ""
    renews: Opening | None = None  # M2b: which one it renewed
    owed: tuple = ()  # names of actions that were owed when it was renewed itself
    memo: dict = field(default_factory=dict)

    @property
    def day(self):
        return self.place[0]


@dataclass(eq=False)
class End:
    """The end of an opening, or of a question by a closing (`closing` None: the step ended by itself)."""

    step: str
    place: tuple
    closing: dict | None


def iso(day):
    return date.fromordinal(day).isoformat()


def both(pairs):
    return min(p[0] for p in pairs), min(p[1] for p in pairs)


def head(cond):
    return next(iter(cond))


def flat_parts(cond):
    """The comparisons of a part, those inside a `none` too."""
    if head(cond) in ("any", "all", "none"):
        for x in cond[head(cond)]:
            yield from flat_parts(x)
    elif head(cond) != "in_grades":
        yield cond


def counted_from(cond, day):
    """A condition whose counters count from that day (`watch`)."""
    name = head(cond)
    if name in ("any", "all", "none"):
        return {name: [counted_from(x, day) for x in cond[name]]}
    return {name: {**cond[name], "from": day}}


def until_end_of(step):
    lasts = step["lasts"]
    return lasts.get("until_end_of") if isinstance(lasts, dict) else None


class Path(Facts):
    def __init__(self, versions, case, on, known_on=None, calendars=None, schools=None, absent=(), as_if=False, shared=None):
        self.known_at, self.wrong = {}, any(e.get("status") == "data_wrong" for e in case["events"])
        super().__init__(versions, case, on, known_on, calendars, schools, absent, as_if, shared)
        self.away = set(absent)
        top = (on, END) if known_on is None else known_on if isinstance(known_on, tuple) else (known_on, END)
        self.record, self.top = case, min(top, (on, END))
        self.events = [e for e in case["events"] if e["place"] <= self.top]
        self.openings, self.ends, self.told = [], [], []
        self.closings = {}
        for e in self.events:
            if e["type"] == "step_closed":
                self.closings.setdefault(e["place"][0], []).append(e)
        self.event_days = sorted({e["place"][0] for e in self.events})
        self.memo = {}
        self.begins = self.next_day = self.first_day()

    def begin(self, known):
        """The first day of the case; as long as no enrolment is known the rules alone say from when days are asked about."""
        if "begin" not in known.memo:
            known.memo["begin"] = min((e["day"] for e in known.all("enrolment")), default=NEVER)
        return known.memo["begin"]

    def first_day(self):
        """The first day of the fold: the first that rules judge, before the enrolment was known too."""
        days = [e["day"] for e in self.events] + [e["place"][0] for e in self.events]
        return min([m["valid_from"] for m in self.versions] + (days if self.as_if else []))

    def go(self, on=None):
        """Fold to the end of the day and look again. A later day goes on from where the fold stands."""
        self.on = self.on if on is None else on
        self.refuse()
        while self.next_day <= self.on:
            self.fold_day(self.next_day)
            self.next_day += 1
        self.withdrawn, self.in_doubt, self.due_from, self.undecided, self.asked_at = set(), set(), {}, {}, {}
        self.memo = {}
        self.look_again()
        return self

    def refuse(self):
        """M4: a day that no version judges is refused; who has left is answered."""
        known = self.today()
        if not self.left(self.on, known) and self.model(self.on, known) is None:
            raise NotInForce([(m["line"], m["valid_from"], m["valid_until"]) for m in self.lines(self.line(self.on, known))])

    # ------------------------------------------------------------------ what does not change between two events is found out once
    def known(self, place):
        if self.wrong:
            return super().known(place)
        n = bisect_right(self._places, place)
        if n not in self.known_at:
            self.known_at[n] = super().known(place)
        return self.known_at[n]

    def enrolment(self, c, known):
        if "real" not in known.memo:
            known.memo["real"] = [e for e in self._enrolments(known) if e["type"] == "enrolment"]
        real = known.memo["real"]
        return (real[0] if real else None) if len(real) < 2 else super().enrolment(c, known)

    # ------------------------------------------------------------------ small questions
    def names(self, step):
        return {step["id"], *step.get("was", ())}

    def ends_of(self, step, place, closings=False):
        """Ends up to the place. A closing that was taken back answers nothing; `closings`: only those of a person."""
        if not self.ends:
            return []
        names, known = self.names(step), self.known(place)
        return [
            e for e in self.ends if e.step in names and e.place <= place and (known.has(e.closing) if e.closing else not closings)
        ]

    def part_first(self, unit, c, known):
        """The first day of the term (period, …) of a day."""
        return self.calendar(c, known).part(unit, c)

    def ended_parts(self, unit, q, known):
        """The last days of the terms (periods, …) of this school year that ended before q."""
        return self.calendar(q, known).ended(unit, q)

    def lower(self, model, known):
        """Days before it are not asked about: the rules are not in force, or the case has not begun."""
        begin = self.begin(known)
        if self.as_if and self.lines(model["line"])[0] is model:
            return begin
        return max(model["valid_from"], begin)

    def asked(self, step, model, q, place, known):
        """The days asked about on the day q, by a step that is looked at from `place`."""
        days = {q}
        if step["lasts"] == "until_closed":
            for unit in self.units(step, model):
                days.update(self.ended_parts(unit, q, known))
        low = max([self.lower(model, known)] + [e.place[0] for e in self.ends_of(step, place, closings=True)])
        if len(days) == 1:
            return [q] if q >= low else []
        line = self.line(q, known)
        return sorted(c for c in days if c >= low and (c == q or (not self.left(c, known) and self.line(c, known) == line)))

    def units(self, step, model):
        """Terms (periods, …) in which counters of `opens` count; a checked counter is not running about an ended one."""
        key = ("units", id(step))
        if key not in self.shared_scans:
            self.shared_scans[key] = self._units(step, model)
        return self.shared_scans[key]

    def _units(self, step, model):
        out = set()
        for p in parts(step["opens"]):
            spec = model["counters"].get(head(p))
            if spec and spec["window"]["in"] in PARTS_OF_YEAR and not spec.get("checked"):
                out.add(spec["window"]["in"])
        return sorted(out)

    def opens(self, step, c, place):
        """`opens`, and for so long after a closing the smaller limits of `watch`, counted from the day after it."""
        watch = (step.get("closing") or {}).get("watch")
        if not watch:
            return step["opens"]
        ends = self.ends_of(step, place, closings=True)
        if not ends:
            return step["opens"]
        last = max(e.place[0] for e in ends)
        until = self.after(last, watch["for"], self.known(place))
        if not last < c or (until is not None and c > until):
            return step["opens"]
        return {"any": [step["opens"], counted_from(watch["opens"], last + 1)]}

    # ------------------------------------------------------------------ a closing answers the grounds
    def is_new(self, step, model, cond, c, place):
        """Is this part of `opens` new ground for the day c, in the check at `place`? True, False or a pair."""
        if not self.ends:
            return True
        name, again, known = head(cond), step["again"], self.known(place)
        ends, itself = self.ends_of(step, place), step["lasts"] == "while_true" or bool(until_end_of(step))
        counter = model["counters"].get(name)
        since = cond[name].get("from") if counter else None
        r = first = None
        if counter:
            r = self.read_on(step, counter, c, place[0], known)
            first = None if r is None else self.window(model, name, r, known, since, place)
        if counter and isinstance(again, dict):  # {each: …}
            return self.is_fresh(model, name, again["each"], known, first, r, c, place, ends)
        answering = None
        for e in ends:  # a closing answers what holds or is unknown, a step that ends by itself what holds
            value = self.holds(step, model, cond, e.place[0], e.place, self.known(e.place), None, FALSE)[0]
            if value[1] if e.closing else value[0]:
                answering = e
        if name in model["reports"] or name in model["questions"]:
            if answering is None:
                return True
            if name in model["reports"]:
                newer = self.raised(name, c, known)
            else:
                newer = [a for a in [self.answer(model, name, c, known)] if a]
            return any(e["place"] > answering.place for e in newer)
        if not counter:
            return answering is None or self.false_since(step, model, cond, answering, c, place)
        if first is None:
            return False
        if itself and again in ("next_window", "once"):  # on one counter not twice in one window; not twice
            for o in self.openings:
                same = o.step["id"] in self.names(step) and o.end and o.end <= place and (again == "once" or first <= o.about)
                if same and self.holds(step, model, cond, o.about, o.place, self.known(o.place))[0] == TRUE:
                    return False
        if answering is None:
            return True
        if again == "once":
            return False
        if again == "next_window":
            return first > answering.place[0]
        return (itself and not answering.closing) or self.false_since(step, model, cond, answering, c, place)

    def is_fresh(self, model, name, unit, known, first, r, c, place, ends):
        """`again: {each: mark | day | episode}`: recorded for the first time after the last end."""
        if not ends:
            return True
        if first is None:
            return False
        _, _, used, gap = self.counting(model, name, known, first, r, c, place)
        old = self.known(ends[-1].place).all("mark")
        ids, days = {m["id"] for m in old}, {m["day"] for m in old}
        if unit == "mark":
            fresh = [certain for m, certain in used if m["id"] not in ids]
        elif unit == "day":
            fresh = [certain for m, certain in used if m["day"] not in days]
        else:
            fresh, row = [], []
            marked = sorted({m["day"] for m, _ in used})
            sure = {m["day"] for m, certain in used if certain}
            for d in marked:
                if row and any(self.calendar(x, known).school(x) for x in range(row[-1] + 1, d)):
                    row = []
                    fresh.append(None)
                row.append(d)
                fresh = [*fresh[:-1], row] if fresh and fresh[-1] is not None else [*[x for x in fresh if x is not None], row]
            rows = [x for x in fresh if x is not None and not any(d in days for d in x)]
            fresh = [int(any(d in sure for d in x)) for x in rows]
        return int(any(fresh)), int(bool(fresh) or gap > 0)

    def false_since(self, step, model, cond, end, c, place):
        """Was the part false on a day after the end, up to the day asked about, as known on that day?"""
        last = min(c, place[0])
        key = ("false", step["id"], model["valid_from"], model.get("line"), repr(cond), end.place)
        scan = self.shared_scans.setdefault(key, [end.place[0], None])
        whole = last if place[1] == END or last < place[0] else last - 1
        while scan[1] is None and scan[0] <= whole:
            d = scan[0]
            if (d, END) > end.place and self.is_false(step, model, cond, (d, END)):
                scan[1] = d
            scan[0] += 1
        if scan[1] is not None and scan[1] <= whole:
            return True
        return whole < last and place > end.place and self.is_false(step, model, cond, place)

    @property
    def shared_scans(self):
        return self.__dict__.setdefault("_scans", {})

    def is_false(self, step, model, cond, place):
        return self.holds(step, model, cond, place[0], place, self.known(place))[0] == FALSE

    # ------------------------------------------------------------------ the fold
    def fold_day(self, k):
        for e in self.closings.get(k, ()):
            self.check(e["place"])
            self.close(e)
        self.check((k, END))

    def open_of(self, step):
        names = self.names(step)
        return next((o for o in self.openings if not o.end and o.step["id"] in names), None)

    def check(self, place):
        """First ends, then opens and renews, all on the state before the check."""
        k, known = place[0], self.known(place)
        model = self.model(k, known)
        if not model:
            return
        for o in [o for o in self.openings if not o.end]:
            how = self.ends_itself(o, model, k, place, known)
            if how:
                self.end(o, place, how)
        for s in steps_of(model):
            old = self.open_of(s)
            if old and s["again"] != "next_window":
                continue
            for c in self.asked(s, model, k, place, known):
                if old:
                    opens = self.renewal(old, s, model, c, place, known) == TRUE
                else:
                    opens = self.on_new_ground(s, model, c, place, known)[1] == TRUE
                if not opens:
                    continue
                if old:  # what is owed is looked up before the end
                    old.owed = tuple(a["id"] for a in self.actions(old) if not self.answered(old, a, place, known))
                    old.end, old.how = place, "renewed"
                twin = sum(o.step["id"] == s["id"] and o.day == k for o in self.openings)
                name = f"{s['id']}@{iso(k)}" + (f"#{twin + 1}" if twin else "")
                self.openings.append(Opening(s, model, place, c, name, renews=old))
                break

    def on_new_ground(self, s, model, c, place, known, at=None, early=UNKNOWN):
        """(what `opens` is about the day c, what it is on new ground), asked in the check at `at`."""
        at = at or place

        def new(cond):
            return self.is_new(s, model, cond, c, at)

        return self.holds(s, model, self.opens(s, c, place), c, at, known, new, early)

    def ends_itself(self, o, model, k, place, known):
        s, lasts = o.step, o.step["lasts"]
        gone = any(x["step"] == s["id"] for x in model.get("ends") or ()) and o.model is not model
        if gone and o.model.get("line") == model.get("line"):  # M3: `ends` is for its own ruleset
            return "ended by the new version"
        if lasts == "while_true":
            if self.holds(s, o.model, self.opens(s, k, o.place), k, place, known)[0] == FALSE:
                return "no longer true"
        elif lasts == "until_done":
            asked = [(o, a) for a in self.actions(o) if a["duty"] in ("must", "consider") and a["own"]]
            kept = [(x, a) for x in self.chain(o)[:-1] for a in self.actions(x) if a["id"] in x.owed]
            if all(self.answered(x, a, place, known) for x, a in asked + kept):
                return "done"
        elif until_end_of(s):
            unit = until_end_of(s)
            years = self.calendar(k, known).years
            if self.part_first(unit, k, known) > max(
                o.day, years[0].parts[unit][0]
            ):  # days before the first year are of its first part
                return f"the {unit} ended"
        elif isinstance(lasts, dict):
            last = self.after(o.day, lasts, known)
            if last is not None and k > last:
                return "its time ended"
        return None

    def renewal(self, o, step, model, c, place, known):
        """M2b: is `opens` true for the day c on ground of a new window? A counter whose window began after the day that the
        open opening is about, and that did not yet hold in that window when the opening was made."""

        def new(cond):
            name = head(cond)
            spec = model["counters"].get(name)
            if not spec:
                return False
            r = self.read_on(step, spec, c, place[0], known)
            first = None if r is None else self.window(model, name, r, known, cond[name].get("from"), place)
            if first is None or first <= o.about:
                return False
            if first > o.day:
                return True
            return self.holds(step, model, cond, o.day, o.place, self.known(o.place), None, FALSE)[0] != TRUE

        return self.holds(step, model, self.opens(step, c, place), c, place, known, new, FALSE)[1]

    def chain(self, o):
        """M2b: the openings that it renewed, oldest first, and itself."""
        return ([*self.chain(o.renews)] if o.renews else []) + [o]

    def end(self, o, place, how, closing=None):
        o.end, o.how = place, how
        self.ends.append(End(o.step["id"], place, closing))

    def close(self, e):
        """A person closes an open step, or an undecided one; anything else is told. By the id of a family of levels all of its
        open levels; by the id of a level it and the lower ones."""
        step, place = e["step"], e["place"]
        known = self.known(place)
        mine = [o for o in self.openings if not o.end and step in (o.step["id"], o.step.get("family"))]
        if mine:
            lower = [x for x in self.openings if not x.end and x not in mine and any(self.is_level_over(o, x) for o in mine)]
            for x in mine + lower:
                self.end(x, place, "closed", e)
            return
        asked = [s for i, s in self.steps(place[0], known).items() if step in (i, s.get("family")) and not self.open_of(s)]
        asked = [s for s in asked if self.open_question(s, place[0], place, known)]
        if not asked:
            self.told.append(e)
        for s in asked:
            self.ends.append(End(s["id"], place, e))

    def newer_window(self, low, high):
        """M2b: did `low` open on ground of a window that began after the day that `high` is about?"""
        if not low.place > high.place:
            return False
        return self.renewal(high, low.step, low.model, low.about, low.place, self.known(low.place)) == TRUE

    def is_level_over(self, high, low):
        """Of a family of levels the higher one asks; not over a lower level that opened on a newer window."""
        family = low.step.get("family") or low.step["id"]  # by another school's rules it may have no levels
        if not family or family != high.step.get("family") or low.step.get("level", 1) >= high.step["level"]:
            return False
        return not self.newer_window(low, high)

    # ------------------------------------------------------------------ today's knowledge looks again
    def ground(self, o, on, known):
        """(day, pair) of `opens` with later knowledge, for the day the opening was about and those asked about since.

        M2b: what would renew it is no ground of it; of a renewed opening only what renewed the one before is. Of a day before
        the one that it is about (an ended term) only new ground counts."""
        last, s = min(on, o.end[0] if o.end else on), o.step
        asks = {(o.about, o.place)}
        for q in range(o.day, last + 1):
            if not self.left(q, known):
                key = ("asked", q, id(known))
                if key not in o.memo:
                    o.memo[key] = [(c, (q, END)) for c in self.asked(s, o.model, q, o.place, known)]
                asks.update(o.memo[key])
        for c, p in sorted(asks):
            yield c, self.ground_of(o, c, p, known)

    def ground_of(self, o, c, p, known):
        key = (c, p, id(known))
        if key in o.memo:
            return o.memo[key]
        s = o.step
        if o.renews:
            v = self.renewal(o.renews, s, o.model, c, p, known)
        else:
            new = None if c >= o.about else lambda cond: self.is_new(s, o.model, cond, c, o.place)
            v = self.holds(s, o.model, self.opens(s, c, o.place), c, p, known, new)[0 if new is None else 1]
        if s["again"] == "next_window" and c > o.about:
            r = self.renewal(o, s, o.model, c, p, known)
            v = min(v[0], 1 - r[1]), min(v[1], 1 - r[0])
        o.memo[key] = v
        return v

    def first_ground(self, o, on, known):
        return next((c for c, v in self.ground(o, on, known) if v[1]), None)

    def due_start(self, o):
        """Due from: as known on each day; it moves on with the ground, and to the day on which ground came back, never back."""
        start, gone = o.day, False
        last = min(self.on, o.end[0] if o.end else self.on)
        told = set(self.event_days)
        for q in range(o.day, last + 1):
            if not gone and q not in told:
                continue
            c = self.first_ground(o, q, self.known((q, END)))
            if c is not None:
                start = max(start, c, q if gone else c)
            gone = c is None
        return start

    def open_question(self, step, on, place, known):
        """(day, place, version, step) of the first day on which the step is undecided, else None."""
        ends = self.ends_of(step, place)
        since = on if step["lasts"] == "while_true" else ends[-1].place[0] if ends else self.begins
        term = self.part_first(until_end_of(step), on, known) if until_end_of(step) else 0
        key = ("asked", step["id"], id(known), len(self.ends), term, since)
        scan = self.shared_scans.setdefault(key, [since, None])
        if scan[1]:
            return scan[1]
        for q in range(scan[0], on + 1):
            at = place if q == on else (q, END)
            found = self.asked_on(step, q, at, place, known, term)
            if at[1] == END and q < self.next_day:
                scan[0] = q + 1
                scan[1] = found
            if found:
                return found
        return None

    def asked_on(self, step, q, at, place, known, term):
        model = self.model(q, known)  # each day by the version of that day
        names = self.names(step)
        s = next((s for s in steps_of(model) if s["id"] in names), None) if model else None
        if not s:
            return None
        for c in self.asked(s, model, q, place, known):
            if c >= term and self.on_new_ground(s, model, c, place, known, at, FALSE)[1][1]:
                return c, at, model, s
        return None

    def open_renewal(self, o, s, known):
        """M2b: a renewal that is unknown, or that would have been, is a question: the first such day, else None."""
        names = self.names(s)
        for q in range(o.day, self.on + 1):
            model = self.model(q, known)
            now = next((x for x in steps_of(model) if x["id"] in names), None) if model else None
            if not now or now["again"] != "next_window":
                continue
            for c in self.asked(now, model, q, (self.on, END), known):
                if self.renewal(o, now, model, c, (q, END), known)[1]:
                    return c, (q, END), model, now
        return None

    def look_again(self):
        known = self.today()
        for o in self.openings:
            values = [v for _, v in self.ground(o, self.on, known)]
            if not any(v[1] for v in values) or not self.is_named(o, known):
                self.withdrawn.add(o.name)
                continue
            self.due_from[o.name] = self.due_start(o)
            if not any(v[0] for v in values):
                self.in_doubt.add(o.name)
        if self.left(self.on, known):
            return
        for i, s in self.steps(self.on, known).items():
            o = self.open_of(s)
            now = self.current(o) if o else None
            found = self.open_renewal(now, s, known) if now else self.open_question(s, self.on, (self.on, END), known)
            if found:
                self.undecided[i], self.asked_at[i] = found[0], found

    def is_named(self, o, known):
        """M3: do the rules of the day that it is about, as known today, name the step?"""
        rules = self.model(o.about, known)
        if not rules:
            return False
        i, was = o.step["id"], o.step.get("was", ())
        return any(s["id"] == i or i in s.get("was", ()) or s["id"] in was for s in steps_of(rules))

    def current(self, o):
        """M2b: the newest opening of the chain that is not withdrawn: as if what is withdrawn had renewed nothing."""
        return next((x for x in reversed(self.chain(o)) if x.name not in self.withdrawn), None)

    def live(self):
        """The ends of the chains that are open."""
        return [o for o in self.openings if not o.end]

    def showing(self):
        return [c for c in map(self.current, self.live()) if c]

    def asking(self):
        """Steps of which a person is asked something."""
        return set(self.undecided) | {o.step["id"] for o in self.showing() if o.name in self.in_doubt}

    def reasons(self, o):
        """M7: [(part, day, place)] known today to be true, on the first day of sure ground; in doubt there is none."""
        known = self.today()
        c = next((c for c, v in self.ground(o, self.on, known) if v[0]), None)
        if c is None:
            return []
        place = o.place if c <= o.about else (max(c, o.day), END)
        true = [p for p in parts(self.opens(o.step, c, o.place)) if self.holds(o.step, o.model, p, c, place, known)[0] == TRUE]
        return [(p, c, place) for p in true]
