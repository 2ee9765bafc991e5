"""Maydan takes Hakam's messages: signature checked, repeats dropped, each carried out in one go."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from standardwebhooks import Webhook, WebhookVerificationError

from hakam.demo.store import Store


class RefusedError(ValueError):
    """The message is not from Hakam, or not what Maydan understands. Nothing was done."""


class Envelope(msgspec.Struct, frozen=True):
    """The body of every message."""

    type: str
    timestamp: datetime
    data: dict[str, Any]


def receive(store: Store, *, secret: str, headers: Mapping[str, str], body: bytes) -> str:
    """Check and carry out one message; return `applied`. A message that came before changes nothing again.

    Raises `RefusedError`.
    """
    try:
        Webhook(secret).verify(body, dict(headers))
        envelope = msgspec.json.decode(body, type=Envelope)
    except msgspec.MsgspecError as error:
        raise RefusedError(f"the message can't be read: {error}") from error
    except (WebhookVerificationError, ValueError) as error:  # ValueError: what is no base64 or no UTF-8
        raise RefusedError(f"the signature does not hold: {error}") from error
    with store.work() as db:
        if _is_new(db, headers["webhook-id"], envelope.type, body):
            _carry_out(db, envelope)
    return "applied"


def _is_new(db: sqlite3.Connection, id: str, kind: str, body: bytes) -> bool:  # noqa: A002 -- it is the id
    cursor = db.execute(
        "INSERT INTO hook (id, kind, at, body) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
        (id, kind, time.time(), body.decode()),
    )
    if cursor.rowcount == 0:
        db.execute("UPDATE hook SET tries = tries + 1 WHERE id = ?", (id,))
    return cursor.rowcount > 0


def _carry_out(db: sqlite3.Connection, envelope: Envelope) -> None:
    data = envelope.data
    match envelope.type:
        case "measure.apply":
            _apply(db, data)
        case "measure.reverse":
            db.execute("UPDATE measure SET reversed = 1 WHERE id = ?", (data["measure"]["id"],))
        case "statement.issued" | "statement.withdrawn":
            text = data["text"]
            body = [paragraph for section in text["sections"] for paragraph in section["paragraphs"]]
            letter = (text["title"], "\n\n".join(body), data["links"]["statement"])
            _tell(db, data["recipient"]["id"], letter, statement=data["id"])
        case _:  # receipts and outcomes for those who reported or complained
            person = data.get("recipient") or data.get("notifier")
            if person:
                link = next(iter((data.get("links") or {}).values()), "")
                name = person["id"] if isinstance(person, dict) else person
                _tell(db, name, (data.get("subject", ""), data.get("text", ""), link))


def _apply(db: sqlite3.Connection, data: Mapping[str, Any]) -> None:
    measure, target = data["measure"], data["target"]
    subject = data["author"]["id"] if target == "account" else data["item"]["id"]
    db.execute(
        "INSERT INTO measure (id, target, subject, kind, label, note, statement) VALUES (?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO NOTHING",
        (
            measure["id"],
            target,
            subject,
            measure["kind"],
            measure.get("label"),
            measure.get("note"),
            data.get("statement"),
        ),
    )


def _tell(
    db: sqlite3.Connection, recipient: str, letter: tuple[str, str, str], *, statement: str | None = None
) -> None:
    title, body, link = letter
    link = link if link.startswith(("https://", "http://")) else ""
    db.execute(
        "INSERT INTO letter (recipient, at, statement, title, body, link) VALUES (?, ?, ?, ?, ?, ?)",
        (recipient, time.time(), statement, title, body, link),
    )
