"""The after-action report as a paper: the public one, and the confidential one for who must know.

# DSA Art. 48(4)(f): a public report after the termination of the crisis.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from hakam.console import incident_figures as told
from hakam.console import incident_settings
from hakam.console.fact_terms import FACTS
from hakam.console.incident_figures import Line
from hakam.console.incident_terms import INCIDENT_ROLES, POWERS, SCOPES
from hakam.console.reader import digits
from hakam.console.rulebook import clause_titles
from hakam.console.templatetags.hakam import written
from hakam.documents.document import Bars, Block, Document, Heading, Note, Prose, Table, own
from hakam.incidents import kinds
from hakam.incidents.figures import Figures
from hakam.incidents.report import Report
from hakam.vocabulary.actor import SYSTEM

_HOUR: Final = timedelta(hours=1)
_LEAST_HOURS: Final = 12
_MOST_HOURS: Final = 24 * 90


def hours(figures: Figures) -> list[tuple[datetime, int]]:
    """Return the copies of each hour from the first on, those without any too, at least half a day; none for none."""
    seen = {datetime.fromisoformat(hour): count for hour, count in figures.seen_by_hour.items()}
    if not seen:
        return []
    first = min(seen)
    count = max(_LEAST_HOURS, int((max(seen) - first) / _HOUR) + 1)
    return [(hour, seen.get(hour, 0)) for hour in (first + n * _HOUR for n in range(min(count, _MOST_HOURS)))]


def public(made: Report, *, platform: str) -> Document:
    """Return the public report as it was published, in the language in force."""
    return Document(
        title=made.title,
        language=get_language() or "en",
        author=platform,
        lead=" · ".join((own(kinds.in_words(made.kind_name)), own(platform))),
        mark=_("Exercise") if made.exercise else "",
        foot=_foot(made),
        made_at=made.made_at,
        blocks=(*_head(made), *_figures(made), *_counted(made, names=False)),
    )


def confidential(
    made: Report, more: Mapping[str, Any], *, platform: str, names: Mapping[str, str]
) -> Document:
    """Return the report with scope, settings, people and log, in the language in force.

    `more` is what `report.confidential` returns, `names` what to call the actors in it.
    """
    mark = _("Confidential")
    return Document(
        title=made.title,
        language=get_language() or "en",
        author=platform,
        lead=" · ".join((own(kinds.in_words(made.kind_name)), own(platform))),
        mark=f"{mark} · {_('Exercise')}" if made.exercise else mark,
        foot=_foot(made),
        made_at=made.made_at,
        blocks=(
            *_head(made),
            *_inside(more, names),
            *_figures(made),
            *_log(more, names),
            *_counted(made, names=True),
        ),
    )  # fmt: skip


def _foot(made: Report) -> str:
    return f"{own(made.slug)} · {written(made.made_at)}"


def _head(made: Report) -> list[Block]:
    blocks: list[Block] = []
    if made.exercise:
        blocks.append(Note(_("This was an exercise: nobody was held, told or delayed.")))
    if made.words:
        blocks.append(Prose(made.words, written=True))
    return [*blocks, Heading(_("Course")), _table(told.course(made))]


def _table(lines: tuple[Line, ...], *, figures: bool = False) -> Table:
    rows = tuple((line.label, line.value) for line in lines)
    return Table(("", ""), rows, widths=(3, 1) if figures else (1, 2), figures=figures)


def _figures(made: Report) -> list[Block]:
    blocks: list[Block] = [Heading(_("How fast")), _table(told.times(made), figures=True)]
    if by_hour := hours(made.figures):
        first, last = by_hour[0][0], by_hour[-1][0]
        most = max(count for _at, count in by_hour)
        said = _("Copies in each hour from %(first)s to %(last)s, at most %(most)s") % {
            "first": written(first), "last": written(last), "most": told.number(most),
        }  # fmt: skip
        blocks += [
            Heading(_("Copies, hour by hour")),
            Prose(said, small=True),
            Bars(tuple(count for _at, count in by_hour), written(first), written(last), said),
        ]
    for group in told.groups(made.figures):
        blocks += [Heading(group.caption), _table(group.lines, figures=True)]
    if made.figures.powers:
        blocks += [Heading(_("Powers")), _table(told.powers(made.figures))]
    return blocks


def _counted(made: Report, *, names: bool) -> list[Block]:
    seq = told.number(made.ledger_head)
    said = _("From the ledger up to fact %(seq)s.") % {"seq": seq}
    if not names:
        said = _(
            "From the ledger up to fact %(seq)s. It names no hash, no account and nobody who worked on it."
        ) % {"seq": seq}
    return [Heading(_("How it was counted")), Prose(said)]


def _who(names: Mapping[str, str], actor: str) -> str:
    if actor in {"", str(SYSTEM)}:
        return _("by itself") if actor else "–"
    return own(names.get(actor, actor))


def _inside(more: Mapping[str, Any], names: Mapping[str, str]) -> list[Block]:
    scope = [
        (str(SCOPES.get(name, name)), own(", ".join(values)))
        for name, values in more["scope"].items()
        if values
    ]
    rows = [
        (_("Clause"), own(clause_titles().get(more["clause"], more["clause"]))),
        (_("Bank"), own(more["bank"])),
        (_("Reference"), own(more["reference"]) or "–"),
        *(scope or [(_("Scope"), _("everywhere"))]),
        (_("Declared by"), _who(names, more["declared_by"])),
        (_("Confirmed by"), _who(names, more["confirmed_by"])),
        (_("Closed by"), _who(names, more["closed_by"])),
        *(
            (str(INCIDENT_ROLES.get(row["role"], row["role"])), _who(names, row["person"]))
            for row in more["roles"]
        ),
    ]  # fmt: skip
    blocks: list[Block] = [
        Heading(_("The incident")),
        Prose(more["summary"], written=True),
        Table(("", ""), tuple(rows), widths=(1, 2)),
    ]
    if more["because"]:
        blocks += [Heading(_("Why it ended")), Prose(more["because"], written=True)]
    chosen = tuple(
        (
            str(POWERS.get(row["power"], row["power"])),
            incident_settings.in_words(row["power"], row["settings"]) or "–",
        )
        for row in more["powers"]
    )
    blocks += [Heading(_("Settings of the powers")), Table(("", ""), chosen, widths=(1, 2))]
    asked = tuple(
        (
            digits(ngettext("%(count)s h", "%(count)s h", row["hours"]) % {"count": row["hours"]}),
            own(row["reason"]),
            _who(names, row["asked_by"]),
            _who(names, row["settled_by"]),
        )
        for row in more["renewals"]
    )
    if asked:
        head = (_("More time"), _("Why"), _("Asked by"), _("Settled by"))
        blocks += [Heading(_("Renewals")), Table(head, asked, widths=(1, 3, 2, 2))]
    return blocks


def _log(more: Mapping[str, Any], names: Mapping[str, str]) -> list[Block]:
    rows = tuple(
        (
            written(datetime.fromisoformat(row["at"]).astimezone(UTC)),
            _event(row),
            _who(names, row["by"]),
        )
        for row in more["log"]
    )
    return [Heading(_("Log")), Table((_("When"), _("What"), _("Who")), rows, widths=(2, 5, 2), named=False)]


def _event(row: Mapping[str, Any]) -> str:
    what = str(FACTS.get(row["kind"], row["kind"]))
    if row.get("power"):
        return f"{what}: {POWERS.get(row['power'], row['power'])}"
    return f"{what}: {own(row['whom'])}: {own(row['words'])}" if row.get("whom") else what
