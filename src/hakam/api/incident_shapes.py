"""What goes in and comes out of the verbs of incidents. Unknown members are refused."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import ConfigDict, Field

from hakam.incidents.declaring import LONGEST_SUMMARY, LONGEST_TITLE, MOST_HOURS, MOST_PLACES
from hakam.incidents.states import IncidentState, Power, RoleKind
from hakam.incidents.team import LONGEST_WHOM, LONGEST_WORDS
from hakam.vocabulary.incident import LONGEST_DELAY

_Because = Annotated[str, Field(min_length=1, max_length=5_000, description="Why.")]
_Places = Annotated[list[Annotated[str, Field(min_length=1, max_length=512)]], Field(max_length=MOST_PLACES)]


class _In(Schema):
    model_config = ConfigDict(extra="forbid")


class ScopeIn(_In):
    """Where it holds; empty: everywhere."""

    communities: _Places = []
    countries: Annotated[_Places, Field(description="Of whoever posts: ISO 3166-1, as DE.")] = []
    languages: Annotated[_Places, Field(description="ISO 639, as ar.")] = []
    streams: Annotated[_Places, Field(description="Broadcasts by their ids.")] = []


class BankIn(_In):
    """`hold`: copies are held until a person has looked; otherwise a person looks while they are up."""

    hold: bool = True


class StricterIn(_In):
    """Other values of the rule book's parameters, as they are typed in `tuned.yaml`."""

    values: dict[str, str]


class DelayIn(_In):
    """How long others wait for an upload."""

    seconds: Annotated[int, Field(ge=1, le=LONGEST_DELAY)]
    newer_than_days: Annotated[int, Field(ge=1)] | None = None
    kinds: list[str] = []


class PowersIn(_In):
    """What it may change; at least one."""

    emergency_bank: BankIn | None = None
    stricter: StricterIn | None = None
    delay: DelayIn | None = None
    priority: bool = False
    share: bool = False


class DeclarationIn(_In):
    """An incident, or an exercise of one."""

    slug: Annotated[
        str, Field(min_length=1, max_length=50, description="Its short name, in banks and addresses.")
    ]
    title: Annotated[str, Field(min_length=1, max_length=LONGEST_TITLE, description="The public reads it.")]
    summary: Annotated[str, Field(min_length=1, max_length=LONGEST_SUMMARY, description="For colleagues.")]
    clause: Annotated[str, Field(max_length=128, description="Of the rule book: what its content breaks.")]
    powers: PowersIn
    kind: Annotated[str, Field(max_length=40, description="As `hakam incident kinds` names it.")] = "own"
    hours: Annotated[int, Field(ge=1, le=MOST_HOURS)] = 24
    scope: ScopeIn = ScopeIn()
    reference: Annotated[str, Field(max_length=LONGEST_TITLE, description="Of whoever activated it.")] = ""
    exercise: bool = False
    partners_take_part: bool = False
    wait: Annotated[bool, Field(description="Nothing is in force before the second person.")] = False


class BecauseIn(_In):
    """A reason."""

    because: _Because


class HoursIn(_In):
    """More time."""

    hours: Annotated[int, Field(ge=1, le=MOST_HOURS)]
    because: _Because


class RoleIn(_In):
    """Who gets a role."""

    person: Annotated[str, Field(min_length=1, max_length=150, description="User name.")]


class NoteIn(_In):
    """Who was told what."""

    whom: Annotated[str, Field(min_length=1, max_length=LONGEST_WHOM)]
    words: Annotated[str, Field(min_length=1, max_length=LONGEST_WORDS)]


class EndIn(_In):
    """`held`: `release` lets go what nobody looked at, `keep` keeps the bank for a year; null: there must be none."""

    because: _Because
    held: Literal["release", "keep"] | None = None


class PublicationIn(_In):
    """What the public reads beside the figures."""

    words: Annotated[str, Field(min_length=1, max_length=10_000)]


class PowerOut(Schema):
    """A power, and how long it stood."""

    power: Power
    settings: dict[str, Any]
    taken_at: datetime | None
    undone_at: datetime | None
    trouble: str = Field(description="Why it could not be taken back yet.")


class RenewalOut(Schema):
    """More time that was asked for and waits for a second person."""

    hours: int
    because: str
    asked_by: str
    asked_at: datetime


class RoleOut(Schema):
    """Who does what."""

    role: RoleKind
    person: str
    since: datetime


class NoteOut(Schema):
    """Who was told what. Words are empty once they were erased."""

    at: datetime
    by: str
    whom: str
    words: str


class IncidentOut(Schema):
    """An incident with all that its page shows."""

    slug: str
    title: str
    summary: str
    kind: str
    reference: str
    clause: str
    scope: dict[str, Any]
    exercise: bool
    partners_take_part: bool
    state: IncidentState
    declared_by: str = Field(description="`staff:NUMBER`.")
    declared_at: datetime
    confirmed_by: str
    confirmed_at: datetime | None
    ends_at: datetime = Field(description="When it lapses, as long as nobody has confirmed it.")
    closed_by: str
    closed_at: datetime | None
    because: str
    reported_at: datetime | None
    powers: list[PowerOut]
    renewal: RenewalOut | None
    roles: list[RoleOut]
    notes: list[NoteOut]
    hashes: int = Field(description="In its bank.")
    copies_seen: int
    held: int = Field(description="Items held that nobody has looked at.")
