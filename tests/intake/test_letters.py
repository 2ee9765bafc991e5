"""Letters to notifiers: what came, what was decided, whether a machine did it, how to object (DSA Art. 16(4)-(6))."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import combinations
from typing import Any

import pytest

from hakam.compliance.statement_text import LANGUAGES, wording
from hakam.intake import letters
from hakam.intake.models import Notice, NoticeItem
from hakam.review.reasoning import reasons_for
from hakam.review.states import Outcome
from hakam.testing import scene
from hakam.vocabulary.measure import NATURE, Measure, MeasureKind, Target
from hakam.vocabulary.reasons import Automation, Reasons, Source

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("book")]
ARABIC = re.compile("[\u0600-\u06ff]")
LATIN = re.compile("[A-Za-z]{2,}")
URL = "https://maydan.example/p/77"


def reasons(
    automation: Automation = Automation.NONE, *, detected: bool = False, language: str = "en"
) -> Reasons:
    return reasons_for(
        clause="hate",
        facts="It calls people vermin.",
        language=language,
        source=Source.NOTICE,
        detected=detected,
        automation=automation,
    )


def outcome(
    result: Outcome,
    language: str = "en",
    why: Reasons | None = None,
    measures: Sequence[Measure] = (Measure(MeasureKind.REMOVE),),
    bodies: bool = True,
    **more: Any,
) -> letters.Words:
    notice = Notice(language=language)
    given: dict[str, Any] = {"url": URL, "item_kind": "post", "item_id": "77"}
    item = NoticeItem(notice=notice, **(given | more))
    if result is not Outcome.NO_VIOLATION:
        why = why or reasons(language=language)
    taken = measures if result is Outcome.VIOLATION else ()
    return letters.outcome(notice, item, result=result, reasons=why, measures=taken, bodies=bodies)


@pytest.mark.parametrize("language", ["en", "ar"])
def test_no_certified_body_is_named_where_none_has_a_say(language: str) -> None:
    # DSA Art. 19(1)
    words = {"en": ("certified", "court"), "ar": ("معتمدة", "المحكمة")}[language]
    for there in (True, False):
        said = " ".join(outcome(Outcome.NO_VIOLATION, language, bodies=there).paragraphs)
        assert (words[0] in said) is there
        assert words[1] in said


@pytest.mark.parametrize("count", [1, 2, 3, 10, 11, 99, 100, 101, 102])
def test_the_receipt_counts_as_arabic_counts(count: int) -> None:
    words = letters.receipt(Notice(language="ar"), count)
    first = words.paragraphs[0]
    assert not LATIN.search("".join([words.subject, *words.paragraphs, words.link]))
    if count == 1:
        assert "عنصر واحد" in first
    elif count == 2:
        assert "عنصرين" in first
    else:
        assert str(count) in first
        noun = "عناصر" if 3 <= count % 100 <= 10 else "عنصرًا" if 11 <= count % 100 <= 99 else "عنصر"
        assert re.search(rf"{count} {noun}\b", first)


def test_the_receipt_counts_as_english_counts() -> None:
    assert "about 1 item has" in letters.receipt(Notice(language="en"), 1).paragraphs[0]
    assert "about 7 items has" in letters.receipt(Notice(language="en"), 7).paragraphs[0]


@pytest.mark.parametrize("result", Outcome)
@pytest.mark.parametrize("language", ["ar", "ar-SY"])
def test_an_arabic_outcome_is_arabic_but_for_the_address(result: Outcome, language: str) -> None:
    words = outcome(result, language)
    for line in [words.subject, *words.paragraphs, words.link]:
        assert ARABIC.search(line), line
        assert not LATIN.search(line.replace(URL, "")), line
    if result is not Outcome.NO_VIOLATION:
        assert "خطاب كراهية" in "\n".join(words.paragraphs)


@pytest.mark.parametrize("language", ["en", "ar"])
def test_no_two_outcomes_are_told_alike(language: str) -> None:
    for one, other in combinations(Outcome, 2):
        assert outcome(one, language).paragraphs != outcome(other, language).paragraphs
    subjects = {result: outcome(result, language).subject for result in Outcome}
    assert subjects[Outcome.NO_VIOLATION] not in {subjects[Outcome.VIOLATION], subjects[Outcome.STANDS]}


@pytest.mark.parametrize(
    ("automation", "detected", "said"),
    [
        (Automation.FULL, True, "The decision was taken by automated means."),
        (Automation.PARTIAL, False, "Automated means helped"),
        (Automation.NONE, True, "Automated means helped"),
        (Automation.NONE, False, "no automated means were used"),
    ],
)
def test_the_use_of_machines_is_told_as_it_was(automation: Automation, detected: bool, said: str) -> None:
    # DSA Art. 16(6)
    text = "\n".join(outcome(Outcome.VIOLATION, why=reasons(automation, detected=detected)).paragraphs)
    assert said in text
    others = {
        "The decision was taken by automated means.",
        "Automated means helped",
        "no automated means were used",
    }
    assert not any(other in text for other in others - {said})


@pytest.mark.parametrize("result", Outcome)
def test_every_outcome_says_how_to_object(result: Outcome) -> None:
    # DSA Art. 16(5)
    text = "\n".join(outcome(result).paragraphs)
    assert "complain" in text
    assert "six months" in text
    assert "out-of-court" in text


def test_an_item_without_an_address_goes_by_its_name() -> None:
    assert "post 77" in outcome(Outcome.NO_VIOLATION, url="").paragraphs[0]


def test_what_looks_like_a_placeholder_is_text() -> None:
    strange = "https://maydan.example/%(where)s/{item}/%d"
    assert strange in outcome(Outcome.VIOLATION, url=strange).paragraphs[0]


def test_nobody_reads_who_else_reported_or_whose_it_is() -> None:
    text = "\n".join(outcome(Outcome.VIOLATION).paragraphs)
    assert "It calls people vermin." not in text  # the facts are for the affected person
    assert "u1" not in text


@pytest.mark.parametrize("language", sorted(LANGUAGES))
@pytest.mark.parametrize(
    "kind", [k for k in MeasureKind if NATURE[k].target is Target.ACCOUNT or k == "notify"]
)
def test_what_the_author_is_told_is_not_told_to_the_notifier(kind: MeasureKind, language: str) -> None:
    # DSA Art. 16(5): the decision about the information; a notifier's own account was not suspended
    told = outcome(Outcome.VIOLATION, language, measures=[Measure(MeasureKind.REMOVE), Measure(kind, days=7)])
    assert told == outcome(Outcome.VIOLATION, language)


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_where_it_is_withheld_is_named(language: str) -> None:
    somewhere = [Measure(MeasureKind.WITHHOLD, territory=("DE", "FR"))]
    text = "\n".join(outcome(Outcome.VIOLATION, language, measures=somewhere).paragraphs)
    words = wording(language)
    assert words.joiner.join((words.country("DE"), words.country("FR"))) in text


def test_the_clause_is_named_as_it_stood_when_it_was_decided() -> None:
    decided = reasons()
    newer = {
        **scene.PACK,
        "pack.yaml": scene.PACK["pack.yaml"].replace("1.0.0", "2.0.0"),
        "policies.yaml": scene.PACK["policies.yaml"].replace("{en: Hate speech,", "{en: Group hatred,"),
    }
    scene.publish(newer, now=scene.NOW)
    assert "“Hate speech”" in "\n".join(outcome(Outcome.VIOLATION, why=decided).paragraphs)
