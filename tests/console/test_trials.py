"""Whom a draft would touch, as the desk shows it: figures, examples, agreement, and no more than one may see."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from tests.console.conftest import SignIn

from hakam.backtest.vectors import Rules
from hakam.compliance import drafts
from hakam.compliance.models import RulebookDraft, RulebookVersion
from hakam.console.desk import trials as page
from hakam.review import trials
from hakam.review.models import Trial
from hakam.staff.roles import Role
from hakam.testing import scene
from hakam.testing.event_logs import MemoryEventLog
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.event import Event

MORE = """\
- rule: vermin
  policy: hate
  stage: shadow
  when: word(text.folded, "vermin")
  then: [review(queue="hate")]
- rule: hurt
  policy: child-abuse
  stage: shadow
  when: word(text.folded, "small")
  then: [review(queue="child-safety")]
"""
BUSY = """\
- rule: busy
  policy: spam
  stage: live
  when: word(text.folded, "hello")
  then: [review(queue="spam")]
"""
LATER = scene.PACK["pack.yaml"].replace("1.0.0", "1.1.0")


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> MemoryEventLog:
    made = MemoryEventLog()
    monkeypatch.setattr(page, "event_log", lambda: made)
    return made


@pytest.fixture
def draft(book: RulebookVersion) -> RulebookDraft:
    made = drafts.begin("Vermin", by=SYSTEM, now=timezone.now())
    return drafts.save(made.pk, path="rules/more.yaml", text=MORE, seen=0, by=SYSTEM, now=timezone.now())


@pytest.fixture
def lead(sign_in: SignIn) -> Client:
    return sign_in(Role.POLICY_LEAD)


def run(log: MemoryEventLog, *texts: str) -> list[Event]:
    then = timezone.now() - timedelta(hours=1)
    events = [scene.event(text, item=f"c{n}", at=then) for n, text in enumerate(texts)]
    log.append([scene.entry(event, scene.verdict()) for event in events])
    assert trials.run_next(lambda _since: events, clock=timezone.now)
    return events


def url(draft: RulebookDraft, what: str = "") -> str:
    return f"/desk/rules/drafts/{draft.pk}/trial{what}"


def said(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_nobody_has_looked_yet(lead: Client, draft: RulebookDraft) -> None:
    assert "Nobody has looked yet" in said(lead.get(url(draft)))
    assert url(draft) in said(lead.get(f"/desk/rules/drafts/{draft.pk}"))


def test_it_is_asked_for_and_watched(lead: Client, draft: RulebookDraft) -> None:
    assert lead.post(url(draft, "/ask"), {"days": "7"}).status_code == 302
    answer = said(lead.get(url(draft)))
    assert "Waiting" in answer
    assert 'hx-trigger="every 2s"' in answer
    piece = said(lead.get(url(draft), headers={"HX-Request": "true"}))
    assert piece.startswith("<div")
    assert "<html" not in piece


def test_it_can_be_cancelled(lead: Client, draft: RulebookDraft) -> None:
    lead.post(url(draft, "/ask"), {"days": "1"})
    lead.post(url(draft, "/cancel"))
    assert Trial.objects.get().state == "cancelled"
    assert "Cancelled" in said(lead.get(url(draft)))
    lead.post(url(draft, "/cancel"))
    assert Trial.objects.count() == 1


@pytest.mark.parametrize("days", ["", "0", "31", "x", "7.5"])
def test_a_span_that_is_none_is_refused(lead: Client, draft: RulebookDraft, days: str) -> None:
    answer = lead.post(url(draft, "/ask"), {"days": days})
    assert answer.status_code == 422
    assert "Choose a span." in said(answer)


def test_a_draft_with_errors_is_refused(lead: Client, draft: RulebookDraft) -> None:
    drafts.save(draft.pk, path="rules.yaml", text="- rule: x", seen=0, by=SYSTEM, now=timezone.now())
    answer = lead.post(url(draft, "/ask"), {"days": "7"})
    assert answer.status_code == 422
    for shown in (said(answer), said(lead.get(url(draft)))):
        assert shown.count("The draft has errors. Mend them first.") == 1
        assert f'<a href="/desk/rules/drafts/{draft.pk}">To the draft</a>' in shown
        assert 'data-form="ask-trial"' not in shown


def test_a_draft_that_is_over_says_nothing_of_its_errors(lead: Client, draft: RulebookDraft) -> None:
    drafts.save(draft.pk, path="rules.yaml", text="- rule: x", seen=0, by=SYSTEM, now=timezone.now())
    drafts.discard(draft.pk, because="no", by=SYSTEM, now=timezone.now())
    assert "Mend them first." not in said(lead.get(url(draft)))


class TestTheAnswer:
    @pytest.fixture(autouse=True)
    def _asked(self, lead: Client, draft: RulebookDraft, log: MemoryEventLog) -> None:
        lead.post(url(draft, "/ask"), {"days": "7"})
        run(log, "you are vermin", "hello", "a small secret", "vermin and small")

    def test_figures_and_examples(self, lead: Client, draft: RulebookDraft) -> None:
        answer = said(lead.get(url(draft)))
        assert 'data-trial="done"' in answer
        assert "you are vermin" in answer
        assert "Newly touched" in answer
        assert "every 2s" not in answer

    def test_abuse_of_children_is_shown_to_child_safety_alone(
        self, lead: Client, draft: RulebookDraft, sign_in: SignIn
    ) -> None:
        for client in (lead, sign_in(Role.MODERATOR), sign_in(Role.ADMINISTRATOR)):
            answer = said(client.get(url(draft)))
            assert "a small secret" not in answer
            assert "vermin and small" not in answer
        assert "a small secret" in said(sign_in(Role.CHILD_SAFETY).get(url(draft)))

    def test_who_reads_no_cases_reads_figures_only(self, draft: RulebookDraft, sign_in: SignIn) -> None:
        answer = said(sign_in(Role.RESEARCHER).get(url(draft)))
        assert "Your role reads figures" in answer
        assert "you are vermin" not in answer
        assert "<form" not in answer.split('id="main"')[1].split("toasts")[0]

    def test_a_draft_that_was_changed_since_says_so(self, lead: Client, draft: RulebookDraft) -> None:
        assert "Look again" not in said(lead.get(url(draft)))
        drafts.save(
            draft.pk, path="rules/more.yaml", text=MORE + "#\n", seen=1, by=SYSTEM, now=timezone.now()
        )
        assert "Look again" in said(lead.get(url(draft)))

    def test_it_reads_in_arabic(self, draft: RulebookDraft, sign_in: SignIn) -> None:
        answer = said(sign_in(Role.POLICY_LEAD, language="ar").get(url(draft)))
        assert "تمسّها جديدًا" in answer
        assert "Newly" not in answer


NEAR = """\
- rule: shouting
  policy: spam
  stage: shadow
  when: word(text.folded, "hello") and (text.length > 90 or item.language in ["ar", "fa"])
  then: [review(queue="spam")]
- rule: busy
  policy: spam
  stage: shadow
  when: count(by=author.id, within="1d") > 9 and word(text.folded, "hello")
  then: [review(queue="spam")]
- rule: pleading
  policy: spam
  stage: shadow
  when: word(text.folded, "hello") and (word(text.folded, "a1") or word(text.folded, "a2") or
    word(text.folded, "a3") or word(text.folded, "a4") or word(text.folded, "a5"))
  then: [review(queue="spam")]
"""


class TestNearMisses:
    """Each says what it lacked, to whom may read it."""

    @pytest.fixture(autouse=True)
    def _asked(self, lead: Client, draft: RulebookDraft, log: MemoryEventLog) -> None:
        drafts.save(draft.pk, path="rules/more.yaml", text=NEAR, seen=1, by=SYSTEM, now=timezone.now())
        lead.post(url(draft, "/ask"), {"days": "7"})
        run(log, "hello <b>you</b>", "sunny")

    @staticmethod
    def told(answer: Any, rule: str) -> str:
        """Return what stands below the examples of a rule, without its marks."""
        found = said(answer).split(f'data-rule="{rule}"')[1].split("</details>")[0]
        told = found.partition("data-lacked>")[2].split("</div>")[0].replace("<li>", " ")
        return " ".join(re.sub("<[^>]+>", "", told).split())

    @pytest.mark.parametrize(
        ("language", "shouting", "busy", "pleading"),
        [
            (
                "en",
                (
                    "It would have applied if text.length were above 90 (it was 16) "
                    "if item.language in [&quot;ar&quot;, &quot;fa&quot;] were true (it saw en)"
                ),
                "It would have applied if count(by=author.id, within=&quot;1d&quot;) were above 9 (it was 1)",
                "Other ways: 2",
            ),
            (
                "ar",
                (
                    "كانت ستنطبق لو كانت قيمة text.length أكثر من 90 (كانت 16) "
                    "لو تحقّق item.language in [&quot;ar&quot;, &quot;fa&quot;] (القيمة: en)"
                ),
                "كانت ستنطبق لو كانت قيمة count(by=author.id, within=&quot;1d&quot;) أكثر من 9 (كانت 1)",
                "طرق أخرى: 2",
            ),
        ],
    )
    def test_each_says_what_it_lacked(  # noqa: PLR0917 -- fixtures
        self,
        draft: RulebookDraft,
        sign_in: SignIn,
        language: str,
        shouting: str,
        busy: str,
        pleading: str,
    ) -> None:
        answer = sign_in(Role.POLICY_LEAD, language=language).get(url(draft))
        assert self.told(answer, "shouting") == shouting
        assert self.told(answer, "busy") == busy
        assert self.told(answer, "pleading").endswith(pleading)
        assert said(answer).count("data-lacked") == 3

    def test_who_reads_no_cases_is_told_nothing_of_it(self, draft: RulebookDraft, sign_in: SignIn) -> None:
        answer = said(sign_in(Role.RESEARCHER).get(url(draft)))
        assert "data-lacked" not in answer
        assert "it was 16" not in answer

    def test_an_event_that_is_gone_leaves_nothing_behind(
        self, lead: Client, draft: RulebookDraft, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(page, "event_log", MemoryEventLog)
        assert "data-lacked" not in said(lead.get(url(draft)))

    def test_an_answer_of_an_older_release_shows_the_events_alone(
        self, lead: Client, draft: RulebookDraft
    ) -> None:
        trial = Trial.objects.get()
        for rule in trial.result["rules"]:
            del rule["near_seen"]
        trial.save()
        answer = said(lead.get(url(draft)))
        assert "hello &lt;b&gt;you" in answer
        assert "data-lacked" not in answer


def order(answer: Any) -> list[str]:
    return re.findall(r'data-rule="([^"]+)"', answer.content.decode())


@pytest.mark.parametrize(
    ("language", "words"), [("en", ("new rule", "rule changed")), ("ar", ("قاعدة جديدة", "عُدِّلت القاعدة"))]
)
def test_what_the_draft_writes_stands_before_rules_that_fire_more(  # noqa: PLR0917 -- fixtures
    draft: RulebookDraft,
    log: MemoryEventLog,
    sign_in: SignIn,
    lead: Client,
    language: str,
    words: tuple[str, str],
) -> None:
    scene.publish({**scene.PACK, "rules/busy.yaml": BUSY, "rules/more.yaml": MORE, "pack.yaml": LATER})
    made = drafts.begin("Quiet", by=SYSTEM, now=timezone.now())
    quiet = MORE.replace('"vermin"', '"rats"').replace("rule: hurt", "rule: never")
    made = drafts.save(made.pk, path="rules/more.yaml", text=quiet, seen=0, by=SYSTEM, now=timezone.now())
    lead.post(url(made, "/ask"), {"days": "7"})
    run(log, "hello", "hello again", "hello vermin")
    answer = sign_in(Role.POLICY_LEAD, language=language).get(url(made))
    found = order(answer)
    assert found[0] == "vermin"  # it stays and touches one fewer
    assert set(found[1:3]) == {"hurt", "never"}
    assert found.index("busy") > 2
    text = said(answer)
    assert all(word in text for word in words)
    top, _, rest = text.partition({"en": "Rules that stay as they are", "ar": "قواعد تبقى كما هي"}[language])
    assert 'data-rule="busy"' in rest
    assert 'data-rule="busy"' not in top
    assert 'data-rule="never"' in top


@pytest.mark.parametrize(
    ("language", "acted", "released"),
    [
        (
            "en",
            "Only recorded until now, acted on by the draft",
            "2 events that were only recorded until now",
        ),
        ("ar", "كانت تُسجَّل فقط، وتعمل عليها المسودة", "حدثان (2) كانا يُسجَّلان فقط"),
    ],
)
def test_a_rule_that_goes_live_shows_whom_it_would_act_on(  # noqa: PLR0917 -- fixtures
    draft: RulebookDraft,
    log: MemoryEventLog,
    sign_in: SignIn,
    lead: Client,
    language: str,
    acted: str,
    released: str,
) -> None:
    scene.publish({**scene.PACK, "rules/more.yaml": MORE, "pack.yaml": LATER})
    made = drafts.begin("Live", by=SYSTEM, now=timezone.now())
    live = MORE.replace("stage: shadow", "stage: live", 1)
    made = drafts.save(made.pk, path="rules/more.yaml", text=live, seen=0, by=SYSTEM, now=timezone.now())
    lead.post(url(made, "/ask"), {"days": "7"})
    run(log, "you are vermin", "hello", "more vermin", "small")
    reader = sign_in(Role.POLICY_LEAD, language=language)
    rule = said(reader.get(url(made))).split('data-rule="vermin"')[1].split("</details>")[0]
    assert acted in rule
    assert "you are vermin" in rule
    assert {"en": "Nothing changes.", "ar": "لا يتغيّر شيء."}[language] not in rule
    release = said(reader.get(f"/desk/rules/drafts/{made.pk}/release"))
    assert released in re.sub("<[^>]+>", "", release)


def test_while_rules_are_read_no_count_is_told(lead: Client, draft: RulebookDraft) -> None:
    lead.post(url(draft, "/ask"), {"days": "7"})
    assert "as soon as its turn comes" in said(lead.get(url(draft)))
    Trial.objects.update(state="running")
    answer = said(lead.get(url(draft)))
    assert "are being read" in answer
    assert "so far" not in answer
    Trial.objects.update(events=640)
    answer = said(lead.get(url(draft)))
    assert re.search(r"judged so far: .{0,20}640", re.sub("<[^>]*>", "", answer))
    assert "being read" not in answer


def test_what_is_unsound_says_that_it_must_not_be_published(
    lead: Client, draft: RulebookDraft, log: MemoryEventLog
) -> None:
    lead.post(url(draft, "/ask"), {"days": "7"})
    run(log, "you are vermin")
    trial = Trial.objects.get()
    trial.result["disagreements"] = [{"rule": "vermin", "event": "e1", "compiled": True}]
    trial.save()
    assert "It must not be published" in said(lead.get(url(draft)))


def test_a_trial_that_failed_says_why(lead: Client, draft: RulebookDraft) -> None:
    lead.post(url(draft, "/ask"), {"days": "7"})
    Trial.objects.update(state="failed", error="OSError: the disk is gone")
    assert "the disk is gone" in said(lead.get(url(draft)))


@pytest.mark.parametrize(
    ("language", "words"), [("en", "the columns do not"), ("ar", "ولا تنطبق في الأعمدة")]
)
def test_a_difference_names_rule_event_and_both_answers_in_the_readers_language(  # noqa: PLR0917 -- fixtures
    sign_in: SignIn,
    draft: RulebookDraft,
    log: MemoryEventLog,
    monkeypatch: pytest.MonkeyPatch,
    language: str,
    words: str,
) -> None:
    real = Rules.true_rows

    def flipped(self: Any, *given: Any) -> Any:
        found, unsure = real(self, *given)
        return [flags & False for flags in found], unsure & False

    monkeypatch.setattr(Rules, "true_rows", flipped)
    client = sign_in(Role.POLICY_LEAD, language=language)
    client.post(url(draft, "/ask"), {"days": "7"})
    run(log, "you are vermin", "hello")
    answer = re.sub("[\u2066-\u2069]", "", said(client.get(url(draft))))
    assert "<code>P605</code>" in answer
    assert "`vermin`" in answer
    assert words in answer
    assert "data-compared" not in answer


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("Safety check passed: N sample events got the same result", "not that of the events above")),
        ("ar", ("اجتازت المسودة فحص السلامة", "فعددها غير عدد الأحداث أعلاه")),
    ],
)
def test_the_sample_judged_in_all_ways_is_told_apart_from_the_events(
    draft: RulebookDraft, log: MemoryEventLog, sign_in: SignIn, language: str, words: tuple[str, ...]
) -> None:
    client = sign_in(Role.POLICY_LEAD, language=language)
    client.post(url(draft, "/ask"), {"days": "7"})
    run(log, "you are vermin", "hello")
    trial = trials.newest(draft)
    assert trial is not None
    result = trials.result_of(trial)
    assert result is not None
    assert result.compared > result.events == 2
    answer = said(client.get(url(draft)))
    figures, _, check = answer.partition("data-compared")
    number = f'<span class="num">{result.compared}</span>'
    assert number in check
    assert number not in figures.split("<dl")[-1]  # among the events it puzzled people
    assert all(said_word in check.replace(number, "N") for said_word in words)
