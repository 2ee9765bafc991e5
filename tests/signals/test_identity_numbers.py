"""National identity numbers: numbers that their countries publish as examples, and the same with one digit changed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hakam.signals import identity_numbers as numbers

EXAMPLES: list[tuple[Callable[[str], bool], str]] = [
    (numbers.luhn, "79927398713"),
    (numbers.dni, "12345678Z"),
    (numbers.dni, "X1234567L"),
    (numbers.codice_fiscale, "RSSMRA85T10A562S"),
    (numbers.nir, "269054958815780"),
    (numbers.steuer_id, "86095742719"),
    (numbers.turkish, "10000000146"),
    (numbers.cpf, "52998224725"),
    (numbers.emirates, "784198012345678"),
    (numbers.aadhaar, "999941057058"),
]


@pytest.mark.parametrize(("check", "number"), EXAMPLES)
def test_an_example_is_valid(check: Callable[[str], bool], number: str) -> None:
    assert check(number)


@pytest.mark.parametrize(("check", "number"), EXAMPLES)
def test_a_changed_digit_is_noticed(check: Callable[[str], bool], number: str) -> None:
    place = max(n for n, c in enumerate(number) if c.isdigit())
    changed = number[:place] + str((int(number[place]) + 1) % 10) + number[place + 1 :]
    assert not check(changed)


@pytest.mark.parametrize(
    ("number", "right"), [("29001011234567", True), ("29013011234567", False), ("29001019934567", False)]
)
def test_an_egyptian_number_holds_a_day_and_a_governorate(number: str, right: bool) -> None:
    assert numbers.egyptian(number) is right


@pytest.mark.parametrize(
    ("number", "right"), [("078-05-1120", True), ("000-05-1120", False), ("078-00-1120", False)]
)
def test_an_american_number_has_no_empty_group(number: str, right: bool) -> None:
    assert numbers.ssn(number) is right


def test_prefixes_that_britain_does_not_give_out() -> None:
    assert numbers.nino("AB123456C")
    assert not numbers.nino("GB123456C")


def test_corsica_counts_its_letters() -> None:
    body = "1550" + "82A" + "00" + "123"
    plain = body.replace("2A", "19")
    key = 97 - int(plain + "0" * (13 - len(plain))) % 97
    number = body + "0" * (13 - len(plain)) + f"{key:02d}"
    assert numbers.nir(number)


def test_a_number_of_one_digit_only_is_none_in_brazil() -> None:
    assert not numbers.cpf("111.111.111-11")
