"""Live streams at the desk, and the page of whoever was not let on air."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse
from tests.console.conftest import SignIn
from tests.live.stage import SERVER, Stage
from tests.media.drawings import drawing, file_of, grey

from hakam import banks, live, media
from hakam.compliance.access import statement_of
from hakam.compliance.models import Fact
from hakam.console import installation
from hakam.console.charts import line
from hakam.console.live_terms import TROUBLES
from hakam.enforcement import access as enforcement
from hakam.live.gate.judge import Why
from hakam.live.models import Cut, LivePermit, Presence, Refusal, Stream, StreamPoint, StreamStep
from hakam.live.servers.at_work import Servers
from hakam.live.states import PermitState, Step, StreamState
from hakam.live.watching import video_files
from hakam.live.watching.video_files import Form, Shelf, Told, WhyNot
from hakam.live.watching.watcher import frames_folder
from hakam.media.fragments import Fragment
from hakam.review.decisions import undo
from hakam.review.models import Case, Decision
from hakam.staff.models import User
from hakam.staff.roles import Role
from hakam.testing import scene
from hakam.vocabulary.measure import MeasureKind

pytestmark = pytest.mark.django_db
Enter = Callable[..., Client]


@pytest.fixture
def enter(sign_in: SignIn) -> Enter:
    return lambda name, role=Role.MODERATOR: sign_in(scene.person(name, role))


@pytest.fixture
def stage(book: Any, monkeypatch: pytest.MonkeyPatch) -> Stage:
    made = Stage(settings.HAKAM.home, one_strike=["hate"], strike_days=30)
    monkeypatch.setattr("hakam.console.desk.live.media_servers", lambda: made.servers)
    return made


def lay_frames(stage: Stage, stream: Stream, count: int = 5) -> list[str]:
    folder = frames_folder(stage.home, stream.pk)
    folder.mkdir(parents=True, exist_ok=True)
    names = []
    for n in range(count):
        name = f"{stage.now.timestamp() - count + n:.3f}.jpg"
        (folder / name).write_bytes(file_of(grey(drawing(n, 160, 90)), "JPEG"))
        names.append(name)
    return names


def act(client: Client, stream: Stream, step: Step, **more: str) -> Any:
    given = {"step": step.value, "clause": "hate", "facts": "It calls people vermin.", **more}
    return client.post(reverse("console:take_step", args=[stream.pk]), given)


def test_the_wall_shows_what_is_on_air_and_what_is_over(stage: Stage, enter: Enter) -> None:
    client = enter("amal")
    assert "Nothing is on air" in client.get("/desk/live").content.decode()
    stage.stream("calm", title="Knitting")
    known = stage.stream(
        "bad", title="Bad", score=0.97, flagged={"attack": "entry 1"}, flagged_at=stage.now, viewers=7
    )
    stage.stream("old", title="Old", state=StreamState.ENDED, ended_at=stage.now)
    lay_frames(stage, known)
    page = client.get("/desk/live").content.decode()
    assert page.index("Bad") < page.index("Knitting") < page.index("Old")
    assert "known content" in page
    assert f"/desk/live/{known.pk}/frames/" in page
    part = client.get("/desk/live?part=wall", headers={"HX-Request": "true"}).content.decode()
    assert "Knitting" in part
    assert "<html" not in part
    assert 'data-count="live"' in page  # and the way there stands in the front row


def test_a_stream_shows_frames_score_and_who_else_looks(stage: Stage, enter: Enter) -> None:
    stream = stage.stream(viewers=12, watched="close")
    names = lay_frames(stage, stream)
    for n in range(3):
        parts = {"known": 0.0, "reports": 0.1 * n}
        StreamPoint.objects.create(
            stream=stream, at=stage.now + timedelta(seconds=n), score=0.1 * n, parts=parts
        )
    colleague = scene.person("oskar")
    Presence.objects.create(stream=stream, user=colleague, since=stage.now, seen_at=stage.now)
    client = enter("amal")
    page = client.get(reverse("console:stream", args=[stream.pk])).content.decode()
    assert "oskar" in page
    assert "score-line" in page
    assert names[-1] in page
    assert all(f'data-step-key="{n}"' in page for n in range(1, 9))
    assert Presence.objects.filter(stream=stream).count() == 2
    state = client.get(reverse("console:stream_state", args=[stream.pk])).content.decode()
    assert 'hx-trigger="every 1s"' in state
    frame = client.get(reverse("console:stream_frame", args=[stream.pk, names[0]]))
    assert frame["Content-Type"] == "image/jpeg"
    assert frame.content.startswith(b"\xff\xd8")
    gone = client.get(
        reverse("console:stream_frame", args=[stream.pk, f"{stage.now.timestamp() + 1:.3f}.jpg"])
    )
    assert (gone.status_code, gone["Content-Type"]) == (200, "image/gif")  # it has made room for a newer one
    for wrong in ("1.jpg", "1.000.jpg", "..%2f..%2flive.json", "live.json"):
        assert client.get(f"/desk/live/{stream.pk}/frames/{wrong}").status_code == 404


def test_what_models_see_is_drawn_beside_the_score(stage: Stage, enter: Enter) -> None:
    stream = stage.stream(watched="close")
    for n in range(3):
        parts = {"models": 0.4, "rules": 0.0, **({} if n == 2 else {"judge:gore": 0.1 * n}), "nudity": 0.4}
        StreamPoint.objects.create(stream=stream, at=stage.now + timedelta(seconds=n), score=0.1, parts=parts)
    page = enter("amal").get(reverse("console:stream_state", args=[stream.pk])).content.decode()
    assert page.count('<polyline class="beside') == 2
    assert "Models that look" in page
    assert 'data-seen="judge:gore"' in page
    assert "no answer" in page  # of the newest frame; what it said before is drawn


@pytest.mark.parametrize(("language", "word"), [("en", "trying again"), ("ar", "تعذّرت قراءة البث")])
def test_why_a_stream_can_not_be_watched_is_said_in_the_readers_language(
    stage: Stage, enter: Enter, language: str, word: str
) -> None:
    client = enter("amal")
    client.cookies["django_language"] = language
    stream = stage.stream(trouble="the stream can't be read; trying again")
    page = client.get(reverse("console:stream", args=[stream.pk]))
    assert word in page.content.decode()
    stream.trouble = "the statistics answered 500"
    stream.save()
    page = client.get(reverse("console:stream", args=[stream.pk])).content.decode()
    assert '<bdi dir="ltr">the statistics answered 500</bdi>' in page


def test_a_line_is_broken_where_nothing_is_known() -> None:
    known = [(0.0, 0.1), (10.0, 0.2), (100.0, 0.9), (101.0, 0.8)]
    drawn = line([(0.0, 0.0), (120.0, 1.0)], least=60.0, mark=0.3, beside=[known, known[:2]])
    assert drawn.count('class="beside n1"') == 2
    assert drawn.count('class="beside n2"') == 1
    assert line([], least=60.0, mark=0.3, beside=[[]]).count("beside") == 1


def test_every_trouble_that_we_write_has_its_words() -> None:
    rooms = Path(live.__file__).parent
    source = "".join(path.read_text() for path in rooms.rglob("*.py"))
    source += (Path(media.__file__).parent / "ffmpeg.py").read_text()
    source += (Path(banks.__file__).parent / "clips.py").read_text()
    for text in TROUBLES:
        assert f'"{text}"' in source, text


def test_one_key_cuts_with_reasons_and_bars_where_once_is_enough(stage: Stage, enter: Enter) -> None:
    stream = stage.stream()
    client = enter("amal")
    answer = act(client, stream, Step.CUT)
    assert answer.status_code == 302
    cut = Cut.objects.get()
    assert cut.black_at is not None
    assert stage.server.dropped == ["show"]
    stream.refresh_from_db()
    assert stream.state == StreamState.CUT
    decision = Decision.objects.get()
    kinds = {measure["kind"]: measure for measure in decision.measures}
    assert set(kinds) == {"remove", "bar_from_live"}
    assert kinds["bar_from_live"]["days"] == 30
    assert statement_of(f"decision:{decision.pk}") is not None
    page = client.get(reverse("console:stream", args=[stream.pk])).content.decode()
    assert "data-black=" in page
    assert "data-steps" not in page  # nothing more can be done to it
    kept = list(Fact.objects.filter(kind__startswith="live.").order_by("seq").values_list("kind", flat=True))
    assert kept == ["live.step_taken", "live.cut_ordered", "live.black", "live.ended"]


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        (Step.WARN, MeasureKind.WARN),
        (Step.DELAY, MeasureKind.DELAY),
        (Step.LIMIT_REACH, MeasureKind.LIMIT_REACH),
        (Step.LOCK_CHAT, MeasureKind.LOCK_REPLIES),
        (Step.AGE_GATE, MeasureKind.AGE_GATE),
        (Step.WITHHOLD, MeasureKind.WITHHOLD),
    ],
)
def test_each_milder_step_is_a_measure_that_can_be_undone(
    stage: Stage, enter: Enter, step: Step, kind: MeasureKind
) -> None:
    stream = stage.stream()
    client = enter("amal")
    assert act(client, stream, step, countries="DE eu").status_code == 302
    row = StreamStep.objects.get()
    (measure,) = enforcement.of_decision(f"decision:{row.decision}")
    assert measure.kind == kind.value
    assert (measure.measure.get("territory") == ["DE", "EU"]) is (step is Step.WITHHOLD)
    again = act(client, stream, step, countries="DE")
    assert again.status_code == 422
    assert "in force already" in again.content.decode()
    page = client.get(reverse("console:stream", args=[stream.pk])).content.decode()
    assert f"/desk/decisions/{row.decision}/undo" in page
    undo(row.decision, by=User.objects.get(username="amal").actor, now=stage.now)
    assert act(client, stream, step, countries="DE").status_code == 302
    assert not stage.server.dropped


def test_what_is_unclear_is_said_and_nothing_is_done(stage: Stage, enter: Enter) -> None:
    stream = stage.stream()
    client = enter("amal")
    for given, words in (
        ({"clause": ""}, "Choose the clause"),
        ({"clause": "no-such"}, "no longer in force"),
        ({"step": "withhold", "countries": ""}, "Name the countries"),
        ({"step": "withhold", "countries": "Germany"}, "two letters"),
    ):
        answer = client.post(
            reverse("console:take_step", args=[stream.pk]),
            {"step": "warn", "clause": "hate", "facts": "Typed with care.", **given},
        )
        assert answer.status_code == 422
        assert words in answer.content.decode()
        assert "Typed with care." in answer.content.decode()
        stream.refresh_from_db()
        assert stream.state == StreamState.LIVE
    assert client.post(reverse("console:take_step", args=[stream.pk]), {"step": "explode"}).status_code in {
        400,
        422,
    }


def test_a_server_that_does_not_obey_is_told_of_and_tried_on(
    stage: Stage, enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hakam.live.cutting.PATIENCE", 0.0)
    monkeypatch.setattr(
        "hakam.live.cutting.carry_out.__kwdefaults__", {"patience": 0.0, "pause": lambda _s: None}
    )
    stage.server.reachable = False
    client = enter("amal")
    stream = stage.stream()
    page = client.post(
        reverse("console:take_step", args=[stream.pk]),
        {"step": "cut", "clause": "hate", "facts": "f"},
        follow=True,
    ).content.decode()
    assert "not black yet" in page
    assert "nobody answers" in page
    assert Cut.objects.get().next_at is not None


def test_a_cut_is_taken_back_with_a_reason(stage: Stage, enter: Enter) -> None:
    stream = stage.stream()
    client = enter("amal")
    act(client, stream, Step.CUT)
    row = StreamStep.objects.get()
    url = reverse("console:lift_step", args=[row.pk])
    assert "Say why" in client.post(url, {"because": " "}, follow=True).content.decode()
    assert "Taken back" in client.post(url, {"because": "It was a play."}, follow=True).content.decode()
    assert all(
        m.state in {"reversing", "cancelled", "reversed"}
        for m in enforcement.of_decision(f"decision:{row.decision}")
    )
    assert (
        "This can&#x27;t be decided" in client.post(url, {"because": "Again"}, follow=True).content.decode()
    )


def test_two_colleagues_hold_one_stream_and_its_case(stage: Stage, enter: Enter) -> None:
    stream = stage.stream()
    act(enter("amal"), stream, Step.WARN)
    case = Case.objects.get()
    undo(Decision.objects.get().pk, by=User.objects.get(username="amal").actor, now=stage.now)
    case.refresh_from_db()
    assert case.lease_by is not None  # amal holds the case that is open again
    assert act(enter("oskar"), stream, Step.LIMIT_REACH).status_code == 302
    assert Decision.objects.order_by("-pk")[0].by == str(User.objects.get(username="oskar").actor)


def test_what_a_bank_of_child_abuse_knows_is_for_few(stage: Stage, enter: Enter) -> None:
    hidden = stage.stream(
        "x", title="Veiled", clause="child-abuse", flagged={"b": "entry"}, flagged_at=stage.now
    )
    amal, cleo = enter("amal"), enter("cleo", Role.CHILD_SAFETY)
    url = reverse("console:stream", args=[hidden.pk])
    assert "Veiled" not in amal.get("/desk/live").content.decode()
    assert amal.get(url).status_code == 404
    assert act(amal, hidden, Step.CUT).status_code == 404
    assert "Veiled" in cleo.get("/desk/live").content.decode()
    assert cleo.get(url).status_code == 200


def refuse(stage: Stage, why: Why = Why.NEW_ACCOUNT, **more: Any) -> Refusal:
    given: dict[str, Any] = {
        "token": f"token-{Refusal.objects.count()}",
        "platform": scene.PLATFORM,
        "server": SERVER,
        "stream": "show",
        "account": "u2",
        "language": "ar",
        "why": why.value,
        "facts": {"account_days": [1, 7]},
        "first_at": stage.now,
        "last_at": stage.now,
    }
    return Refusal.objects.create(**(given | more))


def test_whoever_was_refused_reads_why_and_asks_a_person(stage: Stage, enter: Enter) -> None:
    refusal = refuse(stage)
    outside = Client()
    url = reverse("console:live_refused", args=[refusal.token])
    answer = outside.get(url)
    page = answer.content.decode()
    assert 'dir="rtl"' in page  # in the person's own language
    assert answer["Cache-Control"] == "private, no-store"
    page = outside.get(url, headers={"Cookie": "django_language=en"}).content.decode()
    assert "too new" in page
    ask = reverse("console:ask_to_be_live", args=[refusal.token])
    assert outside.post(ask, {"text": " "}).status_code == 422
    assert outside.post(ask, {"text": "I am a teacher."}).status_code == 302
    assert outside.post(ask, {"text": "I am a teacher!"}).status_code == 302  # twice is once
    permit = LivePermit.objects.get()
    assert permit.words == "I am a teacher."
    client = enter("amal", Role.SENIOR_MODERATOR)
    assert "I am a teacher." in client.get("/desk/live/permits").content.decode()
    settle = reverse("console:settle_permit", args=[permit.pk])
    assert client.post(settle, {"do": "refuse", "because": ""}).status_code == 422
    assert client.post(settle, {"do": "grant", "days": "0"}).status_code == 422
    assert client.post(settle, {"do": "grant", "days": "x"}).status_code == 422
    assert client.post(settle, {"do": "dance"}).status_code == 400
    assert client.post(settle, {"do": "grant", "days": "7", "because": "Welcome."}).status_code == 302
    assert client.post(settle, {"do": "grant", "days": "7"}).status_code == 422  # a colleague was first
    permit.refresh_from_db()
    assert permit.state == PermitState.GRANTED
    assert "Welcome." in outside.get(url).content.decode()
    assert client.post(settle, {"do": "withdraw", "because": ""}).status_code == 422
    assert client.post(settle, {"do": "withdraw", "because": "It was sold."}).status_code == 302
    assert "It was sold." in outside.get(url).content.decode()


def test_a_refusal_by_decision_leads_to_its_statement(stage: Stage, enter: Enter) -> None:
    stream = stage.stream()
    act(enter("amal"), stream, Step.CUT)
    statement = statement_of(f"decision:{Decision.objects.get().pk}")
    assert statement is not None
    refusal = refuse(
        stage, Why.BARRED, statement=statement.token, facts={}, until=stage.now + timedelta(days=30)
    )
    outside = Client()
    url = reverse("console:live_refused", args=[refusal.token])
    assert f"/s/{statement.token}" in outside.get(url).content.decode()
    ask = reverse("console:ask_to_be_live", args=[refusal.token])
    assert outside.post(ask, {"text": "Please"}).status_code == 422  # that takes a complaint
    assert outside.get(reverse("console:live_refused", args=["none"])).status_code == 404
    assert outside.post(reverse("console:ask_to_be_live", args=["none"]), {"text": "x"}).status_code == 404
    for why in Why:
        page = outside.get(
            reverse("console:live_refused", args=[refuse(stage, why, facts={}, language="").token])
        )
        assert page.status_code == 200


def test_an_event_is_approved_beforehand(stage: Stage, enter: Enter) -> None:
    client = enter("amal", Role.SENIOR_MODERATOR)
    url = reverse("console:approve_live")
    given = {"platform": scene.PLATFORM, "account": "u9", "event": "عرس", "days": "2"}
    assert client.post(url, given).status_code == 302
    page = client.get("/desk/live/permits").content.decode()
    assert "عرس" in page
    for wrong in ({"platform": "elsewhere"}, {"account": " "}, {"days": "1000"}):
        assert client.post(url, given | wrong).status_code in {400, 422}
    assert LivePermit.objects.count() == 1


def test_the_media_servers_of_the_installation_are_lent_to_the_pages() -> None:
    found = installation.media_servers()
    assert isinstance(found, Servers)
    assert {"nginx-rtmp", "icecast", "signed"} <= set(found.adapters)


def lay_video(stage: Stage, stream: Stream, form: Form = Form.PLAIN) -> Shelf:
    """Lay down three pieces of a moving picture, as the watch does for who has asked."""
    video_files.want(stage.home, stream.pk, form)
    place = video_files.folder(stage.home, stream.pk, form)
    shelf = Shelf(place, "0123456789abcdef")
    shelf.begin(b"head;")
    for number, key in enumerate((True, False, False)):
        shelf.add(Fragment(f"{number};".encode(), key), at=float(number))
    video_files.tell(place, Told(shelf.run, 'video/mp4; codecs="avc1.42c01e"'))
    return shelf


def test_the_moving_picture_is_asked_for_piece_by_piece(stage: Stage, enter: Enter) -> None:
    stream = stage.stream()
    client, at = enter("amal"), reverse("console:stream_video", args=[stream.pk])
    first = client.get(at)
    assert (first.status_code, first.headers["Hakam-Why"]) == (204, "")  # nobody has made it yet
    assert (stream.pk, Form.PLAIN) in video_files.asked(stage.home)  # and now somebody will
    shelf = lay_video(stage, stream)
    whole = client.get(at)
    assert (whole.status_code, whole.content) == (200, b"head;0;1;2;")
    assert whole.headers["Content-Type"] == 'video/mp4; codecs="avc1.42c01e"'
    assert whole.headers["Cache-Control"] == "no-store"
    assert whole.headers["X-Content-Type-Options"] == "nosniff"
    given = {"run": whole.headers["Hakam-Run"], "after": whole.headers["Hakam-Next"]}
    assert client.get(at, given).status_code == 204
    shelf.add(Fragment(b"3;", key=False), at=3.0)
    assert client.get(at, given).content == b"3;"
    assert client.get(at, {"form": "sound"}).status_code == 204  # of which nothing was made
    assert client.get(at, {"form": "../../live.json"}).status_code == 400
    for wrong in ("-1", "1" * 40, "٣", "x"):
        assert client.get(at, given | {"after": wrong}).content.startswith(b"0;")


def test_the_moving_picture_is_for_who_may_see_the_stream(stage: Stage, enter: Enter) -> None:
    stream = stage.stream()
    at = reverse("console:stream_video", args=[stream.pk])
    lay_video(stage, stream)
    assert Client().get(at).status_code == 302  # to where one signs in: there is no other key to it
    assert enter("rami", Role.RESEARCHER).get(at).status_code in {403, 404}
    client = enter("amal")
    assert client.get(at).status_code == 200
    stream.state = StreamState.CUT
    stream.save()
    over = client.get(at)
    assert (over.status_code, over.headers["Hakam-Why"], over.content) == (204, "over", b"")


def test_the_page_plays_what_it_puts_together_and_nothing_else(stage: Stage, enter: Enter) -> None:
    client, stream = enter("amal"), stage.stream()
    answer = client.get(reverse("console:stream", args=[stream.pk]))
    page, policy = answer.content.decode(), answer.headers["Content-Security-Policy"]
    assert "media-src blob:" in policy
    assert "media-src" not in client.get("/desk/live").headers["Content-Security-Policy"]
    (video,) = re.findall(r"<video[^>]*>", page)
    assert " muted " in video
    assert "src=" not in video
    assert f'data-video="/desk/live/{stream.pk}/video"' in page
    wrong = client.post(reverse("console:take_step", args=[stream.pk]), {"step": "warn"})
    assert "media-src blob:" in wrong.headers["Content-Security-Policy"]  # the page stays as it was
    stream.state = StreamState.ENDED
    stream.save()
    over = client.get(reverse("console:stream", args=[stream.pk])).content.decode()
    assert "<video" not in over
    assert "data-watch" not in over


def test_stills_are_renewed_beside_the_moving_picture(stage: Stage, enter: Enter) -> None:
    stream = stage.stream()
    names = lay_frames(stage, stream)
    state = enter("amal").get(reverse("console:stream_state", args=[stream.pk])).content.decode()
    assert '<div id="still" hx-swap-oob="true">' in state
    assert names[-1] in state
    assert "<video" not in state  # it stays while the rest is renewed


def test_every_reason_has_its_words_in_both_languages(stage: Stage, enter: Enter) -> None:
    stream, client = stage.stream(), enter("amal")
    pages = {}
    for language in ("en", "ar"):
        client.cookies["django_language"] = language
        page = client.get(reverse("console:stream", args=[stream.pk])).content.decode()
        pages[language] = dict(re.findall(r'<template data-word="([a-z_]+)">([^<]+)</template>', page))
    assert set(pages["en"]) == set(pages["ar"]) >= {why.value for why in WhyNot}
    assert all(pages["en"][name] != pages["ar"][name] for name in pages["en"])
    script = Path(finders.find("console/js/screen.js") or "").read_text()
    said = set(re.findall(r'(?:tell|stop)\("([a-z_]+)"', script)) | {
        "playing",
        "heard",
        "stalled",
        "starting",
    }
    assert said <= set(pages["en"])
