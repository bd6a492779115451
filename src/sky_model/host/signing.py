"""Signed rulesets: a manifest of digests of every file of a ruleset and its bases, and a detached Ed25519 signature of it.

Rules: nothing here asks a network or a clock; the bytes of a file count, line ends too; nothing of a manifest is believed before
its signature holds; what differs is told by the file's name, with what the person who runs it can do. Needs the extra `sign`, and
only when a key is used.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any, Literal, TypeAlias

from sky_model import model as models
from sky_model.compiler import compile_layers
from sky_model.engine import engine_version
from sky_model.errors import Place, Problem, RulesetError
from sky_model.layers import Layer, read_layers, rulesets_folder
from sky_model.rules import Model

__all__ = [
    "MANIFEST", "NO_KEYS", "SIGNATURE", "Signed", "Unsigned", "canonical", "check_key", "load_signed", "manifest_of",
    "public_key_of", "sign", "verify",
]  # fmt: skip

MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"  # beside ruleset.yaml; the only files that are not signed themselves
Unsigned: TypeAlias = Literal["refuse", "warn"]
ANEW = "put back the file that was signed, or read the change and let it be signed anew: sky sign"
SHIPPED = "nobody signs what is shipped: name a ruleset of your own with --rules; a layer is signed together with its bases"
MISSING = (
    "signing needs cryptography, which is not installed; write: pip install 'sky-model[sign]'. Everything else of sky_model works"
)


def canonical(manifest: Mapping[str, Any]) -> bytes:
    """The one text of a manifest: sorted keys, no spaces, ASCII, one line without an end."""
    return json.dumps(manifest, sort_keys=True, ensure_ascii=True, separators=(",", ":")).encode("ascii")


def manifest_of(folder: str | Path) -> dict[str, Any]:
    """Name, version, fingerprint, and the digest of every file of a ruleset's folder and of its bases, from the top down.

    Raises RulesetError when the ruleset has faults, or is no folder.
    """
    layers, problems = read_layers(folder)
    if not layers or problems:
        raise RulesetError(problems)
    top = layers[0]
    if not top.path.is_dir():
        raise RulesetError([_no_folder(top.shown)])
    listed = []
    for layer in layers:
        files, faults = _digests_of(layer.path, layer.shown)
        problems += faults
        listed.append({"ruleset": layer.name, "files": files})
    fingerprint, faults = _fingerprint_of(layers)
    if problems + faults:
        raise RulesetError(problems + faults)
    said = {"ruleset": str(top.data["ruleset"]), "version": str(top.data["version"]), "fingerprint": fingerprint}
    return {"format": 1, **said, "sky_model": engine_version(), "layers": listed}


def sign(manifest: Mapping[str, Any], private_key: bytes) -> str:
    """The detached signature of a manifest, in base64, by an Ed25519 private key in PEM.

    Raises ValueError for another kind of key, ImportError without the extra `sign`.
    """
    return base64.b64encode(_private(private_key).sign(canonical(manifest))).decode("ascii")


def public_key_of(private_key: bytes) -> bytes:
    """The public key, in PEM, that others verify with."""
    serialization, _ = _cryptography()
    public: bytes = (
        _private(private_key)
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    return public


def verify(folder: str | Path, signed_by: Iterable[bytes], unsigned: Unsigned = "refuse") -> list[Problem]:
    """Is this the ruleset that one of these public keys (Ed25519, PEM) signed?

    unsigned  "refuse" raises RulesetError with everything that differs; "warn" returns it; no ruleset at all is always refused
    Raises ValueError for another kind of key, ImportError without the extra `sign`.
    """
    return _all_verified([folder], signed_by, unsigned)[1]


def load_signed(
    name: str | Path, *more: str | Path, signed_by: Iterable[bytes], unsigned: Unsigned = "refuse", allow: Collection[str] = ()
) -> tuple[Model, list[Problem]]:
    """`load`, of rulesets that one of these keys signed, each with its bases, and what differs.

    unsigned, errors  as in `verify`; nothing differs in what is returned when it is "refuse"
    """
    signed, problems = _all_verified([name, *more], signed_by, unsigned)
    try:
        model = models.load(name, *more, allow=allow)
    except RulesetError as e:
        raise RulesetError([*problems, *e.problems]) from None
    # The files are read a second time here: what was loaded is compared too, so that no change slips in between.
    read = {v.fingerprint for v in model.versions}
    slipped = [_reads_otherwise(shown) for shown, fingerprint in signed.items() if fingerprint not in read]
    if slipped and unsigned == "refuse":
        raise RulesetError(slipped)
    return model, list(RulesetError([*problems, *slipped]).problems)


@dataclass(frozen=True, slots=True)
class Signed:
    """Whose signatures are asked for: that of any of these public keys. Without a key none is.

    unsigned  None: nobody has said it; then what none of the keys signed is refused
    """

    by: tuple[bytes, ...] = ()
    unsigned: Unsigned | None = None

    def load(self, *names: str | Path, allow: Collection[str] = ()) -> tuple[Model, list[Problem]]:
        """`load`, or `load_signed` when there are keys; and what differs."""
        if not self.by:
            return models.load(*names, allow=allow), []
        return load_signed(*names, signed_by=self.by, unsigned=self.unsigned or "refuse", allow=allow)


NO_KEYS = Signed()


def check_key(pem: bytes) -> None:
    """Raises ValueError for what is no public key to verify with, ImportError without the extra `sign`."""
    _public(pem)


# ---------------------------------------------------------------------- comparing
def _all_verified(
    names: Iterable[str | Path], signed_by: Iterable[bytes], unsigned: Unsigned
) -> tuple[dict[str, str], list[Problem]]:
    """(the fingerprint that was signed of each ruleset that is as it was signed, what differs of the others)."""
    if unsigned not in ("refuse", "warn"):
        raise ValueError(f"'{unsigned}' is not known here; write 'refuse' or 'warn'")
    keys = [_public(k) for k in signed_by]
    signed: dict[str, str] = {}
    problems: list[Problem] = []
    refused: list[Problem] = []
    for name in names:
        try:
            fingerprint, found = _verified(name, keys)
        except RulesetError as e:  # there is nothing to warn about
            refused += e.problems
            continue
        problems += found
        if not found:
            signed[str(name).rstrip("/")] = fingerprint
    if refused or (problems and unsigned == "refuse"):
        raise RulesetError([*refused, *problems])
    return signed, list(RulesetError(problems).problems)


def _verified(folder: str | Path, keys: list[Any]) -> tuple[str, list[Problem]]:
    """(the fingerprint that was signed, what differs)."""
    layers, faults = read_layers(folder)
    path, shown = (layers[0].path, layers[0].shown) if layers else (Path(folder), str(folder).rstrip("/"))
    if not path.is_dir():
        raise RulesetError(faults or [_no_folder(shown)])
    try:
        text, signature = (path / MANIFEST).read_bytes(), (path / SIGNATURE).read_bytes()
    except OSError as e:
        missing = Path(e.filename).name
        hint = SHIPPED if _is_shipped(path) else "let it be signed by whoever answers for it: sky sign"
        return "", [Problem("not-signed", f"there is no {missing} to verify with", Place(f"{shown}/{missing}"), hint)]
    if not _is_signed(text, signature, keys):
        message = "the signature is of another manifest, or by a key that is not among those given"
        hint = "the public key of who signed it; without it, the ruleset as it was signed"
        return "", [Problem("signed-by-another", message, Place(f"{shown}/{SIGNATURE}"), hint)]
    try:
        manifest = json.loads(text)
        signed = [(str(x["ruleset"]), dict(x["files"])) for x in manifest["layers"]]
        whole = f"{manifest['ruleset']}/{manifest['version']}"
        fingerprint, library = str(manifest["fingerprint"]), str(manifest["sky_model"])
        if manifest["format"] != 1:
            raise ValueError
    except (ValueError, KeyError, TypeError):
        message = "the manifest is of a format that this version of sky_model does not know"
        return "", [Problem("signed-format", message, Place(f"{shown}/{MANIFEST}"), "a newer version of sky_model")]
    problems = [f for f in faults if f.code == "no-base"]  # of a base that has gone, this says more than its missing files
    if layers and layers[0].name != whole:
        message = f"the manifest is of {whole}, and the folder holds {layers[0].name}"
        problems.append(Problem("signed-other-version", message, Place(f"{shown}/{MANIFEST}"), ANEW))
    now, more_faults = ("", faults) if faults else _fingerprint_of(layers)
    is_same = now == fingerprint
    # Without its ruleset.yaml the top folder is no layer any more; its files are still told by name.
    there = [(x.path, x.shown) for x in layers] or [(path, shown)]
    for of_manifest, found in zip_longest(signed, there):
        hint = _hint_for(found[0] if found else None, library) + ("; the rules in it are still those signed" if is_same else "")
        problems += _differences(of_manifest, found, hint)
    if not problems:
        problems = more_faults or ([] if is_same else [_reads_otherwise(shown)])
    return fingerprint, problems


def _is_shipped(path: Path) -> bool:
    return path.resolve().is_relative_to(rulesets_folder().resolve())


def _hint_for(path: Path | None, library: str) -> str:
    """What to do about a file of a layer that differs; a base that is shipped changes with the library, not by a hand."""
    if path is None or not _is_shipped(path):
        return ANEW
    here = engine_version()
    if here == library:
        return f"this is a base that sky_model {here} ships: its installed files were changed; install it anew"
    return (
        f"this base is shipped, and it was signed as sky_model {library} has it; here is {here}: "
        f"read what changed and let the ruleset be signed anew (sky sign), or stay with {library} until then"
    )


def _differences(signed: tuple[str, dict[str, str]] | None, found: tuple[Path, str] | None, hint: str) -> list[Problem]:
    """What differs between a layer of the manifest and the one that stands at its place now."""
    name, then = signed or ("", {})
    now, problems = _digests_of(*found) if found else ({}, [])
    shown = found[1] if found else name
    is_file = found is not None and found[0].is_file()
    for file in sorted(then.keys() | now.keys()):
        place = Place(shown if is_file else f"{shown}/{file}")
        if file not in now:
            problems.append(Problem("signed-missing", f"{file} was signed and is not there", place, hint))
        elif file not in then:
            problems.append(Problem("signed-added", f"{file} is there and was not signed", place, hint))
        elif now[file] != then[file]:
            problems.append(Problem("signed-changed", f"{file} is not the file that was signed", place, hint))
    return problems


def _digests_of(path: Path, shown: str) -> tuple[dict[str, str], list[Problem]]:
    """The digest of every file of a layer by its path in the folder; hidden ones too, and whatever is in folders inside."""
    if path.is_file():
        return {path.name: _digest(path)}, []
    digests: dict[str, str] = {}
    problems: list[Problem] = []
    for folder, folders, files in os.walk(path):
        for name in (*folders, *files):
            one = Path(folder) / name
            file = one.relative_to(path).as_posix()
            if one.is_symlink() or not (one.is_dir() or one.is_file()):
                message = f"{file} is a link or no plain file: what it leads to may change without a trace"
                problems.append(Problem("not-signable", message, Place(f"{shown}/{file}"), "the file itself"))
            elif one.is_file() and file not in (MANIFEST, SIGNATURE):
                try:
                    digests[file] = _digest(one)
                except OSError as e:
                    message = f"cannot be read: {e.strerror or 'it is not readable'}"
                    problems.append(Problem("no-file", message, Place(f"{shown}/{file}")))
    return digests, problems


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()


def _fingerprint_of(layers: list[Layer]) -> tuple[str, list[Problem]]:
    if any(x.file is None for x in layers):
        return "", []
    ruleset, problems = compile_layers(layers)
    return (ruleset.fingerprint if ruleset else ""), problems


def _no_folder(shown: str) -> Problem:
    hint = "move the file into a folder of its own, as ruleset.yaml"
    return Problem("not-signable", "only a ruleset that is a folder is signed", Place(shown), hint)


def _reads_otherwise(shown: str) -> Problem:
    message = (
        "the rules that were read are not those that were signed: a file changed meanwhile, or this version reads it otherwise"
    )
    return Problem(
        "signed-reads-otherwise", message, Place(f"{shown}/{MANIFEST}"), "verify again; if it stays, let it be signed anew"
    )


# ---------------------------------------------------------------------- keys
def _cryptography() -> tuple[Any, Any]:
    try:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError:
        raise ImportError(MISSING) from None
    return serialization, ed25519


def _private(pem: bytes) -> Any:
    serialization, ed25519 = _cryptography()
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except Exception:  # whatever it says, nothing of a private key is repeated
        key = None
    if not isinstance(key, ed25519.Ed25519PrivateKey):
        raise ValueError(
            "this is no Ed25519 private key in PEM without a passphrase; openssl genpkey -algorithm ed25519 makes one"
        )
    return key


def _public(pem: bytes) -> Any:
    serialization, ed25519 = _cryptography()
    try:
        key = serialization.load_pem_public_key(pem)
    except Exception:  # it may be a private key, handed in by mistake
        key = None
    if not isinstance(key, ed25519.Ed25519PublicKey):
        raise ValueError("this is no Ed25519 public key in PEM; openssl pkey -pubout makes it of the private one")
    return key


def _is_signed(text: bytes, signature: bytes, keys: list[Any]) -> bool:
    from cryptography.exceptions import InvalidSignature

    try:
        raw = base64.b64decode(signature.strip(), validate=True)
    except (binascii.Error, ValueError):
        return False
    for key in keys:
        try:
            key.verify(raw, text)
        except InvalidSignature:
            continue
        return True
    return False
