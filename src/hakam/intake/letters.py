"""What a notifier is told: that the notice arrived, and what was decided on each item.

In the notifier's language.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from hakam.compliance.direction import settled
from hakam.compliance.statement_text import wording
from hakam.compliance.wording import Wording
from hakam.intake.models import Notice, NoticeItem
from hakam.review import clauses
from hakam.review.states import Outcome
from hakam.vocabulary.measure import Measure, Target
from hakam.vocabulary.reasons import Automation, Reasons


class Words(msgspec.Struct, frozen=True):
    """A message to one person: a subject and paragraphs of plain text."""

    subject: str
    paragraphs: tuple[str, ...]
    link: str  # label of the link to the notice's page


def receipt(notice: Notice, items: int) -> Words:
    """Word the confirmation of receipt (DSA Art. 16(4))."""
    with translation.override(notice.language):
        return Words(
            subject=_("We have received your notice"),
            paragraphs=(
                ngettext(
                    "Your notice about %(count)s item has arrived.",
                    "Your notice about %(count)s items has arrived.",
                    items,
                )
                % {"count": items},
                _("We will tell you what is decided, and how you can object if you do not agree."),
                _("You do not need to do anything else."),
            ),
            link=_("See how far your notice is"),
        )


def outcome(
    notice: Notice, item: NoticeItem, *, result: Outcome, reasons: Reasons | None, measures: Sequence[Measure],
    bodies: bool = True,
) -> Words:  # fmt: skip
    """Word the decision on one item of a notice, with redress and the use of automated means (DSA Art. 16(5), (6)).

    `bodies`: whether certified bodies settle disputes with this platform (DSA Art. 21).
    """
    with translation.override(notice.language):
        where = settled(item.url or f"{item.item_kind} {item.item_id}")
        upheld = result in {Outcome.VIOLATION, Outcome.STANDS}
        return Words(
            subject=_("What you reported breaks the rules") if upheld else _("What you reported stays"),
            paragraphs=(
                _("You reported: %(where)s") % {"where": where},
                *_decided(result, reasons, measures, notice.language),
                _automation(reasons),
                _(
                    "If you do not agree, you can complain on the page of your notice, "
                    "free of charge, for six months."
                ),
                _("You can also turn to a certified out-of-court dispute settlement body, or to a court.")
                if bodies
                else _("You can also turn to a court."),
            ),
            link=_("See the decision, or complain"),
        )


def _decided(
    result: Outcome, reasons: Reasons | None, measures: Sequence[Measure], language: str
) -> tuple[str, ...]:
    if result is Outcome.NO_VIOLATION or reasons is None:
        return (
            _("We looked at it and found that it breaks neither the law nor our rules. It stays as it is."),
        )
    clause = clauses.clause_in(clauses.version_of(reasons.pack), reasons.clause)
    words = wording(language)
    taken = [_taken(m, words) for m in measures if concerns_the_item(m)]
    first = (
        _("It was acted on before your notice arrived, under the clause “%(title)s”.")
        if result is Outcome.STANDS
        else _("We found that it breaks the clause “%(title)s”, and acted on it.")
    )
    return (first % {"title": clauses.title_of(clause, language)}, *taken)


def concerns_the_item(measure: Measure) -> bool:
    """Whether a notifier is told of a measure: of what became of the item, not of what somebody else was told.

    # DSA Art. 16(5): the decision in respect of the information to which the notice relates
    """
    return measure.nature.target is Target.ITEM and measure.nature.restriction is not None


def _taken(measure: Measure, words: Wording) -> str:
    said = words.measures[measure.kind].format(item=words.item(""))
    if not measure.territory:
        return said
    where = words.joiner.join(words.country(code) for code in measure.territory)
    return words.measure_in.format(measure=said, where=where)


def _automation(reasons: Reasons | None) -> str:
    # DSA Art. 16(6): whether automated means were used for the processing or the decision
    if reasons is not None and reasons.automated_decision is Automation.FULL:
        return _("The decision was taken by automated means.")
    if reasons is not None and (
        reasons.automated_detection or reasons.automated_decision is Automation.PARTIAL
    ):
        return _("Automated means helped to find the content; a person decided.")
    return _("A person decided; no automated means were used.")
