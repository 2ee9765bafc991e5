"""Telling a notifier something: by e-mail if there is an address, through the platform if it knows them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hakam.enforcement.kinds import Channel, EffectKind
from hakam.enforcement.letters import letter
from hakam.enforcement.outbox import enqueue
from hakam.intake.letters import Words
from hakam.intake.models import Notice


def effect_key(notice: Notice, key: str, channel: Channel) -> str:
    """Return the key of a message to a notifier: the same thing is told once."""
    return f"notice:{notice.pk}:{key}:{channel}"


def tell(
    notice: Notice,
    kind: EffectKind,
    words: Words,
    *,
    now: datetime,
    key: str,
    data: Mapping[str, Any] | None = None,
) -> int:
    """Put the message into the outbox and return on how many channels it goes out. Nobody known: none."""
    path = f"/n/{notice.token}"
    channels = 0
    if notice.email:
        channels += 1
        enqueue(
            now=now,
            key=effect_key(notice, key, Channel.EMAIL),
            platform=notice.platform,
            channel=Channel.EMAIL,
            kind=kind,
            payload=letter(
                to=notice.email,
                language=notice.language,
                subject=words.subject,
                paragraphs=list(words.paragraphs),
                links=((words.link, path),),
            ),
            stream=f"notice:{notice.pk}#email",
        )
    if notice.flagger_id is None and (notice.notifier or notice.key):
        channels += 1
        enqueue(
            now=now,
            key=effect_key(notice, key, Channel.PLATFORM),
            platform=notice.platform,
            channel=Channel.PLATFORM,
            kind=kind,
            payload={
                "notice": str(notice.pk),
                "notifier": {"id": notice.notifier} if notice.notifier else None,
                "language": notice.language,
                "subject": words.subject,
                "text": "\n\n".join(words.paragraphs),
                "links": {"notice": path},
                **(data or {}),
            },
            stream=f"notice:{notice.pk}#platform",
        )
    return channels
