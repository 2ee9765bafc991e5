"""What a reader chooses for himself: language, theme, digits, shortcuts, veils."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.http import MAX_URL_LENGTH, url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from hakam.console.admission import person, signed_in
from hakam.console.reader import LETTER_COOKIE, THEME_COOKIE, YEAR, Theme
from hakam.enforcement.letters import LANGUAGES as LETTER_LANGUAGES
from hakam.staff.models import User
from hakam.staff.preferences import PreferenceError, save_preferences


def _back(request: HttpRequest) -> HttpResponse:
    wanted = request.POST.get("next", "")
    if len(wanted) > MAX_URL_LENGTH:  # what a long question asks: at least the page that it stands on
        wanted = wanted.partition("?")[0]
    safe = url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()})
    return redirect(wanted if safe and wanted.startswith("/") else "/")


def _keep(response: HttpResponse, name: str, value: str) -> None:
    response.set_cookie(
        name, value, max_age=YEAR, samesite="Lax", httponly=True, secure=bool(settings.SESSION_COOKIE_SECURE)
    )


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Switch the language, for this browser and, if signed in, for the account."""
    language = request.POST.get("language", "")
    if language not in dict(settings.LANGUAGES):
        if language not in LETTER_LANGUAGES:
            return HttpResponseBadRequest()
        response = _back(request)  # for the pages that letters lead to; the others do not speak it
        _keep(response, LETTER_COOKIE, language)
        return response
    if isinstance(request.user, User):
        save_preferences(request.user, language=language)
    response = _back(request)
    _keep(response, settings.LANGUAGE_COOKIE_NAME, language)
    response.delete_cookie(LETTER_COOKIE, samesite="Lax")
    return response


@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Switch the theme, for this browser and, if signed in, for the account."""
    try:
        theme = Theme(request.POST.get("theme", ""))
    except ValueError:
        return HttpResponseBadRequest()
    if isinstance(request.user, User):
        save_preferences(request.user, theme=theme.value)
    response = _back(request)
    _keep(response, THEME_COOKIE, theme.value)
    return response


@require_http_methods(["GET", "POST"])
@signed_in
def preferences(request: HttpRequest) -> HttpResponse:
    """Show and save one's own preferences."""
    user = person(request)
    if request.method != "POST":
        return render(
            request, "console/desk/preferences.html", {"veil": user.preferences.get("veil", "sensitive")}
        )
    language = request.POST.get("language", "en")
    try:
        save_preferences(
            user,
            language=language,
            arabic_indic_digits="arabic_indic_digits" in request.POST,
            shortcuts="shortcuts" in request.POST,
            veil=request.POST.get("veil"),
        )
    except PreferenceError:
        return HttpResponseBadRequest()
    with translation.override(language):
        messages.success(request, _("Saved."))
    response = redirect("console:preferences")
    _keep(response, settings.LANGUAGE_COOKIE_NAME, language)
    response.delete_cookie(LETTER_COOKIE, samesite="Lax")
    return response
