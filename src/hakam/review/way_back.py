"""The way back with one key: the rules that were in force before are in force again, and why is said afterwards.

When rules hit the wrong people, each minute counts and nobody should have to write first. So one person goes back
at once, and the console asks for the reason until somebody gave it; both are facts of the ledger.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from hakam.compliance import drafts, ledger, rulebook
from hakam.compliance.facts import FactKind
from hakam.compliance.models import RulebookVersion
from hakam.review import releases
from hakam.review.releases import ChangedError, OverError
from hakam.vocabulary.actor import Actor

_UNSAID: Final = re.compile(r"back to \S+")


def before() -> RulebookVersion | None:
    """Return the version to which one key leads: the text that was in force before the one in force now.

    Who goes back twice goes two texts back, not to and fro: a version with the text of an earlier one stands where
    that one stood. `None` if there was nothing before.
    """
    way: list[tuple[dict[str, str], RulebookVersion]] = []
    for version in reversed(rulebook.versions()):
        text = drafts.with_version(version.files, "")
        same = next((place for place, (known, _v) in enumerate(way) if known == text), len(way))
        del way[same:]
        way.append((text, version))
    return way[-2][1] if len(way) > 1 else None


def go(version_id: int, *, instead_of: int, because: str, by: Actor, now: datetime) -> RulebookVersion:
    """Put a version in force again, at once. `because` may be empty: `explain` takes it later.

    Raises `OverError` for a version that there is not, `ChangedError` unless the version `instead_of` is in force, so
    that a key pressed twice goes back once, and what `releases.go_back` raises.
    """
    if not RulebookVersion.objects.filter(pk=version_id).exists():
        raise OverError(_("there is no version %(version_id)s") % {"version_id": version_id})
    with transaction.atomic():
        ledger.lock()
        current = rulebook.active()
        if current is None or current.pk != instead_of:
            raise ChangedError(_("the rules in force were changed meanwhile"))
        return releases.go_back(version_id, because=because, by=by, now=now, reason_follows=True)


def unexplained(version: RulebookVersion) -> bool:
    """Whether somebody went back to this version and nobody said yet why."""
    return _UNSAID.fullmatch(version.note) is not None


def explain(version_id: int, *, because: str, by: Actor, now: datetime) -> RulebookVersion:
    """Say why somebody went back. Raises `OverError` if it was said before, `NoReasonError` for an empty text."""
    with transaction.atomic():
        version = RulebookVersion.objects.select_for_update().filter(pk=version_id).first()
        if version is None or not unexplained(version):
            raise OverError(_("nobody waits for this reason any more"))
        version.note = f"{version.note}: {releases.reason_of(because)}"
        version.save(update_fields=["note"])
        ledger.record(
            FactKind.RULEBOOK_EXPLAINED,
            by=by,
            now=now,
            subject=f"rulebook:{rulebook.ref_of(version)}",
            body={"note": version.note},
        )
    return version
