"""What somebody asks of the event log, as the form says it, and as the investigation takes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from django.http import QueryDict
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from hakam.investigation.query import ANY, Fired, Query, Step
from hakam.investigation.tops import UnknownFieldError, facet
from hakam.investigation.where import Asked, Asker
from hakam.policy.kinds import parse_duration
from hakam.policy.pack import Pack
from hakam.vocabulary.verdict import Stage

SPANS: Final = ("1h", "24h", "7d", "30d", "90d", "all")
TOPS: Final = ("author.id", "links.domains", "text.fingerprint", "media.hash", "rule", "policy", "text.language",
               "item.community", "context.ip_hash")  # fmt: skip
MOST_TOPS: Final = 4
SHOWN: Final = 30
EXPORTED: Final = 10_000
MISSED: Final = "missed"  # in place of a stage: judged without the rule, as it failed or was put aside
SECONDS: Final = 8.0  # an answer comes within them; what is older is said to be left out


class AskError(ValueError):
    """The form can't be asked. The message is for who filled it in."""


@dataclass(frozen=True)
class Form:
    """The fields of the form, as they came."""

    where: str = ""
    span: str = "7d"
    rule: str = ""
    stage: str = ""
    top: tuple[str, ...] = ()
    by: str = "day"

    @property
    def fields(self) -> dict[str, str | list[str]]:
        """What a link or a kept question holds."""
        kept: dict[str, str | list[str]] = {"where": self.where, "span": self.span, "rule": self.rule,
                                            "stage": self.stage, "by": self.by, "top": list(self.top)}  # fmt: skip
        return {name: value for name, value in kept.items() if value}

    @property
    def link(self) -> str:
        """Return the query of an address that asks this."""
        return urlencode({**self.fields, "go": "1"}, doseq=True)


LONGEST_ADDRESS: Final = 8_000
"""Characters that a browser is led to: Django refuses longer redirects, and servers longer requests."""


def address_of(form: Form) -> str:
    """Return where the form stands as it was written, not asked; where it stands empty, if that is too long to say."""
    page = reverse("console:investigate")
    filled = f"{page}?{form.link.removesuffix('&go=1')}"
    return filled if len(filled) <= LONGEST_ADDRESS else page


EXAMPLES: Final = (
    Form('word(text.folded, "carpet")', top=("author.id",)),
    Form('len(links.urls) > 0 and author.age < "7d"', top=("links.domains",)),
    Form("author.posts < 3 and text.length > 500", top=("text.fingerprint",)),
)
SAMPLE: Final = 'word(text.folded, "carpet") and author.posts < 3'
SAMPLE_SQL: Final = "SELECT author_id, count(*) FROM events GROUP BY 1 ORDER BY 2 DESC"


def read(data: QueryDict) -> Form:
    """Read a form. Nothing is judged here."""
    return Form(
        where=data.get("where", "").strip(),
        span=data.get("span", "7d"),
        rule=data.get("rule", "").strip()[:128],
        stage=data.get("stage", ""),
        top=tuple(dict.fromkeys(name.strip() for name in data.getlist("top") if name.strip())),
        by=data.get("by", "day"),
    )


@dataclass(frozen=True)
class Ready:
    """A form with what the checker said of its condition; without `query` there is an error among the findings."""

    asked: Asked = field(default_factory=lambda: Asked(None, ()))
    query: Query | None = None
    since: datetime | None = None


def prepare(form: Form, pack: Pack, now: datetime, *, limit: int = SHOWN) -> Ready:
    """Check a form. Raises `AskError` for what is no mistake of the condition."""
    since = since_of(form.span, now)
    if form.stage not in {"", "live", "shadow", MISSED} or form.by not in {"", "hour", "day"}:
        raise AskError(_("Choose one of the values that the form offers."))
    if len(form.top) > MOST_TOPS:
        raise AskError(_("At most %(count)s fields are counted at once.") % {"count": MOST_TOPS})
    try:
        tops = tuple(facet(name, pack) for name in form.top)
    except UnknownFieldError as error:
        raise AskError(_("There is no such field: %(why)s") % {"why": error}) from error
    asked = Asker(pack).ask(form.where) if form.where else Asked(None, ())
    if form.where and asked.question is None:
        return Ready(asked, None, since)
    rules = frozenset({form.rule}) if form.rule else frozenset({ANY}) if form.stage else frozenset()
    missed = form.stage == MISSED
    stages = frozenset({Stage(form.stage)}) if form.stage and not missed else frozenset()
    query = Query(
        asked.question,
        Fired() if missed else Fired(rules, frozenset(), stages),
        since.timestamp() if since else 0.0,
        limit=limit,
        top=tops,
        by=Step(form.by) if form.by else None,
        finer=True,
        budget=SECONDS,
        missed=rules if missed else frozenset(),
    )
    return Ready(asked, query, since)


def since_of(span: str, now: datetime) -> datetime | None:
    """Return when a span begins, None for everything. Raises `AskError`."""
    if span == "all":
        return None
    seconds = parse_duration(span) if span in SPANS else None
    if seconds is None:
        raise AskError(_("Choose one of the values that the form offers."))
    return (now - timedelta(seconds=seconds)).astimezone(UTC)


def missed_by(rule: str, since: datetime, now: datetime) -> Form:
    """Return the form that asks which events were judged without a rule since a moment, or a little earlier."""
    for span in SPANS:
        begin = since_of(span, now)
        if begin is None or begin <= since:
            break
    return Form(span=span, rule=rule, stage=MISSED)
