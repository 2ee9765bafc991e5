"""Sending to a database with the documented rules: all of it arrives, once, whatever fails on the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest

from hakam.compliance import ledger, statements
from hakam.compliance.eu_database import submissions
from hakam.compliance.eu_database.payload import ItemFacts
from hakam.compliance.models import RulebookVersion, Submission
from hakam.enforcement.connectors.eu_database.client import Answer, Denied, HttpDatabase, NotNow
from hakam.enforcement.connectors.eu_database.sending import Pace, reconcile, send_due
from hakam.testing import scene
from hakam.testing.eu_database import TOKEN, TransparencyDatabase
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.event import ItemRef
from hakam.vocabulary.measure import Measure, MeasureKind
from hakam.vocabulary.reasons import Automation, Ground, GroundKind, Reasons, Source

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
FAST = Pace(a_second=1e9, jitter=lambda longest: longest)
minute = timedelta(minutes=1)


@pytest.fixture
def database() -> TransparencyDatabase:
    return TransparencyDatabase()


def http(database: TransparencyDatabase, token: str = TOKEN) -> HttpDatabase:
    transport = httpx.WSGITransport(database)  # type: ignore[arg-type]
    return HttpDatabase("http://database.example/", token, transport=transport)


@pytest.fixture
def put(db: None) -> Any:
    book: RulebookVersion = scene.publish()
    assert book

    def make(count: int, facts: str = "It calls people vermin.") -> list[str]:
        made = []
        for n in range(count):
            statement = statements.issue(
                by=SYSTEM,
                now=NOW,
                item=ItemRef("maydan", "post", str(n)),
                item_url="",
                recipient="amal_k",
                decision=f"decision:{n}",
                reasons=Reasons(
                    clause="hate",
                    pack=scene.in_force(),
                    grounds=(Ground(GroundKind.CONTRACTUAL, "scene@1.0.0, hate", "It calls people vermin."),),
                    facts=facts,
                    source=Source.OWN_INITIATIVE,
                    automated_detection=True,
                    automated_decision=Automation.FULL,
                    harm="hate_speech",
                ),
                measures=[Measure(MeasureKind.REMOVE)],
                language="en",
                effective_from=NOW,
            )
            made.append(submissions.put_in(statement, ItemFacts(date(2026, 3, 1)), now=NOW).puid)
        return made

    return make


def states() -> set[str]:
    return set(Submission.objects.values_list("state", flat=True))


def test_everything_arrives_in_batches(put: Any, database: TransparencyDatabase) -> None:
    # DSA Art. 24(5)
    puids = put(205)
    done = send_due(http(database), now=NOW, pace=FAST)
    assert (done.sent, database.requests, states()) == (205, 3, {"sent"})
    assert database.puids == set(puids)
    row = Submission.objects.first()
    assert row is not None
    assert row.permalink == f"https://database.example/statement/{row.uuid}"
    assert send_due(http(database), now=NOW + minute, pace=FAST).sent == 0


def test_one_wrong_statement_holds_up_no_other(put: Any, database: TransparencyDatabase) -> None:
    put(5)
    bad = Submission.objects.order_by("pk")[2]
    bad.payload["category"] = "STATEMENT_CATEGORY_UNKNOWN"  # as when the database drops a code overnight
    bad.save()
    done = send_due(http(database), now=NOW, pace=FAST)
    assert (done.refused, done.sent) == (1, 4)
    bad.refresh_from_db()
    assert (bad.state, bad.wrong[0][0]) == ("needs_fix", "category")
    assert len(database.puids) == 4
    submissions.mend(bad, {"category": "STATEMENT_CATEGORY_VIOLENCE"}, by=SYSTEM, now=NOW + minute)
    assert send_due(http(database), now=NOW + minute, pace=FAST).sent == 1


class LosesAnswers:
    """The database stores, and the answer is lost on the way back."""

    def __init__(self, real: HttpDatabase, lose: int = 1) -> None:
        self.real, self.lose = real, lose

    def send(self, payloads: Sequence[Mapping[str, Any]]) -> Answer:
        answer = self.real.send(payloads)
        if self.lose:
            self.lose -= 1
            return NotNow("ReadTimeout: ")
        return answer

    def has(self, puid: str) -> bool | NotNow | Denied:
        return self.real.has(puid)


def test_a_lost_answer_makes_no_second_statement(put: Any, database: TransparencyDatabase) -> None:
    puids = put(7)
    lossy = LosesAnswers(http(database))
    first = send_due(lossy, now=NOW, pace=FAST)
    assert (first.sent, first.later, first.error) == (0, 7, "ReadTimeout: ")
    assert states() == {"queued"}
    second = send_due(lossy, now=NOW + timedelta(hours=1), pace=FAST)
    assert (second.known, states()) == (7, {"sent"})
    assert database.puids == set(puids)
    assert database.statements is not None
    assert len(database.statements) == 7


def test_what_died_in_the_middle_is_taken_up_and_not_doubled(
    put: Any, database: TransparencyDatabase
) -> None:
    puids = put(150)
    dead = submissions.claim(now=NOW)  # a sender that was killed after the database had stored its batch
    assert len(dead) == 100
    http(database).send([row.payload for row in dead])
    send_due(http(database), now=NOW, pace=FAST)
    assert len(database.puids) == 150
    assert Submission.objects.filter(state="sending").count() == 100
    done = send_due(http(database), now=NOW + 10 * minute, pace=FAST)
    assert (done.known, states()) == (100, {"sent"})
    assert database.puids == set(puids)


def test_some_known_and_some_new_in_one_batch(put: Any, database: TransparencyDatabase) -> None:
    put(4)
    two = list(Submission.objects.order_by("pk")[:2])
    http(database).send([row.payload for row in two])
    done = send_due(http(database), now=NOW, pace=FAST)
    assert (done.known, done.sent, states()) == (2, 2, {"sent"})
    assert database.statements is not None
    assert len(database.statements) == 4


def test_a_puid_that_is_held_is_tried_again_later(put: Any, database: TransparencyDatabase) -> None:
    (puid, _other) = put(2)
    database.locked = {puid}
    done = send_due(http(database), now=NOW, pace=FAST)
    assert (done.known, done.sent) == (0, 1)
    database.locked = set()
    assert send_due(http(database), now=NOW + 2 * minute, pace=FAST).sent == 1


@pytest.mark.parametrize("status", [429, 503])
def test_a_database_that_asks_for_a_pause_gets_it(
    put: Any, database: TransparencyDatabase, status: int
) -> None:
    put(150)
    database.refuse_next = [(status, {"retry-after": "120"})]
    done = send_due(http(database), now=NOW, pace=FAST)
    assert (done.sent, done.later, database.requests) == (0, 100, 1)
    assert send_due(http(database), now=NOW + minute, pace=FAST).sent == 50
    assert send_due(http(database), now=NOW + 4 * minute, pace=FAST).sent == 100


def test_without_a_good_token_nothing_is_lost(put: Any, database: TransparencyDatabase) -> None:
    put(3)
    done = send_due(http(database, "wrong"), now=NOW, pace=FAST)
    assert (done.later, done.error) == (3, "401: Unauthenticated.")
    assert http(database, "wrong").has("a") == Denied("401: Unauthenticated.")
    assert send_due(http(database), now=NOW + 11 * minute, pace=FAST).sent == 3


def test_a_database_that_can_not_be_reached_is_tried_again(put: Any) -> None:
    put(1)

    def down(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    lost = HttpDatabase("http://database.example", TOKEN, transport=httpx.MockTransport(down))
    assert send_due(lost, now=NOW, pace=FAST).error == "ConnectError: refused"
    assert isinstance(lost.has("a"), NotNow)
    lost.close()


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (201, b"{}"),
        (201, b"<html>"),
        (422, b"{}"),
        (422, b'{"errors": {"statements": ["too many"]}}'),
        (422, b'{"errors": {}}'),
        (302, b""),
        (500, b"oops"),
    ],
)
def test_an_answer_that_makes_no_sense_is_no_success(put: Any, status: int, body: bytes) -> None:
    put(1)
    odd = HttpDatabase(
        "http://database.example",
        TOKEN,
        transport=httpx.MockTransport(lambda _request: httpx.Response(status, content=body)),
    )
    assert send_due(odd, now=NOW, pace=FAST).later == 1
    assert states() == {"queued"}


def test_the_pace_is_kept(put: Any, database: TransparencyDatabase) -> None:
    put(250)
    waits: list[float] = []
    send_due(http(database), now=NOW, pace=Pace(a_second=0.01, batches=2), sleep=waits.append)
    assert database.requests == 2
    assert waits[0] == 0
    assert 40.0 < waits[1] <= 100.0  # less what the first took


def test_the_database_is_asked_what_it_has(put: Any, database: TransparencyDatabase) -> None:
    puids = put(4)
    send_due(http(database), now=NOW, pace=FAST)
    database.forget(puids[3])
    assert reconcile(http(database), now=NOW + minute, pace=FAST) == 0  # too fresh to ask
    later = NOW + timedelta(days=1)
    assert reconcile(http(database), now=later, pace=FAST) == 4
    assert reconcile(http(database), now=later, pace=FAST) == 0
    assert ledger.body_of(ledger.story("submissions")[0]) == {"known": 3, "lost": [puids[3]]}
    assert send_due(http(database), now=later, pace=FAST).sent == 1
    assert database.puids == set(puids)


def test_a_page_that_is_not_the_database_reconciles_nothing(put: Any, database: TransparencyDatabase) -> None:
    put(1)
    send_due(http(database), now=NOW, pace=FAST)
    elsewhere = HttpDatabase(
        "http://elsewhere.example",
        TOKEN,
        transport=httpx.MockTransport(lambda _request: httpx.Response(404, content=b"not here")),
    )
    assert reconcile(elsewhere, now=NOW + timedelta(days=1), pace=FAST) == 0
    assert states() == {"sent"}
