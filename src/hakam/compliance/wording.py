"""What a language must say for a statement of reasons. One value per language; nothing is left to the caller."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

import msgspec

from hakam.vocabulary.measure import MeasureKind
from hakam.vocabulary.reasons import Automation, Source


class Wording(msgspec.Struct, frozen=True):
    """Every sentence of a statement in one language. Fields in braces are filled in by `statement_text`."""

    language: str
    direction: str
    title: str
    greeting: str
    h_decision: str
    h_territory: str
    h_duration: str
    h_facts: str
    h_automation: str
    h_ground: str
    h_redress: str
    decision_of: str  # {decision} {date}
    item_at: str  # {url}
    measures: Mapping[MeasureKind, str]  # {item} {label}
    items: Mapping[str, str]  # kind of item -> noun
    item_other: str
    everywhere: str
    only_in: str  # {countries}
    measure_in: str  # {measure} {where}
    from_until: str  # {start} {end}
    from_on: str  # {start}
    sources: Mapping[Source, str]
    notifier: str  # {notifier}
    detected: Mapping[bool, str]
    decided: Mapping[Automation, str]
    illegal: str  # {reference}
    illegal_in: str  # {reference} {country}
    contractual: str  # {title} {reference}
    clause_text: str  # {text}
    clause_link: str
    complaint: str  # {platform} {date}
    complaint_link: str
    complaint_by_person: str
    out_of_court: str
    court: str
    withdrawn_title: str
    withdrawn: str  # {date}
    withdrawn_effect: str
    withdrawn_standing: str
    statement_link: str
    joiner: str
    months: tuple[str, ...]
    countries: Mapping[str, str]
    date_format: str = "{day} {month} {year}"
    first_day: str = "1"  # of a month
    elided: Callable[[str], str] = str  # a sentence with a date, its article as one says it before the number

    def day(self, day: date) -> str:
        """Return a date in words."""
        number = self.first_day if day.day == 1 else str(day.day)
        return self.date_format.format(day=number, month=self.months[day.month - 1], year=day.year)

    def dated(self, sentence: str, **values: str) -> str:
        """Return a sentence that holds dates in words."""
        return self.elided(sentence.format(**values))

    def item(self, kind: str) -> str:
        """Return the noun for a kind of item."""
        return self.items.get(kind, self.item_other)

    def country(self, code: str) -> str:
        """Return the name of a country or group of countries; its code when the table has none."""
        return self.countries.get(code, code)
