"""Synthetic gatherings: a crowd that cheers, a raid by made accounts, and both at once. Figures come from a seed."""

from __future__ import annotations

import random

import msgspec

from hakam.storage.event_log import Entry

CHEERS = (
    "What a wonderful evening, greetings to everybody from the north of the country",
    "أهلًا بالجميع، ما أجمل هذه الأمسية وهذا الحوار الذي انتظرناه طويلًا",
    "I have waited for this conversation for years and could not be happier tonight",
    "Could the microphone be a little louder please, one hardly hears the second guest",
    "شكرًا للمترجمين على عملهم الرائع الليلة، نسمعكم بوضوح تام",
    "My grandmother watches with us and says hello to the guest from her village",
    "That last answer about schools was the clearest one that I have heard so far",
)
SLOGANS = (
    "Everybody leave this stream now and join the real truth at the other channel today",
    "لا تصدقوا هذا الكاذب واخرجوا جميعًا الآن إلى القناة الأخرى فورًا",
)


def words(dice: random.Random, text: str) -> str:
    """Return a text as a person writes it: each in words of their own."""
    own = " ".join(
        dice.choice(("river", "market", "winter", "نهر", "سوق", "teacher", "garden", "جبل", "بحر"))
        + str(dice.randrange(999))
        for _ in range(8)
    )
    return f"{text.split()[dice.randrange(3)]} {own}"


class Gathering:
    """Messages as the door keeps them, at a moment (Unix seconds)."""

    def __init__(self, at: float, seed: int = 1) -> None:
        self.at, self._dice, self._n = at, random.Random(seed), 0  # noqa: S311 -- a crowd, no secret

    def message(
        self,
        account: str,
        text: str,
        *,
        days: float,
        network: str,
        country: str = "",
        hit: bool = False,
        labels: tuple[str, ...] = (),
    ) -> Entry:
        """Make one message."""
        self._n += 1
        raw = {
            "kind": "live.chat",
            "at": "2026-01-01T00:00:00Z",
            "author": {"id": account, "created_at": _iso(self.at - days * 86_400)},
            "item": {"id": f"m{self._n}", "text": text, "thread": "b-1", "labels": labels},
            "context": {"ip_hash": network, "country": country},
        }
        said = {"matches": [{"bank": "slogans", "entry": 1, "kind": "text"}]} if hit else {}
        return Entry(
            "maydan", f"e{self._n}", self.at, msgspec.json.encode(raw), b"{}", msgspec.json.encode(said)
        )

    def crowd(self, people: int) -> list[Entry]:
        """People of all ages from everywhere, who cheer in their own words, some of them twice."""
        dice = self._dice
        out = []
        for n in range(people):
            days = 2.0 if dice.random() < 0.05 else dice.uniform(30, 3_000)
            network = f"home-{n if dice.random() < 0.85 else n // 3}"
            for _ in range(2 if dice.random() < 0.3 else 1):
                text = words(dice, dice.choice(CHEERS)) if dice.random() < 0.8 else "👏👏 bravo"
                out.append(
                    self.message(
                        f"p{n}", text, days=days, network=network, country=dice.choice(("DE", "EG", "MA"))
                    )
                )
        return out

    def raid(self, accounts: int, *, banked: float = 0.2) -> list[Entry]:
        """Accounts that were made this week, behind few networks, who write the same few lines many times."""
        dice = self._dice
        return [
            self.message(
                f"bot{n}",
                dice.choice(SLOGANS) + ("!" * dice.randrange(3)),
                days=dice.uniform(0.1, 5),
                network=f"host-{n % max(1, accounts // 12)}",
                hit=dice.random() < banked,
            )
            for n in range(accounts)
            for _ in range(5)
        ]


def _iso(at: float) -> str:
    from datetime import UTC, datetime  # noqa: PLC0415 -- here only

    return datetime.fromtimestamp(at, UTC).isoformat()
