"""The text of a layer's files, changed at a few places and left as it was everywhere else: comments, order, line ends, quotes.

Rules: only text that `source.py` has read without a fault is handed to ruamel.yaml, which tells where each value begins and ends;
a value is changed by putting other letters in its place, nothing is written anew as a whole; ruamel.yaml is imported here alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click

from sky_model.source import read_text

__all__ = ["MARK", "Edit", "inline", "rewritten"]

MARK = "# CONFLICT"
PLAIN = re.compile(r"[^\W_][\w äöåÄÖÅ./§+–-]*(?<! )")


@dataclass(frozen=True, slots=True)
class Edit:
    """What is done with one statement or own item: told above it in comments, put into comments itself, left out, or changed."""

    section: str
    key: int | str
    above: tuple[str, ...] = ()
    is_out: bool = False  # it becomes a comment
    is_dropped: bool = False  # it falls away
    written: tuple[tuple[str, Any], ...] = ()


def inline(value: Any) -> str:
    """A value on one line, quoted where it has to be; it reads back as the same value."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{inline(k)}: {inline(x)}" for k, x in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(inline, value)) + "]"
    text = str(value)
    if PLAIN.fullmatch(text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t") + '"'


def rewritten(text: str, *, identity: Mapping[str, str | None], edits: Sequence[Edit]) -> str:
    """The text with other values of top-level keys (`None`: the key becomes a comment) and with every edit made."""
    root = _composed(text)
    at = {key.value: (key, value) for key, value in root.value}
    changes: list[tuple[int, int, str]] = []
    for name, to in identity.items():
        if name in at:
            key, value = at[name]
            if to is not None:
                changes.append((value.start_mark.index, _end(value), to))
            else:
                first, last = _lines(text, key.start_mark.index, _end(value))
                changes.append((first, last, _as_comment(text[first:last], 0)))
    for section in dict.fromkeys(e.section for e in edits):
        if section in at:
            mine = {e.key: e for e in edits if e.section == section}
            changes += _in_section(text, *at[section], mine)
    for start, end, new in sorted(changes, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def _composed(text: str) -> Any:
    if read_text(text).problems:
        raise ValueError("text with faults is not handed on")
    try:
        from ruamel.yaml import YAML
    except ImportError:  # pragma: no cover - it is part of the extra
        raise click.ClickException("writing a layer needs ruamel.yaml: pip install 'sky-model[cli]'") from None
    return YAML(typ="rt", pure=True).compose(text)


# ---------------------------------------------------------------------- where things stand
def _end(node: Any) -> int:
    """The place after the last letter of a value; a block's own mark stands after the blank lines and comments that follow."""
    if isinstance(node.value, list) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last[1] if isinstance(last, tuple) else last)
    start, end = int(node.start_mark.index), int(node.end_mark.index)
    buffer = node.end_mark.buffer or ""
    while end > start and buffer[end - 1 : end] in ("\n", "\r", " "):
        end -= 1
    return end


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _lines(text: str, start: int, end: int) -> tuple[int, int]:
    """From the beginning of the line of `start` to the end of the line of `end`, with its line end."""
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", end)
    return first, len(text) if last < 0 else last + 1


def _as_comment(lines: str, indent: int) -> str:
    """Every line behind a `#` that stands in the column of the item."""
    return "".join(f"{' ' * indent}# {line[indent:]}" if line.strip() else line for line in lines.splitlines(keepends=True))


# ---------------------------------------------------------------------- one section
def _in_section(text: str, key: Any, value: Any, edits: dict[int | str, Edit]) -> list[tuple[int, int, str]]:
    pairs = [(k.value, k, v) for k, v in value.value] if value.id == "mapping" else [(i, v, v) for i, v in enumerate(value.value)]
    moved = [e for e in edits.values() if e.above or e.is_out or e.is_dropped]
    if value.flow_style and moved:
        return [_spread(text, key, value, pairs, edits)]
    changes: list[tuple[int, int, str]] = []
    for name, begin, node in pairs:
        if name not in edits:
            continue
        edit = edits[name]
        first, last = _lines(text, begin.start_mark.index, _end(node))
        indent = _indent(text, first)
        above = "".join(f"{' ' * indent}{line}{_newline(text)}" for line in edit.above)
        if edit.is_dropped:
            changes.append((first, last, above))
        elif edit.is_out:
            changes.append((first, last, above + _ended(_as_comment(text[first:last], indent), _newline(text))))
        else:
            if above:
                changes.append((first, first, above))
            changes += _within(text, node, edit)
    if all(name in edits and (edits[name].is_out or edits[name].is_dropped) for name, _, _ in pairs):
        # nothing is left beneath the key: a key without a value is a fault
        first, last = _lines(text, key.start_mark.index, key.end_mark.index)
        is_told = any(e.is_out for e in edits.values())
        changes.append((first, last, _as_comment(text[first:last], 0) if is_told else ""))
    return changes


def _indent(text: str, first: int) -> int:
    rest = text[first:]
    return len(rest) - len(rest.lstrip(" "))


def _ended(lines: str, newline: str) -> str:
    return lines if lines.endswith("\n") else lines + newline


def _within(text: str, node: Any, edit: Edit) -> list[tuple[int, int, str]]:
    inside = {k.value: (k, v) for k, v in node.value} if edit.written else {}
    changes = []
    for name, to in edit.written:
        key, value = inside[name]
        # a block value begins on a line of its own: what is put in its place stands behind the key
        start = value.start_mark.index if value.start_mark.line == key.start_mark.line else key.end_mark.index
        new = inline(to) if start == value.start_mark.index else f": {inline(to)}"
        changes.append((start, _end(value), new))
    return changes


def _spread(text: str, key: Any, value: Any, pairs: list[Any], edits: dict[int | str, Edit]) -> tuple[int, int, str]:
    """A section in brackets, written as lines so that comments can stand between its items. Comments in it are kept."""
    newline, out, is_left = _newline(text), list[str](), False
    before = value.start_mark.index + 1
    for name, begin, node in pairs:
        start, end = begin.start_mark.index, _end(node)
        out += [f"  # {x}" for x in re.findall(r"#[ \t]*([^\r\n]*)", text[before:start])]
        before = end
        edit = edits.get(name, Edit("", name))
        piece = text[start:end]
        for begins, ends, new in sorted(_within(text, node, edit), reverse=True):
            piece = piece[: begins - start] + new + piece[ends - start :]
        out += [f"  {line}" for line in edit.above]
        bullet = "" if value.id == "mapping" else "- "
        if edit.is_out:
            out += [f"  # {x}" for x in f"{bullet}{piece}".splitlines()]
        elif not edit.is_dropped:
            is_left = True
            out.append(f"  {bullet}{piece}")
    out += [f"  # {x}" for x in re.findall(r"#[ \t]*([^\r\n]*)", text[before : _end(value)])]
    head = f"{key.value}:" if is_left else f"# {key.value}:" if out else ""
    return key.start_mark.index, _end(value), newline.join([head, *out] if head else out)
