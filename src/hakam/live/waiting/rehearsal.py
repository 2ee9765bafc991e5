"""A crowd that rehearses a live event: real connections that take tickets, wait as they are told and come in.

Bounded in people and time. It says what the set-up holds before the day: answers a second, times, and every answer that
was neither a seat nor a clear "wait so many seconds".
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import Counter
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import msgspec

MOST_PEOPLE: Final = 50_000
_TIMEOUT: Final = 60.0  # seconds that an answer may take
_HEARTBEAT: Final = 20.0  # seconds between signs of life of who is inside
_LONGEST_HEAD: Final = 65_536


class Outcome(NamedTuple):
    """What a rehearsal found. Times are seconds."""

    people: int
    seconds: float
    answers: Counter[str]  # `admitted`, `wait`, `ticket`, or what went wrong
    admitted: int
    most_open: int  # connections at once
    times: list[float]  # of all answers, sorted
    order_broken: int  # people let in before somebody who came more than a second earlier and waited as told

    @property
    def wrong(self) -> int:
        """Answers that were neither a seat nor a clear wait."""
        return sum(n for what, n in self.answers.items() if what not in {"admitted", "wait", "ticket"})

    def at(self, share: float) -> float:
        """Return the time under which this share of the answers lies."""
        return self.times[min(len(self.times) - 1, int(share * len(self.times)))] if self.times else 0.0


class _Said(msgspec.Struct):
    """The members of an answer that a client reads."""

    ticket: str = ""
    holder: str = ""
    wait: float | None = None
    admitted: bool = False


class _Connection:
    """One HTTP/1.1 connection that stays open."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, method: str, path: str, headers: str = "") -> tuple[int, str, bytes]:
        """Return status, `Retry-After` and body. Raises `OSError`, `ValueError` and what asyncio raises.

        A connection that a server closed while it was idle is opened anew, as every browser does.
        """
        idle = self._streams is not None
        try:
            return await self._asked(method, path, headers)
        except asyncio.IncompleteReadError as error:
            if not idle or error.partial:
                raise
        except ConnectionError:
            if not idle:
                raise
        await self.close()
        return await self._asked(method, path, headers)

    async def _asked(self, method: str, path: str, headers: str) -> tuple[int, str, bytes]:
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port, limit=_LONGEST_HEAD)
        reader, writer = self._streams
        length = "content-length: 0\r\n" if method == "POST" else ""
        writer.write(f"{method} {path} HTTP/1.1\r\nhost: rehearsal\r\n{length}{headers}\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        fields = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:] if line)}
        body = await reader.readexactly(int(fields.get("content-length", "0")))
        return int(head[0].split()[1]), fields.get("retry-after", ""), body

    async def close(self) -> None:
        """Close it; it may be broken."""
        streams, self._streams = self._streams, None
        if streams is not None:
            streams[1].close()
            with contextlib.suppress(OSError):
                await streams[1].wait_closed()


class _Crowd:
    """What all clients share."""

    def __init__(self, url: str, seconds: float) -> None:
        parts = urlsplit(url)
        self.host, self.port = parts.hostname or "127.0.0.1", parts.port or 80
        self.path = parts.path.rstrip("/")
        self.end = time.monotonic() + seconds
        self.answers: Counter[str] = Counter()
        self.times: list[float] = []
        self.open = self.most_open = 0
        self.history: list[tuple[float, float]] = []  # (came, let in), of who was let in


async def _person(crowd: _Crowd, delay: float) -> None:
    await asyncio.sleep(delay)
    connection = _Connection(crowd.host, crowd.port)
    crowd.open += 1
    crowd.most_open = max(crowd.most_open, crowd.open)
    try:
        await _visit(crowd, connection)
    except (OSError, ValueError, EOFError, asyncio.LimitOverrunError) as error:
        crowd.answers[type(error).__name__] += 1
    finally:
        crowd.open -= 1
        await connection.close()


async def _visit(crowd: _Crowd, connection: _Connection) -> None:
    headers, came, inside = "", 0.0, False
    while time.monotonic() < crowd.end:
        start = time.monotonic()
        method, path = ("GET", "/") if headers else ("POST", "/ticket")
        status, retry, body = await asyncio.wait_for(
            connection.ask(method, crowd.path + path, headers), _TIMEOUT
        )
        crowd.times.append(time.monotonic() - start)
        said = msgspec.json.decode(body, type=_Said) if body else _Said()
        if status == 201:  # noqa: PLR2004 -- created
            crowd.answers["ticket"] += 1
            came = time.monotonic()
            headers = f"cookie: hakam_ticket={said.ticket}; hakam_holder={said.holder}\r\n"
        elif status == 202 and retry.isdecimal():  # noqa: PLR2004 -- accepted, not yet
            crowd.answers["wait"] += 1
        elif said.admitted:
            crowd.answers["admitted"] += 1
            if not inside:
                inside = True
                crowd.history.append((came, time.monotonic()))
        else:
            crowd.answers[f"HTTP {status}"] += 1
        pause = said.wait if said.wait is not None else _HEARTBEAT
        left = crowd.end - time.monotonic()
        if left <= 0:
            return
        await asyncio.sleep(min(pause, left))


async def rehearse(url: str, people: int, seconds: float, *, within: float) -> Outcome:
    """Let `people` come within so many seconds and stay until the end, after `seconds`. Raises `ValueError`."""
    if not 0 < people <= MOST_PEOPLE:
        raise ValueError(f"a rehearsal has 1 to {MOST_PEOPLE:,} people")
    crowd = _Crowd(url, seconds)
    dice = random.Random(people)  # noqa: S311 -- a crowd, no secret
    await asyncio.gather(*(_person(crowd, dice.random() * within) for _ in range(people)))
    return Outcome(
        people,
        seconds,
        crowd.answers,
        len(crowd.history),
        crowd.most_open,
        sorted(crowd.times),
        overtakings(crowd.history),
    )


def overtakings(history: list[tuple[float, float]], *, bound: float = 1.0) -> int:
    """Count who came more than `bound` seconds after somebody, and could come in more than a wait before them.

    `history` holds (came, came in). People come in when they ask again, so only steps beyond 90 seconds count.
    """
    wrong, latest, queue = 0, 0.0, []
    for came, entered in sorted(history):
        queue.append((came, entered))
        while queue and queue[0][0] < came - bound:
            latest = max(latest, queue.pop(0)[1])
        if entered < latest - _SLOWEST_RETURN:
            wrong += 1
    return wrong


_SLOWEST_RETURN: Final = 90.0
