"""What became of every row and every pupil of a file, and how far its marks reach: counted apart, then compared.

Rules: rows of the file = read + left out + refused; pupils = decided + refused. Whoever hands in a file sees both sums; what does
not add up is an error of this program and never exit code 0.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sky_model.host.intake import Intake, Refused

__all__ = ["Reckoning"]


@dataclass(slots=True)
class Reckoning:
    """Fed with each answer as it is given. Of JSON Lines a row is a record."""

    intake: Intake
    read: int = 0
    refused: int = 0
    decided: int = 0
    not_decided: int = 0
    reaches: Counter[tuple[str, date | None, str | None, bool]] = field(default_factory=Counter)

    def refuse(self, refused: Refused) -> None:
        """A pupil, or a row of a pupil that nobody knows, that was refused when it was read."""
        self.not_decided += 1
        self.refused += refused.rows

    def refuse_case(self, pupil: str) -> None:
        """A pupil whose rows were read, and that could not be decided."""
        self.not_decided += 1
        self.refused += self._rows_of(pupil)

    def decide(self, pupil: str, school: str, until: date | None, said_by: str | None, is_stale: bool) -> None:
        self.decided += 1
        self.read += self._rows_of(pupil)
        self.reaches[(school, until, said_by, is_stale)] += 1

    def _rows_of(self, pupil: str) -> int:
        return self.intake.rows_of.get(pupil, 0) if self.intake.is_csv else 1

    @property
    def adds_up(self) -> bool:
        rows = self.read + self.intake.rows_left_out + self.refused
        return rows == self.intake.rows and self.decided + self.not_decided == self.intake.pupils

    def to_json(self) -> dict[str, Any]:
        return {
            "format": 1,
            "reconciliation": {
                "rows": {
                    "file": self.intake.rows,
                    "read": self.read,
                    "left_out": self.intake.rows_left_out,
                    "refused": self.refused,
                },
                "pupils": {"file": self.intake.pupils, "decided": self.decided, "refused": self.not_decided},
                "adds_up": self.adds_up,
                "data_until": [
                    {"school": school or None, "until": until and until.isoformat(), "from": said_by, "stale": stale, "pupils": n}
                    for (school, until, said_by, stale), n in self._reaches()
                ],
            },
        }

    def said(self) -> list[str]:
        what, left_out = "rows" if self.intake.is_csv else "records", self.intake.rows_left_out
        out = [
            f"{what} of the file: {self.intake.rows} = {self.read} read + {left_out} left out + {self.refused} refused",
            f"pupils of the file: {self.intake.pupils} = {self.decided} decided + {self.not_decided} refused",
        ]
        if not self.adds_up:
            out.append("these sums do not add up: use none of the answers, and tell the makers of sky_model")
        reaches = self._reaches()
        for (school, until, said_by, stale), n in reaches[:MOST_TOLD]:
            where = f"{school}: " if school else ""
            reach = "no mark is known" if until is None else f"marks reach to {until} ({SAID_BY[said_by]})"
            told = "; since then more than three school days have passed: has the feed stopped?" if stale else ""
            out.append(f"{where}{reach}, {n} pupil{'s' if n > 1 else ''}{told}")
        if reaches[MOST_TOLD:]:
            out.append(f"and {len(reaches) - MOST_TOLD} other days to which marks reach; --json has them all")
        return out

    def _reaches(self) -> list[tuple[tuple[str, date | None, str | None, bool], int]]:
        """What is old comes first, then school by school."""
        return sorted(self.reaches.items(), key=lambda x: (not x[0][3], x[0][0], x[0][1] or date.min, x[0][2] or ""))


MOST_TOLD = 20
MOST_TOLD = 20
SAID_BY = {"stated": "as stated", "marks": "the newest mark", None: "nobody says"}
