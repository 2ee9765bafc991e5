"""How closely a stream is watched, and the one number that a moderator sees of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from hakam.live.configuration import Watching

FRAMES_A_SECOND: Final = 2.0  # that are read; how many are compared depends on how closely
LIGHTLY: Final = 4  # every fourth frame: one in two seconds
KNOWN_LASTS: Final = 120.0  # seconds that a match of a bank keeps a stream closely watched
CLOSE_AT: Final = 0.3  # score


class Closeness(StrEnum):
    """How a stream is watched."""

    CLOSE = "close"  # every frame that is read is compared
    LIGHT = (
        "light"  # some are; the others are kept for a few seconds, and compared if one is near to anything
    )


class Signs(NamedTuple):
    """What is known of a stream at a moment. Seconds, counts; None where nobody says."""

    running: float = 0.0  # seconds on air
    account_days: float | None = None
    viewers: int | None = None
    viewers_before: int | None = None  # five minutes ago
    shares_before: int = 0
    shares: int = 0
    reports: int = 0  # in the last ten minutes
    chat: int = 0  # messages in the last minute
    chat_against: int = 0  # of them, those that a rule found something in
    known_ago: float | None = None  # seconds since a bank last knew what is shown
    models: float = 0.0  # the highest score that a model gives now to what is shown
    ruled_ago: float | None = None  # seconds since a rule found something in what was read, heard or scored


WEIGHTS: Final[Mapping[str, float]] = {
    "known": 1.0,
    "rules": 0.7,
    "models": 0.6,
    "reports": 0.85,
    "chat": 0.5,
    "growth": 0.35,
    "shares": 0.35,
}
_FEW_REPORTS: Final = 3.0  # reports, and one in so many viewers, that count one half
_VIEWERS_A_REPORT: Final = 2_000.0
_CHAT_LEAST: Final = 5
_DOUBLED: Final = 2.0


def parts(signs: Signs) -> dict[str, float]:
    """Return what the score is made of, each 0 to 1."""
    known, ruled = (
        0.0 if ago is None else max(0.0, 1.0 - ago / (10 * KNOWN_LASTS))
        for ago in (signs.known_ago, signs.ruled_ago)
    )
    half = _FEW_REPORTS + (signs.viewers or 0) / _VIEWERS_A_REPORT
    against = signs.chat_against / signs.chat if signs.chat >= _CHAT_LEAST else 0.0
    return {
        "known": round(known, 4),
        "rules": round(ruled, 4),
        "models": round(min(1.0, max(0.0, signs.models)), 4),
        "reports": round(signs.reports / (signs.reports + half), 4),
        "chat": round(min(1.0, 2 * against), 4),
        "growth": round(_growth(signs.viewers, signs.viewers_before), 4),
        "shares": round(_growth(signs.shares, signs.shares_before), 4),
    }


def score(made_of: Mapping[str, float]) -> float:
    """Return one number from the parts: each alone raises it to its weight, several stay below 1."""
    rest = 1.0
    for name, weight in WEIGHTS.items():
        rest *= 1.0 - weight * made_of.get(name, 0.0)
    return round(1.0 - rest, 4)


def closeness(signs: Signs, total: float, watching: Watching) -> Closeness:
    """Return how closely to watch."""
    young = signs.account_days is None or signs.account_days < watching.young_account_days
    close = (
        signs.running < watching.close_minutes * 60
        or young
        or (signs.viewers or 0) >= watching.many_viewers
        or total >= CLOSE_AT
        or (signs.known_ago is not None and signs.known_ago < KNOWN_LASTS)
    )
    return Closeness.CLOSE if close else Closeness.LIGHT


def _growth(now: int | None, before: int | None) -> float:
    """Return 0 for no growth, 1/2 for twice as many, towards 1 for many times as many; small crowds count for less."""
    if now is None or before is None or now <= before:
        return 0.0
    times = now / max(1, before)
    return (1.0 - 1.0 / times) * min(1.0, now / 50.0)
