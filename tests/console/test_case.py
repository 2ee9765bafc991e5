from __future__ import annotations

import re
from datetime import timedelta

import pytest
from tests.console.conftest import Desk, SignIn

from hakam.compliance.models import Fact
from hakam.console.desk.case import _seq
from hakam.console.installation import vault
from hakam.intake import unseen
from hakam.review import evidence, leases
from hakam.review.models import Case, CaseSource, Draft
from hakam.staff.models import User
from hakam.staff.roles import Role
from hakam.testing import scene
from hakam.vocabulary.event import Change, ContentKind, ItemRef


def screen(sign_in: SignIn, case: Case, who: User | Role = Role.MODERATOR, language: str = "en") -> str:
    answer = sign_in(who, language=language).get(f"/desk/cases/{case.pk}/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_case_shows_all_its_parts(desk: Desk, sign_in: SignIn) -> None:
    case = desk.case("You are vermin", values={"word(text.folded, list)": "vermin"})
    page = screen(sign_in, case)
    for part in ("why", "account", "signals"):
        assert f'data-part="{part}"' in page
    assert "As reported" in page
    assert "known-words" in page
    assert "Do not attack people for who they are." in page
    assert "data-bar" in page


@pytest.mark.parametrize(
    ("language", "told"), [("en", "would propose, already in force"), ("ar", "كانت ستقترح، وهو سارٍ بالفعل")]
)
def test_what_a_rule_proposes_and_is_in_force_already_is_told_apart(
    desk: Desk, sign_in: SignIn, language: str, told: str
) -> None:
    case = desk.case("You are vermin", values={"x": "vermin"})
    source = CaseSource.objects.get(case=case)
    source.summary["firings"][0]["measures"] = [
        {"kind": "limit_reach", "days": 7},
        {"kind": "suspend", "days": 3},
    ]
    source.save(update_fields=["summary"])
    assert told not in screen(sign_in, case, language=language)
    source.summary["in_force"] = [{"kind": "limit_reach", "days": 7}]
    source.save(update_fields=["summary"])
    page = screen(sign_in, case, language=language)
    before, after = page.split(told, 1)
    assert "data-already" in before[-60:]
    assert after[:120].count("،") + after[:120].count(",") == 0  # one of the two measures


def test_the_words_that_matched_are_marked(desk: Desk, sign_in: SignIn) -> None:
    case = desk.case("You are VERMIN, all", values={"x": ["vermin"]})
    assert "<mark>VERMIN,</mark>" in screen(sign_in, case)


def test_invisible_characters_are_counted_and_drawn(desk: Desk, sign_in: SignIn) -> None:
    page = screen(sign_in, desk.case("a\u200bb\u202ec"))
    assert 'data-glyph="ZWSP"' in page
    assert "2" in re.findall(r"([^<>]*)</span> invisible characters", page)[0]


def test_what_people_wrote_is_text(desk: Desk, sign_in: SignIn) -> None:
    page = screen(sign_in, desk.case('<img src=x onerror="alert(1)">'))
    assert "<img" not in page
    assert "&lt;img" in page


def test_an_edit_is_shown_word_by_word(desk: Desk, sign_in: SignIn) -> None:
    case = desk.case("You are vermin")
    desk.later(case, "You are welcome")
    page = screen(sign_in, case)
    assert "It was changed since" in page
    assert "<del>vermin</del><ins>welcome</ins>" in page


def test_a_deletion_is_said_and_the_copy_stays(desk: Desk, sign_in: SignIn) -> None:
    case = desk.case("You are vermin")
    desk.later(case, "", change=Change.DELETED)
    page = screen(sign_in, case)
    assert "Its author has deleted it since" in page
    assert "You are vermin" in page


def test_the_same_firing_is_shown_once(desk: Desk, sign_in: SignIn) -> None:
    event = scene.event("You are vermin", item="same", at=desk.now)
    desk.case(values={"x": "vermin"}, event=event)
    case = desk.case(values={"x": "vermin"}, event=event)
    assert screen(sign_in, case).count('class="signal"') == 1


def test_the_account_has_a_history(desk: Desk, sign_in: SignIn, amal: User) -> None:
    first = desk.case("first", author="u9")
    desk.remove(first, amal)
    page = screen(sign_in, desk.case("second", author="u9"))
    assert "<bdi>Hate speech</bdi>" in page
    assert re.search(r'violations</dt><dd><span class="num">1</span>', page)


def test_the_clauses_are_in_the_language_of_the_page(desk: Desk, sign_in: SignIn) -> None:
    page = screen(sign_in, desk.case(), language="ar")
    assert "خطاب كراهية" in page
    assert "لا تهاجم الناس بسبب هويتهم" in page


def test_the_alleged_clause_comes_first_and_is_marked(desk: Desk, sign_in: SignIn) -> None:
    page = screen(sign_in, desk.case(clause="threat", harm="threat"))
    first = re.findall(r'name="clause" value="([^"]+)"', page)[0]
    assert first == "threat"
    assert 'class="outcome alleged"' in page


def test_the_recommended_step_is_chosen_beforehand(desk: Desk, sign_in: SignIn) -> None:
    page = screen(sign_in, desk.case())
    assert re.search(r'name="step:hate" value="0" checked data-recommended', page)


def test_an_irreversible_step_says_that_it_takes_two_and_is_never_chosen_beforehand(
    desk: Desk, sign_in: SignIn
) -> None:
    page = screen(sign_in, desk.case(clause="threat", harm="threat"))
    label = re.search(r'name="step:threat" value="3"[^>]*>(.*?)</label>', page, re.DOTALL)
    assert label is not None
    assert "takes two people" in label[1]
    assert "checked" not in label[0].partition(">")[0]


def test_the_facts_are_drafted_in_the_language_of_the_author(desk: Desk, sign_in: SignIn) -> None:
    english = screen(sign_in, desk.case("You are vermin", language="en"), language="ar")
    assert re.search(r'lang="en"[^>]*>Post of [^<]*, which says: “You are vermin”', english)
    arabic = screen(sign_in, desk.case("أنتم حشرات", language="ar"), language="en")
    assert re.search(r'lang="ar"[^>]*>منشور بتاريخ [^<]*«أنتم حشرات»', arabic)


def test_who_only_reads_sees_no_bar(desk: Desk, sign_in: SignIn) -> None:
    page = screen(sign_in, desk.case(), Role.VIEWER)
    assert "data-bar" not in page
    assert "Your role reads cases" in page


def test_a_case_that_a_colleague_holds_says_who(desk: Desk, sign_in: SignIn, amal: User, basil: User) -> None:
    case = desk.case()
    leases.take(case.pk, by=basil.actor, now=desk.now)
    page = screen(sign_in, case, amal)
    assert "data-bar" not in page
    assert "<bdi>basil</bdi> holds this case" in page


def test_looking_takes_no_lease_and_the_heartbeat_does(desk: Desk, sign_in: SignIn, amal: User) -> None:
    case = desk.case()
    client = sign_in(amal)
    client.get(f"/desk/cases/{case.pk}/")
    case.refresh_from_db()
    assert case.lease_by is None
    page = client.post(f"/desk/cases/{case.pk}/lease").content.decode()
    assert 'hx-trigger="every 60s"' in page
    assert "data-until" in page
    case.refresh_from_db()
    assert case.lease_by == amal


def test_the_heartbeat_of_the_second_shows_the_first(
    desk: Desk, sign_in: SignIn, amal: User, basil: User
) -> None:
    case = desk.case()
    leases.take(case.pk, by=basil.actor, now=desk.now)
    answer = sign_in(amal).post(f"/desk/cases/{case.pk}/lease")
    assert answer.status_code == 200
    assert "<bdi>basil</bdi>" in answer.content.decode()


def test_skipping_gives_back_and_goes_on(desk: Desk, sign_in: SignIn, amal: User) -> None:
    first, second = desk.case("one"), desk.case("two")
    leases.take(first.pk, by=amal.actor, now=desk.now)
    answer = sign_in(amal).post(f"/desk/cases/{first.pk}/skip")
    assert answer.headers["Location"] == f"/desk/cases/{second.pk}/"
    first.refresh_from_db()
    assert first.lease_by is None


def test_a_draft_survives(desk: Desk, sign_in: SignIn, amal: User) -> None:
    case = desk.case()
    client = sign_in(amal)
    given = {"clause": "hate", "step:hate": "1", "facts": "half a sentence <", "note": "n"}
    assert client.post(f"/desk/cases/{case.pk}/draft", given).content == b"saved"
    assert Draft.objects.get().body == {
        "clause": "hate",
        "step": "1",
        "facts": "half a sentence <",
        "note": "n",
    }
    page = client.get(f"/desk/cases/{case.pk}/").content.decode()
    assert "half a sentence &lt;</textarea>" in page
    assert 'data-step="1"' in page
    assert re.search(r'value="hate"[^>]* checked', page)


def test_a_draft_belongs_to_one_person(desk: Desk, sign_in: SignIn, amal: User, basil: User) -> None:
    case = desk.case()
    sign_in(amal).post(f"/desk/cases/{case.pk}/draft", {"facts": "mine alone"})
    assert "mine alone" not in sign_in(basil).get(f"/desk/cases/{case.pk}/").content.decode()


def test_raw_data_is_closed_until_somebody_opens_it_on_the_record(desk: Desk, sign_in: SignIn) -> None:
    case = desk.case("hello", email="u1@example.net")
    client = sign_in(Role.SENIOR_MODERATOR)
    assert "u1@example.net" not in client.get(f"/desk/cases/{case.pk}/").content.decode()
    assert not Fact.objects.filter(kind="personal_data.revealed").exists()
    page = client.post(f"/desk/cases/{case.pk}/raw", HTTP_HX_REQUEST="true").content.decode()
    assert "u1@example.net" in page
    assert Fact.objects.get(kind="personal_data.revealed").subject == f"case:{case.pk}"


def test_raw_data_opens_without_a_script(desk: Desk, sign_in: SignIn) -> None:
    case = desk.case("hello", email="u1@example.net")
    page = sign_in(Role.SENIOR_MODERATOR).post(f"/desk/cases/{case.pk}/raw").content.decode()
    assert "<html" in page
    assert "u1@example.net" in page


def test_looking_at_raw_data_is_no_get(desk: Desk, sign_in: SignIn) -> None:
    case = desk.case()
    assert sign_in(Role.SENIOR_MODERATOR).get(f"/desk/cases/{case.pk}/raw").status_code == 405


def test_evidence_of_child_abuse_is_opened_on_the_record(desk: Desk, sign_in: SignIn) -> None:
    case = desk.case("the words of it", clause="child-abuse", harm="csam")
    client = sign_in(Role.CHILD_SAFETY)
    assert "the words of it" not in client.get(f"/desk/cases/{case.pk}/").content.decode()
    page = client.post(f"/desk/cases/{case.pk}/evidence").content.decode()
    assert "the words of it" in page
    assert "data-veil" in page
    assert Fact.objects.filter(kind="evidence.viewed", subject=f"case:{case.pk}").count() == 1


def test_what_a_rule_saw_in_evidence_of_child_abuse_is_closed_with_it(desk: Desk, sign_in: SignIn) -> None:
    case = desk.case("the words", clause="child-abuse", harm="csam", values={"text.folded": "what it read"})
    client = sign_in(Role.CHILD_SAFETY)
    before = client.get(f"/desk/cases/{case.pk}/").content.decode()
    assert 'class="signal"' in before
    assert "what it read" not in before
    assert "what it read" in client.post(f"/desk/cases/{case.pk}/evidence").content.decode()


@pytest.mark.parametrize(
    ("harm", "veil", "veiled"),
    [
        ("hate_speech", "sensitive", False),
        ("graphic_violence", "sensitive", True),
        ("graphic_violence", "none", False),
        ("hate_speech", "all", True),
    ],
)
def test_what_may_hurt_is_veiled_as_one_prefers(
    desk: Desk, sign_in: SignIn, amal: User, *, harm: str, veil: str, veiled: bool
) -> None:
    amal.preferences = {"veil": veil}
    amal.save()
    page = screen(sign_in, desk.case(harm=harm), amal)
    assert ("data-unveil" in page) is veiled


def test_shortcuts_can_be_switched_off(desk: Desk, sign_in: SignIn, amal: User) -> None:
    assert 'data-shortcuts="on"' in screen(sign_in, desk.case(), amal)
    sign_in(amal).post("/desk/preferences", {"language": "en", "veil": "sensitive"})
    assert 'data-shortcuts="off"' in sign_in(amal).get("/desk/").content.decode()


def test_the_next_case_can_be_fetched_ahead(desk: Desk, sign_in: SignIn, amal: User) -> None:
    first, second = desk.case("one"), desk.case("two")
    client = sign_in(amal)
    page = client.get(f"/desk/cases/{first.pk}/").content.decode()
    assert f'data-upcoming="/desk/cases/{second.pk}/"' in page
    ahead = client.get(f"/desk/cases/{second.pk}/", HTTP_X_CASE_FRAGMENT="ahead")
    assert "<html" not in ahead.content.decode()
    assert ahead.headers["X-Upcoming"] == f"/desk/cases/{first.pk}/"
    second.refresh_from_db()
    assert second.lease_by is None


def test_a_decided_case_is_closed(desk: Desk, sign_in: SignIn, amal: User) -> None:
    case = desk.case()
    desk.keep(case, amal)
    page = screen(sign_in, case)
    assert "This case is closed." in page
    assert "data-bar" not in page


def test_an_overdue_case_is_said_to_be(desk: Desk, sign_in: SignIn) -> None:
    case = desk.case()
    Case.objects.filter(pk=case.pk).update(due_at=desk.now - timedelta(hours=3))
    assert "overdue by 3 h" in screen(sign_in, case)


def test_the_drafted_facts_quote_a_post_that_turns_text_around_with_its_controls_written_out(
    desk: Desk, sign_in: SignIn
) -> None:
    case = desk.case("Open photo_\u202egpj.exe \u2067now")
    page = sign_in().get(f"/desk/cases/{case.pk}/").content.decode()
    facts = re.search(r"<textarea[^>]*>([^<]*)</textarea>", page)
    assert facts is not None
    assert "photo_[RLO]gpj.exe [RLI]now" in facts[1]


def test_typed_facts_reach_the_statement_without_controls_of_direction(desk: Desk, amal: User) -> None:
    decided = desk.remove(desk.case(), amal, facts="It says \u202evermin.")
    assert desk.statement(decided).reasons["facts"] == "It says [RLO]vermin."


def test_known_frames_of_a_clip_are_shown_with_their_times_and_blurred(desk: Desk, sign_in: SignIn) -> None:
    case = desk.frames(desk.case("see this"))
    page = screen(sign_in, case)
    strip = page.split('data-strip="attack"')[1].split("</section>")[0]
    assert "data-veil" in strip  # whatever one prefers of texts
    assert strip.count('src="data:image/jpeg;base64,') == 2
    assert ["0:01" in strip, "1:11" in strip, 'alt="Frame at 1:11"' in strip] == [True] * 3


def test_a_strip_that_can_t_be_read_does_not_hide_the_case(desk: Desk, sign_in: SignIn) -> None:
    case = desk.case("see this")
    copy = evidence.freeze(vault(), b"no strip", evidence.EvidenceKind.MEDIA)
    evidence.keep(case, copy, now=desk.now, pack="")
    assert "data-strip" not in screen(sign_in, case)


def test_frames_of_a_closed_case_stay_closed(desk: Desk, sign_in: SignIn) -> None:
    case = desk.frames(desk.case("see this"))
    Case.objects.filter(pk=case.pk).update(restricted=True)
    page = screen(sign_in, case, Role.CHILD_SAFETY)
    assert "the copies are closed" in page
    assert "data:image/jpeg" not in page


@pytest.mark.parametrize(
    ("proof", "said"),
    [("proven", "Proven: this message was sent so"), ("not_this_message", "the message sent was another")],
)
def test_a_message_that_was_opened_says_whether_it_is_proven(
    desk: Desk, sign_in: SignIn, proof: str, said: str
) -> None:
    case = desk.case("I will find you", clause="threat", harm="threat")
    CaseSource.objects.filter(case=case).update(summary={"harm": "threat", "proof": proof})
    page = screen(sign_in, case)
    assert f'data-proof="{proof}"' in page
    assert said in page
    CaseSource.objects.filter(case=case).update(summary={"harm": "threat"})
    assert "data-proof" not in screen(sign_in, case)


def test_what_was_read_in_a_picture_is_shown_apart_with_what_the_rule_saw_marked(
    desk: Desk, sign_in: SignIn
) -> None:
    seen = {'word(text.folded, "buy followers")': "buy followers"}
    case = desk.written(desk.case("see this", values=seen), "BUY FOLLOWERS\nNOW", "اشتر المتابعين")
    page = screen(sign_in, case)
    first, second = (page.split(f'data-writing="{n}"')[1].split("</h2>")[1].split("</code>")[0] for n in "12")
    assert "FOLLOWERS" in first
    assert "tesseract 5.3.0 (eng+ara)" in first
    assert "misreads letters" in first
    assert ['dir="auto"' in second, "اشتر المتابعين" in second] == [True, True]
    assert page.count("data-version=") == 1  # it is no version of the item


def test_what_was_read_can_hold_no_markup_and_what_can_t_be_read_hides_nothing(
    desk: Desk, sign_in: SignIn
) -> None:
    case = desk.written(desk.case("see this"), "<script>alert(1)</script>")
    copy = evidence.freeze(vault(), b"no writing", evidence.EvidenceKind.WRITING)
    evidence.keep(case, copy, now=desk.now, pack="")
    page = screen(sign_in, case)
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_what_was_read_of_a_closed_case_stays_closed(desk: Desk, sign_in: SignIn) -> None:
    case = desk.written(desk.case("see this"), "read in it")
    Case.objects.filter(pk=case.pk).update(restricted=True)
    assert "read in it" not in screen(sign_in, case, Role.CHILD_SAFETY)


@pytest.mark.parametrize(("language", "word"), [("en", "religion"), ("ar", "الدين")])
def test_whom_hate_is_aimed_at_is_shown(desk: Desk, sign_in: SignIn, language: str, word: str) -> None:
    case = desk.case("all muslims are filthy vermin and should be thrown out", values={"x": "vermin"})
    page = screen(sign_in, case, language=language)
    (aims,) = re.findall(r"data-aims>.*?</dl>", page, re.DOTALL)
    assert word in aims
    assert re.search(r"0[.,٫]\d\d", aims) or "٠" in aims


def test_a_text_that_is_not_hateful_is_aimed_at_nobody(desk: Desk, sign_in: SignIn) -> None:
    case = desk.case("buy followers, cheap", values={"x": "buy"})
    Case.objects.filter(pk=case.pk).update(harm="spam")
    assert "data-aims" not in screen(sign_in, case)


@pytest.mark.parametrize(
    ("ref", "seq"), [("event:7", 7), ("event:7/attack", 7), ("event:7/picture", None), ("notice:7", None)]
)
def test_why_is_asked_of_the_record_that_a_rule_judged(ref: str, seq: int | None) -> None:
    assert _seq(ref) == seq


@pytest.mark.parametrize(
    ("language", "told", "why"),
    [
        ("en", "It could not be looked at", "there was no time to read it"),
        ("ar", "تعذّر فحصه", "لم يتسع الوقت لقراءته"),
    ],
)
def test_what_could_not_be_looked_at_is_said_with_its_reason(
    desk: Desk, sign_in: SignIn, *, language: str, told: str, why: str
) -> None:
    event = scene.event(kind=ContentKind.LIVE_SEGMENT)
    copy = evidence.freeze(vault(), scene.raw(event))
    said = {"media 2": "took too long: more than 60 seconds", "media 1": "out of this world"}
    case = unseen.ask(scene.ref(event), said, queue="banks", seq=1, now=scene.NOW, snapshot=copy, event=event)
    assert case is not None
    page = screen(sign_in, case, language=language)
    part = page.split("data-unseen")[1].split("</div></div></div>")[0]
    assert told in part
    assert f'{why} <bdi dir="ltr" class="quiet">more than 60 seconds</bdi>' in part
    assert part.index("out of this world") < part.index(why)  # the first file first
    assert "data-unseen" not in screen(sign_in, desk.case("hello"), language=language)


def test_a_stream_that_could_not_be_read_is_no_reported_address(desk: Desk, sign_in: SignIn) -> None:
    assert desk is not None
    item = ItemRef(scene.PLATFORM, ContentKind.LIVE_START.value, "s1")
    case = unseen.ask(
        item,
        {"stream": "the stream can't be read; trying again"},
        queue="live",
        seq=0,
        now=scene.NOW,
        item_url="https://forum.example/live/1",
    )
    assert case is not None
    page = screen(sign_in, case)
    assert "The stream can&#x27;t be read; trying again." in page
    assert "https://forum.example/live/1" in page.split("data-unseen")[1]
    assert "only an address was reported" not in page
