"""The webhook connector: one signed POST, as Standard Webhooks 1.0 has it.

The body is `{"type": ..., "timestamp": ..., "data": {...}}`. An answer of 2xx means "received"; a JSON body
`{"status": "applied" | "failed", "detail": ...}` with it says at once what came of it. 410 says that the endpoint
exists no more. Anything else is tried again.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from time import monotonic
from typing import Any, ClassVar, Literal

import httpx
import msgspec
from standardwebhooks import Webhook

import hakam
from hakam.enforcement.connectors.connector import (
    Confirmed,
    Delivered,
    Destination,
    Gone,
    Message,
    Outcome,
    Retry,
)
from hakam.enforcement.connectors.webhook.address import (
    Address,
    ForbiddenAddressError,
    Resolver,
    UnresolvedError,
    resolve,
    url_problems,
)
from hakam.enforcement.connectors.webhook.secret import BadSecretError, check_secret

_MAX_ANSWER_BYTES = 65_536
_LONGEST_TRY = 3.0  # times the time-out: what connecting, sending and a slow answer may take together
_CONNECTIONS = 32


class _Answer(msgspec.Struct):
    status: Literal["applied", "failed"]
    detail: str = ""


class WebhookConnector:
    """Posts messages. Keeps connections open, apart for each endpoint, so that no certificate speaks for another."""

    id: ClassVar[str] = "webhook"

    def __init__(self, resolver: Resolver | None = None) -> None:
        self._resolver = resolver
        self._clients: dict[tuple[str, Address], httpx.Client] = {}
        self._lock = threading.Lock()

    def problems(self, settings: Mapping[str, Any]) -> list[str]:
        """Return what is wrong with `{"url": ...}`."""
        unknown = sorted(set(settings) - {"url"})
        return url_problems(settings) + [f"`{name}` is no setting of a webhook" for name in unknown]

    def deliver(self, message: Message, to: Destination, secret: str) -> Outcome:
        """Post once."""
        try:
            signer = Webhook(check_secret(secret))
            address = resolve(
                str(to.settings.get("url", "")), allow_private=to.allow_private, resolver=self._resolver
            )
        except (BadSecretError, ForbiddenAddressError, UnresolvedError) as error:
            return Retry(str(error))  # an operator can put it right; nothing is lost until then
        body = body_of(message)
        headers = {
            "content-type": "application/json",
            "user-agent": f"Hakam/{hakam.__version__}",
            "host": address.host_header,
            "webhook-id": message.id,
            "webhook-timestamp": str(int(message.sent_at.timestamp())),
            "webhook-signature": signer.sign(message.id, message.sent_at.astimezone(UTC), body.decode()),
        }
        try:
            return self._post(address, body, headers, to)
        except httpx.TimeoutException as error:
            return Retry(f"no answer in time ({type(error).__name__})")
        except httpx.HTTPError as error:
            return Retry(f"{type(error).__name__}: {error}")

    def close(self) -> None:
        """Close every connection."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()

    def _post(self, address: Address, body: bytes, headers: dict[str, str], to: Destination) -> Outcome:
        deadline = monotonic() + to.timeout * _LONGEST_TRY
        request = self._client(address, to).stream(
            "POST", address.url, content=body, headers=headers, extensions={"sni_hostname": address.host}
        )
        with request as response:
            answer = _read(response, deadline)
        return judge(response.status_code, response.headers, answer)

    def _client(self, address: Address, to: Destination) -> httpx.Client:
        key = (to.platform, address._replace(path=""))
        with self._lock:
            client = self._clients.get(key)
            if client is None:
                client = self._clients[key] = httpx.Client(
                    timeout=to.timeout,
                    follow_redirects=False,
                    trust_env=False,  # a proxy would connect where it likes
                    limits=httpx.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS),
                )
            return client


def body_of(message: Message) -> bytes:
    """Return the body to sign and send: the same bytes at every try."""
    return msgspec.json.encode({"type": message.kind, "timestamp": message.created_at, "data": message.data})


def judge(status: int, headers: Mapping[str, str], answer: bytes) -> Outcome:
    """Return what an answer means."""
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        try:
            word = msgspec.json.decode(answer, type=_Answer)
        except msgspec.MsgspecError:
            return Delivered(status)
        return Confirmed(applied=word.status == "applied", detail=word.detail, status=status)
    if status == HTTPStatus.GONE:
        return Gone("the endpoint answered 410: it exists no more", status)
    if status < HTTPStatus.BAD_REQUEST:
        return Retry(f"the endpoint answered {status}; redirects are not followed", status=status)
    text = answer[:200].decode("utf-8", "replace").strip()
    after = retry_after(headers.get("retry-after"), datetime.now(UTC))
    return Retry(f"the endpoint answered {status}" + (f": {text}" if text else ""), after, status)


def retry_after(value: str | None, now: datetime) -> float | None:
    """Return the seconds that a `Retry-After` asks for, as a number or a date (RFC 9110, section 10.2.3)."""
    if value is None:
        return None
    if value.strip().isascii() and value.strip().isdigit():
        return float(value)
    try:
        when = parsedate_to_datetime(value)
    except ValueError:
        return None
    when = when.replace(tzinfo=UTC) if when.tzinfo is None else when
    return max(0.0, (when - now).total_seconds())


def _read(response: httpx.Response, deadline: float) -> bytes:
    """Return the start of the answer. A receiver that drips it out, or never ends it, is cut off."""
    got = bytearray()
    for chunk in response.iter_bytes():
        got += chunk
        if len(got) > _MAX_ANSWER_BYTES or monotonic() > deadline:
            break
    return bytes(got[:_MAX_ANSWER_BYTES])
