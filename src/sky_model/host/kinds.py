"""What the words of a code propose as its kind, in Finnish, Swedish and English; a person accepts it, or says otherwise.

Rules: words of two kinds, or a word that turns another round (`ei selvitetty`), propose nothing; what is told of a code are
stems of the list here and never its own text, so that a code that is not shown can have its proposal too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["LEAVE_OUT", "Proposal", "propose"]

LEAVE_OUT = "leave_out"
STEMS: dict[str, str] = {  # kinds of the national ruleset; * stands for any ending
    "health": """terveydel* terveys* terv sairau* sairas sairaan* sairast* sair lääkäri* hammaslääk* hammashoi* flunssa* kuume*
        korona* influenssa* vatsatau* migreen* sjuk* hälso* läkar* tandläkar* tandvård* feber* influensa*
        sick sickness ill illness health medical doctor dentist flu fever hospital*""",
    "leave-granted": """anottu* anomus* lomamatka* loma lomalla vapaa vapaata vapaat ledig ledighet* beviljad* beviljat* semester*
        leave holiday* myönnet*""",
    "other-explained": "selvitetty* selvitettyä utredd utrett förklarad explained excused",
    "unexplained": """selvittämät* selvittämäs* selvitettävä* selvitä luokittelem* outredd* outrett* oförklar* oanmäl* unexplain*
        unreported unverified pending""",
    "unauthorised": "luvaton luvattom* luvatta luv pinnau* olovlig* ogiltig* avvek avvikit* unauthori* unexcus* truan*",
    "late": "myöhäs* myöh sen sent försen* sen-ankomst late lateness tardy",
    "elsewhere": """muualla tet tet-jakso työelämä* työharjoittelu* etäopetu* leirikoulu* retki retkellä praktik* prao
        distansunder* elsewhere remote off-site offsite visit field""",
    "barred": "evät* avstäng* förvägra* suspen* exclu* barred",
    LEAVE_OUT: """läsnä läsnäolo* närvar* present läks* kotitehtävä* hemläx* homework kiitos kehu* beröm* praise peruttu poistettu
        mitätöity makulerad raderad deleted cancelled voided""",
}
TURNS = frozenset(["ei", "eikä", "ej", "inte", "icke", "not", "no", "non", "without", "ilman", "utan"])
STEM_OF = {
    kind: [(s.replace("*", "…"), re.compile(re.escape(s).replace(r"\*", r"\w*") + r"\Z", re.I)) for s in stems.split()]
    for kind, stems in STEMS.items()
}


@dataclass(frozen=True, slots=True)
class Proposal:
    """kind: of the ruleset, `leave_out`, or None · stems: of the list that were found · others: kinds it may be as well"""

    kind: str | None = None
    stems: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    is_name: bool = False  # the code is the name of the kind itself


def _words(text: str) -> list[str]:
    return [w.strip("-") for w in re.split(r"[^\w-]+|_+", text.lower()) if w.strip("-")]


def propose(code: str, kinds: Mapping[str, frozenset[str]]) -> Proposal:
    """kinds: of the ruleset, each with its names in all languages; only these are proposed, and `leave_out`."""
    words = _words(code)
    same = [kind for kind, names in kinds.items() if words and any(words == _words(n) for n in names)]
    if len(same) == 1:
        return Proposal(same[0], is_name=True)
    found: dict[str, list[str]] = {}
    for kind, stems in STEM_OF.items():
        if kind == LEAVE_OUT or kind in kinds:
            for stem, form in stems:
                if any(form.match(w) for w in words):
                    found.setdefault(kind, []).append(stem)
    stems_found = tuple(dict.fromkeys(s for x in found.values() for s in x))
    if len(found) == 1 and not TURNS.intersection(words):
        return Proposal(next(iter(found)), stems_found)
    return Proposal(None, stems_found, tuple(found))
