"""What the public reads of recommendations to and from the fediverse."""

from __future__ import annotations

import re

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from tests.exchange.fires.conftest import DATASET, PutList, Server, book, put_list, server, told

from hakam.exchange.fires import following, offering
from hakam.exchange.fires.shapes import EntityKind, Policy
from hakam.vocabulary.actor import SYSTEM

__all__ = ["book", "put_list", "server"]  # fixtures
HEADS = {"en": "Recommendations about domains and accounts", "ar": "توصيات بشأن نطاقات وحسابات"}


def rows_of(page: str, which: str) -> list[list[str]]:
    """Return the cells of the lines of one way, as text."""
    lines = re.findall(rf'<tr data-dataset="{which}">(.*?)</tr>', page, re.DOTALL)
    return [
        [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<t[hd].*?</t[hd]>", line, re.DOTALL)]
        for line in lines
    ]


@pytest.mark.parametrize("language", ["en", "ar"])
def test_the_public_reads_what_is_offered_and_followed(
    put_list: PutList, server: Server, client: Client, language: str
) -> None:
    now = timezone.now()
    cache.clear()
    client.cookies["django_language"] = language
    assert HEADS[language] not in client.get("/transparency/exchange").content.decode()
    put_list("hosts", ["a.example", "b.example", "c.example"], now=now)
    dataset = offering.offer(
        "hosts", title="Hosts of scams", kind=EntityKind.DOMAIN, policy=Policy.REJECT, by=SYSTEM, now=now
    )
    put_list("hosts", ["b.example", "c.example"], now=now)
    offering.tell_due(now)
    server.changes = [told(1, "Recommendation", "bad.example")]
    following.read(
        following.follow("theirs", DATASET, kind=EntityKind.DOMAIN, by=SYSTEM, now=now), server, now=now
    )
    cache.clear()
    page = client.get("/transparency/exchange").content.decode()
    assert HEADS[language] in page
    ((title, _way, policy, stand, back),) = rows_of(page, "offered")
    assert (title, stand, back) == ("Hosts of scams", "2", "1")
    assert policy == {"en": "Reject", "ar": "الرفض"}[language]
    ((title, _way, policies, stand, back),) = rows_of(page, "followed")
    assert (title, stand, back) == ("DNI List", "1", "–")
    assert policies == {"en": "Drop without a wordReject", "ar": "الإسقاط دون إشعارالرفض"}[language]
    assert f"/fires/datasets/{dataset.number}" in page
    assert "bad.example" not in page
    offering.withdraw("hosts", because="over", by=SYSTEM, now=now)
    cache.clear()
    ((_title, _way, _policy, stand, back),) = rows_of(
        client.get("/transparency/exchange").content.decode(), "offered"
    )
    assert (stand, back) == ("0", "3")
