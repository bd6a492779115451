"""Writes docs/features.md: the 56 features of published models, where a ruleset uses each, and the case that proves it.

Rules: what a feature is and how it is sorted stands in docs/decisions/features.md and nowhere else; a use is found by its
construct in the files themselves, a proof by the `proves` of a golden case; what is not found is said, never filled in.

    python docs/make_features.py            write the page
    python docs/make_features.py --check    exit code 1 if the page is not what would be written
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sky_model.source import Source, read_file

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "features.md"
SHIPPED = ("rulesets/examples", "rulesets/foreign", "rulesets/presets", "rulesets/fi-sky")
MADE_UP = "tests/data/features"
MANY = 3  # uses and cases shown of each feature

# A construct: (path, value). Both are patterns: of the path, with ids in the place of numbers, and of the value as JSON.
CONSTRUCTS: dict[str, list[tuple[str, str]]] = {
    "W1": [(r"counters\.[^.]+\.window\.in", r'"term"$')],
    "W2": [(r"counters\.[^.]+\.window\.in", r'^"school_year"')],
    "W3": [(r"counters\.[^.]+\.window\.rolling", r"school_weeks")],
    "W4": [(r"counters\.[^.]+\.window\.in", r'^"month"')],
    "W5": [(r"counters\.[^.]+\.window\.in", r'^"period"'), (r"schedules\.[^.]+\.end_of", r'"period"')],
    "W6": [(r"counters\.[^.]+\.window\.in", r'"gap"'), (r"statements\.[^.]*reset[^.]*\.says", "")],
    "C1": [(r"counters\.[^.]+\.kinds\.only", "")],
    "C2": [(r"counters\.[^.]+\.kinds\.all_except", ""), (r"counters\.[^.]+\.kinds", r'^"all"')],
    "C3": [(r"counters\.[^.]+\.only_if", "")],
    "C4": [(r"kinds\.unexplained\.is", "")],
    "C5": [(r"change\.\d+\.at", r"lesson_minutes")],
    "C6": [(r"becomes\.\d+", ""), (r"counters\.[^.]+\.kinds\.only", r'"late"')],
    "C7": [(r"counters\.[^.]+\.share_of", ""), (r"planned\.[^.]+", "")],
    "C8": [(r"steps\.[^.]+\.opens", r'"by":\{"grade"'), (r"steps\.[^.]+\.grades", "")],
    "C9": [(r"grades", r'^"0"'), (r"add\.\d+\.at", r"class-lead\.is\.by\.grade")],
    "T1": [(r"steps\.[^.]+\.opens", r"more_than"), (r"steps\.[^.]+\.opens", r"at_least")],
    "T2": [(r"steps\.[^.]+\.expected_by", "")],
    "T3": [(r"steps\.[^.]+\.opens\.any", r"(at_least|more_than).*raised|raised.*(at_least|more_than)")],
    "T4": [(r"steps\.[^.]+\.opens\.all", r'(at_least|more_than).*"is":"(yes|no)"')],
    "T5": [
        (r"counters\.[^.]+\.(most_on_one|days)", ""),
        (r"counters\.[^.]+\.marks\.part", ""),
        (r"reports\.[^.]*(weekday|one-day|certain-days|regularity|subject)[^.]*", ""),
    ],
    "T6": [(r"counters\.[^.]+\.compared_with", ""), (r"reports\.[^.]*(growth|fall|fell)[^.]*", "")],
    "T7": [(r"steps\.[^.]+\.opens", r"unexplained")],
    "T8": [(r"counters\.[^.]+\.measure", r'"days_since"'), (r"counters\.[^.]+\.window\.unbroken", "")],
    "T9": [(r"counters\.[^.]+\.checked", "")],
    "T10": [(r"counters\.[^.]+\.window\.since", r"last_check"), (r"steps\.[^.]+\.again\.every", "")],
    "T11": [(r"steps\..+\.(when|opens)", r'"(reached|worked_through)"'), (r"steps\..+\.(when|opens)", r'"is":"(yes|no)"')],
    "T12": [(r"steps\.[^.]+\.actions\.(talk-with-pupil|contact-guardian|call-case-group)", r'"act"')],
    "A1": [(r"steps\..+\.who", r"any_of"), (r"roles\.[^.]+", r'"what":"(role|profession)"')],
    "A2": [(r"steps\..+\.with", r"at_least"), (r"steps\..+\.with", r"optional"), (r"steps\..+\.with", r"required")],
    "A3": [(r"steps\..+\.duty", r'"(consider|may)"')],
    "A4": [(r"steps\..+\.actions\.[^.]+\.after", "")],
    "A5": [(r"steps\..+\.when", r'"(includes|one_of)"')],
    "A6": [(r"steps\..+\.when", r"reached"), (r"questions\.[^.]*reached[^.]*", "")],
    "A7": [(r"consents\.[^.]+", "")],
    "A8": [(r"steps\..+\.within", r"days|without_delay")],
    "A9": [(r"steps\..+\.within\.on", "")],
    "A10": [(r"steps\..+\.repeat", ""), (r"add\.\d+\.item\.repeat", "")],
    "A11": [(r"messages\.[^.]+", "")],
    "A12": [(r"texts\.[^.]+", r"\{total\}"), (r"messages\.[^.]+\.text", "")],
    "A13": [(r"steps\..+\.record", "")],
    "A14": [(r"steps\..+\.who", r'"responsible-adult"')],
    "A15": [(r"steps\..+\.actions\.[^.]+", r'"act":"assess-child-protection-duty"')],
    "A16": [(r"statements\.[^.]+\.topic", r'"sanctions"')],
    "A17": [(r"statements\.[^.]+\.granted_by", r'"principal"'), (r"steps\..+\.who", r'"principal"')],
    "A18": [(r"steps\.[^.]+\.above", r'"includes"')],
    "E1": [(r"steps\.[^.]+\.closing", r"no-concern"), (r"steps\..+\.unless", ""), (r"steps\.[^.]+\.lasts", r"days")],
    "G1": [(r"community\.[^.]+", "")],
    "G2": [(r"community\.[^.]+\.every\.schedule", ""), (r"community\.[^.]+\.shows", "")],
    "G3": [(r"steps\..+\.if_not_done", ""), (r"questions\.[^.]+\.if_not_done", "")],
    "L1": [(r"statements\.[^.]+\.up_to", "")],
    "L2": [(r"statements\.leave-(in|forms|weeks)[^.]*", ""), (r"statements\.[^.]+\.topic", r'"leave"')],
    "V1": [(r"extends", r'"examples/western'), (r"extends", "")],
    "V2": [(r"(parameters|messages)\.[^.]+\.layer_may", ""), (r"set\.\d+\.parameter", "")],
    "V3": [(r"steps\.[^.]+\.was", ""), (r"ends\.[^.]+", ""), (r"valid_from", "")],
    "V4": [(r"steps\.[^.]+\.name", r'"fi".*"sv".*"en"')],
    "V5": [(r"statements\.[^.]+\.topic", r"duties-of-the-guardian|notice")],
}
# Proofs that no golden case can give: a case is asked of one version, and not of what is shown of a whole class.
TESTS = {
    "G2": ["tests/test_features.py::test_on_a_day_of_checking_every_pupil_is_shown_and_on_no_other_day"],
    "V3": ["tests/test_clocks.py::test_versions_judge_the_days_from_their_first_day_on"],
}

MODELS = {
    1: "Vaasa", 2: "Turku", 3: "Tampere", 4: "Vantaa", 5: "Oulu", 6: "Western Uusimaa", 7: "Tuusula", 8: "Kemi",
    9: "Mustasaari", 10: "Nurmijärvi", 11: "Hämeenlinna", 12: "Kemijärvi", 13: "Naantali region",
    14: "a school on peda.net (50 hours)", 15: "Pori", 16: "Kuopio", 17: "Sodankylä", 18: "Joutsa", 19: "Forssa region",
    20: "the SITKO poster", 21: "Salla", 22: "Uusikaupunki", 23: "Joensuu", 24: "Mikkeli", 25: "Jyväskylä", 26: "Porvoo",
    27: "Oulainen", 28: "Kuhmoinen", 29: "a school on peda.net (leave)",
}  # fmt: skip
NEEDED = {
    "W1": (4, 5, 14), "W2": (2, 3, 7), "W3": (6,), "W4": (16,), "W5": (7, 17), "W6": (3,),
    "C1": (5,), "C2": (2, 6, 8, 9, 13, 22, 24), "C3": (9,), "C4": (4, 5, 9, 10, 18, 24, 29), "C5": (2,), "C6": (4, 5, 19, 28),
    "C7": (3, 6, 24), "C8": (5, 6, 7, 12, 17, 27), "C9": (2,),
    "T1": (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 17, 18, 20, 24), "T2": (8, 16),
    "T3": (1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 13, 14, 15, 16, 19, 20, 22, 26, 28), "T4": (8,), "T5": (1, 3, 4, 7, 9, 10, 15, 16),
    "T6": (3, 4, 7, 15, 16, 22), "T7": (2, 8, 16, 19, 21, 27), "T8": (8, 18, 23), "T9": (6, 7, 17), "T10": (7,),
    "T11": (3, 5, 7, 8, 16, 28), "T12": (1, 2, 3, 4, 13, 14),
    "A1": (1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 25, 26, 28),
    "A2": (1, 2, 3, 5, 7, 8, 9, 10, 11, 13, 14, 15, 16, 20, 26, 28),
    "A3": (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 16, 18, 20, 27),
    "A4": (1, 2, 3, 5, 7, 8, 11, 13, 15, 20), "A5": (2, 14, 16), "A6": (10, 11), "A7": (1, 4, 26),
    "A8": (1, 2, 3, 8, 10, 16, 18, 19, 21, 23, 27), "A9": (3, 16), "A10": (4, 11), "A11": (1, 2, 3, 7, 8), "A12": (4,),
    "A13": (2, 8, 11, 15), "A14": (4, 8), "A15": (2, 4, 5, 7, 8, 11, 16, 28), "A16": (5,), "A17": (5, 11, 19), "A18": (4,),
    "E1": (2, 9), "G1": (1, 3, 4, 6, 8, 15, 19, 20, 25), "G2": (3, 6, 21), "G3": (3,),
    "L1": (5, 6, 8, 10, 12, 17, 19, 21, 23, 24, 25, 27, 29), "L2": (6, 17, 23, 24, 29),
    "V1": (2, 3, 5, 6, 13, 20), "V2": (2, 4, 5, 18, 26), "V3": (1, 2, 3, 8, 25), "V4": (1, 2, 3, 4, 6, 9, 20, 26),
    "V5": (1, 2, 3, 4, 6, 8, 10, 16, 17, 18, 19, 21, 22, 23, 24, 27, 29),
}  # fmt: skip

OPENING = """\
# The 56 features and where each is

Thirty published Finnish models were compared; together they need 56 things. This page shows for each how it is written, the file
and line where a ruleset uses it, which models need it, and the golden cases that prove it. It is made from the rulesets by
`python docs/make_features.py` and never edited. Why a feature *decides* or *states* is told
[on its own page](decisions/features.md); how to begin from a municipality's page, [here](howto-municipality.md).

Files lie in the folder of the project. A file in `tests/` is made up for the tests: no shipped ruleset shows this with a number
of its own, mostly because the published page gives none and nothing is invented.
"""


@dataclass(frozen=True, slots=True)
class Feature:
    """A row of docs/decisions/features.md."""

    code: str
    name: str
    sort: str
    reason: str
    written: str
    group: str


@dataclass(frozen=True, slots=True)
class Use:
    """`rank`: which of the constructs of the feature it is, 0 the first."""

    file: str
    line: int
    text: tuple[str, ...]
    rank: int

    @property
    def is_made_up(self) -> bool:
        return self.file.startswith(MADE_UP)


@dataclass(frozen=True, slots=True)
class Proof:
    file: str
    line: int
    name: str


def features() -> list[Feature]:
    out, group = [], ""
    for line in (ROOT / "docs" / "decisions" / "features.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            group = line[3:]
        match = re.fullmatch(r"\| ([A-Z]\d+) \| (.+?) \| (decides|states) \| (.+?) \| (.+) \| ([^|]+) \|", line)
        if match is not None:
            code, name, sort, reason, written, _ = match.groups()
            out.append(Feature(code, name, sort, reason, written, group))
    return out


def _files(*folders: str) -> Iterator[Path]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.yaml")):
            if not {"cases", "calendars"} & set(path.relative_to(ROOT).parts):
                yield path


def _nodes(value: Any, path: tuple[str | int, ...] = (), name: str = "") -> Iterator[tuple[str, tuple[str | int, ...], Any]]:
    """(its path with ids in the place of numbers, its path in the file, its value), the whole before its parts."""
    if path:
        yield name, path, value
    if isinstance(value, dict):
        for key, x in value.items():
            yield from _nodes(x, (*path, key), f"{name}.{key}" if name else key)
    elif isinstance(value, list):
        for i, x in enumerate(value):
            known = next((str(x[k]) for k in ("id", "act", "step") if k in x), str(i)) if isinstance(x, dict) else str(i)
            yield from _nodes(x, (*path, i), f"{name}.{known}")


def _excerpt(lines: list[str], first: int) -> tuple[str, ...]:
    """The line of a construct and what is indented beneath it, without the common indent. Long ones are cut."""
    begin = lines[first - 1]
    indent = len(begin) - len(begin.lstrip(" "))
    inner = indent + 2 if begin.lstrip().startswith("- ") else indent + 1
    out = [begin]
    for line in lines[first:]:
        if line.strip() and len(line) - len(line.lstrip(" ")) < inner:
            break
        out.append(line)
    while out and not out[-1].strip():
        out.pop()
    cut = out if len(out) <= 6 else [*out[:5], " " * inner + "# …"]
    return tuple(x[indent:] for x in cut)


def _line(source: Source, path: tuple[str | int, ...], lines: list[str]) -> int:
    """The line of the key, which may stand above its value."""
    at, key = source.place(path).line, path[-1]
    while isinstance(key, str) and at > 1 and not re.search(rf"(^|[\s{{\-,]){re.escape(key)}\"?:", lines[at - 1]):
        at -= 1
    return at


def uses() -> dict[str, list[Use]]:
    """Of each feature the uses: those of shipped rulesets first, at most one of each file; then the made-up ones."""
    found: dict[str, list[Use]] = {code: [] for code in CONSTRUCTS}
    for path in _files(*SHIPPED, MADE_UP):
        source, lines = read_file(path), path.read_text(encoding="utf-8").splitlines()
        nodes = [(n, p, json.dumps(v, ensure_ascii=False, separators=(",", ":"))) for n, p, v in _nodes(source.data)]
        shown = path.relative_to(ROOT).as_posix()
        for code, patterns in CONSTRUCTS.items():
            for rank, (where, what) in enumerate(patterns):
                hit = next((p for n, p, v in nodes if re.fullmatch(where, n) and re.search(what, v)), None)
                if hit is not None:
                    at = _line(source, hit, lines)
                    found[code].append(Use(shown, at, _excerpt(lines, at), rank))
                    break
    return {code: sorted(x, key=lambda u: (u.is_made_up, u.rank)) for code, x in found.items()}


def proofs() -> dict[str, list[Proof]]:
    out: dict[str, list[Proof]] = {}
    for folder in (*SHIPPED, MADE_UP):
        for path in sorted((ROOT / folder).rglob("cases/*.yaml")):
            source, shown = read_file(path), path.relative_to(ROOT).as_posix()
            for i, case in enumerate(source.data):
                for code in case.get("proves", []):
                    out.setdefault(code, []).append(Proof(shown, source.place((i,)).line, case["name"].get("en", "")))
    return out


def lacking(used: dict[str, list[Use]], proven: dict[str, list[Proof]]) -> list[str]:
    """Every deciding feature that no ruleset uses or that nothing proves."""
    deciding = [f.code for f in features() if f.sort == "decides"]
    no_use = [f"{code}: no use" for code in deciding if not used.get(code)]
    return no_use + [f"{code}: no case" for code in deciding if not proven.get(code) and not TESTS.get(code)]


def _shown(used: list[Use]) -> list[Use]:
    """Whose lines are printed: the first shipped use, and a made-up one of a construct that no shipped ruleset has."""
    shipped = [u for u in used if not u.is_made_up]
    return [*shipped[:1], *(u for u in used if u.is_made_up and (not shipped or u.rank < shipped[0].rank))]


def _spread(proofs: list[Proof]) -> list[Proof]:
    """Some of many: first one of each file, then the rest."""
    firsts = [p for i, p in enumerate(proofs) if p.file not in {x.file for x in proofs[:i]}]
    return [*firsts, *(p for p in proofs if p not in firsts)][:MANY]


def page() -> str:
    used, proven, out, group = uses(), proofs(), [OPENING], ""
    listed = features()
    deciding = [f for f in listed if f.sort == "decides"]
    from_shipped = [f for f in listed if any(not u.is_made_up for u in used[f.code])]
    out.append(
        f"Of {len(listed)} features {len(deciding)} decide and {len(listed) - len(deciding)} state. "
        f"{len(from_shipped)} are used by a shipped ruleset.\n"
    )
    for f in listed:
        if f.group != group:
            group = f.group
            out.append(f"## {group}\n")
        out.append(f"### {f.code} · {f.name}\n")
        out.append(f"*{f.sort.capitalize()}*: {f.reason}. Written: {f.written}\n")
        mine = used[f.code]
        for u in _shown(mine):
            out.append(f"```yaml\n# {u.file}:{u.line}\n" + "\n".join(u.text) + "\n```\n")
        named = dict.fromkeys([*[u for u in mine if not u.is_made_up][:MANY], *_shown(mine)])
        where = [f"`{u.file}:{u.line}`" for u in named]
        left = sum(not u.is_made_up for u in mine) - sum(not u.is_made_up for u in named)
        others = f", {left} more file{'s' if left > 1 else ''}" if left else ""
        out.append("- used: " + (", ".join(where) + others if where else "nowhere"))
        out.append("- needed by: " + ", ".join(MODELS[n] for n in NEEDED[f.code]))
        cases = proven.get(f.code, [])
        chosen = _spread(cases)
        if any(u.is_made_up for u in _shown(mine)):
            chosen += [p for p in cases if p.file.startswith(MADE_UP) and p not in chosen][:1]
        told = [f"`{p.file}:{p.line}` ({p.name})" for p in chosen] + [f"`{t}`" for t in TESTS.get(f.code, [])]
        more = f"; {len(cases) - len(chosen)} more" if len(cases) > len(chosen) else ""
        nothing = "nothing to prove: it is printed" if f.sort == "states" else "no case"
        out.append("- proven by: " + ("; ".join(told) + more if told else nothing) + "\n")
    return "\n".join(out).rstrip("\n") + "\n"


def main() -> int:
    text = page()
    if "--check" in sys.argv[1:]:
        return 0 if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == text else 1
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
