"""The suite for connectors catches those that lose, double, raise or mistake what a receiver says."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, ClassVar

import pytest

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
from hakam.testing.connectors import Behaviour, ConnectorSuite, MemoryConnector, Rig, message

TESTS = [name for name in vars(ConnectorSuite) if name.startswith("test_")]


class Receiver:
    """A receiver that does as it is told, and remembers what came."""

    def __init__(self) -> None:
        self.how = Behaviour.ACCEPT
        self.ids: list[str] = []
        self.lock = threading.Lock()

    def take(self, id_: str) -> Behaviour:
        """Receive a message and answer."""
        with self.lock:
            if self.how in {Behaviour.ACCEPT, Behaviour.CONFIRM, Behaviour.REFUSE}:
                self.ids.append(id_)
            return self.how


class Sound:
    """A connector without fault."""

    id: ClassVar[str] = "sound"

    def __init__(self, receiver: Receiver) -> None:
        self.receiver = receiver

    def problems(self, settings: Mapping[str, Any]) -> list[str]:
        return [f"no setting is called {name!r}" for name in settings]

    def deliver(self, message: Message, to: Destination, secret: str) -> Outcome:
        return self.said(self.receiver.take(message.id))

    def said(self, how: Behaviour) -> Outcome:
        """Return what the receiver's answer means."""
        return {
            Behaviour.ACCEPT: Delivered(200),
            Behaviour.CONFIRM: Confirmed(applied=True),
            Behaviour.REFUSE: Confirmed(applied=False),
            Behaviour.BUSY: Retry("busy", 5.0),
            Behaviour.BROKEN: Retry("broken"),
            Behaviour.GONE: Gone("gone"),
        }[how]


class Shouts(Sound):
    """Has an id in capitals."""

    id = "Shouts"


class HasAnIdTooLong(Sound):
    """Has an id that no column holds."""

    id = "x" * 65


class RaisesOnSettings(Sound):
    """Raises where it should say what is wrong."""

    def problems(self, settings: Mapping[str, Any]) -> list[str]:
        raise KeyError("url")


class FindsFaultWithGoodSettings(Sound):
    """Refuses every configuration."""

    def problems(self, settings: Mapping[str, Any]) -> list[str]:
        return ["no"]


class Loses(Sound):
    """Says that it delivered, and did not."""

    def deliver(self, message: Message, to: Destination, secret: str) -> Outcome:
        return Delivered()


class Doubles(Sound):
    """Sends everything twice."""

    def deliver(self, message: Message, to: Destination, secret: str) -> Outcome:
        self.receiver.take(message.id)
        return super().deliver(message, to, secret)


class MakesIdsUp(Sound):
    """Gives each try an id of its own."""

    def deliver(self, message: Message, to: Destination, secret: str) -> Outcome:
        return self.said(self.receiver.take(f"{message.id}-{len(self.receiver.ids)}"))


class TakesRefusalForSuccess(Sound):
    """Reads only that an answer came."""

    def said(self, how: Behaviour) -> Outcome:
        return Confirmed(applied=True) if how is Behaviour.REFUSE else super().said(how)


class DropsConfirmations(Sound):
    """Reads no answer at all."""

    def said(self, how: Behaviour) -> Outcome:
        return Delivered() if how in {Behaviour.CONFIRM, Behaviour.REFUSE} else super().said(how)


class GivesUp(Sound):
    """Takes trouble for the end."""

    def said(self, how: Behaviour) -> Outcome:
        return Dead("busy") if how is Behaviour.BUSY else super().said(how)


class RaisesTrouble(Sound):
    """Lets an exception out."""

    def said(self, how: Behaviour) -> Outcome:
        if how is Behaviour.BROKEN:
            raise ConnectionError("broken")
        return super().said(how)


class SaysNothingOfTrouble(Sound):
    """Tries again without a word."""

    def said(self, how: Behaviour) -> Outcome:
        return Retry("") if how is Behaviour.BROKEN else super().said(how)


class TriesTheGone(Sound):
    """Goes on knocking."""

    def said(self, how: Behaviour) -> Outcome:
        return Retry("gone") if how is Behaviour.GONE else super().said(how)


class KeepsItsState(Sound):
    """Keeps the message of the moment in itself, which threads share."""

    def deliver(self, message: Message, to: Destination, secret: str) -> Outcome:
        self.current = message.id
        barrier.wait(timeout=0.05) if threading.active_count() > 2 else None
        return self.said(self.receiver.take(self.current))


class Patient:
    """Lets threads meet, so that they can disturb each other."""

    def __init__(self) -> None:
        self.event = threading.Event()

    def wait(self, timeout: float) -> None:
        """Wait a moment."""
        self.event.wait(timeout)


barrier = Patient()


def failing(connector: type[Sound]) -> set[str]:
    """Return the tests of the suite that a connector fails."""
    failed = set()
    for name in TESTS:
        receiver = Receiver()

        def behave(how: Behaviour, receiver: Receiver = receiver) -> bool:
            receiver.how = how
            return True

        made: Connector = connector(receiver)
        rig = Rig(made, Destination("maydan"), "", behave, lambda receiver=receiver: list(receiver.ids))
        try:
            getattr(ConnectorSuite(), name)(rig)
        except Exception:  # noqa: BLE001 -- whatever it is, the suite has failed
            failed.add(name)
    return failed


@pytest.mark.parametrize(
    ("broken", "by"),
    [
        (Shouts, {"test_it_has_a_stable_id"}),
        (HasAnIdTooLong, {"test_it_has_a_stable_id"}),
        (RaisesOnSettings, {"test_settings_are_judged_not_raised"}),
        (FindsFaultWithGoodSettings, {"test_settings_are_judged_not_raised"}),
        (Loses, {"test_a_message_arrives_under_its_id", "test_a_confirmation_is_passed_on"}),
        (Doubles, {"test_a_message_arrives_under_its_id", "test_it_works_from_many_threads"}),
        (MakesIdsUp, {"test_a_message_arrives_under_its_id", "test_a_repeat_has_the_same_id"}),
        (TakesRefusalForSuccess, {"test_a_confirmation_is_passed_on"}),
        (DropsConfirmations, {"test_a_confirmation_is_passed_on"}),
        (GivesUp, {"test_trouble_is_tried_again"}),
        (RaisesTrouble, {"test_trouble_is_tried_again"}),
        (SaysNothingOfTrouble, {"test_trouble_is_tried_again"}),
        (TriesTheGone, {"test_an_endpoint_that_is_gone_is_told_apart"}),
        (KeepsItsState, {"test_it_works_from_many_threads"}),
    ],
    ids=lambda part: getattr(part, "__name__", ""),
)
def test_a_broken_connector_fails_the_tests_of_what_it_breaks(broken: type[Sound], by: set[str]) -> None:
    assert by <= failing(broken)


def test_a_sound_connector_fails_none() -> None:
    assert failing(Sound) == set()


def test_a_receiver_that_can_not_say_something_is_not_asked_to() -> None:
    receiver = Receiver()
    rig = Rig(
        Sound(receiver), Destination("maydan"), "", lambda how: how is Behaviour.ACCEPT, lambda: receiver.ids
    )
    suite = ConnectorSuite()
    suite.test_a_confirmation_is_passed_on(rig)
    suite.test_trouble_is_tried_again(rig)
    suite.test_an_endpoint_that_is_gone_is_told_apart(rig)
    assert receiver.ids == []


def test_messages_of_a_test_have_ids_of_their_own() -> None:
    assert message(1).id == message(1).id != message(2).id
    assert message(3, {"measure": 1}).data == {"measure": 1}


def test_the_connector_in_memory_follows_its_script_then_delivers() -> None:
    connector = MemoryConnector()
    connector.script["measure.apply"] = [Retry("later"), ConnectionError("down"), Confirmed(applied=True)]
    to = Destination("maydan")
    assert connector.deliver(message(1), to, "s") == Retry("later")
    with pytest.raises(ConnectionError, match="down"):
        connector.deliver(message(1), to, "s")
    assert connector.deliver(message(1), to, "s") == Confirmed(applied=True)
    assert connector.deliver(message(2), to, "s") == Delivered()
    assert connector.kinds == ["measure.apply"] * 4
    assert list(connector.seen) == [message(1).id, message(2).id]
    assert [secret for _, _, secret in connector.calls] == ["s"] * 4
