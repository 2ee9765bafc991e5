"""The door of HMA and the feed of ThreatExchange on real processes, over real sockets, as their users call them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from tests.house import House
from tests.media.drawings import drawing, file_of
from threatexchange.exchanges.clients.fb_threatexchange.api import ThreatExchangeAPI
from threatexchange.signal_type.pdq.pdq_hasher import pdq_from_bytes

pytestmark = [pytest.mark.sockets, pytest.mark.timeout(400)]
PICTURE = file_of(drawing(31), "JPEG", quality=90)
COPY = file_of(drawing(31)[:, ::-1].copy(), "JPEG", quality=70)  # mirrored and saved anew


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with House(tmp_path_factory.mktemp("hma") / "home") as made:
        yield made


@pytest.fixture
def hma(house: House) -> Iterator[httpx.Client]:
    """Give what calls HMA: the key stands in the address, as the password."""
    place = urlsplit(house.console_url)
    address = f"http://hma:{house.furniture.key}@{place.netloc}/hma"
    with httpx.Client(base_url=address, timeout=60.0, trust_env=False) as client:
        yield client


def soon(what: Callable[[], bool], seconds: float = 60.0) -> float:
    """Wait until something holds and return how long that took."""
    start = time.monotonic()
    while not what():
        assert time.monotonic() - start < seconds, "it never came to hold"
        time.sleep(0.05)
    return time.monotonic() - start


def test_what_is_put_into_a_bank_is_found_and_what_is_taken_out_is_not(
    house: House, hma: httpx.Client
) -> None:
    assert hma.post("/c/banks", json={"name": "ATTACK", "clause": "violence.threat"}).status_code == 201
    added = hma.post(
        "/c/bank/ATTACK/content?content_type=photo", files={"photo": ("a.jpg", PICTURE, "image/jpeg")}
    )
    assert added.status_code == 200
    digest, _ = pdq_from_bytes(PICTURE)  # as Meta's own library hashes it
    bits = int(added.json()["signals"]["pdq"], 16) ^ int(digest, 16)
    assert bits.bit_count() <= 2

    def look(signal: str) -> dict[str, object]:
        return dict(hma.get("/m/lookup", params={"signal": signal, "signal_type": "pdq"}).json())

    soon(lambda: "ATTACK" in look(digest))
    uploaded = hma.post("/m/lookup", files={"photo": ("b.jpg", COPY, "image/jpeg")}).json()
    assert "ATTACK" in uploaded["pdq"]
    with house.client(house.door_url) as door:  # what HMA's door changes, the events' door knows
        event = {
            "id": "e1", "platform": "forum", "kind": "post", "at": "2026-03-02T09:00:00Z", "author": {"id": "u"},
            "item": {"id": "i", "media": [{"hashes": {"pdq": digest}}]},
        }  # fmt: skip

        def matched() -> bool:
            return bool(door.post("/v1/check", json=event).json()["verdict"].get("matches"))

        soon(matched)
        gone = hma.delete(f"/c/bank/ATTACK/content/{added.json()['id']}")
        assert gone.json()["deleted"] >= 1
        soon(lambda: "ATTACK" not in look(digest))
        soon(lambda: not matched())


def test_partners_fetch_a_shared_bank_with_the_real_client(house: House, hma: httpx.Client) -> None:
    hma.post("/c/banks", json={"name": "SHARED", "clause": "violence.threat"})
    digest, _ = pdq_from_bytes(PICTURE)
    hma.post("/c/bank/SHARED/signal", json={"pdq": digest})
    house.hakam("bank", "change", "shared", "--share")
    api = ThreatExchangeAPI(
        f"12345678|{house.furniture.key}", endpoint_override=f"{house.console_url}/threatexchange/v26.0"
    )
    (group,) = [one for one in api.get_threat_privacy_groups_member() if "shared" in one.name.lower()]
    found: list[str] = []
    soon(
        lambda: bool(
            found.extend(one["indicator"] for page in api.get_threat_updates(int(group.id)) for one in page)
            or found
        )
    )
    assert digest in found
