"""From an effect to the message that leaves: statements worded, links made absolute. The same at every try."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from hakam.compliance import statements
from hakam.compliance.models import Statement
from hakam.compliance.statement_text import StatementText, render, render_withdrawal
from hakam.enforcement.connectors.connector import Message
from hakam.enforcement.kinds import Channel, EffectKind
from hakam.enforcement.letters import Letter, LetterSection, Link
from hakam.enforcement.models import Effect


class UnsendableError(ValueError):
    """The effect can't be worded as a message; trying again would not help."""


def compose(effect: Effect, *, now: datetime, base_url: str, platform_name: str) -> Message:
    """Return the message of an effect. Raises `UnsendableError`."""
    data: Mapping[str, Any] = effect.payload
    if effect.kind in {EffectKind.STATEMENT_ISSUED, EffectKind.STATEMENT_WITHDRAWN}:
        data = _of_statement(effect, base_url=base_url, platform_name=platform_name)
    return Message(
        id=str(effect.pk),
        kind=effect.kind,
        created_at=effect.created_at,
        sent_at=now,
        data=_absolute(data, base_url),
    )


def _of_statement(effect: Effect, *, base_url: str, platform_name: str) -> Mapping[str, Any]:
    statement = statements.by_id(str(effect.payload.get("statement")))
    if statement is None:
        raise UnsendableError(f"there is no statement {effect.payload.get('statement')!r}")
    word = render if effect.kind == EffectKind.STATEMENT_ISSUED else render_withdrawal
    text = word(statement, statement.language, base_url=base_url, platform_name=platform_name)
    if effect.channel == Channel.EMAIL:
        return _letter(text, statement, to=effect.payload["to"]).payload()
    return {
        "id": str(statement.pk),
        "item": {
            "platform": statement.platform,
            "kind": statement.item_kind,
            "id": statement.item_id,
            "url": statement.item_url or None,
        },
        "recipient": {"id": statement.recipient},
        "decision": statement.decision,
        "measures": statement.measures,
        "reasons": statement.reasons,
        "effective_from": statement.effective_from.isoformat(),
        "effective_until": None
        if statement.effective_until is None
        else statement.effective_until.isoformat(),
        "text": msgspec.to_builtins(text),
        "links": {"statement": statements.path_of(statement)},
    }


def _letter(text: StatementText, statement: Statement, *, to: str) -> Letter:
    return Letter(
        to=to,
        language=text.language,
        subject=text.title,
        sections=tuple(
            LetterSection(s.paragraphs, s.heading, tuple(Link(link.label, link.url) for link in s.links))
            for s in text.sections
        ),
        links=(Link(text.link_label, statements.path_of(statement)),),
    )


def _absolute(value: Any, base_url: str) -> Any:
    """Return the payload with every path under `links` made an address."""
    if not isinstance(value, Mapping):
        return value
    out = dict(value)
    links = out.get("links")
    if isinstance(links, Mapping):
        out["links"] = {name: _address(path, base_url) for name, path in links.items()}
    elif isinstance(links, list | tuple):
        out["links"] = [dict(link) | {"url": _address(link["url"], base_url)} for link in links]
    return out


def _address(path: str, base_url: str) -> str:
    return base_url.rstrip("/") + path if path.startswith("/") else path
