"""Questions of an audience at the desk, one key each, and on the stage for the host."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.console.conftest import Desk, SignIn
from tests.live.audience.hall import EVENT, GRAIN, GRAIN_AGAIN, WAGES, WATER, Hall

from hakam.console.outside.stage import stage_token
from hakam.live.models import Asking, AudienceQuestion
from hakam.review.models import Case
from hakam.review.states import CaseState
from hakam.staff.roles import Role
from hakam.testing import scene
from hakam.vocabulary.event import ContentKind

pytestmark = pytest.mark.django_db
Enter = Callable[..., Client]


@pytest.fixture
def enter(sign_in: SignIn) -> Enter:
    return lambda name, role=Role.MODERATOR: sign_in(scene.person(name, role))


def plan(**changes: Any) -> None:
    """Lay a plan into the home."""
    folder = settings.HAKAM.home / "waiting" / EVENT
    folder.mkdir(parents=True, exist_ok=True)
    given = {
        "event": EVENT, "title": {"en": "The conversation", "ar": "الحوار"}, "opens_at": "2026-12-01T18:00:00Z",
        "ends_at": "2026-12-01T21:00:00Z", "capacity": 200_000, "pace": 500, "platform": scene.PLATFORM,
    } | changes  # fmt: skip
    (folder / "plan.json").write_text(json.dumps(given), encoding="utf-8")


@pytest.fixture
def hall(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Hall:
    shutil.rmtree(settings.HAKAM.home / "waiting", ignore_errors=True)  # what other tests planned
    plan()
    made = Hall(desk.now)
    monkeypatch.setattr("hakam.console.desk.audience.event_log", lambda: made.log)
    for text in (GRAIN, GRAIN_AGAIN, WAGES, WATER):
        made.ask(text)
    made.take_in()
    return made


def of(text: str) -> AudienceQuestion:
    return AudienceQuestion.objects.get(text=text)


def act(client: Client, question: AudienceQuestion, do: str, **head: Any) -> Any:
    url = reverse("console:move_question", args=[EVENT])
    return client.post(url, {"question": question.pk, "do": do}, **head)


HTMX = {"headers": {"HX-Request": "true"}}


def test_events_are_listed_with_the_one_that_nobody_planned(hall: Hall, enter: Enter) -> None:
    hall.ask(WAGES, thread="ama-42")
    hall.take_in()
    plan(questions={"weights": {"ar": 1, "en": 1}})
    (settings.HAKAM.home / "waiting" / "broken").mkdir()
    (settings.HAKAM.home / "waiting" / "broken" / "plan.json").write_text("{", encoding="utf-8")
    page = enter("amal").get("/desk/events").content.decode()
    assert "The conversation" in page
    assert "200,000" in page
    assert "ama-42" in page
    assert "broken: " in page
    assert "shared" in enter("oskar").get(f"/desk/events/{EVENT}/questions").content.decode()


def test_the_queue_shows_who_asks_in_what_words_and_its_keys(hall: Hall, enter: Enter) -> None:
    client = enter("amal")
    page = client.get(f"/desk/events/{EVENT}/questions").content.decode()
    assert page.index(GRAIN) < page.index(WATER)
    assert re.search(r"2(</span>)? ask this", page)
    assert GRAIN_AGAIN in page  # in other words
    assert 'lang="ar"' in page
    assert {f'data-question-key="{key}"' in page for key in "1234"} == {True}
    part = client.get(f"/desk/events/{EVENT}/questions?part=questions", **HTMX).content.decode()
    assert "<html" not in part
    assert 'hx-trigger="every 2s"' in part


def test_a_key_moves_a_question_and_the_stage_shows_it_at_once(hall: Hall, enter: Enter) -> None:
    client = enter("amal")
    stage = f"/stage/{EVENT}/{stage_token(EVENT)}"
    assert "No question is chosen yet." in Client().get(stage).content.decode()
    part = act(client, of(WATER), "next", **HTMX).content.decode()
    assert part.startswith('<div id="questions"')
    answer = Client().get(stage)
    assert WATER in answer.content.decode()
    assert answer["Cache-Control"] == "private, no-store"
    assert act(client, of(WATER), "answered").status_code == 302
    assert WATER not in Client().get(stage + "?part=stage", **HTMX).content.decode()
    assert of(WATER).state == "answered"


def test_the_stage_shows_three_more_and_counts_the_rest(hall: Hall, enter: Enter) -> None:
    AudienceQuestion.objects.all().delete()
    for n in range(6):
        hall.ask(f"Will bus number {n * 37} of district {n * 11} come back in year {2030 + n} to the valley?")
    hall.take_in()
    AudienceQuestion.objects.update(state="next", moved_at=hall.now)
    page = Client().get(f"/stage/{EVENT}/{stage_token(EVENT)}").content.decode()
    assert len(re.findall("<li[ >]", page)) == 3
    assert re.search(r"and (<span[^>]*>)?2(</span>)? more", page)


@pytest.mark.parametrize("path", ["/stage/talk/false", "/stage/other/{token}", "/stage/Talk!/{token}"])
def test_a_false_stage_link_opens_nothing(hall: Hall, path: str) -> None:
    assert Client().get(path.format(token=stage_token(EVENT))).status_code == 404
    assert Client().get(f"/stage/none/{stage_token('none')}").status_code == 404


def test_who_is_late_is_told_and_nothing_is_lost(hall: Hall, enter: Enter) -> None:
    client = enter("amal")
    act(client, of(WAGES), "aside")
    part = act(client, of(WAGES), "aside", **HTMX).content.decode()
    assert "Somebody was faster" in part
    act(client, of(WAGES), "aside")
    assert "Somebody was faster" in client.get(f"/desk/events/{EVENT}/questions").content.decode()


def test_the_newest_are_seen_however_few_ask_them(hall: Hall, enter: Enter) -> None:
    hall.now += timedelta(seconds=9)
    late = "Which doctor will come to the valley on Sundays from now on?"
    hall.ask(late)
    hall.take_in()
    client, url = enter("amal"), f"/desk/events/{EVENT}/questions"
    assert client.get(url).content.decode().index(GRAIN) < client.get(url).content.decode().index(late)
    newest = client.get(url + "?order=newest").content.decode()
    assert newest.index(late) < newest.index(GRAIN)
    assert "part=questions&amp;order=newest" in newest  # it stays so when it renews itself
    part = client.post(
        reverse("console:move_question", args=[EVENT]),
        {"question": of(WAGES).pk, "do": "aside", "order": "newest"},
        **HTMX,
    ).content.decode()
    assert part.index(late) < part.index(GRAIN)


def test_a_breach_opens_its_case_with_what_was_written(hall: Hall, enter: Enter) -> None:
    client = enter("amal")
    answer = act(client, of(WAGES), "breach", **HTMX)
    case = Case.objects.get()
    assert answer["HX-Redirect"] == reverse("console:case", args=[case.pk])
    assert act(client, of(WAGES), "breach").url == answer["HX-Redirect"]
    assert WAGES in client.get(answer["HX-Redirect"]).content.decode()


def test_a_question_about_which_a_case_waits_says_so_until_it_is_decided(
    hall: Hall, desk: Desk, enter: Enter
) -> None:
    client, url = enter("amal"), f"/desk/events/{EVENT}/questions"
    assert "data-waits" not in client.get(url).content.decode()
    item = Asking.objects.get(text=WAGES).item_id
    told = msgspec.structs.replace(scene.event(WAGES, item=item), kind=ContentKind.LIVE_CHAT)
    case = desk.case(event=told)
    page = client.get(url).content.decode()
    assert page.count("data-waits") == 1
    assert re.search(rf'data-question="{of(WAGES).pk}".*?href="/desk/cases/{case.pk}/" data-waits', page)
    Case.objects.filter(pk=case.pk).update(restricted=True)
    page = client.get(url).content.decode()
    assert page.count("data-waits") == 1
    assert f"/desk/cases/{case.pk}/" not in page
    Case.objects.filter(pk=case.pk).update(state=CaseState.DECIDED.value)
    assert "data-waits" not in client.get(url).content.decode()


def test_a_wording_is_taken_apart(hall: Hall, enter: Enter) -> None:
    client, url = enter("amal"), reverse("console:take_question_apart", args=[EVENT])
    asking = Asking.objects.get(text=GRAIN_AGAIN)
    assert client.post(url, {"asking": asking.pk}).status_code == 302
    assert of(GRAIN_AGAIN).accounts == 1
    assert "nothing to take apart" in client.post(url, {"asking": asking.pk}, **HTMX).content.decode()


@pytest.mark.parametrize("number", ["x", "987654", "-1", "9" * 30, "١"])
def test_what_is_no_question_is_not_found(hall: Hall, enter: Enter, number: str) -> None:
    client = enter("amal")
    for name, field in (("move_question", "question"), ("take_question_apart", "asking")):
        url = reverse(f"console:{name}", args=[EVENT])
        assert client.post(url, {field: number, "do": "next"}).status_code == 404


def test_an_empty_form_is_a_bad_request(hall: Hall, enter: Enter) -> None:
    for name in ("move_question", "take_question_apart"):
        assert enter(name).post(reverse(f"console:{name}", args=[EVENT])).status_code == 400


def test_bad_moves_and_other_events_are_refused(hall: Hall, enter: Enter) -> None:
    client = enter("amal")
    assert act(client, of(WAGES), "dance").status_code == 400
    assert client.get("/desk/events/none/questions").status_code == 404
    assert client.get("/desk/events/Not_A_Name/questions").status_code == 404
    other = reverse("console:move_question", args=["ama-42"])
    assert client.post(other, {"question": of(WAGES).pk, "do": "next"}).status_code == 404


def test_who_only_reads_has_no_keys(hall: Hall, enter: Enter) -> None:
    client = enter("vera", Role.AUDITOR)
    assert "data-question-key" not in client.get(f"/desk/events/{EVENT}/questions").content.decode()
    assert act(client, of(WAGES), "next").status_code == 404


def test_the_page_costs_as_many_queries_with_sixty_questions_as_with_three(hall: Hall, enter: Enter) -> None:
    client, url = enter("amal"), f"/desk/events/{EVENT}/questions?part=questions"
    client.get(url, **HTMX)
    with CaptureQueriesContext(connection) as few:
        client.get(url, **HTMX)
    for n in range(60):
        for who in range(2):
            words = f"Will bus number {n * 37} of district {n * 11} come back in {2030 + n}?"
            hall.ask(
                words if n % 2 else f"هل تعود الحافلة رقم {n * 37} في الحي {n * 11} عام {2030 + n}؟",
                by=f"w{n}-{who}",
            )
    hall.now += timedelta(seconds=1)
    hall.take_in()
    assert AudienceQuestion.objects.values("language").distinct().count() > 1
    with CaptureQueriesContext(connection) as many:
        client.get(url, **HTMX)
    assert len(many) == len(few)
