"""The adapter `transformers`: a classifier in a local folder, as Hugging Face's library saves it.

Settings: `folder` (beside the declaration or absolute), `output` (`sigmoid` or `softmax`), `longest` (tokens), and
`columns`: label to the name that the model's own `id2label` gives it, where they differ. Nothing is ever fetched, no
code of the folder is run, and weights are read from safetensors only, since other formats run code when opened.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec

from hakam.adapters.declared import Declared
from hakam.adapters.model import Answer, Known, ModelUnavailableError, Text, Unknown

_BATCH: Final = 16
_SUFFIXES: Final = frozenset({".json", ".txt", ".model", ".safetensors"})


class TransformersSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the declaration says under `settings`."""

    folder: str
    output: Literal["sigmoid", "softmax"] = "softmax"
    longest: Annotated[int, msgspec.Meta(ge=4, le=8_192)] = 256
    columns: dict[str, str] = {}


class TransformersModel:
    """A classifier of a local folder in memory. Raises `ModelUnavailableError` for what can't be used."""

    sends_to = ""

    def __init__(self, declared: Declared) -> None:
        os.environ["HF_HUB_OFFLINE"] = "1"  # before the library is imported: it asks nobody
        try:
            import torch  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415 -- an extra
            import transformers  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415 -- an extra
        except ImportError as error:
            raise ModelUnavailableError(
                "it needs transformers and torch: pip install 'hakam[transformers]'"
            ) from error
        try:
            chosen = msgspec.convert(declared.what.settings, TransformersSettings)
        except msgspec.ValidationError as error:
            raise ModelUnavailableError(f"settings: {error}") from error
        folder = declared.folder / chosen.folder
        if not folder.is_dir():
            raise ModelUnavailableError(f"there is no folder {folder}")
        only_here: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
        try:
            self._tokens: Any = transformers.AutoTokenizer.from_pretrained(str(folder), **only_here)
            self._network: Any = transformers.AutoModelForSequenceClassification.from_pretrained(
                str(folder), use_safetensors=True, **only_here
            )
            self._network.eval()
            names = {str(name): int(n) for n, name in self._network.config.id2label.items()}
        except Exception as error:
            raise ModelUnavailableError(f"{error}") from error
        self.labels = declared.what.labels
        columns = [chosen.columns.get(label, label) for label in self.labels]
        missing = [name for name in columns if name not in names]
        if missing:
            raise ModelUnavailableError(
                f"the model has no label {', '.join(missing)}; it has {', '.join(sorted(names))}"
            )
        self._columns = [names[name] for name in columns]
        self._output, self._longest, self._torch = chosen.output, chosen.longest, torch
        self._one = threading.Lock()  # the fast tokenizers change their settings while they read
        self.id = f"{declared.name}-{declared.version}-{_digest(folder)}"

    def read(self, texts: Sequence[Text]) -> list[Answer]:
        """Answer each text."""
        found: list[Answer] = []
        for start in range(0, len(texts), _BATCH):
            part = [
                one.text.encode("utf-8", "replace").decode("utf-8") for one in texts[start : start + _BATCH]
            ]
            try:
                with self._one:
                    rows = self._run(part)
            except Exception as error:  # noqa: BLE001 -- a network that fails on a text says nothing about it
                found += [Unknown(f"the network failed: {error}"[:300])] * len(part)
                continue
            found += [
                Known(
                    {
                        label: round(row[column], 6)
                        for label, column in zip(self.labels, self._columns, strict=True)
                    }
                )
                for row in rows
            ]
        return found

    def close(self) -> None:
        """Release nothing: the network goes with the object."""

    def _run(self, texts: list[str]) -> list[list[float]]:
        torch = self._torch
        given = self._tokens(
            texts, padding=True, truncation=True, max_length=self._longest, return_tensors="pt"
        )
        with torch.no_grad():
            sums = self._network(**given).logits
        shares = torch.sigmoid(sums) if self._output == "sigmoid" else torch.softmax(sums, dim=-1)
        rows: list[list[float]] = shares.tolist()
        return rows


def _digest(folder: Path) -> str:
    digest = sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix in _SUFFIXES:
            digest.update(path.relative_to(folder).as_posix().encode())
            with path.open("rb") as file:
                while part := file.read(1 << 20):
                    digest.update(part)
    return digest.hexdigest()[:12]
