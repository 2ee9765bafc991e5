"""The functions of the rule language: the table behind the checker and the reference."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class FunctionSpec(msgspec.Struct, frozen=True):
    """One function.

    `least` and `most` bound the positional arguments; `keywords` may be given by name only. `takes` names the types of
    the arguments, `unknown` says when the result is unknown.
    """

    name: str
    signature: str
    gives: str
    doc: str
    example: str
    least: int
    most: int
    takes: str
    unknown: str
    keywords: tuple[str, ...] = ()


MANY = 1_000

_SPECS = (
    FunctionSpec(
        "contains_any",
        'contains_any(field, list("name") | [terms], words=True)',
        "condition",
        "Whether the text holds one of the terms, as whole words unless `words=False`.",
        'contains_any(text.folded, list("slurs"))',
        2,
        2,
        "text, folded text or list of texts; terms",
        "the field is",
        ("words",),
    ),
    FunctionSpec(
        "word",
        'word(field, "term", ...)',
        "condition",
        "Whether the folded text holds one of these words or phrases, whole. Arabic and Latin alike.",
        'word(text.folded, "kill yourself", "اقتل نفسك")',
        2,
        MANY,
        "folded text; terms",
        "the field is",
    ),
    FunctionSpec(
        "matches",
        'matches(field, r"pattern", words=False)',
        "condition",
        "Whether an RE2 pattern is found anywhere in the text; with `words=True` it must cover whole words.",
        'matches(text.folded, r"v[i1!]agra")',
        2,
        2,
        "text, folded text or list of texts; an RE2 pattern",
        "the field is",
        ("words",),
    ),
    FunctionSpec(
        "starts_with",
        'starts_with(field, "start", ...)',
        "condition",
        "Whether the text begins with one of these.",
        'starts_with(context.client, "curl/", "python-requests/")',
        2,
        MANY,
        "text, folded text or list of texts; terms",
        "the field is",
    ),
    FunctionSpec(
        "ends_with",
        'ends_with(field, "end", ...)',
        "condition",
        "Whether the text ends with one of these.",
        'ends_with(links.hosts, ".zip", ".mov")',
        2,
        MANY,
        "text, folded text or list of texts; terms",
        "the field is",
    ),
    FunctionSpec(
        "any_in",
        'any_in(field, list("name") | [values])',
        "condition",
        "Whether a list of the event and a list of fixed values have something in common.",
        'any_in(links.domains, list("scam-domains"))',
        2,
        2,
        "list of texts or numbers; a fixed list",
        "the field is",
    ),
    FunctionSpec(
        "known",
        "known(field)",
        "condition",
        "Whether a value is there. Never unknown itself.",
        "known(author.followers) and author.followers < 5",
        1,
        1,
        "any field or value",
        "never",
    ),
    FunctionSpec(
        "len",
        "len(field)",
        "number",
        "Characters of a text, or entries of a list.",
        "len(item.mentions) >= 5",
        1,
        1,
        "text or list",
        "the field is",
    ),
    FunctionSpec(
        "folded",
        "folded(field)",
        "folded text",
        "Another text, folded as `text.folded` is.",
        'word(folded(author.name), "admin")',
        1,
        1,
        "text",
        "the field is",
    ),
    FunctionSpec(
        "list",
        'list("name")',
        "list",
        "The terms or values of `lists/name.txt`.",
        'author.country in list("embargoed")',
        1,
        1,
        "the name of a list",
        "never",
    ),
    FunctionSpec(
        "count",
        'count(by=field, within="10m", where=condition)',
        "number",
        "Events with the same key within the window up to this one, this one included if it fulfils `where`.",
        'count(by=author.id, within="10m") > 20',
        0,
        0,
        "texts, numbers or conditions as key; duration; condition",
        "a part of the key is, or counters can't be reached",
        ("by", "within", "where"),
    ),
    FunctionSpec(
        "distinct",
        'distinct(field, per=field, within="10m", where=condition)',
        "number",
        "Different values of the field among the events with the same `per` within the window.",
        'distinct(author.id, per=text.fingerprint, within="10m") >= 20',
        1,
        1,
        "text, number or condition; key; duration; condition",
        "a part of the key or what is counted is, or counters can't be reached",
        ("per", "within", "where"),
    ),
    FunctionSpec(
        "sum",
        'sum(field, per=field, within="1h", where=condition)',
        "number",
        "Sum of a number of the events with the same `per` within the window; what is unknown adds nothing.",
        'sum(item.media_count, per=author.id, within="1h") > 200',
        1,
        1,
        "number; key; duration; condition",
        "a part of the key is, or counters can't be reached",
        ("per", "within", "where"),
    ),
    FunctionSpec(
        "rate",
        'rate(by=field, within="10m", where=condition)',
        "number",
        "As `count`, in events a minute over the window.",
        'rate(by=author.id, within="10m") > 2',
        0,
        0,
        "texts, numbers or conditions as key; duration; condition",
        "a part of the key is, or counters can't be reached",
        ("by", "within", "where"),
    ),
    FunctionSpec(
        "marked",
        'marked("name", on="author" | "item")',
        "condition",
        "Whether a live rule set this mark (`mark` under `then`) at an earlier event, and it has not expired.",
        'marked("burner", on="author") and len(links.urls) > 0',
        1,
        1,
        "the name of a mark",
        "counters can't be reached",
        ("on",),
    ),
    FunctionSpec(
        "similar",
        'similar(field, "text", at_least=0.8)',
        "number",
        "How alike the words of two texts are, 0 to 1 (shared pieces of three letters); with `at_least`, whether so.",
        'similar(text.folded, "send me your wallet phrase now", at_least=0.8)',
        2,
        2,
        "folded text; a text of 8 letters or more",
        "the field is",
        ("at_least",),
    ),
    FunctionSpec(
        "bank",
        'bank("name", distance=31)',
        "condition",
        "Whether a file, a picture or the text is in a bank of known content, or within so many bits of it.",
        'bank("known-attack", distance=20)',
        1,
        1,
        "the name of a bank",
        "no bank could be asked, or the event holds nothing to look up",
        ("distance",),
    ),
    FunctionSpec(
        "rule",
        'rule("id")',
        "condition",
        "Whether the condition of another rule holds, whatever its stage and wherever it is switched off.",
        'rule("copypasta") and author.age < "1d"',
        1,
        1,
        "the id of a rule",
        "the other rule's condition is",
    ),
    FunctionSpec(
        "territory",
        'territory("EU" | "EEA" | "GCC" | "DE", ...)',
        "list",
        "The countries (ISO 3166-1 alpha-2) of these territories.",
        'author.country in territory("EU")',
        1,
        MANY,
        "names of territories, codes of countries",
        "never",
    ),
)

FUNCTIONS: Mapping[str, FunctionSpec] = {spec.name: spec for spec in _SPECS}
