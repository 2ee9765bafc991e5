"""Akismet 1.1: is a comment spam? Forms in, one word out. Shapes: https://akismet.com/developers/detailed-docs/."""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec

from hakam.door.app import Answer
from hakam.door.drop_in.analyst import Analyst, BusyError
from hakam.door.drop_in.call import Admit, Call, fields_of
from hakam.door.drop_in.labels import Labels, LabelsFullError
from hakam.door.keys import CHECK
from hakam.signals.models.heads import Head
from hakam.vocabulary.problem import Problem

_BLATANT = 0.97  # so surely spam that clients may throw it away unseen
_PRIVATE = "message"  # in this interface: one that was sent between a few users
_THANKS = b"Thanks for making the web a better place."


class Akismet:
    """The methods that clients call. The key comes as `api_key` or `key`; as a subdomain it can't reach this door."""

    paths = (
        "/1.1/verify-key",
        "/1.1/comment-check",
        "/1.1/submit-spam",
        "/1.1/submit-ham",
        "/1.1/get-subscription",
    )

    def __init__(
        self,
        admit: Admit,
        analyst: Analyst,
        labels: Labels,
        may_read_private: Callable[[str], bool],
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._admit = admit
        self._analyst = analyst
        self._labels = labels
        self._may_read_private = may_read_private
        self._clock = clock

    async def answer(self, call: Call) -> Answer:  # noqa: PLR0911 -- each refusal is an answer of its own
        """Answer a request."""
        form = {**call.query, **fields_of(call.body)}
        text_key = form.get("api_key") or form.get("key")
        key = self._admit(f"Bearer {text_key}" if text_key else None, CHECK)
        if isinstance(key, Problem):
            return _plain(b"invalid", help_=key.title)
        if call.method != "POST":
            return _plain(b"invalid", help_="Only POST.")
        if call.path.endswith("verify-key"):
            self._analyst.prepare()  # clients begin with this, and wait a second for what follows
            return _plain(b"valid")
        if call.path.endswith("get-subscription"):  # what the plugin of WordPress shows of the account
            return _subscription(key.platform)
        if not form.get("blog"):
            return _plain(b"invalid", help_='Empty "blog" value')
        if form.get("comment_type") == _PRIVATE and not self._may_read_private(key.platform):
            return _plain(b"invalid", help_="Private messages are read only while a legal basis is recorded.")
        text = "\n".join(
            part
            for name in ("comment_author", "comment_content", "comment_author_url")
            if (part := form.get(name))
        )
        if call.path.endswith("comment-check"):
            return await self._check(text, form)
        spam = call.path.endswith("submit-spam")
        try:
            self._labels.keep(
                text,
                {Head.SPAM: 1.0 if spam else 0.0},
                at=self._clock(),
                platform=key.platform,
                source="submit-spam" if spam else "submit-ham",
                language=_language(form),
            )
        except LabelsFullError as wrong:
            return _plain(b"invalid", help_=wrong.args[0])
        return _plain(_THANKS)

    async def _check(self, text: str, form: dict[str, str]) -> Answer:
        # The interface's own test words: an author of this name is always spam, this role never is.
        if form.get("comment_author") in {"viagra-test-123", "akismet-guaranteed-spam"}:
            return _plain(b"true")
        if form.get("user_role") == "administrator":
            return _plain(b"false")
        if not text:
            return _plain(b"invalid", help_="Nothing to check")
        try:
            (reading,) = await self._analyst.read([text], [_language(form)])
        except BusyError:
            return _plain(b"invalid", help_="Too many texts wait; try again in a second.")
        spam = Head.SPAM in reading.flagged
        answer = _plain(b"true" if spam else b"false")
        if spam and reading.scores[Head.SPAM] >= _BLATANT:
            return answer._replace(headers=[*answer.headers, ("x-akismet-pro-tip", "discard")])
        return answer

    def too_large(self, limit: int) -> Answer:
        """Say that the body is too large."""
        return _plain(b"invalid", help_=f"The body is larger than {limit:,} bytes.")

    def failed(self, status: int, message: str) -> Answer:  # noqa: ARG002 -- this service has no other status than 200
        """Say that a request can't be answered."""
        return _plain(b"invalid", help_=message)


def _subscription(platform: str) -> Answer:
    body = {
        "account_id": platform,
        "account_name": platform,
        "account_type": "hakam",
        "status": "active",
        "next_billing_date": False,
        "limit_reached": False,
    }
    return Answer(200, [("content-type", "application/json")], msgspec.json.encode(body))


def _language(form: dict[str, str]) -> str | None:
    """Return the language if the blog has only one: `en, fr_ca` leaves it open."""
    tags = [tag.strip().replace("_", "-") for tag in form.get("blog_lang", "").split(",") if tag.strip()]
    return tags[0] if len(tags) == 1 else None


def _plain(body: bytes, *, help_: str | None = None) -> Answer:
    headers = [("content-type", "text/plain; charset=utf-8")]
    if help_ is not None:
        headers.append(("x-akismet-debug-help", help_))
    return Answer(200, headers, body)
