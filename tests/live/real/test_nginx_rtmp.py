"""nginx-rtmp, the real one: the whole way of a stream, from the gate to black and back on air."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.furnish import Person
from tests.house import PLATFORM, House
from tests.live.real.rig import (
    HlsViewer,
    NginxRtmp,
    RtmpViewer,
    broadcast,
    free_port,
    need,
    scratch,
    until,
)
from tests.media.clip_files import clip, edited

from hakam.live.gate import passes
from hakam.live.gate.keeper import address_token
from hakam.live.gate.passes import Pass
from hakam.live.servers.nginx_rtmp import NginxRtmp as Adapter
from hakam.live.servers.server import Handle

pytestmark = [pytest.mark.sockets, pytest.mark.embedded, pytest.mark.timeout(600)]
DAY = 86_400.0
PASSWORD = "correct horse battery"
CLAUSE = "terrorism.glorification"
FILL = f"""
import sys
from django.utils import timezone
from hakam.wiring.start import start_django
start_django()
from hakam.banks.clips import clip_kept_as
from hakam.banks.filling import fill
from hakam.banks.keeping import create_bank
from hakam.banks.kinds import BankAction, BankSource
from hakam.vocabulary.actor import SYSTEM
now = timezone.now()
create_bank("attack", source=BankSource.OWN, purpose="p", clause="{CLAUSE}", action=BankAction.REVIEW, by=SYSTEM,
            now=now)
fill("attack", clip_kept_as(open(sys.argv[1], "rb").read(), label="x").rows, by=SYSTEM, now=now)
"""


class Studio:
    """A house that guards a real server, and what people do with both."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        people = [Person("amal", "moderator", PASSWORD), Person("oskar", "senior_moderator", PASSWORD)]
        self.house = House(folder / "home", people=people)
        token = address_token(self.house.settings.secret("gate"), "rtmp-1")
        self.nginx = NginxRtmp(folder / "nginx", f"http://127.0.0.1:{self.port}/gate/rtmp-1/{token}")
        written = {
            "port": self.port,
            "servers": [
                {
                    "name": "rtmp-1",
                    "kind": "nginx-rtmp",
                    "platform": PLATFORM,
                    "settings": self.nginx.settings,
                }
            ],
            "conditions": {PLATFORM: {"account_days": 7, "one_strike": [CLAUSE]}},
        }
        (self.house.home / "live.json").write_text(json.dumps(written))

    def key(self, account: str, days: float = 100, **more: Any) -> str:
        """Return a live pass."""
        given = Pass(account=account, until=time.time() + 3_600, created=time.time() - days * DAY, **more)
        return passes.issue(given, self.house.settings.secret(f"live-{PLATFORM}"))

    def sign_in(self, who: str) -> httpx.Client:
        """Return somebody's browser, as far as HTTP goes."""
        client = httpx.Client(base_url=self.house.console_url, timeout=60, trust_env=False)
        page = client.get("/accounts/login/")
        given = {"login": who, "password": PASSWORD, "csrfmiddlewaretoken": token_in(page.text)}
        assert client.post("/accounts/login/", data=given).status_code == 302
        return client

    def hooks(self, kind: str) -> list[dict[str, Any]]:
        """Return what the platform was told."""
        return [dict(one.data) for one in self.house.received() if one.kind == kind]


def token_in(page: str) -> str:
    """Return the token against forged requests."""
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert found is not None
    return found[1]


@pytest.fixture(scope="module")
def studio() -> Iterator[Studio]:
    need("nginx-rtmp", "ffmpeg")
    with scratch() as folder:
        made = Studio(folder)
        with made.nginx, made.house:
            yield made


def mixed(folder: Path) -> tuple[Path, Path]:
    """Return a known clip, and a broadcast that shows a copy of it after a while: saved anew, cropped, with a logo."""
    known = folder / "known.mp4"
    known.write_bytes(clip((1, 2, 3, 4, 5, 6), 3.0))
    words = "crop=iw*0.9:ih*0.9,scale=480:360,drawbox=x=20:y=20:w=90:h=50:color=red@1:t=fill"
    (folder / "copy.mp4").write_bytes(edited(known.read_bytes(), "-vf", words, "-crf", "32"))
    show = folder / "show.mp4"
    subprocess.run(
        [
            "ffmpeg", "-y", "-v", "error", "-f", "lavfi", "-t", "16", "-i", "testsrc2=size=480x360:rate=12",
            "-i", str(folder / "copy.mp4"), "-f", "lavfi", "-t", "34", "-i", "sine=frequency=300:sample_rate=44100",
            "-filter_complex", "[0:v]format=yuv420p,setsar=1[a];[1:v]format=yuv420p,setsar=1[b];[a][b]concat=n=2[v]",
            "-map", "[v]", "-map", "2:a", "-c:v", "libx264", "-preset", "ultrafast", "-g", "12", "-c:a", "aac",
            str(show),
        ],
        check=True,
    )  # fmt: skip
    return known, show


def test_the_whole_way_of_a_stream(studio: Studio) -> None:
    folder, house, nginx = studio.folder, studio.house, studio.nginx
    known, show = mixed(folder)
    house.run("tests.live.real.fill", str(known), given=FILL.encode())

    # A new account is refused, and the platform is told why.
    with broadcast(nginx.address("new", studio.key("u9", days=1)), folder, name="new") as refused:
        until(lambda: not refused.running)
    told = until(lambda: studio.hooks("live.refused"))[0]
    assert (told["why"], told["author"]) == ("new_account", {"id": "u9"})
    why = httpx.get(told["links"]["page"], headers={"cookie": "django_language=en"}, trust_env=False)
    assert "too new" in why.text

    # An allowed stream plays, for viewers of RTMP and HLS.
    key = studio.key("u1", item="b-1", title="An evening", language="en")
    with broadcast(nginx.address("show", key), folder, clip=show) as publisher:
        rtmp, hls = RtmpViewer(nginx.address("show")), HlsViewer(nginx.playlist("show"))
        until(lambda: rtmp.bytes and hls.count > 1)

        # It shows a known clip after 16 seconds: flagged within 5.
        amal = studio.sign_in("amal")
        page = until(
            lambda: (found := re.search(r"/desk/live/(\d+)\"", amal.get("/desk/live").text)) and found[0][:-1]
        )
        flagged = until(lambda: "data-flagged" in amal.get(page).text and amal.get(page).text, every=0.3)
        story = facts(studio, "live.flagged", "live.started")
        appeared = 16.0
        assert story["live.flagged"]["at"] - story["live.started"]["at"] < appeared + 5.0
        assert f'value="{CLAUSE}" selected' in flagged

        # Cut by one key: black for both, and the recording is kept.
        given = {"step": "cut_and_preserve", "clause": CLAUSE, "facts": "It shows an attack.",
                 "csrfmiddlewaretoken": token_in(flagged)}  # fmt: skip
        began = time.monotonic()
        amal.post(f"{page}/take", data=given)
        until(lambda: "data-black=" in amal.get(page).text, every=0.3)
        until(lambda: not publisher.running)
        until(lambda: time.monotonic() - max(rtmp.last, hls.last) > 4.0)
        assert rtmp.last - began < 10.0  # loaded machines are slow; the benchmark measures
        assert hls.last - began < 10.0
        rtmp.close()
        hls.close()
    assert not list(nginx.hls.glob("show*"))
    assert httpx.get(nginx.playlist("show"), trust_env=False).status_code == 404
    kept = until(
        lambda: "data-preserved" in (text := amal.get(page).text) and "live-terrorism" in text and text,
        every=0.5,
    )
    assert "live-terrorism-glorification" in kept

    # The account can't begin anew, and is led to the statement; it complains, and another person restores it.
    with broadcast(nginx.address("show", key), folder, name="again") as again:
        until(lambda: not again.running)
    complain_and_restore(studio)
    with broadcast(nginx.address("show", key), folder, name="restored") as restored:
        viewer = RtmpViewer(nginx.address("show"))
        until(lambda: viewer.bytes)
        assert restored.running
        viewer.close()
    amal.close()


def complain_and_restore(studio: Studio) -> None:
    """Complain about the cut as who streamed, and let another moderator find that they are right."""
    statement = until(lambda: studio.hooks("statement.issued"))[0]["links"]["statement"]
    with httpx.Client(timeout=60, trust_env=False, cookies={"django_language": "en"}) as outside:
        form = outside.get(statement)
        sent = {"text": "It was news, with the source named.", "csrfmiddlewaretoken": token_in(form.text)}
        assert outside.post(f"{statement}/complain", data=sent).status_code == 302
    oskar = studio.sign_in("oskar")
    listed = r"/desk/complaints/([0-9a-f-]{36})"
    complaint = until(lambda: re.search(listed, oskar.get("/desk/complaints").text))[0]
    given = {"verdict": "uphold", "answer": "It was news: you are right.",
             "csrfmiddlewaretoken": token_in(oskar.get(complaint).text)}  # fmt: skip
    assert oskar.post(f"{complaint}/decide", data=given).status_code == 302
    oskar.close()
    until(lambda: studio.hooks("measure.reverse"))


def facts(studio: Studio, *kinds: str) -> dict[str, dict[str, float]]:
    """Return the moments of the last facts of these kinds, by their own word."""
    code = f"""
import json
from hakam.wiring.start import start_django
start_django()
from datetime import datetime
from hakam.compliance.models import Fact
out = {{}}
for fact in Fact.objects.filter(kind__in={list(kinds)!r}).order_by("seq"):
    out[fact.kind] = {{"at": datetime.fromisoformat(json.loads(fact.body)["at"].replace("Z", "+00:00")).timestamp()}}
print(json.dumps(out))
"""
    done = studio.house.run("tests.live.real.fill", given=code.encode())
    found: dict[str, dict[str, float]] = json.loads(done.stdout)
    return found


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
