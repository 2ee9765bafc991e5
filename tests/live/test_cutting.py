"""The kill switch: ordered on the disk, carried out, looked at; killed in the middle, it goes on."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from tests.live.stage import Stage
from tests.media.clip_files import clip, edited

from hakam.banks.keeping import create_bank
from hakam.banks.kinds import BankAction, BankSource
from hakam.banks.models import Bank, BankEntry
from hakam.compliance.models import Fact
from hakam.live import cutting, findings, preserving, steps
from hakam.live.barring import BookKeeper
from hakam.live.configuration import Conditions
from hakam.live.gate.judge import Why
from hakam.live.models import Cut, Refusal, Stream
from hakam.live.preserving import HASHED_SECONDS, LEAD, MOST_TRIES, bank_of
from hakam.live.servers import nginx_rtmp
from hakam.live.servers.server import Handle, Moment
from hakam.live.states import Step, StreamState
from hakam.live.steps import StepError, Taken, measures_of
from hakam.media import long_hashes
from hakam.review.decisions import DecisionError
from hakam.staff.models import User
from hakam.staff.roles import Role
from hakam.storage.embedded.vault import FileVault
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.measure import MeasureKind

pytestmark = pytest.mark.django_db


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    scene.publish()
    made = Stage(tmp_path, one_strike=["hate"])
    BookKeeper(tmp_path).keep(made.now)
    return made


@pytest.fixture
def amal() -> User:
    return scene.person("amal")


def take(stage: Stage, stream: Stream, user: User, step: Step = Step.CUT, **more: str) -> Taken:
    given = {"clause": "hate", "facts": "It calls people vermin.", **more}
    return steps.take(stream.pk, step, user=user, now=stage.now, home=stage.home, **given)  # type: ignore[arg-type]


def carry_out(stage: Stage, cut: Cut | None, patience: float = 0.0) -> bool:
    assert cut is not None
    return cutting.carry_out(
        cut.pk,
        stage.servers,
        clock=lambda: stage.now + timedelta(seconds=0.4),
        patience=patience,
        pause=lambda _s: None,
    )


def test_a_cut_is_black_when_somebody_looked(stage: Stage, amal: User) -> None:
    stream = stage.stream()
    stage.server.stubborn = 2  # the server needs to be told three times
    taken = take(stage, stream, amal)
    assert carry_out(stage, taken.cut, patience=60.0)
    assert stage.server.dropped == ["show"] * 3
    assert carry_out(stage, taken.cut)  # twice is once
    assert stage.server.dropped == ["show"] * 3
    fact = Fact.objects.get(kind="live.black")
    assert json.loads(fact.body)["seconds"] == 0.4
    stream.refresh_from_db()
    assert (stream.state, stream.ended_at is not None) == (StreamState.CUT, True)


def test_the_gate_is_shut_before_the_stream_is_dropped(stage: Stage, amal: User) -> None:
    stage.call(Moment.START, key=stage.key())
    stage.take_in()
    stream = Stream.objects.get()
    taken = take(stage, stream, amal)
    assert stage.server.dropped == []
    assert stage.call(Moment.START, key=stage.key()).status == 403  # its program tries again in this instant
    stage.take_in()
    assert Refusal.objects.get().why == Why.BARRED
    assert carry_out(stage, taken.cut)


def test_an_order_survives_whoever_gave_it(stage: Stage, amal: User) -> None:
    stream = stage.stream()
    stage.server.reachable = False
    taken = take(stage, stream, amal)
    assert not carry_out(stage, taken.cut)
    cut = Cut.objects.get()
    assert "nobody answers" in cut.error
    assert [one.code for one in findings.check()] == []
    stage.now += timedelta(seconds=30)
    assert cutting.carry_out_due(stage.servers, clock=lambda: stage.now) == 1
    assert Cut.objects.get().tries == 2
    Cut.objects.update(ordered_at=stage.now - timedelta(days=1))
    assert [one.code for one in findings.check()] == ["L001"]
    assert cutting.carry_out_due(stage.servers, clock=lambda: stage.now) == 0  # it waits
    stage.server.reachable = True
    stage.now += timedelta(minutes=2)
    assert cutting.carry_out_due(stage.servers, clock=lambda: stage.now) == 1
    assert Cut.objects.get().black_at is not None
    assert cutting.carry_out_due(stage.servers, clock=lambda: stage.now + timedelta(days=1)) == 0


def test_an_order_that_nobody_began_to_carry_out_is_the_worker_s(stage: Stage, amal: User) -> None:
    take(stage, stage.stream(), amal)  # and the console ends here
    assert cutting.carry_out_due(stage.servers, clock=lambda: stage.now) == 0  # whoever ordered is at it
    later = stage.now + timedelta(seconds=6)
    assert cutting.carry_out_due(stage.servers, clock=lambda: later) == 1
    assert Cut.objects.get().black_at == later


def test_a_server_that_is_configured_no_more_is_told_of(stage: Stage, amal: User) -> None:
    taken = take(stage, stage.stream(), amal)
    (stage.home / "live.json").write_text("{}")
    assert not carry_out(stage, taken.cut)
    assert "no media server" in Cut.objects.get().error


def test_what_can_not_be_done_is_refused_and_changes_nothing(stage: Stage, amal: User) -> None:
    stream = stage.stream()
    with pytest.raises(PermissionError):
        take(stage, stream, scene.person("vera", Role.VIEWER))
    with pytest.raises(PermissionError):
        steps.lift(1, because="x", user=scene.person("vic", Role.VIEWER), now=stage.now, home=stage.home)
    with pytest.raises(StepError, match="no such step"):
        steps.lift(1, because="x", user=amal, now=stage.now, home=stage.home)
    with pytest.raises(StepError, match="no such stream"):
        steps.take(987, Step.CUT, user=amal, now=stage.now, home=stage.home, clause="hate", facts="x")
    with pytest.raises(StepError, match="countries"):
        take(stage, stream, amal, Step.WITHHOLD)
    nobody = stage.stream("unknown", account="")
    with pytest.raises(DecisionError, match="needs an account"):
        take(stage, nobody, amal)
    assert not Cut.objects.exists()
    take(stage, stream, amal)
    with pytest.raises(StepError, match="not on air"):
        take(stage, stream, amal)


def test_a_cut_bars_where_once_is_enough_and_the_ladder_allows_it(stage: Stage) -> None:
    strict = Conditions(one_strike=("hate", "spam"), strike_days=14)
    both = measures_of(Step.CUT, clause="hate", conditions=strict)
    assert [(m.kind, m.days) for m in both] == [(MeasureKind.REMOVE, None), (MeasureKind.BAR_FROM_LIVE, 14)]
    for clause in ("spam", "threat", "no-such"):  # the ladder of spam ends with a removal
        assert [m.kind for m in measures_of(Step.CUT, clause=clause, conditions=strict)] == [
            MeasureKind.REMOVE
        ]
    assert len(measures_of(Step.WARN, clause="hate", conditions=strict)) == 1


def test_taking_a_cut_back_opens_the_gate_again(stage: Stage, amal: User) -> None:
    stage.call(Moment.START, key=stage.key())
    stage.take_in()
    taken = take(stage, Stream.objects.get(), amal)
    carry_out(stage, taken.cut)
    assert stage.call(Moment.START, key=stage.key()).status == 403
    row = Stream.objects.get().steps.get()
    steps.lift(row.pk, because="It was a play.", user=amal, now=stage.now, home=stage.home)
    assert stage.call(Moment.START, key=stage.key()).status == 200


def test_recordings_are_kept_and_their_copies_are_known(stage: Stage, amal: User, tmp_path: Path) -> None:
    vault = FileVault(tmp_path / "evidence", b"k" * 32)
    data = clip((1, 2), 3.0)
    recording = tmp_path / "show-1.mp4"
    recording.write_bytes(data)
    taken = take(
        stage, stage.stream(started_at=stage.now - timedelta(minutes=1)), amal, Step.CUT_AND_PRESERVE
    )
    carry_out(stage, taken.cut)
    stage.server.kept = [recording]
    assert preserving.preserve_due(stage.servers, vault=vault, now=stage.now) == 1
    cut = Cut.objects.get()
    (kept,) = cut.preserved
    assert vault.get(kept["digest"]) == data
    assert kept["bank"] == bank_of("hate") == "live-hate"
    kinds = set(Bank.objects.get(name="live-hate").entries.values_list("kind", flat=True))
    assert {"sha256", "vpdq"} <= kinds
    assert Fact.objects.filter(kind="live.preserved").count() == 1
    assert preserving.preserve_due(stage.servers, vault=vault, now=stage.now + timedelta(days=1)) == 0


def test_the_recording_of_another_stream_whose_name_begins_alike_is_not_kept_and_not_hashed(
    stage: Stage, amal: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("show.flv", "show-1700000000.flv", "show-2.flv", "show-2-1700000000.flv"):
        (tmp_path / name).write_bytes(name.encode())
    stage.stream("show-2", account="u2")
    stage.stream("show-1700000000", account="u2", ended_at=stage.now - timedelta(days=9))  # long ago
    carry_out(stage, take(stage, stage.stream(), amal, Step.CUT_AND_PRESERVE).cut)

    def recordings(handle: Handle) -> tuple[Path, ...]:
        settings = {"recordings": str(tmp_path)}
        return nginx_rtmp.NginxRtmp().recordings(msgspec.structs.replace(handle, settings=settings))

    monkeypatch.setattr(stage.server, "recordings", recordings)
    vault = FileVault(tmp_path / "evidence", b"k" * 32)
    preserving.preserve_due(stage.servers, vault=vault, now=stage.now)
    cut = Cut.objects.get()
    assert {kept["name"] for kept in cut.preserved} == {"show.flv", "show-1700000000.flv"}


def test_a_recording_is_hashed_from_shortly_before_a_bank_knew_it(
    stage: Stage, amal: User, tmp_path: Path
) -> None:
    started = stage.now - timedelta(hours=1)
    stream = stage.stream(
        started_at=started, flagged_at=stage.now - timedelta(seconds=3), flagged={"attack": "x"}
    )
    recording = tmp_path / "show-1.mp4"
    recording.write_bytes(edited(clip((7, 8, 9, 10, 11, 12, 13, 14, 1, 2), 3.0), "-g", "12"))
    taken = take(stage, stream, amal, Step.CUT_AND_PRESERVE)
    carry_out(stage, taken.cut)
    cut = Cut.objects.get()
    stream.refresh_from_db()
    seconds = preserving.hashed_seconds(stream, cut)
    assert LEAD + 3 <= seconds < LEAD + 10
    stage.server.kept = [recording]
    preserving.preserve_due(stage.servers, vault=FileVault(tmp_path / "v", b"k" * 32), now=stage.now)
    packed = BankEntry.objects.get(bank__name="live-hate", kind="vpdq").data
    frames = long_hashes.unpacked_frames(bytes(packed))
    assert max(frame.seconds for frame in frames) < seconds + 3.5  # not of the thirty that it lasts
    stream.flagged_at = None
    assert preserving.hashed_seconds(stream, cut) == HASHED_SECONDS
    stream.flagged_at = stage.now - timedelta(hours=2)
    assert preserving.hashed_seconds(stream, cut) == HASHED_SECONDS


@pytest.mark.parametrize(
    ("bank", "kept_in"),
    [
        (("incident-harbour", "hate", BankAction.HOLD), "incident-harbour"),
        (("exercise-harbour", "hate", BankAction.SHADOW), "live-hate"),
        (("incident-quay", "spam", BankAction.HOLD), "live-hate"),
    ],
)
def test_while_an_incident_is_declared_its_bank_knows_the_recording_and_edited_copies(
    stage: Stage, amal: User, tmp_path: Path, bank: tuple[str, str, BankAction], kept_in: str
) -> None:
    name, clause, action = bank
    create_bank(
        name, source=BankSource.OWN, purpose="p", clause=clause, action=action, by=SYSTEM, now=stage.now,
        expires_at=stage.now + timedelta(hours=1),
    )  # fmt: skip
    recording = tmp_path / "show-1.mp4"
    recording.write_bytes(clip((1, 2), 3.0))
    started = stage.now - timedelta(minutes=1)
    taken = take(stage, stage.stream(started_at=started), amal, Step.CUT_AND_PRESERVE)
    carry_out(stage, taken.cut)
    stage.server.kept = [recording]
    preserving.preserve_due(stage.servers, vault=FileVault(tmp_path / "v", b"k" * 32), now=stage.now)
    (kept,) = Cut.objects.get().preserved
    assert kept["bank"] == kept_in
    kinds = set(Bank.objects.get(name=kept_in).entries.values_list("kind", flat=True))
    assert ("landmarks" in kinds) is (kept_in == name)


def test_a_recording_that_can_not_be_read_is_kept_all_the_same(
    stage: Stage, amal: User, tmp_path: Path
) -> None:
    vault = FileVault(tmp_path / "evidence", b"k" * 32)
    broken = tmp_path / "show.flv"
    broken.write_bytes(b"FLV" + b"\x00" * 100)
    carry_out(stage, take(stage, stage.stream(), amal, Step.CUT_AND_PRESERVE).cut)
    stage.server.kept = [broken]
    preserving.preserve_due(stage.servers, vault=vault, now=stage.now)
    (kept,) = Cut.objects.get().preserved
    assert vault.get(kept["digest"]) == broken.read_bytes()
    assert kept["error"]


def test_a_recording_that_is_not_there_is_looked_for_and_then_told_of(
    stage: Stage, amal: User, tmp_path: Path
) -> None:
    vault = FileVault(tmp_path / "evidence", b"k" * 32)
    take(stage, stage.stream(), amal, Step.CUT_AND_PRESERVE)
    preserving.preserve_due(stage.servers, vault=vault, now=stage.now)
    assert "still on air" in Cut.objects.get().preserved[0]["error"]
    old = tmp_path / "show-0.flv"
    old.write_bytes(b"of another day")
    os.utime(old, (1_000, 1_000))
    stage.server.kept = [old]
    carry_out(stage, Cut.objects.get())
    for n in range(MOST_TRIES + 3):
        preserving.preserve_due(stage.servers, vault=vault, now=stage.now + timedelta(hours=n + 1))
    cut = Cut.objects.get()
    assert (cut.preserve_tries, cut.preserve_next_at) == (MOST_TRIES, None)
    assert "left no recording" in cut.preserved[0]["error"]
    Cut.objects.update(ordered_at=stage.now - timedelta(days=1))
    assert [one.code for one in findings.check()] == ["L002"]


def test_the_doctor_finds_a_cut_without_reasons_and_a_stream_that_is_not_watched(stage: Stage) -> None:
    stage.stream("a", state=StreamState.CUT)
    stage.stream("b", trouble="the stream can't be read")
    assert sorted(one.code for one in findings.check()) == ["L003", "L004"]
    assert set(findings.CODES) == {"L001", "L002", "L003", "L004"}


def test_banks_of_recordings_have_names_that_banks_may_have() -> None:
    assert bank_of("terrorism.glorification") == "live-terrorism-glorification"
    assert bank_of("ÄÖ") == "live"
    assert len(bank_of("x" * 200)) <= 63
