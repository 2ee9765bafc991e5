"""Letters in files: what was erased in the outbox goes from them too, and that a letter went stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.privacy.conftest import NOW, World
from tests.privacy.test_requests import released

from hakam.enforcement.connectors.connector import Delivered, Destination, Message
from hakam.enforcement.connectors.email.letter_box import EmailConnector
from hakam.enforcement.kinds import Channel
from hakam.enforcement.models import Effect
from hakam.enforcement.states import EffectState
from hakam.intake.models import Notice
from hakam.privacy import mail_files
from hakam.privacy.kinds import Kind


@pytest.fixture
def mail(world: World, settings: Any) -> Path:
    """Let letters be written to files, as where there is no mail server."""
    folder = world.folder / "mail"
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(folder)
    return folder


def deliver(effect: Effect) -> Effect:
    """Hand a letter over as the worker does."""
    told = Message(str(effect.pk), effect.kind, NOW, NOW, effect.payload)
    assert isinstance(EmailConnector().deliver(told, Destination("maydan", {}), ""), Delivered)
    effect.state, effect.delivered_at = EffectState.DELIVERED, NOW
    effect.save(update_fields=["state", "delivered_at"])
    return effect


def receipt(world: World, email: str, **more: Any) -> Effect:
    """Let somebody with an address send a notice; return the letter that went to them."""
    notice = world.notice(email=email, **more)
    return deliver(Effect.objects.get(stream=f"notice:{notice.pk}#{Channel.EMAIL}"))


def written(mail: Path) -> str:
    return "".join(path.read_text() for path in sorted(mail.iterdir()))


def test_an_erasure_reaches_the_letter_in_the_file(world: World, mail: Path) -> None:
    # GDPR Art. 17(1)
    gone = receipt(world, "una@people.example", notifier="u1")
    stays = receipt(world, "other@people.example", notifier="u2")
    Notice.objects.get(notifier="u1").items.update(answered_at=NOW)
    assert "una@people.example" in written(mail)
    made = released(world, "erasure")
    left = written(mail)
    assert "una@people.example" not in left
    assert "other@people.example" in left
    for proof in (f"Message-ID: <{gone.pk}@", f"Message-ID: <{stays.pk}@", "To: [erased]"):
        assert proof in left
    assert left.count("Date: ") == 2
    gone.refresh_from_db()
    assert gone.payload == {}
    assert made.outcome["erased"][Kind.LOGS.value] == 1


def test_what_is_held_in_the_outbox_stays_in_the_file(world: World, mail: Path) -> None:
    receipt(world, "una@people.example")
    before = written(mail)
    assert mail_files.redact(world.stores.folders, limit=9) == 0
    assert written(mail) == before


def test_a_file_with_several_letters_loses_only_the_one(world: World, mail: Path) -> None:
    first, second = receipt(world, "una@people.example"), receipt(world, "dua@people.example")
    whole = b"".join(
        path.read_bytes() for path in mail.iterdir()
    )  # two of the same second may share one already
    for path in mail.iterdir():
        path.unlink()
    (mail / "letters.log").write_bytes(whole)
    Effect.objects.filter(pk=first.pk).update(payload={})
    assert mail_files.redact(world.stores.folders, limit=9) == 1
    left = written(mail)
    assert "una@people.example" not in left
    assert "dua@people.example" in left
    assert mail_files.redact(world.stores.folders, limit=9) == 0
    Effect.objects.filter(pk=second.pk).update(payload={})
    assert mail_files.redact(world.stores.folders, limit=9) == 1
    assert "people.example" not in written(mail)
    assert f"<{first.pk}@" in written(mail)


def test_it_goes_on_where_it_stopped(world: World, mail: Path) -> None:
    for n in range(3):
        receipt(world, f"u{n}@people.example")
        (fresh,) = mail.glob("2*.log")  # two of the same second may share one
        fresh.rename(mail / f"letter-{n}.log")
    Effect.objects.update(payload={})
    assert [mail_files.redact(world.stores.folders, limit=2) for _n in range(3)] == [2, 1, 0]


def test_what_is_no_letter_of_ours_is_left_alone(world: World, mail: Path) -> None:
    mail.mkdir(exist_ok=True)
    for name, text in (
        ("a.log", ""),
        ("b.log", "To: a@b.example\n\nhello"),
        ("c.log", "Message-ID: <7@x>\n\n"),
    ):
        (mail / name).write_text(text)
    (mail / "d.log").write_bytes(b"\xff\xfe\x00")
    logs = world.folder / "logs"
    logs.mkdir(exist_ok=True)
    (logs / "worker.log").write_text("Message-ID: <00000000-0000-4000-8000-000000000000@x>")
    before = {path: path.read_bytes() for path in (*mail.iterdir(), *logs.iterdir())}
    assert mail_files.redact(world.stores.folders, limit=9) == 0
    assert {path: path.read_bytes() for path in before} == before
