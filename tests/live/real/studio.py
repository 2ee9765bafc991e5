"""A house that guards real media servers, and what people do with both."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec
from tests.furnish import Person
from tests.house import PLATFORM, House
from tests.live.real.janus import Janus
from tests.live.real.rig import NginxRtmp, free_port
from tests.media.clip_files import clip, edited

from hakam.live.gate import passes
from hakam.live.gate.keeper import address_token
from hakam.live.gate.passes import Pass

DAY: Final = 86_400.0
CLAUSE: Final = "terrorism.glorification"
BEFORE: Final = 16.0  # seconds of a show before it shows a copy
_FILL: Final = f"""
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
_TELL: Final = """
import json, sys
from hakam.wiring.start import start_django
start_django()
from hakam.compliance.models import Fact
from hakam.live.models import Cut, Stream
stream = Stream.objects.filter(name=sys.argv[1]).order_by("-pk").first()
out = {"stream": None}
if stream is not None:
    cut = Cut.objects.filter(stream=stream).first()
    known = [f for f in Fact.objects.filter(kind="live.flagged", subject=f"stream:{stream.pk}").order_by("seq")
             if json.loads(f.body)["bank"] == "attack"]
    out = {
        "stream": stream.pk,
        "started": stream.started_at.timestamp(),
        "flagged": known[0].at.timestamp() if known else None,
        "black_after": (cut.black_at - cut.ordered_at).total_seconds() if cut and cut.black_at else None,
        "preserved": cut.preserved if cut else [],
    }
print(json.dumps(out))
"""


class Told(msgspec.Struct):
    """What the house knows of the newest stream of a name. Unix seconds."""

    stream: int | None
    started: float = 0.0
    flagged: float | None = None  # when the bank `attack` was noted to know what it shows
    black_after: float | None = None  # seconds from the order to cut until somebody looked and it was black
    preserved: list[dict[str, Any]] = []


class Studio:
    """A house, nginx-rtmp and, if it is wished, Janus behind its gate. Enter both servers and the house."""

    def __init__(
        self,
        folder: Path,
        people: Sequence[Person],
        *,
        with_janus: bool = False,
        settings: dict[str, str] | None = None,
    ) -> None:
        self.folder, self.port = folder, free_port()
        self.house = House(folder / "home", people=people, settings=settings)
        self.nginx = NginxRtmp(folder / "nginx", self.address("rtmp-1"))
        servers: dict[str, tuple[str, dict[str, Any]]] = {"rtmp-1": ("nginx-rtmp", self.nginx.settings)}
        if with_janus:
            secret = self.house.settings.secret("media-rooms-1")
            self.janus = Janus(folder / "janus", self.address("rooms-1"), secret)
            servers["rooms-1"] = ("janus", self.janus.settings)
        written = {
            "port": self.port,
            "servers": [
                {"name": name, "kind": kind, "platform": PLATFORM, "settings": chosen}
                for name, (kind, chosen) in servers.items()
            ],
            "conditions": {PLATFORM: {"account_days": 7, "one_strike": [CLAUSE]}},
        }
        (self.house.home / "live.json").write_text(json.dumps(written))

    def address(self, server: str) -> str:
        """Return where a media server asks."""
        token = address_token(self.house.settings.secret("gate"), server)
        return f"http://127.0.0.1:{self.port}/gate/{server}/{token}"

    def key(self, account: str, days: float = 100, **more: Any) -> str:
        """Return a live pass."""
        given = Pass(
            account=account, until=round(time.time()) + 3_600, created=round(time.time() - days * DAY), **more
        )
        return passes.issue(given, self.house.settings.secret(f"live-{PLATFORM}"))

    def ask(self, room: str, key: str) -> dict[str, Any]:
        """Ask for a room of Janus, as the platform does."""
        answer = httpx.post(
            self.address("rooms-1"), json={"room": room, "key": key}, timeout=20, trust_env=False
        )
        found: dict[str, Any] = answer.json()
        return found

    def hooks(self, kind: str, whom: str) -> list[dict[str, Any]]:
        """Return what the platform was told about somebody, or about an item."""
        told = [dict(one.data) for one in self.house.received() if one.kind == kind]
        return [
            one for one in told if whom in {(one.get(what) or {}).get("id") for what in ("author", "item")}
        ]

    def fill_bank(self, clip_file: Path) -> None:
        """Put a clip into a bank named `attack`."""
        self.house.run("tests.live.real.fill", str(clip_file), given=_FILL.encode())

    def told(self, name: str) -> Told:
        """Return what the house knows of the newest stream of a name."""
        done = self.house.run("tests.live.real.fill", name, given=_TELL.encode())
        return msgspec.json.decode(done.stdout, type=Told)


def known_clip(folder: Path) -> Path:
    """Make the clip that a bank knows."""
    path = folder / "known.mp4"
    if not path.exists():
        path.write_bytes(clip((1, 2, 3, 4, 5, 6), 3.0))
    return path


def show_with_copy(folder: Path, harmless: str) -> Path:
    """Make a broadcast that shows something harmless for `BEFORE` seconds, then a copy of the known clip.

    The copy is saved anew at a low quality, cropped, and has a red logo. `harmless`: a source of FFmpeg.
    """
    known, show = known_clip(folder), folder / f"show-{harmless}.mp4"
    words = "crop=iw*0.9:ih*0.9,scale=480:360,drawbox=x=20:y=20:w=90:h=50:color=red@1:t=fill"
    (folder / "copy.mp4").write_bytes(edited(known.read_bytes(), "-vf", words, "-crf", "32"))
    subprocess.run(
        [
            "ffmpeg", "-y", "-v", "error", "-f", "lavfi", "-t", f"{BEFORE}", "-i", f"{harmless}=size=480x360:rate=12",
            "-i", str(folder / "copy.mp4"), "-f", "lavfi", "-t", "34", "-i", "sine=frequency=300:sample_rate=48000",
            "-filter_complex", "[0:v]format=yuv420p,setsar=1[a];[1:v]format=yuv420p,setsar=1[b];[a][b]concat=n=2[v]",
            "-map", "[v]", "-map", "2:a", "-c:v", "libx264", "-preset", "ultrafast", "-g", "12", "-c:a", "aac",
            str(show),
        ],
        check=True,
    )  # fmt: skip
    return show
