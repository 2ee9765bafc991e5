"""One list of harms, and what others call each of them."""

from __future__ import annotations

import json
import re
from importlib.resources import files

import pytest

from hakam.vocabulary import harm as module
from hakam.vocabulary.finding import Finding, Severity, Span
from hakam.vocabulary.harm import CHILD_ABUSE_OFFENCES, Harm, crosswalk
from hakam.vocabulary.verdict import Firing, PackRef, Stage, Verdict


def test_every_harm_has_its_row_and_every_row_its_harm() -> None:
    rows = json.loads(files("hakam.vocabulary").joinpath("harms.json").read_text(encoding="utf-8"))["rows"]
    assert [row["key"] for row in rows] == sorted(
        {row["key"] for row in rows}, key=[r["key"] for r in rows].index
    )
    assert {row["key"] for row in rows} == set(Harm) == set(crosswalk())


@pytest.mark.parametrize("harm", list(Harm))
def test_every_harm_has_a_category_of_the_public_database(harm: Harm) -> None:
    codes = crosswalk()[harm]
    assert re.fullmatch(r"STATEMENT_CATEGORY_[A-Z_]+", codes.tdb_category)
    assert codes.label.strip()


def test_offences_against_children_need_no_name() -> None:
    # DSA Art. 16(2)(c)
    assert Harm.CSAM in CHILD_ABUSE_OFFENCES
    assert Harm.GROOMING in CHILD_ABUSE_OFFENCES
    assert Harm.SPAM not in CHILD_ABUSE_OFFENCES


def test_a_harm_without_a_row_is_an_error_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    class Empty:
        def joinpath(self, _name: str) -> Empty:
            return self

        def read_bytes(self) -> bytes:
            return b'{"rows": []}'

    monkeypatch.setattr(module, "files", lambda _package: Empty())
    crosswalk.cache_clear()
    try:
        with pytest.raises(LookupError, match=r"harms\.json lacks"):
            crosswalk()
    finally:
        crosswalk.cache_clear()


def test_only_live_firings_count() -> None:
    pack = PackRef("house", "1", "0" * 64)
    live = Firing("a", "spam", "0", Stage.LIVE)
    verdict = Verdict(pack, firings=(Firing("b", "spam", "0", Stage.SHADOW), live))
    assert verdict.live == (live,)
    assert str(pack) == "house@1"


def test_findings_are_values() -> None:
    span = Span("rules.yaml", 3, 1, 3, 9)
    assert Finding("P012", Severity.ERROR, "x", span) == Finding("P012", Severity.ERROR, "x", span)
    assert span < Span("rules.yaml", 4, 1, 4, 2)
