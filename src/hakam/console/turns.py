"""What would have turned a rule's outcome, said to this reader."""

from __future__ import annotations

from typing import Any, Final

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import pgettext, pgettext_lazy

from hakam.console.glyphs import hidden_count
from hakam.policy.changes import Change, Turn

LONGEST: Final = 160  # characters of a value that is shown

_LIMITS: Final = {
    Turn.BELOW: pgettext_lazy("would be otherwise", "if %(what)s were below %(limit)s"),
    Turn.AT_MOST: pgettext_lazy("would be otherwise", "if %(what)s were %(limit)s or less"),
    Turn.EQUAL: pgettext_lazy("would be otherwise", "if %(what)s were %(limit)s"),
    Turn.OTHER: pgettext_lazy("would be otherwise", "if %(what)s were other than %(limit)s"),
    Turn.AT_LEAST: pgettext_lazy("would be otherwise", "if %(what)s were %(limit)s or more"),
    Turn.ABOVE: pgettext_lazy("would be otherwise", "if %(what)s were above %(limit)s"),
}
_PARTS: Final = {
    Turn.KNOWN: pgettext_lazy("would be otherwise", "if %(what)s were known"),
    Turn.MISSING: pgettext_lazy("would be otherwise", "if %(what)s were missing"),
    Turn.FOUND: pgettext_lazy("would be otherwise", "if %(what)s had found something"),
    Turn.ABSENT: pgettext_lazy("would be otherwise", "if %(what)s had found nothing"),
    Turn.TRUE: pgettext_lazy("would be otherwise", "if %(what)s were true"),
    Turn.FALSE: pgettext_lazy("would be otherwise", "if %(what)s were false"),
}


def said(change: Change) -> SafeString:
    """Say one change, as the end of a sentence: code and values are isolated from the words."""
    pattern = str((_LIMITS if change.turn in _LIMITS else _PARTS)[change.turn])
    words = _filled(pattern, what=code(change.text), limit=seen(change.limit))
    if change.turn not in _LIMITS:
        return words
    if change.value is None:
        return format_html("{} {}", words, pgettext("value", "(it was not known)"))
    return format_html("{} {}", words, _filled(_("(it was %(seen)s)"), seen=seen(change.value)))


def code(text: str) -> SafeString:
    """Draw a piece of a rule."""
    return format_html('<code dir="ltr">{}</code>', text)


def seen(value: Any) -> SafeString:
    """Draw a value that a rule saw or is held against."""
    text = shown(value)
    marked = "" if not hidden_count(text) else " hidden"
    return format_html('<bdi class="seen{}">{}</bdi>', marked, text)


def shown(value: Any) -> str:
    """Write a value: no more of it than one line."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list | tuple | set | frozenset):
        parts = list(value)
        return ", ".join(map(shown, parts[:8])) + (" …" if len(parts) > 8 else "")  # noqa: PLR2004 -- shown
    text = str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _filled(pattern: str, **parts: SafeString) -> SafeString:
    return mark_safe(conditional_escape(pattern) % parts)  # noqa: S308 -- pattern and parts are escaped
