"""The event of a test: each mistake in it has its place, and says what to write instead."""

from __future__ import annotations

from typing import Any

import pytest
from tests.policy.test_codes import BASE

from hakam.policy.fragments import event_of
from hakam.policy.pack import load_pack
from hakam.policy.wording import in_language
from hakam.vocabulary.finding import Finding

SENT = "write what a platform could send; the reference has the form of an event"


def findings_of(event: str) -> tuple[Finding, ...]:
    """Return what is said of the base pack with one more test, of this event."""
    tests = BASE["tests.yaml"] + f"- test: t9\n  event: {event}\n  fires: []\n"
    return load_pack({**BASE, "tests.yaml": tests}).findings


@pytest.mark.parametrize(
    ("event", "code", "hint"),
    [
        ("{author: {followers: many}}", "P403", "write it in digits, without quotes"),
        ("{author: {followers: -3}}", "P403", "write 0 or more"),
        ("{author: {verified: maybe}}", "P403", "write `true` or `false`"),
        ("{author: {id: 3}}", "P403", "put it in quotes"),
        ('{author: {id: ""}}', "P403", "write something, or remove the key"),
        ("{item: {language: x}}", "P403", "at least 2 characters"),
        (f"{{author: {{id: {'x' * 600}}}}}", "P403", "at most 512 characters"),
        ("{author: [one]}", "P403", "as `key: value` below it"),
        ("{item: {links: https}}", "P403", 'as `["one", "two"]`'),
        ("{at: yesterday}", "P403", "as `2026-03-01T12:00:00Z`"),
        ("{kind: vidoe}", "P403", "did you mean `video`?"),
        ("{item: {kind: pots}}", "P403", "did you mean `post`?"),
        ("{item: {audience: everybody}}", "P403", "it is one of `public`, `followers`, `group`, `private`"),
        ("{author: {country: Germany}}", "P403", SENT),
        ("{auhtor: {id: a}}", "P007", "did you mean `author`?"),
        ("{author: {folowers: 3}}", "P007", "did you mean `followers`?"),
        ("{item: {media: [{mimes: image/png}]}}", "P007", "did you mean `mime`?"),
        ("{context: {contry: DE}}", "P007", "did you mean `country`?"),
    ],
)  # fmt: skip
def test_a_mistake_has_its_place_and_its_fix(event: str, code: str, hint: str) -> None:
    (found,) = findings_of(event)
    assert (found.code, found.hint) == (code, hint)
    assert found.span is not None
    assert (found.span.file, found.span.line) == ("tests.yaml", 8)
    assert in_language(found, "ar").hint != hint


@pytest.mark.parametrize(
    "event",
    [
        "{author: {followers: 3, labels: [staff]}}",
        "{item: {media: [{mime: image/png, hashes: {pdq: ff}}]}}",
        "{scores: {anything: 0.5}, extra: {karma: 3}}",
        "{context: {country: DE}}",
    ],
)
def test_what_a_platform_can_send_is_no_mistake(event: str) -> None:
    assert findings_of(event) == ()


@pytest.mark.parametrize(
    ("fragment", "possible"),
    [
        ({}, True),
        ({"author": {"id": "a", "followers": 3}}, True),
        ({"author": {"followers": -1}}, False),
        ({"kind": "vidoe"}, False),
    ],
)
def test_a_fragment_becomes_an_event_or_nothing(fragment: dict[str, Any], possible: bool) -> None:
    event = event_of(fragment)
    assert (event is not None) is possible
    if event is not None:
        assert event.item.id == "item-of-the-test"
        assert event.author.id == fragment.get("author", {}).get("id", "author-of-the-test")
