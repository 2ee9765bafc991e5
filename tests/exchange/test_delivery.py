"""Sending: each partner apart, tried again with growing pauses, and only a genuine answer counts."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec
import pytest
from tests.exchange.conftest import MD5, NOW, OWN, page, put

from hakam.banks.models import Bank
from hakam.exchange import delivery, partners
from hakam.exchange.delivery import Courier, UnreachableError, note_outcome, serve
from hakam.exchange.http import HttpReach
from hakam.exchange.messages import LARGEST
from hakam.exchange.models import Given, Mirror, Partner
from hakam.testing.peers import Answering, Peer
from hakam.vocabulary.actor import SYSTEM


def clock() -> object:
    return NOW


class Liar(Answering):
    """A door that answers, but not as a partner would."""

    def __init__(self, peer: Peer, how: str) -> None:
        super().__init__(peer, OWN, lambda: NOW)
        self.how = how

    def post(self, address: str, body: bytes) -> tuple[int, bytes]:
        status, answer = super().post(address, body)
        to, other = self.peer.open(body, OWN.public_key())["iss"], Peer(seed=b"z" * 32)
        match self.how:
            case "error":
                return 503, b"busy"
            case "plain":
                return status, b'{"place": [9, 9, 9]}'
            case "another answer":
                return status, self.peer.seal("taken", {"bank": 1}, to=to, now=NOW, re="another")
            case "another kind":
                return status, self.peer.seal("heard", {"known": 1}, to=to, now=NOW, re="x")
            case "another platform":
                return status, other.seal("taken", {"bank": 1}, to=to, now=NOW)
        return status, answer


@pytest.mark.django_db
@pytest.mark.parametrize("how", ["error", "plain", "another answer", "another kind", "another platform"])
def test_only_a_genuine_answer_counts(partner: Partner, peer: Peer, shared: Bank, how: str) -> None:
    put(*MD5[:2])
    with pytest.raises(UnreachableError):
        serve(partner, reach=Liar(peer, how), key=OWN, clock=lambda: NOW)
    assert Given.objects.get().revision == 0


@pytest.mark.django_db
def test_a_pull_is_due_now_and_then(partner: Partner, peer: Peer) -> None:
    peer.offers = [page(MD5[:2])]
    reach = peer.answering(OWN, lambda: NOW)
    assert serve(partner, reach=reach, key=OWN, clock=lambda: NOW) == 1
    assert Mirror.objects.get().bank.entries.count() == 2
    partner.refresh_from_db()
    assert serve(partner, reach=reach, key=OWN, clock=lambda: NOW) == 0
    assert serve(partner, reach=reach, key=OWN, clock=lambda: NOW + delivery.PULL_EVERY) == 1


@pytest.mark.django_db
def test_a_page_that_can_t_be_taken_does_not_hold_up_the_others(partner: Partner, peer: Peer) -> None:
    peer.offers = [page(MD5[:1], purpose="spam", bank=8), page(MD5[:2])]
    serve(partner, reach=peer.answering(OWN, lambda: NOW), key=OWN, clock=lambda: NOW)
    assert [one.theirs for one in Mirror.objects.all()] == [9]


@pytest.mark.django_db
def test_tries_are_spread_and_grow(partner: Partner) -> None:
    waits = []
    for _ in range(12):
        note_outcome(partner, "ConnectTimeout", now=NOW)
        row = Partner.objects.get()
        assert row.next_at is not None
        waits.append((row.next_at - NOW).total_seconds())
    assert waits[0] <= 0.5
    assert all(0.25 <= wait <= delivery.LONGEST_WAIT for wait in waits)
    assert waits[-1] >= delivery.LONGEST_WAIT / 2
    assert (Partner.objects.get().failures, Partner.objects.get().last_error) == (12, "ConnectTimeout")
    note_outcome(partner, "", now=NOW)
    back = Partner.objects.get()
    assert (back.failures, back.next_at, back.last_error, back.reached_at) == (0, None, "", NOW)


def until(true: object, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not true():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.django_db(transaction=True)
def test_the_courier_serves_who_has_something_to_hear(partner: Partner, peer: Peer, shared: Bank) -> None:
    reach = peer.answering(OWN, lambda: NOW)
    courier = Courier(reach, lambda: OWN, clock=lambda: NOW)
    put(*MD5[:2])
    assert courier.look(NOW) == 1
    until(lambda: Partner.objects.get().pull_at is not None and not courier._busy)
    assert set(peer.banks) == {shared.pk}
    courier.look(NOW)  # its own moves are seen once
    until(lambda: not courier._busy)
    heard = len(peer.heard)
    assert courier.look(NOW) == 0
    assert len(peer.heard) == heard
    put(MD5[2])
    assert courier.look(NOW) == 1
    until(lambda: not courier._busy)
    assert len(peer.banks[shared.pk]) == 3
    partners.pause("maidan", by=SYSTEM, now=NOW)
    put(MD5[3])
    assert courier.look(NOW) == 0
    courier.close()


@pytest.mark.django_db(transaction=True)
def test_the_courier_waits_for_who_did_not_answer_and_loses_nothing(
    partner: Partner, peer: Peer, shared: Bank
) -> None:
    courier = Courier(peer.answering(OWN, lambda: NOW), lambda: OWN, clock=lambda: NOW)
    put(*MD5[:2])
    peer.down = 1
    courier.look(NOW)
    until(lambda: Partner.objects.get().failures == 1 and not courier._busy)
    assert courier.look(NOW) == 0
    assert courier.look(NOW + timedelta(seconds=1)) == 1
    until(lambda: not courier._busy)
    assert len(peer.banks[shared.pk]) == 2
    assert Partner.objects.get().failures == 0
    courier.close()


class Door(BaseHTTPRequestHandler):
    """Answers as its server says."""

    def do_POST(self) -> None:
        """Answer."""
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.got = (self.path, self.headers["host"], self.headers["content-type"], body)  # type: ignore[attr-defined]
        answer = self.server.answer  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def door() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    server.answer = b"fine"  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.sockets
def test_a_partner_is_reached_over_http(door: ThreadingHTTPServer) -> None:
    reach = HttpReach(allow_private=True)
    address = f"http://127.0.0.1:{door.server_port}/exchange/v1"
    assert reach.post(address, b"envelope") == (200, b"fine")
    assert door.got == ("/exchange/v1", f"127.0.0.1:{door.server_port}", "application/jwt", b"envelope")  # type: ignore[attr-defined]
    door.answer = b"x" * (LARGEST + 1)  # type: ignore[attr-defined]
    with pytest.raises(UnreachableError, match="more than"):
        reach.post(address, b"envelope")
    reach.close()


@pytest.mark.sockets
def test_a_private_address_is_called_only_where_that_is_allowed(door: ThreadingHTTPServer) -> None:
    with pytest.raises(UnreachableError, match="not a public address"):
        HttpReach(allow_private=False).post(f"http://127.0.0.1:{door.server_port}/", b"")


@pytest.mark.sockets
def test_nobody_there_is_told() -> None:
    with pytest.raises(UnreachableError, match="Connect"):
        HttpReach(allow_private=True).post("http://127.0.0.1:9/", b"")


def test_messages_have_their_documented_shape() -> None:
    assert msgspec.json.schema(delivery.Taken)
