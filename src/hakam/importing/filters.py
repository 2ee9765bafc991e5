"""Filters that are lists of words: Mastodon's (JSON of its API, or a table) and Discord's AutoMod rules (JSON)."""

from __future__ import annotations

import csv
import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from hakam.importing.boundaries import END, START
from hakam.importing.carried import MALFORMED, Draft, Imported, UnsupportedError, reason
from hakam.importing.conditions import (
    either,
    escaped,
    folded,
    found,
    is_plain,
    joined,
    quoted,
    sayable,
    whole_word,
)
from hakam.importing.packing import Pack
from hakam.storage import tables

_WORDS = {
    "wahr": True,
    "vrai": True,
    "verdadero": True,
    "verdadeiro": True,
    "vero": True,
    "waar": True,
    "falsch": False,
    "faux": False,
    "falso": False,
    "onwaar": False,
}  # as spreadsheets write them
_MASTODON = {"hide": "limit_reach", "warn": 'label("imported")', "blur": 'label("imported")'}
_KEYWORD, _SPAM, _PRESET, _MENTIONS, _PROFILE = 1, 3, 4, 5, 6
_MANY = 8_000  # characters of keywords, beyond which plain ones become lists
_BLOCK, _ALERT, _TIMEOUT, _NO_INTERACTION = 1, 2, 3, 4


def _objects(text: str, file: str) -> list[tuple[int, dict[str, Any]]]:
    """Return the objects of a JSON file that is one, or a list of them, each with its line. Raises `ValueError`."""
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"{file}: {error}") from error
    given = data if isinstance(data, list) else [data]
    if not all(isinstance(one, dict) for one in given):
        raise ValueError(f"{file}: an object, or a list of objects, is needed")
    found_: list[tuple[int, dict[str, Any]]] = []
    at = 0
    for one in given:
        at = text.index("{", at)  # between two objects stand a comma and blanks
        found_.append((text.count("\n", 0, at) + 1, one))
        at = json.JSONDecoder().raw_decode(text, at)[1]
    return found_


def _truth(key: str, value: object) -> bool:
    said = {
        "true": True,
        "1": True,
        "t": True,
        "yes": True,
        "false": False,
        "0": False,
        "f": False,
        "no": False,
    }.get(str(value).strip().lower())
    said = _WORDS.get(str(value).strip().lower(), said)
    if said is None:
        raise UnsupportedError(f"`{key}` is neither true nor false: `{str(value)[:40]}`")
    return said


def _listed(given: dict[str, Any], key: str) -> list[str]:
    """Return the texts of a list. A text in its place would be read letter by letter."""
    listed = given.get(key) or []
    if not isinstance(listed, list):
        raise UnsupportedError(f"`{key}` is no list")
    odd = next((one for one in listed if isinstance(one, bool) or not isinstance(one, str | int)), None)
    if odd is not None or None in listed:
        raise UnsupportedError(f"`{key}` holds `{str(odd)[:40]}`, which is no text")
    return [str(one) for one in listed]


# Mastodon


def read_mastodon(files: dict[str, str], name: str = "mastodon", *, now: datetime | None = None) -> Imported:
    """Return the pack made of Mastodon's filters; those that have ended by `now` are left out.

    Raises `ValueError` for a file that holds none.
    """
    pack = Pack(name)
    for file, text in files.items():
        rows = _table(text, file) if _is_table(file, text) else _objects(text, file)
        for number, (line, row) in enumerate(rows, 1):
            title = str(row.get("title") or row.get("phrase") or f"filter {number}")
            try:
                pack.add(_mastodon(pack, row, title, (file, line, number), now))
            except MALFORMED as error:
                pack.leave_out(file, line, title, reason(error))
    return pack.finish()


def _is_table(file: str, text: str) -> bool:
    suffix = file.rpartition(".")[2].lower()
    return suffix in {"csv", "tsv"} or (suffix == "txt" and text.lstrip()[:1] not in {"[", "{"})


def _table(text: str, file: str) -> list[tuple[int, dict[str, Any]]]:
    """Return the filters of a table with a `keyword` (or `phrase`) in each row, each with the line of its first.

    Rows of one title are one filter, unless they act or end otherwise: then it is one for each way, named by it.
    """
    reader = tables.rows_in(text, strict=False)
    found_: dict[tuple[str, ...], tuple[int, dict[str, Any]]] = {}
    for given in _rows(reader, file):
        word = given.get("keyword") or given.get("phrase", "")
        way = given.get("action") or given.get("filter_action") or "warn"
        title, until = given.get("title") or word, given.get("expires_at", "")
        empty: dict[str, Any] = {
            "title": title,
            "filter_action": way,
            "expires_at": until or None,
            "keywords": [],
            "context": [],
        }
        _, filter_ = found_.setdefault((title, way, until), (reader.line_num, empty))
        filter_["keywords"].append({"keyword": word, "whole_word": given.get("whole_word") or "true"})
        if (context := given.get("context")) and context not in filter_["context"]:
            filter_["context"].append(context)
    ways = Counter(title for title, *_ in found_)
    for (title, *differing), (_, filter_) in found_.items():
        if ways[title] > 1:
            filter_["title"] = f"{title} ({', '.join(filter(None, differing))})"
    return list(found_.values())


def _rows(reader: tables.Rows, file: str) -> Iterator[dict[str, str]]:
    """Yield the cells of each row that has any, by the names of their columns in lower case."""
    try:
        names = [name.strip().lower() for name in next(reader, [])]
        if not {"keyword", "phrase"} & set(names):
            raise ValueError(
                f"{file}: no column `keyword` in its first line, which has {', '.join(names) or 'nothing'}; "
                "columns stand between commas, semicolons or tabs"
            )
        for row in reader:
            if row:
                yield dict(zip(names, map(str.strip, row), strict=False))
    except csv.Error as error:
        raise ValueError(f"{file}: line {reader.line_num} of the table: {error}") from error


def _mastodon(
    pack: Pack, row: dict[str, Any], title: str, at: tuple[str, int, int], now: datetime | None
) -> Draft:
    file, line, number = at
    until = _moment(row.get("expires_at"))
    if until is not None and now is not None and until <= now:
        raise UnsupportedError(f"it ended at {until:%Y-%m-%d %H:%M} UTC")
    if "phrase" in row and "keywords" not in row:  # a filter of Mastodon 3
        row = {**row, "keywords": [{"keyword": row["phrase"], "whole_word": row.get("whole_word", False)}]}
        row["filter_action"] = "hide" if _truth("irreversible", row.get("irreversible") or False) else "warn"
    keywords = [
        (word, _truth("whole_word", one.get("whole_word") or False))
        for one in row.get("keywords") or ()
        for word in _listed({"keyword": [one["keyword"]]}, "keyword")
        if word.strip()
    ]
    if not keywords:
        raise UnsupportedError("it filters single posts or nothing, no words")
    action = str(row.get("filter_action") or "warn")
    if action not in _MASTODON:
        raise UnsupportedError(f"the action `{action[:40]}`, which is none of {', '.join(_MASTODON)}")
    id_ = pack.id_of(title, number)
    notes = [f"`{action}` was one person's view there; it is a measure for everybody here"]
    if row.get("context"):
        notes.append(f"it held in {', '.join(map(str, row['context']))} only; it holds everywhere here")
    if row.get("statuses"):
        notes.append("the single posts that it filters too are left to the platform")
    conditions = [
        _plain_words(
            pack,
            id_,
            [word for word, whole in keywords if whole is side and is_plain(word)],
            field="text.raw",
            whole=side,
        )
        for side in (True, False)
    ]
    exact = [(word, whole) for word, whole in keywords if not is_plain(word)]
    if exact:
        said = joined(whole_word(word) if whole else escaped(word) for word, whole in exact)
        conditions += [found("text.raw", pattern) for pattern in said]
    when = either(one for one in conditions if one)
    if until is not None:
        when += f'\nand event.at < "{until.isoformat()}"'
    examples: list[tuple[dict[str, object], bool]] = []
    if until is None:
        examples = _examples(keywords[0][0], (word for word, _ in keywords))
    then = [_MASTODON[action]]
    return Draft(id_, when, then, title, file, line, notes, examples)


def _examples(first: str, sought: Iterable[str]) -> list[tuple[dict[str, object], bool]]:
    """Return a text with a keyword, and one without any: a sign that stands in none of them."""
    signs = "".join(sought)
    other = next((sign for sign in ".,;:-" if sign not in signs), None)
    silent: list[tuple[dict[str, object], bool]] = (
        [] if other is None else [({"item": {"text": other}}, False)]
    )
    return [({"item": {"text": first}}, True), *silent]


def _moment(given: object) -> datetime | None:
    """Return when a filter ends, `None` if it does not. A moment without a zone is of UTC, as Mastodon means it."""
    if not given:
        return None
    try:
        found = datetime.fromisoformat(str(given))
    except ValueError as error:
        raise UnsupportedError(f"it ends at `{str(given)[:40]}`, which is no moment") from error
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)


def _plain_words(pack: Pack, rule: str, words: list[str], *, field: str, whole: bool) -> str:
    if not words:
        return ""
    return f"contains_any({folded(field)}, {pack.values(rule, words)}{'' if whole else ', words=False'})"


# Discord


def read_discord(files: dict[str, str], name: str = "discord") -> Imported:
    """Return the pack made of Discord's AutoMod rules. Raises `ValueError` for a file that holds none."""
    pack = Pack(name)
    for file, text in files.items():
        for number, (line, rule) in enumerate(_objects(text, file), 1):
            title = str(rule.get("name") or f"rule {number}")
            try:
                pack.add(_discord(pack, rule, title, (file, line, number)))
            except MALFORMED as error:
                pack.leave_out(file, line, title, reason(error))
    return pack.finish()


def _discord(pack: Pack, rule: dict[str, Any], title: str, at: tuple[str, int, int]) -> Draft:
    file, line, number = at
    if not _truth("enabled", rule.get("enabled", True)):
        raise UnsupportedError("it is switched off there")
    id_ = pack.id_of(title, number)
    notes: list[str] = []
    examples: list[tuple[dict[str, object], bool]] = []
    trigger, given = rule.get("trigger_type"), rule.get("trigger_metadata") or {}
    if trigger in {_KEYWORD, _PROFILE}:
        field = "text.raw" if trigger == _KEYWORD else "author.name"
        when = _keywords(pack, id_, given, field, notes)
    elif trigger == _MENTIONS:
        most = given.get("mention_total_limit")
        if isinstance(most, bool) or not isinstance(most, int) or most < 0:
            raise UnsupportedError(f"`mention_total_limit` is no number of mentions: `{str(most)[:40]}`")
        when = f"len(item.mentions) > {most}"
        notes.append("mentions of roles count if the platform lists them among `item.mentions`")
        if given.get("mention_raid_protection_enabled"):
            notes.append("the protection from raids is Discord's own and is not carried over")
    else:
        names = {_SPAM: "Discord's own spam model", _PRESET: "word lists that Discord does not publish"}
        known = names.get(trigger) if isinstance(trigger, int) else None
        raise UnsupportedError(known or f"the trigger type {trigger!r}, which is not known")
    first = next((one.strip("* ") for one in _listed(given, "keyword_filter") if one.strip("* ")), "")
    if trigger == _KEYWORD and first:
        examples = _examples(first, [*_listed(given, "keyword_filter"), *_listed(given, "regex_patterns")])
    channels, roles = _listed(rule, "exempt_channels"), _listed(rule, "exempt_roles")
    if channels:
        named = ", ".join(map(quoted, channels))
        when += f"\nand not (known(item.community) and item.community in [{named}])"
        notes.append("a channel is `item.community` here")
    if roles:
        when += f"\nand not any_in(author.labels, [{', '.join(quoted(f'role:{one}') for one in roles)}])"
        notes.append("a role is the label `role:ID` of the author here")
    return Draft(id_, when, _discord_acts(rule, notes), title, file, line, notes, examples)


def _keywords(pack: Pack, rule: str, given: dict[str, Any], field: str, notes: list[str]) -> str:
    """Return the condition of keywords, wildcards and patterns, less those that are allowed."""
    conditions = _wild(pack, rule, _listed(given, "keyword_filter"), field, notes)
    patterns = sayable(_listed(given, "regex_patterns"), notes, any_needed=not conditions)
    if any(sign in pattern for pattern in patterns for sign in (r"\b", r"\w", r"\W")):
        notes.append(
            "a sign above or below a letter, as vowels of Arabic are, is no letter to `\\b` and `\\w` here"
        )
    conditions += [found(field, one) for one in joined(f"(?:{pattern})" for pattern in patterns.values())]
    if not conditions:
        raise UnsupportedError("it looks for nothing")
    when = either(conditions)
    allowed = _wild(pack, rule, _listed(given, "allow_list"), field, notes)
    if allowed:
        when += f"\nand not {either(allowed)}"
        notes.append("a post with an allowed word is spared as a whole")
    return when


def _wild(pack: Pack, rule: str, keywords: list[str], field: str, notes: list[str]) -> list[str]:
    """Return the conditions of keywords: `cat` whole, `cat*` begins a word, `*cat` ends one, `*cat*` is anywhere.

    They become patterns that find just that, but where a condition can't hold so many: then plain words become lists.
    """
    many = sum(map(len, keywords)) > _MANY
    plain: dict[bool, list[str]] = {True: [], False: []}  # whole words, and parts of words
    edged: dict[tuple[str, str], list[str]] = {}
    for keyword in map(str.strip, keywords):
        word, begins, ends = keyword.strip("*"), not keyword.startswith("*"), not keyword.endswith("*")
        if not word.strip():
            notes.append(f"the keyword `{keyword}` looks for nothing")
        elif many and begins is ends and is_plain(word):
            plain[begins].append(word)
        else:
            edges = (
                START if begins and re.match(r"\w", word) else "",
                END if ends and re.search(r"\w$", word) else "",
            )
            edged.setdefault(edges, []).append(escaped(word))
    conditions = [
        _plain_words(pack, rule, words, field=field, whole=whole) for whole, words in plain.items() if words
    ]
    if conditions:
        notes.append("so many words are searched in folded text, which finds disguised spelling too")
    for (start, end), words in edged.items():
        conditions += [found(field, f"{start}(?:{one}){end}") for one in joined(words)]
    return conditions


def _discord_acts(rule: dict[str, Any], notes: list[str]) -> list[str]:
    then: list[str] = []
    for action in rule.get("actions") or ():
        kind = action.get("type")
        if kind == _BLOCK:
            then.append("remove")
        elif kind == _ALERT:
            then.append('review(queue="imported")')
        elif kind == _TIMEOUT:
            seconds = int((action.get("metadata") or {}).get("duration_seconds") or 0)
            days = max(1, math.ceil(seconds / 86_400))
            notes.append(f"a time-out of {seconds} s; measures here last whole days: {days}")
            then.append(f"suspend(days={days})")
        elif kind == _NO_INTERACTION:
            then.append('review(queue="imported")')
            notes.append("blocking a member's interactions asks for a person here")
        else:
            notes.append(f"an action of the type `{str(kind)[:40]}`, which is not known, is left out")
    if not then:
        raise UnsupportedError("it does nothing")
    return list(dict.fromkeys(then))
