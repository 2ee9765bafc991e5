"""Janus, the real one, with broadcasters and viewers who speak WebRTC (aiortc)."""

from __future__ import annotations

import asyncio
import threading
import time
import uuid
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Self

import httpx
import numpy as np
from numpy.typing import NDArray
from tests.live.real.rig import PATIENCE, Program, free_port, listens, until

ROOM: Final = "1234"
PLUGIN: Final = "janus.plugin.videoroom"
_NOT_WANTED: Final = {
    "plugins": "streaming sip nosip audiobridge lua duktape textroom recordplay voicemail videocall echotest",
    "transports": "websockets pfunix mqtt nanomsg rabbitmq",
    "events": "gelfevh mqttevh nanomsgevh rabbitmqevh wsevh",
}


class Janus:
    """Janus with its HTTP and admin interfaces, rooms that only the gate opens, and events that go to it."""

    ADMIN = "janus-admin-secret"

    def __init__(self, folder: Path, gate: str, secret: str = "") -> None:
        self.folder, self.port, self.admin_port = folder, free_port(), free_port()
        self.secret = secret or self.ADMIN
        self.recordings, self.gate = folder / "recordings", gate
        self.recordings.mkdir(parents=True)
        self._configure(folder / "conf", gate)
        self.program: Program | None = None

    def _configure(self, folder: Path, gate: str) -> None:
        folder.mkdir()
        system = Path("/etc/janus/janus.jcfg").read_text()
        plugins = next(line for line in system.splitlines() if line.strip().startswith("plugins_folder"))
        root = plugins.split('"')[1].rpartition("/")[0]
        folders = "".join(
            f'{name}_folder = "{root}/{name}"\n' for name in ("plugins", "transports", "events", "loggers")
        )
        told = {"events": f"broadcast = {'true' if gate else 'false'}"}
        without = "\n".join(
            f'{kind}: {{ {told.get(kind, "")} disable = "{",".join(f"libjanus_{one}.so" for one in names.split())}" }}'
            for kind, names in _NOT_WANTED.items()
        )
        (folder / "janus.jcfg").write_text(f"""
general: {{ configs_folder = "{folder}" {folders} admin_secret = "{self.secret}" debug_level = 4 }}
nat: {{ ice_ignore_list = "vmnet" }}
media: {{ }}
{without}
""")
        (folder / "janus.transport.http.jcfg").write_text(f"""
general: {{ json = "plain" base_path = "/janus" http = true port = {self.port} ip = "127.0.0.1" https = false }}
admin: {{ admin_base_path = "/admin" admin_http = true admin_port = {self.admin_port} admin_ip = "127.0.0.1" }}
""")
        (folder / "janus.eventhandler.sampleevh.jcfg").write_text(f"""
general: {{ enabled = {"true" if gate else "false"} events = "plugins,handles" grouping = true json = "plain"
    backend = "{gate}" }}
""")
        (folder / "janus.plugin.videoroom.jcfg").write_text(
            f'general: {{ admin_key = "{self.secret}" string_ids = true lock_rtp_forward = true }}\n'
        )

    def __enter__(self) -> Self:
        words = ["janus", "--disable-colors", "-F", str(self.folder / "conf"),
                 "-C", str(self.folder / "conf" / "janus.jcfg")]  # fmt: skip
        self.program = Program(words, self.folder, "janus")
        until(lambda: listens(self.port) and listens(self.admin_port))
        return self

    def __exit__(self, *_: object) -> None:
        assert self.program is not None
        self.program.stop()

    @property
    def settings(self) -> dict[str, Any]:
        """Return what `live.json` says of it."""
        return {
            "admin": f"http://127.0.0.1:{self.admin_port}/admin",
            "string_ids": True,
            "recordings": str(self.recordings),
        }

    @property
    def url(self) -> str:
        """Return where broadcasters and viewers speak to it."""
        return f"http://127.0.0.1:{self.port}/janus"


class Refused(Exception):  # noqa: N818 -- what Janus did
    """Janus did not do it. The message is its own."""


class _Peer:
    """A browser, as far as Janus can tell: a session, a handle, a peer connection, in a thread of its own."""

    def __init__(self, janus: Janus) -> None:
        self.url = janus.url
        self.refused = ""
        self.ended = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._task = asyncio.run_coroutine_threadsafe(self._run(), self._loop)

    async def _run(self) -> None:
        import aiortc  # noqa: PLC0415 -- heavy

        self.connection = aiortc.RTCPeerConnection(aiortc.RTCConfiguration(iceServers=[]))
        self._client = httpx.AsyncClient(timeout=PATIENCE, trust_env=False)
        try:
            await self._act()
        except Refused as error:
            self.refused = str(error)
        except (httpx.HTTPError, asyncio.CancelledError):
            pass
        finally:
            self.ended.set()

    async def _act(self) -> None:
        raise NotImplementedError

    async def _open(self, opaque: str = "") -> None:
        made = await self._post(self.url, janus="create")
        self._session = f"{self.url}/{made['data']['id']}"
        given = {"opaque_id": opaque} if opaque else {}
        made = await self._post(self._session, janus="attach", plugin=PLUGIN, **given)
        self._handle = f"{self._session}/{made['data']['id']}"

    async def _post(self, url: str, **body: Any) -> dict[str, Any]:
        answer = await self._client.post(url, json={"transaction": uuid.uuid4().hex, **body})
        said: dict[str, Any] = answer.json()
        if said["janus"] == "error":
            raise Refused(said["error"]["reason"])
        return said

    async def _say(self, body: dict[str, Any], jsep: dict[str, Any] | None = None) -> dict[str, Any]:
        """Send a message to the room and wait for what it says to it."""
        said = await self._post(
            self._handle, janus="message", body=body, **({} if jsep is None else {"jsep": jsep})
        )
        while said["janus"] not in {"event", "success"}:
            said = await self._next()
        return self._checked(said)

    async def _next(self) -> dict[str, Any]:
        said: dict[str, Any] = (await self._client.get(f"{self._session}?maxev=1")).json()
        return said

    @staticmethod
    def _checked(said: dict[str, Any]) -> dict[str, Any]:
        data = said["plugindata"]["data"]
        if "error" in data:
            raise Refused(data["error"])
        return said

    async def _stay(self) -> None:
        """Hear what Janus says until it hangs up, or somebody closes us."""
        while True:
            said = await self._next()
            if said["janus"] in {"hangup", "detached", "timeout", "error"}:
                return

    def _wait(self, what: Coroutine[Any, Any, Any]) -> None:
        with suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(what, self._loop).result(timeout=20)

    def close(self) -> None:
        """Leave."""
        self._task.cancel()
        self.ended.wait(20)
        self._wait(self.connection.close())
        self._wait(self._client.aclose())
        self._wait(self._rest())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(20)
        if not self._thread.is_alive():
            self._loop.close()

    async def _rest(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.wait(others, timeout=10) if others else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Broadcaster(_Peer):
    """Publishes a clip again and again, or a test picture. `token` opens the room, the pass is its opaque id."""

    def __init__(
        self, janus: Janus, *, token: str, key: str = "", room: str = ROOM, clip: Path | None = None
    ) -> None:
        self._given = (token, key, room)
        self.clip, self.room = clip, room
        super().__init__(janus)

    @property
    def running(self) -> bool:
        """Whether Janus has not hung up."""
        return not self.ended.is_set()

    async def _act(self) -> None:
        import aiortc  # noqa: PLC0415
        from aiortc.contrib.media import MediaPlayer  # noqa: PLC0415

        token, key, room = self._given
        await self._open(key)
        await self._say({"request": "join", "ptype": "publisher", "room": room, "token": token})
        if self.clip:
            player = MediaPlayer(str(self.clip), loop=True)
        else:
            player = MediaPlayer("testsrc2=size=320x240:rate=15", format="lavfi")
        for track in (player.audio, player.video):
            if track is not None:
                self.connection.addTrack(track)
        await self.connection.setLocalDescription(await self.connection.createOffer())
        mine = self.connection.localDescription
        said = await self._say({"request": "configure"}, {"type": mine.type, "sdp": mine.sdp})
        theirs = said["jsep"]
        await self.connection.setRemoteDescription(
            aiortc.RTCSessionDescription(theirs["sdp"], theirs["type"])
        )
        await self._stay()


class RoomViewer(_Peer):
    """Sees the room's publisher, and knows when the last frame came. It waits until there is one.

    `shows` is asked of small pictures (12 by 16, three colours); `appeared` is the Unix time of the first yes.
    """

    def __init__(
        self, janus: Janus, room: str = ROOM, shows: Callable[[NDArray[np.uint8]], bool] | None = None
    ) -> None:
        self.room, self.last, self.frames = room, 0.0, 0
        self.shows, self.appeared = shows, 0.0
        super().__init__(janus)

    async def _act(self) -> None:
        import aiortc  # noqa: PLC0415

        await self._open()
        while not (feed := await self._publisher()):  # noqa: ASYNC110 -- Janus tells those who are in the room alone
            await asyncio.sleep(0.1)

        @self.connection.on("track")
        def see(track: Any) -> None:
            self._loop.create_task(self._see(track))

        asked = {"request": "join", "ptype": "subscriber", "room": self.room, "streams": [{"feed": feed}]}
        theirs = (await self._say(asked))["jsep"]
        await self.connection.setRemoteDescription(
            aiortc.RTCSessionDescription(theirs["sdp"], theirs["type"])
        )
        await self.connection.setLocalDescription(await self.connection.createAnswer())
        mine = self.connection.localDescription
        await self._say({"request": "start"}, {"type": mine.type, "sdp": mine.sdp})
        await self._stay()

    async def _publisher(self) -> str:
        try:
            said = await self._say({"request": "listparticipants", "room": self.room})
        except Refused:
            return ""
        there = said["plugindata"]["data"].get("participants", [])
        return next((str(one["id"]) for one in there if one.get("publisher")), "")

    async def _see(self, track: Any) -> None:
        from aiortc.mediastreams import MediaStreamError  # noqa: PLC0415

        with suppress(MediaStreamError):
            while True:
                frame = await track.recv()
                if track.kind != "video":
                    continue
                self.last, self.frames = time.monotonic(), self.frames + 1
                if self.shows is not None and not self.appeared:
                    small = frame.reformat(width=16, height=12, format="rgb24").to_ndarray()
                    self.appeared = time.time() if self.shows(small) else 0.0


__all__ = ["ROOM", "Broadcaster", "Janus", "RoomViewer"]
