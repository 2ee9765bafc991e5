"""Pieces of work on all cores: in order, bounded, and given up at once."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from hakam.backtest.extras import BacktestUnavailableError, require
from hakam.backtest.workers import CancelledError, Here, Pool, Processes


@pytest.fixture(scope="module")
def processes() -> Iterator[Processes]:
    with Processes(2) as pool:
        yield pool


@pytest.fixture(params=["here", "processes"])
def pool(request: pytest.FixtureRequest, processes: Processes) -> Pool:
    return Here() if request.param == "here" else processes


def test_answers_come_in_the_order_of_the_pieces(pool: Pool) -> None:
    assert list(pool.map(divmod, ((n, 7) for n in range(40)))) == [divmod(n, 7) for n in range(40)]


def test_work_is_done_elsewhere_and_here(processes: Processes) -> None:
    assert set(Here().map(os.getpid, [()])) == {os.getpid()}
    assert os.getpid() not in set(processes.map(os.getpid, [()] * 8))


def test_processes_begin_with_what_pieces_need(processes: Processes) -> None:
    """Before anybody asks for anything."""
    loaded = "'hakam.backtest.run' in __import__('sys').modules"
    assert any(processes.map(eval, [(loaded,)] * 4))


def test_pieces_are_taken_as_they_are_needed(pool: Pool) -> None:
    taken: list[int] = []

    def pieces() -> Iterator[tuple[int]]:
        for n in range(1_000):
            taken.append(n)
            yield (n,)

    answers = pool.map(abs, pieces())
    next(answers)
    assert len(taken) <= 2 * pool.width + 2
    answers.close()  # type: ignore[attr-defined]


def test_giving_up_stops_at_the_next_piece(pool: Pool) -> None:
    answers = iter([False, False, True, True])
    with pytest.raises(CancelledError):
        list(pool.map(abs, ((n,) for n in range(100)), cancelled=lambda: next(answers)))


def test_what_a_piece_raises_is_raised(pool: Pool) -> None:
    with pytest.raises(ZeroDivisionError):
        list(pool.map(divmod, [(1, 1), (1, 0)]))


def test_a_missing_library_is_named_with_the_way_to_get_it() -> None:
    require()
    with pytest.raises(
        BacktestUnavailableError, match=r"no_such_library not installed: pip install 'hakam\[backtest\]'"
    ):
        require("numpy", "no_such_library")
