"""A small HTTP server that answers as a test says, and keeps what was asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.live.real.rig import free_port


class Door:
    """A small HTTP server that answers as a test says, and keeps what was asked."""

    def __init__(self, answer: Callable[[str], tuple[int, bytes]]) -> None:
        asked: list[tuple[str, bytes, dict[str, str]]] = []

        class Handler(BaseHTTPRequestHandler):
            def _do(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                asked.append((self.path, body, {name.lower(): value for name, value in self.headers.items()}))
                status, data = answer(self.path)
                self.send_response(status)
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = _do  # noqa: N815 -- the library's names

            def log_message(self, *_: object) -> None: ...

        self.asked = asked
        self.server = ThreadingHTTPServer(("127.0.0.1", free_port()), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Serve no more."""
        self.server.shutdown()
        self.server.server_close()


@contextmanager
def door(answer: Callable[[str], tuple[int, bytes]]) -> Iterator[Door]:
    """Serve while the block runs."""
    made = Door(answer)
    try:
        yield made
    finally:
        made.close()
