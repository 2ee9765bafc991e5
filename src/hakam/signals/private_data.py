"""Private data in a text: phone numbers, e-mail addresses, bank accounts, payment cards, national identity numbers.

What can be checked is checked (ISO 13616 for IBANs, ISO/IEC 7812 for cards, each country's own rule for its numbers),
so that an order number is not taken for a person. Digits of other scripts count: ٠١٢ is 012; so do the spaces and
dashes of word processors. Places are those of the text as it came.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from hakam.signals.identity_numbers import (
    aadhaar,
    codice_fiscale,
    cpf,
    dni,
    egyptian,
    emirates,
    luhn,
    nino,
    nir,
    saudi,
    ssn,
    steuer_id,
    turkish,
)


class PrivateKind(StrEnum):
    """What kind of private data."""

    EMAIL = "email"
    PHONE = "phone"
    IBAN = "iban"
    CARD = "card"
    NATIONAL_ID = "national_id"


class PrivateData(NamedTuple):
    """One find: its kind, where it stands (end exclusive), and the country whose rule it fits, if one is known."""

    kind: PrivateKind
    start: int
    end: int
    country: str | None = None


# ISO 13616 registry: length of each country's IBAN.
_IBAN_LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BI": 27, "BR": 29,
    "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DJ": 27, "DK": 18, "DO": 28, "EE": 20, "EG": 29,
    "ES": 24, "FI": 18, "FK": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28,
    "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28,
    "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MN": 20,
    "MR": 27, "MT": 31, "MU": 30, "NI": 28, "NL": 18, "NO": 15, "OM": 23, "PK": 24, "PL": 28, "PS": 29, "PT": 25,
    "QA": 29, "RO": 24, "RS": 22, "RU": 33, "SA": 24, "SC": 31, "SD": 18, "SE": 24, "SI": 19, "SK": 24, "SM": 27,
    "SO": 23, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20, "YE": 30,
}  # fmt: skip
_PLAIN = {
    **{start + n: str(n) for start in (0x660, 0x6F0, 0x966) for n in range(10)},
    **dict.fromkeys(
        (0xA0, 0x2007, 0x2009, 0x202F), " "
    ),  # spaces at which no line breaks, as documents have them
    **dict.fromkeys((0x2010, 0x2011, 0x2012, 0x2013, 0x2212), "-"),
}  # each for one character, so that places stay

_ENOUGH = re.compile(r"(?:[0-9][^0-9]*){6}")  # the shortest number known here has six digits
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,8}[a-zA-Z\u0621-\u064a]{2,24}(?![\w-])")
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}[0-9]{2}(?: ?[A-Za-z0-9]){11,30}(?![A-Za-z0-9])")
_CARD = re.compile(r"(?<![0-9+])[2-6][0-9]{3}(?:[ -]?[0-9]){9,15}(?![0-9])")
# A plus or double nought and a country, or a national trunk prefix; groups by space, point, dash, slash, brackets.
_PHONE = re.compile(
    r"(?<![\w.,/@=-])(?:(?:\+|00)[1-9][0-9]{0,2}|0[1-9]|\([0-9]{2,5}\)"
    r"|[2-9][0-9]{2}(?=[ .-][0-9]{3}[ .-][0-9]{4}(?![0-9])))"
    r"(?:[ ./()-]{0,2}[0-9]){5,13}(?![\w%€$£]|[.,/-][0-9])"
)
_INTERNATIONAL, _NATIONAL, _LONGEST = 8, 8, 15
_DATE = re.compile(r"[0-9]{1,2}[./-][0-9]{1,2}[./-](?:[0-9]{2}|[0-9]{4})$")
_DAY = r"(?:0?[1-9]|[12][0-9]|3[01])"
_DATED = re.compile(rf"(?<![0-9]){_DAY}[./-]{_DAY}[./-](?:19|20)[0-9]{{2}}(?![0-9])")  # 01.12.2024 10
_HOUR = "(?:[01][0-9]|2[0-4])[.]?[0-5][05]"
_HOURS = re.compile(rf"{_HOUR} ?[-/] ?{_HOUR}$")  # 09.00-17.00

_Check = Callable[[str], bool]
# Each country's number: how it is written, and whether it can be one. Numbers without a check digit must be marked
# (with dashes, as they are written), or any number of that length would do.
_IDENTITY: tuple[tuple[str, re.Pattern[str], _Check], ...] = (
    ("ES", re.compile(r"(?<![A-Za-z0-9])(?:[0-9]{8}|[XYZxyz][0-9]{7})-?[A-Za-z](?![A-Za-z0-9])"), dni),
    ("IT", re.compile(
        r"(?<![A-Za-z0-9])[A-Za-z]{6}[0-9]{2}[A-EHLMPR-Ta-ehlmpr-t][0-9]{2}[A-Za-z][0-9]{3}[A-Za-z](?![A-Za-z0-9])"
    ), codice_fiscale),
    ("FR", re.compile(
        r"(?<![0-9])[12] ?[0-9]{2} ?[01][0-9] ?(?:[0-9]{2}|2[ABab]) ?[0-9]{3} ?[0-9]{3} ?[0-9]{2}(?![0-9])"
    ), nir),
    ("DE", re.compile(r"(?<![0-9])[1-9][0-9] ?[0-9]{3} ?[0-9]{3} ?[0-9]{3}(?![0-9])"), steuer_id),
    ("TR", re.compile(r"(?<![0-9])[1-9][0-9]{10}(?![0-9])"), turkish),
    ("BR", re.compile(r"(?<![0-9])[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}(?![0-9])|(?<![0-9])[0-9]{11}(?![0-9])"), cpf),
    ("EG", re.compile(r"(?<![0-9])[23][0-9]{13}(?![0-9])"), egyptian),
    ("AE", re.compile(r"(?<![0-9])784-?[0-9]{4}-?[0-9]{7}-?[0-9](?![0-9])"), emirates),
    ("SA", re.compile(r"(?<![0-9+])[12][0-9]{9}(?![0-9])"), saudi),
    ("IN", re.compile(r"(?<![0-9])[2-9][0-9]{3}[ -][0-9]{4}[ -][0-9]{4}(?![0-9])"), aadhaar),
    ("PK", re.compile(r"(?<![0-9])[1-8][0-9]{4}-[0-9]{7}-[0-9](?![0-9])"), lambda _: True),
    ("US", re.compile(r"(?<![0-9])[0-8][0-9]{2}-[0-9]{2}-[0-9]{4}(?![0-9])"), ssn),
    ("GB", re.compile(
        r"(?<![A-Za-z0-9])[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D](?![A-Za-z0-9])"
    ), nino),
)  # fmt: skip


def find_private_data(text: str) -> tuple[PrivateData, ...]:
    """Return all private data of a text in order of place; no two overlap, the surer kind comes first."""
    plain = text if text.isascii() else text.translate(_PLAIN)
    numbers = _ENOUGH.search(plain) is not None
    emails = _emails(plain) if "@" in plain else ()
    found: list[PrivateData] = []
    for one in (
        (*emails, *_ibans(plain), *_identities(plain), *_cards(plain), *_phones(plain)) if numbers else emails
    ):
        if all(one.end <= other.start or one.start >= other.end for other in found):
            found.append(one)
    return tuple(sorted(found, key=lambda one: one.start))


def mask(text: str) -> str:
    """Return a text with each find replaced by its kind in brackets: for logs and for people who need not know."""
    out, place = [], 0
    for one in find_private_data(text):
        out += [text[place : one.start], f"[{one.kind}]"]
        place = one.end
    return "".join([*out, text[place:]])


def _emails(text: str) -> Iterator[PrivateData]:
    for match in _EMAIL.finditer(text):
        yield PrivateData(PrivateKind.EMAIL, *match.span())


def valid_iban(text: str) -> bool:
    """Return whether a text without spaces is an IBAN: length of its country, remainder 1 (ISO 13616, ISO 7064)."""
    iban = text.upper()
    if _IBAN_LENGTHS.get(iban[:2]) != len(iban):
        return False
    return int("".join(str(int(c, 36)) for c in iban[4:] + iban[:4])) % 97 == 1


def _scan(
    pattern: re.Pattern[str], text: str, end_of: Callable[[re.Match[str]], int | None]
) -> Iterator[tuple[int, int]]:
    """Yield where the numbers of a pattern stand.

    `end_of` says where the number of a match ends, or `None` if it is none. A match may have swallowed what is no part
    of its number, so the search goes on after the number, or after the first character of what was none.
    """
    at = 0
    while match := pattern.search(text, at):
        end = end_of(match)
        if end is not None:
            yield match.start(), end
        at = match.start() + 1 if end is None else end


def _ibans(text: str) -> Iterator[PrivateData]:
    for start, end in _scan(_IBAN, text, _end_of_iban):
        yield PrivateData(PrivateKind.IBAN, start, end, text[start : start + 2].upper())


def _end_of_iban(match: re.Match[str]) -> int | None:
    """Return where an IBAN ends: words may follow, so that what its country says is its length."""
    text = match.group()
    length = _IBAN_LENGTHS.get(text[:2].upper(), 0)
    taken, end = 0, 0
    while taken < length and end < len(text):
        taken += text[end] != " "
        end += 1
    whole = taken == length and length and valid_iban(text[:end].replace(" ", ""))
    return match.start() + end if whole else None


def _identities(text: str) -> Iterator[PrivateData]:
    for country, pattern, check in _IDENTITY:
        for match in pattern.finditer(text):
            if check(match.group()):
                yield PrivateData(PrivateKind.NATIONAL_ID, *match.span(), country)


def _cards(text: str) -> Iterator[PrivateData]:
    for start, end in _scan(_CARD, text, _end_of_card):
        yield PrivateData(PrivateKind.CARD, start, end)


def _end_of_card(match: re.Match[str]) -> int | None:
    """Return where a card's number ends: an expiry date or a security code may follow it. The longest comes first."""
    text = match.group()
    for end in (len(text), *(n for n in range(len(text) - 1, 0, -1) if text[n] in " -")):
        digits = re.sub("[ -]", "", text[:end])
        if 13 <= len(digits) <= 19 and len(set(digits)) > 1 and luhn(digits):  # noqa: PLR2004 -- ISO/IEC 7812
            return match.start() + end
    return None


def _phones(text: str) -> Iterator[PrivateData]:
    for start, end in _scan(_PHONE, text, _end_of_phone):
        yield PrivateData(PrivateKind.PHONE, start, end)


def _end_of_phone(match: re.Match[str]) -> int | None:
    number = match.group()
    digits = re.sub("[^0-9]", "", number)
    least = _INTERNATIONAL if number.startswith(("+", "00")) else _NATIONAL
    if not least <= len(digits) <= _LONGEST + 2 * number.startswith("00"):
        return None
    if len(set(digits)) <= 2 or _is_day(digits):  # noqa: PLR2004 -- 000 000 111 is no phone
        return None
    if not number.startswith("+") and (_DATE.match(number) or _DATED.search(number) or _HOURS.match(number)):
        return None
    return match.end()


def _is_day(digits: str) -> bool:
    """Return whether eight digits read as a day: 01122024."""
    if len(digits) != 8:  # noqa: PLR2004 -- DDMMYYYY
        return False
    try:
        return 1900 <= date(int(digits[4:]), int(digits[2:4]), int(digits[:2])).year <= 2100  # noqa: PLR2004
    except ValueError:
        return False
