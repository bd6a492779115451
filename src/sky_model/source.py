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
IN_STEP = "check the indentation: items of one list and keys of one mapping start in the same column"
COLON = "a key is followed by a colon and a space"
QUOTED = "put the text in quotes, such as 'a text'"
HINTS = (  # by a part of what the reader says, the first that fits; both readers of PyYAML say it a little otherwise
    ("mapping values are not allowed", "put a text that holds a colon in quotes"),
    ("sequence entries are not allowed", "begin a list in the line below its key: each item after a dash and a space"),
    ("mapping keys are not allowed", f"a ? stands where a value is expected: {QUOTED}"),
    ("'-' indicator", "begin each item of the list with a dash and a space, its keys below each other"),
    ("<block end>", IN_STEP),
    ("could not find expected ':'", COLON),
    ("unexpected ':'", COLON),
    ("unexpected end of stream", "the quote that is opened here is not closed"),
    ("unexpected document", "the quote that is opened above --- or ... is not closed"),
    ("expected key", IN_STEP),
    ("expected ','", "close what is opened in this line or above it: a quote, [ or {"),
    ("node content", "a value is missing here, or a comma or a bracket is too much"),
    ("characters are not allowed", "take the character out; a ruleset is plain text"),
    ("surrogates not allowed", "take the character out; a ruleset is plain text"),
    ("cannot start any token", "put a text that begins with % @ or ` in quotes"),
    ("yaml d", "take the line with %YAML out"),
    ("version number", "take the line with %YAML out"),
    ("expected a digit", "take the line with %YAML out"),
    ("expected '!'", "take the line with %TAG out"),
    ("directive", f"no line begins with %: {QUOTED}"),
    ("tag", f"a text does not begin with !: {QUOTED}"),
    ("uri", f"a text does not begin with !: {QUOTED}"),
    ("'>'", f"a text does not begin with !: {QUOTED}"),
    ("escape", "write the text in single quotes: there a backslash is a backslash"),
    ("hexdecimal", "write the text in single quotes: there a backslash is a backslash"),
    ("alphabetic or numeric", f"a text does not begin with * or &: {QUOTED}"),
    ("comment or", f"a text does not begin with | or >: {QUOTED}"),
    ("indentation indicator", f"a text does not begin with | or >: {QUOTED}"),
    ("<document start>", "one file holds one document: take the line with ... out"),
)
OTHERWISE = "look at this line and the one above: key: value, list items after a dash and a space, spaces for indentation"
ALIKE = (  # what an office program writes by itself in the place of a plain sign
    (r"[:-]\u00a0", "a space that does not break"),
    (r"\w\uff1a", "a wide colon"),
    (r"[:,{\[]\s*[\u201c\u201d]", "a curly quote"),
)
NO_SPACE = re.compile(r"\s*-[^\s-]")  # a dash of a list, and the item close behind it


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
        hint = "check the path, and that you may read the file"
        raise RulesetError([Problem("no-file", f"cannot be read: {e.strerror or e}", Place(name), hint)]) from None
    return read_text(text, file=name)


def read_text(text: str, *, file: str = "<text>") -> Source:
    source = Source(file)
    if len(text) > LARGEST:
        source.problems.append(_too_large(file))
        return source
    try:
        _build(source, yaml.parse(text, Loader=Loader))
    except (yaml.YAMLError, ValueError, OverflowError) as e:  # the last two: no character has the number of an escape
        source.data = None
        source.problems = [_unreadable(e, text, file)]
    except RecursionError:
        source.data = None
        source.problems = [Problem("too-deep", "nested too deeply", Place(file, 1, 1), f"write it with at most {DEEPEST} levels")]
    if source.data is None and not source.problems:
        hint = "write keys and values, or take the file away"
        source.problems.append(Problem("empty", "the file is empty", Place(file, 1, 1), hint))
    return source


def _too_large(file: str) -> Problem:
    return Problem("too-large", f"larger than {LARGEST:,} characters", Place(file), "split it, or check what it is")


def _unreadable(e: Exception, text: str, file: str) -> Problem:
    """What the reader says, where the author looks for it, and what to write instead."""
    said = str(getattr(e, "problem", None) or getattr(e, "reason", None) or "an escape that is no character").lower()
    mark, opened = getattr(e, "problem_mark", None), getattr(e, "context_mark", None)
    if opened and ("expected ':'" in said or "end of stream" in said):
        mark = opened  # the key without its colon, the quote that is not closed: not the line at which the reader gives up
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    if mark is None and (odd := re.search(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", text)):
        line, column = text.count("\n", 0, odd.start()) + 1, odd.start() - text.rfind("\n", 0, odd.start())
    lines = text.splitlines()
    here = lines[line - 1] if line <= len(lines) else ""
    above = next((x for x in reversed(lines[: line - 1]) if x.strip() and not x.lstrip().startswith("#")), "")
    return Problem("yaml", f"not readable as YAML: {said}", Place(file, line, column), _hint(said, here, above, column))


def _hint(said: str, here: str, above: str, column: int) -> str:
    """What to write instead: by what stands in the line and above it, else by what the reader says."""
    indent, before, at = here[: len(here) - len(here.lstrip())], here[: column - 1], here[column - 1 : column]
    if "\t" in indent or at == "\t":
        return "indent with spaces; YAML allows no tabs"
    if "\u00a0" in indent:
        return "indent with plain spaces; here is one that does not break"
    if odd := next((name for form, name in ALIKE if re.search(form, here) or re.search(form, above)), ""):
        return f"write plain spaces, colons and quotes; here or in the line above is {odd}"
    if any(words in said for words in ("'-' indicator", "mapping values", "expected key")) and (
        NO_SPACE.match(here) or NO_SPACE.match(above)
    ):
        return "a dash that begins an item is followed by a space"
    if "mapping values" in said and re.fullmatch(r"\s*[\w-]+", before):  # the line is well: the one above, or the column
        if not re.search(r":(\s|$)", above):
            return f"{COLON}: look at the line above"
        return "check the indentation: keys of one mapping start in the same column"
    if re.search(r":\s*[<>]=?\s*\d", here):
        return "write a comparison as a word: at_least: 10, more_than: 10"
    is_after_value = "expected key" in said or "'-' indicator" in said
    if is_after_value and at and at in "]}":
        return f"this {at} closes nothing: take it out, or open it before"
    if is_after_value and re.search(r"[\"']\s*$", before):
        return "the text ends at this quote, or a quote above is not closed; around a text with ' in it write \""
    return next((hint for words, hint in HINTS if words in said), OTHERWISE)


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
            is_plain = isinstance(event, yaml.ScalarEvent) and not event.style
            if is_plain and value == "" and (one := re.fullmatch(r"([\w-]+):(\S.*)", key)):
                at = source.places[(*path, key)]
                source.problems.append(Problem("yaml", f"'{key}' has no space after its colon", at, f"write {one[1]}: {one[2]}"))
            if is_plain and NO_SPACE.match(value) and place.line != source.places[(*path, key)].line:
                fault(
                    "yaml",
                    "an item of a list has no space after its dash",
                    event,
                    "a dash that begins an item is followed by a space",
                )
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
            if re.search("[\ud800-\udfff]", event.value):  # the reader in C tells it by itself
                fault("yaml", "not readable as YAML: half a character", event, "take the character out; a ruleset is plain text")
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
