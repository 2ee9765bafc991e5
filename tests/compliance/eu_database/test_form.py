"""Every case is judged as the schema of the database judges it; the fast check and the schema never differ."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hakam.compliance.eu_database.codes import EEA, EU, codes, labels
from hakam.compliance.eu_database.form import MOST, RULES, check

FIXTURES = Path(__file__).parent / "fixtures"
CASES = msgspec.json.decode((FIXTURES / "cases.json").read_bytes())
SCHEMA = msgspec.json.decode((FIXTURES / "statement.schema.json").read_bytes())
ORACLE = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())


def by_schema(payload: dict[str, Any]) -> bool:
    return bool(ORACLE.is_valid(payload))


def test_there_are_33_cases() -> None:
    assert len(CASES) == 33
    assert sum(case["valid"] for case in CASES) == 6


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_each_case_is_judged_right(case: dict[str, Any]) -> None:
    # DSA Art. 24(5)
    assert by_schema(case["payload"]) is case["valid"]
    assert (check(case["payload"]) == ()) is case["valid"]


def test_fields_and_codes_are_those_of_the_schema() -> None:
    assert set(RULES) == set(SCHEMA["properties"])
    assert SCHEMA["$defs"]["batchRequest"]["properties"]["statements"]["maxItems"] == MOST
    assert set(SCHEMA["$defs"]["presets"]["x-EU"]) == EU
    assert set(SCHEMA["$defs"]["presets"]["x-EEA"]) == EEA == codes("territorial_scope")
    assert len(codes("category")) == 16
    assert len(codes("category_specification")) == 69
    assert len(codes("content_language")) == 184
    assert labels("decision_account")["DECISION_ACCOUNT_SUSPENDED"] == "Suspension of the account"


def test_all_that_is_wrong_is_said_at_once() -> None:
    found = {(wrong.field, wrong.code) for wrong in check({"puid": "a b", "colour": "red"})}
    assert found >= {
        ("puid", "value"),
        ("colour", "unknown"),
        ("category", "missing"),
        ("decision_visibility", "missing"),
    }


@pytest.mark.parametrize(
    "field",
    ["end_date_visibility_restriction", "end_date_account_restriction", "end_date_service_restriction"],
)
def test_no_restriction_ends_before_it_begins(field: str) -> None:
    payload = CASES[0]["payload"] | {field: "2023-08-07"}
    assert by_schema(payload)
    assert [(w.field, w.code) for w in check(payload)] == [(field, "value")]


SOMETHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.text(max_size=8),
    st.sampled_from(
        ["Yes", "No", " ", "x" * 501, "x" * 2001, "x" * 5001, "2026-02-29", "2026-02-28", "1999-12-31"]
    ),
    st.sampled_from(
        ["2038-01-01", "2038-01-02", "0123456789123", "EN", "en", "https://a.example/x", "://", "a\n"]
    ),
    st.sampled_from(
        [[], [[]], {}, {"EAN-13": "0123456789123"}, {"EAN-8": "1"}, ["DE", "DE"], ["DE", "FR"], [None]]
    ),
    st.sampled_from(
        sorted(code for field in ("category", "decision_visibility", "content_type") for code in codes(field))
    ),
    st.sampled_from([["DECISION_VISIBILITY_OTHER"], ["CONTENT_TYPE_OTHER"], "DECISION_MONETARY_OTHER"]),
    st.sampled_from(sorted(codes("decision_ground") | codes("source_type") | codes("automated_decision"))),
)
FIELDS = st.sampled_from([*sorted(RULES), "colour"])
ENDS = {name for name in RULES if name.startswith("end_date_")}


@settings(max_examples=1_500, deadline=None)
@given(
    st.sampled_from([case["payload"] for case in CASES]),
    st.dictionaries(FIELDS, SOMETHING, max_size=3),
    st.sets(FIELDS, max_size=2),
)
def test_check_and_schema_never_differ(base: dict[str, Any], put: dict[str, Any], drop: set[str]) -> None:
    payload = {k: v for k, v in copy.deepcopy(base).items() if k not in drop} | put
    said = check(payload)
    if any(wrong.field in ENDS and "before it begins" in wrong.message for wrong in said):
        return  # what no schema can say
    assert (said == ()) is by_schema(payload), said
