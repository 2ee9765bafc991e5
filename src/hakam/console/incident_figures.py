"""The figures of an incident in words: one list, of which the pages and the papers are made."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final, NamedTuple

from django.utils import formats, timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from hakam.console import timewords
from hakam.console.incident_terms import INCIDENT_STATES, MOMENTS, POWERS
from hakam.console.reader import digits
from hakam.console.templatetags.hakam import written
from hakam.incidents.figures import Figures
from hakam.incidents.report import Report

NEVER: Final = _("never came to that")


class Line(NamedTuple):
    """One figure: `name` in the data, what it is, how much."""

    name: str
    label: str
    value: str


class Group(NamedTuple):
    """Figures under one heading."""

    caption: str
    lines: tuple[Line, ...]


def number(value: float) -> str:
    """Write a whole number for this reader."""
    return digits(formats.number_format(value, decimal_pos=0, use_l10n=True, force_grouping=True))


def share(value: float | None) -> str:
    """Write a share (0 to 1) in per cent."""
    return "–" if value is None else digits(f"{100 * value:.0f}%")


def span(value: float | None) -> str:
    """Write a number of seconds as a span of time; one below zero as what came earlier."""
    if value is None:
        return str(NEVER)
    said = timewords.exact(timedelta(seconds=abs(value)))
    return gettext("%(span)s earlier") % {"span": said} if value < 0 else said


_Form = Callable[[Any], str]
_GROUPS: Final[tuple[tuple[Promise, tuple[tuple[str, Promise, _Form], ...]], ...]] = (
    (
        _("How fast, of all copies"),
        (
            ("seen_within_minute", _("Copies seen within a minute of their upload"), number),
            ("median_seconds_to_see", _("Time from upload to sighting, median"), span),
            ("longest_seconds_to_see", _("Time from upload to sighting, longest"), span),
        ),
    ),
    (
        _("Copies"),
        (
            ("copies_seen", _("Copies seen"), number),
            ("items_seen", _("Items in which they were"), number),
            ("items_held", _("Items held"), number),
            ("streams_cut", _("Live streams cut"), number),
            ("hashes_added", _("Hashes put into the bank"), number),
            ("partners_reached", _("Partners that confirmed to have them"), number),
        ),
    ),
    (
        _("What people found, and what was wrong"),
        (
            ("upheld_by_people", _("A person looked, and it was right to hold it"), number),
            (
                "left_up_by_people",
                _("A person looked, and let it stay: reporting, counter-speech, no copy"),
                number,
            ),
            ("share_wrong", _("Of what people looked at, let stay"), share),
            ("let_go", _("Let go with its hash or at the end, nobody had looked"), number),
            ("undecided", _("Still held"), number),
            ("median_seconds_until_free", _("Time held of what was let stay or let go, median"), span),
            ("longest_seconds_until_free", _("Time held of what was let stay or let go, longest"), span),
            ("hashes_withdrawn", _("Hashes taken back"), number),
            ("matches_called_wrong", _("Hashes whose match somebody called wrong"), number),
        ),
    ),
    (
        _("Safeguards"),
        (
            ("statements", _("People told why"), number),
            ("complaints", _("Complaints"), number),
            ("complaints_upheld", _("Complaints that were right"), number),
            ("renewals", _("Renewals"), number),
            ("told", _("Times that somebody was told of it: authorities, partners, the press"), number),
        ),
    ),
)  # fmt: skip


def groups(figures: Figures) -> tuple[Group, ...]:
    """Return all figures in words."""
    return tuple(
        Group(
            str(caption),
            tuple(Line(name, str(label), form(getattr(figures, name))) for name, label, form in lines),
        )
        for caption, lines in _GROUPS
    )


def times(made: Report) -> tuple[Line, ...]:
    """Return how long it took from one moment to another."""
    arrow = "\u2190" if translation.get_language_bidi() else "\u2192"
    return tuple(
        Line(
            pair,
            f" {arrow} ".join(str(MOMENTS[moment]) for moment in pair.split("/")),
            _time(made, pair, length),
        )
        for pair, length in made.seconds.items()
    )


def _time(made: Report, pair: str, length: float | None) -> str:
    if pair.endswith("first_shared_at") and length is not None and not made.figures.partners_reached:
        return gettext("offered; no partner has confirmed")  # who fetches for itself confirms nothing
    if length is None and made.figures.closed_at is None:
        return pgettext("moment of an incident", "not yet")
    return span(length)


def powers(figures: Figures) -> tuple[Line, ...]:
    """Return which power stood from when to when."""
    return tuple(
        Line(
            one.power,
            str(POWERS.get(one.power, one.power)),
            f"{written(one.taken_at)} – {written(one.undone_at) if one.undone_at else _('still in force')}",
        )
        for one in figures.powers
    )


def course(made: Report) -> tuple[Line, ...]:
    """Return how it began and ended, and who stood for it: how many people, never which."""
    figures = made.figures
    stood = _("two people") if figures.confirmed_at else _("one person; nobody confirmed it")
    lines = [
        Line("declared_at", str(MOMENTS["declared_at"]), written(figures.declared_at)),
        Line("stood", str(_("Who stood for it")), str(stood)),
        Line("state", str(_("How it ended")), str(INCIDENT_STATES.get(made.state, made.state))),
    ]
    if figures.closed_at:
        lines.append(Line("closed_at", str(MOMENTS["closed_at"]), written(figures.closed_at)))
    zone = timezone.get_current_timezone_name()
    lines.append(Line("zone", str(_("Times are told in")), zone))
    comma = "\u060c " if translation.get_language_bidi() else ", "
    if made.countries:
        lines.append(Line("countries", str(_("Countries")), comma.join(made.countries)))
    if made.languages:
        lines.append(Line("languages", str(_("Languages")), comma.join(made.languages)))
    return tuple(lines)
