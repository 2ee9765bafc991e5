"""The copy that a person gets (GDPR Art. 12(1), GDPR Art. 20): JSON for machines, and a page in English and in Arabic.

A zip with three files. The pages need nothing else: no script, no address of ours, their style within.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
from django.utils import translation
from django.utils.functional import Promise
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hakam.compliance.direction import settled
from hakam.privacy import rooms_above

PARTS: Final[dict[str, Promise]] = {
    "account": gettext_lazy("Your account"),
    "contact": gettext_lazy("Where we reach you"),
    "events": gettext_lazy("What you posted"),
    "cases": gettext_lazy("Cases about what you posted"),
    "decisions": gettext_lazy("Decisions"),
    "measures": gettext_lazy("Measures"),
    "statements": gettext_lazy("Statements of reasons"),
    "complaints": gettext_lazy("Your complaints"),
    "notices_sent": gettext_lazy("Notices that you sent"),
    "misuse": gettext_lazy("Warnings and suspensions"),
    "orders": gettext_lazy("Orders of authorities"),
    "ledger": gettext_lazy("What was recorded, and when"),
    "purposes": gettext_lazy("What we keep, why and how long"),
}
_STYLE: Final = (
    "body{font:16px/1.6 system-ui,'Noto Sans Arabic',sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;"
    "color:#1a1a1a;background:#fff}h1{font-size:1.6rem}h2{margin-top:2rem;border-bottom:1px solid #ccc}"
    "dl{display:grid;grid-template-columns:minmax(8rem,14rem) 1fr;gap:.25rem 1rem;margin:1rem 0;padding:.75rem;"
    "border:1px solid #ddd;border-radius:.5rem}dt{color:#555}dd{margin:0;overflow-wrap:anywhere;white-space:pre-wrap}"
    "@media(max-width:40rem){dl{grid-template-columns:1fr}}@media(prefers-color-scheme:dark){body{color:#eee;"
    "background:#16181b}dt{color:#aaa}dl{border-color:#444}}"
)
LANGUAGES: Final = ("en", "ar")
_TWICE: Final = "purposes.kind"  # said in words beside it; it is for machines
SPEAKERS: Final[list[Callable[[str, str], str]]] = []
"""Rooms above say a value of ours in words: (place as `measures.kind`, value) -> words. The JSON keeps the value."""


def as_zip(held: Mapping[str, Any]) -> bytes:
    """Return the copy as a zip: `data.json`, `data-en.html`, `data-ar.html`."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.json", as_json(held))
        for language in LANGUAGES:
            archive.writestr(f"data-{language}.html", as_page(held, language).encode())
    return made.getvalue()


def as_json(held: Mapping[str, Any]) -> bytes:
    """Return the copy as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(held))


def as_page(held: Mapping[str, Any], language: str) -> str:
    """Return the copy as one page of HTML in a language."""
    rooms_above.register()
    with translation.override(language):
        rtl = translation.get_language_bidi()
        about = held["about"]
        title = _("Your data on %(platform)s") % {"platform": about["platform"]}
        return "".join(
            (
                f'<!doctype html><html lang="{language}" dir="{"rtl" if rtl else "ltr"}">',
                '<head><meta charset="utf-8">',
                '<meta name="viewport" content="width=device-width,initial-scale=1">',
                f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body><h1>{escape(title)}</h1>",
                f"<p>{escape(_('Account'))}: <bdi>{escape(about['account'])}</bdi>. ",
                f"{escape(_('Made on'))} <bdi>{escape(_value(about['made_at']))}</bdi>.</p>",
                f"<p>{escape(_rights())}</p>",
                *(_part(name, str(words), held.get(name)) for name, words in PARTS.items()),
                "</body></html>",
            )
        )


def _rights() -> str:
    return _(
        "You may have wrong data corrected, have data erased, object to their use, and complain to a supervisory "
        "authority (Articles 15 to 21 and 77 GDPR). Data of other people are left out, and what a law orders us to "
        "keep secret."
    )


def _part(name: str, words: str, value: Any) -> str:
    rows = value if isinstance(value, list) else [value] if value else []
    shown = "".join(_entry(row, name) for row in rows) or f"<p>{escape(_('Nothing.'))}</p>"
    return f'<section id="{name}"><h2>{escape(words)} ({len(rows)})</h2>{shown}</section>'


def _entry(row: Any, place: str) -> str:
    if not isinstance(row, Mapping):
        return f"<p><bdi>{escape(_value(row, place))}</bdi></p>"
    cells = "".join(
        f"<dt>{escape(_label(key))}</dt><dd dir='auto'>{escape(_value(value, f'{place}.{key}'))}</dd>"
        for key, value in row.items()
        if value not in (None, "", [], {}) and f"{place}.{key}" != _TWICE
    )
    return f"<dl>{cells}</dl>"


def _value(value: Any, place: str = "") -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S} UTC"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, Mapping) and value.keys() == set(LANGUAGES):  # a text of ours, in each language
        return str(value[(translation.get_language() or LANGUAGES[0]).split("-", 1)[0]])
    if isinstance(value, Mapping | list | tuple):
        return "\n".join(_lines(value, place))
    said = str(value)
    for speak in SPEAKERS:
        said = speak(place, said)
    return settled(said)


def _lines(value: Any, place: str) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield f"{_label(key)}: {_value(inner, f'{place}.{key}')}"
    else:
        yield from (_value(inner, place) for inner in value)


_LABELS: Final[dict[str, Promise]] = {
    "at": gettext_lazy("time"), "kind": gettext_lazy("kind"), "text": gettext_lazy("text"),
    "item": gettext_lazy("item"),
    "url": gettext_lazy("address"), "change": gettext_lazy("change"), "country": gettext_lazy("country"),
    "language": gettext_lazy("language"), "state": gettext_lazy("state"), "clause": gettext_lazy("clause"),
    "facts": gettext_lazy("facts"), "measures": gettext_lazy("measures"), "until": gettext_lazy("until"),
    "answer": gettext_lazy("answer"), "received_at": gettext_lazy("received"), "opened_at": gettext_lazy("opened"),
    "decided_at": gettext_lazy("decided"), "email": gettext_lazy("e-mail address"), "name": gettext_lazy("name"),
    "what": gettext_lazy("what"), "number": gettext_lazy("number"), "ground": gettext_lazy("legal ground"),
    "months": gettext_lazy("months"), "days": gettext_lazy("days"), "from": gettext_lazy("counted from"),
    "by": gettext_lazy("decided by"), "outcome": gettext_lazy("outcome"), "copies": gettext_lazy("frozen copies"),
    "reports": gettext_lazy("reports"), "explanation": gettext_lazy("explanation"), "items": gettext_lazy("items"),
    "authority": gettext_lazy("authority"), "issued_at": gettext_lazy("issued"), "grounds": gettext_lazy("grounds"),
    "page": gettext_lazy("page"), "planned_at": gettext_lazy("planned"), "id": gettext_lazy("number or name"),
    "harm": gettext_lazy("kind of harm"), "client": gettext_lazy("program used"), "title": gettext_lazy("title"),
    "automated_detection": gettext_lazy("found by a machine"), "because": gettext_lazy("reason"),
    "automated_decision": gettext_lazy("decided by a machine"), "created_at": gettext_lazy("account since"),
    "captured_at": gettext_lazy("frozen"), "sha256": gettext_lazy("check sum"), "warned_at": gettext_lazy("warned"),
    "followers": gettext_lazy("followers"), "following": gettext_lazy("accounts followed"),
    "posts": gettext_lazy("posts"), "verified": gettext_lazy("identity confirmed"), "labels": gettext_lazy("labels"),
    "links": gettext_lazy("links"), "hashtags": gettext_lazy("hashtags"), "media": gettext_lazy("media"),
}  # fmt: skip


def _label(key: str) -> str:
    return str(_LABELS[key]) if key in _LABELS else key.replace("_", " ")
