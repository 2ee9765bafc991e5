"""Janus before the suite of all adapters, and what it reads and says without a Janus."""

from __future__ import annotations

import json
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.live.real.janus import ROOM, Broadcaster, RoomViewer
from tests.live.real.janus import Janus as Server
from tests.live.real.rig import need, scratch, until
from tests.live.servers.answering import Door, door

from hakam.live.gate import passes
from hakam.live.gate.judge import Answer, Why
from hakam.live.gate.passes import Pass
from hakam.live.servers.janus import Janus
from hakam.live.servers.server import Asked, Call, Handle, Moment, Unreachable
from hakam.testing.media_servers import MediaRig, MediaServerSuite

pytestmark = [pytest.mark.sockets, pytest.mark.embedded, pytest.mark.timeout(300)]
NOBODY = "http://127.0.0.1:9"
KEY = passes.issue(Pass(account="u1", until=time.time() + 600), "secret")


def posted(body: object) -> Call:
    return Call("POST", "", {"content-type": "application/json"}, {}, json.dumps(body).encode())


def event(name: str, *, handle: int = 7, opaque: str = "", **data: Any) -> dict[str, Any]:
    """Return an event of the plugin, as Janus words it."""
    more = {"opaque_id": opaque} if opaque else {}
    told = {"plugin": "janus.plugin.videoroom", "data": {"event": name, **data}}
    return {
        "emitter": "J",
        "type": 64,
        "timestamp": 1,
        "session_id": 3,
        "handle_id": handle,
        **more,
        "event": told,
    }


def detached(handle: int) -> dict[str, Any]:
    told = {"name": "detached", "plugin": "janus.plugin.videoroom"}
    return {"emitter": "J", "type": 2, "session_id": 3, "handle_id": handle, "event": told}


class TestJanus(MediaServerSuite):
    """Janus."""

    @pytest.fixture
    def rig(self) -> MediaRig:
        return MediaRig(
            adapter=Janus(),
            settings={"admin": f"{NOBODY}/admin", "recordings": "/nowhere/rec", "videocodec": "h264"},
            start=lambda stream, key: posted(
                [
                    event("joined", room=int(stream), id=4, token=key),
                    event("published", room=int(stream), id=4),
                ]
            ),
            end=lambda stream: posted([event("unpublished", room=int(stream), id=4)]),
            strange=(
                posted({}),
                posted({"room": ROOM}),
                posted({"room": "../x", "key": "k"}),
                posted({"room": "a\n", "key": "k"}),
                posted({"room": "a-user-b", "key": "k"}),
                posted({"room": ROOM, "key": "k" * 4_000}),
                posted({"room": ROOM, "key": "k", "more": 1}),
                posted([event("published", room="../x", id=4)]),
                Call("POST", "", {}, {}, b"no json"),
            ),
            stream=ROOM,
            secret=Server.ADMIN,
            on_air=janus_on_air,
            plays=janus_plays,
        )


_ON: dict[str, Server] = {}


@contextmanager
def janus_on_air() -> Iterator[Handle]:
    need("janus", "ffmpeg")
    with scratch() as folder, Server(folder / "j", "") as server:
        _ON["server"] = server
        handle = Handle(ROOM, settings=server.settings, secret=Server.ADMIN)
        Janus().obey(Asked(Moment.ASK, ROOM, KEY), Answer(allowed=True), handle)
        with Broadcaster(server, token=KEY):
            until(lambda: not Janus().black(handle))
            yield handle


def janus_plays(handle: Handle) -> bool:
    del handle
    with RoomViewer(_ON["server"]) as viewer:
        end = time.monotonic() + 15
        while not viewer.frames and time.monotonic() < end:
            time.sleep(0.05)
        return bool(viewer.frames)


def test_a_question_of_the_platform_is_no_stream() -> None:
    asked = Janus().asked(posted({"room": 1234, "key": KEY}), "")
    assert (asked.moment, asked.stream, asked.shown) == (Moment.ASK, "1234", KEY)
    no = Janus().reply(asked, Answer(allowed=False, why=Why.BARRED, until=9.0), "why, and where")
    assert json.loads(no.body) == {
        "allowed": False, "why": "barred", "until": 9.0, "text": "why, and where", "sure": True,
    }  # fmt: skip


def test_who_publishes_is_known_by_the_token_they_joined_with() -> None:
    adapter = Janus()
    joined = adapter.asked(posted([event("joined", handle=1, room=5, id="a", token=KEY)]), "")
    assert joined.moment is Moment.OTHER
    adapter.asked(posted([event("joined", handle=2, room=6, id="b", token="another")]), "")
    start = adapter.asked(posted([event("published", handle=1, room=5, id="a")]), "")
    assert (start.moment, start.stream, start.shown, start.session) == (Moment.START, "5", KEY, "a")
    adapter.asked(posted([detached(1)]), "")
    assert adapter.asked(posted([event("published", handle=1, room=5, id="a")]), "").shown == ""


def test_a_gate_that_was_started_anew_reads_the_pass_from_the_opaque_id() -> None:
    start = Janus().asked(posted([event("published", opaque=KEY, room=5, id="a")]), "")
    assert (start.moment, start.shown) == (Moment.START, KEY)


def test_several_events_of_one_call_are_all_heard() -> None:
    told = [
        event("created", room=5),
        event("joined", handle=1, room=5, id="a", token="k1"),
        event("published", handle=1, room=5, id="a"),
        event("joined", handle=2, room=6, id="b", token="k2"),
        event("published", handle=2, room=6, id="b"),
        event("leaving", handle=1, room=5, id="a"),
    ]
    first = Janus().asked(posted(told), "")
    meant = [(one.moment, one.stream, one.shown) for one in (first, *first.further)]
    assert meant == [(Moment.START, "5", "k1"), (Moment.START, "6", "k2"), (Moment.END, "5", "")]


def test_what_other_plugins_tell_is_none_of_our_business() -> None:
    told = {
        "type": 64,
        "handle_id": 1,
        "event": {"plugin": "janus.plugin.echotest", "data": {"event": "published"}},
    }
    assert Janus().asked(posted(told), "").moment is Moment.OTHER
    assert Janus().asked(posted([]), "").moment is Moment.OTHER


Answers = Callable[[dict[str, Any]], dict[str, Any]]


@contextmanager
def admin(answers: Answers) -> Iterator[tuple[Door, Handle]]:
    """Give a paper Janus: what is asked of the plugin in, what it responds out."""
    heard: list[Door] = []

    def answer(_path: str) -> tuple[int, bytes]:
        asked = json.loads(heard[0].asked[-1][1])
        return 200, json.dumps({"janus": "success", "response": answers(asked["request"])}).encode()

    with door(answer) as there:
        heard.append(there)
        yield there, Handle("5", settings={"admin": f"{there.url}/admin"}, secret="s")


def test_a_cut_is_one_call_with_the_secret_of_the_room() -> None:
    with admin(lambda _asked: {"videoroom": "destroyed"}) as (there, handle):
        assert Janus().drop(handle).done
        (path, body, _headers), *more = there.asked
        said = json.loads(body)
        assert (path, more, said["janus"], said["admin_secret"]) == ("/admin", [], "message_plugin", "s")
        assert said["request"] | {"secret": "?"} == {
            "request": "destroy",
            "room": 5,
            "secret": "?",
            "admin_key": "s",
        }
        other = Handle("6", settings=handle.settings, secret="s")
        Janus().drop(other)
        assert json.loads(there.asked[-1][1])["request"]["secret"] != said["request"]["secret"]


@pytest.mark.parametrize(
    ("response", "done"),
    [
        ({"videoroom": "destroyed"}, True),
        ({"error_code": 426, "error": "No such room (5)"}, True),
        ({"error_code": 429, "error": "Unauthorized"}, False),
    ],
)
def test_a_cut_is_done_where_there_is_no_room(response: dict[str, Any], done: bool) -> None:
    with admin(lambda _asked: response) as (_there, handle):
        dropped = Janus().drop(handle)
        assert dropped.done is done
        assert dropped.detail


NO_ANSWERS = [b"<html>", b"{}", b'{"janus": "success"}', b"[1]", b'{"janus": "error", "error": {}}']


@pytest.mark.parametrize("body", NO_ANSWERS)
def test_what_is_no_answer_of_janus_is_no_black(body: bytes) -> None:
    with door(lambda _path: (200, body)) as there, pytest.raises(Unreachable, match="listparticipants"):
        Janus().black(Handle("5", settings={"admin": there.url}, secret="s"))


def test_black_is_no_publisher_whoever_else_is_there() -> None:
    there: list[dict[str, Any]] = [{"id": 1, "publisher": True}]
    with admin(lambda _asked: {"participants": there}) as (_door, handle):
        assert not Janus().black(handle)
        there[:] = [{"id": 1, "publisher": False}]
        assert Janus().black(handle)


def test_a_room_is_named_by_a_number_unless_janus_takes_strings() -> None:
    for name in ("show", "../5", "5\n"):
        with pytest.raises(Unreachable, match="no room"):
            Janus().black(Handle(name, settings={"admin": NOBODY}, secret="s"))
    with admin(lambda asked: {"participants": [{"id": 1, "publisher": asked["room"] == "show"}]}) as (
        there,
        _handle,
    ):
        settings = {"admin": there.url, "string_ids": True}
        assert not Janus().black(Handle("show", settings=settings, secret="s"))


def test_a_room_is_made_for_one_pass_and_recorded_where_the_settings_say(tmp_path: Path) -> None:
    def answers(asked: dict[str, Any]) -> dict[str, Any]:
        return {"error_code": 426} if asked["request"] == "listparticipants" else {"videoroom": "created"}

    with admin(answers) as (there, handle):
        settings = {
            **handle.settings,
            "recordings": str(tmp_path),
            "room": {"bitrate": 500_000, "fir_freq": 9},
        }
        given = Handle("5", settings=settings, secret="s")
        Janus().obey(Asked(Moment.ASK, "5", KEY), Answer(allowed=True), given)
        made = json.loads(there.asked[-1][1])["request"]
        assert (made["request"], made["allowed"], made["publishers"]) == ("create", [KEY], 1)
        assert (made["record"], made["rec_dir"], made["bitrate"], made["fir_freq"]) == (
            True,
            str(tmp_path),
            500_000,
            9,
        )
        assert "u1" not in json.dumps({**made, "allowed": []})  # nobody in the room learns whose it is
        before = len(there.asked)
        Janus().obey(Asked(Moment.ASK, "5", KEY), Answer(allowed=False, why=Why.BARRED), given)
        assert len(there.asked) == before  # there is no room
        Janus().obey(Asked(Moment.START, "5", KEY), Answer(allowed=False, why=Why.BARRED), given)
        assert json.loads(there.asked[-1][1])["request"]["request"] == "destroy"


def test_a_stream_that_goes_on_is_not_ended_by_another_who_leaves() -> None:
    asked_of: list[str] = []
    publishing = [True]

    def answers(asked: dict[str, Any]) -> dict[str, Any]:
        asked_of.append(asked["request"])
        return {"participants": [{"id": 1, "publisher": publishing[0]}]}

    with admin(answers) as (_there, handle):
        Janus().obey(Asked(Moment.END, "5", session="2"), Answer(allowed=True), handle)
        assert "destroy" not in asked_of
        publishing[0] = False
        Janus().obey(Asked(Moment.END, "5", session="1"), Answer(allowed=True), handle)
        assert asked_of[-1] == "destroy"


def test_the_watch_is_sent_what_is_published_with_a_key() -> None:
    sent: list[dict[str, Any]] = []

    def answers(asked: dict[str, Any]) -> dict[str, Any]:
        match asked["request"]:
            case "listparticipants":
                return {"participants": [{"id": "a", "publisher": True}]}
            case "rtp_forward":
                assert asked["srtp_suite"] == 80
                sent.append({"stream_id": len(sent), "type": "video", "port": asked["video_port"]})
            case "stop_rtp_forward":
                sent[:] = [one for one in sent if one["stream_id"] != asked["stream_id"]]
        return {"publishers": [{"publisher_id": "a", "forwarders": list(sent)}]}

    with admin(answers) as (_there, handle):
        adapter = Janus()
        for _ in range(2):
            source = adapter.source(handle)
            assert source is not None
            assert len(sent) == 1  # what was sent before is sent no more
        told = b64decode(source.url.partition("base64,")[2]).decode()
        assert f"m=video {sent[0]['port']} RTP/SAVP 96" in told
        assert "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" in told
        assert (source.sight, source.sound) == (True, False)
        assert "file" not in source.protocols


def test_there_is_nothing_to_watch_before_somebody_publishes() -> None:
    with (
        admin(lambda _asked: {"participants": []}) as (_there, handle),
        pytest.raises(Unreachable, match="yet"),
    ):
        Janus().source(handle)


def test_settings_that_can_not_be_used_are_named() -> None:
    problems = Janus().problems(
        {
            "admin": "x",
            "videocodec": "theora",
            "string_ids": 1,
            "room": {"allowed": []},
            "recordings": "here",
            "c": 1,
        }
    )
    named = " ".join(problems)
    assert all(
        f"`{name}`" in named for name in ("admin", "videocodec", "string_ids", "room", "recordings", "c")
    )


def test_recordings_of_a_room_are_found_by_its_name(tmp_path: Path) -> None:
    mine = {"videoroom-5-user-9-17-video-0.mjr", "videoroom-5-user-a-b-17-audio-1.mjr"}
    others = {
        "videoroom-55-user-9-1-video-0.mjr",
        "videoroom-5-user-9-17-data-2.mjr",
        "videoroom-5.mjr",
        "notes.txt",
    }
    for name in mine | others:
        (tmp_path / name).touch()
    handle = Handle("5", settings={"recordings": str(tmp_path)})
    assert {path.name for path in Janus().recordings(handle)} == mine
