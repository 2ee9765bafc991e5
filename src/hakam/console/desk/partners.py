"""Partners: who they are, what goes which way, how far their word goes, and what it would have touched."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hakam.compliance import ledger, rulebook
from hakam.console.admission import admit, person
from hakam.console.installation import installation
from hakam.exchange import access, keys, partners
from hakam.exchange.kinds import PURPOSES, ExchangeError, Response, Trust, Way
from hakam.staff import access as staff
from hakam.staff.roles import Permission
from hakam.vocabulary.actor import Actor

_SHOWN_HISTORY = 20
_FIELDS = ("name", "title", "address", "key", "because", "purpose", "countries", "clause", "response")


def _given(request: HttpRequest) -> dict[str, str]:
    return {name: request.POST.get(name, "")[:2_000].strip() for name in _FIELDS}


def _listing(request: HttpRequest, *, error: str = "", status: int = 200) -> HttpResponse:
    public = keys.signing_key(installation().secret(keys.SECRET)).public_key()
    context = {
        "rows": access.partners(person(request)),
        "key": keys.written(public),
        "thumbprint": keys.thumbprint(public),
        "address": f"{installation().base_url}/exchange/v1",
        "may_manage": person(request).may(Permission.PARTNER_MANAGE),
        "given": _given(request),
        "error": error,
    }
    return render(request, "console/desk/partners.html", context, status=status)


@require_GET
@admit(Permission.PARTNER_READ)
def listing(request: HttpRequest) -> HttpResponse:
    """List the partners, and show our own key."""
    return _listing(request)


@require_POST
@admit(Permission.PARTNER_MANAGE)
def add(request: HttpRequest) -> HttpResponse:
    """Add a partner; what was typed is never lost to an error."""
    given = _given(request)
    own = keys.thumbprint(keys.signing_key(installation().secret(keys.SECRET)).public_key())
    try:
        partners.add_partner(
            given["name"],
            title=given["title"],
            address=given["address"],
            key=given["key"],
            own=own,
            by=person(request).actor,
            now=timezone.now(),
        )
    except ExchangeError as error:
        return _listing(request, error=str(error), status=422)
    messages.success(request, _("Added, in quarantine. Compare the thumbprint by voice."))
    return redirect("console:partner", given["name"])


def _page(request: HttpRequest, name: str, *, error: str = "", status: int = 200) -> HttpResponse:
    user = person(request)
    told = access.partner(user, name)
    if told is None:
        raise Http404
    one = told.partner
    version = rulebook.active()
    count, touched = access.would_have_touched(user, one)
    context = {
        "told": told,
        "partner": one,
        "mirrors": access.mirrors(one),
        "given_banks": access.given(one),
        "touched_count": count,
        "touched": touched,
        "wanted_by": staff.names({one.wanted_by}).get(one.wanted_by, one.wanted_by) if one.wanted_by else "",
        "mine": one.wanted_by == str(user.actor),
        "purposes": PURPOSES,
        "responses": [one.value for one in Response],
        "trusts": [trust.value for trust in Trust if trust.value != one.trust],
        "clauses": sorted(rulebook.load(version).clauses) if version is not None else [],
        "history": ledger.story(partners.subject_of(one))[-_SHOWN_HISTORY:][::-1],
        "may_manage": user.may(Permission.PARTNER_MANAGE) and one.state != "ended",
        "given": _given(request),
        "error": error,
    }
    return render(request, "console/desk/partner.html", context, status=status)


@require_GET
@admit(Permission.PARTNER_READ)
def partner(request: HttpRequest, name: str) -> HttpResponse:
    """Show a partner."""
    return _page(request, name)


@require_POST
@admit(Permission.PARTNER_MANAGE)
def act(request: HttpRequest, name: str) -> HttpResponse:
    """Agree on something, change how far its word goes, pause it, end it."""
    if access.partner(person(request), name) is None:
        raise Http404
    try:
        _carry_out(request, name, by=person(request).actor)
    except (ExchangeError, ValueError) as error:
        return _page(request, name, error=str(error), status=422)
    messages.success(request, _("Saved."))
    return redirect("console:partner", name)


def _carry_out(request: HttpRequest, name: str, *, by: Actor) -> None:
    given, now, post = _given(request), timezone.now(), request.POST
    match post.get("do", ""):
        case "give" | "take" as way:
            partners.agree(
                name,
                Way(way),
                given["purpose"],
                countries=given["countries"].upper().replace(",", " ").split(),
                clause=given["clause"],
                response=Response(given["response"] or Response.REVIEW),
                by=by,
                now=now,
            )
        case "end give" | "end take" as ended:
            partners.end_agreement(name, Way(ended.removeprefix("end ")), given["purpose"], by=by, now=now)
        case "trust":
            partners.ask_trust(name, Trust(post.get("trust", "")), because=given["because"], by=by, now=now)
        case "confirm":
            partners.confirm_trust(name, by=by, now=now)
        case "refuse":
            partners.refuse_trust(name, because=given["because"], by=by, now=now)
        case "pause":
            partners.pause(name, by=by, now=now)
        case "resume":
            partners.resume(name, by=by, now=now)
        case "end":
            partners.end(name, because=given["because"], by=by, now=now)
        case _:
            raise ExchangeError(_("Choose what to do."))
