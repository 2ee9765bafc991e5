"""`hakam explain`: why a verdict says what it says, what became of a decision, what a code means."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from hakam.cli.screen import CommandError, Language

_EVENT = re.compile(r"event:(?P<platform>[a-z0-9-]+)/(?P<id>.+)")
_SEQ = re.compile(r"(event:)?(?P<seq>[0-9]+)")
_SUBJECT = re.compile(r"(case|decision|statement|complaint|notice|measure|item|staff|key|rulebook):.+")
_CODE = re.compile(r"[A-Za-z][0-9]{3}")


def explain(
    what: Annotated[
        str,
        typer.Argument(
            help="`event:PLATFORM/ID` or the number of a record: its verdict, judged again with the pack of "
            "that time. `decision:7`, `case:3` ...: its story. `P012`: what a finding's code means."
        ),
    ],
    child_safety: Annotated[
        bool,
        typer.Option(
            "--child-safety",
            help="Show an event that is held for abuse of children. The ledger keeps that it was looked at.",
        ),
    ] = False,
    language: Annotated[
        Language,
        typer.Option("--language", help="The language in which a code of `hakam check` is explained."),
    ] = Language.EN,
) -> None:
    """Explain a verdict, a decision, or the code of a finding."""
    from hakam.cli import explanations  # noqa: PLC0415 -- --help needs none of it

    if found := _SEQ.fullmatch(what):
        explanations.verdict_by_number(int(found["seq"]), child_safety=child_safety)
    elif found := _EVENT.fullmatch(what):
        explanations.verdict(found["platform"], found["id"], child_safety=child_safety)
    elif _SUBJECT.fullmatch(what):
        explanations.story(what)
    elif _CODE.fullmatch(what):
        explanations.code(what.upper(), language)
    else:
        raise CommandError(
            f"{what!r} can't be explained; try event:PLATFORM/ID, a record's number, decision:7 or P012"
        )
