"""From drafts of rules to a sound pack: clauses, rules, lists, tests. What does not load is left out and reported."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable

from hakam.importing.carried import Draft, Entry, Imported, Status
from hakam.importing.conditions import MANY, quoted
from hakam.policy.counters import MemoryCounters
from hakam.policy.engine import compile_pack
from hakam.policy.fragments import event_of
from hakam.policy.pack import Loaded, load_pack
from hakam.policy.rules import MAX_RULES
from hakam.policy.testing import run_examples
from hakam.policy.witness import covering
from hakam.signals.measure import measure

_LADDER = (
    'notify, label("imported"), label("nsfw"), label("spoiler"), warn, '
    "lock_replies, limit_reach, hold, remove, suspend"
)
_ODD = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_LARGE = 10**18
_ID = re.compile(r"[^a-z0-9]+")
_TAKEN_FOR_VALUES = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})  # by YAML


class Pack:
    """Gathers drafts, lists and fields, and makes the files of a pack of them."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.drafts: list[Draft] = []
        self.entries: list[Entry] = []
        self.lists: dict[str, tuple[str, list[str]]] = {}
        self.extra: dict[str, str] = {}
        self._names: set[str] = set()

    def id_of(self, words: str, number: int) -> str:
        """Return an id that no other rule has, from the words that a rule was known by."""
        wanted = _ID.sub("-", words.lower()).strip("-")[:48].strip("-")
        if not wanted or not wanted[0].isalpha():
            wanted = f"rule-{number}"
        elif wanted in _TAKEN_FOR_VALUES:
            wanted = f"rule-{wanted}"
        taken = wanted
        while taken in self._names:
            taken, number = f"{wanted}-{number}", number + 1
        self._names.add(taken)
        return taken

    def declared(self, name: str, kind: str) -> str:
        """Declare a field that the platform has to send, and return how a rule reads it."""
        self.extra[name] = kind
        return f"extra.{name}"

    def values(self, rule: str, terms: Iterable[str], kind: str = "terms") -> str:
        """Return terms as a rule names them: in brackets, or in a list of their own if there are many."""
        given = list(dict.fromkeys(term.strip() for term in terms if term.strip()))
        if len(given) <= MANY:
            return f"[{', '.join(map(quoted, given))}]"
        name = f"{rule[:40].strip('-')}-{len(self.lists) + 1}"
        self.lists[name] = (kind, given)
        return f'list("{name}")'

    def add(self, draft: Draft) -> None:
        """Take a rule."""
        self.drafts.append(draft)

    def leave_out(self, file: str, line: int, what: str, *why: str) -> None:
        """Report a rule that is not carried over."""
        self.entries.append(Entry(file, line, what, Status.LEFT_OUT, None, why))

    def finish(self) -> Imported:
        """Make the pack. A rule with an error, or whose own examples fail, is left out, with why.

        Raises `ValueError` for more rules than a pack holds.
        """
        if len(self.drafts) > MAX_RULES:
            raise ValueError(
                f"{len(self.drafts):,} rules, and a pack holds {MAX_RULES:,} at most: divide them"
            )
        kept = list(self.drafts)
        while True:
            files = self._files(kept)
            loaded = load_pack(files)
            wrong = _wrong(loaded, kept)
            if not wrong:
                break
            for draft, why in wrong:
                kept.remove(draft)
                self.leave_out(draft.file, draft.line, draft.about, *why)
        if kept:
            _exemplify(loaded, kept)
            files = self._files(kept)
        for draft in kept:
            status = Status.APPROXIMATED if draft.notes else Status.CARRIED
            notes = tuple(dict.fromkeys(draft.notes))
            counts = {way: sum(fires is way for _, fires in draft.examples) for way in (True, False)}
            self.entries.append(
                Entry(
                    draft.file,
                    draft.line,
                    draft.about,
                    status,
                    draft.name,
                    notes,
                    fires=counts[True],
                    silent=counts[False],
                )
            )
        return Imported(files, sorted(self.entries, key=lambda entry: (entry.file, entry.line)))

    def _files(self, kept: list[Draft]) -> dict[str, str]:
        pack = f'id: {self.name}\nversion: "1"\nmaturity: experimental\nlanguages: [en]\n'
        read = "\n".join(draft.when for draft in kept)
        extra = {name: kind for name, kind in self.extra.items() if f"extra.{name}" in read}
        if extra:
            pack += "extra:\n" + "".join(f"  {name}: {kind}\n" for name, kind in sorted(extra.items()))
        tests = [
            {"test": f"{draft.name} {n}", "event": event, ("fires" if fires else "silent"): [draft.name]}
            for draft in kept
            for n, (event, fires) in enumerate(draft.examples, 1)
        ]
        files = {
            "pack.yaml": pack,
            "policies.yaml": _CLAUSE,
            "rules.yaml": "".join(map(_rule, kept)) or "[]\n",
            "tests.yaml": "".join(f"- {_quoted(test)}\n" for test in tests) or "[]\n",
        }
        for name, (kind, terms) in self.lists.items():
            if f'list("{name}")' in read:
                lines = (f"\\{term}" if term.startswith("#") else term for term in terms)
                files[f"lists/{name}.txt"] = f"# kind: {kind}\n" + "".join(f"{line}\n" for line in lines)
        return files


def _exemplify(loaded: Loaded, kept: list[Draft]) -> None:
    """Give each rule events on which it fires and on which it does not, made from its own terms.

    The engine that judges at the door has the last word on each. What it judges otherwise is no example.
    """
    assert loaded.pack is not None
    engine = compile_pack(loaded.pack)
    for draft in kept:
        rule = loaded.pack.rule(draft.name)
        held = [event for event, _ in draft.examples]
        for fragment, fires in covering(rule.when):
            event = event_of(fragment)
            if event is None or fragment in held or not _plain(fragment):
                continue
            verdict = engine.judge(event, measure(event, engine.needs), MemoryCounters())
            fired = draft.name in {firing.rule for firing in verdict.firings}
            if fired is fires and draft.name not in verdict.quarantined:
                draft.examples = [*draft.examples, (fragment, fires)]


_CLAUSE = f"""\
- policy: imported
  harm: tc_other
  severity: 20
  title: {{en: Rules that were carried over}}
  text: {{en: What rules of another system forbid. Write your own clauses and name them in the rules.}}
  ladder: [{_LADDER}]
"""


def _quoted(value: object) -> str:
    """Return a value as JSON that is YAML too, which takes some characters for ends of lines or refuses them."""
    return _ODD.sub(lambda odd: f"\\u{ord(odd[0]):04x}", json.dumps(value, ensure_ascii=False))


def _plain(value: object) -> bool:
    """Whether all numbers of an event can be written without an exponent and with few digits, as YAML is read here."""
    if isinstance(value, dict):
        return all(map(_plain, value.values()))
    if isinstance(value, list | tuple):
        return all(map(_plain, value))
    if isinstance(value, bool) or not isinstance(value, int | float):
        return True
    return "e" not in repr(value) and abs(value) < _LARGE


def _rule(draft: Draft) -> str:
    about = _quoted(draft.about[:200])
    when = "\n".join(f"    {line}" for line in draft.when.split("\n"))
    then = "\n".join(f"    - {act}" for act in draft.then)
    return (
        f"- rule: {draft.name}\n  policy: imported\n  stage: shadow\n  about: {about}\n"
        f"  when: |\n{when}\n  then:\n{then}\n"
    )


def _wrong(loaded: Loaded, kept: list[Draft]) -> list[tuple[Draft, tuple[str, ...]]]:
    """Return the rules that can't stay, each with why."""
    if loaded.pack is not None:
        failed = {
            miss.rule: f"its example does not {'fire' if miss.should_fire else 'stay silent'}"
            for result in run_examples(compile_pack(loaded.pack))
            for miss in result.misses
        }
        return [(draft, (failed[draft.name],)) for draft in kept if draft.name in failed]
    lines = _lines(kept)
    tests = list(enumerate((draft.name for draft in kept for _ in draft.examples), 1))  # a line each
    found: dict[str, list[str]] = {}
    for finding in loaded.errors:
        places = {"rules.yaml": lines, "tests.yaml": tests}.get(finding.span.file) if finding.span else None
        owner = _owner(places, finding.span.line) if places and finding.span else None
        if owner is None and finding.span is not None:
            named = finding.span.file.removeprefix("lists/").removesuffix(".txt")
            owner = next((draft.name for draft in kept if f'list("{named}")' in draft.when), None)
        if owner is None:
            raise ValueError(f"the pack can't be made: {finding.code}: {finding.message}")
        found.setdefault(owner, []).append(f"{finding.code}: {finding.message}")
    return [(draft, tuple(found[draft.name][:3])) for draft in kept if draft.name in found]


def _lines(kept: list[Draft]) -> list[tuple[int, str]]:
    at, found = 1, []
    for draft in kept:
        found.append((at, draft.name))
        at += _rule(draft).count("\n")
    return found


def _owner(lines: list[tuple[int, str]], line: int) -> str | None:
    return next((name for start, name in reversed(lines) if start <= line), None)


Importer = Callable[[dict[str, str], str], Imported]
