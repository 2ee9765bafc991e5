"""What templates need and Django lacks: icons, visible glyphs, terms, numbers and times for this reader."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from django import template
from django.template.context import Context
from django.utils import formats, timezone, translation
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from hakam.compliance import calendar
from hakam.compliance.clocks import clock
from hakam.compliance.profile import has_certified_bodies
from hakam.console import timewords
from hakam.console.differences import Change, Left, Run, around, differences
from hakam.console.glyphs import PartKind, parts
from hakam.console.icons import FLIPS, ICONS
from hakam.console.live_terms import TROUBLES
from hakam.console.nearness import in_words
from hakam.console.reader import digits, theme_of
from hakam.console.rulebook import clause_titles
from hakam.console.terms import term as term_of
from hakam.console.unread_terms import UNREAD
from hakam.policy.about import About, in_language
from hakam.policy.codes import CodeSpec
from hakam.policy.kinds import Kind
from hakam.policy.params import Param, shown
from hakam.vocabulary.measure import Measure

register = template.Library()

_ICON = '<svg class="icon{}" viewBox="0 0 20 20" aria-hidden="true" focusable="false"><path d="{}"/></svg>'
_DIFFERENCE = {Change.SAME: "{}", Change.ADDED: "<ins>{}</ins>", Change.REMOVED: "<del>{}</del>"}


@register.simple_tag
def icon(name: str) -> SafeString:
    """Draw an icon. It says nothing by itself: the words stand beside it."""
    return format_html(_ICON, " flips" if name in FLIPS else "", ICONS[name])


@register.simple_tag
def direction() -> str:
    """Return the direction of the language in force."""
    return "rtl" if translation.get_language_bidi() else "ltr"


@register.simple_tag
def comma() -> str:
    """Return what stands between the words of a list in the language in force."""
    return "\u060c " if translation.get_language_bidi() else ", "


@register.simple_tag
def semicolon() -> str:
    """Return what stands between two parts of a sentence in the language in force."""
    return "\u061b " if translation.get_language_bidi() else f"{_before_mark()}; "


@register.simple_tag
def colon(label: object = "") -> str:
    """Return what stands between a label and what is said of it: a space alone where the label ends a sentence."""
    return " " if str(label).endswith((".", "?", "!", "\u2026", "\u061f")) else f"{_before_mark()}: "


def _before_mark() -> str:
    """Return what French sets before a mark of two parts: a narrow space at which no line breaks."""
    return "\u202f" if translation.get_language() == "fr" else ""


@register.simple_tag
def besides(platform: str) -> str:
    """Return who else can be asked about a decision of a platform (DSA Art. 21, for bodies)."""
    if has_certified_bodies(platform, timezone.localdate()):
        return _("Besides this, an out-of-court body or a court can be asked.")
    return _("Besides this, a court can be asked.")


@register.simple_tag(takes_context=True)
def theme(context: Context) -> str:
    """Return the theme of this reader."""
    return str(theme_of(context["request"]))


def _part(kind: PartKind, text: str, label: str, name: str) -> SafeString:
    if kind is PartKind.GLYPH:
        return format_html('<span class="glyph" title="{}" data-glyph="{}">{}</span>', name, label, label)
    if kind is PartKind.MATCH:
        return format_html("<mark>{}</mark>", text)
    return format_html("{}", text)


def drawn(text: str, spans: Iterable[tuple[int, int]] = ()) -> SafeString:
    """Return what somebody wrote as safe HTML: glyphs visible, matches marked, its direction kept to itself."""
    return format_html_join("", "{}", ((_part(*part),) for part in parts(text, spans)))


@register.filter
def glyphs(text: object) -> SafeString:
    """Draw a short piece of what somebody wrote, isolated from the words around it."""
    return format_html('<bdi dir="auto">{}</bdi>', drawn("" if text is None else str(text)))


@register.filter
def about(text: About | None) -> SafeString:
    """Draw what a rule or a parameter is for, in this reader's language if the pack has it, isolated as it stands."""
    return glyphs(in_language(text, translation.get_language() or "en"))


_ISOLATED = re.compile("\u2068([^\u2066-\u2069]*)\u2069")


@register.filter
def prose(text: str) -> SafeString:
    """Draw a sentence of ours: what it isolates (FSI ... PDI) stays isolated; anything else unseen is shown."""
    out = []
    at = 0
    for found in _ISOLATED.finditer(text):
        out.append(drawn(text[at : found.start()]))
        out.append(format_html("<bdi>{}</bdi>", drawn(found.group(1))))
        at = found.end()
    out.append(drawn(text[at:]))
    return format_html_join("", "{}", ((part,) for part in out))


@register.simple_tag
def words(text: str, spans: Iterable[tuple[int, int]] = ()) -> SafeString:
    """Draw a whole text that somebody wrote, each paragraph in its own direction."""
    return format_html('<div class="words" dir="auto">{}</div>', drawn(text, spans))


@register.simple_tag
def changed(old: str, new: str) -> SafeString:
    """Draw what became of a text, word by word."""
    runs = ((format_html(_DIFFERENCE[run.change], drawn(run.text)),) for run in differences(old, new))
    return format_html('<div class="words" dir="auto">{}</div>', format_html_join("", "{}", runs))


@register.simple_tag
def changed_file(old: str, new: str) -> SafeString:
    """Draw what became of a file of the rules: the changes, and some lines beside each."""
    return format_html(
        '<div class="words" dir="auto">{}</div>',
        format_html_join("", "{}", ((_stretch(one),) for one in around(differences(old, new)))),
    )


def _stretch(one: Run | Left) -> SafeString:
    if isinstance(one, Run):
        return format_html(_DIFFERENCE[one.change], drawn(one.text))
    said = ngettext("%(count)s line stays", "%(count)s lines stay", one.lines) % {"count": one.lines}
    return format_html('<span class="left-out"><bdi>{}</bdi></span>', digits(said))


@register.filter
def term(value: object, family: str) -> str:
    """Return the word for a value of a closed vocabulary: `{{ measure.kind|term:"measure" }}`."""
    return str(term_of(family, "" if value is None else str(value)))


@register.filter
def trouble(value: str) -> SafeString:
    """Write why something about a stream did not work: in the reader's words, or in those of who said it."""
    word = TROUBLES.get(value)
    if word is not None:
        return format_html("{}", word)
    return format_html('{} <bdi dir="ltr">{}</bdi>', _("A server or program says:"), value)


@register.filter
def nearness(value: str) -> SafeString:
    """Write how near a match of a bank was: in the reader's words, or as it was kept."""
    words = in_words(value)
    return format_html('<bdi dir="ltr">{}</bdi>', value) if words is None else format_html("{}", words)


@register.filter
def unread(value: str) -> SafeString:
    """Write why a file could not be looked at: in the reader's words, and what the program found."""
    kind, _mark, detail = value.partition(": ")
    word = UNREAD.get(kind)
    if word is None:
        return format_html('<bdi dir="ltr">{}</bdi>', value)
    if not detail:
        return format_html("{}", word)
    return format_html('{} <bdi dir="ltr" class="quiet">{}</bdi>', word, detail)


@register.filter
def num(value: object, decimals: int = 0) -> SafeString:
    """Write a number for this reader."""
    if value is None or value == "":
        return format_html("{}", "–")
    if not isinstance(value, int | float):
        return format_html('<span class="num">{}</span>', digits(str(value)))
    text = formats.number_format(
        round(value, decimals), decimal_pos=decimals, use_l10n=True, force_grouping=True
    )
    return format_html('<span class="num">{}</span>', digits(text))


@register.filter
def plain(value: int) -> str:
    """Write a number that counts nothing, as a year: without marks between its thousands."""
    return digits(str(value))


@register.simple_tag
def value_of(param: Param, value: float) -> SafeString:
    """Write a value of a parameter: a number for this reader, a duration as it is typed (`10m`)."""
    text = shown(param.kind, value)
    return format_html(
        '<bdi class="num" dir="ltr">{}</bdi>', text if param.kind is Kind.DURATION else digits(text)
    )


@register.filter
def percent(value: float | None, decimals: int = 0) -> SafeString:
    """Write a share (0 to 1) in per cent."""
    if value is None:
        return format_html("{}", "–")
    return format_html('<span class="num" dir="ltr">{}%</span>', digits(f"{100 * value:.{decimals}f}"))


@register.filter
def points(value: float) -> SafeString:
    """Write a difference of two shares (-1 to 1) in percentage points, with its sign."""
    return format_html('<span class="num" dir="ltr">{}</span>', digits(f"{100 * value:+.0f}"))


def written(at: datetime) -> str:
    """Return a moment in full, in the zone of the installation."""
    return digits(formats.date_format(timezone.localtime(at), "DATETIME_FORMAT"))


@register.filter
def last_day(until: datetime, shape: str = "DATE_FORMAT") -> str:
    """Return the last day of a period of the law that ends with the instant `until`, a midnight: the day before."""
    return digits(formats.date_format(calendar.last_day(until, timezone.get_default_timezone()), shape))


@register.filter
def when(at: datetime | None) -> SafeString:
    """Write a moment."""
    if at is None:
        return format_html("{}", "–")
    return format_html('<time datetime="{}" class="nowrap">{}</time>', at.isoformat(), written(at))


@register.filter
def ago(at: datetime | None) -> SafeString:
    """Write how long ago a moment is; the moment itself is in its title."""
    if at is None:
        return format_html("{}", "–")
    text = timewords.ago(at, timezone.now())
    return format_html(
        '<time datetime="{}" title="{}" class="nowrap">{}</time>', at.isoformat(), written(at), text
    )


@register.filter
def left(due: datetime | None) -> SafeString:
    """Write what is left until a deadline, coloured by how near it is."""
    if due is None:
        return format_html('<span class="quiet">{}</span>', _("no deadline"))
    seconds = (due - timezone.now()).total_seconds()
    tone = "danger" if seconds < timewords.HOUR else "warn" if seconds < 4 * timewords.HOUR else "outline"
    return format_html(
        '<time datetime="{}" title="{}" class="pill {}" data-due>{}{}</time>',
        due.isoformat(),
        written(due),
        tone,
        icon("alarm" if seconds < 0 else "clock"),
        timewords.left(due, timezone.now()),
    )


@register.filter
def seconds(value: float | None) -> str:
    """Write a number of seconds as a span of time."""
    return "–" if value is None else timewords.span(timedelta(seconds=value))


@register.filter
def exactly(value: float | None) -> str:
    """Write a number of seconds as a span of time in its two largest units: for reports."""
    return "–" if value is None else timewords.exact(timedelta(seconds=value))


@register.filter
def from_unix(value: float) -> datetime:
    """Return the moment of a Unix time."""
    return datetime.fromtimestamp(value, UTC)


@register.filter
def pretty(value: Any) -> SafeString:
    """Write JSON for reading."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2, default=str)
    return format_html('<pre class="raw" tabindex="0">{}</pre>', drawn(text))


@register.filter
def get(mapping: dict[str, Any], key: str) -> Any:
    """Look a key up."""
    return mapping.get(key)


@register.simple_tag
def question_link(asked: dict[str, Any]) -> str:
    """Return the query of an address that opens a kept question. It is asked when the person says so."""
    return urlencode(asked, doseq=True)


@register.simple_tag
def clause_title(clause: str) -> SafeString:
    """Return the title of a clause for this reader; its id if the rule book in force lacks it."""
    return format_html("<bdi>{}</bdi>", clause_titles().get(clause, clause))


@register.simple_tag
def finding_title(spec: CodeSpec) -> str:
    """Return what a finding's code means in a few words, for this reader."""
    return pgettext("finding", spec.title)


@register.filter
def rule_help(doc: str) -> str:
    """Return what a function or a field of the rule language is, for this reader."""
    return pgettext("rule help", doc)


@register.filter
def spoken(text: str) -> SafeString:
    """Write what the checker says: what stands in backticks as code, left to right."""
    form = ("{}", '<code dir="ltr">{}</code>')
    return format_html_join(
        "", "{}", ((format_html(form[n % 2], part),) for n, part in enumerate(text.split("`")))
    )


@register.simple_tag
def finding_explanation(spec: CodeSpec) -> str:
    """Return what a finding's code means, for this reader."""
    return pgettext("finding", spec.explanation)


@register.simple_tag
def measures(step: Iterable[Measure]) -> SafeString:
    """Write measures that are taken together."""
    return format_html_join(" + ", "{}", ((_measure(measure),) for measure in step))


def _measure(measure: Measure) -> str:
    out = term(measure.kind, "measure")
    if measure.territory:
        out += f" ({', '.join(measure.territory)})"
    if measure.days is not None:
        count = measure.days
        out += " · " + digits(ngettext("%(count)s day", "%(count)s days", count) % {"count": count})
    return out


_HIGH, _MID = 66, 33


@register.simple_tag
def meter(value: float, full: float = 2000) -> SafeString:
    """Draw how high a value is. It repeats a number that stands beside it, so it is hidden from screen readers."""
    share = max(0.0, min(100.0, 100 * value / full))
    tone = "high" if share >= _HIGH else "mid" if share >= _MID else ""
    return format_html(
        '<svg class="meter" viewBox="0 0 100 14" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="track" width="100" height="14"/><rect class="value {}" width="{}" height="14" rx="7"/>'
        "</svg>",
        tone,
        f"{max(share, 4):.1f}",
    )


@register.simple_tag(takes_context=True)
def with_page(context: Context, page: int, by: int) -> str:
    """Return this page's query with another page number."""
    query = context["request"].GET.copy()
    query["page"] = str(page + by)
    return str(query.urlencode())


@register.filter
def one(measure: Measure) -> tuple[Measure]:
    """Return a step that consists of one measure."""
    return (measure,)


@register.filter
def clock_title(key: str) -> str:
    """Return what a clock measures, for this reader."""
    try:
        titles = clock(key).title
    except LookupError:
        return key
    return titles.get(translation.get_language() or "en", titles["en"])
