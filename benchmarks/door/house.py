"""A door as `hakam up` starts it, on a home of its own that is thrown away afterwards."""

from __future__ import annotations

import hashlib
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
import psutil

from hakam.policy.pack import load_pack
from hakam.storage.embedded import published
from hakam.storage.embedded.event_log import FileEventLog
from hakam.storage.embedded.lists import FOLDER, open_lists
from hakam.storage.published import Published, PublishedKey, PublishedList, PublishedPack

PLATFORM = "forum"
_READY_SECONDS = 30.0


class House:
    """A running door. Use it with `with`."""

    def __init__(
        self,
        files: dict[str, str],
        *,
        under: Path | None = None,
        lists: Mapping[str, str] | None = None,
        lists_folder: Path | None = None,
    ) -> None:
        """Write the home and start the door. `lists` (name -> digest) have their files in `lists_folder`."""
        self.home = Path(tempfile.mkdtemp(prefix="hakam-bench-", dir=under))
        self.key = f"hk_benchmrk_{secrets.token_urlsafe(32)}"
        self.host, self.port = "127.0.0.1", _free_port()
        named = tuple(PublishedList(*one) for one in (lists or {}).items())
        if lists_folder is not None:
            (self.home / FOLDER).symlink_to(lists_folder)
        loaded = load_pack(files, open_lists(self.home / FOLDER, named))
        if loaded.pack is None:
            raise SystemExit(f"no usable pack: {[f.message for f in loaded.findings][:5]}")
        self.pack = loaded.pack
        key = PublishedKey(
            digest=hashlib.sha256(self.key.encode()).hexdigest(),
            prefix="benchmrk",
            platform=PLATFORM,
            scopes=("check", "events:write"),
        )
        self.told = Published(
            revision=1, keys=(key,), pack=PublishedPack(loaded.pack.ref, files), lists=named
        )
        published.write(self.home / "published.json", self.told)
        self._log = (self.home / "door.log").open("wb")
        self._process = self._started()

    def _started(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "hakam.door", "--home", str(self.home), "--port", str(self.port)],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )

    def replace(self, lists: Mapping[str, str]) -> None:
        """Publish other versions of lists."""
        named = tuple(PublishedList(*one) for one in lists.items())
        self.told = msgspec.structs.replace(self.told, revision=self.told.revision + 1, lists=named)
        published.write(self.home / "published.json", self.told)

    def kill_and_start(self) -> None:
        """Kill the door without warning and start it on the same home."""
        for process in self._family()[::-1]:
            process.kill()
        self._process.wait()
        self._process = self._started()

    def __enter__(self) -> Self:
        """Wait until the door answers."""
        until = time.monotonic() + _READY_SECONDS
        while time.monotonic() < until and self._process.poll() is None:
            with (
                suppress(OSError),
                urllib.request.urlopen(f"http://{self.host}:{self.port}/healthz", timeout=1),
            ):
                return self
            time.sleep(0.05)
        said = (self.home / "door.log").read_text(errors="replace")[-2_000:]
        self.end()
        raise SystemExit(f"the door did not start:\n{said}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the door and throw its home away."""
        self.end()

    @property
    def pid(self) -> int:
        """The process that serves: the one with the most memory of the door's family."""
        return max(self._family(), key=lambda process: process.memory_info().rss).pid

    def _family(self) -> list[psutil.Process]:
        door = psutil.Process(self._process.pid)
        return [door, *door.children(recursive=True)]

    def memory(self) -> float:
        """Resident memory of the door with all its processes, in MB; shared pages count once for each."""
        return sum(process.memory_info().rss for process in self._family()) / 1e6

    def cpu(self) -> float:
        """Processor seconds used so far."""
        times = [process.cpu_times() for process in self._family()]
        return sum(one.user + one.system for one in times)

    def records(self) -> int:
        """Count the records of the event log."""
        with closing(FileEventLog(self.home / "events")) as log:
            return log.last_seq()

    def log_bytes(self) -> int:
        """Return the size of the event log, with its index."""
        return sum(path.stat().st_size for path in (self.home / "events").iterdir())

    def end(self) -> None:
        """Stop the door gently."""
        self._process.terminate()
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()
        shutil.rmtree(self.home, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
