"""`python -m benchmarks.engine.packs [--count N] [--seed S] [--json]`.

Proof by force: packs made by chance, sound and broken, each checked, compiled and judged.

Nothing may crash, nothing may take longer than `--slowest` seconds of the processor, every finding has a code of the catalogue and a
place in a file, a pack with errors is no pack, and a sound one judges generated events as the plain interpreter does.
The same seed makes the same packs; one that fails is named by its number.
"""
# ruff: noqa: E501 -- texts of packs

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import Counter
from typing import Any

from hakam.policy.codes import CODES
from hakam.policy.coverage import disagreements, generated_events
from hakam.policy.engine import compile_pack
from hakam.policy.lists import ListKind
from hakam.policy.outside import OutsideList, pack_list
from hakam.policy.pack import load_pack
from hakam.policy.render import render

EVENTS = 4
PLACELESS = frozenset({"P001", "P005", "P505"})  # findings about the pack as a whole
HEAD = 'id: forced\nversion: "1"\nmaturity: test\nlanguages: [en, ar]\nextra:\n  karma: number\n  vip: boolean\n  tags: texts\n'
POLICIES = (
    "- policy: spam\n  harm: spam\n  severity: 20\n  title: {en: Spam, ar: إزعاج}\n  text: {en: No spam., ar: لا إزعاج.}\n"
    "  ladder: [label('spam'), warn, limit_reach, remove]\n"
)
WORDS = ("free", "money", "spam", "ربح", "سريع", "Ünï", "a1", "نقود")
NUMBERS = (
    "author.followers", "author.posts", "item.reach", "text.length", "len(item.mentions)", "extra.karma", "event.hour",
    'scores["toxicity"]', 'count(by=author.id, within="10m")', 'sum(item.reach, per=author.id, within="1h")',
    'distinct(author.id, per=text.fingerprint, within="1h")',
)  # fmt: skip
ACTS = ("limit_reach", "remove", "warn", 'review(queue="spam")')
DAMAGE = ("(", ")", '"', " and ", " or ", "not ", "[", "]", ",", "<", "==", "\x00", "\u202e", "😀", "9" * 400, "lambda: 0",
          "author.", "None", "\n", "\t", "#", ": ", "- ", "{", "}", "&a ", "*a", "!!", "|", ">", "%", "text.foldde")  # fmt: skip
OUTSIDE = {
    "bad-ids": OutsideList("bad-ids", pack_list(ListKind.VALUES, ["a1", "ربح"])[0]),
    "phrases": OutsideList("phrases", pack_list(ListKind.TERMS, ["free money", "ربح سريع"])[0]),
}


def leaf(chance: random.Random) -> str:
    """Return a condition without parts."""
    word, other = chance.choice(WORDS), chance.choice(WORDS)
    number, sign = chance.choice(NUMBERS), chance.choice(("<", "<=", ">", ">=", "==", "!="))
    forms = (
        f"{number} {sign} {chance.randint(-2, 9)}",
        f"{number} {chance.choice('+-*/')} {chance.choice(NUMBERS)} {sign} {chance.randint(0, 5)}",
        f'contains_any(text.folded, ["{word}", "{other} {word}"])',
        f'contains_any(text.raw, ["{word}"], words=False)',
        'contains_any(text.folded, list("phrases"))',
        f'word(text.folded, "{word}")',
        f'starts_with(author.name, "{word}")',
        f'matches(text.folded, r"{chance.choice(("fre+", "m.n", "[a-z]{4}", "سر[يا]ع"))}")',
        f'author.country in ["{chance.choice(("DE", "FR", "SA"))}", "AT"]',
        'author.id in list("bad-ids")',
        f'any_in(extra.tags, ["{word}", "{other}"])',
        f"known({chance.choice(NUMBERS[:6])})",
        chance.choice(("author.verified", "extra.vip", 'author.age < "1d"', 'item.kind == "post"', "event.weekday in [6, 7]")),
        f'similar(text.folded, "{word} {other} {word}", at_least=0.{chance.randint(1, 9)})',
    )  # fmt: skip
    return chance.choice(forms)


def condition(chance: random.Random, depth: int = 0) -> str:
    """Return a condition of up to four levels."""
    if depth > 3 or chance.random() < 0.45:
        return leaf(chance)
    if chance.random() < 0.2:
        return f"not ({condition(chance, depth + 1)})"
    word = chance.choice((" and ", " or "))
    return f"({word.join(condition(chance, depth + 1) for _ in range(chance.randint(2, 3)))})"


def damaged(chance: random.Random, text: str) -> str:
    """Return a text with something cut out, put in, or said twice."""
    at = chance.randrange(len(text) + 1)
    end = min(len(text), at + chance.randint(0, 12))
    return text[:at] + chance.choice((chance.choice(DAMAGE), "", text[at:end] * 2)) + text[end:]


def files_of(seed: int) -> dict[str, str]:
    """Return the files of a pack: half of the packs are damaged in one place or more."""
    chance = random.Random(seed)
    rules = "".join(
        f"- rule: r{n}\n  policy: spam\n  stage: {chance.choice(('shadow', 'live'))}\n  when: |\n    {condition(chance)}\n"
        f"  then: [{chance.choice(ACTS)}]\n"
        for n in range(chance.randint(1, 6))
    )
    files = {"pack.yaml": HEAD, "policies.yaml": POLICIES, "rules.yaml": rules}
    if chance.random() < 0.5:
        for _ in range(chance.randint(1, 4)):
            path = chance.choice(("rules.yaml", "rules.yaml", "rules.yaml", *files))
            files[path] = damaged(chance, files[path])
    return files


def try_one(seed: int) -> tuple[list[str], list[str]]:
    """Check, compile and judge one pack. Returns the codes of what was found, and what is wrong with us."""
    files, wrong = files_of(seed), []
    loaded = load_pack(files, OUTSIDE)
    for finding in loaded.findings:
        if finding.code not in CODES:
            wrong.append(f"there is no code {finding.code}")
        if finding.span is None and finding.code not in PLACELESS:
            wrong.append(f"{finding.code} has no place")
        elif finding.span is not None and (finding.span.line < 1 or finding.span.column < 1):
            wrong.append(f"{finding.code} stands nowhere: {finding.span}")
    if loaded.findings and not render(loaded.findings, files):
        wrong.append("findings that can't be shown")
    if (loaded.pack is None) is not bool(loaded.errors):
        wrong.append("a pack with errors, or none without")
    if loaded.pack is not None:
        engine = compile_pack(loaded.pack)
        events = generated_events(engine, EVENTS, seed=seed)
        wrong += [
            f"{one.rule}: compiled {one.compiled}, plain {one.plain}" for one in disagreements(engine, events)
        ]
    return [finding.code for finding in loaded.findings], wrong


def run(count: int, first: int, slowest: float) -> dict[str, Any]:
    """Try some packs and return what came of them. Whatever goes wrong is named, and the next one tried."""
    codes: Counter[str] = Counter()
    sound, failures, worst, spent = 0, [], 0.0, time.perf_counter()
    for seed in range(first, first + count):
        start = time.process_time()  # other programs do not count
        try:
            found, wrong = try_one(seed)
        except Exception as error:  # noqa: BLE001 -- whatever it is, it is what we look for
            found, wrong = [], [f"{type(error).__name__}: {error}"]
        taken = time.process_time() - start
        worst = max(worst, taken)
        if taken > slowest:
            wrong.append(f"took {taken:.1f} s")
        failures += [f"pack {seed}: {one}" for one in wrong]
        codes.update(set(found))
        sound += not any(CODES[code].severity == "error" for code in found if code in CODES)
    return {
        "packs": count,
        "sound": sound,
        "codes": dict(codes.most_common()),
        "worst_seconds": worst,
        "seconds": time.perf_counter() - spent,
        "failures": failures,
    }


def main() -> None:
    """Try what was asked for and print what came of it; exit code 1 if anything went wrong."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--count", type=int, default=1_000, help="how many packs")
    asked.add_argument("--seed", type=int, default=0, help="number of the first pack")
    asked.add_argument("--slowest", type=float, default=5.0, help="processor seconds that one pack may take")
    asked.add_argument("--json", action="store_true", help="print JSON")
    given = asked.parse_args()
    result = run(given.count, given.seed, given.slowest)
    if given.json:
        print(json.dumps(result, indent=1, ensure_ascii=False))
    else:
        print(
            f"{result['packs']:,} packs, {result['sound']:,} sound, {len(result['codes'])} different findings, "
            f"{result['seconds']:.0f} s, the slowest {result['worst_seconds']:.2f} s; {len(result['failures'])} failures"
        )
        for line in result["failures"][:20]:
            print(f"  {line}")
    if result["failures"]:
        sys.exit(1)


if __name__ == "__main__":
    main()
