"""What a rule can read.

One table, from which the checker, the compiler, the interpreter and the reference derive.

`code` is a Python expression over `e` (event), `a` (its author), `i` (its item), `x` (its context) and `s`
(signals); `None` is unknown. It must not raise on any event that decoded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from math import inf
from typing import Any

import msgspec

from hakam.policy.kinds import Kind, unix
from hakam.signals.fold import split_words
from hakam.signals.homographs import homographs_of
from hakam.signals.links import host_of, registrable, shorteners_of
from hakam.signals.measure import Need, Signals
from hakam.signals.private_data import PrivateKind, find_private_data
from hakam.signals.script import SCRIPTS
from hakam.signals.skeleton import skeleton
from hakam.vocabulary.event import Audience, Change, ContentKind, Event


class FieldSpec(msgspec.Struct, frozen=True):
    """One field. `cost` is in nanoseconds, roughly; `choices` are all values that it can have.

    A number that is known lies between `least` and `most`, and has no fraction if it is `whole`. A country is
    a code of two capital letters, a language a tag of BCP 47. Of a list of hosts, `host` brings a text into the form
    that they have. `made` are all values of what is measured here, not sent: anything else is never there.
    """

    path: str
    kind: Kind
    code: str
    doc: str
    nullable: bool = True
    cost: int = 25
    needs: tuple[Need, ...] = ()
    choices: tuple[str, ...] = ()
    least: float = -inf
    most: float = inf
    whole: bool = False
    country: bool = False
    language: bool = False
    made: tuple[str, ...] = ()
    host: Callable[[str], str] | None = None


def age(event: Event) -> float | None:
    """Return the seconds between the creation of the author's account and the event, never negative."""
    created = event.author.created_at
    if created is None:
        return None
    try:
        seconds = (event.at - created).total_seconds()
    except TypeError:  # one has a zone, the other has none
        seconds = unix(event.at) - unix(created)
    return max(0.0, seconds)


def when(moment: datetime | None) -> float | None:
    """Return Unix seconds, unknown if there is no moment."""
    return None if moment is None else unix(moment)


def words_of(signals: Signals) -> str | None:
    """Return the words of the text, from its folded form where nobody has measured them."""
    if signals.words is None and signals.folded is not None:
        return split_words(signals.folded)
    return signals.words


def as_host(text: str) -> str:
    """Return a host, or the host of an address, as `links.hosts` has it; other texts as they are."""
    return (" " not in text and host_of(text)) or text


def as_domain(text: str) -> str:
    """Return a domain, or that of a host or an address, as `links.domains` has it; other texts as they are."""
    host = as_host(text)
    return text if " " in host else registrable(host)


def paths_of(links: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """Return the paths of links, as they stand between host and query, `/` for none."""
    if links is None:
        return None
    found = []
    for link in links:
        rest = link.partition("://")[2] or link
        _, slash, path = rest.partition("/")
        found.append(f"{slash}{path.partition('?')[0].partition('#')[0]}" or "/")
    return tuple(dict.fromkeys(found))


MAX_PRIVATE = 10_000


def private_kinds(text: str | None) -> tuple[str, ...] | None:
    """Return what kinds of private data the first 10,000 characters of a text hold, in order of place."""
    if text is None:
        return None
    return tuple(dict.fromkeys(str(one.kind) for one in find_private_data(text[:MAX_PRIVATE])))


def private_countries(text: str | None) -> tuple[str, ...] | None:
    """Return whose rules the accounts and identity numbers of a text fit, as far as `private_kinds` reads it."""
    if text is None:
        return None
    return tuple(
        dict.fromkeys(one.country for one in find_private_data(text[:MAX_PRIVATE]) if one.country is not None)
    )


def hour(moment: datetime) -> int | None:
    """Return the hour of the day, UTC, 0 to 23; unknown at the ends of time, where UTC has no such moment."""
    try:
        return (moment if moment.tzinfo is None else moment.astimezone(UTC)).hour
    except OverflowError:
        return None


def weekday(moment: datetime) -> int | None:
    """Return the day of the week, UTC, 1 (Monday) to 7; unknown at the ends of time."""
    try:
        return (moment if moment.tzinfo is None else moment.astimezone(UTC)).isoweekday()
    except OverflowError:
        return None


HELPERS: dict[str, Any] = {
    "PATHS": paths_of,
    "SHORTENERS": shorteners_of,
    "HOMOGRAPHS": homographs_of,
    "PRIVATE": private_kinds,
    "PRIVATE_OF": private_countries,
    "HOUR": hour,
    "WEEKDAY": weekday,
    "AGE": age,
    "WHEN": when,
    "WORDS_OF": words_of,
    "SKELETON": skeleton,
}

_KINDS = tuple(str(kind) for kind in ContentKind)
_T, _N, _B, _L = Kind.TEXT, Kind.NUMBER, Kind.CONDITION, Kind.TEXTS

_SPECS = (
    FieldSpec("event.id", _T, "e.id", "the platform's id of the event", nullable=False),
    FieldSpec("event.platform", _T, "e.platform", "the platform it happened on", nullable=False),
    FieldSpec("event.kind", _T, "e.kind", "what happened", nullable=False, choices=_KINDS),
    FieldSpec(
        "event.change",
        _T,
        "e.change",
        "what the user did to the item",
        nullable=False,
        choices=tuple(map(str, Change)),
    ),
    FieldSpec("event.at", Kind.TIME, "WHEN(e.at)", "when it happened", nullable=False, cost=150),
    FieldSpec(
        "event.hour",
        _N,
        "HOUR(e.at)",
        "hour of the day, UTC, 0 to 23",
        cost=250,
        least=0,
        most=23,
        whole=True,
    ),
    FieldSpec(
        "event.weekday",
        _N,
        "WEEKDAY(e.at)",
        "1 (Monday) to 7 (Sunday), UTC",
        cost=250,
        least=1,
        most=7,
        whole=True,
    ),
    FieldSpec("author.id", _T, "a.id", "the platform's id of the author", nullable=False),
    FieldSpec("author.name", _T, "a.name", "the name shown"),
    FieldSpec(
        "author.age",
        Kind.DURATION,
        "AGE(e)",
        "time from the account's creation to the event",
        cost=250,
        least=0,
    ),
    FieldSpec("author.created_at", Kind.TIME, "WHEN(a.created_at)", "when the account was created", cost=150),
    FieldSpec("author.followers", _N, "a.followers", "how many follow the author", least=0, whole=True),
    FieldSpec("author.following", _N, "a.following", "how many the author follows", least=0, whole=True),
    FieldSpec("author.posts", _N, "a.posts", "how many posts the author has made", least=0, whole=True),
    FieldSpec("author.verified", _B, "a.verified", "whether the platform verified the author"),
    FieldSpec("author.country", _T, "a.country", "ISO 3166-1 alpha-2, as the platform says", country=True),
    FieldSpec("author.language", _T, "a.language", "BCP 47, as the platform says", language=True),
    FieldSpec("author.email", _T, "a.email", "the address, if the platform sends it"),
    FieldSpec("author.labels", _L, "a.labels", "labels that the platform gave the author", nullable=False),
    FieldSpec("item.id", _T, "i.id", "the platform's id of the item", nullable=False),
    FieldSpec(
        "item.kind", _T, "(i.kind or e.kind)", "what the item is", nullable=False, cost=50, choices=_KINDS
    ),
    FieldSpec("item.url", _T, "i.url", "its address"),
    FieldSpec("item.title", _T, "i.title", "its title"),
    FieldSpec("item.text", _T, "i.text", "its text without the title; rules usually want `text.folded`"),
    FieldSpec(
        "item.language", _T, "i.language", "as the platform declares; see `text.language`", language=True
    ),
    FieldSpec(
        "item.links", _L, "i.links", "links as the platform lists them; see `links.urls`", nullable=False
    ),
    FieldSpec("item.mentions", _L, "i.mentions", "ids of the accounts mentioned", nullable=False),
    FieldSpec("item.hashtags", _L, "i.hashtags", "hashtags as the platform lists them", nullable=False),
    FieldSpec("item.labels", _L, "i.labels", "labels that the platform gave the item", nullable=False),
    FieldSpec(
        "item.media_count",
        _N,
        "len(i.media)",
        "how many pictures, videos, sounds",
        nullable=False,
        cost=50,
        least=0,
        whole=True,
    ),
    FieldSpec(
        "item.media_types",
        _L,
        "tuple([m.mime for m in i.media if m.mime is not None])",
        "their media types",
        nullable=False,
        cost=400,
    ),
    FieldSpec("item.parent", _T, "i.parent", "id of what it answers"),
    FieldSpec("item.thread", _T, "i.thread", "id of its thread"),
    FieldSpec("item.community", _T, "i.community", "id of its community"),
    FieldSpec("item.audience", _T, "i.audience", "who can see it", choices=tuple(map(str, Audience))),
    FieldSpec("item.reach", _N, "i.reach", "how many people saw it so far", least=0, whole=True),
    FieldSpec(
        "context.country", _T, "x.country", "where the request came from, ISO 3166-1 alpha-2", country=True
    ),
    FieldSpec("context.client", _T, "x.client", "the client's name for itself (user agent)"),
    FieldSpec("context.ip_hash", _T, "x.ip_hash", "keyed hash of the address"),
    FieldSpec("text.raw", _T, "s.text", "title and text as they came", needs=(Need.TEXT,)),
    FieldSpec(
        "text.folded",
        Kind.FOLDED,
        "s.folded",
        "title and text after folding (case, look-alikes, Arabic variants, spacing tricks)",
        needs=(Need.FOLDED,),
    ),
    FieldSpec(
        "text.words",
        Kind.FOLDED,
        "WORDS_OF(s)",
        "the folded words, a space before and after each",
        cost=100,
        needs=(Need.WORDS,),
    ),
    FieldSpec(
        "text.skeleton",
        Kind.FOLDED,
        "SKELETON(s.text)",
        "what Arabic in Latin letters or without dots may say; `word` and `contains_any` look for Arabic phrases in it",
        cost=30_000,
        needs=(Need.TEXT,),
    ),
    FieldSpec(
        "text.word_count",
        _N,
        "(None if (w := WORDS_OF(s)) is None else len(w.split()))",
        "how many words",
        cost=3_000,
        least=0,
        whole=True,
        needs=(Need.WORDS,),
    ),
    FieldSpec(
        "text.length",
        _N,
        "(None if s.text is None else len(s.text))",
        "characters of the text as it came",
        cost=60,
        least=0,
        whole=True,
        needs=(Need.TEXT,),
    ),
    FieldSpec(
        "text.script",
        _T,
        "s.script",
        "ISO 15924 code of most letters: Latn, Arab ...",
        needs=(Need.SCRIPT,),
        made=SCRIPTS,
    ),
    FieldSpec(
        "text.language",
        _T,
        "s.language",
        "BCP 47, declared or recognised by its letters",
        needs=(Need.LANGUAGE,),
        language=True,
    ),
    FieldSpec(
        "text.fingerprint",
        _T,
        "s.fingerprint",
        "equal for texts that say the same; unknown for very short ones",
        needs=(Need.FINGERPRINT,),
    ),
    FieldSpec(
        "text.private_data",
        _L,
        "PRIVATE(s.text)",
        "kinds of private data in its first 10,000 characters, checked by arithmetic",
        cost=60_000,
        needs=(Need.TEXT,),
        choices=tuple(map(str, PrivateKind)),
    ),
    FieldSpec(
        "text.private_countries",
        _L,
        "PRIVATE_OF(s.text)",
        "countries whose rule its accounts and identity numbers fit, ISO 3166-1 alpha-2",
        cost=60_000,
        needs=(Need.TEXT,),
        country=True,
    ),
    FieldSpec(
        "text.repairs",
        _N,
        "s.repairs",
        "how many tricks folding undid",
        needs=(Need.REPAIRS,),
        least=0,
        whole=True,
    ),
    FieldSpec("links.urls", _L, "s.links", "all links: listed, and found in the text", needs=(Need.LINKS,)),
    FieldSpec(
        "links.hosts",
        _L,
        "s.hosts",
        "their hosts, lower case, punycode decoded",
        needs=(Need.LINKS,),
        host=as_host,
    ),
    FieldSpec(
        "links.paths",
        _L,
        "PATHS(s.links)",
        "their paths, without query and fragment",
        cost=1_500,
        needs=(Need.LINKS,),
    ),
    FieldSpec(
        "links.domains",
        _L,
        "s.domains",
        "what of each host somebody registered",
        needs=(Need.LINKS,),
        host=as_domain,
    ),
    FieldSpec(
        "links.shorteners",
        _L,
        "SHORTENERS(s.hosts)",
        "those of the hosts that only lead on: shortened addresses, whose end is not seen",
        cost=300,
        needs=(Need.LINKS,),
        host=as_host,
    ),
    FieldSpec(
        "links.homographs",
        _L,
        "HOMOGRAPHS(s.hosts)",
        "those of the hosts that imitate others: alike alphabets mixed, or nearly a well-known name",
        cost=2_000,
        needs=(Need.LINKS,),
        host=as_host,
    ),
)

FIELDS: Mapping[str, FieldSpec] = {spec.path: spec for spec in _SPECS}
ROOTS = tuple(dict.fromkeys(path.split(".")[0] for path in FIELDS))

EXTRA_KINDS: Mapping[str, Kind] = {
    "text": Kind.TEXT,
    "number": Kind.NUMBER,
    "boolean": Kind.CONDITION,
    "time": Kind.TIME,
    "texts": Kind.TEXTS,
}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: Any) -> float | None:
    return value if type(value) in {int, float} else None


def _boolean(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _time(value: Any) -> float | None:
    if isinstance(value, datetime):
        return unix(value)
    if isinstance(value, str):
        try:
            return unix(datetime.fromisoformat(value))
        except (ValueError, OverflowError):
            return None
    return None


def _texts(value: Any) -> tuple[str, ...] | None:
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return tuple(value)
    return None


_READERS = {
    Kind.TEXT: ("AS_TEXT", _text),
    Kind.NUMBER: ("AS_NUMBER", _number),
    Kind.CONDITION: ("AS_BOOLEAN", _boolean),
    Kind.TIME: ("AS_TIME", _time),
    Kind.TEXTS: ("AS_TEXTS", _texts),
}
HELPERS.update(dict(_READERS.values()))


def extra_field(name: str, kind: Kind) -> FieldSpec:
    """Return the field of a value that the platform declares. A value of another type is unknown."""
    helper = _READERS[kind][0]
    return FieldSpec(
        f"extra.{name}", kind, f"{helper}(e.extra.get({name!r}))", "declared by the pack", cost=120
    )


def score_field(name: str) -> FieldSpec:
    """Return the field of a score that the platform, or a model, measured (0 to 1)."""
    return FieldSpec(f'scores["{name}"]', Kind.NUMBER, f"e.scores.get({name!r})", "a score, 0 to 1", cost=60)


def reader(spec: FieldSpec) -> Callable[[Event, Signals], Any]:
    """Return the function that reads a field, `None` for unknown.

    The same code that the compiler writes inline.
    """
    source = f"lambda e, s: (lambda a, i, x: {spec.code})(e.author, e.item, e.context)"
    return eval(source, dict(HELPERS))  # type: ignore[no-any-return]  # noqa: S307 -- text from the table above
