"""A receiver like the CyberTipline, for tests: a WSGI application that enforces the documented order and codes.

It shares no code with what writes and sends reports. It opens a report, takes files and their details while it is open,
files it on finish, forgets it on retract, and answers each mistake with its response code.
"""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Callable, Iterable, Mapping
from email import message_from_bytes
from email.policy import HTTP
from typing import Any, Final
from urllib.parse import parse_qs
from xml.etree.ElementTree import Element, ParseError, fromstring

USER, PASSWORD = "platform", "tests only"  # of a test double
StartResponse = Callable[[str, list[tuple[str, str]]], Any]
INCIDENTS: Final = frozenset({
    "Child Pornography (possession, manufacture, and distribution)", "Child Sex Trafficking", "Child Sex Tourism",
    "Child Sexual Molestation", "Misleading Domain Name", "Misleading Words or Digital Images on the Internet",
    "Online Enticement of Children for Sexual Acts", "Unsolicited Obscene Material Sent to a Child",
})  # fmt: skip
PLACES: Final = frozenset({
    "webPageIncident", "emailIncident", "newsgroupIncident", "chatImIncident", "onlineGamingIncident",
    "cellPhoneIncident", "nonInternetIncident", "peer2peerIncident",
})  # fmt: skip
FLAGS: Final = frozenset({
    "sextortion", "csamSolicitation", "minorToMinorInteraction", "spam", "sadisticOnlineExploitation", "informational",
})  # fmt: skip


class Receiver:
    """The whole of it. `trouble` holds codes or HTTP statuses to answer next, instead of doing anything."""

    def __init__(self) -> None:
        self.open: dict[str, bytes] = {}
        self.files: dict[str, tuple[str, bytes]] = {}  # file -> (report, bytes)
        self.described: dict[str, dict[str, str]] = {}
        self.filed: dict[str, bytes] = {}
        self.retracted: set[str] = set()
        self.asked: list[str] = []
        self.trouble: list[int] = []
        self._lock = threading.Lock()

    def __call__(self, environ: Mapping[str, Any], start: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        with self._lock:
            path = environ["PATH_INFO"]
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            self.asked.append(path)
            status, answer = self._answer(environ, path, body)
        start(status, [("content-type", "text/xml; charset=utf-8")])
        return [answer]

    def _answer(  # noqa: PLR0911 -- the receiver's table
        self, environ: Mapping[str, Any], path: str, body: bytes
    ) -> tuple[str, bytes]:
        if self.trouble:
            code = self.trouble.pop(0)
            if code in {500, 502, 503}:
                return f"{code} Trouble", b"<html>trouble"
            return "200 OK", _said(code)
        wanted = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if environ.get("HTTP_AUTHORIZATION") != wanted:
            return "200 OK", _said(2000)
        kind = environ.get("CONTENT_TYPE", "")
        match path:
            case "/status":
                return "200 OK", _said(0)
            case "/submit":
                return "200 OK", self._submit(body)
            case "/upload":
                return "200 OK", self._upload(kind, body)
            case "/fileinfo":
                return "200 OK", self._describe(body)
            case "/finish" | "/retract":
                return "200 OK", self._end(path, parse_qs(body.decode()).get("id", [""])[0])
        return "404 Not Found", b"<html>"

    def _submit(self, body: bytes) -> bytes:
        root = _parsed(body)
        if root is None:
            return _said(4110)
        if not _valid(root):
            return _said(4100)
        number = str(4_564_654 + len(self.open) + len(self.filed) + len(self.retracted))
        self.open[number] = body
        return _said(0, reportId=number)

    def _state(self, number: str) -> int:
        if number in self.retracted:
            return 5101
        if number in self.filed:
            return 5102
        return 0 if number in self.open else 5001

    def _upload(self, kind: str, body: bytes) -> bytes:
        parts = _parts(kind, body)
        number = parts.get("id", b"").decode()
        if (code := self._state(number)) or "file" not in parts:
            return _said(code or 4100)
        file = f"b0754af766b426f2928a02c651ed4b9{len(self.files):x}"
        self.files[file] = (number, parts["file"])
        checked = hashlib.md5(parts["file"], usedforsecurity=False).hexdigest()
        return _said(0, reportId=number, fileId=file, hash=checked)

    def _describe(self, body: bytes) -> bytes:
        root = _parsed(body)
        if root is None:
            return _said(4110)
        said = {element.tag: (element.text or "") for element in root}
        number, file = said.get("reportId", ""), said.get("fileId", "")
        if code := self._state(number):
            return _said(code)
        if self.files.get(file, ("",))[0] != number:
            return _said(5002)
        supplemental = said.get("fileRelevance") == "Supplemental Reported"
        if root.tag != "fileDetails" or (
            supplemental and {"industryClassification", "potentialMeme"} & set(said)
        ):
            return _said(4100)
        self.described[file] = said
        return _said(0, reportId=number)

    def _end(self, path: str, number: str) -> bytes:
        if code := self._state(number):
            return _said(code)
        body = self.open.pop(number)
        if path == "/retract":
            self.retracted.add(number)
        else:
            self.filed[number] = body
        return _said(0, reportId=number)


def _said(code: int, **more: str) -> bytes:
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in more.items())
    return f"<reportResponse><responseCode>{code}</responseCode>{inner}</reportResponse>".encode()


def _parsed(body: bytes) -> Element | None:
    if b"<!DOCTYPE" in body:
        return None
    try:
        return fromstring(body)  # noqa: S314 -- with no document type, from a test
    except ParseError:
        return None


def _valid(root: Element) -> bool:
    summary = root.find("incidentSummary")
    if root.tag != "report" or summary is None:
        return False
    places = [element.tag for element in root.findall("internetDetails/*")]
    flags = {element.tag for element in root.findall("incidentSummary/reportAnnotations/*")}
    return (
        summary.findtext("incidentType") in INCIDENTS
        and (summary.findtext("incidentDateTime") or "").endswith("Z")
        and len(summary.findtext("platform") or "") <= 256  # noqa: PLR2004 -- the documented length
        and len(summary.findtext("escalateToHighPriority") or "") <= 3_000  # noqa: PLR2004 -- the same
        and set(places) <= PLACES
        and flags <= FLAGS
        and bool(root.findtext("reporter/reportingPerson/firstName"))
        and bool(root.findtext("reporter/reportingPerson/email"))
    )


def _parts(kind: str, body: bytes) -> dict[str, bytes]:
    message = message_from_bytes(b"content-type: " + kind.encode() + b"\r\n\r\n" + body, policy=HTTP)
    found = {}
    for part in message.iter_parts() if message.is_multipart() else ():
        name = part.get_param("name", header="content-disposition")
        found[str(name)] = _bytes(part.get_payload(decode=True))
    return found


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else b""
