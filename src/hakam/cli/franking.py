"""`hakam franking`: keys by which the platform vouches for messages of encrypted chats, and the check of a report."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from hakam.cli.home import open_home
from hakam.cli.screen import OUT, CommandError

app = typer.Typer(
    help="Message franking: keys of the platform, and whether a reported message was sent so.",
    no_args_is_help=True,
)


@app.command("key")
def show_key(
    key_id: Annotated[str, typer.Argument(help="Its id, as 2026-11: small letters, digits and `-`.")],
) -> None:
    """Print a key for the servers that carry messages, 64 hex digits; make it, if there is none of this id yet."""
    chosen = open_home()
    from hakam.wiring import franking  # noqa: PLC0415 -- needs Django started

    OUT.print(franking.key(chosen, key_id).hex())


@app.command("keys")
def list_keys() -> None:
    """List the ids of the keys that reports are checked against."""
    chosen = open_home()
    from hakam.wiring import franking  # noqa: PLC0415 -- needs Django started

    found = franking.ids(chosen)
    for one in found:
        OUT.print(one)
    if not found:
        OUT.print("no key yet: `hakam franking key 2026-11` makes one")


@app.command()
def check(
    path: Annotated[
        Path, typer.Argument(help="JSON of an opened message, as in the `messages` of a notice.")
    ],
    platform: Annotated[str, typer.Option(help="The platform; without it, the one of the settings.")] = "",
) -> None:
    """Say whether a message was sent as it was opened. Exit code 1 if that is not proven."""
    chosen = open_home()
    from hakam.intake.opened import Proof, proof_of  # noqa: PLC0415 -- needs Django started
    from hakam.vocabulary.notice import OpenedMessage  # noqa: PLC0415
    from hakam.wiring import franking  # noqa: PLC0415

    try:
        message = msgspec.json.decode(path.read_bytes(), type=OpenedMessage)
    except OSError as error:
        raise CommandError(f"{path} can't be read: {error.strerror}") from error
    except msgspec.MsgspecError as error:
        raise CommandError(f"{path}: {error}") from error
    proof = proof_of(message, platform or chosen.platform, franking.keys(chosen), now=datetime.now(tz=UTC))
    if proof is not Proof.PROVEN:
        raise CommandError(f"{path}: {proof}")
    OUT.print(f"{path}: proven, sent by {message.sender} at {message.sent_at.isoformat()}", soft_wrap=True)
