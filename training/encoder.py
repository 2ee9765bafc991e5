"""Train the encoder tier: six layers of multilingual-e5-small, the upper four fine-tuned, and heads over them.

    python -m training.encoder DATA --weights e5-small-q4.bin --out FOLDER --work FOLDER [--no-share-alike]

Needs torch, onnx and onnxruntime, which Hakam itself does not. Takes about half an hour on one core with bf16 units,
and hours without. An interrupted run goes on from its last checkpoint in the work folder. Same data, seed, processor
and version of torch give the same model; on another processor the last bits differ.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import torch
import zstandard

from hakam.signals.letters import without_signs
from hakam.signals.models.features import prepare
from hakam.signals.models.pieces import Pieces
from training.calibrating import calibrate
from training.corpora import Row, corpora, seeds
from training.e5 import Packed, kept_pieces, read, unpack
from training.network import Whole, export
from training.passes import LONGEST, PASSES, SEED, held_back, passes, prepared
from training.tuning import tune

VOCABULARY = 64_000
STEPS = 1_800  # batches; the passes end there


def write_vocabulary(folder: Path, packed: Packed, keep: list[int]) -> None:
    """Write the pieces with their scores, and the word table in its blocks."""
    pieces = [packed.pieces[n] for n in keep]
    pieces[:4] = ["<begin>", "<pad>", "<end>", "<unknown>"]
    scores = [round(float(packed.scores[n]), 4) for n in keep]
    text = msgspec.json.encode({"pieces": pieces, "scores": scores})
    (folder / "pieces.json.zst").write_bytes(zstandard.ZstdCompressor(level=19).compress(text))
    np.save(folder / "words.npy", packed.table[keep].view(np.uint8).reshape(len(keep), -1))


def main() -> None:
    """Train, export, calibrate."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--no-share-alike", action="store_true")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--steps", type=int, default=STEPS, help="more take longer and rank better")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    given.out.mkdir(parents=True, exist_ok=True)
    given.work.mkdir(parents=True, exist_ok=True)
    packed = read(given.weights)
    keep = kept_pieces(packed, VOCABULARY)
    write_vocabulary(given.out, packed, keep)
    scores = [float(packed.scores[n]) for n in keep]
    pieces = Pieces([packed.pieces[n] for n in keep], scores, begin=0, end=2, unknown=3)
    words = torch.from_numpy(unpack(packed.table[keep])).half()
    rows = [row for row in corpora(given.data, share_alike=not given.no_share_alike) if row.split != "test"]
    rows += seeds()

    def cut(some: Sequence[Row]) -> list[list[int]]:
        return [pieces.encode(prepare(without_signs(row.text)), LONGEST) for row in some]

    read_in = [prepared(part, cut(part)) for part in passes(rows)]
    held = held_back(rows)
    length = sum(len(text.ids) for part in read_in for text in part) / sum(map(len, read_in))
    print(f"{sum(map(len, read_in)):,} texts in {PASSES} passes, {length:.1f} pieces each", flush=True)
    torch.manual_seed(SEED)
    network = Whole(packed)
    tune(network, read_in, words, given.work, held=(held, cut(held)), steps=given.steps)
    torch.save(network.state_dict(), given.work / "network.pt")
    export(network, given.out / "network.onnx", given.work)
    calibrate(given.out, rows, given.work)


if __name__ == "__main__":
    main()
