from __future__ import annotations

import pytest

from hakam.documents.document import FSI, PDI, own, right_to_left


@pytest.mark.parametrize(
    ("text", "from_right"),
    [
        ("The attack", False),
        ("هجوم", True),
        ("12:05 هجوم Hakam", True),
        ("(3) Hakam هجوم", False),
        ("שלום", True),
        ("Αρχή", False),
        ("12:05 – 13:10", None),
        ("", None),
    ],
)
def test_a_text_runs_as_its_first_strong_letter_does(text: str, from_right: bool | None) -> None:
    # UAX #9, P2 and P3
    assert right_to_left(text) is from_right


def test_what_others_wrote_keeps_its_direction_to_itself() -> None:
    assert own("harbour") == f"{FSI}harbour{PDI}"
    assert own("") == ""  # nothing to isolate, and nothing that an empty cell would hold
