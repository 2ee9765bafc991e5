"""What the disk itself can do, so that the door's figures can be compared with something."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import NamedTuple


class Disk(NamedTuple):
    """Appending 4 KiB and waiting for the disk, again and again. Milliseconds."""

    syncs_per_second: float
    p50: float
    p99: float


def measure_disk(folder: Path, *, seconds: float = 2.0) -> Disk:
    """Append and `fdatasync` for `seconds` in a file under `folder`."""
    block = os.urandom(4_096)
    sync = getattr(os, "fdatasync", os.fsync)
    took: list[float] = []
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        number = file.fileno()
        until = time.perf_counter() + seconds
        while (began := time.perf_counter()) < until:
            os.write(number, block)
            sync(number)
            took.append(time.perf_counter() - began)
    took.sort()
    return Disk(len(took) / seconds, 1_000 * statistics.median(took), 1_000 * took[int(0.99 * len(took))])
