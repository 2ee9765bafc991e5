"""What the checker says, in another language: a finding's message and hint, and the words around them.

The checker writes English with values in it. A catalogue has each sentence of the code with its translation; the values
are read out of the English and put into the other. So the checker needs no catalogue, findings stay values that compare
equal, and stored ones can be read in any language.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from importlib.resources import files

import msgspec

from hakam.policy.codes import CODES, CodeSpec
from hakam.vocabulary.counted import counted
from hakam.vocabulary.finding import Finding, Severity

LANGUAGES = ("en", "ar")
_ISOLATED, _END = "\u2068", "\u2069"  # first strong isolate: a value keeps its own direction
_VALUE = re.compile(r"\{([0-9]?)\}")
_QUOTED = re.compile(r"`[^`]*`|r?\"[^\"]*\"")
_WORDS = {
    "ar": {
        Severity.ERROR: "خطأ",
        Severity.WARNING: "تنبيه",
        Severity.NOTE: "ملاحظة",
        "hint": "الحل",
        "none": "لا نتائج",
    }
}
_COUNTED = {  # none, one, two, few (3-10), many (11-99), other, as gettext counts Arabic
    Severity.ERROR: ("", "خطأ واحد", "خطآن", "{} أخطاء", "{} خطأً", "{} خطأ"),
    Severity.WARNING: ("", "تنبيه واحد", "تنبيهان", "{} تنبيهات", "{} تنبيهًا", "{} تنبيه"),
    Severity.NOTE: ("", "ملاحظة واحدة", "ملاحظتان", "{} ملاحظات", "{} ملاحظة", "{} ملاحظة"),
}


class _Sentence(msgspec.Struct, frozen=True):
    """A sentence of the catalogue: how its English is recognised, and what it is in the other language."""

    english: str
    pattern: re.Pattern[str]
    other: str
    literal: int  # characters that are no values: the sentence with most of them is meant


def read_catalogue(text: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return sentences and terms of a catalogue, English to the other language. Raises `ValueError` with the line."""
    sentences: dict[str, str] = {}
    terms: dict[str, str] = {}
    into, english = sentences, None
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("## "):
            into = terms if line == "## Terms" else sentences
        elif line.startswith("= ") and english is not None:
            into[english], english = line[2:], None
        elif line and not line.startswith("#"):
            if english is not None or line in into:
                raise ValueError(
                    f"line {number}: {line!r} stands twice, or follows a sentence without translation"
                )
            english = line
    if english is not None:
        raise ValueError(f"the last line has no translation: {english!r}")
    return sentences, terms


def _sentence(english: str, other: str) -> _Sentence:
    parts = english.split("{}")
    return _Sentence(
        english, re.compile("(.*?)".join(map(re.escape, parts)), re.DOTALL), other, len("".join(parts))
    )


@cache
def _catalogue(language: str) -> tuple[list[_Sentence], dict[str, str], list[_Sentence]]:
    text = (files("hakam.policy") / f"findings_{language}.txt").read_text(encoding="utf-8")
    sentences, terms = read_catalogue(text)
    found = [_sentence(*pair) for pair in sentences.items()]
    counted = [_sentence(*pair) for pair in terms.items() if "{}" in pair[0]]
    return sorted(found, key=lambda one: -one.literal), terms, counted


@cache
def catalogue(language: str) -> dict[str, str]:
    """Return every sentence of a language's catalogue, English to translation."""
    return {one.english: one.other for one in _catalogue(language)[0]}


def translated(text: str, language: str) -> str | None:
    """Return a message or hint in `language`, values isolated for their direction; `None` if no sentence fits it."""
    if language == "en":
        return text
    sentences, terms, counted = _catalogue(language)
    for sentence in sentences:
        match = sentence.pattern.fullmatch(text)
        if match is not None:
            values = [_value(value, terms, counted) for value in match.groups()]
            return _isolated(_filled(sentence.other, values))
    return None


def _value(value: str, terms: dict[str, str], counted: list[_Sentence]) -> str:
    if value in terms:
        return terms[value]
    for one in counted:
        match = one.pattern.fullmatch(value)
        if match is not None:
            return _filled(one.other, list(match.groups()))
    return value


def _filled(text: str, values: list[str]) -> str:
    given = iter(values)
    return _VALUE.sub(lambda match: values[int(match[1])] if match[1] else next(given), text)


def _isolated(text: str) -> str:
    return _QUOTED.sub(lambda match: f"{_ISOLATED}{match[0]}{_END}", text)


def in_language(finding: Finding, language: str) -> Finding:
    """Return a finding with its message and hint in `language`. What has no translation stays in English."""
    message = translated(finding.message, language) or finding.message
    hint = finding.hint if finding.hint is None else translated(finding.hint, language) or finding.hint
    return msgspec.structs.replace(finding, message=message, hint=hint)


def severity(which: Severity, language: str) -> str:
    """Return the word for a severity."""
    return _WORDS[language][which] if language in _WORDS else str(which)


def hint_word(language: str) -> str:
    """Return the word that stands before a hint."""
    return _WORDS[language]["hint"] if language in _WORDS else "hint"


def tally(counts: dict[Severity, int], language: str) -> str:
    """Return `2 errors, 1 warning`, or that there are no findings."""
    if language not in _WORDS:
        parts = [counted(n, str(severity)) for severity, n in counts.items() if n]
        return ", ".join(parts) or "no findings"
    parts = [_COUNTED[which][_form(n)].format(n) for which, n in counts.items() if n]
    return "، ".join(parts) or _WORDS[language]["none"]


def _form(n: int) -> int:
    few, many = range(3, 11), range(11, 100)
    return n if n <= 2 else 3 if n % 100 in few else 4 if n % 100 in many else 5  # noqa: PLR2004 -- Unicode CLDR, Arabic


def soundness(ref: str, held: tuple[int, int, int, int], told: str, digest: str, language: str) -> str:
    """Return the line that says that a pack is sound. `held` counts its rules, clauses, lists and tests."""
    rules, clauses, lists, tests = held
    if language == "ar":
        return (
            f"{_ISOLATED}{ref}{_END} سليمة: القواعد {rules}، البنود {clauses}، القوائم {lists}، الاختبارات {tests}؛ "
            f"{told}؛ البصمة {_ISOLATED}{digest}{_END}"
        )
    what = (("rule", rules), ("clause", clauses), ("list", lists), ("test", tests))
    return f"{ref} is sound: {', '.join(counted(n, one) for one, n in what)}; {told}; digest {digest}"


def show_code(code: str, say: Callable[[str], str], language: str) -> str | None:
    """Return what `hakam explain <code>` prints in `language`, `None` if there is no such code.

    `say` gives a code's title and explanation in that language.
    """
    spec: CodeSpec | None = CODES.get(code.upper())
    if spec is None:
        return None

    said = (
        f"{spec.code} ({severity(spec.severity, language)}): {say(spec.title)}\n\n{say(spec.explanation)}\n"
    )
    if not spec.where:
        return said

    def block(text: str) -> str:
        return "\n".join(f"    {line[:200]}" for line in text.rstrip("\n").split("\n")[:12])

    here, instead, write, remove = {
        "ar": ("في", "بدلًا من", "يُكتب", "(يُحذف)"),
    }.get(language, ("In", "instead of", "write", "(remove it)"))
    comma = "،" if language == "ar" else ","
    where = _isolated(f"`{spec.where}`") if language == "ar" else f"`{spec.where}`"
    return (
        f"{said}\n"
        f"{here} {where}{comma} {instead}\n\n{block(spec.bad)}\n\n{write}\n\n{block(spec.good or remove)}\n"
    )
