"""Parameters: numbers and durations that are tuned without touching a rule (`params.yaml`, `tuned.yaml`).

`params.yaml` declares each with its type, bounds and what it is for. `tuned.yaml` is written by whoever tunes, the
console or a person: other values within the bounds, for all or for one community, and rules that are off in a
community. Both are files of the pack, so its digest tells which values judged.
"""

from __future__ import annotations

from collections.abc import Mapping as Dictionary
from decimal import Decimal

import msgspec

from hakam.policy.about import About, read_about
from hakam.policy.fields import FIELDS
from hakam.policy.kinds import Kind, parse_duration, show_duration
from hakam.policy.meant import duration_hint
from hakam.policy.shape import Shape
from hakam.policy.source import Reporter, nearest
from hakam.policy.staging import Staging, parse_staging, tries
from hakam.policy.strict_yaml import Mapping, Node, Text
from hakam.policy.tree import Field, Literal, Tuned
from hakam.vocabulary.finding import Span

KEYS = ("param", "type", "default", "least", "most", "about")
TYPES: Dictionary[str, Kind] = {"number": Kind.NUMBER, "duration": Kind.DURATION}
TUNED_KEYS = ("params", "staged", "communities")
STAGED_KEYS = ("value", "stage")
COMMUNITY_KEYS = ("params", "without")

Number = float | int


class Staged(msgspec.Struct, frozen=True):
    """Another value on trial: in shadow, or for a share of authors."""

    value: Number
    staging: Staging
    span: Span


class Param(msgspec.Struct, frozen=True):
    """One parameter. Durations are seconds; `value` is the tuned one, else the default."""

    name: str
    kind: Kind
    default: Number
    least: Number
    most: Number
    about: About | None
    span: Span
    value: Number = 0
    by_community: tuple[tuple[str, Number], ...] = ()
    staged: Staged | None = None

    def value_at(self, text: str, span: Span) -> Literal | Tuned:
        """Return the value as a node of a condition."""
        if not self.by_community:
            return Literal(self.value, self.kind, text, span)
        community = Field(FIELDS["item.community"], "item.community", span)
        return Tuned(self.name, self.value, self.by_community, community, self.kind, text, span)


_UNITS = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))


def shown(kind: Kind, value: Number) -> str:
    """Return a value as `tuned.yaml` says it: `30`, `0.85`, `90m`."""
    if kind is Kind.DURATION:  # in the largest unit that holds it whole: `30d` rather than `4w2d`
        size, unit = next(((size, unit) for unit, size in _UNITS if value % size == 0), (1, ""))
        return f"{int(value // size)}{unit}" if unit else show_duration(value)
    if isinstance(value, int) or value.is_integer():
        return str(int(value))
    return format(Decimal(repr(value)), "f")


class Tuning(msgspec.Struct, frozen=True):
    """What was tuned: parameters by name, and which rules are off in which communities."""

    params: dict[str, Param] = {}
    off: dict[str, frozenset[str]] = {}  # rule -> communities


def read_params(
    node: Node, names: object, report: Reporter, languages: tuple[str, ...] = ()
) -> dict[str, Param]:
    """Read `params.yaml`. `names` is the pattern of a parameter's name, `languages` are those of the pack."""
    shape = Shape(report)
    found: dict[str, Param] = {}
    for entry in shape.entries(node, "params", KEYS):
        param = _param(entry, names, shape, languages)
        if param is None:
            continue
        if param.name in found:
            report.report("P013", f"a second parameter `{param.name}`", entry.span, hint="names are unique")
        found.setdefault(param.name, param)
    return found


def _param(entry: Mapping, names: object, shape: Shape, languages: tuple[str, ...]) -> Param | None:
    name = shape.text(entry, "param", pattern=names, what="a parameter's name")  # type: ignore[arg-type]  # a pattern
    kind = TYPES.get(shape.choice(entry, "type", tuple(TYPES)) or "")
    if kind is None:
        return None
    least, most, default = (
        _number(entry.entries[key], key, kind, shape) if shape.has(entry, key) else None
        for key in ("least", "most", "default")
    )
    about = read_about(entry, shape, languages)
    if name is None or least is None or most is None or default is None:
        return None
    if not least <= default <= most:
        bounds = f"from {shown(kind, least)} to {shown(kind, most)}"
        hint = f"write a value {bounds}" if least <= most else "`least` is the smaller one"
        message = "`default` lies between `least` and `most`"
        shape.report.report("P017", message, entry.entries["default"].span, hint=hint)
        return None
    return Param(name, kind, default, least, most, about, entry.span, default)


def _number(node: Node, key: str, kind: Kind, shape: Shape) -> Number | None:
    value = node.value if isinstance(node, Text) else None
    if kind is Kind.DURATION:
        seconds = parse_duration(value) if isinstance(value, str) else None
        if seconds is None:
            shape.report.report("P109", f"`{key}` is a duration", node.span, hint=duration_hint(value))
        return seconds
    if isinstance(value, bool) or not isinstance(value, int | float):
        shape.report.report(
            "P009", f"`{key}` is a number", node.span, hint="write it in digits, without quotes"
        )
        return None
    return value


def read_tuned(
    node: Node, params: dict[str, Param], rules: frozenset[str] | None, report: Reporter
) -> Tuning:
    """Read `tuned.yaml`: other values, within the bounds. `rules` are the ids of all rules, None for any."""
    shape = Shape(report)
    if not isinstance(node, Mapping):
        if not (isinstance(node, Text) and node.value is None):
            report.report("P009", "`tuned.yaml` has keys", node.span, hint="as `params: {name: 3}`")
        return Tuning(params)
    shape.keys(node, TUNED_KEYS)
    tuned = dict(params)
    for name, value in _values(node, params, shape).items():
        tuned[name] = msgspec.structs.replace(tuned[name], value=value)
    _read_staged(node, tuned, shape)
    off: dict[str, set[str]] = {}
    communities = node.entries.get("communities")
    for id_, entry in _entries(communities, "communities", shape).items():
        if not isinstance(entry, Mapping):
            report.report("P009", f"`{id_[:60]}` has keys", entry.span, hint="`params:` or `without:`")
            continue
        shape.keys(entry, COMMUNITY_KEYS)
        for name, value in _values(entry, params, shape).items():
            held = tuned[name]
            tuned[name] = msgspec.structs.replace(held, by_community=(*held.by_community, (id_, value)))
        for text in (
            shape.text_list(entry.entries["without"], "without") if "without" in entry.entries else ()
        ):
            rule = str(text.value)
            if rules is not None and rule not in rules:
                report.report(
                    "P124",
                    f"there is no rule `{rule[:60]}`",
                    text.span,
                    hint=nearest(rule, rules) or "see the ids in `rules.yaml`",
                )
            off.setdefault(rule, set()).add(id_)
    return Tuning(tuned, {rule: frozenset(where) for rule, where in off.items()})


def _read_staged(node: Mapping, tuned: dict[str, Param], shape: Shape) -> None:
    for name, entry in _entries(node.entries.get("staged"), "staged", shape).items():
        staged = _staged(name, entry, tuned, shape)
        if staged is not None:
            tuned[name] = msgspec.structs.replace(tuned[name], staged=staged)


def _staged(name: str, node: Node, params: dict[str, Param], shape: Shape) -> Staged | None:
    """Return a value on trial and its stage."""
    if not isinstance(node, Mapping):
        hint = "as `{value: 20, stage: canary 5%}`"
        shape.report.report("P009", f"`{name[:60]}` has keys", node.span, hint=hint)
        return None
    shape.keys(node, STAGED_KEYS)
    if not shape.has(node, "value"):
        return None
    value = _value(name, node.entries["value"], params, shape)
    text = shape.text(node, "stage", what="stage")
    if text is None or value is None:
        return None
    staging, span = parse_staging(text), node.entries["stage"].span
    if staging is None or not tries(staging):
        hint = "`shadow` or `canary 5%`; a value for all stands under `params`"
        shape.report.report("P306", f"`{text[:40]}` is no stage of a value on trial", span, hint=hint)
        return None
    return Staged(value, staging, node.span)


def _entries(node: Node | None, what: str, shape: Shape) -> dict[str, Node]:
    if node is None or (isinstance(node, Text) and node.value is None):
        return {}
    if isinstance(node, Mapping):
        return node.entries
    shape.report.report("P009", f"`{what}` has keys", node.span, hint="as `key: value` below it")
    return {}


def _values(entry: Mapping, params: dict[str, Param], shape: Shape) -> dict[str, Number]:
    found: dict[str, Number] = {}
    for name, node in _entries(entry.entries.get("params"), "params", shape).items():
        value = _value(name, node, params, shape)
        if value is not None:
            found[name] = value
    return found


def _value(name: str, node: Node, params: dict[str, Param], shape: Shape) -> Number | None:
    """Return a value of a parameter, within its bounds."""
    param = params.get(name)
    if param is None:
        hint = nearest(name, params) or "declare it in `params.yaml`"
        shape.report.report("P103", f"there is no parameter `{name[:60]}`", node.span, hint=hint)
        return None
    value = _number(node, name, param.kind, shape)
    if value is not None and not param.least <= value <= param.most:
        shape.report.report(
            "P017",
            f"`{name}` lies outside its bounds",
            node.span,
            hint=f"write a value from {shown(param.kind, param.least)} to {shown(param.kind, param.most)}",
        )
        return None
    return value
