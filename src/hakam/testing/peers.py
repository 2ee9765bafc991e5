"""Another platform of the exchange, for tests: it has a key, and speaks and hears as the protocol says, nothing else.

It is written against `docs/reference/exchange.md` with PyJWT alone, so that it shows whether others can.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hakam.exchange import keys


class Peer:
    """A platform with a mirror of what it was told: `banks[bank][kind, digest]` is the last change."""

    def __init__(self, *, seed: bytes = b"p" * 32) -> None:
        self.key = Ed25519PrivateKey.from_private_bytes(seed)
        self.thumbprint = keys.thumbprint(self.key.public_key())
        self.public = keys.written(self.key.public_key())
        self.banks: dict[int, dict[tuple[str, str], dict[str, Any]]] = {}
        self.about: dict[int, dict[str, Any]] = {}
        self.places: dict[int, tuple[str, list[int]]] = {}
        self.words: list[dict[str, Any]] = []
        self.heard: list[dict[str, Any]] = []  # every envelope's claims
        self.offers: list[dict[str, Any]] = []  # pages for who pulls
        self.down = 0  # answers that get lost before anything is done
        self.forgets = 0  # answers that get lost after it was done

    def seal(
        self,
        kind: str,
        body: Any,
        /,
        *,
        to: str,
        now: datetime,
        key: Ed25519PrivateKey | None = None,
        **claims: Any,
    ) -> bytes:
        """Return an envelope. `claims` replace what would be said otherwise."""
        said = {
            "iss": self.thumbprint,
            "aud": to,
            "iat": int(now.timestamp()),
            "exp": int((now + timedelta(minutes=5)).timestamp()),
            "jti": secrets.token_hex(16),
            "kind": kind,
            "body": body,
            **claims,
        }
        head = {"typ": "hakam-exchange+jwt", "kid": self.thumbprint}
        return jwt.encode(said, key or self.key, algorithm="EdDSA", headers=head).encode()

    def open(self, text: bytes, key: Any) -> dict[str, Any]:
        """Return what an envelope for this platform says."""
        read: dict[str, Any] = jwt.decode(
            text,
            key,
            algorithms=["EdDSA"],
            audience=self.thumbprint,
            options={"verify_exp": False, "verify_iat": False},
        )
        return read

    def answering(self, own: Ed25519PrivateKey, now: Callable[[], datetime]) -> Answering:
        """Return how the installation with the key `own` reaches this platform."""
        return Answering(self, own, now)

    def take(self, page: dict[str, Any]) -> dict[str, Any]:
        """Take a page in as a partner does; return how far the bank is here."""
        about = page["about"]
        bank = about["bank"]
        epoch, place = self.places.get(bank, ("", [0, 0, 0]))
        if page.get("closed"):
            for kept in (self.banks, self.about, self.places):
                kept.pop(bank, None)
            return {"bank": bank}
        if epoch != about["epoch"] and page["after"] == [0, 0, 0]:
            epoch, place, self.banks[bank] = about["epoch"], [0, 0, 0], {}
        if epoch == about["epoch"] and place == page["after"]:
            for change in page.get("changes", []):
                if change["at"][1]:
                    self.banks[bank].pop((change["kind"], change["digest"]), None)
                else:
                    self.banks[bank][change["kind"], change["digest"]] = change
            place, self.about[bank] = page["upto"], about
        if epoch:
            self.places[bank] = (epoch, place)
        return {"bank": bank, "epoch": epoch, "place": place}


class Answering:
    """The peer's door, without a network."""

    def __init__(self, peer: Peer, own: Ed25519PrivateKey, now: Callable[[], datetime]) -> None:
        self.peer, self.own, self.now = peer, own, now

    def post(self, _address: str, body: bytes) -> tuple[int, bytes]:
        """Take an envelope and answer it."""
        from hakam.exchange.delivery import UnreachableError  # noqa: PLC0415 -- needs Django started

        peer = self.peer
        if peer.down:
            peer.down -= 1
            raise UnreachableError("ConnectTimeout")
        claims = peer.open(body, self.own.public_key())
        peer.heard.append(claims)
        kind, said = claims["kind"], claims["body"]
        if kind == "changes":
            answer = ("taken", peer.take(said))
        elif kind == "words":
            peer.words += said["words"]
            answer = ("heard", {"known": len(said["words"])})
        else:
            pages, peer.offers = peer.offers, []
            answer = ("pulled", {"pages": pages})
        if peer.forgets:
            peer.forgets -= 1
            raise UnreachableError("ReadTimeout")
        return 200, peer.seal(*answer, to=claims["iss"], now=self.now(), re=claims["jti"])
