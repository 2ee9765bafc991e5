"""The arithmetic of national identity numbers: which slips of a pen each check digit notices, over many numbers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hakam.signals import identity_numbers as numbers
from hakam.signals.private_data import find_private_data

DIGITS = "0123456789"


def completed(check: Callable[[str], bool], body: str) -> list[str]:
    """Return every number of `body` and one more digit that passes."""
    return [body + digit for digit in DIGITS if check(body + digit)]


@given(st.text(DIGITS, min_size=1, max_size=18))
def test_luhn_has_one_digit_for_each_number_and_notices_each_wrong_one(body: str) -> None:
    (number,) = completed(numbers.luhn, body)
    for place, held in enumerate(number):
        for digit in DIGITS.replace(held, ""):
            assert not numbers.luhn(number[:place] + digit + number[place + 1 :])


@given(st.text(DIGITS, min_size=2, max_size=18), st.data())
def test_luhn_notices_neighbours_that_changed_places_but_for_nine_and_nought(
    body: str, data: st.DataObject
) -> None:
    (number,) = completed(numbers.luhn, body)
    at = data.draw(st.integers(0, len(number) - 2))
    a, b = number[at], number[at + 1]
    swapped = number[:at] + b + a + number[at + 2 :]
    assert numbers.luhn(swapped) is (a == b or {a, b} == {"0", "9"})


@given(st.text(DIGITS, min_size=11, max_size=11))
def test_verhoeff_notices_each_wrong_digit_and_each_exchange(body: str) -> None:
    (number,) = completed(numbers.aadhaar, body)
    for place, held in enumerate(number):
        for digit in DIGITS.replace(held, ""):
            assert not numbers.aadhaar(number[:place] + digit + number[place + 1 :])
    for at, (a, b) in enumerate(pairwise(number)):
        assert numbers.aadhaar(number[:at] + b + a + number[at + 2 :]) is (a == b)


@given(st.integers(0, 99_999_999))
def test_a_dni_has_one_letter(number: int) -> None:
    text = f"{number:08d}"
    fitting = [letter for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if numbers.dni(text + letter)]
    assert len(fitting) == 1
    assert fitting[0] not in "IÑOU"  # letters that look like digits are never given out
    assert numbers.dni(f"{text}-{fitting[0].lower()}")
    assert not numbers.dni(f"{(number + 1) % 100_000_000:08d}{fitting[0]}")


@pytest.mark.parametrize(("letter", "digit"), [("X", "0"), ("Y", "1"), ("Z", "2")])
def test_the_letter_of_a_foreigner_counts_as_a_digit(letter: str, digit: str) -> None:
    for rest in ("1234567", "0000000", "9999999"):
        (last,) = [c for c in "TRWAGMYFPDXBNJZSQVHLCKE" if numbers.dni(letter + rest + c)]
        assert numbers.dni(digit + rest + last)


@pytest.mark.parametrize(
    ("body", "right"),
    [
        ("3657426180", True),  # one digit twice
        ("2695437182", True),
        ("6592997048", True),  # one digit three times
        ("1123345678", False),  # two digits twice
        ("1122334567", False),  # three digits twice
        ("1234567890", False),  # none twice
        ("1111234567", False),  # one four times
        ("1111111111", False),
    ],
)
def test_one_digit_of_a_german_number_stands_two_or_three_times_and_no_other(body: str, right: bool) -> None:
    assert len(completed(numbers.steuer_id, body)) == right


@given(st.integers(10**8, 10**9 - 1))
def test_a_turkish_number_follows_from_its_first_nine_digits(first: int) -> None:
    d = [int(c) for c in str(first)]
    tenth = (7 * sum(d[::2]) - sum(d[1::2])) % 10
    number = f"{first}{tenth}{(sum(d) + tenth) % 10}"
    assert numbers.turkish(number)
    assert completed(numbers.turkish, number[:10]) == [number]
    assert not any(
        numbers.turkish(f"{first}{other}{last}") for other in range(10) if other != tenth for last in DIGITS
    )


@given(st.text(DIGITS, min_size=9, max_size=9).filter(lambda text: len(set(text)) > 1))
def test_a_brazilian_number_has_one_pair_of_check_digits(body: str) -> None:
    fitting = [f"{pair:02d}" for pair in range(100) if numbers.cpf(f"{body}{pair:02d}")]
    assert len(fitting) == 1
    dotted = f"{body[:3]}.{body[3:6]}.{body[6:]}-{fitting[0]}"
    assert numbers.cpf(dotted)
    assert [one.country for one in find_private_data(f"CPF {dotted}")] == ["BR"]


@given(
    st.sampled_from("12"),
    st.dates(date(1926, 1, 1), date(2025, 12, 31)),
    st.sampled_from(["01", "75", "2A", "2B", "99"]),
    st.integers(1, 999_999),
)
def test_a_french_number_has_one_key(sex: str, born: date, place: str, town_and_order: int) -> None:
    body = f"{sex}{born:%y%m}{place}{town_and_order:06d}"
    fitting = [key for key in range(100) if numbers.nir(f"{body}{key:02d}")]
    assert len(fitting) == 1
    assert 1 <= fitting[0] <= 97
    number = f"{body}{fitting[0]:02d}"
    assert any(one.country == "FR" for one in find_private_data(number))


@given(st.dates(date(1900, 1, 1), date(2099, 12, 31)), st.sampled_from(["01", "02", "21", "35", "88"]))
def test_every_day_of_two_centuries_can_be_an_egyptians_birthday(day: date, governorate: str) -> None:
    number = f"{'2' if day.year < 2000 else '3'}{day:%y%m%d}{governorate}12345"
    assert numbers.egyptian(number)
    assert [(one.country, one.end) for one in find_private_data(number)] == [("EG", 14)]


@pytest.mark.parametrize(
    "number",
    [
        "29902300112345",  # 30 February
        "29902290112345",  # 29 February of a year that had none
        "29913010112345",  # a thirteenth month
        "29900010112345",
        "29901000112345",
        "29901010012345",  # no such governorate
        "29901019912345",
    ],
)
def test_a_day_or_place_that_does_not_exist_is_no_egyptian(number: str) -> None:
    assert not numbers.egyptian(number)


@given(st.integers(1900, 2100), st.integers(0, 9_999_999))
def test_an_emirates_number_has_one_last_digit_with_and_without_dashes(year: int, serial: int) -> None:
    (number,) = completed(numbers.emirates, f"784{year}{serial:07d}")
    assert numbers.emirates(f"{number[:3]}-{number[3:7]}-{number[7:14]}-{number[14]}")


@pytest.mark.parametrize("year", ["1899", "2101", "0000", "9999"])
def test_nobody_of_the_emirates_was_born_then(year: str) -> None:
    assert completed(numbers.emirates, f"784{year}1234567") == []


@pytest.mark.parametrize("prefix", ["BG", "GB", "NK", "KN", "TN", "NT", "ZZ"])
def test_prefixes_without_people(prefix: str) -> None:
    assert not numbers.nino(f"{prefix}123456A")
    assert find_private_data(f"{prefix}123456A") == ()


@pytest.mark.parametrize(
    "number", ["DA123456A", "AF123456A", "AO123456A", "QQ123456A", "AB123456E", "AB12345A", "ab123456c"]
)
def test_what_is_no_british_number_is_left_alone(number: str) -> None:
    assert find_private_data(number) == ()


@pytest.mark.parametrize(
    ("number", "right"),
    [
        ("RSSMRA85T10A562S", True),
        ("rssmra85t10a562s", True),
        ("MRTMTT91D08F205J", True),
        ("MLLSNT82P65Z404U", True),
        ("RSSMRA85T10A562T", False),
        ("RSSMRA85T11A562S", False),
        ("RSSMRB85T10A562S", False),
    ],
)
def test_an_italian_code(number: str, right: bool) -> None:
    assert numbers.codice_fiscale(number) is right
    assert bool(find_private_data(number)) is right
