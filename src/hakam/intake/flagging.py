"""Flagging: the notice of a trusted flagger, first in the queue within its area; and what becomes of its notices.

Quality is counted from the answers: how many items decisions agreed with. A platform that has information of many
insufficient notices tells the Coordinator, with the explanations and documents (DSA Art. 22(6)).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Final

import msgspec
from django.db import transaction
from django.utils import translation
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.compliance.statement_text import wording
from hakam.compliance.storable import storable
from hakam.enforcement.kinds import Channel, EffectKind
from hakam.enforcement.letters import letter
from hakam.enforcement.outbox import enqueue
from hakam.intake.flaggers import FlaggerError, actor_of, subject_of, trusts
from hakam.intake.harms import harm_word
from hakam.intake.models import Flagger, Notice, NoticeItem
from hakam.intake.notices import Submission, receive_notice
from hakam.staff.models import User
from hakam.staff.roles import Permission
from hakam.storage.event_log import EventLog
from hakam.storage.vault import Vault
from hakam.vocabulary.actor import Actor

MOST_LISTED: Final = 200  # insufficient notices named one by one in a report to a Coordinator


@dataclass(frozen=True)
class Quality:
    """What became of the notices that a flagger sent in a span of time."""

    notices: int
    trusted: int  # inside its area, while it was active
    items: int
    answered: int
    upheld: int
    median_seconds: float | None  # from receipt to answer, per item

    @property
    def rejected(self) -> int:
        """Items on which the decision did not agree with it."""
        return self.answered - self.upheld

    @property
    def precision(self) -> float | None:
        """Share of the answered items that it was right about; None before the first answer."""
        return self.upheld / self.answered if self.answered else None


def flag(
    flagger: Flagger,
    submission: Submission,
    *,
    vault: Vault,
    now: datetime,
    by: Actor | None = None,
    log: EventLog | None = None,
    key: str | None = None,
    decide_within: timedelta | None = None,
) -> Notice:
    """Take the notice of a trusted flagger (DSA Art. 22(1)).

    It goes first when the flagger is active and the harm lies in its area; otherwise it is a notice like any other,
    never lost. The flagger's registered name and address stand in it. Raises as `receive_notice`.
    """
    wanted = msgspec.structs.replace(
        submission,
        platform=flagger.platform,
        name=flagger.name,
        email=flagger.email,
        notifier="",
        trusted=trusts(flagger, submission.harm),
    )
    return receive_notice(
        wanted,
        vault=vault,
        log=log,
        now=now,
        by=by or actor_of(flagger),
        key=None if key is None else f"flagger-{flagger.pk}:{key}",
        decide_within=decide_within,
        flagger=flagger,
    )


def quality(flagger: Flagger, *, since: datetime | None = None, until: datetime | None = None) -> Quality:
    """Count what became of the notices received from `since` to before `until`; all of them without these."""
    notices = Notice.objects.filter(flagger=flagger)
    if since is not None:
        notices = notices.filter(received_at__gte=since)
    if until is not None:
        notices = notices.filter(received_at__lt=until)
    items = NoticeItem.objects.filter(notice__in=notices)
    answers = list(
        items.filter(answered_at__isnull=False).values_list("notice__received_at", "answered_at", "upheld")
    )
    spans = [(end - start).total_seconds() for start, end, _upheld in answers if end is not None]
    return Quality(
        notices=notices.count(),
        trusted=notices.filter(trusted=True).count(),
        items=items.count(),
        answered=len(answers),
        upheld=sum(1 for _start, _end, upheld in answers if upheld),
        median_seconds=median(spans) if spans else None,
    )


def insufficient(flagger: Flagger, *, since: datetime) -> list[NoticeItem]:
    """Return the items received since a moment that decisions did not agree with, the oldest first."""
    return list(
        NoticeItem.objects.filter(notice__flagger=flagger, notice__received_at__gte=since, upheld=False)
        .select_related("notice")
        .order_by("notice__received_at", "pk")
    )


def report_to_coordinator(
    flagger_id: int, *, since: datetime, because: str, by: Actor, now: datetime, language: str = "en"
) -> int:
    """Tell the Coordinator of a flagger's insufficient notices, and return how many items the report names.

    # DSA Art. 22(6). The letter holds the figures, the platform's explanation and the insufficient notices one by one.
    Raises `FlaggerError` when there is none, or no explanation.
    """
    because = storable(because).strip()
    if not because:
        raise FlaggerError(
            _("explain what was wrong with the notices; the Coordinator reads it"),
            wrong={"because": _("explain it")},
        )
    with transaction.atomic():
        flagger = Flagger.objects.select_for_update().filter(pk=flagger_id).first()
        if flagger is None:
            raise FlaggerError(_("there is no such flagger"))
        found = insufficient(flagger, since=since)
        if not found:
            raise FlaggerError(_("no notice of this flagger was found insufficient in this time"))
        fact = ledger.record(
            FactKind.FLAGGER_REPORTED,
            by=by,
            now=now,
            subject=subject_of(flagger),
            body={"platform": flagger.platform, "since": since, "items": [item.ref for item in found]},
            private={"because": because},
        )
        enqueue(
            now=now,
            key=f"flagger:{flagger.pk}:report:{fact.pk}",
            platform=flagger.platform,
            channel=Channel.EMAIL,
            kind=EffectKind.FLAGGER_REPORT,
            payload=_letter(flagger, found, since=since, because=because, language=language),
        )
    return len(found)


def _letter(
    flagger: Flagger, found: list[NoticeItem], *, since: datetime, because: str, language: str
) -> dict[str, object]:
    counted = quality(flagger, since=since)
    with translation.override(language):
        words = wording(language)
        said = _(
            "Since %(since)s the trusted flagger %(name)s has sent us notices. Items that they concern: %(items)s. "
            "Decided: %(answered)s. With neither illegal content nor a breach found: %(rejected)s."
        ) % {
            "since": words.day(localdate(since)),
            "name": flagger.name,
            "items": counted.items,
            "answered": counted.answered,
            "rejected": counted.rejected,
        }
        named = [
            f"{words.day(localdate(item.notice.received_at))} · {item.ref} · "
            f"{item.url or f'{item.item_kind}/{item.item_id}'} · {harm_word(item.notice.harm)}"
            for item in found[:MOST_LISTED]
        ]
        more = len(found) - len(named)
        rest = (
            [ngettext("And %(count)s more.", "And %(count)s more.", more) % {"count": more}] if more else []
        )
        return letter(
            to=flagger.coordinator_email,
            language=language,
            subject=_("Information under Article 22(6) DSA on the trusted flagger %(name)s")
            % {"name": flagger.name},
            paragraphs=[words.elided(said), because, _("The notices concerned:"), *named, *rest],
        )


def flaggers(user: User) -> list[tuple[Flagger, Quality]]:
    """Return every flagger with its quality, by name, for who may read them; none for others."""
    if not user.may(Permission.FLAGGER_READ):
        return []
    return [(one, quality(one)) for one in Flagger.objects.order_by("name", "pk")]


def flagger(user: User, flagger_id: int) -> Flagger | None:
    """Return one flagger, for who may read them."""
    return Flagger.objects.filter(pk=flagger_id).first() if user.may(Permission.FLAGGER_READ) else None


def recent(flagger: Flagger, *, limit: int = 50) -> list[Notice]:
    """Return the newest notices of a flagger."""
    return list(
        Notice.objects.filter(flagger=flagger).prefetch_related("items").order_by("-received_at")[:limit]
    )
