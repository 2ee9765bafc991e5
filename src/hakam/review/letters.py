"""What a complainant is told: that the complaint arrived, and what was decided.

In the complainant's language.
"""

from __future__ import annotations

import msgspec
from django.utils import translation
from django.utils.timezone import get_default_timezone
from django.utils.translation import gettext as _

from hakam.compliance.calendar import last_day
from hakam.compliance.statement_text import wording
from hakam.review.models import Complaint
from hakam.review.states import ComplaintState


class Words(msgspec.Struct, frozen=True):
    """A message to one person: a subject and paragraphs of plain text."""

    subject: str
    paragraphs: tuple[str, ...]
    link: str  # label of the link to the complaint's page

    @property
    def text(self) -> str:
        """All paragraphs, for a platform that shows the message itself."""
        return "\n\n".join(self.paragraphs)


def receipt(complaint: Complaint) -> Words:
    """Word the receipt of a complaint."""
    words = wording(complaint.language)
    aim = last_day(complaint.due_at, get_default_timezone())  # it still belongs to the time
    with translation.override(complaint.language):
        return Words(
            subject=_("We have received your complaint"),
            paragraphs=(
                _("Your complaint about decision %(number)s has arrived.")
                % {"number": complaint.decision_id},
                _("A person who took no part in that decision will look at it and give you reasons."),
                words.elided(_("We aim to answer by %(date)s.") % {"date": words.day(aim)}),
            ),
            link=_("See how far your complaint is"),
        )


def outcome(complaint: Complaint, *, bodies: bool = True) -> Words:
    """Word the outcome of a complaint: what was decided, why, and what can still be done (DSA Art. 20(5)).

    `bodies`: whether certified bodies settle disputes with this platform (DSA Art. 21).
    """
    with translation.override(complaint.language):
        upheld = complaint.state == ComplaintState.UPHELD
        return Words(
            subject=_("Your complaint was upheld") if upheld else _("Your complaint was not upheld"),
            paragraphs=(
                _what(complaint, upheld=upheld),
                _("The reasons: %(answer)s") % {"answer": complaint.answer},
                _("The complaint was decided by a person, not by automated means alone."),
                _where_next(bodies=bodies),
            ),
            link=_("Read the answer to your complaint"),
        )


def _where_next(*, bodies: bool) -> str:
    if bodies:
        return _(
            "If you do not agree, you can turn to an out-of-court dispute settlement body "
            "certified in the European Union, or to a court."
        )
    return _("If you do not agree, you can turn to a court.")


def _what(complaint: Complaint, *, upheld: bool) -> str:
    number = {"number": complaint.decision_id}
    if complaint.complainant == "affected":
        if upheld:
            return (
                _("You were right: decision %(number)s is reversed, and what it restricted is restored.")
                % number
            )
        return _("We looked again at decision %(number)s. It stays in force.") % number
    if upheld:
        return (
            _("You were right: decision %(number)s was changed, and action is taken on what you reported.")
            % number
        )
    return _("We looked again at decision %(number)s on what you reported. It stays as it was.") % number
