"""A cluster of machines: the same pieces of work, mapped over them by Ray.

What they share is a storage, on which prepared events and the folder of a run lie under the same path everywhere. A
worker or a machine that is lost takes its pieces with it, and they are begun again elsewhere, a few times.
"""

from __future__ import annotations

import os
import platform
import secrets
import socket
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Self, TypeVar

import msgspec

import hakam
from hakam.backtest.extras import require
from hakam.backtest.workers import CancelledError

Result = TypeVar("Result")

TRIES = 3  # more, for a piece whose worker was lost
_ANSWERS_WITHIN = 10.0  # seconds
_LOOK_EVERY = 0.5  # seconds between two questions whether the answer is still wanted
_HOW = "pip install 'hakam[cluster]'"


class ClusterError(RuntimeError):
    """The cluster can't be reached, can't do this work, or lost it too often. The message says which."""


class Node(msgspec.Struct, frozen=True):
    """What a machine of the cluster says of itself. `storage`: whether it saw what this machine wrote there."""

    name: str
    hakam: str
    python: str
    storage: bool


def _library() -> Any:
    """Return Ray, which is told first that it reports nothing to anybody."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # no figures about who uses it and how leave the machine
    os.environ.setdefault(
        "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0"
    )  # its next release's default; silences a notice
    require("ray", extra="cluster")
    import ray  # noqa: PLC0415 -- of an extra, and a second to import

    return ray


class Cluster:
    """A Ray cluster that runs already, at `address` (`HOST:PORT`, `auto`). `storage` is a folder that it shares.

    Raises `ClusterError` if nobody answers, or if a machine has another release of Hakam or Python or does not see
    the folder.
    """

    apart = True

    def __init__(self, address: str, storage: Path) -> None:
        self._ray = _library()
        _answers(address)
        try:
            self._ray.init(
                address=address, log_to_driver=False, logging_level="ERROR", configure_logging=False
            )
        except (ConnectionError, RuntimeError, ValueError, OSError) as error:
            raise ClusterError(_nobody(address, str(error))) from error
        try:
            self.nodes = self._look(storage)
        except BaseException:
            self._ray.shutdown()
            raise
        self.width = max(1, int(self._ray.cluster_resources().get("CPU", 0)))
        self._call = self._ray.remote(num_cpus=1, max_retries=TRIES, scheduling_strategy="SPREAD")(_call)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._ray.shutdown()

    def map(  # noqa: D102 -- see `Pool.map`
        self,
        work: Callable[..., Result],
        pieces: Iterable[tuple[Any, ...]],
        *,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Iterator[Result]:
        waiting: deque[Any] = deque()
        try:
            for piece in pieces:
                if cancelled():
                    raise CancelledError("cancelled")
                waiting.append(self._call.remote(work, piece))
                while len(waiting) > 2 * self.width:
                    yield self._answer(waiting, cancelled)
            while waiting:
                yield self._answer(waiting, cancelled)
        finally:
            for asked in waiting:
                self._ray.cancel(asked, force=False)

    def _answer(self, waiting: deque[Any], cancelled: Callable[[], bool]) -> Any:
        """Wait for the oldest piece."""
        while True:
            if cancelled():
                raise CancelledError("cancelled")
            done, _ = self._ray.wait([waiting[0]], timeout=_LOOK_EVERY)
            if done:
                return self._taken(waiting.popleft())

    def _taken(self, asked: Any) -> Any:
        """Return what a piece came to. Raises what it raised, and `ClusterError` for one that nobody could end."""
        failed = self._ray.exceptions
        try:
            return self._ray.get(asked)
        except failed.RayTaskError as error:
            raise error.cause from error
        except failed.RayError as error:
            raise ClusterError(
                f"a piece of the work was lost {TRIES + 1} times, for its worker or machine ended "
                f"({type(error).__name__}); nothing was reported. If memory ran out, let each machine work on fewer "
                "pieces at a time (ray start --num-cpus=N)"
            ) from error

    def _present(self, asked: Any) -> Node | None:
        """Return what a machine says of itself, None if it left in the meantime."""
        try:
            found: Node = self._taken(asked)
        except ClusterError as error:
            if isinstance(error.__cause__, self._ray.exceptions.TaskUnschedulableError):
                return None
            raise
        return found

    def _look(self, storage: Path) -> tuple[Node, ...]:
        """Ask every machine that takes work who it is."""
        strategies = self._ray.util.scheduling_strategies
        alive = [node for node in self._ray.nodes() if node["Alive"] and node["Resources"].get("CPU", 0) >= 1]
        if not alive:
            raise ClusterError("no machine of the cluster takes work (all have --num-cpus=0)")
        mark = storage.resolve() / f".seen-{secrets.token_hex(8)}"
        mark.write_text(mark.name)
        try:
            asked = [
                self._ray.remote(
                    num_cpus=1,
                    max_retries=TRIES,
                    scheduling_strategy=strategies.NodeAffinitySchedulingStrategy(node["NodeID"], soft=False),
                )(_node).remote(node["NodeManagerAddress"], str(mark))
                for node in alive
            ]
            found = tuple(node for one in asked if (node := self._present(one)) is not None)
        finally:
            mark.unlink()
        if not found:
            raise ClusterError("no machine of the cluster answers")
        for node in found:
            _fits(node, storage)
        return found


def _answers(address: str) -> None:
    """Raise `ClusterError` unless somebody listens: Ray itself asks again for minutes."""
    host, _, port = address.rpartition(":")
    if not port.isdigit():
        return  # `auto`: its own files say where
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_ANSWERS_WITHIN).close()
    except OSError as error:
        raise ClusterError(_nobody(address, str(error))) from error


def _nobody(address: str, why: str) -> str:
    return (
        f"no Ray cluster answers at {address}: {(why.strip() or 'no reason given').splitlines()[0]}; this machine must "
        f"be one of its nodes (ray start --address={address} --num-cpus=0 --disable-usage-stats)"
    )


def _fits(node: Node, storage: Path) -> None:
    here = Node("", hakam.__version__, platform.python_version(), storage=True)
    if node.hakam != here.hakam:
        raise ClusterError(
            f"{node.name} has {f'Hakam {node.hakam}' if node.hakam else 'no Hakam'}, this machine {here.hakam}: {_HOW}"
        )
    if not node.storage:
        raise ClusterError(
            f"{node.name} does not see {storage}: events have to lie on a storage that all machines share, under the "
            "same path (--keep FOLDER there)"
        )


def _node(name: str, mark: str) -> Node:
    """Say, on a machine of the cluster, what is there."""
    path = Path(mark)
    seen = path.is_file() and path.read_text() == path.name
    return Node(name, hakam.__version__, platform.python_version(), seen)


def _call(work: Callable[..., Result], piece: tuple[Any, ...]) -> Result:
    return work(*piece)
