"""Plots as SVG, written here: bars and days. They carry a title for who can't see them, and no colour of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from html import escape

WIDTH, ROW, LABEL = 640, 22, 170
_MAX_DAYS = 120


def bars(rows: Sequence[tuple[str, float, str]], title: str) -> str:
    """Return horizontal bars: name, value (any unit, at least 0) and the text beside it."""
    most = max((value for _, value, _ in rows), default=0) or 1
    height = ROW * len(rows) + 6
    room = WIDTH - LABEL - 110
    out = [_open(height, title)]
    for n, (name, value, text) in enumerate(rows):
        y = n * ROW + 4
        width = max(1.0 if value else 0.0, value / most * room)
        out.append(
            f'<text class="name" x="{LABEL - 8}" y="{y + 13}" text-anchor="end">{escape(_cut(name))}</text>'
            f'<rect class="bar" x="{LABEL}" y="{y}" width="{width:.1f}" height="{ROW - 7}" rx="2"/>'
            f'<text class="value" x="{LABEL + width + 6:.1f}" y="{y + 13}">{escape(text)}</text>'
        )
    return "".join([*out, "</svg>"])


def days(counts: Mapping[str, int], every_day: Sequence[str], title: str) -> str:
    """Return one column for each day; days without a count are there too. Long spans are put together evenly."""
    names = list(every_day)
    size = -(-len(names) // _MAX_DAYS) or 1
    groups = [names[n : n + size] for n in range(0, len(names), size)]
    values = [0] * len(groups)
    first = date.fromisoformat(names[0]) if names else date.min
    for day, count in counts.items():  # few, where the days of a span may be hundreds of thousands
        values[(date.fromisoformat(day) - first).days // size] += count
    most, height = max(values, default=0) or 1, 120
    step = min(28.0, (WIDTH - 20) / max(1, len(values)))
    out = [_open(height + 30, title)]
    for n, (group, value) in enumerate(zip(groups, values, strict=True)):
        tall = value / most * (height - 14)
        shown = group[0] if len(group) == 1 else f"{group[0]} – {group[-1]}"
        out.append(
            f'<rect class="bar" x="{10 + n * step:.1f}" y="{height - tall:.1f}" width="{max(1.0, step - 2):.1f}" '
            f'height="{tall:.1f}"><title>{escape(shown)}: {value:,}</title></rect>'
        )
    out.append(f'<line class="axis" x1="10" y1="{height}" x2="{WIDTH - 10}" y2="{height}"/>')
    if names:
        out.append(f'<text class="name" x="10" y="{height + 18}">{names[0]}</text>')
        if len(names) > 1:
            out.append(
                f'<text class="name" x="{max(210.0, 10 + step * len(values)):.1f}" y="{height + 18}" '
                f'text-anchor="end">{names[-1]}</text>'
            )
    out.append(f'<text class="value" x="10" y="11">{most:,}</text>')
    return "".join([*out, "</svg>"])


def interval(value: float, low: float, high: float, title: str) -> str:
    """Return a share (0 to 1) as a point with its interval, on a line from 0 to 1."""
    width = 160

    def place(share: float) -> str:
        return f"{4 + share * (width - 8):.1f}"

    return (
        f'<svg class="interval" viewBox="0 0 {width} 16" width="{width}" height="16" role="img" direction="ltr">'
        f"<title>{escape(title)}</title>"
        f'<line class="axis" x1="4" y1="8" x2="{width - 4}" y2="8"/>'
        f'<line class="range" x1="{place(low)}" y1="8" x2="{place(high)}" y2="8"/>'
        f'<circle class="bar" cx="{place(value)}" cy="8" r="4"/></svg>'
    )


def _open(height: int, title: str) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" direction="ltr" preserveAspectRatio="xMinYMin">'
        f"<title>{escape(title)}</title>"
    )


def _cut(name: str) -> str:
    return name if len(name) <= 26 else f"{name[:25]}…"  # noqa: PLR2004 -- what fits beside a bar
