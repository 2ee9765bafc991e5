"""What rooms above this one add to it, erasers and recipients, by the names of the modules that hold it.

Django starts with every command, and few commands erase or tell recipients: a module is imported when one does.
"""

from __future__ import annotations

from importlib import import_module
from typing import Final

_modules: Final[dict[str, bool]] = {}
"""Name of a module: whether it has registered what it adds."""


def announce(module: str) -> None:
    """Say, when Django starts, which module of a room above registers what it adds: it has a `register()`."""
    _modules.setdefault(module, False)


def register() -> None:
    """Let all announced modules register what they add, each once."""
    for module, done in tuple(_modules.items()):
        if not done:
            import_module(module).register()
            _modules[module] = True
