"""Two transactions that wait for each other: the database ends one of them, and that one tries again.

For the outermost verb of a request: whoever it cost must not hear of it. Inside another verb's transaction nothing
can be tried again, since the database has thrown away what came before; there the error goes up to whose it is.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from functools import wraps
from typing import Final, ParamSpec, TypeVar

from django.db import OperationalError, connection

RESTS: Final = (0.05, 0.2)
"""Seconds before the second and the third attempt: the other must come through first, or both tie again."""
ATTEMPTS: Final = 1 + len(RESTS)
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
        for rest in RESTS:
            try:
                return verb(*args, **kwargs)
            except OperationalError as error:
                if connection.in_atomic_block or not is_tie(error):
                    raise
                time.sleep(rest * random.uniform(0.5, 1.5))  # noqa: S311 -- so that two do not keep step
        return verb(*args, **kwargs)

    return tried
