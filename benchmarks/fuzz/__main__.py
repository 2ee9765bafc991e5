"""`python -m benchmarks.fuzz [TARGET...] [--seconds N] [--corpus DIR] [--found DIR] [--again FILE...] [--json]`.

Coverage-guided inputs for the readers of what strangers write: strict YAML, whole packs, expressions, conditions made
choice by choice and judged both ways, the same over columns, patterns, request bodies, texts. Each target has
`--seconds` in a process of its own; a hang ends the process, is kept, and the rest of the time goes to another one.
What was found is in `--found`, each with its error beside it; exit code 1 if there is any. `--again` tries kept inputs
once, without atheris. Each search begins where those before ended: with the inputs of `kept.zip`, to which
`python -m benchmarks.fuzz.kept` adds.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.fuzz.kept import unpack
from benchmarks.fuzz.targets import TARGETS

_FIGURE = re.compile(r"stat::(number_of_executed_units|average_exec_per_sec|peak_rss_mb):\s+(\d+)")
_COVERED = re.compile(r"cov: (\d+) ft: (\d+) corp: (\d+)")


def run(name: str, seconds: int, corpus: Path, found: Path) -> dict[str, Any]:
    """Try one target for some seconds; return how much was tried and what was found."""
    until, spent = time.monotonic() + seconds, _processor()
    executed = covered = kept = peak = 0
    while (left := int(until - time.monotonic())) > 0:
        made = subprocess.run(
            [sys.executable, "-m", "benchmarks.fuzz.one", name, "--seconds", str(left),
             "--corpus", str(corpus / name), "--found", str(found)],
            stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, errors="replace", check=False,
        )  # fmt: skip
        figures = {key: int(value) for key, value in _FIGURE.findall(made.stderr)}
        executed += figures.get("number_of_executed_units", 0)
        peak = max(peak, figures.get("peak_rss_mb", 0))
        if progress := _COVERED.findall(made.stderr):
            covered, _, kept = map(int, progress[-1])
        if not figures and not list(found.glob(f"{name}-*")):
            sys.exit(f"{name} did not start:\n{made.stderr[-2_000:]}")
    wrong = sorted(path.name for path in found.glob(f"{name}-*") if path.suffix != ".txt")
    return {
        "tried": executed,
        "edges": covered,
        "corpus": kept,
        "peak_mib": peak,
        "seconds": seconds,
        "processor_seconds": round(_processor() - spent),
        "found": wrong,
    }


def _processor() -> float:
    """Return the seconds of processor time that the programs that this one started and that ended have taken."""
    taken = os.times()
    return taken.children_user + taken.children_system


def again(paths: list[Path]) -> int:
    """Try kept inputs, whose names begin with that of their target; return how many are still wrong."""
    wrong = 0
    for path in paths:
        try:
            TARGETS[path.name.partition("-")[0]](path.read_bytes())
            print(f"{path.name}: fine")
        except Exception as error:  # noqa: BLE001 -- whatever it is, it is what we look for
            wrong += 1
            print(f"{path.name}: {type(error).__name__}: {error}")
    return wrong


def main() -> None:
    """Try what was asked for."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument(
        "targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}; all by default"
    )
    asked.add_argument("--seconds", type=int, default=300, help="for each target")
    asked.add_argument("--corpus", type=Path, help="more inputs to start from, and where to add to")
    asked.add_argument("--found", type=Path, help="where to put what is wrong")
    asked.add_argument("--again", type=Path, nargs="+", help="kept inputs to try once")
    asked.add_argument("--json", action="store_true", help="print JSON")
    given = asked.parse_args()
    if given.again:
        sys.exit(1 if again(given.again) else 0)
    if unknown := set(given.targets) - set(TARGETS):
        asked.error(f"no such target: {', '.join(sorted(unknown))}")
    if importlib.util.find_spec("atheris") is None:
        sys.exit(
            "atheris is not installed; it has packages for Linux on x86-64 only: `make check` installs it there"
        )
    work = Path(tempfile.mkdtemp(prefix="hakam-fuzz-"))
    corpus, found = given.corpus or work / "corpus", given.found or work / "found"
    unpack(corpus)
    result = {name: run(name, given.seconds, corpus, found) for name in given.targets or TARGETS}
    if given.json:
        print(json.dumps(result, indent=1))
    else:
        for name, one in result.items():
            wrong = f"{len(one['found'])} WRONG in {found}" if one["found"] else "nothing wrong"
            print(
                f"{name:12} {one['tried']:>12,} inputs, {one['edges']:>7,} edges, {one['processor_seconds']} s: {wrong}"
            )
    if any(one["found"] for one in result.values()):
        sys.exit(1)


if __name__ == "__main__":
    main()
