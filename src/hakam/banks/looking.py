"""Looking something up in the banks in force, as the door does, for people who want to know what it would say."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

from django.utils.translation import gettext as _

from hakam.banks import publication
from hakam.banks.kinds import BankError
from hakam.signals.bulletins import account_digest, url_digest
from hakam.signals.fold import fold, split_words
from hakam.signals.near_duplicates import simhash
from hakam.storage.known_content import KnownContent, Seen
from hakam.vocabulary.bank import BULLETINS, DIGITS, MADE, EntryKind

_HEX = re.compile(r"[0-9a-f]+")


def look_up(
    home: Path, given: str, *, now: datetime, kind: EntryKind | None = None
) -> tuple[Seen, list[str]]:
    """Return what the banks say of a hash in hex, or of a text, and which banks could not be asked.

    Without `kind`, whatever is hex of a hash's length is taken for one (64 digits: SHA-256 and PDQ), the rest for a
    text. Raises `BankError` for what can't be looked up.
    """
    known = KnownContent(home, publication.in_force(home, now=now))
    digest = given.strip().lower()
    if _HEX.fullmatch(digest):
        fit = [k for k in ([kind] if kind else EntryKind) if DIGITS.get(k) == len(digest)]
        if fit:
            return known.find([(k, digest, None) for k in fit], now.timestamp()), known.troubles
    if kind in MADE:
        raise BankError(_("clips, recordings and landmarks are looked up by their file: `hakam bank look`"))
    if kind not in {None, EntryKind.TEXT, *BULLETINS}:
        raise BankError(
            _("a hash of kind %(kind)s has %(kind2)s hex digits") % {"kind": kind, "kind2": DIGITS[kind]}
            if kind
            else _("no hash")
        )
    named = [(EntryKind.URL, url_digest(given)), (EntryKind.ACCOUNT, account_digest(given))]
    fit_names = [(k, found, None) for k, found in named if found is not None and kind in {None, k}]
    if fit_names and len(given.split()) == 1:
        return known.find(fit_names, now.timestamp()), known.troubles
    hash_ = simhash(split_words(fold(given)))
    if hash_ is None:
        raise BankError(_("no hash, and as a text it is too short to be told apart: 24 letters at least"))
    return known.find([(EntryKind.TEXT, f"{hash_:016x}", None)], now.timestamp()), known.troubles
