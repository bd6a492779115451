"""What each opening asks (obligations), made into tasks in the order of M1; who does them; what is contested.

An obligation is one action of one opening; its name never changes. A task is all unanswered obligations of one action.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from itertools import takewhile

from .facts import END, FALSE, TRUE, UNKNOWN, parts
from .fold import OVER, Path, flat_parts, head, iso

DUTIES = ("must", "should", "consider", "may", "close")
ANSWERED = (*OVER, "withdrawn", "no_consent")  # never late, never next, asked no more
STATES = ("ready", "blocked", "undecided", "waiting", "snoozed", "paused", "to_hand_over", "withdrawn")  # most ready first
CLOCKS = ("school_days", "school_weeks", "terms", "weekdays", "calendar_days", "calendar_months")
PARTIES = ("pupil", "guardian")


AFTER = END + 1  # the place of what people do: after the check at the end of the day


def rank(action):
    """M1 (3): must by law, other must, should, consider, may, close."""
    n = DUTIES.index(action["duty"])
    return 0 if n == 0 and action.get("statutory") else n + 1


def flat(who):
    """Roles of `who`, `to` or a list in `with`."""
    if not who:
        return []
    if isinstance(who, str):
        return [who]
    return list(who.get("any_of") or who.get("of") or ()) if isinstance(who, dict) else list(who)


def number(value):
    f = Fraction(str(value))
    return int(f) if f.denominator == 1 else f


class Tasks(Path):
    # ------------------------------------------------------------------ what is asked
    def actions(self, o):
        """Its own actions, and those of the steps that it includes (and theirs in turn). `own`: not an included one."""
        if "actions" not in o.memo:
            by_id = {s["id"]: s for s in o.model["steps"]}
            out, seen = [], set()

            def of(step, own, grades):
                for n, a in enumerate(step.get("actions") or ()):
                    if a["id"] not in seen:
                        seen.add(a["id"])
                        out.append({**a, "own": own, "step_grades": grades, "row": (step["row"], n)})
                for lower, how in (step.get("above") or {}).items():
                    if how == "includes" and lower in by_id:
                        of(by_id[lower], False, by_id[lower].get("grades"))

            of(o.step, True, None)
            o.memo["actions"] = out
        return o.memo["actions"]

    def fulfilled(self, action):
        return bool(action.get("fulfilled_by")) and action["id"] in ((self.record.get("feed") or {}).get("does") or ())

    def when(self, o, action, c, place, known):
        """`when` and the grades of an action: a pair."""
        grades = TRUE
        for key in ("grades", "step_grades"):  # narrower grades ask nothing of a pupil whose grade is not given
            if action.get(key):
                inside = self.in_grades(action[key], c, known)[0]
                grades = min(grades[0], inside), min(grades[1], inside)
        if grades == FALSE or not action.get("when"):
            return grades
        value = self.holds(o.step, o.model, action["when"], c, place, known)[0]
        return min(value[0], grades[0]), min(value[1], grades[1])

    def for_grade(self, action):
        """Is the action for the pupil's grade of today? What is not given is in no narrower grades."""
        known = self.today()
        return all(self.in_grades(action[k], self.on, known) == TRUE for k in ("grades", "step_grades") if action.get(k))

    def has_when(self, action):
        return bool(action.get("when") or action.get("grades") or action.get("step_grades"))

    def since(self, o, on, known):
        """From which day on what was done counts for this opening (*Done earlier counts*)."""
        key = ("since", on, id(known))
        if key in o.memo:
            return o.memo[key]
        if o.step.get("level", 1) > 1 or o.renews:  # a higher level, a renewed opening (M2b) ask anew
            o.memo[key] = o.day
            return o.day
        before = [
            x.end[0] + 1 for x in self.openings if x.end and x.end <= o.place and x.step["id"] == o.step["id"] and x is not o
        ]
        c, days = self.first_ground(o, on, known), []
        c = o.about if c is None else c
        place = (max(c, o.day), END)
        for p in parts(self.opens(o.step, c, o.place)):
            name, body = head(p), p[head(p)]
            if not self.holds(o.step, o.model, p, c, place, known)[0][1]:
                continue
            if name in o.model["counters"]:
                r = self.read_on(o.step, o.model["counters"][name], c, c, known)
                if r is not None:
                    days.append(self.window(o.model, name, r, known, body.get("from"), place))
            elif name in o.model["reports"]:
                days += [e["day"] for e in self.raised(name, c, known)]
            elif name in o.model["questions"]:
                a = self.answer(o.model, name, c, known)
                days += [a["day"]] if a else []
        o.memo[key] = max([min([d for d in days if d is not None], default=o.day), *before])
        return o.memo[key]

    def said(self, o, action, on, known):
        """The answer of a person that counts for this opening: {status, day, until}, or None."""
        until = o.end[0] if o.end and o.how != "renewed" else on  # M2b: what a renewed opening owed can still be done
        since = self.since(o, on, known)
        mine = known.all("action", action=action["id"])
        done = [a for a in mine if a["status"] == "done" and since <= a["day"] <= until]
        if done:
            return done[0]
        if action.get("asks"):
            given = [self.first_answer(q, since, until, known) for q in action["asks"]]
            if all(given):
                return {"status": "done", "day": max(a["day"] for a in given), "until": None}
        said = [a for a in mine if a["place"] > (o.day, -1) and a["status"] in ("planned", "not_needed", "snoozed", "refused")]
        if said and action.get("statutory") and action["duty"] == "must":
            said = [a for a in said if a["status"] != "not_needed"]
        return said[-1] if said else None

    def first_answer(self, question, since, until, known):
        return next((a for a in known.all("answer", question=question) if since <= a["day"] <= until), None)

    def answered(self, o, action, place, known):
        """By a person, by an application that does it, by a No (M5), or not asked."""
        a = self.said(o, action, place[0], known)
        if (a and a["status"] in OVER) or self.fulfilled(action) or self.consent(o, action, known)[0] == "no":
            return True
        return self.has_when(action) and self.when(o, action, place[0], place, known) == FALSE

    # ------------------------------------------------------------------ consent (M5)
    def needed(self, o, action):
        """[(consent id, participants who need it)]: which consents stop it. Who is only one of several is left out instead."""
        if action["about"] == "child_protection":
            return [], []
        stops, left_out = [], []
        joined = action.get("with") or {}
        required, optional = flat(joined.get("required")), flat(joined.get("optional"))
        reached = flat(action.get("to")) or required + optional
        for i, consent in o.model["consents"].items():
            need = consent.get("needed_for") or {}
            if action["id"] in flat(need.get("actions")):
                stops.append(i)
                continue
            withs = flat(need.get("with"))
            if set(withs) & set(required) or (set(withs) >= set(required + optional) and required + optional):
                stops.append(i)
            elif set(withs) & set(optional):
                left_out.append((i, [x for x in optional if x in withs]))
            elif need.get("about") and action["about"] in flat(need["about"]):
                mine = [x for x in reached if x in flat(need.get("to"))]
                if mine and (set(mine) == set(reached) or set(mine) & set(required)):
                    stops.append(i)
                elif mine:
                    left_out.append((i, mine))
        return stops, left_out

    def one_consent(self, o, consent, known):
        """(given | no | missing, since when)."""
        got = known.all("consent", consent=consent)
        presumed = (o.model["consents"][consent].get("presumed") or "no") in ("yes", True)
        if not got:
            return ("given", None) if presumed else ("missing", None)
        newest = got[-1]
        if newest["value"] == "given":  # from the first of the Yeses that nothing has interrupted
            yes = list(takewhile(lambda e: e["value"] == "given", reversed(got)))[-1]
            return "given", None if presumed and yes is got[0] else yes["place"][0]
        open_then = newest["place"] >= (o.day, -1)
        return ("no", newest["place"][0]) if presumed or open_then else ("missing", None)

    def consent(self, o, action, known):
        """Of all that it needs: (no | missing | given, since when, which are missing)."""
        got = [(i, *self.one_consent(o, i, known)) for i in self.needed(o, action)[0]]
        no = [since for _, state, since in got if state == "no"]
        if no:
            return "no", min(no), ()
        missing = [i for i, state, _ in got if state == "missing"]
        if missing:
            return "missing", None, missing
        return "given", max([since for *_, since in got if since is not None], default=None), ()

    # ------------------------------------------------------------------ one obligation
    def paused_on(self, d, known):
        return any(p["day"] <= d <= p["until"] and p["place"][0] <= d for p in known.all("pause"))

    def away_on(self, d):
        """M3: days away do not count, as known on the day."""
        return d < self.on and self.left(d, self.known((d, END)))

    def first_true(self, o, key, cond, first):
        """The first day from `first` to today on which a test was true as known on it; None."""
        scan = o.memo.setdefault(("first", key), [first, None])
        while scan[1] is None and scan[0] <= self.on:
            d = scan[0]
            if cond(d, (d, AFTER), self.known((d, END))) == TRUE:
                scan[1] = d
            scan[0] += 1
        return scan[1]

    def task(self, o, action):
        """One action of one opening: its state, due day and the rest, or None if it is not asked."""
        key = ("task", o.name, action["id"])
        if key not in self.memo:
            self.memo[key] = None  # a circle of `after` is refused by the loader
            self.memo[key] = self._task(o, action)
        return self.memo[key]

    def _task(self, o, action):
        on, known, place = self.on, self.today(), (self.on, AFTER)
        said = self.said(o, action, on, known)
        law, must = bool(action.get("statutory")), action["duty"] == "must"

        def paused(d):
            return (not law and self.paused_on(d, known)) or self.away_on(d)

        when = self.when(o, action, on, place, known)
        unless = self.holds(o.step, o.model, action["unless"], on, place, known)[0] if action.get("unless") else FALSE
        is_done = bool(said) and said["status"] == "done"
        if (not is_done and (self.fulfilled(action) or when == FALSE or unless == TRUE)) or not self.for_grade(action):
            return None
        start = self.due_from.get(o.name, o.day)
        if self.has_when(action):  # the day `when` became true, as known that day
            first = self.first_true(o, ("when", action["id"]), lambda d, p, k: self.when(o, action, d, p, k), o.day)
            start = max(start, first) if first is not None else start
        asked = start
        agreed, agreed_on, missing = self.consent(o, action, known)
        if agreed == "given" and agreed_on is not None:
            start = max(start, agreed_on)
        waiting, due_first = False, None
        for name in action.get("after") or ():
            still, day = self.before(o, name, asked)
            waiting = waiting or still
            due_first = max((d for d in (due_first, day) if d is not None), default=None)
        counted = start if due_first is None else max(start, due_first)
        turn, missed = None, 0
        due = self.due(o, action, counted, asked, known, paused, law)
        if action.get("repeat"):
            turn, missed, due, is_done, first = self.turn(o, action, counted, known, paused)
            mine = said and said["status"] != "done" and first <= said["day"] and (due is None or said["day"] <= due)
            said = {"status": "done", "day": on, "until": None} if is_done else said if mine else None

        if due is not None and not action.get("repeat"):
            within = action.get("within")
            is_agreed = isinstance(within, dict) and "on" in within and self.answer(o.model, within["on"], on, known)
            due = self.school_day(due, known, None if is_agreed else paused)
        if said and said["status"] == "planned" and not action.get("repeat"):
            due = min(due, said["until"]) if law and due is not None else said["until"]
        if o.step.get("expected_by") and must and not action.get("repeat"):  # no plan is later than what is expected
            d = self.first_true(
                o, ("expected",), lambda d, p, k: self.holds(o.step, o.model, o.step["expected_by"], d, p, k)[0], o.day
            )
            due = d if d is not None and (due is None or d < due) else due
        snoozed = said and said["status"] == "snoozed" and on < said["until"] and not (must and due is not None and on >= due)
        state = (
            "done"
            if said and said["status"] == "done"
            else "withdrawn"
            if o.name in self.withdrawn
            else said["status"]
            if said and said["status"] in ("not_needed", "refused")
            else "no_consent"
            if agreed == "no"
            else "to_hand_over"
            if self.left(on, known)
            else "undecided"
            if when == UNKNOWN
            else "paused"
            if not law and self.paused_on(on, known)
            else "waiting"
            if waiting
            else "blocked"
            if agreed == "missing"
            else "snoozed"
            if snoozed
            else "ready"
        )
        if state == "undecided":
            due = None  # M7: it waits for an answer, it has no day and is not late
        late = due is not None and on > due and state not in (*ANSWERED, "paused", "to_hand_over")
        now = (state != "undecided" and action.get("within") == "without_delay") or (due is not None and on >= due)  # M1 (2)
        name = f"{o.name}/{action['id']}" + (f"#{turn}" if turn is not None else "")
        return {
            "name": name,
            "action": action,
            "state": state,
            "due": due,
            "overdue": late,
            "opening": o,
            "openings": (o.name,),
            "asked": asked,
            "from": start,
            "now": bool(now),
            "tier": self.tier(o),
            "also": (),
            "missing": missing,
            "missed": missed,
            "row": self.row(o, action["row"]),
        }

    def before(self, o, name, asked):
        """(is an action that comes first unanswered, the day from which what comes after it counts).

        The step's own action of that name, else those of the other steps that ask; not one that is asked only later (M1).
        """
        if o.name in self.withdrawn:
            return False, None
        found = [(o, a) for a in self.actions(o) if a["id"] == name]
        if not any(self.task(x, a) for x, a in found):
            found = [(x, a) for x, a in self.asked_of_all() if x is not o and a["id"] == name and x.name not in self.withdrawn]
        found = [(x, a, t) for x, a in found if (t := self.task(x, a)) and t["asked"] <= asked]
        still = [t for x, a, t in found if self.day_answered(x, a, t) is None]
        days = [t["due"] for t in still if t["due"] is not None] if still else [self.day_answered(*f) for f in found]
        return bool(still), (min(days, default=None) if still else max(days, default=None))

    def day_answered(self, o, action, task):
        """The day on which a person said what becomes of it, or may not be; None: nobody did."""
        if task["state"] == "withdrawn":
            return None
        said = self.said(o, action, self.on, self.today())
        if said and said["status"] in OVER:
            return said["day"]
        return self.consent(o, action, self.today())[1] if task["state"] == "no_consent" else None

    def asked_of_all(self):
        """[(opening, action)]: all that is asked; of what was renewed what was owed then."""
        for end in self.live():
            now = self.current(end)
            if self.asks(now or end):
                for x in self.chain(end):
                    for a in self.actions(x):
                        if x.how != "renewed" or x is now or a["id"] in x.owed:
                            yield x, a

    def span(self, within, model):
        """The clock of a `within`, as `after` wants it; None: it has none (a gap without `read_as`)."""
        for clock in CLOCKS:
            value = within.get(clock)
            if value is None:
                continue
            if isinstance(value, dict):
                value = model["parameters"][value["parameter"]]["value"] if "parameter" in value else None
            return None if value in (None, "unset") else {clock: number(value)}
        return None

    def due(self, o, action, counted, asked, known, paused, law):
        within = action.get("within")
        if not within:
            return None
        if within == "without_delay":
            return counted
        span = self.span(within, o.model)
        if "from" in within:  # from the day of the newest report; only a statutory term may begin before the opening
            newest = max(((e["day"], e["place"]) for e in self.raised(within["from"], self.on, known)), default=None)
            if newest is None or span is None:
                return None
            return self.after(newest[0] if law else max(newest[1][0], counted), span, known, paused)
        if "on" in within:
            a = self.answer(o.model, within["on"], self.on, known)
            if a:
                return self.date_of(a)
            other = within.get("or")
            return self.after(counted, self.span(other, o.model), known, paused) if other else None
        if "after" in within:
            day = self.before(o, within["after"], asked)[1]
            counted = counted if day is None else max(counted, day)
        return self.after(counted, span, known, paused) if span else None

    def date_of(self, answer):
        value = answer["answer"]
        return value if isinstance(value, int) else date.fromisoformat(value).toordinal()

    def turn(self, o, action, first, known, paused):
        """(number of the turn of today, turns that passed undone, its due day, is it done, its first day)."""
        every = action["repeat"]["every"]
        done = [a["day"] for a in known.all("action", action=action["id"], status="done")]
        begin, before, n, missed = first, first - 1, 1, 0
        while n < 1000:
            if isinstance(every, dict) and "schedule" in every:
                spec = o.model["schedules"][every["schedule"]]
                last = next(iter(self.calendar(begin, known).schedule(spec, begin + 1, begin + 800)), None)
            else:
                span = self.span(every, o.model)
                last = self.after(begin, span, known, paused) if span else None
            due = None if last is None else self.school_day(last, known, paused)
            inside = any(before < d and (due is None or d <= due) for d in done)
            if due is None or self.on <= due:
                return n, missed, due, inside, before + 1
            missed += not inside
            begin, before, n = last, due, n + 1
        return n, missed, None, False, before + 1

    def tier(self, o):
        return o.step["tier_rank"]

    def row(self, o, action):
        """M1 (6), the file: where the action stands in it; of a family of levels the lower one first."""
        return (*action, o.step.get("level", 1))

    # ------------------------------------------------------------------ all obligations, and the tasks they are
    def silences(self, high, low):
        """`replaces`, and a higher level; not what opened on ground of a newer window (M2b)."""
        if high is low:
            return False
        if self.is_level_over(high, low):
            return True
        above = high.step.get("above") or {}
        mine = {low.step["id"], low.step.get("family"), *low.step.get("was", ())}
        return any(above.get(i) == "replaces" for i in mine) and not self.newer_window(low, high)

    def asks(self, o):
        return not any(self.silences(x, o) for x in self.showing())

    def obligations(self):
        """[(opening, task)]: what each opening asks, oldest first; of what was renewed, what was owed then (M2b)."""
        if "obligations" in self.memo:
            return self.memo["obligations"]
        out = []
        for end in self.live():
            now = self.current(end)
            if not self.asks(now or end):
                continue
            for o in self.chain(end):
                for a in self.actions(o):
                    if o.how == "renewed" and o is not now and a["id"] not in o.owed:
                        continue
                    t = self.task(o, a)
                    if t:
                        out.append((o, self.kept_day(o, t) if o is now else t))
        out.sort(key=lambda x: (x[0].place, x[0].step["row"], x[0].step.get("level", 1), x[1]["row"]))
        self.memo["obligations"] = out
        return out

    def kept_day(self, o, t):
        """M1: what takes another's place (a higher level, `replaces`) keeps the day of what that one still owes."""
        if t["state"] in ANSWERED:
            return t
        for low in self.live():
            if not self.silences(o, low):
                continue
            for x in self.chain(low):
                same = next(
                    (a for a in self.actions(x) if a["id"] == t["action"]["id"] and (x is low or a["id"] in x.owed)), None
                )
                owed = self.task(x, same) if same and x.name not in self.withdrawn else None
                if owed and owed["state"] not in (*OVER, "no_consent"):
                    both = self.merged(owed, t)
                    t = {**t, "due": both["due"], "overdue": both["overdue"], "now": both["now"]}
        return t

    def merged(self, old, t):
        """M1: earliest day, strongest duty, highest tier, the most ready state, the oldest name, the others beside it."""
        first = min(old, t, key=lambda x: STATES.index(x["state"]))
        if [old["state"], t["state"]].count("withdrawn") == 1:  # what still stands says it all
            both = {k: first[k] for k in ("due", "overdue", "now", "tier", "from", "row", "action")}
        else:
            due = min((d for d in (old["due"], t["due"]) if d is not None), default=None)
            both = {"due": due, "overdue": old["overdue"] or t["overdue"], "now": old["now"] or t["now"]}
            both |= {"tier": max(old["tier"], t["tier"]), "from": min(old["from"], t["from"]), "row": min(old["row"], t["row"])}
            both["action"] = min(old["action"], t["action"], key=rank)
        names = {"openings": (*old["openings"], *t["openings"]), "name": old["name"], "also": (*old["also"], t["name"])}
        return {**first, **both, **names, "opening": first["opening"]}

    def tasks(self):
        """Tasks in the order of M1; one for each action."""
        if "tasks" in self.memo:
            return self.memo["tasks"]
        out = {}
        for _, t in self.obligations():
            i = t["action"]["id"]
            old = out.get(i)
            if old is None or (old["state"] in (*OVER, "no_consent") and t["state"] not in (*OVER, "no_consent", "withdrawn")):
                out[i] = t
            elif t["state"] not in (*OVER, "no_consent") and old["state"] not in (*OVER, "no_consent"):
                out[i] = self.merged(old, t)
            elif old["state"] in (*OVER, "no_consent") and rank(t["action"]) < rank(old["action"]):  # the strongest duty
                strongest = {k: t["action"].get(k) for k in ("duty", "statutory")}
                out[i] = {**old, "action": {**old["action"], **strongest}}
        more = [t for t in map(self.close_or_go_on, self.showing()) if t] + self.checks()
        self.memo["tasks"] = sorted([*out.values(), *more], key=self.urgency)
        return self.memo["tasks"]

    def bare(self, name, action, o, row):
        """A task that no action of the rules asks (M2a, M16)."""
        return {
            "name": name,
            "action": action,
            "state": "ready",
            "due": None,
            "overdue": False,
            "opening": o,
            "openings": (o.name,) if o else (),
            "asked": self.on,
            "from": self.on,
            "now": False,
            "tier": self.tier(o) if o else -1,
            "also": (),
            "missing": (),
            "missed": 0,
            "row": row,
        }

    def close_or_go_on(self, o):
        """M2a: an open `until_closed` step in which nothing is left to do proposes its own end, once for all its levels."""
        known, base = self.today(), o.step.get("family") or o.step["id"]
        mine = [x for x in self.showing() if (x.step.get("family") or x.step["id"]) == base]
        mine = sorted((x for x in mine if x.step["lasts"] == "until_closed" and self.asks(x)), key=lambda x: x.place)
        if not mine or mine[0] is not o or self.left(self.on, known) or self.paused_on(self.on, known):
            return None
        if not all(map(self.is_done, mine)):
            return None
        i = "close:" + base
        said = [a for a in known.all("action", action=i) if a["place"] > mine[-1].place]
        if said and said[-1]["status"] == "snoozed" and self.on < said[-1]["until"]:
            return None
        by = flat((o.step.get("closing") or {}).get("by")) or ["principal"]
        action = {"id": i, "duty": "close", "who": {"any_of": by}, "about": "absence"}
        task = self.bare(f"{o.name}/{i}", action, o, self.row(o, (o.step["row"], 10**6)))
        tier = max(self.tier(x) for x in mine)
        return {**task, "tier": tier, "openings": tuple(x.name for x in mine), "also": tuple(f"{x.name}/{i}" for x in mine[1:])}

    def is_done(self, o):
        """Is nothing left of an open step: each action answered or not asked, none that comes again, nothing unknown?"""
        if self.undecided.keys() & self.names(o.step) or any(a.get("repeat") and self.for_grade(a) for a in self.actions(o)):
            return False
        return all(t["state"] in ANSWERED for x, t in self.obligations() if x in self.chain(o))

    # ------------------------------------------------------------------ M16: contested marks
    def contests(self):
        """{id of a mark: the oldest contest that nobody has answered}."""
        if "contests" in self.memo:
            return self.memo["contests"]
        known, out = self.today(), {}
        marks = known.marks()
        versions = {m["id"]: m for m in marks}
        for e in known.all("report"):
            i = e.get("mark")
            if not i or e.get("by") not in PARTIES or not e["raised"] or i not in versions or i in out:
                continue
            back = [x for x in known.all("report", report=e["report"], by=e["by"]) if not x["raised"] and x["place"] > e["place"]]
            back = [x for x in back if x.get("mark") in (None, i)]
            said = [
                a
                for a in known.all("action", action="check:" + i)
                if a["status"] in ("done", "not_needed") and a["place"] > e["place"]
            ]
            if not back and not said and versions[i]["place"] < e["place"]:
                out[i] = e
        self.memo["contests"] = out
        return out

    def checks(self):
        """M16: who recorded it checks it."""
        known, out = self.today(), []
        model = self.model(self.on, known) or self.versions[-1]
        roles = model.get("roles") or {}
        who = next((r for r in ("subject-teacher", "class-lead") if r in roles), "any-staff")
        versions = {m["id"]: m for m in known.marks()}
        for n, (i, e) in enumerate(self.contests().items()):
            action = {"id": "check:" + i, "duty": "should", "who": who, "about": "absence", "person": versions[i].get("teacher")}
            t = self.bare(f"check:{i}@{iso(e['place'][0])}", action, None, (10**6, n, 0))
            said = [a for a in known.all("action", action="check:" + i) if a["place"] > e["place"]]
            if self.left(self.on, known):
                t["state"] = "to_hand_over"
            elif self.paused_on(self.on, known):
                t["state"] = "paused"
            elif said and said[-1]["status"] == "snoozed" and self.on < said[-1]["until"]:
                t["state"] = "snoozed"
            elif said and said[-1]["status"] == "planned":
                t["due"] = said[-1]["until"]
                t["overdue"], t["now"] = self.on > t["due"], self.on >= t["due"]
            out.append(t)
        return out

    # ------------------------------------------------------------------ the order of M1
    def can(self, t):
        if t["action"]["duty"] == "close":
            return 2 if t["state"] == "ready" else 3
        return {"ready": 0, "blocked": 0, "undecided": 1}.get(t["state"], 4 if t["state"] in ANSWERED else 3)

    def urgency(self, t):
        due = END if t["due"] is None else t["due"]
        dated = 0 if t["now"] else 1 if t["due"] is not None else 2
        return self.can(t), dated, rank(t["action"]), due, -t["tier"], t["row"]

    def next(self):
        return next((t for t in self.tasks() if self.can(t) <= 2), None)

    def place_in_list(self):
        """M1, across pupils: by the next task; without one last, the undecided first; ties as handed in."""
        t = self.next()
        return self.urgency(t)[:5] if t else (8,) if self.asking() else (9,)

    # ------------------------------------------------------------------ who (roles by grade, deputies: M12)
    def means(self, role, model):
        """The role that `is` means for today's grade; else itself."""
        if "means" not in self.memo:
            self.memo["means"] = self.grade(self.on, self.today())
        grade = self.memo["means"]
        spec = (model.get("roles") or {}).get(role) or {}
        bands = ((spec.get("is") or {}).get("by") or {}).get("grade") if isinstance(spec.get("is"), dict) else None
        if not bands or grade is None:
            return role
        for band, other in bands.items():
            low, _, high = str(band).partition("-")
            if int(low) <= grade <= int(high or low):
                return other
        return role

    def recorders(self, o):
        """The members of staff who raised the report that opens the step; of pupil or guardian anyone at work there."""
        known, roles = self.today(), o.model.get("roles") or {}
        reports = [head(q) for p in parts(o.step["opens"]) for q in flat_parts(p) if head(q) in o.model["reports"]]
        by = {e.get("by") for r in reports for e in self.raised(r, self.on, known)}
        return sorted(x for x in by if x in roles and x not in PARTIES) or ["any-staff"]

    def is_away(self, role, model):
        named = self.record.get("named") or {}
        mine = {role, self.means(role, model)}
        if mine & self.away:
            return True
        persons = {named[r] for r in mine if r in named}
        return bool(persons) and persons <= self.away

    def who(self, t):
        """{roles, organisation, person, instead_of, away} of a task."""
        o, action, model = t["opening"], t["action"], t["opening"].model if t["opening"] else None
        model = model or self.model(self.on, self.today()) or self.versions[-1]
        own = action["who"] == "who_recorded"
        asked = self.recorders(o) if own else flat(action["who"])
        there = [r for r in asked if not self.is_away(r, model)]
        instead, away = None, False
        if not there:
            spec = (model.get("roles") or {}).get(asked[0]) or {}
            personal = own or action.get("about") == "child_protection"
            deputy = next((d for d in spec.get("deputies") or () if not self.is_away(d, model)), None)
            if deputy and not personal:
                there, instead = [deputy], self.means(asked[0], model)
            else:
                there, away = asked[:1] if self.away else asked, True
        roles = list(dict.fromkeys(self.means(r, model) for r in there))
        spec = {**(model.get("groups") or {}), **(model.get("roles") or {})}.get(roles[0]) or {}
        named = self.record.get("named") or {}
        person = action.get("person") or next((named[x] for r in there for x in (r, self.means(r, model)) if x in named), None)
        return {"roles": roles, "organisation": spec.get("organisation"), "person": person, "instead_of": instead, "away": away}
