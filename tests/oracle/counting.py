"""Counters: two whole numbers each, what is marked for certain and that plus what may still count.

Lengths are in ten-thousandths of a minute, whole numbers. A counter's number is `Number(low, high, one)`: low and high are
compared with limit × one.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import NamedTuple

from oracle.days import NEVER
from oracle.reading import GAP

NOT_RUNNING, TOO_EARLY = "not running", "too early"
END = 10**9
UNIT = 10**4
ANYTHING = 10**15  # a length that nobody has said
ABSENCE = ("authorised", "unauthorised", "unexplained")
TRUE, FALSE, UNKNOWN = (1, 1), (0, 0), (0, 1)


def length_of(x):
    """A number of a record, in units."""
    return Fraction(str(x)) * UNIT


def whole(x):
    return int(x) if x == int(x) else x


class _Number(NamedTuple):
    low: object
    high: object
    one: object


class Number(_Number):
    """`perhaps`: only what is in doubt is there; a comparison holds at most perhaps."""

    perhaps = False


class Perhaps(Number):
    perhaps = True


class Entry(NamedTuple):
    """What one mark is worth to one counter: `low` to `high` in length; `certain`: that it counts at all."""

    mark: dict
    day: int
    low: object
    high: object
    certain: bool


class Counting:
    """The part of Facts that counts."""

    # ------------------------------------------------------------------ registers
    def register(self, d, known):
        """The newest entry of a day, else None. One that says `through` is an entry of every day up to it, without numbers."""
        memo = known.memo.setdefault("register", {})
        if d not in memo:
            memo[d] = None
            for e in reversed(known.all("register")):
                if "planned" in e and e["day"] == d:
                    memo[d] = e
                    break
                if "through" in e and e["day"] <= d <= e["through"]:
                    memo[d] = {"through": e["through"]}
                    break
        return memo[d]

    def lesson(self, d, known):
        """Minutes of a lesson of the school attended on d."""
        return self.calendar(d, known).year(d).lesson_minutes

    def length(self, mark, known):
        """How long a mark is: its minutes, or its lessons by the school's lesson; None: it does not say."""
        if "minutes" in mark:
            return whole(length_of(mark["minutes"]))
        return whole(length_of(mark["lessons"]) * self.lesson(mark["day"], known)) if "lessons" in mark else None

    def marked(self, d, known):
        """The lengths of a day's marks together."""
        if "by day" not in known.memo:
            sums = {}
            for m in known.marks():
                sums[m["day"]] = sums.get(m["day"], 0) + (self.length(m, known) or 0)
            known.memo["by day"] = sums
        return known.memo["by day"].get(d, 0)

    def planned_at_all(self, d, known):
        """The length planned on a day, whoever was kept out of it; 0 without school; None: not given."""
        memo = known.memo.setdefault("planned", {})
        if d not in memo:
            entry = self.register(d, known)
            if not self.school(d, known):
                memo[d] = 0
            elif entry is not None and "planned" in entry:
                memo[d] = whole(length_of(entry["planned"]) * self.lesson(d, known))
            else:
                week = (self.enrolment(d, known) or {}).get("lessons_per_week")
                memo[d] = None if week is None else whole(length_of(week) / 5 * self.lesson(d, known))
        return memo[d]

    def planned(self, model, d, known):
        """The length planned on a day for this pupil: without what the school kept the pupil out of."""
        memo = known.memo.setdefault(("planned", id(model)), {})
        if d not in memo:
            planned = self.planned_at_all(d, known)
            if planned:
                for m, readings, sure in self.readings(model, known):
                    if m["day"] == d and sure and len(readings) == 1 and self.is_kind(model, readings[0][0]) == "not_planned":
                        planned -= readings[0][1] or 0
            memo[d] = None if planned is None else max(0, planned)
        return memo[d]

    def not_marked(self, d, known):
        """The length of a day that is neither marked nor has a mark: it may still count."""
        entry = self.register(d, known)
        if entry is not None:
            if "planned" not in entry:
                return 0
            planned = length_of(entry["planned"]) * self.lesson(d, known)
            seen = length_of(entry["marked"]) * self.lesson(d, known)
            return whole(max(0, planned - max(seen, self.marked(d, known))))
        if not self.given or not self.school(d, known) or d < self.begin(known):
            return 0
        planned = self.planned_at_all(d, known)
        return ANYTHING if planned is None else max(0, planned - self.marked(d, known))

    def gaps(self, known, first, last):
        """{day: length that nobody marked} between two days."""
        memo = known.memo.setdefault("gaps", {})
        if self.given:
            days = self.possible_days(max(first, self.begin(known)), last)
            days = sorted({*days, *(e["day"] for e in known.all("register") if first <= e["day"] <= last)})
        else:
            days = sorted({e["day"] for e in known.all("register") if first <= e["day"] <= last and "planned" in e})
        out = {}
        for d in days:
            if d not in memo:
                memo[d] = self.not_marked(d, known)
            if memo[d]:
                out[d] = memo[d]
        return out

    def possible_days(self, first, last):
        """The school days of all the schools between two days: others plan nothing."""
        return sorted({d for cal in self.calendars.values() for d in cal.school_days(first, last)})

    # ------------------------------------------------------------------ what a mark is
    def is_kind(self, model, kind):
        return model["kinds"][kind]["is"]

    def kind_of(self, model, mark):
        """The kind of a mark: its own, or that of its code by the code list of its day; None: nobody knows."""
        if mark.get("kind") in model["kinds"]:
            return mark["kind"]
        lines = [x for x in model["local_codes"] if x["code"] == mark.get("code")]
        by_map = (self.feed.get("code_map") or {}).get("name")
        if any(x["system"] == by_map for x in model["local_codes"]):
            lines = [x for x in lines if x["system"] == by_map]
        day = _iso(mark["day"])
        kinds = {x["kind"] for x in lines if x.get("valid_from", "") <= day <= x.get("valid_until", "9999")}
        return kinds.pop() if len(kinds) == 1 else None

    def readings(self, model, known):
        """[(mark, [(kind, length), …], sure)]: as what each mark may be read; not sure: set aside, it counts at most perhaps."""
        key = ("readings", id(model))
        if key not in known.memo:
            aside = self.set_aside(model, known)
            out = []
            for m in known.marks():
                length = self.length(m, known)
                if length == 0:
                    continue  # there was no absence
                kind = self.kind_of(model, m)
                out.append((m, self._turned(model, m, kind, length, known), kind is not None and m["id"] not in aside))
            known.memo[key] = out
        return known.memo[key]

    def set_aside(self, model, known):
        """Ids of marks that are doubtful: without school, called wrong, a lesson marked twice, more than was planned."""
        out = set(known.wrong)
        lessons, sums, twice = set(), {}, {x for ids in self.doubtful(known).values() for x in ids}
        for m in known.marks():
            length = self.length(m, known)
            if length == 0:
                continue
            if not self.school(m["day"], known):
                out.add(m["id"])
            if "lesson" in m:
                if (m["day"], m["lesson"]) in lessons:
                    out.add(m["id"])
                lessons.add((m["day"], m["lesson"]))
            entry = self.register(m["day"], known)
            if entry is not None and "planned" in entry:
                sums[m["day"]] = sums.get(m["day"], 0) + (length or 0)
                over = sums[m["day"]] > length_of(entry["planned"]) * self.lesson(m["day"], known)
                if over and m["id"] not in twice:  # M14: equal marks count and are told
                    out.add(m["id"])
        return out

    def _turned(self, model, mark, kind, length, known):
        """The readings of a mark after `becomes`: what is not known of it leaves both."""
        out = []
        for line in model["becomes"]:
            if line["kind"] != kind:
                continue
            test = self.test(line["marks"], mark, length, known)
            if test == FALSE:
                continue
            other = length
            if "as" in line:
                ((what, n),) = line["as"].items()
                other = whole(length_of(n) * (self.lesson(mark["day"], known) if what == "lessons" else 1))
            out.append((line["to"], other))
            if test == TRUE:
                return out
        return [*out, (kind, length)]

    def test(self, lines, mark, length, known):
        """Do all lines about marks hold of it? What it does not say is unknown."""
        values = [TRUE]
        for what, test in lines.items():
            if what in ("minutes", "lessons"):
                if length is None:
                    values.append(UNKNOWN)
                    continue
                n = Fraction(length) / UNIT / (1 if what == "minutes" else self.lesson(mark["day"], known))
                for op, limit in test.items():
                    ok = {"at_least": n >= limit, "more_than": n > limit, "at_most": n <= limit, "less_than": n < limit}[op]
                    values.append(TRUE if ok else FALSE)
            elif what not in mark:
                values.append(UNKNOWN)
            else:
                said = ("yes" if mark[what] else "no") if what == "explained" else mark[what]
                values.append(TRUE if all(said == v if op == "is" else said in v for op, v in test.items()) else FALSE)
        return min(v[0] for v in values), min(v[1] for v in values)

    def kind_counts(self, model, kinds, kind):
        """Does a kind count? Only a named list names kinds that are no absence."""
        if isinstance(kinds, dict) and "only" in kinds:
            return kind in kinds["only"]
        if self.is_kind(model, kind) not in ABSENCE:
            return False
        return kinds == "all" or kind not in kinds["all_except"]

    def entries(self, model, name, known, c, place=None):
        """What the marks are worth to a counter whose day asked about is c, by day."""
        spec = model["counters"][name]
        ifs = {k: self.holds(None, model, cond, c, place or (c, END), known)[0] for k, cond in spec.get("only_if", {}).items()}
        key = ("entries", id(model), name, tuple(ifs.items()))
        if key not in known.memo:
            out = []
            for m, readings, sure in self.readings(model, known):
                test = self.test(spec["marks"], m, self.length(m, known), known) if "marks" in spec else TRUE
                highs, certain = [], sure and len(readings) == 1 and test == TRUE
                for kind, length in readings:
                    if kind is not None and not self.kind_counts(
                        model, spec.get("kinds") or {"only": [spec["of"]["kind"]]}, kind
                    ):
                        certain = False
                        continue
                    allowed = ifs.get(kind, TRUE)
                    certain = certain and allowed == TRUE
                    if allowed[1] and test[1]:
                        highs.append(self.most_of(m, known) if length is None else length)
                if highs:
                    long = readings[0][1] or 0
                    out.append(Entry(m, m["day"], long if certain else 0, max(highs), certain))
            known.memo[key] = sorted(out, key=lambda e: e.day)
        return known.memo[key]

    def most_of(self, mark, known):
        """A partial mark without length may be as long as the day's planned lessons."""
        planned = self.planned_at_all(mark["day"], known)
        return planned if planned else ANYTHING

    # ------------------------------------------------------------------ windows
    def read_on(self, step, spec, c, q, known):
        """The day as of which a counter is read when c is asked about on the day q; None: not running."""
        if "checked" not in spec:
            return c
        if c != q:
            return None
        cal, model_schedules = self.calendar(q, known), self._schedule_of(spec)
        first = max(self.begin(known), cal.year(q).first)
        lasts = step["lasts"] if step else None
        if isinstance(lasts, dict) and "until_end_of" in lasts:
            first = max(first, cal.part(lasts["until_end_of"], q))
        dates = cal.schedule(model_schedules, first, q)
        return dates[-1] if dates else None

    def _schedule_of(self, spec):
        return next(m["schedules"][spec["checked"]] for m in self.versions if any(x is spec for x in m["counters"].values()))

    def window(self, model, name, r, known, since=None, place=None):
        """First day of the counter's window on day r; None: what it counts from has not happened.

        `since`: a day that it is counted from instead. `place`: of the check that asks (what it opens is not yet seen).
        """
        spec, first = model["counters"][name], since
        cal = self.calendar(r, known)
        if spec["window"]["in"] is GAP:
            return None
        if since is None:
            e = self.enrolment(r, known)
            first = cal.begins(spec["window"], r, e["day"] if e else NEVER)
        since = spec["window"].get("since")
        if since == "last_check":
            checks = cal.schedule(self._schedule_of(spec), cal.year(r).first, r - 1)
            return max(first, checks[-1] + 1 if checks else cal.year(r).first)
        if since is not None:
            ((what, of),) = since.items()
            place = place or (r, END)
            if what == "done":
                days = [e["day"] for e in self.done(model, of, known)]
            elif what == "opened":
                days = [o.place[0] for o in self.openings_of(of, model, place)]
            else:
                ended = [o for o in self.openings_of(of, model, place) if o.end is not None and o.how != "renewed"]
                days = [o.end[0] for o in ended if o.end < place]
            days = [d for d in days if d <= r]
            return max(first, max(days) + 1) if days else None
        return first

    def last_counted(self, spec, r, known):
        """`settles`: the last day that counts on r."""
        if "settles" not in spec:
            return r
        ((clock, n),) = spec["settles"].items()
        cal, d = self.calendar(r, known), r
        while n > 0:
            d -= 1
            n -= cal.runs(clock, d)
            if d < cal.years[0].first:
                break
        return d

    def day_counts(self, spec, d, known):
        """The line `days`: only such days."""
        if "days" not in spec:
            return True
        ((what, which),) = spec["days"].items()
        cal = self.calendar(d, known)
        return cal.first_after(which, d) if what == "first_after" else d in cal.named(which)

    # ------------------------------------------------------------------ counting between two days
    def counting(self, model, name, known, first, last, c=None, place=None):
        """(low, high, [(mark, certain)], what may still count without a mark) of a counter between two days."""
        spec = model["counters"][name]
        is_sum = spec["measure"] != "days_since"  # the days since a mark are no number of that mark
        n = self.between(model, name, known, first, last, c if c is not None else last, place) if is_sum else (0, 0)
        used = [(e.mark, e.certain) for e in self.used(model, name, known, first, last, c if c is not None else last, place)]
        gaps = {} if spec["measure"] in ("marks", "times", "days_since") else self.gaps(known, first, last)
        return n[0], n[1], used, sum(g for d, g in gaps.items() if self.day_counts(spec, d, known))

    def used(self, model, name, known, first, last, c, place=None):
        spec = model["counters"][name]
        if "kinds" not in spec and not isinstance(spec.get("of"), dict):
            return []
        found = self.entries(model, name, known, c, place)
        return [e for e in found if first <= e.day <= last and self.day_counts(spec, e.day, known)]

    def between(self, model, name, known, first, last, c, place=None):
        """(low, high) of a measure between two days, in its own unit (lengths in units)."""
        spec = model["counters"][name]
        if spec["measure"] == "times":
            n = sum(first <= e["day"] <= last for e in self.done(model, spec["of"], known))
            return n, n
        if spec["window"].get("unbroken") == "yes":
            sure, maybe = (self.run(model, spec, known, first, last, which) for which in (0, 1))
            low = self._between(model, name, known, sure, last, c, place)[0] if sure is not None else 0
            high = self._between(model, name, known, maybe, last, c, place)[1] if maybe is not None else 0
            return low, max(low, high)
        return self._between(model, name, known, first, last, c, place)

    def _between(self, model, name, known, first, last, c, place):
        spec = model["counters"][name]
        if spec["measure"] == "episodes":
            return self.episodes(model, name, known, first, last, c, place)[:2]
        used = self.used(model, name, known, first, last, c, place)
        gaps = {d: g for d, g in self.gaps(known, first, last).items() if self.day_counts(spec, d, known)}
        if spec["measure"] == "marks":
            gaps = {}
        one = spec.get("most_on_one")
        if one is None:
            return self.sums(model, spec, known, used, gaps)
        key = (lambda e: (e.day - 1) % 7) if one == "weekday" else lambda e: e.mark.get(one)
        keys = {key(e) for e in used if key(e) is not None} | ({(d - 1) % 7 for d in gaps} if one == "weekday" else set())
        low = high = 0
        for k in keys or {None}:
            mine = [e for e in used if key(e) == k and k is not None]
            perhaps = [e for e in used if key(e) in (k, None)]
            its = {d: g for d, g in gaps.items() if one != "weekday" or (d - 1) % 7 == k}
            low = max(low, self.sums(model, spec, known, mine, {})[0])
            high = max(high, self.sums(model, spec, known, perhaps, its)[1])
        return low, high

    def sums(self, model, spec, known, used, gaps):
        """(low, high) of a measure over these marks and gaps."""
        measure = spec["measure"]
        if measure in ("lessons", "clock_hours"):
            return sum(e.low for e in used), sum(e.high for e in used) + sum(gaps.values())
        if measure == "marks":
            return sum(e.certain for e in used), len(used)
        if measure == "half_days":
            halves = [self.halves(model, d, known, es, gaps.get(d, 0)) for d, es in _by_day(used, gaps).items()]
            return sum(h[0] for h in halves), sum(h[1] for h in halves)
        sure, maybe = self.days_reached(model, spec, known, used, gaps)
        if measure == "calendar_days":
            return tuple(max(ds) - min(ds) + 1 if ds else 0 for ds in (sure, maybe))
        return len(sure), len(maybe)

    def days_reached(self, model, spec, known, used, gaps):
        """(days that reach `day_from` for certain, days that may)."""
        sure, maybe = set(), set()
        for d, es in _by_day(used, gaps).items():
            low, high = sum(e.low for e in es), sum(e.high for e in es) + gaps.get(d, 0)
            planned = self.planned(model, d, known)
            if self.reaches(spec["day_from"], low, planned) or (spec["day_from"] == "any_part" and any(e.certain for e in es)):
                sure.add(d)
            if self.reaches(spec["day_from"], high, planned) or (planned is None and high and not _in_minutes(spec["day_from"])):
                maybe.add(d)
        return sure, sure | maybe

    def reaches(self, day_from, amount, planned):
        if not amount:
            return False
        if day_from == "any_part":
            return True
        if _in_minutes(day_from):
            return amount >= length_of(day_from["minutes"])
        if planned is None:
            return False
        per_cent = {"half": 50, "whole": 100}.get(day_from) if isinstance(day_from, str) else Fraction(day_from["per_cent"])
        return amount * 100 >= planned * per_cent

    def halves(self, model, d, known, used, gap):
        """(low, high): which halves of a school day the marks lie in."""
        planned = self.planned(model, d, known)

        def of(es, amount, both):
            named = {e.mark["part"] for e in es if e.mark.get("part") in ("start_of_day", "end_of_day")}
            other = len(named) < len(es) and any(e.mark.get("part") not in ("start_of_day", "end_of_day") for e in es)
            if (both and (other or gap)) or (planned and amount >= planned):
                return 2
            return max(len(named), 1) if es else 0

        sure = [e for e in used if e.certain]
        low = of(sure, sum(e.low for e in sure), False)
        return low, max(low, of(used, sum(e.high for e in used) + gap, True))

    def run(self, model, spec, known, first, r, which):
        """First day of the run without a school day at school that reaches up to r; which: 0 certain, 1 possible."""
        amounts = self.run_amounts(model, spec, known)
        kept_out = isinstance(spec["kinds"], dict) and any(
            self.is_kind(model, k) == "not_planned" for k in spec["kinds"].get("only", ())
        )
        start = None
        for d in reversed(self.possible_days(first, r)):
            planned = self.planned_at_all(d, known) if kept_out else self.planned(model, d, known)
            if not self.school(d, known) or planned == 0:
                continue
            low, high = amounts.get(d, (0, 0))
            gap = self.gaps(known, d, d).get(d, 0)
            if which == 0:
                broken = planned is None or low < planned
            else:
                broken = high + gap == 0 if planned is None else high + gap < planned
            if broken:
                break
            start = d
        return start

    def run_amounts(self, model, spec, known):
        """{day: (low, high)} of absence of any kind or of the counted kinds."""
        key = ("run", id(model), str(spec["kinds"]))
        if key not in known.memo:
            out = {}
            for m, readings, sure in self.readings(model, known):
                goes = [
                    (k, length)
                    for k, length in readings
                    if k is None or self.is_kind(model, k) in ABSENCE or self.kind_counts(model, spec["kinds"], k)
                ]
                if goes:
                    low, high = out.get(m["day"], (0, 0))
                    more = max(self.most_of(m, known) if length is None else length for _, length in goes)
                    sure = sure and len(readings) == 1
                    out[m["day"]] = low + ((readings[0][1] or 0) if sure else 0), high + more
            known.memo[key] = out
        return known.memo[key]

    def episodes(self, model, name, known, first, last, c, place=None):
        """(low, high, rows for certain, rows perhaps): rows of days that reach `day_from`, one of them between the days."""
        spec = model["counters"][name]
        used = self.used(model, name, known, NEVER, last, c, place)
        gaps = {d: g for d, g in self.gaps(known, self.begin(known), last).items() if self.day_counts(spec, d, known)}
        found = []
        for days in self.days_reached(model, spec, known, used, gaps):
            rows = []
            for d in sorted(d for d in days if self.school(d, known)):
                if rows and not any(self.school(x, known) for x in range(rows[-1][-1] + 1, d)):
                    rows[-1].append(d)
                else:
                    rows.append([d])
            found.append([row for row in rows if any(first <= d <= last for d in row)])
        sure, maybe = found
        return len(sure), max(len(sure), len(maybe)), sure, maybe

    # ------------------------------------------------------------------ the number of a counter
    def counter(self, step, model, name, c, q, known, since=None, place=None):
        """Number(low, high, one): compare low and high with limit × one; or NOT_RUNNING, TOO_EARLY."""
        spec = model["counters"][name]
        by_steps = isinstance(spec["window"].get("since"), dict) and "done" not in spec["window"]["since"]
        checked = "checked" in spec
        lasts = str(step["lasts"]) if step and checked else None
        store, at = (self._cache, place or (q, END)) if by_steps else (self.shared["values"], q if checked else None)
        key = ("counter", id(model), name, c, at, since, lasts, id(known), by_steps and len(self.openings))
        if key not in store:
            store[key] = known, self._counter(step, model, name, c, q, known, since, place)
        return store[key][1]

    def _counter(self, step, model, name, c, q, known, since, place):
        spec = model["counters"][name]
        if spec["window"].get("in") is GAP:
            return TOO_EARLY
        r = self.read_on(step, spec, c, q, known)
        if r is None:
            return NOT_RUNNING
        first = self.window(model, name, r, known, since, place)
        if first is None:
            return NOT_RUNNING
        last = self.last_counted(spec, r, known)
        if spec["measure"] == "days_since":
            return self.days_since(model, spec, known, first, last, r)
        one = length_of(spec["lesson_minutes"]) if spec["measure"] == "lessons" else 60 * UNIT
        if spec["measure"] not in ("lessons", "clock_hours"):
            one = 1
        low, high = self.between(model, name, known, first, last, c, place)
        if "compared_with" in spec:
            cal = self.calendar(r, known)
            e = self.enrolment(r, known)
            inside = max(cal.begins({"in": spec["window"]["in"]}, r, e["day"] if e else NEVER), self.begin(known))
            start = cal.rolling(spec["window"]["rolling"], r)
            before = cal.rolling(spec["window"]["rolling"], start - 1)
            if before < inside:
                return TOO_EARLY
            low0, high0 = self.between(model, name, known, before, start - 1, c, place)
            return Number(low - high0, high - low0, one)
        if "share_of" in spec:
            return self.share(model, spec, known, first, r, low, high)
        return Number(low, high, one)

    def share(self, model, spec, known, first, r, low, high):
        """The limit is a per cent of what was planned."""
        least = Fraction(spec.get("minimum", {}).get("planned_lessons", 0))
        cal = self.calendar(r, known)
        last = r
        if spec["share_of"].get("planned") == "whole_window":
            kind = spec["window"]["in"]
            last = cal.part_ends(kind, r) if kind not in ("any_time", "enrolment") else cal.year(r).last
        days = [d for d in self.possible_days(max(first, self.begin(known)), last) if self.school(d, known)]
        if "table" in spec["share_of"]:
            table = model["planned"][spec["share_of"]["table"]]["lessons"]
            lessons = Fraction(table[spec["window"]["in"]])
            long = lessons * length_of(spec.get("lesson_minutes", self.lesson(r, known)))
        else:
            each = [(self.planned(model, d, known), self.lesson(d, known)) for d in days]
            given = all(p is not None for p, _ in each)
            lessons = sum(Fraction(p) / UNIT / one for p, one in each) if given else None
            long = sum(p for p, _ in each) if given else None
        if lessons is not None and lessons < least:
            return TOO_EARLY
        if spec["measure"] in ("days", "half_days") and "table" not in spec["share_of"]:
            planned = len(days) * (2 if spec["measure"] == "half_days" else 1)
        elif spec["measure"] in ("lessons", "clock_hours"):
            planned = long
        else:
            planned = lessons
        if planned == 0 and lessons is not None:  # a share of nothing cannot be told yet
            return TOO_EARLY
        if not planned or (lessons is None and least):
            return Number(0, 0, 1) if not high else Number(0, ANYTHING, 1)  # no absence is no share of whatever was planned
        return Number(100 * low, 100 * high, planned)

    def days_since(self, model, spec, known, first, last, r):
        """Days since the oldest mark that is still unexplained, the last day of another kind, or an action."""
        cal = self.calendar(r, known)

        def ago(d):
            return cal.days_between(spec["on_clock"], d, r)

        if not isinstance(spec["of"], dict):
            days = [e["day"] for e in self.done(model, spec["of"], known) if first <= e["day"] <= last]
            return Number(ago(max(days)), ago(max(days)), 1) if days else NOT_RUNNING
        kind = spec["of"]["kind"]
        sure, maybe = [], []
        for m, readings, certain in self.readings(model, known):
            if first <= m["day"] <= last and any(k in (kind, None) for k, _ in readings):
                test = self.test(spec["marks"], m, self.length(m, known), known) if "marks" in spec else TRUE
                if test[1] and self.day_counts(spec, m["day"], known):
                    (sure if certain and len(readings) == 1 and test == TRUE else maybe).append(m["day"])
        pick = min if self.is_kind(model, kind) == "unexplained" else max
        if not sure:
            return Perhaps(ago(max(maybe)), ago(min(maybe)), 1) if maybe else NOT_RUNNING
        low = ago(pick(sure))
        return Number(low, max(low, ago(pick(maybe))) if maybe else low, 1)


def _in_minutes(day_from):
    return isinstance(day_from, dict) and "minutes" in day_from


def _by_day(used, gaps):
    out = {d: [] for d in gaps}
    for e in used:
        out.setdefault(e.day, []).append(e)
    return out


def _iso(day):
    return date.fromordinal(day).isoformat()
