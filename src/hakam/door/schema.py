"""The JSON Schema of the event, made from its type, so that neither can differ from the other."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from hakam.vocabulary.event import SCHEMA_VERSION, Event

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
        "$defs": components,
    }


@cache
def event_schema() -> bytes:
    """Return the schema as it is served."""
    return msgspec.json.format(msgspec.json.encode(event_schema_document(), order="sorted"), indent=2) + b"\n"
