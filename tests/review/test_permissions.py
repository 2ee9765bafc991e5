"""Who may see and do what, role by role: written out here, so that a change of the table is a change of this one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

import pytest

from hakam.compliance.models import Fact
from hakam.review import access, complaint_access
from hakam.review.complaints import complain_as_notifier
from hakam.review.models import Case, Complaint, Decision
from hakam.review.personal import reveal_personal_data
from hakam.review.shapes import QueueFilter
from hakam.staff.models import User
from hakam.staff.roles import Role
from hakam.testing import scene

pytestmark = pytest.mark.django_db
NOW = scene.NOW
LATER = NOW + timedelta(seconds=10)

EVERYBODY = frozenset(Role)
READERS = EVERYBODY - {Role.RESEARCHER, Role.TRUSTED_FLAGGER}
DECIDERS = frozenset(
    {
        Role.MODERATOR,
        Role.SENIOR_MODERATOR,
        Role.CHILD_SAFETY,
        Role.LEGAL,
        Role.INCIDENT_LEAD,
        Role.ADMINISTRATOR,
    }
)
OPENERS = (DECIDERS - {Role.MODERATOR}) | {Role.AUDITOR}
CHILD_SAFETY = frozenset({Role.CHILD_SAFETY})


class Desk(NamedTuple):
    """One ordinary case, one of child abuse, each with a decision and a complaint; the open ones beside them."""

    ordinary: Case
    abuse: Case
    decided: Decision
    decided_abuse: Decision
    complaint: Complaint
    complaint_abuse: Complaint
    vault: Any


@pytest.fixture
def stage(desk: Any, amal: User, dana: User) -> Desk:
    report = {"clause": "child-abuse", "harm": "csam"}
    decided = desk.final(desk.keep(desk.case(scene.event("a", item="1")), amal))
    decided_abuse = desk.final(desk.keep(desk.case(scene.event("b", item="2"), **report), dana))
    complaints = [
        complain_as_notifier(d.pk, notice=f"notice:{n}:0", informed_at=LATER, text="Look again.", now=LATER)
        for n, d in enumerate((decided, decided_abuse), start=1)
    ]
    return Desk(
        desk.case(scene.event("You are vermin", item="3", author="u3")),
        desk.case(scene.event("secret words", item="4", author="u4"), **report),
        decided,
        decided_abuse,
        complaints[0],
        complaints[1],
        desk.vault,
    )


Look = Callable[[Desk, User], object]
MATRIX: dict[str, tuple[frozenset[Role], Look]] = {
    "case": (READERS, lambda s, u: access.case(s.ordinary.pk, user=u, now=NOW, vault=s.vault)),
    "abuse case": (CHILD_SAFETY, lambda s, u: access.case(s.abuse.pk, user=u, now=NOW, vault=s.vault)),
    "terms": (READERS, lambda s, u: access.terms(s.ordinary.pk, user=u)),
    "abuse terms": (CHILD_SAFETY, lambda s, u: access.terms(s.abuse.pk, user=u)),
    "copies": (READERS, lambda s, u: access.reveal(s.ordinary.pk, user=u, now=NOW, vault=s.vault)),
    "abuse copies": (CHILD_SAFETY, lambda s, u: access.reveal(s.abuse.pk, user=u, now=NOW, vault=s.vault)),
    "decision": (READERS, lambda s, u: access.decision(s.decided.pk, user=u)),
    "abuse decision": (CHILD_SAFETY, lambda s, u: access.decision(s.decided_abuse.pk, user=u)),
    "personal data": (
        OPENERS,
        lambda s, u: reveal_personal_data(s.ordinary.pk, user=u, now=NOW, vault=s.vault),
    ),
    "abuse personal data": (
        CHILD_SAFETY,
        lambda s, u: reveal_personal_data(s.abuse.pk, user=u, now=NOW, vault=s.vault),
    ),
    "complaint": (
        READERS,
        lambda s, u: complaint_access.complaint(str(s.complaint.pk), user=u, now=NOW, vault=s.vault),
    ),
    "abuse complaint": (
        CHILD_SAFETY,
        lambda s, u: complaint_access.complaint(str(s.complaint_abuse.pk), user=u, now=NOW, vault=s.vault),
    ),
    "in the queue": (READERS, lambda s, u: _listed(s.ordinary, u)),
    "abuse in the queue": (CHILD_SAFETY, lambda s, u: _listed(s.abuse, u)),
    "found by its words": (
        READERS,
        lambda _s, u: access.queue(u, now=NOW, wanted=QueueFilter(search="vermin")).rows,
    ),
    "abuse found by its words": (
        frozenset(),
        lambda _s, u: access.queue(u, now=NOW, wanted=QueueFilter(search="secret words")).rows,
    ),
    "next": (DECIDERS, lambda _s, u: access.next_case(user=u, now=NOW)),
    "peek": (DECIDERS, lambda _s, u: access.peek(user=u, now=NOW)),
    "abuse next": (CHILD_SAFETY, lambda _s, u: access.next_case(user=u, now=NOW, queue="child-safety")),
    "may decide": (DECIDERS, lambda s, u: _may_decide(s.ordinary, u, s.vault)),
    "may decide a complaint": (DECIDERS, lambda s, u: _complaint_row(s.complaint, u)),
    "open cases of an account": (
        READERS,
        lambda _s, u: getattr(access.history(scene.PLATFORM, "u3", user=u), "open_cases", 0),
    ),
    "abuse cases of an account": (
        CHILD_SAFETY,
        lambda _s, u: getattr(access.history(scene.PLATFORM, "u4", user=u), "open_cases", 0),
    ),
}


def _listed(case: Case, user: User) -> bool:
    return case.pk in {row.id for row in access.queue(user, now=NOW).rows}


def _may_decide(case: Case, user: User, vault: Any) -> bool:
    found = access.case(case.pk, user=user, now=NOW, vault=vault)
    return found is not None and found.may_decide


def _complaint_row(complaint: Complaint, user: User) -> bool:
    rows = complaint_access.complaints(user=user).rows
    return any(row.may_decide for row in rows if row.id == str(complaint.pk))


@pytest.mark.parametrize("what", MATRIX)
def test_each_role_gets_what_is_its_own_and_no_more(stage: Desk, what: str) -> None:
    allowed, look = MATRIX[what]
    given = set()
    for role in Role:
        user = scene.person(f"a-{role.value.replace('_', '-')}", role)
        if look(stage, user):
            given.add(role)
            Case.objects.update(lease_by=None, lease_until=None)  # the next one asks for the same case
    assert given == allowed


@pytest.mark.parametrize("role", sorted(EVERYBODY - CHILD_SAFETY))
def test_counts_tell_nobody_how_much_child_abuse_there_is(stage: Desk, role: Role) -> None:
    user = scene.person("counter", role)
    counts = access.counts(user, now=NOW)
    assert "child-safety" not in counts.queues
    assert counts.open == counts.complaints == (1 if role in READERS else 0)


@pytest.mark.parametrize("what", ["abuse copies", "personal data", "abuse personal data"])
def test_only_a_look_that_was_granted_is_a_fact(stage: Desk, what: str) -> None:
    allowed, look = MATRIX[what]
    kinds = ["evidence.viewed", "personal_data.revealed"]
    for role in Role:
        before = Fact.objects.filter(kind__in=kinds).count()
        user = scene.person(f"b-{role.value.replace('_', '-')}", role)
        look(stage, user)
        assert Fact.objects.filter(kind__in=kinds, actor=str(user.actor)).count() == int(role in allowed)
        assert Fact.objects.filter(kind__in=kinds).count() - before == int(role in allowed)


@pytest.mark.parametrize("absent", [0, -1, 10**9])
def test_what_is_absent_looks_like_what_is_forbidden(stage: Desk, amal: User, absent: int) -> None:
    assert access.case(absent, user=amal, now=NOW, vault=stage.vault) is None
    assert access.reveal(absent, user=amal, now=NOW, vault=stage.vault) is None
    assert access.decision(absent, user=amal) is None
    assert reveal_personal_data(absent, user=amal, now=NOW, vault=stage.vault) is None
    for wrong in (str(absent), "no-uuid", "", "00000000-0000-4000-8000-000000000000"):
        assert complaint_access.complaint(wrong, user=amal, now=NOW, vault=stage.vault) is None
