"""A person holds the gate: written down, told to a real controller, told again when that one forgot."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import msgspec
import pytest
from tests.live.real.rig import until
from tests.live.waiting.hall import plan
from tests.live.waiting.test_server import TOKEN, free_port, opened, served

from hakam.compliance.models import Fact
from hakam.intake.models import Crowd, Notice, NoticeItem
from hakam.live import overseeing, scheduled, steering
from hakam.live.edge_keys import waiting_token
from hakam.live.models import AdmissionHold, EventPoint
from hakam.live.overseeing import Overseer
from hakam.live.servers.server import Unreachable
from hakam.live.steering import SteeringError
from hakam.live.surge.signs import signs_from
from hakam.live.surge.tally import Tally
from hakam.live.waiting.admission import Admission, NodeReport
from hakam.live.waiting.plan import Plan, keep_plan
from hakam.staff.roles import Role
from hakam.testing import scene
from hakam.testing.event_logs import MemoryEventLog

pytestmark = pytest.mark.django_db


def test_a_hold_binds_whatever_the_load_says_and_a_restart_keeps_it(tmp_path: Path) -> None:
    chosen = plan(settle_seconds=1)
    path, now = tmp_path / "admission.json", chosen.opens_at
    admission = Admission(chosen, path)
    report = NodeReport("a", ({}, {}, {}), (0, 0, 0))
    admission.hold(2)
    assert Admission(chosen, path).held == 2  # on disk before it answers
    assert admission.tick([report], now=now).step == "priority"
    assert admission.tick([report], now=now, load=0.0).step == "priority"
    for n in range(4):
        gate = admission.tick([report], now=now + timedelta(seconds=2 * n + 2), load=1.0)
    assert (gate.step, admission.by_load) == ("held", 3)  # the load takes it lower still
    admission.hold(0)
    assert admission.step.name == "held"  # letting go is not letting in
    admission.hold(99)
    assert admission.held == 3


def test_a_hold_is_a_fact_and_only_for_who_may_act() -> None:
    chosen, amal = plan(), scene.person("amal")
    row = steering.hold(chosen, 2, by=amal, now=scene.NOW)
    assert (row.step, row.known_at, row.asked_by) == (2, None, str(amal.actor))
    steering.hold(chosen, 0, by=amal, now=scene.NOW)
    bodies = [
        msgspec.json.decode(fact.body)
        for fact in Fact.objects.filter(kind="live.admission_steered").order_by("seq")
    ]
    assert [(body["from"], body["to"]) for body in bodies] == [("open", "priority"), ("priority", "open")]
    assert AdmissionHold.objects.count() == 1
    for wrong in (-1, 4):
        with pytest.raises(SteeringError):
            steering.hold(chosen, wrong, by=amal, now=scene.NOW)
    with pytest.raises(PermissionError):
        steering.hold(chosen, 1, by=scene.person("vera", Role.AUDITOR), now=scene.NOW)


@pytest.mark.sockets
def test_an_older_word_never_hides_a_newer_one() -> None:
    chosen, amal = plan(controller=f"http://127.0.0.1:{1}"), scene.person("amal")
    old = steering.hold(chosen, 1, by=amal, now=scene.NOW)
    steering.hold(chosen, 2, by=amal, now=scene.NOW + timedelta(seconds=1))
    assert not steering.tell(chosen, old, secret="s", now=scene.NOW)  # nobody listens there
    assert AdmissionHold.objects.get().trouble == ""


def test_threads_of_an_event_are_its_own_and_those_of_its_streams(tmp_path: Path) -> None:
    keep_plan(tmp_path, plan(items=("b-1",), platform="maydan"))
    found = scheduled.event("talk", home=tmp_path, platform="shop")
    assert found is not None
    assert overseeing.threads(found) == {("maydan", "talk"), ("maydan", "b-1")}


@pytest.fixture
def overseer(tmp_path: Path) -> Callable[[Plan], Overseer]:
    def make(chosen: Plan) -> Overseer:
        keep_plan(tmp_path, chosen)
        log = MemoryEventLog()
        return Overseer(tmp_path, platform=scene.PLATFORM, secret="s", tally=Tally(log, 0))

    return make


@pytest.mark.sockets
def test_only_events_that_are_near_are_looked_at(overseer: Callable[[Plan], Overseer]) -> None:
    chosen = plan(controller="http://127.0.0.1:1")
    looking = overseer(chosen)
    for at, seen in (
        (chosen.opens_at - timedelta(hours=3), 0),
        (chosen.opens_at - timedelta(hours=1), 1),
        (chosen.ends_at + timedelta(minutes=59), 1),
        (chosen.ends_at + timedelta(hours=2), 0),
    ):
        assert looking.look(at) == seen
    point = EventPoint.objects.latest("at")
    assert point.admission is None
    assert "ConnectError" in point.trouble
    assert overseeing.forget_old(chosen.ends_at + timedelta(days=31)) == 2


@pytest.mark.sockets
@pytest.mark.embedded
def test_a_real_controller_is_told_asked_and_told_again_when_it_forgot(
    tmp_path: Path, overseer: Callable[[Plan], Overseer], monkeypatch: pytest.MonkeyPatch
) -> None:
    port, amal = free_port(), scene.person("amal")
    chosen = opened(controller=f"http://127.0.0.1:{port}")
    monkeypatch.setattr(steering, "waiting_token", lambda _secret: "token")
    looking = overseer(chosen)
    with served(chosen, tmp_path / "a", port=port) as url:
        for _ in range(3):
            httpx.post(f"{url}/ticket")
        row = steering.hold(chosen, 2, by=amal, now=datetime.now(tz=UTC))
        assert steering.tell(chosen, row, secret="s", now=datetime.now(tz=UTC))
        assert AdmissionHold.objects.get().known_at is not None
        until(lambda: steering.state(chosen, secret="s").nodes[0].given == (3, 0, 0))
        state = steering.state(chosen, secret="s")
        assert (state.held, state.step, state.lanes) == (2, "priority", ("public", "interpreters", "press"))
        assert looking.look(datetime.now(tz=UTC)) == 1
        point = EventPoint.objects.latest("at")
        assert point.admission is not None
        assert point.admission["nodes"][0]["given"] == [3, 0, 0]
        with pytest.raises(Unreachable, match="another event"):
            steering.state(msgspec.structs.replace(chosen, event="other"), secret="s")
    with served(chosen, tmp_path / "anew", port=port):  # set up anew: it knows of no hold
        looking.look(datetime.now(tz=UTC))
        until(lambda: steering.state(chosen, secret="s").held == 2)


@pytest.mark.sockets
@pytest.mark.embedded
def test_the_state_is_for_who_has_the_token_and_only_the_controller_has_it(tmp_path: Path) -> None:
    chosen, first, second = opened(), free_port(), free_port()
    urls = [f"http://127.0.0.1:{port}" for port in (first, second)]
    with (
        served(chosen, tmp_path, name="a", port=first, nodes=(urls[1], "http://127.0.0.1:1")),
        served(chosen, tmp_path, name="b", port=second, gate_from=urls[0]),
    ):
        assert httpx.get(f"{urls[0]}/state").status_code == 401
        assert httpx.post(f"{urls[0]}/hold", json={"step": 1}).status_code == 401
        assert httpx.get(f"{urls[1]}/state", headers=TOKEN).status_code == 404
        assert httpx.post(f"{urls[1]}/hold", json={"step": 1}, headers=TOKEN).status_code == 404
        for body in ({"step": -1}, {"step": "2"}, {}, {"step": 99}):
            assert httpx.post(f"{urls[0]}/hold", json=body, headers=TOKEN).status_code == 422
        said = httpx.get(f"{urls[0]}/state", headers=TOKEN).json()
        assert [node["node"] for node in said["nodes"]] == ["a", "b"]
        assert said["silent"] == ["http://127.0.0.1:1"]


def test_tickets_are_counted_by_the_minute_and_a_node_that_restarts_begins_anew(tmp_path: Path) -> None:
    chosen = plan()
    keep_plan(tmp_path, chosen)
    found = scheduled.event("talk", home=tmp_path, platform=scene.PLATFORM)
    assert found is not None
    tally, now = Tally(MemoryEventLog(), 0), chosen.opens_at

    def state(given: int, **refused: int) -> overseeing.State:
        node = NodeReport("a", (), (0, 0, 0), given=(given, 0, 0), refused=refused)
        return overseeing.State("talk", 0.0, "open", (), 0, 0, 0.0, (), (), 2.0, (node,), ())

    first = overseeing.measure(found, state(1_000, forged=5), tally=tally, now=now)
    assert (first.given, first.refused) == (0, 0)  # nothing to compare with
    EventPoint.objects.create(event="talk", at=now, admission=msgspec.to_builtins(state(1_000, forged=5)))
    later = now + timedelta(seconds=120)
    second = overseeing.measure(found, state(1_600, forged=105, no_ticket=900), tally=tally, now=later)
    assert (second.given, second.refused, second.pace) == (300, 50, chosen.pace)
    assert second.nodes == {"a": {"forged": 105, "no_ticket": 900}}
    restarted = overseeing.measure(found, state(80, forged=2), tally=tally, now=later)
    assert (restarted.given, restarted.refused) == (40, 1)
    assert signs_from(msgspec.to_builtins(second)) == second


def report(n: int, text: str, *, by: str = "", item: str = "b-1", at: datetime) -> None:
    notice = Notice.objects.create(
        token=f"t{n}", platform=scene.PLATFORM, harm="hate_speech", illegal=True, explanation=text, language="en",
        received_at=at, notifier=by,
    )  # fmt: skip
    NoticeItem.objects.create(notice=notice, ref=f"notice:{n}:0", item_kind="live.start", item_id=item)


def test_reports_of_an_event_are_counted_by_who_made_them_and_in_what_words(tmp_path: Path) -> None:
    keep_plan(tmp_path, plan(items=("b-1",)))
    found = scheduled.event("talk", home=tmp_path, platform=scene.PLATFORM)
    assert found is not None
    now = plan().opens_at
    for n in range(6):
        report(
            n, "This stream calls for violence against people of our town!" + "!" * n, by=f"u{n // 2}", at=now
        )
    report(7, "He shows my street and my house number at minute twelve of the stream", at=now)
    report(8, "short", by="u9", at=now)
    report(9, "This stream calls for violence against people of our town", item="b-2", at=now)
    report(10, "This stream calls for violence against people of our town", at=now - timedelta(minutes=11))
    Crowd.objects.create(
        platform=scene.PLATFORM, item_kind="live.start", item_id="b-1", count=4_000, first_at=now, last_at=now
    )
    signs = overseeing.measure(found, None, tally=Tally(MemoryEventLog(), 0), now=now)
    assert (signs.reports, signs.named, signs.reporters, signs.swarm) == (8, 7, 4, 4_000)
    assert (signs.report_texts, signs.reports_alike) == (7, 6)


def test_the_token_is_made_of_the_secret() -> None:
    assert waiting_token("a") != waiting_token("b")
