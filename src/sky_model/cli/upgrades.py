"""Commands that change a layer's files: `sky upgrade`, to a newer base.

Rules: without --out or --in-place nothing is written; what a person must decide becomes a comment that `sky check` calls a fault
until it is gone; the exit code is 0 only when nothing is left to decide.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

import click

import sky_model as sky
from sky_model.checks.upgrade import Item, Side, Upgrade, compare_named
from sky_model.cli.application import FAULTY, app
from sky_model.cli.layer_text import MARK, Edit, inline, rewritten
from sky_model.layers import FILES, STATED, Layer, read_layers, rulesets_folder, show
from sky_model.source import read_text

__all__ = ["upgrade"]

HEADINGS = {
    "conflict": "to be decided by you",
    "taken-over": "taken over: the base has changed it, the layer does not speak of it",
    "already": "in the base now: the layer's statement falls away",
    "kept": "kept: the layer's own",
}


@app.command()
@click.argument("ruleset")
@click.option("--to", required=True, help="the newer version of its base: a shipped ruleset or a path")
@click.option("--out", type=click.Path(file_okay=False), help="the folder that the new layer is written to")
@click.option("--in-place", is_flag=True, help="write the new layer over the old one")
@click.option("--version", "version", help="the version of the new layer, such as 2027-1")
@click.option("--json", "as_json", is_flag=True, help="one JSON object")
def upgrade(ruleset: str, to: str, out: str | None, in_place: bool, version: str | None, as_json: bool) -> None:
    """Bring a layer to a newer version of its base: three ways, item by item; what both changed is left to you."""
    if out and in_place:
        raise click.UsageError("--out and --in-place: one of them")
    compared, layer = compare_named(ruleset, to)
    target = _target(layer, out, in_place)
    number = version or _next_version(str(layer.data["version"]), str(layer.data["valid_from"]), compared.valid_from)
    faults = list(compared.faults)
    if target is not None:
        extends = _name_of_base(to, target)
        _write(layer, compared, target, {"extends": extends, "version": number})
        if not compared.of("conflict"):
            # what is undecided may leave others; they are told when it is decided
            faults = [*(p for p in faults if p.code == "over-before"), *sky.check(target)]
    if as_json:
        written = {"written": str(target), "version": number} if target is not None else {"version": number}
        click.echo(json.dumps({**compared.to_json(), **written}, ensure_ascii=False, indent=1, sort_keys=True))
    else:
        _tell(compared, ruleset, to, target, number)
        for p in faults:
            click.echo(str(p))
    sys.exit(FAULTY if compared.of("conflict") or faults else 0)


# ---------------------------------------------------------------------- what is said
def _tell(compared: Upgrade, ruleset: str, to: str, target: Path | None, version: str) -> None:
    click.echo(f"{compared.layer}: from {compared.old_base} to {compared.new_base}, from {compared.valid_from}")
    for status, heading in HEADINGS.items():
        items = compared.of(status)  # type: ignore[arg-type]
        if not items:
            continue
        click.echo(f"\n{heading} ({len(items)})")
        for item in items:
            click.echo(f"  {item.at}: {item.why}" if status != "kept" or item.written else f"  {item.at}")
            if status != "kept":
                for line in _sides(item):
                    click.echo(f"      {line}")
    click.echo(f"\nthe same in both bases: {compared.same} items")
    open_ones = len(compared.of("conflict"))
    if target is None:
        click.echo(f"nothing is written; to write it: sky upgrade {ruleset} --to {to} --out DIR (or --in-place)")
        return
    click.echo(f"written: {target}, version {version}, a draft")
    if open_ones:
        click.echo(
            f"{open_ones} to be decided: each is a comment '{MARK} …' in the files, and sky check tells it until it is gone"
        )
    else:
        click.echo(f"next: sky check {target}, then sky test {target}")


def _sides(item: Item, longest: int = 100) -> list[str]:
    """Both places and both values, the layer's first."""
    sides = [("this layer", item.layer), ("old base", item.old), ("new base", item.new)]
    return [f"{name + ':':12}{_said(side, longest)}" for name, side in sides if side is not None]


def _said(side: Side, longest: int) -> str:
    value = "takes it out" if side.value is None else show(side.value, longest)
    return f"{value}  at {side.place}"


# ---------------------------------------------------------------------- what is written
def _target(layer: Layer, out: str | None, in_place: bool) -> Path | None:
    if in_place:
        if layer.path.resolve().is_relative_to(rulesets_folder().resolve()):
            raise click.UsageError(f"{layer.shown} is shipped and stays as it is; write the new one with --out DIR")
        return layer.path
    if out is None:
        return None
    path = Path(out)
    if path.exists() and any(path.iterdir()):
        raise click.UsageError(f"--out {out}: there is something in this folder; name a new one")
    return path


def _next_version(version: str, old_day: str, new_day: str) -> str:
    """`2026-1` in the same year is followed by `2026-2`, in a later one by `2027-1`. Of other names none is made up."""
    match = re.fullmatch(r"(\d{4})-(\d{1,3})", version)
    if match is None:
        raise click.UsageError(f"which version is the new layer? It is {version} now; say it with --version")
    if new_day[:4] > max(match[1], old_day[:4]):
        return f"{new_day[:4]}-1"
    return f"{match[1]}-{int(match[2]) + 1}"


def _name_of_base(to: str, target: Path) -> str:
    """As `extends` finds it: a shipped name, a folder beside the new layer, else the path as it was given."""
    if not to.startswith((".", "/")) and (rulesets_folder() / to / "ruleset.yaml").is_file():
        return to
    path, here = Path(to).resolve(), target.resolve()
    for folder in (here.parent, here.parent.parent):
        if path.is_relative_to(folder) and path != folder:
            return path.relative_to(folder).as_posix()
    return str(path)


def _write(layer: Layer, compared: Upgrade, target: Path, identity: dict[str, str]) -> None:
    said = {"status": "draft", **identity}
    if compared.valid_from != str(layer.data["valid_from"]):
        said["valid_from"] = compared.valid_from
    keys: dict[str, str | None] = {k: inline(v) for k, v in said.items()}
    if "adopted" in layer.data:
        keys["adopted"] = None  # the decision was about the old version
    edits = list(_edits(compared))
    single = layer.path.is_file()
    texts: dict[Path, bytes] = {}
    whole: dict[str, object] = {}
    for path in [layer.path] if single else [layer.path / n for n in FILES if (layer.path / n).is_file()]:
        raw = path.read_bytes()
        text = raw.decode("utf-8-sig")
        mark = raw[: len(raw) - len(text.encode("utf-8"))]
        new = rewritten(text, identity=keys, edits=edits)
        source = read_text(new, file=str(path))
        if source.problems:
            raise sky.RulesetError(source.problems)
        whole |= source.data
        name = Path("ruleset.yaml") if single else path.relative_to(layer.path)
        texts[path if target == layer.path and single else target / name] = mark + new.encode("utf-8")
    # what is read from the new text is what was meant: nothing is lost and nothing came in
    for section in STATED:
        if whole.get(section, []) != compared.data.get(section, []):
            raise click.ClickException(f"'{section}' could not be written without touching more; nothing is written")
    if target != layer.path and not single:
        shutil.copytree(layer.path, target, dirs_exist_ok=True)
    target.mkdir(parents=True, exist_ok=True) if not (single and target == layer.path) else None
    for path, data in texts.items():
        path.write_bytes(data)


def _edits(compared: Upgrade) -> list[Edit]:
    out, number = [], 0
    for item in compared.items:
        if item.said is None:
            continue
        section, key = item.said
        if item.status == "conflict":
            number += 1
            above = [f"{MARK} {number}: {item.at}: {item.why}", *(f"#   {x}" for x in _sides(item, 1000))]
            said = "write the line below as it should be" if item.is_out else "change the item below"
            above.append(f"#   decide, {said}, and take these lines out")
            lines = tuple(" ".join(line.split("\n")) for line in above)
            out.append(Edit(section, key, lines, is_out=item.is_out))
        elif item.status == "already":
            out.append(Edit(section, key, is_dropped=True))
        elif item.written:
            out.append(Edit(section, key, written=tuple(item.written.items())))
    return out


def open_conflicts(name: str) -> list[sky.Problem]:
    """Every conflict of an upgrade that still stands in the files of a ruleset, undecided."""
    layers, _ = read_layers(name)
    out = []
    for layer in layers[:1]:
        for path in [layer.path] if layer.path.is_file() else [layer.path / n for n in FILES if (layer.path / n).is_file()]:
            shown = layer.shown if layer.path.is_file() else f"{layer.shown}/{path.name}"
            for i, line in enumerate(path.read_text(encoding="utf-8-sig", errors="replace").splitlines(), 1):
                if line.strip().startswith(MARK):
                    said = line.strip()[len(MARK) :].split(":", 1)[-1].strip()
                    place = sky.Place(shown, i, line.index("#") + 1)
                    hint = "decide, write the statement as it should be, and take the comment out"
                    out.append(sky.Problem("open-conflict", f"an upgrade left this to be decided: {said}", place, hint))
    return out
