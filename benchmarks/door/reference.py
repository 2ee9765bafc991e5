"""What the server alone can do: granian's RSGI, each event decoded by msgspec, a constant answer, nothing kept.

`python -m benchmarks.door.reference PORT` serves it until it is ended. The door can't be faster; how far below it
stays is what rules, answers and the disk cost.
"""

from __future__ import annotations

import asyncio
import gc
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec
import psutil
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

from hakam.vocabulary.event import Event

ROOT = Path(__file__).resolve().parents[2]
_HEADERS = [("content-type", "application/json")]
_ONE = (
    b'{"event":"00000000-0000000000000000",'
    b'"verdict":{"pack":{"id":"p","version":"1","digest":"d"}},"duplicate":false}'
)
_READY_SECONDS = 30.0
_decode_one = msgspec.json.Decoder(Event).decode
_decode_many = msgspec.json.Decoder(list[Event]).decode


class _Application:
    async def __rsgi__(self, _scope: Any, protocol: Any) -> None:
        body = await protocol()
        if body[:1] == b"[":
            answer = b'{"results":[%b]}' % b",".join([_ONE] * len(_decode_many(body)))
        else:
            _decode_one(body)
            answer = _ONE
        protocol.response_bytes(200, _HEADERS, answer)


class Reference:
    """The bare server as a process of its own. Use it with `with`."""

    host = "127.0.0.1"

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind((self.host, 0))
            self.port = int(probe.getsockname()[1])
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.door.reference", str(self.port)],
            stdin=subprocess.DEVNULL,
            cwd=ROOT,
        )

    def __enter__(self) -> Self:
        """Wait until it listens."""
        until = time.monotonic() + _READY_SECONDS
        while time.monotonic() < until:
            try:
                socket.create_connection((self.host, self.port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return self
        self.end()
        raise SystemExit("the reference did not start")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it."""
        self.end()

    def cpu(self) -> float:
        """Processor seconds used so far."""
        times = psutil.Process(self._process.pid).cpu_times()
        return float(times.user + times.system)

    def end(self) -> None:
        """Stop the process."""
        self._process.kill()
        self._process.wait()


def main() -> None:
    """Serve with the settings of the door."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    sys.setswitchinterval(0.001)
    server = Server(
        _Application(),
        address=Reference.host,
        port=int(sys.argv[1]),
        interface=Interfaces.RSGI,
        http=HTTPModes.http1,
        websockets=False,
        backlog=2_048,
        backpressure=2_048,
        log_enabled=False,
    )
    asyncio.run(server.serve())


if __name__ == "__main__":
    main()
