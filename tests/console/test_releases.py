"""Rolling rules out at the desk: stage by stage, with a second person, and back with one form."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from tests.console.conftest import SignIn

from hakam.compliance import drafts, rulebook
from hakam.compliance.models import RulebookDraft, RulebookVersion
from hakam.review import trials
from hakam.review.models import Release
from hakam.staff.models import User
from hakam.staff.roles import Role
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM

MORE = """\
- rule: vermin
  policy: hate
  stage: shadow
  when: word(text.folded, "vermin")
  then: [review(queue="hate")]
"""
TRYING = {
    "params.yaml": "- {param: most, type: number, default: 10, least: 2, most: 50}\n",
    "tuned.yaml": "staged: {most: {value: 5, stage: shadow}}\n",
    "rules/more.yaml": """\
- rule: many
  policy: spam
  stage: live
  when: len(item.mentions) >= params.most
  then: [label("spam")]
""",
}


@pytest.fixture
def draft(book: RulebookVersion) -> RulebookDraft:
    made = drafts.begin("Vermin", by=SYSTEM, now=timezone.now())
    return drafts.save(made.pk, path="rules/more.yaml", text=MORE, seen=0, by=SYSTEM, now=timezone.now())


@pytest.fixture
def lead(sign_in: SignIn) -> Client:
    return sign_in(Role.POLICY_LEAD)


@pytest.fixture
def second(sign_in: SignIn, db: None) -> Client:
    return sign_in(scene.person("second", Role.POLICY_LEAD))


def tried(draft: RulebookDraft) -> None:
    trials.ask(draft.pk, days=7, by=SYSTEM, now=timezone.now())
    trials.run_next(lambda _since: [scene.event("vermin")], clock=timezone.now)


def url(draft: RulebookDraft, what: str = "") -> str:
    return f"/desk/rules/drafts/{draft.pk}/release{what}"


def said(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def put(client: Client, draft: RulebookDraft, stage: str, share: str = "5", rule: str = "vermin") -> Any:
    return client.post(url(draft, "/stage"), {"rule": rule, "stage": stage, "share": share})


def release(client: Client, draft: RulebookDraft, note: str = "people are called vermin") -> Any:
    return client.post(url(draft, "/publish"), {"note": note})


def stage_in_force(rule: str = "vermin") -> str | None:
    version = rulebook.active()
    assert version is not None
    return next((str(one.staging) for one in rulebook.load(version).rules if one.id == rule), None)


class TestThePage:
    def test_it_shows_each_rule_with_both_stages_and_what_changed(
        self, lead: Client, draft: RulebookDraft
    ) -> None:
        answer = said(lead.get(url(draft)))
        assert 'data-step="vermin"' in answer
        assert 'data-step="known-spam"' in answer
        assert "Nobody has looked at this draft as it is." in answer
        assert "rules/more.yaml" in answer

    def test_a_draft_with_errors_leads_back_to_it(self, lead: Client, draft: RulebookDraft) -> None:
        drafts.save(draft.pk, path="rules.yaml", text="- rule: x", seen=0, by=SYSTEM, now=timezone.now())
        answer = said(lead.get(url(draft)))
        assert "Mend them first." in answer
        assert "data-form" not in answer

    def test_who_only_reads_may_look(self, sign_in: SignIn, draft: RulebookDraft) -> None:
        answer = said(sign_in(Role.AUDITOR).get(url(draft)))
        assert 'data-step="vermin"' in answer
        assert "publish-rules" not in answer

    def test_it_reads_in_arabic(self, sign_in: SignIn, draft: RulebookDraft) -> None:
        tried(draft)
        answer = said(sign_in(Role.POLICY_LEAD, language="ar").get(url(draft)))
        assert "طرق التقييم كلها متفقة" in answer


class TestStages:
    def test_one_rule_is_set(self, lead: Client, draft: RulebookDraft) -> None:
        assert put(lead, draft, "canary", "12.5").status_code == 302
        draft.refresh_from_db()
        assert "stage: canary 12.5%" in draft.files["rules/more.yaml"]

    @pytest.mark.parametrize(
        ("stage", "share", "rule"),
        [("", "", "vermin"), ("canary", "0", "vermin"), ("canary", "x", "vermin"), ("live", "", "none")],
    )
    def test_what_is_none_is_refused(
        self, lead: Client, draft: RulebookDraft, *, stage: str, share: str, rule: str
    ) -> None:
        assert put(lead, draft, stage, share, rule).status_code == 422
        draft.refresh_from_db()
        assert draft.files["rules/more.yaml"] == MORE

    @pytest.mark.parametrize("share", ["20%", "٢٠", "20,0"])
    def test_a_share_is_read_as_people_type_it(self, lead: Client, draft: RulebookDraft, share: str) -> None:
        assert put(lead, draft, "canary", share).status_code == 302
        draft.refresh_from_db()
        assert "stage: canary 20%" in draft.files["rules/more.yaml"]

    def test_what_was_typed_stays_at_its_rule_in_sight(self, lead: Client, draft: RulebookDraft) -> None:
        answer = said(put(lead, draft, "canary", "205", "known-spam"))
        assert "a canary&#x27;s share is above 0" in answer
        rows = dict(re.findall(r'<tr data-step="([^"]+)">(.*?)</tr>', answer))
        assert '<option value="canary" selected>' in rows["known-spam"]
        assert 'value="205"' in rows["known-spam"]
        assert "a canary&#x27;s share is above 0" in rows["known-spam"]
        assert re.search(r'name="share"[^>]* autofocus>', rows["known-spam"])  # it is brought into view
        assert answer.count("autofocus") == 1
        assert '<option value="canary" selected>' not in rows["vermin"]
        assert 'value="205"' not in rows["vermin"]
        assert "data-staying open" in answer

    def test_each_refusal_says_what_it_is(self, lead: Client, draft: RulebookDraft) -> None:
        assert "The draft has no such rule any more." in said(put(lead, draft, "live", "", "none"))
        drafts.save(draft.pk, path="rules.yaml", text="- rule: x", seen=0, by=SYSTEM, now=timezone.now())
        answer = said(put(lead, draft, "live"))
        assert "Choose a stage" not in answer
        assert f'href="/desk/rules/drafts/{draft.pk}">To the draft</a>' in answer
        over = drafts.begin("Over", by=SYSTEM, now=timezone.now())
        drafts.discard(over.pk, because="not now", by=SYSTEM, now=timezone.now())
        assert "This draft is over." in said(put(lead, over, "shadow", rule="known-spam"))

    def test_a_rule_that_tries_a_value_has_the_stage_of_the_value(
        self, lead: Client, book: RulebookVersion
    ) -> None:
        made = drafts.begin("Try", by=SYSTEM, now=timezone.now())
        for path, text in TRYING.items():
            drafts.save(made.pk, path=path, text=text, seen=0, by=SYSTEM, now=timezone.now())
        rows = dict(re.findall(r'<tr data-step="([^"]+)">(.*?)</tr>', said(lead.get(url(made)))))
        assert "<form" not in rows["many.staged"]
        assert 'href="/desk/rules/parameters"' in rows["many.staged"]
        assert "<form" in rows["many"]
        refused = put(lead, made, "live", rule="many.staged")
        assert refused.status_code == 422
        assert "its stage is set on the page of parameters" in said(refused)


class TestPublishing:
    @pytest.mark.parametrize("share", ["20", "0.5", "99.9"])
    def test_a_canary_offers_the_share_that_it_has(
        self, lead: Client, draft: RulebookDraft, share: str
    ) -> None:
        """So that whoever presses the button unchanged changes nothing."""
        assert 'name="share" inputmode="decimal" dir="ltr" maxlength="6" value="5"' in said(
            lead.get(url(draft))
        )
        put(lead, draft, "canary", share)
        row = re.search(r'<tr data-step="vermin">.*?</tr>', said(lead.get(url(draft))))
        assert row is not None
        assert f'name="share" inputmode="decimal" dir="ltr" maxlength="6" value="{share}"' in row[0]

    @pytest.mark.parametrize(("share", "waits"), [("99.9", False), ("100", True)])
    def test_a_canary_for_everybody_takes_two_people_as_live_does(
        self, lead: Client, draft: RulebookDraft, share: str, *, waits: bool
    ) -> None:
        put(lead, draft, "canary", share)
        draft.refresh_from_db()
        tried(draft)
        release(lead, draft)
        assert Release.objects.get().state == ("waiting" if waits else "published")
        assert stage_in_force() == (None if waits else f"canary {share}%")

    def test_from_everybody_to_live_nothing_more_is_decided(
        self, lead: Client, second: Client, draft: RulebookDraft
    ) -> None:
        put(lead, draft, "canary", "100")
        draft.refresh_from_db()
        tried(draft)
        release(lead, draft)
        second.post(url(draft, "/settle"), {"verdict": "confirm"})
        assert stage_in_force() == "canary 100%"
        live = drafts.begin("Live", by=SYSTEM, now=timezone.now())
        put(lead, live, "live")
        live.refresh_from_db()
        tried(live)
        release(lead, live)
        assert stage_in_force() == "live"

    def test_from_shadow_to_canary_to_live_and_back(
        self, lead: Client, second: Client, draft: RulebookDraft
    ) -> None:
        tried(draft)
        assert release(lead, draft)["Location"] == "/desk/rules"
        assert stage_in_force() == "shadow"

        canary = drafts.begin("Canary", by=SYSTEM, now=timezone.now())
        put(lead, canary, "canary")
        canary.refresh_from_db()
        tried(canary)
        release(lead, canary)
        assert stage_in_force() == "canary 5%"

        live = drafts.begin("Live", by=SYSTEM, now=timezone.now())
        put(lead, live, "live")
        live.refresh_from_db()
        tried(live)
        assert "a colleague must confirm it" in said(
            lead.post(url(live, "/publish"), {"note": "n"}, follow=True)
        )
        assert stage_in_force() == "canary 5%"
        assert "Waits for a second person" in said(second.get("/desk/rules"))
        assert "You are the second person" in said(second.get(url(live)))
        assert '<span class="pill accent">Waits for a second person</span>' in said(second.get(url(live)))
        second.post(url(live, "/settle"), {"verdict": "confirm"})
        assert stage_in_force() == "live"

        before = RulebookVersion.objects.get(version="1.0.2")
        assert "Back to this version" in said(second.get("/desk/rules?version=1.0.2"))
        second.post(f"/desk/rules/versions/{before.pk}/back", {"because": "it hit jokes"})
        assert stage_in_force() == "canary 5%"
        assert "back to 1.0.2: it hit jokes" in said(second.get("/desk/rules"))

    def test_without_a_look_or_a_reason_nothing_is_published(
        self, lead: Client, draft: RulebookDraft
    ) -> None:
        answer = release(lead, draft)
        assert answer.status_code == 422
        assert "Look first whom it would touch" in said(answer)
        assert "people are called vermin" in said(answer)  # what was typed is still there
        tried(draft)
        assert "Say why" in said(release(lead, draft, ""))
        assert not Release.objects.exists()

    def test_the_first_can_only_withdraw(self, lead: Client, draft: RulebookDraft) -> None:
        put(lead, draft, "live")
        draft.refresh_from_db()
        tried(draft)
        release(lead, draft)
        assert "You released it" in said(lead.get(url(draft)))
        answer = lead.post(url(draft, "/settle"), {"verdict": "confirm"})
        assert answer.status_code == 422
        assert "a colleague must confirm it" in said(answer)
        lead.post(url(draft, "/settle"), {"verdict": "refuse"})
        assert Release.objects.get().state == "withdrawn"
        assert lead.post(url(draft, "/settle"), {"verdict": "refuse"}).status_code == 422

    def test_a_refusal_takes_a_reason_and_is_read(
        self, lead: Client, second: Client, draft: RulebookDraft
    ) -> None:
        put(lead, draft, "live")
        draft.refresh_from_db()
        tried(draft)
        release(lead, draft)
        assert second.post(url(draft, "/settle"), {"verdict": "maybe"}).status_code == 422
        assert second.post(url(draft, "/settle"), {"verdict": "refuse"}).status_code == 422
        second.post(url(draft, "/settle"), {"verdict": "refuse", "because": "too wide"})
        assert "too wide" in said(lead.get(url(draft)))

    def test_what_is_in_force_is_no_way_back(self, lead: Client, book: RulebookVersion) -> None:
        answer = lead.post(f"/desk/rules/versions/{book.pk}/back", {"because": "x"}, follow=True)
        assert "It can" in said(answer)
        assert RulebookVersion.objects.count() == 1
        assert User.objects.filter(username="the-policy-lead").exists()


def test_what_moves_stands_before_what_stays(draft: RulebookDraft, lead: Client, second: Client) -> None:
    page = said(lead.get(url(draft)))
    assert page.index("data-moving") < page.index('data-step="vermin"') < page.index("data-staying")
    assert page.index("data-staying") < page.index('data-step="known-spam"')
    assert "data-staying open" not in page
    assert '<details class="panel fold" open>' not in page
    put(lead, draft, "live")
    tried(draft)
    release(lead, draft)
    page = said(second.get(url(draft)))  # the second person reads what changed without opening anything
    assert re.search(r'<details class="panel fold" open><summary>.{0,400}rules/more\.yaml', page)
    assert not re.search(r'<details class="panel fold" open><summary>.{0,400}pack\.yaml', page)


def test_a_draft_that_moves_nothing_shows_all_rules(book: RulebookVersion, lead: Client) -> None:
    fresh = drafts.begin("Nothing yet", by=SYSTEM, now=timezone.now())
    page = said(lead.get(url(fresh)))
    assert "data-moving" not in page
    assert "data-staying open" in page


def colleague_publishes() -> None:
    head = scene.PACK["pack.yaml"].replace("1.0.0", "1.1.0")
    scene.publish({**scene.PACK, "pack.yaml": head, "rules/theirs.yaml": MORE.replace("vermin", "rats")})


class TestBehind:
    """A colleague publishes while a draft is being written."""

    @pytest.fixture
    def behind(self, draft: RulebookDraft) -> RulebookDraft:
        tried(draft)
        colleague_publishes()
        return draft

    @pytest.mark.parametrize("page", ["", "/trial", "/release"])
    def test_every_page_of_the_draft_says_so(self, behind: RulebookDraft, lead: Client, page: str) -> None:
        told = said(lead.get(f"/desk/rules/drafts/{behind.pk}{page}"))
        assert "version <bdi>1.1.0</bdi> came in force" in told
        assert 'data-form="catch-up"' in told
        assert 'data-form="publish-rules"' not in told

    def test_it_is_not_published_over_what_is_in_force(self, behind: RulebookDraft, lead: Client) -> None:
        tried(behind)
        told = release(lead, behind)
        assert told.status_code == 422
        assert "take that over first" in said(told)
        assert stage_in_force("rats") == "shadow"

    def test_a_second_person_does_not_confirm_it_either(
        self, draft: RulebookDraft, lead: Client, second: Client
    ) -> None:
        put(lead, draft, "live")
        tried(draft)
        release(lead, draft)
        colleague_publishes()
        told = second.post(url(draft, "/settle"), {"verdict": "confirm"})
        assert told.status_code == 422
        assert Release.objects.get().state == "waiting"
        assert stage_in_force("rats") == "shadow"

    def test_taken_over_both_are_in_force(self, behind: RulebookDraft, lead: Client) -> None:
        answer = lead.post(f"/desk/rules/drafts/{behind.pk}/catch-up", follow=True)
        assert "Taken over: the draft begins on what is in force." in said(answer)
        assert 'data-form="catch-up"' not in said(answer)
        tried(behind)
        assert release(lead, behind).status_code == 302
        assert (stage_in_force("rats"), stage_in_force()) == ("shadow", "shadow")

    def test_where_both_changed_the_same_the_file_is_opened(
        self, behind: RulebookDraft, lead: Client, sign_in: SignIn
    ) -> None:
        drafts.save(behind.pk, path="rules/theirs.yaml", text="mice: here\n", seen=9, by=SYSTEM,
                    now=timezone.now())  # fmt: skip
        arabic = sign_in(scene.person("huda", Role.POLICY_LEAD), language="ar")
        assert "صار الإصدار" in said(arabic.get(url(behind)))
        answer = lead.post(f"/desk/rules/drafts/{behind.pk}/catch-up", follow=True)
        assert answer.redirect_chain[-1][0].endswith("?path=rules%2Ftheirs.yaml&line=1")
        assert "In rules/theirs.yaml both had changed the same lines" in said(answer)
        assert "it can't be published" in said(answer)

    def test_who_may_not_publish_reads_it_and_has_no_button(
        self, behind: RulebookDraft, sign_in: SignIn
    ) -> None:
        told = said(sign_in(Role.AUDITOR).get(url(behind)))
        assert "came in force" in told
        assert "Take it over" not in told

    def test_a_draft_that_is_over_takes_nothing_over(self, behind: RulebookDraft, lead: Client) -> None:
        drafts.discard(behind.pk, because="no", by=SYSTEM, now=timezone.now())
        assert lead.post(f"/desk/rules/drafts/{behind.pk}/catch-up").status_code == 422
        assert lead.post("/desk/rules/drafts/99999/catch-up").status_code == 404


class TestOneKey:
    """Back at once, from the page of the rules in force; why may come later."""

    @pytest.fixture
    def bad(self, draft: RulebookDraft, lead: Client) -> RulebookVersion:
        tried(draft)
        release(lead, draft)
        assert stage_in_force() == "shadow"
        return RulebookVersion.objects.latest("pk")

    def back(self, client: Client, bad: RulebookVersion, because: str = "") -> str:
        first = RulebookVersion.objects.earliest("pk")
        given = {"instead_of": bad.pk, "because": because}
        return said(client.post(f"/desk/rules/versions/{first.pk}/back/at-once", given, follow=True))

    def test_it_is_offered_with_its_key_and_what_it_leads_to(
        self, lead: Client, sign_in: SignIn, bad: RulebookVersion
    ) -> None:
        page = said(lead.get("/desk/rules"))
        assert 'aria-keyshortcuts="Shift+B"' in page
        assert f'name="instead_of" value="{bad.pk}"' in page
        assert "back/at-once" not in said(lead.get(f"/desk/rules?version={bad.version}x", follow=True))
        assert "back/at-once" not in said(sign_in(Role.MODERATOR).get("/desk/rules"))

    def test_it_asks_why_until_somebody_says_it(self, lead: Client, bad: RulebookVersion) -> None:
        page = self.back(lead, bad)
        assert stage_in_force() is None
        assert "Why were these rules put in force again?" in page
        now = RulebookVersion.objects.latest("pk")
        why = f"/desk/rules/versions/{now.pk}/back/why"
        assert "Say why: it stands in the rule book" in said(lead.post(why, {"because": " "}, follow=True))
        page = said(lead.post(why, {"because": "it hit jokes"}, follow=True))
        assert "Why were these rules put in force again?" not in page
        assert "it hit jokes" in page
        assert "It was settled in the meantime" in said(lead.post(why, {"because": "more"}, follow=True))

    def test_a_page_that_is_behind_changes_nothing(self, lead: Client, bad: RulebookVersion) -> None:
        self.back(lead, bad, "it hit jokes")
        assert "other rules are in force by now" in self.back(lead, bad)
        assert RulebookVersion.objects.count() == 3

    def test_without_the_version_looked_at_nothing_happens(self, lead: Client, bad: RulebookVersion) -> None:
        first = RulebookVersion.objects.earliest("pk")
        lead.post(f"/desk/rules/versions/{first.pk}/back/at-once", {"instead_of": "x"})
        assert stage_in_force() == "shadow"
