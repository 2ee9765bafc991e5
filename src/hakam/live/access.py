"""Reads of the room: streams on air, one stream, refusals, permits. What concerns children only few may see."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple

from hakam.live import configuration, presence, steps
from hakam.live.configuration import Conditions, ConfigurationError
from hakam.live.models import Cut, LivePermit, Refusal, Stream, StreamPoint, StreamStep
from hakam.live.states import PermitState, StreamState
from hakam.live.watching import video_files
from hakam.live.watching.video_files import Form, Parts, WhyNot
from hakam.live.watching.watcher import frames_folder
from hakam.review import clauses
from hakam.staff.models import User
from hakam.staff.roles import Permission
from hakam.vocabulary.harm import CHILD_ABUSE_OFFENCES

_SHOWN: Final = 200
_CHART: Final = timedelta(minutes=10)
_POINTS: Final = 600
_FRAME: Final = re.compile(r"[0-9]{1,12}\.[0-9]{3}\.jpg")
_SKEW: Final = 60.0  # seconds by which clocks and what is under way may differ


class OnWall(NamedTuple):
    """A stream as the wall shows it."""

    stream: Stream
    present: list[User]
    frame: str  # name of the newest frame; empty: none


class TakenStep(NamedTuple):
    """A step that was taken. `stands`: it was not taken back."""

    row: StreamStep
    stands: bool


class StreamView(NamedTuple):
    """All that a moderator sees of one stream."""

    stream: Stream
    present: list[User]
    frames: list[str]  # names, the oldest first
    points: list[StreamPoint]  # of the last ten minutes, the oldest first
    steps: list[TakenStep]
    cut: Cut | None
    clause: str  # that is most likely meant; empty: nothing says
    conditions: Conditions


def may_see(user: User, stream: Stream) -> bool:
    """Whether a person may see a stream: what a bank of child abuse knows is for those who may."""
    if not user.may(Permission.LIVE_READ):
        return False
    clause = clauses.find(stream.clause)
    grave = clause is not None and clauses.harm_of(clause) in {harm.value for harm in CHILD_ABUSE_OFFENCES}
    return not grave or user.may(Permission.CHILD_SAFETY_READ)


def on_air(user: User, *, home: Path, now: datetime) -> list[OnWall]:
    """Return the streams on air that a person may see, the highest score first."""
    rows = Stream.objects.filter(state=StreamState.LIVE).order_by("-score", "-viewers", "pk")[:_SHOWN]
    seen = [stream for stream in rows if may_see(user, stream)]
    who = presence.present(seen, now=now)
    return [OnWall(s, who.get(s.pk, []), (frames(home, s) or [""])[-1]) for s in seen]


def count_on_air() -> tuple[int, bool]:
    """Return how many streams are on air, and whether a bank knows what one of them shows."""
    rows = Stream.objects.filter(state=StreamState.LIVE)
    return rows.count(), rows.filter(flagged_at__isnull=False).exists()


def over(user: User, *, limit: int = 20) -> list[Stream]:
    """Return the streams that ended last."""
    rows = Stream.objects.exclude(state=StreamState.LIVE).order_by("-ended_at", "-pk")[:limit]
    return [stream for stream in rows if may_see(user, stream)]


def stream(stream_id: int, *, user: User) -> Stream | None:
    """Return a stream, or None: absent and forbidden look the same."""
    found = Stream.objects.filter(pk=stream_id).first()
    return found if found is not None and may_see(user, found) else None


def view(found: Stream, *, home: Path, now: datetime) -> StreamView:
    """Return all about a stream that `stream` returned."""
    until = found.ended_at or now
    newest = StreamPoint.objects.filter(
        stream=found, at__gte=until - _CHART, at__lte=until + timedelta(seconds=5)
    )
    rows = list(StreamStep.objects.filter(stream=found).select_related("by").order_by("-at", "-pk"))
    standing = steps.in_force(rows)
    try:
        chosen = configuration.load(home)
    except ConfigurationError:
        chosen = None
    conditions = chosen.conditions_of(found.platform) if chosen else Conditions()
    return StreamView(
        stream=found,
        present=presence.present([found], now=now).get(found.pk, []),
        frames=frames(home, found),
        points=list(reversed(newest.order_by("-at", "-pk")[:_POINTS])),
        steps=[TakenStep(row, row.decision in standing) for row in rows],
        cut=Cut.objects.filter(stream=found).order_by("-pk").first(),
        clause=found.clause,
        conditions=conditions,
    )


def frames(home: Path, found: Stream) -> list[str]:
    """Return the names of the frames that lie there, the oldest first."""
    folder = frames_folder(home, found.pk)
    try:
        names = [
            path.name for path in folder.iterdir() if path.suffix == ".jpg" and not path.name.startswith(".")
        ]
    except OSError:
        return []
    return sorted(names, key=lambda name: float(name.removesuffix(".jpg")))


def frame(home: Path, found: Stream, name: str) -> bytes | None:
    """Return one frame, or None."""
    if name not in frames(home, found):
        return None
    try:
        return (frames_folder(home, found.pk) / name).read_bytes()
    except OSError:
        return None


def video(home: Path, found: Stream, form: Form, *, run: str, after: int, at: float) -> Parts:
    """Return the newest pieces of the moving picture of a stream, and note that somebody looks. `at`: Unix seconds."""
    if found.state != StreamState.LIVE:
        return Parts(why=WhyNot.OVER)
    video_files.want(home, found.pk, form)
    return video_files.read(home, found.pk, form, run=run, after=after, at=at)


def may_have_gone(found: Stream, name: str) -> bool:
    """Whether a name can be that of a frame of the stream which lies there no more."""
    if not _FRAME.fullmatch(name):
        return False
    at = float(name.removesuffix(".jpg"))
    until = (found.ended_at or datetime.now(tz=UTC)).timestamp()
    return found.started_at.timestamp() - _SKEW <= at <= until + _SKEW


def step(step_id: int, *, user: User) -> StreamStep | None:
    """Return a step of a stream that a person may see."""
    found = StreamStep.objects.select_related("stream").filter(pk=step_id).first()
    return found if found is not None and may_see(user, found.stream) else None


def refusal(token: str) -> Refusal | None:
    """Return a refusal by the token of its page, or None."""
    return Refusal.objects.filter(token=token).first() if token else None


def permit_of(found: Refusal) -> LivePermit | None:
    """Return what came of asking about a refusal."""
    return LivePermit.objects.filter(refusal=found).first()


def permits(*, now: datetime, limit: int = 100) -> tuple[list[LivePermit], list[LivePermit]]:
    """Return the permits that are asked for, the oldest first, and those that hold, the newest first."""
    rows = LivePermit.objects.select_related("refusal")
    asked = list(rows.filter(state=PermitState.ASKED).order_by("asked_at", "pk")[:limit])
    held = rows.filter(state=PermitState.GRANTED, ends_at__gt=now).order_by("-settled_at", "-pk")
    return asked, list(held[:limit])


def has_permit(permit_id: int) -> bool:
    """Whether there is such a permit, in whatever state."""
    return LivePermit.objects.filter(pk=permit_id).exists()


def asked_count() -> int:
    """Return how many wait for an answer."""
    return LivePermit.objects.filter(state=PermitState.ASKED).count()


def refusals(*, limit: int = 50) -> Iterable[Refusal]:
    """Return who was not let on air, the newest first."""
    return Refusal.objects.order_by("-last_at", "-pk")[:limit]


def last_black(*, limit: int = 100) -> list[float]:
    """Return how many seconds it took from an order to black, of the newest cuts."""
    rows = Cut.objects.filter(black_at__isnull=False).order_by("-pk")[:limit]
    return [(row.black_at - row.ordered_at).total_seconds() for row in rows if row.black_at is not None]
