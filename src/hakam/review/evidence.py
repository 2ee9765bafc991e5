"""Frozen copies: what was reported, byte for byte, and every version of the item that was seen afterwards."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec
from django.db import transaction

from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.compliance.storable import storable
from hakam.review.models import Case, Evidence
from hakam.review.shapes import VersionView
from hakam.signals.measure import text_of
from hakam.storage.vault import DamagedEvidenceError, Vault
from hakam.vocabulary.actor import Actor
from hakam.vocabulary.event import Change, Event

EXCERPT: Final = 280  # characters
_EVENTS: Final = msgspec.json.Decoder(Event)
_CONTENT: Final = msgspec.json.Encoder(order="sorted")


class EvidenceKind(StrEnum):
    """What the bytes are."""

    EVENT = "event"  # JSON, as the platform sent it
    NOTICE = "notice"  # JSON of a notice on an address that no event was seen of
    MEDIA = "media"
    WRITING = "writing"  # JSON: what was read in pictures


class StripFrame(msgspec.Struct, frozen=True):
    """A frame of a clip, small and grey. `seconds`: from its start."""

    seconds: float
    jpeg: bytes


class Strip(msgspec.Struct, frozen=True):
    """The frames of a clip that are near to a clip of a bank: what a copy of kind `media` holds."""

    bank: str
    entry: int
    frames: list[StripFrame]


class Writing(msgspec.Struct, frozen=True):
    """What is written in one picture of an item: what a copy of kind `writing` holds. `picture`: its place, from 1."""

    picture: int
    text: str
    program: str  # with its version and languages


class Snapshot(msgspec.Struct, frozen=True):
    """A copy that lies in the vault."""

    kind: EvidenceKind
    digest: str  # SHA-256 (hex) of the plain bytes
    size: int


def freeze(vault: Vault, data: bytes, kind: EvidenceKind = EvidenceKind.EVENT) -> Snapshot:
    """Put `data` into the vault.

    Durable when it returns; call it before the transaction that names the copy.
    """
    return Snapshot(kind, vault.put(data), len(data))


def read_event(data: bytes) -> Event:
    """Decode the bytes of an event. Raises `msgspec.MsgspecError`."""
    return _EVENTS.decode(data)


def content_digest(event: Event) -> str:
    """Return a digest of what a person would judge: equal for two events that show the same content.

    A deleted item has a digest of its own. Counters, reach and the account do not belong to the content.
    """
    item = event.item
    if event.change is Change.DELETED:
        return hashlib.sha256(b"deleted").hexdigest()
    media = [
        (m.url, sorted(m.hashes.items()), m.data and hashlib.sha256(m.data).hexdigest()) for m in item.media
    ]
    seen = (item.title, item.text, item.links, media)
    return hashlib.sha256(_CONTENT.encode(seen)).hexdigest()


def excerpt_of(event: Event) -> str:
    """Return the start of an item's text, on one line."""
    text = " ".join(storable(text_of(event) or "").split())
    return text if len(text) <= EXCERPT else text[: EXCERPT - 1] + "…"


def keep(case: Case, snapshot: Snapshot, *, now: datetime, pack: str) -> None:
    """Tie a copy to a case, once."""
    Evidence.objects.get_or_create(
        case=case,
        kind=snapshot.kind.value,
        digest=snapshot.digest,
        defaults={"size": snapshot.size, "captured_at": now, "pack": pack},
    )


def has_event(ref: str) -> bool:
    """Whether the case that a source opened or joined keeps a copy of what was there, not only what was said of it."""
    return Evidence.objects.filter(case__sources__ref=ref, kind=EvidenceKind.EVENT.value).exists()


def strips(digests: Iterable[str], vault: Vault) -> tuple[Strip, ...]:
    """Read the frames that were kept of clips. What can't be read is left out: the doctor tells of damaged copies."""
    out = []
    for digest in digests:
        try:
            out.append(msgspec.json.decode(vault.get(digest), type=Strip))
        except (KeyError, DamagedEvidenceError, msgspec.MsgspecError):
            continue
    return tuple(out)


def writings(digests: Iterable[str], vault: Vault) -> tuple[Writing, ...]:
    """Read what was read in pictures, in their order. What can't be read is left out, as of `strips`."""
    out: list[Writing] = []
    for digest in digests:
        try:
            out += msgspec.json.decode(vault.get(digest), type=list[Writing])
        except (KeyError, DamagedEvidenceError, msgspec.MsgspecError):
            continue
    return tuple(sorted(out, key=lambda one: one.picture))


def versions(copies: Iterable[Evidence], vault: Vault) -> tuple[VersionView, ...]:
    """Read copies of one item, oldest first.

    A copy that can't be read says so; the others are still shown.
    """
    out: list[VersionView] = []
    before = ""
    for copy in sorted(copies, key=lambda c: (c.captured_at, c.pk)):
        if copy.kind in {EvidenceKind.MEDIA, EvidenceKind.WRITING}:
            continue
        event, text, change, damaged, content = None, "", Change.CREATED.value, "", ""
        try:
            data = vault.get(copy.digest)
            if copy.kind == EvidenceKind.EVENT:
                event = read_event(data)
                text, change, content = text_of(event) or "", event.change.value, content_digest(event)
        except KeyError:
            damaged = "absent"
        except (DamagedEvidenceError, msgspec.MsgspecError) as error:
            damaged = str(error)
        changed = bool(before and content and content != before)
        before = content or before
        out.append(
            VersionView(copy.digest, copy.kind, copy.captured_at, event, text, change, changed, damaged)
        )
    return tuple(out)


def versions_of(case: Case, vault: Vault) -> tuple[VersionView, ...]:
    """Read all copies of a case. For a restricted case use `reveal`, which leaves a fact."""
    return versions(case.evidence.all(), vault)


def reveal(case: Case, *, by: Actor, now: datetime, vault: Vault) -> tuple[VersionView, ...]:
    """Show the copies of a restricted case. Every view is a fact, whether or not the person then decides."""
    seen = versions_of(case, vault)
    with transaction.atomic():
        ledger.record(
            FactKind.EVIDENCE_VIEWED,
            by=by,
            now=now,
            subject=f"case:{case.pk}",
            body={"digests": [version.digest for version in seen]},
        )
    return seen
