"""nginx with the module `rtmp`: asks by form post, is cut by its control module and by removing its HLS files.

Dropping the publisher alone leaves HLS viewers what was written: some seconds of it. So the files go too, and go again
until none comes back, since the module writes its last segment when the publisher has gone.
"""

from __future__ import annotations

import contextlib
import logging
import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Final
from xml.etree import ElementTree as ET

from hakam.live.gate.judge import Answer
from hakam.live.servers import control
from hakam.live.servers.server import Asked, Call, Dropped, Handle, Moment, Reply, Source, Unreachable

STREAM: Final = re.compile(r"(?!\.+(?![A-Za-z0-9_.-]))[A-Za-z0-9_.-]{1,128}")
"""Of dots alone it would name a folder that is not its own."""
_SETTINGS: Final = {"control", "stat", "application", "rtmp", "hls_folder", "hls_url", "recordings"}
_CALLS: Final = {
    "publish": Moment.START,
    "update_publish": Moment.BEAT,
    "publish_done": Moment.END,
    "record_done": Moment.RECORDED,
}
LONGEST_KEY: Final = (
    250  # characters: the module keeps 255 of what follows the `?`, and cuts the rest off silently
)
_SETTLE: Final = 0.15  # seconds in which no file came back: the module has written its last
_LONGEST: Final = 1.5  # seconds that one try waits for that
_log: Final = logging.getLogger("hakam.gate")


class NginxRtmp:
    """See the module. Settings: see docs/how-to/moderate-live-streams.md."""

    id: ClassVar[str] = "nginx-rtmp"
    without_gate: ClassVar[str] = "refuse"
    longest_pass: ClassVar[int] = LONGEST_KEY

    def problems(self, settings: Mapping[str, Any]) -> list[str]:
        """Return what is wrong with the settings."""
        found = control.unknown_problems(settings, _SETTINGS) + control.url_problems(
            settings, "control", "stat"
        )
        if not str(settings.get("rtmp", "")).startswith("rtmp://"):
            found.append("`rtmp` is the address of the application, as rtmp://127.0.0.1/live")
        if settings.get("hls_url") is not None:
            found += control.url_problems(settings, "hls_url")
        for name in ("hls_folder", "recordings"):
            path = control.folder(settings, name)
            if path is not None and not path.is_absolute():
                found.append(f"`{name}` is a whole path")
        return found

    def asked(self, call: Call, secret: str) -> Asked:
        """Read a callback: a form with `call`, `name`, `clientid`, and the arguments of the stream's address."""
        del secret
        fields = call.fields
        word = fields.get("call", "")
        if not word:
            raise ValueError("no call of nginx-rtmp: `call` is missing")
        stream = fields.get("name", "")
        if not STREAM.fullmatch(stream):
            raise ValueError("the name of a stream has 1 to 128 letters, digits, `_`, `.` and `-`")
        cut_off = len(fields.get("key", "")) > LONGEST_KEY
        if cut_off:
            _log.warning(
                "the pass for %s came cut off: nginx-rtmp keeps %d characters of it", stream, LONGEST_KEY
            )
        return Asked(
            moment=_CALLS.get(word, Moment.OTHER),
            stream=stream,
            shown=fields.get("key", ""),
            session=fields.get("clientid", ""),
            path=fields.get("path", ""),
            detail={"cut_off": True} if cut_off else {},
        )

    def reply(self, asked: Asked, answer: Answer, text: str) -> Reply:
        """Return 200 or 403: the module reads nothing else, and a broadcaster sees that it was refused."""
        del asked
        return Reply(
            200 if answer.allowed else 403, (("content-type", "text/plain; charset=utf-8"),), text.encode()
        )

    def obey(self, asked: Asked, answer: Answer, handle: Handle) -> None:
        """Do nothing: the module obeys the reply."""

    def drop(self, handle: Handle) -> Dropped:
        """Drop the publisher and those who watch, and remove the HLS files until none comes back."""
        at = f"{str(handle.settings['control']).rstrip('/')}/drop"
        given = {"app": application(handle), "name": handle.stream}
        try:
            first = control.call("GET", f"{at}/publisher", params=given)
            removed = _remove(handle)
            control.call(
                "GET", f"{at}/subscriber", params=given
            )  # else their players wait for more, silently
        except Unreachable as error:
            _remove(handle)
            return Dropped(done=False, detail=str(error))
        if first.status_code not in {200, 204, 404}:
            return Dropped(done=False, detail=f"the control module answered {first.status_code}")
        quiet = until = time.monotonic()
        until += _LONGEST
        while (now := time.monotonic()) < until and now - quiet < _SETTLE:
            more = _remove(handle)
            removed += more
            quiet = time.monotonic() if more else quiet
            time.sleep(0.01)
        return Dropped(done=True, detail=f"{removed} files of HLS removed")

    def black(self, handle: Handle) -> bool:
        """Look whether nobody publishes it, no HLS file of it lies there, and its playlist is not served."""
        if _publishing(handle) or any(_files(handle)):
            return False
        base = handle.settings.get("hls_url")
        if not base:
            return True
        answer = control.call("GET", f"{str(base).rstrip('/')}/{handle.stream}.m3u8")
        return answer.status_code in {403, 404, 410}

    def viewers(self, handle: Handle) -> int | None:
        """Return how many watch by RTMP; those of HLS are not known to nginx."""
        found = _stream(handle)
        if found is None:
            return 0
        return sum(1 for client in found.findall("client") if client.find("publishing") is None)

    def source(self, handle: Handle) -> Source | None:
        """Watch by RTMP: some seconds ahead of what HLS viewers see."""
        return Source(f"{str(handle.settings['rtmp']).rstrip('/')}/{handle.stream}", "rtmp,tcp")

    def left(self, handle: Handle) -> None:
        """Do nothing: the connection is closed by who reads."""

    def recordings(self, handle: Handle) -> tuple[Path, ...]:
        """Return `NAME.flv` and `NAME-*.flv` of the folder of recordings, or what the module recorded otherwise."""
        folder = control.folder(handle.settings, "recordings")
        if folder is None or not STREAM.fullmatch(handle.stream):
            return ()
        mine = re.compile(re.escape(handle.stream) + r"([-.][0-9A-Za-z_-]*)?\.(flv|mp4)")
        found = [path for path in folder.iterdir() if mine.fullmatch(path.name)] if folder.is_dir() else []
        return tuple(sorted(found, key=lambda path: (path.stat().st_mtime, path.name)))


def application(handle: Handle) -> str:
    """Return the name of the application in nginx, `live` unless it is said."""
    return str(handle.settings.get("application") or "live")


def _stream(handle: Handle) -> ET.Element | None:
    answer = control.call("GET", str(handle.settings["stat"]))
    if answer.status_code != 200:  # noqa: PLR2004 -- OK
        raise Unreachable(f"the statistics answered {answer.status_code}")
    for app in control.xml(answer.content).iterfind("./server/application"):
        if app.findtext("name") == application(handle):
            for stream in app.iterfind("./live/stream"):
                if stream.findtext("name") == handle.stream:
                    return stream
    return None


def _publishing(handle: Handle) -> bool:
    found = _stream(handle)
    return found is not None and found.find("publishing") is not None


def _files(handle: Handle) -> Iterator[Path]:
    folder = control.folder(handle.settings, "hls_folder")
    if folder is None or not STREAM.fullmatch(handle.stream):
        return
    mine = re.compile(re.escape(handle.stream) + r"(-[0-9]+\.ts|\.m3u8(\.bak)?|-[0-9]+\.ts\.bak)")
    nested = folder / handle.stream  # with `hls_nested on`
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        yield from (path for path in folder.iterdir() if mine.fullmatch(path.name))
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        yield from nested.iterdir()


def _remove(handle: Handle) -> int:
    count = 0
    for path in _files(handle):
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
            count += 1
    return count
