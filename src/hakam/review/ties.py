"""Two transactions that wait for each other: the database ends one of them, and that one tries again.

For the outermost verb of a request: whoever it cost must not hear of it. Inside another verb's transaction nothing
can be tried again, since the database has thrown away what came before; there the error goes up to whose it is.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Final, ParamSpec, TypeVar

from django.db import OperationalError, connection

ATTEMPTS: Final = 3
_TIES: Final = frozenset({"40001", "40P01"})  # PostgreSQL: serialization failure, deadlock detected
P = ParamSpec("P")
R = TypeVar("R")


def is_tie(error: OperationalError) -> bool:
    """Whether the database undid the transaction for another's sake, so that the very same may succeed now.

    A lost connection is none: what was sent last may have been done.
    """
    code = getattr(error.__cause__, "sqlstate", None)
    return code in _TIES if code else "database is locked" in str(error)  # SQLite has words only


def outlast_ties(verb: Callable[P, R]) -> Callable[P, R]:
    """Let a verb whose transaction lost a tie begin again, at most `ATTEMPTS` times in all."""

    @wraps(verb)
    def tried(*args: P.args, **kwargs: P.kwargs) -> R:
        for _attempt in range(ATTEMPTS - 1):
            try:
                return verb(*args, **kwargs)
            except OperationalError as error:
                if connection.in_atomic_block or not is_tie(error):
                    raise
        return verb(*args, **kwargs)

    return tried
