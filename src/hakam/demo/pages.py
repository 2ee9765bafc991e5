"""Maydan's pages: from what the store holds to HTML, in English and Arabic."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any
from zlib import crc32

from django.template import Context, Engine

from hakam.demo.standing import standing
from hakam.demo.store import Author, Letter, Post, Store
from hakam.demo.words import DIRECTION, LANGUAGES, ago, harms, words

HUES = 8


@cache
def _engine() -> Engine:
    return Engine(dirs=[str(Path(__file__).parent / "templates")], autoescape=True)


def _face(id: str, name: str) -> dict[str, Any]:  # noqa: A002 -- it is the id
    return {"hue": str(crc32(id.encode()) % HUES), "initial": name[:1]}


class Pages:
    """Renders. `console` is the address of Hakam's console, for the link to it."""

    def __init__(self, store: Store, *, console: str) -> None:
        self._store = store
        self._console = console

    def _render(self, template: str, language: str, path: str, **values: Any) -> str:
        text = words(language)
        context = {
            "language": language,
            "direction": DIRECTION[language],
            "other": next(other for other in LANGUAGES if other != language),
            "path": path,
            "w": text,
            "console": self._console,
            "title": values.get("title") or text["tagline"],
            "writers": self._writers(language),
            **values,
        }
        return _engine().get_template(template).render(Context(context, use_l10n=False, use_tz=False))

    def _writers(self, language: str) -> list[dict[str, str]]:
        people = sorted(self._store.authors().values(), key=lambda a: (a.language != language, a.name))
        return [{"id": person.id, "name": person.name} for person in people]

    def _cards(self, posts: Sequence[Post], language: str) -> list[dict[str, Any]]:
        people = self._store.authors()
        on_posts = self._store.measures("item", [post.id for post in posts])
        on_people = self._store.measures("account", {post.author for post in posts})
        return [
            self._card(post, people[post.author], on_posts[post.id], on_people[post.author], language)
            for post in posts
        ]

    def _card(
        self, post: Post, author: Author, on_post: Any, on_author: Any, language: str
    ) -> dict[str, Any]:
        stands = standing(on_post, on_author)
        replied = self._store.post(post.reply) if post.reply else None
        return {
            "id": post.id,
            "text": post.text,
            "language": post.language,
            "author_id": author.id,
            "author_name": author.name,
            "verified": author.verified,
            **_face(author.id, author.name),
            "ago": ago(time.time() - post.at, language),
            "reply": post.reply or "",
            "reply_author": replied.author if replied else "",
            "visibility": str(stands.visibility),
            "labels": stands.labels,
            "replies_locked": stands.replies_locked,
            "because_of_account": stands.because_of_account,
            "statement": self._store.statement_link(stands.statement) or "",
            "sent": post.sent,
        }

    def timeline(self, language: str, *, only: str, before: float, said: str, fragment: bool) -> str:
        """Return the timeline, or only its cards."""
        size = 30
        posts = self._store.timeline(language=only, before=before, limit=size)
        chosen = f"only={only}&" if only else ""
        older = f"/{language}/?{chosen}before={posts[-1].at!r}" if len(posts) == size else ""
        return self._render(
            "cards.html" if fragment else "timeline.html",
            language,
            "/",
            posts=self._cards(posts, language),
            only=only,
            older=older,
            said=said,
            live="" if before else f"/{language}/?{chosen}fragment=1",
        )

    def post(self, language: str, post: Post, *, fragment: bool) -> str:
        """Return a post with its answers, or only the cards."""
        cards = self._cards([post, *self._store.replies(post.id)], language)
        return self._render(
            "cards.html" if fragment else "post.html",
            language,
            f"/post/{post.id}",
            posts=cards,
            focus=post.id,
            reply=post.id,
        )

    def person(self, language: str, author: Author) -> str:
        """Return a person's posts, and what Hakam told the person."""
        text = words(language)
        return self._render(
            "person.html",
            language,
            f"/@{author.id}",
            title=author.name,
            person={
                "id": author.id,
                "name": author.name,
                "followers": text["followers"].format(n=f"{author.followers:,}"),
                **_face(author.id, author.name),
            },
            inbox=text["inbox"].format(name=author.name),
            letters=[self._letter(letter, language) for letter in self._store.letters(author.id)],
            posts=self._cards(self._store.timeline(author=author.id), language),
        )

    @staticmethod
    def _letter(letter: Letter, language: str) -> dict[str, str]:
        return {
            "title": letter.title,
            "body": letter.body,
            "link": letter.link,
            "ago": ago(time.time() - letter.at, language),
        }

    def report(self, language: str, post: Post, *, said: str = "") -> str:
        """Return the form for reporting a post."""
        return self._render(
            "report.html",
            language,
            f"/report/{post.id}",
            posts=self._cards([post], language),
            focus=post.id,
            harms=harms(language),
            said=said,
        )

    def told(self, language: str, said: str, *, link: str = "") -> str:
        """Return a page that says one thing."""
        return self._render("told.html", language, "/", said=said, link=link)

    def messages(self, language: str) -> str:
        """Return what Hakam sent, newest first."""
        text = words(language)
        hooks = [
            {
                "kind": hook.kind,
                "ago": ago(time.time() - hook.at, language),
                "repeated": text["times"].format(n=hook.tries) if hook.tries > 1 else "",
                "body": json.dumps(json.loads(hook.body), ensure_ascii=False, indent=2),
            }
            for hook in self._store.hooks()
        ]
        return self._render("messages.html", language, "/messages", title=text["messages"], hooks=hooks)
