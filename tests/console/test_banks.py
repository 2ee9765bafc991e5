"""Banks in the console: made, filled, looked up, judged, emptied; in both languages."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from tests.console.conftest import SignIn

from hakam.banks import publication
from hakam.banks.filling import fill
from hakam.banks.keeping import create_bank
from hakam.banks.kinds import BankSource
from hakam.banks.models import Bank, BankEntry, BankFeedback
from hakam.banks.rows import Row
from hakam.compliance import ledger
from hakam.compliance.models import RulebookVersion
from hakam.console.desk import banks as pages
from hakam.console.rulebook import clauses_of
from hakam.staff.roles import Role
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.bank import EntryKind

pytestmark = pytest.mark.django_db
PDQ = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"
MD5 = "0123456789abcdef0123456789abcdef"
LIST = f"kind,hash,id,label\npdq,{PDQ},c-1,A1\nmd5,{MD5},c-1,A1\nmd5,short,c-2,\n"


@pytest.fixture
def bank(book: object) -> Iterator[Bank]:
    made = create_bank(
        "ncii",
        source=BankSource.STOPNCII,
        purpose="صور طلب أصحابها ألا تُنشر",
        clause="hate",
        by=SYSTEM,
        now=timezone.now(),
    )
    fill(
        "ncii",
        [Row(EntryKind.PDQ, PDQ, "c-1", "A1"), Row(EntryKind.MD5, MD5, "c-1")],
        by=SYSTEM,
        now=timezone.now(),
    )
    publication.bring_up(settings.HAKAM.home, now=timezone.now())
    yield made
    shutil.rmtree(settings.HAKAM.home / "banks", ignore_errors=True)


@pytest.fixture
def lead(sign_in: SignIn) -> Client:
    return sign_in(Role.POLICY_LEAD)


def address(name: str, *more: object) -> str:
    return reverse(f"console:{name}", args=("ncii", *more))


def said(answer: Any) -> str:
    return str(answer.content.decode())


def test_the_list_tells_each_bank(bank: Bank, lead: Client) -> None:
    page = said(lead.get(reverse("console:banks")))
    for words in ("ncii", "StopNCII", "In use", "Note it; rules say what follows", "New bank"):
        assert words in page, words


def test_an_expired_bank_and_one_that_is_off_are_told_apart(bank: Bank, lead: Client) -> None:
    Bank.objects.update(expires_at=timezone.now() - timedelta(days=1))
    assert "Expired" in said(lead.get(reverse("console:banks")))
    Bank.objects.update(enabled=False)
    assert ">Off<" in said(lead.get(address("bank")))


def test_a_bank_is_made_by_form(book: object, lead: Client) -> None:
    given = {
        "name": "known-scams",
        "source": "partner",
        "purpose": "what the others removed",
        "clause": "spam",
        "action": "review",
        "country": "de",
        "distance": "20",
        "days": "30",
    }
    answer = lead.post(reverse("console:make_bank"), given)
    assert answer.status_code == 302
    made = Bank.objects.get()
    assert (made.name, made.source, made.action, made.country, made.distance) == (
        "known-scams",
        "partner",
        "review",
        "DE",
        20,
    )
    assert made.expires_at is not None
    (fact,) = ledger.story("bank:known-scams")
    assert fact.actor.startswith("staff:")
    again = lead.post(reverse("console:make_bank"), given)
    assert again.status_code == 422
    assert "already" in said(again)


@pytest.mark.parametrize("language", ["en", "ar"])
def test_clauses_are_named_by_their_titles(
    book: RulebookVersion, bank: Bank, sign_in: SignIn, language: str
) -> None:
    lead = sign_in(Role.POLICY_LEAD, language=language)
    titles = {name: clause.in_language(language)[0] for name, clause in clauses_of(book).items()}
    listing = said(lead.get(reverse("console:banks")))
    for name, title in titles.items():
        assert f'<option value="{name}">{title}</option>' in listing
    assert titles["hate"] != "hate"
    for page in (listing, said(lead.get(address("bank")))):
        assert f"<bdi>{titles['hate']}</bdi>" in page


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "A B"},
        {"purpose": ""},
        {"clause": "nonsense"},
        {"distance": "99"},
        {"country": "d1"},
        {"days": "0"},
    ],
)
def test_what_a_bank_can_t_be_comes_back_with_the_form(
    book: object, lead: Client, changes: dict[str, str]
) -> None:
    given = {
        "name": "a",
        "source": "own",
        "purpose": "p",
        "clause": "spam",
        "action": "note",
        "distance": "31",
    }
    answer = lead.post(reverse("console:make_bank"), given | changes)
    assert answer.status_code == 422
    assert not Bank.objects.exists()


def test_a_page_shows_entries_without_their_whole_hash(bank: Bank, lead: Client) -> None:
    page = said(lead.get(address("bank")))
    assert PDQ[:16] in page
    assert PDQ not in page
    for words in ("A1", "c-1", "bank(&quot;ncii&quot;)", "Hashes taken into a bank", "صور طلب"):
        assert words in page, words


def test_hashes_and_texts_are_looked_up(bank: Bank, lead: Client) -> None:
    near = f"{int(PDQ, 16) ^ 0b111:064x}"
    assert re.search(r"Entry .*3.* bits apart", said(lead.get(address("bank"), {"look": near})))
    assert "Nothing in this bank is near" in said(lead.get(address("bank"), {"look": PDQ[::-1]}))
    assert "24 letters" in said(lead.get(address("bank"), {"look": "hello"}))
    assert "Nothing in this bank" not in said(lead.get(address("bank"), {"look": " "}))


def test_a_list_is_taken_in_and_bad_rows_are_told(bank: Bank, lead: Client) -> None:
    BankEntry.objects.all().delete()
    file = SimpleUploadedFile("list.csv", LIST.encode())
    answer = lead.post(address("fill_bank"), {"file": file, "form": "csv"}, follow=True)
    assert "2 added, 0 known already, 0 withdrawn, 1 refused" in said(answer)
    assert "Row 4" in said(answer)
    assert bank.entries.count() == 2


def test_the_whole_list_withdraws_the_rest(bank: Bank, lead: Client) -> None:
    file = SimpleUploadedFile("list.csv", f"kind,hash\nmd5,{MD5}\n".encode())
    lead.post(address("fill_bank"), {"file": file, "form": "csv", "whole": "on"})
    assert list(bank.entries.values_list("kind", flat=True)) == ["md5"]


def test_what_is_no_list_changes_nothing(bank: Bank, lead: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = SimpleUploadedFile("list.xml", b"<html></html>")
    assert "taken in" in said(lead.post(address("fill_bank"), {"file": wrong, "form": "ncmec"}, follow=True))
    assert "Choose a file" in said(lead.post(address("fill_bank"), {"form": "csv"}, follow=True))
    monkeypatch.setattr(pages, "LARGEST_UPLOAD", 10)
    large = SimpleUploadedFile("list.csv", LIST.encode())
    assert "hakam bank import" in said(
        lead.post(address("fill_bank"), {"file": large, "form": "csv"}, follow=True)
    )
    assert bank.entries.count() == 2


def test_a_bank_is_switched_off_and_on(bank: Bank, lead: Client) -> None:
    for word, state in (("no", False), ("yes", True)):
        assert lead.post(address("change_bank"), {"enabled": word}).status_code == 302
        bank.refresh_from_db()
        assert bank.enabled is state
    assert lead.post(address("change_bank"), {"enabled": "perhaps"}).status_code == 400


def test_who_reads_banks_may_judge_matches_but_not_change_them(bank: Bank, sign_in: SignIn) -> None:
    senior, entry = sign_in(Role.SENIOR_MODERATOR), bank.entries.order_by("pk")[0].pk
    assert senior.post(address("judge_entry", entry), {"correct": "no"}).status_code == 302
    assert BankFeedback.objects.get().correct is False
    assert senior.post(address("judge_entry", entry), {"correct": "maybe"}).status_code == 400
    page = said(senior.get(address("bank"), {"doubted": "1"}))
    assert "Take in a list" not in page
    assert "Take out" not in page
    assert f'data-entry="{entry}"' in page
    assert f'data-entry="{entry + 1}"' not in page
    assert senior.post(address("withdraw_entry", entry), {"reason": "r"}).status_code == 404


def test_withdrawing_an_entry_takes_the_thing_with_it_and_needs_a_reason(bank: Bank, lead: Client) -> None:
    entry = bank.entries.get(kind="pdq").pk
    assert "Say why" in said(lead.post(address("withdraw_entry", entry), {"reason": " "}, follow=True))
    assert bank.entries.count() == 2
    lead.post(address("withdraw_entry", entry), {"reason": "her wish"})
    assert bank.entries.count() == 0
    assert ledger.body_of(ledger.story("bank:ncii")[-1])["entries"] == 2
    assert lead.post(address("withdraw_entry", entry), {"reason": "again"}).status_code == 404


def test_long_lists_go_page_by_page(bank: Bank, lead: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "PER_PAGE", 1)
    numbers = sorted(bank.entries.values_list("pk", flat=True))
    first = said(lead.get(address("bank")))
    assert f"?before={numbers[1]}" in first
    assert f'data-entry="{numbers[0]}"' in said(lead.get(address("bank"), {"before": numbers[1]}))
    assert lead.get(address("bank"), {"before": "9" * 40}).status_code == 200


def test_the_pages_speak_arabic(bank: Bank, sign_in: SignIn) -> None:
    client = sign_in(Role.POLICY_LEAD, language="ar")
    assert "بنوك المحتوى المعروف" in said(client.get(reverse("console:banks")))
    page = said(client.get(address("bank"), {"look": PDQ}))
    assert 'dir="rtl"' in page
    for words in ("هل هو معروف؟", "بصمة PDQ للصورة", "أُدخلت بصمات في بنك"):
        assert words in page, words
