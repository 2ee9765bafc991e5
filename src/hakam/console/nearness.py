"""How near a match was, as it was kept (`entry 3, pdq, 4 bits apart`), in the language of who reads it.

Whatever found it wrote it down in English, for logs and command lines too. Here its few forms are read again, so that
what was kept long ago reads the same as what is kept now.
"""

from __future__ import annotations

import re
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hakam.console.reader import digits
from hakam.console.terms import FAMILIES, term

_KEPT: Final = re.compile(r"entry (?P<entry>[0-9]+), (?P<kind>\w+), (?P<how>.+)")
_TIME: Final = r"[0-9]+:[0-9]{2}"
_FORMS: Final[tuple[tuple[re.Pattern[str], Promise], ...]] = (
    (re.compile(r"(?P<bits>[0-9]+) bits apart"), gettext_lazy("%(bits)s bits apart")),
    (re.compile(r"a frame, (?P<bits>[0-9]+) bits apart"), gettext_lazy("a frame, %(bits)s bits apart")),
    (
        re.compile(r"(?P<count>[0-9]+) landmarks in place, turned by (?P<turned>-?[0-9]+) degrees"),
        gettext_lazy("%(count)s landmarks in place, turned by %(turned)s degrees"),
    ),
    (
        re.compile(
            rf"(?P<count>[0-9]+) of (?P<all>[0-9]+) frames, from (?P<first>{_TIME}) to (?P<last>{_TIME}), "
            r"(?P<bits>[0-9]+) bits apart at the nearest"
        ),
        gettext_lazy(
            "%(count)s of %(all)s frames, from %(first)s to %(last)s, %(bits)s bits apart at the nearest"
        ),
    ),
    (
        re.compile(
            rf"(?P<seconds>[0-9]+) seconds of sound, from (?P<first>{_TIME}), known from (?P<known>{_TIME}), "
            r"(?P<bits>[0-9.]+) of 32 bits apart"
        ),
        gettext_lazy(
            "%(seconds)s seconds of sound, from %(first)s, known from %(known)s, %(bits)s of 32 bits apart"
        ),
    ),
)


def in_words(kept: str) -> str | None:
    """Return what was kept of a match for this reader; None for what has none of the forms that we write."""
    found = _KEPT.fullmatch(kept)
    if found is None or found["kind"] not in FAMILIES["entry_kind"]:
        return None
    for form, words in _FORMS:
        said = form.fullmatch(found["how"])
        if said is not None:
            how = str(words) % {name: digits(value) for name, value in said.groupdict().items()}
            return _("entry %(entry)s, %(kind)s: %(how)s") % {
                "entry": digits(found["entry"]), "kind": term("entry_kind", found["kind"]), "how": how,
            }  # fmt: skip
    return None
