"""Partners and datasets over HTTP, at addresses that are judged and pinned as that of a webhook is."""

from __future__ import annotations

import threading
from typing import Final

import httpx

import hakam
from hakam.enforcement.connectors.webhook.address import (
    Address,
    ForbiddenAddressError,
    Resolver,
    UnresolvedError,
    resolve,
)
from hakam.exchange.delivery import UnreachableError
from hakam.exchange.messages import LARGEST

_TIMEOUT: Final = httpx.Timeout(20.0, connect=3.0)
MEDIA_TYPE: Final = "application/jwt"


class HttpReach:
    """Keeps connections open, apart for each partner, so that no certificate speaks for another."""

    def __init__(self, *, allow_private: bool, resolver: Resolver | None = None) -> None:
        self._allow_private, self._resolver = allow_private, resolver
        self._clients: dict[Address, httpx.Client] = {}
        self._lock = threading.Lock()

    def post(self, address: str, body: bytes) -> tuple[int, bytes]:
        """Post an envelope and return status and body of the answer. Raises `UnreachableError`."""
        return self._ask("POST", address, body, {"content-type": MEDIA_TYPE})

    def get(self, address: str, accept: str) -> bytes:
        """Return what lies at an address. Raises `UnreachableError`, for every answer but 200 too."""
        status, body = self._ask("GET", address, b"", {"accept": accept})
        if status != 200:  # noqa: PLR2004 -- HTTP's word for "here it is"
            raise UnreachableError(f"{status}: {body[:300].decode('utf-8', 'replace')}")
        return body

    def _ask(self, method: str, address: str, body: bytes, more: dict[str, str]) -> tuple[int, bytes]:
        try:
            there = resolve(address, allow_private=self._allow_private, resolver=self._resolver)
        except (ForbiddenAddressError, UnresolvedError) as error:
            raise UnreachableError(str(error)) from error
        headers = {**more, "user-agent": f"Hakam/{hakam.__version__}", "host": there.host_header}
        request = self._client(there).stream(
            method, there.url, content=body or None, headers=headers, extensions={"sni_hostname": there.host}
        )
        try:
            with request as response:
                return response.status_code, _read(response)
        except httpx.HTTPError as error:
            raise UnreachableError(f"{type(error).__name__}: {error}") from error

    def close(self) -> None:
        """Close every connection."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()

    def _client(self, address: Address) -> httpx.Client:
        key = address._replace(path="")
        with self._lock:
            client = self._clients.get(key)
            if client is None:
                client = self._clients[key] = httpx.Client(
                    timeout=_TIMEOUT, follow_redirects=False, trust_env=False
                )
            return client


def _read(response: httpx.Response) -> bytes:
    """Return the answer; one that never ends is cut off."""
    got = bytearray()
    for chunk in response.iter_bytes():
        got += chunk
        if len(got) > LARGEST:
            raise UnreachableError(f"an answer of more than {LARGEST:,} bytes")
    return bytes(got)
