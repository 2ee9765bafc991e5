"""How fast platforms help each other: `python -m benchmarks.exchange`, as root, with `ip`, ffmpeg and `hakam[media]`.

Three whole installations in network namespaces (`tests/exchange/network.py`). A hash that one declares: seconds until
the doors of both others hold it, 20 times. Sixteen edits of a clip, posted there. A minute's partition. A retraction.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.media.clips import EDITS, LENGTH, SIZE, made
from tests.exchange.network import Node, acquaint, missing, three_platforms, wait_until
from tests.media.clip_files import clip

SIXTEEN = tuple(EDITS)[:16]


def digest(text: str) -> str:
    """Return a hash that nobody has."""
    return hashlib.sha256(text.encode()).hexdigest()


def speed(one: Node, others: tuple[Node, ...], repeats: int) -> None:
    """Print how long it takes until a hash counts on both others."""
    bank = one.do("declare", slug="fast")
    took = []
    for n in range(repeats + 1):
        told = one.do("put hashes", bank=bank, hashes=[digest(f"fast {n}")])
        took.append(max(o.do("active since", sha256=digest(f"fast {n}"), seconds=120) for o in others) - told)
        print(f"  {took[-1]:.2f} s", flush=True)
    steady = sorted(took[1:])
    print(
        f"active on both others, {repeats} times: median {statistics.median(steady):.2f} s, "
        f"longest {steady[-1]:.2f} s; the first, which makes the bank there, {took[0]:.2f} s"
    )


def partition(one: Node, cut: Node, other: Node, seconds: float) -> None:
    """Print how long it takes to heal, and that nothing is missing."""
    bank = one.do("declare", slug="parted")
    name = f"{one.name}--{bank}"
    one.do("put hashes", bank=bank, hashes=[digest("before")])
    wait_until(lambda: name in cut.do("mirror"), 120, "the bank did not come")
    cut.cut_off()
    until, put = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        one.do("put hashes", bank=bank, hashes=[digest(f"parted {put}-{n}") for n in range(20)])
        put += 1
        time.sleep(1)
    one.do("withdraw", bank=bank, items=[digest("before")[:16]])
    there = one.do("bank", name=bank)
    wait_until(lambda: other.do("mirror").get(name) == there, 120, "the third did not hear")
    cut.reconnect()
    took = wait_until(lambda: cut.do("mirror").get(name) == there, 240, "it did not heal")
    print(
        f"after a partition of {seconds:.0f} s, {len(there)} hashes and a withdrawal behind: whole after {took:.1f} s"
    )


def copies(one: Node, others: tuple[Node, ...], clips: list[Path]) -> None:
    """Print which edits are held, and how long a retraction takes to release them."""
    bank = one.do("declare", slug="clips")
    name = f"{one.name}--{bank}"
    kept = [one.do("put clip", bank=bank, path=str(path)) for path in clips]
    rows = sum(each["rows"] for each in kept)
    for other in others:
        wait_until(lambda: len(other.do("mirror").get(name, ())) == rows, 240, "hashes are missing")  # noqa: B023
    time.sleep(3)
    for n, path in enumerate(clips):
        for edit in SIXTEEN:
            (one.media / f"{n}-{edit}.mp4").write_bytes(made(EDITS[edit], [path]))
    for other in others:
        for n in range(len(clips)):
            for edit in SIXTEEN:
                other.do("upload", name=f"{n}/{edit}", file=f"{n}-{edit}.mp4")
    for other in others:
        last = other.do("last record")
        wait_until(lambda: other.do("looked at") >= last, 1_800, "not all were looked at")  # noqa: B023
        time.sleep(2)
        held = set(other.do("held"))
        found = {edit: sum(f"{n}/{edit}" in held for n in range(len(clips))) for edit in SIXTEEN}
        total = sum(found.values())
        print(f"held at {other.name}: {total} of {len(SIXTEEN) * len(clips)}; {found}", flush=True)
    one.do("withdraw", bank=bank, items=[each["item"] for each in kept])
    for other in others:
        took = wait_until(lambda: other.do("held") == [], 240, "something is still held")  # noqa: B023
        kinds = [kind for kind, _stream in other.do("letters")]
        print(
            f"released at {other.name} after {took:.1f} s; statements {kinds.count('statement.issued')}, "
            f"withdrawn {kinds.count('statement.withdrawn')}"
        )


def prepared(path: Path, folder: Path) -> Path:
    """Return a clip as the table of edits takes it: its beginning, at most 640 by 360 pixels, 25 frames a second."""
    fit = f"scale={SIZE}:force_original_aspect_ratio=decrease:force_divisible_by=2,setsar=1,fps=25"
    out = folder / f"{path.stem}.mp4"
    out.write_bytes(made(["-t", str(LENGTH), "-vf", fit], [path]))
    return out


def main() -> None:
    """Run all three."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=20, help="0: leave the speed of a hash out")
    parser.add_argument("--seconds", type=float, default=60.0, help="of the partition; 0: leave it out")
    parser.add_argument("--clips", type=Path, nargs="*", default=[], help="real clips; without, a drawn one")
    chosen = parser.parse_args()
    if why := missing():
        raise SystemExit(why)
    with tempfile.TemporaryDirectory(prefix="hakam-exchange-") as folder:
        clips = [prepared(path, Path(folder)) for path in chosen.clips]
        if not clips:
            path = Path(folder) / "drawn.mp4"
            path.write_bytes(clip(seeds=(41, 42, 43)))
            clips.append(path)
        with three_platforms(Path(folder) / "platforms") as nodes:
            acquaint(nodes)
            print(f"load {os.getloadavg()[0]:.1f}", flush=True)
            one, two, three = nodes
            if chosen.repeats:
                speed(one, (two, three), chosen.repeats)
            if chosen.seconds:
                partition(one, two, three, chosen.seconds)
            copies(one, (two, three), clips)
            print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
