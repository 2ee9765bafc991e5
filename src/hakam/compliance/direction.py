"""Text of others within texts of ours: nothing in it may reorder the words around it.

A message is plain text, shown by mail programs and platforms that we don't know. An embedding, an override or an
isolate that somebody put into a post, and that a statement quotes, would turn around what stands beside it (Unicode
Technical Report 36, 2.1). So each is written out as its name, as the console draws it. Marks and joiners stay: they
belong to the spelling of Arabic and Persian, and reorder nothing but themselves.
"""

from __future__ import annotations

import re

_NAMES = {
    "\u2028": "LS",
    "\u2029": "PS",
    "\u202a": "LRE",
    "\u202b": "RLE",
    "\u202c": "PDF",
    "\u202d": "LRO",
    "\u202e": "RLO",
    "\u2066": "LRI",
    "\u2067": "RLI",
    "\u2068": "FSI",
    "\u2069": "PDI",
}
_CONTROLS = re.compile(f"[{''.join(_NAMES)}]")


def settled(text: str) -> str:
    """Return `text` with each control of direction written out, as `[RLO]`. Twice is once."""
    return _CONTROLS.sub(lambda found: f"[{_NAMES[found.group()]}]", text)
