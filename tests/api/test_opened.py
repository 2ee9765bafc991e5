"""Messages of encrypted chats in a notice by a platform: proven by the installation's own keys, or said not to be."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.api.conftest import NOTICE, Caller

from hakam.intake.models import NoticeItem
from hakam.testing.franked import KEYS, TEXT, carried

pytestmark = pytest.mark.django_db


def keys() -> dict[str, bytes]:
    """Lend the keys of the test."""
    return KEYS


@pytest.fixture(autouse=True)
def _keys(settings: Any) -> None:
    settings.HAKAM_FRANKING_KEYS = f"{__name__}.keys"


def notice(*messages: dict[str, Any]) -> dict[str, Any]:
    return {**NOTICE, "items": [], "messages": list(messages)}


def test_the_answer_says_whether_it_is_proven(platform: Caller) -> None:
    sent = msgspec.to_builtins(carried())
    answer = platform.post("/notices", notice(sent, sent | {"id": "m-2"}), Idempotency_Key="1")
    assert answer.status_code == 201, answer.content
    items = answer.json()["items"]
    assert [(item["kind"], item["id"], item["proof"]) for item in items] == [
        ("message", "m-1", "proven"),
        ("message", "m-2", "not_carried"),
    ]
    again = platform.get(f"/notices/{answer.json()['id']}").json()
    assert [item["proof"] for item in again["items"]] == ["proven", "not_carried"]
    assert TEXT not in answer.content.decode()


@pytest.mark.parametrize(
    "wrong", [{"key": "no base64!"}, {"sent_at": "yesterday"}, {"text": None}, {"more": 1}]
)
def test_what_is_malformed_is_refused_whole(platform: Caller, wrong: dict[str, Any]) -> None:
    body = notice(msgspec.to_builtins(carried()) | wrong)
    answer = platform.post("/notices", body, Idempotency_Key="1")
    assert answer.status_code == 422
    assert f"/messages/0/{next(iter(wrong))}" in answer.content.decode()
    assert not NoticeItem.objects.exists()
