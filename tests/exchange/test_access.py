"""Reads: partners with figures that hold, for who may see them; what a quarantine would have touched."""

from __future__ import annotations

import msgspec
import pytest
from tests.exchange.conftest import MD5, NOW, OWN, page, put

from hakam.banks.models import Bank
from hakam.exchange import access, taking
from hakam.exchange.delivery import serve
from hakam.exchange.messages import Changes
from hakam.exchange.models import Partner
from hakam.intake import sightings
from hakam.staff.roles import Role
from hakam.storage.bank_firings import firing_of
from hakam.storage.published import PublishedBank
from hakam.testing import scene
from hakam.testing.peers import Peer
from hakam.vocabulary.event import ItemRef

pytestmark = pytest.mark.django_db


def test_partners_are_for_who_may_see_them(partner: Partner) -> None:
    lead = scene.person("lead", Role.INCIDENT_LEAD)
    viewer = scene.person("viewer", Role.VIEWER)
    assert [one.partner.name for one in access.partners(lead)] == ["maidan"]
    assert access.partners(viewer) == []
    assert access.partner(viewer, "maidan") is None
    assert access.partner(lead, "nobody") is None


def test_figures_are_those_of_the_tables(partner: Partner, peer: Peer, shared: Bank) -> None:
    put(*MD5[:5])
    serve(partner, reach=peer.answering(OWN, lambda: NOW), key=OWN, clock=lambda: NOW)
    taking.take(partner, msgspec.convert(page(MD5[:3]), Changes), now=NOW)
    put(MD5[7])
    (told,) = access.told()
    assert (told.here, told.there) == (3, 5)
    assert [(a.purpose, a.response) for a in told.takes] == [("threat", "hold")]
    assert [a.purpose for a in told.gives] == ["spam"]
    (given,) = access.given(partner)
    assert (given.hashes, given.behind, given.seen) == (5, True, 0)
    (mirror,) = access.mirrors(partner)
    assert (mirror.hashes, mirror.seen, mirror.held) == (3, 0, 0)


def test_what_a_quarantine_would_have_touched(partner: Partner) -> None:
    taking.take(partner, msgspec.convert(page(MD5[:1]), Changes), now=NOW)
    bank = Bank.objects.get()
    told = PublishedBank(bank.pk, bank.name, 1, clause="threat", shadow=True)
    for n in range(3):
        sightings.note(
            [firing_of(told, bank.entries.get().pk, "md5, 0 bits apart")],
            item=ItemRef(scene.PLATFORM, "post", str(n)), seq=n, now=NOW,
        )  # fmt: skip
    lead = scene.person("lead", Role.INCIDENT_LEAD)
    count, newest = access.would_have_touched(lead, partner, limit=2)
    assert count == 3
    assert [one.item_id for one in newest] == ["2", "1"]
    Bank.objects.update(clause="child-abuse")
    assert access.would_have_touched(lead, partner) == (0, [])
    grave = scene.person("children", Role.CHILD_SAFETY)
    assert access.would_have_touched(grave, partner)[0] == 3
