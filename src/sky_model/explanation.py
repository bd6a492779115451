"""A decision in words, in Finnish, Swedish or English, made from the decision's own reasons.

Rules: nothing is said that the decision does not hold; no kind of absence is named; what was not recorded is said as not
recorded, never as "no concern"; days and lessons, no percentages of a child, no labels.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from sky_model.decision import Decision, OpenQuestion, OpenStep, Task
from sky_model.source import read_file
from sky_model.vocabulary import LANGUAGES

__all__ = ["explain"]


@lru_cache(maxsize=1)
def _sentences() -> dict[str, dict[str, str]]:
    source = read_file(Path(__file__).resolve().parent / "texts" / "explanation.yaml", shown="texts/explanation.yaml")
    sentences: dict[str, dict[str, str]] = source.data
    return sentences


def explain(decision: Decision, *, language: str = "fi") -> str:
    """The decision as text for people, one thought a line. Raises ValueError for an unknown language."""
    if language not in LANGUAGES:
        raise ValueError(f"the language '{language}' is not known; write one of {', '.join(LANGUAGES)}")
    return "\n".join(_Speaker(decision, language).lines())


class _Speaker:
    def __init__(self, decision: Decision, language: str) -> None:
        self.d, self.language = decision, language

    def say(self, key: str, **values: Any) -> str:
        return _sentences()[key][self.language].format(**values)

    def day(self, day: date) -> str:
        if self.language == "en":
            return day.isoformat()
        return f"{day.day}.{day.month}.{day.year}"

    def days(self, days: Iterable[date]) -> str:
        return ", ".join(self.day(d) for d in days)

    def name(self, section: str, name: str) -> str:
        found = next((x for x in getattr(self.d.rules.said, section) if x.id == name), None)
        return found.name.in_language(self.language) if found is not None and found.name else name

    def actor(self, name: str) -> str:
        return self.name("roles", name) if name in self.d.rules.roles else self.name("groups", name)

    def lines(self) -> list[str]:
        d, out = self.d, []
        if d.is_stale and d.data_until:
            out.append(self.say("stale", day=self.day(d.data_until)))
        first = d.next
        if first is not None:
            out += self.task(first)
        elif d.questions:
            out.append(self.say("undecided"))
        for s in d.open_steps:
            out += self.step(s)
        for q in d.questions:
            out.append(self.question(q))
        if not d.open_steps and not d.questions:
            out.append(self.say("nothing-open"))
            if "concern" in d.rules.reports and d.reader is None:
                out.append(self.say("none-recorded"))
        if d.nearest is not None:
            n = d.nearest
            counter = self.name("counters", n.counter)
            out.append(
                self.say(
                    "nearest",
                    step=self.name("steps", n.step),
                    counter=counter[:1].upper() + counter[1:],
                    number=n.number,
                    limit=n.limit,
                    missing=n.missing,
                )
            )
        if d.withdrawn:
            names = [self.name("steps", w.split("@")[0]) for w in d.withdrawn]
            out.append(self.say("withdrawn", steps=", ".join(dict.fromkeys(names))))
        out.append(self.say("data-until", day=self.day(d.data_until)) if d.data_until else self.say("data-unknown"))
        if d.register == "marks_only":
            out.append(self.say("marks-only"))
        out.append(self.say("ruleset", ruleset=d.basis["ruleset"]["name"]))
        return out

    def task(self, t: Task) -> list[str]:
        act = next((a for s in self.d.rules.steps for a in s.actions if a.id == t.action), None)
        action = act.name.in_language(self.language) if act else t.action
        organisation = self.say("organisation", name=self.name("organisations", t.organisation)) if t.organisation else ""
        out = [self.say("next", action=action, role=self.actor(t.role), organisation=organisation)]
        if t.state == "blocked":
            out.append(self.say("blocked", consent=", ".join(self.name("consents", c) for c in t.blocked_by)))
        if t.due is not None:
            span = act.due.span if act and act.due else None
            if span is not None and span.clock == "school_days" and act is not None and act.due and act.due.from_report:
                ordinal = f"{span.number}:e" if self.language == "sv" else str(span.number)
                out.append(self.say("due-school-days", day=self.day(t.due), n=ordinal))
            else:
                out.append(self.say("due", day=self.day(t.due)))
        elif t.due_unknown:
            out.append(self.say("due-unknown"))
        if t.overdue:
            out.append(self.say("overdue"))
        return out

    def step(self, s: OpenStep) -> list[str]:
        out = [self.say("opened", step=self.name("steps", s.step), day=self.day(s.opened_on))]
        for r in s.because:
            if r.what == "counter" and r.first and r.about:
                counter = self.name("counters", r.fact)
                out.append(
                    self.say(
                        "because-counter" if len(r.marks) != 1 else "because-counter-one",
                        counter=counter[:1].upper() + counter[1:],
                        low=r.low,
                        limit=r.limit,
                        first=self.day(r.first),
                        about=self.day(r.about),
                        n=len(r.marks),
                    )
                )
            elif r.what == "report" and r.about:
                out.append(self.say("because-report", about=self.day(r.about), report=self.name("reports", r.fact)))
        if s.is_in_doubt:
            out.append(self.say("in-doubt"))
        return out

    def question(self, q: OpenQuestion) -> str:
        key = q.what.replace("_", "-")
        fact = self.name("questions", q.fact) if q.what == "not_answered" else q.fact
        return self.say(key, days=self.days(q.days), by=", ".join(map(self.actor, q.by)), fact=fact)
