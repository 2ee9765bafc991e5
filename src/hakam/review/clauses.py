"""The clauses of the rule book, as reviewers need them: words, weight, ladder, grounds."""

from __future__ import annotations

from functools import lru_cache

from hakam.compliance import rulebook
from hakam.compliance.models import RulebookVersion
from hakam.compliance.rulebook import RulebookError, UnknownClauseError
from hakam.policy.clauses import Clause
from hakam.review.ladder import Step
from hakam.vocabulary.reasons import Ground, GroundKind
from hakam.vocabulary.verdict import PackRef


class NoRulebookError(RulebookError):
    """No rule book is in force: nothing can be decided against a clause."""


def active() -> RulebookVersion | None:
    """Return the version in force, or None."""
    return rulebook.active()


def in_force() -> RulebookVersion:
    """Return the version in force. Raises `NoRulebookError`."""
    version = rulebook.active()
    if version is None:
        raise NoRulebookError("no rule book is in force; publish a pack first")
    return version


def version_of(ref: PackRef) -> RulebookVersion:
    """Return the version that a verdict or a decision names. Raises `UnknownClauseError`."""
    version = rulebook.find(ref)
    if version is None:
        raise UnknownClauseError(f"the rule book {ref} was never published here")
    return version


@lru_cache(maxsize=32)
def _clauses(digest: str) -> dict[str, Clause]:
    version = RulebookVersion.objects.get(digest=digest)
    return dict(rulebook.load(version).clauses)


def all_in(version: RulebookVersion) -> tuple[Clause, ...]:
    """Return every clause of a version."""
    return tuple(_clauses(version.digest).values())


def clause_in(version: RulebookVersion, clause: str) -> Clause:
    """Return a clause of a version. Raises `UnknownClauseError`."""
    found = _clauses(version.digest).get(clause)
    if found is None:
        raise UnknownClauseError(f"there is no clause `{clause}` in {version.pack}@{version.version}")
    return found


def find(clause: str) -> Clause | None:
    """Return a clause of the rule book in force, or None."""
    version = rulebook.active()
    return None if version is None or not clause else _clauses(version.digest).get(clause)


def severity(clause: Clause) -> int:
    """Return how grave a clause is, 0 to 100."""
    return clause.severity


def severity_of(clause: str) -> int:
    """Return how grave a clause in force is; 0 if it is not known."""
    found = find(clause)
    return 0 if found is None else found.severity


def harm_of(clause: Clause) -> str | None:
    """Return the key of the harm that a clause is about."""
    return clause.harm.value


def title_of(clause: Clause, language: str) -> str:
    """Return the title in a language, or the nearest there is."""
    return clause.in_language(language)[0]


def text_of(clause: Clause, language: str) -> str:
    """Return the text in a language, or the nearest there is."""
    return clause.in_language(language)[1]


def ladder_of(clause: Clause) -> tuple[Step, ...]:
    """Return the ladder, the mildest step first: in proportion (DSA Art. 14(4))."""
    return tuple((measure,) for measure in clause.ladder)


def steps_of(ref: PackRef, clause: str) -> tuple[Step, ...]:
    """Return the ladder of a clause of a version. Raises `UnknownClauseError`."""
    return ladder_of(clause_in(version_of(ref), clause))


def grounds_of(clause: Clause, ref: PackRef, language: str, *, illegal: bool = False) -> tuple[Ground, ...]:
    """Return what the clause itself gives as grounds.

    The rule book is the ground wherever it forbids the thing (DSA Art. 17(3)(e)). That the thing is illegal
    as well is a finding of its own: it is said when somebody has found it (`illegal`), or when the clause
    stands on the law alone (Art. 17(3)(d)).
    """
    title, text = clause.in_language(language)
    out: list[Ground] = []
    if illegal or not clause.contractual:
        out += [Ground(GroundKind.ILLEGAL, law.provision, text, law.country) for law in clause.legal]
    if clause.contractual:
        out.append(Ground(GroundKind.CONTRACTUAL, f"{ref}, {clause.id}", f"{title}: {text}"))
    return tuple(out)
