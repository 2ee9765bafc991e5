"""Contact points: what must be public by the profile, who may be published, what is on record."""

from __future__ import annotations

import msgspec
import pytest

from hakam.compliance import ledger
from hakam.compliance.eu_database.codes import EU
from hakam.compliance.profile import Profile, Size
from hakam.regulator import contacts
from hakam.regulator.contacts import ContactError, Contacts
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM

pytestmark = pytest.mark.django_db
NOW = scene.NOW
UNION = tuple(sorted(EU))
CONTACTS = Contacts(
    authorities_email="authorities@maydan.example",
    authorities_languages=("en", "de"),
    people_email="help@maydan.example",
    people_hours="9 to 17",
    representative_name="Rep GmbH",
    representative_address="Am Platz 1, Berlin",
    representative_email="rep@rep.example",
    representative_phone="+49 30 1",
    representative_state="DE",
    officer_name="A. Rao",
    officer_email="officer@maydan.example",
)


def fields(said: Contacts, **profile: object) -> list[str]:
    found = contacts.gaps(said, Profile(platform="p", **profile), now=NOW)  # type: ignore[arg-type]
    return [one.field for one in found]


def test_whoever_serves_the_union_from_outside_owes_all_of_it() -> None:
    # DSA Art. 11(1), Art. 11(3), Art. 12(1), Art. 13(1), TCO Art. 15
    wanted = [
        "authorities_email",
        "authorities_languages",
        "people_email",
        "representative_name",
        "removal_email",
    ]
    assert fields(Contacts(), countries=UNION, established="US") == wanted
    assert fields(CONTACTS, countries=UNION, established="US") == []


def test_who_is_established_in_the_union_needs_no_representative() -> None:
    assert "representative_name" not in fields(Contacts(), countries=UNION, established="IE")


def test_no_small_company_is_exempt() -> None:
    assert len(fields(Contacts(), countries=("DE",), size=Size.MICRO)) == 5


@pytest.mark.parametrize("part", ["name", "address", "email", "phone", "state"])
def test_a_representative_is_named_whole(part: str) -> None:
    said = msgspec.structs.replace(CONTACTS, **{f"representative_{part}": ""})
    assert fields(said, countries=UNION, established="US") == ["representative_name"]


def test_india_wants_its_grievance_officer() -> None:
    # IT Rules r.3(2)(a)
    assert fields(Contacts(), countries=("IN",)) == ["officer_email"]
    assert fields(CONTACTS, countries=("IN",)) == []


def test_a_telephone_is_a_contact_point_too() -> None:
    said = msgspec.structs.replace(CONTACTS, people_email="", people_phone="+49 1")
    assert "people_email" not in fields(said, countries=UNION)


def test_publishing_is_on_record_and_replaces_what_was() -> None:
    assert contacts.contacts_of("p") == Contacts()
    assert contacts.changed_at("p") is None
    contacts.publish("p", CONTACTS, by=SYSTEM, now=NOW)
    contacts.publish("p", msgspec.structs.replace(CONTACTS, people_phone="+49 2"), by=SYSTEM, now=NOW)
    assert contacts.contacts_of("p").people_phone == "+49 2"
    assert contacts.changed_at("p") == NOW
    facts = ledger.story("platform:p")
    assert [fact.kind for fact in facts] == ["contacts.changed", "contacts.changed"]
    assert "help@maydan.example" not in facts[0].body  # an address is of a person, perhaps


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("authorities_email", "no address"),
        ("officer_email", "@"),
        ("representative_state", "US"),
        ("people_address", "x" * 1_001),
    ],
)
def test_what_can_not_be_reached_is_refused(field: str, value: str) -> None:
    with pytest.raises(ContactError) as error:
        contacts.publish("p", msgspec.structs.replace(CONTACTS, **{field: value}), by=SYSTEM, now=NOW)
    assert list(error.value.wrong) == [field]
    assert contacts.contacts_of("p") == Contacts()
