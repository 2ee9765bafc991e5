"""Regimes as data: whom each binds, what a request must contain, and which element exactly is missing."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, date, datetime

import msgspec
import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from hakam.compliance.clocks import clocks
from hakam.compliance.profile import Profile, Size, Tier, duties
from hakam.enforcement.letters import LANGUAGES
from hakam.regulator.regimes import (
    Does,
    Element,
    Regime,
    Said,
    Sender,
    missing,
    offered,
    reachable,
    regimes,
)
from hakam.vocabulary.harm import Harm

DAY = date(2026, 11, 28)
DUE = datetime(2026, 12, 24, tzinfo=UTC)
WHOLE = Said(
    reference="AZ 7", issuer="Office", contact="a@office.example", legal_basis="Law 1", reasons="It shows her.",
    notice_type="intimate image", questions="How many moderators?", urls=("https://maydan.example/p/7",),
    accounts=("u7",), signature="Sara K.", declares=True, subject=True, good_faith=True, due=DUE,
)  # fmt: skip
ELEMENTS = [(one.key, element) for one in regimes().values() for element in one.elements]


def without(field: str) -> Said:
    return msgspec.structs.replace(
        WHOLE, **{field: type(getattr(WHOLE, field))() if field != "due" else None}
    )


@pytest.mark.parametrize("regime", regimes().values(), ids=list(regimes()))
def test_each_regime_is_whole_data(regime: Regime) -> None:
    assert regime.clock in clocks()
    assert not regime.receipt or regime.receipt in clocks()
    assert not regime.duty or regime.duty in duties()
    assert not regime.harm or regime.harm in set(Harm)
    assert regime.elements
    assert {one.field for one in regime.elements} <= set(Said.__struct_fields__)
    for said in (regime.title, *(one.needed for one in regime.elements)):
        assert re.search("[a-z]", said["en"])
        assert re.search("[\u0600-\u06ff]", said["ar"])
        assert set(said) == set(LANGUAGES)  # in all of which we write letters
        assert len(set(said.values())) == len(said)
    if clocks()[regime.clock].given:
        assert "due" in {one.field for one in regime.elements} or regime.does is Does.PRESERVE


@pytest.mark.parametrize("regime", regimes().values(), ids=list(regimes()))
def test_a_whole_request_lacks_nothing(regime: Regime) -> None:
    assert missing(regime, WHOLE) == ()


@pytest.mark.parametrize(("key", "element"), ELEMENTS, ids=lambda one: getattr(one, "field", one))
def test_what_is_left_out_is_named_and_nothing_else(key: str, element: Element) -> None:
    assert missing(regimes()[key], without(element.field)) == (element,)


@given(st.sets(st.sampled_from(sorted(Said.__struct_fields__))), st.sampled_from(sorted(regimes())))
def test_the_missing_elements_are_those_that_were_left_out(gone: set[str], key: str) -> None:
    said = WHOLE
    for field in gone:
        said = msgspec.structs.replace(said, **{field: getattr(without(field), field)})
    regime = regimes()[key]
    assert [one.field for one in missing(regime, said)] == [
        e.field for e in regime.elements if e.field in gone
    ]


@pytest.mark.parametrize("url", ["https://maydan.example/", "ftp://maydan.example/p/7", "http://[oops/x"])
def test_an_address_that_leads_nowhere_is_no_location(url: str) -> None:
    said = msgspec.structs.replace(WHOLE, urls=("https://maydan.example/p/7", url))
    assert [one.field for one in missing(regimes()["uk.intimate"], said)] == ["urls"]


def test_a_dash_says_nothing() -> None:
    said = msgspec.structs.replace(WHOLE, signature=" - ")
    assert [one.field for one in missing(regimes()["us.intimate"], said)] == ["signature"]


@pytest.mark.parametrize(
    ("countries", "expected"),
    [
        (("US",), {"us.intimate"}),
        (("GB",), {"uk.intimate", "uk.information", "uk.inspection", "uk.preserve"}),
        (("IN",), {"in.intimate", "in.content", "in.grievance", "in.order"}),
        (("AU",), {"au.removal"}),
        (("FR",), {"fr.removal", "eu.recipients", "tco.measures", "evidence.preservation"}),
        (("BR",), set()),
    ],
)
def test_the_profile_decides_which_regimes_bind(countries: tuple[str, ...], expected: set[str]) -> None:
    found = {one.key for one in offered(Profile(platform="maydan", countries=countries), DAY)}
    assert found - {"authority.request"} == expected
    assert "authority.request" in found  # a letter can come from anywhere


def test_a_law_binds_nobody_before_it_counts() -> None:
    profile = Profile(platform="maydan", countries=("GB", "US"), size=Size.MICRO)
    before = {one.key for one in offered(profile, date(2026, 5, 18), sender=Sender.PERSON)}
    after = {one.key for one in offered(profile, date(2026, 6, 29), sender=Sender.PERSON)}
    assert before == set()
    assert after == {"us.intimate", "uk.intimate"}


def test_a_category_and_a_number_of_users_bring_more() -> None:
    plain = Profile(platform="maydan", countries=("GB",), tier=Tier.HOSTING)
    assert "uk.transparency" not in {one.key for one in offered(plain, DAY)}
    listed = msgspec.structs.replace(plain, categories={"GB": ("2B",)})
    assert "uk.transparency" in {one.key for one in offered(listed, DAY)}


def test_words_follow_the_reader() -> None:
    with translation.override("ar"):
        assert re.search("[\u0600-\u06ff]", regimes()["us.intimate"].words)
        assert re.search("[\u0600-\u06ff]", regimes()["us.intimate"].elements[0].words)
    with translation.override("fr"):
        assert regimes()["us.intimate"].words.startswith("Demande de retrait")
    with translation.override("de-at"):
        assert regimes()["us.intimate"].words.startswith("Antrag")
    with translation.override("pl"):
        assert regimes()["us.intimate"].words.startswith("Request")


@pytest.mark.parametrize(("contact", "can"), [("a@b.example", True), ("", False), ("ring me", False)])
def test_an_answer_needs_an_address(contact: str, *, can: bool) -> None:
    assert reachable(Said(contact=contact)) is can


@pytest.mark.parametrize("regime", regimes().values(), ids=lambda one: one.key)
def test_the_clock_of_a_request_is_one_of_its_duty(regime: Regime) -> None:
    # OSA s.77, OSA s.100, OSA s.101: three notices of one regulator, each with a period of its own
    assert not regime.duty or regime.clock in duties()[regime.duty].clocks


def test_no_two_kinds_of_requests_with_a_period_of_their_own_share_a_clock() -> None:
    shared = Counter(one.clock for one in regimes().values())
    twice = {clock for clock, count in shared.items() if count > 1}
    assert twice == {"authority.request"}
