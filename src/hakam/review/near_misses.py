"""What the near misses of a trial lacked: said when its page is shown, from the event in the log.

The answer of a trial holds no texts, so it can't hold what rules saw. It keeps the numbers that the log does not have
as they were: what counters said, and scores, some of which are learnt later. All else a rule reads from the event.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

import msgspec

from hakam.backtest.effect import counters_of
from hakam.backtest.lacking import Lacked, Nearly
from hakam.compliance import lists
from hakam.policy.engine import needs_of
from hakam.policy.interpret import Counted, Seen
from hakam.policy.pack import load_pack
from hakam.policy.rules import Rule
from hakam.policy.tree import Field, walk
from hakam.review.models import Trial
from hakam.signals.measure import measure
from hakam.vocabulary.event import Event

_SCORE: Final = ('scores["', '"]')  # around a score's name, as rules write it


class NearSeen(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a rule saw at a near miss beside what the log has: values of counters (None: unknown), scores 0 to 1."""

    counted: dict[str, float | None] = {}
    scores: dict[str, float] = {}


def near_seen(rule: Rule, event: Event, counted: Counted) -> NearSeen:
    """Return what is to be kept of a near miss: of counters and scores those that the rule reads."""
    begin, end = _SCORE
    paths = [node.spec.path for node in walk(rule.when) if isinstance(node, Field)]
    read = {path.removeprefix(begin).removesuffix(end) for path in paths if path.startswith(begin)}
    return NearSeen(
        {name: counted[name] for name in sorted(counters_of(rule)) if name in counted},
        {name: value for name, value in event.scores.items() if name in read},
    )


def lacked(trial: Trial, rule: str, event: Event, seen: NearSeen) -> Lacked:
    """Return what a rule of the trial's draft lacked on an event, as the log has it.

    Nothing if that can't be said any more: the rule, read and asked again, does not nearly fire.
    """
    found = _rules(trial.pk, trial.digest, _lists()).get(rule)
    if found is None:
        return ()
    scored = msgspec.structs.replace(event, scores=seen.scores)
    signals = measure(scored, needs_of([found], counted=True))
    try:
        return Nearly(found).lacked(Seen(scored, signals, seen.counted))
    except Exception:  # noqa: BLE001 -- a rule that fails on an event lacks nothing that could be said
        return ()


def _lists() -> tuple[tuple[str, str], ...]:
    return tuple((one.name, one.digest) for one in lists.in_force())


@lru_cache(maxsize=2)
def _rules(trial: int, digest: str, in_force: tuple[tuple[str, str], ...]) -> Mapping[str, Rule]:  # noqa: ARG001 -- what they were read from
    """Return the rules of a trial's draft by id; none if this release can't read it."""
    pack = load_pack(Trial.objects.get(pk=trial).files, lists.at_hand()).pack
    return {rule.id: rule for rule in pack.rules} if pack is not None else {}
