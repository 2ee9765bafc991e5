"""Counters over all events in order of time, exactly, before any rule is asked.

Rows are sorted by key (`keys`), those of a key in order of time. Each row comes where it stands and leaves at the first
row of its key whose window does not hold it any more; for different members, already where the same member comes
again. The value at a row is how many came, less how many left: one running sum over all keys.

A value depends on the rows of one window alone, so stretches of time are counted apart, each with the rows that its
first windows reach back to. Where these are too many, keys are split into groups that fit into memory instead.

Counters that have no such form (a computed key, a kind that the language gained) are counted one event after the
other by the compiled function itself, on one core.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from hashlib import blake2b
from itertools import chain
from pathlib import Path
from uuid import uuid4

import msgspec
import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]

from hakam.backtest.columns import ROWS
from hakam.backtest.dataset import Chunk, Dataset, Doubles, Flags, Places
from hakam.backtest.keys import ByKey, Words, by_key, mixed, spread, words_of
from hakam.backtest.packs import NOTHING, Files, Outside, opened
from hakam.backtest.texts import StoredHits, Texts, asked
from hakam.backtest.vectors import Rules, fields_of, valid, whole
from hakam.backtest.workers import Here, Pool
from hakam.policy.counters import MemoryCounters, RecordingCounters
from hakam.policy.engine import compile_pack
from hakam.policy.fields import FIELDS, FieldSpec
from hakam.policy.interpret import outcome
from hakam.policy.kinds import Kind
from hakam.policy.tree import Condition, Counter, CounterKind, Field, Listed, Value, walk

STRETCH_ROWS = 400_000  # rows of one stretch of time, at about 300 bytes each while they are counted
BACK_ROWS = 800_000  # rows that a stretch may reach back to; above, the counter's keys are split instead
GROUP_ROWS = 2_000_000  # rows of one group of keys, at about 150 bytes each while they are counted
_BY_ONE = 24  # rows ahead that the end of a window is looked for one by one,
_SELDOM = 16  # as long as one in so many rows goes on
_WORTH_SPLITTING = 100_000  # rows below which one core counts them all


class Counts(msgspec.Struct, frozen=True):
    """Where the values lie: one file of doubles for each counter, a value for each event, NaN for unknown."""

    files: dict[str, str]
    forgotten: int = 0  # entries that did not fit: above 0 the counters of `one_by_one` may be too low
    one_by_one: tuple[str, ...] = ()
    hits: str = (
        ""  # the folder that holds what was found in texts for the rules too, if it was looked for then
    )

    def of(self, chunk: Chunk) -> dict[str, Doubles]:
        """Return the values of all counters for the rows of a chunk."""
        return {
            name: np.fromfile(file, dtype=np.float64, count=chunk.rows, offset=8 * chunk.start)
            for name, file in self.files.items()
        }

    def at(self, positions: Sequence[int]) -> dict[int, dict[str, float | None]]:
        """Return the values of all counters at some positions, `None` for unknown."""
        found: dict[int, dict[str, float | None]] = {position: {} for position in positions}
        for name, file in self.files.items() if positions else ():
            values = np.memmap(file, dtype=np.float64, mode="r")
            for position, made in found.items():
                made[name] = whole(float(values[position]))
        return found


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
    rules: tuple[Condition, ...] = (),
    cancelled: Callable[[], bool] = lambda: False,
) -> Counts:
    """Count everything that the packs count, into files below `folder`; without `sorting` one event at a time.

    If what counters count is looked for in texts, what `rules` ask of texts is looked for in the same go.
    """
    counters = counters_of(packs, outside)
    files: dict[str, str] = {}
    for number, name in enumerate(counters):
        files[name] = str(folder / f"counter-{number}.f64")
    vectors = [name for name, counter in counters.items() if sorting and has_form(counter)]
    others = tuple(name for name in counters if name not in set(vectors))
    filtered = [counters[name] for name in vectors if counters[name].where is not None]
    together = bool(rules and asked(rules) and asked(_wheres(filtered)))
    if filtered:
        plan = folder / "filters.pickle"
        plan.write_bytes(pickle.dumps((tuple(filtered), _searches(rules) if together else ())))
        wheres = ((str(dataset.folder), str(plan), n) for n in range(len(dataset.parts)))
        for _ in pool.map(_where_part, wheres, cancelled=cancelled):
            pass
    given = {} if pool.apart else files  # workers on other machines hand their values back
    rows = (
        min(STRETCH_ROWS, max(1, dataset.rows // pool.width))
        if dataset.rows > _WORTH_SPLITTING
        else dataset.rows
    )
    unknown = np.full(ROWS, np.nan)
    within = {name: _stretches(dataset, counters[name].within, rows) for name in vectors}
    near = [counters[name] for name in vectors if within[name] is not None]
    for name, file in files.items():
        with open(file, "wb") as made:  # noqa: PTH123 -- not a path of a user
            if within.get(name) is not None:
                made.truncate(dataset.rows * unknown.itemsize)  # stretches write all of it
                continue
            made.writelines(
                unknown[: dataset.rows - begin].tobytes() for begin in range(0, dataset.rows, ROWS)
            )
    stretches = _stretches(dataset, max((one.within for one in near), default=0.0), rows) or ()
    for found in pool.map(
        _count_stretch,
        ((str(dataset.folder), near, given, str(folder), *stretch) for stretch in stretches if near),
        cancelled=cancelled,
    ):
        _keep(found, files)
    groups = max(1, -(-dataset.rows // GROUP_ROWS))
    pieces = [
        (str(dataset.folder), counters[name], given, str(folder), group, groups)
        for name in vectors
        if within[name] is None
        for group in range(groups)
    ]
    for found in pool.map(_count_group, pieces, cancelled=cancelled):
        _keep(found, files)
    forgotten = 0
    if others:
        forgotten = next(
            iter(
                (Here() if pool.apart else pool).map(
                    _one_by_one,
                    [(str(dataset.folder), list(packs), outside, files, others)],
                    cancelled=cancelled,
                )
            )
        )
    return Counts(files, forgotten, others, str(folder) if together else "")


# Which rows a counter counts


def _where_file(folder: str, name: str, number: int) -> Path:
    return Path(folder) / f"where-{blake2b(name.encode(), digest_size=8).hexdigest()}-{number}.npy"


class _Filters:
    """What some counters count, over columns; it remembers from part to part what hits often."""

    def __init__(self, counters: tuple[Counter, ...], rules: tuple[Condition, ...]) -> None:
        self.counters, self.conditions = counters, _wheres(counters)
        self.rules = Rules(self.conditions)
        self.texts = Texts((*self.conditions, *rules)) if rules else self.rules.texts
        self.paths = fields_of(self.conditions) | self.texts.paths


def _searches(rules: Sequence[Condition]) -> tuple[Condition, ...]:
    """Return what rules ask of texts, without the rest of them: a list outside packs stays where it is open."""
    return tuple(search for of_field in asked(rules).values() for search in of_field.values())


def _wheres(counters: Sequence[Counter]) -> tuple[Condition, ...]:
    return tuple(counter.where for counter in counters if counter.where is not None)


@lru_cache(maxsize=1)
def _filters(plan: str) -> _Filters:
    counters, rules = pickle.loads(Path(plan).read_bytes())  # noqa: S301 -- written by this run, into its own folder
    return _Filters(counters, rules)


def _where_part(source: str, plan: str, number: int) -> None:
    """Write which rows of a part the counters of a plan count, and what rules ask of the same texts."""
    filters, folder = _filters(plan), str(Path(plan).parent)
    chunk = Dataset(Path(source)).chunk(number, filters.paths)
    hits = filters.texts.hits(chunk)
    if filters.texts is not filters.rules.texts:
        StoredHits(folder).write(number, hits)
    found, unsure = filters.rules.true_rows(chunk, {}, hits)
    rows = np.flatnonzero(unsure).tolist()
    for row in rows:
        seen = chunk.seen(row, {})
        for flags, condition in zip(found, filters.conditions, strict=True):
            flags[row] = outcome(condition, seen) is True
    for counter, flags in zip(filters.counters, found, strict=True):
        path = _where_file(folder, counter.name, number)
        fresh = path.with_suffix(f".{uuid4().hex}")  # a piece may be begun twice, when a machine is lost
        with fresh.open("wb") as file:
            np.save(file, flags)
        fresh.replace(path)


# Counting by sorting

Counted = tuple[
    str, int | Places, Doubles
]  # a counter, where its values stand (from there, or each), the values


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
) -> list[Counted]:
    """Count some counters for the rows of the parts from `begin` to `end`; windows reach back into those before.

    What `files` names is written there, the rest is returned.
    """
    dataset = Dataset(Path(source))
    specs = {spec.path: spec for counter in counters for spec in _fields(counter)}
    columns: dict[str, list[pa.Array]] = {path: [] for path in specs}
    times = []
    for number in range(back, end):
        chunk = dataset.chunk(number, [*specs, "event.at"])
        times.append(chunk.at)
        for path, spec in specs.items():
            columns[path].append(chunk.coded(spec))
    at = np.concatenate(times)
    known = {path: np.concatenate([valid(piece) for piece in pieces]) for path, pieces in columns.items()}
    words = {path: words_of(columns.pop(path)) for path in specs}
    skipped = dataset.starts[begin] - dataset.starts[back]
    made: list[Counted] = []
    for counter in counters:
        paths = [spec.path for spec in _fields(counter)]
        keep = np.logical_and.reduce([known[path] for path in paths])
        add = keep
        if counter.where is not None:
            wheres = [np.load(_where_file(folder, counter.name, number)) for number in range(back, end)]
            add = np.concatenate(wheres)
        if keep.all():
            values = _values(counter, [words[path] for path in paths], at, add)
        else:
            rows = np.flatnonzero(keep)
            taken = [[word[rows] for word in words[path]] for path in paths]
            values = np.full(len(at), np.nan)
            values[rows] = _values(counter, taken, at[rows], add[rows])
        made += _keep([(counter.name, dataset.starts[begin], values[skipped:])], files)
    return made


def _keep(counted: list[Counted], files: dict[str, str]) -> list[Counted]:
    """Write values into the files of their counters; return those that have none here."""
    left = []
    for name, places, values in counted:
        if name not in files:
            left.append((name, places, values))
        elif isinstance(places, int):
            with open(files[name], "r+b") as file:  # noqa: PTH123 -- not a path of a user
                file.seek(places * values.itemsize)
                file.write(values.tobytes())
        else:
            made = np.memmap(files[name], dtype=np.float64, mode="r+")
            made[places] = values
            made.flush()
    return left


def _fields(counter: Counter) -> list[FieldSpec]:
    """Return what a counter reads: its key, the platform first, for two may name an author alike, and its member."""
    return [
        FIELDS["event.platform"],
        *_specs(counter.by),
        *_specs([counter.of] if counter.of is not None else []),
    ]


def _values(counter: Counter, columns: list[list[Words]], at: Doubles, add: Flags) -> Doubles:
    """Return the values of a counter; `columns` are the words of its fields."""
    if counter.counts is CounterKind.COUNT:
        return count_within(by_key(list(chain(*columns)), len(at)), at, add, counter.within)
    keys = by_key(list(chain(*columns[:-1])), len(at))
    members = [word if add.all() else word[add] for word in chain(*columns)]
    return distinct_within(keys, by_key(members, int(add.sum())), at, add, counter.within)


def _count_group(  # noqa: PLR0917 -- what a process is handed
    source: str, counter: Counter, files: dict[str, str], folder: str, group: int, groups: int
) -> list[Counted]:
    """Count one counter for one group of its keys, as `_count_stretch` does."""
    dataset = Dataset(Path(source))
    fields = _fields(counter)
    keys = fields if counter.counts is CounterKind.COUNT else fields[:-1]
    columns: list[list[pa.Array]] = [[] for _ in fields]
    times, places, adds = [], [], []
    for number in range(len(dataset.parts)):
        chunk = dataset.chunk(number, [*(spec.path for spec in fields), "event.at"])
        found = [chunk.coded(spec) for spec in fields]
        keep = np.logical_and.reduce([valid(column) for column in found])
        if groups > 1:
            parts = [spread(column) for column in found[: len(keys)]]
            keep &= mixed(parts, chunk.rows) % np.uint64(groups) == group
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
    values = _values(counter, [words_of(pieces) for pieces in columns], at, add)
    return _keep([(counter.name, np.concatenate(places), values)], files)


def _specs(values: Iterable[Value]) -> list[FieldSpec]:
    return [value.spec for value in values if isinstance(value, Field)]


def leaving(keys: ByKey, at: Doubles, within: float) -> Places:
    """Return for each row, in the order of `keys`, the first of its key whose window does not hold it any more.

    That is a place in the same order; where the key's rows end, if all windows hold it. The search goes ahead row by
    row for all, then for what is left in strides that double, so it costs what windows hold, not what keys have.
    """
    times = at[keys.order]
    gone = times - within  # as the door computes it
    total = len(times)
    if not keys.first[1:].any():
        return np.asarray(np.searchsorted(gone, times, side="left"), dtype=np.int64)
    key = np.cumsum(keys.first, dtype=np.int32)
    ahead = np.zeros(total, dtype=np.uint8)
    for step in range(1, min(_BY_ONE, total - 1) + 1):
        held = (gone[step:] < times[:-step]) & (key[step:] == key[:-step])
        ahead[:-step] += held.view(np.uint8)
        if np.count_nonzero(held) * _SELDOM < total:
            break
    found = np.arange(1, total + 1, dtype=np.int64)
    found += ahead
    rows = np.flatnonzero(held)
    if len(rows):
        found[rows] = _further(rows, found[rows] - 1, keys.ends()[rows], times, gone)
    return found


def _further(rows: Places, low: Places, ends: Places, times: Doubles, gone: Doubles) -> Places:
    """Return for some rows the first place before `ends` that is gone; `low` is one that is not."""
    found = ends.copy()
    open_ = np.arange(len(rows), dtype=np.int64)
    brackets: list[tuple[Places, Places, Places]] = []
    step = 1
    while len(open_):
        high = np.minimum(low + step, ends[open_])
        passed = high == ends[open_]
        passed |= gone[np.minimum(high, len(gone) - 1)] >= times[rows[open_]]
        brackets.append((open_[passed], low[passed], high[passed]))
        open_, low = open_[~passed], high[~passed]
        step *= 2
    open_, low, high = (np.concatenate(some) for some in zip(*brackets, strict=True))
    while int((high - low).max()) > 1:
        middle = (low + high) // 2
        passed = gone[middle] >= times[rows[open_]]
        high, low = np.where(passed, middle, high), np.where(passed, low, middle)
    found[open_] = high
    return found


def _balance(keys: ByKey, add: Flags, leave: Places) -> Doubles:
    """Return for each row how many rows of its key came, itself included, and did not leave yet."""
    total = len(keys.order)
    came = add[keys.order]
    change = np.bincount(leave if add.all() else leave[came], minlength=total + 1)[:total]
    np.subtract(came, change, out=change)
    np.cumsum(change, out=change)  # all have left where the next key begins
    values = np.empty(total, dtype=np.float64)
    values[keys.order] = change
    return values


def count_within(keys: ByKey, at: Doubles, add: Flags, within: float) -> Doubles:
    """Return for each row, in order of time, how many rows of its key that `add` lie within the window up to it."""
    return _balance(keys, add, leaving(keys, at, within))


def distinct_within(keys: ByKey, pairs: ByKey, at: Doubles, add: Flags, within: float) -> Doubles:
    """Return for each row how many different members its key has among the rows that `add` within the window.

    `pairs` are the rows that `add` (numbered among themselves) by key and member: a row leaves at the latest where
    its member comes again.
    """
    leave = leaving(keys, at, within)
    adding = np.flatnonzero(add)
    if len(adding) > 1:
        place = np.empty(len(keys.order), dtype=np.int64)
        place[keys.order] = np.arange(len(keys.order), dtype=np.int64)
        where = place[adding[pairs.order]]
        again = ~pairs.first[1:]
        before, after = where[:-1][again], where[1:][again]
        leave[before] = np.minimum(leave[before], after)
    return _balance(keys, add, leave)


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
    made = {name: np.memmap(files[name], dtype=np.float64, mode="r+") for name in names}
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
