"""How far a rule's word goes: recorded only, live for a share of authors, or live."""

from __future__ import annotations

import re
from hashlib import blake2b

import msgspec

from hakam.vocabulary.verdict import Stage

_CANARY = re.compile(r"canary ([0-9]{1,3}(?:\.[0-9]{1,3})?)%")
_ALL = 2**64
_TYPED = str.maketrans({"٫": ".", ",": ".", "%": None, "٪": None, " ": None, "\N{NO-BREAK SPACE}": None})


class Staging(msgspec.Struct, frozen=True):
    """The stage of a rule; `share` (0 to 1) is of authors, for a canary."""

    stage: Stage
    share: float = 1.0

    def for_author(self, rule: str, platform: str, author: str) -> Stage:
        """Return how the rule works for this author: always the same, whatever the pack's version."""
        if self.stage is not Stage.CANARY:
            return self.stage
        return Stage.LIVE if place(rule, platform, author) < self.share else Stage.SHADOW

    def __str__(self) -> str:
        """Return it as a pack says it."""
        return f"canary {self.share * 100:g}%" if self.stage is Stage.CANARY else str(self.stage)


def place(rule: str, platform: str, author: str) -> float:
    """Return where an author stands for a rule, from 0 up to 1, evenly spread, each rule anew."""
    key = f"{rule}\x1f{platform}\x1f{author}".encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(key, digest_size=8, person=b"hakam-canary").digest(), "big") / _ALL


def parse_staging(text: str) -> Staging | None:
    """Read `shadow`, `canary 5%` or `live`; `None` if it is none of them. The share may be out of bounds."""
    if text in {Stage.SHADOW, Stage.LIVE}:
        return Staging(Stage(text))
    found = _CANARY.fullmatch(text)
    return Staging(Stage.CANARY, float(found[1]) / 100) if found else None


def typed_share(text: str) -> str:
    """Return a share in per cent as a pack says it (`12.5`), typed in digits of any script, with or without its sign.

    What is no number stays none.
    """
    return "".join(str(int(sign)) if sign.isdecimal() else sign for sign in text.translate(_TYPED))


def tries(staging: Staging) -> bool:
    """Whether it leaves something of what was before: shadow, or a canary for some authors and not for all."""
    return staging.stage is Stage.SHADOW or (staging.stage is Stage.CANARY and 0 < staging.share < 1)
