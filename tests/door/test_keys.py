"""Who may do what at the door."""

from __future__ import annotations

import pytest

from hakam.door.keys import CHECK, WRITE, KeyRing
from hakam.storage.published import PublishedKey
from hakam.testing.doors import KEYS, NOW, key_text
from hakam.vocabulary.problem import Problem

RING = KeyRing(KEYS)


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER  "])
def test_a_key_is_known_by_its_text(scheme: str) -> None:
    key = RING.admit(scheme + key_text("forum"), WRITE, NOW)
    assert isinstance(key, PublishedKey)
    assert key.platform == "forum"


@pytest.mark.parametrize(
    ("header", "scope", "slug", "status"),
    [
        (None, WRITE, "key-missing", 401),
        ("", WRITE, "key-missing", 401),
        ("Basic dXNlcg==", WRITE, "key-missing", 401),
        ("Bearer", WRITE, "key-missing", 401),
        ("Bearer ", WRITE, "key-unknown", 401),
        (f"Bearer {key_text('forum')}x", WRITE, "key-unknown", 401),
        (f"Bearer {key_text('forum').upper()}", WRITE, "key-unknown", 401),
        (f"Bearer {KEYS[0].digest}", WRITE, "key-unknown", 401),
        ("Bearer hk_\udcff", WRITE, "key-unknown", 401),
        (f"Bearer {key_text('old')}", WRITE, "key-expired", 401),
        (f"Bearer {key_text('checker')}", WRITE, "scope-missing", 403),
        (f"Bearer {key_text('shop')}", CHECK, "scope-missing", 403),
    ],
)
def test_anybody_else_is_turned_away(header: str | None, scope: str, slug: str, status: int) -> None:
    problem = RING.admit(header, scope, NOW)
    assert isinstance(problem, Problem)
    assert (problem.type, problem.status) == (f"urn:hakam:problem:{slug}", status)
    assert "sss" not in (problem.detail or "")  # nothing of the secret


def test_a_key_ends_to_the_second() -> None:
    assert isinstance(RING.admit(f"Bearer {key_text('old')}", WRITE, NOW - 1.001), PublishedKey)
    assert isinstance(RING.admit(f"Bearer {key_text('old')}", WRITE, NOW - 1), Problem)


def test_an_empty_ring_admits_nobody() -> None:
    assert isinstance(KeyRing().admit(f"Bearer {key_text('forum')}", WRITE, NOW), Problem)
