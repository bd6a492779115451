"""The live host with many pupils, and the limits of durable-rules that it lives with: python bench/live.py [NAME …]

Rules: each limit is shown by a program of its own in a process of its own, for some of them end the process; without a name
everything is run. It needs the extra `live`.
"""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import date, timedelta
from typing import Any

PUPILS = 10_000


def memory() -> int:
    """Megabytes that this process has held at most."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 if sys.platform != "darwin" else 1024 * 1024)


def many(pupils: int = PUPILS) -> None:
    """Ten school days of many pupils; then each decision is compared with that of `decide`."""
    import sky_model as sky
    from sky_model.host.live import Live

    model, told, failed = sky.load("presets/lessons-per-term"), list[str](), list[object]()
    calendar = sky.load_calendar("example-week-43/2026-27")
    first = date(2026, 9, 7)
    before = memory()
    began = time.perf_counter()
    calls = {c: (lambda t: told.append(t.call)) for c in ("step_opened", "task_ready", "task_overdue")}
    with Live(model, on=first, calendars=calendar, error=failed.append, calls=calls) as live:
        for n in range(pupils):
            live.admit(sky.Case(f"p-{n}", events=[sky.Enrolment("s", grade=n % 9 + 1, since=date(2026, 8, 12))]))
        live.wait()
        print(f"{pupils:,} pupils admitted: {time.perf_counter() - began:.1f} s, {memory() - before} MB")
        posts = 0
        began = time.perf_counter()
        for day in (first + timedelta(days=n) for n in range(12)):
            if day.weekday() > 4:
                continue
            start = time.perf_counter()
            live.day(day)
            for n in range(pupils):
                if (n + day.toordinal()) % 2 == 0:
                    live.post(f"p-{n}", sky.Mark(day, lessons=4 + n % 6, kind=("health", "unauthorised")[n % 2]))
                    posts += 1
            live.wait()
            print(f"  {day}: {time.perf_counter() - start:.1f} s, {memory() - before} MB")
        took = time.perf_counter() - began
        print(f"{posts:,} posts and 10 days of all pupils: {took:.1f} s; {len(told):,} calls; failed {len(failed)}")
        print(f"durable-rules was asked {live.asked:,} different questions")
        on, differ = date(2026, 9, 18), 0
        for n in range(0, pupils, 10):
            case = live.case(f"p-{n}")
            differ += live.decision(f"p-{n}").to_json() != sky.decide(model, case, on=on, calendars=calendar).to_json()
        print(f"decisions that differ from `decide` (every tenth pupil): {differ}")


def contexts() -> None:
    """A ruleset holds the state of 1,024 cases; deleted after each event, any number passes."""
    from durable.lang import delete_state, m, post, ruleset, when_all

    with ruleset("limit"):

        @when_all(m.lessons >= 30)
        def reached(c: object) -> None:
            pass

    for deleting in (True, False):
        n = 0
        try:
            for n in range(1, 5001):
                post("limit", {"sid": f"{deleting}-{n}", "lessons": 30})
                if deleting:
                    delete_state("limit", f"{deleting}-{n}")
        except MemoryError:
            print(f"state kept: MemoryError at case {n:,}", flush=True)  # its own threads may now end the process
        else:
            print(f"state {'deleted' if deleting else 'kept'}: {n:,} cases", flush=True)


def text() -> None:
    """Text satisfies every comparison with a number; what is no text, number or truth value is refused or passed over."""
    from durable.lang import m, post, ruleset, when_all

    seen: list[object] = []
    with ruleset("text"):

        @when_all(m.lessons >= 30)
        def reached(c: object) -> None:
            seen.append(1)

    for value in (30, 29, "29", "many", ""):
        seen.clear()
        try:
            post("text", {"lessons": value})
        except Exception as e:
            print(f"{value!r} >= 30: {type(e).__name__}")
        else:
            print(f"{value!r} >= 30: {'yes' if seen else 'no'}")


def returning() -> None:
    """A statechart in which a state leads back to the first one is refused."""
    from durable.lang import m, post, state, statechart, to, when_all

    with statechart("path"):
        with state("ordinary"):

            @to("watched")
            @when_all(m.lessons >= 30)
            def opened(c: object) -> None:
                pass

        with state("watched"):

            @to("ordinary")
            @when_all(m.lessons < 30)
            def ended(c: object) -> None:
                pass

    try:
        post("path", {"sid": "1", "lessons": 40})
    except Exception as e:
        print(f"a path that returns: {e}")


def swallowed() -> None:
    """What an action raises ends up as text in the state; `post` returns as if nothing had been."""
    from durable.lang import get_state, m, post, ruleset, when_all

    with ruleset("fault"):

        @when_all(m.lessons >= 30)
        def reached(c: object) -> None:
            raise ValueError("the application's fault")

    post("fault", {"sid": "1", "lessons": 30})
    print("post returned; the state says:", str(get_state("fault", "1").get("exception"))[:50])


def nested() -> None:
    """A rule takes at most 15 expressions within each other or side by side; one more and the ruleset is refused."""
    from durable.lang import get_host

    for n in range(1, 40):
        parts = [{"$or": [{f"a{i}": 1}, {f"b{i}": 1}]} for i in range(n)]
        try:
            get_host().set_rulesets({f"n{n}": {"r": {"all": [{"m": {"$and": parts}}], "run": lambda c: None}}})
        except Exception as e:
            print(f"{n} `or` in one `and`: {e}")
            return


def threads(number: int = 8) -> None:
    """Several threads in the engine at once end the process; the parent tells how."""
    import threading

    from durable.lang import delete_state, m, post, ruleset, when_all

    with ruleset("threads"):

        @when_all(m.lessons >= 30)
        def reached(c: Any) -> None:
            c.s.count = (c.s.count or 0) + 1

    def work(k: int) -> None:
        for n in range(20_000):
            try:
                post("threads", {"sid": f"{k}-{n}", "lessons": 30})
                delete_state("threads", f"{k}-{n}")
            except Exception:  # it also refuses at random (error 307); what is looked for is the end of the process
                continue

    sys.setswitchinterval(1e-6)
    workers = [threading.Thread(target=work, args=(k,)) for k in range(number)]
    for w in workers:
        w.start()
    for w in workers:
        w.join()
    print(f"{number} threads: came through this time")


PROGRAMS = {f.__name__: f for f in (many, contexts, text, returning, swallowed, nested, threads)}


def main(names: list[str]) -> int:
    unknown = [n for n in names if n not in PROGRAMS]
    if unknown:
        print(f"there is no program {unknown[0]}; there are {', '.join(PROGRAMS)}", file=sys.stderr)
        return 2
    if len(names) == 1:
        PROGRAMS[names[0]]()
        return 0
    for name in names or PROGRAMS:
        print(f"\n== {name}: {str(PROGRAMS[name].__doc__).splitlines()[0]}", flush=True)
        ended = subprocess.run(
            [sys.executable, __file__, name], check=False, stderr=subprocess.DEVNULL if name == "threads" else None
        ).returncode
        if ended:
            print(f"the process ended with {'signal ' + str(-ended) if ended < 0 else ended}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
