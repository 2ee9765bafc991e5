"""Models that look and hear, asked about a real stream of nginx-rtmp that FFmpeg reads: nothing here is of paper."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.utils import timezone
from tests.adapters.networks import mean_of_colours
from tests.adapters.speaking import Service, service
from tests.adapters.test_onnx_picture import TOML
from tests.live.real.gatehouse import secret
from tests.live.real.rig import NginxRtmp, allowed, broadcast, need, scratch
from tests.media.clip_files import tones, wav

from hakam.adapters.declared import Declared, read
from hakam.adapters.onnx_picture import OnnxPictureModel
from hakam.adapters.transcriptions import TranscriptionsModel
from hakam.compliance.models import Fact
from hakam.door.judgement import prepare
from hakam.live.models import Cut, Stream, StreamPoint
from hakam.live.servers.at_work import Servers, shipped
from hakam.live.states import StreamState
from hakam.live.watching.chat import ChatTally
from hakam.live.watching.senses import Hearing, Looking, Senses
from hakam.live.watching.watcher import Watcher
from hakam.review.models import Case
from hakam.storage.embedded.vault import FileVault
from hakam.storage.known_content import KnownContent
from hakam.storage.known_media import KnownMedia
from hakam.storage.published import PublishedPack
from hakam.testing import scene
from hakam.testing.event_logs import MemoryEventLog
from hakam.vocabulary.event import Event
from hakam.vocabulary.verdict import Verdict

pytestmark = [pytest.mark.sockets, pytest.mark.django_db, pytest.mark.timeout(300)]
RULES = """
- rule: red-seen
  policy: threat
  stage: live
  when: scores["judge:red"] >= 0.7
  then: [review(queue="seen")]
- rule: threat-said
  policy: threat
  stage: live
  when: word(text.folded, "hurt you")
  then: [review(queue="said")]
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    need("nginx-rtmp", "ffmpeg")
    with scratch() as made:
        yield made


@pytest.fixture
def served() -> Iterator[Service]:
    with service() as made:
        yield made


def declared(folder: Path, name: str, text: str) -> Declared:
    path = folder / "models" / f"{name}.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return read(path)


def judge() -> Callable[[Event], Verdict]:
    version = scene.PACK["pack.yaml"].replace("1.0.0", "2.0.0")
    book = scene.publish({**scene.PACK, "pack.yaml": version, "rules.yaml": scene.PACK["rules.yaml"] + RULES})
    judgement = prepare(PublishedPack(scene.in_force(), book.files))
    return lambda event: msgspec.json.decode(judgement.consider(event), type=Verdict)


def red_show(folder: Path) -> Path:
    """Make a broadcast that is red, with sound that is no single tone."""
    import subprocess  # noqa: PLC0415 -- here only

    (folder / "talk.wav").write_bytes(wav(tones(1, 20.0)))
    words = ["ffmpeg", "-y", "-v", "error", "-f", "lavfi", "-i", "color=c=0xF01010:size=320x240:rate=10:duration=20",
             "-i", str(folder / "talk.wav"), "-pix_fmt", "yuv420p", "-c:v", "libx264", "-g", "10", "-c:a", "aac",
             str(folder / "red.mp4")]  # fmt: skip
    subprocess.run(words, check=True)
    return folder / "red.mp4"


def test_what_a_stream_shows_and_says_reaches_models_rules_and_a_person(
    folder: Path, served: Service
) -> None:
    mean_of_colours(folder / "models" / "colours", 16)
    looks = declared(folder, "judge", TOML.replace("[settings]", "every = 1\n[settings]"))
    hears = declared(
        folder,
        "ear",
        f'adapter = "transcriptions"\nreads = "speech"\n[settings]\nurl = "{served.url}"\nseconds = 60\n',
    )
    senses = Senses()
    senses.renew(
        (
            Looking("judge", OnnxPictureModel(looks), looks.what),
            Hearing("ear", TranscriptionsModel(hears, secret=str), hears.what),
        )
    )
    verdict_of = judge()
    with NginxRtmp(folder / "nginx", "") as server:
        told = {
            "name": "rtmp-1",
            "kind": "nginx-rtmp",
            "platform": scene.PLATFORM,
            "settings": server.settings,
        }
        (folder / "live.json").write_bytes(msgspec.json.encode({"servers": [told]}))
        now = timezone.now()
        stream = Stream.objects.create(
            platform=scene.PLATFORM, server="rtmp-1", name="show", account="u1", item_id="b-1", state=StreamState.LIVE,
            language="en", started_at=now, seen_at=now,
        )  # fmt: skip
        media = KnownMedia(KnownContent(folder))
        watcher = Watcher(
            Servers(folder, shipped(), secret),
            media=lambda: media,
            vault=FileVault(folder / "evidence", b"k" * 32),
            chat=ChatTally(MemoryEventLog(), 0),
            senses=senses,
            judge=verdict_of,
        )
        served.manner = "silent"  # it hangs; the watch must not
        with broadcast(server.address("show"), folder, clip=red_show(folder)):
            turns(watcher, lambda: seen(stream).get("judge:red", 0.0) > 0.7)
            assert turns(watcher, lambda: "RIFF" in str(served.seen)) < allowed(2.0)
            served.manner = "well"
            served.hold.set()
            turns(watcher, lambda: len(rules()) == 2)
        watcher.close()
    case = Case.objects.get()
    assert rules() == {"red-seen", "threat-said"}
    assert case.author_id == "u1"
    assert Fact.objects.filter(kind="model.asked").count() == 1  # the sound; frames stayed here
    assert not Cut.objects.exists()


def rules() -> set[str]:
    return {
        firing["rule"]
        for case in Case.objects.all()
        for source in case.sources.all()
        for firing in source.summary["firings"]
    }


def seen(stream: Stream) -> dict[str, Any]:
    newest = StreamPoint.objects.filter(stream=stream).order_by("-pk").first()
    return newest.parts if newest is not None else {}


def turns(watcher: Watcher, what: Callable[[], Any]) -> float:
    """Let the watch work until something is so; return how long its longest turn took, in seconds."""
    until, longest = time.monotonic() + 120, 0.0
    while not what():
        assert time.monotonic() < until
        began = time.monotonic()
        watcher.turn()
        longest = max(longest, time.monotonic() - began)
        time.sleep(0.2)
    return longest
