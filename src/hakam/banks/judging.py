"""The verb that says whether a match was right: what sources want to hear, and what tells a bad entry."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from hakam.banks.keeping import locked, subject_of
from hakam.banks.kinds import BankError
from hakam.banks.models import BankFeedback
from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.vocabulary.actor import Actor

_LONGEST_NOTE = 500


def judge_entry(
    name: str, entry: int, *, correct: bool, by: Actor, now: datetime, note: str = ""
) -> BankFeedback:
    """Say that a match of an entry was right or wrong; a later word of the same person replaces the earlier.

    Raises `BankError` for an entry that the bank does not have.
    """
    if len(note) > _LONGEST_NOTE:
        raise BankError(_("a note has at most %(longest_note)s characters") % {"longest_note": _LONGEST_NOTE})
    with transaction.atomic():
        bank = locked(name)
        found = bank.entries.filter(pk=entry).first()
        if found is None:
            raise BankError(
                _("the bank %(name)s has no entry %(entry)s") % {"name": repr(name), "entry": entry}
            )
        said, _fresh = BankFeedback.objects.update_or_create(
            entry=found, by=str(by), defaults={"correct": correct, "note": note.strip(), "at": now}
        )
        ledger.record(
            FactKind.BANK_JUDGED,
            by=by,
            now=now,
            subject=subject_of(name),
            body={"entry": entry, "correct": correct},
            private={"note": note.strip()} if note.strip() else None,
        )
    return said
