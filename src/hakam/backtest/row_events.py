"""From a row to an event: which column is which field, and what a row leaves out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from difflib import get_close_matches
from functools import cache
from typing import Any

import msgspec
from msgspec import inspect

from hakam.backtest.rows import Row
from hakam.vocabulary.event import ContentKind, Event
from hakam.vocabulary.yes_no import yes_or_no

SHORT_NAMES = {
    "text": "item.text",
    "title": "item.title",
    "lang": "item.language",
    "language": "item.language",
    "url": "item.url",
    "user": "author.id",
    "user_id": "author.id",
    "author_id": "author.id",
    "created_at": "at",
    "timestamp": "at",
}
STRUCTS = ("author", "item", "context")  # whole, as NDJSON and Parquet can hold them
FREE = ("scores", "extra")  # any name below them is a field
IDS = frozenset({"id", "parent", "thread", "community"})  # last parts of the names of fields that are ids
LIST_SEPARATOR = "|"
_ZONED = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}[ Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?) ?(?:([+-][0-9]{2}):?([0-9]{2})?|UTC)"
)
_COMMA = re.compile(r"^\s*([01]),([0-9]+)\s*$")  # a share as much of the world writes it
_MAX_DIGITS = 400  # more than any double has: zeros before the number


class MappingError(ValueError):
    """A column can't be what it was said to be. The message tells the nearest field."""


@cache
def event_fields() -> dict[str, Any]:
    """Return every field of an event by its dotted name, with its type."""
    return dict(_fields("", inspect.type_info(Event)))


def _fields(prefix: str, kind: Any) -> Iterable[tuple[str, Any]]:
    for field in kind.fields:
        name = f"{prefix}{field.encode_name}"
        inner = _plain(field.type)
        if isinstance(inner, inspect.StructType):
            yield from _fields(f"{name}.", inner)
        else:
            yield name, inner


def _plain(kind: Any) -> Any:
    while isinstance(kind, inspect.Metadata):
        kind = kind.type
    if isinstance(kind, inspect.UnionType):
        others = [_plain(one) for one in kind.types if not isinstance(one, inspect.NoneType)]
        return others[0] if len(others) == 1 else kind
    return kind


def field_for(name: str) -> str:
    """Return the event's field that `name` (a dotted or a short name) means. Raises `MappingError`."""
    field = SHORT_NAMES.get(name, name)
    root, dot, rest = field.partition(".")
    if field in event_fields() or field in STRUCTS or (root in FREE and dot and rest):
        return field
    near = get_close_matches(field, [*event_fields(), *SHORT_NAMES], n=1, cutoff=0.5)
    hint = f"; did you mean `{near[0]}`?" if near else ""
    raise MappingError(f"an event has no field `{name}`{hint}")


def read_mapping(pairs: Sequence[str]) -> dict[str, str]:
    """Return `column=field` pairs as a mapping; no field: leave the column out. Raises `MappingError`."""
    mapping: dict[str, str] = {}
    for pair in pairs:
        column, sign, field = (part.strip() for part in pair.partition("="))
        if not sign or not column:
            raise MappingError(f"{pair!r} is no mapping: it takes `column=field`, as `body=item.text`")
        mapping[column] = field_for(field) if field else ""
    return mapping


class Plan(msgspec.Struct, frozen=True):
    """What becomes of each column: the field that it is, a label that no rule sees, or nothing."""

    fields: dict[str, str]
    labels: tuple[str, ...]
    left_out: tuple[str, ...] = ()


def plan(columns: Sequence[str], mapping: Mapping[str, str]) -> Plan:
    """Decide what each column is: as `mapping` says, else by its own name. Raises `MappingError`.

    A column whose name is no field of an event is a label. So is one whose field another column has already.
    """
    absent = [column for column in mapping if column not in columns]
    if absent:
        near = get_close_matches(absent[0], columns, n=1, cutoff=0.5)
        hint = f"did you mean `{near[0]}`?" if near else f"it has {', '.join(columns)}"
        raise MappingError(f"there is no column `{absent[0]}`; {hint}")
    fields = {column: field for column, field in mapping.items() if field}
    left_out = {column for column, field in mapping.items() if not field}
    for column in columns:
        if column in fields or column in left_out:
            continue
        try:
            field = field_for(column)
        except MappingError:
            continue
        if field not in fields.values():
            fields[column] = field
    labels = tuple(column for column in columns if column not in fields and column not in left_out)
    return Plan(fields, labels, tuple(left_out))


def no_text(columns: Sequence[str]) -> str:
    """Say that no column of a table is what is judged, and what to do."""
    alone = " and columns stand between commas, semicolons or tabs" if len(columns) == 1 else ""
    return (
        f"no column is what is judged (it has {', '.join(columns)}{alone}); say which is the text: "
        f"--map {columns[0]}=item.text"
    )


class EventMaker:
    """Makes one file's rows into events. What a row does not say is filled in, the same at every run."""

    def __init__(
        self,
        *,
        digest: str,
        platform: str,
        kind: ContentKind,
        made: Plan,
        now: datetime,
        keep_labels: bool = False,
        again: str = "",
    ) -> None:
        self._prefix = f"replay-{digest[:16]}{'-' if again else ''}{again}"
        self._platform, self._kind, self._keep = platform, kind.value, keep_labels
        self._now = now.astimezone(UTC).isoformat()
        self._paths = {column: field.split(".") for column, field in made.fields.items()}
        self._labels, self._left_out = set(made.labels), set(made.left_out)

    def event(self, row: Row) -> dict[str, Any]:
        """Return the event of a row. The door, not this, says whether it is a good one."""
        event: dict[str, Any] = {}
        labels: dict[str, Any] = {}
        for column, value in row.values.items():
            if value is None or value == "" or value != value:  # noqa: PLR0124 -- not a number: data frames' unknown
                continue
            if column not in self._paths and column not in self._labels and column not in self._left_out:
                self._meet(column)
            path = self._paths.get(column)
            if path:
                _put(event, path, _typed(".".join(path), value))
            elif column in self._labels:
                labels[column] = _jsonable(value)
        if labels and self._keep:
            _put(event, ["extra", "labels"], labels)
        self._complete(event, f"{self._prefix}-{row.number}")
        return event

    def _meet(self, column: str) -> None:
        """Place a member that the first row of an NDJSON file did not have."""
        made = plan([column], {})
        self._paths |= {one: field.split(".") for one, field in made.fields.items()}
        self._labels |= set(made.labels)

    def _complete(self, event: dict[str, Any], name: str) -> None:
        event.setdefault("id", name)
        event.setdefault("platform", self._platform)
        event.setdefault("kind", self._kind)
        event.setdefault("at", self._now)
        # Each row is somebody else's: one author for all would look like a flood, and trip every rule on
        # bursts.
        for part in ("author", "item"):
            struct = event.setdefault(part, {})
            if isinstance(struct, dict):
                struct.setdefault("id", event["id"] if isinstance(event["id"], str) else name)


def _put(event: dict[str, Any], path: list[str], value: Any) -> None:
    for part in path[:-1]:
        inner = event.setdefault(part, {})
        if not isinstance(inner, dict):
            return
        event = inner
    before = event.get(path[-1])
    event[path[-1]] = {**value, **before} if isinstance(before, dict) and isinstance(value, dict) else value


def _typed(field: str, value: Any) -> Any:  # noqa: PLR0911 -- one for each kind of field
    """Return a value of a table as the field's type. What does not fit goes as it is: the door names it."""
    kind = event_fields().get(field)
    if field in STRUCTS and isinstance(value, dict):
        members = {str(name): one for name, one in value.items() if one is not None and one == one}  # noqa: PLR0124 -- NaN
        return {name: _typed(f"{field}.{name}", one) for name, one in members.items()}
    if not isinstance(value, str):
        plain = _jsonable(value)
        return _id(plain) if field.rpartition(".")[2] in IDS else _whole(plain, kind)
    if isinstance(kind, inspect.DateTimeType):
        return _moment(value)
    if field.startswith("scores."):
        return _number(_COMMA.sub(r"\1.\2", value))
    if isinstance(kind, inspect.BoolType):
        said = yes_or_no(value)
        return value if said is None else said
    if isinstance(kind, inspect.IntType | inspect.FloatType):
        return _whole(_number(value), kind)
    if isinstance(kind, inspect.VarTupleType | inspect.DictType):
        return _collection(value, split=isinstance(kind, inspect.VarTupleType))
    return value


def _whole(value: Any, kind: Any) -> Any:
    """Return `12.0` as `12` where a whole number belongs: data frames write those with unknown ones so."""
    if isinstance(kind, inspect.IntType) and isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _id(value: Any) -> Any:
    """Return an id that a table keeps as a number, `12` or `12.0`, as the text `12`."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _moment(text: str) -> str:
    """Return a time with its zone as the events have it: databases write `+00`, `+0000` or ` UTC`."""
    match = _ZONED.fullmatch(text.strip())
    if match is None:
        return text
    moment, hours, minutes = match.groups()
    return f"{moment}{hours}:{minutes or '00'}" if hours else f"{moment}Z"


def _number(text: str) -> Any:
    try:
        number = float(text)
    except ValueError:
        return text
    if number != number or number in (float("inf"), float("-inf")):  # noqa: PLR0124 -- NaN
        return text
    digits = text.strip().lstrip("+-")
    return int(text) if digits.isdecimal() and len(digits) <= _MAX_DIGITS else number


def _collection(text: str, *, split: bool) -> Any:
    if text.lstrip()[:1] in {"[", "{"}:
        try:
            return msgspec.json.decode(text)
        except (msgspec.DecodeError, RecursionError):
            return text
    return [part.strip() for part in text.split(LIST_SEPARATOR) if part.strip()] if split else text


def _jsonable(value: Any) -> Any:
    """Return a value of Parquet as JSON can carry it. A time without a zone is UTC."""
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return _number(str(value))
    return msgspec.to_builtins(value, str_keys=True)
