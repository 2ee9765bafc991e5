"""Active recipients: the average of six months, published at least every six months (DSA Art. 24(2))."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from django.db import transaction
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from hakam.compliance import deadlines, ledger
from hakam.compliance.eu_database.codes import EU
from hakam.compliance.facts import FactKind
from hakam.compliance.models import RecipientsCount
from hakam.vocabulary.actor import Actor

CLOCK = "recipients.publish"


class RecipientsError(ValueError):
    """These can't be published. Nothing was changed."""


def publish(
    platform: str,
    *,
    first: date,
    last: date,
    total: int,
    method: str,
    by: Actor,
    now: datetime,
    by_state: Mapping[str, int] | None = None,
) -> RecipientsCount:
    """Publish the average monthly number over the days from `first` to `last`, and start the next six months.

    Raises `RecipientsError`: for a span that is not over, for no word about how it was counted, for no Member State.
    """
    states = dict(by_state or {})
    if last < first or last >= localdate(now):
        raise RecipientsError(_("give six months that are over"))
    if total < 0 or any(number < 0 for number in states.values()):
        raise RecipientsError(_("a number of people is not negative"))
    if unknown := sorted(set(states) - EU):
        raise RecipientsError(_("%(codes)s: no Member State") % {"codes": ", ".join(unknown)})
    if not method.strip():
        raise RecipientsError(_("say how it was counted"))
    with transaction.atomic():
        ledger.lock()
        before = latest(platform)
        count = RecipientsCount.objects.create(
            platform=platform,
            first=first,
            last=last,
            total=total,
            by_state=states,
            method=method.strip(),
            published_by=str(by),
            published_at=now,
        )
        body = {"total": total, "first": first, "last": last}
        ledger.record(FactKind.RECIPIENTS_PUBLISHED, by=by, now=now, subject=subject_of(count), body=body)
        if before is not None:
            deadlines.meet(CLOCK, subject=subject_of(before), by=by, now=now)
        deadlines.start(CLOCK, subject=subject_of(count), by=by, now=now)
    return count


def subject_of(count: RecipientsCount) -> str:
    """Return a publication's name in the ledger."""
    return f"recipients:{count.platform}/{count.pk}"


def latest(platform: str) -> RecipientsCount | None:
    """Return the newest publication, or None."""
    return RecipientsCount.objects.filter(platform=platform).order_by("-published_at", "-pk").first()


def published(platform: str) -> list[RecipientsCount]:
    """Return all publications, the newest first."""
    return list(RecipientsCount.objects.filter(platform=platform).order_by("-published_at", "-pk"))
