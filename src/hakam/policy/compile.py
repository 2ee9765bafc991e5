"""One pack, one function.

Shared parts once, cheap before dear, one scan for each text, rules without a hit skipped.

The source is kept (`Program.source`) and can be read. A rule whose condition cannot be true unless a text
predicate hits is *guarded*: it stands in a function of its own that runs only for the events whose text has
such a hit. The others stand in the main function, many of them behind a *gate*: one question for all. What is told
of a rule, with what its leaves saw, is made by a third function, which runs only for rules that fired.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import msgspec

from hakam.policy.canonical import canonical
from hakam.policy.cost import cost_of, fields_read, scanned
from hakam.policy.fields import FIELDS, FieldSpec
from hakam.policy.gates import gates
from hakam.policy.generate import Atom, Writer, atom_of, name_of, text_of
from hakam.policy.kinds import Kind
from hakam.policy.phrases import NOTHING
from hakam.policy.rules import Rule
from hakam.policy.scan import SHOWN, Scan, encoded, remembered
from hakam.policy.telling import Told, telling
from hakam.policy.tree import (
    And,
    Condition,
    Counter,
    CounterKind,
    Field,
    Folded,
    Not,
    Or,
    Search,
    Value,
    walk,
)
from hakam.signals.fold import split_words
from hakam.vocabulary.verdict import Firing, Stage

CROWD = 8  # predicates on a text that is not scanned anyway; from these on it is scanned once for all of them
_CHEAP = 130  # nanoseconds below which a shared part is computed for each event, needed or not
_NUMERIC = frozenset({Kind.NUMBER, Kind.TIME, Kind.DURATION})
_ALONE = (
    "        if len(fired) == 1 and failed is None:",
    "            always = ALONE[fired[0]]",
    "            if always is not None:",
    "                return always",
)

Failures = dict[int, BaseException] | None
Counted = tuple[Any, ...]
Hits = frozenset[int]
Telling = Callable[[Any, Any, Any, Any, Any, Hits, Counted], Firing]


class Program(msgspec.Struct, frozen=True):
    """What was compiled.

    `judge(event, signals, counters)` returns `nothing`, or what `found(event, signals, counters, rules,
    failed, hits, counted)` makes of the numbers of the rules that fired, of what failed, of the hits of the
    scans and of the counters' values, or what `broken(event, signals, error)` makes of an error outside any
    rule. `tell[n]` returns the firing of a rule, with what its leaves saw; `only` holds those of rules that have
    but one, `safe` the numbers of rules whose firings surely can be made. If the program was compiled `counted`,
    `counters` are the values themselves, a tuple in the order of `Program.counters`, and nothing is counted.
    """

    source: str
    judge: Callable[[Any, Any, Any], Any]
    tell: tuple[Telling, ...]
    only: dict[int, Firing]
    safe: frozenset[int]
    counters: tuple[Counter, ...]
    guarded: frozenset[int]


def guard(
    node: Condition, looked_for: Callable[[Condition], bool], *, sure_of: bool = True
) -> frozenset[Search] | None:
    """Return text predicates that scans look for, of which one must hit for the condition to be true.

    `None` if it can be without.
    """
    if isinstance(node, Not):
        return guard(node.of, looked_for, sure_of=not sure_of)
    if isinstance(node, And | Or):
        below = [guard(item, looked_for, sure_of=sure_of) for item in node.items]
        if isinstance(node, And) is sure_of:
            there = [item for item in below if item is not None]
            return min(there, key=len) if there else None
        if any(item is None for item in below):
            return None
        return frozenset().union(*[item for item in below if item is not None])
    return frozenset({node}) if sure_of and isinstance(node, Search) and looked_for(node) else None


def compile_rules(
    rules: Sequence[Rule],
    *,
    nothing: Any,
    found: Callable[[Any, Any, Any, list[int], Failures, Hits, Counted], Any],
    broken: Callable[[Any, Any, Exception], Any],
    alone: Sequence[Any] | None = None,
    counted: bool = False,
) -> Program:
    """Return the program of some rules. Their places in `rules` are their numbers.

    `alone` may hold, at the place of a rule, what `found` always makes of that rule alone; it is read at each event.
    """
    ends = {"NOTHING": nothing, "FOUND": found, "BROKEN": broken, "ALONE": alone}
    return _Compiler(rules, counted=counted).program(ends)


class _Compiler:
    def __init__(self, rules: Sequence[Rule], *, counted: bool) -> None:
        self.rules = rules
        self.counted = counted  # before, by somebody else
        self.counters: dict[str, Counter] = {}
        self.texts: dict[str, Field | Folded] = {}
        searches: dict[str, dict[Atom, Search]] = {}
        own = set()  # texts that are scanned however few predicates look at them
        for rule in rules:
            for node in walk(rule.when):
                if isinstance(node, Counter):
                    self.counters.setdefault(node.name, node)
                elif isinstance(node, Search) and (text := text_of(node)) is not None:
                    name = name_of(text)
                    self.texts.setdefault(name, text)
                    searches.setdefault(name, {}).setdefault(atom_of(node), node)
                    if scanned(node):
                        own.add(name)
        asked = {
            atom_of(node)
            for rule in rules
            for node in walk(rule.when, counted=counted)
            if isinstance(node, Search) and text_of(node) is not None
        }
        self.scans: dict[str, dict[int, Search]] = {}
        self.numbers: dict[Atom, int] = {}
        for name in sorted(
            searches, key=lambda name: (name not in own, isinstance(self.texts[name], Field), name)
        ):
            if name not in own and len(searches[name].keys() & asked) < CROWD:
                continue
            for atom, search in searches[name].items():
                number = self.numbers[atom] = len(self.numbers)
                if atom in asked:
                    self.scans.setdefault(name, {})[number] = search
        self.places = {name: n for n, name in enumerate(self.counters)}
        self.writer = Writer(self.numbers, self.places)
        self.guards = [guard(rule.when, self.writer.looked_for) for rule in rules]
        self._meanings: dict[int, str] = {}
        self._names: dict[str, str] = {}

    def program(self, ends: dict[str, Any]) -> Program:
        main = [n for n, found in enumerate(self.guards) if found is None]
        guarded = [n for n, found in enumerate(self.guards) if found is not None]
        body = self._main(main, guarded, alone=ends["ALONE"] is not None)
        functions = [line for n in guarded for line in self._guarded(n)]
        told = [self._telling(n) for n in range(len(self.rules))]
        source = "\n".join([*functions, *body, *(line for one in told for line in one.lines), ""])
        scope = self.writer.globals
        scope.update(ends, NO_HITS=NOTHING, ENCODED=encoded, FIRING=Firing)
        scope.update({stage.name: stage for stage in Stage})
        code = compile(source, "<pack>", "exec")
        exec(code, scope)  # noqa: S102 -- written above from checked trees; names and constants only
        scope["GUARDED"] = {n: scope[f"rule_{n}"] for n in guarded}
        scope["RULES_OF"] = self._rules_of(guarded)
        tells = tuple(scope[f"tell_{n}"] for n in range(len(self.rules)))
        only = {n: one.firing for n, one in enumerate(told) if one.firing is not None}
        safe = frozenset(n for n, one in enumerate(told) if one.safe)
        counters = tuple(self.counters.values())
        return Program(source, scope["judge"], tells, only, safe, counters, frozenset(guarded))

    def _rules_of(self, guarded: list[int]) -> dict[int, tuple[int, ...]]:
        found: dict[int, list[int]] = {}
        for n in guarded:
            for search in self.guards[n] or ():
                found.setdefault(self.numbers[atom_of(search)], []).append(n)
        return {atom: tuple(sorted(set(rules))) for atom, rules in found.items()}

    # The main function

    def _main(self, main: list[int], guarded: list[int], *, alone: bool) -> list[str]:
        out = ["    a = e.author; i = e.item; x = e.context", "    failed = None"]
        asked = () if self.counted else tuple(self.counters.values())
        wheres = [counter.where for counter in asked if counter.where is not None]
        conditions = [self.rules[n].when for n in main]
        out += self._hoisted([*conditions, *wheres], [v for c in asked for v in (*c.by, c.of) if v])
        out += self._scans()
        out += self._counting()
        out += self._shared(conditions)
        out.append("    fired = []")
        gated, free = gates((n, self.rules[n].when) for n in main)
        for n in free:
            out += self._asked(n, "    ")
        for gate in gated:
            code = self.writer.write(gate.asks, sure_of=gate.sure_of)
            out += [
                "    try:",
                f"        g = {code}",
                "    except Exception as error:",
                f"        g = False; failed = failed or {{}}; failed.update(dict.fromkeys({gate.rules!r}, error))",
                "    if g:",
            ]
            for n in gate.rules:
                out += self._asked(n, "        ")
        counted = f"({''.join(f'k{n}, ' for n in range(len(self.counters)))})"
        if guarded:
            names = ", ".join(["e", "s", "a", "i", "x", "H", *(f"k{n}" for n in range(len(self.counters)))])
            out += [
                "    if H:",
                "        for n in {n for atom in H if atom in RULES_OF for n in RULES_OF[atom]}:",
                "            try:",
                f"                if GUARDED[n]({names}):",
                "                    fired.append(n)",
                "            except Exception as error:",
                "                failed = failed or {}; failed[n] = error",
            ]
        out += [
            "    if fired or failed:",
            *(_ALONE if alone else ()),
            f"        return FOUND(e, s, c, fired, failed, H, {counted})",
            "    return NOTHING",
        ]
        inside = [f"    {line}" for line in out]
        return [
            "def judge(e, s, c):",
            "    try:",
            *inside,
            "    except Exception as error:",
            "        return BROKEN(e, s, error)",
        ]

    def _asked(self, n: int, margin: str) -> list[str]:
        code = self.writer.write(self.rules[n].when, sure_of=True, shared=self._shared_name)
        return [
            f"{margin}try:",
            f"{margin}    if {code}:",
            f"{margin}        fired.append({n})",
            f"{margin}except Exception as error:",
            f"{margin}    failed = failed or {{}}; failed[{n}] = error",
        ]

    def _hoisted(self, conditions: list[Condition], values: list[Value]) -> list[str]:
        """Return the lines that read fields once which are read often, or whose text is scanned.

        A number that is unknown is held as not-a-number, which fulfils no comparison.
        """
        tally: Tally[str] = Tally()
        specs: dict[str, FieldSpec] = {}
        for top in (*conditions, *values):
            for spec in fields_read(top, counted=self.counted):
                tally[spec.path] += 1
                specs[spec.path] = spec
        lines = []
        numbers = set()
        for path in dict.fromkeys([*self.scans, *tally]):
            if path in self.scans and isinstance(self.texts[path], Folded):
                code = self.writer.raw(self.texts[path])
                lines.append(f"    {self._held(path)} = {code}")
                continue
            spec = FIELDS.get(path) or specs[path]
            if path not in self.scans and (tally[path] < 2 or spec.cost > 4 * _CHEAP):  # noqa: PLR2004 -- read twice
                continue
            name = self._held(path)
            if path == "author.age":
                lines += _age(name)
                numbers.add(name)
                continue
            lines.append(f"    {name} = {spec.code}  # {path}")
            if spec.nullable and spec.kind in _NUMERIC:
                lines.append(f"    if {name} is None: {name} = NAN")
                numbers.add(name)
        self.writer.numbers = frozenset(numbers)
        return lines

    def _held(self, path: str) -> str:
        """Return the local variable that holds a field or text from here on."""
        name = self.writer.locals[path] = f"f{len(self.writer.locals)}"
        return name

    def _scans(self) -> list[str]:
        lines = ["    H = NO_HITS"]
        split = remembered(split_words)
        for place, (path, searches) in enumerate(self.scans.items()):
            text = self.writer.locals[path]
            scan = self.writer.globals[f"SCAN_{place}"] = Scan(searches)
            if scan.phrases is not None:
                for number in scan.looked_up:
                    find = partial(scan.phrases.first, number=number)
                    self.writer.finders[atom_of(searches[number])] = _in_words(find, split)
            lines.append(f"    if {text} is not None:")
            add = "H = {}" if place == 0 else "H = H | {}"
            if not scan.inline:
                lines.append(f"        {add.format(f'SCAN_{place}({text})')}")
                continue
            self.writer.globals[f"MATCH_{place}"] = scan.match
            lines += [
                "        try:",
                f"            hits = MATCH_{place}({text}.encode())",
                "        except UnicodeEncodeError:",
                f"            hits = MATCH_{place}(ENCODED({text}))",
                "        if len(hits) != 1:",
                f"            {add.format(f'SCAN_{place}.found(hits, {text})')}",
            ]
        return lines

    def _counting(self) -> list[str]:
        if not self.counters:
            return []
        if self.counted:
            return [f"    {''.join(f'k{n}, ' for n in range(len(self.counters)))}= c"]
        lines = ["    at = WHEN(e.at)"]
        for n, counter in enumerate(self.counters.values()):
            readers = [r for r, rule in enumerate(self.rules) if counter.name in _names(rule.when)]
            keys = [self.writer.raw(value) for value in counter.by]
            parts = [f"key{n}_{p}" for p in range(len(keys))]
            member = self.writer.raw(counter.of) if counter.of is not None else None
            lines += [f"    k{n} = None", "    try:"]
            lines += [f"        {part} = {key}" for part, key in zip(parts, keys, strict=True)]
            checks = [f"{part} is not None" for part in parts]
            arguments = [repr(counter.name), self._key(counter, parts)]
            if counter.counts is CounterKind.DISTINCT:
                lines.append(f"        member{n} = {member}")
                checks.append(f"member{n} is not None")
                arguments.append(f"str(member{n})")
            elif counter.counts is CounterKind.SUM:
                lines.append(f"        member{n} = {member}")
                arguments.append(f"(0 if member{n} is None else member{n})")
            add = self.writer.write(counter.where, sure_of=True) if counter.where is not None else "True"
            verb = "total" if counter.counts is CounterKind.SUM else str(counter.counts)
            if counter.counts is CounterKind.MARKED:
                verb, add = "count", "False"
            call = f"c.{verb}({', '.join(arguments)}, at, {counter.within!r}, add={add})"
            lines += [
                f"        if {' and '.join(checks) or 'True'}:",
                f"            k{n} = {call}",
                "    except Exception as error:",
                f"        failed = failed or {{}}; failed.update(dict.fromkeys({tuple(readers)!r}, error))",
            ]
        return lines

    def _key(self, counter: Counter, parts: list[str]) -> str:
        """Return code for the key: the platform first, for two platforms may name an author alike."""
        texts = [
            part if value.kind.name in {"TEXT", "FOLDED"} else f"str({part})"
            for part, value in zip(parts, counter.by, strict=True)
        ]
        if not texts:
            return "e.platform"
        return _joined(texts)

    # Parts that several rules share

    def _shared(self, conditions: list[Condition]) -> list[str]:  # noqa: C901 -- one branch for each kind of node
        """Give each part that occurs more than once, whole branches first, a local variable."""
        tally: Tally[str] = Tally()

        def count(node: Condition, *, sure_of: bool) -> None:
            if isinstance(node, Not):
                count(node.of, sure_of=not sure_of)
                return
            code = self._plain(node, sure_of)
            tally[code] += 1
            if tally[code] == 1 and isinstance(node, And | Or):
                for item in node.items:
                    count(item, sure_of=sure_of)

        for condition in conditions:
            count(condition, sure_of=True)
        lines = []
        done: set[str] = set()

        def name(node: Condition, *, sure_of: bool) -> None:
            if isinstance(node, Not):
                name(node.of, sure_of=not sure_of)
                return
            code = self._plain(node, sure_of)
            if code in done:
                return
            done.add(code)
            if isinstance(node, And | Or):
                for item in node.items:
                    name(item, sure_of=sure_of)
            if tally[code] > 1 and cost_of(node) > 0 and not self.writer.looked_for(node):
                inner = self.writer.write(node, sure_of=sure_of, shared=self._shared_name)
                local = f"b{len(self._names)}"
                if cost_of(node) <= _CHEAP:
                    lines.append(f"    {local} = {inner}")
                    self._names[code] = local
                else:
                    lines.append(f"    {local} = None")
                    self._names[code] = f"({local} if {local} is not None else ({local} := {inner}))"

        for condition in conditions:
            name(condition, sure_of=True)
        return lines

    def _plain(self, node: Condition, sure_of: bool) -> str:
        found = self._meanings.get(id(node))
        if found is None:
            found = self._meanings[id(node)] = canonical(node)
        return f"{sure_of}:{found}"

    def _shared_name(self, node: Condition, sure_of: bool) -> str | None:
        return self._names.get(self._plain(node, sure_of))

    # Guarded rules, and what rules saw

    def _guarded(self, n: int) -> list[str]:
        names = ", ".join(["e", "s", "a", "i", "x", "H", *(f"k{k}" for k in range(len(self.counters)))])
        with self._bare():
            code = self.writer.write(self.rules[n].when, sure_of=True)
        return [f"def rule_{n}({names}):  # {self.rules[n].id}", f"    return {code}"]

    def _telling(self, n: int) -> Told:
        rule = self.rules[n]
        with self._bare():
            return telling(self.writer, n, rule, sorted(self.places[name] for name in _names(rule.when)))

    @contextmanager
    def _bare(self) -> Iterator[None]:
        """Write without the main function's local variables."""
        held = self.writer.locals, self.writer.numbers
        self.writer.locals, self.writer.numbers = {}, frozenset()
        yield
        self.writer.locals, self.writer.numbers = held


def _age(name: str) -> list[str]:
    """Return the lines for `author.age`, the dearest of the fields that many rules read: `age`, inline."""
    return [
        f"    {name} = a.created_at  # author.age",
        f"    if {name} is None: {name} = NAN",
        "    else:",
        "        try:",
        f"            {name} = (e.at - {name}).total_seconds()",
        f"            if {name} < 0.0: {name} = 0.0",
        "        except TypeError:",
        f"            {name} = AGE(e)",
    ]


def _joined(texts: list[str]) -> str:
    """Return code that joins a key's parts so that no two keys become one, whatever ids hold.

    Each part but the last says how long it is. The platform's name, which Hakam gave, holds no control character.
    """
    *before, last = texts
    sized = "".join(f"{{len({text})}}\\x1f{{{text}}}" for text in before)
    return f"f'{{e.platform}}\\x1f{sized}{{{last}}}'"


def _in_words(find: Callable[[str], str | None], split: Callable[[str], str]) -> Callable[[str], str | None]:
    return lambda folded: found[:SHOWN] if (found := find(split(folded))) is not None else None


def _names(node: Condition) -> frozenset[str]:
    return frozenset(part.name for part in walk(node) if isinstance(part, Counter))
