"""People and keys: who works here, which platforms may call. For administrators."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hakam.console.admission import admit, person
from hakam.console.desk.forms import KeyForm, PersonForm
from hakam.console.installation import installation
from hakam.staff import access, keys, users
from hakam.staff.roles import PERSONAL_SCOPES, Permission, Role, Scope


def _people(request: HttpRequest, form: PersonForm, *, status: int = 200) -> HttpResponse:
    context = {"people": access.people(person(request)), "form": form, "roles": list(Role)}
    return render(request, "console/desk/staff.html", context, status=status)


@require_GET
@admit(Permission.STAFF_MANAGE)
def people(request: HttpRequest) -> HttpResponse:
    """List everybody who works here."""
    return _people(request, PersonForm())


@require_POST
@admit(Permission.STAFF_MANAGE)
def add_person(request: HttpRequest) -> HttpResponse:
    """Make an account."""
    form = PersonForm(request.POST)
    if not form.is_valid():
        return _people(request, form, status=422)
    given = form.cleaned_data
    try:
        made = users.create_user(
            username=given["username"],
            email=given["email"],
            role=Role(given["role"]),
            password=given["password"] or None,
            language=given["language"],
            by=person(request).actor,
            now=timezone.now(),
        )
    except users.StaffError as error:
        form.add_error(None, str(error))
        return _people(request, form, status=422)
    messages.success(request, _("%(name)s can sign in now.") % {"name": made.username})
    return redirect("console:staff")


@require_POST
@admit(Permission.STAFF_MANAGE)
def change_person(request: HttpRequest, user_id: int) -> HttpResponse:
    """Give somebody another role, or end or restore the access."""
    found = access.person(person(request), user_id)
    if found is None:
        raise Http404
    by, now = person(request).actor, timezone.now()
    active, role = request.POST.get("active"), request.POST.get("role", "")
    if active not in {"yes", "no"} if active is not None else role not in set(Role):
        return HttpResponseBadRequest()
    try:
        if active is not None:
            users.set_active(found, active=active == "yes", by=by, now=now)
        else:
            users.set_role(found, Role(role), by=by, now=now)
    except users.OwnRoleError:
        messages.error(request, _("Somebody else must change your own role or access."))
    except users.LastAdministratorError:
        messages.error(request, _("Nobody would be left who can manage the staff."))
    else:
        messages.success(request, _("Saved."))
    return redirect("console:staff")


def _keys(request: HttpRequest, form: KeyForm, *, issued: str = "", status: int = 200) -> HttpResponse:
    context = {
        "keys": access.keys(person(request)),
        "form": form,
        "issued": issued,
        "now": timezone.now(),
        "scopes": [scope for scope in Scope if scope not in PERSONAL_SCOPES],
    }
    response = render(request, "console/desk/keys.html", context, status=status)
    if issued:
        response["Cache-Control"] = "no-store"
    return response


@require_GET
@admit(Permission.KEY_MANAGE)
def api_keys(request: HttpRequest) -> HttpResponse:
    """List the keys."""
    return _keys(request, KeyForm(initial={"platform": installation().platform}))


@require_POST
@admit(Permission.KEY_MANAGE)
def issue_key(request: HttpRequest) -> HttpResponse:
    """Issue a key and show it, this once."""
    form = KeyForm(request.POST)
    if not form.is_valid():
        return _keys(request, form, status=422)
    given, now = form.cleaned_data, timezone.now()
    try:
        _key, text = keys.issue_key(
            platform=given["platform"],
            scopes=[Scope(scope) for scope in given["scopes"]],
            name=given["name"],
            by=person(request).actor,
            now=now,
            expires_at=now + timedelta(days=given["days"]) if given["days"] else None,
        )
    except keys.BadKeyError as error:
        form.add_error(None, str(error))
        return _keys(request, form, status=422)
    return _keys(request, KeyForm(initial={"platform": given["platform"]}), issued=text)


@require_POST
@admit(Permission.KEY_MANAGE)
def revoke_key(request: HttpRequest, prefix: str) -> HttpResponse:
    """End a key at once."""
    found = access.key(person(request), prefix)
    if found is None:
        raise Http404
    keys.revoke_key(found, by=person(request).actor, now=timezone.now())
    messages.success(request, _("The key is revoked."))
    return redirect("console:keys")
