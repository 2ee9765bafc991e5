"""The shape of OpenAI's moderation endpoint: results, parts, errors."""

from __future__ import annotations

from typing import Any

import pytest

from hakam.door.drop_in.moderations import CATEGORIES, MAX_INPUTS
from hakam.testing.doors import key_text

PATH = "/v1/moderations"
THREAT = "I will find you tonight and kill you, you are dead"
KIND = "thank you all for the lovely evening, see you next week"


def test_a_text_gives_one_result_with_every_category(moderate: Any) -> None:
    status, body, headers = moderate(PATH, {"input": THREAT})
    assert status == 200
    assert headers["x-request-id"].startswith("req_")
    assert body["id"].startswith("modr-")
    assert body["model"].startswith("linear-")
    (result,) = body["results"]
    for part in ("categories", "category_scores", "category_applied_input_types"):
        assert tuple(result[part]) == CATEGORIES
    assert result["flagged"] is True
    assert result["categories"]["harassment/threatening"] is True
    assert 0.5 < result["category_scores"]["harassment/threatening"] <= 1


def test_a_kind_text_is_not_flagged(moderate: Any) -> None:
    _, body, _ = moderate(PATH, {"input": KIND, "model": "omni-moderation-latest"})
    (result,) = body["results"]
    assert result["flagged"] is False
    assert not any(result["categories"].values())


def test_what_nobody_measured_says_so(moderate: Any) -> None:
    _, body, _ = moderate(PATH, {"input": THREAT})
    (result,) = body["results"]
    for name in ("self-harm", "sexual/minors", "illicit", "violence/graphic"):
        assert result["category_applied_input_types"][name] == []
        assert result["category_scores"][name] == 0
    assert result["category_applied_input_types"]["hate"] == ["text"]


def test_a_list_of_texts_gives_a_result_each_in_order(moderate: Any) -> None:
    _, body, _ = moderate(PATH, {"input": [KIND, THREAT, KIND]})
    assert [result["flagged"] for result in body["results"]] == [False, True, False]


def test_parts_are_one_message(moderate: Any) -> None:
    parts = [
        {"type": "text", "text": "look at this"},
        {"type": "text", "text": THREAT},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
    ]
    status, body, headers = moderate(PATH, {"input": parts})
    assert status == 200
    assert len(body["results"]) == 1
    assert body["results"][0]["flagged"] is True
    assert headers["x-hakam-not-judged"] == "image"


def test_a_picture_alone_is_refused_rather_than_called_harmless(moderate: Any) -> None:
    part = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
    status, body, _ = moderate(PATH, {"input": [part]})
    assert status == 400
    assert body["error"]["code"] == "image_not_supported"


@pytest.mark.parametrize(
    ("body", "param", "code"),
    [
        (b"{", None, None),
        (b"\xff\xfe", None, None),
        ([1], None, None),
        ({}, "input", "missing_required_parameter"),
        ({"input": 5}, "input", "invalid_type"),
        ({"input": []}, "input", "invalid_type"),
        ({"input": ["a", 1]}, "input[0]", "invalid_value"),
        ({"input": [{"type": "text"}]}, "input[0]", "invalid_value"),
        ({"input": [{"type": "audio", "text": "a"}]}, "input[0]", "invalid_value"),
        ({"input": ["a"] * (MAX_INPUTS + 1)}, "input", None),
        ({"input": "a" * 1_000_001}, "input", "string_above_max_length"),
        ({"input": "a", "model": 3}, "model", "invalid_type"),
    ],
)
def test_what_can_not_be_read_is_refused_in_their_shape(
    moderate: Any, body: Any, param: str | None, code: str | None
) -> None:
    status, answer, _ = moderate(PATH, body)
    assert status == 400
    error = answer["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert (error["type"], error["param"], error["code"]) == ("invalid_request_error", param, code)
    assert error["message"]


@pytest.mark.parametrize(
    ("key", "status", "code"),
    [
        (None, 401, None),
        ("nobody", 401, "invalid_api_key"),
        ("old", 401, "invalid_api_key"),
        ("shop", 403, "insufficient_permissions"),
    ],
)
def test_a_key_that_may_not_is_refused(moderate: Any, key: str | None, status: int, code: str | None) -> None:
    found, body, _ = moderate(PATH, {"input": "a"}, key=key)
    assert (found, body["error"]["code"]) == (status, code)
    assert key is None or key_text(key) not in body["error"]["message"]


def test_another_method_is_refused(moderate: Any) -> None:
    status, body, headers = moderate(PATH, method="GET")
    assert (status, headers["allow"]) == (405, "POST")
    assert body["error"]["type"] == "invalid_request_error"


def test_arabic_in_dialect_is_read(moderate: Any) -> None:
    _, body, _ = moderate(PATH, {"input": ["هقتلك وهكسر عضمك لو شفتك", "صباح الخير يا جماعة"]})
    assert [result["categories"]["harassment/threatening"] for result in body["results"]] == [True, False]
