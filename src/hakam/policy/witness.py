"""Events on which a condition holds, and on which it does not, made from its own terms and thresholds.

A search, not a proof: what it finds is judged by the plain interpreter before it is told, what it does not find may
exist. Counters, banks and marks need a past and are not looked for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice, product
from typing import Any

from hakam.policy.examples import AT
from hakam.policy.fragments import event_of
from hakam.policy.interpret import Seen, leaf_outcome, outcome
from hakam.policy.kinds import LISTS, TEXTUAL, Kind
from hakam.policy.specimen import in_url, specimens
from hakam.policy.tree import (
    Among,
    And,
    Arithmetic,
    Compare,
    Condition,
    Constant,
    Field,
    Folded,
    Holds,
    How,
    Known,
    Leaf,
    Length,
    Listed,
    Literal,
    Not,
    Or,
    Overlaps,
    Search,
    Similarity,
    Truth,
    Tuned,
    Value,
    leaves,
    walk,
)
from hakam.signals.measure import Need, measure
from hakam.vocabulary.event import Audience, Change, ContentKind

Fragment = dict[str, Any]
"""What an event says beyond the one that every test has, as `event:` of a test."""

_TRIES = 300  # events judged in search of one
_PER_LEAF = 6  # ways in which a leaf is tried
_TEXT = frozenset({"text.raw", "text.folded", "text.words", "item.text"})
_OF_TEXT = frozenset({"text.length", "text.word_count"})
_URLS = frozenset(
    {
        "links.urls",
        "links.hosts",
        "links.domains",
        "links.paths",
        "links.shorteners",
        "links.homographs",
        "item.links",
    }
)
_COUNTRIES, _LANGUAGES = ["DE", "SA", "US", "FR", "EG", "JP"], ["en", "ar", "de", "fr"]
_CLOSED: dict[str, list[str]] = {
    "event.kind": list(ContentKind), "item.kind": list(ContentKind), "event.change": list(Change),
    "item.audience": list(Audience),
    "author.country": _COUNTRIES, "context.country": _COUNTRIES,
    "author.language": _LANGUAGES, "item.language": _LANGUAGES, "text.language": _LANGUAGES,
}  # fmt: skip
_ANY: dict[Kind, list[Any]] = {
    Kind.NUMBER: [1], Kind.DURATION: [86_400], Kind.TIME: [AT.timestamp() - 86_400], Kind.CONDITION: [True, False],
    Kind.TEXTS: [("x",)], Kind.TEXT: ["x", "https://host.example/"],
}  # fmt: skip
_NUMBERS = (0, 1, 2, 3, 5, 7, 10, 50, 100, 1_000, 100_000)
_NEGATED = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_NEUTRAL = "Nothing of the kind."

Way = dict[str, Any]  # path of a field -> its value; a text is a tuple of pieces (place, text)


def witness(when: Condition, *, holds: bool, near: Fragment | None = None) -> Fragment | None:
    """Return an event on which a condition surely holds, or surely or probably does not; None if none was found.

    `near`: one that came of an earlier search, from which as little as possible is changed.
    """
    start = _read(near) if near is not None else {}
    for way in islice(_towards(when, holds, start), _TRIES):
        fragment = fragment_of(way)
        if (found := judged(when, fragment)) is not None and found[0] is holds:
            return fragment
    return None


def covering(when: Condition, most: int = 8) -> list[tuple[Fragment, bool]]:
    """Return events with whether the condition holds on each: one on which it does first, one on which it does not.

    More follow as long as they show a leaf in a way that none before did.
    """
    wanted = {(leaf, way) for leaf in leaves(when) if not isinstance(leaf, Constant) for way in (True, False)}
    found: list[tuple[Fragment, bool]] = []

    def take(fragment: Fragment | None) -> None:
        if fragment is None or (seen := judged(when, fragment)) is None:
            return
        met = {(leaf, leaf_outcome(leaf, seen[1]) is True) for leaf, _ in wanted}
        if met & wanted or seen[0] not in {held for _, held in found}:
            wanted.difference_update(met)
            found.append((fragment, seen[0]))

    positive = witness(when, holds=True)
    take(positive)
    take(witness(when, holds=False, near=positive) or witness(when, holds=False))
    for leaf, way in sorted(wanted, key=lambda one: (one[0].span.line, one[0].span.column, one[1])):
        if len(found) >= most:
            break
        if (leaf, way) in wanted:
            take(witness(leaf, holds=way, near=positive) or witness(leaf, holds=way))
    return found


def judged(when: Condition, fragment: Fragment) -> tuple[bool, Seen] | None:
    """Return whether a condition surely holds on an event, and what it saw; None if the event can't be."""
    event = event_of(fragment)
    if event is None:
        return None
    seen = Seen(event, measure(event, _needs(when)))
    return outcome(when, seen) is True, seen


def _needs(when: Condition) -> frozenset[Need]:
    return frozenset(need for node in walk(when) if isinstance(node, Field) for need in node.spec.needs)


def _towards(when: Condition, holds: bool, way: Way) -> Iterator[Way]:
    """Yield events on which a condition may hold, or not, each with as little changed as it takes."""
    if isinstance(when, Not):
        yield from _towards(when.of, not holds, way)
    elif isinstance(when, And | Or):
        if isinstance(when, And) is holds:
            yield from _all(when.items, holds, way)
        else:
            for item in when.items:
                yield from _towards(item, holds, way)
    else:
        yield from islice(_leaf(when, holds, way), _PER_LEAF)


def _all(items: tuple[Condition, ...], holds: bool, way: Way) -> Iterator[Way]:
    if not items:
        yield way
        return
    for begun in _towards(items[0], holds, way):
        yield from _all(items[1:], holds, begun)


def _leaf(leaf: Leaf, holds: bool, way: Way) -> Iterator[Way]:  # noqa: C901, PLR0912 -- one for each kind
    match leaf:
        case Constant():
            if leaf.value is holds:
                yield way
        case Truth(of=Field() as field):
            yield {**way, field.spec.path: holds}
        case Known(of=Field() as field):
            if holds:
                yield from _any_value(field, way)
            else:
                yield _without(field.spec.path, way)
        case Compare():
            yield from _compare(leaf, leaf.op if holds else _NEGATED[leaf.op], way)
        case Among(item=Field() as field):
            yield from _among(field, leaf.values, holds, way)
        case Holds(of=Field() as field):
            values = [leaf.item.value] if isinstance(leaf.item, Literal) else []
            if isinstance(leaf.item, Field):
                values = [way.get(leaf.item.spec.path, "x")]
                way = {**way, leaf.item.spec.path: values[0]}
            yield from _member(field, values, holds, way)
        case Overlaps(of=Field() as field):
            yield from _member(field, sorted(leaf.values, key=str), holds, way)
        case Listed(of=Field() as field):
            entries = list(islice(leaf.values.entries(), _PER_LEAF))
            if field.kind in TEXTUAL:
                yield from _among(field, frozenset(entries), holds, way)
            else:
                yield from _member(field, entries, holds, way)
        case Search():
            yield from _search(leaf, holds, way)
        case _:
            return


def _search(leaf: Search, holds: bool, way: Way) -> Iterator[Way]:
    field = leaf.of.of if isinstance(leaf.of, Folded) else leaf.of
    if not isinstance(field, Field):
        return
    path = field.spec.path
    if not holds and field.kind in LISTS:
        yield from _member(field, [], holds, way)
        return
    if not holds:
        yield way
        if path in _TEXT:
            yield {**_without("item.title", _without(path, way)), "item.text": (("", _NEUTRAL),)}
        else:
            yield {**way, path: _NEUTRAL}
        yield _without(path, way)
        return
    texts = [term.strip() for term in leaf.terms[:_PER_LEAF]]
    place = {How.STARTS: "first", How.ENDS: "last"}.get(leaf.how, "")
    if leaf.how is How.PATTERN:
        texts = specimens(leaf.terms[0])
        place = "first" if "^" in leaf.terms[0][:12] else "last" if leaf.terms[0].endswith("$") else ""
    if field.kind in LISTS:
        yield from _member(field, texts, holds, way)
    else:
        for text in texts:
            if isinstance(held := way.get(path), str):
                yield {**way, path: f"{text} {held}" if place == "first" else f"{held} {text}"}
            yield _with_text(path, text, place, way)


def _with_text(path: str, text: str, place: str, way: Way) -> Way:
    if path in _TEXT:
        return {**way, "item.text": (*way.get("item.text", ()), (place, text))}
    return {**way, path: text}


def _among(field: Field, values: frozenset[Any], holds: bool, way: Way) -> Iterator[Way]:
    path = field.spec.path
    if holds:
        for value in sorted(values, key=str)[:_PER_LEAF]:
            yield _put(path, value, way)
        return
    others: Iterable[Any] = _CLOSED.get(path, ["other", "x"])
    if field.kind is Kind.NUMBER:
        others = [max((v for v in values if isinstance(v, int | float)), default=0) + 1]
    for value in others:
        if value not in values:
            yield _put(path, value, way)


def _member(field: Field, values: list[Any], holds: bool, way: Way) -> Iterator[Way]:
    path = field.spec.path
    if not holds:
        yield way
        yield _without(path, way)
        if path in _URLS:
            yield {**_without(path, way), "item.links": ("https://host.example/",)}
        else:
            yield {**way, path: ("other",)}
        return
    if path in _URLS:
        for url in in_url([str(value) for value in values[:_PER_LEAF]]):
            yield {**way, "item.links": (*way.get("item.links", ()), url)}
        return
    for value in values[:_PER_LEAF]:
        yield {**way, path: (*way.get(path, ()), value)}


def _compare(leaf: Compare, op: str, way: Way) -> Iterator[Way]:
    left, right = leaf.left, leaf.right
    if _constant(left) is not None:
        left, right, op = right, left, _TURNED[op]
    bound = _constant(right)
    if bound is None:
        yield from _two_fields(left, right, op, way)
    elif isinstance(left, Arithmetic):
        yield from _computed(leaf, op == leaf.op or op == _TURNED[leaf.op], left, way)
    elif op == "!=" and isinstance(left, Field) and left.spec.path in _CLOSED:
        yield from _among(left, frozenset({bound}), False, way)  # noqa: FBT003 -- as `_leaf`
    else:
        for value in _beside(op, bound, left):
            yield from _set(left, value, way)


def _computed(leaf: Compare, holds: bool, of: Arithmetic, way: Way) -> Iterator[Way]:
    """Try numbers for the fields of a calculation, and keep what comes out right."""
    named = dict.fromkeys(node.spec.path for node in walk(of) if isinstance(node, Field))
    paths = [path for path in named if path != "event.at"][:2]
    for values in product(_NUMBERS, repeat=len(paths)):
        tried = {**way, **dict(zip(paths, values, strict=True))}
        found = judged(leaf, fragment_of(tried))
        if found is not None and leaf_outcome(leaf, found[1]) is holds:
            yield tried


def _two_fields(left: Value, right: Value, op: str, way: Way) -> Iterator[Way]:
    """Two values of the event: equal ones, or the one beside the other."""
    if not isinstance(left, Field) or not isinstance(right, Field):
        return
    if left.kind in TEXTUAL:
        one = way.get(left.spec.path) or next(iter(_CLOSED.get(left.spec.path, ["x"])))
        other = next((value for value in _CLOSED.get(right.spec.path, []) if value != one), f"{one}x")
        pairs: list[tuple[Any, Any]] = {"==": [(one, one)], "!=": [(one, other)]}.get(op, [])
    else:
        pairs = {"!=": [(1, 2)], "<": [(1, 2)], ">": [(2, 1)]}.get(op, [(1, 1)])
    for one, other in pairs:
        yield _put(right.spec.path, other, _put(left.spec.path, one, way))


def _constant(node: Value) -> Any:
    return node.value if isinstance(node, Literal | Tuned) else None


def _beside(op: str, bound: Any, of: Value) -> Iterable[Any]:
    """Return values that fulfil a comparison, the nearest first."""
    if not isinstance(bound, int | float) or isinstance(bound, bool):
        return {"==": [bound], "!=": [f"{bound}x" if isinstance(bound, str) else not bound]}.get(op, [])
    step = (
        0.01
        if isinstance(of, Field) and of.spec.path.startswith("scores[")
        else 60
        if of.kind is Kind.TIME
        else 1
    )
    whole = step == 1
    above = math.floor(bound) + 1 if whole else bound + step
    below = math.ceil(bound) - 1 if whole else bound - step
    at_least, at_most = (math.ceil(bound), math.floor(bound)) if whole else (bound, bound)
    return {
        "==": [bound], "!=": [above, below], ">": [above, bound + step / 2], ">=": [at_least],
        "<": [below, bound - step / 2], "<=": [at_most],
    }[op]  # fmt: skip


def _set(of: Value, value: Any, way: Way) -> Iterator[Way]:
    if isinstance(of, Field):
        yield _put(of.spec.path, value, way)
    elif isinstance(of, Folded) and isinstance(of.of, Field):
        yield _put(of.of.spec.path, value, way)
    elif isinstance(of, Length) and isinstance(of.of, Field):
        if value >= 0:
            yield _sized(of.of, int(value), way)
    elif isinstance(of, Similarity) and isinstance(of.of, Field):
        yield _with_text(of.of.spec.path, of.target if value > 0 else _NEUTRAL, "", way)


def _sized(field: Field, size: int, way: Way) -> Way:
    path = field.spec.path
    if field.kind not in LISTS:
        return {**way, "text.length" if path in _TEXT else path: size if path in _TEXT else "x" * size}
    if path in _URLS:
        return {**way, "item.links": tuple(f"https://host{n}.example/" for n in range(size))}
    return {**way, path: tuple(f"x{n}" for n in range(size))}


def _put(path: str, value: Any, way: Way) -> Way:
    if path in _TEXT:
        return {**way, "item.text": (("", str(value)),)}
    if path == "text.language":
        path = "item.language"
    return {**way, path: value}


def _any_value(field: Field, way: Way) -> Iterator[Way]:
    path = field.spec.path
    if path in way:
        yield way
    elif path in _TEXT or path.startswith(("text.", "links.")):
        yield {**way, "item.text": (*way.get("item.text", ()), ("", "see https://host.example/"))}
    else:
        for value in (_CLOSED.get(path) or _ANY.get(field.kind, _ANY[Kind.TEXT]))[:2]:
            yield {**way, path: value}


def _without(path: str, way: Way) -> Way:
    gone = {path, *(_TEXT if path in _TEXT else ()), *(_URLS if path in _URLS else ())}
    return {key: value for key, value in way.items() if key not in gone}


# From paths to an event


def fragment_of(way: Way) -> Fragment:
    """Return the event of some paths, as a test writes it."""
    made: Fragment = {}
    for path, value in way.items():
        if (write := _WRITTEN.get(path)) is not None:
            write(made, value)
        elif path.startswith("scores["):
            made.setdefault("scores", {})[path[8:-2]] = min(1.0, max(0.0, value))
        else:
            root, _, name = path.partition(".")
            if root in {"author", "item", "context", "extra"}:
                made.setdefault(root, {})[name] = list(value) if isinstance(value, tuple) else value
    _resize(made, way)
    return made


def _text(made: Fragment, pieces: tuple[tuple[str, str], ...]) -> None:
    order = {"first": 0, "": 1, "last": 2}
    said = [text for _, text in sorted(pieces, key=lambda piece: order[piece[0]])]
    made.setdefault("item", {})["text"] = " ".join(dict.fromkeys(said))


def _resize(made: Fragment, way: Way) -> None:
    """Fill a text up to so many words or characters."""
    text = made.get("item", {}).get("text", "")
    if (words := way.get("text.word_count")) is not None:
        text = " ".join([*text.split(), *["word"] * (int(words) - len(text.split()))])
    if (length := way.get("text.length")) is not None and length > len(text):
        text += " " * (text != "") + "long " * length
        text = text[: int(length)]
        text = f"{text[:-1]}g" if text.endswith(" ") else text
    if text or _OF_TEXT & way.keys():
        made.setdefault("item", {})["text"] = text


def _later(_made: Fragment, _value: float) -> None:
    """Leave the size of a text to `_resize`, when the text is there."""


def _media(made: Fragment, count: float) -> None:
    made.setdefault("item", {})["media"] = [{"mime": "image/png"}] * int(max(0, count))


def _media_types(made: Fragment, types: tuple[str, ...]) -> None:
    made.setdefault("item", {})["media"] = [{"mime": one} for one in types]


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def _age(made: Fragment, seconds: float) -> None:
    made.setdefault("author", {})["created_at"] = _moment(AT.timestamp() - seconds)


def _top(name: str) -> Callable[[Fragment, Any], None]:
    def write(made: Fragment, value: Any) -> None:
        made[name] = value

    return write


_WRITTEN: dict[str, Callable[[Fragment, Any], None]] = {
    "item.text": _text,
    "item.media_count": _media,
    "item.media_types": _media_types,
    "author.age": _age,
    "author.created_at": lambda made, value: made.setdefault("author", {}).update(created_at=_moment(value)),
    "event.at": lambda made, value: made.update(at=_moment(value)),
    "event.hour": lambda made, value: made.update(at=f"{AT:%Y-%m-%d}T{int(value) % 24:02}:00:00Z"),
    "event.weekday": lambda made, value: made.update(
        at=_moment((AT + timedelta(days=(int(value) - AT.isoweekday()) % 7)).timestamp())
    ),
    "event.kind": _top("kind"),
    "event.change": _top("change"),
    "event.platform": _top("platform"),
    "event.id": _top("id"),
    "text.length": _later,
    "text.word_count": _later,
}


def _read(fragment: Fragment) -> Way:
    """Return the paths of an event that `fragment_of` made."""
    way: Way = {}
    for root, value in fragment.items():
        if not isinstance(value, dict):
            way[{"at": "event.at"}.get(root, f"event.{root}")] = value
            continue
        for name, held in value.items():
            path = f'scores["{name}"]' if root == "scores" else f"{root}.{name}"
            way[path] = tuple(held) if isinstance(held, list) else held
    if isinstance(text := way.pop("item.text", None), str):
        way["item.text"] = (("", text),)
    if (media := way.pop("item.media", None)) is not None:
        way["item.media_types"] = tuple(one["mime"] for one in media)
    if (created := way.get("author.created_at")) is not None:
        way["author.created_at"] = datetime.fromisoformat(created).timestamp()
    if (at := way.get("event.at")) is not None:
        way["event.at"] = datetime.fromisoformat(at).timestamp()
    return way
