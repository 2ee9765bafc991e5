"""Private data: what is found, what is left alone, and where it stands in the text as it came."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hakam.signals.private_data import PrivateKind, find_private_data, mask, valid_iban


@pytest.mark.parametrize(
    ("text", "kind", "found", "country"),
    [
        ("write to a.b+c@example.co.uk today", "email", "a.b+c@example.co.uk", None),
        ("call +44 20 7946 0958 now", "phone", "+44 20 7946 0958", None),
        ("0044 20 7946 0958", "phone", "0044 20 7946 0958", None),
        ("اتصل ٠٥٥١٢٣٤٥٦٧ الآن", "phone", "٠٥٥١٢٣٤٥٦٧", None),
        ("رقمي ۰۳۰۰-۱۲۳۴۵۶۷", "phone", "۰۳۰۰-۱۲۳۴۵۶۷", None),
        ("my number is (555) 123-4567", "phone", "(555) 123-4567", None),
        ("555-123-4567", "phone", "555-123-4567", None),
        ("pay to DE89 3704 0044 0532 0130 00 please", "iban", "DE89 3704 0044 0532 0130 00", "DE"),
        ("GB82WEST12345698765432", "iban", "GB82WEST12345698765432", "GB"),
        ("sa03 8000 0000 6080 1016 7519", "iban", "sa03 8000 0000 6080 1016 7519", "SA"),
        (
            "AE07\u00a00331\u00a02345\u00a06789\u00a00123\u00a0456",
            "iban",
            "AE07\u00a00331\u00a02345\u00a06789\u00a00123\u00a0456",
            "AE",
        ),
        (
            "+33\u202f1\u202f99\u202f00\u202f12\u202f34",
            "phone",
            "+33\u202f1\u202f99\u202f00\u202f12\u202f34",
            None,
        ),
        ("4111\u20111111\u20111111\u20111111", "card", "4111\u20111111\u20111111\u20111111", None),
        ("ssn 078\u201305\u20131120", "national_id", "078\u201305\u20131120", "US"),
        ("card 4111 1111 1111 1111 ok", "card", "4111 1111 1111 1111", None),
        ("5555-5555-5555-4444", "card", "5555-5555-5555-4444", None),
        ("DNI 12345678Z", "national_id", "12345678Z", "ES"),
        ("RSSMRA85T10A562S", "national_id", "RSSMRA85T10A562S", "IT"),
        ("2 69 05 49 588 157 80", "national_id", "2 69 05 49 588 157 80", "FR"),
        ("10000000146", "national_id", "10000000146", "TR"),
        ("529.982.247-25", "national_id", "529.982.247-25", "BR"),
        ("784-1980-1234567-8", "national_id", "784-1980-1234567-8", "AE"),
        ("الرقم القومي ٢٩٠٠١٠١١٢٣٤٥٦٧", "national_id", "٢٩٠٠١٠١١٢٣٤٥٦٧", "EG"),
        ("ssn 078-05-1120", "national_id", "078-05-1120", "US"),
        ("NI AB123456C", "national_id", "AB123456C", "GB"),
        ("cnic 35202-1234567-1", "national_id", "35202-1234567-1", "PK"),
    ],
)
def test_private_data_is_found_where_it_stands(text: str, kind: str, found: str, country: str | None) -> None:
    (one,) = find_private_data(text)
    assert (one.kind, text[one.start : one.end], one.country) == (kind, found, country)


@pytest.mark.parametrize(
    "text",
    [
        "hello there",
        "on 01.12.2024 at 10:30",
        "01/12/2024",
        "the 2024-2025 season had 1,234,567 visitors",
        "from 1914\u20131918 and 1939\u20131945, with 12\u00a0345\u00a0678 dead",
        "win $5,000,000 now",
        "order 123456789012",
        "version 0.1.2.3.4.5.6",
        "GB82WEST12345698765431",
        "4111 1111 1111 1112",
        "12345678A",
        "666-12-1234",
        "@name and #tag",
        "0000000000",
        "3.1415926535",
        "https://example.com/0123456789",
    ],
)
def test_other_numbers_are_left_alone(text: str) -> None:
    assert find_private_data(text) == ()


def test_several_finds_come_in_order_and_do_not_overlap() -> None:
    text = "a@example.com, +33 1 23 45 67 89, DE89370400440532013000"
    found = find_private_data(text)
    assert [one.kind for one in found] == [PrivateKind.EMAIL, PrivateKind.PHONE, PrivateKind.IBAN]
    assert all(a.end <= b.start for a, b in pairwise(found))


def test_a_mask_hides_all_and_only_that() -> None:
    assert mask("mail a@example.com or +44 20 7946 0958!") == "mail [email] or [phone]!"
    assert mask("nothing here") == "nothing here"


def test_an_iban_followed_by_words_ends_where_its_country_says() -> None:
    (one,) = find_private_data("NL91 ABNA 0417 1643 00 thanks a lot")
    assert (one.start, one.end) == (0, 22)


def test_an_iban_must_have_the_length_of_its_country() -> None:
    assert valid_iban("DE89370400440532013000")
    assert not valid_iban("DE8937040044053201300")
    assert not valid_iban("XX89370400440532013000")


@given(st.text(alphabet="0123456789 +-().@abcAB/٠١٢", max_size=60))
def test_any_text_gives_places_inside_it(text: str) -> None:
    found = find_private_data(text)
    assert all(0 <= one.start < one.end <= len(text) for one in found)
    assert all(a.end <= b.start for a, b in pairwise(found))
    assert find_private_data(text) == found


@given(st.integers(0, 10**18 - 1))
def test_a_changed_digit_spoils_an_iban(account: int) -> None:
    body = f"{account:018d}"
    check = 98 - int(body + "131400") % 97
    iban = f"DE{check:02d}{body}"
    assert valid_iban(iban)
    spoiled = iban[:-1] + str((int(iban[-1]) + 1) % 10)
    assert not valid_iban(spoiled)
