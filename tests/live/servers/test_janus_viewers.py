"""How many see a room of Janus, as its admin interface says it; the real one is asked in `tests/live/real`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.live.servers.answering import Door, door

from hakam.live.servers import janus_viewers
from hakam.live.servers.janus_viewers import Viewers
from hakam.live.servers.server import Handle, Unreachable

pytestmark = [pytest.mark.sockets, pytest.mark.embedded]


class PaperJanus:
    """Sessions with one handle each: what `handle_info` says of it."""

    def __init__(self) -> None:
        self.handles: dict[int, dict[str, Any]] = {}
        self.broken = False
        self.door: Door

    def answer(self, path: str) -> tuple[int, bytes]:
        if self.broken:
            return 502, b"<html>"
        parts = [int(part) for part in path.split("/")[2:]]
        if not parts:
            said: dict[str, Any] = {"sessions": list(self.handles)}
        elif parts[0] not in self.handles:
            return 200, b'{"janus": "error", "error": {"code": 458}}'
        elif len(parts) == 1:
            said = {"handles": [parts[0] + 1_000]}
        else:
            said = {"info": {"plugin_specific": self.handles[parts[0]]}}
        return 200, json.dumps({"janus": "success", **said}).encode()

    def handle(self, room: str = "5") -> Handle:
        return Handle(room, settings={"admin": f"{self.door.url}/admin"}, secret="s")

    @property
    def asked(self) -> int:
        return len(self.door.asked)


def publishes(room: str, *subscribers: int) -> dict[str, Any]:
    return {"type": "publisher", "room": room, "streams": [{"subscribers": count} for count in subscribers]}


@pytest.fixture
def janus() -> Iterator[PaperJanus]:
    made = PaperJanus()
    with door(made.answer) as made.door:
        yield made


def test_the_publisher_of_the_room_is_found_and_then_asked_alone(janus: PaperJanus) -> None:
    janus.handles = {n: {"type": "subscriber", "room": "5"} for n in range(1, 30)}
    janus.handles[40], janus.handles[41] = publishes("6", 9), publishes("5", 28, 29)
    viewers = Viewers()
    while (count := viewers.of(janus.handle())) is None:
        pass
    assert count == 29
    before = janus.asked
    janus.handles[41] = publishes("5", 30)
    assert viewers.of(janus.handle()) == 30
    assert janus.asked == before + 1
    assert viewers.of(janus.handle("6")) == 9  # it was seen on the way
    assert janus.asked == before + 2


def test_one_that_began_anew_elsewhere_is_found_again(janus: PaperJanus) -> None:
    janus.handles = {1: publishes("5", 3)}
    viewers = Viewers()
    assert viewers.of(janus.handle()) == 3
    janus.handles = {2: publishes("5", 7)}
    assert viewers.of(janus.handle()) == 7
    janus.handles[2] = {"type": "subscriber", "room": "5"}
    assert viewers.of(janus.handle()) is None
    janus.handles = {3: {}}  # it has not joined yet: it is looked at again
    assert viewers.of(janus.handle()) is None
    janus.handles = {3: publishes("5")}
    assert viewers.of(janus.handle()) == 0


def test_looking_takes_no_longer_than_there_is_time(
    janus: PaperJanus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(janus_viewers, "LONGEST", -1.0)
    janus.handles = {1: publishes("5", 3)}
    viewers = Viewers()
    assert viewers.of(janus.handle()) is None
    assert janus.asked == 1  # the list alone
    monkeypatch.setattr(janus_viewers, "LONGEST", 30.0)
    assert viewers.of(janus.handle()) == 3


def test_what_can_not_be_read_is_unreachable(janus: PaperJanus) -> None:
    janus.broken = True
    with pytest.raises(Unreachable, match="nothing of Janus"):
        Viewers().of(janus.handle())
