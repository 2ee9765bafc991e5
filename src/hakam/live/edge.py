"""Edge snapshots of an installation: gathered from the measures that hold, kept as files, answered exactly."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from hakam.enforcement import access
from hakam.live import fuse
from hakam.live.questions import BARRING, Question, entry
from hakam.live.snapshot import Header, SnapshotError, hashes_of, split, verify, write_base, write_delta
from hakam.policy.territories import TERRITORIES
from hakam.storage.turn import in_turn
from hakam.vocabulary.event import ItemRef

VALID: Final = timedelta(hours=24)  # an edge node that got nothing new for so long knows that it is cut off
LARGEST_DELTA: Final = 0.1  # of its base, in bytes; then a new base costs edge nodes less
SMALLEST_BOUND: Final = 65_536  # bytes that a delta may always have


class Built(NamedTuple):
    """What a build made."""

    header: Header  # of the newest file
    base_bytes: int
    delta_bytes: int
    rebuilt: bool  # a new base, or only a new delta
    written: bool = True  # False: what is there was kept


def entries(platform: str, *, now: datetime, seen: set[str]) -> Iterator[bytes]:
    """Yield an entry for everything that is barred on a platform; put the territories that they name into `seen`."""
    kinds = frozenset().union(*BARRING.values())
    for held in access.standing_of(platform, kinds, now=now):
        seen.update(held.territory)
        for question, barring in BARRING.items():
            if held.kind not in barring:
                continue
            item = question is Question.ITEM
            subject = held.item_id if item else held.author_id
            if not subject:
                continue
            for place in held.territory or ("",):
                yield entry(question, subject, kind=held.item_kind if item else "", territory=place)


def barred(
    platform: str, question: Question, subject: str, *, now: datetime, kind: str = "", country: str = ""
) -> bool:
    """Answer a question exactly, from the measures that hold: what an edge node asks after a "perhaps"."""
    narrowed = (
        {"item": ItemRef(platform, kind, subject)} if question is Question.ITEM else {"author_id": subject}
    )
    found = access.standing_of(platform, BARRING[question], now=now, **narrowed)
    return any(
        not held.territory or any(country in TERRITORIES.get(place, (place,)) for place in held.territory)
        for held in found
    )


class EdgeFolder:
    """The files of one platform: `base` and `delta`, and the hashes of the base, from which deltas are made."""

    def __init__(self, home: Path, platform: str) -> None:
        self.folder = home / "edge" / platform
        self.platform = platform
        self.base, self.delta = self.folder / "base", self.folder / "delta"

    def read(self, path: Path) -> bytes | None:
        """Return one of the two files, or None where nothing was built yet."""
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return None

    def build(
        self,
        key: Ed25519PrivateKey,
        *,
        now: datetime,
        valid: timedelta = VALID,
        fresh: bool = False,
        keep: bool = False,
    ) -> Built:
        """Write what is barred at `now`: a delta to the base that is there, or both anew.

        Anew where `fresh` asks for it, where the base is missing, damaged or signed by another key, and where the delta
        would be longer than a tenth of the base. With `keep` nothing is written while nothing has changed and the last
        delta has more than half its time left. Two who build at once, the worker and somebody at a shell, do so one
        after the other: base, hashes and delta are always of one build.
        """
        with in_turn(self.folder / "lock"):
            return self._build(key, now=now, valid=valid, fresh=fresh, keep=keep)

    def _build(
        self, key: Ed25519PrivateKey, *, now: datetime, valid: timedelta, fresh: bool, keep: bool
    ) -> Built:
        seen: set[str] = set()
        listed = list(entries(self.platform, now=now, seen=seen))
        number, until = self._last_number() + 1, now + valid
        base = None if fresh else self._usable(key.public_key())
        if base is not None:
            before = self._hashes_of(base)
            if before is not None:
                after = hashes_of(listed, bytes.fromhex(split(base)[0].salt))
                delta = write_delta(
                    base, before, after, number=number, territories=seen, key=key, now=now, until=until
                )
                last = self._same(delta, key.public_key()) if keep else None
                if last is not None and last.expires_at - now.timestamp() > valid.total_seconds() / 2:
                    return Built(last, len(base), len(delta), rebuilt=False, written=False)
                if len(delta) <= max(SMALLEST_BOUND, LARGEST_DELTA * len(base)):
                    self._replace(self.delta, delta)
                    return Built(split(delta)[0], len(base), len(delta), rebuilt=False)
        base, hashes = write_base(
            listed, platform=self.platform, number=number, territories=seen, key=key, now=now, until=until
        )
        delta = write_delta(
            base, hashes, hashes, number=number, territories=seen, key=key, now=now, until=until
        )
        # In this order a crash leaves a base whose hashes are there, or hashes that fit no base and are not used.
        self._replace(
            self.folder / "hashes", bytes.fromhex(split(base)[0].salt) + hashes.astype("<u8").tobytes()
        )
        self._replace(self.base, base)
        self._replace(self.delta, delta)
        return Built(split(delta)[0], len(base), len(delta), rebuilt=True)

    def _same(self, delta: bytes, key: Ed25519PublicKey) -> Header | None:
        """Return the header of the delta that is there, if it says the same as this one."""
        with contextlib.suppress(SnapshotError):
            there = self.read(self.delta) or b""
            header, (fresh, payload) = verify(there, key), split(delta)
            if (header.base, header.territories) == (fresh.base, fresh.territories):
                return header if split(there)[1] == payload else None
        return None

    def _last_number(self) -> int:
        numbers = [0]
        for path in (self.base, self.delta):
            with contextlib.suppress(SnapshotError):
                numbers.append(split(self.read(path) or b"")[0].number)
        return max(numbers)

    def _usable(self, key: Ed25519PublicKey) -> bytes | None:
        data = self.read(self.base)
        with contextlib.suppress(SnapshotError):
            if data is not None and verify(data, key).type == "base":
                return data
        return None

    def _hashes_of(self, base: bytes) -> fuse.Hashes | None:
        header, data = split(base)[0], self.read(self.folder / "hashes")
        salt = bytes.fromhex(header.salt)
        if data is None or data[: len(salt)] != salt or len(data) != len(salt) + header.entries * 8:
            return None
        return np.frombuffer(data, "<u8", offset=len(salt)).astype(np.uint64)

    def _replace(self, path: Path, data: bytes) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
        with fresh.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
