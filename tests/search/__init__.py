"""A search for wrong answers with fresh seeds: `./dev search MINUTES`, or `python -m search MINUTES`.

- `drawing`: the generators of tests/ as plain functions of a seed;
- `making`: triples (rules, record, day), many records and days to each ruleset;
- `triples`: what a triple is, how it is asked and written down;
- `changed`: answers that must be the same, or differ in a known way, when the question is changed;
- `alone`: what must hold within one answer;
- `readers`: what a reader may be shown;
- `agreement`: another program's answer to the same question;
- `pinned.jsonl`: triples that showed a fault once, each with the check that saw it; the fast set asks them every time;
- `smaller`: a failing triple, with everything taken away that it does not need.

Why not Hypothesis: it draws a ruleset and a record in 10 milliseconds, and a million triples are wanted in an hour or two.
"""

from __future__ import annotations
