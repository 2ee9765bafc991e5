"""A draft that began on a version which is no longer in force: what came since is taken into it before it is published.

Published as it is, it would undo what a colleague published, or bring back what was gone back from, and its
differences to its own base would not show it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from hakam.compliance import drafts, ledger, rulebook, three_way
from hakam.compliance.facts import FactKind
from hakam.compliance.models import RulebookDraft, RulebookVersion
from hakam.policy.pack import MAX_FILES
from hakam.vocabulary.actor import Actor


class CaughtUp(NamedTuple):
    """A draft that begins on the version in force. `clashes`: files in which both had changed the same."""

    draft: RulebookDraft
    clashes: tuple[str, ...]


def behind(draft: RulebookDraft) -> RulebookVersion | None:
    """Return the version in force, if it says something else than the one that an open draft began on."""
    newest = rulebook.active()
    if draft.state != drafts.DraftState.OPEN or newest is None or newest.pk == draft.base_id:
        return None
    return None if _unnumbered(newest.files) == _unnumbered(_before(draft)) else newest


def catch_up(draft_id: int, *, by: Actor, now: datetime) -> CaughtUp:
    """Take into a draft what came in force since it began; it begins on that version from now on.

    Where both changed the same lines, both stand in the file, marked, so that it can't be published before somebody
    chose. Without anything to take over nothing is changed. Raises `DraftError`.
    """
    with transaction.atomic():
        draft = drafts.locked(draft_id)
        newest = behind(draft)
        if newest is None:
            return CaughtUp(draft, ())
        files, clashes = _merged(draft, newest)
        if len(files) > MAX_FILES:
            raise drafts.TooMuchError(f"a pack holds at most {MAX_FILES:,} files")
        for path in sorted({*files, *draft.files}):
            if files.get(path) != draft.files.get(path):
                draft.revision += 1
                draft.saves.create(
                    revision=draft.revision, path=path, text=files.get(path), by=str(by), at=now
                )
        draft.files, draft.base = files, newest
        draft.changed_by, draft.changed_at = str(by), now
        draft.save(update_fields=["files", "base", "revision", "changed_by", "changed_at"])
        ledger.record(
            FactKind.DRAFT_CAUGHT_UP,
            by=by,
            now=now,
            subject=drafts.subject_of(draft),
            body={"base": str(rulebook.ref_of(newest)), "clashes": list(clashes)},
        )
    return CaughtUp(draft, clashes)


def _before(draft: RulebookDraft) -> Mapping[str, str]:
    return draft.base.files if draft.base is not None else {}


def _unnumbered(files: Mapping[str, str]) -> dict[str, str]:
    """Return the files of a pack without its version: each publication has a number of its own."""
    return drafts.with_version(files, "0")


def _merged(draft: RulebookDraft, newest: RulebookVersion) -> tuple[dict[str, str], tuple[str, ...]]:
    base = drafts.with_version(_before(draft), newest.version)
    mine = drafts.with_version(draft.files, newest.version)
    theirs = newest.files
    files: dict[str, str] = {}
    clashes: list[str] = []
    for path in sorted({*base, *mine, *theirs}):
        a, b, c = base.get(path), mine.get(path), theirs.get(path)
        text = b
        if b in (a, c):
            text = c
        elif c is None or b is None:
            if c != a:  # one took it away, the other wrote in it: what is written stays to be looked at
                text = b if c is None else c
                clashes.append(path)
        elif c != a:
            names = "draft", newest.version
            found = three_way.merge(a or "", b, c, names=names, marked=not path.startswith("lists/"))
            text = found.text
            clashes += [path] * bool(found.clashes)
        if text is not None:
            files[path] = text
    return drafts.with_fresh_version(files), tuple(clashes)
