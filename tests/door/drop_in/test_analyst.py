"""The analyst: what waits together is read together, in order, and not too much may wait."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from hakam.door.drop_in.analyst import Analyst, BusyError
from hakam.door.drop_in.labels import FILE, Labels, LabelsFullError
from hakam.door.drop_in.routes import loaded
from hakam.signals import statistical_language
from hakam.signals.models.heads import Head
from hakam.signals.models.reading import Reading


class SlowReader:
    """Reads a text as its own length; waits for a go before the first batch."""

    model = "slow"

    def __init__(self) -> None:
        self.go = threading.Event()
        self.batches: list[int] = []

    def read(self, texts: Sequence[str], languages: Sequence[str | None]) -> list[Reading]:
        self.go.wait(30)
        self.batches.append(len(texts))
        if "boom" in texts:
            raise RuntimeError("broken model")
        return [
            Reading({Head.SPAM: float(len(text))}, (), tag, self.model)
            for text, tag in zip(texts, languages, strict=True)
        ]


def test_requests_that_wait_are_read_together_and_answered_apart() -> None:
    reader = SlowReader()
    analyst = Analyst(lambda: reader)  # type: ignore[arg-type,return-value]

    async def story() -> list[list[Reading]]:
        waiting = [asyncio.ensure_future(analyst.read(["x" * n], [None])) for n in range(1, 9)]
        await asyncio.sleep(0.1)
        reader.go.set()
        return await asyncio.gather(*waiting)

    found = asyncio.run(story())
    analyst.stop()
    assert [readings[0].scores[Head.SPAM] for readings in found] == list(range(1, 9))
    assert sum(reader.batches) == 8
    assert len(reader.batches) < 8


def test_too_much_is_refused_and_room_comes_back() -> None:
    reader = SlowReader()
    analyst = Analyst(lambda: reader, max_waiting=10)  # type: ignore[arg-type,return-value]

    async def story() -> None:
        first = asyncio.ensure_future(analyst.read(["a"] * 8, [None] * 8))
        await asyncio.sleep(0.05)
        with pytest.raises(BusyError):
            await analyst.read(["b"] * 3, [None] * 3)
        reader.go.set()
        assert len(await first) == 8
        assert len(await analyst.read(["c"] * 3, [None] * 3)) == 3

    asyncio.run(story())
    analyst.stop()


def test_one_large_request_is_taken_when_nothing_waits() -> None:
    reader = SlowReader()
    reader.go.set()
    analyst = Analyst(lambda: reader, max_waiting=2)  # type: ignore[arg-type,return-value]
    assert len(asyncio.run(analyst.read(["a"] * 5, [None] * 5))) == 5
    analyst.stop()


def test_a_broken_model_is_told_and_the_thread_goes_on() -> None:
    reader = SlowReader()
    reader.go.set()
    analyst = Analyst(lambda: reader)  # type: ignore[arg-type,return-value]

    async def story() -> None:
        with pytest.raises(RuntimeError, match="broken model"):
            await analyst.read(["boom"], [None])
        assert len(await analyst.read(["fine"], ["en"])) == 1

    asyncio.run(story())
    analyst.stop()


def test_models_are_loaded_at_once_where_texts_came_before(tmp_path: Path) -> None:
    loaded: list[int] = []
    reader = SlowReader()
    reader.go.set()

    def load() -> SlowReader:
        loaded.append(1)
        return reader

    used = tmp_path / "used"
    first = Analyst(load, used=used)  # type: ignore[arg-type]
    assert (loaded, used.exists()) == ([], False)
    asyncio.run(first.read(["a"], [None]))
    first.stop()
    assert used.read_bytes() == b""
    loaded.clear()
    second = Analyst(load, used=used)  # type: ignore[arg-type]
    second.stop()
    assert loaded == [1]


def test_models_that_cannot_be_loaded_ahead_are_told_to_who_asks() -> None:
    def load() -> SlowReader:
        raise OSError("no such model")

    analyst = Analyst(load)  # type: ignore[arg-type]
    analyst.prepare()
    with pytest.raises(OSError, match="no such model"):
        asyncio.run(analyst.read(["a"], [None]))
    analyst.stop()


def test_a_disk_that_is_full_does_not_end_it(tmp_path: Path) -> None:
    reader = SlowReader()
    reader.go.set()
    analyst = Analyst(lambda: reader, used=tmp_path / "absent" / "used")  # type: ignore[arg-type,return-value]
    assert len(asyncio.run(analyst.read(["a"], [None]))) == 1
    analyst.stop()


def test_the_end_waits_no_longer_than_told() -> None:
    reader = SlowReader()
    analyst = Analyst(lambda: reader)  # type: ignore[arg-type,return-value]

    async def story() -> None:
        waiting = asyncio.ensure_future(analyst.read(["a"], [None]))
        await asyncio.sleep(0.05)
        start = asyncio.get_running_loop().time()
        await asyncio.to_thread(analyst.stop, 0.1)
        assert asyncio.get_running_loop().time() - start < 10
        reader.go.set()
        assert len(await waiting) == 1

    asyncio.run(story())


def test_what_is_loaded_ahead_is_all_that_a_first_text_needs() -> None:
    identifier = statistical_language._identifier
    identifier.cache_clear()
    loaded.cache_clear()
    loaded()
    assert identifier.cache_info().currsize == 1


def test_labels_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hakam.door.drop_in.labels.MAX_BYTES", 200)
    labels = Labels(tmp_path)
    labels.keep("a text", {Head.SPAM: 1}, at=1.0, platform="p", source="s")
    with pytest.raises(LabelsFullError):
        labels.keep("x" * 200, {Head.SPAM: 1}, at=1.0, platform="p", source="s")
    (line,) = (tmp_path / FILE).read_bytes().splitlines()
    assert msgspec.json.decode(line)["text"] == "a text"
