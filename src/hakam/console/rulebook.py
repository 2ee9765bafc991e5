"""The clauses of the rule book, in the language in force."""

from __future__ import annotations

from functools import lru_cache

from django.utils import translation

from hakam.compliance import rulebook
from hakam.compliance.models import RulebookVersion
from hakam.policy.clauses import Clause


def clauses_of(version: RulebookVersion) -> dict[str, Clause]:
    """Return the clauses of a version by their ids."""
    found: dict[str, Clause] = rulebook.load(version).clauses
    return found


@lru_cache(maxsize=64)
def _titles(digest: str, language: str) -> dict[str, str]:
    version = next(v for v in rulebook.versions() if v.digest == digest)
    return {id_: clause.in_language(language)[0] for id_, clause in clauses_of(version).items()}


def clause_titles() -> dict[str, str]:
    """Return clause id -> title, of the rule book in force, for this reader."""
    version = rulebook.active()
    return _titles(version.digest, translation.get_language() or "en") if version else {}
