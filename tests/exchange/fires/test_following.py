"""A dataset of another server as a list outside packs: read on from where reading stopped, nothing done by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.exchange.fires.conftest import DATASET, NOW, PutList, ReferenceServer, Server, entries_of, told

from hakam.compliance import lists
from hakam.compliance.models import Fact
from hakam.exchange.fires import following
from hakam.exchange.fires.shapes import EntityKind, FiresError, Policy, number_at
from hakam.exchange.models import Followed, FollowedChange
from hakam.vocabulary.actor import SYSTEM

LATER = NOW + timedelta(hours=1)
pytestmark = pytest.mark.usefixtures("book")


def followed(**more: Any) -> Followed:
    given: dict[str, Any] = {"kind": EntityKind.DOMAIN}
    return following.follow("theirs", DATASET, **(given | more), by=SYSTEM, now=NOW)


def test_recommendations_come_into_a_list(server: Server) -> None:
    server.changes = [
        told(1, "Recommendation", "Bad.example"), told(2, "Recommendation", "worse.example", policy="reject"),
        told(3, "Recommendation", "fine.example", policy="accept"), told(4, "Advisory", "maybe.example"),
        told(5, "Recommendation", "known.example", policy=""),
        told(6, "Recommendation", "https://bad.example/users/eve", kind="actor"),
    ]  # fmt: skip
    one = followed()
    assert following.read(one, server, now=NOW) == 5
    assert entries_of("theirs") == {"bad.example", "worse.example"}
    assert Followed.objects.get().title == "DNI List"
    assert server.asked == [
        DATASET,
        f"{DATASET}/changes",
        *(f"{DATASET}/changes?page={n}" for n in range(3)),
    ]


def test_reading_goes_on_where_it_stopped_and_a_retraction_takes_back(server: Server) -> None:
    server.changes = [told(1, "Recommendation", "bad.example"), told(2, "Recommendation", "worse.example"),
                      told(3, "Recommendation", "third.example")]  # fmt: skip
    one = followed()
    following.read(one, server, now=NOW)
    server.asked.clear()
    server.changes += [told(4, "Retraction", "bad.example"), told(5, "Advisory", "worse.example")]
    assert following.read(Followed.objects.get(), server, now=LATER) == 2
    assert server.asked == [f"{DATASET}/changes?page=1", f"{DATASET}/changes?page=2"]
    assert entries_of("theirs") == {"worse.example", "third.example"}
    assert following.read(Followed.objects.get(), server, now=LATER) == 0
    server.changes.append(told(6, "Recommendation", "bad.example"))
    following.read(Followed.objects.get(), server, now=LATER)
    assert entries_of("theirs") == {"bad.example", "worse.example", "third.example"}


def numbered(count: int, what: str, key: str) -> dict[str, Any]:
    number = number_at(NOW + timedelta(seconds=count), 0)
    return told(count, what, key) | {"id": f"{DATASET}/changes/{number}"}


def test_pages_that_lead_past_a_change_lose_none(reference: ReferenceServer) -> None:
    one = followed()
    assert following.read(one, reference, now=NOW) == 0  # an empty dataset, which has no first page
    assert not lists.in_force()
    reference.changes = [numbered(n, "Recommendation", f"h{n}.example") for n in range(7)]
    assert following.read(Followed.objects.get(), reference, now=NOW) == 7
    assert entries_of("theirs") == {f"h{n}.example" for n in range(7)}
    reference.asked.clear()
    reference.changes.append(numbered(8, "Retraction", "h0.example"))
    reference.changes += [numbered(n, "Recommendation", f"h{n}.example") for n in (10, 11, 12)]
    following.read(Followed.objects.get(), reference, now=LATER)
    assert entries_of("theirs") == {f"h{n}.example" for n in (1, 2, 3, 4, 5, 6, 10, 11, 12)}
    assert len(reference.asked) < 6  # from where reading stopped, and it comes to an end


def test_a_tombstone_erases_all_that_was_said_of_its_entry(server: Server) -> None:
    server.changes = [told(1, "Recommendation", "libel.example"), told(2, "Retraction", "libel.example"),
                      told(3, "Recommendation", "bad.example")]  # fmt: skip
    one = followed()
    following.read(one, server, now=NOW)
    server.changes.append({**told(1, "Tombstone")})
    assert following.read(Followed.objects.get(), server, now=LATER) == 2
    assert set(FollowedChange.objects.values_list("key", flat=True)) == {"bad.example"}


def test_a_list_of_which_nothing_is_left_holds_nobody(server: Server) -> None:
    server.changes = [told(1, "Recommendation", "bad.example")]
    one = followed()
    following.read(one, server, now=NOW)
    server.changes.append(told(2, "Retraction", "bad.example"))
    following.read(one, server, now=LATER)
    assert entries_of("theirs") == {"nothing.invalid"}


def test_accounts_and_other_policies_are_chosen(server: Server) -> None:
    server.changes = [told(1, "Recommendation", "@eve@bad.example", kind="actor", policy="filter"),
                      told(2, "Recommendation", "bad.example", policy="filter")]  # fmt: skip
    one = followed(kind=EntityKind.ACTOR, policies=[Policy.FILTER])
    following.read(one, server, now=NOW)
    assert entries_of("theirs") == {"eve@bad.example"}


def test_no_page_leads_to_another_server(server: Server) -> None:
    server.changes = [told(n, "Recommendation", f"h{n}.example") for n in range(3)]
    server.elsewhere = "https://169.254.169.254/latest"
    one = followed()
    with pytest.raises(FiresError, match="another server"):
        following.read(one, server, now=NOW)


def test_a_server_that_is_away_is_tried_again_ever_later(server: Server) -> None:
    followed()
    server.down = "503: away"
    waits = []
    now = NOW
    for _ in range(4):
        assert following.read_due(server, now=now) == 0
        one = Followed.objects.get()
        waits.append((one.next_at - now).total_seconds())
        now = one.next_at
    assert waits == [300, 600, 1_200, 2_400]
    assert (one.failures, one.last_error) == (4, "503: away")
    server.down = ""
    server.changes = [told(1, "Recommendation", "bad.example")]
    assert following.read_due(server, now=now) == 1
    one = Followed.objects.get()
    assert (one.failures, one.last_error, one.next_at) == (0, "", now + following.EVERY)
    assert following.read_due(server, now=now) == 0


def test_what_is_left_is_forgotten_and_its_list_is_emptied(server: Server) -> None:
    server.changes = [told(1, "Recommendation", "bad.example")]
    following.read(followed(), server, now=NOW)
    following.leave("theirs", because="they list everybody", by=SYSTEM, now=LATER)
    assert not FollowedChange.objects.exists()
    assert entries_of("theirs") == {"nothing.invalid"}
    assert following.read_due(server, now=LATER + timedelta(days=1)) == 0
    assert following.followed() == []
    with pytest.raises(FiresError):
        following.leave("theirs", because="again", by=SYSTEM, now=LATER)
    kinds = list(Fact.objects.filter(subject="fires:theirs").order_by("seq").values_list("kind", flat=True))
    assert kinds == ["dataset.followed", "dataset.read", "dataset.left"]


@pytest.mark.parametrize(
    "wrong", [{"policies": []}, {"address": "ftp://fires.example/"}, {"name": "Their list"}]
)
def test_what_can_t_be_followed(wrong: dict[str, Any]) -> None:
    given = {"name": "theirs", "address": DATASET} | wrong
    more = {"policies": given["policies"]} if "policies" in given else {}
    with pytest.raises(FiresError):
        following.follow(given["name"], given["address"], kind=EntityKind.DOMAIN, by=SYSTEM, now=NOW, **more)


def test_a_list_of_one_s_own_is_not_taken_over(put_list: PutList) -> None:
    put_list("theirs", ["mine.example"])
    with pytest.raises(FiresError, match="another"):
        followed()
