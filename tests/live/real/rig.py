"""Real media servers on this machine, and real broadcasters and viewers: what tests and the benchmark stand on."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

import httpx
import pytest

MODULES = (Path("/usr/lib/nginx/modules"), Path("/usr/share/nginx/modules"), Path("/usr/lib64/nginx/modules"))
PATIENCE = 60.0  # seconds that a test waits at most for anything
ORDINARY, ORDINARY_SECONDS = 500_000, 0.1  # numbers that are written out and kept, and how long that takes
STOPPED = 5.0  # seconds for which a machine may stand still in the middle of a test


def need(*programs: str) -> None:
    """Skip a test that needs programs of the system which are not here; in CI that is a failure."""
    missing = [name for name in programs if not _there(name)]
    if not missing:
        return
    packages = "nginx libnginx-mod-rtmp icecast2 janus janus-tools ffmpeg"
    why = f"{', '.join(missing)} not installed (Debian: apt-get install {packages})"
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why)


def _there(name: str) -> bool:
    if name == "nginx-rtmp":
        return shutil.which("nginx") is not None and _module() is not None
    return shutil.which(name) is not None


def _module() -> Path | None:
    return next((path for folder in MODULES if (path := folder / "ngx_rtmp_module.so").exists()), None)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(what: Callable[[], Any], *, seconds: float = PATIENCE, every: float = 0.02) -> Any:
    """Wait until something is true and return it."""
    end = time.monotonic() + seconds
    while True:
        found = what()
        if found:
            return found
        if time.monotonic() > end:
            raise TimeoutError(f"not within {seconds:g} seconds: {what}")
        time.sleep(every)


def slowed() -> float:
    """Return how many times slower this machine is than an ordinary one with nothing else to do.

    Its programs wait in line, and its processors may be slow. A broadcaster, a viewer, FFmpeg and the watch need two of
    them by themselves.
    """
    began = time.process_time()
    dict.fromkeys(map(str, range(ORDINARY)))
    slow = (time.process_time() - began) / ORDINARY_SECONDS
    return max(1.0, os.getloadavg()[0] / (2.0 * (os.cpu_count() or 1))) * max(1.0, slow)


def allowed(seconds: float) -> float:
    """Return how long that may take on this machine which takes so many seconds on an ordinary one."""
    return seconds * slowed() + STOPPED


def listens(port: int) -> bool:
    """Whether somebody listens on a port of this machine."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


class Program:
    """A program that runs while the block does, with what it wrote."""

    def __init__(self, words: Sequence[str], folder: Path, name: str) -> None:
        self.log = folder / f"{name}.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                list(words), stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, cwd=folder
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self.process.poll() is None

    def stop(self) -> None:
        """End it, gently first."""
        self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def written(self) -> str:
        """Return what it wrote."""
        return self.log.read_text(errors="replace")


class NginxRtmp:
    """nginx with RTMP, HLS, statistics, control and recordings, all in one folder."""

    def __init__(self, folder: Path, gate: str) -> None:
        self.folder, self.rtmp_port, self.http_port = folder, free_port(), free_port()
        self.hls, self.recordings = folder / "hls", folder / "recordings"
        for path in (self.hls, self.recordings, folder / "temporary"):
            path.mkdir(parents=True, exist_ok=True)
        (folder / "nginx.conf").write_text(self._configuration(gate))
        self.program: Program | None = None

    def _configuration(self, gate: str) -> str:
        calls = f"""
            on_publish {gate}; on_publish_done {gate}; on_update {gate}; on_record_done {gate};
            notify_update_timeout 2s; notify_update_strict on;""" if gate else ""  # fmt: skip
        places = "".join(
            f"{word}_temp_path {self.folder}/temporary/{word};"
            for word in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        return f"""
daemon off; master_process off; worker_processes 1; pid {self.folder}/pid; error_log {self.folder}/error.log info;
load_module {_module()};
events {{ worker_connections 512; }}
rtmp {{ server {{ listen 127.0.0.1:{self.rtmp_port}; notify_method get;
    application live {{ live on; idle_streams off; drop_idle_publisher 10s;
        hls on; hls_path {self.hls}; hls_fragment 1s; hls_playlist_length 6s;
        record all; record_path {self.recordings}; record_unique on; record_suffix .flv;{calls} }} }} }}
http {{ access_log off; {places}
    server {{ listen 127.0.0.1:{self.http_port};
        location /hls {{ alias {self.hls}; add_header Cache-Control no-store; }}
        location /stat {{ rtmp_stat all; }}
        location /control {{ rtmp_control all; }} }} }}
"""

    def __enter__(self) -> Self:
        self.program = Program(
            ["nginx", "-p", str(self.folder), "-c", str(self.folder / "nginx.conf")], self.folder, "nginx"
        )
        until(lambda: listens(self.rtmp_port) and listens(self.http_port))
        return self

    def __exit__(self, *_: object) -> None:
        assert self.program is not None
        self.program.stop()

    @property
    def settings(self) -> dict[str, str]:
        """Return what `live.json` says of it."""
        at = f"http://127.0.0.1:{self.http_port}"
        return {
            "control": f"{at}/control",
            "stat": f"{at}/stat",
            "rtmp": f"rtmp://127.0.0.1:{self.rtmp_port}/live",
            "hls_folder": str(self.hls),
            "hls_url": f"{at}/hls",
            "recordings": str(self.recordings),
        }

    def address(self, name: str, key: str = "") -> str:
        """Return where a broadcaster sends a stream."""
        return f"rtmp://127.0.0.1:{self.rtmp_port}/live/{name}" + (f"?key={key}" if key else "")

    def playlist(self, name: str) -> str:
        """Return where HLS viewers look."""
        return f"http://127.0.0.1:{self.http_port}/hls/{name}.m3u8"


class Icecast:
    """Icecast with URL authentication and a hold stream."""

    ADMIN = "admin-secret"

    def __init__(self, folder: Path, gate: str) -> None:
        self.folder, self.port = folder, free_port()
        self.dumps = folder / "dumps"
        self.dumps.mkdir(parents=True, exist_ok=True)
        (folder / "icecast.xml").write_text(self._configuration(gate))
        self.program: Program | None = None

    def _configuration(self, gate: str) -> str:
        asks = f"""<authentication type="url"><option name="stream_auth" value="{gate}"/>
            <option name="mount_add" value="{gate}"/><option name="mount_remove" value="{gate}"/></authentication>""" if gate else ""  # noqa: E501 # fmt: skip
        drop = (
            "<changeowner><user>nobody</user><group>nogroup</group></changeowner>" if os.getuid() == 0 else ""
        )
        if drop:
            for path in (self.folder, self.dumps):
                path.chmod(0o777)
        return f"""<icecast><location>here</location><admin>nobody@localhost</admin>
<limits><clients>200</clients><sources>20</sources><queue-size>262144</queue-size><burst-size>8192</burst-size>
<source-timeout>5</source-timeout></limits>
<authentication><source-password>hold-secret</source-password><admin-user>admin</admin-user>
<admin-password>{self.ADMIN}</admin-password></authentication>
<hostname>127.0.0.1</hostname><listen-socket><port>{self.port}</port><bind-address>127.0.0.1</bind-address></listen-socket>
<mount type="normal"><mount-name>/hold.ogg</mount-name></mount>
<mount type="normal"><mount-name>/show.ogg</mount-name><fallback-mount>/hold.ogg</fallback-mount>
<fallback-override>1</fallback-override><dump-file>{self.dumps}/show.ogg</dump-file>{asks}</mount>
<mount type="default">{asks}</mount>
<fileserve>0</fileserve>
<paths><logdir>{self.folder}</logdir><webroot>/usr/share/icecast2/web</webroot>
<adminroot>/usr/share/icecast2/admin</adminroot></paths>
<logging><accesslog>access.log</accesslog><errorlog>error.log</errorlog><loglevel>4</loglevel></logging>
<security><chroot>0</chroot>{drop}</security></icecast>"""

    def __enter__(self) -> Self:
        for _ in range(
            10
        ):  # 2.4.4 reads what its own start has not written yet, now and then, and ends of it
            program = Program(["icecast2", "-c", str(self.folder / "icecast.xml")], self.folder, "icecast")
            until(lambda: listens(self.port) or not program.running)  # noqa: B023 -- of this try
            time.sleep(0.5)
            self.program = program
            if program.running:
                return self
        raise RuntimeError(f"Icecast ended at its start ten times: {self.program and self.program.written()}")

    def __exit__(self, *_: object) -> None:
        assert self.program is not None
        self.program.stop()

    @property
    def settings(self) -> dict[str, str]:
        """Return what `live.json` says of it."""
        return {"url": f"http://127.0.0.1:{self.port}", "hold": "/hold.ogg", "recordings": str(self.dumps)}

    def address(self, mount: str, key: str, user: str = "source") -> str:
        """Return where a broadcaster sends a stream."""
        return f"icecast://{user}:{key}@127.0.0.1:{self.port}{mount}"

    def url(self, mount: str) -> str:
        """Return where listeners listen."""
        return f"http://127.0.0.1:{self.port}{mount}"


VIDEO = ("-f", "lavfi", "-i", "testsrc2=size=480x360:rate=15")
SOUND = ("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=44100")


@contextmanager
def broadcast(
    address: str, folder: Path, *, clip: Path | None = None, name: str = "publisher"
) -> Iterator[Program]:
    """Send a test picture, or a clip again and again, to an RTMP address."""
    source = ["-re", "-stream_loop", "-1", "-i", str(clip)] if clip else ["-re", *VIDEO, *SOUND]
    words = [
        "ffmpeg", "-nostdin", "-loglevel", "warning", *source, "-c:v", "libx264", "-preset", "ultrafast",
        "-tune", "zerolatency", "-g", "15", "-pix_fmt", "yuv420p", "-c:a", "aac", "-ar", "44100", "-f", "flv", address,
    ]  # fmt: skip
    with Program(words, folder, name) as program:
        yield program


@contextmanager
def radio(
    address: str, folder: Path, *, name: str = "radio", frequency: int = 440, recording: Path | None = None
) -> Iterator[Program]:
    """Send a tone, or a recording again and again, to an Icecast mount."""
    source = ["-f", "lavfi", "-i", f"sine=frequency={frequency}"]
    if recording is not None:
        source = ["-stream_loop", "-1", "-i", str(recording)]
    words = [
        "ffmpeg", "-nostdin", "-loglevel", "warning", "-re", *source,
        "-ar", "44100", "-c:a", "libvorbis", "-b:a", "64k", "-content_type", "application/ogg", "-f", "ogg", address,
    ]  # fmt: skip
    with Program(words, folder, name) as program:
        yield program


class RtmpViewer:
    """Watches by RTMP, and knows when the last bytes came. It comes again until the stream has begun."""

    def __init__(self, address: str) -> None:
        self._words = ["ffmpeg", "-nostdin", "-loglevel", "quiet", "-i", address, "-c", "copy", "-f", "flv",
                       "-flush_packets", "1", "pipe:1"]  # fmt: skip
        self.last = 0.0
        self.bytes = 0
        self._closed = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._closed.is_set() and not self.bytes:
            with subprocess.Popen(self._words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
                self._process = process
                assert process.stdout is not None
                while data := os.read(process.stdout.fileno(), 65_536):
                    self.last, self.bytes = time.monotonic(), self.bytes + len(data)
            self._closed.wait(0.2)

    def close(self) -> None:
        """Watch no more."""
        self._closed.set()
        if self._process is not None:
            self._process.kill()
        self._thread.join()


class HlsViewer:
    """Asks for the playlist ten times a second, gets each new segment, and knows when the last one came."""

    def __init__(self, playlist: str) -> None:
        self.last, self.count = 0.0, 0
        self._playlist, self._stop = playlist, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        seen: set[str] = set()
        base = self._playlist.rpartition("/")[0]
        with httpx.Client(timeout=5, trust_env=False) as client:
            while not self._stop.wait(0.1):
                with suppress(httpx.HTTPError):
                    listed = client.get(self._playlist)
                    if listed.status_code != 200:
                        continue
                    for name in re.findall(r"^[^#\s].*\.ts$", listed.text, re.MULTILINE):
                        if name not in seen and client.get(f"{base}/{name}").status_code == 200:
                            seen.add(name)
                            self.last, self.count = time.monotonic(), self.count + 1

    def close(self) -> None:
        """Watch no more."""
        self._stop.set()
        self._thread.join()


class Listener:
    """Listens to an Icecast mount, and knows when the last bytes came and from what."""

    def __init__(self, url: str) -> None:
        self.last, self.bytes, self.ended = 0.0, 0, False
        self.serials: dict[bytes, float] = {}  # of Ogg streams -> when last heard
        self._client = httpx.Client(timeout=PATIENCE, trust_env=False)
        self._url = url
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        with suppress(httpx.HTTPError), self._client.stream("GET", self._url) as answer:
            if answer.status_code == 200:
                for data in answer.iter_raw():
                    self.last, self.bytes = time.monotonic(), self.bytes + len(data)
                    for found in re.finditer(rb"OggS.{10}(.{4})", data, re.DOTALL):
                        self.serials[found[1]] = self.last
        self.ended = True

    def close(self) -> None:
        """Listen no more."""
        self._client.close()


@contextmanager
def scratch() -> Iterator[Path]:
    """Give a folder that nobody else uses, with a short name."""
    with tempfile.TemporaryDirectory(prefix="hakam-live-") as folder:
        Path(folder).chmod(0o711)  # some servers become somebody else
        yield Path(folder)
