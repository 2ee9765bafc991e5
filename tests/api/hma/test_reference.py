"""Against the reference itself: the index of `python-threatexchange`, which HMA asks, and ours say the same."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from tests.api.hma.conftest import Hma
from threatexchange.signal_type.pdq.signal import PdqSignal

from hakam.banks.filling import fill
from hakam.banks.keeping import change_bank
from hakam.banks.rows import row
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.bank import EntryKind

pytestmark = pytest.mark.django_db
SEED = 20_260_301
HELD = 400


def near(digest: str, bits: int, chance: random.Random) -> str:
    """Return a hash that differs from another by so many bits."""
    value = int(digest, 16)
    for place in chance.sample(range(256), bits):
        value ^= 1 << place
    return f"{value:064x}"


@pytest.fixture
def held(hma: Hma, written: Callable[[], object]) -> dict[str, int]:
    """Put hashes into a bank, some of them near to others; return the number of each."""
    chance = random.Random(SEED)  # noqa: S311 -- the same hashes each time
    digests = [f"{chance.getrandbits(256):064x}" for _ in range(HELD - 50)]
    digests += [near(digests[n], n, chance) for n in range(1, 51)]
    hma("POST", "/c/banks", {"name": "REFERENCE", "clause": "spam"})
    rows = [row(n, EntryKind.PDQ, digest) for n, digest in enumerate(digests, 1)]
    assert fill("reference", rows, by=SYSTEM, now=scene.NOW).added == HELD
    written()
    found = {}
    for digest in digests:
        _, body = hma("GET", "/m/raw_lookup", signal=digest, signal_type="pdq", include_distance="true")
        found[digest] = next(one["bank_content_id"] for one in body["matches"] if one["distance"] == "0")
    return found


def test_the_same_contents_at_the_same_distances(hma: Hma, held: dict[str, int]) -> None:
    chance = random.Random(SEED + 1)  # noqa: S311 -- the same hashes each time
    index = PdqSignal.get_index_cls().build(list(held.items()))
    asked = [near(digest, bits % 40, chance) for bits, digest in enumerate(chance.sample(sorted(held), 80))]
    matched = 0
    for digest in asked:
        reference = {(one.metadata, str(one.similarity_info.distance)) for one in index.query(digest)}
        _, body = hma("GET", "/m/raw_lookup", signal=digest, signal_type="pdq", include_distance="true")
        ours = {(one["bank_content_id"], one["distance"]) for one in body["matches"]}
        assert ours == reference
        matched += bool(ours)
    assert 50 <= matched < len(asked)  # some near, some too far: both sides had something to say


def test_the_radius_of_a_bank_is_kept(hma: Hma, held: dict[str, int], written: Callable[[], object]) -> None:
    chance = random.Random(SEED + 2)  # noqa: S311 -- the same hashes each time
    digest = near(min(held), 12, chance)
    assert hma("GET", "/m/raw_lookup", signal=digest, signal_type="pdq")[1]["matches"]
    change_bank("reference", distance=11, by=SYSTEM, now=scene.NOW)
    written()
    assert hma("GET", "/m/raw_lookup", signal=digest, signal_type="pdq")[1]["matches"] == []


def test_what_the_reference_validates_we_take(hma: Hma) -> None:
    hma("POST", "/c/banks", {"name": "EXAMPLES", "clause": "spam"})
    for signal in PdqSignal.get_examples():
        assert PdqSignal.validate_signal_str(signal) == signal
        status, added = hma("POST", "/c/bank/EXAMPLES/signal", {"pdq": signal})
        assert (status, added["signals"]) == (200, {"pdq": signal})
