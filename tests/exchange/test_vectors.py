"""The vectors of the protocol page: what they say follows from keys and times that stand in them, to the byte."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Any

import jwt
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from hakam.exchange import keys
from hakam.exchange.envelope import EnvelopeError, seal, unseal
from hakam.exchange.messages import Changes, Heard, Pull, Pulled, Taken, Words

PLACE = Path(__file__).parents[2] / "docs" / "reference" / "exchange-vectors.json"
SENDER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
RECIPIENT = Ed25519PrivateKey.from_private_bytes(bytes(range(32, 64)))
NOW = datetime.fromisoformat("2026-12-01T12:00:00+00:00")
SHAPES: dict[str, Any] = {
    "changes": Changes, "taken": Taken, "pull": Pull, "pulled": Pulled, "words": Words, "heard": Heard,
}  # fmt: skip
_ABOUT = {
    "bank": 7, "epoch": "5f1c", "name": "incident-square", "purpose": "incident", "why": "Footage of the attack.",
    "country": "DE", "distance": 31, "reviewed": True, "expires_at": "2026-12-08T12:00:00Z",
}  # fmt: skip
_PAGE = {
    "about": _ABOUT,
    "after": [0, 0, 0],
    "upto": [4, 1, 9_007_199_254_740_991],
    "changes": [
        {"at": [2, 0, 31], "kind": "sha256", "digest": "9f" * 32, "item": "clip-1", "label": "footage"},
        {
            "at": [2, 0, 32],
            "kind": "pdq",
            "digest": "0123456789abcdef" * 4,
            "item": "clip-1",
            "variant": "mirror",
        },
        {"at": [4, 1, 2], "kind": "md5", "digest": "0f" * 16},
    ],
}
BODIES: list[tuple[str, Any, str]] = [
    ("changes", _PAGE, ""),
    ("taken", {"bank": 7, "epoch": "5f1c", "place": [4, 1, 9_007_199_254_740_991]}, "v-changes"),
    ("pull", {"have": [{"bank": 7, "epoch": "5f1c", "place": [2, 0, 32]}, {"bank": 8}]}, ""),
    (
        "pulled",
        {"pages": [{"about": {**_ABOUT, "bank": 8}, "after": [0, 0, 0], "upto": [0, 0, 0], "closed": True}]},
        "v-pull",
    ),
    ("words", {"words": [{"bank": 7, "row": 31, "word": "true", "at": "2026-12-01T11:58:00Z"}]}, ""),
    ("heard", {"known": 1}, "v-words"),
]


def made() -> dict[str, Any]:
    """Return the vectors."""
    own = keys.thumbprint(RECIPIENT.public_key())
    good = []
    for kind, body, answers in BODIES:
        sealed = seal(kind, body, key=SENDER, to=own, now=NOW, answers=answers, number=f"v-{kind}")
        good.append({"kind": kind, "body": body, "re": answers, "jti": f"v-{kind}", "envelope": sealed.text})
    text = good[2]["envelope"]
    head, claims, signature = text.split(".")
    elsewhere = seal("pull", {"have": []}, key=SENDER, to="x" * 43, now=NOW, number="b1").text
    strange = seal("pull", {"have": []}, key=RECIPIENT, to=own, now=NOW, number="b2").text
    bad = [
        {"code": "forged", "envelope": f"{head}.{claims}.{signature[:-8]}AAAAAAAA"},
        {"code": "misrouted", "envelope": elsewhere},
        {"code": "unknown-sender", "envelope": strange},
        {"code": "malformed", "envelope": f"{head}.{claims}"},
    ]
    return {
        "now": NOW.isoformat(),
        "sender": {"private": bytes(range(32)).hex(), **_of(SENDER)},
        "recipient": {"private": bytes(range(32, 64)).hex(), **_of(RECIPIENT)},
        "good": good,
        "bad": bad,
    }


def _of(key: Ed25519PrivateKey) -> dict[str, Any]:
    return {"jwk": keys.jwk(key.public_key()), "thumbprint": keys.thumbprint(key.public_key())}


def vectors() -> dict[str, Any]:
    if os.environ.get("WRITE_REFERENCE"):
        PLACE.write_bytes(msgspec.json.format(msgspec.json.encode(made()), indent=1) + b"\n")
    read: dict[str, Any] = msgspec.json.decode(PLACE.read_bytes())
    return read


def test_the_vectors_are_what_this_version_says() -> None:
    assert vectors() == made()


@pytest.mark.parametrize("n", range(len(BODIES)))
def test_a_good_one_is_opened_by_us_and_by_anybody(n: int) -> None:
    told = vectors()
    one, own, sender = told["good"][n], told["recipient"]["thumbprint"], told["sender"]
    public = jwt.PyJWK({**sender["jwk"], "alg": "EdDSA"})
    read = jwt.decode(
        one["envelope"],
        public,
        audience=own,
        issuer=sender["thumbprint"],
        options={"verify_exp": False, "verify_iat": False},
    )
    assert (read["kind"], read["body"]) == (one["kind"], one["body"])

    def known(thumbprint: str) -> Ed25519PublicKey | None:
        return SENDER.public_key() if thumbprint == sender["thumbprint"] else None

    opened = unseal(one["envelope"], own=own, sender=known, now=NOW)
    assert (opened.kind, opened.number, opened.answers) == (one["kind"], one["jti"], one["re"])
    shape = SHAPES[one["kind"]]
    value = msgspec.convert(opened.body, shape, builtin_types=())
    assert msgspec.convert(msgspec.to_builtins(value), shape, builtin_types=()) == value


@pytest.mark.parametrize("n", range(4))
def test_a_bad_one_is_refused_for_what_is_wrong_with_it(n: int) -> None:
    told = vectors()
    one, sender = told["bad"][n], told["sender"]["thumbprint"]
    with pytest.raises(EnvelopeError) as refused:
        unseal(
            one["envelope"],
            own=told["recipient"]["thumbprint"],
            sender=lambda thumbprint: SENDER.public_key() if thumbprint == sender else None,
            now=NOW,
        )
    assert refused.value.code == one["code"]
