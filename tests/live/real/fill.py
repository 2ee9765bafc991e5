"""`python -m tests.live.real.fill ARGUMENT...`: runs what standard input says on the home of the environment."""

from __future__ import annotations

import sys

if __name__ == "__main__":
    exec(compile(sys.stdin.read(), "<given>", "exec"))  # noqa: S102 -- a test says what
