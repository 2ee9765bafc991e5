"""What banks hold, and how it is let go: by a retraction, once, with a word to whoever posted it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from time import monotonic

import msgspec
import pytest

from hakam.banks.filling import fill
from hakam.banks.keeping import create_bank, delete_bank
from hakam.banks.kinds import BankAction, BankSource
from hakam.banks.models import BankEntry
from hakam.banks.rows import row
from hakam.banks.withdraw import withdraw
from hakam.compliance.facts import FactKind
from hakam.compliance.models import Fact, RulebookVersion
from hakam.enforcement.kinds import EffectKind
from hakam.enforcement.models import AppliedMeasure, Effect
from hakam.enforcement.states import MeasureState
from hakam.intake import sightings
from hakam.intake.events import consume
from hakam.intake.models import BankSighting
from hakam.review.decisions import decide, finalise_due
from hakam.review.models import Case, Decision
from hakam.review.states import DecisionState, Outcome
from hakam.staff.models import User
from hakam.storage.bank_firings import firing_of
from hakam.storage.embedded.event_log import FileEventLog
from hakam.storage.embedded.vault import FileVault
from hakam.storage.published import PublishedBank
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.bank import EntryKind
from hakam.vocabulary.measure import Measure, MeasureKind
from hakam.vocabulary.verdict import Firing
from hakam.wiring.subscriptions import SUBSCRIBERS, advance

pytestmark = pytest.mark.django_db
NOW = scene.NOW
MD5S = [f"{n:031x}a" for n in range(1, 9)]


@pytest.fixture(autouse=True)
def _bank(book: RulebookVersion) -> None:
    make("attack")
    fill(
        "attack",
        [row(n, EntryKind.MD5, one, item=f"i{n // 2}") for n, one in enumerate(MD5S)],
        by=SYSTEM,
        now=NOW,
    )


def make(name: str) -> None:
    create_bank(
        name, source=BankSource.OWN, purpose="p", clause="threat", action=BankAction.HOLD, by=SYSTEM, now=NOW
    )


def entry(n: int) -> int:
    return BankEntry.objects.get(digest=MD5S[n]).pk


def known(n: int, *, name: str = "attack", shadow: bool = False) -> Firing:
    return firing_of(
        PublishedBank(1, name, 1, clause="threat", hold=True, shadow=shadow), entry(n), "md5, 0 bits apart"
    )


def post(log: FileEventLog, vault: FileVault, firings: Sequence[Firing], item: str = "77") -> None:
    event = scene.event(item=item, email="poster@example.org")
    log.append([scene.entry(event, scene.verdict(firings))])
    consume(log, vault=vault, now=NOW, limit=10)


def follow() -> None:
    """Let the subscriber read what the ledger says."""
    (one,) = [s for s in SUBSCRIBERS if s.name == sightings.CURSOR]
    while advance(one, now=NOW):
        pass


def take_out(*entries: int) -> None:
    withdraw("attack", entries=[entry(n) for n in entries], reason="wrong", by=SYSTEM, now=NOW)
    follow()


@pytest.mark.parametrize("shadow", [False, True])
def test_nothing_is_seen_before_it_came(log: FileEventLog, vault: FileVault, shadow: bool) -> None:
    """A step says what time it is, and then reads what came meanwhile."""
    post(log, vault, [known(0, shadow=shadow)])
    came = log.read(0, 1)[0].received_at
    assert came > NOW.timestamp()  # the clock of the log is that of the machine
    assert BankSighting.objects.get().at.timestamp() == pytest.approx(came, abs=1e-3)


def test_what_takes_its_time_is_seen_when_it_is_done(log: FileEventLog) -> None:
    log.append([scene.entry(scene.event(), scene.verdict())])
    (record,) = log.read(0, 1)
    later = datetime.fromtimestamp(record.received_at, tz=UTC) + timedelta(seconds=3)
    seen = sightings.seen_at(record, now=later, began=monotonic() - 20)
    assert 20 <= (seen - later).total_seconds() < 40
    assert sightings.seen_at(record, now=later, began=monotonic() + 60) == later  # never earlier


def test_what_a_bank_knows_is_held_until_a_person_has_looked(log: FileEventLog, vault: FileVault) -> None:
    post(log, vault, [known(0)])
    (held,) = Decision.objects.all()
    assert msgspec.convert(held.measures, list[Measure]) == [Measure(MeasureKind.HOLD)]
    assert (held.by, held.clause) == ("rule:bank:attack", "threat")
    assert Case.objects.get().state == "open"
    seen = BankSighting.objects.get()
    assert (seen.held_by, seen.content, seen.gone_at) == (held, "i0", None)
    assert Effect.objects.filter(kind=EffectKind.STATEMENT_ISSUED, channel="email").exists()  # DSA Art. 17
    assert sightings.held_now("attack") == 1


def test_a_retraction_releases_it_and_tells_whoever_posted_it(log: FileEventLog, vault: FileVault) -> None:
    post(log, vault, [known(0)])
    scene.deliver(NOW)
    take_out(0, 1)
    first, second = Decision.objects.order_by("pk")
    assert (first.state, first.replaced_by) == (DecisionState.REPLACED, second)
    assert second.outcome == Outcome.NO_VIOLATION
    assert AppliedMeasure.objects.get().state == MeasureState.REVERSING
    assert Effect.objects.filter(kind=EffectKind.STATEMENT_WITHDRAWN, channel="email").exists()
    assert BankSighting.objects.get().gone_at == NOW
    assert sightings.held_now("attack") == 0
    told = Fact.objects.filter(kind=FactKind.DECISION_REPLACED).get()
    assert told.actor == "rule:bank:attack"


def test_one_hash_of_a_content_that_stays_releases_nothing(log: FileEventLog, vault: FileVault) -> None:
    post(log, vault, [known(0)])
    take_out(0)  # the other hash of the same content stays
    assert Decision.objects.get().state == DecisionState.FINAL
    take_out(1)
    assert Decision.objects.order_by("pk")[0].state == DecisionState.REPLACED


def test_what_another_bank_knows_too_stays_held(log: FileEventLog, vault: FileVault) -> None:
    make("second")
    fill("second", [row(1, EntryKind.SHA1, "b" * 40)], by=SYSTEM, now=NOW)
    other = firing_of(
        PublishedBank(2, "second", 1, clause="threat", hold=True),
        BankEntry.objects.get(digest="b" * 40).pk,
        "sha1",
    )
    post(log, vault, [known(0), other])
    take_out(0, 1)
    assert Decision.objects.get().state == DecisionState.FINAL
    delete_bank("second", reason="over", by=SYSTEM, now=NOW)
    follow()
    assert Decision.objects.order_by("pk")[0].state == DecisionState.REPLACED


def test_what_is_found_later_hangs_on_the_hold_that_is_there(log: FileEventLog, vault: FileVault) -> None:
    post(log, vault, [known(0)])
    post(log, vault, [known(4)])  # another version of the same item
    assert {one.held_by for one in BankSighting.objects.all()} == {Decision.objects.get()}
    take_out(0, 1)
    assert Decision.objects.get().state == DecisionState.FINAL


def test_what_a_rule_asked_for_as_well_is_not_released(log: FileEventLog, vault: FileVault) -> None:
    rule = scene.firing("spam", measures=[Measure(MeasureKind.REMOVE)])
    post(log, vault, [known(0), rule])
    take_out(0, 1)
    assert Decision.objects.get().state == DecisionState.FINAL


def test_what_a_person_decided_stays(log: FileEventLog, vault: FileVault, amal: User) -> None:
    post(log, vault, [known(0)])
    decide(
        Case.objects.get().pk, by=amal.actor, now=NOW, outcome=Outcome.VIOLATION, clause="threat",
        measures=[Measure(MeasureKind.REMOVE)], facts="It threatens.", undo_seconds=0,
    )  # fmt: skip
    finalise_due(NOW)
    take_out(0, 1)
    mine = Decision.objects.get(by=str(amal.actor))
    assert (mine.state, mine.outcome) == (DecisionState.FINAL, Outcome.VIOLATION)


def test_a_release_happens_once_however_often_it_is_asked(log: FileEventLog, vault: FileVault) -> None:
    post(log, vault, [known(0)])
    withdraw("attack", everything=True, reason="over", by=SYSTEM, now=NOW)
    assert [sightings.release("attack", now=NOW) for _ in range(2)] == [1, 0]
    follow()
    assert Decision.objects.count() == 2


def test_a_bank_that_watches_holds_nothing_and_is_counted(log: FileEventLog, vault: FileVault) -> None:
    post(log, vault, [known(0, shadow=True)])
    assert not Decision.objects.exists()
    assert not Case.objects.exists()
    seen = BankSighting.objects.get()
    assert (seen.shadow, seen.held_by, seen.item_id) == (True, None, "77")


def test_a_shadow_beside_a_rule_that_acts_is_counted_too(log: FileEventLog, vault: FileVault) -> None:
    post(log, vault, [scene.firing(), known(0, shadow=True)])
    assert BankSighting.objects.get().shadow
