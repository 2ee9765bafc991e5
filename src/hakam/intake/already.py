"""Why something can't be done to a thing in the state it is in: one sentence a state, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

ORDER: Final[Mapping[str, Promise]] = {
    "open": _("the order is open still"),
    "returned": _("the order went back to the authority"),
    "carried_out": _("the order is carried out"),
    "answered": _("the order is answered"),
    "annulled": _("the order was annulled"),
}
THREAT: Final[Mapping[str, Promise]] = {
    "open": _("nobody was told yet"),
    "reported": _("the authorities were told"),
    "dismissed": _("it was found to be none"),
}
DISPUTE: Final[Mapping[str, Promise]] = {
    "open": _("the body has not decided yet"),
    "refused": _("the dispute was refused"),
    "decided": _("the body has decided"),
    "closed": _("the dispute is closed"),
}
FLAGGER: Final[Mapping[str, Promise]] = {
    "active": _("its status is in force"),
    "suspended": _("its status is suspended"),
    "revoked": _("its status has ended"),
}
