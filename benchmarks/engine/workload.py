"""A workload written for any engine: translate its rules, judge its events, compare with the hits it expects.

The folder holds `ruleset.json` (features by path, rules as expressions over them), `events.jsonl.zst` and
`expected_hits.json`. Features become fields of Hakam's event; rules that name other rules become terms.
"""

from __future__ import annotations

import ast
import gc
import io
import json
import re
import string
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import zstandard
from benchmarks.engine.detail import detail, shown
from benchmarks.engine.timing import timed

from hakam.policy.counters import NO_COUNTERS
from hakam.policy.engine import compile_pack
from hakam.policy.pack import load_pack
from hakam.signals.measure import measure
from hakam.vocabulary.event import Event

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
FIELDS = {
    "UserId": "author.id",
    "Handle": "author.name",
    "DisplayName": "extra.display_name",
    "FollowerCount": "author.followers",
    "FollowingCount": "author.following",
    "PostCount": "author.posts",
    "EmailVerified": "author.verified",
    "Country": "author.country",
    "PostText": "text.raw",
    "Lang": "item.language",
    "Links": "item.links",
    "Mentions": "item.mentions",
    "Hashtags": "item.hashtags",
    "ReplyTo": "item.parent",
    "MediaCount": "item.media_count",
    "IpAddress": "context.ip_hash",
    "UserAgent": "context.client",
    "Toxicity": 'scores["toxicity"]',
    "TextLength": "text.length",
    "LinkCount": "len(item.links)",
    "MentionCount": "len(item.mentions)",
    "HashtagCount": "len(item.hashtags)",
}


def event_of(line: dict[str, Any]) -> dict[str, Any]:
    """Return an event of the workload as Hakam's JSON."""
    data = line["data"]
    user, post, client = data["user"], data["post"], data["client"]
    return {
        "id": str(line["id"]),
        "platform": "workload",
        "kind": "post",
        "at": AT.isoformat(),
        "author": {
            "id": user["id"],
            "name": user["handle"],
            "created_at": (AT - timedelta(seconds=user["account_age_s"])).isoformat(),
            "followers": user["followers"],
            "following": user["following"],
            "posts": user["posts"],
            "verified": user["email_verified"],
            "country": user["country"],
        },
        "item": {
            "id": post["id"],
            "text": post["text"],
            "language": post["lang"],
            "links": post["links"],
            "mentions": post["mentions"],
            "hashtags": post["hashtags"],
            "media": [{}] * post["media_count"],
            **({} if post.get("reply_to") is None else {"parent": post["reply_to"]}),
        },
        "context": {"client": client["ua"], "ip_hash": client["ip"]},
        "scores": data["scores"],
        "extra": {"display_name": user["display_name"]},
    }


def pattern(source: str, *, any_case: bool) -> str:
    r"""Return a pattern without `\b` and back references, of the same meaning on these ASCII texts."""
    if source == r"(.)\1{7,}":
        return "|".join(f"{re.escape(char)}{{8,}}" for char in string.printable.strip() + " ")
    parts = source.split(r"\b")
    edged = r"(?:^|[^0-9A-Za-z_])"
    if len(parts) > 1:
        source = parts[0] + "".join(
            (edged if n == 0 else r"(?:[^0-9A-Za-z_]|$)") + part for n, part in enumerate(parts[1:])
        )
    return f"(?i){source}" if any_case else source


class _Translator(ast.NodeTransformer):
    def __init__(self, rules: set[str]) -> None:
        self.rules = rules

    def visit_Name(self, node: ast.Name) -> ast.expr:
        source = node.id.lower() if node.id in self.rules else FIELDS[node.id]
        return ast.parse(source, mode="eval").body

    def visit_Call(self, node: ast.Call) -> ast.expr:
        assert isinstance(node.func, ast.Name)
        given = {keyword.arg: keyword.value for keyword in node.keywords}
        value = {name: at.value for name, at in given.items() if isinstance(at, ast.Constant)}
        if node.func.id == "TextContains":
            return ast.parse(f"word(text.folded, {value['phrase']!r})", mode="eval").body
        target = given.get("target", given.get("list"))
        assert isinstance(target, ast.Name)
        regex = pattern(str(value["pattern"]), any_case=bool(value.get("case_insensitive", False)))
        return ast.Call(ast.Name("matches"), [self.visit_Name(target), ast.Constant(regex)], [])

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        (right,) = node.comparators
        if isinstance(right, ast.Constant) and right.value is None:
            return ast.parse(f"known({FIELDS['ReplyTo']})", mode="eval").body
        if (
            isinstance(node.left, ast.Name)
            and node.left.id == "AccountAgeSeconds"
            and isinstance(right, ast.Constant)
        ):
            sign = ast.unparse(ast.Compare(ast.Name("x"), node.ops, [ast.Name("y")])).split()[1]
            return ast.parse(f'author.age {sign} "{right.value}s"', mode="eval").body
        return self.generic_visit(node)  # type: ignore[return-value]


def _raw_strings(source: str) -> str:
    """Write each text that needs a backslash raw, as the rule language wants it."""
    tree = ast.parse(source, mode="eval")
    texts = sorted(
        {
            n.value
            for n in ast.walk(tree)
            if isinstance(n, ast.Constant) and isinstance(n.value, str) and "\\" in n.value
        },
        key=len,
        reverse=True,
    )
    for text in texts:
        quote = "'''" if "'" in text and '"' in text else '"' if "'" in text else "'"
        source = source.replace(repr(text), f"r{quote}{text}{quote}")
    return source


def pack_of(ruleset: dict[str, Any]) -> dict[str, str]:
    """Return the workload's rules as a pack."""
    names = {rule["name"] for rule in ruleset["rules"]}
    translator = _Translator(names)
    terms, rules = [], []
    for rule in ruleset["rules"]:
        parts = [ast.unparse(translator.visit(ast.parse(part, mode="eval"))) for part in rule["when_all"]]
        when = _raw_strings(" and ".join(f"({part})" for part in parts))
        terms.append(f"{rule['name'].lower()}: |\n  {when}\n")
        rules.append(
            f"- rule: {rule['name'].lower().replace('_', '-')}\n  policy: spam\n  stage: live\n"
            f"  when: {rule['name'].lower()}\n  then: [limit_reach]\n"
        )
    return {
        "pack.yaml": 'id: workload\nversion: "1"\nmaturity: test\nlanguages: [en]\n'
        "extra: {display_name: text}\n",
        "policies.yaml": (
            "- policy: spam\n  harm: spam\n  severity: 20\n  title: {en: Spam}\n  text: {en: No spam.}\n"
            "  ladder: [limit_reach]\n"
        ),
        "terms.yaml": "".join(terms),
        "rules.yaml": "".join(rules),
    }


def _text(result: dict[str, Any]) -> str:
    agreed = (
        "identical hits on all"
        if not result["differing_events"]
        else f"DIFFERENT hits on {result['differing_events']} of"
    )
    return (
        f"workload: {result['rules']} rules, {agreed} {result['events']:,} events, {result['hits']:,} hits on "
        f"{result['events_that_hit']:,} of them\n"
        f"  judge only                    {result['judge_per_second']:>10,.0f} events/s\n"
        f"{shown(result['detail'])}\n"
        f"  decode + judge                {result['decode_and_judge_per_second']:>10,.0f} events/s\n"
        f"  decode + measure + judge      {result['everything_per_second']:>10,.0f} events/s"
    )


def run_workload(folder: Path) -> dict[str, Any]:
    """Judge the workload's events.

    Say how fast, and on how many events the hits differ from those expected.
    """
    ruleset = json.loads((folder / "ruleset.json").read_text("utf-8"))
    expected = json.loads((folder / "expected_hits.json").read_text("utf-8"))
    with (folder / "events.jsonl.zst").open("rb") as file:
        stream = io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(file), "utf-8")
        lines = [json.dumps(event_of(json.loads(line)), ensure_ascii=False).encode() for line in stream]
    loaded = load_pack(pack_of(ruleset))
    if loaded.pack is None:
        raise SystemExit(f"the translated pack is wrong: {loaded.errors[0]}")
    engine = compile_pack(loaded.pack)
    decode, judge, needs = msgspec.json.Decoder(Event).decode, engine.judge, engine.needs
    events = [decode(line) for line in lines]
    pairs = [(event, measure(event, needs)) for event in events]
    names = {rule["name"].lower().replace("_", "-"): rule["name"] for rule in ruleset["rules"]}
    fired = {e.id: sorted(names[f.rule] for f in judge(e, s, NO_COUNTERS).firings) for e, s in pairs}
    counts: dict[str, int] = dict.fromkeys(expected["per_rule"], 0)
    for rules in fired.values():
        for rule in rules:
            counts[rule] += 1
    differing = sum(
        sorted(wanted) != rules for wanted, rules in zip(expected["per_event"], fired.values(), strict=True)
    )
    wrong = {rule: (counts[rule], n) for rule, n in expected["per_rule"].items() if counts[rule] != n}

    def run_judge() -> None:
        for event, signals in pairs:
            judge(event, signals, NO_COUNTERS)

    def run_both() -> None:
        for line, (_, signals) in zip(lines, pairs, strict=True):
            judge(decode(line), signals, NO_COUNTERS)

    def run_all() -> None:
        for line in lines:
            event = decode(line)
            judge(event, measure(event, needs), NO_COUNTERS)

    n = len(lines)
    gc.freeze()  # as the door does: what lives as long as the program is not looked through again
    result = {
        "workload": folder.name,
        "rules": len(ruleset["rules"]),
        "events": n,
        "hits": sum(counts.values()),
        "events_that_hit": sum(map(bool, fired.values())),
        "differing_events": differing or len(wrong),
        "differing_rules": wrong,
        "detail": detail(engine, pairs),
        "judge_per_second": n / timed(run_judge, 5),
        "decode_and_judge_per_second": n / timed(run_both, 5),
        "everything_per_second": n / timed(run_all, 3),
    }
    result["text"] = _text(result)
    return result
