"""Facts of one pupil: what is known, which rules and calendar judge a day, counters and conditions.

A day is an ordinal (`date.toordinal()`). A *place* is (day of recording, n); (day, END) is the end of a day. A condition is a pair
(certain, possible): TRUE (1, 1), FALSE (0, 0), UNKNOWN (0, 1). An event is a dict: `type` (enrolment, left, register, mark, report,
answer, action, consent, pause, step_closed, retracted), `place`, `recorded`, `id`, `day` (its `on`), and the keys of
`rulesets/schema/record.json` of its type, days as ordinals. A `model` is one version of a ruleset as `reading.version` makes it:
`valid_from` and `valid_until` (ordinals), `counters`, `reports`, `questions`, `consents`, `kinds`, … by id, `steps` as a list of
dicts whose actions are filled in and carry `statutory`.
"""

from __future__ import annotations

END = 10**9
TRUE, FALSE, UNKNOWN = (1, 1), (0, 0), (0, 1)
NOT_RUNNING, TOO_EARLY = "not running", "too early"


class NotInForce(Exception):
    """No version judges the day (M4). `args[0]`: (line, valid_from, valid_until) of each that is in force at some time."""


class NoCalendar(Exception):
    """The day lies outside the school's calendars."""


def parts(cond):
    """The parts of a condition that can be ground: comparisons, and each `none` as a whole; not `in_grades`."""
    raise NotImplementedError


def steps_of(model):
    """The steps of a version; of `again: {every: …}` each level: `family`, `level`, `again: next_window`, its own `opens`."""
    raise NotImplementedError


class Known:
    """What is known at one place: `events` (not taken back, in order of recording) and the newest of what has newer versions."""

    def all(self, kind, **fields):
        """Events of a type, with these values, in order of recording."""
        raise NotImplementedError

    def marks(self):
        """The newest version of each mark."""
        raise NotImplementedError


class Facts:
    """What is known about one pupil up to the end of `on` (or up to `known_on`: a day or a place).

    Whoever folds fills `self.openings` with objects that have `step`, `model`, `place`, `day`, `about`, `end` (place or None)
    and `how` ("renewed" is no end of the step), and gives `actions(o)` and `answered(o, action, place, known)`, which
    `worked_through` asks.
    """

    def __init__(self, versions, case, on, known_on=None, calendars=None, schools=None, absent=(), as_if=False, shared=None):
        raise NotImplementedError

    def known(self, place):
        """Known at a place. Two places with no event between them give the same object."""
        raise NotImplementedError

    def today(self):
        raise NotImplementedError

    def newest_enrolment(self, c, known):
        """The newest event `enrolment` or `left` whose day is not after c, else None."""
        raise NotImplementedError

    def left(self, c, known):
        """M3: enrolled nowhere on c, and no later enrolment known."""
        raise NotImplementedError

    def enrolment(self, c, known):
        """The enrolment of c; after an end still that of the school that was left; before the first the first."""
        raise NotImplementedError

    def calendar(self, c, known):
        """The `days.Calendar` of the school attended on c."""
        raise NotImplementedError

    def begin(self, known):
        """The first day of the case."""
        raise NotImplementedError

    def line(self, c, known):
        """M3: the name of the line of versions that judges c ("" without `schools`)."""
        raise NotImplementedError

    def lines(self, line):
        """The versions of a line, oldest first."""
        raise NotImplementedError

    def model(self, day, known):
        """The version that judges the day, as known; None: none is in force, or the pupil has left."""
        raise NotImplementedError

    def steps(self, day, known):
        """id: step, of every version of every line attended so far, each in its newest form, today's line last."""
        raise NotImplementedError

    def after(self, d, span, known, skipped=lambda d: False):
        """The last day of a span whose day 0 is d (M3: each day by the calendar of its school). `span`: {clock: number}."""
        raise NotImplementedError

    def school_day(self, d, known):
        """d, or the next school day after it."""
        raise NotImplementedError

    def read_on(self, step, spec, c, q, known):
        """The day as of which a counter is read when c is asked about on the day q; None: not running."""
        raise NotImplementedError

    def window(self, model, name, r, known, since=None, place=None):
        """First day of the counter's window on day r; None: what it counts from has not happened."""
        raise NotImplementedError

    def counting(self, model, name, known, first, last, c=None, place=None):
        """(low, high, [(mark, certain)], what may still count without a mark) of a counter between two days."""
        raise NotImplementedError

    def counter(self, step, model, name, c, q, known, since=None, place=None):
        """(low, high, one): compare low and high with limit × one; or NOT_RUNNING, TOO_EARLY."""
        raise NotImplementedError

    def raised(self, name, c, known):
        """The reports of that name that stand on c: the newest of each person, if it is raised."""
        raise NotImplementedError

    def answer(self, model, name, c, known):
        """The answer in force on c; if the question was open then, the first answer after it; else None."""
        raise NotImplementedError

    def part(self, step, model, cond, c, place, known, early=UNKNOWN):
        """One comparison, about the day c, asked in the check at `place`: a pair."""
        raise NotImplementedError

    def holds(self, step, model, cond, c, place, known, new=None, early=UNKNOWN):
        """(what the condition is, what it is on new ground): two pairs. `early`: what *too early* (and a gap) is read as."""
        raise NotImplementedError

    def in_grades(self, grades, c, known):
        """Is the pupil's grade on c one of these (`"1-6"`, a list, None: all)? A pair."""
        raise NotImplementedError

    def grade(self, c, known):
        """The grade on c, or None."""
        raise NotImplementedError
