"""Counters over all events in order of time, exactly, before any rule is asked.

A key's rows are counted with sorting and binary search alone. With rows in order of time, the window of a row begins
at one position, which a search in the times gives; how many rows of the same key lie between is a difference of two
ranks. For different members, a row counts from its own position until the same member comes again or the window has
passed it: a difference of two ranks again.

A value depends on the rows of one window alone, so stretches of time are counted apart, each with the rows that its
first windows reach back to. Where these are too many, keys are split into groups that fit into memory instead.

Counters that have no such form (a computed key, a kind that the language gained) are counted one event after the
other by the compiled function itself, on one core.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any
from zlib import crc32

import msgspec
import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]

from hakam.backtest.dataset import Chunk, Dataset, Doubles, Flags, Places
from hakam.backtest.packs import NOTHING, Files, Outside, opened
from hakam.backtest.vectors import Rules, valid
from hakam.backtest.workers import Pool
from hakam.policy.counters import MemoryCounters, RecordingCounters
from hakam.policy.engine import compile_pack
from hakam.policy.fields import FIELDS, FieldSpec
from hakam.policy.interpret import outcome
from hakam.policy.kinds import Kind
from hakam.policy.tree import Condition, Counter, CounterKind, Field, Listed, Value, walk

STRETCH_ROWS = 400_000  # rows of one stretch of time, at about 300 bytes each while they are counted
BACK_ROWS = 800_000  # rows that a stretch may reach back to; above, the counter's keys are split instead
GROUP_ROWS = 2_000_000  # rows of one group of keys, at about 150 bytes each while they are counted
_WORTH_SPLITTING = 100_000  # rows below which one core counts them all
_MOST = 2**62  # of the numbers that keys become
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


def counters_of(packs: Sequence[Files], outside: Outside = NOTHING) -> dict[str, Counter]:
    """Return the counters of some packs (as files) by name. Equal names count the same."""
    found: dict[str, Counter] = {}
    for files in packs:
        for rule in opened(files, outside).rules:
            for node in walk(rule.when):
                if isinstance(node, Counter):
                    found.setdefault(node.name, node)
    return found


def has_form(counter: Counter) -> bool:
    """Whether a counter can be counted by sorting: fields as keys, and a kind that is known here.

    Numbers are no such keys: those that a column can't hold exactly would be lost or one. A filter that asks a list
    outside packs stays where that list is open.
    """
    if counter.where is not None and any(isinstance(node, Listed) for node in walk(counter.where)):
        return False
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
    outside: Outside = NOTHING,
    sorting: bool = True,
    cancelled: Callable[[], bool] = lambda: False,
) -> Counts:
    """Count everything that the packs count, into files below `folder`; without `sorting` one event at a time."""
    counters = counters_of(packs, outside)
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
        wheres = ((str(dataset.folder), tuple(filtered), str(folder), n) for n in range(len(dataset.parts)))
        for _ in pool.map(_where_part, wheres, cancelled=cancelled):
            pass
    rows = (
        min(STRETCH_ROWS, max(1, dataset.rows // pool.width))
        if dataset.rows > _WORTH_SPLITTING
        else dataset.rows
    )
    within = {name: _stretches(dataset, counters[name].within, rows) for name in vectors}
    near = [counters[name] for name in vectors if within[name] is not None]
    stretches = _stretches(dataset, max((one.within for one in near), default=0.0), rows) or ()
    for _ in pool.map(
        _count_stretch,
        ((str(dataset.folder), near, files, str(folder), *stretch) for stretch in stretches if near),
        cancelled=cancelled,
    ):
        pass
    groups = max(1, -(-dataset.rows // GROUP_ROWS))
    pieces = [
        (str(dataset.folder), counters[name], files[name], str(folder), group, groups)
        for name in vectors
        if within[name] is None
        for group in range(groups)
    ]
    for _ in pool.map(_count_group, pieces, cancelled=cancelled):
        pass
    forgotten = 0
    if others:
        forgotten = next(
            iter(
                pool.map(
                    _one_by_one,
                    [(str(dataset.folder), list(packs), outside, files, others)],
                    cancelled=cancelled,
                )
            )
        )
    return Counts(files, forgotten, others)


# Which rows a counter counts


def _where_file(folder: str, name: str, number: int) -> Path:
    return Path(folder) / f"where-{blake2b(name.encode(), digest_size=8).hexdigest()}-{number}.npy"


@lru_cache(maxsize=1)
def _rules(conditions: tuple[Condition, ...]) -> Rules:
    """Return the conditions over columns, which remember from part to part what hits often."""
    return Rules(conditions)


def _where_part(source: str, counters: tuple[Counter, ...], folder: str, number: int) -> None:
    """Write which rows of a part fulfil the `where` of some counters."""
    conditions = tuple(counter.where for counter in counters if counter.where is not None)
    rules = _rules(conditions)
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


def _stretches(dataset: Dataset, within: float, rows: int) -> list[tuple[int, int, int]] | None:
    """Return stretches of time as numbers of parts: where each reaches back to, begins and ends.

    `None` if one would reach back to too many rows.
    """
    parts, starts = dataset.parts, dataset.starts
    found = []
    begin = back = 0
    while begin < len(parts):
        end = begin + 1
        while end < len(parts) and starts[end + 1] - starts[begin] <= rows:
            end += 1
        while back < begin and parts[back].last <= parts[begin].first - within:
            back += 1
        if starts[begin] - starts[back] > BACK_ROWS:
            return None
        found.append((back, begin, end))
        begin = end
    return found


def _count_stretch(  # noqa: PLR0917 -- what a process is handed
    source: str, counters: list[Counter], files: dict[str, str], folder: str, back: int, begin: int, end: int
) -> None:
    """Count some counters for the rows of the parts from `begin` to `end`; windows reach back into those before."""
    dataset = Dataset(Path(source))
    specs = {spec.path: spec for counter in counters for spec in _fields(counter)}
    columns: dict[str, list[pa.Array]] = {path: [] for path in specs}
    times = []
    for number in range(back, end):
        chunk = dataset.chunk(number, [*specs, "event.at"])
        times.append(chunk.at)
        for path, spec in specs.items():
            columns[path].append(chunk.field(spec))
    at = np.concatenate(times)
    codes = {}
    for path in specs:
        codes[path] = _code(columns.pop(path))
    skipped = dataset.starts[begin] - dataset.starts[back]
    for counter in counters:
        found = [codes[spec.path] for spec in _fields(counter)]
        keep = np.ones(len(at), dtype=np.bool_)
        for code, _ in found:
            keep &= code >= 0
        add = keep
        if counter.where is not None:
            wheres = [np.load(_where_file(folder, counter.name, number)) for number in range(back, end)]
            add = np.concatenate(wheres)
        rows = np.flatnonzero(keep)
        taken = [(code[rows], size) for code, size in found]
        values = np.full(len(at), np.nan)
        values[rows] = _values(counter, taken, at[rows], add[rows])
        made = np.lib.format.open_memmap(files[counter.name], mode="r+")
        made[dataset.starts[begin] : dataset.starts[end]] = values[skipped:]
        made.flush()


def _fields(counter: Counter) -> list[FieldSpec]:
    """Return what a counter reads: its key, the platform first, for two may name an author alike, and its member."""
    return [
        FIELDS["event.platform"],
        *_specs(counter.by),
        *_specs([counter.of] if counter.of is not None else []),
    ]


def _values(counter: Counter, codes: list[Code], at: Doubles, add: Flags) -> Doubles:
    if counter.counts is CounterKind.COUNT:
        return count_within(combined(codes), at, add, counter.within)
    return distinct_within(combined(codes[:-1]), codes[-1][0], at, add, counter.within)


def _count_group(  # noqa: PLR0917 -- what a process is handed
    source: str, counter: Counter, file: str, folder: str, group: int, groups: int
) -> None:
    """Count one counter for one group of its keys."""
    dataset = Dataset(Path(source))
    fields = _fields(counter)
    keys = fields if counter.counts is CounterKind.COUNT else fields[:-1]
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
    values = _values(counter, [_code(pieces) for pieces in columns], at, add)
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


Code = tuple[
    Places, int
]  # a whole number from 0 for each row, -1 for unknown, and how many different ones there are


def _code(pieces: list[pa.Array]) -> Code:
    """Return one whole number for each row of a column, equal exactly for equal values."""
    encoded = pc.dictionary_encode(pa.chunked_array(pieces, pieces[0].type))
    if not encoded.num_chunks:
        return np.zeros(0, dtype=np.int64), 0
    numbers = [
        pc.fill_null(chunk.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
        for chunk in encoded.chunks
    ]
    return np.concatenate(numbers), len(encoded.chunk(encoded.num_chunks - 1).dictionary)


def combined(codes: list[Code]) -> Places:
    """Return one whole number for each row, equal exactly for rows that are equal in every code.

    Multiplied by the number of rows it still fits into 63 bits.
    """
    rows = len(codes[0][0])
    most = _MOST // (rows + 1)
    total, size = np.zeros(rows, dtype=np.int64), 1
    for code, count in codes:
        if count <= 1:
            continue
        total, size = total * count + code, size * count
        if size > most:
            different, total = np.unique(total, return_inverse=True)
            size = len(different)
    return total


def _by_key(key: Places) -> tuple[Places, Places]:
    """Return the rows in order of key and place, and `key * rows + place` in that order."""
    total = len(key)
    ranked = np.sort(
        key * total + np.arange(total, dtype=np.int64)
    )  # several times as fast as sorting places
    return ranked % max(1, total), ranked


def count_within(key: Places, at: Doubles, add: Flags, within: float) -> Doubles:
    """Return for each row, in order of time, how many rows of its key that `add` lie within the window up to it."""
    total = len(at)
    begin = np.searchsorted(at, at - within, side="right")  # the first row that the window holds
    order, ranked = _by_key(key)
    added = np.concatenate(([0], np.cumsum(add[order])))
    first = np.searchsorted(ranked, ranked - order + begin[order], side="left")
    values = np.empty(total, dtype=np.float64)
    values[order] = added[1:] - added[first]
    return values


def distinct_within(key: Places, member: Places, at: Doubles, add: Flags, within: float) -> Doubles:
    """Return for each row how many different members its key has among the rows that `add` within the window."""
    total = len(at)
    place = np.arange(total, dtype=np.int64)
    # the first row whose window no longer holds this one
    gone = np.searchsorted(at - within, at, side="left")
    adding = place[add]
    following = np.full(total, total, dtype=np.int64)  # the next row with the same key and member
    if len(adding) > 1:
        counts = int(key.max()) + 1, int(member.max()) + 1
        same, ranked = _by_key(combined([(key[adding], counts[0]), (member[adding], counts[1])]))
        pair = ranked // len(adding)
        again = pair[1:] == pair[:-1]
        following[adding[same[:-1][again]]] = adding[same[1:][again]]
    end = np.minimum(following, gone)[adding]
    order, _ = _by_key(key)
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
    source: str, packs: list[Files], outside: Outside, files: dict[str, str], names: tuple[str, ...]
) -> int:
    """Count what has no vector form, by the compiled function of the rules that read it. Returns what was forgotten."""
    wanted = set(names)
    engines = []
    for pack_files in packs:
        pack = opened(pack_files, outside)
        counters = {
            rule.id: {node for node in walk(rule.when) if isinstance(node, Counter) and node.name in wanted}
            for rule in pack.rules
        }
        marked = any(node.counts is CounterKind.MARKED for found in counters.values() for node in found)
        rules = tuple(rule for rule in pack.rules if marked or counters[rule.id])  # any rule may set a mark
        engines.append(compile_pack(msgspec.structs.replace(pack, rules=rules)))
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
