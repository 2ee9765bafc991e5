"""Whether a number can be a national identity number: each country's own arithmetic, from its public rule."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date

_DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
_FISCAL_ODD = {
    **dict(zip("0123456789", (1, 0, 5, 7, 9, 13, 15, 17, 19, 21), strict=True)),
    **dict(
        zip(
            "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
            (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23),
            strict=True,
        )
    ),
}
_EGYPT_GOVERNORATES = frozenset({
    "01", "02", "03", "04", "11", "12", "13", "14", "15", "16", "17", "18", "19", "21", "22", "23", "24",
    "25", "26", "27", "28", "29", "31", "32", "33", "34", "35", "88",
})  # fmt: skip
# Verhoeff's dihedral scheme (1969): the multiplication of D5, and the permutation's powers.
_VERHOEFF = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9), (1, 2, 3, 4, 0, 6, 7, 8, 9, 5), (2, 3, 4, 0, 1, 7, 8, 9, 5, 6),
    (3, 4, 0, 1, 2, 8, 9, 5, 6, 7), (4, 0, 1, 2, 3, 9, 5, 6, 7, 8), (5, 9, 8, 7, 6, 0, 4, 3, 2, 1),
    (6, 5, 9, 8, 7, 1, 0, 4, 3, 2), (7, 6, 5, 9, 8, 2, 1, 0, 4, 3), (8, 7, 6, 5, 9, 3, 2, 1, 0, 4),
    (9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
)  # fmt: skip
_SHUFFLE = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9), (1, 5, 7, 6, 2, 8, 3, 0, 9, 4), (5, 8, 0, 3, 7, 9, 6, 1, 4, 2),
    (8, 9, 1, 6, 0, 4, 3, 5, 2, 7), (9, 4, 5, 3, 1, 2, 6, 8, 7, 0), (4, 2, 8, 6, 5, 7, 3, 9, 0, 1),
    (2, 7, 9, 3, 8, 0, 6, 4, 1, 5), (7, 0, 4, 6, 9, 1, 3, 2, 5, 8),
)  # fmt: skip
_NOT_NINO = frozenset({"BG", "GB", "NK", "KN", "TN", "NT", "ZZ"})


def _digits(text: str) -> list[int]:
    return [int(c) for c in text if "0" <= c <= "9"]


def _is_date(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def luhn(text: str) -> bool:
    """Return whether the digits pass the Luhn check (ISO/IEC 7812-1, annex B)."""
    total = 0
    for n, digit in enumerate(reversed(_digits(text))):
        doubled = digit * 2 if n % 2 else digit
        total += doubled - 9 * (doubled > 9)  # noqa: PLR2004 -- the sum of its two digits
    return total % 10 == 0


def dni(text: str) -> bool:
    """Spain, DNI and NIE: the letter is the number modulo 23."""
    plain = text.upper().replace("-", "")
    number = plain[:-1].replace("X", "0").replace("Y", "1").replace("Z", "2")
    return _DNI_LETTERS[int(number) % 23] == plain[-1]


def codice_fiscale(text: str) -> bool:
    """Italy: the last letter follows from the fifteen before it (DM 23/12/1976)."""
    plain = text.upper()
    total = 0
    for n, c in enumerate(plain[:15]):
        total += _FISCAL_ODD[c] if n % 2 == 0 else int(c) if c.isdigit() else ord(c) - ord("A")
    return chr(ord("A") + total % 26) == plain[15]


def nir(text: str) -> bool:
    """France, social security number: the key is 97 less the number modulo 97; Corsica's 2A and 2B count 19 and 18."""
    plain = text.upper().replace(" ", "")
    number, key = plain[:13].replace("2A", "19").replace("2B", "18"), plain[13:]
    return number.isdigit() and 97 - int(number) % 97 == int(key)


def steuer_id(text: str) -> bool:
    """Germany, tax identification: ISO 7064 MOD 11,10, and one digit of the first ten stands two or three times."""
    digits = _digits(text)
    repeated = [times for times in Counter(digits[:10]).values() if times > 1]
    if repeated not in ([2], [3]):
        return False
    product = 10
    for digit in digits[:10]:
        total = (digit + product) % 10 or 10
        product = total * 2 % 11
    return (11 - product) % 10 == digits[10]


def turkish(text: str) -> bool:
    """Turkey: the tenth digit follows from odd and even places, the last is the sum of all before it modulo 10."""
    d = _digits(text)
    return (7 * sum(d[0:9:2]) - sum(d[1:8:2])) % 10 == d[9] and sum(d[:10]) % 10 == d[10]


def cpf(text: str) -> bool:
    """Brazil: two check digits, weights falling from 10 and 11, modulo 11."""
    d = _digits(text)
    if len(set(d)) == 1:
        return False
    for length in (9, 10):
        total = sum(digit * weight for digit, weight in zip(d, range(length + 1, 1, -1), strict=False))
        if total * 10 % 11 % 10 != d[length]:
            return False
    return True


def egyptian(text: str) -> bool:
    """Egypt: century, date of birth and governorate must exist (the rule of its last digit is not public)."""
    year = (1900 if text[0] == "2" else 2000) + int(text[1:3])
    return _is_date(year, int(text[3:5]), int(text[5:7])) and text[7:9] in _EGYPT_GOVERNORATES


def emirates(text: str) -> bool:
    """Emirates: 784, a year of birth, seven digits, and a Luhn digit."""
    digits = re.sub("[^0-9]", "", text)
    return 1900 <= int(digits[3:7]) <= 2100 and luhn(digits)  # noqa: PLR2004 -- a year


def saudi(text: str) -> bool:
    """Saudi Arabia: ten digits, 1 for citizens and 2 for residents, with a Luhn digit."""
    return luhn(text)


def aadhaar(text: str) -> bool:
    """India: twelve digits by Verhoeff's scheme."""
    check = 0
    for n, digit in enumerate(reversed(_digits(text))):
        check = _VERHOEFF[check][_SHUFFLE[n % 8][digit]]
    return check == 0


def ssn(text: str) -> bool:
    """United States: no group of noughts only, and not 666."""
    area, group, serial = text.split("-")
    return area not in {"000", "666"} and group != "00" and serial != "0000"


def nino(text: str) -> bool:
    """United Kingdom: prefixes that are never given out are left out."""
    return text[:2] not in _NOT_NINO
