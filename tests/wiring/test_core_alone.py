"""The programs start without any extra: what an extra brings is imported only where it is used."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import sys
for name in ("cv2", "PIL", "numba", "simplejpeg", "onnxruntime", "scipy", "pyarrow", "duckdb"):
    sys.modules[name] = None  # as if it were not installed
from hakam.wiring import start
start.start_django()
import {module}
"""


@pytest.mark.parametrize("module", ["hakam.wiring.duties", "hakam.door.server", "hakam.wiring.urls"])
def test_a_program_starts_without_extras(module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(module=module)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
