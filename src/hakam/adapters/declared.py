"""The declaration of a model: one TOML file in `models/` of the home. Its name is the file's.

Its version is a digest over the declaration, so that whoever changes it has another model, which is off until somebody
switches it on.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec

FOLDER: Final = "models"
NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,39}")
RESERVED: Final = frozenset({"bank", "encoder", "media", "target"})
_Label = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_. -]{0,39}$")]
_Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


class DeclarationError(ValueError):
    """A declaration can't be read. The message names the file and what is wrong with it."""


class Fallback(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What happens with a text that the model could not judge: nothing, a case for people, or a local score."""

    then: Literal["unknown", "review", "local"] = "unknown"
    clause: str = ""  # review: the clause of the case
    queue: Annotated[str, msgspec.Meta(min_length=1, max_length=64)] = "models"
    most: Annotated[int, msgspec.Meta(ge=0)] = 100  # review: cases a day; beyond, it stays unknown
    local: dict[_Label, str] = {}  # local: label -> head of the models that ship, as "hate"


class Budget(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a model may use on one day (UTC); None: as much as it takes. Beyond, texts are left to the fallback."""

    calls: Annotated[int, msgspec.Meta(ge=0)] | None = None
    tokens: Annotated[int, msgspec.Meta(ge=0)] | None = None
    money: Annotated[float, msgspec.Meta(ge=0)] | None = None  # in the currency of its prices


class Declaration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an operator says of a model.

    `reads` says what it is given: texts, pictures (frames of live streams) or speech (their sound).
    `only_above` bounds what is asked: a text is read only if the model at the door gives one of these heads at least so
    much. `settings` are the adapter's own.
    """

    adapter: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    labels: Annotated[
        tuple[_Label, ...], msgspec.Meta(max_length=64)
    ] = ()  # none: speech, which becomes words
    reads: Literal["text", "picture", "speech"] = "text"
    every: Annotated[float, msgspec.Meta(ge=0.5, le=600)] = 5.0  # seconds of one stream between two questions
    languages: tuple[str, ...] = ()  # first parts of tags; none: every language
    licence: str = ""
    calibrated: bool = False
    longest: Annotated[int, msgspec.Meta(ge=1, le=200_000)] = 4_000  # characters of a text that are read
    only_above: dict[str, _Share] = {}
    private: bool = False  # whether private messages may be sent to an endpoint
    patience: Annotated[float, msgspec.Meta(gt=0)] = 3_600.0  # seconds that a text waits for it at most
    budget: Budget = Budget()
    fallback: Fallback = Fallback()
    settings: dict[str, Any] = {}


class Declared(msgspec.Struct, frozen=True):
    """A declaration with its name and version."""

    name: str
    version: str  # 12 hex digits
    what: Declaration
    folder: Path  # against which its paths are read

    def score(self, label: str) -> str:
        """Return the name by which rules read a label: `scores["name:label"]`."""
        return f"{self.name}:{label}"


def read(path: Path) -> Declared:
    """Return the declaration of a file. Raises `DeclarationError`."""
    name = path.stem
    if not NAME.fullmatch(name) or name in RESERVED:
        raise DeclarationError(
            f"{path.name}: the name of a model is small letters, digits and hyphens, at most 40, and none of "
            f"{', '.join(sorted(RESERVED))}"
        )
    try:
        data = tomllib.loads(path.read_text("utf-8"))
        what = msgspec.convert(data, Declaration, strict=True)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise DeclarationError(f"{path.name}: {error}") from error
    if bool(what.labels) is (what.reads == "speech"):
        raise DeclarationError(
            f"{path.name}: `labels` names the scores of a model; one that reads speech has none"
        )
    if what.reads != "text" and (what.only_above or what.fallback.then == "local"):
        raise DeclarationError(
            f"{path.name}: `only_above` and a fallback `local` are of models that read texts"
        )
    if what.fallback.then == "review" and not what.fallback.clause:
        raise DeclarationError(f"{path.name}: a fallback `review` names the `clause` of its cases")
    if what.fallback.then == "local" and set(what.fallback.local) != set(what.labels):
        raise DeclarationError(f"{path.name}: a fallback `local` names a head for each label")
    version = sha256(msgspec.json.encode(data, order="deterministic")).hexdigest()[:12]
    return Declared(name, version, what, path.parent)


def all_in(home: Path) -> Iterator[Declared | DeclarationError]:
    """Yield every declaration of a home, in order of name; for one that can't be read, why."""
    for path in sorted((home / FOLDER).glob("*.toml")):
        try:
            yield read(path)
        except DeclarationError as error:
            yield error
