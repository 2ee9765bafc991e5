"""Arithmetic that never raises: what has no number as result is unknown."""

from __future__ import annotations

import operator
from collections.abc import Callable

Number = int | float
_PLAIN: dict[str, Callable[[Number, Number], Number]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
}
NAMES = {"+": "ADD", "-": "SUBTRACT", "*": "MULTIPLY", "/": "DIVIDE", "//": "FLOOR", "%": "REMAINDER"}
MAX_BITS = 4_096


def safe(sign: str) -> Callable[[Number | None, Number | None], Number | None]:
    """Return the operation on numbers that may be unknown: unknown, infinite, or no number at all gives unknown."""
    plain = _PLAIN[sign]

    def operation(left: Number | None, right: Number | None) -> Number | None:
        if left is None or right is None:
            return None
        try:
            result = plain(left, right)
        except (ZeroDivisionError, OverflowError):
            return None
        if isinstance(result, int):
            return result if result.bit_length() <= MAX_BITS else None
        return result if abs(result) != _INFINITE and result == result else None  # noqa: PLR0124 -- not a number

    return operation


_INFINITE = float("inf")
OPERATIONS = {sign: safe(sign) for sign in _PLAIN}
HELPERS: dict[str, object] = {NAMES[sign]: operation for sign, operation in OPERATIONS.items()}
