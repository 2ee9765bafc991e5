"""Spans of time in few words, in the language in force."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, npgettext, pgettext

from hakam.console.reader import digits

MINUTE, HOUR, DAY = 60, 3_600, 86_400  # seconds


def span(length: timedelta) -> str:
    """Return a length in its largest whole unit: "40 s", "5 min", "3 h", "2 days", in Arabic with its six forms."""
    seconds = max(0, int(length.total_seconds()))
    if seconds < MINUTE:
        text = ngettext("%(count)s s", "%(count)s s", seconds) % {"count": seconds}
    elif seconds < HOUR:
        count = seconds // MINUTE
        text = ngettext("%(count)s min", "%(count)s min", count) % {"count": count}
    elif seconds < 2 * DAY:
        count = seconds // HOUR
        text = ngettext("%(count)s h", "%(count)s h", count) % {"count": count}
    else:
        count = seconds // DAY
        text = ngettext("%(count)s day", "%(count)s days", count) % {"count": count}
    return digits(text)


def exact(length: timedelta) -> str:
    """Return a length in its two largest units, rounded to the smaller: "1 h 59 min", "5 min 12 s", "3 days"."""
    seconds = max(0, round(length.total_seconds()))
    for unit, part in ((2 * DAY, HOUR), (HOUR, MINUTE), (MINUTE, 1)):
        if seconds >= unit:
            whole = DAY if unit == 2 * DAY else unit
            seconds = (seconds + part // 2) // part * part
            first, rest = seconds // whole * whole, seconds % whole
            if not rest:
                return span(timedelta(seconds=first))
            return pgettext("1 h 59 min", "%(first)s %(rest)s") % {
                "first": span(timedelta(seconds=first)),
                "rest": span(timedelta(seconds=rest)),
            }
    return span(timedelta(seconds=seconds))


def _governed(length: timedelta) -> str:
    """Return a length as it stands behind "before", "after" or "late by": in Arabic another dual."""
    seconds = max(0, int(length.total_seconds()))
    if seconds < MINUTE:
        text = npgettext("governed", "%(count)s s", "%(count)s s", seconds) % {"count": seconds}
    elif seconds < HOUR:
        count = seconds // MINUTE
        text = npgettext("governed", "%(count)s min", "%(count)s min", count) % {"count": count}
    elif seconds < 2 * DAY:
        count = seconds // HOUR
        text = npgettext("governed", "%(count)s h", "%(count)s h", count) % {"count": count}
    else:
        count = seconds // DAY
        text = npgettext("governed", "%(count)s day", "%(count)s days", count) % {"count": count}
    return digits(text)


def ago(then: datetime, now: datetime) -> str:
    """Return how long ago, or in how long, `then` is."""
    if then > now:
        return _("in %(span)s") % {"span": _governed(then - now)}
    return _("%(span)s ago") % {"span": _governed(now - then)}


def left(due: datetime, now: datetime) -> str:
    """Return what is left until `due`, or by how much it is overdue."""
    if due < now:
        return _("overdue by %(span)s") % {"span": _governed(now - due)}
    return _("%(span)s left") % {"span": span(due - now)}
