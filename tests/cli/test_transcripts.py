"""What each command says, word by word: transcripts of a terminal, which are run again.

A transcript is a text file. A line `$ ...` is typed, with `<<< ...` for what stands on its standard input; the lines
after it are what the screen shows, both streams, and `[2]` at the end is the exit code if it is not 0. `#` begins a
comment. Each transcript runs in a folder of its own, on a database of its own, through the program's own `main`.
`<entry>` in what is typed is the number that the last match on the screen named.
"""

from __future__ import annotations

import csv
import io
import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.cli.conftest import PACK

from hakam.cli.commands import COMMANDS
from hakam.cli.main import main
from hakam.cli.screen import ERR, OUT
from hakam.wiring import ports
from hakam.wiring.settings import settings

FIXTURES = Path(__file__).parent / "fixtures"
TRANSCRIPTS = sorted(path.stem for path in FIXTURES.glob("*.txt"))
pytestmark = [pytest.mark.embedded, pytest.mark.django_db]


class Typed(NamedTuple):
    """One command of a transcript. `line` is where it stands."""

    line: int
    words: list[str]
    stdin: str
    screen: list[str]
    code: int


def read(text: str) -> Iterator[Typed]:
    """Yield what is typed in a transcript, with what the screen shows after it."""
    typed: Typed | None = None
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("$ "):
            if typed is not None:
                yield typed
            words, _, stdin = line[2:].partition(" <<< ")
            typed = Typed(number, shlex.split(words), f"{stdin}\n" if stdin else "", [], 0)
        elif line.startswith("#") or typed is None:
            continue
        elif found := re.fullmatch(r"\[(\d+)\]", line):
            typed = typed._replace(code=int(found[1]))
        elif line:
            typed.screen.append(line)
    if typed is not None:
        yield typed


# What differs from one run to the next is written as a word in angle brackets.
PASSING = (
    (r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?", "<time>"),
    (r"hk_[0-9a-z]{8}_[\w-]{43}", "<key>"),
    (r"(?<=password: )\S+", "<password>"),
    (r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "<number>"),
    (r"\b[0-9a-f]{12}\b", "<digest>"),
    (r"\bkey:[0-9a-z]{8}\b", "key:<prefix>"),
    (r"(?m)^(key|thumbprint) [\w-]{43}$", r"\1 <\1>"),
    (r"\bstaff:\d+", "staff:<number>"),
    (r"(?<=\bclips)(\s+)\d+(?=\s+md5\s+0)", r"\1<entry>"),
)
MATCHED = re.compile(r"\bclips\s+(\d+)\s+md5\s+0")


def screen_of(text: str, folder: Path) -> list[str]:
    """Return what is on the screen without what changes from run to run, and without frames."""
    text = (
        text.replace(str(folder) + "/", "")
        .replace(str(folder), "<here>")
        .replace(str(settings().home), "<home>")
    )
    for pattern, word in PASSING:
        text = re.sub(pattern, word, text)
    lines = (" ".join(line.strip("│ ").split()) for line in text.splitlines() if not set(line) & set("╭╰"))
    return [line for line in lines if line and not line.startswith(("Usage:", "Try ", "{"))]


@pytest.fixture
def empty_home() -> Iterator[None]:
    """Put aside what other tests left in the home, which a command would tell of, and bring it back."""
    home = settings().home
    home.mkdir(parents=True, exist_ok=True)
    aside = home.with_name(f"{home.name}-aside")
    home.rename(aside)
    home.mkdir()
    forget_stores()
    yield
    forget_stores()
    shutil.rmtree(home)
    aside.rename(home)


def forget_stores() -> None:
    """Let the next command open its files anew: this process keeps them open."""
    for store in (ports.event_log, ports.notice_log, ports.vault):
        store.cache_clear()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, empty_home: None) -> Path:
    """Give a folder with files that are right and wrong in the ways that files are."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "300")
    for console in (OUT, ERR):
        monkeypatch.setattr(console, "_width", 300)
        monkeypatch.setattr(console, "_height", 100)
    pack = tmp_path / "pack"
    pack.mkdir()
    for name, text in PACK.items():
        (pack / name).write_text(text.lstrip(), encoding="utf-8")
    shutil.copytree(pack, tmp_path / "broken")
    rules = tmp_path / "broken" / "rules.yaml"
    rules.write_text(
        rules.read_text(encoding="utf-8").replace("text.folded", "text.foldde", 1), encoding="utf-8"
    )
    shutil.copytree(pack, tmp_path / "second")
    for name, old, new in (("pack.yaml", "1.0.0", "1.1.0"), ("rules.yaml", '"buy"', '"sell"')):
        changed = tmp_path / "second" / name
        changed.write_text(changed.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    (tmp_path / "empty").mkdir()
    (tmp_path / "latin").mkdir()
    (tmp_path / "latin" / "pack.yaml").write_bytes(b"id: caf\xe9\n")
    (tmp_path / "a-file").write_text("neither one nor the other\n", encoding="utf-8")
    (tmp_path / "nothing.csv").write_bytes(b"")
    (tmp_path / "no-text.csv").write_text("body,abuse\nhello,1\n", encoding="utf-8")
    (tmp_path / "hosts.txt").write_text("scam.example\nWin.Example\n", encoding="utf-8")
    (tmp_path / "few.csv").write_text("text,abuse\nhello,1\n", encoding="utf-8")
    (tmp_path / "foreign.csv").write_bytes("text,lang\nمرحبا,ar\n".encode("cp1256"))
    (tmp_path / "semicolons.csv").write_text("account;note\nmallory;a, b\neve;c\n", encoding="utf-8-sig")
    (tmp_path / "filters.tsv").write_bytes("keyword\taction\r\nربح سريع\thide\r\n".encode("utf-16"))
    with (tmp_path / "منشورات.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "lang", "abuse"])
        for n in range(30):
            writer.writerows([(f"a lovely day {n}", "en", 0), (f"a nasty day {n}", "en", 1)])
    (tmp_path / "hashes.csv").write_text(
        "kind,hash\nmd5,900150983cd24fb0d6963f7d28e17f72\nmd5,12\nsha1,a9993e364706816aba3e25717850c26c9cd0d89d\n",
        encoding="utf-8",
    )
    (tmp_path / "automoderator.yaml").write_text(
        "# Scams\ntitle+body (includes): [free money, ربح سريع]\naction: remove\n---\n# Flair\n"
        "title: hello\nset_flair: Hello\n---\n# Young\nauthor: {account_age: '< 3 days', comment_karma: '< 5'}\n"
        "action: filter\n",
        encoding="utf-8",
    )
    for name, said in {
        "cut": "{",
        "list": "[]",
        "number": '{"provider": 7}',
        "misspelt": '{"providr": "x"}',
    }.items():
        (tmp_path / f"{name}.json").write_text(said, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("name", TRANSCRIPTS)
def test_a_transcript_runs_as_it_is_written(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    entry = ""
    for typed in read((FIXTURES / f"{name}.txt").read_text(encoding="utf-8")):
        words = [entry if word == "<entry>" else word for word in typed.words]
        monkeypatch.setattr(sys, "argv", ["hakam", *words])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(typed.stdin.encode())))
        try:
            main()
            code = 0
        except SystemExit as ended:
            code = int(ended.code or 0)
        out, err = capsys.readouterr()
        if found := MATCHED.search(out):
            entry = found[1]
        where = f"{name}.txt:{typed.line}: hakam {shlex.join(typed.words)}"
        assert screen_of(out + err, folder) == typed.screen, where
        assert code == typed.code, where


def test_every_command_stands_in_a_transcript_or_is_a_program() -> None:
    texts = [(FIXTURES / f"{name}.txt").read_text(encoding="utf-8") for name in TRANSCRIPTS]
    typed = {one.words[0] for text in texts for one in read(text)}
    assert set(COMMANDS) - typed == {"up", "demo", "doctor"}, "which test_up and test_home_commands start"
