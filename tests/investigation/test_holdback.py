"""The holdback group against everybody else: whom rules make stop, and whom they make leave."""

from __future__ import annotations

import random
from math import isclose
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.investigation.conftest import FILES, START, Forum, pack_of

from hakam.investigation.holdback import (
    ALL,
    DAY,
    Effect,
    Row,
    Under,
    _Hit,
    difference,
    effect,
    under,
)
from hakam.investigation.query import Stopped
from hakam.policy.engine import HOLDBACK
from hakam.policy.staging import place
from hakam.signals.evaluation.figures import Figure, share
from hakam.vocabulary.verdict import PackRef

HELD = {**FILES, "pack.yaml": FILES["pack.yaml"] + "holdback: 10%\n"}
HELD["rules.yaml"] += """
- rule: shouts
  policy: insult
  stage: live
  when: word(text.folded, "shout")
  then: [limit_reach]
- rule: asks-people
  policy: insult
  stage: live
  when: word(text.folded, "shout")
  then: [review(queue="spam")]
- rule: for-some
  policy: insult
  stage: canary 50%
  when: word(text.folded, "shout")
  then: [limit_reach]
"""


def names(*, held: bool, many: int) -> list[str]:
    found = (f"u{n}" for n in range(100_000))
    return [name for name in found if (place(HOLDBACK, "forum", name) < 0.1) is held][:many]


@pytest.fixture
def held_forum(tmp_path: Path) -> Forum:
    return Forum(tmp_path, pack_of(HELD))


def look(forum: Forum, **more: object) -> Effect:
    version = under(forum.pack)

    def versions(ref: PackRef) -> Under | None:
        return version if ref.digest == forum.pack.ref.digest else None

    asked = {"since": START, "until": START + 28 * DAY, "days": 7.0, **more}
    return effect(forum.log, versions, **asked)  # type: ignore[arg-type]  # a test's keywords


def of(found: Effect, rule: str) -> Row:
    (row,) = [row for row in found.rows if row.rule == rule]
    return row


def test_only_rules_that_act_on_all_others_are_compared() -> None:
    made = under(pack_of(HELD))
    assert made == Under(0.1, frozenset({"says-buy", "shouts"}))
    assert under(pack_of(FILES)) is None
    grave = {**HELD, "policies.yaml": HELD["policies.yaml"].replace("severity: 30", "severity: 50")}
    assert under(pack_of(grave)) == Under(0.1, frozenset({"says-buy"}))
    tried = {
        **HELD,
        "rules.yaml": HELD["rules.yaml"].replace(
            'word(text.folded, "shout")\n  then: [limit_reach]\n- rule: asks',
            'word(text.folded, "shout") and author.posts < params.many\n  then: [limit_reach]\n- rule: asks',
        ),
        "tuned.yaml": "staged:\n  many: {value: 3, stage: shadow}\n",
    }
    loaded = pack_of(tried)
    assert [rule.id for rule in loaded.rules if rule.variant_of]
    assert under(loaded) == Under(0.1, frozenset({"says-buy"}))


def test_whom_a_rule_makes_stop_and_whom_it_makes_leave(held_forum: Forum) -> None:
    acted, watched = names(held=False, many=40), names(held=True, many=20)
    for n, name in enumerate(acted):
        held_forum.post("buy it", author=name, at=n * 60)
    for n, name in enumerate(watched):
        held_forum.post("buy it", author=name, at=5_000 + n * 60)
    for n, name in enumerate(acted[:8]):  # of those acted on, 8 of 40 do it again, and 12 post at all
        held_forum.post("buy it again", author=name, at=2 * DAY + n)
    for n, name in enumerate(acted[8:12]):
        held_forum.post(author=name, at=2 * DAY + 100 + n)
    for n, name in enumerate(watched[:15]):
        held_forum.post("buy it again", author=name, at=3 * DAY + n)
    for n, name in enumerate(acted[12:20]):  # too late to count
        held_forum.post("buy it again", author=name, at=9 * DAY + n)

    found = look(held_forum)
    for row in (of(found, ALL), of(found, "says-buy")):
        assert (row.acted.authors, row.acted.followed) == (40, 40)
        assert (row.watched.authors, row.watched.followed) == (20, 20)
        assert row.acted.again == share(8, 40)
        assert row.acted.posted == share(12, 40)
        assert row.watched.again == row.watched.posted == share(15, 20)
        assert row.again is not None
        assert isclose(row.again.value, 0.55)
        assert 0 < row.again.low < 0.55 < row.again.high < 1
        assert row.posted is not None
        assert isclose(row.posted.value, 0.45)
        assert row.enough
    assert [row.rule for row in found.rows] == [ALL, "says-buy"]
    assert (found.looked, found.passed_over, found.stopped) == (95, 0, None)


def test_who_was_hit_too_lately_is_not_followed_yet(held_forum: Forum) -> None:
    early, late = names(held=False, many=2)
    held_forum.post("buy", author=early, at=0)
    held_forum.post("buy", author=late, at=25 * DAY)
    row = of(look(held_forum), ALL)
    assert (row.acted.authors, row.acted.followed) == (2, 1)
    assert row.watched.again is None
    assert row.again is None
    assert not row.enough
    assert of(look(held_forum, until=START + 6 * DAY), ALL).acted.again is None


def test_an_edit_is_no_second_post(held_forum: Forum) -> None:
    (name,) = names(held=True, many=1)
    held_forum.post("buy", author=name, at=0)
    held_forum.post("buy now", author=name, at=60, change="edited")
    row = of(look(held_forum), ALL)
    assert row.watched.again == row.watched.posted == share(0, 1)


def test_each_rule_is_compared_by_itself(held_forum: Forum) -> None:
    (name,) = names(held=True, many=1)
    held_forum.post("shout", author=name, at=0)
    held_forum.post("buy", author=name, at=60)
    held_forum.post("shout", author=name, at=120)
    found = look(held_forum)
    assert {row.rule: row.watched.again and row.watched.again.value for row in found.rows} == {
        ALL: 1.0, "says-buy": 0.0, "shouts": 1.0,
    }  # fmt: skip


def test_verdicts_of_versions_that_hold_back_nobody_are_passed_over(tmp_path: Path) -> None:
    forum = Forum(tmp_path, pack_of(FILES))
    forum.post("buy", at=0)
    forum.post("a lovely day", at=1)
    found = look(forum)
    assert found.passed_over == 1
    row = of(found, ALL)
    assert (row.acted.authors, row.watched.authors) == (0, 0)


def test_what_is_hidden_is_in_no_figure(held_forum: Forum) -> None:
    one, other = names(held=False, many=2)
    for at, name in enumerate((one, other, one)):
        held_forum.post("buy", author=name, at=at)
    found = look(held_forum, hidden=lambda _record, event, _fired: event.author.id == one)
    assert of(found, ALL).acted.authors == 1


def test_a_reading_that_ends_early_says_from_when_on_it_looked(held_forum: Forum) -> None:
    for n, name in enumerate(names(held=False, many=30)):
        held_forum.post("buy", author=name, at=n * DAY / 2)
    shares: list[float] = []
    found = look(held_forum, cancelled=lambda: True, progress=shares.append)
    assert found.stopped is Stopped.CANCELLED
    assert found.rows[0].acted.authors == 0
    whole = look(held_forum, progress=shares.append)
    assert whole.stopped is None
    assert whole.since == START
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


@given(
    st.lists(st.integers(0, 60), min_size=1, max_size=40).map(sorted), st.integers(1, 20), st.integers(1, 6)
)
@settings(max_examples=300, deadline=None)
def test_hits_may_come_in_blocks_from_the_end(times: list[int], within: int, size: int) -> None:
    blocks = [list(enumerate(times))[n : n + size] for n in range(0, len(times), size)]
    hit: _Hit | None = None
    for block in reversed(blocks):
        for seq, at in block:
            if hit is None:
                hit = _Hit(held=False, first=at, seq=seq)
            else:
                hit.see(at, seq, within, held=False)
    assert hit is not None
    assert (hit.first, hit.seq) == (times[0], 0)
    assert hit.again is any(at <= times[0] + within for at in times[1:])


def test_the_interval_of_a_difference_holds_the_truth_as_often_as_it_says() -> None:
    chance = random.Random(7)  # noqa: S311 -- the same each time
    inside = 0
    for _ in range(2_000):
        one = sum(chance.random() < 0.3 for _ in range(40))
        other = sum(chance.random() < 0.1 for _ in range(120))
        found = difference(share(one, 40), share(other, 120))
        assert found is not None
        inside += found.low <= 0.2 <= found.high
    assert 0.93 < inside / 2_000 < 0.98


def test_a_difference_as_newcombe_reckons_it() -> None:
    """His first example: 56 of 70 less 48 of 80 is 0.2, from 0.0524 to 0.3339."""
    found = difference(share(56, 70), share(48, 80))
    assert found is not None
    assert [round(found.value, 4), round(found.low, 4), round(found.high, 4)] == [0.2, 0.0524, 0.3339]
    assert difference(None, share(1, 2)) is None
    assert difference(Figure(0.5, 0.4, 0.6), None) is None
