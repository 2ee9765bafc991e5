"""`hakam notices`, `orders`, `disputes`: what waits is listed by what is due first, and shown with its clocks."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from tests.intake.conftest import book as book  # noqa: PLC0414 -- the fixtures
from tests.intake.conftest import log as log  # noqa: PLC0414
from tests.intake.conftest import vault as vault  # noqa: PLC0414
from tests.intake.test_notices import Inbox
from tests.intake.test_order_contents import ACT, PRODUCTION, REMOVAL
from tests.intake.test_orders import NOW, Desk
from tests.intake.test_orders import desk as desk  # noqa: PLC0414

from hakam.cli.main import main
from hakam.cli.screen import ERR, OUT
from hakam.compliance import deadlines
from hakam.intake import crowds, disputes, orders
from hakam.intake.disputes import DisputeOutcome
from hakam.intake.models import Crowd
from hakam.review.models import Decision
from hakam.review.states import Outcome
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM

pytestmark = [pytest.mark.embedded, pytest.mark.django_db]
Hakam = Callable[..., str]


@pytest.fixture
def hakam(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Hakam]:
    for console in (OUT, ERR):
        monkeypatch.setattr(console, "_width", 300)

    def run(*words: str, code: int = 0) -> str:
        monkeypatch.setattr(sys, "argv", ["hakam", *words])
        try:
            main()
            ended = 0
        except SystemExit as left:
            ended = int(left.code or 0)
        out, err = capsys.readouterr()
        assert ended == code, out + err
        return out + err

    return run


@pytest.fixture
def inbox(desk: Desk) -> Inbox:
    return Inbox(desk.vault, desk.log)


class TestOrders:
    def test_the_first_due_stands_on_top_with_its_clock(self, desk: Desk, hakam: Hakam) -> None:
        slow, fast = desk.receive(ACT), desk.receive(REMOVAL)
        listed = hakam("orders", "list")
        assert listed.index(str(fast.pk)) < listed.index(str(slow.pk))
        assert "overdue since" in listed  # it is long past the day of the scene
        desk.carry_out(fast, unverified_because="The hour runs.")
        desk.answer(fast)
        assert str(fast.pk) not in hakam("orders", "list")
        assert str(fast.pk) in hakam("orders", "list", "--all")
        assert hakam("orders", "list", "--all", "--limit", "1").count("Office") == 1

    def test_one_is_shown_with_what_it_lacks_and_its_clocks(self, desk: Desk, hakam: Hakam) -> None:
        order = desk.receive(msgspec.structs.replace(PRODUCTION, provisions=""))
        shown = hakam("orders", "show", str(order.pk))
        assert "lacks the provisions of criminal law (e-Evidence Art. 5(5)(f)), ask counsel" in shown
        assert "Produce data on a European Production Order" in shown
        assert "not verified" in shown
        by = desk.lena.actor
        orders.return_to_authority(str(order.pk), by=by, now=NOW, because="Which law?")
        assert "stands still" in hakam("orders", "show", str(order.pk))
        silent = desk.receive(msgspec.structs.replace(REMOVAL, silent_days=7, silent_because="Section 9"))
        assert "nobody is told before" in hakam("orders", "show", str(silent.pk))


class TestNotices:
    def test_those_that_wait_are_listed_without_who_sent_them(self, inbox: Inbox, hakam: Hakam) -> None:
        made = inbox.take()
        for shown in (hakam("notices", "list"), hakam("notices", "show", str(made.pk))):
            assert "Nadia" not in shown
            assert "nadia@example.net" not in shown.lower()
        assert "1 item " in hakam("notices", "list")
        shown = hakam("notices", "show", str(made.pk))
        assert "It calls people vermin." in shown
        assert "from somebody with an address" in shown
        assert "DSA Art. 16(6)" in shown
        inbox.decide(scene.person("amal"), Outcome.NO_VIOLATION)
        assert hakam("notices", "list") == "No notice waits for an answer.\n"
        assert "answered" in hakam("notices", "list", "--all")
        assert "not agreed" in hakam("notices", "show", str(made.pk))

    def test_of_several_items_it_is_said_how_many_are_answered(self, inbox: Inbox, hakam: Hakam) -> None:
        inbox.take(urls=("https://maydan.example/p/77", "https://maydan.example/p/78"))
        inbox.decide(scene.person("amal"), Outcome.NO_VIOLATION)
        assert "1 of 2 answered" in hakam("notices", "list")

    def test_a_crowd_is_one_line(self, desk: Desk, hakam: Hakam) -> None:
        made = Crowd.objects.create(
            platform=scene.PLATFORM, item_kind="post", item_id="7", count=9_995, kinds={"hate_speech/illegal": 9_995},
            first_at=NOW, last_at=NOW + timedelta(minutes=1),
        )  # fmt: skip
        deadlines.start("notice.decision", subject=crowds.subject_of(made), by=SYSTEM, now=NOW)
        assert "9,995 notices of one item" in hakam("notices", "list")
        shown = hakam("notices", "show", f"crowd:{made.pk}")
        assert "9,995 notices of post/7" in shown
        assert "DSA Art. 16(6)" in shown


class TestDisputes:
    def contested(self, desk: Desk, inbox: Inbox) -> Decision:
        from hakam.vocabulary.measure import Measure, MeasureKind  # noqa: PLC0415 -- only here

        inbox.take()
        more: dict[str, Any] = {
            "clause": "hate",
            "measures": [Measure(MeasureKind.REMOVE)],
            "facts": "Vermin.",
        }
        inbox.decide(desk.lena, Outcome.VIOLATION, **more)
        return Decision.objects.latest("pk")

    def test_a_dispute_from_its_list_to_what_is_owed(self, desk: Desk, inbox: Inbox, hakam: Hakam) -> None:
        from datetime import date  # noqa: PLC0415 -- only here

        about = self.contested(desk, inbox)
        body = disputes.register_body(
            name="Appeals Board", country="IE", email="b@board.example", certified_on=date(2025, 1, 1),
            certified_until=date(2029, 12, 31), by=SYSTEM, now=NOW,
        )  # fmt: skip
        later = NOW + timedelta(days=1)
        made = disputes.open_dispute(
            reference="AB-1",
            received_at=later,
            decision=f"decision:{about.pk}",
            body_id=body.pk,
            by=SYSTEM,
            now=later,
        )
        assert "Appeals Board" in hakam("disputes", "list")
        disputes.decide(
            str(made.pk), outcome=DisputeOutcome.REVERSED, text="It quotes somebody.", by=SYSTEM, now=later
        )
        assert "reversed" in hakam("disputes", "list")
        shown = hakam("disputes", "show", str(made.pk))
        assert "It quotes somebody." in shown
        assert "DSA Art. 21(2)" in shown
        assert "not paid" in shown
