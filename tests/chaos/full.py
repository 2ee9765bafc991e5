"""`python -m tests.chaos.full`: the whole storm, fifty kills of each process and fifty of all together."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos.storm import Plan, brew


def main() -> int:
    """Brew a storm, print the reckoning; 1 if anything is broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.full", description=__doc__)
    parser.add_argument("--kills", type=int, default=50, help="kills of each process (50)")
    parser.add_argument("--together", type=int, help="kills of all processes at once (as many)")
    parser.add_argument(
        "--seed", type=int, default=int(time.time()), help="so that a storm can be brewed again"
    )
    parser.add_argument("--keep", type=Path, help="folder to keep everything in, which must not exist")
    chosen = parser.parse_args()
    plan = Plan(
        seed=chosen.seed,
        kills=chosen.kills,
        together=chosen.kills if chosen.together is None else chosen.together,
    )
    began = time.monotonic()

    def tell(text: str) -> None:
        print(f"{time.monotonic() - began:7.1f} s  {text}", flush=True)

    print(f"seed {plan.seed}: {plan.kills} kills of each process, {plan.together} of all together")
    if chosen.keep:
        found = brew(chosen.keep, plan, tell=tell)
    else:
        with tempfile.TemporaryDirectory(prefix="hakam-chaos-") as folder:
            found = brew(Path(folder), plan, tell=tell)
    for name, figure in found.figures.items():
        print(f"{figure:>12,}  {name}")
    print(f"restarts: {found.restarts}; {found.seconds:.0f} s in all")
    print(f"hakam doctor ({found.doctor_code}):\n{found.doctor}")
    for line in found.broken:
        print(f"BROKEN  {line}")
    print(
        "nothing was lost, nothing was done twice" if not found.broken and not found.doctor_code else "BROKEN"
    )
    return 1 if found.broken or found.doctor_code else 0


if __name__ == "__main__":
    sys.exit(main())
