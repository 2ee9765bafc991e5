"""The key of edge snapshots comes from the installation's secret, and from nothing else."""

from __future__ import annotations

import pytest
from cryptography.exceptions import InvalidSignature

from hakam.live.edge_keys import public_key, signing_key
from hakam.live.snapshot import SnapshotError


def test_the_same_secret_gives_the_same_key_and_another_another() -> None:
    raw = [signing_key(secret).public_key().public_bytes_raw() for secret in ("a", "a", "b")]
    assert raw[0] == raw[1]
    assert raw[0] != raw[2]


def test_the_printed_half_checks_what_the_other_signed() -> None:
    key = signing_key("a")
    read = public_key(f" {key.public_key().public_bytes_raw().hex()}\n")
    read.verify(key.sign(b"said"), b"said")
    with pytest.raises(InvalidSignature):
        read.verify(key.sign(b"said"), b"something else")


@pytest.mark.parametrize("text", ["", "zz", "ab" * 31, "ab" * 33, "ж" * 64])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(SnapshotError, match="64 hex digits"):
        public_key(text)
