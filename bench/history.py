"""The history of a year: what it costs against one decision a day and against one decision, as ratios in one run; and its law.

`python bench/history.py` tells the cost; `python bench/history.py law PAIRS SEED [years | generated]` asks the law of at least so
many pairs of record and day: of whole years under shipped rulesets, of records under generated rulesets.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

from run import CALENDAR, MODEL, ON, record

import sky_model as sky

SLOW = ("examples/kemi/robot", "examples/tampere/2025", "examples/tuusula", "examples/turku/pre-primary")  # minutes a year
FIRST, LAST = date(2026, 8, 12), date(2027, 7, 31)


def best_of(times: int, *jobs: Callable[[], object]) -> list[float]:
    """The best time of each job in milliseconds: the jobs take turns, so that whatever else the machine does touches all."""
    best = [float("inf")] * len(jobs)
    for _ in range(times):
        for i, job in enumerate(jobs):
            start = time.perf_counter()
            job()
            best[i] = min(best[i], (time.perf_counter() - start) * 1000)
    return best


def scattered(n: int) -> sky.Case:
    """Marks as schools write them: some a day, spread over the year, one in ten recorded late."""
    r, days = Random(n), [date.fromordinal(d) for d in CALENDAR.school_days]
    events: list[Any] = [sky.Enrolment("s", grade=8, since=FIRST)]
    for on in sorted(r.choice(days) for _ in range(n)):
        late = timedelta(days=r.choice([0] * 9 + [3]))
        events.append(sky.Mark(on, lessons=1, kind="health", recorded=on + late))
    return sky.Case("p", events=events)


def cost() -> None:
    row, year, none = sky.Case.from_json(record(60)), scattered(60), scattered(0)
    for what, case in (("60 marks on 60 days in a row", row), ("60 marks over the year", year), ("no mark", none)):
        days = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]

        def every_day(case: sky.Case = case, days: list[date] = days) -> object:
            return [sky.decide(MODEL, case, on=day, calendars=CALENDAR) for day in days]

        def told(case: sky.Case = case) -> object:
            return list(sky.history(MODEL, case, FIRST, LAST, calendars=CALENDAR))

        def one(case: sky.Case = case) -> object:
            return [sky.decide(MODEL, case, on=ON, calendars=CALENDAR) for _ in range(10)]

        daily, whole, ten = best_of(5, every_day, told, one)
        print(f"{what}: a decision a day {daily:.0f} ms, history {whole:.1f} ms, one decision {ten / 10:.2f} ms; "
              f"history is {whole / daily:.3f} of a decision a day and {whole / ten * 10:.1f} decisions")  # fmt: skip


def examples(seed: int, kind: str) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """(name, what the law is asked about), for ever: whole years, or the records of the generated rulesets."""
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
    import generated
    import generated_language
    import generated_tasks
    from generated_years import NAMES, year_of
    from hypothesis import HealthCheck, given, settings
    from hypothesis import seed as seeded
    from hypothesis import strategies as st

    from sky_model.model import load_data

    if kind == "years":  # of the presets and the Finnish models
        names = [n for n in NAMES if n.startswith(("presets/", "fi-sky/", "examples/")) and n not in SLOW]
        n = seed * 1_000_000
        while True:
            name = names[n % len(names)]
            yield f"year_of({n}, {name!r})", year_of(n, name)[1:]
            n += 1
    short = (generated.FIRST, generated.LAST, generated.CALENDAR)
    both = (generated_language.FIRST, generated_language.LAST, generated_language.TWO_YEARS)
    strategy = st.one_of(
        st.tuples(generated.models(), generated.cases()).map(lambda x: (*x, *short)),
        generated_tasks.task_examples().map(lambda x: (x[0], x[1], *short)),
        generated_tasks.language_task_examples().map(lambda x: (load_data(x[0]), x[1], *short)),
        generated_language.language_examples().map(lambda x: (load_data(x[0]), x[1], *both)),
    )
    while True:
        found: list[tuple[Any, ...]] = []
        some = settings(max_examples=50, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        seeded(seed)(some(given(strategy)(_into(found))))()
        for i, (model, case, since, until, calendar) in enumerate(found):
            yield f"seed {seed}, example {i}", (model, case, calendar, since, until)
        seed += 1


def _into(found: list[tuple[Any, ...]]) -> Callable[[Any], None]:
    def collect(example: Any) -> None:
        found.append(example)

    return collect


def law(pairs: int, seed: int, *kinds: str) -> int:
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
    from generated_years import asked_every_day, told_by_history

    done: Counter[Any] = Counter()
    started = time.perf_counter()
    for kind in kinds:
        for name, (model, case, calendars, since, until) in examples(seed, kind):
            expected = asked_every_day(model, case, since, until, calendars, as_if=True)
            told = told_by_history(model, case, since, until, calendars, as_if=True)
            if told != expected:
                days = [x[0] for x in expected if x not in told] + [x[0] for x in told if x not in expected]
                print(f"not the same: {name}, first on {min(map(str, days))}")
                return 1
            done[kind] += 1
            done["pairs", kind] += (until - since).days + 1
            if done["pairs", kind] >= pairs:
                break
        print(f"{kind}: {done[kind]} records, {done['pairs', kind]} pairs, {time.perf_counter() - started:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["law"]:
        sys.exit(law(int(sys.argv[2]), int(sys.argv[3]), *(sys.argv[4:] or ("years", "generated"))))
    cost()
