"""The shape of the files of a pack: keys that must or may be there, and values of the right sort."""

from __future__ import annotations

import re
from collections.abc import Mapping as Dictionary

import msgspec

from hakam.policy.source import Reporter, Scalar, listing, nearest
from hakam.policy.strict_yaml import Mapping, Node, Sequence, Text

ID = re.compile(r"[a-z][a-z0-9]*(?:[.-][a-z0-9]+)*")
LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
MAX_ID = 100
_CALLED = {  # what other systems call a key
    **dict.fromkeys(("name", "id", "rule_id", "title"), "rule"),
    **dict.fromkeys(("condition", "conditions", "if", "where", "expression", "query", "expr"), "when"),
    **dict.fromkeys(("action", "actions", "do", "measures", "measure", "decision"), "then"),
    **dict.fromkeys(("description", "comment", "summary"), "about"),
    **dict.fromkeys(("expect", "expects", "expected", "should_fire"), "fires"),
    **dict.fromkeys(("status", "state", "mode", "enabled", "active", "disabled"), "stage"),
    **dict.fromkeys(("clause", "policy_id", "category"), "policy"),
}

_SWITCHES = frozenset({"enabled", "active", "disabled", "enable", "on", "off"})
_NOWHERE: Dictionary[str, str] = {}


class Shape(msgspec.Struct):
    """Reads nodes and reports what has not the shape that it should."""

    report: Reporter

    def entries(self, node: Node, what: str, keys: tuple[str, ...]) -> list[Mapping]:
        """Return the mappings of a list; each may have `keys` only."""
        if not isinstance(node, Sequence):
            if not (isinstance(node, Text) and node.value is None):
                hint = f"begin each entry with `- {keys[0]}:`"
                if isinstance(node, Mapping) and what in node.keys:
                    hint = f"remove the line `{what}:`, the list begins the file"
                self.report.report("P009", f"`{what}` is a list", node.span, hint=hint)
            return []
        found = []
        for item in node.items:
            if isinstance(item, Mapping):
                self.keys(item, keys)
                found.append(item)
            else:
                self.report.report(
                    "P009", f"an entry of `{what}` has keys", item.span, hint=f"as `- {keys[0]}: ...`"
                )
        return found

    def keys(self, entry: Mapping, known: tuple[str, ...], deeper: Dictionary[str, str] = _NOWHERE) -> None:
        """Report keys that nothing reads. `deeper` says under which key others stand."""
        for key, span in entry.keys.items():
            if key not in known:
                meant = _CALLED.get(key.lower())
                hint = f"did you mean `{meant}`?" if meant in known else None
                if key.lower() in _SWITCHES and "stage" in known:
                    hint = "a rule that only watches has `stage: shadow`"
                elif key in deeper:
                    hint = f"`{key}` stands in `{deeper[key]}`"
                hint = hint or nearest(key, known) or f"there are {listing(known)}"
                self.report.report("P007", f"nothing reads `{key[:60]}`", span, hint=hint)

    def has(self, entry: Mapping, key: str) -> bool:
        """Report a key that must be there and is not."""
        if key not in entry.entries and any(
            _CALLED.get(one.lower(), one.lower()) == key for one in entry.keys
        ):
            return False  # it stands there under another name, which is told where it stands
        if key not in entry.entries:
            self.report.report("P008", f"`{key}` is missing", entry.span, hint=f"add `{key}:`")
            return False
        return True

    def scalar(self, entry: Mapping, key: str) -> Scalar | None:
        """Return a text that must be there, with its places."""
        if not self.has(entry, key):
            return None
        node = entry.entries[key]
        if not isinstance(node, Text) or node.value is None:
            hint = "write it after the colon, in quotes"
            if key == "when" and not isinstance(node, Text):
                hint = "write one condition, its parts joined by `and` and `or`"
            self.report.report("P009", f"`{key}` is a text", node.span, hint=hint)
            return None
        return node.scalar

    def text(
        self, entry: Mapping, key: str, *, what: str, pattern: re.Pattern[str] | None = None
    ) -> str | None:
        """Return a text that must be there and, if a pattern is given, follow it."""
        scalar = self.scalar(entry, key)
        if scalar is None:
            return None
        node = entry.entries[key]
        assert isinstance(node, Text)
        if not isinstance(node.value, str):
            shown = scalar.value[:40]
            self.report.report(
                "P009", f"`{key}` is a text, `{shown}` is not", node.span, hint=f'write "{shown}" in quotes'
            )
            return None
        if not node.value.strip():
            self.report.report(
                "P009", f"`{key}` is empty", node.span, hint="write something, or remove the key"
            )
            return None
        if pattern is not None and (len(node.value) > MAX_ID or not pattern.fullmatch(node.value)):
            hint = "small Latin letters, digits, `-` and `.` between them"
            self.report.report("P012", f"`{node.value[:60]}` can't be {what}", node.span, hint=hint)
            return None
        return node.value

    def choice(
        self, entry: Mapping, key: str, choices: tuple[str, ...], *, what: str | None = None
    ) -> str | None:
        """Return a text that is one of `choices`."""
        value = self.text(entry, key, what=key)
        if value is not None and value not in choices:
            hint = nearest(value, choices) or f"it is one of {listing(choices)}"
            message = f"`{value[:60]}` is no {what or key}"
            self.report.report("P011", message, entry.entries[key].span, hint=hint)
            return None
        return value

    def whole(self, entry: Mapping, key: str, least: int, most: int) -> int | None:
        """Return a whole number that must be there, within bounds."""
        if not self.has(entry, key):
            return None
        node = entry.entries[key]
        value = node.value if isinstance(node, Text) else None
        if type(value) is not int:
            self.report.report(
                "P009", f"`{key}` is a whole number", node.span, hint="write it in digits, without quotes"
            )
            return None
        if not least <= value <= most:
            hint = f"write `{min(max(value, least), most)}`, the nearest that it may be"
            self.report.report("P017", f"`{key}` lies between {least} and {most:,}", node.span, hint=hint)
            return None
        return value

    def boolean(self, entry: Mapping, key: str) -> bool | None:
        """Return true or false, `None` if it is not said."""
        node = entry.entries.get(key)
        if node is None:
            return None
        if isinstance(node, Text) and isinstance(node.value, bool):
            return node.value
        self.report.report("P009", f"`{key}` is true or false", node.span, hint="write `true` or `false`")
        return None

    def text_list(self, node: Node, what: str) -> tuple[Text, ...]:
        """Return the texts of a list; a single text is a list of one."""
        if isinstance(node, Text) and isinstance(node.value, str):
            return (node,)
        if not isinstance(node, Sequence):
            self.report.report("P009", f"`{what}` is a list of texts", node.span, hint='as `["one", "two"]`')
            return ()
        found = []
        for item in node.items:
            if isinstance(item, Text) and isinstance(item.value, str):
                found.append(item)
            else:
                self.report.report(
                    "P009", f"an entry of `{what}` is a text", item.span, hint="put it in quotes"
                )
        return tuple(found)

    def by_language(self, entry: Mapping, key: str) -> dict[str, Node]:
        """Return a mapping from language to node."""
        node = entry.entries[key]
        if not isinstance(node, Mapping):
            self.report.report(
                "P009", f"`{key}` has a text for each language", node.span, hint="as `en: ...` below it"
            )
            return {}
        for language, span in node.keys.items():
            if not LANGUAGE.fullmatch(language):
                self.report.report(
                    "P012", f"`{language[:40]}` is no language", span, hint="as `en`, `ar`, `pt-BR`"
                )
        return node.entries

    def texts_by_language(
        self, entry: Mapping, key: str, languages: tuple[str, ...], *, what: str = ""
    ) -> dict[str, str]:
        """Return a text for each language; the pack's languages should all be there."""
        if not self.has(entry, key):
            return {}
        found: dict[str, str] = {}
        for language, node in self.by_language(entry, key).items():
            if isinstance(node, Text) and isinstance(node.value, str) and node.value.strip():
                found[language] = node.value.strip()
            elif isinstance(node, Text) and isinstance(node.value, str):
                self.report.report(
                    "P009",
                    f"`{key}` in `{language}` is empty",
                    node.span,
                    hint="write something, or remove the key",
                )
            else:
                self.report.report(
                    "P009", f"`{key}` in `{language}` is a text", node.span, hint="put it in quotes"
                )
        missing = [language for language in languages if language not in found]
        if not found:
            self.report.report(
                "P008", f"`{key}` has no text at all", entry.keys[key], hint="as `en: ...` below it"
            )
        elif missing:
            self.report.report(
                "P015",
                f"no {what or key} in {listing(missing)}",
                entry.keys[key],
                hint="the pack names that language",
            )
        return found

    def lists_by_language(self, entry: Mapping, key: str) -> dict[str, tuple[str, ...]]:
        """Return texts for each language, if there are any."""
        if key not in entry.entries:
            return {}
        return {
            language: tuple(str(text.value) for text in self.text_list(node, key))
            for language, node in self.by_language(entry, key).items()
        }
