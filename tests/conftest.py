"""Generated examples are the same in every run, so that a test fails for what was changed and for nothing else.

`HYPOTHESIS_PROFILE=search ./dev test FILE` looks for new ones.
"""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("same", derandomize=True)
settings.register_profile("search", derandomize=False, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))
