"""What every reader of JPEG must do with files that were cut off or changed: tests that the readers' own share."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hakam.media.jpeg import pdq_of_jpeg
from hakam.media.pdq import distance, pdq
from hakam.media.picture import PictureError, luma

MOST = 10_000_000  # pixels
_SHARED = [HealthCheck.differing_executors]  # each reader derives a class of its own


def glares(data: bytes) -> bool:
    """Whether much of a picture is white or black: cut off by the library."""
    seen = luma(data)
    return float(np.isin(seen, (0, 255)).mean()) > 0.02


class DamagedFiles:
    """Derive, and say in `jpeg` which sound file is damaged."""

    jpeg: bytes

    @settings(max_examples=60, deadline=None, suppress_health_check=_SHARED)
    @given(st.data())
    def test_a_file_cut_anywhere_takes_the_long_way(self, data: st.DataObject) -> None:
        size = data.draw(st.integers(2, len(self.jpeg) - 1))
        assert pdq_of_jpeg(self.jpeg[:size], MOST) is None

    @settings(max_examples=150, deadline=None, suppress_health_check=_SHARED)
    @given(st.data())
    def test_a_file_with_changed_bytes_gives_the_hash_of_what_a_library_sees_or_none(
        self, data: st.DataObject
    ) -> None:
        place, byte = st.integers(2, len(self.jpeg) - 1), st.integers(0, 255)
        changed = bytearray(self.jpeg)
        for at, value in data.draw(st.lists(st.tuples(place, byte), min_size=1, max_size=3)):
            changed[at] = value
        found = pdq_of_jpeg(bytes(changed), MOST)
        if found is None:
            return
        try:
            seen = pdq(luma(bytes(changed)))
        except PictureError:
            return  # a library refuses more than it must
        # a library cuts what is brighter than white and darker than black, which here is only averaged
        assert distance(found.digest, seen.digest) <= 40 or not seen.good or glares(bytes(changed))
