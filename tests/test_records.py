"""What cannot be true in a record: one error each, with id, field and rule; the record itself is never repeated.

The messages are held word by word: an application shows them to people who look for the wrong entry.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

import sky_model as sky
from sky_model.errors import RecordError

DAY = date(2026, 9, 14)
MARK = {"type": "mark", "id": "m1", "on": "2026-09-14", "lessons": 6, "kind": "health", "recorded": "2026-09-14"}


def record(*events: Any, **more: Any) -> dict[str, Any]:
    return {"format": 1, "pupil": "p-1", "events": list(events), **more}


def changed(**values: Any) -> dict[str, Any]:
    """A record with one mark that is not as it should be."""
    return record({**MARK, **values})


REGISTER = {"type": "register", "id": "r1", "on": "2026-09-14"}
ACTION = {"type": "action", "id": "a1", "action": "talk-with-pupil", "on": "2026-09-14"}
PAUSE = {"type": "pause", "id": "u1", "on": "2026-09-14", "until": "2026-09-13", "owner": "principal"}
CONSENT = {"type": "consent", "id": "c1", "consent": "guardian-told", "value": "maybe", "on": "2026-09-14"}
REPORT = {"type": "report", "id": "p1", "report": "concern", "on": "2026-09-14", "by": "guardian"}

IMPOSSIBLE: dict[str, tuple[Any, str]] = {
    # single values
    "a date that does not exist": (
        changed(on="2026-02-30"),
        "the date 2026-02-30 does not exist (event m1, field on) [no-such-day]",
    ),
    "a day with a time": (
        changed(on="2026-09-14T08:00"),
        "on is not a day; write it as 2026-09-14, without a time (event m1, field on) [not-a-day]",
    ),
    "a day as a number": (
        changed(on=20260914),
        "on is not a day; write it as 2026-09-14, without a time (event m1, field on) [not-a-day]",
    ),
    "digits of another script": (
        changed(on="٢٠٢٦-09-14"),
        "the date ٢٠٢٦-09-14 does not exist (event m1, field on) [no-such-day]",
    ),
    "negative lessons": (changed(lessons=-2), "lessons is less than 0 (event m1, field lessons) [negative]"),
    "more lessons than a day has hours": (
        changed(lessons=25),
        "lessons is more than a day holds; give minutes as `minutes` (event m1, field lessons) [too-many]",
    ),
    "more minutes than a day has": (
        changed(minutes=1441),
        "minutes is more than a day holds (event m1, field minutes) [too-many]",
    ),
    "lessons as a text": (changed(lessons="6"), "lessons is not a number (event m1, field lessons) [not-a-number]"),
    "lessons as true": (changed(lessons=True), "lessons is not a number (event m1, field lessons) [not-a-number]"),
    "lessons that are no number": (
        changed(lessons=float("nan")),
        "lessons is not a number (event m1, field lessons) [not-a-number]",
    ),
    "three decimals": (
        changed(lessons=1.125),
        "lessons has more than two decimals; hand in minutes instead (event m1, field lessons) [too-fine]",
    ),
    "an empty kind": (changed(kind=""), "kind is not a text of 1 to 200 characters (event m1, field kind) [not-a-text]"),
    "a kind as a number": (changed(kind=3), "kind is not a text of 1 to 200 characters (event m1, field kind) [not-a-text]"),
    "an endless teacher": (
        changed(teacher="x" * 201),
        "teacher is not a text of 1 to 200 characters (event m1, field teacher) [not-a-text]",
    ),
    "explained as a word": (
        changed(explained="yes"),
        "explained is neither true nor false (event m1, field explained) [not-true-false]",
    ),
    "a part that nobody knows": (
        changed(part="noon"),
        "part is one of start_of_day, end_of_day, middle, partial (event m1, field part) [not-one-of]",
    ),
    "a negative place in the order": (changed(seq=-1), "seq is not a whole number from 0 (event m1, field seq) [not-whole]"),
    "a grade beyond nine": (
        record({"type": "enrolment", "id": "e1", "school": "s", "grade": 10, "on": "2026-08-12"}),
        "grade is not a grade from 0 to 9 (event e1, field grade) [not-a-grade]",
    ),
    "an empty list of answers": (
        record({"type": "answer", "id": "w1", "question": "cause", "answer": [], "on": "2026-09-14"}),
        "answer is not a text of 1 to 200 characters (event w1, field answer) [not-a-text]",
    ),
    "a consent that says maybe": (
        record(CONSENT),
        "value is one of given, refused, withdrawn (event c1, field value) [not-one-of]",
    ),
    "a task answered with a new word": (
        record({**ACTION, "status": "later"}),
        "status is one of done, planned, not_needed, snoozed, refused, data_wrong (event a1, field status) [not-one-of]",
    ),
    # what is missing or not known
    "a mark without a day": (
        record({k: v for k, v in MARK.items() if k != "on"}),
        "on is missing (event m1, field on) [missing]",
    ),
    "an enrolment without a day": (
        record({"type": "enrolment", "school": "s"}),
        "on is missing (event no. 1, field on) [missing]",
    ),
    "a misspelt field": (
        changed(lesons=6),
        "this field of a mark is not known; did you mean 'lessons'? (event m1, field lesons) [unknown-field]",
    ),
    "a field that nobody knows": (
        changed(zzz=6),
        "this field of a mark is not known (event m1, field zzz) [unknown-field]",
    ),
    "a type that nobody knows": (
        record({"type": "absence"}),
        "an event's type is one of enrolment, left, register, mark, report, answer, action, consent, pause, step_closed,"
        " retracted (field events[0].type) [unknown-type]",
    ),
    "an event that is a text": (record("m1"), "an event is an object (field events[0]) [not-an-object]"),
    "events that are no list": (record() | {"events": {}}, "events is a list (field events) [not-a-list]"),
    "a format of another time": (record() | {"format": 2}, 'this format is not known; write "format": 1 (field format) [format]'),
    "a field beside the record": (
        record(event=[]),
        "this field is not known; did you mean 'events'? (field event) [unknown-field]",
    ),
    "a feed that is a text": (record(feed="given"), "feed is an object (field feed) [not-an-object]"),
    "a misspelt field of the feed": (
        record(feed={"registers": "given"}),
        "this field is not known; did you mean 'register'? (field feed.registers) [unknown-field]",
    ),
    "a register that is neither": (
        record(feed={"register": "some"}),
        "register is given or marks_only (field feed.register) [not-one-of]",
    ),
    "recording days that are neither": (
        record(feed={"recorded": "some"}),
        "recorded is given or not_given (field feed.recorded) [not-one-of]",
    ),
    "data until no day": (
        record(feed={"data_until": "today"}),
        "data_until is not a day; write it as 2026-09-14, without a time (field feed.data_until) [not-a-day]",
    ),
    "does as a text": (record(feed={"does": "notice"}), "does is a list of action ids (field feed.does) [not-a-list]"),
    "named as a list": (record(named=["x"]), "named gives a person for a role (field named) [not-an-object]"),
    "a record that is a list": ([], "a record is a JSON object [not-an-object]"),
    "no pupil": ({"format": 1, "events": []}, "a record needs a pupil: an opaque id as a short text (field pupil) [no-pupil]"),
    # what no single field shows
    "a register without numbers": (
        record({**REGISTER, "planned": 6}),
        "a register entry has planned and marked, or through (event r1, field planned) [missing]",
    ),
    "a register that ends before it begins": (
        record({**REGISTER, "through": "2026-09-13"}),
        "through lies before on (event r1, field through) [turned-round]",
    ),
    "planned for no day": (
        record({**ACTION, "status": "planned"}),
        "planned needs the day `until` (event a1, field until) [missing]",
    ),
    "snoozed to no day": (
        record({**ACTION, "status": "snoozed"}),
        "snoozed needs the day `until` (event a1, field until) [missing]",
    ),
    "wrong data of no mark": (
        record({**ACTION, "status": "data_wrong"}),
        "data_wrong needs the id of the mark (event a1, field mark) [missing]",
    ),
    "a pause that ends before it begins": (record(PAUSE), "until lies before on (event u1, field until) [turned-round]"),
    "a report recorded before its day": (
        record({**REPORT, "recorded": "2026-09-13"}),
        "was recorded before the day that it speaks of (event p1, field recorded) [before-its-day]",
    ),
    # the order of recording
    "one mark id with two contents and no order": (
        record(MARK, {**MARK, "lessons": 5}),
        "one mark id has two contents and no order; give seq (event m1, field seq) [two-contents]",
    ),
    "two contents handed in the other way round": (
        record({**MARK, "lessons": 5}, MARK),
        "one mark id has two contents and no order; give seq (event m1, field seq) [two-contents]",
    ),
    "an answer against another of one day": (
        record(
            {"type": "answer", "id": "w1", "question": "cause", "answer": "health", "on": "2026-09-14"},
            {"type": "answer", "id": "w2", "question": "cause", "answer": "school", "on": "2026-09-14"},
        ),
        "contradicts event w1, recorded on the same day; give seq (event w2, field seq) [contradiction]",
    ),
    "a consent against another of one day": (
        record({**CONSENT, "value": "given"}, {**CONSENT, "id": "c2", "value": "refused"}),
        "contradicts event c1, recorded on the same day; give seq (event c2, field seq) [contradiction]",
    ),
    "two registers of one day": (
        record({**REGISTER, "planned": 6, "marked": 6}, {**REGISTER, "id": "r2", "planned": 6, "marked": 0}),
        "contradicts event r1, recorded on the same day; give seq (event r2, field seq) [contradiction]",
    ),
    "a concern raised and taken back on one day": (
        record(REPORT, {**REPORT, "id": "p2", "raised": False}),
        "contradicts event p1, recorded on the same day; give seq (event p2, field seq) [contradiction]",
    ),
    "two schools from one day": (
        record(
            {"type": "enrolment", "id": "e1", "school": "s", "on": "2026-08-12"},
            {"type": "enrolment", "id": "e2", "school": "t", "on": "2026-08-12"},
        ),
        "contradicts event e1, recorded on the same day; give seq (event e2, field seq) [contradiction]",
    ),
    "one id for a mark and a report": (
        record(MARK, {**REPORT, "id": "m1"}),
        "one id stands for two events (event m1, field id) [id-twice]",
    ),
    "an order for some events only": (
        record({**MARK, "seq": 1}, REPORT),
        "seq stands on all events of a record or on none (event p1, field seq) [seq]",
    ),
    "one place in the order for two events": (
        record({**MARK, "seq": 1}, {**REPORT, "seq": 1}),
        "has the same place as event m1 (event p1, field seq) [seq]",
    ),
}


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_what_cannot_be_true_is_one_error_with_id_field_and_rule(name: str) -> None:
    given, said = IMPOSSIBLE[name]
    with pytest.raises(RecordError) as e:
        sky.Case.from_json(given)
    assert str(e.value) == said


@pytest.mark.parametrize("name", ["a date that does not exist", "negative lessons", "planned for no day", "a misspelt field"])
def test_an_error_names_the_pupil_for_the_application_and_never_repeats_the_record(name: str) -> None:
    secret = {**MARK, "id": "m0", "subject": "a-subject-of-the-record"}
    given = IMPOSSIBLE[name][0]
    with pytest.raises(RecordError) as e:
        sky.Case.from_json({**given, "events": [secret, *given["events"]]})
    assert e.value.pupil == "p-1"
    assert "a-subject-of-the-record" not in str(e.value)


# 131052-308T is the example of the Digital and Population Data Services Agency; the others differ in sign or letter case
@pytest.mark.parametrize("code", ["131052-308T", "131052A308T", "131052+308t", "131052Y3084", "hetu 131052-308T", "131052-308T "])
def test_an_identity_code_is_refused_and_never_repeated(code: str) -> None:
    for make in (lambda: sky.Case(code), lambda: sky.Case.from_json(record() | {"pupil": code})):
        with pytest.raises(RecordError) as e:
            make()
        assert str(e.value) == "the id looks like an identity code; hand in a pseudonym (field pupil) [identity-code]"
        assert e.value.pupil is None
        assert "308" not in f"{e.value!r} {e.value.args} {e.value.__cause__} {vars(e.value)}"


def test_an_address_is_refused_and_never_repeated() -> None:
    with pytest.raises(RecordError) as e:
        sky.Case("aino@example.org")
    assert str(e.value) == "the id looks like an e-mail address; hand in a pseudonym (field pupil) [address]"
    assert "aino" not in f"{e.value!r} {vars(e.value)}"


@pytest.mark.parametrize("pupil", ["", "  ", "x" * 201, 17, None])
def test_a_pupil_is_a_short_text(pupil: Any) -> None:
    with pytest.raises(RecordError, match=r"a record needs a pupil: an opaque id as a short text \(field pupil\) \[no-pupil\]"):
        sky.Case(pupil)


@pytest.mark.parametrize("line", ["{broken", b"{broken", "[" * 100_000])
def test_a_line_that_is_no_json_says_so_and_does_not_break(line: str | bytes) -> None:
    with pytest.raises(RecordError, match=r"^the line is not JSON: .*\[not-json\]$"):
        sky.Case.from_json(line)


# ---------------------------------------------------------------------- the same rules for events made in Python
def test_events_made_in_python_are_read_by_the_same_rules() -> None:
    for event, said in (
        (sky.Mark(DAY, lessons=-1), "lessons is less than 0 (event mark, field lessons) [negative]"),
        (sky.Mark(DAY, lessons=float("inf")), "lessons is not a number (event mark, field lessons) [not-a-number]"),  # type: ignore[arg-type]
        (sky.Mark(None), "on is not a day; write it as 2026-09-14, without a time (event mark, field on) [not-a-day]"),  # type: ignore[arg-type]
        (
            sky.Mark(datetime(2026, 9, 14)),  # noqa: DTZ001 - the point: a day with a time is no day
            "on is not a day; write it as 2026-09-14, without a time (event mark, field on) [not-a-day]",
        ),
        (sky.Enrolment("s"), "on is missing (event enrolment, field on) [missing]"),
        ("m1", "str is no event [unknown-type]"),
    ):
        with pytest.raises(RecordError) as e:
            sky.Case("p", events=[event])  # type: ignore[list-item]
        assert str(e.value) == said


def test_a_day_written_as_text_is_a_day_and_a_whole_decimal_is_a_whole_number() -> None:
    (mark,) = sky.Case("p", events=[sky.Mark("2026-09-14", lessons=Decimal("6.00"))]).events  # type: ignore[arg-type]
    assert mark.on == DAY
    assert (mark.lessons, type(mark.lessons)) == (6, int)


def test_what_was_not_handed_in_is_filled_in_the_same_way_every_time() -> None:
    one, two = sky.Mark(DAY, lessons=1, kind="health"), sky.Mark(DAY, lessons=2, kind="health")
    assert [e.id for e in sky.Case("p", events=[two, one]).events] == ["mark-2026-09-14", "mark-2026-09-14-2"]
    assert sky.Case("p", events=[two, one]).events == sky.Case("p", events=[one, two]).events
    assert all(e.recorded == DAY for e in sky.Case("p", events=[one, two]).events)


def test_the_same_event_handed_in_twice_is_one_and_is_told() -> None:
    case = sky.Case.from_json(record(MARK, MARK))
    assert len(case.events) == 1
    assert case.twice == ((DAY.toordinal(), "m1"),)


def test_with_an_order_a_newer_version_of_a_mark_is_a_correction() -> None:
    case = sky.Case.from_json(record({**MARK, "lessons": 5, "seq": 2}, {**MARK, "seq": 1}))
    assert [e.lessons for e in case.events] == [6, 5]


EVERY_TYPE = [
    sky.Enrolment("s-3", grade=8, since=date(2026, 8, 12), calendar="kotka/2026-27", lessons_per_week=30, id="e1"),
    sky.Mark(DAY, lessons=Decimal("1.5"), kind="health", part="middle", explained=True, id="m1"),
    sky.Register(DAY, planned=6, marked=6, id="r1"),
    sky.Report("concern", DAY, by="guardian", id="p1"),
    sky.Answer("cause", ("health", "school"), DAY, id="w1"),
    sky.Answer("follow-up-date", "2026-10-01", DAY, id="w2"),
    sky.ActionTaken("talk-with-pupil", "planned", DAY, until=date(2026, 9, 21), id="a1"),
    sky.Consent("guardian-told", "refused", DAY, id="c1"),
    sky.Pause(DAY, date(2026, 9, 30), "principal", id="u1"),
    sky.StepClosed("concern-raised", "support-works", DAY, id="z1"),
]


def test_a_case_written_as_json_and_read_again_is_the_same_case() -> None:
    case = sky.Case(
        "p-1", register="given", data_until=DAY, does=["b", "a"], named={"case-group-lead": "staff-55"}, events=EVERY_TYPE
    )
    again = sky.Case.from_json(json.dumps(case.to_json()))
    assert again == case
    assert again.to_json() == case.to_json()
    assert again.to_json()["feed"]["does"] == ["a", "b"]


def test_an_answer_is_a_list_whether_one_or_several_were_given() -> None:
    one, several = sky.Answer("cause", "health", DAY), sky.Answer("cause", ("health", "school"), DAY)
    assert (one.values, several.values) == (("health",), ("health", "school"))


def test_a_case_with_new_events_is_another_case_and_the_old_one_stays() -> None:
    case = sky.Case("p-1", register="given", events=EVERY_TYPE[:1])
    longer = case.with_events(*EVERY_TYPE[1:])
    assert len(case.events) == 1
    assert longer == sky.Case("p-1", register="given", events=EVERY_TYPE)
    with pytest.raises(RecordError, match="contradicts event c1"):
        longer.with_events(sky.Consent("guardian-told", "given", DAY, id="c2"))


def test_a_retraction_names_the_event_that_it_takes_back() -> None:
    gone = sky.Retracted("p1", date(2026, 9, 15), id="x1")
    model, calendar = sky.load("fi-sky/2026-1"), sky.load_calendar("example-week-43/2026-27")

    def is_open(*events: Any, on: date = DAY) -> bool:
        case = sky.Case("p-1", events=[EVERY_TYPE[0], EVERY_TYPE[3], *events])
        return any(s.step == "concern-raised" for s in sky.decide(model, case, on=on, calendars=calendar).open_steps)

    assert is_open()
    assert is_open(on=date(2026, 9, 15))
    assert is_open(gone)
    assert not is_open(gone, on=date(2026, 9, 15))


def test_the_rank_of_events_of_one_day_does_not_hang_on_the_order_of_handing_in() -> None:
    day = [replace(e, recorded=DAY) for e in EVERY_TYPE]
    forward, backward = sky.Case("p-1", events=day), sky.Case("p-1", events=day[::-1])
    assert forward.events == backward.events
    assert [type(e).__name__ for e in forward.events][:1] == ["Enrolment"]
    assert type(forward.events[-1]).__name__ == "StepClosed"


def test_a_second_mark_of_a_day_without_an_id_is_another_mark_and_no_correction() -> None:
    day = date(2026, 9, 14)
    case = sky.Case("p", register="marks_only", events=[sky.Mark(day, lessons=2, kind="health")])
    case = case.with_events(sky.Mark(day, lessons=3, kind="health", recorded=date(2026, 9, 15)))
    case = case.with_events(sky.Mark(day, lessons=1, kind="health", recorded=date(2026, 9, 16)))
    assert [(e.id, e.lessons) for e in case.events] == [
        ("mark-2026-09-14", 2),
        ("mark-2026-09-14-2", 3),
        ("mark-2026-09-14-3", 1),
    ]


@pytest.mark.parametrize("pupil", ["010190-123A", "x 010190-123a y", "010190A123B"])
def test_an_identity_code_is_refused_wherever_it_stands(pupil: str) -> None:
    with pytest.raises(RecordError, match="looks like an identity code"):
        sky.Case(pupil, register="marks_only", events=[])


@pytest.mark.parametrize(
    "pupil", ["6f9619ff-8b86-d011-b42d-00c0123456a1", "9b2f11d2-0000-4000-8000-99123456a123", "p-0101901-234"]
)
def test_a_uuid_is_no_identity_code(pupil: str) -> None:
    assert sky.Case(pupil, register="marks_only", events=[]).pupil == pupil
