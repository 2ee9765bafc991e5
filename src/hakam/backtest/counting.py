"""Counters over all events in order of time, exactly, before any rule is asked.

A key's rows are counted with sorting and binary search alone. With rows in order of time, the window of a row begins
at one position, which a search in the times gives; how many rows of the same key lie between is a difference of two
ranks. For different members, a row counts from its own position until the same member comes again or the window has
passed it: a difference of two ranks again. Keys are split into groups that fit into memory.

Counters that have no such form (a computed key, a kind that the language gained) are counted one event after the
other by the compiled function itself, on one core.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any
from zlib import crc32

import msgspec
import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]

from hakam.backtest.dataset import Chunk, Dataset, Doubles, Flags, Places
from hakam.backtest.vectors import Rules, valid
from hakam.backtest.workers import Pool
from hakam.policy.counters import MemoryCounters, RecordingCounters
from hakam.policy.engine import compile_pack
from hakam.policy.fields import FIELDS, FieldSpec
from hakam.policy.interpret import outcome
from hakam.policy.kinds import Kind
from hakam.policy.pack import load_pack
from hakam.policy.tree import Counter, CounterKind, Field, Value, walk

GROUP_ROWS = 3_000_000  # rows of one group of keys, at about 150 bytes each while they are counted
_MIX = np.uint64(0x9E3779B97F4A7C15)


class Counts(msgspec.Struct, frozen=True):
    """Where the values lie: one file of doubles for each counter, a value for each event, NaN for unknown."""

    files: dict[str, str]
    forgotten: int = 0  # entries that did not fit: above 0 the counters of `one_by_one` may be too low
    one_by_one: tuple[str, ...] = ()

    def of(self, chunk: Chunk) -> dict[str, Doubles]:
        """Return the values of all counters for the rows of a chunk."""
        return {
            name: np.array(np.load(file, mmap_mode="r")[chunk.start : chunk.start + chunk.rows])
            for name, file in self.files.items()
        }


def counters_of(packs: Sequence[dict[str, str]]) -> dict[str, Counter]:
    """Return the counters of some packs (as files) by name. Equal names count the same."""
    found: dict[str, Counter] = {}
    for files in packs:
        loaded = load_pack(files)
        assert loaded.pack is not None
        for rule in loaded.pack.rules:
            for node in walk(rule.when):
                if isinstance(node, Counter):
                    found.setdefault(node.name, node)
    return found


def has_form(counter: Counter) -> bool:
    """Whether a counter can be counted by sorting: fields as keys, and a kind that is known here.

    Numbers are no such keys: those that a column can't hold exactly would be lost or one.
    """
    fields = [*counter.by, *([counter.of] if counter.of is not None else [])]
    return counter.counts in {CounterKind.COUNT, CounterKind.DISTINCT} and all(
        isinstance(value, Field)
        and value.kind is not Kind.NUMBER
        and not value.spec.path.startswith("extra.")
        for value in fields
    )


def count_all(
    dataset: Dataset,
    packs: Sequence[dict[str, str]],
    folder: Path,
    *,
    pool: Pool,
    sorting: bool = True,
    cancelled: Callable[[], bool] = lambda: False,
) -> Counts:
    """Count everything that the packs count, into files below `folder`; without `sorting` one event at a time."""
    counters = counters_of(packs)
    files: dict[str, str] = {}
    for number, name in enumerate(counters):
        files[name] = str(folder / f"counter-{number}.npy")
        made = np.lib.format.open_memmap(files[name], mode="w+", dtype=np.float64, shape=(dataset.rows,))
        made[:] = np.nan
        del made
    vectors = [name for name, counter in counters.items() if sorting and has_form(counter)]
    others = tuple(name for name in counters if name not in set(vectors))
    filtered = [counters[name] for name in vectors if counters[name].where is not None]
    if filtered:
        wheres = ((str(dataset.folder), filtered, str(folder), n) for n in range(len(dataset.parts)))
        for _ in pool.map(_where_part, wheres, cancelled=cancelled):
            pass
    groups = max(1, -(-dataset.rows // GROUP_ROWS))
    if vectors and len(vectors) < pool.width and dataset.rows > pool.width * 100_000:
        groups = max(groups, pool.width)
    pieces = [
        (str(dataset.folder), counters[name], files[name], str(folder), group, groups)
        for name in vectors
        for group in range(groups)
    ]
    for _ in pool.map(_count_group, pieces, cancelled=cancelled):
        pass
    forgotten = 0
    if others:
        forgotten = next(
            iter(
                pool.map(
                    _one_by_one, [(str(dataset.folder), list(packs), files, others)], cancelled=cancelled
                )
            )
        )
    return Counts(files, forgotten, others)


# Which rows a counter counts


def _where_file(folder: str, name: str, number: int) -> Path:
    return Path(folder) / f"where-{blake2b(name.encode(), digest_size=8).hexdigest()}-{number}.npy"


def _where_part(source: str, counters: list[Counter], folder: str, number: int) -> None:
    """Write which rows of a part fulfil the `where` of some counters."""
    conditions = tuple(counter.where for counter in counters if counter.where is not None)
    rules = Rules(conditions)
    chunk = Dataset(Path(source)).chunk(number)
    found, unsure = rules.true_rows(chunk, {})
    rows = np.flatnonzero(unsure).tolist()
    for row in rows:
        seen = chunk.seen(row, {})
        for flags, condition in zip(found, conditions, strict=True):
            flags[row] = outcome(condition, seen) is True
    for counter, flags in zip(counters, found, strict=True):
        np.save(_where_file(folder, counter.name, number), flags)


# Counting by sorting


def _count_group(  # noqa: PLR0917 -- what a process is handed
    source: str, counter: Counter, file: str, folder: str, group: int, groups: int
) -> None:
    """Count one counter for one group of its keys."""
    dataset = Dataset(Path(source))
    keys = [FIELDS["event.platform"], *_specs(counter.by)]  # two platforms may name an author alike
    fields = [*keys, *_specs([counter.of] if counter.of is not None else [])]
    paths = [spec.path for spec in fields]
    columns: list[list[pa.Array]] = [[] for _ in fields]
    times, places, adds = [], [], []
    for number in range(len(dataset.parts)):
        chunk = dataset.chunk(number, [*paths, "event.at"])
        found = [chunk.field(spec) for spec in fields]
        keep = np.ones(chunk.rows, dtype=np.bool_)
        for column in found:
            keep &= valid(column)
        if groups > 1:
            keep &= _spread(found[: len(keys)], chunk.rows) % np.uint64(groups) == group
        rows = np.flatnonzero(keep)
        taken = pa.array(rows)
        for held, column in zip(columns, found, strict=True):
            held.append(column.take(taken))
        times.append(chunk.at[rows])
        places.append(rows + chunk.start)
        if counter.where is not None:
            adds.append(np.load(_where_file(folder, counter.name, number))[rows])
    at = np.concatenate(times)
    add = np.concatenate(adds) if adds else np.ones(len(at), dtype=np.bool_)
    key = _codes(columns[: len(keys)], len(at))
    if counter.counts is CounterKind.COUNT:
        values = count_within(key, at, add, counter.within)
    else:
        member = _codes(columns[len(keys) :], len(at))
        values = distinct_within(key, member, at, add, counter.within)
    made = np.lib.format.open_memmap(file, mode="r+")
    made[np.concatenate(places)] = values
    made.flush()


def _specs(values: Iterable[Value]) -> list[FieldSpec]:
    return [value.spec for value in values if isinstance(value, Field)]


def _spread(columns: list[pa.Array], rows: int) -> np.ndarray[Any, np.dtype[np.uint64]]:
    """Return a number for each row, equal for equal keys: which group the key belongs to."""
    total = np.zeros(rows, dtype=np.uint64)
    for column in columns:
        if pa.types.is_string(column.type):
            words = pc.dictionary_encode(column)
            marks = np.array(
                [crc32(word.encode()) for word in words.dictionary.to_pylist()] + [0], dtype=np.uint64
            )
            part = marks[pc.fill_null(words.indices, len(marks) - 1).to_numpy(zero_copy_only=False)]
        else:
            numbers = pc.fill_null(column.cast(pa.float64()), 0.0).to_numpy(zero_copy_only=False)
            part = (numbers + 0.0).view(np.uint64)
        total = (total ^ part) * _MIX
        total ^= total >> np.uint64(29)
    return total


def _codes(columns: list[list[pa.Array]], rows: int) -> Places:
    """Return one whole number for each row, equal exactly for equal keys."""
    code = np.zeros(rows, dtype=np.int64)
    for pieces in columns:
        encoded = pa.chunked_array(pieces).combine_chunks()
        column = encoded.chunk(0) if isinstance(encoded, pa.ChunkedArray) and encoded.num_chunks else encoded
        if isinstance(column, pa.ChunkedArray):
            return code
        words = pc.dictionary_encode(column)
        part = words.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        code = code * max(1, len(words.dictionary)) + part
        if len(columns) > 1:
            code = np.unique(code, return_inverse=True)[1].astype(np.int64)
    return code


def count_within(key: Places, at: Doubles, add: Flags, within: float) -> Doubles:
    """Return for each row, in order of time, how many rows of its key that `add` lie within the window up to it."""
    total = len(at)
    place = np.arange(total, dtype=np.int64)
    begin = np.searchsorted(at, at - within, side="right")  # the first row that the window holds
    order = np.argsort(key, kind="stable")
    base = key[order] * total
    added = (base + place[order])[add[order]]
    last = np.searchsorted(added, base + place[order], side="right")
    first = np.searchsorted(added, base + begin[order], side="left")
    values = np.empty(total, dtype=np.float64)
    values[order] = last - first
    return values


def distinct_within(key: Places, member: Places, at: Doubles, add: Flags, within: float) -> Doubles:
    """Return for each row how many different members its key has among the rows that `add` within the window."""
    total = len(at)
    place = np.arange(total, dtype=np.int64)
    gone = np.searchsorted(
        at - within, at, side="left"
    )  # the first row whose window no longer holds this one
    adding = place[add]
    order = adding[np.lexsort((adding, member[adding], key[adding]))]
    following = np.full(total, total, dtype=np.int64)  # the next row with the same key and member
    if len(order) > 1:
        same = (key[order][1:] == key[order][:-1]) & (member[order][1:] == member[order][:-1])
        following[order[:-1][same]] = order[1:][same]
    end = np.minimum(following, gone)[adding]
    order = np.argsort(key, kind="stable")
    base = key[order] * (total + 1)
    begun = np.sort(key[adding] * (total + 1) + adding)
    ended = np.sort(key[adding] * (total + 1) + end)
    up_to = base + place[order]
    first = np.searchsorted(begun, base, side="left")
    values = np.empty(total, dtype=np.float64)
    values[order] = (np.searchsorted(begun, up_to, side="right") - first) - (
        np.searchsorted(ended, up_to, side="right") - np.searchsorted(ended, base, side="left")
    )
    return values


# Counting one event after the other


def _one_by_one(
    source: str, packs: list[dict[str, str]], files: dict[str, str], names: tuple[str, ...]
) -> int:
    """Count what has no vector form, by the compiled function of the rules that read it. Returns what was forgotten."""
    wanted = set(names)
    engines = []
    for pack_files in packs:
        loaded = load_pack(pack_files)
        assert loaded.pack is not None
        counters = {
            rule.id: {node for node in walk(rule.when) if isinstance(node, Counter) and node.name in wanted}
            for rule in loaded.pack.rules
        }
        marked = any(node.counts is CounterKind.MARKED for found in counters.values() for node in found)
        rules = tuple(
            rule for rule in loaded.pack.rules if marked or counters[rule.id]
        )  # any rule may set a mark
        engines.append(compile_pack(msgspec.structs.replace(loaded.pack, rules=rules)))
    memories = [MemoryCounters() for _ in engines]
    recorders = [RecordingCounters(memory) for memory in memories]
    made = {name: np.lib.format.open_memmap(files[name], mode="r+") for name in names}
    for chunk in Dataset(Path(source)).chunks():
        for row, (event, signals) in enumerate(chunk.pairs()):
            for engine, recording in zip(engines, recorders, strict=True):
                recording.start()
                engine.judge(event, signals, recording)
                for name in wanted & recording.seen.keys():
                    value, held = recording.seen[name], made[name][chunk.start + row]
                    if value is not None and np.isnan(
                        held
                    ):  # what two versions mark apart, the first one says
                        made[name][chunk.start + row] = value
    return max((memory.forgotten for memory in memories), default=0)
