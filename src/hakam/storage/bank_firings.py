"""What a bank says of an event, as a firing beside those of rules; and how it is read back."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from hakam.storage.published import PublishedBank
from hakam.vocabulary.measure import Measure, MeasureKind
from hakam.vocabulary.verdict import Firing, ReviewRequest, Stage

QUEUE: Final = "banks"
PREFIX: Final = "bank:"
HOLD: Final = Measure(MeasureKind.HOLD)
_ENTRY: Final = re.compile(r"entry ([0-9]{1,18}),", re.ASCII)


class Named(NamedTuple):
    """A bank and the number of its entry that matched."""

    bank: str
    entry: int


def firing_of(bank: PublishedBank, entry: int, how: str, *, queue: str = QUEUE) -> Firing:
    """Return the firing of a bank: recorded only, for a person, or held until a person has looked.

    `how`: the kind of hash and how near it is, for people.
    """
    return Firing(
        rule=f"{PREFIX}{bank.name}",
        policy=bank.clause,
        rule_digest=f"revision {bank.revision}",
        stage=Stage.SHADOW if bank.shadow else Stage.LIVE,
        measures=(HOLD,) if bank.hold and not bank.shadow else (),
        review=None if bank.shadow else ReviewRequest(queue),
        values={f'bank("{bank.name}")': f"entry {entry}, {how}"},
    )


def named_by(firing: Firing) -> Named | None:
    """Return what a firing found in a bank, None if it is a rule's."""
    if not firing.rule.startswith(PREFIX):
        return None
    name = firing.rule.removeprefix(PREFIX)
    found = _ENTRY.match(str(firing.values.get(f'bank("{name}")', "")))
    return Named(name, int(found[1])) if found else None
