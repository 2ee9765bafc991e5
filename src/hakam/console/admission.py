"""Who may open a page. What a person may not see and what does not exist answer alike: not found."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.http import MAX_URL_LENGTH

from hakam.console.returning import tell_not_taken
from hakam.staff.models import User
from hakam.staff.roles import Permission

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def person(request: HttpRequest) -> User:
    """Return the member of staff who asks. Only for views behind `admit` or `signed_in`."""
    user = request.user
    if not isinstance(user, User):
        raise Http404
    return user


def signed_in(view: View[P]) -> View[P]:
    """Let in whoever is signed in; send others to the sign-in."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not request.user.is_authenticated:
            if request.headers.get("HX-Request"):
                return HttpResponse(status=401, headers={"HX-Refresh": "true"})
            tell_not_taken(request)
            wanted = request.get_full_path()
            return redirect_to_login(wanted if len(wanted) <= MAX_URL_LENGTH else request.path)
        return view(request, *args, **kwargs)

    return cast("View[P]", guarded)


def admit(permission: Permission) -> Callable[[View[P]], View[P]]:
    """Let in whoever has `permission`; tell others that there is no such page."""

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if not person(request).may(permission):
                raise Http404
            return view(request, *args, **kwargs)

        return signed_in(cast("View[P]", guarded))

    return decorate
