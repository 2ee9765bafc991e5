"""An intimate image that was shared without consent: asked to be taken down, by who is shown in it or acts for them.

The form asks for what the laws that bind the platform want, and for nothing else (OSA s.20A; TAKE IT DOWN Act s.3).
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from hakam.compliance.access import deadlines_of
from hakam.compliance.profile import profile_of
from hakam.console.installation import event_log, installation, vault
from hakam.console.outside.forms import LONGEST_ADDRESS, MOST_ADDRESSES, Addresses
from hakam.console.outside.reading import page, speak
from hakam.console.outside.senders import wait_of
from hakam.regulator import access, requests
from hakam.regulator.regimes import Regime, Said, Sender, offered
from hakam.regulator.requests import RequestError
from hakam.vocabulary.actor import Actor, ActorKind


def regimes_offered() -> tuple[Regime, ...]:
    """Return the laws that bind the platform and let a person ask for this."""
    profile = profile_of(installation().platform)
    return tuple(one for one in offered(profile, timezone.localdate(), sender=Sender.PERSON) if one.copies)


class IntimateForm(forms.Form):
    """What the law lets who is shown in an image ask for."""

    regime = forms.ChoiceField(label=gettext_lazy("Under which law"), widget=forms.RadioSelect)
    urls = Addresses(
        label=gettext_lazy("Where exactly is it?"),
        max_length=MOST_ADDRESSES * LONGEST_ADDRESS,
        error_messages={"required": gettext_lazy("Give at least one exact address.")},
        widget=forms.Textarea(
            attrs={"rows": 3, "dir": "ltr", "spellcheck": "false", "placeholder": "https://"}
        ),
    )
    reasons = forms.CharField(
        label=gettext_lazy("What helps to find it, such as what it shows"), required=False, max_length=5000,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
    )  # fmt: skip
    declares = forms.BooleanField(label=gettext_lazy("It is an intimate image, real or made by a machine."))
    subject = forms.BooleanField(label=gettext_lazy("I am shown in it, or I act for who is."))
    good_faith = forms.BooleanField(
        label=gettext_lazy("In good faith: it was shared without consent, and what I say is true.")
    )
    signature = forms.CharField(
        label=gettext_lazy("Your name, as your signature"), max_length=300,
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "name"}),
    )  # fmt: skip
    contact = forms.EmailField(
        label=gettext_lazy("E-mail address for the answer"), max_length=320,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the laws that bind the platform."""
        super().__init__(*args, **kwargs)
        field = self.fields["regime"]
        assert isinstance(field, forms.ChoiceField)
        found = regimes_offered()
        field.choices = [(one.key, one.words) for one in found]
        field.initial = found[0].key if found else ""


def _form(request: HttpRequest, form: IntimateForm, *, status: int = 200) -> HttpResponse:
    return page(request, "intimate.html", {"form": form}, letter=True, status=status)


@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """Show the form; take the request. What was typed is never lost to an error."""
    if not regimes_offered():
        return redirect("console:report")  # no such law binds the platform: the form for everything
    speak(request)
    if request.method != "POST":
        return _form(request, IntimateForm())
    form = IntimateForm(request.POST)
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
    said = Said(
        issuer=given["signature"],
        signature=given["signature"],
        contact=given["contact"],
        urls=tuple(given["urls"]),
        reasons=given["reasons"],
        declares=True,
        subject=True,
        good_faith=True,
        language=translation.get_language() or "en",
    )
    try:
        made = requests.receive(
            given["regime"],
            said,
            platform=installation().platform,
            vault=vault(),
            log=event_log(),
            by=Actor(ActorKind.AFFECTED, "form"),
            now=timezone.now(),
        )
    except RequestError as error:
        form.add_error(None, str(error))
        return _form(request, form, status=422)
    return redirect("console:request_status", made.token)


@require_GET
def status(request: HttpRequest, token: str) -> HttpResponse:
    """Show how far a request is. Whoever holds the link may see it."""
    found = access.by_token(token)
    if found is None:
        raise Http404
    said, regime = requests.said_in(found), requests.regime_of(found)
    speak(request, said.language)
    running = deadlines_of(requests.subject_of(found))
    context = {
        "row": found,
        "regime": regime,
        "said": said,
        "clock": next((one for one in running if one.clock == regime.clock and one.met_at is None), None),
        "address": f"{installation().base_url}{request.path}",
    }
    return page(request, "request_status.html", context, letter=True, secret=True)
