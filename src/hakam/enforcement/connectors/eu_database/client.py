"""The HTTP interface of the EU Transparency Database. Only 201 means stored; anything else, that nothing was.

Facts about the interface are those of its documentation and its published source, as of June 2026.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

import httpx
import msgspec

from hakam.compliance.eu_database.form import Wrong
from hakam.compliance.eu_database.submissions import Stored

_CREATED, _FOUND, _UNPROCESSABLE, _TOO_MANY = 201, 302, 422, 429
_DENIED: Final = frozenset({401, 403})
_MOST_WAIT: Final = 3_600.0  # seconds


class Taken(msgspec.Struct, frozen=True):
    """All of the batch is stored."""

    stored: tuple[Stored, ...]


class Faulty(msgspec.Struct, frozen=True):
    """Nothing is stored: these items, by their index, are wrong."""

    items: dict[int, tuple[Wrong, ...]]


class Known(msgspec.Struct, frozen=True):
    """Nothing is stored: the database has these puids already, or they are locked by a request under way."""

    puids: frozenset[str]


class NotNow(msgspec.Struct, frozen=True):
    """Nothing is known to be stored; try again. `after` is what the server asked for, in seconds."""

    error: str
    after: float | None = None


class Denied(msgspec.Struct, frozen=True):
    """The token is not accepted: nothing will be until somebody gives another."""

    error: str


Answer = Taken | Faulty | Known | NotNow | Denied


class Database(Protocol):
    """What a sender needs of the database."""

    def send(self, payloads: Sequence[Mapping[str, Any]]) -> Answer:
        """Send a batch of 1 to 100 statements, all or nothing."""
        ...

    def has(self, puid: str) -> bool | NotNow | Denied:
        """Say whether the database has a puid of this platform."""
        ...


class HttpDatabase:
    """The real one, or whatever stands at `base_url`. The token is in no log and in no error."""

    def __init__(
        self,
        base_url: str,
        token: str,
        *,
        timeout: float = 60.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._http = httpx.Client(
            base_url=base_url.rstrip("/"),
            headers={"authorization": f"Bearer {token}", "accept": "application/json"},
            timeout=timeout,
            follow_redirects=False,  # a 302 of `existing-puid` is an answer
            trust_env=False,
            transport=transport,
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def send(self, payloads: Sequence[Mapping[str, Any]]) -> Answer:
        """Send a batch of 1 to 100 statements, all or nothing."""
        body = msgspec.json.encode({"statements": list(payloads)})
        try:
            answer = self._http.post(
                "/api/v1/statements", content=body, headers={"content-type": "application/json"}
            )
        except httpx.HTTPError as error:
            return NotNow(f"{type(error).__name__}: {error}")
        if answer.status_code == _CREATED:
            return _taken(answer, len(payloads))
        if answer.status_code == _UNPROCESSABLE:
            return _unprocessable(answer)
        return _otherwise(answer)

    def has(self, puid: str) -> bool | NotNow | Denied:
        """Say whether the database has a puid of this platform."""
        try:
            answer = self._http.get(f"/api/v1/statement/existing-puid/{puid}")
        except httpx.HTTPError as error:
            return NotNow(f"{type(error).__name__}: {error}")
        if answer.status_code == _FOUND:
            return True
        if answer.status_code == httpx.codes.NOT_FOUND and _json(answer).get("puid") == puid:
            return False  # a 404 of another page is no answer to this question
        return _otherwise(answer)


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(answer.content)
    except msgspec.DecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _taken(answer: httpx.Response, sent: int) -> Answer:
    statements = _json(answer).get("statements")
    if not isinstance(statements, list) or len(statements) != sent:
        return NotNow("201, but the answer does not list the statements")
    return Taken(tuple(Stored(str(s.get("uuid", "")), str(s.get("permalink", ""))) for s in statements))


def _unprocessable(answer: httpx.Response) -> Answer:
    errors = _json(answer).get("errors")
    if not isinstance(errors, dict):
        return NotNow("422 without errors")
    known = errors.get("existing_puids")
    if isinstance(known, list) and known:
        return Known(frozenset(map(str, known)))
    items: dict[int, tuple[Wrong, ...]] = {}
    for name, fields in errors.items():
        index = name.removeprefix("statement_")
        if index == name or not index.isdecimal() or not isinstance(fields, dict):
            return NotNow(f"422: {name}: {str(fields)[:200]}")
        items[int(index)] = tuple(
            Wrong(field, "refused", " ".join(map(str, texts)) if isinstance(texts, list) else str(texts))
            for field, texts in fields.items()
        )
    return Faulty(items) if items else NotNow("422 without errors")


def _otherwise(answer: httpx.Response) -> NotNow | Denied:
    if answer.status_code in _DENIED:
        return Denied(f"{answer.status_code}: {str(_json(answer).get('message', ''))[:200]}")
    after = answer.headers.get("retry-after", "")
    wait = min(float(after), _MOST_WAIT) if after.isdecimal() else None
    if answer.status_code == _TOO_MANY:
        return NotNow("429: too many requests", 60.0 if wait is None else wait)
    return NotNow(f"the database answered {answer.status_code}", wait)
