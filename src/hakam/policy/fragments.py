"""The event of a test: what its author wrote, the rest filled in, and what is wrong with it where it stands."""

from __future__ import annotations

import re
from collections.abc import Mapping as Dictionary
from functools import cache
from typing import Any, get_type_hints

import msgspec

from hakam.policy.fields import FIELDS
from hakam.policy.shape import Shape
from hakam.policy.source import listing, nearest
from hakam.policy.strict_yaml import Mapping, Node, Sequence, Text, plain
from hakam.vocabulary.event import Event
from hakam.vocabulary.finding import Span
from hakam.vocabulary.problem import pointer_from_path

_DEFAULT: dict[str, Any] = {
    "id": "test",
    "platform": "test",
    "kind": "post",
    "at": "2026-01-01T12:00:00Z",
    "author": {"id": "author-of-the-test"},
    "item": {"id": "item-of-the-test"},
}
_BOUND = re.compile(r"Expected `(int|float)(?: \| null)?` (>=|<=) (-?[0-9.]+)")
_LENGTH = re.compile(r"Expected `str(?: \| null)?` of length (>=|<=) ([0-9]+)")
_EXPECTED = re.compile(r"Expected `([a-z]+)")


def read_event(entry: Mapping, shape: Shape) -> Event | None:
    """Return the event of a test, `None` if something in it is wrong, which is reported."""
    fragment: Dictionary[str, Any] = {}
    place = entry.span
    node = entry.entries.get("event")
    if node is not None:
        place = node.span
        if not isinstance(node, Mapping):
            shape.report.report("P009", "`event` has keys", node.span, hint="as `{author: {followers: 3}}`")
            return None
        before = len(shape.report)
        _known_keys(node, Event, shape)
        if shape.report.has_errors(before):
            return None
        fragment = plain(node)
    data = _merged(_DEFAULT, fragment)
    if "text" in entry.entries:
        text = entry.entries["text"]
        if not isinstance(text, Text) or text.value is None:
            shape.report.report("P009", "`text` is a text", text.span, hint="put it in quotes")
            return None
        data["item"] = {**data["item"], "text": text.scalar.value}
    try:
        return msgspec.convert(data, Event)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `")
        where = pointer_from_path(path.rstrip("`"))
        span = _at(node, where) or place
        shape.report.report(
            "P403",
            f"the event is wrong at `{where or '/'}`: {message[:1].lower()}{message[1:]}",
            span,
            hint=_misfit_hint(message, where),
        )
        return None


def event_of(fragment: Dictionary[str, Any]) -> Event | None:
    """Return the event of a test from what its `event:` says, None if no platform could send it."""
    try:
        return msgspec.convert(_merged(_DEFAULT, fragment), Event)
    except msgspec.ValidationError:
        return None


def _known_keys(node: Node, of: type[msgspec.Struct], shape: Shape) -> None:
    """Report each key, however deep, that no part of an event has: a test would say nothing by it."""
    if not isinstance(node, Mapping):
        return
    parts = _parts(of)
    deeper = {name: part for part in reversed(parts) for name in parts[part].__struct_fields__}
    shape.keys(node, of.__struct_fields__, deeper)
    for key, below in parts.items():
        held = node.entries.get(key)
        for one in held.items if isinstance(held, Sequence) else (held,):
            if one is not None:
                _known_keys(one, below, shape)


@cache
def _parts(of: type[msgspec.Struct]) -> dict[str, type[msgspec.Struct]]:
    """Return the fields of a struct that are structs themselves, or lists of them."""
    found = {}
    for name, hint in get_type_hints(of).items():
        for one in (hint, *getattr(hint, "__args__", ())):
            if isinstance(one, type) and issubclass(one, msgspec.Struct):
                found[name] = one
    return found


def _misfit_hint(message: str, pointer: str) -> str:
    """Return what to write instead of a value that `msgspec` refused with `message`."""
    if message.startswith("Invalid enum value"):
        spec = FIELDS.get("event.kind" if pointer == "/kind" else pointer[1:].replace("/", "."))
        choices = spec.choices if spec is not None else ()
        given = message.partition("'")[2].rstrip("'")
        if choices:
            return nearest(given, choices) or f"it is one of {listing(choices, 20)}"
    if bound := _BOUND.match(message):
        least = bound[2] == ">="
        return f"write {bound[3]} or more" if least else f"write {bound[3]} or less"
    if length := _LENGTH.match(message):
        least = length[1] == ">="
        if length[2] == "1":
            return "write something, or remove the key"
        return f"at least {length[2]} characters" if least else f"at most {length[2]} characters"
    if "datetime" in message:
        return "as `2026-03-01T12:00:00Z`"
    expected = _EXPECTED.match(message)
    return _type_hint(expected[1] if expected else "")


def _type_hint(name: str) -> str:
    match name:
        case "int" | "float":
            return "write it in digits, without quotes"
        case "bool":
            return "write `true` or `false`"
        case "str":
            return "put it in quotes"
        case "array":
            return 'as `["one", "two"]`'
        case "object":
            return "as `key: value` below it"
    return "write what a platform could send; the reference has the form of an event"


def _at(node: Node | None, pointer: str) -> Span | None:
    for part in pointer.split("/")[1:]:
        if isinstance(node, Mapping) and part in node.entries:
            node = node.entries[part]
        elif isinstance(node, Sequence) and part.isdigit() and int(part) < len(node.items):
            node = node.items[int(part)]
        else:
            break
    return node.span if node is not None else None


def _merged(base: Dictionary[str, Any], over: Dictionary[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = _merged(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged
