"""The models in use: those that lie beside the code, or an operator's own. Read once when first asked for.

`HAKAM_LINEAR_MODEL` names the file of an own linear model. It is read here, from the environment, because every process
that scores texts must score with the same: the door, trials, back-tests and their children.
"""

from __future__ import annotations

import os
from functools import cache
from importlib import resources
from pathlib import Path

from hakam.signals.models.encoder import Encoder, EncoderUnavailableError, folder_of_package
from hakam.signals.models.linear import LinearModel, unpack
from hakam.signals.models.reading import Reader

OWN = "HAKAM_LINEAR_MODEL"


@cache
def linear() -> LinearModel:
    """Return the linear model in use. Takes some 30 ms the first time.

    Raises `OSError` or `UnreadableModelError` if the operator's own can't be read: another in its place would judge by
    numbers that nobody chose.
    """
    own = os.environ.get(OWN)
    return unpack(Path(own).read_bytes()) if own else shipped_linear()


@cache
def shipped_linear() -> LinearModel:
    """Return the linear model that ships with Hakam."""
    return unpack((resources.files("hakam.signals.models") / "linear.bin").read_bytes())


@cache
def reader() -> Reader:
    """Return the reader of this process: with the encoder if it is installed, else with the linear model alone."""
    try:
        encoder = Encoder(folder_of_package())
    except EncoderUnavailableError:
        return Reader(linear())
    return Reader(linear(), encoder)
