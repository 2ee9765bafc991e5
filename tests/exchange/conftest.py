"""An installation with a shared bank, and another platform that it knows by its key."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hakam.banks.filling import fill
from hakam.banks.keeping import change_bank, create_bank
from hakam.banks.kinds import BankSource
from hakam.banks.models import Bank
from hakam.banks.rows import row
from hakam.compliance.models import RulebookVersion
from hakam.exchange import keys, partners
from hakam.exchange.kinds import Response, Trust, Way
from hakam.exchange.models import Partner
from hakam.testing import scene
from hakam.testing.peers import Peer
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.bank import EntryKind

NOW = scene.NOW
OWN = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
OWN_THUMBPRINT = keys.thumbprint(OWN.public_key())
MD5 = [f"{n:031x}a" for n in range(1, 1_700)]


@pytest.fixture
def book(db: None) -> RulebookVersion:
    return scene.publish()


@pytest.fixture
def peer() -> Peer:
    return Peer()


@pytest.fixture
def partner(book: RulebookVersion, peer: Peer) -> Partner:
    partners.add_partner(
        "maidan", title="Maidan", address="https://maidan.example/exchange/v1", key=peer.public,
        own=OWN_THUMBPRINT, by=SYSTEM, now=NOW,
    )  # fmt: skip
    partners.agree("maidan", Way.GIVE, "spam", by=SYSTEM, now=NOW)
    partners.agree("maidan", Way.TAKE, "threat", clause="threat", response=Response.HOLD, by=SYSTEM, now=NOW)
    return Partner.objects.get()


@pytest.fixture
def shared(book: RulebookVersion) -> Bank:
    create_bank("ours", source=BankSource.OWN, purpose="what we removed", clause="spam", by=SYSTEM, now=NOW)
    return change_bank("ours", shared=True, by=SYSTEM, now=NOW)


def put(*digests: str, bank: str = "ours", kind: EntryKind = EntryKind.MD5, item: str = "") -> None:
    rows = [row(n, kind, one, item=item) for n, one in enumerate(digests, 1)]
    fill(bank, rows, by=SYSTEM, now=NOW)


@pytest.fixture
def trusted(partner: Partner) -> Callable[[Trust], Partner]:
    """Return what raises the partner's trust, by two people."""

    def raised(trust: Trust) -> Partner:
        amal, basil = scene.person("amal"), scene.person("basil")
        partners.ask_trust("maidan", trust, because="we met them", by=amal.actor, now=NOW)
        return partners.confirm_trust("maidan", by=basil.actor, now=NOW)

    return raised


def page(
    digests: Iterable[str] = (),
    *,
    gone: Iterable[str] = (),
    after: tuple[int, int, int] = (0, 0, 0),
    revision: int = 1,
    more: bool = False,
    closed: bool = False,
    **about: Any,
) -> dict[str, Any]:
    """Return what a partner says of a bank: hashes that came, in one revision, and those that left."""
    came = [
        {"at": [revision, 0, n], "kind": "md5", "digest": d, "item": f"i{n}"}
        for n, d in enumerate(digests, 1)
    ]
    left = [{"at": [revision, 1, n], "kind": "md5", "digest": d} for n, d in enumerate(gone, 1)]
    told = {"bank": 9, "epoch": "e1", "name": "attack", "purpose": "threat", "why": "an attack", **about}
    return {
        "about": told,
        "after": list(after),
        "upto": [revision, 1, 2**53 - 1],
        "changes": [*came, *left],
        "more": more,
        "closed": closed,
    }


def end_of(revision: int) -> tuple[int, int, int]:
    return (revision, 1, 2**53 - 1)
