"""What the affected person reads says all that the law asks for, in English and in Arabic."""

from __future__ import annotations

import re
import string
from datetime import UTC, date, datetime
from typing import Any
from unicodedata import bidirectional

import pytest

from hakam.compliance import rulebook, statements
from hakam.compliance.models import Statement
from hakam.compliance.profile import Profile, Size, Tier, set_profile
from hakam.compliance.statement_text import LANGUAGES, StatementText, render, render_withdrawal, wording
from hakam.compliance.wording import Wording
from hakam.compliance.wording_ar import ARABIC
from hakam.compliance.wording_en import ENGLISH
from hakam.vocabulary.actor import Actor, ActorKind
from hakam.vocabulary.event import ContentKind, ItemRef
from hakam.vocabulary.measure import Measure, MeasureKind
from hakam.vocabulary.reasons import Automation, Ground, GroundKind, Reasons, Source

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
AMAL = Actor(ActorKind.STAFF, "1")
LANGUAGE = pytest.mark.parametrize("language", sorted(LANGUAGES))
ORDER = ["decision", "territory", "duration", "facts", "automation", "ground", "redress"]


def issue(
    measures: list[Measure] | None = None, kind: str = "post", now: datetime = NOW, **changes: Any
) -> Statement:
    version = rulebook.active()
    assert version is not None
    given: dict[str, Any] = {
        "clause": "hate",
        "pack": rulebook.ref_of(version),
        "grounds": (
            Ground(
                GroundKind.ILLEGAL,
                "Criminal Code, section 130",
                "It calls for violence against a group.",
                "DE",
            ),
            Ground(GroundKind.CONTRACTUAL, "scene@1.0.0, hate", "It attacks people for their religion."),
        ),
        "facts": "The post says that they must be driven out.",
        "source": Source.NOTICE,
        "automated_detection": False,
        "automated_decision": Automation.NONE,
    }
    return statements.issue(
        by=AMAL,
        now=now,
        item=ItemRef("maydan", kind, "77"),
        item_url="https://maydan.example/p/77",
        recipient="u1",
        decision="decision:1",
        reasons=Reasons(**(given | changes)),
        measures=measures or [Measure(MeasureKind.REMOVE)],
        language="en",
        effective_from=now,
    )


def section(text: StatementText, key: str) -> str:
    (found,) = (s for s in text.sections if s.key == key)
    return "\n".join(found.paragraphs)


def plain(text: str) -> str:
    return text.replace("\u2068", "").replace("\u2069", "")


@pytest.mark.django_db
@pytest.mark.usefixtures("book")
class TestWhatItSays:
    @LANGUAGE
    def test_all_sections_in_the_order_of_the_law_none_empty(self, language: str) -> None:
        text = render(issue(), language)
        assert [s.key for s in text.sections] == ORDER
        assert all(s.heading and s.paragraphs and all(s.paragraphs) for s in text.sections)
        assert len({s.heading for s in text.sections}) == len(ORDER)
        assert (text.language, text.direction) == (language, wording(language).direction)

    @LANGUAGE
    @pytest.mark.parametrize(
        ("profile", "there"),
        [
            ({}, True),
            (
                {"size": Size.LARGER, "larger_since": date(2026, 2, 1)},
                False,
            ),  # Art. 19(1): twelve months more
            ({"size": Size.LARGER, "larger_since": date(2025, 2, 1)}, True),
            ({"size": Size.MICRO}, False),
            ({"size": Size.SMALL}, False),
            ({"size": Size.MICRO, "tier": Tier.VERY_LARGE}, True),  # Art. 19(2)
            ({"countries": ("GB",)}, False),
        ],
    )
    def test_certified_bodies_are_named_where_they_have_a_say(
        self, language: str, profile: dict[str, Any], there: bool
    ) -> None:
        # DSA Art. 17(3)(f), Art. 19(1), Art. 21
        set_profile(Profile(platform="maydan", **profile), by=AMAL, now=NOW)
        words = wording(language)
        (said,) = [s for s in render(issue(), language).sections if s.key == "redress"]
        assert (words.out_of_court in said.paragraphs) is there
        assert words.court in said.paragraphs

    def test_what_was_decided(self) -> None:
        # DSA Art. 17(3)(a)
        statement = issue()
        english, arabic = render(statement, "en"), render(statement, "ar")
        assert "The post was removed." in section(english, "decision")
        assert "إزالة المنشور." in section(arabic, "decision")
        for text in (english, arabic):
            assert "https://maydan.example/p/77" in section(text, "decision")
            assert "decision:1" in plain(section(text, "decision"))

    def test_where(self) -> None:
        # DSA Art. 17(3)(a)
        statement = issue([Measure(MeasureKind.WITHHOLD, territory=("DE", "EU"))])
        assert "only in: Germany, the European Union." in section(render(statement, "en"), "territory")
        assert "ألمانيا، الاتحاد الأوروبي" in section(render(statement, "ar"), "territory")
        everywhere = issue()
        assert section(render(everywhere, "en"), "territory") == "The decision applies everywhere."

    def test_where_each_measure_applies_when_they_differ(self) -> None:
        statement = issue([Measure(MeasureKind.REMOVE, territory=("FR",)), Measure(MeasureKind.WARN)])
        lines = section(render(statement, "en"), "territory").splitlines()
        assert lines == [
            "The post was removed. This applies in: France.",
            "Your account received a warning. The decision applies everywhere.",
        ]

    def test_an_unknown_country_is_its_code(self) -> None:
        statement = issue([Measure(MeasureKind.WITHHOLD, territory=("ZZ",))])
        assert "ZZ" in section(render(statement, "ar"), "territory")

    def test_how_long(self) -> None:
        # DSA Art. 17(3)(a)
        week = issue([Measure(MeasureKind.SUSPEND, days=7)])
        assert section(render(week, "en"), "duration") == "It applies from 2 March 2026 to 9 March 2026."
        assert section(render(week, "ar"), "duration") == "يسري القرار من 2 مارس 2026 إلى 9 مارس 2026."
        assert "without a set end" in section(render(issue(), "en"), "duration")

    @pytest.mark.parametrize("language", sorted(LANGUAGES))
    def test_days_are_those_of_the_platform(self, language: str, settings: Any) -> None:
        settings.TIME_ZONE = "Asia/Amman"
        late = datetime(2026, 6, 10, 22, 30, tzinfo=UTC)  # the 11th in Amman
        statement = issue([Measure(MeasureKind.SUSPEND, days=7)], now=late)
        statement.withdrawn_at = late
        said = [
            *(section(render(statement, language), key) for key in ("decision", "duration")),
            section(render_withdrawal(statement, language), "withdrawn"),
        ]
        assert all(wording(language).day(date(2026, 6, 11)) in text for text in said)
        assert wording(language).day(date(2026, 6, 18)) in said[1]
        assert wording(language).day(date(2026, 12, 11)) in section(render(statement, language), "redress")

    def test_italian_says_its_articles_as_one_speaks(self) -> None:
        def said(day: int, days: int) -> list[str]:
            at = datetime(2026, 8, day, 9, 0, tzinfo=UTC)
            statement = issue([Measure(MeasureKind.SUSPEND, days=days)], now=at)
            statement.withdrawn_at = at
            parts = [section(render(statement, "it"), key) for key in ("decision", "duration", "redress")]
            return [*parts, section(render_withdrawal(statement, "it"), "withdrawn")]

        decision, duration, redress, withdrawn = said(8, 3)
        assert "Decisione dell’8 agosto 2026" in decision
        assert duration == "La decisione si applica dall’8 agosto 2026 all’11 agosto 2026."
        assert "fino all’8 febbraio 2027" in redress
        assert withdrawn.startswith("L’8 agosto 2026")
        assert "dal 1 agosto 2026 al 2 agosto 2026" in said(1, 1)[1]
        assert "dal 18 agosto 2026 al 28 agosto 2026" in said(18, 10)[1]

    def test_how_long_each_when_they_differ(self) -> None:
        statement = issue([Measure(MeasureKind.REMOVE), Measure(MeasureKind.SUSPEND, days=1)])
        lines = section(render(statement, "en"), "duration").splitlines()
        assert len(lines) == 2
        assert lines[0].startswith("The post was removed. It applies from")
        assert lines[1].endswith("to 3 March 2026.")

    @LANGUAGE
    def test_the_facts_stand_word_for_word(self, language: str) -> None:
        assert "The post says that they must be driven out." in section(render(issue(), language), "facts")

    @LANGUAGE
    def test_notice_and_own_initiative_are_told_apart(self, language: str) -> None:
        # DSA Art. 17(3)(b)
        said = {s: section(render(issue(source=s), language), "facts") for s in Source}
        assert len(set(said.values())) == len(Source)
        assert "16" in said[Source.NOTICE]
        assert "22" in said[Source.TRUSTED_FLAGGER]

    @LANGUAGE
    def test_the_notifier_is_named_only_when_the_reasons_name_one(self, language: str) -> None:
        # DSA Art. 17(3)(b)
        assert "Jane" not in section(render(issue(), language), "facts")
        assert "Jane" in section(render(issue(notifier="Jane Doe"), language), "facts")

    @LANGUAGE
    def test_detection_and_decision_by_machines_are_told_apart(self, language: str) -> None:
        # DSA Art. 17(3)(c)
        said = {
            (seen, taken): section(
                render(issue(automated_detection=seen, automated_decision=taken), language), "automation"
            )
            for seen in (True, False)
            for taken in Automation
        }
        assert len(set(said.values())) == 6

    def test_the_law_and_why(self) -> None:
        # DSA Art. 17(3)(d)
        statement = issue()
        english, arabic = (
            section(render(statement, "en"), "ground"),
            section(render(statement, "ar"), "ground"),
        )
        assert "illegal under: Criminal Code, section 130 (Germany)." in english
        assert "غير مشروع بموجب" in arabic
        assert "ألمانيا" in arabic
        for text in (english, arabic):
            assert "It calls for violence against a group." in text
            assert "It attacks people for their religion." in text

    def test_the_clause_in_the_readers_language_with_its_version(self) -> None:
        # DSA Art. 17(3)(e)
        statement = issue()
        english, arabic = render(statement, "en"), render(statement, "ar")
        assert "clause “Hate speech” (scene@1.0.0, hate)" in section(english, "ground")
        assert "“Do not attack people for who they are.”" in section(english, "ground")
        assert "البند «خطاب كراهية»" in plain(section(arabic, "ground"))
        assert "«لا تهاجم الناس بسبب هويتهم.»" in section(arabic, "ground")
        for text, path in ((english, "/rules/1.0.0#hate"), (arabic, "/rules/1.0.0?language=ar#hate")):
            assert path in [link.url for s in text.sections for link in s.links]

    def test_without_a_contractual_ground_no_clause_is_claimed(self) -> None:
        statement = issue(grounds=(Ground(GroundKind.ILLEGAL, "Section 130", "It calls for violence."),))
        (ground,) = (s for s in render(statement, "en").sections if s.key == "ground")
        assert ground.links == ()
        assert ground.paragraphs == (
            "We consider this content to be illegal under: Section 130.",
            "It calls for violence.",
        )

    def test_every_way_to_object(self) -> None:
        # DSA Art. 17(3)(f)
        statement = issue()
        english, arabic = (
            section(render(statement, "en"), "redress"),
            section(render(statement, "ar"), "redress"),
        )
        assert "free of charge, until 2 September 2026" in english
        assert "مجانًا حتى 2 سبتمبر 2026" in arabic
        for word in ("person who did not take part", "Article 21", "court"):
            assert word in english
        for word in ("شخص لم يشارك", "المادة 21", "المحكمة المختصة"):
            assert word in arabic

    def test_links_become_addresses_with_a_base(self) -> None:
        statement = issue()
        text = render(statement, "en", base_url="https://hakam.example/", platform_name="Maydan")
        urls = [link.url for s in text.sections for link in s.links]
        assert urls == [
            "https://hakam.example/rules/1.0.0#hate",
            f"https://hakam.example/s/{statement.token}#complain",
        ]
        assert "complain to Maydan" in section(text, "redress")

    def test_a_label_and_a_note_are_told(self) -> None:
        statement = issue([Measure(MeasureKind.LABEL, label="graphic", note="shows injuries")])
        assert "The post was labelled (graphic) (shows injuries)." in section(
            render(statement, "en"), "decision"
        )

    def test_an_item_without_an_address_is_named(self) -> None:
        statement = issue()
        statement.item_url = ""
        assert "maydan/post/77" in section(render(statement, "en"), "decision")

    @LANGUAGE
    def test_a_reversal_is_told(self, language: str) -> None:
        statement = statements.withdraw(issue(), by=AMAL, now=NOW.replace(month=4), because="upheld")
        text = render_withdrawal(statement, language)
        assert text.title != render(statement, language).title
        assert "decision:1" in plain(section(text, "withdrawn"))
        assert wording(language).months[3] in section(text, "withdrawn")

    def test_a_language_that_is_not_written_yet_is_english(self) -> None:
        assert render(issue(), "sv").language == "en"
        assert render(issue(), "ar-EG").language == "ar"

    def test_names_in_latin_letters_do_not_turn_an_arabic_sentence_around(self) -> None:
        text = render(issue(), "ar", platform_name="Maydan")
        for s in text.sections:
            for paragraph in s.paragraphs:
                if not any(bidirectional(c) in {"R", "AL"} for c in paragraph):
                    continue  # wholly in another language: shown in its own direction
                outside = re.sub("\u2068[^\u2069]*\u2069", "", paragraph)
                assert not [c for c in outside if bidirectional(c) == "L"], paragraph
                assert paragraph.count("\u2068") == paragraph.count("\u2069")

    def test_arabic_names_do_not_turn_an_english_sentence_around(self) -> None:
        text = render(issue(notifier="جمعية النور"), "en")
        assert "\u2068جمعية النور\u2069" in section(text, "facts")


def words(of: Wording) -> dict[str, str]:
    out = {}
    for name in of.__struct_fields__:
        value = getattr(of, name)
        if isinstance(value, str):
            out[name] = value
        elif isinstance(value, dict):
            out |= {f"{name}/{key}": text for key, text in value.items()}
        elif isinstance(value, tuple):
            out |= {f"{name}/{n}": text for n, text in enumerate(value)}
    return out


def fields(text: str) -> set[str]:
    return {field for _, field, _, _ in string.Formatter().parse(text) if field}


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=lambda w: w.language)
class TestWording:
    def test_every_measure_source_automation_and_item_has_words(self, language: Wording) -> None:
        assert set(language.measures) == set(MeasureKind)
        assert set(language.sources) == set(Source)
        assert set(language.decided) == set(Automation)
        assert set(language.detected) == {True, False}
        assert set(language.items) == {k.value for k in ContentKind} - {"other"}
        assert len(language.months) == 12

    def test_nothing_is_empty_or_unfinished(self, language: Wording) -> None:
        assert [name for name, text in words(language).items() if not text.strip() and name != "joiner"] == []
        assert [name for name, text in words(language).items() if "TODO" in text or "  " in text] == []

    def test_no_two_measures_read_the_same(self, language: Wording) -> None:
        assert len(set(language.measures.values())) == len(MeasureKind)


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=lambda w: w.language)
def test_all_languages_fill_in_the_same_fields(language: Wording) -> None:
    english, other = words(ENGLISH), words(language)
    assert set(english) == set(other)
    optional = {"item"}  # a sentence may do without the noun
    for name in english:
        assert fields(english[name]) - optional == fields(other[name]) - optional, name


@pytest.mark.parametrize(
    ("language", "says"),
    [
        (
            "fr",
            [
                "Suppression\u202f: publication.",
                "jusqu’au 2 septembre 2026",
                "article 21",
                "Allemagne",
                "à partir du 2 mars 2026",
            ],
        ),
        (
            "de",
            [
                "Entfernung: Beitrag.",
                "bis zum 2. September 2026",
                "Artikel 21",
                "Deutschland",
                "ab dem 2. März 2026",
            ],
        ),
        (
            "es",
            [
                "Eliminación: publicación.",
                "hasta el 2 de septiembre de 2026",
                "artículo 21",
                "Alemania",
                "desde el 2 de marzo de 2026",
            ],
        ),
        (
            "it",
            ["Rimozione: post.", "fino al 2 settembre 2026", "articolo 21", "Germania", "dal 2 marzo 2026"],
        ),
    ],
)
@pytest.mark.django_db
@pytest.mark.usefixtures("book")
def test_each_language_says_what_the_law_asks_in_its_own_words(language: str, says: list[str]) -> None:
    # DSA Art. 17(3)
    text = render(issue(), language, platform_name="Maydan")
    whole = plain("\n".join(paragraph for s in text.sections for paragraph in s.paragraphs))
    for one in says:
        assert one in whole, one
    assert "{" not in whole
    other = {w for w in words(ENGLISH).values() if len(w) > 40}
    assert not [w for w in words(wording(language)).values() if w in other], "left in English"


def test_french_sets_narrow_spaces_at_its_marks() -> None:
    wrong = [
        said
        for said in words(wording("fr")).values()
        if re.search(r"[^\u202f][:;?!»](\W|$)|«[^\u202f]", said)
    ]
    assert wrong == []


def test_the_first_of_a_month_is_written_as_each_language_does() -> None:
    day = NOW.date().replace(day=1)
    said = {code: language.day(day) for code, language in LANGUAGES.items()}
    assert said == {
        "en": "1 March 2026",
        "ar": "1 مارس 2026",
        "fr": "1er mars 2026",
        "de": "1. März 2026",
        "es": "1 de marzo de 2026",
        "it": "1 marzo 2026",
    }


def test_arabic_is_arabic() -> None:
    for name, text in words(ARABIC).items():
        if name in {"language", "direction", "joiner", "date_format", "first_day"}:
            continue
        bare = re.sub(r"\{\w+\}", "", text)
        assert any(bidirectional(c) == "AL" for c in bare), name
        assert not any(c.isascii() and c.isalpha() for c in bare), name
        assert "?" not in bare
        assert "," not in bare, name


@pytest.mark.django_db
@pytest.mark.usefixtures("book")
@LANGUAGE
@pytest.mark.parametrize("explained_in", ["en", "ar"])
def test_the_clause_is_not_said_twice(language: str, explained_in: str) -> None:
    # DSA Art. 17(4): clear and easily comprehensible
    title, words = {
        "en": ("Hate speech", "Do not attack people for who they are."),
        "ar": ("خطاب كراهية", "لا تهاجم الناس بسبب هويتهم."),
    }[explained_in]
    again = Ground(GroundKind.CONTRACTUAL, "scene@1.0.0, hate", f"{title}: {words}")
    ground = plain(section(render(issue(grounds=(again,)), language, platform_name="Maydan"), "ground"))
    assert "scene@1.0.0, hate" in ground
    assert f"{title}: {words}" not in ground
    assert ground.count(words) <= 1


@pytest.mark.django_db
@pytest.mark.usefixtures("book")
@LANGUAGE
def test_what_says_more_than_the_clause_is_said(language: str) -> None:
    # DSA Art. 17(3)(e): why the content is considered incompatible with the clause
    said = "Hate speech: Do not attack people for who they are. Here a faith is named."
    more = Ground(GroundKind.CONTRACTUAL, "scene@1.0.0, hate", said)
    assert said in plain(section(render(issue(grounds=(more,)), language, platform_name="Maydan"), "ground"))
