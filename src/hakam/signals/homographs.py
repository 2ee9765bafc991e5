"""Hosts that imitate others: names in which alphabets that look alike are mixed, or that look like a well-known one.

After Unicode TS 39. A label that mixes Latin, Cyrillic, Greek and the like is what its section 5.2 calls less than
moderately restrictive. A label whose skeleton (section 4) is that of a well-known name, and that is not that name, is
confusable with it. The tables of look-alikes are those of folding; the well-known names are a choice of our own.
Names in one script alone, with the marks and letters of their language, are nothing of the kind.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from hakam.signals.letters import LOOKALIKES, fold_character
from hakam.signals.links import registrable

# Alphabets with letters that nobody can tell from those of another one of them.
_ALIKE = frozenset(
    {"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU", "GOTHIC", "DESERET"}
)
# What passes for a letter or two in lower case, in ASCII alone.
_IN_ASCII = (("0", "o"), ("1", "l"), ("rn", "m"), ("vv", "w"))
# Names that are imitated: of five letters at least, for a shorter one is too often a word.
WELL_KNOWN = frozenset({
    "absher", "adobe", "airbnb", "alahli", "alibaba", "aliexpress", "allegro", "alrajhibank", "amazon", "apple",
    "aramex", "bankmisr", "barclays", "binance", "bitcoin", "blizzard", "blockchain", "bloomberg", "booking",
    "careem", "chase", "citibank", "cloudflare", "coinbase", "commerzbank", "deutschebank", "discord", "disneyplus",
    "dropbox", "emiratesnbd", "epicgames", "ethereum", "facebook", "fawry", "fedex", "flipkart", "github", "gitlab",
    "gmail", "google", "gosuslugi", "hotmail", "icloud", "instagram", "jumia", "kaspersky", "kraken", "ledger",
    "linkedin", "mastercard", "mercadolibre", "metamask", "microsoft", "moneygram", "myetherwallet", "nafath",
    "netflix", "nintendo", "office365", "opensea", "outlook", "paypal", "payoneer", "pinterest", "playstation",
    "postbank", "rakuten", "reddit", "revolut", "roblox", "royalmail", "santander", "sberbank", "shopify", "signal",
    "snapchat", "sparkasse", "spotify", "steamcommunity", "steampowered", "stripe", "telegram", "tiktok", "trezor",
    "trustwallet", "twitch", "twitter", "uniswap", "vkontakte", "vodafone", "walmart", "wellsfargo",
    "westernunion", "whatsapp", "wikipedia", "yahoo", "yandex", "youtube", "zalando",
})  # fmt: skip


def homographs_of(hosts: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """Return those of `hosts` that imitate others, in order; `None` of `None`. Hosts are as `links.host_of` reads."""
    if hosts is None:
        return None
    return tuple(host for host in hosts if imitates(host))


@lru_cache(maxsize=8_192)
def imitates(host: str) -> bool:
    """Whether a host mixes alphabets that look alike, or looks like a well-known name that it is not."""
    if host.isascii():
        # no letter can deceive but those that spell another, and only where somebody registered them
        return _looks_well_known(registrable(host).partition(".")[0])
    return any(
        not label.isascii() and (_mixes(label) or _looks_well_known(label)) for label in host.split(".")
    )


def _mixes(label: str) -> bool:
    found = {unicodedata.name(sign, "").partition(" ")[0] for sign in label if sign.isalpha()}
    return len(found & _ALIKE) > 1


def _looks_well_known(label: str) -> bool:
    return any(
        part not in WELL_KNOWN and _skeleton(part) in WELL_KNOWN for part in (label, *label.split("-"))
    )


def _skeleton(label: str) -> str:
    """Return the Latin letters that a label looks like (Unicode TS 39, section 4)."""
    plain = "".join(LOOKALIKES.get(sign, sign) for letter in label for sign in fold_character(letter))
    for looks, letter in _IN_ASCII:
        if looks in plain and plain not in WELL_KNOWN:
            plain = plain.replace(looks, letter)
    return plain
