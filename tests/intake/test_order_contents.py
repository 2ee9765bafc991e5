"""An order is complete or not: what it lacks is named with its law (DSA Arts 9(2), 10(2); TCO Art. 3(4))."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hakam.intake.order_contents import Contents, ContentType, DataKind, OrderKind, missing, wrong
from hakam.testing import scene

ACT = Contents(
    kind=OrderKind.ACT,
    reference="4 O 12/26",
    legal_basis="Section 130 StGB",
    reasons="It calls a minority vermin.",
    provisions="Section 130(1) no. 2",
    urls=("https://maydan.example/p/77",),
    harm="hate_speech",
    redress="Appeal to the Higher Court within a month.",
    territory=("DE",),
    language="de",
)
INFORM = Contents(
    kind=OrderKind.INFORM,
    reference="4 Js 9/26",
    legal_basis="Section 100j StPO",
    reasons="A threat must be traced; nothing milder would do.",
    accounts=("u1",),
    data=("account", "contact"),
    harm="threat",
    redress="Appeal within two weeks.",
    language="de",
)
REMOVAL = Contents(
    kind=OrderKind.REMOVAL,
    reference="BKA-1",
    legal_basis="Art. 3(1) of the Regulation",
    reasons="It calls for attacks with explosives.",
    urls=("https://maydan.example/p/78",),
    harm="terrorism_incitement",
    issued_at=scene.NOW,
    content_types=("incitement",),
    home_state="IE",
    representative="Kommissarin M. M., head of unit",
    contact="+49 611 1, day and night",
    redress_body="Administrative Court, one month",
    signature=True,
    language="en",
)
PRODUCTION = Contents(
    kind=OrderKind.PRODUCTION,
    reference="EPOC 12/26",
    reasons="A threat must be traced; nothing milder would do.",
    provisions="Section 241 StGB",
    accounts=("u1",),
    data=("account", "contact"),
    harm="threat",
    representative="Staatsanwältin K. K., validated by the district court",
    signature=True,
    language="de",
)
WHOLE = {
    OrderKind.PRODUCTION: PRODUCTION,
    OrderKind.ACT: ACT,
    OrderKind.INFORM: INFORM,
    OrderKind.REMOVAL: REMOVAL,
}
ELEMENTS = [
    (OrderKind.ACT, "legal_basis", "", "9(2)(a)(i)"),
    (OrderKind.ACT, "reasons", " - ", "9(2)(a)(ii)"),
    (OrderKind.ACT, "provisions", "", "9(2)(a)(ii)"),
    (OrderKind.ACT, "reference", "", "9(2)(a)(iii)"),
    (OrderKind.ACT, "urls", (), "9(2)(a)(iv)"),
    (OrderKind.ACT, "urls", ("https://maydan.example/",), "9(2)(a)(iv)"),  # a whole site is no exact location
    (OrderKind.ACT, "urls", ("https://maydan.example/p/1", "the post of Tuesday"), "9(2)(a)(iv)"),
    (OrderKind.ACT, "redress", "", "9(2)(a)(v)"),
    (OrderKind.ACT, "language", "", "9(2)(c)"),
    (OrderKind.INFORM, "legal_basis", "", "10(2)(a)(i)"),
    (OrderKind.INFORM, "reference", "", "10(2)(a)(ii)"),
    (OrderKind.INFORM, "accounts", (), "10(2)(a)(iii)"),
    (OrderKind.INFORM, "reasons", "", "10(2)(a)(iv)"),
    (OrderKind.INFORM, "redress", "", "10(2)(a)(v)"),
    (OrderKind.INFORM, "data", (), "10(2)(b)"),
    (OrderKind.INFORM, "language", "", "10(2)(c)"),
    (OrderKind.REMOVAL, "home_state", "US", "Annex I, A"),
    (OrderKind.REMOVAL, "issued_at", None, "Annex I, A"),
    (OrderKind.REMOVAL, "reference", "", "Annex I, A"),
    (OrderKind.REMOVAL, "urls", (), "Annex I, B"),
    (OrderKind.REMOVAL, "content_types", (), "Annex I, B"),
    (OrderKind.REMOVAL, "reasons", "n/a", "3(4)(b)"),
    (OrderKind.REMOVAL, "legal_basis", "", "3(4)(d)"),
    (OrderKind.REMOVAL, "representative", "", "Annex I, E"),
    (OrderKind.REMOVAL, "signature", False, "Annex I, E"),
    (OrderKind.REMOVAL, "contact", "", "Annex I, F"),
    (OrderKind.REMOVAL, "redress_body", "", "Annex I, G"),
    (OrderKind.PRODUCTION, "reference", "", "5(5)"),
    (OrderKind.PRODUCTION, "representative", "", "5(5)(a)"),
    (OrderKind.PRODUCTION, "accounts", (), "5(5)(c)"),
    (OrderKind.PRODUCTION, "data", (), "5(5)(d)"),
    (OrderKind.PRODUCTION, "provisions", "", "5(5)(f)"),
    (OrderKind.PRODUCTION, "reasons", "", "5(5)(i)"),
    (OrderKind.PRODUCTION, "signature", False, "Art. 9"),
    (OrderKind.PRODUCTION, "language", "", "Art. 9"),
]


@pytest.mark.parametrize("kind", OrderKind)
def test_a_whole_order_lacks_nothing(kind: OrderKind) -> None:
    assert missing(WHOLE[kind]) == ()
    assert wrong(WHOLE[kind]) == {}


@pytest.mark.parametrize(
    ("kind", "field", "value", "law"), ELEMENTS, ids=[f"{k}-{f}-{v}" for k, f, v, _l in ELEMENTS]
)
def test_the_exact_missing_element_is_named_with_its_law(
    kind: OrderKind, field: str, value: Any, law: str
) -> None:
    [found] = missing(msgspec.structs.replace(WHOLE[kind], **{field: value}))
    assert found.field == field
    assert law in found.law
    assert str(found.needed)


@given(st.sampled_from(OrderKind), st.data())
def test_each_element_is_missed_whatever_else_is_missing(kind: OrderKind, data: st.DataObject) -> None:
    elements = [(field, value) for k, field, value, _law in ELEMENTS if k is kind]
    dropped = dict(data.draw(st.lists(st.sampled_from(elements), max_size=len(elements))))
    found = missing(msgspec.structs.replace(WHOLE[kind], **dropped))
    assert {one.field for one in found} == set(dropped)


@pytest.mark.parametrize("kind", OrderKind)
def test_an_empty_order_lacks_everything(kind: OrderKind) -> None:
    found = {one.field for one in missing(Contents(kind=kind))}
    assert found == {field for k, field, _value, _law in ELEMENTS if k is kind}


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("harm", "boredom", "choose"),
        ("harm", "", "choose"),
        ("territory", ("DE", "ZZ"), "`ZZ` is no Member State"),
        ("content_types", ("rumour",), "no such choice"),
        ("data", ("everything",), "no such choice"),
        ("silent_days", -1, "0 to 84"),
        ("silent_days", 85, "0 to 84"),
        ("silent_days", 42, ""),
    ],
)
def test_what_was_typed_wrong_is_said_by_its_field(field: str, value: Any, said: str) -> None:
    found = wrong(msgspec.structs.replace(ACT, **{field: value}))
    [(where, what)] = found.items()
    assert where == ("silent_because" if value == 42 else field)
    assert said in what


def test_a_silence_with_its_legal_basis_is_taken() -> None:
    # TCO Art. 11(3): six weeks, once more six
    for days in (1, 42, 84):
        assert wrong(msgspec.structs.replace(REMOVAL, silent_days=days, silent_because="Art. 11(3)")) == {}


def test_the_tick_boxes_are_those_of_the_annex() -> None:
    # TCO Art. 2(7)(a) to (e)
    assert [one.value for one in ContentType] == [
        "incitement",
        "solicit_offence",
        "solicit_group",
        "instruction",
        "threat",
    ]
    assert len(DataKind) == 4
