"""The log of notices is read by the page behind a link, and by nobody who has no link."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.intake.flood import PLATFORM_KEY, URL, Flood

from hakam.intake import logged
from hakam.storage.embedded.event_log import FileEventLog
from hakam.storage.embedded.vault import FileVault
from hakam.testing import scene
from hakam.vocabulary.actor import Actor, ActorKind
from hakam.vocabulary.event import ItemRef


@pytest.fixture
def flood(tmp_path: Path, vault: FileVault) -> Iterator[Flood]:
    made = Flood(tmp_path, vault)
    yield made
    made.log.close()


def one(flood: Flood, **more: object) -> logged.Logged:
    [made] = flood.report(1, **more)  # type: ignore[arg-type]
    found = logged.by_token(made.token, flood.log)
    assert found is not None
    return found


def test_two_spellings_of_an_address_are_one_place(flood: Flood) -> None:
    assert one(flood).place == one(flood, urls=(URL.replace("https", "http") + "/",)).place
    assert one(flood).place != one(flood, urls=(f"{URL}?t=1",)).place


def test_what_names_several_places_has_none_of_its_own(flood: Flood) -> None:
    assert one(flood, urls=(URL, f"{URL}/2")).place == ""
    both = one(flood, items=(ItemRef(scene.PLATFORM, "post", "1"),))
    assert both.place == ""


def test_who_handed_it_in(flood: Flood) -> None:
    assert one(flood).by.kind is ActorKind.NOTIFIER
    by_platform = one(flood, by=PLATFORM_KEY)
    assert by_platform.by == Actor(ActorKind.PLATFORM, PLATFORM_KEY)
    assert by_platform.told
    assert not one(flood, email="", harm="csam", name="").told


def test_the_id_alone_opens_nothing(flood: Flood) -> None:
    found = one(flood)
    guessed = base64.urlsafe_b64encode(uuid.UUID(found.notice.id).bytes + bytes(17)).decode()
    assert logged.by_token(guessed, flood.log) is None
    assert logged.by_id(found.notice.id.upper(), flood.log) == found


@given(
    st.text(max_size=60)
    | st.binary(min_size=33, max_size=33).map(lambda b: base64.urlsafe_b64encode(b).decode())
)
def test_no_link_is_too_strange_to_be_refused(token: str) -> None:
    log = FileEventLog(Path(_FOLDER) / "notices")
    assert logged.by_token(token, log) is None
    log.close()


_FOLDER = ""


@pytest.fixture(autouse=True, scope="module")
def _folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    globals()["_FOLDER"] = str(tmp_path_factory.mktemp("links"))
