"""The tests of a pack: examples that must and must not make its rules fire (`tests.yaml`, `tests/*.yaml`)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from hakam.policy.fragments import read_event
from hakam.policy.kinds import parse_duration
from hakam.policy.shape import Shape
from hakam.policy.source import Reporter, nearest
from hakam.policy.strict_yaml import Mapping, Node, Sequence, Text
from hakam.vocabulary.event import Event
from hakam.vocabulary.finding import Span

KEYS = ("test", "text", "event", "before", "fires", "silent")
BESIDE = ("fires", "silent")
_ONE_BESIDE = ("text", "event", "before")
_BEFORE = ("repeat", "every", "vary")
MAX_REPEAT = 1_000
MAX_WINDOW = 30 * 86_400.0  # seconds: no counter looks further back
VARIED = ("author.id", "item.id", "context.ip_hash")

AT = datetime(2026, 1, 1, 12, tzinfo=UTC)  # when every test happens that names no time
_LATER = "begin later, or repeat less often"


class Before(msgspec.Struct, frozen=True):
    """Events that came earlier.

    Copies of the test's own, `every` seconds apart, `vary` naming what differs.
    """

    repeat: int
    every: float
    vary: tuple[str, ...] = ()


class Example(msgspec.Struct, frozen=True):
    """One test.

    `fires` must all fire; with `silent` None nothing is claimed about the others, `*` means all others.
    """

    name: str
    event: Event
    fires: tuple[str, ...]
    silent: tuple[str, ...]
    before: Before | None
    span: Span

    @property
    def only(self) -> bool:
        """Whether nothing but `fires` may fire."""
        return "*" in self.silent


def read_examples(node: Node, rules: frozenset[str] | None, report: Reporter) -> list[Example]:
    """Read the tests of one file.

    `rules` holds the ids of all rules, also of those that are wrong themselves; `None` if a file of rules
    could not be read.
    """
    shape = Shape(report)
    found = []
    for entry in shape.entries(node, "tests", KEYS):
        example = _example(entry, rules, shape)
        if example is not None:
            found.append(example)
    return found


def read_beside(node: Node, report: Reporter) -> list[Example]:
    """Read the examples that stand beside the rules of one file: a text, or what a test has but its name.

    What is wrong with the rules themselves is said elsewhere.
    """
    found: list[Example] = []
    shape = Shape(report)
    for entry in node.items if isinstance(node, Sequence) else ():
        given = entry.entries.get("examples") if isinstance(entry, Mapping) else None
        name = entry.entries.get("rule") if isinstance(entry, Mapping) else None
        if given is None or not isinstance(name, Text) or name.value is None:
            continue
        if not isinstance(given, Mapping):
            report.report(
                "P009", "`examples` has keys", given.span, hint='as `{fires: ["a text"], silent: [...]}`'
            )
            continue
        shape.keys(given, BESIDE)
        for side, items in given.entries.items():
            if side in BESIDE:
                found += _beside(name.scalar.value, side, items, shape)
    return found


def _beside(rule: str, side: str, node: Node, shape: Shape) -> list[Example]:
    if not isinstance(node, Sequence):
        shape.report.report("P009", f"`{side}` is a list", node.span, hint='as `["a text", {event: {...}}]`')
        return []
    found = []
    for number, item in enumerate(node.items, 1):
        entry = item
        if isinstance(item, Text):
            entry = Mapping({"text": item}, {}, item.span)
        if not isinstance(entry, Mapping):
            shape.report.report(
                "P009", "an example is a text, or has keys", item.span, hint="as `{event: {...}}`"
            )
            continue
        shape.keys(entry, _ONE_BESIDE)
        before = len(shape.report)
        earlier, event = _before(entry, shape), read_event(entry, shape)
        if event is None or shape.report.has_errors(before):
            continue
        if earlier is not None and not _reaches(event.at, earlier):
            shape.report.report(
                "P017",
                "the first earlier event lies before the year 1",
                entry.entries["before"].span,
                hint=_LATER,
            )
            continue
        fires, silent = ((rule,), ()) if side == "fires" else ((), (rule,))
        found.append(Example(f"{rule}: {side} {number}", event, fires, silent, earlier, item.span))
    return found


def _example(entry: Mapping, rules: frozenset[str] | None, shape: Shape) -> Example | None:
    report, before = shape.report, len(shape.report)
    name = shape.text(entry, "test", what="test")
    fires = _rule_names(entry, "fires", rules, shape)
    silent = _rule_names(entry, "silent", rules, shape)
    if fires is None and silent is None:
        report.report(
            "P402",
            "the test expects nothing",
            entry.span,
            hint="add `fires: [rule]`, `fires: []` or `silent: [rule]`",
        )
    if fires is not None and not fires and not silent:
        silent = ("*",)  # `fires: []`: nothing at all
    earlier = _before(entry, shape)
    event = read_event(entry, shape)
    if earlier is not None and event is not None and not _reaches(event.at, earlier):
        report.report(
            "P017",
            "the first earlier event lies before the year 1",
            entry.entries["before"].span,
            hint=_LATER,
        )
    if report.has_errors(before) or name is None or event is None:
        return None
    return Example(name, event, fires or (), silent or (), earlier, entry.span)


def _reaches(at: datetime, earlier: Before) -> bool:
    try:
        return at - timedelta(seconds=earlier.every * earlier.repeat) is not None
    except OverflowError:
        return False


def _rule_names(
    entry: Mapping, key: str, rules: frozenset[str] | None, shape: Shape
) -> tuple[str, ...] | None:
    node = entry.entries.get(key)
    if node is None:
        return None
    if isinstance(node, Text) and node.value is None:
        return ()
    if key == "silent" and isinstance(node, Text) and node.value == "all":
        return ("*",)
    names = []
    for text in shape.text_list(node, key):
        name = str(text.value)
        if rules is not None and name not in rules:
            shape.report.report(
                "P401",
                f"there is no rule `{name[:60]}`",
                text.span,
                hint=nearest(name, rules) or "see the ids in `rules.yaml`",
            )
        names.append(name)
    return tuple(names)


def _before(entry: Mapping, shape: Shape) -> Before | None:
    node = entry.entries.get("before")
    if node is None:
        return None
    if not isinstance(node, Mapping):
        shape.report.report(
            "P009", "`before` has keys", node.span, hint='as `{repeat: 19, every: "5s", vary: [author.id]}`'
        )
        return None
    shape.keys(node, _BEFORE)
    repeat = shape.whole(node, "repeat", 1, MAX_REPEAT)
    said = shape.text(node, "every", what="every")
    every = parse_duration(said) if said is not None else None
    if said is not None and every is None:
        shape.report.report(
            "P109", f"`{said[:40]}` is no duration", node.entries["every"].span, hint="as `5s`"
        )
    vary: list[str] = []
    for text in shape.text_list(node.entries["vary"], "vary") if "vary" in node.entries else ():
        if text.value not in VARIED:
            hint = nearest(str(text.value), VARIED) or "`author.id`, `item.id` or `context.ip_hash`"
            shape.report.report("P011", f"`{str(text.value)[:40]}` can't vary", text.span, hint=hint)
        vary.append(str(text.value))
    if every is not None and every > MAX_WINDOW:
        shape.report.report(
            "P017", "`every` is at most 30 days", node.entries["every"].span, hint="write `30d`, or less"
        )
        return None
    return None if repeat is None or every is None else Before(repeat, every, tuple(vary))
