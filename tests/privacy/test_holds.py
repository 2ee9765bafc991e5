"""Holds: placed for a reason until a day, renewed, ended by somebody else, made by the law's own acts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from tests.privacy.conftest import DAY, NOW, World

from hakam.compliance import deadlines
from hakam.compliance.access import deadlines_of, facts_of
from hakam.compliance.facts import FactKind
from hakam.compliance.ledger import body_of, private_of
from hakam.intake import authorities, orders
from hakam.intake.order_contents import Contents, OrderKind
from hakam.privacy import holds
from hakam.privacy.holds import HoldError
from hakam.privacy.models import Hold
from hakam.testing import scene
from hakam.wiring import subscriptions


def place(world: World, target: str = "item:maydan/post/p1", **more: Any) -> Hold:
    given: dict[str, Any] = {
        "reason": "The court asks.", "until": NOW + 90 * DAY, "by": world.amal.actor, "now": NOW, "authority": "Court",
    }  # fmt: skip
    return holds.place(target, **(given | more))


def test_a_hold_covers_its_target_until_its_day(world: World) -> None:
    hold = place(world)
    assert holds.held(NOW).covers(["item:maydan/post/p1", "account:maydan/u1"])
    assert not holds.held(NOW).covers(["item:maydan/post/p2"])
    assert not holds.held(NOW + 91 * DAY)
    assert holds.lapse_due(NOW + 89 * DAY) == 0
    assert holds.lapse_due(NOW + 91 * DAY) == 1
    hold.refresh_from_db()
    assert hold.ended_at == NOW + 91 * DAY
    assert len(facts_of(f"hold:{hold.pk}", FactKind.HOLD_ENDED)) == 1
    assert holds.lapse_due(NOW + 92 * DAY) == 0


def test_the_reason_is_personal_and_the_end_is_not(world: World) -> None:
    hold = place(world)
    (fact,) = facts_of(f"hold:{hold.pk}", FactKind.HOLD_PLACED)
    assert private_of(fact) == {"reason": "The court asks."}
    assert body_of(fact)["authority"] == "Court"
    assert [link.subject for link in fact.links.all()] == ["item:maydan/post/p1"]


def test_a_clock_warns_before_a_hold_ends_and_moves_with_it(world: World) -> None:
    hold = place(world)
    (clock,) = deadlines_of(f"hold:{hold.pk}")
    assert clock.due_at == NOW + 90 * DAY
    assert deadlines.warned(now=NOW + 77 * DAY)
    with pytest.raises(HoldError, match="later than before"):
        holds.renew(hold.pk, until=NOW + 80 * DAY, reason="r", by=world.amal.actor, now=NOW)
    renewed = holds.renew(
        hold.pk, until=NOW + 200 * DAY, reason="The trial goes on.", by=world.amal.actor, now=NOW
    )
    assert (renewed.renewed, renewed.until) == (1, NOW + 200 * DAY)
    (clock,) = deadlines_of(f"hold:{hold.pk}")
    assert clock.due_at == NOW + 200 * DAY
    assert holds.held(NOW + 100 * DAY)


def test_somebody_else_ends_it_before_its_day(world: World) -> None:
    hold = place(world)
    with pytest.raises(HoldError, match="somebody else"):
        holds.release(hold.pk, reason="Over.", by=world.amal.actor, now=NOW)
    with pytest.raises(HoldError, match="say why"):
        holds.release(hold.pk, reason=" ", by=world.basil.actor, now=NOW)
    holds.release(hold.pk, reason="Over.", by=world.basil.actor, now=NOW + DAY)
    assert not holds.held(NOW + 2 * DAY)
    with pytest.raises(HoldError, match="has ended"):
        holds.renew(hold.pk, until=NOW + 300 * DAY, reason="r", by=world.amal.actor, now=NOW)
    assert [one.pk for one in holds.listed(ended=True)] == [hold.pk]
    assert holds.listed() == []


@pytest.mark.parametrize(
    ("target", "more", "said"),
    [
        ("post/1", {}, "none of"),
        ("item:Maydan/post/1", {}, "none of"),
        ("case:0", {}, "none of"),
        ("case:12x", {}, "none of"),
        ("", {}, "none of"),
        ("account:maydan/" + "x" * 600, {}, "none of"),
        ("item:maydan/post/1", {"covers": ["nonsense"]}, "none of"),
        ("item:maydan/post/1", {"reason": ""}, "say why"),
        ("item:maydan/post/1", {"until": NOW}, "future"),
        ("incident:attack", {}, "name what"),
    ],
)
def test_what_is_no_hold_is_refused(world: World, target: str, more: dict[str, Any], said: str) -> None:
    with pytest.raises(HoldError, match=said):
        place(world, target, **more)
    assert not Hold.objects.exists()


def test_an_incident_holds_what_it_names(world: World) -> None:
    place(world, "incident:attack-7", covers=["item:maydan/post/p9", "account:maydan/u9", "case:3"])
    held = holds.held(NOW)
    assert held.covers(["account:maydan/u9"])
    assert held.covers(["case:3"])
    assert [h.target for h in holds.holding(["item:maydan/post/p9"], now=NOW)] == ["incident:attack-7"]


def removal(world: World, url: str) -> orders.Order:
    office = authorities.register(
        name="BKA", kind="law_enforcement", country="DE", email="o@office.example", removal=True, phone="1",
        by=world.amal.actor, now=NOW,
    )  # fmt: skip
    authorities.confirm(office.pk, by=world.basil.actor, now=NOW)
    contents = Contents(
        kind=OrderKind.REMOVAL, reference="TCO 7/26", legal_basis="Art. 3", reasons="It praises an attack.",
        provisions="s. 140", urls=(url,), content_types=("incitement",), redress="Court of appeal, one month",
        redress_body="Court of appeal", signature=True, representative="Officer A", contact="o@office.example",
        issued_at=NOW, emergency=True, home_state="DE", language="en", harm="terrorism_incitement",
    )  # fmt: skip
    return orders.receive(
        contents,
        platform=scene.PLATFORM,
        authority_id=office.pk,
        vault=world.vault,
        by=world.amal.actor,
        now=NOW,
    )


def test_a_removal_order_holds_for_six_months_what_it_took_away(world: World) -> None:
    """TCO Art. 6(2), and the data that belong to it, Art. 6(1)."""
    from hakam.intake import known_items  # noqa: PLC0415 -- only here

    seq = world.post("Praise", author="u7", url="https://maydan.example/tco")
    event = world.events.read(seq - 1, 1)[0]
    ref = scene.ref(msgspec.json.decode(event.raw, type=scene.Event))
    known_items.learn([known_items.Seen(ref, "https://maydan.example/tco", seq)])
    order = removal(world, "https://maydan.example/tco")
    orders.carry_out(str(order.pk), by=world.amal.actor, now=NOW, unverified_because="The hour runs.")
    assert not Hold.objects.exists()
    assert holds.follow(now=NOW) == 2  # it was received, and carried out
    hold = Hold.objects.get()
    assert hold.target == f"item:{ref}"
    assert hold.authority == "TCO Art. 6(2)"
    assert NOW + 180 * DAY < hold.until < NOW + 187 * DAY
    assert hold.placed_by == "system"
    assert holds.follow(now=NOW) == 0  # once
    with pytest.raises(HoldError, match="the law sets"):
        holds.release(hold.pk, reason="r", by=world.basil.actor, now=NOW)
    subscriptions.advance_all(now=NOW + timedelta(minutes=1))  # the same cursor: no second one
    assert Hold.objects.count() == 1


def test_an_order_that_is_long_past_makes_no_hold(world: World) -> None:
    order = removal(world, "https://maydan.example/old")
    orders.carry_out(str(order.pk), by=world.amal.actor, now=NOW, unverified_because="The hour runs.")
    holds.follow(now=NOW + 400 * DAY)
    assert not Hold.objects.exists()
