"""What `hakam explain` prints, for each sort of thing that can be explained."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from django.utils import translation
from django.utils.translation import pgettext
from rich.text import Text
from rich.tree import Tree

from hakam.cli.screen import OUT, CommandError, table
from hakam.policy import wording
from hakam.policy.explain import Explanation, Reason, RuleExplanation, param_in_words
from hakam.storage.event_log import Record
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.counted import counted
from hakam.wiring import ports, start

_MARKS = {True: Text("yes", "green"), False: Text("no", "red"), None: Text("unknown", "yellow")}


def verdict_by_number(seq: int, *, child_safety: bool = False) -> None:
    """Explain the verdict in record `seq` of the event log."""
    start.start_django()
    found = ports.event_log().read(seq - 1, 1) if seq else []
    if not found or found[0].seq != seq:
        raise CommandError(f"the event log has no record {seq}")
    _explain(found[0], child_safety=child_safety)


def verdict(platform: str, id: str, *, child_safety: bool = False) -> None:  # noqa: A002 -- it is the id
    """Explain the verdict on one event."""
    start.start_django()
    record = ports.event_log().get(platform, id)
    if record is None:
        raise CommandError(f"the event log has no event {id!r} of {platform!r}")
    _explain(record, child_safety=child_safety)


def _admit(record: Record, *, child_safety: bool) -> None:
    """Let nobody see what is held for abuse of children by accident; who means to is on record."""
    from hakam.compliance.questions import record_view  # noqa: PLC0415 -- needs Django started
    from hakam.review.confined import confined  # noqa: PLC0415 -- as above

    if not confined().record(record):
        return
    if not child_safety:
        raise CommandError(
            "this event is held for abuse of children: only child-safety sees it. --child-safety shows it, "
            "and the ledger keeps that you looked"
        )
    record_view(record.seq, by=SYSTEM, now=datetime.now(tz=UTC))


def _explain(record: Record, *, child_safety: bool = False) -> None:
    start.require_ready()
    _admit(record, child_safety=child_safety)
    from hakam.intake.again import learnt_of  # noqa: PLC0415 -- needs Django started
    from hakam.intake.models import LaterJudgement  # noqa: PLC0415 -- as above
    from hakam.review.why import CannotExplainError, why  # noqa: PLC0415 -- as above

    try:
        found = why(record, learnt_of(record.seq))
    except CannotExplainError as error:
        raise CommandError(str(error)) from error
    event, told = found.event, found.told
    OUT.print(
        f"record {record.seq}: {event.kind} {event.id} of {event.platform}, {found.at:%Y-%m-%d %H:%M:%S} UTC"
    )
    text = event.item.text or ""
    if text:
        OUT.print(Text("  " + text[:300] + ("…" if len(text) > 300 else ""), style="italic"))  # noqa: PLR2004
    OUT.print(f"judged by {told.pack} ({told.pack.digest[:12]})")
    for later in LaterJudgement.objects.filter(seq=record.seq).order_by("pk"):
        said = ", ".join(f"{name} {value:.2f}" for name, value in later.scores.items()) or later.unknown
        fired = ", ".join(firing["rule"] for firing in later.firings) or "no further rule"
        OUT.print(f"learnt later from {later.made_by}: {said}; fired: {fired}", soft_wrap=True)
    if told.in_force:
        named = ", ".join(str(measure.kind) for measure in told.in_force)
        OUT.print(f"proposed and in force already, so not proposed again: {named}", soft_wrap=True)
    if not found.same_folding:
        OUT.print(
            "The text was folded by another version then; words may have been seen differently.",
            style="yellow",
        )
    OUT.print(
        Text("judged again: the same verdict", "green")
        if found.same
        else Text("judged again: ANOTHER verdict", "bold red")
    )
    _show(found.explanation)
    if not found.same:
        raise CommandError("the verdict can't be reproduced; please report this with the record's number")


def _show(explanation: Explanation) -> None:
    fired = [rule for rule in explanation.rules if rule.outcome is True]
    unsure = [rule for rule in explanation.rules if rule.outcome is None]
    for rule in fired:
        OUT.print(tree_of(rule))
    if not fired:
        OUT.print("no rule holds")
    off = [rule for rule in explanation.rules if rule.off_in]
    for rule in off:
        OUT.print(tree_of(rule))
    if unsure:
        OUT.print(f"unknown, so not fired: {', '.join(rule.rule for rule in unsure)}", style="dim")
    rest = len(explanation.rules) - len(fired) - len(unsure) - len(off)
    OUT.print(f"{counted(rest, 'other rule does', 'other rules do')} not hold", style="dim")


def tree_of(rule: RuleExplanation) -> Tree:
    """Draw one rule: its condition, part by part, with the values seen."""
    head = Text.assemble((rule.rule, "bold"), f" ({rule.stage}, {rule.policy}): ", _MARKS[rule.outcome])
    if rule.off_in:
        head.append(f", switched off in the community {rule.off_in}; its condition alone:", style="yellow")
    tree = Tree(head)
    _grow(tree, rule.reason)
    for param in rule.params:
        tree.add(Text(param_in_words(param), style="yellow" if param.community else "dim"))
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


def code(name: str, language: str = "en") -> None:
    """Say what the code of a finding means."""
    start.start_django()
    known = all_codes()

    def say(text: str) -> str:
        with translation.override(language):
            return pgettext("finding", text)

    told = wording.show_code(name, say, language) or (f"{name}: {known[name]}" if name in known else None)
    if told is None:
        raise CommandError(f"there is no finding {name}; docs/reference/findings.md lists all")
    OUT.print(told, markup=False)


def all_codes() -> dict[str, str]:
    """Return every code of the doctor's findings with what it means. Django must be started."""
    from hakam.cli.doctor import modules  # noqa: PLC0415 -- needs Django started

    return {code: meaning for module in modules().values() for code, meaning in module.CODES.items()}
