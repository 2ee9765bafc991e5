"""Filters that are lists of words: Mastodon's (JSON of its API, or a table) and Discord's AutoMod rules (JSON)."""

from __future__ import annotations

import csv
import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from hakam.importing.carried import MALFORMED, Draft, Imported, UnsupportedError, reason
from hakam.importing.conditions import END, START, either, escaped, found, is_plain, quoted, translated
from hakam.importing.packing import Pack
from hakam.storage import tables

_TRUE = {"true", "1", "yes", "t"}
_MASTODON = {"hide": "limit_reach", "warn": 'label("imported")', "blur": 'label("imported")'}
_KEYWORD, _SPAM, _PRESET, _MENTIONS, _PROFILE = 1, 3, 4, 5, 6
_BLOCK, _ALERT, _TIMEOUT, _NO_INTERACTION = 1, 2, 3, 4


def _objects(text: str, file: str) -> list[dict[str, Any]]:
    """Return the objects of a JSON file that is one, or a list of them. Raises `ValueError`."""
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"{file}: {error}") from error
    given = data if isinstance(data, list) else [data]
    if not all(isinstance(one, dict) for one in given):
        raise ValueError(f"{file}: an object, or a list of objects, is needed")
    return given


def _line_of(text: str, words: str) -> int:
    at = text.find(json.dumps(words, ensure_ascii=False)) if words else -1
    return text[: max(at, 0)].count("\n") + 1


# Mastodon


def read_mastodon(files: dict[str, str], name: str = "mastodon", *, now: datetime | None = None) -> Imported:
    """Return the pack made of Mastodon's filters; those that have ended by `now` are left out.

    Raises `ValueError` for a file that holds none.
    """
    pack = Pack(name)
    for file, text in files.items():
        rows = _table(text, file) if _is_table(file, text) else _objects(text, file)
        for number, row in enumerate(rows, 1):
            title = str(row.get("title") or row.get("phrase") or f"filter {number}")
            line = int(row.get("line") or _line_of(text, title))
            try:
                pack.add(_mastodon(pack, row, title, (file, line, number), now))
            except MALFORMED as error:
                pack.leave_out(file, line, title, reason(error))
    return pack.finish()


def _is_table(file: str, text: str) -> bool:
    suffix = file.rpartition(".")[2].lower()
    return suffix in {"csv", "tsv"} or (suffix == "txt" and text.lstrip()[:1] not in {"[", "{"})


def _table(text: str, file: str) -> list[dict[str, Any]]:
    """Return the filters of a table with a `keyword` (or `phrase`) in each row.

    Rows of one title are one filter, unless they act or end otherwise: then it is one for each way, named by it.
    """
    reader = tables.rows_in(text, strict=False)
    found_: dict[tuple[str, ...], dict[str, Any]] = {}
    for given in _rows(reader, file):
        word = given.get("keyword") or given.get("phrase", "")
        way = given.get("action") or given.get("filter_action") or "warn"
        title, until = given.get("title") or word, given.get("expires_at", "")
        filter_ = found_.setdefault(
            (title, way, until),
            {
                "title": title,
                "line": reader.line_num,
                "filter_action": way,
                "expires_at": until or None,
                "keywords": [],
            },
        )
        whole = (given.get("whole_word") or "true").lower() in _TRUE
        filter_["keywords"].append({"keyword": word, "whole_word": whole})
    ways = Counter(title for title, *_ in found_)
    for (title, *differing), filter_ in found_.items():
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
        row["filter_action"] = "hide" if row.get("irreversible") else "warn"
    keywords = [(str(one["keyword"]), bool(one.get("whole_word"))) for one in row.get("keywords") or ()]
    keywords = [(word, whole) for word, whole in keywords if word.strip()]
    if not keywords:
        raise UnsupportedError("it filters single posts or nothing, no words")
    id_ = pack.id_of(title, number)
    action = str(row.get("filter_action") or "warn")
    notes = [f"`{action}` was one person's view there; it is a measure for everybody here"]
    if row.get("context"):
        notes.append(f"it held in {', '.join(map(str, row['context']))} only; it holds everywhere here")
    conditions = [
        _plain_words(
            pack, id_, [word for word, whole in keywords if whole is side and is_plain(word)], whole=side
        )
        for side in (True, False)
    ]
    exact = [(word, whole) for word, whole in keywords if not is_plain(word)]
    if exact:
        conditions.append(
            found("text.raw", "|".join(_edges(word) if whole else escaped(word) for word, whole in exact))
        )
    when = either(one for one in conditions if one)
    if until is not None:
        when += f'\nand event.at < "{until.isoformat()}"'
    examples: list[tuple[dict[str, object], bool]] = []
    if until is None:
        examples = [({"item": {"text": f"{keywords[0][0]}"}}, True), ({"item": {"text": "."}}, False)]
    then = [_MASTODON.get(action, _MASTODON["warn"])]
    return Draft(id_, when, then, title, file, line, notes, examples)


def _moment(given: object) -> datetime | None:
    """Return when a filter ends, `None` if it does not. A moment without a zone is of UTC, as Mastodon means it."""
    if not given:
        return None
    try:
        found = datetime.fromisoformat(str(given))
    except ValueError as error:
        raise UnsupportedError(f"it ends at `{str(given)[:40]}`, which is no moment") from error
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)


def _edges(word: str, *, begins: bool = True, ends: bool = True) -> str:
    """Return the pattern of a whole word; an edge that is no letter needs no boundary, as Mastodon has it."""
    start = START if begins and re.match(r"\w", word) else ""
    end = END if ends and re.search(r"\w$", word) else ""
    return f"{start}{escaped(word)}{end}"


def _plain_words(pack: Pack, rule: str, words: list[str], *, whole: bool) -> str:
    if not words:
        return ""
    return f"contains_any(text.folded, {pack.values(rule, words)}{'' if whole else ', words=False'})"


# Discord


def read_discord(files: dict[str, str], name: str = "discord") -> Imported:
    """Return the pack made of Discord's AutoMod rules. Raises `ValueError` for a file that holds none."""
    pack = Pack(name)
    for file, text in files.items():
        for number, rule in enumerate(_objects(text, file), 1):
            title = str(rule.get("name") or f"rule {number}")
            line = _line_of(text, title)
            try:
                pack.add(_discord(pack, rule, title, (file, line, number)))
            except MALFORMED as error:
                pack.leave_out(file, line, title, reason(error))
    return pack.finish()


def _discord(pack: Pack, rule: dict[str, Any], title: str, at: tuple[str, int, int]) -> Draft:
    file, line, number = at
    if rule.get("enabled") is False:
        raise UnsupportedError("it is switched off there")
    id_ = pack.id_of(title, number)
    notes: list[str] = []
    examples: list[tuple[dict[str, object], bool]] = []
    trigger, given = rule.get("trigger_type"), rule.get("trigger_metadata") or {}
    if trigger in {_KEYWORD, _PROFILE}:
        field = "text.raw" if trigger == _KEYWORD else "author.name"
        when, said = _keywords(given, field)
        notes += said
    elif trigger == _MENTIONS:
        most = int(given.get("mention_total_limit") or 0)
        when = f"len(item.mentions) > {most}"
        notes.append("mentions of roles count if the platform lists them among `item.mentions`")
    else:
        names = {_SPAM: "Discord's own spam model", _PRESET: "word lists that Discord does not publish"}
        known = names.get(trigger) if isinstance(trigger, int) else None
        raise UnsupportedError(known or f"the trigger type {trigger!r}, which is not known")
    if trigger == _KEYWORD and given.get("keyword_filter"):
        first = str(given["keyword_filter"][0]).strip("*")
        examples = [({"item": {"text": first}}, True), ({"item": {"text": "."}}, False)]
    channels, roles = rule.get("exempt_channels") or [], rule.get("exempt_roles") or []
    if channels:
        named = ", ".join(quoted(str(one)) for one in channels)
        when += f"\nand not (known(item.community) and item.community in [{named}])"
        notes.append("a channel is `item.community` here")
    if roles:
        when += f"\nand not any_in(author.labels, [{', '.join(quoted(f'role:{one}') for one in roles)}])"
        notes.append("a role is the label `role:ID` of the author here")
    return Draft(id_, when, _discord_acts(rule, notes), title, file, line, notes, examples)


def _keywords(given: dict[str, Any], field: str) -> tuple[str, list[str]]:
    """Return the condition of keywords, wildcards and patterns, less those that are allowed."""
    notes: list[str] = []
    patterns = [_wild(one) for one in _listed(given, "keyword_filter") if one.strip("* ")]
    for pattern in _listed(given, "regex_patterns"):
        ours, said = translated(pattern)
        patterns.append(f"(?:{ours})")
        notes += said
    if not patterns:
        raise UnsupportedError("it looks for nothing")
    when = either(found(field, "|".join(patterns[n : n + 30])) for n in range(0, len(patterns), 30))
    allowed = [_wild(one) for one in _listed(given, "allow_list") if one.strip("* ")]
    if allowed:
        when += f"\nand not {found(field, '|'.join(allowed))}"
        notes.append("a post with an allowed word is spared as a whole")
    return when, notes


def _listed(given: dict[str, Any], key: str) -> list[str]:
    """Return the texts of a list. A text in its place would be read letter by letter."""
    listed = given.get(key) or []
    if not isinstance(listed, list):
        raise UnsupportedError(f"`{key}` is no list")
    return [str(one) for one in listed]


def _wild(keyword: str) -> str:
    """Return the pattern of a keyword: `cat` whole, `cat*` begins a word, `*cat` ends one, `*cat*` stands anywhere."""
    return _edges(keyword.strip("*"), begins=not keyword.startswith("*"), ends=not keyword.endswith("*"))


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
    if not then:
        raise UnsupportedError("it does nothing")
    return list(dict.fromkeys(then))
