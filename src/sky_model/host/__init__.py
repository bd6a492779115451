"""For applications: how records come in."""

from __future__ import annotations
