"""The benchmark's rules, each twice.

In Hakam's language, and as a plain Python function with the `re` module.

The plain ones say what the same rules cost without an engine, and that both fire on the same events.
"""
# ruff: noqa: E501, ARG005, FBT003 -- a table: one line for each entry

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from hakam.policy.fields import age
from hakam.signals.fold import fold, split_words
from hakam.signals.measure import Signals
from hakam.vocabulary.event import Event

Plain = Callable[[Event, Signals], bool]


class BenchRule(NamedTuple):
    """One rule in both forms."""

    name: str
    when: str
    plain: Plain


def _word(n: int, phrase: str) -> BenchRule:
    pattern = re.compile(re.escape(split_words(fold(phrase))))
    return BenchRule(
        f"word-{n}",
        f'word(text.folded, "{phrase}")',
        lambda e, s: s.words is not None and pattern.search(s.words) is not None,
    )


def _pattern(n: int, regex: str) -> BenchRule:
    pattern = re.compile(regex)
    return BenchRule(
        f"pattern-{n}",
        f'matches(text.folded, r"{regex}")',
        lambda e, s: s.folded is not None and pattern.search(s.folded) is not None,
    )


WORDS = (
    "free crypto", "double your money", "click here", "work from home", "giveaway", "wire transfer", "kill yourself",
    "ربح سريع", "اضغط هنا", "اقتل نفسك",
)  # fmt: skip
PATTERNS = (
    r"https?://(?:bit\.ly|tinyurl\.com|t\.co|goo\.gl)/[a-z0-9]+",
    r"\+?[0-9]{1,4}[ -][0-9]{3}[ -][0-9]{3}[ -][0-9]{4}",
    r"0x[a-f0-9]{40}",
    r"v[i1!]agra|c[i1!]al[i1!]s",
    r"(?:buy|sell|cheap) +(?:followers|likes|views)",
    r"(?:dm|message) +me +(?:for|to) ",
    r"100% +(?:free|guaranteed|legit)",
    r"t\.me/[a-z0-9_]{5,}",
    r"(?:اربح|اكسب) +[0-9]+ *دولار",
    r"send +(?:[a-z]+ +)?(?:btc|eth|usdt)",
)
DAY = 86_400.0


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


def _true(value: bool | None, wanted: bool) -> bool:
    return value is wanted


def _age(e: Event) -> float:
    return _number(age(e))


def _rest(scale: float) -> list[BenchRule]:
    """Return thresholds, memberships, lengths, combinations.

    `scale` varies their constants between copies.
    """
    k = round(scale, 4)
    handles = tuple(f"spammer{n:03}" for n in range(100))
    hashes = tuple(f"{n:016x}" for n in range(200))
    follows, tox = int(9_000 * k), round(min(0.75 * k, 0.95), 4)
    quoted = ", ".join(f'"{name}"' for name in handles)
    hashed = ", ".join(f'"{name}"' for name in hashes)
    handle_set, hash_set = frozenset(handles), frozenset(hashes)
    return [
        BenchRule("age", f'author.age < "{int(20 * k)}h"', lambda e, s: _age(e) < int(20 * k) * 3600),
        BenchRule("following", f"author.following > {follows}", lambda e, s: _number(e.author.following) > follows),
        BenchRule("posts", "author.posts <= 1", lambda e, s: _number(e.author.posts) <= 1),
        BenchRule("toxicity", f'scores["toxicity"] >= {tox}', lambda e, s: _number(e.scores.get("toxicity")) >= tox),
        BenchRule("length", f"text.length > {int(900 * k)}", lambda e, s: len(s.text or "") > int(900 * k)),
        BenchRule("media", f"item.media_count >= {int(4 * k) + 1}", lambda e, s: len(e.item.media) >= int(4 * k) + 1),
        BenchRule("country", 'author.country in ["ZZ", "QX"]', lambda e, s: e.author.country in {"ZZ", "QX"}),
        BenchRule("language", 'text.language not in ["en", "ar", "fr", "de"]', lambda e, s: s.language is not None and s.language not in {"en", "ar", "fr", "de"}),
        BenchRule("handle", f"author.name in [{quoted}]", lambda e, s: e.author.name in handle_set),
        BenchRule("address", f"context.ip_hash in [{hashed}]", lambda e, s: e.context.ip_hash in hash_set),
        BenchRule("client", 'context.client in ["python-requests/2.31", "curl/8.4.0"]', lambda e, s: e.context.client in {"python-requests/2.31", "curl/8.4.0"}),
        BenchRule("hashtag", '"#casino" in item.hashtags', lambda e, s: "#casino" in e.item.hashtags),
        BenchRule("links", "len(item.links) >= 3", lambda e, s: len(e.item.links) >= 3),
        BenchRule("mentions", "len(item.mentions) >= 5", lambda e, s: len(e.item.mentions) >= 5),
        BenchRule("hashtags", "len(item.hashtags) >= 8", lambda e, s: len(e.item.hashtags) >= 8),
        BenchRule("labels", "len(author.labels) > 3", lambda e, s: len(e.author.labels) > 3),
        BenchRule("new-and-linking", 'author.age < "7d" and len(item.links) >= 1 and not author.verified', lambda e, s: _age(e) < 7 * DAY and len(e.item.links) >= 1 and _true(e.author.verified, False)),
        BenchRule("quiet-and-loud", "author.posts <= 3 and len(item.mentions) >= 2 and len(item.links) >= 1", lambda e, s: _number(e.author.posts) <= 3 and len(e.item.mentions) >= 2 and len(e.item.links) >= 1),
        BenchRule("lopsided", f"author.following > {int(1500 * k)} and author.followers < 10", lambda e, s: _number(e.author.following) > int(1500 * k) and _number(e.author.followers) < 10),
        BenchRule("toxic-answer", 'scores["toxicity"] >= 0.6 and known(item.parent)', lambda e, s: _number(e.scores.get("toxicity")) >= 0.6 and e.item.parent is not None),
        BenchRule("toxic-mention", 'scores["toxicity"] >= 0.5 and len(item.mentions) >= 1 and author.age < "30d"', lambda e, s: _number(e.scores.get("toxicity")) >= 0.5 and len(e.item.mentions) >= 1 and _age(e) < 30 * DAY),
        BenchRule("short-link", '(text.language == "en" or text.language == "ar") and text.length < 20 and len(item.links) >= 1', lambda e, s: s.language in {"en", "ar"} and len(s.text or "x" * 99) < 20 and len(e.item.links) >= 1),
        BenchRule("foreign", 'not author.verified and author.country not in ["US", "FR", "DE", "GB"] and author.posts < 10 and len(item.hashtags) >= 3', lambda e, s: _true(e.author.verified, False) and e.author.country is not None and e.author.country not in {"US", "FR", "DE", "GB"} and _number(e.author.posts) < 10 and len(e.item.hashtags) >= 3),
        BenchRule("official", 'matches(author.name, r"official|support|admin") and author.followers < 100', lambda e, s: e.author.name is not None and _OFFICIAL.search(e.author.name) is not None and _number(e.author.followers) < 100),
        BenchRule("elsewhere", 'author.country != context.country and scores["spam"] > 0.6', lambda e, s: e.author.country is not None and e.context.country is not None and e.author.country != e.context.country and _number(e.scores.get("spam")) > 0.6),
        BenchRule("spammy", 'scores["spam"] * 2 + scores["toxicity"] > 1.6', lambda e, s: _number(e.scores.get("spam")) * 2 + _number(e.scores.get("toxicity")) > 1.6),
        BenchRule("bait-and-link", 'word(text.folded, "free crypto", "double your money", "giveaway") and matches(text.folded, r"https?://|0x[a-f0-9]{40}")', lambda e, s: s.words is not None and _BAIT.search(s.words) is not None and _LINK.search(s.folded or "") is not None),
        BenchRule("new-bait", 'author.age < "1d" and author.posts <= 5 and word(text.folded, "click here", "اضغط هنا")', lambda e, s: _age(e) < DAY and _number(e.author.posts) <= 5 and s.words is not None and _CLICK.search(s.words) is not None),
        BenchRule("threat", 'word(text.folded, "kill yourself", "اقتل نفسك") and not "trusted" in author.labels', lambda e, s: s.words is not None and _THREAT.search(s.words) is not None and "trusted" not in e.author.labels),
        BenchRule("crowd", "(author.posts < 50 and author.followers > 50000) or len(item.mentions) > 8", lambda e, s: (_number(e.author.posts) < 50 and _number(e.author.followers) > 50_000) or len(e.item.mentions) > 8),
    ]  # fmt: skip


def _words(*phrases: str) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(split_words(fold(phrase))) for phrase in phrases))


_OFFICIAL = re.compile(r"official|support|admin")
_BAIT = _words("free crypto", "double your money", "giveaway")
_CLICK = _words("click here", "اضغط هنا")
_THREAT = _words("kill yourself", "اقتل نفسك")
_LINK = re.compile(r"https?://|0x[a-f0-9]{40}")


def rules(count: int = 50) -> list[BenchRule]:
    """Return `count` rules: the fifty, then copies with other words and constants."""
    found: list[BenchRule] = []
    copy = 0
    while len(found) < count:
        mark = "" if copy == 0 else f" no{copy}"
        batch = [_word(n, phrase + mark) for n, phrase in enumerate(WORDS)]
        batch += [_pattern(n, regex + ("" if copy == 0 else f" x{copy}")) for n, regex in enumerate(PATTERNS)]
        batch += _rest(1 + copy / 50)
        found += [rule._replace(name=f"{rule.name}-c{copy}") for rule in batch]
        copy += 1
    return found[:count]


def pack_files(count: int = 50) -> dict[str, str]:
    """Return the pack of `count` rules."""
    blocks = [
        f"- rule: {rule.name}\n  policy: spam\n  stage: live\n  when: |\n    {rule.when}\n"
        f'  then: [limit_reach, review(queue="spam")]\n'
        for rule in rules(count)
    ]
    return {
        "pack.yaml": 'id: benchmark\nversion: "1"\nmaturity: test\nlanguages: [en]\n',
        "policies.yaml": (
            "- policy: spam\n  harm: spam\n  severity: 20\n  title: {en: Spam}\n  text: {en: No spam.}\n"
            "  ladder: [limit_reach, remove]\n"
        ),
        "rules.yaml": "".join(blocks),
    }
