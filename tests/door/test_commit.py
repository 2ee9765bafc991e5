"""Group commit: what came while the disk was busy goes together, in order, and everybody hears what became of it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import pytest

from hakam.door.commit import MAX_GROUP, GroupCommit
from hakam.storage.event_log import Appended, Entry, LogFullError
from hakam.testing.event_logs import MemoryEventLog, entry


class SlowLog(MemoryEventLog):
    """A log whose disk is busy until `go`."""

    def __init__(self) -> None:
        super().__init__()
        self.groups: list[int] = []
        self.go = threading.Semaphore(0)
        self.busy = threading.Event()
        self.error: Exception | None = None

    def append(self, entries: Sequence[Entry]) -> list[Appended]:
        self.groups.append(len(entries))
        self.busy.set()
        assert self.go.acquire(timeout=20)
        if self.error is not None:
            raise self.error
        return super().append(entries)


def submit(commit: GroupCommit, *ids: str) -> asyncio.Future[list[Appended]]:
    future: asyncio.Future[list[Appended]] = asyncio.get_running_loop().create_future()

    def done(answers: Sequence[Appended] | Exception) -> None:
        if isinstance(answers, Exception):
            future.set_exception(answers)
        else:
            future.set_result(list(answers))  # raises if somebody cancelled it

    commit.submit([entry(id_) for id_ in ids], done)
    return future


def make(log: MemoryEventLog) -> GroupCommit:
    return GroupCommit(log, asyncio.get_running_loop(), max_events=10, max_bytes=1_000_000)


def test_a_lone_event_is_written_at_once_and_the_rest_together() -> None:
    async def story() -> None:
        log = SlowLog()
        commit = make(log)
        first = submit(commit, "1")
        assert await asyncio.to_thread(log.busy.wait, 20)
        others = [submit(commit, str(n), f"{n}b") for n in range(2, 6)]
        assert commit.events == 9
        assert not commit.full
        last = submit(commit, "9")
        assert commit.full
        assert not first.done()
        log.go.release()
        log.go.release()
        answers = await asyncio.gather(first, *others, last)
        assert log.groups == [1, 9]
        assert [[a.seq for a in answer] for answer in answers] == [[1], [2, 3], [4, 5], [6, 7], [8, 9], [10]]
        assert (commit.events, commit.bytes, commit.full) == (0, 0, False)
        await asyncio.to_thread(commit.stop)

    asyncio.run(story())


def test_an_error_reaches_everybody_in_the_group_and_the_next_group_is_tried() -> None:
    async def story() -> None:
        log = SlowLog()
        commit = make(log)
        log.error = LogFullError("full")
        one = submit(commit, "1")
        log.go.release()
        with pytest.raises(LogFullError):
            await one
        log.error = None
        log.go.release()
        assert (await submit(commit, "1"))[0].earlier is None
        assert commit.events == 0
        await asyncio.to_thread(commit.stop)

    asyncio.run(story())


def test_a_group_is_bounded() -> None:
    async def story() -> None:
        log = SlowLog()
        commit = make(log)
        head = submit(commit, "head")
        assert await asyncio.to_thread(log.busy.wait, 20)
        size = MAX_GROUP // 2 + 1
        futures = [submit(commit, *[f"{n}-{m}" for m in range(size)]) for n in range(3)]
        for _ in range(4):
            log.go.release()
        await asyncio.gather(head, *futures)
        assert log.groups == [1, size, size, size]
        await asyncio.to_thread(commit.stop)

    asyncio.run(story())


def test_stopping_writes_what_is_queued() -> None:
    async def story() -> None:
        log = SlowLog()
        commit = make(log)
        futures = [submit(commit, str(n)) for n in range(5)]
        for _ in range(5):
            log.go.release()
        await asyncio.to_thread(commit.stop)
        await asyncio.sleep(0)
        await asyncio.gather(*futures)
        assert log.last_seq() == 5

    asyncio.run(story())


def test_somebody_who_went_away_disturbs_nobody() -> None:
    async def story() -> None:
        log = SlowLog()
        commit = make(log)
        gone, here = submit(commit, "1"), submit(commit, "2")
        gone.cancel()
        log.go.release()
        log.go.release()
        assert (await here)[0].seq == 2
        assert log.last_seq() == 2  # it was stored all the same
        await asyncio.to_thread(commit.stop)

    asyncio.run(story())
