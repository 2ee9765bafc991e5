"""To put a file into the emergency bank: its hashes and its landmarks, so that edited copies are known too."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from hakam.banks.clips import clip_kept_as
from hakam.banks.filling import Filled, fill
from hakam.banks.kinds import BankError
from hakam.banks.pictures import kept_as
from hakam.incidents import powers
from hakam.incidents.models import Incident
from hakam.incidents.naming import IncidentError, bank_of
from hakam.incidents.states import IN_FORCE, Power
from hakam.media.extra import MediaExtraMissingError
from hakam.media.sandbox import Sandbox
from hakam.media.sniff import is_clip
from hakam.vocabulary.actor import Actor


def put_in(slug: str, data: bytes, *, label: str, by: Actor, now: datetime) -> Filled:
    """Keep a picture, a clip or a recording in the emergency bank. The file itself is kept nowhere.

    Raises `IncidentError` for a file that can't be read, and for an incident without such a bank.
    """
    incident = Incident.objects.filter(slug=slug, state__in=[state.value for state in IN_FORCE]).first()
    if incident is None or not powers.in_force(incident, Power.EMERGENCY_BANK):
        raise IncidentError(_("no emergency bank is in force"))
    try:
        if is_clip(data):
            kept = clip_kept_as(data, label=label, landmarks=True)
        else:
            with Sandbox() as sandbox:
                kept = kept_as(data, label=label, sandbox=sandbox, landmarks=True)
        return fill(
            bank_of(incident), kept.rows, variants=kept.variants, origin=label or "file", by=by, now=now
        )
    except (BankError, MediaExtraMissingError) as error:
        raise IncidentError(str(error)) from error
