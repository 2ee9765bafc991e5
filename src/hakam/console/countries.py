"""Countries as people know them: by their names in the reader's language, with the codes that the law's forms use."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.utils.translation import get_language

from hakam.compliance.statement_text import wording


def country_name(code: str) -> str:
    """Return the name of a country, or of a group of them, in the language in force; its code if no name is known."""
    name = wording(get_language() or "en").country(code)
    return name[:1].upper() + name[1:]


def country_choices(codes: Iterable[str], *before: tuple[str, str]) -> list[tuple[str, str]]:
    """Return choices for a field, by name: `("DE", "Germany (DE)")`, after those that come `before`."""
    named = {code: country_name(code) for code in codes}
    ordered = sorted(named, key=lambda code: (named[code].removeprefix("The ").casefold(), code))
    return [
        *before,
        *((code, f"{named[code]} ({code})" if named[code] != code else code) for code in ordered),
    ]


def offered(codes: Iterable[str], *before: tuple[str, str]) -> Callable[[], list[tuple[str, str]]]:
    """Return the same for a form that is declared before anybody reads it."""
    kept = tuple(codes)
    return lambda: country_choices(kept, *before)
