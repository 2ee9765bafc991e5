"""Forms about trusted flaggers: the entry in the register, and the notice of one who is signed in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from hakam.compliance.eu_database.codes import EU
from hakam.console.countries import offered
from hakam.console.outside.forms import ReportForm
from hakam.intake.harms import GROUPS


class FlaggerForm(forms.Form):
    """An entity with the status of a trusted flagger (DSA Art. 22(2))."""

    name = forms.CharField(label=_("Name, as in the public register"), max_length=300)
    email = forms.EmailField(label=_("Its e-mail"), max_length=320)
    country = forms.ChoiceField(label=_("Member State of its Coordinator"), choices=offered(EU))
    coordinator_email = forms.EmailField(label=_("E-mail of the Coordinator"), max_length=320)
    reference = forms.CharField(label=_("Reference of the award"), max_length=300, required=False)
    awarded_on = forms.DateField(label=_("Awarded on"), widget=forms.DateInput(attrs={"type": "date"}))
    scope = forms.MultipleChoiceField(
        label=_("Area of expertise"),
        choices=[(title, list(words.items())) for title, words in GROUPS],
        widget=forms.SelectMultiple(attrs={"size": 12}),
        help_text=_("Notices about these go first; about anything else they are notices like any other."),
    )


class FlagForm(ReportForm):
    """A notice by a trusted flagger: who sends it is known, and it is about illegal content."""

    name = None  # type: ignore[assignment]
    email = None  # type: ignore[assignment]
    illegal = None  # type: ignore[assignment]

    def clean(self) -> dict[str, Any]:
        """Ask for nothing more: the register knows name and address (DSA Art. 16(2)(c))."""
        return self.cleaned_data
