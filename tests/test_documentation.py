"""Every Python block in README and docs runs; generated schemas are fresh; every public name is documented."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import sky_model as sky
from sky_model.decision import decision_schema
from sky_model.records import record_schema

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", [p for p in PAGES if "```python" in p.read_text(encoding="utf-8")], ids=lambda p: p.name)
def test_every_python_block_of_a_page_runs(page: Path) -> None:
    space: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
        exec(compile(block, page.name, "exec"), space)


@pytest.mark.parametrize(("name", "made"), [("record", record_schema), ("decision", decision_schema)])
def test_the_published_schema_is_what_the_code_makes(name: str, made: object) -> None:
    path = ROOT / "rulesets" / "schema" / f"{name}.json"
    assert json.loads(path.read_text(encoding="utf-8")) == made(), f"write it anew: sky schema {name} > {path.name}"  # type: ignore[operator]


def test_every_public_name_is_documented() -> None:
    missing = [n for n in sky.__all__ if not getattr(sky, n).__doc__]
    assert not missing
