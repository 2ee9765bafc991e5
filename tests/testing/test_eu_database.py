"""The simulated database obeys the documented rules, also where they are more lenient than the schema."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from hakam.testing.eu_database import TOKEN, TransparencyDatabase, judge, trimmed

CASES = msgspec.json.decode(
    (Path(__file__).parents[1] / "compliance" / "eu_database" / "fixtures" / "cases.json").read_bytes()
)
GOOD: dict[str, Any] = next(case["payload"] for case in CASES if case["valid"])
LENIENT = {"unknown field", "non-EEA country"}  # the server drops both without a word


def client(database: TransparencyDatabase, token: str = TOKEN) -> httpx.Client:
    return httpx.Client(
        transport=httpx.WSGITransport(database),  # type: ignore[arg-type]
        base_url="http://database.example",
        headers={"authorization": f"Bearer {token}", "accept": "application/json"},
    )


def named(puid: str, **more: Any) -> dict[str, Any]:
    return GOOD | {"puid": puid} | more


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_cases_are_judged_as_documented(case: dict[str, Any]) -> None:
    _kept, errors = judge(case["payload"])
    # a newline at the end of a puid is trimmed before the server looks
    lenient = case["name"] in LENIENT or case["name"] == "puid with newline"
    assert (errors == {}) is (case["valid"] or lenient), errors


def test_texts_are_trimmed_and_empty_ones_are_null() -> None:
    assert trimmed({"a": " x ", "b": ["", " y"], "c": 3}) == {"a": "x", "b": [None, "y"], "c": 3}


def test_what_has_no_condition_is_dropped() -> None:
    kept, errors = judge(named("a", illegal_content_legal_ground="x" * 999, source_type="SOURCE_VOLUNTARY",
                               source_identity="somebody"))  # fmt: skip
    assert errors == {}
    assert "illegal_content_legal_ground" not in kept
    assert "source_identity" not in kept


def test_one_statement_is_stored_once() -> None:
    database = TransparencyDatabase()
    with client(database) as http:
        first = http.post("/api/v1/statement", json=named("a"))
        again = http.post("/api/v1/statement", json=named("a"))
    assert first.status_code == 201
    assert {"uuid", "created_at", "permalink", "self", "platform_name"} <= set(first.json())
    assert again.status_code == 422
    assert again.json()["existing"] == {"puid": "a"}
    assert len(database.puids) == 1


def test_a_batch_is_stored_whole_or_not_at_all() -> None:
    database = TransparencyDatabase()
    with client(database) as http:
        wrong = http.post(
            "/api/v1/statements", json={"statements": [named("a"), named("b", category="X"), named("c")]}
        )
        assert wrong.status_code == 422
        assert list(wrong.json()["errors"]) == ["statement_1"]
        assert "message" not in wrong.json()
        assert database.puids == frozenset()
        right = http.post("/api/v1/statements", json={"statements": [named("a"), named("b")]})
        assert right.status_code == 201
        assert [s["puid"] for s in right.json()["statements"]] == ["a", "b"]
        double = http.post("/api/v1/statements", json={"statements": [named("c"), named("b")]})
        assert double.json()["errors"]["existing_puids"] == ["b"]
        twin = http.post("/api/v1/statements", json={"statements": [named("d"), named("d")]})
        assert twin.json()["errors"]["existing_puids"] == ["d"]
    assert database.puids == {"a", "b"}


@pytest.mark.parametrize("count", [0, 101])
def test_a_batch_has_1_to_100_statements(count: int) -> None:
    database = TransparencyDatabase()
    with client(database) as http:
        said = http.post("/api/v1/statements", json={"statements": [named(f"p{n}") for n in range(count)]})
    assert said.status_code == 422
    assert list(said.json()["errors"]) == ["statements"]


def test_a_puid_can_be_asked_for() -> None:
    database = TransparencyDatabase()
    with client(database) as http:
        http.post("/api/v1/statement", json=named("a"))
        assert http.get("/api/v1/statement/existing-puid/a").status_code == 302
        assert http.get("/api/v1/statement/existing-puid/b").status_code == 404
        assert http.get("/api/ping").json() == {"you_say": "ping", "i_say": "pong"}


def test_who_has_no_token_or_no_permission_is_refused() -> None:
    with client(TransparencyDatabase(), token="wrong") as http:
        assert http.get("/api/ping").status_code == 401
    with client(TransparencyDatabase(may_write=False)) as http:
        assert http.post("/api/v1/statement", json=named("a")).status_code == 403
        assert http.get("/api/v1/statement").status_code == 405
        assert http.get("/api/v1/elsewhere").status_code == 404


def test_too_many_requests_are_answered_in_plain_text() -> None:
    database = TransparencyDatabase()
    database.refuse_next = [(429, {"retry-after": "7"})]
    with client(database) as http:
        said = http.post("/api/v1/statement", json=named("a"))
    assert (said.status_code, said.headers["retry-after"]) == (429, "7")
    assert said.text.startswith("Limit Reached")


def test_without_keeping_only_puids_are_known() -> None:
    database = TransparencyDatabase(keep=False)
    with client(database) as http:
        http.post("/api/v1/statement", json=named("a"))
    assert database.statements is None
    assert database.puids == {"a"}
    database.forget("a")
    assert database.puids == frozenset()
