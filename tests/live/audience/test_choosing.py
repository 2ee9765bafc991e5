"""What a moderator does with questions: each move is a fact, a breach becomes a case with a statement."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import product

import pytest
from tests.live.audience.hall import EVENT, GRAIN, GRAIN_AGAIN, WAGES, WATER, Hall, only

from hakam.compliance.models import Fact
from hakam.live.audience import choosing
from hakam.live.audience.access import board, events_with_questions, has_question, on_stage
from hakam.live.audience.choosing import move, refer, take_apart
from hakam.live.audience.states import MOVES, MoveError, QuestionState, after
from hakam.live.models import Asking, AudienceQuestion
from hakam.review import leases
from hakam.review.decisions import decide
from hakam.review.states import Outcome
from hakam.staff.models import User
from hakam.staff.roles import Role
from hakam.testing import scene
from hakam.testing.vaults import MemoryVault
from hakam.vocabulary.measure import Measure, MeasureKind
from hakam.wiring import subscriptions

pytestmark = pytest.mark.django_db
NEXT, ANSWERED, ASIDE, PENDING = (
    QuestionState.NEXT,
    QuestionState.ANSWERED,
    QuestionState.ASIDE,
    QuestionState.PENDING,
)


@pytest.fixture
def hall() -> Hall:
    scene.publish()
    made = Hall()
    for text in (GRAIN, GRAIN_AGAIN, WAGES, WATER):
        made.ask(text)
    made.take_in()
    return made


@pytest.fixture
def amal(hall: Hall) -> User:
    return scene.person("amal")


def of(text: str) -> AudienceQuestion:
    return AudienceQuestion.objects.get(text=text)


@pytest.mark.parametrize(("state", "to"), list(product(QuestionState, repeat=2)))
def test_a_question_moves_as_the_table_says_and_no_other_way(state: QuestionState, to: QuestionState) -> None:
    if to in MOVES[state]:
        assert after(state, to) is to
    else:
        with pytest.raises(MoveError):
            after(state, to)
    assert state not in MOVES[state]


def test_what_is_chosen_stands_on_the_stage_in_the_order_of_choosing(hall: Hall, amal: User) -> None:
    move(of(WAGES).pk, NEXT, by=amal, now=hall.now)
    move(of(GRAIN).pk, NEXT, by=amal, now=hall.now + timedelta(seconds=1))
    assert [one.text for one in on_stage(scene.PLATFORM, EVENT)] == [WAGES, GRAIN]
    move(of(WAGES).pk, ANSWERED, by=amal, now=hall.now)
    assert [one.text for one in on_stage(scene.PLATFORM, EVENT)] == [GRAIN]
    found = board(scene.PLATFORM, EVENT)
    assert [row.question.text for row in found.answered] == [WAGES]
    assert [row.question.text for row in found.pending] == [WATER]
    assert found.counts == {"pending": 1, "next": 1, "answered": 1, "aside": 0, "refused": 0, "messages": 4}
    assert found.languages == [("ar", 1, 0), ("en", 0, 2)]
    fact = Fact.objects.filter(kind="live.question_moved").latest("seq")
    assert (fact.actor, json.loads(fact.body)["from"], json.loads(fact.body)["to"]) == (
        str(amal.actor),
        "next",
        "answered",
    )


def test_two_who_choose_at_once_hear_who_was_faster(hall: Hall, amal: User) -> None:
    move(of(WAGES).pk, ASIDE, by=amal, now=hall.now)
    with pytest.raises(MoveError, match="faster"):
        move(of(WAGES).pk, ASIDE, by=scene.person("oskar"), now=hall.now)
    move(of(WAGES).pk, PENDING, by=amal, now=hall.now)
    with pytest.raises(MoveError, match="no such"):
        move(987_654, NEXT, by=amal, now=hall.now)


def test_only_who_may_act_on_live_things_chooses(hall: Hall) -> None:
    auditor = scene.person("vera", Role.AUDITOR)
    for refused in (
        lambda: move(of(WAGES).pk, NEXT, by=auditor, now=hall.now),
        lambda: take_apart(Asking.objects.earliest("pk").pk, by=auditor, now=hall.now),
        lambda: refer(of(WAGES).pk, by=auditor, now=hall.now, log=hall.log, vault=MemoryVault()),
    ):
        with pytest.raises(PermissionError):
            refused()
    assert has_question(of(WAGES).pk, event=EVENT, user=auditor)
    assert not has_question(of(WAGES).pk, event="another", user=auditor)
    assert not has_question(of(WAGES).pk, event=EVENT, user=scene.person("who", Role.VIEWER))
    assert events_with_questions() == [(scene.PLATFORM, EVENT)]


def test_a_host_is_shown_no_more_than_a_host_can_see(
    hall: Hall, amal: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choosing, "MOST_NEXT", 1)
    move(of(WAGES).pk, NEXT, by=amal, now=hall.now)
    with pytest.raises(MoveError, match="answered first"):
        move(of(WATER).pk, NEXT, by=amal, now=hall.now)


def test_what_was_folded_wrongly_is_taken_apart_and_stays_apart(hall: Hall, amal: User) -> None:
    row = board(scene.PLATFORM, EVENT).pending[0]
    (wording,) = row.wordings
    assert (row.question.text, wording.text) == (GRAIN, GRAIN_AGAIN)
    new = take_apart(wording.pk, by=amal, now=hall.now)
    assert (new.text, new.accounts, of(GRAIN).accounts) == (GRAIN_AGAIN, 1, 1)
    with pytest.raises(MoveError, match="nothing to take apart"):
        take_apart(wording.pk, by=amal, now=hall.now)
    with pytest.raises(MoveError, match="no such"):
        take_apart(987_654, by=amal, now=hall.now)
    hall.ask(GRAIN)
    hall.take_in()
    assert (of(GRAIN).accounts, of(GRAIN_AGAIN).accounts) == (2, 1)


def test_a_breach_becomes_a_case_and_its_decision_takes_the_question_away(hall: Hall, amal: User) -> None:
    vault = MemoryVault()
    case = refer(of(WAGES).pk, by=amal, now=hall.now, log=hall.log, vault=vault)
    assert refer(of(WAGES).pk, by=amal, now=hall.now, log=hall.log, vault=vault) == case
    assert of(WAGES).state == ASIDE
    assert (case.item_kind, case.item_id, case.queue) == ("live.chat", "q3", "live")
    leases.share(case.pk, by=amal.actor, now=hall.now)
    decide(
        case.pk, by=amal.actor, now=hall.now, outcome=Outcome.VIOLATION, clause="hate",
        measures=[Measure(MeasureKind.REMOVE)], facts="It calls people vermin.", undo_seconds=0,
    )  # fmt: skip
    while subscriptions.advance_all(now=hall.now):
        pass
    assert of(WAGES).accounts == 0
    with pytest.raises(MoveError, match="no such"):
        refer(of(WAGES).pk, by=amal, now=hall.now, log=hall.log, vault=vault)
    with pytest.raises(MoveError, match="no such"):
        move(of(WAGES).pk, NEXT, by=amal, now=hall.now)
    assert only_pending() == [GRAIN, WATER] or only_pending() == [WATER, GRAIN]


def only_pending() -> list[str]:
    return [row.question.text for row in board(scene.PLATFORM, EVENT).pending]


def test_a_case_opens_although_the_record_was_erased(hall: Hall, amal: User) -> None:
    seq = Asking.objects.get(item_id="q3").seq
    hall.log.erase([seq])
    case = refer(of(WAGES).pk, by=amal, now=hall.now, log=hall.log, vault=MemoryVault())
    assert case.author_id == "u3"
    AudienceQuestion.objects.exclude(text=WAGES).delete()
    assert only().state == ASIDE
