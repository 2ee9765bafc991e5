"""The rules that are put aside, kept in a file of the home, so that a start does not ask them again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from hakam.vocabulary.verdict import Aside

NAME = "aside.json"


class Kept(msgspec.Struct, frozen=True):
    """What the file holds: the digest of a pack, and which of its rules are put aside."""

    digest: str
    rules: dict[str, Aside] = {}


def read(home: Path, digest: str, released: Mapping[str, float]) -> dict[str, Aside]:
    """Return which rules of the pack with this digest are put aside. `released`: when people took rules back."""
    try:
        kept = msgspec.json.decode((home / NAME).read_bytes(), type=Kept)
    except (FileNotFoundError, msgspec.MsgspecError):
        return {}
    if kept.digest != digest:
        return {}
    return {rule: aside for rule, aside in kept.rules.items() if released.get(rule, 0.0) < aside.at}


def write(home: Path, digest: str, rules: Mapping[str, Aside]) -> None:
    """Keep which rules of a pack are put aside."""
    fresh = home / f"{NAME}.new"
    fresh.write_bytes(msgspec.json.encode(Kept(digest, dict(rules))))
    fresh.replace(home / NAME)
