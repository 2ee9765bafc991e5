"""The banks in force, opened to look things up in: what the door, the doors in other shapes and the worker ask.

Whoever uses it holds one object and gets a new one when something is published; nothing here changes while it is used.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import md5, sha1, sha256
from pathlib import Path
from typing import NamedTuple

from hakam.signals.bulletins import account_digest, url_digest
from hakam.signals.links import find_links
from hakam.signals.measure import text_of
from hakam.signals.near_duplicates import simhash
from hakam.storage.bank_shelf import Shelf, ShelfError
from hakam.storage.published import PublishedBank
from hakam.vocabulary.bank import BULLETINS, DIGITS, EXACT, MADE, BankMatch, EntryKind
from hakam.vocabulary.event import Event, Media

_HEX = re.compile(r"[0-9a-f]+")
_KINDS = {kind.value: kind for kind in EntryKind if kind not in BULLETINS}  # of media
_MOST_LINKS = 50


class OpenBank(NamedTuple):
    """A bank in force and its shelf."""

    bank: PublishedBank
    shelf: Shelf

    def in_force(self, at: float) -> bool:
        """Whether its matches count at a time (Unix seconds)."""
        return self.bank.expires_at is None or at < self.bank.expires_at


class Seen(NamedTuple):
    """What was looked up: the matches, nearest first, and which banks could be asked.

    `shadows` matched in banks of which a match does nothing.
    """

    matches: tuple[BankMatch, ...] = ()
    asked: tuple[str, ...] = ()
    shadows: tuple[BankMatch, ...] = ()


NOTHING = Seen()


def bank_folder(home: Path, number: int) -> Path:
    """Return where the shelf of a bank lies."""
    return home / "banks" / str(number)


class KnownContent:
    """Every bank in force. A bank whose shelf can't be opened is left out and told in `troubles`.

    Those of which a match does nothing lie apart, in `shadows`: whoever asks `banks` need not know of them.
    """

    def __init__(self, home: Path, banks: Iterable[PublishedBank] = ()) -> None:
        self.banks: dict[str, OpenBank] = {}
        self.shadows: dict[str, OpenBank] = {}
        self.troubles: list[str] = []
        for bank in banks:
            try:
                shelf = Shelf(bank_folder(home, bank.number))
                if shelf.revision < bank.revision:
                    raise ShelfError(f"its shelf has revision {shelf.revision}, {bank.revision} is published")  # noqa: TRY301
                (self.shadows if bank.shadow else self.banks)[bank.name] = OpenBank(bank, shelf)
            except ShelfError as error:
                self.troubles.append(f"bank {bank.name}: {error}")
        shelves = [one.shelf for one in (*self.banks.values(), *self.shadows.values())]
        self._texts = any(shelf.has_texts for shelf in shelves)
        self._exact = any(shelf.has_exact for shelf in shelves)
        self._bulletins = any(shelf.has_bulletins for shelf in shelves)

    def __bool__(self) -> bool:
        return bool(self.banks or self.shadows)

    def opened(self, name: str) -> OpenBank:
        """Return a bank by its name, whatever its matches do. Raises `KeyError`."""
        return self.banks[name] if name in self.banks else self.shadows[name]

    def look(self, event: Event, at: float, words: Callable[[], str | None]) -> Seen:
        """Look up an event's media by the hashes that came with them, and its text.

        `words` gives the folded words of the text; it is called only where a bank holds texts. The bytes of small media
        that came along are hashed here too (MD5, SHA-1, SHA-256); decoding them as pictures is for the worker. A bank
        was `asked` if the event had something of a kind that the bank holds: only then is "no match" known.
        """
        if not self:
            return NOTHING
        wanted: list[tuple[EntryKind, str, int | None]] = []
        for place, media in enumerate(event.item.media):
            wanted += [(kind, digest, place) for kind, digest in self._hashes(media)]
        if self._texts and (text := words()) is not None and (hash_ := simhash(text)) is not None:
            wanted.append((EntryKind.TEXT, f"{hash_:016x}", None))
        if self._bulletins:
            wanted += _named_in(event)
        return self.find(wanted, at) if wanted else NOTHING

    def find(self, wanted: Sequence[tuple[EntryKind, str, int | None]], at: float) -> Seen:
        """Look up hashes (kind, lower-case hex, which of the media): the nearest entry of each bank for each."""
        matches, asked = _found(self.banks, wanted, at)
        return Seen(matches, asked, _found(self.shadows, wanted, at)[0] if self.shadows else ())

    def _hashes(self, media: Media) -> list[tuple[EntryKind, str]]:
        found: dict[EntryKind, str] = {}
        if media.data is not None and self._exact:
            found[EntryKind.MD5] = md5(media.data, usedforsecurity=False).hexdigest()
            found[EntryKind.SHA1] = sha1(media.data, usedforsecurity=False).hexdigest()
            found[EntryKind.SHA256] = sha256(media.data).hexdigest()
        for name, value in media.hashes.items():
            kind, digest = _KINDS.get(name.lower()), value.lower()
            if kind is not None and len(digest) == DIGITS.get(kind) and _HEX.fullmatch(digest):
                found[kind] = digest
        return list(found.items())


def _named_in(event: Event) -> list[tuple[EntryKind, str, int | None]]:
    """Return the hashes of the addresses that an event names, and of who it is by."""
    links = find_links(text_of(event), event.item.links)[:_MOST_LINKS]
    urls = dict.fromkeys(digest for link in links if (digest := url_digest(link)) is not None)
    names = (event.author.id, event.author.email or "", event.author.name or "")
    accounts = dict.fromkeys(digest for name in names if (digest := account_digest(name)) is not None)
    return [
        *((EntryKind.URL, digest, None) for digest in urls),
        *((EntryKind.ACCOUNT, digest, None) for digest in accounts),
    ]


def _found(
    banks: Mapping[str, OpenBank], wanted: Sequence[tuple[EntryKind, str, int | None]], at: float
) -> tuple[tuple[BankMatch, ...], tuple[str, ...]]:
    matches: list[BankMatch] = []
    asked: list[str] = []
    for name, one in banks.items():
        if not one.in_force(at):
            continue
        fit = [entry for entry in wanted if _holds(one.shelf, entry[0])]
        if fit:
            asked.append(name)
        for kind, digest, media in fit:
            near = one.shelf.look(kind, digest, one.bank.distance)
            if near is not None:
                matches.append(BankMatch(name, near.entry, kind, near.distance, media))
    matches.sort(key=lambda match: (match.distance, match.bank, match.entry))
    return tuple(matches), tuple(asked)


def _holds(shelf: Shelf, kind: EntryKind) -> bool:
    """Whether a shelf has anything that a hash of this kind could match."""
    if kind in EXACT:
        return shelf.has_exact
    if kind in BULLETINS:
        return shelf.has_bulletins
    if kind in MADE:
        return False  # compared in `known_media`
    return shelf.has_texts if kind is EntryKind.TEXT else shelf.has_pictures
