"""What partners give, taken in: in order, once, under what was agreed, into a bank of its own for each bank of theirs.

A partner's bank is kept apart from all others, so that what a match does is settled for it alone, and what it takes
back goes from there at once. What was held only for that is released by `intake.sightings`, which follows the ledger.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from typing import Final

from django.db import transaction

from hakam.banks.correcting import mend
from hakam.banks.filling import MOST_LANDMARKS, fill
from hakam.banks.keeping import change_bank, create_bank, locked
from hakam.banks.kinds import BankError, BankSource
from hakam.banks.models import BankEntry
from hakam.banks.rows import BadRow, Read, Row, made, row, words_wrong
from hakam.banks.sharing import Place
from hakam.banks.withdraw import withdraw
from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.exchange.kinds import ExchangeError, Way
from hakam.exchange.messages import About, Change, Changes, Taken
from hakam.exchange.models import Agreement, Mirror, Partner
from hakam.exchange.models import Taken as TakenRow
from hakam.exchange.partners import action_for, subject_of
from hakam.vocabulary.actor import Actor, ActorKind
from hakam.vocabulary.bank import LARGEST_DISTANCE, MADE, EntryKind

START: Final = Place(0, 0, 0)
_LONGEST_NAME: Final = 63
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_LARGEST_DATA: Final = 2_000_000  # bytes of one hash of the kinds that are more than one


class NotAgreedError(ExchangeError):
    """Nothing of this purpose, or of this country, is taken from the partner."""


def actor_of(partner: Partner) -> Actor:
    """Return a partner as the ledger names who acts."""
    return Actor(ActorKind.PARTNER, partner.name)


def standing(partner: Partner) -> list[Taken]:
    """Return what is here of a partner's banks, and how far."""
    return [
        Taken(one.theirs, one.epoch, Place(one.revision, one.left, one.row))
        for one in partner.mirrors.order_by("theirs")
    ]


def take(partner: Partner, page: Changes, *, now: datetime) -> Taken:
    """Take a page of changes in, and return how far the partner's bank is here now.

    A page that came before changes nothing, and so does one that leaves a gap: the answer says where to go on. Raises
    `NotAgreedError`, and `ExchangeError` for a page that contradicts itself.
    """
    about, after, upto = page.about, page.after, page.upto
    if upto < after or any(not after < one.at <= upto for one in page.changes):
        raise ExchangeError("its changes do not lie between `after` and `upto`")
    with transaction.atomic():
        mirror = (
            Mirror.objects.select_for_update(of=("self",))
            .select_related("bank")
            .filter(partner=partner, theirs=about.bank)
            .first()
        )
        if page.closed or (about.expires_at is not None and about.expires_at <= now):
            if mirror is not None:
                _close(partner, mirror, now=now)
            return Taken(about.bank)
        agreement = _agreement(partner, about)
        if mirror is None or mirror.epoch != about.epoch:
            if after != START:
                return _here(about, mirror)
            mirror = _begun(partner, mirror, agreement, about, now=now)
        if Place(mirror.revision, mirror.left, mirror.row) != after:
            return _here(about, mirror)
        _settle(mirror, agreement, about, by=actor_of(partner), now=now)
        came, left, corrected = _apply(partner, mirror, page.changes, now=now)
        mirror.revision, mirror.left, mirror.row = upto
        mirror.taken_at = now
        if not page.more and not mirror.whole:
            left += _forget_unnamed(partner, mirror, now=now)
            mirror.whole = True
        mirror.save()
        if came or left or corrected:
            ledger.record(
                FactKind.EXCHANGE_TAKEN,
                by=actor_of(partner),
                now=now,
                subject=subject_of(partner),
                about=(f"bank:{mirror.bank.name}",),
                body={"bank": mirror.bank.name, "purpose": mirror.purpose, "came": came, "left": left}
                | ({"corrected": corrected} if corrected else {}),
            )
        return Taken(about.bank, mirror.epoch, upto)


def _here(about: About, mirror: Mirror | None) -> Taken:
    """Return how far a partner's bank is here."""
    if mirror is None:
        return Taken(about.bank)
    return Taken(about.bank, mirror.epoch, Place(mirror.revision, mirror.left, mirror.row))


def _begun(
    partner: Partner, mirror: Mirror | None, agreement: Agreement, about: About, *, now: datetime
) -> Mirror:
    """Return the mirror of a bank that is told from its beginning, perhaps once more."""
    if mirror is None:
        return _begin(partner, agreement, about, now=now)
    mirror.epoch, mirror.whole = about.epoch, False
    mirror.revision, mirror.left, mirror.row = START
    return mirror


def _agreement(partner: Partner, about: About) -> Agreement:
    found = partner.agreements.filter(way=Way.TAKE.value, purpose=about.purpose).first()
    if found is None:
        raise NotAgreedError(f"nothing is taken for the purpose `{about.purpose}`")
    if about.country and found.countries and about.country not in found.countries:
        raise NotAgreedError(f"nothing is taken that the law of {about.country} asks for")
    return found


def _begin(partner: Partner, agreement: Agreement, about: About, *, now: datetime) -> Mirror:
    by = actor_of(partner)
    for number in (None, about.bank):
        try:
            with transaction.atomic():
                bank = create_bank(
                    _name(partner, about, number),
                    source=BankSource.PARTNER,
                    purpose=about.why.strip() or about.purpose,
                    clause=agreement.clause,
                    action=action_for(partner, agreement),
                    country=about.country,
                    distance=min(max(about.distance, 0), LARGEST_DISTANCE),
                    expires_at=about.expires_at,
                    by=by,
                    now=now,
                )
            break
        except BankError as error:
            if number is not None:
                raise ExchangeError(str(error)) from error
    return Mirror.objects.create(
        partner=partner,
        theirs=about.bank,
        title=about.name,
        purpose=about.purpose,
        country=about.country,
        epoch=about.epoch,
        bank=bank,
        taken_at=now,
    )


def _name(partner: Partner, about: About, number: int | None) -> str:
    """Return what a partner's bank is called here: rules call it so."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c == "-") else "-" for c in about.name.lower())
    tail = "" if number is None else f"-{number}"
    return f"{partner.name}--{plain}"[: _LONGEST_NAME - len(tail)] + tail


def _settle(mirror: Mirror, agreement: Agreement, about: About, *, by: Actor, now: datetime) -> None:
    """Follow what the partner says of the bank itself, as far as it is ours to follow."""
    if (mirror.title, mirror.purpose, mirror.country) != (about.name, about.purpose, about.country):
        mirror.title, mirror.purpose, mirror.country = about.name, about.purpose, about.country
    change_bank(
        mirror.bank.name,
        distance=min(max(about.distance, 0), LARGEST_DISTANCE),
        expires_at=about.expires_at,
        clause=agreement.clause,
        action=action_for(mirror.partner, agreement),
        by=by,
        now=now,
    )


def _apply(
    partner: Partner, mirror: Mirror, changes: Iterable[Change], *, now: datetime
) -> tuple[int, int, int]:
    """Put in what came, take out what left, correct the words of what was here; of each hash the last word counts.

    Return how many of each.
    """
    last: dict[tuple[str, str], Change] = {}
    for one in changes:
        last[one.kind, one.digest] = one
    reads = [(_read(one), one) for one in last.values()]
    room = MOST_LANDMARKS - mirror.bank.entries.filter(kind=EntryKind.LANDMARKS.value).count()
    rows: list[Read] = []
    theirs: dict[tuple[str, str], int] = {}
    variants: dict[str, str] = {}
    for read, one in reads:
        if isinstance(read, Row) and not read.gone:
            if read.kind is EntryKind.LANDMARKS:
                if room <= 0:
                    continue  # a bank's landmarks have a bound; its other hashes come in
                room -= 1
            theirs[read.kind.value, read.digest] = one.at.row
            if one.variant:
                variants[read.digest] = one.variant[:64]
        rows.append(read)
    if not rows:
        return 0, 0, 0
    filled = fill(
        mirror.bank.name,
        rows,
        variants=variants,
        origin=f"partner {partner.name}, their bank {mirror.title}",
        by=actor_of(partner),
        now=now,
    )
    _note_numbers(mirror, theirs)
    return filled.added, filled.removed, _correct(mirror, rows)


def _correct(mirror: Mirror, rows: Iterable[Read]) -> int:
    """Follow what a partner says now of hashes that were here already."""
    said = {(one.kind.value, one.digest): one for one in rows if isinstance(one, Row) and not one.gone}
    found = mirror.bank.entries.filter(digest__in={digest for _kind, digest in said})
    pairs = [(one, said[one.kind, one.digest]) for one in found if (one.kind, one.digest) in said]
    if all((one.label, one.item) == (row.label, row.item) for one, row in pairs):
        return 0
    bank = locked(mirror.bank.name)
    bank.revision += 1
    bank.save(update_fields=["revision"])
    return mend(((one, row.label, row.item) for one, row in pairs), revision=bank.revision)


def _read(one: Change) -> Read:
    """Return a change as a row of a list, or what is wrong with it. A bad row costs that row alone."""
    if any(map(words_wrong, (one.item, one.label, one.variant))):
        return BadRow(one.at.row, "its words are too long, or have control characters")
    if one.kind not in {kind.value for kind in MADE}:
        return row(one.at.row, one.kind, one.digest, item=one.item, label=one.label, gone=one.gone)
    kind = EntryKind(one.kind)
    if one.gone and _SHA256.fullmatch(one.digest):
        return Row(kind, one.digest, gone=True)
    if len(one.data) > _LARGEST_DATA or sha256(one.data).hexdigest() != one.digest:
        return BadRow(one.at.row, "its data is not what its digest says, or too long")
    if why := unreadable(kind, one.data):
        return BadRow(one.at.row, why)
    return made(kind, one.data, item=one.item, label=one.label)


def unreadable(kind: EntryKind, data: bytes) -> str:
    """Say what is wrong with the bytes of a kind that is more than one hash; empty: they can be compared."""
    from hakam.media import long_hashes  # noqa: PLC0415 -- decodes; only what came from outside

    try:
        if kind is EntryKind.VPDQ:
            return "" if long_hashes.unpacked_frames(data) else "no frames"
        if kind is EntryKind.CHROMAPRINT:
            return "" if data and len(data) % 4 == 0 else "no numbers of four bytes"
        from hakam.media.landmarks import unpacked  # noqa: PLC0415 -- needs the extra

        unpacked(data)
    except ImportError:
        return "landmarks need the extra hakam[media]"
    except Exception as error:  # noqa: BLE001 -- whatever a stranger's bytes break costs this row alone
        return f"can't be read: {type(error).__name__}"
    return ""


def _note_numbers(mirror: Mirror, theirs: dict[tuple[str, str], int]) -> None:
    found = BankEntry.objects.filter(bank=mirror.bank, digest__in={digest for _kind, digest in theirs})
    rows = [
        TakenRow(mirror=mirror, entry_id=pk, theirs=theirs[kind, digest], epoch=mirror.epoch)
        for pk, kind, digest in found.values_list("pk", "kind", "digest")
        if (kind, digest) in theirs
    ]
    TakenRow.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["entry"], update_fields=["theirs", "epoch"]
    )


def _forget_unnamed(partner: Partner, mirror: Mirror, *, now: datetime) -> int:
    """Withdraw what an earlier telling named and the new one, now whole, does not."""
    gone = list(mirror.taken.exclude(epoch=mirror.epoch).values_list("entry_id", flat=True))
    if not gone:
        return 0
    return withdraw(
        mirror.bank.name,
        entries=gone,
        reason="the partner no longer names them",
        by=actor_of(partner),
        now=now,
    )


def _close(partner: Partner, mirror: Mirror, *, now: datetime) -> None:
    from hakam.banks.keeping import delete_bank  # noqa: PLC0415 -- named where it happens

    name, held = mirror.bank.name, mirror.bank.entries.count()
    ledger.record(
        FactKind.EXCHANGE_CLOSED,
        by=actor_of(partner),
        now=now,
        subject=subject_of(partner),
        about=(f"bank:{name}",),
        body={"bank": name, "left": held},
    )
    mirror.delete()
    delete_bank(name, reason="the partner shares it no longer", by=actor_of(partner), now=now)
