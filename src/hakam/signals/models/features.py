"""Hashed n-grams of a folded text: what the linear model adds up.

Characters 2 to 5 in a row and words 1 to 2 in a row, each hashed to a row of the model's table, all at once in NumPy:
with H[i] = sum of c[j] * P^j (modulo 2^64), the span i..j hashes to (H[j] - H[i]) * P^-i, whatever stands before it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import numpy as np

from hakam.signals.fold import split_words

BITS = 19
ROWS = 1 << BITS
SHAPE_ROWS = 16  # after the hashed rows: what the raw text looks like
MAX_CHARACTERS = 600  # of one window; longer texts are looked at in windows
FEATURES_VERSION = 1

_BASE = 0x9E3779B97F4A7C15 | 1
_MASK = (1 << 64) - 1
_SPREAD = np.uint64(0xD6E8FEB86659FD93)
_SALTS = tuple(np.uint64((n * 0xA0761D6478BD642F) & _MASK) for n in range(1, 8))
_SHIFT = np.uint64(64 - BITS)
_ROOM = MAX_CHARACTERS + 8
_CHARACTERS = (2, 3, 4, 5)

_NAMES = re.compile(r"(?<!\w)@\w+")
_ADDRESSES = re.compile(r"(?:h(?:tt|xx)ps?://|www\.)\S+|\b(?:bit\.ly|t\.me|wa\.me)/\S+")
_BLANK = ord(" ")
_LONG = 200
_SHORT = 20
_SHOUTED = 0.6
_ENOUGH_LETTERS = 8
_EXCLAIMED = 3


def _powers() -> tuple[Any, Any]:
    inverse = pow(_BASE, -1, 1 << 64)
    up, down, ups, downs = 1, 1, [], []
    for _ in range(_ROOM):
        ups.append(up)
        downs.append(down)
        up, down = up * _BASE & _MASK, down * inverse & _MASK
    return np.array(ups, np.uint64), np.array(downs, np.uint64)


_UP, _DOWN = _powers()
_LETTER_SALTS = np.array([_SALTS[n] for n in _CHARACTERS], np.uint64)[:, None]


def prepare(folded: str) -> str:
    """Return the folded text as the models read it: names and addresses replaced, white space collapsed.

    Names of accounts and addresses say who and where, not what; the models were trained without them.
    """
    if "@" in folded:
        folded = _NAMES.sub("@user", folded)
    if "/" in folded or "www." in folded:
        folded = _ADDRESSES.sub("[url]", folded)
    return f" {' '.join(folded.split())} "


def _codes(text: str) -> Any:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def _sums(codes: Any, spare: int = 0) -> Any:
    """Return the prefix sums of codes, and `spare` places after them."""
    size = len(codes)
    sums = np.zeros(size + 1 + spare, np.uint64)
    np.cumsum(codes * _UP[:size], out=sums[1 : size + 1])
    return sums


@lru_cache(maxsize=MAX_CHARACTERS + 1)
def _inside(length: int) -> Any:
    """Return which of the n-grams that begin at each place end inside a text of `length` characters."""
    ends = np.arange(length)[None, :] + np.array(_CHARACTERS)[:, None]
    return ends <= length


def _mixed(hashes: Any, salts: Any) -> Any:
    hashes += salts
    hashes *= _SPREAD
    hashes >>= _SHIFT
    return hashes


def rows_of(prepared: str, raw: str, repairs: int = 0) -> Any:
    """Return the rows of the model's table that a text of at most `MAX_CHARACTERS` adds up (int64, repeats kept).

    `prepared` comes from `prepare`, `raw` is the text as it came, `repairs` the tricks that folding undid.
    """
    prepared = prepared[:MAX_CHARACTERS]
    codes = _codes(prepared)
    length = len(codes)
    sums = _sums(codes, _CHARACTERS[-1])
    # Row n of this view holds the sums n places on; nothing is copied.
    ends = np.ndarray((len(_CHARACTERS), length), np.uint64, sums, _CHARACTERS[0] * 8, (8, 8))
    letters = ends - sums[:length]
    letters *= _DOWN[:length]
    parts: list[Any] = [_mixed(letters, _LETTER_SALTS)[_inside(length)]]
    codes = _codes(split_words(prepared))
    spaces = np.flatnonzero(codes == _BLANK)
    count = len(spaces) - 1
    if count > 0:
        sums = _sums(codes)
        starts = spaces[:-1] + 1
        starts, stops = np.concatenate([starts, starts[:-1]]), np.concatenate([spaces[1:], spaces[2:]])
        words = sums[stops] - sums[starts]
        words *= _DOWN[starts]
        salts = np.full(2 * count - 1, _SALTS[1])
        salts[:count] = _SALTS[0]
        parts.append(_mixed(words, salts))
    parts.append(np.array(_shape(prepared, raw, repairs), np.uint64))
    return np.concatenate(parts).view(np.int64)


def _shape(prepared: str, raw: str, repairs: int) -> list[int]:
    rows = [0]  # always there: what every text has in common
    if repairs:
        rows.append(1 if repairs < _EXCLAIMED else 2)
    upper = sum(map(str.isupper, raw[:_LONG]))
    if upper >= _ENOUGH_LETTERS and upper >= _SHOUTED * sum(map(str.isalpha, raw[:_LONG])):
        rows.append(3)
    if raw.count("!") >= _EXCLAIMED:
        rows.append(4)
    if "[url]" in prepared:
        rows.append(5)
    if "@user" in prepared:
        rows.append(6)
    if len(prepared) < _SHORT:
        rows.append(7)
    if len(prepared) > _LONG:
        rows.append(8)
    if "?" in raw or "؟" in raw:
        rows.append(9)
    if '"' in prepared:
        rows.append(10)
    return [ROWS + row for row in rows]
