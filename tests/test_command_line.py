"""The command line: scenario 6, what is refused, and that both outputs say the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sky_model import cli
from sky_model.cli import application
from sky_model.errors import RecordError, RulesetError

ROWS = [
    *(f"p{i},8,2026-09-14,6,health,m1" for i in (1, 6, 8, 9, 10)),
    "p2,8,2026-02-30,6,health,m1",
    "p3,8,2026-09-14,-2,health,m1",
    "131052-308T,8,2026-09-14,6,health,m1",
    "p5,8,2026-09-14,6,sairas,m1",
    "p6,8,2026-09-13,6,health,m2",
    "p7,8,2026-09-14,6,health,m1",
    "p7,8,2026-09-14,5,health,m1",
]
OPTIONS = ["--calendar", "example-week-43/2026-27", "--on", "2026-09-15"]


def run(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(cli.app, list(arguments), input=stdin)


@pytest.fixture
def marks(tmp_path: Path) -> str:
    path = tmp_path / "marks.csv"
    path.write_text("pupil,grade,date,lessons,kind,id\n" + "\n".join(ROWS) + "\n", encoding="utf-8")
    return str(path)


def test_what_cannot_be_true_refuses_one_pupil_and_the_others_go_on(marks: str) -> None:
    result = run("decide", marks, *OPTIONS, "--json")
    lines = [json.loads(x) for x in result.stdout.splitlines()]
    assert result.exit_code == 3
    refused = [x["error"]["rule"] for x in lines if "error" in x]
    assert sorted(refused) == ["identity-code", "negative", "no-such-day", "two-contents"]
    assert all("error" in x for x in lines[:4])
    decided = {x["pupil"]: x for x in lines if "error" not in x}
    assert sorted(decided) == ["p1", "p10", "p5", "p6", "p8", "p9"]
    assert decided["p5"]["set_aside"] == [{"mark": "m1", "why": "no_kind"}]
    assert decided["p6"]["set_aside"] == [{"mark": "m2", "why": "no_school_day"}]
    assert "131052" not in result.output


def test_the_table_says_the_same_with_the_refused_first(marks: str) -> None:
    result = run("decide", marks, *OPTIONS)
    assert result.exit_code == 3
    assert "131052" not in result.output
    assert "4 not decided" in result.output
    assert '{code: "sairas", kind: …}   # 1 mark' in result.output
    assert result.output.index("p2") < result.output.index("p6")


def test_one_line_in_gives_one_answer_out() -> None:
    record = {"format": 1, "pupil": "p-1", "events": [{"type": "mark", "on": "2026-09-14", "lessons": 6, "kind": "health"}]}
    result = run("decide", "-", *OPTIONS, stdin=json.dumps(record) + "\n{broken\n")
    first, second = [json.loads(x) for x in result.stdout.splitlines()]
    assert first["pupil"] == "p-1"
    assert first["basis"]["engine"]["name"] == "sky_model"
    assert second["error"]["rule"] == "not-json"
    assert result.exit_code == 3


def test_earlier_knowledge_cannot_be_asked_for_without_recording_days(marks: str) -> None:
    result = run("decide", marks, *OPTIONS, "--known-on", "2026-09-14", "--json")
    assert "the recording days were not handed in" in result.output


def test_an_unknown_ruleset_is_one_clear_error() -> None:
    result = run("check", "fi-sky/2026-9")
    assert result.exit_code == 4
    assert "there is no ruleset 'fi-sky/2026-9' [no-ruleset]" in result.output
    assert "did you mean 'fi-sky/2026-1'?" in result.output


@pytest.mark.parametrize("name", ["fi-sky/2026-1", "presets/lessons-per-term", "presets/share-of-12-weeks"])
def test_every_shipped_ruleset_has_no_faults(name: str) -> None:
    result = run("check", "--all", name)
    assert result.exit_code == 0
    assert result.output.startswith(f"{name}: no faults\n")
    assert "gap: the ministry's own description of the finished model" in result.output  # what the sources do not say


def test_explain_speaks_three_languages(marks: str) -> None:
    said = {x: run("explain", marks, *OPTIONS, "--pupil", "p1", "--language", x).output for x in ("fi", "sv", "en")}
    assert len(set(said.values())) == 3
    assert all("{" not in x and len(x) > 50 for x in said.values())


def test_errors_are_told_without_a_traceback() -> None:
    assert issubclass(RulesetError, Exception)
    result = run("decide", "no-such-file.csv", *OPTIONS)
    assert result.exit_code == 2
    assert isinstance(result.exception, SystemExit)
    assert not isinstance(result.exception, RecordError)


@pytest.mark.parametrize("name", ["fi-sky/2026-1", "presets/lessons-per-term", "presets/share-of-12-weeks"])
def test_the_golden_cases_of_every_shipped_ruleset_hold(name: str) -> None:
    result = run("test", name)
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize(
    ("form", "line"),
    [
        ("line", ":2:1: error: 'Oma Kunta' is not a name of lower-case letters, digits and hyphens [not-an-id] (write 'oma"),
        ("github", ",line=2,col=1,title=not-an-id::'Oma Kunta' is not a name of lower-case letters, digits and hyphens."),
    ],
)
def test_faults_are_told_in_the_form_that_an_editor_or_github_reads(form: str, line: str, tmp_path: Path) -> None:
    path = tmp_path / "town.yaml"
    path.write_text(
        "format: 1\nruleset: Oma Kunta\nversion: '1'\nstatus: draft\nvalid_from: 2026-08-01\nname: {en: x}\n", encoding="utf-8"
    )
    result = run("check", str(path), "--format", form)
    assert result.exit_code == 4
    assert line in result.output
    assert len(result.output.splitlines()) == 1


def test_a_folder_of_the_user_does_not_hide_the_shipped_folder_of_the_same_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "presets" / "town"
    own.mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    shipped = ["presets/lessons-per-term", "presets/share-of-12-weeks"]
    assert application.rulesets_in("presets") == shipped  # a folder without any ruleset
    (own / "ruleset.yaml").write_text("format: 1\n", encoding="utf-8")
    assert application.rulesets_in("presets") == shipped
    assert application.rulesets_in("./presets") == [str(Path("presets") / "town")]


def test_every_command_about_pupils_takes_the_same_options_for_what_it_decides_with() -> None:
    shared = ["records", "rules", "allow", "calendar", "schools", "signed_by", "unsigned", "mapping", "absent", "as_if", "on"]
    said = {}
    for name in ("decide", "sweep", "explain"):
        of = {p.name: p.to_info_dict() for p in cli.app.commands[name].params}
        assert list(of)[: len(shared)] == shared
        said[name] = [of[x] for x in shared]
    assert said["decide"] == said["sweep"] == said["explain"]
