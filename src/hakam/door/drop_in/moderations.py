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
from hakam.door.drop_in.pictures import MAX_PICTURES, BadPictureError, Found, Pictures
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
NO_PICTURES = Found()
_BANKS = "banks"  # stands for the model where no text was read

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


def result_of(reading: Reading | None, pictures: Found = NO_PICTURES) -> dict[str, Any]:
    """Return one element of `results`: what the models say of the text, and the banks of its pictures."""
    found = measured(reading) if reading is not None else {}
    applied = {name: ["text"] if name in found else [] for name in CATEGORIES}
    for name in pictures.categories:  # a bank knows the picture: no probability, a fact
        found[name] = (1.0, True)
        applied[name].append("image")
    return {
        "flagged": bool(pictures.banks) or any(flag for _, flag in found.values()),
        "categories": {name: found[name][1] if name in found else False for name in CATEGORIES},
        "category_scores": {name: found[name][0] if name in found else 0.0 for name in CATEGORIES},
        "category_applied_input_types": applied,
    }


def inputs_of(body: bytes) -> tuple[list[str], list[str]]:
    """Return the texts of a request, one for each result, and the addresses of pictures among its parts.

    No texts, but pictures: one result, of the pictures alone. Raises `InvalidInputError`.
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
    pictures: list[str] = []
    if isinstance(given, str):
        found = [given]
    elif isinstance(given, list) and given:
        if len(given) > MAX_INPUTS:
            raise InvalidInputError(f"'input' has {len(given):,} elements; at most {MAX_INPUTS:,}.")
        if all(isinstance(part, str) for part in given):
            found = given
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


def _parts(given: list[Any]) -> tuple[list[str], list[str]]:
    """Return the texts of parts as one text (they are one message), and the addresses of its pictures."""
    texts: list[str] = []
    pictures: list[str] = []
    for n, part in enumerate(given):
        kind = part.get("type") if isinstance(part, dict) else None
        image = part.get("image_url") if isinstance(part, dict) else None
        if kind == "text" and isinstance(part.get("text"), str):
            texts.append(part["text"])
        elif kind == "image_url" and isinstance(image, dict) and isinstance(image.get("url"), str):
            pictures.append(image["url"])
        else:
            raise InvalidInputError(
                "A part must be {'type': 'text', 'text': ...} or {'type': 'image_url', 'image_url': {'url': ...}}.",
                f"input[{n}]",
                "invalid_value",
            )
    if len(pictures) > MAX_PICTURES:
        raise InvalidInputError(f"'input' has {len(pictures)} pictures; at most {MAX_PICTURES}.")
    return ["\n".join(texts)] if texts else [], pictures


class Moderations:
    """The endpoint."""

    paths = ("/v1/moderations",)

    def __init__(self, admit: Admit, analyst: Analyst, pictures: Pictures) -> None:
        self._admit = admit
        self._analyst = analyst
        self._pictures = pictures

    async def answer(self, call: Call) -> Answer:  # noqa: PLR0911 -- each refusal is an answer of its own
        """Answer a request."""
        if call.method != "POST":
            return error(405, f"Not allowed to {call.method} on {call.path}.", headers=[("allow", "POST")])
        key = self._admit(call.authorization, CHECK)
        if isinstance(key, Problem):
            return _refusal(key)
        try:
            texts, urls = inputs_of(call.body)
            found = self._pictures.look(urls)
        except InvalidInputError as wrong:
            return error(400, str(wrong), param=wrong.param, code=wrong.code)
        except BadPictureError as wrong:
            return error(400, str(wrong), param="input", code="invalid_image")
        if not texts and not found.banks:
            # An answer of noughts would say that a picture is harmless which nobody has looked at.
            return error(
                400,
                "This installation knows pictures by its banks alone, and no bank knows these; send a text with them.",
                param="input",
                code="image_not_supported",
            )
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
        model = max((reading.model for reading in readings), key=len, default=_BANKS)
        results = [result_of(reading, found) for reading in readings] or [result_of(None, found)]
        body = {"id": f"modr-{secrets.token_hex(12)}", "model": model, "results": results}
        headers = [("content-type", "application/json"), ("x-request-id", f"req_{secrets.token_hex(16)}")]
        if found.unknown:
            headers.append(("x-hakam-not-judged", "image"))
        if found.banks:
            headers.append(("x-hakam-banks", ", ".join(found.banks)))
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
