"""What an authority orders: a measure at once, once, without a statement, and with a way back (DSA Art. 17(5))."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hakam.compliance.access import facts_after
from hakam.compliance.facts import FactKind
from hakam.compliance.models import Statement
from hakam.enforcement.models import AppliedMeasure, Effect
from hakam.enforcement.ordered import ALLOWED, apply_ordered, states_of
from hakam.enforcement.reverse import reverse
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.event import ItemRef
from hakam.vocabulary.measure import NATURE, Measure, MeasureKind, Reversal, Target

pytestmark = pytest.mark.django_db
NOW = scene.NOW
ITEM = ItemRef(scene.PLATFORM, "post", "77")
REMOVE = Measure(MeasureKind.REMOVE)


def order(measure: Measure = REMOVE, *, item: ItemRef = ITEM, name: str = "order:1") -> AppliedMeasure:
    return apply_ordered(
        item, measure, order=name, by=SYSTEM, now=NOW, item_url="https://maydan.example/77", author_id="u1"
    )


def test_it_leaves_at_once_and_names_no_statement() -> None:
    made = order()
    sent = Effect.objects.get()
    assert (sent.kind, sent.next_at, sent.measure_id) == ("measure.apply", NOW, made.pk)
    assert sent.payload["statement"] is None
    assert sent.payload["item"] == {
        "platform": scene.PLATFORM,
        "kind": "post",
        "id": "77",
        "url": "https://maydan.example/77",
    }
    assert not Statement.objects.exists()
    assert [fact.kind for fact in facts_after(0, kinds=frozenset(FactKind))] == ["measure.planned"]


def test_the_same_order_on_the_same_item_is_one_measure() -> None:
    assert order().pk == order().pk
    assert Effect.objects.count() == 1
    other = order(item=ItemRef(scene.PLATFORM, "post", "78"))
    assert other.pk != order().pk
    assert order(name="order:2").pk not in {other.pk, order().pk}


@pytest.mark.parametrize("kind", sorted(set(MeasureKind) - ALLOWED))
def test_no_order_against_content_touches_anything_else(kind: MeasureKind) -> None:
    with pytest.raises(ValueError, match="does not make us"):
        order(Measure(kind))
    assert not AppliedMeasure.objects.exists()


def test_what_can_be_ordered_concerns_items_and_can_be_taken_back() -> None:
    assert all(NATURE[kind].target is Target.ITEM for kind in ALLOWED)
    assert all(NATURE[kind].reversal is not Reversal.IRREVERSIBLE for kind in ALLOWED)


def test_before_it_left_it_is_cancelled_and_after_it_left_it_is_reversed() -> None:
    order(name="order:1")
    assert states_of("order:1") == ["planned"]
    reverse(by=SYSTEM, now=NOW, decision="order:1", because="annulled")
    assert states_of("order:1") == ["cancelled"]
    order(name="order:2")
    scene.deliver(NOW)
    reverse(by=SYSTEM, now=NOW + timedelta(hours=1), decision="order:2", because="annulled")
    taken = scene.deliver(NOW + timedelta(hours=1))
    assert states_of("order:2")[0] in {"reversing", "reversed"}
    assert taken is not None
    assert Effect.objects.filter(kind="measure.reverse").count() == 1
    assert states_of("order:3") == []
