"""From a picture to the rows under which a bank keeps it.

The file's own hash, PDQ of what people do to it, and its landmarks, by which it is found inside other pictures.
"""

from __future__ import annotations

from hashlib import sha256
from typing import NamedTuple

from django.utils.translation import gettext as _

from hakam.banks.kinds import BankError
from hakam.banks.rows import BadRow, Read, made, row
from hakam.media.sandbox import Sandbox, UnreadableError
from hakam.vocabulary.bank import EntryKind

_MOST_NAME = 120


class Kept(NamedTuple):
    """The rows of a picture, and what was done to it before each PDQ was taken, by digest."""

    rows: list[Read]
    variants: dict[str, str]


def kept_as(data: bytes, *, label: str, sandbox: Sandbox, landmarks: bool = False) -> Kept:
    """Return the rows of a picture: SHA-256 of the file, PDQ of it mirrored, turned, cropped and without its border.

    With `landmarks` also those, so that it is found off centre, written over and inside other pictures. All have one
    `item`, so they are withdrawn together. Raises `BankError` for a file that is no picture, and for one with too
    little structure to be known again.
    """
    try:
        hashes, marks, _whole = sandbox.look(data, bank=True, landmarks=landmarks)
    except UnreadableError as error:
        raise BankError(str(error)) from error
    good = [one for one in hashes if one.good]
    if not good:
        raise BankError(_("the picture has too little structure: its hash would match what has none"))
    digest = sha256(data).hexdigest()
    item = f"picture-{digest[:16]}"
    rows = [row(1, EntryKind.SHA256, digest, item=item, label=label[:_MOST_NAME])]
    variants: dict[str, str] = {}
    for one in good:
        if one.digest not in variants:
            variants[one.digest] = one.name[:64]
            rows.append(row(1, EntryKind.PDQ, one.digest, item=item, label=label[:_MOST_NAME]))
    if marks:
        rows.append(made(EntryKind.LANDMARKS, marks, item=item, label=label[:_MOST_NAME]))
    return Kept([one for one in rows if not isinstance(one, BadRow)], variants)
