"""What the platform is in law at the desk: the answers that decide, each duty with why it applies or does not."""

from __future__ import annotations

from typing import Any

import msgspec
from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from hakam.compliance.clocks import clocks
from hakam.compliance.eu_database.codes import EU
from hakam.compliance.profile import (
    Judgement,
    Profile,
    Size,
    Tier,
    duties,
    judge_all,
    profile_of,
    set_profile,
)
from hakam.console.admission import admit, person
from hakam.console.countries import country_choices
from hakam.console.desk.clocks import length_of
from hakam.console.installation import installation
from hakam.console.terms import SIZES, TIERS
from hakam.regulator.regimes import in_words
from hakam.staff.roles import Permission


def _countries() -> list[str]:
    others = {duty.where for duty in duties().values()} - EU - {"EU"}
    return [*sorted(EU), *sorted(others)]


def _lines(text: str) -> dict[str, str]:
    """Return lines as `IN 6000000`, by country. Raises `ValidationError`."""
    found = {}
    for line in filter(None, map(str.strip, text.split("\n"))):
        code, _space, rest = line.partition(" ")
        if len(code) != 2 or not code.isalpha() or not rest.strip():  # noqa: PLR2004 -- two letters
            raise forms.ValidationError(_("Write a line as: IN 6000000"))
        found[code.upper()] = rest.strip()
    return found


_SMALL = forms.Textarea(attrs={"rows": 2, "dir": "ltr"})


class ProfileForm(forms.Form):
    """The answers that decide which duties apply."""

    tier = forms.ChoiceField(
        label=gettext_lazy("What the service is"), choices=[(t.value, TIERS[t.value]) for t in Tier]
    )
    size = forms.ChoiceField(
        label=gettext_lazy("How large the company is"), choices=[(s.value, SIZES[s.value]) for s in Size]
    )
    countries = forms.MultipleChoiceField(
        label=gettext_lazy("Where it is offered"), widget=forms.SelectMultiple(attrs={"size": 8})
    )
    established = forms.CharField(
        label=gettext_lazy("Country in which the company is established, two letters"),
        required=False,
        max_length=2,
    )
    marketplace = forms.BooleanField(
        label=gettext_lazy("Consumers conclude contracts with traders"), required=False
    )
    minors = forms.BooleanField(label=gettext_lazy("Children are likely to access it"), required=False)
    app = forms.BooleanField(label=gettext_lazy("People get it as an app from a store"), required=False)
    users = forms.CharField(
        label=gettext_lazy("Active users a month, by country"), required=False, max_length=5000, widget=_SMALL,
        help_text=gettext_lazy("One a line, as: IN 6000000"),
    )  # fmt: skip
    categories = forms.CharField(
        label=gettext_lazy("Categories of regulators, by country"), required=False, max_length=1000, widget=_SMALL,
        help_text=gettext_lazy("One a line, as: GB 2B"),
    )  # fmt: skip
    languages = forms.CharField(
        label=gettext_lazy("Languages in which authorities may write"), required=False, max_length=300,
        help_text=gettext_lazy("Language codes with spaces between, as: en de"),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the countries whose laws are known."""
        super().__init__(*args, **kwargs)
        field = self.fields["countries"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = country_choices(_countries())

    def clean_users(self) -> dict[str, int]:
        """Return the numbers by country."""
        found = _lines(self.cleaned_data["users"])
        if not all(number.isdecimal() for number in found.values()):
            raise forms.ValidationError(_("Write a line as: IN 6000000"))
        return {code: int(number) for code, number in found.items()}

    def clean_categories(self) -> dict[str, tuple[str, ...]]:
        """Return the categories by country."""
        return {code: tuple(rest.split()) for code, rest in _lines(self.cleaned_data["categories"]).items()}

    def profile(self, before: Profile) -> Profile:
        """Return what was chosen, as a value. Call it on a valid form."""
        given = self.cleaned_data
        return msgspec.structs.replace(
            before,
            tier=Tier(given["tier"]),
            size=Size(given["size"]),
            countries=tuple(given["countries"]),
            established=given["established"].upper(),
            marketplace=given["marketplace"],
            minors=given["minors"],
            app=given["app"],
            users=given["users"],
            categories=given["categories"],
            languages=tuple(given["languages"].lower().split()),
        )


def _shown(judgement: Judgement) -> dict[str, Any]:
    duty = judgement.duty
    found = [clocks()[key] for key in duty.clocks]
    return {
        "duty": duty,
        "title": in_words(duty.title),
        "why": judgement.why.value,
        "applies": judgement.applies,
        "clocks": [(one, in_words(one.title), length_of(one)) for one in found],
    }


def _page(request: HttpRequest, form: ProfileForm | None = None, *, status: int = 200) -> HttpResponse:
    profile = profile_of(installation().platform)
    judged = [_shown(one) for one in judge_all(profile, timezone.localdate())]
    initial = {
        "tier": profile.tier,
        "size": profile.size,
        "countries": list(profile.countries),
        "established": profile.established,
        "marketplace": profile.marketplace,
        "minors": profile.minors,
        "app": profile.app,
        "users": "\n".join(f"{code} {number}" for code, number in profile.users.items()),
        "categories": "\n".join(f"{code} {' '.join(found)}" for code, found in profile.categories.items()),
        "languages": " ".join(profile.languages),
    }
    context = {
        "profile": profile,
        "applying": [one for one in judged if one["applies"]],
        "others": [one for one in judged if not one["applies"]],
        "form": form or ProfileForm(initial=initial),
        "may_handle": person(request).may(Permission.REGULATOR_HANDLE),
    }
    return render(request, "console/desk/profile.html", context, status=status)


@require_GET
@admit(Permission.REGULATOR_READ)
def page(request: HttpRequest) -> HttpResponse:
    """Show the profile and every duty, those that apply on top."""
    return _page(request)


@require_POST
@admit(Permission.REGULATOR_HANDLE)
def save(request: HttpRequest) -> HttpResponse:
    """Set what the platform is."""
    form = ProfileForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    set_profile(
        form.profile(profile_of(installation().platform)), by=person(request).actor, now=timezone.now()
    )
    messages.success(request, _("Saved."))
    return redirect("console:profile")
