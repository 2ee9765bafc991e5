"""Asking of everything that came through the door, at the desk: mistakes told, figures right, secrets kept."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from typing import Any

import pytest
from django.test import Client
from tests.console.conftest import SignIn, Stored

from hakam.compliance import ledger
from hakam.compliance.models import Fact, RulebookVersion
from hakam.console.desk.asked import EXAMPLES, AskError, Form, since_of
from hakam.investigation.entities import Entity, EntityKind, question_of
from hakam.review import questions
from hakam.review.models import SavedQuestion
from hakam.review.questions import QuestionError
from hakam.staff.models import User
from hakam.staff.roles import Role
from hakam.testing import scene

CHILD = """\
- rule: known-spam
  policy: spam
  stage: live
  when: word(text.folded, "carpets")
  then: [label("spam")]
- rule: hurt
  policy: child-abuse
  stage: live
  when: word(text.folded, "secretword")
  then: ['review(queue="child-safety")']
"""


@pytest.fixture
def log(book: RulebookVersion, stored: Stored) -> Stored:
    """Give three days: a shop that advertises, somebody else, and one post that only child-safety may see."""
    pack = scene.PACK["pack.yaml"].replace("1.0.0", "1.1.0")
    scene.publish({**scene.PACK, "pack.yaml": pack, "rules.yaml": CHILD})
    for n in range(3):
        stored.post(
            "carpets at https://shop.example/x", ago=200_000.0 - n, author="shop", context={"ip_hash": "aa"}
        )
    stored.post(
        "=1+2",
        ago=90_000.0,
        author="sums",
        of={"media": [{"url": "https://m.example/1", "hashes": {"md5": "0" * 32}}]},
    )
    stored.post("a secretword and carpets", ago=80_000.0, author="hidden")
    stored.post("سجاد جميل", ago=60.0, author="سلمى", context={"ip_hash": "aa"})
    return stored


@pytest.fixture
def lead(sign_in: SignIn) -> Client:
    return sign_in(Role.POLICY_LEAD)


def get(client: Client, **asked: Any) -> Any:
    return client.get("/desk/investigate", {"go": "1", "span": "all", **asked})


def words(answer: Any) -> str:
    text = re.sub(r"<(script|style|svg).*?</\1>", "", answer.content.decode(), flags=re.DOTALL)
    return " ".join(html.unescape(re.sub("<[^>]+>", " ", text)).split())


def matched(answer: Any) -> int:
    found = re.search(r'data-matched="(\d+)"', answer.content.decode())
    assert found is not None, answer.content.decode()[:2_000]
    return int(found[1])


class TestAsking:
    def test_the_form_asks_nothing_by_itself(self, log: Stored, lead: Client) -> None:
        page = lead.get("/desk/investigate")
        assert page.status_code == 200
        assert b"data-matched" not in page.content
        assert not Fact.objects.filter(kind="log.queried").exists()

    def test_figures_chart_tops_and_events(self, log: Stored, lead: Client) -> None:
        answer = get(lead, where='word(text.folded, "carpets")', top=["author.id", "links.domains"])
        assert matched(answer) == 3
        page = answer.content.decode()
        assert '<svg class="days"' in page
        assert 'data-top="links.domains"' in page
        assert "kind=links.domains&amp;value=shop.example" in page
        assert 'href="/desk/verdicts/1"' in page

    def test_events_of_one_day_are_drawn_by_the_hour(self, log: Stored, lead: Client) -> None:
        one = re.search(r'<svg class="days".*?</svg>', get(lead, span="1h").content.decode())
        assert one is not None
        assert one[0].count("<rect") == 24
        more = re.search(r'<svg class="days".*?</svg>', get(lead, by="day").content.decode())
        assert more is not None
        assert more[0].count("<rect") in {3, 4}

    def test_what_rules_said_can_be_asked(self, log: Stored, lead: Client) -> None:
        assert matched(get(lead, rule="known-spam")) == 3
        assert matched(get(lead, rule="*", stage="live")) == 3
        assert matched(get(lead, stage="shadow")) == 0

    def test_a_span_ends_where_it_says(self, log: Stored, lead: Client) -> None:
        assert matched(get(lead, span="1h")) == 1

    def test_each_question_is_a_fact_with_its_words_beside_the_chain(self, log: Stored, lead: Client) -> None:
        get(lead, where='author.id == "shop"')
        fact = Fact.objects.get(kind="log.queried")
        assert ledger.body_of(fact)["matched"] == 3
        assert "shop" not in json.dumps(ledger.body_of(fact))

    def test_a_mistake_is_told_at_its_place_and_nothing_is_asked(self, log: Stored, lead: Client) -> None:
        answer = get(lead, where="author.postz < 3")
        assert answer.status_code == 422
        assert "author.posts" in words(answer)
        assert b"data-code=" in answer.content
        assert not Fact.objects.filter(kind="log.queried").exists()

    @pytest.mark.parametrize(
        "wrong",
        [{"span": "3y"}, {"stage": "canary"}, {"by": "week"}, {"top": "no.field"}, {"top": list("abcde")}],
    )
    def test_what_the_form_does_not_offer_is_refused(
        self, log: Stored, lead: Client, wrong: dict[str, Any]
    ) -> None:
        assert get(lead, **wrong).status_code == 422

    def test_it_is_checked_while_somebody_writes(self, log: Stored, lead: Client) -> None:
        url = "/desk/investigate/check"
        assert "It can be asked." in words(lead.get(url, {"where": "author.posts < 3"}))
        assert b'class="pill danger"' in lead.get(url, {"where": "author.posts <"}).content
        assert words(lead.get(url, {"where": ""})) == ""

    def test_it_reads_in_arabic(self, log: Stored, sign_in: SignIn) -> None:
        page = words(get(sign_in(Role.POLICY_LEAD, language="ar"), where='word(text.folded, "carpets")'))
        assert "3 أحداث" in page.replace("\xa0", " ")
        assert "أحدثها" in page

    def test_without_rules_there_is_nothing_to_ask_with(self, stored: Stored, lead: Client) -> None:
        RulebookVersion.objects.update(active_until=stored.log and scene.NOW)
        assert "No rule book is in force" in words(get(lead))


class TestWhoMaySee:
    def test_abuse_of_children_is_in_no_figure_but_for_child_safety(
        self, log: Stored, lead: Client, sign_in: SignIn
    ) -> None:
        answer = get(lead, top=["author.id"])
        assert matched(answer) == 5
        assert "hidden" not in words(answer).split()
        assert matched(get(lead, where='word(text.folded, "secretword")')) == 0
        assert "secretword and" not in words(
            lead.get("/desk/investigate/entity", {"kind": "author.id", "value": "hidden"})
        )
        safe = sign_in(Role.CHILD_SAFETY)
        assert matched(get(safe)) == 6
        assert ledger.body_of(Fact.objects.filter(kind="log.queried").latest("seq"))["child_safety"] is True

    def test_moderators_have_no_such_page(self, log: Stored, sign_in: SignIn) -> None:
        assert get(sign_in(Role.MODERATOR)).status_code == 404
        assert sign_in(Role.SENIOR_MODERATOR).get("/desk/investigate/sql").status_code == 404


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda form: form.where)
def test_each_example_can_be_asked(log: Stored, lead: Client, example: Form) -> None:
    assert lead.get(f"/desk/investigate?{example.link}").status_code == 200


class TestEntities:
    def test_an_author_with_what_is_theirs_and_what_they_share(self, log: Stored, lead: Client) -> None:
        answer = lead.get("/desk/investigate/entity", {"kind": "author.id", "value": "shop", "span": "all"})
        assert matched(answer) == 3
        page = answer.content.decode()
        assert "violations" in page
        assert "kind=context.ip_hash&amp;value=aa" in page
        assert 'data-top="author.id"' not in page

    @pytest.mark.parametrize(
        ("kind", "value", "count"),
        [("links.domains", "shop.example", 3), ("context.ip_hash", "aa", 4), ("media.hash", f"md5:{'0' * 32}", 1),
         ("author.id", "سلمى", 1), ("author.id", '"; drop', 0)],
    )  # fmt: skip
    def test_each_kind(self, log: Stored, lead: Client, kind: str, value: str, count: int) -> None:
        answer = lead.get("/desk/investigate/entity", {"kind": kind, "value": value, "span": "all"})
        assert matched(answer) == count

    def test_a_fingerprint_that_a_top_names_is_found_again(self, log: Stored, lead: Client) -> None:
        for n in range(2):
            log.post("the very same long text of an advertisement for you", author=f"copy{n}")
        page = get(lead, top=["text.fingerprint"]).content.decode()
        found = re.search(r"kind=text.fingerprint&amp;value=([0-9a-f]+)", page)
        assert found is not None
        assert (
            matched(lead.get("/desk/investigate/entity", {"kind": "text.fingerprint", "value": found[1]}))
            >= 1
        )

    @pytest.mark.parametrize("wrong", [{"kind": "x"}, {"value": ""}, {"span": "x"}])
    def test_what_is_none_is_not_found(self, log: Stored, lead: Client, wrong: dict[str, str]) -> None:
        asked = {"kind": "author.id", "value": "shop"} | wrong
        assert lead.get("/desk/investigate/entity", asked).status_code == 404

    def test_an_entity_s_question_says_what_it_needs(self) -> None:
        assert {str(need) for need in question_of(Entity(EntityKind.DOMAIN, "x")).needs} == {"links"}


class TestExport:
    def test_events_as_csv_with_no_cell_that_is_a_formula(self, log: Stored, lead: Client) -> None:
        answer = get(lead, format="csv")
        assert answer["Content-Disposition"] == 'attachment; filename="events.csv"'
        rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
        assert len(rows) == 5
        assert rows[1]["text"] == "'=1+2"

    def test_a_top_and_the_chart(self, log: Stored, lead: Client) -> None:
        top = get(lead, format="csv", of="author.id", top=["author.id"]).content.decode().splitlines()
        assert top[:2] == ["author.id,count", "shop,3"]
        series = get(lead, format="csv", of="series").content.decode().splitlines()
        assert series[0] == "start,count"
        assert sum(int(line.rpartition(",")[2]) for line in series[1:]) == 5

    def test_json_holds_everything(self, log: Stored, lead: Client) -> None:
        assert json.loads(get(lead, format="json").content)["matched"] == 5


def test_a_mistake_is_told_in_the_readers_language(log: Stored, sign_in: SignIn) -> None:
    reader = sign_in(Role.POLICY_LEAD, language="ar")
    for told in (
        get(reader, where='word(text.folded, "x" and ('),
        reader.get("/desk/investigate/check", {"where": 'word(text.folded, "x" and ('}),
        reader.post("/desk/investigate/sql/run", {"sql": "SELECT 1", "span": "all", "where": "x and ("}),
    ):
        assert "لا تُقرأ العبارة: قوس لا يُغلق" in words(told)
        assert "cannot read" not in words(told)


def test_a_question_about_a_rule_that_is_gone_names_it(log: Stored, lead: Client) -> None:
    page = get(lead, rule="long-gone").content.decode()
    assert '<option value="long-gone" selected>long-gone (not in force)</option>' in page
    assert page.count('value="known-spam"') == 1
    assert "not in force" not in get(lead, rule="known-spam").content.decode()
    assert "not in force" not in get(lead, rule="*").content.decode()


def test_an_entity_without_events_shares_nothing(log: Stored, lead: Client) -> None:
    asked = {"kind": "author.id", "span": "all"}
    assert "What its events share" in words(lead.get("/desk/investigate/entity", asked | {"value": "shop"}))
    assert "What its events share" not in words(
        lead.get("/desk/investigate/entity", asked | {"value": "nobody"})
    )


class TestSql:
    def run(self, client: Client, statement: str, **more: str) -> Any:
        return client.post("/desk/investigate/sql/run", {"sql": statement, "span": "all", **more})

    @pytest.mark.parametrize(
        ("statement", "en", "ar"),
        [
            ("DELETE FROM events", "Only SELECT is taken; this is DELETE.", "وهذه DELETE"),
            ("SELECT 1; SELECT 2", "One statement at a time.", "عبارة واحدة في كل مرة."),
            ("", "One statement at a time.", "عبارة واحدة في كل مرة."),
        ],
    )
    def test_a_refusal_is_told_in_the_readers_language(  # noqa: PLR0917 -- fixtures
        self, log: Stored, lead: Client, sign_in: SignIn, statement: str, en: str, ar: str
    ) -> None:
        assert en in words(self.run(lead, statement))
        told = self.run(sign_in(Role.POLICY_LEAD, language="ar"), statement)
        assert told.status_code == 422
        assert ar in words(told)
        assert "statement" not in words(told)
        assert "taken" not in words(told)

    def test_what_took_too_long_is_told_in_the_readers_language(
        self, log: Stored, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("hakam.console.desk.investigate.SQL_SECONDS", 0.2)
        endless = "SELECT sum(a.range) FROM range(100000000) a, range(100000) b"
        assert "استغرقت أكثر من 0.2 ثانية" in words(
            self.run(sign_in(Role.POLICY_LEAD, language="ar"), endless)
        )

    def test_what_the_database_says_keeps_its_own_direction(self, log: Stored, sign_in: SignIn) -> None:
        told = self.run(sign_in(Role.POLICY_LEAD, language="ar"), "SELECT * FROM read_csv('/etc/passwd')")
        assert '<bdi lang="en" dir="ltr">Permission Error' in told.content.decode()

    def test_a_select_is_answered_and_on_record(self, log: Stored, lead: Client) -> None:
        answer = self.run(lead, "SELECT author_id, count(*) AS n FROM events GROUP BY 1 ORDER BY 2 DESC, 1")
        assert re.search(r"shop.*3", words(answer))
        assert "hidden" not in words(answer).split()
        assert Fact.objects.filter(kind="log.queried").count() == 1
        rows = self.run(lead, "SELECT count(*) AS n FROM events", format="csv").content.decode().split()
        assert rows == ["n", "5"]

    @pytest.mark.parametrize(
        "statement",
        [
            "SELECT error(any_value(text_raw)) FROM events",
            "SELECT text_raw::INTEGER FROM events",
            "DROP TABLE events",
        ],
    )
    def test_a_refused_statement_is_on_record_too(self, log: Stored, lead: Client, statement: str) -> None:
        assert self.run(lead, statement).status_code == 422
        assert ledger.private_of(Fact.objects.get(kind="log.queried"))["sql"] == statement

    def test_a_very_long_cell_leaves_the_page_readable(self, log: Stored, lead: Client) -> None:
        assert len(self.run(lead, "SELECT repeat('x', 3000000)").content) < 100_000

    @pytest.mark.parametrize(
        "statement", ["DROP TABLE events", "SELECT 1; SELECT 2", "SELECT * FROM 'x.csv'", ""]
    )
    def test_anything_else_is_refused_with_words(self, log: Stored, lead: Client, statement: str) -> None:
        answer = self.run(lead, statement)
        assert answer.status_code == 422
        assert b'role="alert"' in answer.content

    def test_a_mistake_in_the_condition_is_told_first(self, log: Stored, lead: Client) -> None:
        assert self.run(lead, "SELECT 1", where="author.postz < 1").status_code == 422

    def test_the_form_is_there(self, log: Stored, lead: Client) -> None:
        assert b'data-form="sql"' in lead.get("/desk/investigate/sql").content


class TestKept:
    def test_a_question_is_kept_shared_and_removed_by_who_kept_it(
        self, log: Stored, lead: Client, sign_in: SignIn
    ) -> None:
        asked = {
            "name": "Carpets",
            "where": 'word(text.folded, "carpets")',
            "top": ["author.id", "rule"],
            "span": "7d",
        }
        assert lead.post("/desk/investigate/keep", asked | {"shared": "on"}).status_code == 302
        kept = SavedQuestion.objects.get()
        assert kept.asked["top"] == ["author.id", "rule"]
        colleague = sign_in(Role.AUDITOR)
        assert "Carpets" in words(colleague.get("/desk/investigate"))
        assert colleague.post(f"/desk/investigate/kept/{kept.pk}/forget").status_code == 404
        lead.post("/desk/investigate/keep", asked)
        assert SavedQuestion.objects.get().shared is False
        assert "Carpets" not in words(colleague.get("/desk/investigate"))
        assert "top=author.id&amp;top=rule" in lead.get("/desk/investigate").content.decode()
        assert lead.post(f"/desk/investigate/kept/{kept.pk}/forget").status_code == 302
        assert not SavedQuestion.objects.exists()

    def test_who_keeps_another_one_under_its_name_is_told(self, log: Stored, lead: Client) -> None:
        asked = {"name": "Carpets", "where": "author.posts < 3"}
        answer = words(lead.post("/desk/investigate/keep", asked | {"shared": "on"}, follow=True))
        assert "Kept." in answer
        answer = words(lead.post("/desk/investigate/keep", asked | {"shared": "on"}, follow=True))
        assert "Kept in place of the question that had this name." in answer
        assert "Colleagues no longer see it." not in answer
        answer = words(lead.post("/desk/investigate/keep", asked, follow=True))
        assert "had this name. Colleagues no longer see it." in answer

    def test_it_gets_another_name_and_is_shared_by_who_kept_it(
        self, log: Stored, lead: Client, sign_in: SignIn
    ) -> None:
        lead.post("/desk/investigate/keep", {"name": "Carpets", "where": "author.posts < 3"})
        kept = SavedQuestion.objects.get()
        change = f"/desk/investigate/kept/{kept.pk}/change"
        asked = {"name": "سجاد", "shared": "on", "where": "author.posts < 9", "span": "24h"}
        answer = lead.post(change, asked, follow=True)
        assert "Changed." in words(answer)
        kept.refresh_from_db()
        assert (kept.name, kept.shared, kept.asked["where"]) == ("سجاد", True, "author.posts < 3")
        assert "author.posts &lt; 9" in answer.content.decode()  # what stands in the form stands there again
        colleague = sign_in(Role.AUDITOR)
        assert "سجاد" in words(colleague.get("/desk/investigate"))
        assert 'data-form="change-question"' not in words(colleague.get("/desk/investigate"))
        assert colleague.post(change, {"name": "mine"}).status_code == 404
        lead.post(change, {"name": "سجاد"})
        assert "سجاد" not in words(colleague.get("/desk/investigate"))

    def test_a_name_that_is_taken_or_none_changes_nothing(self, log: Stored, lead: Client) -> None:
        for name in ("Carpets", "Shops"):
            lead.post("/desk/investigate/keep", {"name": name, "where": "author.posts < 3"})
        kept = SavedQuestion.objects.get(name="Shops")
        change = f"/desk/investigate/kept/{kept.pk}/change"
        assert "Another of your questions has this name" in words(
            lead.post(change, {"name": "Carpets", "shared": "on"}, follow=True)
        )
        assert "It needs a name" in words(lead.post(change, {"name": " "}, follow=True))
        assert "at most 120 characters" in words(lead.post(change, {"name": "x" * 121}, follow=True))
        kept.refresh_from_db()
        assert (kept.name, kept.shared) == ("Shops", False)
        assert "Changed." in words(lead.post(change, {"name": "Shops", "shared": "on"}, follow=True))
        assert SavedQuestion.objects.get(name="Shops").shared

    def test_a_question_too_long_for_an_address_is_kept_and_answered_with_a_page(
        self, log: Stored, lead: Client
    ) -> None:
        names = ", ".join(f'"متجر{n}.example"' for n in range(400))
        where = f"any_in(links.domains, [{names}])"
        answer = lead.post("/desk/investigate/keep", {"name": "Shops", "where": where}, follow=True)
        assert answer.status_code == 200
        assert "Kept." in words(answer)
        assert SavedQuestion.objects.get().asked["where"] == where

    def test_without_a_name_nothing_is_kept(self, log: Stored, lead: Client) -> None:
        assert "It needs a name" in words(lead.post("/desk/investigate/keep", {"name": " "}, follow=True))
        long = words(lead.post("/desk/investigate/keep", {"name": "x" * 121}, follow=True))
        assert "at most 120 characters" in long
        assert not SavedQuestion.objects.exists()

    def test_there_is_an_end_to_them(self, amal: User, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(questions, "MOST", 1)
        questions.keep("a", {}, shared=False, user=amal, now=scene.NOW)
        questions.keep("a", {"where": "x"}, shared=False, user=amal, now=scene.NOW)
        with pytest.raises(QuestionError):
            questions.keep("b", {}, shared=False, user=amal, now=scene.NOW)


def test_a_span_that_is_none() -> None:
    assert since_of("all", scene.NOW) is None
    with pytest.raises(AskError):
        since_of("1y", scene.NOW)
    assert Form(where="x", span="1h").link == "where=x&span=1h&by=day&go=1"
