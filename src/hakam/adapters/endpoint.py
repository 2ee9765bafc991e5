"""One address that texts are sent to: within a time, within a size, without following it anywhere else."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Final, Protocol

import httpx

from hakam.adapters.model import ModelUnavailableError

REST: Final = 30.0  # seconds after trouble whose end nobody names
_MOST_BYTES: Final = 1 << 20
_LONGEST_REST: Final = 3_600.0
_MANY: Final = 429
_OURS: Final = 500
_HERE: Final = frozenset({"127.0.0.1", "localhost", "::1"})


class TroubleError(Exception):
    """There is no answer. `again`: seconds after which there may be one, 0 for never."""

    def __init__(self, why: str, again: float = REST) -> None:
        self.again = again
        super().__init__(why)


class Reached(Protocol):
    """What the settings of every adapter say that asks an endpoint."""

    @property
    def url(self) -> str:
        """As `https://host/v1`."""
        ...

    @property
    def key(self) -> str:
        """Name of a secret; empty: none is needed."""
        ...

    @property
    def seconds(self) -> float:
        """What one request may take."""
        ...


def opened(chosen: Reached, secret: Callable[[str], str], *, at_once: int) -> Endpoint:
    """Return the endpoint that settings name. `secret` gives a key by its name. Raises `ModelUnavailableError`."""
    key = secret(chosen.key) if chosen.key else ""
    return Endpoint(chosen.url, key=key, seconds=chosen.seconds, at_once=at_once)


class Endpoint:
    """An address with its key. `seconds`: what one request may take; `at_once`: connections. Safe between threads."""

    def __init__(self, url: str, *, key: str = "", seconds: float, at_once: int) -> None:
        """Take an address. Raises `ModelUnavailableError` for one that texts may not go to."""
        try:
            address = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise ModelUnavailableError(f"`url` is no address: {error}") from error
        if address.scheme not in {"http", "https"} or not address.host:
            raise ModelUnavailableError(f"`url` is no address of a service: {url}")
        if address.scheme == "http" and address.host not in _HERE:
            raise ModelUnavailableError(f"texts leave this machine by https only: {url}")
        self.host = address.host if address.port is None else f"{address.host}:{address.port}"
        self._url = url.rstrip("/")
        self._seconds = seconds
        self._client = httpx.Client(
            headers={"authorization": f"Bearer {key}"} if key else {},
            timeout=seconds,
            trust_env=address.host not in _HERE,
            limits=httpx.Limits(max_connections=at_once),
        )

    def post(self, path: str, body: Any) -> tuple[bytes, bool]:
        """Send JSON; return the body of the answer and whether it came as a stream of events. Raises `TroubleError`."""
        return self._checked(self._post(path, json=body))

    def upload(self, path: str, data: bytes, name: str, fields: Mapping[str, str]) -> bytes:
        """Send a file as a form does; return the body of the answer. Raises `TroubleError`."""
        return self._checked(self._post(path, data=dict(fields), files={"file": (name, data)}))[0]

    @staticmethod
    def _checked(answer: tuple[int, httpx.Headers, bytes]) -> tuple[bytes, bool]:
        status, headers, found = answer
        if status == _MANY or status >= _OURS:
            raise TroubleError(f"the endpoint answers {status}", _rest(headers))
        if status != httpx.codes.OK:
            raise TroubleError(f"the endpoint refuses with {status}", 0.0)
        return found, headers.get("content-type", "").startswith("text/event-stream")

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _post(self, path: str, **given: Any) -> tuple[int, httpx.Headers, bytes]:
        until = time.monotonic() + self._seconds
        slow = TroubleError(f"no answer within {self._seconds:g} seconds")
        try:
            with self._client.stream("POST", self._url + path, **given) as answer:
                parts, size = [], 0
                for part in answer.iter_bytes():
                    parts.append(part)
                    size += len(part)
                    if size > _MOST_BYTES:
                        raise TroubleError("the answer is longer than any should be", 0.0)
                    if time.monotonic() > until:  # a drop at a time keeps every single read alive
                        raise slow
                return answer.status_code, answer.headers, b"".join(parts)
        except httpx.TimeoutException as error:
            raise slow from error
        except httpx.HTTPError as error:
            raise TroubleError(f"the endpoint can't be reached: {type(error).__name__}") from error


def _rest(headers: httpx.Headers) -> float:
    """Return the seconds that `Retry-After` asks for, within reason."""
    given = headers.get("retry-after", "").strip()
    if given.isdecimal() and given.isascii():
        return min(float(given), _LONGEST_REST) or 1.0
    try:
        seconds = parsedate_to_datetime(given).timestamp() - time.time()
    except (TypeError, ValueError):
        return REST
    return min(max(1.0, seconds), _LONGEST_REST)
