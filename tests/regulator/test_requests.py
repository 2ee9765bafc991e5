"""Requests from receipt to answer: clocks, missing elements, owners and deputies, what is done and taken back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from tests.regulator.test_regimes import WHOLE

from hakam.compliance import deadlines, ledger
from hakam.compliance.models import Deadline
from hakam.compliance.profile import Profile, set_profile
from hakam.enforcement.models import AppliedMeasure, Effect
from hakam.intake.events import consume
from hakam.privacy import holds
from hakam.privacy.models import Hold
from hakam.regulator import access, by_hand, keepers, requests
from hakam.regulator.models import Request
from hakam.regulator.regimes import Said
from hakam.regulator.requests import RequestError, RequestState
from hakam.review.models import Case
from hakam.staff.models import User
from hakam.staff.roles import Role
from hakam.storage.embedded.event_log import FileEventLog
from hakam.storage.embedded.vault import FileVault
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)  # all of these laws count by then
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def ask(vault: FileVault, key: str = "uk.intimate", said: Said = WHOLE, **more: Any) -> Request:
    given: dict[str, Any] = {"platform": scene.PLATFORM, "vault": vault, "by": SYSTEM, "now": NOW}
    return requests.receive(key, said, **(given | more))


def less(**fields: Any) -> Said:
    return msgspec.structs.replace(WHOLE, **fields)


def clock(request: Request, key: str) -> Deadline:
    return Deadline.objects.get(subject=requests.subject_of(request), clock=key)


def letters(kind: str) -> list[dict[str, Any]]:
    return [one.payload for one in Effect.objects.filter(kind=kind).order_by("created_at", "key")]


def kinds(request: Request) -> list[str]:
    return [fact.kind for fact in ledger.story(requests.subject_of(request))]


@pytest.mark.parametrize(
    ("key", "hours"),
    [("us.intimate", 48), ("uk.intimate", 48), ("in.intimate", 2), ("in.content", 36), ("in.order", 3),
     ("in.grievance", 168), ("au.removal", 24), ("fr.removal", 24)],
)  # fmt: skip
def test_each_law_has_its_hours_from_the_receipt(vault: FileVault, key: str, hours: int) -> None:
    # OSA s.10(3A), TAKE IT DOWN Act s.3, IT Rules r.3, OSA 2021 (Cth) s.88
    received = NOW - HOUR
    made = ask(vault, key, less(due=None), received_at=received)
    assert clock(made, key).due_at == received + timedelta(hours=hours)
    assert made.state == RequestState.OPEN


def test_an_older_version_of_a_law_counts_for_what_came_under_it(vault: FileVault) -> None:
    early = NOW.replace(year=2025, month=12, day=1)
    made = ask(vault, "in.order", less(due=None), received_at=early, now=early)
    assert clock(made, "in.order").due_at == early + timedelta(hours=36)  # the rule of that time
    with pytest.raises(RequestError) as error:
        ask(vault, "us.intimate", received_at=early, now=NOW)
    assert "received_at" in error.value.wrong


def test_a_period_that_the_request_sets_is_its_clock(vault: FileVault) -> None:
    made = ask(vault, "uk.information", less(due=NOW + 20 * DAY))
    assert clock(made, "uk.information").due_at == NOW + 20 * DAY
    longer = ask(vault, "au.removal", less(due=NOW + 3 * DAY))  # s.88: or longer, as allowed
    assert clock(longer, "au.removal").due_at == NOW + 3 * DAY
    shorter = ask(vault, "au.removal", less(due=NOW + HOUR))
    assert clock(shorter, "au.removal").due_at == NOW + DAY


def test_what_is_missing_is_told_exactly_and_the_persons_clock_runs(vault: FileVault) -> None:
    made = ask(vault, "us.intimate", less(signature="", good_faith=False))
    assert made.state == RequestState.INCOMPLETE
    assert clock(made, "us.intimate").met_at is None
    (letter,) = letters("order.receipt")
    text = " ".join(letter["sections"][0]["paragraphs"])
    assert "signature" in text
    assert "good-faith" in text
    assert "identification of the image" not in text
    (fact,) = ledger.story(requests.subject_of(made))[:1]
    assert ledger.body_of(fact)["missing"] == ["signature", "good_faith"]
    with pytest.raises(RequestError):
        requests.carry_out(str(made.pk), by=SYSTEM, now=NOW)
    done = requests.complete(str(made.pk), WHOLE, by=SYSTEM, now=NOW + HOUR)
    assert done.state == RequestState.OPEN
    assert clock(made, "us.intimate").started_at == NOW  # from the receipt, not from the answer


def test_an_authoritys_clock_begins_when_its_request_is_whole(vault: FileVault) -> None:
    made = ask(vault, "uk.information", less(due=None))
    assert not Deadline.objects.filter(clock="uk.information").exists()
    requests.complete(str(made.pk), WHOLE, by=SYSTEM, now=NOW + HOUR)
    assert clock(made, "uk.information").due_at == WHOLE.due


def test_a_grievance_is_acknowledged_by_its_own_clock(vault: FileVault) -> None:
    made = ask(vault, "in.grievance")
    assert clock(made, "in.acknowledge").met_at == NOW
    silent = ask(vault, "in.grievance", less(contact=""))
    assert clock(silent, "in.acknowledge").met_at is None
    assert silent.state == RequestState.INCOMPLETE


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"key": "xx"}, "regime"),
        ({"received_at": NOW + HOUR}, "received_at"),
        ({"said": less(harm="boredom")}, "harm"),
        ({"said": less(due=NOW - DAY)}, "due"),
        ({"said": less(urls=tuple(f"https://x.example/{n}" for n in range(501)))}, "urls"),
        ({"said": less(reasons="x" * 20_001)}, "reasons"),
        ({"document": b"x" * 20_000_001}, "document"),
    ],
)
def test_our_own_mistakes_are_refused_by_field(vault: FileVault, more: dict[str, Any], field: str) -> None:
    with pytest.raises(RequestError) as error:
        ask(vault, **more)
    assert list(error.value.wrong) == [field]
    assert not Request.objects.exists()


def test_an_intimate_image_goes_everywhere_and_comes_first(
    vault: FileVault, log: FileEventLog, book: object
) -> None:
    made = ask(vault, "us.intimate", log=log)
    case = Case.objects.get()
    assert case.harm == "ncii"
    assert case.due_at == NOW + 48 * HOUR
    requests.carry_out(str(made.pk), by=SYSTEM, now=NOW + HOUR, log=log)
    measure = AppliedMeasure.objects.get()
    assert measure.measure == {"kind": "remove"}
    assert clock(made, "us.intimate").met_at == NOW + HOUR
    requests.answer(str(made.pk), by=SYSTEM, now=NOW + 2 * HOUR, text="It is gone.")
    assert letters("order.answer")[0]["to"] == WHOLE.contact
    assert kinds(made)[-1] == "request.answered"


def test_an_authority_of_a_country_is_obeyed_there(vault: FileVault, book: object) -> None:
    made = ask(vault, "au.removal", less(due=None))
    requests.carry_out(str(made.pk), by=SYSTEM, now=NOW)
    assert AppliedMeasure.objects.get().measure == {"kind": "withhold", "territory": ["AU"]}


def test_what_turns_out_to_be_wrong_is_taken_back(vault: FileVault, book: object) -> None:
    made = ask(vault, "us.intimate")
    requests.carry_out(str(made.pk), by=SYSTEM, now=NOW)
    scene.deliver(NOW + HOUR)
    with pytest.raises(RequestError):
        requests.take_back(str(made.pk), by=SYSTEM, now=NOW + HOUR, because=" ")
    requests.take_back(str(made.pk), by=SYSTEM, now=NOW + HOUR, because="It is an advert of a museum.")
    assert Effect.objects.filter(kind="measure.reverse").count() == 1
    made.refresh_from_db()
    assert made.state == RequestState.REVERSED


def test_a_refusal_says_why_and_ends_the_clock(vault: FileVault) -> None:
    made = ask(vault)
    with pytest.raises(RequestError):
        requests.refuse(str(made.pk), by=SYSTEM, now=NOW, because="")
    requests.refuse(str(made.pk), by=SYSTEM, now=NOW + HOUR, because="It shows a statue.")
    assert clock(made, "uk.intimate").met_at == NOW + HOUR
    assert "It shows a statue." in letters("order.answer")[0]["sections"][0]["paragraphs"]
    with pytest.raises(RequestError):
        requests.refuse(str(made.pk), by=SYSTEM, now=NOW, because="again")
    with pytest.raises(RequestError):
        requests.carry_out(str(made.pk), by=SYSTEM, now=NOW)


def test_what_is_asked_is_answered_and_what_must_be_kept_is_kept(vault: FileVault) -> None:
    asked = ask(vault, "uk.information")
    with pytest.raises(RequestError):
        requests.carry_out(str(asked.pk), by=SYSTEM, now=NOW)
    requests.answer(str(asked.pk), by=SYSTEM, now=NOW + HOUR, text="12 moderators.")
    assert clock(asked, "uk.information").met_at == NOW + HOUR
    kept = ask(vault, "uk.preserve")
    requests.carry_out(str(kept.pk), by=SYSTEM, now=NOW)
    assert clock(kept, "uk.preserve").due_at.year == NOW.year + 1  # OSA s.101: a year


# Identical copies ------------------------------------------------------------------------------------


def post(log: FileEventLog, number: int, digest: str, *, platform: str = scene.PLATFORM) -> None:
    from hakam.storage.event_log import Entry  # noqa: PLC0415 -- only here

    event = {
        "id": f"e{number}", "platform": platform, "kind": "image", "at": NOW.isoformat(),
        "author": {"id": f"u{number}"},
        "item": {"id": f"i{number}", "url": f"https://maydan.example/p/{number}",
                 "media": [{"mime": "image/png", "hashes": {"sha256": digest}}]},
    }  # fmt: skip
    data = msgspec.json.encode(event)
    log.append(
        [Entry(platform, f"e{number}", NOW.timestamp(), data, b"{}", msgspec.json.encode(scene.verdict()))]
    )


def test_identical_copies_go_too_and_nothing_else(vault: FileVault, log: FileEventLog, book: object) -> None:
    from hakam.regulator import copies  # noqa: PLC0415 -- only here

    same, other = "ab" * 32, "cd" * 32
    for number, digest in ((7, same), (8, other), (9, same.upper()), (10, same)):
        post(log, number, digest)
    post(log, 11, same, platform="elsewhere")
    consume(log, vault=vault, now=NOW, limit=100)
    made = ask(vault, "us.intimate", log=log)
    assert made.hashes == [["sha256", same]]
    assert copies.search(log, now=NOW) == 0  # nothing is searched before it is carried out
    requests.carry_out(str(made.pk), by=SYSTEM, now=NOW, log=log)
    later = NOW + HOUR
    assert copies.search(log, now=later, limit=2) + copies.search(log, now=later, limit=2) == 2
    assert copies.search(log, now=later, limit=2) == 0
    made.refresh_from_db()
    assert (made.copies, made.copies_from) == (2, 0)
    assert sorted(AppliedMeasure.objects.values_list("item_id", flat=True)) == ["i10", "i7", "i9"]
    assert copies.search(log, now=later) == 0  # done is done
    assert kinds(made)[-1] == "request.copies_removed"
    scene.deliver(later)
    requests.take_back(str(made.pk), by=SYSTEM, now=later, because="wrong")
    assert Effect.objects.filter(kind="measure.reverse").count() == 3


# Owner, deputy, absence ------------------------------------------------------------------------------


def test_the_owner_is_told_and_then_the_deputy(vault: FileVault, lena: User, omar: User) -> None:
    made = ask(vault, owner=lena.pk, deputy=omar.pk)
    assert [one["to"] for one in letters("staff.alert")] == [lena.email]
    assert keepers.in_charge(made.owner, made.deputy, now=NOW) == lena
    keepers.go_away(lena, begins=NOW, ends=NOW + 7 * DAY, by=lena.actor, now=NOW)
    assert keepers.in_charge(made.owner, made.deputy, now=NOW) == omar
    assert requests.hand_over(now=NOW + HOUR) == 1
    assert requests.hand_over(now=NOW + HOUR) == 0  # once
    assert [one["to"] for one in letters("staff.alert")] == [lena.email, omar.email]
    assert keepers.in_charge(made.owner, made.deputy, now=NOW + 8 * DAY) == lena  # the absence is over
    assert requests.hand_over(now=NOW + 8 * DAY) == 1
    assert kinds(made).count("request.handed_over") == 2


def test_nothing_hangs_on_one_person(vault: FileVault, lena: User, omar: User) -> None:
    made = ask(vault, owner=lena.pk, deputy=omar.pk)
    User.objects.filter(pk=lena.pk).update(is_active=False)  # she has left
    assert keepers.in_charge(made.owner, made.deputy, now=NOW) == omar
    User.objects.filter(pk=omar.pk).update(role=Role.MODERATOR)  # he has another office now
    assert keepers.in_charge(made.owner, made.deputy, now=NOW) is None
    root = scene.person("root", Role.ADMINISTRATOR)
    assert keepers.whom_to_tell(made.owner, made.deputy, now=NOW) == [root]
    keepers.go_away(root, begins=NOW, ends=NOW + DAY, by=root.actor, now=NOW)
    assert keepers.whom_to_tell(made.owner, made.deputy, now=NOW) == [
        root
    ]  # better one who is away than nobody
    assert keepers.come_back(root, by=root.actor, now=NOW + HOUR) == 1
    assert keepers.absences([root.pk], now=NOW + HOUR) == {}


def test_only_who_may_handle_requests_is_given_one(vault: FileVault, lena: User, amal: User) -> None:
    made = ask(vault)
    for owner, deputy in ((amal.pk, None), (lena.pk, lena.pk), (987_654, None)):
        with pytest.raises(RequestError):
            requests.assign(str(made.pk), owner=owner, deputy=deputy, by=lena.actor, now=NOW)
    requests.assign(str(made.pk), owner=lena.pk, deputy=None, by=lena.actor, now=NOW)
    assert kinds(made)[-1] == "request.assigned"


def test_an_absence_has_an_end(lena: User) -> None:
    with pytest.raises(keepers.KeeperError):
        keepers.go_away(lena, begins=NOW, ends=NOW, by=lena.actor, now=NOW)


def test_reads_ask_who_reads(vault: FileVault, lena: User, amal: User) -> None:
    first, second = ask(vault), ask(vault, "in.intimate")
    assert [one.pk for one, _clock in access.requests(lena)] == [second.pk, first.pk]  # the first due on top
    assert access.requests(amal) == []
    assert (access.open_count(lena), access.open_count(amal)) == (2, 0)
    assert access.request(amal, str(first.pk)) is None
    assert access.by_token(first.token) == first
    requests.refuse(str(first.pk), by=lena.actor, now=NOW, because="No.")
    assert [one.pk for one, _clock in access.requests(lena, closed=True)] == [first.pk]
    assert access.received(scene.PLATFORM, since=NOW - DAY) == {"uk.intimate": 1, "in.intimate": 1}


def test_a_clock_that_runs_out_is_missed_like_any_other(vault: FileVault) -> None:
    made = ask(vault, "in.intimate")
    deadlines.missed(now=NOW + 3 * HOUR)
    assert clock(made, "in.intimate").missed_at is not None


def test_the_profile_is_no_gate_for_what_arrives(vault: FileVault) -> None:
    set_profile(Profile(platform=scene.PLATFORM, countries=("DE",)), by=SYSTEM, now=NOW)
    assert ask(vault, "au.removal").state == RequestState.OPEN  # it came, so it is on record


# What is kept, and what follows -----------------------------------------------------------------------


def act(made: Request, verb: Any, **more: Any) -> Request:
    done: Request = verb(str(made.pk), **({"by": SYSTEM, "now": NOW} | more))
    return done


@pytest.mark.parametrize(
    ("key", "days", "authority"),
    [("evidence.preservation", 60, "e-Evidence Art. 11(1)"), ("uk.preserve", 365, "OSA s.101")],
)
def test_what_an_authority_wants_preserved_is_held_from_the_eraser(
    vault: FileVault, key: str, days: int, authority: str
) -> None:
    made = act(ask(vault, key, less(accounts=("u1", "u2"))), requests.carry_out)
    kept = clock(made, key)
    assert timedelta(days=days) < kept.due_at - NOW <= timedelta(days=days + 1)
    assert holds.follow(now=NOW) == 1
    hold = Hold.objects.get()
    assert {"account:maydan/u1", "account:maydan/u2"} <= {hold.target, *hold.covers}
    assert (hold.until, hold.authority, hold.placed_by) == (kept.due_at, authority, "system")
    assert holds.held(NOW + 30 * DAY).covers(["account:maydan/u2"])
    with pytest.raises(holds.HoldError, match="the law sets"):
        holds.release(hold.pk, reason="r", by=SYSTEM, now=NOW)


def test_a_preservation_order_is_prolonged_by_thirty_days_and_no_more(vault: FileVault) -> None:
    # e-Evidence Art. 11(1)
    made = act(ask(vault, "evidence.preservation", less(accounts=("u1",))), requests.carry_out)
    holds.follow(now=NOW)
    with pytest.raises(RequestError, match="who wants"):
        act(made, requests.prolong, until=NOW + 80 * DAY, because=" ")
    with pytest.raises(RequestError, match="allows no end after"):
        act(made, requests.prolong, until=NOW + 95 * DAY, because="The prosecutor.")
    with pytest.raises(RequestError, match="no later than the end"):
        act(made, requests.prolong, until=NOW + 10 * DAY, because="The prosecutor.")
    act(made, requests.prolong, until=NOW + 90 * DAY, because="The prosecutor.", now=NOW + 50 * DAY)
    assert clock(made, "evidence.preservation").due_at == NOW + 90 * DAY
    holds.follow(now=NOW + 50 * DAY)
    assert Hold.objects.get().until == NOW + 90 * DAY
    assert "request.prolonged" in kinds(made)
    with pytest.raises(RequestError, match="nothing is preserved"):
        act(act(ask(vault, "au.removal", less(due=None)), requests.carry_out), requests.prolong, until=NOW + DAY,
            because="x")  # fmt: skip


def test_a_law_that_knows_no_extension_prolongs_nothing(vault: FileVault) -> None:
    made = act(ask(vault, "uk.preserve", less(accounts=("u1",))), requests.carry_out)
    with pytest.raises(RequestError, match="knows no extension"):
        act(made, requests.prolong, until=NOW + 500 * DAY, because="Ofcom.")


@pytest.mark.parametrize("key", ["in.order", "in.intimate", "in.content"])
def test_in_india_what_was_removed_is_kept_for_180_days(vault: FileVault, key: str) -> None:
    # IT Rules r.3(1)(g)
    made = act(ask(vault, key, less(due=None)), requests.carry_out, now=NOW + HOUR)
    kept = clock(made, "in.preserve")
    assert kept.kind == "keep"
    assert kept.started_at == NOW + HOUR
    assert 180 * DAY <= kept.due_at - kept.started_at <= 181 * DAY
    holds.follow(now=NOW + HOUR)
    (hold,) = Hold.objects.all()
    assert any(name.startswith("item:maydan/") for name in (hold.target, *hold.covers))
    assert hold.until == kept.due_at


def test_a_removal_elsewhere_makes_no_hold(vault: FileVault) -> None:
    act(ask(vault, "au.removal", less(due=None)), requests.carry_out)
    holds.follow(now=NOW)
    assert not Hold.objects.exists()


def test_a_report_on_specific_measures_is_owed_again_in_a_year(vault: FileVault) -> None:
    # TCO Art. 5(5)
    made = ask(vault, "tco.measures", less(due=None))
    assert clock(made, "tco.measures").due_at.date() > (NOW + 88 * DAY).date()
    act(made, requests.answer, text="The measures are these.", now=NOW + 10 * DAY)
    (yearly,) = Deadline.objects.filter(clock="tco.measures.yearly")
    assert yearly.started_at == NOW + 10 * DAY
    assert by_hand.told(yearly).about == WHOLE.reference
    by_hand.done(scene.PLATFORM, "tco.measures.yearly", 1, note="Sent.", by=SYSTEM, now=NOW + 300 * DAY)
    assert Deadline.objects.filter(clock="tco.measures.yearly", met_at=None).count() == 1


def test_a_take_down_notice_of_new_zealand_has_the_period_that_it_sets(vault: FileVault) -> None:
    # FVPC Act 1993 s.119C
    made = ask(vault, "nz.takedown", less(due=NOW + 5 * HOUR))
    assert clock(made, "nz.takedown").due_at == NOW + 5 * HOUR
    act(made, requests.carry_out)
    assert AppliedMeasure.objects.get().measure["territory"] == ["NZ"]


def test_ofcom_announces_a_test_seven_days_before(vault: FileVault) -> None:
    # OSA s.100(3)
    made = ask(vault, "uk.inspection", less(due=None))
    assert (clock(made, "uk.inspection").kind, clock(made, "uk.inspection").due_at) == (
        "window",
        NOW + 7 * DAY,
    )
    act(made, requests.answer, text="Welcome.")
    assert deadlines.missed(now=NOW + 60 * DAY) == []
