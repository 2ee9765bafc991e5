"""The words of a statement of reasons, from the one record. The page, the letter and the webhook all take them here.

# DSA Art. 17(4): clear, easy to understand, as precise as it can be.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from unicodedata import bidirectional

import msgspec
from django.utils.timezone import get_default_timezone, localdate

from hakam.compliance import rulebook, statements
from hakam.compliance.calendar import last_day
from hakam.compliance.direction import settled
from hakam.compliance.models import Statement
from hakam.compliance.profile import has_certified_bodies
from hakam.compliance.wording import Wording
from hakam.compliance.wording_ar import ARABIC
from hakam.compliance.wording_de import GERMAN
from hakam.compliance.wording_en import ENGLISH
from hakam.compliance.wording_es import SPANISH
from hakam.compliance.wording_fr import FRENCH
from hakam.compliance.wording_it import ITALIAN
from hakam.vocabulary.measure import Measure
from hakam.vocabulary.reasons import Ground, GroundKind, Reasons

LANGUAGES = {"en": ENGLISH, "ar": ARABIC, "fr": FRENCH, "de": GERMAN, "es": SPANISH, "it": ITALIAN}
_ISOLATE, _END_ISOLATE = "\u2068", "\u2069"  # FSI, PDI: a value keeps its own direction within a sentence
_STRONG = {"ltr": {"R", "AL"}, "rtl": {"L"}}  # directions that would disturb a sentence of this direction


class StatementLink(msgspec.Struct, frozen=True):
    """A link under a section. `url` is a path from the root of the site unless a base was given."""

    label: str
    url: str


class StatementSection(msgspec.Struct, frozen=True, omit_defaults=True):
    """One part of a statement. `key` is stable, the rest is words."""

    key: str
    heading: str
    paragraphs: tuple[str, ...]
    links: tuple[StatementLink, ...] = ()


class StatementText(msgspec.Struct, frozen=True):
    """A statement in one language, ready to be shown. Plain text throughout: nothing in it is HTML."""

    title: str
    language: str
    direction: str
    sections: tuple[StatementSection, ...]
    link_label: str


def wording(language: str) -> Wording:
    """Return the words of a language; English for one that is not written yet."""
    return LANGUAGES.get(language.partition("-")[0].lower(), ENGLISH)


def render(
    statement: Statement, language: str, *, base_url: str = "", platform_name: str = "Hakam"
) -> StatementText:
    """Word a statement in `language`. With `base_url`, its links are addresses."""
    return _Writer(statement, wording(language), base_url, platform_name).statement()


def render_withdrawal(
    statement: Statement, language: str, *, base_url: str = "", platform_name: str = "Hakam"
) -> StatementText:
    """Word the message that a decision was reversed."""
    return _Writer(statement, wording(language), base_url, platform_name).withdrawal()


def _day(words: Wording, at: datetime) -> str:
    """Return the day on which something happened where the platform is, in words."""
    return words.day(localdate(at, get_default_timezone()))


class _Writer:
    """Writes one statement in one language."""

    def __init__(self, statement: Statement, words: Wording, base_url: str, platform_name: str) -> None:
        self._statement = statement
        self._w = words
        self._base = base_url.rstrip("/")
        self._platform = platform_name
        self._reasons: Reasons = statements.reasons_of(statement)
        self._measures: Sequence[Measure] = statements.measures_of(statement)
        self._item = words.item(statement.item_kind)

    def statement(self) -> StatementText:
        """Return all sections, in the order of the law."""
        return self._text(
            self._w.title,
            (
                self._decision(),
                self._territory(),
                self._duration(),
                self._facts(),
                self._automation(),
                self._ground(),
                self._redress(),
            ),
        )

    def withdrawal(self) -> StatementText:
        """Return the message of a reversal."""
        w, s = self._w, self._statement
        when = _day(w, s.withdrawn_at or s.issued_at)
        paragraphs = (
            w.dated(w.withdrawn, date=when, decision=self._keep(s.decision)),
            *self._address(),
            w.withdrawn_effect,
            w.withdrawn_standing,
        )
        return self._text(w.withdrawn_title, (StatementSection("withdrawn", w.h_decision, paragraphs),))

    def _text(self, title: str, sections: tuple[StatementSection, ...]) -> StatementText:
        w = self._w
        return StatementText(
            title.format(item=self._item), w.language, w.direction, sections, w.statement_link
        )

    def _decision(self) -> StatementSection:
        # DSA Art. 17(3)(a): whether the decision entails removal, disabling, demotion, suspension or another measure
        w, s = self._w, self._statement
        paragraphs = (
            w.greeting.format(platform=self._keep(self._platform)),
            w.dated(w.decision_of, date=_day(w, s.issued_at), decision=self._keep(s.decision)),
            *(self._measure(m) for m in self._measures),
            *self._address(),
        )
        return StatementSection("decision", w.h_decision, paragraphs)

    def _measure(self, measure: Measure) -> str:
        text = self._w.measures[measure.kind].format(item=self._item)
        said = "".join(f" ({self._keep(part)})" for part in (measure.label, measure.note) if part)
        return f"{text.removesuffix('.')}{said}." if said else text

    def _address(self) -> tuple[str, ...]:
        s = self._statement
        where = s.item_url or f"{s.platform}/{s.item_kind}/{s.item_id}"
        return (self._w.item_at.format(item=self._item), settled(where))

    def _territory(self) -> StatementSection:
        # DSA Art. 17(3)(a): the territorial scope of the decision, where relevant
        w = self._w
        scopes = {m.territory for m in self._measures}
        if len(scopes) == 1:
            paragraphs: tuple[str, ...] = (self._where(next(iter(scopes))),)
        else:
            paragraphs = tuple(
                f"{self._measure(m)} {self._where(m.territory)}"
                if not m.territory
                else w.measure_in.format(measure=self._measure(m), where=self._places(m.territory))
                for m in self._measures
            )
        return StatementSection("territory", w.h_territory, paragraphs)

    def _where(self, territory: tuple[str, ...]) -> str:
        return self._w.only_in.format(countries=self._places(territory)) if territory else self._w.everywhere

    def _places(self, territory: tuple[str, ...]) -> str:
        return self._w.joiner.join(self._keep(self._w.country(code)) for code in territory)

    def _duration(self) -> StatementSection:
        # DSA Art. 17(3)(a): ... and its duration
        lengths = {m.days for m in self._measures}
        if len(lengths) == 1:
            paragraphs: tuple[str, ...] = (self._period(next(iter(lengths))),)
        else:
            paragraphs = tuple(f"{self._measure(m)} {self._period(m.days)}" for m in self._measures)
        return StatementSection("duration", self._w.h_duration, paragraphs)

    def _period(self, days: int | None) -> str:
        start: datetime = self._statement.effective_from
        if days is None:
            return self._w.dated(self._w.from_on, start=_day(self._w, start))
        end = start + timedelta(days=days)
        return self._w.dated(self._w.from_until, start=_day(self._w, start), end=_day(self._w, end))

    def _facts(self) -> StatementSection:
        # DSA Art. 17(3)(b): the facts and circumstances relied on, whether a notice or own initiative led to it, and,
        # only where strictly necessary, who submitted the notice
        w, r = self._w, self._reasons
        paragraphs = [settled(r.facts), w.sources[r.source].format(item=self._item)]
        if r.notifier:
            paragraphs.append(w.notifier.format(notifier=self._keep(r.notifier)))
        return StatementSection("facts", w.h_facts, tuple(paragraphs))

    def _automation(self) -> StatementSection:
        # DSA Art. 17(3)(c): the use made of automated means, in detecting and in deciding
        w, r = self._w, self._reasons
        paragraphs = (
            w.detected[r.automated_detection].format(item=self._item),
            w.decided[r.automated_decision],
        )
        return StatementSection("automation", w.h_automation, paragraphs)

    def _ground(self) -> StatementSection:
        paragraphs: list[str] = []
        links: list[StatementLink] = []
        for ground in self._reasons.grounds:
            paragraphs += (
                self._legal(ground) if ground.kind is GroundKind.ILLEGAL else self._contractual(ground)
            )
        if any(g.kind is GroundKind.CONTRACTUAL for g in self._reasons.grounds):
            spoken = "" if self._w.language == "en" else self._w.language
            path = rulebook.clause_path(self._reasons.pack, self._reasons.clause, spoken)
            links.append(StatementLink(self._w.clause_link, self._base + path))
        return StatementSection("ground", self._w.h_ground, tuple(paragraphs), tuple(links))

    def _legal(self, ground: Ground) -> Iterator[str]:
        # DSA Art. 17(3)(d): the legal ground, and why the information is considered illegal on it
        reference = self._keep(ground.reference)
        if ground.country:
            country = self._keep(self._w.country(ground.country))
            yield self._w.illegal_in.format(reference=reference, country=country)
        else:
            yield self._w.illegal.format(reference=reference)
        yield settled(ground.explanation)

    def _contractual(self, ground: Ground) -> Iterator[str]:
        # DSA Art. 17(3)(e): the contractual ground, and why the information is considered incompatible with it
        clause = rulebook.clause_text(self._reasons.pack, self._reasons.clause, self._w.language)
        title = clause.title if clause is not None else self._reasons.clause
        yield self._w.contractual.format(title=self._keep(title), reference=self._keep(ground.reference))
        if clause is not None and clause.text:
            yield self._w.clause_text.format(text=self._keep(clause.text))
            if ground.explanation in rulebook.clause_words(self._reasons.pack, self._reasons.clause):
                return  # the clause again, perhaps in another language
        yield settled(ground.explanation)

    def _redress(self) -> StatementSection:
        # DSA Art. 17(3)(f): clear information on redress: internal complaint, out-of-court settlement, courts
        w, s = self._w, self._statement
        last = last_day(s.complain_until, get_default_timezone())
        bodies = has_certified_bodies(s.platform, localdate(s.issued_at))
        paragraphs = (
            w.dated(w.complaint, platform=self._keep(self._platform), date=w.day(last)),  # DSA Art. 20(1)
            w.complaint_by_person,  # DSA Art. 20(4) and (6)
            *([w.out_of_court] if bodies else []),  # DSA Art. 21(1) and (2)
            w.court,  # DSA Art. 21(1), third subparagraph
        )
        link = StatementLink(w.complaint_link, f"{self._base}{statements.path_of(s)}#complain")
        return StatementSection("redress", w.h_redress, paragraphs, (link,))

    def _keep(self, value: str) -> str:
        """Return `value` so that it keeps its own direction within a sentence of this language."""
        value = settled(value)
        foreign = _STRONG[self._w.direction]
        if any(bidirectional(c) in foreign for c in value):
            return f"{_ISOLATE}{value}{_END_ISOLATE}"
        return value
