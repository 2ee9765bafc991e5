"""What somebody reads who sent a request that lacks everything: each element in words, in all languages of letters."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hakam.enforcement.letters import LANGUAGES
from hakam.enforcement.models import Effect
from hakam.regulator import requests
from hakam.regulator.regimes import Said, regimes
from hakam.storage.embedded.vault import FileVault
from hakam.vocabulary.actor import SYSTEM

pytestmark = pytest.mark.django_db
FIXTURES = Path(__file__).parent / "fixtures"
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


def letter(vault: FileVault, key: str, language: str) -> list[str]:
    """Return the lines of the receipt, the reference of the request left out."""
    said = Said(contact="a@b.example", language=language)
    made = requests.receive(key, said, platform="p", vault=vault, by=SYSTEM, now=NOW)
    payload = Effect.objects.get(kind="order.receipt", key__startswith=f"request:{made.pk}").payload
    paragraphs = payload["sections"][0]["paragraphs"]
    return [payload["subject"], *(one.replace(str(made.pk), "…") for one in paragraphs)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_receipts_are_those_that_were_read(vault: FileVault, language: str) -> None:
    lines = []
    for key in regimes():
        lines += [f"## {key}", *letter(vault, key, language), ""]
    written = (FIXTURES / f"receipts {language}.txt").read_text(encoding="utf-8").splitlines()
    assert lines == written


def test_a_receipt_goes_out_once_and_a_person_gets_the_way_back(vault: FileVault) -> None:
    letter(vault, "us.intimate", "en")
    (effect,) = Effect.objects.filter(kind="order.receipt")
    (link,) = effect.payload["links"]
    assert link["url"].startswith("/q/")
    assert effect.payload["to"] == "a@b.example"
    letter(vault, "au.removal", "en")
    newest = Effect.objects.filter(kind="order.receipt").exclude(pk=effect.pk).get()
    assert not newest.payload.get("links")  # an authority has its own way


def test_without_an_address_nothing_is_sent(vault: FileVault) -> None:
    requests.receive("us.intimate", Said(), platform="p", vault=vault, by=SYSTEM, now=NOW)
    assert not Effect.objects.filter(kind="order.receipt").exists()


def test_an_answer_is_in_the_language_of_who_asked(vault: FileVault) -> None:
    said = Said(reasons="لا يعمل التظلّم", contact="a@b.example", language="ar")
    made = requests.receive("in.grievance", said, platform="p", vault=vault, by=SYSTEM, now=NOW)
    requests.answer(str(made.pk), by=SYSTEM, now=NOW + timedelta(hours=1), text="أُصلح.")
    payload = Effect.objects.get(kind="order.answer").payload
    assert payload["language"] == "ar"
    assert payload["sections"][0]["paragraphs"][0] == regimes()["in.grievance"].title["ar"]
    assert payload["sections"][0]["paragraphs"][-1] == "أُصلح."
