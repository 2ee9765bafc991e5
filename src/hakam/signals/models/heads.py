"""What the shipped classifiers say of a text. One closed list, from which everything else derives."""

from __future__ import annotations

from enum import StrEnum


class Head(StrEnum):
    """One question put to a text; the answer is a probability. Rules read it as `scores["toxicity"]`."""

    TOXICITY = "toxicity"  # rude, disrespectful or hateful: likely to make people leave a discussion
    HATE = "hate"  # attacks people for a protected characteristic
    THREAT = "threat"  # announces or wishes for violence against somebody
    HARASSMENT = "harassment"  # insults or mobs a person
    SEXUAL = "sexual"  # sexually explicit, or asks for it
    EXTREMISM = "extremism"  # praises terrorist violence, recruits or collects for it
    SPAM = "spam"  # unasked advertising, fraud


HEADS: tuple[Head, ...] = tuple(Head)
