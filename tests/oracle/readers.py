"""An answer cut for a reader (M11), closed by default: docs/decisions/readers.md, with the table in second-edition.md.

It cuts what an answer has: the answers of this decider, and the published form of the library, which says more of each part.
"""

from __future__ import annotations

from datetime import date

from .facts import END
from .fold import flat_parts, head
from .tasks import flat

PARTIES = ("guardian", "pupil")
NOBODY = "?"  # the about of what nobody has said: no reader sees it
CAN_BE_NEXT = ("ready", "blocked", "undecided")
OF_MARKS = ("mark", "register", "grade", "lessons_per_week")
LISTS = ("open_steps", "withdrawn", "questions", "tasks", "messages", "doubtful", "told", "openings")
LISTS_PUBLISHED = ("corrections", "too_early", "shown", "set_aside", "unmapped")


def step_of(opening):
    return opening.split("@")[0].split("+")[0]


def openings_of(task):
    """Of a task the openings that ask it; a check of a mark has none."""
    if "openings" in task:
        return task["openings"]
    return [n.rsplit("/", 1)[0] for n in (task["name"], *task["also"]) if "/" in n]


class Matters:
    """The `about` of each part, from the plain data of the rules: those of today, or those that an opening keeps."""

    def __init__(self, p, opening=None):
        self.p, today = p, p.rules()
        self.versions = [today, *[v for v in reversed(p.versions) if v is not today]]
        if opening:
            day = date.fromisoformat(opening.split("@")[1].split("#")[0]).toordinal()
            made_by = p.in_force(p.line(day, p.known((day, END))), day)  # the version that judged its check
            self.versions = [v for v in (made_by, *self.versions) if v]
        self.kinds = {e["id"]: p.kind_of(today, e) for e in p.today().marks()}
        self.by_opening = {}

    def at(self, opening):
        """The same for what belongs to an opening."""
        if opening not in self.by_opening:
            self.by_opening[opening] = Matters(self.p, opening)
        return self.by_opening[opening]

    def find(self, section, name):
        return next((v[section][name] for v in self.versions if name in v[section]), None)

    def step(self, name):
        return next((s for v in self.versions for s in v["steps"] if s["id"] == name), None)

    def action(self, name, step=None):
        """As the step asks it, else where it stands first."""
        for v in self.versions:
            found = sorted((s["id"] != step, n) for n, s in enumerate(v["steps"]) if any(a["id"] == name for a in s["actions"]))
            if found:
                return next(a for a in v["steps"][found[0][1]]["actions"] if a["id"] == name)
        return {}

    def of_kind(self, kind):
        return (self.find("kinds", kind) or {}).get("about") or "absence"

    def of_mark(self, i):
        return {"absence", self.of_kind(self.kinds[i])} if i in self.kinds else {NOBODY}

    def of_counter(self, name):
        spec = self.find("counters", name)
        kinds, of = spec.get("kinds"), spec.get("of")
        if spec["measure"] in ("times", "days_since") and of:
            return {self.of_kind(of["kind"])} if isinstance(of, dict) else self.of_action(of)
        only = kinds["only"] if isinstance(kinds, dict) and "only" in kinds else ()
        return {self.of_kind(k) for k in only} or {"absence"}

    def of_action(self, name, step=None):
        if name.startswith("check:"):
            return self.of_mark(name[len("check:") :])
        if name.startswith("close:"):
            name = name[len("close:") :]
            return self.of_step(name) | {a.get("about") or NOBODY for a in (self.step(name) or {}).get("actions", ())}
        return {self.action(name, step).get("about") or NOBODY}

    def of_step(self, name, seen=()):
        """All that its `opens` asks; narrower grades are no part of it."""
        step = self.step(name)
        return self.of_condition(step["opens"], (*seen, name)) if step else {NOBODY}

    def of_condition(self, cond, seen=()):
        return set().union(*[self.of_fact(head(q), seen) for q in flat_parts(cond)])

    def of_fact(self, name, seen=()):
        if name in OF_MARKS:
            return {"absence"}
        if self.find("counters", name):
            return self.of_counter(name)
        for section in ("reports", "questions"):
            spec = self.find(section, name)
            if spec:
                return {spec.get("about") or NOBODY}
        if self.step(name):
            return set() if name in seen else self.of_step(name, seen)
        return self.of_action(name)

    def of_reason(self, because, step):
        """Of a part of a `none` all of it."""
        fact = because["fact"]
        if because["what"] != "none" and because.get("operator") != "none_of":
            return self.of_fact(fact)
        opens = (self.step(step) or {}).get("opens") or {}
        inside = [n for n in nones(opens) if fact == head(n["none"][0]) or fact in [head(q) for q in flat_parts(n)]]
        return set().union(*[self.of_condition(n) for n in inside]) or {NOBODY}


def taking_part(action):
    joined = action.get("with") or {}
    least = joined.get("at_least") or {}
    return {*flat(joined.get("required")), *flat(joined.get("optional")), *flat(least.get("of"))}


def nones(cond):
    name = head(cond) if cond else ""
    if name == "none" and cond["none"]:
        yield cond
    for x in cond[name] if name in ("any", "all", "none") else ():
        yield from nones(x)


class Reader:
    def __init__(self, p, name, answer):
        self.p, self.name, self.matters, self.answer = p, name, Matters(p), answer
        rules = p.rules()
        roles, groups, self.grade = rules["roles"], rules["groups"], p.grade(p.on, p.today())
        self.is_party, self.consents = name in PARTIES, rules["consents"]
        self.names = {name}
        if name in roles:
            self.names |= {self.means(name, roles), *[r for r in roles if self.means(r, roles) == self.means(name, roles)]}
        mine = [x for x in (roles.get(n) or groups.get(n) for n in self.names) if x]
        self.sees = {about for x in mine for about in x.get("sees") or ()} - ({"child_protection"} if self.is_party else set())
        leads = [roles[r]["organisation"] for r in ("class-lead", "principal") if r in roles and "organisation" in roles[r]]
        house = next(iter([*leads, *rules["organisations"]]), None)
        self.is_elsewhere = bool({x["organisation"] for x in mine if "organisation" in x} - {house})
        self.is_shown_nobody = any(x.get("pupil_data") in ("no", False) for x in mine)

    def means(self, role, roles):
        told = roles[role].get("is")
        bands = (told.get("by") or {}).get("grade") or {} if isinstance(told, dict) else {}
        for band, other in bands.items():
            low, _, high = str(band).partition("-")
            if self.grade is not None and int(low) <= self.grade <= int(high or low):
                return other
        return role

    # ------------------------------------------------------------------ before the pupil could forbid it
    def barred(self, about, openings):
        """Has a consent that names the matter and the reader to come first, or was it refused?"""
        for i, consent in self.consents.items():
            need = consent.get("needed_for") or {}
            if about not in flat(need.get("about")) or not self.names & set(flat(need.get("to"))):
                continue
            said = [e["value"] for e in self.p.today().all("consent") if e["consent"] == i]
            if said and said[-1] == "given":
                continue
            if said or consent.get("presumed") not in ("yes", True) or not self.was_told(about, openings):
                return True
        return False

    def was_told(self, about, openings):
        """Is an action of that matter in which the pupil takes part done in the opening?"""
        for t in self.answer["tasks"]:
            if t["state"] != "done" or not set(openings) & set(openings_of(t)):
                continue
            a = self.matters.at(openings_of(t)[0]).action(t["action"], step_of(openings_of(t)[0]))
            if a.get("about") == about and "pupil" in taking_part(a):
                return True
        return False

    # ------------------------------------------------------------------ who sees it
    def may(self, abouts, openings=()):
        return abouts <= self.sees and not any(self.barred(a, openings) for a in abouts)

    def owns(self, roles, abouts, openings=()):
        forbidden = self.is_party and "child_protection" in abouts
        return bool(self.names & set(roles)) and not forbidden and not any(self.barred(a, openings) for a in abouts)

    def sees_mark(self, i):
        """A mark belongs to no opening."""
        return self.may(self.matters.of_mark(i))

    def is_let_in(self):
        """Another controller: only where a task is theirs, something was handed over to them, or they answered before."""
        if self.is_shown_nobody:
            return False
        if not self.is_elsewhere or any(self.names & set(t["roles"]) for t in self.answer["tasks"]):
            return True
        persons = {v for k, v in self.p.record["named"].items() if k in self.names}
        for e in (*self.p.today().all("action"), *self.p.today().all("answer")):
            if e.get("by") in self.names | persons:
                return True
            if e["type"] == "action" and e["status"] == "done":
                a = self.matters.action(e["action"])
                if a.get("hand_over") in ("yes", True) and self.names & {*flat(a.get("to")), *taking_part(a)}:
                    return True
        return False

    # ------------------------------------------------------------------ ground enough
    def is_enough(self, step, shown):
        """Would what is shown of the ground have opened the step alone? `shown`: the facts of the reasons shown."""
        matters = self.matters.at(step["name"])
        if self.may(matters.of_step(step["step"]), [step["name"]]):
            return True
        is_level = "+" in step["name"].split("@")[0]  # it opens by a number alone
        return bool(shown) and (is_level or self.opens_alone(matters.step(step["step"])["opens"], shown, step))

    def opens_alone(self, cond, shown, step):
        name = head(cond)
        if name in ("any", "all"):
            return (any if name == "any" else all)([self.opens_alone(x, shown, step) for x in cond[name]])
        if name == "in_grades":
            return True
        if name == "none":
            return self.may(self.matters.at(step["name"]).of_condition(cond), [step["name"]])
        return name in shown


# ---------------------------------------------------------------------- part by part
def for_reader(answer, p, reader):
    """The answer as `reader` (a role, a group, `guardian`, `pupil`, `log`) may read it. `p`: the fold that it came from."""
    if reader == "log":
        return of_log(answer)
    r = Reader(p, reader, answer)
    out = {**answer, **{k: [] for k in (*LISTS, *LISTS_PUBLISHED) if k in answer}, "next": None, "left_on": None}
    out |= {"data_until": None, "data_until_from": None, **({"nearest": None} if "nearest" in answer else {})}
    if not r.is_let_in():
        return out
    out |= {k: answer[k] for k in ("left_on", "data_until", "data_until_from")}
    out["tasks"] = tasks = [task_of(r, t) for t in answer["tasks"] if is_task_shown(r, t)]
    asked = [q for q in answer["questions"] if is_question_shown(r, q)]
    with_task = {o for t in tasks for o in openings_of(t)}
    found = [step_shown(r, s) for s in answer["open_steps"]]
    waits = {s for q in asked for s in q["steps"]}
    steps = [s for s in found if s["name"] in with_task or is_step_shown(r, s, waits)]
    out["open_steps"] = steps
    named = with_task | {s["name"] for s in steps}
    out["withdrawn"] = [n for n in answer["withdrawn"] if n in with_task]
    out["openings"] = [o for o in answer.get("openings", ()) if o["name"] in named]
    open_now = {s["step"] for s in answer["open_steps"]}
    out["questions"] = [question_of(r, q, {s["step"] for s in steps}, open_now, {t["name"] for t in tasks}) for q in asked]
    out["messages"] = [message_of(r, m, steps) for m in answer["messages"] if r.may(of_message(r, m))]
    out["doubtful"] = doubtful_of(r, answer)
    can = [t for t in tasks if t["state"] in CAN_BE_NEXT]
    out["next"] = can[0]["name"] if can else None
    return (out if "openings" in answer else {k: v for k, v in out.items() if k != "openings"}) | published(r, answer, tasks)


def of_log(answer):
    """The whole without persons, and without codes as somebody typed them."""
    out = {**answer, "tasks": [{**t, "person": None} for t in answer["tasks"]]}
    return out | ({"unmapped": []} if "unmapped" in answer else {})


def is_task_shown(r, t):
    abouts, openings = of_task(r, t), openings_of(t)
    return r.may(abouts, openings) or r.owns(t["roles"], abouts, openings)


def of_task(r, t):
    """Of one task of several openings what any of them says."""
    found = [r.matters.at(o).of_action(t["action"], step_of(o)) for o in openings_of(t)]
    return set().union(*found) if found else r.matters.of_action(t["action"])


def task_of(r, t):
    out = {**t, "person": None if r.is_party else t["person"]}
    if "not_needed_if" in t:
        out["not_needed_if"] = [
            f for f in t["not_needed_if"] if r.may(r.matters.at(openings_of(t)[0]).of_fact(f), openings_of(t))
        ]
    return out


def is_question_shown(r, q):
    of_rules = q["what"] == "not_answered"
    abouts = r.matters.of_fact(q["fact"]) if of_rules or q["what"] == "known_late" else {"absence"}
    return r.owns(q["by"], abouts) or (r.may(abouts) and not (of_rules and r.is_party))


def step_shown(r, s):
    """An open step with what of it is shown."""
    here, matters = [s["name"]], r.matters.at(s["name"])
    because = [b for b in s["because"] if r.may(matters.of_reason(b, s["step"]), here)]
    because = [{**b, "marks": [m for m in b["marks"] if r.sees_mark(m)]} if "marks" in b else b for b in because]
    today = [n for n in s["today"] if r.may(matters.of_counter(n["counter"]), here)]
    today = [{**n, "marks": [m for m in n["marks"] if r.sees_mark(m)]} for n in today]
    if r.is_party:
        today = [{**n, "next_limit": None, "missing": None} for n in today]
    renews = s["renews"] if s["renews"] and r.may(matters.of_step(s["step"]), here) else None
    contested = [m for m in s["contested"] if r.sees_mark(m)]
    return {**s, "because": because, "today": today, "contested": contested, "renews": renews}


def is_step_shown(r, s, asked):
    something = s["because"] or s["today"] or s["step"] in asked
    of_nones = {b["fact"] for b in s["because"] if b["what"] != "none" and b.get("operator") != "none_of"}
    return bool(something) and r.is_enough(s, of_nones)


def question_of(r, q, shown, open_now, tasks):
    steps = [s for s in q["steps"] if s in shown or (s not in open_now and r.may(r.matters.of_step(s)))]
    out = {**q, "steps": steps, "tasks": [t for t in q["tasks"] if t in tasks]}
    if "due" in q and len(steps) < len(q["steps"]):
        out["due"] = None
    return out


def message_spec(r, m):
    return next((x for v in r.matters.versions for x in v["messages"] if x["id"] == m["message"]), {})


def of_message(r, m):
    return {message_spec(r, m).get("about") or NOBODY}


def message_of(r, m, steps):
    out = {**m, "marks": [i for i in m["marks"] if r.sees_mark(i)]}
    if "totals" in m:
        kinds = [k for k in m["totals"] if k != "total"]
        if not all(r.may({r.matters.of_kind(k)}) for k in kinds):
            out["totals"] = {k: v for k, v in m["totals"].items() if k == "total"}
        if r.is_party and not steps and not r.names & set(m["to"]):
            out["totals"], out["limit"] = {}, None
    return out


def doubtful_of(r, answer):
    seen = [{**d, "marks": [m for m in d["marks"] if r.sees_mark(m)]} for d in answer["doubtful"]]
    return [d for d in seen if d["marks"]]


def published(r, answer, tasks):
    """What only the published form of the library says."""
    if "corrections" not in answer:
        return {}
    acts, near = {t["action"] for t in tasks}, answer["nearest"]
    both = near and r.matters.of_counter(near["counter"]) | r.matters.of_step(near["step"])
    return {
        "corrections": [a for a in answer["corrections"] if a in acts or r.may(r.matters.of_action(a))],
        "nearest": near if near and not r.is_party and r.may(both) else None,
        "too_early": [x for x in answer["too_early"] if r.may(r.matters.of_counter(x["counter"]))],
        "shown": [x for x in answer["shown"] if not r.is_party and r.may(r.matters.of_counter(x["counter"]))],
        "set_aside": [x for x in answer["set_aside"] if r.sees_mark(x["mark"])],
    }
