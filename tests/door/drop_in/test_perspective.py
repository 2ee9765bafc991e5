"""The shape of the Perspective API: attributes, spans, languages, errors as Google's services write them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from hakam.door.drop_in.discovery import discovery
from hakam.door.drop_in.labels import FILE
from hakam.door.drop_in.perspective import ATTRIBUTES, MAX_BYTES, spans_of
from hakam.signals.models.heads import HEADS
from hakam.testing.doors import NOW, key_text

ANALYZE = "/v1alpha1/comments:analyze"
SUGGEST = "/v1alpha1/comments:suggestscore"
PRODUCTION = ("TOXICITY", "SEVERE_TOXICITY", "IDENTITY_ATTACK", "INSULT", "PROFANITY", "THREAT")
RUDE = "you are a pathetic stupid idiot"


def asked(text: str = RUDE, **more: Any) -> dict[str, Any]:
    return {"comment": {"text": text}, "requestedAttributes": {"TOXICITY": {}}, **more}


def test_every_production_attribute_has_a_probability(perspective: Any) -> None:
    body = {
        "comment": {"text": RUDE},
        "requestedAttributes": {name: {} for name in PRODUCTION},
        "languages": ["en"],
    }
    status, answer, headers = perspective(ANALYZE, body)
    assert status == 200
    assert set(answer["attributeScores"]) == set(PRODUCTION)
    for found in answer["attributeScores"].values():
        assert found["summaryScore"]["type"] == "PROBABILITY"
        assert 0 <= found["summaryScore"]["value"] <= 1
        assert found["spanScores"] == [{"begin": 0, "end": len(RUDE), "score": found["summaryScore"]}]
    assert answer["attributeScores"]["TOXICITY"]["summaryScore"]["value"] > 0.8
    assert answer["languages"] == ["en"]
    assert answer["detectedLanguages"] == ["en"]
    assert headers["x-hakam-model"].startswith("linear-")


def test_what_a_client_leaves_null_is_not_there(perspective: Any) -> None:
    """Clients that write every member of a request send null for what they don't use; Google's services take that."""
    unset = dict.fromkeys(
        ("languages", "context", "doNotStore", "spanAnnotations", "clientToken", "sessionId")
    )
    body = {"comment": {"text": RUDE, "type": None}, **unset}
    how = {"scoreType": None, "scoreThreshold": None}
    assert perspective(ANALYZE, {**body, "requestedAttributes": {"TOXICITY": how}}) == perspective(
        ANALYZE, asked()
    )
    suggested = {"TOXICITY": {"summaryScore": {"value": 0.9, "type": None}, "spanScores": None}}
    assert perspective(SUGGEST, {**body, "attributeScores": suggested})[0] == 200
    status, answer, _ = perspective(ANALYZE, asked(requestedAttributes={"TOXICITY": {}, "THREAT": None}))
    assert (status, "got `null`" in answer["error"]["message"]) == (400, True)


def test_a_kind_comment_scores_low(perspective: Any) -> None:
    _, answer, _ = perspective(ANALYZE, asked("thank you, that was a lovely evening"))
    assert answer["attributeScores"]["TOXICITY"]["summaryScore"]["value"] < 0.4


def test_spans_are_sentences_of_the_comment(perspective: Any) -> None:
    text = "What a lovely evening it was. You are a pathetic stupid idiot! مرحبا؟"
    _, answer, _ = perspective(ANALYZE, asked(text, spanAnnotations=True))
    spans = answer["attributeScores"]["TOXICITY"]["spanScores"]
    assert [text[span["begin"] : span["end"]].strip() for span in spans] == [
        "What a lovely evening it was.",
        "You are a pathetic stupid idiot!",
        "مرحبا؟",
    ]
    values = [span["score"]["value"] for span in spans]
    assert values[1] == max(values)


def test_spans_cover_a_text_without_sentences() -> None:
    assert spans_of("...") == [(0, 3)]
    assert len(spans_of("a. " * 500)) == 100


def test_a_threshold_leaves_low_scores_out(perspective: Any) -> None:
    body = asked(requestedAttributes={"TOXICITY": {"scoreThreshold": 0.5}, "SPAM": {"scoreThreshold": 0.99}})
    _, answer, _ = perspective(ANALYZE, body)
    assert set(answer["attributeScores"]) == {"TOXICITY"}


def test_the_client_token_comes_back(perspective: Any) -> None:
    _, answer, _ = perspective(
        ANALYZE, asked(clientToken="c-1", sessionId="s", communityId="x", doNotStore=True)
    )
    assert answer["clientToken"] == "c-1"


def test_markup_is_not_read_and_places_stay(perspective: Any) -> None:
    text = "<b>you are</b> a pathetic stupid idiot"
    _, answer, _ = perspective(ANALYZE, asked(comment={"text": text, "type": "HTML"}))
    found = answer["attributeScores"]["TOXICITY"]
    assert found["spanScores"][0]["end"] == len(text)
    assert found["summaryScore"]["value"] > 0.7


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"comment": {"text": " "}, "requestedAttributes": {"TOXICITY": {}}}, "COMMENT_EMPTY"),
        ({"requestedAttributes": {"TOXICITY": {}}}, "COMMENT_EMPTY"),
        ({"comment": {"text": "é" * MAX_BYTES}, "requestedAttributes": {"TOXICITY": {}}}, "COMMENT_TOO_LONG"),
        (asked(languages=["xx"]), "LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE"),
        ({"comment": {"text": "a"}}, None),
        (asked(requestedAttributes={"NICENESS": {}}), None),
        (asked(requestedAttributes={"TOXICITY": {"scoreThreshold": 2}}), None),
        (asked(requestedAttributes={"TOXICITY": {"scoreType": "STARS"}}), None),
        (asked(comment={"text": "a", "type": "PDF"}), None),
        (b"{", None),
        ({"comment": "a"}, None),
    ],
)
def test_errors_are_googles(perspective: Any, body: Any, kind: str | None) -> None:
    status, answer, _ = perspective(ANALYZE, body)
    assert status == 400
    error = answer["error"]
    assert (error["code"], error["status"]) == (400, "INVALID_ARGUMENT")
    found = error.get("details", [{}])[0].get("errorType")
    assert found == kind


@pytest.mark.parametrize(
    ("key", "status", "name"),
    [
        (None, 403, "PERMISSION_DENIED"),
        ("nobody", 400, "INVALID_ARGUMENT"),
        ("shop", 403, "PERMISSION_DENIED"),
    ],
)
def test_keys_come_in_the_query(perspective: Any, key: str | None, status: int, name: str) -> None:
    query = {"key": key_text(key)} if key else {}
    found, answer, _ = perspective(ANALYZE, asked(), key=None, query=query)
    assert (found, answer["error"]["status"]) == (status, name)
    assert perspective(ANALYZE, asked(), key=None, query={"key": key_text("checker")})[0] == 200


def test_what_is_suggested_is_kept_as_a_label(perspective: Any, tmp_path: Path) -> None:
    body = {
        "comment": {"text": RUDE},
        "attributeScores": {
            "TOXICITY": {"summaryScore": {"value": 1}},
            "INSULT": {"spanScores": [{"score": {"value": 0.7}}]},
        },
        "languages": ["en"],
        "clientToken": "t",
    }
    status, answer, _ = perspective(SUGGEST, body)
    assert (status, answer["clientToken"], answer["requestedLanguages"]) == (200, "t", ["en"])
    (line,) = (tmp_path / FILE).read_bytes().splitlines()
    assert msgspec.json.decode(line) == {
        "text": RUDE,
        "labels": {"toxicity": 1.0, "harassment": 0.7},
        "at": NOW,
        "platform": "forum",
        "source": "suggestscore",
        "language": "en",
    }


def test_nothing_else_is_kept(perspective: Any, tmp_path: Path) -> None:
    perspective(ANALYZE, asked())
    scores = {"TOXICITY": {"summaryScore": {"value": 1}}}
    perspective(SUGGEST, {"comment": {"text": RUDE}, "attributeScores": scores, "doNotStore": True})
    assert not (tmp_path / FILE).exists()


@pytest.mark.parametrize(
    "scores",
    [
        {},
        {"NICENESS": {"summaryScore": {"value": 1}}},
        {"TOXICITY": {}},
        {"TOXICITY": {"summaryScore": {"value": 7}}},
    ],
)
def test_a_suggestion_must_be_one(perspective: Any, scores: dict[str, Any]) -> None:
    assert perspective(SUGGEST, {"comment": {"text": "a"}, "attributeScores": scores})[0] == 400


def test_the_discovery_document_names_both_methods_and_this_door(perspective: Any) -> None:
    status, document, _ = perspective("/$discovery/rest", key=None, method="GET")
    assert status == 200
    assert document["rootUrl"] == "http://127.0.0.1:8421/"
    assert set(document["resources"]["comments"]["methods"]) == {"analyze", "suggestscore"}
    assert discovery("hakam.example.com")["rootUrl"] == "https://hakam.example.com/"


def test_every_schema_that_the_document_refers_to_is_in_it() -> None:
    document = discovery("localhost")
    referred: set[str] = set()

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            if isinstance(value.get("$ref"), str):
                referred.add(value["$ref"])
            for inner in value.values():
                walk(inner)

    walk(document["schemas"])
    walk(document["resources"])
    assert referred <= set(document["schemas"])


def test_each_attribute_is_a_probability_of_any_scores() -> None:
    for value in (0.0, 0.5, 1.0):
        assert all(0 <= score(dict.fromkeys(HEADS, value)) <= 1 for score in ATTRIBUTES.values())
