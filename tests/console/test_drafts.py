"""Writing rules at the desk: a mistake is named at its place, a conflict shows both texts, tests run by a button."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone, translation
from django.utils.translation import pgettext
from tests.console.conftest import SignIn

from hakam.compliance import drafts
from hakam.compliance.models import RulebookDraft, RulebookVersion
from hakam.policy.codes import CODES
from hakam.policy.fields import FIELDS
from hakam.policy.functions import FUNCTIONS
from hakam.staff.roles import Role
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM

MISTAKE = scene.PACK["rules.yaml"].replace("policy: spam", "policy: spamm")
TESTS = "- test: sold\n  text: buy followers now\n  fires: [known-spam]\n"


@pytest.fixture
def lead(sign_in: SignIn) -> Client:
    return sign_in(Role.POLICY_LEAD)


@pytest.fixture
def draft(book: RulebookVersion) -> RulebookDraft:
    return drafts.begin("Followers for sale", by=SYSTEM, now=timezone.now())


def save(client: Client, draft: RulebookDraft, text: str, *, path: str = "rules.yaml", seen: int = 0,
         do: str = "save", quiet: bool = False) -> Any:  # fmt: skip
    given = {"path": path, "text": text, "seen": str(seen), "do": do}
    headers = {"HX-Request": "true"} if quiet else {}
    return client.post(f"/desk/rules/drafts/{draft.pk}/save", given, headers=headers)


def said(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_the_file_that_was_changed_is_opened_first(lead: Client, draft: RulebookDraft) -> None:
    for path in ("rules/a.yaml", "rules/b.yaml", "tests.yaml"):
        drafts.save(draft.pk, path=path, text="", seen=0, by=SYSTEM, now=timezone.now())
    page = lead.get(f"/desk/rules/drafts/{draft.pk}").content.decode()
    assert 'name="path" value="rules/a.yaml"' in page


class TestBeginning:
    def test_a_policy_lead_begins_on_what_is_in_force(self, lead: Client, book: RulebookVersion) -> None:
        assert "It begins as a copy of version 1.0.0" in said(lead.get("/desk/rules/drafts"))
        answer = lead.post("/desk/rules/drafts/begin", {"title": "Followers for sale"})
        made = RulebookDraft.objects.get()
        assert (answer.status_code, answer["Location"]) == (302, f"/desk/rules/drafts/{made.pk}")
        assert "Followers for sale" in said(lead.get("/desk/rules/drafts"))

    def test_without_a_purpose_nothing_is_begun(self, lead: Client, book: RulebookVersion) -> None:
        answer = lead.post("/desk/rules/drafts/begin", {"title": ""})
        assert answer.status_code == 422
        assert "Say what the draft is for." in said(answer)
        assert not RulebookDraft.objects.exists()

    def test_before_there_is_any_rule_book(self, lead: Client, db: None) -> None:
        assert "It begins empty" in said(lead.get("/desk/rules/drafts"))
        lead.post("/desk/rules/drafts/begin", {"title": "Our first"})
        answer = lead.get(f"/desk/rules/drafts/{RulebookDraft.objects.get().pk}")
        assert "house-rules" in said(answer)
        assert "Nothing to mend." in said(answer)

    def test_who_only_reads_sees_the_text_and_no_button(self, sign_in: SignIn, draft: RulebookDraft) -> None:
        answer = said(sign_in(Role.AUDITOR).get(f"/desk/rules/drafts/{draft.pk}"))
        assert "readonly" in answer
        assert 'name="do"' not in answer
        assert "hx-post" not in answer


class TestTheEditor:
    def test_it_opens_the_rules_and_names_every_file(self, lead: Client, draft: RulebookDraft) -> None:
        answer = said(lead.get(f"/desk/rules/drafts/{draft.pk}"))
        assert "known-spam" in answer
        for path in draft.files:
            assert f"?path={path}" in answer

    def test_an_absent_file_or_draft_is_no_page(self, lead: Client, draft: RulebookDraft) -> None:
        assert lead.get(f"/desk/rules/drafts/{draft.pk}?path=rules/none.yaml").status_code == 404
        assert lead.get("/desk/rules/drafts/987654").status_code == 404

    def test_words_are_at_hand(self, lead: Client, draft: RulebookDraft) -> None:
        answer = said(lead.get(f"/desk/rules/drafts/{draft.pk}"))
        for word in ('data-insert="author.age"', 'data-insert="limit_reach"', ">contains_any<"):
            assert word in answer

    def test_text_of_a_pack_is_never_markup(self, lead: Client, draft: RulebookDraft) -> None:
        save(lead, draft, "</textarea><script>x</script>\n")
        answer = lead.get(f"/desk/rules/drafts/{draft.pk}?path=rules.yaml").content.decode()
        assert "<script>x" not in answer

    def test_a_leading_empty_line_survives(self, lead: Client, draft: RulebookDraft) -> None:
        save(lead, draft, "\n# first\n")
        answer = lead.get(f"/desk/rules/drafts/{draft.pk}?path=rules.yaml").content.decode()
        assert ">\n\n# first\n</textarea>" in answer


class TestFindings:
    def test_a_mistake_is_named_with_its_line_the_nearest_name_and_what_it_means(
        self, lead: Client, draft: RulebookDraft
    ) -> None:
        answer = said(save(lead, draft, MISTAKE, quiet=True))
        assert 'data-code="P310"' in answer
        assert 'data-line="2"' in answer
        assert 'did you mean <code dir="ltr">spam</code>?' in answer
        assert 'Each rule enforces a clause of <code dir="ltr">policies.yaml</code>.' in answer
        assert ">1</span> error: it can" in answer

    def test_while_one_writes_it_is_saved_too(self, lead: Client, draft: RulebookDraft) -> None:
        answer = said(save(lead, draft, MISTAKE, quiet=True))
        draft.refresh_from_db()
        assert draft.files["rules.yaml"] == MISTAKE
        assert f'id="seen" value="{draft.revision}" hx-swap-oob="true"' in answer

    def test_a_mended_pack_says_so(self, lead: Client, draft: RulebookDraft) -> None:
        save(lead, draft, MISTAKE, quiet=True)
        save(lead, draft, TESTS, path="tests.yaml")
        draft.refresh_from_db()
        seen = drafts.seen_at(draft, "rules.yaml")
        answer = said(save(lead, draft, scene.PACK["rules.yaml"], seen=seen, quiet=True))
        assert "Nothing to mend." in answer

    def test_what_is_wrong_in_another_file_leads_there(self, lead: Client, draft: RulebookDraft) -> None:
        save(lead, draft, MISTAKE)
        answer = said(lead.get(f"/desk/rules/drafts/{draft.pk}?path=policies.yaml"))
        assert "?path=rules.yaml&amp;line=2" in answer

    def test_every_code_is_explained_in_arabic(self) -> None:
        with translation.override("ar"):
            english = [
                spec.code
                for spec in CODES.values()
                for text in (spec.title, spec.explanation)
                if pgettext("finding", text) == text
            ]
        assert english == []

    def test_every_function_and_field_is_explained_in_arabic(self) -> None:
        docs = {one.doc for one in (*FUNCTIONS.values(), *FIELDS.values())}
        with translation.override("ar"):
            told = {doc: pgettext("rule help", doc) for doc in docs}
        assert [doc for doc, arabic in told.items() if arabic == doc] == []
        # What is code stays as it is, and there.
        code = re.compile("`([^`]*)`")
        assert [
            doc for doc, arabic in told.items() if set(code.findall(doc)) != set(code.findall(arabic))
        ] == []

    def test_what_a_rule_may_use_is_told_in_the_language_of_its_reader(
        self, sign_in: SignIn, lead: Client, draft: RulebookDraft
    ) -> None:
        page = f"/desk/rules/drafts/{draft.pk}"
        assert 'Another text, folded as <code dir="ltr">text.folded</code> is.' in said(lead.get(page))
        answer = said(sign_in(Role.POLICY_LEAD, language="ar").get(page))
        assert 'نص آخر، مطويّ كما يُطوى <code dir="ltr">text.folded</code>.' in answer
        assert "عدد من يتابعون صاحب المحتوى" in answer
        assert "how many follow the author" not in answer

    def test_an_arabic_reader_reads_arabic(self, sign_in: SignIn, draft: RulebookDraft) -> None:
        client = sign_in(Role.POLICY_LEAD, language="ar")
        answer = said(save(client, draft, MISTAKE, quiet=True))
        assert "بند غير معروف" in answer
        assert "خطأ واحد" in answer


class TestConflicts:
    def test_both_texts_are_shown_and_nothing_is_lost(self, lead: Client, draft: RulebookDraft) -> None:
        save(lead, draft, "# one\n")
        answer = save(lead, draft, "# two\n")
        assert answer.status_code == 409
        assert "<del>one</del>" in said(answer)
        assert "<ins>two</ins>" in said(answer)
        draft.refresh_from_db()
        assert draft.files["rules.yaml"] == "# one\n"

    def test_the_text_that_brings_both_together_is_saved(self, lead: Client, draft: RulebookDraft) -> None:
        save(lead, draft, "# one\n")
        save(lead, draft, "# one and two\n", seen=1, do="mine")
        draft.refresh_from_db()
        assert draft.files["rules.yaml"] == "# one and two\n"
        assert [s.text for s in drafts.history(draft, "rules.yaml")] == ["# one and two\n", "# one\n"]

    def test_while_one_writes_it_is_said_beside_the_text(self, lead: Client, draft: RulebookDraft) -> None:
        save(lead, draft, "# one\n")
        answer = save(lead, draft, "# two\n", quiet=True)
        assert answer.status_code == 200
        assert "changed this file in the meantime" in said(answer)
        assert 'id="seen"' not in said(answer)


class TestButtons:
    def test_the_tests_of_the_pack_run(self, lead: Client, draft: RulebookDraft) -> None:
        answer = save(lead, draft, TESTS, path="tests.yaml", do="tests")
        assert "All passed:" in said(answer)

    def test_a_failed_test_says_why(self, lead: Client, draft: RulebookDraft) -> None:
        wrong = TESTS.replace("buy followers", "hello")
        answer = said(save(lead, draft, wrong, path="tests.yaml", do="tests"))
        assert "Not passed:" in answer
        assert "should have fired" in answer
        assert "buy followers" in answer  # the part of the condition that did not hold

    def test_with_errors_there_are_no_tests(self, lead: Client, draft: RulebookDraft) -> None:
        assert "mend them" in said(save(lead, draft, MISTAKE, do="tests"))

    def test_the_layout_is_the_one_of_the_command(self, lead: Client, draft: RulebookDraft) -> None:
        loose = (
            scene.PACK["rules.yaml"].replace("text.folded, ", "text.folded,").replace("live\n", "live   \n")
        )
        save(lead, draft, loose, do="layout")
        draft.refresh_from_db()
        assert draft.files["rules.yaml"] == scene.PACK["rules.yaml"]

    def test_a_file_is_added_and_removed(self, lead: Client, draft: RulebookDraft) -> None:
        answer = lead.post(f"/desk/rules/drafts/{draft.pk}/add", {"new": "lists/offers.txt"})
        assert answer["Location"].endswith("?path=lists%2Foffers.txt")
        draft.refresh_from_db()
        assert draft.files["lists/offers.txt"] == ""
        save(lead, draft, "", path="lists/offers.txt", seen=draft.revision, do="remove")
        draft.refresh_from_db()
        assert "lists/offers.txt" not in draft.files

    def test_a_file_that_is_there_is_opened_not_emptied(self, lead: Client, draft: RulebookDraft) -> None:
        lead.post(f"/desk/rules/drafts/{draft.pk}/add", {"new": "rules.yaml"})
        draft.refresh_from_db()
        assert draft.files["rules.yaml"] == scene.PACK["rules.yaml"]

    def test_a_wrong_name_is_refused_in_words(self, lead: Client, draft: RulebookDraft) -> None:
        answer = lead.post(f"/desk/rules/drafts/{draft.pk}/add", {"new": "../pack.yaml"})
        assert answer.status_code == 422
        assert "A pack has no file of this name." in said(answer)

    def test_too_much_keeps_what_was_typed(
        self, lead: Client, draft: RulebookDraft, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(drafts, "MAX_FILE", 10)
        answer = save(lead, draft, "# a text that is too long\n")
        assert answer.status_code == 422
        assert "more than a pack can hold" in said(answer)
        assert "# a text that is too long" in said(answer)

    def test_laying_aside_takes_a_reason(self, lead: Client, draft: RulebookDraft) -> None:
        url = f"/desk/rules/drafts/{draft.pk}/discard"
        assert lead.post(url, {"because": ""}).status_code == 422
        assert lead.post(url, {"because": "not now"}).status_code == 302
        assert "There is no draft" in said(lead.get("/desk/rules/drafts"))
        late = save(lead, draft, "# late\n")
        assert late.status_code == 422
        assert "This draft is over." in said(late)

    @pytest.mark.parametrize("seen", ["", "-1", "x", "99999999999999999999", "\u0661"])
    def test_a_broken_number_is_an_old_one(self, lead: Client, draft: RulebookDraft, seen: str) -> None:
        save(lead, draft, "# one\n")
        given = {"path": "rules.yaml", "text": "# two\n", "seen": seen, "do": "save"}
        assert lead.post(f"/desk/rules/drafts/{draft.pk}/save", given).status_code == 409
