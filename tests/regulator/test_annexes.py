"""Annex II and III as documents: every field, from the order and the contact points, readable in every letter."""

from __future__ import annotations

import io
from datetime import timedelta
from functools import partial
from typing import Any

import msgspec
import pytest
from pypdf import PdfReader
from tests.intake.test_order_contents import ACT, REMOVAL
from tests.regulator.test_contacts import CONTACTS

from hakam.enforcement.letters import Attachment, Letter
from hakam.enforcement.models import Effect
from hakam.intake import annex_words, authorities, orders
from hakam.intake.models import Order
from hakam.intake.order_contents import Contents
from hakam.regulator import annexes, contacts
from hakam.regulator.annexes import AnnexAnswerError
from hakam.staff.models import User
from hakam.storage.embedded.vault import FileVault
from hakam.testing import scene

pytestmark = pytest.mark.django_db
NOW, MINUTE = scene.NOW, timedelta(minutes=1)


@pytest.fixture
def take(vault: FileVault, lena: User, omar: User, book: object) -> Any:
    """Return a function that takes an order of a confirmed authority."""
    office = authorities.register(
        name="Główny Urząd · Αρχή · Орган", kind="court", country="PL", email="o@office.example", phone="+48 1",
        by=lena.actor, now=NOW,
    )  # fmt: skip
    authorities.confirm(office.pk, by=omar.actor, now=NOW)
    contacts.publish(scene.PLATFORM, CONTACTS, by=lena.actor, now=NOW)

    def receive(contents: Contents = REMOVAL) -> Order:
        return orders.receive(
            contents, platform=scene.PLATFORM, authority_id=office.pk, vault=vault, by=lena.actor, now=NOW
        )

    return receive


def filled(order: Order, annex: int) -> dict[str, dict[str, str]]:
    order.refresh_from_db()
    found = annexes.sections(order, annex, provider="Maydan Ltd", person="Lena L.", now=NOW + 9 * MINUTE)
    return {letter: dict(rows) for letter, rows in found}


def text_of(data: bytes) -> str:
    return " ".join("\n".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages).split())


def test_annex_two_says_when_it_was_removed(take: Any, lena: User) -> None:
    # TCO Art. 3(6)
    order = take()
    orders.carry_out(str(order.pk), by=lena.actor, now=NOW + 7 * MINUTE, unverified_because="The hour runs.")
    found = filled(order, 2)
    assert found["A"]["File reference of the competent authority"] == REMOVAL.reference
    assert found["A"]["File reference of the addressee"] == str(order.pk)
    assert "09:00:00 UTC" in found["A"]["Time and date of receipt of the removal order"]
    assert "09:07:00 UTC" in found["B"]["Time and date of the measure taken"]
    assert found["B"]["Address 1"] == REMOVAL.urls[0]
    assert found["C"]["Name of the hosting service provider or representative"] == "Rep GmbH"
    assert found["C"]["Name of the authorised person"] == "Lena L."
    assert found["C"]["E-mail address of the contact point"] == "authorities@maydan.example"
    assert all(value for rows in found.values() for label, value in rows.items() if not label.startswith("☐"))


def test_annex_three_names_what_is_missing(take: Any, lena: User) -> None:
    # TCO Art. 3(8)
    order = take(msgspec.structs.replace(REMOVAL, contact="", redress_body=""))
    orders.return_to_authority(
        str(order.pk), by=lena.actor, now=NOW + MINUTE, because="Two fields are empty."
    )
    found = filled(order, 3)["B"]
    assert found["☒ Insufficient information"] == "Two fields are empty."
    assert found["☐ Force majeure or de facto impossibility"] == ""
    assert found["Needed 1"].startswith("TCO Annex I, F")
    assert found["Needed 2"].startswith("TCO Annex I, G")


def test_annex_three_of_force_majeure_and_of_errors(take: Any, lena: User) -> None:
    # TCO Art. 3(7)
    order = take()
    orders.return_to_authority(
        str(order.pk), by=lena.actor, now=NOW + MINUTE, because="The data centre burns.", impossible=True
    )
    assert filled(order, 3)["B"]["☒ Force majeure or de facto impossibility"] == "The data centre burns."
    other = take()
    orders.return_to_authority(
        str(other.pk), by=lena.actor, now=NOW + MINUTE, because="It is another platform."
    )
    assert filled(other, 3)["B"]["☒ Manifest errors"] == "It is another platform."


def test_there_is_no_answer_before_its_deed(take: Any) -> None:
    order = take()
    for annex in (2, 3, 4):
        with pytest.raises(AnnexAnswerError):
            filled(order, annex)
    with pytest.raises(AnnexAnswerError):
        filled(take(ACT), 2)


def test_the_document_can_be_read_in_every_letter(take: Any, lena: User) -> None:
    order = take(msgspec.structs.replace(REMOVAL, reference="AZ <7> & Ψ"))
    orders.carry_out(str(order.pk), by=lena.actor, now=NOW + MINUTE, unverified_because="The hour runs.")
    order.refresh_from_db()
    made = annexes.sections(order, 2, provider="Maydan Ltd", person="Łukasz Ď", now=NOW)
    text = text_of(annexes.pdf(2, made, now=NOW))
    for part in (
        "ANNEX II",
        "SECTION C",
        "Główny Urząd",
        "Αρχή",
        "Орган",
        "Łukasz Ď",
        "AZ <7> & Ψ",
        REMOVAL.urls[0],
    ):
        assert part in text, part


def test_a_long_list_of_addresses_goes_over_pages(take: Any, lena: User) -> None:
    urls = tuple(f"https://maydan.example/{'x' * 200}/{n}" for n in range(80))
    order = take(msgspec.structs.replace(REMOVAL, urls=urls))
    orders.carry_out(str(order.pk), by=lena.actor, now=NOW + MINUTE, unverified_because="The hour runs.")
    order.refresh_from_db()
    data = annexes.pdf(2, annexes.sections(order, 2, provider="M", person="L", now=NOW), now=NOW)
    assert len(PdfReader(io.BytesIO(data)).pages) > 3
    assert "Address 80" in text_of(data)


def annexes_of(order: Order, kind: str = "order.answer") -> list[Attachment]:
    """Return what goes with the newest letter about an order."""
    sent = Effect.objects.filter(kind=kind, key__startswith=f"order:{order.pk}").latest("created_at")
    return list(msgspec.convert(sent.payload, Letter).attachments)


def signed(annex: int) -> orders.Annexed:
    return partial(
        annexes.attached, annex=annex, provider="Maydan Ltd", person="Lena L.", now=NOW + 9 * MINUTE
    )


def test_the_letter_after_a_removal_carries_annex_two(take: Any, lena: User) -> None:
    # TCO Art. 3(6)
    order = take()
    orders.carry_out(str(order.pk), by=lena.actor, now=NOW + 5 * MINUTE, unverified_because="The hour.")
    orders.answer(str(order.pk), by=lena.actor, now=NOW + 9 * MINUTE, annex=signed(2))
    (one,) = annexes_of(order)
    assert (one.name, one.mime) == (f"annex-2-{order.pk}.pdf", "application/pdf")
    assert "ANNEX II" in text_of(one.data)
    assert REMOVAL.reference in text_of(one.data)


def test_the_letter_that_returns_an_order_carries_annex_three_of_that_return(take: Any, lena: User) -> None:
    # TCO Art. 3(8)
    order = take(msgspec.structs.replace(REMOVAL, urls=()))
    orders.return_to_authority(
        str(order.pk), because="Which post?", by=lena.actor, now=NOW + MINUTE, annex=signed(3)
    )
    (one,) = annexes_of(order)
    assert "ANNEX III" in text_of(one.data)
    assert "Which post?" in text_of(one.data)


def test_an_order_of_another_kind_carries_no_annex(take: Any, lena: User) -> None:
    order = take(ACT)
    orders.verify(str(order.pk), note="Ms M.", by=lena.actor, now=NOW)
    orders.carry_out(str(order.pk), by=lena.actor, now=NOW + 5 * MINUTE)
    orders.answer(str(order.pk), by=lena.actor, now=NOW + 9 * MINUTE, annex=signed(2))
    assert annexes_of(order) == []


# Languages --------------------------------------------------------------------------------------------

SAID = {
    "en": ("ANNEX III", "SECTION B", "the exact address"),
    "fr": ("ANNEXE III", "SECTION B", "l'adresse exacte"),
    "de": ("ANHANG III", "ABSCHNITT B", "die genaue Adresse"),
    "es": ("ANEXO III", "SECCIÓN B", "la dirección exacta"),
    "it": ("ALLEGATO III", "SEZIONE B", "l'indirizzo esatto"),
}


WRITTEN = {
    "en": (
        "B. Reason: the order does not contain sufficient information. These elements are missing:",
        "The period begins with your clarification, or when the reason is gone.",
    ),
    "fr": (
        "B. Motif\u202f: l'injonction ne contient pas suffisamment d'informations. Il manque\u202f:",
        "Le délai commence à courir avec vos précisions, ou lorsque le motif a disparu.",
    ),
    "de": (
        "B. Grund: Die Anordnung enthält keine ausreichenden Angaben. Es fehlen:",
        "Die Frist beginnt mit Ihrer Klarstellung, oder wenn der Grund entfallen ist.",
    ),
    "es": (
        "B. Motivo: la orden no contiene información suficiente. Faltan estos elementos:",
        "El plazo empieza con su aclaración, o cuando el motivo haya desaparecido.",
    ),
    "it": (
        "B. Motivo: l'ordine non contiene informazioni sufficienti. Mancano questi elementi:",
        "Il termine decorre dal vostro chiarimento, o da quando il motivo viene meno.",
    ),
}


@pytest.mark.parametrize("language", SAID)
def test_the_answer_follows_the_language_of_the_order_in_paper_and_in_letter(
    take: Any, lena: User, language: str
) -> None:
    # TCO Art. 3(8) with Annex III
    order = take(msgspec.structs.replace(REMOVAL, language=language, urls=()))
    given = {"by": lena.actor, "now": NOW, "because": "Keine Adresse."}
    annexed = partial(annexes.attached, annex=3, provider="Maydan Ltd", person="Lena L.", now=NOW)
    orders.return_to_authority(str(order.pk), annex=annexed, **given)
    payload = Effect.objects.get(kind="order.answer").payload
    assert payload["language"] == language
    letter = "\n".join([payload["subject"], *payload["sections"][0]["paragraphs"]])
    for sentence in WRITTEN[language]:
        assert sentence in letter
    title, section, missing = SAID[language]
    assert missing in letter
    order.refresh_from_db()
    made = annexes.sections(order, 3, provider="Maydan Ltd", person="Lena L.", now=NOW)
    text = text_of(annexes.pdf(3, made, now=NOW, language=annexes.language_of(order))).replace("\u2019", "'")
    for said in (title, section, missing):
        assert said in text
    others = {one for key, one in SAID.items() if key != language}
    assert not any(missing in text for _t, _s, missing in others)


@pytest.mark.parametrize("language", ["pl", "ar", ""])
def test_where_we_do_not_have_its_language_the_answer_is_in_english(
    take: Any, lena: User, language: str
) -> None:
    order = take(msgspec.structs.replace(REMOVAL, language=language))
    orders.carry_out(str(order.pk), by=lena.actor, now=NOW, unverified_because="The hour runs.")
    assert annexes.language_of(order) == "en"
    assert "Competent authority that issued it" in filled(order, 2)["A"]


def test_staff_read_it_in_arabic_with_the_same_values(take: Any, lena: User) -> None:
    order = take(msgspec.structs.replace(REMOVAL, language="fr"))
    orders.carry_out(str(order.pk), by=lena.actor, now=NOW, unverified_because="The hour runs.")
    given: dict[str, Any] = {"provider": "Maydan Ltd", "person": "Lena L.", "now": NOW}
    order.refresh_from_db()
    theirs, ours = (annexes.sections(order, 2, **given, language=one) for one in ("", "ar"))
    labels = [label for _letter, rows in ours for label, _value in rows]
    assert all(any("\u0600" <= letter <= "\u06ff" for letter in label) for label in labels)
    kept = {"in all Member States", annex_words.of("fr")["everywhere"], annex_words.of("ar")["everywhere"]}
    for (_a, rows), (_b, mine) in zip(theirs, ours, strict=True):
        assert [v for _l, v in rows if v not in kept] == [v for _l, v in mine if v not in kept]
