"""The worker's duties about partners and datasets: telling what is new, and asking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hakam.exchange import keys
from hakam.exchange.delivery import Courier
from hakam.exchange.fires import following, offering
from hakam.exchange.http import HttpReach
from hakam.exchange.receiving import forget_opened
from hakam.wiring.settings import Settings
from hakam.wiring.worker import Task, utc_now


def lanes(settings: Settings, held: ExitStack) -> Mapping[str, Sequence[Task]]:
    """Return the lane. Threads and connections end with `held`."""
    reach = HttpReach(allow_private=settings.allow_private_endpoints)

    def key() -> Ed25519PrivateKey:
        return keys.signing_key(settings.secret(keys.SECRET))

    courier = Courier(reach, key, clock=utc_now)
    held.callback(reach.close)
    held.callback(courier.close)
    return {
        "exchange": (
            Task("exchange with partners", courier.look, 0.25),
            Task("forget opened envelopes", forget_opened, 3_600.0),
        ),
        "datasets": (
            Task("tell the fediverse of changed lists", offering.tell_due, 2.0),
            Task("read datasets", lambda now: following.read_due(reach, now=now), 15.0),
        ),
    }
