"""What to write instead: guessed from what stands there, for a person to judge; nothing is ever read by a guess.

Rules: a hint holds a form that may stand in that place; words of Finnish and Swedish, units and signs are known
here and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from difflib import get_close_matches

from sky_model.errors import nearest

__all__ = [
    "in_list",
    "meant",
    "of_comparison",
    "of_day",
    "of_grades",
    "of_key",
    "of_length",
    "of_mapping",
    "of_number",
    "of_sign",
    "of_word",
    "of_yes_no",
]

# our words by those of Finnish, Swedish and everyday English that authors have in mind
OURS = {
    "vaiheet": "steps", "askeleet": "steps", "steg": "steps", "laskurit": "counters", "roolit": "roles", "roller": "roles",
    "lähteet": "sources", "källor": "sources", "koulut": "schools", "skolor": "schools", "koulu": "school", "koodit": "codes",
    "koder": "codes", "luokat": "classes", "klasser": "classes", "sarakkeet": "columns", "kolumner": "columns", "nimi": "name",
    "namn": "name", "tila": "status", "versio": "version", "lomat": "breaks", "lov": "breaks", "lukukaudet": "terms",
    "terminer": "terms", "juhlapyhät": "public_holidays", "kalenteri": "calendar", "kalender": "calendar", "poista": "remove",
    "lisää": "add", "muuta": "change", "aseta": "set", "syy": "because", "koska": "because", "arvo": "value",
    "ensimmäinen_päivä": "first_day", "ensimmainen_paiva": "first_day", "viimeinen_päivä": "last_day", "oppilas": "pupil",
    "elev": "pupil", "päivä": "date", "dag": "date", "luokka": "grade", "tunnit": "lessons", "lektioner": "lessons",
    "vähintään": "at_least", "minst": "at_least", "enintään": "at_most", "högst": "at_most", "yli": "more_than",
    "över": "more_than", "alle": "less_than", "under": "less_than",
    ">=": "at_least", ">": "more_than", "<=": "at_most", "<": "less_than",
    "min": "at_least", "max": "at_most", "and": "all", "or": "any", "not": "none", "until": "to", "start": "from", "end": "to",
    "old": "from", "new": "to", "reason": "because", "path": "at", "luonnos": "draft", "utkast": "draft", "pilotti": "pilot",
    "kokeilu": "pilot", "voimassa": "adopted", "hyväksytty": "adopted", "pakko": "must", "täytyy": "must", "måste": "must",
    "pitäisi": "should", "bör": "should", "voi": "may", "får": "may", "harkitaan": "consider", "lukuvuosi": "school_year",
    "läsår": "school_year", "lukukausi": "term", "termin": "term", "kuukausi": "month", "månad": "month", "sisältää": "includes",
    "korvaa": "replaces", "poissaolo": "absence", "frånvaro": "absence", "terveys": "health", "hälsa": "health",
    "aamu": "start_of_day", "iltapäivä": "end_of_day", "osittain": "partial", "valmis": "done", "tehty": "done", "klar": "done",
    "days": "school_days", "weeks": "school_weeks", "months": "calendar_months", "lesson_length": "lesson_minutes",
}  # fmt: skip
CLOCKS = (  # by how a word of it begins; what has several readings names them all
    (("koulupäiv", "skoldag", "school day", "school_day"), ("school_days",)),
    (("arkipäiv", "vardag", "weekday", "working day", "work day"), ("weekdays",)),
    (("kalenteripäiv", "kalenderdag", "calendar day", "calendar_day"), ("calendar_days",)),
    (("päiv", "pv", "dag", "day", "d"), ("school_days", "calendar_days")),
    (("viikko", "vk", "veck", "week", "w"), ("school_weeks",)),
    (("kuukau", "kk", "månad", "month", "m"), ("calendar_months",)),
    (("lukukau", "termin", "term"), ("terms",)),
)
SIGNS = {
    ">=": "at_least",
    "=>": "at_least",
    "≥": "at_least",
    ">": "more_than",
    "<=": "at_most",
    "=<": "at_most",
    "≤": "at_most",
    "<": "less_than",
}
WORDS = (
    (r"(?:vähintään|minst|at least|min)", "at_least"),
    (r"(?:enintään|högst|at most|max|up to)", "at_most"),
    (r"(?:yli|över|more than|over|above)", "more_than"),
    (r"(?:alle|under|less than|below)", "less_than"),
)
NUMBER = r"(\d{1,9}(?:\.\d{1,2})?)"
LETTERS = str.maketrans({"O": "0", "o": "0", "l": "1", "I": "1"})
YES = ("yes", "true", "on", "y", "kyllä", "kylla", "ja", "joo", "x", "1")
NO = ("no", "false", "off", "n", "ei", "nej", "0")


def of_word(word: str, words: Iterable[str]) -> str:
    """The word that was meant, by its letters or by its meaning in another language, else all of them; empty without any."""
    known = list(words)
    ours = OURS.get(word.strip().lower())
    if ours in known:
        return f"write {ours}"
    plain = word.strip().lower().replace("-", "_").replace(" ", "_")
    near = next((f"did you mean '{k}'?" for k in known if k == plain), "") or nearest(word, known)
    return near or (f"write one of {', '.join(known)}" if known else "")


def meant(key: str, known: list[str]) -> str:
    """The one key that was meant, by its letters or its meaning; empty when none is seen."""
    ours = OURS.get(key.strip().lower())
    plain = key.strip().lower().replace("-", "_").replace(" ", "_")
    return ours if ours in known else plain if plain in known else next(iter(get_close_matches(key, known, n=1, cutoff=0.6)), "")


def of_key(key: str, known: list[str], missing: list[str]) -> str:
    """What an unknown key may have been: one that is near, one that is missing, else those that may stand there."""
    ours = OURS.get(key.strip().lower())
    if ours in known:
        return f"write `{ours}`"
    plain = key.strip().lower().replace("-", "_").replace(" ", "_")
    if plain in known:
        return f"did you mean '{plain}'?"
    if near := nearest(key, known):
        return near
    if len(missing) == 1:
        return f"write `{missing[0]}`, which is missing here, or leave it out"
    if missing:
        return f"leave it out; {', '.join(f'`{m}`' for m in missing)} are missing here"
    return f"leave it out; here may stand {', '.join(known)}" if known else "leave it out"


def of_yes_no(text: str) -> str:
    low = text.strip().lower()
    return "write yes" if low in YES else "write no" if low in NO else "write yes or no"


def of_number(text: str, *, whole: bool = False) -> str:
    """`30 h`, `>30`, `30-40`, `1 000` where a number is expected."""
    low = text.strip()
    if found := re.fullmatch(rf"{NUMBER}\s*[-–—]\s*{NUMBER}", low):
        return f"write one number, {found[1]} or {found[2]}"
    if (digits := low.translate(LETTERS)) != low and re.fullmatch(NUMBER, digits):
        return f"write {digits} with digits only: here a letter stands for one"
    if whole and (found := re.fullmatch(r"(\d{1,9})[.,](\d+)", low)):
        return f"write {found[1]}" + (f" or {int(found[1]) + 1}" if found[2].strip("0") else "")
    if re.fullmatch(r"[-–−]\s*\d+(\.\d+)?", low):
        return "write a number of 0 or more"
    if found := re.fullmatch(r"(\d{1,3})(?:[ '\u00a0\u202f](\d{3}))+", low):
        return f"write {re.sub(r'[^0-9]', '', low)}"
    if found := re.fullmatch(rf"{NUMBER}\s*(?:[^\W\d_]+\.?|%)", low):
        return f"write {found[1]}: the unit stands elsewhere"
    if found := re.fullmatch(r"(\d{1,9}\.\d{2})\d+", low):
        return f"write at most two decimals, such as {found[1]}"
    if whole:
        return "write digits only, such as 30"
    return "write digits with at most two decimals, such as 30 or 7.5"


def of_sign(text: str) -> str:
    """`>30` under an operator."""
    found = re.fullmatch(rf"([<>=≥≤]{{1,2}})\s*{NUMBER}", text.strip())
    if found and found[1] in SIGNS:
        return f"write {SIGNS[found[1]]}: {found[2]}"
    return "write it as a word: at_least, more_than, at_most, less_than"


def of_mapping(key: str, text: str, *, is_length: bool) -> str:
    """A word or a number where keys and values are expected."""
    if is_length:
        return of_length(key, text)
    if key in ("name", "says", "about"):
        return f"write {key}: {{fi: …, sv: …, en: …}}"
    if key == "window":
        return f"write window: {{in: {OURS.get(text.lower(), text)}}}"
    if key in CONDITIONS:
        return f"write {key}: {{{text}: {{at_least: 30}}}} for a number, {key}: {{{text}: {{is: …}}}} for a word"
    if key in OTHERS:
        return f"write {key}: {{{OTHERS[key]}}}"
    return of_comparison(key, text)


CONDITIONS = ("opens", "when", "unless", "suggest", "expected_by")
OTHERS = {
    "adopted": "by: …, on: 2026-06-01", "owner": "role: …", "is": "by: {grade: {1-6: …, 7-9: …}}",
    "pupil": "grade: 8, calendar: …",
    "columns": "pupil: …, date: …, kind: …, lessons: …", "repeat": "every: {school_weeks: 1}", "with": "required: […]",
    "needed_for": "with: […]", "if_not_done": "tell: …", "share_of": "planned: so_far", "rolling": "school_weeks: 12",
    "closing": "by: […], reasons: […]", "defaults": "section: {key: …}", "above": "lower-step: includes",
}  # fmt: skip


def of_comparison(fact: str, text: str) -> str:
    """`>30`, `30-40`, `yli 30 tuntia`, `raised` where `{at_least: 30}` is expected."""
    low = text.strip().lower()
    if found := re.fullmatch(rf"{NUMBER}\s*[-–—]\s*{NUMBER}(?:\s*[^\W\d_]+)?", low):
        return f"write {fact}: {{at_least: {found[1]}, at_most: {found[2]}}}"
    if found := re.fullmatch(rf"([<>=≥≤]{{1,2}})\s*{NUMBER}(?:\s*[^\W\d_]+)?", low):
        return f"write {fact}: {{{SIGNS.get(found[1], 'at_least')}: {found[2]}}}"
    for form, operator in WORDS:
        if found := re.fullmatch(rf"{form}\s+{NUMBER}(?:\s*[^\W\d_]+)?", low):
            return f"write {fact}: {{{operator}: {found[1]}}}"
    if found := re.fullmatch(rf"{NUMBER}(?:\s*[^\W\d_]+|\s*%)?", low):
        return f"write {fact}: {{at_least: {found[1]}}}"
    if re.fullmatch(r"[a-z][a-z0-9_-]*", low):
        return f"write {fact}: {{is: {low}}}"
    return f"write {fact}: {{at_least: 30}} for a number, {fact}: {{is: …}} for a word"


def of_length(key: str, text: str) -> str:
    """`5 days`, `2 viikkoa`, `P5D`, `5` where `{school_days: 5}` is expected."""
    low = text.strip().lower()
    if found := re.fullmatch(r"p(\d{1,4})([dwm])", low):
        low = f"{found[1]} {found[2]}"
    if found := re.fullmatch(r"(\d{1,5})\s*([^\W\d_][\w ]*)?", low):
        clocks = next((c for begins, c in CLOCKS if (found[2] or "day").startswith(begins)), ("school_days",))
        return "write " + " or ".join(f"{key}: {{{clock}: {found[1]}}}" for clock in clocks)
    if low in ("immediately", "at once", "heti", "viipymättä", "genast", "utan dröjsmål", "without delay") and key == "within":
        return "write within: without_delay"
    return f"write {key}: {{school_days: 5}}, or another clock: weekdays, calendar_days, school_weeks, calendar_months, terms"


def of_day(text: str) -> str:
    """`12.8.2026`, `2026-8-1`, `2026/08/01` where a date is expected: with its digits where they have one reading."""
    low = text.strip()
    if found := re.fullmatch(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})", low, re.ASCII):
        day, month, year = (int(x) for x in found.groups())
    elif found := re.fullmatch(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})", low, re.ASCII):
        year, month, day = (int(x) for x in found.groups())
    else:
        return "write it as 2026-08-12"
    try:
        return f"write {date(year, month, day).isoformat()}"
    except ValueError:
        return "write it as 2026-08-12"


def of_grades(text: str) -> str:
    """`1–9`, `9-1`, `1..9`, `1-10` where a range of grades is expected."""
    if found := re.fullmatch(r"(\d)\s*[^\w\s]+\s*(\d)", text.strip(), re.ASCII):
        return f"write {min(found.groups())}-{max(found.groups())}"
    return "write 1-9 or 7: grades go from 0 to 9"


def in_list(key: str, text: str) -> str:
    """One word where a list is expected."""
    shown = f'"{text}"' if re.search(r":\s|[\[\]{},#\"]", text) else text
    return f"write {key}: [{shown}], or each item in a line of its own after '- '"
