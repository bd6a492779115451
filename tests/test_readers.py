"""What a reader gets: existence, day and owner of what concerns them, and nothing more.

The oracle is written anew here from the ruleset's own words (`sees`, `about`, `who`): a task is a reader's when its matter is
one that the role sees or when the role acts; a step when one of its tasks is, or when it is of a matter that the role sees;
numbers and marks are the matter absence, a report is of its own matter.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

import sky_model as sky
from sky_model.events import Event

CALENDAR = sky.load_calendar("example-week-43/2026-27")
MODEL = sky.load("presets/lessons-per-term")
RULES = MODEL.newest
ON = date(2026, 9, 16)
ENROLLED = sky.Enrolment("s", grade=8, since=date(2026, 8, 12), lessons_per_week=30)
PARTIES = ("guardian", "pupil")
READERS = tuple(RULES.roles)

MARKS: tuple[Event, ...] = tuple(
    sky.Mark(date(2026, 9, d), lessons=6, kind=k, id=f"mark-{d}")
    for d, k in ((1, "health"), (2, "health"), (3, "unauthorised"), (4, "unexplained"), (7, "health"), (8, "health"))
)
ODD: tuple[Event, ...] = (
    sky.Mark(date(2026, 9, 9), lessons=6, code="a code in free text", id="mark-9"),
    sky.Mark(date(2026, 9, 13), lessons=6, kind="health", id="mark-13"),
)
REPORTS: tuple[Event, ...] = tuple(
    sky.Report(r, date(2026, 9, 14), by="subject-teacher", id=f"report-{r}") for r in RULES.reports
)
WELFARE: tuple[Event, ...] = tuple(e for e in REPORTS if isinstance(e, sky.Report) and RULES.reports[e.report].about != "absence")
TAKEN_BACK: tuple[Event, ...] = (
    *WELFARE,
    *(sky.Retracted(str(e.id), date(2026, 9, 15), id=f"back-{e.id}") for e in WELFARE),
    sky.Mark(date(2026, 9, 3), lessons=0, kind="unauthorised", id="mark-3", recorded=date(2026, 9, 15)),
)
RECORDS: dict[str, tuple[Event, ...]] = {
    "marks only": (*MARKS, *ODD),
    "reports only": REPORTS,
    "matters of welfare only": WELFARE,
    "everything": (*MARKS, *ODD, *REPORTS),
}


def decision(*events: Event, **more: Any) -> sky.Decision:
    return sky.decide(MODEL, sky.Case("p", events=[ENROLLED, *events], **more), on=ON, calendars=CALENDAR)


WHOLE = {name: decision(*events) for name, events in RECORDS.items()}


def sees(reader: str) -> set[str]:
    return set(RULES.roles[reader].sees)


def also(reader: str) -> set[str]:
    """The names under which a reader acts: in grade 8 the class lead and the homeroom teacher are one."""
    return {r for r in RULES.roles if RULES.role_for(r, 8) == RULES.role_for(reader, 8)}


def is_theirs(task: sky.Task, reader: str) -> bool:
    if reader in PARTIES and task.about == "child_protection":
        return False
    return bool(also(reader) & {*task.roles}) or task.about in sees(reader)


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for v in value.values():
            yield from strings(v)
    elif isinstance(value, list):
        for v in value:
            yield from strings(v)
    elif isinstance(value, str):
        yield value


def said(decision: sky.Decision) -> set[str]:
    """Every text of the published form, without what says on which rules the answer rests."""
    return set(strings({k: v for k, v in decision.to_json().items() if k != "basis"}))


@pytest.mark.parametrize("record", RECORDS)
@pytest.mark.parametrize("reader", READERS)
def test_no_task_is_shown_that_is_not_the_readers(reader: str, record: str) -> None:
    whole, cut = WHOLE[record], WHOLE[record].for_reader(reader)
    hidden = {t.action for t in whole.tasks if not is_theirs(t, reader)}
    assert not hidden & {t.action for t in cut.tasks}
    for text in said(cut):
        assert text not in hidden
        assert text.rpartition("/")[2] not in hidden


@pytest.mark.parametrize("record", RECORDS)
@pytest.mark.parametrize("reader", READERS)
def test_no_step_is_shown_in_which_nothing_is_the_readers(reader: str, record: str) -> None:
    whole, cut = WHOLE[record], WHOLE[record].for_reader(reader)
    shown = {n for t in whole.tasks if is_theirs(t, reader) for n in t.openings}
    for step in cut.open_steps:
        matters = {a.about for a in RULES.step_by_id[step.step].actions}
        assert step.name in shown or matters & sees(reader), step.name


@pytest.mark.parametrize("record", RECORDS)
@pytest.mark.parametrize("reader", READERS)
def test_numbers_and_marks_are_for_those_who_see_absence(reader: str, record: str) -> None:
    cut = WHOLE[record].for_reader(reader)
    if "absence" in sees(reader):
        return
    assert all(r.low is None and r.high is None and not r.marks for s in cut.open_steps for r in s.because)
    assert cut.nearest is None
    assert cut.set_aside == ()
    assert cut.questions == ()
    assert not any(x.startswith("mark-") for x in said(cut))


@pytest.mark.parametrize("record", RECORDS)
@pytest.mark.parametrize("reader", READERS)
def test_a_report_is_named_only_to_those_who_see_its_matter(reader: str, record: str) -> None:
    cut = WHOLE[record].for_reader(reader)
    for step in cut.open_steps:
        for reason in step.because:
            if reason.what == "report":
                assert RULES.reports[reason.fact].about in sees(reader), (step.name, reason.fact)


@pytest.mark.parametrize("record", RECORDS)
@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_no_text_names_what_the_reader_does_not_see(reader: str, record: str, language: str) -> None:
    whole, cut = WHOLE[record], WHOLE[record].for_reader(reader)
    text = sky.explain(cut, language=language)
    acts = {a.id: a for s in RULES.steps for a in s.actions}
    hidden = [acts[t.action].name.in_language(language) for t in whole.tasks if not is_theirs(t, reader)]
    steps = {s.step for s in cut.open_steps}
    hidden += [
        s.said.name.in_language(language)
        for s in RULES.steps
        if s.id not in steps and s.id in {x.step for x in whole.open_steps} and not {a.about for a in s.actions} & sees(reader)
    ]
    for name in hidden:
        assert name not in text, name
    assert "a code in free text" not in text


@pytest.mark.parametrize("reader", READERS)
def test_no_kind_of_absence_is_named_in_a_text(reader: str) -> None:
    open_to_all = {s.said.name.in_language(x) for s in RULES.steps for x in ("fi", "sv", "en")} | {
        c.name.in_language(x) for c in RULES.said.counters if c.name for x in ("fi", "sv", "en")
    }
    for language in ("fi", "sv", "en"):
        text = sky.explain(WHOLE["everything"].for_reader(reader), language=language)
        for kind in RULES.kinds.values():
            name = kind.name.in_language(language)
            assert name not in text or name in open_to_all, (language, name)


@pytest.mark.parametrize("reader", ["regional-coordinator", "local-contact", "education-head", "police-prevention"])
def test_who_handles_no_pupil_data_gets_none(reader: str) -> None:
    cut = WHOLE["everything"].for_reader(reader)
    assert (cut.tasks, cut.open_steps, cut.questions, cut.nearest, cut.set_aside, cut.withdrawn) == ((), (), (), None, (), ())
    assert (cut.told, cut.unmapped, cut.corrections) == ((), (), ())


def test_child_protection_is_shown_to_the_one_who_knows_and_to_nobody_else() -> None:
    (owner,) = {t.role for t in WHOLE["matters of welfare only"].tasks if t.about == "child_protection"}
    for reader in READERS:
        shown = any(t.about == "child_protection" for t in WHOLE["matters of welfare only"].for_reader(reader).tasks)
        assert shown == (owner in also(reader)), reader  # the county's, who see it, are brought in by nobody here


def test_who_acts_sees_the_task_although_the_role_does_not_see_its_matter() -> None:
    whole = WHOLE["everything"]
    for task in whole.tasks:
        for role in task.roles:
            if role in RULES.roles:
                assert task.action in {t.action for t in whole.for_reader(role).tasks}


def test_a_reader_that_is_no_role_is_an_error_that_names_the_roles() -> None:
    with pytest.raises(sky.RecordError, match=r"there is no role 'curater'; known are .*curator"):
        WHOLE["marks only"].for_reader("curater")


# ---------------------------------------------------------------------- what was taken back
SEES_ABSENCE_NOT_ALL = [r for r in READERS if "absence" in sees(r) and not {"welfare", "child_protection"} <= sees(r)]


def withdrawn_and_not_theirs(reader: str) -> list[str]:
    whole = decision(*MARKS, *TAKEN_BACK)
    cut, own = whole.for_reader(reader), {n for t in whole.tasks if is_theirs(t, reader) for n in t.openings}
    matters = {n: {a.about for a in RULES.step_by_id[n.partition("@")[0]].actions} for n in cut.withdrawn if n not in own}
    return [n for n, about in matters.items() if not about & sees(reader)]


@pytest.mark.parametrize("reader", [r for r in READERS if r not in SEES_ABSENCE_NOT_ALL])
def test_what_was_withdrawn_is_named_only_to_those_who_saw_it(reader: str) -> None:
    assert withdrawn_and_not_theirs(reader) == []


@pytest.mark.parametrize("reader", SEES_ABSENCE_NOT_ALL)
def test_withdrawn_steps_of_other_matters_are_not_named_to_those_who_see_absence(reader: str) -> None:
    assert withdrawn_and_not_theirs(reader) == []


# ---------------------------------------------------------------------- the pupil's ban, and the log
def test_a_pupils_ban_silences_a_matter_of_welfare_to_the_guardian() -> None:
    need = sky.Report("need-of-student-welfare", date(2026, 9, 14), by="subject-teacher")
    ban = sky.Consent("guardian-told", "refused", date(2026, 9, 14), by="pupil")
    silent = decision(need, ban).for_reader("guardian")
    assert not any(t.about == "welfare" for t in silent.tasks)
    assert not any(s.step == "student-welfare-contact" for s in silent.open_steps)


def test_a_matter_of_welfare_is_shown_to_no_guardian_who_does_not_see_welfare() -> None:
    need = sky.Report("need-of-student-welfare", date(2026, 9, 14), by="subject-teacher")
    cut = decision(need).for_reader("guardian")
    assert "welfare" not in sees("guardian")
    assert (cut.tasks, cut.open_steps, cut.questions) == ((), (), ())


def test_a_pupils_ban_does_not_silence_a_plain_notice_of_absence() -> None:
    ban = sky.Consent("guardian-told", "refused", date(2026, 9, 1), by="pupil")
    assert any(t.action == "absence-notice-to-guardian" for t in decision(*MARKS, ban).for_reader("guardian").tasks)


FREE = "what a person wrote"


def test_the_log_gets_no_free_text() -> None:
    whole = decision(
        *MARKS,
        sky.Mark(date(2026, 9, 9), lessons=6, code=FREE, id="mark-9"),
        sky.ActionTaken("talk-with-pupil", "snoozed", date(2026, 9, 9), until=date(2026, 9, 10), because=FREE),
        sky.Pause(date(2026, 9, 9), date(2026, 9, 10), "principal", because=FREE),
    )
    cut = whole.for_reader("log")
    assert cut.reader == "log"
    assert {t.name for t in cut.tasks} == {t.name for t in whole.tasks}
    assert not any(FREE in x for x in said(cut))


def test_what_a_person_wrote_is_in_no_decision_and_no_text() -> None:
    whole = decision(
        *MARKS,
        sky.ActionTaken("talk-with-pupil", "snoozed", date(2026, 9, 9), until=date(2026, 9, 10), because=FREE),
        sky.Pause(date(2026, 9, 9), date(2026, 9, 10), "principal", because=FREE),
    )
    assert not any(FREE in x for x in said(whole))
    assert FREE not in sky.explain(whole, language="en")
