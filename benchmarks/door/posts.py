"""Seeded posts in Arabic and English, ready as bytes: only the id changes from one sending to the next."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import msgspec

ID = b"00000000-0000000000000000"  # run and number, in hexadecimal; the place in a body is known beforehand
_SEED = 20_260_101
_ENGLISH = """
the a this that my your our their morning evening street market team match photo picture recipe story
music video garden school work coffee bread weather rain sun train city friend family weekend holiday
question answer great quiet late early small large new old good bad happy tired thanks please maybe
really always never again idiot hate kill buy cheap follower money prize winner click free
"""
_ARABIC = """
من في على هذا هذه اليوم غدا صباح مساء السوق الفريق المباراة صورة وصفة قصة موسيقى الحديقة المدرسة العمل
القهوة الخبز الطقس المطر الشمس القطار المدينة صديق العائلة العطلة سؤال جواب جميل هادئ متأخر مبكر صغير
كبير جديد قديم شكرا لطفا ربما دائما أبدا مرة أخرى مجانا اربح متابعين غبي أكره
"""


def post(number: int, rng: random.Random, *, platform: str) -> bytes:
    """Return one event as JSON with `ID` in the place of its id; of a size as posts with metadata have."""
    arabic = rng.random() < 0.5
    words = rng.choices((_ARABIC if arabic else _ENGLISH).split(), k=rng.randint(8, 40))
    if rng.random() < 0.1:
        words.append(
            f"https://{rng.choice(('news.example', 'shop.example', 'bit.ly'))}/{rng.randrange(10**6)}"
        )
    author = rng.randrange(50_000)
    event = {
        "id": ID.decode(),
        "platform": platform,
        "kind": rng.choice(("post", "post", "comment", "message")),
        "at": datetime.now(tz=UTC).replace(microsecond=0).isoformat(),
        "author": {
            "id": f"u{author}",
            "name": f"Author {author}",
            "created_at": datetime(2015 + author % 11, 1 + author % 12, 1, tzinfo=UTC).isoformat(),
            "followers": rng.randrange(5_000),
            "verified": rng.random() < 0.1,
            "country": rng.choice(("SA", "EG", "MA", "GB", "DE", "FR")),
        },
        "item": {
            "id": f"p{number}-{author}",
            "url": f"https://forum.example/p/{number}",
            "text": " ".join(words),
            "language": "ar" if arabic else "en",
            "audience": "public",
        },
        "context": {"country": "DE", "client": "app/5.12", "ip_hash": f"{rng.getrandbits(128):032x}"},
        "scores": {"toxicity": round(rng.random() ** 3, 4), "spam": round(rng.random() ** 3, 4)},
    }
    return msgspec.json.encode(event)


class Bodies:
    """Requests with bodies of `batch` events each; `next_request` gives one that was never sent before."""

    def __init__(
        self, *, path: str, host: str, key: str, platform: str, batch: int, run: int, variety: int = 200
    ) -> None:
        rng = random.Random(_SEED)
        self._run = f"{run:08x}-".encode()
        self._number = 0
        self._requests: list[tuple[bytearray, tuple[int, ...]]] = []
        for index in range(variety):
            events = [post(index * batch + n, rng, platform=platform) for n in range(batch)]
            body = events[0] if batch == 1 else b"[" + b",".join(events) + b"]"
            head = (
                f"POST {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {key}\r\n"
                f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
            ).encode()
            request = bytearray(head + body)
            places, at = [], request.find(ID)
            while at >= 0:
                places.append(at)
                at = request.find(ID, at + len(ID))
            self._requests.append((request, tuple(places)))
        self.batch = batch
        self.bytes_per_event = sum(len(r) for r, _ in self._requests) / (variety * batch)
        self._turn = 0

    def next_request(self) -> bytes:
        """Return the next request with fresh ids."""
        request, places = self._requests[self._turn]
        self._turn = (self._turn + 1) % len(self._requests)
        run, number, size = self._run, self._number, len(ID)
        for place in places:
            request[place : place + size] = run + b"%016x" % number
            number += 1
        self._number = number
        return bytes(request)
