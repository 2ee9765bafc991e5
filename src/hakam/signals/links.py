"""Addresses in an item: those that the platform names and those that stand in the text."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from importlib.metadata import version
from urllib.parse import unquote

from publicsuffixlist import PublicSuffixList

SUFFIXES = version("publicsuffixlist")
"""Which edition of the Public Suffix List says what somebody registered."""

# With a scheme (also defanged: hxxp), with www, or a bare name under a common top-level domain.
_LINK = re.compile(
    r"(?:h(?:tt|xx)ps?://|www\.)[^\s<>\"'\u00ab\u00bb]+"
    r"|(?<![\w@.-])(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+"
    r"(?:(?:com?|net|org|edu|gov)\.[a-z]{2}|com|net|org|info|biz|io|co|me|ru|cn|xyz|top|site|online|shop|club|app|dev|tv"
    r"|cc|ly|gg|link|click|vip)"
    r"(?:/[^\s<>\"'\u00ab\u00bb]*|(?![\w-]|\.\w))",
    re.IGNORECASE,
)
# A bare name under any other top-level domain is an address only where a path follows: `is.gd/x`, `youtu.be/x`. What
# follows a slash itself is a path, as in `src/main.rs/x`.
_SLASHED = re.compile(r"\.[a-z]{2,18}/[a-z0-9]", re.IGNORECASE)
_PATHED = re.compile(
    r"(?<![\w@./\\-])((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+([a-z]{2,18}))/[a-z0-9][^\s<>\"'\u00ab\u00bb]*",
    re.IGNORECASE,
)
_ENDINGS_OF_FILES = frozenset({"md", "mov", "ps", "py", "rs", "sh", "so", "zip"})  # and top-level domains
_TRAILING = ".,;:!?)]}'\"\u060c\u061b\u061f\u2026"
_HOST = re.compile(
    r"(?:(?:[a-z][a-z0-9+.-]*:)?[/\\]{2}|mailto:)?+(?:[^/\\?#\s]*@)?(\[[0-9a-f:.]+\]|[^/\\?#:@\s\[\]]+)",
    re.IGNORECASE,  # browsers read a backslash as a slash
)
_DEFANGED = re.compile(r"[\[(](\.|dot|:)[\])]", re.IGNORECASE)
# What browsers read in a host as if it were not there, or as a dot (Unicode TS 46).
_UNSEEN = str.maketrans(dict.fromkeys("\u00ad\u200b\u2060\ufeff", "") | dict.fromkeys("。．｡", "."))
_STRIPPED = str.maketrans("", "", "\t\n\r")  # what browsers take out of an address before they read it
_FORBIDDEN = re.compile(
    r"[\x00-\x20#%/:<>?@\[\\\]^|\x7f\ufffd]"
)  # in a host (URL standard, 3.2), or undecodable
# Sites that give each customer a name of its own and stand in no list of suffixes.
_HOSTING = frozenset(
    {"wordpress.com", "weebly.com", "tumblr.com", "000webhostapp.com", "substack.com", "medium.com"}
)
# Services that give short addresses for long ones.
SHORTENERS = frozenset({
    "0rz.tw", "1url.com", "2.gp", "adf.ly", "adfoc.us", "amzn.to", "b.link", "b23.tv", "bc.vc", "bit.do", "bit.ly",
    "bitly.com", "bitly.ws", "bl.ink", "buff.ly", "chilp.it", "clck.ru", "clk.sh", "cutt.ly", "cutt.us", "db.tt",
    "dlvr.it", "dub.co", "dub.sh", "exe.io", "fb.me", "flip.it", "gg.gg", "goo.gl", "goo.su", "han.gl", "hubs.ly",
    "hyperurl.co", "ift.tt", "is.gd", "j.mp", "kutt.it", "lnkd.in", "lnk.to", "me2.kr", "ouo.io", "ow.ly",
    "ouo.press", "pin.it", "po.st", "qr.ae", "qr.net", "rb.gy", "rebrand.ly", "reurl.cc", "s.id", "sh.st",
    "shor.by", "short.gy", "short.io", "shorte.st", "shorturl.asia", "shorturl.at", "shorturl.gg", "smarturl.it",
    "snip.ly", "spoti.fi", "surl.li", "t.co", "t.cn", "t.ly", "t2m.io", "tiny.cc", "tiny.one", "tinyurl.com", "tr.im",
    "trib.al", "u.to", "urlz.fr", "v.gd", "v.ht", "vk.cc", "vm.tiktok.com", "wp.me", "x.gd", "yhoo.it",
    "zpr.io", "zws.im",
})  # fmt: skip
_NUMBER = re.compile(r"0x(?P<hex>[0-9a-f]{0,16})|0(?P<octal>[0-7]{1,22})|(?P<decimal>0|[1-9][0-9]{0,19})")
_RADIX = {"hex": 16, "octal": 8, "decimal": 10}
_BYTE, _LAST_BYTE = 255, 3
_MAX_LINKS = 200


def find_links(text: str | None, given: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return the addresses `given` and those found in `text`, each once, in order; at most 200."""
    if not text:
        return given
    plain = text if text.isascii() else text.translate(_UNSEEN)
    if "[" in plain or "(" in plain:
        plain = _DEFANGED.sub(lambda match: ":" if match[1] == ":" else ".", plain)
    if not ("." in plain or "//" in plain):
        return given
    matches = [(match.start(), match.end(), match.group()) for match in _LINK.finditer(plain)]
    if _SLASHED.search(plain):
        # Those inside stay too: of `a.example.de/http://b.example` either may be where readers are led.
        matches = sorted([*matches, *_pathed(plain, matches)])
    found = (link.rstrip(_TRAILING) for _, _, link in matches)
    return tuple(dict.fromkeys((*given, *found)))[:_MAX_LINKS]


def _pathed(text: str, known: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Return the bare names with a path that do not begin inside a link that is known, each with its place."""
    return [
        (match.start(), match.end(), match.group())
        for match in _PATHED.finditer(text)
        if _leads_somewhere(match[1].lower(), match[2].lower())
        and not any(start <= match.start() < end for start, end, _ in known)
    ]


def _leads_somewhere(host: str, ending: str) -> bool:
    if host in SHORTENERS:
        return True
    return (
        ending not in _ENDINGS_OF_FILES and _suffixes().publicsuffix(ending, accept_unknown=False) is not None
    )


@lru_cache(maxsize=8_192)
def host_of(link: str) -> str | None:
    """Return the host of an address as browsers read it, or `None` if it has none.

    In lower case, percent-encoding and punycode decoded (once, as the URL standard does), line ends and tabs left out.
    """
    if not link.isprintable():
        link = link.translate(_STRIPPED)
    if not link.isascii():
        link = unicodedata.normalize("NFKC", link.translate(_UNSEEN))
    match = _HOST.match(link.replace("hxxp", "http", 1))
    if not match:
        return None
    host = match.group(1)
    if "%" in host:
        host = _decoded(host)
    host = host.rstrip(".").lower()
    if host[-1:].isdecimal() or "0x" in host:
        return _ipv4(host) or host
    if "xn--" in host:
        host = ".".join(map(_decode_label, host.split(".")))
    return host or None


def shorteners_of(hosts: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """Return those of `hosts` that belong to a service which shortens addresses, in order; `None` of `None`.

    Where a shortened address leads is known to nobody but the service: nothing is fetched to find out.
    """
    if hosts is None:
        return None
    return tuple(host for host in hosts if host in SHORTENERS or host.removeprefix("www.") in SHORTENERS)


def _ipv4(host: str) -> str | None:
    """Return `127.0.0.1` for `2130706433`, `0x7f.1` or `0177.0.0.1`, as browsers do; `None` for what is no address.

    URL standard, 3.5: one to four numbers, decimal, hexadecimal or octal, of which the last fills what is left.
    """
    numbers = []
    for part in host.split("."):
        match = _NUMBER.fullmatch(part)
        if match is None:
            return None
        kind = match.lastgroup or ""
        numbers.append(int(match[kind] or "0", _RADIX[kind]))
    *firsts, last = numbers
    if (
        len(firsts) > _LAST_BYTE
        or any(number > _BYTE for number in firsts)
        or last >= 256 ** (4 - len(firsts))
    ):
        return None
    value = last + sum(number << 8 * (_LAST_BYTE - n) for n, number in enumerate(firsts))
    return ".".join(str(value >> shift & _BYTE) for shift in (24, 16, 8, 0))


def _decoded(host: str) -> str:
    """Decode `%65vil%2Eexample`. What can stand in no host leads nowhere in a browser, and stays as it was written."""
    plain = unicodedata.normalize("NFKC", unquote(host).translate(_UNSEEN))
    return host if not plain or _FORBIDDEN.search(plain) else plain


def _decode_label(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        # It may hide capitals, which no name has.
        plain = label[4:].encode("ascii").decode("punycode").lower()
    except UnicodeError:
        return label
    return label if not plain or "." in plain or _FORBIDDEN.search(plain) else plain


@lru_cache(maxsize=8_192)
def registrable(host: str) -> str:
    """Return the part of `host` that somebody registered: `example.co.uk` of `a.b.example.co.uk`.

    By the Public Suffix List, its part for sites whose customers have names of their own included, and a few more of
    those. What is a suffix itself is returned as it is.
    """
    labels = host.split(".")
    if host.startswith("[") or labels[-1].isdigit():
        return host
    if ".".join(labels[-2:]) in _HOSTING:
        return ".".join(labels[-3:])
    found: str | None = _suffixes().privatesuffix(host)
    return found or host


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()
