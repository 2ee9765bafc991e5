"""The words for models of others, in the language in force."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Words = dict[str, Promise]

MODEL_STATES: Words = {
    "shipped": _("Where a rule reads it"),
    "on": _("On"),
    "off": _("Off"),
    "changed": _("Changed since it was switched on: it does not read"),
    "unreadable": _("Its declaration can't be read"),
}
MODEL_BUDGETS: Words = {
    "calls": _("calls"),
    "tokens": _("tokens"),
    "money": _("money"),
}
MODEL_FALLBACKS: Words = {
    "unknown": _("The score stays unknown; no rule fires for want of it"),
    "review": _("A person is asked"),
    "local": _("A model that ships answers in its place"),
}
MODEL_READS: Words = {
    "text": _("Texts"),
    "picture": _("Frames of live streams"),
    "speech": _("The sound of live streams"),
}

FAMILIES: dict[str, Words] = {
    "model_state": MODEL_STATES,
    "model_budget": MODEL_BUDGETS,
    "model_fallback": MODEL_FALLBACKS,
    "model_reads": MODEL_READS,
}
