"""Complaints: what somebody objects to, in their words, beside what was decided and told; decided by somebody else."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hakam.compliance import access as compliance
from hakam.compliance.statement_text import render as render_statement
from hakam.console.admission import admit, person
from hakam.console.desk.deciding import REFUSALS, UnclearError, in_words
from hakam.console.desk.queue import page_number
from hakam.console.desk.reported import reported
from hakam.console.installation import event_log, installation, vault
from hakam.enforcement import access as enforcement
from hakam.review import complaint_access as access
from hakam.review import complaints
from hakam.review.shapes import ComplaintView
from hakam.review.states import ComplaintState, TransitionError
from hakam.staff.roles import Permission
from hakam.vocabulary.measure import Measure

STATES = (*ComplaintState, "")


@require_GET
@admit(Permission.COMPLAINT_READ)
def listing(request: HttpRequest) -> HttpResponse:
    """List the complaints, the first due on top."""
    state = request.GET.get("state", ComplaintState.OPEN.value)
    if state not in {str(s) for s in STATES}:
        state = ComplaintState.OPEN.value
    page = access.complaints(user=person(request), state=state, page=page_number(request))
    return render(request, "console/desk/complaints.html", {"page": page, "state": state, "states": STATES})


def find(request: HttpRequest, complaint_id: str) -> ComplaintView:
    """Return the complaint, or answer that there is no such page."""
    user = person(request)
    user.language = (
        translation.get_language() or user.language
    )  # clauses in the language of the page; not saved
    found = access.complaint(complaint_id, user=user, now=timezone.now(), vault=vault(), log=event_log())
    if found is None:
        raise Http404
    return found


def _page(request: HttpRequest, found: ComplaintView, *, error: str = "", status: int = 200) -> HttpResponse:
    statement = compliance.statement_of(found.decision.subject)
    language = translation.get_language() or "en"
    context: dict[str, Any] = {
        "complaint": found,
        "versions": reported(found.versions, ()),
        "statement": render_statement(statement, language, platform_name=installation().platform_name)
        if statement
        else None,
        "applied": enforcement.of_decision(found.decision.subject),
        "error": error,
        "given": request.POST,
    }
    return render(request, "console/desk/complaint.html", context, status=status)


@require_GET
@admit(Permission.COMPLAINT_READ)
def complaint(request: HttpRequest, complaint_id: str) -> HttpResponse:
    """Show one complaint."""
    return _page(request, find(request, complaint_id))


def _instead(request: HttpRequest, found: ComplaintView) -> tuple[str, tuple[Measure, ...]]:
    """Return the clause and the measures that are put in place when a notifier is right."""
    clause, _sep, step = request.POST.get("instead", "").rpartition("#")
    for offered in found.clauses:
        if offered.id == clause and step.isascii() and step.isdigit() and int(step) < len(offered.ladder):
            return clause, offered.ladder[int(step)].measures
    raise UnclearError(_("Choose what is done instead."))


@require_POST
@admit(Permission.COMPLAINT_DECIDE)
def decide(request: HttpRequest, complaint_id: str) -> HttpResponse:
    """Uphold a complaint or reject it, with the reasons that the complainant is told."""
    found = find(request, complaint_id)
    uphold = request.POST.get("verdict") == "uphold"
    answer = request.POST.get("answer", "").strip()[:10_000]
    more: dict[str, Any] = {}
    try:
        if request.POST.get("verdict") not in {"uphold", "deny"}:
            raise UnclearError(_("Say whether the complaint is right."))
        if not answer:
            raise UnclearError(_("Write the reasons: the complainant is told them."))
        if uphold and found.row.complainant == "notifier":
            more["clause"], more["measures"] = _instead(request, found)
            more["facts"] = answer
        complaints.decide_complaint(
            complaint_id, by=person(request).actor, now=timezone.now(), uphold=uphold, answer=answer, **more
        )
    except complaints.SamePersonError:
        return _page(
            request,
            found,
            error=_("You took part in the decision; somebody else must look again."),
            status=403,
        )
    except TransitionError:
        return _page(request, found, error=_("A colleague has decided it in the meantime."), status=409)
    except (*REFUSALS, complaints.ComplaintError) as error:
        return _page(request, found, error=in_words(error), status=422)
    messages.success(
        request,
        _("The decision is reversed, and everybody concerned is told.")
        if uphold
        else _("The decision stands, and the complainant is told why."),
    )
    return redirect("console:complaint", complaint_id)
