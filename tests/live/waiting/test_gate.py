"""The gate: signed, never older, and waits that spread people out."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from tests.live.waiting.hall import KEY

from hakam.live.waiting.gate import (
    LONGEST_WAIT,
    Gate,
    GateError,
    LaneGate,
    expected_at,
    how_long,
    read_gate,
    sign,
    spread,
)

LANE = LaneGate(100, 3, ((100, 1000.0), (200, 1010.0), (400, 1020.0)))
GATE = Gate("talk", 7, 1000.0, "open", (LANE,), revoked=(b"x" * 16,))
HOLDERS = st.binary(min_size=16, max_size=16)


def test_a_signed_gate_is_read_as_it_was() -> None:
    assert read_gate(sign(GATE, KEY), KEY.public_key()) == GATE


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_no_byte_of_a_gate_can_be_changed(at: int, by: int) -> None:
    data = bytearray(sign(GATE, KEY))
    data[at % len(data)] ^= by
    with pytest.raises(GateError):
        read_gate(bytes(data), KEY.public_key())


def test_a_gate_of_another_key_or_an_older_one_is_refused() -> None:
    with pytest.raises(GateError, match="not signed"):
        read_gate(sign(GATE, Ed25519PrivateKey.generate()), KEY.public_key())
    with pytest.raises(GateError, match="not newer"):
        read_gate(sign(GATE, KEY), KEY.public_key(), newer_than=7)


@pytest.mark.parametrize("data", [b"", b"HAKAMGT1", b"x" * 200])
def test_what_is_no_gate_says_so(data: bytes) -> None:
    with pytest.raises(GateError):
        read_gate(data, KEY.public_key())


@pytest.mark.parametrize(
    ("place", "moment"),
    [(50, 1000.0), (100, 1000.0), (150, 1005.0), (200, 1010.0), (300, 1015.0), (400, 1020.0), (900, 1020.0)],
)
def test_the_moment_lies_between_two_points_as_the_place_does(place: int, moment: float) -> None:
    assert expected_at(LANE, place) == moment
    assert expected_at(LaneGate(100), place) is None


@given(HOLDERS, st.integers(100, 10_000), st.floats(900, 1100))
def test_nobody_is_told_to_come_before_the_turn_is_near_nor_to_wait_for_ever(
    holder: bytes, place: int, now: float
) -> None:
    wait = how_long(GATE, LANE, place, holder, now)
    assert 1 <= wait.seconds <= LONGEST_WAIT
    assert wait.expected is not None
    assert wait.seconds <= max(3, 1.25 * wait.expected + 2)


@given(st.integers(0, 2**32))
def test_those_who_wait_for_the_same_moment_come_back_spread_out(seed: int) -> None:
    far = LaneGate(100, 3, ((100, 1200.0),))
    holders = [(seed + n).to_bytes(16) for n in range(2_000)]
    told = [how_long(GATE, far, 150, holder, 1000.0).seconds for holder in holders]
    assert max(map(told.count, set(told))) < 0.1 * len(told)
    assert (min(told), max(told)) == (101, 125)


def test_the_fraction_of_a_holder_changes_with_every_gate() -> None:
    fractions = {spread(b"h" * 16, n) for n in range(100)}
    assert len(fractions) == 100
    assert all(0 <= f < 1 for f in fractions)


@given(HOLDERS)
def test_while_millions_wait_they_ask_rarely(holder: bytes) -> None:
    """Eight million at 5,000 requests a second: each waits 1,600 s at least, unless the turn is nearer."""
    gate = Gate("talk", 1, 0.0, "open", (LANE,), floor=1600.0)
    far = LaneGate(0, 8_000_000, ((0, 10_000.0),))
    assert how_long(gate, far, 1, holder, 0.0).seconds >= 1600
    assert how_long(gate, far, 1, holder, 9_900.0).seconds <= 126


def test_without_a_forecast_nobody_is_told_when_but_how_long_to_wait() -> None:
    waits = [how_long(GATE, LaneGate(100), 150, bytes([n]) * 16, 1000.0) for n in range(100)]
    assert {wait.expected for wait in waits} == {None}
    assert all(60 <= wait.seconds <= 91 for wait in waits)
