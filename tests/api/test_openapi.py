"""The description is committed, and what it says is what happens."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from django.test import Client
from tests.api.conftest import Caller
from tests.api.test_interface import NOTICE

from hakam.api.interface import api, description
from hakam.api.problems import problem_table
from hakam.staff.roles import Scope

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


def resolved(schema: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a component as a JSON Schema that stands for itself."""
    text = json.dumps(schema["components"]["schemas"]).replace("#/components/schemas/", "#/$defs/")
    defs = json.loads(text)
    return {"$ref": f"#/$defs/{name}", "$defs": defs}


def test_the_committed_description_is_the_generated_one() -> None:
    path = REFERENCE / "openapi.json"
    made = json.dumps(description(), indent=2, ensure_ascii=False, sort_keys=True) + "\n"
    if os.environ.get("WRITE_REFERENCE"):
        path.write_text(made, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == made, "run this test with WRITE_REFERENCE=1"


def test_the_reference_holds_every_operation_and_problem() -> None:
    text = (REFERENCE / "http-api.md").read_text(encoding="utf-8")
    assert problem_table() in text
    for path, operations in description()["paths"].items():
        for method in operations:
            assert f"{method.upper()} {path}" in text
    for scope in (
        Scope.NOTICES_WRITE,
        Scope.FLAGS_WRITE,
        Scope.COMPLAINTS_WRITE,
        Scope.STATEMENTS_READ,
        Scope.DELIVERIES_CONFIRM,
        Scope.EDGE_READ,
        Scope.INCIDENTS_READ,
        Scope.INCIDENTS_ACT,
    ):
        assert f"`{scope}`" in text


def test_the_description_is_served_to_everybody() -> None:
    answer = Client().get("/api/v1/openapi.json")
    assert answer.status_code == 200
    assert answer.json() == json.loads(json.dumps(description()))


def test_every_operation_has_an_id_a_key_and_problems() -> None:
    seen = set()
    for operations in description()["paths"].values():
        for operation in operations.values():
            seen.add(operation["operationId"])
            assert operation["security"]
            assert {"4XX", "5XX"} <= set(operation["responses"])
    assert seen == {
        "receiveNotice",
        "getNotice",
        "flag",
        "getFlag",
        "complain",
        "getStatement",
        "confirmDelivery",
        "getEdgeBase",
        "getEdgeDelta",
        "isBarred",
        "listIncidents",
        "getIncident",
        "declareIncident",
        "confirmIncident",
        "refuseIncident",
        "askForRenewal",
        "grantRenewal",
        "refuseRenewal",
        "takeBackPower",
        "giveIncidentRole",
        "noteIncident",
        "endIncident",
        "getIncidentReport",
        "publishIncidentReport",
    }
    assert api.docs_url is None  # nothing is loaded from elsewhere


def test_every_component_is_a_valid_schema() -> None:
    schema = description()
    for name in schema["components"]["schemas"]:
        jsonschema.Draft202012Validator.check_schema(resolved(schema, name))


@pytest.mark.django_db
def test_answers_are_as_described(platform: Caller) -> None:
    schema = description()
    made = platform.post("/notices", NOTICE, Idempotency_Key="r-1").json()
    jsonschema.validate(made, resolved(schema, "NoticeOut"))
    jsonschema.validate(NOTICE, resolved(schema, "NoticeIn"))
    for refused in (platform.post("/notices", {}, Idempotency_Key="r-2"), platform.get("/nothing")):
        jsonschema.validate(refused.json(), resolved(schema, "Problem"))
