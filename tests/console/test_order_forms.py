"""What is typed about an order becomes a value and comes back to the form as it was typed."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import QueryDict
from django.utils import translation
from tests.console.test_orders import ACT, INFORM, REMOVAL

from hakam.console.desk.order_forms import AuthorityForm, OrderForm
from hakam.intake import order_access
from hakam.intake.models import Authority
from hakam.intake.order_contents import OrderKind, missing
from hakam.testing import scene

pytestmark = pytest.mark.django_db
ORDERS: list[dict[str, Any]] = [ACT, REMOVAL, INFORM]


@pytest.fixture
def office() -> Authority:
    return Authority.objects.create(
        name="Office", kind="court", country="DE", email="o@office.example", registered_by="staff:1",
        registered_at=scene.NOW,
    )  # fmt: skip


def filled(office: Authority, given: dict[str, Any], **more: Any) -> OrderForm:
    data = QueryDict(mutable=True)
    for name, value in ({"authority": office.pk} | given | more).items():
        data.setlist(name, value if isinstance(value, list) else [value])
    form = OrderForm(data)
    form.is_valid()
    return form


@pytest.mark.parametrize("given", ORDERS, ids=lambda given: str(given["kind"]))
def test_a_whole_order_as_typed_is_complete(office: Authority, given: dict[str, Any]) -> None:
    form = filled(office, given)
    assert form.errors == {}
    contents = form.contents()
    assert contents.kind is OrderKind(given["kind"])
    assert missing(contents) == ()


@pytest.mark.parametrize("given", ORDERS, ids=lambda given: str(given["kind"]))
def test_what_is_stored_fills_the_form_again(office: Authority, given: dict[str, Any]) -> None:
    contents = filled(office, given).contents()
    initial = order_access.fields(contents)
    for field in ("reference", "legal_basis", "reasons", "redress", "harm", "contact", "redress_body"):
        assert initial[field] == given.get(field, "")
    assert list(initial["territory"]) == given.get("territory", [])


def test_lines_become_addresses_and_accounts(office: Authority) -> None:
    contents = filled(
        office, ACT, urls=" https://a.example/1 \r\n\r\nhttps://a.example/2", accounts="u 1\n\n u2 "
    ).contents()
    assert contents.urls == ("https://a.example/1", "https://a.example/2")
    assert contents.accounts == ("u 1", "u2")  # an id may hold a space


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("authority", ""),
        ("authority", "98765"),
        ("kind", "wish"),
        ("harm", "boredom"),
        ("territory", ["XX"]),
        ("content_types", ["rumour"]),
        ("information", ["everything"]),
        ("silent_days", "-1"),
        ("silent_days", "85"),
        ("received_at", "yesterday"),
        ("home_state", "US"),
        ("language", "tlh"),
        ("reasons", "x" * 20_001),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_field(office: Authority, field: str, value: Any) -> None:
    assert set(filled(office, ACT, **{field: value}).errors) == {field}


def test_an_order_that_says_nothing_is_still_taken(office: Authority) -> None:
    form = filled(office, {"kind": "act", "harm": "hate_speech"})
    assert form.errors == {}
    assert len(missing(form.contents())) == 7


def test_times_are_those_of_the_installation(office: Authority, settings: Any) -> None:
    settings.TIME_ZONE = "Europe/Berlin"
    form = filled(office, ACT, received_at="2026-03-29T03:00")
    assert form.cleaned_data["received_at"].utcoffset().total_seconds() == 7_200  # summer time has begun


@pytest.mark.parametrize("language", ["en", "ar"])
def test_every_field_has_a_name_in_both_languages(office: Authority, language: str) -> None:
    with translation.override(language):
        for form in (OrderForm(), AuthorityForm()):
            labels = [str(field.label) for field in form.fields.values() if not field.widget.is_hidden]
            assert all(labels)
            arabic = [label for label in labels if any("\u0600" <= letter <= "\u06ff" for letter in label)]
            assert (len(arabic) == len(labels)) is (language == "ar")
