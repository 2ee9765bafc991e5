"""Requests at the desk and from outside: entered, completed, answered; the profile that says which laws bind."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.test import Client
from tests.console.conftest import Desk, SignIn

from hakam.compliance.profile import Profile, Tier, profile_of, set_profile
from hakam.enforcement.models import AppliedMeasure
from hakam.regulator import keepers
from hakam.regulator.models import Request
from hakam.staff.models import User
from hakam.staff.roles import Role
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM

ASKED = {
    "regime": "au.removal", "reference": "N-7", "issuer": "eSafety Commissioner", "contact": "n@esafety.example",
    "notice_type": "class 1 material", "urls": "https://maydan.example/77", "language": "en",
}  # fmt: skip
WANTED = {
    "regime": "us.intimate", "urls": "https://maydan.example/77", "declares": "on", "subject": "on",
    "good_faith": "on", "signature": "Sara K.", "contact": "sara@example.org",
}  # fmt: skip


@pytest.fixture
def lena(db: None) -> User:
    return scene.person("lena", Role.LEGAL)


@pytest.fixture
def abroad(db: None) -> None:
    profile = Profile(platform=settings.HAKAM.platform, countries=("DE", "US", "GB"))
    set_profile(profile, by=SYSTEM, now=Desk().now)


def body(answer: object) -> str:
    return answer.content.decode()  # type: ignore[attr-defined, no-any-return]


def test_a_notice_is_entered_carried_out_and_answered(desk: Desk, sign_in: SignIn, lena: User) -> None:
    client = sign_in(lena)
    answer = client.post("/desk/requests/receive", {**ASKED, "owner": str(lena.pk)}, follow=True)
    made = Request.objects.get()
    assert f"/desk/requests/{made.pk}" in answer.redirect_chain[0][0]
    assert "Every element that the law wants is there." in body(answer)
    assert 'data-clock="au.removal"' in body(answer)
    url = f"/desk/requests/{made.pk}/act"
    assert client.post(url, {"do": "answer", "because": "Done."}).status_code == 422  # not yet
    assert client.post(url, {"do": "carry_out"}).status_code == 302
    assert AppliedMeasure.objects.get().measure["territory"] == ["AU"]
    assert client.post(url, {"do": "answer", "because": "Withheld in Australia."}).status_code == 302
    page = body(client.get(f"/desk/requests/{made.pk}"))
    assert "Withheld in Australia." in page
    assert str(made.pk) in body(client.get("/desk/requests?state=closed"))
    assert str(made.pk) not in body(client.get("/desk/requests"))


def test_what_is_missing_is_named_and_completed(desk: Desk, sign_in: SignIn, lena: User) -> None:
    client = sign_in(lena)
    client.post("/desk/requests/receive", {**ASKED, "notice_type": "", "urls": ""})
    made = Request.objects.get()
    page = body(client.get(f"/desk/requests/{made.pk}"))
    assert "what the notice is about" in page
    assert page.count("OSA 2021 (Cth) s.88</bdi> ") == 2
    client.post(f"/desk/requests/{made.pk}/complete", ASKED)
    made.refresh_from_db()
    assert made.state == "open"


def test_what_was_typed_is_never_lost(desk: Desk, sign_in: SignIn, lena: User) -> None:
    client = sign_in(lena)
    answer = client.post("/desk/requests/receive", {**ASKED, "contact": "ring me"})
    assert answer.status_code == 422
    assert "eSafety Commissioner" in body(answer)
    answer = client.post("/desk/requests/receive", {**ASKED, "received_at": "2999-01-01T00:00"})
    assert answer.status_code == 422
    assert "this lies ahead" in body(answer)
    assert not Request.objects.exists()


def test_who_goes_away_hands_over(desk: Desk, sign_in: SignIn, lena: User) -> None:
    omar = scene.person("omar", Role.LEGAL)
    client = sign_in(lena)
    client.post("/desk/requests/receive", {**ASKED, "owner": str(lena.pk), "deputy": str(omar.pk)})
    client.post("/desk/requests/absence", {"do": "away", "days": "3"})
    page = body(client.get("/desk/requests"))
    assert "away until" in page
    assert '<span class="pill">deputy</span>' in page
    client.post("/desk/requests/absence", {"do": "back"})
    assert keepers.absences([lena.pk], now=desk.now) == {}
    assert client.post("/desk/requests/absence", {"do": "away", "days": "x"}).status_code == 422
    made = Request.objects.get()
    answer = client.post(
        f"/desk/requests/{made.pk}/act", {"do": "assign", "owner": str(omar.pk), "deputy": str(omar.pk)}
    )
    assert answer.status_code == 422
    assert client.post(f"/desk/requests/{made.pk}/act", {"do": "dance"}).status_code == 422


def test_the_page_speaks_arabic(desk: Desk, sign_in: SignIn, lena: User) -> None:
    sign_in(lena).post("/desk/requests/receive", {**ASKED, "notice_type": ""})
    page = body(sign_in(lena, language="ar").get(f"/desk/requests/{Request.objects.get().pk}"))
    assert "موضوع الإشعار" in page
    assert 'dir="rtl"' in page


# From outside ----------------------------------------------------------------------------------------


def test_who_is_shown_asks_and_sees_how_far_it_is(
    desk: Desk, abroad: None, sign_in: SignIn, lena: User
) -> None:
    # TAKE IT DOWN Act s.3, OSA s.20A
    client = Client()
    assert "/intimate" in body(client.get("/report"))
    answer = client.post("/intimate", WANTED)
    made = Request.objects.get()
    assert answer.headers["Location"] == f"/q/{made.token}"
    assert made.state == "open"
    status = client.get(f"/q/{made.token}")
    assert "It is done by" in body(status)
    assert status.headers["Referrer-Policy"] == "same-origin"
    sign_in(lena).post(f"/desk/requests/{made.pk}/act", {"do": "carry_out"})
    assert "Taken down" in body(client.get(f"/q/{made.token}"))
    assert client.get("/q/nothing").status_code == 404


@pytest.mark.parametrize("left_out", ["urls", "declares", "subject", "good_faith", "signature", "contact"])
def test_each_element_is_asked_for(desk: Desk, abroad: None, left_out: str) -> None:
    answer = Client().post("/intimate", {k: v for k, v in WANTED.items() if k != left_out})
    assert answer.status_code == 422
    assert not Request.objects.exists()
    assert "Nothing you typed is lost." in body(answer)
    summary = body(answer).split('<div class="errors"', 1)[1].split("</div>", 1)[0]
    assert re.findall(r'<li><a href="#([^"]+)">', summary) == [f"id_{left_out}"]


def test_the_summary_of_mistakes_leads_to_each(desk: Desk, abroad: None) -> None:
    """Also to a group of buttons, none of which is the field."""
    page = body(Client().post("/intimate", {}))
    summary = page.split('<div class="errors"', 1)[1].split("</div>", 1)[0]
    links = re.findall(r'href="#([^"]+)"', summary)
    assert links[0] == "id_regime"
    assert len(links) == 7
    assert [link for link in links if f'id="{link}"' not in page] == []
    report = body(Client().post("/report", {}))
    links = re.findall(r'href="#([^"]+)"', report.split('<div class="errors"', 1)[1].split("</div>", 1)[0])
    assert "id_illegal" in links
    assert [link for link in links if f'id="{link}"' not in report] == []


def test_where_no_such_law_binds_the_form_for_everything_is_shown(desk: Desk) -> None:
    assert Client().get("/intimate").headers["Location"] == "/report"
    assert "/intimate" not in body(Client().get("/report"))


def test_a_law_that_does_not_bind_is_not_taken(desk: Desk, abroad: None) -> None:
    assert Client().post("/intimate", {**WANTED, "regime": "in.intimate"}).status_code == 422


# The profile -----------------------------------------------------------------------------------------

PROFILE = {"tier": "platform", "size": "micro", "countries": ["DE", "IN", "GB"], "users": "IN 6000000",
           "categories": "GB 2B", "languages": "en de", "established": "de"}  # fmt: skip


def test_the_profile_decides_and_explains(desk: Desk, sign_in: SignIn, lena: User) -> None:
    client = sign_in(lena)
    page = body(client.get("/desk/profile"))
    assert "The service is not offered where this law counts." in page
    assert client.post("/desk/profile/save", PROFILE).status_code == 302
    profile = profile_of(settings.HAKAM.platform)
    assert (profile.tier, profile.users, profile.categories) == (
        Tier.PLATFORM,
        {"IN": 6_000_000},
        {"GB": ("2B",)},
    )
    page = body(client.get("/desk/profile"))
    applying, _sep, others = page.partition('id="others"')
    for key in ("in.orders", "in.large", "uk.transparency", "dsa.notices"):
        assert f'data-duty="{key}"' in applying, key
    for key in ("us.intimate", "dsa.report", "uk.csea", "uk.children"):
        assert f'data-duty="{key}"' in others, key
    assert "Micro and small companies are exempt." in others
    assert "It is a duty of those who are established there." in others


@pytest.mark.parametrize("wrong", [{"users": "many"}, {"users": "IN x"}, {"categories": "2B"}, {"tier": "x"}])
def test_a_wrong_profile_is_refused(desk: Desk, sign_in: SignIn, lena: User, wrong: dict[str, str]) -> None:
    assert sign_in(lena).post("/desk/profile/save", {**PROFILE, **wrong}).status_code == 422
    assert profile_of(settings.HAKAM.platform) == Profile(platform=settings.HAKAM.platform)


def test_who_only_reads_sees_no_form(desk: Desk, sign_in: SignIn) -> None:
    page = body(sign_in(Role.AUDITOR).get("/desk/profile"))
    assert 'data-form="profile"' not in page
    assert "Online platform" in page
