"""What is written about orders says everything that the annexes and articles ask for, in English and in Arabic."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from django.utils import translation
from tests.intake.test_order_contents import ACT, INFORM, REMOVAL, WHOLE

from hakam.intake import order_letters
from hakam.intake.models import Authority, Order
from hakam.intake.order_contents import Contents, OrderKind, missing
from hakam.intake.order_letters import Told
from hakam.testing import scene

NOW = scene.NOW
ARABIC = range(0x600, 0x700)


def order(contents: Contents, language: str = "en", **more: Any) -> Order:
    office = Authority(name="Office", country="DE", email="o@office.example", language=language)
    given: dict[str, Any] = {"carried_out_at": NOW + timedelta(minutes=20)}
    return Order(authority=office, kind=contents.kind.value, received_at=NOW, **(given | more))


def whole(told: Told) -> str:
    return "\n".join((told.subject, *told.paragraphs))


def every_letter(contents: Contents, language: str) -> list[Told]:
    """Return all letters about an order."""
    about = order(contents, language)
    lacking = missing(msgspec.structs.replace(contents, legal_basis=""))
    return [
        order_letters.receipt(about, contents),
        order_letters.returned(about, contents, lacking, because="!", impossible=False),
        order_letters.returned(about, contents, (), because="!", impossible=False),
        order_letters.returned(about, contents, (), because="!", impossible=True),
        order_letters.done(about, contents, note=""),
        order_letters.to_recipient(about, contents, language),
    ]


@pytest.mark.parametrize("kind", OrderKind)
@pytest.mark.parametrize("language", ["en", "ar"])
def test_every_letter_speaks_the_language_of_who_reads_it(kind: OrderKind, language: str) -> None:
    for told in every_letter(WHOLE[kind], language):
        assert any(ord(letter) in ARABIC for letter in told.subject) is (language == "ar"), told.subject
        assert all(told.paragraphs)
        assert "%(" not in whole(told)


@pytest.mark.parametrize("kind", OrderKind)
def test_every_letter_to_the_authority_names_both_files_and_the_time_of_receipt(kind: OrderKind) -> None:
    # TCO Annexes II and III, section A
    contents = WHOLE[kind]
    about = order(contents)
    for told in (
        order_letters.receipt(about, contents),
        order_letters.returned(about, contents, (), because="x", impossible=True),
        order_letters.done(about, contents, note=""),
    ):
        for words in ("Office (DE)", contents.reference, str(about.pk), "2026-03-02 09:00:00 UTC"):
            assert words in told.paragraphs[0]


def test_annex_two_says_what_was_done_where_and_when() -> None:
    # TCO Art. 3(6)
    told = order_letters.done(order(REMOVAL), REMOVAL, note="Copies too.")
    assert "Annex II," in told.subject
    assert [text[:2] for text in told.paragraphs if text[1:2] == "."] == ["A.", "B.", "C."]
    assert "2026-03-02 09:20:00 UTC" in told.paragraphs[1]
    assert f"- {REMOVAL.urls[0]}" in told.paragraphs
    assert "Copies too." in told.paragraphs


@pytest.mark.parametrize(
    ("impossible", "lacks", "said"),
    [
        (True, False, "force majeure"),
        (False, True, "sufficient information"),
        (False, False, "manifest errors"),
    ],
)
def test_annex_three_ticks_one_reason(*, impossible: bool, lacks: bool, said: str) -> None:
    # TCO Art. 3(7) and 3(8)
    lacking = missing(msgspec.structs.replace(REMOVAL, contact="")) if lacks else ()
    told = order_letters.returned(order(REMOVAL), REMOVAL, lacking, because="Details.", impossible=impossible)
    reasons = ("force majeure", "sufficient information", "manifest errors")
    assert "Annex III" in told.subject
    assert [one for one in reasons if one in whole(told)] == [said]
    assert ("TCO Annex I, F" in whole(told)) is lacks
    assert "Details." in told.paragraphs


def test_missing_elements_are_named_in_the_language_of_the_authority() -> None:
    lacking = missing(msgspec.structs.replace(ACT, provisions=""))
    with translation.override("en"):  # of whoever sends it
        told = order_letters.returned(order(ACT, "ar"), ACT, lacking, because="x", impossible=False)
    assert "- DSA Art. 9(2)(a)(ii): النصوص القانونية المحددة" in told.paragraphs


def test_an_order_for_everywhere_and_one_for_some_countries_are_answered_so() -> None:
    # DSA Art. 9(2)(b)
    everywhere = msgspec.structs.replace(ACT, territory=())
    assert "The content was removed." in whole(order_letters.done(order(everywhere), everywhere, note=""))
    assert "disabled in: DE" in whole(order_letters.done(order(ACT), ACT, note=""))
    assert "It applies everywhere." in whole(order_letters.to_recipient(order(everywhere), everywhere, "en"))
    removed = whole(order_letters.to_recipient(order(REMOVAL), REMOVAL, "en"))
    assert "in all Member States of the Union" in removed


def test_the_recipient_of_an_order_to_inform_reads_no_scope_and_no_addresses() -> None:
    # DSA Art. 10(5)
    told = whole(order_letters.to_recipient(order(INFORM), INFORM, "en"))
    assert "gave it information about your account" in told
    assert "It applies" not in told
    assert "Section 100j StPO" in told
    assert "Appeal within two weeks." in told


def test_what_an_order_does_not_say_is_a_dash_and_never_nothing() -> None:
    bare = Contents(kind=OrderKind.REMOVAL)
    assert "Your file reference: -." in order_letters.receipt(order(bare), bare).paragraphs[0]
    assert "What you can do: -" in whole(order_letters.to_recipient(order(bare), bare, "en"))
    assert "Time and date: -." in whole(order_letters.done(order(bare, carried_out_at=None), bare, note=""))
