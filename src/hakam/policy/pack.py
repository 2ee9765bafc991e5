"""A pack.

From files to rules that can be trusted, or to findings that say what to mend. Never raises on any input.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping as Dictionary
from itertools import chain

import msgspec

from hakam.policy.check import Checker, Names
from hakam.policy.clauses import Clause, read_clauses
from hakam.policy.examples import Example, read_beside, read_examples
from hakam.policy.fields import EXTRA_KINDS, FieldSpec, extra_field
from hakam.policy.listed import language_hint, report_language
from hakam.policy.lists import ListKind, TermList, read_list, report_alike
from hakam.policy.measures import Act, marks_of
from hakam.policy.outside import OutsideList
from hakam.policy.params import Param, Tuning, read_params, read_tuned
from hakam.policy.rules import MAX_RULES, Rule, read_rules
from hakam.policy.semantics import report_semantics
from hakam.policy.shape import ID, LANGUAGE, Shape
from hakam.policy.source import Reporter, Scalar, nearest
from hakam.policy.staged import Part, variants
from hakam.policy.strict_yaml import Mapping, Node, Sequence, Text, read
from hakam.policy.tree import Counter, walk
from hakam.vocabulary.finding import Finding, Severity, Span
from hakam.vocabulary.verdict import PackRef

MAX_FILES = 1_000
MAX_COUNTERS = 200
MATURITIES = ("experimental", "test", "stable", "deprecated")

NAME = "^[a-z][a-z0-9_]{0,63}$"
_NAME = re.compile(NAME[1:-1])
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+_-]{0,63}")
KEYS = ("id", "version", "maturity", "languages", "title", "extra", "holdback")
MAX_HOLDBACK = 0.1
_LIST_NAME = re.compile(r"lists/[a-z0-9][a-z0-9-]*\.txt")


class Pack(msgspec.Struct, frozen=True):
    """Rules that were checked, with all that they need."""

    ref: PackRef
    maturity: str
    languages: tuple[str, ...]
    title: dict[str, str]
    extra: dict[str, FieldSpec]
    clauses: dict[str, Clause]
    lists: dict[str, TermList]
    rules: tuple[Rule, ...]
    examples: tuple[Example, ...]
    files: dict[str, str]
    params: dict[str, Param] = {}
    holdback: float = 0.0  # share of authors for whom rules of lighter clauses only watch
    outside: dict[str, OutsideList] = {}  # lists outside the pack that its rules read, as they were then

    def rule(self, id_: str) -> Rule:
        """Return a rule by its id. Raises `KeyError`."""
        for rule in self.rules:
            if rule.id == id_:
                return rule
        raise KeyError(id_)


class Loaded(msgspec.Struct, frozen=True):
    """What came of loading: a pack unless there is an error, and all findings in order of place."""

    pack: Pack | None
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that keep the pack from loading."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.ERROR)


def digest_of(files: Dictionary[str, str]) -> str:
    """Return the SHA-256 (hex) over the files, sorted by path.

    Each part is preceded by its length in bytes.
    """
    digest = hashlib.sha256()
    for path in sorted(files):
        for part in (path, files[path]):
            data = part.encode("utf-8", "surrogatepass")
            digest.update(f"{len(data)}:".encode())
            digest.update(data)
    return digest.hexdigest()


def load_pack(files: Dictionary[str, str], outside: Dictionary[str, OutsideList] | None = None) -> Loaded:
    """Read and check a pack.

    `files` maps paths inside the pack (`rules.yaml`, `lists/slurs.txt`) to their text, `outside` names the lists that
    stand outside of it.
    """
    report = Reporter()
    if len(files) > MAX_FILES:
        report.report("P001", f"a pack of {len(files):,} files", None, hint=f"at most {MAX_FILES:,}")
        return Loaded(None, report.findings())
    texts = {path: _even(files[path]) for path in sorted(files)}
    sorted_files = _sort(texts, report)
    head = _head(texts, report)
    lists = {
        found.name: found
        for found in (read_list(path, texts[path], report) for path in sorted_files["lists"])
    }
    terms, term_spans = _terms(sorted_files["terms"], texts, report)
    clauses, known = _clauses(sorted_files["policies"], texts, head.languages, report)
    written = _read_rules(sorted_files["rules"], texts, report)
    tuning = _tuning(sorted_files, texts, written.ids, head.languages, report)
    names = Names(
        lists,
        head.extra,
        terms,
        written.conditions,
        tuning.params,
        {} if outside is None else outside,
        _marks(written, report),
    )
    checker = Checker(names, report)
    rules, rule_ids = _rules(written, checker, clauses, known, tuning, head.languages, report)
    staged = (
        variants(rules, Part(written.nodes, checker, clauses, known, tuning, head.languages), report)
        if not report.has_errors()
        else []
    )
    examples = _examples(sorted_files["tests"], texts, rule_ids, written.nodes, report)
    unused = [name for name in terms if name not in checker.used_terms]
    for name in unused:
        checker.term(name)  # a term that no rule reads is checked too
    _alike(checker, lists, texts, report)
    _unused(checker, lists, {name: term_spans[name] for name in unused}, rules, examples, report)
    findings = report.findings()
    if any(finding.severity is Severity.ERROR for finding in findings) or head.ref is None:
        return Loaded(None, findings)
    ref = PackRef(head.ref[0], head.ref[1], digest_of(files))
    pack = Pack(
        ref,
        head.maturity,
        head.languages,
        head.title,
        head.extra,
        clauses,
        lists,
        (*rules, *staged),
        examples,
        dict(files),
        tuning.params,
        head.holdback,
        {name: checker.used_outside[name] for name in sorted(checker.used_outside)},
    )
    return Loaded(pack, findings)


def _even(text: str) -> str:
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _whole(file: str) -> Span:
    return Span(file, 1, 1, 1, 2)


def _sort(texts: Dictionary[str, str], report: Reporter) -> dict[str, list[str]]:
    kinds: dict[str, list[str]] = {
        "pack": [],
        "policies": [],
        "rules": [],
        "terms": [],
        "tests": [],
        "params": [],
        "tuned": [],
        "lists": [],
    }
    for path in texts:
        folder, _, name = path.partition("/")
        if _LIST_NAME.fullmatch(path):
            kinds["lists"].append(path)
        elif path.endswith(".yaml") and not name and folder[:-5] in kinds and folder != "lists.yaml":
            kinds[folder[:-5]].append(path)
        elif path.endswith(".yaml") and folder in {"rules", "tests", "policies"} and "/" not in name:
            kinds[folder].append(path)
        elif path.upper() not in {"README.MD", "LICENSE", "NOTICE", "CHANGELOG.MD"}:
            known = (*(f"{kind}.yaml" for kind in kinds if kind != "lists"), "lists/name.txt")
            hint = (
                nearest(path, known)
                or "rules stand in `rules.yaml` or `rules/*.yaml`, lists in `lists/*.txt`"
            )
            report.report("P010", f"nothing reads `{path[:100]}`", _whole(path), hint=hint)
    if not kinds["pack"]:
        report.report(
            "P014",
            "there is no `pack.yaml`",
            _whole("pack.yaml"),
            hint="it names the pack: id, version, languages",
        )
    if not kinds["policies"]:
        report.report(
            "P014",
            "there is no `policies.yaml`",
            _whole("policies.yaml"),
            hint="a rule needs the clause that it enforces",
        )
    return kinds


class _Head(msgspec.Struct, frozen=True):
    ref: tuple[str, str] | None = None
    maturity: str = MATURITIES[0]
    languages: tuple[str, ...] = ()
    title: dict[str, str] = {}
    extra: dict[str, FieldSpec] = {}
    holdback: float = 0.0


def _head(texts: Dictionary[str, str], report: Reporter) -> _Head:
    if "pack.yaml" not in texts:
        return _Head()
    before = len(report)
    node = read("pack.yaml", texts["pack.yaml"], report)
    shape = Shape(report)
    if not isinstance(node, Mapping):
        if node is not None or len(report) == before:
            report.report("P009", "`pack.yaml` has keys", _whole("pack.yaml"), hint="begin with `id: ...`")
        return _Head()
    shape.keys(node, KEYS)
    id_ = shape.text(node, "id", pattern=ID, what="a pack's id")
    version = shape.text(node, "version", what="version")
    if version is not None and not _VERSION.fullmatch(version):
        report.report(
            "P012", f"`{version[:40]}` can't be a version", node.entries["version"].span, hint='as "1.4.0"'
        )
    maturity = shape.choice(node, "maturity", MATURITIES) or MATURITIES[0]
    languages: list[str] = []
    if shape.has(node, "languages"):
        for text in shape.text_list(node.entries["languages"], "languages"):
            if not LANGUAGE.fullmatch(str(text.value)):
                hint = language_hint(str(text.value))
                report.report("P012", f"`{str(text.value)[:40]}` is no language", text.span, hint=hint)
                continue
            report_language(report, str(text.value), text.span)
            languages.append(str(text.value))
    title = shape.texts_by_language(node, "title", ()) if "title" in node.entries else {}
    ref = (id_, version) if id_ is not None and version is not None else None
    return _Head(ref, maturity, tuple(languages), title, _extra(node, shape), _holdback(node, shape))


def _holdback(head: Mapping, shape: Shape) -> float:
    text = shape.text(head, "holdback", what="holdback") if "holdback" in head.entries else None
    if text is None:
        return 0.0
    found = re.fullmatch(r"([0-9]{1,2}(?:\.[0-9]{1,3})?)%", text)
    share = float(found[1]) / 100 if found else -1.0
    if not 0 <= share <= MAX_HOLDBACK:
        message = "`holdback` is a share of authors, at most 10 %"
        shape.report.report("P017", message, head.entries["holdback"].span, hint="as `2%`")
        return 0.0
    return share


def _extra(head: Mapping, shape: Shape) -> dict[str, FieldSpec]:
    node = head.entries.get("extra")
    if node is None:
        return {}
    if not isinstance(node, Mapping):
        shape.report.report(
            "P009", "`extra` has names with types", node.span, hint="as `karma: number` below it"
        )
        return {}
    found = {}
    for name, span in node.keys.items():
        if not _NAME.fullmatch(name):
            shape.report.report(
                "P012", f"`{name[:60]}` can't be a field's name", span, hint="small letters, digits and `_`"
            )
            continue
        kind = shape.choice(node, name, tuple(EXTRA_KINDS), what="type")
        if kind is not None:
            found[name] = extra_field(name, EXTRA_KINDS[kind])
    return found


def _terms(
    paths: list[str], texts: Dictionary[str, str], report: Reporter
) -> tuple[dict[str, Scalar], dict[str, Span]]:
    found: dict[str, Scalar] = {}
    spans: dict[str, Span] = {}
    for path in paths:
        node = read(path, texts[path], report)
        if isinstance(node, Text) and node.value is None:
            continue
        if not isinstance(node, Mapping):
            if node is not None:
                report.report(
                    "P009",
                    "`terms.yaml` has names with conditions",
                    node.span,
                    hint='as `newcomer: author.age < "1d"`',
                )
            continue
        for name, value in node.entries.items():
            span = node.keys[name]
            if not _NAME.fullmatch(name):
                report.report(
                    "P012",
                    f"`{name[:60]}` can't be a term's name",
                    span,
                    hint="small letters, digits and `_`",
                )
            elif not isinstance(value, Text) or value.value is None:
                report.report(
                    "P009",
                    f"the term `{name}` is a condition",
                    value.span,
                    hint='as `newcomer: author.age < "1d"`',
                )
            else:
                found[name], spans[name] = value.scalar, span
    return found, spans


def _clauses(
    paths: list[str], texts: Dictionary[str, str], languages: tuple[str, ...], report: Reporter
) -> tuple[dict[str, Clause], frozenset[str] | None]:
    """Return the clauses, and the ids of all that were written; `None` if a file could not be read."""
    clauses: dict[str, Clause] = {}
    known: set[str] = set()
    unread = not paths  # which is said already
    for path in paths:
        node = read(path, texts[path], report)
        if node is None:
            unread = unread or report.has_errors()
            continue
        known |= _ids(node, "policy")
        for id_, clause in read_clauses(node, languages, report).items():
            if id_ in clauses:
                report.report(
                    "P013", f"a second clause `{id_}`", clause.span, hint="ids are unique in all files"
                )
            clauses.setdefault(id_, clause)
        unread = unread or (not isinstance(node, Sequence) and report.has_errors())
    return clauses, None if unread else frozenset(known)


def _ids(node: Node, key: str) -> set[str]:
    found = set()
    for item in node.items if isinstance(node, Sequence) else ():
        value = item.entries.get(key) if isinstance(item, Mapping) else None
        if isinstance(value, Text):
            found.add(value.scalar.value)
    return found


def names_of(pack: Pack) -> Names:
    """Return what an expression can name under a pack, for conditions that are none of its rules."""
    quiet = Reporter()  # the pack was checked when it was loaded
    texts = {path: _even(pack.files[path]) for path in sorted(pack.files)}
    sorted_files = _sort(texts, quiet)
    terms, _spans = _terms(sorted_files["terms"], texts, quiet)
    written = _read_rules(sorted_files["rules"], texts, quiet)
    at_hand = {name: found for name, found in pack.outside.items() if found.kind is not None}
    return Names(
        pack.lists, pack.extra, terms, written.conditions, pack.params, at_hand, _marks(written, quiet)
    )


class _Written(msgspec.Struct):
    """The files of rules as they were read: their nodes, ids, conditions, and what sets marks."""

    nodes: list[Node] = []
    ids: set[str] = set()
    conditions: dict[str, Scalar] = {}
    marking: list[Act] = []
    unread: bool = False


def _read_rules(paths: list[str], texts: Dictionary[str, str], report: Reporter) -> _Written:
    found = _Written()
    for path in paths:
        node = read(path, texts[path], report)
        if node is None:
            found.unread = found.unread or report.has_errors()
            continue
        found.nodes.append(node)
        found.ids |= _ids(node, "rule")
        for entry in node.items if isinstance(node, Sequence) else ():
            if not isinstance(entry, Mapping):
                continue
            name, when, then = (entry.entries.get(key) for key in ("rule", "when", "then"))
            if isinstance(name, Text) and isinstance(when, Text) and when.value is not None:
                found.conditions.setdefault(name.scalar.value, when.scalar)
            if then is not None and "mark(" in texts[path]:
                found.marking += marks_of(then)
    return found


def _marks(written: _Written, report: Reporter) -> dict[tuple[str, str], float]:
    """Return the marks that rules set, with the seconds that each lives."""
    found: dict[tuple[str, str], float] = {}
    for act in written.marking:
        assert act.mark is not None
        key = (act.mark.on, act.mark.name)
        if found.setdefault(key, act.mark.life) != act.mark.life:
            message = f"the mark `{act.mark.name}` expires otherwise elsewhere"
            report.report("P312", message, act.span, hint="one life for one mark")
    return found


def _tuning(
    paths: dict[str, list[str]],
    texts: Dictionary[str, str],
    rules: set[str],
    languages: tuple[str, ...],
    report: Reporter,
) -> Tuning:
    params: dict[str, Param] = {}
    for path in paths["params"]:
        node = read(path, texts[path], report)
        params = read_params(node, _NAME, report, languages) if node is not None else {}
    for path in paths["tuned"]:
        node = read(path, texts[path], report)
        if node is not None:
            return read_tuned(node, params, frozenset(rules), report)
    return Tuning(params)


def _rules(  # noqa: PLR0917 -- each is another part of the pack
    written: _Written,
    checker: Checker,
    clauses: dict[str, Clause],
    known: frozenset[str] | None,
    tuning: Tuning,
    languages: tuple[str, ...],
    report: Reporter,
) -> tuple[tuple[Rule, ...], frozenset[str] | None]:
    """Return the rules, and the ids of all that were written; `None` if a file could not be read."""
    rules: dict[str, Rule] = {}
    unread = written.unread
    for node in written.nodes:
        for rule in read_rules(node, checker, clauses, known, report, tuning.off, languages):
            if rule.id in rules:
                first = rules[rule.id].span
                hint = f"the first is in {first.file}, line {first.line}"
                report.report("P013", f"a second rule `{rule.id}`", rule.span, hint=hint)
            rules.setdefault(rule.id, rule)
        unread = unread or (not isinstance(node, Sequence) and report.has_errors())
    if len(rules) > MAX_RULES:
        report.report("P505", f"{len(rules):,} rules", None, hint=f"at most {MAX_RULES:,}")
    counters = {part.name for rule in rules.values() for part in walk(rule.when) if isinstance(part, Counter)}
    if len(counters) > MAX_COUNTERS:
        report.report("P505", f"{len(counters):,} counters", None, hint=f"at most {MAX_COUNTERS}")
    return tuple(rules.values()), None if unread else frozenset(written.ids)


def _examples(
    paths: list[str],
    texts: Dictionary[str, str],
    rules: frozenset[str] | None,
    nodes: list[Node],
    report: Reporter,
) -> tuple[Example, ...]:
    """Return the tests: those that stand beside their rules, then those of the files of tests."""
    examples: dict[str, Example] = {}
    found = [read_beside(node, report) for node in nodes]
    for path in paths:
        node = read(path, texts[path], report)
        found.append(read_examples(node, rules, report) if node is not None else [])
    for example in chain.from_iterable(found):
        if example.name in examples:
            report.report(
                "P013", f"a second test `{example.name[:60]}`", example.span, hint="names are unique"
            )
        examples.setdefault(example.name, example)
    return tuple(examples.values())


def _alike(checker: Checker, lists: dict[str, TermList], texts: dict[str, str], report: Reporter) -> None:
    """Report what lists say twice, of a pack that is right otherwise: what searches a list is known."""
    for name in () if report.has_errors() else sorted(checker.alike & lists.keys()):
        searched, found = checker.searched[name], lists[name]
        words = {one for one in searched if one is not None}
        if found.kind is not ListKind.DOMAINS and words == searched:
            report_alike(found.file, texts[found.file], words, report)


def _unused(  # noqa: PLR0917 -- each is another part of the pack
    checker: Checker,
    lists: dict[str, TermList],
    terms: dict[str, Span],
    rules: tuple[Rule, ...],
    examples: tuple[Example, ...],
    report: Reporter,
) -> None:
    """Report what nothing reads, and what rules mean together.

    Only of a pack that is right otherwise, where it is no consequence of an error.
    """
    if report.has_errors():
        return
    report_semantics(rules, report)
    for name, found in lists.items():
        if name not in checker.used_lists:
            report.report(
                "P021", f"no rule reads the list `{name}`", _whole(found.file), hint="remove it, or use it"
            )
    for name, span in terms.items():
        report.report("P021", f"no rule reads the term `{name}`", span, hint="remove it, or use it")
    for name, param in checker.names.params.items():
        if name not in checker.used_params:
            report.report(
                "P021", f"no rule reads the parameter `{name}`", param.span, hint="remove it, or use it"
            )
    tested = {name for example in examples for name in (*example.fires, *example.silent)}
    for rule in rules:
        if rule.id not in tested:
            report.report(
                "P404",
                f"no test names the rule `{rule.id}`",
                rule.span,
                hint="write `examples` under it, or a test in `tests.yaml`",
            )
