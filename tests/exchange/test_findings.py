"""What the doctor finds of partners and datasets."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from tests.exchange.conftest import MD5, page, put
from tests.exchange.test_giving import tell
from tests.exchange.test_taking import take

from hakam.banks.models import Bank, BankRetraction
from hakam.banks.withdraw import withdraw
from hakam.exchange import findings, partners
from hakam.exchange.fires import following
from hakam.exchange.fires.shapes import EntityKind
from hakam.exchange.kinds import PartnerState, Trust
from hakam.exchange.models import Followed, Given, Partner
from hakam.testing import scene
from hakam.testing.peers import Peer
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.bank import EntryKind

pytestmark = pytest.mark.django_db


def codes() -> list[str]:
    return [one.code for one in findings.check()]


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def known(partner: Partner, now: datetime) -> Partner:
    """Give a partner that was added just now, and was heard."""
    Partner.objects.update(created_at=now, heard_at=now, reached_at=now)
    partner.refresh_from_db()
    return partner


def change(**what: Any) -> None:
    Partner.objects.update(**what)


def test_a_partner_that_is_well_finds_nothing(known: Partner) -> None:
    assert codes() == []


def test_a_partner_that_can_t_be_reached(known: Partner, now: datetime) -> None:
    change(failures=9, last_error="ConnectTimeout", reached_at=now - timedelta(minutes=50))
    assert codes() == []
    change(reached_at=now - timedelta(minutes=61))
    (found,) = findings.check()
    assert (found.code, found.subject) == ("X001", "partner:maidan")
    assert "ConnectTimeout" in found.message
    change(state=PartnerState.PAUSED)
    assert codes() == []


def test_a_partner_that_says_nothing(known: Partner, now: datetime) -> None:
    change(heard_at=now - timedelta(hours=23))
    assert codes() == []
    change(heard_at=now - timedelta(hours=25))
    assert codes() == ["X002"]
    known.agreements.filter(way="take").delete()
    assert codes() == []


def test_a_quarantine_that_nobody_ends(known: Partner, now: datetime) -> None:
    change(created_at=now - timedelta(days=91))
    assert codes() == []  # nothing of it is here
    take(known, page(MD5[:1]))
    assert codes() == ["X003"]
    change(trust=Trust.ADVISE)
    assert codes() == []


def test_a_wish_for_trust_that_nobody_settles(known: Partner, now: datetime) -> None:
    amal = scene.person("amal")
    partners.ask_trust("maidan", Trust.ACT, because="we met", by=amal.actor, now=now - timedelta(days=6))
    assert codes() == []
    change(wanted_at=now - timedelta(days=8))
    assert codes() == ["X004"]


def test_a_key_that_is_nearly_two_years_old(known: Partner, now: datetime) -> None:
    change(created_at=now - timedelta(days=690))
    assert codes() == []
    change(created_at=now - timedelta(days=701))
    assert codes() == ["X006"]
    partners.end("maidan", because="they were bought", by=SYSTEM, now=now)
    assert codes() == []


def test_a_withdrawal_that_is_not_confirmed(known: Partner, peer: Peer, shared: Bank, now: datetime) -> None:
    put(*MD5[:2])
    tell(known, peer)
    withdraw("ours", hashes=[(EntryKind.MD5, MD5[0])], reason="wrong", by=SYSTEM, now=now)
    assert codes() == []
    BankRetraction.objects.update(at=now - timedelta(hours=2))
    (found,) = findings.check()
    assert (found.code, found.subject) == ("X005", "partner:maidan")
    assert "`ours`" in found.message
    Partner.objects.update(next_at=None)
    tell(known, peer)
    assert codes() == []


def test_a_bank_whose_end_a_partner_did_not_hear(
    known: Partner, peer: Peer, shared: Bank, now: datetime
) -> None:
    put(*MD5[:1])
    tell(known, peer)
    Given.objects.update(closing=True, moved_at=now - timedelta(days=9))
    assert codes() == []  # it was reached a moment ago: it is about to be told
    change(reached_at=now - timedelta(hours=2))
    assert codes() == ["X005"]


@pytest.mark.usefixtures("book")
def test_a_dataset_that_can_t_be_read(now: datetime) -> None:
    following.follow("theirs", "https://fires.example/datasets/1", kind=EntityKind.DOMAIN, by=SYSTEM, now=now)
    Followed.objects.update(last_error="503: away")
    assert codes() == []
    Followed.objects.update(read_at=now - timedelta(days=2))
    (found,) = findings.check()
    assert (found.code, found.subject) == ("X007", "fires:theirs")
    Followed.objects.update(last_error="")
    assert codes() == []


def test_every_code_is_told_of() -> None:
    assert set(findings.CODES) == {f"X00{n}" for n in range(1, 8)}
