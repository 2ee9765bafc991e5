"""A platform's webhook receiver: a process of its own that verifies, remembers, and is not always well.

`python -m tests.receiver` reads `Habits` as JSON from standard input. A message is journalled, with fsync,
before it is answered; a message whose id was journalled before is answered and not carried out again. By
seeded chance it answers 500 without looking, loses the answer after journalling, or is slow.
"""

from __future__ import annotations

import os
import random
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
from standardwebhooks import Webhook, WebhookVerificationError


class Habits(msgspec.Struct, frozen=True):
    """How the receiver behaves. Chances from 0 to 1."""

    port: int
    secret: str
    journal: str
    seed: int = 0
    refuses: float = 0.0  # 500, nothing kept
    forgets: float = 0.0  # kept, and the connection closed without an answer
    dawdles: float = 0.0  # kept, answered after `seconds`
    seconds: float = 12.0
    applies: float = 1.0  # says `applied` in its answer


class Received(msgspec.Struct, frozen=True):
    """A line of the journal. `repeat` and `refused` lines carry no data."""

    id: str
    kind: str = ""
    at: float = 0.0
    applied: bool = False
    repeat: bool = False
    refused: str = ""
    data: dict[str, Any] = {}


def read_journal(path: Path) -> list[Received]:
    """Return the whole lines of a journal."""
    if not path.exists():
        return []
    lines = path.read_bytes().split(b"\n")[:-1]
    return [msgspec.json.decode(line, type=Received) for line in lines]


class Receiver:
    """Carries out each message once."""

    def __init__(self, habits: Habits) -> None:
        self.habits = habits
        self._hook = Webhook(habits.secret)
        self._chance = random.Random(habits.seed)  # noqa: S311 -- chance, not secrecy
        self._lock = threading.Lock()
        path = Path(habits.journal)
        self._seen = {
            line.id: line.applied for line in read_journal(path) if not (line.repeat or line.refused)
        }
        self._file = path.open("ab", buffering=0)

    def chance(self, share: float) -> bool:
        with self._lock:
            return self._chance.random() < share

    def take(self, headers: dict[str, str], body: bytes) -> bool | None:
        """Keep a message; return whether it is applied, or None for one whose signature does not hold."""
        try:
            self._hook.verify(body, headers)
        except WebhookVerificationError as error:
            self._write(Received(id=headers.get("webhook-id", ""), refused=str(error) or "signature"))
            return None
        id_ = headers["webhook-id"]
        said = msgspec.json.decode(body)
        with self._lock:
            if id_ in self._seen:
                self._write(Received(id=id_, kind=said["type"], at=time.time(), repeat=True))
                return self._seen[id_]
            applied = said["type"].startswith("measure.") and self._chance.random() < self.habits.applies
            self._write(
                Received(id=id_, kind=said["type"], at=time.time(), applied=applied, data=said["data"]),
                sync=True,
            )
            self._seen[id_] = applied
            return applied

    def _write(self, line: Received, *, sync: bool = False) -> None:
        self._file.write(msgspec.json.encode(line) + b"\n")
        if sync:
            os.fsync(self._file.fileno())


def handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    """Return the class that answers requests for `receiver`."""
    habits = receiver.habits

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(200, b"{}")

        def do_POST(self) -> None:
            length = int(self.headers.get("content-length", "0"))
            body = self.rfile.read(length)
            if len(body) < length:  # whoever sent it was killed in the middle: half a message is none
                self.close_connection = True
                return
            if receiver.chance(habits.refuses):
                self._answer(500, b'{"detail": "not today"}')
                return
            applied = receiver.take({name.lower(): value for name, value in self.headers.items()}, body)
            if applied is None:
                self._answer(401, b"{}")
                return
            if receiver.chance(habits.forgets):
                self.close_connection = True
                return
            if receiver.chance(habits.dawdles):
                time.sleep(habits.seconds)
            self._answer(200, b'{"status": "applied"}' if applied else b"{}")

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            return

    return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_: Any) -> None:
        return  # a sender that was killed in the middle is what this is for


if __name__ == "__main__":
    chosen = msgspec.json.decode(sys.stdin.buffer.readline(), type=Habits)
    _Server(("127.0.0.1", chosen.port), handler(Receiver(chosen))).serve_forever()
