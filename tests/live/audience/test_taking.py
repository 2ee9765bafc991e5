"""Taking questions in from the event log: folded, counted once, kept from the host while a measure holds."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.live.audience.hall import EVENT, GRAIN, GRAIN_AGAIN, WAGES, WATER, WATER_AGAIN, Hall, only, raw

from hakam.compliance.access import statement_of
from hakam.enforcement.models import AppliedMeasure
from hakam.intake import cursors
from hakam.intake.events import consume
from hakam.live.audience import taking
from hakam.live.audience.access import board
from hakam.live.audience.states import QuestionState
from hakam.live.audience.taking import CURSOR, Audience
from hakam.live.models import Asking, AudienceQuestion
from hakam.review.decisions import replace
from hakam.review.models import Decision
from hakam.review.states import Outcome
from hakam.storage.event_log import CorruptRecordError, Entry, Record
from hakam.testing import scene
from hakam.testing.event_logs import MemoryEventLog
from hakam.testing.vaults import MemoryVault
from hakam.vocabulary.event import Change
from hakam.vocabulary.measure import Measure, MeasureKind
from hakam.wiring import subscriptions

pytestmark = pytest.mark.django_db
REFUSED = scene.firing("hate", rule="vermin", measures=[Measure(MeasureKind.REMOVE)], queue=None)


@pytest.fixture
def hall() -> Hall:
    scene.publish()
    return Hall()


def test_near_duplicates_are_one_question_with_the_accounts_that_ask_it(hall: Hall) -> None:
    for text in (GRAIN, GRAIN_AGAIN, WATER, WATER_AGAIN, WAGES):
        hall.ask(text)
    hall.ask(GRAIN, by="u1")  # again: the account counts once
    assert hall.take_in() == 6
    found = {row.text: (row.accounts, row.language, row.account) for row in AudienceQuestion.objects.all()}
    assert found == {GRAIN: (2, "en", "u1"), WATER: (2, "ar", "u3"), WAGES: (1, "en", "u5")}
    assert Asking.objects.count() == 6


def test_languages_come_from_the_platform_before_they_are_guessed(hall: Hall) -> None:
    hall.ask(WAGES, language="de-AT")
    hall.take_in()
    assert only().language == "de"


def test_only_questions_of_an_event_are_taken(hall: Hall) -> None:
    hall.ask(WAGES, labels=("praise",))
    hall.ask(WAGES, labels=())
    hall.ask(WAGES, thread=None)
    hall.ask(WAGES, thread="Not a name")
    hall.ask("  \u200b ")
    hall.log.append(
        [
            Entry(scene.PLATFORM, "post", 0.0, raw(kind="post", item={"labels": ["question"]}), b"{}", b"{}"),
            Entry(scene.PLATFORM, "bad", 0.0, b'"live.chat" "question"', b"{}", b"{}"),
        ]
    )
    assert hall.take_in() == 7
    assert not AudienceQuestion.objects.exists()


def test_a_reader_that_was_killed_takes_nothing_in_twice(hall: Hall) -> None:
    hall.ask(GRAIN)
    hall.take_in()
    hall.ask(GRAIN_AGAIN)
    fresh = Audience(hall.log)  # remembers nothing, finds all in the database
    fresh.take_in(hall.now)
    assert fresh.take_in(hall.now) == 0
    assert only().accounts == 2
    assert cursors.position(CURSOR) == 2


def test_what_could_not_be_written_is_not_remembered(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    hall.ask(GRAIN)
    with monkeypatch.context() as patch:
        patch.setattr(taking, "recount", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            hall.take_in()
    assert not AudienceQuestion.objects.exists()
    hall.take_in()
    assert only().accounts == 1


def test_a_damaged_record_and_old_records_are_passed_over(hall: Hall) -> None:
    class Damaged(MemoryEventLog):
        def read(self, after: int, limit: int) -> list[Record]:
            if after < 1:
                raise CorruptRecordError(1)
            return super().read(after, limit)

    hall.log = Damaged(clock=hall.now.timestamp)
    hall.audience = Audience(hall.log)
    hall.ask(GRAIN)
    hall.ask(WAGES)
    assert hall.take_in() == 2
    assert only().text == WAGES


def test_an_installation_that_is_years_old_begins_with_the_last_month(hall: Hall) -> None:
    hall.ask(GRAIN)
    hall.now += timedelta(days=60)
    hall.ask(WAGES)
    hall.take_in()
    assert only().text == WAGES


def test_what_is_edited_asks_anew_and_what_is_deleted_is_gone(hall: Hall) -> None:
    hall.ask(GRAIN, item="q")
    hall.ask(GRAIN_AGAIN)
    hall.take_in()
    hall.ask(WAGES, item="q", by="u1", change=Change.EDITED)
    hall.take_in()
    assert dict(AudienceQuestion.objects.values_list("text", "accounts")) == {GRAIN_AGAIN: 1, WAGES: 1}
    hall.ask("", item="q", by="u1", change=Change.DELETED)
    hall.take_in()
    assert [row.question.text for row in board(scene.PLATFORM, EVENT).pending] == [GRAIN_AGAIN]


def test_what_rules_refuse_never_reaches_the_host_and_its_author_gets_a_statement(hall: Hall) -> None:
    vault = MemoryVault()
    hall.ask("They are vermin, when will you throw them out?", firings=[REFUSED])
    hall.ask(WAGES)
    hall.take_in()
    assert [row.question.text for row in board(scene.PLATFORM, EVENT).pending] == [WAGES]
    assert board(scene.PLATFORM, EVENT).counts["refused"] == 1
    while consume(hall.log, vault=vault, now=hall.now, limit=100):
        pass
    decision = Decision.objects.get()
    assert statement_of(f"decision:{decision.pk}") is not None
    assert AppliedMeasure.objects.get().item_kind == "live.chat"


def test_a_complaint_that_is_upheld_gives_the_question_back(hall: Hall) -> None:
    hall.ask("When will you throw the vermin out of the old granary?", firings=[REFUSED])
    hall.take_in()
    while consume(hall.log, vault=MemoryVault(), now=hall.now, limit=100):
        pass
    subscriptions.advance_all(now=hall.now)
    assert only().accounts == 0
    later = hall.now + timedelta(hours=1)
    lead = scene.person("lead")
    replace(
        Decision.objects.get().pk,
        by=lead.actor,
        now=later,
        outcome=Outcome.NO_VIOLATION,
        because="It is about rats.",
    )
    while subscriptions.advance_all(now=later):
        pass
    assert only().accounts == 1
    assert only().state == QuestionState.PENDING


def test_questions_of_a_month_ago_are_forgotten(hall: Hall) -> None:
    hall.ask(GRAIN)
    hall.take_in()
    assert taking.forget_old(hall.now + timedelta(days=29)) == 0
    assert taking.forget_old(hall.now + timedelta(days=31)) == 2
    assert not Asking.objects.exists()


def test_accounts_made_this_week_are_told_apart(hall: Hall) -> None:
    for n in range(4):
        entry = hall.entry(GRAIN)
        if n:
            made = (hall.now - timedelta(days=2)).isoformat().encode()
            old = (hall.now - timedelta(days=400)).strftime("%Y-%m-%dT%H:%M:%SZ").encode()
            entry = Entry(
                **{
                    **{f: getattr(entry, f) for f in entry.__struct_fields__},
                    "raw": entry.raw.replace(old, made),
                }
            )
        hall.log.append([entry])
    hall.take_in()
    assert (only().accounts, only().young) == (4, 3)
