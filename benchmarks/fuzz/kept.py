"""`python -m benchmarks.fuzz.kept CORPUS [RESULT.json...]`: keep what searches found for all searches that come after.

`kept.zip` holds the fewest inputs that go wherever any search went, those of a target in a folder of its name; a search
begins with them, and the suite tries each. `searched.json` says how much was tried for them, in how many seconds.
`CORPUS` is that of the searches (`--corpus`), the results what they printed with `--json`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.fuzz.targets import TARGETS

KEPT = Path(__file__).with_name("kept.zip")
SEARCHED = Path(__file__).with_name("searched.json")
_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the same inputs are the same file


def inputs(archive: Path = KEPT) -> Iterator[tuple[str, bytes]]:
    """Yield the name of each kept input, `TARGET/NAME`, and its bytes."""
    if archive.exists():
        with zipfile.ZipFile(archive) as file:
            for name in file.namelist():
                yield name, file.read(name)


def unpack(corpus: Path, archive: Path = KEPT) -> None:
    """Put the kept inputs into the corpus of a search."""
    for name, data in inputs(archive):
        path = corpus / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def fewest(name: str, corpus: Path) -> dict[str, bytes]:
    """Return the fewest inputs of a target that go wherever those of the corpus go. Raises if that can't be found."""
    with tempfile.TemporaryDirectory(prefix="hakam-fuzz-") as chosen:
        given = [sys.executable, "-m", "benchmarks.fuzz.one", name, "-merge=1", chosen, str(corpus / name)]
        made = subprocess.run(given, capture_output=True, text=True, errors="replace", check=False)
        found = {f"{name}/{path.name}": path.read_bytes() for path in sorted(Path(chosen).iterdir())}
    if made.returncode or not found:
        raise RuntimeError(f"the inputs of {name} were not merged:\n{made.stderr[-2_000:]}")
    return found


def keep(corpus: Path, archive: Path = KEPT) -> int:
    """Keep what the corpus adds to what is kept. Returns how many inputs are kept now."""
    unpack(corpus, archive)
    chosen: dict[str, bytes] = {}
    for name in TARGETS:
        if (corpus / name).is_dir():
            chosen |= fewest(name, corpus)
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        for name, data in sorted(chosen.items()):
            file.writestr(zipfile.ZipInfo(name, _LONG_AGO), data, zipfile.ZIP_DEFLATED)
    return len(chosen)


def account(results: Iterable[dict[str, Any]], file: Path = SEARCHED) -> dict[str, dict[str, int]]:
    """Add the processor seconds and inputs of some searches, as `--json` prints them, to those of all. Returns all."""
    known: dict[str, dict[str, int]] = json.loads(file.read_text("utf-8")) if file.exists() else {}
    for result in results:
        for name, one in result.items():
            spent = known.setdefault(name, {"seconds": 0, "tried": 0})
            spent["seconds"] += one["processor_seconds"]
            spent["tried"] += one["tried"]
    file.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return known


def main() -> None:
    """Keep what was asked for."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("corpus", type=Path, help="the folder that the searches were given as --corpus")
    asked.add_argument("results", type=Path, nargs="*", help="what they printed with --json")
    given = asked.parse_args()
    many = keep(given.corpus)
    spent = account(json.loads(path.read_text("utf-8")) for path in given.results)
    hours = sum(one["seconds"] for one in spent.values()) / 3_600
    tried = sum(one["tried"] for one in spent.values())
    print(f"{many:,} inputs kept, {KEPT.stat().st_size:,} bytes; {tried:,} tried in {hours:.1f} hours in all")


if __name__ == "__main__":
    main()
