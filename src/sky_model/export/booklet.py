"""The printed pages of a ruleset together: rulebook, leaflet, board's paper; each as HTML and as Markdown.

Rules: a page is written once, as blocks, and put out twice, so that HTML and Markdown say the same; the same ruleset gives the
same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sky_model.export.board import Board
from sky_model.export.leaflet import Leaflet
from sky_model.export.pages import Page, as_html, as_markdown
from sky_model.export.rulebook import Rulebook
from sky_model.export.sentences import Words
from sky_model.rules import Ruleset
from sky_model.vocabulary import LANGUAGES

__all__ = ["NAMES", "write_booklet"]

NAMES = {"rulebook": "rulebook", "leaflet": "guardians", "paper": "board"}  # what is asked for: the file's name


def write_booklet(rules: Ruleset, *, language: str = "fi", effect: Mapping[str, Any] | None = None) -> dict[str, str]:
    """The files by name: rulebook, guardians and board, each as .html and .md.

    effect  what `sky diff … --json` has counted; Raises ValueError for an unknown language.
    """
    if language not in LANGUAGES:
        raise ValueError(f"the language '{language}' is not known; write one of {', '.join(LANGUAGES)}")
    out = {}
    for page in _pages(rules, language, effect):
        out[f"{page.name}.html"] = as_html(page)
        out[f"{page.name}.md"] = as_markdown(page)
    return out


def _pages(rules: Ruleset, language: str, effect: Mapping[str, Any] | None) -> Iterator[Page]:
    w = Words(rules, language)
    others = [("rulebook", w.say("rulebook")), ("guardians", w.say("leaflet")), ("board", w.say("board-paper"))]
    title, said = w.text(rules.said.name), w.say("proposal")
    state = f"{w.say(f'status-{rules.said.status}')} · {w.in_force()}"
    foot = f"{said} {rules.name} · {state} · {w.say('fingerprint')} {rules.fingerprint}"
    for name, head, lead, blocks, contents in (
        ("rulebook", title, w.text(rules.said.about) or said, Rulebook(rules, language).blocks(), w.say("contents")),
        ("guardians", f"{title}: {w.say('leaflet')}", said, Leaflet(rules, language).blocks(), ""),
        ("board", f"{title}: {w.say('board-paper')}", said, Board(rules, language, effect).blocks(), ""),
    ):
        yield Page(name, language, head, lead, tuple(blocks), others, foot, contents)
