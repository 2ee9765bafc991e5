"""Envelopes: only what a partner signed for us, now, is opened; each refusal says why."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st
from tests.exchange.conftest import NOW, OWN, OWN_THUMBPRINT

from hakam.exchange import keys
from hakam.exchange.envelope import TYPE, EnvelopeError, seal, unseal
from hakam.exchange.kinds import ExchangeError
from hakam.testing.peers import Peer

PEER = Peer()
OTHER = Ed25519PrivateKey.from_private_bytes(b"x" * 32)


def known(thumbprint: str) -> Ed25519PublicKey | None:
    return PEER.key.public_key() if thumbprint == PEER.thumbprint else None


def opened(text: bytes | str) -> Any:
    said = text.decode() if isinstance(text, bytes) else text
    return unseal(said, own=OWN_THUMBPRINT, sender=known, now=NOW)


def code(text: bytes | str) -> str:
    with pytest.raises(EnvelopeError) as refused:
        opened(text)
    return refused.value.code


def test_what_we_seal_another_library_opens() -> None:
    sealed = seal("changes", {"a": [1]}, key=OWN, to=PEER.thumbprint, now=NOW, answers="q1")
    said = PEER.open(sealed.text.encode(), OWN.public_key())
    assert (said["iss"], said["re"], said["jti"]) == (OWN_THUMBPRINT, "q1", sealed.number)
    assert said["body"] == {"a": [1]}
    assert jwt.get_unverified_header(sealed.text) == {"typ": TYPE, "alg": "EdDSA", "kid": OWN_THUMBPRINT}


def test_what_a_partner_sealed_for_us_is_opened() -> None:
    envelope = opened(PEER.seal("words", {"words": []}, to=OWN_THUMBPRINT, now=NOW, jti="n1", re="q2"))
    assert (envelope.sender, envelope.number, envelope.kind, envelope.answers) == (
        PEER.thumbprint,
        "n1",
        "words",
        "q2",
    )


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"aud": "somebody-else"}, "misrouted"),
        ({"iss": "somebody-else"}, "forged"),
        ({"iat": int((NOW + timedelta(minutes=2)).timestamp())}, "future"),
        ({"exp": int((NOW + timedelta(hours=2)).timestamp())}, "malformed"),
        ({"exp": int((NOW - timedelta(hours=2)).timestamp())}, "malformed"),
        ({"iat": 10**18, "exp": 10**18 + 1}, "malformed"),
        ({"jti": ""}, "malformed"),
        ({"jti": "x" * 65}, "malformed"),
        ({"jti": 7}, "malformed"),
        ({"body": [1]}, "malformed"),
        ({"kind": None}, "malformed"),
    ],
)
def test_what_is_not_for_us_or_not_now_is_refused(claims: dict[str, Any], expected: str) -> None:
    assert code(PEER.seal("pull", {}, to=OWN_THUMBPRINT, now=NOW, **claims)) == expected


def test_an_envelope_is_over_after_minutes() -> None:
    old = PEER.seal("pull", {}, to=OWN_THUMBPRINT, now=NOW - timedelta(minutes=10))
    assert code(old) == "expired"
    assert opened(PEER.seal("pull", {}, to=OWN_THUMBPRINT, now=NOW - timedelta(minutes=5)))


def test_another_key_s_signature_is_forged() -> None:
    assert code(PEER.seal("pull", {}, to=OWN_THUMBPRINT, now=NOW, key=OTHER)) == "forged"


def test_who_is_no_partner_is_told_so() -> None:
    stranger = Peer(seed=b"s" * 32)
    assert code(stranger.seal("pull", {}, to=OWN_THUMBPRINT, now=NOW)) == "unknown-sender"


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_no_other_algorithm_is_taken(algorithm: str) -> None:
    secret = None if algorithm == "none" else "s" * 64
    text = jwt.encode(
        {"iss": PEER.thumbprint}, secret, algorithm=algorithm, headers={"typ": TYPE, "kid": PEER.thumbprint}
    )  # type: ignore[arg-type]
    assert code(text) == "malformed"


def test_a_token_of_another_use_is_no_envelope() -> None:
    said = jwt.encode({"iss": PEER.thumbprint}, PEER.key, algorithm="EdDSA", headers={"kid": PEER.thumbprint})
    assert code(said) == "malformed"


GENUINE = PEER.seal("pull", {"have": []}, to=OWN_THUMBPRINT, now=NOW, jti="n1")


@given(st.integers(0, len(GENUINE) - 1), st.integers(1, 255))
def test_no_byte_can_be_changed(place: int, by: int) -> None:
    changed = bytearray(GENUINE)
    changed[place] ^= by
    try:
        envelope = opened(bytes(changed).decode("ascii", "replace"))
    except EnvelopeError:
        return
    assert (envelope.number, envelope.body) == ("n1", {"have": []})  # the padding bits of base64 say nothing


@given(st.text(max_size=200))
def test_whatever_comes_is_an_envelope_or_refused(text: str) -> None:
    assert code(text) == "malformed"


def test_keys_are_written_as_the_standards_have_it() -> None:
    """RFC 8037, appendix A: the key and its thumbprint."""
    text = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    public = keys.public_key(text)
    assert keys.written(public) == text
    assert keys.jwk(public) == {"crv": "Ed25519", "kty": "OKP", "x": text}
    assert keys.thumbprint(public) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


@pytest.mark.parametrize(
    "text", ["", "short", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHUR", "é" * 43, "=" * 43]
)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(ExchangeError, match="43 characters"):
        keys.public_key(text)


def test_an_installation_s_key_follows_from_its_secret() -> None:
    one, two = (keys.signing_key(secret).public_key() for secret in ("a", "b"))
    assert keys.written(one) == keys.written(keys.signing_key("a").public_key())
    assert keys.thumbprint(one) != keys.thumbprint(two)
