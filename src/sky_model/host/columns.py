"""Which column of an export is which of ours, and what only a person can say.

Rules: a heading proposes, the values of all columns have to bear it out; a rival, or a value that speaks against it, makes a
doubt, and a doubt is asked about or left as a gap: never is one of two taken because it stands first.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping

from sky_model.host.doubts import Doubt, Found
from sky_model.host.intake import is_class
from sky_model.host.lengths import SLOT, Row, find_length, says
from sky_model.host.shown import CODE_WORD, FORMS
from sky_model.host.tables import PUPIL, Column, Table, day_of

__all__ = ["find_columns", "grade_of"]

MOST_CODES = 80
FEW = 8  # rows below which nothing is concluded from how often a value comes back
ORDER = ("pupil", "date", "lessons", "minutes", "kind", "grade", "school", "subject")
DATE = (
    r"poissaolo.?(päivä|paiva|pvm)|frånvaro.?(dag|datum)|(absence|attendance) ?date",
    r"^(pvm|päivä|päivämäärä|datum|dag|date|day)$",
    r"pvm|päiv|paiv|datum|\bdag|\bdate|date\b|\bday",
)
RECORDED = (
    r"kirja|tallen|merkitty|lis[aä]tty|luotu|luonti|muoka|muokka|registrer|skapad|ändrad"
    r"|recorded|created|entered|updated|modified"
)
STRETCH = r"\balk[aou]|loppu|loppa|päätty|päättyy|\bstart|\bslut|\bend\b|\bends\b|\bfrom\b|\bto\b|begin|\bfrån\b|\btill\b"
KIND = (
    r"merkin|laji\b|luokit|kategor|category|\bkind|frånvarotyp|absence ?type|\bslag",
    r"poissaolo|koodi|tyyppi|frånvaro|anteckning|\bkod|\btyp|code|absence|attendance",
    r"\bsyy|orsak|reason|status",
)
GRADE = (r"luokka-?aste|vuosiluok|årskurs|arskurs|^grade$", r"grade|^(luokka|klass|class|year)$")
SCHOOL, YEAR = r"koulu|skola|school", r"year|vuosi|år\b"
VOID = (
    r"poistettu|mitätöi|peruttu|hylätty|voimassa|korjattu|makuler|borttag|raderad|återkall"
    r"|delete|void|cancel|withdrawn|removed|active"
)
VOID_CELL = re.compile(
    r"(poistettu|mitätöity|peruttu|peruutettu|virheellinen"
    r"|deleted|cancelled|canceled|void|voided|makulerad|raderad|borttagen)\Z",
    re.I,
)
YES_NO = re.compile(r"(kyllä|ei|k|e|ja|nej|j|n|yes|no|y|true|false|x|on)\Z", re.I)
NOT_VOID = r"selvit|kuitat|utredd|kvitt|explain|excus|huolt|vårdn|guardian"
CODE = re.compile(rf"\W*(?:{CODE_WORD.pattern})\b", re.IGNORECASE)
PUPIL_CELL = re.compile(r"[A-Za-z]{0,6}[-_]?\d{2,}\Z")
STAFF = r"huolt|opett|teacher|guardian|lärar|parent|vårdn|kirja|merkits|antecknad|recorded|entered|created|koulu|school|skola"


def find_columns(table: Table, answers: Mapping[str, str]) -> Found:
    """What is sure, and what is in doubt. answers: what a person has said, by what a doubt is about.

    A column is answered by its number, or `none`; leave_out by a JSON list of cells; the rest by the word of the mapping.
    """
    found = Found()
    for look in (_date, _grade, _pupil, _kind, _school):
        look(table, found, answers)
    rows = _rows(table, found)
    find_length(table, found, rows, answers)
    _void(table, found, answers)
    _doubled(table, found, rows, answers)
    found.columns = {m: found.columns[m] for m in ORDER if m in found.columns}
    return found


def _rows(table: Table, found: Found) -> list[Row]:
    """(pupil, day) of each row, where both are known."""
    pupil, on = found.columns.get("pupil"), found.columns.get("date")
    if pupil is None or on is None:
        return []
    return list(zip(pupil.values, on.values, strict=True))


def _settle(table: Table, found: Found, answers: Mapping[str, str], mine: str, best: Column | None, doubt: Doubt | None) -> None:
    """Take the column that a person named, else the best one if there is no doubt, else the doubt."""
    said = answers.get(mine)
    if said is not None and said.isdigit() and 0 < int(said) <= len(table.columns):
        found.take(mine, table.columns[int(said) - 1], "answered")
    elif doubt is not None and not (said == "none" and mine == "grade"):
        found.doubts.append(doubt)
    elif best is not None and said is None:
        found.take(mine, best, "by-heading")


def _ranked(columns: list[Column], patterns: tuple[str, ...]) -> list[tuple[int, Column]]:
    """Columns whose heading fits, each with the place of the first pattern that does, the surest first."""
    ranks = [(next((i for i, p in enumerate(patterns) if re.search(p, c.words)), None), c) for c in columns]
    return sorted(((i, c) for i, c in ranks if i is not None), key=lambda x: (x[0], x[1].at))


# ---------------------------------------------------------------------- days
def _date(table: Table, found: Found, answers: Mapping[str, str]) -> None:
    days = [c for c in found.free(table) if c.are_days]
    own = [c for c in days if not re.search(RECORDED, c.words)]
    named = [c for _, c in _ranked([c for c in own if not c.is_masked], DATE)]
    best = named[0] if named else None
    doubt = None
    if best is None:
        empty = [c for c in found.free(table) if not table.lines and not re.search(RECORDED, c.words)]
        best = next((c for _, c in _ranked(empty, DATE)), None)
        doubt = Doubt("date", "not-found" if not days else "not-sure", days) if best is None else None
    elif len(own) > 1 or re.search(STRETCH, best.words):
        is_stretch = any(re.search(STRETCH, c.words) for c in own)
        doubt = Doubt("date", "stretches" if is_stretch else "rivals", days)
    elif _is_later(best, [c for c in days if c is not best]) or _is_weekend(best):
        doubt = Doubt("date", "not-sure", days)
    _settle(table, found, answers, "date", best, doubt)
    if "date" in found.columns:
        found.date_form = _form(found.columns["date"])
        if found.date_form is None and found.columns["date"].n:
            found.doubts.append(Doubt("date_form", "date-form"))


def _is_later(best: Column, others: list[Column]) -> bool:
    """Is a day of absence mostly after the day on which it was recorded? Then it may be the other way round."""
    for other in others:
        pairs = [
            (a, b)
            for x, y in set(zip(best.values, other.values, strict=True))
            if (a := day_of(x, _form(best))) and (b := day_of(y[:10].split(" ")[0], _form_of_first(other)))
        ]
        if pairs and sum(a > b for a, b in pairs) > 0.3 * len(pairs):
            return True
    return False


def _form_of_first(column: Column) -> str | None:
    first = next((x[:10].split(" ")[0] for x in column.values if x), "")
    return next((name for name, form in FORMS.items() if form.match(first)), None)


def _is_weekend(column: Column) -> bool:
    form = _form(column)
    days = [(d, n) for x, n in column.cells.items() if (d := day_of(x, form))]
    rows = sum(n for _, n in days)
    return rows >= FEW and sum(n for d, n in days if d.weekday() > 4) > max(2, 0.03 * rows)


def _form(column: Column) -> str | None:
    """The form of the days, if it is one that is read here; none if months stand before days."""
    shares = {name: column.share(form) for name, form in FORMS.items()}
    name = max(shares, key=lambda n: shares[n], default="")
    if shares.get(name, 0.0) <= 0.5:
        return None
    dotted = [x.split(".") for x in column.cells if FORMS["d.m.yyyy"].match(x)]
    turned = sum(column.cells[".".join(p)] for p in dotted if int(p[1]) > 12 >= int(p[0]))
    return None if turned > 0.02 * column.n else name


# ---------------------------------------------------------------------- grades, pupils, schools
def grade_of(cell: str) -> str:
    """The number with which a grade or a class begins."""
    return (re.match(r"\d{0,2}", cell) or [""])[0]


def _grade(table: Table, found: Found, answers: Mapping[str, str]) -> None:
    def fits(c: Column) -> bool:
        good = sum(n for x, n in c.cells.items() if re.fullmatch(r"[0-9]", x, re.ASCII) or is_class(x))
        return not c.is_masked and bool(c.n) and good > 0.8 * c.n

    named = [c for _, c in _ranked([c for c in found.free(table) if fits(c)], GRADE)]
    best = named[0] if named else None
    doubt = None
    if best is not None and any(
        grade_of(x) != grade_of(y) for c in named[1:] for x, y in zip(best.values, c.values, strict=True) if x and y
    ):
        doubt = Doubt("grade", "rivals", named)
    _settle(table, found, answers, "grade", best, doubt)


def _pupil(table: Table, found: Found, answers: Mapping[str, str]) -> None:
    def fits(c: Column) -> bool:
        return not c.are_days and not any(re.search(r"[.,]\d", x) for x in c.cells)

    free = [c for c in found.free(table) if fits(c)]
    ranked = _ranked([c for c in free if (not c.is_masked and c.n) or not table.lines], PUPIL)
    best = ranked[0][1] if ranked else None
    alike = [c for c in free if c.share(PUPIL_CELL) > 0.9 and len(c.cells) > 1]
    options = list(dict.fromkeys([c for _, c in ranked] + alike))
    doubt: Doubt | None = None
    if best is None:
        doubt = Doubt("pupil", "not-found" if not options else "not-sure", options)
    elif any(c.n for _, c in ranked[1:]):  # even if both name the same pupils here: they are other ids in the log
        doubt = Doubt("pupil", "rivals", options)
    elif why := _is_no_pupil(best, table, found):
        doubt = Doubt("pupil", why, options)
    _settle(table, found, answers, "pupil", best, doubt)
    on, grade = found.columns.get("pupil"), found.columns.get("grade")
    if on is not None and grade is not None and "grade" not in answers and _most_apart(on, grade, grade_of):
        del found.columns["grade"]
        found.doubts.append(Doubt("grade", "several-for-one", [grade]))


def _most_apart(key: Column, other: Column, told: object = None) -> int:
    """How many values of a column stand beside more than one value of another."""
    seen: dict[str, set[str]] = {}
    for x, y in zip(key.values, other.values, strict=True):
        if x and y:
            seen.setdefault(x, set()).add(told(y) if callable(told) else y.lower())
    return sum(len(v) > 1 for v in seen.values())


def _is_no_pupil(best: Column, table: Table, found: Found) -> str:
    """Why what stands in the column may be no id of a pupil; empty if nothing speaks against it."""
    on = found.columns.get("date")
    if on is not None and any(day and not who for who, day in zip(best.values, on.values, strict=True)):
        return "no-pupil-in-rows"
    if best.n >= FEW and len(best.cells) > 0.9 * best.n:
        return "row-numbers"
    people = [
        c
        for c in table.columns
        if c.personal and c.personal[0] in ("names", "identity codes", "days of birth") and not re.search(STAFF, c.words) and c.n
    ]
    if any(_most_apart(best, c) > 0.05 * len(best.cells) for c in people):
        return "several-people"
    exact = [c for c in people if c.personal and c.personal[0] == "identity codes"]
    if any(_most_apart(c, best) > 0.05 * len(c.cells) for c in exact):
        return "several-ids"
    groups = [c for c in found.free(table) if re.search(SCHOOL, c.words) and not c.are_days and not re.search(YEAR, c.words)]
    if grade := found.columns.get("grade"):
        groups.append(grade)
    if any(_most_apart(best, c) for c in groups):  # who has moved looks the same as a number that two classes have
        return "several-classes"
    return ""


def _school(table: Table, found: Found, answers: Mapping[str, str]) -> None:
    for mine, pattern in (("school", SCHOOL), ("subject", r"oppiaine|\baine|ämne|subject")):
        fitting = [
            c
            for c in found.free(table)
            if re.search(pattern, c.words) and not c.is_masked and not c.are_days and not re.search(YEAR, c.words)
        ]
        if len(fitting) == 1:
            found.take(mine, fitting[0], "by-heading")


# ---------------------------------------------------------------------- kinds
def _kind(table: Table, found: Found, answers: Mapping[str, str]) -> None:
    def fits(c: Column) -> bool:
        distinct = len(c.cells)
        few = distinct <= MOST_CODES and (c.n < 12 or distinct <= c.n / 2)
        return few and not c.are_days and not c.is_masked and not says(c, SLOT) and not re.search(VOID, c.words)

    def is_told(c: Column) -> bool:
        """Does it hold codes, and no numbers of lessons or minutes?"""
        return not (
            c.are_amounts
            and max((len(x) for x in c.cells), default=0) > 0
            and re.search(r"tunti|tunnit|lkm|määrä|antal|min", c.words)
        )

    free = [c for c in found.free(table) if fits(c) and is_told(c)]
    named = [c for _, c in _ranked(free, (r"^kind$", *KIND))]
    free = [c for c in free if not any(map(VOID_CELL.match, c.cells)) or c in named[:1]]
    named = [c for c in named if c in free]
    alike = [c for c in free if c.share(CODE) > 0.5 and c not in named and not says(c, r"oppiaine|\baine|ämne|subject")]
    best = named[0] if named else None
    doubt = None
    if best is None:
        doubt = Doubt("kind", "not-found" if not alike else "not-sure", alike)
        if len(alike) == 1 and answers.get("kind") is None:
            found.take("kind", alike[0], "by-content")
            return
    elif len(named) > 1 or alike:
        doubt = Doubt("kind", "rivals", [*named, *alike])
    _settle(table, found, answers, "kind", best, doubt)


# ---------------------------------------------------------------------- rows that may not count
def _void(table: Table, found: Found, answers: Mapping[str, str]) -> None:
    """Columns that may say of a row that it was taken back."""
    remarks = [c for c in table.columns if c.personal and c.personal[0] == "free text"]
    texts = [c for c in remarks if any(map(VOID_CELL.match, c.cells)) or all(map(YES_NO.match, c.cells))]
    for c in [*found.free(table), *texts]:
        is_marked = any(VOID_CELL.match(x) for x in c.cells) or re.search(VOID, c.words)
        is_yes_no = bool(c.cells) and all(YES_NO.match(x) for x in c.cells) and not re.search(NOT_VOID, c.words)
        if not c.n or (len(c.cells) > 12 and c not in texts) or c.are_days or not (is_marked or is_yes_no):
            continue
        about = f"leave_out-{c.at + 1}"
        said = answers.get(about)
        if said is None or c.is_masked:
            found.doubts.append(Doubt(about, "void", [c]))
        elif cells := json.loads(said):
            found.leave_out.append((c.heading, cells))


def _gone(table: Table, found: Found) -> set[int]:
    """Rows that do not count, by what a person has said."""
    return {
        i for c in table.columns for h, cells in found.leave_out if h == c.heading for i, x in enumerate(c.values) if x in cells
    }


def _doubled(table: Table, found: Found, rows: list[Row], answers: Mapping[str, str]) -> None:
    """Two rows of one pupil about one lesson of one day: both may count, or one may have been put in the place of the other."""
    if not rows or any(d.about.startswith("leave_out") for d in found.doubts):
        return
    gone = _gone(table, found)
    slots = [c for c in found.free(table) if says(c, SLOT) or (c.at in found.lengths and found.lengths[c.at].looks == "slot")]
    whole = [list(x) for x in zip(*(c.values for c in table.columns), strict=True)]
    twice = 0
    for cells in [*([[x] if x else [] for x in c.values] for c in slots), whole]:
        seen = Counter((row, *x) for i, (row, x) in enumerate(zip(rows, cells, strict=True)) if x and i not in gone)
        twice = max(twice, sum(n - 1 for n in seen.values()))
    if twice and answers.get("doubled_rows") == "both_count":
        found.doubled_rows = "both_count"
    elif twice:
        found.doubts.append(Doubt("doubled_rows", "doubled", slots, {"n": str(twice)}))
