"""What must hold in this room at all times. `hakam doctor` runs it; docs/reference/findings.md has the codes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q
from django.utils import timezone

from hakam.banks.models import BankRetraction
from hakam.exchange.kinds import PartnerState, Trust, Way
from hakam.exchange.models import Followed, Given, Partner
from hakam.exchange.partners import subject_of
from hakam.vocabulary.finding import Finding, Severity

CODES = {
    "X001": "a partner can't be reached",
    "X002": "nothing was heard from a partner for a day",
    "X003": "a partner has been in quarantine for three months",
    "X004": "somebody asked to trust a partner more, and nobody has settled it for a week",
    "X005": "a partner has not confirmed that it dropped what was withdrawn",
    "X006": "the key of a partner is nearly two years old",
    "X007": "a dataset of another server can't be followed",
}
UNREACHED: Final = timedelta(hours=1)
UNHEARD: Final = timedelta(days=1)
QUARANTINE: Final = timedelta(days=90)
WISH: Final = timedelta(days=7)
UNCONFIRMED: Final = timedelta(hours=1)
KEY_AGE: Final = timedelta(days=700)
DATASET: Final = timedelta(days=1)


def check() -> Iterator[Finding]:
    """Yield everything that is broken or waits in this room."""
    now = timezone.now()
    for partner in Partner.objects.exclude(state=PartnerState.ENDED).order_by("name"):
        if partner.state == PartnerState.ACTIVE:
            yield from _silence(partner, now)
            yield from _retractions(partner, now)
        yield from _waiting(partner, now)
    late = now - DATASET
    for one in Followed.objects.filter(ended_at=None).exclude(last_error="").order_by("name"):
        if (one.read_at or one.created_at) < late:
            yield _warning(
                "X007", f"since {_day(one.read_at or one.created_at)}: {one.last_error[:200]}", f"fires:{one.name}",
                "look at its address, or `hakam fires end`",
            )  # fmt: skip


def _silence(partner: Partner, now: datetime) -> Iterator[Finding]:
    subject = subject_of(partner)
    reached, heard = (at or partner.created_at for at in (partner.reached_at, partner.heard_at))
    if partner.failures and reached < now - UNREACHED:
        yield _warning(
            "X001", f"since {_day(reached)}, {partner.failures} times: {partner.last_error[:200]}", subject,
            "ask it whether its address is another now; `hakam partner pause` if it stays away",
        )  # fmt: skip
    if heard < now - UNHEARD and partner.agreements.filter(way=Way.TAKE.value).exists():
        yield _warning(
            "X002", f"last on {_day(heard)}; each side asks the other every minute", subject,
            "whether it has your address and your key; what it withdraws comes late otherwise",
        )  # fmt: skip


def _waiting(partner: Partner, now: datetime) -> Iterator[Finding]:
    subject = subject_of(partner)
    if (
        partner.trust == Trust.QUARANTINE
        and partner.created_at < now - QUARANTINE
        and partner.mirrors.exists()
    ):
        yield _warning(
            "X003", f"since {_day(partner.created_at)}", subject,
            "its page shows what it would have touched: trust it more, or end it",
        )  # fmt: skip
    if partner.wanted_trust and partner.wanted_at is not None and partner.wanted_at < now - WISH:
        yield _warning(
            "X004", f"`{partner.wanted_trust}`, since {_day(partner.wanted_at)}", subject,
            "a second person confirms or refuses it on the partner's page",
        )  # fmt: skip
    if partner.created_at < now - KEY_AGE:
        yield _warning(
            "X006", f"known since {_day(partner.created_at)}", subject,
            "agree on new keys: end the partnership, add it anew with the new key, compare thumbprints by voice",
        )  # fmt: skip


def _retractions(partner: Partner, now: datetime) -> Iterator[Finding]:
    for row in partner.given.order_by("name"):
        open_ = (
            max(row.moved_at, partner.reached_at or row.moved_at) if row.closing else _unconfirmed_since(row)
        )
        if open_ is not None and open_ < now - UNCONFIRMED:
            yield _warning(
                "X005", f"of `{row.name}`, since {_day(open_)}", subject_of(partner),
                "what people post there may still be held for it: tell the partner by another way",
            )  # fmt: skip


def _unconfirmed_since(row: Given) -> datetime | None:
    """Return when the oldest withdrawal was made that lies after the place which the partner confirmed."""
    after = Q(removed_in__gt=row.revision)
    after |= Q(removed_in=row.revision, pk__gt=row.row if row.left else 0)
    found = BankRetraction.objects.filter(after, bank_id=row.bank).order_by("at").first()
    return None if found is None else found.at


def _day(at: datetime) -> str:
    return at.isoformat(timespec="minutes")


def _warning(code: str, message: str, subject: str, hint: str) -> Finding:
    return Finding(code=code, severity=Severity.WARNING, message=message, subject=subject, hint=hint)
