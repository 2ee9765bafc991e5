"""People and a platform that report, in a process of their own. Reads a `Task` from standard input, writes a `Report`.

What is not receipted is sent again, as a platform would do it, under the same id. A single notice by anybody has no id:
if the connection breaks before its receipt, it may or may not have been kept, and is not sent again here.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

WORDS = "They call for violence against the people in the picture, and the chat repeats it. "


class Task(msgspec.Struct, frozen=True):
    """What to send."""

    url: str
    key: str  # empty: by anybody
    item: str
    notices: int
    batch: int
    connections: int
    marks: str = ""  # a folder: for each tenth that is receipted a file 1, 2 ... 10 is made there


class Report(msgspec.Struct, frozen=True):
    """What became of it. Times of requests in milliseconds, `busy` in seconds without the waits for a dead door."""

    ids: list[str]  # receipted
    again: int
    busy: float
    p50: float
    p99: float


class _Out(msgspec.Struct):
    id: str


class _Batch(msgspec.Struct):
    results: list[_Out]


async def ended(writer: asyncio.StreamWriter) -> None:
    """Close a connection, and wait until it is closed: it may be broken."""
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


class Sender:
    """All connections of a task."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.left = iter(range(0, task.notices, task.batch))
        self.ids: list[str] = []
        self.times: list[float] = []
        self.again = 0
        self.dead = 0.0  # seconds in which nobody answered
        self._down_since: float | None = None
        self._tenths = 0

    def body(self, first: int) -> bytes:
        """Return the notices from number `first`."""
        task = self.task
        common = {
            "harm": "incitement",
            "urls": [task.item],
            "good_faith": "I believe it is so.",
            "language": "en",
        }
        if not task.key:
            given = {"explanation": WORDS + str(first), "name": "A viewer", "email": f"v{first}@example.net"}
            return msgspec.json.encode(common | given)
        last = min(first + task.batch, task.notices)
        return msgspec.json.encode(
            [
                common | {"id": f"n{n}", "notifier": f"u{n}", "explanation": f"{WORDS}{n}"}
                for n in range(first, last)
            ]
        )

    async def run(self) -> Report:
        """Send all."""
        began = time.perf_counter()
        await asyncio.gather(*(self.connection(n) for n in range(self.task.connections)))
        busy = time.perf_counter() - began - self.dead
        ordered = sorted(self.times)
        return Report(
            self.ids, self.again, busy, ordered[len(ordered) // 2], ordered[int(0.99 * (len(ordered) - 1))]
        )

    async def connection(self, number: int) -> None:  # noqa: C901 -- one request, its repeats and its address
        """Send one request after the other."""
        at = urlsplit(self.task.url)
        path = "/v1/notices" if self.task.key else "/v1/public/notices"
        key = f"authorization: Bearer {self.task.key}\r\n" if self.task.key else ""
        sent = 0
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        for first in self.left:
            body = self.body(first)
            head = (
                f"POST {path} HTTP/1.1\r\nhost: {at.netloc}\r\n{key}content-type: application/json\r\n"
                f"content-length: {len(body)}\r\n\r\n"
            ).encode()
            while True:
                try:
                    if streams is None or (not self.task.key and sent % 50 == 0):
                        if streams is not None:
                            await ended(streams[1])
                        # everybody has an address of their own: 127.x.y.z
                        place = (sent // 50) * self.task.connections + number
                        own = f"127.{1 + place // 62_500 % 200}.{place // 250 % 250}.{1 + place % 250}"
                        streams = await asyncio.open_connection(
                            at.hostname, at.port, local_addr=(own, 0), limit=2**22
                        )
                    started = time.perf_counter()
                    streams[1].write(head + body)
                    await streams[1].drain()
                    status, answer = await self.answer(streams[0])
                    self.up()
                    sent += 1
                    if status == 202:
                        self.times.append(1_000 * (time.perf_counter() - started))
                        self.keep(answer)
                        break
                    if status not in {429, 503}:
                        await ended(streams[1])
                        raise SystemExit(f"{status}: {answer[:300]!r}")
                except (OSError, asyncio.IncompleteReadError):
                    if streams is not None:
                        await ended(streams[1])
                    streams = None
                    self.down()
                self.again += 1
                if not self.task.key and streams is None:
                    break  # perhaps it was kept
                await asyncio.sleep(0.05)
        if streams is not None:
            await ended(streams[1])

    def keep(self, answer: bytes) -> None:
        """Write down what was receipted."""
        if self.task.key:
            self.ids += [one.id for one in msgspec.json.decode(answer, type=_Batch).results]
        else:
            self.ids.append(msgspec.json.decode(answer, type=_Out).id)
        tenths = 10 * len(self.ids) // self.task.notices
        while self.task.marks and tenths > self._tenths:
            self._tenths += 1
            (Path(self.task.marks) / f"{self._tenths}").touch()

    def down(self) -> None:
        """Nobody answers."""
        self._down_since = self._down_since or time.perf_counter()

    def up(self) -> None:
        """Somebody answers again."""
        if self._down_since is not None:
            self.dead += time.perf_counter() - self._down_since
            self._down_since = None

    @staticmethod
    async def answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
        """Read one answer."""
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.partition(b":")[2])
            for line in head.lower().split(b"\r\n")
            if line.startswith(b"content-length")
        )
        return int(head.split(b" ", 2)[1]), await reader.readexactly(length)


def main() -> None:
    """Do the task on standard input."""
    task = msgspec.json.decode(sys.stdin.buffer.read(), type=Task)
    sys.stdout.buffer.write(msgspec.json.encode(asyncio.run(Sender(task).run())))


if __name__ == "__main__":
    main()
