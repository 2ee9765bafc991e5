"""Deciding a case: what it would do, doing it, taking it back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from hakam.compliance.models import Statement
from hakam.compliance.rulebook import UnknownClauseError
from hakam.compliance.statement_text import StatementText
from hakam.compliance.statement_text import render as render_statement
from hakam.compliance.statements import complaints_until
from hakam.console.admission import admit, person
from hakam.console.desk.case import context_of, find, screen, upcoming_url
from hakam.console.desk.frame import UNDO, frame_of
from hakam.console.desk.queue import case_url
from hakam.console.desk.reported import facts_language
from hakam.console.installation import installation
from hakam.console.terms import term
from hakam.enforcement.restrict import AlreadyRestrictedError, TwoPeopleNeededError
from hakam.review import access, decisions
from hakam.review.clauses import NoRulebookError
from hakam.review.confirming import ChangedError
from hakam.review.ladder import NotOnLadderError, irreversible
from hakam.review.leases import LeaseHeldError, NotOpenError
from hakam.review.models import Decision, Proposal
from hakam.review.proposing import OwnProposalError, propose
from hakam.review.reasoning import reasons_for, source_of
from hakam.review.shapes import CaseView
from hakam.review.states import Outcome, SourceKind
from hakam.staff.roles import Permission
from hakam.vocabulary.measure import Measure
from hakam.vocabulary.reasons import Automation, IncompleteReasonsError, Reasons


class UnclearError(ValueError):
    """The form does not say what to decide. The message is for the person who filled it in."""


def chosen_measures(case: CaseView, clause: str, step: str) -> tuple[Measure, ...]:
    """Return the measures of a step of a clause's ladder. Raises `UnclearError`."""
    found = next((c for c in case.clauses if c.id == clause), None)
    if found is None:
        raise UnclearError(_("Choose the clause that is broken."))
    if not step.isascii() or not step.isdigit() or int(step) >= len(found.ladder):
        raise UnclearError(_("Choose a measure of the clause's ladder."))
    return found.ladder[int(step)].measures


def _reasons(case: CaseView, clause: str, facts: str) -> Reasons:
    kinds = {SourceKind(kind) for kind in case.source_counts}
    return reasons_for(
        clause=clause,
        facts=facts,
        language=facts_language(case),
        source=source_of(kinds),
        detected=SourceKind.VERDICT in kinds,
        automation=Automation.NONE,
    )


def statement_ahead(case: CaseView, reasons: Reasons, measures: Sequence[Measure]) -> StatementText:
    """Word the statement that the decision would issue. Nothing is stored: same words, other consequences."""
    now = timezone.now()
    start = now + timedelta(seconds=installation().undo_seconds)
    ahead = Statement(
        token="-",  # noqa: S106 -- the link does not exist before the statement does
        platform=case.row.item.platform,
        item_kind=case.row.item.kind,
        item_id=case.row.item.id,
        item_url=case.row.item_url,
        recipient=case.row.author_id,
        decision="–",
        reasons=msgspec.to_builtins(reasons),
        measures=msgspec.to_builtins(list(measures)),
        language=facts_language(case),
        issued_at=now,
        effective_from=start,
        complain_until=complaints_until(start),
    )
    return render_statement(ahead, ahead.language, platform_name=installation().platform_name)


def consequences(case: CaseView, clause: str, facts: str, measures: Sequence[Measure]) -> dict[str, Any]:
    """Return what a preview shows of a decision. Raises `IncompleteReasonsError` and `UnknownClauseError`."""
    before = case.history.violations if case.history else 0
    text = statement_ahead(case, _reasons(case, clause, facts), measures)
    return {
        "violations": before,
        "violations_after": before + 1,
        "statement": text,
        "language": text.language,
        "direction": text.direction,
    }


@require_GET
@admit(Permission.CASE_DECIDE)
def preview(request: HttpRequest, case_id: int) -> HttpResponse:
    """Show what a decision would do, before it is taken."""
    case = find(request, case_id)
    clause, facts = request.GET.get("clause", ""), request.GET.get("facts", "")
    context: dict[str, Any] = {"notices": case.row.notices}
    try:
        context["measures"] = chosen_measures(case, clause, request.GET.get(f"step:{clause}", ""))
        context["two_people"] = irreversible(context["measures"])
        context |= consequences(case, clause, facts, context["measures"])
    except UnclearError as error:
        context["problem"] = str(error)
    except IncompleteReasonsError:
        context["problem"] = _("Write the facts: the person must be told them.")
    except (UnknownClauseError, NoRulebookError):
        context["problem"] = _("This clause is no longer in force. Load the page again.")
    return render(request, "console/desk/preview.html", context)


def _take(request: HttpRequest, case: CaseView) -> Decision | Proposal:
    """Decide, or propose what takes a second person."""
    outcome = request.POST.get("outcome", "")
    given: dict[str, Any] = {
        "by": person(request).actor,
        "now": timezone.now(),
        "note": request.POST.get("note", "").strip()[:2000],
    }
    undo_seconds = installation().undo_seconds
    if outcome == Outcome.NO_VIOLATION:
        return decisions.decide(case.row.id, outcome=Outcome.NO_VIOLATION, undo_seconds=undo_seconds, **given)
    if outcome != Outcome.VIOLATION:
        raise UnclearError(_("Choose an outcome."))
    clause = request.POST.get("clause", "")
    given |= {
        "clause": clause,
        "measures": chosen_measures(case, clause, request.POST.get(f"step:{clause}", "")),
        "facts": request.POST.get("facts", "")[:5000],
    }
    if irreversible(given["measures"]):
        return propose(case.row.id, **given)
    return decisions.decide(case.row.id, outcome=Outcome.VIOLATION, undo_seconds=undo_seconds, **given)


def remember(request: HttpRequest, decision: Decision) -> None:
    """Keep for the undo bar what this person has just decided."""
    request.session[UNDO] = {
        "id": decision.pk,
        "case": decision.case_id,
        "outcome": decision.outcome,
        "at": decision.at.isoformat(),
        "until": decision.undo_until.isoformat(),
    }


def in_words(error: Exception) -> str:  # noqa: C901, PLR0911 -- one refusal, one sentence
    """Return what went wrong, for the person who decided."""
    match error:
        case UnclearError():
            return str(error)
        case IncompleteReasonsError():
            return _("Write the facts: the person must be told them.")
        case LeaseHeldError():
            return _("A colleague holds this case now. Nothing was decided.")
        case NotOpenError():
            return _("A colleague has decided this case in the meantime. Nothing was decided twice.")
        case TwoPeopleNeededError():
            return _("A measure that can't be undone needs a second person.")
        case OwnProposalError():
            return _("You proposed it; somebody else must confirm it.")
        case ChangedError():
            return _("The content was changed since this was proposed. Look at the case again.")
        case AlreadyRestrictedError():
            return _("This measure is already in force on the item.")
        case NotOnLadderError():
            return _("The clause does not provide for this measure.")
        case UnknownClauseError() | NoRulebookError():
            return _("This clause is no longer in force. Load the page again.")
        case _:
            return _("This can't be decided as asked: %(why)s") % {"why": error}


REFUSALS = (
    UnclearError,
    IncompleteReasonsError,
    LeaseHeldError,
    NotOpenError,
    TwoPeopleNeededError,
    AlreadyRestrictedError,
    NotOnLadderError,
    UnknownClauseError,
    NoRulebookError,
    decisions.DecisionError,
)


@require_POST
@admit(Permission.CASE_DECIDE)
def decide(request: HttpRequest, case_id: int) -> HttpResponse:
    """Decide, and go on to the next case."""
    case = find(request, case_id)
    queue = request.POST.get("queue", "")[:64]
    fragment = request.headers.get("X-Case-Fragment") == "next"
    try:
        taken = _take(request, case)
    except REFUSALS as error:
        return _refused(request, case, in_words(error), queue, fragment=fragment)
    if isinstance(taken, Decision):
        remember(request, taken)
        what = str(term("outcome", taken.outcome))
    else:
        what = _("Proposed. Nothing happens until a colleague confirms it")
        messages.success(request, f"{what}.")
    user = person(request)
    following = access.next_case(
        user=user, now=timezone.now(), queue=queue, after=case_id, seconds=installation().lease_seconds
    )
    url = case_url(following, queue) if following else reverse("console:queue")
    if not fragment:
        return redirect(url)
    return _onward(request, what, following, url, queue)


def _refused(request: HttpRequest, case: CaseView, why: str, queue: str, *, fragment: bool) -> HttpResponse:
    if fragment:
        return render(request, "console/desk/refusal.html", {"error": why}, status=422)
    given = request.POST.dict()
    typed = given | {"step": given.get(f"step:{given.get('clause', '')}", "")}
    context = context_of(request, case, queue=queue) | {"error": why, "draft": typed}
    return render(request, "console/desk/case.html", context, status=422)


def _onward(request: HttpRequest, what: str, following: int | None, url: str, queue: str) -> HttpResponse:
    user = person(request)
    left = access.counts(user=user, now=timezone.now()).open
    context: dict[str, Any] = {
        "pending": frame_of(request).undo,
        "said": f"{what}. " + ngettext("%(count)s case left", "%(count)s cases left", left) % {"count": left},
    }
    headers = {"X-Next": url}
    if following is not None:
        headers["X-Upcoming"] = upcoming_url(user, following, queue)
        if request.headers.get("X-Case-Ahead", "") != url:  # what was fetched ahead is another case
            context["screen"] = screen(request, following, queue)
    return HttpResponse(
        render_to_string("console/desk/onward.html", context, request=request), headers=headers
    )


@require_POST
@admit(Permission.CASE_DECIDE)
def undo(request: HttpRequest, decision_id: int) -> HttpResponse:
    """Take one's own decision back while its effects wait."""
    if access.decision(decision_id, user=person(request)) is None:
        raise Http404
    try:
        case = decisions.undo(
            decision_id,
            by=person(request).actor,
            now=timezone.now(),
            lease_seconds=installation().lease_seconds,
        )
    except decisions.TooLateError:
        messages.warning(request, _("Too late: the decision has left. A new decision can replace it."))
        return redirect("console:queue")
    except decisions.NotYoursError:
        raise Http404 from None
    request.session.pop(UNDO, None)
    messages.success(request, _("Undone. Nobody outside heard of it."))
    return redirect(case_url(case.pk) if case else reverse("console:queue"))
