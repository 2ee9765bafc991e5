"""`comments:analyze` and `comments:suggestscore` in the shape of the Perspective API (v1alpha1).

Shapes and errors: https://developers.perspectiveapi.com/s/about-the-api-methods. Nothing that is analysed is stored,
whatever `doNotStore` says; what is suggested is kept as a label, unless `doNotStore` is true.
"""

from __future__ import annotations

import html
import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from hakam.door.app import Answer
from hakam.door.drop_in.analyst import Analyst, BusyError
from hakam.door.drop_in.call import Admit, Call
from hakam.door.drop_in.discovery import discovery
from hakam.door.drop_in.labels import Labels, LabelsFullError
from hakam.door.keys import CHECK
from hakam.signals.models.heads import Head
from hakam.vocabulary.problem import Problem

if TYPE_CHECKING:
    from hakam.signals.models.reading import Reading

MAX_BYTES = 20_480  # of a comment, as the original
MAX_SPANS = 100
# The languages of the original, and those that the models here know besides.
LANGUAGES = frozenset(
    {
        "ar", "zh", "cs", "nl", "en", "fr", "de", "hi", "hi-Latn", "id", "it", "ja", "ko", "pl", "pt", "ru", "es", "sv",
        "tr", "ur", "ur-Latn",
    }
)  # fmt: skip
_encode = msgspec.json.Encoder().encode
_TAG = re.compile(r"<[^<>]{0,2000}>")
_SENTENCE = re.compile(r"[^.!?\u061f\u06d4\u0964\n]+[.!?\u061f\u06d4\u0964\n]*\s*")
_UNAUTHORISED, _FORBIDDEN = 401, 403
_STATUS = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND",
           405: "UNIMPLEMENTED", 413: "INVALID_ARGUMENT", 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL",
           503: "UNAVAILABLE", 507: "UNAVAILABLE"}  # fmt: skip

_Score = Callable[[dict[Head, float]], float]
_MEASURED: dict[str, _Score] = {
    "TOXICITY": lambda p: p[Head.TOXICITY],
    # Very hateful or aggressive: rude, and hateful or threatening besides.
    "SEVERE_TOXICITY": lambda p: p[Head.TOXICITY] * max(p[Head.HATE], p[Head.THREAT]),
    "IDENTITY_ATTACK": lambda p: p[Head.HATE],
    "INSULT": lambda p: p[Head.HARASSMENT],
    "PROFANITY": lambda p: p[Head.TOXICITY],  # no model of swear words alone: see the page of what differs
    "THREAT": lambda p: p[Head.THREAT],
    "SEXUALLY_EXPLICIT": lambda p: p[Head.SEXUAL],
    "SPAM": lambda p: p[Head.SPAM],
}
ATTRIBUTES: dict[str, _Score] = {
    **_MEASURED,
    **{
        f"{name}_EXPERIMENTAL": score
        for name, score in _MEASURED.items()
        if name not in {"SEXUALLY_EXPLICIT", "SPAM"}
    },
}
LABELS = {"TOXICITY": Head.TOXICITY, "IDENTITY_ATTACK": Head.HATE, "INSULT": Head.HARASSMENT, "THREAT": Head.THREAT,
          "SEXUALLY_EXPLICIT": Head.SEXUAL, "SPAM": Head.SPAM}  # fmt: skip


class _Entry(msgspec.Struct):
    text: str | None = None
    type: str = "PLAIN_TEXT"


class _Context(msgspec.Struct):
    entries: list[_Entry] = []


class _Asked(msgspec.Struct, rename="camel"):
    score_type: str = "PROBABILITY"
    score_threshold: float = 0.0


class _Value(msgspec.Struct, rename="camel"):
    value: float
    type: str = "PROBABILITY"


class _Span(msgspec.Struct):
    score: _Value
    begin: int | None = None
    end: int | None = None


class _Suggested(msgspec.Struct, rename="camel"):
    summary_score: _Value | None = None
    span_scores: list[_Span] = []


class _Request(msgspec.Struct, rename="camel"):
    comment: _Entry = msgspec.field(default_factory=_Entry)
    context: _Context | None = None
    requested_attributes: dict[str, _Asked] = {}
    attribute_scores: dict[str, _Suggested] = {}
    languages: list[str] = []
    span_annotations: bool = False
    do_not_store: bool = False
    client_token: str | None = None
    session_id: str | None = None
    community_id: str | None = None


def _decode(body: bytes) -> _Request:
    """Return what a body asks. Of a member that is `null` Google's services read that it is not there."""
    return msgspec.convert(_given(msgspec.json.decode(body)), _Request, strict=False)


def _given(value: Any, *, attributes: bool = False) -> Any:
    """Return a value without members that are `null`. An attribute that is `null` stays: nobody loses it unheard."""
    if isinstance(value, dict):
        return {
            name: _given(inner, attributes=name in {"requestedAttributes", "attributeScores"})
            for name, inner in value.items()
            if inner is not None or attributes
        }
    return [_given(inner) for inner in value] if isinstance(value, list) else value


class RefusedError(ValueError):
    """The request can't be answered. `details` goes into the error as Google's services write it."""

    def __init__(self, message: str, kind: str | None = None, **details: Any) -> None:
        super().__init__(message)
        self.details = (
            [
                {
                    "@type": "type.googleapis.com/google.commentanalyzer.v1alpha1.Error",
                    "errorType": kind,
                    **details,
                }
            ]
            if kind is not None
            else []
        )


def comment_of(entry: _Entry) -> str:
    """Return the text of a comment without tags, every place where it was. Raises `RefusedError`."""
    text = entry.text
    if text is None or not text.strip():
        raise RefusedError("Comment must be non-empty.", "COMMENT_EMPTY")
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise RefusedError(f"Comment text too long: at most {MAX_BYTES} bytes.", "COMMENT_TOO_LONG")
    if entry.type == "HTML":
        return _TAG.sub(lambda match: " " * len(match.group()), text)
    if entry.type not in {"PLAIN_TEXT", "TEXT_TYPE_UNSPECIFIED"}:
        raise RefusedError(f"Invalid value at 'comment.type' (TextType), \"{entry.type}\"")
    return text


def spans_of(text: str) -> list[tuple[int, int]]:
    """Return the sentences of a text as places in it (end exclusive), at most a hundred."""
    found = [match.span() for match in _SENTENCE.finditer(text) if match.group().strip()]
    return found[:MAX_SPANS] or [(0, len(text))]


class Perspective:
    """The two methods, and the discovery document that client libraries build themselves from."""

    paths = ("/v1alpha1/comments:analyze", "/v1alpha1/comments:suggestscore", "/$discovery/rest")

    def __init__(
        self, admit: Admit, analyst: Analyst, labels: Labels, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._admit = admit
        self._analyst = analyst
        self._labels = labels
        self._clock = clock

    async def answer(self, call: Call) -> Answer:  # noqa: PLR0911 -- each refusal is an answer of its own
        """Answer a request."""
        if call.path == "/$discovery/rest":
            return Answer(
                200, [("content-type", "application/json; charset=UTF-8")], _encode(discovery(call.host))
            )
        if call.method != "POST":
            return error(405, f"Only POST, not {call.method}.", headers=[("allow", "POST")])
        shown = call.authorization or (f"Bearer {call.query['key']}" if call.query.get("key") else None)
        key = self._admit(shown, CHECK)
        if isinstance(key, Problem):
            return _refusal(key)
        try:
            request = _decode(call.body or b"{}")
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as wrong:
            return error(400, f"Invalid JSON payload received. {wrong}")
        try:
            if call.path.endswith(":analyze"):
                return await self._analyze(request)
            return self._suggest(request, key.platform)
        except RefusedError as wrong:
            return error(400, str(wrong), details=wrong.details)
        except BusyError:
            return error(429, "Too many texts wait. Try again in a second.", headers=[("retry-after", "1")])
        except LabelsFullError as wrong:
            return error(507, str(wrong))

    async def _analyze(self, request: _Request) -> Answer:
        text = comment_of(request.comment)
        asked = request.requested_attributes
        if not asked:
            raise RefusedError("No attributes requested.")
        for name, how in asked.items():
            if name not in ATTRIBUTES:
                raise RefusedError(f"Unknown requested attribute: {name}")
            if how.score_type not in {"PROBABILITY", "SCORE_TYPE_UNSPECIFIED"}:
                raise RefusedError(f"Attribute {name} has no score of type {how.score_type}.")
            if not 0 <= how.score_threshold <= 1:
                raise RefusedError(f"Attribute {name}: score threshold must be between 0 and 1.")
        for tag in request.languages:
            if tag not in LANGUAGES:
                first = next(iter(asked))
                raise RefusedError(
                    f"Attribute {first} does not support request languages: {tag}",
                    "LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE",
                    languageNotSupportedByAttributeError={
                        "detectedLanguages": [],
                        "requestedLanguages": request.languages,
                        "attribute": first,
                    },
                )
        spans = spans_of(text) if request.span_annotations else [(0, len(text))]
        pieces = [text, *(text[a:b] for a, b in spans)] if len(spans) > 1 else [text]
        if (
            request.comment.type == "HTML"
        ):  # only now: `&eacute;` is one letter, and spans are places of what came
            pieces = [*map(html.unescape, pieces)]
        declared = request.languages[0] if request.languages else None
        readings = await self._analyst.read(pieces, [declared] * len(pieces))
        whole = readings[0]
        parts = readings[1:] or [whole]
        scores = {
            name: _scored(ATTRIBUTES[name], whole, spans, parts)
            for name, how in asked.items()
            if ATTRIBUTES[name](whole.scores) >= how.score_threshold
        }
        detected = [] if whole.language is None else [whole.language]
        answer: dict[str, Any] = {
            "attributeScores": scores,
            "languages": request.languages or detected,
            "detectedLanguages": detected,
        }
        return _good(answer, request, [("x-hakam-model", whole.model)])

    def _suggest(self, request: _Request, platform: str) -> Answer:
        text = comment_of(request.comment)
        if not request.attribute_scores:
            raise RefusedError("No attribute scores suggested.")
        suggested: dict[Head, float] = {}
        for name, how in request.attribute_scores.items():
            if name not in ATTRIBUTES:
                raise RefusedError(f"Unknown attribute: {name}")
            values = [how.summary_score] if how.summary_score else [span.score for span in how.span_scores]
            if not values or any(not 0 <= one.value <= 1 for one in values):
                raise RefusedError(f"Attribute {name}: a score between 0 and 1 is needed.")
            head = LABELS.get(name.removesuffix("_EXPERIMENTAL"))
            if head is not None:
                suggested[head] = max(one.value for one in values)
        if suggested and not request.do_not_store:
            self._labels.keep(
                html.unescape(text) if request.comment.type == "HTML" else text,
                suggested,
                at=self._clock(),
                platform=platform,
                source="suggestscore",
                language=request.languages[0] if request.languages else None,
            )
        answer: dict[str, Any] = {"requestedLanguages": request.languages, "detectedLanguages": []}
        return _good(answer, request, [])

    def too_large(self, limit: int) -> Answer:
        """Say that the body is too large."""
        return error(413, f"Request payload size exceeds the limit: {limit} bytes.")

    def failed(self, status: int, message: str) -> Answer:
        """Say that a request can't be answered."""
        return error(status, message)


def _scored(
    score: _Score, whole: Reading, spans: list[tuple[int, int]], parts: list[Reading]
) -> dict[str, Any]:
    def value(reading: Reading) -> dict[str, Any]:
        return {"value": round(score(reading.scores), 8), "type": "PROBABILITY"}

    return {
        "spanScores": [
            {"begin": begin, "end": end, "score": value(part)}
            for (begin, end), part in zip(spans, parts, strict=True)
        ],
        "summaryScore": value(whole),
    }


def _good(answer: dict[str, Any], request: _Request, headers: list[tuple[str, str]]) -> Answer:
    if request.client_token is not None:
        answer["clientToken"] = request.client_token
    return Answer(200, [("content-type", "application/json; charset=UTF-8"), *headers], _encode(answer))


def _refusal(problem: Problem) -> Answer:
    if problem.status == _UNAUTHORISED and problem.type.endswith("key-missing"):
        return error(403, "The request is missing a valid API key.")
    if problem.status == _UNAUTHORISED:
        return error(
            400,
            "API key not valid. Please pass a valid API key.",
            details=[
                {
                    "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                    "reason": "API_KEY_INVALID",
                    "domain": "googleapis.com",
                    "metadata": {"service": "commentanalyzer.googleapis.com"},
                }
            ],
        )
    headers = [("retry-after", str(problem.retry_after))] if problem.retry_after is not None else []
    return error(problem.status, problem.detail or problem.title, headers=headers)


def error(
    status: int,
    message: str,
    *,
    details: list[dict[str, Any]] | None = None,
    headers: list[tuple[str, str]] | None = None,
) -> Answer:
    """Return an error as Google's services write it."""
    body: dict[str, Any] = {"code": status, "message": message, "status": _STATUS.get(status, "UNKNOWN")}
    if details:
        body["details"] = details
    return Answer(
        status,
        [("content-type", "application/json; charset=UTF-8"), *(headers or [])],
        _encode({"error": body}),
    )
