"""What is tried around the language: rules of other systems, the layout of files, counters.

As in `benchmarks.fuzz.targets`, each is a function of some bytes, and whatever it raises is a defect of ours.
"""

from __future__ import annotations

import itertools
import re
import warnings
from collections.abc import Callable
from math import fsum

import re2  # type: ignore[import-untyped]  # has no types
from benchmarks.fuzz.target import FILES, Choices, WrongError, text_of
from benchmarks.fuzz.words import PIECES, SIGNS

from hakam.importing import automoderator, filters, osprey, thresholds
from hakam.importing.boundaries import word_edges
from hakam.importing.carried import Imported, Status, UnsupportedError, as_markdown, as_text
from hakam.importing.conditions import translated
from hakam.policy import patterns
from hakam.policy.counters import MemoryCounters, PeekingCounters
from hakam.policy.layout import lay_out
from hakam.policy.pack import load_pack

_READERS: tuple[tuple[str, Callable[[dict[str, str]], Imported]], ...] = (
    ("a.yaml", automoderator.read),
    ("a.json", filters.read_mastodon),
    ("a.csv", filters.read_mastodon),
    ("a.json", filters.read_discord),
    ("a.sml", osprey.read),
    ("a.json", thresholds.read),
)
RULES_OF_OTHERS = (  # a sound input for each reader
    """title (regex): ['\\bfree\\b', 'a.*b']
body+title: [scam, 'c++']
author:
  account_age: '< 3 days'
action: remove
---
~domain: [example.com]
type: comment
action: filter
moderators_exempt: false
""",
    """[{"title": "t", "context": ["home"], "filter_action": "hide", "expires_at": "2030-01-01", "keywords":
 [{"keyword": "free money", "whole_word": true}, {"keyword": "c++", "whole_word": false}]},
 {"phrase": "x", "irreversible": true}]""",
    "title;keyword;whole_word;action\nt;free;true;hide\nt;ربح;wahr;warn\n",
    """{"name": "n", "trigger_type": 1, "trigger_metadata": {"keyword_filter": ["cat*", "*dog", "*b*"],
 "regex_patterns": ["a+\\\\b"], "allow_list": ["cats"]}, "actions": [{"type": 1},
 {"type": 3, "metadata": {"duration_seconds": 60}}], "exempt_roles": ["1"]}""",
    """Text: str = JsonData(path='$.text')
R = Rule(when_all=[TextContains(text=Text, phrase='free'), Text != None], description='d')
WhenRules(rules_any=[R], then=[LabelAdd(entity=UserId, label='x'), BanUser()])
""",
    '{"perspective": {"TOXICITY": {"threshold": 0.8, "action": "remove"}}, "hate/threatening": 0.5}',
)


def imported(data: bytes) -> None:
    """Try rules of another system: the first byte says which. They become a sound pack, and a report of each."""
    file, read = _READERS[data[0] % len(_READERS)] if data else _READERS[0]
    try:
        made = read({file: text_of(data[1:])})
    except (ValueError, RecursionError) as error:  # as the command catches them
        if not str(error):
            raise WrongError("refused without a word") from error
        return
    loaded = load_pack(made.files)
    if loaded.pack is None:
        raise WrongError(f"a pack with errors: {loaded.errors[0].code}: {loaded.errors[0].message}")
    rules = {rule.id for rule in loaded.pack.rules}
    told = [entry.rule for entry in made.entries if entry.rule is not None]
    if rules != set(told) or len(told) != len(rules):
        raise WrongError(f"rules {sorted(rules)}, told {told}")
    for entry in made.entries:
        if (entry.rule is None) is not (entry.status is Status.LEFT_OUT):
            raise WrongError(f"{entry.status} with the rule {entry.rule}")
        if entry.status is not Status.CARRIED and not all(map(str.strip, entry.notes or ("",))):
            raise WrongError(f"{entry.status} without a reason")
    rows = as_markdown(made.entries).split("\n")
    if len([row for row in rows if row.startswith("| ")]) != len(made.entries) + 2:
        raise WrongError("a report with other rows than rules")
    as_text(made.entries)


def edges(data: bytes) -> None:
    """Try a pattern made piece by piece: one that is carried is found where Python's `re` finds it."""
    choose = Choices(data)
    whole, many = choose.number(2), choose.number(7) + 1
    pattern = "".join(choose.among(PIECES) for _ in range(many))
    texts = ["", *("".join(choose.among(SIGNS) for _ in range(choose.number(7))) for _ in range(9))]
    around = r"(?:^|\W|\b)({})(?:$|\W|\b)" if whole else "({})"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(pattern)
            theirs = re.compile(around.format(pattern), re.IGNORECASE | re.DOTALL)
    except re.error:
        return
    notes: list[str] = []
    try:
        found = [
            (begin, translated(term, dot_all=True), end)
            for term, (begin, end) in (word_edges(pattern, notes) if whole else [(pattern, ("", ""))])
        ]
        notes += itertools.chain.from_iterable(more for _, (_, more), _ in found)
        ours = [f"(?i){begin}(?s:{said}){end}" for begin, (said, _), end in found]
        if any(patterns.prepare(one, lambda *_: None, folded=False, words=False) is None for one in ours):
            return  # it finds anything, or is no pattern of RE2
    except UnsupportedError:
        return
    if any("no letter" in note for note in notes):
        return
    compiled = [re2.compile(one, patterns.options()) for one in ours]
    for text in texts:
        if any(one.search(text) for one in compiled) is not bool(theirs.search(text)):
            raise WrongError(f"{pattern!r}{' as a word' * whole} in {text!r}: {ours}")


def layout(data: bytes) -> None:
    """Try a sound pack of which one file is another, in layout: twice is once, and the rules are the same."""
    paths = sorted(FILES)
    path = paths[data[0] % len(paths)] if data else paths[0]
    files = {**FILES, path: text_of(data[1:])}
    laid = lay_out(files)
    if lay_out(laid) != laid:
        raise WrongError("laid out twice is not once")
    before, after = load_pack(files), load_pack(laid)
    if before.pack is None:
        return
    if after.pack is None:
        raise WrongError(f"an error that was none before: {after.errors[0].code}: {after.errors[0].message}")
    if [rule.digest for rule in after.pack.rules] != [rule.digest for rule in before.pack.rules]:
        raise WrongError("other rules in layout")


class _Plain:
    """Keeps every event of a key, and looks through all of them."""

    def __init__(self) -> None:
        self.events: dict[tuple[str, str], list[tuple[float, str, float]]] = {}

    def held(
        self, name: str, key: str, event: tuple[float, str, float], within: float, *, add: bool
    ) -> list[tuple[float, str, float]]:
        """Return the events of the window, with this one in it if `add`."""
        events = self.events.setdefault((name, key), [])
        at = event[0]
        newest = max((time for time, *_ in events), default=float("-inf"))
        if add and at > newest - within:
            events.append(event)
        end = max(newest, at)
        return [one for one in events if end - within < one[0] <= end]


_AMOUNTS = ("1", "0", "-1", "0.5", "0.1", "1e16", "-1e16", "1e300", "5e-324", "70368744177664", "3")


def counted(data: bytes) -> None:
    """Try counters: each byte chooses what is asked next. All answers are those of a list that keeps everything."""
    choose = Choices(data)
    counters, plain = MemoryCounters(), _Plain()
    peeking = PeekingCounters(counters)
    within = (1.0, 10.0, 60.0, 3_600.0)[choose.number(4)]
    now = 0.0
    while not choose.used_up:
        kind, key = choose.number(4), f"k{choose.number(3)}"
        now += (0.0, 0.5, 1.0, within / 8, within, 4_000.0, 90_000.0)[choose.number(7)]
        at = max(0.0, now - (0.0, 0.0, 0.5, within / 2, within, 3_000.0)[choose.number(6)])
        member, amount, add = f"m{choose.number(40)}", float(choose.among(_AMOUNTS)), choose.number(4) > 0
        event = (at, member, amount)
        if kind == 0:
            wanted: float = len(plain.held("c", key, event, within, add=add))
            found: float = counters.count("c", key, at, within, add=add)
        elif kind == 1:
            peeked = peeking.distinct("d", key, member, at, within, add=False)
            wanted = len({who for _, who, _ in plain.held("d", key, event, within, add=add)})
            found = counters.distinct("d", key, member, at, within, add=add)
            if not add and peeked != found:
                raise WrongError(f"peeked {peeked}, found {found}")
        elif kind == 2:
            wanted = fsum(part for _, _, part in plain.held("t", key, event, within, add=add))
            found = counters.total("t", key, amount, at, within, add=add)
        else:
            counters.mark("m", key, at, within)
            continue
        if found != wanted:
            raise WrongError(f"{('count', 'distinct', 'sum')[kind]}: {found} instead of {wanted}")
        if counters.held() != counters.entries or counters.forgotten:
            raise WrongError(
                f"{counters.entries} entries, {counters.held()} held, {counters.forgotten} forgotten"
            )
