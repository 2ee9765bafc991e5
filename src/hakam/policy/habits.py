"""What people write out of habit, where Python's grammar gives up: the first such place, and what to write there.

Signs that look like others (curly and Arabic quotes, Arabic commas and digits, invisible characters), and the notation
of other languages (`&&`, `AND`, `=`, `LIKE`, `between`, `24h`). Nothing here decides what is right: it is asked only
after a text was refused.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence

import msgspec

from hakam.policy.fields import FIELDS
from hakam.policy.kinds import LISTS, Kind, meant_duration


class Slip(msgspec.Struct, frozen=True):
    """One mistake between two places of a text. A hint of the form ``write `x` `` mends just that piece."""

    code: str
    message: str
    hint: str
    start: int
    end: int


class Token(msgspec.Struct, frozen=True):
    """A piece of an expression: `kind` is `text`, `number`, `name`, `space`, `comment` or `sign`."""

    kind: str
    value: str
    start: int
    end: int


_TOKENS = re.compile(
    r"""(?P<text>[rRbBfFuU]{0,2}(?:'''.*?'''|\"{3}.*?\"{3}|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"))
    |(?P<comment>\#[^\n]*)|(?P<number>\d(?:[\w\u066b\u066c]|\.\d)*|\.\d\w*)
    |(?P<name>[^\W\d]\w*(?:\.[^\W\d]\w*)*)|(?P<space>\s+)
    |(?P<sign>===|!==|==|!=|<=|>=|<>|=>|=<|=~|!~|&&|\|\||->|//|\*\*|/\*|.)""",
    re.VERBOSE | re.DOTALL,
)
_CLOSING = {
    "“": '”“"',
    "”": '”“"',
    "„": '“”"',
    "«": '»"',
    "»": '«»"',
    "‘": "’‘'",
    "’": "’‘'",
    "‚": "‘’'",
    "´": "´`'",
    "`": "`´'",
    "＂": '＂"',
    '"': "”“„»«＂",
    "'": "’‘´",
}
_ALIKE = {
    "،": ",",
    "،,": ",",
    "≥": ">=",
    "≤": "<=",
    "≠": "!=",
    "–": "-",
    "—": "-",
    "−": "-",
    "×": "*",
    "÷": "/",
    "∧": "and",
    "∨": "or",
    "¬": "not",
    "٪": "%",
    "∈": "in",
}
_SIGNS = {
    "&&": "and",
    "||": "or",
    "===": "==",
    "!==": "!=",
    "<>": "!=",
    "=>": ">=",
    "=<": "<=",
    "->": ".",
    "/*": "#",
}
_WORDS = {"and", "or", "not", "in", "is"}
_ARABIC_WORDS = {"و": "and", "أو": "or", "او": "or", "ليس": "not"}
_KEYWORDS = _WORDS | {"if", "else", "for", "lambda", "None", "True", "False"}
_BINARY = {"and", "or", "in", "==", "!=", "<", "<=", ">", ">=", "*", "/", "//", "%"}
_STARTS = dict.fromkeys(
    ("startswith", "starts_with", "start_with", "begins_with", "begin_with"), "starts_with"
)
_ENDS = dict.fromkeys(("endswith", "ends_with", "end_with"), "ends_with")
_CONTAIN = {"contains", "includes", "contain", "include", "has"}
_MATCH = {"matches", "rlike", "regexp", "=~", "~", "match"}
_LIKE = {"like", "ilike"}
_TEXTS = {"text", "body", "content", "message"}
_NOTHING = {"null", "none", "nil", "undefined"}
_THOUSANDS = {"k": 1_000, "K": 1_000, "M": 1_000_000}
_AFTER_OPERAND = frozenset({")", "]", "}"})


def tokens_of(text: str) -> list[Token]:
    """Split an expression, nothing lost: also one that no grammar takes."""
    return [
        Token(str(match.lastgroup), match[0], match.start(), match.end()) for match in _TOKENS.finditer(text)
    ]


def slip_in(text: str) -> Slip | None:
    """Return the first mistake that is known by its look, `None` if none is."""
    every = tokens_of(text)
    for token in every:
        if token.kind == "space" and (found := _space(token)) is not None:
            return found
    tokens = [token for token in every if token.kind not in {"space", "comment"}]
    for n in range(len(tokens)):
        for rule in _RULES:
            found = rule(text, tokens, n)
            if found is not None:
                return found
    return None


def _space(token: Token) -> Slip | None:
    for at, char in enumerate(token.value, token.start):
        if not char.isascii():
            message = f"a space that is none of the keyboard's (U+{ord(char):04X})"
            return Slip("P126", message, "write ` `, a plain space", at, at + 1)
    return None


def _quotes(text: str, tokens: Sequence[Token], n: int) -> Slip | None:
    """Find texts in quotes of print, and quotes that are never closed."""
    token = tokens[n]
    before = tokens[n - 1] if n else None
    if before is not None and before.kind == "text" and before.end == token.start and token.kind == "name":
        hint = """put the text in the other quotes: "it's", or 'the "best"'"""
        return Slip("P101", "a quote within a text ends it", hint, before.end - 1, before.end)
    if token.kind != "sign" or token.value not in _CLOSING:
        return None
    line_end = text.find("\n", token.start) if "\n" in text[token.start :] else len(text)
    place = next((at for at in range(token.end, line_end) if text[at] in _CLOSING[token.value]), -1)
    if place >= 0:
        inner = text[token.end : place]
        quote = "'" if '"' in inner else '"'
        message = "these quotes are no quotes of the language"
        return Slip("P126", message, f"write `{quote}{inner}{quote}`", token.start, place + 1)
    if token.value in {'"', "'"}:
        return Slip("P101", "the quotes are never closed", "close the quotes", token.start, token.end)
    message = "these quotes are no quotes of the language"
    return Slip("P126", message, 'texts stand in straight quotes: "..."', token.start, token.end)


def _alike(_text: str, tokens: Sequence[Token], n: int) -> Slip | None:
    """Find signs and digits that look like those of the language, and characters that nobody sees."""
    token = tokens[n]
    if token.kind == "number" and not token.value.isascii():
        digits = _ascii_digits(token.value)
        if digits is not None:
            return Slip(
                "P126",
                f"the digits of `{token.value}` are not 0 to 9",
                f"write `{digits}`",
                token.start,
                token.end,
            )
    if token.kind != "sign" or token.value.isascii():
        return None
    meant = _ALIKE.get(token.value)
    if meant is None:
        meant = unicodedata.normalize("NFKC", token.value)
        meant = meant if meant.isascii() and meant != token.value else None
    if meant is not None:
        message = f"`{token.value}` is no sign of the language"
        return Slip("P126", message, f"write `{meant}`", token.start, token.end)
    if unicodedata.category(token.value) in {"Cf", "Cc", "Mn"}:
        message = f"a character that nobody sees (U+{ord(token.value):04X})"
        return Slip("P126", message, "remove it", token.start, token.end)
    message = f"`{token.value}` is no sign of the language"
    return Slip(
        "P126", message, "remove it, or put it in a text with straight quotes", token.start, token.end
    )


def _ascii_digits(text: str) -> str | None:
    """Return a number in the digits 0 to 9, `None` if more than digits stands in it."""
    plain = "".join(str(unicodedata.decimal(char, char)) for char in text)
    plain = plain.replace("\u066c", "").replace("\u066b", ".")
    return plain if re.fullmatch(r"[0-9]+(?:\.[0-9]+)?", plain) else None


def _numbers(text: str, tokens: Sequence[Token], n: int) -> Slip | None:  # noqa: PLR0911 -- one for each look
    """Find durations without quotes, thousands in short, leading noughts, percentages."""
    token = tokens[n]
    if token.kind != "number":
        return None
    following = tokens[n + 1].value if n + 1 < len(tokens) else ""
    after = tokens[n + 2] if n + 2 < len(tokens) else None
    if following in {"%", "٪"} and (after is None or after.value in {"and", "or", ")"}):
        share = f"{float(token.value) / 100:g}" if re.fullmatch(r"[0-9.]+", token.value) else "0.9"
        message = f"`{token.value}%` is no number"
        return Slip("P127", message, f"write `{share}`", token.start, tokens[n + 1].end)
    unit = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)([A-Za-z]+[0-9A-Za-z]*)", token.value)
    if unit is not None and not re.fullmatch(r"0[xXbBoO]\w+|[0-9.]+[eE][0-9]+", token.value):
        duration = meant_duration(token.value)
        if duration is not None:
            message = f"`{token.value}` stands without quotes"
            return Slip("P109", message, f'write `"{duration}"`', token.start, token.end)
        if unit[2] in _THOUSANDS:
            number = f"{float(unit[1]) * _THOUSANDS[unit[2]]:.0f}"
            return Slip("P127", f"`{token.value}` is no number", f"write `{number}`", token.start, token.end)
    if re.fullmatch(r"0+[1-9][0-9]*", token.value):
        hint = f"write `{token.value.lstrip('0')}`"
        return Slip("P127", f"`{token.value}` begins with a nought", hint, token.start, token.end)
    if following and re.fullmatch(r"days?|hours?|minutes?|mins?|hrs?|seconds?|weeks?", following):
        duration = meant_duration(f"{token.value} {following}")
        if duration is not None:
            whole = text[token.start : tokens[n + 1].end]
            return Slip(
                "P109",
                f"`{whole}` stands without quotes",
                f'write `"{duration}"`',
                token.start,
                tokens[n + 1].end,
            )
    return None


def _foreign_sign(text: str, tokens: Sequence[Token], n: int) -> Slip | None:  # noqa: PLR0911 -- one for each sign
    """Find the signs of other languages."""
    token = tokens[n]
    if token.kind != "sign":
        return None
    if token.value in _SIGNS:
        return _foreign(token, _SIGNS[token.value])
    if token.value == "!":
        after = tokens[n + 1] if n + 1 < len(tokens) else None
        if after is not None and after.kind == "name":
            return Slip(
                "P127",
                "`!` is not part of the language",
                f"write `not {after.value}`",
                token.start,
                after.end,
            )
        return _foreign(token, "not")
    if token.value == "=" and _compares(tokens, n):
        return _foreign(token, "==")
    if token.value in {"$", ";"}:
        message = f"`{token.value}` is not part of the language"
        if token.value == ";" and 0 < n < len(tokens) - 1:
            before = tokens[n - 1]
            return Slip("P127", message, f"write `{before.value} and`", before.start, token.end)
        return Slip("P127", message, "remove it", token.start, token.end)
    if token.value == "/" and (n == 0 or tokens[n - 1].value in {"(", ",", "=~", "~"}):
        close = re.compile(r"/((?:\\.|[^/\\\n])+)/[a-z]*").match(text, token.start)
        if close is not None and n and tokens[n - 1].value not in {"=~", "~"}:
            message = "a pattern stands in quotes, without slashes"
            return Slip("P127", message, f'write `r"{close[1]}"`', close.start(), close.end())
    return None


def _compares(tokens: Sequence[Token], n: int) -> bool:
    """Whether a single `=` compares: it does not name an argument, as in `within="1h"`."""
    depth = 0
    for token in tokens[:n]:
        depth += (token.value == "(") - (token.value == ")")
    before = tokens[n - 1] if n else None
    return before is not None and (depth == 0 or "." in before.value or before.value in _AFTER_OPERAND)


def _foreign(token: Token, meant: str) -> Slip:
    message = f"`{token.value}` is not part of the language"
    return Slip("P127", message, f"write `{meant}`", token.start, token.end)


def _foreign_word(text: str, tokens: Sequence[Token], n: int) -> Slip | None:  # noqa: PLR0911 -- one for each word
    """Find the words of other languages: `AND`, `NOT IN`, `LIKE`, `between`, `IS NULL`."""
    token = tokens[n]
    word, low = token.value, token.value.lower()
    after = tokens[n + 1] if n + 1 < len(tokens) else None
    if token.kind == "name" and word in _ARABIC_WORDS:
        return _foreign(token, _ARABIC_WORDS[word])
    if token.kind == "name" and n == 0 and word == "when" and after is not None and after.value == ":":
        return Slip(
            "P127", "`when:` stands before the condition, not in it", "remove it", token.start, after.end
        )
    if token.kind == "name" and n == 0 and word == "if":
        return Slip("P127", "`if` is not part of the language", "remove it", token.start, token.end)
    before = tokens[n - 1] if n else None
    if before is not None and before.kind == "name" and before.value not in _KEYWORDS:
        found = _infix(text, tokens, n)
        if found is not None:
            return found
    if token.kind == "name" and low in _WORDS and word != low:
        if low == "not" and after is not None and after.value.lower() == "in":
            return Slip(
                "P127", f"`{word}` is not part of the language", "write `not in`", token.start, after.end
            )
        return _foreign(token, low)
    return None


def _infix(text: str, tokens: Sequence[Token], n: int) -> Slip | None:
    """Find what stands between a field and a value, and is a function here."""
    field, word = tokens[n - 1], tokens[n].value.lower()
    named = "text.folded" if field.value in _TEXTS else field.value
    after = tokens[n + 1] if n + 1 < len(tokens) else None
    rest = [token.value.lower() for token in tokens[n : n + 3]]
    meant, last = None, after
    if word == "exists":
        meant, last = f"known({named})", tokens[n]
    elif rest[:1] == ["is"] and rest[-1:] and rest[1:2] and rest[1] in _NOTHING:
        meant = f"not known({named})"
    elif rest[:2] == ["is", "not"] and rest[2:] and rest[2] in _NOTHING:
        meant, last = f"known({named})", tokens[n + 2]
    elif word == "between" and len(tokens) > n + 3 and tokens[n + 2].value.lower() == "and":
        meant = f"{tokens[n + 1].value} <= {named} <= {tokens[n + 3].value}"
        last = tokens[n + 3]
    elif rest[1:2] == ["with"] and len(tokens) > n + 2 and tokens[n + 2].kind == "text":
        last = tokens[n + 2]
        meant = _searched(f"{word}_with", named, last.value)
    elif after is not None and after.kind == "text":
        meant = _searched(word, named, after.value)
    elif word in _MATCH and after is not None and after.value == "/":
        pattern = re.compile(r"/((?:\\.|[^/\\\n])+)/[a-z]*").match(text, after.start)
        if pattern is not None:
            meant = f'matches({named}, r"{pattern[1]}")'
            last = Token("sign", "/", after.start, pattern.end())
    if meant is None or last is None:
        return None
    message = f"`{tokens[n].value}` is not part of the language"
    return Slip("P127", message, f"write `{meant}`", field.start, last.end)


def _searched(word: str, field: str, text: str) -> str | None:
    """Return the call that says what `field word "text"` says elsewhere."""
    inner = text.lstrip("rRbBuUfF")[1:-1]
    if word in _LIKE and "_" not in inner and "%" not in inner.strip("%"):
        core = f'"{inner.strip("%")}"'
        ends = (inner[:1] == "%", inner[-1:] == "%")
        if ends == (True, True):
            return f"contains_any({field}, [{core}], words=False)"
        named = {(False, True): "starts_with", (True, False): "ends_with"}.get(ends)
        return f"{field} == {core}" if named is None else f"{named}({field}, {core})"
    if word in {"equals", "equal", "eq"}:
        return f"{field} == {text}"
    if word in _CONTAIN:
        return holding(field, text)
    if word in _MATCH:
        return f"matches({field}, {text if text[:1] in 'rR' else f'r{text}'})"
    name = _STARTS.get(word) or _ENDS.get(word)
    return None if name is None else f"{name}({field}, {text})"


def holding(field: str, text: str) -> str:
    """Return the condition that a field holds a text, whatever kind of field it is."""
    spec = FIELDS.get(field)
    kind = Kind.TEXT if spec is None else spec.kind
    if kind in LISTS:
        return f"{text} in {field}"
    return (
        f"word({field}, {text})" if kind is Kind.FOLDED else f"contains_any({field}, [{text}], words=False)"
    )


def _beside(_text: str, tokens: Sequence[Token], n: int) -> Slip | None:
    """Find two values that nothing joins, and operators that join nothing."""
    token = tokens[n]
    before = tokens[n - 1] if n else None
    is_binary = token.kind != "text" and token.value in _BINARY
    alone = before is None or before.value in _BINARY | {"(", "[", ",", "not"}
    if is_binary and alone and (before is None or (before.value, token.value) != ("not", "in")):
        message = f"nothing stands before `{token.value}`"
        hint = "write a field, a value or a condition before it, or remove it"
        return Slip("P101", message, hint, token.start, token.end)
    if n + 1 == len(tokens) and (is_binary or (token.kind == "name" and token.value == "not")):
        message = f"nothing stands after `{token.value}`"
        hint = "write a field, a value or a condition after it, or remove it"
        return Slip("P101", message, hint, token.start, token.end)
    if before is None or not _ends(before) or not _begins(token):
        return None
    message = f"nothing joins `{before.value[:40]}` and `{token.value[:40]}`"
    hint = (
        "put a comma between them" if _in_a_call(tokens[:n]) else "join them by `and`, `or` or a comparison"
    )
    return Slip("P101", message, hint, token.start, token.end)


def _ends(token: Token) -> bool:
    plain = token.kind in {"text", "number"} or (token.kind == "name" and token.value not in _KEYWORDS)
    return plain or token.value in {*_AFTER_OPERAND, "None", "True", "False"}


def _begins(token: Token) -> bool:
    return token.kind in {"text", "number"} or (
        token.kind == "name" and token.value not in _WORDS | {"if", "else", "for"}
    )


def _in_a_call(tokens: Sequence[Token]) -> bool:
    """Whether a place is within the brackets of a call or a list, where values stand one after another."""
    open_: list[bool] = []
    for n, token in enumerate(tokens):
        if token.value in {"(", "[", "{"} and token.kind == "sign":
            called = n > 0 and tokens[n - 1].kind == "name" and tokens[n - 1].value not in _KEYWORDS
            open_.append(token.value != "(" or called)
        elif token.value in _AFTER_OPERAND and open_:
            open_.pop()
    return bool(open_) and open_[-1]


_RULES: tuple[Callable[[str, Sequence[Token], int], Slip | None], ...] = (
    _quotes,
    _alike,
    _numbers,
    _foreign_word,
    _foreign_sign,
    _beside,
)
