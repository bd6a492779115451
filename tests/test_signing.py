"""Signed rulesets: whatever changed since the signature is refused by its file's name, in the layer and in its base.

Rules: folders are written here and damaged on the disk; every file is damaged in turn; keys are made here and kept nowhere.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

import sky_model as sky
from sky_model import cli, layers
from sky_model.host import service, signing
from sky_model.host.log import Log
from sky_model.host.schools import SchoolsFile, read_schools
from sky_model.host.signing import MANIFEST, SIGNATURE, canonical, load_signed, manifest_of, public_key_of, sign, verify
from sky_model.source import read_text
from sky_model.vocabulary import read

SHIPPED = Path(__file__).resolve().parents[1] / "rulesets" / "presets" / "lessons-per-term"
TOP = """\
format: 1
ruleset: signed-town
version: 1
extends: signed-base/1
status: draft
valid_from: 2026-08-12
name: {en: signed town}
"""


def _pem(key: Any) -> bytes:
    form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return bytes(key.private_bytes(serialization.Encoding.PEM, form, plain))


KEY, OTHER = (_pem(ed25519.Ed25519PrivateKey.generate()) for _ in range(2))
PUBLIC = public_key_of(KEY)


def _write(folder: Path) -> None:
    manifest = manifest_of(folder)
    (folder / MANIFEST).write_bytes(canonical(manifest))
    (folder / SIGNATURE).write_text(sign(manifest, KEY), encoding="ascii")


@pytest.fixture
def town(tmp_path: Path) -> Path:
    """A signed layer with a folder inside it, on a base with several files that lies beside it."""
    base, top = tmp_path / "signed-base" / "1", tmp_path / "signed-town"
    shutil.copytree(SHIPPED, base)
    (base / "about").mkdir()
    (base / "about" / "minutes.md").write_bytes(b"a page\n")
    (top / "cases").mkdir(parents=True)
    (top / "ruleset.yaml").write_text(TOP, encoding="utf-8")
    (top / "cases" / "notes.md").write_bytes(b"read by people\n")
    _write(top)
    return top


def _files(town: Path) -> list[Path]:
    found = [p for p in sorted(town.parent.rglob("*")) if p.is_file() and p.name not in (MANIFEST, SIGNATURE)]
    assert {p.relative_to(town.parent).parts[0] for p in found} == {"signed-base", "signed-town"}
    return found


def _told(town: Path, key: bytes = PUBLIC) -> set[tuple[str, str]]:
    """(code, file) of what is refused; what "warn" returns is what "refuse" raises."""
    with pytest.raises(sky.RulesetError) as e:
        verify(town, [key])
    assert list(e.value.problems) == verify(town, [key], unsigned="warn")
    return {(p.code, Path(p.place.file).name) for p in e.value.problems}


def test_what_was_signed_is_verified_and_loaded(town: Path) -> None:
    assert verify(town, [public_key_of(OTHER), PUBLIC]) == []
    model, problems = load_signed(town, signed_by=[PUBLIC], allow={"draft"})
    assert (model.fingerprint, problems) == (manifest_of(town)["fingerprint"], [])


def test_the_manifest_names_every_file_of_the_layer_and_of_its_bases(town: Path) -> None:
    manifest = manifest_of(town)
    assert (manifest["ruleset"], manifest["version"]) == ("signed-town", "1")
    assert [x["ruleset"] for x in manifest["layers"]][:2] == ["signed-town/1", "lessons-per-term/2026-1"]
    named = {f for x in manifest["layers"][:2] for f in x["files"]}
    assert named == {p.relative_to(town if town in p.parents else town.parent / "signed-base/1").as_posix() for p in _files(town)}
    assert str(town.parent) not in canonical(manifest).decode()
    assert json.loads(canonical(manifest)) == manifest


@pytest.mark.long
def test_a_changed_byte_of_any_file_is_refused_with_the_files_name(town: Path) -> None:
    for path in _files(town):
        was = path.read_bytes()
        for at in (0, len(was) // 2, len(was) - 1):
            path.write_bytes(was[:at] + bytes([was[at] ^ 1]) + was[at + 1 :])
            assert ("signed-changed", path.name) in _told(town)
        path.write_bytes(was)
    assert verify(town, [PUBLIC]) == []


def test_other_line_ends_of_any_file_are_refused_with_the_files_name(town: Path) -> None:
    for path in _files(town):
        was = path.read_bytes()
        path.write_bytes(was.replace(b"\n", b"\r\n"))
        assert ("signed-changed", path.name) in _told(town)
        path.write_bytes(was)
    assert verify(town, [PUBLIC]) == []


@pytest.mark.long
def test_an_added_file_is_refused_with_its_name_wherever_it_lies(town: Path) -> None:
    for folder in sorted({p.parent for p in _files(town)}):
        for name in ("escalation-2.yaml", ".hidden"):
            (folder / name).write_bytes(b"")
            assert ("signed-added", name) in _told(town)
            (folder / name).unlink()
    assert verify(town, [PUBLIC]) == []


def test_a_removed_file_is_refused_with_its_name(town: Path) -> None:
    for path in _files(town):
        was = path.read_bytes()
        path.unlink()
        assert ("signed-missing", path.name) in _told(town)
        path.write_bytes(was)
    assert verify(town, [PUBLIC]) == []


def test_a_renamed_file_is_refused_with_its_old_and_where_its_folder_is_still_read_its_new_name(town: Path) -> None:
    for path in _files(town):
        to = path.with_name("renamed" + path.suffix)
        path.rename(to)
        told = _told(town)
        assert ("signed-missing", path.name) in told
        if path.name != "ruleset.yaml" or path.parent == town:  # a base without ruleset.yaml is not found any more
            assert ("signed-added", to.name) in told
        to.rename(path)
    assert verify(town, [PUBLIC]) == []


def test_another_key_no_key_or_a_changed_manifest_or_signature_is_refused(town: Path) -> None:
    assert _told(town, public_key_of(OTHER)) == {("signed-by-another", SIGNATURE)}
    assert [p.code for p in verify(town, [], unsigned="warn")] == ["signed-by-another"]
    for name in (MANIFEST, SIGNATURE):
        was = (town / name).read_bytes()
        for damaged in (was[:-1], was[1:], b"", b"\xff" + was, was.replace(was[5:6], b"~")):
            (town / name).write_bytes(damaged)
            assert _told(town) == {("signed-by-another", SIGNATURE)}
        (town / name).unlink()
        assert _told(town) == {("not-signed", name)}
        (town / name).write_bytes(was)


def test_a_manifest_made_anew_without_the_key_is_refused(town: Path) -> None:
    (town / "cases" / "notes.md").write_bytes(b"changed\n")
    (town / MANIFEST).write_bytes(canonical(manifest_of(town)))
    assert _told(town) == {("signed-by-another", SIGNATURE)}


def test_an_old_manifest_with_a_newer_version_is_refused(town: Path) -> None:
    (town / "ruleset.yaml").write_text(TOP.replace("version: 1", "version: 2"), encoding="utf-8")
    assert _told(town) == {("signed-other-version", MANIFEST), ("signed-changed", "ruleset.yaml")}
    problem = next(p for p in verify(town, [PUBLIC], unsigned="warn") if p.code == "signed-other-version")
    assert problem.message == "the manifest is of signed-town/1, and the folder holds signed-town/2"


def test_a_signed_manifest_of_another_format_is_refused(town: Path) -> None:
    manifest = {**manifest_of(town), "format": 2}
    (town / MANIFEST).write_bytes(canonical(manifest))
    (town / SIGNATURE).write_text(sign(manifest, KEY), encoding="ascii")
    assert _told(town) == {("signed-format", MANIFEST)}


def test_rules_that_read_otherwise_than_when_they_were_signed_are_refused(town: Path) -> None:
    manifest = {**manifest_of(town), "fingerprint": "sha256:0"}
    (town / MANIFEST).write_bytes(canonical(manifest))
    (town / SIGNATURE).write_text(sign(manifest, KEY), encoding="ascii")
    assert _told(town) == {("signed-reads-otherwise", MANIFEST)}


def test_a_file_that_changes_between_verifying_and_loading_is_refused(town: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load = sky.load

    def change_then_load(*given: Any, **more: Any) -> Any:
        (town / "ruleset.yaml").write_text(TOP.replace("2026-08-12", "2026-08-13"), encoding="utf-8")
        return load(*given, **more)

    monkeypatch.setattr(signing.models, "load", change_then_load)
    with pytest.raises(sky.RulesetError, match="signed-reads-otherwise"):
        load_signed(town, signed_by=[PUBLIC], allow={"draft"})


def test_a_changed_ruleset_loads_only_where_the_policy_is_to_warn(town: Path) -> None:
    (town / "cases" / "notes.md").write_bytes(b"changed\n")
    with pytest.raises(sky.RulesetError, match="signed-changed"):
        load_signed(town, signed_by=[PUBLIC], allow={"draft"})
    model, problems = load_signed(town, signed_by=[PUBLIC], unsigned="warn", allow={"draft"})
    assert (model.name, [p.code for p in problems]) == ("signed-town/1", ["signed-changed"])
    for wrong in (verify, load_signed):
        with pytest.raises(ValueError, match="write 'refuse' or 'warn'"):
            wrong(town, signed_by=[PUBLIC], unsigned="ignore")  # type: ignore[operator]


def test_a_link_is_neither_signed_nor_verified(town: Path) -> None:
    (town / "linked").symlink_to(town / "cases", target_is_directory=True)
    assert ("not-signable", "linked") in _told(town)
    with pytest.raises(sky.RulesetError, match="not-signable"):
        manifest_of(town)


def test_a_ruleset_with_faults_or_of_a_single_file_is_not_signed(town: Path) -> None:
    with pytest.raises(sky.RulesetError, match="not-signable"):
        manifest_of(town / "ruleset.yaml")
    (town / "ruleset.yaml").write_text(TOP.replace("draft", "nearly"), encoding="utf-8")
    with pytest.raises(sky.RulesetError, match="nearly"):
        manifest_of(town)


def test_a_ruleset_that_is_not_there_or_no_folder_is_refused_whatever_the_policy(town: Path) -> None:
    for nothing, code in ((town / "nothing", "no-ruleset"), (town / "ruleset.yaml", "not-signable")):
        with pytest.raises(sky.RulesetError, match=code):
            verify(nothing, [PUBLIC], unsigned="warn")


def test_another_kind_of_key_gets_a_clear_error_that_repeats_nothing_of_it(town: Path) -> None:
    for wrong in (b"", b"secret words", PUBLIC, _pem(ec.generate_private_key(ec.SECP256R1()))):
        with pytest.raises(ValueError, match="no Ed25519 private key") as e:
            sign(manifest_of(town), wrong)
        assert "secret" not in str(e.value)
    with pytest.raises(ValueError, match="no Ed25519 public key"):
        verify(town, [KEY])


def test_without_cryptography_everything_imports_and_signing_says_what_to_install(town: Path) -> None:
    program = (
        "import sys; sys.modules['cryptography'] = None\n"
        "import sky_model.cli; from sky_model.host.signing import manifest_of, sign, verify\n"
        f"manifest = manifest_of({str(town)!r})\n"
        "for call in (lambda: sign(manifest, b''), lambda: verify('x', [b''])):\n"
        "    try: call()\n"
        "    except ImportError as e: print(e)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.count("pip install 'sky-model[sign]'") == 2


def test_the_command_line_signs_and_verifies_and_ends_with_the_code_of_the_policy(town: Path, tmp_path: Path) -> None:
    (tmp_path / "town.key").write_bytes(KEY)
    (tmp_path / "town.pub").write_bytes(PUBLIC)
    key, public = str(tmp_path / "town.key"), str(tmp_path / "town.pub")

    def run(*words: str) -> Any:
        return CliRunner().invoke(cli.app, [words[0], str(town), *words[1:]])

    (town / SIGNATURE).unlink()
    assert run("verify", "--signed-by", public).exit_code == 4
    assert run("sign", "--key", key).output.startswith("signed signed-town/1: ")
    assert (run("verify", "--signed-by", public).exit_code, verify(town, [PUBLIC])) == (0, [])
    (town / "cases" / "notes.md").write_bytes(b"changed\n")
    refused, warned = run("verify", "--signed-by", public), run("verify", "--signed-by", public, "--unsigned", "warn")
    assert (refused.exit_code, warned.exit_code) == (4, 0)
    assert "cases/notes.md is not the file that was signed" in refused.output
    told = json.loads(run("verify", "--signed-by", public, "--json").stdout)
    assert (told["format"], told["signed"], [p["code"] for p in told["problems"]]) == (1, False, ["signed-changed"])
    wrong = run("sign", "--key", public)
    assert (wrong.exit_code, "no Ed25519 private key" in wrong.output) == (2, True)


# ---------------------------------------------------------------------- commands that answer for pupils
YEAR = "example-week-43/2026-27"
EVENTS: list[dict[str, Any]] = [
    {"type": "enrolment", "school": "s-3", "grade": 8, "on": "2026-08-12", "calendar": YEAR},
    {"type": "mark", "id": "m1", "on": "2026-09-14", "lessons": 6, "kind": "unauthorised"},
]
PUPIL = {"format": 1, "pupil": "p-17", "feed": {"data_until": "2026-09-30"}, "events": EVENTS}
REQUEST = json.dumps({"format": 1, "id": 1, "request": "decide", "on": "2026-10-01", "record": PUPIL}) + "\n"
ON, ALLOWED = ("--on", "2026-10-01"), ("--calendar", YEAR, "--allow", "draft")
COMMANDS: dict[str, tuple[str, ...]] = {
    "decide": ("decide", "pupils.jsonl", *ON, "--json"),
    "explain": ("explain", "pupils.jsonl", *ON, "--pupil", "p-17"),
    "sweep": ("sweep", "pupils.jsonl", *ON, "--json"),
    "serve --stdio": ("serve", "--stdio"),
    "serve --http": ("serve", "--http"),
    "checkpoint": ("checkpoint", "pupils.jsonl", "--on", "2026-08-12"),
    "log replay": ("log", "replay", "log", "--records", "pupils.jsonl", "--json"),
}
DECIDE = COMMANDS["decide"]


@pytest.fixture
def desk(town: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The town, with all that a command needs: two keys, a pupil, a log; what would serve for ever ends at once."""
    here = town.parent
    monkeypatch.chdir(here)
    (here / "pupils.jsonl").write_text(json.dumps(PUPIL) + "\n", encoding="utf-8")
    (here / "town.pub").write_bytes(PUBLIC)
    (here / "other.pub").write_bytes(public_key_of(OTHER))
    (here / "town.key").write_bytes(KEY)
    model, calendar = sky.load(town, allow={"draft"}), sky.load_calendar(YEAR)
    decision = sky.decide(model, sky.Case.from_json(PUPIL), on=date(2026, 10, 1), calendars=calendar)
    with Log(here / "log") as log:
        log.decided(decision, time="2026-10-01T07:00:00+03:00")
    monkeypatch.setattr(service, "serve", lambda *_, **__: None)
    return here


def call(command: tuple[str, ...], *more: str, rules: str = "signed-town") -> Any:
    """What a command says and ends with, as from the shell."""
    words = [*command, *ALLOWED, *(("--rules", rules) if rules else ()), *more]
    done = CliRunner().invoke(cli.app, words, input=REQUEST * 3)
    if isinstance(done.exception, sky.RulesetError):  # as `main` ends it
        done.exit_code, done.stderr_bytes = 4, str(done.exception).encode()
    assert done.exception is None or isinstance(done.exception, (SystemExit, sky.RulesetError)), done.exception
    return done


def test_every_command_that_answers_by_rules_takes_keys() -> None:
    of_log = {f"log {n}": c for n, c in cli.app.commands["log"].commands.items()}  # type: ignore[attr-defined]
    commands = {**cli.app.commands, **of_log}
    takes = {n: {p.name for p in c.params} for n, c in commands.items()}
    assert {n for n, p in takes.items() if "rules" in p} == {
        "decide",
        "explain",
        "sweep",
        "serve",
        "log replay",
        "checkpoint",
        "map",
    }
    assert {n for n, p in takes.items() if {"signed_by", "unsigned"} <= p} == {
        "decide", "explain", "sweep", "serve", "log replay", "checkpoint", "verify",
    }  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_with_a_key_answers_as_without_one_and_refuses_or_warns_when_a_file_differs(name: str, desk: Path) -> None:
    command = COMMANDS[name]
    without, signed = call(command), call(command, "--signed-by", "town.pub")
    assert without.exit_code == signed.exit_code == 0
    assert (signed.stdout, signed.stderr) == (without.stdout, without.stderr)
    (desk / "signed-town" / "cases" / "notes.md").write_bytes(b"changed\n")
    assert (call(command).exit_code, call(command).stderr) == (0, without.stderr)  # without a key nothing is asked
    for more in ((), ("--unsigned", "refuse")):
        refused = call(command, "--signed-by", "town.pub", *more)
        assert (refused.exit_code, refused.stdout) == (4, "")
        assert refused.stderr == (
            "signed-town/cases/notes.md: cases/notes.md is not the file that was signed [signed-changed]\n"
            "    put back the file that was signed, or read the change and let it be signed anew: sky sign; "
            "the rules in it are still those signed"
        )
    warned = call(command, "--signed-by", "town.pub", "--unsigned", "warn")
    assert (warned.exit_code, warned.stdout) == (0, signed.stdout)
    assert warned.stderr == f"warning: {refused.stderr}\n{without.stderr}"  # once, whatever is asked after it


@pytest.mark.long
def test_a_change_of_any_file_of_any_layer_is_told_by_a_command_too(desk: Path) -> None:
    town = desk / "signed-town"
    before = call(DECIDE).stdout
    files = [p for folder in (town, desk / "signed-base") for p in sorted(folder.rglob("*")) if p.is_file()]
    assert len([p for p in files if p.name not in (MANIFEST, SIGNATURE)]) >= 5
    for path in files:
        was = path.read_bytes()
        path.write_bytes(was + b"\n# changed\n")
        name = path.name if path.name != MANIFEST else SIGNATURE
        refused, warned = (call(DECIDE, "--signed-by", "town.pub", "--unsigned", x) for x in ("refuse", "warn"))
        assert (refused.exit_code, refused.stdout) == (4, ""), path
        assert (warned.exit_code, warned.stdout) == (0, before), path
        assert name in refused.stderr, path
        assert name in warned.stderr, path
        path.write_bytes(was)
    for folder in {p.parent for p in files}:
        (folder / "added.yaml").write_bytes(b"")
        assert "added.yaml is there and was not signed" in call(DECIDE, "--signed-by", "town.pub").stderr
        (folder / "added.yaml").unlink()
    assert call(DECIDE, "--signed-by", "town.pub").exit_code == 0


def test_what_is_not_signed_and_has_faults_is_told_both_and_nothing_is_answered(desk: Path) -> None:
    (desk / "signed-town" / "ruleset.yaml").write_text(TOP.replace("draft", "nearly"), encoding="utf-8")
    warned = call(DECIDE, "--signed-by", "town.pub", "--unsigned", "warn")
    assert (warned.exit_code, warned.stdout) == (4, "")
    assert "[signed-changed]" in warned.stderr
    assert "nearly" in warned.stderr


def test_during_a_change_of_keys_both_hold_and_a_key_taken_away_holds_no_more(desk: Path) -> None:
    both = ("--signed-by", "other.pub", "--signed-by", "town.pub")
    assert call(DECIDE, *both).exit_code == 0  # signed with the old one
    (desk / "signed-town" / SIGNATURE).write_text(sign(manifest_of(desk / "signed-town"), OTHER), encoding="ascii")
    assert call(DECIDE, *both).exit_code == 0  # signed anew with the new one
    assert call(DECIDE, "--signed-by", "other.pub").exit_code == 0
    assert "[signed-by-another]" in call(DECIDE, "--signed-by", "town.pub").stderr


def test_a_shipped_ruleset_has_no_signature_and_the_message_says_what_to_name(desk: Path) -> None:
    done = call(DECIDE, "--signed-by", "town.pub", rules="")
    assert done.exit_code == 4
    assert done.stderr == (
        "presets/lessons-per-term/manifest.json: there is no manifest.json to verify with [not-signed]\n"
        "    nobody signs what is shipped: name a ruleset of your own with --rules; a layer is signed together with its bases"
    )


def test_a_shipped_base_that_came_with_another_version_is_told_with_both_versions(
    desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = desk / "shipped"
    shutil.copytree(SHIPPED.parents[1], shipped)
    for module in (layers, signing):
        monkeypatch.setattr(module, "rulesets_folder", lambda: shipped)
    town = desk / "of-shipped"
    town.mkdir()
    text = TOP.replace("signed-town", "of-shipped").replace("signed-base/1", "presets/lessons-per-term")
    (town / "ruleset.yaml").write_text(text, encoding="utf-8")
    _write(town)
    base = shipped / "presets" / "lessons-per-term"
    with (base / "ruleset.yaml").open("a", encoding="utf-8") as file:
        file.write("# mended\n")

    def hint() -> str:
        (problem,) = verify(town, [PUBLIC], "warn")
        assert (problem.code, problem.place.file) == ("signed-changed", "presets/lessons-per-term/ruleset.yaml")
        return problem.hint

    here = signing.engine_version()
    assert hint().startswith(f"this is a base that sky_model {here} ships: its installed files were changed; install it anew")
    monkeypatch.setattr(signing, "engine_version", lambda: "9.1")
    assert hint() == (
        f"this base is shipped, and it was signed as sky_model {here} has it; here is 9.1: read what changed and let the ruleset "
        f"be signed anew (sky sign), or stay with {here} until then; the rules in it are still those signed"
    )
    shutil.rmtree(base)  # a version that no longer ships it at all
    assert "no-base" in {p.code for p in verify(town, [PUBLIC], "warn")}


def test_options_that_cannot_be_are_told_with_what_to_write_instead(desk: Path) -> None:
    for words, said in (
        (("--signed-by", "nothing.pub"), "'nothing.pub' cannot be read: No such file or directory"),
        (("--signed-by", "town.key"), "'town.key': this is no Ed25519 public key in PEM; openssl pkey -pubout makes it"),
        (("--unsigned", "warn"), "--unsigned says nothing without a key; write --signed-by KEY.pem too"),
        (("--signed-by", "town.pub", "--unsigned", "ignore"), "'ignore' is not one of 'refuse', 'warn'"),
    ):
        done = call(DECIDE, *words)
        assert (done.exit_code, done.stdout) == (2, "")
        assert said in done.stderr
        assert "PRIVATE" not in done.stderr


# ---------------------------------------------------------------------- a file of schools
@pytest.fixture
def schools(desk: Path) -> Path:
    """Two schools, one of them with two versions in force one after another; all are signed, and the file says by whom."""
    for name, day in (("next-town", "2027-08-11"), ("other-town", "2026-08-12")):
        (desk / name).mkdir()
        text = TOP.replace("signed-town", name).replace("2026-08-12", day)
        (desk / name / "ruleset.yaml").write_text(text, encoding="utf-8")
        _write(desk / name)
    (desk / "in-force").mkdir()
    (desk / "town.pub").rename(desk / "in-force" / "town.pub")
    path = desk / "in-force" / "schools.yaml"
    path.write_text(
        "format: 1\n"
        "signed_by: [town.pub]\n"
        "schools:\n"
        f"  - {{id: s-3, calendars: [{YEAR}], rulesets: [../signed-town, ../next-town]}}\n"
        f"  - {{id: s-4, calendars: [{YEAR}], rulesets: [../other-town]}}\n",
        encoding="utf-8",
    )
    return path


def by_schools(path: Path, *more: str, rules: str = "") -> Any:
    return call(DECIDE, "--schools", str(path), *more, rules=rules)


def _rewrite(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.long
def test_a_file_of_schools_says_once_whose_signatures_hold_for_all_its_rulesets(schools: Path, desk: Path) -> None:
    assert by_schools(schools).exit_code == 0  # what --rules stands at when nobody says it answers no school: it is not asked
    for name in ("signed-town", "next-town", "other-town", "signed-base/1"):
        path = desk / name / "ruleset.yaml"
        was = path.read_bytes()
        path.write_bytes(was + b"# changed\n")
        refused = by_schools(schools)
        assert (refused.exit_code, refused.stdout) == (4, "")
        assert f"{name}/ruleset.yaml: ruleset.yaml is not the file that was signed" in refused.stderr
        warned = by_schools(schools, "--unsigned", "warn")
        assert (warned.exit_code, len(warned.stdout.splitlines())) == (0, 1)
        assert "warning: " in warned.stderr
        path.write_bytes(was)
    _rewrite(schools, "signed_by: [town.pub]\n", "signed_by: [town.pub]\nunsigned: warn\n")
    (desk / "other-town" / SIGNATURE).unlink()
    assert "other-town/manifest.sig: there is no manifest.sig" in by_schools(schools).stderr
    assert by_schools(schools).exit_code == 0
    assert by_schools(schools, "--unsigned", "refuse").exit_code == 4
    # who calls it from Python gets the same without a word
    assert [p.code for p in read_schools(schools, allow={"draft"}).warnings] == ["not-signed"]


@pytest.mark.long
def test_rules_that_answer_beside_those_of_the_schools_must_be_signed_too(schools: Path, desk: Path) -> None:
    assert by_schools(schools, rules="signed-town").exit_code == 0
    assert "[not-signed]" in by_schools(schools, rules="presets/lessons-per-term").stderr
    _rewrite(schools, ", rulesets: [../other-town]", "")
    assert "presets/lessons-per-term/manifest.json" in by_schools(schools).stderr
    assert by_schools(schools, rules="signed-town").exit_code == 0


def test_keys_of_the_command_line_hold_instead_of_all_that_the_file_of_schools_says(schools: Path, desk: Path) -> None:
    _rewrite(schools, "signed_by: [town.pub]\n", "signed_by: [town.pub]\nunsigned: warn\n")
    refused = by_schools(schools, "--signed-by", "other.pub")
    assert refused.exit_code == 4
    assert refused.stderr.count("[signed-by-another]") == 3
    _rewrite(schools, "signed_by: [town.pub]\nunsigned: warn\n", "")
    (desk / "other-town" / SIGNATURE).unlink()
    assert by_schools(schools).exit_code == 0
    assert by_schools(schools, "--signed-by", "in-force/town.pub").exit_code == 4


def test_a_comparison_asks_for_no_signature_whatever_the_file_of_schools_says(schools: Path, desk: Path) -> None:
    (desk / "other-town" / SIGNATURE).unlink()
    (desk / "signed-town" / SIGNATURE).unlink()
    words = ["diff", "signed-town", "other-town", "--records", "pupils.jsonl", *ON, "--schools", str(schools), "--json"]
    done = CliRunner().invoke(cli.app, words)
    assert (done.exit_code, done.stderr) == (0, "")


def test_the_page_shows_a_file_of_schools_that_is_read() -> None:
    page = (Path(__file__).resolve().parents[1] / "docs" / "howto-signing.md").read_text(encoding="utf-8")
    said, problems = read(SchoolsFile, read_text(page.split("```yaml\n")[1].split("```")[0]).data, sky.Place)
    assert (said is not None and (said.signed_by, said.unsigned), problems) == ((["keys/town.pub"], "refuse"), [])


@pytest.mark.long
@pytest.mark.parametrize(
    ("said", "code", "place"),
    [
        ("signed_by: []", "no-keys", ":2:1"),
        ("unsigned: warn", "no-keys", ":1:1"),
        ("signed_by: [nothing.pub]", "no-file", ":2:13"),
        ("signed_by: [town.pub, ../town.key]", "not-a-key", ":2:23"),
        ("signed_by: [town.pub]\nunsigned: ignore", "not-one-of", ":3:1"),
    ],
)
def test_what_a_file_of_schools_says_wrongly_about_signatures_is_told_with_its_place(
    said: str, code: str, place: str, schools: Path
) -> None:
    _rewrite(schools, "signed_by: [town.pub]", said)
    done = by_schools(schools)
    assert (done.exit_code, done.stdout) == (4, "")
    assert f"[{code}]" in done.stderr
    assert f"schools.yaml{place}" in done.stderr


@pytest.mark.long
def test_without_cryptography_keys_are_an_error_and_never_passed_over(schools: Path, desk: Path) -> None:
    program = "import sys; sys.modules['cryptography'] = None\nfrom sky_model.cli import main; main()"
    for words in (("--schools", str(schools)), ("--rules", "signed-town", "--signed-by", "other.pub")):
        done = subprocess.run(
            [sys.executable, "-c", program, *DECIDE, *ALLOWED, *words], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stdout) == (2, "")
        assert "pip install 'sky-model[sign]'" in done.stderr
        assert "Traceback" not in done.stderr
    plain = subprocess.run(
        [sys.executable, "-c", program, *DECIDE, *ALLOWED, "--rules", "signed-town"], capture_output=True, text=True, check=False
    )
    assert (plain.returncode, plain.stderr) == (0, "")
