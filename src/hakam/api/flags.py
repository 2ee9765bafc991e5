"""Notices by trusted flaggers, through the channel of their own (DSA Art. 22(1))."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest
from django.utils import timezone
from ninja import Header, Router, Status

from hakam.api import installation
from hakam.api.keys import PlatformKey, caller
from hakam.api.notices import accepted, idempotent, refusals, shown
from hakam.api.problems import ProblemError, ProblemKind
from hakam.api.shapes import FlagIn, NoticeOut
from hakam.intake import access, flaggers, flagging
from hakam.intake.models import Flagger
from hakam.intake.notices import Submission
from hakam.staff.roles import Scope

router = Router(auth=PlatformKey(Scope.FLAGS_WRITE), tags=["flags"])
_MAX_KEY = 200


def _flagger(request: HttpRequest) -> Flagger:
    found = flaggers.of_key(caller(request))
    if found is None:
        raise ProblemError(ProblemKind.SCOPE_MISSING, "this key belongs to no trusted flagger")
    return found


@router.post("", response={201: NoticeOut}, operation_id="flag")
def receive(
    request: HttpRequest,
    notice: FlagIn,
    idempotency_key: Annotated[str, Header(alias="Idempotency-Key", max_length=_MAX_KEY)] = "",
) -> Status[NoticeOut]:
    """Take a trusted flagger's notice. Outside its area, or while its status rests, it is a notice like any other."""
    flagger, key, now = _flagger(request), idempotent(idempotency_key), timezone.now()
    with refusals():
        kept = flagging.flag(
            flagger,
            Submission(
                platform=flagger.platform,
                harm=notice.harm.value,
                explanation=notice.explanation,
                urls=tuple(notice.urls),
                clause=notice.clause,
                good_faith=notice.good_faith,
                language=notice.language,
            ),
            vault=installation.vault(),
            log=installation.event_log(),
            now=now,
            key=key,
            decide_within=installation.decide_within(),
        )
    return accepted(kept.token, now)


@router.get("/{notice_id}", response=NoticeOut, operation_id="getFlag")
def get(request: HttpRequest, notice_id: str) -> NoticeOut:
    """Say how far a notice is that this flagger sent, by whichever channel."""
    found = access.status_for_flagger(notice_id, flagger=_flagger(request).pk, now=timezone.now())
    if found is None:
        raise ProblemError(ProblemKind.NOT_FOUND)
    return shown(found)
