"""The vectors of the reference page, for nodes in other languages, are what the code does."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from hakam.live.waiting.gate import Gate, LaneGate, check, expected_at, read_gate, sign
from hakam.live.waiting.plan import Lane, Plan
from hakam.live.waiting.ticket import TicketError, holder_of, issue, microseconds

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "waiting-room.md"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
LOTS = bytes(32)
OPENS = datetime(2026, 12, 1, 18, tzinfo=UTC)
PLAN = Plan(
    event="talk",
    title={"en": "The conversation"},
    opens_at=OPENS,
    ends_at=OPENS + timedelta(hours=3),
    capacity=100,
    pace=10,
    lanes=(Lane("press", 5),),
)
SOON = OPENS + timedelta(seconds=30)
NOW = SOON.timestamp()
FRONTIER = microseconds(OPENS + timedelta(seconds=15))
GATE = Gate(
    event="talk",
    number=7,
    made_at=NOW,
    step="open",
    lanes=(
        LaneGate(FRONTIER, 1, ((FRONTIER, NOW), (FRONTIER + 10_000_000, NOW + 40.0))),
        LaneGate(FRONTIER),
    ),
    revoked=(holder_of("talk", "mallory"),),
)


def ticket(who: str, after: float, lane: int = 0) -> str:
    return issue(KEY, PLAN, who, lots=LOTS, now=OPENS + timedelta(seconds=after), lane=lane)


TICKETS = {"u1": ticket("u1", 10), "هند": ticket("هند", 20), "mallory": ticket("mallory", 10, lane=1)}


def blocks() -> dict[str, str]:
    """Return each block of code of the vectors, by the words before it; lines are joined."""
    text = PAGE.read_text(encoding="utf-8").partition("## Test vectors")[2]
    found = re.findall(r"([^\n]+):\n\n```\n(.*?)```", text, re.DOTALL)
    return {words: re.sub(r"\s", "", code) for words, code in found}


def test_the_page_has_what_the_code_makes() -> None:
    told = blocks()
    assert told["The public key"] == KEY.public_key().public_bytes_raw().hex()
    assert told["The gate"] == sign(GATE, KEY).hex()
    assert told["`event8` of `talk`"] == hashlib.sha256(b"talk").hexdigest()[:16]
    assert told["The holder `هند`"] == holder_of("talk", "هند").hex()
    for who, made in TICKETS.items():
        assert told[f"The ticket of `{who}`"] == made


def test_who_reads_the_page_alone_answers_as_it_says() -> None:
    told = blocks()
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(told["The public key"]))
    gate = read_gate(bytes.fromhex(told["The gate"]), key)
    first = check(told["The ticket of `u1`"], holder_of("talk", "u1"), gate, key, now=NOW)
    assert first.wait is None
    hind = check(told["The ticket of `هند`"], holder_of("talk", "هند"), gate, key, now=NOW)
    assert hind.wait is not None
    moment = expected_at(gate.lanes[0], microseconds(OPENS + timedelta(seconds=20)))
    assert moment == pytest.approx(NOW + 20)
    for who, shown in (("mallory", "mallory"), ("u2", "u1")):
        with pytest.raises(TicketError, match="not_yours"):
            check(told[f"The ticket of `{shown}`"], holder_of("talk", who), gate, key, now=NOW)
    changed = told["The ticket of `u1`"]
    changed = changed[:-4] + ("AAAA" if changed[-4:] != "AAAA" else "BBBB")
    with pytest.raises(TicketError, match="forged"):
        check(changed, holder_of("talk", "u1"), gate, key, now=NOW)
