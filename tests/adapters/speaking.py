"""A real service on a socket that speaks as chat completions and moderations do, and misbehaves when told to."""

from __future__ import annotations

import base64
import io
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from PIL import Image

THREAT = "hurt you"


_ALWAYS = {"garbage": b"<html>welcome</html>", "nested": b"[" * 200_000, "huge": b"x" * (2 << 20)}


class Service(ThreadingHTTPServer):
    """Judges by one rule: a text that holds `hurt you`. `manner` says how it answers."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.manner = "well"
        self.seen: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.under_way = 0
        self.most_under_way = 0
        self.lock = threading.Lock()
        self.hold = threading.Event()  # set: those who were held are answered

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients that hang up are part of the tests."""


@contextmanager
def service() -> Iterator[Service]:
    server = Service()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server
    finally:
        server.hold.set()
        server.shutdown()
        thread.join()
        server.server_close()


def judged(text: str) -> bool:
    return THREAT in text


def content_of(body: dict[str, Any]) -> str:
    """Return the text to judge, read as a model that was told the frame would."""
    said = body["messages"][-1]["content"]
    with suppress(ValueError):
        framed = json.loads(said)
        if isinstance(framed, dict):
            return str(framed["content"])
    for mark in ("Text: ", "CONTENT\n"):
        if mark in said:
            return str(json.JSONDecoder().raw_decode(said.split(mark, 1)[1])[0])
    return str(said)


class _Handler(BaseHTTPRequestHandler):
    server: Service
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the library's word
        """Keep quiet."""

    def do_POST(self) -> None:
        server = self.server
        data = self.rfile.read(int(self.headers["content-length"]))
        form = self.headers["content-type"].startswith("multipart/form-data")
        body = {"form": data} if form else json.loads(data)
        with server.lock:
            server.seen.append(body)
            server.keys.append(self.headers.get("authorization", ""))
            server.under_way += 1
            server.most_under_way = max(server.most_under_way, server.under_way)
        try:
            with suppress(BrokenPipeError, ConnectionResetError):
                self._answer(body)
        finally:
            with server.lock:
                server.under_way -= 1

    def _answer(self, body: dict[str, Any]) -> None:
        manner = self.server.manner
        if manner == "silent":
            self.server.hold.wait(60)
            self.close_connection = True
            return
        if manner.isdigit() or manner.startswith("429 "):
            status, _, after = manner.partition(" ")
            self._send(int(status), b'{"error": {}}', {"retry-after": after} if after else {})
        elif manner in _ALWAYS:
            self._send(200, _ALWAYS[manner], {})
        elif manner == "hang up":
            self.close_connection = True
            self.connection.close()
        elif manner == "drop by drop":
            self._drop()
        elif self.path.endswith("/transcriptions"):
            said = "I will hurt you" if b"RIFF" in body["form"] else ""
            self._send(200, json.dumps({"text": f" {said} ", "language": "en"}).encode(), {})
        elif self.path.endswith("/moderations") and not isinstance(body["input"], str):
            self._look(body)
        elif self.path.endswith("/moderations"):
            scores = {"violence": 0.95 if judged(body["input"]) else 0.02, "hate": 0.1}
            self._send(200, json.dumps({"results": [{"category_scores": scores}]}).encode(), {})
        else:
            self._complete(body, manner)

    def _look(self, body: dict[str, Any]) -> None:
        """Say that a picture is violent where it is red."""
        address = body["input"][0]["image_url"]["url"]
        data = base64.b64decode(address.partition("base64,")[2])
        red, _green, blue = Image.open(io.BytesIO(data)).convert("RGB").resize((1, 1)).getpixel((0, 0))
        scores = {"violence": 0.9 if red > 200 and blue < 60 else 0.05, "hate": 0.0}
        self._send(200, json.dumps({"results": [{"category_scores": scores}]}).encode(), {})

    def _complete(self, body: dict[str, Any], manner: str) -> None:
        said = self._said(body, manner)
        usage = {"prompt_tokens": 10**30 if manner == "dear" else 100, "completion_tokens": 10}
        finish: Any = {"cut short": "length", "odd end": ["stop"]}.get(manner, "stop")
        if manner.startswith("stream"):
            parts = [said[:3], said[3:]]
            chunks = [{"choices": [{"delta": {"content": part}}]} for part in parts]
            if manner == "stream":
                chunks.append({"choices": [{"delta": {}, "finish_reason": "stop"}], "usage": usage})
            lines = [f"data: {json.dumps(chunk)}\n\n" for chunk in chunks]
            if manner == "stream":
                lines.append("data: [DONE]\n\n")
            self._send(200, "".join(lines).encode(), {"content-type": "text/event-stream"})
            return
        choice: dict[str, Any] = {"message": {"role": "assistant", "content": said}, "finish_reason": finish}
        if manner == "with shares":
            yes, no = ("unsafe", "safe") if said in {"safe", "unsafe\nS1"} else ("Yes", "No")
            top = [{"token": yes, "logprob": -0.22314355}, {"token": f" {no}", "logprob": -1.60943791}]
            choice["logprobs"] = {"content": [{"token": yes, "logprob": -0.2, "top_logprobs": top}]}
        if manner == "no text":
            choice["message"]["content"] = None
        self._send(200, json.dumps({"choices": [choice], "usage": usage}).encode(), {})

    def _said(self, body: dict[str, Any], manner: str) -> str:
        text = content_of(body)
        bad = judged(text)
        plain = {
            "guard": "unsafe\nS1" if bad else "safe",
            "shield": "Yes, it does." if bad else "No.",
            "cope": "1" if bad else "0",
        }
        if body["model"] in plain:
            return "I can't say" if manner == "off the form" else plain[body["model"]]
        mark = json.loads(body["messages"][-1]["content"])["mark"]
        share = 0.9 if bad else 0.1
        answer: dict[str, Any] = {"violation": bad, "probability": share, "mark": mark}
        if manner == "obedient":  # a weak model that repeats what the text tells it to say
            start = text.find("{")
            return text[start : text.rfind("}") + 1] if start >= 0 else json.dumps(answer)
        if manner == "contradicts":
            answer["violation"] = not bad
        if manner == "without mark":
            del answer["mark"]
        if manner == "beyond":
            answer["probability"] = 1.5
        said = json.dumps(answer)
        if manner == "fenced":
            return f"```json\n{said}\n```"
        return f"Here is my answer: {said}" if manner == "talks" else said

    def _drop(self) -> None:
        self.send_response(200)
        self.send_header("content-length", "100000")
        self.end_headers()
        while not self.server.hold.is_set():
            self.wfile.write(b" ")
            self.wfile.flush()
            time.sleep(0.05)

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"content-type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
