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

from sky_model.decision import Decision, OpenQuestion, OpenStep
from sky_model.source import read_file
from sky_model.tasks import PARTIES, Message, Task
from sky_model.vocabulary import LANGUAGES

__all__ = ["Speaker", "big", "explain", "small", "word_message"]


@lru_cache(maxsize=1)
def _sentences() -> dict[str, dict[str, str]]:
    source = read_file(Path(__file__).resolve().parent / "texts" / "explanation.yaml", shown="texts/explanation.yaml")
    sentences: dict[str, dict[str, str]] = source.data
    return sentences


def explain(decision: Decision, *, language: str = "fi") -> str:
    """The decision as text for people, one thought a line. Raises ValueError for an unknown language."""
    if language not in LANGUAGES:
        raise ValueError(f"the language '{language}' is not known; write one of {', '.join(LANGUAGES)}")
    return "\n".join(Speaker(decision, language).lines())


def word_message(decision: Decision, message: Message, *, language: str = "fi") -> str:
    """The words of a message that is owed, from the ruleset's own text, with its totals filled in; without a text, its name.

    {total} the number of its counter · {by_kind} the number of each kind · {limit} the limit · {first} the day since which it
    is owed · {last} the day of the decision. Raises ValueError for an unknown language.
    """
    if language not in LANGUAGES:
        raise ValueError(f"the language '{language}' is not known; write one of {', '.join(LANGUAGES)}")
    speaker = Speaker(decision, language)
    text = decision.rules.said.texts.get(message.text) if message.text else None
    if text is None:
        return speaker.message(message)
    totals = dict(message.totals)
    total = totals.pop("total", None)
    kinds = ", ".join(f"{small(speaker.name('kinds', kind))} {n}" for kind, n in totals.items())
    filled = {
        "total": "–" if total is None else total,
        "by_kind": kinds or "–",
        "limit": "–" if message.limit is None else message.limit,
        "first": speaker.day(message.since),
        "last": speaker.day(decision.on),
    }
    return text.in_language(language).format(**filled)


class Speaker:
    def __init__(self, decision: Decision, language: str) -> None:
        self.d, self.language = decision, language

    # ------------------------------------------------------------------ words
    def say(self, key: str, **values: Any) -> str:
        return _sentences()[key][self.language].format(**values)

    def word(self, key: str, i: int) -> str:
        return _sentences()[key][self.language].split(", ")[i]

    def day(self, day: date) -> str:
        return self.say("date", day=day.day, month=self.word("months", day.month - 1), year=day.year)

    def due_day(self, key: str, day: date) -> str:
        weekday = self.word("weekdays" if key == "overdue" else "weekdays-on", day.weekday())
        return self.say(key, weekday=weekday, day=self.day(day))

    def nth(self, n: int) -> str:
        last = n % 10 if n % 100 not in (11, 12, 13) else 0
        return self.say(f"nth-{last}" if last in (1, 2, 3) else "nth", n=n)

    def join(self, parts: Iterable[str], last: str) -> str:
        *most, end = parts
        return f"{', '.join(most)}{self.say(last)}{end}" if most else end

    def name(self, section: str, name: str) -> str:
        found = next((x for x in getattr(self.d.rules.said, section) if x.id == name), None)
        return found.name.in_language(self.language) if found is not None and found.name else name

    def actor(self, name: str) -> str:
        """A role of the pupil's grade, or a group."""
        role = self.d.rules.role_for(name, self.d.grade) if name in self.d.rules.roles else name
        return self.name("roles", role) if role in self.d.rules.roles else self.name("groups", name)

    def action(self, action: str) -> str:
        act = self.d.rules.acts.get(action)
        return small(act.name.in_language(self.language)) if act else action

    # ------------------------------------------------------------------ the letter
    def lines(self) -> list[str]:
        d, first = self.d, self.d.next
        out = [self.say("stale", day=self.day(d.data_until))] if d.is_stale and d.data_until else []
        if first is not None:
            out += self.task(first)
            out += self.others([t for t in d.tasks if t is not first])
        elif d.questions:
            out.append(self.say("undecided"))
        out += [self.step(s) for s in d.open_steps]
        out += [self.question(q) for q in d.questions]
        out += [self.message(m) for m in d.messages if m.state == "owed" or m.to_correct]
        out += self.gone()
        if not d.open_steps:
            out.append(self.nothing())
        elif first is None:
            out.append(self.say("all-done" if d.reader in (None, "log") else "nothing-to-do"))
        out += self.near()
        if d.rules.unsaid:
            out.append(self.say("unsaid", gaps="; ".join(d.rules.unsaid)))
        for x in d.too_early:
            counter = big(self.name("counters", x.counter))
            day = self.day(x.known_from) if x.known_from else ""
            out.append(self.say("too-early" if day else "too-early-unknown", counter=counter, day=day))
        is_kept_away = d.reader is not None and not (d.data_until or d.tasks or d.open_steps or d.questions)
        if not is_kept_away:  # to who is shown nothing it is not said that it is not known how far the marks reach
            out.append(self.data())
        if d.reader in PARTIES:
            out.append(self.say("wrong"))
        out.append(self.say("ruleset", ruleset=d.basis["ruleset"]["name"]))
        return [line for line in out if line]

    def who(self, t: Task) -> str:
        """Who does it: one with the organisation, or each that may."""
        if len(t.roles) > 1:
            return self.join(map(self.actor, t.roles), "or")
        organisation = self.say("organisation", name=self.name("organisations", t.organisation)) if t.organisation else ""
        return self.actor(t.role) + organisation

    def task(self, t: Task) -> list[str]:
        late = t.overdue and t.due is not None
        due = self.due_day("due", t.due) if t.due is not None and not late else ""
        line = self.say("next", action=self.action(t.action), who=self.who(t), due=due)
        if late and t.due is not None:
            line += " " + self.due_day("overdue", t.due)
        elif t.due is None:
            line += " " + self.say("due-unknown" if t.due_unknown else "no-due")
        out = [line]
        if t.counted and t.counted_from:
            days = [self.say("short-date", day=x.day, number=x.month, month=self.word("months", x.month - 1)) for x in t.counted]
            key = "counted" if len(days) <= 10 else "counted-many"
            said = self.join(days, "and")
            line = self.say(key, n=self.nth(len(days)), day=self.day(t.counted_from), days=said)
            out.append(line if line.endswith(".") else line + ".")
        source = self.d.rules.sources.get(t.source)
        if source is not None and source.kind in ("statute", "norm"):
            out.append(self.say(source.kind, source=source.name, certainty=self.say(t.certainty)))
        if t.state == "blocked":
            consents = (small(self.name("consents", c)) for c in t.blocked_by)
            out.append(self.say("blocked", consent=self.join(consents, "and")))
        if t.at_least is not None:
            n, of = t.at_least
            out.append(self.say("at-least", n=n, of=self.join(map(self.actor, of), "or")))
        if t.missed:
            out.append(self.say("missed", n=t.missed))
        if t.tell is not None and t.overdue:
            out.append(self.say("tell", who=self.actor(t.tell)))
        if t.not_needed_if:
            facts = [self.name("questions", f) if f in self.d.rules.questions else self.fact(f) for f in t.not_needed_if]
            out.append(self.say("not-needed-if", facts=self.join(facts, "or")))
        if t.state == "undecided":
            out.append(self.say("task-undecided"))
        return out

    def others(self, tasks: list[Task]) -> list[str]:
        """The rest, in order: what can be done, and what waits for it."""
        out = []
        for key, states in (("also", ("ready", "undecided", "blocked")), ("later", ("waiting", "snoozed", "paused"))):
            those = [self.one_of_many(t) for t in tasks if t.state in states]
            if those:
                out.append(self.say(key, tasks="; ".join(those)))
        return out

    def one_of_many(self, t: Task) -> str:
        due = self.due_day("due-in-list", t.due) if t.due is not None else ""
        return self.say("one-of-many", action=self.action(t.action), who=self.join(map(self.actor, t.roles), "or"), due=due)

    def step(self, s: OpenStep) -> str:
        out = [self.say("opened", step=self.name("steps", s.step), day=self.day(s.opened_on))]
        for r in s.because:
            if r.what == "counter" and r.first and r.about:
                counter, about = self.name("counters", r.fact), self.day(r.about)
                marks = self.say("one-mark") if len(r.marks) == 1 else self.say("marks", n=len(r.marks))
                key = "because-counter" if r.has_all_marks else "because-counter-only"
                key = "because-marks" if self.counts_marks(r.fact) else key
                first = self.day(r.first)
                out.append(self.say(key, counter=big(counter), low=r.low, limit=r.limit, first=first, about=about, marks=marks))
            elif r.what == "report" and r.about:
                out.append(self.say("because-report", about=self.day(r.about), report=small(self.name("reports", r.fact))))
        readings = list(dict.fromkeys(text for r in s.because for text in r.rests_on))
        if readings:
            out.append(self.say("rests-on", readings="; ".join(readings)))
        if s.is_in_doubt:
            out.append(self.say("in-doubt"))
        if not s.is_in_rules:
            out.append(self.say("not-in-rules"))
        if s.may_close:
            out.append(self.say("may-close"))
        return " ".join(out)

    def counts_marks(self, counter: str) -> bool:
        """A counter that opens at the first mark: a window and a limit would say nothing."""
        count = self.d.rules.counters.get(counter)
        return count is not None and count.measure == "marks"

    def question(self, q: OpenQuestion) -> str:
        fact = self.name("questions", q.fact) if q.what == "not_answered" else self.fact(q.fact)
        days = self.join(map(self.day, q.days), "and") if q.days else ""
        out = [self.say(q.what.replace("_", "-"), days=days, fact=fact)]
        if q.by:
            out.append(self.say("who-can", by=self.join(dict.fromkeys(map(self.actor, q.by)), "or")))
        if len(q.steps) == 1:
            out.append(self.say("waits", step=self.name("steps", q.steps[0])))
        elif q.steps:
            out.append(self.say("wait-many", n=len(q.steps)))
        return " ".join(out)

    def message(self, m: Message) -> str:
        said = next((x for x in self.d.rules.said.messages if x.id == m.message), None)
        name = said.name.in_language(self.language) if said is not None and said.name is not None else m.message
        to = self.join(map(self.actor, m.to), "and")
        return self.say("message-wrong" if m.to_correct else "message", name=name, to=to, day=self.day(m.since))

    def fact(self, fact: str) -> str:
        return self.say(f"fact-{fact}") if f"fact-{fact}" in _sentences() else fact

    def gone(self) -> list[str]:
        d, out = self.d, []
        for name in d.withdrawn:
            step, _, rest = name.partition("@")
            day = date.fromisoformat(rest.partition("#")[0])
            out.append(self.say("withdrawn", step=self.name("steps", step.partition("+")[0]), day=self.day(day)))
        if d.corrections:
            out.append(self.say("corrections", tasks=self.join(map(self.action, d.corrections), "and")))
        return out

    def nothing(self) -> str:
        if self.d.reader is not None:
            return self.say("nothing-to-see")
        said = [self.say("nothing-open")]
        if "concern" in self.d.rules.reports:
            said.append(self.say("none-recorded"))
        return " ".join(said)

    def near(self) -> list[str]:
        """How far the nearest limit is: not beside an open step that rests on the same counter."""
        n = self.d.nearest
        counted = {r.fact for s in self.d.open_steps for r in s.because if r.what == "counter"}
        if n is None or n.counter in counted or (self.d.open_steps and not n.number):
            return []
        counter, step = big(self.name("counters", n.counter)), self.name("steps", n.step)
        return [self.say("nearest", step=step, counter=counter, number=n.number, limit=n.limit, missing=n.missing)]

    def data(self) -> str:
        d, out = self.d, []
        if not d.is_stale:
            out.append(self.say("data-until", day=self.day(d.data_until)) if d.data_until else self.say("data-unknown"))
        if d.register == "marks_only":
            out.append(self.say("marks-only"))
        return " ".join(out)


def small(text: str) -> str:
    return text[:1].lower() + text[1:]


def big(text: str) -> str:
    return text[:1].upper() + text[1:]
