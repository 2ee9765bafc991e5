"""Duties that had no test of their own: each is tried where it is done, and named by its clause."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from tests.console.conftest import Desk, SignIn
from tests.intake.test_order_contents import REMOVAL

from hakam.compliance.statement_text import render
from hakam.console.desk.flagger_forms import FlaggerForm
from hakam.console.installation import vault
from hakam.console.outside.forms import ReportForm
from hakam.intake import authorities, orders
from hakam.regulator import risks
from hakam.regulator.risks import Assessment, Judged, schemes
from hakam.review import clauses
from hakam.staff.models import User
from hakam.staff.roles import Role
from hakam.storage.packs import read_folder
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM
from hakam.wiring.ports import default_pack


def test_every_ladder_begins_mildly_and_grows_graver(desk: Desk) -> None:
    # DSA Art. 14(4)
    from hakam.policy.pack import load_pack  # noqa: PLC0415 -- only here

    pack = load_pack(read_folder(default_pack())).pack
    assert pack is not None
    for clause in pack.clauses.values():
        grave = [step[0].nature.severity for step in clauses.ladder_of(clause)]
        assert grave == sorted(grave), clause.id


def test_the_summary_of_the_rules_names_the_ways_to_object(desk: Desk) -> None:
    # DSA Art. 14(5)
    said = Client().get("/rules.json").json()
    assert {"notice", "complaint", "bodies", "court", "contact"} == set(said["redress"])
    assert said["redress"]["notice"].endswith("/report")
    for clause in said["clauses"]:
        assert set(clause["title"]) == set(clause["text"]) == {"en", "ar"}
        assert clause["measures"]


@pytest.mark.parametrize("left_out", ["harm", "addresses", "explanation", "name", "email", "good_faith"])
def test_the_form_asks_for_each_element_of_a_sound_notice(db: None, left_out: str) -> None:
    # DSA Art. 16(2)
    whole = {"harm": "threat", "addresses": "https://maydan.example/7", "illegal": "yes", "explanation": "A threat.",
             "name": "Sara", "email": "sara@example.org", "good_faith": "on"}  # fmt: skip
    assert ReportForm(whole).is_valid()
    form = ReportForm({k: v for k, v in whole.items() if k != left_out})
    assert not form.is_valid()
    assert list(form.errors) == [left_out]


@pytest.mark.parametrize("language", ["ar", "en", "fr", "de", "es", "it"])
def test_a_statement_is_whole_in_each_language(desk: Desk, amal: User, language: str) -> None:
    # DSA Art. 17(4)
    statement = desk.statement(desk.remove(desk.case("You are vermin"), amal))
    text = str(render(statement, language=language, platform_name="Maydan"))
    assert "It calls people vermin." in text
    assert not re.search(r"%\(|\{\w*\}", text)


def test_a_complaint_is_one_page_from_the_statement(desk: Desk, amal: User) -> None:
    # DSA Art. 20(3)
    token = desk.statement(desk.remove(desk.case("You are vermin"), amal)).token
    page = Client().get(f"/s/{token}").content.decode()
    assert f"/s/{token}/complain" in page
    refused = Client().post(f"/s/{token}/complain", {"text": ""})
    assert refused.status_code == 422
    assert "wrong" in refused.content.decode()


@pytest.mark.parametrize("left_out", ["name", "country", "coordinator_email", "awarded_on"])
def test_a_trusted_flagger_names_the_coordinator_and_the_award(db: None, left_out: str) -> None:
    # DSA Art. 22(2)
    whole = {"name": "Hotline", "email": "n@hotline.example", "country": "DE", "scope": ["threat"],
             "coordinator_email": "dsc@coordinator.example", "awarded_on": "2025-05-01"}  # fmt: skip
    assert FlaggerForm(whole).is_valid()
    assert left_out in FlaggerForm({k: v for k, v in whole.items() if k != left_out}).errors


def test_an_authority_that_is_not_competent_is_pointed_out(desk: Desk, sign_in: SignIn) -> None:
    # TCO Art. 12(1)(a)
    client = sign_in(Role.LEGAL)
    for n, competent in enumerate((False, True)):
        office = authorities.register(
            name=f"Office {n}", kind="court", country="DE", email="o@office.example", phone="+49 1", removal=competent,
            by=SYSTEM, now=desk.now,
        )  # fmt: skip
        order = orders.receive(
            REMOVAL, platform=scene.PLATFORM, authority_id=office.pk, vault=vault(), by=SYSTEM, now=desk.now
        )
        page = client.get(f"/desk/orders/{order.pk}").content.decode()
        assert ("not registered as competent" in page) is not competent


def test_risks_to_children_are_assessed_kind_by_kind(desk: Desk) -> None:
    # OSA s.11
    lena = scene.person("lena", Role.LEGAL)
    kinds = {kind.key: Judged("low", "Adults only.") for kind in schemes()["uk_children"].kinds}
    assert len(kinds) == 9
    draft = risks.write("p", "uk_children", Assessment(kinds=kinds), owner=lena, by=lena.actor, now=desk.now)
    assert risks.approve("p", draft.pk, by=SYSTEM, now=desk.now).version == 1
