"""The life of a partner: a closed table, and which step of trust goes further than another."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from django.utils.translation import gettext as _

from hakam.exchange.kinds import ExchangeError, PartnerState, Trust


class PartnerEvent(StrEnum):
    """What can happen to a partner."""

    PAUSE = "pause"
    RESUME = "resume"
    END = "end"


PARTNER: Final[Mapping[tuple[PartnerState, PartnerEvent], PartnerState]] = {
    (PartnerState.ACTIVE, PartnerEvent.PAUSE): PartnerState.PAUSED,
    (PartnerState.PAUSED, PartnerEvent.RESUME): PartnerState.ACTIVE,
    (PartnerState.ACTIVE, PartnerEvent.END): PartnerState.ENDED,
    (PartnerState.PAUSED, PartnerEvent.END): PartnerState.ENDED,
}
_FURTHER: Final = list(Trust)  # in the order of the enumeration


def state_after(state: PartnerState, event: PartnerEvent) -> PartnerState:
    """Return the state of a partner after `event`. Raises `ExchangeError`."""
    try:
        return PARTNER[state, event]
    except KeyError:
        raise ExchangeError(
            _("`%(event)s` can't happen to a partner that is `%(state)s`") % {"event": event, "state": state}
        ) from None


def raises(before: Trust, after: Trust) -> bool:
    """Whether a partner's word would go further than it does."""
    return _FURTHER.index(after) > _FURTHER.index(before)
