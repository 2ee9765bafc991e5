"""Reporting content (DSA Art. 16): the form, the receipt, how far it is, and the complaint against the outcome."""

from __future__ import annotations

from datetime import timedelta

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from hakam.console.installation import event_log, installation, notice_log, vault
from hakam.console.outside import intimate
from hakam.console.outside.complaint import refusal_of
from hakam.console.outside.forms import GOOD_FAITH, ComplaintForm, ReportForm
from hakam.console.outside.reading import page, require_safe_or_post, speak
from hakam.console.outside.senders import wait_of
from hakam.intake import access, objections
from hakam.intake.notices import NoticeError, Submission, receive_notice
from hakam.review.complaints import ComplaintError
from hakam.vocabulary.harm import CHILD_ABUSE_OFFENCES

_FIELDS = {
    "harm": "harm",
    "explanation": "explanation",
    "urls": "addresses",
    "name": "name",
    "email": "email",
}


def _form(request: HttpRequest, form: ReportForm, *, status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "anonymous": " ".join(sorted(CHILD_ABUSE_OFFENCES)),
        "intimate": bool(intimate.regimes_offered()),
    }
    return page(request, "report.html", context, letter=True, status=status)


@require_http_methods(["GET", "POST"])
def report(request: HttpRequest) -> HttpResponse:
    """Show the form; take the notice. What was typed is never lost to an error."""
    speak(request)
    if request.method != "POST":
        return _form(request, ReportForm(initial={"addresses": request.GET.get("url", "")[:8192]}))
    form = ReportForm(request.POST)
    if not form.is_valid():
        return _form(request, form, status=422)
    wait = wait_of(request, now=timezone.now())
    if wait:
        form.add_error(
            None,
            _(
                "Very many reports have come from your connection in a short time. "
                "Please send this one again in a moment."
            ),
        )
        slowed = _form(request, form, status=429)
        slowed["Retry-After"] = str(wait)
        return slowed
    given = form.cleaned_data
    submission = Submission(
        platform=installation().platform,
        harm=given["harm"],
        explanation=given["explanation"],
        urls=tuple(given["addresses"]),
        illegal=given["illegal"],
        name=given["name"],
        email=given["email"],
        good_faith=str(GOOD_FAITH),
        language=translation.get_language() or "en",
    )
    try:
        notice = receive_notice(
            submission,
            vault=vault(),
            log=event_log(),
            now=timezone.now(),
            decide_within=timedelta(hours=installation().notice_hours),
        )
    except NoticeError as error:
        for wrong in error.wrong:
            field = _FIELDS.get(wrong.pointer.split("/")[1])
            form.add_error(field, _("This can't be taken as it is: %(why)s.") % {"why": wrong.message})
        return _form(request, form, status=422)
    response = redirect("console:notice", notice.token)
    response["Location"] += "?new=1"
    return response


@require_GET
def notice(request: HttpRequest, token: str) -> HttpResponse:
    """Show how far a notice is. Whoever holds the link may see it."""
    return _status(request, token)


def _ids(position: int) -> str:
    """Return how the fields of the complaint about one item are named: a page has one form for each item."""
    return f"id_%s-{position}"


def _status(
    request: HttpRequest,
    token: str,
    form: ComplaintForm | None = None,
    *,
    wrong_item: str = "",
    code: int = 200,
) -> HttpResponse:
    found = access.status(token, now=timezone.now(), notices=notice_log())
    if found is None:
        raise Http404
    speak(request, found.language)
    items = [
        (one, form if form and one.ref == wrong_item else ComplaintForm(auto_id=_ids(one.position)))
        for one in found.items
    ]
    context = {"notice": found, "items": items, "wrong_item": wrong_item, "new": "new" in request.GET}
    context["address"] = f"{installation().base_url}{request.path}"
    return page(request, "notice.html", context, letter=True, secret=True, status=code)


@require_safe_or_post
def object_to_outcome(request: HttpRequest, token: str, number: int) -> HttpResponse:
    """Take the complaint of the notifier against the outcome for one item (DSA Art. 20(1))."""
    if request.method != "POST":
        return redirect("console:notice", token)
    found = access.status(token, now=timezone.now(), notices=notice_log())
    item = next((one for one in found.items if one.position == number), None) if found else None
    if found is None or item is None or item.answered_at is None:
        raise Http404
    speak(request, found.language)
    form = ComplaintForm(request.POST, auto_id=_ids(number))
    if not form.is_valid():
        return _status(request, token, form, wrong_item=item.ref, code=422)
    try:
        made = objections.complain(
            token=token,
            position=number,
            text=form.cleaned_data["text"],
            email=form.cleaned_data["email"],
            language=translation.get_language() or "en",
            now=timezone.now(),
            answer_within=timedelta(days=installation().complaint_days),
            notices=notice_log(),
        )
    except ComplaintError as error:
        return refusal_of(error, form) or _status(request, token, form, wrong_item=item.ref, code=422)
    return redirect("console:complaint_status", made.token)
