"""The chat, counted from the event log, of synthetic gatherings: crowd, raid, and both."""

from __future__ import annotations

import random

import pytest
from tests.live.surge.gathering import CHEERS, Gathering, words

from hakam.live.surge.signs import WINDOW, Reading, read
from hakam.live.surge.tally import Message, Tally, chorus, signs_of
from hakam.storage.event_log import CorruptRecordError, Entry, Record
from hakam.testing.event_logs import MemoryEventLog

AT = 1_800_000_000.0
KEY = ("maydan", "b-1")


def followed(*entries: Entry) -> Tally:
    log = MemoryEventLog(clock=lambda: AT)
    tally = Tally(log, 0)
    log.append(entries)
    tally.follow({KEY})
    return tally


@pytest.mark.parametrize("seed", range(5))
def test_a_crowd_a_raid_and_both_are_told_apart(seed: int) -> None:
    crowd = read(followed(*Gathering(AT, seed).crowd(500)).signs({KEY}, at=AT))
    assert (crowd.reading, crowd.score) == (Reading.CROWD, pytest.approx(0, abs=0.1))
    raid = read(followed(*Gathering(AT, seed).raid(120)).signs({KEY}, at=AT))
    assert raid.reading is Reading.ATTACK
    assert (raid.score or 0) > 0.8
    gathering = Gathering(AT, seed)
    mixed = [*gathering.crowd(400), *gathering.raid(110)]
    random.Random(seed).shuffle(mixed)  # noqa: S311 -- a crowd, no secret
    assert read(followed(*mixed).signs({KEY}, at=AT)).reading is Reading.MIXED


@pytest.mark.parametrize("seed", range(3))
def test_a_raid_is_not_averaged_away_by_a_crowd_of_many_accounts(seed: int) -> None:
    gathering = Gathering(AT, seed)
    said = gathering.crowd(500)
    for n in range(400):  # ninety made accounts, each some times
        text = "This guest is a traitor, shut the stream down now and join us at the square"
        said.append(gathering.message(f"z{n % 90}", text, days=1, network=f"net{n % 6}"))
    found = read(followed(*said).signs({KEY}, at=AT))
    assert found.reading is Reading.MIXED
    chat = found.fronts[0]
    assert {one.part.name: one.lean for one in chat.parts}["alike_young"] == 1


def test_a_chant_of_old_accounts_and_an_audience_of_new_ones_are_crowds() -> None:
    gathering = Gathering(AT)
    chant = [gathering.message(f"p{n}", CHEERS[0], days=500, network=f"n{n}") for n in range(300)]
    assert followed(*chant).signs({KEY}, at=AT).alike_young == 0
    assert read(followed(*chant).signs({KEY}, at=AT)).reading is Reading.CROWD
    dice = random.Random(1)  # noqa: S311 -- a crowd, no secret
    new = [
        gathering.message(f"q{n}", words(dice, CHEERS[n % 7]), days=1, network=f"m{n}") for n in range(300)
    ]
    signs = followed(*new).signs({KEY}, at=AT)
    assert (signs.young, signs.alike_young) == (300, 0)
    assert read(signs).reading is Reading.CROWD


def test_of_accounts_whose_age_nobody_told_nothing_is_said() -> None:
    hashes = [Message(AT, f"a{n}", None, "", "", 7, hit=False) for n in range(60)]
    signs = signs_of(hashes)
    assert (signs.alike, signs.long_aged, signs.alike_young) == (60, 0, 0)


def test_a_crowd_that_cheers_in_two_words_is_not_a_chorus() -> None:
    gathering = Gathering(AT)
    cheers = [gathering.message(f"p{n}", "bravo bravo", days=500, network=f"n{n}") for n in range(300)]
    signs = followed(*cheers).signs({KEY}, at=AT)
    assert (signs.messages, signs.long, signs.alike) == (300, 0, 0)


def test_an_audience_that_asks_the_same_question_is_not_a_chorus() -> None:
    gathering = Gathering(AT)
    asked = [
        gathering.message(f"p{n}", CHEERS[0], days=500, network=f"n{n}", labels=("question",))
        for n in range(300)
    ]
    signs = followed(*asked).signs({KEY}, at=AT)
    assert (signs.messages, signs.long, signs.alike) == (300, 0, 0)
    assert read(signs).reading is Reading.CROWD


def test_a_new_school_class_of_a_town_is_no_attack() -> None:
    gathering = Gathering(AT)
    said = gathering.crowd(300)
    school = [
        gathering.message(
            f"s{n}", f"hello from class {n} of the school by the river {n * 31}", days=1, network="school"
        )
        for n in range(25)
    ]
    assert read(followed(*said, *school).signs({KEY}, at=AT)).reading is Reading.CROWD


def test_what_is_old_elsewhere_or_damaged_is_not_counted() -> None:
    log = MemoryEventLog(clock=lambda: AT)
    tally = Tally(log, 0)
    gathering = Gathering(AT)
    other = gathering.message("x", "hello", days=1, network="n")
    log.append(
        [
            *gathering.crowd(50),
            Entry("maydan", "bad", AT, b'"live.chat"', b"{}", b"{"),
            Entry("maydan", "post", AT, b'{"kind": "post"}', b"{}", b"{}"),
            Entry("shop", "o", AT, other.raw, b"{}", b"{}"),
        ]
    )
    tally.follow({KEY})
    signs = tally.signs({KEY, ("maydan", "b-2")}, at=AT)
    assert signs.accounts == 50
    assert signs.countries == 3
    assert tally.signs({KEY}, at=AT + WINDOW + 1).messages == 0
    tally.follow(set())
    assert tally.signs({KEY}, at=AT).messages == 0


def test_a_corrupt_record_is_passed_over() -> None:
    class Damaged(MemoryEventLog):
        def read(self, after: int, limit: int) -> list[Record]:
            if after < 1:
                raise CorruptRecordError(1)
            return super().read(after, limit)

    log = Damaged(clock=lambda: AT)
    log.append(Gathering(AT).crowd(20))
    tally = Tally(log, 0)
    tally.follow({KEY})
    assert tally.signs({KEY}, at=AT).messages == len(log.read(1, 99))


def test_a_chorus_has_as_many_voices_as_it_needs() -> None:
    assert chorus([(7, "a"), (7, "b"), (6, "c"), (2**40 - 1, "d")], least=3) == [["a", "b", "c"]]
    assert chorus([(7, "a"), (7, "a"), (7, "a")], least=3) == []  # one person who repeats
    assert chorus([], least=2) == []
