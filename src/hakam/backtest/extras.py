"""What a back-test needs beyond the core: the extra `hakam[backtest]`, and `hakam[cluster]` for many machines."""

from __future__ import annotations

from importlib.util import find_spec

NEEDED = ("numpy", "pyarrow")


class BacktestUnavailableError(RuntimeError):
    """A library of the extra is not installed. The message says which and how to get it."""


def require(*names: str, extra: str = "backtest") -> None:
    """Raise `BacktestUnavailableError` unless `names` (without any: what every back-test needs) can be imported."""
    missing = [name for name in names or NEEDED if find_spec(name) is None]
    if missing:
        raise BacktestUnavailableError(f"{' and '.join(missing)} not installed: pip install 'hakam[{extra}]'")
