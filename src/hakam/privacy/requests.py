"""Requests of people about their data (GDPR Art. 12, 15 to 21): received, identified, prepared, released, answered.

One month from receipt, two more for a reason that the person is told (GDPR Art. 12(3)). What is given or erased is
prepared by one person and released by another. The searching and erasing itself is the worker's, in bounded steps.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from django.db import transaction
from django.utils import translation
from django.utils.timezone import get_default_timezone
from django.utils.translation import gettext as _

from hakam.compliance import deadlines, ledger
from hakam.compliance.calendar import end_of_period
from hakam.compliance.facts import FactKind
from hakam.compliance.storable import storable
from hakam.enforcement.kinds import Channel, EffectKind
from hakam.enforcement.letters import letter
from hakam.enforcement.outbox import enqueue
from hakam.privacy import request_letters
from hakam.privacy.models import Subject
from hakam.storage.vault import Vault
from hakam.vocabulary.actor import Actor

CLOCK: Final = "gdpr.request"
MONTHS: Final = 3  # with the extension, GDPR Art. 12(3)


class RequestKind(StrEnum):
    """What a person asks for."""

    ACCESS = "access"  # GDPR Art. 15, and GDPR Art. 20: a copy, readable by people and machines
    ERASURE = "erasure"  # GDPR Art. 17
    RECTIFICATION = "rectification"  # GDPR Art. 16
    OBJECTION = "objection"  # GDPR Art. 21


class RequestState(StrEnum):
    """Where a request is."""

    RECEIVED = "received"  # it is not sure yet who asks
    IDENTIFIED = "identified"
    GATHERING = "gathering"  # the worker looks through what is held
    PREPARED = "prepared"  # for a second person
    ERASING = "erasing"  # released; the worker erases
    WAITING = "waiting"  # erased, but for what is being decided; the worker goes on when it is over
    ANSWERED = "answered"
    REFUSED = "refused"


class RefusalGround(StrEnum):
    """Why a request is refused. The person is told, with the ways to object (GDPR Art. 12(4))."""

    UNFOUNDED = "unfounded"  # GDPR Art. 12(5): manifestly unfounded or excessive
    UNIDENTIFIED = "unidentified"  # GDPR Art. 12(6), GDPR Art. 11(2)
    EXPRESSION = "expression"  # GDPR Art. 17(3)(a)
    OBLIGATION = "obligation"  # GDPR Art. 17(3)(b)
    ARCHIVE = "archive"  # GDPR Art. 17(3)(d)
    CLAIMS = "claims"  # GDPR Art. 17(3)(e)
    OTHERS = "others"  # GDPR Art. 15(4): rights of others
    COMPELLING = "compelling"  # GDPR Art. 21(1)


_OF_KIND: Final[dict[RequestKind, frozenset[RefusalGround]]] = {
    RequestKind.ACCESS: frozenset({RefusalGround.OTHERS}),
    RequestKind.ERASURE: frozenset(
        {RefusalGround.EXPRESSION, RefusalGround.OBLIGATION, RefusalGround.ARCHIVE, RefusalGround.CLAIMS}
    ),
    RequestKind.RECTIFICATION: frozenset({RefusalGround.OBLIGATION}),
    RequestKind.OBJECTION: frozenset({RefusalGround.COMPELLING, RefusalGround.CLAIMS}),
}
_ALWAYS: Final = frozenset({RefusalGround.UNFOUNDED, RefusalGround.UNIDENTIFIED})
_SEARCHED: Final = frozenset({RequestKind.ACCESS, RequestKind.ERASURE})
_OVER: Final = frozenset({RequestState.ANSWERED, RequestState.REFUSED})


class RequestError(ValueError):
    """This can't be done with a request. Nothing was changed."""


def subject_of(request: Subject) -> str:
    """Return a request's name in the ledger."""
    return f"data_request:{request.pk}"


def grounds_of(kind: str) -> list[RefusalGround]:
    """Return on which grounds a request of a kind can be refused."""
    return sorted(_OF_KIND[RequestKind(kind)] | _ALWAYS)


def receive(
    kind: str,
    *,
    platform: str,
    account: str,
    by: Actor,
    now: datetime,
    email: str = "",
    language: str = "en",
    words: str = "",
    received_at: datetime | None = None,
) -> Subject:
    """Enter a request; its clock runs from the day on which it came. Raises `RequestError`."""
    account, email, words = storable(account).strip(), storable(email).strip(), storable(words).strip()
    if kind not in set(RequestKind):
        raise RequestError(_("say what the person asks for"))
    if not account or len(account) > 512 or not platform:  # noqa: PLR2004 -- the length of an account's id
        raise RequestError(_("name the account by its id on the platform"))
    if email and ("@" not in email or len(email) > 320):  # noqa: PLR2004 -- RFC 5321
        raise RequestError(_("this is no e-mail address"))
    if kind in {RequestKind.RECTIFICATION, RequestKind.OBJECTION} and not words:
        raise RequestError(_("write down what the person asks for"))
    came = received_at or now
    if came > now:
        raise RequestError(_("a request can't have come in the future"))
    with transaction.atomic():
        ledger.lock()
        made = Subject.objects.create(
            platform=platform, account=account, kind=kind, state=RequestState.RECEIVED, email=email,
            language=language, words=words, received_at=came, entered_by=str(by),
        )  # fmt: skip
        deadlines.start(CLOCK, subject=subject_of(made), by=by, now=came)
        _record(
            FactKind.DATA_REQUEST_RECEIVED, made, by=by, now=now, private={"words": words, "email": email}
        )
    return made


def identify(request_id: str, *, how: str, by: Actor, now: datetime) -> Subject:
    """Note how it was made sure that the account's owner asks (GDPR Art. 12(6)). Raises `RequestError`."""
    how = storable(how).strip()
    if not how:
        raise RequestError(_("say how it was made sure who asks"))
    with transaction.atomic():
        request = locked(request_id)
        _must(request, RequestState.RECEIVED)
        request.state = RequestState.GATHERING if request.kind in _SEARCHED else RequestState.IDENTIFIED
        request.identity, request.identified_by, request.identified_at = how, str(by), now
        request.working = request.kind in _SEARCHED
        request.save(update_fields=["state", "identity", "identified_by", "identified_at", "working"])
        _record(FactKind.DATA_REQUEST_IDENTIFIED, request, by=by, now=now, private={"how": how})
    return request


def extend(request_id: str, *, because: str, by: Actor, now: datetime) -> Subject:
    """Take two more months, and tell the person why (GDPR Art. 12(3)), within the first. Raises `RequestError`."""
    because = storable(because).strip()
    if not because:
        raise RequestError(_("say why it takes longer; the person reads it"))
    with transaction.atomic():
        request = locked(request_id)
        if request.state in {*_OVER, RequestState.WAITING}:
            raise RequestError(_("the request is closed"))
        if request.extended_because:
            raise RequestError(_("it was extended once already"))
        if now >= _month(request, 1):
            raise RequestError(_("the first month is over: it can't be extended any more"))
        request.extended_because = because
        request.save(update_fields=["extended_because"])
        deadlines.extend(
            CLOCK, subject=subject_of(request), by=by, now=now, to=_month(request, MONTHS), reason=because
        )
        _tell(request, request_letters.extended(request), key="extended", now=now)
        _record(FactKind.DATA_REQUEST_EXTENDED, request, by=by, now=now, private={"because": because})
    return request


def prepared(
    request: Subject, *, document: str, outcome: dict[str, Any], by: Actor, now: datetime
) -> Subject:
    """Note that everything was found: a person looks, and another releases it. For the worker."""
    with transaction.atomic():
        kept = locked(str(request.pk))
        if kept.state != RequestState.GATHERING:
            return kept
        kept.state, kept.working, kept.document, kept.outcome = (
            RequestState.PREPARED,
            False,
            document,
            outcome,
        )
        kept.prepared_at, kept.prepared_by = now, kept.identified_by
        kept.save(update_fields=["state", "working", "document", "outcome", "prepared_at", "prepared_by"])
        _record(
            FactKind.DATA_REQUEST_PREPARED,
            kept,
            by=by,
            now=now,
            body={"figures": outcome, "document": document},
        )
    return kept


def gather_again(request_id: str, *, by: Actor, now: datetime) -> Subject:
    """Look through everything once more, as when time has passed since. Raises `RequestError`."""
    with transaction.atomic():
        request = locked(request_id)
        _must(request, RequestState.PREPARED)
        request.state, request.working, request.cursor, request.found = RequestState.GATHERING, True, 0, []
        request.identified_by = str(by)
        request.save(update_fields=["state", "working", "cursor", "found", "identified_by"])
        _record(FactKind.DATA_REQUEST_IDENTIFIED, request, by=by, now=now, body={"again": True})
    return request


def release(request_id: str, *, by: Actor, now: datetime) -> Subject:
    """Release what somebody else prepared: the copy is ready to be handed over, or the erasure begins.

    Raises `RequestError`.
    """
    with transaction.atomic():
        request = locked(request_id)
        _must(request, RequestState.PREPARED)
        if request.prepared_by == str(by):
            raise RequestError(_("somebody else must release what you prepared"))
        request.released_by, request.released_at = str(by), now
        if request.kind == RequestKind.ERASURE:
            request.state, request.working = RequestState.ERASING, True
        else:
            request.state, request.closed_at = RequestState.ANSWERED, now
            deadlines.meet(CLOCK, subject=subject_of(request), by=by, now=now)
            _tell(request, request_letters.ready(request), key="answer", now=now)
        request.save(update_fields=["released_by", "released_at", "state", "working", "closed_at"])
        _record(FactKind.DATA_REQUEST_RELEASED, request, by=by, now=now, body={"document": request.document})
    return request


def waits(request: Subject, *, outcome: dict[str, Any], by: Actor, now: datetime) -> Subject:
    """Note that what can go is gone, and that the rest is being decided; the person is told both. For the worker.

    The person knows within the month what was done (GDPR Art. 12(3)); the request stays open until the rest is gone.
    """
    with transaction.atomic():
        kept = locked(str(request.pk))
        if kept.state != RequestState.ERASING:
            return kept
        first = "waited" not in kept.outcome
        done = {name: kept.outcome[name] for name in ("going", "named") if name in kept.outcome}
        kept.state, kept.working, kept.found = RequestState.WAITING, False, []
        kept.outcome = {**done, **outcome, "waited": True}
        kept.save(update_fields=["state", "working", "outcome", "found"])
        deadlines.meet(CLOCK, subject=subject_of(kept), by=by, now=now)
        if first:
            _tell(kept, request_letters.erased(kept), key="waits", now=now)
        _record(FactKind.DATA_REQUEST_WAITS, kept, by=by, now=now, body={"figures": outcome})
    return kept


def go_on(request: Subject) -> None:
    """Let the worker erase what a request waited for. For the worker."""
    with transaction.atomic():
        kept = locked(str(request.pk))
        if kept.state == RequestState.WAITING:
            kept.state, kept.working = RequestState.ERASING, True
            kept.save(update_fields=["state", "working"])


def erased(request: Subject, *, outcome: dict[str, Any], by: Actor, now: datetime) -> Subject:
    """Note that all that can go is gone, and tell the person what stays and why. For the worker."""
    with transaction.atomic():
        kept = locked(str(request.pk))
        if kept.state != RequestState.ERASING:
            return kept
        kept.state, kept.working, kept.closed_at, kept.outcome = RequestState.ANSWERED, False, now, outcome
        kept.found = []
        kept.save(update_fields=["state", "working", "closed_at", "outcome", "found"])
        deadlines.meet(CLOCK, subject=subject_of(kept), by=by, now=now)
        _tell(kept, request_letters.erased(kept), key="answer", now=now)
        _record(FactKind.DATA_REQUEST_ANSWERED, kept, by=by, now=now, body={"figures": outcome})
    return kept


def answer(request_id: str, *, text: str, by: Actor, now: datetime) -> Subject:
    """Answer a rectification or an objection that was followed. Raises `RequestError`."""
    text = storable(text).strip()
    if not text:
        raise RequestError(_("say what was done; the person reads it"))
    with transaction.atomic():
        request = locked(request_id)
        if request.kind in _SEARCHED:
            raise RequestError(_("this request is answered by what is prepared and released"))
        _must(request, RequestState.IDENTIFIED)
        request.answer = text
        _close(request, RequestState.ANSWERED, by=by, now=now)
        _tell(request, request_letters.answered(request), key="answer", now=now)
        _record(FactKind.DATA_REQUEST_ANSWERED, request, by=by, now=now, private={"answer": text})
    return request


def refuse(request_id: str, *, ground: str, text: str, by: Actor, now: datetime) -> Subject:
    """Refuse a request on a ground that the law knows, with reasons (GDPR Art. 12(4)). Raises `RequestError`."""
    text = storable(text).strip()
    with transaction.atomic():
        request = locked(request_id)
        if request.state in {*_OVER, RequestState.ERASING, RequestState.WAITING}:
            raise RequestError(_("the request is closed"))
        if ground not in grounds_of(request.kind):
            raise RequestError(_("choose a ground that the law knows for this request"))
        if not text:
            raise RequestError(_("say why; the person reads it"))
        request.ground, request.answer = ground, text
        _close(request, RequestState.REFUSED, by=by, now=now)
        _tell(request, request_letters.refused(request), key="answer", now=now)
        _record(
            FactKind.DATA_REQUEST_REFUSED,
            request,
            by=by,
            now=now,
            body={"ground": ground},
            private={"text": text},
        )
    return request


def hand_over(request_id: str, *, vault: Vault, by: Actor, now: datetime) -> bytes:
    """Return the released copy, for whoever hands it over; every copy taken is a fact. Raises `RequestError`."""
    with transaction.atomic():
        request = locked(request_id)
        if request.released_at is None or not request.document or request.kind != RequestKind.ACCESS:
            raise RequestError(_("nothing is released"))
        document = vault.get(request.document)
        _record(FactKind.DATA_REQUEST_TAKEN, request, by=by, now=now, body={"document": request.document})
    return document


def look_at(request_id: str, *, vault: Vault, by: Actor, now: datetime) -> bytes:
    """Return what is prepared, for who is to release it; a look at personal data is a fact. Raises `RequestError`."""
    with transaction.atomic():
        request = locked(request_id)
        if not request.document or request.state not in {RequestState.PREPARED, RequestState.ANSWERED}:
            raise RequestError(_("nothing is prepared"))
        document = vault.get(request.document)
        ledger.record(
            FactKind.PERSONAL_DATA_REVEALED, by=by, now=now, subject=subject_of(request),
            body={"digests": [request.document]},
        )  # fmt: skip
    return document


def locked(request_id: str) -> Subject:
    """Return a request, locked until the transaction ends. Raises `RequestError`."""
    ledger.lock()
    found = Subject.objects.select_for_update().filter(pk=request_id).first()
    if found is None:
        raise RequestError(_("there is no such request"))
    return found


def listed(*, limit: int = 200) -> list[Subject]:
    """Return the requests, the open ones first, the oldest of them on top."""
    found = list(Subject.objects.order_by("-received_at")[:limit])
    return sorted(found, key=lambda one: (one.closed_at is not None, one.received_at))


def by_id(request_id: str) -> Subject | None:
    """Return one request, or None."""
    return Subject.objects.filter(pk=request_id).first()


def working() -> list[Subject]:
    """Return the requests for which the worker has something to do, the oldest first."""
    return list(Subject.objects.filter(working=True).order_by("received_at"))


def waiting() -> list[Subject]:
    """Return the requests that wait until something is decided, the oldest first."""
    return list(Subject.objects.filter(state=RequestState.WAITING).order_by("received_at"))


def _month(request: Subject, number: int) -> datetime:
    """Return the end of the nth month after receipt (GDPR Art. 12(3); No 1182/71, Art. 3), as its clock counts."""
    return end_of_period(request.received_at, number, get_default_timezone())


def _must(request: Subject, state: RequestState) -> None:
    if request.state != state:
        raise RequestError(
            _("the request is closed")
            if request.state in _OVER
            else _("the request is not that far, or further")
        )


def _close(request: Subject, state: RequestState, *, by: Actor, now: datetime) -> None:
    request.state, request.closed_at, request.working = state, now, False
    request.released_by, request.released_at = str(by), now
    request.save(
        update_fields=["state", "closed_at", "working", "released_by", "released_at", "ground", "answer"]
    )
    deadlines.meet(CLOCK, subject=subject_of(request), by=by, now=now)


def _tell(request: Subject, told: request_letters.Told, *, key: str, now: datetime) -> None:
    """Write to the person, where an address is known; otherwise whoever handed the request in tells them."""
    if not request.email:
        return
    with translation.override(request.language):
        enqueue(
            now=now, key=f"data_request:{request.pk}:{key}", platform=request.platform, channel=Channel.EMAIL,
            kind=EffectKind.DATA_REQUEST_ANSWER, stream=f"data_request:{request.pk}#email",
            payload=letter(
                to=request.email, language=request.language, subject=told.subject,
                paragraphs=list(told.paragraphs),
            ),
        )  # fmt: skip


def _record(
    kind: FactKind,
    request: Subject,
    *,
    by: Actor,
    now: datetime,
    body: dict[str, Any] | None = None,
    private: dict[str, str] | None = None,
) -> None:
    ledger.record(
        kind, by=by, now=now, subject=subject_of(request),
        body={"platform": request.platform, "kind": request.kind, **(body or {})},
        private=private if private and any(private.values()) else None,
    )  # fmt: skip
