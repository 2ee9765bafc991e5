"""Private data among what people write around it: more than one number, dates, prices, hours, other scripts' digits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hakam.signals.private_data import find_private_data, mask, valid_iban

ARABIC_INDIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
DEVANAGARI = str.maketrans("0123456789", "०१२३४५६७८९")

# The examples of the ISO 13616 registry: one for each country whose people Hakam's languages are spoken by, and more.
_WRITTEN = """
AE070331234567890123456
BH67BMAG00001299123456
DJ2100010000000154000100186
EG380019000500000000263180002
IQ98NBIQ850123456789012
JO94CBJO0010000000000131000302
KW81CBKU0000000000001234560101
LB62099900000001001901229114
LY83002048000020100120361
MR1300020001010000123456753
OM810180000001299123456
PS92PALS000000000400123456702
QA58DOHB00001234567890ABCDEFG
SA0380000000608010167519
SD8811123456789012
TN5910006035183598478831
YE09CBKU0000000000001234560101
PK36SCBL0000001123456702
TR330006100519786457841326
IL620108000000099999999
BE68539007547034
BR1800360305000010009795493C1
CH9300762011623852957
DE89370400440532013000
ES9121000418450200051332
FR1420041010050500013M02606
GB29NWBK60161331926819
IT60X0542811101000000123456
MT84MALT011000012345MTLCAST001S
NL91ABNA0417164300
NO9386011117947
PL61109010140000071219812874
"""
IBANS = tuple(filter(None, _WRITTEN.splitlines()))


def grouped(number: str) -> str:
    return " ".join(number[n : n + 4] for n in range(0, len(number), 4))


def finds(text: str) -> list[tuple[str, str]]:
    return [(str(one.kind), text[one.start : one.end]) for one in find_private_data(text)]


@pytest.mark.parametrize("iban", IBANS)
def test_the_example_of_each_country_is_found_plain_grouped_and_in_small_letters(iban: str) -> None:
    for written in (iban, grouped(iban), iban.lower()):
        assert finds(f"to {written}, thanks") == [("iban", written)]
        assert find_private_data(written)[0].country == iban[:2]


@pytest.mark.parametrize("iban", IBANS)
def test_no_digit_of_an_iban_can_be_another(iban: str) -> None:
    """Remainders modulo 97 catch every single wrong digit: the weights of all places are prime to 97."""
    for place, held in enumerate(iban):
        if held.isdigit() and place >= 2:
            for digit in "0123456789".replace(held, ""):
                assert not valid_iban(iban[:place] + digit + iban[place + 1 :])


@pytest.mark.parametrize("iban", IBANS)
def test_an_iban_that_lost_or_gained_a_character_is_none(iban: str) -> None:
    assert not valid_iban(iban[:-1])
    assert not valid_iban(iban + "0")
    assert not valid_iban("")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # A card, and what is always asked for with it.
        ("4111 1111 1111 1111 12/27", ["4111 1111 1111 1111"]),
        ("4111 1111 1111 1111 123", ["4111 1111 1111 1111"]),
        ("4111-1111-1111-1111 12 27 123", ["4111-1111-1111-1111"]),
        ("order 2345 4111 1111 1111 1111", ["4111 1111 1111 1111"]),
        ("4111 1111 1111 1111 5555 5555 5555 4444", ["4111 1111 1111 1111", "5555 5555 5555 4444"]),
        ("amex 3782 822463 10005", ["3782 822463 10005"]),
        ("diners 3056 930902 5904", ["3056 930902 5904"]),
        ("6011000990139424", ["6011000990139424"]),
        ("visa of old: 4222222222222", ["4222222222222"]),
        # Two accounts, an account after a reference that looks like the start of one.
        (
            "DE89 3704 0044 0532 0130 00 GB82 WEST 1234 5698 7654 32",
            ["DE89 3704 0044 0532 0130 00", "GB82 WEST 1234 5698 7654 32"],
        ),
        ("AB12 DE89 3704 0044 0532 0130 00", ["DE89 3704 0044 0532 0130 00"]),
        ("ref XX99 NL91 ABNA 0417 1643 00 by friday", ["NL91 ABNA 0417 1643 00"]),
        # Phones one after the other, and after a date.
        ("0551234567 0557654321", ["0551234567", "0557654321"]),
        ("+1 555 123 4567 or +1 555 123 4568", ["+1 555 123 4567", "+1 555 123 4568"]),
        ("01.12.2024 0551234567", ["0551234567"]),
        ("since 01/12/2024: +44 20 7946 0958", ["+44 20 7946 0958"]),
        ("call 0551234567.", ["0551234567"]),
        ("(0551234567)", ["0551234567"]),
        ("0551234567؟", ["0551234567"]),
        ("06 12 34 56 78", ["06 12 34 56 78"]),
        ("tel:+966551234567", ["+966551234567"]),
        # An address of mail ends where the sentence does.
        ("a@example.com.", ["a@example.com"]),
        ("<a@example.com>;b@example.org", ["a@example.com", "b@example.org"]),
        ("راسلني على sara@example.com، شكرا", ["sara@example.com"]),
    ],
)
def test_each_number_is_found_whatever_stands_beside_it(text: str, expected: list[str]) -> None:
    assert [found for _, found in finds(text)] == expected


_ORDINARY = """
01.12.2024 10:30
on 01/12/2024 10:30 sharp
01/15/2024 06:00
05-06-2024 18
01.12.-15.12.2024
01/12/2024-15/12/2024
2024-01-15T10:30:00+02:00
2024/01/15 08:00
open 09.00-17.00
open 08.30 - 12.30 daily
0800-1700
09:00-17:00
02:00:00.000
price 0,99 EUR or 1.299,00
12.000.000 EUR
$1,234,567.89
0.1234567890123
v 0.12.3-45
ISBN 978-3-16-148410-0
ISBN 0-306-40615-2
192.168.100.100
10.0.0.1:8080
00:11:22:33:44:55
123e4567-e89b-12d3-a456-426614174000
1Z999AA10123456784
https://example.com/01234567899
https://example.com/?id=01234567899
#0123456
3-2 (2019-2020)
1,000,000 - 2,000,000
99%
15/20
12345
user@localhost
@0123456789a
a@b
"""
ORDINARY = tuple(filter(None, _ORDINARY.splitlines()))


@pytest.mark.parametrize("text", ORDINARY)
def test_dates_hours_prices_and_identifiers_are_nobodys(text: str) -> None:
    assert finds(text) == []


@pytest.mark.parametrize("digits", [ARABIC_INDIC, PERSIAN, DEVANAGARI])
@pytest.mark.parametrize("text", ORDINARY)
def test_neither_are_they_in_other_digits(text: str, digits: dict[int, int]) -> None:
    if "http" not in text:
        assert finds(text.translate(digits)) == []


@pytest.mark.parametrize("digits", [ARABIC_INDIC, PERSIAN, DEVANAGARI])
@pytest.mark.parametrize(
    ("kind", "number"),
    [
        ("phone", "0551234567"),
        ("phone", "+966 55 123 4567"),
        ("card", "4111 1111 1111 1111"),
        ("national_id", "784-1980-1234567-8"),
        ("national_id", "29001011234567"),
        ("iban", "SA03 8000 0000 6080 1016 7519"),
    ],
)
def test_a_number_is_the_same_number_in_other_digits(kind: str, number: str, digits: dict[int, int]) -> None:
    written = number.translate(digits)
    text = f"هذا {written} لا غير"
    assert finds(text) == [(kind, written)]
    assert mask(text) == f"هذا [{kind}] لا غير"


@given(
    st.lists(
        st.sampled_from(["4111 1111 1111 1111", "DE89370400440532013000", "+44 20 7946 0958", "a@b.example"])
    )
)
def test_a_mask_leaves_nothing_of_any_list_of_them(numbers: list[str]) -> None:
    masked = mask("; ".join(numbers))
    assert masked.count("[") == len(numbers)
    assert not any(c.isdigit() or c == "@" for c in masked)


@given(st.text(alphabet="0123456789 -+/.", max_size=200))
def test_what_is_masked_once_stays(text: str) -> None:
    assert len(find_private_data(mask(text))) <= len(find_private_data(text))
