"""A scheduled event at the desk: plan, lanes, nodes, admission with one key, rehearsals; and attack or crowd."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from tests.console.conftest import SignIn
from tests.live.surge.test_signs import CROWD
from tests.live.waiting.test_rehearsed import HELD

from hakam.compliance.models import Fact
from hakam.live.models import AdmissionHold, EventPoint
from hakam.live.surge.signs import Signs
from hakam.live.waiting.admission import NodeReport, State
from hakam.live.waiting.plan import Lane, Plan, keep_plan
from hakam.live.waiting.rehearsed import keep, rehearsed
from hakam.staff.roles import Role
from hakam.testing import scene

pytestmark = [pytest.mark.django_db, pytest.mark.sockets]  # a waiting room that is not there is called
Enter = Callable[..., Client]
HTMX = {"headers": {"HX-Request": "true"}}


@pytest.fixture
def enter(sign_in: SignIn) -> Enter:
    return lambda name, role=Role.MODERATOR: sign_in(scene.person(name, role))


def planned(now: datetime, **changes: Any) -> Plan:
    """Keep a plan of an event that opened an hour ago, whose controller nobody runs."""
    shutil.rmtree(settings.HAKAM.home / "waiting", ignore_errors=True)  # what other tests planned
    opens = now.replace(microsecond=0) - timedelta(hours=1)
    made = Plan(
        "talk", {"en": "The conversation", "ar": "الحوار"}, opens, opens + timedelta(hours=3), capacity=2_000, pace=50,
        lanes=(Lane("interpreters", 20),), controller="http://127.0.0.1:1", platform=scene.PLATFORM,
    )  # fmt: skip
    made = msgspec.structs.replace(made, **changes)
    keep_plan(settings.HAKAM.home, made)
    return made


def noted(
    now: datetime,
    *,
    step: str = "open",
    held: int = 0,
    by_load: int = 0,
    signs: Signs = CROWD,
    trouble: str = "",
) -> EventPoint:
    """Note how the event stands, as the worker does."""
    node = NodeReport(
        "edge-1",
        (),
        (700, 12),
        entered=900,
        load=0.42,
        given=(5_000, 20),
        refused={"forged": 31},
        questions=77,
    )
    state = State(
        "talk", now.timestamp(), step, ("open", "slowed", "priority", "held"), held, by_load, 0.93,
        ("public", "interpreters"), (4_100, 0), 4.0, (node,), ("http://10.0.0.9:8430",),
    )  # fmt: skip
    return EventPoint.objects.create(
        event="talk", at=now, trouble=trouble, crowd=msgspec.to_builtins(signs),
        admission=None if trouble else msgspec.to_builtins(state),
    )  # fmt: skip


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_the_page_shows_plan_lanes_nodes_and_rehearsals(enter: Enter) -> None:
    now = timezone.now()
    planned(now)
    noted(now)
    keep(settings.HAKAM.home, "talk", rehearsed(HELD, ["open", "slowed", "priority"], at=now, where=""))
    keep(
        settings.HAKAM.home,
        "talk",
        rehearsed(HELD._replace(order_broken=2), [], at=now + timedelta(1), where=""),
    )
    page = text_of(enter("amal").get("/desk/events/talk"))
    for shown in (
        "The conversation", "interpreters", "edge-1", "4,100", "5,000", "forged", "93",
        "<bdi>open</bdi> → <bdi>slowed</bdi> → <bdi>priority</bdi>",
        "order broken", "http://10.0.0.9:8430", "712", "2,000",
    ):  # fmt: skip
        assert shown in page, shown
    part = text_of(enter("oskar").get("/desk/events/talk?part=state", **HTMX))
    assert "<html" not in part
    assert 'hx-trigger="every 2s"' in part


def test_before_anything_is_heard_the_page_says_so(enter: Enter) -> None:
    now = timezone.now()
    planned(now)
    client = enter("amal")
    page = text_of(client.get("/desk/events/talk"))
    assert "Nothing was heard of the waiting room" in page
    assert "Nobody rehearsed it yet." in page
    noted(now - timedelta(minutes=1))  # too old to be shown as now
    assert "Nothing was heard" in text_of(client.get("/desk/events/talk"))
    noted(now, trouble="ConnectError: refused")
    assert "ConnectError: refused" in text_of(client.get("/desk/events/talk"))


def test_one_key_steps_down_and_up_and_each_is_a_fact(enter: Enter) -> None:
    now = timezone.now()
    planned(now)
    noted(now, step="slowed", by_load=1)
    client, url = enter("amal"), reverse("console:steer", args=["talk"])
    page = text_of(client.get("/desk/events/talk"))
    assert 'name="step" value="2" data-steer-key="down"' in page  # one below where the load has it
    assert 'data-steer-key="up"' not in page  # a person never lets in more than the load allows
    assert client.post(url, {"step": "2"}).status_code == 302
    after = text_of(client.get("/desk/events/talk"))
    assert "does not answer: it is told as soon as it does" in after
    assert "held by a person" in after
    assert "not told yet" in after
    assert 'name="step" value="1" data-steer-key="up"' in after
    client.post(url, {"step": "0"})
    assert AdmissionHold.objects.get().step == 0
    assert Fact.objects.filter(kind="live.admission_steered", subject="event:talk").count() == 2


@pytest.mark.parametrize(
    ("step", "status"), [("", 400), ("x", 400), ("٢", 400), ("99", 302), ("9" * 30, 302)]
)
def test_a_step_that_there_is_not_changes_nothing(enter: Enter, step: str, status: int) -> None:
    planned(timezone.now())
    client = enter("amal")
    assert client.post(reverse("console:steer", args=["talk"]), {"step": step}).status_code == status
    assert not AdmissionHold.objects.exists()
    if status == 302:
        assert "There is no such step" in text_of(client.get("/desk/events/talk"))


def test_who_only_reads_has_no_keys(enter: Enter) -> None:
    planned(timezone.now())
    client = enter("vera", Role.AUDITOR)
    assert "data-steer-key" not in text_of(client.get("/desk/events/talk"))
    assert client.post(reverse("console:steer", args=["talk"]), {"step": "1"}).status_code == 404


@pytest.mark.parametrize(
    ("signs", "reading", "words"),
    [
        (CROWD, "crowd", "Many people, who look like people"),
        (msgspec.structs.replace(CROWD, refused=3_000), "attack", "An attack"),
        (msgspec.structs.replace(CROWD, young=180, alike=150), "mixed", "A crowd with an attack in it"),
        (Signs(), "quiet", "Nothing rises."),
        (Signs(messages=500, accounts=90), "unclear", "too little is known"),
    ],
)
def test_the_board_says_which_it_is_and_on_what_that_rests(
    enter: Enter, signs: Signs, reading: str, words: str
) -> None:
    now = timezone.now()
    planned(now)
    for n in range(3):
        noted(now - timedelta(seconds=15 - 5 * n), signs=CROWD)
    noted(now, signs=signs)
    client = enter("sana", Role.SENIOR_MODERATOR)
    page = text_of(client.get("/desk/events/talk/surge"))
    assert f'data-reading="{reading}"' in page
    assert words in page
    assert "score-line" in page
    for name in ("event", "live", "permits", "rule_params", "questions"):  # what one may do from here
        assert reverse(f"console:{name}", args=["talk"] if name in {"event", "questions"} else []) in page
    part = text_of(client.get("/desk/events/talk/surge?part=surge", **HTMX))
    assert "<html" not in part
    assert "Accounts made within a week" in part


def test_nothing_measured_is_no_all_clear(enter: Enter) -> None:
    planned(timezone.now())
    page = text_of(enter("amal").get("/desk/events/talk/surge"))
    assert "Nothing was measured in the last half minute." in page
    assert "data-reading" not in page


def test_an_event_without_a_plan_has_no_such_pages(enter: Enter) -> None:
    client = enter("amal")
    for path in ("/desk/events/none", "/desk/events/none/surge"):
        assert client.get(path).status_code == 404


def test_the_steps_and_lanes_that_a_plan_has_by_itself_are_named_in_arabic(enter: Enter) -> None:
    planned(timezone.now())
    client = enter("amal")
    client.cookies["django_language"] = "ar"
    page = text_of(client.get("/desk/events/talk"))
    for named in ("مفتوح", "مبطّأ", "الأولوية", "موقوف", "العموم"):
        assert f"<bdi>{named}</bdi>" in page
    assert "<bdi>interpreters</bdi>" in page  # the planner's own word
    keep(settings.HAKAM.home, "talk", rehearsed(HELD, ["open", "held"], at=timezone.now(), where=""))
    page = text_of(client.get("/desk/events/talk"))
    assert "<bdi>مفتوح</bdi> ← <bdi>موقوف</bdi>" in page
