"""Calls to the control interface of a media server: one client, short time-outs, no redirects, no proxy."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import httpx

from hakam.live.servers.server import Unreachable

TIMEOUT: Final = 2.0  # seconds: what takes longer is tried again, since each second is seen
_LARGEST_XML: Final = 8_000_000  # bytes
_LOCK: Final = threading.Lock()


@cache
def _client() -> httpx.Client:
    return httpx.Client(timeout=TIMEOUT, trust_env=False, follow_redirects=False)


def ready() -> None:
    """Build the client now: it takes some 50 ms, more on a busy machine, and a cut must not wait for it."""
    with _LOCK:
        _client()


def call(method: str, url: str, **given: Any) -> httpx.Response:
    """Call and return the answer, whatever its status. Raises `Unreachable`.

    A connection that the server closed while it was idle is opened anew, once: what is asked here can be asked twice.
    """
    try:
        with _LOCK:
            client = _client()
        try:
            return client.request(method, url, **given)
        except (httpx.ReadError, httpx.RemoteProtocolError):
            return client.request(method, url, **given)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Unreachable(f"{type(error).__name__}: {error}") from error


def xml(data: bytes) -> ET.Element:
    """Read XML that a server of ours wrote: none of it has declarations. Raises `Unreachable`."""
    if len(data) > _LARGEST_XML or b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise Unreachable("the answer is too large, or holds declarations, which these servers never write")
    try:
        return ET.fromstring(data)  # noqa: S314 -- from our own server, without declarations
    except ET.ParseError as error:
        raise Unreachable(f"the answer can't be read: {error}") from error


def url_problems(settings: Mapping[str, Any], *names: str) -> list[str]:
    """Return what is wrong with addresses that must be given."""
    found = []
    for name in names:
        value = settings.get(name)
        parts = urlsplit(value) if isinstance(value, str) else None
        if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname:
            found.append(f"`{name}` is an address with http:// or https://")
    return found


def unknown_problems(settings: Mapping[str, Any], known: set[str]) -> list[str]:
    """Return a problem for each setting that there is not."""
    return [
        f"`{name}` is no setting of this server; there are {', '.join(sorted(known))}"
        for name in sorted(set(settings) - known)
    ]


def folder(settings: Mapping[str, Any], name: str) -> Path | None:
    """Return a folder of the settings, None where none is given."""
    value = settings.get(name)
    return Path(value) if isinstance(value, str) and value else None
