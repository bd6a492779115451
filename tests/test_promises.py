"""The promises of the design that concern this version, over generated records."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta

import pytest
from generated_records import CALENDAR, DAYS, ENROLLED, FIRST, KINDS, LAST, case_of, events
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import sky_model as sky
from sky_model.decision import dumps
from sky_model.events import Event, end_of
from sky_model.facts import Facts
from sky_model.path import Path

MODELS = [sky.load("presets/lessons-per-term"), sky.load("presets/share-of-12-weeks")]
models = st.sampled_from(MODELS)
days = st.sampled_from(DAYS)
few = settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def decide(model: sky.Model, found: list[Event], on: date, known_on: date | None = None) -> sky.Decision:
    return sky.decide(model, case_of(found), on=on, known_on=known_on, calendars=CALENDAR)


def path(model: sky.Model, found: list[Event], on: date) -> Path:
    case = case_of(found)
    return Path([Facts(case, v, CALENDAR, end_of(on.toordinal())) for v in model.versions], on.toordinal())


def asking(p: Path) -> set[str]:
    """Steps that are open, in doubt or undecided: of which somebody is asked something."""
    return set(p.undecided) | {o.step.id for o in p.openings if o.ended is None and not o.is_withdrawn}


@few
@given(models, events(), st.integers(0, 10**6))
def test_the_order_in_which_events_are_handed_in_does_not_matter(model: sky.Model, found: list[Event], seed: int) -> None:
    shuffled = found[:]
    random.Random(seed).shuffle(shuffled)
    assert dumps(decide(model, found, LAST)) == dumps(decide(model, shuffled, LAST))


@few
@given(models, events(), days)
def test_a_model_that_loads_never_fails_to_decide(model: sky.Model, found: list[Event], on: date) -> None:
    decision = decide(model, found, on)
    for task in decision.tasks:
        assert task.role
        assert task.source
        assert task.openings
    for language in ("fi", "sv", "en"):
        assert "no concern" not in sky.explain(decision, language=language).lower().replace("no concern has been recorded", "")


@few
@given(models, events(), days, days)
def test_what_was_opened_stays_opened(model: sky.Model, found: list[Event], a: date, b: date) -> None:
    a, b = min(a, b), max(a, b)

    def shown(p: Path) -> list[tuple[str, int, int | None]]:
        until = a.toordinal()
        return [
            (o.name, o.about, o.ended // (1 << 24) if o.ended is not None and o.ended // (1 << 24) <= until else None)
            for o in p.openings
            if o.day <= until
        ]

    assert shown(path(model, found, a)) == shown(path(model, found, b))


@few
@given(models, events(), days)
def test_a_past_decision_can_be_had_again(model: sky.Model, found: list[Event], on: date) -> None:
    then = [e for e in found if e.recorded is not None and e.recorded <= on]
    assert dumps(decide(model, then, on)) == dumps(decide(model, found, on))


@few
@given(st.just(MODELS[0]), events(people=False, registers=False, kinds=("health",)), days, st.integers(1, 12), days)
def test_one_more_absence_never_makes_the_step_milder(
    model: sky.Model, found: list[Event], day: date, lessons: int, on: date
) -> None:
    more = sky.Mark(day, lessons=lessons, kind="health", id="more", recorded=max(day, FIRST), seq=900)
    limits = {"first-limit-reached", "second-limit-reached", "third-limit-reached"}
    assert asking(path(model, found, on)) & limits <= asking(path(model, [*found, more], on))


@few
@given(st.just(MODELS[0]), events(people=False, kinds=("health", "unauthorised")), days, st.integers(0, 6))
def test_unknown_never_reassures(model: sky.Model, found: list[Event], on: date, missed: int) -> None:
    gaps = [e for e in found if isinstance(e, sky.Register) and not any(e.on == m.on for m in found if isinstance(m, sky.Mark))]
    if not gaps:
        return
    gap = gaps[0]
    known = [replace(e, marked=e.planned) if e is gap else e for e in found]
    if missed:
        known.append(sky.Mark(gap.on, lessons=missed, kind="health", id="fill", recorded=gap.on, seq=900))
    unknown = [replace(e, marked=0) if e is gap else e for e in found]
    limits = {"first-limit-reached", "second-limit-reached", "third-limit-reached"}
    assert asking(path(model, known, on)) & limits <= asking(path(model, unknown, on))


@few
@given(models, events(), days)
def test_a_closing_that_was_legal_stays_legal(model: sky.Model, found: list[Event], on: date) -> None:
    told_then = set(path(model, found, on).told)
    told_later = set(path(model, found, LAST).told)
    assert told_then == {t for t in told_later if any(e.id == t and e.recorded is not None and e.recorded <= on for e in found)}


@few
@given(st.just(MODELS[0]), events(people=False, registers=False, kinds=("health",)), days)
def test_nobody_is_late_before_anyone_could_know(model: sky.Model, found: list[Event], on: date) -> None:
    before = on - timedelta(days=1)
    if before < FIRST:
        return
    known = [e for e in found if e.recorded is not None and e.recorded <= before]
    today, yesterday = decide(model, found, on), decide(model, known, before)
    asked = {t.action: t for t in yesterday.tasks}
    for t in today.tasks:
        if t.overdue and t.due is not None and t.due < before:
            assert t.action in asked and asked[t.action].due is not None  # noqa: PT018


READERS = ("guardian", "pupil", "curator", "homeroom-teacher", "principal")


@few
@given(models, events(), days, st.sampled_from(READERS))
def test_a_reader_sees_no_more_than_the_role_allows(model: sky.Model, found: list[Event], on: date, reader: str) -> None:
    whole = decide(model, found, on)
    cut = whole.for_reader(reader)
    assert {t.name for t in cut.tasks} <= {t.name for t in whole.tasks}
    if reader == "guardian":
        assert not any(t.about == "child_protection" or (t.about == "welfare" and "guardian" not in t.to) for t in cut.tasks)


@few
@given(models, events(), days)
def test_what_a_ruleset_does_not_need_it_does_not_read(model: sky.Model, found: list[Event], on: date) -> None:
    needed = sky.needs(model)
    other = [sky.Report("nobody-asks-for-this", FIRST, by="guardian", id="z1", recorded=FIRST, seq=901)]
    assert "nobody-asks-for-this" not in needed["reports"]
    a, b = decide(model, found, on), decide(model, [*found, *other], on)
    assert replace(a, told=()) == replace(b, told=())


@pytest.mark.parametrize(("zone", "seed"), [("UTC", "0"), ("Pacific/Auckland", "7")])
def test_the_same_record_day_and_model_give_the_same_answer(zone: str, seed: str) -> None:
    code = (
        "from datetime import date; import sky_model as s; from sky_model.decision import dumps;"
        "c=s.Case('p',events=[s.Enrolment('s',grade=8,since=date(2026,8,12)),*[s.Mark(date(2026,9,d),lessons=6,"
        "kind='unauthorised') for d in (1,2,3,4,7)]]);"
        "print(dumps(s.decide(s.load('presets/lessons-per-term'),c,on=date(2026,9,10),"
        "calendars=s.load_calendar('example-week-43/2026-27'))))"
    )
    outputs = [
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, check=True, env={**os.environ, "TZ": z, "PYTHONHASHSEED": h}
        ).stdout
        for z, h in ((zone, seed), ("Europe/Helsinki", "3"))
    ]
    assert outputs[0] == outputs[1]
    assert outputs[0].startswith(b'{"format":1')


# ---------------------------------------------------------------------- stronger, or not yet above


@few
@given(models, events(people=False, kinds=("health",)), st.integers(0, 6))
def test_filling_a_gap_only_decides(model: sky.Model, found: list[Event], missed: int) -> None:
    gaps = [e for e in found if isinstance(e, sky.Register) and e.planned != e.marked]
    if not gaps:
        return
    gap = gaps[0]
    newest = {e.id: e for e in found if isinstance(e, sky.Mark)}
    absent = sum(m.lessons or 0 for m in newest.values() if m.on == gap.on)
    missed = int(max(0, min(missed, (gap.planned or 0) - max(gap.marked or 0, absent))))  # no more than nobody marked
    filled: list[Event] = [*found, replace(gap, marked=gap.planned, id="filled", recorded=LAST, seq=901)]
    if missed:
        filled.append(sky.Mark(gap.on, lessons=missed, kind="health", id="fill", recorded=LAST, seq=902))
    before, after = path(model, found, LAST), path(model, filled, LAST)
    sure = {o.name for o in before.openings if o.ended is None and not o.is_withdrawn and not o.is_in_doubt}
    still = {o.name for o in after.openings if o.ended is None and not o.is_withdrawn and not o.is_in_doubt}
    assert sure <= still
    was_open = {o.step.id for o in before.openings if o.ended is None}
    is_open = {o.step.id for o in after.openings if o.ended is None}
    assert set(after.undecided) <= set(before.undecided)
    assert is_open - was_open <= set(before.undecided)
    asked = [q for q in decide(model, filled, LAST).questions if q.what == "not_marked"]
    assert all(gap.on not in q.days for q in asked)


@few
@given(models, events(people=False, registers=False, kinds=("health", "unauthorised", "unexplained")), days)
def test_every_task_names_a_role_a_source_and_a_reason(model: sky.Model, found: list[Event], on: date) -> None:
    decision = decide(model, found, on)
    rules = decision.rules
    opened = {s.name: s for s in decision.open_steps}
    owed = {o.name for o in path(model, found, on).openings if o.how == "renewed"}  # what was owed keeps its name
    for task in decision.tasks:
        assert task.role in rules.roles or task.role in rules.groups
        assert task.source in rules.sources
        assert task.openings
        for name in task.openings:
            assert name in opened or name in decision.withdrawn or name in owed
    marks = sorted((e for e in found if isinstance(e, sky.Mark) and (e.recorded or on) <= on), key=lambda e: e.recorded or on)
    known = {e.id: e for e in marks}
    for step in decision.open_steps:
        assert step.because or step.is_in_doubt
        for reason in step.because:
            if reason.what == "report":
                assert reason.about is not None
                continue
            assert reason.marks
            assert reason.first is not None
            assert reason.about is not None
            named = [known[m] for m in reason.marks]
            assert all(reason.first <= m.on <= reason.about for m in named)
            if reason.fact == "absence-lessons":
                assert sum(m.lessons or 0 for m in named) == reason.low
                assert reason.low >= reason.limit


@pytest.fixture(scope="module")
def empty_layers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, sky.Model]:
    out = {}
    for base in ("fi-sky/2026-1", "presets/lessons-per-term", "presets/share-of-12-weeks"):
        path = tmp_path_factory.mktemp("layer") / "my-town.yaml"
        path.write_text(
            f"format: 1\nruleset: my-town\nversion: 2026-1\nextends: {base}\nstatus: pilot\nvalid_from: 2026-08-01\n"
            "grades: 1-9\nname: {en: nothing changed}\n",
            encoding="utf-8",
        )
        out[base] = sky.load(path)
    return out


@few
@given(events(), days, st.sampled_from(["fi-sky/2026-1", "presets/lessons-per-term", "presets/share-of-12-weeks"]))
def test_a_layer_without_changes_changes_nothing(
    empty_layers: dict[str, sky.Model], found: list[Event], on: date, base: str
) -> None:
    with_layer, without = decide(empty_layers[base], found, on).to_json(), decide(sky_load(base), found, on).to_json()
    assert with_layer.pop("basis")["layers"][1:] == without.pop("basis")["layers"]
    assert with_layer == without


@few
@given(models, events(kinds=("health", "unauthorised", "unexplained")))
def test_nobody_is_late_before_anyone_could_know_on_the_day_on_which_a_step_opens(model: sky.Model, found: list[Event]) -> None:
    from_a_request = {a.id for v in model.versions for s in v.steps for a in s.actions if a.due and a.due.from_report}
    opened = {date.fromordinal(o.day) for o in path(model, found, LAST).openings}
    for on in sorted(opened):
        decision = decide(model, found, on)
        today = {s.name for s in decision.open_steps if s.opened_on == on}
        for task in decision.tasks:
            if task.action in from_a_request or not set(task.openings) <= today:
                continue
            assert not task.overdue, task.name
            assert task.due is None or task.due >= on, task.name


def test_nobody_is_late_before_anyone_could_know_when_the_marks_of_autumn_are_recorded_in_january() -> None:
    autumn = [
        sky.Mark(date(2026, 12, d), lessons=6, kind="health", id=f"m{d}", recorded=date(2026, 12, d)) for d in (7, 8, 9, 10)
    ]
    late = sky.Mark(date(2026, 12, 11), lessons=6, kind="health", id="late", recorded=date(2027, 1, 11))
    decision = decide(MODELS[0], [replace(ENROLLED, seq=None), *autumn, late], date(2027, 1, 11))
    (step,) = decision.open_steps
    assert (str(step.opened_on), step.about < date(2027, 1, 1), str(step.due_from)) == ("2027-01-11", True, "2027-01-11")
    (talk,) = [t for t in decision.tasks if t.action == "talk-with-pupil"]
    assert (str(talk.due), talk.overdue) == ("2027-01-18", False)


# ---------------------------------------------------------------------- needs
CALENDARS = {"week-43": CALENDAR, "week-42": sky.load_calendar("example-week-42/2026-27")}
SIX = [date(2026, 9, d) for d in (1, 2, 3, 4, 7, 8)]


def whole(*found: object, register: str = "marks_only", **enrolled: object) -> sky.Case:
    """A record in which everything is written that a record can hold."""
    first = sky.Enrolment(
        "week-43", **{"grade": 8, "since": FIRST, "calendar": "week-43", "lessons_per_week": 30, "id": "e"} | enrolled
    )  # type: ignore[arg-type]
    return sky.Case("p", register=register, events=[first, *found])  # type: ignore[arg-type,list-item]


def full(on: date, kind: str, name: str, **more: object) -> sky.Mark:
    said = {"lessons": 6, "code": "x", "school": "s", "subject": "MA", "teacher": "t-1", "explained": True, "part": "middle"}
    return sky.Mark(on, kind=kind, id=name, **said | more)  # type: ignore[arg-type]


WISH = sky.Report("wish-to-meet-curator", date(2026, 10, 12), by="guardian", id="wish")
CASES: dict[str, sky.Case] = {
    "marks": whole(*(full(d, k, f"m{d.day}") for d, k in zip(SIX, KINDS, strict=False)), full(SIX[5], "late", "m8")),
    "a limit": whole(*(full(d, "unauthorised", f"m{d.day}") for d in SIX)),
    "minutes": whole(*(full(d, "unauthorised", f"m{d.day}", lessons=None, minutes=270) for d in SIX)),
    "late recording": whole(*(full(d, "unauthorised", f"m{d.day}", recorded=date(2026, 9, 20)) for d in SIX)),
    "one lesson twice": whole(
        *(full(d, "unauthorised", f"m{d.day}", lesson="1", lessons=3) for d in SIX),
        full(SIX[0], "unauthorised", "n", lesson="1", lessons=12),
    ),
    "a report": whole(WISH),
    "a part without length": whole(*(full(d, "health", f"m{d.day}") for d in SIX[:4]), full(SIX[5], "health", "p", lessons=None)),
    "registers": whole(
        *(full(d, "health", f"m{d.day}") for d in SIX[:4]),
        sky.Register(FIRST, through=date(2026, 9, 13), id="r0", recorded=date(2026, 9, 13)),
        sky.Register(date(2026, 9, 14), 6, 0, id="r1"),
        register="given",
    ),
    "corrections in order": sky.Case(
        "p",
        events=[
            sky.Enrolment("week-43", grade=8, since=FIRST, calendar="week-43", id="e", recorded=FIRST, seq=0),
            full(SIX[0], "unauthorised", "m1", recorded=SIX[0], seq=1),
            full(SIX[0], "health", "m1", recorded=SIX[0], seq=2),
        ],
    ),
    "a move": whole(
        sky.Enrolment("week-42", grade=9, since=date(2026, 9, 7), calendar="week-42", id="e2", recorded=date(2026, 9, 7)),
        sky.Retracted("e2", date(2026, 9, 14), id="back"),
        WISH,
    ),
    "a move told late into a week without school": whole(
        full(date(2026, 10, 12), "unauthorised", "m1"),
        sky.Enrolment("week-42", grade=8, since=date(2026, 10, 12), calendar="week-42", id="e2", recorded=date(2026, 10, 13)),
    ),
}  # fmt: skip
SHIPPED = ("fi-sky/2026-1", "presets/lessons-per-term", "presets/share-of-12-weeks")


def sky_load(name: str, _known: dict[str, sky.Model] = {}) -> sky.Model:  # noqa: B006 - each ruleset is loaded once
    if name not in _known:
        _known[name] = sky.load(name)
    return _known[name]


def answer(model: sky.Model, case: sky.Case) -> object:
    """What is asked of whom: tasks, open steps, questions, as of a day in October."""
    try:
        d = sky.decide(model, case, on=date(2026, 10, 13), calendars=CALENDARS)
    except sky.RecordError as e:
        return e.rule
    return d.tasks, d.open_steps, d.questions


def with_field(case: sky.Case, shape: type, name: str, value: object) -> object:
    """The case with one field of its events changed; the error's rule where that cannot be."""
    events = [
        replace(e, **{name: value(e) if callable(value) else value}) if type(e) is shape and getattr(e, name) is not None else e
        for e in case.events
    ]
    try:
        return sky.Case("p", register=case.register, events=events)
    except sky.RecordError as e:
        return e.rule


def outside(name: str) -> list[tuple[str, str]]:
    needed = sky.needs(sky_load(name))["fields"]
    shapes = {"mark": sky.Mark, "enrolment": sky.Enrolment}
    return [
        (kind, f)
        for kind, shape in shapes.items()
        for f in shape.__dataclass_fields__
        if ("on" if f == "since" else f) not in needed[kind]
    ]


def each_outside() -> list[tuple[str, str, str]]:
    """Of every ruleset every field outside needs."""
    return [(n, *x) for n in SHIPPED for x in outside(n)]


OTHER: dict[str, object] = {"lessons_per_week": 12, "explained": False, "part": "middle"}


@pytest.mark.parametrize(("name", "kind", "field"), each_outside())
def test_what_a_ruleset_does_not_need_it_does_not_read_field_by_field(name: str, kind: str, field: str) -> None:
    shape = {"mark": sky.Mark, "enrolment": sky.Enrolment}[kind]
    model = sky_load(name)
    for record, case in CASES.items():
        for value in (None, OTHER.get(field, "another")):
            changed = with_field(case, shape, field, value)
            assert isinstance(changed, sky.Case)
            assert answer(model, changed) == answer(model, case), (record, value)


CHANGES: dict[str, object] = {
    "id": lambda e: f"{e.id}-other",
    "on": lambda e: e.on + timedelta(days=1),
    "since": lambda e: e.since + timedelta(days=35),
    "kind": None, "recorded": None, "lessons": None, "minutes": None, "part": None, "subject": None, "teacher": None,
    "lesson": None, "grade": None, "seq": None, "lessons_per_week": None,
    "calendar": "week-42", "school": "week-42",
}  # fmt: skip


def each_needed() -> list[tuple[str, str]]:
    """Every field that the preset with the longest list needs."""
    return [(k, f) for k, fields in sky.needs(sky.load(SHIPPED[2]))["fields"].items() for f in fields]


@pytest.mark.parametrize(("kind", "field"), each_needed())
def test_each_field_that_a_ruleset_needs_changes_the_answer_of_some_record(kind: str, field: str) -> None:
    shape = {"mark": sky.Mark, "enrolment": sky.Enrolment}[kind]
    field = "since" if (kind, field) == ("enrolment", "on") else field

    def differs(model: sky.Model, case: sky.Case) -> bool:
        changed = with_field(case, shape, field, CHANGES[field])
        return not isinstance(changed, sky.Case) or answer(model, changed) != answer(model, case)

    bare = [with_field(c, sky.Enrolment, "calendar", None) for c in CASES.values()] if field == "school" else []
    assert any(differs(sky_load(n), c) for n in SHIPPED for c in (*CASES.values(), *bare) if isinstance(c, sky.Case))


@pytest.mark.parametrize("name", SHIPPED)
def test_each_report_and_kind_that_a_ruleset_needs_changes_an_answer_and_no_other_does(name: str) -> None:
    model, needed = sky_load(name), sky.needs(sky_load(name))
    rules, sent = model.newest, {k["kind"]: k["sent"] for k in needed["kinds"]}
    assert set(sent) == set(rules.kinds)
    for report in [*rules.reports, "nobody-asks-for-this"]:
        raised = whole(sky.Report(report, date(2026, 9, 14), by="guardian"))
        assert (answer(model, raised) != answer(model, whole())) == (report in needed["reports"]), report
    for kind in rules.kinds:
        marks = whole(*(full(d, kind, f"m{d.day}", lessons=18) for d in SIX))
        assert (answer(model, marks) != answer(model, whole())) == (sent[kind] == "counted"), kind
