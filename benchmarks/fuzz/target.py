"""What a target of a search is: a function of some bytes, what it begins with, and the pack around what it tries."""

from __future__ import annotations

import time
from collections.abc import Callable

SLOWEST = 3.0  # processor seconds that one input may take
LONGEST = 4_096  # bytes of an input


class WrongError(AssertionError):
    """A promise was not kept."""


class Target:
    """One thing to try: what takes the bytes, inputs to begin with, and words that its readers know."""

    def __init__(
        self, work: Callable[[bytes], object], seeds: tuple[str, ...], words: tuple[str, ...]
    ) -> None:
        self.name = work.__name__
        self._work = work
        self.seeds = tuple(seed.encode() for seed in seeds)
        self.words = words

    def __call__(self, data: bytes) -> None:
        """Try one input. Raises whatever is wrong."""
        start = time.process_time()
        self._work(data[:LONGEST])
        taken = time.process_time() - start
        if taken > SLOWEST:
            raise WrongError(f"took {taken:.1f} s")


def text_of(data: bytes) -> str:
    """Return bytes as the text that they mean, with U+FFFD for what means none."""
    return data.decode("utf-8", "replace")


class Choices:
    """Bytes read as choices, one after the other; the first of each when they are used up."""

    def __init__(self, data: bytes) -> None:
        self._left = iter(data)

    def among(self, options: tuple[str, ...]) -> str:
        """Return one of some options."""
        return options[next(self._left, 0) % len(options)]

    def number(self, most: int) -> int:
        """Return a number from 0 up to `most`, which is not reached."""
        return next(self._left, 0) % most

    @property
    def used_up(self) -> bool:
        """Whether no byte is left. Takes one if there is."""
        first = next(self._left, None)
        return first is None


FILES = {
    "pack.yaml": 'id: tried\nversion: "1"\nmaturity: test\nlanguages: [en, ar]\nextra:\n  karma: number\n'
    "  vip: boolean\n  tags: texts\n",
    "policies.yaml": "- policy: spam\n  harm: spam\n  severity: 20\n  title: {en: Spam, ar: إزعاج}\n"
    "  text: {en: No spam., ar: لا إزعاج.}\n  ladder: [label('spam'), warn, limit_reach, remove]\n",
    "rules.yaml": "- rule: first\n  policy: spam\n  stage: live\n  when: |\n    newcomer and author.posts < 3\n"
    '  then: [limit_reach, \'mark("seen", on="author", expires="1d")\']\n',
    "terms.yaml": 'newcomer: author.age < "1d"\n',
    "tests.yaml": "- test: silent\n  text: hello\n  fires: []\n",
    "lists/words.txt": "# kind: terms\nfree money\nربح سريع\n",
}
