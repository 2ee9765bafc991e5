"""The outbox: nothing is lost, nothing is seen twice, and what can't be delivered waits for a person."""

from __future__ import annotations

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections, transaction

from hakam.compliance import ledger
from hakam.compliance.models import Statement
from hakam.enforcement import access, endpoints, outbox
from hakam.enforcement.confirm import Confirmation, confirm
from hakam.enforcement.connectors.connector import (
    Confirmed,
    Dead,
    Delivered,
    Gone,
    Outcome,
    Retry,
)
from hakam.enforcement.delivery import Try, claim_due, deliver_due, record
from hakam.enforcement.delivery_policy import (
    DeliveryPolicy,
    NoSecretError,
    secret_from_environment,
    shipped_connectors,
)
from hakam.enforcement.kinds import Channel, EffectKind
from hakam.enforcement.models import Attempt, Effect, Endpoint
from hakam.enforcement.outbox import EffectError
from hakam.enforcement.schedule import MAX_ATTEMPTS
from hakam.testing.connectors import MemoryConnector
from hakam.vocabulary.actor import SYSTEM, Actor, ActorKind

PLATFORM = Actor(ActorKind.PLATFORM, "maydan")
pytestmark = pytest.mark.django_db


def put(play: Any, key: str = "notice:1:receipt", **changes: Any) -> Effect:
    given: dict[str, Any] = {
        "now": play.now,
        "key": key,
        "platform": "maydan",
        "channel": Channel.PLATFORM,
        "kind": EffectKind.NOTICE_RECEIPT,
        "payload": {"notice": "1"},
    }
    with transaction.atomic():
        return outbox.enqueue(**(given | changes))


class TestPuttingIn:
    def test_a_key_is_put_in_once(self, play: Any) -> None:
        assert put(play).pk == put(play, payload={"notice": "2"}).pk
        assert Effect.objects.count() == 1

    def test_it_waits_until_its_time(self, play: Any) -> None:
        put(play, not_before=play.now + timedelta(hours=1))
        assert play.deliver() == 0
        play.later(hours=1)
        assert play.deliver() == 1

    def test_a_deed_that_fails_sends_nothing(self, play: Any) -> None:
        with pytest.raises(ZeroDivisionError), transaction.atomic():  # noqa: PT012 -- the deed is the point
            put(play)
            _ = 1 / 0
        assert play.deliver() == 0

    def test_an_unknown_kind_or_channel_is_refused(self, play: Any) -> None:
        with pytest.raises(ValueError, match=r"carrier\.pigeon"):
            put(play, kind="carrier.pigeon")
        with pytest.raises(ValueError, match="pigeon"):
            put(play, channel="pigeon")


class TestDelivering:
    def test_a_message_carries_its_effect_its_kind_and_its_data(self, play: Any) -> None:
        effect = put(
            play, payload={"notice": "1", "links": {"status": "/n/abc", "rules": "https://x.example/"}}
        )
        assert play.deliver() == 1
        (message,) = play.platform.messages
        assert (message.id, message.kind) == (str(effect.pk), "notice.receipt")
        assert message.data == {
            "notice": "1",
            "links": {"status": "https://hakam.example/n/abc", "rules": "https://x.example/"},
        }
        _, destination, secret = play.platform.calls[0]
        assert (destination.platform, secret) == ("maydan", "secret of memory-maydan")

    def test_what_was_delivered_is_not_sent_again(self, play: Any) -> None:
        put(play)
        assert (play.deliver(), play.deliver()) == (1, 0)
        effect = Effect.objects.get()
        assert (effect.state, effect.next_at, effect.attempts) == ("delivered", None, 1)
        assert play.facts(f"effect:{effect.pk}") == ["effect.delivered"]

    def test_the_subject_of_a_message_hears_that_it_arrived(self, play: Any) -> None:
        put(play, stream="notice:1#email")
        play.deliver()
        assert play.facts("notice:1") == ["effect.delivered"]

    def test_the_oldest_leave_first_and_only_so_many(self, play: Any) -> None:
        for n in range(5):
            put(play, f"key:{n}", payload={"n": n})
            play.later(seconds=1)
        assert play.deliver(limit=2) == 2
        assert {m.data["n"] for m in play.platform.messages} == {0, 1}

    def test_a_platform_that_confirms_at_once_is_believed(self, play: Any) -> None:
        done = play.restrict(undo_seconds=0)
        play.next("measure.apply", Confirmed(applied=True))
        play.deliver()
        assert play.state(done.measures[0]) == "applied"
        assert play.facts(f"measure:{done.measures[0].pk}") == ["measure.planned", "measure.applied"]

    def test_a_platform_that_says_nothing_has_it_at_least(self, play: Any) -> None:
        done = play.restrict(undo_seconds=0)
        play.deliver()
        assert play.state(done.measures[0]) == "sent"
        assert play.facts(f"measure:{done.measures[0].pk}") == ["measure.planned", "measure.delivered"]

    def test_a_delivered_statement_is_proof_that_the_person_was_informed(self, play: Any) -> None:
        done = play.restrict(undo_seconds=0)
        play.deliver()
        assert Statement.objects.get().informed_at == pytest.approx(play.now, abs=timedelta(seconds=5))
        fact = next(
            f for f in ledger.story(f"statement:{done.statement.pk}") if f.kind == "statement.informed"
        )
        assert ledger.body_of(fact)["channel"] == "platform"

    def test_a_statement_reaches_the_platform_in_words_and_as_data(self, play: Any) -> None:
        done = play.restrict(undo_seconds=0, language="ar")
        play.deliver()
        data = next(m.data for m in play.platform.messages if m.kind == "statement.issued")
        assert data["id"] == str(done.statement.pk)
        assert data["text"]["direction"] == "rtl"
        assert data["text"]["sections"][0]["heading"] == "مضمون القرار"
        assert data["reasons"]["clause"] == "spam"
        assert data["links"] == {"statement": f"https://hakam.example/s/{done.statement.token}"}

    def test_every_try_is_kept(self, play: Any) -> None:
        effect = put(play)
        play.next("notice.receipt", Retry("busy", status=503), Delivered(204))
        play.deliver()
        play.later(minutes=1)
        play.deliver()
        assert [(t.status, t.error) for t in access.attempts(effect)] == [(503, "busy"), (204, "")]


class TestTrouble:
    def test_it_is_tried_again_by_the_schedule(self, play: Any) -> None:
        put(play)
        for wait in (5, 10, 20, 40):
            play.next("notice.receipt", Retry("busy"))
            assert play.deliver() == 1
            effect = Effect.objects.get()
            assert effect.state == "pending"
            assert effect.next_at - play.now == pytest.approx(
                timedelta(seconds=wait), abs=timedelta(seconds=2)
            )
            play.now = effect.next_at
        assert play.deliver() == 1
        assert Effect.objects.get().state == "delivered"
        assert len({m.id for m in play.platform.messages}) == 1

    def test_a_receivers_wish_is_honoured(self, play: Any) -> None:
        put(play)
        play.next("notice.receipt", Retry("slow down", after=3_600))
        play.deliver()
        assert Effect.objects.get().next_at - play.now >= timedelta(hours=1)

    def test_after_three_days_it_is_given_up_with_a_fact(self, play: Any) -> None:
        done = play.restrict(undo_seconds=0)
        key = f"measure:{done.measures[0].pk}:apply"
        started = play.now
        while (effect := play.effect(key)).state == "pending":
            play.next("measure.apply", Retry("down"))
            play.now = max(play.now, effect.next_at)
            play.deliver()
        assert effect.state == "dead"
        assert effect.attempts == MAX_ATTEMPTS
        assert play.now - started > timedelta(days=3)
        assert play.state(done.measures[0]) == "failed"
        assert play.facts(f"effect:{effect.pk}") == ["effect.dead"]
        assert access.dead_letters() == 1

    def test_a_connector_that_raises_loses_nothing(self, play: Any, caplog: pytest.LogCaptureFixture) -> None:
        put(play)
        play.next("notice.receipt", RuntimeError("bug"))
        play.deliver()
        effect = Effect.objects.get()
        assert (effect.state, effect.last_error) == ("pending", "RuntimeError: bug")
        assert "connector `memory` failed" in caplog.text

    def test_what_can_never_arrive_is_given_up_at_once(self, play: Any) -> None:
        put(play)
        play.next("notice.receipt", Dead("not a letter"))
        play.deliver()
        assert Effect.objects.get().state == "dead"

    def test_one_bad_message_does_not_hold_up_the_others(
        self, play: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        put(play, "bad", kind=EffectKind.STATEMENT_ISSUED, payload={"statement": str(uuid.uuid4())})
        put(play, "worse", payload={"links": [{"label": "no url"}]})
        put(play, "good")
        assert play.deliver() == 3
        assert {e.key: e.state for e in Effect.objects.all()} == {
            "bad": "dead",
            "worse": "pending",
            "good": "delivered",
        }
        assert "could not be worded" in caplog.text

    def test_a_missing_secret_or_connector_is_said_and_waits(self, play: Any) -> None:
        def none(name: str) -> str:
            raise NoSecretError(f"the variable for {name} is not set")

        put(play)
        deliver_due(now=play.now, limit=1, policy=replace(play.policy, secret=none))
        assert "no secret" in Effect.objects.get().last_error
        play.later(minutes=1)
        deliver_due(now=play.now, limit=1, policy=replace(play.policy, connectors={}))
        assert "no connector `memory`" in Effect.objects.get().last_error
        assert Effect.objects.get().state == "pending"

    def test_the_default_resolver_reads_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HAKAM_SECRET_WEBHOOK_MAYDAN", "whsec_x")
        assert secret_from_environment("webhook-maydan") == "whsec_x"
        with pytest.raises(NoSecretError, match="HAKAM_SECRET_WEBHOOK_OTHER"):
            secret_from_environment("webhook-other")

    def test_the_shipped_connectors_are_known_by_their_ids(self) -> None:
        assert set(shipped_connectors()) == {"webhook", "email"}
        assert DeliveryPolicy().allow_private_endpoints is False


class TestEndpoints:
    def test_without_an_endpoint_messages_wait(self, play: Any) -> None:
        put(play, platform="souk")
        assert play.deliver() == 0
        assert access.counts(play.now).without_endpoint == 1
        endpoints.register(platform="souk", connector=play.platform, settings={}, by=SYSTEM, now=play.now)
        assert play.deliver() == 1

    def test_an_endpoint_that_is_gone_is_switched_off_and_nothing_is_lost(self, play: Any) -> None:
        put(play)
        play.next("notice.receipt", Gone("410", 410))
        play.deliver()
        assert Endpoint.objects.get().enabled is False
        assert Effect.objects.get().state == "pending"
        assert play.facts("endpoint:maydan") == ["endpoint.registered", "endpoint.disabled"]
        play.later(days=30)
        assert play.deliver() == 0
        endpoints.switch_on("maydan", by=play.amal, now=play.now)
        assert play.deliver() == 1

    def test_registering_the_same_again_is_no_change(self, play: Any) -> None:
        for url in ("x", "x", "y"):
            endpoints.register(
                platform="maydan", connector=play.platform, settings={"url": url}, by=SYSTEM, now=play.now
            )
        assert play.facts("endpoint:maydan") == ["endpoint.registered"] * 3
        assert [e.settings for e in endpoints.all_endpoints()] == [{"url": "y"}]

    def test_bad_settings_are_refused_in_words(self, play: Any) -> None:
        webhook = shipped_connectors()["webhook"]
        with pytest.raises(endpoints.EndpointError) as refused:
            endpoints.register(
                platform="Bad Name", connector=webhook, settings={"uri": 1}, by=SYSTEM, now=play.now
            )
        assert len(refused.value.problems) == 3
        assert endpoints.find("Bad Name") is None


class TestReplay:
    def test_a_person_sends_it_again_under_the_same_id(self, play: Any) -> None:
        effect = put(play)
        play.next("notice.receipt", Dead("bad"))
        play.deliver()
        outbox.replay(effect, by=play.amal, now=play.now)
        assert play.deliver() == 1
        assert [m.id for m in play.platform.messages] == [str(effect.pk)] * 2
        assert play.facts(f"effect:{effect.pk}") == ["effect.dead", "effect.replayed", "effect.delivered"]

    def test_it_gets_the_whole_schedule_again(self, play: Any) -> None:
        effect = put(play)
        Effect.objects.filter(pk=effect.pk).update(round_attempts=MAX_ATTEMPTS - 1, attempts=MAX_ATTEMPTS - 1)
        play.next("notice.receipt", Retry("down"))
        play.deliver()
        assert Effect.objects.get().state == "dead"
        outbox.replay(effect, by=play.amal, now=play.now)
        play.next("notice.receipt", Retry("down"))
        play.deliver()
        assert Effect.objects.get().state == "pending"

    def test_its_measure_comes_to_life_again(self, play: Any) -> None:
        done = play.restrict(undo_seconds=0)
        play.next("measure.apply", Dead("bad"))
        play.deliver()
        assert play.state(done.measures[0]) == "failed"
        outbox.replay(play.effect(f"measure:{done.measures[0].pk}:apply"), by=play.amal, now=play.now)
        play.next("measure.apply", Confirmed(applied=True))
        play.deliver()
        assert play.state(done.measures[0]) == "applied"

    def test_what_was_reversed_since_is_not_replayed(self, play: Any) -> None:
        from hakam.enforcement.reverse import reverse  # noqa: PLC0415

        done = play.restrict(undo_seconds=0)
        play.next("measure.apply", Dead("bad"))
        play.deliver()
        reverse(by=play.basil, now=play.now, decision="decision:1", because="x")
        with pytest.raises(EffectError, match="overtake"):
            outbox.replay(play.effect(f"measure:{done.measures[0].pk}:apply"), by=play.amal, now=play.now)

    def test_only_what_is_dead_or_failed_is_replayed(self, play: Any) -> None:
        effect = put(play)
        with pytest.raises(EffectError, match="only what failed"):
            outbox.replay(effect, by=play.amal, now=play.now)
        play.deliver()
        with pytest.raises(EffectError, match="only what failed"):
            outbox.replay(effect, by=play.amal, now=play.now)


class TestCrashes:
    """A worker may die at any instant: before it sends, after it sent, before it recorded."""

    def test_before_sending_nothing_is_lost(self, play: Any) -> None:
        put(play)
        assert len(claim_due(now=play.now, limit=10, lease_seconds=120)) == 1
        assert play.deliver() == 0
        play.later(seconds=120)
        assert play.deliver() == 1
        assert len(play.platform.messages) == 1

    def test_after_sending_the_receiver_sees_one_message(self, play: Any) -> None:
        put(play)
        (effect,) = claim_due(now=play.now, limit=10, lease_seconds=120)
        from hakam.enforcement.messages import compose  # noqa: PLC0415

        message = compose(effect, now=play.now, base_url="", platform_name="")
        play.platform.calls.append((message, None, ""))
        play.later(seconds=120)
        assert play.deliver() == 1
        assert len(play.platform.messages) == 2
        assert len(play.platform.seen) == 1

    def test_a_worker_that_comes_back_too_late_changes_nothing(self, play: Any) -> None:
        put(play)
        (slow,) = claim_due(now=play.now, limit=10, lease_seconds=120)
        play.later(seconds=120)
        assert play.deliver() == 1
        for outcome in (Retry("late"), Dead("late"), Gone("late"), Confirmed(applied=False)):
            late = Try(str(slow.pk), slow.attempts, play.now, 130.0, outcome)
            assert record([late], policy=play.policy) == 0
        assert Effect.objects.get().state == "delivered"
        assert Endpoint.objects.get().enabled
        assert Attempt.objects.count() == 5, "what was tried is kept, whatever it was worth"

    def test_a_message_that_kills_its_worker_does_not_do_so_for_ever(self, play: Any) -> None:
        put(play)
        for _ in range(MAX_ATTEMPTS - 1):
            assert claim_due(now=play.now, limit=1, lease_seconds=1)
            play.later(seconds=1)
        play.next("notice.receipt", Retry("down"))
        play.deliver()
        assert Effect.objects.get().state == "dead"


class Slow(MemoryConnector):
    """Takes its time, so that workers overlap."""

    def deliver(self, message: Any, to: Any, secret: str) -> Outcome:
        threading.Event().wait(0.002)
        return super().deliver(message, to, secret)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite's test database has one connection")
@pytest.mark.django_db(transaction=True)
class TestWorkersTogether:
    def test_two_workers_never_take_the_same_message(self, play: Any) -> None:
        for n in range(200):
            put(play, f"key:{n}")
        receiver = Slow()
        policy = replace(play.policy, connectors={"memory": receiver}, workers=4)
        start = threading.Barrier(3)

        def work(_: int) -> int:
            try:
                start.wait()
                done = 0
                while (n := deliver_due(now=play.now, limit=7, policy=policy)) > 0:
                    done += n
                return done
            finally:
                connections.close_all()

        with ThreadPoolExecutor(3) as pool:
            counts = list(pool.map(work, range(3)))
        assert sum(counts) == len(receiver.messages) == 200
        assert len(receiver.seen) == 200
        assert min(counts) > 0
        assert list(ledger.verify_chain()) == []

    def test_reversing_confirming_and_delivering_at_once_never_lock_each_other_out(  # noqa: C901 -- four workers
        self, play: Any
    ) -> None:
        from hakam.enforcement.reverse import expire_due, reverse  # noqa: PLC0415

        for n in range(40):
            play.restrict(undo_seconds=0, decision=f"decision:{n}", author_email="u1@example.org")
        receiver = Slow()
        policy = replace(play.policy, connectors={"memory": receiver, "email": receiver}, workers=4)
        start = threading.Barrier(4)

        def run(work: Any) -> None:
            try:
                start.wait()
                work()
            finally:
                connections.close_all()

        def deliver() -> None:
            for _ in range(30):
                deliver_due(now=play.now, limit=5, policy=policy)

        def undo() -> None:
            for n in range(0, 40, 2):
                reverse(by=play.basil, now=play.now, decision=f"decision:{n}", because="x")
                expire_due(now=play.now)

        def say() -> None:
            for effect in Effect.objects.filter(kind="measure.apply").order_by("?"):
                try:
                    confirm(effect.pk, by=PLATFORM, now=play.now, status=Confirmation.APPLIED)
                except EffectError:
                    continue

        with ThreadPoolExecutor(4) as pool:
            for done in [pool.submit(run, w) for w in (deliver, deliver, undo, say)]:
                done.result(timeout=120)
        for _ in range(20):
            deliver_due(now=play.now, limit=100, policy=policy)
        states = {m.decision: m.state for m in access.of_account("maydan", "u1")}
        assert {states[f"decision:{n}"] for n in range(0, 40, 2)} <= {"reversed", "cancelled"}
        assert {states[f"decision:{n}"] for n in range(1, 40, 2)} <= {"sent", "applied"}
        assert list(ledger.verify_chain()) == []
