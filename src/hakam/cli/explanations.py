"""What `hakam explain` prints, for each sort of thing that can be explained."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import msgspec
from rich.text import Text
from rich.tree import Tree

from hakam.cli.screen import OUT, CommandError, table
from hakam.door.judgement import Measured
from hakam.door.known import firings_of_banks, joined
from hakam.door.scoring import with_scores
from hakam.policy import codes as policy_codes
from hakam.policy.counters import RecordedCounters
from hakam.policy.engine import Engine, compile_pack
from hakam.policy.explain import Explanation, Reason, RuleExplanation, explain
from hakam.policy.outside import BadListError
from hakam.signals.measure import Signals, measure
from hakam.storage.embedded.lists import FOLDER, open_list
from hakam.storage.event_log import Record
from hakam.vocabulary.event import Event
from hakam.vocabulary.verdict import Verdict
from hakam.wiring import ports, start
from hakam.wiring.settings import settings

_MARKS = {True: Text("yes", "green"), False: Text("no", "red"), None: Text("unknown", "yellow")}


def verdict_by_number(seq: int) -> None:
    """Explain the verdict in record `seq` of the event log."""
    start.start_django()
    found = ports.event_log().read(seq - 1, 1) if seq else []
    if not found or found[0].seq != seq:
        raise CommandError(f"the event log has no record {seq}")
    _explain(found[0])


def verdict(platform: str, id: str) -> None:  # noqa: A002 -- it is the id
    """Explain the verdict on one event."""
    start.start_django()
    record = ports.event_log().get(platform, id)
    if record is None:
        raise CommandError(f"the event log has no event {id!r} of {platform!r}")
    _explain(record)


def restore(record: Record) -> tuple[Event, Signals, Measured]:
    """Return what the rules saw: the event, its signals as they were measured then, the counters' values."""
    event = msgspec.json.decode(record.raw, type=Event)
    kept = msgspec.json.decode(record.signals, type=Measured)
    again = measure(event)
    signals = msgspec.structs.replace(kept.signals, text=again.text, words=again.words)
    return with_scores(event, kept.scores), signals, kept


def _engine(told: Verdict) -> Engine:
    from hakam.compliance import rulebook  # noqa: PLC0415 -- needs Django started

    version = rulebook.find(told.pack)
    if version is None:
        raise CommandError(f"{told.pack} ({told.pack.digest[:12]}) is not in the rule book's history")
    folder = settings().home / FOLDER
    try:
        lists = {name: open_list(folder, name, digest) for name, digest in told.lists.items()}
    except BadListError as error:
        raise CommandError(str(error)) from error
    return compile_pack(rulebook.load(version, lists))


def _explain(record: Record) -> None:
    start.require_ready()
    told = msgspec.json.decode(record.verdict, type=Verdict)
    engine = _engine(told)
    event, signals, kept = restore(record)
    at = datetime.fromtimestamp(record.received_at, tz=UTC)
    OUT.print(f"record {record.seq}: {event.kind} {event.id} of {event.platform}, {at:%Y-%m-%d %H:%M:%S} UTC")
    text = event.item.text or ""
    if text:
        OUT.print(Text("  " + text[:300] + ("…" if len(text) > 300 else ""), style="italic"))  # noqa: PLR2004
    OUT.print(f"judged by {told.pack} ({told.pack.digest[:12]})")
    if kept.signals.fold_version != Signals().fold_version:
        OUT.print(
            "The text was folded by another version then; words may have been seen differently.",
            style="yellow",
        )
    again = engine.judge(event, signals, RecordedCounters(kept.counted))
    same = joined(again, firings_of_banks(told), told.matches) == told if told.matches else again == told
    OUT.print(
        Text("judged again: the same verdict", "green")
        if same
        else Text("judged again: ANOTHER verdict", "bold red")
    )
    _show(explain(engine, event, signals, kept.counted))
    if not same:
        raise CommandError("the verdict can't be reproduced; please report this with the record's number")


def _show(explanation: Explanation) -> None:
    fired = [rule for rule in explanation.rules if rule.outcome is True]
    unsure = [rule for rule in explanation.rules if rule.outcome is None]
    for rule in fired:
        OUT.print(tree_of(rule))
    if not fired:
        OUT.print("no rule holds")
    if unsure:
        OUT.print(f"unknown, so not fired: {', '.join(rule.rule for rule in unsure)}", style="dim")
    rest = len(explanation.rules) - len(fired) - len(unsure)
    OUT.print(f"{rest} other rules do not hold", style="dim")


def tree_of(rule: RuleExplanation) -> Tree:
    """Draw one rule: its condition, part by part, with the values seen."""
    head = Text.assemble((rule.rule, "bold"), f" ({rule.stage}, {rule.policy}): ", _MARKS[rule.outcome])
    tree = Tree(head)
    _grow(tree, rule.reason)
    for change in rule.changes:
        tree.add(Text(f"it would be otherwise {change}", style="dim"))
    return tree


def _grow(tree: Tree, reason: Reason) -> None:
    text = Text.assemble(
        _MARKS[reason.outcome], " ", (reason.joins or reason.text, "bold" if reason.decides else "")
    )
    if reason.joins is None and reason.value is not None:
        text.append(f"   = {reason.value!r}", style="cyan")
    branch = tree.add(text)
    for part in reason.parts:
        _grow(branch, part)


def story(subject: str) -> None:
    """Tell the story of a subject of the ledger, as a table of facts."""
    start.start_django()
    start.require_ready()
    from hakam.compliance import ledger  # noqa: PLC0415 -- needs Django started

    facts = ledger.story(subject)
    if not facts:
        raise CommandError(f"the ledger knows nothing of {subject}")
    shown = table("seq", "at (UTC)", "fact", "by", "what", title=f"The story of {subject}")
    for fact in facts:
        body = {
            name: value for name, value in ledger.body_of(fact).items() if value not in (None, "", [], {})
        }
        said = json.dumps(body, ensure_ascii=False) if body else ""
        shown.add_row(
            str(fact.seq),
            f"{fact.at:%Y-%m-%d %H:%M:%S}",
            fact.kind,
            fact.actor,
            Text(f"{fact.subject} " if fact.subject != subject else "", "dim") + Text(said),
        )
    OUT.print(shown)


def code(name: str) -> None:
    """Say what the code of a finding means."""
    start.start_django()
    known = all_codes()
    told = policy_codes.show_code(name) or (f"{name}: {known[name]}" if name in known else None)
    if told is None:
        raise CommandError(f"there is no finding {name}; docs/reference/findings.md lists all")
    OUT.print(told, markup=False)


def all_codes() -> dict[str, str]:
    """Return every code of the doctor's findings with what it means. Django must be started."""
    from hakam.cli.doctor import modules  # noqa: PLC0415 -- needs Django started

    return {code: meaning for module in modules().values() for code, meaning in module.CODES.items()}
