"""A pytest plugin: tests run on a home of their own, and nothing of the operator's settings reaches them.

`-p hakam.testing.own_home` loads it. It acts as soon as it is imported, because pytest-django reads the settings before
any `conftest.py`: whoever set the home there would set it too late, and tests would write into a real installation.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import MutableMapping
from pathlib import Path

BASE = "PYTEST_HAKAM_HOME"  # tells the processes of one run which folder they share
_KEPT = "HAKAM_DATABASE_URL"  # the one setting that a run chooses


def settle(environment: MutableMapping[str, str]) -> Path | None:
    """Give this process a home; return its folder if it is to be removed in the end, which its first process does.

    Processes of pytest-xdist get a folder each below that of the run.
    """
    for name in [name for name in environment if name.startswith("HAKAM_") and name != _KEPT]:
        del environment[name]
    worker = environment.get("PYTEST_XDIST_WORKER")
    if worker is not None and BASE in environment:
        own = Path(environment[BASE], worker)
        own.mkdir(parents=True, exist_ok=True)
        environment["HAKAM_HOME"] = str(own)
        return None
    made = Path(tempfile.mkdtemp(prefix="hakam-tests-"))
    environment[BASE] = environment["HAKAM_HOME"] = str(made)
    return made


_made = settle(os.environ)


def pytest_unconfigure() -> None:
    """Leave nothing behind."""
    if _made is not None:
        shutil.rmtree(_made, ignore_errors=True)
