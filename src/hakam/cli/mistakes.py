"""A value on the command line that can't be: said in words for whoever typed it, not for whoever wrote the check.

Newer versions of typer read values with pydantic and show its words as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import typer

_SAID: Final[Mapping[str, Callable[[str, Mapping[str, Any]], str]]] = {
    "int_parsing": lambda given, _: f"{given} is no whole number, as 10.",
    "int_from_float": lambda given, _: f"{given} is no whole number, as 10.",
    "float_parsing": lambda given, _: f"{given} is no number, as 0.5.",
    "bool_parsing": lambda given, _: f"{given} is neither yes nor no.",
    "less_than_equal": lambda given, bounds: f"{given} is too much: at most {bounds['le']}.",
    "less_than": lambda given, bounds: f"{given} is too much: less than {bounds['lt']}.",
    "greater_than_equal": lambda given, bounds: f"{given} is too little: at least {bounds['ge']}.",
    "greater_than": lambda given, bounds: f"{given} is too little: more than {bounds['gt']}.",
}
_PREFIX = "Value error, "
_LONGEST = 60


def reworded(error: typer.BadParameter) -> None:
    """Say in place what is wrong with a value, if the library said it in its own terms."""
    errors: Callable[[], Any] | None = getattr(error.__cause__, "errors", None)
    if errors is None:
        return
    first: Mapping[str, Any] = next(iter(errors()), {})
    say = _SAID.get(first.get("type", ""))
    if say is not None:
        error.message = say(repr(str(first.get("input"))[:_LONGEST]), first.get("ctx", {}))
    error.message = error.message.removeprefix(_PREFIX)
