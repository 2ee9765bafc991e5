"""Fingerprints of sound are those of `fpcalc`, and a recording is found in another wherever it starts."""

from __future__ import annotations

import numpy as np
import pytest
from tests.media.clip_files import tones

from hakam.media.chromaprint import QUICK, RATE, SECONDS, THOROUGH, Known, fingerprint, overlap

pytestmark = pytest.mark.embedded  # values only: one database is enough
BY_FPCALC = [
    4212556529, 4195869265, 4195754758, 4197909254, 3660907318, 3659272750,
    4208733802, 3112970922, 3095931818, 3112720810, 3129530763, 2593688968,
]  # fmt: skip
"""What `fpcalc -raw` 1.5.1 prints first of these tones."""


def test_the_numbers_are_those_of_fpcalc() -> None:
    numbers = fingerprint(tones(1))
    assert len(numbers) == 75
    assert numbers[:12] == BY_FPCALC


@pytest.mark.parametrize("samples", [0, 1, 4_095, 4_096, 29_000])
def test_what_is_too_short_has_no_numbers(samples: int) -> None:
    assert fingerprint(np.zeros(samples, np.int16)) == []


def test_a_part_is_found_where_it_was_taken_from() -> None:
    whole = tones(1, 30)
    found = overlap(fingerprint(whole), fingerprint(whole[10 * RATE : 22 * RATE]))
    assert found is not None
    assert found.known_from == pytest.approx(10, abs=0.3)
    assert found.heard_from == pytest.approx(0, abs=0.3)
    assert found.seconds > 8
    assert found.bits < 4


def test_a_known_recording_is_found_within_other_sound() -> None:
    known = tones(1, 12)
    found = overlap(fingerprint(known), fingerprint(np.concatenate([tones(5, 20), known, tones(6, 9)])))
    assert found is not None
    assert found.heard_from == pytest.approx(20, abs=1.5)


def test_noise_and_volume_do_not_hide_it() -> None:
    whole = tones(1, 20)
    noisy = (whole * 0.4 + np.random.default_rng(1).normal(0, 300, len(whole))).astype(np.int16)
    assert overlap(fingerprint(whole), fingerprint(noisy)) is not None


@pytest.mark.parametrize("seed", range(2, 12))
def test_other_sound_is_not_found(seed: int) -> None:
    assert overlap(fingerprint(tones(1, 20)), fingerprint(tones(seed, 20))) is None


def test_silence_is_found_nowhere() -> None:
    silence = fingerprint(np.zeros(30 * RATE, np.int16))
    assert len(set(silence)) == 1
    assert overlap(silence, silence) is None


def test_a_silence_that_two_recordings_share_is_nothing_that_they_share() -> None:
    quiet = np.zeros(12 * RATE, np.int16)
    first, second = (np.concatenate([tones(seed, 10), quiet, tones(seed + 1, 10)]) for seed in (11, 21))
    for rule in (THOROUGH, QUICK):
        for length in (5, 6):
            cut = second[: (10 + length) * RATE]
            assert overlap(fingerprint(first), fingerprint(cut), rule) is None
            held = np.concatenate([tones(31, 9), quiet[: length * RATE], tones(32, 9)])
            assert overlap(fingerprint(first), fingerprint(held), rule) is None


@pytest.mark.parametrize("start", [1, 9])
def test_who_listens_quickly_needs_six_seconds(start: int) -> None:
    whole = tones(4, 20)
    part = fingerprint(np.concatenate([tones(5, 5), whole[start * RATE : (start + 6) * RATE]]))
    found = overlap(fingerprint(whole), part, QUICK)
    assert found is not None
    assert found.known_from == pytest.approx(start, abs=2.0)
    assert found.seconds >= QUICK.seconds


@pytest.mark.parametrize("seed", [2, 3, 5])
def test_who_listens_quickly_finds_nothing_else(seed: int) -> None:
    assert overlap(fingerprint(tones(1, 20)), fingerprint(tones(seed, 20)), QUICK) is None


def test_less_than_five_seconds_prove_nothing() -> None:
    numbers = fingerprint(tones(1, 20))
    assert overlap(numbers, numbers[: int(4 / SECONDS)]) is None
    assert overlap([], numbers) is None


@pytest.mark.parametrize("start", [0, 3, 5, 11])  # at 7 s moments fall between moments: see decision 0192
def test_a_part_of_ten_seconds_is_found_at_its_place(start: int) -> None:
    whole = tones(4, 25)
    found = overlap(fingerprint(whole), fingerprint(whole[start * RATE : (start + 10) * RATE]))
    assert found is not None
    assert found.known_from - found.heard_from == pytest.approx(start, abs=0.3)


def test_the_same_recording_is_no_bit_away_from_itself() -> None:
    numbers = fingerprint(tones(4, 25))
    found = overlap(numbers, numbers)
    assert found is not None
    assert found.bits == 0
    assert found.seconds == pytest.approx(len(numbers) * SECONDS)
    assert (found.heard_from, found.known_from) == (0, 0)


def test_a_bank_of_recordings_finds_what_comparing_each_finds() -> None:
    chance = np.random.default_rng(3)
    bank = {entry: chance.integers(0, 2**32, 400, np.uint32).tolist() for entry in range(1, 300)}
    known = Known(bank)
    for entry in (1, 150, 299):
        heard = [*chance.integers(0, 2**32, 80, np.uint32).tolist(), *bank[entry][100:220]]
        found = known.find(heard)
        assert found is not None
        assert found[0] == entry
        assert found[1] == overlap(bank[entry], heard)
    assert known.find(chance.integers(0, 2**32, 500, np.uint32).tolist()) is None
    assert known.find([]) is None
    assert Known({}).find([1, 2, 3]) is None


@pytest.mark.parametrize(("equal", "heard"), [(1, False), (2, True), (3, True), (6, True)])
def test_who_listens_quickly_needs_no_more_equal_numbers_in_a_bank_than_beside_one_recording(
    equal: int, heard: bool
) -> None:
    """What was saved at a low rate is near everywhere and equal almost nowhere."""
    recording = fingerprint(tones(1, 30))
    part = [number ^ 0b1001 for number in recording[60:100]]
    part[5 : 5 + equal] = recording[65 : 65 + equal]
    found = Known({7: recording, 8: fingerprint(tones(2, 30))}).find(part, QUICK)
    assert (found is not None) is heard
    assert (overlap(recording, part, QUICK) is not None) is heard
    if found is not None:
        assert found[0] == 7
        assert found[1].known_from == pytest.approx(60 * SECONDS, abs=0.5)


@pytest.mark.parametrize("seed", range(3, 9))
def test_a_bank_hears_quickly_nothing_that_is_not_in_it(seed: int) -> None:
    known = Known({one: fingerprint(tones(one, 20)) for one in (1, 2)})
    assert known.find(fingerprint(tones(seed, 12)), QUICK) is None


def test_a_hum_that_all_recordings_share_finds_none_of_them() -> None:
    chance = np.random.default_rng(4)
    hum = chance.integers(0, 2**32, 30, np.uint32).tolist()
    bank = {n: [*hum * 2, *chance.integers(0, 2**32, 60, np.uint32).tolist()] for n in range(2_000)}
    heard = [*chance.integers(0, 2**32, 60, np.uint32).tolist(), *bank[7][60:]]
    found = Known(bank).find(heard)
    assert found is not None
    assert found[0] == 7
