"""`hakam train` and `hakam calibrate`: a linear model, or only its scales and cuts, from a platform's own decisions."""

from __future__ import annotations

from collections import Counter
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from hakam.cli.labelled_rows import LabelledRow, LeftOut, files_of, rows_of
from hakam.cli.screen import OUT, CommandError, table
from hakam.vocabulary.counted import counted

if TYPE_CHECKING:
    from hakam.signals.models.fitting import Example
    from hakam.signals.models.linear import LinearModel

_DEV_PERCENT = 20
_FEWEST = 50
_LARGE = 100_000  # bytes of a file that takes seconds to read


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
        model = fit_linear(examples, dev, sources=("own",), report=_say)
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
    most: Annotated[
        int, typer.Option(min=_FEWEST, help="Texts of each file to read, spread evenly over it.")
    ] = 20_000,
) -> None:
    """Fit the probabilities and thresholds of a linear model to your own labelled texts, language by language.

    Thresholds do not carry over from one platform to another: a hundred labelled texts of a language are
    worth more than a better model. The table of weights stays as it is, the model gets an id of its own.
    Heads and languages of which your texts tell too little keep what they have. Twenty thousand texts take about
    half a minute.
    """
    from hakam.signals.models import shipped  # noqa: PLC0415 -- `hakam --help` stays instant
    from hakam.signals.models.fitting import recalibrate  # noqa: PLC0415 -- as above
    from hakam.signals.models.linear import UnreadableModelError, unpack  # noqa: PLC0415 -- as above

    _require_place(out)
    rows = _rows(data, most)
    try:
        start = unpack(model.read_bytes()) if model is not None else shipped.shipped_linear()
    except (OSError, UnreadableModelError) as error:
        raise CommandError(f"{model}: {error}") from error
    examples = [_example(row) for row in rows]
    tags = Counter(example.language or "?" for example in examples)
    _say(f"{counted(len(rows), 'text')}: {', '.join(f'{tag} {n:,}' for tag, n in tags.most_common())}")
    out.write_bytes(recalibrate(start, examples, _say))
    _show(out, 0, len(rows), before=start)


def _require_place(out: Path) -> None:
    """Refuse a place that can't be written, before minutes of work. Raises `CommandError`."""
    if out.is_dir():
        raise CommandError(f"{out} is a folder; name the file that the model goes to")
    if not out.parent.is_dir():
        raise CommandError(f"{out} can't be written: there is no folder {out.parent}")


def _say(line: str) -> None:
    """Tell how far it is."""
    OUT.print(Text(line, "dim"), soft_wrap=True)


def _rows(data: Path, most: int | None = None) -> list[LabelledRow]:
    """Return the labelled texts; of each file at most `most`, spread evenly over it. Raises `CommandError`."""
    rows: list[LabelledRow] = []
    for path in files_of(data):
        if path.stat().st_size > _LARGE:
            _say(f"reading {path.name}")
        left_out = LeftOut()
        mine = list(rows_of(path, left_out))
        if left_out.rows:
            _say(left_out.told(path))
        if most is not None and len(mine) > most:
            _say(f"{path.name}: {most:,} of {len(mine):,} texts, spread over it")
            mine = [mine[n * len(mine) // most] for n in range(most)]
        rows += mine
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


def _show(path: Path, trained: int, measured: int, before: LinearModel | None = None) -> None:
    """Print the thresholds of a model; of one that was calibrated those that are not as they were `before`."""
    from hakam.signals.models.linear import unpack  # noqa: PLC0415 -- `hakam --help` stays instant

    model = unpack(path.read_bytes())
    same = 0
    shown = table("head", "language", "threshold", "macro-F1 there", "95 % interval", "texts")
    for head in model.heads:
        for language, found in sorted(model.head.thresholds[head].items()):
            if before is not None and before.head.thresholds.get(head, {}).get(language) == found:
                same += 1
            elif found.positives:
                shown.add_row(
                    head, language, f"{found.at:.2f}", f"{found.macro_f1:.3f}", f"{found.low:.2f}-{found.high:.2f}",
                    f"{found.positives}+{found.negatives}",
                )  # fmt: skip
    OUT.print(
        f"{path}: {model.id}, {counted(trained, 'text')} learnt, {measured:,} to calibrate", soft_wrap=True
    )
    OUT.print(shown)
    if same:
        OUT.print(
            f"{counted(same, 'threshold')} as before: too few texts of yours tell of them", soft_wrap=True
        )
