"""What is written out of a ruleset for people: the rulebook. Nothing here decides, and nothing here reads a pupil's record."""

from __future__ import annotations
