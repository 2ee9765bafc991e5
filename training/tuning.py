"""The training loop of the encoder: passes over labelled rows, with checkpoints to go on from."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from hakam.signals.evaluation.figures import auc
from hakam.signals.models.heads import HEADS, Head
from training.corpora import Row
from training.network import Whole
from training.passes import BATCH, SEED, Text, order, rate

_BODY_RATE, _HEADS_RATE = 8e-5, 1e-3
_SAVE_EVERY = 150  # steps
_FEWEST = 15  # texts of each kind of a source and head before its AUC on dev counts


def block(ids: Sequence[list[int]], words: Any) -> tuple[Any, Any]:
    """Return the word vectors of a batch, and the mask of what is not padding."""
    longest = max(map(len, ids))
    places = torch.zeros(len(ids), longest, dtype=torch.long)
    mask = torch.zeros(len(ids), longest)
    for n, row in enumerate(ids):
        places[n, : len(row)] = torch.tensor(row)
        mask[n, : len(row)] = 1
    return words[places].float(), mask


def sums(network: Whole, ids: Sequence[list[int]], words: Any) -> Any:
    """Return the sums of all heads for texts, as torch computes them."""
    network.eval()
    out = np.empty((len(ids), len(HEADS)), np.float32)
    by_length = sorted(range(len(ids)), key=lambda n: len(ids[n]))
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        for start in range(0, len(ids), 64):
            places = by_length[start : start + 64]
            out[places] = network(*block([ids[n] for n in places], words)).float().numpy()
    network.train()
    return out


def ranks(found: Any, rows: Sequence[Row]) -> dict[tuple[Head, str], float]:
    """Return the AUC of each head and source with texts of both kinds."""
    table = {}
    for place, head in enumerate(HEADS):
        for source in sorted({row.source for row in rows}):
            here = [n for n, row in enumerate(rows) if row.source == source and head in row.labels]
            y = np.array([rows[n].labels[head] for n in here])
            if min(int((y == 1).sum()), int((y == 0).sum())) >= _FEWEST:
                table[head, source] = auc(found[here, place], y)
    return table


def tune(
    network: Whole,
    passes: Sequence[Sequence[Text]],
    words: Any,
    work: Path,
    *,
    held: tuple[Sequence[Row], Sequence[list[int]]],
    steps: int,
    look_every: int = 400,
) -> None:
    """Train a network in place, on at most `steps` batches.

    A checkpoint in `work` is gone on from; delete it to begin anew.
    """
    torch.manual_seed(SEED)
    body = [p for p in network.body.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(
        [{"params": body, "lr": _BODY_RATE}, {"params": network.heads.parameters(), "lr": _HEADS_RATE}],
        weight_decay=0.01,
        fused=True,
    )
    batches = [*_batches(passes)][:steps]
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: rate(step, len(batches)))
    checkpoint = work / "checkpoint.pt"
    begin = _restore(checkpoint, network, optimiser, schedule)
    began, seen, loss_sum = time.monotonic(), 0, 0.0
    network.train()
    for step in range(begin, len(batches)):
        texts = batches[step]
        vectors, mask = block([text.ids for text in texts], words)
        with torch.autocast("cpu", torch.bfloat16):
            found = network(vectors, mask)
        loss = nn.functional.binary_cross_entropy_with_logits(
            found.float(), torch.tensor([t.labels for t in texts]), torch.tensor([t.weights for t in texts])
        )
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        seen, loss_sum = seen + len(texts), loss_sum + float(loss.detach())
        if (step + 1) % 50 == 0:
            pace = seen / (time.monotonic() - began)
            left = (len(batches) - step) * BATCH / pace / 60
            print(
                f"  step {step + 1:,} of {len(batches):,}: loss {loss_sum / 50:.4f}, {pace:.0f} texts a second, "
                f"{left:.0f} minutes left",
                flush=True,
            )
            loss_sum = 0.0
        if (step + 1) % _SAVE_EVERY == 0:
            _save(checkpoint, step + 1, network, optimiser, schedule)
        if (step + 1) % look_every == 0:
            table = ranks(sums(network, held[1], words), held[0])
            print("  dev: " + ", ".join(f"{h} {s} {v:.3f}" for (h, s), v in table.items()), flush=True)
    network.eval()


def _batches(passes: Sequence[Sequence[Text]]) -> Iterator[list[Text]]:
    for number, texts in enumerate(passes):
        for places in order([len(text.ids) for text in texts], SEED + number):
            yield [texts[n] for n in places]


def _save(path: Path, step: int, network: Whole, optimiser: Any, schedule: Any) -> None:
    state = {
        "step": step,
        "network": network.state_dict(),
        "optimiser": optimiser.state_dict(),
        "schedule": schedule.state_dict(),
        "dice": torch.get_rng_state(),
    }
    whole = path.with_suffix(".new")
    torch.save(state, whole)
    whole.replace(path)


def _restore(path: Path, network: Whole, optimiser: Any, schedule: Any) -> int:
    if not path.exists():
        return 0
    state = torch.load(path, weights_only=True)
    network.load_state_dict(state["network"])
    optimiser.load_state_dict(state["optimiser"])
    schedule.load_state_dict(state["schedule"])
    torch.set_rng_state(state["dice"])
    print(f"  going on from step {state['step']:,}", flush=True)
    return int(state["step"])
