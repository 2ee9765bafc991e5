"""A rule that was held back by its quota: people hear of it once, and say what they made of it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import transaction

from hakam.compliance import ledger, rulebook
from hakam.compliance.facts import FactKind
from hakam.compliance.models import Fact
from hakam.enforcement import breakers
from hakam.enforcement.models import Effect
from hakam.review import findings, trips
from hakam.review.models import RuleTrip
from hakam.review.trips import TripError
from hakam.staff.roles import Role
from hakam.testing import scene
from hakam.vocabulary.actor import Actor, ActorKind
from hakam.vocabulary.measure import Measure, MeasureKind
from hakam.vocabulary.verdict import Aside, Firing, PackRef, Stage, Verdict
from hakam.wiring.subscriptions import SUBSCRIBERS

pytestmark = pytest.mark.django_db
NOW = scene.NOW
PACK = PackRef("scene", "1.0.0", "d" * 64)
LENA = Actor(ActorKind.STAFF, "5")


def trip(*rules: str, minutes: int = 0) -> None:
    with transaction.atomic():
        trips.note(rules, pack=PACK, now=NOW + timedelta(minutes=minutes))


def test_the_first_is_a_fact_and_the_others_are_counted() -> None:
    trip("burst")
    trip("burst", minutes=5)
    (found,) = trips.unseen()
    assert (found.rule, found.events, found.pack) == ("burst", 2, "scene@1.0.0")
    assert (found.first_at, found.last_at) == (NOW, NOW + timedelta(minutes=5))
    assert [fact.kind for fact in ledger.story(f"trip:{found.pk}")] == ["rule.tripped"]


def test_each_rule_has_its_own() -> None:
    trip("burst", "links")
    assert {one.rule for one in trips.unseen()} == {"burst", "links"}


def test_a_person_says_what_they_made_of_it() -> None:
    trip("burst")
    (found,) = trips.unseen()
    trips.settle(found.pk, because="a raid; the quota is right", by=LENA, now=NOW)
    assert trips.unseen() == []
    (old,) = trips.earlier()
    assert (old.seen_by, old.because) == ("staff:5", "a raid; the quota is right")
    fact = ledger.story(f"trip:{found.pk}")[-1]
    assert (fact.kind, fact.actor) == ("trip.settled", "staff:5")


def test_it_takes_words_and_one_person() -> None:
    trip("burst")
    (found,) = trips.unseen()
    with pytest.raises(TripError):
        trips.settle(found.pk, because=" ", by=LENA, now=NOW)
    trips.settle(found.pk, because="seen", by=LENA, now=NOW)
    with pytest.raises(TripError):
        trips.settle(found.pk, because="again", by=LENA, now=NOW)


def test_when_it_happens_again_it_is_another_one() -> None:
    trip("burst")
    trips.settle(RuleTrip.objects.get().pk, because="seen", by=LENA, now=NOW)
    trip("burst", minutes=90)
    assert len(trips.unseen()) == len(trips.earlier()) == 1
    assert Fact.objects.filter(kind=FactKind.RULE_TRIPPED).count() == 2


class TestHeldBack:
    """A rule whose quota of three an hour is used up, in the pack in force."""

    FILES = {**scene.PACK, "rules.yaml": scene.PACK["rules.yaml"] + "  quota: {hour: 3}\n"}

    def book(self, files: dict[str, str] | None = None, *, days: int = 0) -> PackRef:
        given = {"by": LENA, "now": NOW - timedelta(days=1) + timedelta(days=days)}
        return rulebook.ref_of(rulebook.publish(files or self.FILES, **given))

    def hear(self, pack: PackRef, *, minutes: int, held: bool) -> None:
        rule = next(iter(self.rules(pack)))
        measures = () if held else (Measure(MeasureKind.REMOVE),)
        fired = Firing(rule, "spam", "d" * 64, Stage.LIVE, measures)
        verdict = Verdict(pack, (fired,), measures, tripped=(rule,) if held else ())
        with transaction.atomic():
            trips.heard(verdict, now=NOW + timedelta(minutes=minutes))

    @staticmethod
    def rules(pack: PackRef) -> list[str]:
        version = rulebook.find(pack)
        assert version is not None
        return [rule.id for rule in rulebook.load(version).rules]

    def held(self, minutes: int) -> dict[str, datetime | None]:
        found = trips.held_back(NOW + timedelta(minutes=minutes))
        return {rule: one.held_until for rule, one in found.items()}

    def test_it_stays_so_after_somebody_looked_until_the_window_has_passed(self) -> None:
        pack = self.book()
        self.hear(pack, minutes=0, held=True)
        trips.settle(RuleTrip.objects.get().pk, because="a raid", by=LENA, now=NOW)
        assert trips.unseen() == []
        assert self.held(59) == {self.rules(pack)[0]: NOW + timedelta(hours=1)}
        assert self.held(60) == {}

    def test_what_was_looked_after_is_no_news_while_it_goes_on(self) -> None:
        pack = self.book()
        self.hear(pack, minutes=0, held=True)
        trips.settle(RuleTrip.objects.get().pk, because="a raid", by=LENA, now=NOW)
        self.hear(pack, minutes=50, held=True)
        (found,) = RuleTrip.objects.all()
        assert (found.events, found.because) == (2, "a raid")
        assert self.held(100) == {found.rule: NOW + timedelta(minutes=110)}
        self.hear(pack, minutes=200, held=True)
        assert len(trips.unseen()) == 1
        assert Fact.objects.filter(kind=FactKind.RULE_TRIPPED).count() == 2

    def test_a_rule_that_acted_again_is_not_held_back(self) -> None:
        pack = self.book()
        self.hear(pack, minutes=0, held=True)
        trips.settle(RuleTrip.objects.get().pk, because="a raid", by=LENA, now=NOW)
        self.hear(pack, minutes=20, held=False)
        assert self.held(21) == {}
        self.hear(pack, minutes=30, held=True)
        assert len(trips.unseen()) == 1

    def test_another_quota_in_force_is_not_used_up_yet(self) -> None:
        self.hear(self.book(), minutes=0, held=True)
        more = {
            **self.FILES,
            "pack.yaml": self.FILES["pack.yaml"].replace("1.0.0", "1.1.0"),
            "rules.yaml": self.FILES["rules.yaml"].replace("hour: 3", "hour: 30"),
        }
        self.book(more, days=1)
        assert self.held(5) == {}

    def test_a_rule_that_was_put_on_shadow_is_not_held_back(self) -> None:
        self.hear(self.book(), minutes=0, held=True)
        more = {
            **self.FILES,
            "pack.yaml": self.FILES["pack.yaml"].replace("1.0.0", "1.1.0"),
            "rules.yaml": self.FILES["rules.yaml"].replace("stage: live", "stage: shadow"),
        }
        self.book(more, days=1)
        assert self.held(5) == {}

    def test_another_version_with_the_same_quota_changes_nothing(self) -> None:
        self.hear(self.book(), minutes=0, held=True)
        self.book({**self.FILES, "pack.yaml": self.FILES["pack.yaml"].replace("1.0.0", "1.1.0")}, days=1)
        assert len(self.held(5)) == 1


class TestTelling:
    def told(self) -> dict[str, str]:
        for fact in ledger.facts_after(0, kinds=breakers.KINDS):
            breakers.on_fact(fact, NOW)
        return {effect.payload["to"]: effect.payload["subject"] for effect in Effect.objects.all()}

    def test_whoever_may_change_the_rules_is_told_once_in_their_language(self) -> None:
        scene.person("lena", Role.POLICY_LEAD)
        scene.person("omar", Role.INCIDENT_LEAD, language="ar")
        scene.person("amal")
        trip("burst")
        trip("burst")
        told = self.told()
        assert told == self.told()
        assert told == {
            "lena@example.org": "The quota of burst is used up",
            "omar@example.org": "نفدت حصة القاعدة burst",
        }

    def test_the_worker_follows_these_facts(self) -> None:
        assert any(one.kinds == breakers.KINDS for one in SUBSCRIBERS)


# Rules that were put aside


def put_aside(*rules: str, at: datetime = NOW, minutes: int = 0, events: int = 3) -> None:
    with transaction.atomic():
        trips.note_aside(
            {rule: Aside("it failed with ValueError", at.timestamp()) for rule in rules},
            pack=PACK,
            events=events,
            now=NOW + timedelta(minutes=minutes),
        )


def test_a_rule_put_aside_is_one_fact_with_why_and_events_are_counted() -> None:
    put_aside("burst")
    put_aside("burst", minutes=5, events=40)
    (found,) = trips.unseen()
    assert (found.kind, found.rule, found.events, found.why) == (
        "aside",
        "burst",
        43,
        "it failed with ValueError",
    )
    assert (found.first_at, found.last_at) == (NOW, NOW + timedelta(minutes=5))
    (fact,) = ledger.story(f"trip:{found.pk}")
    assert (fact.kind, ledger.body_of(fact)["why"]) == ("rule.put_aside", "it failed with ValueError")


def test_a_rule_may_be_put_aside_and_have_used_up_its_quota() -> None:
    trip("burst")
    put_aside("burst")
    assert {one.kind for one in trips.unseen()} == {"quota", "aside"}


def test_a_person_takes_it_back_and_the_door_will_hear_of_it() -> None:
    put_aside("burst")
    (found,) = trips.unseen()
    assert trips.taken_back() == {}
    later = NOW + timedelta(minutes=9)
    trips.settle(found.pk, because="the list was empty; mended", by=LENA, now=later)
    assert trips.taken_back() == {"burst": later.timestamp()}
    fact = ledger.story(f"trip:{found.pk}")[-1]
    assert (fact.kind, fact.actor) == ("rule.taken_back", "staff:5")


def test_a_quota_that_was_settled_takes_nothing_back() -> None:
    trip("burst")
    trips.settle(trips.unseen()[0].pk, because="a raid", by=LENA, now=NOW)
    assert trips.taken_back() == {}


def test_what_was_judged_before_the_door_heard_of_it_is_no_news() -> None:
    put_aside("burst")
    trips.settle(trips.unseen()[0].pk, because="mended", by=LENA, now=NOW + timedelta(minutes=1))
    put_aside("burst", minutes=2)  # records of the seconds in between
    assert trips.unseen() == []
    put_aside("burst", at=NOW + timedelta(minutes=3), minutes=3)  # it failed again
    assert len(trips.unseen()) == 1
    assert Fact.objects.filter(kind=FactKind.RULE_PUT_ASIDE).count() == 2


def test_the_latest_time_that_a_rule_was_taken_back_counts() -> None:
    for minutes in (0, 10):
        put_aside("burst", at=NOW + timedelta(minutes=minutes), minutes=minutes)
        trips.settle(
            trips.unseen()[0].pk, because="mended", by=LENA, now=NOW + timedelta(minutes=minutes + 1)
        )
    assert trips.taken_back() == {"burst": (NOW + timedelta(minutes=11)).timestamp()}


def test_events_on_which_a_rule_failed_before_are_counted_once() -> None:
    aside = {"burst": Aside("it failed with ValueError", NOW.timestamp())}
    assert trips.news(aside) == aside
    for _batch in range(2):
        with transaction.atomic():
            trips.note_aside(aside, pack=PACK, events=3, now=NOW, failed={"burst": 5, "links": 9})
    (found,) = trips.unseen()
    assert found.events == 11
    assert trips.news(aside) == {}


def test_a_rule_that_was_taken_back_is_news_when_it_is_put_aside_again() -> None:
    put_aside("burst")
    trips.settle(trips.unseen()[0].pk, because="mended", by=LENA, now=NOW + timedelta(minutes=1))
    assert trips.news({"burst": Aside("it failed", NOW.timestamp())}) == {}
    later = {"burst": Aside("it failed", (NOW + timedelta(minutes=3)).timestamp())}
    assert trips.news(later) == later


def test_doctor_names_the_rule() -> None:
    trip("links")
    put_aside("burst")
    found = [one for one in findings.check() if one.code == "R013"]
    assert [one.subject for one in found] == ["burst"]
    assert "it failed with ValueError" in (found[0].hint or "")


def test_whoever_may_change_the_rules_is_told_in_their_language() -> None:
    scene.person("lena", Role.POLICY_LEAD)
    scene.person("omar", Role.INCIDENT_LEAD, language="ar")
    put_aside("burst")
    assert TestTelling().told() == {
        "lena@example.org": "burst is put aside",
        "omar@example.org": "نُحّيت القاعدة burst",
    }


def test_when_somebody_takes_it_back_the_door_is_told() -> None:
    (door,) = [one for one in SUBSCRIBERS if one.name == "door"]
    assert FactKind.RULE_TAKEN_BACK in door.kinds
