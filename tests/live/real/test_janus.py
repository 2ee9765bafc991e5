"""Janus, the real one: no room without the gate's yes, and black the moment that a room is destroyed."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from tests.live.real.gatehouse import gate, key, secret
from tests.live.real.janus import ROOM, Broadcaster, Janus, RoomViewer
from tests.live.real.rig import allowed, free_port, need, scratch, until
from tests.media.clip_files import clip, edited

from hakam.live.configuration import Watching
from hakam.live.gate.book import Bar, Writer, path_of
from hakam.live.gate.judge import Answer
from hakam.live.gate.keeper import address_token
from hakam.live.gate.spool import Said, read
from hakam.live.gate.spool import path_of as spool_path
from hakam.live.servers.janus import Janus as Adapter
from hakam.live.servers.janus import _say
from hakam.live.servers.server import Asked, Handle, Moment
from hakam.live.watching import video_files
from hakam.live.watching.showing import Showings
from hakam.live.watching.video_files import Form, Parts
from hakam.media import ffmpeg
from hakam.media.feed import Feed, Feeding
from hakam.media.mjr import playable

pytestmark = [pytest.mark.sockets, pytest.mark.embedded, pytest.mark.timeout(300)]


@dataclass
class Studio:
    """Janus behind a gate."""

    home: Path
    janus: Janus
    address: str

    @property
    def handle(self) -> Handle:
        return Handle(ROOM, settings=self.janus.settings, secret=self.janus.secret)

    def ask(self, shown: str, status: int = 200) -> dict[str, Any]:
        """Ask as the platform does, before its page lets somebody join."""
        answer = httpx.post(self.address, json={"room": ROOM, "key": shown}, timeout=20, trust_env=False)
        assert answer.status_code == status
        found: dict[str, Any] = answer.json()
        return found

    def said(self, moment: Moment) -> list[Said]:
        return [row for _n, row in read(spool_path(self.home), 0, 999) if row.moment is moment]

    def bar(self, account: str) -> None:
        Writer(path_of(self.home)).write("forum", account, [Bar("measure:1", "barred", 0.0, None, (), "")])


@pytest.fixture
def studio() -> Iterator[Studio]:
    need("janus", "ffmpeg")
    with scratch() as folder:
        port = free_port()
        address = f"http://127.0.0.1:{port}/gate/rooms-1/{address_token(secret('gate'), 'rooms-1')}"
        server = Janus(folder / "janus", address, secret("media-rooms-1"))
        told = {"name": "rooms-1", "kind": "janus", "platform": "forum", "settings": server.settings}
        (folder / "live.json").write_text(json.dumps({"port": port, "servers": [told]}))
        Writer(path_of(folder)).stamp(time.time())
        with gate(folder, port), server:
            yield Studio(folder, server, address)


def refusal_of(janus: Janus, token: str) -> str:
    """Return why Janus lets nobody publish with a token."""
    with Broadcaster(janus, token=token) as refused:
        assert refused.ended.wait(30)
        return refused.refused


def test_who_is_allowed_plays_and_the_room_ends_with_the_stream(studio: Studio) -> None:
    mine = key("u1")
    assert refusal_of(studio.janus, mine) == f"No such room ({ROOM})"  # before anybody asked
    assert studio.ask(mine)["allowed"] is True
    assert studio.said(Moment.START) == []  # to ask is not yet to be live
    assert refusal_of(studio.janus, key("u2")) == "Unauthorized (not in the allowed list)"
    with Broadcaster(studio.janus, token=mine) as show, RoomViewer(studio.janus) as viewer:
        until(lambda: viewer.frames > 3)
        assert show.running
        started = until(lambda: studio.said(Moment.START))[0]
        assert started.shown is not None
        assert (started.allowed, started.stream, started.shown.account) == (True, ROOM, "u1")
        assert started.session
        adapter = Adapter()
        until(lambda: adapter.viewers(studio.handle) == 1)
        with RoomViewer(studio.janus) as other:
            until(lambda: other.frames > 3)
            until(lambda: adapter.viewers(studio.handle) == 2)
            until(lambda: Adapter().viewers(studio.handle) == 2)  # as who was started anew learns it
        until(lambda: adapter.viewers(studio.handle) == 1)
        assert not Adapter().black(studio.handle)
    until(lambda: studio.said(Moment.END))
    assert Adapter().viewers(studio.handle) == 0
    until(lambda: Adapter().black(studio.handle))
    until(lambda: refusal_of(studio.janus, mine) == f"No such room ({ROOM})", every=0.3)


def test_who_is_barred_gets_no_room(studio: Studio) -> None:
    studio.bar("u9")
    told = studio.ask(key("u9"))
    assert (told["allowed"], told["why"]) == (False, "barred")
    assert "https://hakam.example/live/" in told["text"]
    with RoomViewer(studio.janus) as viewer:
        assert refusal_of(studio.janus, key("u9")) == f"No such room ({ROOM})"
        assert viewer.frames == 0
    assert [(row.allowed, row.why) for row in studio.said(Moment.ASK)] == [(False, "barred")]


def test_who_is_barred_between_question_and_stream_is_thrown_out_before_a_frame_is_seen(
    studio: Studio,
) -> None:
    mine = key("u1")
    assert studio.ask(mine)["allowed"]
    studio.bar("u1")
    with RoomViewer(studio.janus) as viewer, Broadcaster(studio.janus, token=mine) as show:
        assert show.ended.wait(60)
        until(lambda: Adapter().black(studio.handle))
        assert [row.allowed for row in until(lambda: studio.said(Moment.START))] == [False]
        time.sleep(0.5)
        assert viewer.frames == 0


def test_a_room_in_which_somebody_else_is_live_is_not_taken_from_them(studio: Studio) -> None:
    mine = key("u1")
    assert studio.ask(mine)["allowed"]
    with Broadcaster(studio.janus, token=mine) as show, RoomViewer(studio.janus) as viewer:
        until(lambda: viewer.frames > 3)
        assert "somebody else is live" in studio.ask(key("u2"), status=503)["error"]
        assert show.running
        assert studio.ask(key("u1"))["allowed"]  # who reloads the page begins anew
        until(lambda: not show.running)


def test_a_cut_is_black_within_a_second_and_the_recording_plays(studio: Studio) -> None:
    folder, janus = studio.home, studio.janus
    (folder / "show.mp4").write_bytes(clip((1, 2, 3), 2.0))
    mine = key("u1")
    studio.ask(mine)
    with Broadcaster(janus, token=mine, clip=folder / "show.mp4") as show, RoomViewer(janus) as viewer:
        until(lambda: viewer.frames > 20)
        began = time.monotonic()
        assert Adapter().drop(studio.handle).done
        assert Adapter().black(studio.handle)
        assert time.monotonic() - began < allowed(1.0)
        until(lambda: time.monotonic() - viewer.last > 2.0)
        assert viewer.last - began < allowed(1.0)
        assert show.ended.wait(60)
    assert refusal_of(janus, mine) == f"No such room ({ROOM})"
    need("janus-pp-rec")
    kept = Adapter().recordings(studio.handle)
    assert kept
    with playable(kept[0]) as file, ffmpeg.opened(ffmpeg.tail(file, 600)) as film:
        assert len(list(film.frames(2.0))) >= 2


def test_the_watch_sees_and_hears_what_is_published(studio: Studio) -> None:
    folder, janus, adapter = studio.home, studio.janus, Adapter()
    words = [
        "-f",
        "lavfi",
        "-i",
        "sine=frequency=300:sample_rate=48000",
        "-map",
        "0:v",
        "-map",
        "1:a",
        "-shortest",
    ]
    (folder / "show.mp4").write_bytes(edited(clip((1, 2, 3), 2.0), *words))
    mine = key("u1")
    studio.ask(mine)
    with Broadcaster(janus, token=mine, clip=folder / "show.mp4"), RoomViewer(janus) as viewer:
        until(lambda: viewer.frames > 3)
        for _ in range(2):  # reading anew, after FFmpeg ended
            source = adapter.source(studio.handle)
            assert source is not None
            assert (source.sight, source.sound) == (True, True)
            seen: list[tuple[int, ...]] = []
            feed = Feed(
                Feeding(source.url, source.protocols, source.before),
                on_frame=lambda _at, luma: seen.append(luma.shape),  # noqa: B023 -- of this round
                on_sound=lambda _samples: None,
            )
            until(lambda: len(seen) > 2 and feed.heard > 10_000)  # noqa: B023 -- of this round
            feed.close()


def test_a_moderator_watches_beside_the_watch_and_janus_sends_no_more_when_nobody_does(
    studio: Studio, tmp_path: Path
) -> None:
    adapter, mine = Adapter(), key("u1")

    def forwarded() -> int:
        said = _say(studio.handle, "listforwarders")
        return sum(len(one.get("forwarders", ())) for one in said.get("publishers", ()))

    def handle(form: Form) -> Handle:
        return msgspec.structs.replace(studio.handle, reader=form.value)

    studio.ask(mine)
    with Broadcaster(studio.janus, token=mine), RoomViewer(studio.janus) as viewer:
        until(lambda: viewer.frames > 3)
        source, seen = adapter.source(studio.handle), []
        assert source is not None
        feed = Feed(
            Feeding(source.url, source.protocols, source.before, sound=False),
            on_frame=lambda at, _luma: seen.append(at),
            on_sound=lambda _samples: None,
        )
        until(lambda: len(seen) > 2)
        alone = forwarded()
        showings = Showings(
            tmp_path,
            find=lambda _stream, form: adapter.source(handle(form)),
            leave=lambda _stream, form: adapter.left(handle(form)),
        )

        def look() -> Parts:
            video_files.want(tmp_path, 1, Form.PLAIN)
            showings.turn({1}, Watching())
            return video_files.read(tmp_path, 1, Form.PLAIN, run="", after=0, at=time.time())

        assert until(lambda: look().type, every=0.1) == 'video/webm; codecs="vp8"'
        assert forwarded() > alone
        before = len(seen)
        until(lambda: len(seen) > before + 2)  # the watch goes on
        showings.turn(set(), Watching())
        assert forwarded() == alone
        before = len(seen)
        until(lambda: len(seen) > before + 2)
        feed.close()
        showings.close()


def test_without_the_gate_nobody_publishes() -> None:
    need("janus")
    assert Adapter.without_gate == "refuse"
    with scratch() as folder, Janus(folder / "janus", "") as janus:
        assert refusal_of(janus, key("u1")) == f"No such room ({ROOM})"
        made = {"janus": "create", "transaction": "1"}
        session = httpx.post(janus.url, json=made, trust_env=False).json()["data"]["id"]
        attach = {"janus": "attach", "plugin": "janus.plugin.videoroom", "transaction": "2"}
        at = f"{janus.url}/{session}"
        handle = httpx.post(at, json=attach, trust_env=False).json()["data"]["id"]
        wish = {"janus": "message", "transaction": "3", "body": {"request": "create", "room": ROOM}}
        said = httpx.post(f"{at}/{handle}", json=wish, trust_env=False).json()
        assert "error" in said["plugindata"]["data"]


def test_a_room_that_nobody_uses_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    need("janus")
    monkeypatch.setattr("hakam.live.servers.janus.UNCLAIMED", 12.0)
    with scratch() as folder, Janus(folder / "janus", "") as janus:
        handle = Handle(ROOM, settings=janus.settings, secret=Janus.ADMIN)
        Adapter().obey(Asked(Moment.ASK, ROOM, key("u1")), Answer(allowed=True), handle)
        assert refusal_of(janus, "guess") == "Unauthorized (not in the allowed list)"
        time.sleep(8.0)
        Adapter().obey(
            Asked(Moment.ASK, ROOM, key("u1")), Answer(allowed=True), handle
        )  # the page was loaded anew
        time.sleep(6.0)  # the first room's time is over, and not that of the second
        assert refusal_of(janus, "guess") == "Unauthorized (not in the allowed list)"
        until(lambda: refusal_of(janus, "guess") == f"No such room ({ROOM})", every=0.2)
