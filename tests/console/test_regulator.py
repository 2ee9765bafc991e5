"""The regulator desk in the console: contacts made public, risks approved by a second person, checklists, the pack."""

from __future__ import annotations

import json

import pytest
from django.conf import settings
from django.test import Client
from tests.console.conftest import Desk, SignIn
from tests.regulator.test_risks import WHOLE

from hakam.compliance.profile import Profile, set_profile
from hakam.regulator import contacts, proof, risks
from hakam.regulator.models import Attestation, RiskAssessment
from hakam.staff.models import User
from hakam.staff.roles import Role
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM

REACHED = {
    "authorities_email": "authorities@maydan.example", "authorities_languages": "EN de",
    "people_email": "help@maydan.example", "people_hours": "9 to 17", "representative_name": "Rep GmbH",
    "representative_address": "Am Platz 1", "representative_email": "rep@rep.example",
    "representative_phone": "+49 30 1", "representative_state": "de",
}  # fmt: skip


@pytest.fixture
def lena(db: None) -> User:
    return scene.person("lena", Role.LEGAL)


@pytest.fixture
def omar(db: None) -> User:
    return scene.person("omar", Role.LEGAL)


def body(answer: object) -> str:
    return answer.content.decode()  # type: ignore[attr-defined, no-any-return]


def typed(**more: str) -> dict[str, str]:
    said = {"consulted": "Guidance", "trigger": "The year"}
    for key, one in WHOLE.kinds.items():
        said |= {f"level-{key}": one.level, f"reasons-{key}": one.reasons, f"measures-{key}": one.measures}
    return said | more


def test_contacts_are_public_at_once_in_both_languages(desk: Desk, sign_in: SignIn, lena: User) -> None:
    # DSA Art. 11(1), Art. 12(1), Art. 13(1)
    client = sign_in(lena)
    assert "the legal representative" in body(client.get("/desk/contacts"))
    assert "Not entered yet." in body(Client().get("/contact"))
    assert client.post("/desk/contacts/save", REACHED).status_code == 302
    assert "Everything that the duties of the profile want is public." in body(client.get("/desk/contacts"))
    page = body(Client().get("/contact"))
    for text in ("authorities@maydan.example", "English", "German", "Rep GmbH", "9 to 17"):
        assert text in page
    arabic = Client()
    arabic.cookies["django_language"] = "ar"
    assert "نقطة اتصال إلكترونية" in body(arabic.get("/contact"))
    assert json.loads(Client().get("/contact.json").content)["authorities_languages"] == ["en", "de"]
    assert 'href="/contact"' in body(Client().get("/"))


def test_what_one_needs_to_reach_the_platform_is_easy_to_find_and_as_it_is_now(
    desk: Desk, sign_in: SignIn, lena: User
) -> None:
    # DSA Art. 11(2), DSA Art. 12(2), DSA Art. 13(4), TCO Art. 17(4): without an account, a click from every public page
    client = sign_in(lena)
    client.post("/desk/contacts/save", REACHED)
    for path in ("/", "/report", "/rules", "/transparency"):
        assert 'href="/contact"' in body(Client().get(path)), path
    moved = REACHED | {"authorities_email": "new@maydan.example", "representative_phone": "+49 30 99"}
    client.post("/desk/contacts/save", moved)
    page = body(Client().get("/contact"))
    for text in ("new@maydan.example", "Rep GmbH", "+49 30 99"):
        assert text in page
    assert "authorities@maydan.example" not in page


@pytest.mark.parametrize("wrong", [{"people_email": "ring"}, {"representative_state": "US"}])
def test_wrong_contacts_are_refused_and_kept_in_the_form(
    desk: Desk, sign_in: SignIn, lena: User, wrong: dict[str, str]
) -> None:
    answer = sign_in(lena).post("/desk/contacts/save", REACHED | wrong)
    assert answer.status_code == 422
    assert "Rep GmbH" in body(answer)
    assert contacts.contacts_of(settings.HAKAM.platform) == contacts.Contacts()


def test_an_assessment_is_written_by_one_and_approved_by_another(
    desk: Desk, sign_in: SignIn, lena: User, omar: User
) -> None:
    # OSA s.9, OSA s.23
    client = sign_in(lena)
    page = body(client.get("/desk/risks/draft/uk"))
    assert page.count('class="panel" data-kind=') == 19
    assert "notices in twelve months" in page
    assert client.post("/desk/risks/draft/uk/save", typed(owner=str(lena.pk))).status_code == 302
    assert "You wrote it: somebody else must approve it." in body(client.get("/desk/risks/draft/uk"))
    refused = client.post("/desk/risks/draft/uk/save", {"do": "approve"})
    assert refused.status_code == 422
    assert "somebody else must approve what you wrote" in body(refused)
    answer = sign_in(omar).post("/desk/risks/draft/uk/save", {"do": "approve"})
    row = RiskAssessment.objects.get()
    assert answer.headers["Location"] == f"/desk/risks/{row.pk}"
    shown = body(client.get(f"/desk/risks/{row.pk}"))
    for text in ("Open comments.", "Evidence, as it was then", "lena", "omar", "The year"):
        assert text in shown.lower() or text in shown
    assert f"/desk/risks/{row.pk}" in body(client.get("/desk/risks"))


def test_what_is_half_done_is_saved_and_not_approved(
    desk: Desk, sign_in: SignIn, lena: User, omar: User
) -> None:
    client = sign_in(lena)
    client.post("/desk/risks/draft/uk/save", {"level-hate": "high", "reasons-hate": "Open."})
    assert "kinds still lack a level or reasons." in body(sign_in(omar).get("/desk/risks/draft/uk"))
    answer = sign_in(omar).post("/desk/risks/draft/uk/save", {"do": "approve"})
    assert answer.status_code == 422
    assert risks.newest(settings.HAKAM.platform, "uk") is None
    wrong = client.post("/desk/risks/draft/uk/save", typed(**{"level-hate": "enormous"}))
    assert wrong.status_code == 422
    assert "Few users, no private groups." in body(wrong)  # nothing that was typed is lost
    assert client.get("/desk/risks/draft/moon").status_code == 404


def test_a_draft_is_no_version(desk: Desk, sign_in: SignIn, lena: User) -> None:
    sign_in(lena).post("/desk/risks/draft/uk/save", typed())
    assert sign_in(lena).get(f"/desk/risks/{RiskAssessment.objects.get().pk}").status_code == 404


def test_a_checklist_is_filled_and_attested(desk: Desk, sign_in: SignIn, lena: User) -> None:
    client = sign_in(lena)
    page = body(client.get("/desk/checklists/dsa"))
    assert 'data-line="11" data-state="open"' in page
    assert 'data-line="25" data-state="operator"' in page
    until = desk.now.date().replace(year=desk.now.year + 1, day=1).isoformat()
    answer = client.post("/desk/checklists/dsa/attest", {"line": "25", "text": "Reviewed.", "until": until})
    assert answer.status_code == 302
    assert 'data-line="25" data-state="attested"' in body(client.get("/desk/checklists/dsa"))
    for wrong in ({"line": "25", "text": "", "until": until}, {"line": "25", "text": "x", "until": "soon"},
                  {"line": "zz", "text": "x", "until": until}):  # fmt: skip
        assert client.post("/desk/checklists/dsa/attest", wrong).status_code == 422
    assert Attestation.objects.count() == 1
    assert client.get("/desk/checklists/none").status_code == 404


def test_lists_of_other_countries_come_with_the_profile(desk: Desk, sign_in: SignIn, lena: User) -> None:
    client = sign_in(lena)
    assert "/desk/checklists/ofcom" not in body(client.get("/desk/checklists/dsa"))
    set_profile(Profile(platform=settings.HAKAM.platform, countries=("GB",)), by=SYSTEM, now=desk.now)
    assert "/desk/checklists/ofcom" in body(client.get("/desk/checklists/dsa"))


def test_the_pack_is_ours_by_the_public_key(desk: Desk, sign_in: SignIn, lena: User) -> None:
    answer = sign_in(lena).post("/desk/evidence-pack")
    assert answer.headers["Content-Type"] == "application/zip"
    assert answer.headers["Cache-Control"] == "no-store"
    key = Client().get("/contact/evidence-key.pem").content
    assert proof.check(answer.content, public_key=key) == []


def test_who_only_reads_exports_nothing(desk: Desk, sign_in: SignIn) -> None:
    page = body(sign_in(Role.AUDITOR).get("/desk/checklists/dsa"))
    assert 'data-form="pack"' not in page
    assert "Attest" not in page
