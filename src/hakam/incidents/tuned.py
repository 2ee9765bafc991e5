"""Stricter values of a rule book's parameters, and the way back. Files in, files out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from django.utils.translation import gettext as _

from hakam.incidents.naming import IncidentError
from hakam.policy import tuning
from hakam.policy.params import shown
from hakam.policy.tuning import NoValueError, OutOfBoundsError, TuningError


class Place(NamedTuple):
    """A value in `tuned.yaml`: of a parameter, for a community or (empty) for all; None: it has none there."""

    param: str
    community: str
    before: str | None
    after: str


def changed(
    files: Mapping[str, str], values: Mapping[str, str], communities: Sequence[str]
) -> tuple[dict[str, str], list[list[str | None]]]:
    """Return the files with other values, and what stood there before. Raises `IncidentError`."""
    out, before = dict(files), []
    for param, text in values.items():
        for community in communities or ("",):
            was = _text(out, param, community)
            try:
                out[tuning.FILE] = tuning.with_value(out, param, text, community)
            except TuningError as error:
                raise IncidentError(_in_words(error, out, param)) from error
            now = _text(out, param, community)
            if now == was:
                raise IncidentError(_("%(param)s has this value already") % {"param": param})
            before.append([param, community, was, now])
    return out, before


def _in_words(error: TuningError, files: Mapping[str, str], param: str) -> str:
    """Return why a value can't be taken, in the reader's language."""
    declared = tuning.tuning_of(files).params.get(param)
    match error:
        case OutOfBoundsError() if declared is not None:
            return _("%(param)s lies from %(least)s to %(most)s") % {
                "param": param,
                "least": shown(declared.kind, declared.least),
                "most": shown(declared.kind, declared.most),
            }
        case NoValueError():
            return _("%(param)s: a number, as 30 or 0.85, or a duration, as 10m or 7d") % {"param": param}
    return str(error)


def put_back(
    files: Mapping[str, str], before: Sequence[Sequence[str | None]]
) -> tuple[dict[str, str], list[str]]:
    """Return the files as before, where the incident's value still stands; and the parameters that somebody changed."""
    out, left = dict(files), []
    for row in reversed(before):
        place = Place(str(row[0]), str(row[1]), row[2], str(row[3]))
        if _text(out, place.param, place.community) != place.after:
            left.append(place.param)
            continue
        try:
            text = tuning.with_value(out, place.param, place.before, place.community)
        except TuningError:  # the parameter is gone, or its bounds are others: there is nothing to put back
            left.append(place.param)
            continue
        if text:
            out[tuning.FILE] = text
        else:
            out.pop(tuning.FILE, None)
    return out, left


def _text(files: Mapping[str, str], param: str, community: str) -> str | None:
    """Return the value as written, None where the file says nothing of its own."""
    found = tuning.tuning_of(files).params.get(param)
    if found is None:
        return None
    if community:
        own = dict(found.by_community).get(community)
        return None if own is None else shown(found.kind, own)
    return None if found.value == found.default else shown(found.kind, found.value)
