"""`POST /v1/moderations` in the shape of OpenAI's moderation endpoint.

Shapes and errors: https://platform.openai.com/docs/api-reference/moderations. What no model here measures is false, 0
and has no applied input type, which is that interface's own way of saying that it was not looked at.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import msgspec

from hakam.door.app import Answer
from hakam.door.drop_in.analyst import Analyst, BusyError
from hakam.door.drop_in.call import Admit, Call
from hakam.door.keys import CHECK
from hakam.signals.models.heads import Head
from hakam.vocabulary.problem import Problem

if TYPE_CHECKING:
    from hakam.signals.models.reading import Reading

MAX_INPUTS = 1_000
MAX_CHARACTERS = 1_000_000  # of one request, all inputs together
_encode = msgspec.json.Encoder().encode
_NOT_FOUND_KEY = 401
_FORBIDDEN = 403
_SERVER = 500

CATEGORIES = (
    "harassment", "harassment/threatening", "hate", "hate/threatening", "illicit", "illicit/violent", "self-harm",
    "self-harm/intent", "self-harm/instructions", "sexual", "sexual/minors", "violence", "violence/graphic",
)  # fmt: skip


class InvalidInputError(ValueError):
    """The input has not the shape that it should. `param` names the place."""

    def __init__(self, message: str, param: str | None = "input", code: str | None = None) -> None:
        super().__init__(message)
        self.param = param
        self.code = code


def measured(reading: Reading) -> dict[str, tuple[float, bool]]:
    """Return score and flag of each category that the models here tell something of."""
    p, flagged = reading.scores, set(reading.flagged)
    threat, hate = Head.THREAT in flagged, Head.HATE in flagged
    extremism = Head.EXTREMISM in flagged
    return {
        "harassment": (p[Head.HARASSMENT], Head.HARASSMENT in flagged),
        "harassment/threatening": (p[Head.THREAT], threat),
        "hate": (p[Head.HATE], hate),
        "hate/threatening": (round(p[Head.HATE] * p[Head.THREAT], 4), hate and threat),
        "sexual": (p[Head.SEXUAL], Head.SEXUAL in flagged),
        "violence": (max(p[Head.THREAT], p[Head.EXTREMISM]), threat or extremism),
    }


def result_of(reading: Reading) -> dict[str, Any]:
    """Return one element of `results`."""
    found = measured(reading)
    return {
        "flagged": any(flag for _, flag in found.values()),
        "categories": {name: found[name][1] if name in found else False for name in CATEGORIES},
        "category_scores": {name: found[name][0] if name in found else 0.0 for name in CATEGORIES},
        "category_applied_input_types": {name: ["text"] if name in found else [] for name in CATEGORIES},
    }


def texts_of(body: bytes) -> tuple[list[str], bool]:
    """Return the texts of a request, one for each result, and whether a picture was among the parts.

    Raises `InvalidInputError`.
    """
    try:
        request = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise InvalidInputError("We could not parse the JSON body of your request.", None) from None
    if not isinstance(request, dict):
        raise InvalidInputError("The body must be a JSON object.", None)
    model = request.get("model")
    if model is not None and not isinstance(model, str):
        raise InvalidInputError("Invalid type for 'model': expected a string.", "model", "invalid_type")
    given = request.get("input")
    if given is None:
        raise InvalidInputError("Missing required parameter: 'input'.", "input", "missing_required_parameter")
    if isinstance(given, str):
        found, pictures = [given], False
    elif isinstance(given, list) and given:
        if len(given) > MAX_INPUTS:
            raise InvalidInputError(f"'input' has {len(given):,} elements; at most {MAX_INPUTS:,}.")
        if all(isinstance(part, str) for part in given):
            found, pictures = given, False
        else:
            found, pictures = _parts(given)
    else:
        raise InvalidInputError(
            "'input' must be a string, a list of strings or a list of parts, and not empty.",
            code="invalid_type",
        )
    if sum(map(len, found)) > MAX_CHARACTERS:
        raise InvalidInputError(
            f"'input' is longer than {MAX_CHARACTERS:,} characters.", code="string_above_max_length"
        )
    return found, pictures


def _parts(given: list[Any]) -> tuple[list[str], bool]:
    """Return the texts of parts as one text (they are one message), and whether a picture is among them."""
    texts: list[str] = []
    pictures = False
    for n, part in enumerate(given):
        kind = part.get("type") if isinstance(part, dict) else None
        if kind == "text" and isinstance(part.get("text"), str):
            texts.append(part["text"])
        elif kind == "image_url" and isinstance(part.get("image_url"), dict) and "url" in part["image_url"]:
            pictures = True
        else:
            raise InvalidInputError(
                "A part must be {'type': 'text', 'text': ...} or {'type': 'image_url', 'image_url': {'url': ...}}.",
                f"input[{n}]",
                "invalid_value",
            )
    if not texts:  # an answer of noughts would say that a picture is harmless which nobody has looked at
        raise InvalidInputError(
            "This installation does not look at pictures; send a text with it.",
            "input",
            "image_not_supported",
        )
    return ["\n".join(texts)], pictures


class Moderations:
    """The endpoint."""

    paths = ("/v1/moderations",)

    def __init__(self, admit: Admit, analyst: Analyst) -> None:
        self._admit = admit
        self._analyst = analyst

    async def answer(self, call: Call) -> Answer:
        """Answer a request."""
        if call.method != "POST":
            return error(405, f"Not allowed to {call.method} on {call.path}.", headers=[("allow", "POST")])
        key = self._admit(call.authorization, CHECK)
        if isinstance(key, Problem):
            return _refusal(key)
        try:
            texts, pictures = texts_of(call.body)
        except InvalidInputError as wrong:
            return error(400, str(wrong), param=wrong.param, code=wrong.code)
        try:
            readings = await self._analyst.read(texts, [None] * len(texts))
        except BusyError:
            return error(
                429,
                "Too many texts wait. Try again in a second.",
                kind="requests",
                code="rate_limit_exceeded",
                headers=[("retry-after", "1")],
            )
        model = max((reading.model for reading in readings), key=len)
        body = {"id": f"modr-{secrets.token_hex(12)}", "model": model, "results": [*map(result_of, readings)]}
        headers = [("content-type", "application/json"), ("x-request-id", f"req_{secrets.token_hex(16)}")]
        if pictures:
            headers.append(("x-hakam-not-judged", "image"))
        return Answer(200, headers, _encode(body))

    def too_large(self, limit: int) -> Answer:
        """Say that the body is too large."""
        return error(413, f"The body is larger than {limit:,} bytes.")

    def failed(self, status: int, message: str) -> Answer:
        """Say that a request can't be answered."""
        return error(status, message, kind="server_error" if status >= _SERVER else "invalid_request_error")


def _refusal(problem: Problem) -> Answer:
    if problem.status == _NOT_FOUND_KEY:
        if problem.type.endswith("key-missing"):
            return error(401, "You didn't provide an API key: send `Authorization: Bearer hk_...`.")
        return error(401, f"Incorrect API key provided: {problem.title}.", code="invalid_api_key")
    if problem.status == _FORBIDDEN:
        return error(
            403, f"You have insufficient permissions: {problem.detail}.", code="insufficient_permissions"
        )
    headers = [("retry-after", str(problem.retry_after))] if problem.retry_after is not None else []
    return error(problem.status, f"{problem.title}.", kind="server_error", headers=headers)


def error(
    status: int,
    message: str,
    *,
    kind: str = "invalid_request_error",
    param: str | None = None,
    code: str | None = None,
    headers: list[tuple[str, str]] | None = None,
) -> Answer:
    """Return an error in OpenAI's shape."""
    body = {"error": {"message": message, "type": kind, "param": param, "code": code}}
    return Answer(status, [("content-type", "application/json"), *(headers or [])], _encode(body))
