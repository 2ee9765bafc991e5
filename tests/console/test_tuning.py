"""Parameters at the desk: what is in force and who set it, another value, and what is told when it can't be."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from tests.console.conftest import SignIn

from hakam.compliance import drafts, rulebook
from hakam.compliance.models import RulebookDraft, RulebookVersion
from hakam.review import releases, trials
from hakam.review.models import Trial
from hakam.staff.roles import Role
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM

PAGE = "/desk/rules/parameters"
FILES = {
    **scene.PACK,
    "params.yaml": """\
- {param: mentions, type: number, default: 10, least: 2, most: 5000, about: Too many people at once.}
- {param: young, type: duration, default: 7d, least: 1h, most: 30d}
""",
    "tuned.yaml": "communities: {games: {params: {mentions: 40}, without: [known-spam]}}\n",
    "rules/more.yaml": """\
- rule: mass-mention
  policy: spam
  stage: live
  when: len(item.mentions) >= params.mentions
  then: [label("spam")]
- rule: young-mention
  policy: spam
  stage: canary 5%
  when: len(item.mentions) >= params.mentions and author.age < params.young
  then: [label("spam")]
""",
}


@pytest.fixture
def book(db: None) -> RulebookVersion:
    return scene.publish(FILES)


@pytest.fixture
def lead(book: RulebookVersion, sign_in: SignIn) -> Client:
    return sign_in(Role.POLICY_LEAD)


def said(answer: Any) -> str:
    text = re.sub(r"<[^>]+>", " ", answer.content.decode())
    return " ".join(text.split())


def tune(client: Client, value: str = "25", **more: str) -> Any:
    return client.post(f"{PAGE}/set", {"param": "mentions", "value": value, "days": "7", **more})


def switch(client: Client, do: str = "off", **more: str) -> Any:
    given = {"rule": "mass-mention", "community": "games", "days": "7", "do": do}
    return client.post(f"{PAGE}/switch", {**given, **more})


def form_of(answer: Any, panel: str) -> str:
    """Return what a page holds in one of its panels."""
    return str(answer.content.decode().split(f'id="{panel}"')[1].split("</section>")[0])


def chosen(form: str) -> list[str]:
    return re.findall(r'<option value="([^"]*)" selected>', form)


class TestThePage:
    def test_it_says_what_is_in_force(self, lead: Client) -> None:
        answer = said(lead.get(PAGE))
        assert "mentions 10 Too many people at once." in answer
        assert "Allowed a number · 2 – 5000" in answer
        assert "Allowed a duration · 1h – 30d" in answer
        assert "Read by mass-mention Live young-mention Canary 5%" in answer
        assert "In community games 40" in answer
        assert "games : known-spam" in answer
        assert "Set by Hakam" in answer or "Set by system" in answer

    def test_it_is_reached_from_the_rules(self, lead: Client) -> None:
        assert f'href="{PAGE}"' in lead.get("/desk/rules").content.decode()

    def test_a_rule_book_without_any(self, db: None, sign_in: SignIn) -> None:
        scene.publish()
        answer = sign_in(Role.POLICY_LEAD)
        assert "This rule book has no parameters" in said(answer.get(PAGE))
        assert f'href="{PAGE}"' not in answer.get("/desk/rules").content.decode()

    def test_no_rule_book(self, db: None, sign_in: SignIn) -> None:
        assert "No rule book is in force" in said(sign_in(Role.POLICY_LEAD).get(PAGE))

    def test_who_may_not_publish_reads_and_changes_nothing(
        self, book: RulebookVersion, sign_in: SignIn
    ) -> None:
        reader = sign_in(Role.AUDITOR)
        answer = reader.get(PAGE)
        assert answer.status_code == 200
        assert "data-form" not in answer.content.decode()
        assert "autofocus" not in answer.content.decode()
        assert tune(reader).status_code == switch(reader).status_code == 404
        assert not RulebookDraft.objects.exists()


class TestAnotherValue:
    def test_it_goes_into_a_draft_and_its_effect_is_asked_for(self, lead: Client) -> None:
        answer = tune(lead)
        draft = RulebookDraft.objects.get()
        assert (answer.status_code, answer["Location"]) == (302, f"/desk/rules/drafts/{draft.pk}/trial")
        assert Trial.objects.get().days == 7
        assert "Tuning of mentions" in said(lead.get(answer["Location"]))
        assert rulebook.load(rulebook.versions()[0]).params["mentions"].value == 10

    def test_the_release_names_it_and_takes_two(self, lead: Client) -> None:
        tune(lead)
        draft = RulebookDraft.objects.get()
        trials.run_next(lambda _since: [scene.event("x")], clock=timezone.now)
        answer = said(lead.get(f"/desk/rules/drafts/{draft.pk}/release"))
        assert "mentions : 10 to 25" in answer
        assert "it is in force when a colleague has confirmed it" in answer

    @pytest.mark.parametrize(
        ("given", "told"),
        [
            ({"community": "arts"}, "mentions · In community arts : 10 (as for all) to 25"),
            ({"community": "games"}, "mentions · In community games : 40 to 25"),
            ({"community": "games", "do": "default"}, "In community games : 40 to 10 (as for all)"),
            ({"stage": "try-shadow"}, "mentions · On trial Shadow : 25 "),
            ({"stage": "try-canary", "share": "5"}, "mentions · On trial Canary 5% : 25 "),
        ],
    )
    def test_the_release_says_for_whom_a_value_is(
        self, lead: Client, given: dict[str, str], told: str
    ) -> None:
        tune(lead, **given)
        answer = said(lead.get(f"/desk/rules/drafts/{RulebookDraft.objects.get().pk}/release"))
        assert told in answer
        assert "mentions : –" not in answer

    def test_who_set_it_is_told_afterwards(self, lead: Client) -> None:
        tune(lead, stage="shadow")
        draft = RulebookDraft.objects.get()
        trials.run_next(lambda _since: [scene.event("x")], clock=timezone.now)
        colleague = scene.person("otto", Role.POLICY_LEAD)
        releases.release(draft.pk, note="calmer", by=colleague.actor, now=timezone.now())
        answer = said(lead.get(PAGE))
        assert "mentions 25" in answer
        assert "Set by otto" in answer
        assert "Earlier values 10; games: 40" in answer.replace("10 ;", "10;").replace("games :", "games:")

    def test_the_default_again(self, lead: Client) -> None:
        tune(lead, community="games", do="default")
        assert "mentions" not in RulebookDraft.objects.get().files["tuned.yaml"]

    @pytest.mark.parametrize("share", ["2.5", "٢٫٥٪"])
    def test_a_stage_for_the_rules_that_read_it(self, lead: Client, share: str) -> None:
        tune(lead, stage="canary", share=share)
        assert RulebookDraft.objects.get().files["rules/more.yaml"].count("stage: canary 2.5%") == 2

    def test_into_a_draft_that_is_there(self, lead: Client) -> None:
        tune(lead)
        draft = RulebookDraft.objects.get()
        assert f'<option value="{draft.pk}">Tuning of mentions</option>' in lead.get(PAGE).content.decode()
        lead.post(f"{PAGE}/set", {"param": "young", "value": "2d", "days": "1", "draft": str(draft.pk)})
        text = RulebookDraft.objects.get().files["tuned.yaml"]
        assert text.startswith('params:\n  mentions: 25\n  young: "2d"\n')

    @pytest.mark.parametrize(
        ("given", "words"),
        [
            ({"value": "1"}, "The value lies outside of what is allowed."),
            ({"value": "<b>"}, "Type a number, as 30 or 0.85; a duration as 10m, 24h or 7d."),
            ({"value": ""}, "Type a number"),
            ({"value": "10"}, "It is so already: nothing was changed."),
            ({"param": "gone"}, "no such parameter or rule any more"),
            ({"days": "8"}, "Choose a span."),
            ({"days": "x"}, "Choose a span."),
            ({"stage": "canary", "share": "0"}, "a canary&#x27;s share is above 0"),
            ({"stage": "boldly"}, "Choose a stage"),
            ({"draft": "987654"}, "This draft is over. Begin another one."),
            ({"community": "x" * 300}, "Type the id of the community"),
        ],
    )
    def test_what_cannot_be_is_told_and_nothing_is_begun(
        self, lead: Client, given: dict[str, str], words: str
    ) -> None:
        answer = tune(lead, **given)
        assert answer.status_code == 422
        assert words in said(answer)
        assert not RulebookDraft.objects.exists()

    @pytest.mark.parametrize("asked", [tune, switch])
    def test_a_draft_with_errors_is_a_link_away(self, lead: Client, asked: Callable[..., Any]) -> None:
        made = drafts.begin("Broken", by=SYSTEM, now=timezone.now())
        drafts.save(made.pk, path="rules/more.yaml", text="- rule: x", seen=0, by=SYSTEM, now=timezone.now())
        answer = asked(lead, draft=str(made.pk))
        assert answer.status_code == 422
        text = answer.content.decode()
        assert (
            "The draft has errors. Mend them first. "
            f'<a href="/desk/rules/drafts/{made.pk}">To the draft</a>' in text
        )

    def test_a_value_that_would_bring_an_error_says_which(self, db: None, sign_in: SignIn) -> None:
        young = FILES["rules/more.yaml"].replace("canary 5%", "live")
        scene.publish(
            {**FILES, "rules/more.yaml": young, "tuned.yaml": "staged: {young: {value: 1d, stage: shadow}}\n"}
        )
        for language, told in (
            (
                "en",
                "Nothing was written. The rules would have an error by it: young-mention reads two values on trial",
            ),
            ("ar", "قيمتين تحت التجربة، والثانية"),
        ):
            answer = tune(sign_in(Role.POLICY_LEAD, language=language), stage="try-shadow")
            assert answer.status_code == 422
            assert told in said(answer)
            assert "To the draft" not in said(answer)
        assert not RulebookDraft.objects.exists()

    def test_what_was_typed_stays(self, lead: Client) -> None:
        answer = tune(lead, "70000", community="games").content.decode()
        assert 'value="70000"' in answer
        assert '<details class="fold-in" open>' in answer

    def test_what_was_chosen_stays_too(self, lead: Client) -> None:
        tune(lead)
        draft = RulebookDraft.objects.get()
        answer = tune(lead, "x", stage="try-canary", share="33", days="30", draft=str(draft.pk))
        form = form_of(answer, "param-mentions")
        assert answer.status_code == 422
        assert chosen(form) == ["try-canary", str(draft.pk), "30"]
        assert 'name="share" inputmode="decimal" dir="ltr" maxlength="6" value="33"' in form
        assert chosen(form_of(answer, "param-young")) == ["7"]
        assert re.search(r'name="value"[^>]* autofocus>', form)  # it is brought into view
        assert answer.content.decode().count("autofocus") == 1


class TestCommunities:
    def test_a_rule_is_switched_off_there(self, lead: Client) -> None:
        answer = switch(lead)
        draft = RulebookDraft.objects.get()
        assert answer["Location"] == f"/desk/rules/drafts/{draft.pk}/trial"
        assert 'without: ["known-spam", "mass-mention"]' in draft.files["tuned.yaml"]
        release = said(lead.get(f"/desk/rules/drafts/{draft.pk}/release"))
        assert "mass-mention · In community games : switched off" in release

    def test_and_on(self, lead: Client) -> None:
        switch(lead, "on", rule="known-spam")
        assert "without" not in RulebookDraft.objects.get().files["tuned.yaml"]

    @pytest.mark.parametrize(
        ("given", "words"),
        [
            ({"community": ""}, "Type the id of the community"),
            ({"rule": "gone"}, "no such parameter or rule any more"),
            ({"rule": "known-spam"}, "It is so already"),
        ],
    )
    def test_what_cannot_be(self, lead: Client, given: dict[str, str], words: str) -> None:
        answer = switch(lead, **given)
        assert answer.status_code == 422
        assert words in said(answer)

    def test_what_was_chosen_stays(self, lead: Client) -> None:
        tune(lead)
        draft = RulebookDraft.objects.get()
        form = form_of(switch(lead, community="", days="1", draft=str(draft.pk)), "communities")
        assert chosen(form) == ["mass-mention", str(draft.pk), "1"]
        assert re.search(r'name="community"[^>]* autofocus>', form)


def test_it_is_in_arabic_too(lead: Client) -> None:
    lead.cookies["django_language"] = "ar"
    answer = said(lead.get(PAGE))
    assert "قيم القواعد القابلة للضبط" in answer
    assert "Parameters" not in answer
    assert "تقع القيمة خارج المسموح" in said(tune(lead, "1"))


class TestOnTrial:
    """A value tried beside the one in force, from the page to the page."""

    @pytest.mark.parametrize(("stage", "staging"), [("try-shadow", "shadow"), ("try-canary", "canary 5%")])
    def test_it_is_written_beside_the_old_one(self, lead: Client, stage: str, staging: str) -> None:
        answer = tune(lead, "25", stage=stage, share="5")
        assert answer.status_code == 302
        files = RulebookDraft.objects.get().files
        assert f'mentions: {{value: 25, stage: "{staging}"}}' in files["tuned.yaml"]
        assert 'without: ["known-spam"]' in files["tuned.yaml"]
        assert "stage: live" in files["rules/more.yaml"]

    @pytest.mark.parametrize(
        ("language", "told", "named"),
        [
            ("en", "On trial 25 Canary 5%", "The rule mass-mention with params.mentions = 25 on trial."),
            ("ar", "تحت التجربة 25", "القاعدة mass-mention مع تجربة params.mentions = 25 ."),
        ],
    )
    def test_the_pages_say_so_and_offer_the_end(
        self, db: None, sign_in: SignIn, language: str, told: str, named: str
    ) -> None:
        scene.publish({**FILES, "tuned.yaml": "staged: {mentions: {value: 25, stage: canary 5%}}\n"})
        lead = sign_in(Role.POLICY_LEAD, language=language)
        page = lead.get(PAGE)
        assert told in said(page)
        assert 'value="end"' in page.content.decode()
        assert "mass-mention.staged" not in page.content.decode()
        assert named in said(lead.get("/desk/rules"))
        assert tune(lead, "", do="end").status_code == 302
        draft = RulebookDraft.objects.get()
        assert draft.files.get("tuned.yaml", "") == ""
        title = {"en": "End of the trial of mentions", "ar": "إنهاء تجربة mentions"}[language]
        assert draft.title == title
        ends = {"en": "Canary 5% : 25 the trial ends", "ar": ": 25 تنتهي التجربة"}[language]
        assert ends in said(lead.get(f"/desk/rules/drafts/{draft.pk}/release"))

    @pytest.mark.parametrize(
        "more",
        [
            {"stage": "try-canary", "share": "100"},
            {"stage": "try-canary", "share": "x"},
            {"stage": "try-live"},
            {"stage": "try-shadow", "community": "games"},
        ],
    )
    def test_what_can_not_be_tried_is_said(self, lead: Client, more: dict[str, str]) -> None:
        answer = tune(lead, "25", **more)
        assert answer.status_code == 422
        assert "A value is tried for all communities alike" in said(answer)
        assert not RulebookDraft.objects.exists()
