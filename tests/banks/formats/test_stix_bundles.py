"""STIX: the reference library of OASIS reads our bundles, without being told to look away, and we read its."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime

import msgspec
import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its grammar was made by an older ANTLR
    import stix2
    from stix2patterns.validator import validate

from hakam.banks.formats.form import About, Leaving
from hakam.banks.formats.known import FORMATS, ListFormat
from hakam.banks.rows import Gone, Row
from hakam.vocabulary.bank import EntryKind

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ABOUT = About("ours", "own", "what we removed", 31, AT)
DIGESTS = {
    EntryKind.MD5: "0123456789abcdef0123456789abcdef",
    EntryKind.SHA1: "a9993e364706816aba3e25717850c26c9cd0d89d",
    EntryKind.SHA256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    EntryKind.PDQ: "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22",
    EntryKind.TEXT: "0123456789abcdef",
}


def bundle(*kinds: EntryKind) -> bytes:
    entries = [Leaving(kind, DIGESTS[kind], f"i-{kind}", "A1, footage", AT) for kind in kinds]
    return b"".join(FORMATS[ListFormat.STIX].write(ABOUT, entries))


@pytest.mark.parametrize("kind", list(DIGESTS))
def test_a_bundle_is_valid_as_it_stands(kind: EntryKind) -> None:
    read = stix2.parse(bundle(kind), allow_custom=False)
    assert isinstance(read, stix2.v21.Bundle)
    assert any(DIGESTS[kind] in str(one) for one in read.objects)


def test_a_bundle_of_everything_is_valid_and_its_ids_are_stable() -> None:
    one, two = (stix2.parse(bundle(*DIGESTS)) for _ in range(2))
    assert len({thing.id for thing in one.objects}) == len(one.objects)
    assert [thing.id for thing in one.objects] == [thing.id for thing in two.objects]


def test_its_patterns_can_be_matched() -> None:
    for thing in stix2.parse(bundle(*DIGESTS)).objects:
        if thing.type == "indicator":
            assert validate(thing.pattern)


def test_an_empty_bank_is_a_valid_bundle() -> None:
    assert "objects" not in stix2.parse(bundle(), version="2.1")


def test_what_the_library_writes_is_read() -> None:
    file = stix2.v21.File(hashes={"SHA-256": DIGESTS[EntryKind.SHA256], "MD5": DIGESTS[EntryKind.MD5]})
    indicator = stix2.v21.Indicator(
        pattern=f"[file:hashes.'SHA-1' = '{DIGESTS[EntryKind.SHA1]}']", pattern_type="stix", valid_from=AT,
        labels=["A1"],
    )  # fmt: skip
    revoked = stix2.v21.Indicator(
        pattern=f"[file:hashes.MD5 = '{'a' * 32}']", pattern_type="stix", valid_from=AT, revoked=True
    )
    text = stix2.v21.Bundle(file, indicator, revoked).serialize().encode()
    rows = list(FORMATS[ListFormat.STIX].read(text, None))
    found = {(row.kind, row.digest) for row in rows if isinstance(row, Row)}
    assert found == {(kind, DIGESTS[kind]) for kind in (EntryKind.SHA256, EntryKind.MD5, EntryKind.SHA1)}
    assert [row for row in rows if isinstance(row, Gone)] == [Gone(revoked.id)]


def test_what_the_library_read_is_read_by_us_again() -> None:
    text = stix2.parse(bundle(*DIGESTS)).serialize().encode()
    rows = [row for row in FORMATS[ListFormat.STIX].read(text, None) if isinstance(row, Row)]
    assert {(row.kind, row.digest) for row in rows} == set(DIGESTS.items())
    assert msgspec.json.decode(text)["type"] == "bundle"
