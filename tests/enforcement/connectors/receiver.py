"""A real HTTP server that behaves as it is told. Verifies signatures with the library that platforms use."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

from standardwebhooks import Webhook

PORTS = range(18300, 18400)


class Receiver(ThreadingHTTPServer):
    """Keeps what it got; `answer` is what it says next: status, headers, body."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, secret: str) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.secret = secret
        self.answer: tuple[int, dict[str, str], bytes] = (200, {}, b"")
        self.drip = 0.0
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.verified: list[Any] = []
        self.paths: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hooks?x=1"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that hangs up is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version: ClassVar[str] = "HTTP/1.1"
    disable_nagle_algorithm: ClassVar[bool] = True
    server: Receiver

    def do_POST(self) -> None:
        length = int(self.headers["content-length"])
        body = self.rfile.read(length)
        if len(body) < length:  # whoever sent it was killed in the middle: half a message is none
            self.close_connection = True
            return
        headers = {k.lower(): v for k, v in self.headers.items()}
        self.server.got.append((headers, body))
        self.server.paths.append(self.path)
        if self.server.secret:
            self.server.verified.append(Webhook(self.server.secret).verify(body, headers))
        status, extra, answer = self.server.answer
        self.send_response(status)
        for name, value in extra.items():
            self.send_header(name, value)
        if self.server.drip:
            self.send_header("transfer-encoding", "chunked")
            self.end_headers()
            for _ in range(1_000):
                self.wfile.write(b"1\r\nx\r\n")
                time.sleep(self.server.drip)
            return
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: Any) -> None:
        """Keep the test's output clean."""


@contextmanager
def receiver(secret: str) -> Iterator[Receiver]:
    for port in PORTS:
        try:
            server = Receiver(port, secret)
            break
        except OSError:
            continue
    else:
        raise OSError("no port is free")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def said(body: dict[str, Any]) -> bytes:
    return json.dumps(body).encode()
