"""Misuse (DSA Art. 23) at the desk and for the person: marked, warned, suspended, heard."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from tests.console.conftest import Desk, SignIn

from hakam.intake import misuse
from hakam.intake.models import Conduct, HeldComplaint, Notice, NoticeItem, Suspension
from hakam.review.models import Decision
from hakam.staff.models import User
from hakam.staff.roles import PERMISSIONS, Permission, Role
from hakam.testing import scene

pytestmark = pytest.mark.django_db
NOTICE = {
    "harm": "hate_speech",
    "addresses": "https://maydan.example/p/1",
    "illegal": "yes",
    "explanation": "I dislike it.",
    "name": "N. N.",
    "email": "n@example.net",
    "good_faith": "on",
}


@pytest.fixture
def lead(desk: Desk, sign_in: SignIn) -> Client:
    return sign_in(Role.SENIOR_MODERATOR)


def illegal(desk: Desk, by: User) -> Decision:
    return desk.remove(desk.case(), by, illegal=True)


def mark(client: Client, ref: str, because: str = "Anybody sees it.") -> Any:
    return client.post(reverse("console:strike"), {"ref": ref, "because": because})


def act(client: Client, conduct: Conduct, do: str, **given: Any) -> Any:
    return client.post(reverse("console:act_on_conduct", args=[conduct.pk]), {"do": do} | given)


def wrong_notice(client: Client, n: int) -> Notice:
    """Send a notice through the form that was wrong in everything."""
    client.post("/report", NOTICE | {"addresses": f"https://maydan.example/p/{n}"})
    notice = Notice.objects.latest("received_at")
    NoticeItem.objects.filter(notice=notice).update(upheld=False, answered_at=notice.received_at)
    return notice


@pytest.fixture
def conduct(lead: Client, desk: Desk) -> Conduct:
    """Suspend somebody who reports what is not there."""
    stranger = Client()
    mark(lead, f"notice:{wrong_notice(stranger, 1).pk}")
    found = Conduct.objects.get()
    act(lead, found, "warn", because="Please stop.")
    mark(lead, f"notice:{wrong_notice(stranger, 2).pk}")
    answer = act(lead, found, "suspend", days="7", gravity="It costs people's time.", because="It went on.")
    assert answer.status_code == 302
    return found


def read(client: Client, conduct: Conduct) -> str:
    return client.get(reverse("console:conduct", args=[conduct.pk])).content.decode()


class TestTheDesk:
    def test_what_was_decided_lately_is_offered_and_marked(
        self, desk: Desk, lead: Client, amal: User
    ) -> None:
        decision = illegal(desk, amal)
        page = lead.get(reverse("console:misuse")).content.decode()
        assert f"decision:{decision.pk}" in page
        assert "Nobody is on record" in page
        answer = mark(lead, f"decision:{decision.pk}")
        found = Conduct.objects.get()
        assert answer.headers["Location"] == reverse("console:conduct", args=[found.pk])
        listed = lead.get(reverse("console:misuse"), {"kind": "illegal_content"}).content.decode()
        assert f'data-conduct="{found.pk}"' in listed
        assert (
            "Nobody is on record" in lead.get(reverse("console:misuse"), {"kind": "notices"}).content.decode()
        )

    @pytest.mark.parametrize(
        ("ref", "because", "said"),
        [
            ("case:1", "x", "name a decision, a notice or a complaint"),
            ("decision:999", "x", "no such decision"),
            ("decision:1", "", "why it is manifest"),
        ],
    )
    def test_what_can_not_be_marked_says_why_and_keeps_the_words(
        self, desk: Desk, lead: Client, amal: User, *, ref: str, because: str, said: str
    ) -> None:
        illegal(desk, amal)
        answer = mark(lead, ref, because)
        assert answer.status_code == 422
        page = answer.content.decode()
        assert said in page
        assert f'value="{ref}"' in page

    def test_a_moderator_marks_and_does_not_suspend(self, desk: Desk, sign_in: SignIn, amal: User) -> None:
        moderator = sign_in(Role.MODERATOR)
        assert mark(moderator, f"decision:{illegal(desk, amal).pk}").status_code == 302
        found = Conduct.objects.get()
        assert "Send the warning" not in read(moderator, found)
        assert act(moderator, found, "warn", because="x").status_code == 404

    def test_child_abuse_is_offered_to_nobody_without_permission(
        self, desk: Desk, lead: Client, sign_in: SignIn
    ) -> None:
        safe = scene.person("sam", Role.CHILD_SAFETY)
        decision = desk.remove(
            desk.case("x", clause="child-abuse", harm="csam"), safe, clause="child-abuse", illegal=True
        )
        ref = f'value="decision:{decision.pk}"'
        assert ref not in lead.get(reverse("console:misuse")).content.decode()
        assert ref in sign_in(safe).get(reverse("console:misuse")).content.decode()

    def test_an_account_is_warned_and_suspended_with_its_proportion(
        self, desk: Desk, lead: Client, amal: User
    ) -> None:
        mark(lead, f"decision:{illegal(desk, amal).pk}")
        found = Conduct.objects.get()
        assert 'data-form="suspend"' not in read(lead, found)
        act(lead, found, "warn", because="Please stop.")
        mark(lead, f"decision:{illegal(desk, amal).pk}")
        assert "Items that the account posted" in read(lead, found)
        given = {"days": "14", "gravity": "Grave.", "because": "It went on."}
        refused = act(lead, found, "suspend", **given)
        assert refused.status_code == 422
        assert "It went on." in refused.content.decode()  # nothing typed is lost
        assert act(lead, found, "suspend", **given, total="200").status_code == 302
        page = read(lead, found)
        assert "Suspended until" in page
        assert Suspension.objects.get().decision.startswith("decision:")

    @pytest.mark.parametrize("do", ["lift", "withdraw", "uphold", "dance", ""])
    def test_what_makes_no_sense_is_refused(self, desk: Desk, lead: Client, amal: User, do: str) -> None:
        mark(lead, f"decision:{illegal(desk, amal).pk}")
        answer = act(lead, Conduct.objects.get(), do, because="x", strike="99999")
        assert answer.status_code == 422
        assert "Choose what to do." in answer.content.decode()

    def test_a_mark_is_taken_back(self, desk: Desk, lead: Client, amal: User) -> None:
        mark(lead, f"decision:{illegal(desk, amal).pk}")
        found = Conduct.objects.get()
        act(lead, found, "withdraw", strike=str(found.strikes.get().pk), because="A mistake.")
        assert "None stands." in read(lead, found)
        assert "Count no more: 1" in read(lead, found)

    def test_in_arabic_it_is_arabic(self, conduct: Conduct, sign_in: SignIn) -> None:
        page = read(sign_in(Role.LEGAL, language="ar"), conduct)
        assert 'dir="rtl"' in page
        assert "الجسامة والعواقب" in page
        assert "Gravity and consequences" not in page


class TestThePerson:
    def test_their_page_says_what_why_until_when_and_how_to_object(self, conduct: Conduct) -> None:
        page = Client().get(reverse("console:misuse_told", args=[conduct.token])).content.decode()
        for said in ("It went on.", "Please stop.", "It costs people", "Why is the suspension wrong?"):
            assert said in page

    def test_their_next_report_is_kept_and_the_page_says_so(self, conduct: Conduct, desk: Desk) -> None:
        client = Client()
        answer = client.post("/report", NOTICE | {"addresses": "https://maydan.example/p/9"}, follow=True)
        notice = Notice.objects.latest("received_at")
        assert notice.held_by is not None
        page = answer.content.decode()
        assert "kept, but not processed" in page
        assert reverse("console:misuse_told", args=[conduct.token]) in page
        assert "Waits for a person" not in page

    def test_an_objection_is_taken_shown_and_decided_by_another(
        self, conduct: Conduct, lead: Client, sign_in: SignIn
    ) -> None:
        # DSA Art. 20(6)
        stranger = Client()
        stranger.post("/report", NOTICE | {"addresses": "https://maydan.example/p/9"})
        url = reverse("console:object_to_suspension", args=[conduct.token])
        empty = stranger.post(url, {"text": " "})
        assert empty.status_code == 422
        assert stranger.post(url, {"text": "They were right!"}).status_code == 302
        again = stranger.post(url, {"text": "And again"})
        assert again.status_code == 422
        page = stranger.get(reverse("console:misuse_told", args=[conduct.token])).content.decode()
        assert "They were right!" in page
        assert "Waits for a person who took no part" in page
        assert "Somebody else must decide it" in read(lead, conduct)
        assert act(lead, conduct, "uphold", because="Yes.").status_code == 422
        legal = sign_in(Role.LEGAL)
        assert "An objection waits for you" in read(legal, conduct)
        assert act(legal, conduct, "uphold", because="You were right.").status_code == 302
        assert not Notice.objects.filter(held_by__isnull=False).exists()
        page = stranger.get(reverse("console:misuse_told", args=[conduct.token])).content.decode()
        assert "The suspension was lifted." in page
        assert "You were right." in page

    def test_a_page_that_only_a_link_opens(self, conduct: Conduct) -> None:
        answer = Client().get(reverse("console:misuse_told", args=[conduct.token]))
        assert "no-store" in answer.headers["Cache-Control"]
        assert Client().get(reverse("console:misuse_told", args=["nothing"])).status_code == 404
        assert Client().post(reverse("console:object_to_suspension", args=["nothing"])).status_code == 404

    def test_a_suspended_account_finds_its_statement_of_reasons(
        self, desk: Desk, lead: Client, amal: User
    ) -> None:
        mark(lead, f"decision:{illegal(desk, amal).pk}")
        found = Conduct.objects.get()
        act(lead, found, "warn", because="Please stop.")
        mark(lead, f"decision:{illegal(desk, amal).pk}")
        act(lead, found, "suspend", days="14", gravity="Grave.", because="It went on.", total="9")
        page = Client().get(reverse("console:misuse_told", args=[found.token])).content.decode()
        assert "/s/" in page
        assert 'data-form="object"' not in page

    def test_a_complaint_of_a_suspended_complainant_leads_to_the_reasons(
        self, desk: Desk, lead: Client, amal: User
    ) -> None:
        decision = illegal(desk, amal)
        made = Conduct.objects.create(
            token="t", platform=scene.PLATFORM, kind="complaints", account="u1", warned_at=timezone.now()
        )
        Suspension.objects.create(
            conduct=made, begins=timezone.now(), ends=timezone.now() + timedelta(days=5), by="staff:1",
            because="x", factors={"strikes": 1, "total": 1, "gravity": "x", "intention": ""},
        )  # fmt: skip
        token = desk.statement(decision).token
        answer = Client().post(f"/s/{token}/complain", {"text": "No!"})
        assert answer.headers["Location"] == reverse("console:misuse_told", args=["t"])
        assert HeldComplaint.objects.get().text == "No!"


def test_no_strike_is_offered_to_who_may_not_mark(desk: Desk, sign_in: SignIn, amal: User) -> None:
    illegal(desk, amal)
    auditor = sign_in(Role.AUDITOR)
    page = auditor.get(reverse("console:misuse")).content.decode()
    assert "Mark as manifest" not in page
    assert mark(auditor, "decision:1").status_code == 404
    assert misuse.kind_of("decision:1") == "illegal_content"


def test_a_case_leads_to_the_record_of_its_account(
    desk: Desk, lead: Client, amal: User, sign_in: SignIn
) -> None:
    decision = illegal(desk, amal)
    url = reverse("console:case", args=[decision.case_id])
    page = lead.get(url).content.decode()
    assert f'href="{reverse("console:misuse")}?ref=decision:{decision.pk}"' in page
    assert "data-conduct" not in page
    mark(lead, f"decision:{decision.pk}")
    found = Conduct.objects.get()
    page = lead.get(url).content.decode()
    assert reverse("console:conduct", args=[found.pk]) in page
    assert "1</span> strike" in page
    assert "?ref=decision" not in page  # once is enough
    act(lead, found, "warn", because="Please stop.")
    assert "Warned" in lead.get(url).content.decode()
    moderator = sign_in(Role.MODERATOR).get(url).content.decode()
    assert ("data-conduct" in moderator) is (Permission.MISUSE_READ in PERMISSIONS[Role.MODERATOR])
