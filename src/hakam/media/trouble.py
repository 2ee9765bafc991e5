"""Why a file gave no picture: words that every room may use, whether or not decoders are installed."""

from __future__ import annotations

from enum import StrEnum


class Trouble(StrEnum):
    """Why a file gave no picture."""

    EMPTY = "empty"
    NOT_A_PICTURE = "not a picture"  # or none of a kind that can be read
    NOT_A_CLIP = "not a clip"
    TOO_LARGE = "too many pixels"
    TOO_BIG = "too many bytes"
    DAMAGED = "damaged or cut short"
    TOO_SLOW = "took too long"  # its reader was ended
    DEADLY = "ended its reader"  # by memory, by a fault of a decoder; nobody else felt it
    NO_READER = "no reader"  # this machine could start none
    NOT_OPEN = "can't be opened"  # this machine may not read it, or its disk fails
