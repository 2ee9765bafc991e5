"""Feedback: what people here decide about a match reaches who gave the hash, and what partners say stands at ours."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from tests.exchange.conftest import MD5, NOW, OWN, end_of, page, put

from hakam.banks import access as banks
from hakam.banks.judging import judge_entry
from hakam.banks.models import Bank, BankEntry, BankFeedback
from hakam.banks.withdraw import withdraw
from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.compliance.models import Fact
from hakam.exchange import taking, words
from hakam.exchange.delivery import serve
from hakam.exchange.kinds import Trust, Word
from hakam.exchange.messages import Changes, Said, Words
from hakam.exchange.models import Given, Partner, Taken, WordIn, WordOut
from hakam.intake.events import consume
from hakam.review.decisions import decide
from hakam.review.models import Case, Decision
from hakam.review.states import DecisionState, Outcome
from hakam.storage.bank_firings import firing_of
from hakam.storage.embedded.event_log import FileEventLog
from hakam.storage.embedded.vault import FileVault
from hakam.storage.published import PublishedBank
from hakam.testing import scene
from hakam.testing.peers import Peer
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.measure import Measure, MeasureKind
from hakam.wiring.subscriptions import advance_all

pytestmark = pytest.mark.django_db
NAME = "maidan--attack"


def follow() -> None:
    while advance_all(now=NOW):
        pass


def tell(partner: Partner, peer: Peer) -> None:
    follow()
    words.note_seen(NOW)
    partner.refresh_from_db()
    serve(partner, reach=peer.answering(OWN, lambda: NOW), key=OWN, clock=lambda: NOW)


@pytest.fixture
def attack(partner: Partner, trusted: Callable[[Trust], Partner]) -> Bank:
    trusted(Trust.ACT)
    partner.refresh_from_db()
    taking.take(partner, msgspec.convert(page(MD5[:3]), Changes), now=NOW)
    return Bank.objects.get(name=NAME)


def post(attack: Bank, tmp_path: Path, n: int = 0, *, shadow: bool = False, item: str = "77") -> None:
    """Send an item in which the door found the n-th hash of the partner."""
    log = FileEventLog(tmp_path / "events")
    entry = attack.entries.get(digest=MD5[n]).pk
    firing = firing_of(
        PublishedBank(attack.pk, NAME, 1, clause="threat", hold=True, shadow=shadow),
        entry,
        "md5, 0 bits apart",
    )
    log.append([scene.entry(scene.event(item=item), scene.verdict([firing]))])
    consume(log, vault=FileVault(tmp_path / "vault", b"k" * 32), now=NOW, limit=10)
    log.close()


def test_that_something_matched_is_told_once(
    attack: Bank, partner: Partner, peer: Peer, tmp_path: Path
) -> None:
    post(attack, tmp_path)
    tell(partner, peer)
    tell(partner, peer)
    assert [(one["bank"], one["row"], one["word"]) for one in peer.words] == [(9, 1, "seen")]
    fact = Fact.objects.get(kind=FactKind.EXCHANGE_SAID)
    assert ledger.body_of(fact) == {"seen": 1, "true": 0, "false": 0}


@pytest.mark.parametrize("said", [(Outcome.VIOLATION, "true"), (Outcome.NO_VIOLATION, "false")])
def test_what_a_person_decides_is_told(
    attack: Bank, partner: Partner, peer: Peer, tmp_path: Path, said: tuple[Outcome, str]
) -> None:
    outcome, word = said
    post(attack, tmp_path)
    violation = outcome is Outcome.VIOLATION
    decide(
        Case.objects.get().pk, by=scene.person("caro").actor, now=NOW, outcome=outcome, undo_seconds=0,
        clause="threat" if violation else "", facts="It threatens." if violation else "",
        measures=[Measure(MeasureKind.REMOVE)] if violation else [],
    )  # fmt: skip
    tell(partner, peer)
    assert [one["word"] for one in peer.words if one["word"] != "seen"] == [word]
    feedback = BankFeedback.objects.get()
    assert (feedback.correct, feedback.entry.digest) == (violation, MD5[0])


def test_another_clause_says_nothing_of_the_hash(
    attack: Bank, partner: Partner, peer: Peer, tmp_path: Path
) -> None:
    post(attack, tmp_path)
    decide(
        Case.objects.get().pk, by=scene.person("caro").actor, now=NOW, outcome=Outcome.VIOLATION, clause="spam",
        measures=[Measure(MeasureKind.REMOVE)], facts="Spam.", undo_seconds=0,
    )  # fmt: skip
    tell(partner, peer)
    assert [one["word"] for one in peer.words] == ["seen"]


def test_a_word_on_the_bank_s_page_is_told_and_may_change(attack: Bank, partner: Partner, peer: Peer) -> None:
    entry = attack.entries.get(digest=MD5[1]).pk
    judge_entry(NAME, entry, correct=True, by=SYSTEM, now=NOW)
    tell(partner, peer)
    judge_entry(NAME, entry, correct=False, by=SYSTEM, now=NOW)
    tell(partner, peer)
    assert [(one["row"], one["word"]) for one in peer.words] == [(2, "true"), (2, "false")]


def test_words_about_our_own_banks_go_nowhere(shared: Bank, partner: Partner, peer: Peer) -> None:
    put(MD5[0])
    judge_entry("ours", shared.entries.get().pk, correct=True, by=SYSTEM, now=NOW)
    tell(partner, peer)
    assert not WordOut.objects.exists()
    assert not peer.words


def test_a_lost_answer_has_it_said_again(attack: Bank, partner: Partner, peer: Peer) -> None:
    from hakam.exchange.delivery import UnreachableError  # noqa: PLC0415 -- only here

    judge_entry(NAME, attack.entries.get(digest=MD5[0]).pk, correct=True, by=SYSTEM, now=NOW)
    peer.forgets = 1
    with pytest.raises(UnreachableError):
        tell(partner, peer)
    tell(partner, peer)
    assert [one["word"] for one in peer.words] == ["true", "true"]  # the same word twice is one word


def test_what_the_partner_takes_back_is_released_and_those_affected_are_told(
    attack: Bank, partner: Partner, tmp_path: Path
) -> None:
    post(attack, tmp_path)
    assert Decision.objects.get().state == DecisionState.FINAL
    taking.take(partner, msgspec.convert(page(gone=[MD5[0]], after=end_of(1), revision=2), Changes), now=NOW)
    follow()
    first, second = Decision.objects.order_by("pk")
    assert (first.state, second.outcome) == (DecisionState.REPLACED, Outcome.NO_VIOLATION)
    assert not Taken.objects.filter(theirs=1).exists()


def test_quarantine_says_nothing_but_that_it_was_seen(
    attack: Bank, partner: Partner, peer: Peer, tmp_path: Path
) -> None:
    post(attack, tmp_path, shadow=True)
    assert not Case.objects.exists()
    tell(partner, peer)
    assert [one["word"] for one in peer.words] == ["seen"]


@pytest.fixture
def given(shared: Bank, partner: Partner, peer: Peer) -> int:
    """Return the number of an entry of ours that the partner has."""
    put(*MD5[:2])
    tell(partner, peer)
    return BankEntry.objects.get(digest=MD5[0]).pk


def heard(partner: Partner, shared: Bank, row: int, *said: Word) -> int:
    return words.hear(partner, Words(tuple(Said(shared.pk, row, word, NOW) for word in said)), now=NOW)


def test_a_partner_s_word_stands_at_our_entry(given: int, shared: Bank, partner: Partner) -> None:
    assert heard(partner, shared, given, Word.SEEN, Word.FALSE) == 2
    told = banks.entry(shared, given)
    assert told is not None
    assert (told.right, told.wrong) == (0, 1)
    assert BankFeedback.objects.get().by == "partner:maidan"
    row = WordIn.objects.get()
    assert (row.seen_at, row.right) == (NOW, False)
    heard(partner, shared, given, Word.TRUE)
    assert WordIn.objects.get().right is True
    assert BankFeedback.objects.get().correct
    bodies = [ledger.body_of(fact) for fact in Fact.objects.filter(kind=FactKind.EXCHANGE_HEARD)]
    assert bodies == [{"seen": 1, "true": 0, "false": 1}, {"seen": 0, "true": 1, "false": 0}]


def test_a_partner_judges_only_what_it_was_given(given: int, shared: Bank, partner: Partner) -> None:
    Given.objects.all().delete()
    assert heard(partner, shared, given, Word.FALSE) == 0
    assert not BankFeedback.objects.exists()


def test_a_word_about_what_is_gone_is_no_error(given: int, shared: Bank, partner: Partner) -> None:
    withdraw("ours", entries=[given], reason="wrong", by=SYSTEM, now=NOW)
    assert heard(partner, shared, given, Word.FALSE) == 0
