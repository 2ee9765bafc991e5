"""A key that is equal for texts which say the same, for counting copies.

It is exact over the sequence of folded words. Case, look-alikes, spacing, punctuation, emoji and every word with a
digit in it (numbers, salts such as `xk39`) make no difference; a changed word does. A similarity hash would bear a
changed word, but counters need keys that are equal, not close.
"""

from __future__ import annotations

import re
from hashlib import blake2b

MIN_LETTERS = 12  # shorter texts ("happy birthday") are said by everybody: no fingerprint
_DIGIT = re.compile("[0-9]")


def fingerprint(words: str) -> str | None:
    """Return 16 hex digits for `words` (as `split_words` gives them), or `None` if too few letters are left."""
    if _DIGIT.search(words):
        words = f" {' '.join([word for word in words.split() if not _DIGIT.search(word)])} "
    if len(words) - words.count(" ") < MIN_LETTERS:
        return None
    return blake2b(words.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
