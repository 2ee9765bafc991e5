"""Why a verdict says what it says, as people read it: each part with its value, and what would have turned it."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.console.conftest import Desk, SignIn, Stored

from hakam.compliance import rulebook
from hakam.compliance.models import Fact, RulebookVersion
from hakam.console.turns import said, shown
from hakam.policy.changes import Change, Turn
from hakam.review import why
from hakam.review.confined import _by_its_text, confined
from hakam.review.models import Case
from hakam.staff.roles import Role
from hakam.storage.standing import StandingReader, StandingWriter
from hakam.testing import scene
from hakam.vocabulary.event import Event, ItemRef
from hakam.vocabulary.measure import Measure, MeasureKind

RULES = """\
- rule: rude
  policy: hate
  stage: live
  when: word(text.folded, "vermin") and (author.posts < 5 or author.followers < 3) and not "trusted" in author.labels
  then: [limit_reach, 'review(queue="hate")']
- rule: hurt
  policy: child-abuse
  stage: live
  when: word(text.folded, "secretword")
  then: ['review(queue="child-safety")']
"""


@pytest.fixture
def rules(book: RulebookVersion) -> RulebookVersion:
    pack = scene.PACK["pack.yaml"].replace("1.0.0", "1.1.0")
    return scene.publish({**scene.PACK, "pack.yaml": pack, "rules.yaml": RULES})


def words(answer: Any) -> str:
    """Return a page as text, without its marks."""
    assert answer.status_code == 200
    text = re.sub(r"<(script|style|svg).*?</\1>", "", answer.content.decode(), flags=re.DOTALL)
    text = re.sub(r"</?(span|bdi|code)\b[^>]*>", "", text)
    return " ".join(html.unescape(re.sub("<[^>]+>", " ", text)).split())


def case_of(desk: Desk, stored: Stored, seq: int, **more: Any) -> Case:
    """Open the case that the worker would have opened on a record."""
    event = msgspec.json.decode(stored.log.read(seq - 1, 1)[0].raw, type=Event)
    return desk.case(event=event, **more)


class TestThePage:
    def test_each_part_is_there_with_its_value_and_what_would_have_turned_it(
        self, rules: RulebookVersion, stored: Stored, sign_in: SignIn
    ) -> None:
        seq = stored.post("You vermin", by={"posts": 2, "followers": 9})
        page = words(sign_in(Role.SENIOR_MODERATOR).get(f"/desk/verdicts/{seq}"))
        assert "all of these" in page
        assert "at least one of these" in page
        assert "true:author.posts < 5saw 2decides" in page
        assert "false:author.followers < 3saw 9" in page
        assert "It would not have applied" in page
        assert "if author.posts were 5 or more (it was 2)" in page
        assert 'if word(text.folded, "vermin") had found nothing' in page
        assert "scene 1.1.0" in page
        assert "Judged again by the same version: the same verdict." in page

    @pytest.mark.parametrize(
        ("language", "told"),
        [("en", "Already in force, so not proposed again: "), ("ar", "سارٍ بالفعل، فلم يُقترح مجددًا: ")],
    )
    def test_what_was_in_force_already_is_said(  # noqa: PLR0917 -- fixtures
        self,
        rules: RulebookVersion,
        stored: Stored,
        sign_in: SignIn,
        tmp_path: Path,
        language: str,
        told: str,
    ) -> None:
        with StandingWriter(tmp_path) as file:
            file.on_item(ItemRef(scene.PLATFORM, "post", "p1"), [Measure(MeasureKind.REMOVE)])
        stored.standing = StandingReader(tmp_path)
        seq = stored.post("You vermin", by={"posts": 2, "followers": 9}, item="p1")
        page = words(sign_in(Role.SENIOR_MODERATOR, language=language).get(f"/desk/verdicts/{seq}"))
        assert told in page
        assert "ANOTHER verdict" not in page
        other = stored.post("You vermin", by={"posts": 2, "followers": 9}, item="p2")
        page = words(sign_in(Role.SENIOR_MODERATOR, language=language).get(f"/desk/verdicts/{other}"))
        assert told not in page

    def test_a_rule_that_did_not_apply_says_what_it_lacked(
        self, rules: RulebookVersion, stored: Stored, sign_in: SignIn
    ) -> None:
        seq = stored.post("You vermin", by={"posts": 7, "followers": 9})
        page = words(sign_in(Role.SENIOR_MODERATOR).get(f"/desk/verdicts/{seq}?rule=rude"))
        assert "It would have applied" in page
        assert "if author.posts were below 5 (it was 7)" in page
        assert "if author.followers were below 3 (it was 9)" in page

    def test_unknown_is_a_third_thing(self, rules: RulebookVersion, stored: Stored, sign_in: SignIn) -> None:
        page = words(sign_in(Role.SENIOR_MODERATOR).get(f"/desk/verdicts/{stored.post('You vermin')}"))
        assert "Unknown, so not applied" in page
        assert "if author.posts were below 5 (it was not known)" in page

    def test_the_version_that_judged_explains_though_another_is_in_force(
        self, rules: RulebookVersion, stored: Stored, sign_in: SignIn
    ) -> None:
        seq = stored.post("You vermin", by={"posts": 2})
        pack = scene.PACK["pack.yaml"].replace("1.0.0", "1.2.0")
        scene.publish({**scene.PACK, "pack.yaml": pack, "rules.yaml": RULES.replace("< 5", "< 2")})
        page = words(sign_in(Role.SENIOR_MODERATOR).get(f"/desk/verdicts/{seq}"))
        assert "scene 1.1.0" in page
        assert "if author.posts were 5 or more (it was 2)" in page

    def test_it_reads_in_arabic(self, rules: RulebookVersion, stored: Stored, sign_in: SignIn) -> None:
        seq = stored.post("You vermin", by={"posts": 2})
        page = words(sign_in(Role.SENIOR_MODERATOR, language="ar").get(f"/desk/verdicts/{seq}"))
        assert "ما كانت لتنطبق" in page
        assert "لو بلغت قيمة author.posts ما لا يقل عن 5 (كانت 2)" in page

    def test_what_people_wrote_stays_text(
        self, rules: RulebookVersion, stored: Stored, sign_in: SignIn
    ) -> None:
        seq = stored.post("<b>vermin</b>", by={"posts": 1, "labels": ["<i>"]})
        page = sign_in(Role.SENIOR_MODERATOR).get(f"/desk/verdicts/{seq}").content.decode()
        assert "<b>vermin" not in page
        assert "&lt;b&gt;vermin" in page

    def test_a_version_that_is_gone_is_said(
        self, rules: RulebookVersion, stored: Stored, sign_in: SignIn
    ) -> None:
        seq = stored.post("You vermin")
        record = stored.log.read(seq - 1, 1)[0]
        told = record.verdict.replace(rulebook.ref_of(rules).digest.encode(), b"0" * 64)
        entry = scene.entry(scene.event("x"), scene.verdict())
        stored.log.append(
            [msgspec.structs.replace(entry, raw=record.raw, signals=record.signals, verdict=told)]
        )
        page = words(sign_in(Role.SENIOR_MODERATOR).get(f"/desk/verdicts/{seq + 1}"))
        assert "is not in the history" in page


class TestOnTheCase:
    def test_the_case_leads_to_it_and_the_piece_comes_by_itself(
        self, rules: RulebookVersion, stored: Stored, desk: Desk, sign_in: SignIn
    ) -> None:
        seq = stored.post("You vermin", by={"posts": 2})
        desk.reports = seq - 1
        case = case_of(desk, stored, seq, values={"author.posts < 5": 2})
        client = sign_in(Role.MODERATOR)
        assert (
            f"/desk/verdicts/{seq}?rule=known-words" in client.get(f"/desk/cases/{case.pk}/").content.decode()
        )
        piece = client.get(f"/desk/verdicts/{seq}?rule=rude", headers={"HX-Request": "true"})
        assert piece.content.startswith(b'<div class="why">')
        bank = client.get(f"/desk/verdicts/{seq}?rule=bank:x", headers={"HX-Request": "true"})
        assert "a bank of known content matched" in words(bank)


class TestWhoMaySee:
    def test_without_the_right_to_search_the_log_only_cases_that_one_may_read(
        self, rules: RulebookVersion, stored: Stored, desk: Desk, sign_in: SignIn
    ) -> None:
        seq, other = stored.post("You vermin"), stored.post("You vermin")
        case_of(desk, stored, seq)
        moderator = sign_in(Role.MODERATOR)
        assert moderator.get(f"/desk/verdicts/{seq}").status_code == 200
        assert moderator.get(f"/desk/verdicts/{other}").status_code == 404
        assert sign_in(Role.SENIOR_MODERATOR).get(f"/desk/verdicts/{other}").status_code == 200
        assert moderator.get("/desk/verdicts/0").status_code == 404
        assert moderator.get("/desk/verdicts/99").status_code == 404

    def test_abuse_of_children_is_for_child_safety_and_each_view_is_a_fact(
        self, rules: RulebookVersion, stored: Stored, sign_in: SignIn
    ) -> None:
        seq = stored.post("a secretword")
        for role in (Role.ADMINISTRATOR, Role.SENIOR_MODERATOR, Role.AUDITOR):
            assert sign_in(role).get(f"/desk/verdicts/{seq}").status_code == 404
        assert not Fact.objects.filter(kind="evidence.viewed").exists()
        assert sign_in(Role.CHILD_SAFETY).get(f"/desk/verdicts/{seq}").status_code == 200
        assert Fact.objects.filter(kind="evidence.viewed", subject=f"event:{seq}").count() == 1

    def test_so_is_all_else_of_an_item_that_people_hold_for_it(
        self, rules: RulebookVersion, stored: Stored, desk: Desk, sign_in: SignIn
    ) -> None:
        seq = stored.post("harmless words", item="77")
        assert not confined().record(stored.log.read(seq - 1, 1)[0])
        case_of(desk, stored, seq, clause="child-abuse", harm="csam")
        assert confined().record(stored.log.read(seq - 1, 1)[0])
        assert sign_in(Role.ADMINISTRATOR).get(f"/desk/verdicts/{seq}").status_code == 404


def test_a_clause_stays_confined_when_its_version_can_t_be_read_any_more() -> None:
    assert _by_its_text(scene.PACK) == {"child-abuse"}


def test_what_can_t_be_read_is_explained_to_nobody(stored: Stored) -> None:
    record = msgspec.structs.replace(stored.log.read(stored.post() - 1, 1)[0], raw=b"{", signals=b"{")
    with pytest.raises(why.CannotExplainError) as error:
        why.why(record)
    assert error.value.lack is why.Lack.RECORD
    assert confined().record(record)


@pytest.mark.parametrize("turn", list(Turn))
def test_each_turn_has_words(turn: Turn) -> None:
    text = re.sub("<[^>]+>", "", said(Change(turn, "author.posts", "5", 7)))
    assert text.startswith("if author.posts")
    assert "%(" not in text


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (True, "yes"), (0.123456789, "0.123457"), (["a", 2], "a, 2"), ("x" * 200, "x" * 159 + "…"),
     (list(range(9)), "0, 1, 2, 3, 4, 5, 6, 7 …")],
)  # fmt: skip
def test_values_are_written_on_one_line(value: Any, text: str) -> None:
    assert shown(value) == text


class TestCommunities:
    """The page says what is off, or set otherwise, in the community of the post."""

    TUNED = "communities:\n  cooking: {params: {few: 50}}\n  chess: {without: [rude]}\n"
    PARAMS = "- param: few\n  type: number\n  least: 1\n  most: 100\n  default: 5\n"

    @pytest.fixture
    def tuned(self, book: RulebookVersion) -> RulebookVersion:
        files = {
            **scene.PACK,
            "pack.yaml": scene.PACK["pack.yaml"].replace("1.0.0", "1.2.0"),
            "rules.yaml": RULES.replace("author.posts < 5", "author.posts < params.few"),
            "params.yaml": self.PARAMS,
            "tuned.yaml": self.TUNED,
        }
        return scene.publish(files)

    def test_a_rule_that_is_off_says_so_first(
        self, tuned: RulebookVersion, stored: Stored, sign_in: SignIn
    ) -> None:
        seq = stored.post("You vermin", by={"posts": 2, "followers": 9}, of={"community": "chess"})
        page = words(sign_in(Role.SENIOR_MODERATOR).get(f"/desk/verdicts/{seq}"))
        assert "Switched off in this community" in page
        assert "Switched off in the community chess: it judged nothing here." in page
        assert "Its condition holds; elsewhere it would have applied." in page
        assert "item.community" not in page
        assert "No rule applies" in page

    @pytest.mark.parametrize(
        ("language", "told"),
        [("en", "in the community cooking; 5 elsewhere"), ("ar", "في المجتمع cooking، و5 في غيره")],
    )
    def test_a_value_of_the_community_is_told_with_the_one_of_all_others(
        self, tuned: RulebookVersion, stored: Stored, sign_in: SignIn, language: str, told: str
    ) -> None:
        seq = stored.post("You vermin", by={"posts": 20, "followers": 9}, of={"community": "cooking"})
        page = words(sign_in(Role.SENIOR_MODERATOR, language=language).get(f"/desk/verdicts/{seq}"))
        assert told in page
        if language == "en":
            assert "if author.posts were 50 or more (it was 20)" in page
