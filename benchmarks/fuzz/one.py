"""`python -m benchmarks.fuzz.one TARGET --seconds N --corpus DIR --found DIR`: one target under atheris.

Inputs that go where none went before are kept in the corpus, from which the next run starts. What is wrong is written
once for each place in the code where it came up, and the search goes on. `one TARGET -merge=1 INTO FROM` copies the
fewest inputs of one folder to another that go wherever all of them go: libFuzzer's own merge, which starts this program
once more, and again after an input that ends it.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import shlex
import sys
import traceback
from pathlib import Path
from typing import Any

import atheris

with atheris.instrument_imports(include=["hakam"], enable_loader_override=False):
    from benchmarks.fuzz.target import LONGEST, Target, WrongError
    from benchmarks.fuzz.targets import TARGETS

HANG = 25  # seconds after which an input is taken for one that never ends


def place_of(error: BaseException) -> str:
    """Return what tells one defect from another: the kind of error, where it was raised, and what broke the promise."""
    frames = traceback.extract_tb(error.__traceback__)
    inner = [frame for frame in frames if "atheris" not in frame.filename]
    where = f"{Path(inner[-1].filename).name}:{inner[-1].lineno}" if inner else "?"
    return f"{type(error).__name__} at {where}: {str(error)[:60] if type(error).__name__ == 'WrongError' else ''}"


def planted_fault(_data: bytes) -> None:
    """Be wrong, to see that it is found."""
    raise WrongError("planted")


def merge(target: Target, name: str, options: list[str]) -> None:
    """Let libFuzzer choose inputs. What is wrong with them is not asked."""

    def once(data: bytes) -> None:
        with contextlib.suppress(Exception):
            target(data)

    again = f"{shlex.quote(sys.executable)} -m benchmarks.fuzz.one {name}"  # libFuzzer hands this to a shell
    atheris.Setup([again, f"-timeout={HANG}", f"-max_len={LONGEST}", *options], once)
    atheris.Fuzz()


def main() -> None:
    """Try until the time is over."""
    if len(sys.argv) > 2 and sys.argv[1] in TARGETS and any(one.startswith("-merge") for one in sys.argv):
        merge(TARGETS[sys.argv[1]], sys.argv[1], sys.argv[2:])
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("target", choices=sorted(TARGETS))
    asked.add_argument("--seconds", type=int, required=True)
    asked.add_argument("--corpus", type=Path, required=True)
    asked.add_argument("--found", type=Path, required=True)
    given = asked.parse_args()
    target = TARGETS[given.target]
    for folder in (given.corpus, given.found):
        folder.mkdir(parents=True, exist_ok=True)
    for seed in target.seeds:
        (given.corpus / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)
    words = given.found / f"words-{given.target}.dict"  # searches beside this one have their own
    options = [] if not target.words else [f"-dict={words}"]
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in target.words), encoding="ascii")
    known: set[str] = set()
    planted = os.environ.get("HAKAM_FUZZ_PLANTED")  # for the test of this program

    def once(data: bytes) -> None:
        try:
            (planted_fault if planted else target)(data)
        except Exception as error:  # noqa: BLE001 -- whatever it is, it is what we look for
            place = place_of(error)
            if place not in known:
                known.add(place)
                name = hashlib.sha256(place.encode()).hexdigest()[:12]
                (given.found / f"{given.target}-{name}").write_bytes(data)
                told: Any = "".join(traceback.format_exception(error))[-3_000:]
                (given.found / f"{given.target}-{name}.txt").write_text(f"{place}\n{told}", encoding="utf-8")
                print(f"FOUND {place}", file=sys.stderr, flush=True)

    options += [
        f"-max_total_time={given.seconds}",
        f"-timeout={HANG}",
        f"-max_len={LONGEST}",
        f"-artifact_prefix={given.found}/{given.target}-",
        "-rss_limit_mb=4096",
        "-print_final_stats=1",
    ]
    atheris.Setup([sys.argv[0], *options, str(given.corpus)], once)
    atheris.Fuzz()


def _escaped(word: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word.encode())


if __name__ == "__main__":
    main()
