"""Commands that begin something: a mapping from an export, a local layer from a preset."""

from __future__ import annotations
