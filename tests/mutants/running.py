"""The fast set, run against a changed engine: imported and collected once, then a forked process for each change.

Rules: in the fork the functions of the changed module get their new code in place, so that nothing is imported again; it ends at
the first test that fails. What such a fork cannot show (a change outside of functions) and what it does not notice is asked once
more in a process of its own, with the changed file on disk. A limit of time is so many times the processor time of the unchanged
run of the same test, never a number of seconds.
"""

from __future__ import annotations

import ast
import gc
import os
import resource
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import types
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

__all__ = ["SOURCE", "Engine", "Found", "Set", "fast_set"]

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "sky_model"
FAST = ROOT / "tests" / "fast.txt"
CONFORMANCE = "tests/test_conformance_answers.py"
SLOWER = 10  # so many times what the test takes unchanged…
SHARE = 0.5  # …and this part of what the whole set takes: an endless loop is ended after it


def fast_set() -> list[str]:
    return [x for x in FAST.read_text(encoding="utf-8").split("\n") if x and not x.startswith("#")]


@dataclass
class Found:
    """What became of a change: the test that noticed it, or `survived`."""

    noticed_by: str | None
    how: str  # failed | time | died | survived | broken: the run itself

    @property
    def is_noticed(self) -> bool:
        return self.noticed_by is not None


@dataclass
class Engine:
    """A changed module: its file, and its text or tree."""

    file: str
    tree: ast.Module
    text: str | None = None  # None: made of the tree

    def code(self) -> types.CodeType:
        return compile(self.tree, str(SOURCE / self.file), "exec", dont_inherit=True)


# ---------------------------------------------------------------------- new code in place
def codes(code: types.CodeType) -> Iterator[tuple[tuple[str, int], types.CodeType]]:
    """Every code inside, by its name and its number among those of that name."""
    count: Counter[str] = Counter()
    stack = [code]
    while stack:
        here = stack.pop()
        for inner in here.co_consts:
            if isinstance(inner, types.CodeType):
                yield (inner.co_qualname, count[inner.co_qualname]), inner
                count[inner.co_qualname] += 1
                stack.append(inner)


def same_code(one: types.CodeType, other: types.CodeType) -> bool:
    """Do they do the same? Lines may differ."""
    if (one.co_code, one.co_names, one.co_varnames, one.co_freevars) != (
        other.co_code,
        other.co_names,
        other.co_varnames,
        other.co_freevars,
    ):
        return False
    if len(one.co_consts) != len(other.co_consts):
        return False
    return all(
        same_code(a, b) if isinstance(a, types.CodeType) and isinstance(b, types.CodeType) else (type(a), a) == (type(b), b)
        for a, b in zip(one.co_consts, other.co_consts, strict=True)
    )


def put_in_place(engine: Engine) -> bool:
    """Gives the functions of the module their new code. False: the change lies where that cannot be done."""
    path = str(SOURCE / engine.file)
    old_code = compile(Path(path).read_text(encoding="utf-8"), path, "exec", dont_inherit=True)
    new_code = engine.code()
    old, new = dict(codes(old_code)), dict(codes(new_code))
    if old.keys() != new.keys():
        return False
    changed = {k for k in old if not same_code(old[k], new[k])}
    functions = defaultdict(list)
    for f in gc.get_objects():
        if isinstance(f, types.FunctionType) and f.__code__.co_filename == path:
            functions[f.__code__.co_qualname].append(f)
    if not same_code(*(c.replace(co_consts=without_codes(c)) for c in (old_code, new_code))):
        return False
    done = False
    for name, number in changed:
        alike = [k for k in old if k[0] == name]
        for f in functions[name]:
            if len(alike) > 1 and not same_code(f.__code__, old[(name, number)]):
                continue
            try:
                f.__code__ = new[(name, number)]
            except ValueError:  # it closes over something else now
                return False
            done = True
    bodies = {k for k in changed if not functions[k[0]] and "<locals>" not in k[0] and "<lambda>" not in k[0]}
    inner = [k for k in bodies if not any(k[0].startswith(f"{c[0]}.<locals>") for c in changed)]
    is_class_body = [k for k in inner if any(x[0].startswith(f"{k[0]}.") for x in old)]
    if any(not same_code(*(c[k].replace(co_consts=without_codes(c[k])) for c in (old, new))) for k in is_class_body):
        return False
    return done


def without_codes(code: types.CodeType) -> tuple[Any, ...]:
    return tuple(None if isinstance(c, types.CodeType) else c for c in code.co_consts)


# ---------------------------------------------------------------------- the set
@dataclass
class Set:
    """The collected tests, what each costs, and how often each noticed a change."""

    session: pytest.Session
    items: list[pytest.Item]
    cost: dict[str, float] = field(default_factory=dict)
    kills: Counter[str] = field(default_factory=Counter)

    @property
    def whole(self) -> float:
        return sum(self.cost.values())

    def ordered(self, without: str = "") -> list[pytest.Item]:
        """Those that noticed most for their cost go first; unknown ones as in the file."""
        some = [i for i in self.items if not without or not i.nodeid.startswith(without)]
        place = {i.nodeid: n for n, i in enumerate(self.items)}

        def worth(item: pytest.Item) -> tuple[float, int]:
            return -(self.kills[item.nodeid] + 0.02) / (self.cost.get(item.nodeid, 0.1) + 0.05), place[item.nodeid]

        return sorted(some, key=worth)

    def measure(self) -> None:
        """The unchanged run. Raises RuntimeError when a test fails."""
        pid, out = self.child(None, list(self.items))
        data = read_all(out)
        _, status = os.waitpid(pid, 0)
        for line in data.splitlines():
            kind, _, rest = line.partition(" ")
            if kind == "failed":
                raise RuntimeError(f"the fast set fails without any change: {rest}")
            name, _, spent = rest.rpartition(" ")
            self.cost[name] = float(spent)
        if status or len(self.cost) != len(self.items):
            raise RuntimeError(f"the fast set did not come to its end ({status}, {len(self.cost)} of {len(self.items)})")

    def child(self, engine: Engine | None, items: list[pytest.Item]) -> tuple[int, int]:
        """(process, what it writes): a line for each test, the last one for the one that failed."""
        into, out = os.pipe()
        pid = os.fork()
        if pid:
            os.close(out)
            return pid, into
        os.close(into)
        try:
            nowhere = os.open(os.devnull, os.O_RDWR)
            for fd in (1, 2):
                os.dup2(nowhere, fd)
            if engine is not None and not put_in_place(engine):
                os.write(out, b"elsewhere\n")
                os._exit(0)
            self.run(items, out)
        except BaseException as e:
            os.write(out, f"failed {type(e).__name__}\n".encode())
        os._exit(0)

    def run(self, items: list[pytest.Item], out: int) -> None:
        reports: list[Any] = []
        self.session.config.pluginmanager.register(Reports(reports), "mutant-reports")
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        for n, item in enumerate(items):
            if self.cost:  # of the same test, unchanged
                signal.setitimer(signal.ITIMER_PROF, SLOWER * self.cost[item.nodeid] + SHARE * self.whole)
                os.write(out, f"begun {item.nodeid}\n".encode())
            began = time.process_time()
            following = items[n + 1] if n + 1 < len(items) else None
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if any(r.failed for r in reports):
                os.write(out, f"failed {item.nodeid}\n".encode())
                return
            reports.clear()
            if not self.cost:
                os.write(out, f"passed {item.nodeid} {time.process_time() - began:.4f}\n".encode())


class Reports:
    def __init__(self, reports: list[Any]) -> None:
        self.reports = reports

    def pytest_runtest_logreport(self, report: Any) -> None:
        self.reports.append(report)


def read_all(fd: int) -> str:
    found = b""
    while more := os.read(fd, 1 << 16):
        found += more
    os.close(fd)
    return found.decode()


def try_all(
    tests: Set, engines: list[tuple[str, Engine]], jobs: int, told: Callable[[str, Found], None], without: str = ""
) -> None:
    """Each change by its name, so many at a time; `told` is called with what became of it."""
    waiting = [(name, engine, False) for name, engine in reversed(engines)]
    running: dict[int, tuple[int, str, Engine, bool]] = {}
    read: dict[int, bytes] = defaultdict(bytes)
    while waiting or running:
        while waiting and len(running) < jobs:
            name, engine, is_on_disk = waiting.pop()
            begin = disk_child(engine, tests.whole, without) if is_on_disk else tests.child(engine, tests.ordered(without))
            running[begin[1]] = (begin[0], name, engine, is_on_disk)
        for fd in select.select(list(running), [], [])[0]:
            data = os.read(fd, 1 << 16)
            if data:
                read[fd] += data
                continue
            pid, name, engine, is_on_disk = running.pop(fd)
            os.close(fd)
            _, status = os.waitpid(pid, 0)
            found = found_in(read.pop(fd, b"").decode(), status)
            if not is_on_disk and (found is None or not found.is_noticed):
                waiting.append((name, engine, True))
                continue
            assert found is not None
            if found.noticed_by in tests.cost:
                tests.kills[found.noticed_by] += 1
            told(name, found)


def disk_child(engine: Engine, whole: float, without: str) -> tuple[int, int]:
    """(process, what it writes) as of `Set.child`, for the changed file on disk."""
    into, out = os.pipe()
    pid = os.fork()
    if pid:
        os.close(out)
        return pid, into
    os.close(into)
    try:
        found = on_disk(engine, whole, without)
        os.write(out, f"failed {found.noticed_by}\n".encode() if found.is_noticed else b"survived\n")
    except BaseException as e:
        os.write(out, f"broken {type(e).__name__} {e}\n".encode())
    os._exit(0)


def found_in(read: str, status: int) -> Found | None:
    """None: the change could not be put in place."""
    lines = read.splitlines()
    if lines and lines[-1] == "elsewhere":
        return None
    if lines and lines[-1].startswith("failed "):
        return Found(lines[-1].partition(" ")[2], "failed")
    if lines and lines[-1].startswith("broken "):
        return Found(None, lines[-1])
    if os.WIFSIGNALED(status):
        how = "time" if os.WTERMSIG(status) == signal.SIGPROF else "died"
        return Found(lines[-1].partition(" ")[2] if lines else "before the first test", how)
    return Found(None, "survived")


def on_disk(engine: Engine, whole: float, without: str = "") -> Found:
    """The same in a process of its own, with the changed file in a copy of the source: slow, and beyond doubt."""
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name) / "src" / "sky_model"
        shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns("__pycache__"))
        (Path(name) / "rulesets").symlink_to(ROOT / "rulesets")  # where the source looks for them
        (copy / engine.file).write_text(engine.text or ast.unparse(engine.tree), encoding="utf-8")
        files = [x for x in fast_set() if not without or not x.startswith(without)]
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", "-p", "no:cacheprovider", *files]
        env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(copy.parent), str(ROOT / "tests")])}
        env |= {"PYTHONDONTWRITEBYTECODE": "1", "HYPOTHESIS_PROFILE": "mutants"}
        seconds = int(SLOWER * whole) + 30  # of processor time
        done = subprocess.run(
            command,
            cwd=ROOT,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join([str(copy.parent), str(ROOT / "tests")]),
                "PYTHONDONTWRITEBYTECODE": "1",
            }
            | {"HYPOTHESIS_PROFILE": "mutants"},
            capture_output=True,
            encoding="utf-8",
            check=False,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds)),
        )
    if done.returncode == 0:
        return Found(None, "survived")
    failed = [x for x in done.stdout.splitlines() if x.startswith(("FAILED ", "ERROR "))]
    return Found((failed or ["in collecting"])[0].partition(" - ")[0].partition(" ")[2] or "in collecting", "failed")


def collected(then: Callable[[Set], int]) -> int:
    """Collects the fast set in this process, measures it and hands it over."""
    os.environ["HYPOTHESIS_PROFILE"] = "mutants"
    result: list[int] = []

    class Loop:
        @pytest.hookimpl(tryfirst=True)
        def pytest_runtestloop(self, session: pytest.Session) -> bool:
            # a test that is expected to fail says nothing when it does
            items = [i for i in session.items if i.get_closest_marker("xfail") is None]
            tests = Set(session, items)
            tests.measure()
            print(f"{len(items)} tests in {tests.whole:.1f} seconds of processor time")
            result.append(then(tests))
            return True

    arguments = ["-o", "addopts=", "-s", "-n", "0", "-p", "no:cacheprovider", "-p", "no:terminal", *fast_set()]
    code = pytest.main(arguments, plugins=[Loop()])
    return result[0] if result else int(code) or 2
