"""Territories by name, as the countries that they are (ISO 3166-1 alpha-2)."""

from __future__ import annotations

from collections.abc import Mapping

_EU = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"

TERRITORIES: Mapping[str, frozenset[str]] = {
    "EU": frozenset(_EU.split()),
    "EEA": frozenset((*_EU.split(), "IS", "LI", "NO")),
    "GCC": frozenset(("AE", "BH", "KW", "OM", "QA", "SA")),
}
