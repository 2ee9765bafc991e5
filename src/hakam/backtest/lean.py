"""Events and signals of which only that is made what rules read.

Rows were events when they were prepared, so what nobody asks for need not be made of them again: a lean event has the
fields that the code of rules names, of the types that events have, and no others. Lean signals hold what was asked for;
the rest is unknown, as in those that were measured.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, cast

import msgspec
from msgspec import NODEFAULT

from hakam.policy.fields import FieldSpec
from hakam.signals.measure import Signals
from hakam.vocabulary.event import Author, Context, Event, Item

PARTS: dict[str, type[msgspec.Struct]] = {"author": Author, "item": Item, "context": Context}
_ROOTS = {"e": "", "a": "author", "i": "item", "x": "context"}  # the variables of the code of fields
_WHOLE = {"AGE": {"": {"at"}, "author": {"created_at"}}}  # what a helper that takes the event reads of it


def decoder(specs: Iterable[FieldSpec], *, text: bool) -> Callable[[bytes], Event]:
    """Return the function that makes a lean event of JSON, with the item's text and title if `text`.

    It makes whole events if some field's code does not tell what it reads.
    """
    read: dict[str, set[str]] = {"": set(), **{part: set() for part in PARTS}}
    if text:
        read["item"] |= {"text", "title"}
    for spec in specs:
        found = _read_by(spec.code)
        if found is None:
            return msgspec.json.Decoder(Event).decode
        for part, names in found.items():
            read[part] |= names
    parts = {part: _struct(whole, read[part], {}) for part, whole in PARTS.items()}
    lean = _struct(Event, read[""] | parts.keys(), parts)
    return cast("Callable[[bytes], Event]", msgspec.json.Decoder(lean).decode)


@cache
def lean_signals(needs: frozenset[str]) -> tuple[tuple[str, ...], Callable[..., Signals]]:
    """Return which of `needs` (names of `Signals`) are held, in the order in which the function takes them.

    It returns signals all of whose other fields are unknown, at no cost for any of these.
    """
    fields = msgspec.structs.fields(Signals)
    held = [(field.name, field.type) for field in fields if field.name in needs]
    rest = {field.name: field.default for field in fields if field.name not in needs}
    made = msgspec.defstruct(Signals.__name__, held, namespace=rest, frozen=True, gc=False)
    return tuple(name for name, _ in held), cast("Callable[..., Signals]", made)


def _read_by(code: str) -> dict[str, set[str]] | None:
    """Return what the code of a field reads of each part of an event, `None` if it can't be told."""
    found: dict[str, set[str]] = {}
    tree = ast.parse(code, mode="eval")
    told: set[ast.AST] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id=root) as name) if root in _ROOTS:
                found.setdefault(_ROOTS[root], set()).add(node.attr)
                told.add(name)
            case ast.Call(func=ast.Name(id=helper), args=[ast.Name(id="e") as name]) if helper in _WHOLE:
                for part, names in _WHOLE[helper].items():
                    found.setdefault(part, set()).update(names)
                told.add(name)
            case ast.Name(id=root) if root in _ROOTS and node not in told:
                return None
    known = {"": Event.__struct_fields__, **{part: whole.__struct_fields__ for part, whole in PARTS.items()}}
    if any(not names <= set(known[part]) for part, names in found.items()):
        return None  # a property, which reads other fields
    return found


def _struct(
    whole: type[msgspec.Struct], names: Iterable[str], parts: dict[str, type[msgspec.Struct]]
) -> type[msgspec.Struct]:
    wanted = set(names)
    fields: list[Any] = []
    for field in msgspec.structs.fields(whole):
        if field.name not in wanted:
            continue
        kind: Any = parts.get(field.name, field.type)
        if field.required:
            fields.append((field.name, kind))
        elif field.name in parts:
            fields.append((field.name, kind, parts[field.name]()))
        elif field.default_factory is not NODEFAULT:
            fields.append((field.name, kind, msgspec.field(default_factory=field.default_factory)))
        else:
            fields.append((field.name, kind, field.default))
    return msgspec.defstruct(whole.__name__, fields, frozen=True, gc=False)
