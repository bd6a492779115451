"""For municipalities: what shows that a ruleset does what its author meant."""

from __future__ import annotations
