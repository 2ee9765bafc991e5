"""A person asks about their data: one month, two people, what is others' and what a law keeps secret left out."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import translation
from tests.privacy.conftest import DAY, NOW, World

from hakam.compliance import deadlines
from hakam.compliance.access import deadlines_of, facts_of
from hakam.compliance.facts import FactKind
from hakam.compliance.ledger import body_of, verify_chain
from hakam.enforcement.models import Effect
from hakam.intake import authorities, orders
from hakam.intake.models import KnownItem, Notice, Order
from hakam.intake.order_contents import Contents, OrderKind
from hakam.privacy import account_erasure, document, holds, requests, work
from hakam.privacy.models import Erasure, Subject
from hakam.privacy.requests import RefusalGround, RequestError, RequestKind, RequestState
from hakam.review.decisions import decide, finalise_due
from hakam.review.models import Case, Complaint, Evidence
from hakam.review.states import Outcome
from hakam.testing import scene

SECRET = "a key of tests"


def enter(world: World, kind: str = "access", *, now: datetime = NOW, **more: Any) -> Subject:
    given: dict[str, Any] = {
        "platform": scene.PLATFORM, "account": "u1", "email": "u1@people.example", "by": world.amal.actor, "now": now,
    }  # fmt: skip
    return requests.receive(kind, **(given | more))


def serve(world: World, *, now: datetime = NOW) -> int:
    done = 0
    while work.step(world.stores, secret=SECRET, now=now):
        done += 1
    return done


def prepared(world: World, kind: str = "access", **more: Any) -> Subject:
    made = enter(world, kind, **more)
    requests.identify(str(made.pk), how="Signed in on the platform.", by=world.basil.actor, now=NOW)
    assert serve(world) > 0
    made.refresh_from_db()
    assert made.state == RequestState.PREPARED
    return made


def released(world: World, kind: str = "access", **more: Any) -> Subject:
    made = prepared(world, kind, **more)
    requests.release(str(made.pk), by=world.lena.actor, now=NOW)
    serve(world)
    made.refresh_from_db()
    return made


def copy_of(world: World, request: Subject) -> dict[str, Any]:
    data = requests.hand_over(str(request.pk), vault=world.vault, by=world.amal.actor, now=NOW)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert sorted(archive.namelist()) == ["data-ar.html", "data-en.html", "data.json"]
        found: dict[str, Any] = json.loads(archive.read("data.json"))
    return found


# Access -------------------------------------------------------------------------------------------


def test_a_copy_holds_everything_of_the_person_and_nothing_of_others(world: World) -> None:
    world.post("my words")
    world.post("others' words", author="u2-neighbour")
    case = world.case("You are vermin")
    world.decided(case)
    world.notice("Snitch-in-chief says it is hate", urls=(case.item_url,))
    made = released(world)
    found = copy_of(world, made)
    text = json.dumps(found)
    assert found["about"]["account"] == "u1"
    assert found["contact"] == ["u1@people.example"]
    assert [one["text"] for one in found["events"]] == ["my words"]
    assert found["cases"][0]["copies"][0]["text"] == "You are vermin"
    assert found["decisions"][0]["facts"] == "It calls people vermin."
    assert found["decisions"][0]["by"] == "a moderator"
    assert found["statements"][0]["measures"][0]["kind"] == "remove"
    assert found["measures"][0]["kind"] == "remove"
    assert any(one["what"] == "statement.issued" for one in found["ledger"])
    assert len(found["purposes"]) > 15
    for of_others in ("others' words", "u2-neighbour", "Snitch", "nora@", "Nora", "amal", "staff:"):
        assert of_others not in text


def test_what_one_sent_oneself_is_in_it(world: World) -> None:
    world.notice("I am hurt", notifier="u1")
    world.notice("Not mine", notifier="u9")
    decided = world.decided(world.case())
    Complaint.objects.create(
        token="t", decision=decided, complainant="affected", text="It was a joke", language="en", state="open",
        received_at=NOW, due_at=NOW,
    )  # fmt: skip
    found = copy_of(world, released(world))
    assert [one["explanation"] for one in found["notices_sent"]] == ["I am hurt"]
    assert [one["text"] for one in found["complaints"]] == ["It was a joke"]


def inform(world: World, *, silent_days: int) -> Order:
    office = authorities.register(
        name="Court of Aachen", kind="court", country="DE", email="c@court.example", phone="1",
        by=world.amal.actor, now=NOW,
    )  # fmt: skip
    authorities.confirm(office.pk, by=world.basil.actor, now=NOW)
    contents = Contents(
        kind=OrderKind.INFORM, reference="10/26", legal_basis="Code", reasons="A crime is investigated.",
        accounts=("u1",), data=("content",), redress="Appeal", harm="threat", silent_days=silent_days,
        silent_because="It would warn the suspect." if silent_days else "",
    )  # fmt: skip
    return orders.receive(
        contents,
        platform=scene.PLATFORM,
        authority_id=office.pk,
        vault=world.vault,
        by=world.amal.actor,
        now=NOW,
    )


@pytest.mark.parametrize("told", [False, True])
def test_an_order_is_in_it_only_when_the_person_was_told(world: World, told: bool) -> None:
    """DSA Art. 10(5), TCO Art. 11(3)."""
    order = inform(world, silent_days=0 if told else 42)
    if told:
        Order.objects.filter(pk=order.pk).update(recipient_informed_at=NOW)
    found = copy_of(world, released(world))
    assert ("Court of Aachen" in json.dumps(found)) is told
    assert not any(one["what"].startswith("order.") for one in found["ledger"])


def test_a_suspicion_of_a_threat_and_a_hold_are_not_told(world: World) -> None:
    from hakam.intake import threats  # noqa: PLC0415 -- only here

    case = world.case("Tonight.")
    threats.start(case.pk, what="He will kill her.", user=world.amal, vault=world.vault, now=NOW)
    holds.place("account:maydan/u1", reason="r", until=NOW + 90 * DAY, by=world.amal.actor, now=NOW)
    text = json.dumps(copy_of(world, released(world)))
    assert "threat." not in text
    assert "hold." not in text
    assert "kill her" not in text


def test_an_account_of_which_nothing_is_known_gets_an_honest_answer(world: World) -> None:
    found = copy_of(world, released(world, account="nobody"))
    assert found["account"] == {"id": "nobody"}
    assert found["events"] == found["cases"] == found["statements"] == []


@pytest.mark.parametrize("account", ['u"1', "u\\1", "مستخدم", "u/1", "u'<b>"])
def test_an_account_with_odd_letters_finds_its_records(world: World, account: str) -> None:
    world.post("mine", author=account)
    world.post("not mine", author="u")
    found = copy_of(world, released(world, account=account))
    assert [one["text"] for one in found["events"]] == ["mine"]


def test_the_pages_are_whole_safe_and_in_both_languages(world: World) -> None:
    world.post("<script>alert(1)</script> \u202eevil")
    made = released(world)
    data = requests.hand_over(str(made.pk), vault=world.vault, by=world.amal.actor, now=NOW)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        english, arabic = (archive.read(f"data-{one}.html").decode() for one in ("en", "ar"))
    assert 'lang="en" dir="ltr"' in english
    assert 'lang="ar" dir="rtl"' in arabic
    for page in (english, arabic):
        assert "<script" not in page
        assert "&lt;script&gt;" in page
        assert "\u202e" not in page
        assert "[RLO]" in page
        assert "http" not in page.replace("https://maydan.example", "")
    assert "What you posted (1)" in english
    assert "What you posted" not in arabic
    with translation.override("ar"):
        assert all(str(words) in arabic for words in document.PARTS.values())


def test_looking_and_taking_are_facts_and_only_after_release_is_it_taken(world: World) -> None:
    made = prepared(world)
    number = str(made.pk)
    with pytest.raises(RequestError, match="nothing is released"):
        requests.hand_over(number, vault=world.vault, by=world.amal.actor, now=NOW)
    assert requests.look_at(number, vault=world.vault, by=world.lena.actor, now=NOW)
    assert len(facts_of(f"data_request:{number}", FactKind.PERSONAL_DATA_REVEALED)) == 1
    requests.release(number, by=world.lena.actor, now=NOW)
    requests.hand_over(number, vault=world.vault, by=world.amal.actor, now=NOW)
    requests.hand_over(number, vault=world.vault, by=world.amal.actor, now=NOW)
    assert len(facts_of(f"data_request:{number}", FactKind.DATA_REQUEST_TAKEN)) == 2


def test_the_ledger_knows_figures_and_no_contents(world: World) -> None:
    world.post("my words")
    made = released(world)
    (fact,) = facts_of(f"data_request:{made.pk}", FactKind.DATA_REQUEST_PREPARED)
    assert body_of(fact)["figures"]["parts"]["events"] == 1
    assert "my words" not in fact.body
    assert "u1" not in fact.body


def test_somebody_else_releases_it(world: World) -> None:
    made = prepared(world)
    with pytest.raises(RequestError, match="somebody else"):
        requests.release(str(made.pk), by=world.basil.actor, now=NOW)
    requests.release(str(made.pk), by=world.lena.actor, now=NOW)
    made.refresh_from_db()
    assert (made.state, made.released_by) == (RequestState.ANSWERED, str(world.lena.actor))
    assert (
        Effect.objects.get(kind="data_request.answer").payload["subject"] == "The copy of your data is ready"
    )
    assert "my words" not in json.dumps(Effect.objects.get(kind="data_request.answer").payload)


def test_newer_data_can_be_looked_up_again(world: World) -> None:
    made = prepared(world)
    world.post("later words")
    requests.gather_again(str(made.pk), by=world.basil.actor, now=NOW)
    serve(world)
    requests.release(str(made.pk), by=world.lena.actor, now=NOW)
    assert [one["text"] for one in copy_of(world, made)["events"]] == ["later words"]


# Clock --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("came", "due", "latest"),
    [
        (datetime(2026, 3, 2, 9, tzinfo=UTC), (4, 2), (6, 2)),
        (datetime(2026, 1, 30, 23, tzinfo=UTC), (3, 2), (4, 30)),  # 28 February is a Saturday
        (datetime(2028, 1, 31, 1, tzinfo=UTC), (2, 29), (5, 1)),  # 30 April 2028 is a Sunday
    ],
)
def test_one_month_and_two_more(
    world: World, came: datetime, due: tuple[int, int], latest: tuple[int, int]
) -> None:
    made = enter(world, now=came + timedelta(hours=1), received_at=came)
    (clock,) = deadlines_of(f"data_request:{made.pk}")
    last = clock.due_at - timedelta(seconds=1)
    assert (last.month, last.day) == due
    requests.extend(str(made.pk), because="Very much was posted.", by=world.amal.actor, now=came + 20 * DAY)
    (clock,) = deadlines_of(f"data_request:{made.pk}")
    last = clock.due_at - timedelta(seconds=1)  # to the last hour, on no weekend, as the first month
    assert (last.month, last.day) == latest
    assert clock.due_at > clock.started_at + 85 * DAY


def test_an_extension_has_a_reason_that_the_person_reads_comes_in_time_and_once(world: World) -> None:
    made = enter(world)
    number = str(made.pk)
    with pytest.raises(RequestError, match="say why"):
        requests.extend(number, because=" ", by=world.amal.actor, now=NOW)
    requests.extend(number, because="Very much was posted.", by=world.amal.actor, now=NOW + 5 * DAY)
    assert "Very much was posted." in json.dumps(Effect.objects.get(kind="data_request.answer").payload)
    with pytest.raises(RequestError, match="once"):
        requests.extend(number, because="More.", by=world.amal.actor, now=NOW + 6 * DAY)
    late = enter(world, account="u5")
    with pytest.raises(RequestError, match="first month"):
        requests.extend(str(late.pk), because="Late.", by=world.amal.actor, now=NOW + 40 * DAY)


def test_a_missed_month_is_recorded(world: World) -> None:
    made = enter(world)
    assert [d.subject for d in deadlines.missed(now=NOW + 60 * DAY)] == [f"data_request:{made.pk}"]


# Erasure ------------------------------------------------------------------------------------------


def test_what_can_go_goes_and_what_stays_is_said_with_the_reason(world: World) -> None:
    """GDPR Art. 17(1), and what GDPR Art. 17(3) keeps."""
    world.post("Quillfeather was here")
    world.post("others' words", author="u2")
    case = world.case("Quillfeather again")
    world.decided(case)
    world.case("Quillfeather, still open")
    KnownItem.objects.create(digest="d" * 32, platform=scene.PLATFORM, item_kind="post", item_id="p1", seq=1)
    made = prepared(world, "erasure")
    assert made.outcome["erased"]["events"] == 1
    assert made.outcome["erased"]["cases"] == 1
    assert {"kind": "statements", "count": 1, "why": "law"} in made.outcome["kept"]
    assert {"kind": "cases", "count": 1, "why": "open"} in made.outcome["kept"]
    case.refresh_from_db()
    assert "Quillfeather" in case.excerpt  # nothing is touched before it is released
    requests.release(str(made.pk), by=world.lena.actor, now=NOW)
    serve(world)
    made.refresh_from_db()
    case.refresh_from_db()
    assert made.state == RequestState.WAITING  # for the case that is open
    assert case.excerpt == case.search_text == case.author_email == ""
    assert not Evidence.objects.filter(case=case).exists()
    assert [r.id for r in world.events.read(0, 9)] == [world.events.read(1, 1)[0].id]
    assert not KnownItem.objects.exists()
    assert Case.objects.filter(excerpt="Quillfeather, still open").exists()
    letter = json.dumps(Effect.objects.get(kind="data_request.answer").payload)
    assert "Your data were erased" in letter
    assert "the law obliges us" in letter
    assert "supervisory authority" in letter
    assert list(verify_chain()) == []


def test_what_is_being_decided_goes_when_it_is_decided_and_the_person_is_told_again(world: World) -> None:
    """GDPR Art. 12(3), GDPR Art. 17(1), GDPR Art. 19."""
    case = world.case("Quillfeather, still open")
    made = released(world, "erasure")
    assert (made.state, made.working, made.closed_at) == (RequestState.WAITING, False, None)
    assert made.outcome["kept"] == [{"kind": "cases", "count": 1, "why": "open"}]
    (clock,) = deadlines_of(f"data_request:{made.pk}")
    assert clock.met_at == NOW  # the person knows what was done, within the month
    told = json.dumps(Effect.objects.get(kind="data_request.answer").payload)
    assert "erased when that is over, and then we write to you again" in told
    assert len(facts_of(f"data_request:{made.pk}", FactKind.DATA_REQUEST_WAITS)) == 1
    assert serve(world, now=NOW + 40 * DAY) == 0  # nothing to do as long as it is open
    for late in (requests.extend, requests.refuse):
        more = {"because": "r"} if late is requests.extend else {"ground": "claims", "text": "r"}
        with pytest.raises(RequestError, match="closed"):
            late(str(made.pk), by=world.amal.actor, now=NOW, **more)  # type: ignore[operator]
    decided = world.decided(case, at=NOW + 40 * DAY)
    assert serve(world, now=NOW + 40 * DAY) == 0  # the statement of reasons is on its way
    Effect.objects.filter(kind="statement.issued").update(state="delivered", delivered_at=NOW + 40 * DAY)
    Effect.objects.filter(kind="measure.apply").update(state="confirmed", delivered_at=NOW + 40 * DAY)
    assert serve(world, now=NOW + 40 * DAY) > 0
    made.refresh_from_db()
    case.refresh_from_db()
    decided.refresh_from_db()
    assert (made.state, made.closed_at) == (RequestState.ANSWERED, NOW + 40 * DAY)
    assert case.excerpt == case.search_text == case.author_email == ""
    assert not Evidence.objects.filter(case=case).exists()
    letters = Effect.objects.filter(kind="data_request.answer").order_by("created_at")
    assert [one.key.rpartition(":")[2] for one in letters] == ["waits", "answer"]
    assert made.outcome["erased"]["cases"] == 1
    assert all(one["why"] == "law" for one in made.outcome["kept"])
    sent = Effect.objects.filter(kind__in=["statement.issued", "measure.apply"])
    assert sent.exists()
    assert not sent.exclude(payload={}).exists()  # the address of the person was in them
    assert list(verify_chain()) == []


def test_a_message_that_can_t_be_handed_over_delays_for_a_day_and_no_longer(world: World) -> None:
    case = world.case("Quillfeather, still open")
    made = released(world, "erasure")
    world.decided(case)
    assert serve(world, now=NOW + DAY / 2) == 0
    assert serve(world, now=NOW + 2 * DAY) > 0
    made.refresh_from_db()
    assert made.state == RequestState.ANSWERED


def test_a_decision_that_can_be_undone_keeps_its_case_and_so_does_a_complaint(world: World) -> None:
    case = world.case("Quillfeather")
    pending = decide(
        case.pk, by=world.amal.actor, now=NOW, undo_seconds=60, outcome=Outcome.NO_VIOLATION,
    )  # fmt: skip
    made = released(world, "erasure")
    case.refresh_from_db()
    assert (made.state, case.excerpt) == (RequestState.WAITING, "Quillfeather")
    finalise_due(NOW + DAY)
    complaint = Complaint.objects.create(
        token="t", decision=pending, complainant="notifier", text="It is vile", language="en", state="open",
        received_at=NOW, due_at=NOW,
    )  # fmt: skip
    assert serve(world, now=NOW + DAY) == 0
    Complaint.objects.filter(pk=complaint.pk).update(state="denied", decided_at=NOW + DAY)
    assert serve(world, now=NOW + DAY) > 0
    made.refresh_from_db()
    case.refresh_from_db()
    assert (made.state, case.excerpt) == (RequestState.ANSWERED, "")


def test_a_notifier_is_forgotten_when_the_notice_is_answered(world: World) -> None:
    notice = world.notice("It hurts", notifier="u1", name="Una")
    world.hand_over()
    made = released(world, "erasure")
    assert {"kind": "notifiers", "count": 1, "why": "open"} in made.outcome["kept"]
    assert Notice.objects.get().name == "Una"
    notice.items.update(answered_at=NOW)
    serve(world)
    made.refresh_from_db()
    assert (made.state, Notice.objects.get().name) == (RequestState.ANSWERED, "")


def test_a_hold_wins_over_a_request(world: World) -> None:
    world.post("held words")
    case = world.case("held case")
    world.decided(case)
    holds.place("account:maydan/u1", reason="r", until=NOW + 90 * DAY, by=world.amal.actor, now=NOW)
    made = released(world, "erasure")
    assert made.outcome["erased"] == {}
    assert {"kind": "events", "count": 1, "why": "held"} in made.outcome["kept"]
    case.refresh_from_db()
    assert case.excerpt == "held case"
    assert len(world.events.read(0, 9)) == 1


def test_a_hold_that_comes_after_the_release_still_wins(world: World) -> None:
    world.post("held words")
    made = prepared(world, "erasure")
    requests.release(str(made.pk), by=world.lena.actor, now=NOW)
    holds.place("item:maydan/post/p1", reason="r", until=NOW + 90 * DAY, by=world.amal.actor, now=NOW)
    serve(world)
    assert len(world.events.read(0, 9)) == 1


def test_what_is_posted_between_search_and_erasure_goes_too(world: World) -> None:
    world.post("first")
    made = prepared(world, "erasure")
    world.post("second")
    requests.release(str(made.pk), by=world.lena.actor, now=NOW)
    serve(world)
    assert world.events.read(0, 9) == []
    made.refresh_from_db()
    assert made.outcome["erased"]["events"] == 2


def test_a_notifier_s_name_goes_and_the_notice_stays(world: World) -> None:
    notice = world.notice("It hurts", notifier="u1", name="Una")
    notice.items.update(answered_at=NOW)
    world.hand_over()
    released(world, "erasure")
    notice = Notice.objects.get()
    assert (notice.name, notice.notifier, notice.explanation) == ("", "", "It hurts")


def test_killed_in_the_middle_it_goes_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from hakam.privacy import erasing  # noqa: PLC0415 -- only here

    for n in range(4):
        world.post(f"words {n}")
        world.decided(world.case(f"case {n}"))
    made = prepared(world, "erasure")
    requests.release(str(made.pk), by=world.lena.actor, now=NOW)
    real, calls = erasing.record, [0]

    def dying(*args: Any, **given: Any) -> None:
        calls[0] += 1
        if calls[0] in {1, 3}:
            raise RuntimeError("killed")
        real(*args, **given)

    monkeypatch.setattr(erasing, "record", dying)
    for _attempt in range(3):
        try:
            serve(world)
        except RuntimeError:
            continue
    made.refresh_from_db()
    assert made.state == RequestState.ANSWERED
    assert (made.outcome["erased"]["events"], made.outcome["erased"]["cases"]) == (4, 4)
    assert not Evidence.objects.exists()
    assert list(verify_chain()) == []


def test_after_a_back_up_it_is_known_who_was_erased(world: World) -> None:
    released(world, "erasure")
    pairs = [("maydan", "u1"), ("maydan", "u2")]
    assert account_erasure.erased_before(SECRET, pairs) == [("maydan", "u1")]
    assert account_erasure.erased_before("another key", pairs) == []
    assert "u1" not in Erasure.objects.get().digest
    register = world.folder / "erased.txt"
    assert "u1" not in register.read_text()
    Erasure.objects.all().delete()  # the back-up that is put back knows nothing of it; the file does
    assert account_erasure.erased_before(SECRET, pairs) == []
    assert account_erasure.erased_before(SECRET, pairs, register=register) == [("maydan", "u1")]


def test_what_a_back_up_brought_back_is_erased_again(world: World) -> None:
    released(world, "erasure")
    Erasure.objects.all().delete()
    world.post("back again")
    world.post("never erased", author="u2")
    case = world.case("back as well")
    world.decided(case)
    assert account_erasure.again(world.stores, secret=SECRET, now=NOW) == 1
    assert account_erasure.again(world.stores, secret=SECRET, now=NOW) == 0  # it is being done
    serve(world)
    case.refresh_from_db()
    assert case.excerpt == ""
    assert [r.raw.count(b"never erased") for r in world.events.read(0, 9)] == [1]
    assert account_erasure.again(world.stores, secret=SECRET, now=NOW) == 0


# Refusal, correction ------------------------------------------------------------------------------


def test_a_refusal_names_its_ground_and_the_ways_to_object(world: World) -> None:
    made = enter(world, "erasure", language="ar")
    number = str(made.pk)
    with pytest.raises(RequestError, match="ground"):
        requests.refuse(number, ground="others", text="No.", by=world.amal.actor, now=NOW)
    with pytest.raises(RequestError, match="say why"):
        requests.refuse(number, ground="claims", text="", by=world.amal.actor, now=NOW)
    requests.refuse(number, ground="claims", text="دعوى قائمة.", by=world.amal.actor, now=NOW)
    letter = Effect.objects.get(kind="data_request.answer").payload
    text = json.dumps(letter, ensure_ascii=False)
    assert letter["language"] == "ar"
    assert "دعوى قائمة." in text
    assert "17(3)(e)" in text
    assert "Legal claims" not in text
    (fact,) = facts_of(f"data_request:{number}", FactKind.DATA_REQUEST_REFUSED)
    assert body_of(fact)["ground"] == "claims"
    assert [c.met_at for c in deadlines_of(f"data_request:{number}")] == [NOW]
    with pytest.raises(RequestError, match="closed"):
        requests.identify(number, how="x", by=world.amal.actor, now=NOW)


@pytest.mark.parametrize("kind", list(RequestKind))
def test_each_kind_has_grounds_and_identity_is_always_one(kind: RequestKind) -> None:
    grounds = requests.grounds_of(kind)
    assert RefusalGround.UNIDENTIFIED in grounds
    assert (RefusalGround.OBLIGATION in grounds) is (kind in {"erasure", "rectification"})


@pytest.mark.parametrize("kind", ["rectification", "objection"])
def test_a_correction_or_objection_is_answered(world: World, kind: str) -> None:
    with pytest.raises(RequestError, match="write down"):
        enter(world, kind)
    made = enter(world, kind, words="My name is Una.")
    requests.identify(str(made.pk), how="Signed in.", by=world.amal.actor, now=NOW)
    assert serve(world) == 0
    with pytest.raises(RequestError, match="say what"):
        requests.answer(str(made.pk), text="", by=world.amal.actor, now=NOW)
    requests.answer(str(made.pk), text="Corrected.", by=world.amal.actor, now=NOW)
    made.refresh_from_db()
    assert made.state == RequestState.ANSWERED
    assert "Corrected." in json.dumps(Effect.objects.get(kind="data_request.answer").payload)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"kind": "nothing"}, "what the person"),
        ({"account": " "}, "name the account"),
        ({"account": "x" * 600}, "name the account"),
        ({"platform": ""}, "name the account"),
        ({"email": "nowhere"}, "e-mail"),
        ({"received_at": NOW + DAY}, "future"),
    ],
)
def test_what_is_no_request_is_refused(world: World, given: dict[str, Any], said: str) -> None:
    with pytest.raises(RequestError, match=said):
        enter(world, **given)
    assert not Subject.objects.exists()


def test_steps_out_of_order_are_refused(world: World) -> None:
    made = enter(world)
    number = str(made.pk)
    with pytest.raises(RequestError, match="not that far"):
        requests.release(number, by=world.amal.actor, now=NOW)
    with pytest.raises(RequestError, match="prepared and released"):
        requests.answer(number, text="x", by=world.amal.actor, now=NOW)
    with pytest.raises(RequestError, match="say how"):
        requests.identify(number, how="", by=world.amal.actor, now=NOW)
    with pytest.raises(RequestError, match="no such"):
        requests.identify("00000000-0000-4000-8000-000000000000", how="x", by=world.amal.actor, now=NOW)
    requests.identify(number, how="Signed in.", by=world.amal.actor, now=NOW)
    with pytest.raises(RequestError, match="not that far"):
        requests.identify(number, how="Again.", by=world.amal.actor, now=NOW)
    with pytest.raises(RequestError, match="nothing is prepared"):
        requests.look_at(number, vault=world.vault, by=world.amal.actor, now=NOW)


def test_open_requests_come_first_and_without_an_address_no_letter_leaves(world: World) -> None:
    old = released(world, email="", account="u8")
    young = enter(world, account="u9")
    assert [one.pk for one in requests.listed()] == [young.pk, old.pk]
    assert not Effect.objects.filter(kind="data_request.answer").exists()
