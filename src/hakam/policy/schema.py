"""JSON Schema (2020-12) of the files of a pack, for editors. Written from the tables that the checker uses.

`hakam check` says more than a schema can; the schema completes keys and values while one types.
"""

from __future__ import annotations

from typing import Any

from hakam.policy import clauses, examples, pack, params, rules
from hakam.policy.fields import EXTRA_KINDS
from hakam.policy.shape import ID, LANGUAGE
from hakam.vocabulary.event import Event
from hakam.vocabulary.harm import Harm

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TEXT: dict[str, Any] = {"type": "string", "minLength": 1}
_ID = {"type": "string", "pattern": f"^{ID.pattern}$", "maxLength": 100}
_LANGUAGE = f"^{LANGUAGE.pattern}$"
_TEXTS = {"type": "array", "items": _TEXT}
_BY_LANGUAGE = {
    "type": "object",
    "propertyNames": {"pattern": _LANGUAGE},
    "additionalProperties": _TEXT,
    "minProperties": 1,
}
_ABOUT = {"anyOf": [_TEXT, _BY_LANGUAGE]}
_LISTS_BY_LANGUAGE = {**_BY_LANGUAGE, "additionalProperties": _TEXTS}
_ACTS = {"anyOf": [_TEXT, {"type": "array", "items": _TEXT, "minItems": 1}]}
_NAMES = {"anyOf": [{"type": "null"}, {"type": "string"}, _TEXTS]}


def _mapping(properties: dict[str, Any], required: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def _file(title: str, body: dict[str, Any]) -> dict[str, Any]:
    return {"$schema": DIALECT, "title": title, **body}


def pack_schema() -> dict[str, Any]:
    """Return the schema of `pack.yaml`."""
    kinds = {"enum": list(EXTRA_KINDS)}
    properties = {
        "id": _ID,
        "version": {"type": "string", "pattern": "^[0-9A-Za-z][0-9A-Za-z.+_-]{0,63}$"},
        "maturity": {"enum": list(pack.MATURITIES)},
        "languages": {"type": "array", "items": {"type": "string", "pattern": _LANGUAGE}},
        "title": _BY_LANGUAGE,
        "extra": {"type": "object", "additionalProperties": kinds},
        "holdback": {"type": "string", "pattern": r"^[0-9]{1,2}(\.[0-9]{1,3})?%$"},
    }
    return _file("A pack", _mapping(properties, ("id", "version", "maturity", "languages")))


def policies_schema() -> dict[str, Any]:
    """Return the schema of `policies.yaml`."""
    country = {"type": "string", "pattern": "^[A-Z]{2}$"}
    ground = _mapping({"provision": _TEXT, "country": country}, ("provision",))
    properties = {
        "policy": _ID,
        "harm": {"enum": list(map(str, Harm))},
        "severity": {"type": "integer", "minimum": 0, "maximum": clauses.MOST_SEVERE},
        "title": _BY_LANGUAGE,
        "text": _BY_LANGUAGE,
        "examples": _LISTS_BY_LANGUAGE,
        "legal": {"type": "array", "items": ground},
        "contractual": {"type": "boolean"},
        "ladder": _ACTS,
    }
    required = ("policy", "harm", "severity", "title", "text", "ladder")
    return _file("Clauses", {"type": "array", "items": _mapping(properties, required)})


def rules_schema() -> dict[str, Any]:
    """Return the schema of `rules.yaml`."""
    stage = {"type": "string", "pattern": r"^(shadow|live|canary [0-9]{1,3}(\.[0-9]{1,3})?%)$"}
    properties = {"rule": _ID, "policy": _TEXT, "stage": stage, "when": _TEXT, "then": _ACTS, "about": _ABOUT}
    most = {"type": "integer", "minimum": 1, "maximum": rules.MAX_QUOTA}
    properties["examples"] = _mapping(
        {side: {"type": "array", "items": _beside()} for side in examples.BESIDE}
    )
    properties["quota"] = {**_mapping(dict.fromkeys(rules.QUOTAS, most)), "minProperties": 1}
    required = ("rule", "policy", "stage", "when", "then")
    return _file("Rules", {"type": "array", "items": _mapping(properties, required)})


def terms_schema() -> dict[str, Any]:
    """Return the schema of `terms.yaml`."""
    names = {"pattern": pack.NAME}
    return _file("Terms", {"type": "object", "propertyNames": names, "additionalProperties": _TEXT})


def _happening() -> dict[str, Any]:
    """Return what an example says of its event."""
    before = {
        "repeat": {"type": "integer", "minimum": 1, "maximum": examples.MAX_REPEAT},
        "every": _TEXT,
        "vary": {"type": "array", "items": {"enum": list(examples.VARIED)}},
    }
    return {
        "text": {"type": "string"},
        "event": {"type": "object", "propertyNames": {"enum": list(Event.__struct_fields__)}},
        "before": _mapping(before, ("repeat", "every")),
    }


def _beside() -> dict[str, Any]:
    """Return an example beside its rule: a text, or an event."""
    return {"anyOf": [{"type": "string"}, _mapping(_happening())]}


def tests_schema() -> dict[str, Any]:
    """Return the schema of `tests.yaml`."""
    properties = {
        "test": _TEXT,
        **_happening(),
        "fires": _NAMES,
        "silent": _NAMES,
    }
    body = {**_mapping(properties, ("test",)), "anyOf": [{"required": ["fires"]}, {"required": ["silent"]}]}
    return _file("Tests", {"type": "array", "items": body})


def params_schema() -> dict[str, Any]:
    """Return the schema of `params.yaml`."""
    value = {"type": ["number", "string"]}
    properties = {
        "param": {"type": "string", "pattern": pack.NAME},
        "type": {"enum": list(params.TYPES)},
        "default": value,
        "least": value,
        "most": value,
        "about": _ABOUT,
    }
    required = ("param", "type", "default", "least", "most")
    return _file("Parameters", {"type": "array", "items": _mapping(properties, required)})


def tuned_schema() -> dict[str, Any]:
    """Return the schema of `tuned.yaml`."""
    names = {"pattern": pack.NAME}
    values = {
        "type": "object",
        "propertyNames": names,
        "additionalProperties": {"type": ["number", "string"]},
    }
    community = _mapping({"params": values, "without": _TEXTS})
    communities = {"type": "object", "additionalProperties": community}
    one = _mapping({"value": {"type": ["number", "string"]}, "stage": {"type": "string"}}, ("value", "stage"))
    staged = {"type": "object", "propertyNames": names, "additionalProperties": one}
    return _file("What is tuned", _mapping({"params": values, "staged": staged, "communities": communities}))


SCHEMAS = {
    "pack": pack_schema,
    "policies": policies_schema,
    "rules": rules_schema,
    "terms": terms_schema,
    "tests": tests_schema,
    "params": params_schema,
    "tuned": tuned_schema,
}
KEYS = {
    "pack": pack.KEYS,
    "policies": clauses.KEYS,
    "rules": rules.KEYS,
    "tests": examples.KEYS,
    "params": params.KEYS,
}
