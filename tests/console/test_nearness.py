"""How near a match was is read by each reader in his language; what was kept stays as it was kept."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from django.utils import translation
from tests.console.test_live import Enter, enter, stage  # noqa: F401 -- fixtures
from tests.live.stage import Stage

import hakam
from hakam.console.nearness import in_words
from hakam.console.templatetags.hakam import nearness

KEPT = {
    "entry 3, pdq, 4 bits apart": ("entry 3, PDQ, the picture: 4 bits apart", "الفرق 4 بت"),
    "entry 3, vpdq, 4 of 35 frames, from 0:01 to 1:12, 6 bits apart at the nearest": (
        "entry 3, vPDQ, the clip: 4 of 35 frames, from 0:01 to 1:12, 6 bits apart at the nearest",
        "4 من 35 من اللقطات",
    ),
    "entry 12, landmarks, 44 landmarks in place, turned by -3 degrees": (
        "44 landmarks in place, turned by -3 degrees",
        "44 من المعالم في مواضعها",
    ),
    "entry 7, chromaprint, 12 seconds of sound, from 0:10, known from 3:05, 4.5 of 32 bits apart": (
        "12 seconds of sound, from 0:10, known from 3:05, 4.5 of 32 bits apart",
        "12 من ثواني الصوت",
    ),
    "entry 1, pdq, a frame, 2 bits apart": ("a frame, 2 bits apart", "لقطة واحدة"),
}


@pytest.mark.parametrize("kept", KEPT)
@pytest.mark.parametrize("language", ["en", "ar"])
def test_what_was_kept_is_read_in_the_readers_language(kept: str, language: str) -> None:
    with translation.override(language):
        said = in_words(kept)
    assert said is not None
    assert KEPT[kept][language == "ar"] in said
    assert ("apart" in said or "degrees" in said) is (language == "en")


@pytest.mark.parametrize(
    "kept",
    ["", "entry 1", "entry x, pdq, 4 bits apart", "entry 1, spell, 4 bits apart", "entry 1, pdq, near <b>"],
)
def test_what_has_another_form_is_shown_as_it_was_kept(kept: str) -> None:
    assert in_words(kept) is None
    assert nearness(kept).startswith('<bdi dir="ltr">')
    assert "<b>" not in nearness(kept)


def written() -> list[str]:
    """Return every form in which the code writes down how near something is, each value as `7` or `0:07`."""
    found = []
    package = Path(hakam.__file__).parent
    for name in ("storage/known_media", "storage/media_lookup", "live/watching/eyes", "door/known"):
        for node in ast.walk(ast.parse((package / f"{name}.py").read_text(encoding="utf-8"))):
            if not isinstance(node, ast.JoinedStr):
                continue
            text = "".join(
                part.value
                if isinstance(part, ast.Constant)
                else ("0:07" if "clock" in ast.unparse(part) else "7")
                for part in node.values
            )
            if "apart" in text or "in place" in text:
                found.append(text.removeprefix("7, "))  # the kind of hash
    return found


def test_every_form_that_is_written_down_can_be_read() -> None:
    assert len(written()) == 7
    for how in written():
        assert in_words(f"entry 3, pdq, {how}") is not None, how


def test_the_page_of_a_stream_speaks_arabic_throughout(stage: Stage, enter: Enter) -> None:  # noqa: F811
    kept = "entry 3, vpdq, 4 of 35 frames, from 0:01 to 1:12, 6 bits apart at the nearest"
    stream = stage.stream("show", flagged={"attack": kept}, flagged_at=stage.now)
    client = enter("amal")
    client.cookies["django_language"] = "ar"
    page = client.get(f"/desk/live/{stream.pk}").content.decode()
    assert "4 من 35 من اللقطات" in page
    assert "frames, from" not in page
    client.cookies["django_language"] = "en"
    assert "4 of 35 frames, from 0:01" in client.get(f"/desk/live/{stream.pk}").content.decode()
