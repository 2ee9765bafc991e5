"""Prepared events on disk: a folder of Parquet parts in order of time, and a manifest that says what they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
from pyarrow import parquet

from hakam.backtest.columns import FORMAT, ROWS, SIGNALS, array_of, column_of, signature
from hakam.backtest.lean import lean_signals
from hakam.policy.fields import FieldSpec, reader
from hakam.policy.generate import name_of
from hakam.policy.interpret import Seen
from hakam.policy.tree import Field, Folded
from hakam.signals.fold import fold, fold_words
from hakam.signals.measure import Signals, text_of
from hakam.vocabulary.event import Event

MANIFEST = "manifest.json"
_LEVEL = 1
_ALWAYS = ("odd", "decided")  # columns that are read with any others: each reading costs by itself
_TEXT = "text"
_UNMEASURED = Signals()
_AT_A_TIME = 512  # events made at a time: about a megabyte
_AS: dict[str, Callable[[Any], Any]] = {"repairs": int, "links": tuple, "hosts": tuple, "domains": tuple}
_REPEATED = 3  # bytes a row up to which a column of texts is taken for a dictionary and its numbers

Doubles = np.ndarray[Any, np.dtype[np.float64]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]
Places = np.ndarray[Any, np.dtype[np.int64]]


class StaleColumnsError(ValueError):
    """The folder was prepared by another release, or is no such folder. The message says what to do."""


class Part(msgspec.Struct, frozen=True):
    """One file: how many rows, and the first and last time in it (Unix seconds)."""

    name: str
    rows: int
    first: float
    last: float


class Manifest(msgspec.Struct, frozen=True):
    """What the folder holds. `parts` are in order of time; `sources` says where the events came from."""

    signature: dict[str, Any]
    parts: tuple[Part, ...]
    refused: int = 0
    why_refused: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


class Dataset:
    """Prepared events. `starts` holds the position of each part's first row; positions are in order of time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            self.manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
        except (OSError, msgspec.MsgspecError) as error:
            raise StaleColumnsError(f"{folder} holds no prepared events: {error}") from error
        if self.manifest.signature != signature():
            raise StaleColumnsError(
                f"{folder} was prepared by another release (format {FORMAT} with this release's fields and folding "
                "is needed); prepare the events again"
            )
        self.parts = self.manifest.parts
        self.starts = [0]
        for part in self.parts:
            self.starts.append(self.starts[-1] + part.rows)
        self._repeating: set[str] = set()

    @property
    def rows(self) -> int:
        """How many events there are."""
        return self.starts[-1]

    def chunk(self, number: int, columns: Iterable[str] = ()) -> Chunk:
        """Return a part. Reads `columns` (paths of fields) now, others when they are asked for."""
        part = self.parts[number]
        return Chunk(
            self.folder / part.name,
            part.rows,
            self.starts[number],
            frozenset(columns),
            (part.first, part.last),
            self._repeating,
        )

    def chunks(self, columns: Iterable[str] = ()) -> Iterator[Chunk]:
        """Yield all parts in order."""
        wanted = frozenset(columns)
        for number in range(len(self.parts)):
            yield self.chunk(number, wanted)

    def events_at(self, positions: Sequence[int]) -> dict[int, tuple[Event, str | None]]:
        """Return the events at some positions, with what people decided about each."""
        found: dict[int, tuple[Event, str | None]] = {}
        wanted = np.asarray(sorted(set(positions)), dtype=np.int64)
        for number, start in enumerate(self.starts[:-1]):
            here = wanted[(wanted >= start) & (wanted < self.starts[number + 1])]
            if not len(here):
                continue
            chunk = self.chunk(number)
            raws, decided = chunk.stored("raw"), chunk.stored("decided")
            for position in here.tolist():
                row = position - start
                found[position] = decode_event(raws[row].as_py()), decided[row].as_py()
        return found


decode_event = msgspec.json.Decoder(Event).decode


class Chunk:
    """One part in memory, as far as it was asked for. `start` is the position of its first row."""

    def __init__(  # noqa: PLR0917 -- what the manifest says of a part
        self,
        path: Path,
        rows: int,
        start: int,
        wanted: frozenset[str] = frozenset(),
        between: tuple[float, float] | None = None,
        repeating: set[str] | None = None,
    ) -> None:
        self.path, self.rows, self.start = path, rows, start
        self.between = between  # times of the first and the last row, if they are known without reading
        self._repeating = (
            set[str]() if repeating is None else repeating
        )  # texts that did in parts before this one
        self._held: dict[str, pa.Array] = {}
        self._wanted = wanted

    @cached_property
    def _file(self) -> Any:
        self._opened = frozenset(self._repeating)
        return parquet.ParquetFile(self.path, read_dictionary=self._opened or None)

    @cached_property
    def _places(self) -> dict[str, int]:
        """The columns that hold one value a row, by name, and where they stand in the file."""
        schema = self._file.metadata.schema
        paths = [schema.column(n).path for n in range(len(schema))]
        return {path: n for n, path in enumerate(paths) if "." not in path}

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(self._file.schema_arrow.names)

    def stored(self, name: str) -> pa.Array:
        """Return a column by its name in the file; of nothing but nulls if the part has none."""
        held = self._read(name)
        return held.dictionary_decode() if isinstance(held, pa.DictionaryArray) else held

    def _read(self, name: str) -> pa.Array:
        """Return a column, texts that repeat themselves as a dictionary."""
        held = self._held.get(name)
        if held is None:
            if self._wanted:
                wanted = {column_of(path) for path in self._wanted} | {name, *_ALWAYS}
                names = sorted(wanted & self._names)
                self._wanted = frozenset()
            else:
                names = [name] if name in self._names else []
            if names:
                self._take(names)
            held = self._held.get(name)
            if held is None:
                held = self._held[name] = pa.nulls(self.rows, pa.string())
        return held

    def _take(self, names: list[str]) -> None:
        """Read some columns. What the file says of a column of nothing but nulls, or of `False`, is enough."""
        file = self._file
        group = file.metadata.row_group(0)
        few, read = set[str](), []
        for name in names:
            place = self._places.get(name)
            if place is not None:
                column = group.column(place)
                told = column.statistics
                if told is not None and told.null_count == self.rows:
                    self._held[name] = pa.nulls(self.rows, file.schema_arrow.field(name).type)
                    continue
                if column.physical_type == "BYTE_ARRAY":
                    if column.total_uncompressed_size < self.rows * _REPEATED:
                        few.add(name)
                elif told is not None and told.max is False and not told.null_count:
                    self._held[name] = pa.array(np.zeros(self.rows, dtype=np.bool_))
                    continue
            read.append(name)
        if not read:
            return
        if few != self._opened.intersection(read):
            file = parquet.ParquetFile(self.path, metadata=file.metadata, read_dictionary=few or None)
        self._repeating |= few
        table = file.read(columns=read, use_threads=False)
        for name in read:
            self._held[name] = _in_one(table.column(name))

    def coded(self, spec: FieldSpec) -> pa.Array:
        """Return the values of a field as `field` does, but texts that repeat themselves as a dictionary."""
        name = column_of(spec.path)
        return self._read(name) if name in self._held or name in self._names else self.field(spec)

    def field(self, spec: FieldSpec) -> pa.Array:
        """Return the values of a field, null for unknown. What has no column is read from the raw events.

        That may find a row that a column can't hold exactly, which is `odd` from then on.
        """
        name = column_of(spec.path)
        if name in self._held or name in self._names:
            return self.stored(name)
        read = reader(spec)
        values = [read(event, signals) for event, signals in self.pairs(map(str, spec.needs))]
        self._held[name] = made = array_of(values, spec, self.odd)
        return made

    def folded(self, of: Folded) -> pa.Array:
        """Return the values of a field after folding, null for unknown. Each different text is folded once."""
        assert isinstance(of.of, Field)
        name = name_of(of)
        if name not in self._held:
            texts = self.field(of.of.spec).to_pylist()
            make = fold_words if of.words else fold
            made = {text: None if text is None else make(text) for text in dict.fromkeys(texts)}
            self._held[name] = pa.array([made[text] for text in texts], pa.string())
        return self._held[name]

    @cached_property
    def at(self) -> Doubles:
        """The times of the events, in Unix seconds."""
        found: Doubles = self.stored("event_at").to_numpy(zero_copy_only=False)
        return found

    @cached_property
    def odd(self) -> Flags:
        """The rows that columns don't hold exactly."""
        return np.array(self.stored("odd").to_numpy(zero_copy_only=False), dtype=np.bool_)

    def event(self, row: int) -> Event:
        """Return the event of one row."""
        return decode_event(self.stored("raw")[row].as_py())

    def pairs(
        self,
        needs: Iterable[str] = tuple(SIGNALS),
        decode: Callable[[bytes], Event] = decode_event,
        rows: Sequence[int] | None = None,
    ) -> Iterator[tuple[Event, Signals]]:
        """Yield events with their signals, of which only `needs` (names of `Signals`) are filled in.

        They are made some at a time, so that they are still in the processor's cache when they are judged.
        """
        return chain.from_iterable(self._pairs(frozenset(needs), decode, rows))

    def _pairs(
        self, needs: frozenset[str], decode: Callable[[bytes], Event], rows: Sequence[int] | None
    ) -> Iterator[Iterator[tuple[Event, Signals]]]:
        names, made = lean_signals(needs)
        for begin in range(0, self.rows if rows is None else len(rows), _AT_A_TIME):
            events = list(map(decode, self._picked("raw", begin, rows)))
            columns: list[Iterable[Any]] = []
            for name in names:
                if name == _TEXT:  # that of the event: its column is not read
                    columns.append(map(text_of, events))
                    continue
                column = self._picked(column_of(SIGNALS[name]), begin, rows)
                if (make := _AS.get(name)) is not None:
                    column = [None if value is None else make(value) for value in column]
                columns.append(column)
            yield zip(events, map(made, *columns) if columns else repeat(_UNMEASURED), strict=False)

    def _picked(self, name: str, begin: int, rows: Sequence[int] | None) -> list[Any]:
        column = self._read(name)
        if rows is None:
            column = column.slice(begin, _AT_A_TIME)
        else:
            column = column.take(pa.array(rows[begin : begin + _AT_A_TIME], pa.int64()))
        if isinstance(column, pa.DictionaryArray):
            column = column.dictionary_decode()
        return column.to_pylist()  # type: ignore[no-any-return]

    def seen(self, row: int, counted: dict[str, int | None]) -> Seen:
        """Return one row as the interpreter sees it."""
        ((event, signals),) = self.pairs(rows=[row])
        return Seen(event, signals, counted)


def _in_one(column: pa.ChunkedArray) -> pa.Array:
    """Return a column as one array, without copying it if it is one already."""
    if column.num_chunks == 1:
        return column.chunk(0)
    whole = column.combine_chunks()
    return whole.chunk(0) if isinstance(whole, pa.ChunkedArray) else whole


def write_part(folder: Path, name: str, table: pa.Table) -> Part:
    """Write a part, complete or not at all."""
    path = folder / name
    fresh = path.with_suffix(".new")
    parquet.write_table(
        table, fresh, compression="zstd", compression_level=_LEVEL, row_group_size=max(ROWS, len(table) or 1)
    )
    fresh.replace(path)
    at = table.column("event_at")
    return Part(name, len(table), at[0].as_py(), at[len(table) - 1].as_py())


def write_manifest(folder: Path, manifest: Manifest) -> Dataset:
    """Write the manifest, after which the folder is a dataset."""
    fresh = folder / f"{MANIFEST}.new"
    fresh.write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=1))
    fresh.replace(folder / MANIFEST)
    return Dataset(folder)
