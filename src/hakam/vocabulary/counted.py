"""How many of something, in English: `1 rule`, `2 rules`, `1,000 entries`."""

from __future__ import annotations


def counted(number: int, one: str, many: str = "") -> str:
    """Return a number with what it counts. `many` is the plural of words that do not form it as most do."""
    if number == 1:
        return f"1 {one}"
    if not many:
        many = f"{one[:-1]}ies" if one.endswith("y") and one[-2] not in "aeiou" else f"{one}s"
    return f"{number:,} {many}"
