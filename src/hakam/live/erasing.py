"""What is erased of live streams and of questions of an audience: whose they were goes, that they were stays."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final

from django.db.models import Model, Q, QuerySet

from hakam.live.audience import taking
from hakam.live.models import Asking, AudienceQuestion, LivePermit, Refusal, Stream
from hakam.live.states import PermitState, StreamState
from hakam.privacy import erasers
from hakam.privacy.erasers import Eraser
from hakam.privacy.kinds import Kind
from hakam.vocabulary.event import ContentKind


def _over() -> QuerySet[Stream]:
    told = ~Q(account="") | ~Q(title="") | ~Q(url="")
    return Stream.objects.exclude(state=StreamState.LIVE).filter(told)


def _names_of_stream(stream: Stream) -> list[str]:
    names = [f"stream:{stream.pk}", f"item:{stream.platform}/{ContentKind.LIVE_START.value}/{stream.item_id}"]
    return [*names, f"account:{stream.platform}/{stream.account}"] if stream.account else names


def _blank_stream(stream: Stream) -> None:
    Stream.objects.filter(pk=stream.pk).update(account="", title="", url="", flagged={}, trouble="")


def _refusals() -> QuerySet[Refusal]:
    return Refusal.objects.exclude(account="")


def _blank_refusal(refusal: Refusal) -> None:
    Refusal.objects.filter(pk=refusal.pk).update(account="", stream="", event="", facts={})


def _settled(before: datetime | None) -> QuerySet[LivePermit]:
    """Return the permits by which nobody may be live any more; `before`: settled, and over, before this moment."""
    rows = LivePermit.objects.exclude(state=PermitState.ASKED).exclude(account="")
    if before is None:
        return rows.exclude(state=PermitState.GRANTED)
    return rows.filter(settled_at__lt=before).filter(Q(ends_at__lt=before) | ~Q(state=PermitState.GRANTED))


def _blank_permit(permit: LivePermit) -> None:
    LivePermit.objects.filter(pk=permit.pk).update(account="", words="", because="")


def _take_out(asking: Asking) -> None:
    """Delete what one person asked. The question shows the words of the next who asked it, or goes with the last."""
    touched = taking.forget_items([(asking.platform, asking.item_id)])
    taking.recount(touched)
    AudienceQuestion.objects.filter(pk__in=touched, askings=None).delete()


def _account(row: Any) -> str:
    return f"account:{row.platform}/{row.account}"


def _none(_digest: str) -> int:
    return 0  # no row of this room names a file of the vault


Rows = Callable[[datetime], QuerySet[Any]]
Own = Callable[[str, str], QuerySet[Any]]
Names = Callable[[Any], Iterable[str]]
_ROWS: Final[tuple[tuple[Kind, type[Model], Rows, Own, Names, Callable[[Any], None]], ...]] = (
    (
        Kind.STREAMS, Stream, lambda b: _over().filter(ended_at__lt=b),
        lambda p, a: _over().filter(platform=p, account=a), _names_of_stream, _blank_stream,
    ),
    (
        Kind.LIVE_REFUSALS, Refusal, lambda b: _refusals().filter(last_at__lt=b),
        lambda p, a: _refusals().filter(platform=p, account=a), lambda r: (f"refusal:{r.pk}", _account(r)),
        _blank_refusal,
    ),
    (
        Kind.LIVE_PERMITS, LivePermit, _settled, lambda p, a: _settled(None).filter(platform=p, account=a),
        lambda r: (f"permit:{r.pk}", _account(r)), _blank_permit,
    ),
    (
        Kind.QUESTIONS, Asking, lambda b: Asking.objects.filter(at__lt=b),
        lambda p, a: Asking.objects.filter(platform=p, account=a),
        lambda r: (f"item:{r.platform}/{ContentKind.LIVE_CHAT.value}/{r.item_id}", _account(r)), _take_out,
    ),
)  # fmt: skip


def register() -> None:
    """Add the erasers of this room to those of the rooms below."""
    for row in _ROWS:
        erasers.add(Eraser(*row), names=_none)
