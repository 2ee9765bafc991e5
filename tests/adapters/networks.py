"""A real network of one node, written as ONNX says: the mean of each colour of a picture, three numbers."""

from __future__ import annotations

from pathlib import Path

FLOAT, INT, INTS = 1, 2, 7  # as ONNX numbers types


def _number(value: int) -> bytes:
    out = bytearray()
    while True:
        value, low = value >> 7, value & 0x7F
        out.append(low | (0x80 if value else 0))
        if not value:
            return bytes(out)


def _field(number: int, value: int | bytes | str) -> bytes:
    """Return one field of a message: a number, or bytes with their length before them."""
    if isinstance(value, int):
        return _number(number << 3) + _number(value)
    data = value.encode() if isinstance(value, str) else value
    return _number(number << 3 | 2) + _number(len(data)) + data


def _tensor(name: str, *sides: int) -> bytes:
    shape = b"".join(_field(1, _field(1, side)) for side in sides)
    return _field(1, name) + _field(2, _field(1, _field(1, FLOAT) + _field(2, shape)))


def mean_of_colours(folder: Path, side: int) -> Path:
    """Write `model.onnx`, which takes a picture of `side` pixels (1, 3, side, side), and return the folder."""
    axes = _field(1, "axes") + _field(8, 2) + _field(8, 3) + _field(20, INTS)
    keep = _field(1, "keepdims") + _field(3, 0) + _field(20, INT)
    node = _field(1, "x") + _field(2, "y") + _field(4, "ReduceMean") + _field(5, axes) + _field(5, keep)
    graph = (
        _field(1, node)
        + _field(2, "colours")
        + _field(11, _tensor("x", 1, 3, side, side))
        + _field(12, _tensor("y", 1, 3))
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(
        _field(1, 8) + _field(7, graph) + _field(8, _field(1, "") + _field(2, 13))
    )
    return folder
