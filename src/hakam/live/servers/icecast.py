"""Icecast: asks by URL authentication, is cut by its admin interface; listeners can stay, on a hold stream.

With `<fallback-mount>` and `<fallback-override>` in the mount, listeners of a source that is killed move to the hold
stream: the show is cut and the room is kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Final

import httpx

from hakam.live.gate import passes
from hakam.live.gate.judge import Answer
from hakam.live.servers import control
from hakam.live.servers.server import Asked, Call, Dropped, Handle, Moment, Reply, Source, Unreachable

MOUNT: Final = re.compile(r"/[A-Za-z0-9_./-]{1,200}(?!\n)")
_SETTINGS: Final = {"url", "admin_user", "hold", "recordings"}
_ACTIONS: Final = {
    "stream_auth": Moment.START,
    "mount_add": Moment.BEAT,
    "mount_remove": Moment.END,
}
_LONGEST_HEADER: Final = 240  # characters


class Icecast:
    """See the module. Settings: see docs/how-to/moderate-live-streams.md."""

    id: ClassVar[str] = "icecast"
    without_gate: ClassVar[str] = "refuse"
    longest_pass: ClassVar[int] = passes.LONGEST

    def problems(self, settings: Mapping[str, Any]) -> list[str]:
        """Return what is wrong with the settings."""
        found = control.unknown_problems(settings, _SETTINGS) + control.url_problems(settings, "url")
        hold = settings.get("hold")
        if hold is not None and not (isinstance(hold, str) and MOUNT.fullmatch(hold)):
            found.append("`hold` is the mount of the hold stream, as /hold.ogg")
        return found

    def asked(self, call: Call, secret: str) -> Asked:
        """Read URL authentication: a form with `action`, `mount`, `user`, `pass`."""
        del secret
        action, mount = call.fields.get("action", ""), call.fields.get("mount", "").partition("?")[0]
        if not action:
            raise ValueError("no call of Icecast: `action` is missing")
        if not MOUNT.fullmatch(mount):
            raise ValueError("a mount begins with a slash, then letters, digits, `_`, `.`, `-` and slashes")
        return Asked(
            moment=_ACTIONS.get(action, Moment.OTHER),
            stream=mount,
            shown=call.fields.get("pass", ""),
            detail={"user": call.fields.get("user", "")},
        )

    def reply(self, asked: Asked, answer: Answer, text: str) -> Reply:
        """Return `icecast-auth-user: 1`, or why not in `icecast-auth-message`."""
        del asked
        if answer.allowed:
            return Reply(200, (("icecast-auth-user", "1"),))
        said = " ".join(text.split()).encode("ascii", "replace").decode()[:_LONGEST_HEADER]
        return Reply(403, (("icecast-auth-message", said),))

    def obey(self, asked: Asked, answer: Answer, handle: Handle) -> None:
        """Do nothing: Icecast obeys the reply."""

    def drop(self, handle: Handle) -> Dropped:
        """Move the listeners to the hold stream, if there is one, and kill the source."""
        try:
            if handle.settings.get("hold"):
                self._admin(
                    handle, "moveclients", mount=handle.stream, destination=str(handle.settings["hold"])
                )
            answer = self._admin(handle, "killsource", mount=handle.stream)
        except Unreachable as error:
            return Dropped(done=False, detail=str(error))
        if answer in {200, 400, 404}:  # 400: there is no such source
            return Dropped(done=True, detail=f"killsource answered {answer}")
        return Dropped(done=False, detail=f"killsource answered {answer}")

    def black(self, handle: Handle) -> bool:
        """Look whether no source feeds the mount, and a listener who comes now gets no sound of it."""
        return self._source(handle) is None

    def viewers(self, handle: Handle) -> int | None:
        """Return how many listen."""
        return self._source(handle) or 0

    def source(self, handle: Handle) -> Source | None:
        """Listen as everybody does."""
        return Source(f"{_base(handle)}{handle.stream}", "http,tcp", sight=False)

    def left(self, handle: Handle) -> None:
        """Do nothing: the connection is closed by who listens."""

    def recordings(self, handle: Handle) -> tuple[Path, ...]:
        """Return the dump files of the mount: those whose name begins with its name."""
        folder = control.folder(handle.settings, "recordings")
        if folder is None or not folder.is_dir():
            return ()
        name = handle.stream.strip("/").replace("/", "-")
        mine = re.compile(re.escape(name) + r"([-.][0-9A-Za-z_.-]*)?")
        found = [path for path in folder.iterdir() if path.is_file() and mine.fullmatch(path.name)]
        return tuple(sorted(found, key=lambda path: (path.stat().st_mtime, path.name)))

    def _admin(self, handle: Handle, what: str, **given: str) -> int:
        return _call(handle, what, **given).status_code

    def _source(self, handle: Handle) -> int | None:
        """Return how many listen to the mount, None if no source feeds it.

        From the list of mounts: the JSON of Icecast 2.4 is broken while there is none.
        """
        answer = _call(handle, "listmounts")
        if answer.status_code != 200:  # noqa: PLR2004 -- OK
            raise Unreachable(f"the list of mounts answered {answer.status_code}")
        for one in control.xml(answer.content).iterfind("./source"):
            if one.get("mount") == handle.stream:
                listeners = one.findtext("listeners") or "0"
                return int(listeners) if listeners.isascii() and listeners.isdigit() else 0
        return None


def _call(handle: Handle, what: str, **given: str) -> httpx.Response:
    user = str(handle.settings.get("admin_user") or "admin")
    return control.call("GET", f"{_base(handle)}/admin/{what}", params=given, auth=(user, handle.secret))


def _base(handle: Handle) -> str:
    return str(handle.settings["url"]).rstrip("/")
