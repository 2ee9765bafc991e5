"""The exchange's door: one envelope does one thing, once; every answer is signed, and every refusal says why."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from django.test import Client
from tests.exchange.conftest import MD5, NOW, OWN, OWN_THUMBPRINT, page, put

from hakam.banks.models import Bank
from hakam.compliance.models import Fact
from hakam.exchange import keys, partners, receiving
from hakam.exchange.messages import LARGEST
from hakam.exchange.models import Mirror, Opened, Partner
from hakam.testing.peers import Peer
from hakam.vocabulary.actor import SYSTEM
from hakam.wiring.settings import settings

pytestmark = pytest.mark.django_db


def said(peer: Peer, kind: str, body: Any, **more: Any) -> receiving.Answer:
    text = peer.seal(kind, body, to=OWN_THUMBPRINT, now=NOW, **more)
    return receiving.receive(text, key=OWN, now=NOW)


def code(answer: receiving.Answer) -> tuple[int, str]:
    assert not answer.envelope
    return answer.status, msgspec.json.decode(answer.body)["code"]


def test_changes_are_taken_and_the_answer_is_signed(partner: Partner, peer: Peer) -> None:
    answer = said(peer, "changes", page(MD5[:2]), jti="n1")
    assert (answer.status, answer.envelope) == (200, True)
    claims = peer.open(answer.body, OWN.public_key())
    assert (claims["kind"], claims["re"], claims["iss"]) == ("taken", "n1", OWN_THUMBPRINT)
    assert claims["body"] == {"bank": 9, "epoch": "e1", "place": [1, 1, 2**53 - 1]}
    assert Bank.objects.get().entries.count() == 2
    assert Partner.objects.get().heard_at == NOW


def test_an_envelope_is_opened_once(partner: Partner, peer: Peer) -> None:
    text = peer.seal("changes", page(MD5[:2]), to=OWN_THUMBPRINT, now=NOW)
    assert receiving.receive(text, key=OWN, now=NOW).status == 200
    assert code(receiving.receive(text, key=OWN, now=NOW)) == (409, "replayed")
    later = NOW + timedelta(minutes=10)
    assert code(receiving.receive(text, key=OWN, now=later)) == (400, "expired")
    assert receiving.forget_opened(later) == 1
    assert not Opened.objects.exists()


def test_what_is_refused_changes_nothing_and_may_come_again(partner: Partner, peer: Peer) -> None:
    facts = Fact.objects.count()
    text = peer.seal("changes", page(MD5[:1], purpose="spam"), to=OWN_THUMBPRINT, now=NOW)
    assert code(receiving.receive(text, key=OWN, now=NOW)) == (403, "not-agreed")
    assert not Opened.objects.exists()
    assert Fact.objects.count() == facts
    partners.agree("maidan", partners.Way.TAKE, "spam", clause="spam", by=SYSTEM, now=NOW)
    assert receiving.receive(text, key=OWN, now=NOW).status == 200


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        ("gossip", {}, (400, "malformed")),
        ("changes", {"about": 7}, (400, "malformed")),
        ("changes", {**page(), "after": [0, 0, 0, 0]}, (400, "malformed")),
        ("changes", {**page(MD5[:2]), "upto": [0, 0, 0]}, (422, "refused")),
        ("pull", {"have": [{"bank": "x"}]}, (400, "malformed")),
        (
            "words",
            {"words": [{"bank": 1, "row": 1, "word": "maybe", "at": "2026-01-01T00:00:00Z"}]},
            (400, "malformed"),
        ),
    ],
)
def test_what_can_t_be_read_is_told(
    partner: Partner, peer: Peer, kind: str, body: Any, expected: tuple[int, str]
) -> None:
    assert code(said(peer, kind, body)) == expected
    assert not Mirror.objects.exists()


HUGE = 2**63
ABOUT = page()["about"]
NUL = "a\x00b"


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("changes", {**page(), "about": {**ABOUT, "expires_at": "2030-01-01T00:00:00"}}),
        ("changes", {**page(), "about": {**ABOUT, "bank": HUGE}}),
        ("changes", {**page(), "about": {**ABOUT, "name": NUL}}),
        ("changes", {**page(), "about": {**ABOUT, "why": NUL}}),
        ("changes", {**page(), "about": {**ABOUT, "epoch": NUL}}),
        ("changes", {**page(), "about": {**ABOUT, "country": "\x00"}}),
        ("changes", {**page(), "about": {**ABOUT, "purpose": NUL}}),
        ("changes", {**page(), "upto": [HUGE, 0, 0]}),
        ("changes", {**page(), "upto": [1, 70_000, 0]}),
        ("changes", {**page(), "upto": [1, 1, HUGE]}),
        ("changes", {**page(), "after": [-1, 0, 0]}),
        ("changes", {**page(MD5[:1]), "changes": [{"at": [1, 0, HUGE], "kind": "md5", "digest": MD5[0]}]}),
        ("pull", {"have": [{"bank": HUGE, "epoch": "e", "place": [1, 0, 1]}]}),
        ("pull", {"have": [{"bank": 1, "epoch": NUL, "place": [1, 0, HUGE]}]}),
        ("words", {"words": [{"bank": HUGE, "row": 1, "word": "true", "at": "2026-01-01T00:00:00Z"}]}),
        ("words", {"words": [{"bank": 1, "row": HUGE, "word": "true", "at": "2026-01-01T00:00:00Z"}]}),
        ("words", {"words": [{"bank": 1, "row": 1, "word": "true", "at": "2026-01-01T00:00:00"}]}),
    ],
)
def test_what_no_database_could_keep_is_refused(partner: Partner, peer: Peer, kind: str, body: Any) -> None:
    assert code(said(peer, kind, body)) == (400, "malformed")
    assert not Mirror.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"label": NUL},
        {"item": NUL},
        {"variant": NUL},
        {"label": "\ud800"},
        {"digest": NUL},
        {"kind": NUL},
        {"kind": "vpdq", "digest": NUL, "at": [1, 1, 1]},
        {"kind": "landmarks", "digest": "\ud800", "at": [1, 1, 1]},
    ],
)
def test_a_change_that_can_not_be_kept_costs_that_change_alone(
    partner: Partner, peer: Peer, wrong: dict[str, Any]
) -> None:
    good = {"at": [1, 0, 2], "kind": "md5", "digest": MD5[1]}
    bad = {"at": [1, 0, 1], "kind": "md5", "digest": MD5[0], **wrong}
    assert said(peer, "changes", {**page(distance=HUGE), "changes": [bad, good]}).status == 200
    assert list(Bank.objects.get().entries.values_list("digest", flat=True)) == [MD5[1]]


@pytest.mark.parametrize("number", [NUL, "\ud800"])
def test_the_number_and_the_key_of_an_envelope_are_plain_text(
    partner: Partner, peer: Peer, number: str
) -> None:
    assert code(said(peer, "pull", {"have": []}, jti=number)) == (400, "malformed")
    head = urlsafe_b64encode(msgspec.json.encode({"typ": "hakam-exchange+jwt", "alg": "EdDSA", "kid": NUL}))
    stranger = head.rstrip(b"=") + b".e30.AAAA"
    assert code(receiving.receive(stranger, key=OWN, now=NOW)) == (401, "unknown-sender")


def test_strangers_and_the_paused_and_the_ended_are_refused(partner: Partner, peer: Peer) -> None:
    assert code(said(Peer(seed=b"s" * 32), "pull", {"have": []})) == (401, "unknown-sender")
    partners.pause("maidan", by=SYSTEM, now=NOW)
    assert code(said(peer, "pull", {"have": []})) == (400, "paused")
    partners.end("maidan", because="over", by=SYSTEM, now=NOW)
    assert code(said(peer, "pull", {"have": []})) == (401, "unknown-sender")


def test_an_envelope_for_somebody_else_is_misrouted(partner: Partner, peer: Peer) -> None:
    text = peer.seal("pull", {"have": []}, to="x", now=NOW)
    assert code(receiving.receive(text, key=OWN, now=NOW)) == (421, "misrouted")


def test_an_envelope_has_a_size(partner: Partner) -> None:
    assert code(receiving.receive(b"x" * (LARGEST + 1), key=OWN, now=NOW)) == (413, "too-large")


def pulled(peer: Peer, *have: dict[str, Any]) -> dict[str, Any]:
    answer = said(peer, "pull", {"have": list(have)})
    body: dict[str, Any] = peer.open(answer.body, OWN.public_key())["body"]
    return body


def news(body: dict[str, Any]) -> list[Any]:
    """Return the changes of a pull: that a bank is still shared, and until when, is said each time."""
    return [change for one in body.get("pages", []) for change in one.get("changes", [])]


def test_a_pull_brings_what_a_push_missed(partner: Partner, peer: Peer, shared: Bank) -> None:
    put(*MD5[:1_200])
    have: list[dict[str, Any]] = []
    rounds, more = 0, True
    while more:
        body = pulled(peer, *have)
        have = [peer.take(one) for one in body.get("pages", [])]
        more, rounds = body.get("more", False), rounds + 1
    assert {digest for _kind, digest in peer.banks[shared.pk]} == set(MD5[:1_200])
    assert rounds == 3
    assert news(pulled(peer, *have)) == []


def test_a_pull_tells_what_is_shared_no_longer(partner: Partner, peer: Peer, shared: Bank) -> None:
    put(*MD5[:2])
    have = [peer.take(one) for one in pulled(peer)["pages"]]
    Bank.objects.update(enabled=False)
    (last,) = pulled(peer, *have)["pages"]
    assert last["closed"]
    assert pulled(peer) == {}
    (strange,) = pulled(peer, {"bank": 777, "epoch": "e", "place": [3, 0, 1]})["pages"]
    assert (strange["closed"], strange["about"]["bank"]) == (True, 777)


def test_a_pull_begins_anew_for_who_has_lost_a_bank(partner: Partner, peer: Peer, shared: Bank) -> None:
    put(*MD5[:2])
    have = [peer.take(one) for one in pulled(peer)["pages"]]
    assert news(pulled(peer, *have)) == []
    (first,) = pulled(peer)["pages"]
    assert (first["after"], len(first["changes"])) == ([0, 0, 0], 2)


def test_over_http(partner: Partner, peer: Peer) -> None:
    key = keys.signing_key(settings().secret(keys.SECRET))
    own = keys.thumbprint(key.public_key())
    client = Client(enforce_csrf_checks=True)
    told = client.get("/exchange/v1").json()
    assert (told["thumbprint"], told["jwk"]["x"]) == (own, keys.written(key.public_key()))
    from django.utils import timezone  # noqa: PLC0415 -- the real clock, as over a network

    text = peer.seal("changes", page(MD5[:2]), to=own, now=timezone.now())
    answer = client.post("/exchange/v1", text, content_type="application/jwt")
    assert (answer.status_code, answer["content-type"]) == (200, "application/jwt")
    assert peer.open(answer.content, key.public_key())["kind"] == "taken"
    wrong = client.post("/exchange/v1", b"\xff\x00", content_type="application/jwt")
    assert (wrong.status_code, wrong.json()["code"]) == (400, "malformed")
    assert client.put("/exchange/v1").status_code == 405
