"""The path as a picture: lanes of steps with arrows between them, as SVG of our own, and the same as Mermaid text.

Rules: a text is wrapped, never cut without a sign; arrows end at boxes; the same input gives the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from sky_model.export.pages import Figure

__all__ = ["Box", "draw"]


@dataclass(frozen=True, slots=True)
class Box:
    """One step, or one work with everybody (`soft`), in its lane."""

    id: str
    lane: int
    text: str
    under: str
    soft: bool = False
    is_tied: bool = False  # an arrow begins or ends here: it stands in a row with others of the kind


FILLS = ("var(--t0)", "var(--t1)", "var(--t2)")
ACROSS, WIDE, SPACE, LEFT = 4, 216, 30, 128


def _wrap(text: str, width: int, most: int) -> list[str]:
    lines = [""]
    for word in text.split():
        while len(word) > width:  # a word longer than the box is cut with a hyphen
            lines.append(word[: width - 1] + "-")
            word = word[width - 1 :]
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    lines = [x for x in lines if x]
    return lines if len(lines) <= most else [*lines[: most - 1], lines[most - 1][: width - 1].rstrip() + "…"]


def draw(lanes: Sequence[str], boxes: Sequence[Box], arrows: Sequence[tuple[str, str]], title: str) -> Figure:
    """Lanes one under another, boxes in rows, arrows between them; and the same as Mermaid text."""
    texts = {b.id: (_wrap(b.text, 25, 3), _wrap(b.under, 33, 3)) for b in boxes}
    places: dict[str, tuple[int, int, int]] = {}
    body, y = [], 4
    whole = LEFT + ACROSS * (WIDE + SPACE) + 6
    for lane, name in enumerate(lanes):
        those = [b for b in boxes if b.lane == lane]
        top, y = y, y + 22
        for row in _rows(those, any(b.lane < lane and b.is_tied for b in boxes)):
            tall = max(18 + 18 * len(texts[b.id][0]) + 14 * len(texts[b.id][1]) for b in row)
            for i, b in enumerate(row):
                places[b.id] = (LEFT + i * (WIDE + SPACE), y, tall)
            y += tall + 26
        y = max(y, top + 70)
        fill = FILLS[min(lane, 2)]
        body.append(f'<rect x="2" y="{top}" width="{whole - 4}" height="{y - top - 6}" rx="10" fill="{fill}"/>')
        for i, line in enumerate(_wrap(name, 13, 4)):
            body.append(
                f'<text x="16" y="{top + 30 + 18 * i}" font-size="14" font-weight="700" fill="#1a2230">{escape(line)}</text>'
            )
    for low, high in arrows:
        (ax, ay, ah), (bx, by, bh) = places[low], places[high]
        if ay == by and bx == ax + WIDE + SPACE:
            way = f"M{ax + WIDE} {ay + ah // 2}H{bx - 3}"
        elif ay == by:
            over = ay - 18
            way = f"M{ax + WIDE // 2} {ay}C{ax + WIDE // 2} {over} {bx + WIDE // 2} {over} {bx + WIDE // 2} {by - 3}"
        elif by > ay:
            mid = (ay + ah + by) // 2
            way = f"M{ax + WIDE // 2} {ay + ah}C{ax + WIDE // 2} {mid} {bx + WIDE // 2} {mid} {bx + WIDE // 2} {by - 3}"
        else:
            mid = (by + bh + ay) // 2
            way = f"M{ax + WIDE // 2} {ay}C{ax + WIDE // 2} {mid} {bx + WIDE // 2} {mid} {bx + WIDE // 2} {by + bh + 3}"
        body.append(f'<path d="{way}" fill="none" stroke="#123a6b" stroke-width="2" marker-end="url(#tip)"/>')
    for box in boxes:
        x, top, tall = places[box.id]
        dash = ' stroke-dasharray="5 4"' if box.soft else ""
        look = f'rx="8" fill="#fff" stroke="#123a6b" stroke-width="1.4"{dash}'
        body.append(f'<rect x="{x}" y="{top}" width="{WIDE}" height="{tall}" {look}/>')
        at = top + 22
        for line in texts[box.id][0]:
            body.append(f'<text x="{x + 11}" y="{at}" font-size="14" font-weight="600" fill="#1a2230">{escape(line)}</text>')
            at += 18
        for line in texts[box.id][1]:
            body.append(f'<text x="{x + 11}" y="{at - 1}" font-size="11.5" fill="#3f4a5c">{escape(line)}</text>')
            at += 14
    tip = (
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0L8 4L0 8z" fill="#123a6b"/></marker></defs>'
    )
    svg = (
        f'<svg viewBox="0 0 {whole} {y}" role="img" aria-label="{escape(title)}" '
        f'font-family="Segoe UI,Roboto,Arial,sans-serif">{tip}{"".join(body)}</svg>'
    )
    return Figure(svg, _mermaid(lanes, boxes, arrows))


def _rows(boxes: Sequence[Box], is_reached: bool) -> list[Sequence[Box]]:
    """Boxes in rows; the tied ones apart, first where arrows come from above, else last: so that few arrows cross a box."""
    tied, others = [b for b in boxes if b.is_tied], [b for b in boxes if not b.is_tied]
    groups = [tied, others] if is_reached else [others, tied]
    return [those[i : i + ACROSS] for those in groups for i in range(0, len(those), ACROSS)]


def _mermaid(lanes: Sequence[str], boxes: Sequence[Box], arrows: Sequence[tuple[str, str]]) -> str:
    def safe(text: str) -> str:
        return re.sub(r"[^\w .,:;()/+%–-]", lambda m: f"#{ord(m[0])};", " ".join(text.split()))

    names = {b.id: f"n{i}" for i, b in enumerate(boxes)}
    out = ["flowchart TD"]
    for lane, name in enumerate(lanes):
        out.append(f'  subgraph t{lane}["{safe(name)}"]')
        for b in boxes:
            if b.lane == lane:
                out.append(f'    {names[b.id]}["{safe(b.text)}"]')
        out.append("  end")
    out += [f"  t{i} ~~~ t{i + 1}" for i in range(len(lanes) - 1)]
    out += [f"  {names[a]} --> {names[b]}" for a, b in arrows]
    return "\n".join(out)
