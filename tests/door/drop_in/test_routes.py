"""Real clients against the running door: `openai`, a client built from the discovery document, a form."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Self

import httpx
import openai
import pytest

from hakam.testing.doors import Running, key_text

pytestmark = [pytest.mark.sockets, pytest.mark.embedded]
THREAT = "I will find you tonight and kill you, you are dead"
KIND = "thank you all for the lovely evening, see you next week"


@pytest.fixture
def door(running: Running) -> Iterator[Running]:
    running.start()
    yield running
    assert running.end() == 0, running.said()


def client_of(door: Running, key: str = "forum") -> openai.OpenAI:
    return openai.OpenAI(
        api_key=key_text(key),
        base_url=f"{door.url}/v1",
        max_retries=0,
        http_client=httpx.Client(trust_env=False),
    )


class Discovered:
    """A client as Google's libraries make them: methods, addresses and parameters come from the document alone."""

    def __init__(self, address: str, key: str) -> None:
        self._http = httpx.Client(trust_env=False)
        self._document = self._http.get(address, params={"version": "v1alpha1"}).raise_for_status().json()
        self._key = key

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def call(self, method: str, body: dict[str, Any]) -> httpx.Response:
        found = self._document["resources"]["comments"]["methods"][method]
        known = self._document["schemas"][found["request"]["$ref"]]["properties"]
        assert set(body) <= set(known), "the document does not know a field"
        address = self._document["rootUrl"] + self._document["servicePath"] + found["path"]
        return self._http.request(
            found["httpMethod"], address, params={"key": self._key, "alt": "json"}, json=body
        )


def test_real_clients_pass(door: Running) -> None:
    with client_of(door) as client:
        one = client.moderations.create(input=THREAT)
        assert one.results[0].flagged
        assert one.results[0].categories.harassment_threatening
        assert one.results[0].category_scores.hate >= 0
        assert one.results[0].category_applied_input_types.sexual == ["text"]
        many = client.moderations.create(model="omni-moderation-latest", input=[KIND, THREAT])
        assert [result.flagged for result in many.results] == [False, True]
        parts = client.moderations.create(
            input=[
                {"type": "text", "text": THREAT},
                {"type": "image_url", "image_url": {"url": "https://e.example/a.png"}},
            ]
        )
        assert len(parts.results) == 1
        with pytest.raises(openai.BadRequestError) as refused:
            client.moderations.create(input=[])
        assert refused.value.param == "input"
    with client_of(door, "nobody") as stranger, pytest.raises(openai.AuthenticationError) as unknown:
        stranger.moderations.create(input="a")
    assert unknown.value.code == "invalid_api_key"
    with client_of(door, "shop") as other, pytest.raises(openai.PermissionDeniedError):
        other.moderations.create(input="a")

    with Discovered(f"{door.url}/$discovery/rest", key_text("checker")) as perspective:
        asked = {
            "comment": {"text": "you are a pathetic stupid idiot"},
            "requestedAttributes": {"TOXICITY": {}, "INSULT": {}},
            "languages": ["en"],
            "doNotStore": True,
        }
        answer = perspective.call("analyze", asked)
        assert answer.status_code == 200
        assert answer.json()["attributeScores"]["TOXICITY"]["summaryScore"]["value"] > 0.5
        suggested = {
            "comment": {"text": "a"},
            "attributeScores": {"TOXICITY": {"summaryScore": {"value": 0.0}}},
        }
        assert perspective.call("suggestscore", suggested).status_code == 200
        assert (door.folder / "labels.ndjson").exists()
        assert (
            perspective.call("analyze", {"comment": {"text": ""}}).json()["error"]["status"]
            == "INVALID_ARGUMENT"
        )

    form = {"api_key": key_text("forum"), "blog": "https://b.example", "comment_author": "viagra-test-123"}
    plain = httpx.post(f"{door.url}/1.1/comment-check", data=form, trust_env=False)
    assert (plain.status_code, plain.text) == (200, "true")
    encoded = httpx.post(
        f"{door.url}/v1alpha1/comments%3Aanalyze?key={key_text('forum')}", json=asked, trust_env=False
    )
    assert encoded.status_code == 200


def test_a_body_beyond_the_limit_is_refused_in_each_shape(running: Running) -> None:
    running.publish(max_body_bytes=2_000)
    running.start()
    large = {"input": "a" * 5_000, "comment": {"text": "a" * 5_000}}
    openai_says = httpx.post(
        f"{running.url}/v1/moderations", json=large, headers=running.headers, trust_env=False
    )
    assert (openai_says.status_code, openai_says.json()["error"]["type"]) == (413, "invalid_request_error")
    google_says = httpx.post(f"{running.url}/v1alpha1/comments:analyze", json=large, trust_env=False)
    assert re.search("limit", google_says.json()["error"]["message"])
