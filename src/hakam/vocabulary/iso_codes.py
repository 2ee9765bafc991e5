"""Codes of countries (ISO 3166-1) and languages (ISO 639), and what people write in their place.

Written down from the standards as Debian's iso-codes and the time zone database publish them; neither changes more
than once in some years, and a code that is missing here only leads to a word of caution.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from hakam.vocabulary.country_names import code_of

# Two letters, then the three of ISO 3166-1 alpha-3.
_COUNTRIES = (
    "ADAND AEARE AFAFG AGATG AIAIA ALALB AMARM AOAGO AQATA ARARG ASASM ATAUT AUAUS AWABW AXALA AZAZE "
    "BABIH BBBRB BDBGD BEBEL BFBFA BGBGR BHBHR BIBDI BJBEN BLBLM BMBMU BNBRN BOBOL BQBES BRBRA BSBHS "
    "BTBTN BVBVT BWBWA BYBLR BZBLZ CACAN CCCCK CDCOD CFCAF CGCOG CHCHE CICIV CKCOK CLCHL CMCMR CNCHN "
    "COCOL CRCRI CUCUB CVCPV CWCUW CXCXR CYCYP CZCZE DEDEU DJDJI DKDNK DMDMA DODOM DZDZA ECECU EEEST "
    "EGEGY EHESH ERERI ESESP ETETH FIFIN FJFJI FKFLK FMFSM FOFRO FRFRA GAGAB GBGBR GDGRD GEGEO GFGUF "
    "GGGGY GHGHA GIGIB GLGRL GMGMB GNGIN GPGLP GQGNQ GRGRC GSSGS GTGTM GUGUM GWGNB GYGUY HKHKG HMHMD "
    "HNHND HRHRV HTHTI HUHUN IDIDN IEIRL ILISR IMIMN ININD IOIOT IQIRQ IRIRN ISISL ITITA JEJEY JMJAM "
    "JOJOR JPJPN KEKEN KGKGZ KHKHM KIKIR KMCOM KNKNA KPPRK KRKOR KWKWT KYCYM KZKAZ LALAO LBLBN LCLCA "
    "LILIE LKLKA LRLBR LSLSO LTLTU LULUX LVLVA LYLBY MAMAR MCMCO MDMDA MEMNE MFMAF MGMDG MHMHL MKMKD "
    "MLMLI MMMMR MNMNG MOMAC MPMNP MQMTQ MRMRT MSMSR MTMLT MUMUS MVMDV MWMWI MXMEX MYMYS MZMOZ NANAM "
    "NCNCL NENER NFNFK NGNGA NINIC NLNLD NONOR NPNPL NRNRU NUNIU NZNZL OMOMN PAPAN PEPER PFPYF PGPNG "
    "PHPHL PKPAK PLPOL PMSPM PNPCN PRPRI PSPSE PTPRT PWPLW PYPRY QAQAT REREU ROROU RSSRB RURUS RWRWA "
    "SASAU SBSLB SCSYC SDSDN SESWE SGSGP SHSHN SISVN SJSJM SKSVK SLSLE SMSMR SNSEN SOSOM SRSUR SSSSD "
    "STSTP SVSLV SXSXM SYSYR SZSWZ TCTCA TDTCD TFATF TGTGO THTHA TJTJK TKTKL TLTLS TMTKM TNTUN TOTON "
    "TRTUR TTTTO TVTUV TWTWN TZTZA UAUKR UGUGA UMUMI USUSA UYURY UZUZB VAVAT VCVCT VEVEN VGVGB VIVIR "
    "VNVNM VUVUT WFWLF WSWSM YEYEM YTMYT ZAZAF ZMZMB ZWZWE "
)
# ISO 639-1, then those of ISO 639-2 (of some languages two: by their own name and by the English one).
_LANGUAGES = (
    "aaaar ababk aeave afafr akaka amamh anarg arara asasm avava ayaym azaze babak bebel bgbul bibis "
    "bmbam bnben bobodtib brbre bsbos cacat ceche chcha cocos crcre cscescze cuchu cvchv cycymwel dadan "
    "dedeuger dvdiv dzdzo eeewe elellgre eneng eoepo esspa etest eubaqeus fafasper ffful fifin fjfij "
    "fofao frfrafre fyfry gagle gdgla glglg gngrn guguj gvglv hahau heheb hihin hohmo hrhrv hthat huhun "
    "hyarmhye hzher iaina idind ieile igibo iiiii ikipk ioido isiceisl itita iuiku jajpn jvjav kageokat "
    "kgkon kikik kjkua kkkaz klkal kmkhm knkan kokor krkau kskas kukur kvkom kwcor kykir lalat lbltz "
    "lglug lilim lnlin lolao ltlit lulub lvlav mgmlg mhmah mimaomri mkmacmkd mlmal mnmon mrmar msmaymsa "
    "mtmlt myburmya nanau nbnob ndnde nenep ngndo nldutnld nnnno nonor nrnbl nvnav nynya ococi ojoji "
    "omorm orori ososs papan pipli plpol pspus ptpor quque rmroh rnrun roronrum rurus rwkin sasan scsrd "
    "sdsnd sesme sgsag shhbs sisin skslkslo slslv smsmo snsna sosom sqalbsqi srsrp ssssw stsot susun "
    "svswe swswa tatam tetel tgtgk ththa titir tktuk tltgl tntsn toton trtur tstso tttat twtwi tytah "
    "uguig ukukr ururd uzuzb veven vivie vovol wawln wowol xhxho yiyid yoyor zazha zhchizho zuzul "
)
# The European Union's letters and codes that the standard once had, with their heirs.
_ONCE = {
    "UK": "GB",
    "EL": "GR",
    "BU": "MM",
    "DD": "DE",
    "FX": "FR",
    "TP": "TL",
    "ZR": "CD",
    "YD": "YE",
    "VD": "VN",
}
_FOR_USERS = re.compile(
    "AA|Q[M-Z]|X[A-Z]|ZZ"
)  # the standard leaves them to whoever needs one: `XK` is Kosovo
# Names, codes that were withdrawn, and codes of countries: for a country's own language only if no other has that code.
_SPOKEN = {
    "amharic": "am", "arabic": "ar", "bengali": "bn", "bulgarian": "bg", "catalan": "ca", "chinese": "zh",
    "croatian": "hr", "czech": "cs", "danish": "da", "dutch": "nl", "english": "en", "estonian": "et", "farsi": "fa",
    "finnish": "fi", "french": "fr", "german": "de", "greek": "el", "hebrew": "he", "hindi": "hi", "hungarian": "hu",
    "indonesian": "id", "irish": "ga", "italian": "it", "japanese": "ja", "korean": "ko", "kurdish": "ku",
    "latvian": "lv", "lithuanian": "lt", "malay": "ms", "maltese": "mt", "norwegian": "no", "pashto": "ps",
    "persian": "fa", "polish": "pl", "portuguese": "pt", "romanian": "ro", "russian": "ru", "serbian": "sr",
    "slovak": "sk", "slovenian": "sl", "somali": "so", "spanish": "es", "swahili": "sw", "swedish": "sv",
    "tamil": "ta", "thai": "th", "turkish": "tr", "ukrainian": "uk", "urdu": "ur", "vietnamese": "vi",
    "iw": "he", "in": "id", "ji": "yi", "jp": "ja", "cn": "zh", "gr": "el", "cz": "cs", "dk": "da", "ua": "uk",
}  # fmt: skip

COUNTRIES = frozenset(word[:2] for word in _COUNTRIES.split())
"""The 249 codes of ISO 3166-1 alpha-2 that a country or territory has."""
LANGUAGES = frozenset(word[:2] for word in _LANGUAGES.split())
"""The codes of ISO 639-1."""
_COUNTRY: Mapping[str, str] = {word[2:]: word[:2] for word in _COUNTRIES.split()} | _ONCE
_LANGUAGE: Mapping[str, str] = _SPOKEN | {
    word[at : at + 3]: word[:2] for word in _LANGUAGES.split() for at in range(2, len(word), 3)
}
_TAG = re.compile(r"[A-Za-z]+(?:[-_][A-Za-z0-9]{1,8})*")
_TWO, _THREE = 2, 3


def is_country(code: str) -> bool:
    """Whether a country has this code, or the standard leaves it to its users."""
    return code in COUNTRIES or _FOR_USERS.fullmatch(code) is not None


def country_meant(text: str) -> str | None:
    """Return the code of the country that a text stands for (`UK`, `deu`, `Spain`), `None` if that can't be told."""
    word = text.strip().upper()
    return word if word in COUNTRIES else _COUNTRY.get(word) or code_of(word)


def is_language(tag: str) -> bool:
    """Whether a tag begins with a language as BCP 47 writes it: in small letters, the shortest code, `-` after it."""
    if tag[:2] in {"x-", "i-"}:
        return True
    first = tag.partition("-")[0]
    if not (_TAG.fullmatch(tag) and "_" not in tag and first.islower()):
        return False
    return first in LANGUAGES if len(first) == _TWO else len(first) == _THREE and first not in _LANGUAGE


def language_meant(text: str) -> str | None:
    """Return the tag that a text stands for (`english`, `ARA`, `pt_br`), `None` if that can't be told."""
    if not _TAG.fullmatch(text.strip()):
        return None
    first, *rest = re.split("[-_]", text.strip())
    language = _LANGUAGE.get(first.lower(), first.lower())
    tag = "-".join((language, *map(_subtag, rest)))
    return tag if is_language(tag) else None


def _subtag(text: str) -> str:
    return {2: text.upper(), 4: text.title()}.get(len(text), text.lower())
