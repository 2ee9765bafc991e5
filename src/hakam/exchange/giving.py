"""What partners are given: the changes of our shared banks that they have not confirmed, in order.

There is no outbox beside the banks: what is to be told follows from where a partner stands, and that moves only when
the partner says that it has it. So a process may die at any moment, and a partner may be away for days.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

import msgspec
from django.db import transaction

from hakam.banks import sharing
from hakam.banks.kinds import BankSource
from hakam.banks.models import Bank, BankEntry
from hakam.banks.publication import RETRACTED_FOR
from hakam.banks.sharing import Place
from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.compliance.models import Fact
from hakam.exchange.kinds import Way, purpose_of
from hakam.exchange.messages import MOST_BYTES, MOST_CHANGES, About, Change, Changes, Pulled, Taken
from hakam.exchange.models import Agreement, Given, Partner
from hakam.exchange.partners import subject_of
from hakam.vocabulary.actor import SYSTEM

KINDS: Final = frozenset({FactKind.BANK_CHANGED, FactKind.BANK_DELETED})
CURSOR: Final = "exchange closing"
START: Final = Place(0, 0, 0)
END: Final = 2**53 - 1  # after every row of a revision
_TOO_LATE: Final = RETRACTED_FOR - timedelta(
    days=5
)  # who was away longer begins anew: retractions are forgotten


def agreed_with(partner: Partner, now: datetime) -> dict[int, Bank]:
    """Return the banks that a partner is given: shared, in force, and of an agreed purpose and country.

    What other partners gave us is theirs to give.
    """
    agreed = {one.purpose: frozenset(one.countries) for one in partner.agreements.filter(way=Way.GIVE.value)}
    found: dict[int, Bank] = {}
    for bank in Bank.objects.filter(shared=True, enabled=True, mirror=None).order_by("pk"):
        countries = agreed.get(purpose_of(bank)) if agreed and bank.in_force(now) else None
        if countries is not None and (not countries or not bank.country or bank.country in countries):
            found[bank.pk] = bank
    return found


def next_page(partner: Partner, *, now: datetime) -> Changes | None:
    """Return what a partner is to be told next, or None: what ends comes first."""
    banks = agreed_with(partner, now)
    rows = {row.bank: row for row in partner.given.order_by("pk")}
    for number, row in rows.items():
        if row.closing or number not in banks:
            return _closing(row)
    for number, bank in banks.items():
        page = _page(bank, _row(partner, bank, rows.get(number), now))
        if page is not None:
            return page
    return None


def pages_for(partner: Partner, have: Iterable[Taken], *, now: datetime) -> Pulled:
    """Return what a partner lacks that says what it has. What it has counts as confirmed."""
    there = {one.bank: one for one in have}
    with transaction.atomic():
        for one in there.values():
            confirm(partner, one, now=now)
    banks = agreed_with(partner, now)
    rows = {row.bank: row for row in partner.given.order_by("pk")}
    pages: list[Changes] = []
    for number, one in there.items():
        row = rows.get(number)
        if number not in banks or (row is not None and row.closing):
            pages.append(_closing(row) if row is not None else _unknown(one))
    _forget_closed(rows.values(), there, banks)
    more, taken = False, 0
    for number, bank in banks.items():
        row = _row(partner, bank, rows.get(number), now)
        if number not in there and Place(row.revision, row.left, row.row) != START:
            _move(row, START, now)  # it has lost the bank
        page = None if row.closing else _page(bank, row)
        if page is not None:
            pages.append(page)
            more = more or page.more
            taken += sum(len(change.data) for change in page.changes)
            if taken > MOST_BYTES:
                return Pulled(tuple(pages), more=True)
    return Pulled(tuple(pages), more)


def _forget_closed(rows: Iterable[Given], there: Mapping[int, Taken], banks: Mapping[int, Bank]) -> None:
    """Forget what a partner was told is shared no longer, once it has nothing of it."""
    for row in rows:
        if row.bank not in there and (row.closing or row.bank not in banks):
            row.delete()
            row.closing = True


def confirm(partner: Partner, taken: Taken, *, now: datetime) -> None:
    """Note how far a partner says that it has a bank. Part of a verb; another epoch than ours begins anew.

    What it has more than before is a fact: numbers, no hash.
    """
    row = Given.objects.select_for_update().filter(partner=partner, bank=taken.bank).first()
    if row is None or row.closing:
        return
    if taken.epoch != row.epoch:
        if (row.revision, row.left, row.row) != START:
            _move(row, START, now)
        return
    before, place = Place(row.revision, row.left, row.row), taken.place
    if place == before:
        return
    _move(row, place, now)
    bank = Bank.objects.filter(pk=taken.bank).first()
    if place < before or bank is None:
        return
    came, left = _counted(bank, before, place)
    if came or left:
        ledger.record(
            FactKind.EXCHANGE_GIVEN,
            by=SYSTEM,
            now=now,
            subject=subject_of(partner),
            about=(f"bank:{bank.name}",),
            body={"bank": bank.name, "purpose": purpose_of(bank), "came": came, "left": left},
        )


def acknowledge(partner: Partner, page: Changes, taken: Taken, *, now: datetime) -> None:
    """Note that a partner has taken a page."""
    with transaction.atomic():
        if page.closed:
            row = Given.objects.select_for_update().filter(partner=partner, bank=page.about.bank).first()
            if row is not None and row.epoch == page.about.epoch:
                name = row.name
                row.delete()
                ledger.record(
                    FactKind.EXCHANGE_CLOSED,
                    by=SYSTEM,
                    now=now,
                    subject=subject_of(partner),
                    about=(f"bank:{name}",),
                    body={"bank": name},
                )
            return
        confirm(partner, taken, now=now)
        if not page.more and taken.place == page.upto:
            Given.objects.filter(partner=partner, bank=page.about.bank, epoch=page.about.epoch).update(
                about=_digest(page.about), read=page.upto.revision
            )


def on_fact(fact: Fact, _now: datetime) -> None:
    """Have partners told of a bank that was shared and is so no longer: retractions of that time are kept by nobody."""
    name = fact.subject.removeprefix("bank:")
    body = ledger.body_of(fact)
    if fact.kind == FactKind.BANK_DELETED or body.get("shared") is False or body.get("enabled") is False:
        Given.objects.filter(name=name).update(closing=True)


def _row(partner: Partner, bank: Bank, row: Given | None, now: datetime) -> Given:
    """Return where a partner stands with a bank. Who was away too long begins anew."""
    if row is None:
        row, _fresh = Given.objects.get_or_create(
            partner=partner,
            bank=bank.pk,
            defaults={"name": bank.name, "epoch": secrets.token_hex(8), "moved_at": now},
        )
    elif row.moved_at < now - _TOO_LATE and row.read != bank.revision:
        row.epoch, row.revision, row.left, row.row = secrets.token_hex(8), 0, 0, 0
        row.read, row.about, row.moved_at = 0, "", now
        row.save()
    return row


def _page(bank: Bank, row: Given) -> Changes | None:
    about = _about(bank, row.epoch)
    if row.read == bank.revision and row.about == _digest(about):
        return None
    after = Place(row.revision, row.left, row.row)
    # What was committed since the bank was read belongs to its next revision, of which a part may be missing here.
    found = [
        one
        for one in sharing.changes(bank, after, MOST_CHANGES + 1, everything=True)
        if one.place.revision <= bank.revision
    ]
    changes, upto = _told(found[:MOST_CHANGES], after)
    more = bool(found) and found[-1].place > upto
    if not more:  # nothing is left of this revision: so that the same is not asked again
        upto = Place(max(bank.revision, upto.revision), 1, END)
    return Changes(about, after, upto, tuple(changes), more)


def _told(found: list[sharing.Change], after: Place) -> tuple[list[Change], Place]:
    """Return changes as they are told, as many as one envelope holds, and the place of the last one."""
    rows = {
        one.pk: one for one in BankEntry.objects.filter(pk__in=[c.place.row for c in found if not c.gone])
    }
    told: list[Change] = []
    upto, size = after, 0
    for change in found:
        row = None if change.gone else rows.get(change.place.row)
        size += len(row.data) if row is not None else 0
        if told and size > MOST_BYTES:
            break
        upto = change.place
        if change.gone:
            told.append(Change(change.place, change.kind, change.digest))
        elif row is not None:  # else it left in this instant: its retraction follows
            what = (row.kind, row.digest, row.item, row.label, row.variant, bytes(row.data))
            told.append(Change(change.place, *what))
    return told, upto


def _about(bank: Bank, epoch: str) -> About:
    return About(
        bank=bank.pk,
        epoch=epoch,
        name=bank.name,
        purpose=purpose_of(bank),
        why=bank.purpose,
        country=bank.country,
        distance=bank.distance,
        reviewed=bank.source == BankSource.OWN,
        expires_at=bank.expires_at,
    )


def _closing(row: Given) -> Changes:
    place = Place(row.revision, row.left, row.row)
    return Changes(About(row.bank, row.epoch, row.name, ""), place, place, closed=True)


def _unknown(one: Taken) -> Changes:
    """Return the word for a bank that we never told of, or told to the end that it is closed."""
    return Changes(About(one.bank, one.epoch or "-", "-", ""), one.place, one.place, closed=True)


def _digest(about: About) -> str:
    return hashlib.sha256(msgspec.json.encode(about)).hexdigest()


def _move(row: Given, place: Place, now: datetime) -> None:
    row.revision, row.left, row.row = place
    row.read, row.moved_at = 0, now
    row.save(update_fields=["revision", "left", "row", "read", "moved_at"])


def _counted(bank: Bank, before: Place, place: Place) -> tuple[int, int]:
    came = left = 0
    while True:
        part = [
            one for one in sharing.changes(bank, before, MOST_CHANGES, everything=True) if one.place <= place
        ]
        came += sum(not (one.gone or one.corrected) for one in part)
        left += sum(one.gone for one in part)
        if len(part) < MOST_CHANGES:
            return came, left
        before = part[-1].place


def state(now: datetime) -> object:
    """Return what tells whether anything may have to be told since: by two queries, however many partners there are."""
    banks = list(
        Bank.objects.filter(shared=True)
        .order_by("pk")
        .values_list("pk", "revision", "enabled", "clause", "distance", "expires_at", "country")
    )
    ended = [one[0] for one in banks if one[5] is not None and one[5] <= now]
    agreed = list(
        Agreement.objects.order_by("pk").values_list("pk", "partner", "way", "purpose", "countries")
    )
    return banks, ended, [(*one[:4], tuple(one[4])) for one in agreed]
