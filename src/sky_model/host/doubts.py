"""What was found in an export, and what is in doubt about it."""

from __future__ import annotations

from dataclasses import dataclass, field

from sky_model.host.tables import Column, Table

__all__ = ["Doubt", "Found", "Length"]


@dataclass(frozen=True, slots=True)
class Length:
    """What the numbers of a column look like. least, most: as written · looks: slot, length, total, fixed, other or unclear"""

    least: str
    most: str
    looks: str


@dataclass(slots=True)
class Doubt:
    """What a person has to say.

    about: pupil, date, date_form, kind, grade, lessons, length, doubled_rows, or leave_out-N of column N
    why: of the texts · options: columns that may be meant · facts: what fills the text in
    """

    about: str
    why: str
    options: list[Column] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Found:
    """columns, grounds: by ours · leave_out: (heading, cells whose rows do not count), once a person has said so"""

    columns: dict[str, Column] = field(default_factory=dict)
    grounds: dict[str, str] = field(default_factory=dict)
    doubts: list[Doubt] = field(default_factory=list)
    date_form: str | None = None
    length: str | None = None  # what the column of lessons holds, as the mapping says it
    lengths: dict[int, Length] = field(default_factory=dict)  # what the numbers of a column look like, by its place
    leave_out: list[tuple[str, list[str]]] = field(default_factory=list)
    doubled_rows: str | None = None

    def take(self, mine: str, column: Column, ground: str) -> None:
        self.columns[mine], self.grounds[mine] = column, ground

    def free(self, table: Table) -> list[Column]:
        return [c for c in table.columns if c not in self.columns.values() and c.personal is None]
