"""Commands that print: the rulebook, the leaflet for guardians, the paper for a board."""

from __future__ import annotations
