"""Reports of child abuse at the desk: completed by a person, approved by another. Lists show no contents, ever."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_GET, require_POST

from hakam.compliance.access import deadlines_of
from hakam.console.admission import admit, person
from hakam.console.installation import installation, vault
from hakam.safeguarding import reports
from hakam.safeguarding.contents import Annotation, Body, Contents, Incident, lacking
from hakam.safeguarding.models import Report
from hakam.safeguarding.reports import ChildReportError, ReportState
from hakam.staff.access import names
from hakam.staff.roles import Permission

_LONGEST_NUMBER = 12
_FIELDS = {
    "incident": 200, "platform": 300, "escalate": 4_000, "reporter": 200, "reporter_email": 320, "account": 512,
    "screen_name": 512, "account_email": 320, "address": 64, "address_event": 32, "summary": 5_000,
}  # fmt: skip
"""What a person types as text, and how much of it is looked at; the rules of a report say the rest."""
INCIDENTS = {
    Incident.PORNOGRAPHY: gettext_lazy("Child Pornography (possession, manufacture, and distribution)"),
    Incident.TRAFFICKING: gettext_lazy("Child Sex Trafficking"),
    Incident.TOURISM: gettext_lazy("Child Sex Tourism"),
    Incident.MOLESTATION: gettext_lazy("Child Sexual Molestation"),
    Incident.DOMAIN: gettext_lazy("Misleading Domain Name"),
    Incident.WORDS: gettext_lazy("Misleading Words or Digital Images on the Internet"),
    Incident.ENTICEMENT: gettext_lazy("Online Enticement of Children for Sexual Acts"),
    Incident.UNSOLICITED: gettext_lazy("Unsolicited Obscene Material Sent to a Child"),
}
SEEN_AT = {
    "Unknown": pgettext_lazy("an address was seen at", "Unknown"),
    "Upload": pgettext_lazy("an address was seen at", "Upload"),
    "Login": pgettext_lazy("an address was seen at", "Login"),
    "Registration": pgettext_lazy("an address was seen at", "Registration"),
    "Purchase": pgettext_lazy("an address was seen at", "Purchase"),
    "Other": pgettext_lazy("an address was seen at", "Other"),
}
"""The receiver's own words, as people read them; what is sent stays word for word as the receiver takes it."""


def _list(request: HttpRequest, *, error: str = "", status: int = 200) -> HttpResponse:
    given = request.POST or request.GET
    rows = [
        {"report": one, "clock": next(iter(deadlines_of(reports.subject_of(one))), None)}
        for one in reports.listed(person(request))
    ]
    context = {
        "rows": rows,
        "bodies": list(Body),
        "case": given.get("case", "")[:_LONGEST_NUMBER],
        "error": error,
    }
    return render(request, "console/desk/child_reports.html", context, status=status)


@require_GET
@admit(Permission.CHILD_REPORT_HANDLE)
def listing(request: HttpRequest) -> HttpResponse:
    """List the reports by number and state: no word of their contents."""
    return _list(request)


@require_POST
@admit(Permission.CHILD_REPORT_HANDLE)
def prepare(request: HttpRequest) -> HttpResponse:
    """Prepare a report from a case."""
    number = request.POST.get("case", "").strip()
    try:
        made = reports.prepare(
            int(number) if number.isascii() and number.isdigit() and len(number) <= _LONGEST_NUMBER else 0,
            request.POST.get("body", ""),
            user=person(request),
            platform_name=installation().platform_name,
            vault=vault(),
            now=timezone.now(),
        )
    except ChildReportError as error:
        return _list(request, error=str(error), status=422)
    return redirect("console:child_report", made.pk)


def _page(
    request: HttpRequest, report: Report, *, error: str = "", lacks: Any = (), status: int = 200
) -> HttpResponse:
    user = person(request)
    contents = reports.contents_of(report)
    context: dict[str, Any] = {
        "report": report,
        "contents": contents,
        "files": list(report.files.order_by("pk")),
        "clocks": [one for one in deadlines_of(reports.subject_of(report)) if one.met_at is None],
        "incidents": INCIDENTS,
        "annotations": list(Annotation),
        "events": SEEN_AT,
        "mine": report.prepared_by == str(user.actor),
        "open": report.state in {ReportState.DRAFT, ReportState.FAILED},
        "who": names({report.prepared_by, report.approved_by}),
        "lacks": lacks or (lacking(contents) if report.state == ReportState.DRAFT else []),
        "error": error,
    }
    return render(request, "console/desk/child_report.html", context, status=status)


@require_GET
@admit(Permission.CHILD_REPORT_HANDLE)
def one(request: HttpRequest, report_id: UUID) -> HttpResponse:
    """Show one report; that it was opened is a fact."""
    report = reports.view(str(report_id), user=person(request), now=timezone.now())
    if report is None:
        raise Http404
    return _page(request, report)


def _lines(text: str) -> tuple[str, ...]:
    return tuple(text.split())[:50]


def _contents(request: HttpRequest, before: Contents) -> Contents:
    post = request.POST
    at = None
    try:
        at = parse_datetime(post.get("at", "").strip())
    except ValueError:
        at = None
    if at is not None and timezone.is_naive(at):
        at = timezone.make_aware(at)
    said = {name: post.get(name, "").strip()[:most] for name, most in _FIELDS.items()}
    return msgspec.structs.replace(
        before,
        at=at,
        urls=_lines(post.get("urls", "")[:20_000]),
        chat=bool(post.get("chat")),
        annotations=tuple(post.getlist("annotations")),
        **said,
    )


@require_POST
@admit(Permission.CHILD_REPORT_HANDLE)
def act(request: HttpRequest, report_id: UUID) -> HttpResponse:
    """Take the next step with a report."""
    user, now, number = person(request), timezone.now(), str(report_id)
    report = reports.find(number, user=user)
    if report is None:
        raise Http404
    try:
        match request.POST.get("do", ""):
            case "save":
                viewed = set(request.POST.getlist("viewed"))
                contents = _contents(request, reports.contents_of(report))
                reports.complete(number, contents, viewed=viewed, user=user, now=now)
            case "approve":
                reports.approve(number, user=user, now=now)
            case "give_up":
                reports.send_back(number, because=request.POST.get("because", "")[:2_000], user=user, now=now)
            case "sent":
                reports.sent_by_hand(number, number=request.POST.get("number", ""), user=user, now=now)
            case "take":
                response = HttpResponse(
                    reports.take(number, user=user, now=now), content_type="application/json"
                )
                response["Content-Disposition"] = f'attachment; filename="report-{report.pk}.json"'
                response["Cache-Control"] = "no-store"
                return response
            case _:
                return _page(request, report, error=_("Choose what to do."), status=422)
    except ChildReportError as error:
        report.refresh_from_db()
        return _page(request, report, error=str(error), lacks=error.lacks, status=422)
    messages.success(request, _("Saved."))
    return redirect("console:child_report", report.pk)
