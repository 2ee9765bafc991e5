"""What a plain linear model reaches on the test splits of public corpora: the mark that ours are measured against.

Hashed character n-grams, one model for all, without seed sentences and calibration: macro-F1 and AUC of each source.
"""

from __future__ import annotations

from functools import cache
from importlib import resources

import msgspec

from hakam.signals.models.heads import Head

Baselines = dict[str, dict[Head, tuple[float, float]]]


@cache
def baselines() -> Baselines:
    """Return source -> head -> (macro-F1, AUC)."""
    text = (resources.files("hakam.signals.evaluation") / "baselines.json").read_bytes()
    return msgspec.json.decode(text, type=dict[str, Baselines])["linear"]
