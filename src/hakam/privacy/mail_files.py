"""Letters that were written to files, where there is no mail server: whose contents were erased go here as well.

What stays of such a file proves that a letter went: when, from whom, and which message of the outbox it was. To whom it
went and what it said are gone (GDPR Art. 17(1)).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from email import message_from_bytes
from itertools import islice
from pathlib import Path
from typing import Final
from uuid import UUID

from hakam.enforcement.models import Effect
from hakam.storage.embedded.durable import write_whole

ERASED: Final = "[erased]"
FOLDER: Final = "mail"
_KEPT: Final = ("Message-ID", "Date", "From", "Auto-Submitted", "Content-Language")
_BETWEEN: Final = re.compile(rb"^-{79}\r?\n", re.MULTILINE)  # what Django writes behind each letter of a file
_NUMBER: Final = re.compile(r"<([0-9a-fA-F-]{36})@")
_AT_ONCE: Final = 200  # files whose letters are asked for together


def redact(folders: Iterable[Path], *, limit: int) -> int:
    """Take addressee and contents out of the next files whose letters were erased in the outbox; return how many."""
    done = 0
    waiting = _unread(folders)
    while some := dict(islice(waiting, _AT_ONCE)):
        numbers = {number for letters in some.values() for number, _letter in letters if number is not None}
        gone = set(Effect.objects.filter(pk__in=numbers, payload={}).values_list("pk", flat=True))
        for path, letters in some.items():
            if not any(number in gone for number, _letter in letters):
                continue
            kept = [_proof(letter) if number in gone else letter for number, letter in letters]
            # Whole or not at all: the proof of other letters stands in the same file.
            whole = b"".join(letter + b"-" * 79 + b"\n" for letter in kept)
            write_whole(path, whole, mode=path.stat().st_mode & 0o777)
            done += 1
            if done == limit:
                return done
    return done


def _unread(folders: Iterable[Path]) -> Iterator[tuple[Path, list[tuple[UUID | None, bytes]]]]:
    """Yield each file in which a letter still has an addressee, with its letters."""
    for folder in folders:
        if folder.name != FOLDER or not folder.is_dir():
            continue
        for path in sorted(folder.glob("*")):
            if not path.is_file():
                continue
            letters = [one for one in _BETWEEN.split(path.read_bytes()) if one.strip()]
            found = [(_number(letter), letter) for letter in letters]
            if any(number is not None for number, _letter in found):
                yield path, found


def _number(letter: bytes) -> UUID | None:
    """Return which message of the outbox a letter is; None of what is none, or was erased."""
    headers = message_from_bytes(letter)
    found = _NUMBER.match(str(headers["Message-ID"] or ""))
    if found is None or headers["To"] == ERASED:
        return None
    return UUID(found.group(1))


def _proof(letter: bytes) -> bytes:
    headers = message_from_bytes(letter)
    lines = [f"{name}: {headers[name]}" for name in _KEPT if headers[name]]
    return "\n".join([*lines, f"To: {ERASED}", "", ERASED, ""]).encode()
