"""Maydan's deeds: somebody posts, somebody reports. Each is kept here first and then told to Hakam."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from hakam.demo.hakam_client import Hakam, HakamError, event_of
from hakam.demo.store import Author, Post, Store
from hakam.demo.words import words

LONGEST_POST = 2_000
SEND_AT_ONCE = 50


class RejectedError(ValueError):
    """What a person sent can't be taken; the message is for the person."""


class Platform:
    """The platform's own rules. `hakam` is the way to Hakam, `base_url` is Maydan's own address."""

    def __init__(self, store: Store, hakam: Hakam, *, base_url: str) -> None:
        self.store = store
        self._hakam = hakam
        self._base_url = base_url.rstrip("/")

    def url_of(self, post: Post) -> str:
        """Return the address of a post."""
        return f"{self._base_url}/{post.language}/post/{post.id}"

    def write(self, *, author: Author, text: str, language: str, reply: str | None = None) -> Post:
        """Publish what `author` wrote and hand it to Hakam, later if Hakam can't be reached now."""
        if not text.strip() or len(text) > LONGEST_POST:
            raise RejectedError(words(language)["empty_post"])
        post = Post(
            id=secrets.token_hex(8),
            author=author.id,
            at=time.time(),
            language=language_of(text) or author.language,
            text=text.strip(),
            reply=reply if reply and self.store.post(reply) else None,
        )
        self.store.add_posts([post])
        with suppress(HakamError):  # it stays unsent, and the next round of `hand_in_unsent` takes it
            self.hand_in([post])
        return post

    def hand_in(self, posts: Sequence[Post]) -> list[dict[str, Any]]:
        """Hand posts to Hakam and return its answers, in order. Raises `HakamError`."""
        people = self.store.authors()
        events = [event_of(post, people[post.author], url=self.url_of(post)) for post in posts]
        answers: list[dict[str, Any]] = []
        for start in range(0, len(posts), SEND_AT_ONCE):
            answers += self._hakam.send(events[start : start + SEND_AT_ONCE])
            self.store.mark_sent(posts[start : start + SEND_AT_ONCE])
        return answers

    def hand_in_unsent(self) -> int:
        """Hand in what Hakam has not taken yet; return how many. Raises `HakamError`."""
        waiting = self.store.unsent()
        if waiting:
            self.hand_in(waiting)
        return len(waiting)

    def report(self, post: Post, *, author: Author, harm: str, why: str, language: str) -> dict[str, Any]:
        """Pass a reader's report on to Hakam and return its receipt. Raises `HakamError`."""
        notice = notice_of(post, author=author, harm=harm, why=why, language=language)
        return self._hakam.report(notice, key=f"{post.id}/{author.id}/{harm}")

    def complain(self, *, statement: str, author: str, text: str, language: str) -> dict[str, Any]:
        """Pass on the objection of the person who got `statement`. Raises `HakamError`."""
        body = {
            "statement": statement,
            "text": text,
            "email": f"{author}@maydan.example",
            "language": language,
        }
        return self._hakam.complain(body)


def language_of(text: str) -> str | None:
    """Return `ar` for Arabic letters, `en` for Latin ones, None for neither: enough to file a post by."""
    arabic = sum("\u0600" <= letter <= "\u06ff" for letter in text)
    latin = sum(letter.isascii() and letter.isalpha() for letter in text)
    if not arabic and not latin:
        return None
    return "ar" if arabic >= latin else "en"


def notice_of(post: Post, *, author: Author, harm: str, why: str, language: str) -> dict[str, Any]:
    """Return a report as the notice that Hakam takes (DSA Art. 16)."""
    return {
        "harm": harm,
        "illegal": False,
        "explanation": why,
        "items": [{"kind": "comment" if post.reply else "post", "id": post.id}],
        "notifier": author.id,
        "good_faith": words(language)["report_faith"],
        "language": language,
    }
