"""Every statement that can be: each measure, ground, use of automation, place and length in each of the languages."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from unicodedata import bidirectional

import pytest

from hakam.compliance import rulebook, statements
from hakam.compliance.models import RulebookVersion, Statement
from hakam.compliance.statement_text import LANGUAGES, StatementText, render, render_withdrawal, wording
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.event import ContentKind, ItemRef
from hakam.vocabulary.measure import Measure, MeasureKind
from hakam.vocabulary.reasons import Automation, Ground, GroundKind, Reasons, Source
from hakam.vocabulary.verdict import PackRef

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PLACEHOLDER = re.compile(r"[{}]")
ISOLATED = re.compile("\u2068[^\u2068\u2069]*\u2069")
LAW = Ground(GroundKind.ILLEGAL, "StGB § 130", "It incites to hatred.", "DE")
LAW_ANYWHERE = Ground(GroundKind.ILLEGAL, "Directive 2011/93", "It shows abuse.")
TERMS = Ground(GroundKind.CONTRACTUAL, "scene@1.0.0, hate", "It attacks people.")
ARABIC_LAW = Ground(GroundKind.ILLEGAL, "المادة 130", "يحرّض على الكراهية.", "EG")
GROUNDS = {
    "law": (LAW,),
    "law of no country": (LAW_ANYWHERE,),
    "terms": (TERMS,),
    "both": (LAW, TERMS),
    "arabic law": (ARABIC_LAW,),
}
TERRITORIES: dict[str, tuple[str, ...]] = {
    "everywhere": (),
    "one": ("DE",),
    "union": ("EU", "NO"),
    "unknown": ("ZZ",),
}
LANGUAGE = pytest.mark.parametrize("language", sorted(LANGUAGES))


def statement(pack: PackRef, measures: list[Measure], kind: str = "post", **changes: Any) -> Statement:
    """Return a statement that no table holds: its words are made of nothing else."""
    given: dict[str, Any] = {
        "clause": "hate",
        "pack": pack,
        "grounds": (LAW,),
        "facts": "They call people vermin.",
        "source": Source.NOTICE,
        "automated_detection": False,
        "automated_decision": Automation.NONE,
    }
    return statements.issue(
        by=SYSTEM,
        now=NOW,
        item=ItemRef("maydan", kind, "77"),
        item_url="https://maydan.example/p/77",
        recipient="u1",
        decision="decision:1",
        reasons=Reasons(**(given | changes)),
        measures=measures,
        language="en",
        effective_from=NOW,
    )


@pytest.fixture
def pack(book: RulebookVersion) -> PackRef:
    return rulebook.ref_of(book)


def paragraphs(text: StatementText) -> Iterator[str]:
    yield text.title
    yield text.link_label
    for part in text.sections:
        yield part.heading
        yield from part.paragraphs
        yield from (link.label for link in part.links)


def section(text: StatementText, key: str) -> tuple[str, ...]:
    return next(part.paragraphs for part in text.sections if part.key == key)


def mixed(text: str, direction: str) -> list[str]:
    """Return the letters that run against the sentence, outside of values that are set apart."""
    strong = {"ltr": {"R", "AL"}, "rtl": {"L"}}[direction]
    return [c for c in ISOLATED.sub("", text) if bidirectional(c) in strong]


def faults(text: StatementText, ours: set[str]) -> list[str]:
    """Return the paragraphs that are unfinished or that run two ways. `ours` are said by others, as they stand."""
    found = []
    for one in paragraphs(text):
        if PLACEHOLDER.search(one) or "  " in one or one != one.strip() or not one:
            found.append(one)
        if one not in ours and mixed(one, text.direction):
            found.append(one)
        if one.count("\u2068") != one.count("\u2069"):
            found.append(one)
    return found


@pytest.mark.django_db
class TestEveryCombination:
    @LANGUAGE
    @pytest.mark.parametrize("grounds", GROUNDS)
    def test_of_grounds_automation_and_territory(self, pack: PackRef, language: str, grounds: str) -> None:
        # DSA Art. 17(3)(a), (c), (d) and (e)
        said = GROUNDS[grounds]
        theirs = {"They call people vermin.", "https://maydan.example/p/77", *(g.explanation for g in said)}
        seen = set()
        for detected, automation, (_name, territory) in itertools.product(
            (True, False), Automation, TERRITORIES.items()
        ):
            made = statement(
                pack,
                [Measure(MeasureKind.WITHHOLD, territory=territory)],
                grounds=said,
                automated_detection=detected,
                automated_decision=automation,
            )
            text = render(made, language, platform_name="Maydan")
            assert faults(text, theirs) == []
            seen.add((section(text, "automation"), section(text, "territory")))
            terms = any(g.kind is GroundKind.CONTRACTUAL for g in said)
            assert [len(part.links) for part in text.sections if part.key == "ground"] == [int(terms)]
            for ground in said:
                assert ground.explanation in section(text, "ground")
        assert len(seen) == 2 * 3 * len(TERRITORIES)

    @LANGUAGE
    def test_of_measures_places_and_lengths(self, pack: PackRef, language: str) -> None:
        theirs = {"They call people vermin.", "https://maydan.example/p/77", LAW.explanation}
        for kind, days in itertools.product(MeasureKind, (None, 1, 3)):
            label = Measure(MeasureKind.LABEL, label="وسم", days=3)
            made = statement(pack, [Measure(kind, territory=("DE", "FR"), days=days), label])
            text = render(made, language, platform_name="ميدان")
            assert faults(text, theirs) == [], kind
            assert len(section(text, "territory")) == 2, "each measure says where"
            assert len(section(text, "duration")) == (1 if days == 3 else 2)

    @LANGUAGE
    def test_of_kinds_of_items_and_sources(self, pack: PackRef, language: str) -> None:
        theirs = {"They call people vermin.", "https://maydan.example/p/77", LAW.explanation}
        kinds = [kind.value for kind in ContentKind] + ["something.new"]
        for kind, source in itertools.product(kinds, Source):
            made = statement(pack, [Measure(MeasureKind.REMOVE)], kind, source=source, notifier="Amal")
            text = render(made, language)
            noun = wording(language).item(kind)
            assert faults(text, theirs) == []
            assert noun in text.title
            assert noun in section(text, "decision")[2]
            back = render_withdrawal(made, language, platform_name="Maydan")
            assert faults(back, theirs) == []

    @LANGUAGE
    def test_braces_of_others_are_words(self, pack: PackRef, language: str) -> None:
        made = statement(
            pack,
            [Measure(MeasureKind.LABEL, label="{item}", note="{0}")],
            facts="{facts} and {0.__class__}",
            grounds=(Ground(GroundKind.ILLEGAL, "{reference}", "{explanation}"),),
            notifier="{notifier}",
        )
        whole = "\n".join(paragraphs(render(made, language, platform_name="{platform}")))
        for word in (
            "{item}",
            "{0}",
            "{facts} and {0.__class__}",
            "{reference}",
            "{explanation}",
            "{platform}",
        ):
            assert word in whole

    @LANGUAGE
    def test_no_control_of_direction_comes_from_anybody_else(self, pack: PackRef, language: str) -> None:
        # What others wrote can't turn our sentences around, wherever it stands.
        evil = "a\u202eb\u2067c\u2069d"
        made = statement(
            pack,
            [Measure(MeasureKind.LABEL, label=evil, note=evil)],
            facts=evil,
            grounds=(
                Ground(GroundKind.ILLEGAL, evil, evil, "DE"),
                Ground(GroundKind.CONTRACTUAL, evil, evil),
            ),
            notifier=evil,
        )
        made.item_url = f"https://maydan.example/{evil}"
        whole = list(paragraphs(render(made, language, platform_name=evil)))
        assert sum(one.count("a[RLO]b[RLI]c[PDI]d") for one in whole) >= 8
        for one in whole:
            assert not set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067") & set(one), one
            assert one.count("\u2068") == one.count("\u2069")


# What it says of a place and a length: language -> (everywhere, in two countries), (without end, 30 days).
SAID = {
    "en": (
        ("The decision applies everywhere.", "The decision applies only in: Germany, France."),
        ("It applies from 2 March 2026, without a set end.", "It applies from 2 March 2026 to 1 April 2026."),
    ),
    "ar": (
        ("يسري القرار في جميع الأماكن.", "يقتصر سريان القرار على: ألمانيا، فرنسا."),
        (
            "يسري القرار ابتداءً من 2 مارس 2026 دون تحديد تاريخ لانتهائه.",
            "يسري القرار من 2 مارس 2026 إلى 1 أبريل 2026.",
        ),
    ),
}
DAYS_OF_APRIL = {
    "fr": "1er avril 2026",
    "de": "1. April 2026",
    "es": "1 de abril de 2026",
    "it": "1 aprile 2026",
}


@pytest.mark.django_db
@pytest.mark.parametrize("language", SAID)
def test_places_and_lengths_word_for_word(pack: PackRef, language: str) -> None:
    # DSA Art. 17(3)(a)
    places, lengths = SAID[language]
    for territory, wanted in zip(((), ("DE", "FR")), places, strict=True):
        made = statement(pack, [Measure(MeasureKind.WITHHOLD, territory=territory)])
        assert section(render(made, language), "territory") == (wanted,)
    for days, wanted in zip((None, 30), lengths, strict=True):
        made = statement(pack, [Measure(MeasureKind.SUSPEND, days=days)])
        assert section(render(made, language), "duration") == (wanted,)


@pytest.mark.django_db
@pytest.mark.parametrize("language", DAYS_OF_APRIL)
def test_an_end_on_the_first_of_a_month_is_written_as_its_language_does(pack: PackRef, language: str) -> None:
    made = statement(pack, [Measure(MeasureKind.SUSPEND, days=30)])
    (said,) = section(render(made, language), "duration")
    assert DAYS_OF_APRIL[language] in said


@pytest.mark.django_db
@LANGUAGE
def test_the_last_day_to_complain_is_the_last_day_on_which_a_complaint_is_taken(
    pack: PackRef, language: str
) -> None:
    # DSA Art. 20(1)
    made = statement(pack, [Measure(MeasureKind.REMOVE)])
    last = (made.complain_until - timedelta(microseconds=1)).date()
    assert last.isoformat() == "2026-09-02"
    assert any(wording(language).day(last) in one for one in section(render(made, language), "redress"))


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=lambda w: w.language)
def test_no_two_months_or_countries_have_one_name(language: Any) -> None:
    assert len(set(language.months)) == 12
    assert len(set(language.countries.values())) == len(language.countries)
    assert set(language.countries) == set(LANGUAGES["en"].countries)
