"""The printed pages of a ruleset: nothing of it is missing, nothing is added, and they are fit to be looked at.

Rules: numbers are looked for as the ruleset's own files say them; a page is opened in headless Chromium where one is found.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path

import pytest
from click.testing import CliRunner

import sky_model as sky
from sky_model.cli import app
from sky_model.export.booklet import write_booklet
from sky_model.export.sentences import Words, texts_of
from sky_model.layers import rulesets_folder
from sky_model.rules import ByGrade, Ruleset

ROOT = rulesets_folder()
NAMES = sorted(str(p.parent.relative_to(ROOT)) for p in ROOT.rglob("ruleset.yaml"))
LANGUAGES = ("fi", "sv", "en")
MODULES = ROOT.parent / ".cache" / "pages" / "node_modules"
CHROMIUM = next((x for x in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if x), None)


def rules_of(name: str) -> Ruleset:
    return sky.load(name, allow=("draft", "variant")).newest


def words_of(html: str) -> str:
    return " ".join(unescape(re.sub(r"<style>.*?</style>|<[^>]+>", " ", html, flags=re.DOTALL)).split())


@pytest.mark.long
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_every_number_name_source_and_gap_of_a_ruleset_stands_in_its_rulebook(name: str, language: str) -> None:
    rules, said = rules_of(name), Words(rules_of(name), language)
    files = write_booklet(rules, language=language)
    page = words_of(files["rulebook.html"])
    wanted: list[str] = []
    missing: list[str] = []
    for s in rules.steps:
        wanted.append(said.text(s.said.name))
        section = words_of(files["rulebook.html"].partition(f'id="step-{s.id}"')[2].partition("<h3")[0].partition("<h2")[0])
        opening = section.partition(f" {texts_of()['lasts'][language]} ")[0]  # what opens it stands before how long it lasts
        for t in s.tests:
            for _, limit in t.asks:
                if t.what == "counter" and isinstance(limit, int | ByGrade):
                    count = rules.counters[t.fact]
                    unit = 100 if count.is_share else count.unit
                    one, many = texts_of()[f"measure-{'per_cent' if count.is_share else count.measure}"][language].split("|")
                    for n in set(limit.values.values()) if isinstance(limit, ByGrade) else {limit}:
                        number = f"{n / unit:g}".replace(".", "," if language != "en" else ".")
                        if not re.search(rf"(?<![\d.,]){re.escape(number)} (?:{re.escape(one)}|{re.escape(many)})", opening):
                            missing.append(f"{s.id}: {number} {one} in: {opening[:200]}")
        for a in s.actions:
            if said.text(a.name) not in section:
                missing.append(f"{s.id}: {a.id}")
            if a.due is not None and a.due.span is not None:
                one, many = texts_of()[f"clock-{a.due.span.clock}"][language].split("|")
                number = str(a.due.span.number)
                if not re.search(rf"(?<!\d){number} (?:{re.escape(one)}|{re.escape(many)})", section):
                    missing.append(f"{s.id}: {a.id}: {number} {one}")
            wanted += [said.actor(n) for n in said.who(a.who)]
    for count in rules.counters.values():
        rolling = count.window.rolling
        if rolling is not None:
            one, many = texts_of()[f"clock-{rolling.clock}"][language].split("|")
            row = page.partition(f" {texts_of()['counted'][language]} ")[2]
            if not re.search(rf"(?<!\d){rolling.number} (?:{re.escape(one)}|{re.escape(many)})", row):
                missing.append(f"{count.id}: {rolling.number} {one}")
    wanted += [x.name for x in rules.said.sources] + [g.gap for g in rules.said.gaps] + [g.gap for g in rules.gaps]
    wanted += [said.text(x.name) for x in (*rules.said.roles, *rules.said.kinds, *rules.said.community, *rules.said.consents)]
    wanted += [said.text(x.says) for x in rules.said.statements]
    missing += [w for w in wanted if " ".join(w.split()).lower() not in page.lower()]
    assert missing == []


def test_every_word_is_there_in_three_languages_and_is_used() -> None:
    for key, text in texts_of().items():
        assert set(text) == set(LANGUAGES), key
        assert all(text.values()), key


def test_a_text_that_a_language_lacks_is_given_in_another_and_marked(tmp_path: Path) -> None:
    (tmp_path / "my-town").mkdir()
    (tmp_path / "my-town" / "ruleset.yaml").write_text(
        "format: 1\nruleset: my-town\nversion: 2026-1\nextends: presets/lessons-per-term\nstatus: draft\n"
        "valid_from: 2026-08-01\nname: {en: My own town}\n"
        "change: [{at: steps.first-limit-reached.opens.any.absence-lessons.at_least, from: 30, to: 25,"
        " because: the board said so}]\n",
        encoding="utf-8",
    )
    rules = rules_of(str(tmp_path / "my-town"))
    assert "My own town (endast på engelska)" in write_booklet(rules, language="sv")["rulebook.html"]
    english = words_of(write_booklet(rules, language="en")["rulebook.html"])
    assert "My own town (in" not in english
    assert "lessons-per-term/2026-1; my-town/2026-1: the board said so" in english


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_leaflet_has_four_headings_and_no_other(language: str) -> None:
    html = write_booklet(rules_of("presets/lessons-per-term"), language=language)["guardians.html"]
    heads = re.findall(r"<h2[^>]*>(.*?)</h2>", html)
    assert heads == [texts_of()[f"g-{k}"][language] for k in ("count", "happens", "correct", "sees")]


def test_the_same_ruleset_gives_the_same_bytes() -> None:
    assert write_booklet(rules_of("fi-sky/2026-1")) == write_booklet(rules_of("fi-sky/2026-1"))


def test_what_a_ruleset_holds_is_never_read_as_html(tmp_path: Path) -> None:
    path = tmp_path / "my-town"
    path.mkdir()
    (path / "ruleset.yaml").write_text(
        "format: 1\nruleset: my-town\nversion: 2026-1\nextends: presets/lessons-per-term\nstatus: draft\n"
        'valid_from: 2026-08-01\nname: {fi: "<script>alert(1)</script> & \\"x\\""}\n'
        "sources: [{id: evil, kind: local, name: '<img src=x onerror=alert(1)>', url: 'javascript:alert(1)',"
        " certainty: primary}]\n",
        encoding="utf-8",
    )
    for name, text in write_booklet(rules_of(str(path))).items():
        assert "<script" not in text, name
        assert "<img" not in text, name
        assert 'href="javascript' not in text, name


def test_the_papers_effect_is_what_was_counted_and_says_what_is_assumed(tmp_path: Path) -> None:
    side = {"ruleset": "x/1", "status": "pilot", "fingerprint": "f"}
    figure = {
        "role": "principal", "week": "2026-09-07", "a": {"tasks": 3, "takes_part": 0, "minutes": 90},
        "b": {"tasks": 7, "takes_part": 0, "minutes": 210}, "assumed": True, "without_minutes": [], "capacity": None,
        "over_capacity": None,
    }  # fmt: skip
    effect = {
        "format": 1, "a": side, "b": side, "changes": [], "days": {"from": "2026-09-01", "to": "2026-09-30", "number": 22},
        "pupils": {"decided": 500, "different": 55, "groups": []},
        "work": {"figures": [figure], "answers_of_people": 0,
                 "overdue": [{"role": "principal", "school": "s-1", "a": 0, "b": 2}]},
    }  # fmt: skip
    file = tmp_path / "effect.json"
    file.write_text(json.dumps(effect), encoding="utf-8")
    out = tmp_path / "out"
    args = ["rulebook", "presets/lessons-per-term", "--language", "en", "--what", "paper", "--form", "html"]
    done = CliRunner().invoke(app, [*args, "--out", str(out), "--effect", str(file)])
    assert done.exit_code == 0, done.output
    page = words_of((out / "board.html").read_text(encoding="utf-8"))
    assert "55 of 500 pupils get another proposal from 2026-09-01 to 2026-09-30" in page
    assert "principal 3 → 7 2 → 4 0 → 2" in page
    assert "rest on assumed minutes" in page
    assert sorted(p.name for p in out.iterdir()) == ["board.html"]
    file.write_text("{}", encoding="utf-8")
    refused = CliRunner().invoke(app, [*args, "--out", str(out), "--effect", str(file)])
    assert refused.exit_code == 2
    assert "holds no counted effect; write it with: sky diff OLD NEW --records" in refused.output


def test_markdown_says_the_same_and_draws_the_path_as_mermaid() -> None:
    files = write_booklet(rules_of("presets/lessons-per-term"), language="en")
    text = files["rulebook.md"]
    assert "```mermaid\nflowchart TD" in text
    for head in re.findall(r"<h2[^>]*>(.*?)</h2>", files["rulebook.html"]):
        assert f"## {unescape(head)}" in text


@pytest.mark.skipif(CHROMIUM is None, reason="skipped: no Chromium on this machine")
@pytest.mark.skipif(not MODULES.is_dir(), reason="skipped: axe is not installed (sh tests/pages/install.sh)")
@pytest.mark.skipif(shutil.which("node") is None, reason="skipped: no node on this machine")
def test_the_pages_pass_axe_fit_a_phone_ask_nothing_of_the_network_and_the_paper_is_one_sheet(tmp_path: Path) -> None:
    pages = []
    for name in ("presets/lessons-per-term", "examples/turku/2023", "fi-sky/2026-1"):
        for language in LANGUAGES:
            for file, text in write_booklet(rules_of(name), language=language).items():
                if file.endswith(".html"):
                    pages.append(tmp_path / f"{name.replace('/', '_')}-{language}-{file}")
                    pages[-1].write_text(text, encoding="utf-8")
    script = Path(__file__).resolve().parent / "pages" / "axe.mjs"
    command = ["node", str(script), str(MODULES), str(CHROMIUM), *map(str, pages)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) == len(pages)
    for page in found:
        assert page["violations"] == [], page
        assert page["asked"] == [], page
        assert not page["too_wide_on_a_phone"], page
        assert page["sheets"] == 1 or "board" not in page["file"], page


def test_the_paper_gives_the_reason_of_whoever_set_a_number(tmp_path: Path) -> None:
    (tmp_path / "my-town").mkdir()
    (tmp_path / "my-town" / "ruleset.yaml").write_text(
        "format: 1\nruleset: my-town\nversion: 2026-1\nextends: presets/lessons-per-term\nstatus: draft\n"
        "valid_from: 2026-08-01\nname: {en: My town}\n"
        "change: [{at: steps.first-limit-reached.opens.any.absence-lessons.at_least, from: 30, to: 25,"
        " because: the board said so}]\n",
        encoding="utf-8",
    )
    page = write_booklet(rules_of(str(tmp_path / "my-town")), language="en")["board.md"]
    row = next(line for line in page.splitlines() if "25 lessons" in line)
    assert "the board said so (my-town/2026-1)" in row.replace("\\", "")
    assert "Example of this library" not in row
