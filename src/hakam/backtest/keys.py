"""Rows by key, exactly and without a table of keys: values as 64-bit words, one mixed number a row, one sort.

A value of a column becomes a few words that are equal exactly where the values are. Words are mixed into one number,
whose upper bits are sorted together with the row's place. Rows of the same key then stand together, in order of
time. Two keys that were mixed alike stand together too, which is seen on their words; then they are mixed otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]

from hakam.backtest.dataset import Flags, Places

Words = np.ndarray[Any, np.dtype[np.uint64]]

LONG = 64  # bytes; texts beyond are told apart by a dictionary
_TRIES = 8
_MIX = np.uint64(0x9E3779B97F4A7C15)
_ODD = (0xBF58476D1CE4E5B9, 0x94D049BB133111EB, 0xD6E8FEB86659FD93, 0xA0761D6478BD642F)
_HIGH = np.uint64(32)
_MASKS = np.array([(1 << 8 * n) - 1 for n in range(9)], dtype=np.uint64)  # the first n bytes of a word


class ByKey(NamedTuple):
    """Rows in order of key and place, and whether each is the first of its key."""

    order: Places
    first: Flags

    def ends(self) -> Places:
        """Return for each row, in this order, where the rows of its key end."""
        begins = np.flatnonzero(self.first)
        after = np.append(begins[1:], len(self.order))[: len(begins)]
        return np.repeat(after, after - begins)


def words_of(pieces: Sequence[pa.Array]) -> list[Words]:
    """Return a column, which came in pieces, as words. What it says of rows that are null has no meaning."""
    made = [_words(piece) for piece in pieces]
    short = [piece for piece in made if piece is not None]
    if len(short) < len(made):
        return [_codes(pieces)]
    width = max((len(piece) for piece in short), default=0)
    nothing = np.zeros(0, dtype=np.uint64)
    return [
        np.concatenate(
            [
                piece[n] if n < len(piece) else np.zeros(len(column), dtype=np.uint64)
                for piece, column in zip(short, pieces, strict=True)
            ]
            or [nothing]
        )
        for n in range(width)
    ]


def _words(column: pa.Array) -> list[Words] | None:
    """Return one piece as words, `None` if it holds a text that is too long or that a word can't tell apart."""
    if isinstance(column, pa.DictionaryArray):
        words = _words(column.dictionary)
        if words is None or not len(column.dictionary):
            return words if words is None else [np.zeros(len(column), dtype=np.uint64) for _ in words]
        places = pc.fill_null(column.indices, 0).to_numpy(zero_copy_only=False)
        return [one[places] for one in words]
    if pa.types.is_string(column.type):
        return _text_words(column)
    if pa.types.is_boolean(column.type):
        return [pc.fill_null(column, False).to_numpy(zero_copy_only=False).astype(np.uint64)]  # noqa: FBT003 -- the value
    return None


def _text_words(column: pa.StringArray, most: int = LONG) -> list[Words] | None:
    places, data = offsets_of(column), column.buffers()[2]
    begin, size = places[:-1].astype(np.int64), np.diff(places)
    longest = int(size.max(initial=0))
    if longest > most:
        return None
    if not longest or data is None:
        return [np.zeros(len(column), dtype=np.uint64)]
    held = np.frombuffer(data, dtype=np.uint8)[places[0] : places[-1]]
    if not held.all():  # a text may end with a zero, as the unused bytes of a word do
        return None
    if longest % 8 == 0 and len(held) == longest * len(column):
        whole = held.view(np.uint64).reshape(len(column), longest // 8)
        return [whole[:, n] for n in range(longest // 8)]
    return _gathered(held, begin - places[0], size, longest)


def _gathered(held: Any, begin: Places, size: Any, longest: int) -> list[Words]:
    """Return texts of different lengths as words, each read where it lies, and cut where the text ends."""
    padded = np.zeros(len(held) + 8, dtype=np.uint8)
    padded[: len(held)] = held
    anywhere = np.ndarray((len(held) + 1,), dtype=np.uint64, buffer=padded, strides=(1,))
    return [
        anywhere[np.minimum(begin + n, len(held))] & _MASKS[np.clip(size - n, 0, 8)]
        for n in range(0, longest, 8)
    ]


def _codes(pieces: Sequence[pa.Array]) -> Words:
    """Return a column as the numbers of its values in a dictionary of all pieces."""
    plain = [
        piece.dictionary_decode() if isinstance(piece, pa.DictionaryArray) else piece for piece in pieces
    ]
    encoded = pc.dictionary_encode(pa.chunked_array(plain, plain[0].type))
    return np.concatenate(
        [
            pc.fill_null(chunk.indices, 0).to_numpy(zero_copy_only=False).astype(np.uint64)
            for chunk in encoded.chunks
        ]
    )


def offsets_of(column: pa.StringArray) -> np.ndarray[Any, np.dtype[np.int32]]:
    """Return where each text of a column begins in its buffer, and where the last ends."""
    buffer = column.buffers()[1]
    if buffer is None:
        return np.zeros(len(column) + 1, dtype=np.int32)
    return np.frombuffer(buffer, dtype=np.int32)[column.offset : column.offset + len(column) + 1]


def mixed(words: Sequence[Words], rows: int, salt: int = 0) -> Words:
    """Return one number for each row, equal for equal words; a word of zeros at the end changes nothing."""
    total = np.zeros(rows, dtype=np.uint64)
    for n, word in enumerate(words):
        part = word * np.uint64((_ODD[(n + salt) % len(_ODD)] + 2 * (n + 97 * salt)) % (1 << 64))
        total = part if not n else np.add(total, part, out=part)
    total ^= total >> _HIGH
    total *= _MIX
    return total


def spread(column: pa.Array) -> Words:
    """Return one number for each row of a piece, equal for equal values in whatever piece they stand."""
    if isinstance(column, pa.DictionaryArray):
        column = column.dictionary_decode()
    if not pa.types.is_string(column.type):
        words = _words(column)
        assert words is not None, column.type
        return mixed(words, len(column))
    places, data = offsets_of(column), column.buffers()[2]
    held = np.frombuffer(data or b"", dtype=np.uint8)[places[0] : places[-1]]
    begin, size = places[:-1].astype(np.int64) - places[0], np.diff(places)
    total = mixed(_gathered(held, begin, size, min(int(size.max(initial=0)), LONG)), len(column))
    text = held.tobytes()
    for row in np.flatnonzero(size > LONG).tolist():
        total[row] = crc32(text[begin[row] : begin[row] + size[row]])
    return total


def by_key(words: Sequence[Words], rows: int) -> ByKey:
    """Return the rows by key: a key is what all words of a row say."""
    telling = [word for word in words if rows and bool((word != word[0]).any())]
    if not telling:
        first = np.zeros(rows, dtype=np.bool_)
        first[:1] = True
        return ByKey(np.arange(rows, dtype=np.int64), first)
    bits = np.uint64(max(1, (rows - 1).bit_length()))
    low = (np.uint64(1) << bits) - np.uint64(1)
    for salt in range(_TRIES):
        ranked = mixed(telling, rows, salt)
        ranked &= ~low  # the upper bits are the best mixed
        ranked |= np.arange(rows, dtype=np.uint64)
        ranked.sort()
        order = (ranked & low).astype(np.int64)
        ranked >>= bits
        again = ranked[1:] == ranked[:-1]
        if all(_alike(word[order], again) for word in telling):
            return ByKey(order, np.concatenate(([True], ~again)))
    return _plainly(telling)


def _alike(word: Words, again: Flags) -> bool:
    return not bool(((word[1:] != word[:-1]) & again).any())


def _plainly(words: Sequence[Words]) -> ByKey:
    """Return the rows by key by comparing whole keys: slow, and never wrong."""
    order = np.lexsort(list(words))  # stable
    first = np.zeros(len(order), dtype=np.bool_)
    first[:1] = True
    for word in words:
        first[1:] |= word[order[1:]] != word[order[:-1]]
    return ByKey(order, first)
