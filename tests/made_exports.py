"""Made exports with their truth: no system's own form, but the shapes that exports of marks come in, and worse ones.

Each is made from a seed: columns of several languages in any order, with rivals for everything that a mapping needs. `Secretary`
knows what the export means and answers what is asked, and nothing else.
"""

from __future__ import annotations

import csv
import io
import json
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import sky_model as sky
from sky_model.events import Enrolment, Mark
from sky_model.host.drafts import Draft, draft_mapping
from sky_model.host.intake import read_mapping
from sky_model.host.marks import read_marks

LESSON = 45
KINDS = {
    "health": ("Sairaus", "Sjukdom", "Sick"),
    "unauthorised": ("Luvaton poissaolo", "Olovlig frånvaro", "Unauthorised absence"),
    "leave-granted": ("Loma", "Ledighet", "Leave"),
    "unexplained": ("Selvittämätön poissaolo", "Outredd frånvaro", "Unexplained absence"),
    "other-explained": ("Muu syy", "Annan orsak", "Other reason"),
}
NAMES = {k: {"fi": v[0], "sv": v[1], "en": v[2]} for k, v in KINDS.items()}
HEADINGS = {
    "pupil": ("Oppilas Oppilasnumero Oppilaan_tunnus", "Elev Elevnummer", "Pupil StudentId Pupil_number"),
    "date": ("Pvm Päivä Poissaolopäivä Päivämäärä", "Datum Dag Frånvarodag", "Date Day"),
    "recorded": ("Kirjattu Tallennettu Kirjauspvm Luontipäivä Pvm2", "Registrerad Skapad", "Recorded Created Entered"),
    "recorded-odd": ("Pvm Päivä Käsittelypvm Aika", "Datum Dag Tid", "Date Day Time"),
    "kind": ("Merkintä Poissaololaji Koodi Poissaolokoodi", "Anteckning Frånvarotyp Kod", "Kind Code Category"),
    "reason": ("Syy Tila Status Selvitys", "Orsak Status", "Reason Status"),
    "slot": ("Tunti Oppitunti Tuntinumero Tunnin_nro", "Lektion Lektionsnr Pass", "Lesson Period Slot"),
    "slot-odd": ("Tunnit Oppitunnit Määrä Nro Kohta", "Timmar Lektioner Antal Plats", "Hours Lessons Amount Position"),
    "lessons": ("Oppitunnit Oppitunteja Tunnit Määrä", "Lektioner Timmar Antal", "Lessons Hours Amount"),
    "hours": ("Tunnit Kesto Tuntimäärä Kst", "Timmar Varaktighet Längd", "Hours Duration Length"),
    "minutes": ("Minuutit Min Kesto Kesto_min", "Minuter Min Längd", "Minutes Min Duration"),
    "total": ("Yhteensä Kertymä Tunnit Määrä", "Totalt Summa Timmar", "Total Cumulative Hours"),
    "weekly": ("Viikkotunnit Tunnit Oppitunnit", "Veckotimmar Timmar", "Lessons Hours Amount"),
    "late": ("Myöhästyminen_min Minuutit", "Sen_minuter Minuter", "Late_minutes Minutes"),
    "points": ("Pisteet Lkm Arvo", "Poäng Antal", "Points Count"),
    "void": ("Poistettu Voimassa Tila Huom Lisätieto", "Raderad Status Anmärkning", "Deleted Status Active Remark"),
    "grade": ("Luokka Luokka-aste Vuosiluokka", "Klass Årskurs", "Class Grade"),
    "row": ("Tunniste Rivi Merkintätunnus Oppilasnro", "Rad Id Elevnr", "Id Row RecordId StudentKey"),
    "seat": ("Oppilasnumero Numero", "Elevnummer Nummer", "Pupil_number Number"),
    "name": ("Nimi Sukunimi Oppilas", "Namn Elev", "Name Pupil Surname"),
    "identity": ("Hetu Henkilötunnus", "Personbeteckning", "Identity"),
    "school": ("Koulu Koulun_nimi", "Skola Skolans_namn", "School School_name"),
    "start": ("Alkaa Alkupvm", "Start Slut", "Start From"),
    "end": ("Päättyy Loppupvm Pvm", "Slut Datum", "End To"),
}
FAMILY = ("Aaltonen", "Virtanen", "Lindholm", "Korhonen", "Nyman", "Salo", "Berg", "Mäki", "Holm", "Rinne", "Saari", "Ek")


@dataclass(slots=True)
class Export:
    """truth: (pupil, day, kind, minutes) of each mark that counts · grades: of pupils, where the export has them

    roles: number of the column that is what · unit: of the length, one_lesson or unknown · void: cells of rows that do not count
    """

    seed: int
    data: bytes
    truth: Counter[tuple[str, date, str, Decimal]]
    roles: dict[str, int]
    unit: str
    codes: dict[str, str]
    void: list[str] = field(default_factory=list)
    both_count: bool = True
    is_readable: bool = True
    has_pupils: bool = True  # in every row
    shape: str = ""
    grades: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Row:
    pupil: int
    on: date
    kind: str
    slot: int
    lessons: int
    half: bool = False
    counts: bool = True


def _school_days(rng: random.Random) -> list[date]:
    first = date(2026, 8, 12) + timedelta(days=rng.randrange(5))
    return [d for d in (first + timedelta(days=n) for n in range(rng.choice([25, 60, 100]))) if d.weekday() < 5]


def _rows(rng: random.Random, days: list[date], pupils: int, shape: str) -> list[Row]:
    out = []
    for pupil in range(pupils):
        for on in sorted(rng.sample(days, min(len(days), rng.choice([1, 2, 3, 5, 8, 14])))):
            kind = rng.choice(list(KINDS))
            if shape == "lesson":
                places = sorted(rng.sample(range(1, 8), rng.choice([1, 1, 2, 3, 4, 6])))
                out += [Row(pupil, on, kind, p, 1) for p in places]
            else:
                n = rng.choice([1, 1, 2, 2, 3, 4, 5, 6, 6])
                out.append(Row(pupil, on, kind, rng.randrange(1, 8 - n), n, half=rng.random() < 0.2))
    if rng.random() < 0.5:
        rng.shuffle(out) if rng.random() < 0.3 else out.sort(key=lambda r: (r.on, r.pupil, r.slot))
    return out


def _day(form: str, on: date) -> str:
    padded = f"{on.day:02}.{on.month:02}.{on.year}"
    return {
        "iso": on.isoformat(), "d.m": f"{on.day}.{on.month}.{on.year}", "dd.mm": padded,
        "m.d": f"{on.month}.{on.day}.{on.year}", "d/m": f"{on.day}/{on.month}/{on.year}", "time": f"{padded} 10:15",
    }[form]  # fmt: skip


def _amount(rng: random.Random, minutes: Decimal, unit: Decimal, style: str) -> str:
    n = minutes / unit
    text = f"{n:.2f}" if style == "two" else f"{n:.1f}" if style == "one" or n != int(n) else f"{int(n)}"
    if Decimal(text) != n:
        text = f"{n:.2f}"
    return text if rng.random() < 2 and style == "point" else text.replace(".", ",")


def make_export(seed: int) -> Export:
    rng = random.Random(seed)
    language = rng.randrange(3)
    shape = rng.choice(["lesson", "lesson", "day", "day", "day"])
    days = _school_days(rng)
    rows = _rows(rng, days, rng.choice([3, 8, 20, 40]), shape)
    form = rng.choice(["iso", "iso", "d.m", "d.m", "dd.mm", "dd.mm", "m.d", "d/m", "time"])
    ids = [rng.choice(["k-{}", "{}", "A{}"]).format(1001 + 7 * n) for n in range(60)]
    grades = {n: rng.choice("123456789") for n in range(60)}
    unit = rng.choice(["lessons", "lessons", "hours", "minutes", "none"])
    style = rng.choice(["plain", "one", "two", "point"])
    says_kinds = rng.random() < 0.9
    columns: list[tuple[str, str, list[str]]] = []  # role, pool of headings, cells

    def put(role: str, pool: str, cells: list[str]) -> None:
        columns.append((role, pool, cells))

    minutes = [Decimal(r.lessons * LESSON) - (Decimal(LESSON) / 2 if r.half and unit != "minutes" else 0) for r in rows]
    if unit == "hours":
        minutes = [Decimal(30 * (2 * r.lessons - r.half)) for r in rows]
    if unit == "none" and shape == "lesson":
        minutes = [Decimal(LESSON)] * len(rows)
    put("pupil", "pupil", [ids[r.pupil] for r in rows])
    is_stretch = rng.random() < 0.06
    put("start" if is_stretch else "date", "start" if is_stretch else "date", [_day(form, r.on) for r in rows])
    if is_stretch:
        put("end", "end", [_day(form, r.on + timedelta(days=rng.choice([0, 0, 1, 2]))) for r in rows])
    codes = [KINDS[r.kind][language] for r in rows]
    put("kind" if says_kinds else "other-kind", "kind", codes)
    if unit != "none":
        size = {"lessons": Decimal(LESSON), "hours": Decimal(60), "minutes": Decimal(1)}[unit]
        put("length", unit, [_amount(rng, m, size, "plain" if unit == "minutes" else style) for m in minutes])
    if rng.random() < (0.9 if shape == "lesson" else 0.4):
        put("slot", rng.choice(["slot", "slot", "slot-odd"]), [str(r.slot) for r in rows])
    if rng.random() < 0.4:
        late = [r.on + timedelta(days=rng.choice([0, 0, 1, 3, 6])) for r in rows]
        put("recorded", rng.choice(["recorded", "recorded", "recorded-odd"]), [_day(form, d) for d in late])
    if rng.random() < 0.3:
        put("reason", "reason", [rng.choice(["avoin", "selvitetty", "kuitattu"]) for _ in rows])
    if rng.random() < 0.15:
        sums: Counter[int] = Counter()
        cells = []
        for r in rows:
            sums[r.pupil] += r.lessons
            cells.append(str(sums[r.pupil]))
        put("total", "total", cells)
    if rng.random() < 0.12:
        put("weekly", "weekly", [str(20 + int(grades[r.pupil])) for r in rows])
    if rng.random() < 0.12:
        put("late", "late", [str(rng.randrange(1, 40)) if rng.random() < 0.2 else "" for _ in rows])
    if rng.random() < 0.12:
        put("points", "points", [str(rng.randrange(0, 9)) for _ in rows])
    if rng.random() < 0.5:
        letters = {n: rng.choice("ABC") for n in range(60)}
        as_class = rng.random() < 0.5
        put("grade", "grade", [grades[r.pupil] + (letters[r.pupil] if as_class else "") for r in rows])
    is_numbered = rng.random() < 0.05  # pupils have a number in their class, or an id of their school
    if is_numbered and rng.random() < 0.5:
        columns[:] = [c for c in columns if c[0] not in ("pupil", "grade")]
        put("pupil", "pupil", [str(11 + r.pupil // 3) for r in rows])
        put("grade", "grade", ["8" + "ABC"[r.pupil % 3] for r in rows])
        grades = dict.fromkeys(grades, "8")
    elif is_numbered:
        columns[:] = [c for c in columns if c[0] != "pupil"]
        put("pupil", "pupil", [str(1011 + r.pupil // 2) for r in rows])
        put("school", "school", [("Rantakoulu", "Mäen koulu")[r.pupil % 2] for r in rows])
    if rng.random() < 0.3:
        put("row", "row", [str(90_001 + 3 * n) for n in range(len(rows))])
    if rng.random() < 0.08:
        put("seat", "seat", [str(10 + r.pupil % 9) for r in rows])
    if rng.random() < 0.4:
        put("name", "name", [f"{FAMILY[r.pupil % 12]} {FAMILY[r.pupil // 12]}" for r in rows])
    if rng.random() < 0.2:
        put("identity", "identity", [f"13101{r.pupil // 10}A{100 + r.pupil}T" for r in rows])
    void: list[str] = []
    if rng.random() < 0.12:
        gone, holds = rng.choice([("peruttu", "voimassa"), ("kyllä", "ei"), ("deleted", ""), ("makulerad", "i kraft")])
        for r in rows:
            r.counts = rng.random() > 0.2
        put("void", "void", [holds if r.counts else gone for r in rows])
        void = [gone]
    is_corrected = rng.random() < 0.06 and any(role == "slot" for role, _, _ in columns)
    if is_corrected:  # a second row about the same lesson takes the place of the first: no mapping can say it
        for n in sorted(rng.sample(range(len(rows)), max(1, len(rows) // 8)), reverse=True):
            for _, _, cells in columns:
                cells.insert(n + 1, cells[n])
            rows.insert(n + 1, Row(rows[n].pupil, rows[n].on, rows[n].kind, rows[n].slot, rows[n].lessons, counts=False))
            minutes.insert(n + 1, minutes[n])
    places = next((cells for role, _, cells in columns if role == "slot"), None)
    if shape == "day" and places is not None and rng.random() < 0.3:
        places[:] = [f"{r.slot}-{r.slot + r.lessons - 1}" for r in rows]  # such as 2-4, which is no day and no number
    is_clock = unit == "hours" and rng.random() < 0.1
    if is_clock:
        next(cells for role, _, cells in columns if role == "length")[:] = [f"{int(m) // 60}:{int(m) % 60:02}" for m in minutes]
    is_first_only = rng.random() < 0.05
    if is_first_only:  # the pupil stands in the first of its rows only
        cells = next(cells for role, _, cells in columns if role == "pupil")
        cells[:] = [x if n == 0 or x != cells[n - 1] else "" for n, x in enumerate(list(cells))]
    rng.shuffle(columns)
    headings: list[str] = []
    for _, pool, _ in columns:
        free = [h.replace("_", " ") for h in HEADINGS[pool][language].split()]
        headings.append(next((h for h in rng.sample(free, len(free)) if h not in headings), f"{free[0]} {len(headings)}"))
    out = io.StringIO()
    csv.writer(out, delimiter=rng.choice(",;\t"), lineterminator=rng.choice(["\n", "\r\n"])).writerows(
        [headings, *zip(*(cells for _, _, cells in columns), strict=True)]
    )
    row_is_lesson = unit == "none" and shape == "lesson"
    truth: Counter[tuple[str, date, str, Decimal]] = Counter()
    for r, m in zip(rows, minutes, strict=True):
        if r.counts:
            truth[ids[r.pupil], r.on, r.kind, m] += 1
    return Export(
        seed, out.getvalue().encode(rng.choice(["utf-8", "utf-8-sig", "cp1252"])), truth,
        {role: i + 1 for i, (role, _, _) in enumerate(columns)},
        unit if unit != "none" else "one_lesson" if row_is_lesson else "unknown",
        {names[language]: kind for kind, names in KINDS.items()}, void, not is_corrected,
        says_kinds and not is_stretch and not is_first_only and not is_numbered and form in ("iso", "d.m", "dd.mm"),
        not is_first_only and not is_numbered,
        f"{shape} {unit} {form} {'+'.join(sorted(role for role, _, _ in columns))}",
        {ids[n]: int(g) for n, g in grades.items()} if any(role == "grade" for role, _, _ in columns) else {},
    )  # fmt: skip


# ---------------------------------------------------------------------- who answers
@dataclass(slots=True)
class Secretary:
    """Answers what is asked by what the export means; what it cannot answer stays open."""

    export: Export
    asked: list[str] = field(default_factory=list)

    def answer(self, about: str) -> str | None:
        x = self.export
        if about in ("pupil", "date", "kind", "grade"):
            return str(x.roles[about]) if about in x.roles and (about != "pupil" or x.has_pupils) else "none"
        if about == "lessons":
            return str(x.roles["length"]) if "length" in x.roles else None
        if about == "length":
            return x.unit
        if about.startswith("leave_out"):
            return json.dumps(x.void if x.roles.get("void") == int(about.split("-")[1]) else [])
        return "both_count" if about == "doubled_rows" and x.both_count else None

    def finish(self) -> Draft:
        """The draft after every question has been answered once, and every code whose meaning is known accepted."""
        answers: dict[str, str] = {}
        while True:
            draft = draft_mapping(self.export.data, kinds=NAMES, answers=answers, accepted=self.export.codes, limits=(30, 50))
            open_ = [q.about for q in draft.questions if q.about not in self.asked]
            if not open_:
                return draft
            self.asked.append(open_[0])
            said = self.answer(open_[0])
            if open_[0] == "lessons" and said is None:
                answers["length"] = self.export.unit
            elif said is not None:
                answers[open_[0]] = said


def outcome(export: Export) -> tuple[str, list[str]]:
    """(`exact`, `asks`, `told` or `wrong`, what was asked): told, where pupils are refused or lengths not known, aloud."""
    secretary = Secretary(export)
    try:
        draft = secretary.finish()
    except sky.RulesetError:
        return "asks", []
    with TemporaryDirectory() as folder:
        path = Path(folder) / "mapping.yaml"
        path.write_text(draft.mapping, encoding="utf-8")
        try:
            mapping = read_mapping(path)
        except sky.RulesetError:
            return "asks", secretary.asked
        try:
            intake = read_marks(export.data, mapping=mapping, known_kinds=set(KINDS))
        except sky.RulesetError:
            return "told", secretary.asked
    refused = {r.pupil for r in intake.refused}
    got: Counter[tuple[str, date, str, Decimal]] = Counter()
    unknown = 0
    for case in intake.cases:
        grade = next(e.grade for e in case.events if isinstance(e, Enrolment))
        if grade is not None and grade != export.grades.get(case.pupil):
            return "wrong", secretary.asked
        for m in (e for e in case.events if isinstance(e, Mark)):
            if m.minutes is None and m.lessons is None:
                unknown += 1
            length = m.minutes if m.minutes is not None else (m.lessons or 0) * LESSON
            got[case.pupil, m.on, m.kind or "", Decimal(length)] += 1
    wanted = Counter({k: n for k, n in export.truth.items() if k[0] not in refused})
    if unknown and export.unit == "unknown":
        same = Counter(k[:3] for k in got.elements()) == Counter(k[:3] for k in wanted.elements())
        return ("told" if same else "wrong"), secretary.asked
    if got != wanted or intake.unmapped:
        return "wrong", secretary.asked
    return ("told" if refused else "exact"), secretary.asked
