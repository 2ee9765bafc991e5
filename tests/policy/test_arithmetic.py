"""Arithmetic never raises: no result is unknown."""
# ruff: noqa: E501 -- a table

from __future__ import annotations

from typing import Any

import pytest

from hakam.policy.arithmetic import OPERATIONS


@pytest.mark.parametrize(("sign", "left", "right", "result"), [("+", 1, 2, 3), ("/", 1, 4, 0.25), ("//", 7, 2, 3), ("%", -7, 3, 2), ("*", 1e200, 1e200, None), ("/", 1, 0, None), ("%", 1, 0, None), ("-", float("inf"), float("inf"), None), ("*", 10**400, 2, None), ("+", 10**400, 0.5, None), ("+", None, 1, None), ("*", None, None, None)])  # fmt: skip
def test_arithmetic_gives_a_number_or_unknown(sign: str, left: Any, right: Any, result: Any) -> None:
    assert OPERATIONS[sign](left, right) == result
