"""What an organiser decides about a live event before the day: its capacity, its lanes, and how it steps down."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Final

import msgspec

Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
PUBLIC: Final = "public"
MOST_LANES: Final = 16
FASTEST_POLLS: Final = 1_000_000


class PlanError(ValueError):
    """A plan can't be used. The message names the member and says what it takes."""


class Lane(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Some who are let in before others: interpreters, press. `reserved` seats are kept free for them."""

    name: Name
    reserved: Annotated[int, msgspec.Meta(ge=0)] = 0


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One level of admission. The event steps down to the next while its load is above `leave_at`."""

    name: Name
    share: Annotated[float, msgspec.Meta(ge=0, le=1)]  # of the plan's pace that is let in
    priority_only: bool = False  # nobody of the public lane


STEPS: Final = (
    Step("open", 1.0),
    Step("slowed", 0.25),
    Step("priority", 0.25, priority_only=True),
    Step("held", 0.0),
)


class Asking(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the audience asks. Each ticket may ask `each` times, and waits `every_seconds` in between."""

    each: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 5
    every_seconds: Annotated[int, msgspec.Meta(ge=0, le=3_600)] = 30
    longest: Annotated[int, msgspec.Meta(ge=20, le=2_000)] = 500  # characters
    weights: dict[
        str, Annotated[float, msgspec.Meta(ge=0, le=1_000)]
    ] = {}  # language -> its share of the turns


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A live event. Lanes other than the public one come first, in their order; the public one comes last."""

    event: Name
    title: dict[
        str, Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    ]  # by language: `en`, `ar` ...
    opens_at: datetime
    ends_at: datetime
    capacity: Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000)]  # people inside at once
    pace: Annotated[float, msgspec.Meta(gt=0, le=1_000_000)]  # people let in each second, at most
    lanes: Annotated[tuple[Lane, ...], msgspec.Meta(max_length=MOST_LANES - 1)] = ()
    steps: Annotated[tuple[Step, ...], msgspec.Meta(min_length=1, max_length=16)] = STEPS
    draw_minutes: Annotated[int, msgspec.Meta(ge=0, le=10_080)] = (
        60  # who comes in this time before opening draws lots
    )
    absent_seconds: Annotated[int, msgspec.Meta(ge=5, le=3_600)] = (
        90  # a seat is free after so long without a sign
    )
    polls: Annotated[int, msgspec.Meta(ge=1, le=FASTEST_POLLS)] = (
        1_000  # requests a second that all nodes bear
    )
    step_down_at: Annotated[float, msgspec.Meta(gt=0, le=10)] = 0.9  # load, 1 is all that the set-up bears
    step_up_at: Annotated[float, msgspec.Meta(gt=0, le=10)] = 0.6
    settle_seconds: Annotated[int, msgspec.Meta(ge=1, le=3_600)] = 10  # between two steps
    url: str = ""  # where a person who is let in goes
    controller: str = (
        "http://127.0.0.1:8430"  # address of the node that controls the gate, as the worker reaches it
    )
    items: Annotated[
        tuple[str, ...], msgspec.Meta(max_length=100)
    ] = ()  # the platform's ids of its live streams
    platform: str = ""  # whose event it is; empty: the platform of the installation
    questions: Asking | None = None  # how the audience asks; None: by the platform only

    def __post_init__(self) -> None:
        """Refuse what contradicts itself."""
        for wrong, message in self._contradictions():
            if wrong:
                raise ValueError(message)

    def _contradictions(self) -> Iterator[tuple[bool, str]]:
        """Yield in order, so that what comes later may rely on what came before."""
        yield (
            self.opens_at.tzinfo is None or self.ends_at.tzinfo is None,
            "`opens_at` and `ends_at` need a time zone",
        )
        yield bool(self.opens_at.microsecond), "`opens_at` is a whole second"
        yield self.ends_at <= self.opens_at, "`ends_at` comes after `opens_at`"
        yield self.ends_at - self.opens_at > timedelta(days=31), "an event lasts 31 days at most"
        yield not self.title, "`title` needs at least one language"
        names, steps = self.lane_names, {step.name for step in self.steps}
        yield len(set(names)) < len(names), f"lanes have different names, and none is `{PUBLIC}`"
        yield len(steps) < len(self.steps), "steps have different names"
        yield (
            sum(lane.reserved for lane in self.lanes) > self.capacity,
            "more seats are reserved than there are",
        )
        yield self.step_up_at >= self.step_down_at, "`step_up_at` is below `step_down_at`"
        yield (
            bool(self.url) and not self.url.startswith(("https://", "http://", "/")),
            "`url` begins with https://, http:// or /",
        )
        yield (
            not self.controller.startswith(("https://", "http://")),
            "`controller` begins with https:// or http://",
        )

    @property
    def lane_names(self) -> tuple[str, ...]:
        """Names of all lanes; a ticket names its lane by the place in here. The public lane is the first."""
        return (PUBLIC, *(lane.name for lane in self.lanes))

    @property
    def draw(self) -> timedelta:
        """How long before the opening lots are drawn."""
        return timedelta(minutes=self.draw_minutes)


def read_plan(data: bytes) -> Plan:
    """Read a plan from JSON. Raises `PlanError`."""
    try:
        return msgspec.json.decode(data, type=Plan)
    except msgspec.MsgspecError as error:
        raise PlanError(str(error)) from error


def folder_of(home: Path, event: str) -> Path:
    """Return the folder of an event's plan, gate and counts."""
    return home / "waiting" / event


def keep_plan(home: Path, plan: Plan) -> Path:
    """Write a plan into its event's folder; return the file."""
    path = folder_of(home, plan.event) / "plan.json"
    replace(path, msgspec.json.format(msgspec.json.encode(plan), indent=2))
    return path


def load_plan(home: Path, event: str) -> Plan:
    """Return the plan of an event. Raises `PlanError`, too when there is none."""
    path = folder_of(home, event) / "plan.json"
    try:
        return read_plan(path.read_bytes())
    except FileNotFoundError:
        raise PlanError(f"there is no event `{event}`: {path} is missing") from None


def replace(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, and onto the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    with fresh.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
