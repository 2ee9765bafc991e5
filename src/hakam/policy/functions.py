"""The functions of the rule language: the table behind the checker and the reference."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class FunctionSpec(msgspec.Struct, frozen=True):
    """One function.

    `least` and `most` bound the positional arguments; `keywords` may be given by name only.
    """

    name: str
    signature: str
    gives: str
    doc: str
    example: str
    least: int
    most: int
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
    ),
    FunctionSpec(
        "matches",
        'matches(field, r"pattern", words=False)',
        "condition",
        "Whether an RE2 pattern is found anywhere in the text; with `words=True` it must cover whole words.",
        'matches(text.folded, r"v[i1!]agra")',
        2,
        2,
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
    ),
    FunctionSpec(
        "ends_with",
        'ends_with(field, "end", ...)',
        "condition",
        "Whether the text ends with one of these.",
        'ends_with(links.hosts, ".zip", ".mov")',
        2,
        MANY,
    ),
    FunctionSpec(
        "any_in",
        'any_in(field, list("name") | [values])',
        "condition",
        "Whether a list of the event and a list of fixed values have something in common.",
        'any_in(links.domains, list("scam-domains"))',
        2,
        2,
    ),
    FunctionSpec(
        "known",
        "known(field)",
        "condition",
        "Whether a value is there. Never unknown itself.",
        "known(author.followers) and author.followers < 5",
        1,
        1,
    ),
    FunctionSpec(
        "len",
        "len(field)",
        "number",
        "Characters of a text, or entries of a list.",
        "len(item.mentions) >= 5",
        1,
        1,
    ),
    FunctionSpec(
        "folded",
        "folded(field)",
        "folded text",
        "Another text, folded as `text.folded` is.",
        'word(folded(author.name), "admin")',
        1,
        1,
    ),
    FunctionSpec(
        "list",
        'list("name")',
        "list",
        "The terms or values of `lists/name.txt`.",
        'author.country in list("embargoed")',
        1,
        1,
    ),
    FunctionSpec(
        "count",
        'count(by=field, within="10m", where=condition)',
        "number",
        "Events with the same key within the window up to this one, this one included if it fulfils `where`.",
        'count(by=author.id, within="10m") > 20',
        0,
        0,
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
        ("per", "within", "where"),
    ),
)

FUNCTIONS: Mapping[str, FunctionSpec] = {spec.name: spec for spec in _SPECS}
