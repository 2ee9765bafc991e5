"""What the room of live streams keeps of people goes by the schedule, and when they ask."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.live.audience.hall import GRAIN, GRAIN_AGAIN, WAGES, Hall, only

from hakam.compliance.ledger import verify_chain
from hakam.live.models import Asking, AudienceQuestion, LivePermit, Refusal, Stream
from hakam.live.states import PermitState, StreamState
from hakam.privacy import holds, retention
from hakam.privacy.erasers import Eraser, eraser
from hakam.privacy.erasing import erase
from hakam.privacy.kinds import Kind
from hakam.privacy.retention import Stores
from hakam.staff.models import User
from hakam.staff.roles import Role
from hakam.storage.embedded.vault import FileVault
from hakam.testing import scene
from hakam.testing.event_logs import MemoryEventLog
from hakam.vocabulary.actor import SYSTEM

pytestmark = pytest.mark.django_db
NOW, DAY = scene.NOW, timedelta(days=1)


@pytest.fixture
def vault(tmp_path: Path) -> FileVault:
    return FileVault(tmp_path / "vault", b"k" * 32)


@pytest.fixture
def hall(db: None) -> Hall:
    scene.publish()
    return Hall()


@pytest.fixture
def lena(db: None) -> User:
    return scene.person("lena", Role.LEGAL)


@pytest.fixture
def stores(vault: FileVault) -> Stores:
    return Stores(MemoryEventLog(), MemoryEventLog(), vault)


def stream(account: str = "u1", state: StreamState = StreamState.ENDED, **more: Any) -> Stream:
    return Stream.objects.create(
        platform=scene.PLATFORM, server="s", name="n", account=account, item_id=f"live-{account}-{state}",
        url="https://forum.example/live/1", title="Quillfeather cooks", state=state, started_at=NOW, seen_at=NOW,
        ended_at=None if state is StreamState.LIVE else NOW, flagged={"attacks": "entry 3"}, **more,
    )  # fmt: skip


def refusal(account: str = "u1") -> Refusal:
    return Refusal.objects.create(
        token=f"t-{account}", platform=scene.PLATFORM, server="s", stream="quillfeather", account=account, why="new",
        facts={"account_days": [3, 7]}, first_at=NOW, last_at=NOW,
    )  # fmt: skip


def permit(state: PermitState, **more: Any) -> LivePermit:
    settled = None if state is PermitState.ASKED else NOW
    return LivePermit.objects.create(
        platform=scene.PLATFORM, account="u1", state=state, words="I am Quillfeather", because="so be it",
        settled_at=settled, **more,
    )  # fmt: skip


def run_all(stores: Stores, at: Any) -> None:
    while retention.run(stores, now=at):
        pass


def own(kind: Kind) -> Eraser:
    found = eraser(kind)
    assert found is not None
    return found


def forget(kind: Kind, account: str, vault: FileVault) -> int:
    """Erase what a person asks for, as a released request does."""
    one = own(kind)
    rows = list(one.of(scene.PLATFORM, account))
    return erase(one, rows, vault=vault, by=SYSTEM, now=NOW, reason="data_request:1", body={})


def test_whose_a_stream_was_goes_a_year_after_its_end(stores: Stores) -> None:
    # GDPR Art. 5(1)(e)
    over, on_air = stream(), stream("u2", StreamState.LIVE)
    run_all(stores, NOW + 360 * DAY)
    over.refresh_from_db()
    assert over.account == "u1"
    run_all(stores, NOW + 367 * DAY)
    over.refresh_from_db()
    on_air.refresh_from_db()
    assert (over.account, over.title, over.url, over.flagged) == ("", "", "", {})
    assert (over.server, over.state, over.ended_at) == ("s", StreamState.ENDED, NOW)
    assert on_air.title == "Quillfeather cooks"
    assert list(verify_chain()) == []


def test_whom_the_gate_refused_goes_after_seven_months(stores: Stores) -> None:
    row = refusal()
    run_all(stores, NOW + 200 * DAY)
    row.refresh_from_db()
    assert row.account == "u1"
    run_all(stores, NOW + 220 * DAY)
    row.refresh_from_db()
    assert (row.account, row.stream, row.facts, row.why) == ("", "", {}, "new")


def test_a_permit_that_is_asked_for_or_in_force_stays(stores: Stores) -> None:
    asked, refused = permit(PermitState.ASKED), permit(PermitState.REFUSED)
    lasting = permit(PermitState.GRANTED, event="a year long", ends_at=NOW + 800 * DAY)
    over = permit(PermitState.GRANTED, event="a day", ends_at=NOW + DAY)
    endless = permit(PermitState.GRANTED)
    run_all(stores, NOW + 400 * DAY)
    kept = {row.pk: row.account for row in LivePermit.objects.all()}
    assert kept == {asked.pk: "u1", refused.pk: "", lasting.pk: "u1", over.pk: "", endless.pk: "u1"}
    refused.refresh_from_db()
    assert (refused.words, refused.because, refused.state) == ("", "", PermitState.REFUSED)


def test_a_question_goes_after_thirty_days(hall: Hall, stores: Stores) -> None:
    hall.ask(GRAIN, by="u1")
    hall.take_in()
    run_all(stores, NOW + 29 * DAY)
    assert only().text == GRAIN
    run_all(stores, NOW + 31 * DAY)
    assert not AudienceQuestion.objects.exists()
    assert not Asking.objects.exists()


def test_who_asks_to_be_forgotten_leaves_the_question_of_others(hall: Hall, vault: FileVault) -> None:
    # GDPR Art. 17(1)
    hall.ask(GRAIN, by="u1")
    hall.ask(GRAIN_AGAIN, by="u2")
    hall.ask(WAGES, by="u1")
    hall.take_in()
    assert AudienceQuestion.objects.count() == 2
    assert forget(Kind.QUESTIONS, "u1", vault) == 2
    left = only()
    assert (left.text, left.account, left.accounts) == (GRAIN_AGAIN, "u2", 1)
    assert forget(Kind.QUESTIONS, "u1", vault) == 0


def test_who_asks_to_be_forgotten_is_forgotten_by_streams_and_gate(vault: FileVault) -> None:
    # GDPR Art. 17(1)
    mine, others = stream(), stream("u2")
    refusal()
    refusal("u2")
    permit(PermitState.REFUSED)
    waiting = permit(PermitState.ASKED)
    for kind in (Kind.STREAMS, Kind.LIVE_REFUSALS, Kind.LIVE_PERMITS):
        assert forget(kind, "u1", vault) == 1
        assert forget(kind, "u1", vault) == 0
    mine.refresh_from_db()
    others.refresh_from_db()
    assert (mine.account, others.account) == ("", "u2")
    assert [row.account for row in Refusal.objects.order_by("pk")] == ["", "u2"]
    waiting.refresh_from_db()
    assert waiting.words == "I am Quillfeather", "it is not answered yet"


def test_a_hold_keeps_a_stream_and_a_question(hall: Hall, stores: Stores, lena: User) -> None:
    hall.ask(GRAIN, by="u1")
    hall.take_in()
    row = stream()
    holds.place(f"account:{scene.PLATFORM}/u1", reason="r", until=NOW + 900 * DAY, by=lena.actor, now=NOW)
    run_all(stores, NOW + 400 * DAY)
    row.refresh_from_db()
    assert row.title == "Quillfeather cooks"
    assert Asking.objects.get().text == GRAIN
