"""Who gets what the room gives away, for the records of processing (GDPR Art. 30(1)(d))."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from hakam.exchange.fires.shapes import EntityKind
from hakam.exchange.kinds import PartnerState, Way
from hakam.exchange.models import Agreement, Dataset
from hakam.privacy import records


def partners() -> list[str]:
    """Name the partners to which banks are given, and where they are."""
    given = Agreement.objects.filter(way=Way.GIVE).exclude(partner__state=PartnerState.ENDED)
    found: dict[str, str] = {}
    for one in given.select_related("partner").order_by("partner__name"):
        found.setdefault(one.partner.title, urlsplit(one.partner.address).hostname or "")
    return [
        _("the partner %(title)s, at %(host)s: hashes of shared banks, no contents")
        % {"title": title, "host": host}
        for title, host in found.items()
    ]


def readers() -> list[str]:
    """Name the datasets that everybody may read, those of accounts apart: they are personal data in public."""
    words = {
        EntityKind.ACTOR: _("everybody, in public: the dataset \u201c%(title)s\u201d, which names accounts"),
        EntityKind.DOMAIN: _("everybody, in public: the dataset \u201c%(title)s\u201d, which names domains"),
    }
    offered = Dataset.objects.filter(ended_at=None).order_by("title")
    return [words[EntityKind(one.kind)] % {"title": one.title} for one in offered]


def register() -> None:
    """Let the records of processing name them."""
    records.tell("known", partners)
    records.tell("lists", readers)
