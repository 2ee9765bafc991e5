"""Work of the benchmark in a process of its own, whose memory is gone when it ends."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from typing import Any

PROGRAM = "benchmarks.backtest.__main__"


def apart(name: str, *given: Any) -> Any:
    """Return what a function of the benchmark gives, called in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as one:
        return one.submit(call, name, *given).result()


def call(name: str, *given: Any) -> Any:
    """Call a function of the benchmark by its name: a process does not find those of the program that it comes from."""
    return getattr(import_module(PROGRAM), name)(*given)
