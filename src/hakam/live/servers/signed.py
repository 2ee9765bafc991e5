"""Any server, by one signed call: for LiveKit, MediaMTX, Owncast or a platform's own, without an adapter.

The call is signed as the house's webhooks are (Standard Webhooks 1.0: `webhook-id`, `webhook-timestamp`,
`webhook-signature`) with the secret of the server. A call older than five minutes is refused, and an id that was heard
is refused for as long: a recorded call opens nothing.
"""

from __future__ import annotations

import hmac
import threading
from base64 import b64decode, b64encode
from collections import OrderedDict
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final

import msgspec

from hakam.live.gate import passes
from hakam.live.gate.judge import Answer
from hakam.live.servers import control
from hakam.live.servers.server import Asked, Call, Dropped, Handle, Moment, Reply, Source, Unreachable

WINDOW: Final = 300.0  # seconds to either side of our clock
_MOST_IDS: Final = 200_000
_SETTINGS: Final = {"drop_url", "state_url", "watch_url"}


class Question(msgspec.Struct, frozen=True):
    """The body of a call. `viewers`, `shares` and `chat` are counts since the stream began, if they are known."""

    moment: Moment
    stream: Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$(?!\n)")]
    key: str = ""  # the live pass
    session: Annotated[str, msgspec.Meta(max_length=200)] = ""
    viewers: int | None = None
    shares: int | None = None


class Signed:
    """See the module. Settings: `drop_url` and `state_url`, if the server can be cut by HTTP; `watch_url`."""

    id: ClassVar[str] = "signed"
    without_gate: ClassVar[str] = "refuse"
    longest_pass: ClassVar[int] = passes.LONGEST

    def __init__(self) -> None:
        self._heard: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def problems(self, settings: Mapping[str, Any]) -> list[str]:
        """Return what is wrong with the settings."""
        found = control.unknown_problems(settings, _SETTINGS)
        for name in ("drop_url", "state_url"):
            if settings.get(name) is not None:
                found += control.url_problems(settings, name)
        return found

    def asked(self, call: Call, secret: str) -> Asked:
        """Check signature, time and id, then read the body. Raises `ValueError`."""
        self._check(call, secret)
        try:
            said = msgspec.json.decode(call.body, type=Question)
        except msgspec.MsgspecError as error:
            raise ValueError(str(error)) from error
        detail = {name: value for name in ("viewers", "shares") if (value := getattr(said, name)) is not None}
        return Asked(said.moment, said.stream, said.key, said.session, detail=detail)

    def reply(self, asked: Asked, answer: Answer, text: str) -> Reply:
        """Return what was found as JSON: always 200, since the question was answered."""
        del asked
        body = {
            "allowed": answer.allowed,
            "why": answer.why,
            "until": answer.until,
            "text": text,
            "sure": answer.sure,
        }
        return Reply(200, (("content-type", "application/json"),), msgspec.json.encode(body))

    def obey(self, asked: Asked, answer: Answer, handle: Handle) -> None:
        """Do nothing: who asks obeys the reply."""

    def drop(self, handle: Handle) -> Dropped:
        """Post `{"stream", "session"}` to `drop_url`, signed with the server's secret."""
        url = handle.settings.get("drop_url")
        if not url:
            return Dropped(
                done=False, detail="this server has no `drop_url`: the platform is told by its webhook"
            )
        try:
            answer = self._post(str(url), handle)
        except Unreachable as error:
            return Dropped(done=False, detail=str(error))
        return Dropped(answer < 300, f"it answered {answer}")  # noqa: PLR2004 -- any success

    def black(self, handle: Handle) -> bool:
        """Ask `state_url`: 404 or 410 says that there is no such stream."""
        url = handle.settings.get("state_url")
        if not url:
            raise Unreachable("this server has no `state_url`")
        return control.call("GET", str(url), params={"stream": handle.stream}).status_code in {404, 410}

    def viewers(self, handle: Handle) -> int | None:
        """Return None: the server says it with its calls."""
        del handle
        return None

    def source(self, handle: Handle) -> Source | None:
        """Watch `watch_url`, in which `{stream}` stands for the name."""
        url = handle.settings.get("watch_url")
        return (
            None
            if not url
            else Source(str(url).replace("{stream}", handle.stream), "rtmp,http,https,tcp,tls,crypto")
        )

    def left(self, handle: Handle) -> None:
        """Do nothing: the connection is closed by who reads."""

    def recordings(self, handle: Handle) -> tuple[Path, ...]:
        """Return none: the server keeps them elsewhere."""
        del handle
        return ()

    def _check(self, call: Call, secret: str) -> None:
        name, stamp = call.headers.get("webhook-id", ""), call.headers.get("webhook-timestamp", "")
        given = call.headers.get("webhook-signature", "")
        if not name or len(name) > 256 or not stamp.isascii() or not stamp.isdigit() or len(stamp) > 12:  # noqa: PLR2004
            raise ValueError("the call is not signed")
        if abs(call.at - int(stamp)) > WINDOW:
            raise ValueError("the call is older or newer than five minutes")
        right = signature(secret, name, stamp, call.body)
        if not any(hmac.compare_digest(one.encode(), right.encode()) for one in given.split()):
            raise ValueError("the signature is not of this call")
        with self._lock:
            while self._heard:
                first, at = next(iter(self._heard.items()))
                if call.at - at <= 2 * WINDOW and len(self._heard) < _MOST_IDS:
                    break
                del self._heard[first]
            if name in self._heard:
                raise ValueError("this call was heard before")
            self._heard[name] = call.at

    def _post(self, url: str, handle: Handle) -> int:
        import time  # noqa: PLC0415 -- the one place that has a clock of its own
        import uuid  # noqa: PLC0415

        body = msgspec.json.encode({"stream": handle.stream, "session": handle.session})
        name, stamp = str(uuid.uuid4()), str(int(time.time()))
        headers = {
            "content-type": "application/json",
            "webhook-id": name,
            "webhook-timestamp": stamp,
            "webhook-signature": signature(handle.secret, name, stamp, body),
        }
        return control.call("POST", url, content=body, headers=headers).status_code


def signature(secret: str, name: str, stamp: str, body: bytes) -> str:
    """Return the signature of a call: what any library of Standard Webhooks makes of a secret `whsec_...`."""
    key = b64decode(secret.removeprefix("whsec_")) if secret.startswith("whsec_") else secret.encode()
    return "v1," + b64encode(hmac.digest(key, f"{name}.{stamp}.".encode() + body, sha256)).decode()
