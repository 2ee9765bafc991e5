"""Cutting a text into the pieces of a BERT vocabulary: words and signs first, then the longest pieces from the left."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

_WORD_LIMIT = 100  # characters; a longer word is unknown, as in BERT
_CJK = ((0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F))
_ASCII_SIGNS = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")


class WordPieces:
    """A vocabulary, one piece a line; pieces inside words begin with `##`. Safe to share between threads."""

    def __init__(self, vocabulary: Sequence[str], *, lower: bool) -> None:
        self._ids = {piece: n for n, piece in enumerate(vocabulary)}
        missing = [piece for piece in ("[CLS]", "[SEP]", "[UNK]") if piece not in self._ids]
        if missing:
            raise ValueError(f"the vocabulary lacks {', '.join(missing)}")
        self._begin, self._end, self._unknown = (self._ids[piece] for piece in ("[CLS]", "[SEP]", "[UNK]"))
        self._lower = lower

    def encode(self, text: str, limit: int) -> list[int]:
        """Return at most `limit` ids, the first and last of which mark begin and end."""
        ids = [self._begin]
        for word in self._words(text):
            ids += self._pieces(word)
            if len(ids) >= limit - 1:
                del ids[limit - 1 :]
                break
        return [*ids, self._end]

    def _words(self, text: str) -> Iterator[str]:
        if self._lower:
            parts = unicodedata.normalize("NFD", text.lower())
            text = "".join(c for c in parts if unicodedata.category(c) != "Mn")
        else:
            text = unicodedata.normalize("NFC", text)
        word = ""
        for c in text:
            code, kind = ord(c), unicodedata.category(c)
            if code in {0, 0xFFFD} or (kind in {"Cc", "Cf"} and not c.isspace()):
                continue
            if c.isspace():
                if word:
                    yield word
                word = ""
                continue
            if c in _ASCII_SIGNS or kind[0] == "P" or any(low <= code <= high for low, high in _CJK):
                if word:
                    yield word
                word = ""
                yield c
            else:
                word += c
        if word:
            yield word

    def _pieces(self, word: str) -> list[int]:
        if len(word) > _WORD_LIMIT:
            return [self._unknown]
        ids: list[int] = []
        start = 0
        while start < len(word):
            for end in range(len(word), start, -1):
                found = self._ids.get(("##" if start else "") + word[start:end])
                if found is not None:
                    ids.append(found)
                    start = end
                    break
            else:
                return [self._unknown]
        return ids
