"""GDPR Art. 30(1)(d): partners and readers of datasets stand in the records of processing, while they get something."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.utils import translation
from tests.exchange.conftest import NOW

from hakam.exchange import partners
from hakam.exchange.kinds import Way
from hakam.exchange.models import Dataset, Partner
from hakam.privacy import records
from hakam.vocabulary.actor import SYSTEM

pytestmark = pytest.mark.django_db
RUNNING = SimpleNamespace(
    platform_name="Maydan", base_url="https://hakam.example", behind_tls=True, smtp_url="", eu_database_url="",
    database_url="",
)  # fmt: skip


def recipients(activity: str, language: str = "en") -> tuple[str, ...]:
    with translation.override(language):
        made = records.record(RUNNING, now=NOW, language=language)
    return next(one.recipients for one in made.entries if one.key == activity)


def offered(kind: str, title: str) -> Dataset:
    return Dataset.objects.create(
        name=title.lower().replace(" ", "-"),
        number=title[:36],
        title=title,
        kind=kind,
        policy="reject",
        created_at=NOW,
    )


def test_a_partner_is_named_while_something_is_given(partner: Partner) -> None:
    given = [one for one in partner.agreements.all() if one.way == Way.GIVE]
    assert given
    (said,) = recipients("known")
    assert partner.title in said
    assert "maidan" in said  # the host
    assert "no contents" in said
    assert partner.title in recipients("known", "ar")[0]
    partners.end(partner.name, because="over", by=SYSTEM, now=NOW)
    assert recipients("known") == ()


def test_nobody_is_named_of_whom_something_is_only_taken(partner: Partner) -> None:
    partner.agreements.filter(way=Way.GIVE).delete()
    assert recipients("known") == ()


def test_datasets_are_read_by_everybody_and_accounts_are_said_to_be_named() -> None:
    assert recipients("lists") == ()
    offered("actor", "People of spam")
    gone = offered("domain", "Hosts of scams")
    actors, domains = recipients("lists")[::-1]
    assert ("accounts" in actors, "People of spam" in actors) == (True, True)
    assert ("domains" in domains, "Hosts of scams" in domains) == (True, True)
    assert "حسابات" in recipients("lists", "ar")[1]
    gone.ended_at = NOW
    gone.save()
    assert len(recipients("lists")) == 1
