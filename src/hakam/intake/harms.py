"""The kinds of harm as people who report would name them, in groups. Every key of the vocabulary is in one group."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

GROUPS: tuple[tuple[Promise, dict[str, Promise]], ...] = (
    (
        _("Children"),
        {
            "csam": _("Sexual abuse of a child: picture or video"),
            "csam_synthetic": _("Sexual abuse of a child: generated or drawn"),
            "csam_link": _("Link to sexual abuse of a child"),
            "grooming": _("Sexual approach to a child"),
            "sextortion_minor": _("Sexual blackmail of a child"),
            "minor_privacy": _("Private details of a child"),
            "dangerous_challenge": _("Dangerous challenge"),
        },
    ),
    (
        _("Terror and violence"),
        {
            "terrorism_incitement": _("Praise of or call for terrorism"),
            "terrorism_recruitment": _("Recruiting for a terrorist group"),
            "terrorism_instruction": _("Instructions for attacks"),
            "terrorism_threat": _("Threat of a terrorist attack"),
            "perpetrator_content": _("Material made by an attacker"),
            "illegal_organisation": _("Signs of a forbidden organisation"),
            "threat": _("Threat"),
            "incitement": _("Call for violence"),
            "graphic_violence": _("Shocking violence"),
            "animal_cruelty": _("Cruelty to animals"),
        },
    ),
    (
        _("Hate and harassment"),
        {
            "hate_speech": _("Hate speech"),
            "hate_women": _("Hate against women"),
            "harassment": _("Harassment or insult"),
            "harassment_women": _("Harassment of women"),
            "stalking": _("Stalking"),
            "doxxing": _("Publishing private details"),
            "defamation": _("Defamation"),
        },
    ),
    (
        _("Sex and intimacy"),
        {
            "ncii": _("Intimate picture without consent"),
            "ncii_women": _("Intimate picture of a woman without consent"),
            "deepfake_intimate": _("Faked intimate picture"),
            "deepfake_intimate_women": _("Faked intimate picture of a woman"),
            "cyberflashing": _("Unwanted sexual picture"),
            "sextortion_adult": _("Sexual blackmail"),
            "adult_sexual": _("Adult content"),
        },
    ),
    (
        _("Health and life"),
        {
            "suicide_self_harm": _("Suicide or self-harm"),
            "eating_disorder": _("Promotion of eating disorders"),
            "drugs_weapons": _("Drugs or weapons"),
            "trafficking": _("Trafficking in human beings"),
            "public_health": _("Danger to public health"),
        },
    ),
    (
        _("Deception"),
        {
            "fraud": _("Fraud or scam"),
            "impersonation": _("Impersonation"),
            "spam": _("Spam"),
            "cib": _("Coordinated fake accounts"),
            "misinformation": _("Misinformation"),
            "gendered_disinformation": _("Disinformation about women"),
            "cyber_attack": _("Cyber attack or malware"),
        },
    ),
    (
        _("Rights"),
        {
            "privacy": _("Breach of privacy or data protection"),
            "ip": _("Copyright, trade marks, designs"),
            "consumer": _("Unlawful goods or services"),
            "tc_other": _("Something else that the rules forbid"),
        },
    ),
)
HARMS: dict[str, Promise] = {key: word for _title, words in GROUPS for key, word in words.items()}


def harm_word(key: str) -> str:
    """Return what a person calls a harm, in the language in force; the key where it is none of the vocabulary."""
    return str(HARMS.get(key, key))
