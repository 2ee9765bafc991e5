"""Parts in order of time, whatever order the events came in: an external sort with bounded memory.

Each part is sorted in itself. If one ends after the next begins, their rows are dealt into ranges of time, and each
range, which fits into memory, is sorted. Rows of the same time keep the order in which they came.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
from pyarrow import parquet

from hakam.backtest.columns import ROWS
from hakam.backtest.dataset import Part, write_part

RANGE_ROWS = 8 * ROWS  # sorted in memory at a time
MAX_RANGES = 200  # files open at the same time
_SAMPLE = 400_000  # times that the ranges are chosen from


def is_ordered(parts: Sequence[Part]) -> bool:
    """Whether the parts follow each other in time."""
    return all(one.last <= other.first for one, other in pairwise(parts))


def in_time_order(
    folder: Path, parts: Sequence[Part], *, tick: Callable[[int], None] = lambda _rows: None
) -> tuple[Part, ...]:
    """Return the parts of `folder` in order of time, written anew if they overlap. `tick` is told rows done."""
    if is_ordered(parts):
        return tuple(parts)
    work = folder / "ranges"
    work.mkdir()
    try:
        dealt = _deal(folder, parts, work)
        for part in parts:
            (folder / part.name).unlink()
        made: list[Part] = []
        for path in dealt:
            made += _sorted(path, folder, len(made), tick)
        return tuple(made)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _deal(folder: Path, parts: Sequence[Part], work: Path) -> list[Path]:
    """Deal all rows into one file for each range of time; return those, in order."""
    rows = sum(part.rows for part in parts)
    step = max(1, rows // _SAMPLE)
    times = np.sort(np.concatenate([_times(folder / part.name)[::step] for part in parts]))
    count = min(MAX_RANGES, max(1, rows // RANGE_ROWS))
    bounds = np.unique(times[np.linspace(0, len(times) - 1, count + 1).astype(int)[1:-1]])
    schema = pa.unify_schemas([parquet.read_schema(folder / part.name) for part in parts])
    files: dict[int, pa.ipc.RecordBatchFileWriter] = {}
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    try:
        for part in parts:
            table = _fit(parquet.read_table(folder / part.name), schema)
            cuts = np.searchsorted(table.column("event_at").to_numpy(), bounds, side="left").tolist()
            for number, (begin, end) in enumerate(pairwise([0, *cuts, len(table)])):
                if begin == end:
                    continue
                if number not in files:
                    files[number] = pa.ipc.new_file(work / f"{number:06}.arrow", schema, options=options)
                files[number].write_table(table.slice(begin, end - begin))
    finally:
        for file in files.values():
            file.close()
    return [work / f"{number:06}.arrow" for number in sorted(files)]


def _times(path: Path) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    found: np.ndarray[tuple[int], np.dtype[np.float64]] = (
        parquet.read_table(path, columns=["event_at"]).column(0).to_numpy()
    )
    return found


def _fit(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return the table with all columns of the schema: scores that none of its events has are null."""
    columns = [
        table.column(field.name)
        if field.name in table.column_names
        else pa.chunked_array([pa.nulls(len(table), field.type)])
        for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def _sorted(path: Path, folder: Path, number: int, tick: Callable[[int], None]) -> list[Part]:
    """Sort one range and write it as parts, one batch of rows in memory beyond the range's own columns."""
    made: list[Part] = []
    with pa.memory_map(str(path)) as source:
        file = pa.ipc.open_file(source)
        batches = [file.get_batch(n) for n in range(file.num_record_batches)]
        table = pa.Table.from_batches(batches, schema=file.schema)
        at = table.column("event_at").to_numpy()
        order = np.argsort(at, kind="stable")
        for begin in range(0, len(order), ROWS):
            rows = pa.array(order[begin : begin + ROWS])
            made.append(
                write_part(
                    folder, f"{number + len(made):06}-sorted.parquet", table.take(rows).combine_chunks()
                )
            )
            tick(len(rows))
    path.unlink()
    return made
