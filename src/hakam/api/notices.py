"""Notices by a platform: its own "report" button leads here (DSA Art. 16)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated

from django.http import HttpRequest
from django.utils import timezone
from ninja import Header, Router, Status

from hakam.api import installation
from hakam.api.keys import PlatformKey, caller
from hakam.api.problems import Fault, ProblemError, ProblemKind
from hakam.api.shapes import NoticeIn, NoticeItemOut, NoticeOut
from hakam.intake import access
from hakam.intake.access import NoticeStatus
from hakam.intake.notices import KeyReusedError, NoticeError, Submission, receive_notice
from hakam.staff.keys import actor_of
from hakam.staff.roles import Scope
from hakam.vocabulary.event import ItemRef
from hakam.vocabulary.notice import OpenedMessage

router = Router(auth=PlatformKey(Scope.NOTICES_WRITE), tags=["notices"])
_MAX_KEY = 200


def shown(found: NoticeStatus) -> NoticeOut:
    """Return a notice as it goes out."""
    return NoticeOut(
        id=found.notice_id,
        received_at=found.received_at,
        harm=found.harm,
        illegal=found.illegal,
        language=found.language,
        answered=found.answered,
        items=[
            NoticeItemOut(
                position=item.position,
                kind=item.kind,
                id=item.item_id,
                url=item.url,
                proof=item.proof,
                answered_at=item.answered_at,
                upheld=item.upheld,
                decision=item.decision or None,
                complain_until=item.complain_until,
                complaint_state=item.complaint_state or None,
            )
            for item in found.items
        ],
        link=f"{installation.base_url()}/n/{found.token}",
    )


def idempotent(key: str) -> str:
    """Return an idempotency key without its edges. Raises `ProblemError` when there is none that can be kept."""
    if not key.strip():
        raise ProblemError(ProblemKind.NO_IDEMPOTENCY_KEY)
    if "\x00" in key:
        raise ProblemError(
            ProblemKind.INVALID, errors=[Fault("/Idempotency-Key", "the character NUL can't be kept")]
        )
    return key.strip()


@contextmanager
def refusals() -> Iterator[None]:
    """Answer with a problem when a notice can't be taken: everything that is wrong with it, or its key."""
    try:
        yield
    except NoticeError as error:
        faults = [Fault(wrong.pointer, wrong.message) for wrong in error.wrong]
        raise ProblemError(ProblemKind.INVALID, errors=faults) from error
    except KeyReusedError as error:
        raise ProblemError(ProblemKind.KEY_REUSED) from error


def accepted(token: str, now: datetime) -> Status[NoticeOut]:
    """Return the answer to a notice that was taken, by its token."""
    found = access.status(token, now=now, notices=installation.notice_log())
    assert found is not None
    return Status(201, shown(found))


@router.post("", response={201: NoticeOut}, operation_id="receiveNotice")
def receive(
    request: HttpRequest,
    notice: NoticeIn,
    idempotency_key: Annotated[str, Header(alias="Idempotency-Key", max_length=_MAX_KEY)] = "",
) -> Status[NoticeOut]:
    """Take a notice. The same `Idempotency-Key` with the same notice is the same notice."""
    key, once, now = caller(request), idempotent(idempotency_key), timezone.now()
    with refusals():
        kept = receive_notice(
            Submission(
                platform=key.platform,
                harm=notice.harm.value,
                explanation=notice.explanation,
                urls=tuple(notice.urls),
                items=tuple(ItemRef(key.platform, item.kind, item.id) for item in notice.items),
                messages=tuple(
                    OpenedMessage(**(dict(message) | {"attachments": tuple(message.attachments)}))
                    for message in notice.messages
                ),
                illegal=notice.illegal,
                clause=notice.clause,
                name=notice.name,
                email=notice.email,
                notifier=notice.notifier,
                good_faith=notice.good_faith,
                language=notice.language,
            ),
            vault=installation.vault(),
            log=installation.event_log(),
            now=now,
            by=actor_of(key),
            key=once,
            decide_within=installation.decide_within(),
            franking=installation.franking_keys(),
        )
    return accepted(kept.token, now)


@router.get("/{notice_id}", response=NoticeOut, operation_id="getNotice")
def get(request: HttpRequest, notice_id: str) -> NoticeOut:
    """Say how far a notice is that this platform handed in."""
    found = access.status_by_id(
        notice_id, platform=caller(request).platform, now=timezone.now(), notices=installation.notice_log()
    )
    if found is None:
        raise ProblemError(ProblemKind.NOT_FOUND)
    return shown(found)
