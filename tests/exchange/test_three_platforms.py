"""Three whole platforms in network namespaces: what one declares, the others hold within seconds, and let go again.

`python -m benchmarks.exchange` runs the same with all edits and all repeats, and prints the figures.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import statistics
import time
from collections.abc import Iterator

import pytest
from tests.exchange.network import Node, acquaint, missing, three_platforms, wait_until
from tests.live.real.rig import allowed
from tests.media.clip_files import clip, edited

MISSING = missing()
pytestmark = [
    pytest.mark.embedded,
    pytest.mark.timeout(1_800),
    pytest.mark.skipif(bool(MISSING) and not os.environ.get("CI"), reason=MISSING or "nothing is missing"),
]
EDITS = {"as-it-is": (), "mirror": ("-vf", "hflip"), "poorly": ("-crf", "40")}
REPEATS = 3
Nodes = tuple[Node, Node, Node]
TRIES = itertools.count(
    1
)  # the platforms outlive a first try, so a second one names its own bank, clip and items


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    with three_platforms(tmp_path_factory.mktemp("platforms")) as three:
        acquaint(three)
        yield three


def test_what_one_declares_is_active_on_the_others_within_seconds(nodes: Nodes) -> None:
    one, *others = nodes
    slug = f"fast-{next(TRIES)}"
    bank = one.do("declare", slug=slug)
    took = []
    for n in range(REPEATS + 1):
        sha256 = digest(f"{slug} {n}")
        told = one.do("put hashes", bank=bank, hashes=[sha256])
        took.append(max(other.do("active since", sha256=sha256, seconds=120) for other in others) - told)
    steady = took[1:]  # the first one also makes the bank there, and the agents' keys
    print(f"active on both others after {statistics.median(steady):.2f} s, {max(steady):.2f} s at most")  # noqa: T201
    assert statistics.median(steady) < allowed(5.0)


def test_a_partition_heals_with_nothing_lost(nodes: Nodes) -> None:
    one, two, three = nodes
    slug = f"parted-{next(TRIES)}"
    mirror, before = f"amman--incident-{slug}", digest(f"{slug} before")
    bank = one.do("declare", slug=slug)
    one.do("put hashes", bank=bank, hashes=[before])
    wait_until(lambda: two.do("mirror").get(mirror) == [before], 120, "the bank did not come")
    two.cut_off()
    for n in range(5):
        one.do("put hashes", bank=bank, hashes=[digest(f"{slug} {n}-{m}") for m in range(20)])
        time.sleep(1)
    one.do("withdraw", bank=bank, items=[before[:16]])
    there = one.do("bank", name=bank)
    wait_until(lambda: three.do("mirror").get(mirror) == there, 120, "the third did not hear")
    assert two.do("mirror")[mirror] == [before]
    two.reconnect()
    took = wait_until(lambda: two.do("mirror")[mirror] == there, 120, "it did not heal")
    print(f"healed after {took:.1f} s")  # noqa: T201


def test_a_power_cut_in_the_middle_loses_nothing(nodes: Nodes) -> None:
    one, two, _three = nodes
    slug = f"killed-{next(TRIES)}"
    bank = one.do("declare", slug=slug)
    one.do("put hashes", bank=bank, hashes=[digest(f"{slug} {n}") for n in range(2_000)])
    time.sleep(0.5)  # pages are under way
    one.kill()
    two.kill()
    for node in (one, two):
        node.start()
        node.do("wait until ready", seconds=240)
    one.do("put hashes", bank=bank, hashes=[digest(f"{slug} after")])
    there = one.do("bank", name=bank)
    wait_until(lambda: two.do("mirror").get(f"amman--incident-{slug}") == there, 180, "something is missing")
    assert len(there) == 2_001
    assert one.do("chain") == two.do("chain") == []


def test_copies_are_held_there_and_released_by_a_retraction(nodes: Nodes) -> None:
    one, *others = nodes
    number = next(TRIES)
    slug = f"clip-{number}"
    original = clip(seeds=(number * 10 + 1, number * 10 + 2, number * 10 + 3))
    (one.media / f"{slug}-original.mp4").write_bytes(original)
    for name, words in EDITS.items():
        (one.media / f"{slug}-{name}.mp4").write_bytes(edited(original, *words) if words else original)
    bank = one.do("declare", slug=slug)
    kept = one.do("put clip", bank=bank, path=str(one.media / f"{slug}-original.mp4"))
    for other in others:
        wait_until(
            lambda: len(other.do("mirror").get(f"amman--incident-{slug}", ())) == kept["rows"],  # noqa: B023
            120, "the clip's hashes did not come",
        )  # fmt: skip
    probe = digest(slug)
    one.do("put hashes", bank=bank, hashes=[probe])
    wanted = sorted(f"{slug}-{name}" for name in EDITS)
    letters = {}
    for other in others:
        other.do("active since", sha256=probe, seconds=120)  # so is the clip, which came before
        letters[other.name] = len(other.do("letters"))
        for name in wanted:
            other.do("upload", name=name, file=f"{name}.mp4")
        wait_until(lambda: held(other, slug) == wanted, 180, lambda: f"{held(other, slug)}; {other.logs()}")  # noqa: B023
    others[0].do("decide", item=f"{slug}-mirror")
    wait_until(
        lambda: ["berlin", True, False] in one.do("words") or ["berlin", False, False] in one.do("words"),
        60, lambda: f"no feedback came: {one.do('words')}",
    )  # fmt: skip
    one.do("withdraw", bank=bank, items=[kept["item"]])
    for other in others:
        took = wait_until(lambda: not held(other, slug), 60, "it is still held")  # noqa: B023
        print(f"released at {other.name} after {took:.1f} s")  # noqa: T201
        kinds = [kind for kind, _stream in other.do("letters")]
        assert len(kinds) == letters[other.name] + 2 * len(wanted)
        assert kinds.count("statement.issued") >= len(wanted)  # DSA Art. 17
        assert kinds.count("statement.withdrawn") >= len(wanted)
        assert other.do("chain") == []


def held(node: Node, slug: str) -> list[str]:
    """Return the items of a try that are held."""
    return [item for item in node.do("held") if item.startswith(f"{slug}-")]
