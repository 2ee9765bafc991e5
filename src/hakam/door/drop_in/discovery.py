"""The discovery document of the Perspective methods, from which Google's client libraries build themselves."""

from __future__ import annotations

from typing import Any

_STRING = {"type": "string"}
_SCORE = {"type": "object", "properties": {"value": {"type": "number", "format": "float"}, "type": _STRING}}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": name}


def _listed(name: str) -> dict[str, Any]:
    return {"type": "array", "items": _ref(name)}


_STRINGS: dict[str, Any] = {"type": "array", "items": _STRING}
_FLAG = {"type": "boolean"}
_COMMON: dict[str, Any] = {
    "comment": _ref("TextEntry"),
    "context": _ref("Context"),
    "languages": _STRINGS,
    "clientToken": _STRING,
    "sessionId": _STRING,
    "communityId": _STRING,
}


def _schemas() -> dict[str, Any]:
    properties: dict[str, dict[str, Any]] = {
        "TextEntry": {"text": _STRING, "type": _STRING},
        "Context": {"entries": _listed("TextEntry")},
        "AttributeParameters": {
            "scoreType": _STRING,
            "scoreThreshold": {"type": "number", "format": "float"},
        },
        "Score": _SCORE["properties"],  # type: ignore[dict-item]
        "SpanScore": {
            "begin": {"type": "integer", "format": "int32"},
            "end": {"type": "integer", "format": "int32"},
            "score": _ref("Score"),
        },
        "AttributeScores": {"summaryScore": _ref("Score"), "spanScores": _listed("SpanScore")},
        "AnalyzeCommentRequest": {
            **_COMMON,
            "requestedAttributes": {"type": "object", "additionalProperties": _ref("AttributeParameters")},
            "spanAnnotations": _FLAG,
            "doNotStore": _FLAG,
        },
        "AnalyzeCommentResponse": {
            "attributeScores": {"type": "object", "additionalProperties": _ref("AttributeScores")},
            "languages": _STRINGS,
            "detectedLanguages": _STRINGS,
            "clientToken": _STRING,
        },
        "SuggestCommentScoreRequest": {
            **_COMMON,
            "attributeScores": {"type": "object", "additionalProperties": _ref("AttributeScores")},
            "doNotStore": _FLAG,
        },
        "SuggestCommentScoreResponse": {
            "requestedLanguages": _STRINGS,
            "detectedLanguages": _STRINGS,
            "clientToken": _STRING,
        },
    }
    return {name: {"id": name, "type": "object", "properties": inner} for name, inner in properties.items()}


def _method(name: str, request: str, response: str) -> dict[str, Any]:
    return {
        "id": f"commentanalyzer.comments.{name}",
        "path": f"v1alpha1/comments:{name}",
        "flatPath": f"v1alpha1/comments:{name}",
        "httpMethod": "POST",
        "parameters": {},
        "parameterOrder": [],
        "request": _ref(request),
        "response": _ref(response),
    }


def discovery(host: str) -> dict[str, Any]:
    """Return the document for clients that reach this door at `host`."""
    local = host.partition(":")[0] in {"127.0.0.1", "localhost"} or host.startswith("[::1]")
    root = f"{'http' if local else 'https'}://{host}/"
    return {
        "kind": "discovery#restDescription",
        "discoveryVersion": "v1",
        "id": "commentanalyzer:v1alpha1",
        "name": "commentanalyzer",
        "version": "v1alpha1",
        "revision": "20260101",
        "title": "Perspective Comment Analyzer API",
        "description": "Answered by Hakam.",
        "protocol": "rest",
        "rootUrl": root,
        "baseUrl": root,
        "basePath": "",
        "servicePath": "",
        "batchPath": "batch",
        "parameters": {
            "key": {"type": "string", "location": "query", "description": "API key."},
            "alt": {"type": "string", "location": "query", "default": "json", "enum": ["json"]},
            "prettyPrint": {"type": "boolean", "location": "query", "default": "true"},
        },
        "schemas": _schemas(),
        "resources": {
            "comments": {
                "methods": {
                    "analyze": _method("analyze", "AnalyzeCommentRequest", "AnalyzeCommentResponse"),
                    "suggestscore": _method(
                        "suggestscore", "SuggestCommentScoreRequest", "SuggestCommentScoreResponse"
                    ),
                }
            }
        },
    }
