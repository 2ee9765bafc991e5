"""The places of Annex I: sections in three alphabets, boxes by their order, rows by what stands in them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hakam.compliance.eu_database.codes import EU
from hakam.intake import annex_one, annex_places
from hakam.intake.annex_places import Placed

LANGUAGES = 24  # official languages of the Union


def placed(text: str) -> Placed:
    return annex_places.placed(
        text, is_date=lambda value: annex_one.date_in(value) is not None, state_of=states
    )


def states(value: str) -> str:
    return annex_places.states().get(value.casefold(), "")


def test_every_language_of_the_union_is_known_by_its_title() -> None:
    assert len(set(annex_places.TITLES.values())) == LANGUAGES
    for title, language in annex_places.TITLES.items():
        assert annex_places.language_of(f"{title} (2021/784)") == language
    assert annex_places.language_of("Dear Sir or Madam") == ""


def test_the_first_title_tells_the_language() -> None:
    assert annex_places.language_of("Nakaz usunięcia. A translation of the removal order follows.") == "pl"


def test_every_member_state_is_known_in_every_language() -> None:
    assert set(annex_places.states().values()) == set(EU)
    for name, code in (
        ("Deutschland", "DE"), ("Allemagne", "DE"), ("Niemcy", "DE"), ("Saksa", "DE"), ("Γερμανία", "DE"),
        ("Irlande", "IE"), ("Éire", "IE"), ("Ирландия", "IE"), ("Írország", "IE"), ("Airija", "IE"),
        ("Czech Republic", "CZ"), ("Czechia", "CZ"), ("the Netherlands", "NL"), ("Pays-Bas", "NL"),
    ):  # fmt: skip
        assert states(name) == code, name


def test_every_month_is_known_in_every_language() -> None:
    assert set(annex_places.months().values()) == set(range(1, 13))
    for name, number in (("März", 3), ("mars", 3), ("marca", 3), ("kovo", 3), ("Μαΐου", 5), ("maj", 5)):
        assert annex_places.months()[name.casefold()] == number, name


def test_a_month_that_is_another_one_elsewhere_is_read_only_where_the_language_is_known() -> None:
    assert "listopada" not in annex_places.months()
    assert annex_places.months("hr")["listopada"] == 10
    assert annex_places.months("pl")["listopada"] == 11
    assert annex_one.date_in("25. listopada 2026. 02:30") is None
    for language, month in (("hr", 10), ("pl", 11)):
        read = annex_one.date_in("25. listopada 2026. 02:30", language)
        assert read is not None
        assert read.month == month


@pytest.mark.parametrize("language", sorted(set(annex_places.TITLES.values())))
def test_each_language_has_twelve_months(language: str) -> None:
    assert set(annex_places.months(language).values()) == set(range(1, 13))


@pytest.mark.parametrize(
    "heads",
    [
        ("SECTION A:", "SECTION B:"), ("Abschnitt A", "Abschnitt B"), ("A.", "B."), ("A)", "B)"), ("A JAGU", "B JAGU"),
        ("A. SZAKASZ:", "B. SZAKASZ:"), ("РАЗДЕЛ А:", "РАЗДЕЛ Б:"), ("ΤΜΗΜΑ Α", "ΤΜΗΜΑ Β"),
        ("SEKCJA A –", "SEKCJA B –"),
    ],
)  # fmt: skip
def test_a_section_is_known_by_its_letter(heads: tuple[str, str]) -> None:
    # TCO Annex I
    found = placed(
        f"{heads[0]}\nx: Niemcy\ny: 29.03.2026 02:10\nz: 7/26\n{heads[1]}\nu: https://m.example/p/1\n"
    ).found
    assert found["issuing_state"] == "Niemcy"
    assert found["issued_at"] == "29.03.2026 02:10"
    assert found["reference"] == "7/26"
    assert found["urls"] == "https://m.example/p/1"


def test_the_sections_of_other_alphabets_end_where_ours_do() -> None:
    bulgarian = placed("РАЗДЕЛ Е:\nx: a@b.example\nРАЗДЕЛ Ж:\ny: Съд\nz: 14 дни")
    greek = placed("ΤΜΗΜΑ ΣΤ:\nx: a@b.example\nΤΜΗΜΑ Ζ:\ny: Σ\nz: 14")
    assert bulgarian.found == {"contact": "a@b.example", "redress_body": "Съд", "deadline": "14 дни"}
    assert greek.found == {"contact": "a@b.example", "redress_body": "Σ", "deadline": "14"}


def test_a_sentence_that_begins_with_a_letter_is_no_section() -> None:
    found = placed("E. SZAKASZ:\n☒ x\nA hatóság neve: Iroda\nA: b\nA képviselő neve: P. Kovács").found
    assert found["authority"] == "Iroda"
    assert found["representative"] in {"b", "P. Kovács"}


def test_boxes_are_counted_where_all_five_stand() -> None:
    # TCO Art. 2(7)
    for ticked in range(annex_places.BOXES):
        marks = "\n".join(f"{'☒' if n == ticked else '☐'} ord {n}" for n in range(annex_places.BOXES))
        assert placed(f"DEL B:\n{marks}\n").types == (ticked,)


@pytest.mark.parametrize(
    ("text", "point"),
    [
        ("Artikel 2 Nummer 7 Buchstabe d", 3), ("article 2, point 7) b)", 1), ("artículo 2, punto 7, letra a)", 0),
        ("2. cikk 7. pont e) alpont", 4), ("член 2, точка 7, буква в)", 2), ("art. 2 pkt 7 lit. c)", 2),
        ("nothing", None),
    ],
)  # fmt: skip
def test_a_box_alone_is_known_by_the_point_that_it_cites(text: str, point: int | None) -> None:
    assert placed(f"DEL B:\n☒ {text}\n").types == (() if point is None else (point,))


def test_only_the_first_box_of_section_c_orders_silence() -> None:
    # TCO Art. 11(3)
    assert placed("DEL C:\n[x] ei saa teavitada\n").silent
    assert not placed("DEL C:\n[ ] ei saa teavitada\n[x] muu\n").silent
    assert not placed("DEL D:\n[x] koopia\n").silent


def test_what_stands_in_a_row_tells_what_it_is() -> None:
    text = (
        "DEL E:\n☐ x\n☒ y\nNaam: Politie\nTitel: J. de Vries, inspecteur\nNr.: 12/26\nAdres: Den Haag\n"
        "Tel.: +31 70 000 00 00\nMail: tco@politie.example\nDatum: 29-03-2026\nHandtekening: getekend\n"
    )
    assert placed(text).found == {
        "authority": "Politie", "representative": "J. de Vries, inspecteur", "file": "12/26",
        "phone": "+31 70 000 00 00", "email": "tco@politie.example", "signature": "getekend",
    }  # fmt: skip


def test_a_date_or_an_address_at_the_end_is_no_signature() -> None:
    for last in ("Datum: 29-03-2026", "Mail: a@b.example", "Tel.: +31 70 000 00 00", "Handtekening: ____"):
        assert "signature" not in placed(f"DEL E:\n☒ y\nNaam: P\nTitel: V\nNr.: 1\n{last}\n").found


def test_the_link_to_the_law_is_never_an_address_of_the_content() -> None:
    found = placed(
        "DEL B:\nURL: https://m.example/p/1\nDEL G:\na: Rb\nb: 1\nc: https://wet.example/1\n"
    ).found
    assert found["urls"] == "https://m.example/p/1"
    assert found["provisions"] == "https://wet.example/1"


def test_a_row_that_is_left_empty_stays_empty() -> None:
    # TCO Annex I, A: six rows, none moves up for another
    found = placed("DEL A:\na: Nederland\nb: Maydan\nc:\nd: Ierland\ne:\nf: 12/26\n").found
    assert found == {
        "issuing_state": "Nederland",
        "addressee": "Maydan",
        "home_state": "Ierland",
        "reference": "12/26",
    }


@given(st.text(max_size=600))
def test_no_text_breaks_it(text: str) -> None:
    there = placed(text)
    assert all(there.found.values())


@given(
    st.lists(
        st.sampled_from(["DEL A:", "B.", "☒ x", "[ ] y", "z: 1", "q: 1.2.2026", "C", "G)", "w"]), max_size=40
    )
)
def test_parts_in_any_order_break_nothing(lines: list[str]) -> None:
    there = placed("\n".join(lines))
    assert set(there.found) <= {name for _section, name, _words in annex_one.FIELDS}
    assert set(there.types) <= set(range(annex_places.BOXES))
