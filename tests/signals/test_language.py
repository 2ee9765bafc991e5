"""Script and language are told from letters alone, or left unknown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hakam.signals.language import guess_language
from hakam.signals.script import main_script


@pytest.mark.parametrize(
    ("text", "script", "language"),
    [
        ("plain text", "Latn", None),
        ("Größe und Maß", "Latn", "de"),
        ("ışık", "Latn", "tr"),
        ("¿qué?", "Latn", "es"),
        ("مرحبا بالعالم", "Arab", "ar"),
        ("می‌خواهم پرواز کنم", "Arab", "fa"),
        ("یہ اردو ہے", "Arab", "ur"),
        ("это мы", "Cyrl", "ru"),
        ("їжак", "Cyrl", "uk"),
        ("привет", "Cyrl", None),
        ("καλημέρα", "Grek", "el"),
        ("שלום", "Hebr", "he"),
        ("नमस्ते", "Deva", None),
        ("한국어", "Hang", "ko"),
        ("日本語のテキスト", "Kana", "ja"),
        ("中文", "Hani", "zh"),
        ("ไทย", "Thai", "th"),
        ("hello مرحبا بكم جميعا", "Arab", "ar"),
        ("12345 !!! 👍", None, None),
        ("", None, None),
    ],
)
def test_script_and_language(text: str, script: str | None, language: str | None) -> None:
    assert main_script(text) == script
    assert guess_language(text, script) == language


@given(st.text())
def test_any_text_has_a_script_or_none(text: str) -> None:
    script = main_script(text)
    assert script is None or len(script) == 4
