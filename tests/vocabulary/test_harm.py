"""The kinds of harm, and what the EU Transparency Database and other taxonomies call them.

`fixtures/transparency-database.txt` holds the database's categories and keywords: a code that it does not know would
make it refuse the statement, long after the decision.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import msgspec
import pytest

from hakam.vocabulary import harm as module
from hakam.vocabulary.harm import CHILD_ABUSE_OFFENCES, Harm, HarmCodes, crosswalk, harms_meant

FIXTURE = Path(__file__).parent / "fixtures" / "transparency-database.txt"
OPENAI = frozenset({
    "harassment", "harassment/threatening", "hate", "hate/threatening", "illicit", "illicit/violent", "self-harm",
    "self-harm/intent", "self-harm/instructions", "sexual", "sexual/minors", "violence", "violence/graphic",
})  # fmt: skip
MLCOMMONS = frozenset({"vcr", "ncr", "src", "cse", "dfm", "spc", "prv", "ipv", "iwp", "hte", "ssh", "sxc"})
# Regulation (EU) 2021/784 on terrorist content, Art. 2(7)(a)-(e).
TERRORIST = {Harm.TERRORISM_INCITEMENT, Harm.TERRORISM_RECRUITMENT, Harm.TERRORISM_INSTRUCTION, Harm.TERRORISM_THREAT,
             Harm.PERPETRATOR_CONTENT, Harm.ILLEGAL_ORGANISATION}  # fmt: skip
# Keywords that we use under another category than Annex I lists them. The database takes that.
ELSEWHERE = {(Harm.INCITEMENT, "CYBER_INCITEMENT")}


@cache
def database() -> dict[str, frozenset[str]]:
    """Return the keywords of each category."""
    found: dict[str, set[str]] = {}
    category = ""
    for line in FIXTURE.read_text(encoding="utf-8").splitlines():
        if line.startswith("  "):
            found[category].add(line.strip())
        elif line and not line.startswith("#"):
            category = line
            found[category] = {"OTHER"}
    return {name: frozenset(keywords) for name, keywords in found.items()}


def test_the_fixture_is_whole() -> None:
    assert len(database()) == 15  # the two others of Annex I exist in the yearly report only
    assert sum(len(keywords) - 1 for keywords in database().values()) == 67


@pytest.mark.parametrize("harm", Harm)
def test_every_harm_has_a_row_with_codes_that_the_database_knows(harm: Harm) -> None:
    codes = crosswalk()[harm]
    assert codes.key is harm
    assert codes.label.strip()
    category = codes.tdb_category.removeprefix("STATEMENT_CATEGORY_")
    assert category in database()
    assert codes.tdb_keywords, "the yearly report counts by keyword"
    assert len(set(codes.tdb_keywords)) == len(codes.tdb_keywords)
    for keyword in codes.tdb_keywords:
        short = keyword.removeprefix("KEYWORD_")
        assert short != keyword
        if (harm, short) in ELSEWHERE:
            assert any(short in keywords for keywords in database().values())
        else:
            assert short in database()[category]


def test_every_category_of_the_database_is_reached_by_some_harm() -> None:
    reached = {codes.tdb_category.removeprefix("STATEMENT_CATEGORY_") for codes in crosswalk().values()}
    assert reached == set(database())


@pytest.mark.parametrize("harm", Harm)
def test_codes_of_other_taxonomies_are_theirs_or_absent(harm: Harm) -> None:
    codes = crosswalk()[harm]
    assert set(codes.openai) <= OPENAI
    assert codes.mlcommons is None or codes.mlcommons in MLCOMMONS
    assert all(re.fullmatch(r"tools\.ozone\.report\.defs#reason[A-Z]\w+", reason) for reason in codes.ozone)
    assert all(re.fullmatch(r"[A-Z][A-Za-z-]+", label) for label in codes.iftas)
    for code in (codes.ofcom, codes.tco):
        assert code is None or code.strip(" -"), "a code that is not there is None, not a dash or nothing"


def test_only_terrorist_content_has_a_type_of_the_regulation_on_it() -> None:
    typed = {harm for harm, codes in crosswalk().items() if codes.tco is not None}
    assert typed - {Harm.THREAT} == TERRORIST  # a threat is of type (e) if terrorist
    for harm in TERRORIST:
        assert re.fullmatch(r"(\([a-e]\))+", crosswalk()[harm].tco or "")


def test_a_notice_without_a_name_is_for_these_offences_and_no_others() -> None:
    # DSA Art. 16(2)(c)
    assert set(map(str, CHILD_ABUSE_OFFENCES)) == {
        "csam",
        "csam_synthetic",
        "csam_link",
        "grooming",
        "sextortion_minor",
    }
    for harm in CHILD_ABUSE_OFFENCES:
        assert crosswalk()[harm].tdb_category == "STATEMENT_CATEGORY_PROTECTION_OF_MINORS"


AGAINST_WOMEN = [harm for harm in Harm if harm.endswith("_women") or harm is Harm.GENDERED_DISINFORMATION]


@pytest.mark.parametrize("harm", AGAINST_WOMEN)
def test_harms_to_women_take_the_more_specific_category(harm: Harm) -> None:
    assert crosswalk()[harm].tdb_category == "STATEMENT_CATEGORY_CYBER_VIOLENCE_AGAINST_WOMEN"


def test_the_table_holds_each_key_once() -> None:
    data = Path(module.__file__).with_name("harms.json").read_bytes()
    keys = [row["key"] for row in msgspec.json.decode(data)["rows"]]
    assert len(keys) == len(set(keys)) == len(Harm)


SPAM = HarmCodes(Harm.SPAM, "Spam", "STATEMENT_CATEGORY_SCAMS_AND_FRAUD")


@pytest.mark.parametrize(
    ("rows", "error", "what"),
    [
        ([], LookupError, r"harms\.json lacks .*'spam'"),
        ([SPAM], LookupError, r"harms\.json lacks .*'adult_sexual'"),
        ([{"key": "rudeness", "label": "x", "tdb_category": "x"}], msgspec.ValidationError, "rudeness"),
    ],
)
def test_a_table_that_does_not_fit_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, rows: list[object], error: type[Exception], what: str
) -> None:
    (tmp_path / "harms.json").write_bytes(msgspec.json.encode({"rows": rows}))
    monkeypatch.setattr(module, "files", lambda _package: tmp_path)
    crosswalk.cache_clear()
    try:
        with pytest.raises(error, match=what):
            crosswalk()
    finally:
        crosswalk.cache_clear()


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("Hate speech", (Harm.HATE_SPEECH,)),
        ("Spam and scams", (Harm.SPAM,)),
        ("Illegal drugs", (Harm.DRUGS_WEAPONS,)),
        ("Self-harm", (Harm.SUICIDE_SELF_HARM,)),
        ("copyright", (Harm.IP,)),
        ("fake news", (Harm.MISINFORMATION,)),
        ("hate", (Harm.HATE_SPEECH, Harm.HATE_WOMEN)),
        ("", ()),
        ("of the", ()),
        ("خطاب كراهية", ()),
    ],
)
def test_harms_are_known_by_other_words(said: str, meant: tuple[Harm, ...]) -> None:
    assert harms_meant(said) == meant


def test_every_harm_is_known_by_its_key_and_its_label() -> None:
    for harm, row in crosswalk().items():
        assert harm in harms_meant(harm.replace("_", " "))
        assert not harms_meant(row.label) or harm in harms_meant(row.label)
