"""Pages of blocks, and how they are put out: HTML that stands alone, and Markdown.

Rules: a text is escaped here and nowhere else; an address is a link only when it begins with http:// or https://; colours keep a
contrast of at least 4.5 to 1 on what is behind them; the same page gives the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TypeAlias

__all__ = [
    "Block", "Bullets", "Cell", "Facts", "Figure", "Heading", "Link", "Mark", "Page", "Para", "Piece", "Quiet", "Strong", "Table",
    "as_html", "as_markdown", "flat",
]  # fmt: skip


# ---------------------------------------------------------------------- what a page is made of
@dataclass(frozen=True, slots=True)
class Strong:
    text: str


@dataclass(frozen=True, slots=True)
class Quiet:
    """A line of its own in smaller letters."""

    text: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A word in a frame; `tone`: must | should | consider | may | plain."""

    text: str
    tone: str = "plain"


@dataclass(frozen=True, slots=True)
class Link:
    """A link to a source, or with `#` to a place on the page."""

    text: str
    to: str


Piece: TypeAlias = str | Strong | Quiet | Mark | Link
Cell: TypeAlias = str | Sequence[Piece]


@dataclass(frozen=True, slots=True)
class Heading:
    level: int
    text: str
    id: str = ""
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class Para:
    cell: Cell


@dataclass(frozen=True, slots=True)
class Bullets:
    items: Sequence[Cell]


@dataclass(frozen=True, slots=True)
class Facts:
    """Names with their values."""

    rows: Sequence[tuple[str, Cell]]


@dataclass(frozen=True, slots=True)
class Table:
    """`upright`: columns are narrow, their heads stand upright; `over` spans the columns: (text, how many)."""

    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    upright: bool = False
    over: Sequence[tuple[str, int]] = ()
    ids: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Figure:
    svg: str
    mermaid: str


Block: TypeAlias = Heading | Para | Bullets | Facts | Table | Figure


@dataclass(frozen=True, slots=True)
class Page:
    name: str
    language: str
    title: str
    lead: str
    blocks: Sequence[Block]
    others: Sequence[tuple[str, str]]  # (name, title) of all pages of this rulebook
    foot: str
    contents: str = ""  # the word for a list of the headings; none: no list


def flat(cell: Cell) -> str:
    """The words of a cell, without their looks."""
    return cell if isinstance(cell, str) else " ".join(p if isinstance(p, str) else p.text for p in cell)


def _is_address(to: str) -> bool:
    return to.startswith(("http://", "https://"))


# ---------------------------------------------------------------------- HTML
STYLE = """
:root{--ink:#1a2230;--soft:#4a5568;--line:#cfd6e0;--wash:#f4f6f9;--deep:#123a6b;--t0:#e6f2ea;--t1:#e5eefb;--t2:#fbeedd}
*{box-sizing:border-box}html{-webkit-text-size-adjust:100%}
body{margin:0;color:var(--ink);background:#fff;font:16px/1.55 "Source Sans 3","Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;
hyphens:auto;overflow-wrap:break-word}
main,header,nav,footer{max-width:66rem;margin:0 auto;padding:0 1.5rem}
header{padding-top:2.5rem}h1{font-size:2.3rem;line-height:1.15;margin:.2rem 0 .6rem;letter-spacing:-.01em;color:var(--deep)}
h2{font-size:1.5rem;margin:3rem 0 .8rem;padding-bottom:.3rem;border-bottom:3px solid var(--deep);color:var(--deep);
line-height:1.25}
h3{font-size:1.17rem;margin:2rem 0 .5rem;line-height:1.3}h4{margin:1.4rem 0 .4rem}
p{max-width:46rem;margin:.5rem 0}ul{margin:.4rem 0;padding-left:1.3rem}li{margin:.2rem 0;max-width:48rem}
.lead{font-size:1.12rem;color:var(--soft)}a{color:#0b4f9e}a:focus-visible{outline:3px solid #0b4f9e;outline-offset:2px}
nav{padding-top:1rem}nav ul{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:.2rem 1.4rem}
.skip{position:absolute;left:-99rem}.skip:focus{left:1rem;top:1rem;background:#fff;padding:.5rem}
.pages a[aria-current]{font-weight:700;color:var(--ink);text-decoration:none}
.q{display:block;font-size:.86rem;line-height:1.4;color:var(--soft);margin-top:.15rem}
.m{display:inline-block;font-size:.78rem;line-height:1.35;font-weight:600;padding:.05rem .5rem;border-radius:.6rem;
border:1px solid #6b7688;background:#fff;color:var(--ink);vertical-align:middle;white-space:nowrap}
.must{background:#123a6b;border-color:#123a6b;color:#fff}.should{background:#e5eefb;border-color:#42689c}
.consider{background:#fff7e0;border-color:#8a6a14}.may{border-style:dashed}
dl{display:grid;grid-template-columns:minmax(8rem,12rem) 1fr;gap:.25rem 1.2rem;margin:.6rem 0}dt{color:var(--soft)}dd{margin:0}
.wide{overflow-x:auto;margin:.7rem 0}.wide:focus-visible{outline:3px solid #0b4f9e}
table{border-collapse:collapse;width:100%;font-size:.93rem;line-height:1.42}
th,td{text-align:left;vertical-align:top;padding:.45rem .65rem;border-bottom:1px solid var(--line)}
thead th{background:var(--wash);border-bottom:2px solid #8793a6;font-size:.84rem;line-height:1.3}
tbody th{font-weight:600;min-width:10rem}
.up{width:auto;font-size:.84rem}.up thead tr:last-child th:not(:first-child){writing-mode:vertical-rl;transform:rotate(180deg);
white-space:nowrap;padding:.5rem .2rem;border-bottom:0;border-top:2px solid #8793a6;font-weight:600}
.up td{text-align:center;padding:.25rem .3rem;border-left:1px solid #e3e8ef;min-width:1.9rem;white-space:nowrap}
.up .over th{border-left:2px solid #8793a6;text-align:center;font-size:.78rem}
.up tbody tr:nth-child(even){background:#f8fafc}.up tbody th{font-weight:400;min-width:17rem}
figure{margin:1rem 0;overflow-x:auto}svg{display:block;max-width:100%;height:auto;min-width:44rem}
footer{margin-top:3rem;padding-top:1rem;padding-bottom:2.5rem;color:var(--soft);font-size:.88rem;border-top:1px solid var(--line)}
.board h2{margin:1.1rem 0 .35rem;font-size:1.15rem;border-bottom-width:2px}.board{font-size:.95rem;line-height:1.4}
.board table{font-size:.86rem}.board th,.board td{padding:.2rem .5rem}.board li{max-width:none}.board p{max-width:none}
.guardians main{font-size:1.06rem}
@media (max-width:40rem){dl{grid-template-columns:1fr}dd{margin-bottom:.5rem}h1{font-size:1.8rem}}
@media print{@page{size:A4;margin:16mm 14mm}body{font-size:9.6pt;line-height:1.38}main,header,nav,footer{max-width:none;padding:0}
header{padding-top:0}h1{font-size:20pt}h2{font-size:14pt;margin-top:1.4em}h3{font-size:11pt}h2,h3,h4{break-after:avoid}
nav.pages,.skip{display:none}tr,li,dd,figure{break-inside:avoid}thead{display:table-header-group}a{color:inherit;text-decoration:none}
table{font-size:8.4pt}.up{font-size:6.6pt;width:100%}.up tbody th{min-width:0}.up td{min-width:0;padding:.15rem}
.wide,figure{overflow:visible}svg{min-width:0}.m{border-color:#444}.must{print-color-adjust:exact;-webkit-print-color-adjust:exact}
.board{font-size:7.7pt;line-height:1.26}.board h1{font-size:14pt;margin:0}.board h2{font-size:9.6pt;margin:.55em 0 .2em;padding:0}
.board table{font-size:7pt}.board td,.board thead th,.board tbody th{padding:.05rem .35rem;line-height:1.16;font-size:7pt}
.board ul,.board p{margin:.15em 0}.board li{margin:.05em 0}
.board footer{margin-top:.6em;padding:.3em 0 0;font-size:7pt}.board .lead{font-size:8.4pt}.board .q{font-size:6.8pt}
.board dl{margin:.2em 0;gap:0 1rem}.board ul{columns:2;column-gap:1.6em}.board{page:board}}
@page board{size:A4;margin:10mm 13mm}
""".strip()  # fmt: skip


def as_html(page: Page) -> str:
    """The page with its style and its drawings; it asks nothing of any other place."""
    out = [
        f'<!DOCTYPE html>\n<html lang="{escape(page.language)}">\n<head>\n<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(page.title)} – {escape(page.others[0][1])}</title>\n<style>\n{STYLE}\n</style>\n</head>",
        f'<body class="{escape(page.name)}">',
    ]
    here = ' aria-current="page"'
    links = "".join(
        f'<li><a href="{escape(n)}.html"{here if n == page.name else ""}>{escape(t)}</a></li>' for n, t in page.others
    )
    pages = " · ".join(t for _, t in page.others)
    out.append(f'<nav class="pages" aria-label="{escape(pages)}"><ul>{links}</ul></nav>')
    out.append(f'<header><h1>{escape(page.title)}</h1>\n<p class="lead">{escape(page.lead)}</p></header>')
    if page.contents:
        tops = [b for b in page.blocks if isinstance(b, Heading) and b.level == 2]
        items = "".join(f'<li><a href="#{escape(b.id)}">{escape(b.text)}</a></li>' for b in tops)
        out.append(f'<nav aria-label="{escape(page.contents)}"><ul>{items}</ul></nav>')
    out.append("<main>")
    under, labels = "", dict[str, int]()
    for b in page.blocks:
        under = b.text if isinstance(b, Heading) else under
        labels[under] = labels.get(under, 0) + isinstance(b, Table)
        out.append(_block(b, under if labels[under] < 2 else f"{under} ({labels[under]})"))
    out.append(f"</main>\n<footer><p>{escape(page.foot)}</p></footer>\n</body>\n</html>")
    return "\n".join(out) + "\n"


def _block(b: Block, label: str) -> str:
    """`label`: what a region that scrolls by itself is called; each has another name."""
    if isinstance(b, Heading):
        name = f' id="{escape(b.id)}"' if b.id else ""
        marks = "".join(" " + _piece(m) for m in b.marks)
        return f"<h{b.level}{name}>{escape(b.text)}{marks}</h{b.level}>"
    if isinstance(b, Para):
        return f"<p>{_cell(b.cell)}</p>"
    if isinstance(b, Bullets):
        return "<ul>" + "".join(f"<li>{_cell(c)}</li>" for c in b.items) + "</ul>"
    if isinstance(b, Facts):
        return "<dl>" + "".join(f"<dt>{escape(n)}</dt><dd>{_cell(c)}</dd>" for n, c in b.rows) + "</dl>"
    if isinstance(b, Figure):
        return f"<figure>{b.svg}</figure>"
    over = ""
    if b.over:
        cells = "".join(f'<th colspan="{n}" scope="colgroup">{escape(t)}</th>' for t, n in b.over)
        over = f'<tr class="over"><td></td>{cells}</tr>'
    head = "".join(f'<th scope="col">{escape(t)}</th>' for t in b.head)
    rows = []
    for i, (first, *rest) in enumerate(b.rows):
        name = f' id="{escape(b.ids[i])}"' if b.ids else ""
        rows.append(f'<tr{name}><th scope="row">{_cell(first)}</th>' + "".join(f"<td>{_cell(c)}</td>" for c in rest) + "</tr>")
    kind = ' class="up"' if b.upright else ""
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{escape(label)}"><table{kind}>'
        f"<thead>{over}<tr>{head}</tr></thead>\n<tbody>" + "\n".join(rows) + "</tbody></table></div>"
    )


def _cell(cell: Cell) -> str:
    return escape(cell) if isinstance(cell, str) else " ".join(_piece(p) for p in cell)


def _piece(p: Piece) -> str:
    if isinstance(p, str):
        return escape(p)
    if isinstance(p, Strong):
        return f"<strong>{escape(p.text)}</strong>"
    if isinstance(p, Quiet):
        return f'<span class="q">{escape(p.text)}</span>'
    if isinstance(p, Mark):
        return f'<span class="m {escape(p.tone)}">{escape(p.text)}</span>'
    if p.to.startswith("#") or _is_address(p.to):
        return f'<a href="{escape(p.to)}">{escape(p.text)}</a>'
    return escape(p.text)


# ---------------------------------------------------------------------- Markdown
def as_markdown(page: Page) -> str:
    """The same page as Markdown; its drawing as Mermaid text."""
    links = " · ".join(f"[{_md(t)}]({n}.md)" for n, t in page.others if n != page.name)
    out = [f"# {_md(page.title)}", _md(page.lead), links]
    for b in page.blocks:
        if isinstance(b, Heading):
            out.append(f"{'#' * b.level} {_md(b.text)}" + "".join(f" · {_md(m.text)}" for m in b.marks))
        elif isinstance(b, Para):
            out.append(_md_cell(b.cell))
        elif isinstance(b, Bullets):
            out.append("\n".join(f"- {_md_cell(c)}" for c in b.items))
        elif isinstance(b, Facts):
            out.append("\n".join(f"- **{_md(n)}:** {_md_cell(c)}" for n, c in b.rows))
        elif isinstance(b, Figure):
            out.append(f"```mermaid\n{b.mermaid}\n```")
        else:
            rows = [b.head, ["---"] * len(b.head)]
            lines = ["| " + " | ".join(_md(x) for x in rows[0]) + " |", "| " + " | ".join(rows[1]) + " |"]
            lines += ["| " + " | ".join(_md_cell(c) for c in row) + " |" for row in b.rows]
            out.append("\n".join(lines))
    out += ["---", _md(page.foot)]
    return "\n\n".join(x for x in out if x) + "\n"


def _md(text: str) -> str:
    text = re.sub(r"([\\`*_\[\]|#~])", r"\\\1", " ".join(text.split()))
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"^(\d+)([.)] )", r"\1\\\2", re.sub(r"^([-+] )", r"\\\1", text))


def _md_cell(cell: Cell) -> str:
    if isinstance(cell, str):
        return _md(cell)
    out = ""
    for p in cell:
        if isinstance(p, Quiet):
            out += f"<br>{_md(p.text)}" if out else _md(p.text)
            continue
        if isinstance(p, str):
            said = _md(p)
        elif isinstance(p, Link) and _is_address(p.to):
            said = f"[{_md(p.text)}](<{p.to.replace('<', '%3C').replace('>', '%3E')}>)"
        elif isinstance(p, Strong | Mark):
            said = f"**{_md(p.text)}**"
        else:
            said = _md(p.text)
        out += (" " if out else "") + said
    return out
