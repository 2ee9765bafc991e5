"""Decisions as labelled texts: what each tells a classifier, and what it must not be told."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.review.conftest import Desk

from hakam.compliance.models import RulebookVersion
from hakam.review.clauses import NoRulebookError
from hakam.review.labelled import HEADS, decided, labels_of
from hakam.review.models import Decision
from hakam.review.states import DecisionState, Outcome
from hakam.signals.models.heads import HEADS as ALL_HEADS
from hakam.signals.models.heads import Head
from hakam.staff.models import User
from hakam.storage.embedded.vault import FileVault
from hakam.testing import scene
from hakam.vocabulary.harm import Harm

COVERED = frozenset({Head.HATE, Head.THREAT, Head.HARASSMENT, Head.SPAM})


@pytest.mark.parametrize(
    ("harm", "labels"),
    [
        ("hate_speech", {Head.HATE: 1, Head.TOXICITY: 1}),
        ("threat", {Head.THREAT: 1, Head.TOXICITY: 1}),
        ("spam", {Head.SPAM: 1}),
        ("fraud", {Head.SPAM: 1}),
        ("terrorism_incitement", {Head.EXTREMISM: 1}),
        ("ip", {}),
        (None, {}),
    ],
)
def test_a_violation_tells_of_its_own_harm_alone(harm: str | None, labels: dict[Head, int]) -> None:
    assert labels_of(Outcome.VIOLATION, harm, COVERED) == labels


def test_no_violation_tells_of_what_the_rules_cover_alone() -> None:
    found = labels_of(Outcome.NO_VIOLATION, None, COVERED)
    assert found == {**dict.fromkeys(COVERED, 0), Head.TOXICITY: 0}
    assert labels_of(Outcome.NO_VIOLATION, None, frozenset({Head.SPAM})) == {Head.SPAM: 0}


def test_every_harm_is_one_of_ours() -> None:
    assert set(HEADS) <= {harm.value for harm in Harm}
    assert set(HEADS.values()) == set(ALL_HEADS) - {Head.TOXICITY}


def test_what_people_decided_comes_with_its_text(desk: Desk, vault: FileVault, amal: User) -> None:
    bad = desk.case(scene.event("You are vermin", item="bad"))
    good = desk.case(scene.event("A lovely day", item="good"))
    desk.final(desk.remove(bad, amal))
    desk.final(desk.keep(good, amal))
    found = {row.text: row.labels for row in decided(vault)}
    assert found["You are vermin"] == {Head.HATE: 1, Head.TOXICITY: 1}
    assert found["A lovely day"][Head.HATE] == 0
    assert set(found) == {"You are vermin", "A lovely day"}


def test_the_newest_decision_of_an_item_counts(desk: Desk, vault: FileVault, amal: User) -> None:
    case = desk.case(scene.event("You are vermin", item="one"))
    first = desk.final(desk.remove(case, amal))
    Decision.objects.create(
        case=case,
        platform=first.platform,
        item_kind=first.item_kind,
        item_id=first.item_id,
        content=first.content,
        by=first.by,
        at=first.at + timedelta(hours=1),
        outcome=Outcome.NO_VIOLATION,
        state=DecisionState.FINAL,
        undo_until=first.at,
    )
    (row,) = decided(vault)
    assert row.labels[Head.HATE] == 0


@pytest.mark.parametrize(
    "change",
    [
        {"state": DecisionState.PENDING},
        {"state": DecisionState.REPLACED},
        {"by": "rule:quick-scam"},
        {"outcome": Outcome.STANDS},
    ],
)
def test_what_is_not_a_persons_final_word_teaches_nothing(
    desk: Desk, vault: FileVault, amal: User, change: dict[str, str]
) -> None:
    decision = desk.final(desk.remove(desk.case(), amal))
    Decision.objects.filter(pk=decision.pk).update(**change)
    assert list(decided(vault)) == []


def test_restricted_cases_never_leave_the_vault(desk: Desk, vault: FileVault, amal: User) -> None:
    case = desk.case()
    desk.final(desk.remove(case, amal))
    case.restricted = True
    case.save(update_fields=["restricted"])
    assert list(decided(vault)) == []


def test_a_text_that_is_gone_from_the_vault_is_left_out(desk: Desk, vault: FileVault, amal: User) -> None:
    case = desk.case()
    desk.final(desk.remove(case, amal))
    case.evidence.all().delete()
    assert list(decided(vault)) == []


@pytest.mark.django_db
def test_without_rules_nothing_can_be_told(vault: FileVault) -> None:
    assert not RulebookVersion.objects.exists()
    with pytest.raises(NoRulebookError):
        list(decided(vault))
