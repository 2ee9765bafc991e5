"""Every test runs on a home of its own making and, by setting, on SQLite or PostgreSQL."""

from __future__ import annotations

import os
import tempfile

os.environ.setdefault("HAKAM_HOME", tempfile.mkdtemp(prefix="hakam-tests-"))
