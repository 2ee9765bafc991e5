"""What a bank says as a firing, and how it is read back from the log."""

from __future__ import annotations

import pytest

from hakam.storage.bank_firings import HOLD, Named, firing_of, named_by
from hakam.storage.published import PublishedBank
from hakam.testing import scene
from hakam.vocabulary.verdict import Stage


def bank(**more: bool) -> PublishedBank:
    return PublishedBank(1, "attack", 3, clause="threat", **more)


def test_a_firing_names_its_entry() -> None:
    firing = firing_of(bank(), 812, "pdq, 4 bits apart")
    assert named_by(firing) == Named("attack", 812)
    assert (firing.policy, firing.stage, firing.measures) == ("threat", Stage.LIVE, ())
    assert firing.review is not None


def test_a_bank_that_holds_takes_a_measure_that_can_be_taken_back() -> None:
    assert firing_of(bank(hold=True), 1, "md5").measures == (HOLD,)


def test_a_bank_that_watches_asks_for_nothing() -> None:
    firing = firing_of(bank(hold=True, shadow=True), 1, "md5")
    assert (firing.stage, firing.measures, firing.review) == (Stage.SHADOW, (), None)


@pytest.mark.parametrize(
    "values",
    [{}, {'bank("attack")': "entry x, pdq"}, {'bank("other")': "entry 3, pdq"}, {'bank("attack")': 3}],
)
def test_what_names_no_entry_is_none(values: dict[str, object]) -> None:
    import msgspec  # noqa: PLC0415 -- only here

    assert named_by(msgspec.structs.replace(firing_of(bank(), 1, "md5"), values=values)) is None


def test_a_rule_is_no_bank() -> None:
    assert named_by(scene.firing()) is None
