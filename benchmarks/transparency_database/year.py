"""A synthetic year of statements of reasons: every harm, measure, ground, source, language and territory."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec

from hakam.compliance.calendar import end_of_period
from hakam.compliance.eu_database.codes import EEA
from hakam.compliance.eu_database.payload import ItemFacts
from hakam.compliance.models import Statement
from hakam.vocabulary.harm import Harm
from hakam.vocabulary.measure import NATURE, Measure
from hakam.vocabulary.reasons import Automation, Ground, GroundKind, Reasons, Source
from hakam.vocabulary.verdict import PackRef

BEGIN = datetime(2025, 7, 1, tzinfo=UTC)
KINDS = ("post", "comment", "image", "video", "live.segment", "listing", "profile", "audio")
LANGUAGES = ("ar", "en", "fr", "de", "es", "it", "pl-PL", "")
FACTS = (
    "The post calls a group of people vermin and asks others to drive them out; {n} people saw it.",
    "يصف المنشور جماعة من الناس بأوصاف مهينة ويدعو إلى طردهم، وكتب صاحبه @user{n} رقمه 0171 {n:07d}.",
    "The listing offers a product without its safety information. Contact: seller{n}@shop.example.",
    "Le commentaire renvoie à https://exemple.example/u/{n} et incite à la haine.",
)


def statements(
    count: int, pack: PackRef, clause: str, *, seed: int = 7
) -> Iterator[tuple[Statement, ItemFacts]]:
    """Yield `count` statements spread over a year. The same seed gives the same year."""
    dice = random.Random(seed)
    restricting = [kind for kind, nature in NATURE.items() if nature.tdb_field]
    harms, places = list(Harm), sorted(EEA)
    for n in range(count):
        at = BEGIN + timedelta(seconds=n * 31_536_000 // count)
        territory = tuple(dice.sample(places, 2)) if n % 3 == 0 else ()
        kinds = dice.sample(restricting, 1 + (n % 5 == 0))
        measures = [Measure(k, territory=territory, days=dice.choice((None, 7, 30, 90))) for k in kinds]
        facts = FACTS[n % len(FACTS)].format(n=n)
        contract = Ground(
            GroundKind.CONTRACTUAL, f"{pack.id}@{pack.version}, {clause}", "It breaks the clause."
        )
        law = Ground(
            GroundKind.ILLEGAL, "Criminal Code, section 130", "It incites to hatred.", dice.choice(places)
        )
        reasons = Reasons(
            clause=clause,
            pack=pack,
            grounds=(contract, law) if n % 4 == 0 else (contract,),
            facts=facts,
            source=dice.choice(list(Source)),
            automated_detection=n % 2 == 0,
            automated_decision=dice.choice(list(Automation)),
            harm=harms[n % len(harms)],
        )
        statement = Statement(
            token=f"t{n}",
            platform="maydan",
            item_kind=KINDS[n % len(KINDS)],
            item_id=str(n),
            item_url=f"https://maydan.example/p/{n}",
            recipient=f"user{n % 50_000}",
            decision=f"decision:{n}",
            reasons=msgspec.to_builtins(reasons),
            measures=msgspec.to_builtins(measures),
            language="en",
            issued_at=at,
            effective_from=at,
            complain_until=end_of_period(at, 6),
        )
        hosted = (at - timedelta(days=dice.randrange(60))).date()
        yield statement, ItemFacts(hosted, dice.choice(LANGUAGES), ("image/png",) if n % 6 == 0 else ())
