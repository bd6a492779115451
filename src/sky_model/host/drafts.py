"""A first look at another system's export: what is in it, and a draft of its mapping for a person to fill in.

Rules: what a code means is never guessed; whatever else is guessed is said, with its ground; columns that look like people's
data are left out. Of the file's own text only four things are ever shown: a heading made of words that headings are made of,
a code made of words that codes are made of, a class such as 7B, and days; for everything else stands its column or its line.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sky_model.errors import Place, Problem, RulesetError
from sky_model.host.intake import COLUMNS, FILL_IN, decoded, is_class, is_of_several, separator_of

__all__ = ["Draft", "draft_mapping", "may_show_code", "may_show_heading"]

MOST_CODES = 80
LONGEST_CODE = 60
LONGEST_HEADING = 40
EMPTY = "(no code)"

# What a heading says, in Finnish, Swedish and English. The first that fits wins; a column is named by one of them only.
PERSONAL = (
    ("identity codes", r"hetu\b|henkil[öo]-?tunn|personbeteck|personnum|identity|social security|\bssn\b"),
    ("identity codes", r"oppijanum|\boid\b"),  # the number of a learner in the national register
    ("days of birth", r"syntym|född|fodel|födel|birth"),
    ("phone numbers", r"puhelin|\bpuh\b|phone|telefon|\btel\b|\bgsm\b|mobil"),
    ("e-mail addresses", r"s[aä]hk[oö]posti|e-?mail|e-?post\b|\bmail\b"),
    ("addresses", r"osoite|address?\b|adress|postinum|postnum|postal|zip code"),
    ("names", r"nimi\b|nimet\b|namn\b|\bname|name\b|huoltaj|vårdnadsh|guardian|parent"),
    ("names", r"opettaja|lärare|teacher|kirjaaja|merkitsij|antecknad av|entered by|recorded by|created by"),
    ("free text", r"lisätieto|huomautus|kommentti|selite|vapaa teksti|comment|note|remark|anmärkning|kommentar"),
)
PLACES = r"koulu|skola|school|oppiaine|\baine|ämne|subject|course|kurssi"  # the name of a school or a subject is nobody's name
RECORDED = r"kirja|tallen|merkitty|lis[aä]tty|muokat|registrer|skapad|ändrad|recorded|created|entered|updated|modified"
HEADINGS: dict[str, tuple[str, ...]] = {  # a column of ours: patterns of theirs, the surest first
    "date": (r"^(pvm|päivä|päivämäärä|datum|dag|date|day)$", r"pvm|päiv|paiv|datum|\bdag|\bdate|date\b|\bday"),
    "pupil": (
        r"(oppilas|oppilaan|opiskelija|pupil|student|elev|learner).*(tunn|num|nro|\bid\b|\bno\b|\bnr\b|koodi|kod\b|code|key)",
        r"^(oppilas|opiskelija|pupil|student|elev|learner)$",
        r"oppilas|opiskelija|pupil|student|elev|learner",
    ),
    "grade": (r"luokka-?aste|vuosiluok|årskurs|arskurs|grade", r"^(luokka|klass|class|year)$"),
    "minutes": (r"minuut|minut|\bmin\b",),
    "lessons": (r"tunnit|tunteja|tuntim|oppitun|lektion|timmar|lessons|hours", r"määrä|maara|\blkm\b|antal|amount|\btunti"),
    "kind": (
        r"merkin|laji\b|luokit|kategor|category|\bkind|frånvarotyp|absence ?type|\bslag",
        r"poissaolo|koodi|tyyppi|frånvaro|anteckning|\bkod|\btyp|code|absence|attendance",
        r"\bsyy|orsak|reason|status",
    ),
    "school": (r"koulu|skola|school",),
    "subject": (r"oppiaine|\baine|ämne|subject",),
}

# Words that codes and headings are made of. Each word of a text must be one of these as a whole, so that no name slips
# through by being like one (Sairanen, Hansen, Vapaavuori). A part in (…) may be left out; * stands for any ending.
CODE_WORDS = r"""
poissa poissaolo* luvaton luvattom* luvalli* lupa lupaa luvan luvalla selvit* selvittä* terveyd* terveys* sairaus sairauden
sairauspoissaolo* sairaana sairas sairastu* vapaa vapaata vapaat anottu anomus* myöhäst* myöhässä läsnä läsnäolo* matka
matkalla lomamatka* loma lomalla harjoittelu* työharjoittelu* koulu koulun koulussa koulusta koulunkäyn* tunti tunnit tuntia
tunnin tunnilta oppitun* syy syyt syystä syyn syitä syihin tet tet-jakso muu muut muusta muun etänä etäopetu* opetu* oma
omalla ilmoit* tuntematon tuntemat* merkin* merkit* hyväksyt* perustel* perustelt* huoltajan huoltaja kotona kotiin lääkäri
lääkärin lääkärissä hammaslääkäri* kesken osittai* osan osa päivä päivän päivää jälki-istunto* kilpailu* kuntoutu* tutkimu*
perhe perheen perhesyy* leirikoulu* retki retkellä uskonno* työ työelämä* tutustum* muualla myönnet* koko minuutti* alle yli
ilman kanssa rehtorin opettajan luokanopettajan luokanvalvojan toiminta toimintaan pidetty odottaa varhennettu kuitattu
kuittaamaton avoin ennalta etukäteen johtuva johtuvat ja tai ei eikä on

frånvaro* frånvarande olovlig* lovlig* oanmäl* sjuk sjukdom* sjukfrånvaro* ledig ledighet* beviljad beviljat sen sent försen*
utredd outredd oförklar* förklar* anmäl* hälso* hälsa skola skolans skolan praktik* prao närvar* distans* resa semester*
läkar* tandläkar* lektion* minut* timme timmar annan annat andra orsak* giltig* ogiltig* okänd* familj* del hel av dag dagen
dagar vårdnadshavare* rektor* undervisning* i på av för utan med och eller inte ej

absen* excus* unexcus* authori* unauthori* explain* unexplain* sick sickness ill illness late lateness tardy leave present
attend* truan* health medical holiday* partial* lesson* school* suspen* exclu* other unknown religio* family appointment*
travel* trip visit* field dentist doctor remote reason* approved unapproved granted reported unreported parent guardian day
days half full hour* minute* before after close register* closed educat* off site activity sport* work experience exam* study
in of the for by with without no not and or to from at on yes non
"""
HEADING_WORDS = r"""
pvm päivä päivämäärä paivamaara alku loppu alkaa päättyy kesto klo kello aika viikonpäivä viikko vuosi lukuvuosi lukukausi
jakso oppilas oppilaan opiskelija opiskelijan tunniste tunnus tunnistenumero numero nro id oppilasnumero oppilastunnus
opiskelijanumero luokka luokka-aste luokkaaste vuosiluokka luokan luokkatunnus aste nimi sukunimi etunimi etunimet
kutsumanimi huoltaja huoltajan huoltajat puhelin puhelinnumero puh gsm matkapuhelin osoite kotiosoite katuosoite sähköposti
sähköpostiosoite postinumero postitoimipaikka syntymäaika syntymäpäivä hetu henkilötunnus oppijanumero koulu koulun oppiaine
aine aineen opettaja opettajan tunti tunnit tunteja oppitunti oppitunnit tuntimerkintä määrä maara lkm minuutit minuuttia min
merkintä merkinnän merkinta tyyppi koodi laji luokitus syy selite lisätieto lisätiedot huomautus kommentti vapaa teksti
kirjattu kirjaaja kirjauspvm tallennettu muokattu merkitsijä ryhmä kurssi tila selvitetty kuitattu poissaolo poissaolon
poissaololaji poissaolotunnit selvitys kunta kotikunta sukupuoli äidinkieli kieli

datum dag dagen start slut tid vecka år läsår termin period elev elevens studerande nummer nr elevnummer klass årskurs
arskurs namn förnamn efternamn vårdnadshavare telefon telefonnummer mobil adress hemadress e-post epost postnummer ort född
födelsedatum födelsedag personnummer personbeteckning skola skolans ämne lärare lärarens lektion lektioner timmar antal
minuter anteckning typ kod slag frånvarotyp frånvaro orsak anmärkning kommentar registrerad skapad ändrad av grupp kurs
status kön modersmål

date day days start end time week year term period level pupil pupils student students learner number no key code class grade
form name first last middle family given surname full parent guardian contact phone telephone mobile cell tel email e-mail
mail address home street postal post zip city birth dob born birthdate identity social security ssn oid school subject course
section teacher lesson lessons hour hours amount duration minute minutes count mark marks kind type category reason status
absence absences attendance event events comment comments note notes remark remarks recorded created entered updated modified
on by at of the group description gender language unique local state district session

part explained is
"""


def _whole_words(listed: str) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(w).replace(r"\*", r"\w*") for w in listed.split()), re.IGNORECASE)


CODE_WORD, HEADING_WORD = _whole_words(CODE_WORDS), _whole_words(f"{HEADING_WORDS} {' '.join(COLUMNS)}")

IDENTITY = re.compile(r"(?<!\d)\d{6}[-+A-FU-Y]?\d{3}[0-9A-Z](?![0-9A-Z])|(?<!\d)1\.2\.246\.562\.\d+\.\d+", re.IGNORECASE)
MAIL = re.compile(r"\S@\S")
PHONE = re.compile(r"(?:\+\d{1,3}|\(?0\d{1,3}\)?)(?:[ -]?\d){5,11}\Z")
STREET = re.compile(
    r"\w*(katu|kuja|polku|gatan|gata|vägen|gränd|stigen)\b.*\d|\w+tie \d|\d+ \w+ (street|road|lane|avenue)\b|\b\d{5} [A-ZÅÄÖ]",
    re.IGNORECASE,
)
NAME_WORD = r"[^\W\d_a-zåäöéüøæß][^\W\d_]*(?:['’-][^\W\d_]+)*"
NAME = re.compile(rf"{NAME_WORD}(?:,? {NAME_WORD}\.?){{1,3}}\Z")
FORMS = {"iso": re.compile(r"\d{4}-\d{2}-\d{2}\Z", re.ASCII), "d.m.yyyy": re.compile(r"\d{1,2}\.\d{1,2}\.\d{4}\Z", re.ASCII)}
OTHER_DAY = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{2,4}\b.*\Z|\d{8}\Z", re.ASCII)
AMOUNT = re.compile(r"\d{1,4}([.,]\d{1,2})?\Z", re.ASCII)
LOOKS = (  # of the cells of a column that look so, the share from which the column is left out, in per cent
    ("identity codes", 5),
    ("e-mail addresses", 5),
    ("phone numbers", 10),
    ("addresses", 10),
    ("names", 40),  # a column of codes may hold a capital or two
)


@dataclass(slots=True)
class _Column:
    at: int
    heading: str
    cells: Counter[str] = field(default_factory=Counter)  # what stands in it, without the empty cells, and how often
    personal: str = ""  # what it looks like, where it looks like people's data
    is_masked: bool = False  # the heading is not made of words that headings are made of, or stands twice
    n: int = 0

    def share(self, form: re.Pattern[str]) -> float:
        return sum(n for c, n in self.cells.items() if form.match(c)) / self.n if self.n else 0.0


@dataclass(slots=True)
class Masked:
    """Marks whose code is not shown: why, how many, and the line of the first one."""

    marks: int
    line: int
    why: str


@dataclass(slots=True)
class Draft:
    """What an export holds, as far as it may be shown, and the text of a mapping to be filled in.

    columns: ours to theirs · grounds: ours to why it was guessed · left_out: (number, heading where it may be shown, why)
    """

    rows: int
    encoding: str
    separator: str
    date_form: str | None
    columns: dict[str, str] = field(default_factory=dict)
    grounds: dict[str, str] = field(default_factory=dict)
    left_out: list[tuple[int, str | None, str]] = field(default_factory=list)
    codes: Counter[str] = field(default_factory=Counter)
    masked: list[Masked] = field(default_factory=list)
    classes: Counter[str] = field(default_factory=Counter)  # in the column of grades, that are no grade; their rows
    first: date | None = None
    last: date | None = None
    unmarked: list[tuple[date, date]] = field(default_factory=list)
    says: list[str] = field(default_factory=list)
    mapping: str = ""

    def lines(self) -> Iterator[str]:
        """The look at the export as lines of text."""
        names = {",": "comma", ";": "semicolon", "\t": "tab"}
        yield f"{_many(self.rows, 'row')}, {self.encoding}, separator {names[self.separator]}"
        yield "columns, as guessed:"
        for mine, theirs in self.columns.items():
            yield f"  {mine:8} '{theirs}'   ({self.grounds[mine]})"
        if self.left_out:
            yield "columns left out, their content is shown nowhere:"
            yield from (f"  {_shown(n, heading)}: {why}" for n, heading, why in self.left_out)
        if self.codes or self.masked:
            yield "codes, with their number of marks:"
            yield from (f"  {n:>7,}  {code or EMPTY}" for code, n in _by_count(self.codes))
            yield from (f"  {m.marks:>7,}  (not shown: {m.why}; first in line {m.line})" for m in self.masked)
        if self.classes:
            yield "classes in the column of grades, with their number of rows:"
            yield from (f"  {n:>7,}  {name}" for name, n in sorted(self.classes.items()))
        if self.first and self.last:
            yield f"days: from {self.first} to {self.last}, written {self.date_form}"
            if self.unmarked:
                yield "without any mark, of the days from Monday to Friday (breaks and holidays are among them):"
                shown = [f"{a}" if a == b else f"{a} to {b}" for a, b in self.unmarked]
                yield from (f"  {x}" for x in shown[:20])
                if len(shown) > 20:
                    yield f"  and {len(shown) - 20} more; --json has them all"
            else:
                yield "no day from Monday to Friday is without a mark"
        yield from (f"look at this: {x}" for x in self.says)

    def to_json(self) -> dict[str, Any]:
        return {
            "format": 1,
            "rows": self.rows,
            "encoding": self.encoding,
            "separator": self.separator,
            "date_form": self.date_form,
            "columns": [{"ours": m, "theirs": t, "ground": self.grounds[m]} for m, t in self.columns.items()],
            "left_out": [{"column": n, "heading": heading, "why": why} for n, heading, why in self.left_out],
            "codes": [{"code": code, "marks": n} for code, n in _by_count(self.codes)],
            "not_shown": [{"line": m.line, "marks": m.marks, "why": m.why} for m in self.masked],
            "classes": [{"class": name, "rows": n} for name, n in sorted(self.classes.items())],
            "first": self.first.isoformat() if self.first else None,
            "last": self.last.isoformat() if self.last else None,
            "without_marks": [{"from": a.isoformat(), "to": b.isoformat()} for a, b in self.unmarked],
            "says": self.says,
            "mapping": self.mapping,
        }


def _many(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def _shown(number: int, heading: str | None) -> str:
    return f"'{heading}'" if heading is not None else f"column {number} (its heading is not shown: not all its words are known)"


def _by_count(counted: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counted.items(), key=lambda x: (-x[1], x[0]))


def draft_mapping(
    data: bytes, *, file: str = "export.csv", kinds: Mapping[str, str] | None = None, codes: Iterable[str] = ()
) -> Draft:
    """Look at a CSV and draft its mapping. Raises RulesetError if it is no CSV.

    kinds  of the ruleset, with their names; they stand in the draft for whoever fills it in
    codes  of other systems that the ruleset itself knows: they are shown as they are
    """
    text, encoding = _text(data, file)
    separator, header, rows = _table(text, file)
    columns = [_Column(i, h) for i, h in enumerate(header)]
    for c in columns:
        c.cells = Counter(x for _, r in rows if c.at < len(r) and (x := r[c.at].strip()))
        c.n = c.cells.total()
        c.personal = _personal(c)
        c.is_masked = header.count(c.heading) > 1 or not _is_heading(c.heading)
    found, grounds = _guess(columns)
    form = _form(found.get("date"))
    draft = Draft(len(rows), encoding, separator, form)
    draft.columns = {mine: c.heading for mine, c in found.items()}
    draft.grounds = grounds
    used = {c.at for c in found.values()}
    draft.left_out = [
        (c.at + 1, None if c.is_masked else c.heading, c.personal or "nothing of ours is seen in it")
        for c in columns
        if c.at not in used
    ]
    _look_at_rows(draft, rows, found, columns, frozenset(codes))
    _say(draft, found, columns)
    draft.mapping = _mapping(draft, kinds or {})
    return draft


# ---------------------------------------------------------------------- the file
def _text(data: bytes, file: str) -> tuple[str, str]:
    if data[:2] == b"PK" or data[:4] == b"\xd0\xcf\x11\xe0":
        said = "not readable as CSV: it is a workbook or a packed file"
        raise RulesetError([Problem("not-csv", said, Place(file), "save the sheet as CSV")])
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in data:
        said = "not readable as CSV: it is UTF-16 or no text"
        raise RulesetError([Problem("not-csv", said, Place(file), "save it as CSV in UTF-8")])
    if not data.strip(b"\xef\xbb\xbf\r\n\t ;,"):
        hint = "the first line names the columns, then comes one row for each mark"
        raise RulesetError([Problem("empty", "the file is empty", Place(file), hint)])
    return decoded(data)


def _table(text: str, file: str) -> tuple[str, list[str], list[tuple[int, list[str]]]]:
    """(separator, headings, rows with their line)."""
    separator = separator_of(text)
    reader = csv.reader(io.StringIO(text), delimiter=separator)
    try:
        header = [h.strip() for h in next(reader, [])]
        begin, rows = reader.line_num, []
        for row in reader:
            if any(x.strip() for x in row):
                rows.append((begin + 1, row))
            begin = reader.line_num
    except csv.Error:  # what csv itself says is not repeated: it may quote the file
        hint = "look for a quotation mark that is opened and not closed"
        raise RulesetError([Problem("not-csv", "not readable as CSV", Place(file, reader.line_num, 1), hint)]) from None
    hint = "the first line names the columns: take away what stands before it, or write it"
    is_data = any(f.match(h) for h in header for f in (*FORMS.values(), AMOUNT, PHONE)) or any(map(IDENTITY.search, header))
    known = sum(bool(h) and _is_heading(h) for h in header)
    if text.lower().startswith("sep=") or is_data or any(map(MAIL.search, header)) or len(header) < 2 or not known:
        raise RulesetError([Problem("no-header", "the first line does not name columns that are known", Place(file, 1, 1), hint)])
    return separator, header, rows


# ---------------------------------------------------------------------- people's data
def _words(heading: str) -> str:
    """A heading in lower case, its words apart: `StudentId`, `student_id` and `Student id` are one."""
    return re.sub(r"[\s_.:/]+", " ", re.sub(r"(?<=[a-zåäö])(?=[A-ZÅÄÖ])", " ", heading)).strip().lower()


def _is_heading(heading: str) -> bool:
    """Is it made of words that headings (or codes) are made of, and of nothing else?"""
    found = re.split(r"[^\w-]+|_+", _words(heading))
    words = [w for w in found if w and not re.fullmatch(r"\d{1,2}|-+", w)]
    is_known = all(HEADING_WORD.fullmatch(w) or CODE_WORD.fullmatch(w) for w in words)
    return bool(words) and is_known and heading.isprintable() and len(heading) <= LONGEST_HEADING


def _is_code(code: str) -> bool:
    """May it be shown: no code at all, one or two letters, or words that codes are made of?"""
    if not code or re.fullmatch(r"[A-ZÅÄÖ]{1,2}\d{0,2}|[a-zåäö]|\d{1,2}", code):
        return True
    if len(code) > LONGEST_CODE or not code.isprintable() or sum(c.isdigit() for c in code) > 3 or "@" in code:
        return False
    words = [w.strip("-") for w in re.split(r"[^\w-]+|_+", code)]
    return all(not w or len(w) == 1 or w.isdigit() or CODE_WORD.fullmatch(w) for w in words) and any(len(w) > 1 for w in words)


def _looks_like(text: str) -> str:
    """What a text looks like, if it looks like something of a person."""
    if IDENTITY.search(text):
        return "identity codes"
    if MAIL.search(text):
        return "e-mail addresses"
    if PHONE.match(text) and not OTHER_DAY.match(text):
        return "phone numbers"
    if STREET.search(text):
        return "addresses"
    return "names" if NAME.match(text) and not _is_code(text) else ""


def _by_heading(words: str) -> str:
    for what, pattern in PERSONAL:
        if re.search(pattern, words) and not (what == "names" and re.search(PLACES, words) and "huolt" not in words):
            return what
    return ""


def _personal(column: _Column) -> str:
    """Why a column is left out as people's data: by its heading, or by what stands in it. Empty if it is not."""
    words = _words(column.heading)
    what = _by_heading(words)
    if what:
        return f"looks like {what}, by its heading"
    if not column.n:
        return ""
    is_pupil = any(re.search(p, words) for p in HEADINGS["pupil"])
    looks: Counter[str] = Counter()
    for cell, n in column.cells.items():
        what = _looks_like(cell)
        if what and not (what == "identity codes" and cell.isdigit() and is_pupil):  # ten digits may be any number of a pupil
            looks[what] += n
    for what, least in LOOKS:
        if 100 * looks[what] > column.n * least:
            return f"looks like {what}, by what stands in it"
    if _are_birth_days(column):
        return "looks like days of birth, by what stands in it"
    if is_pupil and column.share(re.compile(r"\D{3,}\Z")) > 0.5:
        return "looks like names, by what stands in it"  # ids without any digit
    return ""


def _are_birth_days(column: _Column) -> bool:
    """Days over more than a few years, or over more than one and often at a weekend: no marks of a school."""
    if column.share(OTHER_DAY) <= 0.5:
        return False
    days = {d: n for c, n in column.cells.items() for form in FORMS if (d := _day(c, form))}
    if not days:
        return False
    span, weekends = (max(days) - min(days)).days, sum(n for d, n in days.items() if d.weekday() > 4)
    return span > 4 * 366 or (span > 400 and weekends > 0.15 * sum(days.values()))


# ---------------------------------------------------------------------- which column is what
def _fits(mine: str, column: _Column) -> bool:
    """Can what stands in a column be this?"""
    if column.personal or column.is_masked:
        return False
    distinct = len(column.cells)
    if mine == "date":
        return not column.n or column.share(OTHER_DAY) > 0.5
    if mine == "grade":
        return bool(column.n) and sum(n for c, n in column.cells.items() if _is_grade(c) or is_class(c)) / column.n > 0.8
    if mine in ("lessons", "minutes"):
        return not column.n or column.share(AMOUNT) > 0.8
    if column.share(OTHER_DAY) > 0.5:
        return False
    if mine == "kind":
        return distinct <= MOST_CODES and (column.n < 12 or distinct <= column.n / 2)
    return True


def _is_grade(cell: str) -> bool:
    return bool(re.fullmatch(r"[0-9]", cell, re.ASCII))


def _guess(columns: list[_Column]) -> tuple[dict[str, _Column], dict[str, str]]:
    found: dict[str, _Column] = {}
    grounds: dict[str, str] = {}

    def take(mine: str, column: _Column, ground: str) -> None:
        found[mine], grounds[mine] = column, ground

    def free() -> list[_Column]:
        return [c for c in columns if c not in found.values()]

    for mine, patterns in HEADINGS.items():
        for pattern in (f"^{mine}$", *patterns):
            for c in free():
                words = _words(c.heading)
                is_other = mine == "date" and re.search(RECORDED, words)
                is_year = mine == "school" and re.search(r"year|vuosi|år\b", words)
                if mine not in found and re.search(pattern, words) and _fits(mine, c) and not is_other and not is_year:
                    take(mine, c, "by its heading")
            if mine in found:
                break
    code_like = re.compile(rf"\W*(?:{CODE_WORD.pattern})\b", re.IGNORECASE)
    by_content = {
        "date": [c for c in free() if c.n and _fits("date", c) and not re.search(RECORDED, _words(c.heading))],
        "kind": [c for c in free() if _fits("kind", c) and c.share(code_like) > 0.5],
        "lessons": [c for c in free() if c.n and _fits("lessons", c) and any(re.search(r"[.,]\d", x) for x in c.cells)],
        "pupil": [c for c in free() if _fits("pupil", c) and c.share(re.compile(r"[A-Za-z]{0,6}[-_]?\d{2,}\Z")) > 0.9],
    }
    for mine, fitting in by_content.items():
        fitting = [c for c in fitting if c not in found.values()]
        if mine not in found and len(fitting) == 1 and not (mine == "lessons" and "minutes" in found):
            take(mine, fitting[0], "by what stands in it")
    order = ("pupil", "date", "lessons", "minutes", "kind", "grade", "school", "subject")
    return {m: found[m] for m in order if m in found}, {m: grounds[m] for m in order if m in found}


def _form(column: _Column | None) -> str | None:
    """The form of the days, if it is one that is read here."""
    shares = {name: column.share(form) for name, form in FORMS.items()} if column else {}
    name = max(shares, key=lambda n: shares[n], default="")
    return name if shares.get(name, 0.0) > 0.5 else None


def _day(text: str, form: str | None) -> date | None:
    if form is None or not FORMS[form].match(text):
        return None
    parts = text.split("-") if form == "iso" else text.split(".")[::-1]
    try:
        return date(*map(int, parts))
    except ValueError:
        return None


# ---------------------------------------------------------------------- what the rows say
def _look_at_rows(
    draft: Draft, rows: list[tuple[int, list[str]]], found: dict[str, _Column], columns: list[_Column], known: frozenset[str]
) -> None:
    if "date" in found:
        counted = [(_day(c, draft.date_form), n) for c, n in found["date"].cells.items()]
        days = {d for d, _ in counted if d}
        unread = len(rows) - sum(n for d, n in counted if d)
        if days:
            draft.first, draft.last = min(days), max(days)
            draft.unmarked = list(_runs(days))
        if unread and draft.date_form:
            draft.says.append(f"{_many(unread, 'row')} whose day cannot be read")
    if "pupil" in found:
        cells = found["pupil"].cells
        nobody = len(rows) - cells.total()
        odd = sum(n for c, n in cells.items() if (IDENTITY.search(c) and not c.isdigit()) or MAIL.search(c))
        if nobody:
            draft.says.append(f"{_many(nobody, 'row')} without a pupil")
        if odd:
            said = "whose pupil looks like an identity code or an address; they are refused when marks are read"
            draft.says.append(f"{_many(odd, 'row')} {said}")
    if "grade" in found:
        other = {c: n for c, n in found["grade"].cells.items() if not _is_grade(c)}
        draft.classes = Counter({c: n for c, n in other.items() if is_class(c)})
        if hidden := sum(other.values()) - draft.classes.total():
            said = "whose grade is neither a grade nor a class that is shown here: name their class under classes: yourself"
            draft.says.append(f"{_many(hidden, 'row')} {said}")
        if several := sum(n for c, n in draft.classes.items() if is_of_several(c)):
            said = "with a class of several grades, which is no grade: give each pupil's own grade in a column"
            draft.says.append(f"{_many(several, 'row')} {said}")
    if "kind" not in found:
        return
    people = {w.lower() for c in columns if "names" in c.personal for x in c.cells for w in re.findall(r"[^\W\d_]{2,}", x)}
    at = found["kind"].at
    masked: dict[str, Masked] = {}
    for line, row in rows:
        code = row[at].strip() if at < len(row) else ""
        if code in draft.codes:
            draft.codes[code] += 1
        elif code in masked:
            masked[code].marks += 1
        elif why := _hidden(code, people, known):
            masked[code] = Masked(1, line, why)
        else:
            draft.codes[code] = 1
    draft.masked = sorted(masked.values(), key=lambda m: m.line)


def _hidden(code: str, people: set[str], known: frozenset[str]) -> str:
    """Why a code is not shown; empty if it may be."""
    words = re.findall(r"[^\W\d_]{2,}", code.lower())
    if code in known:
        return ""
    if words and all(w in people for w in words):
        return "it stands in a column of names too"
    if _is_code(code):
        return ""
    what = _looks_like(code)
    return f"looks like {what}" if what else "not all its words are known"


def may_show_heading(heading: str) -> bool:
    """May a heading of a file be printed? Only one made of words that headings are made of: another may be a person's name."""
    return _is_heading(heading)


def may_show_code(code: str) -> bool:
    """May a code of a file be printed? Not what looks like something of a person, and not what may be."""
    return not _hidden(code, set(), frozenset())


def _runs(days: set[date]) -> Iterator[tuple[date, date]]:
    """Days from Monday to Friday without any mark, those that follow each other over a weekend as one."""
    day, start, end = min(days), None, None
    while day <= max(days):
        if day.weekday() < 5:
            if day not in days:
                start, end = start or day, day
            elif start and end:
                yield start, end
                start = end = None
        day += timedelta(days=1)


def _say(draft: Draft, found: dict[str, _Column], columns: list[_Column]) -> None:
    for mine in ("pupil", "date", "kind"):
        if mine not in found:
            draft.says.append(f"no column was found for {mine}: name it under columns: in the mapping")
    if "pupil" not in found and any("identity" in c.personal or "names" in c.personal for c in columns):
        draft.says.append("pupils are known here by a pseudonym: not by a name and not by an identity code")
    if "date" in found and draft.date_form is None and found["date"].n:
        draft.says.append("the days are in a form that is not read: write them as 2026-09-14 or 14.9.2026")
    if "lessons" not in found and "minutes" not in found:
        draft.says.append("no column was found for lessons or minutes: name it, or give each code its lessons")
    if "lessons" in found:
        draft.says.append(f"whether '{found['lessons'].heading}' means lessons or hours of the clock cannot be seen here")
    if "minutes" in found and re.search(r"late|my[oö]h|sen", _words(found["minutes"].heading)):
        draft.says.append(f"'{found['minutes'].heading}' seems to be minutes of lateness only")
    if draft.masked:
        said = "is not shown, it may be about a person: look into the file at its line, and write it into the mapping yourself"
        draft.says.append(f"{_many(len(draft.masked), 'code')} {said}")
    if not draft.rows:
        draft.says.append("the file has no rows")


# ---------------------------------------------------------------------- the mapping
def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _mapping(draft: Draft, kinds: Mapping[str, str]) -> str:
    out = [
        "# A mapping drafted by `sky map`: how the columns and codes of an export are ours. Columns were guessed: look at each.",
        f"# It is not read before every {FILL_IN} is written over. What a code means only those know who use it.",
        "format: 1",
        "name: our export   # how decisions call it; write your own",
        "columns:",
    ]
    for mine in ("pupil", "date", "kind"):
        if mine not in draft.columns:
            out.append(f"  {mine}: {FILL_IN}   # no column was found for it: write its heading")
    out += [f"  {mine}: {_quoted(theirs)}   # {draft.grounds[mine]}" for mine, theirs in draft.columns.items()]
    if draft.left_out:
        out.append("# left out, for nothing here names them:")
        out += [f"#   {_shown(n, heading)}: {why}" for n, heading, why in draft.left_out]
    wrong = f"{FILL_IN}   # iso or d.m.yyyy; the days of the export are in neither form"
    out.append(f"date_form: {draft.date_form or wrong}")
    if kinds:
        out.append("# kinds of the ruleset, for the codes below:")
        out += [f"#   {kind}: {name}" for kind, name in kinds.items()]
    if draft.classes:
        out.append(
            "# The column of grades holds classes. Each grade is guessed from the number that the class begins with: look at it."
        )
        mapped = [c for c in sorted(draft.classes) if not is_of_several(c)]
        out.append("classes:" if mapped else "classes: []")
        for name in mapped:
            grade = name[0] if not name[1].isdigit() else FILL_IN
            out.append(f"  - {{class: {_quoted(name)}, grade: {grade}}}   # {_many(draft.classes[name], 'row')}")
        several = sorted(c for c in draft.classes if is_of_several(c))
        out += [f"#   {_quoted(name)} is a class of several grades: give each pupil's own grade in a column" for name in several]
    out.append("# For a code that is no mark of absence write leave_out: yes in the place of kind: …")
    out.append("codes:" if draft.codes or draft.masked else "codes: []")
    for code, n in _by_count(draft.codes):
        out.append(f"  - {{code: {_quoted(code)}, kind: {FILL_IN}}}   # {_many(n, 'mark')}")
    for m in draft.masked:
        out.append(f"  - {{code: {FILL_IN}, kind: {FILL_IN}}}   # {_many(m.marks, 'mark')}, first in line {m.line}: {m.why}")
    return "\n".join(out) + "\n"
