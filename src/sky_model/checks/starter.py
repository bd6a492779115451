"""The first layer of a municipality: its own numbers on a preset, two golden cases that hold, and a page to go on with.

Rules: the numbers are found in the compiled base, by path, and asked as the base names them; only those that differ are written,
each with what stands beneath and who decided it; nothing is decided for anybody and nothing is written over; what is written has
been checked and its cases have been run before the folder is there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sky_model.calendars import load_calendar
from sky_model.checks.cases import run_cases
from sky_model.decider import decide
from sky_model.decision import Decision
from sky_model.errors import Place, Problem, RulesetError, nearest
from sky_model.layers import rulesets_folder
from sky_model.model import check, load
from sky_model.records import Case
from sky_model.rules import Model, Ruleset, StepOf
from sky_model.schooldays import Calendar
from sky_model.source import read_file
from sky_model.vocabulary import KEBAB

__all__ = ["Number", "Preset", "Start", "begin_layer", "read_preset", "same_number", "why_not", "words_in", "wrong_form"]

CALENDAR = "example-week-43/2026-27"
LESSONS_A_DAY = 6
DAYS_BEFORE = 12  # attended before the first mark: a share is not counted in the first days
OPERATORS = ("at_least", "more_than", "at_most", "less_than")
RISING = ("at_least", "more_than")
NOT_ALLOWED = ("may-not", "milder")  # of a number alone; how it goes with the others is asked when all are there
CLOCKS = ("school_days", "weekdays", "calendar_days", "school_weeks", "calendar_months", "terms")


@dataclass(frozen=True, slots=True)
class Number:
    """One number of the base that a municipality puts its own in the place of.

    at  its path in the whole · what  is asked, in the language of the preset · parameter  that holds it, if one does
    row  limits that must rise together
    """

    at: str
    value: str
    what: str
    step: str = ""
    row: tuple[str, ...] = ()
    is_whole: bool = False
    is_share: bool = False
    parameter: str = ""


@dataclass(frozen=True, slots=True)
class Preset:
    """A shipped ruleset that a layer begins from."""

    name: str
    rules: Ruleset
    numbers: tuple[Number, ...]
    gaps: tuple[str, ...]  # limits and deadlines that its source does not give: they are not asked
    language: str = "en"  # of what is asked


@dataclass(frozen=True, slots=True)
class Start:
    """What was answered. `values`: path of a number to the number that the municipality has chosen."""

    id: str
    name: str
    version: str
    valid_from: date
    because: str
    values: Mapping[str, str] = field(default_factory=dict)
    language: str = "en"


# ---------------------------------------------------------------------- what is asked
@lru_cache(maxsize=3)
def words_in(language: str) -> dict[str, str]:
    """What is asked, said and written here, in Finnish, Swedish or English."""
    path = Path(__file__).resolve().parents[1] / "texts" / "starter.yaml"
    return {key: text[language] for key, text in read_file(path, shown="texts/starter.yaml").data.items()}


def read_preset(name: str, *, language: str = "en") -> Preset:
    """A preset or a published example by its name, asked about in a language. Raises RulesetError with the names there are."""
    root, wanted = rulesets_folder(), name.strip("/")
    files = [p for part in ("presets", "examples") for p in root.glob(f"{part}/**/ruleset.yaml")]
    found = {p.parent.relative_to(root).as_posix() for p in files}
    if wanted not in found:
        hint = nearest(wanted, found) or f"there are: {', '.join(sorted(found))}"
        raise RulesetError([Problem("no-ruleset", f"there is no preset or example '{name}'", Place(name), hint)])
    rules = load(wanted, allow=("draft", "variant")).newest
    numbers: dict[str, Number] = {}
    gaps: list[str] = []
    for number in _Numbers(rules, language).all():
        if isinstance(number, str):
            gaps.append(number)
        elif _is_own(rules, number.at):
            numbers.setdefault(number.at, number)
    return Preset(wanted, rules, tuple(numbers.values()), tuple(dict.fromkeys(gaps)), language)


def _is_own(rules: Ruleset, at: str) -> bool:
    """Can the path be named, and does it not come from the national base, whose numbers are no one's choice here?"""
    try:
        return rules.origin_of(at).layer != rules.layers[-1]
    except RulesetError:
        return False


@dataclass(frozen=True, slots=True)
class _Numbers:
    """Numbers of the steps and messages of a ruleset, each with what is asked in one language; a text is a gap."""

    rules: Ruleset
    language: str

    def said(self, key: str, **filled: str) -> str:
        return words_in(self.language)[key].format(**filled)

    def all(self) -> Iterator[Number | str]:
        assert self.rules.whole is not None
        for item in self.rules.whole.data.get("steps", ()):
            step = self.rules.step_by_id[item["id"]]
            at, called = f"steps.{step.id}", step.said.name.in_language(self.language)
            for key in ("opens", "expected_by"):
                yield from self._limits(item.get(key), f"{at}.{key}", step.id, called)
            for action in item.get("actions", ()):
                name = action.get("id") or action.get("act")
                act = next((a for a in step.actions if a.id == name), None)
                done = act.name.in_language(self.language) if act else name
                within = action.get("within")
                for clock in CLOCKS if isinstance(within, dict) else ():
                    if clock in within:
                        what = self.said("within", step=called, action=done, clock=self.said(clock))
                        path = f"{at}.actions.{name}.within.{clock}"
                        yield from self._number(within[clock], path, what, step.id, (), whole=True)
        for item in self.rules.whole.data.get("messages", ()):
            yield from self._limits(item.get("when"), f"messages.{item['id']}.when", "", self.said("message", id=item["id"]))

    def _limits(self, node: Any, at: str, step: str, called: str) -> Iterator[Number | str]:
        if isinstance(node, list):
            for part in node:
                yield from self._limits(part, at, step, called)
        elif isinstance(node, dict):
            for key, inner in node.items():
                count = self.rules.counters.get(key)
                if count is None or not isinstance(inner, dict):
                    yield from self._limits(inner, f"{at}.{key}", step, called)
                    continue
                counter = count.said.name.in_language(self.language) if count.said.name else key
                for op in (x for x in OPERATORS if x in inner):
                    form = "limit-share" if count.is_share else "limit"
                    what = self.said(form, step=called, counter=counter, operator=self.said(op))
                    row = (key, at.split(".")[0], op) if op in RISING and ".opens" in at else ()
                    yield from self._number(inner[op], f"{at}.{key}.{op}", what, step, row, share=count.is_share)

    def _number(
        self, value: Any, at: str, what: str, step: str, row: tuple[str, ...], *, whole: bool = False, share: bool = False
    ) -> Iterator[Number | str]:
        if isinstance(value, str):
            yield Number(at, value, what, step, row, whole, share)
        elif "by" in value:
            for band, inner in value["by"].get("grade", {}).items():
                here = (*row, band) if row else ()
                of_band = self.said("in-grades", what=what, grades=band)
                yield from self._number(inner, f"{at}.by.grade.{band}", of_band, step, here, whole=whole, share=share)
        elif "parameter" in value:
            name = value["parameter"]
            held = self.rules.origin_of(f"parameters.{name}.value").value
            if isinstance(held, str):
                yield Number(f"parameters.{name}.value", held, what, step, row, whole, share, name)
        elif "gap" in value:
            yield f"{what}: {value['gap']}"


def wrong_form(number: Number, text: str, *, language: str = "en") -> str:
    """Why this is no number that could stand there, and what to write instead; empty when it could."""
    words, example = words_in(language), _example(number)
    if re.fullmatch(r"[1-9]\d{0,2},\d{3}", text):  # a decimal comma, or one between thousands
        one, other = f"{Decimal(text.replace(',', '.')).normalize():f}", text.replace(",", "")
        return words["two-readings"].format(text=text, one=one, other=other)
    if re.fullmatch(r"\d+,\d+", text):
        return words["decimal-comma"].format(text=text, point=text.replace(",", "."))
    if not re.fullmatch(r"\d{1,9}(\.\d{1,2})?", text):
        return words["not-a-number"].format(text=text[:20], example=example)
    if Decimal(text) == 0:
        return words["zero"].format(example=example)
    if number.is_whole and "." in text:
        return words["not-whole"].format(text=text, example=example)
    if number.is_share and Decimal(text) > 100:
        return words["more-than-all"].format(text=text)
    return ""


def why_not(preset: Preset, number: Number, text: str, earlier: Mapping[str, str] | None = None) -> str:
    """Why this cannot stand in the place of the number: its form, a lower limit answered `earlier`, or what the base says."""
    wrong = wrong_form(number, text, language=preset.language)
    if wrong:
        return wrong
    told = {**(earlier or {}), number.at: text}
    for said in _not_rising([n for n in preset.numbers if n.at in told], told, preset.language):
        return said
    if same_number(text, number.value):
        return ""
    start = Start("of-a-number", "x", "1", preset.rules.said.valid_from, "x", {number.at: text})
    with TemporaryDirectory() as folder:
        path = Path(folder) / "of-a-number" / "ruleset.yaml"
        path.parent.mkdir()
        path.write_text(_ruleset(preset, start), encoding="utf-8")
        problems = [p for p in check(path.parent) if p.code in NOT_ALLOWED]
    why = "; ".join(_said(p) for p in problems)
    return words_in(preset.language)["not-allowed"].format(text=text, why=why) if problems else ""


def _example(number: Number) -> str:
    return number.value if number.value.replace(".", "").isdigit() else "30"


def _said(problem: Problem) -> str:
    return f"{problem.message} ({problem.hint})" if problem.hint else problem.message


def same_number(one: str, other: str) -> bool:
    """Is it the same number, however it is written?"""
    return one == other or (other.replace(".", "", 1).isdigit() and Decimal(one) == Decimal(other))


def _not_rising(numbers: Iterable[Number], values: Mapping[str, str], language: str) -> Iterator[str]:
    """Limits on one counter that rise in the base rise in the layer too."""
    limits = [n for n in numbers if n.row]
    for a in limits:
        for b in limits:
            if a.row == b.row and Decimal(a.value) < Decimal(b.value):
                one, other = values.get(a.at, a.value), values.get(b.at, b.value)
                if Decimal(one) >= Decimal(other):
                    yield words_in(language)["not-rising"].format(upper=b.what, lower=a.what, high=other, low=one)


# ---------------------------------------------------------------------- writing it
def begin_layer(folder: Path, preset: Preset, start: Start) -> list[Path]:
    """Write the layer into a new folder. Raises RulesetError with every fault, and then nothing is written."""
    place, problems = Place(str(folder)), []

    def fault(code: str, message: str, hint: str) -> None:
        problems.append(Problem(code, message, place, hint))

    if not KEBAB.match(start.id):
        hint = "use a-z, 0-9 and -, such as my-town; the name for people is asked for itself"
        fault("not-an-id", f"'{start.id}' is not a name of lower-case letters, digits and hyphens", hint)
    if folder.exists():
        fault("exists", f"'{folder}' is there already and is not written over", "choose another folder, or go on in that one")
    first = preset.rules.said.valid_from
    if start.valid_from < first:
        fault("before-its-base", f"the base is in force from {first} only", f"write valid_from: {first} or a later day")
    for what, said in (("name", start.name), ("version", start.version), ("reason", start.because)):
        if not said.strip() or not said.isprintable():
            fault("not-valid", f"the {what} is empty, or not a text of one line", "write letters, digits and spaces on one line")
    known = {n.at: n for n in preset.numbers}
    for at, text in start.values.items():
        if at not in known:
            fault("new-number", f"{preset.name} asks no number at '{at}'", nearest(at, known) or f"it asks: {', '.join(known)}")
        elif why := wrong_form(known[at], text, language=preset.language):
            fault("new-number", f"{at}: {why}", f"{preset.name} says {known[at].value}")
    if not problems:
        for said in _not_rising(preset.numbers, start.values, preset.language):
            fault("new-number", said, "write the limits from the lowest to the highest")
    if problems:
        raise RulesetError(problems)
    with TemporaryDirectory() as scratch:
        draft = Path(scratch) / start.id
        texts = {"ruleset.yaml": _ruleset(preset, start)}
        _write(draft, texts)
        if faults := check(draft):
            shown = [replace(p, place=replace(p.place, file=p.place.file.replace(str(draft), str(folder)))) for p in faults]
            raise RulesetError(shown)
        model = load(draft, allow=("draft", "variant"))
        texts[f"cases/{start.id}.yaml"] = _cases(preset, model, start, place)
        _write(draft, texts)
        failed = [f"{o.name}: {fault}" for o in run_cases(model, draft / "cases") for fault in o.faults]
        assert not failed, failed
    texts["README.md"] = _readme(folder, preset, start)
    try:
        return _write(folder, texts)
    except OSError as e:
        hint = "choose a folder that you may write to"
        raise RulesetError([Problem("not-written", f"cannot be written: {e.strerror or e}", place, hint)]) from None


def _write(folder: Path, texts: Mapping[str, str]) -> list[Path]:
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    return [folder / name for name in texts]


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _ruleset(preset: Preset, start: Start) -> str:
    words, said = words_in(start.language), preset.rules.said
    out = [
        f"# {words['top'].format(name=start.name, base=preset.name)}",
        "format: 1",
        f"ruleset: {start.id}   # {words['id']}",
        f"version: {_quoted(start.version)}",
        f"extends: {preset.name}",
        f"status: draft   # {words['draft'].format()}",
        f"valid_from: {start.valid_from}   # {words['from']}",
        f"grades: {said.grades[0]}-{said.grades[1]}",
        f"name: {{{start.language}: {_quoted(start.name)}}}",
    ]
    other = [n for n in preset.numbers if n.at in start.values and not same_number(start.values[n.at], n.value)]
    because = _quoted(start.because)
    for how, ones in (("set", [n for n in other if n.parameter]), ("change", [n for n in other if not n.parameter])):
        if ones:
            out += ["", f"# {words[how]}", f"{how}:"]
        for n in ones:
            to = start.values[n.at]
            out.append(f"  # {n.what}")
            line = f"parameter: {n.parameter}, to: {to}" if n.parameter else f"at: {n.at}, from: {n.value}, to: {to}"
            out.append(f"  - {{{line}, because: {because}}}")
    plain = next((n for n in preset.numbers if not n.parameter), None)
    if not other and plain is not None:
        line = f"at: {plain.at}, from: {plain.value}, to: {plain.value}, because: {because}"
        out += ["", f"# {words['none']}", "# change:", f"#   - {{{line}}}"]
    same = [n for n in preset.numbers if n not in other]
    if same:
        out += ["", f"# {words['as-base']}", *(f"#   {n.value}: {n.what}\n#     {n.at}" for n in same)]
    return "\n".join(out) + "\n"


def _readme(folder: Path, preset: Preset, start: Start) -> str:
    words, at = words_in(start.language), folder.as_posix()
    commands = [
        ("check", f"sky check {at}"),
        ("test", f"sky test {at}"),
        ("diff", f"sky diff {preset.name} {at}"),
        ("rulebook", f"sky rulebook {at} --language {start.language} --out {start.id}-printed"),
    ]
    steps = "\n\n".join(f"{n}. {words[key]}:\n\n   ```console\n   $ {line}\n   ```" for n, (key, line) in enumerate(commands, 1))
    parts = [
        f"# {start.name}", words["said"].format(base=preset.name), words["files"].format(id=start.id),
        f"## {words['next']}", steps, words["then"],
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


# ---------------------------------------------------------------------- two golden cases
@dataclass(frozen=True, slots=True)
class _Pupil:
    """An invented pupil who is absent day after day, and what the rules then say."""

    model: Model
    name: str  # of the calendar
    calendar: Calendar
    days: tuple[date, ...]  # school days from the first one of absence
    before: date
    grade: int
    kind: str
    per_week: int | None

    def decided(self, lessons: list[int], on: date) -> Decision:
        start: dict[str, Any] = {"type": "enrolment", "school": "school", "grade": self.grade}
        start["on"] = date.fromordinal(self.calendar.years[0].first).isoformat()
        if self.per_week is not None:
            start["lessons_per_week"] = self.per_week
        marks = [
            {"type": "mark", "on": d.isoformat(), "lessons": n, "kind": self.kind}
            for d, n in zip(self.days, lessons, strict=False)
            if n
        ]
        feed = {"register": "marks_only", "recorded": "given", "does": []}
        case = Case.from_json({"format": 1, "pupil": "golden", "feed": feed, "events": [start, *marks]})
        return decide(self.model, case, on=on, calendars={"school": self.calendar})

    def opened(self, lessons: list[int], on: date) -> dict[str, date]:
        return {s.step: s.opened_on for s in self.decided(lessons, on).open_steps}


def _pupil(preset: Preset, model: Model, start: Start, step: StepOf | None, place: Place) -> _Pupil:
    """A pupil whose marks count for the step, in the first shipped calendar that serves."""
    rules = model.newest
    first, last = rules.said.grades
    if step is not None and step.grades is not None:
        first, last = max(first, step.grades[0]), min(last, step.grades[1])
    counts = [rules.counters[t.fact] for t in step.tests if t.what == "counter"] if step else []
    kinds = sorted(set.union(*(set(c.kinds) for c in counts)) & rules.absence_kinds if counts else rules.absence_kinds)
    kind = "health" if "health" in kinds or not kinds else kinds[0]
    shipped = rulesets_folder() / "calendars"
    names = [p.relative_to(shipped).as_posix()[:-5] for p in sorted(shipped.rglob("*.yaml"))]
    missing = ""
    for name in [CALENDAR, *(n for n in names if n != CALENDAR)]:
        calendar = load_calendar(name)
        attended = DAYS_BEFORE if any(c.is_share for c in counts) else 1
        days = [date.fromordinal(d) for d in sorted(calendar.school_days)][attended - 1 :]
        days = [d for d in days if d >= start.valid_from]
        lacks = model.problems_with(calendar) if len(days) > 20 else []
        if lacks:
            missing = f"; {lacks[0].message}"
        elif len(days) > 20:
            per_week = 30 if any(c.is_share for c in counts) else None
            return _Pupil(model, name, calendar, tuple(days[1:]), days[0], 8 if first <= 8 <= last else last, kind, per_week)
    hint = (
        f"a day of a school year that is shipped, such as {preset.rules.said.valid_from}; change valid_from later in ruleset.yaml"
    )
    message = f"no shipped calendar serves for example pupils from {start.valid_from} on{missing}"
    if missing:
        hint = "write this layer by hand: its cases need a calendar of yours that says so"
    raise RulesetError([Problem("no-days", message, place, hint)])


def _cases(preset: Preset, model: Model, start: Start, place: Place) -> str:
    """One case at the first limit that can be reached, one at the last; where there is none, a day of absence and no mark."""
    out = [f"# {words_in(start.language)['cases']}"]
    rules = model.newest
    limits = [n for n in preset.numbers if n.step and n.row]
    texts: list[str] = []
    for order in (limits, limits[::-1]):
        for n in order:
            text = _at_a_limit(_pupil(preset, model, start, rules.step_by_id[n.step], place), rules.step_by_id[n.step])
            if text and text not in texts:
                texts.append(text)
                break
    anybody = _pupil(preset, model, start, None, place)
    for lessons in ([LESSONS_A_DAY], list[int]()):
        if len(texts) < 2:
            texts.append(_of_a_day(anybody, lessons))
    return "\n".join([*out, *texts]) + "\n"


def _at_a_limit(pupil: _Pupil, step: StepOf) -> str:
    """The case of a pupil on whom the step opens: not the school day before, and with no lesson less."""
    whole = [LESSONS_A_DAY] * len(pupil.days)
    day = None
    for n in (5, 10, 20, 40, 80, len(whole)):  # a short absence is decided much sooner than a year of it
        day = day or pupil.opened(whole[:n], pupil.days[min(n, len(whole)) - 1]).get(step.id)
    if day is None or day not in pupil.days:
        return ""  # not to be reached by absence alone in this school year, or it has ended by itself
    n = pupil.days.index(day)
    for last in range(1, LESSONS_A_DAY + 1):
        lessons = [*whole[:n], last]
        if step.id in pupil.opened(lessons, day):
            break
    else:
        return ""
    if last > 1 and n + 1 < len(pupil.days):  # one lesson below, and the next day that one lesson
        split = [*whole[:n], last - 1, 1]
        if step.id not in pupil.opened(split, day) and step.id in pupil.opened(split, pupil.days[n + 1]):
            lessons, n = split, n + 1
    before = pupil.days[n - 1] if n else pupil.before
    if step.id in pupil.opened(lessons, before):
        return ""
    amount = sum(lessons)
    fi, sv, en = (step.said.name.in_language(x) for x in ("fi", "sv", "en"))
    name = {
        "fi": f"{amount} {'oppituntia' if amount > 1 else 'oppitunti'} poissa: '{fi}' avautuu, edellisenä koulupäivänä ei vielä",
        "sv": f"{amount} lektion{'er' if amount > 1 else ''} borta: '{sv}' öppnas, skoldagen före ännu inte",
        "en": f"{amount} lesson{'s' if amount > 1 else ''} of absence: '{en}' opens, on the school day before not yet",
    }
    return _case(pupil, name, lessons, [before, pupil.days[n]])


def _of_a_day(pupil: _Pupil, lessons: list[int]) -> str:
    name = {"fi": "Yhden päivän poissaolo", "sv": "En dags frånvaro", "en": "one day of absence"}
    if not lessons:
        name = {"fi": "Ei yhtään poissaoloa", "sv": "Ingen frånvaro", "en": "no absence at all"}
    return _case(pupil, name, lessons, [pupil.days[0]])


def _case(pupil: _Pupil, name: Mapping[str, str], lessons: list[int], days: list[date]) -> str:
    out = [f"- name: {{{', '.join(f'{k}: {_quoted(v)}' for k, v in name.items())}}}"]
    per_week = f", lessons_per_week: {pupil.per_week}" if pupil.per_week is not None else ""
    out.append(f"  pupil: {{grade: {pupil.grade}, calendar: {pupil.name}{per_week}}}")
    if lessons:
        out.append("  marks:")
    whole = next((i for i, n in enumerate(lessons) if n != LESSONS_A_DAY), len(lessons))
    if whole:
        until = f" .. {pupil.days[whole - 1]}" if whole > 1 else ""
        out.append(f'    - "{pupil.days[0]}{until}: {LESSONS_A_DAY} lessons {pupil.kind}"')
    for i, n in enumerate(lessons[whole:], whole):
        out.append(f'    - "{pupil.days[i]}: {n} lesson{"s" if n > 1 else ""} {pupil.kind}"')
    out.append("  expect:")
    for day in days:
        decision = pupil.decided(lessons, day)
        opened = ", ".join(dict.fromkeys(s.step for s in decision.open_steps))
        line = f"on: {day}, open: [{opened}]"
        task = decision.next
        if task is not None and day == days[-1]:
            line += f", next: {task.action}, who: {task.role}"
            line += f", due: {task.due}" if task.due else ""
        out.append(f"    - {{{line}}}")
    return "\n".join(out)
