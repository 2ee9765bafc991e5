"""The evidence pack: everything a regulator asks for on one day, in one file that proves itself.

A ZIP of documents, figures, configuration and reports, and a README for who receives it; `manifest.json` names each
file with its SHA-256 and the head of the ledger, `manifest.sig` is the Ed25519 signature over the manifest's bytes. The
ledger in turn holds the manifest's digest, so that neither can be changed without the other.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import transaction
from django.db.models import Count, Max, Min

from hakam.banks import access as banks
from hakam.compliance import ledger, rulebook
from hakam.compliance.clocks import versions as clock_versions
from hakam.compliance.facts import FactKind
from hakam.compliance.models import Deadline, Fact, LedgerHead
from hakam.compliance.profile import judge_all, profile_of
from hakam.compliance.reports import keeping
from hakam.compliance.reports.writing import as_csv
from hakam.intake.figures import notice_figures
from hakam.regulator import checklists, contacts, risks
from hakam.regulator.checks import Chosen
from hakam.regulator.evidence import SPAN
from hakam.regulator.models import Request, RiskAssessment
from hakam.regulator.proof import Listed, Manifest, seal
from hakam.regulator.reading import README, readme
from hakam.regulator.risks import Judged, schemes
from hakam.review.figures import complaint_figures, decision_figures
from hakam.vocabulary.actor import Actor

_MOST_FINDINGS: Final = 100


def build(platform: str, *, key: Ed25519PrivateKey, chosen: Chosen, by: Actor, now: datetime) -> bytes:
    """Gather the pack, sign it, and put its digest on record."""
    with transaction.atomic():  # the pack and what the ledger says of it are of one moment
        ledger.lock()
        files = dict(_documents(platform, chosen=chosen, now=now))
        files[README] = readme(platform, f"{now.astimezone(UTC):%Y-%m-%d %H:%M}", files)
        head = LedgerHead.objects.filter(pk=1).first()
        manifest = Manifest(
            platform=platform,
            made_at=now,
            made_by=str(by),
            ledger_head=head.seq if head else 0,
            ledger_digest=head.digest if head else "",
            files=tuple(
                Listed(name, hashlib.sha256(data).hexdigest(), len(data)) for name, data in sorted(files.items())
            ),
        )  # fmt: skip
        data = msgspec.json.format(msgspec.json.encode(manifest))
        ledger.record(
            FactKind.EVIDENCE_PACKED,
            by=by,
            now=now,
            subject=f"platform:{platform}",
            body={"manifest": hashlib.sha256(data).hexdigest(), "files": len(files), "head": manifest.ledger_head},
        )  # fmt: skip
    return seal(files, data, key=key, now=now)


def _json(value: Any) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value))


def _csv(header: Iterable[str], rows: Iterable[Iterable[Any]]) -> bytes:
    held = io.StringIO()
    writer = csv.writer(held, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return held.getvalue().encode()


def _documents(platform: str, *, chosen: Chosen, now: datetime) -> Iterable[tuple[str, bytes]]:
    yield from _configuration(platform, now)
    yield from _figures(platform, now)
    profile = profile_of(platform)
    yield "documents/contacts.json", _json(contacts.contacts_of(platform))
    for row in RiskAssessment.objects.filter(platform=platform, version__isnull=False):
        name = f"documents/risk-{row.scheme}-{row.version}"
        yield f"{name}.md", _as_text(row).encode()
        yield f"{name}.json", _json({"says": row.body, "evidence": row.evidence})
    for one in checklists.offered(profile, on=now.date()):
        filled = checklists.fill(one, platform, now=now, chosen=chosen)
        rows = [
            (f.line.id, f.line.law, f.line.words, f.state.value, f.by, f.url, f.until or "") for f in filled
        ]
        header = ("line", "law", "measure", "state", "by", "where", "until")
        yield f"documents/checklist-{one.key}.csv", _csv(header, rows)
    for report in keeping.published(platform):
        for page in keeping.sheets_of(report):
            folder = f"reports/{report.law}-{report.first}-{report.last}-v{report.version}"
            yield (
                f"{folder}/{page.file}",
                as_csv(page).encode(),
            )
    yield "ledger/proof.json", _json(_proof(now))


def _as_text(row: RiskAssessment) -> str:
    scheme, said = schemes()[row.scheme], risks.said_in(row)
    lines = [
        f"# {scheme.title['en']}, version {row.version}",
        "",
        f"Law: {scheme.law}. Looked at again by {row.review_on}.",
        "",
        f"Written by {row.written_by} at {row.written_at.isoformat()}.",
        "",
        f"Approved by {row.approved_by} at {row.approved_at.isoformat() if row.approved_at else '-'}.",
        "",
        f"Why it was made: {row.trigger or '-'}",
        "",
        f"Consulted: {said.consulted or '-'}",
        "",
    ]
    for kind in scheme.kinds:
        one = said.kinds.get(kind.key, Judged())
        found = ", ".join(f"{p['key']} {p['value']}" for p in row.evidence.get(kind.key, ()))
        lines += [
            f"## {kind.title['en']}: {one.level}",
            "",
            one.reasons,
            "",
            one.measures,
            "",
            f"Evidence: {found or '-'}",
            "",
        ]
    return "\n".join(lines)


def _configuration(platform: str, now: datetime) -> Iterable[tuple[str, bytes]]:
    profile = profile_of(platform)
    yield "configuration/profile.json", _json(profile)
    judged = [
        (d.key, d.law, d.where, d.title["en"], one.why.value, "" if d.read else "unverified")
        for one in judge_all(profile, now.date())
        for d in (one.duty,)
    ]
    yield "configuration/duties.csv", _csv(("duty", "law", "where", "title", "why", "status"), judged)
    clocks = [
        (
            c.key,
            c.version,
            c.law,
            c.jurisdiction,
            c.kind.value,
            c.hours,
            c.days,
            c.months,
            c.since,
            c.until or "",
        )
        for found in clock_versions().values()
        for c in found
    ]
    header = ("clock", "version", "law", "where", "kind", "hours", "days", "months", "since", "until")
    yield "configuration/clocks.csv", _csv(header, clocks)
    version = rulebook.active()
    for name, text in sorted((version.files if version else {}).items()):
        yield f"configuration/rulebook/{name}", text.encode()
    told = [
        (one.bank.name, one.bank.source, one.bank.clause, one.entries, one.bank.enabled)
        for one in banks.told()
    ]
    yield "configuration/banks.csv", _csv(("bank", "source", "clause", "entries", "enabled"), told)


def _figures(platform: str, now: datetime) -> Iterable[tuple[str, bytes]]:
    since = now - SPAN
    for name, figures in (
        ("notices", notice_figures(since=since)),
        ("decisions", decision_figures(since=since)),
        ("complaints", complaint_figures(since=since)),
    ):
        yield f"figures/{name}.json", _json(figures)
    clocks = (
        Deadline.objects.filter(started_at__gte=since)
        .values_list("clock")
        .annotate(n=Count("pk"), missed=Count("missed_at"))
        .order_by("clock")
    )
    yield "figures/clocks.csv", _csv(("clock", "started", "missed"), clocks)
    asked = Request.objects.filter(platform=platform).order_by("received_at")
    rows = asked.values_list("regime", "state", "received_at", "carried_out_at", "answered_at", "copies")
    header = ("regime", "state", "received", "carried out", "answered", "copies")
    yield "figures/requests.csv", _csv(header, rows)
    kinds = (
        Fact.objects.values_list("kind")
        .annotate(n=Count("pk"), first=Min("seq"), last=Max("seq"))
        .order_by("kind")
    )
    yield "figures/facts.csv", _csv(("kind", "count", "first", "last"), kinds)


def _proof(now: datetime) -> dict[str, Any]:
    """Walk the whole chain and say what it is: head, length, and whether it holds."""
    head = LedgerHead.objects.filter(pk=1).first()
    findings = [f"{one.code}: {one.message}" for one in islice(ledger.verify_chain(), _MOST_FINDINGS)]
    return {
        "walked_at": now,
        "facts": Fact.objects.count(),
        "head": head.seq if head else 0,
        "digest": head.digest if head else "",
        "holds": not findings,
        "findings": findings,
        "how": "each fact's SHA-256 covers the digest of the fact before it; `hakam doctor` walks the chain again",
    }
