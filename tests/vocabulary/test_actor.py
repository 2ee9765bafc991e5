"""Who acts: people and machines are told apart, since the law asks which of them decided."""

from __future__ import annotations

import pytest

from hakam.vocabulary.actor import SYSTEM, Actor, ActorKind
from hakam.vocabulary.finding import Finding, Severity, Span
from hakam.vocabulary.measure import Measure, MeasureKind
from hakam.vocabulary.verdict import Firing, PackRef, Stage, Verdict


@pytest.mark.parametrize(
    ("kind", "person"),
    [
        (ActorKind.STAFF, True),
        (ActorKind.RULE, False),
        (ActorKind.PLATFORM, False),
        (ActorKind.AFFECTED, True),
        (ActorKind.NOTIFIER, True),
        (ActorKind.FLAGGER, True),
        (ActorKind.AUTHORITY, True),
        (ActorKind.PARTNER, True),
        (ActorKind.SYSTEM, False),
    ],
)
def test_machines_are_not_people(kind: ActorKind, person: bool) -> None:
    assert Actor(kind, "7").is_person is person


def test_every_kind_of_actor_is_a_person_or_a_machine() -> None:
    assert {kind for kind in ActorKind if not Actor(kind).is_person} == {"rule", "platform", "system"}


def test_an_actor_is_named_by_kind_and_key() -> None:
    assert str(Actor(ActorKind.STAFF, "12")) == "staff:12"
    assert str(SYSTEM) == "system"
    assert Actor(ActorKind.STAFF, "12") == Actor(ActorKind("staff"), "12")
    assert Actor(ActorKind.STAFF, "12") != Actor(ActorKind.AFFECTED, "12")


def test_only_live_firings_have_a_word() -> None:
    live = Firing("a", "spam", "d", Stage.LIVE, (Measure(MeasureKind.REMOVE),))
    shadow = Firing("b", "spam", "d", Stage.SHADOW, (Measure(MeasureKind.SUSPEND),))
    verdict = Verdict(PackRef("p", "1", "d"), (shadow, live))
    assert verdict.live == (live,)
    assert Verdict(PackRef("p", "1", "d")).live == ()


def test_findings_stand_in_the_order_of_their_places() -> None:
    first, second = Span("a.yaml", 2, 9, 2, 10), Span("a.yaml", 10, 1, 10, 2)
    assert first < second < Span("b.yaml", 1, 1, 1, 2)
    finding = Finding("P103", Severity.ERROR, "there is no field", first)
    assert finding == Finding("P103", Severity("error"), "there is no field", first)
    assert len({finding, Finding("P103", Severity.ERROR, "there is no field", second)}) == 2
