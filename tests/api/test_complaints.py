"""People complain through their platform (DSA Art. 20)."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone
from tests.api.conftest import Caller, problem

from hakam.api.problems import ProblemKind
from hakam.compliance.access import statement_of
from hakam.intake.models import Notice
from hakam.review.models import Complaint, Decision

pytestmark = pytest.mark.django_db


def test_the_affected_person_complains_through_the_platform(platform: Caller, removed: Decision) -> None:
    statement = statement_of(f"decision:{removed.pk}")
    assert statement is not None
    said = {"statement": str(statement.pk), "text": "It was a quotation."}
    body = platform.post("/complaints", said)
    assert body.status_code == 201
    complaint = Complaint.objects.get()
    assert body.json()["id"] == str(complaint.pk)
    assert body.json()["link"].endswith(f"/c/{complaint.token}")
    problem(platform.post("/complaints", said), ProblemKind.ALREADY_COMPLAINED)
    problem(Caller(platform="other").post("/complaints", said), ProblemKind.NOT_FOUND)


def test_a_notifier_complains_through_the_platform(platform: Caller, removed: Decision) -> None:
    notice = Notice.objects.get()
    assert platform.get(f"/notices/{notice.pk}").json()["items"][0]["upheld"] is True
    said = {"notice": str(notice.pk), "text": "The account is still there."}
    assert platform.post("/complaints", said).status_code == 201
    shown = platform.get(f"/notices/{notice.pk}").json()["items"][0]
    assert (shown["complaint_state"], shown["complain_until"]) == ("open", None)


@pytest.mark.parametrize(
    ("said", "pointer"),
    [
        ({"text": "x"}, "/statement"),
        ({"statement": "1", "notice": "2", "text": "x"}, "/statement"),
        ({"statement": "1", "text": ""}, "/text"),
        ({"statement": "1", "text": "a\x00"}, "/text"),
        ({"statement": "1", "text": "x", "email": "nobody"}, "/email"),
        ({"notice": "1", "text": "x", "item": -1}, "/item"),
    ],
)
def test_an_unclear_complaint_is_refused(platform: Caller, said: dict[str, Any], pointer: str) -> None:
    assert problem(platform.post("/complaints", said), ProblemKind.INVALID)["pointer"] == pointer


def test_too_late_is_said_so(platform: Caller, removed: Decision) -> None:
    statement = statement_of(f"decision:{removed.pk}")
    assert statement is not None
    statement.complain_until = timezone.now()
    statement.save()
    body = problem(
        platform.post("/complaints", {"statement": str(statement.pk), "text": "x"}), ProblemKind.WINDOW_CLOSED
    )
    assert "possible until" in body["detail"]
