"""What an erasure waits for, and what ends the waiting."""

from __future__ import annotations

from tests.privacy.conftest import DAY, NOW, World
from tests.privacy.test_requests import released, serve

from hakam.intake import misuse
from hakam.intake.models import Conduct, Notice, Suspension
from hakam.privacy.requests import RequestState
from hakam.testing import scene


def test_a_notice_that_a_suspension_holds_goes_when_that_has_ended(world: World) -> None:
    # DSA Art. 23(2), GDPR Art. 17(1)
    notice = world.notice("It hurts", notifier="u1", name="Una")
    conduct = Conduct.objects.create(token="t", platform=scene.PLATFORM, kind="notices", account="u1")
    suspension = Suspension.objects.create(
        conduct=conduct, begins=NOW, ends=NOW + 7 * DAY, by="staff:amal", because="It went on.", factors={},
        objection="No!", objected_at=NOW,
    )  # fmt: skip
    Notice.objects.update(held_by=suspension)
    world.hand_over()
    made = released(world, "erasure")
    assert made.state == RequestState.WAITING
    assert {"kind": "notifiers", "count": 1, "why": "open"} in made.outcome["kept"]
    assert serve(world, now=NOW + 6 * DAY) == 0
    assert misuse.end_due(NOW + 8 * DAY) == 1
    assert serve(world, now=NOW + 8 * DAY) == 0  # somebody still judges the objection
    Suspension.objects.update(answered_at=NOW + 9 * DAY, upheld=False)
    assert serve(world, now=NOW + 9 * DAY) > 0
    made.refresh_from_db()
    notice.refresh_from_db()
    assert (made.state, notice.name, notice.notifier) == (RequestState.ANSWERED, "", "")
