"""Maydan carries out what Hakam says: once, and only if Hakam says it."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook

from hakam.demo.hooks import RefusedError, receive
from hakam.demo.standing import Visibility, standing
from hakam.demo.store import Store

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER_SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"


def message(
    kind: str, data: dict[str, Any], *, name: str = "m1", secret: str = SECRET, at: datetime | None = None
) -> tuple[dict[str, str], bytes]:
    """Return a message as Hakam signs it."""
    when = at or datetime.now(tz=UTC)
    body = json.dumps({"type": kind, "timestamp": when.isoformat(), "data": data}, ensure_ascii=False)
    headers = {
        "webhook-id": name,
        "webhook-timestamp": str(int(when.timestamp())),
        "webhook-signature": Webhook(secret).sign(name, when, body),
    }
    return headers, body.encode()


def measure(number: int = 7, kind: str = "remove", target: str = "item", **more: Any) -> dict[str, Any]:
    return {
        "measure": {"id": number, "kind": kind, **more},
        "target": target,
        "item": {"platform": "maydan", "kind": "post", "id": "p1", "url": None},
        "author": {"id": "salma"},
        "statement": "5f0c",
    }


def statement() -> dict[str, Any]:
    return {
        "id": "5f0c",
        "recipient": {"id": "salma"},
        "text": {
            "title": "بيان الأسباب",
            "sections": [{"heading": "ما تقرر", "paragraphs": ["أزيل المنشور.", "في كل مكان."]}],
        },
        "links": {"statement": "http://hakam.example/s/token"},
    }


def visibility(store: Store, post: str = "p1") -> Visibility:
    return standing(store.measures("item", [post])[post]).visibility


def send(store: Store, headers: dict[str, str], body: bytes) -> str:
    return receive(store, secret=SECRET, headers=headers, body=body)


def test_a_measure_is_carried_out(store: Store) -> None:
    assert send(store, *message("measure.apply", measure())) == "applied"
    assert visibility(store) is Visibility.GONE
    assert visibility(store, "p2") is Visibility.OPEN


def test_a_measure_on_an_account_touches_the_account(store: Store) -> None:
    send(store, *message("measure.apply", measure(kind="suspend", target="account")))
    assert [m.kind for m in store.measures("account", ["salma"])["salma"]] == ["suspend"]
    assert store.measures("item", ["p1"])["p1"] == []


def test_a_message_that_comes_again_is_counted_and_not_carried_out_again(store: Store) -> None:
    first = message("measure.apply", measure())
    send(store, *first)
    send(store, *message("measure.reverse", measure(), name="m2"))
    assert send(store, *first) == "applied"
    assert visibility(store) is Visibility.OPEN, "the repeat must not undo the reversal"
    assert {hook.id: hook.tries for hook in store.hooks()} == {"m1": 2, "m2": 1}


def test_the_same_message_from_many_sides_at_once_is_carried_out_once(store: Store) -> None:
    headers, body = message("statement.issued", statement())
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: send(store, headers, body), range(16))) == {"applied"}
    assert len(store.letters("salma")) == 1
    assert store.hooks()[0].tries == 16


def test_a_reversal_brings_the_post_back_and_leaves_other_measures(store: Store) -> None:
    send(store, *message("measure.apply", measure(7, "remove"), name="a"))
    send(store, *message("measure.apply", measure(8, "limit_reach"), name="b"))
    send(store, *message("measure.reverse", measure(7, "remove"), name="c"))
    assert visibility(store) is Visibility.LIMITED


def test_a_statement_becomes_a_letter_with_its_link(store: Store) -> None:
    send(store, *message("statement.issued", statement()))
    [letter] = store.letters("salma")
    assert letter.title == "بيان الأسباب"
    assert letter.body == "أزيل المنشور.\n\nفي كل مكان."
    assert store.statement_link("5f0c") == "http://hakam.example/s/token"
    assert store.statement_link("other") is None


@pytest.mark.parametrize(
    "person", [{"recipient": "dan"}, {"recipient": {"id": "dan"}}, {"notifier": {"id": "dan"}}]
)
def test_who_reported_or_complained_is_told(store: Store, person: dict[str, Any]) -> None:
    told = {
        "subject": "Your report",
        "text": "It was decided.",
        "links": {"notice": "http://hakam.example/n/x"},
    }
    send(store, *message("notice.outcome", {**told, **person}))
    assert [(letter.title, letter.link) for letter in store.letters("dan")] == [
        ("Your report", "http://hakam.example/n/x")
    ]


def test_a_message_for_nobody_known_is_noted_and_told_to_nobody(store: Store) -> None:
    send(store, *message("notice.receipt", {"recipient": None, "notifier": None, "text": "x"}))
    assert len(store.hooks()) == 1


@pytest.mark.parametrize(
    "forge",
    [
        lambda h, b: (h, b.replace(b"remove", b"notify")),
        lambda h, b: ({**h, "webhook-id": "m9"}, b),
        lambda h, b: ({k: v for k, v in h.items() if k != "webhook-signature"}, b),
        lambda h, b: ({**h, "webhook-timestamp": str(int(h["webhook-timestamp"]) - 1)}, b),
    ],
    ids=["another body", "another id", "no signature", "another time"],
)
def test_what_hakam_did_not_sign_changes_nothing(store: Store, forge: Any) -> None:
    with pytest.raises(RefusedError, match="the signature does not hold"):
        send(store, *forge(*message("measure.apply", measure())))
    assert store.hooks() == []
    assert visibility(store) is Visibility.OPEN


def test_another_secret_does_not_do(store: Store) -> None:
    with pytest.raises(RefusedError):
        send(store, *message("measure.apply", measure(), secret=OTHER_SECRET))


def test_an_old_message_is_no_longer_taken(store: Store) -> None:
    old = datetime.now(tz=UTC) - timedelta(hours=1)
    with pytest.raises(RefusedError, match="too old"):
        send(store, *message("measure.apply", measure(), at=old))


def test_a_signed_message_that_makes_no_sense_is_refused_whole(store: Store) -> None:
    when = datetime.now(tz=UTC)
    headers = {
        "webhook-id": "m1",
        "webhook-timestamp": str(int(when.timestamp())),
        "webhook-signature": Webhook(SECRET).sign("m1", when, '{"type": 7}'),
    }
    with pytest.raises(RefusedError, match="can't be read"):
        send(store, headers, b'{"type": 7}')
    assert store.hooks() == []


def test_a_measure_that_lacks_its_parts_leaves_no_trace(store: Store) -> None:
    with pytest.raises(KeyError):
        send(store, *message("measure.apply", {"measure": {"id": 1}}))
    assert store.hooks() == [], "it must come again once the sender has mended it"
