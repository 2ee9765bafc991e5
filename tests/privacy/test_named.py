"""An erasure reaches lists and bulletins that name the account, says what stays, and can be done again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import override_settings
from tests.privacy.conftest import DAY, NOW, YEAR, World
from tests.privacy.test_requests import SECRET, prepared, released, serve

from hakam.banks.filling import fill
from hakam.banks.keeping import change_bank, create_bank
from hakam.banks.kinds import BankSource
from hakam.banks.models import BankEntry, BankRetraction
from hakam.banks.rows import row
from hakam.compliance import lists
from hakam.compliance.ledger import verify_chain
from hakam.compliance.lists import ListGround
from hakam.compliance.models import Fact, ListVersion
from hakam.enforcement.models import Effect
from hakam.policy.lists import ListKind
from hakam.privacy import account_erasure, holds, named, requests, retention
from hakam.privacy.kinds import Kind
from hakam.privacy.models import Erasure
from hakam.storage.embedded.list_files import keep
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.bank import EntryKind


@pytest.fixture(autouse=True)
def lists_folder(tmp_path: Path) -> Iterator[None]:
    """Keep the files of lists apart: what one test erases from a file would be missing in the next."""
    with override_settings(HAKAM_LISTS=tmp_path / "lists"):
        yield


def put(*entries: str, name: str = "bad-ids", ground: ListGround | None = ListGround.INTEREST) -> None:
    made = keep(settings.HAKAM_LISTS, ListKind.VALUES, entries)
    lists.publish(
        name, ListKind.VALUES, made.digest, made.entries, by=SYSTEM, now=NOW, note="n", ground=ground
    )


def held(name: str = "bad-ids") -> set[str]:
    return set(lists.opened()[name].entries())


def warn(name: str, *accounts: str, source: BankSource = BankSource.OWN, country: str = "") -> None:
    create_bank(name, source=source, purpose="p", clause="hate", country=country, by=SYSTEM, now=NOW)
    change_bank(name, shared=True, by=SYSTEM, now=NOW)
    fill(name, [row(n, EntryKind.ACCOUNT, one) for n, one in enumerate(accounts, 1)], by=SYSTEM, now=NOW)


def test_the_account_leaves_every_version_of_a_list_that_gives_way(world: World) -> None:
    put("u1", "u2")
    put("u1", "u2", "u3")
    request = prepared(world, "erasure")
    assert request.outcome["erased"] == {"lists": 2}
    assert held() == {"u1", "u2", "u3"}  # nothing is touched before it is released
    requests.release(str(request.pk), by=world.lena.actor, now=NOW)
    serve(world)
    request.refresh_from_db()
    assert held() == {"u2", "u3"}
    assert lists.naming(["u1"]) == []
    assert request.outcome["erased"] == {"lists": 2}
    assert request.outcome["kept"] == []
    assert list(verify_chain()) == []
    assert Fact.objects.filter(kind="list.erased").count() == 2


@pytest.mark.parametrize(
    ("ground", "why"),
    [
        (ListGround.OBLIGATION, "Article 17(3)(b)"),
        (ListGround.VITAL, "protects somebody"),
        (ListGround.CLAIMS, "Article 17(3)(e)"),
        (None, "nothing says that it names people"),
    ],
)
def test_what_stays_is_said_with_the_place_and_the_ground(
    world: World, ground: ListGround | None, why: str
) -> None:
    put("u1", "u2", ground=ground)
    request = released(world, "erasure")
    assert held() == {"u1", "u2"}
    (kept,) = request.outcome["kept"]
    assert (kept["kind"], kept["count"], kept["where"]) == ("lists", 1, "list:bad-ids")
    assert why in json.dumps(Effect.objects.get(kind="data_request.answer").payload)


def test_what_a_list_says_now_counts_for_its_earlier_versions(world: World) -> None:
    put("u1", "u2", ground=None)
    put("u3", ground=ListGround.INTEREST)
    released(world, "erasure")
    assert lists.naming(["u1"]) == []


def test_a_file_of_two_lists_stays_if_one_of_them_needs_it(world: World) -> None:
    put("u1", "u2")
    put("u1", "u2", name="court", ground=ListGround.OBLIGATION)
    request = released(world, "erasure")
    assert held() == held("court") == {"u1", "u2"}
    assert {one["why"] for one in request.outcome["kept"]} == {"obligation"}


def test_a_hold_keeps_the_name_too(world: World) -> None:
    put("u1")
    holds.place("account:maydan/u1", reason="r", until=NOW + 90 * DAY, by=world.amal.actor, now=NOW)
    request = released(world, "erasure")
    assert held() == {"u1"}
    assert {"kind": "lists", "count": 1, "why": "held", "where": "list:bad-ids"} in request.outcome["kept"]


def test_what_it_is_called_across_platforms_is_read_from_its_events(world: World) -> None:
    world.post("hello", email="Eve@bad.example")
    put("@Eve@bad.example", "acct:Eve@bad.example", "eve@bad.example", "eve@good.example")
    released(world, "erasure")
    assert held() == {"eve@good.example"}
    assert world.events.read(0, 9) == []


def test_a_bulletin_is_withdrawn_and_its_retraction_is_kept_for_partners(world: World) -> None:
    world.post("hello", email="eve@bad.example")
    warn("warned", "eve@bad.example", "zoe@bad.example")
    warn("court", "eve@bad.example", country="DE")
    request = released(world, "erasure")
    assert list(BankEntry.objects.order_by("pk").values_list("bank__name", flat=True)) == ["warned", "court"]
    assert BankRetraction.objects.get().bank.name == "warned"
    assert request.outcome["erased"]["lists"] == 1
    assert [(one["why"], one["where"]) for one in request.outcome["kept"]] == []
    assert [(one.where, one.why) for one in named.look(["eve@bad.example"])] == [("bank:court", "obligation")]


def test_killed_after_the_names_went_it_goes_on_and_counts_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.post("words")
    put("u1", "u2")
    request = prepared(world, "erasure")
    requests.release(str(request.pk), by=world.lena.actor, now=NOW)

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(lists, "blank", killed)
    with pytest.raises(KeyboardInterrupt):
        serve(world)
    monkeypatch.undo()
    assert held() == {"u1", "u2"}
    serve(world)
    request.refresh_from_db()
    assert held() == {"u2"}
    assert request.outcome["erased"] == {"lists": 1, "events": 1}
    assert Fact.objects.filter(kind="list.erased").count() == 1


def test_a_list_that_names_the_account_anew_is_found_after_a_back_up(world: World) -> None:
    put("u1", "u2")
    released(world, "erasure")
    assert account_erasure.again(world.stores, secret=SECRET, now=NOW) == 0
    put("u1", "u4")
    Erasure.objects.all().delete()  # the file of those who were erased still knows
    assert account_erasure.again(world.stores, secret=SECRET, now=NOW) == 1
    serve(world)
    assert held() == {"u4"}


def test_a_list_that_must_stay_starts_no_erasure_again(world: World) -> None:
    released(world, "erasure")
    put("u1", ground=ListGround.OBLIGATION)
    assert account_erasure.again(world.stores, secret=SECRET, now=NOW) == 0


def test_a_version_goes_when_its_period_is_over(world: World) -> None:
    put("u1", "u2")
    put("u2")
    digest = lists.history("bad-ids")[1].digest
    for years, gone in ((2, False), (4, True)):
        while retention.run(world.stores, now=NOW + years * YEAR):
            pass
        assert (settings.HAKAM_LISTS / digest).exists() is not gone
    assert [one.file_kept for one in lists.history("bad-ids")] == [True, False]
    assert ListVersion.objects.get(number=2).active_until is None
    assert Kind.LISTS in {row.kept.kind for row in retention.overview(world.stores, now=NOW)}
