"""`hakam pack publish` tries a pack in all ways of judging, and says of a difference who answers what."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

import pytest
from tests.backtest.test_agreement import FILES as TRIED
from tests.cli.test_home_commands import Hakam, hakam, installation, migrated, ok, refused

from hakam.storage.embedded.event_log import FileEventLog
from hakam.testing import scene
from hakam.vocabulary.verdict import PackRef, Verdict

pytestmark = pytest.mark.embedded
__all__ = ["hakam", "installation", "migrated"]  # fixtures


PLANTS = {
    "interpreter": "import hakam.backtest.agreement as one\none.outcome = lambda *_: None\n",
    "columns": "import hakam.backtest.vectors as one\nreal = one.Rules.true_rows\n"
    "def flipped(self, *given):\n    found, unsure = real(self, *given)\n"
    "    return [flags & False for flags in found], unsure & False\n"
    "one.Rules.true_rows = flipped\n",
}


@pytest.mark.parametrize("way", PLANTS)
@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_pack_that_ways_of_judging_judge_otherwise_is_not_published(
    hakam: Hakam, installation: Path, tmp_path: Path, way: str, language: str
) -> None:
    plant = tmp_path / "plant"
    plant.mkdir()
    (plant / "sitecustomize.py").write_text(PLANTS[way], encoding="utf-8")
    done = hakam(
        "pack",
        "publish",
        str(pack_folder(tmp_path)),
        "--note",
        "x",
        "--language",
        language,
        PYTHONPATH=str(plant),
    )
    said = refused(done)
    assert "P605" in said
    assert "`loud`" in said
    assert "`example-0-0`" in said or "`generated-" in said
    wanted = {
        ("interpreter", "en"): "the compiled function fires, the interpreter does not",
        ("columns", "en"): "the compiled function fires, the columns do not",
        ("interpreter", "ar"): "ولا تنطبق في المفسِّر",
        ("columns", "ar"): "ولا تنطبق في الأعمدة",
    }
    assert wanted[way, language] in re.sub("[\u2066-\u2069\n]", "", said)
    assert "nothing was published" in said
    assert not (installation / "published.json").exists()
    assert "is in force" in ok(hakam("pack", "publish", str(pack_folder(tmp_path)), "--note", "x"))


def test_a_pack_is_tried_on_the_log_before_it_is_published(
    hakam: Hakam, installation: Path, tmp_path: Path
) -> None:
    verdict = Verdict(PackRef("tried", "1", "0" * 64))
    entries = [scene.entry(scene.event("hello", item=f"i{n}"), verdict) for n in range(30)]
    with closing(FileEventLog(installation / "events")) as log:
        log.append(entries)
    said = ok(hakam("pack", "publish", str(pack_folder(tmp_path)), "--note", "x"))
    found = re.search(r"([0-9]+) events judged alike by compiled function, interpreter, columns", said)
    assert found is not None
    assert int(found[1]) > 200 + 30


def pack_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "tried"
    folder.mkdir(exist_ok=True)
    for name, text in TRIED.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder
