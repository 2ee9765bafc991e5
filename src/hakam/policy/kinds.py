"""The types of the rule language, and the texts that stand for times and durations."""

from __future__ import annotations

import re
import unicodedata
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


_IN_WORDS = re.compile(r"(?:[pP][tT]?)?([0-9]{1,9}(?:\.[0-9]{1,6})?)\s*([a-zA-Z]+)\.?")
_UNIT_WORDS = {
    "s": "s sec secs second seconds",
    "m": "m min mins minute minutes",
    "h": "h hr hrs hour hours",
    "d": "d day days",
    "w": "w wk wks week weeks",
}
_UNIT_MEANT = {word: unit for unit, words in _UNIT_WORDS.items() for word in words.split()}


def meant_duration(text: str) -> str | None:
    """Return the duration that a text stands for (`1 day`, `24hrs`, `P7D`, `PT10M`), `None` if that can't be told."""
    plain = "".join(str(unicodedata.decimal(char, char)) for char in text.strip())
    found = _IN_WORDS.fullmatch(plain)
    if found is None or (plain.upper().startswith("P") and found[2].lower() not in _UNITS):
        return None
    unit = _UNIT_MEANT.get(found[2].lower())
    if unit is None or (found[2] == "M" and not plain.upper().startswith("PT")):
        return None  # months are of no fixed length
    return f"{found[1]}{unit}"


# Parts of a duration as they are shown: ages of accounts are told for many an event.
_DAYS = tuple([f"{n // 7}w" * (n >= 7) + f"{n % 7}d" * (n % 7 > 0) for n in range(366)])  # noqa: PLR2004
_MINUTES = tuple([f"{n // 60}h" * (n >= 60) + f"{n % 60}m" * (n % 60 > 0) for n in range(24 * 60)])  # noqa: PLR2004
_SECONDS = ("", *[f"{n}s" for n in range(1, 60)])


def show_duration(seconds: float) -> str:
    """Return seconds in the largest units that hold them exactly, as `1d12h`.

    Fractions of a second are kept.
    """
    if seconds < 0:
        return f"-{show_duration(-seconds)}"
    whole = int(seconds)
    days, left = divmod(whole, 86_400)
    if whole == seconds:
        return show_whole(days, left)
    minutes, left = divmod(left, 60)
    return f"{_days(days)}{_MINUTES[minutes]}{left + (seconds - whole):g}s"


def show_seen(seconds: float) -> str:
    """Return a duration that was seen, as an age: as `show_duration`, without parts of a second from a minute on."""
    return show_duration(seconds if -60 < seconds < 60 else float(int(seconds)))  # noqa: PLR2004 -- a minute


def show_whole(days: int, seconds: int) -> str:
    """Return what `show_duration` does for whole days, none below nought, and whole seconds of another."""
    minutes, left = divmod(seconds, 60)
    return _days(days) + _MINUTES[minutes] + _SECONDS[left] or "0s"


def _days(days: int) -> str:
    if days < len(_DAYS):
        return _DAYS[days]
    weeks, days = divmod(days, 7)
    return f"{weeks}w{_DAYS[days]}"


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
