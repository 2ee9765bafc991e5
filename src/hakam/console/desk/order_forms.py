"""Forms about orders: what an order says, element by element, and the entry of an authority."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from hakam.compliance.eu_database.codes import EU
from hakam.console.countries import offered
from hakam.console.terms import AUTHORITY_KINDS, CONTENT_TYPES, DATA_KINDS, LANGUAGES, ORDER_KINDS
from hakam.intake.authorities import AuthorityKind
from hakam.intake.harms import GROUPS
from hakam.intake.models import Authority
from hakam.intake.order_contents import Contents, ContentType, DataKind, OrderKind

_TALL = forms.Textarea(attrs={"rows": 3, "dir": "auto"})


class OrderForm(forms.Form):
    """An order as it was read. What it does not say stays empty, and is named to the authority."""

    authority = forms.TypedChoiceField(label=pgettext_lazy("of an order", "Authority"), coerce=int)
    kind = forms.ChoiceField(
        label=_("What it wants"), choices=[(k.value, ORDER_KINDS[k.value]) for k in OrderKind]
    )
    harm = forms.ChoiceField(
        label=_("Subject of the order"), choices=[(title, list(words.items())) for title, words in GROUPS]
    )
    reference = forms.CharField(label=_("Its file reference"), required=False, max_length=300)
    received_at = forms.DateTimeField(
        label=_("Received at the contact point"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        help_text=_("Left empty: now."),
    )
    issued_at = forms.DateTimeField(
        label=_("Issued"), required=False, widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )
    legal_basis = forms.CharField(label=_("Legal basis"), required=False, max_length=2000)
    provisions = forms.CharField(label=_("Provisions of law"), required=False, max_length=2000)
    reasons = forms.CharField(label=_("Its reasons"), required=False, max_length=20000, widget=_TALL)
    urls = forms.CharField(
        label=_("Exact addresses, one a line"), required=False, max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "ltr", "spellcheck": "false"}),
    )  # fmt: skip
    accounts = forms.CharField(
        label=_("Accounts, one a line, of an order to inform"), required=False, max_length=50_000,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "ltr"}),
    )  # fmt: skip
    information = forms.MultipleChoiceField(
        label=_("Information asked for"), required=False, widget=forms.CheckboxSelectMultiple,
        choices=[(k.value, DATA_KINDS[k.value]) for k in DataKind],
    )  # fmt: skip
    territory = forms.MultipleChoiceField(
        label=_("Where it applies"), required=False, choices=offered(EU),
        widget=forms.SelectMultiple(attrs={"size": 6}), help_text=_("None chosen: everywhere."),
    )  # fmt: skip
    redress = forms.CharField(label=_("Redress that it names"), required=False, max_length=5000)
    language = forms.ChoiceField(
        label=_("Its language"), required=False, choices=[("", "–"), *LANGUAGES.items()]
    )
    silent_days = forms.IntegerField(
        label=_("Days of silence ordered"), required=False, min_value=0, max_value=84
    )
    silent_because = forms.CharField(label=_("Legal basis of the silence"), required=False, max_length=1000)
    content_types = forms.MultipleChoiceField(
        label=_("Type of terrorist content (B)"), required=False, widget=forms.CheckboxSelectMultiple,
        choices=[(k.value, CONTENT_TYPES[k.value]) for k in ContentType],
    )  # fmt: skip
    home_state = forms.ChoiceField(
        label=_("Our Member State, as it names it (A)"), required=False, choices=offered(EU, ("", "–"))
    )
    representative = forms.CharField(label=_("Who signs, and their post (E)"), required=False, max_length=300)
    contact = forms.CharField(label=_("Contact for feedback (F)"), required=False, max_length=500)
    redress_body = forms.CharField(
        label=_("Court or body, and deadline (G)"), required=False, max_length=1000
    )
    signature = forms.BooleanField(label=_("Stamp or electronic signature seen (E)"), required=False)
    emergency = forms.BooleanField(
        label=_("Emergency"), required=False,
        help_text=_("A removal order without contact twelve hours before; a production order within eight hours."),
    )  # fmt: skip
    emergency_because = forms.CharField(label=_("Why it is an emergency"), required=False, max_length=2000)
    notified = forms.BooleanField(
        label=_("The enforcing authority has a copy and may refuse"), required=False,
        help_text=_("Of a production order. Data leave when it says that it does not refuse, or after ten days."),
    )  # fmt: skip
    data_from = forms.DateTimeField(
        label=_("Data from"), required=False, widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )
    data_to = forms.DateTimeField(
        label=_("Data until"), required=False, widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )
    document = forms.FileField(label=_("The document as it came"), required=False)
    kept = forms.CharField(required=False, max_length=300, widget=forms.HiddenInput)
    signed = forms.FileField(label=_("Its signature (Ed25519, 64 bytes)"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the authorities that are registered."""
        super().__init__(*args, **kwargs)
        found = Authority.objects.order_by("country", "name")
        field = self.fields["authority"]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = [(one.pk, f"{one.country} · {one.name}") for one in found]

    def contents(self) -> Contents:
        """Return what was typed, as a value. Call it on a valid form."""
        given = self.cleaned_data
        words = (
            "reference", "legal_basis", "reasons", "provisions", "harm", "redress", "language", "silent_because",
            "home_state", "representative", "contact", "redress_body", "emergency_because", "notified", "data_from",
            "data_to",
        )  # fmt: skip
        issued: datetime | None = given["issued_at"]
        return Contents(
            kind=OrderKind(given["kind"]),
            urls=tuple(given["urls"].split()),
            accounts=tuple(line.strip() for line in given["accounts"].splitlines() if line.strip()),
            data=tuple(given["information"]),
            territory=tuple(given["territory"]),
            content_types=tuple(given["content_types"]),
            issued_at=issued,
            silent_days=given["silent_days"] or 0,
            signature=given["signature"],
            emergency=given["emergency"],
            **{name: given[name] for name in words},
        )


class AuthorityForm(forms.Form):
    """An authority that sends orders. A second person confirms it."""

    name = forms.CharField(label=_("Name"), max_length=300)
    kind = forms.ChoiceField(
        label=_("Kind"), choices=[(k.value, AUTHORITY_KINDS[k.value]) for k in AuthorityKind]
    )
    country = forms.ChoiceField(label=_("Member State"), choices=offered([*EU, "EU"]))
    email = forms.EmailField(label=_("E-mail for answers"), max_length=320)
    phone = forms.CharField(label=_("Number to call back"), max_length=64, required=False)
    public_key = forms.CharField(
        label=_("Public key (Ed25519, PEM)"), required=False, max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "ltr", "spellcheck": "false"}),
    )  # fmt: skip
    language = forms.ChoiceField(
        label=_("Language of letters"), choices=[("en", _("English")), ("ar", _("Arabic"))]
    )
    removal = forms.BooleanField(label=_("Competent for removal orders on terrorist content"), required=False)
    first_contact_at = forms.DateTimeField(
        label=_("First contact, before its first removal order"), required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )  # fmt: skip
