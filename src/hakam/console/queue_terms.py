"""The words for the queues that come with Hakam. A pack may name others, which are shown as they are."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

QUEUES: dict[str, Promise] = {
    "accounts": pgettext_lazy("queue", "accounts"),
    "adult": pgettext_lazy("queue", "adult"),
    "banks": pgettext_lazy("queue", "banks"),
    "care": pgettext_lazy("queue", "care"),
    "child-safety": pgettext_lazy("queue", "child-safety"),
    "critical": pgettext_lazy("queue", "critical"),
    "fraud": pgettext_lazy("queue", "fraud"),
    "general": pgettext_lazy("queue", "general"),
    "graphic": pgettext_lazy("queue", "graphic"),
    "harassment": pgettext_lazy("queue", "harassment"),
    "hate": pgettext_lazy("queue", "hate"),
    "imported": pgettext_lazy("queue", "imported"),
    "live": pgettext_lazy("queue", "live"),
    "nudity": pgettext_lazy("queue", "nudity"),
    "pictures": pgettext_lazy("queue", "pictures"),
    "privacy": pgettext_lazy("queue", "privacy"),
    "spam": pgettext_lazy("queue", "spam"),
    "terrorism": pgettext_lazy("queue", "terrorism"),
    "threats": pgettext_lazy("queue", "threats"),
}
