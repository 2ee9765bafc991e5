"""What an operator says of live streams: the media servers, and the conditions under which somebody may be live.

One file in the home, `live.json`, read strictly: a misspelt member is an error, never a condition that is not checked.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec

FILE: Final = "live.json"
NAME = r"^[a-z0-9][a-z0-9-]{0,62}$(?!\n)"
PLATFORM = r"^[a-z0-9][a-z0-9-]{0,62}$(?!\n)"
Country = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{2}$(?!\n)")]
Days = Annotated[int, msgspec.Meta(ge=0, le=3_650)]


class ConfigurationError(ValueError):
    """The file can't be used. The message names the member and says what it takes."""


class Conditions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who may be live on a platform. What a pass does not say counts as not met, unless `unknown` says `admit`."""

    one_strike: tuple[str, ...] = ()  # clauses of which one standing violation bars from live
    strike_days: Annotated[int, msgspec.Meta(ge=1, le=3_650)] = 30
    after_cut_hours: Annotated[int, msgspec.Meta(ge=0, le=8_760)] = 24  # no new stream after one that was cut
    account_days: Days = 0  # least age of the account
    verified: bool = False  # only verified identities
    least_age: Annotated[int, msgspec.Meta(ge=0, le=99)] = 0  # years of the person
    countries_refused: tuple[Country, ...] = ()
    countries_only: tuple[Country, ...] = ()  # empty: everywhere
    approval: bool = False  # a colleague approves each account, or its event, beforehand
    unknown: Annotated[str, msgspec.Meta(pattern="^(refuse|admit)$")] = "refuse"


class ServerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One media server. `settings` are its adapter's own."""

    name: Annotated[str, msgspec.Meta(pattern=NAME)]
    kind: str  # the id of an adapter, as `nginx-rtmp`
    platform: Annotated[str, msgspec.Meta(pattern=PLATFORM)]
    when_unsure: Annotated[str, msgspec.Meta(pattern="^(refuse|admit)$")] = "refuse"
    """What the gate answers when it can't know: the book is missing or older than `stale_seconds`."""
    settings: dict[str, Any] = {}


class Watching(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How closely streams are watched. See `hakam.live.watching.plan`."""

    enabled: bool = True
    most: Annotated[int, msgspec.Meta(ge=0, le=1_000)] = (
        16  # streams at once on this machine, the riskiest first
    )
    close_minutes: Annotated[int, msgspec.Meta(ge=0, le=1_440)] = (
        10  # the start of each stream is watched closely
    )
    young_account_days: Days = 30  # streams of younger accounts are watched closely throughout
    many_viewers: Annotated[int, msgspec.Meta(ge=1)] = 1_000  # so are those with so many viewers
    keep_frames: Annotated[int, msgspec.Meta(ge=2, le=600)] = 24  # pictures shown to moderators, the newest
    video: Annotated[str, msgspec.Meta(pattern="^(copy|encode|off)$")] = "copy"
    """What moderators see move: what was sent, where their browser plays that; all of it encoded anew; or nothing."""
    most_videos: Annotated[int, msgspec.Meta(ge=0, le=1_000)] = (
        16  # that are made at once, while somebody looks
    )


class LiveConfiguration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything about live streams."""

    servers: tuple[ServerSettings, ...] = ()
    conditions: dict[str, Conditions] = {}  # by platform
    watching: Watching = Watching()
    host: str = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(ge=1, le=65_535)] = 8431
    stale_seconds: Annotated[int, msgspec.Meta(ge=5, le=86_400)] = 120

    def __post_init__(self) -> None:
        """Refuse what contradicts itself."""
        names = [server.name for server in self.servers]
        if len(set(names)) < len(names):
            raise ValueError("two servers have one name")
        for platform, conditions in self.conditions.items():
            both = set(conditions.countries_only) & set(conditions.countries_refused)
            if both:
                raise ValueError(f"{platform}: {min(both)} is both in `countries_only` and refused")

    def server(self, name: str) -> ServerSettings | None:
        """Return a server by its name."""
        return next((one for one in self.servers if one.name == name), None)

    def conditions_of(self, platform: str) -> Conditions:
        """Return the conditions of a platform."""
        return self.conditions.get(platform, _DEFAULT)

    @property
    def stale(self) -> timedelta:
        """Age from which the book says nothing."""
        return timedelta(seconds=self.stale_seconds)


_DEFAULT: Final = Conditions()


def read_configuration(data: bytes) -> LiveConfiguration:
    """Read a configuration from JSON. Raises `ConfigurationError`."""
    try:
        return msgspec.json.decode(data, type=LiveConfiguration)
    except msgspec.MsgspecError as error:
        raise ConfigurationError(str(error)) from error


def load(home: Path) -> LiveConfiguration | None:
    """Return the configuration of an installation, None where nothing is live. Raises `ConfigurationError`."""
    path = home / FILE
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        return read_configuration(data)
    except ConfigurationError as error:
        raise ConfigurationError(f"{path}: {error}") from error
