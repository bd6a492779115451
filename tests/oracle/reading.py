"""Rulesets with their layers, calendars and records, read from the texts into plain dictionaries. Every scalar stays a text."""

from __future__ import annotations

import copy
import json
from datetime import date, timedelta
from fractions import Fraction
from functools import cache
from pathlib import Path

import yaml

from oracle.days import CLOCKS, ordinal

ROOT = Path(__file__).resolve().parents[2]
RULESETS, CONFORMANCE = ROOT / "rulesets", ROOT / "conformance"
FILES = ("ruleset.yaml", "monitoring.yaml", "escalation.yaml", "roles.yaml", "texts.yaml")
OF_A_LAYER = ("extends", "defaults", "set", "change", "add", "remove")  # what says what to do, and is no section
OWN = ("format", "ruleset", "version", "status", "valid_from", "valid_until", "adopted", "owner", "review_by")
OWN += ("requires_engine", "grades", "name", "about", "ends")  # each layer says its own


class _Word:
    """A value that no file can hold."""

    def __init__(self, name):
        self.name = name

    def __repr__(self):
        return self.name

    def __deepcopy__(self, memo):
        return self

    __copy__ = None


GAP = _Word("GAP")  # what a source leaves open, without `read_as`
UNSET = _Word("UNSET")  # a parameter without a value: the line that reads it is absent


# ---------------------------------------------------------------------- YAML and layers
LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # every scalar stays a text
MARK = "\ue000"  # PyYAML ends a word of a flow mapping at a question mark, which YAML does not


def _yaml(text):
    return _asking(yaml.load(text.replace("?", MARK), Loader=LOADER) or {})


def _asking(x):
    if isinstance(x, dict):
        return {_asking(k): _asking(v) for k, v in x.items()}
    return [_asking(i) for i in x] if isinstance(x, list) else x.replace(MARK, "?")


@cache
def _of_folder(path):
    out = {}
    for name in FILES:
        if (path / name).is_file():
            out |= _yaml((path / name).read_text(encoding="utf-8"))
    return out


def _own_sections(source):
    """What one layer says itself, and the folder that it stands in (None: a dict or a text)."""
    if isinstance(source, dict):
        return copy.deepcopy(source), None
    if isinstance(source, str) and "\n" in source:
        return _yaml(source), None
    path = Path(source)
    if not path.is_absolute():
        path = RULESETS / path
    if path.is_file():
        return _yaml(path.read_text(encoding="utf-8")), path.parent
    return copy.deepcopy(_of_folder(path)), path


def _name_of(item):
    """The word by which a path names an item of a list; None: it has none."""
    if not isinstance(item, dict):
        return item
    for key in ("id", "act", "gap", "step", "parameter"):
        if isinstance(item.get(key), str):
            return item[key]
    if "system" in item and "code" in item:
        return f"{item['system']}.{item['code']}"
    return next(iter(item)) if len(item) == 1 else None  # a part of a condition by its fact


def _walk(whole, path):
    """(what holds it, key or place in the list) of a path. An item of a list, a part of a condition: by its name."""
    here, found, rest = whole, None, path
    while rest:
        words = rest.split(".")
        for n in range(len(words), 0, -1):  # names of gaps and codes may hold a point
            word = ".".join(words[:n])
            if isinstance(here, dict) and word in here:
                found = (here, word)
            elif isinstance(here, list) and [x for x in here if _name_of(x) == word]:
                (i,) = [i for i, x in enumerate(here) if _name_of(x) == word]
                found = (here, i)
            else:
                continue
            rest = ".".join(words[n:])
            here = found[0][found[1]]
            # a part of a condition is named by its fact, and what follows stands behind that fact
            if isinstance(found[0], list) and isinstance(here, dict) and len(here) == 1 and rest and word in here:
                found = (here, word)
                here = here[word]
            break
        else:
            raise KeyError(f"{path}: nothing at {rest}")
    return found


def _with_defaults(section, items, defaults):
    values = defaults.get(section, {})
    return [{**copy.deepcopy(values), **item} for item in items]


def _text(value):
    """A day that may be a gap with `read_as`."""
    return value["read_as"] if isinstance(value, dict) else value


def ruleset(source):
    """The whole of all layers in the shape of one file (as in `conformance/rulesets`).

    `source`: such a dict, the text of a YAML file, or a folder (or its name under `rulesets/`).
    """
    own, folder = _own_sections(source)
    whole = {}
    if "extends" in own:
        beside = folder / own["extends"] if folder else None
        whole = ruleset(beside if beside and beside.exists() else own["extends"])
        below_from = whole["valid_from"]
        for key in OWN:
            whole.pop(key, None)
        if own.get("status") != "variant" and _text(below_from) > _text(own["valid_from"]):
            own["valid_from"] = below_from
    defaults = own.get("defaults", {})
    for key, value in own.items():
        if key in OF_A_LAYER:
            continue
        if isinstance(value, list) and key not in OWN:
            whole[key] = whole.get(key, []) + _with_defaults(key, value, defaults)
        elif isinstance(value, dict) and key == "texts":
            whole[key] = {**whole.get(key, {}), **value}
        else:
            whole[key] = value
    for line in own.get("set", ()):
        next(p for p in whole["parameters"] if p["id"] == line["parameter"])["value"] = line["to"]
    for line in own.get("change", ()):
        holder, key = _walk(whole, line["at"])
        assert holder[key] == line["from"], (line["at"], holder[key], line["from"])
        holder[key] = line["to"]
    for line in own.get("add", ()):
        holder, key = _walk(whole, line["at"])
        if "key" in line:
            holder[key][line["key"]] = line["item"]
        else:
            holder[key].append(line["item"])
    for line in own.get("remove", ()):
        holder, key = _walk(whole, line["at"])
        del holder[key]
    return whole


# ---------------------------------------------------------------------- one version, ready to be asked
def number(text):
    """An exact number; a whole one as `int`, which is the faster of two equal ones."""
    n = Fraction(str(text))
    return n if n.denominator > 1 else int(n)


def grades(text):
    """`"1-6"`, `"7"`, or a list of such: the grades; None: all."""
    if text is None:
        return None
    out = set()
    for one in [text] if isinstance(text, str) else text:
        first, _, last = one.partition("-")
        out |= set(range(int(first), int(last or first) + 1))
    return frozenset(out)


def _filled(x, parameters):
    """Gaps read as they say (GAP without), parameters by their value (UNSET without), spans as whole numbers."""
    if isinstance(x, list):
        return [_filled(i, parameters) for i in x]
    if not isinstance(x, dict):
        return x
    if "gap" in x:
        return _filled(x["read_as"], parameters) if "read_as" in x else GAP
    if set(x) == {"parameter"}:
        value = parameters[x["parameter"]]["value"]
        return UNSET if value == "unset" else _filled(value, parameters)
    out = {}
    for key, value in x.items():
        value = _filled(value, parameters)
        if key in CLOCKS and isinstance(value, str):
            value = int(value)
        if key in ("within", "repeat", "read_on", "every", "good_for", "for") and (
            value in (GAP, UNSET) or (isinstance(value, dict) and any(v in (GAP, UNSET) for v in value.values()))
        ):
            continue
        out[key] = value
    return out


class By(tuple):
    """A limit for each grade: ((grades, limit), …)."""


LIMITS = ("at_least", "more_than", "at_most", "less_than")


def _limit(value):
    if value in (GAP, UNSET):
        return value
    if isinstance(value, dict):
        return By((grades(band), _limit(v)) for band, v in value["by"]["grade"].items())
    return number(value)


def condition(cond):
    """A condition with its limits as numbers. A comparison with a parameter that is not set is absent; None: all of it is."""
    if cond is None:
        return None
    ((key, body),) = cond.items()
    if key in ("any", "all", "none"):
        kept = [c for c in map(condition, body) if c is not None]
        return {key: kept} if kept else None
    out = {}
    for op, value in body.items():
        if op in LIMITS:
            value = _limit(value)
            if value is UNSET:
                return None
        elif key == "grade":
            value = frozenset(int(g) for g in value) if op == "one_of" else int(value)
        out[op] = value
    return {key: out}


NOTHING = {"any": []}  # a condition that nothing makes true


def _by_id(items):
    return {item["id"]: item for item in items}


def version(whole, line=""):
    """One version for `facts.Facts` from a whole ruleset: days as ordinals, sections by id, actions and ladders filled in."""
    parameters = _by_id(whole.get("parameters", ()))
    told = {k: v for k, v in whole.items() if k not in ("gaps", "texts", "community", "statements", "name", "about")}
    data = _filled(copy.deepcopy(told), parameters)
    kind_of = {s["id"]: s["kind"] for s in data.get("sources", ())}

    def statutory(source):
        return kind_of.get(source) in ("statute", "norm")

    starts = [ordinal(data["valid_from"])]
    if data.get("status") != "variant":
        starts += [ordinal(s["valid_from"]) for s in data.get("sources", ()) if "valid_from" in s]
        starts += [ordinal(data["adopted"]["on"])] if "adopted" in data else []
    model = {
        "line": line,
        "name": f"{data['ruleset']}/{data['version']}",
        "valid_from": max(starts),
        "valid_until": ordinal(data["valid_until"]) if "valid_until" in data else None,
        "grades": grades(data.get("grades", "0-9")),
        "ends": data.get("ends", []),
        "becomes": data.get("becomes", []),
        "local_codes": data.get("local_codes", []),
        "tiers": [t["id"] for t in data.get("tiers", ())],
        "texts": whole.get("texts", {}),
    }
    for key in (
        "kinds",
        "counters",
        "reports",
        "questions",
        "consents",
        "schedules",
        "planned",
        "roles",
        "groups",
        "organisations",
    ):
        model[key] = _by_id(data.get(key, ()))
    for counter in model["counters"].values():
        if "only_if" in counter:
            counter["only_if"] = {k: condition(c) for k, c in counter["only_if"].items()}
        if "marks" in counter:
            counter["marks"] = _lines(counter["marks"])
    for line_ in model["becomes"]:
        line_["marks"] = _lines(line_["marks"])

    tables = {}
    for ladder in data.get("ladders", ()):
        before = []
        for row in ladder["rows"]:
            when = condition(row["when"]) or NOTHING
            tables[row["step"]] = {"all": [when, {"none": list(before)}]} if ladder["hit"] == "first" and before else when
            before.append(when)

    written = {a["id"]: (a, s) for s in data.get("steps", ()) for a in s.get("actions", ()) if "id" in a}

    def action(a, step):
        full = dict(a)
        if "act" in a:
            full = {**written[a["act"]][0], **a}
            full["id"] = full.pop("act")
        full.setdefault("source", step.get("source"))
        full["statutory"] = statutory(full["source"])
        for key in ("when", "unless"):
            if key in full:
                full[key] = condition(full[key])
                if full[key] is None:
                    del full[key]
        return full

    model["steps"], model["asks"] = [], {}
    for i, s in enumerate(data.get("steps", ())):
        step = {"row": i, "above": {}, "was": [], **s}
        opens = tables.get(s["id"]) or condition(s.get("opens")) or NOTHING
        step["opens"] = {"all": [{"in_grades": grades(s["grades"])}, opens]} if "grades" in s else opens
        step["statutory"] = statutory(s.get("source"))
        step["tier_rank"] = model["tiers"].index(s["tier"])
        if "expected_by" in s:
            step["expected_by"] = condition(s["expected_by"]) or NOTHING
        if "closing" in s:
            step["closing"] = dict(s["closing"])
            if "watch" in s["closing"]:
                watch = dict(s["closing"]["watch"])
                watch["opens"] = condition(watch["opens"]) or NOTHING
                step["closing"]["watch"] = watch
            if "suggest" in s["closing"]:
                step["closing"]["suggest"] = condition(s["closing"]["suggest"]) or NOTHING
        step["actions"] = [action(a, step) for a in s.get("actions", ())]
        again = s["again"]
        if isinstance(again, dict) and "every" in again:
            step["again"] = {"every": {k: number(v) for k, v in again["every"].items()}}
        for a in step["actions"]:
            if a.get("asks"):
                model["asks"].setdefault(a["id"], list(a["asks"]))
        model["steps"].append(step)
    model["messages"] = [{**m, "when": condition(m["when"]) or NOTHING} for m in data.get("messages", ())]
    return model


def _lines(marks):
    """Lines about marks, their limits as numbers."""
    return {what: {op: number(v) if op in LIMITS else v for op, v in test.items()} for what, test in marks.items()}


# ---------------------------------------------------------------------- calendars
def calendar_year(data):
    """One school year in the form of `conformance/calendars.json` from the data of a YAML calendar."""
    day = timedelta(days=1)
    first, last = date.fromisoformat(data["first_day"]), date.fromisoformat(data["last_day"])
    breaks = [[b["from"], b["to"]] for b in data.get("breaks", ())]
    holidays, also = [h["on"] for h in data.get("public_holidays", ())], [a["on"] for a in data.get("also_school", ())]
    school, d = [], first
    while d <= last:
        text = d.isoformat()
        free = d.weekday() > 4 or text in holidays or any(a <= text <= b for a, b in breaks)
        if not free or text in also:
            school.append(text)
        d += day
    parts = {kind: [p["from"] for p in data.get(kind, ())] for kind in ("terms", "periods", "quarters")}
    return {
        "id": data["calendar"],
        "first_day": data["first_day"],
        "last_day": data["last_day"],
        "lesson_minutes": data["lesson_minutes"],
        "most_a_day": data.get("most_a_day"),
        "school_days": school,
        "breaks": breaks,
        "public_holidays": holidays,
        "also_school": also,
        "named_days": {n["id"]: list(n["on"]) for n in data.get("named_days", ())},
        **parts,
    }


def calendars(where=None):
    """name: list of school years, from `conformance/calendars.json` (the default), or from a folder of YAML calendars."""
    if where is None:
        return json.loads((CONFORMANCE / "calendars.json").read_text(encoding="utf-8"))
    out = {}
    for path in sorted(Path(where).rglob("*.yaml")):
        data = _yaml(path.read_text(encoding="utf-8"))
        if isinstance(data, dict) and "first_day" in data:
            out[data["calendar"]] = [calendar_year(data)]
    return out


# ---------------------------------------------------------------------- records
ORDER = {"enrolment": 0, "left": 0, "register": 1, "mark": 1, "report": 2, "answer": 2, "action": 3, "consent": 4}
ORDER |= {"pause": 5, "step_closed": 6, "retracted": 7}
DAYS = ("until", "through")


def record(data):
    """{pupil, feed, named, events} of a record (a dict as `rulesets/schema/record.json`); events as `facts` says, in order."""
    events = []
    for i, e in enumerate(data["events"]):
        event = {k: v for k, v in e.items() if v is not None}
        event["day"] = ordinal(event.pop("on"))
        event["recorded"] = ordinal(e["recorded"]) if e.get("recorded") else event["day"]
        for key in DAYS:
            if key in event:
                event[key] = ordinal(event[key])
        event.setdefault("id", f"{event['type']}-{i}")
        seq = event.get("seq")
        if event["type"] == "report":
            event["raised"] = e.get("raised") is not False
        events.append(
            ((event["recorded"], *((0, seq) if seq is not None else (1, ORDER[event["type"]])), event["day"], i), event)
        )
    events.sort(key=lambda x: x[0])
    for n, (_, event) in enumerate(events):
        event["place"] = (event["recorded"], n)
    return {
        "pupil": data["pupil"],
        "feed": {k: v for k, v in (data.get("feed") or {}).items() if v is not None},
        "named": data.get("named") or {},
        "events": [event for _, event in events],
    }
