"""A door that runs answers with both tiers, asked by the real client, with the weights that ship."""

from __future__ import annotations

import httpx
import openai
import pytest

from hakam.testing.doors import Running, key_text

pytestmark = [pytest.mark.sockets, pytest.mark.embedded]


def test_openai_clients_are_answered_by_both_tiers(running: Running) -> None:
    running.start()
    texts = ["voy a matarte esta noche, estás muerto", "nos vemos mañana en el parque, llevo pan"]
    with (
        httpx.Client(trust_env=False, timeout=60) as http,
        openai.OpenAI(
            api_key=key_text("forum"), base_url=f"{running.url}/v1", max_retries=0, http_client=http
        ) as client,
    ):
        found = client.moderations.create(input=texts)
    assert "linear-1-" in found.model
    assert "encoder-2-" in found.model
    worse, better = found.results
    assert worse.category_scores.violence > better.category_scores.violence
    assert running.end() == 0, running.said()


def test_perspective_clients_are_answered_by_both_tiers(running: Running) -> None:
    running.start()
    found = []
    for text in ("sei un idiota schifoso, vergognati", "grazie mille, sei stata gentilissima"):
        answer = httpx.post(
            f"{running.url}/v1alpha1/comments:analyze",
            params={"key": key_text("forum")},
            json={"comment": {"text": text}, "languages": ["it"], "requestedAttributes": {"TOXICITY": {}}},
            trust_env=False,
            timeout=60,
        )
        assert answer.status_code == 200, answer.text
        found.append(answer.json()["attributeScores"]["TOXICITY"]["summaryScore"]["value"])
    assert found[0] > found[1]
    assert running.end() == 0, running.said()
