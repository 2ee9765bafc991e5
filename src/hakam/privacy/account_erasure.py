"""Erasing what is held about one account (GDPR Art. 17(1)), as far as no law and no hold keeps it (GDPR Art. 17(3)).

First it is found: how much goes, how much stays and why; a second person releases that. Then the worker erases in
bounded steps, the log again to its end, since the person may have posted meanwhile.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Iterable
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any, Final

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from hakam.enforcement.kinds import EffectKind
from hakam.enforcement.states import UNFINISHED
from hakam.intake.models import Notice
from hakam.privacy import erasing, holds, letters, logged, mail_files, named, requests
from hakam.privacy.erasers import Eraser, eraser, erasers, over
from hakam.privacy.holds import Held
from hakam.privacy.kinds import Kind
from hakam.privacy.models import Erasure, Subject
from hakam.privacy.retention import Stores
from hakam.privacy.schedule import shipped
from hakam.review.models import Case, Complaint, Decision
from hakam.review.states import CaseState, ComplaintState, DecisionState
from hakam.vocabulary.actor import SYSTEM, Actor

_LIMIT: Final = 500
_PARTIES: Final = ("told", "from")
_TELLING: Final = (EffectKind.STATEMENT_ISSUED, EffectKind.MEASURE_APPLY)


def key_of(secret: str, platform: str, account: str) -> str:
    """Return the keyed digest of an account's name: without the key nobody can try names against it."""
    return hmac.new(secret.encode(), f"{platform}\x00{account}".encode(), hashlib.sha256).hexdigest()


def yielding() -> tuple[Eraser, ...]:
    """Return the kinds of rows that give way to a request."""
    return tuple(one for one in erasers() if shipped()[one.kind].yields)


def plan(request: Subject, stores: Stores, *, now: datetime) -> dict[str, Any]:
    """Return what would be erased and what stays, with the reason: figures only. `request.found` names the records."""
    holds.follow(now=now)
    held = holds.held(now)
    platform, account = request.platform, request.account
    free: dict[str, int] = {}
    kept: list[dict[str, Any]] = []
    everything = held.covers([f"account:{platform}/{account}"])
    events, held_events = _split(request, stores, held)
    _note(
        free,
        kept,
        Kind.EVENTS,
        0 if everything else len(events),
        held_events + (len(events) if everything else 0),
    )
    for one in erasers():
        seen = erasing.look(one, one.of(platform, account), held)
        if shipped()[one.kind].yields:
            _note(free, kept, one.kind, seen.free, seen.held)
        elif seen.free + seen.held:
            kept.append({"kind": one.kind.value, "count": seen.free + seen.held, "why": "law"})
    _note_names(free, kept, request, stores, everything=everything)
    kept += [
        {"kind": kind.value, "count": number, "why": "open"}
        for kind, number in undecided(platform, account).items()
    ]
    return {"erased": free, "kept": kept}


def undecided(platform: str, account: str) -> dict[Kind, int]:
    """Return of what an account is part that is being decided, so that it goes when that is over.

    A decision that can still be undone, or that somebody complains about, is not over; nor is a notice without answer,
    nor one that a suspension holds, until that ends.
    """
    own = Case.objects.filter(platform=platform, author_id=account)
    pending = Decision.objects.filter(case=OuterRef("pk"), state=DecisionState.PENDING)
    contested = Complaint.objects.filter(decision__case=OuterRef("pk"), state=ComplaintState.OPEN)
    cases = own.filter(Q(state=CaseState.OPEN) | Exists(pending) | Exists(contested)).count()
    sent = Notice.objects.filter(platform=platform, notifier=account)
    notices = sent.exclude(pk__in=over(None).values("pk")).count()
    return {kind: number for kind, number in ((Kind.CASES, cases), (Kind.NOTIFIERS, notices)) if number}


def telling(platform: str, account: str, *, now: datetime) -> bool:
    """Whether somebody is still being told what was decided; a message that can't be handed over delays for a day."""
    on_their_way = letters.to_account(platform, account).filter(kind__in=_TELLING, state__in=UNFINISHED)
    return on_their_way.filter(created_at__gt=now - letters.SENT_WITHIN).exists()


def names(request: Subject, stores: Stores) -> frozenset[str]:
    """Return what an account is called, by its id and by the records that were found of it."""
    records = (logged.one(stores.events, seq) for seq in request.found[-_LIMIT:])
    return named.names_of(request.account, (one for one in records if one is not None))


def _note_names(
    free: dict[str, int], kept: list[dict[str, Any]], request: Subject, stores: Stores, *, everything: bool
) -> None:
    """Add where lists, bulletins and others name the account."""
    for one in named.look(names(request, stores)):
        why = "held" if everything else one.why
        if why:
            kept.append({"kind": Kind.LISTS.value, "count": one.number, "why": why, "where": one.where})
        else:
            free[Kind.LISTS.value] = free.get(Kind.LISTS.value, 0) + one.number


def _erase_names(request: Subject, stores: Stores, held: Held, *, now: datetime) -> int:
    """Take the account out of lists and bulletins, before the records go that say what it is called."""
    if request.outcome.get("named") or held.covers([f"account:{request.platform}/{request.account}"]):
        return 0
    if not search(request, stores):
        return 1
    called = names(request, stores)
    going = [one for one in named.look(called) if not one.why]
    parties = {"told": {t for one in going for t in one.told}, "from": {one.source for one in going} - {""}}
    request.outcome = {
        **request.outcome,
        **{name: sorted({*request.outcome.get(name, ()), *found}) for name, found in parties.items()},
    }
    request.save(update_fields=["outcome"])  # first: once they are erased nobody could tell
    done = named.erase(called, by=SYSTEM, now=now, reason=requests.subject_of(request))
    with transaction.atomic():
        if done:
            erasing.record(
                Kind.LISTS, done, by=SYSTEM, now=now, body={"request": str(request.pk)},
                about=(requests.subject_of(request),),
            )  # fmt: skip
        request.outcome = {**request.outcome, "named": True}
        request.save(update_fields=["outcome"])
        if done:
            _add(request, Kind.LISTS, done)
    return done


def erase(request: Subject, stores: Stores, *, now: datetime) -> int:
    """Erase the next part of what a released request names; return how many things went, 0 when it is done."""
    holds.follow(now=now)
    held = holds.held(now)
    done = _erase_names(request, stores, held, now=now) or _erase_events(request, stores, held, now=now)
    if done:
        return done
    for one in yielding():
        rows = erasing.batch_of(one, one.of(request.platform, request.account), held, limit=_LIMIT)
        if rows:
            with transaction.atomic():
                number = erasing.erase(
                    one, rows, vault=stores.vault, by=SYSTEM, now=now, reason=requests.subject_of(request),
                    body={"request": str(request.pk)}, about=(requests.subject_of(request),),
                )  # fmt: skip
                _add(request, one.kind, number)
            return number
    return _erase_mail(request, stores, now=now)


def _erase_mail(request: Subject, stores: Stores, *, now: datetime) -> int:
    """Take out of letters in files, too, what was just erased in the outbox; that they went stays."""
    done = mail_files.redact(stores.folders, limit=_LIMIT)
    if done:
        with transaction.atomic():
            erasing.record(
                Kind.LOGS, done, by=SYSTEM, now=now, body={"request": str(request.pk)},
                about=(requests.subject_of(request),),
            )  # fmt: skip
            _add(request, Kind.LOGS, done)
    return done


def finish(request: Subject, stores: Stores, *, secret: str, now: datetime) -> Subject:
    """Note that the request is done, what went and what stays; and that the account was erased, for back-ups.

    While something is being decided the request stays open: what it needs goes when it is over.
    """
    went = request.outcome.get("going", {})
    parties = {name: request.outcome[name] for name in _PARTIES if request.outcome.get(name)}
    stays = plan(request, stores, now=now)["kept"]
    digest = key_of(secret, request.platform, request.account)
    _register(stores, digest, now)
    Erasure.objects.get_or_create(digest=digest, defaults={"at": now})
    outcome = {"erased": went, "kept": stays, **parties}
    if any(one["why"] == "open" for one in stays):
        return requests.waits(request, outcome=outcome, by=SYSTEM, now=now)
    return requests.erased(request, outcome=outcome, by=SYSTEM, now=now)


def search(request: Subject, stores: Stores, *, limit: int = logged.PAGE) -> bool:
    """Look through the next part of the log for the account's records; return whether the end is reached."""
    records, cursor, last = logged.of_account(
        stores.events, platform=request.platform, account=request.account, cursor=request.cursor, limit=limit
    )
    request.found = sorted({*request.found, *(record.seq for record in records)})
    request.cursor = cursor
    request.save(update_fields=["found", "cursor"])
    return last


def erased_before(
    secret: str, pairs: Iterable[tuple[str, str]], *, register: Path | None = None
) -> list[tuple[str, str]]:
    """Return which of these (platform, account) were erased before: what a back-up brought back."""
    known = set(Erasure.objects.values_list("digest", flat=True))
    if register is not None and register.is_file():
        known |= {
            line.split()[0] for line in register.read_text(encoding="ascii").splitlines() if line.strip()
        }
    return [pair for pair in pairs if key_of(secret, *pair) in known]


def accounts_held(stores: Stores) -> set[tuple[str, str]]:
    """Return every (platform, account) of which something is held. Reads the whole log."""
    found = set(Case.objects.exclude(author_id="").values_list("platform", "author_id"))
    after = 0
    while True:
        records, after, last = logged.accounts(stores.events, cursor=after)
        found |= records
        if last:
            return found


def platforms_known(there: Iterable[tuple[str, str]]) -> list[str]:
    """Return the platforms whose accounts a list may name: those that something is held of, or was asked about."""
    asked = Subject.objects.values_list("platform", flat=True)
    return sorted({platform for platform, _account in there} | set(asked))


def again(stores: Stores, *, secret: str, now: datetime, by: Actor = SYSTEM) -> int:
    """Ask the worker to erase anew whoever was erased before a back-up was put back; return how many."""
    there = sorted(accounts_held(stores))
    named_too = named.pairs(platforms_known(there))
    back = sorted({*erased_before(secret, chain(there, named_too), register=stores.register)})
    made = 0
    for platform, account in back:
        waiting = Subject.objects.filter(platform=platform, account=account, working=True)
        if waiting.exists() or not _anything(stores, platform, account):
            continue
        with transaction.atomic():
            request = requests.receive(
                requests.RequestKind.ERASURE, platform=platform, account=account, by=by, now=now
            )
            request.state, request.working = requests.RequestState.ERASING, True
            request.save(update_fields=["state", "working"])
        made += 1
    return made


def _anything(stores: Stores, platform: str, account: str) -> bool:
    """Whether something of an account is held that gives way to a request."""
    if any(one.of(platform, account).exists() for one in yielding()):
        return True
    if any(not one.why for one in named.look(named.names_of(account))):
        return True
    cursor, last = 0, False
    while not last:
        records, cursor, last = logged.of_account(
            stores.events, platform=platform, account=account, cursor=cursor
        )
        if records:
            return True
    return False


def _register(stores: Stores, digest: str, now: datetime) -> None:
    """Note in the file, too, that an account was erased, durably."""
    if stores.register is None:
        return
    with stores.register.open("a", encoding="ascii") as file:
        file.write(f"{digest} {now:%Y-%m-%d}\n")
        file.flush()
        os.fsync(file.fileno())


def _split(request: Subject, stores: Stores, held: Held) -> tuple[list[int], int]:
    """Return which of the found records can go, and how many are held."""
    if not held:
        return list(request.found), 0
    free, kept = [], 0
    for seq in request.found:
        record = logged.one(stores.events, seq)
        if record is None:
            continue
        if held.covers(logged.names_of_event(record)):
            kept += 1
        else:
            free.append(seq)
    return free, kept


def _erase_events(request: Subject, stores: Stores, held: Held, *, now: datetime) -> int:
    if not search(request, stores):
        return 1  # there is more of the log to look through
    free, kept = _split(request, stores, held)
    some = free[:_LIMIT]
    if not some:
        return 0
    stores.events.erase(some)
    with transaction.atomic():
        logged.forget_places(some)
        erasing.erase_set_aside(
            some, vault=stores.vault, by=SYSTEM, now=now, reason=requests.subject_of(request)
        )
        request.found = sorted(set(request.found) - set(some))
        request.save(update_fields=["found"])
        erasing.record(
            Kind.EVENTS, len(some), by=SYSTEM, now=now, body={"request": str(request.pk), "held": kept},
            about=(requests.subject_of(request),),
        )  # fmt: skip
        _add(request, Kind.EVENTS, len(some))
    return len(some)


def _add(request: Subject, kind: Kind, number: int) -> None:
    going = dict(request.outcome.get("going", {}))
    going[kind.value] = going.get(kind.value, 0) + number
    request.outcome = {**request.outcome, "going": going}
    request.save(update_fields=["outcome"])


def _note(free: dict[str, int], kept: list[dict[str, Any]], kind: Kind, goes: int, stays: int) -> None:
    if goes:
        free[kind.value] = goes
    if stays:
        kept.append({"kind": kind.value, "count": stays, "why": "held"})


def rows_of(kind: Kind, platform: str, account: str) -> int:
    """Return how many rows of a kind an account has that still hold something."""
    one = eraser(kind)
    return 0 if one is None else int(one.of(platform, account).count())
