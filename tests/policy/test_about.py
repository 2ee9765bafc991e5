"""What a rule and a parameter are for: one text or one for each language, read, checked, chosen for a reader."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from hakam.policy.about import About, in_language
from hakam.policy.pack import Loaded, Pack, load_pack
from hakam.policy.tuning import tuning_of
from hakam.policy.wording import in_language as worded
from hakam.vocabulary.finding import Severity

PARAM = """\
- param: most
  type: number
  default: 5
  least: 1
  most: 50
"""
BOTH = "{ar: كثير, en: Many.}"
FORMS = [
    ("Many.", "Many."),
    ("{en: Many.}", {"en": "Many."}),
    (BOTH, {"en": "Many.", "ar": "كثير"}),
    ("\n    en: >-\n      Many\n      of them.\n    ar: كثير", {"en": "Many of them.", "ar": "كثير"}),
]


def load(packs: Any, about: str, *, languages: str = "en", of: str = "rule") -> Loaded:
    """Load a pack whose rule, or whose parameter, is about something."""
    files = packs.files("author.posts > params.most")
    files["pack.yaml"] = files["pack.yaml"].replace("[en]", f"[{languages}]")
    said = f"  about: {about}\n"
    files["params.yaml"] = PARAM + (said if of == "param" else "")
    if of == "rule":
        files["rules.yaml"] += said
    return load_pack(files)


def sound(loaded: Loaded) -> Pack:
    assert loaded.pack is not None, loaded.errors
    return loaded.pack


def about_of(pack: Pack, of: str) -> About | None:
    return pack.rule("r0").about if of == "rule" else pack.params["most"].about


@pytest.mark.parametrize("of", ["rule", "param"])
@pytest.mark.parametrize(("written", "read"), FORMS)
def test_it_is_one_text_or_texts_by_language(packs: Any, written: str, read: About, of: str) -> None:
    loaded = load(packs, written, of=of)
    assert about_of(sound(loaded), of) == read
    assert [finding.code for finding in loaded.findings if finding.code not in {"P021", "P404"}] == []


@pytest.mark.parametrize("of", ["rule", "param"])
def test_it_needs_not_be_said(packs: Any, of: str) -> None:
    assert about_of(sound(load(packs, "Many.", of="param" if of == "rule" else "rule")), of) is None


def test_the_languages_of_the_pack_come_first_in_its_order(packs: Any) -> None:
    pack = sound(load(packs, "{de: Viele, en: Many, ar: كثير}", languages="ar, en"))
    about = pack.rule("r0").about
    assert list(about or ()) == ["ar", "en", "de"]
    assert in_language(about, "fr") == "كثير"


@pytest.mark.parametrize(
    ("about", "language", "told"),
    [
        (None, "ar", ""),
        ("Many.", "ar", "Many."),
        ({"en": "Many.", "ar": "كثير"}, "ar", "كثير"),
        ({"en": "Many.", "ar": "كثير"}, "ar-eg", "كثير"),
        ({"pt": "Muitos", "pt-BR": "Muitos mesmo"}, "pt-BR", "Muitos mesmo"),
        ({"de": "Viele", "en": "Many."}, "ar", "Viele"),
    ],
)
def test_a_reader_gets_their_language_else_the_first(about: About | None, language: str, told: str) -> None:
    assert in_language(about, language) == told


WRONG = {
    "a number": ("7", "P009", "`about` is a text, `7` is not"),
    "nothing": ("null", "P009", "`about` is a text"),
    "empty": ('" "', "P009", "`about` is empty"),
    "a list": ("[Many, Few]", "P009", "`about` is a text"),
    "no language": ("{English: Many}", "P012", "`English` is no language"),
    "no texts": ("{}", "P008", "`about` has no text at all"),
    "a number in a language": ("{en: 7}", "P009", "`about` in `en` is a text"),
    "empty in a language": ('{en: Many, ar: ""}', "P009", "`about` in `ar` is empty"),
    "a list in a language": ("{en: [Many]}", "P009", "`about` in `en` is a text"),
}


@pytest.mark.parametrize("of", ["rule", "param"])
@pytest.mark.parametrize(("written", "code", "message"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_told_with_its_place(
    packs: Any, written: str, code: str, message: str, of: str
) -> None:
    loaded = load(packs, written, of=of)
    assert loaded.pack is None
    found = next(finding for finding in loaded.findings if finding.message == message)
    assert (found.code, found.severity) == (code, Severity.ERROR)
    assert found.span is not None
    assert found.span.file == ("rules.yaml" if of == "rule" else "params.yaml")
    assert found.span.line == (7 if of == "rule" else 6)


@pytest.mark.parametrize("of", ["rule", "param"])
def test_a_language_of_the_pack_that_is_missing_is_warned_of(packs: Any, of: str) -> None:
    loaded = load(packs, "{en: Many}", languages="en, ar", of=of)
    sound(loaded)
    found = next(
        finding
        for finding in loaded.findings
        if finding.code == "P015" and finding.span and finding.span.file != "policies.yaml"
    )
    assert found.message == "no `about` in `ar`"
    assert found.severity is Severity.WARNING
    assert worded(found, "ar").message == "لا \u2068`about`\u2069 باللغة \u2068`ar`\u2069"


def test_one_text_for_all_is_no_missing_language(packs: Any) -> None:
    loaded = load(packs, "Many", languages="en, ar")
    assert {f.span.file for f in loaded.findings if f.code == "P015" and f.span} == {"policies.yaml"}


def test_a_meaning_does_not_depend_on_it(packs: Any) -> None:
    digests = {sound(load(packs, written)).rule("r0").digest for written, _read in FORMS}
    digests |= {sound(load(packs, written, of="param")).rule("r0").digest for written, _read in FORMS}
    assert len(digests) == 1


def test_a_variant_on_trial_is_about_the_same(packs: Any) -> None:
    files = packs.files("author.posts > params.most", stage="live")
    files["pack.yaml"] = files["pack.yaml"].replace("[en]", "[ar, en]")
    files |= {
        "params.yaml": PARAM,
        "tuned.yaml": "staged: {most: {value: 7, stage: canary 5%}}\n",
        "rules.yaml": files["rules.yaml"] + "  about: {en: Many, ar: كثير}\n",
    }
    pack = sound(load_pack(files))
    assert list(pack.rule("r0.staged").about or ()) == list(pack.rule("r0").about or ()) == ["ar", "en"]


def test_it_is_known_without_the_rest_of_the_pack() -> None:
    assert tuning_of({"params.yaml": f"{PARAM}  about: {BOTH}\n"}).params["most"].about == {
        "ar": "كثير",
        "en": "Many.",
    }


@pytest.mark.parametrize("read", [read for _written, read in FORMS])
def test_as_json_it_is_as_the_pack_says_it(read: About) -> None:
    assert msgspec.json.decode(msgspec.json.encode(read), type=About) == read
