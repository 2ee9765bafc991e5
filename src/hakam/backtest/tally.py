"""What is counted while events are judged. Tallies of parts are added up, in any order, to the tally of the whole."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]

from hakam.backtest.dataset import Chunk, Flags
from hakam.backtest.decided import Meaning
from hakam.policy.fields import FIELDS

Sample = list[tuple[int, int]]  # (draw, position), the smallest draws
Numbers = np.ndarray[Any, np.dtype[np.int64]]
DAY = 86_400
_FAMILIES = ("hits", "near", "newly", "no_longer")


class Unit(msgspec.Struct, frozen=True):
    """A rule that is judged once, although both versions of a pack may have it. Places count in each pack's order."""

    rule: str
    policy: str
    digest: str
    after: int | None = None
    before: int | None = None


class Tally(msgspec.Struct):
    """Counts of some events. Arrays have an entry for each unit."""

    units: int
    events: int = 0
    fires: Numbers = msgspec.field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    languages: dict[str, int] = {}
    days: dict[str, int] = {}
    by_language: dict[str, Numbers] = {}
    by_day: dict[str, Numbers] = {}
    together: Numbers = msgspec.field(default_factory=lambda: np.zeros((0, 0), dtype=np.int64))
    any_after: int = 0
    any_before: int = 0
    samples: dict[str, dict[str, Sample]] = {}  # family -> rule -> sample
    differ: dict[str, tuple[int, int]] = {}  # rule -> (newly fires, no longer fires)
    events_newly: int = 0  # events on which something fires that nothing did before
    events_no_longer: int = 0
    decisions: dict[str, int] = {}
    agree: Numbers = msgspec.field(default_factory=lambda: np.zeros((0, 4), dtype=np.int64))
    agree_any: Numbers = msgspec.field(default_factory=lambda: np.zeros(4, dtype=np.int64))
    agree_any_before: Numbers = msgspec.field(default_factory=lambda: np.zeros(4, dtype=np.int64))
    near_among: int = 0
    near: dict[str, int] = {}
    unsure: int = 0
    failed: dict[str, int] = {}


def draws(positions: Numbers, salt: int) -> np.ndarray[Any, np.dtype[np.uint64]]:
    """Return an even, repeatable draw for each position, another for each salt (SplitMix64)."""
    mixed = positions.astype(np.uint64) + np.uint64(salt * 0x9E3779B97F4A7C15 % (1 << 64))
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    made: np.ndarray[Any, np.dtype[np.uint64]] = mixed ^ (mixed >> np.uint64(31))
    return made


def drawn(flags: Flags, start: int, salt: int, size: int) -> Sample:
    """Return a uniform sample of the rows that are set: those with the smallest draws, however the work is split."""
    rows = np.flatnonzero(flags)
    if not len(rows):
        return []
    positions = rows.astype(np.int64) + start
    found = draws(positions, salt)
    if len(found) > size:
        kept = np.argpartition(found, size)[:size]
        positions, found = positions[kept], found[kept]
    return sorted(zip(found.tolist(), positions.tolist(), strict=True))


def tally_chunk(
    chunk: Chunk, units: list[Unit], fired: list[Flags], *, meaning: Meaning, size: int, against: bool
) -> Tally:
    """Count one chunk. `fired` holds the rows of each unit, `against` says whether there are two versions."""
    rows, start = chunk.rows, chunk.start
    made = Tally(len(units), rows)
    matrix = np.array(fired) if units else np.zeros((0, rows), dtype=np.bool_)
    which, where = np.divmod(np.flatnonzero(matrix), max(1, rows))  # each firing: its unit, its row
    made.fires = np.bincount(which, minlength=len(units)).astype(np.int64)
    after = np.array([unit.after is not None for unit in units], dtype=np.bool_)
    before = np.array([unit.before is not None for unit in units], dtype=np.bool_)
    many = np.bincount(where, minlength=rows)
    made.any_after = int(np.count_nonzero(many if after.all() else matrix[after].any(axis=0)))
    _count_by(made, chunk, which, where)
    busy = matrix[:, many > 1].astype(np.float32)
    made.together = (busy @ busy.T).astype(np.int64)
    made.samples = {family: {} for family in _FAMILIES}
    for n, unit in enumerate(units):
        if unit.after is not None and made.fires[n]:
            made.samples["hits"][unit.rule] = drawn(matrix[n], start, _salt(unit.rule), size)
    if against:
        _compare(made, matrix, units, before, after, start, size)
    _agree(made, chunk, matrix, units, meaning, after, before)
    return made


def _salt(rule: str) -> int:
    return int.from_bytes(rule.encode()[:32].rjust(4), "big") % (1 << 62)


def _count_by(made: Tally, chunk: Chunk, which: Numbers, where: Numbers) -> None:
    words = chunk.coded(FIELDS["text.language"])
    if not isinstance(words, pa.DictionaryArray):
        words = pc.dictionary_encode(words)
    names = [*words.dictionary.to_pylist(), ""]
    codes = pc.fill_null(words.indices, len(names) - 1).to_numpy(zero_copy_only=False)
    dates, places = _days(chunk)
    for labels, code, totals, by in (
        (names, codes, made.languages, made.by_language),
        (dates, places, made.days, made.by_day),
    ):
        count = np.bincount(code, minlength=len(labels))
        hit = np.bincount(which * len(labels) + code[where], minlength=made.units * len(labels))
        hits = hit.reshape(made.units, len(labels)).astype(np.int64)
        for n, name in enumerate(labels):
            if count[n]:
                totals[name] = totals.get(name, 0) + int(count[n])
                by[name] = by[name] + hits[:, n] if name in by else hits[:, n].copy()


def _days(chunk: Chunk) -> tuple[list[str], Numbers]:
    """Return the days of a chunk, and the place of each row's day among them."""
    if chunk.between is not None and chunk.between[0] // DAY == chunk.between[1] // DAY:
        return [_date(chunk.between[0] // DAY)], np.zeros(chunk.rows, dtype=np.int64)
    day = np.floor(chunk.at / DAY).astype(np.int64)  # in order, as the rows are
    fresh = np.concatenate(([True], day[1:] != day[:-1]))
    return [_date(one) for one in day[fresh]], np.cumsum(fresh) - 1


def _date(day: float) -> str:
    return datetime.fromtimestamp(int(day) * DAY, UTC).date().isoformat()


def _compare(  # noqa: PLR0917 -- parts of one count
    made: Tally, matrix: Any, units: list[Unit], before: Flags, after: Flags, start: int, size: int
) -> None:
    any_before, any_after = matrix[before].any(axis=0), matrix[after].any(axis=0)
    made.any_before = int(any_before.sum())
    made.events_newly = int((any_after & ~any_before).sum())
    made.events_no_longer = int((any_before & ~any_after).sum())
    nothing = np.zeros(matrix.shape[1], dtype=np.bool_)
    pairs: dict[str, list[Any]] = {}
    for n, unit in enumerate(units):
        pair = pairs.setdefault(unit.rule, [nothing, nothing])
        if unit.before is not None:
            pair[0] = matrix[n]
        if unit.after is not None:
            pair[1] = matrix[n]
    for rule, (old, new) in pairs.items():
        newly, no_longer = new & ~old, old & ~new
        made.differ[rule] = (int(newly.sum()), int(no_longer.sum()))
        made.samples["newly"][rule] = drawn(newly, start, _salt(rule) + 1, size)
        made.samples["no_longer"][rule] = drawn(no_longer, start, _salt(rule) + 2, size)


def _agree(  # noqa: PLR0917 -- parts of one count
    made: Tally, chunk: Chunk, matrix: Any, units: list[Unit], meaning: Meaning, after: Flags, before: Flags
) -> None:
    """Compare with what people decided. A decision that names a clause is one for the rules of that clause alone."""
    made.agree = np.zeros((len(units), 4), dtype=np.int64)
    column = chunk.stored("decided")
    if column.null_count == chunk.rows:
        return
    words = pc.dictionary_encode(column)
    texts = words.dictionary.to_pylist()
    codes = pc.fill_null(words.indices, -1).to_numpy(zero_copy_only=False)
    for text, count in zip(texts, np.bincount(codes[codes >= 0], minlength=len(texts)), strict=True):
        made.decisions[text] = int(count)
    read = [meaning.read(text) for text in texts]
    usable = _among(codes, [n for n, one in enumerate(read) if one is not None])
    violating = _among(codes, [n for n, one in enumerate(read) if one is not None and one[0]])
    of_policy: dict[str, Flags] = {}
    for n, unit in enumerate(units):
        if unit.policy not in of_policy:
            of_policy[unit.policy] = _among(
                codes,
                [
                    place
                    for place, one in enumerate(read)
                    if one is not None and one[0] and one[1] in {None, unit.policy}
                ],
            )
        made.agree[n] = _four(matrix[n], of_policy[unit.policy], usable)
    made.agree_any = _four(matrix[after].any(axis=0), violating, usable)
    made.agree_any_before = _four(matrix[before].any(axis=0), violating, usable)


def _among(codes: Any, wanted: list[int]) -> Flags:
    return np.isin(codes, np.array(wanted, dtype=codes.dtype))


def _four(fired: Flags, violating: Flags, usable: Flags) -> Numbers:
    return np.array(
        [
            (fired & violating & usable).sum(),
            (fired & ~violating & usable).sum(),
            (~fired & violating & usable).sum(),
            (~fired & ~violating & usable).sum(),
        ],
        dtype=np.int64,
    )


def add(total: Tally, part: Tally, size: int) -> None:
    """Add the tally of some events to another's."""
    if not total.events:
        total.fires, total.together, total.agree = (
            np.zeros_like(part.fires),
            np.zeros_like(part.together),
            np.zeros_like(part.agree),
        )
    for name in (
        "events",
        "any_after",
        "any_before",
        "events_newly",
        "events_no_longer",
        "near_among",
        "unsure",
    ):
        setattr(total, name, getattr(total, name) + getattr(part, name))
    for name in ("fires", "together", "agree", "agree_any", "agree_any_before"):
        setattr(total, name, getattr(total, name) + getattr(part, name))
    for name in ("languages", "days", "decisions", "failed", "near", "by_language", "by_day"):
        held = getattr(total, name)
        for key, value in getattr(part, name).items():
            held[key] = held[key] + value if key in held else value
    for rule, (newly, no_longer) in part.differ.items():
        old = total.differ.get(rule, (0, 0))
        total.differ[rule] = (old[0] + newly, old[1] + no_longer)
    for family, samples in part.samples.items():
        kept = total.samples.setdefault(family, {})
        for rule, sample in samples.items():
            kept[rule] = sorted([*kept.get(rule, []), *sample])[:size]


def total(parts: Iterable[Tally], units: int, size: int) -> Tally:
    """Return the sum of some tallies."""
    made = Tally(units)
    for part in parts:
        add(made, part, size)
    return made
