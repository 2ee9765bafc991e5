"""What may be learnt from: splits, licences, seeds, and copies of Arabic as people hide it."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
import zstandard
from training.arabic import without_dots, written_in_latin
from training.corpora import SHARE_ALIKE, UNCONFIRMED, Row, corpora, labels_of, seeds
from training.linear import GROUP_WEIGHT, weighted

from hakam.signals.models.heads import HEADS, Head
from hakam.signals.statistical_language import romanised

COLUMNS = (
    "text",
    "lang",
    "split",
    "raw",
    "abuse",
    "hate",
    "threat",
    "extremism",
    "spam",
    "source",
    "licence",
)


def write(folder: Path, source: str, rows: list[dict[str, str]]) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    writer.writerows(dict.fromkeys(COLUMNS, "") | row for row in rows)
    (folder / f"{source}.csv.zst").write_bytes(zstandard.ZstdCompressor().compress(text.getvalue().encode()))


def row(text: str, **more: str) -> dict[str, str]:
    return {"text": text, "lang": "en", "split": "train", "abuse": "1", **more}


def test_only_what_may_be_used_is_read(tmp_path: Path) -> None:
    for source in ("paradetox", "cad", "sms_spam", "isis_fanboy", "stormfront"):
        write(tmp_path, source, [row(f"a text of {source}")])
    assert {found.source for found in corpora(tmp_path)} == {"paradetox", "stormfront"}
    assert {found.source for found in corpora(tmp_path, share_alike=False)} == {"paradetox"}
    assert {found.source for found in corpora(tmp_path, unconfirmed=True)} >= UNCONFIRMED - {"youtube_spam"}
    assert "stormfront" in SHARE_ALIKE


@pytest.mark.parametrize(
    "source", ["hatecheck", "HateCheck", "multilingual_hatecheck", "hatemojicheck", "ethos"]
)
def test_what_is_kept_out_stops_the_training(tmp_path: Path, source: str) -> None:
    write(tmp_path, source, [row("a")])
    with pytest.raises(ValueError, match="kept out on purpose"):
        list(corpora(tmp_path))


def test_a_missing_dev_split_is_cut_off_train_and_test_stays(tmp_path: Path) -> None:
    write(tmp_path, "a", [row(f"text {n}") for n in range(500)] + [row("held", split="test")])
    write(tmp_path, "b", [row("x"), row("y", split="dev")])
    splits = [found.split for found in corpora(tmp_path) if found.source == "a"]
    assert 20 < splits.count("dev") < 90
    assert splits.count("test") == 1
    assert [found.split for found in corpora(tmp_path) if found.source == "b"] == ["train", "dev"]


def test_languages_that_nobody_asked_for_are_left_out(tmp_path: Path) -> None:
    write(tmp_path, "a", [row("x"), row("y", lang="zh")])
    assert [found.language for found in corpora(tmp_path)] == ["en"]


@pytest.mark.parametrize(
    ("source", "given", "labels"),
    [
        ("davidson", {"abuse": "1", "hate": "0"}, {Head.TOXICITY: 1, Head.HATE: 0}),
        ("mlma_en", {"abuse": "1", "hate": "1", "raw": "hateful|origin|group"}, {Head.TOXICITY: 1}),
        ("germeval2018", {"abuse": "1", "raw": "INSULT"}, {Head.TOXICITY: 1, Head.HARASSMENT: 1}),
        ("told_br", {"raw": "0,0,2,0,0,0"}, {Head.HARASSMENT: 1}),
        ("told_br", {"raw": "0,0,1,0,0,0"}, {}),
        ("arsarcasm_benign", {"abuse": "0", "raw": "NEU|msa"}, dict.fromkeys(HEADS, 0)),
    ],
)
def test_labels_of_sources(source: str, given: dict[str, str], labels: dict[Head, int]) -> None:
    assert labels_of(source, dict.fromkeys(COLUMNS, "") | given) == labels


def test_seeds_are_filled_and_the_same_each_time() -> None:
    found = list(seeds())
    assert found == list(seeds())
    assert not [one.text for one in found if "{" in one.text]
    assert {one.split for one in found} == {"train", "dev"}
    assert {"en", "ar", "fr", "de", "es", "it", "pt", "tr", "ur", "ur-Latn", "hi"} == {
        one.language for one in found
    }
    for head in HEADS:
        for language in ("en", "ar"):
            labels = {one.labels[head] for one in found if one.language == language and head in one.labels}
            assert labels == {0, 1}, (head, language)


def test_a_sentence_of_the_seeds_is_never_in_two_splits() -> None:
    train = {one.text for one in seeds() if one.split == "train"}
    assert not train & {one.text for one in seeds() if one.split == "dev"}


def test_what_a_seed_says_of_toxicity_weighs_less() -> None:
    seed = Row("a", "en", "train", {Head.THREAT: 1, Head.TOXICITY: 1}, "seed_en")
    rare, toxicity = weighted(seed)
    assert (set(rare.labels), set(toxicity.labels)) == ({Head.THREAT}, {Head.TOXICITY})
    assert rare.weight > toxicity.weight
    assert [one.weight for one in weighted(seed._replace(source="davidson"))] == [1.0]


@pytest.mark.parametrize(
    ("text", "labels", "weight"),
    [
        ("my gay neighbours bake bread", {Head.HATE: 0}, GROUP_WEIGHT),
        ("هؤلاء المهاجرين جيراننا", {Head.HATE: 0, Head.TOXICITY: 0}, GROUP_WEIGHT),
        ("my neighbours bake bread", {Head.HATE: 0}, 1.0),
        ("gay neighbours are vermin", {Head.HATE: 1}, 1.0),
        ("gay or not, you are an idiot", {Head.HATE: 0, Head.TOXICITY: 1}, 1.0),
    ],
)
def test_harmless_talk_about_a_group_weighs_more(text: str, labels: dict[Head, int], weight: float) -> None:
    assert [one.weight for one in weighted(Row(text, "en", "train", labels, "edos"))] == [weight]


def test_arabic_without_dots_keeps_its_length() -> None:
    assert without_dots("بيت") == "ٮىٮ"
    assert without_dots("مُحَمَّد") == "محمد"


def test_arabic_in_latin_letters_is_known_as_such() -> None:
    written = written_in_latin("حبيبي انا عايز اشوفك في البيت يا عم")
    assert written == written_in_latin("حبيبي انا عايز اشوفك في البيت يا عم")
    assert not set(written) & set("ابتثحخدذرزسشصضطظعغفقكلمنهوي")
    assert romanised("ana mesh 3aref ya " + written) == "ar-Latn"
