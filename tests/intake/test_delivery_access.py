"""The outbox shows a person what is about their own cases, and nothing of the others."""

from __future__ import annotations

import uuid

import pytest
from django.db import transaction
from tests.console.conftest import Desk

from hakam.enforcement.kinds import Channel, EffectKind
from hakam.enforcement.models import Effect
from hakam.enforcement.outbox import enqueue
from hakam.enforcement.states import EffectState
from hakam.intake.delivery_access import deliveries, delivery, visible
from hakam.intake.models import Notice
from hakam.review.models import Case, CaseSource
from hakam.staff.models import User
from hakam.staff.roles import Role
from hakam.testing import scene

pytestmark = pytest.mark.django_db


@pytest.fixture
def day() -> Desk:
    """Return a day on which two items were removed: an ordinary one and one of the child-safety queue."""
    scene.publish()
    day = Desk()
    amal = scene.person("amal", Role.CHILD_SAFETY)
    day.remove(day.case("You are vermin"), amal)
    grave = day.case("A picture that nobody should see")
    Case.objects.filter(pk=grave.pk).update(restricted=True, queue="child-safety")
    decided = day.remove(grave, amal)
    day.complaint(decided)
    return day


def about(effects: list[Effect]) -> set[str]:
    """Return what effects are about, as the items of the day: `i1` is the ordinary one."""
    return {effect.measure.item_id if effect.measure else effect.key.partition(":")[0] for effect in effects}


def put(day: Desk, key: str) -> Effect:
    with transaction.atomic():
        return enqueue(
            now=day.now,
            key=key,
            platform=scene.PLATFORM,
            channel=Channel.PLATFORM,
            kind=EffectKind.NOTICE_RECEIPT,
            payload={},
        )


def notice(day: Desk, harm: str) -> Notice:
    return Notice.objects.create(
        token=uuid.uuid4().hex,
        platform=scene.PLATFORM,
        harm=harm,
        illegal=True,
        explanation="look",
        language="en",
        received_at=day.now,
    )


def test_a_moderator_sees_nothing_of_the_child_safety_queue(day: Desk) -> None:
    everything = list(Effect.objects.all())
    seen = deliveries(user=scene.person("basil"))
    assert about(seen) == {"i1", "statement"}
    assert 0 < len(seen) < len(everything)
    for effect in everything:
        assert (delivery(str(effect.pk), user=User.objects.get(username="basil")) is not None) == (
            effect in seen
        )
    assert deliveries(user=scene.person("carim", Role.ADMINISTRATOR)) == seen


def test_who_has_the_permission_sees_all(day: Desk) -> None:
    seen = deliveries(user=scene.person("dina", Role.CHILD_SAFETY))
    assert {effect.pk for effect in seen} == set(Effect.objects.values_list("pk", flat=True))
    assert about(seen) == {"i1", "i2", "statement", "complaint"}


def test_who_works_on_certain_queues_sees_these(day: Desk) -> None:
    elsewhere = scene.person("emil")
    elsewhere.queues = ["spam"]
    elsewhere.save()
    put(day, "alert:1:2")
    assert deliveries(user=elsewhere) == []
    elsewhere.queues = [Case.objects.get(item_id="i1").queue]
    elsewhere.save()
    assert about(deliveries(user=elsewhere)) == {"i1", "statement"}


def test_who_may_see_no_deliveries_sees_none(day: Desk) -> None:
    viewer = scene.person("vera", Role.VIEWER)
    assert deliveries(user=viewer) == []
    assert delivery(str(day.effect().pk), user=viewer) is None


def test_the_answer_to_a_notice_goes_by_its_cases_or_its_harm(day: Desk) -> None:
    basil = scene.person("basil")
    told = {harm: notice(day, harm) for harm in ("hate_speech", "csam")}
    for one in told.values():
        put(day, f"notice:{one.pk}:receipt:platform")
    keys = {effect.key for effect in deliveries(user=basil)}
    assert f"notice:{told['hate_speech'].pk}:receipt:platform" in keys
    assert f"notice:{told['csam'].pk}:receipt:platform" not in keys
    grave = Case.objects.get(item_id="i2")
    CaseSource.objects.create(case=grave, kind="notice", ref=f"notice:{told['hate_speech'].pk}:0", at=day.now)
    assert not [e for e in deliveries(user=basil) if e.key.startswith("notice:")]


def test_pages_lose_nothing_though_much_is_put_in_at_one_instant(day: Desk) -> None:
    basil = scene.person("basil")
    one = notice(day, "hate_speech")
    for n in range(23):
        put(day, f"notice:{one.pk}:{n}")
    found: list[Effect] = []
    before = None
    while page := deliveries(user=basil, limit=5, before=before):
        found += page
        before = page[-1].created_at, page[-1].pk
    assert [e.pk for e in found] == [e.pk for e in deliveries(user=basil, limit=100)]
    assert len({e.pk for e in found}) == len(found) > 23


def test_a_page_is_made_of_what_may_be_seen(day: Desk, django_assert_max_num_queries: object) -> None:
    grave = notice(day, "csam")
    for n in range(30):
        put(day, f"notice:{grave.pk}:{n}")
    seen = deliveries(user=scene.person("basil"), limit=2)
    assert len(seen) == 2
    assert deliveries(user=User.objects.get(username="basil"), state=EffectState.DEAD) == []
    assert visible([], user=User.objects.get(username="basil")) == []
