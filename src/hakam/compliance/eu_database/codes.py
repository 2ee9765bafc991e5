"""The codes of the database: enumerations as its interface has them since 1 July 2025, with their labels."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Final

import msgspec

EU: Final = frozenset(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()  # noqa: SIM905 -- one list, easy to compare with the law's
)
EEA: Final = EU | {"IS", "LI", "NO"}


@cache
def labels(field: str) -> dict[str, str]:
    """Return code -> label (English, as the database shows it) of a field; without labels the code itself."""
    data = files("hakam.compliance.eu_database").joinpath("codes.json").read_bytes()
    found = msgspec.json.decode(data)[field]
    return dict(found) if isinstance(found, dict) else {code: code for code in found}


@cache
def codes(field: str) -> frozenset[str]:
    """Return the codes of a field."""
    return frozenset(labels(field))
