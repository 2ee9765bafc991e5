"""An attack is streamed: an incident is declared, the stream cut, copies held, and the public reads a report."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone
from PIL import Image
from playwright.sync_api import expect
from tests.console.conftest import Desk
from tests.incidents.stage import Stage
from tests.journeys.album import Album
from tests.journeys.conftest import Enter, press, speaks, submit
from tests.live.stage import Stage as Studio
from tests.media.clip_files import clip
from tests.media.drawings import drawing, file_of

from hakam.banks import publication as shelves
from hakam.banks.models import BankEntry
from hakam.compliance.access import statement_of
from hakam.console.installation import vault
from hakam.incidents import counting
from hakam.incidents.models import Incident
from hakam.intake import pictures
from hakam.intake.pictures import Look
from hakam.live import cutting, preserving
from hakam.live.models import Cut
from hakam.media.sandbox import Sandbox
from hakam.review.models import Case, Decision
from hakam.review.states import Outcome
from hakam.staff.roles import Role
from hakam.storage.embedded.event_log import FileEventLog
from hakam.storage.known_content import KnownContent
from hakam.storage.known_media import KnownMedia
from hakam.testing import scene

pytestmark = [pytest.mark.browser, pytest.mark.sockets, pytest.mark.django_db(transaction=True)]
PEOPLE = {
    "en": {"nadia": "Nadia West", "karim": "Karim Hall"},
    "ar": {"nadia": "نادية خوري", "karim": "كريم سعد"},
}
TITLE = {"en": "Attack at the harbour", "ar": "هجوم في المرفأ"}
SUMMARY = {
    "en": "A man streams himself while he shoots. The police are there.",
    "ar": "رجل يبث بثاً مباشراً وهو يطلق النار. الشرطة في المكان.",
}
TALK = {"en": "From the harbour", "ar": "من المرفأ"}
WHOM = {"en": "National police, duty desk", "ar": "الشرطة الوطنية، مكتب المناوبة"}
WORDS = {"en": "One stream, cut. Copies are held.", "ar": "بث واحد قُطع. النسخ معلّقة."}
OVER = {"en": "No copy has come for six hours.", "ar": "لم تصل أي نسخة منذ ست ساعات."}
PUBLIC = {
    "en": "An attack was streamed here. We cut the stream and held its copies. What nobody had looked at is back.",
    "ar": "بُثّ هجوم على منصتنا. قطعنا البث وعلّقنا نسخه. وأُعيد ما لم ينظر فيه أحد.",
}
FRAME = file_of(drawing(1))
MIRRORED = file_of(Image.fromarray(drawing(1)).transpose(Image.Transpose.FLIP_LEFT_RIGHT), "JPEG", quality=60)


class Platform:
    """Maydan: people upload, the door judges, the worker works, at the present moment."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    def upload(self, item: str, data: bytes, language: str) -> None:
        at = timezone.now()
        self.stage.upload(item, data, now=at, email=f"{item}@example.org", language=language, author=None)

    def work(self, sandbox: Sandbox) -> datetime:
        """Do what the worker does, the second look at pictures too."""
        now, stage = timezone.now(), self.stage
        stage.work(now)
        known = KnownMedia(KnownContent(stage.folder, shelves.bring_up(stage.folder, now=now)))
        while pictures.consume(stage.log, Look(known, sandbox), vault=stage.vault, now=now, limit=100):
            pass
        counting.count_due(stage.log, now=now)
        return now


def test_an_incident(  # noqa: PLR0915, PLR0917 -- a journey is one way
    house: Desk, enter: Enter, album: Album, language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = {
        name: scene.person(
            name, Role.INCIDENT_LEAD, name=called, language=language, languages_read=["en", "ar"]
        )
        for name, called in PEOPLE[language].items()
    }
    studio = Studio(settings.HAKAM.home)
    monkeypatch.setattr("hakam.console.desk.live.media_servers", lambda: studio.servers)
    log = FileEventLog(tmp_path / "events")
    platform = Platform(Stage(Path(settings.HAKAM.home), log, vault(), people["nadia"], people["karim"]))  # type: ignore[arg-type]
    nadia, karim, mina, anybody = enter("nadia"), enter("karim"), enter("mina"), enter("")

    # The lead declares; nobody else has to do anything for an hour.
    nadia.goto("/desk/incidents/new")
    speaks(nadia, language)
    nadia.fill("[name=title]", TITLE[language])
    nadia.fill("[name=slug]", "harbour")
    nadia.fill("[name=summary]", SUMMARY[language])
    nadia.select_option("[name=kind]", "gifct.pci")
    nadia.select_option("[name=clause]", "threat")
    nadia.check("[name=power][value=share]")
    nadia.check("[name=power][value=delay]")
    album.keep(nadia, "1-declared", at=nadia.locator(".power").first)
    submit(nadia, "declare")
    speaks(nadia, language)
    expect(nadia.locator("[data-state=provisional]")).to_be_visible()
    expect(nadia.locator(".crisis")).to_contain_text(TITLE[language])
    assert nadia.locator("[data-form=confirm]").count() == 0

    # The second person sees it on every page, and stands for it with one key.
    karim.goto("/desk/")
    with karim.expect_navigation():
        karim.locator(".crisis").click()
    speaks(karim, language)
    album.keep(karim, "2-second-person")
    with karim.expect_navigation():
        karim.keyboard.press("Digit1")
    expect(karim.locator("[data-state=active]")).to_be_visible()

    # A moderator watches the stream and cuts it with one key; its recording is known from then on.
    started = timezone.now() - timedelta(minutes=3)
    stream = studio.stream(title=TALK[language], language=language, started_at=started, viewers=214, score=0.93,
                           clause="threat")  # fmt: skip
    mina.goto(f"/desk/live/{stream.pk}")
    expect(mina.locator(".crisis")).to_be_visible()
    mina.select_option("[name=clause]", "threat")
    with mina.expect_navigation():
        mina.keyboard.press("Digit8")
    cut = Cut.objects.get()
    cutting.carry_out(cut.pk, studio.servers, clock=timezone.now)
    recording = tmp_path / "harbour.mp4"
    recording.write_bytes(clip((1, 2), 3.0))
    studio.server.kept = [recording]
    preserving.preserve_due(studio.servers, vault=vault(), now=timezone.now())
    assert BankEntry.objects.filter(bank__name="incident-harbour", kind="landmarks").exists()

    # The lead puts the first picture in; copies, edited ones too, are held from then on, and people are told why.
    nadia.goto("/desk/incidents/harbour")
    picture = tmp_path / "frame.png"
    picture.write_bytes(FRAME)
    nadia.set_input_files("[name=file]", picture)
    press(nadia, "fill", "fill")
    with Sandbox() as sandbox:
        for number in range(5):
            platform.upload(f"copy-{number}", FRAME, language)
        platform.upload("mirrored", MIRRORED, language)
        platform.upload("wedding", file_of(drawing(9)), language)
        platform.work(sandbox)
    held = Decision.objects.filter(by="rule:bank:incident-harbour", outcome=Outcome.VIOLATION)
    assert {one.item_id for one in held} == {"mirrored", *(f"copy-{number}" for number in range(5))}
    assert all(statement_of(f"decision:{one.pk}") for one in held)
    assert all(
        "incident" in case.priority_parts for case in Case.objects.filter(clause="threat", state="open")
    )
    nadia.fill("[data-form=note] [name=whom]", WHOM[language])
    nadia.fill("[data-form=note] [name=words]", WORDS[language])
    submit(nadia, "note")
    speaks(nadia, language)
    expect(nadia.locator("[data-counter=held]")).to_have_text("6")
    expect(nadia.locator("[data-note]")).to_contain_text(WHOM[language])
    album.keep(nadia, "3-held")

    # It ends: nothing of it outlives it, and the report says what it came to.
    nadia.fill("[data-form=end] [name=because]", OVER[language])
    press(nadia, "end", "end")
    expect(nadia.locator("[data-state=active]")).to_be_visible()  # six items nobody has looked at
    expect(nadia.locator("[role=alert]")).to_contain_text("6")
    nadia.fill("[data-form=end] [name=because]", OVER[language])
    nadia.check("[data-form=end] [name=held][value=release]")
    press(nadia, "end", "end")
    expect(nadia.locator("[data-state=ended]")).to_be_visible()
    with Sandbox() as sandbox:
        platform.work(sandbox)
    assert not BankEntry.objects.filter(bank__name="incident-harbour").exists()
    assert not Incident.objects.get().powers.filter(undone_at=None).exists()
    nadia.goto("/desk/incidents/harbour/report")
    speaks(nadia, language)
    nadia.fill("[name=words]", PUBLIC[language])
    album.keep(nadia, "4-report")
    submit(nadia, "publish")

    # Anybody reads it.
    anybody.goto("/transparency")
    with anybody.expect_navigation():
        anybody.locator("#incidents a").click()
    with anybody.expect_navigation():
        anybody.locator("[data-incident=harbour] a").click()
    speaks(anybody, language)
    expect(anybody.locator("[data-figure=items_held]")).to_have_text("6")
    expect(anybody.locator("[data-figure=streams_cut]")).to_have_text("1")
    expect(anybody.locator("[data-figure=statements]")).to_have_text("6")
    expect(anybody.locator("[data-figure=let_go]")).to_have_text("6")
    album.keep(anybody, "5-public")
    found = json.loads(anybody.request.get("/incidents/harbour.json").text())
    assert found["figures"]["items_held"] == 6
    assert "nadia" not in json.dumps(found)
    log.close()
