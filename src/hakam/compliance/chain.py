"""How facts are chained, and the proof that nobody touched them.

The digest of a fact is the SHA-256 over `DOMAIN` and then, in this order, the fields `previous seq at kind actor
subject about body private_digest`, each as UTF-8 text behind its length in bytes (8 bytes, big-endian). `seq` is
decimal, `at` is UTC with six decimals (`2026-01-02T03:04:05.000006Z`), `about` is the canonical JSON of the sorted
further subjects. Nothing else is covered: `private` is, through its own salted digest, so that it can be erased.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

import msgspec
from django.db.models import Max

from hakam.compliance.facts import FactKind
from hakam.compliance.models import Fact, FactLink, LedgerHead
from hakam.vocabulary.finding import Finding, Severity

DOMAIN = b"hakam-fact-1\n"
GENESIS = "0" * 64
MANY_ERASED = "ledger:private"  # subject of a fact that names in its body whose private parts were erased
_CHUNK = 5_000
_ENCODER = msgspec.json.Encoder(order="sorted")
_MOVED_WITHIN = 2_000  # how far to look for the place that a moved fact came from


def canonical(value: Any) -> str:
    """Return the one JSON text of `value`: keys sorted, no spaces, UTF-8, enumerations by value."""
    return _ENCODER.encode(value).decode()


def stamp(at: datetime) -> str:
    """Return `at` in UTC with six decimals, as the digest covers it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def digest_of_private(text: str) -> str:
    """Return the digest that the chain holds in place of the private part. The salt is within the text."""
    return hashlib.sha256(text.encode()).hexdigest()


class Link(NamedTuple):
    """The covered fields of one fact, in the order in which they are covered."""

    previous: str
    seq: int
    at: datetime
    kind: str
    actor: str
    subject: str
    about: tuple[str, ...]
    body: str
    private_digest: str

    def digest(self) -> str:
        """Return the SHA-256 (hex) of this link."""
        fields = (
            self.previous,
            str(self.seq),
            stamp(self.at),
            self.kind,
            self.actor,
            self.subject,
            canonical(self.about),
            self.body,
            self.private_digest,
        )
        parts = [DOMAIN]
        for field in fields:
            raw = field.encode()
            parts += (len(raw).to_bytes(8, "big"), raw)
        return hashlib.sha256(b"".join(parts)).hexdigest()


class _Row(NamedTuple):
    seq: int
    at: datetime
    kind: str
    actor: str
    subject: str
    body: str
    private: str | None
    private_digest: str
    previous: str
    digest: str

    def link(self, about: tuple[str, ...]) -> Link:
        return Link(
            self.previous,
            self.seq,
            self.at,
            self.kind,
            self.actor,
            self.subject,
            about,
            self.body,
            self.private_digest,
        )


def _finding(code: str, seq: int, message: str, hint: str | None = None) -> Finding:
    return Finding(code=code, severity=Severity.ERROR, message=message, hint=hint, subject=f"fact:{seq}")


def _rows(upto: int) -> Iterator[tuple[_Row, tuple[str, ...]]]:
    """Yield every fact up to `upto` with its sorted links: two streams, joined in memory a chunk at a time."""
    links: Iterable[tuple[int, str]] = (
        FactLink.objects.filter(fact_id__lte=upto)
        .order_by("fact_id")
        .values_list("fact_id", "subject")
        .iterator(_CHUNK)
    )
    grouped = (
        (seq, tuple(sorted(subject for _, subject in rows))) for seq, rows in groupby(links, itemgetter(0))
    )
    pending = next(grouped, None)
    for values in (
        Fact.objects.filter(seq__lte=upto).order_by("seq").values_list(*_Row._fields).iterator(_CHUNK)
    ):
        row = _Row(*values)
        while pending is not None and pending[0] < row.seq:
            pending = next(grouped, None)
        yield row, pending[1] if pending is not None and pending[0] == row.seq else ()


def _erased() -> set[str]:
    """Return the subjects of all recorded erasures, those of one fact and those of many."""
    found: set[str] = set()
    recorded = Fact.objects.filter(kind=FactKind.LEDGER_ERASED).values_list("subject", "body")
    for subject, body in recorded.iterator(_CHUNK):
        if subject == MANY_ERASED:
            found.update(f"fact:{seq}" for seq in msgspec.json.decode(body).get("facts", ()))
        else:
            found.add(subject)
    return found


def _origin(link: Link, digest: str) -> int | None:
    """Return the place at which a fact would be sound: where it stood before it was moved."""
    for distance in range(1, _MOVED_WITHIN):
        for seq in (link.seq - distance, link.seq + distance):
            if seq > 0 and link._replace(seq=seq).digest() == digest:
                return seq
    return None


def _of_fact(row: _Row, about: tuple[str, ...], before: str | None) -> Finding | None:
    """Judge one fact. `before` is the digest of the one before it; None when that is missing or broken itself."""
    link = row.link(about)
    if link.digest() != row.digest:
        origin = _origin(link, row.digest)
        if origin is None:
            return _finding("C001", row.seq, f"fact {row.seq} (`{row.kind}` of `{row.subject}`) was altered")
        return _finding("C003", row.seq, f"fact {row.seq} was reordered: it was written as fact {origin}")
    if before is not None and row.previous != before:
        return _finding(
            "C003",
            row.seq,
            f"fact {row.seq} does not follow fact {row.seq - 1}",
            f"fact {row.seq - 1} was replaced by another, or facts were reordered",
        )
    return None


def verify_chain() -> Iterator[Finding]:
    """Walk the whole ledger and yield what is broken: which fact, and how. An intact ledger yields nothing."""
    last = Fact.objects.aggregate(last=Max("seq"))["last"] or 0
    head = LedgerHead.objects.filter(pk=1).first()
    end, digest = (head.seq, head.digest) if head else (0, GENESIS)
    erased: set[str] | None = None
    before: str | None = GENESIS
    expected = 1
    for row, about in _rows(max(end, last)):
        if row.seq > expected:
            yield _gap(expected, row.seq - 1)
            before = None
        broken = _of_fact(row, about, before)
        if broken is not None:
            yield broken
        if row.private is not None and digest_of_private(row.private) != row.private_digest:
            yield _finding("C005", row.seq, f"the private part of fact {row.seq} was altered")
        if row.private is None and row.private_digest:
            erased = _erased() if erased is None else erased
            if f"fact:{row.seq}" not in erased:
                yield _finding(
                    "C006",
                    row.seq,
                    f"the private part of fact {row.seq} is gone, and no fact says who erased it",
                )
        before, expected = row.digest if broken is None else None, row.seq + 1
    if expected <= end:
        yield _gap(expected, end)
    elif last > end or (before is not None and before != digest):
        yield _finding(
            "C004",
            end,
            f"the head of the ledger names fact {end}, the last fact is {expected - 1}"
            if last != end
            else f"the head of the ledger does not hold the digest of fact {end}",
            "facts were appended or cut off other than by `hakam.compliance.ledger.record`",
        )


def _gap(first: int, last: int) -> Finding:
    if first == last:
        return _finding("C002", first, f"fact {first} is missing")
    return _finding("C002", first, f"facts {first} to {last} are missing")
