"""Makes the suite: its cases, rulesets, calendars, truth tables, and what witnesses confirm and which constructs are met.

    python conformance/make.py            writes the suite anew, and says what it holds (some minutes)
    python conformance/make.py --check    writes nothing; ends with 1 if the suite would be another one

Rules: nothing is drawn by chance twice: the same checkout gives the same suite, byte for byte; every expected answer is the
engine's, and each is compared with what a person wrote and with the second decider of tests/oracle: where one of them says
otherwise, nothing is written and make ends with 1; a ruleset stands in the suite as one whole, without layers.
"""

from __future__ import annotations

import multiprocessing
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from answer import answer_to, calendars, canonical, model_of, rulesets  # noqa: E402
from by_hand import Asking, golden, of_the_page, of_the_pairs, of_the_truth_tables, rows_without_a_case, truth_tables  # noqa: E402
from constructs import NOT_SHOWN, constructs, met_by, reason_of  # noqa: E402
from drawn import marks_of, of_generators, smaller  # noqa: E402
from witnesses import SECOND, WITNESSES, ask, contradicted  # noqa: E402

import sky_model as sky  # noqa: E402
from sky_model.engine import digest  # noqa: E402

PROCESSES = 2
BY_HAND = ("what-happens-when", "truth-tables", "constructs")
REFUSED = (sky.RecordError, sky.RulesetError)


def plain_calendar(calendar: sky.Calendar) -> list[dict[str, Any]]:
    """Every school year of a calendar, its school days listed one by one."""

    def days(numbers: Any) -> list[str]:
        return [date.fromordinal(n).isoformat() for n in sorted(numbers)]

    return [
        {
            "id": y.id,
            "first_day": days([y.first])[0],
            "last_day": days([y.last])[0],
            "lesson_minutes": y.lesson_minutes,
            "school_days": days(d for d in calendar.school_days if y.first <= d <= y.last),
            "terms": days(y.terms),
            "periods": days(y.periods),
            "quarters": days(y.quarters),
            "breaks": [days(b) for b in sorted(y.breaks)],
            "public_holidays": days(y.public_holidays),
            "also_school": days(y.also_school),
            "named_days": {k: days(v) for k, v in y.named_days},
            **({"most_a_day": y.most_a_day} if y.most_a_day is not None else {}),
        }
        for y in calendar.years
    ]


class Suite:
    def __init__(self) -> None:
        self.calendars, self.rulesets = calendars(), rulesets()  # what an answer reads: filled here before it is written
        self.used: dict[str, str] = {}
        self.cases: dict[str, list[dict[str, Any]]] = {}  # by file: the lines, not yet written
        self.seen: dict[str, dict[str, Any]] = {}
        self.constructs: dict[str, Any] = {}
        self.faults: list[str] = []
        self.calendars.clear()
        self.rulesets.clear()

    # ------------------------------------------------------------------ cases
    def written(self, one: Asking) -> dict[str, Any]:
        """The case as it will stand in the suite, without its id."""
        given = {"*": one.calendars} if isinstance(one.calendars, sky.Calendar) else one.calendars
        names = {}
        for school, calendar in given.items():
            plain = plain_calendar(calendar)
            name = calendar.id if self.calendars.get(calendar.id, plain) == plain else f"{calendar.id}-{digest(plain)[7:13]}"
            self.calendars[name] = plain
            names[school] = name
        more: dict[str, Any] = {"known_on": one.known_on.isoformat()} if one.known_on else {}
        more |= {"schools": {school: self.prints(data) for school, data in one.schools.items()}} if one.schools else {}
        more |= {"absent": list(one.absent)} if one.absent else {}
        return {"rulesets": self.prints(one.data), "calendars": names, "record": one.record, "on": one.on.isoformat(), **more}

    def prints(self, versions: Iterable[dict[str, Any]]) -> list[str]:
        found = [(digest([data]), data) for data in versions]
        self.rulesets.update(found)
        return [fingerprint for fingerprint, _ in found]

    def answered(self, one: Asking) -> tuple[dict[str, Any], dict[str, Any]]:
        """(case, answer); the answer to the plain data is that to the objects."""
        case = self.written(one)
        schools = {school: model_of(tuple(prints)) for school, prints in case.get("schools", {}).items()} or None
        model, record = model_of(tuple(case["rulesets"])), sky.Case.from_json(case["record"])
        asked = {"on": one.on, "known_on": one.known_on, "calendars": one.calendars, "schools": schools, "absent": one.absent}
        return case, answer_to(model, record, **asked)

    def put(self, file: str, one: Asking) -> bool:
        """Adds a case. What a person wrote and does not come out is a fault of the suite. False: it cannot be answered."""
        try:
            case, said = self.answered(one)
        except REFUSED:
            return False
        if one.faults is not None:
            self.faults += [f"{one.shows[0]} on {one.on}: {x}" for x in one.faults(said)]
        by = [one.by] if one.faults is not None else []
        key = canonical(case)
        if key in self.seen:  # one case may show several things
            known = self.seen[key]["case"]
            known["shows"] += [x for x in one.shows if x not in known["shows"] and not x.startswith("generated")]
            known["witnesses"] = sorted({*known["witnesses"], *by})
            return True
        mine = self.cases.setdefault(file, [])
        case |= {"id": f"{file}-{len(mine) + 1:04}", "shows": list(one.shows), "witnesses": by}
        self.seen[key] = {"case": case, "expect": said}
        mine.append(self.seen[key])
        for f in [*case["rulesets"], *(f for prints in case.get("schools", {}).values() for f in prints)]:
            self.used.setdefault(f, file)
        return True

    def minimised(self, one: Asking, mark: str) -> Asking:
        """The smallest case found, one piece less at a time, that still shows the mark and that the second decider confirms."""
        again = True
        while again:
            again = False
            for less in smaller(one):
                try:
                    case, said = self.answered(less)
                    is_so = mark in marks_of(less, said) and not contradicted(case, said)
                except (*REFUSED, KeyError, AssertionError, ValueError, TypeError):
                    continue
                if is_so:
                    one, again = less, True
                    break
        return replace(one, shows=(f"minimised: {mark}",))

    # ------------------------------------------------------------------ the witnesses
    def ask_witnesses(self) -> None:
        """Of all cases, in two processes. What is contradicted is a fault."""
        lines = [x for mine in self.cases.values() for x in mine]
        for n, (x, wrong) in enumerate(zip(lines, _asked(lines), strict=True), 1):
            if wrong:
                shows = x["case"]["shows"][0]
                self.faults.append(f"{x['case']['id']} ({shows}): the second decider says otherwise: {', '.join(wrong)}")
            else:
                x["case"]["witnesses"] = [*x["case"]["witnesses"], SECOND]
            if n % 100 == 0 or n == len(lines):
                print(f"  witnesses: {n} of {len(lines)} cases", flush=True)

    @property
    def summary(self) -> dict[str, dict[str, int]]:
        """By file: how many cases, and how many of them each witness confirms."""
        out = {}
        for file, mine in sorted(self.cases.items()):
            found = Counter(w for x in mine for w in x["case"]["witnesses"])
            out[file] = {"cases": len(mine), **{w: found[w] for w in WITNESSES}}
        return out

    # ------------------------------------------------------------------ writing
    @property
    def files(self) -> dict[str, str]:
        """What is written, by path in this folder."""
        out = {f"cases/{file}.jsonl": _text(map(canonical, mine)) for file, mine in self.cases.items()}
        for file in sorted(set(self.used.values())):
            prints = sorted(f for f, where in self.used.items() if where == file)
            lines = (canonical({"fingerprint": f, "ruleset": self.rulesets[f]}) for f in prints)
            out[f"rulesets/{file}.jsonl"] = _text(lines)
        names = sorted({n for mine in self.cases.values() for x in mine for n in x["case"]["calendars"].values()})
        out["calendars.json"] = _rows({n: self.calendars[n] for n in names})
        tables = truth_tables()
        out["truth_tables.json"] = _text(
            ["{" + ",\n".join(f'"{t}":[{",".join(map(canonical, tables[t]))}]' for t in tables) + "}"]
        )
        out["witnesses.json"] = _rows(self.summary)
        out["constructs.json"] = _rows(self.constructs)
        return out

    def write(self) -> None:
        for folder in ("cases", "rulesets"):
            (HERE / folder).mkdir(exist_ok=True)
            for old in (HERE / folder).glob("*.jsonl"):
                old.unlink()
        for path, text in self.files.items():
            (HERE / path).write_text(text, encoding="utf-8", newline="\n")


def table_of(summary: dict[str, dict[str, int]]) -> str:
    """The counts as README.md and docs/conformance.md show them."""
    head = ("cases", *WITNESSES)
    total = {k: sum(x[k] for x in summary.values()) for k in head}
    rows = [f"| {file} | {' | '.join(str(counts[k]) for k in head)} |" for file, counts in [*summary.items(), ("all", total)]]
    return "\n".join([f"| file | {' | '.join(head)} |", "|---" * (len(head) + 1) + "|", *rows])


def _text(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n"


def _rows(values: dict[str, Any]) -> str:
    return "{" + ",\n".join(f"{canonical(k)}:{canonical(v)}" for k, v in values.items()) + "}\n"


def _asked(lines: list[dict[str, Any]]) -> Iterator[list[str]]:
    """Child processes know the rulesets only where they begin as a copy of this one."""
    if PROCESSES == 1 or "fork" not in multiprocessing.get_all_start_methods():
        yield from map(ask, lines)
        return
    with ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("fork")) as pool:
        yield from pool.map(ask, lines, chunksize=4)


# ---------------------------------------------------------------------- the parts of the suite
def put_by_hand(suite: Suite) -> None:
    for file, some in zip(BY_HAND, (of_the_page, of_the_truth_tables, of_the_pairs), strict=True):
        for one in some():
            if not suite.put(file, one):
                suite.faults.append(f"{one.shows[0]}: cannot be answered")


def put_drawn(suite: Suite) -> None:
    pool: list[tuple[Asking, set[str]]] = []
    differ = 0
    for one, _ in of_generators():
        try:
            case, said = suite.answered(one)
        except REFUSED:
            continue
        found = marks_of(one, said)
        if "nothing open, nothing asked" in found and len(pool) % 9:
            continue
        if contradicted(case, said):  # not settled from the text: no case for another engine
            differ += 1
            continue
        pool.append((one, found))
    print(f"  drawn: {len(pool)} cases; left out, for the two deciders differ: {differ}", flush=True)
    for mark in sorted({m for _, found in pool for m in found}):
        one = min((p for p in pool if mark in p[1]), key=lambda p: len(p[0].case.events))[0]
        suite.put("minimised", suite.minimised(one, mark))
    print(f"  minimised: {len(suite.cases['minimised'])} cases", flush=True)
    for one, _ in (p for i, p in enumerate(pool) if i % 3):  # a third less, so that the suite stays small
        suite.put("generated", one)


def put_constructs(suite: Suite) -> None:
    """Which case by hand notices which construct; a construct that none notices needs its reason."""
    met = met_by([x for file in BY_HAND for x in suite.cases[file]])
    reasons = {c: reason_of(c) for c in constructs() if c not in met}
    suite.faults += [f"no case notices this construct, and no reason is given: {c}" for c, why in reasons.items() if why is None]
    suite.faults += [f"a reason for nothing: {why}" for why in NOT_SHOWN if why not in reasons.values()]
    suite.constructs = {c: met[c] if c in met else {"not_shown": reasons[c]} for c in constructs()}
    print(f"  constructs: {len(met)} of {len(suite.constructs)} are met", flush=True)


def make() -> Suite:
    """The slowest comes last, and not at all where something is wrong already."""
    suite = Suite()
    put_by_hand(suite)
    put_drawn(suite)
    for one in golden():
        suite.put("golden", one)
    lines = [x for mine in suite.cases.values() for x in mine]
    suite.faults += [f"no case shows the row: {r}" for r in rows_without_a_case(lines)]
    print({file: len(mine) for file, mine in suite.cases.items()}, flush=True)
    put_constructs(suite)
    if not suite.faults:
        suite.ask_witnesses()
    return suite


def main() -> int:
    made = make()
    for line in made.faults:
        print(f"error: {line}")
    if made.faults:
        return 1
    print(table_of(made.summary))
    print(sum(x["cases"] for x in made.summary.values()), "cases;", len(made.constructs), "constructs")
    if "--check" in sys.argv[1:]:
        other = [
            p for p, text in made.files.items() if not (HERE / p).is_file() or (HERE / p).read_text(encoding="utf-8") != text
        ]
        print("another suite would be written:" if other else "the suite is as it would be written", *other)
        return 1 if other else 0
    made.write()
    return 0


if __name__ == "__main__":
    sys.exit(main())
