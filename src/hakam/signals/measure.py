"""All cheap measurements of one event, taken once at the door and stored beside it.

A measurement that could not be taken, since the event lacks what it needs or no rule asked for it, is `None`: unknown.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

import msgspec

from hakam.signals.fingerprint import fingerprint
from hakam.signals.fold import FOLD_VERSION, fold_counting, split_words
from hakam.signals.language import guess_language
from hakam.signals.links import find_links, host_of, registrable
from hakam.signals.script import main_script
from hakam.vocabulary.event import Event


class Need(StrEnum):
    """What a pack can ask for. A compiled engine names the set that its rules read."""

    TEXT = "text"
    FOLDED = "folded"
    WORDS = "words"
    REPAIRS = "repairs"
    FINGERPRINT = "fingerprint"
    SCRIPT = "script"
    LANGUAGE = "language"
    LINKS = "links"


ALL_NEEDS: frozenset[Need] = frozenset(Need)
_FOLDING = frozenset({Need.FOLDED, Need.WORDS, Need.REPAIRS, Need.FINGERPRINT})


class Signals(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What was measured. Field names are those that the rule language shows under `text.` and `links.`."""

    text: str | None = None  # title and text as they came, joined by a newline
    folded: str | None = None  # after `fold.fold`: case, look-alikes, Arabic variants, spacing tricks removed
    words: str | None = None  # folded words, one space between, one before and one after: " kill all "
    repairs: int | None = None  # tricks that folding undid: 0 for plain text
    fingerprint: str | None = None  # 16 hex digits, equal for texts that say the same; None for short texts
    script: str | None = None  # ISO 15924 code of most letters: Latn, Arab, Cyrl ...
    language: str | None = None  # BCP 47: as declared, else guessed from letters that only one language uses
    links: tuple[str, ...] | None = None  # addresses, as given and as found in the text
    hosts: tuple[str, ...] | None = None  # their hosts, lower case, punycode decoded
    domains: tuple[str, ...] | None = None  # what of each host somebody registered
    fold_version: int = FOLD_VERSION


def text_of(event: Event) -> str | None:
    """Return the item's title and text, or `None` if the platform sent neither."""
    item = event.item
    if item.title is None:
        return item.text
    return item.title if item.text is None else f"{item.title}\n{item.text}"


def measure(event: Event, needs: Collection[Need] = ALL_NEEDS) -> Signals:
    """Measure what `needs` names and nothing else. Pure: the same event gives the same signals.

    `FOLDED`, `WORDS`, `REPAIRS` and `FINGERPRINT` share one folding of the text.
    """
    item = event.item
    text = text_of(event)
    folded = words = print_ = script = None
    repairs = None
    language = item.language
    links = hosts = domains = None
    if text is not None:
        if not _FOLDING.isdisjoint(needs):
            folded, repairs = fold_counting(text)
            if Need.WORDS in needs or Need.FINGERPRINT in needs:
                words = split_words(folded)
            if Need.FINGERPRINT in needs:
                assert words is not None
                print_ = fingerprint(words)
        if Need.SCRIPT in needs or (language is None and Need.LANGUAGE in needs):
            script = main_script(text)
            if language is None and Need.LANGUAGE in needs:
                language = guess_language(text, script)
    if Need.LINKS in needs and (text is not None or item.links):
        links = find_links(text, item.links)
        hosts = tuple(dict.fromkeys(host for link in links if (host := host_of(link))))
        domains = tuple(dict.fromkeys(map(registrable, hosts)))
    return Signals(text, folded, words, repairs, print_, script, language, links, hosts, domains)
