"""Media that lie in the platform's folder: read by their address, never from outside the folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from hakam.intake.media_files import NOWHERE, MediaFolder, UnreachableError
from hakam.vocabulary.event import Media

pytestmark = pytest.mark.embedded  # files only: one database is enough
URL = "https://media.example/files/"


@pytest.fixture
def folder(tmp_path: Path) -> MediaFolder:
    (tmp_path / "media" / "2026").mkdir(parents=True)
    (tmp_path / "media" / "2026" / "a b.mp4").write_bytes(b"clip")
    (tmp_path / "secret").write_bytes(b"secret")
    (tmp_path / "media" / "link").symlink_to(tmp_path / "secret")
    return MediaFolder(URL, tmp_path / "media")


def test_an_address_of_the_folder_is_read_from_it(folder: MediaFolder) -> None:
    assert folder.read(Media(url=f"{URL}2026/a%20b.mp4")) == b"clip"
    assert folder.read(Media(url=f"{URL}2026/a%20b.mp4?size=full#t=1")) == b"clip"


def test_what_came_along_comes_first(folder: MediaFolder) -> None:
    assert folder.read(Media(url=f"{URL}2026/a%20b.mp4", data=b"sent")) == b"sent"


@pytest.mark.parametrize("url", ["https://elsewhere.example/files/x.mp4", "https://media.example/", None])
def test_other_addresses_are_nobody_s_business_here(folder: MediaFolder, url: str | None) -> None:
    assert folder.read(Media(url=url)) is None
    assert NOWHERE.read(Media(url=url)) is None


@pytest.mark.parametrize(
    "name",
    [
        "../secret",
        "%2e%2e/secret",
        "2026/../../secret",
        "link",
        "2026",
        "",
        "nothing.mp4",
        "a%00b",
        "/etc/passwd",
    ],
)
def test_nothing_outside_of_the_folder_is_read(folder: MediaFolder, name: str) -> None:
    with pytest.raises(UnreachableError):
        folder.read(Media(url=URL + name))


def test_without_a_prefix_a_folder_covers_nothing(tmp_path: Path) -> None:
    assert MediaFolder("", tmp_path).read(Media(url="https://media.example/x")) is None


def test_what_is_too_large_is_told(folder: MediaFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hakam.intake.media_files.LARGEST", 3)
    with pytest.raises(UnreachableError, match="more than 3 bytes"):
        folder.read(Media(url=f"{URL}2026/a%20b.mp4"))
