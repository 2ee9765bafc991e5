"""What was cut is kept: recordings into the vault, their hashes into a bank, so that copies are known at once."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec
from django.db import transaction
from django.db.models import Q

from hakam.banks import access as banks
from hakam.banks.clips import clip_kept_as
from hakam.banks.filling import fill
from hakam.banks.keeping import create_bank
from hakam.banks.kinds import BankAction, BankError, BankSource
from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.live.models import Cut, Stream
from hakam.live.servers.at_work import Servers
from hakam.live.servers.server import Unreachable
from hakam.live.streams import about, subject_of
from hakam.media import ffmpeg
from hakam.media.mjr import playable
from hakam.media.sandbox import UnreadableError
from hakam.review.models import Decision
from hakam.storage.vault import Vault
from hakam.vocabulary.actor import SYSTEM

LARGEST: Final = 2_000_000_000  # bytes of a recording that is kept whole
HASHED_SECONDS: Final = 600.0  # of the end of a recording
LEAD: Final = 10.0  # seconds before a bank first knew what was shown, from which a recording is hashed then
MOST_TRIES: Final = 12
_EARLY: Final = timedelta(seconds=10)  # a server's clock, and the name that it gives a file


def bank_of(clause: str) -> str:
    """Return the name of the bank in which recordings under a clause are known."""
    return f"live-{re.sub(r'[^a-z0-9]+', '-', clause.lower()).strip('-')}"[:63].rstrip("-") or "live"


def preserve_due(servers: Servers, *, vault: Vault, now: datetime, limit: int = 2) -> int:
    """Keep the recordings of streams that were cut so; return how many orders were looked at."""
    due = Cut.objects.filter(preserve=True, preserved_at=None, preserve_next_at__lte=now)
    found = list(due.select_related("stream").order_by("preserve_next_at", "pk")[:limit])
    for cut in found:
        _preserve(cut, servers, vault=vault, now=now)
    return len(found)


def _preserve(cut: Cut, servers: Servers, *, vault: Vault, now: datetime) -> None:
    stream = cut.stream
    try:
        files = _recordings(cut, servers, now=now)
    except (Unreachable, OSError) as error:
        _later(cut, str(error), now=now)
        return
    kept = [_keep(path, stream, cut, vault=vault, now=now) for path in files]
    with transaction.atomic():
        ledger.lock()
        locked = Cut.objects.select_for_update(of=("self",)).get(pk=cut.pk)
        if locked.preserved_at is not None:
            return
        locked.preserved, locked.preserved_at, locked.preserve_next_at = kept, now, None
        locked.save(update_fields=["preserved", "preserved_at", "preserve_next_at"])
        ledger.record(
            FactKind.LIVE_PRESERVED,
            by=SYSTEM,
            now=now,
            subject=subject_of(stream),
            about=(*about(stream), f"decision:{cut.decision}"),
            body={
                "recordings": [
                    {name: one[name] for name in ("digest", "size", "bank", "rows")} for one in kept
                ]
            },
            private={"names": [one["name"] for one in kept]},
        )


def _recordings(cut: Cut, servers: Servers, *, now: datetime) -> list[Path]:
    """Return the files of a stream that was cut. Raises `Unreachable` while there are none."""
    stream = cut.stream
    if cut.black_at is None and now - cut.ordered_at < timedelta(minutes=1):
        raise Unreachable("it is still on air")  # the server has not closed its file
    adapter, handle = servers.handle(stream.server, stream.name, stream.session)
    since = (stream.started_at - _EARLY).timestamp()
    others = {path for name in _longer_names(stream, since=stream.started_at - _EARLY)
              for path in adapter.recordings(msgspec.structs.replace(handle, stream=name))}  # fmt: skip
    files = [
        path for path in adapter.recordings(handle) if path not in others and path.stat().st_mtime >= since
    ]
    if not files:
        raise Unreachable("the server left no recording")
    return files


def _longer_names(stream: Stream, *, since: datetime) -> list[str]:
    """Return the names of a server's streams since then that begin as this one's and go on.

    A file `show-2-17.flv` may be one of `show` by its name: it is that of `show-2`, who did nothing.
    """
    rows = Stream.objects.filter(server=stream.server, name__startswith=stream.name)
    rows = rows.exclude(name=stream.name).filter(Q(ended_at=None) | Q(ended_at__gte=since))
    return list(rows.values_list("name", flat=True).distinct().order_by("name"))


def _keep(path: Path, stream: Stream, cut: Cut, *, vault: Vault, now: datetime) -> dict[str, Any]:
    """Return what was kept of a recording. What can't be hashed is kept all the same, and says so."""
    found: dict[str, Any] = {
        "name": path.name,
        "digest": "",
        "size": path.stat().st_size,
        "bank": "",
        "rows": 0,
    }
    if found["size"] > LARGEST:
        return found | {"name": str(path), "error": "too large to be read here: keep it by hand"}
    data = path.read_bytes()
    found["digest"] = vault.put(data)
    clause = Decision.objects.values_list("clause", flat=True).get(pk=cut.decision)
    try:
        hot = banks.emergency(clause, now)  # an incident is declared: its copies come edited
        name = hot.name if hot is not None else _bank(clause, now=now)
        with playable(path) as file:
            seconds = HASHED_SECONDS if hot is not None else hashed_seconds(stream, cut)
            end = ffmpeg.tail(file, seconds)
        label = f"{subject_of(stream)}, {sha256(data).hexdigest()[:12]}"
        rows = clip_kept_as(end, label=label, landmarks=hot is not None).rows
        fill(name, rows, origin=f"recording of {subject_of(stream)}", by=SYSTEM, now=now)
    except (BankError, UnreadableError, ffmpeg.ProgramMissingError, ImportError) as error:
        return found | {"error": str(error)[:300]}
    return found | {"bank": name, "rows": len(rows)}


def hashed_seconds(stream: Stream, cut: Cut) -> float:
    """Return how many seconds of the end of a recording its bank knows.

    From shortly before a bank first knew what was shown: the harmless talk before it would find harmless copies.
    """
    if stream.flagged_at is None:
        return HASHED_SECONDS
    end = cut.black_at or cut.ordered_at
    return min(HASHED_SECONDS, max(LEAD, (end - stream.flagged_at).total_seconds() + LEAD))


def _bank(clause: str, *, now: datetime) -> str:
    name = bank_of(clause)
    try:
        create_bank(
            name,
            source=BankSource.OWN,
            purpose="Recordings of live streams that were cut under this clause",
            clause=clause,
            action=BankAction.REVIEW,
            by=SYSTEM,
            now=now,
        )
    except BankError:
        return name  # it is there; if it is not, filling it says so
    return name


def _later(cut: Cut, why: str, *, now: datetime) -> None:
    tries = cut.preserve_tries + 1
    given_up = tries >= MOST_TRIES
    Cut.objects.filter(pk=cut.pk, preserved_at=None).update(
        preserve_tries=tries,
        preserve_next_at=None if given_up else now + timedelta(seconds=min(60.0, 0.5 * 2.0 ** (tries - 1))),
        preserved=[{"name": "", "digest": "", "size": 0, "bank": "", "rows": 0, "error": why[:300]}],
    )
