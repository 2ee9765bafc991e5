"""`python limited.py MEMORY CPU WRITTEN PROGRAM ARGUMENT...`: gives up what a program does not need, then becomes it.

Memory in bytes, processor time in seconds, no core dump, at most so many bytes written to a file. Only what POSIX has:
where it has none, the parent runs the program itself. Nothing is imported but what the system brings, so it costs some
milliseconds.
"""

from __future__ import annotations

import os
import sys


def limited(program: str, words: list[str], *, memory: int, seconds: int, written: int = 0) -> list[str]:
    """Return what runs a program with less, or the program itself where there is no such thing.

    `memory`: bytes of address space; `seconds`: of the processor; `written`: bytes of a file.
    """
    if sys.platform == "win32":
        return [program, *words]
    return [sys.executable, "-I", "-S", __file__, str(memory), str(seconds), str(written), program, *words]


def main() -> None:
    """Replace this process by the program. Exit code 127 if it can't be run."""
    import resource  # noqa: PLC0415 -- POSIX only

    memory, seconds, written = (int(word) for word in sys.argv[1:4])
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (written, written))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    if sys.platform == "linux":  # elsewhere the system counts what is mapped in other ways
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    try:
        os.execv(sys.argv[4], sys.argv[4:])  # noqa: S606 -- becoming it is the purpose
    except OSError:
        sys.exit(127)


if __name__ == "__main__":
    main()
