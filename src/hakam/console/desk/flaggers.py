"""Trusted flaggers (DSA Art. 22): the register, how good their notices are, and the form that they sign in for."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hakam.console.admission import admit, person
from hakam.console.desk.flagger_forms import FlagForm, FlaggerForm
from hakam.console.installation import event_log, installation, vault
from hakam.console.outside.forms import GOOD_FAITH
from hakam.intake import flaggers, flagging
from hakam.intake.flaggers import FlaggerError, FlaggerEvent, FlaggerState
from hakam.intake.models import Flagger
from hakam.intake.notices import NoticeError, Submission
from hakam.staff import access as staff
from hakam.staff.models import User
from hakam.staff.roles import Permission, Role

_FIELDS = {"harm": "harm", "explanation": "explanation", "urls": "addresses"}


def _list(request: HttpRequest, form: FlaggerForm, *, status: int = 200) -> HttpResponse:
    context = {
        "rows": flagging.flaggers(person(request)),
        "form": form,
        "may_manage": person(request).may(Permission.FLAGGER_MANAGE),
    }
    return render(request, "console/desk/flaggers.html", context, status=status)


@require_GET
@admit(Permission.FLAGGER_READ)
def listing(request: HttpRequest) -> HttpResponse:
    """List the flaggers with the quality of their notices."""
    return _list(request, FlaggerForm())


@require_POST
@admit(Permission.FLAGGER_MANAGE)
def register(request: HttpRequest) -> HttpResponse:
    """Enter an entity that a Coordinator awarded the status."""
    form = FlaggerForm(request.POST)
    if not form.is_valid():
        return _list(request, form, status=422)
    try:
        made = flaggers.register(
            platform=installation().platform,
            by=person(request).actor,
            now=timezone.now(),
            **form.cleaned_data,
        )
    except FlaggerError as error:
        for field, what in error.wrong.items():
            form.add_error(field, what)
        return _list(request, form, status=422)
    messages.success(request, _("%(name)s is entered in the register.") % {"name": made.name})
    return redirect("console:flagger", made.pk)


def _find(request: HttpRequest, flagger_id: int) -> Flagger:
    found = flagging.flagger(person(request), flagger_id)
    if found is None:
        raise Http404
    return found


def _begin_of_year(now: datetime) -> datetime:
    return timezone.localtime(now).replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0)


def _page(
    request: HttpRequest, found: Flagger, *, error: str = "", issued: str = "", status: int = 200
) -> HttpResponse:
    begin = _begin_of_year(timezone.now())
    user = person(request)
    context: dict[str, Any] = {
        "flagger": found,
        "year": begin.year,
        "this_year": flagging.quality(found, since=begin),
        "overall": flagging.quality(found),
        "notices": flagging.recent(found),
        "insufficient": flagging.insufficient(found, since=begin),
        "members": list(found.members.order_by("username")),
        "keys": list(found.keys.order_by("-created_at")),
        "candidates": [one for one in staff.people(user) if one.role == Role.TRUSTED_FLAGGER],
        "form": FlaggerForm(initial={"scope": found.scope}),
        "may_manage": user.may(Permission.FLAGGER_MANAGE),
        "ended": found.state == FlaggerState.REVOKED,
        "error": error,
        "issued": issued,
        "given": request.POST,
    }
    response = render(request, "console/desk/flagger.html", context, status=status)
    if issued:
        response["Cache-Control"] = "no-store"
    return response


@require_GET
@admit(Permission.FLAGGER_READ)
def one(request: HttpRequest, flagger_id: int) -> HttpResponse:
    """Show one flagger: its status, its notices, what decisions made of them."""
    return _page(request, _find(request, flagger_id))


@require_POST
@admit(Permission.FLAGGER_MANAGE)
def change(request: HttpRequest, flagger_id: int) -> HttpResponse:
    """Follow the Coordinator's decision, change the area, give a key or a sign-in, or report to the Coordinator."""
    found = _find(request, flagger_id)
    do = request.POST.get("do", "")
    if do not in {*FlaggerEvent, "scope", "key", "admit", "report"}:
        return _page(request, found, error=_("Choose what to do."), status=422)
    given: dict[str, Any] = {"by": person(request).actor, "now": timezone.now()}
    because = request.POST.get("because", "")[:5000]
    issued = ""
    try:
        if do in set(FlaggerEvent):
            flaggers.change_status(found.pk, FlaggerEvent(do), because=because, **given)
        elif do == "scope":
            flaggers.set_scope(found.pk, request.POST.getlist("scope"), **given)
        elif do == "key":
            _key, issued = flaggers.issue_key(found.pk, **given)
        elif do == "admit":
            flaggers.admit(found.pk, _member(request), **given)
        else:
            since = _begin_of_year(given["now"])
            language = "ar" if request.POST.get("language") == "ar" else "en"
            flagging.report_to_coordinator(found.pk, since=since, because=because, language=language, **given)
    except FlaggerError as error:
        return _page(request, found, error=str(error), status=422)
    if issued:
        return _page(request, _find(request, flagger_id), issued=issued)
    messages.success(request, _("Saved."))
    return redirect("console:flagger", flagger_id)


def _member(request: HttpRequest) -> User:
    found = staff.by_username(request.POST.get("username", "")[:150])
    if found is None:
        raise FlaggerError(_("There is no such account."))
    return found


def _form(request: HttpRequest, form: FlagForm, *, status: int = 200) -> HttpResponse:
    flagger = flaggers.of_user(person(request))
    context = {
        "form": form,
        "flagger": flagger,
        "notices": flagging.recent(flagger) if flagger else [],
        "overall": flagging.quality(flagger) if flagger else None,
    }
    return render(request, "console/desk/flag.html", context, status=status)


@require_GET
@admit(Permission.NOTICE_FLAG)
def flag(request: HttpRequest) -> HttpResponse:
    """Show the form of a trusted flagger, and what became of its notices."""
    return _form(request, FlagForm(initial={"addresses": request.GET.get("url", "")[:8192]}))


@require_POST
@admit(Permission.NOTICE_FLAG)
def send_flag(request: HttpRequest) -> HttpResponse:
    """Take the notice of a trusted flagger who is signed in; what was typed is never lost to an error."""
    flagger = flaggers.of_user(person(request))
    form = FlagForm(request.POST)
    if flagger is None or not form.is_valid():
        return _form(request, form, status=422)
    given = form.cleaned_data
    submission = Submission(
        platform=flagger.platform,
        harm=given["harm"],
        explanation=given["explanation"],
        urls=tuple(given["addresses"]),
        good_faith=str(GOOD_FAITH),
        language=translation.get_language() or "en",
    )
    try:
        notice = flagging.flag(
            flagger,
            submission,
            vault=vault(),
            log=event_log(),
            now=timezone.now(),
            decide_within=timedelta(hours=installation().notice_hours),
        )
    except NoticeError as error:
        for wrong in error.wrong:
            form.add_error(
                _FIELDS.get(wrong.pointer.split("/")[1]),
                _("This can't be taken as it is: %(why)s.") % {"why": wrong.message},
            )
        return _form(request, form, status=422)
    if notice.trusted:
        messages.success(request, _("Taken. It goes first."))
    else:
        messages.warning(
            request, _("Taken, as any other notice: it lies outside your area or your status rests.")
        )
    return redirect("console:notice", notice.token)
