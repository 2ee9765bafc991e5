"""Data for researchers at the desk (DSA Art. 40): asked for, settled by a second person, handed over, ended."""

from __future__ import annotations

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
from hakam.console.desk.retention import number_of
from hakam.console.installation import installation, vault
from hakam.privacy import research
from hakam.privacy.models import Project
from hakam.privacy.research import ResearchError
from hakam.staff.access import names
from hakam.staff.roles import Permission


def _list(request: HttpRequest, *, error: str = "", status: int = 200) -> HttpResponse:
    rows = [
        {"project": one, "clock": next(iter(deadlines_of(research.subject_of(one))), None)}
        for one in research.listed()
    ]
    context = {
        "rows": rows, "tables": list(research.TABLES), "given": request.POST, "chosen": request.POST.getlist("tables"),
        "platform": request.POST.get("platform", "") or installation().platform, "error": error,
    }  # fmt: skip
    return render(request, "console/desk/research.html", context, status=status)


@require_GET
@admit(Permission.RESEARCH_HANDLE)
def listing(request: HttpRequest) -> HttpResponse:
    """List the projects, and the form to enter one."""
    return _list(request)


@require_POST
@admit(Permission.RESEARCH_HANDLE)
def ask(request: HttpRequest) -> HttpResponse:
    """Enter a project; what was typed is never lost to an error."""
    post = request.POST
    try:
        days = [parse_date(post.get(name, "").strip()) for name in ("first", "last", "expires_on")]
    except ValueError:
        days = [None]
    first, last, expires_on = (*days, None, None)[:3]
    try:
        if first is None or last is None or expires_on is None:
            raise ResearchError(_("give the first and the last day, and the day on which it ends"))  # noqa: TRY301 -- said on the page as others
        made = research.ask(
            title=post.get("title", "")[:300], researcher=post.get("researcher", "")[:300],
            email=post.get("email", "")[:320], purpose=post.get("purpose", "")[:5_000],
            reference=post.get("reference", "")[:300], platform=post.get("platform", "").strip()[:63],
            tables=post.getlist("tables"), first=first, last=last, expires_on=expires_on,
            least=number_of(post.get("least", "") or "10"), owner=person(request).actor, now=timezone.now(),
        )  # fmt: skip
    except ResearchError as error:
        return _list(request, error=str(error), status=422)
    messages.success(request, _("Entered. A second person settles it."))
    return redirect("console:research_project", made.pk)


def _find(project_id: UUID) -> Project:
    found = research.by_id(str(project_id))
    if found is None:
        raise Http404
    return found


def _page(request: HttpRequest, project: Project, *, error: str = "", status: int = 200) -> HttpResponse:
    context: dict[str, Any] = {
        "project": project,
        "clocks": [one for one in deadlines_of(research.subject_of(project)) if one.met_at is None],
        "mine": project.owner == str(person(request).actor),
        "who": names({project.owner, project.settled_by}),
        "rows": sorted(project.rows.items()),
        "given": request.POST,
        "error": error,
    }
    return render(request, "console/desk/research_project.html", context, status=status)


@require_GET
@admit(Permission.RESEARCH_HANDLE)
def one(request: HttpRequest, project_id: UUID) -> HttpResponse:
    """Show one project."""
    return _page(request, _find(project_id))


@require_POST
@admit(Permission.RESEARCH_HANDLE)
def act(request: HttpRequest, project_id: UUID) -> HttpResponse:
    """Approve or refuse a project, take its export, or end it."""
    project, number = _find(project_id), str(project_id)
    given: dict[str, Any] = {"by": person(request).actor, "now": timezone.now()}
    try:
        match request.POST.get("do", ""):
            case "approve":
                research.approve(number, text=bool(request.POST.get("text")), **given)
            case "refuse":
                research.refuse(number, because=request.POST.get("because", "")[:5_000], **given)
            case "take":
                response = HttpResponse(
                    research.take(number, vault=vault(), **given), content_type="application/zip"
                )
                response["Content-Disposition"] = f'attachment; filename="research-{project.pk}.zip"'
                response["Cache-Control"] = "no-store"
                return response
            case "end":
                research.end(number, vault=vault(), **given)
            case _:
                return _page(request, project, error=_("Choose what to do."), status=422)
    except ResearchError as error:
        return _page(request, project, error=str(error), status=422)
    messages.success(request, _("Saved."))
    return redirect("console:research_project", project.pk)
