"""Data for researchers (DSA Art. 40): two people, own pseudonyms, no free text unless approved, an end."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.privacy.conftest import DAY, NOW, World

from hakam.compliance.access import deadlines_of, facts_of
from hakam.compliance.facts import FactKind
from hakam.compliance.ledger import body_of
from hakam.privacy import research, retention
from hakam.privacy.models import Project
from hakam.privacy.research import TABLES, ProjectState, ResearchError, pseudonym
from hakam.testing import scene

LATER = NOW + 10 * DAY


def ask(world: World, **more: Any) -> Project:
    given: dict[str, Any] = {
        "title": "Hate and time", "researcher": "University of Amman, Dr. N.", "email": "n@uni.example",
        "purpose": "How fast hate is found.", "platform": scene.PLATFORM, "tables": list(TABLES),
        "first": NOW.date() - timedelta(days=30), "last": LATER.date(), "expires_on": LATER.date() + timedelta(days=90),
        "owner": world.amal.actor, "now": LATER, "least": 5,
    }  # fmt: skip
    return research.ask(**(given | more))


def made(world: World, *, text: bool = False, **more: Any) -> Project:
    project = ask(world, **more)
    research.approve(str(project.pk), text=text, by=world.basil.actor, now=LATER)
    assert research.make_due(vault=world.vault, now=LATER) == 1
    project.refresh_from_db()
    return project


def files_of(world: World, project: Project) -> dict[str, bytes]:
    data = research.take(str(project.pk), vault=world.vault, by=world.amal.actor, now=LATER)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rows(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode())))


def _key(number: int) -> str:
    return f"{number:064x}"


def busy(world: World) -> None:
    for n in range(7):
        world.decided(world.case(f"zq7 vermin {n}", author="u1" if n < 5 else "u2"))
    world.notice("zq7 it hurts", notifier="u3")


def test_the_files_are_what_the_dictionary_and_the_manifest_say(world: World) -> None:
    busy(world)
    files = files_of(world, made(world))
    dictionary, manifest = json.loads(files["dictionary.json"]), json.loads(files["manifest.json"])
    assert set(dictionary) == set(TABLES)
    for name, table in dictionary.items():
        header = files[f"{name}.csv"].decode().splitlines()[0].split(",")
        assert header == [column["name"] for column in table["columns"]]
        assert all(column["meaning"] for column in table["columns"])
    for name, said in manifest["files"].items():
        assert hashlib.sha256(files[name]).hexdigest() == said["sha256"]
        assert len(files[name]) == said["bytes"]
    assert set(manifest["files"]) == set(files) - {"manifest.json"}
    assert len(rows(files["cases.csv"])) == 8
    assert len(rows(files["decisions.csv"])) == 7


def test_nobody_and_no_word_of_theirs_is_in_it(world: World) -> None:
    busy(world)
    everything = b"".join(files_of(world, made(world)).values())
    for secret in (b"zq7", b"u1@people", b"nora@", b"Nora", b"It calls people vermin", b"maydan.example"):
        assert secret not in everything
    assert not any(
        cell in {"u1", "u2", "u3"} for line in everything.decode().splitlines() for cell in line.split(",")
    )


def test_free_text_only_when_it_was_approved_by_name(world: World) -> None:
    busy(world)
    files = files_of(world, made(world, text=True))
    assert rows(files["cases.csv"])[0]["excerpt"].startswith("zq7")
    assert json.loads(files["manifest.json"])["free_text"] is True
    assert "excerpt" in files["dictionary.json"].decode()


def test_pseudonyms_join_tables_of_one_project_and_of_no_other(world: World) -> None:
    busy(world)
    one, other = (files_of(world, made(world)) for _ in range(2))
    accounts = [row["account"] for row in rows(one["cases.csv"]) if row["account"]]
    assert len(set(accounts)) == 3 - (len(set(accounts)) == 2)
    assert {row["account"] for row in rows(one["decisions.csv"])} <= set(accounts)
    assert {row["case"] for row in rows(one["decisions.csv"])} <= {
        row["case"] for row in rows(one["cases.csv"])
    }
    assert not set(accounts) & {row["account"] for row in rows(other["cases.csv"])}


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.integers(0, 2**64).map(_key), st.integers(0, 2**64).map(_key), st.text(max_size=40))
def test_without_its_key_a_pseudonym_is_another(one: str, other: str, name: str) -> None:
    made = pseudonym(one, "account", name)
    assert made == pseudonym(one, "account", name)
    assert len(made) == 24
    assert made != pseudonym(one, "case", name)
    assert (made == pseudonym(other, "account", name)) is (one == other)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 60), min_size=1), st.integers(5, 30))
def test_no_small_figure_is_told_or_found_by_subtraction(counted: dict[str, int], least: int) -> None:
    from collections import Counter  # noqa: PLC0415 -- only here

    told = {r["value"]: r["rows"] for r in rows(research._figures({"harm": Counter(counted)}, least))}
    assert set(told) == set(counted)
    hidden = [value for value, n in told.items() if not n.isdigit()]
    for value, n in counted.items():
        if n < least:
            assert told[value] == f"<{least}"
        elif told[value].isdigit():
            assert int(told[value]) == n
    if any(n < least for n in counted.values()) and len(counted) > 1:
        assert len(hidden) >= 2


def test_two_people_and_its_clocks(world: World) -> None:
    project = ask(world)
    number = str(project.pk)
    assert [c.clock for c in deadlines_of(f"research:{number}")] == ["research.answer"]
    with pytest.raises(ResearchError, match="somebody else"):
        research.approve(number, text=False, by=world.amal.actor, now=LATER)
    research.approve(number, text=False, by=world.basil.actor, now=LATER)
    clocks = {c.clock: c for c in deadlines_of(f"research:{number}")}
    assert clocks["research.answer"].met_at == LATER
    assert clocks["research.expiry"].due_at.date() == project.expires_on
    with pytest.raises(ResearchError, match="settled"):
        research.approve(number, text=False, by=world.basil.actor, now=LATER)
    with pytest.raises(ResearchError, match="no export"):
        research.take(number, vault=world.vault, by=world.amal.actor, now=LATER)


def test_a_refusal_has_a_reason(world: World) -> None:
    number = str(ask(world).pk)
    with pytest.raises(ResearchError, match="say why"):
        research.refuse(number, because=" ", by=world.basil.actor, now=LATER)
    refused = research.refuse(number, because="Not about systemic risks.", by=world.basil.actor, now=LATER)
    assert refused.state == ProjectState.REFUSED
    assert research.make_due(vault=world.vault, now=LATER) == 0


def test_every_copy_taken_is_a_fact_and_the_ledger_holds_numbers_only(world: World) -> None:
    busy(world)
    project = made(world)
    files_of(world, project)
    files_of(world, project)
    assert len(facts_of(f"research:{project.pk}", FactKind.RESEARCH_TAKEN)) == 2
    (fact,) = facts_of(f"research:{project.pk}", FactKind.RESEARCH_EXPORTED)
    assert body_of(fact)["rows"]["decisions"] == 7


@pytest.mark.parametrize("by_time", [False, True])
def test_when_it_ends_key_and_export_are_destroyed(world: World, by_time: bool) -> None:
    project = made(world)
    digest = project.document
    if by_time:
        while retention.run(world.stores, now=LATER + 95 * DAY):
            pass
    else:
        research.end(str(project.pk), vault=world.vault, by=world.amal.actor, now=LATER)
    project.refresh_from_db()
    assert (project.state, project.key, project.document) == (ProjectState.ENDED, "", "")
    with pytest.raises(KeyError):
        world.vault.get(digest)
    with pytest.raises(ResearchError):
        research.take(str(project.pk), vault=world.vault, by=world.amal.actor, now=LATER)


def test_abuse_of_children_is_in_no_export(world: World) -> None:
    world.case("unspeakable", harm="csam", clause="child-abuse")
    world.case("plain")
    assert len(rows(files_of(world, made(world))["cases.csv"])) == 1


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"title": ""}, "name the project"),
        ({"email": "x"}, "name the project"),
        ({"tables": ["passwords"]}, "at least one table"),
        ({"first": LATER.date() + DAY}, "span"),
        ({"last": date(2999, 1, 1)}, "span"),
        ({"expires_on": LATER.date()}, "ends in the future"),
        ({"least": 4}, "below five"),
    ],
)
def test_what_is_no_project_is_refused(world: World, given: dict[str, Any], said: str) -> None:
    with pytest.raises(ResearchError, match=said):
        ask(world, **given)
    assert not Project.objects.exists()


def test_a_cell_is_no_formula() -> None:
    assert research._cell("=1+1") == "'=1+1"
    assert research._cell(None) == ""
    assert research._cell(value=True) == "true"
