"""The schedule, the holds and the record of processing at the desk: shown, changed by two people, exported."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from tests.console.conftest import Desk, SignIn

from hakam.console import installation
from hakam.privacy import holds, schedule
from hakam.privacy.kinds import Kind
from hakam.privacy.models import Hold, Period
from hakam.privacy.retention import Stores
from hakam.staff.models import User
from hakam.staff.roles import Role
from hakam.testing.event_logs import MemoryEventLog

pytestmark = pytest.mark.django_db
GIVEN = {
    "kind": "events",
    "months": "3",
    "days": "",
    "ground": "GDPR Art. 5",
    "because": "A quarter is enough.",
}


@pytest.fixture(autouse=True)
def _own_stores(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made = Stores(MemoryEventLog(), MemoryEventLog(), installation.vault(), (tmp_path,))
    monkeypatch.setattr("hakam.console.desk.retention.stores", lambda: made)


@pytest.fixture
def legal(sign_in: SignIn) -> Client:
    return sign_in(Role.LEGAL)


@pytest.fixture
def root(sign_in: SignIn) -> Client:
    return sign_in(Role.ADMINISTRATOR)


def post(client: Client, name: str, *arguments: object, **given: Any) -> Any:
    return client.post(reverse(f"console:{name}", args=arguments), given)


def read(client: Client, name: str, *arguments: object, **given: Any) -> str:
    return client.get(reverse(f"console:{name}", args=arguments), given).content.decode()


def test_the_page_shows_every_kind(legal: Client, desk: Desk) -> None:
    page = read(legal, "retention")
    for kind in Kind:
        assert f'data-kind="{kind}"' in page
    assert "Nothing was due yet." in page


def test_two_people_change_a_period(legal: Client, root: Client, desk: Desk) -> None:
    assert post(legal, "propose_retention", **GIVEN).status_code == 302
    made = Period.objects.get()
    page = read(legal, "retention")
    assert "Withdraw it" in page
    assert "Confirm it" not in page
    assert post(legal, "settle_retention", made.pk, do="confirm").status_code == 422
    assert "Confirm it" in read(root, "retention")
    assert post(root, "settle_retention", made.pk, do="confirm").status_code == 302
    assert schedule.schedule()[Kind.EVENTS].months == 3
    assert "changed" in read(root, "retention")


@pytest.mark.parametrize(
    "given",
    [
        {"months": "x"},
        {"months": "-1"},
        {"months": "99999"},
        {"months": "", "days": ""},
        {"kind": "nothing"},
        {"kind": "cases", "months": "1"},
        {"ground": ""},
        {"because": ""},
    ],
)
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(
    legal: Client, desk: Desk, given: dict[str, str]
) -> None:
    answer = post(legal, "propose_retention", **(GIVEN | given))
    assert answer.status_code == 422
    assert (GIVEN | given)["because"] in answer.content.decode()
    assert not Period.objects.exists()


def test_who_may_only_read_sees_no_form(sign_in: SignIn, desk: Desk) -> None:
    auditor = sign_in(Role.AUDITOR)
    for name, form in (("retention", "propose"), ("holds", "hold")):
        page = read(auditor, name)
        assert f'data-form="{form}"' not in page
    assert post(auditor, "propose_retention", **GIVEN).status_code == 404
    assert post(auditor, "place_hold").status_code == 404
    assert sign_in(Role.MODERATOR).get(reverse("console:retention")).status_code == 404


def hold(client: Client, **given: str) -> Any:
    default = {
        "target": "account:maydan/u1",
        "reason": "The court asks.",
        "until": "2099-01-31",
        "authority": "Court",
    }
    return post(client, "place_hold", **(default | given))


def test_something_is_held_renewed_and_released_by_another(legal: Client, root: Client, desk: Desk) -> None:
    assert "Nothing is held" in read(legal, "holds")
    assert hold(legal, covers="case:1\nitem:maydan/post/7").status_code == 302
    made = Hold.objects.get()
    assert made.covers == ["case:1", "item:maydan/post/7"]
    assert f'data-hold="{made.pk}"' in read(legal, "holds")
    assert "somebody else must end it" in read(legal, "hold", made.pk)
    assert "Feb" not in read(legal, "hold", made.pk)  # it ends with the last hour of 31 January
    assert (
        post(legal, "act_on_hold", made.pk, do="renew", until="2099-06-30", reason="On.").status_code == 302
    )
    assert post(legal, "act_on_hold", made.pk, do="release", reason="Over.").status_code == 422
    assert 'data-form="release"' in read(root, "hold", made.pk)
    assert post(root, "act_on_hold", made.pk, do="release", reason="Over.").status_code == 302
    assert "Over." in read(root, "hold", made.pk)
    assert f'data-hold="{made.pk}"' in read(root, "holds", ended="1")
    assert f'data-hold="{made.pk}"' not in read(root, "holds")


@pytest.mark.parametrize(
    "given",
    [{"target": "x"}, {"reason": " "}, {"until": ""}, {"until": "2020-01-01"}, {"until": "2099-02-31"}],
)
def test_a_wrong_hold_is_refused(legal: Client, desk: Desk, given: dict[str, str]) -> None:
    answer = hold(legal, **given)
    assert answer.status_code == 422
    assert "Court" in answer.content.decode()
    assert not Hold.objects.exists()


def test_wrong_acts_on_a_hold_are_refused(legal: Client, root: Client, desk: Desk) -> None:
    hold(legal)
    made = Hold.objects.get()
    for given in ({"do": "dance"}, {"do": "renew", "until": "x"}, {"do": "release", "reason": ""}):
        assert post(root, "act_on_hold", made.pk, **given).status_code == 422
    assert post(root, "act_on_hold", 987_654, do="release").status_code == 404
    assert root.get(reverse("console:hold", args=[987_654])).status_code == 404


def test_a_hold_of_the_law_is_only_made_longer(legal: Client, desk: Desk, amal: User) -> None:
    made = holds.place(
        "case:1",
        reason="r",
        until=desk.now + timedelta(days=9),
        by=amal.actor,
        now=desk.now,
        origin="order:1",
    )
    page = read(legal, "hold", made.pk)
    assert "it can be made longer, not shorter" in page
    assert 'data-form="release"' not in page


def test_the_record_of_processing_is_of_this_installation(legal: Client, desk: Desk) -> None:
    """GDPR Art. 30."""
    page = read(legal, "processing")
    assert 'data-activity="notices"' in page
    made = json.loads(read(legal, "processing_export", "json"))
    kept = {one["key"]: one for one in made["entries"]}
    assert "180 days" in kept["judging"]["erased"][0]
    rows = list(csv.reader(io.StringIO(read(legal, "processing_export", "csv").removeprefix("\ufeff"))))
    assert len(rows) == len(kept) + 1
    assert rows[0][0] == "key"
    assert legal.get(reverse("console:processing_export", args=["pdf"])).status_code == 404


@pytest.mark.parametrize(
    ("name", "arabic", "english"),
    [
        ("retention", "مدد الحفظ", "How long what is kept"),
        ("holds", "الحفظ القانوني", "Legal holds"),
        ("processing", "سجلات المعالجة", "Records of processing"),
        ("data_requests", "طلبات بشأن البيانات", "Requests about data"),
    ],
)
def test_in_arabic_it_is_arabic(sign_in: SignIn, desk: Desk, name: str, arabic: str, english: str) -> None:
    page = read(sign_in(Role.LEGAL, language="ar"), name)
    assert 'dir="rtl"' in page
    assert arabic in page
    assert english not in page
