"""From a statement to its payload: right for every measure, ground, source and harm; valid; no person in it."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jsonschema
import msgspec
import pytest
from tests.compliance.eu_database.conftest import CONTRACT, FACTS, NOW, Issue

from hakam.compliance.eu_database.codes import EEA, EU
from hakam.compliance.eu_database.form import check
from hakam.compliance.eu_database.payload import ItemFacts, build, is_due, scope_of
from hakam.compliance.models import Statement
from hakam.vocabulary.harm import Harm
from hakam.vocabulary.measure import NATURE, Measure, MeasureKind
from hakam.vocabulary.reasons import Automation, Ground, GroundKind, Source

pytestmark = pytest.mark.django_db
SCHEMA = msgspec.json.decode((Path(__file__).parent / "fixtures" / "statement.schema.json").read_bytes())
ORACLE = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())
LAW = Ground(GroundKind.ILLEGAL, "Criminal Code, section 130", "It incites to hatred.", "DE")


def payload_of(statement: Statement, facts: ItemFacts = FACTS, **more: Any) -> dict[str, Any]:
    payload = build(statement, facts, puid="p1", **more).payload
    assert check(payload) == ()
    assert ORACLE.is_valid(payload)
    return payload


def test_a_removal_after_a_notice(issue: Issue) -> None:
    assert payload_of(issue(), base_url="https://hakam.example/") == {
        "puid": "p1",
        "decision_visibility": ["DECISION_VISIBILITY_CONTENT_REMOVED"],
        "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT",
        "decision_ground_reference_url": "https://hakam.example/rules/1.0.0#hate",
        "incompatible_content_ground": "scene@1.0.0, hate",
        "incompatible_content_explanation": "It calls people vermin.",
        "content_type": ["CONTENT_TYPE_IMAGE", "CONTENT_TYPE_TEXT"],
        "category": "STATEMENT_CATEGORY_ILLEGAL_OR_HARMFUL_SPEECH",
        "category_specification": ["KEYWORD_HATE_SPEECH"],
        "content_language": "AR",
        "content_date": "2026-02-28",
        "application_date": "2026-03-02",
        "territorial_scope": sorted(EEA),
        "decision_facts": "The post calls people vermin.",
        "source_type": "SOURCE_ARTICLE_16",
        "automated_detection": "No",
        "automated_decision": "AUTOMATED_DECISION_NOT_AUTOMATED",
    }


@pytest.mark.parametrize("kind", [k for k, nature in NATURE.items() if nature.tdb_field])
def test_every_restriction_has_its_field_and_its_end(issue: Issue, kind: MeasureKind) -> None:
    statement = issue(Measure(kind, days=30))
    payload = payload_of(statement)
    field, value = NATURE[kind].tdb_field, NATURE[kind].tdb_value
    assert payload[str(field)] in (value, [value])
    end = {
        "decision_visibility": "visibility",
        "decision_monetary": "monetary",
        "decision_provision": "service",
    }
    name = f"end_date_{end.get(str(field), 'account')}_restriction"
    assert payload[name] == (NOW + timedelta(days=30)).date().isoformat()
    assert is_due(statement) == ""


@pytest.mark.parametrize("kind", [k for k, nature in NATURE.items() if not nature.tdb_field])
def test_what_restricts_nobody_is_not_reported(issue: Issue, kind: MeasureKind) -> None:
    # DSA Art. 17(1)
    assert is_due(issue(Measure(kind))) == "no_restriction"


def test_several_measures_are_one_statement(issue: Issue) -> None:
    payload = payload_of(
        issue(
            Measure(MeasureKind.LABEL, days=3),
            Measure(MeasureKind.REMOVE),
            Measure(MeasureKind.SUSPEND, days=7),
        )
    )
    assert payload["decision_visibility"] == [
        "DECISION_VISIBILITY_CONTENT_LABELLED",
        "DECISION_VISIBILITY_CONTENT_REMOVED",
    ]
    assert "end_date_visibility_restriction" not in payload  # one of them has no end
    assert payload["end_date_account_restriction"] == "2026-03-09"


def test_the_law_comes_before_the_terms_where_it_was_relied_on(issue: Issue) -> None:
    payload = payload_of(issue(grounds=(CONTRACT, LAW)), base_url="https://hakam.example")
    assert payload["decision_ground"] == "DECISION_GROUND_ILLEGAL_CONTENT"
    assert payload["illegal_content_legal_ground"] == "Criminal Code, section 130 (DE)"
    assert "decision_ground_reference_url" not in payload


@pytest.mark.parametrize("source", Source)
@pytest.mark.parametrize("automation", Automation)
def test_sources_and_automation_have_their_codes(
    issue: Issue, source: Source, automation: Automation
) -> None:
    payload = payload_of(issue(source=source, automated_decision=automation, automated_detection=True))
    assert payload["automated_detection"] == "Yes"
    assert "source_identity" not in payload


@pytest.mark.parametrize("harm", [*Harm, None])
def test_every_harm_has_a_category(issue: Issue, harm: Harm | None) -> None:
    payload = payload_of(issue(harm=harm))
    if harm is None:
        assert payload["category"] == "STATEMENT_CATEGORY_OTHER_VIOLATION_TC"


@pytest.mark.parametrize(
    "kind", ["post", "image", "video", "audio", "live.start", "listing", "profile", "account", "group"]
)
def test_every_kind_of_item_has_a_type(issue: Issue, kind: str) -> None:
    payload = payload_of(issue(kind=kind), ItemFacts(date(1999, 1, 1)))
    assert payload["content_date"] == "2000-01-01"  # the earliest day that the form knows
    assert ("content_type_other" in payload) is (payload["content_type"] == ["CONTENT_TYPE_OTHER"])


@pytest.mark.parametrize(
    ("territory", "scope"),
    [
        ((), EEA),
        (("EU",), EU),
        (("EEA",), EEA),
        (("DE", "FR", "US"), {"DE", "FR"}),
        (("US",), set()),
        (("EU", "NO"), EU | {"NO"}),
    ],
)
def test_the_scope_is_where_it_applies_in_the_union(
    issue: Issue, territory: tuple[str, ...], scope: frozenset[str]
) -> None:
    measure = Measure(MeasureKind.WITHHOLD, territory=territory)
    assert set(scope_of([measure])) == scope
    assert is_due(issue(measure)) == ("" if scope else "elsewhere")


@pytest.mark.parametrize(
    "other", [Measure(MeasureKind.WARN), Measure(MeasureKind.REMOVE, territory=("US",), days=9)]
)
def test_what_is_not_for_the_database_widens_nothing(issue: Issue, other: Measure) -> None:
    there = Measure(MeasureKind.WITHHOLD, territory=("DE",), days=3)
    assert payload_of(issue(there, other)) == payload_of(issue(there))


def test_days_are_those_of_the_platform(issue: Issue, settings: Any) -> None:
    settings.TIME_ZONE = "Pacific/Pago_Pago"
    payload = payload_of(issue(Measure(MeasureKind.SUSPEND, days=1)))
    day = NOW.astimezone(ZoneInfo("Pacific/Pago_Pago")).date()
    assert day != NOW.date()
    assert payload["application_date"] == day.isoformat()
    assert payload["end_date_account_restriction"] == (day + timedelta(days=1)).isoformat()


def test_no_person_is_in_it(issue: Issue) -> None:
    # DSA Art. 24(5)
    said = "amal_k (amal@example.org, +49 171 2345678) wrote at https://maydan.example/amal/77 what Basma reported."
    entry = build(
        issue(facts=said, notifier="Basma", grounds=(Ground(GroundKind.CONTRACTUAL, "x@1, hate", said),)),
        FACTS,
        puid="p1",
    )
    text = msgspec.json.encode(entry.payload).decode()
    for trace in ("amal", "2345678", "Basma", "maydan"):
        assert trace not in text
    assert (
        entry.payload["decision_facts"] == "[name] ([e-mail], [number]) wrote at [link] what [name] reported."
    )
    assert [span.trace for span in entry.covered["decision_facts"].spans] == [
        "name",
        "email",
        "phone",
        "address",
        "name",
    ]


def test_texts_are_cut_to_what_the_database_takes(issue: Issue) -> None:
    long = "word " * 2_000
    payload = payload_of(issue(facts=long, grounds=(Ground(GroundKind.ILLEGAL, long, long),)))
    assert len(payload["decision_facts"]) == 5_000
    assert payload["illegal_content_explanation"].endswith("…")
    assert len(payload["illegal_content_legal_ground"]) == 500
