"""What the language takes and refuses, with its hints and exact places."""
# ruff: noqa: E501 -- tables of examples

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hakam.policy.pack import load_pack
from hakam.policy.source import Scalar, nearest
from hakam.vocabulary.event import Event
from hakam.vocabulary.finding import Finding, Span

MakeEvent = Callable[..., Event]


def only(packs: Any, when: str) -> Finding:
    found = [f for f in packs.load(when).findings if f.code not in {"P021", "P404"}]
    assert len(found) == 1, found
    return found[0]


SOUND = [
    "author.verified",
    "not author.verified",
    "author.verified == True",
    "3 < author.posts <= 10",
    "author.posts in [1, 2, 3]",
    "author.posts not in (1, 2)",
    "-author.posts < -3",
    "author.followers / author.following > 2.5",
    "author.posts % 7 == 0",
    'author.age < "1h30m"',
    '"10m" < author.age',
    'event.at - author.created_at < "1d"',
    'event.at > "2026-01-01"',
    'author.created_at + "7d" > event.at',
    'author.age * 2 < "1d"',
    'author.age / "1d" > 3',
    'author.country == "DE"',
    "author.country == context.country",
    'author.country in {"DE", "AT"}',
    'author.country in list("countries")',
    'any_in(links.domains, list("bad-domains"))',
    'any_in(item.hashtags, ["#casino"])',
    '"#casino" in item.hashtags',
    "author.id in item.mentions",
    'extra.plan == "free" and extra.karma < 0 and not extra.vip and "x" in extra.tags',
    'extra.joined > "2026-01-01"',
    'scores["toxicity"] >= 0.8',
    'text.folded == "hello"',
    'folded(author.name) == "Admin"',
    'folded(author.name) in ["Admin", "Support"]',
    "len(item.text) > 3 and len(links.urls) == 0",
    'contains_any(text.folded, list("bad-words"))',
    'contains_any(text.folded, ["a b", "cd"], words=False)',
    'contains_any(text.words, ["scam"])',
    'contains_any(author.name, list("countries"), words=False)',
    'word(text.folded, "one", "two words")',
    'word(folded(item.title), ["one"])',
    r'matches(text.folded, r"\d{4}\s+\p{Arabic}+")',
    r'matches(text.folded, r"v[i1]agra|c[i1]alis", words=True)',
    'matches(item.links, r"\\.zip$")'.replace("\\\\", "\\"),
    'starts_with(context.client, "curl/", "wget/")',
    'ends_with(links.hosts, ".zip")',
    "known(author.followers) and not known(item.parent)",
    'count(within="1h") > 1000',
    'count(by=(author.id, item.community), within="1h", where=author.verified or item.reach > 3) >= 3',
    'distinct(author.id, per=text.fingerprint, within="10m") >= 20 and not "trusted" in author.labels',
    'item.kind in ["video", "live.segment"] and event.change != "deleted"',
]  # fmt: skip


@pytest.mark.parametrize("when", SOUND)
def test_sound(packs: Any, when: str) -> None:
    assert packs.codes(when) == []
    packs.engine(when)


@pytest.mark.parametrize(
    ("when", "code", "hint"),
    [
        ("author.followrs > 3", "P103", "`author.followers`"),
        ("followers > 3", "P103", "`author.followers`"),
        ("author.nonsense_xyz > 3", "P103", "`author.id`"),
        ("true", "P103", "`True`"),
        ("contains_any", "P103", "arguments"),
        ("match(text.raw, 'x')", "P104", "`matches(text.raw, 'x')`"),
        ("text.folded.startswith('x')", "P104", "`starts_with(text.folded, 'x')`"),
        ("matches(text.raw, r'x', word=True)", "P105", "`words=`"),
        ("author.posts == '3'", "P107", "write `3`"),
        ("author.posts == 'three'", "P107", "without quotes"),
        ("author.age < 86400", "P107", '"1d"'),
        ("author.name < 'x'", "P107", "`==`"),
        ("author.verified > 3", "P107", "`not author.verified`"),
        ("item.links == item.links", "P107", "`any_in"),
        ("item.links in ['x']", "P107", "`any_in(item.links"),
        ("author.verified is True", "P102", "`author.verified == True`"),
        ("author.posts & 3", "P127", "`and`"),
        ("author.posts ** 3", "P102", "`and`"),
        ("[x for x in item.links]", "P102", "`any_in"),
        ("lambda: 3", "P102", None),
        ("author.posts > 3, author.verified", "P102", None),
        ("f'{author.name}' == 'x'", "P102", None),
        ("item.links[0] == 'x'", "P102", "scores"),
        ("author.age < '3 days'", "P109", '`"3d"`'),
        ("author.age < 'long'", "P109", "`7d`"),
        ("event.at > 'yesterday'", "P109", "2026"),
        ("item.kind == 'vidoe'", "P115", "`video`"),
        ("item.kind in ['post', 'vidoe']", "P115", "`video`"),
        ("author.posts > 99999999999999999999", "P106", "64 bits"),
        ("author.posts > 3) or (author.verified", "P101", None),
        ("author.posts > 3 && author.verified", "P127", "`and`"),
        ("(author.posts > 3", "P101", None),
        ("author.name = 'x'", "P127", "`==`"),
        ("matches(text.raw, r'(?=x)')", "P201", "look-around"),
        ("matches(text.raw, r'(x)\\1')", "P201", "back references"),
        ("matches(text.raw, r'x{2000}')", "P203", "braces"),
        ("matches(text.raw, author.name)", "P106", 'r"'),
        ("matches(text.folded, r'[\\w-]+')", "P202", "\\p{L}"),
        ("matches(author.name, r'x', words=True)", "P207", "`folded(author.name)`"),
        ("count(by=author.id) > 3", "P105", "within"),
        ("count(by=author.id, within=600) > 3", "P109", '"10m"'),
    ],
)
def test_refused_with_a_hint(packs: Any, when: str, code: str, hint: str | None) -> None:
    finding = only(packs, when)
    assert finding.code == code
    if hint is not None:
        assert finding.hint is not None
        assert hint in finding.hint


def marked(files: dict[str, str], span: Span) -> str:
    line = files[span.file].split("\n")[span.line - 1]
    return line[span.column - 1 : span.end_column - 1]


@pytest.mark.parametrize(
    "when",
    [
        "when: author.posts > 3 and author.nmae == 'x'",
        "when: 'author.posts > 3 and author.nmae == \"x\"'",
        "when: \"author.posts > 3 and\\tauthor.nmae == 'x'\"",
        "when: |\n    author.posts > 3\n    and word(text.folded, 'اقتل نفسك') and author.nmae == 'x'",
        "when: >-\n    author.posts > 3\n\n    and author.nmae == 'x'",
        "when: author.posts > 3\n    and word(text.folded, 'كلمة')\n    and author.nmae == 'x'",
        "when: |\n    # why\n    author.posts > 3 # because\n    and author.nmae == 'x'",
    ],
)
def test_places_are_exact_in_every_style_of_yaml(packs: Any, when: str) -> None:
    files = packs.files("author.posts > 3")
    files["rules.yaml"] = f"- rule: r\n  policy: spam\n  stage: live\n  {when}\n  then: [limit_reach]\n"
    (finding,) = [f for f in load_pack(files).findings if f.code == "P103"]
    assert finding.span is not None
    assert marked(files, finding.span) == "author.nmae"


def test_an_escape_in_quotes_does_not_lose_the_place() -> None:
    scalar = Scalar("اx", Span("f", 1, 1, 1, 12), '"\\u0627x"', '"')
    assert scalar.within(1, 2) == Span("f", 1, 8, 1, 9)
    assert scalar.within(0, 1) == Span("f", 1, 2, 1, 3)


def test_windows_lines_and_byte_order_mark_are_read(packs: Any) -> None:
    files = packs.files("author.posts > 3\nand author.verified")
    files["rules.yaml"] = "\ufeff" + files["rules.yaml"].replace("\n", "\r\n")
    assert load_pack(files).pack is not None


def test_terms_are_shared_and_checked_once(packs: Any, make_event: MakeEvent) -> None:
    files = packs.files("newcomer and not author.verified", "newcomer")
    files["terms.yaml"] = 'newcomer: author.age < "1d" or few\nfew: author.posts < 5\n'
    engine = packs.engine_of(files)
    assert engine.rules[1].when.text == 'author.age < "1d" or few'
    files["terms.yaml"] = 'newcomer: author.agee < "1d"\n'
    assert [f.code for f in load_pack(files).findings if f.code not in {"P021", "P404"}] == ["P103"]


def test_terms_that_nobody_reads_are_checked_too(packs: Any) -> None:
    files = packs.files("author.verified")
    files["terms.yaml"] = "spare: author.nope > 3\n"
    assert "P103" in {f.code for f in load_pack(files).findings}


def test_flow_lists_of_measures_may_hold_commas(packs: Any) -> None:
    engine = packs.engine(
        "author.verified", then='[limit_reach(days=3, note="a, b"), review(queue="x", urgency=0.5)]'
    )
    (measure,) = engine.rules[0].measures
    assert (measure.days, measure.note) == (3, "a, b")
    assert engine.rules[0].review.urgency == 0.5


@pytest.mark.parametrize(
    "then",
    [
        "[limit_reach(days=0)]", "[limit_reach(days=1.5)]", "[limit_reach(days=True)]", "[remove(days=3)]", '[remove(territory="de")]',
        "[remove(territory=[])]", "[label]", "[context_note]", '[label("a", "b")]', "[review]", '[review(queue="x", urgency=2)]',
        '[review(queue="x", priority=1)]', '[limit_reach(days="3")]', "[limit_reach + remove]", "[3]", '["limit_reach"."x"]', "[limit_reach()()]",
    ],
)  # fmt: skip
def test_wrong_measures_are_errors(packs: Any, then: str) -> None:
    assert packs.load("author.verified", then=then).pack is None


def test_the_digest_of_a_pack_is_of_paths_and_texts(packs: Any) -> None:
    files = packs.files("author.verified")
    base = load_pack(files).pack
    assert base is not None
    assert load_pack(dict(reversed(files.items()))).pack.ref == base.ref  # type: ignore[union-attr]
    assert load_pack({**files, "README.md": "hello"}).pack.ref.digest != base.ref.digest  # type: ignore[union-attr]
    assert len(base.ref.digest) == 64


def test_clauses_speak_the_reader_s_language(packs: Any) -> None:
    files = packs.files("author.verified")
    files["policies.yaml"] = (
        files["policies.yaml"]
        .replace("{en: Spam}", "{en: Spam, ar: رسائل مزعجة}")
        .replace("{en: Do not send spam.}", "{en: Do not send spam., ar: لا ترسل رسائل مزعجة.}")
    )
    clause = load_pack(files).pack.clauses["spam"]  # type: ignore[union-attr]
    assert clause.in_language("ar-EG")[0] == "رسائل مزعجة"
    assert clause.in_language("fr")[0] == "Spam"


def test_nearest_names() -> None:
    assert nearest("folowers", ["followers", "posts"]) == "did you mean `followers`?"
    assert nearest("POSTS", ["posts"]) == "did you mean `posts`?"
    assert nearest("zzz", ["followers"]) is None


@pytest.mark.parametrize(
    ("policy", "hint"),
    [
        ("spamm", "did you mean `spam.bulk`?"),
        ("nudity", "did you mean `adult-nudity`?"),
        ("Hate", "there are `hate.groups`, `hate.symbols`"),
        ("weapons", "there are `adult-nudity`, `hate.groups`, `hate.symbols`, `spam.bulk`"),
    ],
)
def test_a_part_of_a_clause_leads_to_the_clauses_that_have_it(packs: Any, policy: str, hint: str) -> None:
    files = packs.files('word(text.folded, "x")', policy=policy)
    one = files["policies.yaml"]
    names = ("spam.bulk", "adult-nudity", "hate.groups", "hate.symbols")
    files["policies.yaml"] = "".join(one.replace("policy: spam", f"policy: {name}") for name in names)
    found = [f for f in load_pack(files).findings if f.code == "P310"]
    assert [f.hint for f in found] == [hint]
