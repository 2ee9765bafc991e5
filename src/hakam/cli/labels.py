"""`hakam labels`: what people decided, as a file of labelled texts for `hakam train`, `calibrate` and `evaluate`."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from hakam.cli.home import open_home
from hakam.cli.screen import OUT, CommandError, table
from hakam.vocabulary.counted import counted


def labels(
    out: Annotated[
        Path, typer.Option(help="Where the labelled texts go (NDJSON, readable by its owner only).")
    ],
) -> None:
    """Write the texts that people decided about, with what the decisions tell of them.

    The newest final decision of a person counts, never that of a rule; restricted cases are left out. The file holds
    texts of people: delete it when it has served.
    """
    if out.is_dir():
        raise CommandError(f"{out} is a folder; name the file that the texts go to")
    if not out.parent.is_dir():
        raise CommandError(f"{out} can't be written: there is no folder {out.parent}")
    open_home()
    import msgspec  # noqa: PLC0415 -- the command line starts without it

    from hakam.review.clauses import NoRulebookError  # noqa: PLC0415 -- needs Django started
    from hakam.review.labelled import decided  # noqa: PLC0415 -- the same
    from hakam.wiring import ports  # noqa: PLC0415 -- the same

    counts: Counter[tuple[str, int]] = Counter()
    texts = 0
    whole = out.with_name(f".{out.name}.new")
    try:
        with os.fdopen(os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            for row in decided(ports.vault()):
                file.write(msgspec.json.encode(row._asdict()) + b"\n")
                texts += 1
                counts.update(row.labels.items())
        whole.replace(out)
    except NoRulebookError as error:
        raise CommandError(str(error)) from error
    except OSError as error:
        raise CommandError(f"{out} can't be written: {error.strerror}") from error
    finally:
        whole.unlink(missing_ok=True)
    shown = table("head", "breaks the rule", "breaks none")
    for head in sorted({head for head, _ in counts}):
        shown.add_row(head, str(counts[head, 1]), str(counts[head, 0]))
    OUT.print(f"{out}: {counted(texts, 'text')}", soft_wrap=True)
    OUT.print(shown)
