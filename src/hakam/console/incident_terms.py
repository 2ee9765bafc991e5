"""The words for the values of the room `incidents`, in the language in force."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

Words = dict[str, Promise]

INCIDENT_STATES: Words = {
    "proposed": pgettext_lazy("state of an incident", "waits for a second person"),
    "provisional": pgettext_lazy("state of an incident", "in force, to be confirmed"),
    "active": pgettext_lazy("state of an incident", "in force"),
    "refused": pgettext_lazy("state of an incident", "refused"),
    "lapsed": pgettext_lazy("state of an incident", "lapsed, nobody confirmed it"),
    "expired": pgettext_lazy("state of an incident", "over, its time ran out"),
    "ended": pgettext_lazy("state of an incident", "ended"),
}
POWERS: Words = {
    "emergency_bank": _("Emergency bank"),
    "stricter": _("Stricter values"),
    "priority": _("Its cases first"),
    "delay": _("Uploads wait"),
    "share": _("Share with partners"),
}
POWERS_MEAN: Words = {
    "emergency_bank": _("A bank of its own, matched at the door from the next second on."),
    "stricter": _("Other values of the rule book's parameters while it lasts."),
    "priority": _("Cases under the clause go before all others."),
    "delay": _("New uploads are shown to others only after some minutes, so that people can act first."),
    "share": _("Partners get the hashes of the emergency bank as they come in."),
}
INCIDENT_ROLES: Words = {
    "lead": pgettext_lazy("role in an incident", "Lead"),
    "deputy": pgettext_lazy("role in an incident", "Deputy"),
    "communication": pgettext_lazy("role in an incident", "Communication"),
    "evidence": pgettext_lazy("role in an incident", "Evidence"),
}
MOMENTS: Words = {
    "declared_at": _("Declared"),
    "confirmed_at": _("Confirmed by a second person"),
    "first_uploaded_at": _("First upload"),
    "first_detected_at": _("First detected"),
    "first_hash_at": _("First hash in the bank"),
    "first_blocked_at": _("First held or cut"),
    "first_shared_at": _("First shared with partners"),
    "closed_at": pgettext_lazy("moment of an incident", "Over"),
}
SCOPES: Words = {
    "communities": _("Communities"),
    "countries": _("Countries"),
    "languages": _("Languages"),
    "streams": _("Streams"),
}
KEY_SCOPES: Words = {
    "incidents:read": _("Read incidents, as a person"),
    "incidents:act": _("Lead incidents, as a person"),
}
FACTS: Words = {
    "incident.declared": _("Incident declared"),
    "incident.confirmed": _("Incident confirmed by a second person"),
    "incident.refused": _("Incident refused by a second person"),
    "incident.lapsed": _("Incident lapsed: nobody confirmed it"),
    "incident.renewal_asked": _("More time for an incident asked for"),
    "incident.renewed": _("Incident renewed by a second person"),
    "incident.warned": _("Warned that an incident ends soon"),
    "incident.renewal_refused": _("More time for an incident refused"),
    "incident.expired": _("Time of an incident ran out"),
    "incident.ended": _("Incident ended"),
    "incident.power_taken": _("Power of an incident taken"),
    "incident.power_undone": _("Power of an incident taken back"),
    "incident.role_given": _("Role in an incident given"),
    "incident.told": _("Somebody told of an incident"),
    "incident.copies_seen": _("Copies of an incident seen"),
    "incident.reported": _("Report of an incident published"),
    "precedence.given": _("Cases put first for a while"),
    "precedence.ended": _("Cases no longer put first"),
}
EFFECTS: Words = {
    "incident.declared": _("An incident is in force"),
    "incident.ended": _("An incident is over"),
}
FAMILIES: dict[str, Words] = {
    "incident_state": INCIDENT_STATES,
    "power": POWERS,
    "power_means": POWERS_MEAN,
    "incident_role": INCIDENT_ROLES,
    "moment": MOMENTS,
    "incident_scope": SCOPES,
}
