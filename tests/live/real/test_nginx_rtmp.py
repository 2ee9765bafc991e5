"""nginx-rtmp, the real one: an order that outlives who gave it, no gate, viewers. The whole way: `tests/stories`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.furnish import Person
from tests.live.real.rig import NginxRtmp, RtmpViewer, broadcast, free_port, need, scratch, until
from tests.live.real.studio import Studio

from hakam.live.servers.nginx_rtmp import NginxRtmp as Adapter
from hakam.live.servers.server import Handle

pytestmark = [pytest.mark.sockets, pytest.mark.embedded, pytest.mark.timeout(600)]
PEOPLE = (Person("amal", "moderator", "correct horse battery"),)


@pytest.fixture(scope="module")
def studio() -> Iterator[Studio]:
    need("nginx-rtmp", "ffmpeg")
    with scratch() as folder:
        made = Studio(folder, PEOPLE)
        with made.nginx, made.house:
            yield made


def test_a_cut_that_was_ordered_is_carried_out_by_the_worker_after_a_crash(studio: Studio) -> None:
    house, nginx = studio.house, studio.nginx
    with broadcast(
        nginx.address("crash", studio.key("u5", item="b-5")), studio.folder, name="crash"
    ) as publisher:
        viewer = RtmpViewer(nginx.address("crash"))
        until(lambda: viewer.bytes)
        order = f"""
import time
from pathlib import Path
from django.utils import timezone
from hakam.wiring.start import start_django
start_django()
from hakam.live import steps
from hakam.live.models import Stream
from hakam.live.states import Step
from hakam.staff.models import User
until = time.monotonic() + 60
while not Stream.objects.filter(name="crash").exists() and time.monotonic() < until:
    time.sleep(0.1)
steps.take(Stream.objects.get(name="crash").pk, Step.CUT, user=User.objects.get(username="amal"), now=timezone.now(),
           home=Path({str(house.home)!r}), clause="spam.bulk", facts="Spam.")
"""
        house.run("tests.live.real.fill", given=order.encode())  # ordered, and whoever ordered is gone
        house.kill("worker")
        until(lambda: not publisher.running)
        until(lambda: time.monotonic() - viewer.last > 2.0)
        viewer.close()


def test_without_a_gate_the_server_lets_nobody_on_air(tmp_path: Path) -> None:
    need("nginx-rtmp", "ffmpeg")
    assert Adapter.without_gate == "refuse"
    with (
        NginxRtmp(tmp_path / "alone", f"http://127.0.0.1:{free_port()}/gate") as alone,
        broadcast(alone.address("show"), tmp_path, name="nobody") as publisher,
    ):
        until(lambda: not publisher.running)


def test_viewers_are_counted_and_a_stream_that_is_not_there_is_black(tmp_path: Path) -> None:
    need("nginx-rtmp", "ffmpeg")
    adapter = Adapter()
    with NginxRtmp(tmp_path / "alone", "") as alone:
        handle = Handle("show", settings=alone.settings)
        assert adapter.black(handle)
        assert adapter.viewers(handle) == 0
        assert adapter.drop(handle).done  # dropping nothing is no failure
        with broadcast(alone.address("show"), tmp_path):
            viewer = RtmpViewer(alone.address("show"))
            until(lambda: viewer.bytes)
            assert not adapter.black(handle)
            until(lambda: adapter.viewers(handle) == 1)
            viewer.close()
        until(lambda: adapter.recordings(handle))
