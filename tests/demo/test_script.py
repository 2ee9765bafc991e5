"""The seeded script is whole, in both languages, and stays what it was."""

from __future__ import annotations

import re
from collections import Counter
from itertools import cycle

import msgspec
import pytest

from hakam.demo import script
from hakam.demo.hakam_client import event_of
from hakam.demo.platform import language_of
from hakam.demo.script import BURST, SPREAD
from hakam.demo.server import EVERY
from hakam.vocabulary.event import Event
from hakam.vocabulary.harm import Harm

START = 1_800_000_000.0


def test_there_are_forty_people_and_about_two_hundred_posts() -> None:
    assert len(script.people()) == 40
    assert 180 <= len(script.posts(START)) <= 220


def test_arabic_and_english_are_equals() -> None:
    languages = Counter(person.language for person in script.people().values())
    posts = Counter(post.language for post, _ in script.posts(START))
    reports = Counter(post.language for post, found in script.posts(START) for _ in found)
    for counted in (languages, posts, reports):
        assert abs(counted["ar"] - counted["en"]) <= 0.3 * counted.total(), counted


def test_everybody_who_is_named_exists() -> None:
    people = script.people()
    for post, reports in script.posts(START):
        assert post.author in people
        assert all(report.by in people for report in reports)
    assert {author for line in script.trickle() for author in line.authors} <= set(people)


def test_a_demo_that_runs_for_a_day_makes_nobody_a_spammer() -> None:
    """Honest people say the same thing less often than the rule against repetition allows."""
    said: dict[str, list[float]] = {}
    at = 0.0
    for line, pause in zip(cycle(script.trickle()), script.pauses(), strict=False):
        at += pause * EVERY
        if at > script.DAY:
            break
        said.setdefault(line.text, []).append(at)
    assert len(said) == len(script.trickle())
    most = max(
        sum(1 for other in times if first <= other < first + 3_600.0)
        for times in said.values()
        for first in times
    )
    assert 1 < most < 5, "`params.repeats` of the pack that ships"
    assert min(map(len, said.values())) >= 5, "and it goes on"


def test_answers_answer_something_earlier() -> None:
    at = {post.id: post.at for post, _ in script.posts(START)}
    assert len(at) == len(script.posts(START)), "each post has an id of its own"
    for post, _ in script.posts(START):
        if post.reply:
            assert at[post.reply] < post.at, post.id


def test_reports_name_a_harm_and_say_why() -> None:
    harms = set()
    for _, reports in script.posts(START):
        for report in reports:
            harms.add(Harm(report.harm))
            assert len(report.why) > 15
    assert len(harms) >= 7


def test_posts_lie_before_the_curtain_in_order() -> None:
    times = [post.at for post, _ in script.posts(START)]
    assert all(START - SPREAD <= at <= START + 4 * BURST for at in times)
    assert times[0] < START - 0.9 * SPREAD


def test_a_burst_is_the_same_text_within_minutes() -> None:
    bursts = [line for _, line in script.lines() if len(line.authors) > 1]
    assert len(bursts) >= 2
    told = script.posts(START)
    for line in bursts:
        same = [post.at for post, _ in told if post.text == line.text]
        assert len(same) == len(line.authors)
        assert max(same) - min(same) < 600


def test_nobody_joined_after_posting() -> None:
    joined = {author.id: author.joined for author in script.authors(START)}
    assert all(post.at > joined[post.author] for post, _ in script.posts(START))


@pytest.mark.parametrize("language", ["ar", "en"])
def test_posts_are_in_the_language_that_they_say(language: str) -> None:
    wrong = [
        post.text
        for post, _ in script.posts(START)
        if post.language == language and language_of(post.text) != language
    ]
    assert wrong == []


def test_nothing_of_the_script_can_reach_anybody() -> None:
    """Addresses are of domains that are reserved for examples."""
    for text in (*(post.text for post, _ in script.posts(START)), *(line.text for line in script.trickle())):
        for host in re.findall(r"https?://([^/\s]+)", text):
            assert host.endswith(".example"), text


def test_every_post_is_an_event_that_hakam_can_take() -> None:
    people = {author.id: author for author in script.authors(START)}
    for post, _ in script.posts(START):
        event = msgspec.convert(event_of(post, people[post.author], url=f"http://m.example/{post.id}"), Event)
        assert event.item.text == post.text
        assert event.author.created_at is not None
