"""How many see a room of Janus: its admin interface says it of the publisher's own handle, once that handle is found.

Nothing tells which handle that is, so those of all sessions are looked at, each session once a minute at most, and
never for long at a time. Who comes anew, after Hakam or Janus was started again, finds the same number.
"""

from __future__ import annotations

import threading
from time import monotonic
from typing import Any, Final

import msgspec

from hakam.live.servers import control
from hakam.live.servers.server import Handle, Unreachable

LONGEST: Final = 0.3  # seconds of looking for a handle at a time: streams are watched meanwhile
AGAIN: Final = 60.0  # seconds after which a session is looked at anew
_KINDS: Final = {"publisher", "subscriber"}
_Place = tuple[int, int]  # session, handle


class Viewers:
    """Counts viewers. May be asked by several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._places: dict[tuple[str, str], _Place] = {}  # (admin interface, room) -> of its publisher
        self._looked: dict[tuple[str, int], float] = {}  # (admin interface, session) -> when

    def of(self, handle: Handle) -> int | None:
        """Return how many see the room; None while its publisher's handle is not found. Raises `Unreachable`."""
        with self._lock:
            room = (str(handle.settings["admin"]), handle.stream)
            place = self._places.get(room)
            count = None if place is None else _count(handle, place)
            if count is None:
                self._places.pop(room, None)
                self._look(handle, room[0])
                place = self._places.get(room)
                count = None if place is None else _count(handle, place)
            return count

    def _look(self, handle: Handle, admin: str) -> None:
        """Look at sessions that were not looked at lately, as many as there is time for."""
        began = monotonic()
        there = [int(one) for one in _ask(handle, "", "list_sessions").get("sessions", ())]
        here = {(admin, one) for one in there}
        self._looked = {
            key: at
            for key, at in self._looked.items()
            if at > began - AGAIN and (key[0] != admin or key in here)
        }
        for session in there:
            if (admin, session) in self._looked:
                continue
            if monotonic() - began > LONGEST:
                return
            if self._look_at(handle, admin, session):
                self._looked[admin, session] = monotonic()

    def _look_at(self, handle: Handle, admin: str, session: int) -> bool:
        """Keep where a session publishes; return whether all its handles have joined a room."""
        joined = True
        for one in _ask(handle, f"/{session}", "list_handles").get("handles", ()):
            told = _told(handle, (session, int(one)))
            if told.get("type") == "publisher" and told.get("room"):
                self._places[admin, str(told["room"])] = (session, int(one))
            joined = joined and told.get("type") in _KINDS
        return joined


def _count(handle: Handle, place: _Place) -> int | None:
    """Return how many subscribe to the publisher at a place; None if it is not that of the room any more."""
    told = _told(handle, place)
    if told.get("type") != "publisher" or str(told.get("room")) != handle.stream:
        return None
    return max((int(one.get("subscribers") or 0) for one in told.get("streams", ())), default=0)


def _told(handle: Handle, place: _Place) -> dict[str, Any]:
    info = _ask(handle, f"/{place[0]}/{place[1]}", "handle_info", plugin_only=True).get("info", {})
    told = info.get("plugin_specific", {})
    return told if isinstance(told, dict) else {}


def _ask(handle: Handle, path: str, what: str, **given: object) -> dict[str, Any]:
    """Ask the admin interface; what is gone meanwhile is an empty answer. Raises `Unreachable`."""
    body = {"janus": what, "transaction": what, "admin_secret": handle.secret, **given}
    answer = control.call("POST", f"{handle.settings['admin']}{path}", content=msgspec.json.encode(body))
    try:
        said: dict[str, Any] = msgspec.json.decode(answer.content, type=dict)
    except msgspec.MsgspecError as error:
        raise Unreachable(f"`{what}` answered {answer.status_code}, and nothing of Janus") from error
    return said if said.get("janus") == "success" else {}
