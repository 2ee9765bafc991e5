"""A gate of its own before a real media server, in a thread of the test."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.live.real.rig import listens, until

from hakam.live.gate import passes
from hakam.live.gate.keeper import Gatekeeper
from hakam.live.gate.passes import Pass
from hakam.live.gate.server import Application, Options, run
from hakam.live.gate.spool import Spool
from hakam.live.gate.spool import path_of as spool_path
from hakam.live.servers.at_work import shipped


def secret(name: str) -> str:
    """Give secrets by name."""
    return f"secret of {name}"


@contextmanager
def gate(home: Path, port: int) -> Iterator[Gatekeeper]:
    """Serve a gate of its own in a thread."""
    spool = Spool(spool_path(home))
    keeper = Gatekeeper(
        home, shipped(), spool, secret=secret, clock=time.time, base_url="https://hakam.example"
    )
    assert keeper.trouble == ""
    loop, stop = asyncio.new_event_loop(), asyncio.Event()
    serving = run(Application(keeper), Options(port=port), stop=stop, every=0.2)
    thread = threading.Thread(target=loop.run_until_complete, args=(serving,), daemon=True)
    thread.start()
    until(lambda: listens(port))
    try:
        yield keeper
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(timeout=20)
        loop.close()
        spool.close()


def key(account: str) -> str:
    """Return a live pass."""
    given = Pass(account=account, until=time.time() + 600, title="An hour of tones")
    return passes.issue(given, secret("live-forum"))
