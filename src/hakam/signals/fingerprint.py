"""A key that is equal for texts which say the same, for counting copies.

It is exact over the *set* of folded words. Case, look-alikes, spacing, punctuation, order, repeated words and every
word with a digit in it (numbers, salts such as `xk39`) make no difference; a changed word does. A similarity hash
would bear a changed word, but counters need keys that are equal, not close.
"""

from __future__ import annotations

from hashlib import blake2b

MIN_LETTERS = 12  # shorter texts ("happy birthday") are said by everybody: no fingerprint
_DIGITS = frozenset("0123456789")


def fingerprint(words: str) -> str | None:
    """Return 16 hex digits for `words` (as `split_words` gives them), or `None` if too few letters are left."""
    kept = {word for word in words.split() if _DIGITS.isdisjoint(word)}
    text = " ".join(sorted(kept))
    if len(text) < MIN_LETTERS + len(kept) - 1:
        return None
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
