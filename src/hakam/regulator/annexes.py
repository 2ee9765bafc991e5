"""The answers to a removal order as documents: Annex II after the removal, Annex III where it is impossible.

# TCO Art. 3(6) with Annex II, TCO Art. 3(7) and TCO Art. 3(8) with Annex III: sections A to C, every field, as PDF. It
goes with the letter to the registered address, which says the same in words, and can be sent the way on which the
order came.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from hakam.compliance import ledger
from hakam.compliance.access import facts_of
from hakam.compliance.facts import FactKind
from hakam.compliance.profile import profile_of
from hakam.documents import setting
from hakam.documents.document import Block, Document, Heading, Prose, Table, own
from hakam.enforcement.letters import Attachment
from hakam.intake.models import Order
from hakam.intake.order_contents import OrderKind, missing
from hakam.intake.orders import contents_of, subject_of
from hakam.regulator import contacts

ANSWERS: Final = (2, 3)
_TITLES: Final = {
    2: "FEEDBACK FOLLOWING THE REMOVAL OF OR THE DISABLING OF ACCESS TO TERRORIST CONTENT",
    3: "INFORMATION ON THE IMPOSSIBILITY TO EXECUTE THE REMOVAL ORDER",
}
_ARTICLES: Final = {2: "Article 3(6)", 3: "Article 3(7) and (8)"}
_BOX: Final = {True: "\u2612", False: "\u2610"}
Section = tuple[str, tuple[tuple[str, str], ...]]


class AnnexAnswerError(ValueError):
    """There is no such answer to this order."""


def _at(moment: datetime | None) -> str:
    if moment is None:
        return ""
    return f"{localtime(moment):%d.%m.%Y %H:%M %Z} ({moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC)"


def sections(order: Order, annex: int, *, provider: str, person: str, now: datetime) -> list[Section]:
    """Return the fields of an annex, filled from the order and what was done on it.

    `provider` is who we are, `person` who signs. Raises `AnnexAnswerError` where the order is no removal order, or was
    not carried out (Annex II) or not returned (Annex III).
    """
    if annex not in ANSWERS or order.kind != OrderKind.REMOVAL:
        raise AnnexAnswerError(_("only a removal order is answered by an annex"))
    if annex == 2 and order.carried_out_at is None:  # noqa: PLR2004 -- Annex II
        raise AnnexAnswerError(_("the order is not carried out yet"))
    said, reach = contents_of(order), contacts.contacts_of(order.platform)
    about = (
        ("Addressee of the removal order", provider),
        ("Competent authority that issued it", f"{order.authority.name} ({order.authority.country})"),
        ("File reference of the competent authority", said.reference),
        ("File reference of the addressee", str(order.pk)),
        ("Time and date of receipt of the removal order", _at(order.received_at)),
    )
    signed = (
        ("Name of the hosting service provider or representative", reach.representative_name or provider),
        (
            "Member State of main establishment or of the legal representative",
            reach.representative_state or profile_of(order.platform).established,
        ),
        ("Name of the authorised person", person),
        ("E-mail address of the contact point", reach.removal_email or reach.authorities_email),
        ("Date and time", _at(now)),
    )
    return [("A", about), ("B", _measures(order) if annex == 2 else _grounds(order)), ("C", signed)]  # noqa: PLR2004 -- the same


def _measures(order: Order) -> tuple[tuple[str, str], ...]:
    said = contents_of(order)
    return (
        (f"{_BOX[True]} Removed the terrorist content", "in all Member States"),
        (f"{_BOX[False]} Disabled access to it in all Member States", ""),
        ("Time and date of the measure taken", _at(order.carried_out_at)),
        *((f"Address {n}", url) for n, url in enumerate(said.urls, 1)),
    )


def _grounds(order: Order) -> tuple[tuple[str, str], ...]:
    found = facts_of(subject_of(order), FactKind.ORDER_RETURNED)
    if not found:
        raise AnnexAnswerError(_("the order was not returned to the authority"))
    newest = found[-1]
    impossible = bool(ledger.body_of(newest).get("impossible"))
    lacking = ledger.body_of(newest).get("missing", [])
    because = (ledger.private_of(newest) or {}).get("because", "")
    named = [f"{one.law}: {one.needed}" for one in missing(contents_of(order)) if one.field in lacking]
    return (
        (f"{_BOX[impossible]} Force majeure or de facto impossibility", because if impossible else ""),
        (
            f"{_BOX[not impossible and not lacking]} Manifest errors",
            because if not impossible and not lacking else "",
        ),
        (f"{_BOX[bool(lacking)]} Insufficient information", because if lacking else ""),
        *((f"Needed {n}", text) for n, text in enumerate(named or lacking, 1)),
    )


def attached(
    order: Order, *, annex: int, provider: str, person: str, now: datetime
) -> tuple[Attachment, ...]:
    """Return what goes with the letter that answers an order: the annex of a removal order, nothing otherwise."""
    if order.kind != OrderKind.REMOVAL:
        return ()
    filled = sections(order, annex, provider=provider, person=person, now=now)
    return (Attachment(f"annex-{annex}-{order.pk}.pdf", "application/pdf", pdf(annex, filled, now=now)),)


def pdf(annex: int, filled: Sequence[Section], *, now: datetime) -> bytes:
    """Return an annex as PDF, in every letter of the languages of the Union and in Arabic."""
    blocks: list[Block] = [
        Heading(_TITLES[annex]),
        Prose(f"{_ARTICLES[annex]} of Regulation (EU) 2021/784"),
    ]
    for letter, rows in filled:
        blocks += [
            Heading(f"SECTION {letter}"),
            Table(("", ""), tuple((label, own(value)) for label, value in rows), widths=(2, 3), named=False),
        ]
    return setting.pdf(
        Document(title=f"ANNEX {'I' * annex}", language="en", blocks=tuple(blocks), made_at=now)
    )
