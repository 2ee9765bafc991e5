"""The words for what is exchanged and with whom, in the language in force."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from hakam.intake.harms import HARMS

Words = dict[str, Promise]

PARTNER_STATES: Words = {
    "active": pgettext_lazy("state of a partner", "Active"),
    "paused": pgettext_lazy("state of a partner", "Paused"),
    "ended": pgettext_lazy("state of a partner", "Ended"),
}
TRUST: Words = {
    "quarantine": _("Quarantine"),
    "advise": _("May advise"),
    "act": _("May act"),
}
TRUST_MEANS: Words = {
    "quarantine": _("What it says is kept and does nothing. Below is what it would have touched."),
    "advise": _("A match asks for a person, and does nothing more."),
    "act": _("A match does what is agreed for its purpose: at most a hold until a person has looked."),
}
FIRES_POLICIES: Words = {
    "accept": pgettext_lazy("recommendation", "Accept"),
    "filter": pgettext_lazy("recommendation", "Filter"),
    "reject": pgettext_lazy("recommendation", "Reject"),
    "drop": pgettext_lazy("recommendation", "Drop without a word"),
}
PURPOSES: Words = {"incident": _("Declared incidents"), **HARMS}
ENTRY_KINDS: Words = {
    "md5": _("MD5, the file"),
    "sha1": _("SHA-1, the file"),
    "sha256": _("SHA-256, the file"),
    "pdq": _("PDQ, the picture"),
    "text": _("SimHash, the text"),
    "url": _("An address"),
    "account": _("An account"),
    "landmarks": _("Landmarks of the picture"),
    "vpdq": _("vPDQ, the clip"),
    "chromaprint": _("Chromaprint, the sound"),
}
