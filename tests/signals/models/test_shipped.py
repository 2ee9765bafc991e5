"""The linear model that ships: what it must tell apart, what it was made of, how large it is."""

from __future__ import annotations

from importlib import resources

import pytest

from hakam.signals.models import shipped
from hakam.signals.models.calibration import ANY
from hakam.signals.models.heads import HEADS, Head

# Obvious sentences, each with a harmless neighbour that shares its words.
PAIRS = [
    (Head.THREAT, "en", "I will come to your house and kill you", "my mother will kill me when she sees this mess"),
    (Head.THREAT, "ar", "راح اقتلك واحرق بيتك والله", "الشوق قتلني لبيتنا والله"),
    (Head.TOXICITY, "en", "you are a disgusting stupid idiot", "that was a stupid mistake of mine, sorry"),
    (Head.TOXICITY, "ar", "يا كلب يا حقير", "كلبي الصغير جميل"),
    (Head.HATE, "en", "all immigrants are filthy animals", "many immigrants work in our hospital"),
    (Head.EXTREMISM, "en", "glory to the fighters who blew up the market", "police: a group blew up the market"),
    (Head.EXTREMISM, "ar", "المجد للمقاتلين الذين فجروا السوق", "أكدت الشرطة مقتل عشرة في تفجير السوق"),
    (Head.SPAM, "en", "earn 900 dollars a day from home, click [URL]", "here is the article about homes [URL]"),
    (Head.SPAM, "ar", "اربح الف دولار يوميا من البيت راسلني واتساب", "هذا مقال عن شراء البيت"),
]  # fmt: skip


@pytest.mark.parametrize(("head", "language", "bad", "good"), PAIRS)
def test_the_worse_of_two_scores_higher(head: Head, language: str, bad: str, good: str) -> None:
    model = shipped.linear()
    assert model.score(bad, language)[head] > model.score(good, language)[head]


def test_it_is_small_and_says_what_it_was_made_of() -> None:
    data = (resources.files("hakam.signals.models") / "linear.bin").read_bytes()
    assert len(data) <= 5_000_000
    head = shipped.linear().head
    assert head.heads == HEADS
    assert set(head.share_alike) <= set(head.sources)
    forbidden = {"cad", "sms_spam", "youtube_spam", "isis_fanboy", "hatecheck", "hatemojicheck", "ethos"}
    assert not forbidden & set(head.sources)


def test_each_threshold_says_how_sure_it_is() -> None:
    for table in shipped.linear().head.thresholds.values():
        assert ANY in table
        for found in table.values():
            assert 0.05 <= found.at <= 0.95
            assert found.low <= found.high
