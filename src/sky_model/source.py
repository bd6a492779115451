"""YAML text to plain values with places; nothing is guessed. The only module that knows YAML.

Rules: every scalar stays the text that was written (`no`, `010`, `8:15` are words); a doubled key, an anchor, an alias,
a tag or a second document is an error, since each of them hides what a reader sees; all such faults of a file are told
at once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from sky_model.errors import Place, Problem, RulesetError

__all__ = ["Source", "read_file", "read_text"]

LARGEST = 2_000_000  # characters; the longest ruleset we know has fewer than 100,000
DEEPEST = 40
Loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
HINTS = (
    ("mapping values are not allowed", "put a text that holds a colon in quotes"),
    ("expected <block end>", "check the indentation: items of one list start in the same column"),
    ("could not find expected ':'", "a key is followed by a colon and a space"),
    ("found unexpected end of stream", "a quote is opened and not closed"),
    ("did not find expected key", "check the indentation: items of one list and keys of one mapping start in the same column"),
    ("did not find expected ','", "close what is opened in this line or above it: a quote, [ or {"),
    ("control characters are not allowed", "take the character out; a ruleset is plain text"),
    ("cannot start any token", "put a text that begins with % @ or ` in quotes"),
)


@dataclass(slots=True)
class Source:
    """A file's values (dict, list, str) and the place of each, by its path of keys and indexes."""

    file: str
    data: Any = None
    places: dict[tuple[str | int, ...], Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def place(self, path: tuple[str | int, ...] = ()) -> Place:
        """The place of a path, or of its nearest parent that stands in the file."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, Place(self.file, 1, 1))


def read_file(path: Path, *, shown: str | None = None) -> Source:
    """Read one YAML file. Raises RulesetError when it is no readable text; other faults are in `.problems`."""
    name = shown or str(path)
    try:
        if path.stat().st_size > 4 * LARGEST:
            raise RulesetError([_too_large(name)])
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as e:
        hint = "save the file as UTF-8"
        raise RulesetError([Problem("not-utf-8", f"byte {e.start} is not UTF-8", Place(name), hint)]) from None
    except OSError as e:
        raise RulesetError([Problem("no-file", f"cannot be read: {e.strerror or e}", Place(name))]) from None
    return read_text(text, file=name)


def read_text(text: str, *, file: str = "<text>") -> Source:
    source = Source(file)
    if len(text) > LARGEST:
        source.problems.append(_too_large(file))
        return source
    try:
        _build(source, yaml.parse(text, Loader=Loader))
    except yaml.YAMLError as e:
        mark = getattr(e, "problem_mark", None)
        said = str(getattr(e, "problem", None) or getattr(e, "reason", None) or "not YAML")
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        if mark is None and (odd := re.search(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", text)):
            line, column = text.count("\n", 0, odd.start()) + 1, odd.start() - text.rfind("\n", 0, odd.start())
        lines = text.splitlines()
        here = lines[line - 1] if line <= len(lines) else ""
        if "\t" in here[: len(here) - len(here.lstrip())]:
            hint = "indent with spaces; YAML allows no tabs"
        elif "\u00a0" in here[: len(here) - len(here.lstrip())]:
            hint = "indent with plain spaces; here is one that does not break"
        elif "mapping values" in said and re.fullmatch(r"\s+[\w-]+", here[: column - 1]):
            hint = "check the indentation: keys of one mapping start in the same column"
        elif re.search(r":\s*[<>]=?\s*\d", here):
            hint = "write a comparison as a word: at_least: 10, more_than: 10"
        else:
            hint = next((h for words, h in HINTS if words in said.lower()), "")
        source.data = None
        source.problems = [Problem("yaml", f"not readable as YAML: {said.lower()}", Place(file, line, column), hint)]
    except RecursionError:
        source.data = None
        source.problems = [Problem("too-deep", "nested too deeply", Place(file, 1, 1))]
    if source.data is None and not source.problems:
        source.problems.append(Problem("empty", "the file is empty", Place(file, 1, 1)))
    return source


def _too_large(file: str) -> Problem:
    return Problem("too-large", f"larger than {LARGEST:,} characters", Place(file), "split it, or check what it is")


def _build(source: Source, events: Any) -> None:
    """Values from YAML's events: one stack of open containers; a key waits in its mapping until its value comes."""
    stack: list[tuple[Any, tuple[str | int, ...], list[str]]] = []  # container, its path, [the key that waits]
    documents = 0

    def fault(code: str, message: str, event: Any, hint: str = "") -> None:
        place = Place(source.file, event.start_mark.line + 1, event.start_mark.column + 1)
        source.problems.append(Problem(code, message, place, hint))

    def path_of_next() -> tuple[str | int, ...]:
        if not stack:
            return ()
        container, path, waiting = stack[-1]
        return (*path, len(container)) if isinstance(container, list) else (*path, waiting[0] if waiting else "")

    def put(value: Any, event: Any) -> None:
        place = Place(source.file, event.start_mark.line + 1, event.start_mark.column + 1)
        if not stack:
            source.data = value
            source.places[()] = place
            return
        container, path, waiting = stack[-1]
        if isinstance(container, list):
            source.places[(*path, len(container))] = place
            container.append(value)
        elif not waiting:
            if not isinstance(value, str):
                fault("key-not-text", "a key must be a word", event, "write the list or mapping as a value")
                value = f"?{event.start_mark.index}"
            if value == "<<":
                fault("anchor", "the merge key '<<' is not allowed", event, "write the keys out here")
            if value in container:
                fault("doubled-key", f"the key '{value}' stands twice here", event, "keep one of them")
                value = f"{value}#{event.start_mark.index}"
            waiting.append(value)
            source.places[(*path, value)] = place
        else:
            key = waiting.pop()
            if ("#" in key and key.split("#")[0] in container) or key.startswith("?"):
                return  # its fault is told; the first value stays
            container[key] = value
            if not isinstance(value, str) or place.line != source.places[(*path, key)].line:
                source.places.setdefault((*path, key), place)

    for event in events:
        if getattr(event, "anchor", None):
            what = "alias" if isinstance(event, yaml.AliasEvent) else "anchor"
            fault("anchor", f"{what} '{event.anchor}' is not allowed", event, "write the value out where it is used")
            if what == "alias":
                put("", event)
                continue
        if getattr(event, "tag", None) and event.tag != "!":
            fault("tag", f"the tag '{event.tag}' is not allowed", event, "leave it out; the key says what type it is")
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                fault("second-document", "a second document begins here", event, "one file holds one document")
                return
        elif isinstance(event, yaml.ScalarEvent):
            put(event.value, event)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            if len(stack) > DEEPEST:
                raise RecursionError
            value: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
            path = path_of_next()
            put(value, event)
            stack.append((value, path, []))
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            stack.pop()
