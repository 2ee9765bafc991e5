"""Drafts of the rule book: a pack that people write, file by file, before anybody is judged by it.

Each save names the revision of the file that its writer saw. Whoever saw an older one gets the newer text back and
loses nothing: a second window, a colleague or a crash never overwrites what was written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from django.db import transaction

from hakam.compliance import ledger, rulebook
from hakam.compliance.direction import settled
from hakam.compliance.facts import FactKind
from hakam.compliance.models import RulebookDraft, RulebookDraftSave, RulebookVersion
from hakam.compliance.storable import storable
from hakam.policy.pack import MAX_FILES
from hakam.vocabulary.actor import Actor

MAX_FILE: Final = 2_000_000  # characters
MAX_TITLE: Final = 200
ONE_SITTING: Final = timedelta(minutes=10)
"""Saves of one person in one file that follow each other so soon are one entry of the history."""

PATHS: Final = re.compile(
    r"(pack|policies|rules|terms|tests|params|tuned)\.yaml"
    r"|(rules|tests|policies)/[a-z0-9][a-z0-9_-]{0,63}\.yaml"
    r"|lists/[a-z0-9][a-z0-9-]{0,63}\.txt"
    r"|(README|CHANGELOG)\.md|LICENSE|NOTICE"
)
_VERSION: Final = re.compile(r"""^(version:[ \t]*)(["']?)([^"'\s#]+)\2""", re.MULTILINE)
_LAST_NUMBER: Final = re.compile(r"(\d+)(?!.*\d)")


class DraftState(StrEnum):
    """What became of a draft."""

    OPEN = "open"
    PUBLISHED = "published"
    DISCARDED = "discarded"


class DraftError(ValueError):
    """The draft can't be changed as asked. Nothing was changed."""


class UnsaidError(DraftError):
    """What it is for, or why it ends, was not said."""


class WrongFileError(DraftError):
    """A pack has no file of this name."""


class TooMuchError(DraftError):
    """More than a pack can hold."""


class DraftOverError(DraftError):
    """The draft is not there, or was published or laid aside."""


class DraftConflictError(DraftError):
    """The file was changed since whoever saves it read it. `theirs` is the save that came first."""

    def __init__(self, path: str, theirs: RulebookDraftSave) -> None:
        self.theirs = theirs
        super().__init__(f"`{path}` was changed by {theirs.by} in the meantime")


def subject_of(draft: RulebookDraft) -> str:
    """Return the name of a draft in the ledger."""
    return f"draft:{draft.pk}"


def begin(title: str, *, by: Actor, now: datetime, files: Mapping[str, str] | None = None) -> RulebookDraft:
    """Begin a draft on the version in force, or on `files`. Its version is one that was never published.

    Raises `UnsaidError` without a title.
    """
    title = settled(storable(title)).strip()[:MAX_TITLE]
    if not title:
        raise UnsaidError("say what the draft is for")
    base = rulebook.active()
    given = dict(files) if files is not None else dict(base.files) if base is not None else dict(_EMPTY)
    with transaction.atomic():
        draft = RulebookDraft.objects.create(
            title=title,
            base=base,
            files=with_fresh_version(given),
            revision=0,
            state=DraftState.OPEN,
            created_by=str(by),
            created_at=now,
            changed_by=str(by),
            changed_at=now,
        )
        ledger.record(
            FactKind.DRAFT_BEGUN,
            by=by,
            now=now,
            subject=subject_of(draft),
            body={"title": title, "base": str(rulebook.ref_of(base)) if base is not None else None},
        )
    return draft


_EMPTY: Final = {
    "pack.yaml": 'id: house-rules\nversion: "1.0.0"\nmaturity: experimental\nlanguages: [en, ar]\n',
    "policies.yaml": "",
}


def with_fresh_version(files: Mapping[str, str]) -> dict[str, str]:
    """Return the files with the next version in `pack.yaml` that was never published; unread versions stay."""
    head = files.get("pack.yaml", "")
    found = _VERSION.search(head)
    if found is None:
        return dict(files)
    taken = set(RulebookVersion.objects.values_list("version", flat=True))
    version = found[3]
    if version not in taken:
        return dict(files)
    while version in taken:
        number = _LAST_NUMBER.search(version)
        if number is None:
            version += ".1"
        else:
            version = f"{version[: number.start()]}{int(number[1]) + 1}{version[number.end() :]}"
    return with_version(files, version)


def with_version(files: Mapping[str, str], version: str) -> dict[str, str]:
    """Return the files with another version in `pack.yaml`; one that can't be read stays."""
    head = files.get("pack.yaml", "")
    found = _VERSION.search(head)
    if found is None:
        return dict(files)
    return {**files, "pack.yaml": f'{head[: found.start()]}{found[1]}"{version}"{head[found.end() :]}'}


def save(
    draft_id: int,
    *,
    path: str,
    text: str | None,
    seen: int,
    by: Actor,
    now: datetime,
    apart: bool = False,
) -> RulebookDraft:
    """Write a file of a draft, or remove it (`text` None). `seen` is the revision at which its writer read it.

    The same text again changes nothing. `apart`: an entry of its own in the history, so that the text before stays
    there to be read, as when two texts had met. Raises `DraftConflictError`, and `DraftError` for a draft that is
    over, a name that no pack knows and a file that is too large.
    """
    text = None if text is None else even(text)
    if not PATHS.fullmatch(path):
        raise WrongFileError(f"`{path[:100]}` is no file of a pack; rules stand in `rules/name.yaml`")
    if text is not None and len(text) > MAX_FILE:
        raise TooMuchError(f"a file holds at most {MAX_FILE:,} characters")
    with transaction.atomic():
        draft = locked(draft_id)
        if draft.files.get(path) == text:
            return draft
        if path not in draft.files and len(draft.files) >= MAX_FILES:
            raise TooMuchError(f"a pack holds at most {MAX_FILES:,} files")
        last = draft.saves.filter(path=path).order_by("-revision").first()
        if last is not None and last.revision > seen:
            raise DraftConflictError(path, last)
        newest = draft.saves.order_by("-revision").first()
        draft.revision += 1
        if (
            not apart
            and last is not None
            and last == newest
            and last.by == str(by)
            and last.text is not None
            and text is not None
            and now - last.at <= ONE_SITTING
        ):
            last.revision, last.text, last.at = draft.revision, text, now
            last.save(update_fields=["revision", "text", "at"])
        else:
            draft.saves.create(revision=draft.revision, path=path, text=text, by=str(by), at=now)
        if text is None:
            del draft.files[path]
        else:
            draft.files[path] = text
        draft.changed_by, draft.changed_at = str(by), now
        draft.save(update_fields=["files", "revision", "changed_by", "changed_at"])
    return draft


def discard(draft_id: int, *, because: str, by: Actor, now: datetime) -> RulebookDraft:
    """Lay a draft aside; its text stays. Raises `DraftError` if it is over, or without a reason."""
    because = settled(storable(because)).strip()
    if not because:
        raise UnsaidError("say why the draft is laid aside")
    with transaction.atomic():
        draft = locked(draft_id)
        draft.state = DraftState.DISCARDED
        draft.save(update_fields=["state"])
        ledger.record(
            FactKind.DRAFT_DISCARDED, by=by, now=now, subject=subject_of(draft), body={"because": because}
        )
    return draft


def even(text: str) -> str:
    """Return a text as packs hold it: lines end in one way, and both databases can store it."""
    whole: str = storable(text.replace("\r\n", "\n").replace("\r", "\n"))
    return whole.encode("utf-8", "replace").decode()


def find(draft_id: int) -> RulebookDraft | None:
    """Return a draft, or None."""
    return RulebookDraft.objects.filter(pk=draft_id).select_related("base").first()


def drafts() -> list[RulebookDraft]:
    """Return the open drafts, the one that was changed last first, without their files."""
    return list(
        RulebookDraft.objects.filter(state=DraftState.OPEN)
        .defer("files")
        .select_related("base")
        .order_by("-changed_at", "-pk")
    )


def changed_files(draft: RulebookDraft) -> dict[str, str]:
    """Return the paths that differ from the base, each with `added`, `changed` or `removed`."""
    before: Mapping[str, str] = draft.base.files if draft.base is not None else {}
    out = {path: "changed" if path in before else "added"
           for path, text in draft.files.items() if before.get(path) != text}  # fmt: skip
    return {**out, **{path: "removed" for path in before if path not in draft.files}}


def history(draft: RulebookDraft, path: str) -> list[RulebookDraftSave]:
    """Return who saved a file and when, the newest first, at most fifty."""
    return list(draft.saves.filter(path=path).order_by("-revision")[:50])


def seen_at(draft: RulebookDraft, path: str) -> int:
    """Return the revision that whoever reads the file now has seen."""
    newest = draft.saves.filter(path=path).order_by("-revision").values_list("revision", flat=True).first()
    return newest or 0


def locked(draft_id: int) -> RulebookDraft:
    """Return an open draft, locked until the transaction ends. Raises `DraftError`."""
    draft = RulebookDraft.objects.select_for_update(of=("self",)).filter(pk=draft_id).first()
    if draft is None:
        raise DraftOverError(f"there is no draft {draft_id}")
    if draft.state != DraftState.OPEN:
        raise DraftOverError(f"the draft is {draft.state}; begin another one")
    return draft
