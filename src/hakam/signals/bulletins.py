"""Addresses and accounts as bulletins name them: written in one way, then hashed, so that the words go nowhere.

An address: host and path as browsers read them, and the query; no scheme, no port of the scheme, no fragment, no slash
at the end. An account: what it is called across platforms, in lower case: `name@host`, an e-mail, or an actor's
address. A name that means something on one platform only is none.
"""

from __future__ import annotations

from hashlib import sha256
from urllib.parse import urlsplit

from hakam.signals.links import host_of

_PORTS = {80, 443}
_MOST = 2_000  # characters


def url_digest(address: str) -> str | None:
    """Return the hash of an address, None for what is none."""
    address = address.strip()
    if not address or len(address) > _MOST or (host := host_of(address)) is None or "." not in host:
        return None
    try:
        parts = urlsplit(address if "//" in address else f"//{address}")
        port = parts.port
    except ValueError:
        return None
    tail = "" if port is None or port in _PORTS else f":{port}"
    query = f"?{parts.query}" if parts.query else ""
    return sha256(f"{host}{tail}{parts.path.rstrip('/')}{query}".encode()).hexdigest()


def account_digest(name: str) -> str | None:
    """Return the hash of what an account is called across platforms, None for a name of one platform alone."""
    plain = name.strip().lower().removeprefix("mailto:").removeprefix("acct:")
    if "://" in plain:
        return url_digest(plain)
    user, at, host = plain.lstrip("@").partition("@")
    if not (user and at and "." in host and len(plain) <= _MOST and " " not in plain):
        return None
    return sha256(f"{user}@{host}".encode()).hexdigest()
