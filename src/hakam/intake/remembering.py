"""What endpoints answered, remembered for a while: the same text is neither sent nor paid for twice.

A key is a digest over the model's id, the language and the text, keyed by nothing else: no text is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Final

from hakam.adapters.model import Text
from hakam.intake.models import ModelAnswer

DAYS: Final = 7
MOST: Final = 200_000


def key_of(model: str, text: Text) -> str:
    """Return the key of a model's answer about a text."""
    said = f"{model}\0{text.language or ''}\0{text.text}".encode("utf-8", "surrogatepass")
    return blake2b(said, digest_size=32).hexdigest()


def recall(keys: Iterable[str], *, now: datetime) -> dict[str, dict[str, float]]:
    """Return the answers that are remembered, by key."""
    since = now - timedelta(days=DAYS)
    found = ModelAnswer.objects.filter(pk__in=list(keys), at__gt=since)
    return dict(found.values_list("key", "scores"))


def remember(answers: Mapping[str, Mapping[str, float]], *, now: datetime) -> None:
    """Keep answers, in the caller's transaction; the newer of two stands."""
    ModelAnswer.objects.bulk_create(
        [ModelAnswer(key=key, scores=dict(scores), at=now) for key, scores in answers.items()],
        update_conflicts=True,
        unique_fields=["key"],
        update_fields=["scores", "at"],
    )


def forget(*, now: datetime) -> int:
    """Delete what is older than a week, and of the rest the oldest beyond the most that is kept."""
    gone, _ = ModelAnswer.objects.filter(at__lte=now - timedelta(days=DAYS)).delete()
    over = ModelAnswer.objects.count() - MOST
    if over > 0:
        oldest = list(ModelAnswer.objects.order_by("at").values_list("pk", flat=True)[:over])
        for start in range(0, len(oldest), 500):
            gone += ModelAnswer.objects.filter(pk__in=oldest[start : start + 500]).delete()[0]
    return gone
