"""Real clients against the running door: `openai`, a client built from the discovery document, a form."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import akismet
import googleapiclient.discovery
import googleapiclient.errors
import httplib2
import httpx
import openai
import pytest

from hakam.testing.doors import Running, key_text

pytestmark = [pytest.mark.sockets, pytest.mark.embedded]
THREAT = "I will find you tonight and kill you, you are dead"
KIND = "thank you all for the lovely evening, see you next week"
SPAM = "Earn 5000 dollars a week from home, guaranteed profit, click https://x.example/win now"
PATIENCE = 60.0  # seconds: the first text waits until both tiers are loaded, on a busy machine for long
PRODUCTION = ("TOXICITY", "SEVERE_TOXICITY", "IDENTITY_ATTACK", "INSULT", "PROFANITY", "THREAT")


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
        http_client=httpx.Client(trust_env=False, timeout=PATIENCE),
    )


def perspective_of(door: Running) -> Any:
    """Return a client as programs for Perspective make it: built by Google's own library from the document."""
    return googleapiclient.discovery.build(
        "commentanalyzer",
        "v1alpha1",
        developerKey=key_text("checker"),
        discoveryServiceUrl=f"{door.url}/$discovery/rest?version=v1alpha1",
        static_discovery=False,
        http=httplib2.Http(proxy_info=None),
    )


def http_of(door: Running) -> httpx.Client:
    """Return a client whose requests to Akismet come here, as a line in a hosts file would do it."""

    def here(request: httpx.Request) -> None:
        assert request.url.host == "rest.akismet.com"
        request.url = httpx.URL(f"{door.url}{request.url.raw_path.decode()}")

    return httpx.Client(trust_env=False, timeout=PATIENCE, event_hooks={"request": [here]})


def akismet_of(door: Running, key: str, http: httpx.Client) -> akismet.SyncClient:
    """Return Akismet's client, which has its address in it."""
    return akismet.SyncClient(akismet.Config(key_text(key), "https://blog.example"), http_client=http)


def test_openais_own_client_passes(door: Running) -> None:
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


def test_googles_own_client_library_passes(door: Running) -> None:
    with perspective_of(door) as service:
        comments_are_read(service.comments(), door)


def comments_are_read(comments: Any, door: Running) -> None:
    asked = {
        "comment": {"text": "you are a pathetic stupid idiot. what a lovely day"},
        "requestedAttributes": {name: {} for name in PRODUCTION},
        "languages": ["en"],
        "spanAnnotations": True,
        "doNotStore": True,
        "clientToken": "c1",
    }
    answer = comments.analyze(body=asked).execute()
    assert set(answer["attributeScores"]) == set(PRODUCTION)
    assert answer["attributeScores"]["TOXICITY"]["summaryScore"]["value"] > 0.5
    spans = answer["attributeScores"]["INSULT"]["spanScores"]
    assert [(span["begin"], span["end"]) for span in spans] == [(0, 33), (33, 50)]
    assert spans[0]["score"]["value"] > spans[1]["score"]["value"]
    assert answer["clientToken"] == "c1"
    assert not (door.folder / "labels.ndjson").exists()
    suggested = {"comment": {"text": "a"}, "attributeScores": {"TOXICITY": {"summaryScore": {"value": 0.0}}}}
    assert comments.suggestscore(body=suggested | {"doNotStore": True}).execute()["detectedLanguages"] == []
    assert not (door.folder / "labels.ndjson").exists()
    comments.suggestscore(body=suggested).execute()
    assert (door.folder / "labels.ndjson").exists()
    with pytest.raises(googleapiclient.errors.HttpError) as refused:
        comments.analyze(body={"comment": {"text": ""}, "requestedAttributes": {"TOXICITY": {}}}).execute()
    assert refused.value.status_code == 400
    assert refused.value.error_details[0]["errorType"] == "COMMENT_EMPTY"


def test_akismets_own_client_passes(door: Running) -> None:
    with akismet_of(door, "forum", http_of(door)) as client:
        assert client.verify_key()
        said = client.comment_check(user_ip="198.51.100.7", comment_content=SPAM, blog_lang="en")
        assert said in {akismet.CheckResponse.SPAM, akismet.CheckResponse.DISCARD}
        assert client.comment_check(user_ip="198.51.100.7", comment_content=KIND) is akismet.CheckResponse.HAM
        assert client.submit_ham(user_ip="198.51.100.7", comment_content=KIND)
        assert client.submit_spam(user_ip="198.51.100.7", comment_content=SPAM)
    assert (door.folder / "labels.ndjson").read_bytes().count(b"\n") == 2
    http = http_of(door)
    with http:
        stranger = akismet_of(door, "nobody", http)
        assert not stranger.verify_key()
        with pytest.raises(akismet.AkismetError):
            stranger.comment_check(user_ip="198.51.100.7", comment_content=KIND)


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="what a process loaded is seen on Linux")
def test_who_answered_texts_before_has_the_models_after_a_restart_unasked(running: Running) -> None:
    running.start()
    assert not has_models(running)
    with akismet_of(running, "forum", http_of(running)) as client:
        client.comment_check(user_ip="198.51.100.7", comment_content=KIND)
    assert running.end() == 0, running.said()
    running.start()
    running.until(lambda: has_models(running))
    assert running.end() == 0, running.said()  # while it still loads them


def has_models(door: Running) -> bool:
    """Return whether a door's process has the library of the second tier in its memory."""
    assert door.process is not None
    return "onnxruntime" in Path(f"/proc/{door.process.pid}/maps").read_text()


def test_a_form_and_an_encoded_colon_pass(door: Running) -> None:
    form = {"api_key": key_text("forum"), "blog": "https://b.example", "comment_author": "viagra-test-123"}
    plain = httpx.post(f"{door.url}/1.1/comment-check", data=form, trust_env=False, timeout=PATIENCE)
    assert (plain.status_code, plain.text) == (200, "true")
    account = httpx.post(
        f"{door.url}/1.1/get-subscription", data=form, trust_env=False, timeout=PATIENCE
    ).json()
    assert (account["status"], account["account_id"]) == ("active", "forum")
    asked = {"comment": {"text": KIND}, "requestedAttributes": {"TOXICITY": {}}}
    encoded = httpx.post(
        f"{door.url}/v1alpha1/comments%3Aanalyze?key={key_text('forum')}",
        json=asked,
        trust_env=False,
        timeout=PATIENCE,
    )
    assert encoded.status_code == 200


def test_a_body_beyond_the_limit_is_refused_in_each_shape(running: Running) -> None:
    running.publish(max_body_bytes=2_000)
    running.start()
    large = {"input": "a" * 5_000, "comment": {"text": "a" * 5_000}}
    openai_says = httpx.post(
        f"{running.url}/v1/moderations",
        json=large,
        headers=running.headers,
        trust_env=False,
        timeout=PATIENCE,
    )
    assert (openai_says.status_code, openai_says.json()["error"]["type"]) == (413, "invalid_request_error")
    google_says = httpx.post(f"{running.url}/v1alpha1/comments:analyze", json=large, trust_env=False)
    assert re.search("limit", google_says.json()["error"]["message"])
