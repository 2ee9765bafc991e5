"""Permits: a person asks to be live although a condition is not met; a colleague grants it, or says why not.

So is an event approved before its day. A permit never lifts what was decided: that takes a complaint.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.compliance.storable import storable
from hakam.enforcement.kinds import Channel, EffectKind
from hakam.enforcement.outbox import enqueue
from hakam.live import barring, configuration
from hakam.live.gate.book import Writer, path_of
from hakam.live.gate.judge import ASKABLE
from hakam.live.models import LivePermit, Refusal
from hakam.live.states import PermitState
from hakam.staff.models import User
from hakam.staff.roles import Permission
from hakam.vocabulary.actor import Actor, ActorKind

LONGEST: Final = 5_000  # characters
MOST_DAYS: Final = 365


class PermitError(ValueError):
    """It can't be done as asked. The message is for the person who asked."""


def subject_of(permit: LivePermit) -> str:
    """Return a permit's name in the ledger."""
    return f"permit:{permit.pk}"


def may_ask(refusal: Refusal) -> bool:
    """Whether a colleague could lift this refusal by a permit."""
    return refusal.account != "" and refusal.why in {why.value for why in ASKABLE}


def ask(token: str, *, words: str, now: datetime) -> LivePermit:
    """Ask a person to look at a refusal, as the one who was refused. Twice is once. Raises `PermitError`."""
    words = storable(words.strip()[:LONGEST])
    refusal = Refusal.objects.filter(token=token).first()
    if refusal is None or not may_ask(refusal):
        raise PermitError(_("Nothing can be asked about this."))
    if not words:
        raise PermitError(_("Write why it should be allowed."))
    try:
        with transaction.atomic():
            permit = LivePermit.objects.create(
                platform=refusal.platform,
                account=refusal.account,
                event=refusal.event,
                state=PermitState.ASKED,
                asked_at=now,
                words=words,
                refusal=refusal,
            )
            _record(
                FactKind.LIVE_PERMIT_ASKED,
                permit,
                by=Actor(ActorKind.AFFECTED, f"refusal-{refusal.pk}"),
                now=now,
            )
    except IntegrityError:
        return LivePermit.objects.get(refusal=refusal)
    return permit


def approve(
    *,
    platform: str,
    account: str,
    event: str,
    days: int,
    because: str,
    user: User,
    now: datetime,
    home: Path,
    starts_at: datetime | None = None,
) -> LivePermit:
    """Approve an account, or one event of it, without being asked. Raises `PermitError` and `PermissionError`."""
    _allowed(user)
    chosen = configuration.load(home)
    if chosen is None or platform not in {server.platform for server in chosen.servers}:
        raise PermitError(_("No stream of this platform is guarded here."))
    if not account.strip() or "\x00" in account:
        raise PermitError(_("Name the account."))
    _check_days(days)
    with transaction.atomic():
        permit = LivePermit.objects.create(
            platform=platform,
            account=account.strip()[:512],
            event=storable(event.strip()[:200]),
            state=PermitState.ASKED,
        )
        _grant(permit, days=days, because=because, user=user, now=now, starts_at=starts_at)
    _write(permit, now=now, home=home)
    return permit


def settle(
    permit_id: int, *, grant: bool, days: int, because: str, user: User, now: datetime, home: Path
) -> LivePermit:
    """Grant what was asked, or refuse it with a reason that the person is told. Raises `PermitError`."""
    _allowed(user)
    with transaction.atomic():
        permit = LivePermit.objects.select_for_update(of=("self",)).filter(pk=permit_id).first()
        if permit is None or permit.state != PermitState.ASKED:
            raise PermitError(_("A colleague has settled it in the meantime."))
        if grant:
            _check_days(days)
            _grant(permit, days=days, because=because, user=user, now=now)
        else:
            if not because.strip():
                raise PermitError(_("Say why not: the person is told."))
            _close(permit, PermitState.REFUSED, FactKind.LIVE_PERMIT_REFUSED, because, user=user, now=now)
    _write(permit, now=now, home=home)
    return permit


def withdraw(permit_id: int, *, because: str, user: User, now: datetime, home: Path) -> LivePermit:
    """Take a permit back. Raises `PermitError`."""
    _allowed(user)
    with transaction.atomic():
        permit = LivePermit.objects.select_for_update(of=("self",)).filter(pk=permit_id).first()
        if permit is None or permit.state != PermitState.GRANTED:
            raise PermitError(_("There is no such permit in force."))
        if not because.strip():
            raise PermitError(_("Say why: the person is told."))
        _close(permit, PermitState.WITHDRAWN, FactKind.LIVE_PERMIT_WITHDRAWN, because, user=user, now=now)
    _write(permit, now=now, home=home)
    return permit


def _allowed(user: User) -> None:
    if not user.may(Permission.LIVE_PERMIT):
        raise PermissionError(f"`{user.actor}` may not settle who goes live")


def _check_days(days: int) -> None:
    if not 1 <= days <= MOST_DAYS:
        raise PermitError(_("A permit lasts 1 to %(most)s days.") % {"most": MOST_DAYS})


def _grant(
    permit: LivePermit,
    *,
    days: int,
    because: str,
    user: User,
    now: datetime,
    starts_at: datetime | None = None,
) -> None:
    permit.starts_at = starts_at or now
    permit.ends_at = permit.starts_at + timedelta(days=days)
    _close(permit, PermitState.GRANTED, FactKind.LIVE_PERMIT_GRANTED, because, user=user, now=now)


def _close(
    permit: LivePermit, state: PermitState, kind: FactKind, because: str, *, user: User, now: datetime
) -> None:
    permit.state, permit.settled_by, permit.settled_at = state, str(user.actor), now
    permit.because = storable(because.strip()[:LONGEST])
    permit.save()
    fact = _record(kind, permit, by=user.actor, now=now)
    enqueue(
        now=now,
        key=f"permit:{permit.pk}:{fact}",
        platform=permit.platform,
        channel=Channel.PLATFORM,
        kind=EffectKind.LIVE_PERMIT,
        payload={
            "author": {"id": permit.account},
            "event": permit.event or None,
            "state": state.value,
            "because": permit.because,
            "starts_at": None if permit.starts_at is None else permit.starts_at.isoformat(),
            "ends_at": None if permit.ends_at is None else permit.ends_at.isoformat(),
            "links": {} if permit.refusal is None else {"page": f"/live/{permit.refusal.token}"},
        },
        stream=f"permit:{permit.pk}",
    )


def _record(kind: FactKind, permit: LivePermit, *, by: Actor, now: datetime) -> int:
    refusal = (f"refusal:{permit.refusal_id}",) if permit.refusal_id else ()
    fact = ledger.record(
        kind,
        by=by,
        now=now,
        subject=subject_of(permit),
        about=(f"account:{permit.platform}/{permit.account}", *refusal),
        body={"starts_at": permit.starts_at, "ends_at": permit.ends_at, "event": bool(permit.event)},
        private={"words": permit.words, "because": permit.because, "event": permit.event},
    )
    return fact.seq


def _write(permit: LivePermit, *, now: datetime, home: Path) -> None:
    """Let the gate know at once; the ledger's follower writes the same again, should this process end here."""
    chosen = configuration.load(home)
    if chosen is not None:
        barring.write_account(Writer(path_of(home)), chosen, permit.platform, permit.account, now=now)
