"""What a rule or a parameter is for: one text for all readers, or one for each language. No meaning depends on it."""

from __future__ import annotations

from hakam.policy.shape import Shape
from hakam.policy.strict_yaml import Mapping

KEY = "about"
About = str | dict[str, str]  # by language, those of the pack first and in its order


def read_about(entry: Mapping, shape: Shape, languages: tuple[str, ...]) -> About | None:
    """Read what an entry is for, if it says so. `languages` are those of the pack."""
    node = entry.entries.get(KEY)
    if node is None:
        return None
    if not isinstance(node, Mapping):
        return shape.text(entry, KEY, what=KEY)
    found = shape.texts_by_language(entry, KEY, languages, what=f"`{KEY}`")
    order = dict.fromkeys((*languages, *found))
    return {language: found[language] for language in order if language in found} or None


def in_language(about: About | None, language: str) -> str:
    """Return it in `language`, else in the pack's first language that it has; empty if nothing is said."""
    if about is None or isinstance(about, str):
        return about or ""
    for wanted in (language, language.split("-", maxsplit=1)[0], *about):
        if wanted in about:
            return about[wanted]
    return ""
