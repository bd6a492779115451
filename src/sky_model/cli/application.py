"""The command `sky` as a whole: its exit codes, the options that many commands share, and how they read what is handed in."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import wraps
from pathlib import Path
from typing import Any

try:
    import click
    from click.core import ParameterSource
except ImportError:  # pragma: no cover - the core is installed without the extra
    sys.exit("the command `sky` needs the extra cli: pip install 'sky-model[cli]'")

import sky_model as sky
from sky_model.host.intake import Intake, Mapping, Reach, Refused, read_lines, read_mapping, read_marks, unmapped_in, with_codes
from sky_model.host.schools import Schools, read_schools
from sky_model.host.signing import NO_KEYS, Signed, Unsigned, check_key
from sky_model.layers import rulesets_folder

__all__ = [
    "ALLOW", "CALENDAR", "FAULTY", "JSON", "KNOWN", "MAPPING", "NOT_DECIDED", "ON", "RULES", "SCHOOLS", "SIGNED_BY", "UNSIGNED",
    "UNTIL", "Asked", "Day", "PublicKey", "app", "asked_with", "cases_of", "decided", "deciding", "main", "reaching",
    "rulesets_in", "with_progress",
]  # fmt: skip

NOT_DECIDED, FAULTY = 3, 4
STATES_UNTIL = re.compile(rb'"data_until"\s*:\s*"')  # a record that says itself how far its marks reach


class Day(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    name = "day"

    def convert(self, value: Any, param: Any, ctx: Any) -> date:
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        try:
            if len(value) != 10 or value[4] != "-" or value[7] != "-":
                raise ValueError
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"'{value}' is no day; write it as 2026-10-01", param, ctx)


class PublicKey(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """The bytes of a public key, by the path of its file."""

    name = "key.pem"

    def convert(self, value: Any, param: Any, ctx: Any) -> bytes:
        if isinstance(value, bytes):
            return value
        try:
            pem = Path(value).read_bytes()
            check_key(pem)
        except OSError as e:
            self.fail(f"'{value}' cannot be read: {e.strerror}", param, ctx)
        except (ValueError, ImportError) as e:
            self.fail(f"'{value}': {e}", param, ctx)
        return pem


@click.group()
@click.version_option(sky.__version__, prog_name="sky")
def app() -> None:
    """Decide what comes next when a pupil is absent. It proposes, a person decides."""


def main() -> None:
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8")
    try:
        app()
    except sky.RulesetError as e:
        click.echo(str(e), err=True)
        sys.exit(FAULTY)
    except sky.RecordError as e:
        click.echo(str(e), err=True)
        sys.exit(NOT_DECIDED)


@dataclass
class Asked:
    """What a command was asked to decide with: one ruleset and calendar for all, or a file of schools."""

    model: sky.Model
    calendars: Any
    schools: Schools | None
    mapping: Mapping | None
    absent: tuple[str, ...] = ()
    as_if: bool = False

    @property
    def kinds(self) -> set[str]:
        models = [s.model for s in self.schools.by_id.values() if s.model] if self.schools else []
        return {k for m in (self.model, *models) for v in m.versions for k in (*v.kinds, *v.codes)}

    def mapped(self, case: sky.Case | Refused) -> sky.Case | Refused:
        """A record of JSON Lines with the kinds of the code map; a CSV was read with it."""
        return case if isinstance(case, Refused) else with_codes(case, self.mapping)

    def decide(self, case: sky.Case, on: date, known_on: date | None) -> sky.Decision:
        models = None
        if self.schools is not None:
            case, models = case.does_too(self.schools.school_of(case, on).does), self.schools.models
        return sky.decide(
            self.model,
            case,
            on=on,
            known_on=known_on,
            calendars=self.calendars,
            schools=models,
            absent=self.absent,
            as_if=self.as_if,
        )


def asked_with(
    rules: str, allow: tuple[str, ...], calendar: str | None, schools: str | None, mapping: str | None, signed: Signed | None
) -> Asked:
    """Everything that a command decides with.

    signed  whose signatures are asked for, beside what a file of schools says; None: of a command that answers for nobody.
            What is not as it was signed is refused, or told on standard error, once
    """
    try:
        tied = read_schools(Path(schools), allow=allow, signed=signed) if schools else None
    except ImportError as e:
        raise click.UsageError(str(e)) from None
    asked = tied.signed if tied else signed or NO_KEYS
    if asked.unsigned and not asked.by:
        raise click.UsageError("--unsigned says nothing without a key; write --signed-by KEY.pem too")
    warnings: list[sky.Problem] = [*tied.warnings] if tied else []
    own = [s.model for s in tied.by_id.values()] if tied else []
    if asked.by and own and own[0] and all(own) and not _is_said("rules"):
        model = own[0]  # no school is answered by what --rules stands at when nobody says it: it is not loaded
    else:
        model, odd = asked.load(rules, allow=allow)
        warnings += odd
    for p in sky.RulesetError(warnings).problems:
        click.echo(f"warning: {p}", err=True)
    calendars: Any = sky.load_calendar(*calendar.split("+")) if calendar else tied.calendars if tied else None
    if isinstance(calendars, sky.Calendar) and (problems := model.problems_with(calendars)):
        raise sky.RulesetError(problems)
    found = read_mapping(Path(mapping)) if mapping else tied.mapping if tied else None
    return Asked(model, calendars, tied, found)


def _is_said(option: str) -> bool:
    return click.get_current_context().get_parameter_source(option) is not ParameterSource.DEFAULT


@contextmanager
def cases_of(records: str, asked: Asked) -> Iterator[tuple[Iterator[Any], Intake]]:
    """Cases and refusals, one after another; a CSV is read as a whole."""
    if records == "-":
        yield map(asked.mapped, read_lines(iter(sys.stdin.buffer.readline, b""))), Intake()
        return
    path = Path(records)
    if not path.is_file():
        raise click.UsageError(f"there is no file '{records}'")
    if path.suffix.lower() in (".jsonl", ".ndjson", ".json"):
        with path.open("rb") as file:
            intake = Intake()
            for case in read_lines(line for line in file if not STATES_UNTIL.search(line)):
                if isinstance(case, sky.Case):  # how far the marks of a school reach is seen in all its records together
                    intake.reach.add(case)
            file.seek(0)
            yield map(asked.mapped, read_lines(file)), intake
        return
    intake = read_marks(path.read_bytes(), mapping=asked.mapping, known_kinds=asked.kinds, file=records)
    yield iter([*intake.refused, *intake.cases]), intake


def reaching(case: sky.Case, reach: Reach, on: date, known_on: date | None, stated: date | None) -> sky.Case:
    """A record with how far its marks reach: as it says itself, as the command says, else by the marks of its school."""
    if case.data_until is not None:
        return case
    if stated is not None:
        return case.changed(data_until=stated)
    newest = reach.until(case, on, known_on)
    return case if newest is None else case.changed(data_until=newest, data_until_from="marks")


def decided(
    cases: Iterable[Any],
    asked: Asked,
    intake: Intake,
    on: date,
    known_on: date | None,
    reader: str | None,
    data_until: date | None = None,
) -> Iterator[Any]:
    """Decisions and refusals, one after another. data_until: up to which day the marks reach, where a record does not say it."""
    kinds, is_file = asked.kinds, bool(intake.rows)
    for case in cases:
        if isinstance(case, Refused):
            yield case
            continue
        try:
            decision = asked.decide(reaching(case, intake.reach, on, known_on, data_until), on, known_on)
            if not is_file:
                intake.unmapped.update(unmapped_in(case, kinds))
            yield decision.for_reader(reader) if reader else decision
        except sky.RecordError as e:
            yield Refused(e.pupil or case.pupil, e)


RULES = click.option("--rules", default="presets/lessons-per-term", show_default=True, help="a shipped ruleset or a path")
ALLOW = click.option(
    "--allow", multiple=True, type=click.Choice(["draft", "variant"]), help="statuses that answer only when asked to"
)
CALENDAR = click.option("--calendar", help="one calendar for all; several school years joined with +")
SCHOOLS = click.option("--schools", type=click.Path(dir_okay=False), help="a file that ties schools to calendars")
SIGNED_BY = click.option(
    "--signed-by", type=PublicKey(), multiple=True, help="answer only by rulesets that one of these public keys signed"
)
UNSIGNED = click.option(
    "--unsigned", type=click.Choice(["refuse", "warn"]), help="what to do with one that none of them signed  [default: refuse]"
)
UNTIL = click.option("--data-until", type=Day(), help="up to which day the marks reach, where the records do not say it")
ON = click.option("--on", type=Day(), required=True, help="the day that is decided about")
KNOWN = click.option("--known-on", type=Day(), help="an earlier day whose knowledge is asked for")
MAPPING = click.option("--mapping", type=click.Path(dir_okay=False), help="columns and codes of another system's export")
JSON = click.option("--json", "as_json", is_flag=True, help="JSON Lines")


ABSENT = click.option("--absent", multiple=True, metavar="ROLE", help="a role or person who is away: a deputy stands in")
AS_IF = click.option("--as-if", is_flag=True, help="answer as if the rules were in force on every day: for replay")


DECIDES_WITH = (RULES, ALLOW, CALENDAR, SCHOOLS, SIGNED_BY, UNSIGNED, MAPPING, ABSENT, AS_IF)


def deciding(command: Callable[..., None]) -> Callable[..., None]:
    """What a command decides with has the same options everywhere; the command gets it as `asked`."""

    @wraps(command)
    def with_asked(
        rules: str,
        allow: tuple[str, ...],
        calendar: str | None,
        schools: str | None,
        signed_by: tuple[bytes, ...],
        unsigned: Unsigned | None,
        mapping: str | None,
        absent: tuple[str, ...],
        as_if: bool,
        **others: Any,
    ) -> None:
        asked = asked_with(rules, allow, calendar, schools, mapping, Signed(signed_by, unsigned))
        command(asked=replace(asked, absent=absent, as_if=as_if), **others)

    found: Callable[..., None] = with_asked
    for option in reversed(DECIDES_WITH):
        found = option(found)
    return found


def with_progress(answers: Iterable[Any]) -> Iterator[Any]:
    """On a terminal a counter that goes away again; else nothing."""
    is_shown = sys.stderr.isatty()
    for n, a in enumerate(answers, 1):
        yield a
        if is_shown and n % 200 == 0:
            click.echo(f"\r{n:,} pupils", nl=False, err=True)
    if is_shown:
        click.echo("\r\033[K", nl=False, err=True)


def rulesets_in(name: str) -> list[str]:
    """The rulesets of a name: one ruleset or all of a folder. What is shipped under the name wins, for a folder as for one
    ruleset; the user's own of the same name is written `./name`."""
    path, root = Path(name), rulesets_folder()
    shipped = root / name
    if any((folder / "ruleset.yaml").is_file() for folder in (shipped, path)):
        return [name]
    is_a_path = name.startswith(".") or path.is_absolute()
    for folder in (path,) if is_a_path else (shipped, path):
        if found := sorted(p.parent for p in folder.rglob("ruleset.yaml")) if folder.is_dir() else []:
            return [p.relative_to(root).as_posix() if folder is shipped else str(p) for p in found]
    return [name]
