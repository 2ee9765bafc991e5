"""Pictures of the telling moments of journeys: `docs/journeys.md` shows them.

`WRITE_PICTURES=1 pytest tests/journeys` takes them anew. Without it a journey only sees that its moment is shown there.
"""

from __future__ import annotations

import io
import os
from pathlib import Path

from PIL import Image
from playwright.sync_api import Locator, Page

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "journeys.md"
FOLDER = ROOT / "docs" / "images" / "journeys"
VIEWPORT = {"width": 1160, "height": 780}
COLOURS = 64  # enough for pages of few colours; a picture has some 30 kB then
ABOVE = 90  # pixels left above what the picture is about


class Album:
    """The pictures of one journey in one language."""

    def __init__(self, journey: str, language: str) -> None:
        self._journey, self._language = journey, language

    def keep(self, page: Page, moment: str, *, at: Locator | None = None) -> None:
        """Keep what the page shows now, from `at` on; the document must show it."""
        name = f"{self._journey}-{moment}-{self._language}.png"
        assert name in PAGE.read_text(encoding="utf-8"), f"docs/journeys.md does not show {name}"
        if not os.environ.get("WRITE_PICTURES"):
            return
        top = at.evaluate("node => node.getBoundingClientRect().top + scrollY") if at else 0
        page.evaluate(
            "document.querySelectorAll('.toasts').forEach(one => one.remove())"
        )  # it stands on what is shown
        page.evaluate("y => scrollTo({top: y, behavior: 'instant'})", max(0, top - ABOVE))
        page.wait_for_timeout(300)  # what the page fetches by itself
        taken = page.screenshot(animations="disabled", caret="hide")
        FOLDER.mkdir(parents=True, exist_ok=True)
        picture = Image.open(io.BytesIO(taken)).convert("RGB")
        quantised = picture.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        quantised.save(FOLDER / name, optimize=True)
