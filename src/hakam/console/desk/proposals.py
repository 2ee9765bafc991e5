"""Two people: what somebody proposed that can't be undone, and what a colleague makes of it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hakam.compliance.rulebook import UnknownClauseError
from hakam.console.admission import admit, person
from hakam.console.desk.case import find as find_case
from hakam.console.desk.deciding import REFUSALS, UnclearError, consequences, in_words, remember
from hakam.console.desk.reported import reported
from hakam.console.installation import installation
from hakam.review import proposal_access as access
from hakam.review.clauses import NoRulebookError
from hakam.review.confirming import confirm
from hakam.review.proposal_access import ProposalView
from hakam.review.proposing import refuse
from hakam.review.states import TransitionError
from hakam.staff.roles import Permission


@require_GET
@admit(Permission.CASE_READ)
def listing(request: HttpRequest) -> HttpResponse:
    """List what waits for a second person, or what was settled."""
    settled = request.GET.get("state") == "settled"
    rows = access.proposals(person(request), settled=settled)
    return render(request, "console/desk/proposals.html", {"rows": rows, "settled": settled})


def find(request: HttpRequest, proposal_id: int) -> ProposalView:
    """Return the proposal, or answer that there is no such page."""
    found = access.proposal(proposal_id, user=person(request))
    if found is None:
        raise Http404
    return found


def _page(request: HttpRequest, found: ProposalView, *, error: str = "", status: int = 200) -> HttpResponse:
    case = find_case(request, found.case_id)
    context: dict[str, Any] = {
        "proposal": found,
        "case": case,
        "versions": reported(case.versions, case.firings),
        "measures": found.measures,
        "notices": case.row.notices,
        "error": error,
        "because": request.POST.get("because", ""),
    }
    try:
        context |= consequences(case, found.clause, found.facts, found.measures)
    except (UnknownClauseError, NoRulebookError):
        context["problem"] = _("This clause is no longer in force. Load the page again.")
    return render(request, "console/desk/proposal.html", context, status=status)


@require_GET
@admit(Permission.CASE_READ)
def proposal(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """Show one proposal, with the content and what it would do."""
    return _page(request, find(request, proposal_id))


@require_POST
@admit(Permission.CASE_DECIDE)
def settle(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """Confirm a proposal, refuse it, or withdraw one's own."""
    found = find(request, proposal_id)
    verdict = request.POST.get("verdict", "")
    given: dict[str, Any] = {"by": person(request).actor, "now": timezone.now()}
    try:
        if verdict == "confirm":
            remember(request, confirm(proposal_id, undo_seconds=installation().undo_seconds, **given))
            messages.success(request, _("Confirmed. It is decided, in both names."))
        elif verdict in {"refuse", "withdraw"} and (verdict == "withdraw") == found.mine:
            because = request.POST.get("because", "").strip()[:5000]
            if verdict == "refuse" and not because:
                raise UnclearError(_("Say why: whoever proposed it reads that."))
            refuse(proposal_id, because=because, **given)
            messages.success(request, _("The case is free again."))
        else:
            raise UnclearError(_("Say whether you confirm it."))
    except TransitionError:
        return _page(
            request, find(request, proposal_id), error=_("It was settled in the meantime."), status=409
        )
    except REFUSALS as error:
        return _page(request, found, error=in_words(error), status=422)
    return redirect("console:proposal", proposal_id)
