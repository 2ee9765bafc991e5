"""What Maydan hands to Hakam, over real HTTP, and what it does when Hakam does not answer."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hakam.demo.hakam_client import BATCH, Hakam, HakamError, event_of
from hakam.demo.platform import Platform, RejectedError, language_of
from hakam.demo.seed import Seeded, play
from hakam.demo.store import Store
from hakam.vocabulary.event import Event

pytestmark = [pytest.mark.sockets, pytest.mark.embedded]


@pytest.fixture
def platform(store: Store, other_side: Any) -> Platform:
    url, _ = other_side
    return Platform(store, Hakam(door=url, api=url, key="hk_1"), base_url="http://maydan.example/")


def test_a_post_is_handed_in_with_the_key_and_its_address(
    platform: Platform, store: Store, other_side: Any
) -> None:
    post = platform.write(author=store.authors()["dan"], text="Hello there", language="en", reply="p1")
    [(path, headers, [event])] = other_side[1].got
    assert path == "/v1/events"
    assert headers["authorization"] == "Bearer hk_1"
    taken = msgspec.convert(event, Event)
    assert (taken.id, taken.kind, taken.item.parent) == (f"{post.id}-created", "comment", "p1")
    assert taken.item.url == f"http://maydan.example/en/post/{post.id}"
    assert taken.author.verified
    assert store.post(post.id).sent  # type: ignore[union-attr]


def test_an_answer_to_nothing_becomes_a_post(platform: Platform, store: Store) -> None:
    assert (
        platform.write(author=store.authors()["dan"], text="Hello", language="en", reply="gone").reply is None
    )


def test_what_hakam_could_not_take_is_handed_in_later(
    store: Store, unreachable: Hakam, other_side: Any
) -> None:
    down = Platform(store, unreachable, base_url="http://m.example")
    post = down.write(author=store.authors()["salma"], text="هل من أحد؟", language="ar")
    assert [p.id for p in store.unsent()] == ["p1", "p2", "p3", post.id]
    with pytest.raises(HakamError, match="can't be reached"):
        down.hand_in_unsent()
    up = Platform(store, Hakam(door=other_side[0], api=other_side[0], key="k"), base_url="http://m.example")
    assert up.hand_in_unsent() == 4
    assert store.unsent() == []
    assert up.hand_in_unsent() == 0


def test_many_posts_go_in_batches(platform: Platform, store: Store, other_side: Any) -> None:
    author = store.authors()["dan"]
    posts = [store.timeline(limit=1)[0]] * (2 * BATCH + 1)
    assert len(platform.hand_in(posts)) == 2 * BATCH + 1
    assert [len(body) for _, _, body in other_side[1].got] == [BATCH, BATCH, 1]
    assert author.id == "dan"


@pytest.mark.parametrize("status", [401, 429, 503])
def test_a_refusal_tells_its_own_words(
    platform: Platform, store: Store, other_side: Any, status: int
) -> None:
    other_side[1].status = status
    with pytest.raises(HakamError, match=rf"Hakam answered {status} to /v1/events: .*busy"):
        platform.hand_in(store.timeline())
    assert len(store.unsent()) == 3


def test_nobody_posts_nothing(platform: Platform, store: Store) -> None:
    with pytest.raises(RejectedError, match="اكتب شيئًا أولًا"):
        platform.write(author=store.authors()["dan"], text=" \n ", language="ar")


def test_an_objection_names_the_statement(platform: Platform, other_side: Any) -> None:
    platform.complain(statement="5f0c", author="salma", text="اقتبست كلام غيري", language="ar")
    [(path, _, body)] = other_side[1].got
    assert path == "/api/v1/complaints"
    assert body == {
        "statement": "5f0c",
        "text": "اقتبست كلام غيري",
        "email": "salma@maydan.example",
        "language": "ar",
    }


@pytest.mark.parametrize(
    ("text", "language"),
    [("hello", "en"), ("مرحبا", "ar"), ("hello يا أهل الميدان", "ar"), ("12:30 🙂", None), ("", None)],
)
def test_a_post_is_filed_under_the_language_of_its_letters(text: str, language: str | None) -> None:
    assert language_of(text) == language


def test_events_of_posts_keep_their_instant(store: Store) -> None:
    post = store.post("p1")
    assert post is not None
    event = msgspec.convert(event_of(post, store.authors()["salma"], url="http://m.example/p1"), Event)
    assert event.at.timestamp() == pytest.approx(post.at, abs=1e-5)


# The curtain ---------------------------------------------------------------------------------


def test_the_script_is_played_once(tmp_path: Path, other_side: Any) -> None:
    store = Store(tmp_path / "fresh.db")
    platform = Platform(
        store, Hakam(door=other_side[0], api=other_side[0], key="k"), base_url="http://m.example"
    )
    moves: list[tuple[int, int]] = []
    seeded = play(platform, on_progress=lambda *move: moves.append(move), stop=threading.Event())
    assert seeded.complete
    assert seeded.posts == store.count_posts() > 180
    assert seeded.reports == other_side[1].paths().count("/api/v1/notices") > 20
    assert moves == sorted(moves)
    assert moves[-1][0] == moves[-1][1]
    again = play(platform, on_progress=lambda *_: None, stop=threading.Event())
    assert again.earlier
    assert str(again) == "in place"


def test_a_script_that_was_interrupted_goes_on_from_there(tmp_path: Path, other_side: Any) -> None:
    store = Store(tmp_path / "fresh.db")
    platform = Platform(
        store, Hakam(door=other_side[0], api=other_side[0], key="k"), base_url="http://m.example"
    )
    stop = threading.Event()
    first = play(platform, on_progress=lambda *_: stop.set(), stop=stop)
    assert not first.complete
    assert 0 < first.posts < store.count_posts()
    second = play(platform, on_progress=lambda *_: None, stop=threading.Event())
    assert second.complete
    assert first.posts + second.posts == store.count_posts()
    assert second.before == first.posts
    assert str(second).startswith(
        f"{store.count_posts()} posts, {first.posts} of them from an earlier start, "
    )
    sent = [event["id"] for path, _, body in other_side[1].got if path == "/v1/events" for event in body]
    assert len(sent) == len(set(sent)), "no post is handed in twice"


def test_what_came_of_it_is_counted() -> None:
    seeded = Seeded(posts=10, fired=3, reports=2)
    assert str(seeded) == "10 posts, 3 judged by a rule, 2 reports"
