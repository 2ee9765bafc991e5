"""Akismet 1.1: one word out, whatever comes in."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest

from hakam.door.drop_in.analyst import Analyst
from hakam.door.drop_in.labels import FILE
from hakam.testing.doors import key_text

SPAM = "Earn 5000 dollars a week from home, guaranteed profit, click https://x.example/win now"
BLOG = "https://blog.example"


def form(**fields: str) -> bytes:
    return urlencode({"api_key": key_text("forum"), "blog": BLOG, **fields}).encode()


def test_a_key_is_verified(akismet: Any) -> None:
    right = urlencode({"key": key_text("forum"), "blog": BLOG}).encode()
    wrong = urlencode({"key": "hk_no", "blog": BLOG}).encode()
    assert akismet("/1.1/verify-key", right, key=None)[1] == b"valid"
    status, body, headers = akismet("/1.1/verify-key", wrong, key=None)
    assert (status, body) == (200, b"invalid")
    assert headers["x-akismet-debug-help"]


def test_models_are_loaded_once_a_right_key_was_verified(analyst: Analyst, akismet: Any) -> None:
    def loading() -> bool:
        return any(thread.name == "analyst" and thread.is_alive() for thread in threading.enumerate())

    akismet("/1.1/verify-key", urlencode({"key": "hk_no", "blog": BLOG}).encode(), key=None)
    assert not loading()
    akismet("/1.1/verify-key", urlencode({"key": key_text("forum"), "blog": BLOG}).encode(), key=None)
    assert loading()
    analyst.stop()


def test_a_comment_is_spam_or_not(akismet: Any) -> None:
    assert akismet("/1.1/comment-check", form(comment_content=SPAM, blog_lang="en"))[1] == b"true"
    kind = form(comment_content="Thank you for this article, the part about bread helped me a lot.")
    assert akismet("/1.1/comment-check", kind)[1] == b"false"


def test_what_few_people_write_to_each_other_is_not_read_without_a_legal_basis(
    akismet: Any, akismet_of_private: Any
) -> None:
    private = {"comment_content": SPAM, "comment_type": "message"}
    _, body, headers = akismet("/1.1/comment-check", form(**private))
    assert body == b"invalid"
    assert "legal basis" in headers["x-akismet-debug-help"]
    assert akismet("/1.1/submit-spam", form(**private))[1] == b"invalid"  # nor kept
    assert akismet_of_private("/1.1/comment-check", form(**private))[1] == b"true"


@pytest.mark.parametrize(
    ("fields", "body"),
    [
        ({"comment_author": "viagra-test-123"}, b"true"),
        ({"comment_author": "akismet-guaranteed-spam"}, b"true"),
        ({"user_role": "administrator", "comment_content": SPAM}, b"false"),
        ({}, b"invalid"),
        ({"blog": ""}, b"invalid"),
    ],
)
def test_the_words_that_integrations_test_with(akismet: Any, fields: dict[str, str], body: bytes) -> None:
    assert akismet("/1.1/comment-check", form(**fields))[1] == body


@pytest.mark.parametrize(("path", "value"), [("submit-spam", 1.0), ("submit-ham", 0.0)])
def test_what_is_submitted_is_kept_as_a_label(akismet: Any, tmp_path: Path, path: str, value: float) -> None:
    status, body, _ = akismet(f"/1.1/{path}", form(comment_content="a text", blog_lang="en, fr_ca"))
    assert (status, body) == (200, b"Thanks for making the web a better place.")
    (line,) = (tmp_path / FILE).read_bytes().splitlines()
    kept = msgspec.json.decode(line)
    assert (kept["labels"], kept["source"], kept["platform"]) == ({"spam": value}, path, "forum")
    assert "language" not in kept


def test_no_key_no_answer(akismet: Any) -> None:
    assert akismet("/1.1/comment-check", b"comment_content=a", key=None)[1] == b"invalid"
    assert akismet("/1.1/comment-check", form(comment_content="a"), method="GET")[1] == b"invalid"
