"""A rule whose quota is used up, on the page of the rules."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone
from tests.console.conftest import SignIn, Stored

from hakam.compliance import rulebook
from hakam.compliance.models import RulebookDraft, RulebookVersion
from hakam.console.desk.asked import missed_by
from hakam.console.installation import vault
from hakam.intake import events
from hakam.policy.pack import load_pack
from hakam.policy.quarantine import OVERRAN, OverranError, why
from hakam.review import releases, trips
from hakam.review.models import RuleTrip
from hakam.staff.roles import Role
from hakam.storage.event_log import Entry
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.verdict import Aside


def said(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


@pytest.fixture
def tripped(book: RulebookVersion) -> RuleTrip:
    with transaction.atomic():
        trips.note(["known-spam"], pack=rulebook.ref_of(book), now=timezone.now())
    return RuleTrip.objects.get(kind="quota")


def test_it_stands_above_the_rules_and_counts_in_the_navigation(sign_in: SignIn, tripped: RuleTrip) -> None:
    answer = said(sign_in(Role.POLICY_LEAD).get("/desk/rules"))
    assert 'data-trip="known-spam"' in answer
    assert "asked for people instead" in answer
    assert "rules whose quota is used up" in answer


def test_who_may_change_rules_settles_it_with_words(sign_in: SignIn, tripped: RuleTrip) -> None:
    lead = sign_in(Role.POLICY_LEAD)
    url = f"/desk/rules/trips/{tripped.pk}"
    assert "Say what you make of it" in said(lead.post(url, {"because": ""}, follow=True))
    answer = said(lead.post(url, {"because": "a raid"}, follow=True))
    assert "data-trip" not in answer
    assert "a raid" in answer
    assert "the-policy-lead" in answer


@pytest.fixture
def held(book: RulebookVersion) -> RuleTrip:
    """Return the breaker of a rule in force whose quota of an hour is used up since a moment."""
    files = {
        **book.files,
        "pack.yaml": book.files["pack.yaml"].replace("1.0.0", "1.1.0"),
        "rules.yaml": scene.PACK["rules.yaml"] + "  quota: {hour: 3}\n",
    }
    now = timezone.now()
    fresh = rulebook.publish(files, by=SYSTEM, now=now)
    rule = load_pack(files).pack
    assert rule is not None
    with transaction.atomic():
        trips.note([rule.rules[0].id], pack=rulebook.ref_of(fresh), now=now)
    return RuleTrip.objects.get(kind="quota")


def test_after_it_was_looked_after_the_page_still_says_that_it_only_asks(
    sign_in: SignIn, held: RuleTrip
) -> None:
    lead = sign_in(Role.POLICY_LEAD)
    answer = said(lead.get("/desk/rules"))
    assert "It still does, at the latest until" in answer
    assert "data-held-rule" in answer
    answer = said(lead.post(f"/desk/rules/trips/{held.pk}", {"because": "a raid"}, follow=True))
    assert "data-trip" not in answer
    assert f'data-held="{held.rule}"' in answer
    assert "it only asks for people, at the latest until" in answer
    assert answer.count("a raid") == 2
    RuleTrip.objects.update(held_until=timezone.now())
    answer = said(lead.get("/desk/rules"))
    assert "data-held" not in answer
    assert "a raid" in answer


def test_an_earlier_version_tells_nothing_of_what_is_held_back_now(
    sign_in: SignIn, book: RulebookVersion, held: RuleTrip
) -> None:
    answer = said(sign_in(Role.POLICY_LEAD).get(f"/desk/rules?version={book.version}"))
    assert "data-held-rule" not in answer
    assert (
        f'data-trip="{held.rule}"' in answer
    )  # the breaker is of the version in force, and says so there too
    assert "It still does, at the latest until" in answer
    assert "It no longer does" not in answer
    assert answer.index('data-form="go-back"') < answer.index("Lists</h2>")  # in sight, when it is urgent


def test_others_read_it_without_a_form(sign_in: SignIn, tripped: RuleTrip) -> None:
    answer = said(sign_in(Role.MODERATOR).get("/desk/rules"))
    assert "data-trip" in answer
    assert "/desk/rules/trips/" not in answer


def test_it_reads_in_arabic(sign_in: SignIn, tripped: RuleTrip) -> None:
    assert "نفدت حصة قاعدة" in said(sign_in(Role.POLICY_LEAD, language="ar").get("/desk/rules"))


@pytest.fixture
def put_aside(book: RulebookVersion) -> RuleTrip:
    now = timezone.now()
    with transaction.atomic():
        trips.note_aside(
            {"known-spam": Aside("it failed with ValueError", now.timestamp())},
            pack=rulebook.ref_of(book),
            events=12,
            now=now,
        )
    return RuleTrip.objects.get(kind="aside")


def test_a_rule_put_aside_stands_first_with_why(
    sign_in: SignIn, tripped: RuleTrip, put_aside: RuleTrip
) -> None:
    answer = said(sign_in(Role.POLICY_LEAD).get("/desk/rules"))
    assert answer.index('data-aside="known-spam"') < answer.index('data-trip="known-spam"')
    assert "it failed with <code>ValueError</code>" in answer
    assert '<span class="num">12</span> events were judged without it' in answer
    assert "rules that are put aside" in answer
    at_the_rule = answer[answer.index('id="rule-known-spam"') :]
    assert "It is put aside: it is not asked any more" in at_the_rule


@pytest.mark.parametrize("language", ["en", "ar"])
def test_another_version_in_force_asks_it_again_and_the_page_says_so(
    sign_in: SignIn, book: RulebookVersion, put_aside: RuleTrip, language: str
) -> None:
    lead = sign_in(Role.POLICY_LEAD, language=language)
    assert "data-standing" in said(lead.get("/desk/rules"))
    files = {**book.files, "pack.yaml": book.files["pack.yaml"].replace("1.0.0", "1.1.0")}
    rulebook.publish(files, by=SYSTEM, now=timezone.now())
    answer = said(lead.get("/desk/rules"))
    assert 'data-aside="known-spam"' in answer
    assert "data-standing" not in answer
    assert "data-aside-rule" not in answer
    assert {"en": "which asks it again if it has it", "ar": "يسألها من جديد"}[language] in answer
    answer = said(lead.post(f"/desk/rules/trips/{put_aside.pk}", {"because": "mended"}, follow=True))
    assert "data-aside" not in answer


def failing(log: Stored, *, failed: bool = False, aside: bool = False) -> None:
    """Let somebody post what is judged without a rule."""
    log.post("hello", ago=5.0)
    record = log.log.read(log.log.last_seq() - 1, 1)[0]
    said = msgspec.structs.replace(
        scene.verdict([]),
        quarantined=("known-spam",) if failed else (),
        aside={"known-spam": Aside("it failed with ValueError", timezone.now().timestamp())} if aside else {},
    )
    entry = Entry(record.platform, f"{record.id}-again", record.at, record.raw, b'{"signals":{}}',
                  msgspec.json.encode(said))  # fmt: skip
    log.log.append([entry])


@pytest.mark.parametrize(
    ("language", "words", "chosen"),
    [("en", "Look at them", "it failed or was put aside"), ("ar", "الاطلاع عليها", "أخفقت أو نُحّيت")],
)
def test_the_events_without_it_can_be_looked_at(
    sign_in: SignIn, stored: Stored, language: str, words: str, chosen: str
) -> None:
    for _n in range(5):
        failing(stored, failed=True)
    for _n in range(2):
        failing(stored, aside=True)
    while events.consume(stored.log, vault=vault(), now=timezone.now(), limit=4):
        pass
    lead = sign_in(Role.POLICY_LEAD, language=language)
    answer = said(lead.get("/desk/rules"))
    panel = answer[answer.index("data-aside=") :]
    link = re.search(f'<a href="([^"]+)">{words}</a>', panel)
    assert link is not None
    page = said(lead.get(html.unescape(link[1])))
    assert 'data-matched="7"' in page
    assert f'<option value="missed" selected>{chosen}</option>' in page
    (trip,) = trips.unseen()
    assert trip.events == 7
    lead.post(f"/desk/rules/trips/{trip.pk}", {"because": "mended"})
    answer = said(lead.get("/desk/rules"))
    assert "data-aside" not in answer
    assert f'href="{link[1]}"' in answer  # also after somebody looked after it


def test_who_may_not_ask_the_log_gets_no_link(sign_in: SignIn, put_aside: RuleTrip) -> None:
    answer = said(sign_in(Role.MODERATOR).get("/desk/rules"))
    assert "data-aside" in answer
    assert "/desk/investigate?" not in answer


def test_what_a_rule_against_abuse_of_children_missed_is_for_child_safety(
    sign_in: SignIn, book: RulebookVersion
) -> None:
    rules = (
        book.files["rules.yaml"] + "- rule: hurt\n  policy: child-abuse\n  stage: live\n"
        '  when: word(text.folded, "small")\n  then: [review(queue="child-safety")]\n'
    )
    fresh = scene.publish(
        {**book.files, "pack.yaml": book.files["pack.yaml"].replace("1.0.0", "1.1.0"), "rules.yaml": rules}
    )
    aside = Aside("it failed with ValueError", timezone.now().timestamp())
    with transaction.atomic():
        pack = rulebook.ref_of(fresh)
        trips.note_aside({"hurt": aside, "known-spam": aside}, pack=pack, events=1, now=timezone.now())
    for role, links in ((Role.POLICY_LEAD, ["known-spam"]), (Role.CHILD_SAFETY, ["known-spam", "hurt"])):
        answer = said(sign_in(role).get("/desk/rules"))
        assert 'data-aside="hurt"' in answer
        led = re.findall(r"/desk/investigate\?[^\"]*rule=([\w-]+)", answer)
        assert sorted(led) == sorted(links)


@pytest.mark.parametrize(
    ("ago", "span"),
    [(timedelta(minutes=5), "1h"), (timedelta(hours=2), "24h"), (timedelta(days=40), "90d"),
     (timedelta(days=400), "all")],
)  # fmt: skip
def test_the_link_looks_back_as_far_as_it_must(ago: timedelta, span: str) -> None:
    now = timezone.now()
    form = missed_by("known-spam", now - ago, now)
    assert (form.rule, form.stage, form.span) == ("known-spam", "missed", span)


def test_who_may_change_rules_takes_it_back_with_words(sign_in: SignIn, put_aside: RuleTrip) -> None:
    lead = sign_in(Role.POLICY_LEAD)
    url = f"/desk/rules/trips/{put_aside.pk}"
    assert 'data-aside="known-spam"' in said(lead.post(url, {"because": " "}, follow=True))
    answer = said(lead.post(url, {"because": "the list was empty"}, follow=True))
    assert "data-aside" not in answer  # neither on top nor at the rule
    assert "the list was empty" in answer
    assert set(trips.taken_back()) == {"known-spam"}


def test_others_read_why_without_a_form(sign_in: SignIn, put_aside: RuleTrip) -> None:
    answer = said(sign_in(Role.MODERATOR).get("/desk/rules"))
    assert 'data-aside="known-spam"' in answer
    assert "/desk/rules/trips/" not in answer


def test_a_rule_put_aside_reads_in_arabic(sign_in: SignIn, put_aside: RuleTrip) -> None:
    answer = said(sign_in(Role.POLICY_LEAD, language="ar").get("/desk/rules"))
    assert "نُحّيت قاعدة" in answer
    assert 'قُيّم <span class="num">12</span> حدثًا من دونها' in answer

    assert "أخفقت بالخطأ <code>ValueError</code>" in answer
    assert "it failed" not in answer


@pytest.mark.parametrize(
    ("language", "told"),
    [("en", OVERRAN), ("ar", "استغرقت من وقت المعالج أكثر مما يُسمح به لحدث")],
)
def test_a_rule_that_took_too_long_reads_in_both(
    sign_in: SignIn, put_aside: RuleTrip, language: str, told: str
) -> None:
    RuleTrip.objects.update(why=why(OverranError()))
    assert told in said(sign_in(Role.POLICY_LEAD, language=language).get("/desk/rules"))


def test_asking_again_says_so_and_each_refusal_what_it_is(sign_in: SignIn, put_aside: RuleTrip) -> None:
    lead = sign_in(Role.POLICY_LEAD)
    url = f"/desk/rules/trips/{put_aside.pk}"
    answer = said(lead.post(url, {"because": " "}, follow=True))
    assert "Say what you make of it." in answer
    assert "or somebody looked after it" not in answer
    assert "It is asked again." in said(lead.post(url, {"because": "mended"}, follow=True))
    answer = said(lead.post(url, {"because": "mended too"}, follow=True))
    assert "Somebody looked after it in the meantime: nothing was changed." in answer


def test_of_another_version_nothing_is_asked_again(
    sign_in: SignIn, book: RulebookVersion, put_aside: RuleTrip
) -> None:
    scene.publish({**scene.PACK, "pack.yaml": scene.PACK["pack.yaml"].replace("1.0.0", "1.0.1")})
    url = f"/desk/rules/trips/{put_aside.pk}"
    answer = said(sign_in(Role.POLICY_LEAD).post(url, {"because": "an old one"}, follow=True))
    assert "It is asked again." not in answer
    assert "Noted." in answer


QUOTA = """\
- rule: known-spam
  policy: spam
  stage: live
  quota: {hour: 2}  # small
  when: word(text.folded, "buy followers")
  then: [limit_reach(days=7), review(queue="spam")]
"""


@pytest.fixture
def limited(book: RulebookVersion) -> RuleTrip:
    """Give a tripped rule whose quota stands in the pack."""
    pack = scene.PACK["pack.yaml"].replace("1.0.0", "1.1.0")
    version = scene.publish({**scene.PACK, "pack.yaml": pack, "rules.yaml": QUOTA})
    with transaction.atomic():
        trips.note(["known-spam"], pack=rulebook.ref_of(version), now=timezone.now())
    return RuleTrip.objects.get()


def settle(client: Client, trip: RuleTrip, **more: str) -> Any:
    return client.post(f"/desk/rules/trips/{trip.pk}", {"because": "a raid", "quota": "other"} | more)


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ({"hour": "50"}, "{hour: 50}"),
        ({"day": "9"}, "{day: 9}"),
        ({"day": "٩"}, "{day: 9}"),
        ({"hour": "5", "day": "50"}, "{hour: 5, day: 50}"),
    ],
)
def test_another_quota_goes_into_a_draft_and_from_there_the_way_of_every_change(
    sign_in: SignIn, limited: RuleTrip, typed: dict[str, str], written: str
) -> None:
    lead = sign_in(Role.POLICY_LEAD)
    answer = settle(lead, limited, **typed)
    draft = RulebookDraft.objects.get()
    assert answer["Location"] == f"/desk/rules/drafts/{draft.pk}/release"
    assert f"  quota: {written}  # small\n" in draft.files["rules.yaml"]
    assert draft.files["rules.yaml"].replace(written, "{hour: 2}") == QUOTA
    limited.refresh_from_db()
    assert limited.because == "a raid"
    version = rulebook.active()
    assert version is not None
    pack = load_pack(draft.files).pack
    assert pack is not None
    assert releases.takes_two(releases.steps(rulebook.load(version), pack))


@pytest.mark.parametrize("typed", [{}, {"hour": "0"}, {"hour": "many"}, {"day": "99999999"}, {"hour": "1/2"}])
def test_what_is_no_quota_changes_nothing(sign_in: SignIn, limited: RuleTrip, typed: dict[str, str]) -> None:
    lead = sign_in(Role.POLICY_LEAD)
    settle(lead, limited, **typed)
    limited.refresh_from_db()
    assert limited.seen_at is None
    assert not RulebookDraft.objects.exists()
    answer = said(lead.get("/desk/rules"))
    assert "Nothing was changed" in answer
    assert 'name="because" dir="auto" maxlength="1000" required value="a raid"' in answer
    assert 'name="quota" value="other" checked' in answer
    assert 'name="quota" value="" checked' not in answer
    for name, value in typed.items():
        assert re.search(f'name="{name}"[^>]* value="{value}"', answer)
    assert "a raid" not in said(lead.get("/desk/rules"))  # it is shown once


def test_a_quota_that_stands_otherwise_is_left_to_the_editor(sign_in: SignIn, limited: RuleTrip) -> None:
    block = QUOTA.replace("quota: {hour: 2}  # small", "quota:\n    hour: 2")
    pack = scene.PACK["pack.yaml"].replace("1.0.0", "1.2.0")
    scene.publish({**scene.PACK, "pack.yaml": pack, "rules.yaml": block})
    settle(sign_in(Role.POLICY_LEAD), limited, hour="7")
    assert not RulebookDraft.objects.exists()
