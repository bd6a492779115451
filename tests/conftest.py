"""Generated examples are the same in every run, so that a test fails for what was changed and for nothing else.

`HYPOTHESIS_PROFILE=search ./dev test FILE` looks for new ones.
"""

from __future__ import annotations

import os

from hypothesis import Phase, settings

settings.register_profile("same", derandomize=True)
settings.register_profile("search", derandomize=False, print_blob=True)
# what fails need not be made smaller there: that it fails is enough
settings.register_profile("mutants", derandomize=True, database=None, phases=(Phase.explicit, Phase.generate))
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))
