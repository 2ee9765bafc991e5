"""The JSON Schema of the event, made from its type, so that neither can differ from the other."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from hakam.vocabulary.event import COUNTRY_CODES, SCHEMA_VERSION, Event

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def event_schema_document() -> dict[str, Any]:
    """Return the schema as a document."""
    (root,), components = msgspec.json.schema_components((Event,), ref_template="#/$defs/{name}")
    return {
        "$schema": DIALECT,
        "$id": f"urn:hakam:schema:event:{SCHEMA_VERSION}",
        "title": "Hakam event",
        "description": "Something happened on a platform. Fields that are not named here are kept.",
        **root,
        "$defs": {name: _with_pattern(component) for name, component in components.items()},
    }


def _with_pattern(node: Any) -> Any:
    """Return a part of the schema, the closed list of country codes as the pattern that says the same."""
    if isinstance(node, list):
        return [_with_pattern(part) for part in node]
    if not isinstance(node, dict):
        return node
    if sorted(map(str, node.get("enum", ()))) == list(COUNTRY_CODES):
        rest = {key: value for key, value in node.items() if key != "enum"}
        return {"type": "string", "pattern": "^[A-Z]{2}$", "maxLength": 2, **rest}
    return {key: _with_pattern(value) for key, value in node.items()}


@cache
def event_schema() -> bytes:
    """Return the schema as it is served."""
    return msgspec.json.format(msgspec.json.encode(event_schema_document(), order="sorted"), indent=2) + b"\n"
