"""`hakam models`: models of others whose scores rules read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from hakam.cli.home import open_home
from hakam.cli.screen import OUT, CommandError, table
from hakam.vocabulary.counted import counted
from hakam.wiring.settings import Settings

if TYPE_CHECKING:
    from hakam.adapters.declared import Declared
    from hakam.adapters.model import AnyModel

app = typer.Typer(help="Models of your own, whose scores rules read.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="Name of the model: that of its file, without `.toml`.")]


@app.command("list")
def list_(
    as_json: Annotated[bool, typer.Option("--json", help="Print the list as JSON.")] = False,
) -> None:
    """List the declared models: what they are, whether they are on, and what they did today.

    A model is declared in `models/NAME.toml` of the data folder; docs/how-to/use-your-own-model.md says how.
    """
    rows = _listed(open_home())
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(rows), indent=2).decode())
        return
    shown = table(
        "model", "state", "scores", "sends to", "texts", "unknown", "calls", "tokens", "money", "behind"
    )
    for row in rows:
        today = row["today"]
        shown.add_row(
            row["id"] or row["name"],
            row["state"],
            ", ".join(row["scores"]),
            row["sends_to"] or "nobody",
            str(today["texts"]),
            str(today["unknown"]),
            str(today["calls"]),
            str(today["tokens"]),
            f"{today['money']:.4f}" if today["money"] else "",
            str(row["behind"]),
        )
    OUT.print(shown)
    for row in rows:
        if row["trouble"]:
            OUT.print(f"{row['name']}: {row['trouble']}", style="yellow", soft_wrap=True)


@app.command()
def on(name: Name) -> None:
    """Let a model read what comes from now on. One behind an endpoint gets the texts, which the ledger keeps."""
    with _model(name) as (one, model):
        from hakam.intake.switching import SwitchError, switch_on  # noqa: PLC0415 -- needs Django started
        from hakam.vocabulary.actor import SYSTEM  # noqa: PLC0415 -- as above

        try:
            switch_on(one, sends_to=model.sends_to, by=SYSTEM, now=datetime.now(tz=UTC))
        except SwitchError as error:
            raise CommandError(str(error)) from error
        goes = {
            "text": "texts go",
            "picture": "frames of live streams go",
            "speech": "the sound of live streams goes",
        }[one.what.reads]
        where = f"{goes} to {model.sends_to}" if model.sends_to else "no text leaves this machine"
        OUT.print(f"{model.id} is on; {where}", soft_wrap=True)


@app.command()
def off(name: Name) -> None:
    """End a model's reading. What it said stays."""
    open_home()
    from hakam.intake.switching import SwitchError, switch_off  # noqa: PLC0415 -- needs Django started
    from hakam.vocabulary.actor import SYSTEM  # noqa: PLC0415 -- as above

    try:
        switch_off(name, by=SYSTEM, now=datetime.now(tz=UTC))
    except SwitchError as error:
        raise CommandError(str(error)) from error
    OUT.print(f"{name} is off")


@app.command("try")
def try_(
    name: Name,
    text: Annotated[
        str,
        typer.Argument(help="A text of yours; of a model that looks or hears, a file. An endpoint gets it."),
    ],
) -> None:
    """Ask a model about one text, picture or recording, on or off, and print what it says.

    Exit code 1 if it says nothing.
    """
    with _model(name) as (one, model):
        from hakam.adapters.model import Unknown  # noqa: PLC0415 -- `hakam --help` stays instant

        answer = _asked(one, model, text)
        if isinstance(answer, Unknown):
            raise CommandError(f"{model.id}: unknown: {answer.why}")
        OUT.print(f"{model.id}", soft_wrap=True)
        for label, value in getattr(answer, "scores", {}).items():
            OUT.print(f"  {name}:{label}  {value:.4f}")
        if hasattr(answer, "text"):
            OUT.print(f"  {answer.text}", soft_wrap=True, markup=False)
        if getattr(answer, "tokens", 0):
            OUT.print(f"  {counted(answer.tokens, 'token')}, {answer.micros / 1_000_000:.6f} in money")


def _asked(one: Declared, model: Any, given: str) -> Any:
    """Return what a model says of a text, or of the file that is named. Raises `CommandError`."""
    if one.what.reads == "text":
        from hakam.adapters.model import Text  # noqa: PLC0415 -- `hakam --help` stays instant
        from hakam.signals.statistical_language import identify  # noqa: PLC0415 -- as above

        return model.read([Text(given, identify(given))])[0]
    try:
        data = Path(given).read_bytes()
    except OSError as error:
        raise CommandError(
            f"{one.name} reads {one.what.reads}, and {given} can't be read: {error}"
        ) from error
    from hakam.media import ffmpeg  # noqa: PLC0415 -- as above
    from hakam.media.sandbox import UnreadableError  # noqa: PLC0415 -- as above

    if one.what.reads == "speech":
        from hakam.media.chromaprint import RATE  # noqa: PLC0415 -- needs the extra

        try:
            with ffmpeg.opened(data) as file:
                return model.hear(file.sound(), RATE, None)
        except (UnreadableError, ffmpeg.ProgramMissingError) as error:
            raise CommandError(str(error)) from error
    import numpy as np  # noqa: PLC0415 -- as above

    from hakam.media.picture import Limits, PictureError, coloured  # noqa: PLC0415 -- needs the extra

    try:
        first = next(iter(coloured(data, Limits(64_000_000, 1))))
    except (PictureError, StopIteration) as error:
        raise CommandError(f"{given} is no picture that can be read: {error}") from error
    return model.look([np.asarray(first.convert("RGB"), np.uint8)])[0]


@contextmanager
def _model(name: str) -> Iterator[tuple[Declared, Any]]:
    """Give a declaration and its model, built. Raises `CommandError`."""
    chosen = open_home()
    from hakam.adapters.declared import FOLDER, DeclarationError, read  # noqa: PLC0415 -- needs Django started
    from hakam.adapters.model import ModelUnavailableError  # noqa: PLC0415 -- as above
    from hakam.wiring.models import build  # noqa: PLC0415 -- as above

    path = chosen.home / FOLDER / f"{name}.toml"
    if not path.is_file():
        raise CommandError(f"there is no declaration {path}")
    try:
        one = read(path)
        model = build(chosen, one)
    except (DeclarationError, ModelUnavailableError) as error:
        raise CommandError(str(error)) from error
    with closing(model):
        yield one, model


def _listed(chosen: Settings) -> list[dict[str, Any]]:
    from hakam.adapters.shipped import NAME, ShippedModel  # noqa: PLC0415 -- needs Django started
    from hakam.intake.asking import used_since, waiting  # noqa: PLC0415 -- as above
    from hakam.intake.switching import is_on  # noqa: PLC0415 -- as above
    from hakam.signals.models import shipped  # noqa: PLC0415 -- as above
    from hakam.wiring.models import rows  # noqa: PLC0415 -- as above
    from hakam.wiring.ports import event_log  # noqa: PLC0415 -- as above

    now, log = datetime.now(tz=UTC), event_log()

    def row(
        name: str, model: AnyModel | None, state: str, trouble: str, *, texts: bool = True
    ) -> dict[str, Any]:
        used = used_since(name, 1, now=now)
        today = used[0] if used else None
        return {
            "name": name,
            "id": model.id if model is not None else "",
            "state": state,
            "scores": [f"{name}:{label}" for label in model.labels] if model is not None else [],
            "sends_to": model.sends_to if model is not None else "",
            "today": {
                "texts": today.texts if today else 0,
                "remembered": today.remembered if today else 0,
                "unknown": today.unknown if today else 0,
                "calls": today.calls if today else 0,
                "characters": today.characters if today else 0,
                "tokens": today.tokens if today else 0,
                "money": today.micros / 1_000_000 if today else 0.0,
                "reviews": today.reviews if today else 0,
            },
            "behind": waiting(name, log) if texts and state in {"on", "where rules read it"} else 0,
            "trouble": trouble,
        }

    out = [row(NAME, ShippedModel(shipped.reader()), "where rules read it", "")]
    for one in rows(chosen):
        state = "broken" if one.trouble else "off"
        if one.declared is not None and is_on(one.declared):
            state = "on, broken" if one.trouble else "on"
        texts = one.declared is None or one.declared.what.reads == "text"
        out.append(row(one.name, one.model, state, one.trouble, texts=texts))
        if one.model is not None:
            one.model.close()
    return out
