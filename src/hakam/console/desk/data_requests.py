"""Requests of people about their data at the desk (GDPR Art. 12 to 21): entered, identified, released, handed over."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hakam.compliance.access import deadlines_of
from hakam.console.admission import admit, person
from hakam.console.desk.retention import language
from hakam.console.installation import installation, vault
from hakam.enforcement.letters import LANGUAGES, tongue
from hakam.privacy import requests
from hakam.privacy.document import PARTS
from hakam.privacy.kinds import Kind
from hakam.privacy.models import Subject
from hakam.privacy.request_letters import GROUNDS, WHY
from hakam.privacy.requests import RequestError, RequestKind, RequestState
from hakam.privacy.schedule import shipped
from hakam.staff.access import names
from hakam.staff.roles import Permission


def _list(request: HttpRequest, *, error: str = "", status: int = 200) -> HttpResponse:
    rows = [
        {
            "request": one,
            "clock": next((c for c in deadlines_of(requests.subject_of(one)) if c.met_at is None), None),
        }
        for one in requests.listed()
    ]
    context = {
        "rows": rows,
        "kinds": list(RequestKind),
        "given": request.POST or request.GET,
        "platform": (request.POST or request.GET).get("platform", "") or installation().platform,
        "languages": LANGUAGES,
        "error": error,
    }
    return render(request, "console/desk/data_requests.html", context, status=status)


@require_GET
@admit(Permission.DATA_REQUEST_HANDLE)
def listing(request: HttpRequest) -> HttpResponse:
    """List the requests, the open ones first, and the form to enter one."""
    return _list(request)


@require_POST
@admit(Permission.DATA_REQUEST_HANDLE)
def receive(request: HttpRequest) -> HttpResponse:
    """Enter a request; what was typed is never lost to an error."""
    day, now = request.POST.get("received", "").strip(), timezone.now()
    try:
        came = parse_date(day) if day else None
    except ValueError:
        came = None
    try:
        if day and came is None:
            raise RequestError(_("this is no day"))  # noqa: TRY301 -- said on the page as others
        at = datetime.combine(came, datetime.min.time(), tzinfo=UTC) if came else now
        made = requests.receive(
            request.POST.get("kind", ""),
            platform=request.POST.get("platform", "").strip()[:63],
            account=request.POST.get("account", "")[:600],
            email=request.POST.get("email", "")[:400],
            language=tongue(request.POST.get("language", "")),
            words=request.POST.get("words", "")[:5000],
            received_at=at,
            by=person(request).actor,
            now=now,
        )
    except RequestError as error:
        return _list(request, error=str(error), status=422)
    messages.success(request, _("Entered. Its month runs."))
    return redirect("console:data_request", made.pk)


def _find(request_id: UUID) -> Subject:
    found = requests.by_id(str(request_id))
    if found is None:
        raise Http404
    return found


def _outcome(found: Subject) -> dict[str, Any]:
    titles = {kind.value: row.title[language()] for kind, row in shipped().items()}
    outcome = found.outcome
    return {
        "parts": [(str(PARTS.get(name, name)), count) for name, count in outcome.get("parts", {}).items()],
        "erased": [(titles[name], count) for name, count in outcome.get("erased", {}).items()],
        "kept": [
            {
                "title": titles[Kind(one["kind"])],
                "count": one["count"],
                "why": str(WHY.get(one["why"], one["why"])),
                "where": one.get("where", ""),
            }
            for one in outcome.get("kept", ())
        ],
        "told": outcome.get("told", ()),
        "given": outcome.get("from", ()),
    }


def _page(request: HttpRequest, found: Subject, *, error: str = "", status: int = 200) -> HttpResponse:
    user = person(request)
    context: dict[str, Any] = {
        "one": found,
        "clocks": [c for c in deadlines_of(requests.subject_of(found)) if c.met_at is None],
        "who": names({found.identified_by, found.released_by, found.prepared_by, found.entered_by}),
        "mine": found.prepared_by == str(user.actor),
        "over": found.state in {RequestState.ANSWERED, RequestState.REFUSED},
        "outcome": _outcome(found),
        "grounds": [(one.value, str(GROUNDS[one])) for one in requests.grounds_of(found.kind)],
        "ground": str(GROUNDS[found.ground]) if found.ground else "",
        "copy": found.kind == RequestKind.ACCESS and bool(found.document),
        "given": request.POST,
        "error": error,
    }
    return render(request, "console/desk/data_request.html", context, status=status)


@require_GET
@admit(Permission.DATA_REQUEST_HANDLE)
def one(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """Show one request: who asks, how far it is, how long there is."""
    return _page(request, _find(request_id))


def _file(found: Subject, data: bytes) -> HttpResponse:
    response = HttpResponse(data, content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="data-{found.pk}.zip"'
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@admit(Permission.DATA_REQUEST_HANDLE)
def act(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """Take the next step with a request."""
    found, number = _find(request_id), str(request_id)
    given: dict[str, Any] = {"by": person(request).actor, "now": timezone.now()}
    text = request.POST.get("text", "")[:5000]
    try:
        match request.POST.get("do", ""):
            case "identify":
                requests.identify(number, how=text, **given)
            case "extend":
                requests.extend(number, because=text, **given)
            case "again":
                requests.gather_again(number, **given)
            case "release":
                requests.release(number, **given)
            case "answer":
                requests.answer(number, text=text, **given)
            case "refuse":
                requests.refuse(number, ground=request.POST.get("ground", ""), text=text, **given)
            case "look":
                return _file(found, requests.look_at(number, vault=vault(), **given))
            case "take":
                return _file(found, requests.hand_over(number, vault=vault(), **given))
            case _:
                return _page(request, found, error=_("Choose what to do."), status=422)
    except RequestError as error:
        return _page(request, found, error=str(error), status=422)
    messages.success(request, _("Saved."))
    return redirect("console:data_request", found.pk)
