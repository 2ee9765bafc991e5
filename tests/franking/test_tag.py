"""A report proves what was sent, by whom, to whom and when; a forged one never does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hakam.franking.message import KEY_BYTES, FrankingError, commit, digest_of, new_key
from hakam.franking.tag import MAX_ID, SKEW, Envelope, Frank, Report, milliseconds, tag, verify

NOW = datetime(2026, 3, 29, 2, 30, tzinfo=UTC)
SECRET = bytes(range(32))
KEYS = {"2026-a": SECRET, "2025-a": b"o" * 32}
ENVELOPE = Envelope("maydan", "chat-7", "m-1", "nour", "yusuf", NOW)


def sent(text: str = "سأجدك", *, envelope: Envelope = ENVELOPE, key_id: str = "2026-a") -> Report:
    """Send a message for real and open it as its recipient would."""
    key = new_key()
    attachments = [digest_of(b"a picture")]
    commitment = commit(key, text, attachments)
    made = tag(KEYS[key_id], envelope, commitment)
    return Report(envelope, text, attachments, key, commitment, Frank(key_id, made))


def refused(report: Report, *, now: datetime = NOW) -> str:
    """Return why a report is refused."""
    with pytest.raises(FrankingError) as caught:
        verify(report, KEYS, now=now)
    return caught.value.code


def test_an_honest_report_is_believed() -> None:
    verify(sent(), KEYS, now=NOW)


def test_a_message_under_an_older_key_is_believed_while_the_key_is_kept() -> None:
    report = sent(key_id="2025-a")
    verify(report, KEYS, now=NOW)
    with pytest.raises(FrankingError) as caught:
        verify(report, {"2026-a": SECRET}, now=NOW)
    assert caught.value.code == "unknown_key"


def test_another_text_is_not_believed() -> None:
    assert refused(sent()._replace(text="صباح الخير")) == "not_this_message"


def test_another_picture_is_not_believed() -> None:
    assert refused(sent()._replace(attachments=[digest_of(b"another")])) == "not_this_message"
    assert refused(sent()._replace(attachments=[])) == "not_this_message"


def test_a_commitment_of_ones_own_making_is_not_believed() -> None:
    key = new_key()
    forged = sent()._replace(text="I will find you", key=key, commitment=commit(key, "I will find you", []))
    assert refused(forged) == "not_carried"


@pytest.mark.parametrize("field", Envelope._fields)
def test_nothing_about_the_envelope_can_be_changed(field: str) -> None:
    report = sent()
    value: Any = getattr(report.envelope, field)
    other = value + timedelta(seconds=1) if isinstance(value, datetime) else value + "x"
    assert refused(report._replace(envelope=report.envelope._replace(**{field: other}))) == "not_carried"


def test_the_tag_of_one_message_proves_no_other() -> None:
    one, other = sent("one"), sent("two")
    assert refused(one._replace(frank=other.frank)) == "not_carried"
    assert refused(one._replace(commitment=other.commitment, frank=other.frank)) == "not_this_message"


@given(
    text=st.text(st.characters(exclude_categories=("Cs",)), max_size=40),
    key=st.binary(min_size=KEY_BYTES, max_size=KEY_BYTES),
    commitment=st.binary(min_size=32, max_size=32),
    made=st.binary(min_size=32, max_size=32),
    sender=st.sampled_from(["nour", "yusuf", "mallory"]),
    key_id=st.sampled_from(["2026-a", "2025-a", "none"]),
    keep=st.sets(st.sampled_from(["text", "key", "commitment", "tag", "sender", "key_id"])),
)
def test_a_forged_report_never_verifies(
    *, text: str, key: bytes, commitment: bytes, made: bytes, sender: str, key_id: str, keep: set[str]
) -> None:
    """A forger knows all of an honest message and changes whatever they like of it."""
    honest = sent("the words that were sent")
    forged = honest._replace(
        text=honest.text if "text" in keep else text,
        key=honest.key if "key" in keep else key,
        commitment=honest.commitment if "commitment" in keep else commitment,
        envelope=honest.envelope if "sender" in keep else honest.envelope._replace(sender=sender),
        frank=Frank(
            honest.frank.key_id if "key_id" in keep else key_id, honest.frank.tag if "tag" in keep else made
        ),
    )
    assume(forged != honest)
    assert refused(forged) in {"not_carried", "not_this_message", "unknown_key"}


@given(st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=30))
def test_a_forger_with_a_consistent_message_of_their_own_never_verifies(text: str) -> None:
    """Everything is right but the tag, which needs the secret of the platform."""
    key = new_key()
    commitment = commit(key, text)
    for secret in (b"\0" * 32, key, commitment):
        frank = Frank("2026-a", tag(secret, ENVELOPE, commitment))
        assert refused(Report(ENVELOPE, text, [], key, commitment, frank)) == "not_carried"


def test_fields_of_an_envelope_do_not_run_into_each_other() -> None:
    one = ENVELOPE._replace(sender="ab", recipient="c")
    other = ENVELOPE._replace(sender="a", recipient="bc")
    assert one.encoded() != other.encoded()


def test_the_same_moment_in_another_zone_is_the_same() -> None:
    there = NOW.astimezone(timezone(timedelta(hours=3)))
    assert ENVELOPE._replace(sent_at=there).encoded() == ENVELOPE.encoded()


def test_microseconds_do_not_count_and_milliseconds_do() -> None:
    later = ENVELOPE._replace(sent_at=NOW + timedelta(microseconds=999))
    assert later.encoded() == ENVELOPE.encoded()
    assert ENVELOPE._replace(sent_at=NOW + timedelta(microseconds=1000)).encoded() != later.encoded()
    assert milliseconds(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)) == 1000


@pytest.mark.parametrize(
    "envelope",
    [
        ENVELOPE._replace(sender=""),
        ENVELOPE._replace(sender="a\0b"),
        ENVELOPE._replace(conversation="x" * (MAX_ID + 1)),
        ENVELOPE._replace(message_id="\ud800"),
        ENVELOPE._replace(sent_at=NOW.replace(tzinfo=None)),
        ENVELOPE._replace(sent_at=datetime(1969, 12, 31, tzinfo=UTC)),
    ],
)
def test_a_malformed_envelope_is_neither_vouched_for_nor_believed(envelope: Envelope) -> None:
    with pytest.raises(FrankingError) as caught:
        tag(SECRET, envelope, b"0" * 32)
    assert caught.value.code == "bad_envelope"
    assert refused(sent()._replace(envelope=envelope)) == "bad_envelope"


def test_only_whole_keys_and_commitments_are_taken() -> None:
    for secret, commitment, code in (
        (SECRET[:-1], b"0" * 32, "bad_key"),
        (SECRET, b"0" * 31, "bad_commitment"),
    ):
        with pytest.raises(FrankingError) as caught:
            tag(secret, ENVELOPE, commitment)
        assert caught.value.code == code


def test_a_message_of_the_future_is_refused_but_clocks_may_differ() -> None:
    verify(sent(envelope=ENVELOPE._replace(sent_at=NOW + SKEW)), KEYS, now=NOW)
    late = sent(envelope=ENVELOPE._replace(sent_at=NOW + SKEW + timedelta(seconds=1)))
    assert refused(late) == "from_the_future"
