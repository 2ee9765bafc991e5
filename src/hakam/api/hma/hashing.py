"""`/h/hash`: a file in, its hashes out. Pictures are decoded in the sandbox; nothing is kept and no address fetched."""

from __future__ import annotations

import atexit
import threading
from hashlib import md5
from typing import NamedTuple

from django.http import HttpRequest

from hakam.api.hma.answers import RefusedError
from hakam.media.extra import MediaExtraMissingError
from hakam.media.sandbox import Sandbox, UnreadableError
from hakam.staff.models import ApiKey
from hakam.vocabulary.bank import EntryKind

CONTENT_TYPES: dict[str, tuple[str, ...]] = {"photo": ("pdq",), "video": ("video_md5",)}
"""HMA's names of what can be uploaded, and the signal types of each that are made here."""
SIGNALS: dict[str, EntryKind] = {"pdq": EntryKind.PDQ, "video_md5": EntryKind.MD5}
"""HMA's names of hashes and ours."""
_NOT_FETCHED = "no address is fetched here: upload the file, or send its hash"
_OURS = frozenset({"took too long", "no reader"})  # troubles that may be the machine's and not the file's
_lock = threading.Lock()
_sandbox: list[Sandbox] = []


class Upload(NamedTuple):
    """The one file of a request, and the signal types that are asked of it."""

    content_type: str
    data: bytes
    types: tuple[str, ...]


def sandbox() -> Sandbox:
    """Return where this process has pictures decoded, started when first asked for."""
    with _lock:
        if not _sandbox:
            try:
                _sandbox.append(Sandbox())
            except MediaExtraMissingError as missing:
                raise RefusedError(501, str(missing)) from missing
            atexit.register(_sandbox[0].close)
        return _sandbox[0]


def upload_of(request: HttpRequest) -> Upload:
    """Return the file of a request; its field is named as the content type."""
    if request.GET.get("url"):
        raise RefusedError(501, _NOT_FETCHED)
    if not request.FILES:
        raise RefusedError(400, "Missing multipart/form-data file upload")
    files = [(name, file) for name, held in request.FILES.lists() for file in held]
    if len(files) > 1:
        raise RefusedError(400, "Only one file allowed per request")
    name, file = files[0]
    if name not in CONTENT_TYPES:
        raise RefusedError(400, f"no such content_type: '{name}'")
    there = CONTENT_TYPES[name]
    wanted = tuple(one.strip() for one in request.GET.get("types", ",".join(there)).split(",") if one.strip())
    if not wanted:
        raise RefusedError(400, "empty signal type selection")
    for one in wanted:
        if one not in there:
            raise RefusedError(400, f"signal type '{one}' doesn't exist or is disabled")
    if file.size is not None and file.size > sandbox().bounds.size:
        raise RefusedError(413, f"a file has at most {sandbox().bounds.size:,} bytes")
    return Upload(name, file.read(), wanted)


def hashes_of(upload: Upload) -> dict[str, str]:
    """Return the hashes by signal type. A picture without structure has an empty one, as with HMA."""
    if upload.content_type == "video":
        return {"video_md5": md5(upload.data, usedforsecurity=False).hexdigest()}
    try:
        plain = sandbox().plain(upload.data)
    except UnreadableError as wrong:
        raise _unread(wrong) from wrong
    return {"pdq": plain.digest if plain.good else ""}


def _unread(why: UnreadableError) -> RefusedError:
    """Return the answer for a picture without hashes: where only time or a reader was wanting, one to ask again."""
    if why.trouble in _OURS:
        return RefusedError(503, f"the picture was not read: {why}; it may be once less is going on here")
    return RefusedError(400, f"the file can't be read as a picture: {why}")


def looked_for(upload: Upload) -> dict[str, list[str]]:
    """Return every hash under which a file is looked for, by signal type: a picture's also turned."""
    if upload.content_type == "video":
        return {name: [digest] for name, digest in hashes_of(upload).items()}
    try:
        return {"pdq": [one.digest for one in sandbox().hashes(upload.data) if one.good]}
    except UnreadableError as wrong:
        raise _unread(wrong) from wrong


def hash_upload(request: HttpRequest, _key: ApiKey) -> dict[str, str]:
    """`POST /h/hash`."""
    return hashes_of(upload_of(request))


def hash_address(request: HttpRequest, _key: ApiKey) -> dict[str, str]:
    """`GET /h/hash?url=`: told plainly that no address is fetched."""
    raise (
        RefusedError(501, _NOT_FETCHED) if request.GET.get("url") else RefusedError(400, "url is required")
    )
