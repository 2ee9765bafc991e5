"""Three platforms on one machine: each a whole installation in a network namespace of its own, joined by a bridge.

Needs root and `ip` of iproute2. The bridge lies in a namespace too, so that nothing of the machine's own network
changes; everything carries the number of the process that made it, and goes with it.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("amman", "berlin", "cairo")
READY_SECONDS = 240.0


def missing() -> str:
    """Say what is missing for namespaces; empty: nothing is."""
    if os.name != "posix" or os.geteuid() != 0:
        return "network namespaces need root"
    if shutil.which("ip") is None:
        return "network namespaces need `ip`: apt-get install iproute2"
    probe = f"hk{os.getpid()}-probe"
    made = subprocess.run(["ip", "netns", "add", probe], capture_output=True, check=False)
    if made.returncode:
        return f"no network namespaces here: {made.stderr.decode().strip()}"
    subprocess.run(["ip", "netns", "del", probe], capture_output=True, check=False)
    return ""


def ip(*words: str, inside: str = "") -> None:
    """Run `ip`, in a namespace or outside."""
    command = ["ip", *(["-n", inside] if inside else []), *words]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.decode().strip()}")


class Node:
    """One platform. `do` asks its agent, which lives in its namespace, on its home."""

    def __init__(self, name: str, number: int, folder: Path, switch: str) -> None:
        self.name, self.address = name, f"10.77.0.{number}"
        self.space, self.switch, self.port = f"{switch}{number}", switch, f"port{number}"
        self.home, self.media = folder / name, folder / "media"
        self.home.mkdir(parents=True)
        self.media.mkdir(exist_ok=True)
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("HAKAM_", "DJANGO_"))}
        self.environment = {
            **inherited,
            "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]),
            "HAKAM_HOME": str(self.home),
            "HAKAM_HOST": "0.0.0.0",  # noqa: S104 -- of a namespace that nobody else is in
            "HAKAM_ALLOWED_HOSTS": f"127.0.0.1,localhost,{self.address}",
            "HAKAM_BASE_URL": f"http://{self.address}:8420",
            "HAKAM_PLATFORM": name,
            "HAKAM_PLATFORM_NAME": name.title(),
            "HAKAM_ALLOW_PRIVATE_ENDPOINTS": "true",
            "HAKAM_MEDIA_URL": "https://media.example/",
            "HAKAM_MEDIA_FOLDER": str(self.media),
        }
        self._up: subprocess.Popen[bytes] | None = None
        self._agent: subprocess.Popen[bytes] | None = None

    def plug_in(self) -> None:
        """Make the namespace and join it to the bridge."""
        ip("netns", "add", self.space)
        ip(
            "link",
            "add",
            "eth0",
            "netns",
            self.space,
            "type",
            "veth",
            "peer",
            "name",
            self.port,
            "netns",
            self.switch,
        )
        ip("addr", "add", f"{self.address}/24", "dev", "eth0", inside=self.space)
        for device in ("lo", "eth0"):
            ip("link", "set", device, "up", inside=self.space)
        ip("link", "set", self.port, "master", "bridge", inside=self.switch)
        ip("link", "set", self.port, "up", inside=self.switch)

    def cut_off(self) -> None:
        """Pull the plug: nothing comes through, and nobody is told."""
        ip("link", "set", self.port, "down", inside=self.switch)

    def reconnect(self) -> None:
        """Put the plug back."""
        ip("link", "set", self.port, "up", inside=self.switch)

    def start(self) -> None:
        """Start the installation as an operator does."""
        with (self.home.parent / f"{self.name}.log").open("ab") as log:
            self._up = subprocess.Popen(
                self._inside("hakam.cli", "up"), env=self.environment, cwd=ROOT, stdout=log, stderr=log
            )

    def kill(self) -> None:
        """End all of its processes in the same instant, as a power cut does."""
        assert self._up is not None
        pids = subprocess.run(
            ["ip", "netns", "pids", self.space], capture_output=True, check=True
        ).stdout.split()
        agent = self._agent.pid if self._agent is not None else 0
        for pid in map(int, pids):
            if pid != agent:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        self._up.wait()

    def do(self, what: str, **words: Any) -> Any:
        """Ask the agent, and return what it answers."""
        if self._agent is None:
            with (self.home.parent / f"{self.name}.agent.log").open("ab") as log:
                self._agent = subprocess.Popen(
                    self._inside("tests.exchange.agent"),
                    env=self.environment,
                    cwd=ROOT,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                )
        assert self._agent.stdin is not None
        assert self._agent.stdout is not None
        self._agent.stdin.write(json.dumps({"do": what, **words}).encode() + b"\n")
        self._agent.stdin.flush()
        line = self._agent.stdout.readline()
        if not line:
            raise RuntimeError(f"the agent of {self.name} ended: {self.logs()}")
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(f"{self.name}, {what}: {answer['error']}")
        return answer["said"]

    def logs(self) -> str:
        """Return the ends of its logs."""
        paths = [*self.home.parent.glob(f"{self.name}*.log"), *(self.home / "logs").glob("*.log")]
        return "\n".join(f"-- {path.name}\n{path.read_text(errors='replace')[-1500:]}" for path in paths)

    def close(self) -> None:
        """End everything of it."""
        if self._agent is not None:
            assert self._agent.stdin is not None
            self._agent.stdin.close()
            self._agent.wait(timeout=60)
            assert self._agent.stdout is not None
            self._agent.stdout.close()
        if self._up is not None and self._up.poll() is None:
            self._up.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._up.wait(timeout=60)
            if self._up.poll() is None:
                self.kill()
        with suppress(RuntimeError):
            ip("netns", "del", self.space)

    def _inside(self, module: str, *words: str) -> list[str]:
        return ["ip", "netns", "exec", self.space, sys.executable, "-m", module, *words]


@contextmanager
def three_platforms(folder: Path) -> Iterator[tuple[Node, Node, Node]]:
    """Give three platforms that run and do not know each other yet."""
    switch = f"hk{os.getpid()}-"
    ip("netns", "add", switch)
    nodes = tuple(Node(name, number, folder, switch) for number, name in enumerate(NAMES, 1))
    try:
        ip("link", "add", "bridge", "type", "bridge", inside=switch)
        ip("link", "set", "bridge", "up", inside=switch)
        for node in nodes:
            node.plug_in()
            node.start()
        for node in nodes:
            node.do("wait until ready", seconds=READY_SECONDS)
        yield nodes  # type: ignore[misc]
    finally:
        for node in nodes:
            node.close()
        with suppress(RuntimeError):
            ip("netns", "del", switch)


def acquaint(nodes: tuple[Node, ...]) -> None:
    """Let each know both others, by two people, for incidents, with what matches held."""
    keys = {node.name: node.do("key") for node in nodes}
    for node in nodes:
        for other in nodes:
            if other is not node:
                node.do(
                    "partner",
                    name=other.name,
                    address=f"http://{other.address}:8420/exchange/v1",
                    key=keys[other.name],
                )


def wait_until(true: Any, seconds: float, what: str | Callable[[], str]) -> float:
    """Wait, and return how many seconds that took. Raises `TimeoutError` with what it is then."""
    begin = time.monotonic()
    while not true():
        if time.monotonic() > begin + seconds:
            raise TimeoutError(what if isinstance(what, str) else what())
        time.sleep(0.05)
    return time.monotonic() - begin
