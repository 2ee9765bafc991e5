"""What must hold in this room at all times. `hakam doctor` runs it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.utils import timezone

from hakam.live.models import Cut, Stream, StreamStep
from hakam.live.states import CUTS, StreamState
from hakam.vocabulary.finding import Finding, Severity

CODES = {
    "L001": "a stream was ordered to be cut and is not black",
    "L002": "a recording that was to be preserved is not",
    "L003": "a stream was cut without a decision that says why",
    "L004": "a stream on air can't be watched",
}
_SOON = timedelta(seconds=10)
_LATER = timedelta(minutes=10)


def check() -> Iterator[Finding]:
    """Yield everything that is broken in this room."""
    now = timezone.now()
    for cut in Cut.objects.filter(black_at=None, ordered_at__lt=now - _SOON).order_by("pk"):
        yield Finding(
            code="L001",
            severity=Severity.ERROR,
            message=f"stream {cut.stream_id} is not black after {cut.tries} tries: {cut.error[:120]}",
            subject=f"stream:{cut.stream_id}",
            hint="cut it at the server by hand; is the worker running?",
        )
    late = Cut.objects.filter(preserve=True, preserved_at=None, ordered_at__lt=now - _LATER)
    for cut in late.order_by("pk"):
        why = cut.preserved[0].get("error", "") if cut.preserved else ""
        yield Finding(
            code="L002",
            severity=Severity.ERROR,
            message=f"no recording of stream {cut.stream_id} is kept: {why[:120]}",
            subject=f"stream:{cut.stream_id}",
            hint="look for it at the server, and name its folder in `recordings`",
        )
    explained = StreamStep.objects.filter(step__in=[step.value for step in CUTS]).values("stream_id")
    cut_rows = Stream.objects.filter(state=StreamState.CUT).exclude(pk__in=explained)
    for pk in cut_rows.order_by("pk").values_list("pk", flat=True):
        yield Finding(
            code="L003",
            severity=Severity.ERROR,
            message=f"stream {pk} was cut, and no decision says why",
            subject=f"stream:{pk}",
        )
    blind = Stream.objects.filter(state=StreamState.LIVE).exclude(trouble="")
    for pk, why in blind.order_by("pk").values_list("pk", "trouble"):
        yield Finding(
            code="L004",
            severity=Severity.WARNING,
            message=f"stream {pk} can't be watched: {why}",
            subject=f"stream:{pk}",
        )
