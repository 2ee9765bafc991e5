"""A letter that was not sent gives its address up with its notifier; one that tells of an erasure goes soon after."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.privacy.conftest import DAY, NOW, World
from tests.privacy.test_mail_files import deliver, mail, written  # noqa: F401 -- a fixture
from tests.privacy.test_requests import enter, released, serve

from hakam.enforcement import access, delivery, outbox
from hakam.enforcement.connectors.connector import Retry
from hakam.enforcement.delivery_policy import DeliveryPolicy
from hakam.enforcement.kinds import Channel, EffectKind
from hakam.enforcement.models import Attempt, Effect
from hakam.enforcement.states import EffectState
from hakam.intake.models import Notice
from hakam.privacy import holds, letters, requests, retention, schedule
from hakam.privacy.kinds import Kind
from hakam.privacy.models import Subject
from hakam.privacy.requests import RequestState

HOUR = timedelta(hours=1)
ADDRESS = "una@people.example"


def run(world: World, now: Any) -> int:
    done = 0
    while step := retention.run(world.stores, now=now):
        done += step
    return done


def told(world: World, **more: Any) -> Effect:
    """Let the account `u1` send a notice that is answered; return the letter to them."""
    notice = world.notice(email=ADDRESS, notifier="u1", **more)
    notice.items.update(answered_at=NOW)
    return Effect.objects.get(stream=f"notice:{notice.pk}#{Channel.EMAIL}")


def tried(letter: Effect, state: EffectState) -> Effect:
    """Let a letter be tried in vain."""
    Attempt.objects.create(effect=letter, at=NOW, seconds=1.0, status=550, error=f"550 no {ADDRESS} here")
    letter.state, letter.attempts, letter.last_error = state, 3, f"550 no {ADDRESS} here"
    letter.next_at = NOW + HOUR if state is EffectState.PENDING else None
    letter.save()
    return letter


class TestWhatWasNotSent:
    @pytest.mark.parametrize(
        ("state", "after"),
        [
            (EffectState.PENDING, EffectState.CANCELLED),  # tried, and to be tried again
            (EffectState.DEAD, EffectState.DEAD),
            (EffectState.CANCELLED, EffectState.CANCELLED),
            (EffectState.DELIVERED, EffectState.DELIVERED),
        ],
    )
    def test_it_gives_its_address_up_with_the_notifier(
        self, world: World, state: EffectState, after: EffectState
    ) -> None:
        # GDPR Art. 17(1)
        letter = tried(told(world), state)
        made = released(world, "erasure")
        letter.refresh_from_db()
        assert made.state == RequestState.ANSWERED
        assert (letter.state, letter.payload, letter.last_error, letter.next_at) == (after, {}, "", None)
        assert Attempt.objects.get(effect=letter).error == ""  # a mail server quotes whom it does not know
        assert ADDRESS not in repr(list(Effect.objects.filter(pk=letter.pk).values()))

    def test_nobody_can_send_it_again_and_nobody_is_asked_to(self, world: World) -> None:
        letter = tried(told(world), EffectState.DEAD)
        assert access.dead_letters() == 1
        released(world, "erasure")
        letter.refresh_from_db()
        assert access.dead_letters() == 0
        with pytest.raises(outbox.EffectError, match="erased"):
            outbox.replay(letter, by=world.amal.actor, now=NOW)

    def test_an_erasure_lets_it_be_sent_once_first(self, world: World) -> None:
        # DSA Art. 16(5)
        letter = told(world)
        made = released(world, "erasure")
        assert made.state == RequestState.ERASING
        assert Notice.objects.get().email == ADDRESS
        assert serve(world) == 0  # and the worker does not turn on the spot
        world.hand_over()
        assert serve(world) > 0
        letter.refresh_from_db()
        assert (letter.state, letter.payload) == (EffectState.DELIVERED, {})
        assert Notice.objects.get().email == ""

    def test_it_waits_for_no_mail_server_longer_than_a_day(self, world: World) -> None:
        letter = told(world)
        made = released(world, "erasure")
        assert letters.on_their_way(made.platform, made.account, now=NOW + letters.SENT_WITHIN - HOUR)
        assert serve(world, now=NOW + letters.SENT_WITHIN + HOUR) > 0
        letter.refresh_from_db()
        made.refresh_from_db()
        assert (made.state, letter.state, letter.payload) == (
            RequestState.ANSWERED,
            EffectState.CANCELLED,
            {},
        )

    def test_one_that_waits_holds_up_no_other_request(self, world: World) -> None:
        told(world)
        world.post("words", author="u2")
        released(world, "erasure")
        other = released(world, "erasure", account="u2", email="u2@people.example")
        assert other.state == RequestState.ANSWERED
        assert Subject.objects.get(account="u1").state == RequestState.ERASING

    def test_a_try_that_ends_too_late_changes_nothing(self, world: World) -> None:
        letter = told(world)
        (claimed,) = [
            one for one in delivery.claim_due(now=NOW, limit=9, lease_seconds=60) if one.pk == letter.pk
        ]
        letters.erase(Effect.objects.filter(pk=letter.pk))
        late = delivery.Try(str(letter.pk), claimed.attempts, NOW, 1.0, Retry("450 later"))
        assert delivery.record([late], policy=DeliveryPolicy()) == 0
        letter.refresh_from_db()
        assert (letter.state, letter.payload) == (EffectState.CANCELLED, {})

    def test_the_schedule_reaches_it_too(self, world: World) -> None:
        letter = tried(told(world), EffectState.DEAD)
        run(world, NOW + 400 * DAY)
        letter.refresh_from_db()
        assert (letter.payload, Notice.objects.get().email) == ({}, "")

    def test_what_was_given_up_is_kept_no_longer_than_what_was_delivered(self, world: World) -> None:
        given_up = tried(told(world), EffectState.DEAD)
        for before, kept in ((NOW + 200 * DAY, True), (NOW + 230 * DAY, False)):
            run(world, before)
            given_up.refresh_from_db()
            assert bool(given_up.payload) is kept

    def test_what_a_platform_must_still_do_is_never_taken_back(self, world: World) -> None:
        world.decided(world.case())
        orders = Effect.objects.filter(channel=Channel.PLATFORM, kind=EffectKind.MEASURE_APPLY)
        assert orders.exists()
        released(world, "erasure")
        run(world, NOW + 400 * DAY)
        assert all(one.payload and one.state == EffectState.PENDING for one in orders)

    def test_a_letter_about_a_measure_goes_with_its_account(self, world: World) -> None:
        world.decided(world.case())
        letter = Effect.objects.get(channel=Channel.EMAIL, stream__startswith="statement:")
        tried(letter, EffectState.DEAD)
        released(world, "erasure")
        letter.refresh_from_db()
        assert letter.payload == {}

    def test_a_hold_on_an_account_holds_its_letters(self, world: World) -> None:
        world.decided(world.case())
        world.hand_over()
        letter = Effect.objects.get(channel=Channel.EMAIL, stream__startswith="statement:")
        sent = told(world)
        world.hand_over()
        holds.place("account:maydan/u1", reason="r", until=NOW + 900 * DAY, by=world.amal.actor, now=NOW)
        run(world, NOW + 400 * DAY)
        for one in (letter, sent):
            one.refresh_from_db()
            assert one.payload


class TestTheLetterThatTellsOfAnErasure:
    def answer(self, world: World, **more: Any) -> Effect:
        world.post("words")
        made = released(world, "erasure", **more)
        return Effect.objects.get(stream=f"data_request:{made.pk}#email")

    def test_it_goes_days_after_it_was_handed_over(self, world: World, mail: Any) -> None:  # noqa: F811
        # GDPR Art. 17(1)
        letter = deliver(self.answer(world))
        assert "u1@people.example" in written(mail)
        run(world, NOW + 6 * DAY)
        letter.refresh_from_db()
        assert letter.payload
        run(world, NOW + 9 * DAY)
        letter.refresh_from_db()
        assert letter.payload == {}
        assert "u1@people.example" not in written(mail)
        assert f"<{letter.pk}@" in written(mail)  # that it went is proven still

    def test_until_it_is_handed_over_it_stays(self, world: World) -> None:
        letter = self.answer(world)
        run(world, NOW + 60 * DAY)
        letter.refresh_from_db()
        assert (letter.state, bool(letter.payload)) == (EffectState.PENDING, True)

    def test_the_days_are_a_period_like_any_other(self, world: World) -> None:
        letter = self.answer(world)
        world.hand_over()
        asked = schedule.propose(
            Kind.ERASURE_LETTERS, months=0, days=2, ground="GDPR Art. 17(1)", because="Our server tells at once.",
            by=world.amal.actor, now=NOW,
        )  # fmt: skip
        schedule.settle(asked.pk, confirm=True, by=world.basil.actor, now=NOW)
        run(world, NOW + 4 * DAY)
        letter.refresh_from_db()
        assert letter.payload == {}

    def test_letters_about_other_requests_are_kept_as_before(self, world: World) -> None:
        made = enter(world, "objection", words="Leave my profile out of it.")
        requests.identify(str(made.pk), how="Signed in.", by=world.basil.actor, now=NOW)
        requests.answer(str(made.pk), text="It is followed.", by=world.basil.actor, now=NOW)
        letter = Effect.objects.get(stream=f"data_request:{made.pk}#email")
        world.hand_over()
        for day, kept in ((60, True), (230, False)):
            run(world, NOW + day * DAY)
            letter.refresh_from_db()
            assert bool(letter.payload) is kept

    def test_a_hold_keeps_it(self, world: World) -> None:
        letter = self.answer(world)
        world.hand_over()
        holds.place("account:maydan/u1", reason="r", until=NOW + 90 * DAY, by=world.amal.actor, now=NOW)
        run(world, NOW + 20 * DAY)
        letter.refresh_from_db()
        assert letter.payload

    def test_what_is_in_no_stream_of_a_request_is_none(self, world: World) -> None:
        letter = self.answer(world)
        world.hand_over()
        Effect.objects.filter(pk=letter.pk).update(stream="")
        assert list(letters.of_erasures(NOW + 90 * DAY)) == []
