"""A cautious guess of the language from its letters alone. Statistical identification is a plugin's work."""

from __future__ import annotations

import re

# Scripts that practically one language uses.
_ONE_LANGUAGE = {
    "Grek": "el", "Hebr": "he", "Beng": "bn", "Guru": "pa", "Gujr": "gu", "Taml": "ta", "Telu": "te", "Knda": "kn",
    "Mlym": "ml", "Sinh": "si", "Thai": "th", "Mymr": "my", "Geor": "ka", "Armn": "hy", "Ethi": "am", "Khmr": "km",
    "Hang": "ko", "Kana": "ja", "Hani": "zh",
}  # fmt: skip
# Letters that tell languages of one script apart, most telling first.
_LETTERS: dict[str, tuple[tuple[str, re.Pattern[str]], ...]] = {
    "Arab": (
        ("ur", re.compile("[\u0679\u0688\u0691\u06d2\u06ba\u06be\u06c1]")),
        ("ps", re.compile("[\u067c\u0689\u0693\u069a\u06d0\u06cd]")),
        ("ckb", re.compile("[\u06d5\u06ce\u06c6\u0695\u06b5]")),
        ("fa", re.compile("[\u067e\u0686\u0698\u06af\u06cc\u06a9]")),
    ),
    "Cyrl": (
        ("uk", re.compile("[\u0456\u0457\u0454\u0491\u0406\u0407\u0404\u0490]")),
        ("sr", re.compile("[\u0452\u0459\u045a\u045b\u045f\u0402\u0409\u040a\u040b\u040f]")),
        ("ru", re.compile("[\u044b\u044d\u0451\u042b\u042d\u0401]")),
    ),
    "Latn": (
        ("tr", re.compile("[\u0131\u0130\u011f\u011e\u015f\u015e]")),
        ("vi", re.compile("[\u01b0\u01af\u01a1\u01a0\u1ea0-\u1ef9]")),
        ("pl", re.compile("[\u0142\u0141\u0105\u0119\u017c\u017a]")),
        ("de", re.compile("\u00df")),
        ("es", re.compile("[\u00f1\u00bf\u00a1]")),
        ("pt", re.compile("[\u00e3\u00f5\u00c3\u00d5]")),
    ),
}
_IF_NONE_OF_THEM = {"Arab": "ar"}  # the other Arabic-script languages show letters of their own


def guess_language(text: str, script: str | None) -> str | None:
    """Return a BCP 47 code if letters alone tell it, else `None`: Latin, Cyrillic and Devanagari serve many."""
    if script is None:
        return None
    if script in _ONE_LANGUAGE:
        return _ONE_LANGUAGE[script]
    if script != "Latn" or not text.isascii():
        for code, letters in _LETTERS.get(script, ()):
            if letters.search(text):
                return code
    return _IF_NONE_OF_THEM.get(script)
