"""The watermark is read as it was written or not at all."""

from __future__ import annotations

import threading
from pathlib import Path

from hakam.storage.embedded.watermark import Watermark, WatermarkFile


def test_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    writer = WatermarkFile(tmp_path / "durable", write=True)
    assert writer.read() is None
    reader = WatermarkFile(tmp_path / "durable")
    for mark in (Watermark(), Watermark(1, 2, 3, 4.5), Watermark(1 << 60, 1 << 60, 1 << 60, 1e10)):
        writer.write(mark)
        assert reader.read() == mark
    writer.close()
    reader.close()


def test_a_damaged_one_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "durable"
    writer = WatermarkFile(path, write=True)
    writer.write(Watermark(1, 2, 3, 4.5))
    writer.close()
    data = path.read_bytes()
    reader = WatermarkFile(path)
    for at in range(len(data)):
        path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        if at in {0, 20, len(data) - 1}:  # it looks again for a moment each time
            assert reader.read() is None
    path.write_bytes(data[:-1])
    assert reader.read() is None
    reader.close()


def test_a_reader_beside_a_writer_sees_whole_ones(tmp_path: Path) -> None:
    writer = WatermarkFile(tmp_path / "durable", write=True)
    writer.write(Watermark())
    reader = WatermarkFile(tmp_path / "durable")
    done = threading.Event()

    def write() -> None:
        for number in range(1, 20_000):
            writer.write(Watermark(number, number, number, float(number)))
        done.set()

    thread = threading.Thread(target=write)
    thread.start()
    last = 0
    while not done.is_set():
        mark = reader.read()
        assert mark is not None
        assert mark.segment == mark.offset == mark.seq == mark.received_at
        assert mark.seq >= last
        last = mark.seq
    thread.join()
    writer.close()
    reader.close()
