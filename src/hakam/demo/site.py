"""Maydan over HTTP: a small WSGI application."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable
from http import HTTPStatus
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from hakam.demo import hooks
from hakam.demo.hakam_client import HakamError
from hakam.demo.pages import Pages
from hakam.demo.platform import Platform, RejectedError
from hakam.demo.words import HARMS, LANGUAGES, words

LOG = logging.getLogger("maydan")
LARGEST_BODY = 1_048_576
_STATIC = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_POLICY = "default-src 'none'; form-action 'self'; " + "; ".join(
    f"{kind}-src 'self'" for kind in ("style", "script", "img", "connect")
)


class Answer(msgspec.Struct, frozen=True):
    """What goes back."""

    body: bytes
    status: HTTPStatus = HTTPStatus.OK
    kind: str = "text/html; charset=utf-8"
    location: str | None = None


class Question(msgspec.Struct, frozen=True):
    """What came in."""

    method: str
    path: str
    query: dict[str, str]
    form: dict[str, str]
    headers: dict[str, str]
    body: bytes


def html(text: str, status: HTTPStatus = HTTPStatus.OK) -> Answer:
    """Return a page."""
    return Answer(text.encode(), status)


def json(value: Any, status: HTTPStatus = HTTPStatus.OK) -> Answer:
    """Return a JSON value."""
    return Answer(msgspec.json.encode(value), status, "application/json")


def see(path: str) -> Answer:
    """Send the reader to another page (303)."""
    return Answer(b"", HTTPStatus.SEE_OTHER, location=path)


def preferred(accept: str) -> str:
    """Return the language of ours that comes first in an `Accept-Language`."""
    for part in accept.lower().split(","):
        tag = part.split(";")[0].strip().split("-")[0]
        if tag in LANGUAGES:
            return tag
    return LANGUAGES[0]


def read_question(environ: dict[str, Any]) -> Question:
    """Read a WSGI request. A body that is too large is not read and stands as empty."""
    length = environ.get("CONTENT_LENGTH") or "0"
    size = int(length) if length.isascii() and length.isdecimal() else 0
    body = environ["wsgi.input"].read(size) if 0 < size <= LARGEST_BODY else b""
    headers = {
        name[5:].replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    form = environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded")
    return Question(
        method=environ["REQUEST_METHOD"],
        path=environ.get("PATH_INFO", "/").encode("latin-1").decode("utf-8", "replace"),
        query={name: values[0] for name, values in parse_qs(environ.get("QUERY_STRING", "")).items()},
        form={name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
        if form
        else {},
        headers=headers,
        body=body,
    )


class Site:
    """The application. `secret` is that of the webhooks."""

    def __init__(self, platform: Platform, pages: Pages, *, secret: str) -> None:
        self._platform = platform
        self._store = platform.store
        self._pages = pages
        self._secret = secret
        language = "(?P<language>en|ar)"
        self._routes: list[tuple[str, re.Pattern[str], Callable[..., Answer]]] = [
            ("GET", re.compile("/"), self._front),
            ("GET", re.compile("/healthz"), self._healthz),
            ("GET", re.compile(r"/static/(?P<name>maydan\.(css|js|svg))"), self._static),
            ("POST", re.compile("/hooks/hakam"), self._hook),
            ("GET", re.compile(f"/{language}/"), self._timeline),
            ("POST", re.compile(f"/{language}/post"), self._write),
            ("GET", re.compile(f"/{language}/post/(?P<id>[^/]+)"), self._post),
            ("GET", re.compile(f"/{language}/@(?P<id>[^/]+)"), self._person),
            ("GET", re.compile(f"/{language}/report/(?P<id>[^/]+)"), self._report_form),
            ("POST", re.compile(f"/{language}/report/(?P<id>[^/]+)"), self._report),
            ("GET", re.compile(f"/{language}/messages"), self._messages),
        ]

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request (WSGI)."""
        question = read_question(environ)
        try:
            answer = self.answer(question)
        except Exception:
            LOG.exception("%s %s failed", question.method, question.path)
            answer = Answer(
                b"Maydan stumbled; its log says why.", HTTPStatus.INTERNAL_SERVER_ERROR, "text/plain"
            )
        headers = [
            ("content-type", answer.kind),
            ("content-length", str(len(answer.body))),
            ("content-security-policy", _POLICY),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cache-control", "max-age=3600" if question.path.startswith("/static/") else "no-store"),
        ]
        if answer.location:
            headers.append(("location", answer.location))
        start_response(f"{answer.status.value} {answer.status.phrase}", headers)
        return [answer.body]

    def answer(self, question: Question) -> Answer:
        """Return the answer to one request."""
        for method, pattern, handle in self._routes:
            found = pattern.fullmatch(question.path)
            if found and method == question.method:
                if method == "POST" and handle != self._hook and not self._same_origin(question):
                    return Answer(b"This form was sent from elsewhere.", HTTPStatus.FORBIDDEN, "text/plain")
                return handle(question, **found.groupdict())
        return self._missing(preferred(question.headers.get("accept-language", "")))

    @staticmethod
    def _same_origin(question: Question) -> bool:
        """Whether a form comes from our own pages. Browsers say so; other programs bring no cookies."""
        origin = question.headers.get("origin")
        return origin is None or urlsplit(origin).netloc == question.headers.get("host")

    def _missing(self, language: str) -> Answer:
        return html(self._pages.told(language, words(language)["not_found"]), HTTPStatus.NOT_FOUND)

    def _front(self, question: Question) -> Answer:
        return see(f"/{preferred(question.headers.get('accept-language', ''))}/")

    def _healthz(self, _question: Question) -> Answer:
        return json({"status": "ok", "posts": self._store.count_posts()})

    def _static(self, _question: Question, name: str) -> Answer:
        data = files("hakam.demo").joinpath("static", name).read_bytes()
        return Answer(data, kind=_STATIC[name[name.rindex(".") :]])

    def _hook(self, question: Question) -> Answer:
        try:
            status = hooks.receive(
                self._store, secret=self._secret, headers=question.headers, body=question.body
            )
        except hooks.RefusedError as error:
            return json({"status": "failed", "detail": str(error)}, HTTPStatus.BAD_REQUEST)
        return json({"status": status})

    def _timeline(self, question: Question, language: str) -> Answer:
        only = question.query.get("only", "")
        try:
            before = float(question.query.get("before", "0"))
        except ValueError:
            before = 0.0
        page = self._pages.timeline(
            language,
            only=only if only in LANGUAGES else "",
            before=before,
            said="",
            fragment="fragment" in question.query,
        )
        return html(page)

    def _post(self, question: Question, language: str, id: str) -> Answer:  # noqa: A002 -- it is the id
        post = self._store.post(id)
        if post is None:
            return self._missing(language)
        return html(self._pages.post(language, post, fragment="fragment" in question.query))

    def _person(self, _question: Question, language: str, id: str) -> Answer:  # noqa: A002 -- it is the id
        author = self._store.authors().get(id)
        return html(self._pages.person(language, author)) if author else self._missing(language)

    def _messages(self, _question: Question, language: str) -> Answer:
        return html(self._pages.messages(language))

    def _write(self, question: Question, language: str) -> Answer:
        author = self._store.authors().get(question.form.get("author", ""))
        if author is None:
            return self._missing(language)
        try:
            post = self._platform.write(
                author=author,
                text=question.form.get("text", ""),
                language=language,
                reply=question.form.get("reply"),
            )
        except RejectedError as error:
            return html(self._pages.told(language, str(error)), HTTPStatus.UNPROCESSABLE_ENTITY)
        return see(f"/{language}/post/{post.reply or post.id}#{post.id}")

    def _report_form(self, _question: Question, language: str, id: str) -> Answer:  # noqa: A002 -- it is the id
        post = self._store.post(id)
        return html(self._pages.report(language, post)) if post else self._missing(language)

    def _report(self, question: Question, language: str, id: str) -> Answer:  # noqa: A002 -- it is the id
        post, form = self._store.post(id), question.form
        author = self._store.authors().get(form.get("author", ""))
        if post is None or author is None or form.get("harm") not in HARMS or form.get("faith") != "yes":
            return self._missing(language)
        text = words(language)
        try:
            receipt = self._platform.report(
                post, author=author, harm=form["harm"], why=form.get("why", ""), language=language
            )
        except HakamError as error:
            LOG.warning("a report did not reach Hakam: %s", error)
            page = self._pages.report(language, post, said=text["hakam_down"])
            return html(page, HTTPStatus.BAD_GATEWAY)
        return html(self._pages.told(language, text["report_thanks"], link=str(receipt["link"])))
