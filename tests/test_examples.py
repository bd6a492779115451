"""The examples in the project: a foreign sample and an invented Finnish export, read without code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner

from sky_model import cli

ROOT = Path(__file__).resolve().parents[1]
FINNISH = ROOT / "examples" / "finnish-shape"


def test_the_invented_finnish_export_is_read_and_its_names_never_shown() -> None:
    mapping = str(FINNISH / "mapping.yaml")
    options = ["--mapping", mapping, "--calendar", "example-week-43/2026-27", "--on", "2026-09-22"]
    result = CliRunner().invoke(cli.app, ["decide", str(FINNISH / "vienti.csv"), *options])
    assert result.exit_code == 0, result.output
    assert "Testi" not in result.output
    assert '…: "Nimi"' in result.output
    assert '{code: "Muu syy", kind: …}   # 1 mark' in result.output
    assert "12 decided" in result.output
    row = next(x for x in result.output.splitlines() if "k-10" in x)
    assert "Talk with the pupil" in row
    assert "2026-09-21" in row


def test_the_demo_decides_for_every_student_and_says_what_was_wrong() -> None:
    result = subprocess.run(
        [sys.executable, str(ROOT / "examples/ed-fi/demo.py")], capture_output=True, check=True, encoding="utf-8"
    )
    for said in (
        "227 decided",
        "3 events on a Sunday (2022-05-15)",
        "66 late marks on two levels",
        "student 604822 has a full and a partial mark on 2021-12-15",
        "one day = 6 lessons",
        "Suomeksi",
        "På svenska",
    ):
        assert said in result.stdout
