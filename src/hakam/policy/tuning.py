"""Tuning a pack: other values in `tuned.yaml`, as its console writes them. Comments in that file do not outlive it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping as Dictionary
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from hakam.policy.kinds import Kind, parse_duration
from hakam.policy.params import TYPES, Number, Param, Tuning, read_params, read_tuned, shown
from hakam.policy.rules import Rule
from hakam.policy.source import Reporter
from hakam.policy.staging import parse_staging, tries
from hakam.policy.strict_yaml import Mapping, plain, read
from hakam.policy.tree import Literal, Tuned, walk
from hakam.vocabulary.finding import Span

FILE = "tuned.yaml"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_READ = re.compile(rf"\bparams\.({_NAME.pattern})")
MAX_COMMUNITY = 200  # characters
_SIGNS = str.maketrans({"٫": ".", "٬": "", ",": "."})  # how Arabic and European keyboards write decimals


class TuningError(ValueError):
    """A pack can't be tuned like this. The message says why."""


class UnknownNameError(TuningError):
    """The pack has no parameter, or no rule, of this name."""


class NoValueError(TuningError):
    """What was typed is no number, or no duration as `10m`."""


class OutOfBoundsError(TuningError):
    """The value lies outside what `params.yaml` allows."""


class SameValueError(TuningError):
    """The value is the one in force already."""


class NoTrialStageError(TuningError):
    """A value is tried in shadow, or for a share of authors below all, and for all communities alike."""


class NoCommunityError(TuningError):
    """The id of a community is empty where one is needed, or too long."""


class Change(NamedTuple):
    """A value that is another one. `community` is empty for all; None: there is no such parameter, or no override.

    `stage` is that of a value on trial (`canary 5%`), or what it was until its trial ended; empty for one in force.
    """

    param: str
    community: str
    before: Number | None
    after: Number | None
    kind: Kind
    stage: str = ""


class Switch(NamedTuple):
    """A rule that no longer holds in a community, or holds there again (`off` False)."""

    rule: str
    community: str
    off: bool


def tuning_of(files: Dictionary[str, str]) -> Tuning:
    """Return what a pack lets tune, and how it is tuned, as far as its files can be read."""
    report = Reporter()
    params: dict[str, Param] = {}
    if "params.yaml" in files and (node := read("params.yaml", files["params.yaml"], report)) is not None:
        params = read_params(node, _NAME, report)
    if FILE in files and (node := read(FILE, files[FILE], report)) is not None:
        return read_tuned(node, params, None, report)
    return Tuning(params)


def changes(before: Tuning, after: Tuning) -> list[Change]:
    """Return the values that differ."""
    found: list[Change] = []
    for name in dict.fromkeys([*before.params, *after.params]):
        old, new = before.params.get(name), after.params.get(name)
        kind = (new or old or _NOTHING).kind
        values = old.value if old else None, new.value if new else None
        if values[0] != values[1]:
            found.append(Change(name, "", *values, kind))
        had, has = (dict(one.by_community) if one else {} for one in (old, new))
        found += [
            Change(name, community, had.get(community), has.get(community), kind)
            for community in dict.fromkeys([*had, *has])
            if had.get(community) != has.get(community)
        ]
        tried = [one.staged if one else None for one in (old, new)]
        if tried[0] != tried[1] and (one := tried[1] or tried[0]) is not None:
            before_it, after_it = (staged.value if staged else None for staged in tried)
            if (before_it, tried[0] and str(tried[0].staging)) != (
                after_it,
                tried[1] and str(tried[1].staging),
            ):
                found.append(Change(name, "", before_it, after_it, kind, str(one.staging)))
    return found


def switches(before: Tuning, after: Tuning) -> list[Switch]:
    """Return the rules that are switched off or on in a community."""
    nowhere: frozenset[str] = frozenset()
    return [
        Switch(rule, community, community in after.off.get(rule, nowhere))
        for rule in dict.fromkeys([*before.off, *after.off])
        for community in sorted(before.off.get(rule, nowhere) ^ after.off.get(rule, nowhere))
    ]


def read_by(rule: Rule) -> frozenset[str]:
    """Return the names of the parameters that the condition of a rule reads, terms included."""
    found = set()
    for node in walk(rule.when):
        if isinstance(node, Tuned):
            found.add(node.name)
        elif isinstance(node, Literal) and node.kind in TYPES.values():
            found.update(_READ.findall(node.text))
    return frozenset(found)


def parsed(param: Param, text: str) -> Number:
    """Return what was typed, in digits of any script. Raises `NoValueError` and `OutOfBoundsError`."""
    text = text.strip().translate(_SIGNS)
    if param.kind is Kind.DURATION:
        text = "".join(str(int(sign)) if sign.isdecimal() else sign for sign in text).replace(" ", "")
        seconds = parse_duration(text)
        if seconds is None:
            raise NoValueError(f"`{text[:40]}` is no duration; write `10m`, `24h`, `7d`")
        value: Number = seconds
    else:
        try:
            exact = Decimal(text)
        except InvalidOperation:
            raise NoValueError(f"`{text[:40]}` is no number") from None
        if not exact.is_finite() or not math.isfinite(float(exact)):
            raise NoValueError(f"`{text[:40]}` is no number")
        value = int(exact) if exact == exact.to_integral_value() else float(exact)
    if not param.least <= value <= param.most:
        raise OutOfBoundsError(
            f"`{param.name}` lies from {shown(param.kind, param.least)} to {shown(param.kind, param.most)}"
        )
    return value


def with_value(files: Dictionary[str, str], name: str, text: str | None, community: str = "") -> str:
    """Return `tuned.yaml` with another value of a parameter, for all or for one community.

    `text` None: its default again, or no value of its own for the community. Raises `TuningError`.
    """
    param = tuning_of(files).params.get(name)
    if param is None:
        raise UnknownNameError(f"there is no parameter `{name[:60]}`")
    value = None if text is None else parsed(param, text)
    held = _held(files)
    place = held if not community else _community(held, community)
    values = _below(place, "params")
    if not community:  # a value for all is no longer on trial
        _below(held, "staged").pop(name, None)
    if value is None:
        values.pop(name, None)
    else:
        written = shown(param.kind, value)
        values[name] = written if param.kind is Kind.DURATION else _Plain(written)
    return _written(held)


def with_staged(files: Dictionary[str, str], name: str, text: str | None, staging: str = "shadow") -> str:
    """Return `tuned.yaml` with a value on trial (`shadow`, `canary 5%`), or, with `text` None, with none any more.

    Raises `TuningError`.
    """
    param = tuning_of(files).params.get(name)
    if param is None:
        raise UnknownNameError(f"there is no parameter `{name[:60]}`")
    held = _held(files)
    values = _below(held, "staged")
    if text is None:
        values.pop(name, None)
        return _written(held)
    value, chosen = parsed(param, text), parse_staging(staging)
    if chosen is None or not tries(chosen):
        raise NoTrialStageError("a value is tried in `shadow`, or as `canary 5%`")
    if value == param.value:
        raise SameValueError("it is so already")
    written = shown(param.kind, value)
    values[name] = {
        "value": written if param.kind is Kind.DURATION else _Plain(written),
        "stage": str(chosen),
    }
    return _written(held)


def with_rule(files: Dictionary[str, str], rule: str, community: str, *, off: bool) -> str:
    """Return `tuned.yaml` with a rule that does not hold in a community, or holds there again. Raises `TuningError`."""
    held = _held(files)
    place = _community(held, community)
    rules = [name for name in _list(place.get("without")) if name != rule]
    place["without"] = [*rules, rule] if off else rules
    return _written(held)


class _Plain(str):
    """A number, which stands without quotes."""

    __slots__ = ()


_NOTHING = Param("", Kind.NUMBER, 0, 0, 0, None, Span("", 1, 1, 1, 1))


def _held(files: Dictionary[str, str]) -> dict[str, Any]:
    """Return `tuned.yaml` as values. Raises `TuningError` if it can't be read, so that nothing in it is lost."""
    report = Reporter()
    node = read(FILE, files.get(FILE, ""), report) if files.get(FILE, "").strip() else None
    if report.has_errors():
        raise TuningError(f"`{FILE}` has errors; mend them first")
    return _plain(node) if isinstance(node, Mapping) else {}


def _plain(node: Mapping) -> dict[str, Any]:
    found: dict[str, Any] = plain(node)
    return found


def _below(held: dict[str, Any], key: str) -> dict[str, Any]:
    if not isinstance(held.get(key), dict):
        held[key] = {}
    found: dict[str, Any] = held[key]
    return found


def _community(held: dict[str, Any], community: str) -> dict[str, Any]:
    community = community.strip()
    if not community or len(community) > MAX_COMMUNITY or not community.isprintable():
        raise NoCommunityError(f"the id of a community has 1 to {MAX_COMMUNITY} characters")
    return _below(_below(held, "communities"), community)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if value else []


def _written(held: dict[str, Any]) -> str:
    """Return the whole file. What is empty is left out."""
    lines: list[str] = []
    if held.get("params"):
        lines += ["params:", *(f"  {name}: {_scalar(value)}" for name, value in held["params"].items())]
    staged = [entry for entry in (held.get("staged") or {}).items() if isinstance(entry[1], dict)]
    if staged:
        lines += ["staged:", *(_of_staged(name, entry) for name, entry in staged)]
    communities = [
        [f"  {_quoted(id_)}:", *_of_community(entry)]
        for id_, entry in (held.get("communities") or {}).items()
        if isinstance(entry, dict) and any(entry.values())
    ]
    if communities:
        lines += ["communities:", *(line for entry in communities for line in entry)]
    return "\n".join(lines) + "\n" if lines else ""


def _of_staged(name: str, entry: dict[str, Any]) -> str:
    return f"  {name}: {{value: {_scalar(entry.get('value'))}, stage: {_scalar(entry.get('stage'))}}}"


def _of_community(entry: dict[str, Any]) -> list[str]:
    lines = []
    if entry.get("params"):
        lines += [
            "    params:",
            *(f"      {name}: {_scalar(value)}" for name, value in entry["params"].items()),
        ]
    if entry.get("without"):
        lines.append(f"    without: [{', '.join(map(_quoted, _list(entry['without'])))}]")
    return lines


def _scalar(value: Any) -> str:
    if isinstance(value, _Plain):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return shown(Kind.NUMBER, value)
    return _quoted(str(value))


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
