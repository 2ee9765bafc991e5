"""Events as columns: one column for each field that a rule can read, with the measurements taken once.

The columns derive from the table of fields, so a field that the language gains is stored without a change here.
`raw` keeps the event as it came: what no column holds is read from there, and a row that columns can't represent
exactly (`odd`) is judged from there alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC
from functools import cache
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]

from hakam.policy.fields import FIELDS, HELPERS, FieldSpec, score_field
from hakam.policy.kinds import Kind
from hakam.signals.fold import FOLD_VERSION
from hakam.signals.links import SUFFIXES
from hakam.signals.measure import ALL_NEEDS, Need, Signals, measure
from hakam.vocabulary.event import SCHEMA_VERSION, Event

FORMAT = 1
ROWS = 32_768  # in a part, which is one row group
MAX_SCORES = 100  # columns for scores in a part; a name beyond them is read from `raw`
_WHOLE = 2.0**53  # whole numbers up to here are exact in a double

# Texts that `text.raw` holds already: read from `raw` by the few rules that ask for them.
LEFT_OUT = frozenset(
    {"item.text", "item.title", "text.private_data", "text.private_countries", "text.skeleton"}
)
# What `Signals` is made of again, column by column.
SIGNALS = {
    "text": "text.raw",
    "folded": "text.folded",
    "words": "text.words",
    "repairs": "text.repairs",
    "fingerprint": "text.fingerprint",
    "script": "text.script",
    "language": "text.language",
    "links": "links.urls",
    "hosts": "links.hosts",
    "domains": "links.domains",
}

TYPES: dict[Kind, pa.DataType] = {
    Kind.TEXT: pa.string(),
    Kind.FOLDED: pa.string(),
    Kind.NUMBER: pa.float64(),
    Kind.TIME: pa.float64(),
    Kind.DURATION: pa.float64(),
    Kind.CONDITION: pa.bool_(),
    Kind.TEXTS: pa.list_(pa.string()),
    Kind.NUMBERS: pa.list_(pa.float64()),
}


class Row(NamedTuple):
    """One event on its way into columns. `folded` and `repairs` are given if they were measured before.

    `problem` says why it is none; `file` and `number` where it stands, if that is a row of a file.
    """

    raw: bytes
    decided: str | None = None
    folded: str | None = None
    repairs: int | None = None
    problem: str = ""
    file: str = ""
    number: int = 0


class Refused(NamedTuple):
    """A row that is no event: its place in the input, why, and its file with its number there, if it is of one."""

    number: int
    why: str
    file: str = ""
    row: int = 0


def column_of(path: str) -> str:
    """Return the name of a field's column: `author_age`, `scores_toxicity`."""
    if path.startswith("scores["):
        return f"scores_{path[8:-2]}"
    return path.replace(".", "_")


@cache
def stored() -> tuple[FieldSpec, ...]:
    """Return the fields that have a column, in the order of the table."""
    return tuple(spec for path, spec in FIELDS.items() if spec.kind in TYPES and path not in LEFT_OUT)


@cache
def _values() -> Callable[[Event, Signals], tuple[Any, ...]]:
    codes = "".join(f"({spec.code}), " for spec in stored())
    source = f"lambda e, s: (lambda a, i, x: ({codes}))(e.author, e.item, e.context)"
    return eval(source, dict(HELPERS))  # type: ignore[no-any-return]  # noqa: S307 -- text from the table of fields


_decode = msgspec.json.Decoder(Event).decode
_OTHERS = ALL_NEEDS - {Need.FOLDED, Need.WORDS, Need.REPAIRS, Need.FINGERPRINT}


def read_event(raw: bytes) -> Event:
    """Return the event, as the door would. Raises `ValueError` with what is wrong."""
    try:
        event = _decode(raw)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise ValueError(str(error)) from error
    created = event.author.created_at
    if event.at.tzinfo is None or (created is not None and created.tzinfo is None):
        raise ValueError("a time has no zone")
    try:
        event.at.astimezone(UTC)
    except OverflowError:
        raise ValueError("a time lies beyond the years 1 to 9999 in UTC") from None
    if not 1 <= event.version <= SCHEMA_VERSION:
        raise ValueError(f"version {event.version} is not known")
    return event


def measured(event: Event, row: Row) -> Signals:
    """Return all signals of an event. What folding gave is taken over if it was stored, the rest is measured."""
    if row.folded is None or row.repairs is None:
        return measure(event)
    from hakam.signals.fingerprint import fingerprint  # noqa: PLC0415 -- only for rows of the archive
    from hakam.signals.fold import split_words  # noqa: PLC0415 -- as above

    words = split_words(row.folded)
    rest = measure(event, _OTHERS)
    return msgspec.structs.replace(
        rest, folded=row.folded, words=words, repairs=row.repairs, fingerprint=fingerprint(words)
    )


def to_table(rows: Iterable[Row]) -> tuple[pa.Table, list[Refused]]:
    """Return some events as a table in order of their time, and the rows that are no events."""
    values, raws, decided, scores = [], [], [], []
    refused: list[Refused] = []
    read = _values()
    for number, row in enumerate(rows):
        try:
            event = read_event(row.raw)
        except ValueError as error:
            refused.append(Refused(number, row.problem or str(error), row.file, row.number))
            continue
        values.append(read(event, measured(event, row)))
        raws.append(row.raw)
        decided.append(row.decided)
        scores.append(event.scores)
    odd = np.zeros(len(values), dtype=bool)
    columns = list(zip(*values, strict=True)) or [()] * len(stored())
    arrays: dict[str, pa.Array] = {
        column_of(spec.path): array_of(column, spec, odd)
        for spec, column in zip(stored(), columns, strict=True)
    }
    tally: dict[str, int] = {}
    for some in scores:
        for name in some:
            tally[name] = tally.get(name, 0) + 1
    for name in sorted(sorted(tally), key=lambda name: -tally[name])[:MAX_SCORES]:
        arrays[f"scores_{name}"] = array_of([some.get(name) for some in scores], score_field(name), odd)
    arrays["raw"] = pa.array(raws, pa.binary())
    arrays["decided"] = pa.array(decided, pa.string())
    arrays["odd"] = pa.array(odd)
    table = pa.table(arrays)
    at = arrays["event_at"].to_numpy(zero_copy_only=False)
    if len(at) > 1 and bool((at[1:] < at[:-1]).any()):
        table = table.take(pa.array(np.argsort(at, kind="stable")))
    return table, refused


def array_of(column: Sequence[Any], spec: FieldSpec, odd: np.ndarray[Any, np.dtype[np.bool_]]) -> pa.Array:
    """Return a column. Values that it can't hold exactly are left out and their rows marked."""
    kind = TYPES[spec.kind]
    try:
        return pa.array(column, kind)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, UnicodeError):
        kept: list[Any] = []
        for n, value in enumerate(column):
            try:
                pa.array([value], kind)
            except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, UnicodeError):
                odd[n] = True
                kept.append(None)
            else:
                kept.append(value)
        return pa.array(kept, kind)


def signature() -> dict[str, Any]:
    """Return what must be equal for stored columns to be of use: other folding or suffixes make them stale."""
    return {
        "format": FORMAT,
        "fold_version": FOLD_VERSION,
        "suffixes": SUFFIXES,
        "fields": {spec.path: str(spec.kind) for spec in stored()},
    }
