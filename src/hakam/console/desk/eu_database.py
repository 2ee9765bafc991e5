"""The EU Transparency Database: what goes there, what was covered in it, what must be mended before it can go."""

from __future__ import annotations

from typing import Any

import msgspec
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hakam.compliance import access
from hakam.compliance.eu_database import submissions
from hakam.compliance.eu_database.codes import labels
from hakam.compliance.eu_database.form import RULES
from hakam.compliance.eu_database.redaction import Span, find
from hakam.compliance.eu_database.submissions import SubmissionError, SubmissionState
from hakam.compliance.models import Submission
from hakam.compliance.statements import reasons_of
from hakam.console.admission import admit, person
from hakam.staff.roles import Permission

PER_PAGE = 50
TEXTS = (
    "decision_facts",
    "illegal_content_legal_ground",
    "illegal_content_explanation",
    "incompatible_content_ground",
    "incompatible_content_explanation",
)


@require_GET
@admit(Permission.REPORT_READ)
def listing(request: HttpRequest) -> HttpResponse:
    """List the statements by state, the newest first, and count them all."""
    wanted = request.GET.get("state", "")
    state = SubmissionState(wanted) if wanted in set(SubmissionState) else None
    seen = submissions.overview()
    context = {
        "rows": access.submissions(state=state, limit=PER_PAGE),
        "state": state or "",
        "tabs": [("", None), *seen.counts.items()],
        "oldest": seen.oldest_waiting,
    }
    return render(request, "console/desk/eu_database.html", context)


def _fields(row: Submission) -> list[dict[str, Any]]:
    """Return the payload field by field, with the labels that the database shows for its codes."""
    out = []
    for name, value in row.payload.items():
        known = labels(name) if name in _CODED else {}
        codes = value if isinstance(value, list) else [value]
        out.append(
            {
                "name": name,
                "text": value if name in TEXTS else "",
                "values": [(str(code), known.get(str(code), "")) for code in codes],
            }
        )
    return out


_CODED = frozenset(RULES) & {
    *(
        "decision_visibility",
        "decision_monetary",
        "decision_provision",
        "decision_account",
        "decision_ground",
    ),
    *("content_type", "category", "category_specification", "source_type", "automated_decision"),
}


def _original(row: Submission) -> tuple[str, list[tuple[int, int]]]:
    """Return the facts as the affected person was told them, and where something was covered."""
    reasons = reasons_of(row.statement)
    names = [row.statement.recipient, reasons.notifier or ""]
    spans: tuple[Span, ...] = find(reasons.facts, names=names)
    return reasons.facts, [(span.start, span.end) for span in spans]


@require_GET
@admit(Permission.REPORT_READ)
def submission(request: HttpRequest, puid: str) -> HttpResponse:
    """Show what the database gets of a statement, or got, beside what was covered."""
    row = access.submission(puid)
    if row is None:
        raise Http404
    facts, spans = _original(row)
    context = {
        "row": row,
        "fields": _fields(row),
        "wrong": dict(row.wrong),
        "facts": facts,
        "spans": spans,
        "raw": msgspec.json.format(msgspec.json.encode(row.payload), indent=2).decode(),
        "may_mend": person(request).may(Permission.REPORT_PUBLISH)
        and row.state in {SubmissionState.NEEDS_FIX, SubmissionState.QUEUED},
    }
    return render(request, "console/desk/submission.html", context)


@require_POST
@admit(Permission.REPORT_PUBLISH)
def mend(request: HttpRequest, puid: str) -> HttpResponse:
    """Correct texts, and any one other field, of a statement that has not gone yet."""
    row = access.submission(puid)
    if row is None:
        raise Http404
    changes: dict[str, Any] = {
        n: request.POST[n].strip() for n in TEXTS if n in request.POST and n in row.payload
    }
    name = request.POST.get("field", "")
    try:
        if name:
            if name not in RULES:
                raise SubmissionError(_("%(field)s is no field of a statement") % {"field": name[:60]})  # noqa: TRY301 -- one message for all
            changes[name] = msgspec.json.decode(request.POST.get("value", "") or "null")
        submissions.mend(row, changes, by=person(request).actor, now=timezone.now())
    except (SubmissionError, msgspec.DecodeError) as error:
        messages.error(request, _("It can't go like this: %(why)s") % {"why": error})
    else:
        messages.success(request, _("Mended. It goes with the next batch."))
    return redirect("console:submission", puid)
