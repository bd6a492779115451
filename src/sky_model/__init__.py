"""sky_model: decide what comes next when a pupil is absent, from rules that people wrote and signed.

It proposes, a person decides. `load` a ruleset, make a `Case` of a pupil's record, `decide` about a day.
"""

from __future__ import annotations

from sky_model.calendars import load_calendar
from sky_model.decider import decide
from sky_model.decision import Decision, Reason, Task
from sky_model.engine import engine_version as _version
from sky_model.errors import CaseError, Place, Problem, RecordError, RulesetError
from sky_model.events import (
    ActionTaken,
    Answer,
    Consent,
    Enrolment,
    Left,
    Mark,
    Pause,
    Register,
    Report,
    Retracted,
    StepClosed,
)
from sky_model.explanation import explain
from sky_model.histories import history
from sky_model.model import check, load, needs
from sky_model.records import Case
from sky_model.rules import Model
from sky_model.schooldays import Calendar

__all__ = [
    "ActionTaken",
    "Answer",
    "Calendar",
    "Case",
    "CaseError",
    "Consent",
    "Decision",
    "Enrolment",
    "Left",
    "Mark",
    "Model",
    "Pause",
    "Place",
    "Problem",
    "Reason",
    "RecordError",
    "Register",
    "Report",
    "Retracted",
    "RulesetError",
    "StepClosed",
    "Task",
    "check",
    "decide",
    "explain",
    "history",
    "load",
    "load_calendar",
    "needs",
]
__version__ = _version()
