"""For authors of connectors: an in-memory connector, and the suite that every connector must pass.

A connector's tests derive from `ConnectorSuite` and say how its receiver can be made to behave:

    class TestMine(ConnectorSuite):
        @pytest.fixture
        def rig(self):
            return Rig(connector=Mine(), destination=..., secret=..., behave=..., received=...)
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, ClassVar

from hakam.enforcement.connectors.connector import (
    Confirmed,
    Connector,
    Dead,
    Delivered,
    Destination,
    Gone,
    Message,
    Outcome,
    Retry,
)

MAX_ID = 64  # the column that keeps a connector's id


class MemoryConnector:
    """Delivers into a list. `script` gives the outcomes to come, by kind of message; otherwise all is delivered.

    `seen` counts messages as an idempotent receiver does: by id, the first of each.
    """

    id: ClassVar[str] = "memory"

    def __init__(self) -> None:
        self.script: dict[str, list[Outcome | Exception]] = {}
        self.calls: list[tuple[Message, Destination, str]] = []
        self._lock = threading.Lock()

    def problems(self, settings: Mapping[str, Any]) -> list[str]:
        """Accept any settings."""
        return [] if isinstance(settings, Mapping) else ["the settings are not a mapping"]

    def deliver(self, message: Message, to: Destination, secret: str) -> Outcome:
        """Keep the message; return or raise what the script says."""
        with self._lock:
            self.calls.append((message, to, secret))
            planned = self.script.get(message.kind)
            outcome = planned.pop(0) if planned else Delivered()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    @property
    def messages(self) -> list[Message]:
        """Every message, repeats included."""
        return [message for message, _, _ in self.calls]

    @property
    def kinds(self) -> list[str]:
        """The kinds of all messages, in the order in which they came."""
        return [message.kind for message in self.messages]

    @property
    def seen(self) -> dict[str, Message]:
        """The messages as an idempotent receiver has them."""
        first: dict[str, Message] = {}
        for message in self.messages:
            first.setdefault(message.id, message)
        return first


class Behaviour(StrEnum):
    """What a receiver can be told to do with the next message."""

    ACCEPT = "accept"
    CONFIRM = "confirm"
    REFUSE = "refuse"  # says that it could not do it
    BUSY = "busy"
    BROKEN = "broken"
    GONE = "gone"


@dataclass(frozen=True)
class Rig:
    """A connector under test and its receiver. `behave` returns False for what the receiver has no way to say."""

    connector: Connector
    destination: Destination
    secret: str
    behave: Callable[[Behaviour], bool]
    received: Callable[[], list[str]]  # ids of the messages that arrived, repeats included
    data: Mapping[str, Any] = field(default_factory=lambda: {"measure": {"id": 1}})


def message(n: int = 1, data: Mapping[str, Any] | None = None) -> Message:
    """Return the n-th message of a test."""
    at = datetime.now(tz=UTC)
    return Message(f"00000000-0000-4000-8000-{n:012d}", "measure.apply", at, at, data or {})


class ConnectorSuite:
    """What every connector must do. Derive, and give a fixture `rig`."""

    def test_it_has_a_stable_id(self, rig: Rig) -> None:
        """The id is stored with each endpoint: short, lower case, the class's own."""
        id_ = type(rig.connector).id
        assert id_ == rig.connector.id
        assert 1 <= len(id_) <= MAX_ID
        assert id_ == id_.lower()

    def test_settings_are_judged_not_raised(self, rig: Rig) -> None:
        """Good settings have no problems; strange ones are answered in words."""
        assert rig.connector.problems(rig.destination.settings) == []
        assert all(isinstance(problem, str) for problem in rig.connector.problems({"x\x00": 1, "url": 7}))

    def test_a_message_arrives_under_its_id(self, rig: Rig) -> None:
        """What is accepted is delivered, once."""
        if rig.behave(Behaviour.ACCEPT):
            outcome = rig.connector.deliver(message(1, rig.data), rig.destination, rig.secret)
            assert isinstance(outcome, Delivered)
            assert rig.received() == [message(1).id]

    def test_a_repeat_has_the_same_id(self, rig: Rig) -> None:
        """A receiver can tell a repeat from a second message."""
        rig.behave(Behaviour.ACCEPT)
        for _ in range(2):
            rig.connector.deliver(message(1, rig.data), rig.destination, rig.secret)
        first, second = rig.received()
        assert first == second

    def test_a_confirmation_is_passed_on(self, rig: Rig) -> None:
        """Done, or could not be done."""
        for behaviour, applied in ((Behaviour.CONFIRM, True), (Behaviour.REFUSE, False)):
            if rig.behave(behaviour):
                outcome = rig.connector.deliver(message(2, rig.data), rig.destination, rig.secret)
                assert isinstance(outcome, Confirmed)
                assert outcome.applied is applied

    def test_trouble_is_tried_again(self, rig: Rig) -> None:
        """Neither a busy nor a broken receiver loses a message or raises."""
        for behaviour in (Behaviour.BUSY, Behaviour.BROKEN):
            if rig.behave(behaviour):
                outcome = rig.connector.deliver(message(3, rig.data), rig.destination, rig.secret)
                assert isinstance(outcome, Retry)
                assert outcome.error

    def test_an_endpoint_that_is_gone_is_told_apart(self, rig: Rig) -> None:
        """Its messages wait; they are neither retried for days nor dead."""
        if rig.behave(Behaviour.GONE):
            assert isinstance(rig.connector.deliver(message(4, rig.data), rig.destination, rig.secret), Gone)

    def test_it_works_from_many_threads(self, rig: Rig) -> None:
        """A pool of threads shares one connector."""
        rig.behave(Behaviour.ACCEPT)
        with ThreadPoolExecutor(8) as pool:
            outcomes = list(
                pool.map(
                    lambda n: rig.connector.deliver(message(n, rig.data), rig.destination, rig.secret),
                    range(100, 140),
                )
            )
        assert not [o for o in outcomes if isinstance(o, Dead | Retry | Gone)]
        assert sorted(rig.received()) == [message(n).id for n in range(100, 140)]
