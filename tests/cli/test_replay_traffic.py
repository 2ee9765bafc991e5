"""Whatever wire and door do, each row is counted once, and what was acknowledged is in the log."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from tests.cli.conftest import DoorProcess, Wire

from hakam.cli.replay_tally import Tally
from hakam.cli.replay_traffic import DoorError, Sent, Traffic

pytestmark = [pytest.mark.sockets, pytest.mark.embedded]


def sent(number: int, text: str = "hello", **changes: object) -> Sent:
    name = f"e{number}"
    event = {
        "id": name,
        "platform": "forum",
        "kind": "post",
        "at": datetime(2026, 1, 1, tzinfo=UTC).isoformat(),
        "author": {"id": f"u{number}"},
        "item": {"id": name, "text": text},
        **changes,
    }
    return Sent("posts.csv", number, "forum", name, json.dumps(event).encode())


def batches(*events: Sent, size: int = 10) -> Iterator[list[Sent]]:
    for start in range(0, len(events), size):
        yield list(events[start : start + size])


def replayed(url: str, key: str, *events: Sent, size: int = 10, patience: float = 60.0) -> Tally:
    tally = Tally(rows=len(events))
    traffic = Traffic(url=url, key=key, tally=tally, connections=3, patience=patience)
    asyncio.run(traffic.run(batches(*events, size=size)))
    return tally


def test_events_are_counted_by_what_the_rules_said(door: DoorProcess) -> None:
    texts = ["buy this", "free lunch", "free, so buy", "hello"]
    tally = replayed(door.url, door.key, *(sent(n, text) for n, text in enumerate(texts)))
    assert (tally.new, tally.duplicate, tally.refused, tally.lost) == (4, 0, 0, 0)
    assert tally.firings == {("says-buy", "spam", "live"): 2, ("says-free", "spam", "shadow"): 2}
    assert tally.stages == {"live": 2, "shadow": 1, "none": 1}
    assert tally.measured == 2
    assert tally.adds_up
    assert tally.sound


def test_a_second_time_everything_is_a_duplicate_with_the_same_verdict(door: DoorProcess) -> None:
    events = [sent(n, "buy now" if n % 3 else "hi") for n in range(25)]
    first, second = (replayed(door.url, door.key, *events) for _ in range(2))
    assert (first.new, second.new, second.duplicate) == (25, 0, 25)
    assert first.firings == second.firings
    assert sorted(door.ids()) == sorted(event.id for event in events)


def test_bad_events_are_told_apart_with_their_row_and_pointer(door: DoorProcess) -> None:
    events = [
        sent(1),
        sent(2, item={"id": "i", "text": 5}),
        sent(3, platform="other"),
        sent(4, author={"id": "u", "followers": -1}),
        sent(5),
    ]
    tally = replayed(door.url, door.key, *events)
    assert (tally.new, tally.refused) == (2, 3)
    assert [(t.file, t.row, t.pointer) for t in tally.troubles] == [
        ("posts.csv", 2, "/item/text"),
        ("posts.csv", 3, "/platform"),
        ("posts.csv", 4, "/author/followers"),
    ]
    assert not tally.sound
    assert tally.adds_up


def test_a_batch_too_large_for_the_door_is_sent_in_halves(door: DoorProcess) -> None:
    events = [sent(n, "long words " * 2_000) for n in range(40)]  # 880,000 bytes; the door takes 200,000
    tally = replayed(door.url, door.key, *events, size=40)
    assert (tally.new, tally.lost, tally.refused) == (40, 0, 0)
    assert len(door.ids()) == 40


def test_an_answer_lost_on_the_way_makes_no_event_twice(door: DoorProcess) -> None:
    wire = Wire(door.port, cut=lambda number: number % 2 == 1)
    events = [sent(n, "buy") for n in range(200)]
    tally = replayed(wire.url, door.key, *events)
    wire.close()
    assert wire.cuts > 0
    assert tally.retries >= wire.cuts
    assert tally.taken == 200
    assert tally.duplicate > 0  # stored, but the first answer was lost
    assert sorted(door.ids()) == sorted(event.id for event in events)
    assert tally.firings[("says-buy", "spam", "live")] == 200


def test_a_door_killed_and_started_again_loses_nothing(door: DoorProcess) -> None:
    events = [sent(n) for n in range(20_000)]

    def disturb() -> None:
        for _ in range(2):
            time.sleep(0.4)
            door.kill()
            time.sleep(0.2)
            door.start()

    trouble = threading.Thread(target=disturb)
    trouble.start()
    tally = replayed(door.url, door.key, *events, size=50, patience=120)
    trouble.join()
    assert tally.retries > 0
    assert (tally.taken, tally.lost, tally.refused) == (20_000, 0, 0)
    assert len(door.ids()) == len(set(door.ids())) == 20_000


def test_a_door_that_stays_away_ends_the_replay_with_all_rows_counted(door: DoorProcess) -> None:
    door.kill()
    tally = Tally(rows=100)
    traffic = Traffic(url=door.url, key=door.key, tally=tally, connections=3, patience=0.5)
    with pytest.raises(DoorError, match="can't be reached"):
        asyncio.run(traffic.run(batches(*(sent(n) for n in range(100)))))
    read = tally.lost + tally.taken
    assert 0 < read <= 100
    assert tally.taken == 0
    assert len(tally.troubles) <= 20


def test_a_key_that_the_door_refuses_ends_the_replay_at_once(door: DoorProcess) -> None:
    began = time.monotonic()
    with pytest.raises(DoorError, match="401 unknown key"):
        replayed(door.url, "hk_wrongkey_" + "x" * 43, *(sent(n) for n in range(50)), patience=200)
    assert time.monotonic() - began < 100


def test_a_new_key_is_waited_for(door: DoorProcess) -> None:
    tally = Tally(rows=1)
    traffic = Traffic(
        url=door.url, key="hk_unknown", tally=tally, connections=1, patience=5.0, key_is_new=True
    )
    with pytest.raises(DoorError, match="given up after 5 s"):
        asyncio.run(traffic.run(batches(sent(1))))
    assert tally.retries > 0


def test_stopping_waits_for_what_is_on_its_way_and_counts_the_rest(door: DoorProcess) -> None:
    tally = Tally()
    traffic = Traffic(url=door.url, key=door.key, tally=tally, connections=2, patience=60.0)

    def stream() -> Iterator[list[Sent]]:
        for start in range(0, 100_000, 10):
            if start == 500:
                traffic.stop()
            tally.rows += 10
            yield [sent(number) for number in range(start, start + 10)]

    asyncio.run(traffic.run(stream()))
    assert tally.rows <= 510
    assert tally.taken + tally.unsent == tally.rows
    assert tally.lost == 0
    assert len(door.ids()) == tally.taken


def test_what_is_acknowledged_and_not_in_the_log_is_found(door: DoorProcess) -> None:
    tally = Tally(rows=3)
    traffic = Traffic(
        url=door.url,
        key=door.key,
        tally=tally,
        connections=1,
        patience=60.0,
        missing=lambda keys: [key for key in keys if key[1] == "e2"],
    )
    asyncio.run(traffic.run(batches(sent(1), sent(2), sent(3))))
    assert tally.not_in_log == 1
    assert not tally.sound
