"""Arithmetic that never raises: what has no number as result, or one beyond all measure, is unknown."""

from __future__ import annotations

from collections.abc import Callable

Number = int | float
Operation = Callable[[Number | None, Number | None], Number | None]
LIMIT = 1e300  # comparing with it is also false for what is not a number
_WRONG = (
    TypeError,
    ZeroDivisionError,
    OverflowError,
)  # a TypeError is an unknown operand: types were checked before


def add(left: Number | None, right: Number | None) -> Number | None:
    """Return the sum, `None` if an operand is unknown."""
    try:
        result = left + right  # type: ignore[operator]
    except _WRONG:
        return None
    return result if -LIMIT < result < LIMIT else None


def subtract(left: Number | None, right: Number | None) -> Number | None:
    """Return the difference."""
    try:
        result = left - right  # type: ignore[operator]
    except _WRONG:
        return None
    return result if -LIMIT < result < LIMIT else None


def multiply(left: Number | None, right: Number | None) -> Number | None:
    """Return the product."""
    try:
        result = left * right  # type: ignore[operator]
    except _WRONG:
        return None
    return result if -LIMIT < result < LIMIT else None


def divide(left: Number | None, right: Number | None) -> Number | None:
    """Return the quotient; by zero it is unknown."""
    try:
        result = left / right  # type: ignore[operator]
    except _WRONG:
        return None
    return result if -LIMIT < result < LIMIT else None


def floor(left: Number | None, right: Number | None) -> Number | None:
    """Return the quotient without its fraction; by zero it is unknown."""
    try:
        result = left // right  # type: ignore[operator]
    except _WRONG:
        return None
    return result if -LIMIT < result < LIMIT else None


def remainder(left: Number | None, right: Number | None) -> Number | None:
    """Return the remainder, with the sign of the divisor; by zero it is unknown."""
    try:
        result = left % right  # type: ignore[operator]
    except _WRONG:
        return None
    return result if -LIMIT < result < LIMIT else None


OPERATIONS: dict[str, Operation] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": divide,
    "//": floor,
    "%": remainder,
}
NAMES = {sign: operation.__name__.upper() for sign, operation in OPERATIONS.items()}
HELPERS: dict[str, object] = {NAMES[sign]: operation for sign, operation in OPERATIONS.items()}
