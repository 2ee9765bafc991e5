"""The exchanges' own shapes: NCMEC, StopNCII, ThreatExchange, STIX, MISP, with their withdrawals and their oddities."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from hakam.banks.formats import misp, ncmec, stix, stopncii, threatexchange
from hakam.banks.formats.form import FormatError
from hakam.banks.rows import BadRow, Gone, Row
from hakam.vocabulary.bank import EntryKind

MD5 = "0123456789abcdef0123456789abcdef"
SHA1 = "0123456789abcdef0123456789abcdef01234567"
PDQ = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"

NCMEC = f"""<?xml version="1.0" encoding="UTF-8"?>
<queryResult xmlns="https://hashsharing.ncmec.org/hashsharing/v2">
 <images count="3" maxTimestamp="2017-10-24T15:10:00Z">
  <image><member id="42">Example Member</member><timestamp>2017-10-24T15:00:00Z</timestamp><id>image1</id>
   <classification>A1</classification>
   <fingerprints><md5>{MD5}</md5><sha1>{SHA1}</sha1><pdna>AAAA</pdna><pdq>{PDQ}</pdq>
    <videntifier rel="self" href="/v2/x"/></fingerprints>
   <feedback><negativeFeedback type="Sha1"><members><member id="7"/></members></negativeFeedback></feedback></image>
  <image><member id="42">Example Member</member><id>image2</id><classification>B2</classification>
   <fingerprints><md5>broken</md5></fingerprints></image>
  <image><member id="43">Another</member><id>image3</id><fingerprints><pdna>AAAA</pdna></fingerprints></image>
  <deletedImage><member id="43">Another</member><id>image4</id></deletedImage>
 </images>
 <videos count="2"><video><member id="42"/><id>v1</id><fingerprints><md5>{MD5[::-1]}</md5></fingerprints></video>
  <deletedVideo><member id="42"/><id>v2</id></deletedVideo></videos>
 <paging><next>/v2/entries?start=2001</next></paging>
</queryResult>
""".encode()


def test_an_entry_of_ncmec_is_all_its_fingerprints() -> None:
    rows = list(ncmec.read(NCMEC))
    assert rows[:3] == [
        Row(EntryKind.MD5, MD5, "42-image1", "A1"),
        Row(EntryKind.SHA1, SHA1, "42-image1", "A1"),
        Row(EntryKind.PDQ, PDQ, "42-image1", "A1"),
    ]
    assert rows[-2:] == [Row(EntryKind.MD5, MD5[::-1], "42-v1"), Gone("42-v2")]
    assert Gone("43-image4") in rows


def test_bad_entries_of_ncmec_are_told_by_line() -> None:
    bad = [row for row in ncmec.read(NCMEC) if isinstance(row, BadRow)]
    assert [(row.place, "32 hex" in row.why) for row in bad] == [(10, True), (11, False)]


@pytest.mark.parametrize("encoding", ["UTF-9", "big5", "hex"])
def test_an_encoding_that_can_t_be_read_is_refused(encoding: str) -> None:
    with pytest.raises(FormatError):
        list(ncmec.read(NCMEC.replace(b"UTF-8", encoding.encode())))


def test_who_gave_feedback_is_not_the_member_of_the_entry() -> None:
    assert {row.item for row in ncmec.read(NCMEC) if isinstance(row, Row)} == {"42-image1", "42-v1"}


@pytest.mark.parametrize(
    "head",
    [
        '<!DOCTYPE a [<!ENTITY x "y">]>',
        '<!DOCTYPE a SYSTEM "file:///etc/passwd">',
        '<!DOCTYPE a [<!ENTITY % p SYSTEM "http://127.0.0.1/x"> %p;]>',
    ],
)
def test_no_xml_defines_anything(head: str) -> None:
    with pytest.raises(FormatError, match="document type"):
        list(ncmec.read(NCMEC.replace(b"<queryResult", head.encode() + b"<queryResult", 1)))


def test_a_thousand_laughs_are_refused_at_the_first() -> None:
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<!DOCTYPE q [<!ENTITY l0 "ha">{levels}]><queryResult><images>&l9;</images></queryResult>'
    with pytest.raises(FormatError):
        list(ncmec.read(bomb.encode()))


def test_deep_xml_and_other_xml_are_refused() -> None:
    with pytest.raises(FormatError, match="deeply"):
        list(ncmec.read(b"<queryResult>" + b"<a>" * 100 + b"</a>" * 100 + b"</queryResult>"))
    with pytest.raises(FormatError, match="queryResult"):
        list(ncmec.read(b"<html><body>Sign in</body></html>"))
    with pytest.raises(FormatError, match="line"):
        list(ncmec.read(NCMEC[:400]))


def test_a_value_without_end_is_bounded() -> None:
    data = NCMEC.replace(b"AAAA", b"A" * 3_000_000, 1)
    assert len([row for row in ncmec.read(data) if isinstance(row, Row)]) == 4


# StopNCII --------------------------------------------------------------------------------------------


def record(status: str = "Active", **changes: Any) -> dict[str, Any]:
    return {
        "lastModtimestamp": 1,
        "signalType": "ImagePDQ",
        "hashValue": PDQ,
        "hashStatus": status,
        "caseNumbers": {"c-1": "Active"},
        "CSPFeedbacks": [],
    } | changes


def stop(*records: Any) -> list[Any]:
    answer = {
        "count": len(records),
        "nextPageToken": "",
        "hasMoreRecords": False,
        "hashRecords": list(records),
    }
    return list(stopncii.read(msgspec.json.encode(answer)))


def test_what_she_withdrew_goes_whatever_the_word() -> None:
    assert stop(record("Active"), record("Received")) == [Row(EntryKind.PDQ, PDQ, "c-1")] * 2
    assert stop(record("Withdrawn"), record("Deleted")) == [Row(EntryKind.PDQ, PDQ, "c-1", gone=True)] * 2


def test_a_corrupt_record_of_stopncii_costs_itself_alone() -> None:
    rows = stop(record(hashValue=PDQ[:32]), record(), record(signalType="Text"), record("Unknown"), 7)
    assert [type(row) for row in rows] == [BadRow, Row, BadRow, BadRow, BadRow]
    assert [row.place for row in rows if isinstance(row, BadRow)] == [1, 3, 4, 5]


def test_videos_of_stopncii_are_md5() -> None:
    (row,) = stop(record(signalType="VideoMD5", hashValue=MD5.upper(), caseNumbers=None))
    assert row == Row(EntryKind.MD5, MD5)


def test_a_page_that_was_cut_short_is_refused_whole() -> None:
    data = msgspec.json.encode({"hashRecords": [record() for _ in range(10)]})
    with pytest.raises(FormatError, match="cut short"):
        list(stopncii.read(data[:-40]))


# ThreatExchange --------------------------------------------------------------------------------------


def update(**changes: Any) -> dict[str, Any]:
    return {
        "id": "1001",
        "indicator": PDQ,
        "type": "HASH_PDQ",
        "last_updated": 1,
        "should_delete": False,
        "descriptors": {"data": [{"owner": {"id": "9"}, "status": "MALICIOUS", "tags": ["a", "b"]}]},
    } | changes


def exchange(*updates: Any) -> list[Any]:
    return list(threatexchange.read(msgspec.json.encode({"data": list(updates)})))


def test_tags_come_in_both_shapes() -> None:
    nested = {
        "data": [{"owner": {"id": "9"}, "status": "UNKNOWN", "tags": {"data": [{"id": "3", "text": "c"}]}}]
    }
    rows = exchange(update(), update(descriptors=nested))
    assert [row.label for row in rows] == ["a, b", "c"]


@pytest.mark.parametrize(
    "changes",
    [
        {"should_delete": True},
        {"descriptors": None},
        {"descriptors": {"data": []}},
        {"descriptors": {"data": [{"status": "NON_MALICIOUS"}, {"status": "NON_MALICIOUS"}]}},
    ],
)
def test_an_update_takes_away(changes: dict[str, Any]) -> None:
    assert exchange(update(**changes)) == [
        Row(EntryKind.PDQ, PDQ, "1001", exchange(update(**changes))[0].label, gone=True)
    ]


def test_one_owner_who_doubts_takes_nothing_away() -> None:
    both = {"data": [{"status": "NON_MALICIOUS"}, {"status": "MALICIOUS"}]}
    assert exchange(update(descriptors=both))[0].gone is False


def test_types_that_can_t_be_looked_up_are_told() -> None:
    rows = exchange(
        update(type="URI", indicator="https://example.org"), update(type="URI", should_delete=True), 3
    )
    assert [type(row) for row in rows] == [BadRow, Gone, BadRow]


def test_types_with_hashes_of_videos_are_known() -> None:
    (row,) = exchange(update(type="HASH_VIDEO_MD5", indicator=MD5))
    assert row.kind is EntryKind.MD5


# STIX and MISP ---------------------------------------------------------------------------------------


def bundle(*objects: Any) -> list[Any]:
    return list(
        stix.read(msgspec.json.encode({"type": "bundle", "id": "bundle--1", "objects": list(objects)}))
    )


def test_files_and_indicators_of_stix() -> None:
    rows = bundle(
        {"type": "identity", "id": "identity--1"},
        {
            "type": "file",
            "id": "file--1",
            "hashes": {"MD5": MD5, "PDQ": PDQ, "SSDEEP": "3:x:y"},
            "labels": ["a"],
        },
        {
            "type": "indicator",
            "id": "indicator--1",
            "pattern": f"[file:hashes.'SHA-1' = '{SHA1}' OR file:hashes.MD5 = '{MD5}']",
        },
    )
    assert rows == [
        Row(EntryKind.MD5, MD5, "file--1", "a"),
        Row(EntryKind.PDQ, PDQ, "file--1", "a"),
        Row(EntryKind.SHA1, SHA1, "indicator--1"),
        Row(EntryKind.MD5, MD5, "indicator--1"),
    ]


def test_what_is_revoked_in_stix_goes() -> None:
    assert bundle({"type": "indicator", "id": "indicator--1", "revoked": True}) == [Gone("indicator--1")]


def test_an_indicator_without_a_hash_is_told() -> None:
    (row,) = bundle(
        {"type": "indicator", "id": "indicator--1", "pattern": "[ipv4-addr:value = '198.51.100.1']"}
    )
    assert isinstance(row, BadRow)


def event(attributes: list[Any], objects: list[Any]) -> list[Any]:
    return list(misp.read(msgspec.json.encode({"Event": {"Attribute": attributes, "Object": objects}})))


def test_attributes_and_objects_of_misp() -> None:
    perceptual = {
        "name": "perceptual-hash",
        "uuid": "u3",
        "Attribute": [
            {"object_relation": "algorithm", "value": "pdq"},
            {"object_relation": "hash", "value": PDQ},
            {"object_relation": "label", "value": "x"},
        ],
    }
    file = {
        "name": "file",
        "Attribute": [{"type": "sha1", "value": SHA1, "uuid": "u2"}, {"type": "filename"}],
    }
    rows = event(
        [{"type": "md5", "value": MD5, "uuid": "u1", "comment": "c"}, {"type": "ip-src"}], [perceptual, file]
    )
    assert sorted(rows) == sorted(
        [
            Row(EntryKind.PDQ, PDQ, "u3", "x"),
            Row(EntryKind.MD5, MD5, "u1", "c"),
            Row(EntryKind.SHA1, SHA1, "u2"),
        ]
    )


def test_what_is_deleted_in_misp_goes() -> None:
    deleted = {"name": "perceptual-hash", "uuid": "u3", "deleted": True}
    assert event([{"type": "md5", "value": MD5, "uuid": "u1", "deleted": True}], [deleted]) == [
        Gone("u3"),
        Gone("u1"),
    ]


def test_several_events_of_misp_are_read_in_turn() -> None:
    one = {"Event": {"Attribute": [{"type": "md5", "value": MD5, "uuid": "u1"}]}}
    assert len(list(misp.read(msgspec.json.encode({"response": [one, one]})))) == 2
    with pytest.raises(FormatError):
        list(misp.read(b'{"response": [{"Attribute": []}]}'))
