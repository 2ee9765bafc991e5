"""Letters of the outbox: until when what they say is kept, and what becomes of one that was not sent yet.

A letter that was handed over is proven by its number, its day and its tries; who it went to and what it said can go.
One that was not handed over is worth nothing without its addressee: where that is erased, it is never sent.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet

from hakam.compliance.models import Statement
from hakam.enforcement.kinds import Channel, EffectKind
from hakam.enforcement.models import Attempt, Effect
from hakam.enforcement.progress import cancel_effect
from hakam.enforcement.states import RECEIVED, UNFINISHED, EffectState
from hakam.intake.models import Notice
from hakam.privacy.models import Subject
from hakam.privacy.requests import RequestKind

SENT_WITHIN: Final = timedelta(days=1)
"""How long an erasure waits for a letter that is on its way for the first time."""
_GIVEN_UP: Final = (EffectState.DEAD, EffectState.FAILED, EffectState.CANCELLED)
_AT_ONCE: Final = 500


def over(before: datetime | None) -> QuerySet[Effect]:
    """Return the messages that were delivered, and the letters that were given up, and still say something."""
    received, given_up = Q(state__in=RECEIVED), Q(state__in=_GIVEN_UP, channel=Channel.EMAIL)
    if before is not None:
        received &= Q(delivered_at__lt=before)
        given_up &= Q(created_at__lt=before)
    return Effect.objects.filter(received | given_up).exclude(payload={})


def of_erasures(before: datetime) -> QuerySet[Effect]:
    """Return the letters about requests for erasure that were delivered before a moment (GDPR Art. 17(1)).

    Whoever was erased is not to be found by the letter that says so. Until then it can be proven, should it come back.
    """
    told = Effect.objects.filter(
        kind=EffectKind.DATA_REQUEST_ANSWER, state__in=RECEIVED, delivered_at__lt=before
    ).exclude(payload={})
    about = {pk: _request_of(stream) for pk, stream in told.values_list("pk", "stream")}
    asked = Subject.objects.filter(pk__in={one for one in about.values() if one}, kind=RequestKind.ERASURE)
    erasures = set(asked.values_list("pk", flat=True))
    return Effect.objects.filter(pk__in=[pk for pk, number in about.items() if number in erasures])


def _request_of(stream: str) -> UUID | None:
    name, _sep, number = stream.partition("#")[0].partition(":")
    return UUID(number) if name == "data_request" else None


def to_account(platform: str, account: str) -> QuerySet[Effect]:
    """Return the messages about what was done to an account: its measures, and statements of reasons to it."""
    told = Statement.objects.filter(platform=platform, recipient=account).values_list("pk", flat=True)
    streams = [f"statement:{pk}#{channel}" for pk in told for channel in Channel]
    return Effect.objects.filter(Q(measure__author_id=account) | Q(stream__in=streams), platform=platform)


def going_with(platform: str, account: str) -> QuerySet[Effect]:
    """Return what goes when an account is erased. The platform still has to hear what it must do or undo."""
    gone = Q(state__in=RECEIVED) | Q(channel=Channel.EMAIL)
    return to_account(platform, account).filter(gone).exclude(payload={})


def to_notifier(notices: Iterable[Notice]) -> QuerySet[Effect]:
    """Return the letters to whoever sent these notices."""
    return Effect.objects.filter(stream__in=[f"notice:{one.pk}#{Channel.EMAIL}" for one in notices])


def on_their_way(platform: str, account: str, *, now: datetime) -> bool:
    """Whether a letter to somebody about their notices is being sent for the first time (DSA Art. 16(4), 16(5)).

    One that was tried in vain, or that nobody takes for a day, holds up no erasure.
    """
    fresh = Q(state=EffectState.SENDING) | Q(state=EffectState.PENDING, attempts=0)
    sent = list(Notice.objects.filter(platform=platform, notifier=account).only("pk"))
    return any(
        to_notifier(sent[start : start + _AT_ONCE])
        .filter(fresh, created_at__gt=now - SENT_WITHIN)
        .exclude(payload={})
        .exists()
        for start in range(0, len(sent), _AT_ONCE)
    )


def erase(letters: QuerySet[Effect]) -> None:
    """Take out what letters say and to whom, their errors too, which can quote an address; what waits is never sent.

    Inside the caller's transaction.
    """
    numbers = list(letters.values_list("pk", flat=True))
    for start in range(0, len(numbers), _AT_ONCE):
        some = Effect.objects.filter(pk__in=numbers[start : start + _AT_ONCE])
        for waiting in some.filter(state__in=UNFINISHED).select_for_update(of=("self",)):
            cancel_effect(waiting)
        Attempt.objects.filter(effect__in=some).exclude(error="").update(error="")
        some.update(payload={}, last_error="")
