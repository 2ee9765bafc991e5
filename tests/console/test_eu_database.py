"""The pages of the database: what goes, what was covered, what is mended."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone
from tests.console.conftest import Desk, SignIn

from hakam.compliance import access
from hakam.compliance.eu_database import submissions
from hakam.compliance.eu_database.payload import ItemFacts
from hakam.compliance.models import RulebookVersion, Submission
from hakam.console.terms import NOT_DUE
from hakam.staff.roles import Role
from hakam.testing import scene

pytestmark = pytest.mark.django_db


@pytest.fixture
def row(book: RulebookVersion, desk: Desk) -> Submission:
    decision = desk.remove(
        desk.case(), scene.person("amal"), facts="Write to basma@example.org, says the post."
    )
    statement = access.statement_of(f"decision:{decision.pk}")
    assert statement is not None
    return submissions.put_in(statement, ItemFacts(timezone.localdate()), now=timezone.now())


def test_the_list_counts_and_leads_to_each(row: Submission, sign_in: SignIn) -> None:
    page = sign_in(Role.LEGAL).get(reverse("console:eu_database")).content.decode()
    assert reverse("console:submission", args=[row.puid]) in page
    assert "Waiting" in page
    empty = sign_in(Role.LEGAL).get(reverse("console:eu_database"), {"state": "needs_fix"}).content.decode()
    assert "Nothing here" in empty


def test_a_preview_shows_what_leaves_and_what_does_not(row: Submission, sign_in: SignIn) -> None:
    # DSA Art. 24(5)
    page = sign_in(Role.LEGAL).get(reverse("console:submission", args=[row.puid])).content.decode()
    assert "<mark>basma@example.org</mark>" in page
    assert "Write to [e-mail], says the post." in page
    assert "Removal of content" in page


def test_who_may_not_publish_can_only_look(row: Submission, sign_in: SignIn) -> None:
    auditor = sign_in(Role.AUDITOR)
    assert "Mend and send" not in auditor.get(reverse("console:submission", args=[row.puid])).content.decode()
    assert auditor.post(reverse("console:mend_submission", args=[row.puid])).status_code == 404


def test_what_is_wrong_is_mended_and_what_stays_wrong_says_why(row: Submission, sign_in: SignIn) -> None:
    legal = sign_in(Role.LEGAL)
    url = reverse("console:mend_submission", args=[row.puid])
    for data, said in (
        ({"field": "category", "value": '"X"'}, "no code of this field"),
        ({"field": "colour", "value": '"X"'}, "no field of a statement"),
        ({"field": "category", "value": "X"}, "can&#x27;t go like this"),
    ):
        assert said in legal.post(url, data, follow=True).content.decode()
    done = legal.post(
        url,
        {"decision_facts": "It insults.", "field": "category", "value": '"STATEMENT_CATEGORY_VIOLENCE"'},
        follow=True,
    )
    assert "Mended" in done.content.decode()
    row.refresh_from_db()
    assert row.payload["category"] == "STATEMENT_CATEGORY_VIOLENCE"
    assert row.payload["decision_facts"] == "It insults."
    nobody = reverse("console:mend_submission", args=["nobody"])
    assert legal.post(nobody).status_code == 404


@pytest.mark.parametrize("because", sorted(NOT_DUE))
def test_what_is_not_due_says_why_in_arabic_too(because: str, row: Submission, sign_in: SignIn) -> None:
    Submission.objects.update(state="not_due", because=because, payload={})
    page = sign_in(Role.LEGAL, language="ar").get(reverse("console:submission", args=[row.puid]))
    assert page.status_code == 200
    assert "غير مستحق" in page.content.decode()
