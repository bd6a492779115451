"""Everything that was concluded about one pupil: on which day what, by which rule, from which marks, in the reader's language.

Rules: it says what the decisions of each day said, in their order, and nothing that they did not say; each day is decided with
what was known by its end; cut for a reader it holds what that reader may see. It is made for the right of access (GDPR, art. 15);
who gets it, and whether something must be left out, the controller decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from sky_model.decision import Decision, OpenQuestion, OpenStep
from sky_model.events import Mark, end_of
from sky_model.explanation import Speaker, big, explain
from sky_model.source import read_file
from sky_model.tasks import PARTIES, Task
from sky_model.vocabulary import LANGUAGES

__all__ = ["extract"]

_Named = TypeVar("_Named", OpenStep, Task)


@lru_cache(maxsize=1)
def _sentences() -> dict[str, dict[str, str]]:
    path = Path(__file__).resolve().parents[1] / "texts" / "extract.yaml"
    found: dict[str, dict[str, str]] = read_file(path, shown="texts/extract.yaml").data
    return found


def extract(history: Iterable[tuple[date, Decision]], until: date, *, language: str = "fi", reader: str | None = None) -> str:
    """The text, made from the days on which the decision became another one (`sky.history`), up to a day.

    reader  a role, a group, `guardian` or `pupil`: only what it may see. None: all
    Raises ValueError for an unknown language, or when there is no day.
    """
    if language not in LANGUAGES:
        raise ValueError(f"the language '{language}' is not known; write one of {', '.join(LANGUAGES)}")
    days = list(history)
    if not days:
        raise ValueError("there is no day to tell of")
    told = [(day, d.for_reader(reader) if reader else d) for day, d in days]
    return "\n".join(_Extract(language, reader, days[-1][1]).lines(told, until))


class _Extract:
    def __init__(self, language: str, reader: str | None, whole: Decision) -> None:
        self.language, self.reader = language, reader
        self.case = whole.asked.case if whole.asked is not None else None

    def say(self, key: str, **values: Any) -> str:
        return _sentences()[key][self.language].format(**values)

    def lines(self, days: list[tuple[date, Decision]], until: date) -> Iterator[str]:
        last = days[-1][1]
        speaker = Speaker(last, self.language)
        yield self.say("title", pupil=last.pupil)
        yield self.say("span", first=speaker.day(days[0][0]), last=speaker.day(until))
        if self.reader is not None:
            known = speaker.actor(self.reader) if self.reader not in PARTIES else _party(self.reader, self.language)
            yield self.say("for", reader=known)
        yield self.say("proposes")
        before: Decision | None = None
        is_any = False
        for day, d in days:
            said = list(self.day(d, before))
            if before is None or _basis(before) != _basis(d):
                said.insert(0, self.basis(d))
            is_any = is_any or len(said) > (before is None)
            if said:
                yield ""
                yield f"{big(speaker.day(day))}:"
                yield from (f"- {x}" for x in said)
            before = d
        if not is_any:
            yield self.say("nothing")
        yield ""
        yield self.say("today", day=speaker.day(until))
        yield from (f"- {x}" for x in explain(last, language=self.language).splitlines())

    def basis(self, d: Decision) -> str:
        return self.say(
            "rules",
            ruleset=d.basis["ruleset"]["name"],
            fingerprint=d.basis["ruleset"]["fingerprint"],
            calendar=d.basis["calendar"]["name"],
        )

    def day(self, d: Decision, before: Decision | None) -> Iterator[str]:
        """What the decision of a day says that the one before did not, and what it no longer says."""
        speaker = Speaker(d, self.language)
        opened, old = _by_name(d.open_steps), _by_name(before.open_steps) if before is not None else {}
        for name, step in opened.items():
            if name not in old or step.because != old[name].because:
                yield " ".join([speaker.step(step), *self.rule(d, step), *self.rests_on(d, step)])
        gone = set(d.withdrawn) - set(before.withdrawn if before is not None else ())
        for name, step in old.items():
            if name not in opened and name not in gone:
                yield self.say("ended", step=speaker.name("steps", step.step))
        yield from (line for line in speaker.gone() if gone or d.corrections != (before.corrections if before else ()))
        yield from self.tasks(d, before, speaker)
        asked = {_key(q): q for q in before.questions} if before is not None else {}
        yield from (speaker.question(q) for q in d.questions if _key(q) not in asked)
        left = {_key(q) for q in d.questions}
        old_speaker = Speaker(before, self.language) if before is not None else speaker
        yield from (self.say("answered", question=old_speaker.question(q)) for k, q in asked.items() if k not in left)
        sent = {(m.message, m.since, m.state) for m in before.messages} if before is not None else set()
        yield from (speaker.message(m) for m in d.messages if (m.message, m.since, m.state) not in sent)
        aside = set(before.set_aside if before is not None else ())
        yield from (self.say("set-aside", mark=self.mark(d, m)) for m, why in d.set_aside if (m, why) not in aside)

    def tasks(self, d: Decision, before: Decision | None, speaker: Speaker) -> Iterator[str]:
        now, then = _by_name(d.tasks), _by_name(before.tasks) if before is not None else {}
        for name, task in now.items():
            if name not in then or (task.state, task.due) != (then[name].state, then[name].due):
                yield self.say(f"task-{task.state}", task=speaker.one_of_many(task))
        for name, task in then.items():
            if name not in now:
                yield self.say("task-gone", task=speaker.one_of_many(task))

    def rule(self, d: Decision, step: OpenStep) -> Iterator[str]:
        known = next((s for s in d.rules.steps if s.base == step.step), None)
        source = d.rules.sources.get(known.said.source or "") if known is not None else None
        name = d.basis["ruleset"]["name"]
        if source is None:
            yield self.say("rule", step=step.step, ruleset=name)
        else:
            yield self.say("rule-source", step=step.step, ruleset=name, source=source.name)

    def rests_on(self, d: Decision, step: OpenStep) -> Iterator[str]:
        ids = list(dict.fromkeys(m for r in step.because for m in r.marks))
        if ids:
            yield self.say("from-marks", marks="; ".join(self.mark(d, m) for m in ids))

    def mark(self, d: Decision, name: str) -> str:
        mark = self.known(d, name)
        if mark is None:
            return self.say("erased", id=name)
        speaker = Speaker(d, self.language)
        kind = mark.kind if mark.kind in d.rules.kinds else d.rules.kind_of(mark.code or mark.kind, mark.on, None)
        said = speaker.name("kinds", kind) if kind is not None else self.say("no-kind")
        key, amount = ("lessons", mark.lessons) if mark.lessons is not None else ("minutes", mark.minutes)
        day = speaker.day(mark.on)
        return self.say("no-length" if amount is None else key, day=day, amount=amount, kind=said.lower(), id=name)

    def known(self, d: Decision, name: str) -> Mark | None:
        """A mark as it was known on the day of a decision; None: it is not in the record."""
        if self.case is None:
            return None
        until = end_of(d.known_to.toordinal())
        known = (e for moment, e in zip(self.case.moments, self.case.events, strict=True) if moment <= until)
        return next((e for e in reversed(list(known)) if isinstance(e, Mark) and e.id == name), None)


def _party(reader: str, language: str) -> str:
    words = {"guardian": {"fi": "huoltaja", "sv": "vårdnadshavaren", "en": "the guardian"}}
    words["pupil"] = {"fi": "oppilas", "sv": "eleven", "en": "the pupil"}
    return words[reader][language] if reader in words else reader


def _by_name(items: Iterable[_Named]) -> dict[str, _Named]:
    return {x.name: x for x in items}


def _key(q: OpenQuestion) -> tuple[str, str, tuple[str, ...]]:
    return q.what, q.fact, q.steps


def _basis(d: Decision) -> tuple[Any, ...]:
    return d.basis["ruleset"]["fingerprint"], d.basis["calendar"]["fingerprint"]
