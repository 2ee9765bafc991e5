"""What the detail of a verdict costs: which rules fired, at which stage, with which measures, and the values they saw.

Three ways are held against the bare one, which gives the places of the rules that fire and nothing else. *At once* is
what the door does: each event gets a whole verdict. *Kept* is the recorder: what the verdict needs is kept with each
event on which a rule fires, and nobody has asked for it yet. *Kept and told* asks for each verdict right after its
event was judged. That all say the same is seen to first, the verdicts that were kept told after the last event.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from benchmarks.engine.timing import compared

from hakam.policy.counters import NO_COUNTERS
from hakam.policy.engine import Engine
from hakam.signals.measure import Signals
from hakam.vocabulary.event import Event

SLOWER_PERCENT = 20.0  # target: so many events/s fewer than without detail
WAYS = {"at_once": "verdict at once", "kept": "detail kept", "told": "detail kept and told"}


def detail(engine: Engine, pairs: Sequence[tuple[Event, Signals]]) -> dict[str, float]:
    """Return events/s without detail and in each way, by how many per cent it takes longer and judges fewer a second.

    Ends the program if what is told later is not what is told at once.
    """
    same(engine, pairs)
    bare, ways = _works(engine, pairs)
    result: dict[str, float] = {}
    for way, work in ways.items():
        seconds, bare_seconds, ratio = compared(work, bare)
        result[f"{way}_per_second"] = len(pairs) / seconds
        result[f"{way}_costs_percent"] = 100 * (ratio - 1)
        result[f"{way}_slower_percent"] = 100 * (1 - 1 / ratio)
        result["without_detail_per_second"] = len(pairs) / bare_seconds
    return result


def _works(
    engine: Engine, pairs: Sequence[tuple[Event, Signals]]
) -> tuple[Callable[[], None], dict[str, Callable[[], None]]]:
    judge, fired, record = engine.judge, engine.fired, engine.recorder()

    def bare() -> None:
        for event, signals in pairs:
            fired(event, signals, NO_COUNTERS)

    def at_once() -> None:
        for event, signals in pairs:
            judge(event, signals, NO_COUNTERS)

    def kept() -> None:
        for event, signals in pairs:
            record(event, signals, NO_COUNTERS)

    def told() -> None:
        for event, signals in pairs:
            found = record(event, signals, NO_COUNTERS)
            if found is not None:
                found.verdict  # noqa: B018 -- made when it is asked for

    return bare, {"at_once": at_once, "kept": kept, "told": told}


def same(engine: Engine, pairs: Sequence[tuple[Event, Signals]]) -> None:
    """End the program if what is told later is not what is told at once, or other rules fire without detail."""
    judge, fired, record = engine.judge, engine.fired, engine.recorder()
    at_once = [judge(event, signals, NO_COUNTERS) for event, signals in pairs]
    kept = [record(event, signals, NO_COUNTERS) for event, signals in pairs]
    later = [engine.nothing if found is None else found.verdict for found in kept]
    bare = [tuple(engine.rules[n].id for n in fired(event, signals, NO_COUNTERS)) for event, signals in pairs]
    if later != at_once or bare != [tuple(one.rule for one in verdict.firings) for verdict in at_once]:
        raise SystemExit("what is told later is not what is told at once")


def shown(result: dict[str, float]) -> str:
    """Return the figures as lines of the report."""
    lines = [f"  without verdict detail        {result['without_detail_per_second']:>10,.0f} events/s"]
    for way, name in WAYS.items():
        slower = result[f"{way}_slower_percent"]
        target = f"{'target' if slower <= SLOWER_PERCENT else 'above'} {SLOWER_PERCENT:.0f}"
        lines.append(
            f"  {name:<29} {result[f'{way}_per_second']:>10,.0f} events/s   {slower:.0f} % fewer ({target}), "
            f"each takes {result[f'{way}_costs_percent']:.0f} % longer"
        )
    return "\n".join(lines)
