"""The types of the rule language, and the texts that stand for times and durations."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from enum import StrEnum


class Kind(StrEnum):
    """What an expression can be. The value is the word that findings and the reference use."""

    CONDITION = "condition"
    NUMBER = "number"
    TEXT = "text"
    FOLDED = "folded text"  # text after folding; literals compared with it are folded too
    TIME = "time"  # Unix seconds inside
    DURATION = "duration"  # seconds inside
    TEXTS = "list of texts"
    NUMBERS = "list of numbers"


TEXTUAL = frozenset({Kind.TEXT, Kind.FOLDED})
LISTS = frozenset({Kind.TEXTS, Kind.NUMBERS})

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_LARGE = tuple((unit, _UNITS[unit]) for unit in "wdhm")
_DURATION = re.compile(r"(?:[0-9]{1,9}(?:\.[0-9]{1,6})?[smhdw])+")
_PART = re.compile(r"([0-9.]+)([smhdw])")


def parse_duration(text: str) -> float | None:
    """Return the seconds of `90s`, `10m`, `24h`, `7d`, `2w`, `1h30m`; `None` if it is not a duration."""
    if not _DURATION.fullmatch(text):
        return None
    parts = _PART.findall(text)
    units = [unit for _, unit in parts]
    if len(set(units)) != len(units):
        return None
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def show_duration(seconds: float) -> str:
    """Return seconds in the largest units that hold them exactly, as `1d12h`.

    Fractions of a second are kept.
    """
    if seconds < 0:
        return f"-{show_duration(-seconds)}"
    whole, out = int(seconds), ""
    left = whole
    for unit, size in _LARGE:
        if left >= size:
            number, left = divmod(left, size)
            out += f"{number}{unit}"
    rest = left + (seconds - whole)
    if rest or not out:
        out += f"{rest:g}s"
    return out


def parse_time(text: str) -> float | None:
    """Return the Unix seconds of an ISO 8601 date or time.

    Without a zone it is UTC. `None` if it is neither.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return unix(moment)


def unix(moment: datetime) -> float:
    """Return Unix seconds. A time without a zone is UTC, on every machine."""
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()


def show_time(seconds: float) -> str:
    """Return Unix seconds as ISO 8601 in UTC."""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
    except (OverflowError, ValueError, OSError):
        return f"{seconds:g}"
