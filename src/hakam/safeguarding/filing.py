"""Filing approved reports: with the CyberTipline step by step, with the NCA in one; killed at any step, it goes on.

The receiver's numbers are kept as they come, so that no report and no file is sent twice: submit, upload each file,
describe each, finish. Without finish the receiver files nothing; a report that is given up is retracted there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q

from hakam.compliance import ledger
from hakam.safeguarding import reports
from hakam.safeguarding.contents import Body
from hakam.safeguarding.cybertip.client import NotNowError, RefusedError, Tipline
from hakam.safeguarding.cybertip.writing import file_xml, report_xml
from hakam.safeguarding.handing_over import Part, Receiver
from hakam.safeguarding.models import Report
from hakam.safeguarding.reports import ReportState
from hakam.storage.vault import DamagedEvidenceError, Vault
from hakam.vocabulary.actor import SYSTEM

_LONGEST_WAIT: Final = timedelta(hours=1)
_LOST: Final = frozenset({5001, 5002, 5101})  # the receiver does not know it (any more): begin anew


def file_due(tipline: Tipline, *, vault: Vault, now: datetime) -> int:
    """File the next report that is due; return 1, or 0 when none is."""
    due = Q(state=ReportState.APPROVED) | Q(state=ReportState.RETRACTED)
    report = Report.objects.filter(due, body=Body.NCMEC, next_at__lte=now).order_by("next_at").first()
    if report is None:
        return 0
    with _hindrances_noted(report, now=now):
        if report.state == ReportState.RETRACTED:
            tipline.retract(report.number)
            Report.objects.filter(pk=report.pk).update(next_at=None)
        else:
            _file(report, tipline, vault=vault, now=now)
    return 1


def hand_over_due(receiver: Receiver, *, vault: Vault, now: datetime) -> int:
    """Give the NCA the next report that is due (OSA s.66); return 1, or 0 when none is."""
    due = Report.objects.filter(body=Body.NCA, state=ReportState.APPROVED, next_at__lte=now)
    report = due.order_by("next_at").first()
    if report is None:
        return 0
    number: str | None = None
    with _hindrances_noted(report, now=now):
        parts = [Part(file.name, vault.get(file.digest)) for file in report.files.order_by("pk")]
        number = receiver.hand_over(str(report.pk), reports.document(report), parts)
    if number is not None:
        with transaction.atomic():
            ledger.lock()
            reports.filed(report, number=number, by=SYSTEM, now=now)
    return 1


@contextmanager
def _hindrances_noted(report: Report, *, now: datetime) -> Iterator[None]:
    """Note of a report why it could not be sent, when its receiver or its files are why."""
    try:
        yield
    except NotNowError as error:
        _later(report, str(error), now=now)
    except RefusedError as error:
        _refused(report, error, now=now)
    except (KeyError, DamagedEvidenceError):
        _damaged(report, now=now)


def _damaged(report: Report, *, now: datetime) -> None:
    with transaction.atomic():
        ledger.lock()
        reports.failed(report, error="a file of the report is absent or damaged", by=SYSTEM, now=now)


def _file(report: Report, tipline: Tipline, *, vault: Vault, now: datetime) -> None:
    if not report.number:
        report.number = tipline.submit(report_xml(reports.contents_of(report)))
        report.save(update_fields=["number"])
    for file in report.files.order_by("pk"):
        if not file.sent_id:
            file.sent_id = tipline.upload(report.number, file.name, vault.get(file.digest))
            file.save(update_fields=["sent_id"])
        if not file.described:
            tipline.describe(
                file_xml(
                    report=report.number, file=file.sent_id, name=file.name, viewed=file.viewed, public=file.public,
                    digest=file.digest,
                )
            )  # fmt: skip
            file.described = True
            file.save(update_fields=["described"])
    tipline.finish(report.number)
    with transaction.atomic():
        ledger.lock()
        reports.filed(report, number=report.number, by=SYSTEM, now=now)


def _later(report: Report, error: str, *, now: datetime) -> None:
    report.attempts += 1
    report.last_error = error[:500]
    report.next_at = now + min(_LONGEST_WAIT, timedelta(seconds=15 * 2 ** min(report.attempts, 8)))
    report.save(update_fields=["attempts", "last_error", "next_at"])


def _refused(report: Report, error: RefusedError, *, now: datetime) -> None:
    if report.state == ReportState.RETRACTED:
        Report.objects.filter(pk=report.pk).update(next_at=None, last_error=str(error)[:500])
        return
    if error.code in _LOST and report.number:
        report.number = ""
        report.files.update(sent_id="", described=False)
        report.save(update_fields=["number"])
        _later(report, str(error), now=now)
        return
    with transaction.atomic():
        ledger.lock()
        reports.failed(report, error=str(error), by=SYSTEM, now=now)
