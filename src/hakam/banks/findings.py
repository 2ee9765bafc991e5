"""What must hold in this room at all times. `hakam doctor` runs it; docs/reference/findings.md has the codes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from hakam.banks import access
from hakam.banks.models import Bank
from hakam.compliance import rulebook
from hakam.media import ffmpeg
from hakam.policy.known_content import bank_of
from hakam.policy.tree import Field, walk
from hakam.storage.bank_shelf import Shelf, ShelfError, manifest_of
from hakam.storage.known_content import bank_folder
from hakam.vocabulary.bank import EntryKind
from hakam.vocabulary.finding import Finding, Severity

CODES = {
    "B001": "the shelf of a bank is behind its entries",
    "B002": "the shelf of a bank can't be read",
    "B003": "an example of a bank is not found",
    "B004": "a rule asks a bank that is not in force",
    "B005": "a bank has expired and still holds hashes",
    "B006": "people call more matches of an entry wrong than right",
    "B007": "no clip is looked at on this machine, and a bank keeps some",
}


_CLIPS = frozenset({EntryKind.VPDQ, EntryKind.CHROMAPRINT})


def check() -> Iterator[Finding]:
    """Yield everything that is broken in this room."""
    home: Path = settings.HAKAM.home  # where the shelves lie
    now = timezone.now()
    for told in access.told():
        bank = told.bank
        subject = f"bank:{bank.name}"
        if bank.expires_at is not None and bank.expires_at <= now and told.entries:
            yield _warning(
                "B005", f"it expired, and {told.entries:,} entries are kept without a purpose", subject,
                "`hakam bank withdraw --everything`, or give it a later end",
            )  # fmt: skip
        yield from _shelf(bank, bank_folder(home, bank.pk), subject)
        if bank.in_force(now) and not _CLIPS.isdisjoint(access.kinds_of(bank)) and not ffmpeg.available():
            said = "its clips and recordings are looked for in nothing: `ffmpeg` and `ffprobe` are missing"
            yield _warning("B007", said, subject, "install FFmpeg where the worker runs, and start it again")
        for entry, right, wrong in access.entries(bank, doubted=True, limit=200):
            if wrong > right:
                said = f"entry {entry.pk} was judged wrong {wrong} times, right {right} times"
                yield _warning("B006", said, subject, "look at it, and withdraw it if they are right")
    yield from _rules({bank.name for bank in access.in_force(now)})


def _shelf(bank: Bank, folder: Path, subject: str) -> Iterator[Finding]:
    try:
        if manifest_of(folder).revision != bank.revision:
            message = f"revision {manifest_of(folder).revision}, its entries have {bank.revision}"
            yield _error("B001", message, subject, "the worker writes it; its log says why it did not")
            return
        shelf = Shelf(folder)
    except ShelfError as error:
        yield _error("B002", str(error), subject, "delete the folder: the worker writes it anew")
        return
    for entry in bank.entries.filter(example=True).order_by("pk")[:1_000]:
        found = shelf.find(EntryKind(entry.kind), entry.digest, 0)
        if entry.pk not in {near.entry for near in found}:
            yield _error(
                "B003",
                f"entry {entry.pk} is an example and is not found",
                subject,
                "delete the shelf's folder",
            )


def _rules(known: set[str]) -> Iterator[Finding]:
    version = rulebook.active()
    if version is None:
        return
    for rule in rulebook.load(version).rules:
        asked = {
            name for node in walk(rule.when) if isinstance(node, Field) and (name := bank_of(node.spec.path))
        }
        for name in sorted(asked - known):
            yield _warning(
                "B004", f"the rule `{rule.id}` asks it, and it is not in force: the rule is unknown", f"bank:{name}",
                "create, enable or prolong the bank, or change the rule",
            )  # fmt: skip


def _error(code: str, message: str, subject: str, hint: str) -> Finding:
    return Finding(code=code, severity=Severity.ERROR, message=message, subject=subject, hint=hint)


def _warning(code: str, message: str, subject: str, hint: str) -> Finding:
    return Finding(code=code, severity=Severity.WARNING, message=message, subject=subject, hint=hint)
