"""StopNCII: answers of `FetchHashes`. A record replaces the earlier one whole; its status says whether it still stands.

`Withdrawn` and `Deleted` are the wish of the person in the picture: such a hash goes at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.utils.translation import gettext as _

from hakam.banks.formats.form import About, FormatError, Leaving, decoded, encoded, listed, text_of
from hakam.banks.rows import BadRow, Read, row
from hakam.vocabulary.bank import EntryKind

_KINDS = {"ImagePDQ": EntryKind.PDQ, "VideoMD5": EntryKind.MD5}
_TYPES = {kind: name for name, kind in _KINDS.items()}
_GONE = frozenset({"Withdrawn", "Deleted"})
_STANDS = frozenset({"Received", "Active"})


def read(data: bytes, _kind: EntryKind | None = None) -> Iterator[Read]:
    """Yield the rows of an answer; places are records."""
    answer = decoded(data)
    if not isinstance(answer, dict):
        raise FormatError(_("an answer of StopNCII is an object with `hashRecords`"))
    for number, one in enumerate(listed(answer.get("hashRecords"), "hashRecords"), 1):
        if not isinstance(one, dict):
            yield BadRow(number, "no object")
            continue
        named, status = text_of(one.get("signalType")), text_of(one.get("hashStatus"))
        kind = _KINDS.get(named)
        if kind is None:
            yield BadRow(number, f"the signal type {named[:40]!r} can't be looked up")
        elif status not in _GONE and status not in _STANDS:
            yield BadRow(number, f"the status {status[:40]!r} does not say whether the hash stands")
        else:
            cases = one.get("caseNumbers")
            item = next(iter(cases), "") if isinstance(cases, dict) else ""
            yield row(number, kind, text_of(one.get("hashValue")), item=text_of(item), gone=status in _GONE)


def write(_about: About, entries: Iterable[Leaving]) -> Iterator[bytes]:
    """Yield the entries as an answer; kinds that StopNCII does not know are left out."""
    records = [
        {
            "lastModtimestamp": int(one.added_at.timestamp()),
            "signalType": _TYPES[one.kind],
            "hashValue": one.digest,
            "hashStatus": "Active",
            "caseNumbers": {one.item: "Active"} if one.item else {},
            "CSPFeedbacks": [],
        }
        for one in entries
        if one.kind in _TYPES
    ]
    yield from encoded(
        {"count": len(records), "nextPageToken": "", "hasMoreRecords": False, "hashRecords": records}
    )
