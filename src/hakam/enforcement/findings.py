"""What must hold in this room at all times. `hakam doctor` runs it; the codes are in the webhook reference."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from hakam.enforcement.kinds import Channel, EffectKind
from hakam.enforcement.models import AppliedMeasure, Effect, Endpoint
from hakam.enforcement.outbox import refusal
from hakam.enforcement.states import (
    IN_FORCE,
    MEASURE_ENDS,
    UNFINISHED,
    EffectState,
    MeasureState,
)
from hakam.vocabulary.finding import Finding, Severity
from hakam.vocabulary.measure import NATURE, MeasureKind

CODES = {
    "E001": "a measure stands without a statement of reasons",
    "E002": "a statement that was withdrawn still has a measure in force",
    "E003": "the reversal class of a measure is not the one of the table",
    "E004": "a measure is in a state that does not exist",
    "E005": "a measure and its statement belong to different decisions",
    "E006": "a measure has no effect that applies it",
    "E007": "a measure is being taken back, and no effect says so",
    "E008": "a measure's time is over, and it still stands",
    "E009": "a measure that ended has no time of its end",
    "E020": "an effect is in a state that does not exist",
    "E021": "an effect waits without a time to leave",
    "E022": "an effect that has ended is still scheduled",
    "E023": "an effect was given up",
    "E024": "effects wait for a platform that has no endpoint",
    "E025": "an effect is long overdue",
}
_EXPIRY_GRACE = timedelta(minutes=5)
_OVERDUE = timedelta(hours=1)
_HELD = [s.value for s in (MeasureState.PLANNED, *IN_FORCE)]
_UNFINISHED = [s.value for s in UNFINISHED]


def check() -> Iterator[Finding]:
    """Yield everything that is broken in this room."""
    yield from _measures()
    yield from _measures_and_effects()
    yield from _effects()
    yield from _waiting()


def _finding(
    code: str, message: str, subject: str, hint: str | None = None, *, warning: bool = False
) -> Finding:
    severity = Severity.WARNING if warning else Severity.ERROR
    return Finding(code=code, severity=severity, message=message, subject=subject, hint=hint)


def _measures() -> Iterator[Finding]:
    rows = AppliedMeasure.objects
    # DSA Art. 17(5): what an authority orders, or the law of another country asks for, owes no statement.
    owing = rows.filter(statement=None).exclude(
        Q(decision__startswith="order:") | Q(decision__startswith="request:")
    )
    for pk in _ids(owing.exclude(state__in=[s.value for s in MEASURE_ENDS])):
        yield _finding("E001", f"measure {pk} stands without a statement of reasons", f"measure:{pk}")
    for pk in _ids(rows.filter(state__in=_HELD, statement__withdrawn_at__isnull=False)):
        yield _finding(
            "E002", f"the statement of measure {pk} was withdrawn, and it still stands", f"measure:{pk}"
        )
    for kind in MeasureKind:
        right = NATURE[kind].reversal.value
        wrong = rows.filter(kind=kind.value).exclude(reversal=right).order_by("pk")
        for row, said in wrong.values_list("pk", "reversal"):
            yield _finding(
                "E003", f"measure {row} (`{kind}`) is said to be {said}, not {right}", f"measure:{row}"
            )
    odd = rows.exclude(state__in=[s.value for s in MeasureState], kind__in=[k.value for k in MeasureKind])
    for row, what, state in odd.order_by("pk").values_list("pk", "kind", "state"):
        yield _finding("E004", f"measure {row} is a `{what}` in the state `{state}`", f"measure:{row}")
    for pk in _ids(rows.exclude(statement=None).exclude(statement__decision=F("decision"))):
        yield _finding(
            "E005", f"measure {pk} and its statement belong to different decisions", f"measure:{pk}"
        )
    over = timezone.now() - _EXPIRY_GRACE
    for pk in _ids(rows.filter(until__lt=over, state__in=_HELD)):
        yield _finding(
            "E008", f"the time of measure {pk} is over", f"measure:{pk}", "the worker ends it; is it running?"
        )
    for pk in _ids(rows.filter(state__in=[s.value for s in MEASURE_ENDS], ended_at=None)):
        yield _finding("E009", f"measure {pk} has ended, but nobody knows when", f"measure:{pk}")


def _measures_and_effects() -> Iterator[Finding]:
    applies = Effect.objects.filter(measure=OuterRef("pk"), kind=EffectKind.MEASURE_APPLY)
    for pk in _ids(AppliedMeasure.objects.exclude(Exists(applies))):
        yield _finding("E006", f"no effect applies measure {pk}", f"measure:{pk}")
    reverses = Effect.objects.filter(measure=OuterRef("pk"), kind=EffectKind.MEASURE_REVERSE)
    leaving = [s.value for s in (MeasureState.REVERSING, MeasureState.EXPIRING)]
    for pk in _ids(AppliedMeasure.objects.filter(state__in=leaving).exclude(Exists(reverses))):
        yield _finding("E007", f"measure {pk} is being taken back, and no effect says so", f"measure:{pk}")


def _effects() -> Iterator[Finding]:
    odd = Effect.objects.exclude(state__in=[s.value for s in EffectState])
    for row, state in odd.values_list("pk", "state"):
        yield _finding("E020", f"effect {row} is in the state `{state}`", f"effect:{row}")
    for pk in _ids(Effect.objects.filter(state__in=_UNFINISHED, next_at=None)):
        yield _finding("E021", f"effect {pk} waits, but has no time to leave", f"effect:{pk}")
    for pk in _ids(Effect.objects.filter(~Q(state__in=_UNFINISHED), next_at__isnull=False)):
        yield _finding("E022", f"effect {pk} has ended, but is still scheduled", f"effect:{pk}")
    dead = Effect.objects.filter(state=EffectState.DEAD.value).exclude(payload={}).order_by("created_at")
    for effect in dead:
        message = f"`{effect.key}` was given up: {effect.last_error[:120]}"
        reason = refusal(effect)
        hint = f"it stays given up: {reason}" if reason else "replay it"
        yield _finding("E023", message, f"effect:{effect.pk}", hint, warning=True)


def _waiting() -> Iterator[Finding]:
    open_endpoint = Endpoint.objects.filter(platform=OuterRef("platform"), enabled=True)
    waiting = Effect.objects.filter(state__in=_UNFINISHED)
    homeless = waiting.filter(~Exists(open_endpoint), channel=Channel.PLATFORM)
    for platform, n in homeless.values_list("platform").annotate(n=Count("pk")).order_by("platform"):
        yield _finding(
            "E024",
            f"{n} effects wait for `{platform}`, which has no endpoint that is switched on",
            f"endpoint:{platform}",
            "register one, or switch it on",
            warning=True,
        )
    late = waiting.filter(next_at__lt=timezone.now() - _OVERDUE)
    reachable = late.filter(Q(channel=Channel.EMAIL) | Exists(open_endpoint))
    for pk in _ids(reachable):
        yield _finding(
            "E025", f"effect {pk} should have left long ago", f"effect:{pk}", "is the worker running?"
        )


def _ids(rows: QuerySet[AppliedMeasure] | QuerySet[Effect]) -> Iterator[str]:
    for row in rows.order_by("pk").values_list("pk", flat=True).iterator(2_000):
        yield str(row)
