"""Signed rulesets: whatever changed since the signature is refused by its file's name, in the layer and in its base.

Rules: folders are written here and damaged on the disk; every file is damaged in turn; keys are made here and kept nowhere.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

import sky_model as sky
from sky_model import cli
from sky_model.host import signing
from sky_model.host.signing import MANIFEST, SIGNATURE, canonical, load_signed, manifest_of, public_key_of, sign, verify

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
    assert list(e.value.problems) == verify(town, [key], policy="warn")
    return {(p.code, Path(p.place.file).name) for p in e.value.problems}


def test_what_was_signed_is_verified_and_loaded(town: Path) -> None:
    assert verify(town, [public_key_of(OTHER), PUBLIC]) == []
    model, problems = load_signed(town, [PUBLIC], allow={"draft"})
    assert (model.fingerprint, problems) == (manifest_of(town)["fingerprint"], [])


def test_the_manifest_names_every_file_of_the_layer_and_of_its_bases(town: Path) -> None:
    manifest = manifest_of(town)
    assert (manifest["ruleset"], manifest["version"]) == ("signed-town", "1")
    assert [x["ruleset"] for x in manifest["layers"]][:2] == ["signed-town/1", "lessons-per-term/2026-1"]
    named = {f for x in manifest["layers"][:2] for f in x["files"]}
    assert named == {p.relative_to(town if town in p.parents else town.parent / "signed-base/1").as_posix() for p in _files(town)}
    assert str(town.parent) not in canonical(manifest).decode()
    assert json.loads(canonical(manifest)) == manifest


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
    assert [p.code for p in verify(town, [], policy="warn")] == ["signed-by-another"]
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
    problem = next(p for p in verify(town, [PUBLIC], policy="warn") if p.code == "signed-other-version")
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
        load_signed(town, [PUBLIC], allow={"draft"})


def test_a_changed_ruleset_loads_only_where_the_policy_is_to_warn(town: Path) -> None:
    (town / "cases" / "notes.md").write_bytes(b"changed\n")
    with pytest.raises(sky.RulesetError, match="signed-changed"):
        load_signed(town, [PUBLIC], allow={"draft"})
    model, problems = load_signed(town, [PUBLIC], policy="warn", allow={"draft"})
    assert (model.name, [p.code for p in problems]) == ("signed-town/1", ["signed-changed"])
    for wrong in (verify, load_signed):
        with pytest.raises(ValueError, match="write 'refuse' or 'warn'"):
            wrong(town, [PUBLIC], policy="ignore")  # type: ignore[operator]


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
            verify(nothing, [PUBLIC], policy="warn")


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
    assert run("verify", "--key", public).exit_code == 4
    assert run("sign", "--key", key).output.startswith("signed signed-town/1: ")
    assert (run("verify", "--key", public).exit_code, verify(town, [PUBLIC])) == (0, [])
    (town / "cases" / "notes.md").write_bytes(b"changed\n")
    refused, warned = run("verify", "--key", public), run("verify", "--key", public, "--policy", "warn")
    assert (refused.exit_code, warned.exit_code) == (4, 0)
    assert "cases/notes.md is not the file that was signed" in refused.output
    told = json.loads(run("verify", "--key", public, "--json").stdout)
    assert (told["format"], told["signed"], [p["code"] for p in told["problems"]]) == (1, False, ["signed-changed"])
    wrong = run("sign", "--key", public)
    assert (wrong.exit_code, "no Ed25519 private key" in wrong.output) == (2, True)
