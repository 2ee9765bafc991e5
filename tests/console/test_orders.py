"""Orders of authorities at the desk: taken as they are, checked by element, carried out, answered."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from tests.console.conftest import Desk, SignIn
from tests.intake.test_order_contents import REMOVAL as WHOLE
from tests.intake.test_orders import KEY, PEM

from hakam.console.annex_fields import ANNEX_FIELDS
from hakam.console.installation import vault
from hakam.enforcement.models import AppliedMeasure, Effect
from hakam.intake import authorities, orders
from hakam.intake.models import Authority, Order
from hakam.intake.order_contents import missing
from hakam.staff.models import User
from hakam.staff.roles import Role
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM

pytestmark = pytest.mark.django_db
OFFICE = {
    "name": "Office for Internet Crime",
    "kind": "law_enforcement",
    "country": "DE",
    "email": "orders@office.example",
    "phone": "+49 611 1",
    "public_key": PEM,
    "language": "en",
    "removal": "on",
}
ACT = {
    "kind": "act",
    "harm": "hate_speech",
    "reference": "4 O 12/26",
    "legal_basis": "Section 130 StGB",
    "provisions": "Section 130(1) no. 2",
    "reasons": "It calls a minority vermin.",
    "urls": "https://maydan.example/p/1\nhttps://maydan.example/p/2",
    "territory": ["DE", "AT"],
    "redress": "Appeal within a month.",
    "language": "de",
}
REMOVAL = {
    "kind": "removal",
    "harm": "terrorism_incitement",
    "reference": "BKA-1",
    "legal_basis": "Art. 3(1)",
    "reasons": "It calls for attacks.",
    "urls": "https://maydan.example/p/1",
    "issued_at": "2026-03-01T08:00",
    "content_types": ["incitement", "threat"],
    "home_state": "IE",
    "representative": "M. M., head of unit",
    "contact": "+49 611 1",
    "redress_body": "Administrative Court, one month",
    "signature": "on",
    "language": "en",
}
INFORM = {
    "kind": "inform",
    "harm": "threat",
    "reference": "4 Js 9/26",
    "legal_basis": "Section 100j StPO",
    "reasons": "A threat must be traced.",
    "accounts": "u1",
    "information": ["contact"],
    "redress": "Appeal within two weeks.",
    "language": "de",
}


@pytest.fixture
def lena(db: None) -> User:
    return scene.person("lena", Role.LEGAL)


@pytest.fixture
def omar(db: None) -> User:
    return scene.person("omar", Role.LEGAL)


@pytest.fixture
def legal(desk: Desk, sign_in: SignIn, lena: User) -> Client:
    return sign_in(lena)


@pytest.fixture
def second(desk: Desk, sign_in: SignIn, omar: User) -> Client:
    return sign_in(omar)


@pytest.fixture
def office(legal: Client, second: Client) -> Authority:
    legal.post(reverse("console:add_authority"), OFFICE)
    made = Authority.objects.get()
    second.post(reverse("console:confirm_authority", args=[made.pk]))
    return made


def take(client: Client, office: Authority, given: dict[str, Any], **more: Any) -> Order:
    answer = client.post(reverse("console:receive_order"), {"authority": office.pk} | given | more)
    assert answer.status_code == 302, answer.content.decode()
    return Order.objects.latest("received_at")


def act(client: Client, order: Order, do: str, because: str = "") -> Any:
    return client.post(reverse("console:act_on_order", args=[order.pk]), {"do": do, "because": because})


def read(client: Client, order: Order) -> str:
    return client.get(reverse("console:order", args=[order.pk])).content.decode()


class TestTheRegister:
    def test_one_enters_another_confirms(self, legal: Client, second: Client) -> None:
        assert "No authority is registered" in legal.get(reverse("console:authorities")).content.decode()
        legal.post(reverse("console:add_authority"), OFFICE)
        made = Authority.objects.get()
        own = legal.post(reverse("console:confirm_authority", args=[made.pk]))
        assert own.status_code == 422
        assert "somebody else must confirm" in own.content.decode()
        assert second.post(reverse("console:confirm_authority", args=[made.pk])).status_code == 302
        assert "confirmed" in legal.get(reverse("console:authorities")).content.decode()

    @pytest.mark.parametrize(
        ("field", "value"), [("email", "x"), ("public_key", "garbage"), ("country", "US"), ("name", "")]
    )
    def test_a_wrong_entry_keeps_what_was_typed(self, legal: Client, field: str, value: str) -> None:
        answer = legal.post(reverse("console:add_authority"), OFFICE | {field: value})
        assert answer.status_code == 422
        assert "+49 611 1" in answer.content.decode()
        assert not Authority.objects.exists()

    def test_the_same_twice_is_refused(self, legal: Client, office: Authority) -> None:
        assert legal.post(reverse("console:add_authority"), OFFICE).status_code == 422


class TestTaking:
    def test_without_an_authority_the_page_says_what_comes_first(self, legal: Client) -> None:
        assert "Register the authority first." in legal.get(reverse("console:orders")).content.decode()

    def test_a_signed_document_is_kept_and_verified_by_key(self, legal: Client, office: Authority) -> None:
        document = SimpleUploadedFile("order.pdf", b"%PDF order")
        signature = SimpleUploadedFile("order.sig", KEY.sign(b"%PDF order"))
        order = take(legal, office, ACT, document=document, signed=signature)
        assert (order.verified_how, vault().get(order.document)) == ("key", b"%PDF order")
        page = read(legal, order)
        assert "by its key" in page
        assert "Every element that the law wants is there." in page

    def test_what_is_missing_is_named_element_by_element(self, legal: Client, office: Authority) -> None:
        # DSA Art. 9(2)
        order = take(legal, office, ACT | {"provisions": "", "redress": ""})
        page = read(legal, order)
        assert "DSA Art. 9(2)(a)(ii)" in page
        assert "the specific provisions of law" in page
        assert "9(2)(a)(iv)" not in page

    @pytest.mark.parametrize(
        ("field", "value"),
        [("harm", ""), ("kind", "wish"), ("authority", "987654"), ("silent_days", "400"), ("received_at", "soon"),
         ("received_at", "2999-01-01T00:00"), ("silent_days", "10")],
    )  # fmt: skip
    def test_what_was_mistyped_is_said_and_nothing_is_lost(
        self, legal: Client, office: Authority, field: str, value: str
    ) -> None:
        answer = legal.post(reverse("console:receive_order"), {"authority": office.pk} | ACT | {field: value})
        assert answer.status_code == 422
        assert "It calls a minority vermin." in answer.content.decode()
        assert not Order.objects.exists()

    def test_the_list_shows_what_is_due_first(self, legal: Client, office: Authority) -> None:
        take(legal, office, ACT)
        urgent = take(legal, office, REMOVAL)
        page = legal.get(reverse("console:orders")).content.decode()
        assert page.index("Remove terrorist content</a>") < page.index("Act against content</a>")
        assert f'data-order="{urgent.pk}"' in page
        assert "No order" in legal.get(reverse("console:orders"), {"state": "closed"}).content.decode()


class TestCarryingOut:
    def test_an_order_to_act_from_arrival_to_answer(self, legal: Client, office: Authority) -> None:
        # DSA Art. 9(1)
        order = take(legal, office, ACT)
        assert act(legal, order, "carry_out").status_code == 422  # not verified
        assert act(legal, order, "verify", "Ms M.").status_code == 302
        assert act(legal, order, "carry_out").status_code == 302
        measures = [one.measure for one in AppliedMeasure.objects.all()]
        assert measures == [{"kind": "withhold", "territory": ["AT", "DE"]}] * 2
        assert "Answer the authority" in read(legal, order)
        assert act(legal, order, "answer", "Both posts.").status_code == 302
        sent = Effect.objects.get(kind="order.answer")
        assert "Both posts." in str(sent.payload)
        assert "No order" in legal.get(reverse("console:orders")).content.decode()

    def test_a_removal_order_with_its_hour_and_its_annexes(self, legal: Client, office: Authority) -> None:
        # TCO Art. 3(3), 3(6)
        order = take(legal, office, REMOVAL, received_at=timezone.localtime().strftime("%Y-%m-%dT%H:%M"))
        page = read(legal, order)
        assert 'data-clock="tco.removal"' in page
        assert "Remove in all Member States" in page
        assert "made no contact twelve hours before" in page
        act(legal, order, "carry_out", "The hour would be over.")
        assert "Answer: Annex II" in read(legal, order)
        act(legal, order, "answer")
        assert "Annex II" in Effect.objects.get(kind="order.answer").payload["subject"]
        act(legal, order, "scrutiny", "It is journalism.")
        order.refresh_from_db()
        assert order.scrutiny_asked_at is not None
        act(legal, order, "annul", "The home authority, today")
        assert "Without effect" in read(legal, order)

    def test_returned_and_clarified_it_can_be_carried_out(self, legal: Client, office: Authority) -> None:
        # TCO Art. 3(8)
        order = take(legal, office, REMOVAL | {"urls": ""})
        assert act(legal, order, "return", "Which post?").status_code == 302
        assert "stands still" in read(legal, order)
        url = reverse("console:clarify_order", args=[order.pk])
        wrong = legal.post(url, {"authority": office.pk} | REMOVAL | {"kind": "act"})
        assert wrong.status_code == 422
        assert legal.post(url, {"authority": office.pk} | REMOVAL | {"harm": ""}).status_code == 422
        assert legal.post(url, {"authority": office.pk} | REMOVAL).status_code == 302
        order.refresh_from_db()
        assert (order.state, order.contents["urls"]) == ("open", ["https://maydan.example/p/1"])

    @pytest.mark.parametrize(
        "do", ["answer", "prepare", "release", "take", "scrutiny", "return", "dance", ""]
    )
    def test_what_can_not_be_done_now_says_why(self, legal: Client, office: Authority, do: str) -> None:
        order = take(legal, office, ACT)
        assert act(legal, order, do).status_code == 422
        order.refresh_from_db()
        assert order.state == "open"

    def test_in_arabic_it_is_arabic(
        self, legal: Client, office: Authority, sign_in: SignIn, omar: User
    ) -> None:
        order = take(legal, office, ACT | {"provisions": ""})
        page = read(sign_in(omar, language="ar"), order)
        assert 'dir="rtl"' in page
        assert "النصوص القانونية المحددة" in page
        assert "Is it complete?" not in page

    def test_who_only_reads_carries_nothing_out(
        self, legal: Client, office: Authority, sign_in: SignIn
    ) -> None:
        order = take(legal, office, ACT)
        auditor = sign_in(Role.AUDITOR)
        assert "Carry it out" not in read(auditor, order)
        assert act(auditor, order, "carry_out", "x").status_code == 404
        assert sign_in(Role.MODERATOR).get(reverse("console:orders")).status_code == 404


def test_information_is_released_by_a_second_person(
    legal: Client, second: Client, office: Authority, desk: Desk
) -> None:
    # DSA Art. 10
    desk.case("I will find you", author="u1", email="u1@example.net")
    order = take(legal, office, INFORM)
    Order.objects.update(platform=scene.PLATFORM)  # where the case of this desk is
    act(legal, order, "verify", "Ms M.")
    assert act(legal, order, "prepare").status_code == 302
    assert "A second person must release it." in read(legal, order)
    assert act(legal, order, "release").status_code == 422
    assert "Release it, as the second person" in read(second, order)
    assert act(second, order, "release").status_code == 302
    answer = act(legal, order, "take")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.json()["accounts"] == {"u1": {"contact": {"email": ["u1@example.net"], "language": "en"}}}
    assert "no-store" in answer.headers["Cache-Control"]


PRODUCTION = INFORM | {
    "kind": "production", "provisions": "Section 241 StGB", "representative": "Prosecutor K.", "signature": "on",
    "notified": "on", "received_at": "",
}  # fmt: skip


def test_data_are_produced_by_two_people_when_the_enforcing_authority_does_not_refuse(
    legal: Client, second: Client, office: Authority, desk: Desk
) -> None:
    # e-Evidence Art. 10(2), e-Evidence Art. 13
    desk.case("I will find you", author="u1", email="u1@example.net")
    order = take(legal, office, PRODUCTION)
    Order.objects.update(platform=scene.PLATFORM)  # where the case of this desk is
    page = read(legal, order)
    assert 'data-clock="evidence.production"' in page
    assert "Every element that the law wants is there." in page
    assert "<dt>Where it applies</dt>" not in page
    assert "by the issuing authority, never by us" in page
    act(legal, order, "verify", "Ms M.")
    assert act(legal, order, "prepare").status_code == 302
    refused = act(second, order, "release")
    assert refused.status_code == 422
    assert "may refuse until" in refused.content.decode()
    assert act(legal, order, "clear", "The court of Berlin, today").status_code == 302
    assert "may refuse until" not in read(legal, order)
    assert act(second, order, "release").status_code == 302
    assert act(legal, order, "answer").status_code == 422  # nothing was handed over yet
    assert act(legal, order, "take").json()["accounts"]["u1"]["contact"]["email"] == ["u1@example.net"]
    assert act(legal, order, "answer").status_code == 302
    assert "Answered" in read(legal, order)


def test_what_a_production_order_lacks_is_marked_for_counsel_in_both_languages(
    legal: Client, office: Authority, sign_in: SignIn
) -> None:
    order = take(legal, office, PRODUCTION | {"provisions": "", "emergency": "on"})
    page = read(legal, order)
    assert 'data-clock="evidence.production.emergency"' in page
    missing = page[page.index("data-missing") :].partition("</section>")[0]
    assert missing.count("ask counsel") == 2  # the provisions, and why it is an emergency
    arabic = read(sign_in(Role.LEGAL, language="ar"), order)
    assert "نصوص القانون الجزائي" in arabic
    assert "Nothing is produced" not in arabic
    assert act(legal, order, "annul", "Withdrawn by the prosecutor").status_code == 302
    assert "Without effect" in read(legal, order)


def test_a_removal_order_that_is_final_is_counted(legal: Client, office: Authority) -> None:
    # TCO Art. 5(4)
    order = take(legal, office, REMOVAL)
    assert 'data-form="final"' not in read(legal, order)
    act(legal, order, "carry_out", "The hour would be over.")
    assert 'data-form="final"' in read(legal, order)
    assert act(legal, order, "final", "The month is over").status_code == 302
    assert 'data-form="final"' not in read(legal, order)
    assert 'data-final="1"' in legal.get(reverse("console:orders")).content.decode()


def test_what_is_clarified_has_no_field_that_nobody_typed(legal: Client, office: Authority) -> None:
    order = take(legal, office, REMOVAL | {"urls": ""})
    page = read(legal, order)
    form = page[page.index('data-form="clarify"') :]
    assert re.search(r'<textarea[^>]*name="accounts"[^>]*>\s*</textarea>', form)
    inform = take(legal, office, INFORM | {"accounts": "u1\nu2"})
    form = read(legal, inform)
    found = re.search(r'<textarea[^>]*name="accounts"[^>]*>\s*([^<]*)</textarea>', form)
    assert found is not None
    assert found[1].split() == ["u1", "u2"]
    assert re.search(r'value="contact"[^>]*checked', form)


# The form of Annex I ----------------------------------------------------------------------------------


def annex(name: str) -> Any:
    """Return a form as somebody uploads it."""
    path = Path(__file__).parent.parent / "intake" / "fixtures" / f"annex {name}.txt"
    text = path.read_text("utf-8").partition("=====\n")[0]
    return SimpleUploadedFile("order.txt", text.encode(), content_type="text/plain")


def fields_of(page: str) -> dict[str, str]:
    """Return what stands in the fields of the form of an order, as a browser would send it."""
    form = page[page.index('data-form="order"') :]
    found = dict(re.findall(r'<input[^>]*name="(\w+)"[^>]*value="([^"]*)"', form))
    found |= {n: unescape(t).strip() for n, t in re.findall(r'<textarea[^>]*name="(\w+)"[^>]*>([^<]*)', form)}
    for name, options in re.findall(r'<select[^>]*name="(\w+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        found |= {name: chosen[1]} if chosen else {}
    return {name: unescape(value) for name, value in found.items()}


@pytest.mark.parametrize(("language", "word"), [("en", "Who signs"), ("ar", "الموقّع")])
def test_the_fields_of_the_form_have_words(desk: Desk, sign_in: SignIn, language: str, word: str) -> None:
    authorities.register(
        name="OFAC", kind="law_enforcement", country="FR", email="t@office.example", phone="+33 1", by=SYSTEM,
        now=desk.now,
    )  # fmt: skip
    client = sign_in(Role.LEGAL, language=language)
    page = client.post(reverse("console:read_order_form"), {"form": annex("with gaps")}).content.decode()
    page = page[page.index("data-read") : page.index('data-form="order"')]
    fields = set(re.findall(r'data-field="(\w+)"', page))
    assert fields == set(ANNEX_FIELDS)
    assert word in page
    assert not any(f">{name}<" in page for name in fields)


def test_a_form_is_read_looked_at_and_taken_with_its_document(desk: Desk, sign_in: SignIn) -> None:
    # TCO Annex I
    client = sign_in(Role.LEGAL)
    office = authorities.register(
        name="Bundeskriminalamt", kind="law_enforcement", country="DE", email="tco@bka.example", phone="+49 611 1",
        by=SYSTEM, now=desk.now, removal=True,
    )  # fmt: skip
    page = client.post("/desk/orders/read", {"form": annex("whole")}).content.decode()
    assert page.count('data-field="') > 15
    assert "BKA-TCO-2026-0417" in page
    given = fields_of(page)
    assert (given["authority"], given["kind"], given["home_state"]) == (str(office.pk), "removal", "IE")
    assert given["silent_days"] == "42"
    assert not Order.objects.exists()  # nothing is taken before somebody looked at it
    more = {"content_types": ["incitement", "solicit_group"], "signature": "on"}
    answer = client.post("/desk/orders/receive", {**given, **more})
    assert answer.status_code == 302, re.findall(r"wrong.{0,200}", answer.content.decode())
    order = Order.objects.get()
    assert vault().get(order.document).startswith(b"REMOVAL ORDER")
    assert orders.contents_of(order).urls == (
        "https://maydan.example/p/771",
        "https://maydan.example/p/772?lang=de",
    )
    assert missing(orders.contents_of(order)) == ()


@pytest.mark.parametrize("language", ["german", "french", "spanish", "bulgarian", "greek"])
@pytest.mark.parametrize("reader", ["en", "ar"])
def test_a_form_in_another_language_of_the_union_fills_the_same_fields(
    desk: Desk, sign_in: SignIn, language: str, reader: str
) -> None:
    # TCO Annex I
    authorities.register(
        name="Bundeskriminalamt", kind="law_enforcement", country="DE", email="tco@bka.example", phone="+49 611 1",
        by=SYSTEM, now=desk.now, removal=True,
    )  # fmt: skip
    client = sign_in(Role.LEGAL, language=reader)
    page = client.post("/desk/orders/read", {"form": annex(f"in {language}")}).content.decode()
    given = fields_of(page)
    assert given["kind"] == "removal"
    for field in (
        "reference",
        "urls",
        "reasons",
        "issued_at",
        "home_state",
        "representative",
        "contact",
        "redress_body",
    ):
        assert given[field], field
    assert bool(given.get("authority")) == (language == "german")  # known by its address


def test_removal_orders_that_count_towards_being_exposed_are_shown(
    desk: Desk, legal: Client, office: Authority
) -> None:
    # TCO Art. 5(4)
    assert "data-removals" not in legal.get("/desk/orders").content.decode()
    for number in (1, 2):
        order = take(legal, office, REMOVAL, reference=f"BKA-{number}")
        act(legal, order, "carry_out", "The hour would be over.")
        page = legal.get("/desk/orders").content.decode()
        assert f'data-removals="{number}"' in page
    assert "2</span> removal orders of the last twelve months stand" in page


def test_what_the_form_lacks_is_shown(desk: Desk, sign_in: SignIn) -> None:
    authorities.register(
        name="OFAC",
        kind="law_enforcement",
        country="FR",
        email="o@ofac.example",
        phone="+33 1",
        by=SYSTEM,
        now=desk.now,
    )
    page = sign_in(Role.LEGAL).post("/desk/orders/read", {"form": annex("with gaps")}).content.decode()
    assert page.count("not found") >= 6


@pytest.mark.parametrize("data", [b"Dear all", b"%PDF-1.4 broken", b"{"])
def test_what_is_no_form_is_told(desk: Desk, sign_in: SignIn, data: bytes) -> None:
    client = sign_in(Role.LEGAL)
    answer = client.post("/desk/orders/read", {"form": SimpleUploadedFile("x", data)})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert client.post("/desk/orders/read").status_code == 422


def test_a_kept_document_is_known_by_our_signature_alone(desk: Desk, sign_in: SignIn) -> None:
    from hakam.console.desk.orders import _kept  # noqa: PLC0415 -- looks inside

    digest = vault().put(b"somebody's evidence")
    assert _kept("") == b""
    assert _kept(digest) == b""
    assert _kept(f"{digest}:forged:signature") == b""


def test_the_annexes_are_documents(desk: Desk, sign_in: SignIn) -> None:
    # TCO Art. 3(6)
    client = sign_in(Role.LEGAL)
    office = authorities.register(
        name="Office",
        kind="court",
        country="DE",
        email="o@office.example",
        phone="+49 1",
        by=SYSTEM,
        now=desk.now,
    )
    order = orders.receive(
        WHOLE, platform="maydan", authority_id=office.pk, vault=vault(), by=SYSTEM, now=desk.now
    )
    assert client.get(f"/desk/orders/{order.pk}/annex/2").status_code == 404  # not yet
    orders.carry_out(str(order.pk), by=SYSTEM, now=desk.now, unverified_because="The hour runs.")
    assert "Annex II as PDF" in client.get(f"/desk/orders/{order.pk}").content.decode()
    answer = client.get(f"/desk/orders/{order.pk}/annex/2")
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")
    assert client.get(f"/desk/orders/{order.pk}/annex/3").status_code == 404
