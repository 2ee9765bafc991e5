"""Which script a text is written in, as ISO 15924 codes."""

from __future__ import annotations

import re

# Letters only, the busiest scripts first.
_SCRIPTS: tuple[tuple[str, str], ...] = (
    (
        "Arab",
        "\u0620-\u064a\u066e-\u06d3\u06d5\u06ee-\u06ef\u06fa-\u06ff\u0750-\u077f\u08a0-\u08c9\ufb50-\ufdff\ufe70-\ufefc",
    ),
    (
        "Latn",
        "a-zA-Z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0250-\u02af\u1e00-\u1eff\uff21-\uff3a\uff41-\uff5a",
    ),
    ("Cyrl", "\u0400-\u0481\u048a-\u052f\u1c80-\u1c88"),
    ("Grek", "\u0370-\u03ff\u1f00-\u1fff"),
    ("Hebr", "\u05d0-\u05ea\u05ef-\u05f2"),
    ("Deva", "\u0904-\u0939\u0958-\u0961\u0971-\u097f"),
    ("Beng", "\u0985-\u09b9\u09dc-\u09e1"),
    ("Guru", "\u0a05-\u0a39\u0a59-\u0a5e"),
    ("Gujr", "\u0a85-\u0ab9"),
    ("Taml", "\u0b83-\u0bb9"),
    ("Telu", "\u0c05-\u0c39"),
    ("Knda", "\u0c85-\u0cb9"),
    ("Mlym", "\u0d05-\u0d3a"),
    ("Sinh", "\u0d85-\u0dc6"),
    ("Thai", "\u0e01-\u0e30\u0e40-\u0e46"),
    ("Mymr", "\u1000-\u102a\u103f"),
    ("Geor", "\u10a0-\u10ff\u1c90-\u1cbf"),
    ("Armn", "\u0531-\u0556\u0561-\u0587"),
    ("Ethi", "\u1200-\u135a"),
    ("Khmr", "\u1780-\u17b3"),
    ("Hang", "\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3"),
    ("Kana", "\u3041-\u3096\u30a1-\u30fa\uff66-\uff9d"),
    ("Hani", "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002fa1f"),
)
SCRIPTS = tuple(code for code, _ in _SCRIPTS)
"""Every script that is told apart."""
_FIND = {code: re.compile(f"[{ranges}]+") for code, ranges in _SCRIPTS}
_LETTERS = re.compile(f"[{''.join(ranges for _, ranges in _SCRIPTS)}]+")
_OTHER_LETTERS = re.compile(f"[{''.join(ranges for code, ranges in _SCRIPTS if code != 'Latn')}]")
_SAMPLE = 200  # characters looked at: a script shows itself early


def main_script(text: str) -> str | None:
    """Return the script of most letters among the first 200 characters, or `None` if it has no letters."""
    sample = text[:_SAMPLE]
    if sample.isascii() or not _OTHER_LETTERS.search(sample):
        return "Latn" if _FIND["Latn"].search(sample) else None
    letters = "".join(_LETTERS.findall(sample))
    counts: dict[str, int] = {}
    while letters and len(letters) > max(counts.values(), default=0):
        code = next(code for code, find in _FIND.items() if find.match(letters))
        others = _FIND[code].sub("", letters)
        counts[code] = len(letters) - len(others)
        letters = others
    if "Kana" in counts or ("Hani" in counts and _FIND["Kana"].search(sample)):
        counts["Kana"] = counts.get("Kana", 0) + counts.pop("Hani", 0)  # Japanese mixes both
    return max(counts, key=counts.__getitem__)
