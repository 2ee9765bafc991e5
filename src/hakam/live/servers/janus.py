"""Janus (WebRTC): the platform asks before anybody joins, and the gate opens the room. No yes, no room, no frame.

A room is one broadcast of one account, and exists only while the gate wants it to. Rooms can't be made without the
`admin_key`, which Hakam has; who may publish in one shows the live pass that it was opened for, as the `token` of
`join`. What Janus tells by its event handler (`sampleevh`) is then judged again, with that pass. A cut destroys the
room: Janus closes the connection of everybody in it.

The watch gets the stream by RTP, encrypted, and FFmpeg decodes it with limits: nothing that a stranger encoded is
decoded in our own process.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import re
import secrets
import socket
import threading
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final

import msgspec

from hakam.live.gate import passes
from hakam.live.gate.judge import Answer
from hakam.live.servers import control
from hakam.live.servers.janus_viewers import Viewers
from hakam.live.servers.server import Asked, Call, Dropped, Handle, Moment, Reply, Source, Unreachable

PLUGIN: Final = "janus.plugin.videoroom"
ROOM: Final = re.compile(r"(?!.*-user-)[A-Za-z0-9_-]{1,64}(?!\n)")
"""Without the word by which Janus divides the names of its recordings."""
UNCLAIMED: Final = 60.0  # seconds after which a room in which nobody publishes is closed
_SETTINGS: Final = {"admin", "string_ids", "videocodec", "room", "recordings", "watch_host"}
_OURS: Final = {
    "request",
    "room",
    "secret",
    "admin_key",
    "allowed",
    "publishers",
    "permanent",
    "record",
    "rec_dir",
}
_KEYFRAMES: Final = (
    3  # seconds between two frames that can be read alone: who comes late, and the watch, wait for one
)
_CODECS: Final = {"vp8": "VP8/90000", "vp9": "VP9/90000", "h264": "H264/90000"}
_PAYLOADS: Final = {"video": 96, "audio": 111}
_NO_SUCH_ROOM: Final = 426
_MAY_MISS: Final = {"listparticipants", "destroy"}
_PLUGIN_EVENT, _HANDLE_EVENT = 64, 2  # kinds of Janus
_ENDS: Final = {"unpublished", "leaving", "kicked", "destroyed"}
_MOST_REMEMBERED: Final = 50_000
_SUITE: Final = "AES_CM_128_HMAC_SHA1_80"
_KEY_BYTES: Final = 30  # of that suite: key and salt


class _Data(msgspec.Struct):
    event: str = ""
    room: str | int = ""
    id: str | int = ""
    token: str = ""


class _Told(msgspec.Struct):
    plugin: str = ""
    name: str = ""
    data: _Data = msgspec.field(default_factory=_Data)


class Event(msgspec.Struct):
    """One event of Janus, as far as it concerns us."""

    type: int = 0
    handle_id: int = 0
    opaque_id: str = ""
    event: _Told = msgspec.field(default_factory=_Told)


class Question(msgspec.Struct, forbid_unknown_fields=True):
    """What a platform asks before it lets somebody join: may who has this pass be live in this room."""

    room: str | int
    key: Annotated[str, msgspec.Meta(max_length=passes.LONGEST)]


class Janus:
    """See the module. Settings: see docs/how-to/moderate-live-streams.md."""

    id: ClassVar[str] = "janus"
    without_gate: ClassVar[str] = "refuse"
    longest_pass: ClassVar[int] = passes.LONGEST

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._shown: OrderedDict[int, str] = OrderedDict()  # handle -> the pass it joined with
        self._viewers = Viewers()
        self._ports: dict[tuple[str, str], dict[str, int]] = {}  # room and reader -> where it listens

    def problems(self, settings: Mapping[str, Any]) -> list[str]:
        """Return what is wrong with the settings."""
        found = control.unknown_problems(settings, _SETTINGS) + control.url_problems(settings, "admin")
        if settings.get("videocodec", "vp8") not in _CODECS:
            found.append(f"`videocodec` is one of {', '.join(_CODECS)}")
        if not isinstance(settings.get("string_ids", False), bool):
            found.append("`string_ids` is true or false, as in janus.plugin.videoroom.jcfg")
        more = settings.get("room", {})
        if not isinstance(more, dict) or set(more) & _OURS:
            found.append(f"`room` has further settings of a room, not {', '.join(sorted(_OURS))}")
        path = control.folder(settings, "recordings")
        if path is not None and not path.is_absolute():
            found.append("`recordings` is a whole path")
        return found

    def asked(self, call: Call, secret: str) -> Asked:
        """Read a question of the platform, or events of Janus, one or several."""
        del secret
        try:
            told = msgspec.json.decode(call.body, type=list[Event] | Event)
            events = told if isinstance(told, list) else [told]
            if isinstance(told, Event) and not told.type:
                question = msgspec.json.decode(call.body, type=Question)
                return Asked(Moment.ASK, _room_of(question.room), question.key)
        except msgspec.MsgspecError as error:
            raise ValueError(f"neither a question nor an event of Janus: {error}") from error
        found = [self._heard(event) for event in events]
        meant = [one for one in found if one.moment is not Moment.OTHER]
        if not meant:
            return Asked(Moment.OTHER)
        return msgspec.structs.replace(meant[0], further=tuple(meant[1:]))

    def _heard(self, event: Event) -> Asked:
        told = event.event
        if event.type == _HANDLE_EVENT and told.name == "detached":
            with self._lock:
                self._shown.pop(event.handle_id, None)
            return Asked(Moment.OTHER)
        if event.type != _PLUGIN_EVENT or told.plugin != PLUGIN:
            return Asked(Moment.OTHER)
        data = told.data
        if data.event == "joined" and data.token:
            self._remember(self._shown, event.handle_id, data.token)
        elif data.event == "published":
            with self._lock:
                shown = self._shown.get(event.handle_id, event.opaque_id)
            return Asked(Moment.START, _room_of(data.room), shown, session=str(data.id))
        elif data.event in _ENDS:
            return Asked(Moment.END, _room_of(data.room), session=str(data.id))
        return Asked(Moment.OTHER)

    def _remember(self, where: OrderedDict[int, str], handle: int, what: str) -> None:
        with self._lock:
            where[handle] = what
            while len(where) > _MOST_REMEMBERED:
                where.popitem(last=False)

    def reply(self, asked: Asked, answer: Answer, text: str) -> Reply:
        """Return what was found as JSON. The platform obeys it; Janus reads no answer."""
        body: dict[str, Any] = {"allowed": answer.allowed}
        if asked.moment is Moment.ASK:
            body |= {"why": answer.why, "until": answer.until, "text": text, "sure": answer.sure}
        return Reply(200, (("content-type", "application/json"),), msgspec.json.encode(body))

    def obey(self, asked: Asked, answer: Answer, handle: Handle) -> None:
        """Open the room of somebody who may be live; close it to who may not, and when it is over."""
        if asked.moment is Moment.ASK:
            if answer.allowed:
                self._open(asked.shown, handle)
        elif not answer.allowed or (asked.moment is Moment.END and not _publishers(handle)):
            _destroy(handle)

    def _open(self, shown: str, handle: Handle) -> None:
        """Make the room, for this pass alone. Raises `Unreachable`, and where somebody else is live in it."""
        owner = _owner(shown, handle)
        mark = (
            f"{owner}-{secrets.token_hex(4)}"  # of this opening: who asks again has another room of that name
        )
        there = _say(handle, "listparticipants")
        if "error_code" not in there:
            live = any(one.get("publisher") for one in there.get("participants", ()))
            if live and _described(handle).partition("-")[0] != owner:
                raise Unreachable(f"somebody else is live in room {handle.stream}")
            _destroy(handle)
        folder = control.folder(handle.settings, "recordings")
        kept = {} if folder is None else {"record": True, "rec_dir": str(folder)}
        chosen = {"is_private": True, "fir_freq": _KEYFRAMES, **handle.settings.get("room", {})}
        _say(
            handle,
            "create",
            **chosen,
            **kept,
            description=mark,
            publishers=1,
            allowed=[shown],
            videocodec=handle.settings.get("videocodec", "vp8"),
            permanent=False,
        )
        late = threading.Timer(UNCLAIMED, _close_unclaimed, (handle, mark))
        late.daemon = True
        late.start()

    def drop(self, handle: Handle) -> Dropped:
        """Destroy the room: everybody in it is thrown out, and nobody can come again."""
        try:
            done = _destroy(handle)
        except Unreachable as error:
            return Dropped(done=False, detail=str(error))
        return Dropped(done=True, detail="the room was destroyed" if done else "there was no such room")

    def black(self, handle: Handle) -> bool:
        """Look whether nobody publishes in the room, or there is none."""
        return not _publishers(handle)

    def viewers(self, handle: Handle) -> int | None:
        """Return how many subscribe to who publishes; 0 if nobody does, None until it is found where."""
        return self._viewers.of(handle) if _publishers(handle) else 0

    def source(self, handle: Handle) -> Source | None:
        """Let Janus send what is published to two ports of ours, encrypted, and say so in SDP.

        Raises `Unreachable` while nobody publishes.
        """
        who = next(iter(_publishers(handle)), None)
        if who is None:
            raise Unreachable("nobody publishes in the room yet")
        host = str(handle.settings.get("watch_host") or "127.0.0.1")
        key = _key(handle)
        ports = self._ports.setdefault((handle.stream, handle.reader), {})
        if not ports:
            ports.update({kind: _free_port() for kind in _PAYLOADS})
        for stale in _forwarders(handle, who, set(ports.values())):
            _say(handle, "stop_rtp_forward", publisher_id=who, stream_id=stale["stream_id"])
        wanted = {f"{kind}_port": port for kind, port in ports.items()}
        payloads = {f"{kind}_pt": _PAYLOADS[kind] for kind in ports}
        _say(
            handle,
            "rtp_forward",
            publisher_id=who,
            host=host,
            srtp_suite=80,
            srtp_crypto=key,
            **wanted,
            **payloads,
        )
        kinds = {str(one["type"]) for one in _forwarders(handle, who, set(ports.values()))} & set(_PAYLOADS)
        codecs = {"video": _CODECS[handle.settings.get("videocodec", "vp8")], "audio": "opus/48000/2"}
        lines = ["v=0", "o=- 0 0 IN IP4 127.0.0.1", "s=-", f"c=IN IP4 {host}", "t=0 0"]
        for kind in sorted(kinds, reverse=True):
            pt = _PAYLOADS[kind]
            lines += [f"m={kind} {ports[kind]} RTP/SAVP {pt}", f"a=rtpmap:{pt} {codecs[kind]}",
                      f"a=crypto:1 {_SUITE} inline:{key}"]  # fmt: skip
        told = base64.b64encode(("\r\n".join(lines) + "\r\n").encode()).decode()
        return Source(
            f"data:application/sdp;base64,{told}",
            "data,rtp,srtp,udp",
            ("-f", "sdp"),
            sight="video" in kinds,
            sound="audio" in kinds,
            counted=False,
            video=str(handle.settings.get("videocodec", "vp8")),
        )

    def left(self, handle: Handle) -> None:
        """Let Janus send no more to the ports of this reader."""
        ports = self._ports.pop((handle.stream, handle.reader), {})
        with contextlib.suppress(Unreachable):  # a Janus that is gone sends nothing
            for who in _publishers(handle):
                for one in _forwarders(handle, who, set(ports.values())):
                    _say(handle, "stop_rtp_forward", publisher_id=who, stream_id=one["stream_id"])

    def recordings(self, handle: Handle) -> tuple[Path, ...]:
        """Return the dumps (`.mjr`) of the room."""
        folder = control.folder(handle.settings, "recordings")
        if folder is None or not folder.is_dir() or not ROOM.fullmatch(handle.stream):
            return ()
        mine = re.compile(f"videoroom-{re.escape(handle.stream)}-user-.+-(audio|video)-[0-9]+\\.mjr")
        found = [path for path in folder.iterdir() if mine.fullmatch(path.name)]
        return tuple(sorted(found, key=lambda path: (path.stat().st_mtime, path.name)))


def _room_of(room: str | int) -> str:
    if not ROOM.fullmatch(str(room)):
        raise ValueError("the name of a room has 1 to 64 letters, digits, `_` and `-`")
    return str(room)


def _say(handle: Handle, request: str, **given: object) -> dict[str, Any]:
    """Say something to the plugin by the admin interface. Raises `Unreachable` where Janus did not do it.

    That there is no such room is an answer to those who look or destroy: `error_code` is there then.
    """
    strings = handle.settings.get("string_ids", False)
    if not ROOM.fullmatch(handle.stream) or not (strings or handle.stream.isdigit()):
        raise Unreachable(f"`{handle.stream}` is no room: without `string_ids` rooms are numbers")
    asked = {
        "request": request,
        "room": handle.stream if strings else int(handle.stream),
        "secret": _secret(handle, "room"),
        "admin_key": handle.secret,
        **given,
    }
    body = {"janus": "message_plugin", "transaction": request, "admin_secret": handle.secret, "plugin": PLUGIN,
            "request": asked}  # fmt: skip
    answer = control.call("POST", str(handle.settings["admin"]), content=msgspec.json.encode(body))
    try:
        said = msgspec.json.decode(answer.content)
        found: dict[str, Any] = said["response"] if said["janus"] == "success" else said["error"]
    except (msgspec.MsgspecError, KeyError, TypeError) as error:
        raise Unreachable(f"`{request}` answered {answer.status_code}, and nothing of Janus") from error
    if said["janus"] != "success":
        raise Unreachable(f"`{request}`: {found.get('reason')}")
    if found.get("error_code") and not (request in _MAY_MISS and found["error_code"] == _NO_SUCH_ROOM):
        raise Unreachable(f"`{request}`: {found.get('error')}")
    return found


def _publishers(handle: Handle) -> list[str | int]:
    said = _say(handle, "listparticipants")
    return [one["id"] for one in said.get("participants", ()) if one.get("publisher")]


def _destroy(handle: Handle) -> bool:
    return "error_code" not in _say(handle, "destroy")


def _described(handle: Handle) -> str:
    """Return what a room's description says: whose it is, and which opening of it. Empty if there is none."""
    listed = _say(handle, "list").get("list", ())
    return next((str(one.get("description")) for one in listed if str(one.get("room")) == handle.stream), "")


def _close_unclaimed(handle: Handle, mark: str) -> None:
    """Destroy a room that was opened, and in which nobody publishes."""
    try:
        if _described(handle) == mark and not _publishers(handle):
            _destroy(handle)
    except Unreachable:
        return  # a Janus that is gone holds no rooms


def _forwarders(handle: Handle, who: str | int, ports: set[int]) -> list[dict[str, Any]]:
    """Return what Janus sends of a publisher to our ports."""
    return [
        one
        for publisher in _say(handle, "listforwarders").get("publishers", ())
        for one in publisher.get("forwarders", ())
        if publisher.get("publisher_id") == who and one.get("port") in ports
    ]


def _owner(shown: str, handle: Handle) -> str:
    """Return what a room's description says of whose it is: told apart by us, and by nobody else."""
    return _secret(handle, f"owner\0{passes.account_in(shown)}")


def _secret(handle: Handle, of: str) -> str:
    return hmac.new(handle.secret.encode(), f"{of}\0{handle.stream}".encode(), hashlib.sha256).hexdigest()[
        :32
    ]


def _key(handle: Handle) -> str:
    of = f"srtp\0{handle.stream}" + (f"\0{handle.reader}" if handle.reader else "")
    digest = hmac.new(handle.secret.encode(), of.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest[:_KEY_BYTES]).decode()


def _free_port() -> int:
    """Return an even port that is free, and the next one too: RTP takes the first, RTCP the second."""
    while True:
        with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as first:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
        if port % 2:
            continue
        with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as second:
            try:
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
        return port
