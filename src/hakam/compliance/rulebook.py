"""The rule book: every version of the pack as it was published, so that any decision can be read under it.

DSA Art. 14: the rules are public, in force from a known moment, and every change can be seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote

from django.db import transaction
from django.db.models import Q

from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.compliance.models import RulebookVersion
from hakam.policy import tuning
from hakam.policy.outside import PRESUMED, OutsideList
from hakam.policy.pack import Pack, load_pack
from hakam.policy.params import shown
from hakam.vocabulary.actor import Actor
from hakam.vocabulary.counted import counted
from hakam.vocabulary.finding import Finding, Severity
from hakam.vocabulary.verdict import PackRef


class RulebookError(ValueError):
    """The rule book can't be changed or read as asked."""


class BrokenPackError(RulebookError):
    """The pack has errors. `findings` are all of them, warnings included."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        errors = [f for f in self.findings if f.severity is Severity.ERROR]
        super().__init__(
            f"the pack has {counted(len(errors), 'error')}, the first: {errors[0].code} {errors[0].message}"
        )


class VersionTakenError(RulebookError):
    """This version was published before, with other content, or is no longer in force."""


class UnknownClauseError(RulebookError):
    """A clause, or the version that should hold it, is not in the rule book."""


def publish(
    files: Mapping[str, str],
    *,
    by: Actor,
    now: datetime,
    note: str = "",
    lists: Mapping[str, OutsideList] | None = None,
) -> RulebookVersion:
    """Publish a pack and put it in force. The very pack in force again: that version, unchanged.

    `lists` are those outside the pack that its rules may read.

    Raises `BrokenPackError` for a pack with errors, and `VersionTakenError` for a version that was published before:
    whoever goes back to an earlier text gives it a new version, so that each text was in force in one span of time.
    """
    pack = _checked(files, lists) if lists else _alone(tuple(sorted(files.items())))
    ref = pack.ref
    with transaction.atomic():
        ledger.lock()
        current = RulebookVersion.objects.select_for_update().filter(active_until=None).first()
        if current is not None and current.digest == ref.digest:
            return current
        if RulebookVersion.objects.filter(
            Q(pack=ref.id, version=ref.version) | Q(digest=ref.digest)
        ).exists():
            raise VersionTakenError(f"{ref} was published before; give the changed pack a new version")
        if current is not None:
            current.active_until = now
            current.save(update_fields=["active_until"])
        version = RulebookVersion.objects.create(
            pack=ref.id,
            version=ref.version,
            digest=ref.digest,
            files=dict(files),
            note=note,
            published_by=str(by),
            published_at=now,
            active_from=now,
        )
        ledger.record(
            FactKind.RULEBOOK_PUBLISHED,
            by=by,
            now=now,
            subject=f"rulebook:{ref}",
            about=[f"rulebook:{ref_of(current)}"] if current is not None else [],
            body={
                "pack": ref.id,
                "version": ref.version,
                "digest": ref.digest,
                "note": note,
                "replaces": str(ref_of(current)) if current is not None else None,
            },
        )
        if current is not None:
            _record_tuning(current, version, by=by, now=now)
    return version


def _record_tuning(before: RulebookVersion, after: RulebookVersion, *, by: Actor, now: datetime) -> None:
    """Record each value that is another one since, and each rule that a community has or has no longer."""
    ref = f"rulebook:{ref_of(after)}"
    old, new = tuning.tuning_of(before.files), tuning.tuning_of(after.files)
    for change in tuning.changes(old, new):
        ledger.record(
            FactKind.PARAM_TUNED,
            by=by,
            now=now,
            subject=f"param:{change.param}",
            about=[ref],
            body={
                "community": change.community or None,
                "stage": change.stage or None,
                "before": None if change.before is None else shown(change.kind, change.before),
                "after": None if change.after is None else shown(change.kind, change.after),
            },
        )
    for one in tuning.switches(old, new):
        ledger.record(
            FactKind.RULE_SWITCHED,
            by=by,
            now=now,
            subject=f"rule:{one.rule}",
            about=[ref],
            body={"community": one.community, "off": one.off},
        )


def active() -> RulebookVersion | None:
    """Return the version in force, or None before the first publication."""
    return RulebookVersion.objects.filter(active_from__isnull=False, active_until=None).first()


def at(when: datetime) -> RulebookVersion | None:
    """Return the version that was in force at `when`, or None."""
    return (
        RulebookVersion.objects.filter(active_from__lte=when)
        .filter(Q(active_until=None) | Q(active_until__gt=when))
        .order_by("-active_from")
        .first()
    )


def versions() -> list[RulebookVersion]:
    """Return every version, newest first."""
    return list(RulebookVersion.objects.order_by("-published_at", "-pk"))


def find(ref: PackRef) -> RulebookVersion | None:
    """Return the version that a decision or a verdict names, or None."""
    return RulebookVersion.objects.filter(digest=ref.digest).first()


def ref_of(version: RulebookVersion) -> PackRef:
    """Return the name of a version."""
    return PackRef(version.pack, version.version, version.digest)


def load(version: RulebookVersion, lists: Mapping[str, OutsideList] | None = None) -> Pack:
    """Return the pack of a version, read from its own files once per process. Raises `BrokenPackError`.

    Without `lists`, what its rules read outside of it is not at hand: enough for its clauses and texts, not to judge.
    """
    return _loaded(version.digest) if lists is None else _checked(version.files, lists)


def require_clause(ref: PackRef, clause: str) -> None:
    """Raise `UnknownClauseError` unless `clause` stands in the version `ref`."""
    try:
        clauses = _loaded(ref.digest).clauses
    except RulebookVersion.DoesNotExist:
        raise UnknownClauseError(f"the rule book {ref} was never published here") from None
    if clause not in clauses:
        raise UnknownClauseError(f"there is no clause `{clause}` in {ref}")


class ClauseText(NamedTuple):
    """A clause as people read it."""

    title: str
    text: str


def clause_text(ref: PackRef, clause: str, language: str) -> ClauseText | None:
    """Return a clause in `language` (else English, else the pack's first); None when version or clause is unknown."""
    try:
        found = _loaded(ref.digest).clauses.get(clause)
    except RulebookVersion.DoesNotExist:
        return None
    return None if found is None else ClauseText(*found.in_language(language))


def clause_words(ref: PackRef, clause: str) -> frozenset[str]:
    """Return how a clause explains itself where nobody said more, `title: text`, in every language that it has."""
    try:
        found = _loaded(ref.digest).clauses.get(clause)
    except RulebookVersion.DoesNotExist:
        return frozenset()
    if found is None:
        return frozenset()
    return frozenset(
        f"{title}: {found.text[language]}"
        for language, title in found.title.items()
        if language in found.text
    )


def clause_path(ref: PackRef, clause: str, language: str = "") -> str:
    """Return the address of a clause in its version, from the root of the site, in a language if one is given."""
    asked = f"?language={language}" if language else ""
    return f"/rules/{quote(ref.version, safe='')}{asked}#{quote(clause, safe='')}"


@lru_cache(maxsize=32)
def _loaded(digest: str) -> Pack:
    return _checked(RulebookVersion.objects.get(digest=digest).files, PRESUMED)


@lru_cache(maxsize=4)
def _alone(files: tuple[tuple[str, str], ...]) -> Pack:
    """Return a pack that reads no list outside of it. Published again, as each start does, it is not read again."""
    return _checked(dict(files), {})


def _checked(files: Mapping[str, str], lists: Mapping[str, OutsideList]) -> Pack:
    loaded = load_pack(files, lists)
    if loaded.pack is None or any(f.severity is Severity.ERROR for f in loaded.findings):
        raise BrokenPackError(loaded.findings)
    return loaded.pack
