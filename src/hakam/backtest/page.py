"""The report as a page: one file that needs nothing else, in English or Arabic, for light and dark screens."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from html import escape

from hakam.backtest import plots
from hakam.backtest.decided import Agreement, Share
from hakam.backtest.report import Report, RuleReport, Shown
from hakam.backtest.run import Difference, Way
from hakam.backtest.wording import STAGES, WORDS
from hakam.policy.about import in_language as about_in
from hakam.policy.changes import Change
from hakam.policy.differing import differing
from hakam.policy.turning import PieceKind, pieces
from hakam.policy.wording import in_language

SHOWN_BARS = 60
SHOWN_WAYS = 3  # in which a near miss would have fired; of more only the number is told
_STYLE = """
:root{color-scheme:light dark;--ink:#1c1e20;--soft:#62676c;--paper:#f5f4f0;--card:#fffefb;--line:#dcd8cf;--bar:#0d5a61;
--warn:#7d5100;--range:#9cc4c4}
@media(prefers-color-scheme:dark){:root{--ink:#e9e7e1;--soft:#979ea4;--paper:#111416;--card:#191d20;--line:#2c3237;
--bar:#6cc3c6;--warn:#e5b65a;--range:#2f5f62}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink)}
body{font:16px/1.5 system-ui,"Noto Sans","Noto Sans Arabic",sans-serif}
[lang=ar] body{line-height:1.75}
main{max-width:76rem;margin-inline:auto;padding:2rem 1rem 4rem}
h1{font-size:1.7rem;margin:0 0 .25rem}h2{font-size:1.2rem;margin:2.5rem 0 .75rem}
h3{font-size:1rem;margin:1.25rem 0 .5rem}
p{margin:.25rem 0}.soft{color:var(--soft)}.warn{color:var(--warn)}
.figures{display:flex;flex-wrap:wrap;gap:.75rem;margin-block:1.25rem}
.figures div{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.6rem .9rem}
.figures div{min-inline-size:9rem}
.figures b{display:block;font-size:1.35rem;font-variant-numeric:tabular-nums}
.wide{overflow-x:auto}
table{border-collapse:collapse;inline-size:100%;font-variant-numeric:tabular-nums}
th{font-weight:500;color:var(--soft);font-size:.85rem}
th,td{text-align:start;padding:.35rem .6rem .35rem 0;border-block-end:1px solid var(--line);vertical-align:top}
[dir=rtl] th,[dir=rtl] td{padding:.35rem 0 .35rem .6rem}
td.n,th.n{text-align:end}
svg{display:block;max-inline-size:100%;block-size:auto}svg text{font:12px system-ui,sans-serif;fill:var(--ink)}
svg .value{fill:var(--soft)}svg .bar{fill:var(--bar)}svg .axis{stroke:var(--line);stroke-width:1}
svg .range{stroke:var(--range);stroke-width:5;stroke-linecap:round}
svg.interval{display:inline-block;vertical-align:middle}
details{background:var(--card);border:1px solid var(--line);border-radius:.5rem;margin-block:.5rem;padding:.5rem .9rem}
summary{cursor:pointer;font-weight:600}summary .soft{font-weight:400}
blockquote{margin:.4rem 0;padding:.3rem .7rem;border-inline-start:3px solid var(--line)}
blockquote{overflow-wrap:anywhere;white-space:pre-line}
blockquote footer{color:var(--soft);font-size:.8rem;white-space:normal}
blockquote .lacked{font-size:.9rem;white-space:normal;margin-block:.3rem}
.lacked ul{margin:0;padding-inline-start:1.2rem}.lacked bdi:not(.code){font-weight:600}
bdi{white-space:nowrap}blockquote bdi,.sources bdi{white-space:normal;overflow-wrap:anywhere}
code,bdi.code{font:.9em ui-monospace,monospace}
"""


def page(report: Report, language: str = "en") -> str:
    """Return the report as HTML. `language` is `en` or `ar`; texts of events keep their own direction."""
    return _Page(report, language).html()


class _Page:
    def __init__(self, report: Report, language: str) -> None:
        self._report, self._language = report, language
        self._words = WORDS[language]
        self._days = every_day(report.days)

    def html(self) -> str:
        made = self._report
        direction = "rtl" if self._language == "ar" else "ltr"
        parts = (
            self._head,
            self._notes,
            self._differences,
            self._people,
            self._plots,
            self._overlap,
            self._rules,
        )
        body = "".join(part() for part in parts)
        return (
            f'<!doctype html>\n<html lang="{self._language}" dir="{direction}"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width,initial-scale=1">'
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
            f"<title>{self._w('title')} · {escape(str(made.pack))}</title><style>{_STYLE}</style></head>"
            f"<body><main>{body}</main></body></html>\n"
        )

    def _w(self, name: str, *values: object) -> str:
        return escape(self._words[name].format(*values))

    # Parts

    def _head(self) -> str:
        made = self._report
        against = f" · {self._w('against')} {_code(str(made.against))}" if made.against is not None else ""
        figures = [(made.events, "events", ""), (made.fired, "fired", _percent(made.fired / made.events))]
        if made.against is not None:
            figures += [
                (made.fired_before or 0, "before", _percent((made.fired_before or 0) / made.events)),
                (made.events_newly or 0, "newly_events", ""),
                (made.events_no_longer or 0, "no_longer_events", ""),
            ]
        cards = "".join(
            f"<div><b>{value:,}</b>{self._w(name)}{f' · {share}' if share else ''}</div>"
            for value, name, share in figures
        )
        way = (
            self._w("way_columns", f"{made.checked_both_ways:,}")
            if made.way is Way.COLUMNS
            else self._w("way_function")
        )
        return (
            f"<h1>{self._w('title')}</h1><p>{_code(str(made.pack))}{against}</p>"
            f'<p class="soft">{self._w("from")} {_code(made.first)} {self._w("to")} {_code(made.last)}'
            f" · {self._w('took')} {made.seconds:,.1f} {self._w('seconds')} · {self._w('way')}: {way}</p>"
            + (f'<p class="soft sources">{", ".join(map(_code, made.sources))}</p>' if made.sources else "")
            + f'<div class="figures">{cards}</div>'
        )

    def _differing(self, one: Difference) -> str:
        told = differing(one.rule, one.event, by=one.by, function_fires=one.function_fires)
        return f"{told.code}: {in_language(told, self._language).message}"

    def _notes(self) -> str:
        made, out = self._report, []
        if made.differences:
            told = "".join(f"<li>{escape(text)}</li>" for text in map(self._differing, made.differences))
            out.append(f'<p class="warn">{self._w("differences")}</p><ul class="soft">{told}</ul>')
        if made.refused:
            why = "".join(f"<li>{_code(one)}</li>" for one in made.why_refused)
            out.append(
                f'<p class="warn">{self._w("refused")}: {made.refused:,}</p><ul class="soft">{why}</ul>'
            )
        if made.unread_decisions:
            texts = ", ".join(f"<bdi>{escape(one)}</bdi>" for one in made.unread_decisions[:20])
            out.append(f'<p class="warn">{self._w("unread")}: {texts}</p>')
        if made.counters_forgot:
            out.append(f'<p class="warn">{self._w("forgot")}: {made.counters_forgot:,}</p>')
        return "".join(out)

    def _differences(self) -> str:
        if self._report.against is None:
            return ""
        changed = [
            rule
            for rule in self._report.rules
            if rule.state != "same"
            or (rule.change and (rule.change.newly_fires or rule.change.no_longer_fires))
        ]
        rows = [
            [
                _code(rule.rule),
                self._w(f"state_{rule.state}"),
                f"{rule.fires_before or 0:,}",
                f"{rule.fires:,}",
                _signed("+", rule.change.newly_fires) if rule.change else "",
                _signed("−", rule.change.no_longer_fires) if rule.change else "",
            ]
            for rule in changed
        ]
        head = ["rule", "", "before", "fires", "newly", "no_longer"]
        return f"<h2>{self._w('against')} {_code(str(self._report.against))}</h2>" + self._table(
            head, rows, 2
        )

    def _people(self) -> str:
        made = self._report
        if made.agreement is None:
            return ""
        rows = [self._agreement(f"<b>{self._w('all_rules')}</b>", made.agreement)]
        if made.agreement_before is not None:
            rows.append(self._agreement(f"<b>{self._w('before')}</b>", made.agreement_before))
        rows += [
            self._agreement(_code(rule.rule), rule.agreement)
            for rule in self._by_fires()
            if rule.agreement is not None and (rule.agreement.caught or rule.agreement.wrong)
        ]
        counts = " · ".join(
            f"<bdi>{escape(name)}</bdi> {count:,}" for name, count in list(made.decisions.items())[:12]
        )
        head = ["rule", "precision", "recall", "disagreement", "caught", "wrong", "missed", "right"]
        return (
            f'<h2>{self._w("people")}</h2><p class="soft">{self._w("decided")}: {counts} · {self._w("interval")}</p>'
            + self._table(head, rows, 4)
        )

    def _agreement(self, name: str, found: Agreement) -> list[str]:
        shares = [self._share(one) for one in (found.precision, found.recall, found.disagreement)]
        counts = [f"{one:,}" for one in (found.caught, found.wrong, found.missed, found.right)]
        return [name, *shares, *counts]

    def _share(self, share: Share) -> str:
        if share.value is None or share.low is None or share.high is None:
            return "–"
        text = f"{_digits(share.value)} ({_digits(share.low)} – {_digits(share.high)})"
        return (
            plots.interval(share.value, share.low, share.high, text) + f'<br><bdi class="soft">{text}</bdi>'
        )

    def _plots(self) -> str:
        made = self._report
        firing = [rule for rule in self._by_fires() if rule.fires][:SHOWN_BARS]
        if not firing:
            return f'<h2>{self._w("by_rule")}</h2><p class="soft">{self._w("none_fires")}</p>'
        by_rule = plots.bars(
            [(rule.rule, rule.fires, f"{rule.fires:,} · {_digits(rule.share)}") for rule in firing],
            self._words["by_rule"],
        )
        languages = plots.bars(
            [(name, count, f"{count:,}") for name, count in list(made.languages.items())[:12]],
            self._words["by_language"],
        )
        days = plots.days(made.days, self._days, self._words["by_day"])
        return (
            f"<h2>{self._w('by_rule')}</h2>{by_rule}<h2>{self._w('events')}: {self._w('by_day')}</h2>{days}"
            f"<h2>{self._w('events')}: {self._w('by_language')}</h2>{languages}"
        )

    def _overlap(self) -> str:
        if not self._report.overlap:
            return ""
        rows = [
            [f"{_code(pair.one)} · {_code(pair.other)}", f"{pair.events:,}", _percent(pair.share)]
            for pair in self._report.overlap
        ]
        return f"<h2>{self._w('overlap')}</h2>" + self._table(
            ["rules", "overlap_events", "overlap_share"], rows, 1
        )

    def _rules(self) -> str:
        return f"<h2>{self._w('rules')}</h2>" + "".join(self._rule(rule) for rule in self._by_fires())

    def _rule(self, rule: RuleReport) -> str:
        name = rule.stage.split(" ")[0]
        stage = escape(rule.stage.replace(name, STAGES[self._language].get(name, name)))
        out = [
            (
                f'<details><summary>{_code(rule.rule)} <span class="soft">{rule.fires:,} · {_percent(rule.share)} · '
                f"{_code(rule.policy)} · {stage}</span></summary>"
            )
        ]
        if about := about_in(rule.about, self._language):
            out.append(f'<p dir="auto">{escape(about)}</p>')
        if rule.failed:
            out.append(f'<p class="warn">{self._w("failed")} {rule.failed:,}</p>')
        if rule.fires:
            languages = [(one, count, f"{count:,}") for one, count in list(rule.by_language.items())[:8]]
            out.append(
                f"<h3>{self._w('by_language')}</h3>{plots.bars(languages, self._words['by_language'])}"
            )
            shown = plots.days(rule.by_day, self._days, self._words["by_day"])
            out.append(f"<h3>{self._w('by_day')}</h3>{shown}")
        if rule.change is not None:
            out.append(self._events("newly", rule.change.newly, rule.change.newly_fires))
            out.append(self._events("no_longer", rule.change.no_longer, rule.change.no_longer_fires))
        out.append(self._events("hits", rule.hits, rule.fires))
        if rule.near_count:
            note = self._w("near_note", f"{self._report.near_among:,}", f"{rule.near_count:,}")
            out.append(f'<h3>{self._w("near")}</h3><p class="soft">{note}</p>' + self._quotes(rule.near))
        return "".join([*out, "</details>"])

    def _events(self, name: str, shown: tuple[Shown, ...], count: int) -> str:
        return f"<h3>{self._w(name)} ({count:,})</h3>{self._quotes(shown)}" if count else ""

    def _quotes(self, shown: Iterable[Shown]) -> str:
        out = []
        for one in shown:
            decided = (
                f" · {self._w('decision')}: <bdi>{escape(one.decided)}</bdi>"
                if one.decided is not None
                else ""
            )
            out.append(
                f'<blockquote dir="auto">{escape(one.text) or "–"}{self._lacked(one)}'
                f'<footer dir="{self._direction()}">'
                f"<bdi>{escape(one.author)}</bdi> · {_code(one.at)} · {_code(one.id)}{decided}</footer></blockquote>"
            )
        return "".join(out)

    def _lacked(self, one: Shown) -> str:
        """Say what a near miss lacked: one way behind the words, several below them."""
        if not one.lacked:
            return ""
        ways = [f" {self._w('and')} ".join(map(self._change, way)) for way in one.lacked[:SHOWN_WAYS]]
        if len(one.lacked) > SHOWN_WAYS:
            more = self._w("more_ways", len(one.lacked) - SHOWN_WAYS)
            ways.append(f'<span class="soft">{more}</span>')
        told = f" {ways[0]}" if len(ways) == 1 else f"<ul>{''.join(f'<li>{way}</li>' for way in ways)}</ul>"
        return f'<div class="lacked" dir="{self._direction()}"><b>{self._w("would")}</b>{told}</div>'

    def _change(self, change: Change) -> str:
        return "".join(_DRAWN[piece.kind](piece.text) for piece in pieces(change, self._language))

    def _direction(self) -> str:
        return "rtl" if self._language == "ar" else "ltr"

    def _table(self, head: list[str], rows: list[list[str]], numbers_from: int) -> str:
        def row(cells: list[str], tag: str, show: Callable[[str], str]) -> str:
            return "".join(
                f"<{tag}{' class=n' if n >= numbers_from else ''}>{show(cell)}</{tag}>"
                for n, cell in enumerate(cells)
            )

        first = row(head, "th", lambda name: self._w(name) if name else "")
        rest = "".join(f"<tr>{row(cells, 'td', str)}</tr>" for cells in rows)
        return f'<div class="wide"><table><thead><tr>{first}</tr></thead><tbody>{rest}</tbody></table></div>'

    def _by_fires(self) -> list[RuleReport]:
        return sorted(self._report.rules, key=lambda rule: (-rule.fires, rule.rule))


def every_day(days: Iterable[str]) -> list[str]:
    """Return all days from the first to the last, those without an event too."""
    found = sorted(days)
    if not found:
        return []
    first, last = date.fromisoformat(found[0]), date.fromisoformat(found[-1])
    return [(first + timedelta(days=n)).isoformat() for n in range((last - first).days + 1)]


def _digits(share: float) -> str:
    if share and share < 0.001:  # noqa: PLR2004 -- below a tenth of a percent more digits are needed
        return f"{share * 100:.2g} %"
    return f"{share * 100:.1f} %"


def _percent(share: float) -> str:
    return f"<bdi>{_digits(share)}</bdi>"


def _signed(sign: str, number: int) -> str:
    # The sign stands before the number, also from right to left.
    return f'<bdi dir="ltr">{sign}{number:,}</bdi>'


def _code(text: str) -> str:
    return f'<bdi class="code">{escape(text)}</bdi>'


def _source(text: str) -> str:
    # Code reads from left to right, also where it begins with an Arabic word.
    return f'<bdi class="code" dir="ltr">{escape(text)}</bdi>'


def _value(text: str) -> str:
    return f"<bdi>{escape(text)}</bdi>"


_DRAWN: Mapping[PieceKind, Callable[[str], str]] = {
    PieceKind.WORDS: escape,
    PieceKind.CODE: _source,
    PieceKind.VALUE: _value,
}
