"""Writing in pictures, read by Tesseract as a program of its own.

The program never sees a stranger's file: the sandbox's child decodes it and hands over plates of its letters, which are
written anew as the plainest form there is (PGM) on the program's standard input. It has limits on time and memory.
Languages are those whose data is installed beside it; nothing is fetched.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from hakam.media.limited import limited

SURE = 50.0  # of 100: what the program says of a word that is taken
LEAST_LETTERS = 3  # of a line: what is shorter is leaves and twigs, as a rule
MOST_LETTERS = 4_000  # of the text of one picture
LANGUAGES = {
    "ar": "ara", "de": "deu", "en": "eng", "es": "spa", "fa": "fas", "fr": "fra", "he": "heb", "hi": "hin", "it": "ita",
    "nl": "nld", "pl": "pol", "pt": "por", "ru": "rus", "tr": "tur", "uk": "ukr", "ur": "urd",
}  # fmt: skip
"""From languages as Hakam names them (BCP 47) to those of Tesseract's data."""

# Marks of direction, which the program puts in.
_MARKS = str.maketrans("", "", "\u200e\u200f\u202a\u202b\u202c\u202d\u202e")
_COLUMNS = 12  # of a line of the answer: the last is the word, the one before how sure it is
_LINE = slice(1, 5)  # page, block, paragraph, line


class Bounds(NamedTuple):
    """What reading one plate may cost."""

    seconds: float = 20.0  # by the clock
    cpu_seconds: int = 15
    memory: int = 1_073_741_824  # bytes of address space
    size: int = 2_000_000  # bytes of the answer


DEFAULT_BOUNDS = Bounds()


class ProgramMissingError(RuntimeError):
    """Tesseract, or the data of every language that is wanted, is not installed. The message says what to do."""

    def __init__(self, languages: Iterable[str] = ("en", "ar")) -> None:
        data = " ".join(f"tesseract-ocr-{LANGUAGES.get(one, one)}" for one in languages)
        super().__init__(
            "writing in pictures needs the program `tesseract` with data of its languages: install them "
            f"(Debian and Ubuntu: apt-get install tesseract-ocr {data}; macOS: brew install tesseract tesseract-lang)"
        )


class UnreadError(RuntimeError):
    """The program took too long or ended badly. The message says which."""


class Writing(NamedTuple):
    """What is written in a picture. `text`: lines, as they were read; `words`: how many."""

    text: str
    words: int
    program: str  # its version, and the languages: what somebody needs to read it again


def available() -> bool:
    """Whether the program is installed."""
    return shutil.which("tesseract") is not None


def installed(wanted: Iterable[str]) -> tuple[str, ...]:
    """Return those of the wanted languages (BCP 47) whose data is installed, in their order."""
    primary = dict.fromkeys(one.split("-")[0].lower() for one in wanted)
    return tuple(one for one in primary if LANGUAGES.get(one) in _data())


def missing(wanted: Iterable[str]) -> tuple[str, ...]:
    """Return those of the wanted languages (BCP 47) whose data is not installed, in their order."""
    known = installed(wanted)
    return tuple(one for one in dict.fromkeys(w.split("-")[0].lower() for w in wanted) if one not in known)


def read(plates: Sequence[bytes], languages: Sequence[str], bounds: Bounds = DEFAULT_BOUNDS) -> Writing:
    """Return what plates say, PGM files of letters black on white. `languages`: BCP 47.

    Raises `ProgramMissingError`, and `UnreadError` for what took too long.
    """
    known = installed(languages)
    if not known:
        raise ProgramMissingError(languages)
    data = "+".join(LANGUAGES[one] for one in known)
    lines = [line for plate in plates for line in _lines(_run(plate, data, bounds))]
    text = "\n".join(" ".join(line) for line in lines)
    return Writing(text[:MOST_LETTERS], sum(map(len, lines)), f"tesseract {_version()} ({data})")


def _lines(said: str) -> list[list[str]]:
    """Return the words of each line that the program is sure of."""
    lines: dict[tuple[str, ...], list[str]] = {}
    for row in said.splitlines()[1:]:
        columns = row.split("\t")
        if len(columns) != _COLUMNS or not any(letter.isalnum() for letter in columns[-1]):
            continue
        try:
            sure = float(columns[-2])
        except ValueError:
            continue
        if sure >= SURE:
            lines.setdefault(tuple(columns[_LINE]), []).append(columns[-1].translate(_MARKS).strip())
    return [words for words in lines.values() if sum(map(len, words)) >= LEAST_LETTERS]


def _run(plate: bytes, data: str, bounds: Bounds) -> str:
    program = shutil.which("tesseract")
    if program is None:
        raise ProgramMissingError
    words = ["stdin", "stdout", "-l", data, "--psm", "11", "tsv"]
    try:
        done = subprocess.run(  # noqa: S603 -- a fixed program, no shell
            limited(program, words, memory=bounds.memory, seconds=bounds.cpu_seconds),
            input=plate,
            capture_output=True,
            timeout=bounds.seconds,
            env={**os.environ, "OMP_THREAD_LIMIT": "1"},
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise UnreadError(f"took more than {bounds.seconds:g} seconds") from error
    if done.returncode:
        raise UnreadError(f"its reader ended with code {done.returncode}")
    return done.stdout[: bounds.size].decode(errors="replace")


@lru_cache(maxsize=1)
def _data() -> frozenset[str]:
    return frozenset(_told("--list-langs").split())


@lru_cache(maxsize=1)
def _version() -> str:
    return [*_told("--version").split(), "", "?"][1]


def _told(what: str) -> str:
    program = shutil.which("tesseract")
    if program is None:
        return ""
    done = subprocess.run([program, what], capture_output=True, timeout=60, check=False)  # noqa: S603 -- as above
    return done.stdout.decode(errors="replace")
