"""Raw copies and personal data of a case: closed until somebody who may opens them, which is a fact."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.review.access import readable
from hakam.staff.models import User
from hakam.staff.roles import Permission
from hakam.storage.vault import DamagedEvidenceError, Vault


@dataclass(frozen=True)
class RawCopy:
    """A frozen copy as it came."""

    kind: str
    digest: str
    text: str  # of the bytes; what is no UTF-8 is replaced
    damaged: str = ""


@dataclass(frozen=True)
class PersonalData:
    """What a case holds about persons."""

    author_id: str
    author_email: str
    copies: tuple[RawCopy, ...]


def reveal_personal_data(case_id: int, *, user: User, now: datetime, vault: Vault) -> PersonalData | None:
    """Open the raw copies and addresses of a case, with a fact.

    None if absent or not this person's to open.
    """
    case = readable(user).filter(pk=case_id).first()
    if case is None or not user.may(Permission.PERSONAL_DATA_READ):
        return None
    copies = []
    for copy in case.evidence.order_by("captured_at", "pk"):
        try:
            text, damaged = vault.get(copy.digest).decode("utf-8", "replace"), ""
        except KeyError:
            text, damaged = "", "absent"
        except DamagedEvidenceError as error:
            text, damaged = "", str(error)
        copies.append(RawCopy(copy.kind, copy.digest, text, damaged))
    with transaction.atomic():
        ledger.record(
            FactKind.PERSONAL_DATA_REVEALED,
            by=user.actor,
            now=now,
            subject=f"case:{case.pk}",
            body={"digests": [copy.digest for copy in copies]},
        )
    return PersonalData(case.author_id, case.author_email, tuple(copies))
