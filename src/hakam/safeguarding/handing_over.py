"""Handing an approved report to the NCA over HTTP: one request with the document and its files, filed or not filed.

OSA s.66 wants it told in the manner of regulations whose interface is not public, so the document is our own and the
address is the operator's: a gateway in front of the NCA's portal, or an endpoint to try it with. No content and no
name is in any error: they go into logs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

import httpx
import msgspec

from hakam.safeguarding.cybertip.client import NotNowError, RefusedError

_LATER: Final = frozenset({httpx.codes.REQUEST_TIMEOUT, httpx.codes.TOO_EARLY, httpx.codes.TOO_MANY_REQUESTS})
_LONGEST_ANSWER: Final = 100_000
_LONGEST_NUMBER: Final = 64


class Part(NamedTuple):
    """A file that goes with a report."""

    name: str
    data: bytes


class Receiver(Protocol):
    """Whoever takes a report whole."""

    def hand_over(self, ours: str, document: bytes, files: Sequence[Part]) -> str:
        """Give a report and return the receiver's number. The same `ours` again is the same report."""
        ...


class _Taken(msgspec.Struct):
    number: str


class HttpReceiver:
    """What stands at `url`: `multipart/form-data` with `report` (JSON) and `file` parts, HTTP Basic authentication.

    `Idempotency-Key` is our number: after a try whose answer was lost the report is sent again and counted once. The
    answer is JSON with the receiver's `number`.
    """

    def __init__(self, url: str, user: str, password: str, *, timeout: float = 60.0) -> None:
        self._url = url
        self._http = httpx.Client(
            auth=(user, password), timeout=timeout, follow_redirects=False, trust_env=False
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def hand_over(self, ours: str, document: bytes, files: Sequence[Part]) -> str:
        """Give a report and return the receiver's number. Raises `NotNowError` and `RefusedError`."""
        parts = [
            ("report", ("report.json", document, "application/json")),
            *(("file", (one.name, one.data, "application/octet-stream")) for one in files),
        ]
        try:
            answer = self._http.post(self._url, files=parts, headers={"idempotency-key": ours})
        except httpx.HTTPError as error:
            raise NotNowError(f"the NCA's receiver: {type(error).__name__}") from None
        if answer.is_server_error or answer.status_code in _LATER:
            raise NotNowError(f"the NCA's receiver: HTTP {answer.status_code}")
        if not answer.is_success:
            raise RefusedError(answer.status_code, "the NCA's receiver")
        try:
            number = msgspec.json.decode(answer.content[:_LONGEST_ANSWER], type=_Taken).number.strip()
        except msgspec.MsgspecError:
            number = ""
        if not number:
            raise NotNowError("the NCA's receiver: no number in the answer")
        return number[:_LONGEST_NUMBER]
