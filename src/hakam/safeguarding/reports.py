"""Reports of child abuse: prepared from a case, completed by a person, approved by another, filed, preserved.

18 USC 2258A(a) wants them as soon as reasonably possible, 2258A(h) the contents preserved for one year; OSA s.66 wants
them told to the NCA. Nothing is filed by itself: a machine prepares, people decide. Whoever opens one leaves a fact.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import msgspec
from django.db import transaction
from django.utils.translation import gettext as _

from hakam.compliance import deadlines, ledger
from hakam.compliance.facts import FactKind
from hakam.compliance.storable import storable
from hakam.review.evidence import EvidenceKind, read_event
from hakam.review.models import Case, Evidence
from hakam.safeguarding.contents import INCIDENT_OF, Body, Contents, Lack, lacking
from hakam.safeguarding.models import Report, ReportFile
from hakam.staff.models import User
from hakam.staff.roles import Permission
from hakam.storage.vault import DamagedEvidenceError, Vault
from hakam.vocabulary.actor import Actor
from hakam.vocabulary.harm import CHILD_ABUSE_OFFENCES, Harm

CLOCKS: Final = {Body.NCMEC: "us.csam", Body.NCA: "uk.csea"}
_MOST_FILES: Final = 50


class ReportState(StrEnum):
    """Where a report is."""

    DRAFT = "draft"  # a person completes it
    APPROVED = "approved"  # by a second one; the worker sends it, or a person does
    FILED = "filed"  # the receiver's number came back
    FAILED = "failed"  # the receiver does not take it as it is; a person mends it
    RETRACTED = "retracted"


class ChildReportError(ValueError):
    """This can't be done with a report. Nothing was changed."""

    def __init__(self, message: str, lacks: list[Lack] | None = None) -> None:
        super().__init__(message)
        self.lacks = lacks or []


def subject_of(report: Report) -> str:
    """Return a report's name in the ledger."""
    return f"child_report:{report.pk}"


def contents_of(report: Report) -> Contents:
    """Return what a report says, as a value."""
    return msgspec.convert(report.contents, Contents)


def _may(user: User) -> bool:
    return user.may(Permission.CHILD_REPORT_HANDLE) and user.may(Permission.CHILD_SAFETY_READ)


def prepare(
    case_id: int, body: str, *, user: User, platform_name: str, vault: Vault, now: datetime
) -> Report:
    """Prepare a report from a case of child abuse; the same case and body again is the same report.

    Raises `ChildReportError`.
    """
    case = Case.objects.filter(pk=case_id).first()
    if not _may(user) or case is None:
        raise ChildReportError(_("there is no such case"))
    if case.harm not in {harm.value for harm in CHILD_ABUSE_OFFENCES}:
        raise ChildReportError(_("only cases of child abuse are reported so"))
    if body not in set(Body):
        raise ChildReportError(_("choose to whom it is reported"))
    contents = _from_case(case, user, platform_name, vault)
    with transaction.atomic():
        ledger.lock()
        made, fresh = Report.objects.exclude(state=ReportState.RETRACTED).get_or_create(
            case=case.pk, body=body,
            defaults={
                "platform": case.platform, "state": ReportState.DRAFT, "contents": _stored(contents),
                "prepared_by": str(user.actor), "prepared_at": now,
            },
        )  # fmt: skip
        if fresh:
            _take_files(made, case)
            deadlines.start(CLOCKS[Body(body)], subject=subject_of(made), by=user.actor, now=now)
            _record(FactKind.CHILD_REPORT_PREPARED, made, by=user.actor, now=now)
    return made


def _from_case(case: Case, user: User, platform_name: str, vault: Vault) -> Contents:
    copies = Evidence.objects.filter(case=case, kind=EvidenceKind.EVENT).order_by("captured_at", "pk")
    event = None
    for copy in copies:
        try:
            event = read_event(vault.get(copy.digest))
            break
        except (KeyError, DamagedEvidenceError, msgspec.MsgspecError):
            continue
    suggested = INCIDENT_OF.get(Harm(case.harm))
    return Contents(
        incident=suggested.value if suggested else "",
        at=event.at if event else case.opened_at,
        platform=platform_name[:256],
        urls=(case.item_url,) if case.item_url else (),
        reporter=user.get_full_name() or "",
        reporter_email=user.email,
        account=case.author_id,
        screen_name=(event.author.name or "") if event else "",
        account_email=case.author_email,
    )


def _take_files(report: Report, case: Case) -> None:
    """Take the frozen copies: pictures, and the event as it came."""
    copies = Evidence.objects.filter(case=case).order_by("captured_at", "pk")[:_MOST_FILES]
    for number, copy in enumerate(copies, 1):
        name = f"{copy.kind}-{number}.{'json' if copy.kind == EvidenceKind.EVENT else 'bin'}"
        ReportFile.objects.get_or_create(
            report=report, digest=copy.digest, defaults={"name": name, "viewed": False}
        )


def complete(report_id: str, contents: Contents, *, viewed: set[str], user: User, now: datetime) -> Report:
    """Save what a person filled in, and which files a person of ours has seen. Raises `ChildReportError`."""
    with transaction.atomic():
        report = _locked(report_id, user)
        if report.state not in {ReportState.DRAFT, ReportState.FAILED}:
            raise ChildReportError(_("it is approved: it can't be changed any more"))
        report.contents, report.prepared_by = _stored(contents), str(user.actor)
        report.state = ReportState.DRAFT
        report.save(update_fields=["contents", "prepared_by", "state"])
        for file in report.files.all():
            file.viewed = file.digest in viewed
            file.save(update_fields=["viewed"])
        _record(FactKind.CHILD_REPORT_PREPARED, report, by=user.actor, now=now)
    return report


def approve(report_id: str, *, user: User, now: datetime) -> Report:
    """Approve, as a second person, a report that lacks nothing: then it is sent. Raises `ChildReportError`."""
    with transaction.atomic():
        report = _locked(report_id, user)
        if report.state != ReportState.DRAFT:
            raise ChildReportError(_("only a draft is approved"))
        if report.prepared_by == str(user.actor):
            raise ChildReportError(_("somebody else must approve what you completed"))
        lacks = lacking(contents_of(report))
        if lacks:
            raise ChildReportError(_("something is missing"), lacks)
        report.state, report.approved_by, report.approved_at = ReportState.APPROVED, str(user.actor), now
        report.next_at, report.last_error = now, ""
        report.save(update_fields=["state", "approved_by", "approved_at", "next_at", "last_error"])
        _record(FactKind.CHILD_REPORT_APPROVED, report, by=user.actor, now=now)
    return report


def send_back(report_id: str, *, because: str, user: User, now: datetime) -> Report:
    """Give up a report that is not filed: it was none, or another says it. Raises `ChildReportError`."""
    because = storable(because).strip()
    if not because:
        raise ChildReportError(_("say why it is given up"))
    with transaction.atomic():
        report = _locked(report_id, user)
        if report.state == ReportState.FILED:
            raise ChildReportError(_("it is filed: write to the receiver"))
        if report.state == ReportState.RETRACTED:
            return report
        if report.prepared_by == str(user.actor):
            raise ChildReportError(_("somebody else must give up what you completed"))
        report.state, report.because, report.retracted_at = ReportState.RETRACTED, because, now
        report.next_at = now if report.number else None  # what was begun there is retracted there
        report.save(update_fields=["state", "because", "retracted_at", "next_at"])
        deadlines.meet(CLOCKS[Body(report.body)], subject=subject_of(report), by=user.actor, now=now)
        _record(FactKind.CHILD_REPORT_RETRACTED, report, by=user.actor, now=now)
    return report


def sent_by_hand(report_id: str, *, number: str, user: User, now: datetime) -> Report:
    """Note that a person sent it, and the receiver's number. Raises `ChildReportError`."""
    number = storable(number).strip()[:64]
    if not number:
        raise ChildReportError(_("give the number that the receiver gave it"))
    with transaction.atomic():
        report = _locked(report_id, user)
        if report.state != ReportState.APPROVED:
            raise ChildReportError(_("only what a second person approved is sent"))
        filed(report, number=number, by=user.actor, now=now)
    return report


def take(report_id: str, *, user: User, now: datetime) -> bytes:
    """Return an approved report as a document that a person sends; each copy is a fact. Raises `ChildReportError`."""
    with transaction.atomic():
        report = _locked(report_id, user)
        if report.state not in {ReportState.APPROVED, ReportState.FILED}:
            raise ChildReportError(_("only what a second person approved is sent"))
        _record(FactKind.CHILD_REPORT_TAKEN, report, by=user.actor, now=now)
        return document(report)


def document(report: Report) -> bytes:
    """Return a report as JSON: what is said, and the names and check sums of the files that go with it."""
    files = [
        {"name": one.name, "sha256": one.digest, "viewed": one.viewed, "public": one.public}
        for one in report.files.order_by("pk")
    ]
    said = {"to": report.body, "ours": str(report.pk), "report": report.contents, "files": files}
    return msgspec.json.format(msgspec.json.encode(said))


def filed(report: Report, *, number: str, by: Actor, now: datetime) -> None:
    """Note, inside the caller's transaction, that the receiver has it. The hold for its year follows from the fact."""
    report.state, report.number, report.filed_at, report.next_at = ReportState.FILED, number, now, None
    report.last_error = ""
    report.save(update_fields=["state", "number", "filed_at", "next_at", "last_error"])
    deadlines.meet(CLOCKS[Body(report.body)], subject=subject_of(report), by=by, now=now)
    _record(FactKind.CHILD_REPORT_FILED, report, by=by, now=now, body={"number": number})


def failed(report: Report, *, error: str, by: Actor, now: datetime) -> None:
    """Note, inside the caller's transaction, that the receiver does not take it as it is."""
    report.state, report.last_error, report.next_at = ReportState.FAILED, error[:500], None
    report.number = ""
    report.save(update_fields=["state", "last_error", "next_at", "number"])
    report.files.update(sent_id="", described=False)
    _record(FactKind.CHILD_REPORT_FAILED, report, by=by, now=now, body={"error": error[:200]})


def listed(user: User, *, limit: int = 200) -> list[Report]:
    """Return the reports, those that need somebody first, for who may handle them. Lists show no contents."""
    if not _may(user):
        return []
    order = [
        ReportState.FAILED,
        ReportState.DRAFT,
        ReportState.APPROVED,
        ReportState.FILED,
        ReportState.RETRACTED,
    ]
    found = list(Report.objects.order_by("-prepared_at")[:limit])
    return sorted(found, key=lambda one: order.index(ReportState(one.state)))


def view(report_id: str, *, user: User, now: datetime) -> Report | None:
    """Return one report for who may handle it; that it was opened is a fact. None if absent or not theirs."""
    if not _may(user):
        return None
    with transaction.atomic():
        report = Report.objects.filter(pk=report_id).first()
        if report is not None:
            _record(FactKind.CHILD_REPORT_VIEWED, report, by=user.actor, now=now)
    return report


def find(report_id: str, *, user: User) -> Report | None:
    """Return one report for who may handle it, without showing it."""
    return Report.objects.filter(pk=report_id).first() if _may(user) else None


def _stored(contents: Contents) -> Any:
    return storable(msgspec.to_builtins(contents))


def _locked(report_id: str, user: User) -> Report:
    ledger.lock()
    report = Report.objects.select_for_update().filter(pk=report_id).first() if _may(user) else None
    if report is None:
        raise ChildReportError(_("there is no such report"))
    return report


def _record(
    kind: FactKind, report: Report, *, by: Actor, now: datetime, body: dict[str, Any] | None = None
) -> None:
    ledger.record(
        kind, by=by, now=now, subject=subject_of(report), about=(f"case:{report.case}",),
        body={"platform": report.platform, "to": report.body, "case": report.case, **(body or {})},
    )  # fmt: skip
