"""What an incident reaches, and how long it lets uploads wait: values that the door judges by."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from hakam.vocabulary.event import Change, ContentKind, Event

LONGEST_DELAY = 3_600  # seconds
_NEVER_DELAYED = frozenset(
    {ContentKind.ACCOUNT, ContentKind.MEMBERSHIP, ContentKind.LIVE_SEGMENT, ContentKind.LIVE_END}
)


class Scope(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an incident reaches. Empty means everywhere; what is named must all fit."""

    communities: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()  # of whoever posts, ISO 3166-1 alpha-2
    languages: tuple[str, ...] = ()  # first part of the tag: `ar`
    streams: tuple[str, ...] = ()  # ids of broadcasts, and what is posted below them

    def covers(self, event: Event) -> bool:
        """Whether an event lies within. What the platform does not say is not within a scope that asks for it."""
        item, country = event.item, event.author.country or event.context.country
        language = (item.language or event.author.language or "").partition("-")[0].lower()
        return (
            (not self.communities or item.community in self.communities)
            and (not self.countries or country in self.countries)
            and (not self.languages or language in self.languages)
            and (not self.streams or bool({item.id, item.thread, item.parent} & set(self.streams)))
        )


class DelayRule(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whose new uploads wait, and how long, before others see them."""

    seconds: int
    only_media: bool = True  # text without pictures, clips or sound does not wait
    newer_than_days: int | None = None  # only accounts younger than this; None: all
    kinds: tuple[str, ...] = ()  # kinds of content; empty: all

    def applies(self, event: Event) -> bool:
        """Whether what an event announces waits. The age of an account that is not told counts as old."""
        if event.change is Change.DELETED or event.kind in _NEVER_DELAYED:
            return False
        if self.kinds and event.kind.value not in self.kinds:
            return False
        if self.only_media and not event.item.media and event.kind is not ContentKind.LIVE_START:
            return False
        if self.newer_than_days is None:
            return True
        made = event.author.created_at
        return made is not None and event.at - made < timedelta(days=self.newer_than_days)


class Delay(msgspec.Struct, frozen=True):
    """That something is to be shown to others only after some seconds, and the incident that asks for it."""

    seconds: int
    incident: str
