"""sky_model: decide what comes next when a pupil is absent, from rules that people wrote and signed."""

from __future__ import annotations
