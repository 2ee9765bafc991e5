"""People: made by an administrator, never locked out all at once, every change a fact."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth import authenticate

from hakam.compliance import ledger
from hakam.staff import access, journal
from hakam.staff.journal import NoLedgerError
from hakam.staff.models import User
from hakam.staff.roles import Permission, Role
from hakam.staff.users import (
    LastAdministratorError,
    OwnRoleError,
    StaffError,
    anybody,
    create_user,
    set_active,
    set_languages_and_queues,
    set_password,
    set_role,
)
from hakam.vocabulary.actor import SYSTEM

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PASSWORD = "correct horse battery staple"
pytestmark = pytest.mark.django_db


def make(username: str = "amal", role: Role = Role.MODERATOR, **changes: Any) -> User:
    given: dict[str, Any] = {
        "email": f"{username}@example.org",
        "by": SYSTEM,
        "now": NOW,
        "password": PASSWORD,
    }
    return create_user(username=username, role=role, **(given | changes))


class TestMaking:
    def test_a_person_can_sign_in(self) -> None:
        assert not anybody()
        user = make(name="Amal Haddad", language="ar", languages_read=["en", "ar", "ar"], queues=["spam"])
        assert authenticate(username="amal", password=PASSWORD) == user
        assert anybody()
        assert (user.first_name, user.last_name, user.language) == ("Amal", "Haddad", "ar")
        assert (user.languages_read, user.queues) == (["ar", "en"], ["spam"])

    def test_it_is_a_fact_without_names_in_the_open(self) -> None:
        user = make()
        (fact,) = ledger.story(f"staff:{user.pk}")
        assert (fact.kind, fact.actor) == ("user.created", "system")
        assert ledger.body_of(fact)["role"] == "moderator"
        assert "amal" not in fact.body
        assert ledger.private_of(fact) == {"username": "amal", "email": "amal@example.org"}

    def test_without_a_password_nobody_signs_in(self) -> None:
        user = make(password=None)
        assert not user.has_usable_password()
        assert authenticate(username="amal", password="") is None

    @pytest.mark.parametrize(
        "change",
        [
            {"password": "short"},
            {"password": "password123"},
            {"password": "amal@example.org"},
            {"email": "nowhere"},
            {"username": "two words"},
            {"language": "tlh"},
            {"language": ""},
            {"username": ""},
        ],
    )
    def test_what_will_not_do_is_said_and_nobody_is_made(self, change: dict[str, Any]) -> None:
        with pytest.raises(StaffError) as refused:
            make(**({"username": "amal"} | change))
        assert str(refused.value)
        assert not User.objects.exists()

    def test_a_name_is_taken_once(self) -> None:
        make()
        with pytest.raises(StaffError, match="already exists"):
            make()

    def test_an_address_signs_in_one_person_only(self) -> None:
        make()
        with pytest.raises(StaffError, match="another account"):
            make("basil", email="Amal@Example.org")
        assert [user.username for user in User.objects.all()] == ["amal"]
        make("basil", email="")
        make("carla", email="")  # without an address, as programs of an operator are made

    def test_a_role_that_does_not_exist_is_refused(self) -> None:
        with pytest.raises(ValueError, match="emperor"):
            make(role="emperor")  # type: ignore[arg-type]


class TestChanging:
    def test_a_role_is_changed_with_a_fact(self) -> None:
        user = make()
        set_role(user, Role.SENIOR_MODERATOR, by=SYSTEM, now=NOW)
        assert user.may(Permission.CASE_ASSIGN)
        fact = ledger.story(f"staff:{user.pk}")[-1]
        assert ledger.body_of(fact) == {
            "before": {"role": "moderator"},
            "after": {"role": "senior_moderator"},
        }

    def test_no_change_is_no_fact(self) -> None:
        user = make()
        set_role(user, Role.MODERATOR, by=SYSTEM, now=NOW)
        assert len(ledger.story(f"staff:{user.pk}")) == 1

    def test_nobody_raises_himself(self) -> None:
        user = make(role=Role.ADMINISTRATOR)
        make("basil", Role.ADMINISTRATOR)
        for change in (
            lambda: set_role(user, Role.CHILD_SAFETY, by=user.actor, now=NOW),
            lambda: set_active(user, active=False, by=user.actor, now=NOW),
        ):
            with pytest.raises(OwnRoleError):
                change()

    def test_one_may_say_what_one_reads(self) -> None:
        user = make()
        set_languages_and_queues(user, languages_read=["fr", "ar"], queues=[], by=user.actor, now=NOW)
        assert user.languages_read == ["ar", "fr"]

    def test_the_last_administrator_stays(self) -> None:
        one, two = make("amal", Role.ADMINISTRATOR), make("basil", Role.ADMINISTRATOR)
        set_active(two, active=False, by=one.actor, now=NOW)
        with pytest.raises(LastAdministratorError):
            set_role(one, Role.VIEWER, by=two.actor, now=NOW)
        with pytest.raises(LastAdministratorError):
            set_active(one, active=False, by=two.actor, now=NOW)
        set_active(two, active=True, by=one.actor, now=NOW)
        set_role(one, Role.VIEWER, by=two.actor, now=NOW)
        assert User.objects.get(username="amal").role == "viewer"

    def test_who_is_out_may_nothing(self) -> None:
        make("basil", Role.ADMINISTRATOR)
        user = make()
        set_active(user, active=False, by=SYSTEM, now=NOW)
        assert not any(user.may(permission) for permission in Permission)
        assert authenticate(username="amal", password=PASSWORD) is None

    def test_a_password_is_changed_with_a_fact_that_does_not_tell_it(self) -> None:
        user = make()
        with pytest.raises(StaffError):
            set_password(user, "short", by=SYSTEM, now=NOW)
        set_password(user, "another long secret 7", by=SYSTEM, now=NOW)
        assert authenticate(username="amal", password="another long secret 7") == user
        fact = ledger.story(f"staff:{user.pk}")[-1]
        assert ledger.body_of(fact) == {"password": "set"}
        assert fact.private is None


class TestAccess:
    def test_only_who_manages_the_staff_sees_it(self) -> None:
        boss, amal = make("boss", Role.ADMINISTRATOR), make()
        assert access.people(boss) == [amal, boss]
        assert access.people(amal) == []
        assert access.person(boss, amal.pk) == amal
        assert access.person(amal, amal.pk) == amal
        assert access.person(amal, boss.pk) is None
        assert access.person(boss, 999) is None

    def test_queues_are_ones_own_and_child_abuse_is_apart(self) -> None:
        anywhere, spam = make("a"), make("b", queues=["spam"])
        child, boss = make("c", Role.CHILD_SAFETY), make("d", Role.ADMINISTRATOR)
        assert access.sees_queue(anywhere, "hate")
        assert access.sees_queue(spam, "spam")
        assert not access.sees_queue(spam, "hate")
        assert access.sees_queue(child, "critical", restricted=True)
        for other in (anywhere, boss):
            assert not access.sees_queue(other, "critical", restricted=True)
        assert not access.sees_queue(make("e", Role.RESEARCHER), "spam")

    def test_colleagues_have_names(self) -> None:
        user = make(name="Amal Haddad")
        assert access.names({f"staff:{user.pk}", "staff:999", "rule:x", "staff:x", "system"}) == {
            f"staff:{user.pk}": "Amal Haddad"
        }

    def test_roles_are_found_by_what_they_permit(self) -> None:
        assert access.roles_with(Permission.CHILD_SAFETY_READ) == [Role.CHILD_SAFETY]


class TestJournal:
    @pytest.fixture
    def unlent(self) -> Iterator[None]:
        before = list(journal._recorders)
        journal._recorders.clear()
        yield
        journal._recorders[:] = before

    @pytest.mark.usefixtures("unlent")
    def test_without_a_ledger_nothing_happens(self) -> None:
        with pytest.raises(NoLedgerError, match=r"user\.created"):
            make()
        assert not User.objects.exists()
