"""Followers of the ledger hear every fact once, in order, whatever happens in between."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.compliance.models import Fact
from hakam.intake import cursors
from hakam.staff.keys import issue_key, revoke_key
from hakam.staff.roles import Scope
from hakam.storage.embedded import published
from hakam.vocabulary.actor import SYSTEM
from hakam.wiring import publish, subscriptions
from hakam.wiring.settings import Settings
from hakam.wiring.subscriptions import SUBSCRIBERS, Followers, Subscriber, advance, advance_all

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
KEYS = frozenset({FactKind.KEY_ISSUED, FactKind.KEY_REVOKED})


def fact(kind: FactKind, subject: str) -> None:
    with transaction.atomic():
        ledger.record(kind, by=SYSTEM, now=NOW, subject=subject)


class Heard:
    """A follower that remembers, and fails as often as it is told to."""

    def __init__(self, failures: int = 0) -> None:
        self.subjects: list[str] = []
        self.failures = failures

    def __call__(self, told: Fact, _now: datetime) -> None:
        if self.failures:
            self.failures -= 1
            raise OSError("disk full")
        self.subjects.append(told.subject)


def test_a_follower_hears_its_kinds_in_order_and_once() -> None:
    heard = Heard()
    follower = Subscriber("test", KEYS, heard)
    fact(FactKind.KEY_ISSUED, "key:a")
    fact(FactKind.USER_CREATED, "staff:1")
    fact(FactKind.KEY_REVOKED, "key:a")
    assert advance(follower, now=NOW) == 2
    assert advance(follower, now=NOW) == 0
    fact(FactKind.KEY_ISSUED, "key:b")
    assert advance(follower, now=NOW) == 1
    assert heard.subjects == ["key:a", "key:a", "key:b"]


def test_a_fact_whose_handling_fails_is_heard_again_and_none_is_skipped() -> None:
    heard = Heard(failures=1)
    follower = Subscriber("test", KEYS, heard)
    fact(FactKind.KEY_ISSUED, "key:a")
    fact(FactKind.KEY_ISSUED, "key:b")
    with pytest.raises(OSError, match="disk full"):
        advance(follower, now=NOW)
    assert cursors.position("test") == 0
    assert advance(follower, now=NOW) == 2
    assert heard.subjects == ["key:a", "key:b"]


def test_what_a_follower_wrote_goes_back_when_it_fails() -> None:
    def write_then_fail(_told: Fact, now: datetime) -> None:
        ledger.record(FactKind.USER_CHANGED, by=SYSTEM, now=now, subject="staff:1")
        raise OSError("disk full")

    fact(FactKind.KEY_ISSUED, "key:a")
    with pytest.raises(OSError, match="disk full"):
        advance(Subscriber("test", KEYS, write_then_fail), now=NOW)
    assert [f.kind for f in Fact.objects.order_by("seq")] == ["key.issued"]


def test_a_long_ledger_is_followed_in_portions() -> None:
    heard = Heard()
    for number in range(7):
        fact(FactKind.KEY_ISSUED, f"key:{number}")
    follower = Subscriber("test", KEYS, heard)
    assert [advance(follower, now=NOW, limit=3) for _ in range(4)] == [3, 3, 1, 0]


def test_one_follower_that_fails_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    bad, good = Heard(failures=99), Heard()
    monkeypatch.setattr(
        subscriptions, "SUBSCRIBERS", (Subscriber("bad", KEYS, bad), Subscriber("good", KEYS, good))
    )
    fact(FactKind.KEY_ISSUED, "key:a")
    with pytest.raises(OSError, match="disk full"):
        advance_all(now=NOW)
    assert good.subjects == ["key:a"]


def questions(captured: CaptureQueriesContext) -> int:
    return len(captured.captured_queries)


def test_a_ledger_that_did_not_grow_is_asked_for_its_length_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    heard, deaf = Heard(), Heard()
    monkeypatch.setattr(
        subscriptions,
        "SUBSCRIBERS",
        (Subscriber("keys", KEYS, heard), Subscriber("users", frozenset({FactKind.USER_CREATED}), deaf)),
    )
    followers = Followers()
    fact(FactKind.KEY_ISSUED, "key:a")
    assert [followers.advance(now=NOW) for _ in range(2)] == [1, 0]
    with CaptureQueriesContext(connection) as captured:
        assert followers.advance(now=NOW) == 0
    assert questions(captured) == 1
    fact(FactKind.USER_CREATED, "staff:1")
    assert followers.advance(now=NOW) == 1
    assert (heard.subjects, deaf.subjects) == (["key:a"], ["staff:1"])


def test_what_failed_or_was_too_much_is_asked_again_though_the_ledger_did_not_grow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heard = Heard(failures=1)
    monkeypatch.setattr(subscriptions, "SUBSCRIBERS", (Subscriber("keys", KEYS, heard),))
    for name in "abc":
        fact(FactKind.KEY_ISSUED, f"key:{name}")
    followers = Followers()
    with pytest.raises(OSError, match="disk full"):
        followers.advance(now=NOW, limit=2)
    assert [followers.advance(now=NOW, limit=2) for _ in range(3)] == [2, 1, 0]
    assert heard.subjects == ["key:a", "key:b", "key:c"]


def test_facts_that_somebody_else_handled_do_not_hide_those_behind_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heard, follower = Heard(), Subscriber("keys", KEYS, Heard())
    monkeypatch.setattr(subscriptions, "SUBSCRIBERS", (follower._replace(handle=heard),))
    for name in "ab":
        fact(FactKind.KEY_ISSUED, f"key:{name}")
    found = subscriptions._unseen

    def overtaken(subscriber: Subscriber, limit: int) -> list[Fact]:
        facts = found(subscriber, limit)
        monkeypatch.setattr(subscriptions, "_unseen", found)
        advance(follower, now=NOW, limit=1)  # another worker, in between
        return facts

    monkeypatch.setattr(subscriptions, "_unseen", overtaken)
    followers = Followers()
    assert [followers.advance(now=NOW, limit=1) for _ in range(3)] == [0, 1, 0]
    assert heard.subjects == ["key:b"]


def test_cursors_have_names_of_their_own() -> None:
    names = [subscriber.name for subscriber in SUBSCRIBERS]
    assert len(names) == len(set(names))
    assert all(subscriber.kinds for subscriber in SUBSCRIBERS)


def test_the_door_is_told_of_a_revoked_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = Settings(home=tmp_path)
    monkeypatch.setattr(subscriptions, "settings", lambda: chosen)
    key, _ = issue_key(platform="maydan", scopes=[Scope.CHECK], name="x", by=SYSTEM, now=NOW)
    advance_all(now=NOW)
    told = published.read(publish.published_path(chosen))
    assert told is not None
    assert [k.prefix for k in told.keys] == [key.prefix]
    revoke_key(key, by=SYSTEM, now=NOW)
    advance_all(now=NOW)
    told = published.read(publish.published_path(chosen))
    assert told is not None
    assert told.keys == ()
