"""Records of processing (GDPR Art. 30), written from how this installation really runs.

What is processed and why is one list here; who receives data, where it goes, how long it stays, how it is guarded is
read from the settings, the registered endpoints, the schedule and the roles at the moment of asking.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, NamedTuple, Protocol
from urllib.parse import urlsplit

import msgspec
from django.db.models import Count
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from hakam.banks.models import Bank
from hakam.enforcement.models import Endpoint
from hakam.intake.models import Authority, Flagger
from hakam.privacy import rooms_above
from hakam.privacy.kinds import Kind
from hakam.privacy.models import Project
from hakam.privacy.schedule import Kept, schedule
from hakam.staff.models import User


class Running(Protocol):
    """The part of the operator's settings that a record depends on."""

    @property
    def platform_name(self) -> str:
        """Name of the platform."""
        ...

    @property
    def base_url(self) -> str:
        """Address of the installation."""
        ...

    @property
    def behind_tls(self) -> bool:
        """Whether a proxy in front ends TLS."""
        ...

    @property
    def eu_database_url(self) -> str:
        """Address of the EU Transparency Database; empty: none is sent."""
        ...

    @property
    def smtp_url(self) -> str:
        """Where mail goes; empty: into files."""
        ...

    @property
    def database_url(self) -> str:
        """Address of the database; empty: a file."""
        ...


class Activity(NamedTuple):
    """One activity of processing, as far as it is the same everywhere."""

    key: str
    title: Promise
    purpose: Promise
    people: Promise
    ground: str
    kinds: tuple[Kind, ...]
    recipients: tuple[Callable[[Running], list[str]], ...]


class Entry(msgspec.Struct, frozen=True):
    """One activity as it runs here: GDPR Art. 30(1)(b) to (g)."""

    key: str
    title: str
    purpose: str
    people: str
    ground: str
    data: tuple[str, ...]
    recipients: tuple[str, ...]
    transfers: tuple[str, ...]
    erased: tuple[str, ...]


class Record(msgspec.Struct, frozen=True):
    """The whole record."""

    made_at: datetime
    controller: str
    address: str
    entries: tuple[Entry, ...]
    security: tuple[str, ...]
    systems: tuple[str, ...]


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or url[:80]
    except ValueError:
        return url[:80]


def _platforms(_running: Running) -> list[str]:
    found = []
    for one in Endpoint.objects.filter(enabled=True).order_by("platform"):
        where = _host(str(one.settings.get("url", ""))) if one.settings.get("url") else one.connector
        found.append(_("the platform %(name)s, at %(where)s") % {"name": one.platform, "where": where})
    return found


def _mail(running: Running) -> list[str]:
    if running.smtp_url:
        return [_("the mail server %(host)s, for letters to people") % {"host": _host(running.smtp_url)}]
    return [_("nobody by e-mail: letters are written to files")]


def _union_database(running: Running) -> list[str]:
    if not running.eu_database_url:
        return []
    return [
        _("the EU Transparency Database at %(host)s, without personal data")
        % {"host": _host(running.eu_database_url)}
    ]


def _authorities(_running: Running) -> list[str]:
    countries = Authority.objects.exclude(confirmed_at=None).values_list("country").annotate(n=Count("pk"))
    return [
        _("authorities of %(country)s, on order (%(count)s registered)") % {"country": country, "count": n}
        for country, n in countries.order_by("country")
    ]


def _flaggers(_running: Running) -> list[str]:
    count = Flagger.objects.filter(state="active").count()
    return (
        [
            ngettext(
                "%(n)s trusted flagger: the outcome of its notices",
                "%(n)s trusted flaggers: the outcome of their notices",
                count,
            )
            % {"n": count}
        ]
        if count
        else []
    )


def _partners(_running: Running) -> list[str]:
    names = Bank.objects.filter(shared=True).order_by("name")
    return [
        _("partners that fetch the shared bank %(name)s: hashes, no contents") % {"name": one.name}
        for one in names
    ]


def _children(_running: Running) -> list[str]:
    """Name where reports go: to NCMEC they leave the Union."""
    return [
        _("NCMEC at %(host)s: reports that two people approved") % {"host": "report.cybertip.org"},
        _("the National Crime Agency: reports that two people approved"),
    ]


def _researchers(_running: Running) -> list[str]:
    return [
        _("%(who)s, until %(day)s, pseudonymised") % {"who": one.researcher, "day": one.expires_on}
        for one in Project.objects.filter(state="made").order_by("expires_on")
    ]


_USERS: Final = gettext_lazy("people who post on the platform")
_ALL: Final = gettext_lazy("people who post, report or complain")
ACTIVITIES: Final = (
    Activity(
        "judging", gettext_lazy("Judging what is posted by the rule book"),
        gettext_lazy("finding content that is illegal or against the terms"), _USERS, "GDPR Art. 6(1)(f)",
        (Kind.EVENTS,), (_platforms,),
    ),
    Activity(
        "notices", gettext_lazy("Taking in notices and answering them"),
        gettext_lazy("notice and action (Article 16 DSA)"), gettext_lazy("people who report, and whom they report"),
        "GDPR Art. 6(1)(c)", (Kind.NOTICE_LOG, Kind.NOTICES, Kind.NOTIFIERS), (_platforms, _mail, _flaggers),
    ),
    Activity(
        "review", gettext_lazy("Review of cases by people, and decisions"),
        gettext_lazy("deciding with care, and proving it (Articles 14 and 17 DSA)"), _USERS, "GDPR Art. 6(1)(c), (f)",
        (Kind.CASES, Kind.MEDIA, Kind.CONTACTS, Kind.DRAFTS), (_platforms,),
    ),
    Activity(
        "statements", gettext_lazy("Statements of reasons, complaints and disputes"),
        gettext_lazy("telling people why, and hearing them (Articles 17, 20 and 21 DSA)"), _ALL, "GDPR Art. 6(1)(c)",
        (Kind.STATEMENTS, Kind.COMPLAINTS, Kind.LETTERS), (_platforms, _mail, _union_database),
    ),
    Activity(
        "misuse", gettext_lazy("Measures against misuse"), gettext_lazy("suspensions after a warning (Article 23 DSA)"),
        _ALL, "GDPR Art. 6(1)(c)", (Kind.MISUSE,), (_platforms, _mail),
    ),
    Activity(
        "authorities", gettext_lazy("Orders of authorities, threats to life"),
        gettext_lazy("acting on orders and telling of threats (Articles 9, 10 and 18 DSA)"), _USERS,
        "GDPR Art. 6(1)(c)", (Kind.ORDERS, Kind.DISCLOSURES, Kind.THREATS, Kind.LEGAL_REQUESTS), (_authorities, _mail),
    ),
    Activity(
        "children", gettext_lazy("Reports of child abuse"),
        gettext_lazy("reporting to the bodies that the law names"), _USERS, "GDPR Art. 6(1)(c)",
        (Kind.CHILD_REPORTS,), (_children,),
    ),
    Activity(
        "known", gettext_lazy("Banks of known content"), gettext_lazy("finding copies of what was judged before"),
        _USERS, "GDPR Art. 6(1)(f)", (), (_partners,),
    ),
    Activity(
        "lists", gettext_lazy("Lists outside packs"),
        gettext_lazy("recognising accounts and domains that were named before"), _USERS, "GDPR Art. 6(1)(f)",
        (Kind.LISTS,), (),
    ),
    Activity(
        "live", gettext_lazy("Live streams, and the audience of live events"),
        gettext_lazy("letting nobody who is barred go live, cutting what must end, hearing an audience"), _USERS,
        "GDPR Art. 6(1)(f)", (Kind.STREAMS, Kind.LIVE_REFUSALS, Kind.LIVE_PERMITS, Kind.QUESTIONS), (_platforms,),
    ),
    Activity(
        "rights", gettext_lazy("Requests of people about their data"),
        gettext_lazy("answering them (Articles 12 to 21 GDPR)"), _ALL, "GDPR Art. 6(1)(c)",
        (Kind.REQUESTS, Kind.ERASURE_LETTERS), (_mail,),
    ),
    Activity(
        "research", gettext_lazy("Data for researchers"), gettext_lazy("research on systemic risks (Article 40 DSA)"),
        _ALL, "GDPR Art. 6(1)(c)", (Kind.RESEARCH,), (_researchers,),
    ),
    Activity(
        "proof", gettext_lazy("The ledger and the logs of the machine"),
        gettext_lazy("proving what was done, and keeping it safe"),
        gettext_lazy("colleagues, and people whom a fact names"), "GDPR Art. 5(2), GDPR Art. 32",
        (Kind.LEDGER, Kind.LOGS, Kind.SET_ASIDE), (),
    ),
)  # fmt: skip
_above: dict[str, list[Callable[[], list[str]]]] = {}


def tell(activity: str, recipients: Callable[[], list[str]]) -> None:
    """Let a room above name recipients of an activity too: `register` of the module it announced calls this."""
    told = _above.setdefault(activity, [])
    if recipients not in told:
        told.append(recipients)


_THIRD: Final = {"report.cybertip.org": "US"}


def record(running: Running, *, now: datetime, language: str) -> Record:
    """Return the record as of now, in the language in force; `language` is `en` or `ar`, for texts that are data."""
    rooms_above.register()
    kept = schedule()
    return Record(
        now, running.platform_name, running.base_url,
        tuple(_entry(one, running, kept, language) for one in ACTIVITIES), tuple(_security(running)),
        tuple(_systems(running)),
    )  # fmt: skip


def _entry(one: Activity, running: Running, kept: dict[Kind, Kept], language: str) -> Entry:
    recipients = [name for found in one.recipients for name in found(running)]
    recipients += [name for found in _above.get(one.key, ()) for name in found()]
    transfers = [
        _("%(host)s, in %(country)s") % {"host": h, "country": c}
        for h, c in _THIRD.items()
        if any(h in r for r in recipients)
    ]
    return Entry(
        one.key, str(one.title), str(one.purpose), str(one.people), one.ground,
        tuple(kept[kind].shipped.title[language] for kind in one.kinds), tuple(recipients), tuple(transfers),
        tuple(
            _("%(what)s: %(period)s from: %(start)s")
            % {
                "what": kept[kind].shipped.title[language], "period": _period(kept[kind]),
                "start": kept[kind].shipped.starts[language],
            }
            for kind in one.kinds
        ),
    )  # fmt: skip


def _period(kept: Kept) -> str:
    """Return how long a kind is kept, in words."""
    parts = []
    if kept.months:
        parts.append(ngettext("%(shown)s month", "%(shown)s months", kept.months) % {"shown": kept.months})
    if kept.days:
        parts.append(ngettext("%(shown)s day", "%(shown)s days", kept.days) % {"shown": kept.days})
    return " ".join(parts)


def _security(running: Running) -> list[str]:
    people = User.objects.filter(is_active=True).count()
    return [
        _("frozen copies are encrypted (AES-256-GCM), the key lies apart from them"),
        _(
            "each fact is chained to the one before it; personal parts can be erased and the chain still proves itself"
        ),
        _("roles with permissions for %(n)s people; looks at personal data are recorded") % {"n": people},
        _("two people for what can't be taken back"),
        _("connections to the console are encrypted by the proxy in front")
        if running.behind_tls
        else _("no encryption in front of the console is declared: the operator must see to it"),
    ]


def _systems(running: Running) -> list[str]:
    return [
        _("database: PostgreSQL") if running.database_url else _("database: a file on this machine (SQLite)"),
        _("event log and frozen copies: files on this machine"),
    ]


HEADER: Final = ("key", "title", "purpose", "people", "ground", "data", "recipients", "transfers", "erased")


def as_json(made: Record) -> bytes:
    """Return a record as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(made))


def as_csv(made: Record) -> bytes:
    """Return the entries of a record as CSV, one a line; several values of a cell are lines of their own."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADER)
    for one in made.entries:
        row: list[Any] = []
        for name in HEADER:
            value = getattr(one, name)
            text = "\n".join(value) if isinstance(value, tuple) else value
            row.append(
                f"'{text}" if text[:1] in {"=", "+", "-", "@"} else text
            )  # no formula in a spreadsheet
        writer.writerow(row)
    return out.getvalue().encode("utf-8-sig")
