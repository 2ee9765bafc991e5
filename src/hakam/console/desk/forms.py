"""Forms of the administration."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from hakam.console.terms import ROLES, SCOPES
from hakam.staff.roles import PERSONAL_SCOPES, Role, Scope


class PersonForm(forms.Form):
    """An account for somebody who works here."""

    username = forms.CharField(label=_("User name"), max_length=150)
    email = forms.EmailField(label=_("E-mail"))
    role = forms.ChoiceField(
        label=_("Role"), choices=[(r.value, ROLES[r.value]) for r in Role], initial=Role.MODERATOR.value
    )
    language = forms.ChoiceField(label=_("Language"), choices=[("en", _("English")), ("ar", _("Arabic"))])
    password = forms.CharField(
        label=_("First password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        required=False,
        help_text=_(
            "At least ten characters. Left empty, the person sets one by the link for forgotten passwords."
        ),
    )


class KeyForm(forms.Form):
    """An API key of a platform."""

    name = forms.CharField(
        label=_("Name"), max_length=200, help_text=_("So that people can tell keys apart.")
    )
    platform = forms.CharField(label=_("Platform"), max_length=63)
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"),
        choices=[(s.value, SCOPES[s.value]) for s in Scope if s not in PERSONAL_SCOPES],
        widget=forms.CheckboxSelectMultiple,
    )
    days = forms.IntegerField(
        label=_("Ends after days"),
        min_value=1,
        max_value=3650,
        required=False,
        help_text=_("Left empty, it does not end."),
    )
