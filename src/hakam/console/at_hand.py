"""Words at hand beside the editor of rules that no table of the language has: scores, and the platform's own fields."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import pgettext, pgettext_lazy

from hakam.adapters import declared as declarations
from hakam.adapters.declared import Declared
from hakam.adapters.shipped import NAME as ENCODER
from hakam.console.terms import term
from hakam.intake.models_in_use import ModelState
from hakam.intake.switching import is_on
from hakam.media import nudity
from hakam.policy.fields import EXTRA_KINDS
from hakam.policy.pack import Pack
from hakam.signals.models.heads import HEADS, Head
from hakam.signals.models.targets import PREFIX, TARGETS

HEADS_IN_WORDS: Final[dict[Head, Promise]] = {
    Head.TOXICITY: pgettext_lazy("rule help", "how likely the text is rude, disrespectful or hateful"),
    Head.HATE: pgettext_lazy("rule help", "how likely it attacks people for a protected characteristic"),
    Head.THREAT: pgettext_lazy(
        "rule help", "how likely it announces or wishes for violence against somebody"
    ),
    Head.HARASSMENT: pgettext_lazy("rule help", "how likely it insults or mobs a person"),
    Head.SEXUAL: pgettext_lazy("rule help", "how likely it is sexually explicit, or asks for it"),
    Head.EXTREMISM: pgettext_lazy(
        "rule help", "how likely it praises terrorist violence, recruits or collects for it"
    ),
    Head.SPAM: pgettext_lazy("rule help", "how likely it is unasked advertising or fraud"),
}


class Word(NamedTuple):
    """What a rule may read: as it is written there, and what it is, in the reader's language.

    `state` says why the model whose score it is does not read at present; empty where it does.
    """

    path: str
    doc: str
    state: str = ""


def scores(home: Path) -> Iterator[Word]:
    """Yield the scores that are known here: of models that ship, of declared ones, and the form of any other."""
    for head in HEADS:
        yield _score(head, str(HEADS_IN_WORDS[head]))
    for target in TARGETS:
        doc = pgettext("rule help", "how likely it attacks people for this: %(characteristic)s")
        yield _score(f"{PREFIX}{target}", doc % {"characteristic": term("target", target)})
    for head in HEADS:
        doc = pgettext(
            "rule help",
            "as `%(score)s`, and a larger model is asked where that is unsure; known only after the event",
        )
        yield _score(f"{ENCODER}:{head}", doc % {"score": head})
    if nudity.available():
        doc = pgettext("rule help", "how likely a picture is pornographic; known only after the event")
        yield _score(nudity.SCORE, doc)
    for one in declarations.all_in(home):
        if isinstance(one, Declared):
            yield from _of_model(one)
    yield _score("NAME", pgettext("rule help", "a score that the platform sends with the event by this name"))


def _of_model(one: Declared) -> Iterator[Word]:
    doc = (
        pgettext("rule help", "what the model `%(model)s` says of the text; known only after the event")
        if one.what.reads == "text"
        else pgettext("rule help", "what the model `%(model)s` says of a frame of a live stream")
    )
    for label in one.what.labels:
        yield _score(one.score(label), doc % {"model": one.name}, "" if is_on(one) else ModelState.OFF)


def _score(name: str, doc: str, state: str = "") -> Word:
    return Word(f'scores["{name}"]', doc, state)


def extras(pack: Pack | None) -> Iterator[Word]:
    """Yield the fields that a pack declares of what its platform sends, and the form of any other."""
    kinds = {kind: name for name, kind in EXTRA_KINDS.items()}
    for spec in pack.extra.values() if pack is not None else ():
        doc = pgettext("rule help", "sent by the platform, declared in `pack.yaml` as `%(type)s`")
        yield Word(spec.path, doc % {"type": kinds[spec.kind]})
    doc = pgettext(
        "rule help",
        "what else the platform sends, once `pack.yaml` declares it under `extra`, as `NAME: number`; "
        "other types: `text`, `boolean`, `time`, `texts`",
    )
    yield Word("extra.NAME", doc)
