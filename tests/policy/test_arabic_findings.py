"""What a reader of Arabic sees for each code, whole, as a text that people who know the language can read and correct.

`WRITE_FINDINGS=1` writes it anew; then look at what changed.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from tests.policy.test_codes import overlay

from hakam.policy.codes import CHECKED, CODES
from hakam.policy.pack import load_pack
from hakam.policy.render import render_one
from hakam.vocabulary.finding import Finding

TEXT = Path(__file__).parent / "fixtures" / "findings-in-arabic.txt"
HEAD = "# The example of each code, as `hakam check --language ar` shows its first finding of that code.\n"
ISOLATES = re.compile("[\u2066-\u2069]")


def shown(code: str) -> str:
    """Return the first finding of a code's example in Arabic, without the marks of direction, which nobody can see."""
    spec = CODES[code]
    files = overlay(spec, spec.bad)
    first: Finding = next(one for one in load_pack(files).findings if one.code == code)
    return ISOLATES.sub("", render_one(first, files, "ar"))


def kept() -> dict[str, str]:
    blocks = re.split(r"(?m)^== (P[0-9]{3})\n", TEXT.read_text("utf-8"))[1:]
    return dict(zip(blocks[::2], (block.rstrip("\n") for block in blocks[1::2]), strict=True))


def test_the_text_can_be_written_anew() -> None:
    if os.environ.get("WRITE_FINDINGS"):
        TEXT.write_text(HEAD + "".join(f"\n== {code}\n{shown(code)}\n" for code in CHECKED), "utf-8")
    assert list(kept()) == list(CHECKED)


@pytest.mark.parametrize("code", CHECKED)
def test_a_code_is_told_in_these_words(code: str) -> None:
    assert "\n".join(line.rstrip() for line in shown(code).split("\n")) == "\n".join(
        line.rstrip() for line in kept()[code].split("\n")
    )
