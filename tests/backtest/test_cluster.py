"""A back-test on a real cluster of two nodes: the same report to the last figure, also when machines are lost."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from benchmarks.backtest import events as made_events
from benchmarks.backtest import pack as made_pack

import hakam
from hakam.backtest import cluster as module
from hakam.backtest.cluster import Cluster, ClusterError, Node
from hakam.backtest.columns import Row
from hakam.backtest.dataset import Dataset
from hakam.backtest.prepare import prepare
from hakam.backtest.report import report, to_json
from hakam.backtest.run import Way, run
from hakam.backtest.workers import CancelledError, Here
from hakam.policy.outside import ListKind
from hakam.policy.pack import Pack, load_pack
from hakam.storage.embedded.list_files import keep
from hakam.storage.embedded.lists import open_lists
from hakam.storage.published import PublishedList

pytestmark = [pytest.mark.sockets, pytest.mark.timeout(240)]

EVENTS = 4_000


@pytest.fixture(scope="module")
def nodes() -> Iterator[Any]:
    """Start two nodes, each a raylet with workers of its own, on this machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("PYTHONPATH", os.pathsep.join(["src", "."]))
        from ray.cluster_utils import Cluster as Nodes  # noqa: PLC0415 -- a second, and only here

        started = Nodes(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
        started.add_node(num_cpus=1)
        yield started
        started.shutdown()


@pytest.fixture(scope="module")
def cluster(nodes: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with Cluster(nodes.address, tmp_path_factory.getbasetemp()) as joined:
        yield joined


def kept(folder: Path, prepared: Callable[..., Dataset]) -> Dataset:
    return prepared(made_events.events(EVENTS, authors=60), folder / "data", 500)


def figures(dataset: Dataset, pack: Pack, **more: Any) -> dict[str, Any]:
    """Return the report of a run, without how long it took."""
    made = json.loads(to_json(report(dataset, pack, run(dataset, pack, **more), seconds=0.0)))
    assert isinstance(made, dict)
    return made


def test_the_report_is_that_of_one_process_to_the_last_figure(
    cluster: Cluster, tmp_path: Path, prepared: Callable[..., Dataset], pack: Pack
) -> None:
    dataset = kept(tmp_path, prepared)
    assert len(dataset.parts) >= 8
    for way in (Way.AUTO, Way.FUNCTION):
        assert figures(dataset, pack, pool=cluster, way=way) == figures(dataset, pack, pool=Here(), way=way)
    assert [path.name for path in dataset.folder.iterdir() if path.is_dir()] == []  # nothing of a run is left


def test_counters_over_all_machines_are_exact(  # noqa: PLR0917 -- fixtures
    cluster: Cluster,
    tmp_path: Path,
    prepared: Callable[..., Dataset],
    load_files: Callable[[dict[str, str]], Pack],
    door: Callable[..., dict[str, list[str]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counting = load_files(
        made_pack.files(
            (
                'count(by=author.id, within="2h") > 4',
                'distinct(item.id, per=author.id, within="6h", where=text.length > 20) >= 3',
                'count(by=author.id, within="30d") > 40',  # reaches back further than a stretch may
                'sum(item.media_count, per=author.id, within="1h") > 2',  # one event after the other
            )
        )
    )
    monkeypatch.setattr("hakam.backtest.counting._WORTH_SPLITTING", 100)
    monkeypatch.setattr("hakam.backtest.counting.BACK_ROWS", 1_500)
    monkeypatch.setattr("hakam.backtest.counting.GROUP_ROWS", 1_500)
    monkeypatch.setattr("hakam.backtest.counting.STRETCH_ROWS", 900)
    lines = list(made_events.events(EVENTS, authors=60))
    dataset = kept(tmp_path, prepared)
    made = figures(dataset, counting, pool=cluster)
    assert {rule["rule"]: rule["fires"] for rule in made["rules"]} == {
        rule: len(hits) for rule, hits in door(counting, lines).items()
    }
    assert all(rule["fires"] for rule in made["rules"])
    assert made == figures(dataset, counting, pool=Here())


def test_events_are_prepared_by_all_machines(cluster: Cluster, tmp_path: Path, pack: Pack) -> None:
    rows = [Row(line) for line in made_events.events(800, authors=20)]
    there = prepare(rows, tmp_path / "there", pool=cluster)
    here = prepare(rows, tmp_path / "here", pool=Here())
    assert there.manifest == here.manifest
    assert figures(there, pack, pool=Here()) == figures(here, pack, pool=Here())


def workers(nodes: Any) -> list[psutil.Process]:
    """Return the processes of these nodes that work on pieces, or wait for some."""
    names = ("ray::_call", "ray::IDLE")  # not the agents, which end their node with them
    raylets = [
        one
        for one in psutil.process_iter(["name", "cmdline"])
        if one.info["name"] == "raylet" and nodes.address in " ".join(one.info["cmdline"] or [])
    ]
    children = [child for one in raylets for child in one.children()]
    return [child for child in children if "".join(child.cmdline()).startswith(names)]


def test_workers_that_are_killed_in_the_middle_of_a_run_change_nothing(
    nodes: Any, cluster: Cluster, tmp_path: Path, prepared: Callable[..., Dataset], pack: Pack
) -> None:
    dataset = kept(tmp_path, prepared)
    killed: list[int] = []

    def progress(step: str, _share: float) -> None:
        if step == "rules" and not killed:
            for one in workers(nodes):
                killed.append(one.pid)
                one.kill()

    made = figures(dataset, pack, pool=cluster, progress=progress)
    assert killed
    assert made == figures(dataset, pack, pool=Here())


def test_a_piece_whose_worker_is_killed_is_begun_again(cluster: Cluster, tmp_path: Path) -> None:
    def slow(folder: str, number: int) -> int:
        Path(folder, f"{number}-{os.getpid()}").touch()
        while not Path(folder, "go").exists():
            time.sleep(0.02)
        return number

    killed: list[int] = []

    def kill_one() -> bool:
        begun = sorted(tmp_path.glob("*-*"))
        if begun and not killed:
            killed.append(int(begun[0].name.partition("-")[2]))
            os.kill(killed[0], signal.SIGKILL)
            (tmp_path / "go").touch()
        return False

    assert list(cluster.map(slow, ((str(tmp_path), n) for n in range(6)), cancelled=kill_one)) == list(
        range(6)
    )
    begun = [path.name.partition("-")[0] for path in tmp_path.glob("*-*")]
    assert killed
    assert len(begun) == len(set(begun)) + 1  # one piece was begun by two processes


def test_a_machine_that_is_lost_in_the_middle_of_a_run_changes_nothing(
    nodes: Any, cluster: Cluster, tmp_path: Path, prepared: Callable[..., Dataset], pack: Pack
) -> None:
    dataset = kept(tmp_path, prepared)
    third = nodes.add_node(num_cpus=1)
    lost: list[bool] = []

    def progress(step: str, _share: float) -> None:
        if step == "rules" and not lost:
            lost.append(True)
            nodes.remove_node(third, allow_graceful=False)

    made = figures(dataset, pack, pool=cluster, progress=progress)
    assert lost
    assert made == figures(dataset, pack, pool=Here())


def test_what_nobody_can_end_is_an_error_in_words(cluster: Cluster) -> None:
    def end(_number: int) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(ClusterError, match=r"lost 4 times.*ray start --num-cpus=N"):
        list(cluster.map(end, [(1,)]))


def test_what_a_piece_raises_is_raised(cluster: Cluster) -> None:
    with pytest.raises(ZeroDivisionError):
        list(cluster.map(divmod, [(1, 1), (1, 0)]))


def test_a_run_is_given_up_at_once(cluster: Cluster, tmp_path: Path) -> None:
    def until(folder: str) -> None:
        Path(folder, "begun").touch()
        while not Path(folder, "go").exists():
            time.sleep(0.02)

    with pytest.raises(CancelledError):
        list(cluster.map(until, [(str(tmp_path),)], cancelled=(tmp_path / "begun").exists))
    (tmp_path / "go").touch()


def test_pieces_are_taken_as_they_are_needed(cluster: Cluster) -> None:
    taken: list[int] = []

    def pieces() -> Iterator[tuple[int]]:
        for n in range(1_000):
            taken.append(n)
            yield (n,)

    answers = cluster.map(abs, pieces())
    next(answers)
    assert len(taken) <= 2 * cluster.width + 2
    answers.close()  # type: ignore[attr-defined]


def test_lists_outside_the_pack_go_along(
    cluster: Cluster, tmp_path: Path, prepared: Callable[..., Dataset]
) -> None:
    lists = tmp_path / "home" / "lists"
    digest = keep(lists, ListKind.VALUES, ["DE", "SA", "EG"]).digest
    at_hand = open_lists(lists, [PublishedList("countries-at-hand", digest)])
    files = made_pack.files(('author.country in list("countries-at-hand")',))
    loaded = load_pack(files, at_hand)
    assert loaded.pack is not None, loaded.errors
    dataset = kept(tmp_path, prepared)
    found = figures(dataset, loaded.pack, pool=cluster, lists=lists)
    assert found["rules"][0]["fires"]
    assert found == figures(dataset, loaded.pack, pool=Here(), lists=lists)


def test_nobody_at_the_address_is_an_error_in_words(tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match=r"no Ray cluster answers at 127\.0\.0\.1:1: .*ray start"):
        Cluster("127.0.0.1:1", tmp_path)


@pytest.mark.parametrize(
    ("node", "said"),
    [
        (Node("10.0.0.7", "9.9.9", "3.11.7", storage=True), r"10\.0\.0\.7 has Hakam 9\.9\.9, this machine"),
        (Node("10.0.0.7", hakam.__version__, "3.11.7", storage=False), r"10\.0\.0\.7 does not see .*share"),
    ],
)
def test_a_machine_that_does_not_fit_is_named(node: Node, said: str, tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match=said):
        module._fits(node, tmp_path)


def test_a_folder_that_a_machine_does_not_see_is_found_out(tmp_path: Path) -> None:
    assert not module._node("here", str(tmp_path / ".seen-x")).storage
    (tmp_path / ".seen-x").write_text("another machine's")
    assert not module._node("here", str(tmp_path / ".seen-x")).storage


def test_ray_is_told_to_report_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "1")
    module._library()
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"
    from ray._common.usage.usage_lib import usage_stats_enabled  # noqa: PLC0415 -- what Ray makes of it

    assert not usage_stats_enabled()
