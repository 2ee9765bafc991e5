"""What colleagues see of misuse: who is on record, how often of how much, and what might be a strike."""

from __future__ import annotations

import pytest
from tests.intake.test_misuse import DAY, HOUR, NOW, House
from tests.intake.test_misuse import house as house  # noqa: PLC0414 -- the fixture

from hakam.intake import misuse, misuse_access
from hakam.intake.misuse import MisuseKind
from hakam.staff.roles import Role
from hakam.testing import scene

pytestmark = pytest.mark.django_db


def test_records_are_for_who_may_read_them(house: House) -> None:
    made = house.strike(f"decision:{house.removed().pk}")
    reader, viewer = scene.person("rita", Role.AUDITOR), scene.person("vi", Role.VIEWER)
    assert [one.conduct for one in misuse_access.records(reader, now=NOW)] == [made.conduct]
    assert misuse_access.records(viewer, now=NOW) == []
    assert misuse_access.record(viewer, str(made.conduct.pk), now=NOW) is None
    assert misuse_access.candidates(reader, now=NOW) == []  # an auditor marks nothing


def test_who_is_suspended_comes_first_then_who_has_most_strikes(house: House) -> None:
    few = house.strike(f"decision:{house.removed('u2').pk}").conduct
    many = house.strike(f"decision:{house.removed('u3').pk}").conduct
    house.strike(f"decision:{house.removed('u3').pk}")
    suspended = house.notifier()
    house.suspend(suspended, NOW + 6 * HOUR)
    found = misuse_access.records(house.lead, now=NOW + 7 * HOUR)
    assert [one.conduct for one in found] == [suspended, many, few]
    only = misuse_access.records(house.lead, now=NOW + 7 * HOUR, kind=MisuseKind.NOTICES)
    assert [one.conduct for one in only] == [suspended]


def test_the_proportion_is_known_where_everything_comes_through_us(house: House) -> None:
    # DSA Art. 23(3)(b)
    conduct = house.notifier()
    for n in range(2):
        house.inbox.take(now=NOW + 6 * HOUR, urls=(f"https://maydan.example/ok/{n}",), email="n@example.net")
    view = misuse_access.view(conduct, now=NOW + 7 * HOUR)
    assert (len(view.strikes), view.total, view.share) == (2, 4, 0.5)
    account = misuse_access.view(house.account(), now=NOW + 7 * HOUR)
    assert (account.total, account.share) == (None, None)


def test_a_suspension_is_offered_after_a_warning_and_a_later_strike_only(house: House) -> None:
    first = house.strike(f"notice:{house.rejected().pk}", NOW + HOUR).conduct
    assert not misuse_access.view(first, now=NOW + HOUR).may_suspend
    house.warn(first, NOW + 2 * HOUR)
    first.refresh_from_db()
    assert not misuse_access.view(first, now=NOW + 2 * HOUR).may_suspend
    house.strike(f"notice:{house.rejected(now=NOW + 3 * HOUR).pk}", NOW + 5 * HOUR)
    assert misuse_access.view(first, now=NOW + 5 * HOUR).may_suspend
    house.suspend(first, NOW + 6 * HOUR)
    assert not misuse_access.view(first, now=NOW + 7 * HOUR).may_suspend


def test_what_was_decided_lately_is_offered_once(house: House) -> None:
    decision, breach = house.removed(), house.removed(clause="spam", illegal=False)
    notice, complaint = house.rejected(), house.denied("u5")
    house.inbox.take(urls=("https://maydan.example/waits",), email="w@example.net")
    offered = {one.ref: one.kind for one in misuse_access.candidates(house.lead, now=NOW + 3 * HOUR)}
    assert offered[f"decision:{decision.pk}"] is MisuseKind.ILLEGAL_CONTENT
    assert offered[f"notice:{notice.pk}"] is MisuseKind.NOTICES
    assert offered[f"complaint:{complaint.pk}"] is MisuseKind.COMPLAINTS
    assert f"decision:{breach.pk}" not in offered
    assert sum(kind is MisuseKind.NOTICES for kind in offered.values()) == 1
    house.strike(f"notice:{notice.pk}", NOW + 3 * HOUR)
    again = {one.ref for one in misuse_access.candidates(house.lead, now=NOW + 3 * HOUR)}
    assert again == set(offered) - {f"notice:{notice.pk}"}
    assert misuse_access.candidates(house.lead, now=NOW + 40 * DAY) == []


def test_what_is_held_is_counted_until_it_is_taken_up(house: House) -> None:
    conduct = house.notifier()
    made = house.suspend(conduct, NOW + 6 * HOUR)
    house.inbox.take(now=NOW + 7 * HOUR, urls=("https://maydan.example/held",), email="n@example.net")
    assert misuse_access.view(conduct, now=NOW + 8 * HOUR).held == 1
    misuse.lift(made.pk, because="We erred.", by=house.moderator.actor, now=NOW + 8 * HOUR)
    assert misuse_access.view(conduct, now=NOW + 8 * HOUR).suspension is None
