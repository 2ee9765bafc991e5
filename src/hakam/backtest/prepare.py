"""From files, or from the event log, to prepared columns: decoded, measured and in order of time, on all cores."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from pathlib import Path

import msgspec
from pyarrow import parquet  # type: ignore[import-untyped]

from hakam.backtest.columns import ROWS, Row, signature, to_table
from hakam.backtest.dataset import MANIFEST, Dataset, Manifest, Part, write_manifest, write_part
from hakam.backtest.order import in_time_order
from hakam.backtest.row_events import EventMaker, MappingError, no_text, plan
from hakam.backtest.rows import RowFile, RowFormat, UnreadableFileError
from hakam.backtest.workers import Pool
from hakam.signals.fold import FOLD_VERSION
from hakam.storage.event_log import Record
from hakam.vocabulary.event import ContentKind

SHOWN_REFUSALS = 10
ARCHIVE = frozenset({"seq", "raw", "folded", "repairs", "fold_version", "verdict"})
Decisions = Mapping[tuple[str, str, str], str]  # (platform, kind of item, id of item) -> what people decided
Progress = Callable[[float], None]  # is told the share done, 0 to 1


class NothingToTestError(ValueError):
    """There is not one event. The message says what was refused."""


class NamedItem(msgspec.Struct, frozen=True):
    """The key of an item, read without the rest of it."""

    id: str = ""
    kind: str | None = None


class Named(msgspec.Struct, frozen=True):
    """The item that an event is about, read without the rest of the event."""

    item: NamedItem = NamedItem()
    platform: str = ""
    kind: str = ""


class _Kept(msgspec.Struct, frozen=True):
    """What the log keeps beside an event, as far as rules read it: what the door's model measured for them."""

    scores: dict[str, float] = {}


class Reading(msgspec.Struct, frozen=True):
    """How rows of plain files become events."""

    platform: str
    kind: ContentKind
    now: datetime
    mapping: dict[str, str] = {}
    decided: str = ""  # the column that holds what people decided


_encode = msgspec.json.Encoder().encode
_named = msgspec.json.Decoder(Named).decode
_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_scores = msgspec.json.Decoder(dict[str, float]).decode
_kept = msgspec.json.Decoder(_Kept).decode


def rows_of(path: Path, reading: Reading, tell: Progress) -> Iterator[Row]:
    """Yield the rows of one file. Raises `UnreadableFileError` and `MappingError` before the first."""
    file = RowFile(path)
    columns = file.columns()
    if file.format is RowFormat.PARQUET and set(columns) >= ARCHIVE:
        yield from _archived(path, tell)
        return
    mapping = dict(reading.mapping)
    if reading.decided:
        if reading.decided not in columns:
            raise MappingError(
                f"{path}: there is no column `{reading.decided}` with decisions; it has {', '.join(columns)}"
            )
        mapping[reading.decided] = ""
    try:
        made = plan(columns, mapping)
    except MappingError as error:
        raise MappingError(f"{path}: {error}") from error
    if columns and not any(field.startswith(("item", "author")) for field in made.fields.values()):
        raise MappingError(f"{path}: {no_text(columns)}")
    maker = EventMaker(
        digest=file.digest(), platform=reading.platform, kind=reading.kind, made=made, now=reading.now
    )
    for row in file.rows():
        tell(file.position / max(file.size, 1))
        if row.problem:
            yield Row(b"", problem=row.problem, file=path.name, number=row.number)
            continue
        decided = row.values.get(reading.decided) if reading.decided else None
        text = None if decided is None or decided == "" else str(decided)
        yield Row(_encode(maker.event(row)), text, file=path.name, number=row.number)


def _archived(path: Path, tell: Progress) -> Iterator[Row]:
    """Yield the rows of an hour of the event log. What was folded by this release is not folded again."""
    file = parquet.ParquetFile(path)
    names = ["raw", "folded", "repairs", "fold_version"]
    if "scores" in file.schema_arrow.names:  # hours of older releases have none
        names.append("scores")
    done = 0
    try:
        for batch in file.iter_batches(batch_size=4_096, columns=names):
            for raw, folded, repairs, version, *scores in zip(
                *[batch.column(name).to_pylist() for name in names], strict=True
            ):
                fresh = version == FOLD_VERSION
                scored = with_scores(raw, _scores(scores[0])) if scores and scores[0] else raw
                yield Row(scored, None, folded if fresh else None, repairs if fresh else None)
            done += len(batch)
            tell(done / max(1, file.metadata.num_rows))
    except OSError as error:
        raise UnreadableFileError(f"{path} is damaged: {error}") from error


def rows_of_log(records: Iterable[Record]) -> Iterator[Row]:
    """Yield the rows of records, as `EventLog.scan` gives them."""
    for record in records:
        yield Row(with_scores(record.raw, _kept(record.signals).scores))


def rows_with_scores(scored: Iterable[tuple[Record, Mapping[str, float]]]) -> Iterator[Row]:
    """Yield the rows of records with the scores that are known of each, those that were learnt later among them."""
    for record, scores in scored:
        yield Row(with_scores(record.raw, scores))


def with_scores(raw: bytes, scores: Mapping[str, float]) -> bytes:
    """Return an event as the door's rules saw it: with what was measured then beside what the platform sent."""
    if not scores:
        return raw
    try:
        members = _members(raw)
        sent = _scores(members["scores"]) if "scores" in members else {}
    except msgspec.MsgspecError:
        return raw  # no event, which whoever reads it will say
    members["scores"] = msgspec.Raw(_encode({**scores, **sent}))
    return _encode(members)


def with_decisions(rows: Iterable[Row], decisions: Decisions) -> Iterator[Row]:
    """Put what people decided about its item beside each row."""
    for row in rows:
        if row.decided is None:
            try:
                name = _named(row.raw)
            except msgspec.MsgspecError:
                yield row
                continue
            key = (name.platform, name.item.kind or name.kind, name.item.id)
            yield row._replace(decided=decisions.get(key))
        else:
            yield row


def _part(folder: str, number: int, rows: list[Row]) -> tuple[Part | None, int, list[str]]:
    table, refused = to_table(rows)
    part = write_part(Path(folder), f"{number:06}.parquet", table) if len(table) else None
    why = [
        f"{one.file}: row {one.row}: {one.why}"
        if one.file
        else f"row {number * ROWS + one.number + 1}: {one.why}"
        for one in refused[:SHOWN_REFUSALS]
    ]
    return part, len(refused), why


def prepare(
    rows: Iterable[Row],
    folder: Path,
    *,
    pool: Pool,
    sources: Iterable[str] = (),
    decisions: Decisions | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Dataset:
    """Write prepared columns of `rows` into `folder`, which must be empty or absent; return them.

    Raises `NothingToTestError` if no row is an event. Memory is bounded by the number of workers, whatever the
    number of rows.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty")
    if decisions:
        rows = with_decisions(rows, decisions)
    parts: list[Part] = []
    refused, why = 0, list[str]()
    for part, bad, some in pool.map(_part, _batches(rows, str(folder)), cancelled=cancelled):
        if part is not None:
            parts.append(part)
        refused += bad
        why += some[: SHOWN_REFUSALS - len(why)]
    if not parts:
        raise NothingToTestError(f"there is not one event; {why[0]}" if why else "there is not one event")
    ordered = in_time_order(folder, parts)
    return write_manifest(folder, Manifest(signature(), ordered, refused, tuple(why), tuple(sources)))


def _batches(rows: Iterable[Row], folder: str) -> Iterator[tuple[str, int, list[Row]]]:
    number, source = 0, iter(rows)
    while batch := list(islice(source, ROWS)):
        yield folder, number, batch
        number += 1


def is_prepared(path: Path) -> bool:
    """Whether a path is a folder of prepared columns."""
    return (path / MANIFEST).is_file()


def files_in(paths: Iterable[Path]) -> list[Path]:
    """Return the files that paths name, those of folders in order of their names. Raises `UnreadableFileError`."""
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        inside = [one for one in sorted(path.rglob("*")) if one.is_file() and not one.name.startswith(".")]
        if not inside:
            raise UnreadableFileError(f"{path} holds no file")
        found += inside
    return found
