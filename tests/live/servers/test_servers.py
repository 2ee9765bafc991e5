"""Every adapter before the suite that authors of others use, two of them with the real server beside it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlencode

import httpx
import pytest
from standardwebhooks import Webhook
from tests.live.real.rig import (
    Icecast,
    Listener,
    NginxRtmp,
    RtmpViewer,
    broadcast,
    need,
    radio,
    scratch,
    until,
)
from tests.live.servers.answering import door

from hakam.live.gate.judge import Answer, Why
from hakam.live.servers import control, icecast, nginx_rtmp
from hakam.live.servers.at_work import shipped
from hakam.live.servers.server import Asked, Call, Handle, Moment, Unreachable
from hakam.live.servers.signed import WINDOW, Question, Signed, signature
from hakam.testing.media_servers import MediaRig, MediaServerSuite

pytestmark = [pytest.mark.sockets, pytest.mark.embedded, pytest.mark.timeout(300)]
NOBODY = "http://127.0.0.1:9"
SECRET = "whsec_" + "c2VjcmV0IG9mIGEgc2VydmVy"


def form(**fields: str) -> Call:
    return Call(
        "POST", "", {"content-type": "application/x-www-form-urlencoded"}, fields, urlencode(fields).encode()
    )


def test_the_first_cut_builds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    control._client.cache_clear()
    adapters = shipped()

    def late(**_given: object) -> NoReturn:
        raise AssertionError("the client was built while somebody waited for a cut")

    monkeypatch.setattr(httpx, "Client", late)
    with door(lambda _path: (404, b"")) as there:
        handle = Handle("show", settings={"drop_url": there.url, "state_url": there.url}, secret=SECRET)
        assert adapters["signed"].black(handle)
        assert len(there.asked) == 1


class TestNginxRtmp(MediaServerSuite):
    """nginx-rtmp."""

    @pytest.fixture
    def rig(self) -> MediaRig:
        settings = {"control": f"{NOBODY}/control", "stat": f"{NOBODY}/stat", "rtmp": "rtmp://127.0.0.1:9/live",
                    "hls_url": f"{NOBODY}/hls", "hls_folder": "/nowhere/hls", "recordings": "/nowhere/rec"}  # fmt: skip
        return MediaRig(
            adapter=nginx_rtmp.NginxRtmp(),
            settings=settings,
            start=lambda stream, key: form(call="publish", name=stream, key=key, clientid="7"),
            end=lambda stream: form(call="publish_done", name=stream),
            strange=(
                form(),
                form(call="publish"),
                form(call="publish", name="../x"),
                form(call="publish", name="a\n"),
            ),
            stream="show",
            on_air=nginx_on_air,
            plays=lambda handle: rtmp_plays(f"{handle.settings['rtmp']}/{handle.stream}"),
        )


@contextmanager
def nginx_on_air() -> Iterator[Handle]:
    need("nginx-rtmp", "ffmpeg")
    with (
        scratch() as folder,
        NginxRtmp(folder / "n", "") as server,
        broadcast(server.address("show"), folder),
    ):
        viewer = RtmpViewer(server.address("show"))
        until(lambda: viewer.bytes)
        viewer.close()
        yield Handle("show", settings=server.settings)


def rtmp_plays(address: str) -> bool:
    viewer = RtmpViewer(address)
    try:
        with suppress(TimeoutError):
            until(lambda: viewer.bytes, seconds=6)
        return bool(viewer.bytes)
    finally:
        viewer.close()


class TestIcecast(MediaServerSuite):
    """Icecast."""

    @pytest.fixture
    def rig(self) -> MediaRig:
        return MediaRig(
            adapter=icecast.Icecast(),
            settings={"url": NOBODY, "hold": "/hold.ogg", "recordings": "/nowhere/dumps"},
            start=lambda stream, key: form(
                **{"action": "stream_auth", "mount": stream, "user": "u1", "pass": key}
            ),
            end=lambda stream: form(action="mount_remove", mount=stream),
            strange=(form(), form(action="stream_auth"), form(action="stream_auth", mount="show")),
            stream="/show.ogg",
            secret=Icecast.ADMIN,
            on_air=icecast_on_air,
            plays=icecast_plays,
        )


@contextmanager
def icecast_on_air() -> Iterator[Handle]:
    need("icecast2", "ffmpeg")
    with scratch() as folder, Icecast(folder / "i", "") as server:
        url = f"http://127.0.0.1:{server.port}"
        settings = {"url": url, "recordings": str(server.dumps)}
        with radio(server.address("/alone.ogg", "hold-secret"), folder):
            handle = Handle("/alone.ogg", settings=settings, secret=Icecast.ADMIN)
            until(lambda: not icecast.Icecast().black(handle))
            yield handle


def icecast_plays(handle: Handle) -> bool:
    listener = Listener(f"{handle.settings['url']}{handle.stream}")
    with suppress(TimeoutError):
        until(lambda: listener.bytes or listener.ended, seconds=10)
    found = bool(listener.bytes)
    listener.close()
    return found


def signed(
    body: dict[str, object], *, at: float | None = None, name: str = "m-1", secret: str = SECRET
) -> Call:
    moment = time.time() if at is None else at
    data, stamp = json.dumps(body).encode(), str(int(moment))
    headers = {
        "webhook-id": name,
        "webhook-timestamp": stamp,
        "webhook-signature": signature(secret, name, stamp, data),
    }
    return Call("POST", "", headers, {}, data, time.time())


class TestSigned(MediaServerSuite):
    """Any server, by a signed call."""

    @pytest.fixture
    def rig(self) -> MediaRig:
        names = iter(f"m-{n}" for n in range(99))
        return MediaRig(
            adapter=Signed(),
            settings={
                "drop_url": f"{NOBODY}/drop",
                "state_url": f"{NOBODY}/state",
                "watch_url": "rtmp://h/live/{stream}",
            },
            start=lambda stream, key: signed(
                {"moment": "start", "stream": stream, "key": key}, name=next(names)
            ),
            end=lambda stream: signed({"moment": "end", "stream": stream}, name=next(names)),
            strange=(
                Call("POST", ""),
                signed({"moment": "start", "stream": "x"}, secret="whsec_b3RoZXI="),
                signed({"moment": "start", "stream": "x"}, at=time.time() - WINDOW - 5),
                signed({"moment": "start", "stream": "x"}, at=time.time() + WINDOW + 5),
                signed({"moment": "dance", "stream": "x"}, name="a"),
                signed({"moment": "start", "stream": ""}, name="b"),
                signed({"moment": "start", "stream": "a\nb"}, name="c"),
            ),
            stream="show",
            secret=SECRET,
        )


def test_a_signed_call_is_heard_once_for_as_long_as_it_could_be_played_again() -> None:
    adapter = Signed()
    call = signed({"moment": "start", "stream": "show"})
    assert adapter.asked(call, SECRET).moment is Moment.START
    with pytest.raises(ValueError, match="heard before"):
        adapter.asked(call, SECRET)
    changed = Call(call.method, call.rest, call.headers, {}, call.body + b" ", call.at)
    with pytest.raises(ValueError, match="signature"):
        adapter.asked(changed, SECRET)
    for n in range(5):
        assert adapter.asked(
            signed({"moment": "beat", "stream": "show", "viewers": n}, name=f"b-{n}"), SECRET
        )


def test_figures_of_a_signed_call_are_read() -> None:
    asked = Signed().asked(
        signed({"moment": "beat", "stream": "s", "viewers": 9, "shares": 2, "session": "1"}), SECRET
    )
    assert (asked.session, asked.detail) == ("1", {"viewers": 9, "shares": 2})
    assert Question.__struct_fields__ == ("moment", "stream", "key", "session", "viewers", "shares")


def test_any_library_of_standard_webhooks_signs_such_a_call() -> None:
    at = datetime.now(tz=UTC)
    made = Webhook(SECRET).sign("m-9", at, "{}")
    assert made == signature(SECRET, "m-9", str(int(at.timestamp())), b"{}")


def test_a_signed_answer_says_all() -> None:
    reply = Signed().reply(Asked(Moment.START), Answer(allowed=False, why=Why.AGE, until=9.0), "too young")
    assert json.loads(reply.body) == {
        "allowed": False,
        "why": "age",
        "until": 9.0,
        "text": "too young",
        "sure": True,
    }


def test_a_signed_server_without_addresses_can_not_be_cut_by_us() -> None:
    handle = Handle("show")
    assert not Signed().drop(handle).done
    with pytest.raises(Unreachable, match="state_url"):
        Signed().black(handle)
    assert Signed().source(handle) is None


def test_a_signed_server_is_cut_by_a_call_that_it_can_check() -> None:
    with door(lambda path: (404, b"") if path.startswith("/state") else (200, b"")) as there:
        handle = Handle(
            "show", "9", {"drop_url": f"{there.url}/drop", "state_url": f"{there.url}/state"}, SECRET
        )
        assert Signed().drop(handle).done
        assert Signed().black(handle)
        path, body, headers = there.asked[0]
        assert (path, json.loads(body)) == ("/drop", {"stream": "show", "session": "9"})
        right = signature(SECRET, headers["webhook-id"], headers["webhook-timestamp"], body)
        assert headers["webhook-signature"] == right


@pytest.mark.parametrize(
    ("stat", "words"),
    [
        ((500, b""), "500"),
        ((200, b"no xml"), "can't be read"),
        ((200, b"<!DOCTYPE x><rtmp/>"), "declarations"),
    ],
)
def test_statistics_that_can_not_be_read_are_no_black(stat: tuple[int, bytes], words: str) -> None:
    with door(lambda _path: stat) as there:
        settings = {"control": f"{there.url}/control", "stat": f"{there.url}/stat", "rtmp": "rtmp://h/live"}
        with pytest.raises(Unreachable, match=words):
            nginx_rtmp.NginxRtmp().black(Handle("show", settings=settings))


STAT = b"""<rtmp><server><application><name>live</name><live><stream><name>show</name>%s
<client><id>1</id></client><client><publishing/></client></stream></live></application></server></rtmp>"""


def test_black_is_no_publisher_no_file_and_no_playlist(tmp_path: Path) -> None:
    publishing, playlist = [b"<publishing/>"], [200]

    def answer(path: str) -> tuple[int, bytes]:
        if path.startswith("/stat"):
            return 200, STAT % publishing[0]
        return (playlist[0], b"#EXTM3U") if path.startswith("/hls") else (200, b"1")

    with door(answer) as there:
        settings = {"control": f"{there.url}/control", "stat": f"{there.url}/stat", "rtmp": "rtmp://h/live",
                    "hls_folder": str(tmp_path), "hls_url": f"{there.url}/hls"}  # fmt: skip
        adapter, handle = nginx_rtmp.NginxRtmp(), Handle("show", settings=settings)
        assert adapter.viewers(handle) == 1
        assert not adapter.black(handle)
        publishing[0] = b""
        (tmp_path / "show-3.ts").touch()
        assert not adapter.black(handle)
        (tmp_path / "show-3.ts").unlink()
        (tmp_path / "show-other-1.ts").touch()  # another stream's
        assert not adapter.black(handle)  # the playlist is still served, from a cache
        playlist[0] = 404
        assert adapter.black(handle)


def test_a_cut_removes_the_files_of_this_stream_and_of_no_other(tmp_path: Path) -> None:
    (tmp_path / "show").mkdir()
    mine = [
        tmp_path / name for name in ("show.m3u8", "show-0.ts", "show-17.ts", "show.m3u8.bak", "show/1.ts")
    ]
    others = [tmp_path / name for name in ("show2.m3u8", "show-a-0.ts", "a.show.m3u8", "notes.txt")]
    for path in (*mine, *others):
        path.touch()
    with door(lambda _path: (200, b"1")) as there:
        settings = {"control": f"{there.url}/control", "stat": there.url, "rtmp": "rtmp://h/live",
                    "hls_folder": str(tmp_path), "application": "studio"}  # fmt: skip
        assert nginx_rtmp.NginxRtmp().drop(Handle("show", settings=settings)).done
        assert [path.name for path in mine if path.exists()] == []
        assert all(path.exists() for path in others)
        calls = [path for path, _body, _headers in there.asked]
        assert calls[0] == "/control/drop/publisher?app=studio&name=show"
        assert "/control/drop/subscriber?app=studio&name=show" in calls
    with door(lambda _path: (500, b"")) as broken:
        settings["control"] = f"{broken.url}/control"
        assert not nginx_rtmp.NginxRtmp().drop(Handle("show", settings=settings)).done


@pytest.mark.parametrize("name", ["..", ".", "...", "a/b", "a\n", ""])
def test_a_name_that_leads_out_of_the_folder_is_none(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="name of a stream"):
        nginx_rtmp.NginxRtmp().asked(form(call="publish", name=name), SECRET)
    (tmp_path / "hls").mkdir()
    (tmp_path / "precious").write_text("kept")
    handle = Handle(name, settings={"control": NOBODY, "stat": NOBODY, "hls_folder": str(tmp_path / "hls")})
    assert not nginx_rtmp.NginxRtmp().drop(handle).done
    assert (tmp_path / "precious").exists()


def test_recordings_of_a_stream_are_found_by_its_name(tmp_path: Path) -> None:
    for name in ("show.flv", "show-1700000000.flv", "show-17.mp4", "shower-1.flv", "show.txt", "other.flv"):
        (tmp_path / name).touch()
    settings = {"recordings": str(tmp_path)}
    found = nginx_rtmp.NginxRtmp().recordings(Handle("show", settings=settings))
    assert {path.name for path in found} == {"show.flv", "show-1700000000.flv", "show-17.mp4"}
    for name in ("radio.ogg", "radio-1.ogg", "radio2.ogg"):
        (tmp_path / name).touch()
    heard = icecast.Icecast().recordings(Handle("/radio", settings=settings))
    assert {path.name for path in heard} == {"radio.ogg", "radio-1.ogg"}


MOUNTS = b"""<?xml version="1.0"?><icestats><source mount="/x.ogg"><listeners>1</listeners></source>
<source mount="/show.ogg"><fallback/><listeners>4</listeners></source></icestats>"""


@pytest.mark.parametrize(
    ("listed", "viewers"),
    [
        (b"<icestats/>", 0),
        (MOUNTS, 4),
        (MOUNTS.replace(b"4", b"many"), 0),
        (MOUNTS.replace(b"show", b"other"), 0),
    ],
)
def test_the_list_of_mounts_says_who_is_on_air(listed: bytes, viewers: int) -> None:
    with door(lambda _path: (200, listed)) as there:
        handle = Handle("/show.ogg", settings={"url": there.url, "admin_user": "boss"}, secret="x")
        assert icecast.Icecast().viewers(handle) == viewers
        assert icecast.Icecast().black(handle) is (b"/show.ogg" not in listed)
        assert there.asked[0][0] == "/admin/listmounts"


@pytest.mark.parametrize(("answer", "words"), [((200, b"<html>"), "can't be read"), ((401, b""), "401")])
def test_a_list_of_mounts_that_can_not_be_read_is_no_black(answer: tuple[int, bytes], words: str) -> None:
    with door(lambda _path: answer) as there, pytest.raises(Unreachable, match=words):
        icecast.Icecast().black(Handle("/show.ogg", settings={"url": there.url}))


@pytest.mark.parametrize(
    ("status", "done"), [(200, True), (400, True), (404, True), (401, False), (500, False)]
)
def test_what_icecast_answers_to_a_kill(status: int, done: bool) -> None:
    with door(lambda _path: (status, b"")) as there:
        settings = {"url": there.url, "hold": "/hold.ogg"}
        assert icecast.Icecast().drop(Handle("/show.ogg", settings=settings, secret="x")).done is done
        assert there.asked[0][0].startswith("/admin/moveclients?")
        assert there.asked[1][0] == "/admin/killsource?mount=%2Fshow.ogg"
        assert there.asked[1][2]["authorization"].startswith("Basic ")


def test_icecast_reads_its_own_headers() -> None:
    adapter, asked = icecast.Icecast(), Asked(Moment.START)
    assert adapter.reply(asked, Answer(allowed=True), "").headers == (("icecast-auth-user", "1"),)
    refused = adapter.reply(
        asked, Answer(allowed=False, why=Why.AGE), "too young: https://hakam.example/live/x"
    )
    assert refused.headers == (("icecast-auth-message", "too young: https://hakam.example/live/x"),)


def test_settings_that_can_not_be_used_are_named() -> None:
    problems = nginx_rtmp.NginxRtmp().problems(
        {
            "control": "ftp://x",
            "stat": 7,
            "rtmp": "http://x",
            "hls_url": "x",
            "hls_folder": "relative",
            "colour": 1,
        }
    )
    named = " ".join(problems)
    assert all(
        f"`{name}`" in named for name in ("control", "stat", "rtmp", "hls_url", "hls_folder", "colour")
    )
    assert icecast.Icecast().problems({"url": "https://radio.example", "hold": "hold"})
    assert Signed().problems({"drop_url": "x"})
    assert Signed().problems({}) == []


def test_an_address_that_is_none_is_unreachable() -> None:
    for url in ("http://", "http://127.0.0.1:9/x", "http://exa mple/"):
        with pytest.raises(Unreachable):
            control.call("GET", url)


@pytest.mark.parametrize(("length", "told"), [(250, False), (251, True)])
def test_a_pass_that_the_module_cut_off_is_told(
    caplog: pytest.LogCaptureFixture, length: int, told: bool
) -> None:
    nginx_rtmp.NginxRtmp().asked(form(call="publish", name="show", key="k" * length), "")
    assert ("cut off" in caplog.text) is told
