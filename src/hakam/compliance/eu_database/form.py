"""The form of a statement in the database: every field and every condition, all findings at once.

The same judgement as the JSON Schema in `tests/compliance/eu_database/fixtures`, fast enough for every statement of a
large platform, and what a schema can't say: no restriction ends before it begins.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final, NamedTuple

from hakam.compliance.eu_database.codes import codes

MOST: Final = 100  # statements in one batch
_PUID = re.compile(r"[A-Za-z0-9_-]{1,500}")
_EAN = re.compile(r"[0-9]{13}")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s]+")
_LAST = date(2038, 1, 1)
_YES_NO = frozenset({"Yes", "No"})


class Wrong(NamedTuple):
    """One thing that is wrong with a payload. `code` is stable."""

    field: str
    code: str
    message: str


Rule = Callable[[Any], str | None]
"""Returns what is wrong with a value, or None."""


def _one_of(allowed: frozenset[str], *, null: bool = True) -> Rule:
    def rule(value: Any) -> str | None:
        if (value is None and null) or (isinstance(value, str) and value in allowed):
            return None
        return f"{value!r} is no code of this field"

    return rule


def _many(allowed: frozenset[str], *, null: bool = True, least: int = 0) -> Rule:
    def rule(value: Any) -> str | None:
        if value is None and null:
            return None
        if not isinstance(value, list):
            return "must be a list"
        if len(value) < least:
            return f"must name at least {least}"
        for one in value:
            if not isinstance(one, str) or one not in allowed:
                return f"{one!r} is no code of this field"
        return "names a code twice" if len(set(value)) < len(value) else None

    return rule


def _text(most: int, *, must: bool = False) -> Rule:
    def rule(value: Any) -> str | None:
        if value is None and not must:
            return None
        if not isinstance(value, str):
            return "must be a text"
        if len(value) > most:
            return f"has {len(value)} characters, but at most {most}"
        return "says nothing" if must and not value.strip() else None

    return rule


def _date(first: date, *, null: bool) -> Rule:
    def rule(value: Any) -> str | None:
        if value is None and null:
            return None
        if not isinstance(value, str) or not _DATE.fullmatch(value):
            return "must be a date as 2026-01-31"
        try:
            day = date.fromisoformat(value)
        except ValueError:
            return f"{value} is no day of the calendar"
        return None if first <= day <= _LAST else f"must lie between {first} and {_LAST}"

    return rule


def _matches(pattern: re.Pattern[str], what: str, *, null: bool = False, most: int = 500) -> Rule:
    def rule(value: Any) -> str | None:
        if value is None and null:
            return None
        good = isinstance(value, str) and len(value) <= most and pattern.fullmatch(value)
        return None if good else f"must be {what}"

    return rule


def _content_id(value: Any) -> str | None:
    if value is None or value == {}:
        return None
    good = isinstance(value, dict) and set(value) == {"EAN-13"} and isinstance(value["EAN-13"], str)
    return None if good and _EAN.fullmatch(value["EAN-13"]) else "must be an EAN-13 of 13 digits"


_RESTRICTED = _date(date(2020, 1, 1), null=True)
RULES: Final[Mapping[str, Rule]] = {
    "puid": _matches(_PUID, "1 to 500 letters, digits, - or _"),
    "decision_visibility": _many(codes("decision_visibility")),
    "decision_visibility_other": _text(500),
    "decision_monetary": _one_of(codes("decision_monetary")),
    "decision_monetary_other": _text(500),
    "decision_provision": _one_of(codes("decision_provision")),
    "decision_account": _one_of(codes("decision_account")),
    "account_type": _one_of(codes("account_type")),
    "decision_ground": _one_of(codes("decision_ground"), null=False),
    "decision_ground_reference_url": _matches(_URL, "an address of at most 500 characters", null=True),
    "illegal_content_legal_ground": _text(500),
    "illegal_content_explanation": _text(2000),
    "incompatible_content_ground": _text(500),
    "incompatible_content_explanation": _text(2000),
    "incompatible_content_illegal": _one_of(_YES_NO, null=False),
    "category": _one_of(codes("category"), null=False),
    "category_addition": _many(codes("category"), null=False),
    "category_specification": _many(codes("category_specification")),
    "category_specification_other": _text(500),
    "content_type": _many(codes("content_type"), null=False, least=1),
    "content_type_other": _text(500),
    "content_language": _one_of(codes("content_language")),
    "content_date": _date(date(2000, 1, 1), null=False),
    "content_id": _content_id,
    "content_id_ean": _matches(_EAN, "13 digits", null=True),
    "territorial_scope": _many(codes("territorial_scope")),
    "application_date": _date(date(2020, 1, 1), null=False),
    "end_date_visibility_restriction": _RESTRICTED,
    "end_date_monetary_restriction": _RESTRICTED,
    "end_date_service_restriction": _RESTRICTED,
    "end_date_account_restriction": _RESTRICTED,
    "decision_facts": _text(5000, must=True),
    "source_type": _one_of(codes("source_type"), null=False),
    "source_identity": _text(500),
    "automated_detection": _one_of(_YES_NO, null=False),
    "automated_decision": _one_of(codes("automated_decision"), null=False),
}
REQUIRED: Final = (
    "puid",
    "decision_ground",
    "content_type",
    "category",
    "content_date",
    "application_date",
    "decision_facts",
    "source_type",
    "automated_detection",
    "automated_decision",
)
DECISIONS: Final = ("decision_visibility", "decision_monetary", "decision_provision", "decision_account")
ENDS: Final = {
    "decision_visibility": "end_date_visibility_restriction",
    "decision_monetary": "end_date_monetary_restriction",
    "decision_provision": "end_date_service_restriction",
    "decision_account": "end_date_account_restriction",
}
# (field, the value that makes others needed, those others)
_CONDITIONS: Final = (
    ("decision_visibility", "DECISION_VISIBILITY_OTHER", ("decision_visibility_other",)),
    ("decision_monetary", "DECISION_MONETARY_OTHER", ("decision_monetary_other",)),
    ("content_type", "CONTENT_TYPE_OTHER", ("content_type_other",)),
    (
        "decision_ground",
        "DECISION_GROUND_ILLEGAL_CONTENT",
        ("illegal_content_legal_ground", "illegal_content_explanation"),
    ),
    (
        "decision_ground",
        "DECISION_GROUND_INCOMPATIBLE_CONTENT",
        ("incompatible_content_ground", "incompatible_content_explanation"),
    ),
)


def check(payload: Mapping[str, Any]) -> tuple[Wrong, ...]:
    """Return everything that is wrong with a payload: nothing, if the database would take it."""
    wrong: list[Wrong] = []
    for name, value in payload.items():
        rule = RULES.get(name)
        said = "is no field of a statement" if rule is None else rule(value)
        if said is not None:
            wrong.append(Wrong(name, "unknown" if rule is None else "value", said))
    wrong += [Wrong(name, "missing", "is needed") for name in REQUIRED if name not in payload]
    if not any(payload.get(name) for name in DECISIONS):
        wrong.append(Wrong("decision_visibility", "missing", "at least one restriction is needed"))
    for field, code, needed in _CONDITIONS:
        value = payload.get(field)
        if value == code or (isinstance(value, list) and code in value):
            for name in needed:
                text = payload.get(name)
                if not isinstance(text, str) or not text.strip():
                    wrong.append(Wrong(name, "missing", f"is needed with {code}"))
    return (*wrong, *_ends(payload)) if not wrong else tuple(wrong)


def _ends(payload: Mapping[str, Any]) -> list[Wrong]:
    begin = payload["application_date"]
    return [
        Wrong(name, "value", "the restriction would end before it begins")
        for name in ENDS.values()
        if payload.get(name) is not None and payload[name] < begin
    ]
