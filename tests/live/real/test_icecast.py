"""Icecast, the real one: the gate before a source, the kill switch behind it, listeners who stay on a hold stream."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from tests.live.real.gatehouse import gate, key, secret
from tests.live.real.rig import Icecast, Listener, allowed, free_port, need, radio, scratch, until
from tests.media.clip_files import tones, wav

from hakam.banks.keeping import create_bank
from hakam.banks.kinds import BankAction, BankSource
from hakam.banks.models import BankEntry
from hakam.live import cutting, preserving, steps
from hakam.live.gate.book import Bar, Writer, path_of
from hakam.live.gate.keeper import address_token
from hakam.live.gate.spool import path_of as spool_path
from hakam.live.gate.spool import read
from hakam.live.models import Cut, Stream
from hakam.live.servers.at_work import Servers, shipped
from hakam.live.servers.icecast import Icecast as Adapter
from hakam.live.servers.server import Handle, Moment
from hakam.live.states import Step, StreamState
from hakam.storage.embedded.vault import FileVault
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM

pytestmark = [pytest.mark.sockets, pytest.mark.timeout(300)]


@pytest.fixture
def studio() -> Iterator[tuple[Path, Icecast]]:
    need("icecast2", "ffmpeg")
    with scratch() as folder:
        port = free_port()
        token = address_token(secret("gate"), "radio-1")
        server = Icecast(folder / "icecast", f"http://127.0.0.1:{port}/gate/radio-1/{token}")
        told = {"name": "radio-1", "kind": "icecast", "platform": "forum", "settings": server.settings}
        (folder / "live.json").write_text(json.dumps({"port": port, "servers": [told]}))
        Writer(path_of(folder)).stamp(time.time())
        with gate(folder, port), server:
            yield folder, server


def handle_of(server: Icecast) -> Handle:
    return Handle("/show.ogg", settings=server.settings, secret=Icecast.ADMIN)


@pytest.mark.embedded
def test_the_gate_decides_who_is_heard(studio: tuple[Path, Icecast]) -> None:
    folder, server = studio
    Writer(path_of(folder)).write("forum", "barred", [Bar("measure:1", "barred", 0.0, None, (), "")])
    with radio(server.address("/show.ogg", key("barred")), folder, name="barred") as refused:
        until(lambda: not refused.running)
    with radio(server.address("/show.ogg", "guess"), folder, name="guess") as refused:
        until(lambda: not refused.running)
    with radio(server.address("/show.ogg", key("u1")), folder) as heard:
        until(lambda: not Adapter().black(handle_of(server)))
        listener = Listener(server.url("/show.ogg"))
        until(lambda: listener.bytes > 3_000)
        assert heard.running
        assert Adapter().viewers(handle_of(server)) == 1
        listener.close()
    said = until(lambda: [row for _n, row in read(spool_path(folder), 0, 99) if row.moment is Moment.END])
    assert said[0].stream == "/show.ogg"
    starts = [
        (row.allowed, row.why) for _n, row in read(spool_path(folder), 0, 99) if row.moment is Moment.START
    ]
    assert (True, None) in starts
    assert {why for allowed, why in starts if not allowed} == {"barred", "pass_false"}


@pytest.mark.embedded
def test_a_cut_moves_listeners_to_the_hold_stream_and_keeps_the_recording(
    studio: tuple[Path, Icecast],
) -> None:
    folder, server = studio
    adapter, handle = Adapter(), handle_of(server)
    with (
        radio(server.address("/hold.ogg", "hold-secret"), folder, name="hold", frequency=200),
        radio(server.address("/show.ogg", key("u1")), folder) as show,
    ):
        until(lambda: not adapter.black(Handle("/hold.ogg", settings=server.settings, secret=Icecast.ADMIN)))
        listeners = [Listener(server.url("/show.ogg")) for _ in range(5)]
        until(lambda: all(one.bytes > 3_000 for one in listeners))
        of_show = {serial for one in listeners for serial in one.serials}
        assert adapter.drop(handle).done
        until(lambda: adapter.black(handle))
        cut_at = time.monotonic()
        until(lambda: not show.running)
        until(lambda: all(set(one.serials) - of_show for one in listeners))  # another stream is heard
        assert not any(one.ended for one in listeners)
        late = cut_at + allowed(2.0)
        until(lambda: time.monotonic() > late + 1.0)
        assert all(one.serials[serial] < late for one in listeners for serial in of_show & set(one.serials))
        for one in listeners:
            one.close()
    assert [path.name for path in adapter.recordings(handle)] == ["show.ogg"]
    assert adapter.recordings(handle)[0].stat().st_size > 1_000


@pytest.mark.django_db
def test_while_an_incident_is_declared_its_bank_hears_the_recording(studio: tuple[Path, Icecast]) -> None:
    folder, server = studio
    scene.publish()
    now = timezone.now()
    create_bank(
        "incident-harbour", source=BankSource.OWN, purpose="p", clause="hate", action=BankAction.HOLD, by=SYSTEM,
        now=now, expires_at=now + timedelta(hours=1),
    )  # fmt: skip
    servers = Servers(
        folder, shipped(), lambda name: Icecast.ADMIN if name == "media-radio-1" else secret(name)
    )
    stream = Stream.objects.create(
        platform="forum", server="radio-1", name="/show.ogg", account="u1", item_id="b-1", state=StreamState.LIVE,
        started_at=now, seen_at=now,
    )  # fmt: skip
    (folder / "talk.wav").write_bytes(wav(tones(1, 20.0)))
    with radio(server.address("/show.ogg", key("u1")), folder, recording=folder / "talk.wav"):
        until(lambda: not Adapter().black(handle_of(server)))
        listener = Listener(server.url("/show.ogg"))
        until(lambda: listener.bytes > 3_000)
        time.sleep(8.0)  # as long as a fingerprint needs
        taken = steps.take(
            stream.pk, Step.CUT_AND_PRESERVE, user=scene.person("amal"), now=timezone.now(), home=folder, clause="hate",
            facts="It calls people vermin.",
        )  # fmt: skip
        assert taken.cut is not None
        assert cutting.carry_out(taken.cut.pk, servers, clock=timezone.now)
        listener.close()
    vault = FileVault(folder / "evidence", b"k" * 32)

    def kept() -> list[dict[str, Any]]:
        preserving.preserve_due(servers, vault=vault, now=timezone.now())
        return Cut.objects.get().preserved if Cut.objects.get().preserved_at else []

    (found,) = until(kept, every=0.3)
    assert (found["bank"], found.get("error", "")) == ("incident-harbour", "")
    kinds = set(BankEntry.objects.filter(bank__name="incident-harbour").values_list("kind", flat=True))
    assert {"sha256", "chromaprint"} <= kinds


@pytest.mark.embedded
def test_without_a_gate_nobody_is_heard() -> None:
    need("icecast2", "ffmpeg")
    assert Adapter.without_gate == "refuse"
    with scratch() as folder, Icecast(folder / "icecast", f"http://127.0.0.1:{free_port()}/gate") as server:
        with radio(server.address("/show.ogg", key("u1")), folder) as refused:
            until(lambda: not refused.running)
        assert Adapter().black(handle_of(server))
