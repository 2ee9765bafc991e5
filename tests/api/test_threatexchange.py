"""Shared banks as `python-threatexchange` itself fetches them: what came, what left, page by page, none missed."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from django.test import Client
from django.utils import timezone
from threatexchange.cli import main
from threatexchange.exchanges.clients.fb_threatexchange.api import ThreatExchangeAPI, is_valid_app_token
from threatexchange.exchanges.fetch_state import SignalOpinionCategory
from threatexchange.exchanges.impl.fb_threatexchange_api import (
    FBThreatExchangeCollabConfig,
    FBThreatExchangeSignalExchangeAPI,
)
from threatexchange.signal_type.pdq.signal import PdqSignal

from hakam.banks import publication
from hakam.banks.correcting import correct
from hakam.banks.filling import fill
from hakam.banks.keeping import change_bank, create_bank
from hakam.banks.kinds import BankSource
from hakam.banks.models import Bank, BankRetraction
from hakam.banks.rows import row
from hakam.banks.sharing import Place, changes
from hakam.banks.withdraw import withdraw
from hakam.staff.keys import issue_key
from hakam.staff.roles import Scope
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.bank import EntryKind

pytestmark = pytest.mark.django_db
PDQ = PdqSignal.get_examples()
MD5 = [f"{n:031x}a" for n in range(1, 300)]
ROOT = Path(__file__).resolve().parents[2]
BASE = "http://testserver/threatexchange/v26.0"
Api = Callable[[], FBThreatExchangeSignalExchangeAPI]


@pytest.fixture(autouse=True)
def _in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lead the requests of the real client to the interface in this process."""

    def get(url: str, params: dict[str, Any] | None = None, **_more: Any) -> requests.Response:
        asked = requests.Request("GET", url, params=params).prepare()
        assert asked.url is not None
        there = urlsplit(asked.url)
        assert there.netloc == "testserver"
        found = Client(raise_request_exception=False).get(f"{there.path}?{there.query}")
        answer = requests.Response()
        answer.status_code, answer.url = found.status_code, asked.url
        answer._content = found.content
        return answer

    monkeypatch.setattr(requests, "get", get)


@pytest.fixture
def bank(db: None) -> Bank:
    scene.publish()
    create_bank(
        "shared", source=BankSource.OWN, purpose="what we removed", clause="spam", by=SYSTEM, now=scene.NOW
    )
    return change_bank("shared", shared=True, by=SYSTEM, now=scene.NOW)


def token(*scopes: Scope) -> str:
    key, text = issue_key(
        platform=scene.PLATFORM, scopes=scopes or [Scope.BANKS_READ], name="partner", by=SYSTEM, now=scene.NOW
    )
    assert key.prefix in text
    return f"12345678|{text}"


@pytest.fixture
def api(bank: Bank) -> Api:
    shown = token()
    assert is_valid_app_token(shown)

    def made() -> FBThreatExchangeSignalExchangeAPI:
        collab = FBThreatExchangeCollabConfig(name="us", privacy_group=bank.pk)
        return FBThreatExchangeSignalExchangeAPI(ThreatExchangeAPI(shown, endpoint_override=BASE), collab)

    return made


def put(*digests: str, kind: EntryKind = EntryKind.MD5, label: str = "") -> None:
    fill(
        "shared",
        [row(n, kind, one, label=label) for n, one in enumerate(digests, 1)],
        by=SYSTEM,
        now=scene.NOW,
    )


def fetched(api: FBThreatExchangeSignalExchangeAPI, checkpoint: Any = None) -> tuple[dict[Any, Any], Any]:
    """Return all that a fetch brings, as a mirror that HMA keeps, and the checkpoint to go on from."""
    found: dict[Any, Any] = {}
    for delta in api.fetch_iter([], checkpoint):
        found.update(delta.updates)
        checkpoint = delta.checkpoint
    return found, checkpoint


def test_the_real_client_mirrors_a_bank(api: Api) -> None:
    put(*PDQ, kind=EntryKind.PDQ, label="spam, seen twice")
    found, _ = fetched(api())
    assert set(found) == {("HASH_PDQ", digest) for digest in PDQ}
    (opinion,) = next(iter(found.values())).opinions
    assert opinion.category is SignalOpinionCategory.POSITIVE_CLASS
    assert opinion.tags == {"spam", "seen twice"}
    assert (opinion.is_mine, opinion.owner_app_id) == (False, 1)
    by_type = api().naive_convert_to_signal_type([PdqSignal], api().collab, found)
    assert set(by_type[PdqSignal]) == set(PDQ)


def test_pages_hold_everything_once(api: Api) -> None:
    for start in range(0, 250, 50):
        put(*MD5[start : start + 50])
    deltas = list(api().fetch_iter([], None))
    assert [len(delta.updates) for delta in deltas] == [100, 100, 50]
    assert {digest for delta in deltas for _, digest in delta.updates} == set(MD5[:250])


def test_a_later_fetch_brings_what_came_and_what_left(api: Api, bank: Bank) -> None:
    put(*MD5[:3])
    mirror, checkpoint = fetched(api())
    put(MD5[3])
    withdraw("shared", hashes=[(EntryKind.MD5, MD5[0])], reason="wrong", by=SYSTEM, now=scene.NOW)
    news, checkpoint = fetched(api(), checkpoint)
    assert news["HASH_MD5", MD5[0]] is None
    assert news["HASH_MD5", MD5[3]] is not None
    mirror.update(news)
    assert {digest for (_, digest), told in mirror.items() if told} == set(MD5[1:4])
    put(MD5[0])  # put in again
    mirror.update(fetched(api(), checkpoint)[0])
    assert mirror["HASH_MD5", MD5[0]] is not None
    withdraw("shared", everything=True, reason="the end", by=SYSTEM, now=scene.NOW)
    mirror.update(fetched(api(), checkpoint)[0])
    assert not any(mirror.values())


def test_a_later_fetch_brings_what_was_corrected(api: Api, bank: Bank) -> None:
    put(*MD5[:3])
    _mirror, checkpoint = fetched(api())
    correct(
        "shared", hashes=[(EntryKind.MD5, MD5[0])], label="scam", reason="it is one", by=SYSTEM, now=scene.NOW
    )
    news, _checkpoint = fetched(api(), checkpoint)
    told = news["HASH_MD5", MD5[0]]
    assert told is not None
    assert "scam" in repr(told)


def test_what_we_pass_on_is_for_the_partner_to_look_at(api: Api, bank: Bank) -> None:
    Bank.objects.update(source=BankSource.STOPNCII)
    put(MD5[0])
    (record,) = fetched(api())[0].values()
    assert record.opinions[0].category is SignalOpinionCategory.INVESTIGATION_SEED


def test_the_real_client_lists_the_shared_banks(api: Api, bank: Bank) -> None:
    create_bank("kept", source=BankSource.NCMEC, purpose="p", clause="spam", by=SYSTEM, now=scene.NOW)
    client = api().client
    (group,) = client.get_threat_privacy_groups_member()
    assert (group.id, group.name, group.description) == (str(bank.pk), "shared", "what we removed")
    assert group.last_updated == scene.NOW
    assert client.get_privacy_group(bank.pk).name == "shared"
    assert client.get_threat_privacy_groups_owner() == []


def test_only_shared_banks_are_there(api: Api, bank: Bank) -> None:
    put(MD5[0])
    for change in ({"shared": False}, {"shared": True, "enabled": False}):
        change_bank("shared", by=SYSTEM, now=scene.NOW, **change)
        with pytest.raises(requests.HTTPError, match="400"):
            fetched(api())
    withdraw("shared", everything=True, reason="r", by=SYSTEM, now=scene.NOW)


def test_of_edited_copies_that_were_never_told_no_end_is_told(api: Api, bank: Bank) -> None:
    rows = [row(n, EntryKind.PDQ, digest, item="a") for n, digest in enumerate(PDQ[:3], 1)]
    fill("shared", rows, variants={PDQ[1]: "mirrored", PDQ[2]: "as it is"}, by=SYSTEM, now=scene.NOW)
    mirror, checkpoint = fetched(api())
    assert {digest for _, digest in mirror} == {PDQ[0], PDQ[2]}
    withdraw("shared", items=["a"], reason="wrong", by=SYSTEM, now=scene.NOW)
    news, _checkpoint = fetched(api(), checkpoint)
    assert news == {("HASH_PDQ", PDQ[0]): None, ("HASH_PDQ", PDQ[2]): None}
    everything = changes(bank, Place(0), 100, everything=True)  # as partners by envelopes get it
    assert {one.digest for one in everything if one.gone} == set(PDQ[:3])


def test_what_left_before_its_variant_was_kept_is_told_as_before(api: Api, bank: Bank) -> None:
    put(MD5[0])
    _mirror, checkpoint = fetched(api())
    withdraw("shared", everything=True, reason="r", by=SYSTEM, now=scene.NOW)
    BankRetraction.objects.update(variant="")
    assert fetched(api(), checkpoint)[0] == {("HASH_MD5", MD5[0]): None}


def test_a_bank_that_is_not_shared_keeps_no_hash_that_left(bank: Bank) -> None:
    change_bank("shared", shared=False, by=SYSTEM, now=scene.NOW)
    put(MD5[0], MD5[1])
    withdraw("shared", hashes=[(EntryKind.MD5, MD5[0])], reason="r", by=SYSTEM, now=scene.NOW)
    withdraw("shared", everything=True, reason="r", by=SYSTEM, now=scene.NOW)
    assert BankRetraction.objects.count() == 0


def test_what_left_is_forgotten_after_ninety_days(bank: Bank, tmp_path: Any) -> None:
    put(MD5[0])
    withdraw("shared", everything=True, reason="r", by=SYSTEM, now=scene.NOW)
    publication.forget_retractions(scene.NOW + timedelta(days=90))
    assert BankRetraction.objects.count() == 1
    publication.forget_retractions(scene.NOW + timedelta(days=91))
    assert BankRetraction.objects.count() == 0


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_places_lead_through_everything_whatever_the_page(bank: Bank, limit: int) -> None:
    put(*MD5[:4])
    put(*MD5[4:6])
    withdraw(
        "shared", hashes=[(EntryKind.MD5, one) for one in MD5[1:3]], reason="r", by=SYSTEM, now=scene.NOW
    )
    put(MD5[6])
    place, seen = Place(0), []
    while page := changes(bank, place, limit):
        assert len(page) <= limit
        seen += page
        place = page[-1].place
    assert seen == changes(bank, Place(0), 100)
    assert [one.digest for one in seen if not one.gone] == [MD5[n] for n in (0, 3, 4, 5, 6)]
    assert [one.digest for one in seen if one.gone] == MD5[1:3]
    assert [one.place for one in seen] == sorted(one.place for one in seen)


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"access_token": "12345678|hk_no"}, 400, 190),
        ({}, 400, 190),
        ({"access_token": "check"}, 403, 10),
        ({"start_time": "soon"}, 400, 100),
        ({"limit": "-1"}, 400, 100),
    ],
)
def test_refusals_are_those_of_the_graph_api(
    bank: Bank, query: dict[str, str], status: int, code: int
) -> None:
    if query.get("access_token") == "check":
        query = {"access_token": token(Scope.CHECK)}
    if "access_token" not in query and query:
        query = {**query, "access_token": token()}
    answer = Client().get(f"/threatexchange/v26.0/{bank.pk}/threat_updates/", query)
    assert answer.status_code == status
    error = answer.json()["error"]
    assert (set(error), error["code"]) == ({"message", "type", "code"}, code)


def test_the_feed_is_read_only_and_stops_where_it_is_told(bank: Bank) -> None:
    put(MD5[0])
    put(MD5[1])
    path, shown = f"/threatexchange/v26.0/{bank.pk}/threat_updates", token()
    assert Client().post(f"{path}?access_token={shown}").status_code == 400
    first, second = Client().get(path, {"access_token": shown}).json()["data"]
    assert first["last_updated"] < second["last_updated"] < timezone.now().timestamp()
    stopped = Client().get(path, {"access_token": shown, "stop_time": str(second["last_updated"])}).json()
    assert stopped == {"data": [first]}
    assert Client().get(path, {"access_token": shown, "after": "nonsense"}).json()["data"] == [first, second]


def test_the_real_command_line_fetches_and_matches(
    bank: Bank, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The way that `docs/how-to/use-banks.md` describes, with the module that stands there."""
    known = [PDQ[0], *(f"{int(PDQ[0], 16) ^ int(mask * 32, 16):064x}" for mask in ("0f", "f0"))]
    put(*known, kind=EntryKind.PDQ, label="gore")  # far from each other: it prints one match
    page = (ROOT / "docs/how-to/use-banks.md").read_text(encoding="utf-8")
    module = next(part for part in page.split("```") if "hakam_address.py" in part)
    module = module.removeprefix("python\n").replace("http://127.0.0.1:8420/threatexchange/v26.0", BASE)
    (tmp_path / "hakam_address.py").write_text(module)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(ThreatExchangeAPI, "_TE_BASE_URL", ThreatExchangeAPI._TE_BASE_URL)

    def tx(*words: str) -> str:
        main.inner_main(words, tmp_path / "state")
        return capsys.readouterr().out

    tx("config", "extensions", "add", "hakam_address")
    tx("config", "api", "fb_threatexchange", "--api-token", token())
    monkeypatch.setattr("os.get_terminal_size", lambda *_fd: os.terminal_size((200, 40)))
    assert f"{bank.pk} shared" in tx("config", "api", "fb_threatexchange", "--list-available-collabs")
    tx("config", "api", "fb_threatexchange", "--import-collab", str(bank.pk))
    tx("fetch")
    assert f"pdq: {len(known)}" in tx("dataset")
    hashes = tmp_path / "hashes.txt"
    hashes.write_text(known[0])
    assert "pdq 0 (shared) POSITIVE_CLASS gore" in tx("match", "--hashes", "photo", str(hashes))
    withdraw("shared", hashes=[(EntryKind.PDQ, known[0])], reason="wrong", by=SYSTEM, now=scene.NOW)
    tx("fetch")
    assert tx("dataset") == "pdq: 2\n"
    assert "(shared)" not in tx("match", "--hashes", "photo", str(hashes))
