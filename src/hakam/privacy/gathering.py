"""What is held about one account, for the person who asks (GDPR Art. 15), without what is others' or a law's secret.

Left out: who sent notices and what they wrote (GDPR Art. 15(4)); colleagues by name; orders and disclosures while an
authority may delay that the person hears of them (TCO Art. 11(3), DSA Art. 10(5)), or tells of them itself (e-Evidence
Art. 13), with everything that would tell of
them; suspicions of threats and reports of child abuse (GDPR Art. 23(1)(d)).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

import msgspec
from django.db.models import Q

from hakam.compliance.models import Fact, FactLink, Statement
from hakam.enforcement.models import AppliedMeasure
from hakam.intake.models import Conduct, Disclosure, Notice, Order
from hakam.intake.order_contents import DISCLOSES, Contents
from hakam.privacy import logged
from hakam.privacy.models import Hold, Subject
from hakam.privacy.schedule import schedule
from hakam.review.evidence import EvidenceKind, read_event
from hakam.review.models import Case, CaseSource, Complaint, Decision
from hakam.storage.event_log import EventLog
from hakam.storage.vault import DamagedEvidenceError, Vault
from hakam.vocabulary.event import Event

_SECRET: Final = (
    "order.",
    "disclosure.",
    "threat.",
    "child_report.",
    "hold.",
    "request.",
    "data_request.",
    "evidence.",
    "personal_data.",
)
_HANDED: Final = frozenset({"text", "title", "url", "language", "links", "hashtags", "media"})


def silenced(platform: str, account: str, *, now: datetime) -> frozenset[str]:
    """Return the orders about this account of which the person may not hear yet, as `order:<uuid>`."""
    found = set()
    waiting = Order.objects.filter(platform=platform, recipient_informed_at=None).filter(
        Q(silent_until__gt=now) | Q(kind__in=[one.value for one in DISCLOSES])
    )
    for order in waiting.iterator():
        contents = msgspec.convert(order.contents, Contents)
        if account in contents.accounts or contents.kind not in DISCLOSES:
            found.add(f"order:{order.pk}")
    return frozenset(found)


def gather(request: Subject, *, log: EventLog, vault: Vault, now: datetime) -> dict[str, Any]:
    """Return everything held about the account that the person may have. `request.found` names its records."""
    platform, account = request.platform, request.account
    secret = silenced(platform, account, now=now)
    cases = list(Case.objects.filter(platform=platform, author_id=account).order_by("pk"))
    events = list(_events(request, log))
    newest = events[-1] if events else None
    contact = sorted({case.author_email for case in cases if case.author_email})
    contact += [e.author.email for e in events[-1:] if e.author.email and e.author.email not in contact]
    return {
        "about": {"platform": platform, "account": account, "made_at": now, "reference": str(request.pk)},
        "account": msgspec.to_builtins(newest.author, builtin_types=(datetime,)) if newest else {"id": account},
        "contact": contact,
        "purposes": _purposes(),
        "events": [_event(one) for one in events],
        "cases": [_case(case, vault) for case in cases],
        "decisions": [_decision(one) for one in _decisions(platform, account)],
        "measures": [
            {
                "kind": one.kind, "state": one.state, "planned_at": one.planned_at, "until": one.until,
                "item": f"{one.item_kind}/{one.item_id}",
            }
            for one in AppliedMeasure.objects.filter(platform=platform, author_id=account).order_by("pk")
            if one.decision not in secret
        ],
        "statements": [
            {
                "issued_at": one.issued_at, "facts": one.reasons.get("facts"), "grounds": one.reasons.get("grounds"),
                "measures": one.measures, "page": f"/s/{one.token}",
            }
            for one in Statement.objects.filter(platform=platform, recipient=account).order_by("issued_at")
        ],
        "complaints": [
            {
                "text": one.text, "received_at": one.received_at, "state": one.state, "answer": one.answer,
                "email": one.email,
            }
            for one in Complaint.objects.filter(
                decision__platform=platform, decision__author_id=account, complainant="affected"
            ).order_by("received_at")
        ],
        "notices_sent": [
            {
                "received_at": one.received_at, "harm": one.harm, "explanation": one.explanation, "name": one.name,
                "email": one.email, "items": [item.url or item.item_id for item in one.items.all()],
            }
            for one in Notice.objects.filter(platform=platform, notifier=account)
            .order_by("received_at")
            .prefetch_related("items")
        ],
        "misuse": [_misuse(one) for one in Conduct.objects.filter(platform=platform, account=account)],
        "orders": [
            {"kind": one.kind, "received_at": one.received_at, "authority": one.authority.name}
            for one in _orders(platform, account, secret)
        ],
        "ledger": [
            {"number": seq, "at": at, "what": kind} for seq, at, kind in _facts(platform, account, secret)
        ],
    }  # fmt: skip


def figures(held: dict[str, Any]) -> dict[str, int]:
    """Return how many entries of each part a copy has: what the ledger may know of it."""
    return {name: len(value) for name, value in held.items() if isinstance(value, list) and value}


def _events(request: Subject, log: EventLog) -> Iterable[Event]:
    for seq in request.found:
        record = logged.one(log, seq)
        if record is not None:
            yield msgspec.json.decode(record.raw, type=Event)


def _event(event: Event) -> dict[str, Any]:
    item = {name: value for name, value in msgspec.to_builtins(event.item).items() if name in _HANDED}
    return {
        "at": event.at, "kind": event.kind, "change": event.change, "item": event.item.id, **item,
        "country": event.context.country, "client": event.context.client,
    }  # fmt: skip


def _case(case: Case, vault: Vault) -> dict[str, Any]:
    copies = []
    for copy in case.evidence.filter(kind=EvidenceKind.EVENT).order_by("captured_at"):
        try:
            event = read_event(vault.get(copy.digest))
        except (KeyError, DamagedEvidenceError, msgspec.MsgspecError):
            continue
        if event.author.id == case.author_id:
            copies.append({"captured_at": copy.captured_at, "text": event.item.text, "sha256": copy.digest})
    reports = CaseSource.objects.filter(case=case).exclude(kind="order").values_list("kind", flat=True)
    return {
        "opened_at": case.opened_at, "decided_at": case.decided_at, "state": case.state, "clause": case.clause,
        "item": f"{case.item_kind}/{case.item_id}", "reports": len(reports), "copies": copies,
    }  # fmt: skip


def _decisions(platform: str, account: str) -> Iterable[Decision]:
    return Decision.objects.filter(platform=platform, author_id=account).order_by("pk")


def _decision(one: Decision) -> dict[str, Any]:
    reasons = one.reasons or {}
    return {
        "at": one.at, "outcome": one.outcome, "clause": one.clause, "facts": reasons.get("facts"),
        "automated_detection": reasons.get("automated_detection"),
        "automated_decision": reasons.get("automated_decision"),
        "by": "a machine" if one.by.startswith(("rule", "system")) else "a moderator",
    }  # fmt: skip


def _misuse(conduct: Conduct) -> dict[str, Any]:
    return {
        "kind": conduct.kind, "warned_at": conduct.warned_at, "warning": conduct.warning,
        "strikes": [{"at": one.at, "because": one.because} for one in conduct.strikes.order_by("at")],
        "suspensions": [
            {"begins": one.begins, "ends": one.ends, "because": one.because, "objection": one.objection}
            for one in conduct.suspensions.order_by("begins")
        ],
    }  # fmt: skip


def _orders(platform: str, account: str, secret: frozenset[str]) -> list[Order]:
    told = Order.objects.filter(platform=platform, recipient_informed_at__isnull=False).select_related(
        "authority"
    )
    about = set(
        FactLink.objects.filter(subject=f"account:{platform}/{account}", fact__subject__startswith="order:")
        .values_list("fact__subject", flat=True)
    )  # fmt: skip
    return [
        one
        for one in told
        if f"order:{one.pk}" not in secret
        and (f"order:{one.pk}" in about or account in one.contents.get("accounts", ()))
    ]


def _facts(platform: str, account: str, secret: frozenset[str]) -> list[tuple[int, datetime, str]]:
    name = f"account:{platform}/{account}"
    linked = FactLink.objects.filter(subject=name).values("fact_id")
    found = Fact.objects.filter(Q(subject=name) | Q(pk__in=linked)).order_by("seq").prefetch_related("links")
    return [
        (one.seq, one.at, one.kind)
        for one in found
        if not one.kind.startswith(_SECRET)
        and secret.isdisjoint({one.subject, *(link.subject for link in one.links.all())})
    ]


def _purposes() -> list[dict[str, Any]]:
    """Return purposes and periods, as GDPR Art. 15(1)(a) and (d) want them told, in each language."""
    return [
        {
            "kind": kind.value, "what": dict(kept.shipped.title), "ground": kept.ground, "months": kept.months,
            "days": kept.days, "from": dict(kept.shipped.starts),
        }
        for kind, kept in schedule().items()
    ]  # fmt: skip


def counts_of_secrets(platform: str, account: str) -> int:
    """Return how many disclosures and holds concern an account: for staff who check what a copy leaves out."""
    name = f"account:{platform}/{account}"
    held = sum(1 for hold in Hold.objects.filter(ended_at=None) if name in {hold.target, *hold.covers})
    given = sum(account in one.fields for one in Disclosure.objects.filter(order__platform=platform))
    return held + given
