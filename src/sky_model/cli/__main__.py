"""`python -m sky_model.cli` is `sky`."""

from __future__ import annotations

from sky_model.cli import main

main()
