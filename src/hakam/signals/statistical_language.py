"""The language of a text by its statistics: where letters alone don't tell (Latin, Devanagari), and of romanised texts.

Uses py3langid (BSD-3-Clause, model included), limited to the languages that Hakam's classifiers and rules meet. Arabic
and Urdu in Latin letters, which no package knows, are told by the digits that stand for letters and by small words.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from hakam.signals.language import guess_language
from hakam.signals.script import main_script

# Told apart by statistics. More languages would cost accuracy on short posts.
CANDIDATES = (
    "ar", "bg", "cs", "da", "de", "en", "es", "fa", "fi", "fr", "hi", "hu", "id", "it", "mr", "ms", "ne", "nl",
    "no", "pl", "pt", "ro", "ru", "sq", "sr", "sv", "sw", "tl", "tr", "uk", "ur", "uz", "vi",
)  # fmt: skip
_MIN_LETTERS = 8
_SURE = 0.55  # below it, say nothing
_SAMPLE = 240
_ASK = frozenset({"Latn", "Deva", "Cyrl"})
_MIN_WORDS = 3
_SHARE = 0.22
_TELLING = 2
# Of Urdu, chosen on one half of a corpus and measured on the other: how much a small word counts, and the share of the
# words that must tell where two or more different ones do, one does, or only small ones do.
_SMALL = 0.7
_MANY_TELL, _ONE_TELLS, _SMALL_TELL = 0.15, 0.25, 0.5
_SMALL_ALONE = 4

_WORD = re.compile(r"[\w']+")  # whole words: `mañana` holds no `ana`
# Digits that stand for Arabic letters inside a word: 3 for ain, 7 for ha, 5 for kha, 2 for the glottal stop, 9, 6, 8.
_ARABIZI = re.compile(
    r"(?<![a-z0-9])(?=[a-z0-9']*[a-z][a-z0-9']*)[a-z']*[2356789][a-z'][a-z0-9']*|[a-z']{2,}[37][a-z']*"
)
_NOT_ARABIZI = re.compile(
    r"(?:\d+(?:st|nd|rd|th|k|m|km|kg|cm|mm|gb|mb|tb|g|pm|am|h|min|s|x|d|p|v|hz|w|c)|[a-z]\d+|(?:mp|h|ps|xbox|gr|be|m)\d|"
    r"\d+[a-z])$"
)
_ARABIC_WORDS = frozenset({
    "ana", "enta", "enti", "inta", "inti", "e7na", "ehna", "howa", "heya", "howwa", "hiya", "mesh", "mish",
    "msh", "mush", "el", "al", "wel", "fel", "bel", "da", "di", "dah", "deh", "bas", "bass", "shu", "shou",
    "eh", "eih", "leh", "leih", "lesh", "fen", "fein", "wen", "wein", "keda", "kida", "kda", "kifak",
    "kefak", "khalas", "yalla", "yala", "wallah", "wallahi", "inshallah", "insha", "allah", "habibi",
    "habibti", "ya", "kaman", "3ashan", "3shan", "3la", "3ala", "ma3", "3and", "3andi", "sho8l", "zay",
    "zayy", "ktir", "kteer", "keteer", "awi", "aktar", "mafi", "mafeesh", "fi", "fih", "feeh", "shi", "chi",
    "ach", "wach", "wash", "bezaf", "bzaf", "dyal", "dyali", "machi", "rani", "nta", "nti", "labas",
    "salam", "akhi", "ukhti", "sabah", "masa", "elkher", "kul", "kol", "nas", "lazem", "lazim", "hatta",
    "lama", "ba3d", "abl", "law", "walla", "aw",
})  # fmt: skip
# Urdu and Hindi as people type them, abbreviations included: words that no other language of these letters has.
_URDU_WORDS = frozenset({
    "aaj", "aajao", "aajkal", "aana", "aao", "aap", "aata", "aate", "aati", "aaya", "aaye", "aayi", "abb",
    "abhe", "abhi", "acha", "achay", "ache", "achha", "achhi", "achi", "agar", "agr", "aik", "aisa", "aisay",
    "aise", "aisi", "andar", "apka", "apke", "apki", "apko", "apna", "apnay", "apne", "apni", "apny", "atay",
    "aur", "aurat", "aurton", "awam", "ayega", "aygi", "baad", "baap", "baapu", "baar", "baare", "baat",
    "bacha", "bachay", "bache", "bachon", "bahar", "bahir", "bahot", "bahut", "baitha", "bakwas", "banao",
    "banate", "banaya", "banta", "banti", "baray", "bare", "beghairat", "beghairt", "behan", "behen",
    "behenchod", "behn", "behno", "beta", "bethe", "beti", "bewaqoof", "bhai", "bhaiyo", "bharwa", "bharwe",
    "bhe", "bhee", "bhen", "bhenchod", "bhi", "bhnchod", "bht", "bilkul", "blkul", "bohat", "bohot", "boht",
    "bolna", "bolo", "bolta", "bolte", "bolti", "buht", "bura", "buray", "buri", "chahiay", "chahie",
    "chahiyay", "chahiye", "chahta", "chahte", "chahti", "chahy", "chahye", "chala", "chale", "chalo",
    "chhor", "chordo", "choro", "chota", "chotay", "choti", "chutiya", "chutiye", "chutya", "dalal", "dalla",
    "dard", "dekh", "dekha", "dekhi", "dekhna", "dekhne", "dekho", "dekhta", "dekhty", "dena", "dene", "deny",
    "deta", "dete", "deti", "dety", "diya", "dobara", "dono", "doston", "dukh", "duniya", "ek", "esay",
    "fazool", "fir", "gaey", "galat", "gandu", "gaon", "gashti", "gaya", "gayay", "gaye", "gayi", "ghaddar",
    "ghalat", "gham", "ghar", "gher", "ghr", "ghussa", "gya", "gye", "gyi", "haan", "hai", "hain", "halanke",
    "hamara", "hamare", "hamari", "hamein", "hamesha", "hamko", "haqeeqat", "harami", "haramkhor", "hen",
    "hijra", "hmari", "hoga", "hogai", "hogay", "hogaya", "hogi", "hogya", "hojata", "hojaye", "honay",
    "hoon", "hota", "hote", "hoti", "hoty", "hou", "howa", "hua", "hue", "hui", "hum", "humara", "humari",
    "humein", "humko", "huwa", "huye", "hyn", "idhar", "inhon", "inka", "inke", "inki", "inko", "isay",
    "iska", "iske", "iski", "isko", "isliay", "isliye", "islye", "iss", "itna", "itne", "itni", "izzat",
    "jaan", "jab", "jabke", "jaega", "jaegi", "jahan", "jahil", "jaisa", "jaise", "jaisi", "janay", "jane",
    "jani", "jao", "jata", "jatay", "jate", "jati", "jaty", "jaye", "jayega", "jayegi", "jayenge", "jesa",
    "jese", "jesi", "jhoot", "jhoota", "jidhar", "jinhon", "jinko", "jis", "jiska", "jiski", "jisko", "jitna",
    "jitne", "jitni", "kaam", "kabhi", "kabi", "kafir", "kaha", "kahaan", "kahan", "kahte", "kahti", "kaisa",
    "kaise", "kaisi", "kaliye", "kamina", "kamine", "kamini", "kanjar", "kanjri", "kar", "kardi", "kardiya",
    "kardo", "kare", "karega", "karegi", "karein", "karen", "karenge", "karkay", "karlo", "karna", "karne",
    "karni", "karo", "karta", "kartay", "karte", "karti", "karty", "karun", "kaun", "kay", "kbhi", "kch",
    "keh", "kehna", "kehta", "kehtay", "kehte", "kehti", "kehty", "kelye", "kerna", "kerta", "kertay", "kesa",
    "kese", "kesi", "khud", "khuda", "khudaya", "khudko", "khush", "khushi", "khusra", "kidhar", "kijiye",
    "kisi", "kiska", "kiske", "kiski", "kisko", "kitna", "kitne", "kitni", "kiu", "kiun", "kiunke", "kiya",
    "koe", "kon", "krdia", "krdiya", "krdo", "kren", "krk", "krke", "krna", "krne", "krni", "krny", "kro",
    "krta", "krte", "krti", "krty", "kuch", "kuchh", "kutta", "kuttay", "kutte", "kutti", "kuttiya", "kya",
    "kyn", "kyon", "kyu", "kyun", "kyunke", "kyunki", "laanat", "laga", "lagta", "lagte", "lagti", "lakin",
    "lanat", "lanati", "larka", "larke", "larki", "lekin", "lekn", "lena", "lenay", "lene", "lga", "lgta",
    "lgti", "liay", "likha", "likhna", "likhne", "liya", "liye", "logo", "logon", "lye", "maa", "maangta",
    "madarchod", "madarchood", "magar", "magr", "maine", "mard", "matlab", "maza", "mazak", "mazaq", "mei",
    "mein", "meinay", "mene", "meray", "mery", "mien", "milega", "milna", "milta", "milte", "milti", "mn",
    "mohabbat", "mtlb", "muje", "mujhe", "mujhko", "mujhy", "mujy", "mulk", "munafiq", "naam", "nae",
    "nafrat", "nahi", "nahin", "naya", "nayi", "neeche", "nhi", "nikal", "nikala", "nikalo", "paas", "pagal",
    "pakar", "parhna", "parho", "pata", "peeche", "pehlay", "pehle", "pehly", "phir", "phirse", "phly", "phr",
    "pta", "purana", "pyaar", "pyar", "qaum", "qoum", "raha", "rahay", "rahe", "rahi", "rahna", "rahy",
    "rakha", "rakhna", "rakho", "rakhte", "randi", "rehna", "rehta", "rehte", "rehti", "rha", "rhe", "rhi",
    "rhy", "rundi", "saath", "sabhi", "sabko", "sach", "sacha", "sahi", "sahih", "sakta", "sakte", "sakti",
    "sakty", "saku", "samajh", "samjh", "samjho", "samjhta", "samne", "sath", "sbko", "sbse", "shaid",
    "sharam", "sharm", "shayad", "sirf", "skta", "skti", "skty", "sochna", "socho", "srf", "sth", "sunao",
    "sunna", "suno", "taakay", "taake", "tak", "taq", "taraf", "tarah", "tarha", "teeno", "teray", "teri",
    "tery", "thay", "theek", "thek", "thik", "thk", "thoda", "thodi", "thora", "thori", "toh", "tou", "trf",
    "trha", "tujhe", "tujhko", "tujhy", "tum", "tumhara", "tumhare", "tumhari", "tumhe", "tumhein", "tumko",
    "udhar", "unho", "unhon", "unka", "unke", "unki", "unko", "upar", "usay", "uska", "uske", "usko", "uss",
    "usy", "utna", "utni", "wahaan", "wahan", "wahin", "waisa", "waisay", "waise", "wala", "walay", "wale",
    "waley", "wali", "walo", "walon", "waly", "wapas", "wapis", "waqt", "warna", "wesay", "woh", "wohi",
    "yaani", "yaar", "yaaro", "yaha", "yahaan", "yahan", "yahi", "yani", "yehi", "yehin", "zaroor", "ziada",
    "zindagi", "zyada",
})  # fmt: skip
# And those that are words elsewhere too, or one letter: they count for less, and four different ones stand alone.
_URDU_SMALL_WORDS = frozenset({
    "aa", "ab", "aja", "ap", "b", "bara", "bari", "bas", "bat", "bc", "chal", "di", "din", "dunya", "g", "ga",
    "ge", "gi", "h", "ha", "ham", "har", "hay", "hein", "hi", "hm", "hn", "ho", "hon", "hona", "hone", "hu",
    "hun", "hy", "ik", "ja", "jan", "jana", "jb", "jo", "k", "ka", "kal", "kam", "kb", "ke", "khan", "ki",
    "kia", "ko", "koi", "kr", "ky", "li", "lo", "log", "ly", "ma", "mai", "mar", "men", "mera", "mere",
    "meri", "n", "na", "naa", "nai", "ni", "ny", "oh", "par", "pas", "pe", "per", "pr", "raat", "sab", "sale",
    "sb", "se", "sy", "tb", "tera", "tere", "tha", "thi", "tk", "tm", "tu", "tw", "uski", "vo", "wo", "yar",
    "ye", "yeh",
})  # fmt: skip
_ENGLISH_WORDS = frozenset({
    "the", "a", "an", "is", "are", "was", "were", "be", "to", "of", "and", "in", "that", "it", "for", "on",
    "with", "as", "at", "this", "i", "you", "he", "she", "they", "we", "my", "your", "not", "do", "have",
    "has", "or", "by", "from", "what", "who", "how", "when", "so", "if", "no", "yes", "just", "but", "his",
    "her", "all", "can", "will", "me", "say", "law", "main",
})  # fmt: skip


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # type: ignore[import-untyped]  # noqa: PLC0415 -- 4.6 MB

    made = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    made.set_languages(CANDIDATES)
    return made


def romanised(text: str) -> str | None:
    """Return `ar-Latn` or `ur-Latn` if a text in Latin letters is Arabic or Urdu by its small words, else `None`."""
    lowered = text[:_SAMPLE].lower()
    words = _WORD.findall(lowered)
    if len(words) < _TELLING:
        return None
    english = sum(word in _ENGLISH_WORDS for word in words)
    urdu = _urdu(words)
    arabic = _arabic(words)
    if urdu > english and urdu >= arabic:
        return "ur-Latn"
    return "ar-Latn" if arabic > english else None


def _arabic(words: list[str]) -> int:
    """Return how many words tell that a text is Arabic; 0 if they are too few to tell."""
    digits = sum(
        1
        for word in words
        if not word.isalpha() and _ARABIZI.fullmatch(word) and not _NOT_ARABIZI.match(word)
    )
    found = digits + sum(word in _ARABIC_WORDS and word not in _ENGLISH_WORDS for word in words)
    different = len({*words} & _ARABIC_WORDS) + digits
    enough = len(set(words)) >= _MIN_WORDS and different >= _TELLING and found >= _SHARE * len(words)
    return found if enough else 0


def _urdu(words: list[str]) -> float:
    """Return how much tells that a text is Urdu or Hindi, in words; 0 if it is too little."""
    telling = [word for word in words if word in _URDU_WORDS]
    small = [word for word in words if word in _URDU_SMALL_WORDS]
    different, small_ones = len(set(telling)), len(set(small))
    if different + small_ones < _TELLING:
        return 0.0
    found = len(telling) + _SMALL * len(small)
    if different:
        share = _MANY_TELL if different >= _TELLING else _ONE_TELLS
        return found if found >= share * len(words) else 0.0
    return found if small_ones >= _SMALL_ALONE and len(small) >= _SMALL_TELL * len(words) else 0.0


def identify(text: str, declared: str | None = None) -> str | None:
    """Return the BCP 47 code of a text's language, or `None` if nothing is sure enough.

    What the platform declares comes first. Some 90 microseconds for a post in Latin letters, 5 for one in Arabic.
    """
    if declared is not None:
        return declared
    script = main_script(text)
    if script is None:
        return None
    if script == "Latn" and (found := romanised(text)) is not None:
        return found
    told = guess_language(text, script)
    if told is not None or script not in _ASK:
        return told
    sample = text[:_SAMPLE]
    if sum(map(str.isalpha, sample)) < _MIN_LETTERS:
        return None
    code, sure = _identifier().classify(sample)
    return str(code) if sure >= _SURE else None
