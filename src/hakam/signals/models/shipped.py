"""The models that lie beside the code, read once when first asked for."""

from __future__ import annotations

from functools import cache
from importlib import resources

from hakam.signals.models.encoder import Encoder, EncoderUnavailableError, folder_of_package
from hakam.signals.models.linear import LinearModel, unpack
from hakam.signals.models.reading import Reader


@cache
def linear() -> LinearModel:
    """Return the linear model that ships with Hakam. Takes some 30 ms the first time."""
    return unpack((resources.files("hakam.signals.models") / "linear.bin").read_bytes())


@cache
def reader() -> Reader:
    """Return the reader of this process: with the encoder if it is installed, else with the linear model alone."""
    try:
        encoder = Encoder(folder_of_package())
    except EncoderUnavailableError:
        return Reader(linear())
    return Reader(linear(), encoder)
