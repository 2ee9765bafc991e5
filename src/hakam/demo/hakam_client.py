"""How Maydan calls Hakam: plain HTTP with its key, as any platform would."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import httpx

from hakam.demo.store import Author, Post

BATCH = 50


class HakamError(RuntimeError):
    """Hakam refused, or could not be reached. The message holds its own words."""


def event_of(post: Post, author: Author, *, url: str) -> dict[str, Any]:
    """Return a post as the event that Hakam takes."""
    item: dict[str, Any] = {
        "id": post.id,
        "url": url,
        "text": post.text,
        "language": post.language,
        "audience": "public",
    }
    if post.reply:
        item["parent"] = post.reply
    return {
        "id": f"{post.id}-created",
        "platform": "maydan",
        "kind": "comment" if post.reply else "post",
        "at": datetime.fromtimestamp(post.at, tz=UTC).isoformat(),
        "author": {
            "id": author.id,
            "name": author.name,
            "created_at": datetime.fromtimestamp(author.joined, tz=UTC).isoformat(),
            "followers": author.followers,
            "verified": author.verified,
            "country": author.country,
            "language": author.language,
        },
        "item": item,
    }


class Hakam:
    """The way to Hakam's door and control API. Any thread may use it; connections are kept open."""

    def __init__(self, *, door: str, api: str, key: str, timeout: float = 20.0) -> None:
        headers = {"authorization": f"Bearer {key}", "user-agent": "Maydan/1"}
        self._door = httpx.Client(base_url=door, headers=headers, timeout=timeout, trust_env=False)
        self._api = httpx.Client(base_url=api, headers=headers, timeout=timeout, trust_env=False)

    def send(self, events: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Hand events in and return one answer each, in order. Raises `HakamError`."""
        answers: list[dict[str, Any]] = []
        for start in range(0, len(events), BATCH):
            part = events[start : start + BATCH]
            answers += self._post(self._door, "/v1/events", list(part))["results"]
        for answer in answers:
            if "problem" in answer:
                raise HakamError(f"Hakam did not take event {answer['event']}: {answer['problem']}")
        return answers

    def report(self, notice: dict[str, Any], *, key: str) -> dict[str, Any]:
        """File a notice of a reader; the same `key` is the same notice. Raises `HakamError`."""
        return dict(self._post(self._api, "/api/v1/notices", notice, {"idempotency-key": key}))

    def complain(self, complaint: dict[str, Any]) -> dict[str, Any]:
        """File a complaint of somebody concerned. Raises `HakamError`."""
        return dict(self._post(self._api, "/api/v1/complaints", complaint))

    @staticmethod
    def _post(client: httpx.Client, path: str, body: Any, headers: dict[str, str] | None = None) -> Any:
        try:
            response = client.post(path, json=body, headers=headers)
        except httpx.HTTPError as error:
            raise HakamError(f"Hakam can't be reached at {client.base_url}: {error}") from error
        if response.is_error:
            raise HakamError(f"Hakam answered {response.status_code} to {path}: {response.text[:500]}")
        return response.json()
