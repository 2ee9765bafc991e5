"""`python -m benchmarks.live [--runs 30]`: from the order to cut to black, with real nginx-rtmp, Janus and Icecast.

`python -m benchmarks.live --gate` measures how long a media server waits for the gate instead; see `gate.py`.

Time to black is that from the order until a viewer sees or hears nothing new: the last bytes by RTMP; the end of the
last segment that a player of HLS shows, three segments of a second behind; the last frame that a viewer of WebRTC
decoded; the last page of the show's Ogg stream by Icecast. "looked" is when the adapter found that nothing can be got
any more. In the same
run the reference: nginx's own way, dropping the publisher and leaving the files.
"""

from __future__ import annotations

import argparse
import math
import os
import re
import statistics
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import httpx
from benchmarks.live.gate import measure
from tests.live.real.janus import ROOM, Broadcaster, Janus, RoomViewer
from tests.live.real.rig import (
    Icecast,
    Listener,
    NginxRtmp,
    RtmpViewer,
    broadcast,
    radio,
    scratch,
    until,
)

from hakam.live.gate import passes
from hakam.live.gate.judge import Answer
from hakam.live.gate.passes import Pass
from hakam.live.servers import control
from hakam.live.servers.icecast import Icecast as IcecastAdapter
from hakam.live.servers.janus import Janus as JanusAdapter
from hakam.live.servers.nginx_rtmp import NginxRtmp as NginxAdapter
from hakam.live.servers.server import Asked, Handle, MediaServer, Moment

QUIET = 3.0  # seconds without anything new, after which a viewer is taken to see nothing
LONGEST = 30.0
BEHIND = 3  # segments
OK = 200
SEGMENT = re.compile(r"#EXTINF:([0-9.]+),[^\n]*\nshow-(\d+)\.ts")


class HlsPlayer:
    """Plays as players do: begins three segments before the newest, gets the next one when one has been shown."""

    def __init__(self, playlist: str) -> None:
        self.black_at, self.shown = 0.0, 0
        self._playlist, self._stop = playlist, threading.Event()
        self._thread = threading.Thread(target=self._play, daemon=True)
        self._thread.start()

    def _play(self) -> None:
        base, at, listed = self._playlist.rpartition("/")[0], None, []
        with httpx.Client(timeout=5, trust_env=False) as client:
            while not self._stop.is_set():
                with suppress(httpx.HTTPError):
                    answer = client.get(self._playlist)
                    if answer.status_code == OK:
                        listed = [(int(n), float(s)) for s, n in SEGMENT.findall(answer.text)]
                if at is None and len(listed) > BEHIND:
                    at = listed[-1 - BEHIND][0]
                length = dict(listed).get(at) if at is not None else None
                if length is None or client.get(f"{base}/show-{at}.ts").status_code != OK:
                    self._stop.wait(0.05)
                    continue
                self.black_at, self.shown, at = time.monotonic() + length, self.shown + 1, (at or 0) + 1
                self._stop.wait(length)

    def close(self) -> None:
        """Play no more."""
        self._stop.set()
        self._thread.join()


def looked(adapter: MediaServer, handle: Handle) -> float:
    """Cut and look until it is black; return the seconds that it took."""
    began = time.monotonic()
    while True:
        if adapter.drop(handle).done and adapter.black(handle):
            return time.monotonic() - began
        if time.monotonic() - began > LONGEST:
            return float("nan")


def nginx_run(server: NginxRtmp, folder: Path, cut: Callable[[Handle], float]) -> tuple[float, float, float]:
    """Return seconds to black by RTMP and by HLS, and when it was found to be."""
    handle = Handle("show", settings=server.settings)
    with broadcast(server.address("show"), folder):
        rtmp, hls = RtmpViewer(server.address("show")), HlsPlayer(server.playlist("show"))
        until(lambda: rtmp.bytes and hls.shown > 2)
        began = time.monotonic()
        found = cut(handle)
        until(lambda: time.monotonic() - max(rtmp.last, hls.black_at) > QUIET, seconds=LONGEST)
        rtmp.close()
        hls.close()
    return max(0.0, rtmp.last - began), max(0.0, hls.black_at - began), found


def dropped_only(handle: Handle) -> float:
    """Drop the publisher and do no more: the reference."""
    at = f"{handle.settings['control']}/drop/publisher"
    control.call("GET", at, params={"app": "live", "name": handle.stream})
    return float("nan")


def icecast_run(server: Icecast, folder: Path) -> tuple[float, float]:
    """Return seconds until the show was last heard, and when it was found to be black."""
    handle = Handle("/show.ogg", settings=server.settings, secret=Icecast.ADMIN)
    adapter = IcecastAdapter()
    with radio(server.address("/show.ogg", "hold-secret"), folder):
        until(lambda: not adapter.black(handle))
        listener = Listener(server.url("/show.ogg"))
        until(lambda: listener.bytes > 3_000)
        of_show = set(listener.serials)
        began = time.monotonic()
        found = looked(adapter, handle)
        until(lambda: time.monotonic() - max(listener.serials[s] for s in of_show) > QUIET, seconds=LONGEST)
        last = max(listener.serials[s] for s in of_show)
        listener.close()
    return max(0.0, last - began), found


def janus_run(server: Janus) -> tuple[float, float]:
    """Return seconds until the last frame that a viewer saw, and when the room was found to be black."""
    adapter = JanusAdapter()
    handle = Handle(ROOM, settings=server.settings, secret=Janus.ADMIN)
    key = passes.issue(Pass(account="u1", until=time.time() + 600), "secret")
    adapter.obey(Asked(Moment.ASK, ROOM, key), Answer(allowed=True), handle)
    with Broadcaster(server, token=key), RoomViewer(server) as viewer:
        until(lambda: viewer.frames > 30)
        began = time.monotonic()
        found = looked(adapter, handle)
        until(lambda: time.monotonic() - viewer.last > QUIET, seconds=LONGEST)
    return max(0.0, viewer.last - began), found


def tried(run: Callable[[], tuple[float, ...]], values: int) -> tuple[float, ...]:
    """Run once; what came to nothing is told, counted, and ends no measurement."""
    try:
        return run()
    except (TimeoutError, OSError) as error:
        print(f"a run came to nothing: {error}", flush=True)
        return (float("nan"),) * values


def told(name: str, values: list[float]) -> str:
    """Return one line: the median, the 99th part of a hundred, and the longest; of the runs that came to something."""
    known = sorted(value for value in values if not math.isnan(value))
    if not known:
        return f"{name}: no run came to anything"
    worst = known[math.ceil(len(known) * 0.99) - 1]
    return (
        f"{name}: median {statistics.median(known):.2f} s, p99 {worst:.2f} s, longest {known[-1]:.2f} s, "
        f"{len(known)} of {len(values)} runs"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--gate", action="store_true", help="measure the gate's answers instead")
    parser.add_argument("--questions", type=int, default=2_000)
    parser.add_argument("--accounts", type=int, default=200_000, help="barred ones, in the gate's book")
    given = parser.parse_args()
    if given.gate:
        measure(given.questions, given.accounts)
        return
    runs: int = given.runs
    print(f"{runs} runs a server, load {os.getloadavg()[0]:.1f}")
    with scratch() as folder:
        with NginxRtmp(folder / "nginx", "") as server:
            ours = [
                tried(lambda: nginx_run(server, folder, lambda h: looked(NginxAdapter(), h)), 3)
                for _ in range(runs)
            ]
            reference = [
                tried(lambda: nginx_run(server, folder, dropped_only), 3) for _ in range(max(3, runs // 10))
            ]
        say("nginx-rtmp, RTMP viewer", ours, 0)
        say("nginx-rtmp, HLS viewer", ours, 1)
        say("nginx-rtmp, looked", ours, 2)
        say("reference: publisher dropped alone, HLS viewer", reference, 1)
        here, there = (
            statistics.median([one[1] for one in some if not math.isnan(one[1])] or [math.nan])
            for some in (ours, reference)
        )
        print(f"HLS viewers: {here / max(1e-9, there):.2f} of the reference", flush=True)
        with Janus(folder / "janus", "") as rooms:
            seen = [tried(lambda: janus_run(rooms), 2) for _ in range(runs)]
        say("Janus, viewer of WebRTC", seen, 0)
        say("Janus, looked", seen, 1)
        with (
            Icecast(folder / "icecast", "") as station,
            radio(station.address("/hold.ogg", "hold-secret"), folder, name="hold", frequency=200),
        ):
            heard = [tried(lambda: icecast_run(station, folder), 2) for _ in range(runs)]
        say("Icecast, listener on the hold stream", heard, 0)
        say("Icecast, looked", heard, 1)
    print(f"load {os.getloadavg()[0]:.1f} at the end")


def say(name: str, runs: list[tuple[float, ...]], place: int) -> None:
    """Print what one place of all runs came to, as soon as it is there."""
    print(told(name, [one[place] for one in runs]), flush=True)


if __name__ == "__main__":
    main()
