"""The main job on real input: decide for every student of the Ed-Fi sample, explain one, say what was wrong in the data."""

from __future__ import annotations

import csv
import sys
from collections import Counter
from datetime import date
from pathlib import Path

import sky_model as sky
from sky_model.cli import table
from sky_model.host.intake import Intake, read_mapping, read_marks

HERE = Path(__file__).resolve().parent
DATA = HERE / "attendance_events.csv"
ON = date(2021, 12, 31)


def wrong_in(path: Path) -> list[str]:
    """What the data themselves show to be odd."""
    with path.open(encoding="utf-8") as f:
        rows = list(csv.DictReader(f))
    school = [r for r in rows if r["level"] == "school"]
    sundays = [r for r in school if date.fromisoformat(r["date"]).weekday() == 6]
    late = {(r["student"], r["date"]) for r in rows if r["level"] == "section"}
    both = [r for r in school if r["category"] == "Tardy" and (r["student"], r["date"]) in late]
    days = Counter((r["student"], r["date"]) for r in school)
    return [
        f"{len(sundays)} events on a Sunday ({', '.join(sorted({r['date'] for r in sundays}))})",
        f"{len(both)} late marks on two levels, school and section",
        *(f"student {s} has a full and a partial mark on {d}" for (s, d), n in days.items() if n > 1),
    ]


def decide_all() -> tuple[Intake, list[sky.Decision]]:
    """The data as read, and a decision for each student."""
    model = sky.load(HERE / "ruleset", allow={"variant"})
    calendar = sky.load_calendar(HERE / "calendar.yaml")
    intake = read_marks(DATA.read_bytes(), mapping=read_mapping(HERE / "mapping.yaml"), file=DATA.name)
    return intake, [sky.decide(model, case, on=ON, calendars=calendar) for case in intake.cases]


def main() -> int:
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    intake, decided = decide_all()
    table([*intake.refused, *decided], ON)
    print(
        "\nThis is an exercise on invented, foreign data. Conversions:", "; ".join(read_mapping(HERE / "mapping.yaml").says) + "."
    )
    for note in decided[0].rules.notes:
        if note.startswith("variant"):
            print(f"  {note}")
    one = min(decided, key=lambda d: d.urgency)
    for language, title in (("fi", "Suomeksi"), ("sv", "På svenska"), ("en", "In English")):
        print(f"\n{title}, {one.pupil}\n")
        print(sky.explain(one, language=language))
    print("\nWhat was wrong in the data:")
    for line in wrong_in(DATA):
        print(f"  {line}")
    aside = sum(bool(d.set_aside) for d in decided)
    print(f"  {intake.rows_left_out} rows left out by the mapping, {aside} pupil with a mark set aside")
    return 0


if __name__ == "__main__":
    sys.exit(main())
