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
from sky_model.messages import Message
from sky_model.rules import CLOSE
from sky_model.source import read_file
from sky_model.tasks import PARTIES, Task
from sky_model.vocabulary import LANGUAGES

__all__ = ["Speaker", "big", "explain", "small", "word_message"]


SOON = 60  # days before the end of the rules from which on it is told
# the lists after the next task: a sentence, and the states of which it tells
OTHERS = (
    ("also", ("ready", "blocked")),
    ("later", ("waiting", "snoozed", "paused")),
    ("no-consent", ("no_consent",)),
    ("to-hand-over", ("to_hand_over",)),
)


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
        self.told: set[str] = set()  # counters of which today's number has been said

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
        own, _, about = action.partition(":")
        if own == "close":
            return self.say("close", step=self.name("steps", about))
        if own == "check":
            return self.say("check")
        act = self.d.rules.acts.get(action)
        return small(act.name.in_language(self.language)) if act else action

    # ------------------------------------------------------------------ the letter
    def lines(self) -> list[str]:
        d, first = self.d, self.d.next
        out = [self.say("stale", day=self.day(d.data_until))] if d.is_stale and d.data_until else []
        if d.left_on is not None:
            out.append(self.say("left", day=self.day(d.left_on)))
        if first is not None and first.state != "undecided":
            out += self.task(first)
        elif d.questions or first is not None:
            out.append(self.say("undecided"))
        out += self.others([t for t in d.tasks if t is not first])
        out += [self.step(s) for s in d.open_steps]
        out += [self.question(q) for q in d.questions]
        waiting = [self.one_of_many(t) for t in d.tasks if t.state == "undecided" and not self.is_in_a_question(t)]
        if waiting:
            out.append(self.say("task-undecided", tasks="; ".join(waiting)))
        out += self.doubtful()
        out += [self.message(m) for m in d.messages if m.state in ("owed", "held") or m.to_correct]
        out += self.gone()
        if not d.open_steps:
            out.append(self.nothing())
        elif first is None and d.left_on is None:
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
        out += self.in_force()
        out.append(self.say("ruleset", ruleset=d.basis["ruleset"]["name"]))
        return [line for line in out if line]

    def in_force(self) -> list[str]:
        """What limits the answer: rules asked as if they were in force, and rules that end soon without a successor."""
        out, until = [], self.d.basis.get("in_force_until")
        if self.d.basis.get("as_if"):
            out.append(self.say("as-if"))
        if until is not None and (date.fromisoformat(str(until)) - self.d.on).days < SOON:
            out.append(self.say("ends-soon", day=self.day(date.fromisoformat(str(until)))))
        return out

    def who(self, t: Task) -> str:
        """Who does it: one with the organisation, or each that may; of a deputy also who is away."""
        if len(t.roles) > 1:
            who = self.join(map(self.actor, t.roles), "or")
        else:
            organisation = self.say("organisation", name=self.name("organisations", t.organisation)) if t.organisation else ""
            who = self.actor(t.role) + organisation
        return who if t.instead_of is None else self.say("deputy", who=who, role=self.actor(t.instead_of))

    def task(self, t: Task) -> list[str]:
        if t.duty == CLOSE:
            out = [self.say("close-next", step=self.name("steps", t.step), who=self.who(t))]
            if t.rests_on:  # that nobody is named
                out.append(self.say("close-nobody"))
            return [*out, self.say("away")] if t.away else out
        late = t.overdue and t.due is not None
        due = self.due_day("due", t.due) if t.due is not None and not late else ""
        line = self.say("next", action=self.action(t.action), who=self.who(t), due=due)
        if late and t.due is not None:
            line += " " + self.due_day("overdue", t.due)
        elif t.due is None:
            line += " " + self.say("due-unknown" if t.due_unknown else "no-due")
        out = [line]
        if t.away:
            out.append(self.say("away"))
        if t.counted and t.counted_from:
            out.append(self.counted(t))
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
        return out

    def counted(self, t: Task) -> str:
        """The school days that were counted, and the pauses between them that were not."""
        assert t.counted_from is not None
        days = [self.say("short-date", day=x.day, number=x.month, month=self.word("months", x.month - 1)) for x in t.counted]
        key = "counted" if len(days) <= 10 else "counted-many"
        line = self.say(key, n=self.nth(len(days)), day=self.day(t.counted_from), days=self.join(days, "and"))
        out = [line if line.endswith(".") else line + "."]
        for first, last in () if t.is_statutory else self.d.pauses:
            if first <= t.counted[-1] and last > t.counted_from:
                out.append(self.say("pause", first=self.day(first), last=self.day(last)))
        return " ".join(out)

    def is_in_a_question(self, t: Task) -> bool:
        """Does it stand under a question that the reader is shown?"""
        return any(t.name in q.tasks for q in self.d.questions)

    def others(self, tasks: list[Task]) -> list[str]:
        """The rest, in order: what can be done, what waits for it, what is not done, what is left to be handed over.

        What waits for an answer stands under its question.
        """
        out = []
        for key, states in OTHERS:
            those = [self.one_of_many(t) for t in tasks if t.state in states]
            if those:
                out.append(self.say(key, tasks="; ".join(those)))
        return out

    def one_of_many(self, t: Task) -> str:
        due = self.due_day("due-in-list", t.due) if t.due is not None and t.state not in ("no_consent", "to_hand_over") else ""
        who = self.join(map(self.actor, t.roles), "or")
        if t.instead_of is not None:
            who = self.say("deputy", who=who, role=self.actor(t.instead_of))
        return self.say("one-of-many", action=self.action(t.action), who=who, due=due)

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
        out += self.today(s)
        if s.renews is not None:
            out.append(self.say("renewed", day=self.day(date.fromisoformat(s.renews.partition("@")[2].partition("#")[0]))))
        if s.contested:
            out.append(self.say("contested"))
        if s.is_doubtful:
            out.append(self.say("doubtful-step"))
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

    def today(self, s: OpenStep) -> list[str]:
        """Today's number, where it says more than the reason; how far the next limit is, staff alone is told."""
        said = {r.fact: r for r in s.because if r.what == "counter"}
        out = []
        for t in s.today:
            limit = None if self.d.reader in PARTIES else t.next_limit
            reason = said.get(t.counter)
            is_same = reason is not None and reason.low == t.number
            is_same = is_same and (self.counts_marks(t.counter) or (reason is not None and reason.first == t.first))
            if not t.number or (limit is None and is_same) or t.counter in self.told:
                continue
            self.told.add(t.counter)
            counter, key = big(self.name("counters", t.counter)), "today" if limit is None else "today-next"
            day = self.day(self.d.on)
            out.append(self.say(key, counter=counter, day=day, number=t.number, limit=limit, missing=t.missing))
        return out

    def doubtful(self) -> list[str]:
        days = [self.day(x.day) for x in self.d.doubtful]
        return [self.say("doubtful", days=self.join(days, "and"))] if days else []

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
        waiting = [self.one_of_many(t) for t in self.d.tasks if t.name in q.tasks]
        if waiting:
            out.append(self.say("waits-task", tasks="; ".join(waiting)))
        return " ".join(out)

    def message(self, m: Message) -> str:
        said = next((x for x in self.d.rules.said.messages if x.id == m.message), None)
        name = said.name.in_language(self.language) if said is not None and said.name is not None else m.message
        to = self.join(map(self.actor, m.to), "and")
        key = "message-wrong" if m.to_correct else "message-held" if m.state == "held" else "message"
        return self.say(key, name=name, to=to, day=self.day(m.since))

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
        """How far the nearest limit is: not beside an open step on the same counter, and never to guardian or pupil."""
        n = self.d.nearest if self.d.reader not in PARTIES else None
        counted = {x for s in self.d.open_steps for x in (*(r.fact for r in s.because), *(t.counter for t in s.today))}
        if n is None or n.counter in counted or (self.d.open_steps and not n.number):
            return []
        counter, step = big(self.name("counters", n.counter)), self.name("steps", n.step)
        return [self.say("nearest", step=step, counter=counter, number=n.number, limit=n.limit, missing=n.missing)]

    def data(self) -> str:
        d, out = self.d, []
        if not d.is_stale:
            key = "data-until" if d.data_until_from == "stated" else "data-until-marks"
            out.append(self.say(key, day=self.day(d.data_until)) if d.data_until else self.say("data-unknown"))
        if d.register == "marks_only":
            out.append(self.say("marks-only"))
        return " ".join(out)


def small(text: str) -> str:
    return text[:1].lower() + text[1:]


def big(text: str) -> str:
    return text[:1].upper() + text[1:]
