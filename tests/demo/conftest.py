"""A Maydan for each test, with a Hakam that answers over real HTTP where a test asks for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest

from hakam.demo.hakam_client import Hakam
from hakam.demo.pages import Pages
from hakam.demo.platform import Platform
from hakam.demo.site import Site
from hakam.demo.store import Author, Post, Store

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "maydan.db")
    now = time.time()
    made.add_authors(
        [
            Author("salma", "سلمى الحداد", "ar", "JO", now - 86_400, 812),
            Author("dan", "Dan Okafor", "en", "NG", now - 86_400, 12, verified=True),
        ]
    )
    made.add_posts(
        [
            Post("p1", "salma", now - 300, "ar", "صباح الخير يا أهل الميدان"),
            Post("p2", "dan", now - 200, "en", "Good morning <everybody> & welcome"),
            Post("p3", "salma", now - 100, "ar", "صباح النور", reply="p2"),
        ]
    )
    return made


class Answers:
    """What the other side got, and what it answers with."""

    def __init__(self) -> None:
        self.got: list[tuple[str, dict[str, str], Any]] = []
        self.status = 200

    def paths(self) -> list[str]:
        return [path for path, _, _ in self.got]


@pytest.fixture
def other_side() -> Iterator[tuple[str, Answers]]:
    """Serve the shapes of Hakam's door and API, so that what Maydan sends can be looked at."""
    answers = Answers()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = msgspec.json.decode(self.rfile.read(int(self.headers["content-length"])))
            answers.got.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            said: Any = {"link": "http://hakam.example/n/abc", "id": "1"}
            if self.path == "/v1/events":
                said = {"results": [{"event": event["id"], "verdict": {}} for event in body]}
            data = msgspec.json.encode(said if answers.status < 400 else {"title": "busy"})
            self.send_response(answers.status)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", answers
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def unreachable() -> Hakam:
    """Give a way to a Hakam that is down."""
    return Hakam(door="http://127.0.0.1:1", api="http://127.0.0.1:1", key="hk_x", timeout=2)


@pytest.fixture
def site(store: Store, unreachable: Hakam) -> Site:
    platform = Platform(store, unreachable, base_url="http://maydan.example")
    return Site(platform, Pages(store, console="http://console.example/"), secret=SECRET)


class Browser:
    """Asks a WSGI application, as a browser would."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.status = 0
        self.headers: dict[str, str] = {}

    def _ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> str:
        path, _, query = path.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path.encode().decode("latin-1"),
            "QUERY_STRING": query,
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": BytesIO(body),
            "HTTP_HOST": "maydan.example",
        }
        for name, value in headers.items():
            environ["CONTENT_TYPE" if name == "content_type" else f"HTTP_{name.upper()}"] = value

        def start(status: str, sent: list[tuple[str, str]]) -> None:
            self.status, self.headers = int(status.split(maxsplit=1)[0]), dict(sent)

        return b"".join(self._site(environ, start)).decode("utf-8", "replace")

    def get(self, path: str, **headers: str) -> str:
        return self._ask("GET", path, **headers)

    def post(self, path: str, form: dict[str, str], **headers: str) -> str:
        kind = "application/x-www-form-urlencoded"
        return self._ask("POST", path, urlencode(form).encode(), content_type=kind, **headers)

    def send(self, path: str, body: bytes, headers: dict[str, str]) -> str:
        sent = {name.replace("-", "_"): value for name, value in headers.items()}
        return self._ask("POST", path, body, content_type="application/json", **sent)


@pytest.fixture
def browser(site: Site) -> Browser:
    return Browser(site)
