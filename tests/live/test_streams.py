"""Taking in what the gate said: streams, refusals, what people are told of them. Twice is once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.live.stage import DAY, Stage

from hakam.compliance.models import Fact
from hakam.enforcement.models import Effect
from hakam.intake.models import Cursor
from hakam.live import barring, permits
from hakam.live.barring import BookKeeper
from hakam.live.gate.book import Reader, Writer, path_of
from hakam.live.gate.judge import Why
from hakam.live.models import LivePermit, Refusal, Stream
from hakam.live.servers.server import Moment
from hakam.live.states import PermitState, StreamState
from hakam.live.streams import CURSOR
from hakam.review.cases import Source, open_case
from hakam.review.decisions import decide, replace, undo
from hakam.review.states import Outcome, SourceKind
from hakam.staff.roles import Role
from hakam.testing import scene
from hakam.vocabulary.event import ContentKind, ItemRef
from hakam.vocabulary.measure import Measure, MeasureKind
from hakam.wiring import subscriptions

pytestmark = pytest.mark.django_db


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    scene.publish()
    made = Stage(tmp_path, account_days=7, one_strike=["hate"])
    BookKeeper(tmp_path).keep(made.now)
    return made


def later(stage: Stage, **span: float) -> None:
    stage.now += timedelta(**span)
    Writer(path_of(stage.home)).stamp(stage.now.timestamp())


def why(stage: Stage, account: str = "u1") -> str:
    """Ask as an account and return why not; empty if it may."""
    reply = stage.call(Moment.START, f"of-{account}", key=stage.key(account))
    stage.take_in()
    found = Refusal.objects.order_by("-last_at", "-pk").first()
    return "" if reply.status == 200 else found.why if found else "?"


def test_a_stream_begins_beats_and_ends(stage: Stage) -> None:
    stage.call(
        Moment.START, key=stage.key(item="b-7", title="A talk", url="https://maydan.example/7"), session="9"
    )
    assert stage.take_in() == 1
    stream = Stream.objects.get()
    assert (stream.account, stream.item_id, stream.title, stream.session) == ("u1", "b-7", "A talk", "9")
    later(stage, seconds=5)
    stage.call(Moment.BEAT, viewers="40", session="9")
    stage.call(Moment.BEAT, viewers="30", session="9")
    stage.call(Moment.BEAT, viewers="999", session="other")
    stage.take_in()
    stream.refresh_from_db()
    assert (stream.viewers, stream.most_viewers) == (30, 40)
    stage.call(Moment.END, session="9")
    stage.take_in()
    stream.refresh_from_db()
    assert stream.state == StreamState.ENDED
    kinds = Fact.objects.filter(kind__startswith="live.").order_by("seq").values_list("kind", flat=True)
    assert list(kinds) == ["live.started", "live.ended"]


def test_a_stream_whose_end_was_never_heard_ends_when_its_name_comes_again(stage: Stage) -> None:
    stage.call(Moment.START, key=stage.key())
    stage.call(Moment.START, key=stage.key())
    stage.take_in()
    states = Stream.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == [StreamState.ENDED, StreamState.LIVE]


def test_rows_are_taken_in_once_whatever_ends_in_between(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.call(Moment.START, key=stage.key())
    monkeypatch.setattr("hakam.live.gate.spool.forget", lambda *_: (_ for _ in ()).throw(OSError("killed")))
    with pytest.raises(OSError, match="killed"):
        stage.take_in()
    monkeypatch.undo()
    assert stage.take_in() == 0  # the cursor has passed it
    assert Stream.objects.count() == 1
    Cursor.objects.filter(pk=CURSOR).update(seq=0)


def test_a_refusal_is_one_fact_one_letter_and_a_count(stage: Stage) -> None:
    key = stage.key("u2", created=stage.now.timestamp() - 3 * DAY, language="ar")
    for _ in range(4):
        stage.call(Moment.START, key=key)
    stage.take_in()
    refusal = Refusal.objects.get()
    assert (refusal.why, refusal.tries, refusal.language) == (Why.NEW_ACCOUNT, 4, "ar")
    assert refusal.facts == {"account_days": [3, 7]}
    assert refusal.until is not None
    effect = Effect.objects.get(kind="live.refused")
    assert effect.payload["links"] == {"page": f"/live/{refusal.token}"}
    assert Fact.objects.filter(kind="live.refused").count() == 1
    stage.call(Moment.START, key="guess")
    stage.take_in()
    assert Effect.objects.filter(kind="live.refused").count() == 1  # nobody to be told


def decided(
    stage: Stage, *measures: Measure, item: ItemRef | None = None, clause: str = "hate", **more: Any
) -> Any:
    person = scene.person(f"m{Fact.objects.count()}")
    found = scene.event("vermin", item=f"i{Fact.objects.count()}", author="u1", at=stage.now)
    case = open_case(
        by=person.actor, now=stage.now, item=item or scene.ref(found), snapshot=None, event=None, author_id="u1",
        source=Source(kind=SourceKind.STAFF, ref=f"staff:{Fact.objects.count()}"),
    )  # fmt: skip
    made = decide(
        case.pk, by=person.actor, now=stage.now, outcome=Outcome.VIOLATION, clause=clause, measures=measures,
        facts="It calls people vermin.", **{"undo_seconds": 0, **more},
    )  # fmt: skip
    follow(stage)
    return made, person


def follow(stage: Stage) -> None:
    """Let the ledger's follower write the book."""
    follower = next(one for one in subscriptions.SUBSCRIBERS if one.name == "go-live gate")
    mine = follower._replace(handle=lambda fact, now: barring.on_fact(fact, now, home=stage.home))
    while subscriptions.advance(mine, now=stage.now):
        pass


def test_a_measure_bars_until_its_end_or_its_reversal(stage: Stage) -> None:
    assert why(stage) == ""
    made, person = decided(stage, Measure(MeasureKind.BAR_FROM_LIVE, days=3), clause="threat")
    assert why(stage) == Why.BARRED
    replace(made.pk, by=person.actor, now=stage.now, outcome=Outcome.NO_VIOLATION, because="It was a quote.")
    follow(stage)
    assert why(stage) == ""
    decided(stage, Measure(MeasureKind.SUSPEND, days=3), clause="threat")
    assert why(stage) == Why.SUSPENDED
    later(stage, days=4)
    assert why(stage) == ""


def test_one_violation_of_a_named_clause_bars_for_its_days(stage: Stage) -> None:
    made, person = decided(stage, Measure(MeasureKind.REMOVE))
    assert why(stage) == Why.STRIKE
    refusal = Refusal.objects.get(why=Why.STRIKE)
    assert refusal.source == f"decision:{made.pk}"
    assert refusal.statement
    later(stage, days=29)
    assert why(stage) == Why.STRIKE
    replace(made.pk, by=person.actor, now=stage.now, outcome=Outcome.NO_VIOLATION, because="Wrong.")
    follow(stage)
    assert why(stage) == ""
    decided(stage, Measure(MeasureKind.REMOVE), clause="spam")
    assert why(stage) == ""  # of that clause once is not enough


def test_a_mild_step_under_such_a_clause_leaves_the_stream_on_air_and_bars_the_next(stage: Stage) -> None:
    key = stage.key(item="b-7")
    assert stage.call(Moment.START, key=key).status == 200
    live = ItemRef(scene.PLATFORM, ContentKind.LIVE_START.value, "b-7")
    made, _person = decided(stage, Measure(MeasureKind.LOCK_REPLIES), item=live)
    assert stage.call(Moment.BEAT, key=key).status == 200
    assert why(stage) == Why.STRIKE
    assert Refusal.objects.get().source == f"decision:{made.pk}"
    decided(stage, Measure(MeasureKind.REMOVE))  # something else of theirs
    assert stage.call(Moment.BEAT, key=key).status == 403


def test_after_a_cut_there_is_a_pause(stage: Stage) -> None:
    live = ItemRef(scene.PLATFORM, ContentKind.LIVE_START.value, "b-1")
    decided(stage, Measure(MeasureKind.REMOVE), item=live, clause="spam")
    assert why(stage) == Why.CUT
    later(stage, hours=25)
    assert why(stage) == ""


def test_a_decision_that_is_undone_bars_nobody(stage: Stage) -> None:
    made, person = decided(
        stage, Measure(MeasureKind.BAR_FROM_LIVE, days=3), clause="threat", undo_seconds=10
    )
    assert why(stage) == ""  # its undo window is open
    undo(made.pk, by=person.actor, now=stage.now)
    follow(stage)
    later(stage, seconds=20)
    assert why(stage) == ""


def test_the_book_is_written_whole_when_it_is_lost_and_when_conditions_change(stage: Stage) -> None:
    decided(stage, Measure(MeasureKind.REMOVE), clause="spam")
    decided(stage, Measure(MeasureKind.SUSPEND, days=9), clause="threat")
    for path in path_of(stage.home).parent.glob("book.sqlite*"):
        path.unlink()
    keeper = BookKeeper(stage.home)
    assert keeper.keep(stage.now) == 1
    page = Reader(path_of(stage.home)).page(scene.PLATFORM, "u1")
    assert page is not None
    assert [bar.why for bar in page.bars] == [Why.SUSPENDED]
    assert keeper.keep(stage.now) == 0
    stage.configure(one_strike=["spam"])
    assert keeper.keep(stage.now) == 1
    page = Reader(path_of(stage.home)).page(scene.PLATFORM, "u1")
    assert page is not None
    assert {bar.why for bar in page.bars} == {Why.SUSPENDED, Why.STRIKE}
    (stage.home / "live.json").unlink()
    assert keeper.keep(stage.now) == 0


def test_a_permit_opens_the_gate_at_once_and_its_withdrawal_closes_it(stage: Stage) -> None:
    stage.configure(approval=True)
    stage.gate.reload()
    assert why(stage) == Why.UNAPPROVED
    senior = scene.person("sam", Role.SENIOR_MODERATOR)
    given = {"user": senior, "now": stage.now, "home": stage.home}
    permit = permits.approve(platform=scene.PLATFORM, account="u1", event="", days=2, because="", **given)
    assert why(stage) == ""
    permits.withdraw(permit.pk, because="It was sold.", **given)
    assert why(stage) == Why.UNAPPROVED
    again = permits.approve(platform=scene.PLATFORM, account="u1", event="", days=2, because="", **given)
    later(stage, days=3)
    assert why(stage) == Why.UNAPPROVED
    assert LivePermit.objects.get(pk=again.pk).state == PermitState.GRANTED
    kinds = list(
        Effect.objects.filter(kind="live.permit").order_by("created_at").values_list("kind", flat=True)
    )
    assert len(kinds) == 3


def test_permissions_are_checked_in_the_verbs(stage: Stage) -> None:
    moderator = scene.person("mo")
    with pytest.raises(PermissionError):
        permits.approve(
            platform=scene.PLATFORM, account="u1", event="", days=2, because="", user=moderator, now=stage.now,
            home=stage.home,
        )  # fmt: skip
    with pytest.raises(PermissionError):
        permits.settle(1, grant=True, days=1, because="", user=moderator, now=stage.now, home=stage.home)
    with pytest.raises(PermissionError):
        permits.withdraw(1, because="x", user=moderator, now=stage.now, home=stage.home)
