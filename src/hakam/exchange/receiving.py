"""What comes in at the exchange's door: one envelope, opened once, and the signed answer to it."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.db import IntegrityError, transaction

from hakam.banks.kinds import BankError
from hakam.exchange import giving, keys, taking, words
from hakam.exchange.envelope import Envelope, EnvelopeError, seal, unseal
from hakam.exchange.kinds import ExchangeError, PartnerState
from hakam.exchange.messages import (
    CHANGES,
    HEARD,
    LARGEST,
    PULL,
    PULLED,
    TAKEN,
    WORDS,
    Changes,
    Heard,
    Pull,
    Words,
)
from hakam.exchange.models import Opened, Partner
from hakam.exchange.taking import NotAgreedError

_STATUS = {"unknown-sender": 401, "forged": 401, "misrouted": 421, "replayed": 409}
_THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}")
B = TypeVar("B")


class Answer(NamedTuple):
    """What is answered: an envelope with 200, or else why not, as `{"code", "message"}`."""

    status: int
    body: bytes
    envelope: bool


def receive(text: bytes, *, key: Ed25519PrivateKey, now: datetime) -> Answer:
    """Open an envelope, do what it says in one transaction, and answer. What is refused changes nothing."""
    if len(text) > LARGEST:
        return _refusal(413, "too-large", f"an envelope has at most {LARGEST:,} bytes")
    try:
        envelope = unseal(
            text.decode("ascii", "replace").strip(),
            own=keys.thumbprint(key.public_key()),
            sender=_key_of,
            now=now,
        )
        with transaction.atomic():
            partner = _admit(envelope)
            kind, body = _answer(partner, envelope, now)
            Partner.objects.filter(pk=partner.pk).update(heard_at=now)
    except EnvelopeError as error:
        return _refusal(_STATUS.get(error.code, 400), error.code, str(error))
    except NotAgreedError as error:
        return _refusal(403, "not-agreed", str(error))
    except (ExchangeError, BankError) as error:
        return _refusal(422, "refused", str(error))
    sealed = seal(kind, body, key=key, to=envelope.sender, now=now, answers=envelope.number)
    return Answer(200, sealed.text.encode(), envelope=True)


def forget_opened(now: datetime) -> int:
    """Forget the envelopes whose time is over: nobody can send them again."""
    old = Opened.objects.filter(until__lt=now)
    return old.delete()[0] if old.exists() else 0


def _key_of(thumbprint: str) -> Ed25519PublicKey | None:
    if not _THUMBPRINT.fullmatch(thumbprint):
        return None
    found = Partner.objects.filter(thumbprint=thumbprint).exclude(state=PartnerState.ENDED).first()
    return None if found is None else keys.public_key(found.key)


def _admit(envelope: Envelope) -> Partner:
    """Return who sent it, locked; the envelope counts as opened. Raises `EnvelopeError`."""
    partner = Partner.objects.select_for_update().get(thumbprint=envelope.sender)
    if partner.state != PartnerState.ACTIVE:
        raise EnvelopeError("paused", "nothing is taken from you for the time being")
    try:
        with transaction.atomic():
            Opened.objects.create(sender=envelope.sender, number=envelope.number, until=envelope.until)
    except IntegrityError:
        raise EnvelopeError("replayed", "an envelope of this number was opened before") from None
    return partner


def _answer(partner: Partner, envelope: Envelope, now: datetime) -> tuple[str, Any]:
    match envelope.kind:
        case "changes":
            return TAKEN, taking.take(partner, _read(envelope, Changes), now=now)
        case "pull":
            return PULLED, giving.pages_for(partner, _read(envelope, Pull).have, now=now)
        case "words":
            return HEARD, Heard(words.hear(partner, _read(envelope, Words), now=now))
    known = f"{CHANGES}, {PULL}, {WORDS}"
    raise EnvelopeError("malformed", f"`{envelope.kind[:40]}` is no kind of envelope: {known}")


def _read(envelope: Envelope, kind: type[B]) -> B:
    try:
        return msgspec.convert(envelope.body, kind, builtin_types=())
    except msgspec.ValidationError as error:
        raise EnvelopeError("malformed", str(error)) from error


def _refusal(status: int, code: str, message: str) -> Answer:
    return Answer(status, msgspec.json.encode({"code": code, "message": message}), envelope=False)
