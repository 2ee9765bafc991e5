"""Closed hours of the event log as Parquet, one file each, for back-tests and investigations. Needs `pyarrow`.

The log keeps its records; the files are copies that other programs can read. An hour is closed when it is over and a
record of a later hour can't come any more, since times of receipt never decrease.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby, islice
from pathlib import Path
from typing import Any

import msgspec

from hakam.storage.embedded.durable import sync_folder
from hakam.storage.event_log import EventLog, Record

HOUR = 3_600
_ROWS = 20_000  # in a row group
_LEVEL = 6
_FEW_VALUES = ["platform", "script", "language"]


class ArchiveUnavailableError(RuntimeError):
    """`pyarrow` is not installed: `pip install hakam[parquet]`."""


class _Stored(msgspec.Struct, frozen=True):
    """What the door keeps beside an event, as far as columns are made of it."""

    signals: dict[str, Any] = {}
    counted: dict[str, int | float | None] = {}
    scores: dict[str, float] = {}


_decode_stored = msgspec.json.Decoder(_Stored).decode
_encode = msgspec.json.Encoder().encode


def _arrow() -> Any:
    try:
        import pyarrow.parquet  # type: ignore[import-untyped]  # noqa: PLC0415 -- an extra, and only this file needs it
    except ImportError:
        raise ArchiveUnavailableError("pyarrow is not installed: pip install 'hakam[parquet]'") from None
    return pyarrow


def file_of(folder: Path, hour: int) -> Path:
    """Return the file of an hour (Unix time divided by 3,600): `2026-01-02/03.parquet`, in UTC."""
    start = datetime.fromtimestamp(hour * HOUR, tz=UTC)
    return folder / f"{start:%Y-%m-%d}" / f"{start:%H}.parquet"


def roll(log: EventLog, folder: Path, *, now: float, since: float = 0.0) -> list[Path]:
    """Write the file of each closed hour from `since` on that has none yet; return the new files.

    A file is complete or absent: it gets its name when all of it is on disk. Raises `ArchiveUnavailableError`, and
    `CorruptRecordError` before anything of that hour is written.
    """
    _arrow()
    current = int(now // HOUR)
    written: list[Path] = []
    for hour, records in groupby(log.scan(since), key=lambda record: int(record.received_at // HOUR)):
        if hour >= current:
            break
        path = file_of(folder, hour)
        if path.exists() or hour * HOUR < since:  # an hour that `since` cuts is not whole
            continue
        _write(path, records)
        written.append(path)
    return written


def _write(path: Path, records: Iterator[Record]) -> None:
    pa = _arrow()
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    schema = _schema(pa)
    try:
        with fresh.open("wb") as file:
            options = {"compression": "zstd", "compression_level": _LEVEL, "use_dictionary": _FEW_VALUES}
            with pa.parquet.ParquetWriter(file, schema, **options) as writer:
                while rows := [_row(record) for record in islice(records, _ROWS)]:
                    writer.write_table(pa.Table.from_pylist(rows, schema=schema))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def _schema(pa: Any) -> Any:
    text, number = pa.string(), pa.int64()
    moment = pa.timestamp("us", tz="UTC")
    return pa.schema([
        ("seq", number), ("received_at", moment), ("platform", text), ("id", text), ("at", pa.float64()),
        ("folded", text), ("fingerprint", text), ("script", text), ("language", text), ("repairs", number),
        ("fold_version", number), ("counted", text), ("scores", text), ("raw", pa.binary()), ("verdict", pa.binary()),
    ])  # fmt: skip


def _row(record: Record) -> dict[str, Any]:
    stored = _decode_stored(record.signals)
    signals = stored.signals
    return {
        "seq": record.seq,
        "received_at": datetime.fromtimestamp(record.received_at, tz=UTC),
        "platform": record.platform,
        "id": record.id,
        "at": record.at,
        **{name: signals.get(name) for name in ("folded", "fingerprint", "script", "language", "repairs")},
        "fold_version": signals.get("fold_version", 1),
        "counted": _encode(stored.counted).decode(),
        "scores": _encode(stored.scores).decode(),
        "raw": record.raw,
        "verdict": record.verdict,
    }
