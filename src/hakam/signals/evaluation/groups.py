"""Which groups of people a text names: to see whether a classifier treats talk about some worse than about others.

A text that only names a group is not hateful; where it is flagged more often than other texts, the model is unfair.
"""

from __future__ import annotations

import re

from hakam.signals.fold import fold_words

_WORDS: dict[str, tuple[str, ...]] = {
    "women": ("women", "woman", "girls", "feminists", "نساء", "النساء", "المراه", "بنات"),
    "men": ("men", "boys", "رجال", "الرجال"),
    "Muslims": ("muslim", "muslims", "islam", "المسلمين", "مسلم", "الاسلام"),
    "Jews": ("jew", "jews", "jewish", "اليهود", "يهودي"),
    "Christians": ("christian", "christians", "المسيحيين", "مسيحي", "النصاري"),
    "Shia and Sunni": ("shia", "sunni", "الشيعه", "السنه", "شيعي", "سني"),
    "Black people": ("black", "blacks", "african", "السود", "اسود", "الافارقه"),
    "white people": ("white", "whites"),
    "Asians": ("asian", "asians", "chinese", "indian", "الهنود"),
    "Arabs": ("arab", "arabs", "العرب", "عربي"),
    "immigrants and refugees": (
        "immigrant", "immigrants", "refugee", "refugees", "migrants", "المهاجرين", "اللاجئين", "السوريين",
    ),
    "gay and trans people": ("gay", "gays", "lesbian", "trans", "transgender", "queer", "lgbt", "المثليين"),
    "disabled people": ("disabled", "disability", "autistic", "المعاقين", "معاق"),
}  # fmt: skip
_PATTERNS = {
    group: re.compile(f" (?:{'|'.join(sorted({fold_words(word).strip() for word in words}))}) ")
    for group, words in _WORDS.items()
}
GROUPS = tuple(_WORDS)


def groups_named(text: str) -> tuple[str, ...]:
    """Return the groups that a text names, in English or Arabic."""
    words = fold_words(text)
    return tuple(group for group, pattern in _PATTERNS.items() if pattern.search(words))
