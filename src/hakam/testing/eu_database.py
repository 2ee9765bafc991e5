"""A database like the EU Transparency Database, for tests and benchmarks: a WSGI application with its documented rules.

It judges by its own table, written from the interface's documentation and the published behaviour of its server, and
shares no code with what builds and checks statements. It trims texts, drops unknown fields and fields whose condition
is false, takes batches whole or not at all, and knows every puid for ever.
"""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from hakam.compliance.eu_database.codes import codes

TOKEN: Final = "1|secret"  # noqa: S105 -- of a test double
StartResponse = Callable[[str, list[tuple[str, str]]], Any]
_JSON: Final = [("content-type", "application/json")]
_STATUS: Final = {
    200: "200 OK", 201: "201 Created", 302: "302 Found", 401: "401 Unauthorized", 403: "403 Forbidden",
    404: "404 Not Found", 405: "405 Method Not Allowed", 422: "422 Unprocessable Content", 429: "429 Too Many Requests",
    503: "503 Service Unavailable",
}  # fmt: skip
_PUID = re.compile(r"[a-zA-Z0-9_-]+")
_ONE = "The identifier given is not unique within this platform."
_MANY = "The platform identifier(s) are not all unique within this call."
_SINGLE_CODES: Final = (
    "decision_monetary",
    "decision_provision",
    "decision_account",
    "account_type",
    "content_language",
)
_LISTS: Final = ("decision_visibility", "category_specification")
_TEXTS: Final = {
    "decision_visibility_other": 500, "decision_monetary_other": 500, "decision_ground_reference_url": 500,
    "illegal_content_legal_ground": 500, "illegal_content_explanation": 2000, "incompatible_content_ground": 500,
    "incompatible_content_explanation": 2000, "content_type_other": 500, "category_specification_other": 500,
    "source_identity": 500, "decision_facts": 5000, "puid": 500,
}  # fmt: skip
_ENDS: Final = tuple(
    f"end_date_{one}_restriction" for one in ("visibility", "monetary", "service", "account")
)
# field -> (condition's field, the value that asks for it); sent without the condition, it is dropped
_WITH: Final = {
    "decision_visibility_other": ("decision_visibility", "DECISION_VISIBILITY_OTHER"),
    "decision_monetary_other": ("decision_monetary", "DECISION_MONETARY_OTHER"),
    "content_type_other": ("content_type", "CONTENT_TYPE_OTHER"),
    "illegal_content_legal_ground": ("decision_ground", "DECISION_GROUND_ILLEGAL_CONTENT"),
    "illegal_content_explanation": ("decision_ground", "DECISION_GROUND_ILLEGAL_CONTENT"),
    "incompatible_content_ground": ("decision_ground", "DECISION_GROUND_INCOMPATIBLE_CONTENT"),
    "incompatible_content_explanation": ("decision_ground", "DECISION_GROUND_INCOMPATIBLE_CONTENT"),
}
_REQUIRED: Final = (
    "puid", "decision_ground", "content_type", "category", "content_date", "application_date", "decision_facts",
    "source_type", "automated_detection", "automated_decision",
)  # fmt: skip
_CODED: Final = {
    "decision_ground": codes("decision_ground"), "category": codes("category"), "source_type": codes("source_type"),
    "automated_decision": codes("automated_decision"), "automated_detection": frozenset({"Yes", "No"}),
}  # fmt: skip
_DATES: Final = {"content_date": date(2000, 1, 1), "application_date": date(2020, 1, 1)}
_LAST: Final = date(2038, 1, 1)
_FIELDS: Final = frozenset(
    {*_SINGLE_CODES, *_LISTS, *_TEXTS, *_ENDS, *_REQUIRED, "category_addition", "territorial_scope", "content_id",
     "incompatible_content_illegal", "content_id_ean"}
)  # fmt: skip
Errors = dict[str, list[str]]


def trimmed(value: Any) -> Any:
    """Return a value as the server sees it: texts trimmed, empty ones null."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, list):
        return [trimmed(one) for one in value]
    if isinstance(value, dict):
        return {key: trimmed(one) for key, one in value.items()}
    return value


def _day(value: Any, first: date) -> bool:
    try:
        return isinstance(value, str) and len(value) == 10 and first <= date.fromisoformat(value) <= _LAST  # noqa: PLR2004
    except ValueError:
        return False


def judge(given: Mapping[str, Any]) -> tuple[dict[str, Any], Errors]:  # noqa: C901, PLR0912, PLR0915 -- the server's list of rules
    """Return what the server would keep of one statement, and its errors by field."""
    data = {name: trimmed(value) for name, value in given.items() if name in _FIELDS}
    errors: Errors = {}

    def say(field: str, text: str) -> None:
        errors.setdefault(field, []).append(text)

    for name in _REQUIRED:
        if data.get(name) in (None, []):
            say(name, f"The {name.replace('_', ' ')} field is required.")
    for name, (field, code) in _WITH.items():
        value = data.get(field)
        if value == code or (isinstance(value, list) and code in value):
            if data.get(name) is None:
                say(name, f"The {name.replace('_', ' ')} field is required when {field} is {code}.")
        else:
            data.pop(name, None)
    for name, allowed in _CODED.items():
        if data.get(name) is not None and (not isinstance(data[name], str) or data[name] not in allowed):
            say(name, f"The selected {name.replace('_', ' ')} is invalid.")
    for name in _SINGLE_CODES:
        if data.get(name) is not None and data[name] not in codes(name):
            say(name, f"The selected {name.replace('_', ' ')} is invalid.")
    for name, wanted in (
        *((n, n) for n in _LISTS),
        ("content_type", "content_type"),
        ("category_addition", "category"),
    ):
        value = data.get(name)
        if value is None:
            if name == "category_addition" and name in data:
                say(name, "The category addition must be an array.")
            continue
        if not isinstance(value, list):
            say(name, f"The {name.replace('_', ' ')} must be an array.")
        elif not set(map(str, value)) <= codes(wanted):
            say(name, f"The selected {name.replace('_', ' ')} is invalid.")
    for name, most in _TEXTS.items():
        value = data.get(name)
        if value is not None and not isinstance(value, str):
            say(name, f"The {name.replace('_', ' ')} must be a string.")
        elif value is not None and len(value) > most:
            say(name, f"The {name.replace('_', ' ')} must not be greater than {most} characters.")
    if isinstance(data.get("puid"), str) and not _PUID.fullmatch(data["puid"]):
        say("puid", "The puid format is invalid.")
    address = data.get("decision_ground_reference_url")
    if isinstance(address, str) and not (urlsplit(address).scheme and urlsplit(address).netloc):
        say("decision_ground_reference_url", "The decision ground reference url must be a valid URL.")
    for name, first in _DATES.items():
        if data.get(name) is not None and not _day(data[name], first):
            say(name, f"The {name.replace('_', ' ')} is not a valid date.")
    for name in _ENDS:
        if data.get(name) is not None and not _day(data[name], _DATES["application_date"]):
            say(name, f"The {name.replace('_', ' ')} is not a valid date.")
    if "incompatible_content_illegal" in data:
        if data.get("decision_ground") != "DECISION_GROUND_INCOMPATIBLE_CONTENT":
            del data["incompatible_content_illegal"]
        elif data["incompatible_content_illegal"] not in {"Yes", "No"}:
            say("incompatible_content_illegal", "The selected incompatible content illegal is invalid.")
    if not any(data.get(f"decision_{one}") for one in ("visibility", "monetary", "provision", "account")):
        say(
            "decision_visibility",
            "The decision visibility field is required when no other decision is present.",
        )
    number = data.get("content_id")
    ean = number.get("EAN-13", "0" * 13) if isinstance(number, dict) else ""
    if number is not None and not re.fullmatch(r"[0-9]{13}", str(ean)):
        say("content_id", "The content id EAN-13 must be 13 digits.")
    if data.get("source_type") == "SOURCE_VOLUNTARY":
        data.pop("source_identity", None)
    scope = data.get("territorial_scope")
    data["territorial_scope"] = (
        sorted(set(scope) & codes("territorial_scope")) if isinstance(scope, list) else []
    )
    return data, errors


class TransparencyDatabase:
    """The application. Set `keep` to hold whole statements; without it only their puids are known."""

    def __init__(
        self,
        token: str = TOKEN,
        *,
        keep: bool = True,
        platform: str = "Maydan",
        may_write: bool = True,
    ) -> None:
        self._token, self._platform, self._may_write = token, platform, may_write
        self._lock = threading.Lock()
        self._puids: dict[str, str] = {}  # puid -> uuid
        self.locked: set[str] = set()  # puids that another request under way holds
        self.statements: list[dict[str, Any]] | None = [] if keep else None
        self.requests = 0
        self.refuse_next: list[
            tuple[int, dict[str, str]]
        ] = []  # (status, headers) that come before any judgement

    @property
    def puids(self) -> frozenset[str]:
        """Every puid that was stored."""
        return frozenset(self._puids)

    def forget(self, puid: str) -> None:
        """Lose a statement, as no database should."""
        del self._puids[puid]

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        status, headers, body = self._answer(environ)
        raw = body.encode() if isinstance(body, str) else msgspec.json.encode(body)
        kind = [("content-type", "text/plain")] if isinstance(body, str) else _JSON
        start_response(_STATUS[status], [*kind, *headers.items(), ("content-length", str(len(raw)))])
        return [raw]

    def _answer(self, environ: dict[str, Any]) -> tuple[int, dict[str, str], Any]:
        self.requests += 1
        if self.refuse_next:
            status, headers = self.refuse_next.pop(0)
            limited = "Limit Reached. Please do not overload the API"
            return status, headers, limited if status == 429 else {"message": "Server Error"}  # noqa: PLR2004
        return self._page(environ)

    def _page(self, environ: dict[str, Any]) -> tuple[int, dict[str, str], Any]:  # noqa: PLR0911 -- one for each page
        if environ.get("HTTP_AUTHORIZATION") != f"Bearer {self._token}":
            return 401, {}, {"message": "Unauthenticated."}
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        if path == "/api/ping":
            return 200, {}, {"you_say": "ping", "i_say": "pong"}
        if path.startswith("/api/v1/statement/existing-puid/"):
            return self._existing(path.rpartition("/")[2])
        if path not in {"/api/v1/statement", "/api/v1/statements"}:
            return 404, {}, {"message": "Not Found"}
        if method != "POST":
            return 405, {}, {"message": "Method Not Allowed"}
        if not self._may_write:
            return 403, {}, {"message": "This action is unauthorized."}
        try:
            given = msgspec.json.decode(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
        except msgspec.DecodeError:
            given = {}
        return self._one(given) if path.endswith("statement") else self._batch(given)

    def _existing(self, puid: str) -> tuple[int, dict[str, str], Any]:
        if puid in self._puids:
            return 302, {}, {"message": "statement of reason found", "puid": puid}
        return 404, {}, {"message": "statement of reason not found", "puid": puid}

    def _one(self, given: Any) -> tuple[int, dict[str, str], Any]:
        data, errors = judge(given if isinstance(given, dict) else {})
        if errors:
            first, *more = [text for texts in errors.values() for text in texts]
            tail = f" (and {len(more)} more errors)" if more else ""
            return 422, {}, {"message": first + tail, "errors": errors}
        with self._lock:
            if data["puid"] in self._puids or data["puid"] in self.locked:
                said = {"message": _ONE, "errors": {"puid": [_ONE]}, "existing": {"puid": data["puid"]}}
                return 422, {}, said
            return 201, {}, self._store(data)

    def _batch(self, given: Any) -> tuple[int, dict[str, str], Any]:
        listed = given.get("statements") if isinstance(given, dict) else None
        if not isinstance(listed, list) or not 1 <= len(listed) <= 100:  # noqa: PLR2004 -- documented
            text = "The statements field must have between 1 and 100 items."
            return 422, {}, {"message": text, "errors": {"statements": [text]}}
        judged = [judge(one if isinstance(one, dict) else {}) for one in listed]
        wrong = {f"statement_{n}": errors for n, (_data, errors) in enumerate(judged) if errors}
        if wrong:
            return 422, {}, {"errors": wrong}
        puids = [data["puid"] for data, _errors in judged]
        with self._lock:
            double = {puid for puid in puids if puid in self._puids or puid in self.locked}
            double |= (
                {puid for puid in puids if puids.count(puid) > 1} if len(set(puids)) < len(puids) else set()
            )
            if double:
                errors = {"puid": [_MANY], "existing_puids": sorted(double)}
                return 422, {}, {"message": _MANY, "errors": errors}
            return 201, {}, {"statements": [self._store(data) for data, _errors in judged]}

    def _store(self, data: dict[str, Any]) -> dict[str, Any]:
        name = str(uuid.uuid4())
        self._puids[data["puid"]] = name
        at = datetime.now(tz=UTC).strftime("%Y-%m-%d %H:%M:%S")
        stored = {
            **data,
            "uuid": name,
            "created_at": at,
            "platform_name": self._platform,
            "permalink": f"https://database.example/statement/{name}",
            "self": f"https://database.example/api/v1/statement/{name}",
        }
        if self.statements is not None:
            self.statements.append(stored)
        return stored
