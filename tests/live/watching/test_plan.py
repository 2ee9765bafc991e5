"""How closely a stream is watched, and its score: pure, so every rule of it is said here."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hakam.live.configuration import Watching
from hakam.live.watching.plan import CLOSE_AT, WEIGHTS, Closeness, Signs, closeness, parts, score

CALM = Signs(running=3_600, account_days=400, viewers=20, viewers_before=20)
counts = st.integers(0, 10_000_000)


def total(signs: Signs) -> float:
    return score(parts(signs))


def test_a_calm_stream_has_no_score_and_is_watched_lightly() -> None:
    assert total(CALM) == 0.0
    assert closeness(CALM, 0.0, Watching()) is Closeness.LIGHT


def test_each_sign_raises_the_score() -> None:
    for changed in (
        {"known_ago": 5.0},
        {"reports": 4},
        {"chat": 20, "chat_against": 8},
        {"viewers": 400},
        {"shares": 80, "shares_before": 2},
        {"models": 0.6},
        {"ruled_ago": 10.0},
    ):
        assert total(CALM._replace(**changed)) > 0.1, changed


def test_what_a_bank_knows_counts_most_and_fades() -> None:
    fresh, old = total(CALM._replace(known_ago=0.0)), total(CALM._replace(known_ago=900.0))
    assert fresh == 1.0
    assert 0 < old < fresh
    assert total(CALM._replace(known_ago=5_000.0)) == 0.0


def test_what_models_and_rules_find_makes_the_watch_closer_and_never_certain() -> None:
    seen, ruled = total(CALM._replace(models=1.0)), total(CALM._replace(ruled_ago=0.0))
    assert CLOSE_AT < seen < ruled < 1.0
    assert total(CALM._replace(models=1.0, ruled_ago=0.0)) < 1.0
    assert total(CALM._replace(models=-1.0)) == 0.0
    assert total(CALM._replace(ruled_ago=5_000.0)) == 0.0


def test_reports_weigh_by_the_size_of_the_audience() -> None:
    few, many = (
        CALM._replace(reports=5),
        CALM._replace(reports=5, viewers=1_000_000, viewers_before=1_000_000),
    )
    assert total(few) > 4 * total(many)


def test_a_quiet_chat_says_nothing() -> None:
    assert parts(CALM._replace(chat=2, chat_against=2))["chat"] == 0.0


def test_what_is_watched_closely() -> None:
    watching = Watching()
    for signs in (
        CALM._replace(running=10),
        CALM._replace(account_days=3),
        CALM._replace(account_days=None),
        CALM._replace(viewers=5_000, viewers_before=5_000),
        CALM._replace(known_ago=30.0),
    ):
        assert closeness(signs, 0.0, watching) is Closeness.CLOSE
    assert closeness(CALM, CLOSE_AT, watching) is Closeness.CLOSE


@given(counts, counts, counts, counts, st.one_of(st.none(), st.floats(0, 1e6)))
def test_the_score_is_between_nothing_and_one(
    reports: int, viewers: int, before: int, chat: int, known: float | None
) -> None:
    signs = Signs(
        reports=reports, viewers=viewers, viewers_before=before, chat=chat, chat_against=chat, known_ago=known
    )
    made_of = parts(signs)
    assert set(made_of) == set(WEIGHTS)
    assert all(0.0 <= part <= 1.0 for part in made_of.values())
    assert 0.0 <= score(made_of) <= 1.0


@given(counts, counts)
def test_more_reports_never_lower_the_score(fewer: int, more: int) -> None:
    low, high = sorted((fewer, more))
    assert total(CALM._replace(reports=low)) <= total(CALM._replace(reports=high))
