"""From the bytes of a request to events, each taken or refused on its own, with a JSON pointer to what is wrong."""

from __future__ import annotations

import re
from datetime import datetime

import msgspec

from hakam.door.problems import ProblemKind
from hakam.vocabulary.event import SCHEMA_VERSION, Audience, Event
from hakam.vocabulary.problem import Problem, pointer_from_path

JSON = "application/json"
NDJSON = frozenset(
    {"application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"}
)
_PATH = re.compile(r" - at `(?:key in )?([^`]*)`$")
_UNREADABLE = (msgspec.MsgspecError, RecursionError, UnicodeDecodeError)
_ENVELOPE = re.compile(rb'\s*\{\s*"events"\s*:')


class Received(msgspec.Struct, frozen=True):
    """One event as it came: its bytes, and the event or what is wrong with it."""

    raw: bytes
    event: Event | None = None
    problem: Problem | None = None
    at: float = 0.0  # Unix seconds, of the event

    @property
    def id(self) -> str | None:
        """The event's id; of one that was refused only if it can be read, so that the sender knows which it was."""
        return self.event.id if self.event is not None else _id_of(self.raw)


class Batch(msgspec.Struct, frozen=True):
    """What a request holds. `single`: one event, answered as one."""

    items: list[Received]
    single: bool


class Limits(msgspec.Struct, frozen=True):
    """What one request may hold, and for whom it may speak."""

    platform: str
    now: float
    max_event_bytes: int
    max_events: int
    future_seconds: float
    private: bool = False  # private messages may be read

    @property
    def latest(self) -> float:
        """The latest time that an event may bear, in Unix seconds."""
        return self.now + self.future_seconds


class _Envelope(msgspec.Struct, forbid_unknown_fields=True):
    events: list[msgspec.Raw]


class _Named(msgspec.Struct):
    id: str | None = None


_decode_event = msgspec.json.Decoder(Event).decode
_decode_list = msgspec.json.Decoder(list[msgspec.Raw]).decode
_decode_envelope = msgspec.json.Decoder(_Envelope).decode
_decode_named = msgspec.json.Decoder(_Named).decode


def decode(body: bytes, content_type: str, limits: Limits) -> Batch | Problem:
    """Return the events of a request, or the one problem that spoils it whole."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind in NDJSON:
        lines = [line for line in body.split(b"\n") if line and not line.isspace()]
        return _batch(lines, "", limits)
    if kind != JSON:
        return ProblemKind.MEDIA_TYPE(f"{kind or 'nothing'} is not understood")
    start = body[:64].lstrip()[:1] or body.lstrip()[:1]
    if not start:
        return ProblemKind.EMPTY("the body is empty")
    try:
        if start == b"[":
            raws, root = _decode_list(body), ""
        elif _ENVELOPE.match(body):
            raws, root = _decode_envelope(body).events, "/events"
        else:
            return Batch([receive(body, "", limits)], single=True)
    except _UNREADABLE as error:
        return unreadable(error, "")
    return _batch([bytes(raw) for raw in raws], root, limits)


def _batch(raws: list[bytes], root: str, limits: Limits) -> Batch | Problem:
    if not raws:
        return ProblemKind.EMPTY()
    if len(raws) > limits.max_events:
        return ProblemKind.TOO_MANY(f"{len(raws):,} events; at most {limits.max_events:,}")
    return Batch([receive(raw, root, limits, n) for n, raw in enumerate(raws)], single=False)


def receive(raw: bytes, root: str, limits: Limits, number: int | None = None) -> Received:
    """Decode one event and check what its type can't say.

    `root` is the pointer to it in the request, or, with `number`, to the list that it stands in.
    """
    if len(raw) <= limits.max_event_bytes:
        try:
            event = _decode_event(raw)
        except _UNREADABLE as error:
            return Received(raw, None, unreadable(error, _place(root, number)))
        at = event.at
        if at.tzinfo is not None:
            seconds = at.timestamp()
            created = event.author.created_at
            if (
                event.platform == limits.platform
                and 1 <= event.version <= SCHEMA_VERSION
                and seconds <= limits.latest
                and (created is None or created.tzinfo is not None)
                and (event.item.audience is not Audience.PRIVATE or limits.private)
            ):
                return Received(raw, event, None, seconds)
        return Received(raw, None, _unfit(event, _place(root, number), limits))
    detail = f"{len(raw):,} bytes; at most {limits.max_event_bytes:,}"
    return Received(raw, None, ProblemKind.EVENT_TOO_LARGE(detail, pointer=_place(root, number)))


def _place(root: str, number: int | None) -> str:
    return root if number is None else f"{root}/{number}"


def _unfit(event: Event, place: str, limits: Limits) -> Problem:
    """Say what is wrong with an event that `receive` found unfit."""
    if event.platform != limits.platform:
        detail = f"the key is of {limits.platform}, the event of {event.platform}"
        return ProblemKind.WRONG_PLATFORM(detail, pointer=f"{place}/platform")
    if not 1 <= event.version <= SCHEMA_VERSION:
        detail = f"version {event.version}; this release knows 1 to {SCHEMA_VERSION}"
        return ProblemKind.VERSION(detail, pointer=f"{place}/version")
    if event.at.tzinfo is None:
        return ProblemKind.NO_ZONE(pointer=f"{place}/at")
    created: datetime | None = event.author.created_at
    if created is not None and created.tzinfo is None:
        return ProblemKind.NO_ZONE(pointer=f"{place}/author/created_at")
    if event.item.audience is Audience.PRIVATE and not limits.private:
        return ProblemKind.PRIVATE(
            "no legal basis for reading private messages is in force", pointer=f"{place}/item/audience"
        )
    detail = f"{event.at.isoformat()} is more than {limits.future_seconds:g} seconds ahead of this clock"
    return ProblemKind.FUTURE(detail, pointer=f"{place}/at")


def _id_of(raw: bytes) -> str | None:
    try:
        return _decode_named(raw).id
    except _UNREADABLE:
        return None


def unreadable(error: Exception, place: str, *, otherwise: ProblemKind = ProblemKind.INVALID) -> Problem:
    """Tell what msgspec found: a value of the wrong type, or no JSON at all."""
    text = str(error)
    if isinstance(error, RecursionError):
        return ProblemKind.MALFORMED("nested too deeply", pointer=place or None)
    if not isinstance(error, msgspec.ValidationError):
        return ProblemKind.MALFORMED(text.removeprefix("JSON is malformed: "), pointer=place or None)
    path = _PATH.search(text)
    pointer = place + (pointer_from_path(path.group(1)) if path else "")
    detail = text[: path.start()] if path else text
    return otherwise(detail[:1].lower() + detail[1:], pointer=pointer)
