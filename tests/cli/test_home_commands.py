"""The commands of an operator, run as programs on a home of their own."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hakam.storage.embedded import published
from hakam.wiring.ports import default_pack

pytestmark = pytest.mark.embedded
Result = subprocess.CompletedProcess[str]
Hakam = Callable[..., Result]


def run(home: Path, *words: str, stdin: str = "", **variables: str) -> Result:
    """Run `hakam` with nothing of our environment but what finds Python."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HAKAM_")}
    return subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning:hakam", "-m", "hakam.cli", *words],
        env={**environment, "HAKAM_HOME": str(home), "COLUMNS": "160", **variables},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a home once; tests work on copies."""
    home = tmp_path_factory.mktemp("migrated")
    done = run(home, "migrate")
    assert done.returncode == 0, done.stderr
    return home


@pytest.fixture
def installation(migrated: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(migrated, tmp_path / "home"))


@pytest.fixture
def hakam(installation: Path) -> Hakam:
    return lambda *words, **more: run(installation, *words, **more)


def ok(result: Result) -> str:
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def refused(result: Result, code: int = 1) -> str:
    assert result.returncode == code, result.stdout + result.stderr
    assert "Traceback" not in result.stderr
    return result.stderr


def test_help_tells_every_command_in_groups(tmp_path: Path) -> None:
    said = ok(run(tmp_path / "none", "--help"))
    for word in (
        "up",
        "demo",
        "doctor",
        "explain",
        "replay",
        "check",
        "test",
        "pack",
        "user",
        "key",
        "ledger",
    ):
        assert re.search(rf"^[│\s]*{word}\s", said, re.MULTILINE), word
    assert not (tmp_path / "none").exists(), "asking for help writes nothing"


def test_the_version_is_told(tmp_path: Path) -> None:
    assert re.fullmatch(r"hakam \d+\.\d+\.\d+\n", ok(run(tmp_path, "--version")))


def test_a_misspelt_setting_stops_everything_with_the_nearest_name(tmp_path: Path) -> None:
    said = refused(run(tmp_path, "doctor", HAKAM_DOR_PORT="1"), code=2)
    assert "did you mean HAKAM_DOOR_PORT?" in said


def test_a_home_without_a_database_says_what_to_do(tmp_path: Path) -> None:
    said = refused(run(tmp_path, "doctor"))
    assert "run `hakam migrate` or `hakam up`" in said


def test_migrating_twice_does_nothing(hakam: Hakam) -> None:
    assert "nothing to do" in ok(hakam("migrate"))


def test_an_account_is_made_and_its_password_shown_once(hakam: Hakam) -> None:
    said = ok(hakam("user", "create", "ada", "--email", "ada@example.org", "--role", "administrator"))
    assert "made ada, administrator" in said
    assert re.search(r"^password: \S{12,}$", said, re.MULTILINE)
    assert "user.created" in ok(hakam("ledger", "show"))


def test_a_password_can_come_from_elsewhere_and_is_not_shown(hakam: Hakam) -> None:
    words = ("user", "create", "ada", "--email", "ada@example.org", "--role", "viewer", "--password-stdin")
    said = ok(hakam(*words, stdin="correct horse battery staple\n"))
    assert "password" not in said


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("ada", "--email", "nonsense", "--role", "viewer"), "valid email"),
        (("", "--email", "ada@example.org", "--role", "viewer"), "blank"),
    ],
)
def test_an_account_that_can_not_be_is_refused(hakam: Hakam, words: tuple[str, ...], reason: str) -> None:
    assert reason in refused(hakam("user", "create", *words))


def test_a_weak_password_is_refused(hakam: Hakam) -> None:
    words = ("user", "create", "ada", "--email", "ada@example.org", "--role", "viewer", "--password-stdin")
    assert "too short" in refused(hakam(*words, stdin="short\n"))


def test_a_key_is_issued_listed_and_revoked_and_the_door_knows_at_once(
    hakam: Hakam, installation: Path
) -> None:
    issue = ("key", "issue", "my-forum", "--scope", "events:write", "--scope", "check", "--name", "ingest")
    key = ok(hakam(*issue)).strip()
    prefix = key.split("_")[1]
    assert re.fullmatch(r"hk_[0-9a-z]{8}_\S{43}", key)
    told = published.read(installation / "published.json")
    assert told is not None
    assert [(k.prefix, k.platform, k.scopes) for k in told.keys] == [
        (prefix, "my-forum", ("check", "events:write"))
    ]
    assert re.search(rf"{prefix}.*my-forum.*ingest.*in force", ok(hakam("key", "list")))
    ok(hakam("key", "revoke", prefix))
    told = published.read(installation / "published.json")
    assert told is not None
    assert told.keys == ()
    assert re.search(rf"{prefix}.*revoked", ok(hakam("key", "list")))
    facts = ok(hakam("ledger", "show", f"key:{prefix}"))
    assert facts.index("key.issued") < facts.index("key.revoked")


def test_a_key_of_a_person_says_whose_it_is(hakam: Hakam) -> None:
    words = ("user", "create", "nadia", "--email", "n@example.org", "--role", "incident_lead")
    ok(hakam(*words))
    issue = ("key", "issue", "my-forum", "--scope", "incidents:act", "--name", "laptop", "--for", "nadia")
    assert ok(hakam(*issue)).startswith("hk_")
    assert re.search(r"laptop.*incidents:act.*nadia.*in force", ok(hakam("key", "list")))
    assert "of its own" in refused(hakam(*issue, "--scope", "check"))


def test_the_key_itself_is_kept_nowhere(hakam: Hakam, installation: Path) -> None:
    key = ok(hakam("key", "issue", "my-forum", "--scope", "check", "--name", "x")).strip()
    for path in installation.rglob("*"):
        if path.is_file():
            assert key.encode() not in path.read_bytes(), path


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("issue", "My Forum", "--scope", "check", "--name", "x"), "is no platform id"),
        (("issue", "my-forum", "--scope", "check", "--name", " "), "needs a name"),
        (("revoke", "nothere1"), "no key has the prefix 'nothere1'"),
        (("issue", "my-forum", "--scope", "incidents:act", "--name", "x"), "such a key is somebody's"),
        (
            ("issue", "my-forum", "--scope", "incidents:act", "--name", "x", "--for", "eve"),
            "nobody called eve",
        ),
    ],
)
def test_a_key_that_can_not_be_is_refused(hakam: Hakam, words: tuple[str, ...], reason: str) -> None:
    assert reason in refused(hakam("key", *words))


def test_a_pack_is_published_once_and_listed(hakam: Hakam, installation: Path) -> None:
    said = ok(hakam("pack", "publish", str(default_pack()), "--note", "the first rule book"))
    assert "is in force" in said
    told = published.read(installation / "published.json")
    assert told is not None
    assert told.pack is not None
    assert str(told.pack.ref) in said
    assert "the first rule book" in ok(hakam("pack", "list"))


def test_a_pack_with_errors_is_refused_and_nothing_changes(
    hakam: Hakam, tmp_path: Path, installation: Path
) -> None:
    folder = tmp_path / "pack"
    shutil.copytree(default_pack(), folder)
    rules = next(iter(sorted(folder.glob("rules*/**/*.yaml"))))
    rules.write_text(rules.read_text(encoding="utf-8").replace("when: ", "when: nosuchfield and ", 1))
    result = hakam("pack", "publish", str(folder), "--note", "x")
    said = refused(result)
    assert "nothing was published" in said
    assert "error P" in said
    assert not (installation / "published.json").exists()


def test_the_doctor_finds_a_fresh_installation_without_rules(hakam: Hakam) -> None:
    result = hakam("doctor")
    assert result.returncode == 1
    assert "W002" in result.stdout


def test_the_doctor_finds_a_complete_installation_sound(hakam: Hakam) -> None:
    ok(hakam("pack", "publish", str(default_pack()), "--note", "begin"))
    ok(hakam("user", "create", "ada", "--email", "ada@example.org", "--role", "administrator"))
    said = ok(hakam("doctor"))
    assert "all sound" in said
    assert ok(hakam("ledger", "verify")).strip() == "2 facts, no breaks in the chain"


def test_the_doctor_and_the_ledger_name_a_fact_that_was_altered(hakam: Hakam, installation: Path) -> None:
    ok(hakam("pack", "publish", str(default_pack()), "--note", "begin"))
    with sqlite3.connect(installation / "control.db") as db:
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            db.execute(f'DROP TRIGGER "{name}"')
        db.execute("UPDATE compliance_fact SET actor = 'staff:99' WHERE seq = 1")
    db.close()
    broken = hakam("ledger", "verify")
    assert broken.returncode == 1
    assert "C001" in broken.stdout
    assert "C001" in hakam("doctor").stdout


def test_secrets_that_others_can_read_are_found(hakam: Hakam, installation: Path) -> None:
    (installation / "secrets" / "django").chmod(0o644)
    assert "W006" in hakam("doctor").stdout


def test_a_code_can_be_explained(hakam: Hakam) -> None:
    assert "W003" in ok(hakam("explain", "W003"))
    assert "instead of" in ok(hakam("explain", "P103"))


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ("Z999", "there is no finding Z999"),
        ("decision:4711", "the ledger knows nothing of decision:4711"),
        ("event:my-forum/none", "has no event 'none'"),
        ("77", "has no record 77"),
        ("what is this", "can't be explained"),
    ],
)
def test_what_is_not_there_can_not_be_explained(hakam: Hakam, what: str, reason: str) -> None:
    assert reason in refused(hakam("explain", what))


def test_a_program_does_not_start_on_an_unprepared_home(tmp_path: Path) -> None:
    assert "hakam migrate" in refused(run(tmp_path, "process", "worker"))


def test_output_into_a_closed_pipe_is_no_error(installation: Path) -> None:
    environment = {**os.environ, "HAKAM_HOME": str(installation)}
    environment.pop("HAKAM_DATABASE_URL", None)
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {sys.executable} -m hakam.cli --help | true"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "Traceback" not in done.stderr
