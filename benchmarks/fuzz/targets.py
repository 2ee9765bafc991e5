"""What is tried of the language, each as a function of some bytes. Whatever it raises is a defect of ours.

Each turns the bytes into what the reader under test takes, so that any bytes mean something, and asks for all that is
promised of the answer: that there is one, that every finding has a code and a place, that two ways of judging agree.
"""

from __future__ import annotations

import json
import re
import time
from functools import cache
from typing import Any

import msgspec
import re2  # type: ignore[import-untyped]  # has no types
from benchmarks.fuzz.around import RULES_OF_OTHERS, counted, edges, imported, layout
from benchmarks.fuzz.target import FILES, Choices, Target, WrongError, text_of
from benchmarks.fuzz.words import (
    GRAMMAR,
    KEYS,
    LEAVES,
    MEMBERS,
    NUMBERS,
    OF_OTHERS,
    PARTS,
    PATTERNS,
    TERMS,
    TEXTS,
    TRICKS,
    YAML,
)

from hakam.backtest.agreement import compare
from hakam.door.decode import Batch, Limits, Received, decode
from hakam.door.judgement import Judgement
from hakam.investigation.stored import read, verdict_of
from hakam.investigation.where import Asker
from hakam.policy import patterns, strict_yaml
from hakam.policy.check import Checker
from hakam.policy.codes import CODES
from hakam.policy.counters import NO_COUNTERS, MemoryCounters
from hakam.policy.coverage import disagreements, generated_events
from hakam.policy.differing import Judging
from hakam.policy.engine import Engine, compile_pack
from hakam.policy.lists import ListKind
from hakam.policy.outside import OutsideList, pack_list
from hakam.policy.pack import Pack, load_pack, names_of
from hakam.policy.render import render
from hakam.policy.source import Reporter, Scalar
from hakam.policy.tree import Condition
from hakam.policy.wording import in_language
from hakam.signals.fold import fold, fold_counting, fold_with_places, fold_words, split_words
from hakam.signals.links import find_links, host_of, registrable
from hakam.signals.measure import measure
from hakam.storage.event_log import Entry, Record
from hakam.vocabulary.event import Event
from hakam.vocabulary.finding import Finding, Span
from hakam.vocabulary.problem import Problem

PLACELESS = frozenset({"P001", "P005", "P505"})  # findings about the pack as a whole
_POINTER = re.compile(r"(?:/(?:[^~/]|~[01])*)*")


OUTSIDE = {
    "bad-ids": OutsideList("bad-ids", pack_list(ListKind.VALUES, ["a1", "ربح"])[0]),
    "phrases": OutsideList("phrases", pack_list(ListKind.TERMS, ["free money", "ربح سريع"])[0]),
}

INSIDE = {  # the same lists within the pack, where another program reads them too
    "lists/bad-ids.txt": "# kind: values\na1\nربح\n",
    "lists/phrases.txt": "free money\nربح سريع\n",
}


def _located(findings: tuple[Finding, ...], files: dict[str, str]) -> None:
    """Ask of each finding what a person needs to find it, and that it can be shown in both languages."""
    for finding in findings:
        if finding.code not in CODES:
            raise WrongError(f"there is no code {finding.code}")
        if not finding.hint:
            raise WrongError(f"{finding.code} says no way out: {finding.message}")
        if finding.span is None:
            if finding.code not in PLACELESS:
                raise WrongError(f"{finding.code} has no place: {finding.message}")
            continue
        span = finding.span
        if span.line < 1 or span.column < 1 or (span.end_line, span.end_column) <= (span.line, span.column):
            raise WrongError(f"{finding.code} stands nowhere: {span}")
        if span.file in files:
            text = files[span.file].replace("\r\n", "\n").replace("\r", "\n")
            if span.line > text.count("\n") + 2:
                raise WrongError(f"{finding.code} stands after the end: {span}")
        in_language(finding, "ar")
    if findings and not (render(findings, files) and render(findings, files, "ar")):
        raise WrongError("findings that can't be shown")


def _loaded(files: dict[str, str]) -> None:
    loaded = load_pack(files, OUTSIDE)
    _located(loaded.findings, files)
    if (loaded.pack is None) is not bool(loaded.errors):
        raise WrongError("a pack with errors, or none without")
    if loaded.pack is None:
        return
    engine = compile_pack(loaded.pack)
    for one in disagreements(engine, generated_events(engine, 2)):
        raise WrongError(f"{one.rule}: compiled {one.compiled}, plain {one.plain} on {one.event}")


def yaml(data: bytes) -> None:
    """Try the reader of strict YAML by itself."""
    text, reporter = text_of(data), Reporter()
    node = strict_yaml.read("rules.yaml", text, reporter)
    _located(reporter.findings(), {"rules.yaml": text})
    if node is None and not len(reporter) and text.removeprefix("\ufeff").strip():
        plain = [line for line in text.split("\n") if line.strip() and not line.lstrip().startswith("#")]
        if plain and plain != ["---"]:
            raise WrongError("nothing was read, and nothing said")
    if node is not None:
        strict_yaml.plain(node)


def pack(data: bytes) -> None:
    """Try a sound pack of which one file is another: the first byte chooses which."""
    paths = sorted(FILES)
    path = paths[data[0] % len(paths)] if data else paths[0]
    _loaded({**FILES, path: text_of(data[1:])})


@cache
def _base() -> Pack:
    loaded = load_pack(FILES, OUTSIDE)
    if loaded.pack is None:
        raise WrongError(f"the pack to begin with is wrong: {loaded.errors[0]}")
    return loaded.pack


def _checked(text: str) -> Condition | None:
    """Check a condition where it stands in a file, without the file around it."""
    files, reporter = {"rules.yaml": text}, Reporter()
    lines = text.split("\n")
    scalar = Scalar(text, Span("rules.yaml", 1, 1, len(lines), len(lines[-1]) + 2), text)
    found = Checker(names_of(_base()), reporter).check(scalar)
    findings = reporter.findings()
    _located(findings, files)
    if found is None and not reporter.has_errors():
        raise WrongError(f"no condition, and no error: {[one.code for one in findings]}")
    return None if reporter.has_errors() else found


def expression(data: bytes) -> None:
    """Try a text as a condition: by itself, and now and then in a pack, in a block or in quotes."""
    text = text_of(data[1:]).replace("\x00", "")
    way = data[0] % 16 if data else 0
    if way > 1:
        _judged_both_ways([_checked(text)], len(text))
        return
    block = "|\n" + "\n".join(f"    {line}" for line in text.split("\n"))
    when = block if way else json.dumps(text)
    rule = f"- rule: tried\n  policy: spam\n  stage: live\n  when: {when}\n  then: [remove]\n"
    _loaded({**FILES, "rules.yaml": FILES["rules.yaml"] + rule})


def _judged_both_ways(conditions: list[Condition | None], seed: int) -> None:
    """Compile conditions as the rules of a pack and judge some events by them."""
    base = _base()
    rules = tuple(
        msgspec.structs.replace(base.rules[0], id=f"r{n}", when=when)
        for n, when in enumerate(conditions)
        if when is not None
    )
    engine = compile_pack(msgspec.structs.replace(base, rules=rules))
    for one in disagreements(engine, generated_events(engine, 2, seed=seed)):
        raise WrongError(f"{one.rule}: compiled {one.compiled}, plain {one.plain} on {one.event}")


def _condition(choose: Choices, depth: int = 0) -> str:  # noqa: PLR0911 -- one for each form
    kind = choose.number(10) if depth < 4 else choose.number(6)
    match kind:
        case 0:
            return choose.among(LEAVES)
        case 1:
            signs = ("<", "<=", ">", ">=", "==", "!=")
            return f"{_number(choose)} {choose.among(signs)} {_number(choose)}"
        case 2:
            words = ", ".join(
                json.dumps(choose.among(TERMS), ensure_ascii=False) for _ in range(choose.number(3) + 1)
            )
            whole = choose.among(("", ", words=False"))
            return f"contains_any({choose.among(TEXTS)}, [{words}]{whole})"
        case 3:
            name = choose.among(("starts_with", "ends_with", "word"))
            word = json.dumps(choose.among(TERMS), ensure_ascii=False)
            return f"{name}({choose.among(TEXTS)}, {word})"
        case 4:
            whole = choose.among(("", ", words=True"))
            return f'matches({choose.among(TEXTS)}, r"{choose.among(PATTERNS)}"{whole})'
        case 5:
            low, high = choose.among(NUMBERS), choose.among(NUMBERS)
            return f"{low} < {choose.among(NUMBERS)} <= {high}"
        case 6:
            return f"not ({_condition(choose, depth + 1)})"
        case 7:
            where = _condition(choose, depth + 2)
            return f'count(by=author.id, within="10m", where={where}) >= {choose.number(4)}'
        case _:
            word = choose.among((" and ", " or "))
            return f"({word.join(_condition(choose, depth + 1) for _ in range(choose.number(2) + 2))})"


def _number(choose: Choices) -> str:
    if choose.number(4):
        return choose.among(NUMBERS)
    return f"{choose.among(NUMBERS)} {choose.among(('+', '-', '*', '/', '%'))} {choose.among(NUMBERS)}"


def checker(data: bytes) -> None:
    """Try conditions that are mostly sound: each byte chooses how one goes on. Sound ones are judged both ways."""
    choose = Choices(data)
    conditions = [_checked(_condition(choose))]
    while len(conditions) < 4 and not choose.used_up:
        conditions.append(_checked(_condition(choose)))
    _judged_both_ways(conditions, len(data))


def _rules(conditions: list[str]) -> str:
    return "".join(
        f"- rule: r{n}\n  policy: spam\n  stage: live\n  when: {json.dumps(text)}\n  then: [limit_reach]\n"
        for n, text in enumerate(conditions)
    )


def columns(data: bytes) -> None:
    """Try conditions made choice by choice over columns, as a back-test judges, and by the compiled function.

    Both judge the same events, which are made of what the conditions ask for, and count over them.
    """
    choose = Choices(data)
    written = [_condition(choose)]
    while len(written) < 4 and not choose.used_up:
        written.append(_condition(choose))
    sound = [text for text in written if _checked(text) is not None]
    loaded = load_pack({**FILES, **INSIDE, "rules.yaml": FILES["rules.yaml"] + _rules(sound)})
    if loaded.pack is None:  # conditions that are sound alone, and not beside each other
        return
    events = generated_events(compile_pack(loaded.pack), 24, seed=len(data))
    found = compare(loaded.pack, sorted(events, key=lambda event: event.at))
    if found.differences or found.failed or Judging.COLUMNS not in found.ways:
        raise WrongError(f"{found.differences[:2]}, failed: {found.failed}, of {sound}")


def asked(data: bytes) -> None:
    """Try conditions made choice by choice as questions to the event log, and as the rules that judged at the door.

    The log is that of a door which judged by them, and then that of one which did not: there, what they need is
    measured when they are asked. Counters, and scores of our own models, are not known afterwards.
    """
    choose = Choices(data)
    written = [_condition(choose)]
    while len(written) < 4 and not choose.used_up:
        written.append(_condition(choose))
    sound = [text for text in written if _checked(text) is not None]
    loaded, bare = (
        load_pack({**FILES, **INSIDE, "rules.yaml": FILES["rules.yaml"] + more})
        for more in (_rules(sound), "")
    )
    if loaded.pack is None or bare.pack is None:
        return
    engine = compile_pack(loaded.pack)
    events = sorted(generated_events(engine, 12, seed=len(data)), key=lambda event: event.at)
    received = [
        Received(msgspec.json.encode(event), event=event, at=event.at.timestamp()) for event in events
    ]
    questions = [Asker(loaded.pack).ask(text).question for text in sound]
    if None in questions:
        raise WrongError(f"a rule that is no question, of {sound}")
    entries, others = (
        Judgement(one, MemoryCounters()).judge(received) for one in (engine, compile_pack(bare.pack))
    )
    for entry, other in zip(entries, others, strict=True):
        verdict = verdict_of(_record(entry))
        fired = {firing.rule for firing in verdict.firings}
        for n, question in enumerate(questions):
            assert question is not None
            if f"r{n}" in verdict.quarantined:
                continue
            later = not question.counters and 'scores["' not in question.text and "bank(" not in question.text
            for record in (entry, *([other] if later else [])):
                stored = read(_record(record), question.needs, ())
                holds = question.holds(stored.event, stored.signals, stored.counters)
                if holds is not (f"r{n}" in fired):
                    raise WrongError(
                        f"{question.text}: asked {holds}, judged {sorted(fired)}, {record.raw!r}"
                    )


def _record(entry: Entry) -> Record:
    return Record(1, entry.at, entry.platform, entry.id, entry.at, entry.raw, entry.signals, entry.verdict)


def pattern(data: bytes) -> None:
    """Try a pattern: refused with a reason, or compiled and found in linear time, however it is written."""
    text = text_of(data[1:])
    folded, words = bool(data[:1] and data[0] & 1), bool(data[:1] and data[0] & 2)
    said: list[str] = []
    made = patterns.prepare(text, lambda code, _message, _hint: said.append(code), folded=folded, words=words)
    if set(said) - set(CODES):
        raise WrongError(f"codes that are not there: {said}")
    if made is None:
        if not any(CODES[code].severity == "error" for code in said):
            raise WrongError("refused without a reason")
        return
    compiled = re2.compile(made, patterns.options())
    start = time.process_time()
    for filler in ("a" * 20_000, text * (20_000 // max(len(text), 1)), "ا " * 10_000):
        compiled.search(filler)
    taken = time.process_time() - start
    if taken > 1.0:
        raise WrongError(f"a pattern took {taken:.1f} s for 60,000 characters")


LIMITS = Limits(
    platform="forum", now=1_767_268_800.0, max_event_bytes=65_536, max_events=50, future_seconds=300.0
)
_TYPES = ("application/json", "application/x-ndjson", "application/json; charset=utf-8", "text/plain")


@cache
def _judging() -> Engine:
    rules = "".join(
        f"- rule: r{n}\n  policy: spam\n  stage: live\n  when: |\n    {when}\n  then: [limit_reach]\n"
        for n, when in enumerate(
            (
                *(f"known({field})" for field in NUMBERS[:8]),
                *(f'contains_any({text}, ["a", "ربح"], words=False)' for text in TEXTS),
                *(f'matches({text}, r"[a-z]+|[ء-ي]+")' for text in TEXTS),
                'word(text.folded, "free")',
                'similar(text.folded, "free money", at_least=0.5)',
                'author.age < "1d"',
                "author.posts / item.reach > 0.5",
                '"phone" in text.private_data',
                'text.language == "ar"',
            )
        )
    )
    loaded = load_pack({**FILES, "rules.yaml": rules, "terms.yaml": ""}, OUTSIDE)
    if loaded.pack is None:
        raise WrongError(f"the rules that events are judged by are wrong: {loaded.errors[0]}")
    return compile_pack(loaded.pack)


def events(data: bytes) -> None:
    """Try a request's body: each event taken or refused with a pointer; what is taken is judged and kept."""
    kind = _TYPES[data[0] % len(_TYPES)] if data else _TYPES[0]
    found = decode(data[1:], kind, LIMITS)
    if isinstance(found, Problem):
        _told(found)
        return
    if not isinstance(found, Batch) or not found.items:
        raise WrongError("neither a problem nor events")
    engine = _judging()
    for item in found.items:
        if (item.event is None) is (item.problem is None):
            raise WrongError("an event both taken and refused, or neither")
        if item.problem is not None:
            _told(item.problem)
            msgspec.json.encode(item.id)
        if item.event is not None:
            _judged(engine, item.event)


def _judged(engine: Engine, event: Event) -> None:
    signals = measure(event)
    verdict = engine.judge(event, signals, NO_COUNTERS)
    if verdict.quarantined:
        raise WrongError(f"rules failed: {verdict.quarantined}")
    plain = {firing.rule for firing in engine.plainly(event, signals).firings}
    fired = {firing.rule for firing in verdict.firings}
    if fired != plain:
        raise WrongError(f"compiled {sorted(fired - plain)}, plain {sorted(plain - fired)}")
    msgspec.json.decode(msgspec.json.encode(verdict))
    msgspec.json.decode(msgspec.json.encode(signals))
    msgspec.json.decode(msgspec.json.encode(event), type=Event)


def _told(problem: Problem) -> None:
    pointer: Any = problem.pointer
    if pointer is not None and _POINTER.fullmatch(pointer) is None:
        raise WrongError(f"no JSON pointer: {pointer!r}")
    msgspec.json.encode(problem)


def folding(data: bytes) -> None:
    """Try all that is done to a text before rules see it."""
    text = (
        data.decode("utf-8", "surrogatepass" if data[:1] == b"\x01" else "replace")
        if _readable(data)
        else text_of(data)
    )
    folded = fold(text)
    if fold(folded) != folded:
        raise WrongError("folding a folded text changes it")
    traced, places = fold_with_places(text)
    if traced != folded:
        raise WrongError(f"two foldings differ: {folded!r}, {traced!r}")
    if (
        len(places) != len(traced)
        or list(places) != sorted(places)
        or any(not 0 <= at < len(text) for at in places)
    ):
        raise WrongError("places that are none")
    if fold_counting(text)[0] != folded:
        raise WrongError("counting tricks changes the text")
    words = split_words(folded)
    if words != fold_words(text) or split_words(words) != words or "  " in words.strip():
        raise WrongError(f"words are not words: {words!r}")
    for link in find_links(text):
        host = host_of(link)
        if host is not None and registrable(host) not in {host, registrable(host)}:
            raise WrongError("no part of the host")
        if host is not None and not host.endswith(registrable(host)):
            raise WrongError(f"{registrable(host)!r} is no end of {host!r}")
    if not any("\ud800" <= char <= "\udfff" for char in text):
        measure(
            msgspec.convert(
                {
                    "id": "1",
                    "platform": "forum",
                    "kind": "post",
                    "at": "2026-01-01T12:00:00Z",
                    "author": {"id": "a"},
                    "item": {"id": "i", "text": text},
                },
                Event,
            )
        )


def _readable(data: bytes) -> bool:
    try:
        data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


_EVENT = (
    '{"id":"1","platform":"forum","kind":"post","at":"2026-01-01T12:00:00Z","author":{"id":"a","name":"Free","posts":3,'
    '"created_at":"2020-01-01T00:00:00Z"},"item":{"id":"i","text":"ربح سريع https://a.example","reach":5,'
    '"links":["http://b.example"],"media":[{"url":"https://c.example/x.png","hashes":{"pdq":"00"}}]},'
    '"scores":{"toxicity":0.5},"extra":{"karma":3,"tags":["x"]},"context":{"country":"DE"}}'
)

TARGETS = {
    one.name: one
    for one in (
        Target(yaml, tuple(FILES.values()), (*YAML, *KEYS)),
        Target(
            pack,
            tuple(f"{chr(n)}{FILES[path]}" for n, path in enumerate(sorted(FILES))),
            (*YAML, *KEYS, *GRAMMAR),
        ),
        Target(expression, tuple(f"\x02{one}" for one in LEAVES), GRAMMAR),
        Target(
            checker, ("\x00\x01\x02\x03", "\x08\x01\x02\x03\x04\x05\x06\x07", "\x09\x01\x07\x03\x01\x02"), ()
        ),
        Target(columns, ("\x00\x01\x02\x03", "\x08\x01\x02\x03\x04\x05", "\x07\x01\x02\x03"), ()),
        Target(asked, ("\x00\x01\x02\x03", "\x08\x01\x02\x03\x04\x05", "\x07\x01\x02\x03"), ()),
        Target(pattern, tuple(f"\x03{one}" for one in (*PATTERNS, *PARTS)), PARTS),
        Target(events, (f"\x00{_EVENT}", f"\x00[{_EVENT}]", f"\x01{_EVENT}\n{_EVENT}"), MEMBERS),
        Target(
            folding,
            ("k.i.l.l y0u", "سَرِيع ـ أإآ", "https://xn--e1afmkfd.example/ hxxps://a[.]b", *TRICKS),
            TRICKS,
        ),
        Target(imported, tuple(f"{chr(n)}{one}" for n, one in enumerate(RULES_OF_OTHERS)), OF_OTHERS),
        Target(edges, ("\x00\x02\x09\x00\x09\x00\x01\x02", "\x01\x03\x1c\x00\x06\x09\x01"), ()),
        Target(
            layout, tuple(f"{chr(n)}{FILES[path]}" for n, path in enumerate(sorted(FILES))), (*YAML, *KEYS)
        ),
        Target(
            counted,
            ("\x01\x01\x00\x00\x02\x00\x01\x03\x01" * 3, "\x02\x01\x02\x01\x03\x02\x05\x06\x01" * 4),
            (),
        ),
    )
}
