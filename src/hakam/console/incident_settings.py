"""What was chosen for the powers of an incident, in the language of who reads it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from hakam.console import timewords
from hakam.console.reader import digits
from hakam.console.terms import term
from hakam.documents.document import own
from hakam.incidents.states import Power


def in_words(power: str, settings: Mapping[str, Any]) -> str:
    """Return what was chosen for a power; empty where there is nothing to choose."""
    match power:
        case Power.EMERGENCY_BANK:
            return _("copies are held") if settings.get("hold", True) else _("a person looks")
        case Power.STRICTER:
            return _listed(own(f"{name} = {value}") for name, value in settings["values"].items())
        case Power.DELAY:
            return " · ".join(_delay(settings))
        case _:
            return ""


def _delay(settings: Mapping[str, Any]) -> Iterable[str]:
    yield timewords.exact(timedelta(seconds=settings["seconds"]))
    days = settings.get("newer_than_days")
    if days is not None:
        yield ngettext(
            "accounts younger than %(shown)s day", "accounts younger than %(shown)s days", days
        ) % {"shown": digits(str(days))}
    if kinds := settings.get("kinds"):
        yield _listed(term("kind", kind) for kind in kinds)
    yield _("only what has pictures, clips or sound") if settings.get("only_media", True) else _("texts too")


def _listed(parts: Iterable[str]) -> str:
    return ("\u060c " if translation.get_language_bidi() else ", ").join(parts)
