"""An answer cut for a reader (M11), closed by default. The rule is the table *Readers* of docs/decisions/second-edition.md."""

from __future__ import annotations

from . import reading
from .facts import parts
from .fold import head
from .tasks import flat

NO_STAFF = ("guardian", "pupil")
WITHOUT_PERSON = (*NO_STAFF, "log")
NOBODY = "?"  # the about of what nobody has said: no reader sees it


def versions_of(ruleset):
    out = []
    for v in ruleset if isinstance(ruleset, (list, tuple)) else [ruleset]:
        made = isinstance(v, dict) and isinstance(v.get("counters"), dict)
        out.append(v if made else reading.version(reading.ruleset(v)))
    return out


def grade_of(record, on):
    """The grade on a day."""
    known = [e for e in record["events"] if e["type"] == "enrolment" and (on is None or (e["day"] <= on and e["place"][0] <= on))]
    newest = max(known, key=lambda e: (e["day"], e["place"]), default=None)
    return newest.get("grade") if newest else None


class Reader:
    def __init__(self, versions, name, record, grade):
        self.versions, self.name, self.record, self.grade = versions, name, record, grade
        self.rules = versions[-1]
        roles = {**self.rules["groups"], **self.rules["roles"]}
        meant = {r: self.means(r) for r in roles}
        mine = {name, meant.get(name, name)}
        self.roles = mine | {r for r, other in meant.items() if other in mine}
        self.sees = {about for r in self.roles for about in (roles.get(r) or {}).get("sees") or ()}
        house = roles.get("class-lead") or roles.get("principal")
        house = (house or {}).get("organisation") or next(iter(self.rules["organisations"]), None)
        mine = {(roles.get(r) or {}).get("organisation") for r in self.roles} - {None}
        self.elsewhere = bool(mine) and house not in mine
        self.staff = name not in NO_STAFF

    def means(self, role):
        spec = self.rules["roles"].get(role) or {}
        bands = ((spec.get("is") or {}).get("by") or {}).get("grade") if isinstance(spec.get("is"), dict) else None
        for band, other in (bands or {}).items():
            low, _, high = str(band).partition("-")
            if self.grade is not None and int(low) <= self.grade <= int(high or low):
                return other
        return role

    # ------------------------------------------------------------------ what each part is about
    def find(self, section, name):
        return next((v[section][name] for v in reversed(self.versions) if name in v[section]), None)

    def step(self, name):
        return next((s for v in reversed(self.versions) for s in v["steps"] if s["id"] == name), None)

    def action(self, name, step=None):
        found = None
        for v in self.versions:
            for s in v["steps"]:
                for a in s["actions"]:
                    if a["id"] == name and (found is None or s["id"] == step):
                        found = a
        return found

    def of_kind(self, kind):
        spec = self.find("kinds", kind) if kind else None
        return {(spec or {}).get("about") or "absence"}

    def of_mark(self, i):
        newest = None
        for e in self.record["events"]:
            if e["type"] == "mark" and e["id"] == i:
                newest = e
        return self.of_kind((newest or {}).get("kind"))

    def of_counter(self, name):
        spec = self.find("counters", name) or {}
        kinds, of = spec.get("kinds"), spec.get("of")
        if spec.get("measure") in ("times", "days_since") and of:
            return self.of_kind(of["kind"]) if isinstance(of, dict) else self.of_action(of)
        if isinstance(kinds, dict) and "only" in kinds:
            return set().union(*[self.of_kind(k) for k in kinds["only"]])
        return {"absence"}

    def of_action(self, name, step=None):
        if name.startswith("close:"):
            return {"absence"}
        if name.startswith("check:"):
            return self.of_mark(name[len("check:") :])
        return {(self.action(name, step) or {}).get("about") or NOBODY}

    def of_fact(self, name, seen=()):
        if name in ("grade", "register", "lessons_per_week"):
            return {"absence"}
        if self.find("counters", name):
            return self.of_counter(name)
        for section in ("reports", "questions"):
            spec = self.find(section, name)
            if spec:
                return {spec.get("about") or NOBODY}
        step = self.step(name)
        if step and name not in seen:
            return set().union({"absence"} - {"absence"}, *[self.of_part(p, (*seen, name)) for p in parts(step["opens"])])
        return self.of_action(name)

    def of_part(self, part, seen=()):
        if head(part) in ("any", "all", "none"):
            return set().union(*[self.of_part(p, seen) for p in part[head(part)]])
        return {"absence"} if head(part) == "in_grades" else self.of_fact(head(part), seen)

    # ------------------------------------------------------------------ who sees it
    def may(self, abouts):
        return bool(abouts) and all(a in self.sees and not self.barred(a) for a in abouts)

    def barred(self, about):
        """A guardian is not shown what the pupil may forbid before the pupil could, nor what is forbidden."""
        if self.name != "guardian":
            return False
        for i, consent in self.rules["consents"].items():
            need = consent.get("needed_for") or {}
            if consent.get("presumed") != "yes" or about not in flat(need.get("about")) or "guardian" not in flat(need.get("to")):
                continue
            said = [e for e in self.events() if e["type"] == "consent" and e["consent"] == i]
            if said:
                if said[-1]["value"] != "given":
                    return True
            elif not any(self.told_pupil(e, about) for e in self.events() if e["type"] == "action" and e["status"] == "done"):
                return True
        return False

    def told_pupil(self, event, about):
        a = self.action(event["action"]) or {}
        joined = a.get("with") or {}
        return a.get("about") == about and "pupil" in [*flat(joined.get("required")), *flat(joined.get("optional"))]

    def events(self):
        gone = {e.get("of") or e.get("event") for e in self.record["events"] if e["type"] == "retracted"}
        return [e for e in self.record["events"] if e["id"] not in gone]

    def own(self, roles, abouts):
        return bool(self.roles & set(roles)) and not any(self.barred(a) for a in abouts)

    def may_look(self, answer):
        """Another controller: only where a task is theirs, something was handed over to them, or they answered before."""
        if not self.elsewhere:
            return True
        persons = {self.record.get("named", {}).get(r) for r in self.roles} - {None}
        if any(self.roles & set(t["roles"]) for t in answer["tasks"]):
            return True
        for e in self.events():
            if e["type"] in ("action", "answer") and e.get("by") in self.roles | persons:
                return True
            if e["type"] == "action" and e["status"] == "done":
                a = self.action(e["action"]) or {}
                joined = a.get("with") or {}
                got = {*flat(a.get("to")), *flat(joined.get("required")), *flat(joined.get("optional"))}
                if a.get("hand_over") in ("yes", True) and self.roles & {x for g in got for x in (g, self.means(g))}:
                    return True
        return False


EMPTY = {
    "open_steps": [],
    "withdrawn": [],
    "questions": [],
    "tasks": [],
    "messages": [],
    "next": None,
    "doubtful": [],
    "told": [],
}


def step_of(opening):
    return opening.split("@")[0].split("+")[0]


def for_reader(answer, ruleset, reader, record, p=None):
    """The answer as `reader` (a role, a group, `guardian`, `pupil`, `log`) may read it. `ruleset`: whole, or versions."""
    if record["events"] and "place" not in record["events"][0]:
        record = reading.record(record)
    on = p.on if p else None
    if p:
        record = {**record, "events": [e for e in record["events"] if e["place"] <= p.top]}
    if reader == "log":
        return {**answer, "tasks": [{**t, "person": None} for t in answer["tasks"]]}
    versions = versions_of(p.versions if p else ruleset)
    if p:
        versions = [*[v for v in versions if v is not ruleset], *versions_of(ruleset)]
    r = Reader(versions, reader, record, grade_of(record, on))
    if not r.may_look(answer):
        return {**answer, **EMPTY, "openings": []}

    tasks, shown, named = [], set(), set()
    for t in answer["tasks"]:
        opening = t["name"].rsplit("/", 1)[0]
        abouts = r.of_action(t["action"], step_of(opening))
        if r.may(abouts) or r.own(t["roles"], abouts):
            person = None if reader in WITHOUT_PERSON else t["person"]
            tasks.append({**t, "person": person})
            shown.add(t["name"])
            if not t["name"].startswith("check:"):
                named.add(opening)
    questions, asked = [], set()
    for q in answer["questions"]:
        abouts = {"absence"} if q["fact"] in ("mark", "register") else r.of_fact(q["fact"])
        if r.may(abouts) or r.own({x for b in q["by"] for x in (b, r.means(b))}, abouts):
            questions.append(q)
            asked.update(q["steps"])

    marks = {m for m in marks_in(answer) if r.may(r.of_mark(m))}
    steps = []
    for s in answer["open_steps"]:
        because = [b for b in s["because"] if r.may(of_reason(r, b, s))]
        today = [n for n in s["today"] if r.may(r.of_counter(n["counter"]))]
        if not (because or today or s["name"] in named or s["step"] in asked):
            continue
        named.add(s["name"])
        today = [{**n, "marks": [m for m in n["marks"] if m in marks]} for n in today]
        if not r.staff:
            today = [{**n, "next_limit": None, "missing": None} for n in today]
        contested = [m for m in s["contested"] if m in marks]
        steps.append(
            {**s, "because": because, "today": today, "contested": contested, "doubtful": s["doubtful"] and bool(because)}
        )
    names = {step_of(n) for n in named} | asked
    doubtful = [{**d, "marks": [m for m in d["marks"] if m in marks]} for d in answer["doubtful"]]
    messages = []
    for m in answer["messages"]:
        spec = next((x for v in reversed(versions) for x in v["messages"] if x["id"] == m["message"]), {})
        if r.may({spec.get("about") or NOBODY}):
            messages.append({**m, "marks": [i for i in m["marks"] if i in marks]})
    can = [t for t in tasks if t["state"] in ("ready", "blocked", "undecided")]
    return {
        **answer,
        "open_steps": [{**s, "renews": s["renews"] if s["renews"] in named else None} for s in steps],
        "withdrawn": [n for n in answer["withdrawn"] if n in named],
        "questions": [
            {**q, "steps": [s for s in q["steps"] if s in names], "tasks": [t for t in q["tasks"] if t in shown]}
            for q in questions
        ],
        "tasks": [{**t, "also": [n for n in t["also"] if n.rsplit("/", 1)[0] in named]} for t in tasks],
        "messages": messages,
        "next": can[0]["name"] if can else None,
        "doubtful": [d for d in doubtful if d["marks"]],
        "told": [],
        "openings": [o for o in answer["openings"] if o["name"] in named],
    }


def marks_in(answer):
    for s in answer["open_steps"]:
        yield from s["contested"]
        for n in s["today"]:
            yield from n["marks"]
    for d in answer["doubtful"]:
        yield from d["marks"]
    for m in answer["messages"]:
        yield from m["marks"]


def of_reason(r, because, step):
    """The about of a reason; of a `none` those of all its parts."""
    if because["what"] != "none":
        return r.of_fact(because["fact"])
    opens = (r.step(step["step"]) or {}).get("opens") or {}
    inside = (
        [p for p in parts(opens) if head(p) == "none" and because["fact"] == (head(p["none"][0]) if p["none"] else "")]
        if opens
        else []
    )
    return set().union(*[r.of_part(p) for p in inside]) if inside else {NOBODY}
