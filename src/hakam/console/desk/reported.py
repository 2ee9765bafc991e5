"""A frozen copy, prepared for the eye: what matched, what can't be seen, what changed, what is veiled."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from hakam.compliance.direction import settled
from hakam.console import nearness
from hakam.console.glyphs import hidden_count
from hakam.console.installation import vault
from hakam.console.matches import seen_words, spans
from hakam.console.terms import term
from hakam.intake import unseen
from hakam.review.evidence import EvidenceKind, Writing, strips, writings
from hakam.review.shapes import CaseView, ClauseView, FiringView, VersionView
from hakam.signals.script import main_script
from hakam.staff.models import User
from hakam.storage.bank_firings import PREFIX
from hakam.vocabulary.event import Media
from hakam.vocabulary.harm import CHILD_ABUSE_OFFENCES, Harm

SENSITIVE = CHILD_ABUSE_OFFENCES | {
    Harm.GRAPHIC_VIOLENCE,
    Harm.ANIMAL_CRUELTY,
    Harm.PERPETRATOR_CONTENT,
    Harm.ADULT_SEXUAL,
    Harm.NCII,
    Harm.NCII_WOMEN,
    Harm.DEEPFAKE_INTIMATE,
    Harm.DEEPFAKE_INTIMATE_WOMEN,
    Harm.SUICIDE_SELF_HARM,
}
"""What is veiled until somebody holds the key, unless they prefer otherwise."""
_QUOTED = 160  # characters of the content that the draft of the facts quotes


@dataclass(frozen=True)
class Reported:
    """One version of the item."""

    digest: str
    captured_at: datetime
    at: datetime | None
    text: str
    spans: list[tuple[int, int]]
    change: str
    changed: bool
    before: str  # the text of the version before it
    damaged: str
    language: str
    script: str
    hidden_characters: int
    audience: str
    reach: int | None
    url: str
    parent: str
    links: tuple[str, ...]
    media: tuple[Media, ...]


def reported(versions: Sequence[VersionView], firings: Iterable[FiringView]) -> list[Reported]:
    """Prepare the versions of an item, oldest first."""
    wanted: set[str] = set()
    for firing in firings:
        wanted |= seen_words(firing.values)
    out: list[Reported] = []
    for version in versions:
        item = version.event.item if version.event else None
        out.append(
            Reported(
                digest=version.digest,
                captured_at=version.captured_at,
                at=version.event.at if version.event else None,
                text=version.text,
                spans=spans(version.text, wanted),
                change=version.change,
                changed=version.changed,
                before=out[-1].text if out else "",
                damaged=version.damaged,
                language=(item.language or "") if item else "",
                script=main_script(version.text) or "",
                hidden_characters=hidden_count(version.text),
                audience=str(item.audience) if item and item.audience else "",
                reach=item.reach if item else None,
                url=(item.url or "") if item else "",
                parent=(item.parent or "") if item else "",
                links=item.links if item else (),
                media=item.media if item else (),
            )
        )
    return out


@dataclass(frozen=True)
class StillShown:
    """A frame of a clip that is near to a known one."""

    at: str  # as players show a time
    source: str  # a data address: small, and no address that could be followed


def strips_of(case: CaseView) -> list[tuple[str, int, list[StillShown]]]:
    """Return, for each bank in which a clip of this case is known: its name, the entry, the frames that are near."""
    kept = [copy.digest for copy in case.evidence if copy.kind == EvidenceKind.MEDIA]
    return [
        (
            strip.bank,
            strip.entry,
            [
                StillShown(_clock(frame.seconds), f"data:image/jpeg;base64,{b64encode(frame.jpeg).decode()}")
                for frame in strip.frames
            ],
        )
        for strip in (strips(kept, vault()) if kept else ())
    ]


@dataclass(frozen=True)
class WritingShown:
    """What was read in a picture, with what rules saw in it marked."""

    writing: Writing
    spans: list[tuple[int, int]]


def writings_of(case: CaseView) -> list[WritingShown]:
    """Return what was read in the pictures of this case's item: of the newest copy, each picture once."""
    kept = [copy.digest for copy in case.evidence if copy.kind == EvidenceKind.WRITING]
    wanted: set[str] = set()
    for firing in case.firings:
        wanted |= seen_words(firing.values)
    found = {(one.picture, one.text): one for one in (writings(kept, vault()) if kept else ())}
    return [WritingShown(one, spans(one.text, wanted)) for one in found.values()]


def unseen_of(case: CaseView) -> list[tuple[int, str]]:
    """Return what of this case's item could not be looked at, and why: the number of a file, 0 for a stream."""
    said = {
        (int(what.removeprefix("media ")) if what.startswith("media ") else 0, str(why))
        for firing in case.firings
        if firing.rule == unseen.RULE
        for what, why in firing.values.items()
    }
    return sorted(said)


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def veiled(case: CaseView, user: User) -> bool:
    """Whether the content is blurred until a key is held."""
    wanted = user.preferences.get("veil", "sensitive")
    return wanted == "all" or (wanted == "sensitive" and case.row.harm in {harm.value for harm in SENSITIVE})


def facts_language(case: CaseView) -> str:
    """Return the language in which the affected person is addressed: the item's, if we write it; else English."""
    return "ar" if case.row.language.partition("-")[0] == "ar" else "en"


def draft_of_facts(case: CaseView, versions: Sequence[Reported]) -> str:
    """Return a first wording of the facts, in the language of the affected person. A person edits it, or not."""
    with translation.override(facts_language(case)):
        kind = term("kind", case.row.item.kind)
        first = versions[0] if versions else None
        if first is None:
            return _("The content at this address was reported: %(address)s.") % {
                "address": case.row.item_url
            }
        day = date_format(first.at or first.captured_at, "DATE_FORMAT")
        text = " ".join(first.text.split())
        if first.spans:
            text = _around(first.text, first.spans[0][0])
        text = settled(text)
        if not text:
            return _("%(kind)s of %(day)s.") % {"kind": kind, "day": day}
        quoted = text if len(text) <= _QUOTED else text[: _QUOTED - 1] + "…"
        return _("%(kind)s of %(day)s, which says: “%(quoted)s”") % {
            "kind": kind,
            "day": day,
            "quoted": quoted,
        }


def _around(text: str, place: int) -> str:
    """Return the words of `text` from a little before `place` on."""
    start = max(0, place - _QUOTED // 4)
    if start:
        start = text.find(" ", start, place) + 1 or place
    return ("… " if start else "") + " ".join(text[start : start + _QUOTED].split())


def in_reach(clauses: Sequence[ClauseView]) -> list[ClauseView]:
    """Order the clauses for the hand: what is alleged, then its relatives (`violence.*`), then by severity."""
    families = {clause.id.partition(".")[0] for clause in clauses if clause.alleged}
    return sorted(
        clauses, key=lambda c: (not c.alleged, c.id.partition(".")[0] not in families, -c.severity, c.id)
    )


def values_of(firing: FiringView) -> list[dict[str, Any]]:
    """Return what a rule saw, each with the part of the rule that read it."""
    of_bank = firing.rule.startswith(PREFIX)
    return [
        {"source": source, "seen": (of_bank and nearness.in_words(str(value))) or _short(value)}
        for source, value in firing.values.items()
    ]


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, list | tuple):
        return ", ".join(_short(part) for part in value[:8]) + (" …" if len(value) > len(value[:8]) else "")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    text = str(value)
    return text if len(text) <= _QUOTED else text[: _QUOTED - 1] + "…"
