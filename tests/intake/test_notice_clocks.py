"""Clocks beside the one of a notice: where the platform is an app, and where it is offered in Australia."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.intake.flood import NOW as FLOODED
from tests.intake.flood import Flood, decided
from tests.intake.test_notices import NOW, URL, Inbox

from hakam.compliance.models import Deadline
from hakam.compliance.profile import Profile, profile_of, set_profile
from hakam.intake import crowds, notice_clocks
from hakam.review.models import Case
from hakam.review.states import Outcome
from hakam.staff.models import User
from hakam.storage.embedded.event_log import FileEventLog
from hakam.storage.embedded.vault import FileVault
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.harm import Harm

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("book")]
HOUR = timedelta(hours=1)


@pytest.fixture
def inbox(vault: FileVault, log: FileEventLog) -> Inbox:
    return Inbox(vault, log)


def offered(*countries: str, app: bool = False) -> None:
    set_profile(Profile(platform=scene.PLATFORM, countries=countries, app=app), by=SYSTEM, now=NOW)


def keys() -> list[str]:
    return sorted(Deadline.objects.filter(met_at=None).values_list("clock", flat=True))


@pytest.mark.parametrize(
    ("countries", "app", "harm", "beside"),
    [
        (("DE",), False, Harm.HARASSMENT, ()),
        (("DE",), True, Harm.HARASSMENT, ("apple.report",)),
        (("AU",), False, Harm.HARASSMENT, ("au.complaint",)),
        (("AU",), False, Harm.HATE_SPEECH, ()),
        (("AU", "DE"), True, Harm.STALKING, ("apple.report", "au.complaint")),
    ],
)
def test_the_profile_and_the_harm_say_which_clocks_run(
    countries: tuple[str, ...], app: bool, harm: Harm, beside: tuple[str, ...]
) -> None:
    offered(*countries, app=app)
    assert notice_clocks.beside(profile_of(scene.PLATFORM), harm) == beside


def test_without_a_profile_no_further_clock_runs(inbox: Inbox) -> None:
    inbox.take(harm="harassment")
    assert keys() == ["notice.decision"]


def test_a_case_is_due_when_the_first_of_its_clocks_ends(inbox: Inbox, amal: User) -> None:
    # App Review 1.2, OSA 2021 (Cth) s.88
    offered("AU", app=True)
    inbox.take(harm="harassment")
    assert keys() == ["apple.report", "au.complaint", "notice.decision"]
    ends = {one.clock: one.due_at - NOW for one in Deadline.objects.all()}
    assert (ends["apple.report"], ends["au.complaint"]) == (24 * HOUR, 48 * HOUR)
    assert Case.objects.get().due_at == NOW + min(ends.values())
    inbox.decide(amal, Outcome.NO_VIOLATION)
    assert keys() == []


def test_the_clock_of_app_review_counts_where_the_house_takes_longer() -> None:
    offered("DE", app=True)
    later = NOW + 72 * HOUR
    assert notice_clocks.start(
        notice_clocks.beside(profile_of(scene.PLATFORM), Harm.SPAM), subject="notice:1:0", by=SYSTEM, now=NOW, due=later
    ) == NOW + 24 * HOUR  # fmt: skip


@pytest.fixture
def flood(tmp_path: Path, vault: FileVault, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flood]:
    monkeypatch.setattr(crowds, "FULL", 2)
    made = Flood(tmp_path, vault)
    yield made
    made.log.close()


def test_a_crowd_has_them_too_once_for_all_and_they_end_with_its_answer(flood: Flood, amal: User) -> None:
    set_profile(Profile(platform=scene.PLATFORM, app=True), by=SYSTEM, now=FLOODED)
    flood.report(40, urls=(URL,))
    flood.take()
    mine = Deadline.objects.filter(clock="apple.report")
    assert sorted(one.subject.partition(":")[0] for one in mine) == ["crowd", "notice", "notice"]
    decided(amal)
    assert not mine.filter(met_at=None).exists()
