"""Films that go on, as FFmpeg makes them of test pictures: what a broadcaster sends and what a browser gets."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MP4 = ("-f", "mp4", "-movflags", "empty_moov+default_base_moof+frag_keyframe", "-frag_duration", "250000")
WEBM = ("-f", "webm", "-live", "1", "-cluster_time_limit", "250")
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-level", "1.3", "-g", "12", "-pix_fmt", "yuv420p")
VP8 = ("-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-g", "12", "-b:v", "200k")


@cache
def film(*words: str, seconds: float = 3.0, sight: bool = True, sound: bool = False) -> bytes:
    """Return a film of a test picture, a tone, or both, twelve frames a second."""
    command = ["ffmpeg", "-nostdin", "-v", "error", "-threads", "1"]
    if sight:
        command += ["-f", "lavfi", "-t", f"{seconds}", "-i", "testsrc2=size=320x240:rate=12"]
    if sound:
        command += ["-f", "lavfi", "-t", f"{seconds}", "-i", "sine=frequency=440:sample_rate=48000"]
    return subprocess.run([*command, *words, "pipe:1"], check=True, capture_output=True).stdout


class Sender:
    """Sends a film to whoever asks, in its own time or at once. `asked`: how often that was.

    `held`: whether the second half waits until the sender is closed.
    """

    def __init__(self, data: bytes, seconds: float, *, held: bool = False) -> None:
        self.data, self.seconds, self.held, self.asked = data, seconds, held, 0
        self.stopped = threading.Event()
        sender = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                sender.asked += 1
                self.send_response(200)
                self.end_headers()
                try:
                    self._send()
                except OSError:
                    return

            def _send(self) -> None:
                began, sent = time.monotonic(), 0
                while sent < len(sender.data) and not sender.stopped.is_set():
                    part = (time.monotonic() - began) / sender.seconds if sender.seconds else 1.0
                    part = min(part, 0.5) if sender.held else part
                    upto = min(len(sender.data), int(part * len(sender.data)) + 4_096)
                    self.wfile.write(sender.data[sent:upto])
                    sent = upto
                    time.sleep(0.02)

            def log_message(self, *_: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/show"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Send no more."""
        self.stopped.set()
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def sent(data: bytes, seconds: float = 0.0, *, held: bool = False) -> Iterator[Sender]:
    """Give a sender of a film; `seconds`: how long it takes, 0: at once."""
    sender = Sender(data, seconds, held=held)
    try:
        yield sender
    finally:
        sender.close()
