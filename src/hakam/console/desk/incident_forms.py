"""What is typed to declare an incident, read strictly. What was typed is never lost to an error."""

from __future__ import annotations

import re
from datetime import datetime

from django.http import QueryDict
from django.utils.text import slugify
from django.utils.translation import gettext as _

from hakam.incidents.declaring import Declared
from hakam.incidents.naming import IncidentError
from hakam.incidents.powers import BankSettings, NoSettings, Settings, StricterSettings
from hakam.incidents.states import Power
from hakam.vocabulary.incident import DelayRule, Scope

PARAM = "param:"
_LONGEST = 10_000
_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩", "0123456789")


def declared_of(given: QueryDict, now: datetime) -> Declared:
    """Return what is declared. Raises `IncidentError`."""
    title = given.get("title", "")[:_LONGEST]
    return Declared(
        slug=given.get("slug", "").strip() or slugify(title)[:50].strip("-") or now.strftime("%Y%m%d-%H%M"),
        title=title,
        kind=given.get("kind", ""),
        reference=given.get("reference", "")[:_LONGEST],
        summary=given.get("summary", "")[: _LONGEST + 1],
        clause=given.get("clause", ""),
        hours=number(given.get("hours", ""), _("How many hours at most")) or 0,
        exercise=given.get("exercise") == "on",
        partners_take_part=given.get("partners_take_part") == "on",
        scope=Scope(
            communities=_named(given.get("communities", "")),
            countries=tuple(name.upper() for name in _named(given.get("countries", ""))),
            languages=tuple(name.lower() for name in _named(given.get("languages", ""))),
            streams=_named(given.get("streams", "")),
        ),
    )


def chosen_of(given: QueryDict) -> dict[Power, Settings]:
    """Return the powers that were chosen, with their settings. Raises `IncidentError`."""
    wanted = set(given.getlist("power"))
    found: dict[Power, Settings] = {}
    for power in Power:
        if power.value not in wanted:
            continue
        match power:
            case Power.EMERGENCY_BANK:
                found[power] = BankSettings(hold=given.get("hold", "hold") == "hold")
            case Power.STRICTER:
                found[power] = StricterSettings(_values(given))
            case Power.DELAY:
                minutes = number(given.get("minutes", ""), _("Minutes")) or 0
                found[power] = DelayRule(
                    seconds=minutes * 60,
                    only_media=given.get("only_media") == "on",
                    newer_than_days=number(given.get("newer_than_days", ""), _("Days")),
                )
            case _:
                found[power] = NoSettings()
    return found


def number(text: str, what: str) -> int | None:
    """Return a whole number in digits of either script, None for nothing. Raises `IncidentError`."""
    text = text.strip().translate(_DIGITS)
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,6}", text):
        raise IncidentError(_("%(what)s: a whole number") % {"what": what})
    return int(text)


def _values(given: QueryDict) -> dict[str, str]:
    typed = {name.removeprefix(PARAM): str(given[name]) for name in sorted(given) if name.startswith(PARAM)}
    return {name: text[:100].strip() for name, text in typed.items() if text.strip()}


def _named(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in re.split(r"[,،;\n]", text) if part.strip()))
