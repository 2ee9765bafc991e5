"""Requests under laws of any country: received, checked element by element, done, answered, each by its clock.

The clock runs from the receipt, not from the moment at which somebody looks. A request that lacks something is kept
all the same; whoever sent it is told exactly what is missing, and the clock begins when it is there, unless the law
lets it run from the start (OSA s.10(3A): within 48 hours of the receipt).
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import msgspec
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from hakam.compliance import deadlines, ledger
from hakam.compliance.access import deadlines_of
from hakam.compliance.clocks import clock as clock_of
from hakam.compliance.facts import FactKind
from hakam.compliance.storable import storable
from hakam.enforcement.kinds import Channel, EffectKind
from hakam.enforcement.letters import letter
from hakam.enforcement.ordered import apply_ordered
from hakam.enforcement.outbox import enqueue
from hakam.enforcement.reverse import reverse
from hakam.intake import named_items
from hakam.regulator import by_hand, keepers
from hakam.regulator.models import Request
from hakam.regulator.regimes import Does, Regime, Said, Sender, missing, reachable, regimes
from hakam.staff.models import User
from hakam.staff.roles import Permission
from hakam.storage.event_log import EventLog
from hakam.storage.vault import Vault
from hakam.vocabulary.actor import SYSTEM, Actor
from hakam.vocabulary.harm import Harm
from hakam.vocabulary.measure import Measure, MeasureKind

MOST_DOCUMENT: Final = 20_000_000  # bytes
MOST_ADDRESSES: Final = 500
_LONGEST: Final = 20_000  # characters of one field


class RequestState(StrEnum):
    """Where a request is."""

    OPEN = "open"
    INCOMPLETE = "incomplete"  # something is missing, and whoever sent it was told what
    CARRIED_OUT = "carried_out"
    ANSWERED = "answered"
    REFUSED = "refused"  # with the reason
    REVERSED = "reversed"  # it was wrong: what it did was taken back


CLOSED: Final = frozenset({RequestState.ANSWERED, RequestState.REFUSED, RequestState.REVERSED})


class RequestError(ValueError):
    """This can't be done. `wrong` maps each field to what is wrong with it. Nothing was changed."""

    def __init__(self, message: str, *, wrong: Mapping[str, str] | None = None) -> None:
        self.wrong = dict(wrong or {})
        super().__init__(message)


def subject_of(request: Request) -> str:
    """Return a request's name in the ledger."""
    return f"request:{request.pk}"


def regime_of(request: Request) -> Regime:
    """Return the regime of a request."""
    return regimes()[request.regime]


def said_in(request: Request) -> Said:
    """Return what a request says, as a value."""
    return msgspec.convert(request.contents, Said)


def receive(
    regime_key: str,
    said: Said,
    *,
    platform: str,
    vault: Vault,
    by: Actor,
    now: datetime,
    log: EventLog | None = None,
    received_at: datetime | None = None,
    document: bytes = b"",
    owner: int | None = None,
    deputy: int | None = None,
) -> Request:
    """Take a request: keep it, start its clocks, put its items on top of the queue, tell the sender and the owner.

    `received_at` is when it reached us, by default now. Raises `RequestError`.
    """
    received = received_at or now
    regime = regimes().get(regime_key)
    if regime is None:
        raise RequestError(_("there is no such kind of request"), wrong={"regime": _("choose one")})
    faults = _faults(regime, said, received, now)
    if len(document) > MOST_DOCUMENT:
        faults["document"] = _("at most 20 MB")
    if faults:
        raise RequestError("; ".join(f"{field}: {what}" for field, what in faults.items()), wrong=faults)
    lacking = missing(regime, said)
    urls = said.urls if regime.does is Does.REMOVE else ()
    found = named_items.freeze(urls, platform, vault=vault, log=log, now=now)
    digest = vault.put(document) if document else ""
    with transaction.atomic():
        ledger.lock()
        request = Request.objects.create(
            token=secrets.token_urlsafe(24),
            platform=platform,
            regime=regime.key,
            state=RequestState.INCOMPLETE if lacking else RequestState.OPEN,
            contents=storable(msgspec.to_builtins(said)),
            document=digest,
            received_at=received,
            complete_at=None if lacking else received,
            owner=owner,
            deputy=deputy,
            hashes=_hashes(found) if regime.copies else [],
        )
        _record(
            FactKind.REQUEST_RECEIVED, request, by=by, now=now,
            body={"regime": regime.key, "law": regime.law, "country": regime.jurisdiction,
                  "received_at": received, "items": len(said.urls), "missing": [one.field for one in lacking],
                  "document": digest},
            private={"issuer": said.issuer, "contact": said.contact, "urls": list(said.urls)},
        )  # fmt: skip
        if regime.receipt:
            deadlines.start(regime.receipt, subject=subject_of(request), by=by, now=received)
        if not lacking or regime.sender is Sender.PERSON:
            # A person's request runs from its receipt: what is missing is asked for while the clock runs.
            _start(request, regime, said, by=by, at=received)
        if found:
            named_items.open_cases(
                found, subject=subject_of(request), harm=said.harm or regime.harm, language=said.language,
                due=min((d.due_at for d in _running(request)), default=None), by=by, now=now,
            )  # fmt: skip
        if reachable(said):
            _acknowledge(request, regime, said, by=by, now=now)
        _tell(request, now=now)
    return request


def _faults(regime: Regime, said: Said, received: datetime, now: datetime) -> dict[str, str]:
    out = {}
    if received > now:
        out["received_at"] = _("this lies ahead")
    try:
        clock_of(regime.clock, at=received)
    except LookupError:
        out["received_at"] = _("this law had no such clock yet on that day")
    if len(said.urls) > MOST_ADDRESSES:
        out["urls"] = _("at most 500 addresses")
    if said.harm and said.harm not in set(Harm):
        out["harm"] = _("choose what it is about")
    if said.due is not None and said.due <= received:
        out["due"] = _("it ends before it begins")
    for field in ("reasons", "questions", "legal_basis", "issuer", "reference", "signature"):
        if len(getattr(said, field)) > _LONGEST:
            out[field] = _("this is too long")
    return out


def _hashes(found: list[named_items.Named]) -> list[list[str]]:
    kept: dict[tuple[str, str], None] = {}
    for one in found:
        for media in one.event.item.media if one.event else ():
            kept |= dict.fromkeys((kind, value.lower()) for kind, value in media.hashes.items())
    return [list(pair) for pair in kept]


def _start(request: Request, regime: Regime, said: Said, *, by: Actor, at: datetime) -> None:
    data = clock_of(regime.clock, at=at)
    length = None
    if said.due is not None and (data.given or (regime.longer and said.due > at + data.length)):
        length = said.due - at
    if data.given and length is None:
        return  # the request sets the period, and does not say it yet
    deadlines.start(regime.clock, subject=subject_of(request), by=by, now=at, length=length)


def _running(request: Request) -> list[Any]:
    return [one for one in deadlines_of(subject_of(request)) if one.met_at is None and one.kind == "act"]


def _acknowledge(request: Request, regime: Regime, said: Said, *, by: Actor, now: datetime) -> None:
    lacking = missing(regime, said)
    with translation.override(said.language):
        paragraphs = [
            _("We have received: %(what)s.") % {"what": regime.words},
            _("Our reference: %(ours)s. Yours: %(theirs)s.")
            % {"ours": request.pk, "theirs": said.reference or "-"},
        ]
        if lacking:
            paragraphs.append(_("To act on it we need this as well; please answer to this letter:"))
            paragraphs += [f"- {one.words} ({one.law})" if one.law else f"- {one.words}" for one in lacking]
        subject = _("Your request has arrived")
    links = ((_said_in(said.language, "How far it is"), f"/q/{request.token}"),) if _is_person(regime) else ()
    _write(
        request, said, EffectKind.ORDER_RECEIPT, subject, paragraphs, key=f"receipt:{now.isoformat()}", now=now,
        links=links,
    )  # fmt: skip
    if regime.receipt:
        deadlines.meet(regime.receipt, subject=subject_of(request), by=by, now=now)
    _record(FactKind.REQUEST_ACKNOWLEDGED, request, by=by, now=now)


def _is_person(regime: Regime) -> bool:
    return regime.sender is Sender.PERSON


def _said_in(language: str, text: str) -> str:
    with translation.override(language):
        return {"How far it is": _("How far it is")}[text]


def complete(request_id: str, said: Said, *, by: Actor, now: datetime) -> Request:
    """Take what was missing, or what was mistyped: the whole request as it reads now. Raises `RequestError`."""
    with transaction.atomic():
        request = locked(request_id)
        regime = regime_of(request)
        _still(request, RequestState.OPEN, RequestState.INCOMPLETE)
        faults = _faults(regime, said, request.received_at, now)
        if faults:
            raise RequestError("; ".join(f"{field}: {what}" for field, what in faults.items()), wrong=faults)
        lacking = missing(regime, said)
        request.contents = storable(msgspec.to_builtins(said))
        request.state = RequestState.INCOMPLETE if lacking else RequestState.OPEN
        if request.complete_at is None and not lacking:
            request.complete_at = now
        request.save(update_fields=["contents", "state", "complete_at"])
        if not lacking and not any(one.clock == regime.clock for one in _running(request)):
            _start(request, regime, said, by=by, at=now)
        _record(
            FactKind.REQUEST_COMPLETED, request, by=by, now=now, body={"missing": [e.field for e in lacking]}
        )
    return request


def measure_of(regime: Regime) -> Measure:
    """Return what is done: an intimate image goes everywhere, an order of a country's authority works there."""
    if regime.sender is Sender.PERSON or not regime.jurisdiction:
        return Measure(MeasureKind.REMOVE)
    return Measure(MeasureKind.WITHHOLD, territory=(regime.jurisdiction,))


def carry_out(request_id: str, *, by: Actor, now: datetime, log: EventLog | None = None) -> Request:
    """Take down what is asked for, or note that the data is kept; then look for identical copies.

    # OSA s.10(3A): the same content wherever it is; TAKE IT DOWN Act: reasonable efforts for known identical copies.
    Raises `RequestError`.
    """
    with transaction.atomic():
        request = locked(request_id)
        regime, said = regime_of(request), said_in(request)
        _still(request, RequestState.OPEN)
        if regime.does is Does.ANSWER:
            raise RequestError(_("this request is answered, not carried out"))
        if regime.does is Does.REMOVE:
            for ref, url, author in named_items.located(said.urls, request.platform):
                apply_ordered(
                    ref, measure_of(regime), order=subject_of(request), by=by, now=now, item_url=url, author_id=author
                )  # fmt: skip
        names = _concerned(request, said)
        if regime.keep and names:
            # What is to be preserved runs from the receipt, what was removed is kept from its removal on.
            at = now if regime.does is Does.REMOVE else request.received_at
            deadlines.start(regime.keep, subject=subject_of(request), by=by, now=at)
        request.state, request.carried_out_at = RequestState.CARRIED_OUT, now
        request.copies_from = log.last_seq() if request.hashes and log is not None else 0
        request.save(update_fields=["state", "carried_out_at", "copies_from"])
        kept = [one for one in deadlines_of(subject_of(request)) if one.clock == regime.keep]
        _record(
            FactKind.REQUEST_CARRIED_OUT, request, by=by, now=now,
            body={"items": len(said.urls), "law": regime.law, "keep_until": kept[0].due_at if kept else None},
            about=names,
        )  # fmt: skip
        if regime.does is Does.REMOVE:
            deadlines.meet(regime.clock, subject=subject_of(request), by=by, now=now)
    return request


def _concerned(request: Request, said: Said) -> tuple[str, ...]:
    """Return the names in the ledger of the items and the accounts that a request is about."""
    names: dict[str, None] = {}
    for ref, _url, author in named_items.located(said.urls, request.platform):
        names[f"item:{ref}"] = None
        if author:
            names[f"account:{request.platform}/{author}"] = None
    names |= dict.fromkeys(f"account:{request.platform}/{account}" for account in said.accounts)
    return tuple(names)


def prolong(request_id: str, *, by: Actor, now: datetime, until: datetime, because: str) -> Request:
    """Keep for longer what an authority asked to preserve, no longer than its law allows. Raises `RequestError`.

    # e-Evidence Art. 11(1): sixty days, and thirty more where the authority asks for them.
    """
    because = _said(because, _("say who wants it kept for longer"))
    with transaction.atomic():
        request = locked(request_id)
        regime = regime_of(request)
        _still(request, RequestState.CARRIED_OUT, RequestState.ANSWERED)
        if regime.does is not Does.PRESERVE:
            raise RequestError(_("nothing is preserved on this request"))
        try:
            deadlines.extend(
                regime.keep, subject=subject_of(request), by=by, now=now, to=until, reason=because
            )
        except deadlines.DeadlineError as error:
            raise RequestError(str(error)) from error
        _record(
            FactKind.REQUEST_PROLONGED, request, by=by, now=now, body={"keep_until": until},
            private={"because": because},
        )  # fmt: skip
    return request


def answer(request_id: str, *, by: Actor, now: datetime, text: str) -> Request:
    """Answer whoever asked: what was done, or what was asked for. Raises `RequestError`."""
    text = _said(text, _("write the answer"))
    with transaction.atomic():
        request = locked(request_id)
        regime = regime_of(request)
        if regime.does is Does.ANSWER:
            _still(request, RequestState.OPEN)
        else:
            _still(request, RequestState.CARRIED_OUT)
        _close(request, regime, RequestState.ANSWERED, text, by=by, now=now)
        _record(FactKind.REQUEST_ANSWERED, request, by=by, now=now, private={"text": text})
        for key in regime.then:
            by_hand.begin(
                key, platform=request.platform, because=regime.law, about=said_in(request).reference, by=by, now=now
            )  # fmt: skip
    return request


def refuse(request_id: str, *, by: Actor, now: datetime, because: str) -> Request:
    """Refuse a request, and say why: it is no such content, or nobody who may ask. Raises `RequestError`."""
    because = _said(because, _("say why it is refused"))
    with transaction.atomic():
        request = locked(request_id)
        _still(request, RequestState.OPEN, RequestState.INCOMPLETE)
        _close(request, regime_of(request), RequestState.REFUSED, because, by=by, now=now)
        _record(FactKind.REQUEST_REFUSED, request, by=by, now=now, private={"because": because})
    return request


def take_back(request_id: str, *, by: Actor, now: datetime, because: str) -> Request:
    """Take back what was done on a request that turned out to be wrong. Raises `RequestError`."""
    because = _said(because, _("say why it is taken back"))
    with transaction.atomic():
        request = locked(request_id)
        _still(request, RequestState.CARRIED_OUT, RequestState.ANSWERED)
        if regime_of(request).does is not Does.REMOVE:
            raise RequestError(_("nothing was taken down on this request"))
        reverse(by=by, now=now, decision=subject_of(request), because=because)
        request.state, request.copies_from = RequestState.REVERSED, 0
        request.save(update_fields=["state", "copies_from"])
        _record(FactKind.REQUEST_REVERSED, request, by=by, now=now, private={"because": because})
    return request


def _close(
    request: Request, regime: Regime, state: RequestState, text: str, *, by: Actor, now: datetime
) -> None:
    said = said_in(request)
    request.state, request.answered_at, request.answer = state, now, text
    request.save(update_fields=["state", "answered_at", "answer"])
    for clock in (regime.clock, regime.receipt):
        if clock and clock_of(clock).kind == "act":
            deadlines.meet(clock, subject=subject_of(request), by=by, now=now)
    if reachable(said):
        with translation.override(said.language):
            subject, title = _("The answer to your request"), regime.words
            reference = _("Our reference: %(ours)s. Yours: %(theirs)s.") % {
                "ours": request.pk,
                "theirs": said.reference or "-",
            }
        _write(
            request, said, EffectKind.ORDER_ANSWER, subject, [title, reference, text], key="answer", now=now
        )  # fmt: skip


def assign(request_id: str, *, owner: int | None, deputy: int | None, by: Actor, now: datetime) -> Request:
    """Say whose it is, and who stands in. Two people, both able to handle it. Raises `RequestError`."""
    with transaction.atomic():
        request = locked(request_id)
        for pk in (owner, deputy):
            person = User.objects.filter(pk=pk).first() if pk is not None else None
            if pk is not None and (person is None or not person.may(Permission.REGULATOR_HANDLE)):
                raise RequestError(_("choose people who may handle requests"))
        if owner is not None and owner == deputy:
            raise RequestError(_("the deputy is somebody else than the owner"))
        request.owner, request.deputy = owner, deputy
        request.save(update_fields=["owner", "deputy"])
        _record(FactKind.REQUEST_ASSIGNED, request, by=by, now=now, body={"owner": owner, "deputy": deputy})
        _tell(request, now=now)
    return request


def hand_over(*, now: datetime, by: Actor = SYSTEM) -> int:
    """Tell the deputy of each request whose owner is away or gone, and the owner who is back; return how many."""
    moved = 0
    for pk in list(Request.objects.exclude(state__in=CLOSED).values_list("pk", flat=True)):
        with transaction.atomic():
            request = Request.objects.select_for_update().get(pk=pk)
            if request.state not in CLOSED and _tell(request, now=now):
                moved += 1
                _record(FactKind.REQUEST_HANDED_OVER, request, by=by, now=now, body={"to": request.told})
    return moved


def _tell(request: Request, *, now: datetime) -> bool:
    """Write to whoever looks after it now, once for each change. Whether anybody else than before was told."""
    people = keepers.whom_to_tell(request.owner, request.deputy, now=now)
    names = " ".join(str(one.actor) for one in people)[:160]
    if names == request.told or not people:
        return False
    for person in people:
        with translation.override(person.language):
            words = letter(
                to=person.email,
                language=person.language,
                subject=_("A request is yours"),
                paragraphs=[regime_of(request).words],
                links=((_("The request"), f"/desk/requests/{request.pk}"),),
            )
        enqueue(
            now=now,
            key=f"request:{request.pk}:told:{person.pk}:{now.isoformat()}",
            platform="",
            channel=Channel.EMAIL,
            kind=EffectKind.STAFF_ALERT,
            payload=words,
        )
    request.told = names
    request.save(update_fields=["told"])
    return True


def _said(text: str, otherwise: str) -> str:
    text = storable(text).strip()
    if not text:
        raise RequestError(otherwise)
    return text[:_LONGEST]


def _still(request: Request, *states: RequestState) -> None:
    if request.state not in states:
        raise RequestError(_("this can't be done with the request any more: look at its state"))


def locked(request_id: str) -> Request:
    """Return a request, locked until the transaction ends. Raises `RequestError`."""
    ledger.lock()
    request = Request.objects.select_for_update().filter(pk=request_id).first()
    if request is None:
        raise RequestError(_("there is no such request"))
    return request


def _write(
    request: Request,
    said: Said,
    kind: EffectKind,
    subject: str,
    paragraphs: list[str],
    *,
    key: str,
    now: datetime,
    links: tuple[tuple[str, str], ...] = (),
) -> None:
    enqueue(
        now=now,
        key=f"request:{request.pk}:{key}",
        platform=request.platform,
        channel=Channel.EMAIL,
        kind=kind,
        payload=letter(
            to=said.contact.strip(), language=said.language, subject=subject, paragraphs=paragraphs, links=links
        ),
        stream=f"request:{request.pk}#email",
    )  # fmt: skip


def _record(
    kind: FactKind,
    request: Request,
    *,
    by: Actor,
    now: datetime,
    body: Mapping[str, Any] | None = None,
    private: Mapping[str, Any] | None = None,
    about: tuple[str, ...] = (),
) -> None:
    ledger.record(
        kind,
        by=by,
        now=now,
        subject=subject_of(request),
        about=about,
        body={"platform": request.platform, **(body or {})},
        private=private,
    )
