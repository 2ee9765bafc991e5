"""The statement of reasons as the affected person reads it (DSA Art. 17), the complaint against it, and its answer.

# DSA Art. 20(3): easy to reach, and it helps to give reasons.
"""

from __future__ import annotations

from datetime import timedelta

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from hakam.compliance import statements
from hakam.compliance.models import Statement
from hakam.compliance.statement_text import render, render_withdrawal
from hakam.console.installation import installation
from hakam.console.outside.forms import ComplaintForm
from hakam.console.outside.reading import page, require_safe_or_post, speak
from hakam.intake import objections
from hakam.intake.objections import SuspendedError
from hakam.review import complaints
from hakam.review.complaints import (
    AlreadyComplainedError,
    ComplaintError,
    NothingToContestError,
    WindowClosedError,
)
from hakam.review.contested import complaint_of_statement


def refusal_of(error: ComplaintError, form: ComplaintForm) -> HttpResponse | None:
    """Say why a complaint is not taken: lead to the one that exists, or put the reason on the form."""
    match error:
        case SuspendedError():
            return redirect("console:misuse_told", error.token)
        case AlreadyComplainedError():
            return redirect("console:complaint_status", error.token)
        case WindowClosedError():
            form.add_error(None, _("The time for complaints about this decision is over."))
        case NothingToContestError():
            form.add_error(None, _("There is no decision in force to complain about."))
        case _:
            form.add_error("text", _("This can't be taken as it is: %(why)s.") % {"why": error})
    return None


def _found(token: str) -> Statement:
    found = statements.by_token(token)
    if found is None:
        raise Http404
    return found


def _statement(
    request: HttpRequest, found: Statement, form: ComplaintForm, *, status: int = 200
) -> HttpResponse:
    speak(request, found.language)
    language = translation.get_language() or "en"
    write = render_withdrawal if found.withdrawn_at else render
    existing = complaint_of_statement(found.token)
    context = {
        "statement": found,
        "text": write(found, language, platform_name=installation().platform_name),
        "form": form,
        "existing": existing,
        "may_complain": found.withdrawn_at is None
        and existing is None
        and timezone.now() < found.complain_until,
    }
    return page(request, "statement.html", context, letter=True, secret=True, status=status)


@require_GET
def statement(request: HttpRequest, token: str) -> HttpResponse:
    """Show a statement of reasons. Whoever holds the link may see it."""
    return _statement(request, _found(token), ComplaintForm())


@require_safe_or_post
def complain(request: HttpRequest, token: str) -> HttpResponse:
    """Take the complaint of the affected person."""
    if request.method != "POST":
        return redirect("console:statement", token)
    found = _found(token)
    speak(request, found.language)
    form = ComplaintForm(request.POST)
    if not form.is_valid():
        return _statement(request, found, form, status=422)
    try:
        made = objections.complain_as_affected(
            statement_token=token,
            text=form.cleaned_data["text"],
            email=form.cleaned_data["email"],
            language=translation.get_language() or "en",
            now=timezone.now(),
            answer_within=timedelta(days=installation().complaint_days),
        )
    except ComplaintError as error:
        return refusal_of(error, form) or _statement(request, found, form, status=422)
    return redirect("console:complaint_status", made.token)


@require_GET
def complaint_status(request: HttpRequest, token: str) -> HttpResponse:
    """Show how far a complaint is, and its answer. Whoever holds the link may see it."""
    found = complaints.by_token(token)
    if found is None:
        raise Http404
    speak(request, found.language)
    context = {"complaint": found, "address": f"{installation().base_url}{request.path}"}
    return page(request, "complaint.html", context, letter=True, secret=True)
