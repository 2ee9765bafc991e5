"""`hakam bank` as an operator types it: made, filled, looked up, judged, exported, withdrawn."""

from __future__ import annotations

import json
import shutil
from hashlib import sha256
from pathlib import Path

import pytest
from PIL import Image
from tests.cli.test_home_commands import Hakam, ok, run
from tests.media.clip_files import clip, edited
from tests.media.drawings import drawing, file_of, grey

from hakam.media.pdq import pdq
from hakam.storage.embedded import published

pytestmark = pytest.mark.embedded
PDQ = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"
MD5 = "0123456789abcdef0123456789abcdef"
TEXT = "Send me your wallet phrase now and win ten thousand dollars"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a home with a filled bank once; tests work on copies."""
    home = tmp_path_factory.mktemp("banks")
    ok(run(home, "migrate"))
    ok(
        run(
            home, "bank", "create", "ncii", "--source", "stopncii", "--clause", "harassment.intimate",
            "--purpose", "pictures that people asked us to keep out", "--action", "review",
        )
    )  # fmt: skip
    listed = home / "list.csv"
    listed.write_text(f"kind,hash,id\npdq,{PDQ},c-1\nmd5,{MD5},c-1\nmd5,broken,c-2\n", encoding="utf-8")
    done = run(home, "bank", "import", "ncii", str(listed), "--example")
    assert "2 added, 0 known already, 0 withdrawn, 1 refused" in ok(done)
    assert "list.csv:4: a hash of kind md5 has 32 hex digits" in done.stderr
    return home


@pytest.fixture
def house(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "home"))


@pytest.fixture
def hakam(house: Path) -> Hakam:
    return lambda *words, **more: run(house, *words, **more)


def test_the_door_knows_a_bank_at_once(house: Path) -> None:
    told = published.read(house / "published.json")
    assert told is not None
    (bank,) = told.banks
    assert (bank.name, bank.revision, bank.clause) == ("ncii", 1, "harassment.intimate")


def test_banks_are_listed_and_matches_found(hakam: Hakam) -> None:
    shown = ok(hakam("bank", "list"))
    assert "ncii" in shown
    assert "in force" in shown
    near = f"{int(PDQ, 16) ^ 0b111:064x}"
    found = ok(hakam("bank", "match", near, MD5))
    assert [line.split()[1:] for line in found.splitlines()[1:]] == [
        ["ncii", "1", "pdq", "3"],
        ["ncii", "2", "md5", "0"],
    ]
    nothing = hakam("bank", "match", PDQ[::-1])
    assert (nothing.returncode, nothing.stdout) == (1, "no match\n")


def test_a_withdrawn_hash_is_nowhere_in_the_house(hakam: Hakam, house: Path) -> None:
    (house / "list.csv").unlink()
    assert "withdrew 2 entries" in ok(
        hakam("bank", "withdraw", "ncii", "--item", "c-1", "--reason", "her wish")
    )
    assert hakam("bank", "match", PDQ).returncode == 1
    needles = (PDQ.encode(), bytes.fromhex(PDQ), MD5.encode())
    with_it = [
        path.name
        for path in (house / "banks").rglob("*")
        if path.is_file() and any(needle in path.read_bytes() for needle in needles)
    ]
    assert with_it == []
    again = ok(hakam("bank", "withdraw", "ncii", "--hash", PDQ, "--reason", "her wish"))
    assert "withdrew 0 entries" in again


def test_hot_pictures_are_found_inside_others(hakam: Hakam, tmp_path: Path) -> None:
    whole = Image.fromarray(drawing(9))
    whole.paste(Image.fromarray(drawing(1)).resize((400, 300)), (380, 20))
    (tmp_path / "known.png").write_bytes(file_of(drawing(1)))
    (tmp_path / "seen.jpg").write_bytes(file_of(whole, "JPEG", quality=80))
    (tmp_path / "other.png").write_bytes(file_of(drawing(5)))
    ok(hakam("bank", "add", "ncii", str(tmp_path / "known.png")))
    assert hakam("bank", "look", str(tmp_path / "seen.jpg")).returncode == 1
    assert "1 hash added" in ok(hakam("bank", "add", "ncii", str(tmp_path / "known.png"), "--hot"))
    looked = hakam("bank", "look", *(str(tmp_path / name) for name in ("seen.jpg", "other.png", "known.png")))
    rows = [line.split()[:4] for line in ok(looked).splitlines()[1:]]
    assert [(name, kind) for name, _, _, kind in rows] == [("seen.jpg", "landmarks"), ("known.png", "pdq")]
    digest = sha256((tmp_path / "known.png").read_bytes()).hexdigest()
    one = hakam("bank", "withdraw", "ncii", "--hash", digest, "--reason", "it was wrong")
    assert "withdrew 1 entry" in ok(one)
    thing = f"picture-{digest[:16]}"
    assert f"other hashes of {thing} still match; --item {thing} takes them out too" in one.stderr
    rest = hakam("bank", "withdraw", "ncii", "--item", thing, "--reason", "it was wrong")
    assert (ok(rest).split()[0], rest.stderr) == ("withdrew", "")
    assert hakam("bank", "look", str(tmp_path / "known.png")).returncode == 1


def test_clips_are_kept_and_looked_up(hakam: Hakam, tmp_path: Path) -> None:
    (tmp_path / "known.mp4").write_bytes(clip((1, 2)))
    (tmp_path / "copy.mp4").write_bytes(edited(clip((1, 2)), "-vf", "hflip"))
    (tmp_path / "other.mp4").write_bytes(clip((7, 8)))
    (tmp_path / "broken.mp4").write_bytes(clip((1, 2))[:50])
    added = hakam("bank", "add", "ncii", str(tmp_path / "known.mp4"), str(tmp_path / "broken.mp4"))
    assert added.returncode == 1
    assert "2 hashes added" in added.stdout
    assert "no clip and no recording" in added.stderr
    looked = hakam("bank", "look", str(tmp_path / "copy.mp4"), str(tmp_path / "other.mp4"))
    (row,) = [line.split() for line in ok(looked).splitlines()[1:] if line.startswith(("copy", "other"))]
    assert row[:2] == ["copy.mp4", "ncii"]
    assert row[3] == "vpdq"


def test_what_leaves_can_come_back(hakam: Hakam, tmp_path: Path) -> None:
    for name in ("a.json", "a.csv", "a.xml"):
        assert "wrote" in ok(hakam("bank", "export", "ncii", str(tmp_path / name)))
        assert "0 added, 2 known already" in ok(hakam("bank", "import", "ncii", str(tmp_path / name)))
    shown = json.loads(ok(hakam("bank", "export", "ncii", "-", "--format", "stix")))
    assert shown["type"] == "bundle"


def test_pictures_are_kept_so_that_copies_are_found(hakam: Hakam, tmp_path: Path) -> None:
    whole = Image.fromarray(drawing(1))
    (tmp_path / "a.png").write_bytes(file_of(whole))
    (tmp_path / "b.png").write_bytes(b"no picture")
    done = hakam("bank", "add", "ncii", str(tmp_path / "a.png"), str(tmp_path / "b.png"), "--example")
    assert done.returncode == 1
    assert "hashes added, 0 known" in done.stdout
    assert "b.png: not a picture" in done.stderr
    mirrored = pdq(grey(drawing(1))[:, ::-1].copy()).hex
    assert "ncii" in ok(hakam("bank", "match", mirrored))
    assert "B003" not in hakam("doctor").stdout


def test_feedback_counts(hakam: Hakam) -> None:
    ok(hakam("bank", "feedback", "ncii", "1", "--wrong", "--note", "a beach"))
    assert "judged wrong 1 times" in hakam("doctor").stdout


def test_texts_are_looked_up_too(hakam: Hakam, tmp_path: Path) -> None:
    path = tmp_path / "texts.json"
    path.write_text(json.dumps([{"text": TEXT}]), encoding="utf-8")
    ok(hakam("bank", "import", "ncii", str(path)))
    assert "text" in ok(hakam("bank", "match", f"{TEXT}!!! 77"))


def test_off_is_off_and_deleted_is_gone(hakam: Hakam, house: Path) -> None:
    ok(hakam("bank", "change", "ncii", "--off"))
    assert hakam("bank", "match", PDQ).returncode == 1
    ok(hakam("bank", "change", "ncii", "--on", "--distance", "8", "--days", "30"))
    assert hakam("bank", "match", PDQ).returncode == 0
    assert "with 2 entries" in ok(hakam("bank", "delete", "ncii", "--reason", "the agreement ended"))
    assert list((house / "banks").iterdir()) == []
    told = published.read(house / "published.json")
    assert told is not None
    assert told.banks == ()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("create", "ncii", "--source", "own", "--clause", "spam.bulk", "--purpose", "p"), "already"),
        (("create", "N C", "--source", "own", "--clause", "spam.bulk", "--purpose", "p"), "lower-case"),
        (("import", "nothing", "{home}/list.csv"), "no bank"),
        (("import", "ncii", "{home}/list.csv", "--format", "xlsx"), "no format"),
        (("import", "ncii", "{home}/list.csv", "--format", "ncmec"), "line 1"),
        (("import", "ncii", "{home}/published.json.lock"), "exist"),
        (("export", "ncii", "{home}/out.bin"), "--format"),
        (("export", "ncii", "{home}/no/folder.csv"), "written"),
        (("match", "hello"), "24 letters"),
        (("feedback", "ncii", "987654", "--right"), "no entry"),
        (("withdraw", "ncii", "--reason", "r"), "say what"),
        (("delete", "nothing", "--reason", "r"), "no bank"),
        (("change", "nothing", "--off"), "no bank"),
    ],
)
def test_what_can_t_be_done_is_one_clear_line(
    hakam: Hakam, house: Path, words: tuple[str, ...], said: str
) -> None:
    done = hakam("bank", *(word.replace("{home}", str(house)) for word in words))
    assert done.returncode in {1, 2}
    assert said in done.stderr
    assert "Traceback" not in done.stderr
