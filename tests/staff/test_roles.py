"""What each role permits, and the page that says so."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import RequestFactory

from hakam.staff import findings
from hakam.staff.accounts import ClosedAccounts
from hakam.staff.reference import BEGIN, END, reference
from hakam.staff.roles import PERMISSIONS, SCOPE_MEANS, Permission, Role, Scope

PAGE = Path(__file__).parent.parent.parent / "docs" / "reference" / "permissions.md"


def test_every_role_and_scope_is_defined() -> None:
    assert set(PERMISSIONS) == set(Role)
    assert set(SCOPE_MEANS) == set(Scope)
    assert all(len(p.split(":")) == 3 for p in Permission)


def test_every_permission_is_somebodys() -> None:
    assert set(Permission) == set().union(*PERMISSIONS.values())


def test_the_auditor_reads_everything_and_changes_nothing() -> None:
    asking = {Permission.LOG_QUERY, Permission.LOG_SQL}  # both only read
    assert {p.rpartition(":")[2] for p in PERMISSIONS[Role.AUDITOR] - asking} == {"read"}


@pytest.mark.parametrize("role", [Role.VIEWER, Role.RESEARCHER, Role.AUDITOR])
def test_who_only_looks_decides_nothing(role: Role) -> None:
    assert not PERMISSIONS[role] & {
        Permission.CASE_DECIDE,
        Permission.COMPLAINT_DECIDE,
        Permission.PACK_PUBLISH,
    }


def test_child_abuse_is_for_its_own_role_alone() -> None:
    assert [r for r in Role if Permission.CHILD_SAFETY_READ in PERMISSIONS[r]] == [Role.CHILD_SAFETY]


def test_researchers_see_no_person() -> None:
    assert not PERMISSIONS[Role.RESEARCHER] & {Permission.CASE_READ, Permission.PERSONAL_DATA_READ}


def test_nobody_signs_up_by_himself() -> None:
    assert ClosedAccounts().is_open_for_signup(RequestFactory().get("/")) is False


def test_the_page_is_the_table() -> None:
    page = PAGE.read_text("utf-8")
    assert page[page.index(BEGIN) : page.index(END) + len(END)] == reference()


def test_the_page_lists_every_code() -> None:
    page = PAGE.with_name("findings.md").read_text("utf-8")
    tests = Path(__file__).with_name("test_findings.py").read_text("utf-8")
    for code, meaning in findings.CODES.items():
        assert f"| `{code}` | {meaning} |" in page
        assert f'"{code}"' in tests
