"""What goes in and comes out. Unknown members are refused: a misspelt one must not be lost."""

from __future__ import annotations

import base64
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema

from hakam.review.states import ComplaintState
from hakam.vocabulary.harm import Harm

HarmKey = StrEnum("HarmKey", {harm.name: harm.value for harm in Harm})  # type: ignore[misc]
NonEmpty = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class _In(Schema):
    model_config = ConfigDict(extra="forbid")


class ItemIn(_In):
    """An item by the platform's own names, as in its events."""

    kind: Annotated[str, Field(min_length=1, max_length=32, examples=["post"])]
    id: Annotated[str, Field(min_length=1, max_length=512, examples=["77"])]


def _bytes_of(value: object) -> object:
    """Read base64 strictly: what is none is refused, not guessed at."""
    return base64.b64decode(value, validate=True) if isinstance(value, str) else value


Base64 = Annotated[
    bytes, BeforeValidator(_bytes_of), WithJsonSchema({"type": "string", "contentEncoding": "base64"})
]


class MessageIn(_In):
    """A message of an end-to-end encrypted chat, opened by who was sent it. Bytes are base64."""

    conversation: Annotated[str, Field(max_length=512)]
    id: Annotated[str, Field(max_length=512, description="The message's id.")]
    sender: Annotated[str, Field(max_length=512)]
    recipient: Annotated[str, Field(max_length=512, description="An account, or the group it was sent to.")]
    sent_at: datetime
    text: Annotated[str, Field(max_length=200_000)]
    key: Annotated[Base64, Field(description="The sender's, out of the ciphertext: 32 bytes.")]
    commitment: Annotated[Base64, Field(description="What the sender sent beside the ciphertext.")]
    key_id: Annotated[str, Field(max_length=128, description="Of the platform's key.")]
    tag: Annotated[Base64, Field(description="By which the platform vouched for the commitment.")]
    attachments: Annotated[list[Base64], Field(max_length=100, description="SHA-256 of each.")] = []


class NoticeIn(_In):
    """A notice that somebody gave the platform (DSA Art. 16)."""

    harm: Annotated[HarmKey, Field(description="What is wrong with it: a key of the list of harms.")]
    explanation: Annotated[str, Field(min_length=1, max_length=20_000, description="Why. Art. 16(2)(a).")]
    urls: Annotated[
        list[Annotated[str, Field(max_length=8_192)]],
        Field(max_length=100, description="Exact addresses. Art. 16(2)(b)."),
    ] = []
    items: Annotated[list[ItemIn], Field(max_length=100, description="Items by the platform's own ids.")] = []
    messages: Annotated[
        list[MessageIn],
        Field(max_length=100, description="Messages of encrypted chats, with the proof that they were sent."),
    ] = []
    illegal: Annotated[bool, Field(description="Alleged illegal; false: against the rules only.")] = True
    clause: Annotated[str, Field(max_length=128, description="The clause alleged, if one was named.")] = ""
    name: Annotated[str, Field(max_length=300, description="Art. 16(2)(c).")] = ""
    email: Annotated[str, Field(max_length=320, description="Art. 16(2)(c).")] = ""
    notifier: Annotated[str, Field(max_length=512, description="The notifier's id on the platform.")] = ""
    good_faith: Annotated[
        str,
        Field(max_length=20_000, description="The statement of Art. 16(2)(d), word for word as confirmed."),
    ] = ""
    language: Annotated[str, Field(min_length=2, max_length=35, description="BCP 47; of the answers.")] = "en"


class FlagIn(_In):
    """A notice by a trusted flagger (DSA Art. 22(1)). Name and address are those of the register."""

    harm: Annotated[HarmKey, Field(description="What is wrong with it: a key of the list of harms.")]
    explanation: Annotated[str, Field(min_length=1, max_length=20_000, description="Why. Art. 16(2)(a).")]
    urls: Annotated[
        list[Annotated[str, Field(max_length=8_192)]],
        Field(min_length=1, max_length=100, description="Exact addresses. Art. 16(2)(b)."),
    ]
    clause: Annotated[str, Field(max_length=128, description="The clause alleged, if one was named.")] = ""
    good_faith: Annotated[
        str,
        Field(
            min_length=1,
            max_length=20_000,
            description="The statement of Art. 16(2)(d), word for word as confirmed.",
        ),
    ]
    language: Annotated[str, Field(min_length=2, max_length=35, description="BCP 47; of the answers.")] = "en"


class NoticeItemOut(Schema):
    """How far one item of a notice is."""

    position: int
    kind: str
    id: str
    url: str
    proof: str = Field(
        description="Of a message of an encrypted chat: `proven`, or the code of why not; empty: no message."
    )
    answered_at: datetime | None
    upheld: bool | None = Field(
        description="Whether the decision agreed with the notifier; null: not decided."
    )
    decision: str | None
    complain_until: datetime | None
    complaint_state: str | None


class NoticeOut(Schema):
    """How far a notice is."""

    id: str
    received_at: datetime
    harm: str
    illegal: bool
    language: str
    answered: bool
    items: list[NoticeItemOut]
    link: str = Field(description="The notifier's page. Whoever holds it sees the notice.")


class ComplaintIn(_In):
    """An objection to a decision (DSA Art. 20), handed on by the platform."""

    statement: Annotated[
        str, Field(max_length=64, description="Id of the statement, if the affected person objects.")
    ] = ""
    notice: Annotated[str, Field(max_length=64, description="Id of the notice, if a notifier objects.")] = ""
    item: Annotated[int, Field(ge=0, le=99, description="Position of the item in the notice.")] = 0
    text: Annotated[str, Field(min_length=1, max_length=20_000)]
    email: Annotated[str, Field(max_length=320, description="Where the answer goes as well.")] = ""
    language: Annotated[str, Field(max_length=35)] = ""


class ComplaintOut(Schema):
    """A complaint that was taken."""

    id: str
    decision: str
    state: ComplaintState
    received_at: datetime
    due_at: datetime
    link: str


class StatementSectionOut(Schema):
    """One part of a statement, in words."""

    key: str
    heading: str
    paragraphs: list[str]


class BarredOut(Schema):
    """The exact answer to a question that an edge snapshot left open."""

    barred: bool


class StatementOut(Schema):
    """A statement of reasons (DSA Art. 17)."""

    id: str
    decision: str
    item: dict[str, Any]
    recipient: str
    measures: list[dict[str, Any]]
    reasons: dict[str, Any]
    issued_at: datetime
    effective_from: datetime
    effective_until: datetime | None
    complain_until: datetime
    withdrawn_at: datetime | None
    language: str
    title: str
    sections: list[StatementSectionOut]
    link: str


class ConfirmationIn(_In):
    """What became of a message that the platform received."""

    status: Literal["applied", "failed"]
    detail: Annotated[str, Field(max_length=2_000)] = ""


class ConfirmationOut(Schema):
    """A delivery after its confirmation."""

    id: str
    kind: str
    state: str
    confirmed_at: datetime | None


class ProblemOut(Schema):
    """A problem (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str | None = None
    pointer: str | None = None
    errors: list[dict[str, str]] | None = None
