"""The encoder's network in torch: layers of multilingual-e5-small, heads over their means, and its export to ONNX."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn

from hakam.signals.models.heads import HEADS
from training.e5 import Entrance, Packed, layer
from training.passes import LONGEST

LAYERS = 6
TAPS = (2, 4, 6)  # after these layers the mean over the tokens goes to the heads
FROZEN = 2  # layers that stay as they came; so do words and positions


class Body(nn.Module):
    """From word vectors to the means after some layers."""

    def __init__(self, packed: Packed) -> None:
        super().__init__()
        self.entrance = Entrance(packed, LONGEST)
        self.layers = nn.ModuleList(layer(packed, n) for n in range(LAYERS))
        self.entrance.requires_grad_(requires_grad=False)
        self.layers[:FROZEN].requires_grad_(requires_grad=False)

    def forward(self, vectors: Any, mask: Any) -> Any:
        """Return one row of means for each text. `vectors`: texts, tokens, width; `mask`: 1 where a token is."""
        x = self.entrance(vectors)
        hidden = (1.0 - mask[:, None, None, :]) * -1e4
        weights = mask[..., None] / mask.sum(1)[:, None, None]
        means = []
        for number, one in enumerate(self.layers, 1):
            x = one(x, hidden)
            if number in TAPS:
                means.append((x * weights).sum(1))
        return torch.cat(means, 1)


class Heads(nn.Module):
    """A small network from the means to one sum a head."""

    def __init__(self, wide: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(wide)
        self.inner = nn.Linear(wide, 256)
        self.drop = nn.Dropout(0.2)
        self.out = nn.Linear(256, len(HEADS))

    def forward(self, means: Any) -> Any:
        """Return the sums."""
        x = self.norm(means)
        return self.out(self.drop(nn.functional.gelu(self.inner(self.drop(x)))))


class Whole(nn.Module):
    """All of it: from word vectors to the sums of all heads."""

    def __init__(self, packed: Packed) -> None:
        super().__init__()
        self.body, self.heads = Body(packed), Heads(len(TAPS) * packed.config["H"])

    def forward(self, vectors: Any, mask: Any) -> Any:
        """Return the sums of all heads."""
        return self.heads(self.body(vectors, mask))


def export(network: nn.Module, path: Path, work: Path) -> None:
    """Write a network as ONNX; what multiplies sequences gets 8-bit weights, one scale a column."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    plain = work / "plain.onnx"
    axes = {0: "batch", 1: "tokens"}
    torch.onnx.export(
        network.eval(),
        (torch.zeros(2, 8, 384), torch.ones(2, 8)),
        str(plain),
        input_names=["vectors", "mask"],
        output_names=["sums"],
        dynamic_axes={"vectors": axes, "mask": axes, "sums": {0: "batch"}},
        opset_version=17,
        dynamo=False,
    )
    quantize_dynamic(
        str(plain), str(path), weight_type=QuantType.QInt8, per_channel=True, op_types_to_quantize=["MatMul"]
    )
