"""What is written about an order: to the authority (receipt, Annex II, Annex III, feedback), and to the recipient.

The fields of TCO Annexes II and III stand in the letter by their sections, A to C.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
from django.utils import translation
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from hakam.intake import annex_words
from hakam.intake.models import Order
from hakam.intake.order_contents import DISCLOSES, Contents, OrderKind

if TYPE_CHECKING:
    from hakam.intake.order_contents import Missing


class Told(msgspec.Struct, frozen=True):
    """A letter: a subject and paragraphs of plain text."""

    subject: str
    paragraphs: tuple[str, ...]


def _at(moment: datetime | None) -> str:
    """Return an instant as an authority reads it: local and, beyond doubt, in UTC."""
    if moment is None:
        return "-"
    return f"{date_format(localtime(moment), 'DATETIME_FORMAT')} ({moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC)"


def _head(order: Order, contents: Contents) -> str:
    # Annex II and III, section A
    line = _(
        "A. Issuing authority: %(authority)s (%(country)s). Your file reference: %(theirs)s. "
        "Our file reference: %(ours)s. Received: %(received)s."
    )
    return line % {
        "authority": order.authority.name,
        "country": order.authority.country,
        "theirs": contents.reference or "-",
        "ours": str(order.pk),
        "received": _at(order.received_at),
    }


def language_of(order: Order, contents: Contents) -> str:
    """Return in which language the authority is written to: of a removal order its own, else the authority's."""
    if contents.kind is OrderKind.REMOVAL and order.authority.language not in annex_words.AIDS:
        return annex_words.language_of(order, contents)
    return str(order.authority.language)


def receipt(order: Order, contents: Contents) -> Told:
    """Word the receipt (DSA Art. 9(1), DSA Art. 10(1))."""
    with translation.override(language_of(order, contents)):
        title = _("Your order %(reference)s has arrived")
        looked_at = _("It is looked at now. You are told what effect is given to it, and when.")
        return Told(
            title % {"reference": contents.reference or order.pk}, (_head(order, contents), looked_at)
        )


def returned(
    order: Order, contents: Contents, lacking: Sequence[Missing], *, because: str, impossible: bool
) -> Told:
    """Word why the order can't be carried out: Annex III for a removal order, with the exact missing elements."""
    language = language_of(order, contents)
    with translation.override(language):
        if impossible:
            reason = _("B. Reason: force majeure or de facto impossibility.")
        elif lacking:
            reason = _(
                "B. Reason: the order does not contain sufficient information. These elements are missing:"
            )
        else:
            reason = _("B. Reason: the order contains manifest errors.")
        named = tuple(f"- {one.law}: {one.needed}" for one in lacking)
        title = _("Your order %(reference)s can't be carried out as it is")
        if contents.kind is OrderKind.REMOVAL:
            title = _(
                "Impossible to execute removal order %(reference)s (Annex III, Regulation (EU) 2021/784)"
            )
        elif contents.kind is OrderKind.PRODUCTION:  # e-Evidence Art. 10(6), e-Evidence Art. 10(7)
            title = _(
                "Production order %(reference)s can't be executed as it is (Annex III, Regulation (EU) 2023/1543)"
            )
        resumes = _("The period begins with your clarification, or when the reason is gone.")
        if contents.kind is OrderKind.PRODUCTION:
            resumes = _(
                "The data are kept meanwhile. The period goes on with your clarification, or when the reason is gone."
            )
        return Told(
            title % {"reference": contents.reference or order.pk},
            (_head(order, contents), reason, *named, because, resumes),
        )


def done(order: Order, contents: Contents, *, note: str) -> Told:
    """Word what was done and when: Annex II for a removal order, feedback under DSA Art. 9(1) for others."""
    with translation.override(language_of(order, contents)):
        if contents.kind is OrderKind.REMOVAL:
            title = _("Feedback on removal order %(reference)s (Annex II, Regulation (EU) 2021/784)")
            what = _("B. The content was removed in all Member States. Time and date: %(at)s.")
        elif contents.kind in DISCLOSES:
            title = _("Effect given to your order %(reference)s")
            what = _(
                "B. The information was released on %(at)s. It is handed over on the way that was agreed."
            )
        else:
            title = _("Effect given to your order %(reference)s")
            what = (
                _("B. Access was disabled in: %(where)s. Time and date: %(at)s.")
                if contents.territory
                else _("B. The content was removed. Time and date: %(at)s.")
            )
        given = {"at": _at(order.carried_out_at), "where": ", ".join(contents.territory)}
        questions = _("C. For questions, answer to this letter and name our file reference.")
        told = (
            _head(order, contents), what % given, *(f"- {url}" for url in contents.urls), note, questions
        )  # fmt: skip
        return Told(
            title % {"reference": contents.reference or order.pk}, tuple(text for text in told if text)
        )


def to_recipient(order: Order, contents: Contents, language: str) -> Told:
    """Word what the recipient is told (DSA Art. 9(5) and 10(5), TCO Art. 11(1), TCO Art. 11(2))."""
    with translation.override(language):
        where = (
            _("in all Member States of the Union")
            if contents.kind is OrderKind.REMOVAL
            else ", ".join(contents.territory) or _("everywhere")
        )
        inform = contents.kind in DISCLOSES
        what = (
            _("On an order of %(authority)s (%(country)s) we gave it information about your account.")
            if inform
            else _(
                "On an order of %(authority)s (%(country)s) we removed what you posted, or made it inaccessible."
            )
        )
        return Told(
            _("An authority has given us an order that concerns you"),
            tuple(
                text
                for text in (
                    what % {"authority": order.authority.name, "country": order.authority.country},
                    "" if inform else _("It applies %(where)s.") % {"where": where},
                    *(() if inform else contents.urls),
                    _("The authority's reasons: %(reasons)s") % {"reasons": contents.reasons},
                    _("Legal basis: %(basis)s")
                    % {"basis": f"{contents.legal_basis} {contents.provisions}".strip()},
                    _("What you can do: %(redress)s")
                    % {"redress": contents.redress or contents.redress_body or "-"},
                )
                if text
            ),
        )
