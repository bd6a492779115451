"""Explanations, word by word, and that every sentence exists in three languages."""

from __future__ import annotations

from datetime import date

import pytest

import sky_model as sky
from sky_model.explanation import _sentences

MODEL = sky.load("presets/lessons-per-term")
CALENDAR = sky.load_calendar("example-week-43/2026-27")
THIRTY = sky.Case(
    "p",
    data_until=date(2026, 9, 10),
    events=[
        sky.Enrolment("s", grade=8, since=date(2026, 8, 12)),
        *(sky.Mark(date(2026, 9, d), lessons=6, kind="health") for d in (1, 2, 3, 4, 7)),
    ],
)
SAID = {
    "en": """\
Next: Talk with the pupil. This is done by: homeroom teacher (education provider).
By 2026-09-14 at the latest.
The step “The absence is talked about” began on 2026-09-07.
Lessons of absence this term: 30; the limit is 30. Counted from 2026-08-12 to 2026-09-07, 5 marks.
The nearest limit: “The absence is looked into together”. Lessons of absence this term: 30 now, the limit is 50, 20 more to it.
There are marks up to 2026-09-10.
A lesson without a mark has been taken as attended.
Based on lessons-per-term/2026-1. This is a proposal: a person decides.""",
    "fi": """\
Viimeistään 14.9.2026.
Vaihe ”Poissaolot otetaan puheeksi” alkoi 7.9.2026.
Poissaolotunnit lukukaudella: 30; raja on 30. Laskettu 12.8.2026–7.9.2026, merkintöjä 5.""",
    "sv": """\
Senast den 14.9.2026.
Steget ”Frånvaron tas upp” började den 7.9.2026.
Frånvarolektioner under terminen: 30; gränsen är 30. Räknat 12.8.2026–7.9.2026, 5 anteckningar.""",
}


@pytest.mark.parametrize("language", SAID)
def test_thirty_lessons_are_explained_word_by_word(language: str) -> None:
    decision = sky.decide(MODEL, THIRTY, on=date(2026, 9, 10), calendars=CALENDAR)
    assert SAID[language] in sky.explain(decision, language=language)


def test_every_sentence_exists_in_three_languages_with_the_same_blanks() -> None:
    for name, texts in _sentences().items():
        assert set(texts) == {"fi", "sv", "en"}, name


def test_every_name_of_the_shipped_rulesets_exists_in_three_languages() -> None:
    missing = []
    for name in ("fi-sky/2026-1", "presets/lessons-per-term", "presets/share-of-12-weeks"):
        said = sky.load(name).newest.said
        for section in (
            "kinds",
            "counters",
            "reports",
            "questions",
            "tiers",
            "steps",
            "community",
            "roles",
            "groups",
            "consents",
        ):
            for item in getattr(said, section):
                if item.name is None or not (item.name.fi and item.name.sv and item.name.en):
                    missing.append((name, section, item.id))
        missing += [(name, "actions", a.id) for s in said.steps for a in s.actions if a.name and not (a.name.sv and a.name.en)]
    assert not missing


def test_no_text_says_escalation_or_that_there_is_no_concern() -> None:
    whole = "\n".join(t for texts in _sentences().values() for t in texts.values()).lower()
    assert "escalat" not in whole
    assert "eskal" not in whole
    assert "no concern." not in whole
