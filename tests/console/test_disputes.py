"""Disputes at the desk (DSA Art. 21): noted, exported, answered for, paid."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from tests.console.conftest import Desk, SignIn

from hakam.intake.models import Dispute, DisputeBody
from hakam.review.lineage import standing
from hakam.review.models import Decision
from hakam.staff.models import User
from hakam.staff.roles import Role

pytestmark = pytest.mark.django_db
BODY = {
    "name": "Appeals Board",
    "country": "IE",
    "email": "cases@board.example",
    "certified_on": "2025-01-01",
    "certified_until": "2029-12-31",
}


@pytest.fixture
def legal(desk: Desk, sign_in: SignIn) -> Client:
    return sign_in(Role.LEGAL)


@pytest.fixture
def decision(desk: Desk, amal: User) -> Decision:
    return desk.remove(desk.case(), amal)


@pytest.fixture
def board(legal: Client) -> DisputeBody:
    assert legal.post(reverse("console:add_dispute_body"), BODY).status_code == 302
    return DisputeBody.objects.get()


def note(client: Client, board: DisputeBody, about: Decision, **more: Any) -> Any:
    given = {
        "body_id": board.pk,
        "decision": f"decision:{about.pk}",
        "reference": "AB-1",
        "received_at": "2026-01-02T10:00",
    }
    return client.post(reverse("console:open_dispute"), given | more)


@pytest.fixture
def dispute(legal: Client, board: DisputeBody, decision: Decision) -> Dispute:
    assert note(legal, board, decision).status_code == 302
    return Dispute.objects.get()


def act(client: Client, dispute: Dispute, do: str, **given: Any) -> Any:
    return client.post(reverse("console:act_on_dispute", args=[dispute.pk]), {"do": do} | given)


def read(client: Client, dispute: Dispute) -> str:
    return client.get(reverse("console:dispute", args=[dispute.pk])).content.decode()


def test_a_body_comes_first_then_its_disputes(legal: Client, decision: Decision) -> None:
    page = legal.get(reverse("console:disputes")).content.decode()
    assert "Enter the body first." in page
    assert "No dispute" in page
    legal.post(reverse("console:add_dispute_body"), BODY)
    assert note(legal, DisputeBody.objects.get(), decision).status_code == 302
    assert "AB-1" in legal.get(reverse("console:disputes")).content.decode()


@pytest.mark.parametrize(
    ("field", "value"), [("email", "x"), ("country", "US"), ("certified_until", "2040-01-01"), ("name", "")]
)
def test_a_wrong_body_keeps_what_was_typed(legal: Client, field: str, value: str) -> None:
    answer = legal.post(reverse("console:add_dispute_body"), BODY | {field: value})
    assert answer.status_code == 422
    assert "2025-01-01" in answer.content.decode()
    assert not DisputeBody.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("decision", "7"),
        ("decision", "decision:987654"),
        ("body_id", "987654"),
        ("received_at", "soon"),
        ("received_at", "2999-01-01T00:00"),
        ("received_at", "2020-01-01T00:00"),
        ("reference", ""),
    ],
)
def test_a_wrong_dispute_is_refused_on_the_form(
    legal: Client, board: DisputeBody, decision: Decision, *, field: str, value: str
) -> None:
    assert note(legal, board, decision, **{field: value}).status_code == 422
    assert not Dispute.objects.exists()


def test_the_file_is_exported(legal: Client, dispute: Dispute) -> None:
    answer = act(legal, dispute, "export")
    assert answer.headers["Content-Disposition"].endswith('.json"')
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.json()["dispute"]["reference"] == "AB-1"


def test_an_outcome_is_noted_carried_out_and_paid(
    legal: Client, dispute: Dispute, decision: Decision
) -> None:
    # DSA Art. 21(5)
    given = {"outcome": "reversed", "because": "It quotes somebody.", "fee": "250.00", "reimburse": "40.5"}
    assert act(legal, dispute, "decide", **(given | {"fee": "much"})).status_code == 422
    assert act(legal, dispute, "decide", **(given | {"outcome": ""})).status_code == 422
    assert "It quotes somebody." in act(legal, dispute, "decide", **(given | {"fee": "-1"})).content.decode()
    assert act(legal, dispute, "decide", **given).status_code == 302
    assert "Carry it out: reverse the decision" in read(legal, dispute)
    assert act(legal, dispute, "settle").status_code == 422
    assert act(legal, dispute, "reverse").status_code == 302
    assert standing(decision).outcome == "no_violation"
    assert act(legal, dispute, "pay").status_code == 302
    page = read(legal, dispute)
    assert "250.00" in page
    assert "Fee and expenses are paid" not in page


def test_what_is_not_carried_out_says_why(legal: Client, dispute: Dispute) -> None:
    act(legal, dispute, "decide", outcome="partly", because="Too much.")
    assert "Reverse it wholly" in read(legal, dispute)
    assert act(legal, dispute, "settle", because="A court decides.").status_code == 302
    assert "A court decides." in read(legal, dispute)


def test_what_was_resolved_before_is_refused(legal: Client, dispute: Dispute) -> None:
    # DSA Art. 21(2)
    assert act(legal, dispute, "refuse", because="").status_code == 422
    assert act(legal, dispute, "refuse", because="Court of Dublin, 1 March").status_code == 302
    assert "Court of Dublin, 1 March" in read(legal, dispute)


@pytest.mark.parametrize("do", ["settle", "reverse", "pay", "dance", ""])
def test_what_can_not_be_done_now_says_why(legal: Client, dispute: Dispute, do: str) -> None:
    assert act(legal, dispute, do, because="x").status_code == 422
    dispute.refresh_from_db()
    assert dispute.state == "open"


def test_who_only_reads_changes_nothing(dispute: Dispute, sign_in: SignIn) -> None:
    auditor = sign_in(Role.AUDITOR)
    assert "Export the file" not in read(auditor, dispute)
    assert act(auditor, dispute, "refuse", because="x").status_code == 404
    assert sign_in(Role.MODERATOR).get(reverse("console:disputes")).status_code == 404


def test_in_arabic_it_is_arabic(dispute: Dispute, sign_in: SignIn) -> None:
    page = read(sign_in(Role.LEGAL, language="ar"), dispute)
    assert 'dir="rtl"' in page
    assert "قررت الهيئة" in page
    assert "The body has decided" not in page
