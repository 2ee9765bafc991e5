"""The HTTP interface of the CyberTipline: submit, upload, describe, finish or retract. Without finish, none is filed.

No content and no name is in any error: they go into logs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol
from xml.etree.ElementTree import Element, ParseError, fromstring

import httpx

OK: Final = 0
RETRACTED, FINISHED = 5101, 5102
_XML: Final = {"content-type": "text/xml; charset=utf-8"}
_LATER: Final = frozenset({1000})  # the server's own trouble
_LONGEST_ANSWER: Final = 100_000


class NotNowError(OSError):
    """Nothing is known to be done; try again."""


class RefusedError(ValueError):
    """The receiver does not take it as it is. `code` is its response code."""

    def __init__(self, code: int, step: str) -> None:
        self.code = code
        super().__init__(f"{step}: response code {code}")


class Tipline(Protocol):
    """What filing a report needs of the receiver."""

    def submit(self, report: bytes) -> str:
        """Open a report and return its number."""
        ...

    def upload(self, report: str, name: str, data: bytes) -> str:
        """Upload a file of an open report and return the file's number."""
        ...

    def describe(self, details: bytes) -> None:
        """Send the details of an uploaded file."""
        ...

    def finish(self, report: str) -> None:
        """File an open report. One that is filed already is filed."""
        ...

    def retract(self, report: str) -> None:
        """Give up an open report. One that is given up already is given up."""
        ...


class HttpTipline:
    """The real one, or whatever stands at `base_url`: HTTP Basic authentication, XML in UTF-8."""

    def __init__(self, base_url: str, user: str, password: str, *, timeout: float = 60.0) -> None:
        self._http = httpx.Client(
            base_url=base_url.rstrip("/"),
            auth=(user, password),
            timeout=timeout,
            follow_redirects=False,
            trust_env=False,
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def submit(self, report: bytes) -> str:
        """Open a report and return its number."""
        answer = self._post("/submit", content=report)
        return _number_in(answer, "reportId", "submit")

    def upload(self, report: str, name: str, data: bytes) -> str:
        """Upload a file of an open report and return the file's number."""
        answer = self._send("/upload", data={"id": report}, files={"file": (name, data)})
        return _number_in(answer, "fileId", "upload")

    def describe(self, details: bytes) -> None:
        """Send the details of an uploaded file."""
        self._post("/fileinfo", content=details)

    def finish(self, report: str) -> None:
        """File an open report."""
        self._send("/finish", data={"id": report}, done=FINISHED)

    def retract(self, report: str) -> None:
        """Give up an open report."""
        self._send("/retract", data={"id": report}, done=RETRACTED)

    def _post(self, path: str, *, content: bytes) -> Element:
        return self._answer(path, lambda: self._http.post(path, content=content, headers=_XML))

    def _send(
        self,
        path: str,
        *,
        data: dict[str, str],
        files: dict[str, tuple[str, bytes]] | None = None,
        done: int = OK,
    ) -> Element:
        return self._answer(path, lambda: self._http.post(path, data=data, files=files), done=done)

    def _answer(self, path: str, call: Callable[[], httpx.Response], *, done: int = OK) -> Element:
        try:
            answer = call()
        except httpx.HTTPError as error:
            raise NotNowError(f"{path}: {type(error).__name__}") from None
        if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise NotNowError(f"{path}: HTTP {answer.status_code}")
        root = _parsed(answer.content[:_LONGEST_ANSWER])
        text = root.findtext("responseCode", "") if root is not None else ""
        if root is None or not text.isascii() or not text.isdigit():
            raise NotNowError(f"{path}: HTTP {answer.status_code} with no response code")
        code = int(text)
        if code in {OK, done}:
            return root
        if code in _LATER:
            raise NotNowError(f"{path}: response code {code}")
        raise RefusedError(code, path)


def _number_in(root: Element, name: str, step: str) -> str:
    text = (root.findtext(name) or "").strip()
    if not text:
        raise NotNowError(f"/{step}: no {name} in the answer")
    return text[:64]


def _parsed(data: bytes) -> Element | None:
    """Parse a small answer; one with a document type, which could hold entities, is none."""
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        return None
    try:
        return fromstring(data)  # noqa: S314 -- small, and with no document type
    except ParseError:
        return None
