"""Seeded posts.

JSON events of about 550 bytes, two thirds in English, one third in Arabic, few of which hit a rule.
"""

from __future__ import annotations

import json
import random

ENGLISH = [
    "idea",
    "answer",
    "team",
    "sun",
    "morning",
    "design",
    "lovely",
    "level",
    "school",
    "dark",
    "bug",
    "night",
    "quiet",
    "happy",
    "thanks",
    "coding",
    "excited",
    "work",
    "story",
    "photo",
    "python",
    "paper",
    "beach",
    "match",
    "pasta",
    "river",
    "window",
    "garden",
    "music",
    "train",
    "market",
    "letter",
    "summer",
    "winter",
    "bread",
]
ARABIC = [
    "الطقس",
    "جميل",
    "اليوم",
    "والبحر",
    "هادئ",
    "كتاب",
    "مدرسة",
    "صباح",
    "مساء",
    "قهوة",
    "صديق",
    "سفر",
    "مدينة",
    "طريق",
    "شجرة",
    "حديقة",
    "موسيقى",
    "رياضة",
    "مباراة",
    "كرة",
    "فريق",
    "لاعب",
    "مطبخ",
    "خبز",
    "ماء",
    "نهر",
    "جبل",
    "سماء",
    "نجوم",
    "ليل",
    "نهار",
]
BAIT = (
    "free crypto", "double your money", "click here", "work from home", "giveaway", "wire transfer", "kill yourself",
    "ربح سريع", "اضغط هنا", "اقتل نفسك", "visit https://bit.ly/a8Kd72", "call 0044 555 123 4567", "buy followers",
    "0x52908400098527886e0f7030069857d2e4169ee7", "V1AGRA now", "HELLOTHEREEVERYBODY", "dm me for prices", "100% legit",
)  # fmt: skip
COUNTRIES = ("US", "FR", "DE", "GB", "SA", "EG", "JO", "MA", "JP", "BR", "ZZ")
WEIGHTS = (20, 12, 12, 12, 10, 10, 6, 6, 6, 5, 1)
CLIENTS = (
    "Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0",
    "App/5.12 (iPhone; iOS 18.1)",
    "App/5.12 (Android 15)",
)


def posts(count: int, seed: int = 7, bait: float = 0.04) -> list[bytes]:
    """Return `count` posts as JSON. A share of `bait` holds a phrase that a rule looks for."""
    rng = random.Random(seed)
    return [
        json.dumps(_post(n, rng, bait), ensure_ascii=False, separators=(",", ":")).encode()
        for n in range(count)
    ]


def _post(n: int, rng: random.Random, bait: float) -> dict[str, object]:
    arabic = rng.random() < 1 / 3
    words = rng.choices(ARABIC if arabic else ENGLISH, k=rng.randint(12, 34))
    if rng.random() < bait:
        words.insert(rng.randrange(len(words)), rng.choice(BAIT))
    year, month = (
        (2026, rng.randint(1, 2)) if rng.random() < 0.01 else (rng.randint(2012, 2025), rng.randint(1, 12))
    )
    item: dict[str, object] = {
        "id": f"p{n}",
        "text": " ".join(words),
        "language": "ar" if arabic else "en",
        "hashtags": [f"#{word}" for word in rng.sample(ENGLISH, rng.choice((0, 0, 1, 2)))],
        "mentions": [f"u{rng.randrange(10**6)}" for _ in range(rng.choice((0, 0, 0, 1, 2)))],
        "links": [f"https://example.org/{rng.choice(ENGLISH)}"] if rng.random() < 0.1 else [],
    }
    if rng.random() < 0.3:
        item["parent"] = f"p{rng.randrange(10**6)}"
    author: dict[str, object] = {
        "id": f"u{rng.randrange(10**5)}",
        "name": f"{rng.choice(ENGLISH)}_{rng.choice(ENGLISH)}",
        "created_at": f"{year}-{month:02}-{rng.randint(1, 28):02}T08:00:00Z",
        "followers": int(rng.lognormvariate(5, 1.6)),
        "following": int(rng.lognormvariate(5, 1.0)),
        "posts": int(rng.lognormvariate(6, 1.2)),
        "country": rng.choices(COUNTRIES, WEIGHTS)[0],
    }
    if rng.random() < 0.9:
        author["verified"] = rng.random() < 0.6
    return {
        "id": f"e{n}",
        "platform": "bench",
        "kind": "post",
        "at": f"2026-03-01T10:{rng.randrange(60):02}:{rng.randrange(60):02}Z",
        "author": author,
        "item": item,
        "context": {
            "country": rng.choices(COUNTRIES, WEIGHTS)[0],
            "client": rng.choice(CLIENTS),
            "ip_hash": f"{rng.getrandbits(64):016x}",
        },
        "scores": {"toxicity": round(rng.betavariate(1.2, 12), 4), "spam": round(rng.betavariate(1, 14), 4)},
    }
