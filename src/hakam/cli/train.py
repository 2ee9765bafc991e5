"""`hakam train` and `hakam calibrate`: a linear model, or only its scales and cuts, from a platform's own decisions."""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hakam.cli.labelled_rows import LabelledRow, files_of, rows_of
from hakam.cli.screen import OUT, CommandError, table
from hakam.vocabulary.counted import counted

if TYPE_CHECKING:
    from hakam.signals.models.fitting import Example

_DEV_PERCENT = 20
_FEWEST = 50


def train(
    data: Annotated[Path, typer.Argument(help="File or folder of labelled texts (`labels.ndjson` too).")],
    out: Annotated[Path, typer.Option(help="Where the model goes.")],
) -> None:
    """Train a linear model on your own labelled texts. Needs the extra `train`.

    One text in five, chosen by its digest, is kept back to calibrate the probabilities and to choose the
    thresholds. The same texts give the same model.
    """
    from hakam.signals.models.fitting import (  # noqa: PLC0415 -- `hakam --help` stays instant
        MissingLibraryError,
        TooFewLabelsError,
        fit_linear,
    )

    _require_place(out)
    rows = _rows(data)
    examples = [_example(row) for row in rows if not _kept_back(row)]
    dev = [_example(row) for row in rows if _kept_back(row)]
    try:
        model = fit_linear(examples, dev, sources=("own",), report=lambda line: OUT.print(line, style="dim"))
    except (MissingLibraryError, TooFewLabelsError) as error:
        raise CommandError(str(error)) from error
    out.write_bytes(model)
    _show(out, len(examples), len(dev))


def calibrate(
    data: Annotated[Path, typer.Argument(help="File or folder of labelled texts; a hundred are a start.")],
    out: Annotated[Path, typer.Option(help="Where the calibrated model goes.")],
    model: Annotated[
        Path | None, typer.Option(help="The model to start from; without it, the one that ships.")
    ] = None,
) -> None:
    """Fit the probabilities and thresholds of a linear model to your own labelled texts, language by language.

    Thresholds do not carry over from one platform to another: a hundred labelled texts of a language are
    worth more than a better model. The table of weights stays as it is, the model gets an id of its own.
    """
    from hakam.signals.models import shipped  # noqa: PLC0415 -- `hakam --help` stays instant
    from hakam.signals.models.fitting import recalibrate  # noqa: PLC0415 -- as above
    from hakam.signals.models.linear import UnreadableModelError, unpack  # noqa: PLC0415 -- as above

    _require_place(out)
    rows = _rows(data)
    try:
        start = unpack(model.read_bytes()) if model is not None else shipped.shipped_linear()
    except (OSError, UnreadableModelError) as error:
        raise CommandError(f"{model}: {error}") from error
    out.write_bytes(recalibrate(start, [_example(row) for row in rows]))
    _show(out, 0, len(rows))


def _require_place(out: Path) -> None:
    """Refuse a place that can't be written, before minutes of work. Raises `CommandError`."""
    if out.is_dir():
        raise CommandError(f"{out} is a folder; name the file that the model goes to")
    if not out.parent.is_dir():
        raise CommandError(f"{out} can't be written: there is no folder {out.parent}")


def _rows(data: Path) -> list[LabelledRow]:
    rows = [row for path in files_of(data) for row in rows_of(path)]
    if len(rows) < _FEWEST:
        raise CommandError(f"{data} holds {len(rows)} labelled texts; at least {_FEWEST} are needed")
    return rows


def _kept_back(row: LabelledRow) -> bool:
    if row.split is not None:
        return row.split != "train"
    digest = blake2b(row.text.encode("utf-8", "surrogatepass"), digest_size=4).digest()
    return int.from_bytes(digest, "big") % 100 < _DEV_PERCENT


def _example(row: LabelledRow) -> Example:
    from hakam.signals.models.fitting import Example  # noqa: PLC0415 -- `hakam --help` stays instant
    from hakam.signals.statistical_language import identify  # noqa: PLC0415 -- as above

    return Example(row.text, row.language or identify(row.text), row.labels)


def _show(path: Path, trained: int, measured: int) -> None:
    from hakam.signals.models.linear import unpack  # noqa: PLC0415 -- `hakam --help` stays instant

    model = unpack(path.read_bytes())
    shown = table("head", "language", "threshold", "macro-F1 there", "95 % interval", "texts")
    for head in model.heads:
        for language, found in sorted(model.head.thresholds[head].items()):
            if found.positives:
                shown.add_row(
                    head, language, f"{found.at:.2f}", f"{found.macro_f1:.3f}", f"{found.low:.2f}-{found.high:.2f}",
                    f"{found.positives}+{found.negatives}",
                )  # fmt: skip
    OUT.print(
        f"{path}: {model.id}, {counted(trained, 'text')} learnt, {measured:,} to calibrate", soft_wrap=True
    )
    OUT.print(shown)
