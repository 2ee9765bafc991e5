"""The kinds of harm. One closed list of keys; the codes of other taxonomies are data beside it (`harms.json`).

The key is stored; the code for the EU Transparency Database, Ofcom or a partner is derived when it is needed, since
those lists change and this one should not.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import cache
from importlib.resources import files

import msgspec


class Harm(StrEnum):
    """Keys of the crosswalk, most severe first within each group."""

    TERRORISM_INCITEMENT = "terrorism_incitement"
    TERRORISM_RECRUITMENT = "terrorism_recruitment"
    TERRORISM_INSTRUCTION = "terrorism_instruction"
    TERRORISM_THREAT = "terrorism_threat"
    PERPETRATOR_CONTENT = "perpetrator_content"
    ILLEGAL_ORGANISATION = "illegal_organisation"
    CSAM = "csam"
    CSAM_SYNTHETIC = "csam_synthetic"
    CSAM_LINK = "csam_link"
    GROOMING = "grooming"
    SEXTORTION_MINOR = "sextortion_minor"
    MINOR_PRIVACY = "minor_privacy"
    DANGEROUS_CHALLENGE = "dangerous_challenge"
    NCII = "ncii"
    NCII_WOMEN = "ncii_women"
    DEEPFAKE_INTIMATE = "deepfake_intimate"
    DEEPFAKE_INTIMATE_WOMEN = "deepfake_intimate_women"
    CYBERFLASHING = "cyberflashing"
    SEXTORTION_ADULT = "sextortion_adult"
    HARASSMENT = "harassment"
    HARASSMENT_WOMEN = "harassment_women"
    STALKING = "stalking"
    DOXXING = "doxxing"
    THREAT = "threat"
    HATE_SPEECH = "hate_speech"
    HATE_WOMEN = "hate_women"
    INCITEMENT = "incitement"
    DEFAMATION = "defamation"
    GRAPHIC_VIOLENCE = "graphic_violence"
    ANIMAL_CRUELTY = "animal_cruelty"
    SUICIDE_SELF_HARM = "suicide_self_harm"
    EATING_DISORDER = "eating_disorder"
    TRAFFICKING = "trafficking"
    ADULT_SEXUAL = "adult_sexual"
    DRUGS_WEAPONS = "drugs_weapons"
    FRAUD = "fraud"
    IMPERSONATION = "impersonation"
    SPAM = "spam"
    CIB = "cib"
    MISINFORMATION = "misinformation"
    GENDERED_DISINFORMATION = "gendered_disinformation"
    PUBLIC_HEALTH = "public_health"
    PRIVACY = "privacy"
    IP = "ip"
    CONSUMER = "consumer"
    CYBER_ATTACK = "cyber_attack"
    TC_OTHER = "tc_other"


class HarmCodes(msgspec.Struct, frozen=True):
    """What other taxonomies call one harm."""

    key: Harm
    label: str
    tdb_category: str
    tdb_keywords: tuple[str, ...] = ()
    ofcom: str | None = None
    tco: str | None = None
    mlcommons: str | None = None
    openai: tuple[str, ...] = ()
    ozone: tuple[str, ...] = ()
    iftas: tuple[str, ...] = ()


class _Crosswalk(msgspec.Struct, frozen=True):
    rows: tuple[HarmCodes, ...]


@cache
def crosswalk() -> dict[Harm, HarmCodes]:
    """Return the codes of every harm. A key without a row, or a row without a key, is an error."""
    data = files("hakam.vocabulary").joinpath("harms.json").read_bytes()
    table = {row.key: row for row in msgspec.json.decode(data, type=_Crosswalk).rows}
    missing = set(Harm) - set(table)
    if missing:
        raise LookupError(f"harms.json lacks {sorted(missing)}")
    return table


_CALLED: dict[str, Harm] = {  # by words that stand in no label
    **dict.fromkeys(("copyright", "piracy", "trademark"), Harm.IP),
    **dict.fromkeys(("porn", "pornography", "nudity", "nsfw"), Harm.ADULT_SEXUAL),
    **dict.fromkeys(("scam", "phishing"), Harm.FRAUD),
    **dict.fromkeys(("bullying", "insult", "trolling"), Harm.HARASSMENT),
    **dict.fromkeys(("gore", "violence"), Harm.GRAPHIC_VIOLENCE),
    **dict.fromkeys(("bot", "botnet", "brigading"), Harm.CIB),
    **dict.fromkeys(("disinformation", "rumour", "rumor", "news"), Harm.MISINFORMATION),
    **dict.fromkeys(("malware", "hacking"), Harm.CYBER_ATTACK),
    **dict.fromkeys(("doxing", "dox"), Harm.DOXXING),
}
_IDLE = frozenset({"", "and", "or", "of", "the", "content", "other", "illegal"})
_MANY = 4  # harms that share as many words with a text: more say nothing


def harms_meant(text: str) -> tuple[Harm, ...]:
    """Return the harms that a text names in other words (`Hate speech`, `copyright`), none if that can't be told."""
    words = _words(text)
    known = [_CALLED[word] for word in sorted(words | set(text.lower().split())) if word in _CALLED]
    shared = {key: len(words & _words(f"{key} {row.label}")) for key, row in crosswalk().items()}
    most = max(shared.values())
    found = [key for key, many in shared.items() if many == most and most]
    plain = [key for key in found if _words(key) <= words]  # all that its key says
    if len(found) != 1 or most == 1:  # one word may be of many labels
        found = plain or list(dict.fromkeys(known)) or found
    return tuple(found) if len(found) <= _MANY else ()


def _words(text: str) -> frozenset[str]:
    words = re.findall(r"[a-z]+", text.lower())
    return frozenset(word.removesuffix("s") for word in words) - _IDLE


# DSA Art. 16(2)(c): a notice of these needs no name and no address (Directive 2011/93/EU, Arts 3 to 7).
CHILD_ABUSE_OFFENCES = frozenset(
    {Harm.CSAM, Harm.CSAM_SYNTHETIC, Harm.CSAM_LINK, Harm.GROOMING, Harm.SEXTORTION_MINOR}
)
# Terrorist content, and what the perpetrator of an attack made of it (TCO Art. 2(7)).
TERRORIST = frozenset(
    {
        Harm.TERRORISM_INCITEMENT,
        Harm.TERRORISM_RECRUITMENT,
        Harm.TERRORISM_INSTRUCTION,
        Harm.TERRORISM_THREAT,
        Harm.PERPETRATOR_CONTENT,
    }
)
# What is taken away at the first time, not warned about: terrorist content (as Regulation (EU) 2021/784 has it), the
# offences above, and intimate pictures without consent.
GRAVE = (
    CHILD_ABUSE_OFFENCES
    | TERRORIST
    | {
        Harm.NCII,
        Harm.NCII_WOMEN,
        Harm.DEEPFAKE_INTIMATE,
        Harm.DEEPFAKE_INTIMATE_WOMEN,
    }
)
