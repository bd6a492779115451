"""Commands that change a layer's files: to a newer base, and the mending of spelling."""

from __future__ import annotations
