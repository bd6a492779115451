"""The two actions that no ruleset writes: a step that nobody closed proposes its own end, a contested mark asks to be checked.

Rules: their ids hold a colon, so no ruleset can have them; they are answered like any task, and have names of their own.
"""

from __future__ import annotations

__all__ = ["CHECK", "CLOSE_STEP", "is_reserved", "name_of"]

CLOSE_STEP = "close:"  # and the step: closing it, or going on with it until a day
CHECK = "check:"  # and the mark: it is kept, or corrected, or taken back
_NAMES = {
    CLOSE_STEP: {
        "fi": "Sulje vaihe tai jatka sitä",
        "sv": "Avsluta steget eller fortsätt med det",
        "en": "Close the step or go on with it",
    },
    CHECK: {
        "fi": "Tarkista merkintä, joka on kiistetty",
        "sv": "Kontrollera noteringen som har bestridits",
        "en": "Check the mark that is contested",
    },
}


def is_reserved(action: str) -> bool:
    return action.startswith((CLOSE_STEP, CHECK))


def name_of(action: str, language: str) -> str | None:
    """What a reserved action is called; None for an action of a ruleset."""
    kind = action.partition(":")[0] + ":"
    return _NAMES[kind][language] if kind in _NAMES else None
