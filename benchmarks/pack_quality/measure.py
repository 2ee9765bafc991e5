"""Measure a pack on labelled posts: `python benchmarks/pack_quality/measure.py DATA [--write PAGE]`.

The engine judges every English and Arabic row of the folder. Rules were tuned on `train` and `dev`; `test` is
for the report. Texts stay where they are: only counts are written.
"""

from __future__ import annotations

import argparse
import sys
from importlib.resources import as_file, files
from pathlib import Path

from corpora import Row, rows, sources
from figures import LanguageFigures, label_of
from report import describe, show_figures, write_part

from hakam.policy.counters import MemoryCounters
from hakam.policy.engine import Engine, compile_pack
from hakam.policy.pack import Pack, load_pack
from hakam.signals.measure import measure
from hakam.storage.packs import read_folder
from hakam.vocabulary.verdict import Stage

LANGUAGES = ("en", "ar")


def main(arguments: list[str]) -> int:
    """Measure, print the tables and, if asked, write them into a page of the reference."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path, help="folder with *.csv.zst")
    parser.add_argument("--pack", type=Path, help="folder of a pack; the default pack if left out")
    parser.add_argument("--split", nargs="+", default=["test"], choices=["train", "dev", "test"])
    parser.add_argument("--write", type=Path, help="page whose generated parts are replaced")
    chosen = parser.parse_args(arguments)
    pack = load(chosen.pack)
    found = run(compile_pack(pack), chosen.data, frozenset(chosen.split))
    figures = show_figures(pack, found, chosen.split)
    print(figures)
    if chosen.write:
        write_part(chosen.write, "rules", describe(pack))
        write_part(chosen.write, "figures", figures)
    return 0


def load(folder: Path | None) -> Pack:
    """Return the pack of a folder, or the one that comes with Hakam. Stops if it has errors."""
    with as_file(files("hakam").joinpath("packs", "default")) as default:
        loaded = load_pack(read_folder(folder or default))
    if loaded.pack is None:
        raise SystemExit("\n".join(f"{finding.code} {finding.message}" for finding in loaded.errors))
    return loaded.pack


def run(engine: Engine, data: Path, splits: frozenset[str]) -> dict[str, LanguageFigures]:
    """Judge all rows of the splits and count."""
    found = {language: LanguageFigures() for language in LANGUAGES}
    counters = MemoryCounters()
    labels = {rule.id: label_of(rule.policy) for rule in engine.rules}
    for path in sources(data):
        judged = 0
        for row in rows(path, languages=frozenset(LANGUAGES)):
            if row.split in splits:
                judge(engine, counters, row, found[row.language], labels)
                judged += 1
        if judged:
            print(f"{path.name}: {judged:,} rows", file=sys.stderr)
    return found


def judge(
    engine: Engine,
    counters: MemoryCounters,
    row: Row,
    figures: LanguageFigures,
    labels: dict[str, str | None],
) -> None:
    """Judge one row. Canary rules count as live: the question is what the rule says, not for whom."""
    verdict = engine.judge(row.event, measure(row.event, engine.needs), counters)
    if verdict.quarantined:
        raise SystemExit(f"rules failed on {row.event.id}: {', '.join(verdict.quarantined)}")
    figures.see(row)
    restricted = reviewed = False
    for firing in verdict.firings:
        figures.fire(row, firing.rule, labels[firing.rule])
        if engine.pack.rule(firing.rule).stage is not Stage.SHADOW:
            restricted |= any(measure_.nature.restriction is not None for measure_ in firing.measures)
            reviewed |= firing.review is not None
    figures.restricted += restricted
    figures.restricted_benign += restricted and row.benign
    figures.sent_to_review += reviewed
    figures.sent_to_review_benign += reviewed and row.benign


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
