"""Notices by the fast path (DSA Art. 16): checked, made durable in a log of their own, and receipted at once.

A live item may be reported by millions within minutes. Nothing here opens a case: the worker reads the log, and what
is acknowledged is in it. A platform hands in its users' notices under its key, each under an id of its own, so that
one that is sent twice is one; anybody else sends single ones, slowed only when one address sends very many.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import logging
import secrets
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

import msgspec

from hakam.door.commit import GroupCommit
from hakam.door.decode import JSON, NDJSON, unreadable
from hakam.door.problems import ProblemKind, encode
from hakam.door.visit import JSON_HEADERS, MULTI_STATUS, Answer, refuse
from hakam.intake.throttle import Throttle
from hakam.storage.event_log import Appended, Entry, EventLog, LogFullError
from hakam.storage.published import Published, PublishedKey
from hakam.vocabulary.event import ItemRef
from hakam.vocabulary.notice import LOGGED_AS, LoggedNotice, OpenedMessage, Submission, faults
from hakam.vocabulary.problem import Problem

SCOPE: Final = "notices:write"
MAX_NOTICES: Final = 1_000  # in one request
MAX_KEY: Final = 200  # characters of the platform's own id
MAX_BYTES: Final = 128 * 1024  # of one notice by anybody
ACCEPTED: Final = 202
_ROUND: Final = 100  # notices checked before other requests get a turn
_IPV6_HOUSEHOLD: Final = 64  # bits of an address that one connection is given
_UNREADABLE = (msgspec.MsgspecError, RecursionError, UnicodeDecodeError)
_log = logging.getLogger("hakam.door")


class _Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kind: str
    id: str


class NoticeForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What comes over the wire: the fields of the control interface, and the platform's own id of the notice."""

    harm: str
    explanation: str
    id: str = ""
    urls: tuple[str, ...] = ()
    items: tuple[_Item, ...] = ()
    messages: tuple[OpenedMessage, ...] = ()
    illegal: bool = True
    clause: str = ""
    name: str = ""
    email: str = ""
    notifier: str = ""
    good_faith: str = ""
    language: str = "en"


class Receipt(msgspec.Struct, frozen=True):
    """The confirmation (Art. 16(4)), as it stands in the log. `digest` tells a repeat from another notice."""

    id: str
    received_at: datetime
    token: str
    digest: str


class _Envelope(msgspec.Struct, forbid_unknown_fields=True):
    notices: list[msgspec.Raw]


_decode_form = msgspec.json.Decoder(NoticeForm).decode
_decode_list = msgspec.json.Decoder(list[msgspec.Raw]).decode
_decode_envelope = msgspec.json.Decoder(_Envelope).decode
_decode_receipt = msgspec.json.Decoder(Receipt).decode
_encode = msgspec.json.Encoder().encode


def token_of(number: uuid.UUID) -> str:
    """Return a fresh secret for the page of a notice. It begins with the id, by which the log finds it."""
    return base64.urlsafe_b64encode(number.bytes + secrets.token_bytes(17)).decode()


def sender_of(peer: str, forwarded: str | None, *, behind_proxy: bool) -> str:
    """Return the connection that a request comes from: its address, of IPv6 the household's; empty if it is none.

    Behind a proxy that is the last address of `X-Forwarded-For`, which the proxy itself wrote.
    """
    told = (
        (forwarded or "").rpartition(",")[2].strip() if behind_proxy else peer.rpartition(":")[0].strip("[]")
    )
    try:
        address = ip_address(told)
    except ValueError:
        return ""
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or ip_network((address, _IPV6_HOUSEHOLD), strict=False).network_address
    return str(address)


class NoticeDesk:
    """Takes notices in. Lives in the event loop of a door, with a log and a writing thread of its own."""

    def __init__(
        self,
        log: EventLog,
        loop: asyncio.AbstractEventLoop,
        *,
        published: Callable[[], Published],
        admit: Callable[[str | None, str], PublishedKey | Problem],
        clock: Callable[[], float],
        throttle: Throttle | None = None,
        max_waiting: int = 20_000,
        max_bytes: int = 128 * 1024 * 1024,
    ) -> None:
        self._published, self._admit, self._clock, self._loop = published, admit, clock, loop
        self._throttle = throttle or Throttle()
        self.taken = 0
        self.commit = GroupCommit(log, loop, max_events=max_waiting, max_bytes=max_bytes)

    async def take(self, authorization: str | None, content_type: str, body: bytes) -> Answer:
        """Take in the notices of a platform: `POST /v1/notices`, one or up to 1,000."""
        key = self._admit(authorization, SCOPE)
        if isinstance(key, Problem):
            return refuse(key)
        if self.commit.full:
            return refuse(ProblemKind.OVERLOADED())
        found = _split(body, content_type)
        if isinstance(found, Problem):
            return refuse(found)
        raws, single, root = found
        now = self._clock()
        ready: list[Entry | Problem] = []
        by = f"{key.platform}/{key.prefix}"
        for n, raw in enumerate(raws):
            place = root if single else f"{root}/{n}"
            ready.append(self._ready(raw, place, now, platform=key.platform, by=by))
            if not n % _ROUND:
                await asyncio.sleep(0)  # let events and single notices have their turn
        return await self._store(ready, single=single)

    async def public(self, content_type: str, body: bytes, peer: str, forwarded: str | None) -> Answer:  # noqa: PLR0911 -- one refusal each
        """Take in one notice by anybody: `POST /v1/public/notices`. No account, no key (Art. 16(1))."""
        told = self._published()
        if not told.revision:
            return refuse(ProblemKind.NOT_READY())
        if not told.platform:
            return refuse(ProblemKind.NOT_FOUND("notices by anybody are not taken here"))
        if self.commit.full:
            return refuse(ProblemKind.OVERLOADED())
        if content_type.partition(";")[0].strip().lower() != JSON:
            return refuse(ProblemKind.MEDIA_TYPE(f"send {JSON}"))
        if len(body) > MAX_BYTES:
            return refuse(ProblemKind.BODY_TOO_LARGE(f"at most {MAX_BYTES:,} bytes"))
        now = self._clock()
        ready = self._ready(body, "", now, platform=told.platform, by="")
        sender = sender_of(peer, forwarded, behind_proxy=told.behind_proxy)
        if not isinstance(ready, Problem) and sender:
            wait = self._throttle.admit(sender, now=datetime.fromtimestamp(now, tz=UTC))
            if wait:
                slowed = ProblemKind.SLOWED("very many notices have come from this connection")
                return refuse(msgspec.structs.replace(slowed, retry_after=wait))
        return await self._store([ready], single=True)

    def _ready(self, raw: bytes, place: str, now: float, *, platform: str, by: str) -> Entry | Problem:
        """Return a notice as it will stand in the log, or what is wrong with it."""
        try:
            form = _decode_form(raw)
        except _UNREADABLE as error:
            return unreadable(error, place, otherwise=ProblemKind.INVALID_NOTICE)
        if by and not 0 < len(form.id) <= MAX_KEY:
            detail = f"a platform names each of its notices: 1 to {MAX_KEY} characters"
            return ProblemKind.INVALID_NOTICE(detail, pointer=f"{place}/id")
        if not by and (form.notifier or form.id):
            what = "notifier" if form.notifier else "id"
            return ProblemKind.INVALID_NOTICE(
                "only a platform, with its key, says this", pointer=f"{place}/{what}"
            )
        submission = Submission(
            platform=platform,
            harm=form.harm,
            explanation=form.explanation,
            urls=form.urls,
            items=tuple(ItemRef(platform, item.kind, item.id) for item in form.items),
            messages=form.messages,
            illegal=form.illegal,
            clause=form.clause[:128],
            name=form.name,
            email=form.email,
            notifier=form.notifier,
            good_faith=form.good_faith,
            language=form.language,
        )
        wrong = faults(submission)
        if wrong:
            first = wrong[0]
            more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
            return ProblemKind.INVALID_NOTICE(first.english + more, pointer=place + first.pointer)
        number = _number(platform, form.id) if by else uuid.uuid4()
        token = token_of(number)
        kept = _encode(LoggedNotice(submission, str(number), token, by, form.id))
        digest = hashlib.blake2b(_encode(submission), digest_size=16).hexdigest()
        receipt = Receipt(str(number), datetime.fromtimestamp(now, tz=UTC), token, digest)
        return Entry(LOGGED_AS, str(number), now, kept, b"{}", _encode(receipt))

    async def _store(self, ready: Sequence[Entry | Problem], *, single: bool) -> Answer:
        """Answer once everything that can be kept is on disk."""
        entries = [one for one in ready if isinstance(one, Entry)]
        stored: Sequence[Appended] | Exception = ()
        if entries:
            future: asyncio.Future[Sequence[Appended] | Exception] = self._loop.create_future()
            self.commit.submit(entries, partial(_settle, future))
            stored = await future
        if isinstance(stored, Exception):
            return refuse(_problem_of(stored))
        links = f"{self._published().base_url.rstrip('/')}/n/"
        numbers = iter(stored)
        results = [
            one if isinstance(one, Problem) else self._told(one, next(numbers), links) for one in ready
        ]
        if single:
            first = results[0]
            return refuse(first) if isinstance(first, Problem) else Answer(ACCEPTED, JSON_HEADERS, first)
        wrong = any(isinstance(one, Problem) for one in results)
        said = (b'{"problem":%b}' % encode(one) if isinstance(one, Problem) else one for one in results)
        return Answer(
            MULTI_STATUS if wrong else ACCEPTED, JSON_HEADERS, b'{"results":[%b]}' % b",".join(said)
        )

    def _told(self, entry: Entry, appended: Appended, links: str) -> bytes | Problem:
        """Return the receipt of a notice: the first one, if it came before."""
        mine = entry.verdict
        again = appended.earlier is not None
        if appended.erased:
            return ProblemKind.ERASED(f"record {appended.seq}")
        if appended.damaged:
            return ProblemKind.DAMAGED(f"record {appended.seq}")
        if appended.earlier is not None:
            if _decode_receipt(appended.earlier).digest != _decode_receipt(mine).digest:
                return ProblemKind.KEY_REUSED(f"the notice {entry.id}")
            mine = appended.earlier
        else:
            self.taken += 1
        receipt = _decode_receipt(mine)
        return _encode(
            {
                "id": receipt.id,
                "received_at": receipt.received_at,
                "link": links + receipt.token,
                "duplicate": again,
            }
        )


def _settle(
    future: asyncio.Future[Sequence[Appended] | Exception], answers: Sequence[Appended] | Exception
) -> None:
    if not future.done():
        future.set_result(answers)


def _number(platform: str, key: str) -> uuid.UUID:
    """Return the id of a platform's notice: the same for the same key, so that the log knows a repeat."""
    named = hashlib.sha256(f"{platform}\0{key}".encode("utf-8", "surrogatepass")).digest()
    return uuid.UUID(bytes=named[:16], version=5)


def _split(body: bytes, content_type: str) -> tuple[list[bytes], bool, str] | Problem:
    """Return the notices of a request as they came, whether it is a single one, and the pointer to the list."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind in NDJSON:
        raws, single, root = [line for line in body.split(b"\n") if line.strip()], False, ""
    elif kind != JSON:
        return ProblemKind.MEDIA_TYPE(f"{kind or 'nothing'} is not understood")
    else:
        start = body[:64].lstrip()
        try:
            if start.startswith(b"["):
                raws, single, root = [bytes(raw) for raw in _decode_list(body)], False, ""
            elif b'"notices"' in body[:64]:
                raws, single, root = [bytes(raw) for raw in _decode_envelope(body).notices], False, "/notices"
            else:
                raws, single, root = [body], True, ""
        except _UNREADABLE as error:
            return unreadable(error, "", otherwise=ProblemKind.INVALID_NOTICE)
    if not raws or not body.strip():
        return ProblemKind.EMPTY("send at least one notice")
    if len(raws) > MAX_NOTICES:
        return ProblemKind.TOO_MANY(f"{len(raws):,} notices; at most {MAX_NOTICES:,}")
    return raws, single, root


def _problem_of(error: Exception) -> Problem:
    if isinstance(error, LogFullError):
        return ProblemKind.LOG_FULL()
    if isinstance(error, OSError):
        return ProblemKind.LOG_FAILED()
    _log.error("notices could not be kept", exc_info=error)
    return ProblemKind.INTERNAL()
