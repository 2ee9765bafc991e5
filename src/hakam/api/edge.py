"""Edge snapshots for a platform's edge nodes, and the exact answer after a "perhaps"."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from ninja import Query, Router

from hakam.api import installation
from hakam.api.keys import PlatformKey, caller
from hakam.api.problems import Fault, ProblemError, ProblemKind
from hakam.api.shapes import BarredOut
from hakam.live.edge import EdgeFolder, barred
from hakam.live.questions import Question
from hakam.staff.roles import Scope

router = Router(auth=PlatformKey(Scope.EDGE_READ), tags=["edge"])
_MEDIA_TYPE = "application/octet-stream"
_Id = Annotated[str, Query(min_length=1, max_length=512, description="Id of the account or item.")]


def _file(request: HttpRequest, folder: EdgeFolder, path: Path) -> HttpResponse:
    data = folder.read(path)
    if data is None:
        raise ProblemError(ProblemKind.NOT_FOUND, "no snapshot was built yet; `hakam edge build` does it")
    etag = f'"{hashlib.sha256(data[-64:]).hexdigest()}"'  # the signature covers the rest
    answer = HttpResponse(data, content_type=_MEDIA_TYPE, headers={"ETag": etag, "Cache-Control": "no-cache"})
    return get_conditional_response(request, etag=etag, response=answer) or answer


@router.get("/base", operation_id="getEdgeBase", response={200: None, 304: None})
def base(request: HttpRequest) -> HttpResponse:
    """Return the base of the edge snapshot: signed bytes, with an `ETag`."""
    folder = EdgeFolder(installation.home(), caller(request).platform)
    return _file(request, folder, folder.base)


@router.get("/delta", operation_id="getEdgeDelta", response={200: None, 304: None})
def delta(request: HttpRequest) -> HttpResponse:
    """Return every change since the base: signed bytes, with an `ETag`."""
    folder = EdgeFolder(installation.home(), caller(request).platform)
    return _file(request, folder, folder.delta)


@router.get("/barred", operation_id="isBarred", response=BarredOut)
def is_barred(
    request: HttpRequest,
    question: Annotated[Question, Query(description="What is asked.")],
    subject: _Id,
    kind: Annotated[str, Query(max_length=32, description="Kind of the item; for `item` only.")] = "",
    country: Annotated[str, Query(max_length=2, description="Country of the viewer, as DE.")] = "",
) -> BarredOut:
    """Answer exactly, after a snapshot said "perhaps"."""
    if (question is Question.ITEM) != bool(kind):
        raise ProblemError(
            ProblemKind.INVALID, errors=[Fault("/kind", "an item has a kind, and nothing else has")]
        )
    platform, now = caller(request).platform, timezone.now()
    return BarredOut(barred=barred(platform, question, subject, now=now, kind=kind, country=country))
