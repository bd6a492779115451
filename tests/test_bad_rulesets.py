"""Wrong rulesets: one clear error each, with place and what to write instead; never a traceback, never a guess."""

from __future__ import annotations

from pathlib import Path

import pytest

import sky_model as sky
from sky_model.source import read_file, read_text

GOOD = (Path(__file__).resolve().parents[1] / "rulesets/presets/lessons-per-term/ruleset.yaml").read_text(encoding="utf-8")

BROKEN = {
    "unquoted sign": ("at_least: 30", "at_least: >= 30", "[yaml]", "write a comparison as a word"),
    "decimal comma": ("{at_least: 50}", "{at_least: 50,5}", "[decimal-comma]", "write a decimal point"),
    "misspelt operator": ("{at_least: 50}", "{at_leest: 50}", "[unknown-key]", "did you mean 'at_least'?"),
    "misspelt key": ("    tier: intensive", "    teir: intensive", "[unknown-key]", "did you mean 'tier'?"),
    "doubled key": ("status: pilot\n", "status: pilot\nstatus: draft\n", "the key 'status' stands twice here", "keep one"),
    "alias bomb": ("grades: 1-9", "grades: &a [x]\nnotes: [*a, *a]", "[anchor]", "write the value out"),
    "tab": ("    tier: intensive", "\ttier: intensive", "[yaml]", "indent with spaces"),
    "limit as text": ("{at_least: 100}", "{at_least: many}", "'many' is not a number [not-a-number]", "write digits"),
    "no such fact": ("{absence-lessons: {at_least: 50}}", "{absence-lesson: {at_least: 50}}", "[no-such]", "'absence-lessons'"),
    "no such role": ("by: [class-lead, principal]", "by: [class-leed, principal]", "[no-such]", "did you mean 'class-lead'?"),
    "no above": ("    above: {first-limit-reached: includes}\n", "", "[above]", "add above: {first-limit-reached: includes}"),
    "id twice": ("id: third-limit-reached", "id: second-limit-reached", "[doubled-id]", "choose another name"),
    "Finnish letters in an id": ("id: third-limit-reached", "id: kolmas-pykälä", "[not-an-id]", "write 'kolmas-pykala'"),
    "no such date": ("valid_from: 2026-08-01", "valid_from: 2026-02-30", "[no-such-day]", "check day and month"),
    "before its base": ("valid_from: 2026-08-01", "valid_from: 2025-08-01", "[before-its-base]", "write 2026-08-01 or later"),
    "unknown base": ("extends: fi-sky/2026-1", "extends: fi-sky/2027-9", "[no-base]", "did you mean 'fi-sky/2026-1'?"),
    "wrong lasts": ("lasts: until_closed", "lasts: for_ever", "[lasts]", "write one of until_closed"),
    "no such answer": ("{is: raised}", "{is: yes}", "the report 'concern' is never 'yes'", "write one of raised"),
    "no unit": ("counters: {lesson_minutes: 45, kinds: all}", "counters: {kinds: all}", "[which-unit]", "add lesson_minutes: 45"),
    "empty": (GOOD, "", "[empty]", ""),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_wrong_ruleset_says_what_and_where_and_what_to_write(name: str, tmp_path: Path) -> None:
    old, new, said, hint = BROKEN[name]
    assert old in GOOD
    path = tmp_path / "my-town.yaml"
    path.write_text(GOOD.replace(old, new), encoding="utf-8")
    problems = sky.check(path)
    assert problems
    text = "\n".join(map(str, problems))
    assert said in text, text
    assert hint in text, text
    assert str(path) in text or "my-town.yaml" in text
    with pytest.raises(sky.RulesetError):
        sky.load(path)


def test_all_faults_are_told_at_once_in_file_order(tmp_path: Path) -> None:
    path = tmp_path / "my-town.yaml"
    path.write_text(
        GOOD.replace("tier: intensive", "teir: intensive").replace("{at_least: 50}", "{at_least: many}"), encoding="utf-8"
    )
    problems = sky.check(path)
    assert [p.code for p in problems] == ["not-a-number", "missing", "unknown-key"]
    assert [p.place.line for p in problems] == sorted(p.place.line for p in problems)


def test_layers_that_extend_each_other_are_a_circle_and_no_endless_loop(tmp_path: Path) -> None:
    for name, base in (("a", "b"), ("b", "a")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "ruleset.yaml").write_text(
            GOOD.replace("extends: fi-sky/2026-1", f"extends: {base}"), encoding="utf-8"
        )
    (problem,) = sky.check(tmp_path / "a")
    assert problem.code == "circle"


def test_a_file_that_is_far_too_large_is_one_error(tmp_path: Path) -> None:
    path = tmp_path / "my-town.yaml"
    path.write_bytes(b"x" * 100_000_000)
    (problem,) = sky.check(path)
    assert problem.code == "too-large"


def test_windows_line_ends_and_a_byte_order_mark_change_nothing(tmp_path: Path) -> None:
    path = tmp_path / "my-town.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert sky.check(path) == []


def test_draft_and_variant_answer_only_when_asked_to() -> None:
    with pytest.raises(sky.RulesetError, match="is a draft; it answers only when asked to"):
        sky.load("examples/oulu-vesala")


# ---------------------------------------------------------------------- word by word
TINY = """\
format: 1
ruleset: tiny
version: 2026-1
status: pilot
valid_from: 2026-08-01
grades: 1-9
name: {en: A tiny ruleset}
sources:
  - {id: ours, kind: local, name: Ours, certainty: inference}
organisations:
  - {id: school, name: {en: school}, controller: yes}
roles:
  - {id: pupil, what: party, name: {en: pupil}, sees: [absence], staff: no}
  - {id: guardian, what: party, name: {en: guardian}, sees: [absence], staff: no}
  - {id: teacher, what: role, name: {en: teacher}, organisation: school, sees: [absence]}
  - {id: lead, what: role, name: {en: lead}, sees: [absence], is: {by: {grade: {1-9: teacher}}}, deputies: [teacher]}
groups:
  - {id: team, name: {en: team}, led_by: lead, sees: []}
consents:
  - {id: may-meet, name: {en: may meet}, given_by: [pupil], needed_for: {with: [team]}}
kinds:
  - {id: away, is: unauthorised, name: {en: away}}
  - {id: here, is: attended, name: {en: here}}
local_codes:
  - {system: ours, code: A, kind: away}
reports:
  - {id: concern, by: [teacher], name: {en: concern}}
questions:
  - {id: cause, answers: [health, school], by: [lead], name: {en: cause}}
  - {id: causes, answers: [health, school], several: yes, by: [lead], name: {en: causes}}
parameters:
  - {id: limit, unit: lessons, value: 30, layer_may: lower}
tiers:
  - {id: targeted, name: {en: targeted}}
counters:
  - {id: lessons-away, measure: lessons, lesson_minutes: 45, kinds: all, window: {in: school_year}}
  - {id: marks-away, measure: marks, kinds: {only: [away]}, window: {in: any_time}}
steps:
  - id: first
    tier: targeted
    name: {en: first}
    opens: {lessons-away: {at_least: {parameter: limit}}}
    lasts: until_closed
    again: next_window
    source: ours
    actions:
      - id: talk
        name: {en: talk}
        who: lead
        duty: must
        about: absence
        within: {school_days: 5}
      - id: write
        name: {en: write}
        who: lead
        duty: should
        about: absence
        after: [talk]
        asks: [cause]
    closing:
      by: [lead]
      reasons: [{id: enough, name: {en: enough}}]
      watch: {for: {school_weeks: 4}, opens: {lessons-away: {at_least: 5}}}
"""
OPENS = "opens: {lessons-away: {at_least: {parameter: limit}}}"
EXACT = {
    "no such source": (
        "    source: ours",
        "    source: hours",
        "45:5: there is no source 'hours' [no-such]\n    did you mean 'ours'?",
    ),
    "no source": (
        "    source: ours\n",
        "",
        "39:5: the step 'first' has no source [no-source]\n    add source: … (an id of `sources`)",
    ),
    "no such tier": (
        "tier: targeted",
        "tier: targetted",
        "40:5: there is no tier 'targetted' [no-such]\n    did you mean 'targeted'?",
    ),
    "no such organisation": (
        "organisation: school",
        "organisation: schol",
        "15:52: there is no organisation 'schol' [no-such]\n    did you mean 'school'?",
    ),
    "no such deputy": (
        "deputies: [teacher]",
        "deputies: [teachers]",
        "16:109: there is no role 'teachers' [no-such]\n    did you mean 'teacher'?",
    ),
    "role of a grade that is no role": (
        "{1-9: teacher}",
        "{1-9: preacher}",
        "16:81: there is no role 'preacher' [no-such]\n    did you mean 'teacher'?",
    ),
    "role bands overlap": (
        "{1-9: teacher}",
        "{1-6: teacher, 6-9: teacher}",
        "16:95: grade 6 stands in '1-6' and in '6-9' [bands-overlap]",
    ),
    "role bands no grades": (
        "{1-9: teacher}",
        "{lower: teacher}",
        "16:81: 'lower' is no range of grades [not-grades]\n    write 1-6 or 7",
    ),
    "no such leader": (
        "led_by: lead",
        "led_by: leed",
        "18:34: there is no role 'leed' [no-such]\n    did you mean 'lead'?",
    ),
    "no such reporter": (
        "by: [teacher], name: {en: concern}",
        "by: [techer], name: {en: concern}",
        "27:24: there is no role 'techer' [no-such]\n    did you mean 'teacher'?",
    ),
    "no such giver of a consent": (
        "given_by: [pupil]",
        "given_by: [pupill]",
        "20:53: there is no role 'pupill' [no-such]\n    did you mean 'pupil'?",
    ),
    "no such group of a consent": (
        "with: [team]",
        "with: [teem]",
        "20:81: there is no role or group 'teem' [no-such]\n    did you mean 'team'?",
    ),
    "no such kind counted": (
        "only: [away]",
        "only: [awai]",
        "37:53: there is no kind 'awai' [no-such]\n    did you mean 'away'?",
    ),
    "no such kind of a code": (
        "code: A, kind: away",
        "code: A, kind: awy",
        "25:29: there is no kind 'awy' [no-such]\n    did you mean 'away'?",
    ),
    "share of marks": (
        "kinds: {only: [away]}",
        "share_of: {planned: so_far}, kinds: {only: [away]}",
        "37:38: the counter 'marks-away' counts marks; a share is of lessons, days or half days [share-of-marks]\n"
        "    write measure: lessons",
    ),
    "rolling of nothing": (
        "{in: school_year}",
        "{in: school_year, rolling: {school_weeks: 0}}",
        "36:100: a rolling window has one length of at least 1 [rolling]\n"
        "    write one of school_weeks, school_days, calendar_days, calendar_months, such as {school_weeks: 12}",
    ),
    "window not written": (
        "window: {in: school_year}",
        "window: {}",
        "36:74: `in` is missing [missing]\n    add `in: …`",
    ),
    "two names": (
        "{id: concern, by",
        "{id: lessons-away, by",
        "27:6: 'lessons-away' is the name of one of the counters too [name-twice]\n    choose another name for one of them",
    ),
    "name of a step": (
        "- id: talk",
        "- id: concern",
        "47:9: 'concern' is the name of one of the reports too [name-twice]\n"
        "58:17: there is no action 'talk' [no-such]\n"
        "    known are: write",
    ),
    "action twice": (
        "- id: write",
        "- id: talk",
        "53:9: the action 'talk' is defined twice [doubled-id]\n    write `act: talk` where the same action is asked again",
    ),
    "name grade": (
        "{id: concern, by",
        "{id: grade, by",
        "27:6: 'grade' is the name of the grade too [name-twice]\n    choose another name for one of them",
    ),
    "no such parameter": (
        "{parameter: limit}",
        "{parameter: limits}",
        "42:39: there is no parameter 'limits' [no-such]\n    did you mean 'limit'?",
    ),
    "bands gap": (
        "{parameter: limit}",
        "{by: {grade: {1-6: 30}}}",
        "42:44: no value for grade 7, 8, 9 [bands-gap]\n    the ruleset is for grades 1-9",
    ),
    "bands overlap": (
        "{parameter: limit}",
        "{by: {grade: {1-6: 30, 6-9: 40}}}",
        "42:61: grade 6 stands in '1-6' and in '6-9' [bands-overlap]",
    ),
    "bands number": (
        "{parameter: limit}",
        "{by: {grade: {1-6: 30, 7-9: many}}}",
        "42:61: 'many' is not a number [not-a-number]\n    write digits with at most two decimals, such as 30 or 7.5",
    ),
    "bands comma": (
        "{parameter: limit}",
        "{by: {grade: {1-6: 30, 7-9: '10,5'}}}",
        "42:61: '10,5' has a decimal comma [decimal-comma]\n    write 10.5",
    ),
    "bands turned": (
        "{parameter: limit}",
        "{by: {grade: {1-6: 30, 9-7: 40}}}",
        "42:44: no value for grade 7, 8, 9 [bands-gap]\n"
        "    the ruleset is for grades 1-9\n"
        "42:61: '9-7' is no range of grades [not-grades]\n"
        "    write 1-6 or 7",
    ),
    "limit is a mapping": (
        "{parameter: limit}",
        "{lessons: 30}",
        "42:28: a limit is a number, {parameter: …} or {by: {grade: …}} [not-a-limit]",
    ),
    "quoted sign": (
        "{parameter: limit}",
        '">= 10"',
        "42:28: '>= 10' holds a comparison sign [sign]\n    write it as a word: at_least, more_than, at_most, less_than",
    ),
    "unquoted sign in braces": (
        "{parameter: limit}",
        ">= 10",
        "42:38: not readable as YAML: found character that cannot start any token [yaml]\n"
        "    write a comparison as a word: at_least: 10, more_than: 10",
    ),
    "decimal comma": (
        "{parameter: limit}",
        "10,5",
        "42:41: a comma stands before '5' [decimal-comma]\n    write a decimal point, such as 10.5",
    ),
    "quoted decimal comma": (
        "{parameter: limit}",
        "'10,5'",
        "42:28: '10,5' has a decimal comma [decimal-comma]\n    write 10.5",
    ),
    "span by grade": (
        "within: {school_days: 5}",
        "within: {school_days: {by: {grade: {1-9: 5}}}}",
        "52:18: a length of time by grade is not known here [by-grade]\n    write two steps",
    ),
    "span half": (
        "within: {school_days: 5}",
        "within: {school_days: 2.5}",
        "52:18: 2.5 is not a whole number of school_days [not-whole]",
    ),
    "span two clocks": (
        "within: {school_days: 5}",
        "within: {school_days: 5, weekdays: 3}",
        "52:9: a length of time needs exactly one clock [which-clock]\n"
        "    write one of school_days, weekdays, calendar_days, school_weeks, calendar_months, terms",
    ),
    "span after": (
        "within: {school_days: 5}",
        "within: {after: wrte, school_days: 5}",
        "52:18: there is no action 'wrte' [no-such]\n    did you mean 'write'?",
    ),
    "span from": (
        "within: {school_days: 5}",
        "within: {from: concerns, school_days: 5}",
        "52:18: there is no report 'concerns' [no-such]\n    did you mean 'concern'?",
    ),
    "question alone": (
        OPENS,
        "opens: {any: [{lessons-away: {at_least: 30}}, {cause: {is: health}}]}",
        "42:51: the question 'cause' stands alone in an any: whoever has not been asked is undecided [question-alone]\n"
        "    make it a report, or join it with what makes it worth asking under all:",
    ),
    "several is": (
        OPENS,
        "opens: {all: [{lessons-away: {at_least: 30}}, {causes: {is: health}}]}",
        "42:61: 'causes' may have several answers [several]\n    write includes: health",
    ),
    "no such answer": (
        OPENS,
        "opens: {all: [{lessons-away: {at_least: 30}}, {cause: {is: helth}}]}",
        "42:60: the question 'cause' is never 'helth' [answer]\n    did you mean 'health'?",
    ),
    "operator of a counter": (
        "{at_least: {parameter: limit}}",
        "{is: raised}",
        "42:28: 'is' cannot be asked of the counter 'lessons-away' [operator]\n"
        "    write one of at_least, more_than, at_most, less_than",
    ),
    "operator of report": (
        OPENS,
        "opens: {concern: {at_least: 1}}",
        "42:23: 'at_least' cannot be asked of the report 'concern' [operator]\n    write one of is",
    ),
    "two keys": (
        OPENS,
        "opens: {lessons-away: {at_least: 30}, concern: {is: raised}}",
        "42:5: a condition has one key, here are 'lessons-away', 'concern' [one-key]\n    join several under any: or all:",
    ),
    "nothing asked": (
        "{at_least: {parameter: limit}}",
        "{}",
        "42:13: nothing is asked of this fact [no-comparison]\n    write for example {at_least: 30} or {is: raised}",
    ),
    "empty any": (
        OPENS,
        "opens: {any: []}",
        "42:5: 'any' is empty [empty-list]\n    write at least one condition under it",
    ),
    "condition is text": (
        OPENS,
        "opens: lessons-away",
        "42:5: a mapping of keys and values is expected at 'opens' [not-a-mapping]",
    ),
    "comparison is a number": (
        "{at_least: {parameter: limit}}",
        "30",
        "42:13: a mapping of keys and values is expected at 'lessons-away' [not-a-mapping]",
    ),
    "above no step": (
        "    source: ours\n",
        "    source: ours\n    above: {zeroth: includes}\n",
        "46:13: there is no step 'zeroth' [no-such]\n    known are: first",
    ),
    "each without a counter": (
        "opens: {lessons-away: {at_least: {parameter: limit}}}\n    lasts: until_closed\n    again: next_window",
        "opens: {concern: {is: raised}}\n    lasts: until_closed\n    again: {each: mark}",
        "44:5: `each` needs a counter in `opens` [each]\n    write when_true_anew",
    ),
    "again in other words": (
        "again: next_window",
        "again: always",
        "44:5: 'always' does not say when a step may open again [again]\n"
        "    write one of next_window, when_true_anew, once, {each: mark}, {every: {absence-lessons: 50, from: 50}}",
    ),
    "lasts span": (
        "lasts: until_closed",
        "lasts: {days: 5}",
        "43:13: unknown key 'days' [unknown-key]\n    leave it out, or see the reference for the keys that may stand here",
    ),
    "closing by": (
        "      by: [lead]",
        "      by: [leed]",
        "61:12: there is no role 'leed' [no-such]\n    did you mean 'lead'?",
    ),
    "closing without reasons": (
        "reasons: [{id: enough, name: {en: enough}}]",
        "reasons: []",
        "62:7: 'reasons' is empty [empty-list]\n    write at least one item",
    ),
    "watch a report": (
        "opens: {lessons-away: {at_least: 5}}",
        "opens: {concern: {is: raised}}",
        "63:39: a watch compares counters [watch]",
    ),
    "who is nobody": (
        "who: lead\n        duty: must",
        "who: leed\n        duty: must",
        "49:9: there is no role or group 'leed' [no-such]\n    did you mean 'lead'?",
    ),
    "after": (
        "after: [talk]",
        "after: [talks]",
        "58:17: there is no action 'talks' [no-such]\n    did you mean 'talk'?",
    ),
    "asks": (
        "asks: [cause]",
        "asks: [causse]",
        "59:16: there is no question 'causse' [no-such]\n    did you mean 'cause'?",
    ),
    "act": (
        "- id: write\n        name: {en: write}\n        who: lead\n        duty: should\n        about: absence",
        "- act: talks",
        "53:9: there is no action 'talks' [no-such]\n    did you mean 'talk'?",
    ),
    "with": (
        "after: [talk]",
        "with: {required: [pupl]}",
        "58:27: there is no role or group 'pupl' [no-such]\n    did you mean 'pupil'?",
    ),
    "to": (
        "after: [talk]",
        "to: [guardians]",
        "58:14: there is no role or group 'guardians' [no-such]\n    did you mean 'guardian'?",
    ),
    "tell": (
        "after: [talk]",
        "if_not_done: {tell: bos}",
        "58:23: there is no role 'bos' [no-such]\n    known are: guardian, lead, pupil, teacher, team",
    ),
    "action source": (
        "after: [talk]",
        "source: theirs",
        "58:9: there is no source 'theirs' [no-such]\n    known are: ours",
    ),
    "action lacks": (
        "        duty: should\n",
        "",
        "53:9: the action 'write' lacks `duty` [missing]",
    ),
    "id and act": (
        "- id: write",
        "- id: write\n        act: talk",
        "53:9: an action has either its own `id` or the `act` that it repeats [id-or-act]",
    ),
    "before adoption": (
        "status: pilot",
        "status: pilot\nadopted: {by: us, on: 2026-09-01}",
        "6:1: in force from 2026-08-01, but adopted on 2026-09-01 [before-adoption]\n    write 2026-09-01 or later",
    ),
    "before source": (
        "name: Ours, certainty",
        "name: Ours, valid_from: 2027-01-01, certainty",
        "9:41: the source 'ours' is in force only from 2027-01-01, the ruleset from 2026-08-01 [before-its-source]",
    ),
    "owner": (
        "status: pilot",
        "status: pilot\nowner: {role: boss}",
        "5:9: there is no role 'boss' [no-such]\n    known are: guardian, lead, pupil, teacher",
    ),
    "yes as a word": (
        "several: yes",
        "several: true",
        "30:45: 'true' is neither yes nor no [not-yes-no]\n    write yes or no",
    ),
    "boolean on": (
        "controller: yes",
        "controller: on",
        "11:38: 'on' is neither yes nor no [not-yes-no]\n    write yes or no",
    ),
    "octal": (
        "lesson_minutes: 45",
        "lesson_minutes: 0x2D",
        "36:42: '0x2D' is not a whole number [not-whole]\n    write digits only, such as 30",
    ),
    "sexagesimal": (
        "lesson_minutes: 45",
        "lesson_minutes: 8:15",
        "36:42: '8:15' is not a whole number [not-whole]\n    write digits only, such as 30",
    ),
    "date with time": (
        "valid_from: 2026-08-01",
        "valid_from: 2026-08-01T00:00",
        "5:1: '2026-08-01T00:00' is not a date [not-a-day]\n    write it as 2026-08-12",
    ),
    "grades": (
        "grades: 1-9",
        "grades: 9-1",
        "6:1: '9-1' is no range of grades [not-grades]\n    write 1-9 or 7",
    ),
    "grades list": (
        "grades: 1-9",
        "grades: [1, 9]",
        "6:1: a list is no range of grades [not-grades]\n    write 1-9 or 7",
    ),
    "text without language": (
        "name: {en: A tiny ruleset}",
        "name: {}",
        "7:1: a text needs at least one language [no-text]\n    write {fi: …, sv: …, en: …}",
    ),
    "text in an unknown language": (
        "name: {en: A tiny ruleset}",
        "name: {de: Klein}",
        "7:8: unknown key 'de' [unknown-key]\n    leave it out, or see the reference for the keys that may stand here",
    ),
    "doubled key": (
        "    tier: targeted\n",
        "    tier: targeted\n    tier: other\n",
        "41:5: the key 'tier' stands twice here [doubled-key]\n    keep one of them",
    ),
    "doubled thrice": (
        "status: pilot\n",
        "status: pilot\nstatus: draft\nstatus: draft\n",
        "5:1: the key 'status' stands twice here [doubled-key]\n"
        "    keep one of them\n"
        "6:1: the key 'status' stands twice here [doubled-key]\n"
        "    keep one of them",
    ),
    "anchor": (
        "name: {en: A tiny ruleset}",
        "name: &n {en: A tiny ruleset}",
        "7:7: anchor 'n' is not allowed [anchor]\n    write the value out where it is used",
    ),
    "tag": (
        "version: 2026-1",
        "version: !!str 2026-1",
        "3:10: the tag 'tag:yaml.org,2002:str' is not allowed [tag]\n    leave it out; the key says what type it is",
    ),
    "second document": (
        "groups:",
        "---\ngroups:",
        "17:1: a second document begins here [second-document]\n    one file holds one document",
    ),
    "tab": (
        "    tier: targeted",
        "	tier: targeted",
        "40:1: not readable as YAML: found a tab character that violates indentation [yaml]\n"
        "    indent with spaces; YAML allows no tabs",
    ),
    "open quote": (
        "name: {en: A tiny ruleset}",
        "name: {en: 'A tiny ruleset}",
        "64:1: not readable as YAML: found unexpected end of stream [yaml]\n    a quote is opened and not closed",
    ),
    "percent": (
        "name: {en: A tiny ruleset}",
        "name: {en: %x}",
        "7:12: not readable as YAML: found character that cannot start any token [yaml]\n"
        "    put a text that begins with % @ or ` in quotes",
    ),
    "colon": (
        "name: {en: A tiny ruleset}",
        "name: a: b",
        "7:8: not readable as YAML: mapping values are not allowed in this context [yaml]\n"
        "    put a text that holds a colon in quotes",
    ),
    "indent": (
        "  - {id: here",
        " - {id: here",
        "23:2: not readable as YAML: did not find expected key [yaml]",
    ),
    "no colon": (
        "version: 2026-1",
        "version 2026-1",
        "4:1: not readable as YAML: could not find expected ':' [yaml]\n    a key is followed by a colon and a space",
    ),
    "set unknown": (
        "steps:",
        "set:\n  - {parameter: limt, to: 5, because: x}\nsteps:",
        "39:6: there is no parameter 'limt' [no-parameter]\n    did you mean 'limit'?",
    ),
    "set higher": (
        "steps:",
        "set:\n  - {parameter: limit, to: 50, because: x}\nsteps:",
        "39:24: a layer may only lower 'limit', which is 30 [may-not]\n    layer_may: lower stands at 32:43",
    ),
    "literal": (
        "status: pilot",
        "status: piloting",
        "4:1: 'piloting' is not one of 'draft', 'pilot', 'adopted', 'retired' or 'variant' [not-one-of]",
    ),
    "list where a mapping": (
        "sources:\n  - {id: ours, kind: local, name: Ours, certainty: inference}",
        "sources: {id: ours}",
        "8:1: a list is expected at 'sources' [not-a-list]\n    begin each item with '- '",
    ),
    "text where a list": (
        "by: [lead], name: {en: cause}",
        "by: lead, name: {en: cause}",
        "29:44: a list is expected at 'by' [not-a-list]\n    begin each item with '- '",
    ),
    "mapping for text": (
        "version: 2026-1",
        "version: {a: b}",
        "3:1: a text is expected at 'version' [not-text]",
    ),
    "id a mapping": (
        "id: ours, kind",
        "id: [ours], kind",
        "9:6: a name is expected here [not-an-id]\n    write a kebab-case name, such as first-contact",
    ),
    "param value": (
        "value: 30, ",
        "value: thirty, ",
        "32:5: 'thirty' is not a number [not-a-number]\n    write digits with at most two decimals, such as 30 or 7.5",
    ),
    "format": (
        "format: 1",
        "format: 2",
        "1:1: '2' is not one of '1' [not-one-of]",
    ),
    "critical": (
        "steps:",
        "critical_rules:\n  - {id: r, name: {en: r}, served_by: [nothing]}\nsteps:",
        "39:40: there is no item 'nothing' [no-such]\n"
        "    known are: away, cause, causes, concern, first, guardian, here, lead, lessons-away, limit, marks-away, may-meet",
    ),
    "community": (
        "steps:",
        "community:\n  - {id: c, name: {en: c}, who: lead, for: class, duty: must, tier: none, every: month}\nsteps:",
        "39:63: there is no tier 'none' [no-such]\n    known are: targeted",
    ),
}


def told(text: str, tmp_path: Path) -> str:
    """What `check` says of one file, without its path."""
    path = tmp_path / "tiny.yaml"
    path.write_text(text, encoding="utf-8")
    return "\n".join(map(str, sky.check(path))).replace(f"{path}:", "")


def test_the_tiny_ruleset_has_no_faults(tmp_path: Path) -> None:
    assert told(TINY, tmp_path) == ""


@pytest.mark.parametrize("name", EXACT)
def test_each_fault_is_told_once_word_by_word(name: str, tmp_path: Path) -> None:
    old, new, said = EXACT[name]
    assert old in TINY
    assert told(TINY.replace(old, new, 1), tmp_path) == said


# what is no fault: words that other readers of YAML turn into something else stay what was written
@pytest.mark.parametrize("word", ["no", "on", "off", "null", "~", "010", "8:15", "8E1", "1_000", "0x2D", "2026-08-12"])
def test_a_word_stays_the_word_that_was_written(word: str, tmp_path: Path) -> None:
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY.replace("A tiny ruleset", word), encoding="utf-8")
    assert sky.load(path).newest.said.name.en == word


ALIAS_BOMB = "format: 1\na: &a [x, x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}, *{chr(97 + i)}]\n" for i in range(20)
)


def test_an_alias_bomb_is_told_line_by_line_and_never_unfolded(tmp_path: Path) -> None:
    said = told(ALIAS_BOMB, tmp_path).splitlines()
    assert "2:4: anchor 'a' is not allowed [anchor]" in said
    assert sum("is not allowed [anchor]" in x for x in said) == 21 + 3 * 20
    assert sum(map(len, said)) < 20_000


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("{only: [away]}", "{only: [away], all_except: [here]}", id="only and except"),
        pytest.param("name: {en: A tiny ruleset}", "name: *n", id="alias"),
        pytest.param("version: 2026-1", "version: " + "[" * 60 + "]" * 60, id="too deep"),
    ],
)
def test_one_fault_is_one_error(old: str, new: str, tmp_path: Path) -> None:
    assert old in TINY
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY.replace(old, new, 1), encoding="utf-8")
    assert len(sky.check(path)) == 1


def test_the_place_of_a_missing_key_is_in_the_file_that_was_read(tmp_path: Path) -> None:
    assert told(TINY.replace("version: 2026-1\n", ""), tmp_path) == "1:1: `version` is missing [missing]\n    add `version: …`"


def test_a_hint_never_proposes_what_is_refused_too(tmp_path: Path) -> None:
    assert "write 45.5" not in told(TINY.replace("lesson_minutes: 45", "lesson_minutes: '45,5'"), tmp_path)


# ---------------------------------------------------------------------- one file that is not what it should be
def test_a_key_that_is_a_list_is_no_key() -> None:
    found = read_text("format: 1\n[a, b]: 2\n", file="x.yaml")
    assert list(map(str, found.problems)) == [
        "x.yaml:2:1: a key must be a word [key-not-text]\n    write the list or mapping as a value"
    ]
    assert found.data == {"format": "1"}


def test_a_text_of_two_million_letters_is_too_large() -> None:
    (problem,) = read_text("a: " + "x" * 2_000_000, file="x.yaml").problems
    assert str(problem) == "x.yaml: larger than 2,000,000 characters [too-large]\n    split it, or check what it is"


def test_a_file_that_is_not_there_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(sky.RulesetError) as e:
        read_file(tmp_path / "none.yaml", shown="none.yaml")
    assert str(e.value) == "none.yaml: cannot be read: No such file or directory [no-file]"


def test_a_path_that_does_not_stand_in_a_file_has_the_place_of_its_parent() -> None:
    found = read_text("a:\n  - {b: 1}\n", file="x.yaml")
    assert str(found.place(("a", 0, "c", "d"))) == "x.yaml:2:5"
    assert str(found.place(("z",))) == "x.yaml:1:1"
