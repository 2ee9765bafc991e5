"""The whole language in one pack: every field and every function, judged by the pack's own tests and by a real door.

A row is a condition, an event on which it holds, and an event on which it does not (a plain one if none is given).
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from hakam.policy.engine import compile_pack
from hakam.policy.fields import FIELDS
from hakam.policy.functions import FUNCTIONS
from hakam.policy.pack import load_pack
from hakam.policy.testing import run_examples
from hakam.testing.doors import NOW, House, event, fired, published_pack

Row = tuple[str, dict[str, Any]] | tuple[str, dict[str, Any], dict[str, Any]]

OLD, NEW = "2020-01-01T00:00:00Z", "2025-12-31T20:00:00Z"


def text(value: str, **more: Any) -> dict[str, Any]:
    return {"item": {"text": value, **more}}


def author(**more: Any) -> dict[str, Any]:
    return {"author": more}


def item(**more: Any) -> dict[str, Any]:
    return {"item": more}


ROWS: tuple[Row, ...] = (
    # Texts
    ('contains_any(text.folded, list("scam-phrases"))', text("Get FREE M0NEY today"), text("free range")),
    ('contains_any(text.folded, list("scam-phrases"))', text("ربـــحٌ سريع"), text("ربح السريع")),
    ('contains_any(text.raw, ["oney"], words=False)', text("money")),
    ('word(text.folded, "kill")', text("k i l l them"), text("skilled")),
    ('matches(text.folded, r"v[i1]agra")', text("V1AGRA now"), text("niagara")),
    ('matches(text.raw, r"[0-9]{4}")', text("in 2024")),
    ('matches(text.words, r" (?:buy|sell) now ")', text("Sell, now!"), text("sells now")),
    ('starts_with(item.text, "!")', text("!help"), text("help!")),
    ('ends_with(item.title, "?")', item(title="Why?"), item(title="? Why")),
    ('similar(text.folded, "send me your wallet phrase now", at_least=0.7)', text("send me your walet phrase now!")),
    ('similar(text.folded, "send me your wallet phrase now") > 0.7', text("Send me your wallet phrase")),
    ("text.length > 20", text("a text of thirty characters ...")),
    ("len(item.title) > 3", item(title="long"), item(title="no")),
    ("text.word_count >= 3", text("one two three"), text("one two")),
    ('text.script == "Arab"', text("مرحبا بكم جميعا")),
    ('text.language == "de"', text("hallo", language="de"), text("hello", language="en")),
    ('item.language == "fr"', text("x", language="fr"), text("x")),
    ("known(text.fingerprint)", text("a text that is long enough to have a fingerprint of its own")),
    ("text.repairs > 2", text("f.r.e.e m.o.n.e.y")),
    ('word(text.skeleton, "حمار")', text("ya 7mar enta mesh fahem"), text("ya 3ammi enta mesh fahem")),
    ('contains_any(text.skeleton, ["كلب", "قحبة"])', text("اٮٮ كلٮ"), text("انت كلام")),
    ('word(folded(author.name), "admin")', author(name="The ＡＤＭＩＮ"), author(name="administrator")),
    ('"iban" in text.private_data', text("to DE89 3704 0044 0532 0130 00"), text("to DE88 3704 0044 0532 0130 00")),
    ('any_in(text.private_data, ["phone", "email"])', text("mail me: a.b@example.org")),
    ('"DE" in text.private_countries', text("DE89 3704 0044 0532 0130 00"), text("NL91 ABNA 0417 1643 00")),
    # Numbers, times, ages
    ("author.followers < 5", author(followers=3), author(followers=9)),
    ("author.posts / 2 + 1 > author.following", author(posts=10, following=2), author(posts=2, following=10)),
    ("3 < author.posts <= 10", author(posts=10), author(posts=3)),
    ("author.posts % 2 == 1 and author.posts // 2 * 2 - author.posts == -1", author(posts=3), author(posts=4)),
    ('author.age < "1d"', author(created_at=NEW), author(created_at=OLD)),
    ('author.created_at < "2021-01-01"', author(created_at=OLD), author(created_at=NEW)),
    ('event.at - author.created_at < "20h"', author(created_at=NEW), author(created_at=OLD)),
    ("event.hour == 0 and event.weekday == 4", {"at": "2026-01-01T00:00:00Z"}, {"at": "2025-12-31T23:00:00Z"}),
    ("item.reach > 1000", item(reach=2000), item(reach=10)),
    ("author.posts > params.most_posts", author(posts=31), author(posts=30)),
    # Lists and sets, geography
    ('author.country in territory("EU", "CH")', author(country="CH"), author(country="US")),
    ('context.country not in territory("GCC")', {"context": {"country": "DE"}}, {"context": {"country": "AE"}}),
    ('author.country in list("countries")', author(country="AT"), author(country="FR")),
    ('"trusted" in author.labels', author(labels=["trusted"]), author(labels=["new"])),
    ('"nsfw" in item.labels', item(labels=["nsfw"])),
    ("len(item.mentions) >= 2", item(mentions=["a", "b"]), item(mentions=["a"])),
    ('"spam" in item.hashtags', item(hashtags=["spam"])),
    ('any_in(item.media_types, ["image/gif"])', item(media=[{"mime": "image/gif", "url": "https://a.example/b.gif"}])),
    ("item.media_count > 0", item(media=[{"url": "https://a.example/b.gif"}])),
    # Links
    ('any_in(links.domains, list("bad-domains"))', text("see https://a.b.evil.example/x"), text("https://good.example")),
    ('ends_with(links.hosts, ".zip")', text("https://files.zip/x")),
    ('"münchen.example" in links.hosts', text("https://xn--mnchen-3ya.example/")),
    ('"/login" in links.paths', text("https://a.example/login?next=1")),
    ("len(links.shorteners) > 0", text("https://bit.ly/3xY")),
    ("len(links.homographs) > 0", text("https://раураӏ.com")),
    ('any_in(item.links, ["https://a.example"])', item(links=["https://a.example"])),
    ("len(links.urls) == 2", item(text="https://a.example", links=["https://b.example"])),
    # Author, item, thread, audience
    ("author.verified", author(verified=True), author(verified=False)),
    ('ends_with(author.email, "@mail.example")', author(email="a@mail.example"), author(email="a@b.example")),
    ('author.language == "ar"', author(language="ar")),
    ('author.id == "bob"', author(id="bob")),
    ('item.kind == "comment" and event.kind == "post"', item(kind="comment")),
    ('item.id == "i-9"', item(id="i-9")),
    ('starts_with(item.url, "https://forum.example/")', item(url="https://forum.example/9")),
    ("known(item.parent)", item(parent="p1")),
    ('item.thread == "t1"', item(thread="t1"), item(thread="t2")),
    ('item.community == "games"', item(community="games"), item(community="news")),
    ('item.audience in ["public", "followers"]', item(audience="public"), item(audience="private")),
    ('event.change == "edited"', {"change": "edited"}),
    ('event.platform in ["forum", "test"] and event.id != ""  and item.thread == "t3"', item(thread="t3")),
    ('starts_with(context.client, "curl/")', {"context": {"client": "curl/8"}}),
    ("known(context.ip_hash)", {"context": {"ip_hash": "abc"}}),
    # Scores, banks, what the platform declares
    ('scores["toxicity"] >= 0.9', {"scores": {"toxicity": 0.95}}, {"scores": {"toxicity": 0.5}}),
    ('bank("known-attack")', {"scores": {"bank:known-attack": 1.0}}, {"scores": {"bank:known-attack": 0.0}}),
    ("extra.karma < 0", {"extra": {"karma": -1}}, {"extra": {"karma": 1}}),
    # Shared terms, references, switched off in a community
    ("newcomer and item.reach > 5", item(reach=6) | author(posts=1), item(reach=6) | author(posts=7)),
    ('rule("r0") and author.posts == 1', text("free money") | author(posts=1), text("free money") | author(posts=2)),
)  # fmt: skip

COUNTED = (
    'count(by=author.id, within="10m") >= 4',
    'distinct(item.id, per=author.id, within="30d") >= 4',
    'sum(item.reach, per=author.id, within="1h") >= 40',
    'rate(by=(author.id, item.community), within="2m") >= 2',
    'count(by=item.community, within="1h", where=word(text.folded, "buy")) >= 4',
    'marked("flooder", on="author")',
)

FILES = {
    "pack.yaml": 'id: whole\nversion: "1"\nmaturity: test\nlanguages: [en]\nextra: {karma: number}\n',
    "policies.yaml": "- policy: spam\n  harm: spam\n  severity: 20\n  title: {en: Spam}\n  text: {en: No spam.}\n"
    "  ladder: [limit_reach, remove]\n",
    "terms.yaml": "newcomer: author.posts < 5\n",
    "params.yaml": "- {param: most_posts, type: number, default: 20, least: 5, most: 100}\n",
    "tuned.yaml": "params: {most_posts: 30}\ncommunities:\n  games: {params: {most_posts: 60}, without: [r0]}\n",
    "lists/scam-phrases.txt": "free money\nربح سريع\n",
    "lists/bad-domains.txt": "# kind: domains\nevil.example\n",
    "lists/countries.txt": "# kind: values\nDE\nAT\n",
}


def rule(name: str, when: str, then: str = "[limit_reach]") -> str:
    return f"- rule: {name}\n  policy: spam\n  stage: live\n  when: |\n    {when}\n  then: {then}\n"


def whole() -> dict[str, str]:
    rules = [rule(f"r{n}", row[0]) for n, row in enumerate(ROWS)]
    mark = """[limit_reach, 'mark("flooder", on="author", expires="7d")']"""
    rules += [rule(f"c{n}", when, mark if not n else "[limit_reach]") for n, when in enumerate(COUNTED)]
    tests: list[dict[str, Any]] = []
    for n, row in enumerate(ROWS):
        tests.append({"test": f"r{n} holds", "event": row[1], "fires": [f"r{n}"]})
        against = row[2] if len(row) > 2 else {"kind": "post"}
        tests.append({"test": f"r{n} does not", "event": against, "silent": [f"r{n}"]})
    return {**FILES, "rules.yaml": "".join(rules), "tests.yaml": msgspec.json.encode(tests).decode()}


def merged(id_: str, given: Mapping[str, Any]) -> dict[str, Any]:
    sent = event(id_, author=f"author-{id_}", at="2026-01-01T00:00:00Z")
    sent["item"].pop("text")
    for name, value in given.items():
        sent[name] = {**sent.get(name, {}), **value} if isinstance(value, dict) else value
    return sent


def test_the_pack_asks_of_every_field_and_calls_every_function() -> None:
    named, called = set(), set()
    for when in [row[0] for row in ROWS] + list(COUNTED):
        for node in ast.walk(ast.parse(when, mode="eval")):
            if isinstance(node, ast.Attribute):
                named.add(ast.unparse(node))
            elif isinstance(node, ast.Call):
                called.add(ast.unparse(node.func))
    assert set(FIELDS) - named == set()
    assert set(FUNCTIONS) - called == set()


def test_the_pack_s_own_tests_pass() -> None:
    loaded = load_pack(whole())
    assert loaded.pack is not None, loaded.errors
    failed = {
        result.name: result.misses for result in run_examples(compile_pack(loaded.pack)) if not result.passed
    }
    assert failed == {}
    assert len(loaded.pack.examples) == 2 * len(ROWS)


def test_a_door_judges_each_row_the_same(house: House) -> None:
    house.publish(pack=published_pack(whole()), private={"forum": NOW + 60})
    sent = [merged(f"{n}-{side}", row[side]) for n, row in enumerate(ROWS) for side in range(1, len(row))]
    answers = house.send(*sent)
    assert [answer for status, answer in answers if status != 200] == []
    found = {one["id"]: fired(answer) for one, (_, answer) in zip(sent, answers, strict=True)}
    wrong = [
        (row[0], side)
        for n, row in enumerate(ROWS)
        for side in range(1, len(row))
        if (f"r{n}" in found[f"{n}-{side}"]) is not (side == 1)
    ]
    assert wrong == []


def test_a_door_counts_and_marks(house: House) -> None:
    house.publish(pack=published_pack(whole()))
    more = {"reach": 10, "community": "games", "text": "buy this"}
    sent = [event(f"e{n}", item={"id": f"p{n}", **more}, at="2026-01-01T00:00:00Z") for n in range(5)]
    seen = [set(fired(answer)) for _, answer in house.send(*sent)]
    assert seen[2].isdisjoint({f"c{n}" for n in range(len(COUNTED))})
    assert {"c0", "c1", "c2", "c3", "c4"} <= seen[3]
    assert "c5" not in seen[3]
    assert "c5" in seen[4]  # the mark is there from the next event on


@pytest.mark.parametrize(
    ("community", "posts", "holds"), [("news", 31, True), ("games", 31, False), ("games", 61, True)]
)
def test_a_community_has_its_own_values_and_rules(
    house: House, community: str, posts: int, holds: bool
) -> None:
    house.publish(pack=published_pack(whole()))
    (number,) = [n for n, row in enumerate(ROWS) if "params.most_posts" in row[0]]
    given = merged("x", {"author": {"posts": posts}, "item": {"community": community, "text": "free money"}})
    ((_, answer),) = house.send(given)
    names = fired(answer)
    assert (f"r{number}" in names) is holds
    assert ("r0" in names) is (community != "games")


@pytest.mark.parametrize(
    "when", ['"phon" in text.private_data', 'any_in(text.private_data, ["email", "ibann"])']
)
def test_a_kind_that_there_is_not_is_named(when: str) -> None:
    files = {**FILES, "rules.yaml": rule("r", when)}
    (found,) = [one for one in load_pack(files).errors if one.code == "P115"]
    assert "did you mean" in (found.hint or "")
