"""Small charts, drawn on the server as SVG. Each stands beside its numbers, so that nobody needs to see it."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

_WIDTH, _HEIGHT = 600, 120
_BROKEN = 30.0  # seconds
_GAP = 0.25  # of a column's place


def bar(parts: Sequence[float], whole: float) -> SafeString:
    """Draw one horizontal bar: `parts` of `whole`, side by side from the beginning of the line."""
    if whole <= 0:
        parts, whole = (), 1
    at = 0.0
    drawn = []
    for part, name in zip(parts, ("one", "two"), strict=False):
        width = 100 * part / whole
        drawn.append((name, f"{at:.2f}", f"{width:.2f}"))
        at += width
    inner = format_html_join("", '<rect class="{}" x="{}" width="{}" height="10"/>', drawn)
    return format_html(
        '<svg class="hbar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="rest" width="100" height="10"/>{}</svg>',
        inner,
    )


def columns(values: Sequence[int]) -> SafeString:
    """Draw one column a value, in order of time from the left in every language."""
    top = max(values, default=0) or 1
    place = _WIDTH / max(1, len(values))
    rects = (
        (
            f"{n * place + place * _GAP / 2:.2f}",
            f"{_HEIGHT - _HEIGHT * value / top:.2f}",
            f"{place * (1 - _GAP):.2f}",
            f"{_HEIGHT * value / top:.2f}",
        )
        for n, value in enumerate(values)
    )
    inner = format_html_join("", '<rect x="{}" y="{}" width="{}" height="{}" rx="1"/>', rects)
    return format_html(
        '<svg class="days" viewBox="0 0 {} {}" preserveAspectRatio="none" aria-hidden="true">{}'
        '<line x1="0" x2="{}" y1="{}" y2="{}"/></svg>',
        _WIDTH,
        _HEIGHT + 1,
        inner,
        _WIDTH,
        _HEIGHT,
        _HEIGHT,
    )


Points = Sequence[tuple[float, float]]


def line(points: Points, *, least: float, mark: float, beside: Sequence[Points] = ()) -> SafeString:
    """Draw values from 0 to 1 over time, from the left in every language, with a line at `mark`.

    `points`: (seconds, value), in order. At least `least` seconds are drawn, so that a beginning does not look like a
    whole. `beside`: thinner lines over the same time, broken where nothing is known for longer than `_BROKEN`.
    """
    first = points[0][0] if points else 0.0
    span = max(least, (points[-1][0] - first) if points else 0.0)

    def placed(some: Points) -> list[tuple[float, float]]:
        return [
            ((at - first) / span * _WIDTH, _HEIGHT * (1 - min(1.0, max(0.0, value)))) for at, value in some
        ]

    def joined(some: list[tuple[float, float]]) -> str:
        return " ".join(f"{x:.1f},{y:.1f}" for x, y in some)

    places = placed(points)
    drawn = joined(places)
    thin = format_html_join(
        "",
        '<polyline class="beside n{}" points="{}"/>',
        ((n, joined(placed(piece))) for n, one in enumerate(beside, 1) for piece in _pieces(one)),
    )
    filled = f"{places[0][0]:.1f},{_HEIGHT} {drawn} {places[-1][0]:.1f},{_HEIGHT}" if places else ""
    return format_html(
        '<svg class="score-line" viewBox="0 0 {} {}" preserveAspectRatio="none" aria-hidden="true">'
        '<line class="mark" x1="0" x2="{}" y1="{}" y2="{}"/><polygon points="{}"/>{}<polyline points="{}"/>'
        '<line x1="0" x2="{}" y1="{}" y2="{}"/></svg>',
        _WIDTH,
        _HEIGHT + 1,
        _WIDTH,
        _HEIGHT * (1 - mark),
        _HEIGHT * (1 - mark),
        filled,
        thin,
        drawn,
        _WIDTH,
        _HEIGHT,
        _HEIGHT,
    )


def _pieces(points: Points) -> list[Points]:
    """Return the parts of a line between its gaps."""
    cuts = [n for n in range(1, len(points)) if points[n][0] - points[n - 1][0] > _BROKEN]
    return [points[a:b] for a, b in zip([0, *cuts], [*cuts, len(points)], strict=True)]
