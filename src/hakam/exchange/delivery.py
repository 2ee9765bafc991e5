"""Sending: pages and words to each partner as soon as there is something, and asking each now and then what we lack.

Each partner is served by one thread at a time, apart from the others: one that does not answer delays nobody. Nothing
is on the network inside a transaction.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any, Final, Protocol, TypeVar

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.db import connections, transaction
from django.db.models import Q

from hakam.banks.kinds import BankError
from hakam.exchange import giving, keys, taking, words
from hakam.exchange.envelope import EnvelopeError, seal, unseal
from hakam.exchange.kinds import ExchangeError, PartnerState
from hakam.exchange.messages import CHANGES, HEARD, PULL, PULLED, TAKEN, WORDS, Heard, Pull, Pulled, Taken
from hakam.exchange.models import Given, Partner, WordOut

PULL_EVERY: Final = timedelta(seconds=60)
LONGEST_WAIT: Final = 30.0  # seconds between two tries
_FIRST_WAIT: Final = 0.5
_MOST_ROUNDS: Final = 10_000  # envelopes in one go
_THREADS: Final = 16
_LOG: Final = logging.getLogger(__name__)
B = TypeVar("B")


class UnreachableError(ExchangeError):
    """A partner did not answer, or not as agreed. It is tried again."""


class Reach(Protocol):
    """How a partner is reached."""

    def post(self, address: str, body: bytes) -> tuple[int, bytes]:
        """Post an envelope and return status and body of the answer. Raises `UnreachableError`."""
        ...


def serve(partner: Partner, *, reach: Reach, key: Ed25519PrivateKey, clock: Callable[[], datetime]) -> int:
    """Tell a partner all that there is to tell, and ask it if that is due; return how many envelopes that took.

    Raises `UnreachableError`; what was confirmed before stays so.
    """
    said = 0
    for _ in range(_MOST_ROUNDS):
        page = giving.next_page(partner, now=clock())
        if page is None:
            break
        taken = _converse(partner, CHANGES, page, TAKEN, Taken, reach=reach, key=key, clock=clock)
        said += 1
        giving.acknowledge(partner, page, taken, now=clock())
    while (found := words.due(partner))[0].words:
        _converse(partner, WORDS, found[0], HEARD, Heard, reach=reach, key=key, clock=clock)
        said += 1
        words.told(partner, *found, now=clock())
    if partner.pull_at is None or partner.pull_at <= clock():
        said += pull(partner, reach=reach, key=key, clock=clock)
    return said


def pull(partner: Partner, *, reach: Reach, key: Ed25519PrivateKey, clock: Callable[[], datetime]) -> int:
    """Ask a partner for what we lack until there is nothing more; return how many envelopes that took."""
    said, more = 0, True
    while more and said < _MOST_ROUNDS:
        have = Pull(tuple(taking.standing(partner)))
        answer = _converse(partner, PULL, have, PULLED, Pulled, reach=reach, key=key, clock=clock)
        said += 1
        for page in answer.pages:
            try:
                taking.take(partner, page, now=clock())
            except (ExchangeError, BankError) as error:
                _LOG.warning("a page of %s was not taken: %s", partner.name, error)
        more = answer.more and bool(answer.pages) and taking.standing(partner) != list(have.have)
    Partner.objects.filter(pk=partner.pk).update(pull_at=clock() + PULL_EVERY)
    return said


def _converse(
    partner: Partner,
    kind: str,
    body: Any,
    expected: str,
    shape: type[B],
    *,
    reach: Reach,
    key: Ed25519PrivateKey,
    clock: Callable[[], datetime],
) -> B:
    """Send an envelope and return what the genuine answer to it says. Raises `UnreachableError`."""
    sent = seal(kind, body, key=key, to=partner.thumbprint, now=clock())
    status, answer = reach.post(partner.address, sent.text.encode())
    if status != 200:  # noqa: PLR2004 -- HTTP's word for "done"
        raise UnreachableError(f"{status}: {answer[:300].decode('utf-8', 'replace')}")
    their = keys.public_key(partner.key)

    def sender(thumbprint: str) -> Ed25519PublicKey | None:
        return their if thumbprint == partner.thumbprint else None

    own = keys.thumbprint(key.public_key())
    try:
        opened = unseal(answer.decode("ascii", "replace").strip(), own=own, sender=sender, now=clock())
        if opened.kind != expected or opened.answers != sent.number:
            raise UnreachableError("the answer is to another envelope")
        return msgspec.convert(opened.body, shape, builtin_types=())
    except (EnvelopeError, msgspec.ValidationError) as error:
        raise UnreachableError(f"the answer is no genuine envelope: {error}") from error


def note_outcome(partner: Partner, error: str, *, now: datetime) -> None:
    """Note whether a partner could be reached, and when it is tried again: full jitter, doubled each time."""
    with transaction.atomic():
        row = Partner.objects.select_for_update().get(pk=partner.pk)
        if not error:
            if row.failures or row.reached_at is None or now - row.reached_at > timedelta(seconds=10):
                row.failures, row.next_at, row.last_error, row.reached_at = 0, None, "", now
                row.save(update_fields=_OUTCOME)
            return
        row.failures += 1
        wait = min(LONGEST_WAIT, _FIRST_WAIT * 2.0 ** min(row.failures - 1, 10))
        row.next_at = now + timedelta(seconds=random.uniform(wait / 2, wait))  # noqa: S311 -- spreads tries, hides nothing
        row.last_error = error[:2_000]
        row.save(update_fields=_OUTCOME)


_OUTCOME: Final = ["failures", "next_at", "last_error", "reached_at"]


class Courier:
    """Serves partners in threads of their own. `look` starts what is due and waits for nobody."""

    def __init__(
        self, reach: Reach, key: Callable[[], Ed25519PrivateKey], *, clock: Callable[[], datetime]
    ) -> None:
        self._reach, self._key, self._clock = reach, key, clock
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="exchange")
        self._busy: set[int] = set()
        self._lock = threading.Lock()
        self._seen: dict[int, object] = {}

    def look(self, now: datetime) -> int:
        """Start serving every partner for whom there may be something; return how many."""
        words.note_seen(now)
        state = giving.state(now)
        started = 0
        ready = Partner.objects.filter(state=PartnerState.ACTIVE).filter(
            Q(next_at=None) | Q(next_at__lte=now)
        )
        for partner in ready.order_by("pk"):
            with self._lock:
                busy = partner.pk in self._busy
            pulls = partner.pull_at is None or partner.pull_at <= now
            fresh = (state, partner.failures, _pending(partner))
            if busy or not (pulls or self._seen.get(partner.pk) != fresh):
                continue
            self._seen[partner.pk] = fresh
            with self._lock:
                self._busy.add(partner.pk)
            self._pool.submit(self._serve, partner)
            started += 1
        return started

    def _serve(self, partner: Partner) -> None:
        error = ""
        try:
            serve(partner, reach=self._reach, key=self._key(), clock=self._clock)
        except UnreachableError as unreached:
            error = str(unreached) or "no answer"
        except Exception as failure:  # noqa: BLE001 -- a partner's trouble must not end the thread unseen
            _LOG.exception("the exchange with %s failed", partner.name)
            error = f"{type(failure).__name__}: {failure}"
        try:
            note_outcome(partner, error, now=self._clock())
            if error:
                self._seen.pop(partner.pk, None)
        except Exception:  # noqa: BLE001 -- the same
            _LOG.exception("the exchange with %s could not be noted", partner.name)
            self._seen.pop(partner.pk, None)
        finally:
            with self._lock:
                self._busy.discard(partner.pk)
            connections.close_all()

    def close(self) -> None:
        """Let what is under way end, and begin nothing else."""
        self._pool.shutdown(wait=True, cancel_futures=True)


def _pending(partner: Partner) -> object:
    words_due = WordOut.objects.filter(taken__mirror__partner=partner, told_at=None).order_by("-pk")
    closing = Given.objects.filter(partner=partner, closing=True).count()
    return words_due.values_list("pk", "at").first(), closing
