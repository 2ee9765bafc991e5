"""What a person prefers for himself. It concerns nobody else, so it leaves no fact in the ledger."""

from __future__ import annotations

from typing import Any

from hakam.staff.models import User

LANGUAGES = frozenset({"en", "ar"})
THEMES = frozenset({"auto", "light", "dark"})
VEILS = frozenset({"sensitive", "all", "none"})


class PreferenceError(ValueError):
    """There is no such choice."""


def save_preferences(
    user: User,
    *,
    language: str | None = None,
    theme: str | None = None,
    arabic_indic_digits: bool | None = None,
    shortcuts: bool | None = None,
    veil: str | None = None,
) -> User:
    """Save what is given and leave the rest. Raises `PreferenceError` for a choice that does not exist.

    `shortcuts` switches single-key shortcuts (WCAG 2.1.4); `veil` says what is blurred until a key is held.
    """
    for value, known in ((language, LANGUAGES), (theme, THEMES), (veil, VEILS)):
        if value is not None and value not in known:
            raise PreferenceError(f"{value!r} is none of {', '.join(sorted(known))}")
    given: dict[str, Any] = {"language": language, "theme": theme, "arabic_indic_digits": arabic_indic_digits}
    changed = {name: value for name, value in given.items() if value is not None}
    more = {
        name: value for name, value in {"shortcuts": shortcuts, "veil": veil}.items() if value is not None
    }
    if more:
        changed["preferences"] = {**user.preferences, **more}
    for name, value in changed.items():
        setattr(user, name, value)
    if changed:
        user.save(update_fields=list(changed))
    return user
