"""The in-memory connector passes the suite that it ships with."""

from __future__ import annotations

import pytest

from hakam.enforcement.connectors.connector import Confirmed, Delivered, Destination, Gone, Retry
from hakam.testing.connectors import Behaviour, ConnectorSuite, MemoryConnector, Rig, message


class TestConformance(ConnectorSuite):
    @pytest.fixture
    def rig(self) -> Rig:
        connector = MemoryConnector()
        outcomes = {
            Behaviour.ACCEPT: None,
            Behaviour.CONFIRM: Confirmed(applied=True),
            Behaviour.REFUSE: Confirmed(applied=False),
            Behaviour.BUSY: Retry("busy"),
            Behaviour.BROKEN: Retry("broken"),
            Behaviour.GONE: Gone("gone"),
        }

        def behave(how: Behaviour) -> bool:
            planned = outcomes[how]
            connector.script["measure.apply"] = [] if planned is None else [planned]
            return True

        return Rig(connector, Destination("maydan"), "", behave, lambda: [m.id for m in connector.messages])


def test_it_keeps_what_it_was_given_and_counts_as_a_receiver_does() -> None:
    connector = MemoryConnector()
    for n in (1, 1, 2):
        assert connector.deliver(message(n), Destination("maydan"), "s") == Delivered()
    assert connector.kinds == ["measure.apply"] * 3
    assert list(connector.seen) == [message(1).id, message(2).id]


def test_a_planned_exception_is_raised() -> None:
    connector = MemoryConnector()
    connector.script["measure.apply"] = [RuntimeError("bug")]
    with pytest.raises(RuntimeError, match="bug"):
        connector.deliver(message(), Destination("maydan"), "")
    assert connector.deliver(message(), Destination("maydan"), "") == Delivered()
