"""What partners fetch of a shared bank: what came and what left, in the order of its revisions.

Revisions are given out under the lock of the bank, so who has read up to one misses nothing that is committed later.
"""

from __future__ import annotations

from heapq import merge
from itertools import islice
from typing import Annotated, Final, NamedTuple

import msgspec
from django.db.models import Q

from hakam.banks.formats.threatexchange import TYPES
from hakam.banks.models import Bank

LARGEST: Final = 2**63 - 1  # number that both databases hold
_PLAIN = ("", "as it is")  # what was done to a picture before it was hashed: partners make copies themselves
_KINDS = [kind.value for kind in TYPES]
_Count = Annotated[int, msgspec.Meta(ge=0, le=LARGEST)]


class Place(NamedTuple):
    """Where a reader stands: a revision, what came (0) or left (1), and the number of its row."""

    revision: _Count
    left: Annotated[int, msgspec.Meta(ge=0, le=1)] = 0
    row: _Count = 0


class Change(NamedTuple):
    """A hash that is in the bank, or that is no longer."""

    place: Place
    kind: str
    digest: str
    label: str
    corrected: bool = False  # it was told before; what is said of it has changed

    @property
    def gone(self) -> bool:
        """Whether it left."""
        return bool(self.place.left)


def shared_banks() -> list[Bank]:
    """Return the banks that partners may fetch."""
    return list(Bank.objects.filter(shared=True, enabled=True).order_by("pk"))


def shared_bank(number: int) -> Bank | None:
    """Return a bank that partners may fetch, by its number."""
    return Bank.objects.filter(pk=number, shared=True, enabled=True).first()


def changes(bank: Bank, after: Place, limit: int, *, everything: bool = False) -> list[Change]:
    """Return up to `limit` changes after a place, the oldest first.

    `everything`: also what ThreatExchange has no shape for, as clips, landmarks, and the edited copies of a picture.
    """
    came, gone = bank.entries.all(), bank.retractions.all()
    if not everything:
        told = Q(variant__in=_PLAIN, kind__in=_KINDS)
        came, gone = came.filter(told), gone.filter(told)
    again = came.filter(_after("corrected_in", after))
    came = came.filter(_after("added_in", after), corrected_in=None)
    left = gone.filter(
        Q(removed_in__gt=after.revision) | Q(removed_in=after.revision, pk__gt=after.row if after.left else 0)
    )
    ins = [
        Change(Place(revision, 0, pk), kind, digest, label)
        for pk, revision, kind, digest, label in came.order_by("added_in", "pk").values_list(
            "pk", "added_in", "kind", "digest", "label"
        )[:limit]
    ]
    corrections = [
        Change(Place(revision or 0, 0, pk), kind, digest, label, corrected=Place(added, 0, pk) <= after)
        for pk, revision, added, kind, digest, label in again.order_by("corrected_in", "pk").values_list(
            "pk", "corrected_in", "added_in", "kind", "digest", "label"
        )[:limit]
    ]
    outs = [
        Change(Place(revision, 1, pk), kind, digest, "")
        for pk, revision, kind, digest in left.order_by("removed_in", "pk").values_list(
            "pk", "removed_in", "kind", "digest"
        )[:limit]
    ]
    return list(islice(merge(ins, corrections, outs), limit))


def _after(field: str, after: Place) -> Q:
    """Return what tells rows that came, by the revision in `field`, after a place."""
    later = Q(**{f"{field}__gt": after.revision})
    return later if after.left else later | Q(**{field: after.revision, "pk__gt": after.row})
