"""Reddit AutoModerator: a wiki page of YAML documents, one rule in each.

Meaning after Reddit's "Full AutoModerator documentation". A check that can't be said leaves its whole rule out, since
the rule would act on more without it; an action that can't be said is named in the report.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import YAMLError

from hakam.importing.boundaries import END, NO_WORD, START, word_edges
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
    shown,
    whole_word,
)
from hakam.importing.packing import Pack

_KEY = re.compile(r"(~?)\s*([a-z_]+(?:\s*\+\s*[a-z_]+)*)\s*(?:#[\w-]+)?\s*(?:\(([^)]*)\))?\s*(?:#[\w-]+)?")
_ENDS = {
    "starts-with": ("^", ""),
    "ends-with": ("", "$"),
    "full-exact": ("^", "$"),
    "full-text": (r"^\W*", r"\W*$"),
}
_AROUND = {
    "includes": ("", ""),
    "includes-word": (START, END),  # each term has its own
    **_ENDS,
    "full-text": (f"^{NO_WORD}*", f"{NO_WORD}*$"),
}
_METHODS = tuple(_AROUND)
_FIELDS = {
    "title": "item.title",
    "body": "item.text",
    "url": "links.urls",
    "domain": "links.hosts",
    "id": "item.id",
    "author": "author.name",  # `~author`, or with a modifier
}
_DECLARED = {"flair_text", "flair_css_class", "flair_template_id", "media_author", "media_author_url", "media_title",
             "media_description", "poll_option_text"}  # fmt: skip
_EXACT = {"id", "author", "flair_text", "flair_css_class", "flair_template_id", "media_author"}
_TYPES = {
    "any": None,
    "comment": 'item.kind == "comment"',
    "submission": 'item.kind == "post"',
}
_FLAGS = {"is_original_content", "is_poll", "is_gallery", "is_meta_discussion", "past_archive_date"}
_OLD = {"link_karma": "post_karma"}  # a name of before that is still read
_KARMA = {f"{kind}{where}_karma" for kind in ("comment", "post", "combined") for where in ("", "_subreddit")}
_AUTHOR_FLAGS = {"has_verified_email", "is_gold", "is_submitter"}
_AUTHOR_LABELS = {"is_contributor": "contributor", "is_moderator": "moderator"}
_QUALITY = ["lowest", "low", "moderate", "high", "highest"]
_UNITS = {"minute": "m", "hour": "h", "day": "d", "week": "w", "month": "d", "year": "d"}
_DAYS = {"month": 30, "year": 365}
_DOMAIN = re.compile(r"[^\W_](?:[\w.-]*[^\W_])?")
_THRESHOLD = re.compile(r"\s*([<>])\s*(-?[0-9]+)\s*([a-z]*)\s*")
_ACTS = {
    "remove": ["remove"],
    "spam": ["remove"],
    "filter": ["hold", 'review(queue="imported")'],
    "report": ['review(queue="imported")'],
}
_IGNORED = {"priority", "action_reason", "report_reason", "comment_locked", "comment_stickied", "comment_subject",
            "modmail_subject", "message_subject", "overwrite_flair", "author", "moderators_exempt"}  # fmt: skip
_NO_ACTION = {"set_flair", "set_sticky", "set_contest_mode", "set_original_content", "set_suggested_sort",
              "set_post_crowd_control_level"}  # fmt: skip


def read(files: dict[str, str], name: str = "automoderator") -> Imported:
    """Return the pack made of AutoModerator pages, by file name."""
    pack = Pack(name)
    for file, text in files.items():
        for number, (line, what, body) in enumerate(_documents(text), 1):
            try:
                rule = _load(body)
                if rule:
                    pack.add(_Rule(pack, file, line, what, number).draft(rule))
            except MALFORMED as error:
                pack.leave_out(file, line, what, reason(error))
    return pack.finish()


def _documents(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield the line on which a rule begins, what it is called (its first comment), and its text."""
    lines = text.replace("\t", "    ").splitlines()
    starts = [n for n, line in enumerate(lines) if line.startswith("---")]
    for begin, end in zip([-1, *starts], [*starts, len(lines)], strict=True):
        block = lines[begin + 1 : end]
        told = [line.strip(" #-=*|") for line in block if line.strip().startswith("#")]
        rows = [n for n, line in enumerate(block) if line.strip() and not line.strip().startswith("#")]
        if rows:
            what = next((one for one in told if one), "") or block[rows[0]].strip()
            yield begin + 2 + rows[0], what[:120], "\n".join(block)


class _LastWins(SafeConstructor):
    """Of two equal keys the later one holds, as Reddit documents."""

    def check_mapping_key(self, *_: Any) -> bool:
        return True


def _load(body: str) -> dict[str, Any]:
    yaml = YAML(typ="safe", pure=True)
    yaml.Constructor = _LastWins
    yaml.version = (1, 1)  # as AutoModerator's own reader
    try:
        # a line of blanks in a block of text is deeper than the text, which strict readers refuse
        rule = yaml.load(re.sub(r"(?m)^[ ]+$", "", body))
    except (YAMLError, ValueError, RecursionError) as error:
        problem = " ".join(str(getattr(error, "problem", None) or error).split())
        raise UnsupportedError(f"not YAML: {problem[:120]}") from error
    if rule is None:
        return {}
    if not isinstance(rule, dict):
        raise UnsupportedError("no rule, but plain text")
    return {str(key).strip().lower(): value for key, value in rule.items()}


def _number(key: str, value: Any) -> int:
    if isinstance(value, bool) or re.fullmatch(r"-?[0-9]+", str(value).strip()) is None:
        raise UnsupportedError(f"`{key}: {str(value)[:40]}` is no number")
    return int(value)


def _truth(key: str, value: Any) -> bool:
    said = {"true": True, "false": False}.get(str(value).strip().lower())
    if said is None:
        raise UnsupportedError(f"`{key}: {str(value)[:40]}` is neither true nor false")
    return said


class _Rule:
    """One rule on its way."""

    def __init__(self, pack: Pack, file: str, line: int, what: str, number: int) -> None:
        self.pack, self.file, self.line, self.what = pack, file, line, what
        self.name = pack.id_of(what, number)
        self.notes: list[str] = []

    def draft(self, rule: dict[str, Any]) -> Draft:
        """Return the rule as a draft. Raises `UnsupportedError`."""
        checks = [self._type(str(rule["type"]))] if "type" in rule else []
        then = self._actions(rule)
        checks += [self._check(key, value) for key, value in rule.items()]
        author = rule.get("author")
        if author is not None:
            checks.append(self._author(author))
        if _truth("moderators_exempt", rule.get("moderators_exempt", rule.get("action") in _ACTS)):
            checks.append('not "moderator" in author.labels')
        conditions = [check for check in checks if check]
        when = "\nand ".join(conditions) or 'event.change != "deleted"'
        return Draft(self.name, when, then, self.what, self.file, self.line, self.notes)

    def _type(self, given: str) -> str | None:
        if given in _TYPES:
            return _TYPES[given]
        kind = given.removesuffix("submission").strip()
        if kind in {"text", "link", "crosspost", "poll", "gallery"} and given.endswith("submission"):
            self.notes.append(f"the platform sends `extra.submission_type` ({kind})")
            return f'item.kind == "post" and {self.pack.declared("submission_type", "text")} == "{kind}"'
        raise UnsupportedError(f"type {given[:40]!r}")

    # Actions

    def _actions(self, rule: dict[str, Any]) -> list[str]:
        action = str(rule.get("action", "")).strip()
        if action == "approve":
            raise UnsupportedError("`action: approve`: rules here restrict or ask, they never approve")
        if action and action not in _ACTS:
            raise UnsupportedError(f"`action: {action[:40]}`")
        then = list(_ACTS.get(action, ()))
        if action == "spam":
            self.notes.append("`spam` removes; it trains no filter here")
        if "comment" in rule or "message" in rule:
            then.append("notify")
            self.notes.append("the text for the author stands in the clause here; copy it there")
        if "modmail" in rule:
            then.append('review(queue="imported")')
        for key, act in (
            ("set_locked", "lock_replies"),
            ("set_nsfw", 'label("nsfw")'),
            ("set_spoiler", 'label("spoiler")'),
        ):
            if _truth(key, rule.get(key, False)):
                then.append(act)
        unsaid = [key for key in rule if key in _NO_ACTION]
        if isinstance(rule.get("author"), dict):
            unsaid += [f"author: {key}" for key in rule["author"] if key in _NO_ACTION]
        if not then:
            raise UnsupportedError(f"no measure of Hakam is like {', '.join(unsaid) or 'what it does'}")
        self.notes += [f"`{key}` is left to the platform" for key in unsaid]
        return list(dict.fromkeys(then))

    # Checks

    def _check(self, key: str, value: Any) -> str | None:  # noqa: PLR0911 -- one for each kind of check
        if key in {
            "type",
            "action",
            "comment",
            "message",
            "modmail",
            *_IGNORED,
            *_NO_ACTION,
        } or key.startswith("set_"):
            return None
        if key == "reports":
            self.notes.append(
                "the platform sends `extra.reports`; notices of Hakam become cases by themselves"
            )
            return f"{self.pack.declared('reports', 'number')} >= {_number(key, value)}"
        if key in {"body_longer_than", "body_shorter_than"}:
            sign = ">" if key == "body_longer_than" else "<"
            self.notes.append("spaces and punctuation at the ends count too")
            return f"len(item.text) {sign} {_number(key, value)}"
        if key == "is_edited":
            return f'event.change {"==" if _truth(key, value) else "!="} "edited"'
        if key == "is_top_level":
            return f"item.parent {'==' if _truth(key, value) else '!='} item.thread"
        if key in _FLAGS:
            return self._flag(key, value)
        if key == "ignore_blockquotes":
            self.notes.append("quoted lines are searched too")
            return None
        if key in {"parent_submission", "crosspost_author", "crosspost_subreddit", "subreddit"}:
            raise UnsupportedError(f"`{key}`: a rule sees one item, not another that it belongs to")
        if key == "standard":
            raise UnsupportedError(
                f"`standard: {value}`: the list is Reddit's; keep one of your own in `lists/`"
            )
        return self._search(key, value, self._field)

    def _flag(self, key: str, value: Any) -> str:
        holds = _truth(key, value)
        field = self.pack.declared(key, "boolean")
        self.notes.append(f"the platform sends `{field}`")
        return field if holds else f"not {field}"

    def _field(self, field: str) -> str:
        if field in _FIELDS:
            return _FIELDS[field]
        if field in _DECLARED:
            self.notes.append(f"the platform sends `extra.{field}`")
            return self.pack.declared(field, "text")
        raise UnsupportedError(f"a check of `{field}`")

    def _search(self, key: str, value: Any, path: Callable[[str], str]) -> str:
        match = _KEY.fullmatch(key.strip())
        if match is None:
            raise UnsupportedError(f"the check `{key[:60]}`")
        fields = [part.strip() for part in match[2].split("+")]
        options = {part.strip() for part in (match[3] or "").split(",")} - {""}
        if unknown := options - {"regex", "case-sensitive", *_METHODS}:
            raise UnsupportedError(f"the modifier `{min(unknown)}`")
        method = next((one for one in _METHODS if one in options), None)
        terms = self._texts(key, value)
        if not terms:
            raise UnsupportedError(f"`{key}` looks for nothing")
        if "regex" in options and terms in ([".*"], [".+"]) and not match[1]:
            return either(
                f"known({path(field)})" if terms == [".*"] else f"len({path(field)}) > 0" for field in fields
            )
        paths = [path(field) for field in fields]
        if {"item.title", "item.text"} <= set(paths):
            paths = ["text.raw", *(one for one in paths if one not in {"item.title", "item.text"})]
        domains = method is None and fields == ["domain"] and "regex" not in options
        default = (
            "full-exact"
            if fields[0] in _EXACT
            else "includes"
            if fields[0] in {"url", "media_author_url"}
            else None
        )
        how = method or (default if len(fields) == 1 and default else "includes-word")
        case = "case-sensitive" in options
        said = self._patterns(how, terms, all_needed=bool(match[1])) if "regex" in options else None
        condition = either(
            self._domains(one, terms)
            if domains
            else self._one(one, how, terms, case=case)
            if said is None
            else either(found(one, pattern, case=case) for pattern in said)
            for one in paths
        )
        if not match[1]:
            return condition
        given = [one for one in paths if one.startswith("extra.")]
        if len(given) == len(paths):
            return f"not ({either(f'known({one})' for one in given)} and {condition})"
        return f"not {condition}"

    def _texts(self, key: str, value: Any) -> list[str]:
        given = value if isinstance(value, list) else [value]
        for one in given:
            if isinstance(one, dict | list):
                raise UnsupportedError(
                    f"`{key}` holds {'checks' if isinstance(one, dict) else 'a list'}, not texts"
                )
            if one is None or isinstance(one, bool):
                read = "nothing, which is passed over" if one is None else f"`{one}`, which is searched"
                self.notes.append(f"`{key}` has a word without quotes that YAML takes for {read}")
        return [str(one) for one in given if one is not None and str(one) != ""]

    def _domains(self, path: str, terms: list[str]) -> str:
        odd = [term for term in terms if not _DOMAIN.fullmatch(term.strip()) or term.startswith("self.")]
        self.notes += [f"`{term[:60]}` is no domain that a link can have" for term in odd]
        names = "|".join(escaped(term.lower().strip().removeprefix("www.")) for term in terms)
        return found(path, rf"(?:^|\.)(?:{names})$")

    def _patterns(self, how: str, terms: list[str], *, all_needed: bool) -> list[str]:
        """Return the patterns that a check asks for, as few as their length allows."""
        edges: dict[str, tuple[str, str]] = {}
        for term in terms:
            try:
                edges |= dict(self._edges(how, term))
            except UnsupportedError as error:
                if all_needed or len(terms) == 1:
                    raise
                self.notes.append(f"without {shown(term)}: {error}")
        by_edges: dict[tuple[str, str], list[str]] = {}
        for term, said in sayable(edges, self.notes, all_needed=all_needed, dot_all=True).items():
            by_edges.setdefault(edges[term], []).append(said)
        return [
            f"{begin}(?s:{one}){end}"  # its dot is any character, a line's end too
            for (begin, end), of_them in by_edges.items()
            for one in joined(of_them)
        ]

    def _edges(self, how: str, term: str) -> list[tuple[str, tuple[str, str]]]:
        if how == "includes-word":
            return word_edges(term, self.notes)
        if r"\b" in term and how in _ENDS:  # what it asks for depends on what stands beside it
            begin, end = _ENDS[how]
            return [(f"{begin}(?:{term}){end}", _AROUND["includes"])]
        return [(term, _AROUND[how])]

    def _one(self, path: str, how: str, terms: list[str], *, case: bool) -> str:
        exact: list[str] = []
        plain: list[str] = []
        lists = path.startswith("links.")
        for term in terms:
            simple = not case and not lists and is_plain(term)
            (plain if simple and how in {"includes", "includes-word"} else exact).append(term)
        conditions = []
        if plain:
            words = ", words=False" if how == "includes" else ""
            conditions.append(f"contains_any({folded(path)}, {self.pack.values(self.name, plain)}{words})")
        begin, end = ("", "") if how == "includes-word" else _AROUND[how]
        said = joined(map(whole_word if how == "includes-word" else escaped, exact))
        conditions += [found(path, f"{begin}(?:{one}){end}", case=case) for one in said]
        return either(conditions)

    # Author

    def _author(self, author: Any) -> str | None:
        if isinstance(author, str | list):
            author = {"name (full-exact)": author}
        if not isinstance(author, dict):
            raise UnsupportedError("`author` has checks or names")
        thresholds: list[str] = []
        others: list[str] = []
        for given, value in author.items():
            key = _OLD.get(str(given), str(given))
            if key in _NO_ACTION or key in {"satisfy_any_threshold", "overwrite_flair"}:
                continue
            (thresholds if key in _KARMA or key == "account_age" else others).append(
                self._of_author(key, value)
            )
        if _truth("satisfy_any_threshold", author.get("satisfy_any_threshold", False)) and thresholds:
            thresholds = [either(thresholds)]
        return "\nand ".join([*thresholds, *others]) or None

    def _of_author(self, key: str, value: Any) -> str:
        if key in _KARMA:
            sign, number, _ = self._threshold(key, value)
            self.notes.append(f"the platform sends `extra.{key}`")
            return f"{self.pack.declared(key, 'number')} {sign} {number}"
        if key == "account_age":
            sign, number, unit = self._threshold(key, value)
            name = (unit or "days").rstrip("s")
            if name not in _UNITS:
                raise UnsupportedError(f"`account_age` in {unit!r}")
            if name in _DAYS:
                self.notes.append(f"a {name} is {_DAYS[name]} days")
            return f'author.age {sign} "{max(number, 0) * _DAYS.get(name, 1)}{_UNITS[name]}"'
        if key == "contributor_quality":
            return self._quality(str(value))
        if key in _AUTHOR_LABELS:
            held = f'"{_AUTHOR_LABELS[key]}" in author.labels'
            return held if _truth(key, value) else f"not {held}"
        if key in _AUTHOR_FLAGS:
            return self._flag(key, value)
        return self._search(key, value, self._author_field)

    def _threshold(self, key: str, value: Any) -> tuple[str, int, str]:
        match = _THRESHOLD.fullmatch(str(value).lower())
        if match is None:
            raise UnsupportedError(f"`{key}: {str(value)[:40]}`")
        return match[1], int(match[2]), match[3]

    def _quality(self, value: str) -> str:
        match = re.fullmatch(r"\s*([<>]?)(=?)\s*([a-z]+)\s*", value.lower())
        if match is None or match[3] not in _QUALITY:
            raise UnsupportedError(f"`contributor_quality: {value[:40]}`")
        at = _QUALITY.index(match[3])
        held = {"<": _QUALITY[: at + bool(match[2])], ">": _QUALITY[at + (not match[2]) :], "": [match[3]]}[
            match[1]
        ]
        self.notes.append("the platform sends `extra.contributor_quality`")
        return f"{self.pack.declared('contributor_quality', 'text')} in [{', '.join(map(quoted, held))}]"

    def _author_field(self, field: str) -> str:
        if field in {"name", "id"}:
            return f"author.{field}"
        if field in {"flair_text", "flair_css_class", "flair_template_id"}:
            self.notes.append(f"the platform sends `extra.author_{field}`")
            return self.pack.declared(f"author_{field}", "text")
        raise UnsupportedError(f"a check of `author: {field}`")
