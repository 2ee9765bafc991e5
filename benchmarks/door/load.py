"""The load, in a process of its own: raw sockets, bodies made beforehand, only status and length parsed.

`python -m benchmarks.door.load` reads a `Task` as JSON from standard input and writes an `Outcome` to
standard output. Closed loop: each connection sends as soon as it has its answer. Open loop: requests are due
at a fixed rate, whether or not the door keeps up, and each one's latency counts from when it was due.
"""

from __future__ import annotations

import resource
import selectors
import socket
import sys
import time
from collections import deque

import msgspec
from benchmarks.door.posts import Bodies

_HEAD_END = b"\r\n\r\n"
_PATIENCE = 30.0  # seconds to wait for the last answers


class Task(msgspec.Struct, frozen=True):
    """What to send. `rate` in requests a second; 0 means closed loop."""

    host: str
    port: int
    path: str
    key: str
    platform: str
    batch: int
    connections: int
    seconds: float
    run: int
    rate: float = 0.0
    warm_up: float = 1.0  # seconds whose answers do not count


class Outcome(msgspec.Struct, frozen=True):
    """What came of it. Latencies in milliseconds."""

    requests: int
    events: int
    seconds: float
    p50: float
    p90: float
    p99: float
    longest: float
    answered: int  # events acknowledged, warm-up included: what must be in the log
    failed: int
    example: str
    cpu: float  # share of one core that the client itself used
    bytes_per_event: float

    @property
    def rate(self) -> float:
        """Events a second."""
        return self.events / self.seconds if self.seconds else 0.0


class _Connection:
    __slots__ = ("need", "received", "sent_at", "socket")

    def __init__(self, host: str, port: int) -> None:
        self.socket = socket.create_connection((host, port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""
        self.need = 0  # bytes of the whole answer, once its head is read
        self.sent_at = 0.0

    def read(self) -> bytes | None:
        """Return the whole answer, or None while some of it is to come."""
        chunk = self.socket.recv(262_144)
        if not chunk:
            raise ConnectionError("the door closed the connection")
        self.received = self.received + chunk if self.received else chunk
        if not self.need:
            end = self.received.find(_HEAD_END)
            if end < 0:
                return None
            head = self.received[:end].lower()
            at = head.find(b"content-length:")
            if at < 0:
                raise ConnectionError(f"an answer without a length: {head[:200]!r}")
            self.need = end + 4 + int(head[at + 15 :].split(b"\r\n", 1)[0])
        if len(self.received) < self.need:
            return None
        answer, self.received, self.need = self.received[: self.need], self.received[self.need :], 0
        return answer


class Load:
    """One run of a task."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._bodies = Bodies(
            path=task.path,
            host=f"{task.host}:{task.port}",
            key=task.key,
            platform=task.platform,
            batch=task.batch,
            run=task.run,
        )
        self._idle = deque(_Connection(task.host, task.port) for _ in range(task.connections))
        self._poll = selectors.DefaultSelector()
        for connection in self._idle:
            self._poll.register(connection.socket, selectors.EVENT_READ, connection)
        self._latencies: list[float] = []
        self._answered = self._failed = 0
        self._example = ""

    def run(self) -> Outcome:
        """Send until the time is over, wait for the last answers, and sum up."""
        task = self._task
        began = time.perf_counter()
        count_from, until = began + task.warm_up, began + task.warm_up + task.seconds
        due, step = began, 1.0 / task.rate if task.rate else 0.0
        cpu_before = 0.0
        now = began
        while now < until:
            if not cpu_before and now >= count_from:
                cpu_before = _cpu()
            while self._idle and (not step or due <= now):
                self._send(self._idle.popleft(), due if step else time.perf_counter())
                due += step
            timeout = max(0.0, min(until, due) - now) if step and self._idle else 0.2
            self._receive(timeout, count_from, until)
            now = time.perf_counter()
        cpu = _cpu() - cpu_before
        overdue = max(0.0, (now - due) * task.rate) if step else 0.0
        patience = now + _PATIENCE
        while len(self._idle) < task.connections and time.perf_counter() < patience:
            self._receive(0.2, count_from, until)
        self._failed += task.connections - len(self._idle)
        if overdue > max(1.0, task.rate * 0.05):
            self._failed += int(overdue)
            self._example = self._example or f"{overdue:.0f} requests were due and never sent"
        for ready in list(self._poll.get_map().values()):
            ready.data.socket.close()
        self._poll.close()
        return self._sum_up(cpu)

    def _send(self, connection: _Connection, due: float) -> None:
        connection.sent_at = due
        data = memoryview(self._bodies.next_request())
        connection.socket.sendall(
            data
        )  # blocks while the socket's buffer is full, as only large batches make it

    def _receive(self, timeout: float, count_from: float, until: float) -> None:
        for ready, _events in self._poll.select(timeout):
            connection = ready.data
            answer = connection.read()
            if answer is None:
                continue
            now = time.perf_counter()
            if answer.startswith(b"HTTP/1.1 20"):
                self._answered += self._task.batch
                if count_from <= now <= until:
                    self._latencies.append(now - connection.sent_at)
            else:
                self._failed += 1
                self._example = self._example or answer[-300:].decode("utf-8", "replace")
            self._idle.append(connection)

    def _sum_up(self, cpu: float) -> Outcome:
        ordered = sorted(self._latencies) or [0.0]

        def at(share: float) -> float:
            return 1_000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]

        requests = len(self._latencies)
        return Outcome(
            requests=requests,
            events=requests * self._task.batch,
            seconds=self._task.seconds,
            p50=at(0.5),
            p90=at(0.9),
            p99=at(0.99),
            longest=1_000 * ordered[-1],
            answered=self._answered,
            failed=self._failed,
            example=self._example,
            cpu=cpu / self._task.seconds,
            bytes_per_event=self._bodies.bytes_per_event,
        )


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Do the task on standard input."""
    task = msgspec.json.decode(sys.stdin.buffer.read(), type=Task)
    sys.stdout.buffer.write(msgspec.json.encode(Load(task).run()))


if __name__ == "__main__":
    main()
