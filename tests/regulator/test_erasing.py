"""Requests under other laws are erased by the schedule: the words go, what was done and when stays provable."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.regulator.test_regimes import WHOLE
from tests.regulator.test_requests import NOW, ask

from hakam.compliance.ledger import verify_chain
from hakam.compliance.models import Fact
from hakam.privacy import holds, retention
from hakam.privacy.erasers import eraser, times_named
from hakam.privacy.kinds import Kind
from hakam.privacy.retention import Stores
from hakam.regulator import requests
from hakam.regulator.models import Request
from hakam.staff.models import User
from hakam.storage.embedded.vault import FileVault
from hakam.testing import scene
from hakam.testing.event_logs import MemoryEventLog

pytestmark = pytest.mark.django_db
YEAR = timedelta(days=366)


@pytest.fixture
def stores(vault: FileVault) -> Stores:
    return Stores(MemoryEventLog(), MemoryEventLog(), vault)


@pytest.fixture
def answered(book: Any, vault: FileVault, lena: User) -> Request:
    made = ask(vault, document=b"a letter of Quillfeather")
    requests.carry_out(str(made.pk), by=lena.actor, now=NOW)
    return requests.answer(str(made.pk), by=lena.actor, now=NOW, text="Gone, dear Quillfeather.")


def run_all(stores: Stores, now: Any) -> None:
    while retention.run(stores, now=now):
        pass


def test_what_a_person_wrote_goes_three_years_after_the_answer(
    answered: Request, stores: Stores, vault: FileVault
) -> None:
    # GDPR Art. 5(1)(e)
    run_all(stores, NOW + 2 * YEAR)
    answered.refresh_from_db()
    assert answered.contents["reasons"] == WHOLE.reasons
    assert times_named(answered.document) == 1
    digest = answered.document
    run_all(stores, NOW + 4 * YEAR)
    answered.refresh_from_db()
    assert set(answered.contents) <= {"harm", "language", "legal_basis", "notice_type", "due"}
    assert (answered.answer, answered.document, answered.hashes) == ("[erased]", "", [])
    assert (answered.regime, answered.state) == (
        "uk.intimate",
        "answered",
    )  # which law, and what became of it
    with pytest.raises(KeyError):
        vault.get(digest)
    facts = Fact.objects.filter(subject=f"request:{answered.pk}")
    assert facts.count() >= 3
    assert not facts.filter(private__isnull=False).exists()
    assert list(verify_chain()) == []
    assert requests.said_in(answered).urls == ()  # it can still be opened


def test_what_is_open_stays_however_old(book: Any, vault: FileVault, stores: Stores) -> None:
    made = ask(vault)
    run_all(stores, NOW + 9 * YEAR)
    made.refresh_from_db()
    assert made.contents["reasons"] == WHOLE.reasons


def test_a_hold_keeps_it(answered: Request, stores: Stores, lena: User) -> None:
    Request.objects.update(contents={**answered.contents, "accounts": ["u9"]})
    subject = f"account:{answered.platform}/u9"
    holds.place(subject, reason="r", until=NOW + 9 * YEAR, by=lena.actor, now=NOW)
    run_all(stores, NOW + 4 * YEAR)
    answered.refresh_from_db()
    assert answered.answer == "Gone, dear Quillfeather."


def test_a_request_about_data_does_not_reach_it(answered: Request) -> None:
    # GDPR Art. 17(3)(b)
    one = eraser(Kind.LEGAL_REQUESTS)
    assert one is not None
    assert not one.of(scene.PLATFORM, "u1").exists()
    assert one.due(NOW + YEAR).get() == answered


def test_every_kind_of_the_schedule_is_erased_by_somebody() -> None:
    # GDPR Art. 5(1)(e)
    assert [kind for kind in Kind if not retention.has_eraser(kind)] == []
