"""The answers to a removal order as documents: Annex II after the removal, Annex III where it is impossible.

# TCO Art. 3(6) with Annex II, TCO Art. 3(7) and TCO Art. 3(8) with Annex III: sections A to C, every field, as PDF, in
the language of the order where we have it. It goes with the letter to the registered address, which says the same in
words, and can be sent the way on which the order came. Staff read it in their own language beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from hakam.intake import annex_words
from hakam.intake.models import Order
from hakam.intake.order_contents import OrderKind, missing
from hakam.intake.orders import contents_of, subject_of
from hakam.regulator import contacts

ANSWERS: Final = (2, 3)
_BOX: Final = {True: "\u2612", False: "\u2610"}
Section = tuple[str, tuple[tuple[str, str], ...]]


class AnnexAnswerError(ValueError):
    """There is no such answer to this order."""


def _at(moment: datetime | None) -> str:
    if moment is None:
        return ""
    return f"{localtime(moment):%d.%m.%Y %H:%M %Z} ({moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC)"


def sections(
    order: Order, annex: int, *, provider: str, person: str, now: datetime, language: str = ""
) -> list[Section]:
    """Return the fields of an annex, filled from the order and what was done on it.

    `provider` is who we are, `person` who signs, `language` that of the labels, by default the order's. Raises
    `AnnexAnswerError` where the order is no removal order, or was not carried out (Annex II) or not returned
    (Annex III).
    """
    if annex not in ANSWERS or order.kind != OrderKind.REMOVAL:
        raise AnnexAnswerError(_("only a removal order is answered by an annex"))
    if annex == 2 and order.carried_out_at is None:  # noqa: PLR2004 -- Annex II
        raise AnnexAnswerError(_("the order is not carried out yet"))
    said, reach = contents_of(order), contacts.contacts_of(order.platform)
    language = language or annex_words.language_of(order, said)
    word = annex_words.of(language)
    about = (
        (word["addressee"], provider),
        (word["authority"], f"{order.authority.name} ({order.authority.country})"),
        (word["theirs"], said.reference),
        (word["ours"], str(order.pk)),
        (word["received"], _at(order.received_at)),
    )
    signed = (
        (word["name"], reach.representative_name or provider),
        (word["state"], reach.representative_state or profile_of(order.platform).established),
        (word["person"], person),
        (word["email"], reach.removal_email or reach.authorities_email),
        (word["date"], _at(now)),
    )
    middle = _measures(order, word) if annex == 2 else _grounds(order, language)  # noqa: PLR2004 -- the same
    return [("A", about), ("B", middle), ("C", signed)]


def _measures(order: Order, word: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    said = contents_of(order)
    return (
        (f"{_BOX[True]} {word['removed']}", word["everywhere"]),
        (f"{_BOX[False]} {word['disabled']}", ""),
        (word["measure"], _at(order.carried_out_at)),
        *((word["address"] % {"n": n}, url) for n, url in enumerate(said.urls, 1)),
    )


def _grounds(order: Order, language: str) -> tuple[tuple[str, str], ...]:
    word = annex_words.of(language)
    found = facts_of(subject_of(order), FactKind.ORDER_RETURNED)
    if not found:
        raise AnnexAnswerError(_("the order was not returned to the authority"))
    newest = found[-1]
    impossible = bool(ledger.body_of(newest).get("impossible"))
    lacking = ledger.body_of(newest).get("missing", [])
    because = (ledger.private_of(newest) or {}).get("because", "")
    named = [
        f"{one.law}: {annex_words.needed(one, language)}"
        for one in missing(contents_of(order))
        if one.field in lacking
    ]
    return (
        (f"{_BOX[impossible]} {word['impossible']}", because if impossible else ""),
        (
            f"{_BOX[not impossible and not lacking]} {word['errors']}",
            because if not impossible and not lacking else "",
        ),
        (f"{_BOX[bool(lacking)]} {word['insufficient']}", because if lacking else ""),
        *((word["needed"] % {"n": n}, text) for n, text in enumerate(named or lacking, 1)),
    )


def attached(
    order: Order, *, annex: int, provider: str, person: str, now: datetime
) -> tuple[Attachment, ...]:
    """Return what goes with the letter that answers an order: the annex of a removal order, nothing otherwise."""
    if order.kind != OrderKind.REMOVAL:
        return ()
    filled = sections(order, annex, provider=provider, person=person, now=now)
    data = pdf(annex, filled, language=language_of(order), now=now)
    return (Attachment(f"annex-{annex}-{order.pk}.pdf", "application/pdf", data),)


def language_of(order: Order) -> str:
    """Return the language in which a removal order is answered."""
    return annex_words.language_of(order, contents_of(order))


def pdf(annex: int, filled: Sequence[Section], *, now: datetime, language: str = "en") -> bytes:
    """Return an annex as PDF, in every letter of the languages of the Union and in Arabic."""
    word = annex_words.of(language)
    blocks: list[Block] = [Heading(word[f"title{annex}"]), Prose(word[f"article{annex}"])]
    for letter, rows in filled:
        blocks += [
            Heading(f"{word['section']} {letter}"),
            Table(("", ""), tuple((label, own(value)) for label, value in rows), widths=(2, 3), named=False),
        ]
    return setting.pdf(
        Document(title=f"{word['annex']} {'I' * annex}", language=language, blocks=tuple(blocks), made_at=now)
    )
