"""Packs that read lists outside them: judged by the versions that were in force when the run began."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest
from benchmarks.backtest import pack as made_pack

from hakam.backtest.counting import counters_of, has_form
from hakam.backtest.dataset import Dataset
from hakam.backtest.packs import NOTHING, Outside, opened, outside_of
from hakam.backtest.run import Outcome, Way, run
from hakam.backtest.workers import Here, Processes
from hakam.policy.lists import ListKind
from hakam.policy.outside import BadListError
from hakam.policy.pack import Pack, load_pack
from hakam.storage.embedded.list_files import keep
from hakam.storage.embedded.lists import open_lists
from hakam.storage.published import PublishedList

CONDITIONS = (
    'author.id in list("bad-ids")',
    'not author.country in list("lands") and known(author.country)',
    'any_in(links.domains, list("hosts"))',
    'not any_in(item.hashtags, list("tags")) and len(item.hashtags) > 0',
    'contains_any(text.folded, list("phrases"))',
    'count(by=author.id, within="10m", where=author.id in list("bad-ids")) >= 2',
    "author.posts < 5",
)
LISTS = {
    "bad-ids": (ListKind.VALUES, ("u1", "u3", "u77", "nobody")),
    "lands": (ListKind.VALUES, ("DE", "SA")),
    "hosts": (ListKind.DOMAINS, ("sun.example", "night.example")),
    "tags": (ListKind.VALUES, ("sun", "قهوة")),
    "phrases": (ListKind.TERMS, ("free crypto", "ربح سريع", "sun")),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "lists"


@pytest.fixture
def published(folder: Path) -> list[PublishedList]:
    return [
        PublishedList(name, keep(folder, kind, entries).digest) for name, (kind, entries) in LISTS.items()
    ]


@pytest.fixture
def listing(folder: Path, published: list[PublishedList]) -> Pack:
    loaded = load_pack(made_pack.files(CONDITIONS), open_lists(folder, published))
    assert loaded.pack is not None, loaded.errors
    return loaded.pack


def fires(outcome: Outcome) -> dict[str, int]:
    return dict(zip((unit.rule for unit in outcome.units), outcome.tally.fires.tolist(), strict=True))


@pytest.mark.parametrize("way", [Way.COLUMNS, Way.FUNCTION])
def test_a_back_test_reads_the_lists_as_the_door_does(  # noqa: PLR0917 -- what is judged, and how
    dataset: Dataset,
    listing: Pack,
    folder: Path,
    lines: list[bytes],
    door: Callable[[Pack, Iterable[bytes]], dict[str, list[str]]],
    way: Way,
) -> None:
    outcome = run(dataset, listing, pool=Here(), way=way, lists=folder)
    assert outcome.differences == ()
    assert outcome.way is way
    assert fires(outcome) == {rule: len(hits) for rule, hits in door(listing, lines).items()}
    assert all(0 < count < len(lines) for count in fires(outcome).values())


@pytest.mark.parametrize("pool", [nullcontext(Here()), Processes(2)], ids=["here", "processes"])
def test_counters_of_texts_beside_rules_that_read_a_list(  # noqa: PLR0917 -- what is judged, and where
    dataset: Dataset,
    folder: Path,
    published: list[PublishedList],
    lines: list[bytes],
    door: Callable[[Pack, Iterable[bytes]], dict[str, list[str]]],
    pool: AbstractContextManager[Here | Processes],
) -> None:
    """What counters count and what rules ask is looked for in one go, in which no list outside is open."""
    conditions = (
        'count(by=author.id, within="10m", where=contains_any(text.folded, ["sun"])) >= 2',
        'author.id in list("bad-ids") and contains_any(text.folded, ["sun", "night"])',
        'contains_any(text.folded, list("phrases"))',
    )
    found = load_pack(made_pack.files(conditions), open_lists(folder, published)).pack
    assert found is not None
    with pool as workers:
        outcome = run(dataset, found, pool=workers, way=Way.COLUMNS, lists=folder)
    assert outcome.differences == ()
    assert fires(outcome) == {rule: len(hits) for rule, hits in door(found, lines).items()}
    assert all(fires(outcome).values())


def test_other_processes_read_the_same_versions(dataset: Dataset, listing: Pack, folder: Path) -> None:
    with Processes(2) as pool:
        assert fires(run(dataset, listing, pool=pool, lists=folder)) == fires(
            run(dataset, listing, pool=Here(), lists=folder)
        )


def test_a_list_that_is_gone_is_said(dataset: Dataset, listing: Pack, folder: Path) -> None:
    with pytest.raises(BadListError, match="can't be read"):
        run(dataset, listing, pool=Here(), lists=folder / "elsewhere")


def test_only_the_lists_that_rules_read_are_named(
    listing: Pack, folder: Path, published: list[PublishedList]
) -> None:
    keep(folder, ListKind.VALUES, ["never asked"])
    found = outside_of([listing], folder)
    assert sorted(found.lists, key=lambda one: one.name) == sorted(published, key=lambda one: one.name)
    assert Path(found.folder) == folder.resolve()
    assert opened(listing.files, found).outside == listing.outside


def test_a_pack_without_such_lists_needs_no_folder(pack: Pack) -> None:
    assert outside_of([pack], None) == NOTHING == Outside()
    assert opened(pack.files, NOTHING).ref == pack.ref


def test_a_filter_that_asks_such_a_list_is_counted_where_the_list_is_open(
    listing: Pack, folder: Path
) -> None:
    counters = counters_of((listing.files,), outside_of([listing], folder))
    assert [has_form(counter) for counter in counters.values()] == [False]


def test_a_pack_without_lists_outside_is_read_once_in_a_process() -> None:
    files = made_pack.files(("author.posts < 5",))
    other = made_pack.files(("author.posts < 6",))
    assert opened(files, NOTHING) is opened(dict(files), NOTHING)
    assert opened(other, NOTHING) is not opened(files, NOTHING)
    assert opened(other, NOTHING).files == other
