"""What people are told about their requests, in their language (GDPR Art. 12(1), 12(3), 12(4))."""

from __future__ import annotations

from typing import NamedTuple

from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext as _

from hakam.privacy.kinds import Kind
from hakam.privacy.models import Subject
from hakam.privacy.schedule import shipped

WHY: dict[str, Promise] = {
    "law": gettext_lazy("the law obliges us to keep it, until its period ends (Article 17(3) GDPR)"),
    "held": gettext_lazy("a legal hold forbids to erase it; it is looked at again when the hold ends"),
    "open": gettext_lazy(
        "it is being decided; it is erased when that is over, and then we write to you again"
    ),
    "obligation": gettext_lazy("a law asks for this list (Article 17(3)(b) GDPR)"),
    "vital": gettext_lazy("it protects somebody's life (Article 6(1)(d) GDPR)"),
    "claims": gettext_lazy("legal claims need it (Article 17(3)(e) GDPR)"),
    "undeclared": gettext_lazy("it holds the same text, and nothing says that it names people"),
}
GROUNDS: dict[str, Promise] = {
    "unfounded": gettext_lazy("The request is manifestly unfounded or excessive (Article 12(5) GDPR)."),
    "unidentified": gettext_lazy("We could not make sure who asks (Article 12(6) GDPR)."),
    "expression": gettext_lazy(
        "Freedom of expression and information needs the data (Article 17(3)(a) GDPR)."
    ),
    "obligation": gettext_lazy("A law obliges us to keep the data (Article 17(3)(b) GDPR)."),
    "archive": gettext_lazy(
        "Research or archives in the public interest need the data (Article 17(3)(d) GDPR)."
    ),
    "claims": gettext_lazy("Legal claims need the data (Article 17(3)(e) GDPR)."),
    "others": gettext_lazy("It would harm the rights of other people (Article 15(4) GDPR)."),
    "compelling": gettext_lazy("Compelling grounds outweigh your interests (Article 21(1) GDPR)."),
}


class Told(NamedTuple):
    """A letter."""

    subject: str
    paragraphs: tuple[str, ...]


def _reference(request: Subject) -> str:
    return _("Our reference: %(ours)s") % {"ours": request.pk}


def _title(kind: Kind, language: str) -> str:
    """Name a kind of the schedule in the language in force; the schedule itself has English and Arabic."""
    title = shipped()[kind].title
    return title.get(language.partition("-")[0]) or gettext(title["en"])


def extended(request: Subject) -> Told:
    """Say that it takes two more months, and why."""
    with translation.override(request.language):
        return Told(
            _("Your request about your data takes longer"),
            (
                _("We need up to two more months (Article 12(3) GDPR). The reason:"),
                request.extended_because,
                _("You can complain to a supervisory authority, or go to court."),
                _reference(request),
            ),
        )


def ready(request: Subject) -> Told:
    """Say that the copy is ready."""
    with translation.override(request.language):
        return Told(
            _("The copy of your data is ready"),
            (
                _(
                    "You asked for the data that we hold about you (Articles 15 and 20 GDPR). The copy is ready."
                ),
                _(
                    "It is handed over to you in the way that you agreed on with us; it is never sent by plain e-mail."
                ),
                _("Data of other people are left out, and what a law orders us to keep secret."),
                _reference(request),
            ),
        )


def erased(request: Subject) -> Told:
    """Say what was erased, what stays, and why."""
    with translation.override(request.language):
        gone = sum(request.outcome.get("erased", {}).values())
        stays = [
            _("What stays: %(what)s (%(count)s), because %(why)s.")
            % {
                "what": _title(Kind(one["kind"]), request.language),
                "count": one["count"],
                "why": WHY.get(one["why"], one["why"]),
            }
            for one in request.outcome.get("kept", ())
        ]
        return Told(
            _("Your data were erased") if gone or not stays else _("What can't be erased yet of your data"),
            (
                _(
                    "You asked us to erase your data (Article 17 GDPR). We erased the contents of %(count)s records."
                )
                % {"count": gone},
                *stays,
                *_parties(request),
                *((_("You can complain to a supervisory authority, or go to court."),) if stays else ()),
                _reference(request),
            ),
        )


def _parties(request: Subject) -> list[str]:
    """Say who was told to erase it too, and who else holds it (GDPR Art. 17(2), 19)."""
    told, given = request.outcome.get("told", ()), request.outcome.get("from", ())
    return [
        *(
            [_("We told those to whom we had given it to erase it too: %(who)s.") % {"who": ", ".join(told)}]
            if told
            else []
        ),
        *(
            [_("We had your name from others, who hold it themselves: %(who)s.") % {"who": ", ".join(given)}]
            if given
            else []
        ),
    ]


def answered(request: Subject) -> Told:
    """Say what was done on a rectification or an objection."""
    with translation.override(request.language):
        return Told(_("Your request about your data was followed"), (request.answer, _reference(request)))


def refused(request: Subject) -> Told:
    """Say that a request is refused, why, and how to object."""
    with translation.override(request.language):
        return Told(
            _("Your request about your data was refused"),
            (
                str(GROUNDS[request.ground]),
                request.answer,
                _("You can complain to a supervisory authority, or go to court."),
                _reference(request),
            ),
        )
