"""A case of child abuse, colleagues who may report it, and a receiver that enforces its order over a real socket."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from hakam.review import evidence
from hakam.review.cases import Source, open_case
from hakam.review.models import Case
from hakam.review.states import SourceKind
from hakam.safeguarding.cybertip.client import HttpTipline
from hakam.safeguarding.models import Report
from hakam.safeguarding.reports import approve, complete, contents_of, prepare
from hakam.staff.models import User
from hakam.staff.roles import Role
from hakam.storage.embedded.vault import FileVault
from hakam.testing import scene
from hakam.testing.cybertip import PASSWORD, USER, Receiver
from hakam.vocabulary.actor import SYSTEM

NOW = scene.NOW


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


class Office:
    """Two people of child safety, and cases."""

    def __init__(self, folder: Path) -> None:
        self.vault = FileVault(folder / "vault", b"k" * 32)
        self.sana = self._person("sana", "Sana Haddad")
        self.omar = self._person("omar", "Omar Aziz")
        self.count = 0

    def _person(self, username: str, name: str) -> User:
        made = scene.person(username, Role.CHILD_SAFETY)
        made.first_name, _space, made.last_name = name.partition(" ")
        made.save()
        return made

    def case(self, *, harm: str = "csam", clause: str = "child-abuse", text: str = "zq7-words") -> Case:
        self.count += 1
        told = scene.event(
            text, item=f"x{self.count}", author="u9", email="u9@people.example", at=NOW,
            url=f"https://maydan.example/x{self.count}",
        )  # fmt: skip
        return open_case(
            by=SYSTEM, now=NOW, item=scene.ref(told), event=told,
            source=Source(kind=SourceKind.NOTICE, ref=f"x:{self.count}", clause=clause, harm=harm),
            snapshot=evidence.freeze(self.vault, scene.raw(told)),
        )  # fmt: skip

    def prepare(self, case: Case | None = None, *, body: str = "ncmec", user: User | None = None) -> Report:
        return prepare(
            (case or self.case()).pk,
            body,
            user=user or self.sana,
            platform_name="Maydan",
            vault=self.vault,
            now=NOW,
        )

    def approved(self, case: Case | None = None, *, body: str = "ncmec", now: datetime = NOW) -> Report:
        made = self.prepare(case, body=body)
        seen = {file.digest for file in made.files.all()}
        complete(str(made.pk), contents_of(made), viewed=seen, user=self.sana, now=now)
        return approve(str(made.pk), user=self.omar, now=now)


@pytest.fixture
def office(db: None, tmp_path: Path) -> Office:
    scene.publish()
    return Office(tmp_path)


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def address(receiver: Receiver) -> Iterator[str]:
    with make_server("127.0.0.1", 0, receiver, handler_class=_Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def tipline(address: str) -> Iterator[HttpTipline]:
    made = HttpTipline(address, USER, PASSWORD, timeout=20)
    yield made
    made.close()
