"""Would the fast set notice a wrong engine? `./dev mutants` changes one thing at a time, `./dev faults` plants faults of a list.

- `changing`: the mutants of a module, as changes of its syntax tree;
- `running`: the fast set in forked processes, with everything imported and collected once;
- `faults.toml`: planted faults, of the kind that once escaped.
"""

from __future__ import annotations
