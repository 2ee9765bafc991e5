"""A platform reads the statement of reasons of a decision about one of its people (DSA Art. 17)."""

from __future__ import annotations

import pytest
from tests.api.conftest import Caller, problem

from hakam.api.problems import ProblemKind
from hakam.compliance.access import statement_of
from hakam.review.models import Decision

pytestmark = pytest.mark.django_db


def test_a_statement_is_read_as_data_and_in_words(platform: Caller, removed: Decision) -> None:
    statement = statement_of(f"decision:{removed.pk}")
    assert statement is not None
    body = platform.get(f"/statements/{statement.pk}").json()
    assert (body["decision"], body["recipient"]) == (f"decision:{removed.pk}", "u1")
    assert body["measures"] == [{"kind": "remove"}]
    assert body["reasons"]["facts"] == "It calls people vermin."
    assert {part["key"] for part in body["sections"]} >= {"facts", "redress"}
    arabic = platform.get(f"/statements/{statement.pk}?language=ar").json()
    assert (arabic["language"], arabic["title"] != body["title"]) == ("ar", True)
    problem(Caller(platform="other").get(f"/statements/{statement.pk}"), ProblemKind.NOT_FOUND)
    problem(platform.get("/statements/nothing"), ProblemKind.NOT_FOUND)
