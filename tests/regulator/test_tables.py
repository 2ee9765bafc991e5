"""The data of the room as tables that a person can read and object to: clocks, regimes, kinds of risk, checklists."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.utils import translation
from tests.regulator.test_contacts import CONTACTS
from tests.regulator.test_risks import WHOLE

from hakam.compliance.clocks import versions
from hakam.compliance.eu_database.codes import EU
from hakam.compliance.profile import Profile, set_profile
from hakam.regulator import checklists, contacts, risks
from hakam.regulator.checks import Chosen
from hakam.regulator.regimes import regimes
from hakam.regulator.risks import schemes
from hakam.staff.roles import Role
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM

pytestmark = pytest.mark.django_db
FIXTURES = Path(__file__).parent / "fixtures"
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


def of_clocks() -> Iterator[str]:
    for found in versions().values():
        for c in found:
            length = c.before or ("given" if c.given else f"{c.hours}h {c.days}d {c.months}m")
            told = " ".join(f"{minutes}:{role.value}" for minutes, role in c.warn)
            yield f"{c.key} {c.version} | {c.jurisdiction} | {c.law} | {c.kind} | {length} | {c.since} | {told}".rstrip(
                " |"
            )


def of_regimes() -> Iterator[str]:
    for one in regimes().values():
        yield f"{one.key} | {one.law} | {one.sender} | {one.does} | {one.clock} | {one.receipt or '-'} | {one.copies}"
        for element in one.elements:
            yield f"    {element.field} | {element.law} | {'read' if element.read else 'ask counsel'}"


def of_risks() -> Iterator[str]:
    for scheme in schemes().values():
        yield f"{scheme.key} | {scheme.law} | {scheme.review} | {scheme.keep}"
        for kind in scheme.kinds:
            yield f"    {kind.key} | {' '.join(kind.harms) or '-'}"


def of_checklists() -> Iterator[str]:
    """Yield the lists of a house at work, in the language in force."""
    for one in checklists.checklists().values():
        yield f"# {one.words}"
        for line in checklists.fill(one, "p", now=NOW, chosen=Chosen(24, 14, database=True)):
            yield f"{line.line.law} | {line.line.words} | {line.state} | {line.by}".rstrip(" |")


@pytest.fixture
def at_work(book: object) -> None:
    profile = Profile(platform="p", countries=(*sorted(EU), "GB"), established="DE", minors=True)
    set_profile(profile, by=SYSTEM, now=NOW)
    contacts.publish("p", CONTACTS, by=SYSTEM, now=NOW)
    lena = scene.person("lena", Role.LEGAL)
    draft = risks.write("p", "uk", WHOLE, owner=lena, by=lena.actor, now=NOW)
    risks.approve("p", draft.pk, by=SYSTEM, now=NOW)


@pytest.mark.parametrize(
    ("name", "rows"), [("clocks", of_clocks), ("regimes", of_regimes), ("risks", of_risks)]
)
def test_the_data_are_those_that_were_read(name: str, rows: Callable[[], Iterator[str]]) -> None:
    assert list(rows()) == (FIXTURES / f"table {name}.txt").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("language", ["en", "ar"])
def test_the_lists_of_a_house_at_work_are_those_that_were_read(at_work: None, language: str) -> None:
    with translation.override(language):
        found = list(of_checklists())
    assert found == (FIXTURES / f"checklists {language}.txt").read_text(encoding="utf-8").splitlines()
