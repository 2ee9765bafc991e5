"""What happened on a platform, as the platform tells it.

One versioned struct serves every kind of content. Unknown fields are ignored here and kept in the event log, which
stores the bytes as they came. A field that the platform does not send is `None` (or empty), and a rule that reads it
is *unknown*, never true.

What comes from JSON holds no circles: `gc=False` spares the collector the look at each event.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from itertools import product
from string import ascii_uppercase
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

SCHEMA_VERSION = 1

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=512)]
Text = Annotated[str, msgspec.Meta(max_length=200_000)]
Url = Annotated[str, msgspec.Meta(max_length=8_192)]
# `$` alone would let a line end follow: the length bounds one, `(?!\n)` the other.
COUNTRY_CODES = tuple(map("".join, product(ascii_uppercase, repeat=2)))
if TYPE_CHECKING:
    CountryCode = str
else:  # a closed list is looked up six times as fast as a pattern is matched, and each code is kept once
    CountryCode = Annotated[Literal[COUNTRY_CODES], msgspec.Meta(description="ISO 3166-1 alpha-2")]
LanguageTag = Annotated[str, msgspec.Meta(min_length=2, max_length=35, description="BCP 47")]
Label = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
PLATFORM_PATTERN = r"^[a-z0-9][a-z0-9-]{0,62}$(?!\n)"
PlatformId = Annotated[str, msgspec.Meta(pattern=PLATFORM_PATTERN)]


class ContentKind(StrEnum):
    """What a thing is. Used for the event (what it announces) and for the item (what it is about)."""

    POST = "post"
    COMMENT = "comment"
    MESSAGE = "message"
    PROFILE = "profile"
    ACCOUNT = "account"
    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    LIVE_START = "live.start"
    LIVE_SEGMENT = "live.segment"
    LIVE_CHAT = "live.chat"
    LIVE_END = "live.end"
    REVIEW = "review"
    LISTING = "listing"
    EVENT = "event"
    GROUP = "group"
    MEMBERSHIP = "membership"
    OTHER = "other"


class Change(StrEnum):
    """What the platform's user did to the item."""

    CREATED = "created"
    EDITED = "edited"
    DELETED = "deleted"


class Audience(StrEnum):
    """Who can see the item. A private message is refused unless a legal basis is in force."""

    PUBLIC = "public"
    FOLLOWERS = "followers"
    GROUP = "group"
    PRIVATE = "private"


class Author(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Whose item it is: the recipient of the service, in the words of the DSA (Art. 3(b))."""

    id: Id
    name: Annotated[str, msgspec.Meta(max_length=512)] | None = None
    created_at: datetime | None = None
    followers: Annotated[int, msgspec.Meta(ge=0)] | None = None
    following: Annotated[int, msgspec.Meta(ge=0)] | None = None
    posts: Annotated[int, msgspec.Meta(ge=0)] | None = None
    verified: bool | None = None
    country: CountryCode | None = None
    language: LanguageTag | None = None
    email: Annotated[str, msgspec.Meta(max_length=320)] | None = None
    labels: tuple[Label, ...] = ()


class Media(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A picture, video or sound of an item. `hashes` maps an algorithm (`pdq`, `sha256` ...) to lower-case hex."""

    url: Url | None = None
    mime: Annotated[str, msgspec.Meta(max_length=255)] | None = None
    size: Annotated[int, msgspec.Meta(ge=0)] | None = None
    hashes: dict[str, str] = {}
    data: bytes | None = None  # base64 in JSON; small pictures only, the door's size limit applies


class Item(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """The thing itself, known by (platform, kind, id)."""

    id: Id
    kind: ContentKind | None = None  # the event's kind, unless said
    url: Url | None = None
    title: Annotated[str, msgspec.Meta(max_length=2_000)] | None = None
    text: Text | None = None
    language: LanguageTag | None = None
    links: tuple[Url, ...] = ()
    mentions: tuple[Id, ...] = ()
    hashtags: tuple[Label, ...] = ()
    media: tuple[Media, ...] = ()
    parent: Id | None = None
    thread: Id | None = None
    community: Id | None = None
    audience: Audience | None = None
    reach: Annotated[int, msgspec.Meta(ge=0)] | None = None  # people who saw it so far
    labels: tuple[Label, ...] = ()


class Context(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Where the event came from. Never a raw address: platforms send a keyed hash of it."""

    country: CountryCode | None = None
    client: Annotated[str, msgspec.Meta(max_length=1_024)] | None = None
    ip_hash: Annotated[str, msgspec.Meta(max_length=128)] | None = None


class Event(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Something happened on a platform. (`platform`, `id`) is the idempotency key."""

    id: Id
    platform: PlatformId
    kind: ContentKind
    at: datetime
    author: Author
    item: Item
    change: Change = Change.CREATED
    context: Context = Context()
    scores: dict[str, float] = {}  # measurements that the platform already has, 0 to 1
    extra: dict[str, Any] = {}  # fields that the platform declares, typed by its pack
    version: int = SCHEMA_VERSION

    @property
    def item_kind(self) -> ContentKind:
        """The kind of the item, which is the event's unless the platform says otherwise."""
        return self.item.kind or self.kind


class ItemRef(msgspec.Struct, frozen=True, order=True):
    """The name of an item, or of an account, across the whole system."""

    platform: str
    kind: str
    id: str

    def __str__(self) -> str:
        """Return `platform/kind/id`, for people and for ledger subjects."""
        return f"{self.platform}/{self.kind}/{self.id}"
