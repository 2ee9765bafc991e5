"""Thresholds that a platform applied to the scores of Perspective or of OpenAI's moderation, as JSON.

`{"TOXICITY": 0.8}`, `{"perspective": {"TOXICITY": {"threshold": 0.8, "action": "remove"}}}`, and so for `openai`.
"""

from __future__ import annotations

import json
from typing import Any

from hakam.importing.carried import Draft, Imported
from hakam.importing.packing import Pack

# Which of Hakam's own scores measures nearly the same. Others keep their name: the platform sends them.
_OURS = {
    "toxicity": "toxicity",
    "identity_attack": "hate",
    "threat": "threat",
    "sexually_explicit": "sexual",
    "spam": "spam",
    "hate": "hate",
    "harassment": "harassment",
    "sexual": "sexual",
}
_LEAST = 0.0001  # what is less fires on everything
_ACTS = {"remove": "remove", "block": "remove", "hide": "limit_reach", "limit": "limit_reach", "hold": "hold",
         "warn": "warn", "label": 'label("imported")', "review": 'review(queue="imported")',
         "flag": 'review(queue="imported")', "report": 'review(queue="imported")'}  # fmt: skip


def read(files: dict[str, str], name: str = "thresholds") -> Imported:
    """Return the pack made of thresholds. Raises `ValueError` for a file that holds none."""
    pack = Pack(name)
    number = 0
    for file, text in files.items():
        try:
            data = json.loads(text, object_pairs_hook=_once)
        except ValueError as error:
            raise ValueError(f"{file}: {error}") from error
        if not isinstance(data, dict):
            raise ValueError(f"{file}: an object of thresholds by category is needed")  # noqa: TRY004 -- of the file
        for category, given in _flat(data):
            number += 1
            line = text[: max(text.find(f'"{category}"'), 0)].count("\n") + 1
            _one(pack, category, given, (file, line, number))
    return pack.finish()


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"`{twice}` stands twice in one object, and which of them holds is not told")
    return dict(pairs)


def _flat(data: dict[str, Any]) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for key, value in data.items():
        if isinstance(value, dict) and "threshold" not in value:
            found += _flat(value)
        else:
            found.append((key, value))
    return found


def _one(pack: Pack, category: str, given: Any, at: tuple[str, int, int]) -> None:
    file, line, number = at
    wanted = given if isinstance(given, dict) else {"threshold": given}
    least, action = wanted.get("threshold"), str(wanted.get("action", "review")).lower()
    if isinstance(least, bool) or not isinstance(least, int | float) or not _LEAST <= least <= 1:
        pack.leave_out(
            file, line, category, f"a threshold lies between {_LEAST} and 1, and is a number, not {least!r}"
        )
        return
    if action not in _ACTS:
        pack.leave_out(file, line, category, f"the action {action!r} is not known; use {', '.join(_ACTS)}")
        return
    plain = category.lower().replace("/", "_").replace("-", "_")
    score = _OURS.get(plain, plain)
    why = "measured by Hakam's own model" if plain in _OURS else "the platform sends this score"
    notes = [f'`scores["{score}"]`: {why}; a threshold of another model fits only after `hakam compare`']
    examples: list[tuple[dict[str, object], bool]] = [
        ({"scores": {score: least}}, True),
        ({"scores": {score: max(0.0, least - 0.01)}}, False),
    ]
    if not category.strip():
        pack.leave_out(file, line, category, "a threshold without the name of a category")
        return
    about = f"{category} at {least} or more"
    when = f'scores["{score}"] >= {least}'
    pack.add(Draft(pack.id_of(category, number), when, [_ACTS[action]], about, file, line, notes, examples))
