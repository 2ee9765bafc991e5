"""The words for the fields of the form of Annex I (Regulation (EU) 2021/784), by the names of `intake.annex_one`."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

ANNEX_FIELDS: Final[dict[str, Promise]] = {
    "issuing_state": _("Member State that issues it"),
    "addressee": _("Addressee"),
    "home_state": _("Our Member State"),
    "issued_at": _("Date and time of issue"),
    "reference": _("Its file reference"),
    "urls": _("Exact addresses"),
    "reasons": _("Its reasons"),
    "authority": pgettext_lazy("of an order", "Authority"),
    "representative": _("Who signs"),
    "file": _("File number of the authority"),
    "email": _("E-mail"),
    "phone": _("Telephone"),
    "signature": _("Stamp or signature"),
    "contact": _("Contact for feedback"),
    "redress_body": _("Court or body for redress"),
    "deadline": _("Deadline for redress"),
    "provisions": _("Provisions of national law"),
    "legal_basis": _("Legal basis"),
}
