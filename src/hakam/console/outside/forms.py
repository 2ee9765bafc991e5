"""Forms for people without an account. They ask for what the law asks for and nothing else (DSA Arts 16, 20 and 25)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hakam.intake.harms import GROUPS
from hakam.vocabulary.harm import CHILD_ABUSE_OFFENCES

GOOD_FAITH = gettext_lazy(
    "I believe in good faith that what I state here is accurate and complete."
)  # DSA Art. 16(2)(d)
MOST_ADDRESSES = 50
LONGEST_ADDRESS = 8_192
LONGEST_TEXT = 10_000


class Addresses(forms.CharField):
    """Exact addresses, one a line (DSA Art. 16(2)(b))."""

    def clean(self, value: Any) -> list[str]:
        """Return the addresses; say which line is wrong, and why."""
        text: str = super().clean(value)
        found: list[str] = []
        wrong: list[str] = []
        for number, line in enumerate(text.splitlines(), start=1):
            address = line.strip()
            if not address:
                continue
            if not _is_address(address):
                wrong.append(
                    _("Line %(number)s is no web address. It begins with https:// or http://.")
                    % {"number": number}
                )
            elif address not in found:
                found.append(address)
        if wrong:
            raise forms.ValidationError(wrong)
        if len(found) > MOST_ADDRESSES:
            raise forms.ValidationError(
                _("At most %(count)s addresses fit into one report.") % {"count": MOST_ADDRESSES}
            )
        return found


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    plain = not any(c.isspace() or ord(c) < ord(" ") for c in text)
    return (
        parts.scheme in {"http", "https"} and bool(parts.hostname) and plain and len(text) <= LONGEST_ADDRESS
    )


class ReportForm(forms.Form):
    """A notice (DSA Art. 16(2))."""

    harm = forms.ChoiceField(
        label=gettext_lazy("What is it about?"),
        choices=[("", gettext_lazy("Choose…")), *((title, list(words.items())) for title, words in GROUPS)],
        error_messages={"required": gettext_lazy("Choose what it is about.")},
    )
    addresses = Addresses(
        label=gettext_lazy("Where exactly is it?"),
        max_length=MOST_ADDRESSES * LONGEST_ADDRESS,
        error_messages={"required": gettext_lazy("Give at least one exact address.")},
    )
    illegal = forms.TypedChoiceField(
        label=gettext_lazy("Why should it be looked at?"),
        choices=[
            ("yes", gettext_lazy("I believe it is illegal")),
            ("no", gettext_lazy("It breaks the rules of the platform")),
        ],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose one of the two.")},
    )
    explanation = forms.CharField(
        label=gettext_lazy("Explain why"),
        max_length=LONGEST_TEXT,
        error_messages={"required": gettext_lazy("Explain why, in your own words.")},
    )
    name = forms.CharField(label=gettext_lazy("Your name"), max_length=300, required=False)
    email = forms.EmailField(
        label=gettext_lazy("Your e-mail"),
        max_length=320,
        required=False,
        error_messages={"invalid": gettext_lazy("This is no e-mail address.")},
    )
    good_faith = forms.BooleanField(
        label=GOOD_FAITH,
        error_messages={"required": gettext_lazy("Without this statement the report can't be taken.")},
    )

    def clean(self) -> dict[str, Any]:
        """Ask for name and e-mail, but not for child-abuse offences, nor where no law is alleged to be broken.

        # DSA Art. 16(2)(c)
        """
        given = super().clean() or {}
        if given.get("illegal") and given.get("harm") not in CHILD_ABUSE_OFFENCES:
            for field, message in (("name", _("Give your name.")), ("email", _("Give your e-mail address."))):
                if not given.get(field) and field not in self.errors:
                    self.add_error(field, message)
        return given


class ComplaintForm(forms.Form):
    """A complaint (DSA Art. 20). Free, and needs nothing but words."""

    text = forms.CharField(
        label=gettext_lazy("Why is the decision wrong?"),
        max_length=LONGEST_TEXT,
        error_messages={"required": gettext_lazy("Say why the decision is wrong.")},
    )
    email = forms.EmailField(
        label=gettext_lazy("Your e-mail"),
        required=False,
        max_length=320,
        error_messages={"invalid": gettext_lazy("This is no e-mail address.")},
    )
