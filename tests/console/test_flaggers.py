"""The register of trusted flaggers at the desk, and the form that a flagger signs in for (DSA Art. 22)."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from tests.console.conftest import Desk, SignIn

from hakam.compliance.access import facts_after
from hakam.compliance.facts import FactKind
from hakam.console.installation import installation
from hakam.enforcement.models import Effect
from hakam.intake import flaggers
from hakam.intake.models import Flagger, Notice, NoticeItem
from hakam.review.models import Case
from hakam.staff import keys
from hakam.staff.models import User
from hakam.staff.roles import Role
from hakam.testing import scene

pytestmark = pytest.mark.django_db
ENTRY = {
    "name": "Hotline e. V.",
    "email": "notices@hotline.example",
    "country": "DE",
    "coordinator_email": "dsc@coordinator.example",
    "reference": "BNetzA 4/2025",
    "awarded_on": "2025-05-01",
    "scope": ["hate_speech", "threat"],
}
NOTICE = {
    "harm": "hate_speech",
    "addresses": "https://maydan.example/p/1\nhttps://maydan.example/p/2",
    "explanation": "It calls people vermin.",
    "good_faith": "on",
}


@pytest.fixture
def legal(desk: Desk, sign_in: SignIn) -> Client:
    return sign_in(Role.LEGAL)


@pytest.fixture
def hotline(legal: Client) -> Flagger:
    legal.post(reverse("console:add_flagger"), ENTRY)
    return Flagger.objects.get()


@pytest.fixture
def nora(hotline: Flagger, amal: User, desk: Desk) -> User:
    made = scene.person("nora", Role.TRUSTED_FLAGGER)
    flaggers.admit(hotline.pk, made, by=amal.actor, now=desk.now)
    return made


def act(client: Client, flagger: Flagger, do: str, **given: Any) -> Any:
    return client.post(reverse("console:change_flagger", args=[flagger.pk]), {"do": do} | given)


def text(client: Client, flagger: Flagger) -> str:
    return client.get(reverse("console:flagger", args=[flagger.pk])).content.decode()


class TestTheRegister:
    def test_an_entry_is_made_listed_and_opened(self, legal: Client) -> None:
        assert "No trusted flagger is registered" in legal.get(reverse("console:flaggers")).content.decode()
        answer = legal.post(reverse("console:add_flagger"), ENTRY)
        made = Flagger.objects.get()
        assert answer.headers["Location"] == reverse("console:flagger", args=[made.pk])
        assert (made.scope, made.platform) == (["hate_speech", "threat"], installation().platform)
        assert "Hotline e. V." in legal.get(reverse("console:flaggers")).content.decode()
        assert "BNetzA 4/2025" in text(legal, made)

    @pytest.mark.parametrize(
        ("field", "value", "said"),
        [
            ("email", "x", "valid email"),
            ("name", "", "required"),
            ("country", "US", "Select a valid choice"),
            ("scope", [], "required"),
            ("awarded_on", "2999-01-01", "not awarded yet"),
        ],
    )
    def test_a_wrong_entry_says_what_is_wrong_and_keeps_the_rest(
        self, legal: Client, field: str, value: Any, said: str
    ) -> None:
        answer = legal.post(reverse("console:add_flagger"), ENTRY | {field: value})
        page = answer.content.decode()
        assert answer.status_code == 422
        assert said in page
        assert "BNetzA 4/2025" in page
        assert not Flagger.objects.exists()

    def test_the_same_entity_twice_is_refused_on_the_form(self, legal: Client, hotline: Flagger) -> None:
        answer = legal.post(reverse("console:add_flagger"), ENTRY)
        assert answer.status_code == 422
        assert "there is such a flagger" in answer.content.decode()

    def test_in_arabic_the_page_is_arabic(self, hotline: Flagger, sign_in: SignIn) -> None:
        page = text(sign_in(Role.LEGAL, language="ar"), hotline)
        assert 'dir="rtl"' in page
        assert "المُبلِّغون الموثوقون" in page
        assert "Quality of its notices" not in page

    def test_who_only_reads_sees_no_form(self, hotline: Flagger, sign_in: SignIn) -> None:
        auditor = sign_in(Role.AUDITOR)
        page = text(auditor, hotline)
        assert "Hotline e. V." in page
        assert "End the status" not in page
        assert act(auditor, hotline, "revoke", because="x").status_code == 404


class TestWhatTheCoordinatorDecides:
    def test_a_status_is_suspended_restored_and_ended(self, legal: Client, hotline: Flagger) -> None:
        for do, state in (("suspend", "suspended"), ("restore", "active"), ("revoke", "revoked")):
            assert act(legal, hotline, do, because="Decision of 1 March").status_code == 302
            hotline.refresh_from_db()
            assert hotline.state == state
        assert "End the status" not in text(legal, hotline)

    @pytest.mark.parametrize(
        ("do", "given", "said"),
        [
            ("suspend", {"because": ""}, "say what the Coordinator decided"),
            ("restore", {"because": "x"}, "its status is in force"),
            ("dance", {}, "Choose what to do."),
            ("scope", {"scope": []}, "at least one harm"),
            ("admit", {"username": "nobody"}, "no such account"),
            ("report", {"because": "x"}, "no notice of this flagger"),
        ],
    )
    def test_what_can_not_be_done_is_refused_in_words(
        self, legal: Client, hotline: Flagger, do: str, given: dict[str, Any], said: str
    ) -> None:
        answer = act(legal, hotline, do, **given)
        assert answer.status_code == 422
        assert said in answer.content.decode()
        hotline.refresh_from_db()
        assert hotline.state == "active"

    def test_its_area_is_changed(self, legal: Client, hotline: Flagger) -> None:
        act(legal, hotline, "scope", scope=["csam", "grooming"])
        hotline.refresh_from_db()
        assert hotline.scope == ["csam", "grooming"]

    def test_its_insufficient_notices_are_told_to_the_coordinator(
        self, legal: Client, hotline: Flagger, sign_in: SignIn, nora: User
    ) -> None:
        sign_in(nora).post(reverse("console:send_flag"), NOTICE)
        NoticeItem.objects.update(upheld=False, answered_at=Notice.objects.get().received_at)
        assert "Items decided otherwise this year: 2." in text(legal, hotline)
        assert act(legal, hotline, "report", because="Nothing is quoted.", language="en").status_code == 302
        assert Effect.objects.get(kind="flagger.report").payload["to"] == "dsc@coordinator.example"
        assert len(list(facts_after(0, kinds=frozenset({FactKind.FLAGGER_REPORTED})))) == 1


class TestTheChannel:
    def test_a_key_is_shown_once(self, legal: Client, hotline: Flagger, desk: Desk) -> None:
        answer = act(legal, hotline, "key")
        page = answer.content.decode()
        key = page.split("data-issued-key>")[1].split("<")[0]
        assert keys.find(key) is not None
        assert answer.headers["Cache-Control"] == "no-store"
        assert key not in text(legal, hotline)

    def test_an_account_is_let_in_by_whoever_manages_people(
        self, hotline: Flagger, sign_in: SignIn, desk: Desk
    ) -> None:
        scene.person("nora", Role.TRUSTED_FLAGGER)
        admin = sign_in(Role.ADMINISTRATOR)
        assert 'value="nora"' in text(admin, hotline)
        assert act(admin, hotline, "admit", username="nora").status_code == 302
        assert [one.username for one in hotline.members.all()] == ["nora"]

    def test_who_is_signed_in_for_an_entity_flags_and_goes_first(
        self, nora: User, sign_in: SignIn, desk: Desk
    ) -> None:
        # DSA Art. 22(1)
        desk.case("older")
        client = sign_in(nora)
        assert "Hotline e. V." in client.get(reverse("console:flag")).content.decode()
        answer = client.post(reverse("console:send_flag"), NOTICE)
        notice = Notice.objects.get()
        assert answer.headers["Location"] == reverse("console:notice", args=[notice.token])
        assert (notice.trusted, notice.items.count()) == (True, 2)
        lanes = [case.priority_parts["lane"] for case in Case.objects.order_by("-priority")]
        assert lanes == [2000, 2000, 0]
        assert (
            reverse("console:notice", args=[notice.token])
            in client.get(reverse("console:flag")).content.decode()
        )

    def test_outside_the_area_it_is_taken_and_said(self, nora: User, sign_in: SignIn) -> None:
        client = sign_in(nora)
        client.post(reverse("console:send_flag"), NOTICE | {"harm": "fraud"})
        assert Notice.objects.get().trusted is False
        assert "as any other notice" in client.get(reverse("console:flag")).content.decode()

    @pytest.mark.parametrize(
        ("field", "value"),
        [("addresses", "nonsense"), ("explanation", ""), ("harm", ""), ("good_faith", ""), ("addresses", "")],
    )
    def test_what_is_missing_is_said_and_nothing_typed_is_lost(
        self, nora: User, sign_in: SignIn, field: str, value: str
    ) -> None:
        answer = sign_in(nora).post(reverse("console:send_flag"), NOTICE | {field: value})
        page = answer.content.decode()
        assert answer.status_code == 422
        assert "Nothing you typed is lost" in page
        kept = "It calls people vermin." if field != "explanation" else "https://maydan.example/p/2"
        assert kept in page
        assert not Notice.objects.exists()

    def test_an_account_without_an_entity_is_told_so(self, desk: Desk, sign_in: SignIn) -> None:
        client = sign_in(Role.TRUSTED_FLAGGER)
        assert "flags for nobody yet" in client.get(reverse("console:flag")).content.decode()
        assert client.post(reverse("console:send_flag"), NOTICE).status_code == 422
        assert not Notice.objects.exists()

    def test_a_flagger_sees_nothing_of_the_house(self, nora: User, sign_in: SignIn, desk: Desk) -> None:
        case = desk.case("secret words")
        client = sign_in(nora)
        for path in (
            f"/desk/cases/{case.pk}/",
            "/desk/search",
            "/desk/ledger",
            "/desk/flaggers",
            "/desk/keys",
        ):
            assert client.get(path).status_code == 404
        assert "secret words" not in client.get("/desk/flag").content.decode()
