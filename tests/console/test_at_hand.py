"""The words at hand beside the editor: scores that are known here, and the fields that the platform adds."""

from __future__ import annotations

import re
from typing import Any

import polib
import pytest
from django.test import Client
from django.utils import timezone, translation
from tests.console.conftest import SignIn
from tests.console.test_locale import FOLDER
from tests.console.test_models import TEXT, Declare, declare

from hakam.compliance import drafts
from hakam.compliance.models import RulebookDraft, RulebookVersion
from hakam.console import at_hand
from hakam.console.installation import installation
from hakam.intake.switching import switch_on
from hakam.media import nudity
from hakam.policy.pack import load_pack
from hakam.signals.models.heads import HEADS
from hakam.signals.models.targets import TARGETS
from hakam.staff.roles import Role
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM

__all__ = ["declare"]
pytestmark = pytest.mark.django_db
EXTRA = "extra: {karma: number, vip: boolean, joined: time}\n"
PICTURE = 'adapter = "onnx-picture"\nreads = "picture"\nlabels = ["gore"]\n[settings]\n'


@pytest.fixture
def draft(book: RulebookVersion) -> RulebookDraft:
    return drafts.begin("Followers for sale", by=SYSTEM, now=timezone.now())


@pytest.fixture
def lead(sign_in: SignIn) -> Client:
    return sign_in(Role.POLICY_LEAD)


def with_extra(draft: RulebookDraft, rules: str = "") -> RulebookDraft:
    for path, text in {"pack.yaml": draft.files["pack.yaml"] + EXTRA, "rules/more.yaml": rules}.items():
        seen = drafts.seen_at(draft, path) if path in draft.files else 0
        draft = drafts.save(draft.pk, path=path, text=text, seen=seen, by=SYSTEM, now=timezone.now())
    return draft


def page(client: Client, draft: RulebookDraft) -> str:
    answer: Any = client.get(f"/desk/rules/drafts/{draft.pk}")
    return " ".join(answer.content.decode().split())


def words() -> dict[str, at_hand.Word]:
    return {word.path: word for word in at_hand.scores(installation().home)}


class TestScores:
    def test_those_that_ship_are_known_everywhere(self, book: RulebookVersion) -> None:
        wanted = {f'scores["{head}"]' for head in HEADS}
        wanted |= {f'scores["encoder:{head}"]' for head in HEADS}
        wanted |= {f'scores["target:{target}"]' for target in TARGETS}
        assert wanted <= set(words())
        assert list(words())[-1] == 'scores["NAME"]'

    @pytest.mark.parametrize("there", [True, False])
    def test_that_of_nudity_only_where_it_is_installed(
        self, book: RulebookVersion, monkeypatch: pytest.MonkeyPatch, *, there: bool
    ) -> None:
        monkeypatch.setattr(nudity, "available", lambda: there)
        assert ('scores["nudity"]' in words()) is there

    def test_those_of_a_declared_model_say_whether_it_reads(self, declare: Declare) -> None:
        declared = declare()
        assert words()['scores["judge:hate"]'].state == "off"
        switch_on(declared, sends_to="models.example", by=SYSTEM, now=timezone.now())
        found = words()['scores["judge:hate"]']
        assert found.state == ""
        assert "what the model `judge` says of the text" in found.doc

    def test_a_model_of_pictures_says_so_and_a_broken_declaration_says_nothing(
        self, declare: Declare
    ) -> None:
        declare(PICTURE, "eye")
        (installation().home / "models" / "broken.toml").write_text("labels = 3", encoding="utf-8")
        found = words()
        assert "a frame of a live stream" in found['scores["eye:gore"]'].doc
        assert not any("broken" in path for path in found)

    def test_the_checker_takes_each_as_it_is_offered(self, declare: Declare) -> None:
        declare(TEXT)
        rules = "".join(
            f"- rule: r{n}\n  policy: spam\n  stage: shadow\n  when: {path} > 0.9\n"
            '  then: [review(queue="spam")]\n'
            for n, path in enumerate(words())
        )
        assert load_pack({**scene.PACK, "rules.yaml": rules}).errors == ()


class TestExtras:
    def test_what_a_pack_declares_comes_before_the_form(self, draft: RulebookDraft) -> None:
        pack = load_pack(with_extra(draft).files).pack
        found = list(at_hand.extras(pack))
        assert [word.path for word in found] == ["extra.karma", "extra.vip", "extra.joined", "extra.NAME"]
        assert ["`number`" in found[0].doc, "`boolean`" in found[1].doc, "`time`" in found[2].doc] == [
            True
        ] * 3

    def test_without_a_pack_the_form_is_left(self) -> None:
        assert [word.path for word in at_hand.extras(None)] == ["extra.NAME"]


class TestThePage:
    def test_it_offers_them_for_a_click(self, lead: Client, draft: RulebookDraft) -> None:
        shown = page(lead, with_extra(draft))
        assert 'data-insert="scores[&quot;toxicity&quot;]"' in shown
        assert 'data-insert="scores[&quot;NAME&quot;]"' in shown
        assert 'data-insert="extra.karma"' in shown
        assert 'once <code dir="ltr">pack.yaml</code> declares it' in shown

    def test_a_draft_with_errors_offers_what_its_base_declares(
        self, lead: Client, book: RulebookVersion, draft: RulebookDraft
    ) -> None:
        RulebookVersion.objects.filter(pk=book.pk).update(
            files={**book.files, "pack.yaml": book.files["pack.yaml"] + EXTRA}
        )
        shown = page(lead, with_extra(draft, "- rule: broken\n"))
        assert 'data-insert="extra.karma"' in shown

    def test_a_model_that_is_off_says_so(self, lead: Client, draft: RulebookDraft, declare: Declare) -> None:
        declare()
        shown = page(lead, draft)
        offered = shown[shown.index("scores[&quot;judge:hate&quot;]") :]
        assert offered.index(">Off<") < offered.index("<li>")

    def test_it_reads_in_arabic(self, sign_in: SignIn, draft: RulebookDraft) -> None:
        shown = page(sign_in(Role.POLICY_LEAD, language="ar"), draft)
        assert "احتمال أن يهاجم النص أشخاصًا بسبب صفة محمية" in shown
        assert "احتمال أن يهاجم النص أشخاصًا بسبب: الدين" in shown
        assert "حقول منصتكم" in shown
        assert "how likely" not in shown


def test_what_is_code_stays_as_it_is_in_arabic(declare: Declare) -> None:
    declare()
    code = re.compile("`([^`]*)`")
    catalogue = polib.pofile(str(FOLDER / "django.po"))
    helped = [entry for entry in catalogue if entry.msgctxt == "rule help"]
    assert [
        entry.msgid for entry in helped if set(code.findall(entry.msgid)) != set(code.findall(entry.msgstr))
    ] == []
    with translation.override("ar"):
        told = {word.path: word.doc for word in (*at_hand.scores(installation().home), *at_hand.extras(None))}
    assert [path for path, doc in told.items() if not re.search("[\u0600-\u06ff]", doc)] == []
