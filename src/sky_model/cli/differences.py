"""Commands that compare: what two rulesets say differently, for whom, and how much work it is."""

from __future__ import annotations
